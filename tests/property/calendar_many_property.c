/* SPDX-License-Identifier: MIT */
/*
 * The operations over arrays give for each element what the single call gives, whatever the order of the elements.
 *
 * Random calendars; arrays that are sorted, sorted backwards, close together, in no order, and mixed, with instants that
 * are ITSM_TIME_NONE or have no answer.  Half of the calls write over an array they read.  ITSM_CASES sets how many
 * elements are compared for each operation (600,000 unless set), ITSM_SEED the seed.
 */
#include <itsm/calendar.h>

#include "../unit/support.h"
#include "../unit/zones.h"

#include <criterion/criterion.h>

enum { N = 1500, ORDERS = 5 };

static uint64_t seed = UINT64_C(20261122);

static uint64_t random_number(void)
{
    seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
    return seed * UINT64_C(2685821657736338717) >> 11;
}

static int64_t below(int64_t n)
{
    return (int64_t)(random_number() % (uint64_t)n);
}

/* Calendars and arrays -------------------------------------------------------------------------------------------- */

static int32_t step; /* of the edges of a calendar, in seconds; the arrays hit them often if it is long */

static itsm_hours random_hours(void)
{
    itsm_hours h = {(int32_t)below(86400) / step * step, (int32_t)below(86401) / step * step};
    if (below(6) == 0) h.from = 0, h.to = 86400;
    return h;
}

static itsm_calendar *random_calendar(itsm_ctx *ctx)
{
    static const char *const zones[] = {"UTC", "Europe/Brussels", "America/New_York", "Pacific/Apia", "Asia/Kathmandu"};
    itsm_zone *zone;
    itsm_calendar_builder *b;
    itsm_calendar *calendar;
    const int style = (int)below(8);
    step = below(2) ? 1 : 1800;
    itsm_status rc = itsm_zone_load(&zone, ctx, itsm_str_c(zones[below(5)]));
    rc |= itsm_calendar_builder_new(&b, ctx, zone);
    for (int32_t day = 0; day < 7 && style > 0; day++) { /* 0: nothing but dates */
        const itsm_hours always = {0, 86400};
        if (style == 1) rc |= itsm_calendar_builder_add_weekly(b, day, always);
        else
            for (int64_t k = below(style == 2 ? 20 : 4); k > 0; k--)
                rc |= itsm_calendar_builder_add_weekly(b, day, random_hours());
    }
    for (int64_t k = below(40); k > 0; k--)
        rc |= itsm_calendar_builder_add_holiday(b, 10957 + below(18300), ITSM_STR(""));
    for (int64_t k = below(20); k > 0; k--) {
        const itsm_hours h = random_hours();
        rc |= itsm_calendar_builder_add_override(b, 10900 + below(18400), &h, 1);
    }
    rc |= itsm_calendar_builder_freeze(&calendar, b);
    cr_assert_eq(rc, ITSM_OK);
    itsm_calendar_builder_free(b);
    itsm_zone_free(zone);
    return calendar;
}

static int ascending(const void *a, const void *b)
{
    const itsm_time x = *(const itsm_time *)a, y = *(const itsm_time *)b;
    return (x > y) - (x < y);
}

/* Around the years that have a table of days, at its ends, or anywhere at all. */
static void random_times(itsm_time *times, int order)
{
    static const int64_t widths[] = {1, 20, 500, 20000, 100000000};
    static const int64_t centres[] = {10957, 29220, 20000, 15000, 0};
    const int64_t width = widths[below(5)], centre = centres[below(5)];
    const itsm_time from = ITSM_DAYS(centre - width / 2);
    for (int i = 0; i < N; i++) {
        times[i] = from + (itsm_time)(random_number() * UINT64_C(977) % ((uint64_t)width * (uint64_t)ITSM_DAYS(1)));
        if (below(3) == 0) times[i] -= times[i] % ITSM_MINUTES(30);
    }
    if (order != 2) qsort(times, N, sizeof *times, ascending);
    for (int i = 0; i < N / 2 && order == 1; i++) {
        const itsm_time t = times[i];
        times[i] = times[N - 1 - i], times[N - 1 - i] = t;
    }
    for (int i = 0; i < N && order >= 3; i += (int)below(order == 3 ? 8 : 400) + 1)
        times[i] = below(2) ? ITSM_TIME_NONE : below(2) ? INT64_MIN + 1 + below(9) : INT64_MAX - below(9);
}

static void random_spans(itsm_span *spans)
{
    const int64_t width = ITSM_HOURS(below(3) ? 1 + below(2000) : 1);
    const int same = (int)below(3) == 0;
    for (int i = 0; i < N; i++) {
        spans[i] = same ? width : below(2 * width) - width;
        if (below(3) == 0) spans[i] -= spans[i] % ITSM_MINUTES(30);
        if (below(50) == 0) spans[i] = 0;
        if (below(200) == 0) spans[i] = below(2) ? ITSM_SPAN_NONE : below(2) ? INT64_MAX : INT64_MIN + 1;
    }
}

/* Operations ------------------------------------------------------------------------------------------------------ */

