/* SPDX-License-Identifier: MIT */
/*
 * A clock: a fold over events in the order of their effect.
 *
 * Each event first *advances* the state to its instant: the working time since the last event is added to what is used,
 * paused or, while stopped, to what a reopening will decide on.  The due instant is the goal, less what was used at the
 * anchor, plus what was held since, after the anchor.  For a clock that was never given another calendar the anchor is
 * its start, so that due = add(start, goal + paused).
 *
 * Time that passes does not move the due instant of a clock that runs, so it is kept with the state, computed at the
 * events that do.  Of the last event and the anchor their places on the line of working time are kept too: an event
 * costs half a between(), or an add() where the due instant moves, and a reading half a between().
 *
 * A breach is derived (used > goal) and latched at the event after it with the due instant of that moment, since pauses
 * that come later do not move it.  While a clock is stopped, a second account (gap_...) is kept of what would have been
 * counted and whether that would have been too much, since only the reopening decides.  A retarget that changes how
 * time is counted sets a new anchor; in a stopped clock one for each account.  Thresholds are bits: those passed at an
 * event never come again in this cycle and version of the goal.
 *
 * All functions work on a copy and write it back at the end, so that a clock is as it was after a failure.
 */
#include "sla/clock.h"

#include "base/bits.h"
#include "calendar/work.h"

_Static_assert(sizeof(itsm__clock_state) <= sizeof(itsm_clock), "a state fits into a clock");
_Static_assert(offsetof(itsm__clock_state, used) == offsetof(itsm_clock_reading, used) &&
                   offsetof(itsm__clock_state, reserved) == offsetof(itsm_clock_reading, reserved),
               "a state begins as a reading does");

/* Working time; without a calendar every hour counts -------------------------------------------------------------- */

itsm_status itsm__span_between(itsm_span *out, const itsm_calendar *calendar, itsm_time a, itsm_time b)
{
    if (calendar) return itsm_calendar_between(out, calendar, a, b);
    if (a == ITSM_TIME_NONE || b == ITSM_TIME_NONE) return ITSM_E_RANGE;
    return itsm__sub(out, b, a) ? ITSM_OK : ITSM_E_RANGE;
}

/* Where an instant lies on the line of working time. */
static itsm_status place_of(int64_t *out, const itsm_calendar *calendar, itsm_time at)
{
    if (calendar) return itsm__calendar_place(out, calendar, at);
    *out = at;
    return ITSM_OK;
}

/* The instant a positive working time after a place; upper: the latest such, before the next is worked. */
static itsm_status time_after(itsm_time *out, const itsm_calendar *calendar, int64_t place, itsm_span n, int upper)
{
    int64_t w;
    if (!itsm__add(&w, place, n)) return ITSM_E_RANGE;
    if (calendar) return itsm__calendar_at(out, calendar, w, upper);
    *out = w;
    return ITSM_OK;
}

/* floor(a * b / c) for 0 <= a, b and 0 < c; INT64_MAX when it does not fit. */
static int64_t scale(int64_t a, int64_t b, int64_t c)
{
    const uint64_t a1 = (uint64_t)a >> 32, a0 = (uint64_t)a & 0xFFFFFFFF;
    const uint64_t b1 = (uint64_t)b >> 32, b0 = (uint64_t)b & 0xFFFFFFFF;
    const uint64_t middle = a1 * b0 + (a0 * b0 >> 32), other = a0 * b1 + (middle & 0xFFFFFFFF);
    uint64_t high = a1 * b1 + (middle >> 32) + (other >> 32);
    const uint64_t low = other << 32 | ((a0 * b0) & 0xFFFFFFFF), divisor = (uint64_t)c;
    uint64_t quotient = 0;
    if (high >= divisor) return INT64_MAX;
    if (!high) return low / divisor > INT64_MAX ? INT64_MAX : (int64_t)(low / divisor); /* as good as always */
    for (int i = 63; i >= 0; i--) { /* high < divisor < 2^63: never overflows */
        high = high << 1 | (low >> i & 1);
        quotient <<= 1;
        if (high >= divisor) high -= divisor, quotient |= 1;
    }
    return quotient > INT64_MAX ? INT64_MAX : (int64_t)quotient;
}

/* State ----------------------------------------------------------------------------------------------------------- */

int itsm__clock_get(itsm__clock_state *state, const itsm_clock *clock)
{
    memcpy(state, clock, sizeof *state);
    return state->mark == ITSM__CLOCK_MARK;
}

