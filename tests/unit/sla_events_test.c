/* SPDX-License-Identifier: MIT */
/* Every event in every state; lists that only grow; conversations; and clocks at the ends of what can be represented. */
#include <itsm/sla.h>

#include "support.h"
#include "zones.h"

#include <criterion/criterion.h>

static struct counting counting = COUNTING_INIT;
static itsm_ctx *ctx;
static itsm_calendar *office; /* Monday to Friday, 9 to 17, UTC */
static itsm_target target;

static void begin(void)
{
    static const itsm_target start = ITSM_TARGET_INIT;
    static const char json[] =
        "{\"tz\":\"UTC\",\"weekly\":{\"mon\":[[\"09:00\",\"17:00\"]],\"tue\":[[\"09:00\",\"17:00\"]],"
        "\"wed\":[[\"09:00\",\"17:00\"]],\"thu\":[[\"09:00\",\"17:00\"]],\"fri\":[[\"09:00\",\"17:00\"]]}}";
    ctx = zones_ctx(counting_alloc, &counting);
    cr_assert_eq(itsm_calendar_load(&office, ctx, itsm_str_c(json)), ITSM_OK);
    target = start;
    target.calendar = office, target.goal = ITSM_HOURS(4);
}

static void end(void)
{
    itsm_calendar_free(office);
    itsm_ctx_free(ctx);
    assert_nothing_outstanding(counting);
}

TestSuite(sla_events, .init = begin, .fini = end, .timeout = 60);

/* Day 1 is Monday 2026-03-30. */
#define AT(day, hour, minute) (ITSM_DAYS(20541 + (day)) + ITSM_HOURS(hour) + ITSM_MINUTES(minute))
#define NONE ITSM_TIME_NONE

static void apply(itsm_clock *clock, int32_t kind, itsm_time when, uint32_t cause)
{
    cr_assert_eq(itsm_clock_apply(clock, kind, when, cause), ITSM_OK);
}

static itsm_clock_reading read_at(const itsm_clock *clock, itsm_time now)
{
    itsm_clock_reading r = ITSM_CLOCK_READING_INIT;
    cr_assert_eq(itsm_clock_read(&r, clock, now), ITSM_OK);
    return r;
}

/* Every state ----------------------------------------------------------------------------------------------------- */

/* A clock of four hours that is in a state on Monday at 15. */
static itsm_clock in_state(int32_t state)
{
    const int is_late =
        state == ITSM_CLOCK_BREACHED_RUNNING || state == ITSM_CLOCK_BREACHED_PAUSED || state == ITSM_CLOCK_MET_LATE;
    itsm_clock clock;
    cr_assert_eq(itsm_clock_init(&clock, &target), ITSM_OK);
    if (state == ITSM_CLOCK_IDLE) return clock;
    apply(&clock, ITSM_CLOCK_START, AT(1, is_late ? 9 : 12, 0), 0);
    if (state == ITSM_CLOCK_PAUSED || state == ITSM_CLOCK_BREACHED_PAUSED)
        apply(&clock, ITSM_CLOCK_PAUSE, AT(1, 14, 0), 3);
    if (state == ITSM_CLOCK_MET || state == ITSM_CLOCK_MET_LATE) apply(&clock, ITSM_CLOCK_STOP, AT(1, 14, 0), 0);
    if (state == ITSM_CLOCK_CANCELLED) apply(&clock, ITSM_CLOCK_CANCEL, AT(1, 13, 0), 0);
    cr_assert_eq(read_at(&clock, AT(1, 15, 0)).state, state);
    return clock;
}

enum { KEEP = ITSM_RETARGET_KEEP, RESTART = ITSM_RETARGET_RESTART, SCALE = ITSM_RETARGET_PROPORTIONAL };

