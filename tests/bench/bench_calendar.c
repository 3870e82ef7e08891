/* SPDX-License-Identifier: MIT */
/*
 * Working time: what a call takes and how that does not grow with the span or the holidays, arrays, many calendars,
 * making one; then the same beside other libraries, on the same calendar and cases, with the answers that differ.
 *
 * The calendar is Europe/Brussels, Monday to Friday, 8:00 to 12:00 and 13:00 to 18:00.  The loop over days is what most
 * schedulers do: for each day from start to end, look up the weekday and clip its hours; it is given UTC and no
 * holidays, so that it has as little to do as possible.
 *
 *     bench_calendar [ours]        without the peers
 */
#include <itsm/calendar.h>

#include "../unit/support.h"
#include "../unit/zones.h"
#include "bench.h"
#include "peers.h"

enum {
    POINTS = 1 << 16,
    MANY = 1 << 20,
    COLD = 400,
    HOLIDAYS = 500,
    FIRST = 14610, /* 2010-01-01 */
    DAYS = 7305,   /* 20 years */
    CASES = 400,   /* of each operation of each group, for peers */
    NAME = 44
};

static itsm_time starts[MANY], ends[MANY], out[MANY];
static itsm_span spans[MANY];
static uint8_t open[MANY];
static int64_t holidays[HOLIDAYS];
static volatile int64_t sink;

static const itsm_hours morning = {8 * 3600, 12 * 3600}, afternoon = {13 * 3600, 18 * 3600}, night = {0, 6 * 3600},
                        whole = {0, 24 * 3600};

/* Calendars ------------------------------------------------------------------------------------------------------- */

/* Open on `days` days of the week; of two intervals the second may be NULL. */
static itsm_calendar *make(itsm_ctx *ctx, const char *zone_name, int32_t days, itsm_hours first,
                           const itsm_hours *second, size_t nholidays)
{
    itsm_calendar_builder *builder;
    itsm_calendar *calendar;
    itsm_zone *zone;
    bench_check(itsm_zone_load(&zone, ctx, itsm_str_c(zone_name)));
    bench_check(itsm_calendar_builder_new(&builder, ctx, zone));
    for (int32_t day = 0; day < days; day++) {
        bench_check(itsm_calendar_builder_add_weekly(builder, day, first));
        if (second) bench_check(itsm_calendar_builder_add_weekly(builder, day, *second));
    }
    for (size_t i = 0; i < nholidays; i++)
        bench_check(itsm_calendar_builder_add_holiday(
            builder, i < HOLIDAYS ? holidays[i] : FIRST + (int64_t)(bench_random() % DAYS), ITSM_STR("")));
    bench_check(itsm_calendar_builder_freeze(&calendar, builder));
    itsm_calendar_builder_free(builder);
    itsm_zone_free(zone);
    return calendar;
}

static itsm_calendar *office(itsm_ctx *ctx, const char *zone_name, size_t nholidays)
{
    return make(ctx, zone_name, 5, morning, &afternoon, nholidays);
}

/* One call -------------------------------------------------------------------------------------------------------- */

static const struct span {
    const char *name;
    itsm_span length; /* 0: random up to ten years */
} lengths[] = {{"an hour", ITSM_HOURS(1)}, {"a day", ITSM_DAYS(1)},        {"a month", ITSM_DAYS(30)},
               {"a year", ITSM_DAYS(365)}, {"ten years", ITSM_DAYS(3650)}, {"mixed", 0}};

enum { LENGTHS = sizeof lengths / sizeof lengths[0] };

/* Random instants over 20 years, others a span away, and about as much working time as lies between. */
static void random_points(itsm_span span)
{
    for (size_t i = 0; i < MANY; i++) {
        starts[i] = ITSM_DAYS(FIRST) + (itsm_time)(bench_random() % (uint64_t)ITSM_DAYS(DAYS));
        ends[i] = starts[i] + (span ? span : (itsm_span)(bench_random() % (uint64_t)ITSM_DAYS(3650)));
        spans[i] = (ends[i] - starts[i]) / 4 + 1;
    }
}

