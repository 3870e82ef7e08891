/* SPDX-License-Identifier: MIT */
/*
 * zoneinfo_answers CASES SEED < names: what zones say, one line for each case, for zoneinfo_property.py to judge.
 *
 * A line is: number of the name, instant, offset, DST flag, abbreviation; wall clock, kind, first, second.  Half of the
 * instants and wall clocks lie within a day of a change of the clock, the others anywhere in the years 2 to 9998.
 */
#include <itsm/time.h>

#include "../unit/zones.h"

#define YEAR_2 INT64_C(-719162)    /* 0001-01-01, in days since 1970-01-01 */
#define YEAR_9998 INT64_C(2932167) /* 9998-01-01 */

enum { NAMES_MAX = 1024 };

static uint64_t seed;

static int64_t between(int64_t low, int64_t high)
{
    seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
    return low + (int64_t)((seed * UINT64_C(2685821657736338717) >> 1) % (uint64_t)(high - low));
}

/* Some instant, or one within a day of a change of the clock. */
static itsm_time some_instant(const itsm_zone *zone)
{
    int far = between(0, 4) == 0;
    itsm_time t = far ? between(ITSM_DAYS(YEAR_2 + 366), ITSM_DAYS(YEAR_9998))
                      : between(ITSM_DAYS(-55000), ITSM_DAYS(60000)); /* 1819 to 2134 */
    itsm_time change;
    if (between(0, 2) && itsm_zone_next_transition(&change, zone, t) == ITSM_OK && change < ITSM_DAYS(YEAR_9998))
        t = between(0, 4) ? change + between(ITSM_HOURS(-3), ITSM_HOURS(3)) : change + between(-2, 2);
    return t;
}

int main(int argc, char **argv)
{
    static itsm_zone *zones[NAMES_MAX];
    char name[300];
    int count = 0;
    itsm_ctx *ctx = zones_ctx(NULL, NULL);
    if (argc != 3) return 2;
    long cases = strtol(argv[1], NULL, 10);
    seed = strtoull(argv[2], NULL, 10);
    while (count < NAMES_MAX && scanf("%299s", name) == 1)
        if (itsm_zone_load(&zones[count++], ctx, itsm_str_c(name))) return fprintf(stderr, "no zone %s\n", name), 1;
    for (long i = 0; i < cases && count; i++) {
        const int k = (int)between(0, count);
        const itsm_time t = some_instant(zones[k]);
        itsm_local local;
        itsm_resolved r;
        if (itsm_zone_local(&local, zones[k], t)) return fprintf(stderr, "no local time\n"), 1;
        const int64_t reach = between(0, 4) ? ITSM_HOURS(2) : ITSM_HOURS(26);
        const int64_t wall = local.wall + (between(0, 3) ? between(-reach, reach) : 0);
        if (itsm_zone_instant(&r, zones[k], wall)) return fprintf(stderr, "no instant\n"), 1;
        printf("%d %lld %d %d %.*s %lld %d %lld %lld\n", k, (long long)t, (int)local.offset, (int)local.dst,
               ITSM_ARG(local.abbreviation), (long long)wall, (int)r.kind, (long long)r.first, (long long)r.second);
    }
    while (count) itsm_zone_free(zones[--count]);
    itsm_ctx_free(ctx);
    return 0;
}
