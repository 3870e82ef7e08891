/* SPDX-License-Identifier: MIT */
/* Clocks and targets: what is counted, when it is due, and the bugs that must not exist here. */
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

TestSuite(sla, .init = begin, .fini = end);

/* Day 1 is Monday 2026-03-30; hours may pass midnight. */
static itsm_time at(int day, int hour, int minute)
{
    return ITSM_DAYS(20541 + day) + ITSM_HOURS(hour) + ITSM_MINUTES(minute);
}

static void apply(itsm_clock *clock, int32_t kind, itsm_time when, uint32_t cause)
{
    cr_assert_eq(itsm_clock_apply(clock, kind, when, cause), ITSM_OK);
}

static itsm_clock started(itsm_time when)
{
    itsm_clock clock;
    cr_assert_eq(itsm_clock_init(&clock, &target), ITSM_OK);
    apply(&clock, ITSM_CLOCK_START, when, 0);
    return clock;
}

static itsm_clock_reading read_at(const itsm_clock *clock, itsm_time now)
{
    itsm_clock_reading r = ITSM_CLOCK_READING_INIT;
    cr_assert_eq(itsm_clock_read(&r, clock, now), ITSM_OK);
    return r;
}

/* States ---------------------------------------------------------------------------------------------------------- */

Test(sla, a_clock_goes_through_its_states)
{
    itsm_clock clock;
    cr_assert_eq(itsm_clock_init(&clock, &target), ITSM_OK);
    itsm_clock_reading r = read_at(&clock, at(1, 8, 0));
    cr_assert(r.state == ITSM_CLOCK_IDLE && r.due == ITSM_TIME_NONE && r.cycle == 0 && r.start == ITSM_TIME_NONE);
    apply(&clock, ITSM_CLOCK_START, at(1, 10, 0), 0);
    r = read_at(&clock, at(1, 11, 0));
    cr_assert(r.state == ITSM_CLOCK_RUNNING && r.used == ITSM_HOURS(1) && r.remaining == ITSM_HOURS(3));
    cr_assert(r.due == at(1, 14, 0) && r.cycle == 1 && r.version == 1 && r.start == at(1, 10, 0));
    apply(&clock, ITSM_CLOCK_PAUSE, at(1, 12, 0), 5);
    r = read_at(&clock, at(1, 13, 0));
    cr_assert(r.state == ITSM_CLOCK_PAUSED && r.due == ITSM_TIME_NONE && r.remaining == ITSM_HOURS(2));
    cr_assert(r.paused == ITSM_HOURS(1) && r.causes == 32);
    apply(&clock, ITSM_CLOCK_RESUME, at(1, 13, 30), 5);
    cr_assert_eq(read_at(&clock, at(1, 13, 30)).due, at(1, 15, 30));
    r = read_at(&clock, at(1, 16, 0));
    cr_assert(r.state == ITSM_CLOCK_BREACHED_RUNNING && r.breached && r.breached_at == at(1, 15, 30));
    cr_assert(r.remaining == ITSM_MINUTES(-30) && !r.retroactive);
    apply(&clock, ITSM_CLOCK_PAUSE, at(1, 16, 0), 1);
    r = read_at(&clock, at(2, 10, 0));
    cr_assert(r.state == ITSM_CLOCK_BREACHED_PAUSED && r.breached_at == at(1, 15, 30) && r.used == ITSM_MINUTES(270));
    apply(&clock, ITSM_CLOCK_STOP, at(2, 11, 0), 0);
    r = read_at(&clock, at(5, 11, 0));
    cr_assert(r.state == ITSM_CLOCK_MET_LATE && r.stopped_at == at(2, 11, 0) && r.used == ITSM_MINUTES(270));
    cr_assert_eq(r.due, at(1, 15, 30), "pauses after a breach do not move it");
    apply(&clock, ITSM_CLOCK_CANCEL, at(5, 12, 0), 0);
    cr_assert_eq(read_at(&clock, at(5, 12, 0)).state, ITSM_CLOCK_CANCELLED);
    apply(&clock, ITSM_CLOCK_START, at(5, 12, 0), 0);
    cr_assert_eq(read_at(&clock, at(5, 12, 0)).state, ITSM_CLOCK_CANCELLED);
    apply(&clock, ITSM_CLOCK_RESET, at(5, 13, 0), 0);
    r = read_at(&clock, at(5, 13, 0));
    cr_assert(r.state == ITSM_CLOCK_IDLE && r.used == 0 && r.causes == 2 && !r.breached);
}