static double time_between(const itsm_calendar *calendar)
{
    double ns;
    itsm_span got = 0;
    BENCH(ns, POINTS, {
        bench_check(itsm_calendar_between(&got, calendar, starts[i], ends[i]));
        sink += got;
    });
    return ns;
}

static double time_add(const itsm_calendar *calendar, int sign, int32_t boundary)
{
    double ns;
    itsm_time got = 0;
    BENCH(ns, POINTS, {
        bench_check(itsm_calendar_add(&got, calendar, starts[i], sign * spans[i], boundary));
        sink += got;
    });
    return ns;
}

static itsm_span loop_between(itsm_time a, itsm_time b)
{
    static const itsm_span hours[2][2] = {{ITSM_HOURS(8), ITSM_HOURS(12)}, {ITSM_HOURS(13), ITSM_HOURS(18)}};
    itsm_span total = 0;
    for (int64_t day = a / ITSM_DAYS(1); day <= b / ITSM_DAYS(1); day++) {
        if (itsm_date_weekday(day) > 4) continue;
        for (int i = 0; i < 2; i++) {
            const itsm_time from = ITSM_DAYS(day) + hours[i][0], to = ITSM_DAYS(day) + hours[i][1];
            const itsm_time low = from > a ? from : a, high = to < b ? to : b;
            if (low < high) total += high - low;
        }
    }
    return total;
}

static void by_span(const itsm_calendar *const calendars[2])
{
    static const char *const names[] = {"between",
                                        "add, to the closing",
                                        "add, to the next opening",
                                        "add, going back",
                                        "add, going back to the closing before",
                                        "between, a loop over the days"};
    double ns[LENGTHS][2][5], loop[LENGTHS];
    for (size_t k = 0; k < LENGTHS; k++) {
        random_points(lengths[k].length);
        for (int h = 0; h < 2; h++) {
            ns[k][h][0] = time_between(calendars[h]);
            ns[k][h][1] = time_add(calendars[h], 1, ITSM_BOUNDARY_CLOSE);
            ns[k][h][2] = time_add(calendars[h], 1, ITSM_BOUNDARY_OPEN);
            ns[k][h][3] = time_add(calendars[h], -1, ITSM_BOUNDARY_CLOSE);
            ns[k][h][4] = time_add(calendars[h], -1, ITSM_BOUNDARY_OPEN);
        }
        BENCH(loop[k], POINTS / 64, sink += loop_between(starts[i], ends[i]));
    }
    for (int h = 0; h < 2; h++) {
        bench_table(h ? "One call, 500 holidays" : "One call, no holidays", NAME, "an hour", "a day", "a month",
                    "a year", "ten years", "mixed", NULL);
        for (size_t i = 0; i < 5; i++) {
            bench_row(names[i], NAME);
            for (size_t k = 0; k < LENGTHS; k++) bench_time(ns[k][h][i]);
            bench_end();
        }
    }
    bench_row(names[5], NAME);
    for (size_t k = 0; k < LENGTHS; k++) bench_time(loop[k]);
    bench_end();
    bench_row("    times as long as between", NAME);
    for (size_t k = 0; k < LENGTHS; k++) bench_ratio(loop[k] / ns[k][1][0]);
    bench_end();
}

static void edges(const itsm_calendar *const calendars[2])
{
    static const struct {
        const char *name;
        itsm_status (*find)(itsm_time *, const itsm_calendar *, itsm_time);
    } finders[] = {{"next_open", itsm_calendar_next_open},
                   {"next_close", itsm_calendar_next_close},
                   {"prev_open", itsm_calendar_prev_open},
                   {"prev_close", itsm_calendar_prev_close}};
    double ns;
    bench_table("One call at random instants", NAME, "0 holidays", "500 holidays", NULL);
    bench_row("is_open", NAME);
    random_points(ITSM_DAYS(1));
    for (int h = 0; h < 2; h++) {
        BENCH(ns, POINTS, sink += itsm_calendar_is_open(calendars[h], starts[i]));
        bench_time(ns);
    }
    bench_end();
    for (size_t k = 0; k < sizeof finders / sizeof finders[0]; k++) {
        bench_row(finders[k].name, NAME);
        for (int h = 0; h < 2; h++) {
            itsm_time got = 0;
            BENCH(ns, POINTS, {
                bench_check(finders[k].find(&got, calendars[h], starts[i]));
                sink += got;
            });
            bench_time(ns);
        }
        bench_end();
    }
}

