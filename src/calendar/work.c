/* SPDX-License-Identifier: MIT */
/*
 * W(t), the open time from 1970 to t, and its inverses L and U over the tables of calendar.h.
 *
 * W: a division, one word of the day, its pattern; O(1) within the horizon.  Outside, the day is moved by whole cycles
 * of 400 years into the years listed, its year found by arithmetic, and the same done with the year's sheet.
 *
 * L and U: which day holds the w-th open microsecond is read from the inverse index and a step or two; outside the
 * horizon, and for closed time, by binary search over years and then over the days of one.  Nothing steps through
 * days, and a calendar without open time in the direction asked is told by a cycle that has none.
 */
#include "calendar/work.h"

/* Where a day's words stand: those of its year, its number in it, and W at the start of the year. */
typedef struct place {
    const itsm__day_word *words; /* of the year or the horizon */
    int64_t first_day;           /* of the year, after the move by cycles */
    int64_t before;              /* W there, less what words[0] says */
    size_t n;                    /* days */
} place;

static place place_of_year(const itsm_calendar *calendar, size_t i)
{
    const itsm__year *year = &calendar->years[i];
    place p;
    p.first_day = year->first_day, p.before = year->before;
    p.n = (size_t)(calendar->years[i + 1].first_day - year->first_day);
    const int64_t in_horizon = year->first_day - ITSM__HORIZON_FIRST_DAY;
    if (in_horizon >= 0 && in_horizon < ITSM__HORIZON_DAYS) {
        p.words = calendar->days + in_horizon;
        p.before -= itsm__day_seconds(p.words[0]);
    } else {
        p.words = calendar->sheets + year->sheet;
    }
    return p;
}

/* The word of any day, and W at its start in seconds. */
static itsm__day_word far_day(int64_t *seconds, const itsm_calendar *calendar, int64_t day)
{
    const int64_t first = calendar->years[0].first_day, end = calendar->years[calendar->nyears].first_day;
    int64_t cycles = 0, moved = 0;
    if (day < first) {
        cycles = -((first - day + ITSM__CYCLE_DAYS - 1) / ITSM__CYCLE_DAYS);
        moved = cycles * calendar->past_cycle;
    } else if (day >= end) {
        cycles = (day - end) / ITSM__CYCLE_DAYS + 1;
        moved = cycles * calendar->future_cycle;
    }
    day -= cycles * ITSM__CYCLE_DAYS;
    size_t i = (size_t)((day - first) * ITSM__CYCLE_YEARS / ITSM__CYCLE_DAYS);
    if (i >= calendar->nyears) i = calendar->nyears - 1;
    while (calendar->years[i].first_day > day) i--; /* the guess is off by one at most */
    while (calendar->years[i + 1].first_day <= day) i++;
    const place p = place_of_year(calendar, i);
    const itsm__day_word word = p.words[day - p.first_day];
    *seconds = moved + p.before + itsm__day_seconds(word);
    return word;
}

itsm__day itsm__calendar_far_day(const itsm_calendar *calendar, int64_t number)
{
    int64_t seconds;
    const itsm__day_word word = far_day(&seconds, calendar, number);
    return itsm__day_of(calendar, number, word, seconds);
}

int64_t itsm__calendar_work(const itsm_calendar *calendar, itsm_time at)
{
    return itsm__work_at(calendar, at);
}

/* Which day ------------------------------------------------------------------------------------------------------- */

/* Within the horizon: the day with W(start) <= w < W(end), in seconds from the start of the horizon. */
static size_t horizon_day(const itsm_calendar *calendar, int64_t w)
{
    const itsm__day_word *days = calendar->days;
    const size_t k = (size_t)(w >> calendar->shift);
    size_t day = calendar->inverse[k], high = calendar->inverse[k + 1];
    /* A step of the index rarely holds more than one change of day: it is the day at its start or that at its end. */
    if (itsm__day_seconds(days[high]) <= w) day = high;
    if (itsm__day_seconds(days[day + 1]) > w) return day;
    high++;
    while (day + 1 < high) { /* W(day) <= w < W(high) */
        const size_t middle = day + (high - day) / 2;
        if (itsm__day_seconds(days[middle]) <= w) day = middle;
        else high = middle;
    }
    return day;
}

static int64_t key_of_year(const itsm_calendar *calendar, size_t i, int closed)
{
    const itsm__year *year = &calendar->years[i];
    return closed ? year->first_day * ITSM__DAY_SECONDS - year->before : year->before;
}

