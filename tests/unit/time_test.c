/* SPDX-License-Identifier: MIT */
/* Dates, instants, lengths of time and patterns: what is read, what is written, and what is refused. */
#include <itsm/time.h>

#include "tzif.h"

/* Civil dates ----------------------------------------------------------------------------------------------------- */

Test(civil, days_are_counted_one_by_one_for_a_thousand_years)
{
    static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int64_t expected = 0, days;
    cr_assert(itsm_date_from_civil(&expected, -500, 1, 1) == ITSM_OK);
    int weekday = itsm_date_weekday(expected);
    for (int year = -500; year < 2500; year++)
        for (int month = 1; month <= 12; month++) {
            int leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
            int length = lengths[month - 1] + (month == 2 && leap);
            cr_assert_eq(itsm_month_days(year, month), length);
            for (int day = 1; day <= length; day++, expected++, weekday = (weekday + 1) % 7) {
                itsm_civil c;
                cr_assert(itsm_date_from_civil(&days, year, month, day) == ITSM_OK && days == expected);
                cr_assert(itsm_civil_from_date(&c, days) == ITSM_OK);
                cr_assert(c.year == year && c.month == month && c.day == day && c.hour == 0);
                cr_assert_eq(itsm_date_weekday(days), weekday);
            }
        }
}

Test(civil, the_epoch_is_day_zero_and_a_thursday)
{
    int64_t days = 1;
    cr_assert(itsm_date_from_civil(&days, 1970, 1, 1) == ITSM_OK);
    cr_assert_eq(days, 0);
    cr_assert_eq(itsm_date_weekday(0), 3);
    cr_assert_eq(itsm_date_weekday(-4), 6);
    cr_assert_eq(itsm_date_weekday(INT64_MIN), (int)((INT64_MIN % 7 + 10) % 7));
}

Test(civil, dates_that_do_not_exist_are_out_of_range)
{
    static const int32_t bad[][3] = {{2015, 2, 29}, {1900, 2, 29}, {2016, 2, 30}, {2016, 0, 1},    {2016, 13, 1},
                                     {2016, 4, 31}, {2016, 1, 0},  {2016, 1, -1}, {1000000, 1, 1}, {-1000000, 12, 31}};
    int64_t days = 77;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        cr_assert_eq(itsm_date_from_civil(&days, bad[i][0], bad[i][1], bad[i][2]), ITSM_E_RANGE);
    cr_assert_eq(days, 77);
    cr_assert_eq(itsm_month_days(2016, 0), 0);
    cr_assert_eq(itsm_month_days(2016, 13), 0);
    itsm_civil c;
    cr_assert_eq(itsm_civil_from_date(&c, INT64_MAX), ITSM_E_RANGE);
    cr_assert_eq(itsm_civil_from_date(&c, INT64_MIN), ITSM_E_RANGE);
    cr_assert_eq(itsm_civil_from_local(&c, ITSM_TIME_NONE), ITSM_E_RANGE);
    cr_assert_eq(itsm_date_from_civil(NULL, 2016, 1, 1), ITSM_E_MISUSE);
    cr_assert_eq(itsm_civil_from_date(NULL, 0), ITSM_E_MISUSE);
}

Test(civil, the_years_999999_are_the_last)
{
    int64_t days;
    itsm_civil c;
    cr_assert(itsm_date_from_civil(&days, 999999, 12, 31) == ITSM_OK);
    cr_assert(itsm_civil_from_date(&c, days) == ITSM_OK && c.year == 999999 && c.day == 31);
    cr_assert_eq(itsm_civil_from_date(&c, days + 1), ITSM_E_RANGE);
    cr_assert(itsm_date_from_civil(&days, -999999, 1, 1) == ITSM_OK);
    cr_assert(itsm_civil_from_date(&c, days) == ITSM_OK && c.year == -999999 && c.month == 1);
    cr_assert_eq(itsm_civil_from_date(&c, days - 1), ITSM_E_RANGE);
}