/* Arrays ---------------------------------------------------------------------------------------------------------- */

static int ascending_time(const void *a, const void *b)
{
    const itsm_time x = *(const itsm_time *)a, y = *(const itsm_time *)b;
    return (x > y) - (x < y);
}

static void array_row(const char *name, double one, double many)
{
    bench_row(name, NAME);
    bench_time(one), bench_time(many / MANY), bench_ratio(one * MANY / many);
    bench_end();
}

static void arrays(const itsm_calendar *calendar)
{
    bench_table("Arrays of 1 M, for each element", NAME, "one by one", "_many", "ratio", NULL);
    for (int sorted = 0; sorted < 2; sorted++) {
        double one, many;
        random_points(ITSM_DAYS(3));
        if (sorted) qsort(starts, MANY, sizeof *starts, ascending_time);
        for (size_t i = 0; i < MANY; i++) ends[i] = starts[i] + ITSM_DAYS(3);
        BENCH(one, MANY, bench_check(itsm_calendar_between(&out[i], calendar, starts[i], ends[i])));
        BENCH(many, 1, bench_check(itsm_calendar_between_many(out, calendar, starts, ends, MANY)));
        array_row(sorted ? "between, sorted" : "between, random", one, many);
        BENCH(one, MANY, bench_check(itsm_calendar_add(&out[i], calendar, starts[i], spans[i], 0)));
        BENCH(many, 1, bench_check(itsm_calendar_add_many(out, calendar, starts, spans, MANY, 0)));
        array_row(sorted ? "add, sorted" : "add, random", one, many);
        BENCH(one, MANY, open[i] = (uint8_t)itsm_calendar_is_open(calendar, starts[i]));
        BENCH(many, 1, bench_check(itsm_calendar_is_open_many(open, calendar, starts, MANY)));
        array_row(sorted ? "is_open, sorted" : "is_open, random", one, many);
        BENCH(one, MANY, bench_check(itsm_calendar_next_open(&out[i], calendar, starts[i])));
        BENCH(many, 1, bench_check(itsm_calendar_next_open_many(out, calendar, starts, MANY)));
        array_row(sorted ? "next_open, sorted" : "next_open, random", one, many);
    }
}

/* Many calendars, and making them --------------------------------------------------------------------------------- */

static void cold(itsm_ctx *ctx)
{
    static itsm_calendar *calendars[COLD];
    static const char *const zones[] = {"Europe/Brussels", "America/New_York", "Asia/Tokyo", "Australia/Sydney"};
    double ns;
    itsm_span got = 0;
    for (size_t i = 0; i < COLD; i++) calendars[i] = office(ctx, zones[i % 4], 100);
    random_points(ITSM_DAYS(30));
    bench_table("400 calendars at random, cold", NAME, "ns/op", NULL);
    BENCH(ns, POINTS, {
        bench_check(itsm_calendar_between(&got, calendars[bench_random() % COLD], starts[i], ends[i]));
        sink += got;
    });
    bench_row("between", NAME), bench_time(ns), bench_end();
    BENCH(ns, POINTS, {
        bench_check(itsm_calendar_add(&got, calendars[bench_random() % COLD], starts[i], spans[i], 0));
        sink += got;
    });
    bench_row("add", NAME), bench_time(ns), bench_end();
    for (int i = 0; i < COLD; i++) itsm_calendar_free(calendars[i]);
}