static void put(itsm_clock *clock, const itsm__clock_state *state)
{
    memcpy(clock, state, sizeof *state);
}

int itsm__clock_is_paused(const itsm__clock_state *state)
{
    return state->causes && state->pause == ITSM_PAUSE_HOLDS;
}

/* Is this more than the goal? */
static int is_beyond(const itsm__clock_state *s, itsm_span used)
{
    return used > s->goal && s->goal < ITSM_GOAL_NONE;
}

/* When the goal runs out, if so much was used at an anchor and so much was held since. */
static itsm_status due_after(itsm_time *out, const itsm_calendar *calendar, itsm_span goal, itsm_time anchor,
                             int64_t place, itsm_span used, itsm_span held)
{
    int64_t total;
    if (goal >= ITSM_GOAL_NONE) return ITSM_E_NO_OPEN_TIME;
    if (!itsm__sub(&total, goal, used) || !itsm__add(&total, total, held)) return ITSM_E_RANGE;
    if (total > 0) return time_after(out, calendar, place, total, 0);
    *out = anchor;
    return ITSM_OK;
}

/* Keep when the goal runs out if the clock runs from now on. */
static void keep_due(itsm__clock_state *s)
{
    const int counts = s->phase == ITSM__PHASE_STARTED || s->phase == ITSM__PHASE_STOPPED;
    const int held = s->phase == ITSM__PHASE_STARTED && itsm__clock_is_paused(s);
    if (counts && s->breached) s->due = s->breached_at;
    else if (!counts || held ||
             due_after(&s->due, s->calendar, s->goal, s->anchor, s->anchor_place, s->anchor_used, s->held))
        s->due = ITSM_TIME_NONE;
}

/* The due instant to show; ITSM_TIME_NONE where there is none. */
static itsm_time shown_due(const itsm__clock_state *s)
{
    return s->phase == ITSM__PHASE_STARTED && itsm__clock_is_paused(s) ? ITSM_TIME_NONE : s->due;
}

/* Single members ---------------------------------------------------------------------------------------------------- */

/* Members of the state in a clock, for what needs few of them: to copy all takes longer than to compute. */
static int64_t word_of(const itsm_clock *clock, size_t offset)
{
    int64_t word;
    memcpy(&word, (const unsigned char *)clock + offset, sizeof word);
    return word;
}

static int32_t half_of(const itsm_clock *clock, size_t offset)
{
    int32_t half;
    memcpy(&half, (const unsigned char *)clock + offset, sizeof half);
    return half;
}

#define WORD_OF(clock, member) word_of(clock, offsetof(itsm__clock_state, member))
#define HALF_OF(clock, member) half_of(clock, offsetof(itsm__clock_state, member))

static const itsm_calendar *calendar_of(const itsm_clock *clock)
{
    const itsm_calendar *calendar;
    memcpy(&calendar, (const unsigned char *)clock + offsetof(itsm__clock_state, calendar), sizeof(calendar));
    return calendar;
}

static const itsm_threshold *thresholds_of(const itsm_clock *clock)
{
    const itsm_threshold *thresholds;
    memcpy(&thresholds, (const unsigned char *)clock + offsetof(itsm__clock_state, thresholds), sizeof(thresholds));
    return thresholds;
}

static void set_word(itsm_clock *clock, size_t offset, int64_t word)
{
    memcpy((unsigned char *)clock + offset, &word, sizeof word);
}

#define SET_WORD(clock, member, word) set_word(clock, offsetof(itsm__clock_state, member), word)

static int is_clock(const itsm_clock *clock)
{
    size_t mark;
    memcpy(&mark, (const unsigned char *)clock + offsetof(itsm__clock_state, mark), sizeof mark);
    return mark == ITSM__CLOCK_MARK;
}

/* What time alone changes of a clock that is started. */
typedef struct passing {
    itsm_span used, paused, held;
    int64_t place;
    itsm_time due, breached_at;
    int32_t breached;
} passing;

