/* SPDX-License-Identifier: MIT */
#include <itsm/time.h>

#include "support.h"

#include <criterion/criterion.h>

/* Helpers --------------------------------------------------------------------------------------------------------- */

static itsm_time instant(const char *text)
{
    itsm_time t = ITSM_TIME_NONE;
    cr_assert(itsm_time_decode(&t, itsm_str_c(text)) == ITSM_OK, "%s is no instant", text);
    return t;
}

static int64_t wall(const char *text)
{
    int64_t w = ITSM_TIME_NONE;
    cr_assert(itsm_local_decode(&w, itsm_str_c(text)) == ITSM_OK, "%s is no wall clock", text);
    return w;
}

static void assert_instant(itsm_time got, const char *wanted)
{
    char text[ITSM_TIME_MAX];
    cr_assert_str_eq(itsm_time_text(text, got), wanted);
}

/* A TZif file in the making: transitions, types, abbreviations, and a footer. */
struct tzif {
    char version;
    int64_t time[8];
    unsigned char index[8];
    unsigned ntimes;
    int32_t offset[4];
    unsigned char dst[4], at[4];
    unsigned ntypes;
    const char *chars; /* with its NULs; `nchars` bytes */
    unsigned nchars;
    const char *footer; /* without the line ends */
    unsigned leaps, isstd, isut;
};

struct bytes {
    unsigned char p[1024];
    size_t n;
};

static void put(struct bytes *out, uint64_t value, int size)
{
    while (size--) out->p[out->n++] = (unsigned char)(value >> (8 * size));
}

static void put_block(struct bytes *out, const struct tzif *z, int size, int empty)
{
    memcpy(out->p + out->n, "TZif", 4), out->n += 4;
    put(out, (unsigned char)z->version, 1);
    memset(out->p + out->n, 0, 15), out->n += 15;
    put(out, empty ? 0 : z->isut, 4), put(out, empty ? 0 : z->isstd, 4), put(out, empty ? 0 : z->leaps, 4);
    put(out, empty ? 0 : z->ntimes, 4), put(out, empty ? 1 : z->ntypes, 4), put(out, empty ? 1 : z->nchars, 4);
    if (empty) {
        put(out, 0, 7);
        return;
    }
    for (unsigned i = 0; i < z->ntimes; i++) put(out, (uint64_t)z->time[i], size);
    for (unsigned i = 0; i < z->ntimes; i++) put(out, z->index[i], 1);
    for (unsigned i = 0; i < z->ntypes; i++)
        put(out, (uint64_t)(int64_t)z->offset[i] & 0xffffffffu, 4), put(out, z->dst[i], 1), put(out, z->at[i], 1);
    memcpy(out->p + out->n, z->chars, z->nchars), out->n += z->nchars;
    for (unsigned i = 0; i < z->leaps; i++) put(out, 78796800, size), put(out, 1, 4);
    for (unsigned i = 0; i < z->isstd + z->isut; i++) put(out, 1, 1);
}

static void put_tzif(struct bytes *out, const struct tzif *z)
{
    out->n = 0;
    put_block(out, z, 4, z->version != 0);
    if (z->version == 0) return;
    put_block(out, z, 8, 0);
    put(out, '\n', 1);
    memcpy(out->p + out->n, z->footer, strlen(z->footer)), out->n += strlen(z->footer);
    put(out, '\n', 1);
}

static itsm_status decode_tzif(itsm_zone **zone, itsm_ctx *ctx, const struct tzif *z)
{
    struct bytes file;
    put_tzif(&file, z);
    itsm_bytes bytes = {file.p, file.n};
    return itsm_zone_decode(zone, ctx, bytes, ITSM_STR("Test/Zone"));
}

static struct tzif only_rule(const char *footer)
{
    struct tzif z;
    memset(&z, 0, sizeof z);
    z.version = '3', z.ntypes = 1, z.chars = "-00", z.nchars = 4, z.footer = footer;
    return z;
}

/* LMT +00:53:28 until 1893-12-01, then CET, and central European summer time by rule. */
static struct tzif berlin(void)
{
    struct tzif z = only_rule("CET-1CEST,M3.5.0,M10.5.0/3");
    z.version = '2', z.ntimes = 1, z.time[0] = -2400972808, z.index[0] = 1;
    z.ntypes = 2, z.offset[0] = 3208, z.offset[1] = 3600, z.at[1] = 4, z.chars = "LMT\0CET", z.nchars = 8;
    return z;
}

static itsm_zone *make_zone(const struct tzif *z)
{
    itsm_zone *zone = NULL;
    cr_assert(decode_tzif(&zone, NULL, z) == ITSM_OK, "%s", z->footer);
    return zone;
}

static itsm_zone *rule_zone(const char *footer)
{
    struct tzif z = only_rule(footer);
    return make_zone(&z);
}

static void assert_local(const itsm_zone *zone, const char *t, const char *wanted)
{
    itsm_buf buf = ITSM_BUF_INIT;
    itsm_local local;
    char text[ITSM_TIME_MAX + 32];
    cr_assert(itsm_zone_local(&local, zone, instant(t)) == ITSM_OK);
    cr_assert(itsm_time_encode(&buf, instant(t), zone, 0) == ITSM_OK);
    snprintf(text, sizeof text, "%.*s %.*s%s", ITSM_ARG(itsm_buf_str(&buf)), ITSM_ARG(local.abbreviation),
             local.dst ? " dst" : "");
    cr_assert_str_eq(text, wanted);
    itsm_buf_clear(&buf);
}

