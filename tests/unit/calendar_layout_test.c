/* SPDX-License-Identifier: MIT */
/* Working time: where the tables of a calendar end, and days that do not fit them as others do. */
#include <itsm/calendar.h>

#include "support.h"
#include "zones.h"

#include <criterion/criterion.h>

static struct counting counting = COUNTING_INIT;
static itsm_ctx *ctx;
static itsm_calendar_builder *builder;

static void begin(void)
{
    itsm_zone *zone;
    ctx = zones_ctx(counting_alloc, &counting);
    cr_assert_eq(itsm_zone_fixed(&zone, ctx, 0), ITSM_OK);
    cr_assert_eq(itsm_calendar_builder_new(&builder, ctx, zone), ITSM_OK);
    itsm_zone_free(zone);
}

static void end(void)
{
    itsm_calendar_builder_free(builder);
    itsm_ctx_free(ctx);
    assert_nothing_outstanding(counting);
}

TestSuite(calendar_layout, .init = begin, .fini = end);

static itsm_calendar *freeze(void)
{
    itsm_calendar *calendar;
    cr_assert_eq(itsm_calendar_builder_freeze(&calendar, builder), ITSM_OK);
    return calendar;
}

static void add_weekly(int first, int last, int32_t from, int32_t to)
{
    const itsm_hours hours = {from, to};
    for (int32_t day = first; day <= last; day++)
        cr_assert_eq(itsm_calendar_builder_add_weekly(builder, day, hours), ITSM_OK);
}

static itsm_time at(const char *text)
{
    itsm_time t;
    cr_assert_eq(itsm_time_decode(&t, itsm_str_c(text)), ITSM_OK, "%s", text);
    return t;
}

static itsm_span between(const itsm_calendar *c, itsm_time a, itsm_time b)
{
    itsm_span span;
    cr_assert_eq(itsm_calendar_between(&span, c, a, b), ITSM_OK);
    return span;
}

static itsm_time add(const itsm_calendar *c, itsm_time start, itsm_span n, int32_t boundary)
{
    itsm_time t;
    cr_assert_eq(itsm_calendar_add(&t, c, start, n, boundary), ITSM_OK);
    return t;
}

typedef itsm_status (*edge_fn)(itsm_time *out, const itsm_calendar *calendar, itsm_time at);

static void expect_edge(edge_fn fn, const itsm_calendar *c, itsm_time from, const char *wanted)
{
    itsm_time t;
    char got[ITSM_TIME_MAX];
    cr_assert_eq(fn(&t, c, from), ITSM_OK);
    cr_assert_eq(t, at(wanted), "%s, not %s", itsm_time_text(got, t), wanted);
}

/* From 2000 to 2049 days stand in one table, other years in sheets. */
static const char *const ends[] = {"2000-01-01T00:00:00Z", "2050-01-01T00:00:00Z"};

Test(calendar_layout, nothing_changes_where_the_table_of_days_ends)
{
    add_weekly(0, 6, 9 * 3600, 17 * 3600);
    itsm_calendar *c = freeze();
    for (int i = 0; i < 2; i++) {
        const itsm_time edge = at(ends[i]);
        for (int64_t h = -60; h <= 60; h++) {
            const itsm_time t = edge + ITSM_HOURS(h);
            const int64_t day = h >= 0 ? h / 24 : -((23 - h) / 24), hour = h - day * 24;
            const int64_t worked = day * 8 + (hour < 9 ? 0 : hour < 17 ? hour - 9 : 8); /* since the edge */
            cr_assert_eq(between(c, edge, t), ITSM_HOURS(worked), "%s %+d h", ends[i], (int)h);
            cr_assert_eq(itsm_calendar_is_open(c, t), hour >= 9 && hour < 17);
            for (int64_t n = -20; n <= 20; n++)
                for (int32_t boundary = 0; boundary < 2; boundary++)
                    cr_assert_eq(between(c, t, add(c, t, ITSM_HOURS(n), boundary)), ITSM_HOURS(n));
        }
    }
    expect_edge(itsm_calendar_next_open, c, at("2049-12-31T17:00:00Z"), "2050-01-01T09:00:00Z");
    expect_edge(itsm_calendar_next_close, c, at("2049-12-31T17:00:00Z"), "2050-01-01T17:00:00Z");
    expect_edge(itsm_calendar_prev_close, c, at("2000-01-01T09:00:00Z"), "1999-12-31T17:00:00Z");
    expect_edge(itsm_calendar_prev_open, c, at("2000-01-01T09:00:00Z"), "1999-12-31T09:00:00Z");
    itsm_calendar_free(c);
}

