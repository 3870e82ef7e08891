/* SPDX-License-Identifier: MIT */
/**
 * @file itsm/time.h
 * Instants, civil dates, wall clocks, time zones, and their texts.
 *
 * Three numbers, never mixed: an *instant* (::itsm_time: microseconds since 1970-01-01T00:00:00Z); a *wall clock*
 * (int64_t: microseconds since 1970-01-01T00:00:00 on a clock on the wall, in no zone); a *date* (int64_t: days since
 * 1970-01-01, proleptic Gregorian calendar).  A zone leads from one to the other.  From an instant to the wall there is
 * one answer; from the wall to an instant there may be one, none or two, and the caller is told which.
 *
 * Nothing here asks what time it is, which zone the machine is in, or what the locale is.
 */
#ifndef ITSM_TIME_H
#define ITSM_TIME_H

#include <itsm/base.h>

ITSM_BEGIN_C

/* Civil dates ----------------------------------------------------------------------------------------------------- */

/** A date and a time of day, as people say them.  A plain value; its layout is frozen. */
typedef struct itsm_civil {
    int32_t year;        /**< From -999999 to 999999; 0 is 1 BC. */
    int32_t month;       /**< From 1 to 12. */
    int32_t day;         /**< From 1 to 31, at most the length of the month. */
    int32_t hour;        /**< From 0 to 23. */
    int32_t minute;      /**< From 0 to 59. */
    int32_t second;      /**< From 0 to 59: there are no leap seconds. */
    int32_t microsecond; /**< From 0 to 999999. */
} itsm_civil;

/**
 * Find the date of a year, a month and a day.  O(1).
 *
 * @param days  Days since 1970-01-01.
 * @param year  From -999999 to 999999, proleptic Gregorian; 0 is 1 BC.
 * @param month From 1 to 12.
 * @param day   From 1 to the length of the month.
 * @retval ITSM_OK       @p days is set.
 * @retval ITSM_E_RANGE  There is no such date; @p days is as it was.
 * @retval ITSM_E_MISUSE @p days is NULL.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_date_from_civil(int64_t *days, int32_t year, int32_t month, int32_t day);

/**
 * Split a date into year, month and day; the time of day becomes 0.  O(1).
 *
 * @param out  Filled.
 * @param days Days since 1970-01-01.
 * @retval ITSM_OK       @p out is filled.
 * @retval ITSM_E_RANGE  Outside the years -999999 to 999999; @p out is as it was.
 * @retval ITSM_E_MISUSE @p out is NULL.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_civil_from_date(itsm_civil *out, int64_t days);

/**
 * Tell the day of the week of a date.
 *
 * @param days Days since 1970-01-01, any number.
 * @return 0 for Monday to 6 for Sunday.
 * @since 0.1
 */
static inline int itsm_date_weekday(int64_t days)
{
    int r = (int)((days % 7 + 3) % 7); /* 1970-01-01 was a Thursday */
    return r < 0 ? r + 7 : r;
}

/**
 * Tell how long a month is.
 *
 * @param year  Any year.
 * @param month From 1 to 12.
 * @return 28 to 31; 0 if there is no such month.
 * @since 0.1
 */
ITSM_API int itsm_month_days(int32_t year, int32_t month);

/**
 * Find the wall clock of a date and a time of day.  O(1).
 *
 * @param wall  Microseconds since 1970-01-01T00:00:00 on the wall.
 * @param civil Every member within its range.
 * @retval ITSM_OK       @p wall is set.
 * @retval ITSM_E_RANGE  There is no such date or time of day, or it does not fit; @p wall is as it was.
 * @retval ITSM_E_MISUSE A NULL.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_local_from_civil(int64_t *wall, const itsm_civil *civil);

/**
 * Split a wall clock into a date and a time of day.  O(1).
 *
 * @param out  Filled.
 * @param wall Microseconds since 1970-01-01T00:00:00 on the wall.
 * @retval ITSM_OK       @p out is filled.
 * @retval ITSM_E_RANGE  @p wall is ITSM_TIME_NONE; @p out is as it was.
 * @retval ITSM_E_MISUSE @p out is NULL.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_civil_from_local(itsm_civil *out, int64_t wall);

/* Zones ----------------------------------------------------------------------------------------------------------- */

/**
 * A time zone: which offset from UTC holds when, from the beginning to the end of time.
 *
 * Frozen: made once, then read by any thread, shared by counting.  It needs 4 to 25 KB: 4 KB of index and 32 bytes per
 * change of the clock until the year 2113.  After that the zone's rule is computed year by year and is right for ever.
 */
