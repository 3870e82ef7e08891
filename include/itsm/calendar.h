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
 * touch or overlap are one.  A holiday beats an override, an override beats the weekly hours, additions add to what
 * either gives, and breaks are taken away from all of them.
 *
 * Calendars can be made of calendars: another definition from an instant on (versions), and the union, intersection or
 * difference of some, each in its own zone.  Asking such a calendar costs what asking any other does.
 *
 * Cost: the days from 2000 to 2049 are compiled into a table of days and its inverse, all other years into sheets that
 * like years share, so that add and between cost the same for an hour and for ten years and do not grow with the number
 * of holidays: 10 to 25 ns, and over arrays in order of time about 5 ns.  In other years the answers are as exact; there
 * between costs some 70 ns, and add, which searches, up to 200 ns.  A calendar takes 0.2 to 0.35 MB and 0.5 to 3 ms to
 * compile; thousands of dates that all have hours of their own add 100 bytes each.
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

/** How a recurrence finds its date in a year. */
enum {
    ITSM_RECURRENCE_DATE = 0,           /**< @c month and @c day; 29 February in leap years only. */
    ITSM_RECURRENCE_WEEKDAY = 1,        /**< The @c nth @c weekday of @c month, @c offset days later. */
    ITSM_RECURRENCE_ON_OR_AFTER = 2,    /**< The first @c weekday from @c month and @c day on, @c offset days later. */
    ITSM_RECURRENCE_EASTER = 3,         /**< Easter Sunday of the western churches, @c offset days later. */
    ITSM_RECURRENCE_EASTER_ORTHODOX = 4 /**< That of the Julian calendar, @c offset days later. */
};

/**
 * Where a recurrence that falls on a weekend is observed.  Its own date stays a holiday; the day it is observed is one
 * more, named "X (observed)".
 */
enum {
    ITSM_OBSERVED_NONE = 0,    /**< On its date only. */
    ITSM_OBSERVED_NEAREST = 1, /**< A Saturday's on the Friday before it, a Sunday's on the Monday after it. */
    /**
     * On the first day from Monday to Friday after the weekend that is no holiday itself, nor taken by another holiday
     * of that weekend observed so: Saturday's comes before Sunday's, one for each.  None if all five days are taken.
     */
    ITSM_OBSERVED_NEXT = 2,
    ITSM_OBSERVED_MONDAY = 3 /**< A Sunday's on the Monday after it; a Saturday's nowhere else. */
};

/**
 * A holiday of every year.
 *
 * Easter is found by the rules of the Gregorian reform and of the Julian calendar (J. Meeus, Astronomical Algorithms,
 * 2nd ed., chapter 8), both given as Gregorian dates, for the years 1583 to 9999.  Outside these years there is none:
 * the dates of Easter do not repeat after 400 years as all else does.  A calendar with a rule of Easter that is not bound
 * to some years takes about 0.4 MB and 10 ms more, and is asked as fast as others.
 */
typedef struct itsm_recurrence {
    size_t size;        /**< sizeof(itsm_recurrence). */
    int32_t kind;       /**< ITSM_RECURRENCE_DATE, ... */
    int32_t month;      /**< 1 to 12; 0 with Easter. */
    int32_t day;        /**< 1 to the last of the month; 0 with Easter and the nth weekday. */
    int32_t weekday;    /**< 0 is Monday, 6 is Sunday; 0 where none is asked for. */
    int32_t nth;        /**< 1 to 5 from the start of the month, -1 to -5 from its end; a fifth one may be missing. */
    int32_t offset;     /**< -300 to 300 days, may lead into another year; 0 with a date. */
    int32_t observed;   /**< ITSM_OBSERVED_NONE, ... */
    int32_t first_year; /**< 1 to 9999: none before it; 0: no such bound. */
    int32_t last_year;  /**< 1 to 9999: none after it; 0: no such bound.  Both speak of the year the rule is asked in. */
    itsm_str name;      /**< Shown by itsm_calendar_explain(); may be empty. */
} itsm_recurrence;

/** Start value of @ref itsm_recurrence. */
#define ITSM_RECURRENCE_INIT { sizeof(itsm_recurrence), 0, 0, 0, 0, 0, 0, 0, 0, 0, { NULL, 0 } }

