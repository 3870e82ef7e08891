/* SPDX-License-Identifier: MIT */
/*
 * What each day of UTC looks like: the open spans of a definition, day by day.
 *
 * A day of UTC is *plain* when no clock change is within three days of it and nothing dated can reach it; its pattern
 * then depends on the weekday and the offset only, and costs a look into a cache of a week.  All other days are built
 * from the dates around them: intervals turned into seconds, sorted, joined, closed ones taken away; O(k log k) for k
 * intervals, some 300 ns for a usual day.  Patterns are interned.
 */
#include "calendar/compile.h"

#include "base/sort.h"

enum {
    EARLIEST_YEAR = -10000,
    REACH_BEFORE = 2, /* UTC days that a local date can reach before and after the day of the same number */
    REACH_AFTER = 4,
    CHANGE_REACH = 3 /* days around a clock change that are not plain */
};

enum { NEAR_EXCEPTION = 1, NEAR_CHANGE = 2 };

void itsm__compiler_init(itsm__compiler *c, itsm_calendar *calendar)
{
    memset(c, 0, sizeof *c);
    c->calendar = calendar, c->memory = calendar->memory;
    itsm__map_init(&c->interned, &c->memory);
    itsm__map_init(&c->shapes, &c->memory);
}

void itsm__compiler_clear(itsm__compiler *c)
{
    itsm__map_clear(&c->interned);
    itsm__map_clear(&c->shapes);
    itsm__free(&c->memory, c->open, c->open_capacity * sizeof *c->open);
    itsm__free(&c->memory, c->closed, c->closed_capacity * sizeof *c->closed);
    itsm__free(&c->memory, c->result, c->result_capacity * sizeof *c->result);
    itsm__free(&c->memory, c->near, c->near_capacity);
}

/* One day --------------------------------------------------------------------------------------------------------- */

static int compare_spans(const void *a, const void *b, void *user)
{
    const itsm__span_seconds *x = a, *y = b;
    (void)user;
    return x->from < y->from ? -1 : x->from > y->from;
}

static void sort_spans(itsm__span_seconds *array, size_t n)
{
    if (n > 16) {
        itsm__sort(array, n, sizeof *array, compare_spans, NULL);
        return;
    }
    for (size_t i = 1; i < n; i++) {
        const itsm__span_seconds moved = array[i];
        size_t j = i;
        for (; j > 0 && array[j - 1].from > moved.from; j--) array[j] = array[j - 1];
        array[j] = moved;
    }
}

/* Add a itsm__span_seconds of seconds, cut to the day. */
static itsm_status add_span(itsm__compiler *c, itsm__span_seconds **array, size_t *n, size_t *capacity, int64_t day,
                            itsm__seconds s)
{
    const int64_t start = day * ITSM__DAY_SECONDS;
    itsm__span_seconds cut = {s.from - start, s.to - start};
    if (cut.from < 0) cut.from = 0;
    if (cut.to > ITSM__DAY_SECONDS) cut.to = ITSM__DAY_SECONDS;
    if (cut.from >= cut.to) return ITSM_OK;
    itsm_status rc = *n < *capacity ? ITSM_OK : itsm__grow(&c->memory, array, capacity, *n + 1, sizeof **array);
    if (rc) return rc;
    (*array)[(*n)++] = cut;
    return ITSM_OK;
}

/* Seconds of hours of a date: by one offset, or by the zone where the offset may change. */
static itsm__seconds seconds_of(const itsm__compiler *c, const int32_t *offset, int64_t date, itsm_hours hours)
{
    if (!offset) return itsm__hours_seconds(c->calendar->definition.zone, date, hours);
    const int64_t midnight = date * ITSM__DAY_SECONDS - *offset;
    itsm__seconds s = {midnight + hours.from, midnight + hours.to + (hours.to <= hours.from ? ITSM__DAY_SECONDS : 0)};
    return s;
}

static itsm_status open_date(itsm__compiler *c, const int32_t *offset, int64_t day, int64_t date)
{
    if (!offset && !itsm__date_exists(c->calendar->definition.zone, date)) return ITSM_OK;
    const itsm__date_hours hours = itsm__definition_hours(&c->calendar->definition, date);
    for (size_t i = 0; i < hours.n; i++) {
        const itsm_hours h = itsm__date_hours_at(&hours, i);
        if (h.from == ITSM__CLOSED) continue;
        itsm_status rc = add_span(c, &c->open, &c->nopen, &c->open_capacity, day, seconds_of(c, offset, date, h));
        if (rc) return rc;
    }
    return ITSM_OK;
}