static void making(void)
{
    static const size_t counts[] = {0, 100, 500, 5000};
    bench_table("Making a calendar", NAME, "time", "memory", "peak", NULL);
    for (size_t k = 0; k < sizeof counts / sizeof counts[0]; k++) {
        struct counting counting = COUNTING_INIT;
        char name[64];
        double ns;
        itsm_ctx *plain = zones_ctx(NULL, NULL), *counted = zones_ctx(counting_alloc, &counting);
        BENCH(ns, 5, itsm_calendar_free(office(plain, "Europe/Brussels", counts[k])));
        const size_t before = counting.outstanding;
        itsm_calendar *calendar = office(counted, "Europe/Brussels", counts[k]);
        snprintf(name, sizeof name, "two intervals a day, %zu holidays", counts[k]);
        bench_row(name, NAME);
        bench_time(ns), bench_bytes(counting.outstanding - before), bench_bytes(counting.peak - before);
        bench_end();
        itsm_calendar_free(calendar);
        itsm_ctx_free(plain), itsm_ctx_free(counted);
    }
}

/* Calendars made of two in different zones. */
static void derived(const itsm_calendar *full)
{
    static const struct {
        const char *name;
        itsm_status (*make)(itsm_calendar **, itsm_ctx *, itsm_str, const itsm_calendar *const *, size_t);
    } makers[] = {{"union", itsm_calendar_union},
                  {"intersection", itsm_calendar_intersection},
                  {"difference", itsm_calendar_difference}};
    itsm_ctx *plain = zones_ctx(NULL, NULL);
    itsm_calendar *abroad = office(plain, "America/New_York", HOLIDAYS);
    const itsm_calendar *const parts[] = {full, abroad};
    random_points(0);
    bench_table("Brussels and New York, 500 holidays each", NAME, "making", "memory", "between", "add", NULL);
    for (size_t k = 0; k < sizeof makers / sizeof makers[0]; k++) {
        struct counting counting = COUNTING_INIT;
        itsm_ctx *counted = zones_ctx(counting_alloc, &counting);
        itsm_calendar *calendar;
        double ns;
        BENCH(ns, 5, {
            bench_check(makers[k].make(&calendar, plain, ITSM_STR(""), parts, 2));
            itsm_calendar_free(calendar);
        });
        const size_t before = counting.outstanding;
        bench_check(makers[k].make(&calendar, counted, ITSM_STR(""), parts, 2));
        bench_row(makers[k].name, NAME);
        bench_time(ns), bench_bytes(counting.outstanding - before);
        bench_time(time_between(calendar)), bench_time(time_add(calendar, 1, ITSM_BOUNDARY_CLOSE));
        bench_end();
        itsm_calendar_free(calendar);
        itsm_ctx_free(counted);
    }
    itsm_calendar_free(abroad);
    itsm_ctx_free(plain);
}

/* Peers ----------------------------------------------------------------------------------------------------------- */

static const struct {
    const char *word, *name;
} peer_names[] = {{"business-hours", "Business::Hours (Perl)"},
                  {"pandas", "pandas CustomBusinessHour"},
                  {"businesstimedelta", "businesstimedelta (Python)"},
                  {"dayjs", "dayjs-business-time"},
                  {"moment", "moment-business-time"}};

enum { PEERS = sizeof peer_names / sizeof peer_names[0] };

/* A kind of span, for between in days, for add in hours. */
static const struct kind {
    const char *group;
    int64_t days, hours; /* 0: random; days -1: an hour */
} kinds[] = {{"hour", -1, 1}, {"day", 1, 9}, {"month", 30, 180}, {"ten-years", 3650, 23000}, {"mixed", 0, 0}};

enum { KINDS = sizeof kinds / sizeof kinds[0] };

static int64_t seconds(itsm_time t)
{
    return t / ITSM_SECONDS(1);
}

static void add_between(struct peer_cases *cases, const itsm_calendar *calendar, const char *group, int64_t a,
                        int64_t b)
{
    itsm_span ours = 0;
    bench_check(itsm_calendar_between(&ours, calendar, ITSM_SECONDS(a), ITSM_SECONDS(b)));
    const struct peer_case one = {group, "between", a, b, seconds(ours), seconds(ours)};
    peer_cases_add(cases, one);
}

