/* SPDX-License-Identifier: MIT */
/* Chains: targets that rest on others, the weakest of them, and who used the time of a clock. */
#include <itsm/sla.h>

#include "support.h"
#include "zones.h"

#include <criterion/criterion.h>

static struct counting counting = COUNTING_INIT;
static itsm_ctx *ctx;
static itsm_calendar *office; /* Monday to Friday, 9 to 17, UTC */
static itsm_calendar *early;  /* Monday to Friday, 7 to 15, UTC */
static itsm_calendar *never;
static itsm_chain chain;
static itsm_chain_link links[65];
static itsm_chain_reading r;
static itsm_chain_part parts[64];

static itsm_calendar *load(const char *hours)
{
    char json[512];
    itsm_calendar *calendar;
    snprintf(json, sizeof json,
             "{\"tz\":\"UTC\",\"weekly\":{\"mon\":[%s],\"tue\":[%s],\"wed\":[%s],\"thu\":[%s],\"fri\":[%s]}}", hours,
             hours, hours, hours, hours);
    cr_assert_eq(itsm_calendar_load(&calendar, ctx, itsm_str_c(json)), ITSM_OK);
    return calendar;
}

static void begin(void)
{
    static const itsm_chain start = ITSM_CHAIN_INIT;
    static const itsm_chain_link no_link = ITSM_CHAIN_LINK_INIT;
    static const itsm_chain_reading no_reading = ITSM_CHAIN_READING_INIT;
    ctx = zones_ctx(counting_alloc, &counting);
    office = load("[\"09:00\",\"17:00\"]"), early = load("[\"07:00\",\"15:00\"]"), never = load("");
    chain = start, r = no_reading;
    for (size_t i = 0; i < 65; i++) links[i] = no_link, links[i].goal = ITSM_HOURS(1);
    chain.calendar = office, chain.goal = ITSM_HOURS(8);
    chain.links = links, chain.link_count = 2;
    links[0].name = ITSM_STR("second level"), links[0].calendar = early, links[0].goal = ITSM_HOURS(6);
    links[1].name = ITSM_STR("supplier"), links[1].goal = ITSM_HOURS(4);
}

static void end(void)
{
    itsm_calendar_free(office);
    itsm_calendar_free(early);
    itsm_calendar_free(never);
    itsm_ctx_free(ctx);
    assert_nothing_outstanding(counting);
}

TestSuite(chain, .init = begin, .fini = end);
TestSuite(attribution, .init = begin, .fini = end);

/* Day 1 is Monday 2026-03-30. */
static itsm_time at(int day, int hour, int minute)
{
    return ITSM_DAYS(20541 + day) + ITSM_HOURS(hour) + ITSM_MINUTES(minute);
}

static void check(itsm_time from, itsm_time to)
{
    cr_assert_eq(itsm_chain_check(&r, parts, &chain, from, to), ITSM_OK);
}

/* Chains ---------------------------------------------------------------------------------------------------------- */

Test(chain, eight_hours_do_not_rest_on_six_in_other_hours_and_four_around_the_clock)
{
    check(at(1, 0, 0), at(8, 0, 0));
    cr_assert(!r.fits && r.used == ITSM_HOURS(10) && r.slack == ITSM_HOURS(-2));
    cr_assert(r.start == at(1, 9, 0) + 1 && r.end == at(2, 11, 0) + 1, "from nine sharp on it would be done at three");
    cr_assert(parts[0].start == r.start && parts[0].end == at(2, 7, 0) + 1 && parts[0].used == ITSM_HOURS(8) - 1);
    cr_assert(parts[1].start == parts[0].end && parts[1].end == r.end && parts[1].used == ITSM_HOURS(2) + 1);
    cr_assert(parts[0].holds && parts[1].holds && !parts[0].spare && !parts[1].spare);
    cr_assert(r.weakest == 0, "the second level takes eight of the ten hours");
    cr_assert_eq(r.open, ITSM_HOURS(40));
    cr_assert_eq(r.late, 5 * (ITSM_HOURS(8) - 1), "every start but nine sharp");
}

