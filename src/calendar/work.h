/* SPDX-License-Identifier: MIT */
/*
 * W(t) and its inverses: what the horizon answers at once is inline here, all the rest is in work.c.
 *
 * The inline functions do not jump on where an instant lies in its day, which nobody can guess.  What they leave, and
 * say so, are days outside the horizon and days with more spans than a pattern holds itself.  They count W from the
 * start of the horizon.
 *
 * For everybody else itsm__calendar_day() gives any day of UTC: pattern->n spans in microseconds after midnight, in
 * order, none touching the next, and pattern->total, their sum.  5 ns within the horizon, 20 ns outside.
 */
#ifndef ITSM_SRC_CALENDAR_WORK_H
#define ITSM_SRC_CALENDAR_WORK_H

#include "base/prefetch.h"
#include "calendar/calendar.h"

#define ITSM__HORIZON_START (ITSM__HORIZON_FIRST_DAY * ITSM__DAY)
#define ITSM__HORIZON_LENGTH (ITSM__HORIZON_DAYS * ITSM__DAY)

/* Any day --------------------------------------------------------------------------------------------------------- */

typedef struct itsm__day {
    int64_t number; /* days since 1970-01-01 */
    int64_t before; /* W at its start, microseconds */
    const itsm__pattern *pattern;
    const itsm__day_span *spans;
} itsm__day;

itsm__day itsm__calendar_day(const itsm_calendar *calendar, int64_t number);

/* W in microseconds, and whether it is growing; at is not before ITSM__EARLIEST. */
int64_t itsm__calendar_work(const itsm_calendar *calendar, itsm_time at);
int itsm__calendar_is_open(const itsm_calendar *calendar, itsm_time at);

/* L (upper 0) and U (1); closed: the same for closed time, t - W(t). */
itsm_status itsm__calendar_invert(itsm_time *out, const itsm_calendar *calendar, int64_t w, int closed, int upper);

/*
 * Where an instant lies on the line of open time, and the instant at a place on it: L (upper 0) or U (1).  Who keeps a
 * place saves a look into the tables each time it is measured from.
 */
itsm_status itsm__calendar_place(int64_t *w, const itsm_calendar *calendar, itsm_time at);
itsm_status itsm__calendar_at(itsm_time *out, const itsm_calendar *calendar, int64_t w, int upper);

/* Runs ------------------------------------------------------------------------------------------------------------ */

/* The word of the i-th day of a run. */
static inline const uint32_t *itsm__run_word(const uint32_t *run, uint32_t i)
{
    return run + (i + i / ITSM__LINE_DAYS + 1);
}

/* W at the start of the i-th day of a run, in seconds from the start of the run. */
static inline uint32_t itsm__run_seconds(const uint32_t *run, uint32_t i)
{
    return run[i / ITSM__LINE_DAYS * ITSM__LINE_WORDS] + (*itsm__run_word(run, i) >> ITSM__PATTERN_BITS);
}

/* Patterns of few spans ------------------------------------------------------------------------------------------- */

static inline int itsm__pattern_is_short(const itsm__pattern *p)
{
    return p->n <= ITSM__PATTERN_SPANS;
}

static inline int64_t itsm__span_work(const itsm__pattern *p, int i, int64_t at)
{
    const int64_t length = (at < p->to[i] ? at : p->to[i]) - p->from[i];
    return length > 0 ? length : 0;
}

/* Open time of the day up to a microsecond of it. */
static inline int64_t itsm__pattern_work(const itsm__pattern *p, int64_t at)
{
    return itsm__span_work(p, 0, at) + itsm__span_work(p, 1, at) + itsm__span_work(p, 2, at);
}

static inline int itsm__span_holds(const itsm__pattern *p, int i, int64_t at)
{
    return (at >= p->from[i]) & (at < p->to[i]);
}

static inline int itsm__pattern_is_open(const itsm__pattern *p, int64_t at)
{
    return itsm__span_holds(p, 0, at) | itsm__span_holds(p, 1, at) | itsm__span_holds(p, 2, at);
}

/* n if so, else 0; compilers turn ?: on such into a jump. */
static inline int64_t itsm__if(int so, int64_t n)
{
    return n & -(int64_t)so;
}

