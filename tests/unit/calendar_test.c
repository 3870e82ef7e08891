/* SPDX-License-Identifier: MIT */
/* Working time: what a calendar's definition means, arithmetic at its edges, and what goes wrong. */
#include <itsm/calendar.h>

#include "support.h"
#include "zones.h"

#include <criterion/criterion.h>

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

TestSuite(calendar, .init = begin, .fini = end);

#define OFFICE                                                                                                         \
    "{\"tz\":\"UTC\",\"weekly\":{\"mon\":[[\"09:00\",\"17:00\"]],\"tue\":[[\"09:00\",\"17:00\"]],"                     \
    "\"wed\":[[\"09:00\",\"17:00\"]],\"thu\":[[\"09:00\",\"17:00\"]],\"fri\":[[\"09:00\",\"17:00\"]]}"
#define NIGHT(zone) "{\"tz\":\"" zone "\",\"weekly\":{\"mon\":[[\"22:00\",\"06:00\"]],\"tue\":[[\"22:00\",\"06:00\"]]}"
#define ALWAYS(zone)                                                                                                   \
    "{\"tz\":\"" zone "\",\"weekly\":{\"mon\":[[\"00:00\",\"24:00\"]],\"tue\":[[\"00:00\",\"24:00\"]],"                \
    "\"wed\":[[\"00:00\",\"24:00\"]],\"thu\":[[\"00:00\",\"24:00\"]],\"fri\":[[\"00:00\",\"24:00\"]],"                 \
    "\"sat\":[[\"00:00\",\"24:00\"]],\"sun\":[[\"00:00\",\"24:00\"]]}"

static itsm_calendar *load(const char *json)
{
    itsm_calendar *calendar;
    const itsm_status rc = itsm_calendar_load(&calendar, ctx, itsm_str_c(json));
    cr_assert_eq(rc, ITSM_OK, "%s: %.*s", json, ITSM_ARG(first_message(ctx)));
    return calendar;
}

static itsm_time at(const char *text)
{
    itsm_time t;
    cr_assert_eq(itsm_time_decode(&t, itsm_str_c(text)), ITSM_OK, "%s", text);
    return t;
}

static void expect_answer(itsm_status rc, itsm_time got, const char *wanted)
{
    char text[ITSM_TIME_MAX];
    cr_assert(rc == ITSM_OK && got == at(wanted), "%s (status %d), not %s", itsm_time_text(text, got), rc, wanted);
}

/* The call comes before its result is looked at. */
#define expect_at(call, got, wanted)                                                                                   \
    do {                                                                                                               \
        const itsm_status rc_ = (call);                                                                                \
        expect_answer(rc_, got, wanted);                                                                               \
    } while (0)

static void expect_add(const itsm_calendar *c, const char *start, itsm_span n, int32_t boundary, const char *wanted)
{
    itsm_time got = 0;
    const itsm_status rc = itsm_calendar_add(&got, c, at(start), n, boundary);
    expect_at(rc, got, wanted);
}

static itsm_span between(const itsm_calendar *c, const char *a, const char *b)
{
    itsm_span span;
    cr_assert_eq(itsm_calendar_between(&span, c, at(a), at(b)), ITSM_OK);
    return span;
}

/* Edges ----------------------------------------------------------------------------------------------------------- */

Test(calendar, a_sum_that_ends_at_closing_is_the_closing_instant)
{
    itsm_calendar *c = load(OFFICE "}");
    expect_add(c, "2026-03-27T09:00:00Z", ITSM_HOURS(8), ITSM_BOUNDARY_CLOSE, "2026-03-27T17:00:00Z");
    expect_add(c, "2026-03-27T09:00:00Z", ITSM_HOURS(8), ITSM_BOUNDARY_OPEN, "2026-03-30T09:00:00Z");
    expect_add(c, "2026-03-27T09:00:00Z", ITSM_HOURS(8) + 1, ITSM_BOUNDARY_CLOSE, "2026-03-30T09:00:00.000001Z");
    itsm_calendar_free(c);
}

Test(calendar, going_back_mirrors_going_forward)
{
    itsm_calendar *c = load(OFFICE "}");
    expect_add(c, "2026-03-30T17:00:00Z", ITSM_HOURS(-8), ITSM_BOUNDARY_CLOSE, "2026-03-30T09:00:00Z");
    expect_add(c, "2026-03-30T17:00:00Z", ITSM_HOURS(-8), ITSM_BOUNDARY_OPEN, "2026-03-27T17:00:00Z");
    expect_add(c, "2026-03-28T12:00:00Z", ITSM_HOURS(-1), ITSM_BOUNDARY_CLOSE, "2026-03-27T16:00:00Z");
    itsm_calendar_free(c);
}