static void assert_resolved(const itsm_zone *zone, const char *local, int32_t kind, const char *first,
                            const char *second)
{
    itsm_resolved got;
    cr_assert(itsm_zone_instant(&got, zone, wall(local)) == ITSM_OK);
    cr_assert_eq(got.kind, kind, "%s", local);
    assert_instant(got.first, first), assert_instant(got.second, second);
    cr_assert_eq(got.first + ITSM_SECONDS(got.offset), wall(local));
}

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

/* Zones ----------------------------------------------------------------------------------------------------------- */

Test(zone, before_the_first_change_type_0_holds_and_after_the_last_the_rule)
{
    struct tzif z = berlin();
    itsm_zone *zone = make_zone(&z);
    assert_text(itsm_zone_name(zone), "Test/Zone");
    assert_local(zone, "0001-01-01T00:00:00Z", "0001-01-01T00:53:28+00:53:28 LMT");
    assert_local(zone, "1893-11-30T23:06:31Z", "1893-11-30T23:59:59+00:53:28 LMT");
    assert_local(zone, "1893-11-30T23:06:32Z", "1893-12-01T00:06:32+01:00 CET");
    assert_local(zone, "2026-03-29T00:59:59Z", "2026-03-29T01:59:59+01:00 CET");
    assert_local(zone, "2026-03-29T01:00:00Z", "2026-03-29T03:00:00+02:00 CEST dst");
    assert_local(zone, "2112-09-17T00:00:00Z", "2112-09-17T02:00:00+02:00 CEST dst");
    assert_local(zone, "2500-07-01T00:00:00Z", "2500-07-01T02:00:00+02:00 CEST dst");
    assert_local(zone, "9999-03-28T00:59:59Z", "9999-03-28T01:59:59+01:00 CET");
    assert_local(zone, "9999-03-28T01:00:00Z", "9999-03-28T03:00:00+02:00 CEST dst");
    assert_local(zone, "+123456-07-01T00:00:00Z", "+123456-07-01T02:00:00+02:00 CEST dst");
    itsm_zone_free(zone);
}

Test(zone, a_wall_clock_is_unique_skipped_or_repeated)
{
    struct tzif z = berlin();
    itsm_zone *zone = make_zone(&z);
    static const char *const years[][4] = {{"2026", "03-29", "10-25", ""}, {"9999", "03-28", "10-31", ""}};
    for (int i = 0; i < 2; i++) {
        char local[32], first[32], second[32];
        const char *year = years[i][0], *spring = years[i][1], *autumn = years[i][2];
        snprintf(local, sizeof local, "%s-%sT01:59:59", year, spring);
        snprintf(first, sizeof first, "%s-%sT00:59:59Z", year, spring);
        assert_resolved(zone, local, ITSM_LOCAL_UNIQUE, first, first);
        snprintf(local, sizeof local, "%s-%sT02:30:00", year, spring); /* moved forward to 03:30 CEST */
        snprintf(first, sizeof first, "%s-%sT01:30:00Z", year, spring);
        snprintf(second, sizeof second, "%s-%sT00:30:00Z", year, spring);
        assert_resolved(zone, local, ITSM_LOCAL_SKIPPED, first, second);
        snprintf(local, sizeof local, "%s-%sT03:00:00", year, spring);
        snprintf(first, sizeof first, "%s-%sT01:00:00Z", year, spring);
        assert_resolved(zone, local, ITSM_LOCAL_UNIQUE, first, first);
        snprintf(local, sizeof local, "%s-%sT02:00:00", year, autumn);
        snprintf(first, sizeof first, "%s-%sT00:00:00Z", year, autumn);
        snprintf(second, sizeof second, "%s-%sT01:00:00Z", year, autumn);
        assert_resolved(zone, local, ITSM_LOCAL_REPEATED, first, second);
        snprintf(local, sizeof local, "%s-%sT03:00:00", year, autumn);
        snprintf(first, sizeof first, "%s-%sT02:00:00Z", year, autumn);
        assert_resolved(zone, local, ITSM_LOCAL_UNIQUE, first, first);
    }
    assert_resolved(zone, "1893-12-01T00:06:31", ITSM_LOCAL_SKIPPED, "1893-11-30T23:13:03Z", "1893-11-30T23:06:31Z");
    itsm_zone_free(zone);
}

Test(zone, a_date_that_never_existed_is_skipped_whole)
{
    struct tzif z = only_rule("<+14>-14"); /* Apia went from -10 to +14 at the end of 2011-12-29 */
    z.ntimes = 1, z.time[0] = 1325239200, z.index[0] = 1;
    z.ntypes = 2, z.offset[0] = -36000, z.offset[1] = 50400, z.at[1] = 4, z.chars = "-10\0+14", z.nchars = 8;
    itsm_zone *zone = make_zone(&z);
    assert_resolved(zone, "2011-12-29T23:59:59", ITSM_LOCAL_UNIQUE, "2011-12-30T09:59:59Z", "2011-12-30T09:59:59Z");
    assert_resolved(zone, "2011-12-30T00:00:00", ITSM_LOCAL_SKIPPED, "2011-12-30T10:00:00Z", "2011-12-29T10:00:00Z");
    assert_resolved(zone, "2011-12-30T23:59:59", ITSM_LOCAL_SKIPPED, "2011-12-31T09:59:59Z", "2011-12-30T09:59:59Z");
    assert_resolved(zone, "2011-12-31T00:00:00", ITSM_LOCAL_UNIQUE, "2011-12-30T10:00:00Z", "2011-12-30T10:00:00Z");
    itsm_zone_free(zone);
}

