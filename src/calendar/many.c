/* SPDX-License-Identifier: MIT */
/*
 * The arithmetic over arrays.
 *
 * Instants that stand together in an array mostly lie together in time.  Each loop so keeps the *stretch* of the
 * element before: a piece of one day that is open or closed throughout, where W grows with the instant or stands still,
 * and where a neighbour's answer is this one's or the instant itself.  Within it an element costs a subtraction and a
 * comparison, 2 to 3 ns with all that is around it.  A stretch is only looked up once two elements in turn fall on one
 * day, and all but the edges go without it for blocks that look to be in no order; those gain from looks into the
 * tables that overlap in the processor.
 *
 * What the horizon cannot answer, ITSM_TIME_NONE among it, goes to the single call.  Every element gets what the single
 * call would give.
 */
#include "calendar/work.h"

typedef struct stretch {
    itsm_time from;
    uint64_t length; /* 0: none */
    int64_t work;    /* W at from */
    int64_t growing; /* -1: open; 0: closed */
    uint32_t day;    /* that an element fell on last */
} stretch;

static const stretch no_stretch = {0, 0, 0, 0, UINT32_MAX};

/* Make it the stretch of a day that holds a microsecond of it. */
static void move_to(stretch *s, const itsm__near_day *day, int64_t at)
{
    const itsm__pattern *p = day->pattern;
    int64_t from = 0, to = ITSM__DAY;
    int open = 0;
    for (int i = 0; i < ITSM__PATTERN_SPANS && !open && to > at; i++) {
        if (at >= p->to[i]) from = p->to[i];
        else if (at >= p->from[i]) from = p->from[i], to = p->to[i], open = 1;
        else if (p->from[i] < to) to = p->from[i];
    }
    s->from = itsm__near_time(day, from), s->length = (uint64_t)(to - from);
    s->work = day->before + itsm__pattern_work(p, from), s->growing = -(int64_t)open;
}

/* An element fell on a day: the second in turn moves the stretch there. */
static inline void visit(stretch *s, const itsm__near_day *day, int64_t at)
{
    if (day->i == s->day) move_to(s, day, at);
    s->day = day->i;
}

/* W from the start of the horizon; -1: not there. */
static inline int64_t work_of(stretch *s, const itsm_calendar *calendar, itsm_time at)
{
    const uint64_t since = (uint64_t)at - (uint64_t)s->from;
    if (since < s->length) return s->work + ((int64_t)since & s->growing);
    itsm__near_day day;
    int64_t within;
    if (!itsm__near_day_at(&day, &within, calendar, at)) return -1;
    visit(s, &day, within);
    return day.before + itsm__pattern_work(day.pattern, within);
}

/* L and U; the stretches are open ones.  0: not there. */
static inline int invert(itsm_time *out, stretch *s, const itsm_calendar *calendar, int64_t w, int upper)
{
    const int64_t since = (int64_t)((uint64_t)w - (uint64_t)s->work);
    if ((uint64_t)since - (uint64_t)!upper < s->length) {
        *out = s->from + since;
        return 1;
    }
    itsm__near_day day;
    if (!itsm__near_day_with(&day, calendar, w, upper)) return 0;
    const int64_t within = itsm__pattern_find(day.pattern, w - day.before, upper);
    visit(s, &day, within - !upper);
    *out = itsm__near_time(&day, within);
    return 1;
}

enum { BLOCK = 256 };

/* 1: if they are in order, there are two to a day.  No more than a guess at which way is faster. */
static int is_dense(const itsm_time *at, size_t n)
{
    const uint64_t reach = n * (uint64_t)(ITSM__DAY / 2);
    return (uint64_t)at[n - 1] - (uint64_t)at[0] + reach <= 2 * reach;
}

/* W of a block, and a stretch that goes on to the next; -1: not there.  0: some are not. */
static int work_of_block(int64_t *out, stretch *kept, const itsm_calendar *calendar, const itsm_time *at, size_t n)
{
    int64_t all = 0;
    if (!is_dense(at, n)) {
        for (size_t i = 0; i < n; i++) all |= out[i] = itsm__near_work(calendar, at[i]);
        return all >= 0;
    }
    stretch s = *kept;
    for (size_t i = 0; i < n; i++) all |= out[i] = work_of(&s, calendar, at[i]);
    *kept = s;
    return all >= 0;
}