Test(chain, a_chain_is_read_from_one_start)
{
    cr_assert_eq(itsm_chain_read(&r, parts, &chain, at(1, 9, 0)), ITSM_OK);
    cr_assert(r.fits && r.slack == 0 && r.start == at(1, 9, 0) && r.end == at(1, 19, 0));
    cr_assert(parts[0].end == at(1, 15, 0) && parts[0].used == ITSM_HOURS(6) && parts[1].used == ITSM_HOURS(2));
    cr_assert_eq(itsm_chain_read(&r, NULL, &chain, at(5, 16, 0)), ITSM_OK);
    cr_assert(r.end == at(8, 17, 0) && r.used == ITSM_HOURS(9) && !r.fits && r.weakest == 0);
}

Test(chain, a_link_may_end_as_late_as_it_is_kept)
{
    chain.boundary = ITSM_BOUNDARY_OPEN;
    check(at(1, 0, 0), at(2, 0, 0));
    cr_assert(r.start == at(1, 9, 0) && r.used == ITSM_HOURS(10),
              "its goal runs out at closing, and it ends at opening");
    cr_assert(parts[0].end == at(2, 7, 0) && r.late == ITSM_HOURS(8));
}

Test(chain, a_chain_in_the_hours_of_its_target_takes_the_sum_of_its_goals)
{
    links[0].calendar = links[1].calendar = office;
    links[0].goal = ITSM_HOURS(5), links[1].goal = ITSM_HOURS(3);
    check(at(1, 0, 0), at(31, 0, 0));
    cr_assert(r.fits && r.used == ITSM_HOURS(8) && r.slack == 0 && r.late == 0 && r.weakest == 0);
    cr_assert_eq(r.start, at(1, 0, 0), "the earliest of equal ones");
    links[1].goal += 1;
    check(at(1, 0, 0), at(31, 0, 0));
    cr_assert(!r.fits && r.slack == -1 && r.late == r.open);
}

Test(chain, links_beside_each_other_wait_for_the_last)
{
    links[0].calendar = office, links[0].goal = ITSM_HOURS(2);
    links[1].mode = ITSM_LINK_BESIDE;
    links[2].calendar = office, links[2].goal = ITSM_HOURS(1);
    chain.link_count = 3;
    cr_assert_eq(itsm_chain_read(&r, parts, &chain, at(1, 10, 0)), ITSM_OK);
    cr_assert(!parts[0].holds && parts[1].holds && parts[2].holds && parts[0].spare == ITSM_HOURS(2));
    cr_assert(parts[2].start == at(1, 14, 0) && r.end == at(1, 15, 0) && r.used == ITSM_HOURS(5) && r.weakest == 1);
    cr_assert_eq(itsm_chain_read(&r, parts, &chain, at(1, 16, 0)), ITSM_OK);
    cr_assert(parts[0].holds && !parts[1].holds && parts[1].spare == ITSM_HOURS(1) && r.weakest == 0);
    cr_assert(parts[2].start == at(2, 10, 0) && r.used == ITSM_HOURS(3));
    check(at(1, 0, 0), at(8, 0, 0));
    cr_assert(r.fits && r.used == ITSM_HOURS(5) && r.weakest == 1);
    links[0].mode = ITSM_LINK_BESIDE;
    check(at(1, 0, 0), at(8, 0, 0));
    cr_assert_eq(r.used, ITSM_HOURS(5), "the first is beside nobody");
}

Test(chain, the_longest_goal_is_what_can_be_negotiated)
{
    itsm_span goal = 0;
    cr_assert_eq(itsm_chain_longest(&goal, &chain, 0, ITSM_MINUTES(1), at(1, 0, 0), at(8, 0, 0)), ITSM_OK);
    cr_assert_eq(goal, ITSM_HOURS(4));
    cr_assert_eq(itsm_chain_longest(&goal, &chain, 0, ITSM_MINUTES(90), at(1, 0, 0), at(8, 0, 0)), ITSM_OK);
    cr_assert_eq(goal, ITSM_MINUTES(180));
    links[0].goal = 0; /* not read */
    cr_assert_eq(itsm_chain_longest(&goal, &chain, 0, 1, at(1, 0, 0), at(8, 0, 0)), ITSM_OK);
    cr_assert_eq(goal, ITSM_HOURS(4));
    links[0].goal = ITSM_HOURS(6), links[1].goal = ITSM_HOURS(40);
    cr_assert_eq(itsm_chain_longest(&goal, &chain, 0, ITSM_MINUTES(1), at(1, 0, 0), at(8, 0, 0)), ITSM_NOTHING);
    cr_assert_eq(goal, ITSM_HOURS(4), "as it was");
    chain.calendar = never, links[1].calendar = NULL;
    cr_assert_eq(itsm_chain_longest(&goal, &chain, 1, ITSM_DAYS(1), at(1, 0, 0), at(8, 0, 0)), ITSM_OK);
    cr_assert(goal > ITSM_DAYS(1000000), "a target that never counts is kept by whatever ends");
}

