/* SPDX-License-Identifier: MIT */
/**
 * @file itsm/calendar.h
 * Working time: when a service is open, and arithmetic on that.
 *
 * A calendar is defined in local time of one zone (JSON or a builder), then frozen: it is compiled once, never changes
 * again and may be read by any thread.  The arithmetic takes and gives instants in UTC and counts real time: a day
 * that is open for 24 hours has 23 or 25 of them when the clocks change.
 *
 * Open time is half-open: at its opening instant a calendar is open, at its closing instant no more.  Intervals that
 * touch or overlap are one.  A holiday beats an override, an override beats the weekly hours, breaks are taken away
 * from either.
 *
 * Cost: the days from 1990 to 2090 are compiled into a table of days and its inverse, all other years into sheets that
 * like years share, so that add and between cost the same for an hour and for ten years and do not grow with the number
 * of holidays.  A calendar takes 0.4 to 1 MB and some milliseconds to compile.  Outside those hundred years the answers
 * are as exact and cost a few binary searches more.
 */
#ifndef ITSM_CALENDAR_H
#define ITSM_CALENDAR_H

#include <itsm/base.h>
#include <itsm/time.h>

ITSM_BEGIN_C

/** A frozen calendar.  Counted; read by any thread. */
typedef struct itsm_calendar itsm_calendar;

/** Collects the parts of a calendar before it is frozen. */
typedef struct itsm_calendar_builder itsm_calendar_builder;

/** What a sum that ends exactly on an edge of open time gives.  See itsm_calendar_add(). */
enum {
    ITSM_BOUNDARY_CLOSE = 0, /**< The edge reached first: the closing instant, or the opening one when going back. */
    ITSM_BOUNDARY_OPEN = 1   /**< The edge beyond the closed time: the next opening, or the closing before it. */
};

/** A span of local time on a date: `[from, to)` in seconds after midnight.  @c to <= @c from runs into the next day. */
typedef struct itsm_hours {
    int32_t from; /**< 0 to 86399. */
    int32_t to;   /**< 0 to 86400. */
} itsm_hours;

/** A span of instants: `[from, to)`. */
typedef struct itsm_interval {
    itsm_time from; /**< First instant. */
    itsm_time to;   /**< First instant after it. */
} itsm_interval;

/* Making one ------------------------------------------------------------------------------------------------------ */

/**
 * Load a calendar from its JSON definition.
 *
 * An object of `tz` (name of a zone), and optionally `name`, `weekly` (`mon` to `sun`, each a list of
 * `["09:00", "17:00"]`), `holidays` (dates, or objects of `date` and `name`), `recurring_holidays` (`"12-25"`, or
 * objects of `date` and `name`), `overrides` and `breaks` (both: date to list of intervals).  Times are `HH:MM` or
 * `HH:MM:SS`, `24:00` ends a day, and an end not after the start lies on the next day.  An override with an empty list
 * closes its date.  Other members are refused.
 *
 * @param out  Yours; freed by itsm_calendar_free().  NULL after a failure.
 * @param ctx  Gives memory and the zone; issues have the position.
 * @param json The definition, at most 4 MiB.
 * @retval ITSM_OK          Loaded and compiled.
 * @retval ITSM_E_NOMEM     No memory.
 * @retval ITSM_E_MISUSE    @p out or @p ctx is NULL.
 * @retval ITSM_E_SYNTAX    Not JSON.
 * @retval ITSM_E_INVALID   JSON, but not a calendar.
 * @retval ITSM_E_NOT_FOUND The zone is not known.
 * @retval ITSM_E_LIMIT     Too long, too deep, or too many parts.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_calendar_load(itsm_calendar **out, itsm_ctx *ctx, itsm_str json);

/**
 * Write a calendar's definition as JSON that itsm_calendar_load() reads back to the same calendar.
 *
 * @param out      Appended to; as it was after a failure.
 * @param calendar A calendar.
 * @retval ITSM_OK       Written: one object, no line feed.
 * @retval ITSM_E_NOMEM  No memory.
 * @retval ITSM_E_MISUSE An argument is NULL.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_calendar_encode(itsm_buf *out, const itsm_calendar *calendar);

/**
 * Take a share of a calendar.
 *
 * @param calendar A calendar, or NULL.
 * @return The same pointer; give it back with itsm_calendar_free().
 * @since 0.1
 */