Test(sla, met_means_used_is_not_more_than_the_goal)
{
    target.goal = ITSM_HOURS(8);
    itsm_clock clock = started(at(5, 9, 0)); /* Friday */
    cr_assert_eq(read_at(&clock, at(5, 18, 0)).due, at(5, 17, 0), "due at closing, not on Monday");
    cr_assert_eq(read_at(&clock, at(7, 12, 0)).state, ITSM_CLOCK_RUNNING, "nothing more was used on Sunday");
    apply(&clock, ITSM_CLOCK_STOP, at(8, 9, 0), 0);
    cr_assert_eq(read_at(&clock, at(8, 9, 0)).state, ITSM_CLOCK_MET);
    clock = started(at(5, 9, 0));
    apply(&clock, ITSM_CLOCK_STOP, at(8, 9, 0) + 1, 0);
    cr_assert_eq(read_at(&clock, at(9, 9, 0)).state, ITSM_CLOCK_MET_LATE);
    cr_assert_eq(read_at(&clock, at(9, 9, 0)).breached_at, at(5, 17, 0));
}

Test(sla, due_is_start_plus_goal_plus_time_paused)
{
    itsm_clock clock = started(at(1, 10, 0));
    itsm_time due, wanted;
    apply(&clock, ITSM_CLOCK_PAUSE, at(1, 11, 0), 0);
    cr_assert_eq(itsm_clock_due(&due, &clock), ITSM_NOTHING);
    apply(&clock, ITSM_CLOCK_PAUSE, at(1, 12, 0), 1);
    apply(&clock, ITSM_CLOCK_RESUME, at(2, 10, 0), 0);
    cr_assert_eq(read_at(&clock, at(2, 10, 0)).state, ITSM_CLOCK_PAUSED, "one cause holds still");
    apply(&clock, ITSM_CLOCK_RESUME, at(2, 12, 0), 1);
    const itsm_clock_reading r = read_at(&clock, at(2, 12, 0));
    cr_assert_eq(r.paused, ITSM_HOURS(9));
    cr_assert_eq(itsm_calendar_add(&wanted, office, at(1, 10, 0), target.goal + r.paused, 0), ITSM_OK);
    cr_assert_eq(r.due, wanted);
    cr_assert_eq(itsm_calendar_add(&wanted, office, at(2, 12, 0), r.remaining, 0), ITSM_OK);
    cr_assert_eq(r.due, wanted);
    cr_assert(itsm_clock_due(&due, &clock) == ITSM_OK && due == wanted);
}

Test(sla, a_late_event_is_refused_and_replayed_from_the_list)
{
    itsm_clock clock = started(at(1, 10, 0)), before = clock, again;
    itsm_clock_event events[4] = {{at(1, 10, 0), 0, ITSM_CLOCK_START, 0, 0, 0},
                                  {at(1, 15, 0), 0, ITSM_CLOCK_STOP, 0, 0, 0}};
    const itsm_clock_event pause = {at(1, 11, 0), 0, ITSM_CLOCK_PAUSE, 3, 0, 0};
    const itsm_clock_event resume = {at(1, 15, 0), 0, ITSM_CLOCK_RESUME, 3, 0, 0};
    cr_assert_eq(itsm_clock_apply(&clock, ITSM_CLOCK_PAUSE, at(1, 9, 0), 0), ITSM_E_ORDER);
    cr_assert(memcmp(&clock, &before, sizeof clock) == 0, "as it was");
    itsm_clock_reading r = ITSM_CLOCK_READING_INIT;
    cr_assert_eq(itsm_clock_read(&r, &clock, at(1, 9, 0)), ITSM_E_ORDER);
    cr_assert_eq(itsm_clock_replay(&again, &target, 1, events, 2), ITSM_OK);
    cr_assert_eq(read_at(&again, at(1, 16, 0)).state, ITSM_CLOCK_MET_LATE);
    cr_assert_eq(itsm_clock_insert(events, 2, &pause), 1);
    cr_assert_eq(itsm_clock_insert(events, 3, &resume), 3, "behind those of the same instant");
    cr_assert_eq(itsm_clock_replay(&again, &target, 1, events, 4), ITSM_OK);
    r = read_at(&again, at(1, 16, 0));
    cr_assert(r.state == ITSM_CLOCK_MET && r.used == ITSM_HOURS(1) && r.paused == ITSM_HOURS(4));
    events[0].at = at(1, 12, 0);
    cr_assert_eq(itsm_clock_replay(&again, &target, 1, events, 4), ITSM_E_ORDER);
    cr_assert_eq(read_at(&again, at(1, 16, 0)).used, ITSM_HOURS(1), "as it was");
}

