/* SPDX-License-Identifier: MIT */
/*
 * Bugs that others had in the clocks of agreements, each reproduced as its thread tells it, on clocks alone.  What
 * needs records is in engine_bugs_test.c.
 */
#include <itsm/sla.h>

#include "bugs.h"

static struct counting counting = COUNTING_INIT;
static itsm_ctx *ctx;
static itsm_calendar *office; /* Monday to Friday, 9 to 17, in Paris */

static void begin(void)
{
    ctx = zones_ctx(counting_alloc, &counting);
    office = load_calendar(ctx, OFFICE("Europe/Paris") "}");
}

static void end(void)
{
    itsm_calendar_free(office);
    itsm_ctx_free(ctx);
    assert_nothing_outstanding(counting);
}

TestSuite(field_bugs, .init = begin, .fini = end, .timeout = 30);

static itsm_target target_of(const itsm_calendar *calendar, itsm_span goal)
{
    itsm_target target = ITSM_TARGET_INIT;
    target.calendar = calendar, target.goal = goal;
    return target;
}

static itsm_clock started(const itsm_target *target, const char *when)
{
    itsm_clock clock;
    cr_assert_eq(itsm_clock_init(&clock, target), ITSM_OK);
    cr_assert_eq(itsm_clock_apply(&clock, ITSM_CLOCK_START, at(when), 0), ITSM_OK);
    return clock;
}

static void apply(itsm_clock *clock, int32_t kind, const char *when)
{
    cr_assert_eq(itsm_clock_apply(clock, kind, at(when), 0), ITSM_OK, "%s", when);
}

static itsm_clock_reading reading(const itsm_clock *clock, const char *now)
{
    itsm_clock_reading r = ITSM_CLOCK_READING_INIT;
    cr_assert_eq(itsm_clock_read(&r, clock, at(now)), ITSM_OK, "%s", now);
    return r;
}

/*
 * After days on hold another agreement applied: its deadline was counted from the opening, and the hold was forgotten.
 * https://github.com/glpi-project/glpi/issues/15605
 */
Test(field_bugs, glpi_15605_a_pause_counts_under_the_next_agreement_too)
{
    const itsm_target first = target_of(office, ITSM_HOURS(8)), second = target_of(office, ITSM_HOURS(4));
    itsm_clock clock = started(&first, "2023-09-18T09:00:00+02:00"); /* Monday */
    apply(&clock, ITSM_CLOCK_PAUSE, "2023-09-18T11:00:00+02:00");
    apply(&clock, ITSM_CLOCK_RESUME, "2023-09-21T11:00:00+02:00");
    cr_assert_eq(itsm_clock_retarget(&clock, &second, at("2023-09-21T12:00:00+02:00"), ITSM_RETARGET_KEEP), ITSM_OK);
    const itsm_clock_reading r = reading(&clock, "2023-09-21T12:00:00+02:00");
    cr_assert(r.state == ITSM_CLOCK_RUNNING && r.used == ITSM_HOURS(3) && r.paused == ITSM_HOURS(24));
    expect_instant(r.previous_due, "2023-09-21T17:00:00+02:00");
    expect_instant(r.due, "2023-09-21T13:00:00+02:00");
}

/*
 * A goal in days was computed with the calendar, the hold without it: a weekend on hold put the deadline off by days.
 * https://github.com/glpi-project/glpi/issues/10594
 */
Test(field_bugs, glpi_10594_a_weekend_on_hold_puts_nothing_off)
{
    const itsm_target day = target_of(office, ITSM_HOURS(8));
    itsm_clock clock = started(&day, "2022-02-11T10:00:00+01:00"); /* Friday */
    apply(&clock, ITSM_CLOCK_PAUSE, "2022-02-11T17:00:00+01:00");
    apply(&clock, ITSM_CLOCK_RESUME, "2022-02-14T09:00:00+01:00");
    itsm_clock_reading r = reading(&clock, "2022-02-14T09:00:00+01:00");
    cr_assert(r.paused == 0 && r.used == ITSM_HOURS(7));
    expect_instant(r.due, "2022-02-14T10:00:00+01:00");
    clock = started(&day, "2022-02-11T10:00:00+01:00");
    apply(&clock, ITSM_CLOCK_PAUSE, "2022-02-11T15:00:00+01:00");
    apply(&clock, ITSM_CLOCK_RESUME, "2022-02-14T10:00:00+01:00");
    r = reading(&clock, "2022-02-14T10:00:00+01:00");
    cr_assert_eq(r.paused, ITSM_HOURS(3));
    expect_instant(r.due, "2022-02-14T13:00:00+01:00");
}