ITSM_API itsm_calendar *itsm_calendar_ref(const itsm_calendar *calendar);

/**
 * Give a share of a calendar back; the last one frees it.
 *
 * @param calendar NULL is allowed.
 * @since 0.1
 */
ITSM_API void itsm_calendar_free(itsm_calendar *calendar);

/**
 * Look at a calendar's name.
 *
 * @param calendar A calendar.
 * @return Borrowed; empty if it has none.
 * @since 0.1
 */
ITSM_API itsm_str itsm_calendar_name(const itsm_calendar *calendar);

/**
 * Look at a calendar's zone.
 *
 * @param calendar A calendar.
 * @return Borrowed from the calendar; never NULL for a calendar.
 * @since 0.1
 */
ITSM_API const itsm_zone *itsm_calendar_zone(const itsm_calendar *calendar);

/**
 * Begin a calendar.
 *
 * @param out  Yours; freed by itsm_calendar_builder_free().  NULL after a failure.
 * @param ctx  Gives memory; must outlive the builder.
 * @param zone A share is taken.
 * @retval ITSM_OK       An empty definition: never open.
 * @retval ITSM_E_NOMEM  No memory.
 * @retval ITSM_E_MISUSE An argument is NULL.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_calendar_builder_new(itsm_calendar_builder **out, itsm_ctx *ctx,
                                                             const itsm_zone *zone);

/**
 * Free a builder, frozen from or not.
 *
 * @param builder NULL is allowed.
 * @since 0.1
 */
ITSM_API void itsm_calendar_builder_free(itsm_calendar_builder *builder);

/**
 * Name the calendar.
 *
 * @param builder A builder.
 * @param name    Copied; replaces an earlier name.
 * @retval ITSM_OK       Named.
 * @retval ITSM_E_NOMEM  No memory; the builder is as it was.
 * @retval ITSM_E_MISUSE @p builder is NULL.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_calendar_builder_set_name(itsm_calendar_builder *builder, itsm_str name);

/**
 * Add weekly hours.
 *
 * @param builder A builder.
 * @param weekday 0 is Monday, 6 is Sunday, as itsm_date_weekday() says.
 * @param hours   Local time; may touch or overlap others.
 * @retval ITSM_OK        Added.
 * @retval ITSM_E_NOMEM   No memory; the builder is as it was.
 * @retval ITSM_E_MISUSE  @p builder is NULL.
 * @retval ITSM_E_INVALID No such weekday, or hours out of range.
 * @retval ITSM_E_LIMIT   More than 1,000 intervals on one weekday.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_calendar_builder_add_weekly(itsm_calendar_builder *builder, int32_t weekday,
                                                                    itsm_hours hours);

/**
 * Add a holiday: the whole civil date is closed.  So is a night shift that would start on it, and that part of
 * yesterday's night shift that runs into it.
 *
 * @param builder A builder.
 * @param date    Days since 1970-01-01, of the years -9999 to 9999.
 * @param name    Copied, shown by itsm_calendar_explain(); may be empty.
 * @retval ITSM_OK        Added; a date added twice keeps its first name.
 * @retval ITSM_E_NOMEM   No memory; the builder is as it was.
 * @retval ITSM_E_MISUSE  @p builder is NULL.
 * @retval ITSM_E_INVALID No such date.
 * @retval ITSM_E_LIMIT   More than 100,000 dates.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_calendar_builder_add_holiday(itsm_calendar_builder *builder, int64_t date,
                                                                     itsm_str name);

/**
 * Add a holiday of every year.
 *
 * @param builder A builder.
 * @param month   1 to 12.
 * @param day     1 to the last of that month; 29 February falls in leap years only.
 * @param name    Copied; may be empty.
 * @retval ITSM_OK        Added; one added twice keeps its first name.
 * @retval ITSM_E_NOMEM   No memory; the builder is as it was.
 * @retval ITSM_E_MISUSE  @p builder is NULL.
 * @retval ITSM_E_INVALID No such day.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_calendar_builder_add_recurring_holiday(itsm_calendar_builder *builder,
                                                                               int32_t month, int32_t day,
                                                                               itsm_str name);

/**
 * Replace the weekly hours of one date.  Called again for the same date, it adds to what replaces them.
 *
 * @param builder A builder.
 * @param date    Days since 1970-01-01, of the years -9999 to 9999.
 * @param hours   @p n intervals that start on that date; NULL with @p n 0 closes it.
 * @param n       How many.
 * @retval ITSM_OK        Added.
 * @retval ITSM_E_NOMEM   No memory; the builder is as it was.
 * @retval ITSM_E_MISUSE  @p builder is NULL, or @p hours is with @p n > 0.
 * @retval ITSM_E_INVALID No such date, or hours out of range.
 * @retval ITSM_E_LIMIT   More than 100,000 intervals.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_calendar_builder_add_override(itsm_calendar_builder *builder, int64_t date,
                                                                      const itsm_hours *hours, size_t n);

/**
 * Take hours away from one date, whether they come from the week, an override or yesterday's night shift.
 *
 * @param builder A builder.
 * @param date    Days since 1970-01-01, of the years -9999 to 9999.
 * @param hours   What is taken away; may run into the next day.
 * @retval ITSM_OK        Added.
 * @retval ITSM_E_NOMEM   No memory; the builder is as it was.
 * @retval ITSM_E_MISUSE  @p builder is NULL.
 * @retval ITSM_E_INVALID No such date, or hours out of range.
 * @retval ITSM_E_LIMIT   More than 100,000 intervals.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_calendar_builder_add_break(itsm_calendar_builder *builder, int64_t date,
                                                                   itsm_hours hours);

/**
 * Compile what was added into a calendar.  The builder stays as it is and may be added to and frozen again.
 *
 * Takes milliseconds.
 *
 * @param out     Yours; freed by itsm_calendar_free().  NULL after a failure.
 * @param builder A builder.
 * @retval ITSM_OK       Compiled.
 * @retval ITSM_E_NOMEM  No memory.
 * @retval ITSM_E_MISUSE An argument is NULL.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_calendar_builder_freeze(itsm_calendar **out,
                                                                const itsm_calendar_builder *builder);

/* Arithmetic ------------------------------------------------------------------------------------------------------ */

