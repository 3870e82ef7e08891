/* SPDX-License-Identifier: MIT */
/*
 * Zones: nanoseconds per lookup at random instants from 1970 to 2037 over 20 zones, beside glibc.  Median of 7 runs.
 *
 * glibc has one zone at a time: it is measured with one zone, and with the zone switched at every call.
 */
#include <itsm/time.h>

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { ZONES = 20, POINTS = 1 << 16, RUNS = 7, SWITCHES = 2000, FILE_MAX = 1 << 16 };

static const char *const names[ZONES] = {
    "Europe/Berlin",   "Europe/London",     "Europe/Dublin",       "Europe/Moscow",    "America/New_York",
    "America/Chicago", "America/Sao_Paulo", "America/St_Johns",    "America/Santiago", "Africa/Casablanca",
    "Africa/Cairo",    "Asia/Kolkata",      "Asia/Tehran",         "Asia/Tokyo",       "Asia/Gaza",
    "Asia/Kathmandu",  "Australia/Sydney",  "Australia/Lord_Howe", "Pacific/Apia",     "Pacific/Chatham"};

static itsm_zone *zones[ZONES];
static itsm_time instants[POINTS];
static int64_t walls[POINTS];
static int64_t sum; /* so that nothing is optimised away */

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

static size_t read_zone(unsigned char *bytes, const char *name)
{
    char path[256];
    snprintf(path, sizeof path, "/usr/share/zoneinfo/%s", name);
    FILE *f = fopen(path, "rb");
    if (!f) fprintf(stderr, "%s is not there\n", path), exit(1);
    size_t n = fread(bytes, 1, FILE_MAX, f);
    fclose(f);
    return n;
}

