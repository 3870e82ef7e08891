/* SPDX-License-Identifier: MIT */
/*
 * Attribution: who used the time of a clock.
 *
 * The list of events is folded twice.  The first time finds out whether it can be, and the event at which counting last
 * began anew; time before that is in no share, as it is in no reading.  The second time books each stretch between two
 * events, cut at the handovers within it, by the state of the clock in it: counted, paused or stopped.  Each piece is
 * one between(), and these add up to that of the whole stretch, so that the shares sum to the reading to the
 * microsecond.
 *
 * How the time after a stop is booked is decided by the reopening: a copy of the clock goes ahead to it, once for each
 * stop.  So the cost is O(events + handovers), whatever the span; no memory.
 */
#include <itsm/sla.h>

#include "base/bits.h"
#include "sla/clock.h"

enum { BOOK_NOT, BOOK_COUNTED, BOOK_PAUSED, BOOK_STOPPED };

typedef struct list {
    const itsm_target *targets;
    size_t target_count;
    const itsm_clock_event *events;
    size_t n;
} list;

typedef struct account {
    const itsm_parties *parties;
    itsm_share *shares;
    size_t handover;    /* the next */
    uint32_t holder;    /* by those before it */
    uint32_t breach;    /* with whom it was breached, or ITSM_PARTY_NONE */
    itsm_span used;     /* booked as counted, and adjusted */
    itsm_span adjusted; /* of that */
} account;

/* Checking -------------------------------------------------------------------------------------------------------- */

static itsm_status parties_check(const itsm_parties *parties)
{
    if (!parties || parties->size < sizeof *parties) return ITSM_E_MISUSE;
    if ((parties->handover_count && !parties->handovers) || (parties->cause_count && !parties->cause_party))
        return ITSM_E_MISUSE;
    if (!parties->count || parties->count > ITSM_PARTY_NONE || parties->cause_count > ITSM__CAUSES_MAX)
        return ITSM_E_LIMIT;
    for (size_t i = 0; i < parties->cause_count; i++)
        if (parties->cause_party[i] >= parties->count && parties->cause_party[i] != ITSM_PARTY_NONE)
            return ITSM_E_RANGE;
    for (size_t i = 0; i < parties->handover_count; i++) {
        const itsm_handover *handover = &parties->handovers[i];
        if (handover->at == ITSM_TIME_NONE || handover->party >= parties->count) return ITSM_E_RANGE;
        if (i && handover->at < handover[-1].at) return ITSM_E_ORDER;
    }
    return ITSM_OK;
}

/* Fold all of a list: the reading, and the event at which counting last began anew; n: it never began. */
static itsm_status read_list(itsm_clock_reading *r, size_t *first, const list *l, itsm_time now)
{
    itsm_clock clock;
    itsm__clock_state s;
    uint32_t count = 0;
    *first = l->n;
    itsm_status rc = itsm_clock_init(&clock, l->targets);
    for (size_t i = 0; i < l->n && !rc; i++) {
        rc = itsm__clock_fold(&clock, l->targets, l->target_count, &l->events[i]);
        if (!rc && itsm__clock_get(&s, &clock) && s.count != count) *first = i, count = s.count;
    }
    return rc ? rc : itsm_clock_read(r, &clock, now);
}

/* Booking --------------------------------------------------------------------------------------------------------- */

static uint32_t with_whom(const account *a, uint64_t causes)
{
    const itsm_parties *parties = a->parties;
    for (size_t i = 0; causes && i < parties->cause_count; i++, causes >>= 1)
        if ((causes & 1) && parties->cause_party[i] != ITSM_PARTY_NONE) return parties->cause_party[i];
    return a->holder;
}

static int is_beyond(const account *a, const itsm__clock_state *s)
{
    return a->used > s->goal && s->goal < ITSM_GOAL_NONE;
}

/* Time during which neither the state nor the holder changes. */
static itsm_status book_piece(account *a, const itsm__clock_state *s, int book, itsm_time from, itsm_time to)
{
    itsm_span span;
    const uint32_t party = with_whom(a, s->causes);
    itsm_share *share = &a->shares[party];
    if (book == BOOK_NOT) return ITSM_OK;
    const itsm_status rc = itsm__span_between(&span, s->calendar, from, to);
    if (rc) return rc;
    if (book == BOOK_PAUSED) share->paused += span;
    if (book == BOOK_STOPPED) share->stopped += span;
    if (book != BOOK_COUNTED) return ITSM_OK;
    const itsm_span within = a->used > s->goal ? a->used : s->goal;
    share->used += span, a->used += span;
    if (!is_beyond(a, s)) return ITSM_OK;
    share->over += a->used - within;
    if (a->breach == ITSM_PARTY_NONE) a->breach = party;
    return ITSM_OK;
}

/* Time during which the state does not change. */
static itsm_status book_stretch(account *a, const itsm__clock_state *s, int book, itsm_time from, itsm_time to)
{
    const itsm_handover *handovers = a->parties->handovers;
    itsm_status rc = ITSM_OK;
    for (; !rc && a->handover < a->parties->handover_count && handovers[a->handover].at < to; a->handover++) {
        const itsm_handover *next = &handovers[a->handover];
        if (next->at > from) rc = book_piece(a, s, book, from, next->at), from = next->at;
        a->holder = next->party;
    }
    return rc ? rc : book_piece(a, s, book, from, to);
}

