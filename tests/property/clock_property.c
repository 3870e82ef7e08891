/* SPDX-License-Identifier: MIT */
/*
 * Random lives of clocks against a model that walks minute by minute.
 *
 * The model knows which minutes are open in each calendar, steps through the events with them and adds up; it projects
 * a due instant by walking on until the goal has passed, and notes every threshold and breach in the minute in which it
 * happens.  Lives have every kind of event, up to four targets with calendars in several zones, all policies.  Checked
 * at every event: the whole reading, and that the alarms since the last event are those of the model; at the end: that
 * a replay is the same clock, that rows sum to the reading, and that a list that only grew, with corrections, in any
 * order, gives the same again.  ITSM_CASES, ITSM_SEED as elsewhere.
 */
#include <itsm/sla.h>

#include "../unit/support.h"
#include "../unit/zones.h"

#include <criterion/criterion.h>

enum { MINUTES = 120 * 1440, LIFE = 19 * 1440, EVENTS = 24, CAUSES = 3, CALENDARS = 4, TARGETS = 4, ALARMS = 64 };

#define MINUTE ITSM_MINUTES(1)
#define BASE ITSM_DAYS(20536) /* 2026-03-24 */

static uint64_t seed = UINT64_C(20260327), life;
static itsm_calendar *calendars[CALENDARS]; /* the last is NULL: every hour counts */
static unsigned char open_minute[CALENDARS][MINUTES];

static int64_t below(int64_t n)
{
    seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
    return (int64_t)((seed * UINT64_C(2685821657736338717) >> 11) % (uint64_t)n);
}

/* The model ------------------------------------------------------------------------------------------------------- */

enum { IDLE, STARTED, STOPPED, CANCELLED };

struct alarm {
    itsm_time at;
    uint64_t thresholds;
    int breach;
};

struct model {
    const itsm_target *target;
    const unsigned char *open;
    int phase, breached, retroactive, moved;
    itsm_time start, stopped_at, breached_at, previous_due;
    itsm_time edge; /* end of the last open minute, however it was booked; where measuring began if there was none */
    itsm_span used, paused, stopped;
    itsm_span gap_used, gap_paused; /* since the stop */
    itsm_time gap_edge, gap_breached_at;
    int gap_retroactive;
    uint64_t causes, passed;
    uint32_t cycle, version;
    struct alarm alarms[ALARMS]; /* since the last event */
    size_t nalarms;
};

static itsm_time at_minute(int64_t minute)
{
    return BASE + minute * MINUTE;
}

static int64_t minute_of(itsm_time at)
{
    return (at - BASE) / MINUTE;
}

static int is_held(const struct model *m)
{
    return m->causes && m->target->pause == ITSM_PAUSE_HOLDS;
}

/* Walk on from an instant until the goal has passed. */
static itsm_time walk_to_due(const struct model *m, int64_t minute, itsm_span used)
{
    itsm_span rest = m->target->goal - used;
    if (rest <= 0) return m->edge;
    for (; minute < MINUTES; minute++) {
        if (!m->open[minute]) continue;
        if (rest <= MINUTE) return at_minute(minute) + rest;
        rest -= MINUTE;
    }
    cr_assert_fail("the table of minutes is too short (life %llu)", (unsigned long long)life);
    return ITSM_TIME_NONE;
}

/* The due instant as the clock stands, paused or not. */
static itsm_time due_of(const struct model *m, int64_t minute)
{
    if (m->breached) return m->breached_at;
    return walk_to_due(m, m->phase == STOPPED ? minute_of(m->stopped_at) : minute, m->used);
}

static itsm_time shown_due(const struct model *m, int64_t minute)
{
    if (m->phase == IDLE || m->phase == CANCELLED || (m->phase == STARTED && is_held(m))) return ITSM_TIME_NONE;
    return due_of(m, minute);
}

static void note(struct model *m, itsm_time at, uint64_t thresholds, int breach)
{
    size_t i = 0;
    while (i < m->nalarms && m->alarms[i].at < at) i++;
    if (i == m->nalarms || m->alarms[i].at != at) {
        memmove(&m->alarms[i + 1], &m->alarms[i], (m->nalarms++ - i) * sizeof *m->alarms);
        m->alarms[i].at = at, m->alarms[i].thresholds = 0, m->alarms[i].breach = 0;
    }
    m->alarms[i].thresholds |= thresholds, m->alarms[i].breach |= breach;
}

