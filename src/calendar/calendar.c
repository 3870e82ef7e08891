/* SPDX-License-Identifier: MIT */
/*
 * The arithmetic on calendars, in terms of W(t), the open time up to t, and its two inverses (work.c):
 *
 *     between(a, b)          W(b) - W(a)
 *     add(t, n > 0)          L(W(t) + n), or U of it with the open boundary
 *     add(t, n < 0)          U(W(t) + n), or L of it with the open boundary
 *     next open, prev close  U(W(t)), L(W(t))
 *
 * The end of a run of open time is the next closed instant, so next close and prev open are the same two inverses of
 * closed time, t - W(t).  Each question is asked of the horizon first (work.h); what it leaves, the slower half answers
 * for any instant (work.c).  Cost: one or two looks into the tables each, however far apart the instants are.
 */
#include "calendar/work.h"

static itsm_status far_between(itsm_span *out, const itsm_calendar *calendar, itsm_time a, itsm_time b)
{
    int64_t span;
    if (a < ITSM__EARLIEST || b < ITSM__EARLIEST) return ITSM_E_RANGE;
    if (!itsm__sub(&span, itsm__calendar_work(calendar, b), itsm__calendar_work(calendar, a)) || span == ITSM_SPAN_NONE)
        return ITSM_E_RANGE;
    *out = span;
    return ITSM_OK;
}

itsm_status itsm_calendar_between(itsm_span *out, const itsm_calendar *calendar, itsm_time a, itsm_time b)
{
    if (!out || !calendar) return ITSM_E_MISUSE;
    const int64_t from = itsm__near_work(calendar, a), to = itsm__near_work(calendar, b);
    if (from < 0 || to < 0) return far_between(out, calendar, a, b);
    *out = to - from;
    return ITSM_OK;
}

/* No instant has that much work: is it for want of open time, or of numbers? */
static itsm_status out_of_range(const itsm_calendar *calendar, int forward)
{
    return (forward ? calendar->future_cycle : calendar->past_cycle) ? ITSM_E_RANGE : ITSM_E_NO_OPEN_TIME;
}

static itsm_status far_add(itsm_time *out, const itsm_calendar *calendar, itsm_time start, itsm_span n, int upper)
{
    int64_t w;
    if (start < ITSM__EARLIEST || n == ITSM_SPAN_NONE) return ITSM_E_RANGE;
    if (!itsm__add(&w, itsm__calendar_work(calendar, start), n)) return out_of_range(calendar, n > 0);
    return itsm__calendar_invert(out, calendar, w, 0, upper);
}

itsm_status itsm_calendar_add(itsm_time *out, const itsm_calendar *calendar, itsm_time start, itsm_span n,
                              int32_t boundary)
{
    if (!out || !calendar || (boundary != ITSM_BOUNDARY_CLOSE && boundary != ITSM_BOUNDARY_OPEN)) return ITSM_E_MISUSE;
    const int upper = itsm__add_upper(n, boundary);
    const int64_t w = itsm__near_work_ahead(calendar, start, n);
    if (w >= 0 && n != ITSM_SPAN_NONE && itsm__near_invert(out, calendar, itsm__near_sum(w, n), upper)) return ITSM_OK;
    return far_add(out, calendar, start, n, upper);
}

itsm_status itsm__calendar_place(int64_t *w, const itsm_calendar *calendar, itsm_time at)
{
    const int64_t near = itsm__near_work(calendar, at);
    if (near < 0 && at < ITSM__EARLIEST) return ITSM_E_RANGE;
    *w = near < 0 ? itsm__calendar_work(calendar, at) : calendar->horizon_before * ITSM__SECOND + near;
    return ITSM_OK;
}

itsm_status itsm__calendar_at(itsm_time *out, const itsm_calendar *calendar, int64_t w, int upper)
{
    int64_t near;
    if (itsm__sub(&near, w, calendar->horizon_before * ITSM__SECOND) && itsm__near_invert(out, calendar, near, upper))
        return ITSM_OK;
    return itsm__calendar_invert(out, calendar, w, 0, upper);
}

int itsm_calendar_is_open(const itsm_calendar *calendar, itsm_time at)
{
    if (!calendar) return 0;
    itsm__near_day day;
    int64_t within;
    if (itsm__near_day_at(&day, &within, calendar, at)) return itsm__pattern_is_open(day.pattern, within);
    return at >= ITSM__EARLIEST && itsm__calendar_is_open(calendar, at);
}

itsm_status itsm_calendar_next_open(itsm_time *out, const itsm_calendar *calendar, itsm_time at)
{
    if (!out || !calendar) return ITSM_E_MISUSE;
    return itsm__near_next_open(out, calendar, at) ? ITSM_OK : far_add(out, calendar, at, 0, 1);
}

itsm_status itsm_calendar_prev_close(itsm_time *out, const itsm_calendar *calendar, itsm_time at)
{
    if (!out || !calendar) return ITSM_E_MISUSE;
    return itsm__near_prev_close(out, calendar, at) ? ITSM_OK : far_add(out, calendar, at, 0, 0);
}

/* The edge of the run of open time that a point of it lies in.  No closed time there: it lies beyond all numbers. */
static itsm_status run_edge(itsm_time *out, const itsm_calendar *calendar, itsm_time within, int forward)
{
    const int64_t closed = within - itsm__calendar_work(calendar, within);
    const itsm_status rc = itsm__calendar_invert(out, calendar, closed, 1, forward);
    return rc == ITSM_E_NO_OPEN_TIME ? ITSM_E_RANGE : rc;
}

itsm_status itsm_calendar_next_close(itsm_time *out, const itsm_calendar *calendar, itsm_time at)
{
    if (!out || !calendar) return ITSM_E_MISUSE;
    if (itsm__near_next_close(out, calendar, at)) return ITSM_OK;
    itsm_time open;
    const itsm_status rc = itsm_calendar_next_open(&open, calendar, at);
    return rc ? rc : run_edge(out, calendar, open, 1);
}

itsm_status itsm_calendar_prev_open(itsm_time *out, const itsm_calendar *calendar, itsm_time at)
{
    if (!out || !calendar) return ITSM_E_MISUSE;
    if (itsm__near_prev_open(out, calendar, at)) return ITSM_OK;
    itsm_time close;
    const itsm_status rc = itsm_calendar_prev_close(&close, calendar, at);
    return rc ? rc : run_edge(out, calendar, close, 0);
}

/* Walk ------------------------------------------------------------------------------------------------------------ */

void itsm_calendar_intervals(itsm_calendar_cursor *out, const itsm_calendar *calendar, itsm_time a, itsm_time b)
{
    if (!out) return;
    out->calendar = calendar, out->at = a, out->end = b;
    if (a < ITSM__EARLIEST) out->at = a == ITSM_TIME_NONE ? b : ITSM__EARLIEST;
}

itsm_status itsm_calendar_intervals_next(itsm_interval *out, itsm_calendar_cursor *cursor)
{
    if (!out || !cursor || !cursor->calendar) return ITSM_E_MISUSE;
    itsm_time from, to;
    if (cursor->at >= cursor->end || itsm_calendar_next_open(&from, cursor->calendar, cursor->at) ||
        from >= cursor->end) {
        cursor->at = cursor->end;
        return ITSM_DONE;
    }
    if (itsm_calendar_next_close(&to, cursor->calendar, from) || to > cursor->end) to = cursor->end;
    out->from = from, out->to = to;
    cursor->at = to;
    return ITSM_OK;
}