/* Let time pass until an instant. */
static itsm_status pass(passing *p, const itsm_clock *clock, itsm_time now, int paused)
{
    itsm_span span;
    const itsm_status rc = place_of(&p->place, calendar_of(clock), now);
    if (rc) return rc;
    if (!itsm__sub(&span, p->place, WORD_OF(clock, place))) return ITSM_E_RANGE;
    if (paused)
        return itsm__add(&p->paused, p->paused, span) && itsm__add(&p->held, p->held, span) ? ITSM_OK : ITSM_E_RANGE;
    const itsm_span goal = WORD_OF(clock, goal);
    if (!itsm__add(&p->used, p->used, span)) return ITSM_E_RANGE;
    if (p->breached || p->used <= goal || goal >= ITSM_GOAL_NONE) return ITSM_OK;
    if (p->due == ITSM_TIME_NONE) p->due = WORD_OF(clock, last);
    p->breached = 1, p->breached_at = p->due;
    return ITSM_OK;
}

static passing passing_of(const itsm_clock *clock)
{
    const passing p = {WORD_OF(clock, used), WORD_OF(clock, paused),      WORD_OF(clock, held),    0,
                       WORD_OF(clock, due),  WORD_OF(clock, breached_at), HALF_OF(clock, breached)};
    return p;
}

/* Thresholds ------------------------------------------------------------------------------------------------------ */

enum { PERCENT_MAX = 100000 };

/* Used time at which a threshold is reached. */
static int64_t point_of(itsm_span goal, const itsm_threshold *threshold)
{
    int64_t point;
    if (threshold->basis == ITSM_THRESHOLD_WORKING)
        return itsm__add(&point, goal, threshold->value) ? point : threshold->value < 0 ? INT64_MIN : INT64_MAX;
    /* Rounded up: at the point, no less than that share is used. */
    if (goal < INT64_MAX / PERCENT_MAX - 1) return (goal * threshold->value + 99) / 100;
    point = scale(goal, threshold->value, 100);
    return point < INT64_MAX && scale(point, 100, threshold->value ? threshold->value : 1) < goal && threshold->value
               ? point + 1
               : point;
}

/* The thresholds that are behind once so much is used, those that were among them. */
static uint64_t passed_by_use(const itsm_threshold *thresholds, uint32_t n, uint64_t passed, itsm_span goal,
                              itsm_span used)
{
    for (uint32_t i = 0; i < n; i++)
        if (thresholds[i].basis != ITSM_THRESHOLD_WALL && !(passed >> i & 1) && used >= point_of(goal, &thresholds[i]))
            passed |= UINT64_C(1) << i;
    return passed;
}

/* The same by the wall clock. */
static uint64_t passed_by_wall(const itsm_threshold *thresholds, uint32_t n, uint64_t passed, itsm_time due,
                               itsm_time at)
{
    int64_t point;
    for (uint32_t i = 0; i < n && due != ITSM_TIME_NONE; i++)
        if (thresholds[i].basis == ITSM_THRESHOLD_WALL && itsm__add(&point, due, thresholds[i].value) && point <= at)
            passed |= UINT64_C(1) << i;
    return passed;
}

/* Mark what lies behind the state, which was advanced to an instant. */
static void pass_thresholds(itsm__clock_state *s, itsm_time at)
{
    if (s->phase != ITSM__PHASE_STARTED) return;
    s->passed = passed_by_use(s->thresholds, s->threshold_count, s->passed, s->goal, s->used);
    s->passed = passed_by_wall(s->thresholds, s->threshold_count, s->passed, s->due, at);
}

/* Folding --------------------------------------------------------------------------------------------------------- */

/* The clock is running, not paused, and has counted a span more: is it beyond its goal now? */
static void latch_breach(itsm__clock_state *s)
{
    if (s->breached || !is_beyond(s, s->used)) return;
    if (s->due == ITSM_TIME_NONE) s->due = s->last;
    s->breached = 1, s->breached_at = s->due;
}

/* The same for what would have been, had it not been stopped. */
static void latch_gap_breach(itsm__clock_state *s)
{
    itsm_time due, anchor = s->anchor;
    int64_t place = s->anchor_place;
    itsm_span used, anchor_used = s->anchor_used, held, gap_held = s->gap_paused;
    if (s->breached || s->gap_breached_at != ITSM_TIME_NONE) return;
    if (!itsm__add(&used, s->used, s->gap_used) || !is_beyond(s, used)) return;
    if (s->gap_anchor != ITSM_TIME_NONE) {
        anchor = s->gap_anchor, place = s->gap_anchor_place;
        anchor_used = s->gap_anchor_used, held = gap_held - s->gap_anchor_paused;
    } else if (!itsm__add(&held, s->held, gap_held)) {
        return;
    }
    s->gap_breached_at = due_after(&due, s->calendar, s->goal, anchor, place, anchor_used, held) ? s->last : due;
}

