/* SPDX-License-Identifier: MIT */
/*
 * Chains: does a target hold if all it rests on is only just kept?
 *
 * For a start t let E(t) be when the last link ends: link by link, add() in its own calendar, the latest end of links
 * beside each other.  With B(t) the working time of the target up to t, the chain uses f(t) = B(E(t)) - B(t), and it
 * fits if f(t) <= goal for every t of the period.  The check walks over t by *pieces*: d starts, t to t + d - 1, on
 * which f is linear, so that it is largest at the first or the last of them.  Both are looked at, and so no start is
 * missed.
 *
 * Where a piece ends: at t every instant of the chain (its start, starts and ends of links) either moves along with t or
 * stands still.  The end of a link moves if its start does and lies in open time of its calendar; the latest of several
 * moves if one of those that are latest does.  That stays so until a moving instant comes to an edge of the calendar it
 * is read in, or a moving end to one that is later and stands still; d is the distance to the first of these.  Within
 * it E, B(E) and B each change by 0 or 1 with each microsecond, hence f by -1, 0 or 1.  An end that would move but stands
 * at a closing jumps to the next opening: then d is 1.
 *
 * Every d is at least 1, and a moving instant never goes back: there are no more pieces than edges of open time, each
 * counted for every instant that passes it.  A piece costs some ten look-ups for each link, and no memory.  The longest
 * goal of a link is found by halving, as a longer goal never lets a chain end earlier.
 */
#include <itsm/sla.h>

#include "base/bits.h"
#include "sla/clock.h"

enum { LINKS_MAX = 64, DAYS_MAX = 36525 };

/* A chain that was checked, with one goal that may stand in for that of a link. */
typedef struct walk {
    const itsm_chain *chain;
    size_t other; /* number of that link; LINKS_MAX: none */
    itsm_span other_goal;
} walk;

/* An instant of the chain at a start, and whether it moves along with that. */
typedef struct point {
    itsm_time at;
    int moves;
} point;

static const itsm_chain_link *link_at(const itsm_chain *chain, size_t i)
{
    return (const itsm_chain_link *)(const void *)((const char *)chain->links + i * chain->links->size);
}

static itsm_span goal_at(const walk *w, size_t i)
{
    return i == w->other ? w->other_goal : link_at(w->chain, i)->goal;
}

static int is_beside(const itsm_chain *chain, size_t i)
{
    return i > 0 && link_at(chain, i)->mode == ITSM_LINK_BESIDE;
}

static itsm_status chain_check(const itsm_chain *chain, size_t other)
{
    if (!chain || chain->size < sizeof *chain) return ITSM_E_MISUSE;
    if (!chain->link_count || chain->link_count > LINKS_MAX) return ITSM_E_LIMIT;
    if (!chain->links || chain->links->size < sizeof *chain->links) return ITSM_E_MISUSE;
    if (chain->goal <= 0 || chain->boundary < ITSM_BOUNDARY_CLOSE || chain->boundary > ITSM_BOUNDARY_OPEN)
        return ITSM_E_RANGE;
    for (size_t i = 0; i < chain->link_count; i++) {
        const itsm_chain_link *link = link_at(chain, i);
        if (link->mode < ITSM_LINK_AFTER || link->mode > ITSM_LINK_BESIDE) return ITSM_E_RANGE;
        if (link->goal <= 0 && i != other) return ITSM_E_RANGE;
    }
    return ITSM_OK;
}

static itsm_status period_check(itsm_time from, itsm_time to)
{
    itsm_span period;
    if (from == ITSM_TIME_NONE || to <= from || !itsm__sub(&period, to, from)) return ITSM_E_RANGE;
    return period > ITSM_DAYS(DAYS_MAX) ? ITSM_E_LIMIT : ITSM_OK;
}

/* One start -------------------------------------------------------------------------------------------------------- */

static itsm_status link_end(itsm_time *out, const walk *w, size_t i, itsm_time start)
{
    const itsm_calendar *calendar = link_at(w->chain, i)->calendar;
    if (calendar) return itsm_calendar_add(out, calendar, start, goal_at(w, i), w->chain->boundary);
    return itsm__add(out, start, goal_at(w, i)) ? ITSM_OK : ITSM_E_RANGE;
}

/* Working time of the target; never negative here. */
static itsm_status used_between(itsm_span *out, const itsm_chain *chain, itsm_time a, itsm_time b)
{
    return itsm__span_between(out, chain->calendar, a, b);
}