Test(civil, every_wall_clock_comes_back)
{
    static const int64_t walls[] = {0, -1, 1, INT64_MAX, INT64_MIN + 1, INT64_C(-62167219200000000), 86399999999};
    for (size_t i = 0; i < sizeof walls / sizeof walls[0]; i++) {
        itsm_civil c;
        int64_t back;
        cr_assert(itsm_civil_from_local(&c, walls[i]) == ITSM_OK);
        cr_assert(itsm_local_from_civil(&back, &c) == ITSM_OK);
        cr_assert_eq(back, walls[i]);
    }
    itsm_civil late = {294247, 1, 10, 4, 0, 54, 775808};
    int64_t w = 5;
    cr_assert_eq(itsm_local_from_civil(&w, &late), ITSM_E_RANGE);
    itsm_civil none = {-290308, 12, 21, 19, 59, 5, 224192}; /* would be ITSM_TIME_NONE */
    cr_assert_eq(itsm_local_from_civil(&w, &none), ITSM_E_RANGE);
    itsm_civil bad[] = {{2016, 1, 1, 24, 0, 0, 0}, {2016, 1, 1, 0, 60, 0, 0},     {2016, 1, 1, 0, 0, 60, 0},
                        {2016, 1, 1, 0, 0, 0, -1}, {2016, 1, 1, -1, 0, 0, 0},     {2016, 1, 1, 0, -1, 0, 0},
                        {2016, 1, 1, 0, 0, -1, 0}, {2016, 1, 1, 0, 0, 0, 1000000}};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        cr_assert_eq(itsm_local_from_civil(&w, &bad[i]), ITSM_E_RANGE);
    cr_assert_eq(w, 5);
}

/* Instants as text ------------------------------------------------------------------------------------------------ */

static const struct {
    const char *text, *written;
} good_times[] = {
    {"2026-03-27T14:00:00+01:00", "2026-03-27T13:00:00Z"},
    {"2026-03-27t14:00:00z", "2026-03-27T14:00:00Z"},
    {"2026-03-27 14:00:00-00:00", "2026-03-27T14:00:00Z"},
    {"2016-03-01T01:16Z", "2016-03-01T01:16:00Z"},
    {"2016-03-01T01:16+05:30", "2016-02-29T19:46:00Z"},
    {"2026-03-27T14:00:00.5Z", "2026-03-27T14:00:00.500000Z"},
    {"2026-03-27T14:00:00,000001Z", "2026-03-27T14:00:00.000001Z"},
    {"2026-03-27T14:00:00.123456000Z", "2026-03-27T14:00:00.123456Z"},
    {"2026-03-27T14:00:00.000+0000", "2026-03-27T14:00:00Z"},
    {"2026-03-27T14:00:00+01", "2026-03-27T13:00:00Z"},
    {"1890-01-01T00:00:00+00:53:28", "1889-12-31T23:06:32Z"},
    {"1969-12-31T23:59:59.999999Z", "1969-12-31T23:59:59.999999Z"},
    {"0000-01-01T00:00:00Z", "0000-01-01T00:00:00Z"},
    {"-000001-12-31T23:59:59Z", "-000001-12-31T23:59:59Z"},
    {"9999-12-31T23:59:59Z", "9999-12-31T23:59:59Z"},
    {"+010000-01-01T00:00:00Z", "+010000-01-01T00:00:00Z"},
    {"+294247-01-10T04:00:54.775807Z", "+294247-01-10T04:00:54.775807Z"},
    {"-290308-12-21T19:59:05.224193Z", "-290308-12-21T19:59:05.224193Z"},
};

Test(text, instants_are_read_and_written)
{
    for (size_t i = 0; i < sizeof good_times / sizeof good_times[0]; i++)
        assert_instant(instant(good_times[i].text), good_times[i].written);
    char text[ITSM_TIME_MAX];
    cr_assert_str_eq(itsm_time_text(text, ITSM_TIME_NONE), "-");
}