static void add_add(struct peer_cases *cases, const itsm_calendar *calendar, const char *group, int64_t a, int64_t n)
{
    itsm_time ours = 0, other = 0;
    bench_check(itsm_calendar_add(&ours, calendar, ITSM_SECONDS(a), ITSM_SECONDS(n), ITSM_BOUNDARY_CLOSE));
    bench_check(itsm_calendar_add(&other, calendar, ITSM_SECONDS(a), ITSM_SECONDS(n), ITSM_BOUNDARY_OPEN));
    const struct peer_case one = {group, "add", a, n, seconds(ours), seconds(other)};
    peer_cases_add(cases, one);
}

static int64_t up_to(int64_t most)
{
    return 1 + (int64_t)(bench_random() % (uint64_t)most);
}

/* Whole minutes and whole hours, which all peers know. */
static void add_kind(struct peer_cases *cases, const itsm_calendar *calendar, const struct kind *kind, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const int64_t a = FIRST * INT64_C(86400) + 60 * (int64_t)(bench_random() % (DAYS * 1440));
        const int64_t span = kind->days < 0 ? 3600 : kind->days ? kind->days * 86400 : 60 * up_to(3650 * 1440);
        add_between(cases, calendar, kind->group, a, a + span);
    }
    for (size_t i = 0; i < n; i++) {
        const int64_t a = FIRST * INT64_C(86400) + 60 * (int64_t)(bench_random() % (DAYS * 1440));
        const int64_t hours = kind->days ? kind->hours : up_to(23000);
        add_add(cases, calendar, kind->group, a, hours * 3600);
    }
}

static void head(const struct peer_cases *cases, const char *zone, int32_t days, const itsm_hours *hours, size_t nhours,
                 size_t nholidays)
{
    char date[ITSM_DATE_MAX];
    fprintf(cases->file, "zone %s\ndays", zone);
    for (int32_t day = 0; day < days; day++) fprintf(cases->file, " %d", (int)day);
    fputc('\n', cases->file);
    for (size_t i = 0; i < nhours; i++) fprintf(cases->file, "hours %d %d\n", (int)hours[i].from, (int)hours[i].to);
    for (size_t i = 0; i < nholidays; i++) fprintf(cases->file, "holiday %s\n", itsm_date_text(date, holidays[i]));
}

static void absent(const struct peer *peer)
{
    bench_row(peer->name, NAME);
    printf("   not installed\n");
}

/* A table for each operation: our row, then the peers', a column for each kind of span. */
static void peers_table(const char *operation, const char *title, const double ours[KINDS],
                        const struct peer peers[PEERS])
{
    const int add = !strcmp(operation, "add");
    bench_table(title, NAME, "an hour", "a day", "a month", "ten years", "mixed", "mixed, ratio", "differ", "no answer",
                add ? "next opening" : NULL, NULL);
    bench_row("libitsm", NAME);
    for (size_t k = 0; k < KINDS; k++) bench_time(ours[k]);
    bench_ratio(1);
    bench_end();
    for (size_t p = 0; p < PEERS; p++) {
        if (!peers[p].installed) {
            absent(&peers[p]);
            continue;
        }
        bench_row(peers[p].name, NAME);
        for (size_t k = 0; k < KINDS; k++) {
            const struct peer_time *time = peer_find(&peers[p], kinds[k].group, operation);
            if (time) bench_time(time->ns);
            else bench_text("none");
        }
        const struct peer_time *mixed = peer_find(&peers[p], "mixed", operation);
        if (mixed) {
            bench_ratio(mixed->ns / ours[KINDS - 1]);
            peer_count(&peers[p], operation, PEER_DIFFER), peer_count(&peers[p], operation, PEER_MISSING);
            if (add) peer_count(&peers[p], operation, PEER_OTHER);
        }
        bench_end();
    }
}

