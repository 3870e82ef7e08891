/* SPDX-License-Identifier: MIT */
/*
 * W(t), the open time from 1970 to t, and its inverses L and U over the tables of calendar.h: what work.h leaves.
 *
 * W outside the horizon: the day is moved by whole cycles of 400 years into the years listed, its year found by
 * arithmetic, and the day read from the year's sheet; O(1).
 *
 * L and U outside the horizon, where a step of the index holds several days, and for closed time: binary search over
 * years and then over the days of one.  Nothing steps through days, and a calendar without open time in the direction
 * asked is told by a cycle that has none.
 *
 * Days of more spans than a pattern holds itself: binary search over the spans.
 */
#include "calendar/work.h"

/* Within a day ---------------------------------------------------------------------------------------------------- */

/* The number of spans that begin at or before a microsecond of the day. */
static uint32_t spans_until(const itsm__day *day, int64_t at)
{
    uint32_t low = 0, high = day->pattern->n;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (day->spans[middle].from <= at) low = middle + 1;
        else high = middle;
    }
    return low;
}

static int64_t day_work(const itsm__day *day, int64_t at)
{
    const uint32_t n = spans_until(day, at);
    if (!n) return 0;
    const itsm__day_span *span = &day->spans[n - 1];
    return span->before + (at < span->to ? at : span->to) - span->from;
}

/* The microsecond with that much open time before it. */
static int64_t find_open(const itsm__day *day, int64_t w, int upper)
{
    uint32_t low = 0, high = day->pattern->n;
    while (low + 1 < high) { /* the last span with less open time before it, or as much for the upper */
        const uint32_t middle = low + (high - low) / 2;
        if (day->spans[middle].before < w + upper) low = middle;
        else high = middle;
    }
    return day->spans[low].from + (w - day->spans[low].before);
}

/* The microsecond with that much closed time before it. */
static int64_t find_closed(const itsm__day *day, int64_t w, int upper)
{
    uint32_t low = 0, high = day->pattern->n;
    while (low < high) { /* the number of spans that begin before it, or there for the upper */
        const uint32_t middle = low + (high - low) / 2;
        if (day->spans[middle].from - day->spans[middle].before < w + upper) low = middle + 1;
        else high = middle;
    }
    return w + (low < day->pattern->n ? day->spans[low].before : day->pattern->total);
}

/* Any day --------------------------------------------------------------------------------------------------------- */

/* Where a year's days stand. */
typedef struct place {
    const uint32_t *run;
    uint32_t skip;     /* days of the run before the year */
    uint32_t n;        /* days of the year */
    int64_t first_day; /* after the move by cycles */
    int64_t before;    /* W at the start of the run, seconds */
} place;

static place place_of_year(const itsm_calendar *calendar, size_t i)
{
    const itsm__year *year = &calendar->years[i];
    const uint64_t in_horizon = (uint64_t)year->first_day - ITSM__HORIZON_FIRST_DAY;
    place p = {calendar->words, 0, 0, year->first_day, year->before};
    p.n = (uint32_t)(calendar->years[i + 1].first_day - year->first_day);
    if (in_horizon < ITSM__HORIZON_DAYS) {
        p.skip = (uint32_t)in_horizon;
        p.before -= itsm__run_seconds(p.run, p.skip);
    } else {
        p.run += year->sheet;
    }
    return p;
}

static uint32_t rare_pattern(const itsm_calendar *calendar, size_t word)
{
    size_t low = 0, high = calendar->nrare;
    while (low + 1 < high) {
        const size_t middle = low + (high - low) / 2;
        if (calendar->rare[middle].word <= word) low = middle;
        else high = middle;
    }
    return calendar->rare[low].pattern;
}

/* The i-th day of a run that begins with W = before (seconds). */
static itsm__day day_of_run(const itsm_calendar *calendar, const uint32_t *run, uint32_t i, int64_t before)
{
    const uint32_t *word = itsm__run_word(run, i);
    uint32_t pattern = *word & ITSM__RARE;
    if (pattern == ITSM__RARE) pattern = rare_pattern(calendar, (size_t)(word - calendar->words));
    itsm__day day;
    day.number = 0, day.before = (before + itsm__run_seconds(run, i)) * ITSM__SECOND;
    day.pattern = &calendar->patterns[pattern], day.spans = calendar->spans + day.pattern->first;
    return day;
}

static itsm__day listed_day(const itsm_calendar *calendar, int64_t number, int64_t moved)
{
    const int64_t first = calendar->years[0].first_day;
    size_t i = (size_t)((number - first) * ITSM__CYCLE_YEARS / ITSM__CYCLE_DAYS);
    if (i >= calendar->nyears) i = calendar->nyears - 1;
    while (calendar->years[i].first_day > number) i--; /* the guess is off by one at most */
    while (calendar->years[i + 1].first_day <= number) i++;
    const place p = place_of_year(calendar, i);
    return day_of_run(calendar, p.run, p.skip + (uint32_t)(number - p.first_day), moved + p.before);
}