static const struct {
    const char *text;
    itsm_status status;
} bad_times[] = {
    {"", ITSM_E_SYNTAX},
    {"-", ITSM_E_SYNTAX},
    {"2026-03-27T14:00:00", ITSM_E_SYNTAX}, /* naive */
    {"2026-03-27", ITSM_E_SYNTAX},
    {"2026-03-27T14Z", ITSM_E_SYNTAX},
    {"2026-3-27T14:00:00Z", ITSM_E_SYNTAX},
    {"26-03-27T14:00:00Z", ITSM_E_SYNTAX},
    {"2026-03-27T14:00:00Zx", ITSM_E_SYNTAX},
    {" 2026-03-27T14:00:00Z", ITSM_E_SYNTAX},
    {"2026-03-27T14:00:00.Z", ITSM_E_SYNTAX},
    {"2026-03-27T14:00:0Z", ITSM_E_SYNTAX},
    {"2026-03-27T14:00:00+1", ITSM_E_SYNTAX},
    {"2026-03-27T14:00:00+01:", ITSM_E_SYNTAX},
    {"2026-03-27T14:00:00+01:0", ITSM_E_SYNTAX},
    {"2026-03-27T14:00:00+010", ITSM_E_SYNTAX},
    {"2026-03-27_14:00:00Z", ITSM_E_SYNTAX},
    {"2026/03/27T14:00:00Z", ITSM_E_SYNTAX},
    {"+2026-03-27T14:00:00Z", ITSM_E_SYNTAX},
    {"-000000-01-01T00:00:00Z", ITSM_E_SYNTAX},
    {"2026-02-31T99:00:00", ITSM_E_SYNTAX}, /* malformed comes before impossible */
    {"2026-02-29T14:00:00Z", ITSM_E_RANGE},
    {"2026-13-01T14:00:00Z", ITSM_E_RANGE},
    {"2026-00-01T14:00:00Z", ITSM_E_RANGE},
    {"2026-03-00T14:00:00Z", ITSM_E_RANGE},
    {"2026-03-27T24:00:00Z", ITSM_E_RANGE},
    {"2026-03-27T14:60:00Z", ITSM_E_RANGE},
    {"2026-03-27T14:00:61Z", ITSM_E_RANGE},
    {"2026-03-27T14:00:00+24:00", ITSM_E_RANGE},
    {"2026-03-27T14:00:00+01:60", ITSM_E_RANGE},
    {"2026-03-27T14:00:00.0000001Z", ITSM_E_RANGE},
    {"+294247-01-10T04:00:54.775808Z", ITSM_E_RANGE},
    {"-290308-12-21T19:59:05.224192Z", ITSM_E_RANGE},
    {"+294247-01-10T04:00:54-01:00", ITSM_E_RANGE},
    {"2016-12-31T23:59:60Z", ITSM_E_UNSUPPORTED},
};

Test(text, bad_instants_are_refused_with_the_right_code)
{
    for (size_t i = 0; i < sizeof bad_times / sizeof bad_times[0]; i++) {
        itsm_time t = 42;
        itsm_status status = itsm_time_decode(&t, itsm_str_c(bad_times[i].text));
        cr_assert(status == bad_times[i].status && t == 42, "%s: %d", bad_times[i].text, status);
    }
    cr_assert_eq(itsm_time_decode(NULL, ITSM_STR("2026-03-27T14:00:00Z")), ITSM_E_MISUSE);
}

Test(text, every_prefix_of_an_instant_is_malformed)
{
    const char *text = "2026-03-27T14:00:00.5+01:00";
    for (size_t n = 0; n < strlen(text); n++) {
        itsm_time t = 42;
        int whole = n == 24;            /* +01 is an offset */
        char *copy = malloc(n ? n : 1); /* so that a byte read too far is found */
        memcpy(copy, text, n);
        cr_assert_eq(itsm_time_decode(&t, itsm_str_n(copy, n)), whole ? ITSM_OK : ITSM_E_SYNTAX, "%zu", n);
        free(copy);
    }
}

