/* SPDX-License-Identifier: MIT */
/*
 * There and back: a random calendar written as iCalendar and read into an empty one has the same open time, and the same
 * closed dates.
 *
 * ITSM_CASES sets how many calendars (300 unless set, a three-hundredth of it if it is), ITSM_SEED the seed.
 */
#include <itsm/calendar.h>

#include "../unit/support.h"
#include "../unit/zones.h"

#include <criterion/criterion.h>

enum { DAYS = 40 };

static const char *const zone_names[] = {
    "UTC",       "Europe/Brussels",  "America/Sao_Paulo", "Pacific/Apia",    "Australia/Lord_Howe",
    "Asia/Gaza", "America/New_York", "Asia/Kathmandu",    "Pacific/Chatham", "Africa/Casablanca"};

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

static itsm_hours random_hours(void)
{
    itsm_hours h = {(int32_t)below(96) * 900, (int32_t)below(97) * 900};
    if (below(5) == 0) h.from = (int32_t)below(86400), h.to = (int32_t)below(86401);
    return h;
}

static itsm_calendar_builder *new_builder(itsm_ctx *ctx, const itsm_zone *zone)
{
    itsm_calendar_builder *b;
    cr_assert_eq(itsm_calendar_builder_new(&b, ctx, zone), ITSM_OK);
    cr_assert_eq(itsm_calendar_builder_set_name(b, ITSM_STR("there and back")), ITSM_OK);
    return b;
}

static itsm_calendar *freeze(itsm_calendar_builder *b)
{
    itsm_calendar *c;
    cr_assert_eq(itsm_calendar_builder_freeze(&c, b), ITSM_OK);
    itsm_calendar_builder_free(b);
    return c;
}

static itsm_calendar *random_calendar(itsm_ctx *ctx, const itsm_zone *zone, int64_t first)
{
    static const char *const names[] = {"", "A", "B, or; \\ C", "line\nline",
                                        ("\xc3\xa9t\xc3\xa9 \xf0\x9f\x98\x80 and so on "
                                         "for more bytes than a line of iCalendar has before it is folded")};
    itsm_calendar_builder *b = new_builder(ctx, zone);
    itsm_status rc = ITSM_OK;
    for (int32_t i = 0; i < 7; i++)
        for (int64_t k = below(3); k > 0; k--) rc |= itsm_calendar_builder_add_weekly(b, i, random_hours());
    for (int64_t k = below(6); k > 0; k--) {
        const int64_t date = first + below(DAYS);
        const itsm_hours hours = random_hours();
        rc |= itsm_calendar_builder_add_holiday(b, first + below(DAYS), itsm_str_c(names[below(5)]));
        rc |= itsm_calendar_builder_add_override(b, date, &hours, (size_t)below(2));
        rc |= itsm_calendar_builder_add_break(b, first + below(DAYS), random_hours());
    }
    cr_assert_eq(rc, ITSM_OK);
    return freeze(b);
}

static void write_calendar(itsm_buf *out, itsm_ctx *ctx, const itsm_calendar *c, uint32_t what, int64_t first)
{
    itsm_calendar_export_options options = ITSM_CALENDAR_EXPORT_OPTIONS_INIT;
    options.what = what, options.from = first, options.until = first + DAYS;
    out->n = 0;
    cr_assert_eq(itsm_calendar_export(out, ctx, c, &options), ITSM_OK);
}

static itsm_calendar *read_calendar(itsm_ctx *ctx, const itsm_zone *zone, const itsm_buf *text, int32_t as,
                                    int64_t first, uint64_t *doubtful)
{
    itsm_calendar_import options = ITSM_CALENDAR_IMPORT_INIT;
    itsm_calendar_imported done = ITSM_CALENDAR_IMPORTED_INIT;
    itsm_calendar_builder *b = new_builder(ctx, zone);
    options.as = as, options.from = first - 2, options.until = first + DAYS + 2;
    const itsm_status rc = itsm_calendar_builder_import(b, ctx, itsm_buf_str(text), &options, &done);
    cr_assert_eq(rc, ITSM_OK, "status %d: %.*s", rc, ITSM_ARG(first_message(ctx)));
    *doubtful = done.doubtful;
    return freeze(b);
}

/* Both ways, without a difference in bytes. */
static int64_t go_and_return(itsm_ctx *ctx, const itsm_zone *zone, uint32_t what, int32_t as, uint64_t state)
{
    const int64_t first =
        below(8) == 0 && itsm_str_is(itsm_zone_name(zone), "Pacific/Apia") ? 15338 - below(DAYS) : 11000 + below(20000);
    itsm_calendar *c = random_calendar(ctx, zone, first);
    itsm_buf text = ITSM_BUF_INIT, again = ITSM_BUF_INIT;
    uint64_t doubtful;
    write_calendar(&text, ctx, c, what, first);
    itsm_calendar *copy = read_calendar(ctx, zone, &text, as, first, &doubtful);
    write_calendar(&again, ctx, copy, what, first);
    cr_assert(doubtful || itsm_str_eq(itsm_buf_str(&text), itsm_buf_str(&again)), "seed %llu:\n%.*s\nbecame\n%.*s",
              (unsigned long long)state, ITSM_ARG(itsm_buf_str(&text)), ITSM_ARG(itsm_buf_str(&again)));
    const int64_t lines = doubtful ? 0 : (int64_t)text.n;
    itsm_buf_clear(&text), itsm_buf_clear(&again);
    itsm_calendar_free(c), itsm_calendar_free(copy);
    return lines;
}

Test(icalendar_property, what_is_exported_and_imported_is_the_same, .timeout = 600)
{
    const char *cases = getenv("ITSM_CASES"), *given = getenv("ITSM_SEED");
    const long n = cases ? strtol(cases, NULL, 10) / 300 : 300;
    struct counting counting = COUNTING_INIT;
    itsm_ctx *ctx = zones_ctx(counting_alloc, &counting);
    itsm_zone *zones[ZONES];
    int64_t bytes = 0;
    if (given) seed = strtoull(given, NULL, 10);
    printf("icalendar_property: seed %llu, %ld calendars\n", (unsigned long long)seed, n);
    for (int i = 0; i < ZONES; i++) cr_assert_eq(itsm_zone_load(&zones[i], ctx, itsm_str_c(zone_names[i])), ITSM_OK);
    for (long i = 0; i < n; i++) {
        const itsm_zone *zone = zones[below(ZONES)];
        const uint64_t state = seed;
        bytes += go_and_return(ctx, zone, ITSM_EXPORT_OPEN, ITSM_IMPORT_ADDITIONS, state);
        bytes += go_and_return(ctx, zone, ITSM_EXPORT_HOLIDAYS, ITSM_IMPORT_HOLIDAYS, state);
    }
    for (int i = 0; i < ZONES; i++) itsm_zone_free(zones[i]);
    itsm_ctx_free(ctx);
    assert_nothing_outstanding(counting);
    cr_assert_gt(bytes, n * 1000);
    printf("icalendar_property: %lld bytes of iCalendar, 0 differences\n", (long long)bytes);
}