Test(sla, pauses_before_the_start_are_remembered)
{
    itsm_clock clock;
    cr_assert_eq(itsm_clock_init(&clock, &target), ITSM_OK);
    apply(&clock, ITSM_CLOCK_PAUSE, at(1, 9, 0), 63);
    apply(&clock, ITSM_CLOCK_START, at(1, 10, 0), 0);
    cr_assert_eq(read_at(&clock, at(1, 11, 0)).state, ITSM_CLOCK_PAUSED);
    cr_assert_eq(read_at(&clock, at(1, 11, 0)).paused, ITSM_HOURS(1), "counted from the start");
    apply(&clock, ITSM_CLOCK_RESUME, at(1, 11, 0), 63);
    cr_assert_eq(read_at(&clock, at(1, 12, 0)).used, ITSM_HOURS(1));
}

Test(sla, a_target_may_ignore_pauses)
{
    target.pause = ITSM_PAUSE_IGNORED;
    itsm_clock clock = started(at(1, 10, 0));
    apply(&clock, ITSM_CLOCK_PAUSE, at(1, 11, 0), 0);
    itsm_clock_reading r = read_at(&clock, at(1, 12, 0));
    cr_assert(r.state == ITSM_CLOCK_RUNNING && r.used == ITSM_HOURS(2) && r.due == at(1, 14, 0) && r.causes == 1);
    target.pause = ITSM_PAUSE_HOLDS;
    cr_assert_eq(itsm_clock_retarget(&clock, &target, at(1, 12, 0), ITSM_RETARGET_KEEP), ITSM_OK);
    r = read_at(&clock, at(1, 13, 0));
    cr_assert(r.state == ITSM_CLOCK_PAUSED && r.used == ITSM_HOURS(2), "the cause holds the new target");
}

Test(sla, without_a_calendar_every_hour_counts)
{
    target.calendar = NULL;
    itsm_clock clock = started(at(6, 10, 0));
    itsm_clock_reading r = read_at(&clock, at(6, 11, 0));
    cr_assert(r.used == ITSM_HOURS(1) && r.due == at(6, 14, 0));
}

Test(sla, a_goal_that_can_never_run_out_is_never_due)
{
    itsm_calendar *never;
    itsm_time due;
    itsm_clock_alarm alarm = ITSM_CLOCK_ALARM_INIT;
    cr_assert_eq(itsm_calendar_load(&never, ctx, ITSM_STR("{\"tz\":\"UTC\"}")), ITSM_OK);
    target.calendar = never;
    itsm_clock clock = started(at(1, 10, 0));
    cr_assert_eq(read_at(&clock, at(1, 11, 0)).due, ITSM_TIME_NONE);
    cr_assert_eq(itsm_clock_due(&due, &clock), ITSM_NOTHING);
    cr_assert_eq(itsm_clock_next(&alarm, &clock, at(1, 11, 0)), ITSM_NOTHING);
    itsm_calendar_free(never);
}

/* Reopening ------------------------------------------------------------------------------------------------------- */

static itsm_clock_reading reopened(int32_t policy)
{
    target.reopen = policy;
    itsm_clock clock = started(at(1, 10, 0));
    apply(&clock, ITSM_CLOCK_STOP, at(1, 12, 0), 0);
    apply(&clock, ITSM_CLOCK_REOPEN, at(1, 13, 0), 0);
    return read_at(&clock, at(1, 14, 0));
}

Test(sla, reopening_resumes_restarts_continues_or_is_ignored)
{
    itsm_clock_reading r = reopened(ITSM_REOPEN_RESUME);
    cr_assert(r.used == ITSM_HOURS(3) && r.stopped == ITSM_HOURS(1) && r.paused == 0 && r.due == at(1, 15, 0) &&
              r.cycle == 2);
    r = reopened(ITSM_REOPEN_RESTART);
    cr_assert(r.used == ITSM_HOURS(1) && r.start == at(1, 13, 0) && r.due == at(1, 17, 0) && r.cycle == 2);
    r = reopened(ITSM_REOPEN_CONTINUE);
    cr_assert(r.used == ITSM_HOURS(4) && r.stopped == 0 && r.due == at(1, 14, 0) && r.cycle == 2);
    r = reopened(ITSM_REOPEN_IGNORE);
    cr_assert(r.state == ITSM_CLOCK_MET && r.used == ITSM_HOURS(2) && r.cycle == 1);
}