Test(chain, what_is_no_chain_is_refused)
{
    itsm_span goal;
    const itsm_chain good = chain;
    const itsm_time a = at(1, 0, 0), b = at(8, 0, 0);
    itsm_chain_reading before = r;
#define REFUSED(status)                                                                                                \
    do {                                                                                                               \
        cr_assert_eq(itsm_chain_check(&r, parts, &chain, a, b), status);                                               \
        cr_assert_eq(itsm_chain_read(&r, parts, &chain, a), status);                                                   \
        cr_assert_eq(itsm_chain_longest(&goal, &chain, 1, 1, a, b), status);                                           \
        cr_assert(memcmp(&r, &before, sizeof r) == 0, "as it was");                                                    \
        chain = good;                                                                                                  \
    } while (0)
    chain.size = 0;
    REFUSED(ITSM_E_MISUSE);
    chain.links = NULL;
    REFUSED(ITSM_E_MISUSE);
    chain.link_count = 0;
    REFUSED(ITSM_E_LIMIT);
    chain.link_count = 65;
    REFUSED(ITSM_E_LIMIT);
    chain.goal = 0;
    REFUSED(ITSM_E_RANGE);
    chain.boundary = 2;
    REFUSED(ITSM_E_RANGE);
    links[0].goal = 0;
    REFUSED(ITSM_E_RANGE);
    links[0].goal = ITSM_HOURS(6), links[1].mode = 2;
    REFUSED(ITSM_E_RANGE);
    links[1].mode = ITSM_LINK_AFTER, links[0].calendar = never;
    REFUSED(ITSM_E_NO_OPEN_TIME);
    links[0].calendar = NULL, links[0].goal = INT64_MAX;
    REFUSED(ITSM_E_RANGE);
    links[0].goal = ITSM_HOURS(6), links[0].size = 8;
    REFUSED(ITSM_E_MISUSE);
    links[0].size = sizeof *links;
    cr_assert_eq(itsm_chain_check(NULL, parts, &chain, a, b), ITSM_E_MISUSE);
    cr_assert_eq(itsm_chain_check(&r, parts, NULL, a, b), ITSM_E_MISUSE);
    cr_assert_eq(itsm_chain_check(&r, parts, &chain, b, b), ITSM_E_RANGE);
    cr_assert_eq(itsm_chain_check(&r, parts, &chain, ITSM_TIME_NONE, b), ITSM_E_RANGE);
    cr_assert_eq(itsm_chain_check(&r, parts, &chain, a, a + ITSM_DAYS(36525) + 1), ITSM_E_LIMIT);
    cr_assert_eq(itsm_chain_read(&r, parts, &chain, ITSM_TIME_NONE), ITSM_E_RANGE);
    cr_assert_eq(itsm_chain_read(NULL, parts, &chain, a), ITSM_E_MISUSE);
    cr_assert_eq(itsm_chain_longest(NULL, &chain, 0, 1, a, b), ITSM_E_MISUSE);
    cr_assert_eq(itsm_chain_longest(&goal, &chain, 2, 1, a, b), ITSM_E_MISUSE);
    cr_assert_eq(itsm_chain_longest(&goal, &chain, 0, 0, a, b), ITSM_E_RANGE);
    r.size = 0;
    cr_assert_eq(itsm_chain_check(&r, parts, &chain, a, b), ITSM_E_MISUSE);
    cr_assert_eq(itsm_chain_read(&r, parts, &chain, a), ITSM_E_MISUSE);
}

