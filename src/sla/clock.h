/* SPDX-License-Identifier: MIT */
/*
 * The inside of a clock: what is behind the opaque words of itsm_clock.
 */
#ifndef ITSM_SRC_SLA_CLOCK_H
#define ITSM_SRC_SLA_CLOCK_H

#include <itsm/sla.h>

enum { ITSM__CLOCK_MARK = 0x434C4B31, ITSM__THRESHOLDS_MAX = 64, ITSM__CAUSES_MAX = 64 };

enum { ITSM__PHASE_IDLE = 0, ITSM__PHASE_STARTED = 1, ITSM__PHASE_STOPPED = 2, ITSM__PHASE_CANCELLED = 3 };

typedef struct itsm__clock_state {
    const itsm_calendar *calendar;
    const itsm_threshold *thresholds;
    itsm_span goal;
    itsm_time last;  /* last event, or ITSM_TIME_NONE: all before it is counted */
    int64_t place;   /* of it on the line of working time */
    itsm_time start; /* of this count */
    itsm_span used, paused, stopped;
    itsm_time anchor;               /* due = add(anchor, goal - anchor_used + held) */
    int64_t anchor_place;           /* on the line of working time */
    itsm_span anchor_used;          /* used at the anchor */
    itsm_span held;                 /* working time not counted since the anchor */
    itsm_span gap_used, gap_paused; /* while stopped: what would have been counted */
    itsm_time gap_breached_at;      /* when the goal would have run out */
    itsm_time gap_anchor;           /* the anchor for that, once the target changed meanwhile; else ITSM_TIME_NONE */
    int64_t gap_anchor_place;
    itsm_span gap_anchor_used, gap_anchor_paused;
    itsm_time stopped_at, breached_at, previous_due;
    uint64_t causes, passed; /* bits; passed: thresholds that are behind */
    uint32_t mark, phase, threshold_count, cycle, version;
    uint32_t count; /* one more whenever counting begins anew */
    int32_t pause, reopen, breached, retroactive, gap_retroactive, reserved;
} itsm__clock_state;

/* ITSM_OK, or what is wrong with a target. */
itsm_status itsm__target_check(const itsm_target *target);

/* The state in a clock; 0: it is not a clock. */
int itsm__clock_get(itsm__clock_state *state, const itsm_clock *clock);

/* 1: pauses hold it now. */
int itsm__clock_is_paused(const itsm__clock_state *state);

/* Working time; without a calendar every hour counts. */
itsm_status itsm__span_between(itsm_span *out, const itsm_calendar *calendar, itsm_time a, itsm_time b);

/* Fold an event of a list, of whatever kind; targets as for itsm_clock_replay(). */
itsm_status itsm__clock_fold(itsm_clock *clock, const itsm_target *targets, size_t count,
                             const itsm_clock_event *event);

#endif