Test(sla, pauses_while_stopped_are_remembered_for_reopening)
{
    itsm_clock clock = started(at(1, 10, 0));
    apply(&clock, ITSM_CLOCK_STOP, at(1, 11, 0), 0);
    apply(&clock, ITSM_CLOCK_PAUSE, at(1, 12, 0), 1);
    cr_assert_eq(read_at(&clock, at(1, 12, 0)).state, ITSM_CLOCK_MET);
    apply(&clock, ITSM_CLOCK_REOPEN, at(1, 13, 0), 0);
    itsm_clock_reading r = read_at(&clock, at(1, 14, 0));
    cr_assert(r.state == ITSM_CLOCK_PAUSED && r.used == ITSM_HOURS(1) && r.paused == ITSM_HOURS(1) &&
              r.stopped == ITSM_HOURS(2));
    target.reopen = ITSM_REOPEN_CONTINUE;
    clock = started(at(1, 10, 0));
    apply(&clock, ITSM_CLOCK_STOP, at(1, 11, 0), 0);
    apply(&clock, ITSM_CLOCK_PAUSE, at(1, 12, 0), 1);
    apply(&clock, ITSM_CLOCK_RESUME, at(1, 13, 0), 1);
    apply(&clock, ITSM_CLOCK_REOPEN, at(1, 16, 0), 0);
    r = read_at(&clock, at(1, 16, 0));
    cr_assert(r.used == ITSM_HOURS(5) && r.paused == ITSM_HOURS(1) && r.breached_at == at(1, 15, 0));
}

/* Retargeting ----------------------------------------------------------------------------------------------------- */

Test(sla, a_new_target_keeps_restarts_or_scales)
{
    itsm_target wider = target;
    wider.goal = ITSM_HOURS(8);
    for (int32_t policy = ITSM_RETARGET_KEEP; policy <= ITSM_RETARGET_PROPORTIONAL; policy++) {
        itsm_clock clock = started(at(1, 9, 0));
        apply(&clock, ITSM_CLOCK_PAUSE, at(1, 10, 0), 0);
        apply(&clock, ITSM_CLOCK_RESUME, at(1, 11, 0), 0);
        cr_assert_eq(itsm_clock_retarget(&clock, &wider, at(1, 12, 0), policy), ITSM_OK);
        const itsm_clock_reading r = read_at(&clock, at(1, 12, 0));
        const itsm_span used[] = {ITSM_HOURS(2), 0, ITSM_HOURS(4)};
        const itsm_time due[] = {at(2, 10, 0), at(2, 12, 0), at(1, 16, 0)};
        cr_assert(r.used == used[policy] && r.due == due[policy] && r.version == 2, "policy %d", policy);
        cr_assert_eq(r.previous_due, at(1, 14, 0));
    }
}

Test(sla, a_goal_already_exceeded_is_breached_at_the_retarget)
{
    itsm_clock clock = started(at(1, 9, 0));
    target.goal = ITSM_HOURS(2);
    cr_assert_eq(itsm_clock_retarget(&clock, &target, at(1, 12, 0), ITSM_RETARGET_KEEP), ITSM_OK);
    itsm_clock_reading r = read_at(&clock, at(1, 12, 0));
    cr_assert(r.breached && r.retroactive && r.breached_at == at(1, 12, 0) && r.state == ITSM_CLOCK_BREACHED_RUNNING);
    target.goal = ITSM_HOURS(4);
    cr_assert_eq(itsm_clock_retarget(&clock, &target, at(1, 12, 30), ITSM_RETARGET_KEEP), ITSM_OK);
    r = read_at(&clock, at(1, 12, 30));
    cr_assert(!r.breached && !r.retroactive && r.due == at(1, 13, 0) && r.version == 3,
              "and no more under a wider goal");
}

Test(sla, another_calendar_counts_from_the_retarget_on)
{
    itsm_clock clock = started(at(5, 15, 0)); /* Friday: two hours are used at closing */
    target.calendar = NULL;
    cr_assert_eq(itsm_clock_retarget(&clock, &target, at(6, 10, 0), ITSM_RETARGET_KEEP), ITSM_OK);
    const itsm_clock_reading r = read_at(&clock, at(6, 11, 0));
    cr_assert(r.used == ITSM_HOURS(3) && r.due == at(6, 12, 0));
}

/* Alarms ---------------------------------------------------------------------------------------------------------- */

Test(sla, each_threshold_comes_once_and_then_the_breach)
{
    const itsm_threshold thresholds[] = {{ITSM_THRESHOLD_PERCENT, 0, 50},
                                         {ITSM_THRESHOLD_PERCENT, 0, 100},
                                         {ITSM_THRESHOLD_WORKING, 0, ITSM_HOURS(-1)},
                                         {ITSM_THRESHOLD_WALL, 0, ITSM_MINUTES(-30)},
                                         {ITSM_THRESHOLD_WALL, 0, ITSM_HOURS(20)},
                                         {ITSM_THRESHOLD_PERCENT, 0, 75}};
    target.thresholds = thresholds, target.threshold_count = 6;
    itsm_clock clock = started(at(1, 9, 0));
    const struct {
        itsm_time at;
        uint64_t thresholds;
        int breach;
    } wanted[] = {{at(1, 11, 0), 1, 0}, {at(1, 12, 0), 4 | 32, 0}, {at(1, 12, 30), 8, 0},
                  {at(1, 13, 0), 2, 0}, {at(1, 13, 0) + 1, 0, 1},  {at(2, 9, 0), 16, 0}};
    itsm_clock_alarm alarm = ITSM_CLOCK_ALARM_INIT;
    itsm_time now = at(1, 9, 0);
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        cr_assert_eq(itsm_clock_next(&alarm, &clock, now), ITSM_OK, "alarm %zu", i);
        cr_assert(alarm.at == wanted[i].at && alarm.thresholds == wanted[i].thresholds &&
                      alarm.breach == wanted[i].breach,
                  "alarm %zu: %lld", i, (long long)(alarm.at - at(1, 9, 0)));
        cr_assert_eq(read_at(&clock, alarm.at).breached, i >= 4, "a reading taken then says so");
        now = alarm.at;
    }
    cr_assert_eq(itsm_clock_next(&alarm, &clock, now), ITSM_NOTHING);
}

