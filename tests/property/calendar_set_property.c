/* SPDX-License-Identifier: MIT */
/*
 * Random calendars with rules, additions, versions and other calendars in them, against a model that knows nothing of
 * tables, trees or sweeps: for each calendar one byte for each minute, for each date a flag.
 *
 * The model asks of every date whether a rule names it, where the library asks of every rule which date it names, and
 * finds Easter by other algorithms (Knuth, The Art of Computer Programming, 1.3.2, exercise 14; full moon and next
 * Sunday of the Julian calendar).  ITSM_CASES sets ten times how many calendars are made (400 unless set), ITSM_SEED the seed.
 */
#include <itsm/calendar.h>

#include "../unit/support.h"
#include "../unit/zones.h"

#include <criterion/criterion.h>

enum { DAYS = 56, MARGIN = 8, MINUTES = DAYS * 1440, QUESTIONS = 24, PARTS = 6, NODES = 10, AROUND = 24 };

static const char *const zone_names[] = {
    "UTC",         "Europe/Brussels",   "America/Sao_Paulo", "Pacific/Apia",     "Australia/Lord_Howe",
    "Asia/Gaza",   "Africa/Casablanca", "America/New_York",  "America/St_Johns", "Asia/Kathmandu",
    "Asia/Tehran", "Pacific/Chatham",   "Africa/Cairo",      "America/Santiago", "Asia/Tokyo"};

enum { ZONES = sizeof zone_names / sizeof *zone_names };

static uint64_t seed = UINT64_C(20260405);
static itsm_zone *zones[ZONES];
static itsm_ctx *ctx;

static uint64_t random_number(void)
{
    seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
    return seed * UINT64_C(2685821657736338717) >> 11;
}

static int64_t below(int64_t n)
{
    return (int64_t)(random_number() % (uint64_t)n);
}

/* Definitions ----------------------------------------------------------------------------------------------------- */

struct dated {
    int64_t date;
    itsm_hours hours; /* from < 0: the date is closed by an override */
};

struct definition {
    itsm_zone *zone;
    itsm_hours weekly[7][2];
    int nweekly[7];
    int64_t holidays[PARTS];
    itsm_recurrence rules[PARTS];
    struct dated overrides[PARTS], additions[PARTS], breaks[PARTS];
    int nholidays, nrules, noverrides, nadditions, nbreaks;
};

enum { LEAF, UNION, INTERSECTION, DIFFERENCE };

/* A calendar: hours with versions, or parts. */
struct node {
    int how, nparts;
    int parts[4];
    int64_t from[4]; /* minutes of the window, of versions */
    struct definition definition;
    itsm_calendar *calendar;
    unsigned char open[MINUTES];
};

static struct node nodes[NODES];
static int64_t first_day; /* of the window */
static unsigned char closed[MINUTES];
static int64_t sum[MINUTES + 1];
static long explained;

static int64_t year_of(int64_t date)
{
    itsm_civil civil;
    cr_assert_eq(itsm_civil_from_date(&civil, date), ITSM_OK);
    return civil.year;
}

static int64_t day_of(int64_t year, int month, int day)
{
    int64_t date;
    cr_assert_eq(itsm_date_from_civil(&date, (int32_t)year, month, day), ITSM_OK);
    return date;
}

static int64_t knuth_easter(int64_t year)
{
    const int64_t golden = year % 19 + 1, century = year / 100 + 1, x = 3 * century / 4 - 12,
                  z = (8 * century + 5) / 25 - 5;
    const int64_t sunday = 5 * year / 4 - x - 10;
    int64_t epact = (11 * golden + 20 + z - x) % 30, moon;
    if (epact < 0) epact += 30;
    if ((epact == 25 && golden > 11) || epact == 24) epact++;
    moon = 44 - epact;
    if (moon < 21) moon += 30;
    return day_of(year, 3, 1) - 1 + moon + 7 - (sunday + moon) % 7;
}