/**
 * Go forward or back by working time.
 *
 * @p n > 0: the earliest instant by which @p n working time has passed since @p start; a sum that ends exactly at
 * closing gives the closing instant, or the next opening with ITSM_BOUNDARY_OPEN.  @p n < 0: the latest instant from
 * which that much passes until @p start; a sum that ends exactly at an opening gives it, or the closing before it with
 * ITSM_BOUNDARY_OPEN.  @p n = 0: @p start itself if open, else the next opening.
 *
 * `between(a, add(a, n)) == n` for every @p n that has an answer.
 *
 * @param out      The instant; as it was after a failure.
 * @param calendar A calendar.
 * @param start    Any instant.
 * @param n        Working time.
 * @param boundary ITSM_BOUNDARY_CLOSE or ITSM_BOUNDARY_OPEN.
 * @retval ITSM_OK             @p out is the instant.
 * @retval ITSM_E_MISUSE       An argument is NULL, or @p boundary is neither.
 * @retval ITSM_E_NO_OPEN_TIME There is not that much open time in that direction.
 * @retval ITSM_E_RANGE        An instant that cannot be represented, given or to be given.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_calendar_add(itsm_time *out, const itsm_calendar *calendar, itsm_time start,
                                                     itsm_span n, int32_t boundary);

/**
 * Measure the working time between two instants.
 *
 * @param out      Working time from @p a to @p b, negative if @p b is before @p a; as it was after a failure.
 * @param calendar A calendar.
 * @param a,b      Any instants.
 * @retval ITSM_OK       @p out is the span.
 * @retval ITSM_E_MISUSE An argument is NULL.
 * @retval ITSM_E_RANGE  An instant is ITSM_TIME_NONE, or the span cannot be represented.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_calendar_between(itsm_span *out, const itsm_calendar *calendar, itsm_time a,
                                                         itsm_time b);

/**
 * Tell whether a calendar is open.
 *
 * @param calendar A calendar; NULL is never open.
 * @param at       Any instant; ITSM_TIME_NONE is not open.
 * @return 1 or 0.
 * @since 0.1
 */
