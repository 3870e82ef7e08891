/* SPDX-License-Identifier: MIT */
/*
 * Bugs that others had in working time, each reproduced as its thread tells it.  The comment says what happened there;
 * the test says what is right.  What libraries are known to do wrong without a thread is at the end.
 */
#include "bugs.h"

static struct counting counting = COUNTING_INIT;
static itsm_ctx *ctx;

static void begin(void)
{
    ctx = zones_ctx(counting_alloc, &counting);
}

static void end(void)
{
    itsm_ctx_free(ctx);
    assert_nothing_outstanding(counting);
}

TestSuite(field_bugs, .init = begin, .fini = end, .timeout = 30);

/*
 * A nightly job never ended when the calendar of an entity had no working day.
 * https://github.com/glpi-project/glpi/pull/7474
 */
Test(field_bugs, glpi_pr_7474_a_calendar_without_a_working_day_does_not_hang)
{
    itsm_calendar *c = load_calendar(ctx, WEEK("Europe/Paris", "", "") ",\"holidays\":[\"2020-06-23\"]}");
    const itsm_time now = at("2020-06-23T10:00:00Z");
    itsm_time t = 42;
    itsm_span span = 42;
    itsm_calendar_cursor cursor;
    itsm_interval interval;
    cr_assert_eq(itsm_calendar_add(&t, c, now, ITSM_DAYS(1), ITSM_BOUNDARY_CLOSE), ITSM_E_NO_OPEN_TIME);
    cr_assert_eq(itsm_calendar_add(&t, c, now, ITSM_DAYS(-1), ITSM_BOUNDARY_OPEN), ITSM_E_NO_OPEN_TIME);
    cr_assert_eq(itsm_calendar_next_open(&t, c, now), ITSM_E_NO_OPEN_TIME);
    cr_assert_eq(itsm_calendar_prev_close(&t, c, now), ITSM_E_NO_OPEN_TIME);
    cr_assert_eq(itsm_calendar_between(&span, c, now, now + ITSM_DAYS(36500)), ITSM_OK);
    cr_assert(span == 0 && t == 42);
    itsm_calendar_intervals(&cursor, c, now, now + ITSM_DAYS(36500));
    cr_assert_eq(itsm_calendar_intervals_next(&interval, &cursor), ITSM_DONE);
    itsm_calendar_free(c);
}

/*
 * Hours written as 09:00 to 00:00 were taken, and the background jobs that computed with them never came back.
 * https://github.com/zammad/zammad/issues/2497
 */
Test(field_bugs, zammad_2497_hours_that_end_at_midnight_do_not_hang)
{
    const char *hours = "{\"tz\":\"America/Los_Angeles\",\"weekly\":{\"mon\":[[\"09:00\",\"00:00\"]],"
                        "\"tue\":[[\"09:00\",\"00:00\"]],\"wed\":[[\"09:00\",\"00:00\"]],"
                        "\"thu\":[[\"09:00\",\"00:00\"]],\"sat\":[[\"09:00\",\"00:00\"]]}}";
    itsm_calendar *c = load_calendar(ctx, hours);
    expect_add(c, "2019-02-05T21:40:28Z", ITSM_MINUTES(120), "2019-02-05T23:40:28Z");
    expect_add(c, "2019-02-05T21:40:28Z", ITSM_HOURS(12), "2019-02-06T18:40:28Z");
    expect_between(c, "2019-02-04T08:00:00Z", "2019-02-11T08:00:00Z", 5 * ITSM_HOURS(15));
    itsm_calendar_free(c);
}

/*
 * Closing times had dates only: on an afternoon off the clock ran on.
 * https://github.com/glpi-project/glpi/issues/6835
 */
Test(field_bugs, glpi_6835_an_afternoon_may_be_closed)
{
    itsm_calendar *c =
        load_calendar(ctx, OFFICE("Africa/Johannesburg") ",\"breaks\":{\"2020-01-31\":[[\"12:00\",\"17:00\"]]}}");
    expect_between(c, "2020-01-31T09:00:00+02:00", "2020-01-31T17:00:00+02:00", ITSM_HOURS(3));
    expect_add(c, "2020-01-31T11:00:00+02:00", ITSM_HOURS(2), "2020-02-03T10:00:00+02:00");
    itsm_calendar_free(c);
}

/*
 * Working hours were one span a day: a ticket that came at lunch ran out before anybody was back.
 * https://github.com/frappe/helpdesk/issues/2212
 */