static void check(itsm_status status)
{
    if (status) fprintf(stderr, "%s\n", itsm_status_text(status)), exit(1);
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(void (*run)(void), double operations)
{
    double t[RUNS];
    for (int i = 0; i < RUNS; i++) {
        double start = now();
        run();
        t[i] = (now() - start) / operations;
    }
    qsort(t, RUNS, sizeof t[0], ascending);
    return t[RUNS / 2];
}

static void run_offset(void)
{
    int32_t offset = 0;
    for (size_t i = 0; i < POINTS; i++) {
        if (itsm_zone_offset(&offset, zones[i % ZONES], instants[i])) exit(1);
        sum += offset;
    }
}

static void run_local(void)
{
    itsm_local local;
    for (size_t i = 0; i < POINTS; i++) {
        if (itsm_zone_local(&local, zones[i % ZONES], instants[i])) exit(1);
        sum += local.wall;
    }
}

static void run_instant(void)
{
    itsm_resolved resolved;
    for (size_t i = 0; i < POINTS; i++) {
        if (itsm_zone_instant(&resolved, zones[i % ZONES], walls[i])) exit(1);
        sum += resolved.first;
    }
}

static void run_far(void)
{
    int32_t offset = 0;
    for (size_t i = 0; i < POINTS; i++) {
        if (itsm_zone_offset(&offset, zones[i % ZONES], instants[i] + ITSM_DAYS(146097) * 3)) exit(1);
        sum += offset;
    }
}

static void run_far_instant(void)
{
    itsm_resolved resolved;
    for (size_t i = 0; i < POINTS; i++) {
        if (itsm_zone_instant(&resolved, zones[i % ZONES], walls[i] + ITSM_DAYS(146097) * 3)) exit(1);
        sum += resolved.first;
    }
}

static void run_glibc_local(void)
{
    struct tm tm;
    for (size_t i = 0; i < POINTS; i++) {
        time_t t = (time_t)(instants[i] / 1000000);
        sum += localtime_r(&t, &tm)->tm_gmtoff;
    }
}

static void fill_tm(struct tm *tm, int64_t wall)
{
    itsm_civil c;
    if (itsm_civil_from_local(&c, wall)) exit(1);
    memset(tm, 0, sizeof *tm);
    tm->tm_year = c.year - 1900, tm->tm_mon = c.month - 1, tm->tm_mday = c.day;
    tm->tm_hour = c.hour, tm->tm_min = c.minute, tm->tm_sec = c.second, tm->tm_isdst = -1;
}

static struct tm broken[POINTS];

static void run_glibc_instant(void)
{
    for (size_t i = 0; i < POINTS; i++) {
        struct tm tm = broken[i];
        sum += mktime(&tm);
    }
}

static void run_glibc_switching(void)
{
    struct tm tm;
    for (size_t i = 0; i < SWITCHES; i++) {
        time_t t = (time_t)(instants[i] / 1000000);
        setenv("TZ", names[i % ZONES], 1), tzset();
        sum += localtime_r(&t, &tm)->tm_gmtoff;
    }
}

static unsigned char file[FILE_MAX];
static size_t file_size;

static void run_load(void)
{
    itsm_bytes bytes = {file, file_size};
    for (int i = 0; i < 100; i++) {
        itsm_zone *zone;
        check(itsm_zone_decode(&zone, NULL, bytes, itsm_str_c("zone")));
        itsm_zone_free(zone);
    }
}

static itsm_time_pattern pattern;
static char stamps[POINTS][24];
static size_t stamp_size[POINTS];

static void run_pattern(void)
{
    int64_t wall = 0;
    for (size_t i = 0; i < POINTS; i++) {
        if (itsm_time_pattern_read(&wall, NULL, &pattern, itsm_str_n(stamps[i], stamp_size[i]))) exit(1);
        sum += wall;
    }
}

static char rfc3339[POINTS][ITSM_TIME_MAX];

static void run_decode(void)
{
    itsm_time t = 0;
    for (size_t i = 0; i < POINTS; i++) {
        if (itsm_time_decode(&t, itsm_str_n(rfc3339[i], 20))) exit(1);
        sum += t;
    }
}

static void run_text(void)
{
    char text[ITSM_TIME_MAX];
    for (size_t i = 0; i < POINTS; i++) sum += itsm_time_text(text, instants[i])[9];
}

static void prepare(void)
{
    for (int i = 0; i < ZONES; i++) {
        file_size = read_zone(file, names[i]);
        itsm_bytes bytes = {file, file_size};
        check(itsm_zone_decode(&zones[i], NULL, bytes, itsm_str_c(names[i])));
    }
    check(itsm_time_pattern_init(&pattern, NULL, ITSM_STR("%d/%m/%Y %H:%M")));
    for (size_t i = 0; i < POINTS; i++) {
        itsm_civil c;
        itsm_local local;
        instants[i] = (itsm_time)(random_number() % (uint64_t)ITSM_DAYS(24837)) / 1000000 * 1000000;
        check(itsm_zone_local(&local, zones[i % ZONES], instants[i]));
        walls[i] = local.wall;
        fill_tm(&broken[i], walls[i]);
        check(itsm_civil_from_local(&c, walls[i]));
        snprintf(stamps[i], sizeof stamps[i], "%d/%d/%04d %02d:%02d", c.day % 100, c.month % 100, c.year % 10000,
                 c.hour % 100, c.minute % 100);
        stamp_size[i] = strlen(stamps[i]);
        itsm_time_text(rfc3339[i], instants[i]);
    }
}

static double print(const char *what, double ns, const char *peer, double theirs)
{
    printf("%-44s %8.1f ns", what, ns);
    if (peer) printf("   %-32s %8.1f ns   %6.1f x", peer, theirs, theirs / ns);
    putchar('\n');
    return ns;
}

int main(void)
{
    prepare();
    setenv("TZ", names[0], 1), tzset();
    double local = median(run_glibc_local, POINTS), instant = median(run_glibc_instant, POINTS);
    double switching = median(run_glibc_switching, SWITCHES);
    print("utc to local, offset only, 20 zones", median(run_offset, POINTS), "glibc localtime_r, 1 zone", local);
    print("utc to local, all members, 20 zones", median(run_local, POINTS), "glibc localtime_r, 20 zones", switching);
    print("local to utc, 20 zones", median(run_instant, POINTS), "glibc mktime, 1 zone", instant);
    print("utc to local after 2112, offset only", median(run_far, POINTS), NULL, 0);
    print("local to utc after 2112", median(run_far_instant, POINTS), NULL, 0);
    for (int i = 0; i < ZONES; i += 5) {
        char what[64];
        file_size = read_zone(file, names[i]);
        snprintf(what, sizeof what, "load %s (%zu bytes)", names[i], file_size);
        print(what, median(run_load, 100), NULL, 0);
    }
    print("pattern %d/%m/%Y %H:%M", median(run_pattern, POINTS), NULL, 0);
    print("read RFC 3339", median(run_decode, POINTS), NULL, 0);
    print("write RFC 3339", median(run_text, POINTS), NULL, 0);
    for (int i = 0; i < ZONES; i++) itsm_zone_free(zones[i]);
    return sum == 42; /* no */
}
