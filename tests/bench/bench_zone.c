/* SPDX-License-Identifier: MIT */
/*
 * Zones: what a lookup takes at random instants from 1970 to 2037 over 20 zones, loading a zone, reading and writing
 * times; then the lookups beside other libraries on the same cases, with the answers that differ.
 *
 * Some libraries give an offset, others year, month, day and so on as well: each is set against that row of ours that
 * does the same.  glibc has one zone at a time: it is measured with one zone, and with the zone switched at every call.
 *
 *     bench_zone [ours]        without the peers, except glibc
 */
#include <itsm/time.h>

#include "bench.h"
#include "peers.h"

enum { ZONES = 20, POINTS = 1 << 16, SWITCHES = 2000, CHANGES = 4096, FILE_MAX = 1 << 16, LOADS = 100, NAME = 44 };

static const char *const names[ZONES] = {
    "Europe/Berlin",   "Europe/London",     "Europe/Dublin",       "Europe/Moscow",    "America/New_York",
    "America/Chicago", "America/Sao_Paulo", "America/St_Johns",    "America/Santiago", "Africa/Casablanca",
    "Africa/Cairo",    "Asia/Kolkata",      "Asia/Tehran",         "Asia/Tokyo",       "Asia/Gaza",
    "Asia/Kathmandu",  "Australia/Sydney",  "Australia/Lord_Howe", "Pacific/Apia",     "Pacific/Chatham"};

static itsm_zone *zones[ZONES];
static itsm_time instants[POINTS];
static int64_t walls[POINTS];
static itsm_civil civils[POINTS];
static struct tm broken[POINTS];     /* walls, each in its own zone */
static struct tm broken_one[POINTS]; /* the same in the first zone */
static int64_t sum;                  /* so that nothing is optimised away */

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

/* Ours ------------------------------------------------------------------------------------------------------------ */

struct times {
    double local, instant;
};

static const itsm_time far_away = ITSM_DAYS(146097) * 3; /* after 2112, where the zone's rule is computed */

static struct times offset_only(itsm_time later)
{
    struct times t;
    int32_t offset = 0;
    itsm_resolved resolved;
    BENCH(t.local, POINTS, {
        bench_check(itsm_zone_offset(&offset, zones[i % ZONES], instants[i] + later));
        sum += offset;
    });
    BENCH(t.instant, POINTS, {
        bench_check(itsm_zone_instant(&resolved, zones[i % ZONES], walls[i] + later));
        sum += resolved.first;
    });
    return t;
}

static struct times with_civil(void)
{
    struct times t;
    itsm_local local;
    itsm_civil civil;
    itsm_resolved resolved;
    BENCH(t.local, POINTS, {
        bench_check(itsm_zone_local(&local, zones[i % ZONES], instants[i]));
        bench_check(itsm_civil_from_local(&civil, local.wall));
        sum += civil.day + civil.hour;
    });
    BENCH(t.instant, POINTS, {
        int64_t wall = 0;
        bench_check(itsm_local_from_civil(&wall, &civils[i]));
        bench_check(itsm_zone_instant(&resolved, zones[i % ZONES], wall));
        sum += resolved.first;
    });
    return t;
}

static void row(const char *name, double ns)
{
    bench_row(name, NAME), bench_time(ns), bench_end();
}

static void loading(void)
{
    static unsigned char file[FILE_MAX];
    double ns;
    bench_table("Loading a zone from memory", NAME, "time", NULL);
    for (int z = 0; z < ZONES; z += 5) {
        char name[64];
        itsm_bytes bytes = {file, read_zone(file, names[z])};
        snprintf(name, sizeof name, "%s (%zu bytes)", names[z], bytes.n);
        BENCH(ns, LOADS, {
            itsm_zone *zone;
            bench_check(itsm_zone_decode(&zone, NULL, bytes, itsm_str_c("zone")));
            itsm_zone_free(zone);
        });
        row(name, ns);
    }
}

