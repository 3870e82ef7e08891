/* SPDX-License-Identifier: MIT */
/**
 * @file itsm/sla.h
 * Service-level clocks: how much of a goal is used, what is left, and when it is due.
 *
 * A clock is arithmetic, not a timer.  It starts no thread and never asks what time it is: every call that needs "now"
 * is given it.  It folds events in the order in which they took effect, one at a time and in constant time; an event
 * that turns up late is inserted into the list of events, and the list is replayed.
 *
 * Time is the working time of the target's calendar.  A target is met if the time used is not more than the goal: a
 * stop in closed hours after the goal ran out exactly at closing is in time.
 */
#ifndef ITSM_SLA_H
#define ITSM_SLA_H

#include <itsm/calendar.h>

ITSM_BEGIN_C

/* Targets --------------------------------------------------------------------------------------------------------- */

/** What a target measures. */
enum {
    ITSM_RESPONSE = 1,   /**< Until somebody responds. */
    ITSM_RESOLUTION = 2, /**< Until it is resolved. */
    ITSM_FULFILMENT = 3, /**< Until a request is fulfilled. */
    ITSM_UPDATE = 4      /**< Until the next answer to a customer. */
};

/** What a pause does to a clock. */
enum {
    ITSM_PAUSE_HOLDS = 0,  /**< Paused time is not counted. */
    ITSM_PAUSE_IGNORED = 1 /**< Pauses are remembered, and the clock runs on; usual for response. */
};

/** What reopening does to a clock that was stopped. */
enum {
    ITSM_REOPEN_RESUME = 0,   /**< Goes on with the time used; the time in between is not counted. */
    ITSM_REOPEN_RESTART = 1,  /**< Starts afresh. */
    ITSM_REOPEN_CONTINUE = 2, /**< As if it had never been stopped: the time in between is counted. */
    ITSM_REOPEN_IGNORE = 3    /**< Nothing: the clock stays stopped. */
};

/** What a new target does to a clock that runs.  See itsm_clock_retarget(). */
enum {
    ITSM_RETARGET_KEEP = 0,        /**< Start, used and paused time are kept; the goal is the new one. */
    ITSM_RETARGET_RESTART = 1,     /**< Starts afresh. */
    ITSM_RETARGET_PROPORTIONAL = 2 /**< The share of the goal that is used is kept. */
};

/** How the point of a threshold is given. */
enum {
    ITSM_THRESHOLD_PERCENT = 0, /**< @c value percent of the goal are used: 75, 100, 120. */
    ITSM_THRESHOLD_WORKING = 1, /**< @c value of working time after the goal ran out; negative: before. */
    ITSM_THRESHOLD_WALL = 2     /**< @c value of elapsed time after the due instant; negative: before. */
};

/** A point on the way of a clock at which somebody wants to know.  Its layout is frozen. */
typedef struct itsm_threshold {
    int32_t basis;    /**< ITSM_THRESHOLD_PERCENT, ... */
    int32_t reserved; /**< 0 */
    int64_t value;    /**< Percent from 0 to 100,000, or a span. */
} itsm_threshold;

/** A goal and how it is measured.  Start with ITSM_TARGET_INIT. */
typedef struct itsm_target {
    size_t size;                      /**< sizeof(itsm_target). */
    const itsm_calendar *calendar;    /**< Borrowed; NULL: every hour counts. */
    itsm_span goal;                   /**< More than 0. */
    int32_t pause;                    /**< ITSM_PAUSE_HOLDS or ITSM_PAUSE_IGNORED. */
    int32_t reopen;                   /**< ITSM_REOPEN_RESUME, ... */
    const itsm_threshold *thresholds; /**< Borrowed; NULL if none. */
    size_t threshold_count;           /**< At most 64. */
} itsm_target;

/** Start value of an itsm_target: no calendar, no goal, pauses hold, reopening resumes. */
#define ITSM_TARGET_INIT                                                                                               \
    {                                                                                                                  \
        sizeof(itsm_target), NULL, 0, ITSM_PAUSE_HOLDS, ITSM_REOPEN_RESUME, NULL, 0                                    \
    }

/* Clocks ---------------------------------------------------------------------------------------------------------- */