/* Used time at which a threshold comes. */
static itsm_span point_of(const struct model *m, const itsm_threshold *threshold)
{
    if (threshold->basis == ITSM_THRESHOLD_WORKING) return m->target->goal + threshold->value;
    return (m->target->goal * threshold->value + 99) / 100;
}

/* Thresholds that lie behind when something changes do not come. */
static void pass(struct model *m, int64_t minute)
{
    if (m->phase != STARTED) return;
    for (size_t i = 0; i < m->target->threshold_count; i++) {
        const itsm_threshold *threshold = &m->target->thresholds[i];
        int is_behind;
        if (threshold->basis == ITSM_THRESHOLD_WALL)
            is_behind = (m->breached || !is_held(m)) && due_of(m, minute) + threshold->value <= at_minute(minute);
        else is_behind = m->used >= point_of(m, threshold);
        if (is_behind) m->passed |= UINT64_C(1) << i;
    }
}

/* One minute of the clock's life; `due` is what it was due at the last event, if it was due at all. */
static void step(struct model *m, int64_t minute, itsm_time due)
{
    const itsm_time from = at_minute(minute);
    const int is_open = m->open[minute], held = is_held(m);
    for (size_t i = 0; m->phase == STARTED && i < m->target->threshold_count; i++) {
        const itsm_threshold *threshold = &m->target->thresholds[i];
        itsm_time at = ITSM_TIME_NONE;
        if (m->passed >> i & 1) continue;
        if (threshold->basis == ITSM_THRESHOLD_WALL) {
            if (due != ITSM_TIME_NONE) at = due + threshold->value;
        } else if (is_open && !held) {
            const itsm_span rest = point_of(m, threshold) - m->used;
            if (rest > 0 && rest <= MINUTE) at = from + rest;
        }
        if (at <= from || at > from + MINUTE) continue;
        m->passed |= UINT64_C(1) << i;
        note(m, at, UINT64_C(1) << i, 0);
    }
    if (!is_open) return;
    if (m->phase == STARTED && held) {
        m->paused += MINUTE;
    } else if (m->phase == STARTED) {
        const itsm_span rest = m->target->goal - m->used;
        if (!m->breached && rest < MINUTE) {
            m->breached = 1, m->breached_at = rest > 0 ? from + rest : m->edge;
            note(m, from + rest + 1, 0, 1);
        }
        m->used += MINUTE;
    } else if (m->phase == STOPPED && held) {
        m->gap_paused += MINUTE;
    } else if (m->phase == STOPPED) {
        const itsm_span rest = m->target->goal - m->used - m->gap_used;
        if (!m->breached && m->gap_breached_at == ITSM_TIME_NONE && rest < MINUTE)
            m->gap_breached_at = rest > 0 ? from + rest : m->gap_edge;
        m->gap_used += MINUTE;
    }
    if (m->phase == STARTED) m->edge = from + MINUTE;
    if (m->phase == STOPPED) m->gap_edge = from + MINUTE;
}

static void begin_anew(struct model *m, int64_t minute)
{
    m->start = m->edge = at_minute(minute);
    m->used = m->paused = m->stopped = 0;
    m->breached = m->retroactive = 0;
    m->breached_at = m->stopped_at = ITSM_TIME_NONE;
    m->passed = 0;
}

static void reopen(struct model *m, int64_t minute)
{
    if (m->phase != STOPPED || m->target->reopen == ITSM_REOPEN_IGNORE) return;
    m->phase = STARTED, m->stopped_at = ITSM_TIME_NONE, m->cycle++;
    switch (m->target->reopen) {
    case ITSM_REOPEN_RESTART: begin_anew(m, minute); break;
    case ITSM_REOPEN_RESUME:
        m->stopped += m->gap_used + m->gap_paused, m->passed = 0;
        m->edge = m->moved ? at_minute(minute) : m->gap_edge;
        break;
    default:
        m->used += m->gap_used, m->paused += m->gap_paused, m->edge = m->gap_edge;
        if (m->gap_breached_at == ITSM_TIME_NONE) break;
        m->breached = 1, m->breached_at = m->gap_breached_at, m->retroactive = m->gap_retroactive;
    }
}