static itsm_status between_one(itsm_span *out, const itsm_calendar *calendar, itsm_time a, itsm_time b)
{
    *out = ITSM_SPAN_NONE;
    return a == ITSM_TIME_NONE || b == ITSM_TIME_NONE ? ITSM_OK : itsm_calendar_between(out, calendar, a, b);
}

itsm_status itsm_calendar_between_many(itsm_span *out, const itsm_calendar *calendar, const itsm_time *a,
                                       const itsm_time *b, size_t n)
{
    if (!calendar || (n && (!out || !a || !b))) return ITSM_E_MISUSE;
    stretch near_a = no_stretch, near_b = no_stretch;
    int64_t from[BLOCK], to[BLOCK];
    itsm_status first = ITSM_OK;
    for (size_t done = 0; done < n; done += BLOCK) {
        const size_t m = n - done < BLOCK ? n - done : BLOCK;
        const int all =
            work_of_block(from, &near_a, calendar, a + done, m) & work_of_block(to, &near_b, calendar, b + done, m);
        for (size_t i = 0; i < m && all; i++) out[done + i] = to[i] - from[i];
        for (size_t i = done; i < done + m && !all; i++) {
            const itsm_status rc = between_one(&out[i], calendar, a[i], b[i]);
            if (!first) first = rc;
        }
    }
    return first;
}

static itsm_status add_one(itsm_time *out, const itsm_calendar *calendar, itsm_time start, itsm_span span,
                           int32_t boundary)
{
    *out = ITSM_TIME_NONE;
    if (start == ITSM_TIME_NONE || span == ITSM_SPAN_NONE) return ITSM_OK;
    return itsm_calendar_add(out, calendar, start, span, boundary);
}

itsm_status itsm_calendar_add_many(itsm_time *out, const itsm_calendar *calendar, const itsm_time *start,
                                   const itsm_span *spans, size_t n, int32_t boundary)
{
    if (!calendar || (n && (!out || !start || !spans)) ||
        (boundary != ITSM_BOUNDARY_CLOSE && boundary != ITSM_BOUNDARY_OPEN))
        return ITSM_E_MISUSE;
    stretch near_start = no_stretch, near_end = no_stretch;
    int64_t from[BLOCK];
    itsm_status first = ITSM_OK;
    for (size_t done = 0; done < n; done += BLOCK) {
        const size_t m = n - done < BLOCK ? n - done : BLOCK;
        const int dense = is_dense(start + done, m);
        (void)work_of_block(from, &near_start, calendar, start + done, m);
        for (size_t i = done; i < done + m; i++) {
            const itsm_span span = spans[i];
            const int upper = itsm__add_upper(span, boundary), near = from[i - done] >= 0 && span != ITSM_SPAN_NONE;
            const int64_t to = itsm__near_sum(from[i - done], span);
            if (near && (dense ? invert(&out[i], &near_end, calendar, to, upper)
                               : itsm__near_invert(&out[i], calendar, to, upper)))
                continue;
            const itsm_status rc = add_one(&out[i], calendar, start[i], span, boundary);
            if (!first) first = rc;
        }
    }
    return first;
}

static void is_open_dense(uint8_t *out, stretch *kept, const itsm_calendar *calendar, const itsm_time *at, size_t n)
{
    stretch near = *kept;
    for (size_t i = 0; i < n; i++) {
        itsm__near_day day;
        int64_t within;
        if ((uint64_t)at[i] - (uint64_t)near.from < near.length) {
            out[i] = (uint8_t)(near.growing & 1);
        } else if (itsm__near_day_at(&day, &within, calendar, at[i])) {
            visit(&near, &day, within);
            out[i] = (uint8_t)itsm__pattern_is_open(day.pattern, within);
        } else {
            out[i] = (uint8_t)itsm_calendar_is_open(calendar, at[i]);
        }
    }
    *kept = near;
}