Test(field_bugs, helpdesk_2212_nothing_counts_at_lunch)
{
    itsm_calendar *c =
        load_calendar(ctx, WEEK("Asia/Kolkata", SPAN("09:00", "12:30") "," SPAN("13:30", "18:00"), "") "}");
    expect_add(c, "2025-03-07T12:40:00+05:30", ITSM_MINUTES(30), "2025-03-07T14:00:00+05:30");
    expect_between(c, "2025-03-07T12:40:00+05:30", "2025-03-07T13:20:00+05:30", 0);
    expect_between(c, "2025-03-07T12:00:00+05:30", "2025-03-07T14:00:00+05:30", ITSM_HOURS(1));
    cr_assert(!itsm_calendar_is_open(c, at("2025-03-07T12:30:00+05:30")));
    cr_assert(itsm_calendar_is_open(c, at("2025-03-07T13:30:00+05:30")));
    itsm_calendar_free(c);
}

/*
 * Hours that end after midnight, or begin shortly before it, were never open.
 * https://github.com/bokmann/business_time/issues/227
 */
Test(field_bugs, business_time_227_hours_cross_midnight)
{
    static const char *const weeks[] = {WEEK("America/New_York", SPAN("14:00", "15:00"), "") "}",
                                        WEEK("America/New_York", SPAN("14:00", "00:01"), "") "}",
                                        WEEK("America/New_York", SPAN("23:50", "15:00"), "") "}"};
    for (int i = 0; i < 3; i++) {
        itsm_calendar *c = load_calendar(ctx, weeks[i]);
        cr_assert(itsm_calendar_is_open(c, at("2024-03-07T14:56:02.154340-05:00")), "%s", weeks[i]);
        cr_assert_eq(itsm_calendar_is_open(c, at("2024-03-08T00:00:30-05:00")), i > 0);
        cr_assert(!itsm_calendar_is_open(c, at("2024-03-07T23:49:59-05:00")) || i == 1);
        itsm_calendar_free(c);
    }
    itsm_calendar *night = load_calendar(ctx, WEEK("America/New_York", SPAN("23:00", "07:00"), "") "}");
    expect_between(night, "2024-03-04T12:00:00-05:00", "2024-03-09T12:00:00-05:00", ITSM_HOURS(40));
    expect_add(night, "2024-03-07T23:30:00-05:00", ITSM_HOURS(8), "2024-03-08T23:30:00-05:00");
    itsm_calendar_free(night);
}

/*
 * Who never closes could not say so: from 23:59:59.999 on, one day more was two days more.
 * https://github.com/bokmann/business_time/issues/146
 */
Test(field_bugs, business_time_146_open_from_midnight_to_midnight_is_always_open)
{
    itsm_calendar *c = load_calendar(ctx, ALWAYS("UTC") "}");
    itsm_time t = 42;
    expect_add(c, "2016-01-11T23:59:59.999Z", ITSM_DAYS(1), "2016-01-12T23:59:59.999Z");
    expect_between(c, "2016-01-11T23:59:59.999Z", "2016-01-12T00:00:00.001Z", 2000);
    for (itsm_time s = at("2016-01-11T23:59:59.999998Z"); s <= at("2016-01-12T00:00:00.000002Z"); s++)
        cr_assert(itsm_calendar_is_open(c, s));
    cr_assert_eq(itsm_calendar_next_close(&t, c, at("2016-01-11T12:00:00Z")), ITSM_E_RANGE);
    itsm_calendar_free(c);
}

/*
 * Hours were turned to UTC with today's offset: after clocks changed, all of last season's figures were an hour off.
 * https://github.com/fivetran/dbt_zendesk/issues/25
 */
Test(field_bugs, dbt_zendesk_25_history_has_the_offset_of_its_day)
{
    itsm_calendar *c = load_calendar(ctx, OFFICE("Europe/London") "}");
    expect_between(c, "2021-03-26T08:30:00Z", "2021-03-26T09:30:00Z", ITSM_MINUTES(30)); /* GMT: opens at 9 UTC */
    expect_between(c, "2021-03-29T07:30:00Z", "2021-03-29T08:30:00Z", ITSM_MINUTES(30)); /* BST: opens at 8 UTC */
    expect_between(c, "2021-03-26T16:00:00Z", "2021-03-29T09:00:00Z", ITSM_HOURS(2));
    expect_add(c, "2021-03-26T16:30:00Z", ITSM_MINUTES(60), "2021-03-29T08:30:00Z");
    itsm_calendar_free(c);
}

/*
 * A week took a third of a second once there were many holidays: each was looked at for each period.
 * https://github.com/zendesk/biz/issues/63
 */
