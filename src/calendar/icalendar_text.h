/* SPDX-License-Identifier: MIT */
/*
 * The text of iCalendar (RFC 5545, 3.1 to 3.3): content lines, their parameters, and values of one property.
 *
 *     itsm__ical_reader reader;
 *     itsm__ical_reader_init(&reader, ctx, ics);
 *     while (!(status = itsm__ical_next(&reader))) ... reader.name, reader.value, itsm__ical_parameter() ...
 *     itsm__ical_reader_clear(&reader);               // status is ITSM_DONE at the end
 */
#ifndef ITSM_SRC_CALENDAR_ICALENDAR_TEXT_H
#define ITSM_SRC_CALENDAR_ICALENDAR_TEXT_H

#include "base/ctx.h"

enum { ITSM__ICAL_TEXT_MAX = 16 * 1024 * 1024, ITSM__ICAL_LINE_MAX = 1024 * 1024 };

typedef struct itsm__ical_reader {
    /* The content line, unfolded; borrowed until the next. */
    itsm_str name;       /* as written: letters, digits and hyphens */
    itsm_str parameters; /* from the first semicolon to the colon; may be empty */
    itsm_str value;
    itsm__position at; /* where it starts */

    /* Inside. */
    itsm_ctx *ctx;
    itsm_str input;
    size_t next;        /* byte */
    uint64_t next_line; /* from 1 */
    itsm_buf unfolded;
} itsm__ical_reader;

void itsm__ical_reader_init(itsm__ical_reader *reader, itsm_ctx *ctx, itsm_str input);
void itsm__ical_reader_clear(itsm__ical_reader *reader);

/* Read one content line; blank ones are skipped.  ITSM_DONE; ITSM_E_SYNTAX; ITSM_E_LIMIT; ITSM_E_NOMEM. */
itsm_status itsm__ical_next(itsm__ical_reader *reader);

/* Add an issue about the line: where is its name, rule its value (the start of a long one). */
itsm_status itsm__ical_issue(const itsm__ical_reader *reader, itsm_status code, const char *format, ...);

/* At most 60 bytes of a text, whole characters, for a message. */
itsm_str itsm__ical_shown(itsm_str text);

/* Equal but for the case of ASCII letters; `upper` is in upper case. */
int itsm__ical_is(itsm_str text, const char *upper);
int itsm__ical_same(itsm_str a, itsm_str b);

/* The first value of a parameter of the line, without quotes; 0: it is not there. */
int itsm__ical_parameter(itsm_str *out, const itsm__ical_reader *reader, const char *upper);

/* Cut the next item off a list with commas; 0: there is none left.  Set *rest to the list first. */
int itsm__ical_item(itsm_str *item, itsm_str *rest);

/* Undo the escapes of a TEXT value into an arena.  ITSM_E_SYNTAX: not UTF-8, or a control character. */
itsm_status itsm__ical_unescape(itsm_str *out, itsm__arena *arena, itsm_str text);

/* Values ---------------------------------------------------------------------------------------------------------- */

enum { ITSM__ICAL_ABSENT = 0, ITSM__ICAL_DATE, ITSM__ICAL_FLOATING, ITSM__ICAL_UTC, ITSM__ICAL_ZONED };

typedef struct itsm__ical_time {
    int64_t wall; /* seconds since 1970-01-01T00:00:00 on the wall; of a date its midnight */
    int32_t kind;
    uint32_t zone; /* of ITSM__ICAL_ZONED: number of its TZID */
    itsm__position at;
} itsm__ical_time;

/* Nominal days and exact seconds; both have the sign. */
typedef struct itsm__ical_duration {
    int64_t days, seconds;
} itsm__ical_duration;

/* YYYYMMDD, YYYYMMDDTHHMMSS or that with Z; sets wall and kind.  ITSM_E_SYNTAX; ITSM_E_RANGE: no such date or time. */
itsm_status itsm__ical_time_decode(itsm__ical_time *out, itsm_str text);

/* P2W, P1D, P1DT2H, PT1H30M, with a sign or none.  ITSM_E_SYNTAX; ITSM_E_RANGE: more than nine digits. */
itsm_status itsm__ical_duration_decode(itsm__ical_duration *out, itsm_str text);

/* Digits only, 1 to 18 of them; -1 otherwise. */
int64_t itsm__ical_number(itsm_str text);

#endif