Test(text, a_wall_clock_has_no_offset)
{
    int64_t w = 42;
    cr_assert_eq(itsm_local_decode(&w, ITSM_STR("2026-03-27T14:00:00Z")), ITSM_E_SYNTAX);
    cr_assert_eq(itsm_local_decode(&w, ITSM_STR("2026-03-27T25:00:00")), ITSM_E_RANGE);
    cr_assert_eq(itsm_local_decode(&w, ITSM_STR("")), ITSM_E_SYNTAX);
    cr_assert_eq(itsm_local_decode(&w, ITSM_STR("2016-12-31T23:59:60")), ITSM_E_UNSUPPORTED);
    cr_assert_eq(w, 42);
    cr_assert_eq(wall("1970-01-02T00:00"), ITSM_DAYS(1));
    cr_assert_eq(wall("1970-01-01 00:00:00.000001"), 1);
}

Test(text, dates_are_read_and_written)
{
    int64_t days = 42;
    char text[ITSM_DATE_MAX];
    cr_assert(itsm_date_decode(&days, ITSM_STR("2026-04-03")) == ITSM_OK);
    cr_assert_eq(days, 20546);
    cr_assert_str_eq(itsm_date_text(text, days), "2026-04-03");
    cr_assert_str_eq(itsm_date_text(text, -800000), "-000221-09-04");
    cr_assert_str_eq(itsm_date_text(text, INT64_MAX), "-");
    cr_assert_eq(itsm_date_decode(&days, ITSM_STR("2026-04-31")), ITSM_E_RANGE);
    cr_assert_eq(itsm_date_decode(&days, ITSM_STR("2026-04-3")), ITSM_E_SYNTAX);
    cr_assert_eq(itsm_date_decode(&days, ITSM_STR("2026-04-03T")), ITSM_E_SYNTAX);
    cr_assert_eq(itsm_date_decode(&days, ITSM_STR("")), ITSM_E_SYNTAX);
    cr_assert_eq(days, 20546);
}

Test(text, instants_are_written_as_a_zone_shows_them)
{
    struct counting counting = COUNTING_INIT;
    itsm_buf buf = counting_buf(&counting);
    struct tzif z = berlin();
    itsm_zone *zone = make_zone(&z);
    itsm_time t = instant("2026-03-30T09:00:00Z");
    cr_assert(itsm_time_encode(&buf, t, zone, 0) == ITSM_OK && itsm_buf_add(&buf, "|", 1) == ITSM_OK);
    cr_assert(itsm_time_encode(&buf, t, NULL, ITSM_TIME_FRACTION) == ITSM_OK && itsm_buf_add(&buf, "|", 1) == ITSM_OK);
    cr_assert(itsm_time_encode(&buf, t + 1, zone, ITSM_TIME_NAIVE | ITSM_TIME_SPACE) == ITSM_OK);
    cr_assert(itsm_buf_add(&buf, "|", 1) == ITSM_OK && itsm_time_encode(&buf, ITSM_TIME_NONE, zone, 0) == ITSM_OK);
    cr_assert(itsm_buf_add(&buf, "|", 1) == ITSM_OK && itsm_local_encode(&buf, 1, 0) == ITSM_OK);
    cr_assert(itsm_buf_add(&buf, "|", 1) == ITSM_OK && itsm_local_encode(&buf, ITSM_TIME_NONE, 0) == ITSM_OK);
    assert_text(itsm_buf_str(&buf), "2026-03-30T11:00:00+02:00|2026-03-30T09:00:00.000000Z|2026-03-30 "
                                    "11:00:00.000001|-|1970-01-01T00:00:00.000001|-");
    itsm_buf_clear(&buf);
    cr_assert_eq(itsm_time_encode(&buf, INT64_MAX, zone, 0), ITSM_E_RANGE);
    counting_fail(&counting, 1);
    cr_assert_eq(itsm_time_encode(&buf, t, zone, 0), ITSM_E_NOMEM);
    cr_assert_eq(buf.n, 0);
    counting_stop(&counting);
    cr_assert_eq(itsm_time_encode(NULL, t, zone, 0), ITSM_E_MISUSE);
    itsm_buf_clear(&buf), itsm_zone_free(zone);
    assert_nothing_outstanding(counting);
}