static int64_t julian_moon_easter(int64_t year)
{
    /* 1 March of the Julian calendar, counted from 1 March 1 BC of it, two days before that of the other. */
    const int64_t march = day_of(0, 3, 1) - 2 + 365 * year + year / 4;
    int64_t date = march - 1 + 21 + (19 * (year % 19) + 15) % 30;
    do date++;
    while (itsm_date_weekday(date) != 6);
    return date;
}

static int64_t easter_of(int64_t year, int kind)
{
    if (year < 1583 || year > 9999) return INT64_MIN;
    return kind == ITSM_RECURRENCE_EASTER ? knuth_easter(year) : julian_moon_easter(year);
}

static itsm_hours random_hours(void)
{
    static const int32_t edges[] = {0, 30, 60, 90, 120, 150, 180, 240, 1380, 1410, 1439};
    itsm_hours h;
    if (below(4) == 0) { /* around midnight and the hours at which clocks change */
        h.from = edges[below(11)] * 60, h.to = edges[below(11)] * 60;
    } else {
        h.from = (int32_t)below(1440) * 60, h.to = (int32_t)below(1441) * 60;
    }
    if (below(12) == 0) h.from = 0, h.to = 86400;
    return h;
}

static int64_t random_date(void)
{
    return first_day - 4 + below(DAYS + 8);
}

/* A rule that names some date in or near the window. */
static itsm_recurrence random_rule(void)
{
    itsm_recurrence r = ITSM_RECURRENCE_INIT;
    const int64_t date = random_date(), year = year_of(date);
    itsm_civil civil;
    int64_t base = date;
    r.kind = (int32_t)below(5), r.observed = (int32_t)below(4);
    if (r.kind >= ITSM_RECURRENCE_EASTER) {
        const int64_t easter = easter_of(year, r.kind);
        if (easter != INT64_MIN && date - easter >= -300 && date - easter <= 300) r.offset = (int32_t)(date - easter);
    } else {
        if (r.kind != ITSM_RECURRENCE_DATE && below(2))
            r.offset = (int32_t)(below(3) ? below(21) - 10 : below(601) - 300);
        base -= r.offset;
        if (r.kind != ITSM_RECURRENCE_DATE) r.weekday = itsm_date_weekday(base);
        if (r.kind == ITSM_RECURRENCE_ON_OR_AFTER) base -= below(7);
        cr_assert_eq(itsm_civil_from_date(&civil, base), ITSM_OK);
        r.month = civil.month, r.day = civil.day;
        if (r.kind == ITSM_RECURRENCE_ON_OR_AFTER && r.month == 2 && r.day == 29) r.day = 28;
        if (r.kind == ITSM_RECURRENCE_WEEKDAY) {
            r.nth = (civil.day - 1) / 7 + 1;
            if (below(2)) r.nth = -((itsm_month_days(civil.year, civil.month) - civil.day) / 7 + 1);
            r.day = 0;
        }
    }
    if (below(4) == 0 && year > 2 && year < 9998) r.first_year = (int32_t)(year - 1 + below(3));
    if (below(4) == 0 && year > 2 && year < 9990) {
        r.last_year = (int32_t)(year - 1 + below(3));
        if (r.last_year < r.first_year) r.last_year = r.first_year;
    }
    return r;
}

static int random_dated(struct dated *array)
{
    const int n = below(2) ? (int)below(PARTS) : 0;
    for (int i = 0; i < n; i++) array[i].date = random_date(), array[i].hours = random_hours();
    return n;
}

