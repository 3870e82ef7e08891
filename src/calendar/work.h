/* SPDX-License-Identifier: MIT */
/*
 * A day of UTC as the arithmetic sees it.  The functions here are inline because they are all of the cost.
 */
#ifndef ITSM_SRC_CALENDAR_WORK_H
#define ITSM_SRC_CALENDAR_WORK_H

#include "calendar/calendar.h"

typedef struct itsm__day {
    int64_t number; /* days since 1970-01-01 */
    int64_t before; /* W at its start, microseconds */
    const itsm__pattern *pattern;
    const itsm__day_span *spans;
} itsm__day;

itsm__day itsm__calendar_far_day(const itsm_calendar *calendar, int64_t number); /* any day */

static inline itsm__day itsm__day_of(const itsm_calendar *calendar, int64_t number, itsm__day_word word,
                                     int64_t seconds)
{
    itsm__day day;
    day.number = number, day.before = seconds * ITSM__SECOND;
    day.pattern = &calendar->patterns[itsm__day_pattern(word)];
    day.spans = calendar->spans + day.pattern->first;
    return day;
}

static inline itsm__day itsm__calendar_day(const itsm_calendar *calendar, int64_t number)
{
    const uint64_t in_horizon = (uint64_t)(number - ITSM__HORIZON_FIRST_DAY);
    if (in_horizon >= ITSM__HORIZON_DAYS) return itsm__calendar_far_day(calendar, number);
    const itsm__day_word word = calendar->days[in_horizon];
    return itsm__day_of(calendar, number, word, calendar->horizon_before + itsm__day_seconds(word));
}

/* Open time of the day up to a microsecond of it. */
static inline int64_t itsm__day_work(const itsm__day *day, int64_t at)
{
    const uint32_t n = day->pattern->n;
    const itsm__day_span *spans = day->spans;
    if (n <= 3) { /* without a branch on where the instant lies */
        int64_t sum = 0;
        for (uint32_t i = 0; i < n; i++) {
            const int64_t to = at < spans[i].to ? at : spans[i].to, length = to - spans[i].from;
            sum += length > 0 ? length : 0;
        }
        return sum;
    }
    uint32_t low = 0, high = n;
    while (low + 1 < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (spans[middle].from <= at) low = middle;
        else high = middle;
    }
    const int64_t to = at < spans[low].to ? at : spans[low].to, length = to - spans[low].from;
    return spans[low].before + (length > 0 ? length : 0);
}

/* 1: open at a microsecond of the day. */
static inline int itsm__day_is_open(const itsm__day *day, int64_t at)
{
    const itsm__day_span *spans = day->spans;
    uint32_t low = 0, high = day->pattern->n;
    while (low < high) { /* the first span that ends after it */
        const uint32_t middle = low + (high - low) / 2;
        if (spans[middle].to <= at) low = middle + 1;
        else high = middle;
    }
    return low < day->pattern->n && spans[low].from <= at;
}

/* W; at is not before ITSM__EARLIEST. */
static inline int64_t itsm__work_at(const itsm_calendar *calendar, itsm_time at)
{
    const int64_t number = itsm__floor_div(at, ITSM__DAY);
    const itsm__day day = itsm__calendar_day(calendar, number);
    return day.before + itsm__day_work(&day, at - number * ITSM__DAY);
}

#endif