/* Ours at POINTS instants of the same kind: the few cases of the peers would stay in the nearest cache. */
static void ours_of(const itsm_calendar *calendar, const struct kind *kind, double *between, double *add)
{
    for (size_t i = 0; i < POINTS; i++) {
        const int64_t span = kind->days < 0 ? 3600 : kind->days ? kind->days * 86400 : 60 * up_to(3650 * 1440);
        starts[i] = ITSM_DAYS(FIRST) + ITSM_MINUTES(bench_random() % (DAYS * 1440));
        ends[i] = starts[i] + ITSM_SECONDS(span);
        spans[i] = ITSM_HOURS(kind->days ? kind->hours : up_to(23000));
    }
    *between = time_between(calendar), *add = time_add(calendar, 1, ITSM_BOUNDARY_CLOSE);
}

static void peers_by_span(const itsm_calendar *calendar, struct peer peers[PEERS])
{
    struct peer_cases cases;
    const itsm_hours hours[] = {morning, afternoon};
    double between[KINDS], add[KINDS];
    peer_cases_open(&cases);
    head(&cases, "Europe/Brussels", 5, hours, 2, HOLIDAYS);
    for (size_t k = 0; k < KINDS; k++) {
        add_kind(&cases, calendar, &kinds[k], CASES);
        ours_of(calendar, &kinds[k], &between[k], &add[k]);
    }
    peer_cases_end(&cases);
    for (size_t p = 0; p < PEERS; p++) peer_run(&peers[p], peer_names[p].word, peer_names[p].name, &cases);
    peers_table("between", "between beside others, 500 holidays", between, peers);
    peers_table("add", "add beside others, 500 holidays", add, peers);
    peer_cases_close(&cases);
}

/* Both operations: their times and either the ratios to ours, or, where those are 0, the answers that differ. */
static void peers_row(const struct peer *peer, const char *group, double between, double add)
{
    static const char *const operations[] = {"between", "add"};
    const double ours[] = {between, add};
    if (!peer->installed) {
        absent(peer);
        return;
    }
    bench_row(peer->name, NAME);
    for (int i = 0; i < 2; i++) {
        const struct peer_time *time = peer_find(peer, group, operations[i]);
        if (!time) {
            bench_text("none"), bench_text("");
            if (ours[i] == 0) bench_text("");
            continue;
        }
        bench_time(time->ns);
        if (ours[i] > 0) bench_ratio(time->ns / ours[i]);
        else peer_count(peer, operations[i], PEER_DIFFER), peer_count(peer, operations[i], PEER_MISSING);
    }
    bench_end();
}

static void ours_row(double between, double add)
{
    bench_row("libitsm", NAME);
    bench_time(between), bench_text(""), bench_time(add);
    bench_end();
}

static void peers_without_holidays(const itsm_calendar *calendar, struct peer *peer)
{
    struct peer_cases cases;
    const itsm_hours hours[] = {morning, afternoon};
    double between, add;
    peer_cases_open(&cases);
    head(&cases, "Europe/Brussels", 5, hours, 2, 0);
    add_kind(&cases, calendar, &kinds[KINDS - 1], CASES);
    peer_cases_end(&cases);
    ours_of(calendar, &kinds[KINDS - 1], &between, &add);
    bench_table("Mixed spans, no holidays", NAME, "between", "ratio", "add", "ratio", NULL);
    ours_row(between, add);
    for (size_t p = 0; p < PEERS; p++) {
        peer_run(peer, peer_names[p].word, peer_names[p].name, &cases);
        peers_row(peer, "mixed", between, add);
    }
    peer_cases_close(&cases);
}

/* Open every night from 0:00 to 6:00, when the clocks change. */
static void peers_at_clock_changes(itsm_ctx *ctx, struct peer *peer)
{
    itsm_calendar *calendar = make(ctx, "Europe/Brussels", 7, night, NULL, 0);
    const itsm_zone *zone = itsm_calendar_zone(calendar);
    struct peer_cases cases;
    itsm_time change = ITSM_DAYS(FIRST);
    peer_cases_open(&cases);
    head(&cases, "Europe/Brussels", 7, &night, 1, 0);
    for (size_t i = 0; i < CASES; i++) {
        if (i % 10 == 0) bench_check(itsm_zone_next_transition(&change, zone, change));
        const int64_t a = seconds(change) - 60 * up_to(1440), b = seconds(change) + 60 * up_to(1440);
        add_between(&cases, calendar, "changes", a, b);
        add_add(&cases, calendar, "changes", a, 3600 * up_to(12));
    }
    peer_cases_end(&cases);
    bench_table("Around clock changes: open 0:00 to 6:00", NAME, "between", "differ", "no answer", "add", "differ",
                "no answer", NULL);
    for (size_t p = 0; p < PEERS; p++) {
        peer_run(peer, peer_names[p].word, peer_names[p].name, &cases);
        peers_row(peer, "changes", 0, 0);
    }
    peer_cases_close(&cases);
    itsm_calendar_free(calendar);
}