static void judge(struct model *m, int64_t minute)
{
    const int was = m->breached;
    m->breached = m->used > m->target->goal;
    if (!m->breached) m->breached_at = ITSM_TIME_NONE, m->retroactive = 0;
    if (m->breached && !was) m->breached_at = at_minute(minute), m->retroactive = 1;
    if (m->phase != STOPPED) return;
    if (m->breached || m->used + m->gap_used <= m->target->goal)
        m->gap_breached_at = ITSM_TIME_NONE, m->gap_retroactive = 0;
    else if (m->gap_breached_at == ITSM_TIME_NONE) m->gap_breached_at = at_minute(minute), m->gap_retroactive = 1;
}

static void come_under(struct model *m, const itsm_target *target, int64_t minute, int32_t policy)
{
    const itsm_target *old = m->target;
    int k = 0;
    m->target = target;
    while (calendars[k] != target->calendar) k++;
    m->open = open_minute[k];
    if (m->phase == STARTED && policy == ITSM_RETARGET_RESTART) {
        begin_anew(m, minute);
        return;
    }
    if (m->phase != STARTED && m->phase != STOPPED) return;
    if (policy == ITSM_RETARGET_PROPORTIONAL) {
        m->used = m->used * (target->goal / MINUTE) / (old->goal / MINUTE);
        if (m->breached && m->used <= target->goal) m->used = target->goal + 1;
    }
    if (policy == ITSM_RETARGET_PROPORTIONAL || target->calendar != old->calendar) {
        m->edge = m->phase == STOPPED ? m->stopped_at : at_minute(minute);
        m->gap_edge = at_minute(minute), m->moved = 1;
    }
    judge(m, minute);
    m->passed = 0;
}

static void happen(struct model *m, const itsm_clock_event *e, const itsm_target *targets, int64_t minute)
{
    const int counts = m->phase == STARTED || m->phase == STOPPED;
    switch (e->kind) {
    case ITSM_CLOCK_START:
        if (m->phase == IDLE) begin_anew(m, minute), m->phase = STARTED, m->cycle++;
        break;
    case ITSM_CLOCK_PAUSE: m->causes |= UINT64_C(1) << e->cause; break;
    case ITSM_CLOCK_RESUME: m->causes &= ~(UINT64_C(1) << e->cause); break;
    case ITSM_CLOCK_STOP:
        if (m->phase != STARTED) break;
        m->phase = STOPPED, m->stopped_at = at_minute(minute), m->moved = 0;
        m->gap_used = m->gap_paused = 0, m->gap_breached_at = ITSM_TIME_NONE, m->gap_retroactive = 0;
        m->gap_edge = m->edge;
        break;
    case ITSM_CLOCK_REOPEN: reopen(m, minute); break;
    case ITSM_CLOCK_RESET:
        begin_anew(m, minute);
        m->phase = IDLE, m->start = m->previous_due = ITSM_TIME_NONE;
        break;
    case ITSM_CLOCK_CANCEL: m->phase = CANCELLED; break;
    case ITSM_CLOCK_RETARGET:
        m->previous_due = shown_due(m, minute), m->version++;
        come_under(m, &targets[e->target], minute, e->policy);
        break;
    default:
        m->previous_due = ITSM_TIME_NONE, m->version += (uint32_t)counts;
        come_under(m, &targets[e->target], minute, ITSM_RETARGET_KEEP);
    }
}

/* Comparing ------------------------------------------------------------------------------------------------------- */

static int32_t state_of(const struct model *m)
{
    if (m->phase == IDLE) return ITSM_CLOCK_IDLE;
    if (m->phase == CANCELLED) return ITSM_CLOCK_CANCELLED;
    if (m->phase == STOPPED) return m->breached ? ITSM_CLOCK_MET_LATE : ITSM_CLOCK_MET;
    if (is_held(m)) return m->breached ? ITSM_CLOCK_BREACHED_PAUSED : ITSM_CLOCK_PAUSED;
    return m->breached ? ITSM_CLOCK_BREACHED_RUNNING : ITSM_CLOCK_RUNNING;
}

