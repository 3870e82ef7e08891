/* SPDX-License-Identifier: MIT */
/* What a calendar can be made of: recurrences, additions, versions, other calendars; their text and explanations. */
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

TestSuite(calendar_definition, .init = begin, .fini = end);

#define EVERY_DAY(hours)                                                                                               \
    "\"weekly\":{\"mon\":[" hours "],\"tue\":[" hours "],\"wed\":[" hours "],\"thu\":[" hours "],\"fri\":[" hours      \
    "],\"sat\":[" hours "],\"sun\":[" hours "]}"
#define ALL_DAY "[\"00:00\",\"24:00\"]"
#define OFFICE "[\"09:00\",\"17:00\"]"
#define ALWAYS(zone) "{\"tz\":\"" zone "\"," EVERY_DAY(ALL_DAY)
#define DAILY(zone) "{\"tz\":\"" zone "\"," EVERY_DAY(OFFICE)

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

static int64_t date_of(const char *text)
{
    int64_t date;
    cr_assert_eq(itsm_date_decode(&date, itsm_str_c(text)), ITSM_OK, "%s", text);
    return date;
}

static itsm_span between(const itsm_calendar *c, const char *a, const char *b)
{
    itsm_span span;
    cr_assert_eq(itsm_calendar_between(&span, c, at(a), at(b)), ITSM_OK);
    return span;
}

/* Holidays as a text: dates, a star for observed ones, and names when asked for. */
struct told {
    char text[8192];
    size_t n;
    int names, weekdays_only;
    int count;
};

static itsm_status tell(void *user, const itsm_calendar_holiday *h)
{
    struct told *told = user;
    char date[ITSM_DATE_MAX];
    told->count++;
    if (told->weekdays_only && itsm_date_weekday(h->date) >= 5) return ITSM_OK;
    told->n += (size_t)snprintf(told->text + told->n, sizeof told->text - told->n, "%s%s%s", told->n ? " " : "",
                                itsm_date_text(date, h->date), h->observed ? "*" : "");
    if (told->names)
        told->n += (size_t)snprintf(told->text + told->n, sizeof told->text - told->n, "=%.*s", ITSM_ARG(h->name));
    cr_assert_lt(told->n, sizeof told->text);
    return ITSM_OK;
}

static void expect_holidays(const itsm_calendar *c, const char *first, const char *last, int weekdays_only, int names,
                            const char *wanted)
{
    struct told told = {.weekdays_only = weekdays_only, .names = names};
    cr_assert_eq(itsm_calendar_holidays(c, date_of(first), date_of(last), tell, &told), ITSM_OK);
    cr_assert_str_eq(told.text, wanted);
}

/* Published holidays ---------------------------------------------------------------------------------------------- */

static void expect_year(const itsm_calendar *c, int year, const char *wanted)
{
    char first[16], last[16];
    snprintf(first, sizeof first, "%d-01-01", year), snprintf(last, sizeof last, "%d-12-31", year);
    expect_holidays(c, first, last, 1, 0, wanted);
}

#define US_FEDERAL                                                                                                     \
    "\"recurring_holidays\":[{\"date\":\"01-01\",\"name\":\"New Year's Day\",\"observed\":\"nearest\"},"               \
    "{\"month\":1,\"weekday\":\"mon\",\"nth\":3,\"name\":\"Birthday of Martin Luther King, Jr.\"},"                    \
    "{\"month\":2,\"weekday\":\"mon\",\"nth\":3,\"name\":\"Washington's Birthday\"},"                                  \
    "{\"month\":5,\"weekday\":\"mon\",\"nth\":-1,\"name\":\"Memorial Day\"},"                                          \
    "{\"date\":\"06-19\",\"name\":\"Juneteenth\",\"observed\":\"nearest\",\"from\":2021},"                             \
    "{\"date\":\"07-04\",\"name\":\"Independence Day\",\"observed\":\"nearest\"},"                                     \
    "{\"month\":9,\"weekday\":\"mon\",\"nth\":1,\"name\":\"Labor Day\"},"                                              \
    "{\"month\":10,\"weekday\":\"mon\",\"nth\":2,\"name\":\"Columbus Day\"},"                                          \
    "{\"date\":\"11-11\",\"name\":\"Veterans Day\",\"observed\":\"nearest\"},"                                         \
    "{\"month\":11,\"weekday\":\"thu\",\"nth\":4,\"name\":\"Thanksgiving Day\"},"                                      \
    "{\"date\":\"12-25\",\"name\":\"Christmas Day\",\"observed\":\"nearest\"}]"

/* Published by the Office of Personnel Management. */
Test(calendar_definition, holidays_of_the_united_states_are_those_published)
{
    itsm_calendar *c = load(ALWAYS("America/New_York") "," US_FEDERAL "}");
    expect_year(c, 2020,
                "2020-01-01 2020-01-20 2020-02-17 2020-05-25 2020-07-03* 2020-09-07 2020-10-12 2020-11-11 2020-11-26 "
                "2020-12-25");
    expect_year(c, 2021,
                "2021-01-01 2021-01-18 2021-02-15 2021-05-31 2021-06-18* 2021-07-05* 2021-09-06 2021-10-11 2021-11-11 "
                "2021-11-25 2021-12-24* 2021-12-31*");
    expect_year(c, 2022,
                "2022-01-17 2022-02-21 2022-05-30 2022-06-20* 2022-07-04 2022-09-05 2022-10-10 2022-11-11 2022-11-24 "
                "2022-12-26*");
    expect_year(c, 2026,
                "2026-01-01 2026-01-19 2026-02-16 2026-05-25 2026-06-19 2026-07-03* 2026-09-07 2026-10-12 2026-11-11 "
                "2026-11-26 2026-12-25");
    expect_year(c, 2027,
                "2027-01-01 2027-01-18 2027-02-15 2027-05-31 2027-06-18* 2027-07-05* 2027-09-06 2027-10-11 2027-11-11 "
                "2027-11-25 2027-12-24* 2027-12-31*");
    cr_assert_eq(between(c, "2021-07-02T04:00:00Z", "2021-07-07T04:00:00Z"), ITSM_DAYS(3),
                 "Sunday and Monday are closed");
    itsm_calendar_free(c);
}

#define UK_BANK                                                                                                        \
    "\"holidays\":[{\"date\":\"2022-06-02\",\"name\":\"Spring bank holiday\"},"                                        \
    "{\"date\":\"2022-06-03\",\"name\":\"Platinum Jubilee\"},{\"date\":\"2022-09-19\",\"name\":\"State Funeral\"}],"   \
    "\"recurring_holidays\":[{\"date\":\"01-01\",\"name\":\"New Year's Day\",\"observed\":\"next\"},"                  \
    "{\"easter\":-2,\"name\":\"Good Friday\"},{\"easter\":1,\"name\":\"Easter Monday\"},"                              \
    "{\"month\":5,\"weekday\":\"mon\",\"nth\":1,\"name\":\"Early May bank holiday\"},"                                 \
    "{\"month\":5,\"weekday\":\"mon\",\"nth\":-1,\"name\":\"Spring bank holiday\",\"to\":2021},"                       \
    "{\"month\":5,\"weekday\":\"mon\",\"nth\":-1,\"name\":\"Spring bank holiday\",\"from\":2023},"                     \
    "{\"month\":8,\"weekday\":\"mon\",\"nth\":-1,\"name\":\"Summer bank holiday\"},"                                   \
    "{\"date\":\"12-25\",\"name\":\"Christmas Day\",\"observed\":\"next\"},"                                           \
    "{\"date\":\"12-26\",\"name\":\"Boxing Day\",\"observed\":\"next\"}]"

