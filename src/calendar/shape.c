/* SPDX-License-Identifier: MIT */
/*
 * Which years look alike.
 *
 * The days of a year depend on the weekday of 1 January, the length of the year, the clock changes in and around it,
 * what is dated there, the dates of Easter where holidays hang on it, and on which rules and which versions hold.  A
 * shape is all of that as numbers; one leaf of the tree after the other.  Where a year cannot be told by such numbers,
 * its own number stands for it.
 */
#include "calendar/compile.h"

enum { EARLIEST_YEAR = -10000, MARGIN = ITSM__REACH_AFTER + 2 };

int64_t itsm__year_start(int64_t year)
{
    const int64_t y = year - 1;
    return y * 365 + itsm__floor_div(y, 4) - itsm__floor_div(y, 100) + itsm__floor_div(y, 400) - 719162;
}

static int64_t year_of(int64_t day)
{
    itsm_civil civil;
    return itsm_civil_from_date(&civil, day) ? 0 : civil.year;
}

/* One year -------------------------------------------------------------------------------------------------------- */

/* Days a year apart are told apart only if one of these is near: the margin covers observed days too. */
static int hours_within(const itsm__dated_hours *array, size_t n, int64_t from, int64_t to)
{
    size_t unused;
    const size_t at = itsm__dated_hours_find(&unused, array, n, from);
    return at < n && array[at].date <= to;
}

static int has_dated(const itsm__definition *d, int64_t from, int64_t to)
{
    const size_t at = itsm__dated_name_find(d->holidays, d->nholidays, from);
    return (at < d->nholidays && d->holidays[at].date <= to) || hours_within(d->overrides, d->noverrides, from, to) ||
           hours_within(d->additions, d->nadditions, from, to) || hours_within(d->breaks, d->nbreaks, from, to);
}

/* How many bounds of rules lie before a year: the same number, the same rules. */
static int64_t era_of(const itsm__definition *d, int64_t year)
{
    int64_t passed = 0;
    for (size_t i = 0; i < d->nrecurrences; i++) {
        const itsm_recurrence *r = &d->recurrences[i].rule;
        passed += r->first_year && r->first_year <= year;
        passed += r->last_year && r->last_year < year;
    }
    return passed;
}

/* Offsets of the rules that hang on an Easter; 0: none do. */
static int easter_offsets(int32_t *least, int32_t *most, const itsm__definition *d, int orthodox)
{
    const int32_t kind = orthodox ? ITSM_RECURRENCE_EASTER_ORTHODOX : ITSM_RECURRENCE_EASTER;
    int found = 0;
    for (size_t i = 0; i < d->nrecurrences; i++) {
        const itsm_recurrence *r = &d->recurrences[i].rule;
        if (r->kind != kind) continue;
        if (!found || r->offset < *least) *least = r->offset;
        if (!found || r->offset > *most) *most = r->offset;
        found = 1;
    }
    return found;
}

static size_t easter_shape(int64_t *key, const itsm__definition *d, int64_t year, int64_t first, int64_t end)
{
    size_t n = 0;
    for (int orthodox = 0; orthodox < 2; orthodox++) {
        int32_t least = 0, most = 0;
        if (!easter_offsets(&least, &most, d, orthodox)) continue;
        for (int64_t near = year - 1; near <= year + 1; near++) {
            int64_t easter;
            if (!itsm__easter(&easter, near, orthodox) || easter + most < first - ITSM__RECURRENCE_REACH ||
                easter + least > end + ITSM__RECURRENCE_REACH)
                continue;
            key[n++] = orthodox * 3 + (near - year + 1);
            key[n++] = easter - first;
        }
    }
    return n;
}

/* 1: a rule counts days across 29 February, so that the lengths of the years beside a year matter. */
static int has_offsets(const itsm__definition *d)
{
    for (size_t i = 0; i < d->nrecurrences; i++) {
        const itsm_recurrence *r = &d->recurrences[i].rule;
        if (r->offset && (r->kind == ITSM_RECURRENCE_WEEKDAY || r->kind == ITSM_RECURRENCE_ON_OR_AFTER)) return 1;
    }
    return 0;
}