/* The microsecond with that much open time before it: the first, 0 < w <= total; or the last, 0 <= w < total. */
static inline int64_t itsm__pattern_find(const itsm__pattern *p, int64_t w, int upper)
{
    int64_t at = p->from[0] + w;
    at += itsm__if(at + upper > p->to[0], p->from[1] - p->to[0]);
    at += itsm__if(at + upper > p->to[1], p->from[2] - p->to[1]);
    return at;
}

/* The same for closed time. */
static inline int64_t itsm__pattern_find_closed(const itsm__pattern *p, int64_t w, int upper)
{
    int64_t at = w;
    for (int i = 0; i < ITSM__PATTERN_SPANS; i++) at += itsm__if(at + upper > p->from[i], p->to[i] - p->from[i]);
    return at;
}

/* Horizon --------------------------------------------------------------------------------------------------------- */

typedef struct itsm__near_day {
    uint32_t i;     /* of the horizon */
    int64_t before; /* W at its start, microseconds */
    const itsm__pattern *pattern;
} itsm__near_day;

/* The i-th day of the horizon. */
static inline itsm__near_day itsm__near_day_of(const itsm_calendar *calendar, uint32_t i)
{
    const uint32_t line = i / ITSM__LINE_DAYS, word = calendar->words[i + line + 1];
    itsm__near_day day;
    day.i = i;
    day.before = (calendar->words[line * ITSM__LINE_WORDS] + (word >> ITSM__PATTERN_BITS)) * ITSM__SECOND;
    day.pattern = &calendar->patterns[word & ITSM__RARE];
    return day;
}

/* The day of an instant and how far into it that is, whatever its pattern.  0: not here. */
static inline int itsm__near_any_day_at(itsm__near_day *day, int64_t *within, const itsm_calendar *calendar,
                                        itsm_time at)
{
    const uint64_t since = (uint64_t)at - (uint64_t)ITSM__HORIZON_START;
    if (since >= (uint64_t)ITSM__HORIZON_LENGTH) return 0;
    const uint32_t i = (uint32_t)(since / (uint64_t)ITSM__DAY);
    *within = (int64_t)(since - i * (uint64_t)ITSM__DAY);
    *day = itsm__near_day_of(calendar, i);
    return 1;
}

static inline int itsm__near_day_at(itsm__near_day *day, int64_t *within, const itsm_calendar *calendar, itsm_time at)
{
    return itsm__near_any_day_at(day, within, calendar, at) && itsm__pattern_is_short(day->pattern);
}

static inline itsm_time itsm__near_time(const itsm__near_day *day, int64_t within)
{
    return ITSM__HORIZON_START + day->i * ITSM__DAY + within;
}

/* W, which is not negative.  -1: not here. */
static inline int64_t itsm__near_work(const itsm_calendar *calendar, itsm_time at)
{
    itsm__near_day day;
    int64_t within;
    if (!itsm__near_day_at(&day, &within, calendar, at)) return -1;
    return day.before + itsm__pattern_work(day.pattern, within);
}

/*
 * The same, where the instant some working time later is asked for next.  How much of the day is worked before the
 * instant hardly moves where the index is read, so that comes from far away while the pattern does.
 */
static inline int64_t itsm__near_work_ahead(const itsm_calendar *calendar, itsm_time at, itsm_span n)
{
    itsm__near_day day;
    int64_t within;
    if (!itsm__near_any_day_at(&day, &within, calendar, at)) return -1;
    const uint64_t w = (uint64_t)day.before + (uint64_t)n;
    if (w < (uint64_t)calendar->horizon_work)
        ITSM__PREFETCH(calendar->inverse + (w / (uint64_t)ITSM__SECOND >> calendar->shift));
    if (!itsm__pattern_is_short(day.pattern)) return -1;
    return day.before + itsm__pattern_work(day.pattern, within);
}

/* The day with W(start) <= w < W(end), in seconds: this one, unless it ends at or before w. */
static inline uint32_t itsm__inverse_day(const itsm_calendar *calendar, uint32_t w)
{
    /* A step of the index rarely holds more than one change of day: it is the day at its start or that at its end. */
    const uint16_t *step = calendar->inverse + (w >> calendar->shift);
    const int later = itsm__run_seconds(calendar->words, step[1]) <= w;
    return step[0] + ((uint32_t)(step[1] - step[0]) & (0 - (uint32_t)later));
}