/* Published by the government for England and Wales. */
Test(calendar_definition, bank_holidays_of_england_and_their_substitutes_are_those_published)
{
    itsm_calendar *c = load(ALWAYS("Europe/London") "," UK_BANK "}");
    expect_year(c, 2021, "2021-01-01 2021-04-02 2021-04-05 2021-05-03 2021-05-31 2021-08-30 2021-12-27* 2021-12-28*");
    expect_year(c, 2022,
                "2022-01-03* 2022-04-15 2022-04-18 2022-05-02 2022-06-02 2022-06-03 2022-08-29 2022-09-19 2022-12-26 "
                "2022-12-27*");
    expect_year(c, 2026, "2026-01-01 2026-04-03 2026-04-06 2026-05-04 2026-05-25 2026-08-31 2026-12-25 2026-12-28*");
    expect_year(c, 2027, "2027-01-01 2027-03-26 2027-03-29 2027-05-03 2027-05-31 2027-08-30 2027-12-27* 2027-12-28*");
    expect_holidays(c, "2021-12-20", "2021-12-31", 0, 1,
                    "2021-12-25=Christmas Day 2021-12-26=Boxing Day 2021-12-27*=Christmas Day (observed) "
                    "2021-12-28*=Boxing Day (observed)");
    expect_holidays(c, "2022-12-20", "2022-12-31", 0, 1,
                    "2022-12-25=Christmas Day 2022-12-26=Boxing Day 2022-12-27*=Christmas Day (observed)");
    itsm_calendar_free(c);
}

Test(calendar_definition, a_range_of_dates_says_the_same_of_a_date_as_any_other_range)
{
    itsm_calendar *c = load(ALWAYS("Europe/London") "," UK_BANK "}");
    struct told all = {.names = 1}, one = {.names = 1};
    cr_assert_eq(itsm_calendar_holidays(c, date_of("2020-01-01"), date_of("2029-12-31"), tell, &all), ITSM_OK);
    for (int64_t date = date_of("2020-01-01"); date <= date_of("2029-12-31"); date++)
        cr_assert_eq(itsm_calendar_holidays(c, date, date, tell, &one), ITSM_OK);
    cr_assert_str_eq(one.text, all.text);
    itsm_calendar_free(c);
}

/* Recurrences ----------------------------------------------------------------------------------------------------- */

Test(calendar_definition, easter_is_on_the_published_dates)
{
    static const struct {
        const char *church, *dates[12];
    } known[] = {
        {"western",
         {"1583-04-10", "1818-03-22", "1886-04-25", "1943-04-25", "2000-04-23", "2008-03-23", "2024-03-31",
          "2025-04-20", "2026-04-05", "2027-03-28", "2038-04-25", "2285-03-22"}},
        {"orthodox",
         {"2000-04-30", "2008-04-27", "2010-04-04", "2013-05-05", "2020-04-19", "2021-05-02", "2022-04-24",
          "2023-04-16", "2024-05-05", "2025-04-20", "2026-04-12", "2027-05-02"}},
    };
    for (size_t i = 0; i < 2; i++) {
        char json[256], year[2][16], wanted[16];
        snprintf(json, sizeof json, "{\"tz\":\"UTC\",\"recurring_holidays\":[{\"easter\":0,\"church\":\"%s\"}]}",
                 known[i].church);
        itsm_calendar *c = load(json);
        for (size_t k = 0; k < 12; k++) {
            snprintf(wanted, sizeof wanted, "%s", known[i].dates[k]);
            snprintf(year[0], sizeof year[0], "%.4s-01-01", wanted),
                snprintf(year[1], sizeof year[1], "%.4s-12-31", wanted);
            expect_holidays(c, year[0], year[1], 0, 0, wanted);
        }
        expect_holidays(c, "1582-01-01", "1582-12-31", 0, 0, "");
        itsm_calendar_free(c);
    }
}

Test(calendar_definition, there_is_no_easter_after_the_year_9999)
{
    itsm_calendar *c =
        load(ALWAYS("UTC") ",\"recurring_holidays\":[{\"easter\":0},{\"easter\":0,\"church\":\"orthodox\"}]}");
    cr_assert_eq(between(c, "9999-01-01T00:00:00Z", "+010000-01-01T00:00:00Z"), ITSM_DAYS(363));
    cr_assert_eq(between(c, "+010000-01-01T00:00:00Z", "+020000-01-01T00:00:00Z"), ITSM_DAYS(3652425));
    cr_assert_eq(between(c, "-009000-01-01T00:00:00Z", "1583-01-01T00:00:00Z"), ITSM_DAYS(3865361));
    itsm_calendar_free(c);
}

Test(calendar_definition, the_nth_weekday_counts_from_either_end_of_the_month)
{
    itsm_calendar *c =
        load("{\"tz\":\"UTC\",\"recurring_holidays\":[{\"month\":3,\"weekday\":\"tue\",\"nth\":5},"
             "{\"month\":2,\"weekday\":\"sat\",\"nth\":-5},{\"month\":11,\"weekday\":\"thu\",\"nth\":4,\"days\":1},"
             "{\"weekday\":\"wed\",\"on_or_after\":\"11-16\"},{\"month\":6,\"weekday\":\"sun\",\"nth\":-5}]}");
    expect_holidays(c, "2026-01-01", "2026-12-31", 0, 0, "2026-03-31 2026-11-18 2026-11-27");
    expect_holidays(c, "2020-01-01", "2020-12-31", 0, 0, "2020-02-01 2020-03-31 2020-11-18 2020-11-27");
    expect_holidays(c, "2023-01-01", "2023-12-31", 0, 0, "2023-11-22 2023-11-24");
    expect_holidays(c, "2024-01-01", "2024-12-31", 0, 0, "2024-06-02 2024-11-20 2024-11-29");
    itsm_calendar_free(c);
}

Test(calendar_definition, an_observed_day_is_one_more_holiday)
{
    itsm_calendar *c =
        load(ALWAYS("UTC") ",\"recurring_holidays\":[{\"date\":\"12-25\",\"name\":\"X\",\"observed\":\"nearest\"},"
                           "{\"date\":\"01-01\",\"name\":\"Y\",\"observed\":\"monday\"}]}");
    expect_holidays(c, "2021-12-20", "2023-01-05", 0, 1,
                    "2021-12-24*=X (observed) 2021-12-25=X 2022-01-01=Y 2022-12-25=X 2022-12-26*=X (observed) "
                    "2023-01-01=Y 2023-01-02*=Y (observed)");
    cr_assert_eq(between(c, "2021-12-24T00:00:00Z", "2021-12-26T00:00:00Z"), 0);
    itsm_calendar_free(c);
}

Test(calendar_definition, substitutes_of_a_weekend_take_the_days_that_are_free)
{
    /* The first and the second of January in Scotland; with the Monday and the Tuesday taken they go on. */
    itsm_calendar *c = load(
        "{\"tz\":\"UTC\",\"holidays\":[\"2033-01-03\"],\"recurring_holidays\":["
        "{\"date\":\"01-01\",\"name\":\"A\",\"observed\":\"next\"},{\"date\":\"01-02\",\"name\":\"B\",\"observed\":\"next\"}]}");
    expect_holidays(c, "2022-01-01", "2022-01-31", 0, 1,
                    "2022-01-01=A 2022-01-02=B 2022-01-03*=A (observed) 2022-01-04*=B (observed)");
    expect_holidays(c, "2033-01-01", "2033-01-31", 0, 1,
                    "2033-01-01=A 2033-01-02=B 2033-01-03= 2033-01-04*=A (observed) 2033-01-05*=B (observed)");
    itsm_calendar_free(c);
    c = load(
        "{\"tz\":\"UTC\",\"holidays\":[\"2022-01-03\",\"2022-01-04\",\"2022-01-05\",\"2022-01-06\",\"2022-01-07\"],"
        "\"recurring_holidays\":[{\"date\":\"01-01\",\"observed\":\"next\"}]}");
    expect_holidays(c, "2022-01-01", "2022-01-31", 0, 0,
                    "2022-01-01 2022-01-03 2022-01-04 2022-01-05 2022-01-06 2022-01-07");
    itsm_calendar_free(c);
}