Test(zone, several_changes_within_a_day_are_told_apart)
{
    /* +0, after an hour +2, after another hour +1, after another hour -1: stretches overlap. */
    struct tzif z = only_rule("");
    z.ntimes = 3, z.time[0] = 3600, z.time[1] = 7200, z.time[2] = 10800;
    z.index[0] = 1, z.index[1] = 2, z.index[2] = 3;
    z.ntypes = 4, z.offset[1] = 7200, z.offset[2] = 3600, z.offset[3] = -3600;
    z.at[1] = 4, z.at[2] = 8, z.at[3] = 12, z.chars = "AAA\0BBB\0CCC\0DDD", z.nchars = 16;
    itsm_zone *zone = make_zone(&z);
    assert_resolved(zone, "1970-01-01T00:30:00", ITSM_LOCAL_UNIQUE, "1970-01-01T00:30:00Z", "1970-01-01T00:30:00Z");
    assert_resolved(zone, "1970-01-01T01:30:00", ITSM_LOCAL_SKIPPED, "1970-01-01T01:30:00Z", "1969-12-31T23:30:00Z");
    assert_resolved(zone, "1970-01-01T02:30:00", ITSM_LOCAL_UNIQUE, "1970-01-01T03:30:00Z", "1970-01-01T03:30:00Z");
    assert_resolved(zone, "1970-01-01T03:30:00", ITSM_LOCAL_REPEATED, "1970-01-01T01:30:00Z", "1970-01-01T04:30:00Z");
    assert_resolved(zone, "1970-01-01T04:30:00", ITSM_LOCAL_UNIQUE, "1970-01-01T05:30:00Z", "1970-01-01T05:30:00Z");
    itsm_zone_free(zone);
}

Test(zone, changes_are_found_one_after_the_other)
{
    struct tzif z = berlin();
    itsm_zone *zone = make_zone(&z);
    itsm_time t = ITSM_TIME_NONE;
    static const char *const first[] = {"1893-11-30T23:06:32Z", "1894-03-25T01:00:00Z", "1894-10-28T01:00:00Z"};
    cr_assert(itsm_zone_next_transition(&t, zone, t) == ITSM_OK);
    assert_instant(t, first[0]);
    cr_assert(itsm_zone_next_transition(&t, zone, t) == ITSM_OK);
    cr_assert(itsm_zone_next_transition(&t, zone, instant("9998-12-01T00:00:00Z")) == ITSM_OK);
    assert_instant(t, "9999-03-28T01:00:00Z");
    int count = 0; /* over the end of what is laid out */
    for (t = instant("2100-01-01T00:00:00Z"); count < 100; count++)
        cr_assert(itsm_zone_next_transition(&t, zone, t) == ITSM_OK);
    assert_instant(t, "2149-10-26T01:00:00Z");
    t = 42;
    cr_assert_eq(itsm_zone_next_transition(&t, zone, INT64_MAX), ITSM_DONE);
    cr_assert_eq(itsm_zone_next_transition(&t, zone, INT64_MAX - ITSM_DAYS(1)), ITSM_DONE);
    cr_assert_eq(t, 42);
    itsm_zone_free(zone);

    cr_assert(itsm_zone_fixed(&zone, NULL, 3600) == ITSM_OK);
    cr_assert_eq(itsm_zone_next_transition(&t, zone, ITSM_TIME_NONE), ITSM_DONE);
    itsm_zone_free(zone);
}

Test(zone, a_rule_without_changes_holds_always)
{
    itsm_zone *zone = rule_zone("EST5EDT,M3.2.0,M11.1.0");
    assert_local(zone, "-000400-07-01T12:00:00Z", "-000400-07-01T08:00:00-04:00 EDT dst");
    assert_local(zone, "1700-07-01T12:00:00Z", "1700-07-01T08:00:00-04:00 EDT dst");
    assert_local(zone, "1700-01-01T12:00:00Z", "1700-01-01T07:00:00-05:00 EST");
    assert_local(zone, "1827-04-15T12:00:00Z", "1827-04-15T08:00:00-04:00 EDT dst");
    assert_local(zone, "2026-07-01T12:00:00Z", "2026-07-01T08:00:00-04:00 EDT dst");
    assert_local(zone, "2300-01-01T12:00:00Z", "2300-01-01T07:00:00-05:00 EST");
    assert_resolved(zone, "1700-03-14T02:30:00", ITSM_LOCAL_SKIPPED, "1700-03-14T07:30:00Z", "1700-03-14T06:30:00Z");
    itsm_time t;
    cr_assert(itsm_zone_next_transition(&t, zone, ITSM_TIME_NONE) == ITSM_OK);
    assert_instant(t, "1827-11-04T06:00:00Z");
    cr_assert(itsm_zone_next_transition(&t, zone, instant("1700-01-01T12:00:00Z")) == ITSM_OK);
    assert_instant(t, "1700-03-14T07:00:00Z");
    itsm_zone_free(zone);
}

Test(zone, a_rule_may_begin_before_what_is_laid_out)
{
    struct tzif z = berlin();
    z.time[0] = -6000000000; /* 1779 */
    itsm_zone *zone = make_zone(&z);
    assert_local(zone, "1779-11-13T13:19:59Z", "1779-11-13T14:13:27+00:53:28 LMT");
    assert_local(zone, "1779-11-13T13:20:00Z", "1779-11-13T14:20:00+01:00 CET");
    assert_local(zone, "1800-07-01T00:00:00Z", "1800-07-01T02:00:00+02:00 CEST dst");
    assert_local(zone, "1900-07-01T00:00:00Z", "1900-07-01T02:00:00+02:00 CEST dst");
    assert_local(zone, "1901-01-01T00:00:00Z", "1901-01-01T01:00:00+01:00 CET");
    itsm_time t = ITSM_TIME_NONE;
    for (int i = 0; i < 3; i++) cr_assert(itsm_zone_next_transition(&t, zone, t) == ITSM_OK);
    assert_instant(t, "1780-10-29T01:00:00Z");
    for (int i = 0; i < 100; i++) cr_assert(itsm_zone_next_transition(&t, zone, t) == ITSM_OK);
    assert_instant(t, "1830-10-31T01:00:00Z");
    itsm_zone_free(zone);
}

