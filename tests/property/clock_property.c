/* SPDX-License-Identifier: MIT */
/*
 * Random lives of clocks against a model that walks minute by minute.
 *
 * The model knows which minutes are open, steps through the events with them and adds up.  Checked: used, paused and
 * stopped time, state, the instant of the breach, that a replay of the list in any order of insertion is the same
 * clock, that rows sum to the reading, and that alarms come once and in order.  ITSM_CASES, ITSM_SEED as elsewhere.
 */
#include <itsm/sla.h>

#include "../unit/support.h"
#include "../unit/zones.h"

#include <criterion/criterion.h>

enum { MINUTES = 21 * 1440, EVENTS = 24, CAUSES = 3 };

static uint64_t seed = UINT64_C(20260327);
static unsigned char open_minute[MINUTES];

#define BASE ITSM_DAYS(20536) /* 2026-03-24 */

static int64_t below(int64_t n)
{
    seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
    return (int64_t)((seed * UINT64_C(2685821657736338717) >> 11) % (uint64_t)n);
}

struct model {
    int64_t used, paused, stopped, gap_used, gap_paused, breached_at; /* minutes */
    int started, stopped_now, breached, goal_at_breach;
    uint64_t causes;
};

/* One minute of the clock's life. */
static void step(struct model *m, const itsm_target *target, int64_t minute)
{
    const int held = m->causes && target->pause == ITSM_PAUSE_HOLDS;
    if (!m->started || !open_minute[minute]) return;
    if (m->stopped_now) {
        if (held) m->gap_paused++;
        else m->gap_used++;
        if (target->reopen == ITSM_REOPEN_CONTINUE && !held && m->breached_at < 0 &&
            m->used + m->gap_used > target->goal / ITSM_MINUTES(1))
            m->breached_at = minute;
        return;
    }
    if (held) {
        m->paused++;
        return;
    }
    m->used++;
    if (!m->breached && m->used > target->goal / ITSM_MINUTES(1)) m->breached = 1, m->breached_at = minute;
}

static void reopen(struct model *m, const itsm_target *target)
{
    if (!m->stopped_now || target->reopen == ITSM_REOPEN_IGNORE) return;
    m->stopped_now = 0;
    if (target->reopen == ITSM_REOPEN_RESTART) {
        m->used = m->paused = m->stopped = m->breached = 0, m->breached_at = -1;
    } else if (target->reopen == ITSM_REOPEN_RESUME) {
        m->stopped += m->gap_used + m->gap_paused;
    } else {
        m->used += m->gap_used, m->paused += m->gap_paused;
        m->breached = m->used > target->goal / ITSM_MINUTES(1);
    }
    m->gap_used = m->gap_paused = 0;
}