ITSM_API int itsm_calendar_is_open(const itsm_calendar *calendar, itsm_time at);

/**
 * Find the first open instant at or after an instant: itself if open, else the next opening.
 *
 * @param out      The instant; as it was after a failure.
 * @param calendar A calendar.
 * @param at       Any instant.
 * @retval ITSM_OK             @p out is the instant.
 * @retval ITSM_E_MISUSE       An argument is NULL.
 * @retval ITSM_E_NO_OPEN_TIME There is no more open time.
 * @retval ITSM_E_RANGE        @p at is ITSM_TIME_NONE, or the answer cannot be represented.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_calendar_next_open(itsm_time *out, const itsm_calendar *calendar, itsm_time at);

/**
 * Find the end of the current or next run of open time, strictly after an instant.
 *
 * @param out      The instant; as it was after a failure.
 * @param calendar A calendar.
 * @param at       Any instant.
 * @retval ITSM_OK             @p out is the instant.
 * @retval ITSM_E_MISUSE       An argument is NULL.
 * @retval ITSM_E_NO_OPEN_TIME There is no more open time.
 * @retval ITSM_E_RANGE        @p at is ITSM_TIME_NONE, or the answer cannot be represented: it never closes.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_calendar_next_close(itsm_time *out, const itsm_calendar *calendar,
                                                            itsm_time at);

/**
 * Find the start of the current or last run of open time, strictly before an instant.
 *
 * @param out      The instant; as it was after a failure.
 * @param calendar A calendar.
 * @param at       Any instant.
 * @retval ITSM_OK             @p out is the instant.
 * @retval ITSM_E_MISUSE       An argument is NULL.
 * @retval ITSM_E_NO_OPEN_TIME There was no open time before.
 * @retval ITSM_E_RANGE        @p at is ITSM_TIME_NONE, or the answer cannot be represented: it has always been open.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_calendar_prev_open(itsm_time *out, const itsm_calendar *calendar, itsm_time at);

/**
 * Find the last instant up to which there was open time: @p at itself if open time lies directly before it, else the
 * last closing.
 *
 * @param out      The instant; as it was after a failure.
 * @param calendar A calendar.
 * @param at       Any instant.
 * @retval ITSM_OK             @p out is the instant.
 * @retval ITSM_E_MISUSE       An argument is NULL.
 * @retval ITSM_E_NO_OPEN_TIME There was no open time before.
 * @retval ITSM_E_RANGE        @p at is ITSM_TIME_NONE, or the answer cannot be represented.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_calendar_prev_close(itsm_time *out, const itsm_calendar *calendar,
                                                            itsm_time at);

/* Arrays ---------------------------------------------------------------------------------------------------------- */