/**
 * Load a calendar from its JSON definition.
 *
 * An object of `tz` (name of a zone), and optionally `name`, `weekly` (`mon` to `sun`, each a list of
 * `["09:00", "17:00"]`), `holidays` (dates, or objects of `date` and `name`), `recurring_holidays` (see below),
 * `overrides`, `additions` and `breaks` (all three: date to list of intervals), and `versions`.  Times are `HH:MM` or
 * `HH:MM:SS`, `24:00` ends a day, and an end not after the start lies on the next day.  An override with an empty list
 * closes its date.  Other members are refused.
 *
 * A recurring holiday is `"12-25"`, or an object that says which day of a year, and optionally `name`, `observed`
 * (`"nearest"`, `"next"`, `"monday"`), `from` and `to` (years):
 *
 * @verbatim
   {"date": "12-25"}                                    the 25th of December
   {"month": 1, "weekday": "mon", "nth": 3}             the third Monday of January; -1 is the last
   {"weekday": "wed", "on_or_after": "11-16"}           the first Wednesday from 16 November on
   {"easter": -2}                                       two days before Easter
   {"easter": 1, "church": "orthodox"}                  the day after Easter of the Julian calendar
   {"month": 11, "weekday": "thu", "nth": 4, "days": 1} the day after the fourth Thursday of November
   @endverbatim
 *
 * A version is an object of `from` (an instant, as `2026-07-01T00:00:00+02:00`) and all that a calendar has; from that
 * instant on it holds instead.  See itsm_calendar_builder_add_version().
 *
 * Instead of all this, an object may have one of `union`, `intersection` and `difference`, a list of calendars, and
 * optionally `name`.  See itsm_calendar_union().
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
 * @retval ITSM_E_LIMIT     Too long, too deep, too many parts, or too many different days of too many intervals.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_calendar_load(itsm_calendar **out, itsm_ctx *ctx, itsm_str json);

/**
 * Write a calendar's definition as JSON that itsm_calendar_load() reads back to the same calendar (if it is not longer
 * than that reads).  Dates, recurrences and versions come in order, instants in UTC; the same definition gives the same
 * bytes.
 *
 * @param out      Appended to; as it was after a failure.
 * @param calendar A calendar.
 * @retval ITSM_OK        Written: one object, no line feed.
 * @retval ITSM_E_NOMEM   No memory.
 * @retval ITSM_E_MISUSE  An argument is NULL.
 * @retval ITSM_E_INVALID A name is not UTF-8.
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
 * Look at a calendar's zone.  That of a calendar made of calendars is the zone of its first part.
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
 * Begin a calendar with all that another one says: name, zone, hours, dates, versions.  To change it, add to it.
 *
 * @param out      Yours; freed by itsm_calendar_builder_free().  NULL after a failure.
 * @param ctx      Gives memory; must outlive the builder.
 * @param calendar Stays as it is.
 * @retval ITSM_OK            What it freezes to is the same calendar.
 * @retval ITSM_E_NOMEM       No memory.
 * @retval ITSM_E_MISUSE      An argument is NULL.
 * @retval ITSM_E_UNSUPPORTED It is a union, an intersection or a difference: change its parts.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_calendar_builder_from(itsm_calendar_builder **out, itsm_ctx *ctx,
                                                              const itsm_calendar *calendar);

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
 * Add a holiday of every year: itsm_calendar_builder_add_recurrence() with a date and nothing else.
 *
 * @param builder A builder.
 * @param month   1 to 12.
 * @param day     1 to the last of that month; 29 February falls in leap years only.
 * @param name    Copied; may be empty.
 * @retval ITSM_OK        Added; one added twice keeps its first name.
 * @retval ITSM_E_NOMEM   No memory; the builder is as it was.
 * @retval ITSM_E_MISUSE  @p builder is NULL.
 * @retval ITSM_E_INVALID No such day.
 * @retval ITSM_E_LIMIT   More than 1,000 recurrences.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_calendar_builder_add_recurring_holiday(itsm_calendar_builder *builder,
                                                                               int32_t month, int32_t day,
                                                                               itsm_str name);

/**
 * Add holidays that a rule finds in every year.
 *
 * A date that several of them name is one holiday with one name: that of itsm_calendar_builder_add_holiday() first,
 * then of recurrences in the order of itsm_calendar_encode(), then of days on which one is observed.
 *
 * @param builder    A builder.
 * @param recurrence Copied, the name too.
 * @retval ITSM_OK        Added; the same rule added twice keeps its first name.
 * @retval ITSM_E_NOMEM   No memory; the builder is as it was.
 * @retval ITSM_E_MISUSE  A NULL, or `size` is 0.
 * @retval ITSM_E_INVALID A member is out of its range, or not of use to this kind.
 * @retval ITSM_E_LIMIT   More than 1,000 recurrences.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_calendar_builder_add_recurrence(itsm_calendar_builder *builder,
                                                                        const itsm_recurrence *recurrence);

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
 * Add open hours to one date, besides what the week or an override gives it.  A holiday and breaks beat them.
 *
 * @param builder A builder.
 * @param date    Days since 1970-01-01, of the years -9999 to 9999.
 * @param hours   Local time; start on that date, may run into the next day, may touch or overlap others.
 * @retval ITSM_OK        Added.
 * @retval ITSM_E_NOMEM   No memory; the builder is as it was.
 * @retval ITSM_E_MISUSE  @p builder is NULL.
 * @retval ITSM_E_INVALID No such date, or hours out of range.
 * @retval ITSM_E_LIMIT   More than 100,000 intervals.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_calendar_builder_add_addition(itsm_calendar_builder *builder, int64_t date,
                                                                      itsm_hours hours);

/**
 * Let another calendar hold from an instant on.
 *
 * Before the first such instant holds what else was added to the builder.  The cut is exact: a shift that is open in
 * both definitions goes on, one that only the earlier has ends there.  Versions may be added in any order.
 *
 * @param builder  A builder.
 * @param from     A whole second of the years -9999 to 9999.
 * @param calendar Any calendar, in any zone; a share is taken.
 * @retval ITSM_OK        Added.
 * @retval ITSM_E_NOMEM   No memory; the builder is as it was.
 * @retval ITSM_E_MISUSE  @p builder or @p calendar is NULL.
 * @retval ITSM_E_INVALID @p from is not a whole second, out of range, or that of another version.
 * @retval ITSM_E_LIMIT   Calendars within calendars more than 8 deep, or more than 100 of them, or too many different days
 *                        of too many intervals: it would take seconds.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_calendar_builder_add_version(itsm_calendar_builder *builder, itsm_time from,
                                                                     const itsm_calendar *calendar);

/**
 * Compile what was added into a calendar.  The builder stays as it is and may be added to and frozen again.
 *
 * Takes milliseconds.
 *
 * @param out     Yours; freed by itsm_calendar_free().  NULL after a failure.
 * @param builder A builder.
 * @retval ITSM_OK       Compiled.
 * @retval ITSM_E_LIMIT  Too many different days of too many intervals: it would take seconds.
 * @retval ITSM_E_NOMEM  No memory.
 * @retval ITSM_E_MISUSE An argument is NULL.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_calendar_builder_freeze(itsm_calendar **out,
                                                                const itsm_calendar_builder *builder);

/**
 * Make the calendar that is open whenever one of some calendars is.
 *
 * It is compiled like any other, so that arithmetic on it costs the same.  Its zone is that of the first part.
 *
 * @param out       Yours; freed by itsm_calendar_free().  NULL after a failure.
 * @param ctx       Gives memory.
 * @param name      Copied; may be empty.
 * @param calendars @p n calendars, in any zones; a share of each is taken.
 * @param n         At least 1.
 * @retval ITSM_OK        Compiled.
 * @retval ITSM_E_NOMEM   No memory.
 * @retval ITSM_E_MISUSE  @p out, @p ctx, @p calendars or one of them is NULL.
 * @retval ITSM_E_INVALID @p n is 0.
 * @retval ITSM_E_LIMIT   Calendars within calendars more than 8 deep, or more than 100 of them, or too many different days
 *                        of too many intervals: it would take seconds.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_calendar_union(itsm_calendar **out, itsm_ctx *ctx, itsm_str name,
                                                       const itsm_calendar *const *calendars, size_t n);

/**
 * Make the calendar that is open when all of some calendars are: support hours that count only while the supplier
 * works too.
 *
 * @param out       Yours; freed by itsm_calendar_free().  NULL after a failure.
 * @param ctx       Gives memory.
 * @param name      Copied; may be empty.
 * @param calendars @p n calendars, in any zones; a share of each is taken.
 * @param n         At least 1.
 * @retval ITSM_OK        Compiled.
 * @retval ITSM_E_NOMEM   No memory.
 * @retval ITSM_E_MISUSE  @p out, @p ctx, @p calendars or one of them is NULL.
 * @retval ITSM_E_INVALID @p n is 0.
 * @retval ITSM_E_LIMIT   Calendars within calendars more than 8 deep, or more than 100 of them, or too many different days
 *                        of too many intervals: it would take seconds.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_calendar_intersection(itsm_calendar **out, itsm_ctx *ctx, itsm_str name,
                                                              const itsm_calendar *const *calendars, size_t n);

/**
 * Make the calendar that is open when the first of some calendars is and none of the others: support hours less
 * maintenance windows.
 *
 * @param out       Yours; freed by itsm_calendar_free().  NULL after a failure.
 * @param ctx       Gives memory.
 * @param name      Copied; may be empty.
 * @param calendars @p n calendars, in any zones; a share of each is taken.
 * @param n         At least 1.
 * @retval ITSM_OK        Compiled.
 * @retval ITSM_E_NOMEM   No memory.
 * @retval ITSM_E_MISUSE  @p out, @p ctx, @p calendars or one of them is NULL.
 * @retval ITSM_E_INVALID @p n is 0.
 * @retval ITSM_E_LIMIT   Calendars within calendars more than 8 deep, or more than 100 of them, or too many different days
 *                        of too many intervals: it would take seconds.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_calendar_difference(itsm_calendar **out, itsm_ctx *ctx, itsm_str name,
                                                            const itsm_calendar *const *calendars, size_t n);

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
    ITSM_WHY_ADJUSTED = 11,/**< Used time scaled to a new goal.  Clocks only. */
    ITSM_WHY_ADDITION = 12,/**< Counted: hours added to that date. */
    ITSM_WHY_EXCLUDED = 13 /**< Not counted: taken away by another calendar, which is open. */
};

