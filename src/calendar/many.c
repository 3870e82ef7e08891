/* SPDX-License-Identifier: MIT */
/*
 * The arithmetic over arrays.
 *
 * One loop for each operation, so that looks into the tables of neighbouring elements overlap in the processor.
 * Sorted input stays within a few cache lines of the tables and is predicted well.
 */
#include "calendar/work.h"

itsm_status itsm_calendar_between_many(itsm_span *out, const itsm_calendar *calendar, const itsm_time *a,
                                       const itsm_time *b, size_t n)
{
    if (!calendar || (n && (!out || !a || !b))) return ITSM_E_MISUSE;
    itsm_status first = ITSM_OK;
    for (size_t i = 0; i < n; i++) {
        const itsm_time from = a[i], to = b[i];
        out[i] = ITSM_SPAN_NONE;
        if (from == ITSM_TIME_NONE || to == ITSM_TIME_NONE) continue;
        int64_t span;
        if (from >= ITSM__EARLIEST && to >= ITSM__EARLIEST &&
            itsm__sub(&span, itsm__work_at(calendar, to), itsm__work_at(calendar, from)) && span != ITSM_SPAN_NONE)
            out[i] = span;
        else if (!first) first = ITSM_E_RANGE;
    }
    return first;
}

itsm_status itsm_calendar_add_many(itsm_time *out, const itsm_calendar *calendar, const itsm_time *start,
                                   const itsm_span *spans, size_t n, int32_t boundary)
{
    if (!calendar || (n && (!out || !start || !spans)) ||
        (boundary != ITSM_BOUNDARY_CLOSE && boundary != ITSM_BOUNDARY_OPEN))
        return ITSM_E_MISUSE;
    itsm_status first = ITSM_OK;
    for (size_t i = 0; i < n; i++) {
        itsm_time at = ITSM_TIME_NONE;
        const int none = start[i] == ITSM_TIME_NONE || spans[i] == ITSM_SPAN_NONE;
        const itsm_status rc = none ? ITSM_OK : itsm_calendar_add(&at, calendar, start[i], spans[i], boundary);
        out[i] = at;
        if (rc && !first) first = rc;
    }
    return first;
}

itsm_status itsm_calendar_is_open_many(uint8_t *out, const itsm_calendar *calendar, const itsm_time *at, size_t n)
{
    if (!calendar || (n && (!out || !at))) return ITSM_E_MISUSE;
    for (size_t i = 0; i < n; i++) out[i] = (uint8_t)itsm_calendar_is_open(calendar, at[i]);
    return ITSM_OK;
}

typedef itsm_status (*one_fn)(itsm_time *out, const itsm_calendar *calendar, itsm_time at);

static itsm_status each(itsm_time *out, const itsm_calendar *calendar, const itsm_time *at, size_t n, one_fn fn)
{
    if (!calendar || (n && (!out || !at))) return ITSM_E_MISUSE;
    itsm_status first = ITSM_OK;
    for (size_t i = 0; i < n; i++) {
        itsm_time answer = ITSM_TIME_NONE;
        const itsm_status rc = at[i] == ITSM_TIME_NONE ? ITSM_OK : fn(&answer, calendar, at[i]);
        out[i] = answer;
        if (rc && !first) first = rc;
    }
    return first;
}

itsm_status itsm_calendar_next_open_many(itsm_time *out, const itsm_calendar *calendar, const itsm_time *at, size_t n)
{
    return each(out, calendar, at, n, itsm_calendar_next_open);
}

itsm_status itsm_calendar_next_close_many(itsm_time *out, const itsm_calendar *calendar, const itsm_time *at, size_t n)
{
    return each(out, calendar, at, n, itsm_calendar_next_close);
}

itsm_status itsm_calendar_prev_open_many(itsm_time *out, const itsm_calendar *calendar, const itsm_time *at, size_t n)
{
    return each(out, calendar, at, n, itsm_calendar_prev_open);
}

itsm_status itsm_calendar_prev_close_many(itsm_time *out, const itsm_calendar *calendar, const itsm_time *at, size_t n)
{
    return each(out, calendar, at, n, itsm_calendar_prev_close);
}