static int64_t key_of_day(const place *p, size_t i, int closed)
{
    const int64_t w = p->before + itsm__day_seconds(p->words[i]);
    return closed ? (p->first_day + (int64_t)i) * ITSM__DAY_SECONDS - w : w;
}

/* The same for any w within the years listed, and for closed time. */
static int64_t search_day(const itsm_calendar *calendar, int64_t w, int closed)
{
    size_t low = 0, high = calendar->nyears;
    while (low + 1 < high) {
        const size_t middle = low + (high - low) / 2;
        if (key_of_year(calendar, middle, closed) <= w) low = middle;
        else high = middle;
    }
    const place p = place_of_year(calendar, low);
    size_t day = 0;
    high = p.n;
    while (day + 1 < high) {
        const size_t middle = day + (high - day) / 2;
        if (key_of_day(&p, middle, closed) <= w) day = middle;
        else high = middle;
    }
    return p.first_day + (int64_t)day;
}

/* Move w (microseconds) by whole cycles into the years listed, where first <= v < end; v is w in seconds. */
static itsm_status move_cycles(int64_t *w, int64_t v, int64_t *days, const itsm_calendar *calendar, int closed)
{
    const int64_t first = key_of_year(calendar, 0, closed), end = key_of_year(calendar, calendar->nyears, closed);
    int64_t cycles, cycle, amount;
    *days = 0;
    if (v >= first && v < end) return ITSM_OK;
    cycle = v < first ? calendar->past_cycle : calendar->future_cycle;
    if (closed) cycle = ITSM__CYCLE_DAYS * INT64_C(86400) - cycle;
    if (!cycle) return ITSM_E_NO_OPEN_TIME;
    cycles = v < first ? -((first - v + cycle - 1) / cycle) : (v - end) / cycle + 1;
    /* As many cycles as this lie beyond any instant; stops what follows from overflowing. */
    if (cycles > 1000000 || cycles < -1000000) return ITSM_E_RANGE;
    if (!itsm__mul(&amount, cycles * cycle, ITSM__SECOND) || !itsm__sub(w, *w, amount)) return ITSM_E_RANGE;
    *days = cycles * ITSM__CYCLE_DAYS;
    return ITSM_OK;
}

/* Within a day ---------------------------------------------------------------------------------------------------- */

static int64_t day_lower(const itsm__day *day, int64_t w, int upper)
{
    const itsm__day_span *span = day->spans;
    const itsm__day_span *last = span + day->pattern->n - 1;
    while (span < last && span->before + (span->to - span->from) < w + upper) span++;
    return span->from + (w - span->before);
}

static int64_t day_lower_closed(const itsm__day *day, int64_t w, int upper)
{
    int64_t start = 0, before = 0;
    for (uint32_t i = 0; i < day->pattern->n; i++) {
        const int64_t length = day->spans[i].from - start;
        if (before + length >= w + upper) break;
        before += length, start = day->spans[i].to;
    }
    return start + (w - before);
}

static itsm_status invert(itsm_time *out, const itsm_calendar *calendar, int64_t w, int closed, int upper)
{
    /* The second that holds the microsecond behind w (upper) or before it. */
    int64_t v = itsm__floor_div(upper ? w : w - (w != INT64_MIN), ITSM__SECOND), moved = 0, number;
    const int64_t in_horizon = v - calendar->horizon_before;
    if (!closed && in_horizon >= 0 && v < calendar->horizon_after) {
        number = ITSM__HORIZON_FIRST_DAY + (int64_t)horizon_day(calendar, in_horizon);
    } else {
        itsm_status rc = move_cycles(&w, v, &moved, calendar, closed);
        if (rc) return rc;
        number = search_day(calendar, itsm__floor_div(w - !upper, ITSM__SECOND), closed);
    }
    const itsm__day day = itsm__calendar_day(calendar, number);
    int64_t within, at;
    if (closed) within = day_lower_closed(&day, w - (number * ITSM__DAY - day.before), upper);
    else within = day_lower(&day, w - day.before, upper);
    number += moved;
    if (number < ITSM__EARLIEST / ITSM__DAY || number > -(ITSM__EARLIEST / ITSM__DAY)) return ITSM_E_RANGE;
    if (!itsm__add(&at, number * ITSM__DAY, within)) return ITSM_E_RANGE;
    *out = at;
    return ITSM_OK;
}

itsm_status itsm__calendar_lower(itsm_time *out, const itsm_calendar *calendar, int64_t w, int closed)
{
    return invert(out, calendar, w, closed, 0);
}

itsm_status itsm__calendar_upper(itsm_time *out, const itsm_calendar *calendar, int64_t w, int closed)
{
    return invert(out, calendar, w, closed, 1);
}
