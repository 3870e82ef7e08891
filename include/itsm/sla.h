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
    int64_t value;    /**< Percent from 0 to 100,000, or a span but ITSM_SPAN_NONE. */
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

/** A goal that never runs out: time is measured, and nothing is ever due.  Goals beyond it are as good as it. */
#define ITSM_GOAL_NONE (INT64_MAX / 4)

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
    ITSM_CLOCK_CANCEL = 8,   /**< No longer measured; only a reset leads out of this. */
    ITSM_CLOCK_ATTACH = 9,   /**< The target is agreed from here on, where none was: itsm_clock_attach(). */
    ITSM_CLOCK_CORRECT = 10  /**< An event recorded before was wrong: itsm_clock_order().  Not to be folded. */
};

/** One event of a clock.  Its layout is frozen. */
typedef struct itsm_clock_event {
    itsm_time at;       /**< When it took effect. */
    itsm_time recorded; /**< When it was written down; not read by the arithmetic, but see itsm_clock_order(). */
    int32_t kind;       /**< ITSM_CLOCK_START, ... */
    uint32_t cause;     /**< Of pause and resume: 0 to 63. */
    uint32_t target;    /**< Of retarget and attach: which of the targets given to itsm_clock_replay().  Of correct: the
                           place of the wrong event in its list. */
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
    uint32_t version;       /**< Of the goal: 1, one more with each retarget, and each attach to a clock that counts. */
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
 * @param kind  ITSM_CLOCK_START to ITSM_CLOCK_CANCEL, but not ITSM_CLOCK_RETARGET.
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
 * Old and new due instants are in the reading after this.  A goal that is exceeded already is breached at @p at; a
 * breach that was before stays where it was.  A clock that is stopped stays so and is measured against the new goal, also
 * with ITSM_RETARGET_RESTART.  With ITSM_RETARGET_PROPORTIONAL what is beyond its goal stays beyond it, and to or from
 * ITSM_GOAL_NONE, of which there is no share, used time is kept.
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
 * Give a clock its target from an instant on, where none was agreed before.
 *
 * A clock that is idle or cancelled just takes it.  One that counts or is stopped already keeps its start and all of
 * its time, as with ITSM_RETARGET_KEEP, and nothing was due before: `previous_due` is none.  To measure from the start
 * what is agreed on later, begin with a target whose goal is ITSM_GOAL_NONE and attach the agreed one.
 *
 * @param clock  A clock.
 * @param target As for itsm_clock_init().
 * @param at     When it takes effect; not before the last event.
 * @retval ITSM_OK       Folded.
 * @retval ITSM_E_MISUSE An argument is NULL.
 * @retval ITSM_E_ORDER  @p at is before the last event.
 * @retval ITSM_E_RANGE  As for itsm_clock_init() and itsm_clock_apply().
 * @retval ITSM_E_LIMIT  More than 64 thresholds.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_clock_attach(itsm_clock *clock, const itsm_target *target, itsm_time at);

/**
 * Read a clock.  Pure: the same clock and @p now give the same reading.  Costs about as much as an add: the due instant
 * is kept with the clock and moves with events only.
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
 * Put a list of events that only ever grew into the order of their effect, as they were known at an instant.
 *
 * The list has the events as they were recorded, one behind the other, and nothing in it is ever changed: an event that
 * came late stands where it was recorded, and one that was wrong is followed by an event of kind ITSM_CLOCK_CORRECT,
 * whose `target` is the place of the wrong one and whose `at` is when that really took effect, or ITSM_TIME_NONE if it
 * never did.  The last correction of an event holds; a correction itself cannot be corrected.  What was recorded after
 * @p known is left out, so that what was said at that time can be said again.  Events of the same instant keep the order
 * of the list.  O(n log n), no memory.
 *
 * @param out    Room for @p n events, apart from @p events: those that hold, for itsm_clock_replay() and the others.
 * @param out_n  How many they are.
 * @param events The list as it was recorded, or one that is in order of effect already.  May be NULL if @p n is 0.
 * @param n      How many, less than 2^32.
 * @param known  Only what was recorded up to then; INT64_MAX: all of it.
 * @retval ITSM_OK       @p out is in order.
 * @retval ITSM_E_MISUSE A NULL, or a correction of what is not an event before it.
 * @retval ITSM_E_LIMIT  @p n is too large.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_clock_order(itsm_clock_event *out, size_t *out_n,
                                                    const itsm_clock_event *events, size_t n, itsm_time known);

/** What happened in a conversation with a customer.  See itsm_clock_update_events(). */
enum {
    ITSM_CONTACT_CUSTOMER = 1, /**< The customer got in touch. */
    ITSM_CONTACT_ANSWER = 2    /**< The customer was answered. */
};

/** One contact in a conversation.  Its layout is frozen. */
typedef struct itsm_contact {
    itsm_time at;       /**< When. */
    itsm_time recorded; /**< When it was written down; handed on. */
    int32_t kind;       /**< ITSM_CONTACT_CUSTOMER or ITSM_CONTACT_ANSWER. */
    int32_t reserved;   /**< 0 */
} itsm_contact;

/**
 * Make the events of an update clock from a conversation.
 *
 * The clock begins with the first contact that is not answered, but not before the first response: until then the
 * response target speaks, and that response answers what was asked before it.  Further contacts do not move it.  An
 * answer stops it, and the next contact begins a new cycle from nothing (a reset and a start).  O(n).  Whoever folds one
 * event at a time does the same: start at a contact, stop at an answer, and reset before a start once it was stopped.
 *
 * @param out       Room for 2 events for each contact.
 * @param out_n     How many events were made.
 * @param contacts  In order of @c at; those of the same instant in the order in which they happened.
 * @param n         How many.
 * @param responded When the first response was given; ITSM_TIME_NONE: not yet, and there are no events.
 * @retval ITSM_OK       @p out has the events, in order.
 * @retval ITSM_E_MISUSE A NULL, or there is no such kind of contact.
 * @retval ITSM_E_ORDER  The contacts are not in order.
 * @retval ITSM_E_RANGE  The instant of a contact is ITSM_TIME_NONE.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_clock_update_events(itsm_clock_event *out, size_t *out_n,
                                                            const itsm_contact *contacts, size_t n,
                                                            itsm_time responded);

/**
 * Make a clock anew from the list of its events.
 *
 * @param clock        The caller's storage; as it was after a failure.
 * @param targets      The first is the clock's; retarget and attach events name others by number.  The distance from
 *                     one to the next is the @c size of the first.
 * @param target_count How many, at least 1.
 * @param events       In order of @c at.  May be NULL if @p n is 0.
 * @param n            How many.
 * @retval ITSM_OK       Folded.
 * @retval ITSM_E_MISUSE A NULL, no such kind of event, a correction (see itsm_clock_order()), or no such target.
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

/** A frozen set of targets, each chosen by a rule.  Counted; read by any thread. */
typedef struct itsm_sla itsm_sla;

/** Collects rules before they are frozen. */
typedef struct itsm_sla_builder itsm_sla_builder;

/** A field of a record, and the values of it that a rule is for.  Its layout is frozen. */
typedef struct itsm_sla_condition {
    itsm_str field;           /**< Name of the field. */
    const itsm_value *values; /**< It has one of these: ITSM_TEXT, ITSM_INT or ITSM_BOOL; ITSM_NONE: it has none. */
    size_t value_count;       /**< How many: 1 to 256. */
} itsm_sla_condition;

/** A target, and the records it is for.  Start with ITSM_SLA_RULE_INIT. */
typedef struct itsm_sla_rule {
    size_t size;                          /**< sizeof(itsm_sla_rule). */
    uint32_t kind;                        /**< ITSM_RESPONSE, ITSM_RESOLUTION, ... */
    int32_t retarget;                     /**< What it does to a clock that comes under it: ITSM_RETARGET_KEEP, ... */
    itsm_str name;                        /**< For people; may be empty. */
    const itsm_sla_condition *conditions; /**< All of them must hold; NULL if there are none: for every record. */
    size_t condition_count;               /**< At most 16. */
    itsm_target target;                   /**< What is promised; a goal of ITSM_GOAL_NONE: nothing. */
    itsm_str calendar;                    /**< Name of the target's calendar within the set; may be empty. */
} itsm_sla_rule;

/** Start value of an itsm_sla_rule: no kind, no conditions, ITSM_TARGET_INIT. */
#define ITSM_SLA_RULE_INIT                                                                                             \
    {                                                                                                                  \
        sizeof(itsm_sla_rule), 0, ITSM_RETARGET_KEEP, {NULL, 0}, NULL, 0, ITSM_TARGET_INIT, {NULL, 0}                  \
    }

/**
 * Load a set of targets from JSON.
 *
 * Either `{"1": 240, "2": 480}`: goals of the resolution by priority; or an object of
 * - `rules`: a list of objects of `kind` (`"response"`, `"resolution"`, `"fulfilment"`, `"update"`), `goal` (null:
 *   nothing is promised), and optionally `when` (an object: field to a value or a list of values, each a text, a whole
 *   number, true, false, or null for a field without a value), `calendar`, `pause`, `reopen`, `retarget`,
 *   `thresholds`, `name`.  The first one that fits is taken;
 * - `response`, `resolution`, `fulfilment`, `update`: goals by priority, as rules behind those of `rules`;
 * - `calendars`: name to definition, as itsm_calendar_load() reads it; `calendar`: the name of one of them, or null for
 *   every hour;
 * - `pause` (`"holds"`, `"ignored"`, or an object of these by kind), `reopen` (`"resume"`, `"restart"`, `"continue"`,
 *   `"ignore"`), `retarget` (`"keep"`, `"restart"`, `"proportional"`), `thresholds` (a list of percents, or of objects
 *   with one of `percent`, `working`, `wall`) and `calendar`: for every rule that does not say it;
 * - `name`.
 *
 * Goals and offsets are minutes, or durations such as `"PT4H"`.  Without `pause`, pauses hold resolution and fulfilment,
 * and are ignored by response and update.  Other members are refused.
 *
 * @param out      Yours; freed by itsm_sla_free().  NULL after a failure.
 * @param ctx      Gives memory and the zones of calendars; issues have the position.
 * @param json     The targets, at most 4 MiB: 10,000 rules, 64 calendars, 64 fields.
 * @param calendar Of rules without a calendar of their own; a share is taken.  NULL: every hour counts.
 * @retval ITSM_OK          Loaded.
 * @retval ITSM_E_NOMEM     No memory.
 * @retval ITSM_E_MISUSE    @p out or @p ctx is NULL.
 * @retval ITSM_E_SYNTAX    Not JSON.
 * @retval ITSM_E_INVALID   JSON, but no set of targets.
 * @retval ITSM_E_NOT_FOUND The zone of a calendar is not known.
 * @retval ITSM_E_LIMIT     Too long, too deep or too many.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_sla_load(itsm_sla **out, itsm_ctx *ctx, itsm_str json,
                                                 const itsm_calendar *calendar);

/**
 * Write a set of targets as JSON that itsm_sla_load() reads back to the same set, whatever calendar it is given.
 *
 * One object of `name`, `calendars` and `rules`, each rule with all that holds for it.  A calendar is named as its
 * first rule names it, else by its own name; names that are taken get a number.  Calendars no rule uses are gone.
 *
 * @param out Appended to; as it was after a failure.
 * @param sla A set.
 * @retval ITSM_OK        Written, no line feed.
 * @retval ITSM_E_NOMEM   No memory.
 * @retval ITSM_E_MISUSE  An argument is NULL.
 * @retval ITSM_E_INVALID A text the set was built with is not UTF-8.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_sla_encode(itsm_buf *out, const itsm_sla *sla);

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
 * Count the rules of a set.
 *
 * @param sla A set; NULL has none.
 * @return How many.
 * @since 0.1
 */
ITSM_API size_t itsm_sla_count(const itsm_sla *sla);

/**
 * Look at one rule of a set, in the order in which they are tried.
 *
 * @param sla A set.
 * @param i   From 0 to the count.
 * @return Borrowed from @p sla; NULL if there is no such rule.
 * @since 0.1
 */
ITSM_API const itsm_sla_rule *itsm_sla_at(const itsm_sla *sla, size_t i);

/**
 * Count the fields that the rules of a set read.
 *
 * @param sla A set; NULL has none.
 * @return How many; at most 64.
 * @since 0.1
 */
ITSM_API size_t itsm_sla_field_count(const itsm_sla *sla);

/**
 * Look at the name of one field that rules read, in the order in which they first do.
 *
 * @param sla A set.
 * @param i   From 0 to the count.
 * @return Borrowed from @p sla; empty if there is no such field.
 * @since 0.1
 */
ITSM_API itsm_str itsm_sla_field_at(const itsm_sla *sla, size_t i);

/**
 * Tell the value of a field of the record that a target is looked for.
 *
 * Of the kinds of values, conditions on texts fit ITSM_TEXT, ITSM_ENUM and ITSM_PARTY, those on numbers ITSM_INT and
 * those on truth ITSM_BOOL.  A list fits if one of its values does.  A reference to another row fits nothing: give its
 * number or name as a text.
 *
 * @param user  The host's pointer.
 * @param out   The value; borrowed until the search ends.
 * @param field Name of the field.
 * @return ITSM_OK; ITSM_NOTHING if it has no value or there is no such field; anything else ends the search and is
 *         returned.
 * @since 0.1
 */
typedef itsm_status (*itsm_sla_field_fn)(void *user, itsm_value *out, itsm_str field);

/**
 * Find the first rule for a record.  O(rules); of those that only read one whole number from the field `priority`,
 * O(log rules).  Each field is asked for once at most.
 *
 * @param out   Borrowed from @p sla; NULL unless there is one.
 * @param sla   A set; NULL has no rules.
 * @param kind  ITSM_RESPONSE, ITSM_RESOLUTION, ...
 * @param field Asked for values; NULL: no field has any.
 * @param user  Passed to @p field.
 * @retval ITSM_OK       @p out is the rule.
 * @retval ITSM_NOTHING  There is none.
 * @retval ITSM_E_MISUSE @p out is NULL.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_sla_find(const itsm_sla_rule **out, const itsm_sla *sla, uint32_t kind,
                                                 itsm_sla_field_fn field, void *user);

/** The value that a field had.  Its layout is frozen. */
typedef struct itsm_sla_fact {
    itsm_str field;   /**< Name of the field. */
    itsm_value value; /**< As for itsm_sla_field_fn; ITSM_NONE: it had none. */
} itsm_sla_fact;

/** What was known of a record when its target was chosen.  Its layout is frozen. */
typedef struct itsm_sla_facts {
    const itsm_sla_fact *item; /**< Fields that are missing have no value. */
    size_t n;                  /**< How many. */
} itsm_sla_facts;

/**
 * Find the first rule for what is known of a record.  As itsm_sla_find().
 *
 * @param out   Borrowed from @p sla; NULL unless there is one.
 * @param sla   A set; NULL has no rules.
 * @param kind  ITSM_RESPONSE, ITSM_RESOLUTION, ...
 * @param facts What is known; NULL: nothing.
 * @retval ITSM_OK       @p out is the rule.
 * @retval ITSM_NOTHING  There is none.
 * @retval ITSM_E_MISUSE @p out is NULL.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_sla_find_facts(const itsm_sla_rule **out, const itsm_sla *sla, uint32_t kind,
                                                       const itsm_sla_facts *facts);

/**
 * Find the target of a kind and priority: itsm_sla_find() where nothing but the field `priority` is known.
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

/**
 * Make the targets that the events of a clock name by number: one for each list of facts.
 *
 * Where no rule fits, the goal is ITSM_GOAL_NONE and the calendar that of the first rule of the kind, so that time is
 * measured alike.
 *
 * @param out   Room for @p n targets; they borrow from @p sla.
 * @param sla   A set.
 * @param kind  ITSM_RESPONSE, ITSM_RESOLUTION, ...
 * @param facts What they are chosen by.
 * @param n     How many.
 * @retval ITSM_OK       Found.
 * @retval ITSM_E_MISUSE An argument is NULL.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_sla_targets(itsm_target *out, const itsm_sla *sla, uint32_t kind,
                                                    const itsm_sla_facts *facts, size_t n);

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
 * Add a rule on the priority alone, behind the others.
 *
 * @param builder  A builder.
 * @param kind     ITSM_RESPONSE, ITSM_RESOLUTION, ...
 * @param priority Any number.
 * @param target   Copied with its thresholds; a share of its calendar is taken.
 * @retval ITSM_OK        Added.
 * @retval ITSM_E_NOMEM   No memory; the builder is as it was.
 * @retval ITSM_E_MISUSE  An argument is NULL.
 * @retval ITSM_E_INVALID No such kind, or it was called with that kind and priority already.
 * @retval ITSM_E_RANGE   As for itsm_clock_init().
 * @retval ITSM_E_LIMIT   More than 64 thresholds, or more than 10,000 rules.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_sla_builder_add(itsm_sla_builder *builder, uint32_t kind, int64_t priority,
                                                        const itsm_target *target);

/**
 * Add a rule, behind the others.
 *
 * @param builder A builder.
 * @param rule    Copied with all its texts, conditions and thresholds; a share of its calendar is taken.
 * @retval ITSM_OK        Added.
 * @retval ITSM_E_NOMEM   No memory; the builder is as it was.
 * @retval ITSM_E_MISUSE  An argument is NULL, or `rule->size` is too small.
 * @retval ITSM_E_INVALID No such kind; a condition without a field or values, with a value of another kind, or on a
 *                        field that another condition is on.
 * @retval ITSM_E_RANGE   As for itsm_clock_init(), or there is no such policy.
 * @retval ITSM_E_LIMIT   More than 64 thresholds, 16 conditions, 256 values, 64 fields or 64 calendars in all, or
 *                        10,000 rules.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_sla_builder_add_rule(itsm_sla_builder *builder, const itsm_sla_rule *rule);

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

/* What if --------------------------------------------------------------------------------------------------------- */

/** The history of one clock, for itsm_sla_what_if().  Its layout is frozen. */
typedef struct itsm_clock_history {
    const itsm_clock_event *events; /**< In order of effect. */
    size_t nevents;                 /**< How many. */
    const itsm_sla_facts *facts;    /**< What its targets are chosen by: what `target` of an event counts. */
    size_t nfacts;                  /**< How many; at least 1. */
    uint32_t kind;                  /**< ITSM_RESPONSE, ITSM_RESOLUTION, ... */
    uint32_t reserved;              /**< 0 */
} itsm_clock_history;

/** How many clocks stand how.  Its layout is frozen. */
typedef struct itsm_attainment {
    uint64_t clocks;        /**< All of them: the sum of the others. */
    uint64_t met;           /**< Stopped within the goal. */
    uint64_t late;          /**< Stopped beyond the goal. */
    uint64_t open;          /**< Counting or paused, within the goal. */
    uint64_t open_breached; /**< Counting or paused, beyond the goal. */
    uint64_t other;         /**< Idle, cancelled, or without a goal. */
} itsm_attainment;

/** What becomes of a clock's promise under another set. */
enum {
    ITSM_WHAT_IF_SAME = 0,     /**< Beyond its goal under both or neither. */
    ITSM_WHAT_IF_BREACHED = 1, /**< Within its goal, and beyond the other. */
    ITSM_WHAT_IF_KEPT = 2,     /**< Beyond its goal, and within the other. */
    ITSM_WHAT_IF_DROPPED = 3,  /**< Promised, and no more. */
    ITSM_WHAT_IF_ADDED = 4     /**< Not promised, and is now. */
};

/** One clock under two sets. */
typedef struct itsm_what_if_row {
    size_t size;                     /**< sizeof(itsm_what_if_row) of the library. */
    size_t index;                    /**< Which of the clocks. */
    const itsm_sla_rule *before_rule; /**< The rule it ended under in the first set; NULL: none. */
    const itsm_sla_rule *after_rule; /**< The same in the second set. */
    itsm_clock_reading before;       /**< Under the first set. */
    itsm_clock_reading after;        /**< Under the second set. */
    int32_t change;                  /**< ITSM_WHAT_IF_SAME, ... */
    int32_t reserved;                /**< 0 */
} itsm_what_if_row;

/**
 * Take one clock under two sets.
 *
 * @param user The host's pointer.
 * @param row  Borrowed for the call.
 * @return ITSM_OK to go on; anything else stops and is returned.
 * @since 0.1
 */
typedef itsm_status (*itsm_what_if_fn)(void *user, const itsm_what_if_row *row);

/** What itsm_sla_what_if() finds.  Start with ITSM_WHAT_IF_INIT. */
typedef struct itsm_what_if {
    size_t size;            /**< sizeof(itsm_what_if). */
    itsm_attainment before; /**< Under the first set. */
    itsm_attainment after;  /**< Under the second set. */
    uint64_t breached;      /**< Clocks of ITSM_WHAT_IF_BREACHED. */
    uint64_t kept;          /**< Clocks of ITSM_WHAT_IF_KEPT. */
    uint64_t dropped;       /**< Clocks of ITSM_WHAT_IF_DROPPED. */
    uint64_t added;         /**< Clocks of ITSM_WHAT_IF_ADDED. */
} itsm_what_if;

/** Start value of @ref itsm_what_if. */
#define ITSM_WHAT_IF_INIT                                                                                              \
    {                                                                                                                  \
        sizeof(itsm_what_if), {0, 0, 0, 0, 0, 0}, {0, 0, 0, 0, 0, 0}, 0, 0, 0, 0                                       \
    }

/**
 * Fold the same histories under two sets of targets and compare what was attained.  O(events).
 *
 * Another set may have other goals, calendars, policies and rules; each target is chosen anew by the facts of the
 * history.  A clock whose working time cannot be represented is an error, not left out.
 *
 * @param out    Set `size` before; added up over all clocks.  As it was after a failure.
 * @param ctx    Gives memory; issues say which clock.
 * @param before The first set.
 * @param after  The second set.
 * @param clocks Histories.  May be NULL if @p n is 0.
 * @param n      How many.
 * @param now    When they are read; a history that ends later is read at its last event.
 * @param fn     Called for each clock, in order; NULL: for none.
 * @param user   Passed to @p fn.
 * @retval ITSM_OK       Compared.
 * @retval ITSM_E_NOMEM  No memory.
 * @retval ITSM_E_MISUSE A NULL, `out->size` is 0, or as for itsm_clock_replay().
 * @retval ITSM_E_ORDER  The events of a clock are not in order.
 * @retval ITSM_E_RANGE  As for itsm_clock_replay().
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_sla_what_if(itsm_what_if *out, itsm_ctx *ctx, const itsm_sla *before,
                                                    const itsm_sla *after, const itsm_clock_history *clocks, size_t n,
                                                    itsm_time now, itsm_what_if_fn fn, void *user);

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

/* Agenda ---------------------------------------------------------------------------------------------------------- */

/**
 * What falls due, and when: at most one instant for each identity, the earliest first.  For one thread at a time.
 *
 * For hosts that keep their clocks in a table of their own and want one timer for all of them.  It lives in memory only
 * and is filled from that table when the host starts.  An identity is the key of a row there: a number in @c lo, or a
 * UUID; with several clocks for one ticket, the ticket in @c hi and the kind of clock in @c lo.
 *
 * @code
 * // Arm a clock after each event and each alarm.  No alarm to come leaves `at` ITSM_TIME_NONE, which disarms it.
 * itsm_status arm(itsm_agenda *agenda, const ticket *t, itsm_time after)
 * {
 *     itsm_clock_alarm alarm = ITSM_CLOCK_ALARM_INIT;
 *     const itsm_status rc = itsm_clock_next(&alarm, &t->clock, after);
 *     return rc < 0 ? rc : itsm_agenda_set(agenda, t->id, alarm.at);
 * }
 *
 * // When the host's timer rings: fire what fell due, in order; then set the timer to itsm_agenda_next().
 * itsm_status ring(itsm_agenda *agenda, itsm_time now)
 * {
 *     itsm_agenda_entry due;
 *     itsm_status rc;
 *     while ((rc = itsm_agenda_take(&due, agenda, now)) == ITSM_OK) {
 *         itsm_clock_alarm alarm = ITSM_CLOCK_ALARM_INIT;
 *         ticket *t = ticket_find(due.id);
 *         if ((rc = itsm_clock_next(&alarm, &t->clock, due.at - 1)) < 0) break;  // what is due, as it was armed
 *         notify(t, &alarm);
 *         if ((rc = arm(agenda, t, due.at)) < 0) break;
 *     }
 *     return rc < 0 ? rc : ITSM_OK;
 * }
 * @endcode
 *
 * Fire what is due by the instant of an event before the event is applied, then arm the clock anew.
 *
 * Memory: 43 to 86 bytes for each identity armed, taken in steps that double and given back as it empties.
 */
typedef struct itsm_agenda itsm_agenda;

/** One identity and when it falls due.  Its layout is frozen. */
typedef struct itsm_agenda_entry {
    itsm_time at; /**< When. */
    itsm_id id;   /**< What. */
} itsm_agenda_entry;

/**
 * Make an empty agenda.
 *
 * @param out Yours; freed by itsm_agenda_free().  NULL after a failure.
 * @param ctx Gives memory; need not outlive the agenda.
 * @retval ITSM_OK       Empty.
 * @retval ITSM_E_NOMEM  No memory.
 * @retval ITSM_E_MISUSE An argument is NULL.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_agenda_new(itsm_agenda **out, itsm_ctx *ctx);

/**
 * Free an agenda.
 *
 * @param agenda NULL is allowed.
 * @since 0.1
 */
ITSM_API void itsm_agenda_free(itsm_agenda *agenda);

/**
 * Arm an identity, or move it to another instant.  O(log n), expected.
 *
 * @param agenda An agenda.
 * @param id     Any identity.
 * @param at     When it falls due, past or to come; ITSM_TIME_NONE disarms it.
 * @retval ITSM_OK       Armed, or not armed if @p at is ITSM_TIME_NONE.
 * @retval ITSM_E_NOMEM  No memory, or 1,610,612,736 are armed; the agenda is as it was.  Never for an identity that is
 *                       armed.
 * @retval ITSM_E_MISUSE @p agenda is NULL.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_agenda_set(itsm_agenda *agenda, itsm_id id, itsm_time at);

/**
 * Disarm an identity.  O(log n), expected; needs no memory.
 *
 * @param agenda An agenda.
 * @param id     Any identity.
 * @retval ITSM_OK       It was armed and is no more.
 * @retval ITSM_NOTHING  It was not armed.
 * @retval ITSM_E_MISUSE @p agenda is NULL.
 * @since 0.1
 */
ITSM_API itsm_status itsm_agenda_remove(itsm_agenda *agenda, itsm_id id);

/**
 * Tell for when an identity is armed.  O(1), expected.
 *
 * @param out    The instant; as it was unless there is one.
 * @param agenda An agenda.
 * @param id     Any identity.
 * @retval ITSM_OK       @p out is the instant.
 * @retval ITSM_NOTHING  It is not armed.
 * @retval ITSM_E_MISUSE An argument is NULL.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_agenda_find(itsm_time *out, const itsm_agenda *agenda, itsm_id id);

/**
 * Look at what falls due first: the instant for the host's one timer.  O(1).
 *
 * Of those due at the same instant it is the one of the smallest identity, @c hi before @c lo.
 *
 * @param out    The first; as it was unless there is one.
 * @param agenda An agenda.
 * @retval ITSM_OK       @p out is the first; it stays armed.
 * @retval ITSM_NOTHING  Nothing is armed.
 * @retval ITSM_E_MISUSE An argument is NULL.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_agenda_next(itsm_agenda_entry *out, const itsm_agenda *agenda);

/**
 * Take out what falls due first, if that is not later than an instant.  O(log n), expected; needs no memory.
 *
 * Called until it gives ITSM_NOTHING it gives all that fell due, in the order of itsm_agenda_next(), which depends on
 * nothing but what is armed.  Between two calls anything may be armed and disarmed, also what was just taken.
 *
 * @param out    What falls due; as it was unless there is something.
 * @param agenda An agenda.
 * @param now    Up to and including this instant; ITSM_TIME_NONE: nothing is.
 * @retval ITSM_OK       @p out is armed no more.
 * @retval ITSM_NOTHING  Nothing is due by then.
 * @retval ITSM_E_MISUSE An argument is NULL.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_agenda_take(itsm_agenda_entry *out, itsm_agenda *agenda, itsm_time now);

/**
 * Count what is armed.  O(1).
 *
 * @param agenda An agenda; NULL has nothing.
 * @return How many.
 * @since 0.1
 */
ITSM_API size_t itsm_agenda_count(const itsm_agenda *agenda);

/**
 * Disarm everything and give the memory back.
 *
 * @param agenda NULL is allowed.
 * @since 0.1
 */
ITSM_API void itsm_agenda_clear(itsm_agenda *agenda);

/* Chains ---------------------------------------------------------------------------------------------------------- */

/** When a link of a chain begins. */
enum {
    ITSM_LINK_AFTER = 0, /**< When all links before it have ended. */
    ITSM_LINK_BESIDE = 1 /**< Together with the link before it; what comes after waits for both. */
};

/**
 * One agreement on which a target rests: an operational-level agreement, or a contract with a supplier.
 * Start with ITSM_CHAIN_LINK_INIT.
 */
typedef struct itsm_chain_link {
    size_t size;                   /**< sizeof(itsm_chain_link). */
    itsm_str name;                 /**< For people; not read by the arithmetic. */
    const itsm_calendar *calendar; /**< Borrowed; NULL: every hour counts. */
    itsm_span goal;                /**< More than 0. */
    int32_t mode;                  /**< ITSM_LINK_AFTER or ITSM_LINK_BESIDE; of the first: not read. */
    uint32_t party;                /**< Who keeps it, as in itsm_clock_attribute(); not read by the arithmetic. */
} itsm_chain_link;

/** Start value of an itsm_chain_link: no name, no calendar, no goal, after those before it, party 0. */
#define ITSM_CHAIN_LINK_INIT                                                                                           \
    {                                                                                                                  \
        sizeof(itsm_chain_link), { NULL, 0 }, NULL, 0, ITSM_LINK_AFTER, 0                                              \
    }

/** A target and what it rests on.  Start with ITSM_CHAIN_INIT. */
typedef struct itsm_chain {
    size_t size;                  /**< sizeof(itsm_chain). */
    const itsm_calendar *calendar; /**< Of the target.  Borrowed; NULL: every hour counts. */
    itsm_span goal;               /**< Of the target.  More than 0. */
    const itsm_chain_link *links; /**< Borrowed.  The distance from one to the next is the @c size of the first. */
    size_t link_count;            /**< 1 to 64. */
    int32_t boundary;             /**< How late a link may end: ITSM_BOUNDARY_CLOSE: when its goal runs out;
                                       ITSM_BOUNDARY_OPEN: in the closed hours after that too, as long as no more than
                                       its goal is used.  The second is the later end. */
    int32_t reserved;             /**< 0 */
} itsm_chain;

/** Start value of an itsm_chain: no calendar, no goal, no links, each of them ends when its goal runs out. */
#define ITSM_CHAIN_INIT                                                                                                \
    {                                                                                                                  \
        sizeof(itsm_chain), NULL, 0, NULL, 0, ITSM_BOUNDARY_CLOSE, 0                                                   \
    }

/** What one link does to a chain that began at one instant.  Its layout is frozen. */
typedef struct itsm_chain_part {
    itsm_time start;  /**< When it begins. */
    itsm_time end;    /**< When it ends at the latest. */
    itsm_span used;   /**< Working time of the target from its start to its end. */
    itsm_span spare;  /**< Working time of the target from its end until the chain goes on; 0 unless a link beside it
                           ends later. */
    int32_t holds;    /**< 1: it is the one the chain waits for there.  The @c used of these sum to that of the chain. */
    int32_t reserved; /**< 0 */
} itsm_chain_part;

/** What a chain comes to.  Start with ITSM_CHAIN_READING_INIT. */
typedef struct itsm_chain_reading {
    size_t size;      /**< sizeof(itsm_chain_reading). */
    itsm_time start;  /**< Start of the chain; of a check: the earliest of the worst. */
    itsm_time end;    /**< When the last link ends, if each takes as long as it may. */
    itsm_span used;   /**< Working time of the target from start to end. */
    itsm_span slack;  /**< Goal of the target minus used; negative: the chain does not fit. */
    itsm_span open;   /**< Of a check: working time of the target in the period. */
    itsm_span late;   /**< Of a check: how much of @c open are starts from which the chain does not fit. */
    uint32_t weakest; /**< Number of the weakest link: of those the chain waits for, the one from whose start to whose
                           end most working time of the target passes; the first of equal ones. */
    int32_t fits;     /**< 1: slack is not negative. */
} itsm_chain_reading;

/** Start value of @ref itsm_chain_reading. */
#define ITSM_CHAIN_READING_INIT                                                                                        \
    {                                                                                                                  \
        sizeof(itsm_chain_reading), ITSM_TIME_NONE, ITSM_TIME_NONE, 0, 0, 0, 0, 0, 0                                   \
    }

/**
 * Follow a chain from one start: what happens to the target if each link takes as long as it may.  O(links).
 *
 * Each link begins when those before it have ended and takes its goal of its own working time: a link of four hours
 * that begins on Friday at five ends on Monday.  What counts for the target is its own working time in between.
 *
 * @param out   @c size set; filled up to that.
 * @param parts One for each link, or NULL.
 * @param chain A chain.
 * @param start Any instant.
 * @retval ITSM_OK             @p out and @p parts are filled.
 * @retval ITSM_E_MISUSE       @p out or @p chain or a part of it is NULL, or a `size` is too small.
 * @retval ITSM_E_RANGE        A goal is not more than 0, a mode or boundary is neither, or an instant or span cannot be
 *                             represented.
 * @retval ITSM_E_LIMIT        No link, or more than 64.
 * @retval ITSM_E_NO_OPEN_TIME A link would never end.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_chain_read(itsm_chain_reading *out, itsm_chain_part *parts,
                                                   const itsm_chain *chain, itsm_time start);

/**
 * Check whether a target can be kept if all it rests on is just kept, and find the weakest link.
 *
 * Exact: every start of the period is accounted for, by microsecond, not a sample of them.  Calendars are linear between
 * their edges, so only starts at which the start or an end of a link meets an edge are looked at.  It takes time
 * in proportion to the edges of open time in the period (about a millisecond for a year) times links, and no memory.
 *
 * It holds for starts in the period and no others: take the years for which the calendars know their holidays.
 * A start in closed hours of the target is never worse than one at the next opening.
 *
 * @param out   @c size set; filled up to that: the worst start.
 * @param parts One for each link, at that start, or NULL.
 * @param chain A chain.
 * @param from  First start.
 * @param to    Starts are before this; at most 36,525 days after @p from.
 * @retval ITSM_OK             @p out and @p parts are filled; `out->fits` is the answer.
 * @retval ITSM_E_MISUSE       As for itsm_chain_read().
 * @retval ITSM_E_RANGE        As for itsm_chain_read(), or @p to is not after @p from.
 * @retval ITSM_E_LIMIT        No link, more than 64, or a longer period.
 * @retval ITSM_E_NO_OPEN_TIME A link would never end, from some start.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_chain_check(itsm_chain_reading *out, itsm_chain_part *parts,
                                                    const itsm_chain *chain, itsm_time from, itsm_time to);

/**
 * Find the longest goal of one link with which a chain fits, all others as they are: what to negotiate.
 *
 * As costly as twice as many checks as the answer has bits in units: 20 for some hours in minutes.
 *
 * @param out   The goal, which may be longer than that of the link; as it was unless there is one.
 * @param chain A chain; the goal of that link is not read.
 * @param link  Number of the link.
 * @param unit  The answer is a multiple of this, e.g. ITSM_MINUTES(1); more than 0.
 * @param from,to As for itsm_chain_check().
 * @retval ITSM_OK             @p out is the goal.
 * @retval ITSM_NOTHING        It does not fit even with one unit.
 * @retval ITSM_E_MISUSE       As for itsm_chain_read(), or there is no such link.
 * @retval ITSM_E_RANGE        As for itsm_chain_check(), or @p unit is not more than 0.
 * @retval ITSM_E_LIMIT        As for itsm_chain_check().
 * @retval ITSM_E_NO_OPEN_TIME A link would never end, from some start.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_chain_longest(itsm_span *out, const itsm_chain *chain, size_t link,
                                                      itsm_span unit, itsm_time from, itsm_time to);

/** No party. */
#define ITSM_PARTY_NONE UINT32_MAX

/** Who holds a case from an instant on.  Its layout is frozen. */
typedef struct itsm_handover {
    itsm_time at;      /**< When. */
    uint32_t party;    /**< To whom: a number below the count of parties. */
    uint32_t reserved; /**< 0 */
} itsm_handover;

/** The parties to a case, and who holds it when.  Start with ITSM_PARTIES_INIT. */
typedef struct itsm_parties {
    size_t size;                    /**< sizeof(itsm_parties). */
    size_t count;                   /**< Parties, numbered from 0; at least 1. */
    const itsm_handover *handovers; /**< Borrowed, in order of @c at; until the first one, party 0 holds. */
    size_t handover_count;          /**< How many. */
    const uint32_t *cause_party;    /**< Borrowed: for each cause of a pause who holds while it does, e.g. the customer
                                         who is asked, or ITSM_PARTY_NONE: whoever holds by the handovers. */
    size_t cause_count;             /**< How many, at most 64; causes beyond name nobody. */
} itsm_parties;

/** Start value of an itsm_parties: none, no handovers, no causes. */
#define ITSM_PARTIES_INIT                                                                                              \
    {                                                                                                                  \
        sizeof(itsm_parties), 0, NULL, 0, NULL, 0                                                                      \
    }

/** What of a clock fell to one party.  Its layout is frozen. */
typedef struct itsm_share {
    itsm_span used;    /**< Working time counted while it held. */
    itsm_span over;    /**< Of that, beyond the goal in force at that time. */
    itsm_span paused;  /**< Working time not counted because of pauses. */
    itsm_span stopped; /**< Working time not counted between stop and reopening. */
} itsm_share;

/** Who a clock was with, in sum.  Start with ITSM_ATTRIBUTION_INIT. */
typedef struct itsm_attribution {
    size_t size;        /**< sizeof(itsm_attribution). */
    itsm_span used;     /**< As in the reading: the shares plus @c adjusted. */
    itsm_span adjusted; /**< Used time that no party spent: what scaling it to a new goal added. */
    itsm_span paused;   /**< As in the reading: the sum of the shares. */
    itsm_span stopped;  /**< As in the reading: the sum of the shares. */
    int32_t breached;   /**< As in the reading. */
    uint32_t party;     /**< Who held it when it went beyond its goal; ITSM_PARTY_NONE if it did not. */
} itsm_attribution;

/** Start value of @ref itsm_attribution. */
#define ITSM_ATTRIBUTION_INIT                                                                                          \
    {                                                                                                                  \
        sizeof(itsm_attribution), 0, 0, 0, 0, 0, ITSM_PARTY_NONE                                                       \
    }

/**
 * Say who used the time of a clock, and with whom it was breached.
 *
 * The case is with one party at a time: with that of the lowest cause of a pause that holds and names one, otherwise
 * with that of the last handover.  Shares are exact: they sum to the reading at @p now.  The breach falls to the party
 * with which the first microsecond beyond the goal was spent, or with which the case was when a new goal turned out to
 * be exceeded already; not to the one who handed it over with nothing left.
 *
 * It takes time in proportion to events and handovers, whatever the span, and no memory.
 *
 * @param out          @c size set; filled up to that.
 * @param shares       One for each party.
 * @param parties      Who holds when.
 * @param targets      As for itsm_clock_replay().
 * @param target_count As for itsm_clock_replay().
 * @param events       As for itsm_clock_replay().
 * @param n            How many.
 * @param now          Not before the last event.  Handovers after it are not read.
 * @retval ITSM_OK       @p out and @p shares are filled.
 * @retval ITSM_E_MISUSE As for itsm_clock_replay(), or `parties->size` is too small.
 * @retval ITSM_E_ORDER  Events or handovers are not in order, or @p now is before the last event.
 * @retval ITSM_E_RANGE  As for itsm_clock_replay(), or there is no such party.
 * @retval ITSM_E_LIMIT  As for itsm_clock_replay(), or more than 64 causes, or no party or 2^32 or more.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_clock_attribute(itsm_attribution *out, itsm_share *shares,
                                                        const itsm_parties *parties, const itsm_target *targets,
                                                        size_t target_count, const itsm_clock_event *events, size_t n,
                                                        itsm_time now);

ITSM_END_C

#endif
