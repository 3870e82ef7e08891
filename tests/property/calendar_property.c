/* SPDX-License-Identifier: MIT */
/*
 * Random calendars against a model that knows nothing of tables: one byte for each minute.
 *
 * The model turns the definition into minutes of UTC date by date, by the rules as they are written down, and counts.
 * ITSM_CASES sets how many questions are asked (100,000 unless set; with ITSM_FULL at least 1,000,000), ITSM_SEED the
 * seed.
 *
 * Where no model can follow, for instants to the microsecond and spans of decades, the sums must be the inverse of each
 * other and monotone: ten times as many cases.
 */
#include <itsm/calendar.h>

#include "../unit/support.h"
#include "../unit/zones.h"

#include <criterion/criterion.h>

enum { DAYS = 72, MARGIN = 8, MINUTES = DAYS * 1440, QUESTIONS = 40, PARTS = 24 };

/* All kinds of changes: whole and half hours, twice a year and more often, moves of the date line, none at all. */
static const char *const zone_names[] = {
    "UTC",
    "Europe/Brussels",
    "America/Sao_Paulo",
    "Pacific/Apia",
    "Australia/Lord_Howe",
    "Asia/Gaza",
    "Africa/Casablanca",
    "America/New_York",
    "America/St_Johns",
    "Asia/Kathmandu",
    "Asia/Tehran",
    "Pacific/Chatham",
    "Africa/Cairo",
    "America/Santiago",
    "Pacific/Kwajalein",
    "Asia/Manila",
    "Antarctica/Troll",
    "Europe/Dublin",
    "Asia/Pyongyang",
    "America/Godthab",
    "Africa/El_Aaiun",
    "Africa/Johannesburg",
    "Africa/Juba",
    "Africa/Tripoli",
    "Africa/Windhoek",
    "America/Adak",
    "America/Argentina/San_Luis",
    "America/Asuncion",
    "America/Caracas",
    "America/Havana",
    "America/Los_Angeles",
    "America/Mexico_City",
    "America/Miquelon",
    "America/Port-au-Prince",
    "America/Scoresbysund",
    "America/Whitehorse",
    "Antarctica/Casey",
    "Antarctica/Macquarie",
    "Asia/Amman",
    "Asia/Beirut",
    "Asia/Colombo",
    "Asia/Damascus",
    "Asia/Dhaka",
    "Asia/Jerusalem",
    "Asia/Kabul",
    "Asia/Kolkata",
    "Asia/Shanghai",
    "Asia/Tokyo",
    "Asia/Yangon",
    "Atlantic/Azores",
    "Australia/Eucla",
    "Australia/Sydney",
    "Europe/Istanbul",
    "Europe/London",
    "Europe/Moscow",
    "Europe/Volgograd",
    "Pacific/Easter",
    "Pacific/Fiji",
    "Pacific/Kiritimati",
    "Pacific/Norfolk",
};

enum { ZONES = sizeof zone_names / sizeof *zone_names };

static uint64_t seed = UINT64_C(20260327);

static uint64_t random_number(void)
{
    seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
    return seed * UINT64_C(2685821657736338717) >> 11;
}

static int64_t below(int64_t n)
{
    return (int64_t)(random_number() % (uint64_t)n);
}

/* Definition and model -------------------------------------------------------------------------------------------- */

struct dated {
    int64_t date;
    itsm_hours hours; /* from < 0: the date is closed by an override */
};

struct definition {
    itsm_zone *zone;
    itsm_hours weekly[7][3];
    int nweekly[7];
    int64_t holidays[PARTS];
    int recurring[PARTS][2];
    struct dated overrides[PARTS], breaks[PARTS];
    int nholidays, nrecurring, noverrides, nbreaks;
};

static int64_t first_day; /* of the window */
static unsigned char opened[MINUTES], closed[MINUTES];
static int64_t sum[MINUTES + 1];

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
    return first_day + below(DAYS);
}