static itsm_status advance(itsm__clock_state *s, itsm_time at)
{
    int64_t place;
    itsm_span span;
    if (at == ITSM_TIME_NONE) return ITSM_E_RANGE;
    if (s->last != ITSM_TIME_NONE && at < s->last) return ITSM_E_ORDER;
    const itsm_status rc = place_of(&place, s->calendar, at);
    if (rc) return rc;
    if (s->phase == ITSM__PHASE_STARTED || s->phase == ITSM__PHASE_STOPPED) {
        if (!itsm__sub(&span, place, s->place)) return ITSM_E_RANGE;
        const int paused = itsm__clock_is_paused(s);
        if (s->phase == ITSM__PHASE_STOPPED) {
            itsm_span *to = paused ? &s->gap_paused : &s->gap_used;
            if (!itsm__add(to, *to, span)) return ITSM_E_RANGE;
            if (!paused) latch_gap_breach(s);
        } else if (paused) {
            if (!itsm__add(&s->paused, s->paused, span) || !itsm__add(&s->held, s->held, span)) return ITSM_E_RANGE;
        } else {
            if (!itsm__add(&s->used, s->used, span)) return ITSM_E_RANGE;
            latch_breach(s);
        }
    }
    s->last = at, s->place = place;
    return ITSM_OK;
}

static void end_gap(itsm__clock_state *s)
{
    s->gap_used = s->gap_paused = s->gap_anchor_used = s->gap_anchor_paused = 0;
    s->gap_breached_at = s->gap_anchor = ITSM_TIME_NONE, s->gap_retroactive = 0;
}

static void begin_count(itsm__clock_state *s, itsm_time at)
{
    s->start = s->anchor = at, s->anchor_place = s->place;
    s->used = s->paused = s->stopped = s->anchor_used = s->held = 0;
    s->stopped_at = s->breached_at = ITSM_TIME_NONE;
    s->breached = s->retroactive = 0;
    s->passed = 0;
    s->count++;
    end_gap(s);
}

/* The time since the stop was not: it goes on with what was used. */
static itsm_status resume_count(itsm__clock_state *s, itsm_time at)
{
    int64_t gap;
    if (!itsm__add(&gap, s->gap_used, s->gap_paused) || !itsm__add(&s->stopped, s->stopped, gap)) return ITSM_E_RANGE;
    if (s->gap_anchor != ITSM_TIME_NONE)
        s->anchor = at, s->anchor_place = s->place, s->anchor_used = s->used, s->held = 0;
    else if (!itsm__add(&s->held, s->held, gap)) return ITSM_E_RANGE;
    s->passed = 0;
    return ITSM_OK;
}

/* The time since the stop counts as if there had been none. */
static itsm_status continue_count(itsm__clock_state *s)
{
    itsm_span held = s->gap_paused;
    if (!itsm__add(&s->used, s->used, s->gap_used) || !itsm__add(&s->paused, s->paused, s->gap_paused))
        return ITSM_E_RANGE;
    if (s->gap_anchor != ITSM_TIME_NONE) {
        s->anchor = s->gap_anchor, s->anchor_place = s->gap_anchor_place;
        s->anchor_used = s->gap_anchor_used, s->held = held - s->gap_anchor_paused;
    } else if (!itsm__add(&s->held, s->held, held)) {
        return ITSM_E_RANGE;
    }
    if (!s->breached && s->gap_breached_at != ITSM_TIME_NONE)
        s->breached = 1, s->breached_at = s->gap_breached_at, s->retroactive = s->gap_retroactive;
    return ITSM_OK;
}

static itsm_status reopen(itsm__clock_state *s, itsm_time at)
{
    itsm_status rc = ITSM_OK;
    if (s->phase != ITSM__PHASE_STOPPED || s->reopen == ITSM_REOPEN_IGNORE) return ITSM_OK;
    if (s->reopen == ITSM_REOPEN_RESTART) begin_count(s, at);
    else rc = s->reopen == ITSM_REOPEN_RESUME ? resume_count(s, at) : continue_count(s);
    if (rc) return rc;
    s->phase = ITSM__PHASE_STARTED, s->stopped_at = ITSM_TIME_NONE;
    s->cycle++;
    end_gap(s);
    return ITSM_OK;
}