typedef struct itsm_zone itsm_zone;

/**
 * Load a zone by its name, through the zone source of the context.
 *
 * "UTC", "Etc/UTC" and "Z" are known without a source.
 *
 * @param out  Yours, dropped by itsm_zone_free(); NULL on failure.
 * @param ctx  Its allocator is copied; its issues tell what is wrong.
 * @param name At most 255 bytes of A-Z a-z 0-9 _ + - and `/`, such as "America/Argentina/Ushuaia".
 * @retval ITSM_OK              @p out is the zone.
 * @retval ITSM_E_NOT_FOUND     There is no such zone, or the context has no zone source.
 * @retval ITSM_E_INVALID       That cannot be the name of a zone.
 * @retval ITSM_E_SYNTAX        Its TZif bytes are malformed; the issue has the position.
 * @retval ITSM_E_UNSUPPORTED   Its TZif bytes count leap seconds ("right/" files).
 * @retval ITSM_E_VERSION       Its TZif bytes have a version later than 4.
 * @retval ITSM_E_LIMIT         More than 8192 changes of the clock, 256 types or 2048 bytes of abbreviations.
 * @retval ITSM_E_NOMEM         No memory.
 * @retval ITSM_E_IO            The zone source failed; it may answer any other code too, a host's included.
 * @retval ITSM_E_MISUSE        @p out or @p ctx is NULL.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_zone_load(itsm_zone **out, itsm_ctx *ctx, itsm_str name);

/**
 * Make a zone of TZif bytes: versions 1 to 4, RFC 9636.
 *
 * The 64-bit block is used where there is one, then the rule of the footer for ever after; before the first change
 * local time type 0 holds.  Without a footer the last offset holds for ever.
 *
 * @param out  Yours, dropped by itsm_zone_free(); NULL on failure.
 * @param ctx  Its allocator is copied; its issues tell what is wrong, with the byte.  NULL: default memory, no issues.
 * @param tzif The file.  Not kept.
 * @param name What itsm_zone_name() shall answer; at most 255 bytes.  Copied.
 * @retval ITSM_OK              @p out is the zone.
 * @retval ITSM_E_SYNTAX        The bytes are malformed.
 * @retval ITSM_E_UNSUPPORTED   They count leap seconds ("right/" files).
 * @retval ITSM_E_VERSION       Their version is later than 4.
 * @retval ITSM_E_LIMIT         More than 8192 changes of the clock, 256 types, 2048 bytes of abbreviations, or a name
 *                              over 255 bytes.
 * @retval ITSM_E_NOMEM         No memory.
 * @retval ITSM_E_MISUSE        @p out is NULL.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_zone_decode(itsm_zone **out, itsm_ctx *ctx, itsm_bytes tzif, itsm_str name);

/**
 * Make a zone of one offset.
 *
 * Its name is "UTC" for 0, else such as "+05:30".
 *
 * @param out    Yours, dropped by itsm_zone_free(); NULL on failure.
 * @param ctx    Its allocator is copied.  NULL: default memory.
 * @param offset Seconds east of UTC, from -86399 to 86399.
 * @retval ITSM_OK       @p out is the zone.
 * @retval ITSM_E_RANGE  @p offset is a day or more.
 * @retval ITSM_E_NOMEM  No memory.
 * @retval ITSM_E_MISUSE @p out is NULL.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_zone_fixed(itsm_zone **out, itsm_ctx *ctx, int32_t offset);

/**
 * Take a share of a zone.
 *
 * @param zone A zone; NULL gives NULL.
 * @return The same zone, to be dropped by itsm_zone_free().
 * @since 0.1
 */
ITSM_API itsm_zone *itsm_zone_ref(const itsm_zone *zone);

/**
 * Drop a share of a zone; the last one frees it.
 *
 * @param zone NULL is allowed.
 * @since 0.1
 */
ITSM_API void itsm_zone_free(itsm_zone *zone);

/**
 * Tell the name of a zone.
 *
 * @param zone A zone.
 * @return Borrowed from the zone; NUL-terminated.
 * @since 0.1
 */
ITSM_API itsm_str itsm_zone_name(const itsm_zone *zone);

/**
 * Tell which release of the tz database a zone is of, such as "2026f".
 *
 * @param zone A zone.
 * @return Borrowed from the zone; NUL-terminated.  Empty if it is not known: the zone source does not say, or the zone
 *         is UTC, a fixed offset, or decoded from bytes.
 * @since 0.1
 */