/* The links of one stage, from i up to next: all begin at start.  *holder: the one that ends last. */
static itsm_status stage_parts(itsm_chain_part parts[LINKS_MAX], size_t *next, size_t *holder, const walk *w, size_t i,
                               itsm_time start)
{
    itsm_status rc = ITSM_OK;
    size_t last = i, k = i;
    for (; !rc && (k == i || (k < w->chain->link_count && is_beside(w->chain, k))); k++) {
        memset(&parts[k], 0, sizeof parts[k]);
        parts[k].start = start;
        rc = link_end(&parts[k].end, w, k, start);
        if (!rc) rc = used_between(&parts[k].used, w->chain, start, parts[k].end);
        if (!rc && parts[k].end > parts[last].end) last = k;
    }
    for (size_t j = i; !rc && j < k; j++) rc = used_between(&parts[j].spare, w->chain, parts[j].end, parts[last].end);
    if (!rc) parts[last].holds = 1;
    *next = k, *holder = last;
    return rc;
}

static itsm_status read_start(itsm_chain_reading *r, itsm_chain_part parts[LINKS_MAX], const walk *w, itsm_time start)
{
    itsm_span most = -1;
    if (start == ITSM_TIME_NONE) return ITSM_E_RANGE;
    r->start = r->end = start;
    for (size_t i = 0; i < w->chain->link_count;) {
        size_t next, holder;
        const itsm_status rc = stage_parts(parts, &next, &holder, w, i, r->end);
        if (rc) return rc;
        if (parts[holder].used > most) most = parts[holder].used, r->weakest = (uint32_t)holder;
        r->end = parts[holder].end, i = next;
    }
    const itsm_status rc = used_between(&r->used, w->chain, r->start, r->end);
    if (rc) return rc;
    if (!itsm__sub(&r->slack, w->chain->goal, r->used)) return ITSM_E_RANGE;
    r->fits = r->slack >= 0;
    return ITSM_OK;
}

static void give(itsm_chain_reading *out, itsm_chain_part *parts_out, const itsm_chain_reading *r,
                 const itsm_chain_part *parts, size_t n)
{
    itsm_chain_reading given = *r;
    given.size = out->size;
    memcpy(out, &given, out->size < sizeof given ? out->size : sizeof given);
    if (parts_out) memcpy(parts_out, parts, n * sizeof *parts);
}

itsm_status itsm_chain_read(itsm_chain_reading *out, itsm_chain_part *parts, const itsm_chain *chain, itsm_time start)
{
    itsm_chain_reading r = ITSM_CHAIN_READING_INIT;
    itsm_chain_part found[LINKS_MAX];
    const walk w = {chain, LINKS_MAX, 0};
    if (!out || !out->size) return ITSM_E_MISUSE;
    itsm_status rc = chain_check(chain, LINKS_MAX);
    if (!rc) rc = read_start(&r, found, &w, start);
    if (!rc) give(out, parts, &r, found, chain->link_count);
    return rc;
}

/* Pieces ----------------------------------------------------------------------------------------------------------- */

static void shorten(itsm_span *d, itsm_time from, itsm_time to)
{
    itsm_span distance;
    if (itsm__sub(&distance, to, from) && distance < *d) *d = distance;
}

/* No further than the next edge of a calendar after an instant; where there is none, nothing is in the way. */
static int up_to_edge(itsm_span *d, const itsm_calendar *calendar, itsm_time at)
{
    itsm_time edge;
    if (!calendar) return 1;
    const int open = itsm_calendar_is_open(calendar, at);
    const itsm_status rc =
        open ? itsm_calendar_next_close(&edge, calendar, at) : itsm_calendar_next_open(&edge, calendar, at);
    if (!rc) shorten(d, at, edge);
    return open;
}

/* One link from its start to its end. */
static itsm_status follow_link(point *end, itsm_span *d, const walk *w, size_t i, point start)
{
    const itsm_calendar *calendar = link_at(w->chain, i)->calendar;
    const itsm_status rc = link_end(&end->at, w, i, start.at);
    if (rc) return rc;
    end->moves = start.moves && up_to_edge(d, calendar, start.at);
    if (!end->moves || !calendar) return ITSM_OK;
    if (!up_to_edge(d, calendar, end->at)) *d = 1; /* at a closing: jumps next */
    return ITSM_OK;
}

/* The later of two; no further than to where one overtakes the other. */
static point later(itsm_span *d, point a, point b)
{
    const point last = a.at > b.at ? a : b, first = a.at > b.at ? b : a;
    if (a.at == b.at) {
        const point both = {a.at, a.moves || b.moves};
        return both;
    }
    if (first.moves && !last.moves) shorten(d, first.at, last.at);
    return last;
}

/* The end of the chain, and how far it is linear from here. */
static itsm_status follow_chain(point *end, itsm_span *d, const walk *w, itsm_time start)
{
    point stage = {start, 1}, last = stage;
    for (size_t i = 0; i < w->chain->link_count; i++) {
        point link;
        const int beside = is_beside(w->chain, i);
        if (!beside) stage = last;
        const itsm_status rc = follow_link(&link, d, w, i, stage);
        if (rc) return rc;
        last = beside ? later(d, last, link) : link;
    }
    *end = last;
    return ITSM_OK;
}