/**
 * The state of one clock.  The caller's storage: nothing to free, copied by assignment.
 *
 * It borrows the calendar and the thresholds of its target, which must outlive it, but not the target itself.
 */
typedef struct itsm_clock {
    uint64_t opaque[40]; /**< The library's. */
} itsm_clock;

/** What happens to a clock.  The numbers are stored in data. */
enum {
    ITSM_CLOCK_START = 1,    /**< Begins to count.  A clock that was started already goes on. */
    ITSM_CLOCK_PAUSE = 2,    /**< A cause of a pause begins to hold. */
    ITSM_CLOCK_RESUME = 3,   /**< A cause of a pause ceases to hold; the clock runs again when none is left. */
    ITSM_CLOCK_STOP = 4,     /**< The target's work is done.  A clock that is not started stays so. */
    ITSM_CLOCK_REOPEN = 5,   /**< It was not done after all: by the target's reopen policy. */
    ITSM_CLOCK_RETARGET = 6, /**< Another target from here on: itsm_clock_retarget(). */
    ITSM_CLOCK_RESET = 7,    /**< Back to idle, as if never started; causes of pauses go on to hold. */
    ITSM_CLOCK_CANCEL = 8    /**< No longer measured; only a reset leads out of this. */
};

/** One event of a clock.  Its layout is frozen. */
typedef struct itsm_clock_event {
    itsm_time at;       /**< When it took effect. */
    itsm_time recorded; /**< When it was written down; not read by the arithmetic. */
    int32_t kind;       /**< ITSM_CLOCK_START, ... */
    uint32_t cause;     /**< Of pause and resume: 0 to 63. */
    uint32_t target;    /**< Of retarget: which of the targets given to itsm_clock_replay(). */
    int32_t policy;     /**< Of retarget: ITSM_RETARGET_KEEP, ... */
} itsm_clock_event;

/** How a clock stands. */
enum {
    ITSM_CLOCK_IDLE = 0,             /**< Not started. */
    ITSM_CLOCK_RUNNING = 1,          /**< Counting, within the goal. */
    ITSM_CLOCK_PAUSED = 2,           /**< Not counting, within the goal. */
    ITSM_CLOCK_MET = 3,              /**< Stopped, within the goal. */
    ITSM_CLOCK_BREACHED_RUNNING = 4, /**< Counting, beyond the goal. */
    ITSM_CLOCK_BREACHED_PAUSED = 5,  /**< Not counting, beyond the goal. */
    ITSM_CLOCK_MET_LATE = 6,         /**< Stopped, beyond the goal. */
    ITSM_CLOCK_CANCELLED = 7         /**< No longer measured. */
};

/** What a clock says at one instant.  Start with ITSM_CLOCK_READING_INIT. */
typedef struct itsm_clock_reading {
    size_t size;         /**< sizeof(itsm_clock_reading). */
    itsm_span used;      /**< Working time counted so far. */
    itsm_span remaining; /**< Goal minus used; negative once breached.  Frozen while paused or stopped. */
    itsm_span goal;      /**< Goal in force. */
    itsm_span paused;    /**< Working time not counted because of pauses. */
    itsm_span stopped;   /**< Working time not counted between stop and reopening. */
    itsm_time start;     /**< When this count began; ITSM_TIME_NONE while idle. */
    itsm_time due;       /**< When the goal runs out, or ran out, if nothing else happens.  ITSM_TIME_NONE while idle or
                                paused, when cancelled, and if there is not that much open time to come. */
    itsm_time previous_due; /**< Due instant just before the last retarget, or ITSM_TIME_NONE. */
    itsm_time breached_at;  /**< When the goal ran out of a clock that is beyond it, else ITSM_TIME_NONE. */
    itsm_time stopped_at;   /**< When it was stopped, or ITSM_TIME_NONE. */
    uint64_t causes;        /**< Causes of a pause that hold, as bits. */
    int32_t state;          /**< ITSM_CLOCK_IDLE, ... */
    int32_t breached;       /**< 1: used is more than the goal. */
    int32_t retroactive;    /**< 1: breached because a new goal was exceeded already; breached_at is that retarget. */
    uint32_t cycle;         /**< 0 while never started, 1 from the start, one more with each reopening. */
    uint32_t version;       /**< Of the goal: 1, one more with each retarget. */
    uint32_t reserved;      /**< 0 */
} itsm_clock_reading;