Test(calendar_definition, a_date_that_several_rules_name_has_the_name_of_the_first)
{
    itsm_calendar *c = load(
        "{\"tz\":\"UTC\",\"holidays\":[{\"date\":\"2021-12-27\",\"name\":\"listed\"}],\"recurring_holidays\":["
        "{\"date\":\"12-26\",\"name\":\"rule\",\"observed\":\"monday\"},{\"date\":\"12-27\",\"name\":\"later\"},"
        "{\"date\":\"12-27\",\"name\":\"the same again\"},{\"month\":12,\"weekday\":\"mon\",\"nth\":4,\"name\":\"last\"}]}");
    expect_holidays(c, "2021-12-20", "2021-12-31", 0, 1, "2021-12-26=rule 2021-12-27=listed");
    expect_holidays(c, "2027-12-20", "2027-12-31", 0, 1, "2027-12-26=rule 2027-12-27=later");
    itsm_calendar_free(c);
}

Test(calendar_definition, the_years_of_a_rule_are_those_it_is_asked_in)
{
    /* New Year's Day of 2022 is a Saturday: it is observed in 2021, and belongs to 2022. */
    itsm_calendar *c = load(ALWAYS(
        "UTC") ",\"recurring_holidays\":[{\"date\":\"01-01\",\"observed\":\"nearest\",\"from\":2022,\"to\":2023}]}");
    expect_holidays(c, "2015-01-01", "2030-12-31", 0, 0, "2021-12-31* 2022-01-01 2023-01-01 2023-01-02*");
    cr_assert_eq(between(c, "2021-01-01T00:00:00Z", "2022-01-01T00:00:00Z"), ITSM_DAYS(364));
    cr_assert_eq(between(c, "1700-01-01T00:00:00Z", "2021-01-01T00:00:00Z"), ITSM_DAYS(117243));
    cr_assert_eq(between(c, "2024-01-01T00:00:00Z", "2800-01-01T00:00:00Z"), ITSM_DAYS(283428));
    itsm_calendar_free(c);
}

struct closed {
    const itsm_calendar *calendar;
    int count;
};

static itsm_status is_closed(void *user, const itsm_calendar_holiday *h)
{
    struct closed *closed = user;
    itsm_span open;
    cr_assert_eq(itsm_calendar_between(&open, closed->calendar, ITSM_DAYS(h->date), ITSM_DAYS(h->date + 1)), ITSM_OK);
    cr_assert_eq(open, 0, "day %d", (int)h->date);
    closed->count++;
    return ITSM_OK;
}

/* Years that look alike share their tables; the list of holidays knows nothing of that. */
Test(calendar_definition, the_days_that_are_closed_are_the_holidays_that_are_listed)
{
    static const char *const rules[] = {
        "{\"date\":\"12-31\",\"observed\":\"next\"},{\"date\":\"01-01\",\"observed\":\"nearest\"}",
        "{\"date\":\"06-01\",\"from\":1801,\"to\":1803},{\"date\":\"01-01\",\"observed\":\"nearest\",\"from\":2111}",
        "{\"month\":3,\"weekday\":\"mon\",\"nth\":1,\"days\":-75},{\"weekday\":\"sun\",\"on_or_after\":\"02-27\",\"days\":300}",
        "{\"month\":12,\"weekday\":\"fri\",\"nth\":-1,\"days\":8,\"to\":2200},{\"month\":2,\"weekday\":\"tue\",\"nth\":5}",
        "{\"easter\":-2},{\"easter\":280,\"observed\":\"next\"},{\"easter\":-100,\"church\":\"orthodox\"}",
        "{\"easter\":-90,\"from\":1900},{\"easter\":1,\"church\":\"orthodox\",\"to\":2100,\"observed\":\"monday\"}",
    };
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        char json[1024];
        snprintf(json, sizeof json, "%s,\"recurring_holidays\":[%s]}", ALWAYS("UTC"), rules[i]);
        itsm_calendar *c = load(json);
        for (int year = -700; year < 9999; year += year == 2600 ? 7000 : 1) {
            struct closed closed = {c, 0};
            int64_t first, last;
            itsm_span open;
            if (year == 0) year = 1570;
            cr_assert_eq(itsm_date_from_civil(&first, year, 1, 1), ITSM_OK);
            cr_assert_eq(itsm_date_from_civil(&last, year, 12, 31), ITSM_OK);
            cr_assert_eq(itsm_calendar_holidays(c, first, last, is_closed, &closed), ITSM_OK);
            cr_assert_eq(itsm_calendar_between(&open, c, ITSM_DAYS(first), ITSM_DAYS(last + 1)), ITSM_OK);
            cr_assert_eq(open, ITSM_DAYS(last + 1 - first - closed.count), "%s in %d", rules[i], year);
        }
        itsm_calendar_free(c);
    }
}

Test(calendar_definition, rules_that_are_no_rules_are_refused)
{
    static const itsm_recurrence wrong[] = {
        {sizeof(itsm_recurrence), 5, 1, 1, 0, 0, 0, 0, 0, 0, {NULL, 0}},
        {sizeof(itsm_recurrence), ITSM_RECURRENCE_DATE, 2, 30, 0, 0, 0, 0, 0, 0, {NULL, 0}},
        {sizeof(itsm_recurrence), ITSM_RECURRENCE_DATE, 2, 1, 0, 0, 1, 0, 0, 0, {NULL, 0}},
        {sizeof(itsm_recurrence), ITSM_RECURRENCE_DATE, 2, 1, 0, 0, 0, 4, 0, 0, {NULL, 0}},
        {sizeof(itsm_recurrence), ITSM_RECURRENCE_DATE, 2, 1, 0, 0, 0, 0, 10000, 0, {NULL, 0}},
        {sizeof(itsm_recurrence), ITSM_RECURRENCE_DATE, 2, 1, 0, 0, 0, 0, 2022, 2021, {NULL, 0}},
        {sizeof(itsm_recurrence), ITSM_RECURRENCE_DATE, 2, 1, 0, 0, 0, 0, -1, 0, {NULL, 0}},
        {sizeof(itsm_recurrence), ITSM_RECURRENCE_WEEKDAY, 1, 0, 0, 0, 0, 0, 0, 0, {NULL, 0}},
        {sizeof(itsm_recurrence), ITSM_RECURRENCE_WEEKDAY, 1, 0, 0, 6, 0, 0, 0, 0, {NULL, 0}},
        {sizeof(itsm_recurrence), ITSM_RECURRENCE_WEEKDAY, 1, 0, 7, 1, 0, 0, 0, 0, {NULL, 0}},
        {sizeof(itsm_recurrence), ITSM_RECURRENCE_WEEKDAY, 0, 0, 1, 1, 0, 0, 0, 0, {NULL, 0}},
        {sizeof(itsm_recurrence), ITSM_RECURRENCE_ON_OR_AFTER, 2, 29, 1, 0, 0, 0, 0, 0, {NULL, 0}},
        {sizeof(itsm_recurrence), ITSM_RECURRENCE_EASTER, 0, 0, 0, 0, 301, 0, 0, 0, {NULL, 0}},
        {sizeof(itsm_recurrence), ITSM_RECURRENCE_EASTER, 1, 0, 0, 0, 0, 0, 0, 0, {NULL, 0}},
    };
    itsm_zone *zone;
    itsm_calendar_builder *b;
    itsm_recurrence right = ITSM_RECURRENCE_INIT;
    cr_assert_eq(itsm_zone_fixed(&zone, ctx, 0), ITSM_OK);
    cr_assert_eq(itsm_calendar_builder_new(&b, ctx, zone), ITSM_OK);
    itsm_zone_free(zone);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        cr_assert_eq(itsm_calendar_builder_add_recurrence(b, &wrong[i]), ITSM_E_INVALID, "%zu", i);
    right.month = 12, right.day = 25;
    cr_assert_eq(itsm_calendar_builder_add_recurrence(b, NULL), ITSM_E_MISUSE);
    cr_assert_eq(itsm_calendar_builder_add_recurrence(NULL, &right), ITSM_E_MISUSE);
    for (int i = 0; i < 1000; i++) cr_assert_eq(itsm_calendar_builder_add_recurrence(b, &right), ITSM_OK);
    cr_assert_eq(itsm_calendar_builder_add_recurrence(b, &right), ITSM_E_LIMIT);
    right.size = 0;
    cr_assert_eq(itsm_calendar_builder_add_recurrence(b, &right), ITSM_E_MISUSE);
    itsm_calendar_builder_free(b);
}

