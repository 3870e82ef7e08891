/* SPDX-License-Identifier: MIT */
/*
 * What each day of UTC looks like: the open spans of a calendar, day by day.
 *
 * First each leaf of the tree on its own.  A day of UTC is *plain* when no clock change is within three days of it and
 * nothing dated can reach it; its look then depends on the weekday and the offset only, and costs a glance into a cache
 * of a week.  All other days are built from the dates around them: intervals turned into seconds, sorted, joined,
 * closed ones taken away; O(k log k) for k intervals, some 300 ns for a usual day.  Looks are interned.
 *
 * Then the looks of all leaves make the pattern of the day: a sweep over their edges with the tree kept up to date, once
 * for each tuple of looks, O(k log k) for k edges.
 */
#include "calendar/compile.h"

#include "base/sort.h"

enum {
    CHANGE_REACH = 3,     /* days around a clock change that are not plain */
    CHUNK = 1024,         /* days filled at a time */
    EFFORT_MAX = 20000000 /* edges put in order for one calendar: some seconds */
};

enum { NEAR_EXCEPTION = 1, NEAR_CHANGE = 2 };

static const itsm_hours whole_day = {0, ITSM__DAY_SECONDS};

void itsm__compiler_init(itsm__compiler *c, itsm_calendar *calendar)
{
    memset(c, 0, sizeof *c);
    c->calendar = calendar, c->memory = calendar->memory;
    itsm__map_init(&c->interned, &c->memory);
    itsm__map_init(&c->shapes, &c->memory);
    itsm__map_init(&c->seen, &c->memory);
    itsm__map_init(&c->leaf_shapes, &c->memory);
    itsm__map_init(&c->combined, &c->memory);
}

static void clear_leaves(itsm__compiler *c)
{
    const size_t n = c->calendar->nleaves;
    if (!c->leaves) return;
    for (size_t i = 0; i < n; i++) {
        itsm__holidays_clear(&c->leaves[i].holidays);
        itsm__free(&c->memory, c->leaves[i].looks, CHUNK * sizeof(uint32_t));
    }
    itsm__free(&c->memory, c->leaves, n * sizeof *c->leaves);
}