static itsm_status apply(itsm__clock_state *s, int32_t kind, itsm_time at, uint32_t cause)
{
    itsm_status rc = ITSM_OK;
    switch (kind) {
    case ITSM_CLOCK_START:
        if (s->phase != ITSM__PHASE_IDLE) break;
        begin_count(s, at);
        s->phase = ITSM__PHASE_STARTED;
        s->cycle++;
        break;
    case ITSM_CLOCK_PAUSE: s->causes |= UINT64_C(1) << cause; break;
    case ITSM_CLOCK_RESUME: s->causes &= ~(UINT64_C(1) << cause); break;
    case ITSM_CLOCK_STOP:
        if (s->phase != ITSM__PHASE_STARTED) break;
        s->phase = ITSM__PHASE_STOPPED, s->stopped_at = at;
        break;
    case ITSM_CLOCK_REOPEN: rc = reopen(s, at); break;
    case ITSM_CLOCK_RESET:
        begin_count(s, at);
        s->phase = ITSM__PHASE_IDLE, s->start = s->previous_due = ITSM_TIME_NONE;
        break;
    default: s->phase = ITSM__PHASE_CANCELLED; break;
    }
    return rc;
}

/* A pause begins or ends in a clock that is started: most events, and little changes. */
static itsm_status hold(itsm_clock *clock, itsm_time at, uint64_t causes)
{
    passing p = passing_of(clock);
    const int holds = HALF_OF(clock, pause) == ITSM_PAUSE_HOLDS;
    const int was_paused = holds && WORD_OF(clock, causes), paused = holds && causes;
    const itsm_status rc = pass(&p, clock, at, was_paused);
    if (rc) return rc;
    const uint32_t n = (uint32_t)HALF_OF(clock, threshold_count);
    const itsm_threshold *thresholds = thresholds_of(clock);
    uint64_t passed = (uint64_t)WORD_OF(clock, passed);
    if (n) {
        passed = passed_by_use(thresholds, n, passed, WORD_OF(clock, goal), p.used);
        passed = passed_by_wall(thresholds, n, passed, p.due, at);
    }
    if (p.breached) p.due = p.breached_at;
    else if (paused) p.due = ITSM_TIME_NONE;
    else if (was_paused && due_after(&p.due, calendar_of(clock), WORD_OF(clock, goal), WORD_OF(clock, anchor),
                                     WORD_OF(clock, anchor_place), WORD_OF(clock, anchor_used), p.held))
        p.due = ITSM_TIME_NONE;
    if (n) SET_WORD(clock, passed, (int64_t)passed_by_wall(thresholds, n, passed, p.due, at));
    SET_WORD(clock, used, p.used), SET_WORD(clock, paused, p.paused), SET_WORD(clock, held, p.held);
    SET_WORD(clock, due, p.due), SET_WORD(clock, breached_at, p.breached_at);
    memcpy((unsigned char *)clock + offsetof(itsm__clock_state, breached), &p.breached, sizeof p.breached);
    SET_WORD(clock, causes, (int64_t)causes), SET_WORD(clock, last, at), SET_WORD(clock, place, p.place);
    return ITSM_OK;
}

itsm_status itsm_clock_apply(itsm_clock *clock, int32_t kind, itsm_time at, uint32_t cause)
{
    itsm__clock_state s;
    if (!clock || !is_clock(clock)) return ITSM_E_MISUSE;
    if (kind < ITSM_CLOCK_START || kind > ITSM_CLOCK_CANCEL || kind == ITSM_CLOCK_RETARGET) return ITSM_E_MISUSE;
    if (kind == ITSM_CLOCK_PAUSE || kind == ITSM_CLOCK_RESUME) {
        if (cause >= ITSM__CAUSES_MAX) return ITSM_E_RANGE;
        if (at == ITSM_TIME_NONE) return ITSM_E_RANGE;
        if (at < WORD_OF(clock, last)) return ITSM_E_ORDER;
        if (HALF_OF(clock, phase) == ITSM__PHASE_STARTED) {
            const uint64_t causes = (uint64_t)WORD_OF(clock, causes), bit = UINT64_C(1) << cause;
            return hold(clock, at, kind == ITSM_CLOCK_PAUSE ? causes | bit : causes & ~bit);
        }
    }
    itsm__clock_get(&s, clock);
    itsm_status rc = advance(&s, at);
    if (rc) return rc;
    if (s.threshold_count) pass_thresholds(&s, at);
    if ((rc = apply(&s, kind, at, cause))) return rc;
    keep_due(&s);
    if (s.threshold_count) pass_thresholds(&s, at);
    put(clock, &s);
    return ITSM_OK;
}