static const struct {
    const char *footer, *t, *wanted;
} rules[] = {
    {"<+0530>-5:30", "2026-07-01T00:00:00Z", "2026-07-01T05:30:00+05:30 +0530"},
    {"<-03>3", "2026-07-01T00:00:00Z", "2026-06-30T21:00:00-03:00 -03"},
    {"ABC24:59:59", "2026-07-02T00:00:00Z", "2026-06-30T23:00:01-24:59:59 ABC"},
    /* Dublin: standard time in summer, and "daylight saving" of an hour less in winter */
    {"IST-1GMT0,M10.5.0,M3.5.0/1", "2026-07-01T00:00:00Z", "2026-07-01T01:00:00+01:00 IST"},
    {"IST-1GMT0,M10.5.0,M3.5.0/1", "2026-12-31T23:59:59Z", "2026-12-31T23:59:59+00:00 GMT dst"},
    {"IST-1GMT0,M10.5.0,M3.5.0/1", "2300-01-01T00:00:00Z", "2300-01-01T00:00:00+00:00 GMT dst"},
    /* the southern half: over the turn of the year */
    {"AEST-10AEDT,M10.1.0,M4.1.0/3", "2400-01-01T00:00:00Z", "2400-01-01T11:00:00+11:00 AEDT dst"},
    {"AEST-10AEDT,M10.1.0,M4.1.0/3", "2400-06-01T00:00:00Z", "2400-06-01T10:00:00+10:00 AEST"},
    /* hours beyond the day, and before it: Nuuk, RFC 9636 3.3.2 */
    {"<-02>2<-01>,M3.5.0/-1,M10.5.0/0", "2026-03-29T00:59:59Z", "2026-03-28T22:59:59-02:00 -02"},
    {"<-02>2<-01>,M3.5.0/-1,M10.5.0/0", "2026-03-29T01:00:00Z", "2026-03-29T00:00:00-01:00 -01 dst"},
    {"IST-2IDT,M3.4.4/26,M10.5.0", "2026-03-26T23:59:59Z", "2026-03-27T01:59:59+02:00 IST"},
    {"IST-2IDT,M3.4.4/26,M10.5.0", "2026-03-27T00:00:00Z", "2026-03-27T03:00:00+03:00 IDT dst"},
    {"AAA0BBB,J60/-167,J300/167", "2028-02-23T00:59:59Z", "2028-02-23T00:59:59+00:00 AAA"},
    {"AAA0BBB,J60/-167,J300/167", "2028-02-23T01:00:00Z", "2028-02-23T02:00:00+01:00 BBB dst"},
    {"AAA0BBB,J60/-167,J300/167", "2028-11-02T21:59:59Z", "2028-11-02T22:59:59+01:00 BBB dst"},
    {"AAA0BBB,J60/-167,J300/167", "2028-11-02T22:00:00Z", "2028-11-02T22:00:00+00:00 AAA"},
    /* J60 is the first of March in every year, 59 is the 29th of February in a leap year */
    {"AAA0BBB,J59/0,J300", "2028-02-28T00:00:00Z", "2028-02-28T01:00:00+01:00 BBB dst"},
    {"AAA0BBB,J60/0,J300", "2028-02-29T23:59:59Z", "2028-02-29T23:59:59+00:00 AAA"},
    {"AAA0BBB,J60/0,J300", "2028-03-01T00:00:00Z", "2028-03-01T01:00:00+01:00 BBB dst"},
    {"AAA0BBB,59/0,J300", "2028-02-29T00:00:00Z", "2028-02-29T01:00:00+01:00 BBB dst"},
    {"AAA0BBB,59/0,J300", "2027-03-01T00:00:00Z", "2027-03-01T01:00:00+01:00 BBB dst"},
    {"AAA0BBB,59/0,J300", "2027-02-28T23:59:59Z", "2027-02-28T23:59:59+00:00 AAA"},
    /* an explicit offset of two hours more */
    {"AAA0BBB-2,M3.1.1/2:03:04,M10.1.1", "2027-03-01T02:03:04Z", "2027-03-01T04:03:04+02:00 BBB dst"},
    /* daylight saving time for a week in the last days of the year */
    {"AAA0BBB,J1/-167,J1/-160", "2026-12-25T01:00:00Z", "2026-12-25T02:00:00+01:00 BBB dst"},
    {"AAA0BBB,J1/-167,J1/-160", "2026-12-28T01:00:00Z", "2026-12-28T01:00:00+00:00 AAA"},
};

Test(zone, rules_mean_what_posix_and_rfc_9636_say)
{
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        itsm_zone *zone = rule_zone(rules[i].footer);
        assert_local(zone, rules[i].t, rules[i].wanted);
        itsm_zone_free(zone);
    }
}

Test(zone, daylight_saving_time_all_year_never_changes)
{
    static const char *const footers[] = {"EST5EDT,0/0,J365/25", "EST5EDT,J1/0,J365/25", "EST5EDT,0/0,J365/30"};
    for (int i = 0; i < 3; i++) {
        itsm_zone *zone = rule_zone(footers[i]);
        assert_local(zone, "2026-01-01T04:59:59Z", "2026-01-01T00:59:59-04:00 EDT dst");
        assert_local(zone, "2026-01-01T05:00:00Z", "2026-01-01T01:00:00-04:00 EDT dst");
        assert_local(zone, "2999-12-31T23:59:59Z", "2999-12-31T19:59:59-04:00 EDT dst");
        itsm_time t = 42;
        cr_assert_eq(itsm_zone_next_transition(&t, zone, ITSM_TIME_NONE), ITSM_DONE);
        cr_assert_eq(itsm_zone_next_transition(&t, zone, 0), ITSM_DONE);
        cr_assert_eq(itsm_zone_next_transition(&t, zone, instant("2999-12-31T23:59:59Z")), ITSM_DONE);
        assert_resolved(zone, "2300-01-01T00:30:00", ITSM_LOCAL_UNIQUE, "2300-01-01T04:30:00Z", "2300-01-01T04:30:00Z");
        itsm_zone_free(zone);
    }
}