/* The day in which L or U of w lie.  0: not here. */
static inline int itsm__near_day_with(itsm__near_day *day, const itsm_calendar *calendar, int64_t w, int upper)
{
    const uint64_t since = (uint64_t)w - (uint64_t)!upper; /* the microsecond that is worked last, or next */
    if (since >= (uint64_t)calendar->horizon_work) return 0;
    *day = itsm__near_day_of(calendar, itsm__inverse_day(calendar, (uint32_t)(since / (uint64_t)ITSM__SECOND)));
    return itsm__pattern_is_short(day->pattern) && (int64_t)since - day->before < day->pattern->total;
}

/* Questions of the horizon.  All give 0: not here ------------------------------------------------------------------ */

/* L and U. */
static inline int itsm__near_invert(itsm_time *out, const itsm_calendar *calendar, int64_t w, int upper)
{
    itsm__near_day day;
    if (!itsm__near_day_with(&day, calendar, w, upper)) return 0;
    *out = itsm__near_time(&day, itsm__pattern_find(day.pattern, w - day.before, upper));
    return 1;
}

/* Which of them add gives: the edge reached first is the lower going forward, the upper going back; for 0 the next. */
static inline int itsm__add_upper(itsm_span n, int32_t boundary)
{
    return (n == 0) | ((n < 0) == (boundary == ITSM_BOUNDARY_CLOSE));
}

/* W some working time after W; what overflows is negative, and no W of the horizon. */
static inline int64_t itsm__near_sum(int64_t w, itsm_span n)
{
    return (int64_t)((uint64_t)w + (uint64_t)n);
}

static inline int itsm__near_next_open(itsm_time *out, const itsm_calendar *calendar, itsm_time at)
{
    const int64_t w = itsm__near_work(calendar, at);
    return w >= 0 && itsm__near_invert(out, calendar, w, 1);
}

static inline int itsm__near_prev_close(itsm_time *out, const itsm_calendar *calendar, itsm_time at)
{
    const int64_t w = itsm__near_work(calendar, at);
    return w >= 0 && itsm__near_invert(out, calendar, w, 0);
}

/* Where the run of open time ends that is open at an instant: in that day or in the next. */
static inline int itsm__near_run_end(itsm_time *out, const itsm_calendar *calendar, itsm_time open)
{
    itsm__near_day day;
    int64_t within;
    if (!itsm__near_day_at(&day, &within, calendar, open)) return 0;
    int64_t closed = within - itsm__pattern_work(day.pattern, within);
    if (closed >= ITSM__DAY - day.pattern->total) {
        if (!itsm__near_day_at(&day, &within, calendar, open + ITSM__DAY)) return 0;
        if (day.pattern->total == ITSM__DAY) return 0;
        closed = 0;
    }
    *out = itsm__near_time(&day, itsm__pattern_find_closed(day.pattern, closed, 1));
    return 1;
}

/* Where the run began that is open until an instant. */
static inline int itsm__near_run_start(itsm_time *out, const itsm_calendar *calendar, itsm_time close)
{
    itsm__near_day day;
    int64_t within;
    if (!itsm__near_day_at(&day, &within, calendar, close - 1)) return 0;
    int64_t closed = within - itsm__pattern_work(day.pattern, within);
    if (!closed) {
        if (!itsm__near_day_at(&day, &within, calendar, close - 1 - ITSM__DAY)) return 0;
        closed = ITSM__DAY - day.pattern->total;
        if (!closed) return 0;
    }
    *out = itsm__near_time(&day, itsm__pattern_find_closed(day.pattern, closed, 0));
    return 1;
}

static inline int itsm__near_next_close(itsm_time *out, const itsm_calendar *calendar, itsm_time at)
{
    itsm_time open;
    return itsm__near_next_open(&open, calendar, at) && itsm__near_run_end(out, calendar, open);
}

static inline int itsm__near_prev_open(itsm_time *out, const itsm_calendar *calendar, itsm_time at)
{
    itsm_time close;
    return itsm__near_prev_close(&close, calendar, at) && itsm__near_run_start(out, calendar, close);
}

#endif