ITSM_API itsm_str itsm_zone_version(const itsm_zone *zone);

/**
 * The zones that are built into the library, as a zone source: for machines without any.
 *
 * They are there if the library was built with the option ITSM_EMBED_ZONES, all those of the building machine's tz
 * database: some 600 names in 312 KB of constant data.  Every zone is found without a file being opened.
 *
 * @return Static, usable by every thread; NULL if the library was built without them.
 * @since 0.1
 */
ITSM_API const itsm_zone_source *itsm_zones_embedded(void);

/** An instant on the wall of a zone.  A plain value; its layout is frozen. */
typedef struct itsm_local {
    int64_t wall;          /**< Wall clock: the instant plus the offset. */
    int32_t offset;        /**< Seconds east of UTC. */
    int32_t dst;           /**< 1 if the zone's data call it daylight saving time, else 0. */
    itsm_str abbreviation; /**< Such as "CET" or "+03"; borrowed from the zone, NUL-terminated. */
} itsm_local;

/**
 * Find what the clocks of a zone show at an instant.  O(1), 10 ns; after 2112 about 150 ns.
 *
 * @param out  Filled.
 * @param zone A zone.
 * @param t    An instant.
 * @retval ITSM_OK       @p out is filled.
 * @retval ITSM_E_RANGE  @p t is ITSM_TIME_NONE, or the wall clock does not fit; @p out is as it was.
 * @retval ITSM_E_MISUSE A NULL.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_zone_local(itsm_local *out, const itsm_zone *zone, itsm_time t);

/**
 * Find the offset of a zone at an instant.  O(1), 10 ns; after 2112 about 150 ns.
 *
 * @param out  Seconds east of UTC.
 * @param zone A zone.
 * @param t    An instant.
 * @retval ITSM_OK       @p out is set.
 * @retval ITSM_E_RANGE  @p t is ITSM_TIME_NONE; @p out is as it was.
 * @retval ITSM_E_MISUSE A NULL.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_zone_offset(int32_t *out, const itsm_zone *zone, itsm_time t);

/** How many instants show a wall clock: see @ref itsm_resolved. */
enum {
    ITSM_LOCAL_UNIQUE = 0,  /**< One. */
    ITSM_LOCAL_SKIPPED = 1, /**< None: clocks were moved forward over it. */
    ITSM_LOCAL_REPEATED = 2 /**< Two (or more): clocks were moved back over it. */
};

/**
 * The instants of a wall clock.  A plain value; its layout is frozen.
 *
 * Whoever needs one answer and no question takes @c first: the first occurrence, or, in a gap, the wall clock moved
 * forward by the gap.
 */
typedef struct itsm_resolved {
    itsm_time first;  /**< The instant; the first of two; in a gap the instant by the offset before the gap. */
    itsm_time second; /**< The same; the last of two; in a gap the instant by the offset after it (the earlier one). */
    int32_t kind;     /**< ITSM_LOCAL_UNIQUE, ITSM_LOCAL_SKIPPED or ITSM_LOCAL_REPEATED. */
    int32_t offset;   /**< The offset @c first was found with: seconds east of UTC. */
} itsm_resolved;

/**
 * Find the instants at which the clocks of a zone show a wall clock.  O(1), 10 ns; after 2112 about 150 ns.
 *
 * @param out  Filled.
 * @param zone A zone.
 * @param wall Wall clock.
 * @retval ITSM_OK       @p out is filled; its @c kind says whether there is one, none or two.
 * @retval ITSM_E_RANGE  @p wall is ITSM_TIME_NONE, or within two days of the end of what fits; @p out is as it was.
 * @retval ITSM_E_MISUSE A NULL.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_zone_instant(itsm_resolved *out, const itsm_zone *zone, int64_t wall);

/**
 * Find the next instant at which offset, DST flag or abbreviation of a zone change.
 *
 * @param out   The first such instant later than @p after.
 * @param zone  A zone.
 * @param after An instant; ITSM_TIME_NONE for the first change of all.  A zone that knows nothing but a rule has no
 *              first change: its changes from 1827 on are found.
 * @retval ITSM_OK       @p out is set.
 * @retval ITSM_DONE     There is none any more; @p out is as it was.
 * @retval ITSM_E_MISUSE A NULL.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_zone_next_transition(itsm_time *out, const itsm_zone *zone, itsm_time after);

/* Texts ----------------------------------------------------------------------------------------------------------- */