Test(zone, version_1_uses_the_32_bit_block_and_keeps_the_last_offset)
{
    struct tzif z = berlin();
    z.version = 0, z.time[0] = -2000000000;
    itsm_zone *zone = make_zone(&z);
    assert_local(zone, "1906-08-16T20:26:39Z", "1906-08-16T21:20:07+00:53:28 LMT");
    assert_local(zone, "1906-08-16T20:26:40Z", "1906-08-16T21:26:40+01:00 CET");
    assert_local(zone, "2500-07-01T00:00:00Z", "2500-07-01T01:00:00+01:00 CET");
    itsm_zone_free(zone);
}

Test(zone, changes_too_far_for_microseconds_hold_from_the_beginning_or_never)
{
    struct tzif z = berlin();
    z.footer = "", z.time[0] = INT64_MIN;
    itsm_zone *zone = make_zone(&z);
    assert_local(zone, "-100000-01-01T00:00:00Z", "-100000-01-01T01:00:00+01:00 CET");
    itsm_zone_free(zone);
    z = berlin(), z.time[0] = INT64_MAX;
    zone = make_zone(&z);
    assert_local(zone, "+200000-07-01T00:00:00Z", "+200000-07-01T00:53:28+00:53:28 LMT");
    itsm_time t;
    cr_assert_eq(itsm_zone_next_transition(&t, zone, ITSM_TIME_NONE), ITSM_DONE);
    itsm_zone_free(zone);
}

Test(zone, the_ends_of_time_are_out_of_range_not_wrapped)
{
    struct tzif z = berlin();
    itsm_zone *zone = make_zone(&z);
    itsm_local local;
    itsm_resolved resolved;
    int32_t offset = 42;
    cr_assert_eq(itsm_zone_local(&local, zone, INT64_MAX), ITSM_E_RANGE);
    cr_assert_eq(itsm_zone_local(&local, zone, ITSM_TIME_NONE), ITSM_E_RANGE);
    cr_assert_eq(itsm_zone_offset(&offset, zone, ITSM_TIME_NONE), ITSM_E_RANGE);
    cr_assert_eq(offset, 42);
    cr_assert(itsm_zone_offset(&offset, zone, INT64_MAX) == ITSM_OK && offset == 3600);
    cr_assert(itsm_zone_offset(&offset, zone, INT64_MIN + 1) == ITSM_OK && offset == 3208);
    cr_assert_eq(itsm_zone_instant(&resolved, zone, INT64_MAX), ITSM_E_RANGE);
    cr_assert_eq(itsm_zone_instant(&resolved, zone, ITSM_TIME_NONE), ITSM_E_RANGE);
    cr_assert(itsm_zone_instant(&resolved, zone, INT64_MAX - ITSM_DAYS(2)) == ITSM_OK);
    cr_assert(itsm_zone_instant(&resolved, zone, INT64_MIN + ITSM_DAYS(2)) == ITSM_OK);
    cr_assert(resolved.first == INT64_MIN + ITSM_DAYS(2) - ITSM_SECONDS(3208));
    cr_assert_eq(itsm_zone_local(NULL, zone, 0), ITSM_E_MISUSE);
    cr_assert_eq(itsm_zone_local(&local, NULL, 0), ITSM_E_MISUSE);
    cr_assert_eq(itsm_zone_offset(NULL, zone, 0), ITSM_E_MISUSE);
    cr_assert_eq(itsm_zone_instant(NULL, zone, 0), ITSM_E_MISUSE);
    cr_assert_eq(itsm_zone_next_transition(NULL, zone, 0), ITSM_E_MISUSE);
    itsm_zone_free(zone);
}

/* Malformed files ------------------------------------------------------------------------------------------------- */

static void assert_refused(struct counting *counting, itsm_bytes bytes, itsm_status status, uint64_t position)
{
    itsm_ctx *ctx = counting_ctx(counting);
    itsm_zone *zone = (itsm_zone *)counting;
    unsigned char *copy = malloc(bytes.n ? bytes.n : 1); /* so that a byte read too far is found */
    if (bytes.n) memcpy(copy, bytes.p, bytes.n);
    itsm_bytes exact = {copy, bytes.n};
    itsm_status got = itsm_zone_decode(&zone, ctx, exact, ITSM_STR("Test/Zone"));
    cr_assert(got == status && zone == NULL, "%d at %llu", got, (unsigned long long)position);
    const itsm_issue *issue = itsm_ctx_issue(ctx, 0);
    cr_assert(issue != NULL && issue->position == position && issue->code == status, "%.*s: byte %llu, not %llu",
              ITSM_ARG(issue->message), (unsigned long long)issue->position, (unsigned long long)position);
    free(copy);
    itsm_ctx_free(ctx);
}

Test(zone, a_file_cut_at_any_byte_is_refused)
{
    struct counting counting = COUNTING_INIT;
    struct tzif z = berlin();
    struct bytes file;
    put_tzif(&file, &z);
    for (size_t n = 0; n < file.n; n++) {
        itsm_bytes bytes = {file.p, n};
        assert_refused(&counting, bytes, ITSM_E_SYNTAX, n);
    }
    z.version = 0, put_tzif(&file, &z);
    for (size_t n = 0; n < file.n; n++) {
        itsm_bytes bytes = {file.p, n};
        assert_refused(&counting, bytes, ITSM_E_SYNTAX, n);
    }
    assert_nothing_outstanding(counting);
}