/* Additions ------------------------------------------------------------------------------------------------------- */

Test(calendar_definition, an_addition_adds_to_the_week_or_an_override_and_yields_to_breaks_and_holidays)
{
    itsm_calendar *c = load(DAILY(
        "UTC") ",\"holidays\":[\"2026-03-31\"],\"overrides\":{\"2026-04-01\":[[\"10:00\",\"11:00\"]],\"2026-04-02\":[]},"
               "\"additions\":{\"2026-03-30\":[[\"16:00\",\"20:00\"]],\"2026-03-31\":[[\"06:00\",\"07:00\"]],"
               "\"2026-04-01\":[[\"12:00\",\"13:00\"]],\"2026-04-02\":[[\"20:00\",\"02:00\"]]},"
               "\"breaks\":{\"2026-03-30\":[[\"18:00\",\"18:30\"]]}}");
    cr_assert_eq(between(c, "2026-03-30T00:00:00Z", "2026-03-31T00:00:00Z"), ITSM_MINUTES(630),
                 "11 hours less a break");
    cr_assert_eq(between(c, "2026-03-31T00:00:00Z", "2026-04-01T00:00:00Z"), 0, "a holiday");
    cr_assert_eq(between(c, "2026-04-01T00:00:00Z", "2026-04-02T00:00:00Z"), ITSM_HOURS(2), "an override and more");
    cr_assert_eq(between(c, "2026-04-02T00:00:00Z", "2026-04-03T00:00:00Z"), ITSM_HOURS(4), "a closed date and more");
    cr_assert_eq(between(c, "2026-04-03T00:00:00Z", "2026-04-04T00:00:00Z"), ITSM_HOURS(10), "until the morning after");
    itsm_calendar_free(c);
}

/* Versions -------------------------------------------------------------------------------------------------------- */

Test(calendar_definition, a_version_cuts_exactly_at_its_instant)
{
    itsm_calendar *c = load(ALWAYS(
        "Europe/Brussels") ",\"versions\":[{\"from\":\"2026-07-01T12:34:56+02:00\",\"tz\":\"UTC\"},"
                           "{\"from\":\"2026-07-01T12:34:58+02:00\"," EVERY_DAY(ALL_DAY) ",\"tz\":\"Asia/Tokyo\"}]}");
    itsm_time t;
    cr_assert(itsm_calendar_next_close(&t, c, 0) == ITSM_OK && t == at("2026-07-01T10:34:56Z"));
    cr_assert(itsm_calendar_next_open(&t, c, t) == ITSM_OK && t == at("2026-07-01T10:34:58Z"));
    cr_assert_eq(itsm_calendar_next_close(&t, c, t), ITSM_E_RANGE);
    cr_assert_eq(between(c, "2026-07-01T00:00:00Z", "2026-07-02T00:00:00Z"), ITSM_DAYS(1) - ITSM_SECONDS(2));
    assert_text(itsm_zone_name(itsm_calendar_zone(c)), "Europe/Brussels");
    itsm_calendar_free(c);
}

Test(calendar_definition, the_past_keeps_the_old_version_and_versions_come_in_any_order)
{
    itsm_calendar *c = load(
        DAILY("Europe/Brussels") ",\"versions\":[{\"from\":\"2030-01-01T00:00:00+09:00\",\"tz\":\"Asia/Tokyo\"," EVERY_DAY(
            OFFICE) "},"
                    "{\"from\":\"2026-07-01T00:00:00+02:00\",\"name\":\"four hours\",\"tz\":\"Europe/Brussels\"," EVERY_DAY(
                        "[\"09:00\",\"13:00\"]") "}]}");
    cr_assert_eq(between(c, "2025-12-31T23:00:00Z", "2026-06-30T22:00:00Z"), ITSM_HOURS(8) * 181);
    cr_assert_eq(between(c, "2026-06-30T22:00:00Z", "2026-12-31T23:00:00Z"), ITSM_HOURS(4) * 184);
    cr_assert_eq(between(c, "2029-12-31T15:00:00Z", "2030-12-31T15:00:00Z"), ITSM_HOURS(8) * 365);
    cr_assert_eq(between(c, "1600-01-01T00:00:00Z", "1700-01-01T00:00:00Z"), ITSM_HOURS(8) * 36525, "long before");
    cr_assert_eq(between(c, "5000-01-01T00:00:00Z", "5001-01-01T00:00:00Z"), ITSM_HOURS(8) * 365, "and long after");
    itsm_calendar_free(c);
}

Test(calendar_definition, a_version_long_ago_or_far_ahead_cuts_only_its_own_year)
{
    itsm_calendar *c =
        load(ALWAYS("UTC") ",\"versions\":[{\"from\":\"1801-03-03T12:00:00Z\",\"tz\":\"UTC\"},"
                           "{\"from\":\"2333-03-03T12:00:00Z\"," EVERY_DAY(ALL_DAY) ",\"tz\":\"UTC\"}]}");
    cr_assert_eq(between(c, "1700-01-01T00:00:00Z", "1801-03-03T12:00:00Z"), ITSM_HOURS(24) * 36950 + ITSM_HOURS(12));
    cr_assert_eq(between(c, "1801-01-01T00:00:00Z", "1802-01-01T00:00:00Z"), ITSM_HOURS(61 * 24 + 12));
    cr_assert_eq(between(c, "1802-01-01T00:00:00Z", "2333-01-01T00:00:00Z"), 0);
    cr_assert_eq(between(c, "2333-01-01T00:00:00Z", "2334-01-01T00:00:00Z"), ITSM_HOURS(303 * 24 + 12));
    cr_assert_eq(between(c, "2334-01-01T00:00:00Z", "9999-01-01T00:00:00Z"), ITSM_DAYS(2799584));
    itsm_calendar_free(c);
}

Test(calendar_definition, versions_that_cannot_be_are_refused)
{
    itsm_zone *zone;
    itsm_calendar_builder *b;
    itsm_calendar *part = load(DAILY("UTC") "}"), *nested, *deeper;
    cr_assert_eq(itsm_zone_fixed(&zone, ctx, 0), ITSM_OK);
    cr_assert_eq(itsm_calendar_builder_new(&b, ctx, zone), ITSM_OK);
    cr_assert_eq(itsm_calendar_builder_add_version(b, 1, part), ITSM_E_INVALID, "not a whole second");
    cr_assert_eq(itsm_calendar_builder_add_version(b, ITSM_TIME_NONE, part), ITSM_E_INVALID);
    cr_assert_eq(itsm_calendar_builder_add_version(b, ITSM_DAYS(2932897), part), ITSM_E_INVALID);
    cr_assert_eq(itsm_calendar_builder_add_version(b, 0, NULL), ITSM_E_MISUSE);
    cr_assert_eq(itsm_calendar_builder_add_version(NULL, 0, part), ITSM_E_MISUSE);
    cr_assert_eq(itsm_calendar_builder_add_version(b, 0, part), ITSM_OK);
    cr_assert_eq(itsm_calendar_builder_add_version(b, 0, part), ITSM_E_INVALID, "twice at an instant");
    for (int i = 1; i < 99; i++) cr_assert_eq(itsm_calendar_builder_add_version(b, -ITSM_DAYS(i), part), ITSM_OK);
    cr_assert_eq(itsm_calendar_builder_add_version(b, ITSM_DAYS(1), part), ITSM_E_LIMIT);
    cr_assert_eq(itsm_calendar_builder_freeze(&nested, b), ITSM_OK);
    itsm_calendar_builder_free(b);
    itsm_calendar_free(part);
    cr_assert_eq(between(nested, "1969-12-31T12:00:00Z", "1970-01-02T12:00:00Z"), ITSM_HOURS(16));
    for (int depth = 2; depth < 8; depth++) {
        const itsm_calendar *const one[] = {nested};
        cr_assert_eq(itsm_calendar_union(&deeper, ctx, ITSM_STR(""), one, 1), ITSM_OK, "%d", depth);
        itsm_calendar_free(nested), nested = deeper;
    }
    const itsm_calendar *const one[] = {nested};
    cr_assert_eq(itsm_calendar_union(&deeper, ctx, ITSM_STR(""), one, 1), ITSM_E_LIMIT, "eight deep");
    cr_assert_null(deeper);
    cr_assert_eq(itsm_calendar_builder_new(&b, ctx, zone), ITSM_OK);
    cr_assert_eq(itsm_calendar_builder_add_version(b, 0, nested), ITSM_E_LIMIT);
    itsm_calendar_builder_free(b);
    cr_assert_eq(between(nested, "1969-12-31T12:00:00Z", "1970-01-02T12:00:00Z"), ITSM_HOURS(16));
    itsm_calendar_free(nested);
    itsm_zone_free(zone);
}