Test(calendar, adding_nothing_is_the_next_open_instant)
{
    itsm_calendar *c = load(OFFICE "}");
    expect_add(c, "2026-03-27T12:34:56Z", 0, ITSM_BOUNDARY_CLOSE, "2026-03-27T12:34:56Z");
    expect_add(c, "2026-03-27T17:00:00Z", 0, ITSM_BOUNDARY_CLOSE, "2026-03-30T09:00:00Z");
    expect_add(c, "2026-03-27T17:00:00Z", 0, ITSM_BOUNDARY_OPEN, "2026-03-30T09:00:00Z");
    itsm_calendar_free(c);
}

Test(calendar, open_time_is_half_open)
{
    itsm_calendar *c = load(OFFICE "}");
    itsm_time t = 0;
    cr_assert(itsm_calendar_is_open(c, at("2026-03-27T09:00:00Z")));
    cr_assert(!itsm_calendar_is_open(c, at("2026-03-27T09:00:00Z") - 1));
    cr_assert(itsm_calendar_is_open(c, at("2026-03-27T17:00:00Z") - 1));
    cr_assert(!itsm_calendar_is_open(c, at("2026-03-27T17:00:00Z")));
    expect_at(itsm_calendar_next_open(&t, c, at("2026-03-27T17:00:00Z")), t, "2026-03-30T09:00:00Z");
    expect_at(itsm_calendar_next_close(&t, c, at("2026-03-27T17:00:00Z")), t, "2026-03-30T17:00:00Z");
    expect_at(itsm_calendar_next_close(&t, c, at("2026-03-27T16:59:59Z")), t, "2026-03-27T17:00:00Z");
    expect_at(itsm_calendar_prev_close(&t, c, at("2026-03-27T17:00:00Z")), t, "2026-03-27T17:00:00Z");
    expect_at(itsm_calendar_prev_close(&t, c, at("2026-03-27T09:00:00Z")), t, "2026-03-26T17:00:00Z");
    expect_at(itsm_calendar_prev_open(&t, c, at("2026-03-27T09:00:00Z")), t, "2026-03-26T09:00:00Z");
    expect_at(itsm_calendar_prev_open(&t, c, at("2026-03-27T09:00:01Z")), t, "2026-03-27T09:00:00Z");
    itsm_calendar_free(c);
}

Test(calendar, intervals_that_touch_or_overlap_are_one)
{
    itsm_calendar *c = load("{\"tz\":\"UTC\",\"weekly\":{\"mon\":[[\"09:00\",\"12:00\"],[\"12:00\",\"15:00\"],"
                            "[\"14:00\",\"24:00\"]],\"tue\":[[\"00:00\",\"02:00\"]]}}");
    itsm_calendar_cursor cursor;
    itsm_interval i;
    itsm_calendar_intervals(&cursor, c, at("2026-03-30T00:00:00Z"), at("2026-04-06T12:00:00Z"));
    cr_assert_eq(itsm_calendar_intervals_next(&i, &cursor), ITSM_OK);
    cr_assert(i.from == at("2026-03-30T09:00:00Z") && i.to == at("2026-03-31T02:00:00Z"));
    cr_assert_eq(itsm_calendar_intervals_next(&i, &cursor), ITSM_OK);
    cr_assert(i.from == at("2026-04-06T09:00:00Z") && i.to == at("2026-04-06T12:00:00Z"), "cut to the end");
    cr_assert_eq(itsm_calendar_intervals_next(&i, &cursor), ITSM_DONE);
    cr_assert_eq(itsm_calendar_intervals_next(&i, &cursor), ITSM_DONE);
    cr_assert_eq(between(c, "2026-03-30T00:00:00Z", "2026-04-01T00:00:00Z"), ITSM_HOURS(17));
    itsm_calendar_free(c);
}

/* Dates ----------------------------------------------------------------------------------------------------------- */

Test(calendar, a_holiday_closes_the_civil_date_and_both_ends_of_night_shifts_on_it)
{
    itsm_calendar *c = load(NIGHT("UTC") ",\"holidays\":[\"2026-03-31\"]}"); /* a Tuesday */
    cr_assert_eq(between(c, "2026-03-30T00:00:00Z", "2026-03-31T00:00:00Z"), ITSM_HOURS(2), "Monday evening is open");
    cr_assert_eq(between(c, "2026-03-31T00:00:00Z", "2026-04-01T00:00:00Z"), 0,
                 "its tail into the holiday is not, nor is the holiday's own evening");
    cr_assert_gt(between(c, "2026-04-01T00:00:00Z", "2026-04-01T12:00:00Z"), 0, "the morning after is another date");
    itsm_calendar_free(c);
}

Test(calendar, a_holiday_beats_an_override_and_an_override_the_week)
{
    itsm_calendar *c =
        load(OFFICE ",\"holidays\":[\"2026-03-30\"],\"overrides\":{\"2026-03-30\":[[\"10:00\",\"11:00\"]],"
                    "\"2026-03-31\":[[\"10:00\",\"11:00\"]],\"2026-04-01\":[]}}");
    cr_assert_eq(between(c, "2026-03-30T00:00:00Z", "2026-03-31T00:00:00Z"), 0);
    cr_assert_eq(between(c, "2026-03-31T00:00:00Z", "2026-04-01T00:00:00Z"), ITSM_HOURS(1));
    cr_assert_eq(between(c, "2026-04-01T00:00:00Z", "2026-04-02T00:00:00Z"), 0, "an empty override closes");
    cr_assert_eq(between(c, "2026-04-02T00:00:00Z", "2026-04-03T00:00:00Z"), ITSM_HOURS(8));
    itsm_calendar_free(c);
}