static itsm_status close_date(itsm__compiler *c, const int32_t *offset, int64_t day, int64_t date)
{
    static const itsm_hours whole_day = {0, ITSM__DAY_SECONDS};
    const itsm__definition *d = &c->calendar->definition;
    itsm_status rc = ITSM_OK;
    size_t n;
    if (itsm__definition_holiday(d, date) &&
        (rc = add_span(c, &c->closed, &c->nclosed, &c->closed_capacity, day, seconds_of(c, offset, date, whole_day))))
        return rc;
    const size_t at = itsm__dated_hours_find(&n, d->breaks, d->nbreaks, date);
    for (size_t i = at; i < at + n && !rc; i++)
        rc = add_span(c, &c->closed, &c->nclosed, &c->closed_capacity, day,
                      seconds_of(c, offset, date, d->breaks[i].hours));
    return rc;
}

/* result = union of open - union of closed, as joined spans in order. */
static itsm_status combine(itsm__compiler *c)
{
    sort_spans(c->open, c->nopen);
    sort_spans(c->closed, c->nclosed);
    c->nresult = 0;
    itsm_status rc =
        itsm__grow(&c->memory, &c->result, &c->result_capacity, c->nopen + c->nclosed + 1, sizeof(itsm__span_seconds));
    if (rc) return rc;
    size_t k = 0;
    for (size_t i = 0; i < c->nopen;) {
        itsm__span_seconds run = c->open[i++];
        while (i < c->nopen && c->open[i].from <= run.to) {
            if (c->open[i].to > run.to) run.to = c->open[i].to;
            i++;
        }
        while (k < c->nclosed && c->closed[k].to <= run.from) k++;
        for (size_t j = k; j < c->nclosed && c->closed[j].from < run.to; j++) {
            if (c->closed[j].from > run.from) {
                const itsm__span_seconds piece = {run.from, c->closed[j].from};
                c->result[c->nresult++] = piece;
            }
            if (c->closed[j].to > run.from) run.from = c->closed[j].to;
        }
        if (run.from < run.to) c->result[c->nresult++] = run;
    }
    return ITSM_OK;
}

/* The number of the pattern that has the spans of result. */
static itsm_status intern(itsm__compiler *c, uint32_t *out)
{
    itsm_calendar *calendar = c->calendar;
    int added;
    uint64_t *number = itsm__map_put(&c->interned, c->result, c->nresult * sizeof *c->result, &added);
    if (!number) return ITSM_E_NOMEM;
    if (!added) {
        *out = (uint32_t)(*number - 1);
        return ITSM_OK;
    }
    if (calendar->npatterns >= 0xFFFFFF || calendar->nspans > UINT32_MAX - c->nresult) return ITSM_E_LIMIT;
    itsm_status rc = itsm__grow(&c->memory, &calendar->patterns, &calendar->pattern_capacity, calendar->npatterns + 1,
                                sizeof *calendar->patterns);
    if (rc) return rc;
    if (c->nresult && (rc = itsm__grow(&c->memory, &calendar->spans, &calendar->span_capacity,
                                       calendar->nspans + c->nresult, sizeof *calendar->spans)))
        return rc;
    itsm__pattern *pattern = &calendar->patterns[calendar->npatterns];
    pattern->first = (uint32_t)calendar->nspans, pattern->n = (uint32_t)c->nresult, pattern->total = 0;
    for (size_t i = 0; i < c->nresult; i++) {
        itsm__day_span *to = &calendar->spans[calendar->nspans++];
        to->from = c->result[i].from * ITSM__SECOND, to->to = c->result[i].to * ITSM__SECOND;
        to->before = pattern->total;
        pattern->total += to->to - to->from;
    }
    *out = (uint32_t)calendar->npatterns++;
    *number = (uint64_t)*out + 1;
    return ITSM_OK;
}

/* The pattern of a day.  exceptions 0: as if there were none. */
static itsm_status build_day(itsm__compiler *c, uint32_t *out, int64_t day, const int32_t *offset, int exceptions)
{
    itsm_status rc = ITSM_OK;
    const itsm__definition *d = &c->calendar->definition;
    c->nopen = c->nclosed = 0;
    for (int64_t date = day - REACH_AFTER; date <= day + REACH_BEFORE && !rc; date++) {
        if (exceptions) {
            if (!(rc = close_date(c, offset, day, date))) rc = open_date(c, offset, day, date);
            continue;
        }
        const int weekday = itsm_date_weekday(date);
        for (size_t i = 0; i < d->nweekly[weekday] && !rc; i++)
            rc = add_span(c, &c->open, &c->nopen, &c->open_capacity, day,
                          seconds_of(c, offset, date, d->weekly[weekday][i]));
    }
    if (!rc) rc = combine(c);
    if (!rc) rc = intern(c, out);
    return rc;
}

