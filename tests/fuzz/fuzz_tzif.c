/* SPDX-License-Identifier: MIT */
/*
 * TZif bytes from a stranger.  What is refused must say why; what is accepted must be a zone: around its changes, near
 * the ends of time and far outside its table, every instant must come back from its wall clock, changes must ascend,
 * and what comes after the last must still be answered.
 */
#include <itsm/time.h>

#include "support.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int holds, const char *what)
{
    if (!holds) fprintf(stderr, "%s\n", what), abort();
}

static void look(const itsm_zone *zone, itsm_time t)
{
    itsm_local local;
    itsm_resolved back;
    int32_t offset;
    if (itsm_zone_local(&local, zone, t)) return; /* beyond the ends of time */
    require(itsm_zone_offset(&offset, zone, t) == ITSM_OK && offset == local.offset, "offset and local differ");
    require(local.wall == t + ITSM_SECONDS(offset), "the wall clock is not instant plus offset");
    require(local.abbreviation.p[local.abbreviation.n] == 0, "the abbreviation does not end with NUL");
    if (itsm_zone_instant(&back, zone, local.wall)) return;
    require(back.kind == ITSM_LOCAL_UNIQUE || back.kind == ITSM_LOCAL_REPEATED, "an instant that exists was skipped");
    require(back.first <= t && t <= back.second, "an instant does not come back");
    if (back.kind == ITSM_LOCAL_UNIQUE) require(back.first == back.second, "one instant, two answers");
}

static void look_around(const itsm_zone *zone, itsm_time t)
{
    static const itsm_span around[] = {0, -1, 1, -ITSM_HOURS(1), ITSM_HOURS(1), -ITSM_HOURS(25), ITSM_HOURS(25)};
    for (size_t i = 0; i < sizeof around / sizeof around[0]; i++) {
        itsm_resolved resolved;
        if (t < INT64_MIN + ITSM_DAYS(3) || t > INT64_MAX - ITSM_DAYS(3)) continue;
        look(zone, t + around[i]);
        require(itsm_zone_instant(&resolved, zone, t + around[i]) == ITSM_OK, "a wall clock has no answer");
        require(resolved.first + ITSM_SECONDS(resolved.offset) == t + around[i], "the offset is not that of the first");
    }
}

static void walk(const itsm_zone *zone, itsm_time from, int steps)
{
    itsm_time t = from;
    while (steps--) {
        itsm_time next;
        itsm_status status = itsm_zone_next_transition(&next, zone, t);
        if (status == ITSM_DONE) break;
        require(status == ITSM_OK && next > t, "changes do not ascend");
        look_around(zone, next);
        t = next;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct counting counting = COUNTING_INIT;
    itsm_ctx *ctx = counting_ctx(&counting);
    itsm_zone *zone = NULL;
    itsm_bytes bytes = {data, size};
    itsm_status status = itsm_zone_decode(&zone, ctx, bytes, itsm_str_c("Fuzz/Zone"));
    require((status == ITSM_OK) == (zone != NULL), "a zone without success, or success without a zone");
    if (status) {
        require(itsm_ctx_issue_count(ctx) == 1, "refused without a reason");
        require(itsm_ctx_issue(ctx, 0)->position <= size, "a position outside the file");
    } else {
        static const itsm_time starts[] = {INT64_MIN + 1,    -ITSM_DAYS(52127),  0,
                                           ITSM_DAYS(52125), ITSM_DAYS(2932896), INT64_MAX - ITSM_DAYS(400)};
        for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++) look(zone, starts[i]), walk(zone, starts[i], 20);
        walk(zone, ITSM_TIME_NONE, 100);
    }
    itsm_zone_free(zone);
    itsm_ctx_free(ctx);
    require(counting.outstanding == 0, "memory is lost");
    return 0;
}
