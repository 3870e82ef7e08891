/* SPDX-License-Identifier: MIT */
/*
 * What clocks tell, against a naive list of all instants: random holds, resolutions, reopenings and new priorities, some
 * of them backdated, with ticks at random.  The list goes through the events of a clock minute by minute; of what it
 * says, each tick has to tell what is due and was not told in the same cycle and version of the goal, and nothing else.
 *
 * ITSM_SEED sets the seed, ITSM_CASES five hundred times the number of cases, and twenty more; both are printed.
 */
#include "../unit/sms_fixture.h"

#include <criterion/criterion.h>

#include "sms/internal.h"

enum { RECORDS = 3, STEPS = 60, ALARMS = 512, THRESHOLDS = 6, BREACH = 63, HORIZON = 20000 };

static uint64_t state;

static uint64_t below(uint64_t n) /* splitmix64 */
{
    uint64_t z = state += UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
    return (z ^ z >> 31) % n;
}

static uint64_t number_of(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);
    return text && *text ? strtoull(text, NULL, 10) : otherwise;
}

/* The naive list ---------------------------------------------------------------------------------------------------- */

static const char json[] =
    "{\"resolution\":{\"1\":100,\"2\":300,\"3\":500,\"4\":1000,\"5\":2000},\"thresholds\":[50,75,{\"working\":-30},"
    "{\"wall\":-20},{\"wall\":45},{\"working\":200}]}";
static const int64_t goals[] = {0, 100, 300, 500, 1000, 2000};
static const struct {
    char basis; /* p: percent, k: working, w: wall */
    int64_t value;
} thresholds[THRESHOLDS] = {{'p', 50}, {'p', 75}, {'k', -30}, {'w', -20}, {'w', 45}, {'k', 200}};

struct alarm {
    int64_t minute; /* of a breach: it comes a microsecond later */
    uint32_t cycle, version;
    int what; /* place of the threshold, or BREACH */
};

struct naive {
    int64_t used, goal, due; /* due: once it is beyond its goal */
    int started, paused, stopped, cancelled, breached;
    uint32_t cycle, version;
    uint64_t passed;
};

/* Minutes from now until a threshold is reached as things stand; INT64_MAX: it is not known. */
static int64_t distance(const struct naive *c, int i, int64_t now)
{
    if (!c->started || c->stopped || c->cancelled) return INT64_MAX;
    if (thresholds[i].basis == 'w') {
        if (c->paused && !c->breached) return INT64_MAX;
        return (c->breached ? c->due : now + c->goal - c->used) + thresholds[i].value - now;
    }
    const int64_t point =
        thresholds[i].basis == 'p' ? c->goal * thresholds[i].value / 100 : c->goal + thresholds[i].value;
    return point - c->used; /* behind it, paused or not */
}

static void mark_passed(struct naive *c, int64_t now)
{
    for (int i = 0; i < THRESHOLDS; i++)
        if (distance(c, i, now) <= 0) c->passed |= UINT64_C(1) << i;
}

static void happen(struct naive *c, const itsm_clock_event *e, const int64_t *priorities, int64_t now)
{
    mark_passed(c, now);
    switch (e->kind) {
    case ITSM_CLOCK_START: c->started = 1, c->cycle = 1; break;
    case ITSM_CLOCK_PAUSE: c->paused = 1; break;
    case ITSM_CLOCK_RESUME: c->paused = 0; break;
    case ITSM_CLOCK_STOP: c->stopped |= c->started && !c->cancelled; break;
    case ITSM_CLOCK_CANCEL: c->cancelled = 1; break;
    case ITSM_CLOCK_REOPEN:
        if (c->stopped) c->stopped = 0, c->cycle++, c->passed = 0;
        break;
    case ITSM_CLOCK_RETARGET:
        c->goal = goals[priorities[e->target]], c->version++, c->passed = 0;
        if (c->used <= c->goal) c->breached = 0;
        else if (!c->breached) c->breached = 1, c->due = now;
        break;
    default: cr_assert_fail("an event of kind %d", e->kind);
    }
    mark_passed(c, now);
}

static void add(struct alarm *out, size_t *n, const struct naive *c, int64_t minute, int what)
{
    const struct alarm alarm = {minute, c->cycle, c->version, what};
    cr_assert_lt(*n, (size_t)ALARMS);
    out[(*n)++] = alarm;
}