static itsm_status plain_day(itsm__compiler *c, uint32_t *out, int64_t day, int32_t offset)
{
    itsm__week *w = NULL;
    for (int i = 0; i < ITSM__WEEK_CACHE; i++)
        if (c->weeks[i].used && c->weeks[i].offset == offset) w = &c->weeks[i];
    if (!w) {
        w = &c->weeks[c->next_week];
        c->next_week = (c->next_week + 1) % ITSM__WEEK_CACHE;
        w->used = 0;
        for (int64_t i = 0; i < 7; i++) {
            itsm_status rc = build_day(c, &w->pattern[itsm_date_weekday(i)], i, &offset, 0);
            if (rc) return rc;
        }
        w->offset = offset, w->used = 1;
    }
    *out = w->pattern[itsm_date_weekday(day)];
    return ITSM_OK;
}

/* A run of days --------------------------------------------------------------------------------------------------- */

static void mark(itsm__compiler *c, int64_t first, size_t n, int64_t from, int64_t to, unsigned char why)
{
    if (from < first) from = first;
    if (to >= first + (int64_t)n) to = first + (int64_t)n - 1;
    for (int64_t day = from; day <= to; day++) c->near[day - first] |= why;
}

static void mark_hours(itsm__compiler *c, int64_t first, size_t n, const itsm__dated_hours *array, size_t count)
{
    size_t unused, i = itsm__dated_hours_find(&unused, array, count, first - REACH_AFTER);
    int64_t last = INT64_MIN;
    for (; i < count && array[i].date <= first + (int64_t)n + REACH_BEFORE; i++) {
        if (array[i].date == last) continue;
        last = array[i].date;
        mark(c, first, n, last - REACH_BEFORE, last + REACH_AFTER, NEAR_EXCEPTION);
    }
}

static int32_t year_of(int64_t day)
{
    itsm_civil civil;
    return itsm_civil_from_date(&civil, day) ? 0 : civil.year;
}

int64_t itsm__year_start(int64_t year)
{
    const int64_t y = year - 1;
    return y * 365 + itsm__floor_div(y, 4) - itsm__floor_div(y, 100) + itsm__floor_div(y, 400) - 719162;
}

static void mark_exceptions(itsm__compiler *c, int64_t first, size_t n)
{
    const itsm__definition *d = &c->calendar->definition;
    for (size_t i = 0; i < d->nholidays; i++) {
        const int64_t date = d->holidays[i].date;
        if (date >= first - REACH_AFTER && date <= first + (int64_t)n + REACH_BEFORE)
            mark(c, first, n, date - REACH_BEFORE, date + REACH_AFTER, NEAR_EXCEPTION);
    }
    mark_hours(c, first, n, d->overrides, d->noverrides);
    mark_hours(c, first, n, d->breaks, d->nbreaks);
    if (!d->nrecurring) return;
    const int32_t last = year_of(first + (int64_t)n + REACH_BEFORE);
    for (int32_t year = year_of(first - REACH_AFTER); year <= last; year++) {
        for (size_t i = 0; i < d->nrecurring; i++) {
            int64_t date;
            const int32_t month = (int32_t)(d->recurring[i].date / 32), day = (int32_t)(d->recurring[i].date % 32);
            if (itsm_date_from_civil(&date, year, month, day)) continue; /* 29 February */
            mark(c, first, n, date - REACH_BEFORE, date + REACH_AFTER, NEAR_EXCEPTION);
        }
    }
}

static void mark_changes(itsm__compiler *c, int64_t first, size_t n)
{
    const itsm_zone *zone = c->calendar->definition.zone;
    const itsm_time end = (first + (int64_t)n + CHANGE_REACH + 1) * ITSM__DAY;
    itsm_time at = (first - CHANGE_REACH - 1) * ITSM__DAY;
    while (itsm_zone_next_transition(&at, zone, at) == ITSM_OK && at < end) {
        const int64_t day = itsm__floor_div(at, ITSM__DAY);
        mark(c, first, n, day - CHANGE_REACH, day + CHANGE_REACH, NEAR_CHANGE);
    }
}