static void random_definition(struct definition *d)
{
    memset(d, 0, sizeof *d);
    const int style = (int)below(5);
    for (int i = 0; i < 7; i++) {
        const itsm_hours office = {9 * 3600, 17 * 3600}, always = {0, 86400}, night = {22 * 3600, 6 * 3600};
        if (style == 0 && i < 5) d->weekly[i][d->nweekly[i]++] = office;
        else if (style == 1) d->weekly[i][d->nweekly[i]++] = always;
        else if (style == 2 && i < 6) d->weekly[i][d->nweekly[i]++] = night;
        else if (style >= 3)
            for (int k = (int)below(4); k > 0; k--) d->weekly[i][d->nweekly[i]++] = random_hours();
    }
    if (below(2)) d->nholidays = (int)below(8);
    if (below(2)) d->nrecurring = (int)below(8);
    if (below(2)) d->noverrides = (int)below(8);
    if (below(2)) d->nbreaks = (int)below(8);
    for (int i = 0; i < d->nholidays; i++) d->holidays[i] = random_date();
    for (int i = 0; i < d->nrecurring; i++) {
        itsm_civil civil;
        cr_assert_eq(itsm_civil_from_date(&civil, random_date()), ITSM_OK);
        d->recurring[i][0] = civil.month, d->recurring[i][1] = civil.day;
    }
    for (int i = 0; i < d->noverrides; i++) {
        d->overrides[i].date = random_date(), d->overrides[i].hours = random_hours();
        if (below(5) == 0) d->overrides[i].hours.from = -1;
    }
    for (int i = 0; i < d->nbreaks; i++) d->breaks[i].date = random_date(), d->breaks[i].hours = random_hours();
}

static itsm_calendar *freeze(itsm_ctx *ctx, const struct definition *d)
{
    itsm_calendar_builder *b;
    itsm_calendar *calendar;
    itsm_status rc = itsm_calendar_builder_new(&b, ctx, d->zone);
    for (int i = 0; i < 7; i++)
        for (int k = 0; k < d->nweekly[i]; k++) rc |= itsm_calendar_builder_add_weekly(b, i, d->weekly[i][k]);
    for (int i = 0; i < d->nholidays; i++) rc |= itsm_calendar_builder_add_holiday(b, d->holidays[i], ITSM_STR(""));
    for (int i = 0; i < d->nrecurring; i++)
        rc |= itsm_calendar_builder_add_recurring_holiday(b, d->recurring[i][0], d->recurring[i][1], ITSM_STR("x"));
    for (int i = 0; i < d->noverrides; i++)
        rc |= itsm_calendar_builder_add_override(b, d->overrides[i].date, &d->overrides[i].hours,
                                                 d->overrides[i].hours.from >= 0);
    for (int i = 0; i < d->nbreaks; i++)
        rc |= itsm_calendar_builder_add_break(b, d->breaks[i].date, d->breaks[i].hours);
    rc |= itsm_calendar_builder_freeze(&calendar, b);
    cr_assert_eq(rc, ITSM_OK);
    itsm_calendar_builder_free(b);
    return calendar;
}

/* The minute of the window at which a wall clock is shown, by the written rule. */
static int64_t minute_of(const struct definition *d, int64_t date, int32_t second)
{
    itsm_resolved r;
    cr_assert_eq(itsm_zone_instant(&r, d->zone, date * ITSM_DAYS(1) + ITSM_SECONDS(second)), ITSM_OK);
    cr_assert_eq(r.first % ITSM_MINUTES(1), 0);
    return r.first / ITSM_MINUTES(1) - (r.first % ITSM_MINUTES(1) < 0) - first_day * 1440;
}

static void paint(unsigned char *minutes, const struct definition *d, int64_t date, itsm_hours h)
{
    int64_t from = minute_of(d, date, h.from), to = minute_of(d, date, h.to + (h.to <= h.from ? 86400 : 0));
    if (from < 0) from = 0;
    if (to > MINUTES) to = MINUTES;
    for (int64_t m = from; m < to; m++) minutes[m] = 1;
}

