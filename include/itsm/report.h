/* SPDX-License-Identifier: MIT */
/**
 * @file itsm/report.h
 * The service report as figures: fed one case at a time in one pass, then frozen and read.
 *
 * A report is made with itsm_report_new(), fed by itsm_report_add() in any order, closed by itsm_report_finish() and
 * read by itsm_report_read().  It holds no markup; `<itsm/render.h>` draws it.  Kept in memory are about 100 bytes per
 * case, one row per day, month, state and kind of deviation that occurs, and the few worst cases whole.  The same cases
 * give the same figures whatever their order.
 *
 * Lengths of time come in two kinds, never mixed: *elapsed* (wall clock) and *working* (counted by the target's
 * calendar, pauses left out).  Days, months, weekdays and hours are those of the report's zone.
 */
#ifndef ITSM_REPORT_H
#define ITSM_REPORT_H

#include <itsm/base.h>
#include <itsm/sla.h>
#include <itsm/sms.h>
#include <itsm/time.h>

ITSM_BEGIN_C

/* What goes in ----------------------------------------------------------------------------------------------------- */

/** A stay in one state.  Fixed layout. */
typedef struct itsm_report_segment {
    itsm_str state;    /**< Name as in the source. */
    itsm_str category; /**< initial, open, paused, resolved, closed or cancelled; may be empty. */
    itsm_time from;    /**< Entered. */
    itsm_time to;      /**< Left; a segment with @c to before @c from counts as a visit of no length. */
} itsm_report_segment;

/** A step of observed history that the lifecycle would not have allowed.  Fixed layout. */
typedef struct itsm_report_deviation {
    itsm_str move;     /**< The move, e.g. "resolve", or the two states where no move leads there. */
    itsm_str rule;     /**< The rule missed, as written in the model. */
    itsm_str clause;   /**< What it protects, e.g. "8.6.1"; may be empty. */
    int32_t undecided; /**< Not 0: nothing was missed, the log does not carry what the rule asks for. */
} itsm_report_deviation;

/** How a clock of a case ended, or stands at the end of the report.  Set @c size. */
typedef struct itsm_report_clock {
    size_t size;                    /**< sizeof(itsm_report_clock). */
    itsm_span goal;                 /**< ITSM_SPAN_NONE: there is no target. */
    itsm_span used;                 /**< Working time counted; ITSM_SPAN_NONE: cannot be measured. */
    itsm_span paused;               /**< Working time left out because of pauses, or ITSM_SPAN_NONE. */
    itsm_span gross;                /**< Working time from start to stop, pauses included, or ITSM_SPAN_NONE. */
    itsm_time due;                  /**< Due instant, or ITSM_TIME_NONE. */
    itsm_time breached_at;          /**< When the goal ran out, or ITSM_TIME_NONE; only read if @c breached. */
    int32_t breached;               /**< Not 0: @c used is more than @c goal. */
    const itsm_target *targets;     /**< As for itsm_clock_explain(), to explain the worst cases; may be NULL.  Copied;
                                         calendars and thresholds are borrowed until the report is finished. */
    size_t ntargets;                /**< How many. */
    const itsm_clock_event *events; /**< The clock's events in order of effect; copied; may be NULL. */
    size_t nevents;                 /**< How many. */
} itsm_report_clock;

/** Start value of @ref itsm_report_clock, with no target, nothing measured. */
#define ITSM_REPORT_CLOCK_INIT                                                                                         \
    { sizeof(itsm_report_clock), ITSM_SPAN_NONE, ITSM_SPAN_NONE, ITSM_SPAN_NONE, ITSM_SPAN_NONE, ITSM_TIME_NONE,       \
      ITSM_TIME_NONE, 0, NULL, 0, NULL, 0 }

/** One incident, request or whatever is reported on.  Everything is borrowed for the call only.  Set @c size. */
typedef struct itsm_report_case {
    size_t size;                             /**< sizeof(itsm_report_case). */
    itsm_str number;                         /**< Human number. */
    itsm_str title;                          /**< May be empty. */
    int32_t priority;                        /**< 1 (highest) to 5; 0: not known. */
    itsm_str priority_label;                 /**< As in the source, e.g. "3 - Moderate"; may be empty. */
    itsm_time opened;                        /**< Opened. */
    itsm_time resolved;                      /**< Resolved for good, or ITSM_TIME_NONE. */
    itsm_time closed;                        /**< Closed or cancelled, or ITSM_TIME_NONE. */
    const itsm_report_segment *segments;     /**< Stays in states, in order; may be NULL. */
    size_t nsegments;                        /**< How many. */
    const itsm_report_deviation *deviations; /**< May be NULL. */
    size_t ndeviations;                      /**< How many. */
    const itsm_report_clock *resolution;     /**< The clock of the resolution target; NULL: none. */
    const itsm_report_clock *response;       /**< The clock of the response target; NULL: none. */
    uint32_t events;                         /**< Rows of the source that told this case. */
    uint32_t reopened;                       /**< How often reopened. */
    uint32_t reassigned;                     /**< How often handed to another. */
} itsm_report_case;

