/* SPDX-License-Identifier: MIT */
/*
 * Lists of events: inserting, putting in order, replaying, and explaining a clock by them.
 *
 * A list that only grows is put in order of effect without memory of its own: while it is sorted, an event of the result
 * is only its instant and its place in the list; at the end the rest is fetched from there.
 *
 * An explanation is a replay that tells what it does: before an event is folded, the stretch of time since the event
 * before it is given row by row as the calendar explains it, each row booked as counted, paused or stopped by the state
 * of the clock in that stretch.  What a stop is followed by decides how the time after it is booked, so a stop looks
 * ahead for its reopening, once.  A first replay finds the event at which counting last began anew; rows before
 * it are not told, so that the rows sum to the reading.
 */
#include "base/bits.h"
#include "base/sort.h"
#include "sla/clock.h"

/* Order ----------------------------------------------------------------------------------------------------------- */

size_t itsm_clock_insert(itsm_clock_event *events, size_t n, const itsm_clock_event *event)
{
    const itsm_clock_event inserted = *event;
    size_t at = n;
    while (at > 0 && events[at - 1].at > inserted.at) at--;
    memmove(events + at + 1, events + at, (n - at) * sizeof *events);
    events[at] = inserted;
    return at;
}

/* Kept in `cause` while a list is put in order. */
static int compare_places(const void *a, const void *b, void *user)
{
    const itsm_clock_event *x = a, *y = b;
    (void)user;
    if (x->at != y->at) return x->at < y->at ? -1 : 1;
    return x->cause < y->cause ? -1 : x->cause > y->cause;
}

/* When each event took effect, as far as it was known; ITSM_TIME_NONE: it did not. */
static itsm_status place_events(itsm_clock_event *out, const itsm_clock_event *events, size_t n, itsm_time known)
{
    for (size_t i = 0; i < n; i++) {
        const itsm_clock_event *event = &events[i];
        const int is_known = event->recorded <= known;
        out[i].cause = (uint32_t)i;
        out[i].at = is_known ? event->at : ITSM_TIME_NONE;
        if (event->kind != ITSM_CLOCK_CORRECT) continue;
        out[i].at = ITSM_TIME_NONE;
        if (event->target >= i || events[event->target].kind == ITSM_CLOCK_CORRECT) return ITSM_E_MISUSE;
        if (is_known && events[event->target].recorded <= known) out[event->target].at = event->at;
    }
    return ITSM_OK;
}

itsm_status itsm_clock_order(itsm_clock_event *out, size_t *out_n, const itsm_clock_event *events, size_t n,
                             itsm_time known)
{
    size_t kept = 0;
    int is_sorted = 1;
    if (!out_n || (n && (!out || !events))) return ITSM_E_MISUSE;
    if ((uint64_t)n > UINT32_MAX) return ITSM_E_LIMIT;
    const itsm_status rc = place_events(out, events, n, known);
    if (rc) return rc;
    for (size_t i = 0; i < n; i++) {
        if (out[i].at == ITSM_TIME_NONE) continue;
        if (kept && out[kept - 1].at > out[i].at) is_sorted = 0;
        out[kept++] = out[i];
    }
    if (!is_sorted) itsm__sort(out, kept, sizeof *out, compare_places, NULL);
    for (size_t i = 0; i < kept; i++) {
        const itsm_time at = out[i].at;
        out[i] = events[out[i].cause], out[i].at = at;
    }
    *out_n = kept;
    return ITSM_OK;
}

/* The clock is idle, counts, or was stopped by an answer. */
enum { UPDATE_IDLE, UPDATE_COUNTS, UPDATE_STOPPED };

itsm_status itsm_clock_update_events(itsm_clock_event *out, size_t *out_n, const itsm_contact *contacts, size_t n,
                                     itsm_time responded)
{
    size_t made = 0;
    int stands = UPDATE_IDLE;
    if (!out_n || (n && (!out || !contacts))) return ITSM_E_MISUSE;
    for (size_t i = 0; i < n; i++) {
        const itsm_contact *contact = &contacts[i];
        if (contact->kind != ITSM_CONTACT_CUSTOMER && contact->kind != ITSM_CONTACT_ANSWER) return ITSM_E_MISUSE;
        if (contact->at == ITSM_TIME_NONE) return ITSM_E_RANGE;
        if (i && contact->at < contacts[i - 1].at) return ITSM_E_ORDER;
    }
    for (size_t i = 0; i < n && responded != ITSM_TIME_NONE; i++) {
        const int is_answer = contacts[i].kind == ITSM_CONTACT_ANSWER;
        if (contacts[i].at <= responded || is_answer != (stands == UPDATE_COUNTS)) continue;
        itsm_clock_event event = {0, 0, ITSM_CLOCK_START, 0, 0, 0};
        event.at = contacts[i].at, event.recorded = contacts[i].recorded;
        if (is_answer) event.kind = ITSM_CLOCK_STOP;
        if (stands == UPDATE_STOPPED) out[made] = event, out[made++].kind = ITSM_CLOCK_RESET;
        out[made++] = event;
        stands = is_answer ? UPDATE_STOPPED : UPDATE_COUNTS;
    }
    *out_n = made;
    return ITSM_OK;
}

/* Replaying ------------------------------------------------------------------------------------------------------- */