/* Targets --------------------------------------------------------------------------------------------------------- */

itsm_status itsm__target_check(const itsm_target *target)
{
    if (!target || target->size < sizeof *target) return ITSM_E_MISUSE;
    if (target->threshold_count && !target->thresholds) return ITSM_E_MISUSE;
    if (target->threshold_count > ITSM__THRESHOLDS_MAX) return ITSM_E_LIMIT;
    if (target->goal <= 0 || target->pause < ITSM_PAUSE_HOLDS || target->pause > ITSM_PAUSE_IGNORED ||
        target->reopen < ITSM_REOPEN_RESUME || target->reopen > ITSM_REOPEN_IGNORE)
        return ITSM_E_RANGE;
    for (size_t i = 0; i < target->threshold_count; i++) {
        const itsm_threshold *t = &target->thresholds[i];
        if (t->basis < ITSM_THRESHOLD_PERCENT || t->basis > ITSM_THRESHOLD_WALL) return ITSM_E_RANGE;
        if (t->basis == ITSM_THRESHOLD_PERCENT && (t->value < 0 || t->value > PERCENT_MAX)) return ITSM_E_RANGE;
        if (t->value == ITSM_SPAN_NONE) return ITSM_E_RANGE;
    }
    return ITSM_OK;
}

static void take_target(itsm__clock_state *s, const itsm_target *target)
{
    s->calendar = target->calendar, s->goal = target->goal;
    s->pause = target->pause, s->reopen = target->reopen;
    s->thresholds = target->thresholds, s->threshold_count = (uint32_t)target->threshold_count;
}

itsm_status itsm_clock_init(itsm_clock *clock, const itsm_target *target)
{
    itsm__clock_state s;
    if (!clock) return ITSM_E_MISUSE;
    const itsm_status rc = itsm__target_check(target);
    if (rc) return rc;
    memset(&s, 0, sizeof s);
    s.mark = ITSM__CLOCK_MARK;
    s.last = s.start = s.anchor = ITSM_TIME_NONE;
    s.due = s.stopped_at = s.breached_at = s.previous_due = ITSM_TIME_NONE;
    end_gap(&s);
    take_target(&s, target);
    s.version = 1;
    memset(clock, 0, sizeof *clock);
    put(clock, &s);
    return ITSM_OK;
}

/* The used share of the old goal, of the new one.  What is beyond the one is beyond the other, however it is rounded. */
static itsm_span scaled(const itsm__clock_state *s, itsm_span old_goal)
{
    if (s->goal >= ITSM_GOAL_NONE || old_goal >= ITSM_GOAL_NONE) return s->used;
    const itsm_span used = scale(s->used, s->goal, old_goal);
    return s->breached && used <= s->goal ? s->goal + 1 : used;
}

/* Count from here by another measure: another calendar, or what is used was scaled. */
static itsm_status set_anchor(itsm__clock_state *s, itsm_time at)
{
    s->anchor = at, s->anchor_place = s->place, s->anchor_used = s->used, s->held = 0;
    if (s->phase != ITSM__PHASE_STOPPED) return ITSM_OK;
    s->anchor = s->stopped_at, s->gap_anchor = at, s->gap_anchor_place = s->place;
    s->gap_anchor_paused = s->gap_paused;
    const itsm_status rc = place_of(&s->anchor_place, s->calendar, s->stopped_at);
    if (rc) return rc;
    return itsm__add(&s->gap_anchor_used, s->used, s->gap_used) ? ITSM_OK : ITSM_E_RANGE;
}

/* What was used, measured against the new goal. */
static void judge(itsm__clock_state *s, itsm_time at)
{
    itsm_span as_if;
    const int was_breached = s->breached;
    s->breached = is_beyond(s, s->used);
    if (!s->breached) s->breached_at = ITSM_TIME_NONE, s->retroactive = 0;
    else if (!was_breached) s->breached_at = at, s->retroactive = 1;
    if (s->phase != ITSM__PHASE_STOPPED) return;
    if (s->breached || !itsm__add(&as_if, s->used, s->gap_used) || !is_beyond(s, as_if))
        s->gap_breached_at = ITSM_TIME_NONE, s->gap_retroactive = 0;
    else if (s->gap_breached_at == ITSM_TIME_NONE) s->gap_breached_at = at, s->gap_retroactive = 1;
}

