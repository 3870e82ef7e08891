/* SPDX-License-Identifier: MIT */
/*
 * Compiling a definition into the tables of calendar.h.
 *
 * A day of UTC is *plain* when no clock change is within three days of it and nothing dated can reach it; its pattern
 * then depends on the weekday and the offset only, and costs a look into a cache of a week.  All other days are built
 * from the dates around them: intervals turned into seconds, sorted, joined, closed ones taken away; O(k log k) for k
 * intervals, some 300 ns for a usual day.  Patterns are interned.
 *
 * Years outside the horizon are built once for each shape: the key holds all that the days of the year depend on.
 *
 * Order: itsm__calendar_compile() is the only entry, once for each calendar, with the definition in place.
 */
#include "calendar/calendar.h"

#include "base/map.h"
#include "base/sort.h"

enum {
    EARLIEST_YEAR = -10000,
    REACH_BEFORE = 2, /* UTC days that a local date can reach before and after the day of the same number */
    REACH_AFTER = 4,
    CHANGE_REACH = 3, /* days around a clock change that are not plain */
    WEEK_CACHE = 4,
    TRANSITIONS_MAX = 256 /* of one year that may share its sheet */
};

enum { NEAR_EXCEPTION = 1, NEAR_CHANGE = 2 };

typedef struct span {
    int64_t from, to;
} span;

typedef struct week {
    int32_t offset;
    int used;
    uint32_t pattern[7];
} week;

typedef struct compiler {
    itsm_calendar *calendar;
    itsm__memory memory;
    itsm__map interned; /* spans of a pattern -> its number + 1 */
    itsm__map shapes;   /* shape of a year -> its sheet + 1 */
    span *open, *closed, *result;
    size_t nopen, nclosed, nresult, open_capacity, closed_capacity, result_capacity;
    unsigned char *near; /* of the days being filled */
    size_t near_capacity;
    week weeks[WEEK_CACHE];
    int next_week;
} compiler;

/* One day --------------------------------------------------------------------------------------------------------- */

static int compare_spans(const void *a, const void *b, void *user)
{
    const span *x = a, *y = b;
    (void)user;
    return x->from < y->from ? -1 : x->from > y->from;
}

static void sort_spans(span *array, size_t n)
{
    if (n > 16) {
        itsm__sort(array, n, sizeof *array, compare_spans, NULL);
        return;
    }
    for (size_t i = 1; i < n; i++) {
        const span moved = array[i];
        size_t j = i;
        for (; j > 0 && array[j - 1].from > moved.from; j--) array[j] = array[j - 1];
        array[j] = moved;
    }
}

/* Add a span of seconds, cut to the day. */
static itsm_status add_span(compiler *c, span **array, size_t *n, size_t *capacity, int64_t day, itsm__seconds s)
{
    const int64_t start = day * ITSM__DAY_SECONDS;
    span cut = {s.from - start, s.to - start};
    if (cut.from < 0) cut.from = 0;
    if (cut.to > ITSM__DAY_SECONDS) cut.to = ITSM__DAY_SECONDS;
    if (cut.from >= cut.to) return ITSM_OK;
    itsm_status rc = *n < *capacity ? ITSM_OK : itsm__grow(&c->memory, array, capacity, *n + 1, sizeof **array);
    if (rc) return rc;
    (*array)[(*n)++] = cut;
    return ITSM_OK;
}

/* Seconds of hours of a date: by one offset, or by the zone where the offset may change. */
static itsm__seconds seconds_of(const compiler *c, const int32_t *offset, int64_t date, itsm_hours hours)
{
    if (!offset) return itsm__hours_seconds(c->calendar->definition.zone, date, hours);
    const int64_t midnight = date * ITSM__DAY_SECONDS - *offset;
    itsm__seconds s = {midnight + hours.from, midnight + hours.to + (hours.to <= hours.from ? ITSM__DAY_SECONDS : 0)};
    return s;
}

static itsm_status open_date(compiler *c, const int32_t *offset, int64_t day, int64_t date)
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

static itsm_status close_date(compiler *c, const int32_t *offset, int64_t day, int64_t date)
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
static itsm_status combine(compiler *c)
{
    sort_spans(c->open, c->nopen);
    sort_spans(c->closed, c->nclosed);
    c->nresult = 0;
    itsm_status rc = itsm__grow(&c->memory, &c->result, &c->result_capacity, c->nopen + c->nclosed + 1, sizeof(span));
    if (rc) return rc;
    size_t k = 0;
    for (size_t i = 0; i < c->nopen;) {
        span run = c->open[i++];
        while (i < c->nopen && c->open[i].from <= run.to) {
            if (c->open[i].to > run.to) run.to = c->open[i].to;
            i++;
        }
        while (k < c->nclosed && c->closed[k].to <= run.from) k++;
        for (size_t j = k; j < c->nclosed && c->closed[j].from < run.to; j++) {
            if (c->closed[j].from > run.from) {
                const span piece = {run.from, c->closed[j].from};
                c->result[c->nresult++] = piece;
            }
            if (c->closed[j].to > run.from) run.from = c->closed[j].to;
        }
        if (run.from < run.to) c->result[c->nresult++] = run;
    }
    return ITSM_OK;
}