static size_t recurrence_shape(int64_t *key, const itsm__definition *d, int64_t year, int64_t first, int64_t end)
{
    size_t n = 0;
    for (int64_t near = year - 1; near <= year + 1; near++) key[n++] = era_of(d, near);
    if (has_offsets(d)) key[n++] = first - itsm__year_start(year - 1), key[n++] = itsm__year_start(year + 2) - end;
    return n + easter_shape(key + n, d, year, first, end);
}

/* The clock changes in and around a year: offset, then instants within the year and offsets.  0: too many. */
static size_t find_changes(int64_t *key, const itsm_zone *zone, int64_t first, int64_t end)
{
    const itsm_time until = (end + MARGIN) * ITSM__DAY;
    itsm_time at = (first - MARGIN) * ITSM__DAY;
    int32_t offset = 0;
    size_t n = 0;
    if (itsm_zone_offset(&offset, zone, at)) return 0;
    key[n++] = offset;
    while (itsm_zone_next_transition(&at, zone, at) == ITSM_OK && at < until) {
        if (n + 2 > ITSM__SHAPE_MAX / 2 || itsm_zone_offset(&offset, zone, at)) return 0;
        key[n++] = at - first * ITSM__DAY;
        key[n++] = offset;
    }
    return n;
}

/*
 * The same, remembered for the years in which a zone follows its rule: those depend on the weekday of 1 January and on
 * the lengths of the year and of those beside it, of which one at most is a leap year.
 */
static size_t clock_shape(int64_t *key, itsm__leaf *leaf, int64_t year)
{
    const int64_t first = itsm__year_start(year), end = itsm__year_start(year + 1);
    if (year < ITSM__RULE_FIRST_YEAR) return find_changes(key, leaf->definition->zone, first, end);
    int leap = 0;
    for (int i = 0; i < 3; i++)
        if (itsm__year_start(year + i) - itsm__year_start(year + i - 1) == 366) leap = i + 1;
    itsm__clock_year *known = &leaf->clocks[itsm_date_weekday(first)][leap];
    if (!known->n) {
        const size_t n = find_changes(key, leaf->definition->zone, first, end);
        if (!n || n > sizeof known->key / sizeof *known->key) return n;
        memcpy(known->key, key, n * sizeof *key);
        known->n = n;
    }
    memcpy(key, known->key, known->n * sizeof *key);
    return known->n;
}

/* A leaf in a year, at most half of ITSM__SHAPE_MAX numbers and some more; 0: too many. */
static size_t leaf_shape(int64_t *key, itsm__leaf *leaf, int64_t year)
{
    const itsm__definition *d = leaf->definition;
    const int64_t first = itsm__year_start(year), end = itsm__year_start(year + 1);
    const int64_t from = first * ITSM__DAY_SECONDS, to = end * ITSM__DAY_SECONDS;
    size_t n = 0;
    if (leaf->to <= from || leaf->from >= to) {
        key[n++] = INT64_MIN;
        return n;
    }
    const int cut = leaf->from > from || leaf->to < to;
    const int dated = has_dated(d, first - ITSM__RECURRENCE_REACH, end + ITSM__RECURRENCE_REACH);
    key[n++] = cut || dated ? year : INT64_MAX;
    if (d->nrecurrences) n += recurrence_shape(key + n, d, year, first, end);
    const size_t clocks = clock_shape(key + n, leaf, year);
    return clocks ? n + clocks : 0;
}

size_t itsm__compile_shape(itsm__compiler *c, int64_t *key, int64_t year)
{
    int64_t of_leaf[ITSM__SHAPE_MAX];
    size_t n = 0;
    if (c->failure || (c->failure = itsm__compiler_begin(c))) return 0;
    key[n++] = itsm_date_weekday(itsm__year_start(year));
    key[n++] = itsm__year_start(year + 1) - itsm__year_start(year);
    if (c->calendar->nleaves == 1) {
        const size_t more = leaf_shape(key + n, &c->leaves[0], year);
        return more ? n + more : 0;
    }
    for (size_t i = 0; i < c->calendar->nleaves; i++) {
        const size_t more = leaf_shape(of_leaf, &c->leaves[i], year);
        if (!more) return 0;
        int added;
        uint64_t *number = itsm__map_put(&c->leaf_shapes, of_leaf, more * sizeof *of_leaf, &added);
        if (!number) {
            c->failure = ITSM_E_NOMEM;
            return 0;
        }
        if (added) *number = c->leaf_shapes.count;
        key[n++] = (int64_t)*number;
    }
    return n;
}