/* Come under another target; the state was advanced. */
static itsm_status come_under(itsm__clock_state *s, const itsm_target *target, itsm_time at, int32_t policy)
{
    const itsm_span old_goal = s->goal;
    const itsm_calendar *old_calendar = s->calendar;
    itsm_status rc = ITSM_OK;
    take_target(s, target);
    if (s->calendar != old_calendar && (rc = place_of(&s->place, s->calendar, at))) return rc;
    if (s->phase == ITSM__PHASE_STARTED && policy == ITSM_RETARGET_RESTART) {
        begin_count(s, at);
    } else if (s->phase == ITSM__PHASE_STARTED || s->phase == ITSM__PHASE_STOPPED) {
        if (policy == ITSM_RETARGET_PROPORTIONAL) s->used = scaled(s, old_goal);
        if (policy == ITSM_RETARGET_PROPORTIONAL || s->calendar != old_calendar) rc = set_anchor(s, at);
        judge(s, at);
        s->passed = 0;
    }
    keep_due(s);
    if (s->threshold_count) pass_thresholds(s, at);
    return rc;
}

static itsm_status begin_retarget(itsm__clock_state *s, const itsm_clock *clock, const itsm_target *target,
                                  itsm_time at)
{
    if (!clock || !itsm__clock_get(s, clock)) return ITSM_E_MISUSE;
    const itsm_status rc = itsm__target_check(target);
    return rc ? rc : advance(s, at);
}

itsm_status itsm_clock_retarget(itsm_clock *clock, const itsm_target *target, itsm_time at, int32_t policy)
{
    itsm__clock_state s;
    if (policy < ITSM_RETARGET_KEEP || policy > ITSM_RETARGET_PROPORTIONAL) return ITSM_E_MISUSE;
    itsm_status rc = begin_retarget(&s, clock, target, at);
    if (rc) return rc;
    s.previous_due = shown_due(&s);
    s.version++;
    if ((rc = come_under(&s, target, at, policy))) return rc;
    put(clock, &s);
    return ITSM_OK;
}

itsm_status itsm_clock_attach(itsm_clock *clock, const itsm_target *target, itsm_time at)
{
    itsm__clock_state s;
    itsm_status rc = begin_retarget(&s, clock, target, at);
    if (rc) return rc;
    s.previous_due = ITSM_TIME_NONE;
    if (s.phase == ITSM__PHASE_STARTED || s.phase == ITSM__PHASE_STOPPED) s.version++;
    if ((rc = come_under(&s, target, at, ITSM_RETARGET_KEEP))) return rc;
    put(clock, &s);
    return ITSM_OK;
}

/* Reading --------------------------------------------------------------------------------------------------------- */

static int32_t state_of(uint32_t phase, int paused, int breached)
{
    switch (phase) {
    case ITSM__PHASE_IDLE: return ITSM_CLOCK_IDLE;
    case ITSM__PHASE_CANCELLED: return ITSM_CLOCK_CANCELLED;
    case ITSM__PHASE_STOPPED: return breached ? ITSM_CLOCK_MET_LATE : ITSM_CLOCK_MET;
    default:
        if (paused) return breached ? ITSM_CLOCK_BREACHED_PAUSED : ITSM_CLOCK_PAUSED;
        return breached ? ITSM_CLOCK_BREACHED_RUNNING : ITSM_CLOCK_RUNNING;
    }
}

static itsm_status read_whole(itsm_clock_reading *out, const itsm_clock *clock, itsm_time now)
{
    const size_t size = out->size;
    const uint32_t phase = (uint32_t)HALF_OF(clock, phase);
    const int paused = WORD_OF(clock, causes) && HALF_OF(clock, pause) == ITSM_PAUSE_HOLDS;
    passing p = passing_of(clock);
    itsm_span remaining;
    if (phase == ITSM__PHASE_STARTED) {
        const itsm_status rc = pass(&p, clock, now, paused);
        if (rc) return rc;
    }
    if (!itsm__sub(&remaining, WORD_OF(clock, goal), p.used)) return ITSM_E_RANGE;
    memcpy(out, clock, sizeof *out);
    out->size = size;
    out->used = p.used, out->remaining = remaining, out->paused = p.paused;
    out->due = phase == ITSM__PHASE_STARTED && paused ? ITSM_TIME_NONE : p.due, out->breached_at = p.breached_at,
    out->breached = p.breached;
    out->state = state_of(phase, paused, p.breached), out->reserved = 0;
    return ITSM_OK;
}