void itsm__compiler_clear(itsm__compiler *c)
{
    itsm__map_clear(&c->interned);
    itsm__map_clear(&c->shapes);
    itsm__map_clear(&c->seen);
    itsm__map_clear(&c->leaf_shapes);
    itsm__map_clear(&c->combined);
    clear_leaves(c);
    itsm__free(&c->memory, c->looks, c->look_capacity * sizeof *c->looks);
    itsm__free(&c->memory, c->look_spans, c->look_span_capacity * sizeof *c->look_spans);
    itsm__free(&c->memory, c->tuple, c->calendar->nleaves * sizeof *c->tuple);
    itsm__free(&c->memory, c->edges, c->edge_capacity * sizeof *c->edges);
    itsm__free(&c->memory, c->tree.open, c->calendar->nnodes);
    itsm__free(&c->memory, c->tree.counts, c->calendar->nnodes * sizeof *c->tree.counts);
    itsm__free(&c->memory, c->open, c->open_capacity * sizeof *c->open);
    itsm__free(&c->memory, c->closed, c->closed_capacity * sizeof *c->closed);
    itsm__free(&c->memory, c->result, c->result_capacity * sizeof *c->result);
    itsm__free(&c->memory, c->near, CHUNK);
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

/* Add a span of seconds, cut to the day. */
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

static itsm_status open_span(itsm__compiler *c, int64_t day, itsm__seconds s)
{
    return add_span(c, &c->open, &c->nopen, &c->open_capacity, day, s);
}

static itsm_status close_span(itsm__compiler *c, int64_t day, itsm__seconds s)
{
    return add_span(c, &c->closed, &c->nclosed, &c->closed_capacity, day, s);
}

/* Seconds of hours of a date: by one offset, or by the zone where the offset may change. */
static itsm__seconds seconds_of(const itsm__leaf *leaf, const int32_t *offset, int64_t date, itsm_hours hours)
{
    if (!offset) return itsm__hours_seconds(leaf->definition->zone, date, hours);
    const int64_t midnight = date * ITSM__DAY_SECONDS - *offset;
    itsm__seconds s = {midnight + hours.from, midnight + hours.to + (hours.to <= hours.from ? ITSM__DAY_SECONDS : 0)};
    return s;
}

/* The days around a clock change ask for the same few dates over and over. */
static int date_exists(itsm__leaf *leaf, int64_t date)
{
    const size_t at = (size_t)(date & (ITSM__DATE_CACHE - 1));
    if (leaf->asked[at] != date) {
        leaf->exists[at] = itsm__date_exists(leaf->definition->zone, date) ? 1 : 0;
        leaf->asked[at] = date;
    }
    return leaf->exists[at];
}

static itsm_status open_date(itsm__compiler *c, itsm__leaf *leaf, const int32_t *offset, int64_t day, int64_t date)
{
    const itsm__definition *d = leaf->definition;
    itsm_status rc = ITSM_OK;
    size_t n;
    if (!offset && !date_exists(leaf, date)) return ITSM_OK;
    const itsm__date_hours hours = itsm__definition_hours(d, date);
    for (size_t i = 0; i < hours.n && !rc; i++) {
        const itsm_hours h = itsm__date_hours_at(&hours, i);
        if (h.from != ITSM__CLOSED) rc = open_span(c, day, seconds_of(leaf, offset, date, h));
    }
    const size_t at = itsm__dated_hours_find(&n, d->additions, d->nadditions, date);
    for (size_t i = at; i < at + n && !rc; i++)
        rc = open_span(c, day, seconds_of(leaf, offset, date, d->additions[i].hours));
    return rc;
}

static itsm_status close_date(itsm__compiler *c, const itsm__leaf *leaf, const int32_t *offset, int64_t day,
                              int64_t date)
{
    const itsm__definition *d = leaf->definition;
    itsm_status rc = ITSM_OK;
    size_t n;
    if (itsm__holidays_find(&leaf->holidays, date)) rc = close_span(c, day, seconds_of(leaf, offset, date, whole_day));
    const size_t at = itsm__dated_hours_find(&n, d->breaks, d->nbreaks, date);
    for (size_t i = at; i < at + n && !rc; i++)
        rc = close_span(c, day, seconds_of(leaf, offset, date, d->breaks[i].hours));
    return rc;
}

/* What lies outside the time for which the leaf holds is closed. */
static itsm_status close_outside(itsm__compiler *c, const itsm__leaf *leaf, int64_t day)
{
    const itsm__seconds before = {day * ITSM__DAY_SECONDS, leaf->from},
                        after = {leaf->to, (day + 1) * ITSM__DAY_SECONDS};
    itsm_status rc = ITSM_OK;
    if (before.from < before.to) rc = close_span(c, day, before);
    if (!rc && after.from < after.to) rc = close_span(c, day, after);
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

/* The number of the look that has the spans of result. */
static itsm_status intern_look(itsm__compiler *c, uint32_t *out)
{
    int added;
    uint64_t *number = itsm__map_put(&c->seen, c->result, c->nresult * sizeof *c->result, &added);
    if (!number) return ITSM_E_NOMEM;
    if (!added) {
        *out = (uint32_t)(*number - 1);
        return ITSM_OK;
    }
    if (c->nlooks >= UINT32_MAX) return ITSM_E_LIMIT;
    itsm_status rc = itsm__grow(&c->memory, &c->looks, &c->look_capacity, c->nlooks + 1, sizeof *c->looks);
    if (!rc)
        rc = itsm__grow(&c->memory, &c->look_spans, &c->look_span_capacity, c->nlook_spans + c->nresult + 1,
                        sizeof *c->look_spans);
    if (rc) return rc;
    itsm__look *look = &c->looks[c->nlooks];
    look->first = c->nlook_spans, look->n = c->nresult, look->pattern = 0;
    if (c->nresult) memcpy(c->look_spans + c->nlook_spans, c->result, c->nresult * sizeof *c->result);
    c->nlook_spans += c->nresult;
    *out = (uint32_t)c->nlooks++;
    *number = (uint64_t)*out + 1;
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

/* Many intervals in many parts on days that are all different: what a hostile text may ask for has an end. */
static itsm_status spend(itsm__compiler *c, size_t edges)
{
    c->spent += edges;
    return c->spent > EFFORT_MAX ? ITSM_E_LIMIT : ITSM_OK;
}

/* The look of a day.  exceptions 0: as if there were none. */
static itsm_status build_day(itsm__compiler *c, itsm__leaf *leaf, uint32_t *out, int64_t day, const int32_t *offset,
                             int exceptions)
{
    const itsm__definition *d = leaf->definition;
    itsm_status rc = ITSM_OK;
    c->nopen = c->nclosed = 0;
    for (int64_t date = day - ITSM__REACH_AFTER; date <= day + ITSM__REACH_BEFORE && !rc; date++) {
        if (exceptions) {
            if (!(rc = close_date(c, leaf, offset, day, date))) rc = open_date(c, leaf, offset, day, date);
            continue;
        }
        const int weekday = itsm_date_weekday(date);
        for (size_t i = 0; i < d->nweekly[weekday] && !rc; i++)
            rc = open_span(c, day, seconds_of(leaf, offset, date, d->weekly[weekday][i]));
    }
    if (!rc && exceptions) rc = close_outside(c, leaf, day);
    if (!rc) rc = spend(c, c->nopen + c->nclosed);
    if (!rc) rc = combine(c);
    if (!rc) rc = intern_look(c, out);
    return rc;
}

static itsm_status plain_day(itsm__compiler *c, itsm__leaf *leaf, uint32_t *out, int64_t day, int32_t offset)
{
    itsm__week *w = NULL;
    for (int i = 0; i < ITSM__WEEK_CACHE; i++)
        if (leaf->weeks[i].used && leaf->weeks[i].offset == offset) w = &leaf->weeks[i];
    if (!w) {
        w = &leaf->weeks[leaf->next_week];
        leaf->next_week = (leaf->next_week + 1) % ITSM__WEEK_CACHE;
        w->used = 0;
        for (int64_t i = 0; i < 7; i++) {
            itsm_status rc = build_day(c, leaf, &w->look[itsm_date_weekday(i)], i, &offset, 0);
            if (rc) return rc;
        }
        w->offset = offset, w->used = 1;
    }
    *out = w->look[itsm_date_weekday(day)];
    return ITSM_OK;
}

/* The days of a leaf ---------------------------------------------------------------------------------------------- */

static void mark(itsm__compiler *c, int64_t first, size_t n, int64_t from, int64_t to, unsigned char why)
{
    if (from < first) from = first;
    if (to >= first + (int64_t)n) to = first + (int64_t)n - 1;
    for (int64_t day = from; day <= to; day++) c->near[day - first] |= why;
}

static void mark_date(itsm__compiler *c, int64_t first, size_t n, int64_t date)
{
    mark(c, first, n, date - ITSM__REACH_BEFORE, date + ITSM__REACH_AFTER, NEAR_EXCEPTION);
}

static void mark_hours(itsm__compiler *c, int64_t first, size_t n, const itsm__dated_hours *array, size_t count)
{
    size_t unused, i = itsm__dated_hours_find(&unused, array, count, first - ITSM__REACH_AFTER);
    int64_t last = INT64_MIN;
    for (; i < count && array[i].date <= first + (int64_t)n + ITSM__REACH_BEFORE; i++) {
        if (array[i].date == last) continue;
        last = array[i].date;
        mark_date(c, first, n, last);
    }
}

static void mark_changes(itsm__compiler *c, const itsm__leaf *leaf, int64_t first, size_t n)
{
    const itsm_time end = (first + (int64_t)n + CHANGE_REACH + 1) * ITSM__DAY;
    itsm_time at = (first - CHANGE_REACH - 1) * ITSM__DAY;
    while (itsm_zone_next_transition(&at, leaf->definition->zone, at) == ITSM_OK && at < end) {
        const int64_t day = itsm__floor_div(at, ITSM__DAY);
        mark(c, first, n, day - CHANGE_REACH, day + CHANGE_REACH, NEAR_CHANGE);
    }
}

/* The day in which a second lies that is an edge of the leaf's time. */
static void mark_cut(itsm__compiler *c, int64_t first, size_t n, int64_t second)
{
    const int64_t day = itsm__floor_div(second, ITSM__DAY_SECONDS);
    mark(c, first, n, day, day, NEAR_EXCEPTION);
}

static itsm_status mark_all(itsm__compiler *c, itsm__leaf *leaf, int64_t first, size_t n)
{
    const itsm__definition *d = leaf->definition;
    memset(c->near, 0, n);
    itsm_status rc = itsm__holidays_fill(&leaf->holidays, d, first - ITSM__REACH_AFTER - 1,
                                         first + (int64_t)n + ITSM__REACH_BEFORE + 1);
    if (rc) return rc;
    for (size_t i = 0; i < leaf->holidays.n; i++) mark_date(c, first, n, leaf->holidays.entries[i].date);
    mark_hours(c, first, n, d->overrides, d->noverrides);
    mark_hours(c, first, n, d->additions, d->nadditions);
    mark_hours(c, first, n, d->breaks, d->nbreaks);
    mark_changes(c, leaf, first, n);
    mark_cut(c, first, n, leaf->from);
    mark_cut(c, first, n, leaf->to);
    return ITSM_OK;
}

static itsm_status leaf_days(itsm__compiler *c, itsm__leaf *leaf, int64_t first, size_t n)
{
    /* The first look of all is the one that has no spans. */
    memset(leaf->looks, 0, n * sizeof *leaf->looks);
    const int64_t first_second = first * ITSM__DAY_SECONDS, end = first_second + (int64_t)n * ITSM__DAY_SECONDS;
    if (leaf->to <= first_second || leaf->from >= end) return ITSM_OK;
    itsm_status rc = mark_all(c, leaf, first, n);
    int32_t offset = 0;
    int offset_known = 0;
    for (size_t i = 0; i < n && !rc; i++) {
        const int64_t day = first + (int64_t)i;
        if (leaf->from >= (day + 1) * ITSM__DAY_SECONDS || leaf->to <= day * ITSM__DAY_SECONDS) {
            offset_known = 0;
            continue;
        }
        if (c->near[i] & NEAR_CHANGE) {
            offset_known = 0;
            rc = build_day(c, leaf, &leaf->looks[i], day, NULL, 1);
            continue;
        }
        if (!offset_known && (rc = itsm_zone_offset(&offset, leaf->definition->zone, day * ITSM__DAY))) return rc;
        offset_known = 1;
        rc = c->near[i] ? build_day(c, leaf, &leaf->looks[i], day, &offset, 1)
                        : plain_day(c, leaf, &leaf->looks[i], day, offset);
    }
    return rc;
}

/* All leaves ------------------------------------------------------------------------------------------------------ */

static itsm_status begin_leaf(itsm__compiler *c, itsm__leaf *leaf, size_t node)
{
    leaf->node = node, leaf->definition = c->calendar->nodes[node].leaf;
    leaf->from = c->calendar->nodes[node].from, leaf->to = c->calendar->nodes[node].to;
    itsm__holidays_init(&leaf->holidays, &c->memory);
    for (size_t i = 0; i < ITSM__DATE_CACHE; i++) leaf->asked[i] = INT64_MIN;
    leaf->looks = itsm__alloc(&c->memory, CHUNK * sizeof *leaf->looks);
    return leaf->looks ? ITSM_OK : ITSM_E_NOMEM;
}

itsm_status itsm__compiler_begin(itsm__compiler *c)
{
    const itsm_calendar *calendar = c->calendar;
    uint32_t none;
    size_t n = 0;
    if (c->leaves) return ITSM_OK;
    c->leaves = itsm__alloc_zero(&c->memory, calendar->nleaves * sizeof *c->leaves);
    if (!c->leaves) return ITSM_E_NOMEM;
    c->tuple = itsm__alloc(&c->memory, calendar->nleaves * sizeof *c->tuple);
    c->tree.calendar = calendar;
    c->tree.open = itsm__alloc(&c->memory, calendar->nnodes);
    c->tree.counts = itsm__alloc(&c->memory, calendar->nnodes * sizeof *c->tree.counts);
    c->near = itsm__alloc(&c->memory, CHUNK);
    if (!c->tuple || !c->tree.open || !c->tree.counts || !c->near) return ITSM_E_NOMEM;
    for (size_t i = 0; i < calendar->nnodes; i++) {
        if (!calendar->nodes[i].leaf) continue;
        itsm_status rc = begin_leaf(c, &c->leaves[n++], i);
        if (rc) return rc;
    }
    c->nresult = 0;
    itsm_status rc = itsm__grow(&c->memory, &c->result, &c->result_capacity, 1, sizeof *c->result);
    return rc ? rc : intern_look(c, &none);
}

static int compare_edges(const void *a, const void *b, void *user)
{
    const itsm__edge *x = a, *y = b;
    (void)user;
    return x->at < y->at ? -1 : x->at > y->at;
}

static itsm_status collect_edges(itsm__compiler *c, size_t *count)
{
    size_t n = 0, need = 0;
    for (size_t i = 0; i < c->calendar->nleaves; i++) need += 2 * c->looks[c->tuple[i]].n;
    itsm_status rc = spend(c, need);
    if (!rc) rc = itsm__grow(&c->memory, &c->edges, &c->edge_capacity, need + 1, sizeof *c->edges);
    if (rc) return rc;
    for (size_t i = 0; i < c->calendar->nleaves; i++) {
        const itsm__look *look = &c->looks[c->tuple[i]];
        for (size_t k = look->first; k < look->first + look->n; k++) {
            const itsm__edge from = {c->look_spans[k].from, c->leaves[i].node, 1},
                             to = {c->look_spans[k].to, c->leaves[i].node, 0};
            c->edges[n++] = from, c->edges[n++] = to;
        }
    }
    itsm__sort(c->edges, n, sizeof *c->edges, compare_edges, NULL);
    *count = n;
    return ITSM_OK;
}

/* The pattern of a tuple of looks. */
static itsm_status sweep(itsm__compiler *c, uint32_t *out)
{
    const size_t root = c->calendar->nnodes - 1;
    size_t n;
    itsm_status rc = collect_edges(c, &n);
    if (!rc) rc = itsm__grow(&c->memory, &c->result, &c->result_capacity, n + 1, sizeof *c->result);
    if (rc) return rc;
    c->nresult = 0;
    int was_open = 0;
    itsm__tree_start(&c->tree);
    for (size_t i = 0; i < n;) {
        const int64_t at = c->edges[i].at;
        for (; i < n && c->edges[i].at == at; i++) itsm__tree_set(&c->tree, c->edges[i].node, c->edges[i].open);
        const int now_open = itsm__tree_is_open(&c->tree, root);
        if (now_open && !was_open) c->result[c->nresult].from = at;
        if (was_open && !now_open) c->result[c->nresult++].to = at;
        was_open = now_open;
    }
    return intern(c, out);
}

/* A calendar of one leaf, alone or all that is combined, is open when that is. */
static itsm_status pattern_of_one(itsm__compiler *c, uint32_t *out, uint32_t number)
{
    itsm__look *look = &c->looks[number];
    if (!look->pattern) {
        itsm_status rc = itsm__grow(&c->memory, &c->result, &c->result_capacity, look->n + 1, sizeof *c->result);
        if (rc) return rc;
        if (look->n) memcpy(c->result, c->look_spans + look->first, look->n * sizeof *c->result);
        c->nresult = look->n;
        if ((rc = intern(c, out))) return rc;
        look->pattern = *out + 1;
    }
    *out = look->pattern - 1;
    return ITSM_OK;
}

static itsm_status pattern_of(itsm__compiler *c, uint32_t *out, size_t day)
{
    const size_t n = c->calendar->nleaves;
    if (n == 1) return pattern_of_one(c, out, c->leaves[0].looks[day]);
    int added;
    for (size_t i = 0; i < n; i++) c->tuple[i] = c->leaves[i].looks[day];
    uint64_t *number = itsm__map_put(&c->combined, c->tuple, n * sizeof *c->tuple, &added);
    if (!number) return ITSM_E_NOMEM;
    if (added) {
        itsm_status rc = sweep(c, out);
        if (rc) return rc;
        *number = (uint64_t)*out + 1;
    }
    *out = (uint32_t)(*number - 1);
    return ITSM_OK;
}

itsm_status itsm__compile_days(itsm__compiler *c, itsm__day_word *words, int64_t first, size_t n)
{
    int64_t seconds = 0;
    itsm_status rc = c->failure ? c->failure : itsm__compiler_begin(c);
    for (size_t done = 0; done < n && !rc;) {
        const size_t chunk = n - done < CHUNK ? n - done : CHUNK;
        for (size_t i = 0; i < c->calendar->nleaves && !rc; i++)
            rc = leaf_days(c, &c->leaves[i], first + (int64_t)done, chunk);
        for (size_t i = 0; i < chunk && !rc; i++) {
            uint32_t pattern;
            if ((rc = pattern_of(c, &pattern, i))) break;
            words[done + i] = itsm__day_make(seconds, pattern);
            seconds += c->calendar->patterns[pattern].total / ITSM__SECOND;
        }
        done += chunk;
    }
    if (!rc) words[n] = itsm__day_make(seconds, 0);
    return rc;
}