Test(field_bugs, biz_63_many_holidays_cost_nothing_when_they_are_elsewhere)
{
    enum { HOLIDAYS = 20000, QUESTIONS = 500000 }; /* 10^10 steps if a question looked at every holiday */
    itsm_calendar *few = load_calendar(ctx, OFFICE("America/Los_Angeles") "}"), *many;
    itsm_calendar_builder *b;
    const itsm_hours office = {9 * 3600, 17 * 3600};
    int64_t first;
    itsm_status rc = itsm_calendar_builder_new(&b, ctx, itsm_calendar_zone(few));
    cr_assert_eq(itsm_date_from_civil(&first, 2016, 5, 1), ITSM_OK);
    for (int day = 0; day < 5; day++) rc |= itsm_calendar_builder_add_weekly(b, day, office);
    for (int i = 0; i < HOLIDAYS; i++)
        rc |= itsm_calendar_builder_add_holiday(b, first + (i % 2 ? i : -i) * 11, ITSM_STR("far"));
    rc |= itsm_calendar_builder_freeze(&many, b);
    cr_assert_eq(rc, ITSM_OK);
    itsm_calendar_builder_free(b);
    expect_between(many, "2016-05-02T07:00:00Z", "2016-05-09T07:00:00Z", 5 * ITSM_HOURS(8));
    itsm_time from = at("2016-05-02T07:00:00Z");
    for (long i = 0; i < QUESTIONS; i++) {
        itsm_span span = 0, other = 0;
        cr_assert(itsm_calendar_between(&span, many, from + i * 1000, from + i * 1000 + ITSM_DAYS(7)) == ITSM_OK);
        cr_assert(itsm_calendar_between(&other, few, from + i * 1000, from + i * 1000 + ITSM_DAYS(7)) == ITSM_OK);
        cr_assert(span == other);
    }
    itsm_calendar_free(few), itsm_calendar_free(many);
}

/*
 * An hour added in the hour that comes twice led nowhere.
 * https://github.com/lennym/moment-business-time/issues/58
 */
Test(field_bugs, moment_business_time_58_the_hour_that_comes_twice_counts_twice)
{
    itsm_calendar *c = load_calendar(ctx, WEEK("Europe/Amsterdam", SPAN("00:00", "10:00"), SPAN("00:00", "10:00")) "}");
    expect_add(c, "2022-10-30T02:00:00+02:00", ITSM_HOURS(1), "2022-10-30T02:00:00+01:00");
    expect_add(c, "2022-10-30T02:00:00+02:00", ITSM_HOURS(2), "2022-10-30T03:00:00+01:00");
    expect_between(c, "2022-10-30T00:00:00+02:00", "2022-10-30T10:00:00+01:00", ITSM_HOURS(11));
    expect_between(c, "2022-03-27T00:00:00+01:00", "2022-03-27T10:00:00+02:00", ITSM_HOURS(9));
    itsm_calendar_free(c);
}

/*
 * Sums of hours ran over holidays as if they were open, the more so with Saturday as a working day; others stepped back.
 * https://github.com/pandas-dev/pandas/issues/16867 (the same: 23542, 29901)
 */
Test(field_bugs, pandas_16867_sums_leave_holidays_out)
{
    const char *week =
        WEEK("UTC", SPAN("08:00", "17:00"), "") ",\"holidays\":[\"2018-11-09\"],"
                                                "\"overrides\":{\"2018-11-10\":[[\"08:00\",\"17:00\"]]}}";
    itsm_calendar *c = load_calendar(ctx, week);
    expect_add(c, "2018-11-08T08:00:00Z", ITSM_HOURS(10), "2018-11-10T09:00:00Z");
    expect_add(c, "2018-11-08T08:00:00Z", ITSM_HOURS(18), "2018-11-10T17:00:00Z");
    expect_add(c, "2018-11-08T08:00:00Z", ITSM_HOURS(19), "2018-11-12T09:00:00Z");
    expect_add(c, "2018-11-12T09:00:00Z", ITSM_HOURS(-19), "2018-11-08T08:00:00Z");
    itsm_calendar_free(c);
    c = load_calendar(ctx, OFFICE("UTC") ",\"holidays\":[\"2014-01-20\",\"2014-01-21\"]}"); /* 29901 */
    itsm_time before = at("2014-01-17T13:00:00Z"), t = 0;
    for (int hours = 1; hours < 30; hours++, before = t) {
        cr_assert_eq(itsm_calendar_add(&t, c, at("2014-01-17T13:00:00Z"), ITSM_HOURS(hours), 1), ITSM_OK);
        cr_assert(t > before, "%d hours", hours);
        cr_assert(t < at("2014-01-18T00:00:00Z") || t >= at("2014-01-22T09:00:00Z"), "%d hours", hours);
    }
    itsm_calendar_free(c);
}