Test(chain, sixty_four_links_and_a_hundred_years_are_checked)
{
    chain.link_count = 64;
    for (size_t i = 0; i < 64; i++) links[i].calendar = i % 2 ? early : NULL, links[i].mode = i % 3 == 1;
    chain.goal = ITSM_HOURS(500);
    check(at(1, 0, 0), at(3000, 0, 0));
    cr_assert_geq(r.slack, 0);
    chain.link_count = 1, links[0].calendar = NULL;
    check(at(1, 0, 0), at(36526, 0, 0));
    cr_assert(r.used == ITSM_HOURS(6) && r.start == at(1, 9, 0), "the first that lies in office hours");
}

/* Attribution ----------------------------------------------------------------------------------------------------- */

enum { DESK, SECOND, SUPPLIER, CUSTOMER, PARTIES };

static itsm_target target;
static itsm_share shares[PARTIES];
static itsm_attribution sum;

static itsm_parties with(const itsm_handover *handovers, size_t n)
{
    static const uint32_t causes[] = {ITSM_PARTY_NONE, CUSTOMER};
    static const itsm_target start = ITSM_TARGET_INIT;
    static const itsm_attribution none = ITSM_ATTRIBUTION_INIT;
    itsm_parties parties = ITSM_PARTIES_INIT;
    target = start, sum = none;
    target.calendar = office, target.goal = ITSM_HOURS(8);
    parties.count = PARTIES, parties.handovers = handovers, parties.handover_count = n;
    parties.cause_party = causes, parties.cause_count = 2;
    return parties;
}

Test(attribution, time_falls_to_whoever_holds_and_the_breach_to_whom_it_happened)
{
    const itsm_handover handovers[] = {{at(1, 11, 0), SECOND, 0}, {at(2, 9, 30), SUPPLIER, 0}, {at(2, 12, 0), DESK, 0}};
    const itsm_clock_event events[] = {{at(1, 9, 0), 0, ITSM_CLOCK_START, 0, 0, 0},
                                       {at(1, 13, 0), 0, ITSM_CLOCK_PAUSE, 1, 0, 0},
                                       {at(1, 16, 0), 0, ITSM_CLOCK_RESUME, 1, 0, 0},
                                       {at(2, 9, 0), 0, ITSM_CLOCK_PAUSE, 0, 0, 0},
                                       {at(2, 10, 0), 0, ITSM_CLOCK_RESUME, 0, 0, 0}};
    itsm_parties parties = with(handovers, 3);
    cr_assert_eq(itsm_clock_attribute(&sum, shares, &parties, &target, 1, events, 5, at(2, 14, 0)), ITSM_OK);
    cr_assert(sum.used == ITSM_HOURS(9) && sum.paused == ITSM_HOURS(4) && sum.stopped == 0 && sum.adjusted == 0);
    cr_assert(shares[DESK].used == ITSM_HOURS(4) && shares[DESK].paused == 0);
    cr_assert(shares[SECOND].used == ITSM_HOURS(3) && shares[SECOND].paused == ITSM_MINUTES(30));
    cr_assert(shares[SUPPLIER].used == ITSM_HOURS(2) && shares[SUPPLIER].paused == ITSM_MINUTES(30));
    cr_assert(shares[CUSTOMER].used == 0 && shares[CUSTOMER].paused == ITSM_HOURS(3), "whose answer was waited for");
    cr_assert(sum.breached && sum.party == DESK && shares[DESK].over == ITSM_HOURS(1));
}

Test(attribution, handing_over_with_nothing_left_is_not_yet_a_breach)
{
    const itsm_handover handovers[] = {{at(1, 17, 0), SECOND, 0}, {at(1, 20, 0), SUPPLIER, 0}};
    const itsm_clock_event events[] = {{at(1, 9, 0), 0, ITSM_CLOCK_START, 0, 0, 0}};
    itsm_parties parties = with(handovers, 2);
    cr_assert_eq(itsm_clock_attribute(&sum, shares, &parties, &target, 1, events, 1, at(2, 9, 0)), ITSM_OK);
    cr_assert(!sum.breached && sum.party == ITSM_PARTY_NONE && shares[DESK].used == ITSM_HOURS(8));
    cr_assert_eq(itsm_clock_attribute(&sum, shares, &parties, &target, 1, events, 1, at(2, 9, 0) + 1), ITSM_OK);
    cr_assert(sum.breached && sum.party == SUPPLIER && shares[SUPPLIER].over == 1 && shares[DESK].over == 0);
}