itsm__day itsm__calendar_day(const itsm_calendar *calendar, int64_t number)
{
    const uint64_t in_horizon = (uint64_t)number - ITSM__HORIZON_FIRST_DAY;
    const int64_t first = calendar->years[0].first_day, end = calendar->years[calendar->nyears].first_day;
    int64_t cycles = 0, moved = 0;
    itsm__day day;
    if (in_horizon < ITSM__HORIZON_DAYS) {
        day = day_of_run(calendar, calendar->words, (uint32_t)in_horizon, calendar->horizon_before);
    } else {
        if (number < first) {
            cycles = -((first - number + ITSM__CYCLE_DAYS - 1) / ITSM__CYCLE_DAYS);
            moved = cycles * calendar->past_cycle;
        } else if (number >= end) {
            cycles = (number - end) / ITSM__CYCLE_DAYS + 1;
            moved = cycles * calendar->future_cycle;
        }
        day = listed_day(calendar, number - cycles * ITSM__CYCLE_DAYS, moved);
    }
    day.number = number;
    return day;
}

int64_t itsm__calendar_work(const itsm_calendar *calendar, itsm_time at)
{
    const itsm__day day = itsm__calendar_day(calendar, itsm__floor_div(at, ITSM__DAY));
    return day.before + day_work(&day, at - day.number * ITSM__DAY);
}

int itsm__calendar_is_open(const itsm_calendar *calendar, itsm_time at)
{
    const itsm__day day = itsm__calendar_day(calendar, itsm__floor_div(at, ITSM__DAY));
    const int64_t within = at - day.number * ITSM__DAY;
    const uint32_t n = spans_until(&day, within);
    return n > 0 && within < day.spans[n - 1].to;
}

/* Which day ------------------------------------------------------------------------------------------------------- */

/* Of the horizon, by the index: the day with W(start) <= w < W(end), in seconds from the start of the horizon. */
static int64_t indexed_day(const itsm_calendar *calendar, uint32_t w)
{
    const uint16_t *step = calendar->inverse + (w >> calendar->shift);
    uint32_t low = step[0], high = step[1] + UINT32_C(1);
    while (low + 1 < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (itsm__run_seconds(calendar->words, middle) <= w) low = middle;
        else high = middle;
    }
    return ITSM__HORIZON_FIRST_DAY + (int64_t)low;
}

static int64_t key_of_year(const itsm_calendar *calendar, size_t i, int closed)
{
    const itsm__year *year = &calendar->years[i];
    return closed ? year->first_day * ITSM__DAY_SECONDS - year->before : year->before;
}

static int64_t key_of_day(const place *p, uint32_t i, int closed)
{
    const int64_t w = p->before + itsm__run_seconds(p->run, p->skip + i);
    return closed ? (p->first_day + (int64_t)i) * ITSM__DAY_SECONDS - w : w;
}

/* The same of the years listed, and for closed time; w in seconds. */
static int64_t search_day(const itsm_calendar *calendar, int64_t w, int closed)
{
    size_t low = 0, high = calendar->nyears;
    while (low + 1 < high) {
        const size_t middle = low + (high - low) / 2;
        if (key_of_year(calendar, middle, closed) <= w) low = middle;
        else high = middle;
    }
    const place p = place_of_year(calendar, low);
    uint32_t day = 0, end = p.n;
    while (day + 1 < end) {
        const uint32_t middle = day + (end - day) / 2;
        if (key_of_day(&p, middle, closed) <= w) day = middle;
        else end = middle;
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

/* The day in which L or U of w lie, and how many days it was moved, and w with it. */
static itsm_status day_with(itsm__day *day, int64_t *moved, int64_t *w, const itsm_calendar *calendar, int closed,
                            int upper)
{
    /* The lower of w lies where the microsecond before w is worked, the upper where the one after it is. */
    const int64_t v = itsm__floor_div(upper ? *w : *w - (*w != INT64_MIN), ITSM__SECOND);
    const int64_t in_horizon = v - calendar->horizon_before;
    int64_t number;
    *moved = 0;
    if (!closed && in_horizon >= 0 && in_horizon < calendar->horizon_work / ITSM__SECOND) {
        number = indexed_day(calendar, (uint32_t)in_horizon);
    } else {
        itsm_status rc = move_cycles(w, v, moved, calendar, closed);
        if (rc) return rc;
        number = search_day(calendar, itsm__floor_div(*w - !upper, ITSM__SECOND), closed);
    }
    *day = itsm__calendar_day(calendar, number);
    return ITSM_OK;
}

itsm_status itsm__calendar_invert(itsm_time *out, const itsm_calendar *calendar, int64_t w, int closed, int upper)
{
    itsm__day day;
    int64_t moved, within, at;
    itsm_status rc = day_with(&day, &moved, &w, calendar, closed, upper);
    if (rc) return rc;
    if (closed) within = find_closed(&day, w - (day.number * ITSM__DAY - day.before), upper);
    else within = find_open(&day, w - day.before, upper);
    const int64_t number = day.number + moved;
    if (number < ITSM__EARLIEST / ITSM__DAY || number > -(ITSM__EARLIEST / ITSM__DAY)) return ITSM_E_RANGE;
    if (!itsm__add(&at, number * ITSM__DAY, within)) return ITSM_E_RANGE;
    *out = at;
    return ITSM_OK;
}
