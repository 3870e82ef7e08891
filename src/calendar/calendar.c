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
 * closed time, t - W(t).  Cost: one or two looks into the tables each, however far apart the instants are.
 */
#include "calendar/work.h"

itsm_status itsm_calendar_between(itsm_span *out, const itsm_calendar *calendar, itsm_time a, itsm_time b)
{
    if (!out || !calendar) return ITSM_E_MISUSE;
    if (a < ITSM__EARLIEST || b < ITSM__EARLIEST) return ITSM_E_RANGE;
    int64_t span;
    if (!itsm__sub(&span, itsm__work_at(calendar, b), itsm__work_at(calendar, a)) || span == ITSM_SPAN_NONE)
        return ITSM_E_RANGE;
    *out = span;
    return ITSM_OK;
}

/* No instant has that much work: is it for want of open time, or of numbers? */
static itsm_status out_of_range(const itsm_calendar *calendar, int forward)
{
    return (forward ? calendar->future_cycle : calendar->past_cycle) ? ITSM_E_RANGE : ITSM_E_NO_OPEN_TIME;
}

itsm_status itsm_calendar_add(itsm_time *out, const itsm_calendar *calendar, itsm_time start, itsm_span n,
                              int32_t boundary)
{
    if (!out || !calendar || (boundary != ITSM_BOUNDARY_CLOSE && boundary != ITSM_BOUNDARY_OPEN)) return ITSM_E_MISUSE;
    if (start < ITSM__EARLIEST || n == ITSM_SPAN_NONE) return ITSM_E_RANGE;
    int64_t w;
    if (!itsm__add(&w, itsm__work_at(calendar, start), n)) return out_of_range(calendar, n > 0);
    /* The edge reached first is the lower inverse going forward, the upper going back; for 0 the next opening. */
    const int upper = n == 0 || (n < 0) == (boundary == ITSM_BOUNDARY_CLOSE);
    return upper ? itsm__calendar_upper(out, calendar, w, 0) : itsm__calendar_lower(out, calendar, w, 0);
}

int itsm_calendar_is_open(const itsm_calendar *calendar, itsm_time at)
{
    if (!calendar || at < ITSM__EARLIEST) return 0;
    const int64_t number = itsm__floor_div(at, ITSM__DAY);
    const itsm__day day = itsm__calendar_day(calendar, number);
    return itsm__day_is_open(&day, at - number * ITSM__DAY);
}

itsm_status itsm_calendar_next_open(itsm_time *out, const itsm_calendar *calendar, itsm_time at)
{
    if (!out || !calendar) return ITSM_E_MISUSE;
    if (at < ITSM__EARLIEST) return ITSM_E_RANGE;
    return itsm__calendar_upper(out, calendar, itsm__work_at(calendar, at), 0);
}

itsm_status itsm_calendar_prev_close(itsm_time *out, const itsm_calendar *calendar, itsm_time at)
{
    if (!out || !calendar) return ITSM_E_MISUSE;
    if (at < ITSM__EARLIEST) return ITSM_E_RANGE;
    return itsm__calendar_lower(out, calendar, itsm__work_at(calendar, at), 0);
}

/* The edge of the run of open time that a point of it lies in.  No closed time there: it lies beyond all numbers. */
static itsm_status run_edge(itsm_time *out, const itsm_calendar *calendar, itsm_time within, int forward)
{
    const int64_t closed = within - itsm__work_at(calendar, within);
    const itsm_status rc =
        forward ? itsm__calendar_upper(out, calendar, closed, 1) : itsm__calendar_lower(out, calendar, closed, 1);
    return rc == ITSM_E_NO_OPEN_TIME ? ITSM_E_RANGE : rc;
}

itsm_status itsm_calendar_next_close(itsm_time *out, const itsm_calendar *calendar, itsm_time at)
{
    itsm_time open;
    const itsm_status rc = itsm_calendar_next_open(out ? &open : NULL, calendar, at);
    return rc ? rc : run_edge(out, calendar, open, 1);
}

itsm_status itsm_calendar_prev_open(itsm_time *out, const itsm_calendar *calendar, itsm_time at)
{
    itsm_time close;
    const itsm_status rc = itsm_calendar_prev_close(out ? &close : NULL, calendar, at);
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
    if (run_edge(&to, cursor->calendar, from, 1) || to > cursor->end) to = cursor->end;
    out->from = from, out->to = to;
    cursor->at = to;
    return ITSM_OK;
}