/* All alarms of a clock up to the horizon, in order. */
static size_t list_alarms(struct alarm *out, const itsm_clock_row *row)
{
    struct naive c;
    size_t n = 0, next = 0;
    memset(&c, 0, sizeof c);
    c.goal = goals[row->priorities[0]], c.version = 1;
    for (int64_t now = 0; now < HORIZON; now++) {
        const int counts = c.started && !c.paused && !c.stopped && !c.cancelled;
        if (counts && !c.breached && c.used == c.goal)
            c.breached = 1, c.due = now - 1, add(out, &n, &c, now - 1, BREACH);
        c.used += counts;
        for (int i = 0; i < THRESHOLDS && c.started; i++) {
            if (c.passed >> i & 1 || distance(&c, i, now) != 0 || (c.paused && thresholds[i].basis != 'w')) continue;
            c.passed |= UINT64_C(1) << i, add(out, &n, &c, now, i);
        }
        for (; next < row->nevents && (row->events[next].at - MONDAY) / ITSM_MINUTES(1) == now; next++)
            happen(&c, &row->events[next], row->priorities, now);
    }
    return n;
}

/* Comparing --------------------------------------------------------------------------------------------------------- */

struct clock {
    itsm_ref ref;
    uint32_t cycle, version; /* of what was told last */
    uint64_t told;           /* in those */
};

struct run {
    struct desk desk;
    struct clock clocks[RECORDS];
    int64_t now;
    struct alarm given[RECORDS][ALARMS];
    size_t ngiven[RECORDS];
    uint64_t all, again;
};

static int is_told(const struct clock *c, const struct alarm *a)
{
    if (a->cycle != c->cycle) return a->cycle < c->cycle;
    if (a->version != c->version) return a->version < c->version;
    return (int)(c->told >> a->what & 1);
}

static itsm_status take(void *user, const itsm_notice *notice)
{
    struct run *r = user;
    struct alarm a = {(notice->at - MONDAY) / ITSM_MINUTES(1), 0, 0, BREACH};
    if (!notice->metric) return ITSM_OK;
    for (int i = 0; i < THRESHOLDS && !itsm_str_is(notice->event, "breach"); i++) {
        const int64_t unit = thresholds[i].basis == 'p' ? 1 : ITSM_MINUTES(1);
        static const char basis[] = "pkw";
        if (basis[notice->threshold.basis] == thresholds[i].basis &&
            notice->threshold.value == thresholds[i].value * unit)
            a.what = i;
    }
    for (size_t i = 0; i < RECORDS; i++)
        if (r->clocks[i].ref.id.lo == notice->about.id.lo) r->given[i][r->ngiven[i]++] = a;
    return itsm_sms_notice_take(r->desk.sms, notice->id);
}

/* An instant in microseconds after Monday. */
static int64_t instant(const struct alarm *a)
{
    return a->minute * ITSM_MINUTES(1) + (a->what == BREACH);
}

/* What has to be told of a clock by now; the first instant that is left. */
static size_t expect(struct alarm *out, int64_t *left, struct run *r, struct clock *c)
{
    static struct alarm all[ALARMS];
    itsm_clock_row row = ITSM_CLOCK_ROW_INIT;
    size_t n = 0;
    cr_assert_eq(itsm_sms_clock(&row, r->desk.sms, c->ref, ITSM_RESOLUTION), ITSM_OK);
    const size_t count = list_alarms(all, &row);
    for (size_t i = 0; i < count; i++) {
        const struct alarm *a = &all[i];
        if (is_told(c, a)) continue;
        if (instant(a) > r->now * ITSM_MINUTES(1)) {
            if (instant(a) < *left) *left = instant(a);
            break;
        }
        if (a->cycle != c->cycle || a->version != c->version) r->again += c->told != 0, c->told = 0;
        c->cycle = a->cycle, c->version = a->version, c->told |= UINT64_C(1) << a->what;
        out[n++] = *a;
    }
    return n;
}

static void tick(struct run *r, uint64_t seed)
{
    static struct alarm wanted[ALARMS];
    int64_t left = INT64_MAX;
    itsm_time next = ITSM_TIME_NONE;
    memset(r->ngiven, 0, sizeof r->ngiven);
    cr_assert_eq(itsm_sms_tick(NULL, r->desk.sms, MONDAY + ITSM_MINUTES(r->now), NULL, NULL), ITSM_OK);
    cr_assert_eq(itsm_sms_notices(r->desk.sms, take, r), ITSM_OK);
    for (size_t i = 0; i < RECORDS; i++) {
        const size_t n = expect(wanted, &left, r, &r->clocks[i]);
        for (size_t k = 0; k < n && k < r->ngiven[i]; k++)
            cr_assert(wanted[k].minute == r->given[i][k].minute,
                      "seed %llu, minute %lld, record %zu, alarm %zu: %d at %lld instead of %d at %lld",
                      (unsigned long long)seed, (long long)r->now, i, k, r->given[i][k].what,
                      (long long)r->given[i][k].minute, wanted[k].what, (long long)wanted[k].minute);
        cr_assert_eq(r->ngiven[i], n, "seed %llu, minute %lld, record %zu: %zu told instead of %zu",
                     (unsigned long long)seed, (long long)r->now, i, r->ngiven[i], n);
        uint64_t given = 0, all = 0;
        for (size_t k = 0; k < n; k++)
            given += (uint64_t)(1 + r->given[i][k].what) * (uint64_t)(1 + r->given[i][k].minute),
                all += (uint64_t)(1 + wanted[k].what) * (uint64_t)(1 + wanted[k].minute);
        cr_assert_eq(given, all, "seed %llu, minute %lld, record %zu: other thresholds", (unsigned long long)seed,
                     (long long)r->now, i); /* those of one instant come in the order of the target */
        r->all += n;
    }
    const itsm_status rc = itsm__alarms_next(&next, r->desk.sms);
    if (left == INT64_MAX) cr_assert_eq(rc, ITSM_NOTHING, "seed %llu", (unsigned long long)seed);
    else cr_assert(!rc && next == MONDAY + left, "seed %llu, minute %lld", (unsigned long long)seed, (long long)r->now);
}