/**
 * Say in a word or two why time counts or does not.
 *
 * @param why ITSM_WHY_WEEKLY, ...
 * @return English; static, never NULL.
 * @since 0.1
 */
ITSM_API const char *itsm_why_text(int32_t why);

/** One piece of an explanation.  Lies within one local date of the calendar's zone. */
typedef struct itsm_calendar_row {
    size_t size;          /**< sizeof(itsm_calendar_row) of the library. */
    int64_t date;         /**< Local date it lies on: days since 1970-01-01. */
    int64_t shift;        /**< Date whose hours they are: yesterday for the tail of a night shift, else @c date.  By the
                               zone of the part that decides. */
    itsm_time from;       /**< First instant. */
    itsm_time to;         /**< First instant after it. */
    itsm_time local_from; /**< Local time of @c from, written as if it were UTC. */
    itsm_time local_to;   /**< Local time of @c to, written as if it were UTC, by the offset just before it. */
    itsm_span counted;    /**< Working time in it: all of it or 0; negative when measuring back. */
    int32_t why;          /**< ITSM_WHY_WEEKLY, ... */
    int32_t weekday;      /**< Of @c date: 0 is Monday, 6 is Sunday. */
    itsm_str name;        /**< Name of the holiday; empty otherwise.  Borrowed from the calendar. */
    itsm_str calendar;    /**< Name of the part that decides, if the calendar is made of calendars; empty otherwise. */
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
 * In a calendar made of calendars the part that decides is, in the order of the parts, the first that is open where a
 * union or an intersection is, the first that is closed where an intersection is closed, the first part of a union that
 * is closed, and of a difference the first part, or the one that takes away what it has.
 *
 * @param calendar A calendar.
 * @param a,b      Instants.
 * @param fn       Called for each row, earliest first.
 * @param user     Passed to @p fn.
 * @retval ITSM_OK       All rows were given.
 * @retval ITSM_E_NOMEM  No memory.
 * @retval ITSM_E_MISUSE @p calendar or @p fn is NULL.
 * @retval ITSM_E_RANGE  An instant is ITSM_TIME_NONE or lies outside the years -9999 to 9999.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_calendar_explain(const itsm_calendar *calendar, itsm_time a, itsm_time b,
                                                         itsm_calendar_explain_fn fn, void *user);

/** One holiday of a calendar. */
typedef struct itsm_calendar_holiday {
    size_t size;       /**< sizeof(itsm_calendar_holiday) of the library. */
    int64_t date;      /**< Days since 1970-01-01, by the zone of its calendar. */
    int32_t recurring; /**< 1: a recurrence names it, 0: its date is listed. */
    int32_t observed;  /**< 1: the day on which a recurrence is observed, not its own date. */
    itsm_str name;     /**< May be empty.  Borrowed from the calendar. */
    itsm_str calendar; /**< Name of the part that has it, if the calendar is made of calendars; empty otherwise. */
} itsm_calendar_holiday;

/**
 * Take one holiday.
 *
 * @param user    The host's pointer.
 * @param holiday Borrowed for the call.
 * @return ITSM_OK to go on; anything else stops and is returned.
 * @since 0.1
 */
typedef itsm_status (*itsm_calendar_holiday_fn)(void *user, const itsm_calendar_holiday *holiday);

/**
 * List the holidays from one date to another, in order: one for each date, of calendars made of calendars one for each
 * date and part.  Parts show the holidays of the time for which they hold.
 *
 * @param calendar A calendar.
 * @param first    Days since 1970-01-01, of the years -9999 to 9999.
 * @param last     The last date, itself included.
 * @param fn       Called for each holiday.
 * @param user     Passed to @p fn.
 * @retval ITSM_OK       All were given.
 * @retval ITSM_E_NOMEM  No memory.
 * @retval ITSM_E_MISUSE @p calendar or @p fn is NULL.
 * @retval ITSM_E_RANGE  A date lies outside the years -9999 to 9999.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_calendar_holidays(const itsm_calendar *calendar, int64_t first, int64_t last,
                                                          itsm_calendar_holiday_fn fn, void *user);

/* iCalendar ------------------------------------------------------------------------------------------------------- */

/**
 * One instance of an event of an iCalendar text (RFC 5545), after RRULE, RDATE, EXDATE and RECURRENCE-ID are applied.
 */
typedef struct itsm_icalendar_instance {
    size_t size;       /**< sizeof(itsm_icalendar_instance) of the library. */
    itsm_time start;   /**< First instant; of an all-day event its first midnight in the zone of the walk. */
    itsm_time end;     /**< First instant after it; @c start if it takes no time. */
    int64_t date;      /**< Local date it starts on, in the zone of the walk: days since 1970-01-01. */
    int64_t end_date;  /**< First date it does not touch; an instance that takes no time touches one date. */
    uint64_t line;     /**< Line of the BEGIN:VEVENT that describes it, counted from 1. */
    int32_t all_day;   /**< 1: it has dates and no times. */
    int32_t cancelled; /**< 1: it does not take place: STATUS:CANCELLED or METHOD:CANCEL. */
    int32_t moved;     /**< 1: described by a RECURRENCE-ID: moved, renamed or cancelled apart from its series. */
    itsm_str uid;      /**< UID; empty if it has none. */
    itsm_str summary;  /**< SUMMARY; may be empty. */
} itsm_icalendar_instance;

/**
 * Take one instance.
 *
 * @param user     The host's pointer.
 * @param instance Borrowed for the call.
 * @return ITSM_OK to go on; anything else stops and is returned.
 * @since 0.1
 */
typedef itsm_status (*itsm_icalendar_fn)(void *user, const itsm_icalendar_instance *instance);

/**
 * List the instances of the events of an iCalendar text (RFC 5545) that touch a range of dates, in order of start.
 *
 * Times without a zone, and dates, are those of @p zone.  A TZID is the name of an IANA zone (with a prefix such as
 * `/freeassociation.sourceforge.net/` it still is), or a VTIMEZONE of that TZID names one by X-LIC-LOCATION; rules in
 * VTIMEZONE are not read, the zone's own data are.  A local time that is skipped moves forward by the gap; of one that
 * comes twice the first counts.  The end by DTEND lies as far after each instance as after the first; the end by
 * DURATION is that many days on the wall and then that much time (RFC 5545, 3.8.5.3).
 *
 * All of RRULE is known: every FREQ, INTERVAL, COUNT, UNTIL, BYMONTH, BYWEEKNO, BYYEARDAY, BYMONTHDAY, BYDAY, BYHOUR,
 * BYMINUTE, BYSECOND, BYSETPOS, WKST; days that do not exist are passed over.  DTSTART is always the first instance.
 * Several RRULE add up.  An EXDATE that is a date takes out what starts on it.  Components other than VEVENT, and
 * properties that do not say when, are passed over.  RANGE=THISANDFUTURE, EXRULE, RSCALE and SKIP are refused.
 *
 * After success the issues of the context may hold notes, with code ITSM_OK: what was passed over, such as VTIMEZONE.
 *
 * Cost: O(bytes), and some 100 ns for each instance that a rule passes, from its start if it has a COUNT.  A step is a
 * period, a day or a candidate that a rule looks at; a rule that never gives anything ends as soon as any other.
 *
 * @param ctx   Gives memory and zones; not to be used by @p fn.  Issues have line, property and value.
 * @param ics   One or more VCALENDAR, lines ended by CRLF or LF; at most 16 MiB.
 * @param zone  NULL for UTC.
 * @param from  First date: days since 1970-01-01.
 * @param until First date no more.  Nothing outside the years 1 to 9999 is listed.
 * @param fn    Called for each instance that touches [@p from, @p until).
 * @param user  Passed to @p fn.
 * @retval ITSM_OK            All were given, or there was none.
 * @retval ITSM_E_NOMEM       No memory.
 * @retval ITSM_E_MISUSE      @p ctx or @p fn is NULL.
 * @retval ITSM_E_SYNTAX      Not iCalendar: a line without a colon, components that do not match, not UTF-8.
 * @retval ITSM_E_INVALID     iCalendar, but against a rule: no DTSTART, an end before the start, a part of an RRULE.
 * @retval ITSM_E_RANGE       A date outside the years 1 to 9999.
 * @retval ITSM_E_NOT_FOUND   A TZID is no known zone.
 * @retval ITSM_E_UNSUPPORTED What is refused, see above.
 * @retval ITSM_E_LIMIT       Over 16 MiB, a line over 1 MiB, 16 components inside each other, 1,000,000 instances, or
 *                            rules that need more than 20 million steps.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_icalendar_each(itsm_ctx *ctx, itsm_str ics, const itsm_zone *zone, int64_t from,
                                                       int64_t until, itsm_icalendar_fn fn, void *user);

/** What the events of an iCalendar text mean for a calendar. */
enum {
    ITSM_IMPORT_HOLIDAYS = 1,  /**< Each date touched is a holiday, named by SUMMARY. */
    ITSM_IMPORT_BREAKS = 2,    /**< Time taken away, as by maintenance windows. */
    ITSM_IMPORT_ADDITIONS = 3, /**< Time added, as by shifts on call. */
    ITSM_IMPORT_OVERRIDES = 4  /**< The hours of the dates they start on, in place of the weekly ones. */
};

/** How itsm_calendar_builder_import() reads. */
typedef struct itsm_calendar_import {
    size_t size;   /**< sizeof(itsm_calendar_import). */
    int32_t as;    /**< ITSM_IMPORT_HOLIDAYS, ... */
    int64_t from;  /**< First date taken: days since 1970-01-01. */
    int64_t until; /**< First date not taken: where series without an end are cut. */
} itsm_calendar_import;

/** Start value of an itsm_calendar_import: holidays from 1990-01-01 to 2089-12-31. */
#define ITSM_CALENDAR_IMPORT_INIT { sizeof(itsm_calendar_import), ITSM_IMPORT_HOLIDAYS, 7305, 43830 }

/** What itsm_calendar_builder_import() did. */
typedef struct itsm_calendar_imported {
    size_t size;        /**< Set by the caller: sizeof(itsm_calendar_imported). */
    uint64_t instances; /**< Instances taken. */
    uint64_t entries;   /**< Holidays, breaks, additions or overrides they became. */
    uint64_t cancelled; /**< Instances passed over because they are cancelled. */
    uint64_t empty;     /**< Instances passed over because they take no time; for holidays they are taken. */
    uint64_t doubtful;  /**< Instances that start or end in the second pass of an hour that the clocks show twice:
                             local hours say the first. */
} itsm_calendar_imported;

/** Start value of @ref itsm_calendar_imported. */
#define ITSM_CALENDAR_IMPORTED_INIT { sizeof(itsm_calendar_imported), 0, 0, 0, 0, 0 }

/**
 * Add the events of an iCalendar text (RFC 5545) to a builder, as itsm_icalendar_each() lists them in its zone.
 *
 * An instance over several dates is cut at midnight, except that one of at most 24 hours over one midnight stays whole.
 * All-day events are whole dates.  Cancelled instances are passed over.  Notes as with itsm_icalendar_each().
 *
 * @param builder A builder; as it was after a failure.
 * @param ctx     Gives memory and zones; issues have line, property and value.
 * @param ics     One or more VCALENDAR, at most 16 MiB.
 * @param options NULL for the start values.
 * @param out     What was done; NULL if not wanted.
 * @retval ITSM_OK            Added.
 * @retval ITSM_E_NOMEM       No memory.
 * @retval ITSM_E_MISUSE      @p builder or @p ctx is NULL, a size is 0, or `as` is none of them.
 * @retval ITSM_E_SYNTAX      As itsm_icalendar_each().
 * @retval ITSM_E_INVALID     As itsm_icalendar_each().
 * @retval ITSM_E_RANGE       As itsm_icalendar_each().
 * @retval ITSM_E_NOT_FOUND   As itsm_icalendar_each().
 * @retval ITSM_E_UNSUPPORTED As itsm_icalendar_each().
 * @retval ITSM_E_LIMIT       As itsm_icalendar_each(), or more than 100,000 entries: ask for fewer years.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_calendar_builder_import(itsm_calendar_builder *builder, itsm_ctx *ctx,
                                                                itsm_str ics, const itsm_calendar_import *options,
                                                                itsm_calendar_imported *out);

/** What itsm_calendar_export() writes; joined by |. */
enum {
    ITSM_EXPORT_OPEN = 1,    /**< Open intervals as events with times, in UTC. */
    ITSM_EXPORT_HOLIDAYS = 2 /**< Holidays as all-day events. */
};

/** How itsm_calendar_export() writes. */
typedef struct itsm_calendar_export_options {
    size_t size;     /**< sizeof(itsm_calendar_export_options). */
    uint32_t what;   /**< ITSM_EXPORT_OPEN, ITSM_EXPORT_HOLIDAYS, or both. */
    int64_t from;    /**< First date, in the calendar's zone: days since 1970-01-01. */
    int64_t until;   /**< First date no more. */
    itsm_time stamp; /**< DTSTAMP: when this was written, at most a second off. */
} itsm_calendar_export_options;

/** Start value of an itsm_calendar_export_options: @c from, @c until and @c stamp are still to be set. */
#define ITSM_CALENDAR_EXPORT_OPTIONS_INIT { sizeof(itsm_calendar_export_options), ITSM_EXPORT_OPEN, 0, 0, 0 }

/**
 * Write a calendar as iCalendar (RFC 5545): one VEVENT for each open interval or holiday of a range of dates.
 *
 * The same call writes the same bytes, UID included: a UID is made of the calendar's name and zone and the start of the
 * event.  Open intervals are cut at the ends of the range.  Read by itsm_calendar_builder_import() as additions to a
 * calendar without hours, or as holidays, they give the same open time and the same dates.  Control characters in names
 * become spaces.
 *
 * @param out      Appended to; as it was after a failure.
 * @param ctx      Its issues tell what is wrong.
 * @param calendar A calendar.
 * @param options  The range and the stamp.
 * @retval ITSM_OK        Written.
 * @retval ITSM_E_NOMEM   No memory.
 * @retval ITSM_E_MISUSE  An argument is NULL, `size` is 0, or `what` is nothing known.
 * @retval ITSM_E_INVALID A name is not UTF-8.
 * @retval ITSM_E_RANGE   The range or the stamp lies outside the years 1 to 9999.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_calendar_export(itsm_buf *out, itsm_ctx *ctx, const itsm_calendar *calendar,
                                                        const itsm_calendar_export_options *options);

ITSM_END_C

#endif