/** Start value of @ref itsm_report_case. */
#define ITSM_REPORT_CASE_INIT                                                                                          \
    { sizeof(itsm_report_case), { NULL, 0 }, { NULL, 0 }, 0, { NULL, 0 }, ITSM_TIME_NONE, ITSM_TIME_NONE,              \
      ITSM_TIME_NONE, NULL, 0, NULL, 0, NULL, NULL, 0, 0, 0 }

/** What a report is told at its start.  Texts are copied.  Set @c size. */
typedef struct itsm_report_options {
    size_t size;             /**< sizeof(itsm_report_options). */
    const itsm_zone *zone;   /**< Days, months and hours are those of this zone; NULL: UTC.  A share is taken. */
    itsm_time end;           /**< Ages are counted up to here; ITSM_TIME_NONE: the last instant any case names. */
    uint32_t worst_count;    /**< How many of the worst breaches to keep, at most 1,000. */
    uint32_t target_permille;/**< Attainment promised, in tenths of a percent: 950 is 95.0 %; 0: none. */
    itsm_str title;          /**< E.g. "Service report". */
    itsm_str source;         /**< Where the cases come from, e.g. a file name; may be empty. */
    itsm_str calendar;       /**< Name of the working hours; may be empty. */
} itsm_report_options;

/** Start value of @ref itsm_report_options, with ten worst, a target line at 95 %. */
#define ITSM_REPORT_OPTIONS_INIT                                                                                       \
    { sizeof(itsm_report_options), NULL, ITSM_TIME_NONE, 10, 950, { NULL, 0 }, { NULL, 0 }, { NULL, 0 } }

/* What comes out --------------------------------------------------------------------------------------------------- */

#define ITSM_REPORT_PRIORITIES 6 /**< Priorities 1 to 5, and 0 for those not known. */
#define ITSM_REPORT_BINS 16      /**< Steps of the distribution of lengths of time. */
#define ITSM_REPORT_AGES 7       /**< Steps of the ages of open cases. */
#define ITSM_REPORT_COUNTS 8     /**< Steps of the counts of reopenings and reassignments: 0, 1, ... 6, 7 or more. */

/** Met of measured.  Fixed layout. */
typedef struct itsm_report_share {
    uint64_t met;   /**< Within the goal. */
    uint64_t total; /**< Measured. */
} itsm_report_share;

/** Attainment in one month.  Fixed layout. */
typedef struct itsm_report_month {
    int32_t year;                                       /**< Civil year of the resolution. */
    int32_t month;                                      /**< 1 to 12. */
    itsm_report_share all;                              /**< Every priority. */
    itsm_report_share by_priority[ITSM_REPORT_PRIORITIES]; /**< By priority. */
} itsm_report_month;

/** What happened on one day.  Days on which nothing happened have no row: the backlog stays.  Fixed layout. */
typedef struct itsm_report_day {
    int64_t day;         /**< Civil day, counted from 1970-01-01. */
    uint64_t created;    /**< Opened on this day. */
    uint64_t resolved;   /**< Resolved on this day (or closed, where never resolved). */
    uint64_t closed;     /**< Closed on this day. */
    int64_t unresolved;  /**< Opened before the next midnight and not resolved (or closed) before it. */
    int64_t unclosed;    /**< Opened before the next midnight and not closed before it. */
} itsm_report_day;

/**
 * A population of lengths of time.  Quantiles are exact, interpolated linearly between the neighbours in rank
 * ((n - 1) p, counted from 0).  Fixed layout.
 */
typedef struct itsm_report_spread {
    uint64_t n;                        /**< How many; all else is 0 when there are none. */
    itsm_span min;                     /**< Least. */
    itsm_span p50;                     /**< Median. */
    itsm_span p90;                     /**< Nine in ten are no longer. */
    itsm_span max;                     /**< Greatest. */
    itsm_span mean;                    /**< Arithmetic mean, rounded towards minus infinity. */
    uint64_t bins[ITSM_REPORT_BINS];   /**< How many per step, see itsm_report_bin_edge(). */
} itsm_report_spread;