Test(sla, a_passed_threshold_does_not_come_again_when_a_pause_moves_the_due)
{
    const itsm_threshold thresholds[] = {{ITSM_THRESHOLD_PERCENT, 0, 50}, {ITSM_THRESHOLD_WALL, 0, ITSM_HOURS(-1)}};
    target.thresholds = thresholds, target.threshold_count = 2;
    itsm_clock clock = started(at(1, 9, 0));
    itsm_clock_alarm alarm = ITSM_CLOCK_ALARM_INIT;
    apply(&clock, ITSM_CLOCK_PAUSE, at(1, 12, 30), 0); /* both are passed */
    cr_assert_eq(itsm_clock_next(&alarm, &clock, at(1, 12, 30)), ITSM_NOTHING, "paused");
    apply(&clock, ITSM_CLOCK_RESUME, at(1, 15, 0), 0);
    cr_assert_eq(itsm_clock_next(&alarm, &clock, at(1, 15, 0)), ITSM_OK);
    cr_assert(alarm.breach && alarm.thresholds == 0);
    target.goal = ITSM_HOURS(16);
    cr_assert_eq(itsm_clock_retarget(&clock, &target, at(1, 15, 0), ITSM_RETARGET_KEEP), ITSM_OK);
    cr_assert_eq(itsm_clock_next(&alarm, &clock, at(1, 15, 0)), ITSM_OK);
    cr_assert(alarm.thresholds == 1 && alarm.version == 2, "a new goal arms those in the future");
}

Test(sla, escalation_is_not_at_midnight_glpi_22678)
{
    const itsm_threshold before = {ITSM_THRESHOLD_WORKING, 0, ITSM_HOURS(-2)};
    target.thresholds = &before, target.threshold_count = 1, target.goal = ITSM_HOURS(9);
    itsm_clock clock = started(at(5, 9, 0));
    itsm_clock_alarm alarm = ITSM_CLOCK_ALARM_INIT;
    cr_assert_eq(itsm_clock_next(&alarm, &clock, at(5, 9, 0)), ITSM_OK);
    cr_assert_eq(alarm.at, at(5, 16, 0), "two working hours before Monday ten");
}

/* Explanations ---------------------------------------------------------------------------------------------------- */

struct sums {
    itsm_span counted, paused, stopped, left;
    int rows, adjusted;
};

static itsm_status add_row(void *user, const itsm_clock_explanation *row)
{
    struct sums *s = user;
    s->counted += row->counted, s->paused += row->paused, s->stopped += row->stopped, s->left = row->left;
    s->adjusted += row->time.why == ITSM_WHY_ADJUSTED;
    s->rows++;
    return ITSM_OK;
}