Test(calendar, a_break_is_taken_from_overrides_and_from_yesterdays_night_shift)
{
    itsm_calendar *c =
        load(NIGHT("UTC") ",\"overrides\":{\"2026-04-02\":[[\"10:00\",\"14:00\"]]},\"breaks\":{"
                          "\"2026-03-31\":[[\"05:00\",\"05:30\"]],\"2026-04-02\":[[\"12:00\",\"13:00\"]]}}");
    cr_assert_eq(between(c, "2026-03-30T12:00:00Z", "2026-03-31T12:00:00Z"), ITSM_MINUTES(450));
    cr_assert_eq(between(c, "2026-04-02T00:00:00Z", "2026-04-03T00:00:00Z"), ITSM_HOURS(3));
    itsm_calendar_free(c);
}

Test(calendar, a_recurring_29_february_falls_in_leap_years_only)
{
    itsm_calendar *c =
        load(ALWAYS("UTC") ",\"recurring_holidays\":[\"02-29\",{\"date\":\"12-25\",\"name\":\"Xmas\"}]}");
    cr_assert_eq(between(c, "2023-01-01T00:00:00Z", "2024-01-01T00:00:00Z"), ITSM_DAYS(364));
    cr_assert_eq(between(c, "2024-01-01T00:00:00Z", "2025-01-01T00:00:00Z"), ITSM_DAYS(364));
    cr_assert_eq(between(c, "2100-01-01T00:00:00Z", "2101-01-01T00:00:00Z"), ITSM_DAYS(364));
    itsm_calendar_free(c);
}

/* Clocks that change ---------------------------------------------------------------------------------------------- */

Test(calendar, an_open_day_has_23_or_25_hours_when_clocks_change)
{
    itsm_calendar *c = load(ALWAYS("Europe/Brussels") "}");
    cr_assert_eq(between(c, "2026-03-29T00:00:00+01:00", "2026-03-30T00:00:00+02:00"), ITSM_HOURS(23));
    cr_assert_eq(between(c, "2026-10-25T00:00:00+02:00", "2026-10-26T00:00:00+01:00"), ITSM_HOURS(25));
    itsm_calendar_free(c);
}

Test(calendar, an_edge_in_a_gap_moves_forward_and_in_an_overlap_is_the_first)
{
    itsm_calendar *c = load("{\"tz\":\"Europe/Brussels\",\"weekly\":{\"sun\":[[\"02:30\",\"06:00\"]]}}");
    itsm_time t = 0;
    expect_at(itsm_calendar_next_open(&t, c, at("2026-03-28T12:00:00Z")), t, "2026-03-29T03:30:00+02:00");
    expect_at(itsm_calendar_next_open(&t, c, at("2026-10-24T12:00:00Z")), t, "2026-10-25T02:30:00+02:00");
    cr_assert_eq(between(c, "2026-10-24T12:00:00Z", "2026-10-25T12:00:00Z"), ITSM_MINUTES(270));
    itsm_calendar_free(c);
}

Test(calendar, a_date_that_never_was_has_no_open_time)
{
    itsm_calendar *c = load(ALWAYS("Pacific/Apia") "}");
    cr_assert_eq(between(c, "2011-12-29T00:00:00-10:00", "2012-01-01T00:00:00+14:00"), ITSM_DAYS(2));
    itsm_calendar_free(c);
    c = load("{\"tz\":\"Pacific/Apia\",\"weekly\":{\"fri\":[[\"09:00\",\"17:00\"]]}}"); /* 2011-12-30 was to be one */
    itsm_time t = 0;
    expect_at(itsm_calendar_next_open(&t, c, at("2011-12-24T04:00:00Z")), t, "2012-01-06T09:00:00+14:00");
    itsm_calendar_free(c);
}

/* Far away -------------------------------------------------------------------------------------------------------- */

Test(calendar, arithmetic_is_right_in_the_year_9999_and_before_christ)
{
    itsm_calendar *c = load(OFFICE ",\"recurring_holidays\":[\"12-25\"]}");
    expect_add(c, "9999-12-24T16:00:00Z", ITSM_HOURS(2), 0, "9999-12-27T10:00:00Z"); /* Friday, Saturday is the 25th */
    expect_add(c, "-000043-03-15T16:00:00Z", ITSM_HOURS(2), 0, "-000043-03-18T10:00:00Z");
    cr_assert_eq(between(c, "9998-01-01T00:00:00Z", "9999-01-01T00:00:00Z"), ITSM_HOURS(8) * 260);
    itsm_span all, parts = 0, part;
    cr_assert_eq(itsm_calendar_between(&all, c, at("-004000-01-01T00:00:00Z"), at("9999-01-01T00:00:00Z")), ITSM_OK);
    for (itsm_time t = at("-004000-01-01T00:00:00Z"); t < at("9999-01-01T00:00:00Z"); t += ITSM_DAYS(4999)) {
        itsm_time next = t + ITSM_DAYS(4999);
        if (next > at("9999-01-01T00:00:00Z")) next = at("9999-01-01T00:00:00Z");
        cr_assert_eq(itsm_calendar_between(&part, c, t, next), ITSM_OK);
        parts += part;
    }
    cr_assert_eq(all, parts);
    itsm_calendar_free(c);
}

