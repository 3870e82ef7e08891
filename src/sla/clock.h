/* SPDX-License-Identifier: MIT */
/*
 * The inside of a clock: what is behind the opaque words of itsm_clock.
 */
#ifndef ITSM_SRC_SLA_CLOCK_H
#define ITSM_SRC_SLA_CLOCK_H

#include <itsm/sla.h>

enum { ITSM__CLOCK_MARK = 0x434C4B31, ITSM__THRESHOLDS_MAX = 64, ITSM__CAUSES_MAX = 64 };

enum { ITSM__PHASE_IDLE = 0, ITSM__PHASE_STARTED = 1, ITSM__PHASE_STOPPED = 2, ITSM__PHASE_CANCELLED = 3 };

/* Begins as an itsm_clock_reading does, so that a reading is a copy of that, brought up to date. */
typedef struct itsm__clock_state {
    size_t mark; /* where a reading has its size */
    itsm_span used, remaining, goal, paused, stopped;
    itsm_time start; /* of this count */
    itsm_time due;   /* when the goal runs out, if nothing else happens; ITSM_TIME_NONE: not kept, or never */
    itsm_time previous_due, breached_at, stopped_at;
    uint64_t causes;                        /* bits */
    int32_t state, breached, retroactive;   /* state and remaining are those of a reading only */
    uint32_t cycle, version, reserved;      /* here ends what a reading has */
    uint32_t phase;
    int32_t pause;
    itsm_time last;  /* last event, or ITSM_TIME_NONE: all before it is counted */
    int64_t place;   /* of it on the line of working time */
    const itsm_calendar *calendar; /* here ends what a reading needs */
    const itsm_threshold *thresholds;
    itsm_time anchor;               /* due = add(anchor, goal - anchor_used + held) */
    int64_t anchor_place;           /* on the line of working time */
    itsm_span anchor_used;          /* used at the anchor */
    itsm_span held;                 /* working time not counted since the anchor */
    itsm_span gap_used, gap_paused; /* while stopped: what would have been counted */
    itsm_time gap_breached_at;      /* when the goal would have run out */
    itsm_time gap_anchor;           /* the anchor for that, once the target changed meanwhile; else ITSM_TIME_NONE */
    int64_t gap_anchor_place;
    itsm_span gap_anchor_used, gap_anchor_paused;
    uint64_t passed; /* thresholds that are behind, as bits */
    uint32_t threshold_count;
    uint32_t count; /* one more whenever counting begins anew */
    int32_t reopen, gap_retroactive;
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