Test(sla, the_rows_of_an_explanation_sum_to_the_reading)
{
    itsm_target targets[2] = {target, target};
    targets[1].goal = ITSM_HOURS(6), targets[1].reopen = ITSM_REOPEN_CONTINUE;
    const itsm_clock_event events[] = {
        {at(1, 9, 0), 0, ITSM_CLOCK_START, 0, 0, 0},
        {at(1, 10, 0), 0, ITSM_CLOCK_PAUSE, 1, 0, 0},
        {at(1, 12, 0), 0, ITSM_CLOCK_RESUME, 1, 0, 0},
        {at(1, 13, 0), 0, ITSM_CLOCK_STOP, 0, 0, 0},
        {at(2, 10, 0), 0, ITSM_CLOCK_REOPEN, 0, 0, 0},
        {at(2, 11, 0), 0, ITSM_CLOCK_RETARGET, 0, 1, ITSM_RETARGET_PROPORTIONAL},
        {at(2, 12, 0), 0, ITSM_CLOCK_STOP, 0, 0, 0},
        {at(2, 13, 0), 0, ITSM_CLOCK_PAUSE, 9, 0, 0},
        {at(2, 14, 0), 0, ITSM_CLOCK_REOPEN, 0, 0, 0},
    };
    struct sums sums = {0};
    itsm_clock clock;
    cr_assert_eq(itsm_clock_replay(&clock, targets, 2, events, 9), ITSM_OK);
    const itsm_clock_reading r = read_at(&clock, at(3, 10, 0));
    cr_assert_eq(itsm_clock_explain(targets, 2, events, 9, at(3, 10, 0), add_row, &sums), ITSM_OK);
    cr_assert(sums.counted == r.used && sums.paused == r.paused && sums.stopped == r.stopped &&
                  sums.left == r.remaining,
              "%lld %lld, %lld %lld, %lld %lld", (long long)sums.counted, (long long)r.used, (long long)sums.paused,
              (long long)r.paused, (long long)sums.stopped, (long long)r.stopped);
    cr_assert(sums.adjusted == 1 && r.stopped == ITSM_HOURS(5));
    cr_assert_eq(itsm_clock_explain(targets, 1, events, 9, at(3, 10, 0), add_row, &sums), ITSM_E_MISUSE,
                 "no such target");
    cr_assert_eq(itsm_clock_explain(targets, 2, events, 9, at(1, 10, 0), add_row, &sums), ITSM_E_ORDER);
}

/* Misuse ---------------------------------------------------------------------------------------------------------- */

Test(sla, wrong_targets_and_events_are_refused)
{
    itsm_clock clock, nothing;
    itsm_target wrong = target;
    const itsm_threshold bad[] = {{ITSM_THRESHOLD_PERCENT, 0, -1}};
    memset(&nothing, 0, sizeof nothing);
    wrong.goal = 0;
    cr_assert_eq(itsm_clock_init(&clock, &wrong), ITSM_E_RANGE);
    wrong = target, wrong.size = 0;
    cr_assert_eq(itsm_clock_init(&clock, &wrong), ITSM_E_MISUSE);
    wrong = target, wrong.thresholds = bad, wrong.threshold_count = 1;
    cr_assert_eq(itsm_clock_init(&clock, &wrong), ITSM_E_RANGE);
    wrong.threshold_count = 65;
    cr_assert_eq(itsm_clock_init(&clock, &wrong), ITSM_E_LIMIT);
    wrong = target, wrong.reopen = 4;
    cr_assert_eq(itsm_clock_init(&clock, &wrong), ITSM_E_RANGE);
    cr_assert_eq(itsm_clock_init(NULL, &target), ITSM_E_MISUSE);
    cr_assert_eq(itsm_clock_apply(&nothing, ITSM_CLOCK_START, 0, 0), ITSM_E_MISUSE, "never made");
    clock = started(at(1, 9, 0));
    cr_assert_eq(itsm_clock_apply(&clock, ITSM_CLOCK_PAUSE, at(1, 9, 0), 64), ITSM_E_RANGE);
    cr_assert_eq(itsm_clock_apply(&clock, ITSM_CLOCK_RETARGET, at(1, 9, 0), 0), ITSM_E_MISUSE);
    cr_assert_eq(itsm_clock_apply(&clock, 9, at(1, 9, 0), 0), ITSM_E_MISUSE);
    cr_assert_eq(itsm_clock_apply(&clock, ITSM_CLOCK_STOP, ITSM_TIME_NONE, 0), ITSM_E_RANGE);
    cr_assert_eq(itsm_clock_retarget(&clock, &target, at(1, 9, 0), 3), ITSM_E_MISUSE);
    cr_assert_eq(read_at(&clock, at(1, 10, 0)).used, ITSM_HOURS(1), "as it was");
    itsm_clock_reading small = ITSM_CLOCK_READING_INIT;
    small.size = offsetof(itsm_clock_reading, goal), small.goal = 42;
    cr_assert_eq(itsm_clock_read(&small, &clock, at(1, 10, 0)), ITSM_OK);
    cr_assert(small.used == ITSM_HOURS(1) && small.goal == 42, "no more than its size is written");
}

/* Sets of targets ------------------------------------------------------------------------------------------------- */