/* Lengths of time ------------------------------------------------------------------------------------------------- */

static const struct {
    const char *text;
    itsm_span span;
    const char *written;
} good_spans[] = {
    {"P5D", ITSM_DAYS(5), "P5D"},
    {"PT4H", ITSM_HOURS(4), "PT4H"},
    {"PT90M", ITSM_MINUTES(90), "PT1H30M"},
    {"P2W", ITSM_DAYS(14), "P14D"},
    {"P1DT2H3M4.5S", ITSM_DAYS(1) + ITSM_HOURS(2) + ITSM_MINUTES(3) + 4500000, "P1DT2H3M4.5S"},
    {"PT0S", 0, "PT0S"},
    {"P0D", 0, "PT0S"},
    {"-PT0,000001S", -1, "-PT0.000001S"},
    {"PT1.5000000S", 1500000, "PT1.5S"},
    {"PT24H", ITSM_DAYS(1), "P1D"},
    {"P106751991DT4H54.775807S", INT64_MAX, "P106751991DT4H54.775807S"},
    {"-P106751991DT4H54.775807S", -INT64_MAX, "-P106751991DT4H54.775807S"},
};

Test(text, spans_are_read_and_written)
{
    char text[ITSM_SPAN_MAX];
    for (size_t i = 0; i < sizeof good_spans / sizeof good_spans[0]; i++) {
        itsm_span span = 42;
        cr_assert(itsm_span_decode(&span, itsm_str_c(good_spans[i].text)) == ITSM_OK, "%s", good_spans[i].text);
        cr_assert_eq(span, good_spans[i].span, "%s", good_spans[i].text);
        cr_assert_str_eq(itsm_span_text(text, span), good_spans[i].written);
    }
    cr_assert_str_eq(itsm_span_text(text, ITSM_SPAN_NONE), "-");
}

static const struct {
    const char *text;
    itsm_status status;
} bad_spans[] = {
    {"", ITSM_E_SYNTAX},
    {"P", ITSM_E_SYNTAX},
    {"PT", ITSM_E_SYNTAX},
    {"5D", ITSM_E_SYNTAX},
    {"P5", ITSM_E_SYNTAX},
    {"P5H", ITSM_E_SYNTAX},
    {"PT5D", ITSM_E_SYNTAX},
    {"P1DT", ITSM_E_SYNTAX},
    {"PT1M1H", ITSM_E_SYNTAX},
    {"PT1H1H", ITSM_E_SYNTAX},
    {"P1W1D", ITSM_E_SYNTAX},
    {"P1WT1H", ITSM_E_SYNTAX},
    {"P1D1W", ITSM_E_SYNTAX},
    {"P1Y1W", ITSM_E_SYNTAX},
    {"PT1.5H", ITSM_E_SYNTAX},
    {"PT1.S", ITSM_E_SYNTAX},
    {"+P1D", ITSM_E_SYNTAX},
    {"P-1D", ITSM_E_SYNTAX},
    {"p1d", ITSM_E_SYNTAX},
    {"P1D ", ITSM_E_SYNTAX},
    {"PTS", ITSM_E_SYNTAX},
    {"P1Y", ITSM_E_INVALID},
    {"P1M", ITSM_E_INVALID},
    {"P1Y2M3DT4H", ITSM_E_INVALID},
    {"P106751992D", ITSM_E_RANGE},
    {"PT9223372036854.775808S", ITSM_E_RANGE},
    {"P99999999999999999999D", ITSM_E_RANGE},
    {"PT0.0000001S", ITSM_E_RANGE},
};

Test(text, bad_spans_are_refused_with_the_right_code)
{
    for (size_t i = 0; i < sizeof bad_spans / sizeof bad_spans[0]; i++) {
        itsm_span span = 42;
        itsm_status status = itsm_span_decode(&span, itsm_str_c(bad_spans[i].text));
        cr_assert(status == bad_spans[i].status && span == 42, "%s: %d", bad_spans[i].text, status);
    }
    cr_assert_eq(itsm_span_decode(NULL, ITSM_STR("P1D")), ITSM_E_MISUSE);
}

