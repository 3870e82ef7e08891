/* SPDX-License-Identifier: MIT */
/*
 * Why time counts: the rows that make a sum.
 *
 * An explanation does not read the compiled tables but the definitions, so that it is a second way to the same answer.
 * It goes from edge to edge: at an instant, for each leaf of the tree, look at the dates whose hours can reach it, say
 * what holds there, and find the nearest edge behind it; then ask the tree whether that makes the whole open, and which
 * leaf decides.  Neighbouring pieces of one kind, one leaf and one local date become one row.  O(hours of seven dates
 * of all leaves) for each piece; the memory is that of the holidays of a year.
 */
#include "calendar/calendar.h"

enum { REACH_BEFORE = 4, REACH_AFTER = 2, HOLIDAY_DAYS = 366 };

/* What holds at one second, and until when. */
typedef struct piece {
    int64_t until; /* seconds */
    int64_t shift;
    size_t node; /* the leaf that decides */
    int32_t why;
    itsm_str name;
} piece;

typedef struct teller {
    const itsm_calendar *calendar;
    itsm__memory memory;
    itsm__tree_state tree;
    itsm__holidays *holidays; /* of each leaf */
    piece *pieces;            /* of each node; those of leaves are used */
    int64_t end;              /* seconds: the end of all */
} teller;

const char *itsm_why_text(int32_t why)
{
    static const char *const texts[] = {"unknown",        "weekly hours",
                                        "override hours", "every hour counts",
                                        "outside hours",  "closed weekday",
                                        "holiday",        "replaced by override",
                                        "break",          "paused",
                                        "stopped",        "scaled to a new goal",
                                        "added hours",    "excluded by another calendar"};
    return why > 0 && (size_t)why < sizeof texts / sizeof *texts ? texts[why] : texts[0];
}

static int counts(int32_t why)
{
    return why == ITSM_WHY_WEEKLY || why == ITSM_WHY_OVERRIDE || why == ITSM_WHY_ADDITION;
}

/* One leaf -------------------------------------------------------------------------------------------------------- */

/* 1: the span holds the second; its edges behind the second cut the piece. */
static int touch(piece *p, int64_t second, itsm__seconds s)
{
    if (s.from >= s.to) return 0;
    if (s.from > second && s.from < p->until) p->until = s.from;
    if (s.to > second && s.to < p->until) p->until = s.to;
    return s.from <= second && second < s.to;
}

static const itsm_hours whole_day = {0, ITSM__DAY_SECONDS};

static int touch_dated(piece *p, const itsm__definition *d, const itsm__dated_hours *array, size_t n, int64_t second,
                       int64_t date)
{
    size_t count;
    const size_t at = itsm__dated_hours_find(&count, array, n, date);
    int within = 0;
    for (size_t i = at; i < at + count; i++)
        within |= touch(p, second, itsm__hours_seconds(d->zone, date, array[i].hours));
    return within;
}

/* The hours of one date.  What makes the second open by them; 0: nothing. */
static int32_t touch_hours(piece *p, const itsm__definition *d, int64_t second, int64_t date)
{
    const itsm__date_hours hours = itsm__definition_hours(d, date);
    int open = 0;
    for (size_t i = 0; i < hours.n; i++) {
        const itsm_hours h = itsm__date_hours_at(&hours, i);
        if (h.from != ITSM__CLOSED) open |= touch(p, second, itsm__hours_seconds(d->zone, date, h));
    }
    const int added = touch_dated(p, d, d->additions, d->nadditions, second, date);
    if (open) return hours.overrides ? ITSM_WHY_OVERRIDE : ITSM_WHY_WEEKLY;
    return added ? ITSM_WHY_ADDITION : 0;
}

static int32_t why_closed(const itsm__definition *d, int64_t date)
{
    size_t additions;
    const itsm__date_hours hours = itsm__definition_hours(d, date);
    if (hours.overrides) return ITSM_WHY_REPLACED;
    itsm__dated_hours_find(&additions, d->additions, d->nadditions, date);
    return hours.n || additions ? ITSM_WHY_OUTSIDE : ITSM_WHY_WEEKDAY;
}

static itsm_time wall_of(const itsm_zone *zone, itsm_time at, int before)
{
    int32_t offset = 0;
    if (itsm_zone_offset(&offset, zone, at - before)) return at;
    return at + offset * ITSM__SECOND;
}