Test(sla, targets_load_from_both_forms)
{
    itsm_sla *sla;
    const itsm_target *t;
    cr_assert_eq(itsm_sla_load(&sla, ctx, ITSM_STR("{\"1\":240,\"2\":480,\"3\":1440,\"4\":2400}"), office), ITSM_OK);
    cr_assert_eq(itsm_sla_count(sla), 4);
    cr_assert_eq(itsm_sla_target(&t, sla, ITSM_RESOLUTION, 3), ITSM_OK);
    cr_assert(t->goal == ITSM_MINUTES(1440) && t->calendar == office && t->pause == ITSM_PAUSE_HOLDS);
    cr_assert_eq(itsm_sla_target(&t, sla, ITSM_RESPONSE, 3), ITSM_NOTHING);
    cr_assert_null(t);
    cr_assert_eq(itsm_sla_target(&t, sla, ITSM_RESOLUTION, 5), ITSM_NOTHING);
    itsm_sla_free(sla);
    cr_assert_eq(
        itsm_sla_load(
            &sla, ctx,
            ITSM_STR("{\"thresholds\":[75,{\"working\":\"-PT1H\"},{\"wall\":30}],\"resolution\":{\"1\":\"PT4H\"},"
                     "\"response\":{\"1\":30},\"name\":\"Gold\",\"reopen\":\"continue\","
                     "\"pause\":{\"response\":\"holds\"}}"),
            office),
        ITSM_OK, "%.*s", ITSM_ARG(first_message(ctx)));
    itsm_sla *share = itsm_sla_ref(sla);
    itsm_sla_free(sla);
    assert_text(itsm_sla_name(share), "Gold");
    cr_assert_eq(itsm_sla_target(&t, share, ITSM_RESPONSE, 1), ITSM_OK);
    cr_assert(t->pause == ITSM_PAUSE_HOLDS && t->threshold_count == 3 && t->reopen == ITSM_REOPEN_CONTINUE);
    cr_assert(t->thresholds[1].basis == ITSM_THRESHOLD_WORKING && t->thresholds[1].value == ITSM_HOURS(-1));
    cr_assert(t->thresholds[2].basis == ITSM_THRESHOLD_WALL && t->thresholds[2].value == ITSM_MINUTES(30));
    cr_assert(itsm_sla_at(share, 0)->kind == ITSM_RESPONSE && itsm_sla_at(share, 2) == NULL);
    itsm_sla_free(share);
}

Test(sla, wrong_targets_are_refused_with_their_place)
{
    static const char *const wrong[] = {
        "[]",
        "{\"1\":0}",
        "{\"1\":-5}",
        "{\"1\":\"4h\"}",
        "{\"1\":240,\"two\":5}",
        "{\"resolution\":{\"high\":5}}",
        "{\"resolutoin\":{}}",
        "{\"pause\":\"paused\"}",
        "{\"reopen\":7}",
        "{\"thresholds\":[-1]}",
        "{\"thresholds\":[{}]}",
        "{\"thresholds\":[{\"percent\":5,\"wall\":5}]}",
        "{\"resolution\":{\"1\":5,\"01\":6}}",
        "{\"1\":1.5}",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        itsm_sla *sla;
        cr_assert_eq(itsm_sla_load(&sla, ctx, itsm_str_c(wrong[i]), office), ITSM_E_INVALID, "%s", wrong[i]);
        cr_assert_null(sla);
        cr_assert(itsm_ctx_issue_count(ctx) && itsm_ctx_issue(ctx, 0)->line == 1, "%s", wrong[i]);
    }
}

Test(sla, every_allocation_of_loading_targets_may_fail)
{
    for (size_t n = 1;; n++) {
        itsm_sla *sla;
        counting_fail(&counting, n);
        const itsm_status rc = itsm_sla_load(
            &sla, ctx,
            ITSM_STR(
                "{\"name\":\"n\",\"thresholds\":[75],\"response\":{\"1\":9},\"resolution\":{\"1\":240,\"2\":480}}"),
            office);
        const int failed = counting_stop(&counting);
        itsm_sla_free(sla);
        cr_assert_eq(rc, failed ? ITSM_E_NOMEM : ITSM_OK, "allocation %zu", n);
        if (!failed) break;
    }
}

/* Golden vectors -------------------------------------------------------------------------------------------------- */

Test(sla, golden_vectors_pass, .timeout = 120)
{
    const char *folder = getenv("ITSM_SHARED");
    char path[512], line[1 << 16];
    if (folder) snprintf(path, sizeof path, "%s/vectors/sla.jsonl", folder);
    else
        snprintf(path, sizeof path, "%.*s../../../shared/vectors/sla.jsonl",
                 (int)(sizeof __FILE__ - sizeof "sla_test.c"), __FILE__);
    FILE *file = fopen(path, "r");
    if (!file) cr_skip_test("NOT RUN: %s is not there", path);
    int passed = 0, failed = 0;
    while (fgets(line, sizeof line, file)) {
        itsm_buf failure = counting_buf(&counting);
        if (itsm_vectors_run(ctx, itsm_str_c(line), &failure)) {
            failed++;
            fprintf(stderr, "%.*s\n", ITSM_ARG(itsm_buf_str(&failure)));
        } else {
            passed++;
        }
        itsm_buf_clear(&failure);
    }
    fclose(file);
    printf("vectors: %d passed, %d failed\n", passed, failed);
    cr_assert(failed == 0 && passed > 0);
}