/* How many of the first d values of a linear function are above a limit; slope -1, 0 or 1. */
static int64_t count_above(itsm_span first, int slope, itsm_span limit, int64_t d)
{
    if (slope == 0) return first > limit ? d : 0;
    const int64_t n = slope < 0 ? first - limit : first > limit ? d : d - 1 - (limit - first);
    return n < 0 ? 0 : n > d ? d : n;
}

typedef struct sweep {
    itsm_time start;      /* the earliest of the worst */
    itsm_span worst;      /* what is used from there */
    itsm_span open, late; /* of the starts seen, those in open time of the target, and those of them that are late */
} sweep;

static void look_at(sweep *s, itsm_time start, itsm_span used)
{
    if (used > s->worst) s->worst = used, s->start = start;
}

/* The piece that begins at t and has at most *d starts. */
static itsm_status look_at_piece(sweep *s, itsm_span *d, const walk *w, itsm_time t)
{
    itsm_span used;
    point end;
    const int open = up_to_edge(d, w->chain->calendar, t);
    itsm_status rc = follow_chain(&end, d, w, t);
    if (!rc) rc = used_between(&used, w->chain, t, end.at);
    if (rc) return rc;
    const int slope = (end.moves && up_to_edge(d, w->chain->calendar, end.at)) - open;
    look_at(s, t, used);
    if (slope > 0) look_at(s, t + (*d - 1), used + (*d - 1));
    if (open) s->open += *d, s->late += count_above(used, slope, w->chain->goal, *d);
    return ITSM_OK;
}

/* All starts of a period, or up to a piece that has one which is late. */
static itsm_status sweep_period(sweep *s, const walk *w, itsm_time from, itsm_time to, int until_late)
{
    s->start = from, s->worst = -1, s->open = s->late = 0;
    for (itsm_time t = from; t < to && !(until_late && s->worst > w->chain->goal);) {
        itsm_span d = to - t;
        const itsm_status rc = look_at_piece(s, &d, w, t);
        if (rc) return rc;
        t += d;
    }
    return ITSM_OK;
}

itsm_status itsm_chain_check(itsm_chain_reading *out, itsm_chain_part *parts, const itsm_chain *chain, itsm_time from,
                             itsm_time to)
{
    itsm_chain_reading r = ITSM_CHAIN_READING_INIT;
    itsm_chain_part found[LINKS_MAX];
    const walk w = {chain, LINKS_MAX, 0};
    sweep s;
    if (!out || !out->size) return ITSM_E_MISUSE;
    itsm_status rc = chain_check(chain, LINKS_MAX);
    if (!rc) rc = period_check(from, to);
    if (!rc) rc = sweep_period(&s, &w, from, to, 0);
    if (!rc) rc = read_start(&r, found, &w, s.start);
    if (rc) return rc;
    r.open = s.open, r.late = s.late;
    give(out, parts, &r, found, chain->link_count);
    return ITSM_OK;
}

/* The longest goal ------------------------------------------------------------------------------------------------- */

/* ITSM_OK: it fits with so many units; ITSM_NOTHING: it does not. */
static itsm_status try_goal(walk *w, int64_t units, itsm_span unit, itsm_time from, itsm_time to)
{
    sweep s;
    w->other_goal = units * unit;
    const itsm_status rc = sweep_period(&s, w, from, to, 1);
    return rc ? rc : s.worst > w->chain->goal ? ITSM_NOTHING : ITSM_OK;
}

itsm_status itsm_chain_longest(itsm_span *out, const itsm_chain *chain, size_t link, itsm_span unit, itsm_time from,
                               itsm_time to)
{
    walk w = {chain, link, 0};
    if (!out) return ITSM_E_MISUSE;
    itsm_status rc = chain_check(chain, link);
    if (!rc && link >= chain->link_count) rc = ITSM_E_MISUSE;
    if (!rc) rc = unit > 0 ? period_check(from, to) : ITSM_E_RANGE;
    if (!rc) rc = try_goal(&w, 1, unit, from, to);
    if (rc) return rc;
    int64_t fits = 1, too_long = INT64_MAX / unit;
    while (fits < too_long / 2 && !try_goal(&w, fits * 2, unit, from, to)) fits *= 2; /* a goal that never ends: no */
    if (fits < too_long / 2) too_long = fits * 2;
    while (too_long - fits > 1) {
        const int64_t middle = fits + (too_long - fits) / 2;
        if (try_goal(&w, middle, unit, from, to)) too_long = middle;
        else fits = middle;
    }
    *out = fits * unit;
    return ITSM_OK;
}
