/* SPDX-License-Identifier: MIT */
/*
 * The inside of a calendar: its definition, the calendars it is made of, and the tables it is compiled into.
 *
 * All edges of open time are whole seconds, and the time line is cut into days of UTC.  A day's open time is a
 * *pattern*: spans within the day, shared by all days that look alike.  W(t) is the open time from 1970-01-01T00:00Z
 * to t, negative before; all arithmetic is W and its two inverses:
 *
 *     L(w): the earliest t with W(t) >= w         U(w): the latest t with W(t) <= w
 *
 * A *run* of days is written in lines of 64 bytes: W at the start of the line, then a word for each of 15 days: W since
 * the start of the line and the number of the pattern.  The days of the horizon (2000 to 2049) are one run, with an
 * index from W to the day that makes the inverses O(1).  Every other year has the number of a *sheet*: a run of a year,
 * shared by years of the same shape (weekday of 1 January, leap or not, clock changes, nothing dated).  Beyond the
 * years listed everything repeats after 400 years, which are 146,097 days and whole weeks.
 *
 * A look at one day so touches one line of a run and the 64 bytes of its pattern; of those a calendar has few.
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
    ITSM__HORIZON_FIRST_YEAR = 2000,
    ITSM__HORIZON_LAST_YEAR = 2050, /* the first after it */
    ITSM__HORIZON_FIRST_DAY = 10957,
    ITSM__HORIZON_DAYS = 18263,
    ITSM__CLOSED = -1 /* from of an override that only closes its date */
};

#define ITSM__SECOND INT64_C(1000000)
#define ITSM__DAY (INT64_C(86400) * ITSM__SECOND)

/* The first instant that begins a whole day; the few hours before it are out of range. */
#define ITSM__EARLIEST (-INT64_C(106751991) * ITSM__DAY)

/* Definition ------------------------------------------------------------------------------------------------------ */

#define ITSM__FIRST_DATE INT64_C(-4371587) /* -9999-01-01 */
#define ITSM__LAST_DATE INT64_C(2932896)   /* 9999-12-31 */

typedef struct itsm__dated_name {
    int64_t date; /* days since 1970 */
    itsm_str name;
    size_t sequence;
} itsm__dated_name;

typedef struct itsm__recurrence {
    itsm_recurrence rule;
    itsm_str observed_name; /* of the day it is observed; empty if the rule has no name */
    size_t sequence;
} itsm__recurrence;

typedef struct itsm__dated_hours {
    int64_t date;
    itsm_hours hours;
    size_t sequence;
} itsm__dated_hours;

typedef struct itsm__definition {
    itsm_zone *zone; /* a share */
    itsm_str name;
    itsm_hours *weekly[7]; /* 0 is Monday */
    itsm__dated_name *holidays;
    itsm__recurrence *recurrences; /* in the order of what they say */
    itsm__dated_hours *overrides, *additions, *breaks;
    size_t nweekly[7], nholidays, nrecurrences, noverrides, nadditions, nbreaks;
} itsm__definition;

/* What a builder has collected, in the order it was added.  Counts may be put back to what they were before. */
itsm__definition *itsm__builder_definition(itsm_calendar_builder *builder);

/* Where the entries of a date begin in a sorted array, and how many they are. */
size_t itsm__dated_hours_find(size_t *count, const itsm__dated_hours *array, size_t n, int64_t date);

/* The first entry of a date or later. */
size_t itsm__dated_name_find(const itsm__dated_name *array, size_t n, int64_t date);

/* The hours that start on a date, be it a holiday or not, without additions. */
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

/* Recurrences ----------------------------------------------------------------------------------------------------- */

enum {
    ITSM__EASTER_FIRST_YEAR = 1583,
    ITSM__EASTER_LAST_YEAR = 9999,
    ITSM__RECURRENCE_REACH = 16 /* days by which what lies around a year can change its holidays, and some more */
};

/* 1: nothing in it is out of range. */
int itsm__recurrence_is_valid(const itsm_recurrence *rule);

/* Orders rules by what they say, names apart; 0: the same. */
int itsm__recurrence_compare(const itsm_recurrence *a, const itsm_recurrence *b);

/* The date a rule gives in a year; 0: none. */
int itsm__recurrence_date(int64_t *date, const itsm_recurrence *rule, int64_t year);

/* Easter Sunday as days since 1970; 0: no such year. */
int itsm__easter(int64_t *date, int64_t year, int orthodox);

typedef struct itsm__holiday {
    int64_t date;
    itsm_str name;
    int32_t source;   /* -1: the list of dates; else the number of the recurrence */
    int32_t observed; /* 1: the day it is observed */
    int32_t next;     /* the first recurrence of that date that is observed on the next free day; -1: none */
} itsm__holiday;

/* The holidays of a range of dates, one for each date, in order. */
typedef struct itsm__holidays {
    itsm__memory memory;
    itsm__holiday *entries;
    size_t n, capacity;
    int64_t first, last;
} itsm__holidays;

void itsm__holidays_init(itsm__holidays *holidays, const itsm__memory *memory);
void itsm__holidays_clear(itsm__holidays *holidays);
itsm_status itsm__holidays_fill(itsm__holidays *holidays, const itsm__definition *definition, int64_t first,
                                int64_t last);
const itsm__holiday *itsm__holidays_find(const itsm__holidays *holidays, int64_t date); /* NULL: none */

/* Calendars made of calendars ------------------------------------------------------------------------------------- */

enum { ITSM__PARTS_DEPTH = 8, ITSM__LEAVES_MAX = 100 };