/* Patterns -------------------------------------------------------------------------------------------------------- */

static const struct {
    const char *pattern, *text, *wanted;
    int32_t offset;
} good_patterns[] = {
    {"%d/%m/%Y %H:%M", "29/2/2016 01:16", "2016-02-29T01:16:00", ITSM_OFFSET_NONE},
    {"%d/%m/%Y %H:%M", "9/12/2016 1:6", "2016-12-09T01:06:00", ITSM_OFFSET_NONE},
    {"%Y%m%d%H%M%S", "20160301011659", "2016-03-01T01:16:59", ITSM_OFFSET_NONE},
    {"%Y-%m-%dT%H:%M:%S.%f%z", "2016-03-01T01:16:59.25+0530", "2016-03-01T01:16:59.250000", 19800},
    {"%b %d, %y %I:%M %p", "Mar 1, 68 12:05 AM", "2068-03-01T00:05:00", ITSM_OFFSET_NONE},
    {"%p %I:%M %b %d %y", "pm 12:05 dec 31 69", "1969-12-31T12:05:00", ITSM_OFFSET_NONE},
    {"%d.%m.%Y%%%z", "1.2.2016%Z", "2016-02-01T00:00:00", 0},
    {"%d\t%m\n%Y", "1\t2\n2016", "2016-02-01T00:00:00", ITSM_OFFSET_NONE},
    {"%Y\xe5\xb9\xb4%m\xe6\x9c\x88%d",
     "2016\xe5\xb9\xb4"
     "3\xe6\x9c\x88"
     "1",
     "2016-03-01T00:00:00", ITSM_OFFSET_NONE},
};

Test(pattern, reads_what_logs_write)
{
    for (size_t i = 0; i < sizeof good_patterns / sizeof good_patterns[0]; i++) {
        itsm_time_pattern pattern;
        int64_t w = 42;
        int32_t offset = 42;
        cr_assert(itsm_time_pattern_init(&pattern, NULL, itsm_str_c(good_patterns[i].pattern)) == ITSM_OK);
        itsm_status status = itsm_time_pattern_read(&w, &offset, &pattern, itsm_str_c(good_patterns[i].text));
        cr_assert(status == ITSM_OK, "%s: %d", good_patterns[i].text, status);
        cr_assert(w == wall(good_patterns[i].wanted) && offset == good_patterns[i].offset, "%s", good_patterns[i].text);
        cr_assert(itsm_time_pattern_read(&w, NULL, &pattern, itsm_str_c(good_patterns[i].text)) == ITSM_OK);
    }
}

static const struct {
    const char *pattern, *text;
    itsm_status status;
} bad_reads[] = {
    {"%d/%m/%Y %H:%M", "31/2/2016 01:16", ITSM_E_RANGE},
    {"%d/%m/%Y %H:%M", "1/13/2016 01:16", ITSM_E_RANGE},
    {"%d/%m/%Y %H:%M", "1/2/2016 24:00", ITSM_E_RANGE},
    {"%d/%m/%Y %H:%M", "1/2/2016 23:60", ITSM_E_RANGE},
    {"%d/%m/%Y %H:%M", "1/2/2016", ITSM_E_SYNTAX},
    {"%d/%m/%Y %H:%M", "1/2/2016 1:2 ", ITSM_E_SYNTAX},
    {"%d/%m/%Y %H:%M", "1/2/2016  1:2", ITSM_E_SYNTAX},
    {"%d/%m/%Y %H:%M", "1/2/16 1:2", ITSM_E_SYNTAX},
    {"%d/%m/%Y %H:%M", "?", ITSM_E_SYNTAX},
    {"%d/%m/%Y %H:%M", "", ITSM_E_SYNTAX},
    {"%d/%m/%Y", "001/2/2016", ITSM_E_SYNTAX},
    {"%d/%m/%y", "1/2/6", ITSM_E_SYNTAX},
    {"%d %b %Y", "1 Foo 2016", ITSM_E_SYNTAX},
    {"%d %b %Y", "1 Fe", ITSM_E_SYNTAX},
    {"%Y%m%d %I %p", "20160301 13 PM", ITSM_E_RANGE},
    {"%Y%m%d %I %p", "20160301 0 PM", ITSM_E_RANGE},
    {"%Y%m%d %I %p", "20160301 1 XM", ITSM_E_SYNTAX},
    {"%Y%m%d %I %p", "20160301 1 P", ITSM_E_SYNTAX},
    {"%Y%m%d %z", "20160301 +2500", ITSM_E_RANGE},
    {"%Y%m%d %z", "20160301 CET", ITSM_E_SYNTAX},
    {"%Y%m%d %f", "20160301 ", ITSM_E_SYNTAX},
    {"%Y%m%d %f", "20160301 1234567", ITSM_E_SYNTAX},
    {"%Y%m%d %S", "20160301 60", ITSM_E_UNSUPPORTED},
    {"%Y%m%d %S", "20160301 61", ITSM_E_RANGE},
};