/* Gaza's clocks follow the moon until 2086, each year on its own: 400 years later none of that comes again. */
Test(calendar_definition, what_a_zone_lists_of_single_years_does_not_come_again)
{
    itsm_calendar *c = load(DAILY("Asia/Gaza") "}");
    for (int64_t date = date_of("2440-01-01"); date < date_of("2490-01-01"); date++) {
        itsm_resolved nine;
        itsm_time t = 0;
        cr_assert_eq(itsm_zone_instant(&nine, itsm_calendar_zone(c), ITSM_DAYS(date) + ITSM_HOURS(9)), ITSM_OK);
        cr_assert_eq(itsm_calendar_next_open(&t, c, nine.first - ITSM_HOURS(3)), ITSM_OK);
        cr_assert_eq(t, nine.first, "day %d", (int)date);
    }
    itsm_calendar_free(c);
}

/* Combining ------------------------------------------------------------------------------------------------------- */

Test(calendar_definition, sets_of_calendars_combine_across_zones)
{
    itsm_calendar *brussels = load(DAILY("Europe/Brussels") ",\"name\":\"B\"}"); /* 07:00 to 15:00 UTC in summer */
    itsm_calendar *york = load(DAILY("America/New_York") ",\"name\":\"Y\"}");    /* 13:00 to 21:00 UTC in summer */
    const itsm_calendar *const both[] = {brussels, york};
    itsm_calendar *all, *common, *rest;
    cr_assert_eq(itsm_calendar_union(&all, ctx, ITSM_STR("all"), both, 2), ITSM_OK);
    cr_assert_eq(itsm_calendar_intersection(&common, ctx, ITSM_STR("common"), both, 2), ITSM_OK);
    cr_assert_eq(itsm_calendar_difference(&rest, ctx, ITSM_STR("rest"), both, 2), ITSM_OK);
    itsm_calendar_free(brussels), itsm_calendar_free(york);
    cr_assert_eq(between(all, "2026-07-06T00:00:00Z", "2026-07-07T00:00:00Z"), ITSM_HOURS(14));
    cr_assert_eq(between(common, "2026-07-06T00:00:00Z", "2026-07-07T00:00:00Z"), ITSM_HOURS(2));
    cr_assert_eq(between(rest, "2026-07-06T00:00:00Z", "2026-07-07T00:00:00Z"), ITSM_HOURS(6));
    cr_assert_eq(between(common, "2026-03-15T00:00:00Z", "2026-03-16T00:00:00Z"), ITSM_HOURS(3),
                 "between their changes");
    assert_text(itsm_calendar_name(common), "common");
    assert_text(itsm_zone_name(itsm_calendar_zone(common)), "Europe/Brussels");
    itsm_calendar_free(all), itsm_calendar_free(common), itsm_calendar_free(rest);
}

Test(calendar_definition, combining_what_never_opens_or_never_closes_ends)
{
    itsm_calendar *never = load("{\"tz\":\"UTC\"}"), *always = load(ALWAYS("Europe/Brussels") "}"), *c;
    const itsm_calendar *const parts[] = {never, never, always};
    itsm_time t = 42;
    cr_assert_eq(itsm_calendar_union(&c, ctx, ITSM_STR(""), parts, 2), ITSM_OK);
    cr_assert_eq(itsm_calendar_next_open(&t, c, 0), ITSM_E_NO_OPEN_TIME);
    cr_assert_eq(itsm_calendar_add(&t, c, 0, 1, 0), ITSM_E_NO_OPEN_TIME);
    itsm_calendar_free(c);
    cr_assert_eq(itsm_calendar_intersection(&c, ctx, ITSM_STR(""), parts + 1, 2), ITSM_OK);
    cr_assert_eq(itsm_calendar_next_open(&t, c, 0), ITSM_E_NO_OPEN_TIME);
    itsm_calendar_free(c);
    cr_assert_eq(itsm_calendar_union(&c, ctx, ITSM_STR(""), parts, 3), ITSM_OK);
    cr_assert_eq(itsm_calendar_next_close(&t, c, 0), ITSM_E_RANGE);
    cr_assert(itsm_calendar_add(&t, c, 0, ITSM_DAYS(4000000), 0) == ITSM_OK && t == ITSM_DAYS(4000000));
    itsm_calendar_free(c);
    const itsm_calendar *const same[] = {always, always};
    cr_assert_eq(itsm_calendar_difference(&c, ctx, ITSM_STR(""), same, 2), ITSM_OK);
    cr_assert_eq(itsm_calendar_next_open(&t, c, 0), ITSM_E_NO_OPEN_TIME);
    itsm_calendar_free(c);
    itsm_calendar_free(never), itsm_calendar_free(always);
}

Test(calendar_definition, misuse_of_combining_is_told)
{
    itsm_calendar *part = load(DAILY("UTC") "}"), *c = part;
    const itsm_calendar *const parts[] = {part, NULL};
    const itsm_calendar *many[101];
    for (int i = 0; i < 101; i++) many[i] = part;
    cr_assert_eq(itsm_calendar_union(&c, ctx, ITSM_STR(""), parts, 2), ITSM_E_MISUSE);
    cr_assert_null(c);
    cr_assert_eq(itsm_calendar_union(NULL, ctx, ITSM_STR(""), parts, 1), ITSM_E_MISUSE);
    cr_assert_eq(itsm_calendar_union(&c, NULL, ITSM_STR(""), parts, 1), ITSM_E_MISUSE);
    cr_assert_eq(itsm_calendar_union(&c, ctx, ITSM_STR(""), NULL, 1), ITSM_E_MISUSE);
    cr_assert_eq(itsm_calendar_union(&c, ctx, ITSM_STR(""), NULL, 0), ITSM_E_INVALID);
    cr_assert_eq(itsm_calendar_union(&c, ctx, ITSM_STR(""), many, 101), ITSM_E_LIMIT);
    cr_assert_eq(itsm_calendar_intersection(&c, ctx, ITSM_STR(""), many, 100), ITSM_OK);
    cr_assert_eq(between(c, "2026-07-06T00:00:00Z", "2026-07-07T00:00:00Z"), ITSM_HOURS(8));
    cr_assert_eq(itsm_calendar_holidays(NULL, 0, 0, tell, NULL), ITSM_E_MISUSE);
    cr_assert_eq(itsm_calendar_holidays(c, 0, 0, NULL, NULL), ITSM_E_MISUSE);
    cr_assert_eq(itsm_calendar_holidays(c, INT64_MIN, 0, tell, NULL), ITSM_E_RANGE);
    cr_assert_eq(itsm_calendar_holidays(c, 0, 2932897, tell, NULL), ITSM_E_RANGE);
    itsm_calendar_free(c), itsm_calendar_free(part);
}