/* Without a thread ------------------------------------------------------------------------------------------------ */

/* working_hours: a day of 24 hours has 24 hours also when clocks are set back. */
Test(field_bugs, working_hours_the_day_on_which_clocks_are_set_back_has_25_hours)
{
    itsm_calendar *c = load_calendar(ctx, ALWAYS("America/New_York") "}");
    expect_between(c, "2026-11-01T00:00:00-04:00", "2026-11-02T00:00:00-05:00", ITSM_HOURS(25));
    expect_between(c, "2026-03-08T00:00:00-05:00", "2026-03-09T00:00:00-04:00", ITSM_HOURS(23));
    expect_add(c, "2026-10-31T12:00:00-04:00", ITSM_HOURS(24), "2026-11-01T11:00:00-05:00");
    expect_between(c, "2026-10-26T00:00:00-04:00", "2026-11-02T00:00:00-05:00", ITSM_HOURS(7 * 24 + 1));
    itsm_calendar_free(c);
}

/* Business::Hours: a second is lost after each holiday. */
Test(field_bugs, business_hours_no_second_is_lost_after_a_holiday)
{
    itsm_calendar *c = load_calendar(ctx, OFFICE("UTC") ",\"holidays\":[\"2026-04-03\",\"2026-04-06\"]}");
    expect_between(c, "2026-04-02T00:00:00Z", "2026-04-08T00:00:00Z", ITSM_HOURS(16));
    expect_between(c, "2026-04-02T16:59:59.999999Z", "2026-04-07T09:00:00.000001Z", 2);
    expect_add(c, "2026-04-02T16:00:00Z", ITSM_HOURS(1) + 1, "2026-04-07T09:00:00.000001Z");
    expect_add(c, "2026-04-02T09:00:00Z", ITSM_HOURS(16), "2026-04-07T17:00:00Z");
    itsm_calendar_free(c);
}

/* Business::Hours: a sum that takes more than 30 days is given up. */
Test(field_bugs, business_hours_a_sum_is_not_given_up_after_30_days)
{
    itsm_calendar_builder *b;
    itsm_calendar *c;
    itsm_zone *zone;
    int64_t first;
    const itsm_hours office = {9 * 3600, 17 * 3600};
    cr_assert_eq(itsm_zone_load(&zone, ctx, ITSM_STR("UTC")), ITSM_OK);
    cr_assert_eq(itsm_date_from_civil(&first, 2026, 7, 1), ITSM_OK);
    itsm_status rc = itsm_calendar_builder_new(&b, ctx, zone);
    for (int day = 0; day < 5; day++) rc |= itsm_calendar_builder_add_weekly(b, day, office);
    for (int i = 0; i < 62; i++) rc |= itsm_calendar_builder_add_holiday(b, first + i, ITSM_STR("summer"));
    rc |= itsm_calendar_builder_freeze(&c, b);
    cr_assert_eq(rc, ITSM_OK);
    expect_add(c, "2026-06-30T16:00:00Z", ITSM_HOURS(2), "2026-09-01T10:00:00Z");
    expect_add(c, "2026-01-05T09:00:00Z", ITSM_HOURS(8) * 261 * 40, "2066-03-11T17:00:00Z");
    itsm_calendar_builder_free(b), itsm_calendar_free(c), itsm_zone_free(zone);
}

/* biz: the last day, covered in part, was counted whole where it had hours of its own. */
Test(field_bugs, biz_a_last_day_with_hours_of_its_own_counts_as_far_as_it_is_covered)
{
    itsm_calendar *c = load_calendar(
        ctx, OFFICE("UTC") ",\"overrides\":{\"2026-12-24\":[[\"08:00\",\"10:00\"],[\"11:00\",\"13:00\"]]}}");
    expect_between(c, "2026-12-23T16:00:00Z", "2026-12-24T09:00:00Z", ITSM_HOURS(2));
    expect_between(c, "2026-12-23T16:00:00Z", "2026-12-24T11:30:00Z", ITSM_MINUTES(210));
    expect_between(c, "2026-12-24T09:30:00Z", "2026-12-24T11:30:00Z", ITSM_HOURS(1));
    expect_between(c, "2026-12-23T16:00:00Z", "2026-12-25T09:00:00Z", ITSM_HOURS(5));
    itsm_calendar_free(c);
}
