/* SPDX-License-Identifier: MIT */
/*
 * Working time: nanoseconds per operation, user time, median of 7 runs, beside a loop over days on the same calendar.
 *
 * The loop is what most schedulers do: for each day from start to end, look up the weekday and clip its hours; it is
 * given UTC and no holidays, so that it has as little to do as possible.
 */
#include <itsm/sla.h>

#include "../unit/zones.h"

#include <time.h>

enum { POINTS = 1 << 16, RUNS = 7, COLD = 400, MANY = 1 << 20 };

static itsm_time starts[MANY], ends[MANY], out[MANY];
static itsm_span spans[MANY];
static volatile int64_t sink;

static uint64_t random_number(void)
{
    static uint64_t x = 88172645463325252u;
    x ^= x << 13, x ^= x >> 7, x ^= x << 17;
    return x;
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static int ascending_time(const void *a, const void *b)
{
    const itsm_time x = *(const itsm_time *)a, y = *(const itsm_time *)b;
    return (x > y) - (x < y);
}

#define MEASURE(result, n, body)                                                                                       \
    do {                                                                                                               \
        double runs_[RUNS];                                                                                            \
        for (int run_ = 0; run_ < RUNS; run_++) {                                                                      \
            const double begin_ = now();                                                                               \
            for (size_t i = 0; i < (size_t)(n); i++) body;                                                             \
            runs_[run_] = (now() - begin_) / (double)(n);                                                              \
        }                                                                                                              \
        qsort(runs_, RUNS, sizeof *runs_, ascending);                                                                  \
        (result) = runs_[RUNS / 2];                                                                                    \
    } while (0)

static void check(itsm_status status)
{
    if (status) fprintf(stderr, "%s\n", itsm_status_text(status)), exit(1);
}

static itsm_calendar *office(itsm_ctx *ctx, const char *zone_name, int holidays)
{
    itsm_calendar_builder *builder;
    itsm_calendar *calendar;
    itsm_zone *zone;
    const itsm_hours morning = {8 * 3600, 12 * 3600}, afternoon = {13 * 3600, 18 * 3600};
    check(itsm_zone_load(&zone, ctx, itsm_str_c(zone_name)));
    check(itsm_calendar_builder_new(&builder, ctx, zone));
    for (int32_t day = 0; day < 5; day++) {
        check(itsm_calendar_builder_add_weekly(builder, day, morning));
        check(itsm_calendar_builder_add_weekly(builder, day, afternoon));
    }
    for (int i = 0; i < holidays; i++)
        check(itsm_calendar_builder_add_holiday(builder, 14610 + (int64_t)(random_number() % 7305), ITSM_STR("")));
    check(itsm_calendar_builder_freeze(&calendar, builder));
    itsm_calendar_builder_free(builder);
    itsm_zone_free(zone);
    return calendar;
}

/* Random instants over 20 years from 2010, and others a span away. */
static void random_points(itsm_span span)
{
    for (size_t i = 0; i < MANY; i++) {
        starts[i] = ITSM_DAYS(14610) + (itsm_time)(random_number() % (uint64_t)ITSM_DAYS(7305));
        ends[i] = starts[i] + (span ? span : (itsm_span)(random_number() % (uint64_t)ITSM_DAYS(3650)));
        spans[i] = span ? span / 4 : (itsm_span)(random_number() % (uint64_t)ITSM_HOURS(2000));
    }
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

static void by_span(const itsm_calendar *calendar, const char *name, itsm_span span)
{
    double between, add, loop = 0;
    itsm_span got;
    random_points(span);
    MEASURE(between, POINTS, {
        check(itsm_calendar_between(&got, calendar, starts[i], ends[i]));
        sink += got;
    });
    MEASURE(add, POINTS, {
        check(itsm_calendar_add(&got, calendar, starts[i], spans[i], ITSM_BOUNDARY_CLOSE));
        sink += got;
    });
    MEASURE(loop, POINTS / 64, sink += loop_between(starts[i], ends[i]));
    printf("%-10s between %6.1f ns   add %6.1f ns   day loop %10.1f ns (%.0f x between)\n", name, between, add, loop,
           loop / between);
}

static void all_spans(const itsm_calendar *calendar)
{
    by_span(calendar, "hour", ITSM_HOURS(1));
    by_span(calendar, "day", ITSM_DAYS(1));
    by_span(calendar, "month", ITSM_DAYS(30));
    by_span(calendar, "year", ITSM_DAYS(365));
    by_span(calendar, "10 years", ITSM_DAYS(3650));
    by_span(calendar, "mixed", 0);
}

static void arrays(const itsm_calendar *calendar)
{
    double between, add;
    for (int sorted = 0; sorted < 2; sorted++) {
        random_points(ITSM_DAYS(3));
        if (sorted) qsort(starts, MANY, sizeof *starts, ascending_time);
        for (size_t i = 0; i < MANY; i++) ends[i] = starts[i] + ITSM_DAYS(3);
        double scalar_between, scalar_add;
        MEASURE(scalar_between, MANY, check(itsm_calendar_between(&out[i], calendar, starts[i], ends[i])));
        MEASURE(scalar_add, MANY, check(itsm_calendar_add(&out[i], calendar, starts[i], spans[i], 0)));
        MEASURE(between, 1, check(itsm_calendar_between_many(out, calendar, starts, ends, MANY)));
        MEASURE(add, 1, check(itsm_calendar_add_many(out, calendar, starts, spans, MANY, 0)));
        printf("_many over 1 M, %s: between %5.1f ns (one at a time %5.1f)   add %5.1f ns (one at a time %5.1f)\n",
               sorted ? "sorted  " : "unsorted", between / MANY, scalar_between, add / MANY, scalar_add);
    }
}

static void cold(itsm_ctx *ctx)
{
    static itsm_calendar *calendars[COLD];
    static const char *const zones[] = {"Europe/Brussels", "America/New_York", "Asia/Tokyo", "Australia/Sydney"};
    double between, add;
    itsm_span got;
    const double begin = now();
    for (int i = 0; i < COLD; i++) calendars[i] = office(ctx, zones[i % 4], 100);
    printf("%d calendars of 100 holidays: %.2f ms each to make\n", COLD, (now() - begin) / 1e6 / COLD);
    random_points(ITSM_DAYS(30));
    MEASURE(between, POINTS, {
        check(itsm_calendar_between(&got, calendars[random_number() % COLD], starts[i], ends[i]));
        sink += got;
    });
    MEASURE(add, POINTS, {
        check(itsm_calendar_add(&got, calendars[random_number() % COLD], starts[i], spans[i], 0));
        sink += got;
    });
    printf("%d calendars at random, cold: between %.1f ns   add %.1f ns\n", COLD, between, add);
    for (int i = 0; i < COLD; i++) itsm_calendar_free(calendars[i]);
}

static void clocks(const itsm_calendar *calendar)
{
    itsm_target target = ITSM_TARGET_INIT;
    itsm_clock clock;
    itsm_clock_reading reading = ITSM_CLOCK_READING_INIT;
    double fold, read;
    target.calendar = calendar, target.goal = ITSM_HOURS(40);
    check(itsm_clock_init(&clock, &target));
    check(itsm_clock_apply(&clock, ITSM_CLOCK_START, ITSM_DAYS(14610), 0));
    itsm_time at = ITSM_DAYS(14610);
    double runs[RUNS];
    for (int run = 0; run < RUNS; run++) {
        const double begin = now();
        for (int i = 0; i < 4000; i++) {
            at += ITSM_HOURS(2);
            check(itsm_clock_apply(&clock, i % 2 ? ITSM_CLOCK_RESUME : ITSM_CLOCK_PAUSE, at, 3));
        }
        runs[run] = (now() - begin) / 4000;
    }
    qsort(runs, RUNS, sizeof *runs, ascending);
    fold = runs[RUNS / 2];
    MEASURE(read, POINTS, check(itsm_clock_read(&reading, &clock, at + (itsm_time)i)));
    printf("clock: one event folded %.1f ns   reading %.1f ns\n", fold, read);
}

int main(void)
{
    itsm_ctx *ctx = zones_ctx(NULL, NULL);
    itsm_calendar *plain = office(ctx, "Europe/Brussels", 0), *holidays = office(ctx, "Europe/Brussels", 500);
    printf("Europe/Brussels, two intervals a day, no holidays\n");
    all_spans(plain);
    printf("the same with 500 holidays\n");
    all_spans(holidays);
    arrays(holidays);
    clocks(holidays);
    cold(ctx);
    itsm_calendar_free(plain);
    itsm_calendar_free(holidays);
    itsm_ctx_free(ctx);
    return 0;
}