/* Chance ------------------------------------------------------------------------------------------------------------ */

static void act(struct run *r, itsm_ref ref)
{
    const itsm_named why[] = {TEXT("pending_reason", "awaiting_user")};
    const itsm_named done[] = {TEXT("resolution_code", "fixed"), TEXT("resolution", "New lamp")};
    const itsm_named again[] = {TEXT("reopen_reason", "Still dark"), TEXT("assignee", "jdoe")};
    const int64_t impact = 1 + (int64_t)below(5);
    const itsm_named other[] = {INT("impact", impact), INT("urgency", impact)};
    itsm_act *a = &r->desk.act;
    const int64_t late = below(5) ? 0 : (int64_t)below(150);
    itsm_status rc;
    a->now = MONDAY + ITSM_MINUTES(r->now);
    a->effective = late && late < r->now ? a->now - ITSM_MINUTES(late) : 0;
    desk_actor(&r->desk, "jdoe", NULL);
    switch (below(7)) {
    case 0:
    case 1: rc = itsm_sms_move(NULL, r->desk.sms, ref, ITSM_REV_ANY, ITSM_STR("hold"), why, 1, a); break;
    case 2:
    case 3: rc = itsm_sms_move(NULL, r->desk.sms, ref, ITSM_REV_ANY, ITSM_STR("resume"), NULL, 0, a); break;
    case 4: rc = itsm_sms_move(NULL, r->desk.sms, ref, ITSM_REV_ANY, ITSM_STR("resolve"), done, 2, a); break;
    case 5:
        desk_actor(&r->desk, "rita", "reporter");
        rc = itsm_sms_move(NULL, r->desk.sms, ref, ITSM_REV_ANY, ITSM_STR("reopen"), again, 2, a);
        break;
    default: rc = itsm_sms_change(NULL, r->desk.sms, ref, ITSM_REV_ANY, other, 2, a); break;
    }
    cr_assert(rc == ITSM_OK || rc == ITSM_E_REFUSED, "%d %.*s", rc, ITSM_ARG(first_message(r->desk.ctx)));
    a->effective = 0;
}

static void run_case(uint64_t seed, uint64_t *all, uint64_t *again)
{
    static struct run r;
    struct counting counting = COUNTING_INIT;
    itsm_outcome out = ITSM_OUTCOME_INIT;
    itsm_sla *sla;
    memset(&r, 0, sizeof r);
    state = seed;
    desk_open(&r.desk, &counting, NULL);
    cr_assert_eq(itsm_sla_load(&sla, r.desk.ctx, itsm_str_c(json), NULL), ITSM_OK);
    desk_with_sla(&r.desk, sla);
    cr_assert_eq(new_service(&out, &r.desk), ITSM_OK);
    const itsm_ref service = out.ref;
    for (size_t i = 0; i < RECORDS; i++) {
        cr_assert_eq(new_started(&out, &r.desk, service), ITSM_OK);
        r.clocks[i].ref = out.ref;
    }
    for (int step = 0; step < STEPS; step++) {
        r.now += (int64_t)below(90);
        if (below(3)) act(&r, r.clocks[below(RECORDS)].ref);
        else tick(&r, seed);
    }
    r.now += 3000;
    tick(&r, seed);
    *all += r.all, *again += r.again;
    desk_close(&r.desk);
    assert_nothing_outstanding(counting);
}

Test(alarm_property, a_tick_tells_what_a_naive_list_of_instants_says, .timeout = 600)
{
    const uint64_t seed = number_of("ITSM_SEED", 20260302);
    const uint64_t cases = number_of("ITSM_CASES", 100000) / 500 + 20; /* a case is 60 steps */
    uint64_t all = 0, again = 0;
    printf("seed %llu, %llu cases\n", (unsigned long long)seed, (unsigned long long)cases);
    for (uint64_t i = 0; i < cases; i++) run_case(seed + i, &all, &again);
    printf("%llu told, %llu times another cycle or version began\n", (unsigned long long)all,
           (unsigned long long)again);
    cr_assert(all > cases * 5 && again);
}