Test(sla, a_vector_that_is_wrong_or_unknown_fails)
{
#define VECTOR(op, rest)                                                                                               \
    "{\"id\":\"x\",\"calendar\":{\"tz\":\"UTC\",\"weekly\":{\"mon\":[[\"09:00\",\"17:00\"]]}},\"op\":\"" op "\","      \
    "\"start\":\"2026-03-30T09:00:00Z\"," rest "}"
    static const struct {
        const char *line, *failure;
    } cases[] = {
        {VECTOR("add", "\"arg\":60,\"expect\":\"2026-03-30T09:02:00Z\""),
         "x: expected 2026-03-30T09:02:00Z actual 2026-03-30T09:01:00Z"},
        {VECTOR("between", "\"arg\":\"2026-03-30T09:01:00Z\",\"expect\":61"), "x: expected 61 actual 60"},
        {VECTOR("is_open", "\"expect\":false"), "x: expected false actual true"},
        {VECTOR("subtract", "\"expect\":false"), "x: unknown operation"},
        {VECTOR("add", "\"expect\":\"2026-03-30T09:02:00Z\""), "x: its input"},
        {VECTOR("add", "\"arg\":60,\"boundary\":\"shut\",\"expect\":\"2026-03-30T09:01:00Z\""), "x: its input"},
        {VECTOR("next_open", "\"arg\":0"), "x: calendar or expect missing"},
        {VECTOR("clock", "\"arg\":60,\"pauses\":[],\"expect\":{\"due\":\"2026-03-30T09:01:00Z\",\"paused\":1}"),
         "x: expected 2026-03-30T09:01:00Z paused 1 actual 2026-03-30T09:01:00Z paused 0"},
        {"{", "(no id): not JSON"},
        {"{}", "(no id): unknown operation"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        itsm_buf failure = counting_buf(&counting);
        cr_assert_eq(itsm_vectors_run(ctx, itsm_str_c(cases[i].line), &failure), ITSM_E_INVALID, "%s", cases[i].line);
        cr_assert(failure.n >= strlen(cases[i].failure) &&
                      memcmp(failure.p, cases[i].failure, strlen(cases[i].failure)) == 0,
                  "%.*s", ITSM_ARG(itsm_buf_str(&failure)));
        itsm_buf_clear(&failure);
    }
}

Test(sla, a_vector_of_a_clock_takes_its_pauses_in_any_order_and_overlapping)
{
#define AT(time) "\"2026-03-30T" time ":00Z\""
#define CLOCK(goal, pauses, due, paused)                                                                               \
    VECTOR("clock", "\"arg\":" goal ",\"pauses\":[" pauses "],\"expect\":{\"due\":" AT(due) ",\"paused\":" paused "}")
#define PAUSE(from, to) "[" AT(from) "," AT(to) "]"
    static const char *const passing[] = {
        CLOCK("14400", PAUSE("12:00", "12:30") "," PAUSE("09:10", "09:20"), "13:40", "2400"),
        CLOCK("7200", PAUSE("10:00", "12:00") "," PAUSE("11:00", "11:30") "," PAUSE("11:45", "12:15"), "13:15", "8100"),
        CLOCK("3600", PAUSE("09:30", "10:00") "," PAUSE("09:30", "10:00"), "10:30", "1800"),
        CLOCK("3600", PAUSE("09:45", "10:00") "," PAUSE("09:30", "09:45") "," PAUSE("09:30", "09:30"), "10:30", "1800"),
        CLOCK("3600", PAUSE("08:00", "09:30"), "10:30", "1800"), /* held since before the start */
        CLOCK("3600", PAUSE("07:00", "08:00"), "10:00", "0"),
        CLOCK("3600", PAUSE("10:00", "12:00"), "12:00", "7200"), /* at the due instant: not yet beyond the goal */
        CLOCK("3600", PAUSE("11:00", "12:00"), "10:00", "3600"), /* beyond it: the due instant stays */
    };
    for (size_t i = 0; i < sizeof passing / sizeof *passing; i++) {
        itsm_buf failure = counting_buf(&counting);
        cr_assert_eq(itsm_vectors_run(ctx, itsm_str_c(passing[i]), &failure), ITSM_OK, "%.*s",
                     ITSM_ARG(itsm_buf_str(&failure)));
    }
    static const char backwards[] = CLOCK("3600", PAUSE("09:30", "09:29"), "10:00", "0");
    itsm_buf failure = counting_buf(&counting);
    cr_assert_eq(itsm_vectors_run(ctx, itsm_str_c(backwards), &failure), ITSM_E_INVALID);
    cr_assert(failure.n > 12 && memcmp(failure.p, "x: its input", 12) == 0);
    itsm_buf_clear(&failure);
}