/** A length of time for every case and by priority.  Fixed layout. */
typedef struct itsm_report_spreads {
    itsm_report_spread all;                                  /**< Every priority. */
    itsm_report_spread by_priority[ITSM_REPORT_PRIORITIES];  /**< By priority. */
} itsm_report_spreads;

/** All stays in one state.  Fixed layout. */
typedef struct itsm_report_state {
    itsm_str state;    /**< Name. */
    itsm_str category; /**< Of the first segment that had one. */
    uint64_t visits;   /**< Segments. */
    uint64_t cases;    /**< Cases that were ever in it. */
    int64_t seconds;   /**< Elapsed, summed, rounded down once. */
} itsm_report_state;

/** One kind of deviation.  Fixed layout. */
typedef struct itsm_report_deviation_count {
    itsm_str move;     /**< See @ref itsm_report_deviation. */
    itsm_str rule;     /**< See @ref itsm_report_deviation. */
    itsm_str clause;   /**< See @ref itsm_report_deviation. */
    uint64_t count;    /**< How often. */
    uint64_t cases;    /**< In how many cases. */
} itsm_report_deviation_count;

#define ITSM_REPORT_LINES 256 /**< Most lines of one derivation; what would come after is folded into one more. */

/** One line of a derivation: a piece of one local date.  Closed hours have none, holidays do.  Fixed layout. */
typedef struct itsm_report_line {
    int64_t date;         /**< Local date by the clock's calendar: days since 1970-01-01. */
    int64_t local_from;   /**< Start on the wall of the calendar's zone, see `<itsm/time.h>`. */
    int64_t local_to;     /**< End on the wall. */
    itsm_time from;       /**< Start. */
    itsm_time to;         /**< End. */
    itsm_span counted;    /**< Working time counted in it. */
    itsm_span paused;     /**< Working time in it left out because of a pause. */
    itsm_span stopped;    /**< Working time in it left out between stop and reopening. */
    itsm_span left;       /**< Goal in force less all counted so far; negative after the breach. */
    int32_t why;          /**< ITSM_WHY_WEEKLY, ...; 0: all further lines folded into this one. */
    itsm_str name;        /**< Of the holiday; empty otherwise. */
} itsm_report_line;

/** One of the worst breaches.  Fixed layout. */
typedef struct itsm_report_breach {
    itsm_str number;                /**< Number. */
    itsm_str title;                 /**< May be empty. */
    int32_t priority;               /**< 0 to 5. */
    itsm_str priority_label;        /**< May be empty. */
    itsm_span goal;                 /**< Goal. */
    itsm_span used;                 /**< Working time used. */
    itsm_span paused;               /**< Working time paused, or ITSM_SPAN_NONE. */
    itsm_span over;                 /**< Used less goal: what the list is sorted by. */
    itsm_time opened;               /**< Opened. */
    itsm_time due;                  /**< Due, or ITSM_TIME_NONE. */
    itsm_time breached_at;          /**< When the goal ran out, or ITSM_TIME_NONE. */
    itsm_time resolved;             /**< Resolved, or ITSM_TIME_NONE. */
    const itsm_report_line *lines;  /**< How the figures come about; NULL where the case brought no target. */
    size_t nlines;                  /**< How many. */
    itsm_span sum_counted;          /**< Sum of @c counted over all lines. */
    itsm_span sum_paused;           /**< Sum of @c paused over all lines. */
    itsm_span sum_stopped;          /**< Sum of @c stopped over all lines. */
} itsm_report_breach;

