/* SPDX-License-Identifier: MIT */
/*
 * The inside of a report: what is counted while cases come in (report.c) and what is made of it at the end (finish.c).
 */
#ifndef ITSM_SRC_REPORT_REPORT_H
#define ITSM_SRC_REPORT_REPORT_H

#include <itsm/report.h>

#include "base/map.h"
#include "base/memory.h"

/* A length of time of one case, until quantiles are taken. */
typedef struct itsm__report_value {
    itsm_span span;
    int32_t priority;
} itsm__report_value;

typedef struct itsm__report_values {
    itsm__report_value *p;
    size_t n, capacity;
    int64_t seconds; /* their sum, each rounded up: no sum of them can overflow while this did not */
} itsm__report_values;

/* A case that is open at the end. */
typedef struct itsm__report_open {
    itsm_time opened;
    int32_t priority, breached;
} itsm__report_open;

/* Rows found by key: the map's value is the index. */
typedef struct itsm__report_rows {
    itsm__map map;
    void *p;
    size_t capacity;
} itsm__report_rows;

typedef struct itsm__report_stay {
    itsm_str category;
    uint64_t visits, cases, last_case;
    int64_t seconds, micros; /* micros below a second */
} itsm__report_stay;

typedef struct itsm__report_miss {
    itsm_str move, rule, clause;
    int32_t undecided;
    uint64_t count, cases, last_case;
} itsm__report_miss;

/* A candidate for the worst list: everything its explanation needs, in an arena of its own. */
typedef struct itsm__report_candidate {
    itsm__arena text;
    itsm_report_breach row;
    itsm_report_clock clock;
} itsm__report_candidate;

struct itsm_report {
    itsm_ctx *ctx;
    itsm__memory memory;
    itsm__arena text; /* options, labels, categories, names of moves and rules */
    itsm_zone *zone;
    itsm_time end, last;
    uint32_t worst_count;

    itsm__report_rows days, months, states, misses;
    itsm__report_values elapsed, working;
    itsm__report_open *open;
    size_t nopen, open_capacity;
    int64_t stay_seconds; /* of all states: guards their sums */
    uint32_t *slots;      /* rows of the segments and deviations of the case at hand */
    size_t slot_capacity;
    itsm_buf key;

    itsm__report_candidate *worst; /* worst_count + 1: the last one is where a newcomer is prepared */
    size_t nworst, weakest;

    uint8_t goal_kind[ITSM_REPORT_PRIORITIES]; /* 0 none seen, 1 one, 2 several */
    itsm_report_figures figures;
    itsm__arena result; /* arrays of the figures */
    int finished;
};

/* 1 if a is the lesser breach: what leaves the list first. */
int itsm__report_weaker(const itsm_report_breach *a, const itsm_report_breach *b);

#endif