itsm_status itsm_clock_read(itsm_clock_reading *out, const itsm_clock *clock, itsm_time now)
{
    if (!out || !out->size || !clock || !is_clock(clock)) return ITSM_E_MISUSE;
    if (now == ITSM_TIME_NONE) return ITSM_E_RANGE;
    if (now < WORD_OF(clock, last)) return ITSM_E_ORDER; /* ITSM_TIME_NONE is before all */
    if (out->size >= sizeof *out) return read_whole(out, clock, now);
    itsm_clock_reading r; /* for a caller of an earlier version, which had fewer members */
    r.size = out->size;
    const itsm_status rc = read_whole(&r, clock, now);
    if (!rc) memcpy(out, &r, out->size);
    return rc;
}

itsm_status itsm_clock_due(itsm_time *out, const itsm_clock *clock)
{
    itsm__clock_state s;
    if (!out || !clock || !itsm__clock_get(&s, clock)) return ITSM_E_MISUSE;
    const itsm_time due = shown_due(&s);
    if (due == ITSM_TIME_NONE) return ITSM_NOTHING;
    *out = due;
    return ITSM_OK;
}

/* When a threshold is reached if nothing else happens; ITSM_TIME_NONE: it is not. */
static itsm_time threshold_at(const itsm__clock_state *s, const itsm_threshold *threshold)
{
    itsm_time at;
    int64_t total;
    const int paused = itsm__clock_is_paused(s);
    if (s->goal >= ITSM_GOAL_NONE) return ITSM_TIME_NONE;
    if (threshold->basis == ITSM_THRESHOLD_WALL) {
        return s->due != ITSM_TIME_NONE && itsm__add(&at, s->due, threshold->value) ? at : ITSM_TIME_NONE;
    }
    if (paused || !itsm__sub(&total, point_of(s->goal, threshold), s->used)) return ITSM_TIME_NONE;
    if (total <= 0 || time_after(&at, s->calendar, s->place, total, 0)) return ITSM_TIME_NONE;
    return at;
}

/* The first instant at which more than the goal is used. */
static itsm_time breach_at(const itsm__clock_state *s)
{
    itsm_time at;
    int64_t total;
    if (s->breached || s->goal >= ITSM_GOAL_NONE || itsm__clock_is_paused(s)) return ITSM_TIME_NONE;
    if (!itsm__sub(&total, s->goal, s->used) || total < 0) return ITSM_TIME_NONE;
    if (time_after(&at, s->calendar, s->place, total, 1)) return ITSM_TIME_NONE;
    return itsm__add(&at, at, 1) ? at : ITSM_TIME_NONE;
}

itsm_status itsm_clock_next(itsm_clock_alarm *out, const itsm_clock *clock, itsm_time after)
{
    itsm__clock_state s;
    if (!out || !out->size || !clock || !itsm__clock_get(&s, clock)) return ITSM_E_MISUSE;
    if (s.phase != ITSM__PHASE_STARTED) return ITSM_NOTHING;
    if (after < s.last) after = s.last;
    itsm_clock_alarm alarm = ITSM_CLOCK_ALARM_INIT;
    alarm.size = out->size;
    for (uint32_t i = 0; i < s.threshold_count; i++) {
        if (s.passed >> i & 1) continue;
        const itsm_time at = threshold_at(&s, &s.thresholds[i]);
        if (at <= after || (alarm.at != ITSM_TIME_NONE && at > alarm.at)) continue;
        if (at != alarm.at) alarm.at = at, alarm.thresholds = 0;
        alarm.thresholds |= UINT64_C(1) << i;
    }
    const itsm_time breach = breach_at(&s);
    if (breach > after && (alarm.at == ITSM_TIME_NONE || breach <= alarm.at)) {
        if (breach != alarm.at) alarm.at = breach, alarm.thresholds = 0;
        alarm.breach = 1;
    }
    if (alarm.at == ITSM_TIME_NONE) return ITSM_NOTHING;
    alarm.cycle = s.cycle, alarm.version = s.version;
    memcpy(out, &alarm, out->size < sizeof alarm ? out->size : sizeof alarm);
    return ITSM_OK;
}