/**
 * itsm_calendar_add() over arrays.  Faster for each element than the single call, most of all for sorted input.
 *
 * ITSM_TIME_NONE gives ITSM_TIME_NONE.  An element without an answer gives ITSM_TIME_NONE too, and its status is
 * returned after all the others are done.
 *
 * @param out      @p n instants; may be @p start.
 * @param calendar A calendar.
 * @param start    @p n instants.
 * @param spans    @p n working times.
 * @param n        How many.
 * @param boundary ITSM_BOUNDARY_CLOSE or ITSM_BOUNDARY_OPEN.
 * @retval ITSM_OK             All have an answer, or were ITSM_TIME_NONE.
 * @retval ITSM_E_MISUSE       An argument is NULL, or @p boundary is neither; nothing is written.
 * @retval ITSM_E_NO_OPEN_TIME The first that has none: there is not that much open time.
 * @retval ITSM_E_RANGE        The first that has none: it cannot be represented.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_calendar_add_many(itsm_time *out, const itsm_calendar *calendar,
                                                          const itsm_time *start, const itsm_span *spans, size_t n,
                                                          int32_t boundary);

/**
 * itsm_calendar_between() over arrays.  ITSM_TIME_NONE on either side gives ITSM_SPAN_NONE.
 *
 * @param out      @p n spans; may be @p a or @p b.
 * @param calendar A calendar.
 * @param a,b      @p n instants each.
 * @param n        How many.
 * @retval ITSM_OK       All have an answer, or were ITSM_TIME_NONE.
 * @retval ITSM_E_MISUSE An argument is NULL; nothing is written.
 * @retval ITSM_E_RANGE  A span cannot be represented; it is ITSM_SPAN_NONE.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_calendar_between_many(itsm_span *out, const itsm_calendar *calendar,
                                                              const itsm_time *a, const itsm_time *b, size_t n);

/**
 * itsm_calendar_is_open() over an array.
 *
 * @param out      @p n bytes: 1 or 0.
 * @param calendar A calendar.
 * @param at       @p n instants.
 * @param n        How many.
 * @retval ITSM_OK       Done.
 * @retval ITSM_E_MISUSE An argument is NULL; nothing is written.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_calendar_is_open_many(uint8_t *out, const itsm_calendar *calendar,
                                                              const itsm_time *at, size_t n);

/**
 * itsm_calendar_next_open() over an array.  Elements without an answer as in itsm_calendar_add_many().
 *
 * @param out      @p n instants; may be @p at.
 * @param calendar A calendar.
 * @param at       @p n instants.
 * @param n        How many.
 * @retval ITSM_OK             All have an answer, or were ITSM_TIME_NONE.
 * @retval ITSM_E_MISUSE       An argument is NULL; nothing is written.
 * @retval ITSM_E_NO_OPEN_TIME The first that has none: there is no open time.
 * @retval ITSM_E_RANGE        The first that has none: it cannot be represented.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_calendar_next_open_many(itsm_time *out, const itsm_calendar *calendar,
                                                                const itsm_time *at, size_t n);

/**
 * itsm_calendar_next_close() over an array.  Elements without an answer as in itsm_calendar_add_many().
 *
 * @param out      @p n instants; may be @p at.
 * @param calendar A calendar.
 * @param at       @p n instants.
 * @param n        How many.
 * @retval ITSM_OK             All have an answer, or were ITSM_TIME_NONE.
 * @retval ITSM_E_MISUSE       An argument is NULL; nothing is written.
 * @retval ITSM_E_NO_OPEN_TIME The first that has none: there is no open time.
 * @retval ITSM_E_RANGE        The first that has none: it cannot be represented.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_calendar_next_close_many(itsm_time *out, const itsm_calendar *calendar,
                                                                 const itsm_time *at, size_t n);

/**
 * itsm_calendar_prev_open() over an array.  Elements without an answer as in itsm_calendar_add_many().
 *
 * @param out      @p n instants; may be @p at.
 * @param calendar A calendar.
 * @param at       @p n instants.
 * @param n        How many.
 * @retval ITSM_OK             All have an answer, or were ITSM_TIME_NONE.
 * @retval ITSM_E_MISUSE       An argument is NULL; nothing is written.
 * @retval ITSM_E_NO_OPEN_TIME The first that has none: there is no open time.
 * @retval ITSM_E_RANGE        The first that has none: it cannot be represented.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_calendar_prev_open_many(itsm_time *out, const itsm_calendar *calendar,
                                                                const itsm_time *at, size_t n);

/**
 * itsm_calendar_prev_close() over an array.  Elements without an answer as in itsm_calendar_add_many().
 *
 * @param out      @p n instants; may be @p at.
 * @param calendar A calendar.
 * @param at       @p n instants.
 * @param n        How many.
 * @retval ITSM_OK             All have an answer, or were ITSM_TIME_NONE.
 * @retval ITSM_E_MISUSE       An argument is NULL; nothing is written.
 * @retval ITSM_E_NO_OPEN_TIME The first that has none: there is no open time.
 * @retval ITSM_E_RANGE        The first that has none: it cannot be represented.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_calendar_prev_close_many(itsm_time *out, const itsm_calendar *calendar,
                                                                 const itsm_time *at, size_t n);

/* Open intervals and explanations --------------------------------------------------------------------------------- */

/** A walk over open intervals.  Start with itsm_calendar_intervals(); the members are the library's. */
typedef struct itsm_calendar_cursor {
    const itsm_calendar *calendar; /**< Borrowed. */
    itsm_time at;                  /**< Where the walk stands. */
    itsm_time end;                 /**< Where it ends. */
} itsm_calendar_cursor;

/**
 * Begin a walk over the open intervals from one instant to another.
 *
 * @param out      The caller's; nothing to free.
 * @param calendar Must outlive the walk.
 * @param a,b      From @p a to @p b; nothing lies between them if @p b <= @p a.
 * @since 0.1
 */