Test(calendar, clock_changes_go_on_beyond_the_horizon)
{
    itsm_calendar *c = load(ALWAYS("Europe/Brussels") ",\"holidays\":[\"9000-06-01\"]}");
    cr_assert_eq(between(c, "2499-03-28T23:00:00Z", "2499-03-29T22:00:00Z"), ITSM_HOURS(23), "a Sunday of 23 hours");
    expect_add(c, "9000-05-31T12:00:00Z", ITSM_HOURS(10) + 1, 0, "9000-06-01T22:00:00.000001Z");
    itsm_calendar_free(c);
}

Test(calendar, dates_far_apart_are_found_in_both_directions)
{
    itsm_calendar *c = load("{\"tz\":\"UTC\",\"overrides\":{\"-009999-01-01\":[[\"00:00\",\"01:00\"]],"
                            "\"2026-03-30\":[[\"10:00\",\"11:00\"]],\"9999-12-31\":[[\"23:00\",\"24:00\"]]}}");
    itsm_time t = 0;
    expect_add(c, "2026-03-30T11:00:00Z", ITSM_MINUTES(30), 0, "9999-12-31T23:30:00Z");
    expect_add(c, "2026-03-30T10:00:00Z", ITSM_MINUTES(-30), 0, "-009999-01-01T00:30:00Z");
    expect_at(itsm_calendar_next_close(&t, c, at("2026-03-30T11:00:00Z")), t, "+010000-01-01T00:00:00Z");
    cr_assert_eq(itsm_calendar_add(&t, c, at("2026-03-30T11:00:00Z"), ITSM_MINUTES(61), 0), ITSM_E_NO_OPEN_TIME);
    cr_assert_eq(itsm_calendar_add(&t, c, at("2026-03-30T10:00:00Z"), ITSM_MINUTES(-61), 0), ITSM_E_NO_OPEN_TIME);
    cr_assert_eq(itsm_calendar_next_open(&t, c, at("+010000-01-01T00:00:00Z")), ITSM_E_NO_OPEN_TIME);
    cr_assert_eq(itsm_calendar_prev_close(&t, c, at("-009999-01-01T00:00:00Z")), ITSM_E_NO_OPEN_TIME);
    itsm_calendar_free(c);
}

/* Nothing to find ------------------------------------------------------------------------------------------------- */

Test(calendar, a_calendar_that_never_opens_says_so)
{
    itsm_calendar *c = load("{\"tz\":\"UTC\"}");
    itsm_time t = 42;
    itsm_span s = 42;
    cr_assert_eq(itsm_calendar_add(&t, c, 0, 1, 0), ITSM_E_NO_OPEN_TIME);
    cr_assert_eq(itsm_calendar_add(&t, c, 0, -1, 0), ITSM_E_NO_OPEN_TIME);
    cr_assert_eq(itsm_calendar_add(&t, c, 0, INT64_MAX, 0), ITSM_E_NO_OPEN_TIME);
    cr_assert_eq(itsm_calendar_next_open(&t, c, 0), ITSM_E_NO_OPEN_TIME);
    cr_assert_eq(itsm_calendar_next_close(&t, c, 0), ITSM_E_NO_OPEN_TIME);
    cr_assert_eq(itsm_calendar_prev_open(&t, c, 0), ITSM_E_NO_OPEN_TIME);
    cr_assert_eq(itsm_calendar_prev_close(&t, c, 0), ITSM_E_NO_OPEN_TIME);
    cr_assert_eq(t, 42, "out is as it was");
    cr_assert(itsm_calendar_between(&s, c, 0, ITSM_DAYS(9)) == ITSM_OK && s == 0);
    itsm_calendar_free(c);
}

Test(calendar, a_calendar_that_never_closes_says_so)
{
    itsm_calendar *c = load(ALWAYS("UTC") "}");
    itsm_time t = 42;
    cr_assert_eq(itsm_calendar_next_close(&t, c, 0), ITSM_E_RANGE);
    cr_assert_eq(itsm_calendar_prev_open(&t, c, 0), ITSM_E_RANGE);
    cr_assert(itsm_calendar_next_open(&t, c, 5) == ITSM_OK && t == 5);
    cr_assert(itsm_calendar_prev_close(&t, c, 5) == ITSM_OK && t == 5);
    itsm_calendar_free(c);
}