static void random_definition(struct definition *d, int dates_allowed, int utc)
{
    memset(d, 0, sizeof *d);
    d->zone = zones[utc ? 0 : below(ZONES)];
    const int style = (int)below(5);
    for (int i = 0; i < 7; i++) {
        const itsm_hours office = {9 * 3600, 17 * 3600}, always = {0, 86400}, night = {22 * 3600, 6 * 3600};
        if (style == 0 && i < 5) d->weekly[i][d->nweekly[i]++] = office;
        else if (style == 1) d->weekly[i][d->nweekly[i]++] = always;
        else if (style == 2 && i < 6) d->weekly[i][d->nweekly[i]++] = night;
        else if (style >= 3)
            for (int k = (int)below(3); k > 0; k--) d->weekly[i][d->nweekly[i]++] = random_hours();
    }
    if (below(3)) d->nrules = (int)below(PARTS);
    for (int i = 0; i < d->nrules; i++) d->rules[i] = random_rule();
    if (!dates_allowed) return;
    if (below(2)) d->nholidays = (int)below(PARTS);
    for (int i = 0; i < d->nholidays; i++) d->holidays[i] = random_date();
    d->noverrides = random_dated(d->overrides), d->nadditions = random_dated(d->additions);
    d->nbreaks = random_dated(d->breaks);
    for (int i = 0; i < d->noverrides; i++)
        if (below(5) == 0) d->overrides[i].hours.from = -1;
}

/* Making them ----------------------------------------------------------------------------------------------------- */

static itsm_time time_of(int64_t minute)
{
    return (first_day * 1440 + minute) * ITSM_MINUTES(1);
}

static void make_hours(struct node *node)
{
    const struct definition *d = &node->definition;
    itsm_calendar_builder *b;
    itsm_status rc = itsm_calendar_builder_new(&b, ctx, d->zone);
    for (int i = 0; i < 7; i++)
        for (int k = 0; k < d->nweekly[i]; k++) rc |= itsm_calendar_builder_add_weekly(b, i, d->weekly[i][k]);
    for (int i = 0; i < d->nholidays; i++) rc |= itsm_calendar_builder_add_holiday(b, d->holidays[i], ITSM_STR(""));
    for (int i = 0; i < d->nrules; i++) rc |= itsm_calendar_builder_add_recurrence(b, &d->rules[i]);
    for (int i = 0; i < d->noverrides; i++)
        rc |= itsm_calendar_builder_add_override(b, d->overrides[i].date, &d->overrides[i].hours,
                                                 d->overrides[i].hours.from >= 0);
    for (int i = 0; i < d->nadditions; i++)
        rc |= itsm_calendar_builder_add_addition(b, d->additions[i].date, d->additions[i].hours);
    for (int i = 0; i < d->nbreaks; i++)
        rc |= itsm_calendar_builder_add_break(b, d->breaks[i].date, d->breaks[i].hours);
    for (int i = node->nparts; i-- > 0;) /* from the last to the first */
        rc |= itsm_calendar_builder_add_version(b, time_of(node->from[i]), nodes[node->parts[i]].calendar);
    rc |= itsm_calendar_builder_freeze(&node->calendar, b);
    cr_assert_eq(rc, ITSM_OK);
    itsm_calendar_builder_free(b);
}

static void make_combined(struct node *node)
{
    const itsm_calendar *parts[4];
    itsm_status rc;
    for (int i = 0; i < node->nparts; i++) parts[i] = nodes[node->parts[i]].calendar;
    const size_t n = (size_t)node->nparts;
    if (node->how == UNION) rc = itsm_calendar_union(&node->calendar, ctx, ITSM_STR("u"), parts, n);
    else if (node->how == INTERSECTION) rc = itsm_calendar_intersection(&node->calendar, ctx, ITSM_STR(""), parts, n);
    else rc = itsm_calendar_difference(&node->calendar, ctx, ITSM_STR("d"), parts, n);
    cr_assert_eq(rc, ITSM_OK);
}

/* The model ------------------------------------------------------------------------------------------------------- */

static int64_t minute_of(const struct definition *d, int64_t date, int32_t second)
{
    itsm_resolved r;
    cr_assert_eq(itsm_zone_instant(&r, d->zone, date * ITSM_DAYS(1) + ITSM_SECONDS(second)), ITSM_OK);
    cr_assert_eq(r.first % ITSM_MINUTES(1), 0);
    return r.first / ITSM_MINUTES(1) - first_day * 1440;
}