/** Start value of @ref itsm_clock_reading. */
#define ITSM_CLOCK_READING_INIT                                                                                        \
    {                                                                                                                  \
        sizeof(itsm_clock_reading), 0, 0, 0, 0, 0, ITSM_TIME_NONE, ITSM_TIME_NONE, ITSM_TIME_NONE, ITSM_TIME_NONE,     \
            ITSM_TIME_NONE, 0, 0, 0, 0, 0, 0, 0                                                                        \
    }

/**
 * Make a clock for a target.  Not started.
 *
 * @param clock  The caller's storage.
 * @param target Copied; its calendar and thresholds are borrowed.
 * @retval ITSM_OK       Idle.
 * @retval ITSM_E_MISUSE An argument is NULL or `target->size` is 0.
 * @retval ITSM_E_RANGE  The goal is not more than 0, or a policy or threshold is out of range.
 * @retval ITSM_E_LIMIT  More than 64 thresholds.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_clock_init(itsm_clock *clock, const itsm_target *target);

/**
 * Fold the next event into a clock.  O(1), or O(thresholds) if there are any.
 *
 * Events that change nothing are fine: a start of a started clock, a pause for a cause that holds, a resume for one
 * that does not, a stop of one that is not started or stopped already, a reopening of one that is not stopped.  Causes
 * of pauses are remembered in every state, so that a start or a reopening with a cause held begins paused.
 *
 * @param clock A clock.
 * @param kind  ITSM_CLOCK_START and the others, but not ITSM_CLOCK_RETARGET.
 * @param at    When it took effect; not before the last event.
 * @param cause Of pause and resume: 0 to 63; otherwise not read.
 * @retval ITSM_OK       Folded.
 * @retval ITSM_E_MISUSE @p clock is NULL or not a clock, or there is no such kind.
 * @retval ITSM_E_ORDER  @p at is before the last event: insert the event into the list and replay.
 * @retval ITSM_E_RANGE  @p at is ITSM_TIME_NONE, or the cause is over 63, or the working time cannot be represented.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_clock_apply(itsm_clock *clock, int32_t kind, itsm_time at, uint32_t cause);

/**
 * Give a clock another target from an instant on: priority, contract or calendar changed.
 *
 * Old and new due instants are in the reading after this.  A goal that is exceeded already is breached at @p at.
 * A clock that is stopped stays so and is measured against the new goal.
 * Thresholds that then lie in the future are armed, also those that were passed under the old goal.
 *
 * @param clock  A clock.
 * @param target As for itsm_clock_init().
 * @param at     When it takes effect; not before the last event.
 * @param policy ITSM_RETARGET_KEEP, ...
 * @retval ITSM_OK       Folded.
 * @retval ITSM_E_MISUSE An argument is NULL, or there is no such policy.
 * @retval ITSM_E_ORDER  @p at is before the last event.
 * @retval ITSM_E_RANGE  As for itsm_clock_init() and itsm_clock_apply().
 * @retval ITSM_E_LIMIT  More than 64 thresholds.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_clock_retarget(itsm_clock *clock, const itsm_target *target, itsm_time at,
                                                       int32_t policy);

/**
 * Read a clock.  Pure: the same clock and @p now give the same reading.  At most one between and one add.
 *
 * @param out   @c size set; filled up to that.
 * @param clock A clock.
 * @param now   Not before the last event.
 * @retval ITSM_OK       @p out is filled.
 * @retval ITSM_E_MISUSE An argument is NULL, or `out->size` is 0.
 * @retval ITSM_E_ORDER  @p now is before the last event.
 * @retval ITSM_E_RANGE  @p now is ITSM_TIME_NONE, or the working time cannot be represented.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_clock_read(itsm_clock_reading *out, const itsm_clock *clock, itsm_time now);

/**
 * Tell when a clock is due if nothing else happens, as it stands after its last event.
 *
 * @param out   The instant; as it was unless there is one.
 * @param clock A clock.
 * @retval ITSM_OK       @p out is the instant, possibly past.
 * @retval ITSM_NOTHING  Idle, paused, cancelled, or there is not that much open time to come.
 * @retval ITSM_E_MISUSE An argument is NULL.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_clock_due(itsm_time *out, const itsm_clock *clock);

/** The next thing that happens to a clock by itself. */
typedef struct itsm_clock_alarm {
    size_t size;         /**< sizeof(itsm_clock_alarm). */
    itsm_time at;        /**< When. */
    uint64_t thresholds; /**< Those reached then, as bits by their place in the target. */
    int32_t breach;      /**< 1: the clock is beyond its goal from then on. */
    uint32_t cycle;      /**< Cycle it belongs to. */
    uint32_t version;    /**< Version of the goal it belongs to. */
    uint32_t reserved;   /**< 0 */
} itsm_clock_alarm;