Test(sla_events, every_retarget_policy_in_every_state)
{
    static const struct {
        int32_t state, policy;
        int goal; /* hours */
        int32_t after;
        int used; /* minutes */
        itsm_time previous_due, due, breached_at;
        int retroactive;
    } rows[] = {
        {ITSM_CLOCK_IDLE, KEEP, 8, ITSM_CLOCK_IDLE, 0, NONE, NONE, NONE, 0},
        {ITSM_CLOCK_IDLE, RESTART, 8, ITSM_CLOCK_IDLE, 0, NONE, NONE, NONE, 0},
        {ITSM_CLOCK_IDLE, SCALE, 1, ITSM_CLOCK_IDLE, 0, NONE, NONE, NONE, 0},
        {ITSM_CLOCK_RUNNING, KEEP, 8, ITSM_CLOCK_RUNNING, 180, AT(1, 16, 0), AT(2, 12, 0), NONE, 0},
        {ITSM_CLOCK_RUNNING, RESTART, 8, ITSM_CLOCK_RUNNING, 0, AT(1, 16, 0), AT(2, 15, 0), NONE, 0},
        {ITSM_CLOCK_RUNNING, SCALE, 8, ITSM_CLOCK_RUNNING, 360, AT(1, 16, 0), AT(1, 17, 0), NONE, 0},
        {ITSM_CLOCK_RUNNING, KEEP, 1, ITSM_CLOCK_BREACHED_RUNNING, 180, AT(1, 16, 0), AT(1, 15, 0), AT(1, 15, 0), 1},
        {ITSM_CLOCK_RUNNING, RESTART, 1, ITSM_CLOCK_RUNNING, 0, AT(1, 16, 0), AT(1, 16, 0), NONE, 0},
        {ITSM_CLOCK_RUNNING, SCALE, 1, ITSM_CLOCK_RUNNING, 45, AT(1, 16, 0), AT(1, 15, 15), NONE, 0},
        {ITSM_CLOCK_PAUSED, KEEP, 8, ITSM_CLOCK_PAUSED, 120, NONE, NONE, NONE, 0},
        {ITSM_CLOCK_PAUSED, RESTART, 8, ITSM_CLOCK_PAUSED, 0, NONE, NONE, NONE, 0},
        {ITSM_CLOCK_PAUSED, SCALE, 8, ITSM_CLOCK_PAUSED, 240, NONE, NONE, NONE, 0},
        {ITSM_CLOCK_PAUSED, KEEP, 1, ITSM_CLOCK_BREACHED_PAUSED, 120, NONE, NONE, AT(1, 15, 0), 1},
        {ITSM_CLOCK_PAUSED, RESTART, 1, ITSM_CLOCK_PAUSED, 0, NONE, NONE, NONE, 0},
        {ITSM_CLOCK_PAUSED, SCALE, 1, ITSM_CLOCK_PAUSED, 30, NONE, NONE, NONE, 0},
        {ITSM_CLOCK_MET, KEEP, 8, ITSM_CLOCK_MET, 120, AT(1, 16, 0), AT(2, 12, 0), NONE, 0},
        {ITSM_CLOCK_MET, RESTART, 8, ITSM_CLOCK_MET, 120, AT(1, 16, 0), AT(2, 12, 0), NONE, 0},
        {ITSM_CLOCK_MET, SCALE, 8, ITSM_CLOCK_MET, 240, AT(1, 16, 0), AT(2, 10, 0), NONE, 0},
        {ITSM_CLOCK_MET, KEEP, 1, ITSM_CLOCK_MET_LATE, 120, AT(1, 16, 0), AT(1, 15, 0), AT(1, 15, 0), 1},
        {ITSM_CLOCK_MET, RESTART, 1, ITSM_CLOCK_MET_LATE, 120, AT(1, 16, 0), AT(1, 15, 0), AT(1, 15, 0), 1},
        {ITSM_CLOCK_MET, SCALE, 1, ITSM_CLOCK_MET, 30, AT(1, 16, 0), AT(1, 14, 30), NONE, 0},
        {ITSM_CLOCK_BREACHED_RUNNING, KEEP, 8, ITSM_CLOCK_RUNNING, 360, AT(1, 13, 0), AT(1, 17, 0), NONE, 0},
        {ITSM_CLOCK_BREACHED_RUNNING, RESTART, 8, ITSM_CLOCK_RUNNING, 0, AT(1, 13, 0), AT(2, 15, 0), NONE, 0},
        {ITSM_CLOCK_BREACHED_RUNNING, SCALE, 8, ITSM_CLOCK_BREACHED_RUNNING, 720, AT(1, 13, 0), AT(1, 13, 0),
         AT(1, 13, 0), 0},
        {ITSM_CLOCK_BREACHED_RUNNING, KEEP, 1, ITSM_CLOCK_BREACHED_RUNNING, 360, AT(1, 13, 0), AT(1, 13, 0),
         AT(1, 13, 0), 0},
        {ITSM_CLOCK_BREACHED_RUNNING, RESTART, 1, ITSM_CLOCK_RUNNING, 0, AT(1, 13, 0), AT(1, 16, 0), NONE, 0},
        {ITSM_CLOCK_BREACHED_RUNNING, SCALE, 1, ITSM_CLOCK_BREACHED_RUNNING, 90, AT(1, 13, 0), AT(1, 13, 0),
         AT(1, 13, 0), 0},
        {ITSM_CLOCK_BREACHED_PAUSED, KEEP, 8, ITSM_CLOCK_PAUSED, 300, NONE, NONE, NONE, 0},
        {ITSM_CLOCK_BREACHED_PAUSED, RESTART, 8, ITSM_CLOCK_PAUSED, 0, NONE, NONE, NONE, 0},
        {ITSM_CLOCK_BREACHED_PAUSED, SCALE, 8, ITSM_CLOCK_BREACHED_PAUSED, 600, NONE, NONE, AT(1, 13, 0), 0},
        {ITSM_CLOCK_BREACHED_PAUSED, KEEP, 1, ITSM_CLOCK_BREACHED_PAUSED, 300, NONE, NONE, AT(1, 13, 0), 0},
        {ITSM_CLOCK_BREACHED_PAUSED, RESTART, 1, ITSM_CLOCK_PAUSED, 0, NONE, NONE, NONE, 0},
        {ITSM_CLOCK_BREACHED_PAUSED, SCALE, 1, ITSM_CLOCK_BREACHED_PAUSED, 75, NONE, NONE, AT(1, 13, 0), 0},
        {ITSM_CLOCK_MET_LATE, KEEP, 8, ITSM_CLOCK_MET, 300, AT(1, 13, 0), AT(1, 17, 0), NONE, 0},
        {ITSM_CLOCK_MET_LATE, RESTART, 8, ITSM_CLOCK_MET, 300, AT(1, 13, 0), AT(1, 17, 0), NONE, 0},
        {ITSM_CLOCK_MET_LATE, SCALE, 8, ITSM_CLOCK_MET_LATE, 600, AT(1, 13, 0), AT(1, 13, 0), AT(1, 13, 0), 0},
        {ITSM_CLOCK_MET_LATE, KEEP, 1, ITSM_CLOCK_MET_LATE, 300, AT(1, 13, 0), AT(1, 13, 0), AT(1, 13, 0), 0},
        {ITSM_CLOCK_MET_LATE, RESTART, 1, ITSM_CLOCK_MET_LATE, 300, AT(1, 13, 0), AT(1, 13, 0), AT(1, 13, 0), 0},
        {ITSM_CLOCK_MET_LATE, SCALE, 1, ITSM_CLOCK_MET_LATE, 75, AT(1, 13, 0), AT(1, 13, 0), AT(1, 13, 0), 0},
        {ITSM_CLOCK_CANCELLED, KEEP, 8, ITSM_CLOCK_CANCELLED, 60, NONE, NONE, NONE, 0},
        {ITSM_CLOCK_CANCELLED, RESTART, 8, ITSM_CLOCK_CANCELLED, 60, NONE, NONE, NONE, 0},
        {ITSM_CLOCK_CANCELLED, SCALE, 8, ITSM_CLOCK_CANCELLED, 60, NONE, NONE, NONE, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        itsm_clock clock = in_state(rows[i].state);
        itsm_target other = target;
        other.goal = ITSM_HOURS(rows[i].goal);
        cr_assert_eq(itsm_clock_retarget(&clock, &other, AT(1, 15, 0), rows[i].policy), ITSM_OK);
        const itsm_clock_reading r = read_at(&clock, AT(1, 15, 0));
        cr_assert(r.state == rows[i].after && r.used == ITSM_MINUTES(rows[i].used), "row %zu: state %d, used %lld", i,
                  r.state, (long long)(r.used / ITSM_MINUTES(1)));
        cr_assert(r.previous_due == rows[i].previous_due && r.due == rows[i].due && r.version == 2, "row %zu", i);
        cr_assert(r.breached_at == rows[i].breached_at && r.retroactive == rows[i].retroactive, "row %zu", i);
    }
}

Test(sla_events, every_reopen_policy_in_every_state)
{
    static const struct {
        int32_t state, policy, after;
        int used, stopped;
        itsm_time due;
        uint32_t cycle;
    } rows[] = {
        {ITSM_CLOCK_MET, ITSM_REOPEN_RESUME, ITSM_CLOCK_RUNNING, 120, 60, AT(1, 17, 0), 2},
        {ITSM_CLOCK_MET, ITSM_REOPEN_RESTART, ITSM_CLOCK_RUNNING, 0, 0, AT(2, 11, 0), 2},
        {ITSM_CLOCK_MET, ITSM_REOPEN_CONTINUE, ITSM_CLOCK_RUNNING, 180, 0, AT(1, 16, 0), 2},
        {ITSM_CLOCK_MET, ITSM_REOPEN_IGNORE, ITSM_CLOCK_MET, 120, 0, AT(1, 16, 0), 1},
        {ITSM_CLOCK_MET_LATE, ITSM_REOPEN_RESUME, ITSM_CLOCK_BREACHED_RUNNING, 300, 60, AT(1, 13, 0), 2},
        {ITSM_CLOCK_MET_LATE, ITSM_REOPEN_RESTART, ITSM_CLOCK_RUNNING, 0, 0, AT(2, 11, 0), 2},
        {ITSM_CLOCK_MET_LATE, ITSM_REOPEN_CONTINUE, ITSM_CLOCK_BREACHED_RUNNING, 360, 0, AT(1, 13, 0), 2},
        {ITSM_CLOCK_MET_LATE, ITSM_REOPEN_IGNORE, ITSM_CLOCK_MET_LATE, 300, 0, AT(1, 13, 0), 1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        target.reopen = rows[i].policy;
        itsm_clock clock = in_state(rows[i].state);
        apply(&clock, ITSM_CLOCK_REOPEN, AT(1, 15, 0), 0);
        const itsm_clock_reading r = read_at(&clock, AT(1, 15, 0));
        cr_assert(r.state == rows[i].after && r.used == ITSM_MINUTES(rows[i].used) &&
                      r.stopped == ITSM_MINUTES(rows[i].stopped) && r.due == rows[i].due && r.cycle == rows[i].cycle,
                  "row %zu", i);
    }
    for (int32_t policy = ITSM_REOPEN_RESUME; policy <= ITSM_REOPEN_IGNORE; policy++)
        for (int32_t state = ITSM_CLOCK_IDLE; state <= ITSM_CLOCK_CANCELLED; state++) {
            if (state == ITSM_CLOCK_MET || state == ITSM_CLOCK_MET_LATE) continue;
            target.reopen = policy;
            itsm_clock clock = in_state(state);
            const itsm_clock_reading before = read_at(&clock, AT(1, 15, 0));
            apply(&clock, ITSM_CLOCK_REOPEN, AT(1, 15, 0), 0);
            const itsm_clock_reading after = read_at(&clock, AT(1, 15, 0));
            cr_assert(memcmp(&before, &after, sizeof after) == 0, "policy %d, state %d", policy, state);
        }
}

Test(sla_events, a_calendar_that_changes_while_stopped_counts_from_then_on)
{
    itsm_target always = target;
    always.calendar = NULL;
    itsm_clock clock;
    cr_assert_eq(itsm_clock_init(&clock, &target), ITSM_OK);
    apply(&clock, ITSM_CLOCK_START, AT(5, 14, 0), 0); /* Friday */
    apply(&clock, ITSM_CLOCK_STOP, AT(5, 15, 0), 0);
    cr_assert_eq(itsm_clock_retarget(&clock, &always, AT(6, 10, 0), KEEP), ITSM_OK);
    apply(&clock, ITSM_CLOCK_REOPEN, AT(8, 9, 0), 0);
    const itsm_clock_reading r = read_at(&clock, AT(8, 9, 0));
    cr_assert(r.used == ITSM_HOURS(1) && r.stopped == ITSM_HOURS(2 + 47) && r.due == AT(8, 12, 0));
}

Test(sla_events, what_is_beyond_its_goal_stays_so_when_it_is_scaled)
{
    itsm_target small = target;
    small.goal = 3;
    target.calendar = small.calendar = NULL, target.goal = 7;
    itsm_clock clock;
    cr_assert_eq(itsm_clock_init(&clock, &target), ITSM_OK);
    apply(&clock, ITSM_CLOCK_START, 0, 0);
    cr_assert_eq(itsm_clock_retarget(&clock, &small, 8, SCALE), ITSM_OK);
    cr_assert(read_at(&clock, 8).breached && read_at(&clock, 8).used == 4, "8 of 7 are more than 3 of 3");
}

Test(sla_events, a_share_of_an_odd_goal_comes_when_no_less_is_used)
{
    const itsm_threshold half = {ITSM_THRESHOLD_PERCENT, 0, 50};
    itsm_clock_alarm alarm = ITSM_CLOCK_ALARM_INIT;
    itsm_clock clock;
    target.calendar = NULL, target.goal = 7, target.thresholds = &half, target.threshold_count = 1;
    cr_assert_eq(itsm_clock_init(&clock, &target), ITSM_OK);
    apply(&clock, ITSM_CLOCK_START, 0, 0);
    cr_assert_eq(itsm_clock_next(&alarm, &clock, 0), ITSM_OK);
    cr_assert_eq(alarm.at, 4);
}

/* Attaching ------------------------------------------------------------------------------------------------------- */

Test(sla_events, a_target_attached_late_is_measured_from_the_start)
{
    const itsm_threshold three_quarters = {ITSM_THRESHOLD_PERCENT, 0, 75};
    itsm_target targets[2] = {target, target};
    targets[0].goal = ITSM_GOAL_NONE;
    targets[1].thresholds = &three_quarters, targets[1].threshold_count = 1;
    itsm_clock_event events[] = {{AT(1, 9, 0), 0, ITSM_CLOCK_START, 0, 0, 0},
                                 {AT(1, 11, 0), 0, ITSM_CLOCK_ATTACH, 0, 1, 0}};
    itsm_clock clock;
    itsm_clock_alarm alarm = ITSM_CLOCK_ALARM_INIT;
    cr_assert_eq(itsm_clock_replay(&clock, targets, 2, events, 1), ITSM_OK);
    itsm_clock_reading r = read_at(&clock, AT(1, 11, 0));
    cr_assert(r.state == ITSM_CLOCK_RUNNING && r.used == ITSM_HOURS(2) && r.due == NONE, "nothing is promised");
    cr_assert_eq(itsm_clock_next(&alarm, &clock, AT(1, 9, 0)), ITSM_NOTHING);
    cr_assert_eq(itsm_clock_replay(&clock, targets, 2, events, 2), ITSM_OK);
    r = read_at(&clock, AT(1, 11, 0));
    cr_assert(r.used == ITSM_HOURS(2) && r.due == AT(1, 13, 0) && r.previous_due == NONE && r.version == 2);
    cr_assert_eq(itsm_clock_next(&alarm, &clock, AT(1, 11, 0)), ITSM_OK);
    cr_assert(alarm.at == AT(1, 12, 0) && alarm.thresholds == 1);
    events[1].at = AT(1, 14, 0);
    cr_assert_eq(itsm_clock_replay(&clock, targets, 2, events, 2), ITSM_OK);
    r = read_at(&clock, AT(1, 14, 0));
    cr_assert(r.breached && r.retroactive && r.breached_at == AT(1, 14, 0), "exceeded before it was agreed");
}

Test(sla_events, attaching_to_a_clock_that_does_not_count_is_no_new_version)
{
    itsm_clock clock = in_state(ITSM_CLOCK_IDLE);
    target.goal = ITSM_HOURS(1);
    cr_assert_eq(itsm_clock_attach(&clock, &target, AT(1, 15, 0)), ITSM_OK);
    itsm_clock_reading r = read_at(&clock, AT(1, 15, 0));
    cr_assert(r.goal == ITSM_HOURS(1) && r.version == 1 && r.state == ITSM_CLOCK_IDLE);
    cr_assert_eq(itsm_clock_attach(&clock, &target, AT(1, 14, 0)), ITSM_E_ORDER);
    cr_assert_eq(itsm_clock_attach(NULL, &target, AT(1, 14, 0)), ITSM_E_MISUSE);
    cr_assert_eq(itsm_clock_attach(&clock, NULL, AT(1, 16, 0)), ITSM_E_MISUSE);
    cr_assert_eq(itsm_clock_apply(&clock, ITSM_CLOCK_ATTACH, AT(1, 16, 0), 0), ITSM_E_MISUSE);
    cr_assert_eq(itsm_clock_apply(&clock, ITSM_CLOCK_CORRECT, AT(1, 16, 0), 0), ITSM_E_MISUSE);
}

/* Lists that only grow -------------------------------------------------------------------------------------------- */

Test(sla_events, a_list_that_grows_tells_what_was_known_when)
{
    const itsm_clock_event events[] = {
        {AT(1, 9, 0), AT(1, 9, 0), ITSM_CLOCK_START, 0, 0, 0},
        {AT(1, 15, 0), AT(1, 15, 0), ITSM_CLOCK_STOP, 0, 0, 0},
        {AT(1, 10, 0), AT(1, 16, 0), ITSM_CLOCK_PAUSE, 2, 0, 0}, /* written down late */
        {AT(1, 11, 0), AT(1, 16, 0), ITSM_CLOCK_RESUME, 2, 0, 0},
        {AT(1, 13, 0), AT(2, 9, 0), ITSM_CLOCK_CORRECT, 0, 3, 0}, /* it was longer */
        {NONE, AT(2, 10, 0), ITSM_CLOCK_CORRECT, 0, 1, 0},        /* it never stopped */
    };
    const struct {
        itsm_time known;
        size_t n;
        int32_t state;
        int used; /* minutes, on Monday at 15 */
    } rows[] = {{AT(1, 9, 0), 1, ITSM_CLOCK_BREACHED_RUNNING, 360},
                {AT(1, 15, 30), 2, ITSM_CLOCK_MET_LATE, 360},
                {AT(1, 16, 0), 4, ITSM_CLOCK_MET_LATE, 300},
                {AT(2, 9, 0), 4, ITSM_CLOCK_MET, 180},
                {INT64_MAX, 3, ITSM_CLOCK_RUNNING, 180}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        itsm_clock_event known[6];
        itsm_clock clock;
        size_t n;
        cr_assert_eq(itsm_clock_order(known, &n, events, 6, rows[i].known), ITSM_OK);
        cr_assert_eq(n, rows[i].n, "row %zu", i);
        cr_assert_eq(itsm_clock_replay(&clock, &target, 1, known, n), ITSM_OK);
        const itsm_clock_reading r = read_at(&clock, AT(1, 15, 0));
        cr_assert(r.state == rows[i].state && r.used == ITSM_MINUTES(rows[i].used), "row %zu: %d", i, r.state);
    }
}

Test(sla_events, the_last_correction_holds_and_may_bring_back_what_was_withdrawn)
{
    const itsm_clock_event events[] = {{10, 1, ITSM_CLOCK_START, 0, 0, 0},
                                       {20, 2, ITSM_CLOCK_STOP, 0, 0, 0},
                                       {NONE, 3, ITSM_CLOCK_CORRECT, 0, 1, 0},
                                       {30, 4, ITSM_CLOCK_CORRECT, 0, 1, 0},
                                       {5, 5, ITSM_CLOCK_CORRECT, 0, 0, 0}};
    itsm_clock_event out[5];
    size_t n;
    cr_assert_eq(itsm_clock_order(out, &n, events, 5, 3), ITSM_OK);
    cr_assert(n == 1 && out[0].at == 10);
    cr_assert_eq(itsm_clock_order(out, &n, events, 5, 5), ITSM_OK);
    cr_assert(n == 2 && out[0].at == 5 && out[0].recorded == 1 && out[1].at == 30 && out[1].kind == ITSM_CLOCK_STOP);
}

Test(sla_events, what_cannot_be_corrected_is_refused)
{
    itsm_clock_event events[] = {
        {10, 0, ITSM_CLOCK_START, 0, 0, 0}, {20, 0, ITSM_CLOCK_CORRECT, 0, 0, 0}, {30, 0, ITSM_CLOCK_CORRECT, 0, 1, 0}};
    itsm_clock_event out[3];
    itsm_clock clock;
    size_t n = 77;
    cr_assert_eq(itsm_clock_order(out, &n, events, 3, INT64_MAX), ITSM_E_MISUSE, "a correction");
    events[2].target = 2;
    cr_assert_eq(itsm_clock_order(out, &n, events, 3, INT64_MAX), ITSM_E_MISUSE, "itself");
    events[2].target = 3;
    cr_assert_eq(itsm_clock_order(out, &n, events, 3, INT64_MAX), ITSM_E_MISUSE, "what is not there");
    cr_assert_eq(n, 77);
    cr_assert_eq(itsm_clock_order(out, &n, NULL, 0, INT64_MAX), ITSM_OK);
    cr_assert_eq(n, 0);
    cr_assert_eq(itsm_clock_order(NULL, &n, events, 1, INT64_MAX), ITSM_E_MISUSE);
    cr_assert_eq(itsm_clock_order(out, NULL, events, 1, INT64_MAX), ITSM_E_MISUSE);
    cr_assert_eq(itsm_clock_replay(&clock, &target, 1, events, 2), ITSM_E_MISUSE, "a correction is not folded");
}

/* Conversations --------------------------------------------------------------------------------------------------- */

enum { ASKS = ITSM_CONTACT_CUSTOMER, ANSWERS = ITSM_CONTACT_ANSWER };

Test(sla_events, an_update_clock_begins_with_the_first_unanswered_contact_zammad_5177_3140)
{
    static const char *const names[] = {"", "start", "pause", "resume", "stop", "reopen", "retarget", "reset"};
    static const itsm_contact contacts[] = {{1, 0, ASKS, 0},    {2, 0, ASKS, 0},    {3, 0, ANSWERS, 0}, {5, 0, ASKS, 0},
                                            {6, 0, ASKS, 0},    {7, 0, ANSWERS, 0}, {8, 0, ANSWERS, 0}, {9, 0, ASKS, 0},
                                            {9, 0, ANSWERS, 0}, {9, 0, ASKS, 0}};
    static const struct {
        itsm_time responded;
        const char *wanted;
    } rows[] = {{NONE, ""},
                {3, "start 5 stop 7 reset 9 start 9 stop 9 reset 9 start 9 "},
                {5, "start 6 stop 7 reset 9 start 9 stop 9 reset 9 start 9 "},
                {8, "start 9 stop 9 reset 9 start 9 "},
                {9, ""}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        itsm_clock_event events[20];
        char text[256] = "";
        size_t n;
        cr_assert_eq(itsm_clock_update_events(events, &n, contacts, 10, rows[i].responded), ITSM_OK);
        for (size_t k = 0; k < n; k++)
            snprintf(text + strlen(text), sizeof text - strlen(text), "%s %lld ", names[events[k].kind],
                     (long long)events[k].at);
        cr_assert_str_eq(text, rows[i].wanted);
    }
}

Test(sla_events, each_cycle_of_an_update_clock_counts_from_nothing)
{
    static const itsm_contact contacts[] = {{AT(1, 9, 0), 0, ASKS, 0},
                                            {AT(1, 12, 0), 0, ANSWERS, 0},
                                            {AT(1, 14, 0), 0, ASKS, 0},
                                            {AT(1, 15, 0), 0, ASKS, 0}};
    itsm_clock_event events[8];
    itsm_clock clock;
    size_t n;
    cr_assert_eq(itsm_clock_update_events(events, &n, contacts, 4, AT(1, 8, 0)), ITSM_OK);
    cr_assert_eq(itsm_clock_replay(&clock, &target, 1, events, n), ITSM_OK);
    const itsm_clock_reading r = read_at(&clock, AT(1, 16, 0));
    cr_assert(r.used == ITSM_HOURS(2) && r.start == AT(1, 14, 0) && r.due == AT(2, 10, 0) && r.cycle == 2);
}

Test(sla_events, a_conversation_out_of_order_is_refused)
{
    itsm_contact contacts[] = {{2, 0, ASKS, 0}, {1, 0, ANSWERS, 0}};
    itsm_clock_event events[4];
    size_t n;
    cr_assert_eq(itsm_clock_update_events(events, &n, contacts, 2, 0), ITSM_E_ORDER);
    contacts[1].at = 3, contacts[1].kind = 3;
    cr_assert_eq(itsm_clock_update_events(events, &n, contacts, 2, 0), ITSM_E_MISUSE);
    contacts[0].at = NONE;
    cr_assert_eq(itsm_clock_update_events(events, &n, contacts, 1, 0), ITSM_E_RANGE);
    cr_assert_eq(itsm_clock_update_events(events, NULL, contacts, 1, 0), ITSM_E_MISUSE);
    cr_assert_eq(itsm_clock_update_events(NULL, &n, NULL, 0, 0), ITSM_OK);
}

/* The ends -------------------------------------------------------------------------------------------------------- */

static itsm_status add_row(void *user, const itsm_clock_explanation *row)
{
    itsm_span *sums = user;
    sums[0] += row->counted, sums[1] += row->paused, sums[2]++;
    return ITSM_OK;
}

/* A list with many pauses, half of them while it is stopped. */
Test(sla_events, a_hundred_thousand_pauses_are_folded_and_explained_in_one_pass)
{
    enum { N = 100000 };
    itsm_clock_event *events = malloc((2 * N + 3) * sizeof *events), *again = malloc((2 * N + 3) * sizeof *events);
    itsm_span sums[3] = {0, 0, 0};
    itsm_clock clock;
    size_t n = 0, kept;
    itsm_time now = AT(1, 9, 0);
    cr_assert(events && again);
    const itsm_clock_event start = {now, 0, ITSM_CLOCK_START, 0, 0, 0};
    events[n++] = start;
    target.reopen = ITSM_REOPEN_CONTINUE;
    for (uint32_t i = 0; i < N; i++) {
        const itsm_clock_event pause = {now += ITSM_SECONDS(2), 0, ITSM_CLOCK_PAUSE, i & 63, 0, 0};
        const itsm_clock_event resume = {now += ITSM_SECONDS(3), 0, ITSM_CLOCK_RESUME, i & 63, 0, 0};
        const itsm_clock_event stop = {now, 0, ITSM_CLOCK_STOP, 0, 0, 0};
        events[n++] = pause, events[n++] = resume;
        if (i == N / 2) events[n++] = stop;
    }
    const itsm_clock_event reopening = {now, 0, ITSM_CLOCK_REOPEN, 0, 0, 0};
    events[n++] = reopening;
    cr_assert_eq(itsm_clock_replay(&clock, &target, 1, events, n), ITSM_OK);
    const itsm_clock_reading r = read_at(&clock, now);
    cr_assert_eq(itsm_clock_explain(&target, 1, events, n, now, add_row, sums), ITSM_OK);
    cr_assert(sums[0] == r.used && sums[1] == r.paused && r.used > 0 && r.paused > r.used);
    for (size_t i = 0; i < n; i++) again[i] = events[n - 1 - i]; /* recorded the wrong way round */
    cr_assert_eq(itsm_clock_order(again, &kept, events, n, INT64_MAX), ITSM_OK);
    cr_assert_eq(kept, n);
    for (size_t i = 1; i < n; i++) cr_assert_leq(again[i - 1].at, again[i].at);
    free(events), free(again);
}

Test(sla_events, all_sixty_four_causes_hold_one_by_one)
{
    itsm_clock clock;
    cr_assert_eq(itsm_clock_init(&clock, &target), ITSM_OK);
    apply(&clock, ITSM_CLOCK_START, AT(1, 9, 0), 0);
    for (uint32_t cause = 0; cause < 64; cause++) apply(&clock, ITSM_CLOCK_PAUSE, AT(1, 10, 0), cause);
    cr_assert_eq(read_at(&clock, AT(1, 11, 0)).causes, UINT64_MAX);
    for (uint32_t cause = 0; cause < 64; cause++) {
        cr_assert_eq(read_at(&clock, AT(1, 11, 0)).state, ITSM_CLOCK_PAUSED, "cause %u", cause);
        apply(&clock, ITSM_CLOCK_RESUME, AT(1, 11, 0), cause);
    }
    cr_assert_eq(read_at(&clock, AT(1, 12, 0)).used, ITSM_HOURS(2));
}

Test(sla_events, a_goal_to_the_end_of_time_is_never_due_and_never_overflows)
{
    static const itsm_span goals[] = {1, ITSM_GOAL_NONE - 1, ITSM_GOAL_NONE, INT64_MAX};
    static const itsm_time starts[] = {INT64_MIN + 1, -1, 0, INT64_MAX - 1, INT64_MAX};
    for (size_t g = 0; g < 4; g++)
        for (size_t i = 0; i < 5; i++)
            for (int open = 0; open < 2; open++) {
                itsm_clock clock;
                itsm_clock_reading r = ITSM_CLOCK_READING_INIT;
                itsm_clock_alarm alarm = ITSM_CLOCK_ALARM_INIT;
                target.goal = goals[g], target.calendar = open ? office : NULL;
                cr_assert_eq(itsm_clock_init(&clock, &target), ITSM_OK);
                if (open && i == 0) { /* calendars begin with the first whole day */
                    cr_assert_eq(itsm_clock_apply(&clock, ITSM_CLOCK_START, starts[i], 0), ITSM_E_RANGE);
                    continue;
                }
                apply(&clock, ITSM_CLOCK_START, starts[i], 0);
                const itsm_status rc = itsm_clock_read(&r, &clock, INT64_MAX);
                cr_assert(rc == ITSM_OK || rc == ITSM_E_RANGE);
                if (rc == ITSM_OK && goals[g] >= ITSM_GOAL_NONE) cr_assert(!r.breached && r.due == NONE);
                if (itsm_clock_next(&alarm, &clock, starts[i]) == ITSM_OK)
                    cr_assert(goals[g] < ITSM_GOAL_NONE && alarm.at > starts[i]);
            }
}

Test(sla_events, an_explanation_without_a_calendar_stays_within_the_years_of_calendars)
{
    const itsm_clock_event start = {ITSM_DAYS(-4371588), 0, ITSM_CLOCK_START, 0, 0, 0};
    itsm_span sums[3] = {0, 0, 0};
    target.calendar = NULL;
    cr_assert_eq(itsm_clock_explain(&target, 1, &start, 1, 0, add_row, sums), ITSM_E_RANGE);
    cr_assert_eq(sums[2], 0);
}
