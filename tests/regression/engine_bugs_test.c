/* SPDX-License-Identifier: MIT */
/*
 * Bugs that others had where tickets meet agreements, each reproduced as its thread tells it: incidents are raised,
 * moved and changed, and the clocks of the engine are read.
 */
#include "../unit/sms_fixture.h"
#include "bugs.h"

static struct counting counting = COUNTING_INIT;
static struct desk desk;
static itsm_calendar *office; /* Monday to Friday, 9 to 17 */

static itsm_sla *agreement(const char *json)
{
    itsm_sla *sla = NULL;
    cr_assert_eq(itsm_sla_load(&sla, desk.ctx, itsm_str_c(json), office), ITSM_OK, "%.*s",
                 ITSM_ARG(first_message(desk.ctx)));
    return sla;
}

static void begin(void)
{
    desk_open(&desk, &counting, NULL);
    office = load_calendar(desk.ctx, OFFICE("UTC") "}");
    desk_with_sla(&desk, agreement("{\"response\":{\"1\":30,\"3\":120,\"5\":480},"
                                   "\"resolution\":{\"1\":240,\"3\":480,\"5\":2400}}"));
}

static void end(void)
{
    desk_close(&desk);
    itsm_calendar_free(office);
    assert_nothing_outstanding(counting);
}

TestSuite(field_bugs, .init = begin, .fini = end, .timeout = 60);

/* An incident of priority 3 that jdoe has worked on since Monday nine o'clock. */
static itsm_ref raise(void)
{
    itsm_outcome out = ITSM_OUTCOME_INIT;
    cr_assert_eq(new_service(&out, &desk), ITSM_OK);
    cr_assert_eq(new_started(&out, &desk, out.ref), ITSM_OK, "%.*s", ITSM_ARG(first_message(desk.ctx)));
    return out.ref;
}

/* An act at a time of the clock on the wall: 2026-03-02 is the Monday on which incidents are raised. */
static void move(itsm_ref ref, const char *when, const char *name, const char *field, const char *value,
                 const char *who, const char *role)
{
    const itsm_named set[] = {{itsm_str_c(field), itsm_value_text(itsm_str_c(value))}, TEXT("resolution", "Replaced")};
    const size_t n = !field ? 0 : strcmp(field, "resolution_code") == 0 ? 2 : 1;
    desk.act.now = at(when);
    desk_actor(&desk, who, role);
    cr_assert_eq(itsm_sms_move(NULL, desk.sms, ref, ITSM_REV_ANY, itsm_str_c(name), set, n, &desk.act), ITSM_OK,
                 "%s: %.*s", name, ITSM_ARG(first_message(desk.ctx)));
}

static void hold(itsm_ref ref, const char *when)
{
    move(ref, when, "hold", "pending_reason", "awaiting_user", "jdoe", NULL);
}

static void resolve(itsm_ref ref, const char *when)
{
    move(ref, when, "resolve", "resolution_code", "fixed", "jdoe", NULL);
}

static void reopen(itsm_ref ref, const char *when)
{
    move(ref, when, "reopen", "reopen_reason", "again", "rita", NULL);
}

/* Priority 1, the highest. */
static void make_urgent(itsm_ref ref, const char *when)
{
    const itsm_named set[] = {INT("impact", 1), INT("urgency", 1)};
    desk.act.now = at(when);
    cr_assert_eq(itsm_sms_change(NULL, desk.sms, ref, ITSM_REV_ANY, set, 2, &desk.act), ITSM_OK);
}

/* The resolution clock of a record, under the desk's agreement as it is now. */
static itsm_clock fold(itsm_ref ref)
{
    itsm_clock_row row = ITSM_CLOCK_ROW_INIT;
    itsm_target targets[4];
    itsm_clock clock;
    cr_assert_eq(itsm_sms_clock(&row, desk.sms, ref, ITSM_RESOLUTION), ITSM_OK);
    cr_assert_leq(row.npriorities, 4);
    cr_assert_eq(itsm_sla_targets(targets, desk.sla, ITSM_RESOLUTION, row.facts, row.npriorities), ITSM_OK);
    cr_assert_eq(itsm_clock_replay(&clock, targets, row.npriorities, row.events, row.nevents), ITSM_OK);
    return clock;
}

static itsm_clock_reading reading(itsm_ref ref, const char *now)
{
    itsm_clock_reading r = ITSM_CLOCK_READING_INIT;
    const itsm_clock clock = fold(ref);
    cr_assert_eq(itsm_clock_read(&r, &clock, at(now)), ITSM_OK);
    return r;
}

/*
 * While a ticket was pending its urgency was raised and a rule gave it another agreement: the pause was lost, and it was
 * late at once although it had never left the pause.
 * https://github.com/glpi-project/glpi/issues/6902
 */
Test(field_bugs, glpi_6902_a_pause_is_not_lost_when_the_agreement_changes)
{
    itsm_ref ref = raise();
    hold(ref, "2026-03-02T10:00:00Z");
    make_urgent(ref, "2026-03-03T11:00:00Z"); /* nine hours of pause: more than the new goal of four */
    itsm_clock_reading r = reading(ref, "2026-03-03T12:00:00Z");
    cr_assert(r.state == ITSM_CLOCK_PAUSED && !r.breached && r.goal == ITSM_HOURS(4) && r.used == ITSM_HOURS(1));
    cr_assert_eq(r.paused, ITSM_HOURS(10));
    move(ref, "2026-03-03T12:00:00Z", "resume", NULL, NULL, "jdoe", NULL);
    r = reading(ref, "2026-03-03T12:00:00Z");
    cr_assert_eq(r.state, ITSM_CLOCK_RUNNING);
    expect_instant(r.due, "2026-03-03T15:00:00Z");
}

