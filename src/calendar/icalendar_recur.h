/* SPDX-License-Identifier: MIT */
/*
 * Recurrence rules of iCalendar (RFC 5545, 3.3.10): a rule is read, then walked.  All on the wall: no zone here.
 */
#ifndef ITSM_SRC_CALENDAR_ICALENDAR_RECUR_H
#define ITSM_SRC_CALENDAR_ICALENDAR_RECUR_H

#include "calendar/icalendar_text.h"

enum {
    ITSM__FREQ_SECONDLY = 1,
    ITSM__FREQ_MINUTELY,
    ITSM__FREQ_HOURLY,
    ITSM__FREQ_DAILY,
    ITSM__FREQ_WEEKLY,
    ITSM__FREQ_MONTHLY,
    ITSM__FREQ_YEARLY
};

/* Numbers from 0 to 366, or from -366 to 0 without the sign. */
typedef struct itsm__recur_set {
    uint32_t bits[12];
} itsm__recur_set;

enum {
    ITSM__BY_MONTH = 0,
    ITSM__BY_WEEKNO,
    ITSM__BY_YEARDAY,
    ITSM__BY_MONTHDAY,
    ITSM__BY_DAY,
    ITSM__BY_HOUR,
    ITSM__BY_MINUTE,
    ITSM__BY_SECOND,
    ITSM__BY_SETPOS,
    ITSM__BY_PARTS
};

typedef struct itsm__recur_rule {
    int32_t freq, week_start; /* 0 is Monday */
    int64_t interval, count;  /* count 0: none */
    itsm__ical_time until;    /* kind ITSM__ICAL_ABSENT: none */
    uint32_t given;           /* 1 << ITSM__BY_... */
    /* [0]: counted from the start, [1]: from the end.  Of BY_DAY: the weekdays that have no number. */
    itsm__recur_set by[ITSM__BY_PARTS][2];
    uint64_t nth[7][2]; /* BY_DAY with numbers: of each weekday which ones, 1 << n */
    int32_t has_nth;
} itsm__recur_rule;

/* Read a rule.  ITSM_E_INVALID, ITSM_E_UNSUPPORTED, with an issue about the property `where` at a line. */
itsm_status itsm__recur_decode(itsm__recur_rule *rule, itsm_ctx *ctx, itsm__position at, itsm_str where, itsm_str text);

enum { ITSM__RECUR_DAYS = 384 }; /* a year, and the days of weeks that reach beyond it */

/* A walk over what a rule gives.  Members are for itsm__recur_next() only. */
typedef struct itsm__recur {
    const itsm__recur_rule *rule;
    int64_t start;       /* seconds on the wall: DTSTART */
    int64_t first, last; /* what lies before and behind need not be given */
    uint64_t *steps;     /* left; shared by all walks of one call */
    int64_t period;      /* number of the next one */
    uint64_t given;
    int32_t month, day, weekday, of_day; /* of DTSTART */
    int64_t year;
    int64_t passed;                /* the date that passed last, of periods shorter than a day */
    int64_t ndays;                 /* of this period */
    int64_t days[ITSM__RECUR_DAYS]; /* since 1970, in order */
    uint8_t hours[24], minutes[60], seconds[60];
    uint32_t nhours, nminutes, nseconds;
    int64_t at, total; /* candidates of this period: at is the next one */
    uint32_t npicked, next_picked; /* with BYSETPOS: which of them */
    int64_t picked[2 * 366];
} itsm__recur;

/*
 * Begin a walk.  date_only: DTSTART is a date, BYHOUR, BYMINUTE and BYSECOND do not hold.  DTSTART itself is given
 * first, whether the rule has it or not.  A rule with COUNT is walked from its start, all others from near `first`.
 */
void itsm__recur_begin(itsm__recur *walk, const itsm__recur_rule *rule, int64_t start, int date_only, int64_t first,
                       int64_t last, uint64_t *steps);

/* The next one, in seconds on the wall, always later; UNTIL is the caller's.  ITSM_DONE; ITSM_E_LIMIT: no steps. */
itsm_status itsm__recur_next(int64_t *wall, itsm__recur *walk);

#endif