static void compare(const struct model *m, const itsm_clock *clock, int64_t minute)
{
    itsm_clock_reading r = ITSM_CLOCK_READING_INIT;
    cr_assert_eq(itsm_clock_read(&r, clock, at_minute(minute)), ITSM_OK);
#define SAME(member, wanted)                                                                                           \
    cr_assert((r.member) == (wanted), #member " is %lld, not %lld, at minute %lld (life %llu)", (long long)(r.member), \
              (long long)(wanted), (long long)minute, (unsigned long long)life)
    SAME(state, state_of(m));
    SAME(used, m->used);
    SAME(paused, m->paused);
    SAME(stopped, m->stopped);
    SAME(goal, m->target->goal);
    SAME(remaining, m->target->goal - m->used);
    SAME(breached, m->breached);
    SAME(retroactive, m->retroactive);
    SAME(breached_at, m->breached_at);
    SAME(stopped_at, m->stopped_at);
    SAME(start, m->start);
    SAME(causes, m->causes);
    SAME(cycle, m->cycle);
    SAME(version, m->version);
    SAME(previous_due, m->previous_due);
    SAME(due, shown_due(m, minute));
}

/* The alarms from one event to the next are those that the model noted. */
static void compare_alarms(struct model *m, const itsm_clock *clock, itsm_time last, itsm_time until)
{
    itsm_clock_alarm alarm = ITSM_CLOCK_ALARM_INIT;
    size_t i = 0;
    for (itsm_time now = last; itsm_clock_next(&alarm, clock, now) == ITSM_OK && alarm.at <= until; now = alarm.at) {
        cr_assert(i < m->nalarms && alarm.at == m->alarms[i].at && alarm.thresholds == m->alarms[i].thresholds &&
                      alarm.breach == m->alarms[i].breach && alarm.cycle == m->cycle && alarm.version == m->version,
                  "alarm %zu of %zu is %llx at %lld, not %llx at %lld (life %llu)", i, m->nalarms,
                  (unsigned long long)alarm.thresholds, (long long)(alarm.at - BASE),
                  (unsigned long long)m->alarms[i].thresholds, (long long)(m->alarms[i].at - BASE),
                  (unsigned long long)life);
        i++;
    }
    cr_assert_eq(i, m->nalarms, "%zu alarms, not %zu, until %lld (life %llu)", i, m->nalarms, (long long)(until - BASE),
                 (unsigned long long)life);
    m->nalarms = 0;
}

struct sums {
    itsm_span counted, paused, stopped;
};

static itsm_status add_row(void *user, const itsm_clock_explanation *row)
{
    struct sums *s = user;
    s->counted += row->counted, s->paused += row->paused, s->stopped += row->stopped;
    return ITSM_OK;
}

static void compare_lists(const itsm_target *targets, const itsm_clock_event *events, size_t n, const itsm_clock *clock,
                          itsm_time now)
{
    struct sums sums = {0, 0, 0};
    itsm_clock again;
    itsm_clock_reading r = ITSM_CLOCK_READING_INIT;
    itsm_clock_event grown[2 * EVENTS], ordered[2 * EVENTS];
    size_t kept, count = 0;
    cr_assert_eq(itsm_clock_replay(&again, targets, TARGETS, events, n), ITSM_OK);
    cr_assert(memcmp(&again, clock, sizeof again) == 0, "life %llu", (unsigned long long)life);
    cr_assert_eq(itsm_clock_read(&r, clock, now), ITSM_OK);
    cr_assert_eq(itsm_clock_explain(targets, TARGETS, events, n, now, add_row, &sums), ITSM_OK);
    if (r.state != ITSM_CLOCK_CANCELLED)
        cr_assert(sums.counted == r.used && sums.paused == r.paused && sums.stopped == r.stopped, "rows (life %llu)",
                  (unsigned long long)life);
    /* The same recorded in any order that keeps those of one instant, some of it wrong at first. */
    size_t next[EVENTS], nnext = 0;
    for (size_t i = 0; i < n; i++)
        if (!i || events[i].at != events[i - 1].at) next[nnext++] = i;
    while (nnext) {
        const size_t pick = (size_t)below((int64_t)nnext), i = next[pick];
        grown[count] = events[i], grown[count++].recorded = (itsm_time)i;
        if (below(4) == 0) {
            grown[count - 1].at += below(2000) * MINUTE;
            const itsm_clock_event right = {events[i].at, 0, ITSM_CLOCK_CORRECT, 0, (uint32_t)(count - 1), 0};
            grown[count++] = right;
        }
        if (i + 1 < n && events[i + 1].at == events[i].at) next[pick] = i + 1;
        else next[pick] = next[--nnext];
    }
    cr_assert_eq(itsm_clock_order(ordered, &kept, grown, count, INT64_MAX), ITSM_OK);
    cr_assert_eq(kept, n);
    for (size_t i = 0; i < n; i++)
        cr_assert(ordered[i].at == events[i].at && ordered[i].kind == events[i].kind &&
                      ordered[i].cause == events[i].cause && ordered[i].target == events[i].target,
                  "event %zu (life %llu)", i, (unsigned long long)life);
}