Test(calendar_layout, a_run_of_open_time_goes_over_the_ends_of_the_table)
{
    add_weekly(0, 6, 0, 86400);
    const int64_t last = at("2050-01-03T00:00:00Z") / ITSM_DAYS(1), first = at("1999-12-29T00:00:00Z") / ITSM_DAYS(1);
    cr_assert_eq(itsm_calendar_builder_add_holiday(builder, last, ITSM_STR("")), ITSM_OK);
    cr_assert_eq(itsm_calendar_builder_add_holiday(builder, first, ITSM_STR("")), ITSM_OK);
    itsm_calendar *c = freeze();
    expect_edge(itsm_calendar_next_close, c, at("2049-12-31T12:00:00Z"), "2050-01-03T00:00:00Z");
    expect_edge(itsm_calendar_next_close, c, at("2001-01-01T00:00:00Z"), "2050-01-03T00:00:00Z");
    expect_edge(itsm_calendar_prev_open, c, at("2000-01-01T00:00:00Z"), "1999-12-30T00:00:00Z");
    expect_edge(itsm_calendar_prev_open, c, at("2000-01-01T12:00:00Z"), "1999-12-30T00:00:00Z");
    expect_edge(itsm_calendar_prev_open, c, at("2049-12-31T00:00:00Z"), "1999-12-30T00:00:00Z");
    itsm_calendar_free(c);
}

Test(calendar_layout, the_first_instant_behind_the_table_is_of_its_own_day)
{
    add_weekly(0, 6, 0, 86400);
    for (int i = 0; i < 2; i++)
        cr_assert_eq(itsm_calendar_builder_add_holiday(builder, at(ends[i]) / ITSM_DAYS(1) - !i, ITSM_STR("")),
                     ITSM_OK);
    itsm_calendar *c = freeze();
    cr_assert(!itsm_calendar_is_open(c, at(ends[1])) && itsm_calendar_is_open(c, at(ends[1]) - 1));
    cr_assert(itsm_calendar_is_open(c, at(ends[0])) && !itsm_calendar_is_open(c, at(ends[0]) - 1));
    itsm_calendar_free(c);
}

Test(calendar_layout, a_run_that_ends_at_midnight_ends_there)
{
    add_weekly(0, 0, 12 * 3600, 86400); /* Monday until midnight; Wednesday all day and into Thursday */
    add_weekly(2, 2, 0, 86400);
    add_weekly(3, 3, 0, 3600);
    itsm_calendar *c = freeze();
    expect_edge(itsm_calendar_next_close, c, at("2026-03-30T13:00:00Z"), "2026-03-31T00:00:00Z");
    expect_edge(itsm_calendar_next_close, c, at("2026-04-01T00:00:00Z"), "2026-04-02T01:00:00Z");
    expect_edge(itsm_calendar_prev_open, c, at("2026-03-31T00:00:00Z"), "2026-03-30T12:00:00Z");
    expect_edge(itsm_calendar_prev_open, c, at("2026-04-02T00:00:00Z"), "2026-04-01T00:00:00Z");
    expect_edge(itsm_calendar_prev_open, c, at("2026-04-02T00:30:00Z"), "2026-04-01T00:00:00Z");
    expect_edge(itsm_calendar_prev_close, c, at("2026-04-01T00:00:00Z"), "2026-03-31T00:00:00Z");
    itsm_calendar_free(c);
}