itsm_status itsm__compile_days(itsm__compiler *c, itsm__day_word *words, int64_t first, size_t n)
{
    itsm_status rc = itsm__grow(&c->memory, &c->near, &c->near_capacity, n, 1);
    if (rc) return rc;
    memset(c->near, 0, n);
    mark_exceptions(c, first, n);
    mark_changes(c, first, n);
    int64_t seconds = 0;
    int32_t offset = 0;
    int offset_known = 0;
    for (size_t i = 0; i < n; i++) {
        const int64_t day = first + (int64_t)i;
        uint32_t pattern;
        if (c->near[i] & NEAR_CHANGE) {
            offset_known = 0;
            rc = build_day(c, &pattern, day, NULL, 1);
        } else {
            if (!offset_known && (rc = itsm_zone_offset(&offset, c->calendar->definition.zone, day * ITSM__DAY)))
                return rc;
            offset_known = 1;
            rc = c->near[i] ? build_day(c, &pattern, day, &offset, 1) : plain_day(c, &pattern, day, offset);
        }
        if (rc) return rc;
        words[i] = itsm__day_make(seconds, pattern);
        seconds += c->calendar->patterns[pattern].total / ITSM__SECOND;
    }
    words[n] = itsm__day_make(seconds, 0);
    return ITSM_OK;
}

/* What years depend on ---------------------------------------------------------------------------------------- */

static int has_dated(const itsm__definition *d, int64_t from, int64_t to)
{
    size_t unused, at;
    at = itsm__dated_hours_find(&unused, d->overrides, d->noverrides, from);
    if (at < d->noverrides && d->overrides[at].date <= to) return 1;
    at = itsm__dated_hours_find(&unused, d->breaks, d->nbreaks, from);
    if (at < d->nbreaks && d->breaks[at].date <= to) return 1;
    size_t low = 0, high = d->nholidays;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (d->holidays[middle].date < from) low = middle + 1;
        else high = middle;
    }
    return low < d->nholidays && d->holidays[low].date <= to;
}

size_t itsm__compile_shape(const itsm__compiler *c, int64_t *key, int64_t year)
{
    const itsm__definition *d = &c->calendar->definition;
    const int64_t first = itsm__year_start(year), end = itsm__year_start(year + 1);
    const itsm_time until = (end + REACH_AFTER + 2) * ITSM__DAY;
    itsm_time at = (first - REACH_AFTER - 2) * ITSM__DAY;
    int32_t offset = 0;
    size_t n = 0;
    if (itsm_zone_offset(&offset, d->zone, at)) return 0;
    key[n++] = itsm_date_weekday(first);
    key[n++] = end - first;
    key[n++] = has_dated(d, first - REACH_AFTER - 2, end + REACH_AFTER + 2) ? year : INT64_MAX;
    key[n++] = offset;
    while (itsm_zone_next_transition(&at, d->zone, at) == ITSM_OK && at < until) {
        if (n + 2 > ITSM__SHAPE_MAX || itsm_zone_offset(&offset, d->zone, at)) return 0;
        key[n++] = at - first * ITSM__DAY;
        key[n++] = offset;
    }
    return n;
}

void itsm__compile_special_years(const itsm_calendar *calendar, int64_t *first, int64_t *last)
{
    const itsm__definition *d = &calendar->definition;
    itsm_time change;
    int64_t from = ITSM__HORIZON_FIRST_DAY, to = ITSM__HORIZON_FIRST_DAY + ITSM__HORIZON_DAYS;
    if (itsm_zone_next_transition(&change, d->zone, itsm__year_start(EARLIEST_YEAR) * ITSM__DAY) == ITSM_OK &&
        change < from * ITSM__DAY)
        from = itsm__floor_div(change, ITSM__DAY);
    const int64_t firsts[3] = {d->nholidays ? d->holidays[0].date : from, d->noverrides ? d->overrides[0].date : from,
                               d->nbreaks ? d->breaks[0].date : from};
    const int64_t lasts[3] = {d->nholidays ? d->holidays[d->nholidays - 1].date : to,
                              d->noverrides ? d->overrides[d->noverrides - 1].date : to,
                              d->nbreaks ? d->breaks[d->nbreaks - 1].date : to};
    for (int i = 0; i < 3; i++) {
        if (firsts[i] < from) from = firsts[i];
        if (lasts[i] > to) to = lasts[i];
    }
    *first = year_of(from - REACH_AFTER - 2), *last = year_of(to + REACH_AFTER + 2);
}