static itsm_time a[N], b[N], kept_a[N], kept_b[N], out[N];
static uint8_t flags[N];

/* What an array has to have at i, by the status and the answer of the single call; *first: what it has to return. */
static void expect(const char *what, int i, itsm_status rc, int none, itsm_time one, itsm_time got, itsm_status *first)
{
    const itsm_time wanted = none || rc ? ITSM_TIME_NONE : one;
    if (rc && !none && !*first) *first = rc;
    cr_assert_eq(got, wanted, "%s, element %d: %lld, not %lld", what, i, (long long)got, (long long)wanted);
}

static void compare_between(const itsm_calendar *calendar, itsm_time *to)
{
    const itsm_status rc = itsm_calendar_between_many(to, calendar, a, b, N);
    itsm_status first = ITSM_OK;
    for (int i = 0; i < N; i++) {
        itsm_span one = 0;
        const itsm_status each = itsm_calendar_between(&one, calendar, kept_a[i], kept_b[i]);
        expect("between", i, each, kept_a[i] == ITSM_TIME_NONE || kept_b[i] == ITSM_TIME_NONE, one, to[i], &first);
    }
    cr_assert_eq(rc, first);
}

static void compare_add(const itsm_calendar *calendar, itsm_time *to, int32_t boundary)
{
    const itsm_status rc = itsm_calendar_add_many(to, calendar, a, b, N, boundary);
    itsm_status first = ITSM_OK;
    for (int i = 0; i < N; i++) {
        itsm_time one = 0;
        const itsm_status each = itsm_calendar_add(&one, calendar, kept_a[i], kept_b[i], boundary);
        expect("add", i, each, kept_a[i] == ITSM_TIME_NONE || kept_b[i] == ITSM_SPAN_NONE, one, to[i], &first);
    }
    cr_assert_eq(rc, first);
}

static void compare_is_open(const itsm_calendar *calendar)
{
    cr_assert_eq(itsm_calendar_is_open_many(flags, calendar, a, N), ITSM_OK);
    for (int i = 0; i < N; i++) cr_assert_eq(flags[i], itsm_calendar_is_open(calendar, a[i]), "element %d", i);
}

static void compare_edges(const itsm_calendar *calendar, itsm_time *to, int which)
{
    static const struct {
        const char *name;
        itsm_status (*many)(itsm_time *, const itsm_calendar *, const itsm_time *, size_t);
        itsm_status (*one)(itsm_time *, const itsm_calendar *, itsm_time);
    } edges[] = {{"next open", itsm_calendar_next_open_many, itsm_calendar_next_open},
                 {"next close", itsm_calendar_next_close_many, itsm_calendar_next_close},
                 {"previous open", itsm_calendar_prev_open_many, itsm_calendar_prev_open},
                 {"previous close", itsm_calendar_prev_close_many, itsm_calendar_prev_close}};
    const itsm_status rc = edges[which].many(to, calendar, a, N);
    itsm_status first = ITSM_OK;
    for (int i = 0; i < N; i++) {
        itsm_time one = 0;
        const itsm_status each = edges[which].one(&one, calendar, kept_a[i]);
        expect(edges[which].name, i, each, kept_a[i] == ITSM_TIME_NONE, one, to[i], &first);
    }
    cr_assert_eq(rc, first);
}

/* Put the arrays back, and say which one the next call writes to. */
static itsm_time *again(void)
{
    memcpy(a, kept_a, sizeof a), memcpy(b, kept_b, sizeof b);
    return below(2) ? out : a;
}

static void compare(const itsm_calendar *calendar, int order)
{
    random_times(kept_a, order);
    random_times(kept_b, below(2) ? order : (int)below(ORDERS));
    compare_between(calendar, again());
    compare_between(calendar, (again(), b));
    again(), compare_is_open(calendar);
    for (int which = 0; which < 4; which++) compare_edges(calendar, again(), which);
    random_spans(kept_b);
    compare_add(calendar, again(), ITSM_BOUNDARY_CLOSE);
    compare_add(calendar, again(), ITSM_BOUNDARY_OPEN);
}

Test(calendar_many_property, arrays_give_what_single_calls_give_in_any_order, .timeout = 600)
{
    const char *cases = getenv("ITSM_CASES"), *given = getenv("ITSM_SEED");
    const long n = cases ? strtol(cases, NULL, 10) : 600000;
    struct counting counting = COUNTING_INIT;
    itsm_ctx *ctx = zones_ctx(counting_alloc, &counting);
    if (given) seed = strtoull(given, NULL, 10);
    printf("calendar_many_property: seed %llu, %ld elements\n", (unsigned long long)seed, n);
    long compared = 0;
    while (compared < n) {
        itsm_calendar *calendar = random_calendar(ctx);
        for (int order = 0; order < ORDERS; order++, compared += N) compare(calendar, order);
        itsm_calendar_free(calendar);
    }
    itsm_ctx_free(ctx);
    assert_nothing_outstanding(counting);
    printf("calendar_many_property: %ld elements of each operation, 0 differences\n", compared);
}