/* How the time after a stop is booked: as the event says that ends it, if one does. */
static itsm_status book_after_stop(int *book, const list *l, itsm_clock clock, size_t next)
{
    itsm__clock_state before, after;
    itsm_status rc = ITSM_OK;
    *book = BOOK_NOT;
    itsm__clock_get(&after, &clock);
    for (size_t i = next; i < l->n && !rc && after.phase == ITSM__PHASE_STOPPED; i++) {
        before = after;
        rc = itsm__clock_fold(&clock, l->targets, l->target_count, &l->events[i]);
        itsm__clock_get(&after, &clock);
        if (after.phase != ITSM__PHASE_STARTED || after.count != before.count) continue;
        *book = before.reopen == ITSM_REOPEN_RESUME ? BOOK_STOPPED : BOOK_COUNTED;
    }
    return rc;
}

/* What an event did to the time that is used, and to the goal it is measured against. */
static void book_event(account *a, const itsm__clock_state *s, uint64_t causes, itsm_span by)
{
    a->used += by, a->adjusted += by;
    if (!is_beyond(a, s)) a->breach = ITSM_PARTY_NONE;
    else if (a->breach == ITSM_PARTY_NONE) a->breach = with_whom(a, causes);
}

/* Fold an event; *by: what it made of the time used, other than by counting. */
static itsm_status fold(itsm_span *by, itsm_clock *clock, const list *l, size_t i)
{
    itsm_clock_reading before = ITSM_CLOCK_READING_INIT, after = ITSM_CLOCK_READING_INIT;
    const itsm_clock_event *event = &l->events[i];
    const int scales = event->kind == ITSM_CLOCK_RETARGET && event->policy == ITSM_RETARGET_PROPORTIONAL;
    itsm_status rc = scales ? itsm_clock_read(&before, clock, event->at) : ITSM_OK;
    if (!rc) rc = itsm__clock_fold(clock, l->targets, l->target_count, event);
    if (!rc && scales) rc = itsm_clock_read(&after, clock, event->at);
    *by = after.used - before.used;
    return rc;
}

/* All stretches after the event at which counting began, up to now. */
static itsm_status book_list(account *a, const list *l, size_t first, itsm_time now)
{
    itsm_clock clock;
    itsm__clock_state s;
    int after_stop = BOOK_NOT;
    itsm_time from = ITSM_TIME_NONE;
    itsm_status rc = itsm_clock_init(&clock, l->targets);
    for (size_t i = 0; !rc; i++) {
        const itsm_time to = i < l->n ? l->events[i].at : now;
        itsm__clock_get(&s, &clock);
        int book = BOOK_NOT;
        if (i > first && s.phase == ITSM__PHASE_STARTED) book = BOOK_COUNTED;
        if (i > first && s.phase == ITSM__PHASE_STOPPED) book = after_stop;
        if (book == BOOK_COUNTED && itsm__clock_is_paused(&s)) book = BOOK_PAUSED;
        rc = book_stretch(a, &s, book, from, to);
        if (rc || i == l->n) break;
        const uint32_t phase = s.phase;
        const uint64_t causes = s.causes;
        itsm_span by;
        rc = fold(&by, &clock, l, i);
        itsm__clock_get(&s, &clock);
        if (!rc && i > first) book_event(a, &s, causes, by);
        if (!rc && s.phase == ITSM__PHASE_STOPPED && phase != ITSM__PHASE_STOPPED)
            rc = book_after_stop(&after_stop, l, clock, i + 1);
        from = to;
    }
    return rc;
}

itsm_status itsm_clock_attribute(itsm_attribution *out, itsm_share *shares, const itsm_parties *parties,
                                 const itsm_target *targets, size_t target_count, const itsm_clock_event *events,
                                 size_t n, itsm_time now)
{
    const list l = {targets, target_count, events, n};
    account a = {parties, shares, 0, 0, ITSM_PARTY_NONE, 0, 0};
    itsm_clock_reading r = ITSM_CLOCK_READING_INIT;
    itsm_attribution given = ITSM_ATTRIBUTION_INIT;
    size_t first;
    if (!out || !out->size || !shares || !targets || !target_count || (n && !events)) return ITSM_E_MISUSE;
    itsm_status rc = parties_check(parties);
    if (!rc) rc = read_list(&r, &first, &l, now);
    if (rc) return rc;
    memset(shares, 0, parties->count * sizeof *shares);
    if (first < n && (rc = book_list(&a, &l, first, now))) return rc;
    given.size = out->size;
    given.used = r.used, given.adjusted = a.adjusted, given.paused = r.paused, given.stopped = r.stopped;
    given.breached = r.breached, given.party = r.breached ? a.breach : ITSM_PARTY_NONE;
    memcpy(out, &given, out->size < sizeof given ? out->size : sizeof given);
    return ITSM_OK;
}