Test(attribution, time_after_a_stop_falls_where_the_reopening_says)
{
    const itsm_handover handovers[] = {{at(1, 12, 0), SECOND, 0}};
    const itsm_clock_event events[] = {{at(1, 9, 0), 0, ITSM_CLOCK_START, 0, 0, 0},
                                       {at(1, 11, 0), 0, ITSM_CLOCK_STOP, 0, 0, 0},
                                       {at(1, 13, 0), 0, ITSM_CLOCK_PAUSE, 1, 0, 0},
                                       {at(1, 14, 0), 0, ITSM_CLOCK_RESUME, 1, 0, 0},
                                       {at(1, 15, 0), 0, ITSM_CLOCK_REOPEN, 0, 0, 0}};
    itsm_parties parties = with(handovers, 1);
    cr_assert_eq(itsm_clock_attribute(&sum, shares, &parties, &target, 1, events, 5, at(1, 16, 0)), ITSM_OK);
    cr_assert(shares[DESK].used == ITSM_HOURS(2) && shares[DESK].stopped == ITSM_HOURS(1));
    cr_assert(shares[SECOND].used == ITSM_HOURS(1) && shares[SECOND].stopped == ITSM_HOURS(2));
    cr_assert(shares[CUSTOMER].stopped == ITSM_HOURS(1) && sum.stopped == ITSM_HOURS(4));
    target.reopen = ITSM_REOPEN_CONTINUE;
    cr_assert_eq(itsm_clock_attribute(&sum, shares, &parties, &target, 1, events, 5, at(1, 16, 0)), ITSM_OK);
    cr_assert(shares[DESK].used == ITSM_HOURS(3) && shares[SECOND].used == ITSM_HOURS(3) && sum.used == ITSM_HOURS(6));
    cr_assert(shares[CUSTOMER].paused == ITSM_HOURS(1) && sum.stopped == 0);
    target.reopen = ITSM_REOPEN_RESTART;
    cr_assert_eq(itsm_clock_attribute(&sum, shares, &parties, &target, 1, events, 5, at(1, 16, 0)), ITSM_OK);
    cr_assert(sum.used == ITSM_HOURS(1) && shares[DESK].used == 0 && shares[SECOND].used == ITSM_HOURS(1));
    target.reopen = ITSM_REOPEN_IGNORE;
    cr_assert_eq(itsm_clock_attribute(&sum, shares, &parties, &target, 1, events, 5, at(1, 16, 0)), ITSM_OK);
    cr_assert(sum.used == ITSM_HOURS(2) && shares[DESK].used == ITSM_HOURS(2) && sum.stopped == 0);
}

Test(attribution, time_scaled_to_a_new_goal_falls_to_nobody)
{
    const itsm_handover handovers[] = {{at(1, 10, 0), SECOND, 0}};
    const itsm_clock_event events[] = {{at(1, 9, 0), 0, ITSM_CLOCK_START, 0, 0, 0},
                                       {at(1, 11, 0), 0, ITSM_CLOCK_RETARGET, 0, 1, ITSM_RETARGET_PROPORTIONAL},
                                       {at(1, 12, 0), 0, ITSM_CLOCK_RETARGET, 0, 2, ITSM_RETARGET_KEEP}};
    itsm_parties parties = with(handovers, 1);
    itsm_target targets[3] = {target, target, target};
    targets[1].goal = ITSM_HOURS(16), targets[2].goal = ITSM_HOURS(3);
    cr_assert_eq(itsm_clock_attribute(&sum, shares, &parties, targets, 3, events, 2, at(1, 12, 0)), ITSM_OK);
    cr_assert(sum.used == ITSM_HOURS(5) && sum.adjusted == ITSM_HOURS(2) && !sum.breached);
    cr_assert(shares[DESK].used == ITSM_HOURS(1) && shares[SECOND].used == ITSM_HOURS(2));
    cr_assert_eq(itsm_clock_attribute(&sum, shares, &parties, targets, 3, events, 3, at(1, 13, 0)), ITSM_OK);
    cr_assert(sum.breached && sum.party == SECOND && shares[SECOND].over == ITSM_HOURS(1), "exceeded already");
}