/*
 * A step an hour before the deadline ran at midnight when the deadline lay on the day after.
 * https://github.com/glpi-project/glpi/pull/22678
 */
Test(field_bugs, glpi_pr_22678_a_step_before_the_deadline_is_not_at_midnight)
{
    static const char *const cases[][3] = {
        {"2026-01-12T10:00:00+01:00", "2026-01-12T14:00:00+01:00", "2026-01-12T13:00:00+01:00"},
        {"2026-01-12T17:00:00+01:00", "2026-01-13T11:00:00+01:00", "2026-01-13T10:00:00+01:00"},
        {"2026-01-16T17:30:00+01:00", "2026-01-19T11:30:00+01:00", "2026-01-19T10:30:00+01:00"},
        {"2026-01-12T15:00:00+01:00", "2026-01-13T09:00:00+01:00", "2026-01-12T18:00:00+01:00"}};
    itsm_calendar *c = load_calendar(ctx, WEEK("Europe/Paris", SPAN("08:00", "18:00"), "") "}");
    const itsm_threshold hour_before = {ITSM_THRESHOLD_WORKING, 0, ITSM_HOURS(-1)};
    itsm_target target = target_of(c, ITSM_HOURS(4));
    target.thresholds = &hour_before, target.threshold_count = 1;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        itsm_clock_alarm alarm = ITSM_CLOCK_ALARM_INIT;
        itsm_clock clock = started(&target, cases[i][0]);
        expect_instant(reading(&clock, cases[i][0]).due, cases[i][1]);
        cr_assert_eq(itsm_clock_next(&alarm, &clock, at(cases[i][0])), ITSM_OK);
        cr_assert(alarm.thresholds == 1 && !alarm.breach);
        expect_instant(alarm.at, cases[i][2]);
    }
    itsm_calendar_free(c);
}

/* A clock whose calendar has no working day is never due and wakes nobody.  Threads: see calendar_bugs_test.c. */
Test(field_bugs, glpi_pr_7474_a_clock_without_a_working_day_does_not_hang)
{
    itsm_calendar *never = load_calendar(ctx, WEEK("Europe/Paris", "", "") "}");
    const itsm_target target = target_of(never, ITSM_HOURS(1));
    itsm_clock clock = started(&target, "2020-06-23T10:00:00Z");
    itsm_clock_alarm alarm = ITSM_CLOCK_ALARM_INIT;
    itsm_time due = 42;
    cr_assert_eq(itsm_clock_due(&due, &clock), ITSM_NOTHING);
    cr_assert_eq(itsm_clock_next(&alarm, &clock, at("2020-06-23T10:00:00Z")), ITSM_NOTHING);
    const itsm_clock_reading r = reading(&clock, "9999-01-01T00:00:00Z");
    cr_assert(r.used == 0 && r.due == ITSM_TIME_NONE && r.state == ITSM_CLOCK_RUNNING);
    itsm_calendar_free(never);
}

/* Updates --------------------------------------------------------------------------------------------------------- */

struct said {
    int32_t who;
    const char *when;
};