Test(calendar_layout, a_day_of_many_spans_is_counted_like_one_of_few)
{
    enum { SPANS = 1000 };
    for (int32_t i = 0; i < SPANS; i++) add_weekly(0, 6, i * 80 + 20, i * 80 + 60); /* 40 of every 80 seconds */
    itsm_calendar *c = freeze();
    static const char *const days[] = {"2026-03-30T00:00:00Z", "2050-01-01T00:00:00Z", "-000044-03-15T00:00:00Z"};
    for (int k = 0; k < 3; k++) {
        const itsm_time day = at(days[k]);
        for (int64_t s = 0; s <= 86400; s += 7) {
            const int64_t span = s / 80 < SPANS ? s / 80 : SPANS, rest = s - span * 80;
            const int64_t worked = span * 40 + (span == SPANS || rest < 20 ? 0 : rest < 60 ? rest - 20 : 40);
            const itsm_time t = day + ITSM_SECONDS(s);
            cr_assert_eq(between(c, day, t), ITSM_SECONDS(worked), "%s + %d s", days[k], (int)s);
            if (s < 86400) cr_assert_eq(itsm_calendar_is_open(c, t), span < SPANS && rest >= 20 && rest < 60);
            cr_assert_eq(between(c, day, add(c, day, ITSM_SECONDS(worked) + 1, 0)), ITSM_SECONDS(worked) + 1);
            cr_assert_eq(between(c, t, add(c, t, -ITSM_SECONDS(worked) - 1, 1)), -ITSM_SECONDS(worked) - 1);
        }
    }
    expect_edge(itsm_calendar_next_close, c, at("2026-03-30T00:01:20Z"), "2026-03-30T00:02:20Z");
    expect_edge(itsm_calendar_prev_open, c, at("2026-03-30T00:01:20Z"), "2026-03-30T00:00:20Z");
    expect_edge(itsm_calendar_next_open, c, at("2026-03-30T22:13:00Z"), "2026-03-31T00:00:20Z");
    itsm_calendar_free(c);
}

/* Four spans on one day, one more than a pattern holds itself, and three on the next. */
Test(calendar_layout, the_fourth_span_of_a_day_counts)
{
    for (int32_t i = 0; i < 4; i++) add_weekly(0, 0, i * 7200, i * 7200 + 3600);
    for (int32_t i = 0; i < 3; i++) add_weekly(1, 1, i * 7200, i * 7200 + 3600);
    itsm_calendar *c = freeze();
    const itsm_time monday = at("2026-03-30T00:00:00Z");
    cr_assert_eq(between(c, monday, monday + ITSM_DAYS(7)), ITSM_HOURS(7));
    for (int64_t n = 1; n <= 7; n++) {
        const int64_t hour = n <= 4 ? 2 * n - 1 : 24 + 2 * (n - 4) - 1;
        cr_assert_eq(add(c, monday, ITSM_HOURS(n), ITSM_BOUNDARY_CLOSE), monday + ITSM_HOURS(hour));
        const int64_t next = n < 4 ? 2 * n : n < 7 ? 24 + 2 * (n - 4) : 7 * 24;
        cr_assert_eq(add(c, monday, ITSM_HOURS(n), ITSM_BOUNDARY_OPEN), monday + ITSM_HOURS(next));
    }
    itsm_calendar_free(c);
}

/* More kinds of days than a word has numbers for: each of these dates has hours of its own length. */
Test(calendar_layout, thousands_of_days_that_are_all_different_are_each_their_own)
{
    enum { DAYS = 6000 };
    const int64_t first = at("2044-01-01T00:00:00Z") / ITSM_DAYS(1); /* over the end of the table */
    for (int32_t i = 0; i < DAYS; i++) {
        const itsm_hours hours = {i, 2 * i + 1}; /* open for i + 1 seconds */
        cr_assert_eq(itsm_calendar_builder_add_override(builder, first + i, &hours, 1), ITSM_OK);
    }
    itsm_calendar *c = freeze();
    int64_t sum = 0;
    for (int64_t i = 0; i < DAYS; i++) {
        const itsm_time day = ITSM_DAYS(first + i);
        cr_assert_eq(between(c, ITSM_DAYS(first), day), ITSM_SECONDS(sum));
        cr_assert_eq(between(c, day, day + ITSM_DAYS(1)), ITSM_SECONDS(i + 1), "day %d", (int)i);
        cr_assert_eq(add(c, ITSM_DAYS(first), ITSM_SECONDS(sum) + 1, 0), day + ITSM_SECONDS(i) + 1);
        cr_assert(!itsm_calendar_is_open(c, day + ITSM_SECONDS(2 * i + 1)));
        cr_assert(itsm_calendar_is_open(c, day + ITSM_SECONDS(2 * i)));
        sum += i + 1;
    }
    cr_assert_eq(between(c, at("1900-01-01T00:00:00Z"), at("2900-01-01T00:00:00Z")), ITSM_SECONDS(sum));
    itsm_calendar_free(c);
}