/* Bytes of berlin(): two headers of 44, the first block has 7; then the block at 95. */
static const struct {
    size_t at;
    unsigned char value;
    itsm_status status;
    uint64_t position;
} damages[] = {
    {0, 't', ITSM_E_SYNTAX, 0},
    {4, '1', ITSM_E_SYNTAX, 4},
    {4, '5', ITSM_E_VERSION, 4},
    {20, 0xff, ITSM_E_SYNTAX, 139}, /* the first block alone is larger than the file */
    {51, 't', ITSM_E_SYNTAX, 51},
    {55, '3', ITSM_E_SYNTAX, 55}, /* headers differ in version */
    {51 + 23, 1, ITSM_E_SYNTAX, 51 + 20},
    {51 + 27, 1, ITSM_E_SYNTAX, 51 + 24},
    {51 + 28, 0xff, ITSM_E_SYNTAX, 139},
    {51 + 31, 1, ITSM_E_UNSUPPORTED, 51 + 28},
    {51 + 32, 0xff, ITSM_E_SYNTAX, 139},
    {51 + 36, 0xff, ITSM_E_SYNTAX, 139},
    {51 + 39, 0, ITSM_E_SYNTAX, 51 + 36},
    {51 + 40, 0xff, ITSM_E_SYNTAX, 139},
    {51 + 43, 0, ITSM_E_SYNTAX, 51 + 40},
    {95 + 8, 2, ITSM_E_SYNTAX, 95 + 8},      /* type of the change */
    {95 + 9, 0x7f, ITSM_E_SYNTAX, 95 + 9},   /* offset of type 0 */
    {95 + 13, 2, ITSM_E_SYNTAX, 95 + 13},    /* isdst */
    {95 + 14, 8, ITSM_E_SYNTAX, 95 + 14},    /* abbreviation of type 0 */
    {95 + 28, 'X', ITSM_E_SYNTAX, 95 + 28},  /* the last NUL */
    {95 + 29, 'X', ITSM_E_SYNTAX, 95 + 29},  /* the line end before the footer */
    {95 + 18, 0x0e, ITSM_E_SYNTAX, 95 + 30}, /* offset of type 1: the footer contradicts it */
    {95 + 30, '1', ITSM_E_SYNTAX, 95 + 30},
};

Test(zone, damage_is_refused_with_the_byte)
{
    struct counting counting = COUNTING_INIT;
    struct tzif z = berlin();
    struct bytes file;
    put_tzif(&file, &z);
    cr_assert_eq(file.n, 152);
    for (size_t i = 0; i < sizeof damages / sizeof damages[0]; i++) {
        put_tzif(&file, &z);
        file.p[damages[i].at] = damages[i].value;
        itsm_bytes bytes = {file.p, file.n};
        uint64_t position = damages[i].position == 139 ? file.n : damages[i].position;
        assert_refused(&counting, bytes, damages[i].status, position);
    }
    put_tzif(&file, &z);
    file.p[file.n++] = '\n';
    itsm_bytes longer = {file.p, file.n};
    assert_refused(&counting, longer, ITSM_E_SYNTAX, file.n - 1);
    assert_nothing_outstanding(counting);
}

Test(zone, blocks_that_contradict_themselves_are_refused)
{
    struct counting counting = COUNTING_INIT;
    struct bytes file;
    struct tzif z = berlin();
    z.footer = "", z.ntimes = 2, z.time[1] = z.time[0], z.index[1] = 0; /* not ascending */
    put_tzif(&file, &z);
    itsm_bytes bytes = {file.p, file.n};
    assert_refused(&counting, bytes, ITSM_E_SYNTAX, 95 + 8);
    z = berlin(), z.isut = 2; /* UT without standard */
    put_tzif(&file, &z), bytes.n = file.n;
    assert_refused(&counting, bytes, ITSM_E_SYNTAX, 95 + 29);
    z.isstd = 2;
    put_tzif(&file, &z);
    file.p[95 + 29] = 2;
    bytes.n = file.n;
    assert_refused(&counting, bytes, ITSM_E_SYNTAX, 95 + 29);
    file.p[95 + 29] = 1, file.p[95 + 31] = 2;
    assert_refused(&counting, bytes, ITSM_E_SYNTAX, 95 + 31);
    file.p[95 + 31] = 1;
    itsm_zone *zone = NULL;
    cr_assert(itsm_zone_decode(&zone, NULL, bytes, ITSM_STR("Test/Zone")) == ITSM_OK);
    itsm_zone_free(zone);
    z = berlin(), z.leaps = 1;
    put_tzif(&file, &z), bytes.n = file.n;
    assert_refused(&counting, bytes, ITSM_E_UNSUPPORTED, 51 + 28);
    assert_nothing_outstanding(counting);
}

static const char *const bad_footers[] = {
    "CE-1",
    "CET",
    "CET-25",
    "CET-1:60",
    "CET-1:",
    "<CET-1",
    "<>-1",
    "CET-1CEST",
    "CET-1CE,M3.5.0,M10.5.0/3",
    "CET-1CEST,",
    "CET-1CEST,M3.5.0",
    "CET-1CEST,M3.5.0,",
    "CET-1CEST,M0.5.0,M10.5.0/3",
    "CET-1CEST,M13.5.0,M10.5.0/3",
    "CET-1CEST,M3.0.0,M10.5.0/3",
    "CET-1CEST,M3.6.0,M10.5.0/3",
    "CET-1CEST,M3.5.7,M10.5.0/3",
    "CET-1CEST,M3.5,M10.5.0/3",
    "CET-1CEST,J0,M10.5.0/3",
    "CET-1CEST,J366,M10.5.0/3",
    "CET-1CEST,366,M10.5.0/3",
    "CET-1CEST,M3.5.0/168,M10.5.0/3",
    "CET-1CEST,M3.5.0/-168,M10.5.0/3",
    "CET-1CEST,M3.5.0/,M10.5.0/3",
    "CET-1CEST,M3.5.0,M10.5.0/3x",
    "CET-1CEST,M3.5.0,M10.5.0/3,M1.1.1",
    "CET-1CEST-1:00:60,M3.5.0,M10.5.0/3",
    "CET-01111,M3.5.0,M10.5.0/3",
    ":Europe/Berlin",
};