/* The number of the pattern that has the spans of result. */
static itsm_status intern(compiler *c, uint32_t *out)
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
static itsm_status build_day(compiler *c, uint32_t *out, int64_t day, const int32_t *offset, int exceptions)
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

static itsm_status plain_day(compiler *c, uint32_t *out, int64_t day, int32_t offset)
{
    week *w = NULL;
    for (int i = 0; i < WEEK_CACHE; i++)
        if (c->weeks[i].used && c->weeks[i].offset == offset) w = &c->weeks[i];
    if (!w) {
        w = &c->weeks[c->next_week];
        c->next_week = (c->next_week + 1) % WEEK_CACHE;
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

static void mark(compiler *c, int64_t first, size_t n, int64_t from, int64_t to, unsigned char why)
{
    if (from < first) from = first;
    if (to >= first + (int64_t)n) to = first + (int64_t)n - 1;
    for (int64_t day = from; day <= to; day++) c->near[day - first] |= why;
}

static void mark_hours(compiler *c, int64_t first, size_t n, const itsm__dated_hours *array, size_t count)
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

static int64_t year_start(int64_t year)
{
    const int64_t y = year - 1;
    return y * 365 + itsm__floor_div(y, 4) - itsm__floor_div(y, 100) + itsm__floor_div(y, 400) - 719162;
}

static void mark_exceptions(compiler *c, int64_t first, size_t n)
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

static void mark_changes(compiler *c, int64_t first, size_t n)
{
    const itsm_zone *zone = c->calendar->definition.zone;
    const itsm_time end = (first + (int64_t)n + CHANGE_REACH + 1) * ITSM__DAY;
    itsm_time at = (first - CHANGE_REACH - 1) * ITSM__DAY;
    while (itsm_zone_next_transition(&at, zone, at) == ITSM_OK && at < end) {
        const int64_t day = itsm__floor_div(at, ITSM__DAY);
        mark(c, first, n, day - CHANGE_REACH, day + CHANGE_REACH, NEAR_CHANGE);
    }
}

/* n words from a day on, and the word that ends them. */
static itsm_status fill(compiler *c, itsm__day_word *words, int64_t first, size_t n)
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

/* Horizon --------------------------------------------------------------------------------------------------------- */

static itsm_status build_inverse(compiler *c)
{
    itsm_calendar *calendar = c->calendar;
    const int64_t total = itsm__day_seconds(calendar->days[ITSM__HORIZON_DAYS]);
    if (!total) return ITSM_OK;
    while ((total / ITSM__HORIZON_DAYS) >> (calendar->shift + 1)) calendar->shift++;
    const size_t n = (size_t)(total >> calendar->shift) + 2;
    calendar->inverse = itsm__alloc(&c->memory, n * sizeof *calendar->inverse);
    if (!calendar->inverse) return ITSM_E_NOMEM;
    calendar->ninverse = n;
    size_t day = 0;
    for (size_t k = 0; k < n; k++) {
        const int64_t w = (int64_t)k << calendar->shift;
        while (day + 1 < ITSM__HORIZON_DAYS && itsm__day_seconds(calendar->days[day + 1]) <= w) day++;
        calendar->inverse[k] = (uint16_t)day;
    }
    return ITSM_OK;
}

static itsm_status build_horizon(compiler *c)
{
    itsm_calendar *calendar = c->calendar;
    calendar->days = itsm__alloc(&c->memory, (ITSM__HORIZON_DAYS + 1) * sizeof *calendar->days);
    if (!calendar->days) return ITSM_E_NOMEM;
    itsm_status rc = fill(c, calendar->days, ITSM__HORIZON_FIRST_DAY, ITSM__HORIZON_DAYS);
    return rc ? rc : build_inverse(c);
}

/* Other years ----------------------------------------------------------------------------------------------------- */

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

/* All that the days of a year depend on, as numbers; 0: too many of them. */
static size_t shape_of(const compiler *c, int64_t *key, int64_t year)
{
    const itsm__definition *d = &c->calendar->definition;
    const int64_t first = year_start(year), end = year_start(year + 1);
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
        if (n + 2 > TRANSITIONS_MAX || itsm_zone_offset(&offset, d->zone, at)) return 0;
        key[n++] = at - first * ITSM__DAY;
        key[n++] = offset;
    }
    return n;
}

static itsm_status sheet_of(compiler *c, uint32_t *out, int64_t year)
{
    itsm_calendar *calendar = c->calendar;
    int64_t key[TRANSITIONS_MAX];
    size_t n = shape_of(c, key, year);
    if (!n) key[n++] = year;
    int added;
    uint64_t *number = itsm__map_put(&c->shapes, key, n * sizeof *key, &added);
    if (!number) return ITSM_E_NOMEM;
    if (added) {
        const int64_t first = year_start(year);
        const size_t days = (size_t)(year_start(year + 1) - first);
        if (calendar->nsheets > UINT32_MAX - days - 1) return ITSM_E_LIMIT;
        itsm_status rc = itsm__grow(&c->memory, &calendar->sheets, &calendar->sheet_capacity,
                                    calendar->nsheets + days + 1, sizeof *calendar->sheets);
        if (!rc) rc = fill(c, calendar->sheets + calendar->nsheets, first, days);
        if (rc) return rc;
        *number = calendar->nsheets + 1;
        calendar->nsheets += days + 1;
    }
    *out = (uint32_t)(*number - 1);
    return ITSM_OK;
}

/* The first and the last year of which something is special: beyond, 400 years repeat. */
static void special_years(const itsm_calendar *calendar, int64_t *first, int64_t *last)
{
    const itsm__definition *d = &calendar->definition;
    itsm_time change;
    int64_t from = ITSM__HORIZON_FIRST_DAY, to = ITSM__HORIZON_FIRST_DAY + ITSM__HORIZON_DAYS;
    if (itsm_zone_next_transition(&change, d->zone, year_start(EARLIEST_YEAR) * ITSM__DAY) == ITSM_OK &&
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

static itsm_status build_years(compiler *c)
{
    itsm_calendar *calendar = c->calendar;
    int64_t first, last;
    special_years(calendar, &first, &last);
    first -= ITSM__CYCLE_YEARS, last += ITSM__CYCLE_YEARS + 1;
    const size_t n = (size_t)(last - first);
    itsm_status rc = itsm__grow(&c->memory, &calendar->years, &calendar->year_capacity, n + 1, sizeof(itsm__year));
    if (rc) return rc;
    calendar->first_year = first, calendar->nyears = n;
    int64_t before = 0;
    for (size_t i = 0; i <= n; i++) {
        const int64_t year = first + (int64_t)i;
        itsm__year *y = &calendar->years[i];
        y->first_day = year_start(year), y->before = before, y->sheet = 0, y->reserved = 0;
        if (i == n) break;
        const size_t days = (size_t)(year_start(year + 1) - y->first_day);
        if (year >= ITSM__HORIZON_FIRST_YEAR && year < ITSM__HORIZON_LAST_YEAR) {
            const itsm__day_word *words = calendar->days + (y->first_day - ITSM__HORIZON_FIRST_DAY);
            before += itsm__day_seconds(words[days]) - itsm__day_seconds(words[0]);
        } else {
            if ((rc = sheet_of(c, &y->sheet, year))) return rc;
            before += itsm__day_seconds(calendar->sheets[y->sheet + days]);
        }
    }
    const int64_t epoch = calendar->years[1970 - first].before;
    for (size_t i = 0; i <= n; i++) calendar->years[i].before -= epoch;
    calendar->past_cycle = calendar->years[ITSM__CYCLE_YEARS].before - calendar->years[0].before;
    calendar->future_cycle = calendar->years[n].before - calendar->years[n - ITSM__CYCLE_YEARS].before;
    calendar->horizon_before = calendar->years[ITSM__HORIZON_FIRST_YEAR - first].before;
    calendar->horizon_after = calendar->years[ITSM__HORIZON_LAST_YEAR - first].before;
    return ITSM_OK;
}

itsm_status itsm__calendar_compile(itsm_calendar *calendar)
{
    compiler c;
    memset(&c, 0, sizeof c);
    c.calendar = calendar, c.memory = calendar->memory;
    itsm__map_init(&c.interned, &c.memory);
    itsm__map_init(&c.shapes, &c.memory);
    /* Room for one at least: a calendar that never opens has an array too, so that pointers into it can be made. */
    itsm_status rc = itsm__grow(&c.memory, &calendar->spans, &calendar->span_capacity, 1, sizeof *calendar->spans);
    if (!rc) rc = build_horizon(&c);
    if (!rc) rc = build_years(&c);
    itsm__map_clear(&c.interned);
    itsm__map_clear(&c.shapes);
    itsm__free(&c.memory, c.open, c.open_capacity * sizeof *c.open);
    itsm__free(&c.memory, c.closed, c.closed_capacity * sizeof *c.closed);
    itsm__free(&c.memory, c.result, c.result_capacity * sizeof *c.result);
    itsm__free(&c.memory, c.near, c.near_capacity);
    return rc;
}