Test(calendar, what_cannot_be_represented_is_out_of_range)
{
    itsm_calendar *c = load(ALWAYS("UTC") "}"), *office = load(OFFICE "}");
    itsm_time t = 42;
    itsm_span s = 42;
    cr_assert_eq(itsm_calendar_add(&t, c, INT64_MAX, 1, 0), ITSM_E_RANGE);
    cr_assert_eq(itsm_calendar_add(&t, c, 0, INT64_MAX, 0), ITSM_OK);
    cr_assert_eq(t, INT64_MAX);
    cr_assert_eq(itsm_calendar_add(&t, office, 0, INT64_MAX, 0), ITSM_E_RANGE);
    cr_assert_eq(itsm_calendar_add(&t, office, 0, INT64_MIN + 1, 0), ITSM_E_RANGE);
    cr_assert_eq(itsm_calendar_add(&t, office, INT64_MAX, 1, 0), ITSM_E_RANGE);
    cr_assert_eq(itsm_calendar_add(&t, c, ITSM_TIME_NONE, 1, 0), ITSM_E_RANGE);
    cr_assert_eq(itsm_calendar_add(&t, c, 0, ITSM_SPAN_NONE, 0), ITSM_E_RANGE);
    cr_assert_eq(itsm_calendar_between(&s, c, INT64_MIN + 1, 0), ITSM_E_RANGE);
    cr_assert_eq(itsm_calendar_between(&s, c, -INT64_C(9000000000000000000), INT64_C(9000000000000000000)),
                 ITSM_E_RANGE);
    cr_assert_eq(itsm_calendar_between(&s, office, -INT64_C(9000000000000000000), INT64_C(9000000000000000000)),
                 ITSM_OK);
    cr_assert_eq(itsm_calendar_add(&t, office, -INT64_C(9000000000000000000), s, 0), ITSM_OK);
    cr_assert_eq(itsm_calendar_next_open(&t, office, INT64_MAX), ITSM_E_RANGE);
    itsm_calendar_free(c), itsm_calendar_free(office);
}

Test(calendar, misuse_is_told)
{
    itsm_calendar *c = load(OFFICE "}");
    itsm_time t;
    itsm_span s;
    cr_assert_eq(itsm_calendar_add(NULL, c, 0, 0, 0), ITSM_E_MISUSE);
    cr_assert_eq(itsm_calendar_add(&t, NULL, 0, 0, 0), ITSM_E_MISUSE);
    cr_assert_eq(itsm_calendar_add(&t, c, 0, 0, 2), ITSM_E_MISUSE);
    cr_assert_eq(itsm_calendar_between(&s, NULL, 0, 0), ITSM_E_MISUSE);
    cr_assert_eq(itsm_calendar_next_close(NULL, c, 0), ITSM_E_MISUSE);
    cr_assert_eq(itsm_calendar_load(NULL, ctx, ITSM_STR("{}")), ITSM_E_MISUSE);
    cr_assert_eq(itsm_calendar_encode(NULL, c), ITSM_E_MISUSE);
    cr_assert_eq(itsm_calendar_explain(c, 0, 1, NULL, NULL), ITSM_E_MISUSE);
    cr_assert_eq(itsm_calendar_is_open(NULL, 0), 0);
    itsm_calendar_free(NULL), itsm_calendar_builder_free(NULL);
    cr_assert_null(itsm_calendar_ref(NULL));
    itsm_calendar *share = itsm_calendar_ref(c);
    itsm_calendar_free(c);
    cr_assert(itsm_calendar_is_open(share, at("2026-03-27T09:00:00Z")), "a share keeps it");
    assert_text(itsm_zone_name(itsm_calendar_zone(share)), "UTC");
    itsm_calendar_free(share);
}

/* Arrays ---------------------------------------------------------------------------------------------------------- */