static int is_holiday(const struct definition *d, int64_t date)
{
    itsm_civil civil;
    cr_assert_eq(itsm_civil_from_date(&civil, date), ITSM_OK);
    for (int i = 0; i < d->nholidays; i++)
        if (d->holidays[i] == date) return 1;
    for (int i = 0; i < d->nrecurring; i++)
        if (d->recurring[i][0] == civil.month && d->recurring[i][1] == civil.day) return 1;
    return 0;
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

static void paint_all(const struct definition *d)
{
    const itsm_hours whole = {0, 86400};
    memset(opened, 0, sizeof opened), memset(closed, 0, sizeof closed);
    for (int64_t date = first_day - 5; date < first_day + DAYS + 5; date++) {
        const int weekday = itsm_date_weekday(date);
        int replaced = 0;
        if (is_holiday(d, date)) paint(closed, d, date, whole);
        if (is_shown(d, date)) {
            for (int i = 0; i < d->noverrides; i++) {
                if (d->overrides[i].date != date) continue;
                replaced = 1;
                if (d->overrides[i].hours.from >= 0) paint(opened, d, date, d->overrides[i].hours);
            }
            for (int k = 0; k < d->nweekly[weekday] && !replaced; k++) paint(opened, d, date, d->weekly[weekday][k]);
        }
        for (int i = 0; i < d->nbreaks; i++)
            if (d->breaks[i].date == date) paint(closed, d, date, d->breaks[i].hours);
    }
    for (int64_t m = 0; m < MINUTES; m++) sum[m + 1] = sum[m] + (opened[m] && !closed[m]);
}

/* Questions ------------------------------------------------------------------------------------------------------- */

static int is_open(int64_t m)
{
    return sum[m + 1] > sum[m];
}

static itsm_time time_of(int64_t minute)
{
    return (first_day * 1440 + minute) * ITSM_MINUTES(1);
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

static int64_t model_prev_close(int64_t m)
{
    while (m > 0 && !is_open(m - 1)) m--;
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

struct told {
    itsm_span counted;
    itsm_time end;
    int bad;
};

static itsm_status add_row(void *user, const itsm_calendar_row *row)
{
    struct told *told = user;
    if (row->from != told->end || row->to <= row->from) told->bad = 1;
    told->counted += row->counted, told->end = row->to;
    return ITSM_OK;
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
    cr_assert_eq(itsm_calendar_is_open(calendar, time_of(from) - 1), is_open(from - 1));
    rc = itsm_calendar_next_open(&at, calendar, time_of(from));
    expect_time("next open", rc, at, model_add(from, 0, 0), from, state);
    rc = itsm_calendar_next_close(&at, calendar, time_of(from));
    expect_time("next close", rc, at, model_next_close(from), from, state);
    rc = itsm_calendar_prev_open(&at, calendar, time_of(from));
    expect_time("previous open", rc, at, model_prev_open(from), from, state);
    rc = itsm_calendar_prev_close(&at, calendar, time_of(from));
    expect_time("previous close", rc, at, model_prev_close(from), from, state);
}

/* Rows, intervals and arrays say the same as between. */
static void ask_at_length(const itsm_calendar *calendar, uint64_t state)
{
    const int64_t from = MARGIN * 1440 + below(20 * 1440), to = from + below(10 * 1440);
    itsm_span wanted = (sum[to] - sum[from]) * ITSM_MINUTES(1), total = 0, spans[2];
    struct told told = {0, time_of(from), 0};
    itsm_calendar_cursor cursor;
    itsm_interval interval, last = {0, INT64_MIN};
    cr_assert_eq(itsm_calendar_explain(calendar, time_of(from), time_of(to), add_row, &told), ITSM_OK);
    cr_assert(!told.bad && told.end == time_of(to) && told.counted == wanted,
              "rows sum to %lld, not %lld minutes (seed %llu)", (long long)(told.counted / ITSM_MINUTES(1)),
              (long long)(wanted / ITSM_MINUTES(1)), (unsigned long long)state);
    itsm_calendar_intervals(&cursor, calendar, time_of(from), time_of(to));
    while (itsm_calendar_intervals_next(&interval, &cursor) == ITSM_OK) {
        cr_assert(interval.from > last.to && interval.to > interval.from, "intervals touch (seed %llu)",
                  (unsigned long long)state);
        total += interval.to - interval.from, last = interval;
    }
    cr_assert_eq(total, wanted);
    const itsm_time a[2] = {time_of(from), time_of(to)}, b[2] = {time_of(to), time_of(from)};
    cr_assert_eq(itsm_calendar_between_many(spans, calendar, a, b, 2), ITSM_OK);
    cr_assert(spans[0] == wanted && spans[1] == -wanted);
}

/* Written as JSON and read back, it gives the same answers. */
static itsm_calendar *write_and_read(itsm_ctx *ctx, itsm_calendar *calendar)
{
    itsm_buf text = ITSM_BUF_INIT, again = ITSM_BUF_INIT;
    itsm_calendar *copy;
    cr_assert_eq(itsm_calendar_encode(&text, calendar), ITSM_OK);
    cr_assert_eq(itsm_calendar_load(&copy, ctx, itsm_buf_str(&text)), ITSM_OK, "%.*s", ITSM_ARG(itsm_buf_str(&text)));
    cr_assert_eq(itsm_calendar_encode(&again, copy), ITSM_OK);
    cr_assert(itsm_str_eq(itsm_buf_str(&text), itsm_buf_str(&again)));
    itsm_buf_clear(&text), itsm_buf_clear(&again);
    itsm_calendar_free(calendar);
    return copy;
}

/* Years in which the clocks of the zones show whole minutes; far ones too. */
static int64_t random_first_day(int zone)
{
    if (zone == 0 && below(2))
        return below(2 * INT64_C(3652425)) - INT64_C(3652425) - 719162; /* UTC: 10000 BC to 10000 */
    if (zone == 3 && below(2)) return 15338 - below(DAYS);              /* around 2011-12-30 in Apia */
    if (zone == 14 && below(2)) return 8633 - below(DAYS);              /* around 1993-08-21 in Kwajalein */
    if (below(8) == 0) return 40000 + below(2800000);
    return 3700 + below(36500);
}

/* Cases to try: `usual`, or as ITSM_CASES says; the long tier tries at least ten times the usual. */
static long number_of_cases(long usual)
{
    const char *cases = getenv("ITSM_CASES"), *given = getenv("ITSM_SEED");
    long n = cases ? strtol(cases, NULL, 10) * (usual / 100000) : usual;
    if (getenv("ITSM_FULL") && n < 10 * usual) n = 10 * usual;
    if (given) seed = strtoull(given, NULL, 10);
    return n;
}

static void load_zones(itsm_zone **zones, itsm_ctx *ctx)
{
    for (int i = 0; i < ZONES; i++) cr_assert_eq(itsm_zone_load(&zones[i], ctx, itsm_str_c(zone_names[i])), ITSM_OK);
}

Test(calendar_property, answers_are_those_of_a_model_of_single_minutes, .timeout = 3600)
{
    const long n = number_of_cases(100000);
    struct counting counting = COUNTING_INIT;
    itsm_ctx *ctx = zones_ctx(counting_alloc, &counting);
    itsm_zone *zones[ZONES];
    printf("calendar_property: seed %llu, %ld questions\n", (unsigned long long)seed, n);
    load_zones(zones, ctx);
    long asked = 0, calendars = 0;
    for (; asked < n; calendars++) {
        struct definition d;
        const uint64_t state = seed;
        const int zone = (int)below(ZONES);
        first_day = random_first_day(zone);
        random_definition(&d);
        d.zone = zones[zone];
        paint_all(&d);
        itsm_calendar *calendar = freeze(ctx, &d);
        if (calendars % 8 == 0) calendar = write_and_read(ctx, calendar);
        for (int i = 0; i < QUESTIONS; i++, asked++) ask(calendar, state);
        ask_at_length(calendar, state);
        itsm_calendar_free(calendar);
    }
    for (int i = 0; i < ZONES; i++) itsm_zone_free(zones[i]);
    itsm_ctx_free(ctx);
    assert_nothing_outstanding(counting);
    printf("calendar_property: %ld questions and the explanations of %ld calendars in %d zones, 0 differences\n", asked,
           calendars, ZONES);
}

/* Inverse and monotone --------------------------------------------------------------------------------------------- */

/* Mostly within the window in which the definition has its dates; to the microsecond; some far away. */
static itsm_time instant_around(int64_t day)
{
    const int64_t reach = below(4) ? DAYS : below(4) ? 4000 : 400000;
    const itsm_time t = ITSM_DAYS(day + DAYS / 2 + below(2 * reach) - reach) + below(ITSM_DAYS(1));
    return below(2) ? t : t - t % ITSM_MINUTES(30);
}

static itsm_span some_span(void)
{
    static const itsm_span reaches[] = {
        2, ITSM_MINUTES(1), ITSM_HOURS(9), ITSM_DAYS(3), ITSM_DAYS(300), ITSM_DAYS(9000)};
    const itsm_span reach = reaches[below(6)], n = below(2 * reach + 1) - reach;
    return below(4) ? n : n - n % ITSM_MINUTES(15);
}

/*
 * For any a and n: between(a, add(a, n)) is n, for both boundaries; more is never earlier, and from later on neither;
 * nothing lies between add(a, n) with the one boundary and with the other; between is a difference of one sum.
 */
static void expect_inverse_and_monotone(const itsm_calendar *calendar, int64_t day, uint64_t state)
{
    const itsm_time a = instant_around(day), later = a + below(ITSM_DAYS(9));
    const itsm_span n = some_span(), more = n + below(ITSM_HOURS(30));
    const int32_t boundary = (int32_t)below(2), other = 1 - boundary;
    itsm_time x = 0, y = 0, z = 0, w = 0;
    itsm_span span = 0, part = 0, rest = 0;
    itsm_status rc = itsm_calendar_add(&x, calendar, a, n, boundary);
    rc |= itsm_calendar_add(&y, calendar, a, more, boundary);
    rc |= itsm_calendar_add(&z, calendar, later, n, boundary);
    rc |= itsm_calendar_add(&w, calendar, a, n, other);
    rc |= itsm_calendar_between(&span, calendar, a, x);
    cr_assert(rc == ITSM_OK && span == n, "between(%lld, add(%lld, %lld)) is %lld (status %d, seed %llu)", (long long)a,
              (long long)a, (long long)n, (long long)span, rc, (unsigned long long)state);
    cr_assert((y >= x || n == 0 || more == 0 || (n < 0) != (more < 0)) && (z >= x || n == 0),
              "add is not monotone at %lld, %lld (seed %llu)", (long long)a, (long long)n, (unsigned long long)state);
    cr_assert(n == 0                                         ? x == w
              : (n > 0) == (boundary == ITSM_BOUNDARY_CLOSE) ? x <= w
                                                             : x >= w,
              "boundaries cross at %lld (seed %llu)", (long long)a, (unsigned long long)state);
    rc = itsm_calendar_between(&part, calendar, a, later);
    rc |= itsm_calendar_between(&rest, calendar, later, x);
    cr_assert(rc == ITSM_OK && part >= 0 && part <= later - a && part + rest == n,
              "between does not add up at %lld (seed %llu)", (long long)a, (unsigned long long)state);
}

Test(calendar_property, sums_are_inverse_and_monotone, .timeout = 3600)
{
    enum { EACH = 500 };
    const long n = number_of_cases(1000000);
    struct counting counting = COUNTING_INIT;
    itsm_ctx *ctx = zones_ctx(counting_alloc, &counting);
    itsm_zone *zones[ZONES];
    printf("calendar_property: seed %llu, %ld sums\n", (unsigned long long)seed, n);
    load_zones(zones, ctx);
    long cases = 0, calendars = 0;
    while (cases < n) {
        struct definition d;
        const uint64_t state = seed;
        itsm_time opens;
        const int zone = (int)(calendars % ZONES);
        first_day = random_first_day(zone);
        random_definition(&d);
        d.zone = zones[zone];
        int weekly = 0; /* without weekly hours sums have an end */
        for (int i = 0; i < 7; i++) weekly += d.nweekly[i];
        if (!weekly) continue;
        itsm_calendar *calendar = freeze(ctx, &d);
        cr_assert_eq(itsm_calendar_next_open(&opens, calendar, 0), ITSM_OK);
        for (int i = 0; i < EACH; i++, cases++) expect_inverse_and_monotone(calendar, first_day, state);
        itsm_calendar_free(calendar);
        calendars++;
    }
    for (int i = 0; i < ZONES; i++) itsm_zone_free(zones[i]);
    itsm_ctx_free(ctx);
    assert_nothing_outstanding(counting);
    printf("calendar_property: %ld sums in %ld calendars of %d zones, all inverse and monotone\n", cases, calendars,
           ZONES);
}
