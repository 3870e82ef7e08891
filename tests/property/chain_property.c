/* SPDX-License-Identifier: MIT */
/*
 * Random chains against a scan of every minute, and random attributions against a walk over every minute.
 *
 * Hours, goals and periods are whole minutes, so that what a chain uses is linear within each minute: the scan looks at
 * its first, second and last microsecond and so at every start.  Calendars of five zones, over changes of their
 * clocks.  The shares of an attribution are added up from the rows of the explanation, minute by minute, with whoever
 * holds by a search from the beginning.  ITSM_CASES, ITSM_SEED as elsewhere.
 */
#include <itsm/sla.h>

#include "../unit/support.h"
#include "../unit/zones.h"

#include <criterion/criterion.h>

enum { CALENDARS = 6, LINKS = 4, PARTIES = 4, EVENTS = 20, HANDOVERS = 12 };

#define MINUTE ITSM_MINUTES(1)
#define BASE ITSM_DAYS(20516) /* 2026-03-04: New York's clocks change on the 8th, Brussels' on the 29th */

static uint64_t seed = UINT64_C(20260329);
static struct counting counting = COUNTING_INIT;
static itsm_ctx *ctx;
static itsm_calendar *calendars[CALENDARS]; /* the last is NULL: every hour counts */

static int64_t below(int64_t n)
{
    seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
    return (int64_t)((seed * UINT64_C(2685821657736338717) >> 11) % (uint64_t)n);
}

static void begin(void)
{
    static const char *const json[CALENDARS - 1] = {
        "{\"tz\":\"Europe/Brussels\",\"weekly\":{\"mon\":[[\"09:00\",\"12:00\"],[\"13:00\",\"17:30\"]],"
        "\"tue\":[[\"09:00\",\"17:00\"]],\"wed\":[[\"22:00\",\"06:00\"]],\"fri\":[[\"09:00\",\"17:00\"]],"
        "\"sun\":[[\"00:00\",\"08:00\"]]},\"holidays\":[\"2026-03-16\",\"2026-04-06\"]}",
        "{\"tz\":\"America/New_York\",\"weekly\":{\"mon\":[[\"08:00\",\"18:00\"]],\"tue\":[[\"08:00\",\"18:00\"]],"
        "\"wed\":[[\"08:00\",\"18:00\"]],\"thu\":[[\"08:00\",\"18:00\"]],\"fri\":[[\"08:00\",\"12:00\"]]}}",
        "{\"tz\":\"Asia/Kathmandu\",\"weekly\":{\"sun\":[[\"10:00\",\"17:00\"]],\"mon\":[[\"10:00\",\"17:00\"]],"
        "\"tue\":[[\"10:00\",\"17:00\"]],\"wed\":[[\"10:00\",\"17:00\"]],\"thu\":[[\"10:00\",\"17:00\"]]}}",
        "{\"tz\":\"UTC\",\"weekly\":{\"mon\":[[\"09:00\",\"17:00\"]],\"tue\":[[\"09:00\",\"17:00\"]],"
        "\"wed\":[[\"09:00\",\"17:00\"]],\"thu\":[[\"09:00\",\"17:00\"]],\"fri\":[[\"09:00\",\"17:00\"]]}}",
        "{\"tz\":\"Europe/Brussels\",\"weekly\":{\"sat\":[[\"20:00\",\"04:00\"]],\"sun\":[[\"01:00\",\"03:00\"]],"
        "\"mon\":[[\"00:00\",\"24:00\"]]},\"breaks\":{\"2026-03-30\":[[\"00:00\",\"00:01\"],[\"05:00\",\"05:07\"]]}}"};
    const char *given = getenv("ITSM_SEED");
    ctx = zones_ctx(counting_alloc, &counting);
    for (size_t i = 0; i + 1 < CALENDARS; i++)
        cr_assert_eq(itsm_calendar_load(&calendars[i], ctx, itsm_str_c(json[i])), ITSM_OK);
    if (given) seed = strtoull(given, NULL, 10);
}

static void end(void)
{
    for (size_t i = 0; i < CALENDARS; i++) itsm_calendar_free(calendars[i]);
    itsm_ctx_free(ctx);
    assert_nothing_outstanding(counting);
}