/* How a calendar or a node of its tree is made.  The first has a definition, and versions as parts if it has any. */
enum { ITSM__MADE_OF_HOURS = 0, ITSM__UNION, ITSM__INTERSECTION, ITSM__DIFFERENCE };

typedef struct itsm__part {
    int64_t from;            /* seconds, of a version */
    itsm_calendar *calendar; /* a share */
} itsm__part;

/*
 * All the definitions a calendar is made of, and how: a tree in one array, children before their parent, the root
 * last.  Versions are a union of parts that are cut to the time for which they hold.
 */
typedef struct itsm__node {
    int32_t how;
    uint32_t parent;              /* of the root: itself */
    uint32_t first;               /* 1: the first child of its parent */
    uint32_t n;                   /* children */
    const itsm_calendar *part;    /* whose node it is; for its name */
    const itsm__definition *leaf; /* NULL: no leaf */
    int64_t from, to;             /* seconds: when a leaf holds */
} itsm__node;

/* The tree of a calendar whose definition and parts are in place. */
itsm_status itsm__calendar_plant(itsm_calendar *calendar);

/* A share of nothing yet but a zone; NULL: no memory. */
itsm_calendar *itsm__calendar_new(const itsm__memory *memory, const itsm_zone *zone);

/* As the public functions; compile 0: for use as a part only. */
itsm_status itsm__calendar_freeze(itsm_calendar **out, const itsm_calendar_builder *builder, int compile);
itsm_status itsm__calendar_combine(itsm_calendar **out, const itsm__memory *memory, int32_t how, itsm_str name,
                                   const itsm_calendar *const *calendars, size_t n, int compile);

/* The name of the part a leaf stands for: its own, or the nearest above it that is not that of the whole. */
itsm_str itsm__node_name(const itsm_calendar *calendar, size_t node);

/* Which nodes are open, kept up to date edge by edge; arrays of nnodes. */
typedef struct itsm__tree_state {
    const itsm_calendar *calendar;
    unsigned char *open; /* bit 0: the node is; bit 1: its first child is */
    uint32_t *counts;    /* children that are open */
} itsm__tree_state;

void itsm__tree_start(itsm__tree_state *state); /* all closed */
void itsm__tree_set(itsm__tree_state *state, size_t leaf, int open);

static inline int itsm__tree_is_open(const itsm__tree_state *state, size_t node)
{
    return state->open[node] & 1;
}

/* Tables ---------------------------------------------------------------------------------------------------------- */

enum {
    ITSM__PATTERN_SPANS = 3, /* that a pattern holds itself */
    ITSM__LINE_DAYS = 15,
    ITSM__LINE_WORDS = 16,
    ITSM__PATTERN_BITS = 11,
    ITSM__RARE = (1 << ITSM__PATTERN_BITS) - 1 /* in a word: the pattern has this number or a higher one, see rare */
};

typedef struct itsm__day_span {
    int64_t from, to; /* microseconds after midnight */
    int64_t before;   /* open time of the day before this span */
} itsm__day_span;

typedef struct itsm__pattern {
    int64_t from[ITSM__PATTERN_SPANS], to[ITSM__PATTERN_SPANS]; /* of the first spans, for want of them midnight */
    int64_t total;                                              /* microseconds */
    uint32_t first, n;                                          /* spans, all of them */
} itsm__pattern;

/* A day as it is compiled: W at its start in seconds and the number of its pattern, 40 and 24 bits. */
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
    uint32_t sheet; /* where in words its run begins; not used within the horizon */
    uint32_t reserved;
} itsm__year;

/* The pattern of the day whose word says ITSM__RARE. */
typedef struct itsm__rare {
    uint32_t word; /* where in words it stands */
    uint32_t pattern;
} itsm__rare;

struct itsm_calendar {
    /* What the horizon needs, within 64 bytes; nothing written after compiling is near. */
    itsm__pattern *patterns; /* once compiled, one with too many spans stands before the rare ones */
    const uint32_t *words;   /* of the horizon, then of the sheets; each run with one more day that ends it */
    const uint16_t *inverse; /* w >> shift, from the start of the horizon: the last day that starts at or before it */
    itsm__day_span *spans;
    int64_t horizon_before; /* W at the start of the horizon, seconds */
    int64_t horizon_work;   /* open time of the horizon, microseconds */
    uint32_t shift;

    uint32_t nrare;
    const itsm__rare *rare;  /* by word */
    const itsm__year *years; /* and one more, that begins at the end */
    size_t nyears;
    int64_t past_cycle, future_cycle; /* open seconds of the first and the last 400 years */

    void *block, *pattern_block; /* hold the tables and the patterns once they are complete; NULL while they grow */
    size_t block_size, pattern_block_size;
    size_t npatterns, pattern_capacity;
    size_t nspans, span_capacity;

    itsm__refcount refs;
    itsm__memory memory;
    itsm__arena arena; /* the definition, parts and nodes */
    itsm__definition definition;
    int32_t how;
    uint32_t depth;    /* 1: no parts */
    itsm__part *parts; /* versions in order of time, or what it is combined of */
    itsm__node *nodes;
    size_t nparts, nnodes, nleaves;
    itsm_calendar *next_freed;
};

/* Compile calendar->definition.  On failure what was allocated is left for itsm__calendar_release(). */
itsm_status itsm__calendar_compile(itsm_calendar *calendar);

/* Free the tables. */
void itsm__calendar_release(itsm_calendar *calendar);

#endif