static void texts(void)
{
    static char stamps[POINTS][24], rfc3339[POINTS][ITSM_TIME_MAX];
    itsm_time_pattern pattern;
    char text[ITSM_TIME_MAX];
    double ns;
    bench_check(itsm_time_pattern_init(&pattern, NULL, ITSM_STR("%d/%m/%Y %H:%M")));
    for (size_t i = 0; i < POINTS; i++) {
        const itsm_civil *c = &civils[i];
        snprintf(stamps[i], sizeof stamps[i], "%d/%d/%04d %02d:%02d", c->day % 100, c->month % 100, c->year % 10000,
                 c->hour % 100, c->minute % 100);
        itsm_time_text(rfc3339[i], instants[i]);
    }
    bench_table("Texts", NAME, "ns/op", NULL);
    BENCH(ns, POINTS, {
        int64_t wall = 0;
        bench_check(itsm_time_pattern_read(&wall, NULL, &pattern, itsm_str_c(stamps[i])));
        sum += wall;
    });
    row("read by the pattern %d/%m/%Y %H:%M", ns);
    BENCH(ns, POINTS, {
        itsm_time t = 0;
        bench_check(itsm_time_decode(&t, itsm_str_n(rfc3339[i], 20)));
        sum += t;
    });
    row("read RFC 3339", ns);
    BENCH(ns, POINTS, sum += itsm_time_text(text, instants[i])[9]);
    row("write RFC 3339", ns);
}

/* Peers ----------------------------------------------------------------------------------------------------------- */

static const struct {
    const char *word, *name;
    int gives, takes; /* year, month, day and so on */
} peer_names[] = {{"date", "date (Hinnant)", 0, 0},
                  {"go", "Go time", 0, 1},
                  {"cctz", "cctz", 1, 1},
                  {"zoneinfo", "Python zoneinfo", 1, 1}};

enum { PEERS = sizeof peer_names / sizeof peer_names[0] };

static void peer_row(const char *name, struct times theirs, struct times ours)
{
    bench_row(name, NAME);
    bench_time(theirs.local), bench_ratio(theirs.local / ours.local);
    bench_time(theirs.instant), bench_ratio(theirs.instant / ours.instant);
}

static void fill_tm(struct tm *tm, int64_t wall)
{
    itsm_civil c;
    bench_check(itsm_civil_from_local(&c, wall));
    memset(tm, 0, sizeof *tm);
    tm->tm_year = c.year - 1900, tm->tm_mon = c.month - 1, tm->tm_mday = c.day;
    tm->tm_hour = c.hour, tm->tm_min = c.minute, tm->tm_sec = c.second, tm->tm_isdst = -1;
}

static void set_zone(const char *name)
{
    setenv("TZ", name, 1), tzset();
}

/* In the first zone, both ways. */
static void glibc_differences(void)
{
    char text[32];
    struct tm tm;
    size_t differ = 0;
    for (size_t i = 0; i < POINTS; i++) {
        const time_t t = (time_t)(instants[i] / ITSM_SECONDS(1));
        int32_t offset = 0;
        bench_check(itsm_zone_offset(&offset, zones[0], instants[i]));
        differ += localtime_r(&t, &tm)->tm_gmtoff != offset;
        tm = broken_one[i];
        differ += mktime(&tm) != t; /* of a repeated wall clock it may be the other one */
    }
    snprintf(text, sizeof text, "%zu/%d", differ, 2 * POINTS);
    bench_text(text);
}

static void glibc(struct times ours)
{
    struct times one, switching;
    struct tm tm;
    set_zone(names[0]);
    BENCH(one.local, POINTS, {
        const time_t t = (time_t)(instants[i] / ITSM_SECONDS(1));
        sum += localtime_r(&t, &tm)->tm_gmtoff;
    });
    BENCH(one.instant, POINTS, {
        tm = broken_one[i];
        sum += mktime(&tm);
    });
    BENCH(switching.local, SWITCHES, {
        const time_t t = (time_t)(instants[i] / ITSM_SECONDS(1));
        set_zone(names[i % ZONES]);
        sum += localtime_r(&t, &tm)->tm_gmtoff;
    });
    BENCH(switching.instant, SWITCHES, {
        set_zone(names[i % ZONES]);
        tm = broken[i];
        sum += mktime(&tm);
    });
    set_zone(names[0]);
    peer_row("glibc localtime_r, mktime, one zone", one, ours), glibc_differences(), bench_end();
    peer_row("glibc, TZ switched at every call", switching, ours), bench_end();
}

