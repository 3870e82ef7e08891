/* SPDX-License-Identifier: MIT */
/*
 * What the benchmarks share: random numbers, a clock, the median of several runs, and one printer of tables.
 *
 *     double ns;
 *     BENCH(ns, POINTS, sink += work(i));            // i counts to POINTS; ns is what one of them takes
 *
 *     bench_table("what", 44, "ns/op", "ratio", NULL);
 *     bench_row("between"), bench_time(ns), bench_ratio(theirs / ns), bench_end();
 *
 * Times are processor time of this process, the median of BENCH_RUNS runs.  Nothing here asserts a time.
 */
#ifndef ITSM_TESTS_BENCH_H
#define ITSM_TESTS_BENCH_H

#include <itsm/base.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { BENCH_RUNS = 15, BENCH_CELL = 14 };

/* The same numbers in every run of a program. */
static inline uint64_t bench_random(void)
{
    static uint64_t x = UINT64_C(88172645463325252);
    x ^= x << 13, x ^= x >> 7, x ^= x << 17;
    return x;
}

static inline void bench_check(itsm_status status)
{
    if (status) fprintf(stderr, "%s\n", itsm_status_text(status)), exit(1);
}

/* Measuring ------------------------------------------------------------------------------------------------------- */

/* Nanoseconds of processor time. */
static inline double bench_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static inline int bench_ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Sorts them. */
static inline double bench_median(double *runs, size_t n)
{
    qsort(runs, n, sizeof *runs, bench_ascending);
    return runs[n / 2];
}

/* What `body` takes for one of `n` values of the size_t `i`. */
#define BENCH(result, n, body)                                                                                         \
    do {                                                                                                               \
        double runs_[BENCH_RUNS];                                                                                      \
        for (int run_ = 0; run_ < BENCH_RUNS; run_++) {                                                                \
            const double begin_ = bench_now();                                                                         \
            for (size_t i = 0; i < (size_t)(n); i++) body;                                                             \
            runs_[run_] = (bench_now() - begin_) / (double)(n);                                                        \
        }                                                                                                              \
        (result) = bench_median(runs_, BENCH_RUNS);                                                                    \
    } while (0)

/* Tables ---------------------------------------------------------------------------------------------------------- */

/* The heads of a table: the first column is `width` wide, the others hold times, ratios or short texts. */
static inline void bench_table(const char *title, int width, ...)
{
    va_list heads;
    printf("\n%-*s", width, title);
    va_start(heads, width);
    for (const char *head; (head = va_arg(heads, const char *)) != NULL;) printf("%*s", BENCH_CELL, head);
    va_end(heads);
    putchar('\n');
}

static inline void bench_row(const char *name, int width)
{
    printf("%-*s", width, name);
}

static inline void bench_text(const char *text)
{
    printf("%*s", BENCH_CELL, text);
}

/* A number of three digits and its unit. */
static inline void bench_time(double ns)
{
    static const char *const units[] = {"ns", "us", "ms", "s"};
    char text[32];
    size_t unit = 0;
    for (; ns >= 999.5 && unit < 3; unit++) ns /= 1000;
    snprintf(text, sizeof text, "%.*f %-2s", ns < 9.995 ? 2 : ns < 99.95 ? 1 : 0, ns, units[unit]);
    bench_text(text);
}

/* How many times as long; with thousands set apart. */
static inline void bench_ratio(double ratio)
{
    char text[32];
    if (ratio < 99.95)
        snprintf(text, sizeof text, "%.1f x", ratio);
    else if (ratio < 999.5)
        snprintf(text, sizeof text, "%.0f x", ratio);
    else if (ratio < 999999.5)
        snprintf(text, sizeof text, "%.0f,%03.0f x", (double)((long)(ratio + 0.5) / 1000),
                 (double)((long)(ratio + 0.5) % 1000));
    else
        snprintf(text, sizeof text, "%.1f M x", ratio / 1e6);
    bench_text(text);
}

static inline void bench_bytes(size_t bytes)
{
    char text[32];
    snprintf(text, sizeof text, "%.0f KB", (double)bytes / 1000);
    bench_text(text);
}

static inline void bench_end(void)
{
    putchar('\n');
}

#endif