/* Lives ----------------------------------------------------------------------------------------------------------- */

static itsm_threshold random_threshold(void)
{
    itsm_threshold threshold = {(int32_t)below(3), 0, 0};
    if (threshold.basis == ITSM_THRESHOLD_PERCENT) threshold.value = below(200);
    else threshold.value = (below(1200) - 600) * MINUTE;
    if (threshold.basis == ITSM_THRESHOLD_WALL) threshold.value *= 4;
    return threshold;
}

static itsm_clock_event random_event(void)
{
    static const int32_t kinds[] = {ITSM_CLOCK_START,    ITSM_CLOCK_PAUSE,  ITSM_CLOCK_RESUME, ITSM_CLOCK_PAUSE,
                                    ITSM_CLOCK_RESUME,   ITSM_CLOCK_STOP,   ITSM_CLOCK_STOP,   ITSM_CLOCK_REOPEN,
                                    ITSM_CLOCK_REOPEN,   ITSM_CLOCK_PAUSE,  ITSM_CLOCK_RESUME, ITSM_CLOCK_RETARGET,
                                    ITSM_CLOCK_RETARGET, ITSM_CLOCK_ATTACH, ITSM_CLOCK_RESET,  ITSM_CLOCK_CANCEL};
    itsm_clock_event e = {at_minute(below(LIFE)), 0, kinds[below(16)], 0, 0, 0};
    if (e.kind == ITSM_CLOCK_CANCEL && below(3)) e.kind = ITSM_CLOCK_RETARGET;
    if (e.kind == ITSM_CLOCK_PAUSE || e.kind == ITSM_CLOCK_RESUME) e.cause = (uint32_t)below(CAUSES);
    if (e.kind == ITSM_CLOCK_RETARGET || e.kind == ITSM_CLOCK_ATTACH) e.target = (uint32_t)below(TARGETS);
    if (e.kind == ITSM_CLOCK_RETARGET) e.policy = (int32_t)below(3);
    return e;
}

static void fold(itsm_clock *clock, const itsm_clock_event *e, const itsm_target *targets)
{
    itsm_status rc;
    if (e->kind == ITSM_CLOCK_RETARGET) rc = itsm_clock_retarget(clock, &targets[e->target], e->at, e->policy);
    else if (e->kind == ITSM_CLOCK_ATTACH) rc = itsm_clock_attach(clock, &targets[e->target], e->at);
    else rc = itsm_clock_apply(clock, e->kind, e->at, e->cause);
    cr_assert_eq(rc, ITSM_OK);
}

static void walk(struct model *m, int64_t from, int64_t to)
{
    const int is_due = m->phase == STARTED && (m->breached || !is_held(m));
    const itsm_time due = is_due ? due_of(m, from) : ITSM_TIME_NONE;
    for (int64_t minute = from; minute < to; minute++) step(m, minute, due);
}