TestSuite(chain_property, .init = begin, .fini = end);

static long cases_of(const char *what, long otherwise)
{
    const char *cases = getenv("ITSM_CASES");
    const long n = cases ? strtol(cases, NULL, 10) : otherwise;
    printf("chain_property: seed %llu, %ld %s\n", (unsigned long long)seed, n, what);
    return n;
}

/* Chains ---------------------------------------------------------------------------------------------------------- */

static itsm_time add(const itsm_calendar *calendar, itsm_time start, itsm_span n, int32_t boundary)
{
    itsm_time t = start + n;
    if (calendar) cr_assert_eq(itsm_calendar_add(&t, calendar, start, n, boundary), ITSM_OK);
    return t;
}

static itsm_span between(const itsm_calendar *calendar, itsm_time a, itsm_time b)
{
    itsm_span span = b - a;
    if (calendar) cr_assert_eq(itsm_calendar_between(&span, calendar, a, b), ITSM_OK);
    return span;
}

static itsm_span used_from(const itsm_chain *chain, itsm_time start)
{
    itsm_time stage = start, last = start;
    for (size_t i = 0; i < chain->link_count; i++) {
        const itsm_chain_link *link = &chain->links[i];
        if (!i || link->mode == ITSM_LINK_AFTER) stage = last;
        const itsm_time t = add(link->calendar, stage, link->goal, chain->boundary);
        if (t > last) last = t;
    }
    return between(chain->calendar, start, last);
}

static void scan(itsm_chain_reading *r, const itsm_chain *chain, itsm_time from, itsm_time to)
{
    static const itsm_span offsets[] = {0, 1, MINUTE - 1};
    r->used = -1, r->open = r->late = 0;
    for (itsm_time minute = from; minute < to; minute += MINUTE) {
        int late[3];
        for (int i = 0; i < 3; i++) {
            const itsm_span used = used_from(chain, minute + offsets[i]);
            if (used > r->used) r->used = used, r->start = minute + offsets[i];
            late[i] = used > chain->goal;
        }
        cr_assert_eq(late[1], late[2], "the goal is a whole minute");
        if (chain->calendar && !itsm_calendar_is_open(chain->calendar, minute)) continue;
        r->open += MINUTE, r->late += late[0] + late[1] * (MINUTE - 1);
    }
}

static void check_parts(const itsm_chain_reading *r, const itsm_chain_part *parts, const itsm_chain *chain)
{
    itsm_span sum = 0, most = -1;
    size_t weakest = 0;
    for (size_t i = 0; i < chain->link_count; i++) {
        const itsm_chain_part *part = &parts[i];
        cr_assert_eq(part->used, between(chain->calendar, part->start, part->end));
        cr_assert_eq(part->end, add(chain->links[i].calendar, part->start, chain->links[i].goal, chain->boundary));
        cr_assert(!part->holds || part->spare == 0);
        if (!part->holds) continue;
        sum += part->used;
        if (part->used > most) most = part->used, weakest = i;
    }
    cr_assert(sum == r->used && weakest == r->weakest && r->slack == chain->goal - r->used);
    cr_assert(r->fits == (r->slack >= 0) && (!r->fits || !r->late));
}