/** Start value of @ref itsm_clock_alarm. */
#define ITSM_CLOCK_ALARM_INIT                                                                                          \
    {                                                                                                                  \
        sizeof(itsm_clock_alarm), ITSM_TIME_NONE, 0, 0, 0, 0, 0                                                        \
    }

/**
 * Tell what happens next to a clock if no event comes: thresholds, or the breach.
 *
 * Called with the instant of one alarm it gives the next one, so that a host needs a single timer and hears of each
 * threshold once in each cycle and version of the goal.  A breach is at the first instant at which the time used is
 * more than the goal: a microsecond of open time after the due instant, so that a reading taken then says so.
 * A paused clock has only those wall-clock thresholds to come that follow a breach, a stopped one nothing.
 *
 * @param out   @c size set; filled up to that if there is one.
 * @param clock A clock.
 * @param after The alarm is later than this, and later than the last event.
 * @retval ITSM_OK       @p out is the alarm.
 * @retval ITSM_NOTHING  There is none to come.
 * @retval ITSM_E_MISUSE An argument is NULL, or `out->size` is 0.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_clock_next(itsm_clock_alarm *out, const itsm_clock *clock, itsm_time after);

/* Lists of events ------------------------------------------------------------------------------------------------- */

/**
 * Insert an event into a list that is in order of effect, behind those of the same instant.  O(n).
 *
 * @param events The list, with room for one more.
 * @param n      Events in it.
 * @param event  Copied.
 * @return Where it stands now: 0 to @p n.
 * @since 0.1
 */
ITSM_API size_t itsm_clock_insert(itsm_clock_event *events, size_t n, const itsm_clock_event *event);

/**
 * Make a clock anew from the list of its events.
 *
 * @param clock        The caller's storage; as it was after a failure.
 * @param targets      The first is the clock's; retarget events name others by number.  The distance from one to the
 *                     next is the @c size of the first.
 * @param target_count How many, at least 1.
 * @param events       In order of @c at.  May be NULL if @p n is 0.
 * @param n            How many.
 * @retval ITSM_OK       Folded.
 * @retval ITSM_E_MISUSE A NULL, no such kind of event, or no such target.
 * @retval ITSM_E_ORDER  Not in order.
 * @retval ITSM_E_RANGE  As for itsm_clock_init() and itsm_clock_apply().
 * @retval ITSM_E_LIMIT  More than 64 thresholds.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_clock_replay(itsm_clock *clock, const itsm_target *targets, size_t target_count,
                                                     const itsm_clock_event *events, size_t n);

/** One piece of the explanation of a reading. */
typedef struct itsm_clock_explanation {
    size_t size;            /**< sizeof(itsm_clock_explanation) of the library. */
    itsm_calendar_row time; /**< When, and what the calendar says to it; @c counted in it is open time, @c why that of
                                 the clock. */
    itsm_span counted;      /**< Adds to the time used. */
    itsm_span paused;       /**< Adds to the working time paused. */
    itsm_span stopped;      /**< Adds to the working time between stop and reopening. */
    itsm_span left;         /**< Goal in force minus used, after this row. */
    uint64_t causes;        /**< Causes of a pause that held. */
} itsm_clock_explanation;

/**
 * Take one row of an explanation.
 *
 * @param user The host's pointer.
 * @param row  Borrowed for the call.
 * @return ITSM_OK to go on; anything else stops and is returned.
 * @since 0.1
 */