static void is_open_sparse(uint8_t *out, const itsm_calendar *calendar, const itsm_time *at, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        itsm__near_day day;
        int64_t within;
        if (itsm__near_day_at(&day, &within, calendar, at[i]))
            out[i] = (uint8_t)itsm__pattern_is_open(day.pattern, within);
        else out[i] = (uint8_t)itsm_calendar_is_open(calendar, at[i]);
    }
}

itsm_status itsm_calendar_is_open_many(uint8_t *out, const itsm_calendar *calendar, const itsm_time *at, size_t n)
{
    if (!calendar || (n && (!out || !at))) return ITSM_E_MISUSE;
    stretch near = no_stretch;
    for (size_t done = 0; done < n; done += BLOCK) {
        const size_t m = n - done < BLOCK ? n - done : BLOCK;
        if (is_dense(at + done, m)) is_open_dense(out + done, &near, calendar, at + done, m);
        else is_open_sparse(out + done, calendar, at + done, m);
    }
    return ITSM_OK;
}

/* Edges ----------------------------------------------------------------------------------------------------------- */

typedef int (*near_fn)(itsm_time *out, const itsm_calendar *calendar, itsm_time at);
typedef itsm_status (*one_fn)(itsm_time *out, const itsm_calendar *calendar, itsm_time at);

/* An edge asked for: of all instants of a stretch it is the same, or for an open one the instant itself. */
typedef struct edge {
    near_fn near;
    one_fn one;
    int back; /* 1: a stretch has its end and not its start */
    int self; /* 1: within open time it is the instant itself */
} edge;

/* Look the stretch up if the elements come close to each other; 1: found. */
static int settle(stretch *s, const itsm_calendar *calendar, itsm_time at, itsm_time last)
{
    itsm__near_day day;
    int64_t within;
    if ((uint64_t)at - (uint64_t)last + (uint64_t)ITSM__DAY > 2 * (uint64_t)ITSM__DAY) return 0;
    if (!itsm__near_day_at(&day, &within, calendar, at)) return 0;
    move_to(s, &day, within);
    return 1;
}

static inline itsm_status each(itsm_time *out, const itsm_calendar *calendar, const itsm_time *at, size_t n, edge e)
{
    if (!calendar || (n && (!out || !at))) return ITSM_E_MISUSE;
    stretch near = no_stretch;
    itsm_time answer = 0, last = ITSM_TIME_NONE;
    itsm_status first = ITSM_OK;
    for (size_t i = 0; i < n; i++) {
        const itsm_time t = at[i], inside = (itsm_time)((uint64_t)t - (uint64_t)e.back);
        if ((uint64_t)inside - (uint64_t)near.from < near.length) {
            out[i] = e.self && near.growing ? t : answer;
        } else if (e.near(&out[i], calendar, t)) {
            if (settle(&near, calendar, inside, last)) answer = out[i];
            last = inside;
        } else {
            out[i] = ITSM_TIME_NONE;
            const itsm_status rc = t == ITSM_TIME_NONE ? ITSM_OK : e.one(&out[i], calendar, t);
            if (!first) first = rc;
        }
    }
    return first;
}

itsm_status itsm_calendar_next_open_many(itsm_time *out, const itsm_calendar *calendar, const itsm_time *at, size_t n)
{
    const edge e = {itsm__near_next_open, itsm_calendar_next_open, 0, 1};
    return each(out, calendar, at, n, e);
}

itsm_status itsm_calendar_next_close_many(itsm_time *out, const itsm_calendar *calendar, const itsm_time *at, size_t n)
{
    const edge e = {itsm__near_next_close, itsm_calendar_next_close, 0, 0};
    return each(out, calendar, at, n, e);
}

itsm_status itsm_calendar_prev_open_many(itsm_time *out, const itsm_calendar *calendar, const itsm_time *at, size_t n)
{
    const edge e = {itsm__near_prev_open, itsm_calendar_prev_open, 1, 0};
    return each(out, calendar, at, n, e);
}

itsm_status itsm_calendar_prev_close_many(itsm_time *out, const itsm_calendar *calendar, const itsm_time *at, size_t n)
{
    const edge e = {itsm__near_prev_close, itsm_calendar_prev_close, 1, 1};
    return each(out, calendar, at, n, e);
}