static void one_chain(uint64_t state)
{
    itsm_chain chain = ITSM_CHAIN_INIT;
    itsm_chain_link links[LINKS];
    itsm_chain_part parts[LINKS];
    itsm_chain_reading r = ITSM_CHAIN_READING_INIT, wanted = ITSM_CHAIN_READING_INIT;
    const itsm_time from = BASE + MINUTE * below(30 * 1440), to = from + MINUTE * (1 + below(below(4) ? 2000 : 8000));
    chain.calendar = calendars[below(CALENDARS)], chain.goal = MINUTE * (1 + below(1500));
    chain.links = links, chain.link_count = 1 + (size_t)below(LINKS), chain.boundary = (int32_t)below(2);
    for (size_t i = 0; i < chain.link_count; i++) {
        const itsm_chain_link start = ITSM_CHAIN_LINK_INIT;
        links[i] = start;
        links[i].calendar = calendars[below(CALENDARS)], links[i].goal = MINUTE * (1 + below(below(2) ? 120 : 1500));
        links[i].mode = (int32_t)below(2);
    }
    scan(&wanted, &chain, from, to);
    cr_assert_eq(itsm_chain_check(&r, parts, &chain, from, to), ITSM_OK);
    cr_assert(r.used == wanted.used && r.start == wanted.start, "used %lld from %lld, not %lld from %lld (seed %llu)",
              (long long)r.used, (long long)r.start, (long long)wanted.used, (long long)wanted.start,
              (unsigned long long)state);
    cr_assert(r.open == wanted.open && r.late == wanted.late, "late %lld, not %lld (seed %llu)", (long long)r.late,
              (long long)wanted.late, (unsigned long long)state);
    check_parts(&r, parts, &chain);
    if (below(4)) return;
    const size_t link = (size_t)below((int64_t)chain.link_count);
    const itsm_status status = itsm_chain_longest(&links[link].goal, &chain, link, MINUTE, from, to);
    if (status == ITSM_OK) {
        cr_assert_eq(itsm_chain_check(&r, NULL, &chain, from, to), ITSM_OK);
        cr_assert(r.fits, "seed %llu", (unsigned long long)state);
        links[link].goal += MINUTE;
    } else {
        cr_assert_eq(status, ITSM_NOTHING);
        links[link].goal = MINUTE;
    }
    cr_assert_eq(itsm_chain_check(&r, NULL, &chain, from, to), ITSM_OK);
    cr_assert_not(r.fits, "seed %llu", (unsigned long long)state);
}

Test(chain_property, the_worst_start_is_that_of_a_scan_of_every_minute, .timeout = 600)
{
    const long n = cases_of("chains", 3000);
    for (long i = 0; i < n; i++) one_chain(seed);
    printf("chain_property: %ld chains, 0 differences\n", n);
}

/* Attribution ----------------------------------------------------------------------------------------------------- */

/* What is found by walking; used, over and with whom it was breached only where the goal stays the same. */
struct tally {
    const itsm_parties *parties;
    itsm_share shares[PARTIES];
    itsm_span used, goal;
    uint32_t breach;
};

static uint32_t holder_at(const itsm_parties *parties, itsm_time minute, uint64_t causes)
{
    uint32_t party = 0;
    for (size_t i = 0; i < parties->handover_count; i++)
        if (parties->handovers[i].at <= minute) party = parties->handovers[i].party;
    for (size_t i = parties->cause_count; i-- > 0;)
        if ((causes >> i & 1) && parties->cause_party[i] != ITSM_PARTY_NONE) party = parties->cause_party[i];
    return party;
}

static void tally_used(struct tally *t, uint32_t party)
{
    t->shares[party].used += MINUTE, t->used += MINUTE;
    if (t->used <= t->goal) return;
    t->shares[party].over += MINUTE;
    if (t->breach == ITSM_PARTY_NONE) t->breach = party;
}

static itsm_status tally_row(void *user, const itsm_clock_explanation *row)
{
    struct tally *t = user;
    for (itsm_time minute = row->time.from; minute < row->time.to; minute += MINUTE) {
        const uint32_t party = holder_at(t->parties, minute, row->causes);
        if (row->paused) t->shares[party].paused += MINUTE;
        else if (row->stopped) t->shares[party].stopped += MINUTE;
        else if (row->counted) tally_used(t, party);
    }
    return ITSM_OK;
}