static void paint(unsigned char *minutes, const struct definition *d, int64_t date, itsm_hours h)
{
    int64_t from = minute_of(d, date, h.from), to = minute_of(d, date, h.to + (h.to <= h.from ? 86400 : 0));
    if (from < 0) from = 0;
    if (to > MINUTES) to = MINUTES;
    for (int64_t m = from; m < to; m++) minutes[m] = 1;
}

/* 1: the clocks of the zone show that date at some time. */
static int is_shown(const struct definition *d, int64_t date)
{
    for (int64_t quarter = -200; quarter < 300; quarter++) {
        itsm_local local;
        cr_assert_eq(itsm_zone_local(&local, d->zone, date * ITSM_DAYS(1) + quarter * ITSM_MINUTES(15)), ITSM_OK);
        if (local.wall >= date * ITSM_DAYS(1) && local.wall < (date + 1) * ITSM_DAYS(1)) return 1;
    }
    return 0;
}

static int year_is_within(const itsm_recurrence *r, int64_t year)
{
    return (!r->first_year || year >= r->first_year) && (!r->last_year || year <= r->last_year);
}

static int is_month_day(const itsm_recurrence *r, int64_t date, int64_t *year)
{
    itsm_civil civil;
    cr_assert_eq(itsm_civil_from_date(&civil, date), ITSM_OK);
    *year = civil.year;
    return civil.month == r->month && civil.day == r->day;
}

/* 1: a rule names a date itself. */
static int names(const itsm_recurrence *r, int64_t date)
{
    const int64_t base = date - r->offset;
    int64_t year;
    itsm_civil civil;
    cr_assert_eq(itsm_civil_from_date(&civil, base), ITSM_OK);
    switch (r->kind) {
    case ITSM_RECURRENCE_DATE: return is_month_day(r, base, &year) && year_is_within(r, year);
    case ITSM_RECURRENCE_ON_OR_AFTER:
        for (int back = 0; back < 7; back++)
            if (itsm_date_weekday(base) == r->weekday && is_month_day(r, base - back, &year) && year_is_within(r, year))
                return 1;
        return 0;
    case ITSM_RECURRENCE_WEEKDAY: {
        const int behind = itsm_month_days(civil.year, civil.month) - civil.day;
        if (civil.month != r->month || itsm_date_weekday(base) != r->weekday || !year_is_within(r, civil.year))
            return 0;
        return r->nth > 0 ? (civil.day - 1) / 7 + 1 == r->nth : behind / 7 + 1 == -r->nth;
    }
    default: return easter_of(civil.year, r->kind) == base && year_is_within(r, civil.year);
    }
}

/* Holidays of the dates from first_day - AROUND on. */
static void find_holidays(unsigned char *holiday, int n, const struct definition *d)
{
    const int64_t first = first_day - AROUND;
    unsigned char next[DAYS + 2 * AROUND] = {0};
    memset(holiday, 0, (size_t)n);
    for (int i = 0; i < d->nholidays; i++)
        if (d->holidays[i] >= first && d->holidays[i] < first + n) holiday[d->holidays[i] - first] = 1;
    for (int i = 0; i < d->nrules; i++) {
        const itsm_recurrence *r = &d->rules[i];
        for (int k = 1; k < n - 1; k++) {
            const int weekday = itsm_date_weekday(first + k);
            if (!names(r, first + k)) continue;
            holiday[k] = 1;
            if (weekday == 6 && (r->observed == ITSM_OBSERVED_NEAREST || r->observed == ITSM_OBSERVED_MONDAY))
                holiday[k + 1] = 1;
            if (weekday == 5 && r->observed == ITSM_OBSERVED_NEAREST) holiday[k - 1] = 1;
            if (weekday >= 5 && r->observed == ITSM_OBSERVED_NEXT) next[k] = 1;
        }
    }
    for (int k = 0; k + 7 < n; k++) {
        if (itsm_date_weekday(first + k) != 5) continue;
        int waiting = next[k] + next[k + 1];
        for (int day = k + 2; day < k + 7 && waiting; day++)
            if (!holiday[day]) holiday[day] = 1, waiting--;
    }
}

