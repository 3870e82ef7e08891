/* SPDX-License-Identifier: MIT */
/*
 * The inside of a calendar: its definition, and the tables it is compiled into.
 *
 * All edges of open time are whole seconds, and the time line is cut into days of UTC.  A day's open time is a
 * *pattern*: spans within the day, shared by all days that look alike.  W(t) is the open time from 1970-01-01T00:00Z
 * to t, negative before; all arithmetic is W and its two inverses:
 *
 *     L(w): the earliest t with W(t) >= w         U(w): the latest t with W(t) <= w
 *
 * For the days of the horizon (1990 to 2089) one word holds W at the start of the day and the number of its pattern;
 * an index from W to the day makes the inverses O(1).  All other years are a number of a *sheet*: the same words for
 * the days of one year, shared by years of the same shape (weekday of 1 January, leap or not, clock changes, nothing
 * dated).  Beyond the years listed everything repeats after 400 years, which are 146,097 days and whole weeks.
 */
#ifndef ITSM_SRC_CALENDAR_CALENDAR_H
#define ITSM_SRC_CALENDAR_CALENDAR_H

#include <itsm/calendar.h>

#include "base/atomic.h"
#include "base/bits.h"
#include "base/memory.h"

enum {
    ITSM__DAY_SECONDS = 86400,
    ITSM__CYCLE_YEARS = 400,
    ITSM__CYCLE_DAYS = 146097,
    ITSM__HORIZON_FIRST_YEAR = 1990,
    ITSM__HORIZON_LAST_YEAR = 2090, /* the first after it */
    ITSM__HORIZON_FIRST_DAY = 7305,
    ITSM__HORIZON_DAYS = 36525,
    ITSM__CLOSED = -1 /* from of an override that only closes its date */
};

#define ITSM__SECOND INT64_C(1000000)
#define ITSM__DAY (INT64_C(86400) * ITSM__SECOND)

/* The first instant that begins a whole day; the few hours before it are out of range. */
#define ITSM__EARLIEST (-INT64_C(106751991) * ITSM__DAY)

/* Definition ------------------------------------------------------------------------------------------------------ */

typedef struct itsm__dated_name {
    int64_t date; /* days since 1970; month * 32 + day if recurring */
    itsm_str name;
    size_t sequence;
} itsm__dated_name;

typedef struct itsm__dated_hours {
    int64_t date;
    itsm_hours hours;
    size_t sequence;
} itsm__dated_hours;

typedef struct itsm__definition {
    itsm_zone *zone; /* a share */
    itsm_str name;
    itsm_hours *weekly[7]; /* 0 is Monday */
    itsm__dated_name *holidays, *recurring;
    itsm__dated_hours *overrides, *breaks;
    size_t nweekly[7], nholidays, nrecurring, noverrides, nbreaks;
} itsm__definition;

/* Where the entries of a date begin in a sorted array, and how many they are. */
size_t itsm__dated_hours_find(size_t *count, const itsm__dated_hours *array, size_t n, int64_t date);
const itsm__dated_name *itsm__dated_name_find(const itsm__dated_name *array, size_t n, int64_t date);

/* The holiday a date is, recurring or not; NULL: none. */
const itsm__dated_name *itsm__definition_holiday(const itsm__definition *definition, int64_t date);

/* The hours that start on a date, be it a holiday or not.  *override: they are those of an override. */
typedef struct itsm__date_hours {
    const itsm_hours *weekly;           /* one of the two is NULL */
    const itsm__dated_hours *overrides; /* entries with from ITSM__CLOSED mean none */
    size_t n;
} itsm__date_hours;
itsm__date_hours itsm__definition_hours(const itsm__definition *definition, int64_t date);

static inline itsm_hours itsm__date_hours_at(const itsm__date_hours *hours, size_t i)
{
    return hours->weekly ? hours->weekly[i] : hours->overrides[i].hours;
}

/* Seconds of UTC of a second on the wall: in a gap moved forward by it, in an overlap the first. */
int64_t itsm__zone_second(const itsm_zone *zone, int64_t wall);

/* A span of local time in seconds of UTC; empty (from >= to) if the clocks swallow it. */
typedef struct itsm__seconds {
    int64_t from, to;
} itsm__seconds;
itsm__seconds itsm__hours_seconds(const itsm_zone *zone, int64_t date, itsm_hours hours);

/* 0: the clocks jumped over the whole date. */
int itsm__date_exists(const itsm_zone *zone, int64_t date);

/* Tables ---------------------------------------------------------------------------------------------------------- */

typedef struct itsm__day_span {
    int64_t from, to; /* microseconds after midnight */
    int64_t before;   /* open time of the day before this span */
} itsm__day_span;

typedef struct itsm__pattern {
    uint32_t first, n; /* spans */
    int64_t total;     /* microseconds */
} itsm__pattern;

/* W at the start of a day (of its year, in a sheet) in seconds, and the number of the pattern: 40 and 24 bits. */
typedef uint64_t itsm__day_word;

static inline itsm__day_word itsm__day_make(int64_t seconds, uint32_t pattern)
{
    return (uint64_t)seconds << 24 | pattern;
}

static inline int64_t itsm__day_seconds(itsm__day_word word)
{
    return (int64_t)(word >> 24);
}

static inline uint32_t itsm__day_pattern(itsm__day_word word)
{
    return (uint32_t)(word & 0xFFFFFF);
}

typedef struct itsm__year {
    int64_t first_day;
    int64_t before; /* W at its start, seconds */
    uint32_t sheet; /* index of its first word; not used within the horizon */
    uint32_t reserved;
} itsm__year;

struct itsm_calendar {
    itsm__refcount refs;
    itsm__memory memory;
    itsm__arena arena; /* the definition */
    itsm__definition definition;

    itsm__pattern *patterns;
    size_t npatterns, pattern_capacity;
    itsm__day_span *spans;
    size_t nspans, span_capacity;

    itsm__day_word *days; /* of the horizon, and one more; W counted from the start of the horizon */
    uint16_t *inverse;    /* w >> shift, from the start of the horizon: the last day that starts at or before it */
    size_t ninverse;
    uint32_t shift;
    int64_t horizon_before; /* W at the start of the horizon, seconds */
    int64_t horizon_after;  /* and at its end */

    itsm__day_word *sheets;
    size_t nsheets, sheet_capacity; /* in words */
    itsm__year *years;              /* and one more, that begins at the end */
    size_t nyears, year_capacity;
    int64_t first_year;
    int64_t past_cycle, future_cycle; /* open seconds of the first and the last 400 years */
};

/* Compile calendar->definition.  On failure what was allocated is left for itsm_calendar_free(). */
itsm_status itsm__calendar_compile(itsm_calendar *calendar);

/* W in microseconds.  at is not before ITSM__EARLIEST. */
int64_t itsm__calendar_work(const itsm_calendar *calendar, itsm_time at);

/* L and U; closed: the same for closed time, t - W(t). */
itsm_status itsm__calendar_lower(itsm_time *out, const itsm_calendar *calendar, int64_t w, int closed);
itsm_status itsm__calendar_upper(itsm_time *out, const itsm_calendar *calendar, int64_t w, int closed);

#endif