Test(pattern, refuses_what_is_not_of_its_form_or_cannot_be)
{
    for (size_t i = 0; i < sizeof bad_reads / sizeof bad_reads[0]; i++) {
        itsm_time_pattern pattern;
        int64_t w = 42;
        int32_t offset = 43;
        cr_assert(itsm_time_pattern_init(&pattern, NULL, itsm_str_c(bad_reads[i].pattern)) == ITSM_OK);
        itsm_status status = itsm_time_pattern_read(&w, &offset, &pattern, itsm_str_c(bad_reads[i].text));
        cr_assert(status == bad_reads[i].status && w == 42 && offset == 43, "%s: %d", bad_reads[i].text, status);
    }
}

static const struct {
    const char *pattern;
    itsm_status status;
    uint64_t position;
} bad_patterns[] = {
    {"", ITSM_E_INVALID, 0},
    {"%d/%m", ITSM_E_INVALID, 5},
    {"%d/%m/%Y %d", ITSM_E_INVALID, 9},
    {"%y/%m/%Y", ITSM_E_INVALID, 6},
    {"%d/%m/%Y %b", ITSM_E_INVALID, 9},
    {"%d/%m/%Y %I", ITSM_E_INVALID, 11},
    {"%d/%m/%Y %p", ITSM_E_INVALID, 11},
    {"%d/%m/%Y %H %I", ITSM_E_INVALID, 12},
    {"%d/%m/%Y %H %p", ITSM_E_INVALID, 12},
    {"%d/%m/%Y %", ITSM_E_SYNTAX, 9},
    {"%d/%q/%Y", ITSM_E_SYNTAX, 3},
    {"%d/%m/%Y                                                           ", ITSM_E_LIMIT, 65},
};

Test(pattern, bad_patterns_are_refused_with_the_byte)
{
    struct counting counting = COUNTING_INIT;
    itsm_ctx *ctx = counting_ctx(&counting);
    for (size_t i = 0; i < sizeof bad_patterns / sizeof bad_patterns[0]; i++) {
        itsm_time_pattern pattern;
        memset(&pattern, 0, sizeof pattern);
        itsm_status status = itsm_time_pattern_init(&pattern, ctx, itsm_str_c(bad_patterns[i].pattern));
        cr_assert_eq(status, bad_patterns[i].status, "%s: %d", bad_patterns[i].pattern, status);
        const itsm_issue *issue = itsm_ctx_issue(ctx, 0);
        cr_assert(issue && issue->position == bad_patterns[i].position, "%s", bad_patterns[i].pattern);
        int64_t w;
        cr_assert_eq(itsm_time_pattern_read(&w, NULL, &pattern, ITSM_STR("1/2/2016")), ITSM_E_MISUSE);
    }
    itsm_ctx_free(ctx);
    assert_nothing_outstanding(counting);
}