/* Make sure that the holidays around a date are known. */
static itsm_status know_holidays(const teller *t, itsm__holidays *h, const itsm__definition *d, int64_t date)
{
    if (h->first <= date - REACH_BEFORE && date + REACH_AFTER <= h->last) return ITSM_OK;
    int64_t last = itsm__floor_div(t->end, ITSM__DAY_SECONDS) + REACH_AFTER + 2; /* a zone is a day off at most */
    if (last > date + HOLIDAY_DAYS) last = date + HOLIDAY_DAYS;
    if (last < date + REACH_AFTER) last = date + REACH_AFTER;
    return itsm__holidays_fill(h, d, date - REACH_BEFORE, last);
}

/* What holds in a leaf at a second, at most until another. */
static itsm_status leaf_at(const teller *t, piece *p, size_t leaf, const itsm__node *node, int64_t second,
                           int64_t until)
{
    const itsm__definition *d = node->leaf;
    itsm__holidays *holidays = &t->holidays[leaf];
    const int64_t date = itsm__floor_div(wall_of(d->zone, second * ITSM__SECOND, 0), ITSM__DAY);
    const itsm__holiday *on_holiday = NULL;
    int32_t open = 0;
    int on_break = 0;
    memset(p, 0, sizeof *p);
    p->until = until, p->shift = date;
    int64_t shift = date;
    itsm_status rc = know_holidays(t, holidays, d, date);
    if (rc) return rc;
    const int64_t midnight = itsm__zone_second(d->zone, (date + 1) * ITSM__DAY_SECONDS);
    if (midnight > second && midnight < p->until) p->until = midnight;
    for (int64_t near = date - REACH_BEFORE; near <= date + REACH_AFTER; near++) {
        const itsm__holiday *holiday = itsm__holidays_find(holidays, near);
        on_break |= touch_dated(p, d, d->breaks, d->nbreaks, second, near);
        if (holiday && touch(p, second, itsm__hours_seconds(d->zone, near, whole_day))) on_holiday = holiday;
        const int32_t by = itsm__date_exists(d->zone, near) ? touch_hours(p, d, second, near) : 0;
        if (by) open = by, shift = near;
    }
    if (on_holiday) p->why = ITSM_WHY_HOLIDAY, p->name = on_holiday->name;
    else if (open) p->why = on_break ? ITSM_WHY_BREAK : open, p->shift = shift;
    else p->why = why_closed(d, date);
    return ITSM_OK;
}

/* The tree -------------------------------------------------------------------------------------------------------- */

/* The children of a node stand before it, each at the end of its own subtree; from the last to the first. */
static size_t next_child(const itsm_calendar *calendar, size_t node, size_t child)
{
    while (calendar->nodes[--child].parent != node) {}
    return child;
}

/*
 * The child that decides what a node is: of versions, the one that holds; in a difference that is closed although its
 * first is open, the first of the others that is; else the first that is as the node is.
 */
static size_t deciding_child(const teller *t, size_t node, int64_t second)
{
    const itsm__node *nodes = t->calendar->nodes;
    const int how = nodes[node].how, open = itsm__tree_is_open(&t->tree, node);
    const int of_versions = nodes[node].part->how == ITSM__MADE_OF_HOURS;
    size_t child = node, decides = node;
    for (uint32_t i = 0; i < nodes[node].n; i++) {
        child = next_child(t->calendar, node, child);
        const int child_open = itsm__tree_is_open(&t->tree, child);
        int does = child_open == open;
        if (of_versions) does = nodes[child].from <= second && second < nodes[child].to;
        else if (how == ITSM__DIFFERENCE) does = nodes[child].first ? child_open == open : child_open;
        if (does) decides = child;
    }
    return decides;
}

/* What holds at a second in the whole, at most until another. */
static itsm_status piece_at(teller *t, piece *out, int64_t second, int64_t until)
{
    const itsm__node *nodes = t->calendar->nodes;
    size_t leaf = 0, node = t->calendar->nnodes - 1;
    int excluded = 0;
    itsm_status rc;
    for (size_t i = 0; i < t->calendar->nnodes; i++) {
        if (!nodes[i].leaf) continue;
        const int holds = nodes[i].from <= second && second < nodes[i].to;
        if (nodes[i].from > second && nodes[i].from < until) until = nodes[i].from;
        if (holds && nodes[i].to < until) until = nodes[i].to;
        if (holds) {
            if ((rc = leaf_at(t, &t->pieces[i], leaf, &nodes[i], second, until))) return rc;
            until = t->pieces[i].until;
        }
        itsm__tree_set(&t->tree, i, holds && counts(t->pieces[i].why));
        leaf++;
    }
    while (nodes[node].n) {
        const size_t child = deciding_child(t, node, second);
        if (nodes[node].how == ITSM__DIFFERENCE && !nodes[child].first) excluded = 1;
        node = child;
    }
    *out = t->pieces[node];
    out->until = until, out->node = node;
    if (excluded) out->why = ITSM_WHY_EXCLUDED;
    return ITSM_OK;
}