static void paint_hours(struct node *node)
{
    const struct definition *d = &node->definition;
    const itsm_hours whole = {0, 86400};
    unsigned char holiday[DAYS + 2 * AROUND];
    find_holidays(holiday, DAYS + 2 * AROUND, d);
    memset(node->open, 0, MINUTES), memset(closed, 0, MINUTES);
    for (int64_t date = first_day - 5; date < first_day + DAYS + 5; date++) {
        const int weekday = itsm_date_weekday(date);
        int replaced = 0;
        if (holiday[date - first_day + AROUND]) paint(closed, d, date, whole);
        if (is_shown(d, date)) {
            for (int i = 0; i < d->noverrides; i++) {
                if (d->overrides[i].date != date) continue;
                replaced = 1;
                if (d->overrides[i].hours.from >= 0) paint(node->open, d, date, d->overrides[i].hours);
            }
            for (int k = 0; k < d->nweekly[weekday] && !replaced; k++)
                paint(node->open, d, date, d->weekly[weekday][k]);
            for (int i = 0; i < d->nadditions; i++)
                if (d->additions[i].date == date) paint(node->open, d, date, d->additions[i].hours);
        }
        for (int i = 0; i < d->nbreaks; i++)
            if (d->breaks[i].date == date) paint(closed, d, date, d->breaks[i].hours);
    }
    for (int64_t m = 0; m < MINUTES; m++) node->open[m] = node->open[m] && !closed[m];
    for (int i = 0; i < node->nparts; i++)
        for (int64_t m = node->from[i] < 0 ? 0 : node->from[i]; m < MINUTES; m++)
            node->open[m] = nodes[node->parts[i]].open[m];
}

static void paint_combined(struct node *node)
{
    for (int64_t m = 0; m < MINUTES; m++) {
        int open = nodes[node->parts[0]].open[m];
        for (int i = 1; i < node->nparts; i++) {
            const int part = nodes[node->parts[i]].open[m];
            open = node->how == UNION ? open || part : node->how == INTERSECTION ? open && part : open && !part;
        }
        node->open[m] = (unsigned char)open;
    }
}

/* A forest of n calendars, each made of some that were not used yet; the last holds most of the others. */
static int random_forest(int versions_allowed, int dates_allowed, int utc)
{
    const int n = 1 + (int)below(3) * (int)below(4);
    int unused[NODES], nunused = 0;
    cr_assert_leq(n, NODES);
    for (int i = 0; i < n; i++) {
        struct node *node = &nodes[i];
        node->how = nunused && below(3) ? 1 + (int)below(3) : LEAF;
        node->nparts = node->how ? 1 + (int)below(nunused < 4 ? nunused : 4) : 0;
        if (!node->how && versions_allowed && nunused && below(2))
            node->nparts = 1 + (int)below(nunused < 3 ? nunused : 3);
        for (int k = 0; k < node->nparts; k++) {
            const int64_t step = below(20 * 1440);
            const int taken = (int)below(nunused);
            node->parts[k] = unused[taken];
            unused[taken] = unused[--nunused];
            node->from[k] = k ? node->from[k - 1] + 1 + step : step - 2 * 1440;
        }
        unused[nunused++] = i;
        if (node->how) {
            make_combined(node), paint_combined(node);
            continue;
        }
        random_definition(&node->definition, dates_allowed, utc);
        make_hours(node), paint_hours(node);
    }
    return n;
}

/* Questions ------------------------------------------------------------------------------------------------------- */

static int is_open(int64_t m)
{
    return sum[m + 1] > sum[m];
}