/* numpy counts whole days: the same as a calendar in UTC that is open all day. */
static void whole_days(itsm_ctx *ctx, struct peer *peer)
{
    itsm_calendar *calendar = make(ctx, "UTC", 5, whole, NULL, HOLIDAYS);
    struct peer_cases cases;
    double between, add;
    peer_cases_open(&cases);
    head(&cases, "UTC", 5, &whole, 1, HOLIDAYS);
    for (size_t i = 0; i < MANY; i++) {
        starts[i] = ITSM_DAYS(FIRST + (int64_t)(bench_random() % DAYS));
        ends[i] = starts[i] + ITSM_DAYS((int64_t)(bench_random() % 3650));
        spans[i] = ITSM_DAYS(up_to(2000));
    }
    BENCH(between, 1, bench_check(itsm_calendar_between_many(out, calendar, starts, ends, MANY)));
    for (size_t i = 0; i < MANY; i++) {
        const struct peer_case one = {"many",
                                      "between",
                                      starts[i] / ITSM_DAYS(1),
                                      ends[i] / ITSM_DAYS(1),
                                      out[i] / ITSM_DAYS(1),
                                      out[i] / ITSM_DAYS(1)};
        peer_cases_add(&cases, one);
    }
    BENCH(add, 1, bench_check(itsm_calendar_add_many(out, calendar, starts, spans, MANY, ITSM_BOUNDARY_OPEN)));
    for (size_t i = 0; i < MANY; i++) {
        const struct peer_case one = {"many",
                                      "add",
                                      starts[i] / ITSM_DAYS(1),
                                      spans[i] / ITSM_DAYS(1),
                                      out[i] / ITSM_DAYS(1),
                                      out[i] / ITSM_DAYS(1)};
        peer_cases_add(&cases, one);
    }
    peer_cases_end(&cases);
    peer_run(peer, "numpy", "numpy busday", &cases);
    bench_table("Whole days, 1 M at random, for each", NAME, "between", "ratio", "add", "ratio", NULL);
    ours_row(between / MANY, add / MANY);
    peers_row(peer, "many", between / MANY, add / MANY);
    if (peer->installed) bench_row("    answers that differ", NAME), peer_count(peer, NULL, PEER_DIFFER), bench_end();
    peer_cases_close(&cases);
    itsm_calendar_free(calendar);
}

int main(int argc, char **argv)
{
    static struct peer peers[PEERS];
    itsm_ctx *ctx = zones_ctx(NULL, NULL);
    for (size_t i = 0; i < HOLIDAYS; i++) holidays[i] = FIRST + (int64_t)(bench_random() % DAYS);
    itsm_calendar *plain = office(ctx, "Europe/Brussels", 0), *full = office(ctx, "Europe/Brussels", HOLIDAYS);
    const itsm_calendar *const both[] = {plain, full};
    printf("Working time: Europe/Brussels, Monday to Friday 8:00 to 12:00 and 13:00 to 18:00, random instants over 20 "
           "years\n");
    by_span(both);
    edges(both);
    arrays(full);
    cold(ctx);
    making();
    derived(full);
    if (argc < 2 || strcmp(argv[1], "ours")) {
        peers_by_span(full, peers);
        peers_without_holidays(plain, &peers[0]);
        peers_at_clock_changes(ctx, &peers[0]);
        whole_days(ctx, &peers[0]);
    }
    itsm_calendar_free(plain);
    itsm_calendar_free(full);
    itsm_ctx_free(ctx);
    return 0;
}