Test(zone, malformed_rules_are_refused)
{
    struct counting counting = COUNTING_INIT;
    for (size_t i = 0; i < sizeof bad_footers / sizeof bad_footers[0]; i++) {
        itsm_ctx *ctx = counting_ctx(&counting);
        struct tzif z = only_rule(bad_footers[i]);
        itsm_zone *zone = NULL;
        cr_assert_eq(decode_tzif(&zone, ctx, &z), ITSM_E_SYNTAX, "%s", bad_footers[i]);
        uint64_t position = itsm_ctx_issue(ctx, 0)->position, start = 51 + 44 + 6 + 4 + 1;
        cr_assert(position >= start && position <= start + strlen(bad_footers[i]), "%s", bad_footers[i]);
        itsm_ctx_free(ctx);
    }
    assert_nothing_outstanding(counting);
}

Test(zone, too_many_changes_are_refused)
{
    struct counting counting = COUNTING_INIT;
    enum { N = 8193, SIZE = 44 + N * 5 + 6 + 4 };
    static unsigned char big[SIZE];
    memcpy(big, "TZif", 4);
    big[32 + 2] = N >> 8, big[32 + 3] = N & 0xff, big[39] = 1, big[43] = 4;
    for (unsigned i = 0; i < N; i++)
        big[44 + 4 * i + 2] = (unsigned char)(i >> 8), big[44 + 4 * i + 3] = (unsigned char)i;
    memcpy(big + SIZE - 4, "ABC", 4);
    itsm_bytes bytes = {big, SIZE};
    assert_refused(&counting, bytes, ITSM_E_LIMIT, 32);
    assert_nothing_outstanding(counting);
}

/* Making and sharing ---------------------------------------------------------------------------------------------- */

/* A zone source with one zone, one broken file and one that fails. */
static itsm_status load_test_zone(void *self, struct itsm_buf *out, itsm_str name)
{
    int *calls = (int *)self;
    struct bytes file;
    struct tzif z = berlin();
    ++*calls;
    put_tzif(&file, &z);
    if (itsm_str_is(name, "Europe/Berlin")) return itsm_buf_add(out, file.p, file.n);
    if (itsm_str_is(name, "Broken/File")) return itsm_buf_add(out, file.p, 100);
    if (itsm_str_is(name, "Broken/Disk")) return ITSM_E_IO;
    if (itsm_str_is(name, "Host/Code")) return ITSM_E_HOST_LAST - 5;
    return ITSM_E_NOT_FOUND;
}

static itsm_ctx *loading_ctx(struct counting *counting, int *calls)
{
    itsm_zone_source source = {sizeof source, load_test_zone, calls};
    itsm_ctx_options options = ITSM_CTX_OPTIONS_INIT;
    options.alloc = counting_alloc, options.alloc_user = counting, options.zones = &source;
    itsm_ctx *ctx = NULL;
    cr_assert(itsm_ctx_new(&ctx, &options) == ITSM_OK);
    return ctx;
}

Test(zone, utc_needs_no_source)
{
    struct counting counting = COUNTING_INIT;
    itsm_ctx *ctx = counting_ctx(&counting);
    static const char *const names[] = {"UTC", "Etc/UTC", "Z"}, *const answers[] = {"UTC", "Etc/UTC", "UTC"};
    for (int i = 0; i < 3; i++) {
        itsm_zone *zone = NULL;
        cr_assert(itsm_zone_load(&zone, ctx, itsm_str_c(names[i])) == ITSM_OK);
        assert_text(itsm_zone_name(zone), answers[i]);
        assert_local(zone, "2026-07-01T00:00:00Z", "2026-07-01T00:00:00+00:00 UTC");
        itsm_zone_free(zone);
    }
    itsm_zone *zone = NULL;
    cr_assert_eq(itsm_zone_load(&zone, ctx, ITSM_STR("Europe/Berlin")), ITSM_E_NOT_FOUND);
    itsm_ctx_free(ctx);
    assert_nothing_outstanding(counting);
}

Test(zone, an_unknown_zone_is_named_in_the_message)
{
    struct counting counting = COUNTING_INIT;
    int calls = 0;
    itsm_ctx *ctx = loading_ctx(&counting, &calls);
    itsm_zone *zone = NULL;
    cr_assert_eq(itsm_zone_load(&zone, ctx, ITSM_STR("Mars/Olympus")), ITSM_E_NOT_FOUND);
    assert_text(first_message(ctx), "There is no zone Mars/Olympus");
    cr_assert_eq(itsm_zone_load(&zone, ctx, ITSM_STR("Broken/File")), ITSM_E_SYNTAX);
    cr_assert_eq(itsm_ctx_issue(ctx, 0)->position, 100);
    cr_assert_eq(itsm_zone_load(&zone, ctx, ITSM_STR("Broken/Disk")), ITSM_E_IO);
    cr_assert_eq(itsm_zone_load(&zone, ctx, ITSM_STR("Host/Code")), ITSM_E_HOST_LAST - 5);
    cr_assert_null(zone);
    cr_assert_eq(calls, 4);
    itsm_ctx_free(ctx);
    assert_nothing_outstanding(counting);
}