/** All figures of a report.  Rows are sorted as said; texts and arrays are borrowed from the report. */
typedef struct itsm_report_figures {
    size_t size;                              /**< sizeof(itsm_report_figures) of the library. */
    itsm_str title;                           /**< As in the options. */
    itsm_str source;                          /**< As in the options. */
    itsm_str calendar;                        /**< As in the options. */
    const itsm_zone *zone;                    /**< As in the options; NULL: UTC. */
    uint32_t target_permille;                 /**< As in the options. */
    itsm_time first;                          /**< Earliest opening, or ITSM_TIME_NONE without cases. */
    itsm_time end;                            /**< Ages and backlog are counted up to here, or ITSM_TIME_NONE. */
    uint64_t cases;                           /**< Cases fed. */
    uint64_t events;                          /**< Rows of the source. */
    uint64_t open;                            /**< Neither resolved nor closed. */
    uint64_t unmeasured;                      /**< Resolved, but without a target or not measurable. */
    uint64_t cases_by_priority[ITSM_REPORT_PRIORITIES]; /**< Cases fed. */
    itsm_str label[ITSM_REPORT_PRIORITIES];   /**< Label of each priority: the first in byte order; may be empty. */
    itsm_span goal[ITSM_REPORT_PRIORITIES];   /**< Resolution goal, where all cases of a priority share one, or NONE. */
    itsm_report_share attainment;             /**< Resolution goals met of measured. */
    itsm_report_share attainment_by_priority[ITSM_REPORT_PRIORITIES]; /**< The same by priority. */
    itsm_report_share response;               /**< Response goals met of measured. */
    const itsm_report_month *months;          /**< By time. */
    size_t nmonths;                           /**< How many. */
    const itsm_report_day *days;              /**< By time. */
    size_t ndays;                             /**< How many. */
    itsm_report_spreads elapsed;              /**< Opening to resolution, wall clock. */
    itsm_report_spreads working;              /**< The same by the resolution clock: no pauses, no closed hours. */
    uint64_t reversed;                        /**< Resolved before opened: in no distribution. */
    uint64_t age[ITSM_REPORT_AGES][ITSM_REPORT_PRIORITIES]; /**< Open cases by age, see itsm_report_age_edge(). */
    uint64_t age_breached[ITSM_REPORT_AGES];  /**< Of these, over their goal already. */
    uint64_t breaches[7][24];                 /**< Breach instants by weekday (0 is Monday) and hour. */
    uint64_t breached;                        /**< Sum of @c breaches. */
    const itsm_report_state *states;          /**< By time spent, most first. */
    size_t nstates;                           /**< How many. */
    uint64_t reopened_cases;                  /**< Cases reopened at least once. */
    uint64_t reopened[ITSM_REPORT_COUNTS];    /**< Cases by how often reopened. */
    uint64_t reassigned[ITSM_REPORT_COUNTS];  /**< Cases by how often reassigned. */
    uint64_t reassignments;                   /**< Sum over all cases. */
    const itsm_report_deviation_count *deviations; /**< By count, most first. */
    size_t ndeviations;                       /**< How many kinds. */
    uint64_t deviation_count;                 /**< Sum of their counts. */
    uint64_t deviating_cases;                 /**< Cases with at least one. */
    const itsm_report_deviation_count *undecided; /**< Rules that could not be decided, by count. */
    size_t nundecided;                        /**< How many kinds. */
    uint64_t undecided_count;                 /**< Sum of their counts. */
    const itsm_report_breach *worst;          /**< By working time over the goal, most first; then by number. */
    size_t nworst;                            /**< How many. */
} itsm_report_figures;

/** A report, first fed, then read. */
typedef struct itsm_report itsm_report;

/**
 * Start a report.
 *
 * @param out     Yours; freed by itsm_report_free() before the context.
 * @param ctx     Kept.
 * @param options NULL for the start values.
 * @retval ITSM_OK       @p out is a report.
 * @retval ITSM_E_NOMEM  No memory.
 * @retval ITSM_E_MISUSE A NULL, or `options->size` is 0.
 * @retval ITSM_E_LIMIT  More than 1,000 worst cases or more than 1,000 permille are asked for.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_report_new(itsm_report **out, itsm_ctx *ctx,
                                                   const itsm_report_options *options);

/**
 * Free a report.
 *
 * @param report NULL is allowed.
 * @since 0.1
 */
ITSM_API void itsm_report_free(itsm_report *report);

/**
 * Feed one case.  O(segments + deviations); explanations are worked out at the end, for the worst only.
 *
 * @param report Not yet finished.
 * @param item   Borrowed for the call; calendars and thresholds of its targets until the report is finished.
 * @retval ITSM_OK        Counted.
 * @retval ITSM_E_NOMEM   No memory; nothing was counted.
 * @retval ITSM_E_MISUSE  A NULL, `item->size` is 0, or the report is finished.
 * @retval ITSM_E_INVALID No opening instant, or a priority outside 0 to 5; nothing was counted.
 * @retval ITSM_E_RANGE   A time used is negative, or a sum or an instant is beyond what can be represented; nothing was
 *                        counted.
 * @retval ITSM_E_LIMIT   More than 4,096 states or 65,536 kinds of deviation; nothing was counted.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_report_add(itsm_report *report, const itsm_report_case *item);

/**
 * Close the report and work out its figures.  O(n log n).
 *
 * @param report A report; on failure it can still be fed and finished again.
 * @retval ITSM_OK       itsm_report_read() gives the figures from now on.
 * @retval ITSM_E_NOMEM  No memory.
 * @retval ITSM_E_MISUSE NULL, or finished already.
 * @retval ITSM_E_RANGE  An instant is beyond what the zone or the calendar can represent.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_report_finish(itsm_report *report);

/**
 * Read the figures.
 *
 * @param report A report.
 * @return Borrowed from the report; NULL before it is finished.
 * @since 0.1
 */