Test(calendar_definition, a_hundred_thousand_overrides_combine)
{
    itsm_zone *zone;
    itsm_calendar_builder *b;
    itsm_calendar *part, *c;
    const itsm_hours hour = {10 * 3600, 11 * 3600};
    cr_assert_eq(itsm_zone_fixed(&zone, ctx, 0), ITSM_OK);
    cr_assert_eq(itsm_calendar_builder_new(&b, ctx, zone), ITSM_OK);
    for (int i = 0; i < 100000; i++) cr_assert_eq(itsm_calendar_builder_add_override(b, i - 20000, &hour, 1), ITSM_OK);
    cr_assert_eq(itsm_calendar_builder_add_override(b, 0, &hour, 1), ITSM_E_LIMIT);
    cr_assert_eq(itsm_calendar_builder_freeze(&part, b), ITSM_OK);
    itsm_calendar_builder_free(b);
    itsm_zone_free(zone);
    itsm_calendar *daily = load(DAILY("UTC") "}");
    const itsm_calendar *const parts[] = {daily, part};
    cr_assert_eq(itsm_calendar_difference(&c, ctx, ITSM_STR(""), parts, 2), ITSM_OK);
    itsm_span span;
    cr_assert_eq(itsm_calendar_between(&span, c, -ITSM_DAYS(30000), ITSM_DAYS(90000)), ITSM_OK);
    cr_assert_eq(span, ITSM_HOURS(8) * 120000 - ITSM_HOURS(100000));
    itsm_calendar_free(c), itsm_calendar_free(part), itsm_calendar_free(daily);
}

Test(calendar_definition, holidays_of_parts_are_those_of_the_time_they_hold)
{
    itsm_calendar *c = load(
        "{\"name\":\"both\",\"union\":[{\"name\":\"A\",\"tz\":\"UTC\",\"recurring_holidays\":[{\"date\":\"05-01\",\"name\":\"May\"}],"
        "\"versions\":[{\"from\":\"2026-01-01T00:00:00Z\",\"name\":\"A2\",\"tz\":\"UTC\",\"recurring_holidays\":[{\"date\":\"06-01\",\"name\":\"June\"}]}]},"
        "{\"name\":\"B\",\"tz\":\"UTC\",\"holidays\":[{\"date\":\"2026-06-01\",\"name\":\"B's\"}]}]}");
    expect_holidays(c, "2025-01-01", "2026-12-31", 0, 1, "2025-05-01=May 2026-06-01=June 2026-06-01=B's");
    itsm_calendar_free(c);
}

/* Explanations ---------------------------------------------------------------------------------------------------- */

struct rows {
    char text[4096];
    size_t n;
    itsm_span sum;
};

static itsm_status add_row(void *user, const itsm_calendar_row *row)
{
    struct rows *rows = user;
    char from[ITSM_TIME_MAX];
    rows->sum += row->counted;
    rows->n += (size_t)snprintf(rows->text + rows->n, sizeof rows->text - rows->n, "%s %s %.*s/%.*s\n",
                                itsm_time_text(from, row->from), itsm_why_text(row->why), ITSM_ARG(row->name),
                                ITSM_ARG(row->calendar));
    return rows->n < sizeof rows->text ? ITSM_OK : ITSM_E_HOST_FIRST;
}

static void expect_rows(const itsm_calendar *c, const char *a, const char *b, const char *wanted)
{
    struct rows rows = {.n = 0};
    cr_assert_eq(itsm_calendar_explain(c, at(a), at(b), add_row, &rows), ITSM_OK);
    cr_assert_str_eq(rows.text, wanted);
    cr_assert_eq(rows.sum, between(c, a, b));
}

Test(calendar_definition, an_explanation_names_additions_and_observed_holidays)
{
    itsm_calendar *c = load(
        DAILY("UTC") ",\"recurring_holidays\":[{\"date\":\"12-25\",\"name\":\"Christmas\",\"observed\":\"monday\"}],"
                     "\"additions\":{\"2022-12-27\":[[\"16:00\",\"19:00\"]]}}");
    expect_rows(
        c, "2022-12-26T00:00:00Z", "2022-12-28T00:00:00Z",
        "2022-12-26T00:00:00Z holiday Christmas (observed)/\n2022-12-27T00:00:00Z outside hours /\n"
        "2022-12-27T09:00:00Z weekly hours /\n2022-12-27T17:00:00Z added hours /\n2022-12-27T19:00:00Z outside hours /\n");
    itsm_calendar_free(c);
}

Test(calendar_definition, an_explanation_names_the_part_that_decides)
{
    itsm_calendar *c =
        load("{\"difference\":[{\"name\":\"both\",\"intersection\":[{\"name\":\"support\",\"tz\":\"UTC\"," EVERY_DAY(
            OFFICE) "},"
                    "{\"tz\":\"UTC\"," EVERY_DAY(
                        "[\"08:00\",\"16:00\"]") ",\"holidays\":[{\"date\":\"2026-03-31\",\"name\":\"Local\"}]}]},"
                                                 "{\"name\":\"maintenance\",\"tz\":\"UTC\",\"weekly\":{\"mon\":[[\"12:00\",\"13:00\"]]}}]}");
    expect_rows(
        c, "2026-03-30T00:00:00Z", "2026-04-01T00:00:00Z",
        "2026-03-30T00:00:00Z outside hours /support\n2026-03-30T09:00:00Z weekly hours /support\n"
        "2026-03-30T12:00:00Z excluded by another calendar /maintenance\n2026-03-30T13:00:00Z weekly hours /support\n"
        "2026-03-30T16:00:00Z outside hours /both\n2026-03-30T17:00:00Z outside hours /support\n"
        "2026-03-31T00:00:00Z outside hours /support\n2026-03-31T09:00:00Z holiday Local/both\n"
        "2026-03-31T17:00:00Z outside hours /support\n");
    itsm_calendar_free(c);
}

Test(calendar_definition, an_explanation_names_the_version_that_holds)
{
    itsm_calendar *c = load(
        DAILY("UTC") ",\"name\":\"old\",\"versions\":[{\"from\":\"2026-03-30T12:00:00Z\",\"name\":\"new\",\"tz\":\"UTC\"," EVERY_DAY(
            "[\"11:00\",\"20:00\"]") "}]}");
    expect_rows(c, "2026-03-30T08:00:00Z", "2026-03-31T00:00:00Z",
                "2026-03-30T08:00:00Z outside hours /old\n2026-03-30T09:00:00Z weekly hours /old\n"
                "2026-03-30T12:00:00Z weekly hours /new\n2026-03-30T20:00:00Z outside hours /new\n");
    itsm_calendar_free(c);
}

/* Text ------------------------------------------------------------------------------------------------------------ */

#define WHOLE                                                                                                                                                               \
    "{\"name\":\"n\",\"difference\":[{\"name\":\"a\",\"tz\":\"Europe/Brussels\",\"weekly\":{\"mon\":[[\"09:00\",\"17:00\"]]},"                                              \
    "\"holidays\":[\"2026-01-02\",{\"date\":\"2026-04-03\",\"name\":\"h\"}],"                                                                                               \
    "\"recurring_holidays\":[\"01-01\",{\"date\":\"05-01\",\"name\":\"May\"},{\"date\":\"12-25\",\"observed\":\"nearest\",\"from\":2020,\"to\":2030},"                      \
    "{\"month\":1,\"weekday\":\"mon\",\"nth\":3,\"name\":\"MLK\"},{\"month\":11,\"weekday\":\"thu\",\"nth\":-1,\"days\":1},"                                                \
    "{\"weekday\":\"wed\",\"on_or_after\":\"11-16\",\"days\":-2,\"observed\":\"next\"},"                                                                                    \
    "{\"easter\":-2,\"observed\":\"monday\",\"from\":2020,\"to\":2040},{\"easter\":1,\"church\":\"orthodox\",\"from\":2020,\"to\":2060}],"                                  \
    "\"overrides\":{\"2026-12-24\":[[\"09:00\",\"12:00\"]]},\"additions\":{\"2026-12-27\":[[\"09:00\",\"12:00\"]]},"                                                        \
    "\"breaks\":{\"2026-06-01\":[[\"12:00\",\"13:00\"]]},"                                                                                                                  \
    "\"versions\":[{\"from\":\"2026-06-30T22:00:00Z\",\"tz\":\"UTC\",\"weekly\":{}},"                                                                                       \
    "{\"from\":\"2027-06-30T22:00:00Z\",\"name\":\"v\",\"union\":[{\"tz\":\"UTC\",\"weekly\":{}},{\"tz\":\"Asia/Tokyo\",\"weekly\":{\"sun\":[[\"22:00\",\"06:00\"]]}}]}]}," \
    "{\"intersection\":[{\"tz\":\"UTC\",\"weekly\":{\"mon\":[[\"12:00\",\"12:30\"]]}}]}]}"

