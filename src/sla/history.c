/* SPDX-License-Identifier: MIT */
/*
 * Lists of events: inserting, replaying, and explaining a clock by them.
 *
 * An explanation is a replay that tells what it does: before an event is folded, the stretch of time since the event
 * before it is given row by row as the calendar explains it, each row booked as counted, paused or stopped by the state
 * of the clock in that stretch.  What a stop is followed by decides how the time after it is booked, so a stopped
 * stretch looks ahead for its reopening.  A first replay finds the event at which counting last began anew; rows before
 * it are not told, so that the rows sum to the reading.
 */
#include "base/bits.h"
#include "sla/clock.h"

size_t itsm_clock_insert(itsm_clock_event *events, size_t n, const itsm_clock_event *event)
{
    const itsm_clock_event inserted = *event;
    size_t at = n;
    while (at > 0 && events[at - 1].at > inserted.at) at--;
    memmove(events + at + 1, events + at, (n - at) * sizeof *events);
    events[at] = inserted;
    return at;
}

/* The i-th target: the distance between two is the size of the first. */
static const itsm_target *target_at(const itsm_target *targets, size_t count, uint32_t i)
{
    return i < count ? (const itsm_target *)(const void *)((const char *)targets + i * targets->size) : NULL;
}

static itsm_status fold(itsm_clock *clock, const itsm_target *targets, size_t count, const itsm_clock_event *event)
{
    if (event->kind != ITSM_CLOCK_RETARGET) return itsm_clock_apply(clock, event->kind, event->at, event->cause);
    const itsm_target *target = target_at(targets, count, event->target);
    return target ? itsm_clock_retarget(clock, target, event->at, event->policy) : ITSM_E_MISUSE;
}

itsm_status itsm_clock_replay(itsm_clock *clock, const itsm_target *targets, size_t target_count,
                              const itsm_clock_event *events, size_t n)
{
    itsm_clock made;
    if (!clock || !targets || !target_count || (n && !events)) return ITSM_E_MISUSE;
    itsm_status rc = itsm_clock_init(&made, targets);
    for (size_t i = 0; i < n && !rc; i++) rc = fold(&made, targets, target_count, &events[i]);
    if (!rc) *clock = made;
    return rc;
}

/* Explaining ------------------------------------------------------------------------------------------------------ */

enum { BOOK_COUNTED, BOOK_PAUSED, BOOK_STOPPED, BOOK_NOT };

typedef struct teller {
    const itsm_target *targets;
    size_t target_count;
    const itsm_clock_event *events;
    size_t n;
    itsm_clock_explain_fn fn;
    void *user;
    int book;
    itsm_span goal, told; /* in force; counted so far */
    uint64_t causes;
} teller;

static itsm_status tell(teller *t, itsm_clock_explanation *row)
{
    row->size = sizeof *row;
    row->left = t->goal - t->told;
    return t->fn(t->user, row);
}

static itsm_status tell_row(void *user, const itsm_calendar_row *time)
{
    teller *t = user;
    itsm_clock_explanation row;
    memset(&row, 0, sizeof row);
    row.time = *time, row.causes = t->causes;
    if (time->counted && t->book == BOOK_PAUSED) row.paused = time->counted, row.time.why = ITSM_WHY_PAUSED;
    else if (time->counted && t->book == BOOK_STOPPED) row.stopped = time->counted, row.time.why = ITSM_WHY_STOPPED;
    else row.counted = time->counted;
    t->told += row.counted;
    return tell(t, &row);
}

/* Without a calendar: one row for each day of UTC. */
static itsm_status tell_days(teller *t, itsm_time from, itsm_time to)
{
    while (from < to) {
        itsm_calendar_row row;
        memset(&row, 0, sizeof row);
        row.size = sizeof row;
        row.date = row.shift = itsm__floor_div(from, ITSM_DAYS(1));
        row.weekday = itsm_date_weekday(row.date);
        row.from = row.local_from = from;
        const int64_t rest = ITSM_DAYS(1) - itsm__floor_mod(from, ITSM_DAYS(1));
        row.to = row.local_to = rest < to - from ? from + rest : to;
        row.counted = row.to - row.from, row.why = ITSM_WHY_ALWAYS;
        const itsm_status rc = tell_row(t, &row);
        if (rc) return rc;
        from = row.to;
    }
    return ITSM_OK;
}