typedef itsm_status (*itsm_clock_explain_fn)(void *user, const itsm_clock_explanation *row);

/**
 * Explain what a clock says: rows, in order of time from the start of the count to @p now, that sum to the used, paused
 * and stopped time of the reading.
 *
 * @param targets      As for itsm_clock_replay().
 * @param target_count As for itsm_clock_replay().
 * @param events       As for itsm_clock_replay().
 * @param n            How many.
 * @param now          Not before the last event.  Nothing is told of the time after a stop.
 * @param fn           Called for each row.
 * @param user         Passed to @p fn.
 * @retval ITSM_OK       All rows were given.
 * @retval ITSM_E_MISUSE As for itsm_clock_replay(), or @p fn is NULL.
 * @retval ITSM_E_ORDER  The events are not in order, or @p now is before the last.
 * @retval ITSM_E_RANGE  As for itsm_clock_replay() and itsm_calendar_explain().
 * @retval ITSM_E_LIMIT  More than 64 thresholds.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_clock_explain(const itsm_target *targets, size_t target_count,
                                                      const itsm_clock_event *events, size_t n, itsm_time now,
                                                      itsm_clock_explain_fn fn, void *user);

/* Sets of targets ------------------------------------------------------------------------------------------------- */

/** A frozen set of targets by kind and priority.  Counted; read by any thread. */
typedef struct itsm_sla itsm_sla;

/** Collects targets before they are frozen. */
typedef struct itsm_sla_builder itsm_sla_builder;

/**
 * Load a set of targets from JSON.
 *
 * Either `{"1": 240, "2": 480}`: goals of the resolution by priority; or an object of `response`, `resolution`,
 * `fulfilment`, `update` (each goals by priority), `name`, `pause` (`"holds"`, `"ignored"`, or an object of these by
 * kind), `reopen` (`"resume"`, `"restart"`, `"continue"`, `"ignore"`) and `thresholds` (a list of percents, or of
 * objects with one of `percent`, `working`, `wall`).  Goals and offsets are minutes, or durations such as `"PT4H"`.
 * Without `pause`, pauses hold resolution and fulfilment, and are ignored by response and update.
 * Other members are refused.
 *
 * @param out      Yours; freed by itsm_sla_free().  NULL after a failure.
 * @param ctx      Gives memory; issues have the position.
 * @param json     The targets, at most 1 MiB.
 * @param calendar Of all of them; a share is taken.  NULL: every hour counts.
 * @retval ITSM_OK        Loaded.
 * @retval ITSM_E_NOMEM   No memory.
 * @retval ITSM_E_MISUSE  @p out or @p ctx is NULL.
 * @retval ITSM_E_SYNTAX  Not JSON.
 * @retval ITSM_E_INVALID JSON, but no set of targets.
 * @retval ITSM_E_LIMIT   Too long, too deep or too many.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_sla_load(itsm_sla **out, itsm_ctx *ctx, itsm_str json,
                                                 const itsm_calendar *calendar);

/**
 * Take a share of a set of targets.
 *
 * @param sla A set, or NULL.
 * @return The same pointer; give it back with itsm_sla_free().
 * @since 0.1
 */
ITSM_API itsm_sla *itsm_sla_ref(const itsm_sla *sla);

/**
 * Give a share of a set of targets back; the last one frees it.
 *
 * @param sla NULL is allowed.
 * @since 0.1
 */
ITSM_API void itsm_sla_free(itsm_sla *sla);

/**
 * Look at the name of a set of targets.
 *
 * @param sla A set.
 * @return Borrowed; empty if it has none.
 * @since 0.1
 */
ITSM_API itsm_str itsm_sla_name(const itsm_sla *sla);