Test(calendar_layout, the_inverses_stand_at_both_ends_of_closed_time_of_any_length)
{
    const itsm_hours hour = {10 * 3600, 11 * 3600};
    static const char *const days[] = {"1980-02-29", "1999-12-31", "2000-01-01", "2000-01-02", "2020-06-01",
                                       "2049-12-30", "2049-12-31", "2050-01-01", "2150-05-05"};
    enum { N = sizeof days / sizeof *days };
    itsm_time open[N];
    for (int i = 0; i < N; i++) {
        int64_t date;
        cr_assert_eq(itsm_date_decode(&date, itsm_str_c(days[i])), ITSM_OK);
        cr_assert_eq(itsm_calendar_builder_add_override(builder, date, &hour, 1), ITSM_OK);
        open[i] = ITSM_DAYS(date) + ITSM_HOURS(10);
    }
    itsm_calendar *c = freeze();
    for (int i = 0; i < N; i++) {
        for (int k = i + 1; k < N; k++) {
            const itsm_span n = ITSM_HOURS(k - i);
            cr_assert_eq(add(c, open[i], n, ITSM_BOUNDARY_CLOSE), open[k - 1] + ITSM_HOURS(1));
            cr_assert_eq(add(c, open[i], n, ITSM_BOUNDARY_OPEN), open[k]);
            cr_assert_eq(add(c, open[k], -n, ITSM_BOUNDARY_CLOSE), open[i]);
            if (i) cr_assert_eq(add(c, open[k], -n, ITSM_BOUNDARY_OPEN), open[i - 1] + ITSM_HOURS(1));
        }
    }
    itsm_calendar_free(c);
}

Test(calendar_layout, ten_to_the_five_overrides_are_compiled_and_answered)
{
    const itsm_hours hours = {9 * 3600, 17 * 3600};
    for (int64_t i = 0; i < 100000; i++)
        cr_assert_eq(itsm_calendar_builder_add_override(builder, i - 30000, &hours, 1), ITSM_OK);
    cr_assert_eq(itsm_calendar_builder_add_override(builder, 99999, &hours, 1), ITSM_E_LIMIT);
    itsm_calendar *c = freeze();
    cr_assert_eq(between(c, ITSM_DAYS(-30001), ITSM_DAYS(80000)), ITSM_HOURS(8) * 100000);
    cr_assert_eq(add(c, ITSM_DAYS(-40000), ITSM_HOURS(8) * 100000, 0), ITSM_DAYS(69999) + ITSM_HOURS(17));
    itsm_time t;
    cr_assert_eq(itsm_calendar_add(&t, c, ITSM_DAYS(-40000), ITSM_HOURS(8) * 100000 + 1, 0), ITSM_E_NO_OPEN_TIME);
    itsm_calendar_free(c);
}

Test(calendar_layout, the_last_and_the_first_instants_are_answered)
{
    add_weekly(0, 6, 0, 86400);
    itsm_calendar *c = freeze();
    const itsm_time first = -INT64_C(106751991) * ITSM_DAYS(1);
    itsm_time t;
    cr_assert_eq(between(c, first, 0), -first);
    cr_assert_eq(between(c, 0, INT64_MAX), INT64_MAX);
    cr_assert_eq(add(c, 0, first, 0), first);
    cr_assert_eq(add(c, INT64_MAX, first, 1), INT64_MAX + first);
    cr_assert_eq(itsm_calendar_add(&t, c, first, -1, 0), ITSM_E_RANGE);
    cr_assert_eq(itsm_calendar_add(&t, c, INT64_MAX, INT64_MAX, 0), ITSM_E_RANGE);
    cr_assert(itsm_calendar_is_open(c, INT64_MAX) && itsm_calendar_is_open(c, first));
    cr_assert(!itsm_calendar_is_open(c, first - 1), "no day begins there");
    itsm_calendar_free(c);
}