Test(calendar, arrays_give_what_single_calls_give)
{
    itsm_calendar *c = load(OFFICE "}");
    enum { N = 500 };
    itsm_time a[N], b[N], got[N], one;
    uint8_t open[N];
    for (int i = 0; i < N; i++) a[i] = at("2026-03-27T00:00:00Z") + i * ITSM_MINUTES(37), b[i] = a[N - 1 - i];
    for (int i = 0; i < N; i++) b[i] = at("2026-03-27T00:00:00Z") + (N - i) * ITSM_MINUTES(53);
    a[7] = ITSM_TIME_NONE;
    cr_assert_eq(itsm_calendar_between_many(got, c, a, b, N), ITSM_OK);
    cr_assert_eq(got[7], ITSM_SPAN_NONE);
    for (int i = 8; i < N; i++) cr_assert(itsm_calendar_between(&one, c, a[i], b[i]) == ITSM_OK && one == got[i]);
    itsm_span spans[N];
    for (int i = 0; i < N; i++) spans[i] = (i - 250) * ITSM_MINUTES(11);
    cr_assert_eq(itsm_calendar_add_many(got, c, a, spans, N, ITSM_BOUNDARY_OPEN), ITSM_OK);
    cr_assert_eq(got[7], ITSM_TIME_NONE);
    for (int i = 8; i < N; i++) cr_assert(itsm_calendar_add(&one, c, a[i], spans[i], 1) == ITSM_OK && one == got[i]);
    cr_assert_eq(itsm_calendar_is_open_many(open, c, a, N), ITSM_OK);
    for (int i = 0; i < N; i++) cr_assert_eq(open[i], itsm_calendar_is_open(c, a[i]));
    cr_assert_eq(itsm_calendar_next_open_many(got, c, a, N), ITSM_OK);
    for (int i = 8; i < N; i++) cr_assert(itsm_calendar_next_open(&one, c, a[i]) == ITSM_OK && one == got[i]);
    cr_assert_eq(itsm_calendar_next_close_many(got, c, a, N), ITSM_OK);
    for (int i = 8; i < N; i++) cr_assert(itsm_calendar_next_close(&one, c, a[i]) == ITSM_OK && one == got[i]);
    cr_assert_eq(itsm_calendar_prev_open_many(got, c, a, N), ITSM_OK);
    for (int i = 8; i < N; i++) cr_assert(itsm_calendar_prev_open(&one, c, a[i]) == ITSM_OK && one == got[i]);
    cr_assert_eq(itsm_calendar_prev_close_many(a, c, a, N), ITSM_OK, "in place");
    cr_assert_eq(a[7], ITSM_TIME_NONE);
    spans[1] = INT64_MAX;
    a[7] = 0;
    cr_assert_eq(itsm_calendar_add_many(got, c, a, spans, N, 0), ITSM_E_RANGE, "one has no answer, the others have");
    cr_assert(got[1] == ITSM_TIME_NONE && got[0] != ITSM_TIME_NONE && got[2] != ITSM_TIME_NONE);
    cr_assert_eq(itsm_calendar_add_many(NULL, c, a, spans, N, 0), ITSM_E_MISUSE);
    cr_assert_eq(itsm_calendar_add_many(NULL, c, NULL, NULL, 0, 0), ITSM_OK);
    itsm_calendar_free(c);
}

/* Explanations ---------------------------------------------------------------------------------------------------- */

struct rows {
    itsm_calendar_row row[16];
    int n;
};

static itsm_status keep_row(void *user, const itsm_calendar_row *row)
{
    struct rows *rows = user;
    cr_assert_lt(rows->n, 16);
    rows->row[rows->n++] = *row;
    return ITSM_OK;
}

static itsm_status stop_here(void *user, const itsm_calendar_row *row)
{
    (void)user, (void)row;
    return ITSM_E_HOST_FIRST;
}

Test(calendar, an_explanation_names_what_counts_and_what_does_not)
{
    itsm_calendar *c = load(OFFICE ",\"holidays\":[{\"date\":\"2026-03-31\",\"name\":\"Founding day\"}],"
                                   "\"overrides\":{\"2026-04-01\":[[\"10:00\",\"24:00\"]]},"
                                   "\"breaks\":{\"2026-03-30\":[[\"12:00\",\"13:00\"]]}}");
    static const int32_t wanted[] = {ITSM_WHY_WEEKDAY, ITSM_WHY_OUTSIDE,  ITSM_WHY_WEEKLY,
                                     ITSM_WHY_BREAK,   ITSM_WHY_WEEKLY,   ITSM_WHY_OUTSIDE,
                                     ITSM_WHY_HOLIDAY, ITSM_WHY_REPLACED, ITSM_WHY_OVERRIDE};
    struct rows rows = {.n = 0};
    itsm_span sum = 0;
    cr_assert_eq(itsm_calendar_explain(c, at("2026-03-29T12:00:00Z"), at("2026-04-02T00:00:00Z"), keep_row, &rows),
                 ITSM_OK);
    cr_assert_eq(rows.n, 9);
    for (int i = 0; i < rows.n; i++) {
        cr_assert_eq(rows.row[i].why, wanted[i], "row %d: %s", i, itsm_why_text(rows.row[i].why));
        sum += rows.row[i].counted;
    }
    assert_text(rows.row[6].name, "Founding day");
    cr_assert_eq(sum, between(c, "2026-03-29T12:00:00Z", "2026-04-02T00:00:00Z"));
    rows.n = 0;
    cr_assert_eq(itsm_calendar_explain(c, at("2026-03-30T14:00:00Z"), at("2026-03-30T11:00:00Z"), keep_row, &rows),
                 ITSM_OK);
    cr_assert_eq(rows.row[0].counted, ITSM_HOURS(-1), "measured back");
    cr_assert_eq(itsm_calendar_explain(c, 0, 5, stop_here, NULL), ITSM_E_HOST_FIRST);
    cr_assert_eq(itsm_calendar_explain(c, ITSM_TIME_NONE, 5, stop_here, NULL), ITSM_E_RANGE);
    itsm_calendar_free(c);
}