/* Rows ------------------------------------------------------------------------------------------------------------ */

static int same(const piece *a, const piece *b)
{
    return a->why == b->why && a->shift == b->shift && a->name.p == b->name.p && a->node == b->node;
}

/* The row that begins at an instant and ends at the latest at another. */
static itsm_status row_at(teller *t, itsm_calendar_row *row, itsm_time from, itsm_time end)
{
    const itsm_zone *zone = t->calendar->definition.zone;
    memset(row, 0, sizeof *row);
    row->size = sizeof *row;
    row->local_from = wall_of(zone, from, 0);
    row->date = itsm__floor_div(row->local_from, ITSM__DAY);
    row->weekday = itsm_date_weekday(row->date);
    const int64_t last = itsm__floor_div(end - 1, ITSM__SECOND) + 1;
    int64_t second = itsm__floor_div(from, ITSM__SECOND),
            until = itsm__zone_second(zone, (row->date + 1) * ITSM__DAY_SECONDS);
    if (until > last || until <= second) until = last;
    piece first, next;
    itsm_status rc = piece_at(t, &first, second, until);
    for (next = first; !rc && next.until < until;) {
        piece behind;
        second = next.until;
        if ((rc = piece_at(t, &behind, second, until)) || !same(&behind, &first)) break;
        next = behind;
    }
    if (rc) return rc;
    row->from = from, row->to = next.until < last ? next.until * ITSM__SECOND : end;
    row->local_to = wall_of(zone, row->to, 1);
    row->why = first.why, row->shift = first.shift, row->name = first.name;
    row->calendar = itsm__node_name(t->calendar, first.node);
    row->counted = counts(first.why) ? row->to - row->from : 0;
    return ITSM_OK;
}

static itsm_status begin(teller *t, const itsm_calendar *calendar, itsm_time end)
{
    memset(t, 0, sizeof *t);
    t->calendar = t->tree.calendar = calendar, t->memory = calendar->memory;
    t->end = itsm__floor_div(end, ITSM__SECOND) + 1;
    t->tree.open = itsm__alloc(&t->memory, calendar->nnodes);
    t->tree.counts = itsm__alloc(&t->memory, calendar->nnodes * sizeof *t->tree.counts);
    t->pieces = itsm__alloc_zero(&t->memory, calendar->nnodes * sizeof *t->pieces);
    t->holidays = itsm__alloc(&t->memory, calendar->nleaves * sizeof *t->holidays);
    if (t->holidays)
        for (size_t i = 0; i < calendar->nleaves; i++) itsm__holidays_init(&t->holidays[i], &t->memory);
    if (!t->tree.open || !t->tree.counts || !t->pieces || !t->holidays) return ITSM_E_NOMEM;
    itsm__tree_start(&t->tree);
    return ITSM_OK;
}

static void finish(teller *t)
{
    const size_t nnodes = t->calendar->nnodes, nleaves = t->calendar->nleaves;
    itsm__free(&t->memory, t->tree.open, nnodes);
    itsm__free(&t->memory, t->tree.counts, nnodes * sizeof *t->tree.counts);
    itsm__free(&t->memory, t->pieces, nnodes * sizeof *t->pieces);
    if (t->holidays)
        for (size_t i = 0; i < nleaves; i++) itsm__holidays_clear(&t->holidays[i]);
    itsm__free(&t->memory, t->holidays, nleaves * sizeof *t->holidays);
}

itsm_status itsm_calendar_explain(const itsm_calendar *calendar, itsm_time a, itsm_time b, itsm_calendar_explain_fn fn,
                                  void *user)
{
    const itsm_time least = ITSM__FIRST_DATE * ITSM__DAY, most = (ITSM__LAST_DATE + 1) * ITSM__DAY;
    if (!calendar || !fn) return ITSM_E_MISUSE;
    if (a < least || b < least || a > most || b > most) return ITSM_E_RANGE;
    const int back = b < a;
    itsm_time at = back ? b : a;
    const itsm_time end = back ? a : b;
    teller t;
    itsm_status rc = begin(&t, calendar, end);
    while (at < end && !rc) {
        itsm_calendar_row row;
        if ((rc = row_at(&t, &row, at, end))) break;
        at = row.to;
        if (back) row.counted = -row.counted;
        rc = fn(user, &row);
    }
    finish(&t);
    return rc;
}