/* The update clock of a conversation, as far as it has gone. */
static itsm_clock update_clock(const itsm_target *target, const struct said *said, size_t n, const char *responded)
{
    itsm_contact contacts[8];
    itsm_clock_event events[16];
    itsm_clock clock;
    size_t count = 0;
    for (size_t i = 0; i < n; i++) {
        memset(&contacts[i], 0, sizeof contacts[i]);
        contacts[i].at = contacts[i].recorded = at(said[i].when), contacts[i].kind = said[i].who;
    }
    cr_assert_eq(itsm_clock_update_events(events, &count, contacts, n, responded ? at(responded) : ITSM_TIME_NONE),
                 ITSM_OK);
    cr_assert_eq(itsm_clock_replay(&clock, target, 1, events, count), ITSM_OK);
    return clock;
}

/*
 * The time for updates was shorter than that for the first response, and so it ran out first on tickets nobody had
 * responded to yet.
 * https://github.com/zammad/zammad/issues/5177
 */
Test(field_bugs, zammad_5177_updates_are_not_due_before_the_first_response)
{
    const itsm_target response = target_of(office, ITSM_HOURS(4)), update = target_of(office, ITSM_HOURS(2));
    static const struct said talk[] = {{ITSM_CONTACT_CUSTOMER, "2024-05-16T09:00:00+02:00"},
                                       {ITSM_CONTACT_CUSTOMER, "2024-05-16T10:00:00+02:00"},
                                       {ITSM_CONTACT_ANSWER, "2024-05-16T12:30:00+02:00"},
                                       {ITSM_CONTACT_CUSTOMER, "2024-05-16T13:00:00+02:00"}};
    itsm_clock first = started(&response, talk[0].when);
    expect_instant(reading(&first, "2024-05-16T12:00:00+02:00").due, "2024-05-16T13:00:00+02:00");
    itsm_clock clock = update_clock(&update, talk, 2, NULL);
    itsm_clock_alarm alarm = ITSM_CLOCK_ALARM_INIT;
    itsm_time due = 42;
    cr_assert_eq(itsm_clock_due(&due, &clock), ITSM_NOTHING);
    cr_assert_eq(itsm_clock_next(&alarm, &clock, at("2024-05-16T10:00:00+02:00")), ITSM_NOTHING);
    cr_assert_eq(reading(&clock, "2024-05-16T12:00:00+02:00").state, ITSM_CLOCK_IDLE);
    clock = update_clock(&update, talk, 3, talk[2].when);
    cr_assert_eq(itsm_clock_due(&due, &clock), ITSM_NOTHING, "the first response answered what was asked before it");
    clock = update_clock(&update, talk, 4, talk[2].when);
    expect_instant(reading(&clock, "2024-05-16T13:00:00+02:00").due, "2024-05-16T15:00:00+02:00");
}

/*
 * The time for updates ran on although the customer had been answered and was the one to write next.
 * https://github.com/zammad/zammad/issues/3140
 */
Test(field_bugs, zammad_3140_who_was_answered_has_no_update_due)
{
    const itsm_target update = target_of(office, ITSM_HOURS(2));
    static const struct said talk[] = {
        {ITSM_CONTACT_CUSTOMER, "2020-07-29T09:00:00+02:00"}, {ITSM_CONTACT_ANSWER, "2020-07-29T09:30:00+02:00"},
        {ITSM_CONTACT_CUSTOMER, "2020-07-29T10:00:00+02:00"}, {ITSM_CONTACT_CUSTOMER, "2020-07-29T11:00:00+02:00"},
        {ITSM_CONTACT_ANSWER, "2020-07-29T11:45:00+02:00"},   {ITSM_CONTACT_ANSWER, "2020-07-30T16:00:00+02:00"}};
    itsm_clock_alarm alarm = ITSM_CLOCK_ALARM_INIT;
    itsm_clock clock = update_clock(&update, talk, 2, talk[1].when);
    cr_assert_neq(reading(&clock, "2020-09-01T12:00:00+02:00").breached, 1);
    cr_assert_eq(itsm_clock_next(&alarm, &clock, at(talk[1].when)), ITSM_NOTHING);
    clock = update_clock(&update, talk, 4, talk[1].when);
    expect_instant(reading(&clock, talk[3].when).due, "2020-07-29T12:00:00+02:00"); /* by the first of the two */
    clock = update_clock(&update, talk, 5, talk[1].when);
    const itsm_clock_reading r = reading(&clock, "2020-09-01T12:00:00+02:00");
    cr_assert(r.state == ITSM_CLOCK_MET && r.used == ITSM_MINUTES(105));
    cr_assert_eq(itsm_clock_next(&alarm, &clock, at(talk[4].when)), ITSM_NOTHING);
    clock = update_clock(&update, talk, 6, talk[1].when);
    cr_assert_eq(reading(&clock, "2020-09-01T12:00:00+02:00").state, ITSM_CLOCK_MET);
}