#define ITSM_TIME_MAX 48 /**< Bytes that hold any text of an instant or a wall clock, with the NUL. */
#define ITSM_DATE_MAX 16 /**< Bytes that hold any text of a date, with the NUL. */
#define ITSM_SPAN_MAX 48 /**< Bytes that hold any text of a span, with the NUL. */

/**
 * Read an instant: RFC 3339, or the extended form of ISO 8601 with an offset.
 *
 * `2026-03-27T14:00:00+01:00`.  Seconds may be missing.  A fraction has `.` or `,` and digits; those behind the sixth
 * must be 0.  T and Z may be lower case and T may be a space, as RFC 3339 5.6 allows.  The offset is `Z`, `+hh:mm`,
 * `+hhmm`, `+hh` or `+hh:mm:ss`.  Years outside 0000 to 9999 have a sign and six digits.
 *
 * @param out  The instant.
 * @param text All of the text is read; no blanks around it.
 * @retval ITSM_OK            @p out is set.
 * @retval ITSM_E_SYNTAX      Not such a text; also if there is no offset: a time without a zone is no instant.
 * @retval ITSM_E_RANGE       Well formed, but no such date, time or offset, or finer than a microsecond.
 * @retval ITSM_E_UNSUPPORTED Second 60: leap seconds are not counted.
 * @retval ITSM_E_MISUSE      @p out is NULL.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_time_decode(itsm_time *out, itsm_str text);

/**
 * Read a wall clock: as itsm_time_decode(), without an offset.
 *
 * @param out  The wall clock.
 * @param text All of the text is read.
 * @retval ITSM_OK            @p out is set.
 * @retval ITSM_E_SYNTAX      Not such a text; also if there is an offset.
 * @retval ITSM_E_RANGE       Well formed, but no such date or time, or finer than a microsecond.
 * @retval ITSM_E_UNSUPPORTED Second 60.
 * @retval ITSM_E_MISUSE      @p out is NULL.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_local_decode(int64_t *out, itsm_str text);

/**
 * Read a date: `2026-04-03`.
 *
 * @param out  Days since 1970-01-01.
 * @param text All of the text is read.
 * @retval ITSM_OK       @p out is set.
 * @retval ITSM_E_SYNTAX Not such a text.
 * @retval ITSM_E_RANGE  There is no such date.
 * @retval ITSM_E_MISUSE @p out is NULL.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_date_decode(int64_t *out, itsm_str text);

/**
 * Read a length of time: weeks, or days, hours, minutes and seconds of ISO 8601, such as `P5D`, `PT4H`, `P2W`.
 *
 * A day is 24 hours.  Seconds may have a fraction; a `-` in front makes it negative.
 *
 * @param out  The span.
 * @param text All of the text is read.
 * @retval ITSM_OK        @p out is set.
 * @retval ITSM_E_SYNTAX  Not such a text.
 * @retval ITSM_E_INVALID It has years or months, which have no fixed length.
 * @retval ITSM_E_RANGE   Too long, or finer than a microsecond.
 * @retval ITSM_E_MISUSE  @p out is NULL.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_span_decode(itsm_span *out, itsm_str text);

/**
 * Write an instant in UTC: `2026-03-30T09:00:00Z`, with a fraction of six digits only if it is not zero.
 *
 * @param out At least ITSM_TIME_MAX bytes.
 * @param t   An instant; ITSM_TIME_NONE gives "-".
 * @return @p out, NUL-terminated.
 * @since 0.1
 */
ITSM_API const char *itsm_time_text(char *out, itsm_time t);

/**
 * Write a date: `2026-04-03`.
 *
 * @param out  At least ITSM_DATE_MAX bytes.
 * @param days Days since 1970-01-01; "-" if outside the years -999999 to 999999.
 * @return @p out, NUL-terminated.
 * @since 0.1
 */
ITSM_API const char *itsm_date_text(char *out, int64_t days);

/**
 * Write a length of time, the shortest way itsm_span_decode() reads: `P5D`, `PT4H`, `P1DT2H30M`, `PT0S`, `-PT0.5S`.
 *
 * @param out  At least ITSM_SPAN_MAX bytes.
 * @param span A span; ITSM_SPAN_NONE gives "-".
 * @return @p out, NUL-terminated.
 * @since 0.1
 */
ITSM_API const char *itsm_span_text(char *out, itsm_span span);

/** How itsm_time_encode() and itsm_local_encode() write. */
enum {
    ITSM_TIME_FRACTION = 1, /**< Always six digits behind the second. */
    ITSM_TIME_SPACE = 2,    /**< A space instead of the T. */
    ITSM_TIME_NAIVE = 4     /**< No offset: for people who know the zone, not for machines. */
};