static void event(struct model *m, const itsm_target *target, const itsm_clock_event *e)
{
    switch (e->kind) {
    case ITSM_CLOCK_START: m->started = 1; break;
    case ITSM_CLOCK_PAUSE: m->causes |= UINT64_C(1) << e->cause; break;
    case ITSM_CLOCK_RESUME: m->causes &= ~(UINT64_C(1) << e->cause); break;
    case ITSM_CLOCK_STOP:
        if (m->started) m->stopped_now = 1;
        break;
    default: reopen(m, target); break;
    }
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

/* Alarms from the last event on come in order, and a breach is at the first instant that reads as one. */
static void check_alarms(const itsm_clock *clock, itsm_time last, uint64_t state)
{
    itsm_clock_alarm alarm = ITSM_CLOCK_ALARM_INIT;
    itsm_clock_reading r = ITSM_CLOCK_READING_INIT;
    uint64_t seen = 0;
    itsm_time now = last;
    while (itsm_clock_next(&alarm, clock, now) == ITSM_OK) {
        cr_assert(alarm.at > now && !(alarm.thresholds & seen) && (alarm.thresholds || alarm.breach), "seed %llu",
                  (unsigned long long)state);
        seen |= alarm.thresholds, now = alarm.at;
        if (!alarm.breach) continue;
        cr_assert_eq(itsm_clock_read(&r, clock, now), ITSM_OK);
        cr_assert(r.breached && r.remaining == -1, "seed %llu", (unsigned long long)state);
        cr_assert_eq(itsm_clock_read(&r, clock, now - 1), ITSM_OK);
        cr_assert(!r.breached, "seed %llu", (unsigned long long)state);
    }
}

static void one_life(const itsm_calendar *calendar, uint64_t state)
{
    static const int32_t kinds[] = {ITSM_CLOCK_START,  ITSM_CLOCK_PAUSE, ITSM_CLOCK_RESUME, ITSM_CLOCK_PAUSE,
                                    ITSM_CLOCK_RESUME, ITSM_CLOCK_STOP,  ITSM_CLOCK_REOPEN};
    const itsm_threshold thresholds[] = {{ITSM_THRESHOLD_PERCENT, 0, below(200)},
                                         {ITSM_THRESHOLD_WORKING, 0, ITSM_MINUTES(below(600) - 300)},
                                         {ITSM_THRESHOLD_WALL, 0, ITSM_MINUTES(below(6000) - 3000)}};
    itsm_target target = ITSM_TARGET_INIT;
    itsm_clock_event events[EVENTS];
    itsm_clock clock, again;
    itsm_clock_reading r = ITSM_CLOCK_READING_INIT;
    struct model m = {.breached_at = -1};
    struct sums sums = {0, 0, 0};
    const size_t n = 1 + (size_t)below(EVENTS - 1);
    target.calendar = calendar, target.goal = ITSM_MINUTES(1 + below(3000));
    target.pause = (int32_t)(below(4) == 0), target.reopen = (int32_t)below(4);
    target.thresholds = thresholds, target.threshold_count = 3;
    for (size_t i = 0; i < n; i++) {
        itsm_clock_event e = {
            BASE + ITSM_MINUTES(below(MINUTES - 2000)), 0, kinds[below(7)], (uint32_t)below(CAUSES), 0, 0};
        if (i == 0) e.kind = ITSM_CLOCK_START, e.at = BASE + ITSM_MINUTES(below(2000));
        itsm_clock_insert(events, i, &e);
    }
    const int64_t now = (events[n - 1].at - BASE) / ITSM_MINUTES(1) + below(2000);
    cr_assert_eq(itsm_clock_init(&clock, &target), ITSM_OK);
    size_t next = 0;
    for (int64_t minute = 0; minute <= now; minute++) {
        for (; next < n && events[next].at == BASE + ITSM_MINUTES(minute); next++) {
            event(&m, &target, &events[next]);
            cr_assert_eq(itsm_clock_apply(&clock, events[next].kind, events[next].at, events[next].cause), ITSM_OK);
        }
        if (minute < now) step(&m, &target, minute);
    }
    cr_assert_eq(itsm_clock_read(&r, &clock, BASE + ITSM_MINUTES(now)), ITSM_OK);
    cr_assert(r.used == ITSM_MINUTES(m.used) && r.paused == ITSM_MINUTES(m.paused) &&
                  r.stopped == ITSM_MINUTES(m.stopped),
              "used %lld %lld, paused %lld %lld, stopped %lld %lld (seed %llu)", (long long)(r.used / ITSM_MINUTES(1)),
              (long long)m.used, (long long)(r.paused / ITSM_MINUTES(1)), (long long)m.paused,
              (long long)(r.stopped / ITSM_MINUTES(1)), (long long)m.stopped, (unsigned long long)state);
    cr_assert_eq(r.breached, m.breached, "seed %llu", (unsigned long long)state);
    if (m.breached) { /* the goal ran out at the last closing or directly before the minute that was too much */
        itsm_time close;
        cr_assert_eq(itsm_calendar_prev_close(&close, calendar, BASE + ITSM_MINUTES(m.breached_at)), ITSM_OK);
        cr_assert_leq(r.breached_at, BASE + ITSM_MINUTES(m.breached_at), "seed %llu", (unsigned long long)state);
        if (!m.paused && !m.stopped) cr_assert_eq(r.breached_at, close, "seed %llu", (unsigned long long)state);
    }
    if (r.state == ITSM_CLOCK_RUNNING) {
        itsm_time due;
        cr_assert_eq(itsm_calendar_add(&due, calendar, r.start, target.goal + r.paused + r.stopped, 0), ITSM_OK);
        cr_assert_eq(r.due, due, "due (seed %llu)", (unsigned long long)state);
    }
    cr_assert_eq(itsm_clock_replay(&again, &target, 1, events, n), ITSM_OK);
    cr_assert(memcmp(&again, &clock, sizeof clock) == 0, "seed %llu", (unsigned long long)state);
    cr_assert_eq(itsm_clock_explain(&target, 1, events, n, BASE + ITSM_MINUTES(now), add_row, &sums), ITSM_OK);
    cr_assert(sums.counted == r.used && sums.paused == r.paused && sums.stopped == r.stopped, "rows (seed %llu)",
              (unsigned long long)state);
    check_alarms(&clock, events[n - 1].at, state);
}

Test(clock_property, lives_are_those_of_a_model_of_single_minutes, .timeout = 600)
{
    static const char json[] =
        "{\"tz\":\"Europe/Brussels\",\"weekly\":{\"mon\":[[\"09:00\",\"12:00\"],[\"13:00\",\"17:30\"]],"
        "\"tue\":[[\"09:00\",\"17:00\"]],\"wed\":[[\"22:00\",\"06:00\"]],\"fri\":[[\"09:00\",\"17:00\"]],"
        "\"sun\":[[\"00:00\",\"08:00\"]]},\"holidays\":[\"2026-04-06\"]}";
    const char *cases = getenv("ITSM_CASES"), *given = getenv("ITSM_SEED");
    const long n = cases ? strtol(cases, NULL, 10) : 20000;
    struct counting counting = COUNTING_INIT;
    itsm_ctx *ctx = zones_ctx(counting_alloc, &counting);
    itsm_calendar *calendar;
    if (given) seed = strtoull(given, NULL, 10);
    printf("clock_property: seed %llu, %ld lives\n", (unsigned long long)seed, n);
    cr_assert_eq(itsm_calendar_load(&calendar, ctx, itsm_str_c(json)), ITSM_OK);
    for (int64_t minute = 0; minute < MINUTES; minute++)
        open_minute[minute] = (unsigned char)itsm_calendar_is_open(calendar, BASE + ITSM_MINUTES(minute));
    for (long i = 0; i < n; i++) one_life(calendar, seed);
    itsm_calendar_free(calendar);
    itsm_ctx_free(ctx);
    assert_nothing_outstanding(counting);
    printf("clock_property: %ld lives, 0 differences\n", n);
}