/* The i-th target: the distance between two is the size of the first. */
static const itsm_target *target_at(const itsm_target *targets, size_t count, uint32_t i)
{
    return i < count ? (const itsm_target *)(const void *)((const char *)targets + i * targets->size) : NULL;
}

itsm_status itsm__clock_fold(itsm_clock *clock, const itsm_target *targets, size_t count, const itsm_clock_event *event)
{
    if (event->kind != ITSM_CLOCK_RETARGET && event->kind != ITSM_CLOCK_ATTACH)
        return itsm_clock_apply(clock, event->kind, event->at, event->cause);
    const itsm_target *target = target_at(targets, count, event->target);
    if (!target) return ITSM_E_MISUSE;
    return event->kind == ITSM_CLOCK_ATTACH ? itsm_clock_attach(clock, target, event->at)
                                            : itsm_clock_retarget(clock, target, event->at, event->policy);
}

itsm_status itsm_clock_replay(itsm_clock *clock, const itsm_target *targets, size_t target_count,
                              const itsm_clock_event *events, size_t n)
{
    itsm_clock made;
    if (!clock || !targets || !target_count || (n && !events)) return ITSM_E_MISUSE;
    itsm_status rc = itsm_clock_init(&made, targets);
    for (size_t i = 0; i < n && !rc; i++) rc = itsm__clock_fold(&made, targets, target_count, &events[i]);
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
    size_t gap_end;       /* the event up to which the stop is known to be followed by ... */
    int32_t gap_policy;   /* ... a reopening of that policy; -1: by none */
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
    const itsm_time least = ITSM_DAYS(-4371587), most = ITSM_DAYS(2932897); /* the years of calendars */
    if (from < least || to > most) return ITSM_E_RANGE;
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

/* Find what ends a stop: the first reopening that is one, or what leads elsewhere. */
static void find_gap_end(teller *t, int32_t policy, size_t next)
{
    size_t i = next;
    t->gap_policy = -1;
    for (; i < t->n && t->gap_policy < 0; i++) {
        const itsm_clock_event *event = &t->events[i];
        if (event->kind == ITSM_CLOCK_RESET || event->kind == ITSM_CLOCK_CANCEL) break;
        if (event->kind == ITSM_CLOCK_RETARGET || event->kind == ITSM_CLOCK_ATTACH) {
            const itsm_target *target = target_at(t->targets, t->target_count, event->target);
            if (target) policy = target->reopen;
        }
        if (event->kind == ITSM_CLOCK_REOPEN && policy != ITSM_REOPEN_IGNORE) t->gap_policy = policy;
    }
    t->gap_end = i;
}

/* How the time after a stop will be booked; next is the event that ends the stretch. */
static int book_after_stop(teller *t, const itsm__clock_state *s, size_t next)
{
    if (next >= t->gap_end) find_gap_end(t, s->reopen, next);
    if (t->gap_policy == ITSM_REOPEN_RESUME) return BOOK_STOPPED;
    if (t->gap_policy != ITSM_REOPEN_CONTINUE) return BOOK_NOT;
    return itsm__clock_is_paused(s) ? BOOK_PAUSED : BOOK_COUNTED;
}

/* The stretch from the last event to the next one, or to now. */
static itsm_status tell_stretch(teller *t, const itsm__clock_state *s, size_t next, itsm_time to)
{
    if (s->phase == ITSM__PHASE_STARTED) t->book = itsm__clock_is_paused(s) ? BOOK_PAUSED : BOOK_COUNTED;
    else if (s->phase == ITSM__PHASE_STOPPED) t->book = book_after_stop(t, s, next);
    else return ITSM_OK;
    if (t->book == BOOK_NOT || to <= s->last) return ITSM_OK;
    t->causes = s->causes;
    return s->calendar ? itsm_calendar_explain(s->calendar, s->last, to, tell_row, t) : tell_days(t, s->last, to);
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
        rc = itsm__clock_fold(&clock, t->targets, t->target_count, &t->events[i]);
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
    teller t = {targets, target_count, events, n, fn, user, BOOK_NOT, 0, -1, 0, 0, 0};
    itsm_clock_reading before = ITSM_CLOCK_READING_INIT;
    size_t first;
    itsm_clock clock;
    itsm__clock_state s;
    itsm_status rc = find_count(&first, &t);
    if (!rc) rc = itsm_clock_init(&clock, targets);
    for (size_t i = 0; i < n && !rc; i++) {
        itsm__clock_get(&s, &clock);
        if (i > first) rc = tell_stretch(&t, &s, i, events[i].at);
        const int adjusts =
            i > first && events[i].kind == ITSM_CLOCK_RETARGET && events[i].policy == ITSM_RETARGET_PROPORTIONAL;
        if (!rc && adjusts) rc = itsm_clock_read(&before, &clock, events[i].at);
        if (!rc) rc = itsm__clock_fold(&clock, targets, target_count, &events[i]);
        if (rc || i < first) continue;
        itsm__clock_get(&s, &clock);
        t.goal = s.goal;
        if (adjusts && s.used != before.used) rc = tell_adjusted(&t, events[i].at, s.used - before.used);
    }
    if (rc || first == n) return rc;
    itsm__clock_get(&s, &clock);
    return tell_stretch(&t, &s, n, now);
}