/* The answers of the model in minutes of the window; -1: not within it. */
static int64_t model_add(int64_t start, int64_t n, int open_boundary)
{
    int64_t m = start;
    const int64_t target = sum[start] + n;
    if (n > 0) {
        while (m <= MINUTES && sum[m] < target) m++;
        while (open_boundary && m < MINUTES && !is_open(m)) m++;
        return m >= MINUTES ? -1 : m;
    }
    if (n == 0) {
        while (m < MINUTES && !is_open(m)) m++;
        return m >= MINUTES ? -1 : m;
    }
    while (m >= 0 && sum[m] > target) m--;
    if (m < 0) return -1;
    while (open_boundary && m > 0 && !is_open(m - 1)) m--;
    return m <= 0 ? -1 : m;
}

static int64_t model_next_close(int64_t m)
{
    while (m < MINUTES && !is_open(m)) m++;
    while (m < MINUTES && is_open(m)) m++;
    return m >= MINUTES ? -1 : m;
}

static int64_t model_prev_open(int64_t m)
{
    while (m > 0 && !is_open(m - 1)) m--;
    while (m > 0 && is_open(m - 1)) m--;
    return m <= 0 ? -1 : m;
}

static void expect_time(const char *what, itsm_status rc, itsm_time got, int64_t wanted, int64_t start, uint64_t state)
{
    if (wanted < 0) return; /* beyond the window */
    char a[ITSM_TIME_MAX], b[ITSM_TIME_MAX], c[ITSM_TIME_MAX];
    cr_assert(rc == ITSM_OK && got == time_of(wanted), "%s of %s: %s, not %s (status %d, seed %llu)", what,
              itsm_time_text(a, time_of(start)), itsm_time_text(b, got), itsm_time_text(c, time_of(wanted)), rc,
              (unsigned long long)state);
}

static void ask(const itsm_calendar *calendar, uint64_t state)
{
    const int64_t from = (MARGIN + below(DAYS - 2 * MARGIN)) * 1440 + below(1440);
    const int64_t to = below(2) ? (MARGIN + below(DAYS - 2 * MARGIN)) * 1440 + below(1440) : from + below(2881) - 1440;
    const int64_t n = below(3) == 0 ? below(120) - 60 : below(4) == 0 ? 0 : below(20000) - 10000;
    itsm_span span = 0;
    itsm_time at = 0;
    itsm_status rc = itsm_calendar_between(&span, calendar, time_of(from), time_of(to));
    cr_assert(rc == ITSM_OK && span == (sum[to] - sum[from]) * ITSM_MINUTES(1),
              "between minutes %lld and %lld: %lld, not %lld minutes (seed %llu)", (long long)from, (long long)to,
              (long long)(span / ITSM_MINUTES(1)), (long long)(sum[to] - sum[from]), (unsigned long long)state);
    for (int boundary = 0; boundary < 2; boundary++) {
        rc = itsm_calendar_add(&at, calendar, time_of(from), n * ITSM_MINUTES(1), boundary);
        expect_time(boundary ? "add, open boundary" : "add", rc, at, model_add(from, n, boundary), from, state);
        if (rc) continue;
        cr_assert_eq(itsm_calendar_between(&span, calendar, time_of(from), at), ITSM_OK);
        cr_assert_eq(span, n * ITSM_MINUTES(1), "between(a, add(a, n)) is not n (seed %llu)",
                     (unsigned long long)state);
    }
    cr_assert_eq(itsm_calendar_is_open(calendar, time_of(from)), is_open(from));
    rc = itsm_calendar_next_open(&at, calendar, time_of(from));
    expect_time("next open", rc, at, model_add(from, 0, 0), from, state);
    rc = itsm_calendar_next_close(&at, calendar, time_of(from));
    expect_time("next close", rc, at, model_next_close(from), from, state);
    rc = itsm_calendar_prev_open(&at, calendar, time_of(from));
    expect_time("previous open", rc, at, model_prev_open(from), from, state);
}

struct told {
    itsm_span counted;
    itsm_time end;
    int bad;
};