Test(zone, a_name_can_never_leave_the_folder_of_zones)
{
    static const char *const names[] = {
        "",  "/etc/passwd",   "../etc/passwd",  "Europe/../UTC", "Europe//Berlin", "Europe/",
        "/", "Europe Berlin", "Europe\\Berlin", "UTC\n",         "C:UTC",          "Zo\xc3\xab",
        "."};
    struct counting counting = COUNTING_INIT;
    int calls = 0;
    itsm_ctx *ctx = loading_ctx(&counting, &calls);
    itsm_zone *zone = NULL;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        cr_assert_eq(itsm_zone_load(&zone, ctx, itsm_str_c(names[i])), ITSM_E_INVALID, "%s", names[i]);
    cr_assert_eq(itsm_zone_load(&zone, ctx, itsm_str_n("UTC\0x", 5)), ITSM_E_INVALID);
    char longer[300];
    memset(longer, 'a', sizeof longer);
    cr_assert_eq(itsm_zone_load(&zone, ctx, itsm_str_n(longer, 256)), ITSM_E_INVALID);
    cr_assert_eq(itsm_zone_load(&zone, ctx, itsm_str_n(longer, 255)), ITSM_E_NOT_FOUND);
    cr_assert_eq(calls, 1);
    cr_assert_eq(itsm_zone_load(NULL, ctx, ITSM_STR("UTC")), ITSM_E_MISUSE);
    cr_assert_eq(itsm_zone_load(&zone, NULL, ITSM_STR("UTC")), ITSM_E_MISUSE);
    itsm_ctx_free(ctx);
    assert_nothing_outstanding(counting);
}

Test(zone, a_share_outlives_the_context_and_the_other_shares)
{
    struct counting counting = COUNTING_INIT;
    int calls = 0;
    itsm_ctx *ctx = loading_ctx(&counting, &calls);
    itsm_zone *zone = NULL;
    cr_assert(itsm_zone_load(&zone, ctx, ITSM_STR("Europe/Berlin")) == ITSM_OK);
    itsm_ctx_free(ctx);
    itsm_zone *share = itsm_zone_ref(zone);
    cr_assert_eq(share, zone);
    itsm_zone_free(zone);
    assert_text(itsm_zone_name(share), "Europe/Berlin");
    assert_local(share, "2026-07-01T00:00:00Z", "2026-07-01T02:00:00+02:00 CEST dst");
    cr_assert(counting.outstanding > 0 && counting.outstanding < 24000, "a zone needs %zu bytes", counting.outstanding);
    itsm_zone_free(share), itsm_zone_free(NULL);
    cr_assert_null(itsm_zone_ref(NULL));
    assert_nothing_outstanding(counting);
}

Test(zone, a_fixed_offset_is_a_zone)
{
    struct counting counting = COUNTING_INIT;
    itsm_ctx *ctx = counting_ctx(&counting);
    itsm_zone *zone = NULL;
    cr_assert(itsm_zone_fixed(&zone, ctx, 19800) == ITSM_OK);
    assert_text(itsm_zone_name(zone), "+05:30");
    assert_local(zone, "2026-07-01T00:00:00Z", "2026-07-01T05:30:00+05:30 +05:30");
    assert_resolved(zone, "2026-07-01T05:30:00", ITSM_LOCAL_UNIQUE, "2026-07-01T00:00:00Z", "2026-07-01T00:00:00Z");
    itsm_zone_free(zone);
    cr_assert(itsm_zone_fixed(&zone, ctx, -86399) == ITSM_OK);
    assert_text(itsm_zone_name(zone), "-23:59:59");
    itsm_zone_free(zone);
    cr_assert(itsm_zone_fixed(&zone, ctx, 0) == ITSM_OK);
    assert_text(itsm_zone_name(zone), "UTC");
    itsm_zone_free(zone);
    cr_assert_eq(itsm_zone_fixed(&zone, ctx, 86400), ITSM_E_RANGE);
    cr_assert_null(zone);
    cr_assert_eq(itsm_zone_fixed(&zone, ctx, INT32_MIN), ITSM_E_RANGE);
    cr_assert_eq(itsm_zone_fixed(NULL, ctx, 0), ITSM_E_MISUSE);
    itsm_ctx_free(ctx);
    assert_nothing_outstanding(counting);
}

Test(zone, without_memory_nothing_is_made_and_nothing_lost)
{
    struct counting counting = COUNTING_INIT;
    int calls = 0, failures = 0;
    itsm_ctx *ctx = loading_ctx(&counting, &calls);
    for (size_t n = 1;; n++) {
        itsm_zone *zone = (itsm_zone *)ctx;
        counting_fail(&counting, n);
        itsm_status status = itsm_zone_load(&zone, ctx, ITSM_STR("Europe/Berlin"));
        if (!counting_stop(&counting)) {
            cr_assert_eq(status, ITSM_OK);
            itsm_zone_free(zone);
            break;
        }
        cr_assert(status == ITSM_E_NOMEM && zone == NULL, "allocation %zu: %d", n, status);
        failures++;
    }
    cr_assert(failures >= 3, "%d allocations failed", failures);
    for (size_t n = 1; n <= 3; n++) {
        itsm_zone *zone = (itsm_zone *)ctx;
        counting_fail_from(&counting, n);
        cr_assert(itsm_zone_load(&zone, ctx, ITSM_STR("Europe/Berlin")) == ITSM_E_NOMEM && zone == NULL);
        counting_stop(&counting);
    }
    itsm_ctx_free(ctx);
    assert_nothing_outstanding(counting);
}