/*
 * The time to resolve was violated while the ticket was pending, with a reason.
 * https://github.com/glpi-project/glpi/issues/24481
 */
Test(field_bugs, glpi_24481_nothing_is_violated_while_pending)
{
    itsm_ref ref = raise();
    hold(ref, "2026-03-02T16:59:00Z"); /* a minute before it is due */
    itsm_clock_reading r = reading(ref, "2026-06-04T12:00:00Z");
    cr_assert(r.state == ITSM_CLOCK_PAUSED && !r.breached && r.due == ITSM_TIME_NONE);
    cr_assert_eq(r.remaining, ITSM_MINUTES(1));
    move(ref, "2026-06-04T12:00:00Z", "resume", NULL, NULL, "jdoe", NULL);
    expect_instant(reading(ref, "2026-06-04T12:00:00Z").due, "2026-06-04T12:01:00Z");
    cr_assert(reading(ref, "2026-06-04T12:02:00Z").breached);
}

/*
 * A ticket was solved, and reopened later: the time it had been solved was shown as time pending.
 * https://github.com/glpi-project/glpi/issues/23359
 */
Test(field_bugs, glpi_23359_the_time_solved_is_not_time_pending)
{
    itsm_ref ref = raise();
    hold(ref, "2026-03-02T10:00:00Z");
    move(ref, "2026-03-02T11:00:00Z", "resume", NULL, NULL, "jdoe", NULL);
    resolve(ref, "2026-03-02T12:00:00Z");
    reopen(ref, "2026-03-02T15:00:00Z");
    const itsm_clock_reading r = reading(ref, "2026-03-02T16:00:00Z");
    cr_assert(r.paused == ITSM_HOURS(1) && r.stopped == ITSM_HOURS(3) && r.used == ITSM_HOURS(3) && r.cycle == 2);
    expect_instant(r.due, "2026-03-03T13:00:00Z");
}

/*
 * Of the states a ticket had been through only one was left out of the count, so that after closing and reopening a few
 * times the deadline was wrong.
 * https://github.com/zammad/zammad/issues/188
 */
Test(field_bugs, zammad_188_the_deadline_is_right_however_often_a_ticket_is_reopened)
{
    itsm_ref ref = raise();
    resolve(ref, "2026-03-02T10:00:00Z");
    reopen(ref, "2026-03-02T12:00:00Z");
    hold(ref, "2026-03-02T13:00:00Z");
    resolve(ref, "2026-03-02T15:00:00Z");
    move(ref, "2026-03-02T15:30:00Z", "close", "closure_confirmed_by", "rita", "rita", NULL);
    move(ref, "2026-03-03T09:00:00Z", "reopen_closed", "reopen_reason", "again", "ann", "service_desk");
    resolve(ref, "2026-03-03T11:00:00Z");
    reopen(ref, "2026-03-03T16:00:00Z");
    const itsm_clock_reading r = reading(ref, "2026-03-03T16:00:00Z");
    cr_assert(r.used == ITSM_HOURS(4) && r.cycle == 4 && r.state == ITSM_CLOCK_RUNNING && !r.breached);
    expect_instant(r.due, "2026-03-04T12:00:00Z"); /* an hour of Tuesday is left */
}

/*
 * A ticket resolved straight out of a pause: the hold was not taken off, and the resolution time had it in.
 * https://github.com/frappe/helpdesk/pull/3776
 */
Test(field_bugs, frappe_helpdesk_pr_3776_a_pause_that_ends_in_the_resolution_is_taken_off)
{
    itsm_ref ref = raise();
    hold(ref, "2026-03-02T11:00:00Z");
    resolve(ref, "2026-03-05T16:00:00Z");
    const itsm_clock_reading r = reading(ref, "2026-03-31T12:00:00Z");
    cr_assert(r.state == ITSM_CLOCK_MET && r.used == ITSM_HOURS(2) && r.causes == 0);
    cr_assert_eq(r.paused, ITSM_HOURS(6 + 8 + 8 + 7));
}

/*
 * An agreement was switched off: tickets that were late under it stayed late, and their reminders went on.
 * https://github.com/zammad/zammad/issues/4353
 */
Test(field_bugs, zammad_4353_without_the_agreement_nothing_stays_late)
{
    itsm_clock_alarm alarm = ITSM_CLOCK_ALARM_INIT;
    itsm_ref ref = raise();
    cr_assert(reading(ref, "2026-03-04T12:00:00Z").breached);
    itsm_sla *before = desk.sla;
    desk_with_sla(&desk, agreement("{\"resolution\":{\"1\":240}}")); /* nothing for priority 3 any more */
    itsm_sla_free(before);
    const itsm_clock_reading r = reading(ref, "2026-03-04T12:00:00Z");
    cr_assert(!r.breached && r.state == ITSM_CLOCK_RUNNING && r.due == ITSM_TIME_NONE && r.used == ITSM_HOURS(19));
    const itsm_clock clock = fold(ref);
    cr_assert_eq(itsm_clock_next(&alarm, &clock, at("2026-03-04T12:00:00Z")), ITSM_NOTHING);
}