Test(calendar, an_explanation_tells_whose_night_shift_it_is)
{
    itsm_calendar *c = load(NIGHT("Europe/Brussels") ",\"holidays\":[\"2026-03-31\"]}");
    struct rows rows = {.n = 0};
    cr_assert_eq(
        itsm_calendar_explain(c, at("2026-03-30T22:00:00+02:00"), at("2026-04-01T06:00:00+02:00"), keep_row, &rows),
        ITSM_OK);
    cr_assert(rows.row[0].why == ITSM_WHY_WEEKLY && rows.row[0].counted == ITSM_HOURS(2));
    cr_assert_eq(rows.row[1].why, ITSM_WHY_HOLIDAY, "all of the holiday is one row");
    const itsm_calendar_row *last = &rows.row[rows.n - 1];
    cr_assert(last->why == ITSM_WHY_WEEKLY && last->shift == last->date - 1, "the shift that began on the holiday");
    cr_assert_eq(last->local_from % ITSM_DAYS(1), 0, "rows lie within a local date");
    itsm_calendar_free(c);
}

/* Definitions ----------------------------------------------------------------------------------------------------- */

static void refuse(const char *json, itsm_status wanted, const char *message)
{
    itsm_calendar *c = (itsm_calendar *)ctx;
    const itsm_status rc = itsm_calendar_load(&c, ctx, itsm_str_c(json));
    cr_assert_eq(rc, wanted, "%s: %d", json, rc);
    cr_assert_null(c);
    cr_assert_gt(itsm_ctx_issue_count(ctx), 0, "%s", json);
    const itsm_issue *issue = itsm_ctx_issue(ctx, itsm_ctx_issue_count(ctx) - 1);
    char text[512];
    snprintf(text, sizeof text, "%.*s", ITSM_ARG(issue->message));
    cr_assert(strstr(text, message) != NULL, "%s: %s", json, text);
    cr_assert_gt(issue->line, 0, "has a position");
}

Test(calendar, a_wrong_definition_is_refused_with_its_place)
{
    refuse("{\"tz\":\"UTC\",", ITSM_E_SYNTAX, "");
    refuse("[]", ITSM_E_INVALID, "object");
    refuse("{}", ITSM_E_INVALID, "missing");
    refuse("{\"tz\":\"UTC\",\"holiday\":[]}", ITSM_E_INVALID, "holidays");
    refuse("{\"tz\":\"UTC\",\"weekly\":{\"monday\":[]}}", ITSM_E_INVALID, "mon");
    refuse("{\"tz\":\"UTC\",\"weekly\":{\"mon\":[[\"9:00\",\"17:00\"]]}}", ITSM_E_INVALID, "HH:MM");
    refuse("{\"tz\":\"UTC\",\"weekly\":{\"mon\":[[\"24:00\",\"17:00\"]]}}", ITSM_E_INVALID, "HH:MM");
    refuse("{\"tz\":\"UTC\",\"weekly\":{\"mon\":[[\"09:60\",\"17:00\"]]}}", ITSM_E_INVALID, "HH:MM");
    refuse("{\"tz\":\"UTC\",\"weekly\":{\"mon\":[[\"09:00\",\"24:01\"]]}}", ITSM_E_INVALID, "HH:MM");
    refuse("{\"tz\":\"UTC\",\"weekly\":{\"mon\":[[\"09:00\"]]}}", ITSM_E_INVALID, "interval");
    refuse("{\"tz\":\"UTC\",\"weekly\":{\"mon\":[7]}}", ITSM_E_INVALID, "interval");
    refuse("{\"tz\":\"UTC\",\"weekly\":[]}", ITSM_E_INVALID, "object");
    refuse("{\"tz\":\"UTC\",\"holidays\":[\"2026-02-29\"]}", ITSM_E_INVALID, "date");
    refuse("{\"tz\":\"UTC\",\"holidays\":[{\"name\":\"x\"}]}", ITSM_E_INVALID, "missing");
    refuse("{\"tz\":\"UTC\",\"holidays\":[1]}", ITSM_E_INVALID, "holiday");
    refuse("{\"tz\":\"UTC\",\"recurring_holidays\":[\"02-30\"]}", ITSM_E_INVALID, "MM-DD");
    refuse("{\"tz\":\"UTC\",\"recurring_holidays\":[\"13-01\"]}", ITSM_E_INVALID, "MM-DD");
    refuse("{\"tz\":\"UTC\",\"overrides\":{\"x\":[]}}", ITSM_E_INVALID, "date");
    refuse("{\"tz\":\"UTC\",\"breaks\":{\"2026-01-01\":{}}}", ITSM_E_INVALID, "array");
    refuse("{\"tz\":\"UTC\",\"holidays\":[\"+010000-01-01\"]}", ITSM_E_INVALID, "range");
    refuse("{\"tz\":\"Mars/Olympus\"}", ITSM_E_NOT_FOUND, "Mars/Olympus");
    refuse("{\"tz\":7}", ITSM_E_INVALID, "text");
}