Test(calendar_definition, all_of_it_is_written_as_it_was_read)
{
    itsm_calendar *c = load(WHOLE);
    itsm_buf text = counting_buf(&counting);
    cr_assert_eq(itsm_calendar_encode(&text, c), ITSM_OK);
    assert_text(itsm_buf_str(&text), WHOLE);
    itsm_buf_clear(&text);
    itsm_calendar_free(c);
}

Test(calendar_definition, what_is_written_is_in_order_whatever_was_read)
{
    itsm_calendar *c = load(
        "{\"tz\":\"UTC\",\"versions\":[{\"from\":\"2027-01-01T00:00:00+02:00\",\"tz\":\"UTC\"},{\"tz\":\"UTC\",\"from\":\"2026-01-01T00:00:00Z\"}],"
        "\"recurring_holidays\":[{\"easter\":2},{\"easter\":1,\"church\":\"western\"},{\"nth\":1,\"weekday\":\"sun\",\"month\":1,\"days\":0},\"12-25\",\"01-01\"]}");
    itsm_buf text = counting_buf(&counting);
    cr_assert_eq(itsm_calendar_encode(&text, c), ITSM_OK);
    assert_text(
        itsm_buf_str(&text),
        "{\"tz\":\"UTC\",\"weekly\":{},\"recurring_holidays\":[\"01-01\",\"12-25\",{\"month\":1,\"weekday\":\"sun\",\"nth\":1},{\"easter\":1},{\"easter\":2}],"
        "\"versions\":[{\"from\":\"2026-01-01T00:00:00Z\",\"tz\":\"UTC\",\"weekly\":{}},{\"from\":\"2026-12-31T22:00:00Z\",\"tz\":\"UTC\",\"weekly\":{}}]}");
    itsm_buf_clear(&text);
    itsm_calendar_free(c);
}

static void refuse(const char *json, itsm_status wanted, const char *message, const char *where, uint64_t column)
{
    itsm_calendar *c;
    const itsm_status rc = itsm_calendar_load(&c, ctx, itsm_str_c(json));
    cr_assert_eq(rc, wanted, "%s: %d", json, rc);
    cr_assert_null(c);
    cr_assert_gt(itsm_ctx_issue_count(ctx), 0, "%s", json);
    const itsm_issue *issue = itsm_ctx_issue(ctx, itsm_ctx_issue_count(ctx) - 1);
    char text[512];
    snprintf(text, sizeof text, "%.*s", ITSM_ARG(issue->message));
    cr_assert(strstr(text, message) != NULL, "%s: %s", json, text);
    assert_text(issue->where, where);
    cr_assert(issue->line == 1 && (!column || issue->column == column), "%s: column %d", json, (int)issue->column);
}

Test(calendar_definition, a_wrong_definition_is_refused_with_its_place)
{
#define RECURRING(rule) "{\"tz\":\"UTC\",\"recurring_holidays\":[" rule "]}"
    refuse(RECURRING("7"), ITSM_E_INVALID, "recurring holiday", "/recurring_holidays/0", 35);
    refuse(RECURRING("\"13-01\""), ITSM_E_INVALID, "MM-DD", "/recurring_holidays/0", 35);
    refuse(RECURRING("{\"name\":\"x\"}"), ITSM_E_INVALID, "missing", "/recurring_holidays/0/date", 0);
    refuse(RECURRING("{\"date\":\"12-25\",\"nth\":1}"), ITSM_E_INVALID, "date", "/recurring_holidays/0/date", 0);
    refuse(RECURRING("{\"date\":\"12-25\",\"day\":1}"), ITSM_E_INVALID, "day", "/recurring_holidays/0/day", 0);
    refuse(RECURRING("{\"date\":\"12-25\",\"days\":1}"), ITSM_E_INVALID, "days", "/recurring_holidays/0/days", 0);
    refuse(RECURRING("{\"date\":\"12-25\",\"observed\":\"never\"}"), ITSM_E_INVALID, "nearest, next or monday",
           "/recurring_holidays/0/observed", 62);
    refuse(RECURRING("{\"date\":\"12-25\",\"from\":0}"), ITSM_E_INVALID, "", "/recurring_holidays/0/from", 0);
    refuse(RECURRING("{\"date\":\"12-25\",\"from\":2022,\"to\":2021}"), ITSM_E_INVALID, "before the first",
           "/recurring_holidays/0/to", 0);
    refuse(RECURRING("{\"month\":13,\"weekday\":\"mon\",\"nth\":1}"), ITSM_E_INVALID, "", "/recurring_holidays/0/month",
           0);
    refuse(RECURRING("{\"month\":1,\"weekday\":\"monday\",\"nth\":1}"), ITSM_E_INVALID, "weekday",
           "/recurring_holidays/0/weekday", 0);
    refuse(RECURRING("{\"month\":1,\"weekday\":\"mon\",\"nth\":0}"), ITSM_E_INVALID, "nth", "/recurring_holidays/0/nth",
           0);
    refuse(RECURRING("{\"month\":1,\"weekday\":\"mon\",\"nth\":6}"), ITSM_E_INVALID, "", "/recurring_holidays/0/nth",
           0);
    refuse(RECURRING("{\"month\":1,\"weekday\":\"mon\"}"), ITSM_E_INVALID, "missing", "/recurring_holidays/0/nth", 0);
    refuse(RECURRING("{\"weekday\":\"mon\",\"on_or_after\":\"02-29\"}"), ITSM_E_INVALID, "03-01",
           "/recurring_holidays/0/on_or_after", 0);
    refuse(RECURRING("{\"easter\":301}"), ITSM_E_INVALID, "", "/recurring_holidays/0/easter", 0);
    refuse(RECURRING("{\"easter\":1,\"church\":\"roman\"}"), ITSM_E_INVALID, "western or orthodox",
           "/recurring_holidays/0/church", 0);
    refuse(RECURRING("{\"easter\":1,\"weekday\":\"mon\"}"), ITSM_E_INVALID, "weekday", "/recurring_holidays/0/weekday",
           0);
    refuse("{\"tz\":\"UTC\",\"additions\":{\"2026-02-29\":[]}}", ITSM_E_INVALID, "date", "/additions/2026-02-29", 0);
    refuse("{\"tz\":\"UTC\",\"from\":\"2026-01-01T00:00:00Z\"}", ITSM_E_INVALID, "from", "/from", 0);
    refuse("{\"tz\":\"UTC\",\"versions\":{}}", ITSM_E_INVALID, "array", "/versions", 0);
    refuse("{\"tz\":\"UTC\",\"versions\":[{\"tz\":\"UTC\"}]}", ITSM_E_INVALID, "missing", "/versions/0/from", 0);
    refuse("{\"tz\":\"UTC\",\"versions\":[{\"tz\":\"UTC\",\"from\":\"2026-01-01\"}]}", ITSM_E_INVALID, "instant",
           "/versions/0/from", 0);
    refuse("{\"tz\":\"UTC\",\"versions\":[{\"tz\":\"UTC\",\"from\":\"2026-01-01T00:00:00.5Z\"}]}", ITSM_E_INVALID,
           "whole second", "/versions/0/from", 0);
    refuse(
        "{\"tz\":\"UTC\",\"versions\":[{\"tz\":\"UTC\",\"from\":\"2026-01-01T00:00:00Z\"},{\"tz\":\"UTC\",\"from\":\"2026-01-01T00:00:00Z\"}]}",
        ITSM_E_INVALID, "no two", "/versions/1/from", 0);
    refuse("{\"union\":[]}", ITSM_E_INVALID, "no calendar", "/union", 10);
    refuse("{\"union\":[7]}", ITSM_E_INVALID, "object", "/union/0", 11);
    refuse("{\"union\":[{\"tz\":\"UTC\"}],\"tz\":\"UTC\"}", ITSM_E_INVALID, "tz", "/tz", 0);
    refuse("{\"union\":[{\"tz\":\"UTC\"}],\"difference\":[]}", ITSM_E_INVALID, "difference", "/difference", 0);
    refuse("{\"union\":[{\"tz\":\"UTC\"},{\"intersection\":[{\"tz\":\"Mars/Olympus\"}]}]}", ITSM_E_NOT_FOUND, "Mars",
           "/union/1/intersection/0/tz", 0);
    refuse(
        "{\"union\":[{\"union\":[{\"union\":[{\"union\":[{\"union\":[{\"union\":[{\"union\":[{\"union\":[{\"tz\":\"UTC\"}]}]}]}]}]}]}]}]}",
        ITSM_E_LIMIT, "deep", "/union/0/union/0/union/0/union/0/union/0/union/0/union/0/union/0", 0);
    itsm_calendar_free(load(
        "{\"union\":[{\"union\":[{\"union\":[{\"union\":[{\"union\":[{\"union\":[{\"union\":[{\"tz\":\"UTC\"}]}]}]}]}]}]}]}"));
}