/* How the time after a stop will be booked; next is the event that ends the stretch. */
static int book_after_stop(const teller *t, const itsm__clock_state *s, size_t next)
{
    int32_t policy = s->reopen;
    for (size_t i = next; i < t->n; i++) {
        const itsm_clock_event *event = &t->events[i];
        if (event->kind == ITSM_CLOCK_RESET || event->kind == ITSM_CLOCK_CANCEL) return BOOK_NOT;
        if (event->kind == ITSM_CLOCK_RETARGET) {
            const itsm_target *target = target_at(t->targets, t->target_count, event->target);
            if (target) policy = target->reopen;
        }
        if (event->kind != ITSM_CLOCK_REOPEN || policy == ITSM_REOPEN_IGNORE) continue;
        if (policy == ITSM_REOPEN_RESUME) return BOOK_STOPPED;
        if (policy == ITSM_REOPEN_CONTINUE) return itsm__clock_is_paused(s) ? BOOK_PAUSED : BOOK_COUNTED;
        return BOOK_NOT;
    }
    return BOOK_NOT;
}

/* The stretch from the last event to the next one, or to now. */
static itsm_status tell_stretch(teller *t, const itsm__clock_state *s, size_t next, itsm_time to)
{
    if (s->phase == ITSM__PHASE_STARTED) t->book = itsm__clock_is_paused(s) ? BOOK_PAUSED : BOOK_COUNTED;
    else if (s->phase == ITSM__PHASE_STOPPED) t->book = book_after_stop(t, s, next);
    else return ITSM_OK;
    if (t->book == BOOK_NOT || to <= s->since) return ITSM_OK;
    t->causes = s->causes;
    return s->calendar ? itsm_calendar_explain(s->calendar, s->since, to, tell_row, t) : tell_days(t, s->since, to);
}

static itsm_status tell_adjusted(teller *t, itsm_time at, itsm_span by)
{
    itsm_clock_explanation row;
    memset(&row, 0, sizeof row);
    row.time.size = sizeof row.time;
    row.time.date = row.time.shift = itsm__floor_div(at, ITSM_DAYS(1));
    row.time.weekday = itsm_date_weekday(row.time.date);
    row.time.from = row.time.to = row.time.local_from = row.time.local_to = at;
    row.time.why = ITSM_WHY_ADJUSTED;
    row.counted = by;
    t->told += by;
    return tell(t, &row);
}

/* Where counting last began anew: the first event whose stretch is told; n: nowhere. */
static itsm_status find_count(size_t *first, const teller *t)
{
    itsm_clock clock;
    itsm__clock_state s;
    uint32_t count = 0;
    itsm_status rc = itsm_clock_init(&clock, t->targets);
    *first = t->n;
    for (size_t i = 0; i < t->n && !rc; i++) {
        rc = fold(&clock, t->targets, t->target_count, &t->events[i]);
        if (!rc && itsm__clock_get(&s, &clock) && s.count != count) *first = i, count = s.count;
    }
    return rc;
}

itsm_status itsm_clock_explain(const itsm_target *targets, size_t target_count, const itsm_clock_event *events,
                               size_t n, itsm_time now, itsm_clock_explain_fn fn, void *user)
{
    if (!targets || !target_count || (n && !events) || !fn) return ITSM_E_MISUSE;
    if (now == ITSM_TIME_NONE) return ITSM_E_RANGE;
    if (n && now < events[n - 1].at) return ITSM_E_ORDER;
    teller t = {targets, target_count, events, n, fn, user, BOOK_NOT, 0, 0, 0};
    itsm_clock_reading before = ITSM_CLOCK_READING_INIT;
    size_t first;
    itsm_clock clock;
    itsm__clock_state s;
    itsm_status rc = find_count(&first, &t);
    if (!rc) rc = itsm_clock_init(&clock, targets);
    for (size_t i = 0; i < n && !rc; i++) {
        itsm__clock_get(&s, &clock);
        if (i > first) rc = tell_stretch(&t, &s, i, events[i].at);
        if (!rc) rc = itsm_clock_read(&before, &clock, events[i].at);
        if (!rc) rc = fold(&clock, targets, target_count, &events[i]);
        if (rc || i < first) continue;
        const itsm_span used = before.used;
        itsm__clock_get(&s, &clock);
        t.goal = s.goal;
        if (i > first && s.used != used && events[i].kind == ITSM_CLOCK_RETARGET &&
            events[i].policy == ITSM_RETARGET_PROPORTIONAL)
            rc = tell_adjusted(&t, events[i].at, s.used - used);
    }
    if (rc || first == n) return rc;
    itsm__clock_get(&s, &clock);
    return tell_stretch(&t, &s, n, now);
}
