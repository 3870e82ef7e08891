/* SPDX-License-Identifier: MIT */
/*
 * What the parts of compiling a calendar share: days.c says what each day of UTC looks like, shape.c which years look
 * alike, compile.c lays the days out in tables.
 */
#ifndef ITSM_SRC_CALENDAR_COMPILE_H
#define ITSM_SRC_CALENDAR_COMPILE_H

#include "calendar/calendar.h"

#include "base/map.h"

enum {
    ITSM__WEEK_CACHE = 4,
    ITSM__DATE_CACHE = 16,
    ITSM__SHAPE_MAX = 256,  /* numbers of a shape */
    ITSM__REACH_BEFORE = 2, /* UTC days that a local date can reach before and after the day of the same number */
    ITSM__REACH_AFTER = 4,
    ITSM__LISTED_LAST_YEAR = 2113, /* zones may list single changes of the clock until it, see time/zone.c */
    ITSM__RULE_FIRST_YEAR = 2200   /* and have followed their rules for long by then */
};

typedef struct itsm__span_seconds {
    int64_t from, to;
} itsm__span_seconds;

typedef struct itsm__week {
    int32_t offset;
    int used;
    uint32_t look[7];
} itsm__week;

/* The clock changes of a year; n 0: not known. */
typedef struct itsm__clock_year {
    int64_t key[11];
    size_t n;
} itsm__clock_year;

/* What a leaf of the tree has to remember while days are compiled. */
typedef struct itsm__leaf {
    const itsm__definition *definition;
    size_t node;
    int64_t from, to;        /* seconds: when it holds */
    itsm__holidays holidays; /* of the days being filled */
    uint32_t *looks;         /* of the days being filled */
    itsm__week weeks[ITSM__WEEK_CACHE];
    int next_week;
    int64_t asked[ITSM__DATE_CACHE]; /* dates, by their lowest bits */
    unsigned char exists[ITSM__DATE_CACHE];
    itsm__clock_year clocks[7][4]; /* weekday of 1 January; which year of three is a leap year, 0: none */
} itsm__leaf;

/* The open spans of one day of one leaf. */
typedef struct itsm__look {
    size_t first, n;
    uint32_t pattern; /* its number + 1 in a calendar of one leaf; 0: not asked for yet */
} itsm__look;

typedef struct itsm__edge {
    int64_t at;
    size_t node;
    int open;
} itsm__edge;

typedef struct itsm__compiler {
    itsm_calendar *calendar;
    itsm__memory memory;
    itsm__map interned; /* spans of a pattern -> its number + 1 */
    itsm__map shapes;   /* shape of a year -> its sheet + 1 */

    itsm__leaf *leaves;    /* NULL: not begun */
    itsm__map seen;        /* spans of a day of a leaf -> its look + 1 */
    itsm__map leaf_shapes; /* shape of a year of a leaf -> any number of its own */
    itsm__map combined;    /* looks of all leaves -> pattern + 1 */
    itsm__look *looks;
    itsm__span_seconds *look_spans;
    uint32_t *tuple;
    itsm__edge *edges;
    itsm__tree_state tree;
    size_t nlooks, look_capacity, nlook_spans, look_span_capacity, edge_capacity;

    itsm__span_seconds *open, *closed, *result;
    size_t nopen, nclosed, nresult, open_capacity, closed_capacity, result_capacity;
    unsigned char *near; /* of the days being filled */
    itsm_status failure;
    uint64_t spent; /* edges put in order so far */ /* of what cannot say so */
} itsm__compiler;

void itsm__compiler_init(itsm__compiler *compiler, itsm_calendar *calendar);
void itsm__compiler_clear(itsm__compiler *compiler);

/* Called by the others; makes what the leaves need. */
itsm_status itsm__compiler_begin(itsm__compiler *compiler);

/* The words of n days from a day on, and the word that ends them: W counts from 0 at the first. */
itsm_status itsm__compile_days(itsm__compiler *compiler, itsm__day_word *words, int64_t first, size_t n);

/* All that the days of a year depend on, as numbers: years of the same shape have the same words.  0: too many. */
size_t itsm__compile_shape(itsm__compiler *compiler, int64_t *key, int64_t year);

/* The first and the last year of which something is special: beyond, 400 years repeat. */
void itsm__compile_special_years(const itsm_calendar *calendar, int64_t *first, int64_t *last);

/* First day of a year. */
int64_t itsm__year_start(int64_t year);

#endif
