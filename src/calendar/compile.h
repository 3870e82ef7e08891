/* SPDX-License-Identifier: MIT */
/*
 * What the two halves of compiling a calendar share: days.c says what each day of UTC looks like, compile.c lays the
 * days out in tables.
 */
#ifndef ITSM_SRC_CALENDAR_COMPILE_H
#define ITSM_SRC_CALENDAR_COMPILE_H

#include "calendar/calendar.h"

#include "base/map.h"

enum {
    ITSM__WEEK_CACHE = 4,
    ITSM__SHAPE_MAX = 256 /* numbers of a shape */
};

typedef struct itsm__span_seconds {
    int64_t from, to;
} itsm__span_seconds;

typedef struct itsm__week {
    int32_t offset;
    int used;
    uint32_t pattern[7];
} itsm__week;

typedef struct itsm__compiler {
    itsm_calendar *calendar;
    itsm__memory memory;
    itsm__map interned; /* spans of a pattern -> its number + 1 */
    itsm__map shapes;   /* shape of a year -> its sheet + 1 */
    itsm__span_seconds *open, *closed, *result;
    size_t nopen, nclosed, nresult, open_capacity, closed_capacity, result_capacity;
    unsigned char *near; /* of the days being filled */
    size_t near_capacity;
    itsm__week weeks[ITSM__WEEK_CACHE];
    int next_week;
} itsm__compiler;

void itsm__compiler_init(itsm__compiler *compiler, itsm_calendar *calendar);
void itsm__compiler_clear(itsm__compiler *compiler);

/* The words of n days from a day on, and the word that ends them: W counts from 0 at the first. */
itsm_status itsm__compile_days(itsm__compiler *compiler, itsm__day_word *words, int64_t first, size_t n);

/* All that the days of a year depend on, as numbers: years of the same shape have the same words.  0: too many. */
size_t itsm__compile_shape(const itsm__compiler *compiler, int64_t *key, int64_t year);

/* The first and the last year of which something is special: beyond, 400 years repeat. */
void itsm__compile_special_years(const itsm_calendar *calendar, int64_t *first, int64_t *last);

/* First day of a year. */
int64_t itsm__year_start(int64_t year);

#endif