/**
 * Append the text of an instant as the clocks of a zone show it: `2026-03-30T11:00:00+02:00`.
 *
 * An offset that is not a whole minute (local mean time) is written `+00:19:32`.
 *
 * @param buf   Grown as needed.
 * @param t     An instant; ITSM_TIME_NONE appends "-".
 * @param zone  NULL for UTC, written `Z`.
 * @param flags ITSM_TIME_FRACTION and the others, or 0.
 * @retval ITSM_OK       Appended.
 * @retval ITSM_E_RANGE  The wall clock does not fit; nothing is appended.
 * @retval ITSM_E_NOMEM  No memory; nothing is appended.
 * @retval ITSM_E_MISUSE @p buf is NULL.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_time_encode(itsm_buf *buf, itsm_time t, const itsm_zone *zone, uint32_t flags);

/**
 * Append the text of a wall clock: `2026-03-30T11:00:00`.
 *
 * @param buf   Grown as needed.
 * @param wall  Wall clock; ITSM_TIME_NONE appends "-".
 * @param flags ITSM_TIME_FRACTION, ITSM_TIME_SPACE, or 0.
 * @retval ITSM_OK       Appended.
 * @retval ITSM_E_NOMEM  No memory; nothing is appended.
 * @retval ITSM_E_MISUSE @p buf is NULL.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_local_encode(itsm_buf *buf, int64_t wall, uint32_t flags);

/* Patterns -------------------------------------------------------------------------------------------------------- */

#define ITSM_PATTERN_MAX 62        /**< Steps of a pattern: directives and literal bytes. */
#define ITSM_OFFSET_NONE INT32_MIN /**< The text names no offset. */

/** A compiled form of date and time, for logs that are not RFC 3339.  A plain value: copied, never freed. */
typedef struct itsm_time_pattern {
    uint16_t count;                 /**< Steps. */
    uint8_t step[ITSM_PATTERN_MAX]; /**< What to read, in order: internal. */
} itsm_time_pattern;

/**
 * Compile a pattern, written as for strptime() of POSIX.
 *
 * @verbatim
   %d/%m/%Y %H:%M    reads 29/2/2016 01:16

   %Y      year, four digits
   %y      year, two digits: 69 to 99 are 1969 to 1999, 00 to 68 are 2000 to 2068
   %m %d   month, day: one or two digits
   %b      month, the first three letters of its English name, either case
   %H      hour, one or two digits
   %I %p   hour from 1 to 12, one or two digits; AM or PM, either case
   %M %S   minute, second: one or two digits
   %f      fraction of a second: one to six digits
   %z      offset: Z, +hhmm, +hh:mm, +hh or +hh:mm:ss
   %%      a percent sign
   @endverbatim
 *
 * Any other byte stands for itself; a space is one space.  A date is required, each part at most once.
 *
 * @param pattern Filled.
 * @param ctx     Its issues tell what is wrong, with the byte.  NULL: no issues.
 * @param text    The pattern.
 * @retval ITSM_OK        @p pattern can be used.
 * @retval ITSM_E_SYNTAX  An unknown directive.
 * @retval ITSM_E_INVALID A part is missing or there twice.
 * @retval ITSM_E_LIMIT   Longer than ITSM_PATTERN_MAX steps.
 * @retval ITSM_E_MISUSE  @p pattern is NULL.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_time_pattern_init(itsm_time_pattern *pattern, itsm_ctx *ctx, itsm_str text);

/**
 * Read a wall clock, and an offset if the pattern has one.  Some 40 ns.
 *
 * @param wall    Wall clock; missing parts of the time of day are 0.
 * @param offset  Seconds east of UTC, or ITSM_OFFSET_NONE if the pattern has none; may be NULL if not wanted.  The
 *                instant is @p wall minus it.
 * @param pattern Compiled.
 * @param text    All of the text is read.
 * @retval ITSM_OK            @p wall and @p offset are set.
 * @retval ITSM_E_SYNTAX      The text is not of that form.
 * @retval ITSM_E_RANGE       It is, but there is no such date or time, as 31/2/2016.
 * @retval ITSM_E_UNSUPPORTED Second 60.
 * @retval ITSM_E_MISUSE      A NULL, or @p pattern was never compiled.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_time_pattern_read(int64_t *wall, int32_t *offset,
                                                          const itsm_time_pattern *pattern, itsm_str text);

ITSM_END_C

#endif