/**
 * Find the target of a kind and priority.  O(log targets).
 *
 * @param out      Borrowed from @p sla; NULL unless there is one.
 * @param sla      A set.
 * @param kind     ITSM_RESPONSE, ITSM_RESOLUTION, ...
 * @param priority As in the definition.
 * @retval ITSM_OK       @p out is the target.
 * @retval ITSM_NOTHING  There is none.
 * @retval ITSM_E_MISUSE @p out is NULL.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_sla_target(const itsm_target **out, const itsm_sla *sla, uint32_t kind,
                                                   int64_t priority);

/** One target of a set, with what it is found by. */
typedef struct itsm_sla_entry {
    size_t size;        /**< sizeof(itsm_sla_entry). */
    uint32_t kind;      /**< ITSM_RESPONSE, ... */
    uint32_t reserved;  /**< 0 */
    int64_t priority;   /**< As in the definition. */
    itsm_target target; /**< Calendar and thresholds are borrowed. */
} itsm_sla_entry;

/**
 * Count the targets of a set.
 *
 * @param sla A set; NULL has none.
 * @return How many.
 * @since 0.1
 */
ITSM_API size_t itsm_sla_count(const itsm_sla *sla);

/**
 * Look at one target of a set, in order of kind and priority.
 *
 * @param sla A set.
 * @param i   From 0 to the count.
 * @return Borrowed from @p sla; NULL if there is no such target.
 * @since 0.1
 */
ITSM_API const itsm_sla_entry *itsm_sla_at(const itsm_sla *sla, size_t i);

/**
 * Begin a set of targets.
 *
 * @param out Yours; freed by itsm_sla_builder_free().  NULL after a failure.
 * @param ctx Gives memory; must outlive the builder.
 * @retval ITSM_OK       Empty.
 * @retval ITSM_E_NOMEM  No memory.
 * @retval ITSM_E_MISUSE An argument is NULL.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_sla_builder_new(itsm_sla_builder **out, itsm_ctx *ctx);

/**
 * Free a builder, frozen from or not.
 *
 * @param builder NULL is allowed.
 * @since 0.1
 */
ITSM_API void itsm_sla_builder_free(itsm_sla_builder *builder);

/**
 * Name the set.
 *
 * @param builder A builder.
 * @param name    Copied; replaces an earlier name.
 * @retval ITSM_OK       Named.
 * @retval ITSM_E_NOMEM  No memory; the builder is as it was.
 * @retval ITSM_E_MISUSE @p builder is NULL.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_sla_builder_set_name(itsm_sla_builder *builder, itsm_str name);

/**
 * Add a target.
 *
 * @param builder  A builder.
 * @param kind     ITSM_RESPONSE, ITSM_RESOLUTION, ...
 * @param priority Any number.
 * @param target   Copied with its thresholds; a share of its calendar is taken.
 * @retval ITSM_OK        Added.
 * @retval ITSM_E_NOMEM   No memory; the builder is as it was.
 * @retval ITSM_E_MISUSE  An argument is NULL.
 * @retval ITSM_E_INVALID No such kind, or there is a target of that kind and priority already.
 * @retval ITSM_E_RANGE   As for itsm_clock_init().
 * @retval ITSM_E_LIMIT   More than 64 thresholds, or more than 10,000 targets.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_sla_builder_add(itsm_sla_builder *builder, uint32_t kind, int64_t priority,
                                                        const itsm_target *target);

/**
 * Make a set of what was added.  The builder stays as it is.
 *
 * @param out     Yours; freed by itsm_sla_free().  NULL after a failure.
 * @param builder A builder.
 * @retval ITSM_OK       Frozen.
 * @retval ITSM_E_NOMEM  No memory.
 * @retval ITSM_E_MISUSE An argument is NULL.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_sla_builder_freeze(itsm_sla **out, const itsm_sla_builder *builder);

/* Golden vectors -------------------------------------------------------------------------------------------------- */

/**
 * Run one golden vector: a calendar, an operation on it and what it must give, as a JSON object.
 *
 * @param ctx     Gives memory and zones.
 * @param line    One line of a file of such vectors.
 * @param failure Appended to if it fails: `id: expected ... actual ...`.
 * @retval ITSM_OK        Passed.
 * @retval ITSM_E_INVALID Failed, or it is no vector: an unknown operation, a member missing.
 * @retval ITSM_E_NOMEM   No memory.
 * @retval ITSM_E_MISUSE  An argument is NULL.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_vectors_run(itsm_ctx *ctx, itsm_str line, itsm_buf *failure);

ITSM_END_C

#endif