/* Agreements and calendars ---------------------------------------------------------------------------------------- */

/*
 * Each agreement had one calendar, so that customers in several time zones needed a copy of it each.
 * https://github.com/zammad/zammad/issues/1002
 */
Test(field_bugs, zammad_1002_one_agreement_serves_every_time_zone)
{
    static const char *const places[][3] = {
        {OFFICE("Europe/Berlin") "}", "2017-04-27T09:00:00+02:00", "2017-04-27T13:00:00+02:00"},
        {OFFICE("America/New_York") "}", "2017-04-27T15:00:00-04:00", "2017-04-28T11:00:00-04:00"},
        {OFFICE("Asia/Tokyo") "}", "2017-04-28T16:00:00+09:00", "2017-05-01T12:00:00+09:00"}};
    const itsm_str agreement = ITSM_STR("{\"name\":\"Standard\",\"resolution\":{\"3\":\"PT4H\"}}");
    for (int i = 0; i < 3; i++) {
        itsm_calendar *local = load_calendar(ctx, places[i][0]);
        itsm_sla *sla;
        const itsm_target *target;
        cr_assert_eq(itsm_sla_load(&sla, ctx, agreement, local), ITSM_OK, "%.*s", ITSM_ARG(first_message(ctx)));
        cr_assert_eq(itsm_sla_target(&target, sla, ITSM_RESOLUTION, 3), ITSM_OK);
        itsm_clock clock = started(target, places[i][1]);
        expect_instant(reading(&clock, places[i][1]).due, places[i][2]);
        itsm_sla_free(sla), itsm_calendar_free(local);
    }
}

/*
 * A calendar was changed, and the deadlines of open tickets stayed what they had been.
 * https://github.com/zammad/zammad/issues/534
 */
Test(field_bugs, zammad_534_another_calendar_gives_another_deadline)
{
    itsm_calendar *longer = load_calendar(ctx, WEEK("Europe/Paris", SPAN("08:00", "20:00"), "") "}");
    const itsm_target targets[] = {target_of(office, ITSM_HOURS(10)), target_of(longer, ITSM_HOURS(10))};
    itsm_clock_event events[] = {
        {at("2016-12-12T09:00:00+01:00"), at("2016-12-12T09:00:00+01:00"), ITSM_CLOCK_START, 0, 0, 0},
        {at("2016-12-12T15:00:00+01:00"), at("2016-12-12T15:00:00+01:00"), ITSM_CLOCK_RETARGET, 0, 1,
         ITSM_RETARGET_KEEP}};
    itsm_clock clock;
    cr_assert_eq(itsm_clock_replay(&clock, &targets[0], 1, events, 1), ITSM_OK);
    expect_instant(reading(&clock, "2016-12-12T15:00:00+01:00").due, "2016-12-13T11:00:00+01:00");
    cr_assert_eq(itsm_clock_replay(&clock, targets, 2, events, 2), ITSM_OK); /* from the change on */
    const itsm_clock_reading r = reading(&clock, "2016-12-12T15:00:00+01:00");
    expect_instant(r.due, "2016-12-12T19:00:00+01:00");
    expect_instant(r.previous_due, "2016-12-13T11:00:00+01:00");
    cr_assert_eq(itsm_clock_replay(&clock, &targets[1], 1, events, 1), ITSM_OK); /* as if it had always been so */
    expect_instant(reading(&clock, "2016-12-12T15:00:00+01:00").due, "2016-12-12T19:00:00+01:00");
    itsm_calendar_free(longer);
}
