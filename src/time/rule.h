/* SPDX-License-Identifier: MIT */
/*
 * The rule at the end of a TZif file: a POSIX TZ string, as "CET-1CEST,M3.5.0,M10.5.0/3", with the extended hours of
 * RFC 9636 3.3.2.  It says for every second of every year whether daylight saving time holds.
 */
#ifndef ITSM_SRC_TIME_RULE_H
#define ITSM_SRC_TIME_RULE_H

#include <itsm/base.h>

/* A day of the year and a time of that day. */
typedef struct itsm__rule_date {
    int32_t kind;                 /* 'J': day 1 to 365, no leap day; 'D': day 0 to 365; 'M': month, week, weekday */
    int32_t day;                  /* of 'J' and 'D' */
    int32_t month, week, weekday; /* of 'M'; week 5 is the last; weekday 0 is Sunday */
    int32_t time;                 /* seconds after 00:00, from -167 to 167 hours */
} itsm__rule_date;

typedef struct itsm__rule {
    int32_t has_dst;
    int32_t offset[2];     /* seconds east of UTC: standard, daylight saving */
    itsm_str name[2];      /* borrowed from the text */
    itsm__rule_date start; /* of daylight saving time, in standard time */
    itsm__rule_date end;   /* of daylight saving time, in daylight saving time */
} itsm__rule;

/* A stretch of one kind of time: seconds since 1970-01-01T00:00:00Z, from inclusive, until exclusive. */
typedef struct itsm__rule_stretch {
    int64_t from, until;
    int32_t dst;
} itsm__rule_stretch;

/* Borrows from `text`.  On failure *fault is the byte in the text that is wrong. */
itsm_status itsm__rule_decode(itsm__rule *rule, size_t *fault, itsm_str text);

/*
 * The stretch that holds at a second.  One of the same kind may follow (daylight saving time all year, or never).
 * The rule must have daylight saving time; the year must lie within some 10^9.  Some 100 ns.
 */
void itsm__rule_at(itsm__rule_stretch *out, const itsm__rule *rule, int64_t second);

#endif