Test(calendar_definition, more_parts_than_allowed_are_refused_with_a_word)
{
    itsm_buf text = counting_buf(&counting);
    itsm_calendar *c;
    cr_assert_eq(itsm_buf_add(&text, "{\"union\":[", 10), ITSM_OK);
    for (int i = 0; i < 101; i++) {
        static const char part[] = ",{\"tz\":\"UTC\"}";
        const size_t skip = i ? 0 : 1; /* no comma before the first */
        cr_assert_eq(itsm_buf_add(&text, &part[skip], 13 - skip), ITSM_OK);
    }
    cr_assert_eq(itsm_buf_add(&text, "]}", 2), ITSM_OK);
    cr_assert_eq(itsm_calendar_load(&c, ctx, itsm_buf_str(&text)), ITSM_E_LIMIT);
    cr_assert_gt(first_message(ctx).n, 0);
    itsm_buf_clear(&text);
}

/* Memory ---------------------------------------------------------------------------------------------------------- */

Test(calendar_definition, every_allocation_may_fail)
{
    const size_t before = counting.outstanding;
    size_t sites = 0;
    for (size_t n = 1;; n++) {
        itsm_calendar *c = NULL, *both = NULL;
        itsm_buf text = counting_buf(&counting);
        struct rows rows = {.n = 0};
        struct told told = {.n = 0};
        counting_fail(&counting, n);
        itsm_status rc = itsm_calendar_load(&c, ctx, ITSM_STR(WHOLE));
        if (!rc) rc = itsm_calendar_encode(&text, c);
        if (!rc) {
            const itsm_calendar *const parts[] = {c, c};
            rc = itsm_calendar_union(&both, ctx, ITSM_STR("both"), parts, 2);
        }
        if (!rc)
            rc = itsm_calendar_explain(both, at("2026-03-30T00:00:00Z"), at("2026-04-03T00:00:00Z"), add_row, &rows);
        if (!rc) rc = itsm_calendar_holidays(both, date_of("2026-01-01"), date_of("2026-03-01"), tell, &told);
        const int failed = counting_stop(&counting);
        itsm_buf_clear(&text);
        itsm_calendar_free(c), itsm_calendar_free(both);
        if (!failed) {
            cr_assert_eq(rc, ITSM_OK);
            break;
        }
        cr_assert_eq(rc, ITSM_E_NOMEM, "allocation %zu: %d", n, rc);
        sites++;
    }
    printf("calendar_definition: %zu allocations failed once each\n", sites);
    cr_assert_gt(sites, 100);
    cr_assert_geq(counting.outstanding, before, "the context may keep memory for its issues");
}

Test(calendar_definition, a_builder_whose_allocation_failed_goes_on)
{
    itsm_zone *zone;
    itsm_calendar_builder *b;
    itsm_calendar *part = load(DAILY("UTC") "}"), *c;
    itsm_recurrence r = ITSM_RECURRENCE_INIT;
    const itsm_hours hour = {20 * 3600, 21 * 3600};
    r.month = 5, r.day = 1, r.name = ITSM_STR("May");
    cr_assert_eq(itsm_zone_fixed(&zone, ctx, 0), ITSM_OK);
    cr_assert_eq(itsm_calendar_builder_new(&b, ctx, zone), ITSM_OK);
    itsm_zone_free(zone);
    for (int k = 0; k < 3; k++) {
        for (size_t n = 1;; n++) {
            counting_fail(&counting, n);
            itsm_status rc = k == 0   ? itsm_calendar_builder_add_recurrence(b, &r)
                             : k == 1 ? itsm_calendar_builder_add_addition(b, 20542, hour)
                                      : itsm_calendar_builder_add_version(b, ITSM_DAYS(20543), part);
            if (!counting_stop(&counting)) {
                cr_assert_eq(rc, ITSM_OK);
                break;
            }
            cr_assert_eq(rc, ITSM_E_NOMEM);
        }
    }
    cr_assert_eq(itsm_calendar_builder_freeze(&c, b), ITSM_OK);
    itsm_calendar_builder_free(b);
    itsm_calendar_free(part);
    expect_holidays(c, "2025-01-01", "2025-12-31", 0, 1, "2025-05-01=May");
    cr_assert_eq(between(c, "2026-03-30T00:00:00Z", "2026-04-01T00:00:00Z"), ITSM_HOURS(9));
    itsm_calendar_free(c);
}

Test(calendar_definition, what_would_take_seconds_to_compile_is_a_limit)
{
    itsm_buf text = ITSM_BUF_INIT;
    itsm_calendar *calendar;
    itsm_status rc = itsm_buf_add(&text, "{\"intersection\":[", 17);
    for (int part = 0; part < 90 && !rc; part++) {
        char line[256];
        int n = snprintf(line, sizeof line,
                         "%s{\"tz\":\"Europe/Berlin\",\"recurring_holidays\":[{\"easter\":%d}],\"weekly\":{",
                         part ? "," : "", part);
        rc = itsm_buf_add(&text, line, (size_t)n);
        for (int day = 0; day < 7 && !rc; day++) {
            static const char *const names[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
            n = snprintf(line, sizeof line, "%s\"%s\":[", day ? "," : "", names[day]);
            rc = itsm_buf_add(&text, line, (size_t)n);
            for (int i = 0; i < 200 && !rc; i++) {
                n = snprintf(line, sizeof line, "%s[\"%02d:%02d:%02d\",\"%02d:%02d:%02d\"]", i ? "," : "", i / 10,
                             i % 10 * 6, part % 60, i / 10, i % 10 * 6 + 3, part % 60);
                rc = itsm_buf_add(&text, line, (size_t)n);
            }
            if (!rc) rc = itsm_buf_add(&text, "]", 1);
        }
        if (!rc) rc = itsm_buf_add(&text, "}}", 2);
    }
    if (!rc) rc = itsm_buf_add(&text, "]}", 2);
    cr_assert_eq(rc, ITSM_OK);
    cr_assert_eq(itsm_calendar_load(&calendar, ctx, itsm_buf_str(&text)), ITSM_E_LIMIT);
    cr_assert_null(calendar);
    itsm_buf_clear(&text);
}