ITSM_API void itsm_calendar_intervals(itsm_calendar_cursor *out, const itsm_calendar *calendar, itsm_time a,
                                      itsm_time b);

/**
 * Take the next open interval, joined with what touches it and cut to the two ends of the walk.
 *
 * @param out    Filled unless there are no more.
 * @param cursor A walk.
 * @retval ITSM_OK       An interval.
 * @retval ITSM_DONE     There are no more.
 * @retval ITSM_E_MISUSE An argument is NULL.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_calendar_intervals_next(itsm_interval *out, itsm_calendar_cursor *cursor);

/** Why a piece of time counts or does not. */
enum {
    ITSM_WHY_WEEKLY = 1,   /**< Counted: weekly hours. */
    ITSM_WHY_OVERRIDE = 2, /**< Counted: hours of an override. */
    ITSM_WHY_ALWAYS = 3,   /**< Counted: there is no calendar, every hour counts. */
    ITSM_WHY_OUTSIDE = 4,  /**< Not counted: outside the hours of that date. */
    ITSM_WHY_WEEKDAY = 5,  /**< Not counted: that weekday has no hours. */
    ITSM_WHY_HOLIDAY = 6,  /**< Not counted: a holiday. */
    ITSM_WHY_REPLACED = 7, /**< Not counted: outside the hours of an override. */
    ITSM_WHY_BREAK = 8,    /**< Not counted: taken away by a break. */
    ITSM_WHY_PAUSED = 9,   /**< Not counted: open, but the clock was paused.  Clocks only. */
    ITSM_WHY_STOPPED = 10, /**< Not counted: open, but the clock was stopped.  Clocks only. */
    ITSM_WHY_ADJUSTED = 11 /**< Used time scaled to a new goal.  Clocks only. */
};

/**
 * Say in a word or two why time counts or does not.
 *
 * @param why ITSM_WHY_WEEKLY, ...
 * @return English; static, never NULL.
 * @since 0.1
 */
ITSM_API const char *itsm_why_text(int32_t why);

/** One piece of an explanation.  Lies within one local date. */
typedef struct itsm_calendar_row {
    size_t size;          /**< sizeof(itsm_calendar_row) of the library. */
    int64_t date;         /**< Local date it lies on: days since 1970-01-01. */
    int64_t shift;        /**< Date whose hours they are: yesterday for the tail of a night shift, else @c date. */
    itsm_time from;       /**< First instant. */
    itsm_time to;         /**< First instant after it. */
    itsm_time local_from; /**< Local time of @c from, written as if it were UTC. */
    itsm_time local_to;   /**< Local time of @c to, written as if it were UTC, by the offset just before it. */
    itsm_span counted;    /**< Working time in it: all of it or 0; negative when measuring back. */
    int32_t why;          /**< ITSM_WHY_WEEKLY, ... */
    int32_t weekday;      /**< Of @c date: 0 is Monday, 6 is Sunday. */
    itsm_str name;        /**< Name of the holiday; empty otherwise.  Borrowed from the calendar. */
} itsm_calendar_row;

/**
 * Take one row of an explanation.
 *
 * @param user The host's pointer.
 * @param row  Borrowed for the call.
 * @return ITSM_OK to go on; anything else stops and is returned.
 * @since 0.1
 */
typedef itsm_status (*itsm_calendar_explain_fn)(void *user, const itsm_calendar_row *row);

/**
 * Explain the working time between two instants: rows, in order of time, that cover all of it, and whose @c counted
 * sum to itsm_calendar_between().  O(rows).
 *
 * @param calendar A calendar.
 * @param a,b      Instants.
 * @param fn       Called for each row, earliest first.
 * @param user     Passed to @p fn.
 * @retval ITSM_OK       All rows were given.
 * @retval ITSM_E_MISUSE @p calendar or @p fn is NULL.
 * @retval ITSM_E_RANGE  An instant is ITSM_TIME_NONE or lies outside the years -9999 to 9999.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_calendar_explain(const itsm_calendar *calendar, itsm_time a, itsm_time b,
                                                         itsm_calendar_explain_fn fn, void *user);

ITSM_END_C

#endif