Test(calendar, a_definition_is_written_as_it_was_read)
{
    static const char json[] =
        "{\"name\":\"Support\",\"tz\":\"Europe/Brussels\",\"weekly\":{\"mon\":[[\"09:00\",\"17:00:30\"],[\"22:00\",\"06:00\"]],"
        "\"sun\":[[\"00:00\",\"24:00\"]]},\"holidays\":[\"2026-01-01\",{\"date\":\"2026-04-03\",\"name\":\"Good Friday\"}],"
        "\"recurring_holidays\":[{\"date\":\"05-01\",\"name\":\"Labour Day\"},\"12-25\"],"
        "\"overrides\":{\"2026-12-24\":[[\"09:00\",\"12:00\"],[\"13:00\",\"14:00\"]],\"2026-12-31\":[]},"
        "\"breaks\":{\"2026-06-01\":[[\"12:00\",\"13:00\"]]}}";
    itsm_calendar *c = load(json);
    itsm_buf text = counting_buf(&counting);
    cr_assert_eq(itsm_calendar_encode(&text, c), ITSM_OK);
    assert_text(itsm_buf_str(&text), json);
    assert_text(itsm_calendar_name(c), "Support");
    itsm_buf_clear(&text);
    itsm_calendar_free(c);
}

Test(calendar, a_builder_can_be_frozen_again_after_more_was_added)
{
    itsm_zone *zone;
    itsm_calendar_builder *b;
    itsm_calendar *first, *second;
    const itsm_hours office = {9 * 3600, 17 * 3600}, wrong = {-1, 17 * 3600};
    cr_assert_eq(itsm_zone_fixed(&zone, ctx, 0), ITSM_OK);
    cr_assert_eq(itsm_calendar_builder_new(&b, ctx, zone), ITSM_OK);
    itsm_zone_free(zone);
    cr_assert_eq(itsm_calendar_builder_add_weekly(b, 0, office), ITSM_OK);
    cr_assert_eq(itsm_calendar_builder_freeze(&first, b), ITSM_OK);
    cr_assert_eq(itsm_calendar_builder_add_weekly(b, 7, office), ITSM_E_INVALID);
    cr_assert_eq(itsm_calendar_builder_add_weekly(b, 1, wrong), ITSM_E_INVALID);
    cr_assert_eq(itsm_calendar_builder_add_break(b, INT64_MAX, office), ITSM_E_INVALID);
    cr_assert_eq(itsm_calendar_builder_add_override(b, 0, NULL, 1), ITSM_E_MISUSE);
    cr_assert_eq(itsm_calendar_builder_add_recurring_holiday(b, 4, 31, ITSM_STR("")), ITSM_E_INVALID);
    cr_assert_eq(itsm_calendar_builder_add_weekly(b, 1, office), ITSM_OK);
    cr_assert_eq(itsm_calendar_builder_add_holiday(b, 20542, ITSM_STR("kept")), ITSM_OK); /* Monday 2026-03-30 */
    cr_assert_eq(itsm_calendar_builder_add_holiday(b, 20542, ITSM_STR("dropped")), ITSM_OK);
    cr_assert_eq(itsm_calendar_builder_freeze(&second, b), ITSM_OK);
    itsm_calendar_builder_free(b);
    cr_assert_eq(between(first, "2026-03-30T00:00:00Z", "2026-04-01T00:00:00Z"), ITSM_HOURS(8));
    cr_assert_eq(between(second, "2026-03-30T00:00:00Z", "2026-04-01T00:00:00Z"), ITSM_HOURS(8));
    struct rows rows = {.n = 0};
    cr_assert_eq(itsm_calendar_explain(second, at("2026-03-30T00:00:00Z"), at("2026-03-31T00:00:00Z"), keep_row, &rows),
                 ITSM_OK);
    assert_text(rows.row[0].name, "kept");
    itsm_calendar_free(first), itsm_calendar_free(second);
}

Test(calendar, every_allocation_may_fail)
{
    static const char json[] =
        OFFICE ",\"name\":\"n\",\"holidays\":[{\"date\":\"2026-03-31\",\"name\":\"h\"}],"
               "\"recurring_holidays\":[\"12-25\"],\"overrides\":{\"2026-04-01\":[[\"10:00\",\"24:00\"]]},"
               "\"breaks\":{\"2026-03-30\":[[\"12:00\",\"13:00\"]]}}";
    const size_t before = counting.outstanding;
    size_t sites = 0;
    for (size_t n = 1;; n++) {
        itsm_calendar *c;
        itsm_buf text = counting_buf(&counting);
        counting_fail(&counting, n);
        itsm_status rc = itsm_calendar_load(&c, ctx, itsm_str_c(json));
        if (!rc) rc = itsm_calendar_encode(&text, c);
        const int failed = counting_stop(&counting);
        itsm_buf_clear(&text);
        itsm_calendar_free(c);
        if (!failed) {
            cr_assert_eq(rc, ITSM_OK);
            break;
        }
        cr_assert_eq(rc, ITSM_E_NOMEM, "allocation %zu: %d", n, rc);
        sites++;
    }
    printf("calendar: %zu allocations failed once each\n", sites);
    cr_assert_gt(sites, 20);
    cr_assert_geq(counting.outstanding, before, "the context may keep memory for its issues");
}