/* Rows follow each other, count all or nothing, and say so by their reason. */
static itsm_status add_row(void *user, const itsm_calendar_row *row)
{
    struct told *told = user;
    const int counts = row->why == ITSM_WHY_WEEKLY || row->why == ITSM_WHY_OVERRIDE || row->why == ITSM_WHY_ADDITION;
    if (row->from != told->end || row->to <= row->from) told->bad = 1;
    if (row->counted != (counts ? row->to - row->from : 0)) told->bad = 1;
    told->counted += row->counted, told->end = row->to;
    return ITSM_OK;
}

static void explain(const itsm_calendar *calendar, itsm_time from, itsm_time to, uint64_t state)
{
    struct told told = {0, from, 0};
    itsm_span wanted;
    cr_assert_eq(itsm_calendar_between(&wanted, calendar, from, to), ITSM_OK);
    cr_assert_eq(itsm_calendar_explain(calendar, from, to, add_row, &told), ITSM_OK);
    cr_assert(!told.bad && told.end == to && told.counted == wanted, "rows sum to %lld, not %lld minutes (seed %llu)",
              (long long)(told.counted / ITSM_MINUTES(1)), (long long)(wanted / ITSM_MINUTES(1)),
              (unsigned long long)state);
    explained++;
}

struct listed {
    unsigned char holiday[DAYS];
    int64_t last;
};

static itsm_status list_holiday(void *user, const itsm_calendar_holiday *h)
{
    struct listed *listed = user;
    cr_assert(h->date > listed->last && h->date >= first_day && h->date < first_day + DAYS);
    listed->holiday[h->date - first_day] = 1, listed->last = h->date;
    return ITSM_OK;
}

static void compare_holidays(const struct node *node, uint64_t state)
{
    unsigned char wanted[DAYS + 2 * AROUND];
    struct listed listed = {.last = INT64_MIN};
    find_holidays(wanted, DAYS + 2 * AROUND, &node->definition);
    cr_assert_eq(itsm_calendar_holidays(node->calendar, first_day, first_day + DAYS - 1, list_holiday, &listed),
                 ITSM_OK);
    cr_assert_eq(memcmp(listed.holiday, wanted + AROUND, DAYS), 0, "holidays differ (seed %llu)",
                 (unsigned long long)state);
}

/* Written as JSON and read back, it is the same text and gives the same answers. */
static void write_and_read(struct node *node)
{
    itsm_buf text = ITSM_BUF_INIT, again = ITSM_BUF_INIT;
    itsm_calendar *copy;
    cr_assert_eq(itsm_calendar_encode(&text, node->calendar), ITSM_OK);
    cr_assert_eq(itsm_calendar_load(&copy, ctx, itsm_buf_str(&text)), ITSM_OK, "%.*s", ITSM_ARG(itsm_buf_str(&text)));
    cr_assert_eq(itsm_calendar_encode(&again, copy), ITSM_OK);
    cr_assert(itsm_str_eq(itsm_buf_str(&text), itsm_buf_str(&again)));
    itsm_buf_clear(&text), itsm_buf_clear(&again);
    itsm_calendar_free(node->calendar);
    node->calendar = copy;
}

/* Years in which the clocks of the zones show whole minutes; with UTC alone any.  Some hold a turn of the year. */
static int64_t random_first_day(int utc)
{
    static const int64_t edges[] = {10957, 18263, -141427, 2932896, 47482, 84006}; /* where tables change */
    int64_t date = 3700 + below(36500);
    if (utc && below(2)) date = below(7670000) - 4300000; /* from 9804 BC to 11234 */
    else if (utc && below(2)) return edges[below(6)] - below(DAYS);
    else if (below(4) == 0) date = 40000 + below(2800000);
    else if (below(8) == 0) return 15338 - below(DAYS); /* around 2011-12-30 in Apia */
    return below(3) ? date : day_of(year_of(date), 12, 1) + below(10);
}