static void one_case(uint64_t state)
{
    static const int32_t kinds[] = {ITSM_CLOCK_START,  ITSM_CLOCK_PAUSE,    ITSM_CLOCK_RESUME,
                                    ITSM_CLOCK_PAUSE,  ITSM_CLOCK_RESUME,   ITSM_CLOCK_STOP,
                                    ITSM_CLOCK_REOPEN, ITSM_CLOCK_RETARGET, ITSM_CLOCK_RESET};
    itsm_target targets[3];
    itsm_clock_event events[EVENTS];
    itsm_handover handovers[HANDOVERS];
    uint32_t causes[3];
    itsm_parties parties = ITSM_PARTIES_INIT;
    itsm_attribution sum = ITSM_ATTRIBUTION_INIT;
    itsm_share shares[PARTIES];
    itsm_clock_reading r = ITSM_CLOCK_READING_INIT;
    itsm_clock clock;
    struct tally t;
    const size_t n = 1 + (size_t)below(EVENTS);
    const int changes = (int)below(2); /* other targets, and resets */
    for (int i = 0; i < 3; i++) {
        const itsm_target start = ITSM_TARGET_INIT;
        targets[i] = start;
        targets[i].calendar = calendars[below(CALENDARS)], targets[i].goal = MINUTE * (1 + below(3000));
        targets[i].pause = below(4) == 0, targets[i].reopen = (int32_t)below(4);
    }
    for (size_t i = 0; i < n; i++) {
        const itsm_clock_event e = {BASE + MINUTE * below(20 * 1440),
                                    0,
                                    i ? kinds[below(changes ? 9 : 7)] : ITSM_CLOCK_START,
                                    (uint32_t)below(3),
                                    (uint32_t)below(3),
                                    (int32_t)below(3)};
        itsm_clock_insert(events, i, &e);
    }
    parties.count = PARTIES, parties.handovers = handovers, parties.handover_count = (size_t)below(HANDOVERS + 1);
    parties.cause_party = causes, parties.cause_count = 3;
    itsm_time last = BASE;
    for (size_t i = 0; i < parties.handover_count; i++) {
        last += MINUTE * (below(4) ? below(4000) : 0);
        handovers[i].at = below(4) ? last : events[below((int64_t)n)].at, handovers[i].reserved = 0;
        if (handovers[i].at < last) handovers[i].at = last;
        last = handovers[i].at, handovers[i].party = (uint32_t)below(PARTIES);
    }
    for (size_t i = 0; i < 3; i++) causes[i] = below(2) ? ITSM_PARTY_NONE : (uint32_t)below(PARTIES);
    const itsm_time now = events[n - 1].at + MINUTE * below(4000);
    cr_assert_eq(itsm_clock_attribute(&sum, shares, &parties, targets, 3, events, n, now), ITSM_OK);
    cr_assert_eq(itsm_clock_replay(&clock, targets, 3, events, n), ITSM_OK);
    cr_assert_eq(itsm_clock_read(&r, &clock, now), ITSM_OK);
    memset(&t, 0, sizeof t);
    t.parties = &parties, t.goal = r.goal, t.breach = ITSM_PARTY_NONE;
    cr_assert_eq(itsm_clock_explain(targets, 3, events, n, now, tally_row, &t), ITSM_OK);
    itsm_share all = {0, 0, 0, 0};
    for (size_t i = 0; i < PARTIES; i++) {
        cr_assert(shares[i].used == t.shares[i].used && shares[i].paused == t.shares[i].paused &&
                      shares[i].stopped == t.shares[i].stopped,
                  "party %zu (seed %llu)", i, (unsigned long long)state);
        all.used += shares[i].used, all.paused += shares[i].paused, all.stopped += shares[i].stopped;
    }
    cr_assert(all.used + sum.adjusted == r.used && all.paused == r.paused && all.stopped == r.stopped, "seed %llu",
              (unsigned long long)state);
    cr_assert(sum.used == r.used && sum.paused == r.paused && sum.stopped == r.stopped && sum.breached == r.breached);
    cr_assert_eq(sum.party != ITSM_PARTY_NONE, r.breached, "seed %llu", (unsigned long long)state);
    if (changes) return;
    cr_assert_eq(sum.party, t.breach, "seed %llu", (unsigned long long)state);
    for (size_t i = 0; i < PARTIES; i++)
        cr_assert_eq(shares[i].over, t.shares[i].over, "party %zu (seed %llu)", i, (unsigned long long)state);
}

Test(chain_property, shares_are_those_of_a_walk_over_every_minute, .timeout = 600)
{
    const long n = cases_of("attributions", 10000);
    for (long i = 0; i < n; i++) one_case(seed);
    printf("chain_property: %ld attributions, 0 differences\n", n);
}