Test(attribution, what_cannot_be_attributed_is_refused)
{
    itsm_handover handovers[] = {{at(1, 10, 0), SECOND, 0}, {at(1, 11, 0), DESK, 0}};
    const itsm_clock_event events[] = {{at(1, 9, 0), 0, ITSM_CLOCK_START, 0, 0, 0},
                                       {at(1, 11, 0), 0, ITSM_CLOCK_STOP, 0, 0, 0}};
    const uint32_t causes[] = {PARTIES};
    itsm_parties parties = with(handovers, 2);
    const itsm_parties good = parties;
    itsm_share before[PARTIES];
    memset(shares, 7, sizeof shares);
    memcpy(before, shares, sizeof shares);
#define ATTRIBUTE(n, now) itsm_clock_attribute(&sum, shares, &parties, &target, 1, events, n, now)
    cr_assert_eq(ATTRIBUTE(2, at(1, 10, 0)), ITSM_E_ORDER);
    cr_assert_eq(ATTRIBUTE(2, ITSM_TIME_NONE), ITSM_E_RANGE);
    parties.size = 8;
    cr_assert_eq(ATTRIBUTE(2, at(1, 12, 0)), ITSM_E_MISUSE);
    parties = good, parties.handovers = NULL;
    cr_assert_eq(ATTRIBUTE(2, at(1, 12, 0)), ITSM_E_MISUSE);
    parties = good, parties.cause_party = NULL;
    cr_assert_eq(ATTRIBUTE(2, at(1, 12, 0)), ITSM_E_MISUSE);
    parties = good, parties.count = 0;
    cr_assert_eq(ATTRIBUTE(2, at(1, 12, 0)), ITSM_E_LIMIT);
    parties = good, parties.cause_count = 65;
    cr_assert_eq(ATTRIBUTE(2, at(1, 12, 0)), ITSM_E_LIMIT);
    parties = good, parties.cause_party = causes, parties.cause_count = 1;
    cr_assert_eq(ATTRIBUTE(2, at(1, 12, 0)), ITSM_E_RANGE);
    parties = good, handovers[1].party = PARTIES;
    cr_assert_eq(ATTRIBUTE(2, at(1, 12, 0)), ITSM_E_RANGE);
    handovers[1].party = DESK, handovers[1].at = at(1, 9, 59);
    cr_assert_eq(ATTRIBUTE(2, at(1, 12, 0)), ITSM_E_ORDER);
    handovers[1].at = ITSM_TIME_NONE;
    cr_assert_eq(ATTRIBUTE(2, at(1, 12, 0)), ITSM_E_RANGE);
    handovers[1].at = at(1, 11, 0), target.goal = 0;
    cr_assert_eq(ATTRIBUTE(2, at(1, 12, 0)), ITSM_E_RANGE);
    target.goal = 1;
    cr_assert_eq(itsm_clock_attribute(NULL, shares, &parties, &target, 1, events, 2, at(1, 12, 0)), ITSM_E_MISUSE);
    cr_assert_eq(itsm_clock_attribute(&sum, NULL, &parties, &target, 1, events, 2, at(1, 12, 0)), ITSM_E_MISUSE);
    cr_assert_eq(itsm_clock_attribute(&sum, shares, NULL, &target, 1, events, 2, at(1, 12, 0)), ITSM_E_MISUSE);
    cr_assert_eq(itsm_clock_attribute(&sum, shares, &parties, NULL, 1, events, 2, at(1, 12, 0)), ITSM_E_MISUSE);
    cr_assert_eq(itsm_clock_attribute(&sum, shares, &parties, &target, 1, NULL, 2, at(1, 12, 0)), ITSM_E_MISUSE);
    cr_assert(memcmp(before, shares, sizeof shares) == 0, "as they were");
    cr_assert_eq(ATTRIBUTE(0, at(1, 12, 0)), ITSM_OK);
    cr_assert(sum.used == 0 && sum.party == ITSM_PARTY_NONE && shares[SECOND].used == 0);
}