static int run_case(uint64_t state, long number)
{
    const int utc = below(4) == 0;
    first_day = random_first_day(utc);
    /* What is dated makes a year unlike all others, so half of the calendars have nothing dated. */
    const int versions_allowed = first_day > -4371500 && first_day < 2932896 - DAYS - 30;
    const int n = random_forest(versions_allowed, versions_allowed && below(2), utc);
    struct node *root = &nodes[n - 1];
    for (int64_t m = 0; m < MINUTES; m++) sum[m + 1] = sum[m] + root->open[m];
    if (number % 4 == 0) write_and_read(root);
    for (int i = 0; i < QUESTIONS; i++) ask(root->calendar, state);
    if (first_day > -4371500 && first_day < 2932896 - DAYS) {
        explain(root->calendar, time_of(below(9 * 1440)), time_of((DAYS - 9) * 1440 + below(9 * 1440)), state);
        if (root->how == LEAF && !root->nparts) compare_holidays(root, state);
        if (number % 16 == 0) explain(root->calendar, time_of(0), time_of(0) + ITSM_DAYS(200 + below(2000)), state);
    }
    for (int i = 0; i < n; i++) itsm_calendar_free(nodes[i].calendar);
    return n;
}

Test(calendar_set_property, calendars_of_calendars_are_those_of_a_model_of_single_minutes, .timeout = 3600)
{
    const char *cases = getenv("ITSM_CASES"), *given = getenv("ITSM_SEED");
    const long n = cases ? strtol(cases, NULL, 10) / 10 + 20 : 400;
    struct counting counting = COUNTING_INIT;
    long made = 0;
    ctx = zones_ctx(counting_alloc, &counting);
    if (given) seed = strtoull(given, NULL, 10);
    printf("calendar_set_property: seed %llu, %ld calendars\n", (unsigned long long)seed, n);
    for (int i = 0; i < ZONES; i++) cr_assert_eq(itsm_zone_load(&zones[i], ctx, itsm_str_c(zone_names[i])), ITSM_OK);
    for (long i = 0; i < n; i++) made += run_case(seed, i);
    for (int i = 0; i < ZONES; i++) itsm_zone_free(zones[i]);
    itsm_ctx_free(ctx);
    assert_nothing_outstanding(counting);
    printf("calendar_set_property: %ld calendars made of %ld, %ld questions, %ld explanations, 0 differences\n", n,
           made, n * QUESTIONS, explained);
}

/* Both ways to Easter agree in every year that has one. */
struct easters {
    int64_t year;
    int kind, count;
};

static itsm_status check_easter(void *user, const itsm_calendar_holiday *h)
{
    struct easters *e = user;
    cr_assert_eq(h->date, easter_of(e->year, e->kind), "%lld", (long long)e->year);
    e->year++, e->count++;
    return ITSM_OK;
}

Test(calendar_set_property, easter_is_that_of_other_algorithms_in_every_year)
{
    struct counting counting = COUNTING_INIT;
    ctx = zones_ctx(counting_alloc, &counting);
    cr_assert_eq(itsm_zone_load(&zones[0], ctx, ITSM_STR("UTC")), ITSM_OK);
    for (int kind = ITSM_RECURRENCE_EASTER; kind <= ITSM_RECURRENCE_EASTER_ORTHODOX; kind++) {
        struct easters e = {1583, kind, 0};
        memset(&nodes[0], 0, sizeof nodes[0]);
        nodes[0].definition.zone = zones[0], nodes[0].definition.nrules = 1;
        nodes[0].definition.rules[0].size = sizeof(itsm_recurrence), nodes[0].definition.rules[0].kind = kind;
        make_hours(&nodes[0]);
        cr_assert_eq(
            itsm_calendar_holidays(nodes[0].calendar, day_of(-9999, 1, 1), day_of(9999, 12, 31), check_easter, &e),
            ITSM_OK);
        cr_assert_eq(e.count, 9999 - 1583 + 1);
        itsm_calendar_free(nodes[0].calendar);
    }
    itsm_zone_free(zones[0]);
    itsm_ctx_free(ctx);
    assert_nothing_outstanding(counting);
    printf("calendar_set_property: Easter of 8417 years, both churches, 0 differences\n");
}