static void add_case(struct peer_cases *cases, const char *group, size_t zone, itsm_time at, int64_t wall)
{
    int32_t offset = 0;
    itsm_resolved resolved;
    bench_check(itsm_zone_offset(&offset, zones[zone], at));
    bench_check(itsm_zone_instant(&resolved, zones[zone], wall));
    const struct peer_case utc = {group, "utc", (int64_t)zone, at / ITSM_SECONDS(1), offset, offset};
    const struct peer_case local = {group,
                                    "local",
                                    (int64_t)zone,
                                    wall / ITSM_SECONDS(1),
                                    resolved.first / ITSM_SECONDS(1),
                                    resolved.second / ITSM_SECONDS(1)};
    peer_cases_add(cases, utc);
    peer_cases_add(cases, local);
}

/* The random cases are timed; those within three hours of a change of the clock are there for their answers. */
static void add_cases(struct peer_cases *cases)
{
    for (size_t i = 0; i < POINTS; i++) add_case(cases, "random", i % ZONES, instants[i], walls[i]);
    for (size_t i = 0; i < CHANGES; i++) {
        const itsm_zone *zone = zones[i % ZONES];
        const itsm_span near = ITSM_SECONDS((itsm_span)(bench_random() % 21600) - 10800);
        itsm_time change = 0;
        itsm_local local;
        if (itsm_zone_next_transition(&change, zone, instants[i])) continue;
        if (change > ITSM_DAYS(24837)) continue; /* 2038: files without a rule end there for some */
        bench_check(itsm_zone_local(&local, zone, change));
        add_case(cases, "changes", i % ZONES, change + near, local.wall + near);
    }
}

static void peers(struct times offsets, struct times civil, int only_ours)
{
    struct peer_cases cases;
    struct peer peer;
    bench_table("20 zones", NAME, "utc to local", "ratio", "local to utc", "ratio", "differ",
                only_ours ? NULL : "other of two", NULL);
    peer_row("libitsm, offset only", offsets, offsets), bench_end();
    peer_row("libitsm, with year, month, day and so on", civil, civil), bench_end();
    glibc(civil);
    if (only_ours) return;
    peer_cases_open(&cases);
    for (int z = 0; z < ZONES; z++) fprintf(cases.file, "zone %s\n", names[z]);
    add_cases(&cases);
    peer_cases_end(&cases);
    for (size_t p = 0; p < PEERS; p++) {
        struct times theirs, ours = offsets;
        peer_run(&peer, peer_names[p].word, peer_names[p].name, &cases);
        const struct peer_time *local = peer_find(&peer, "random", "utc"), *utc = peer_find(&peer, "random", "local");
        if (!peer.installed || !local || !utc) {
            bench_row(peer.name, NAME), printf("   not installed\n");
            continue;
        }
        theirs.local = local->ns, theirs.instant = utc->ns;
        if (peer_names[p].gives) ours.local = civil.local;
        if (peer_names[p].takes) ours.instant = civil.instant;
        peer_row(peer.name, theirs, ours);
        peer_count(&peer, NULL, PEER_DIFFER), peer_count(&peer, NULL, PEER_OTHER);
        bench_end();
    }
    peer_cases_close(&cases);
}

static void prepare(void)
{
    static unsigned char file[FILE_MAX];
    for (int i = 0; i < ZONES; i++) {
        itsm_bytes bytes = {file, read_zone(file, names[i])};
        bench_check(itsm_zone_decode(&zones[i], NULL, bytes, itsm_str_c(names[i])));
    }
    for (size_t i = 0; i < POINTS; i++) {
        itsm_local local;
        instants[i] = (itsm_time)(bench_random() % (uint64_t)ITSM_DAYS(24837)) / ITSM_SECONDS(1) * ITSM_SECONDS(1);
        bench_check(itsm_zone_local(&local, zones[0], instants[i]));
        fill_tm(&broken_one[i], local.wall);
        bench_check(itsm_zone_local(&local, zones[i % ZONES], instants[i]));
        walls[i] = local.wall;
        fill_tm(&broken[i], walls[i]);
        bench_check(itsm_civil_from_local(&civils[i], walls[i]));
    }
}

int main(int argc, char **argv)
{
    prepare();
    printf("Zones: random instants from 1970 to 2037\n");
    const struct times offsets = offset_only(0), civil = with_civil(), far = offset_only(far_away);
    peers(offsets, civil, argc > 1 && !strcmp(argv[1], "ours"));
    bench_table("After 2112, 20 zones", NAME, "utc to local", "local to utc", NULL);
    bench_row("libitsm, offset only", NAME), bench_time(far.local), bench_time(far.instant), bench_end();
    loading();
    texts();
    for (int i = 0; i < ZONES; i++) itsm_zone_free(zones[i]);
    return sum == 42; /* no */
}