ITSM_API const itsm_report_figures *itsm_report_read(const itsm_report *report);

/**
 * Explain a clock the way the worst breaches are explained: lines that sum to what the clock says.
 *
 * @param out     ITSM_REPORT_LINES + 1 lines of the caller; names of holidays are borrowed from the calendar.
 * @param n       How many were filled.
 * @param clock   Its targets and events are read.
 * @param until   Where a clock that still runs is read; the last event, if that is later.
 * @retval ITSM_OK       Explained.
 * @retval ITSM_NOTHING  The clock brings no targets; @p n is 0.
 * @retval ITSM_E_MISUSE A NULL, or as for itsm_clock_replay().
 * @retval ITSM_E_ORDER  The events are not in order.
 * @retval ITSM_E_RANGE  As for itsm_clock_replay() and itsm_calendar_explain().
 * @retval ITSM_E_LIMIT  More than 64 thresholds.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_report_explain(itsm_report_line *out, size_t *n, const itsm_report_clock *clock,
                                                       itsm_time until);

/**
 * Tell where a step of the distributions ends.  Steps roughly double, at lengths people speak in: 15 min, 30 min,
 * 1 h, 2 h, 4 h, 8 h, 16 h, 1 d, 2 d, 4 d, 1 w, 2 w, 4 w, 8 w, 16 w and no end.  A value that equals an end lies in
 * the step below it.
 *
 * @param i From 0 to ITSM_REPORT_BINS - 1.
 * @return The upper end, inclusive; ITSM_SPAN_NONE for the last one.
 * @since 0.1
 */
ITSM_API itsm_span itsm_report_bin_edge(size_t i);

/**
 * Tell where a step of the ages ends: 1, 3, 7, 14, 28, 84 days and no end.
 *
 * @param i From 0 to ITSM_REPORT_AGES - 1.
 * @return The upper end, inclusive; ITSM_SPAN_NONE for the last one.
 * @since 0.1
 */
ITSM_API itsm_span itsm_report_age_edge(size_t i);

/* From a running system -------------------------------------------------------------------------------------------- */

/**
 * Receives one record as a case.
 *
 * @param user The caller's pointer.
 * @param item Borrowed for the call.
 * @return ITSM_OK to go on; anything else stops and comes back.
 * @since 0.1
 */
typedef itsm_status (*itsm_report_case_fn)(void *user, const itsm_report_case *item);

/**
 * Give every record of a type as a case: its stamps, its way through the states from the history, its clocks under a
 * set of targets, its deviations.  In the order of the numbers; O(history).
 *
 * @param sms  A system without an open work.
 * @param type Name of a type that has a lifecycle, e.g. "incident".
 * @param sla  Targets; their calendars may be others than those the records were made with.  NULL: no clocks.
 * @param fn   Called for each; itsm_report_add() fits in it.
 * @param user Passed to @p fn.
 * @retval ITSM_OK          All were given.
 * @retval ITSM_E_NOT_FOUND No such type.
 * @retval ITSM_E_CORRUPT   A row is damaged.
 * @return Or what @p fn answered.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_report_each(itsm_sms *sms, itsm_str type, const itsm_sla *sla,
                                                    itsm_report_case_fn fn, void *user);

/**
 * Give one record as a case.
 *
 * @param sms    A system without an open work.
 * @param number Its number, e.g. "INC0000045".
 * @param sla    Targets; NULL: no clocks.
 * @param fn     Called once.
 * @param user   Passed to @p fn.
 * @retval ITSM_OK          Given.
 * @retval ITSM_E_NOT_FOUND There is no such record.
 * @retval ITSM_E_CORRUPT   A row is damaged.
 * @return Or what @p fn answered.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_report_one(itsm_sms *sms, itsm_str number, const itsm_sla *sla,
                                                   itsm_report_case_fn fn, void *user);

ITSM_END_C

#endif