static void one_life(void)
{
    itsm_threshold thresholds[TARGETS][3];
    itsm_target targets[TARGETS];
    itsm_clock_event events[EVENTS];
    itsm_clock clock;
    static struct model m;
    const size_t n = 1 + (size_t)below(EVENTS - 1);
    const int one_calendar = below(2) == 0;
    life = seed;
    for (int i = 0; i < TARGETS; i++) {
        static const itsm_target blank = ITSM_TARGET_INIT;
        targets[i] = blank;
        targets[i].calendar = one_calendar && i ? targets[0].calendar : calendars[below(CALENDARS)];
        targets[i].goal = (1 + below(below(2) ? 3000 : 300)) * MINUTE;
        targets[i].pause = (int32_t)(below(4) == 0), targets[i].reopen = (int32_t)below(4);
        for (int k = 0; k < 3; k++) thresholds[i][k] = random_threshold();
        targets[i].thresholds = thresholds[i], targets[i].threshold_count = (size_t)below(4);
    }
    for (size_t i = 0; i < n; i++) {
        itsm_clock_event e = random_event();
        if (i == 0) e.kind = ITSM_CLOCK_START, e.at = at_minute(below(2000)), e.cause = 0;
        if (i && below(8) == 0) e.at = events[below((int64_t)i)].at;
        itsm_clock_insert(events, i, &e);
    }
    memset(&m, 0, sizeof m);
    m.start = m.stopped_at = m.breached_at = m.previous_due = m.gap_breached_at = ITSM_TIME_NONE, m.version = 1;
    come_under(&m, &targets[0], 0, ITSM_RETARGET_KEEP);
    cr_assert_eq(itsm_clock_init(&clock, &targets[0]), ITSM_OK);
    int64_t now = minute_of(events[0].at);
    for (size_t i = 0; i < n; i++) {
        const int64_t minute = minute_of(events[i].at);
        walk(&m, now, minute);
        if (i) compare_alarms(&m, &clock, at_minute(now), at_minute(minute));
        compare(&m, &clock, minute);
        pass(&m, minute);
        happen(&m, &events[i], targets, minute);
        pass(&m, minute);
        fold(&clock, &events[i], targets);
        compare(&m, &clock, minute);
        now = minute;
    }
    const int64_t end = now + below(4000);
    walk(&m, now, end);
    compare_alarms(&m, &clock, at_minute(now), at_minute(end));
    compare(&m, &clock, end);
    compare_lists(targets, events, n, &clock, at_minute(end));
}

Test(clock_property, lives_are_those_of_a_model_of_single_minutes, .timeout = 3600)
{
    static const char *const definitions[] = {
        "{\"tz\":\"Europe/Brussels\",\"weekly\":{\"mon\":[[\"09:00\",\"12:00\"],[\"13:00\",\"17:30\"]],"
        "\"tue\":[[\"09:00\",\"17:00\"]],\"wed\":[[\"22:00\",\"06:00\"]],\"fri\":[[\"09:00\",\"17:00\"]],"
        "\"sun\":[[\"00:00\",\"08:00\"]]},\"holidays\":[\"2026-04-06\"]}",
        "{\"tz\":\"America/New_York\",\"weekly\":{\"mon\":[[\"07:30\",\"19:00\"]],\"tue\":[[\"07:30\",\"19:00\"]],"
        "\"thu\":[[\"18:00\",\"03:00\"]],\"sat\":[[\"00:00\",\"24:00\"]]},"
        "\"overrides\":{\"2026-04-02\":[[\"10:00\",\"10:45\"]]}}",
        "{\"tz\":\"Asia/Kolkata\",\"weekly\":{\"wed\":[[\"10:00\",\"18:00\"]],\"thu\":[[\"10:00\",\"18:00\"]],"
        "\"fri\":[[\"10:00\",\"18:00\"]],\"sun\":[[\"20:00\",\"20:00\"]]},"
        "\"breaks\":{\"2026-04-01\":[[\"12:30\",\"13:15\"]]}}",
    };
    const char *cases = getenv("ITSM_CASES"), *given = getenv("ITSM_SEED");
    const long n = cases ? strtol(cases, NULL, 10) : 10000;
    struct counting counting = COUNTING_INIT;
    itsm_ctx *ctx = zones_ctx(counting_alloc, &counting);
    if (given) seed = strtoull(given, NULL, 10);
    printf("clock_property: seed %llu, %ld lives\n", (unsigned long long)seed, n);
    for (int i = 0; i < CALENDARS - 1; i++)
        cr_assert_eq(itsm_calendar_load(&calendars[i], ctx, itsm_str_c(definitions[i])), ITSM_OK);
    for (int i = 0; i < CALENDARS; i++)
        for (int64_t minute = 0; minute < MINUTES; minute++)
            open_minute[i][minute] =
                (unsigned char)(!calendars[i] || itsm_calendar_is_open(calendars[i], at_minute(minute)));
    for (long i = 0; i < n; i++) one_life();
    for (int i = 0; i < CALENDARS - 1; i++) itsm_calendar_free(calendars[i]);
    itsm_ctx_free(ctx);
    assert_nothing_outstanding(counting);
    printf("clock_property: %ld lives, 0 differences\n", n);
}