/* All years ------------------------------------------------------------------------------------------------------- */

typedef struct range {
    int64_t first, last; /* days */
} range;

static void extend(range *r, int64_t first, int64_t last)
{
    if (first < r->first) r->first = first;
    if (last > r->last) r->last = last;
}

static void extend_hours(range *r, const itsm__dated_hours *array, size_t n)
{
    if (n) extend(r, array[0].date, array[n - 1].date);
}

static void extend_rule(range *r, const itsm_recurrence *rule)
{
    const int bound_first = rule->first_year != 0, bound_last = rule->last_year != 0;
    const int is_easter = rule->kind == ITSM_RECURRENCE_EASTER || rule->kind == ITSM_RECURRENCE_EASTER_ORTHODOX;
    if (bound_first) extend(r, itsm__year_start(rule->first_year - 1), itsm__year_start(rule->first_year + 1));
    if (bound_last) extend(r, itsm__year_start(rule->last_year), itsm__year_start(rule->last_year + 2));
    if (!is_easter) return;
    const int64_t first = bound_first ? rule->first_year : ITSM__EASTER_FIRST_YEAR;
    const int64_t last = bound_last ? rule->last_year : ITSM__EASTER_LAST_YEAR;
    if (first <= last) extend(r, itsm__year_start(first - 1), itsm__year_start(last + 2));
}

/* The days of which something is special in a leaf; those in which it does not hold are all alike. */
static range special_days(const itsm__node *node)
{
    const itsm__definition *d = node->leaf;
    range r = {ITSM__HORIZON_FIRST_DAY, ITSM__HORIZON_FIRST_DAY + ITSM__HORIZON_DAYS};
    itsm_time change;
    if (itsm_zone_next_transition(&change, d->zone, itsm__year_start(EARLIEST_YEAR) * ITSM__DAY) == ITSM_OK &&
        change < r.first * ITSM__DAY)
        r.first = itsm__floor_div(change, ITSM__DAY);
    if (itsm_zone_next_transition(&change, d->zone, r.last * ITSM__DAY) == ITSM_OK)
        extend(&r, r.first, itsm__year_start(ITSM__LISTED_LAST_YEAR)); /* Ramadan in Morocco until 2087, say */
    if (d->nholidays) extend(&r, d->holidays[0].date, d->holidays[d->nholidays - 1].date);
    extend_hours(&r, d->overrides, d->noverrides);
    extend_hours(&r, d->additions, d->nadditions);
    extend_hours(&r, d->breaks, d->nbreaks);
    for (size_t i = 0; i < d->nrecurrences; i++) extend_rule(&r, &d->recurrences[i].rule);
    const int64_t from = itsm__floor_div(node->from, ITSM__DAY_SECONDS),
                  to = itsm__floor_div(node->to, ITSM__DAY_SECONDS);
    if (node->from != INT64_MIN) {
        if (r.first < from) r.first = from;
        extend(&r, from, from);
    }
    if (node->to != INT64_MAX) {
        if (r.last > to) r.last = to;
        extend(&r, to, to);
    }
    return r;
}

void itsm__compile_special_years(const itsm_calendar *calendar, int64_t *first, int64_t *last)
{
    range all = {ITSM__HORIZON_FIRST_DAY, ITSM__HORIZON_FIRST_DAY + ITSM__HORIZON_DAYS};
    for (size_t i = 0; i < calendar->nnodes; i++) {
        if (!calendar->nodes[i].leaf) continue;
        const range r = special_days(&calendar->nodes[i]);
        extend(&all, r.first, r.last);
    }
    *first = year_of(all.first - ITSM__RECURRENCE_REACH), *last = year_of(all.last + ITSM__RECURRENCE_REACH);
}
