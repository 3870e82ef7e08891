/* SPDX-License-Identifier: MIT */
/* The agenda: order, re-arming, memory, and ten thousand clocks on one timer. */
#include <itsm/sla.h>

#include "support.h"
#include "zones.h"

#include <criterion/criterion.h>

static struct counting counting = COUNTING_INIT;
static itsm_ctx *ctx;
static itsm_agenda *agenda;

static void begin(void)
{
    ctx = zones_ctx(counting_alloc, &counting);
    cr_assert_eq(itsm_agenda_new(&agenda, ctx), ITSM_OK);
}

static void end(void)
{
    itsm_agenda_free(agenda);
    itsm_ctx_free(ctx);
    assert_nothing_outstanding(counting);
}

TestSuite(agenda, .init = begin, .fini = end);

static itsm_id number(uint64_t hi, uint64_t lo)
{
    const itsm_id id = {hi, lo};
    return id;
}

static void set(uint64_t lo, itsm_time at)
{
    cr_assert_eq(itsm_agenda_set(agenda, number(0, lo), at), ITSM_OK);
}

static void takes(itsm_time now, uint64_t hi, uint64_t lo, itsm_time at)
{
    itsm_agenda_entry first, due;
    cr_assert_eq(itsm_agenda_next(&first, agenda), ITSM_OK);
    cr_assert_eq(itsm_agenda_take(&due, agenda, now), ITSM_OK);
    cr_assert(due.at == at && due.id.hi == hi && due.id.lo == lo, "%lld %llu", (long long)due.at,
              (unsigned long long)due.id.lo);
    cr_assert(first.at == due.at && first.id.hi == due.id.hi && first.id.lo == due.id.lo, "what was next is taken");
}

/* Order ----------------------------------------------------------------------------------------------------------- */

Test(agenda, the_earliest_comes_first_whatever_the_order_of_arming)
{
    set(1, 30), set(2, 10), set(3, 20), set(4, -5), set(5, INT64_MAX), set(6, INT64_MIN + 1);
    takes(INT64_MAX, 0, 6, INT64_MIN + 1);
    takes(INT64_MAX, 0, 4, -5);
    takes(INT64_MAX, 0, 2, 10);
    takes(INT64_MAX, 0, 3, 20);
    takes(INT64_MAX, 0, 1, 30);
    takes(INT64_MAX, 0, 5, INT64_MAX);
    cr_assert_eq(itsm_agenda_count(agenda), 0);
}

Test(agenda, of_the_same_instant_the_smallest_identity_comes_first)
{
    static const itsm_id ids[] = {{1, 0}, {0, UINT64_MAX}, {0, 7}, {UINT64_MAX, 1}, {1, 1}, {0, 0}, {UINT64_MAX, 0}};
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) cr_assert_eq(itsm_agenda_set(agenda, ids[i], 5), ITSM_OK);
    takes(5, 0, 0, 5);
    takes(5, 0, 7, 5);
    takes(5, 0, UINT64_MAX, 5);
    takes(5, 1, 0, 5);
    takes(5, 1, 1, 5);
    takes(5, UINT64_MAX, 0, 5);
    takes(5, UINT64_MAX, 1, 5);
}

Test(agenda, only_what_is_due_is_taken)
{
    itsm_agenda_entry due = {77, {0, 77}};
    set(1, 10), set(2, 11);
    cr_assert_eq(itsm_agenda_take(&due, agenda, 9), ITSM_NOTHING);
    cr_assert_eq(itsm_agenda_take(&due, agenda, ITSM_TIME_NONE), ITSM_NOTHING);
    cr_assert(due.at == 77 && due.id.lo == 77, "as it was");
    takes(10, 0, 1, 10);
    cr_assert_eq(itsm_agenda_take(&due, agenda, 10), ITSM_NOTHING);
    takes(11, 0, 2, 11);
    cr_assert_eq(itsm_agenda_take(&due, agenda, INT64_MAX), ITSM_NOTHING);
    cr_assert_eq(itsm_agenda_next(&due, agenda), ITSM_NOTHING);
    cr_assert(due.at == 77 && due.id.lo == 77, "as it was");
}

Test(agenda, an_identity_is_armed_once_and_moves)
{
    itsm_time at = 0;
    for (uint64_t i = 0; i < 100; i++) set(i, (itsm_time)(1000 + i));
    set(99, 1), set(0, 5000), set(50, 1050);
    cr_assert_eq(itsm_agenda_count(agenda), 100);
    cr_assert(itsm_agenda_find(&at, agenda, number(0, 0)) == ITSM_OK && at == 5000);
    takes(INT64_MAX, 0, 99, 1);
    for (uint64_t i = 1; i < 99; i++) takes(INT64_MAX, 0, i, (itsm_time)(1000 + i));
    takes(INT64_MAX, 0, 0, 5000);
}

Test(agenda, what_is_disarmed_never_comes)
{
    itsm_time at = 123;
    for (uint64_t i = 0; i < 100; i++) set(i, (itsm_time)(i * 37 % 100));
    for (uint64_t i = 0; i < 100; i += 2) cr_assert_eq(itsm_agenda_remove(agenda, number(0, i)), ITSM_OK);
    set(1, ITSM_TIME_NONE), set(1, ITSM_TIME_NONE);
    cr_assert_eq(itsm_agenda_remove(agenda, number(0, 0)), ITSM_NOTHING);
    cr_assert_eq(itsm_agenda_remove(agenda, number(1, 3)), ITSM_NOTHING);
    cr_assert_eq(itsm_agenda_find(&at, agenda, number(0, 2)), ITSM_NOTHING);
    cr_assert_eq(at, 123, "as it was");
    cr_assert_eq(itsm_agenda_count(agenda), 49);
    itsm_time last = -1;
    for (itsm_agenda_entry due; itsm_agenda_take(&due, agenda, INT64_MAX) == ITSM_OK; last = due.at)
        cr_assert(due.id.lo % 2 == 1 && due.id.lo != 1 && due.at > last);
    cr_assert_eq(itsm_agenda_count(agenda), 0);
    cr_assert_eq(itsm_agenda_remove(agenda, number(0, 3)), ITSM_NOTHING);
}

Test(agenda, a_call_without_its_objects_is_misuse)
{
    itsm_agenda_entry due;
    itsm_agenda *made = agenda;
    itsm_time at;
    cr_assert_eq(itsm_agenda_new(NULL, ctx), ITSM_E_MISUSE);
    cr_assert(itsm_agenda_new(&made, NULL) == ITSM_E_MISUSE && !made);
    cr_assert_eq(itsm_agenda_set(NULL, number(0, 1), 1), ITSM_E_MISUSE);
    cr_assert_eq(itsm_agenda_remove(NULL, number(0, 1)), ITSM_E_MISUSE);
    cr_assert_eq(itsm_agenda_find(NULL, agenda, number(0, 1)), ITSM_E_MISUSE);
    cr_assert_eq(itsm_agenda_find(&at, NULL, number(0, 1)), ITSM_E_MISUSE);
    cr_assert_eq(itsm_agenda_next(NULL, agenda), ITSM_E_MISUSE);
    cr_assert_eq(itsm_agenda_next(&due, NULL), ITSM_E_MISUSE);
    cr_assert_eq(itsm_agenda_take(NULL, agenda, 1), ITSM_E_MISUSE);
    cr_assert_eq(itsm_agenda_take(&due, NULL, 1), ITSM_E_MISUSE);
    cr_assert_eq(itsm_agenda_count(NULL), 0);
    itsm_agenda_clear(NULL);
    itsm_agenda_free(NULL);
}

/* Memory ---------------------------------------------------------------------------------------------------------- */

Test(agenda, it_outlives_its_context)
{
    struct counting other = COUNTING_INIT;
    itsm_ctx *gone = counting_ctx(&other);
    itsm_agenda *made;
    cr_assert_eq(itsm_agenda_new(&made, gone), ITSM_OK);
    itsm_ctx_free(gone);
    cr_assert_eq(itsm_agenda_set(made, number(0, 1), 1), ITSM_OK);
    itsm_agenda_free(made);
    assert_nothing_outstanding(other);
}

Test(agenda, memory_is_given_back_as_it_empties)
{
    const size_t empty = counting.outstanding;
    itsm_agenda_entry due;
    for (uint64_t i = 0; i < 10000; i++) set(i, (itsm_time)i);
    const size_t full = counting.outstanding - empty;
    cr_assert_leq(full, 10000 * 80, "%zu bytes for 10,000", full);
    while (itsm_agenda_count(agenda) > 100) cr_assert_eq(itsm_agenda_take(&due, agenda, INT64_MAX), ITSM_OK);
    cr_assert_leq(counting.outstanding - empty, full / 16);
    cr_assert(itsm_agenda_next(&due, agenda) == ITSM_OK && due.id.lo == 9900);
    itsm_agenda_clear(agenda);
    cr_assert(counting.outstanding == empty && itsm_agenda_count(agenda) == 0);
    set(1, 1);
    takes(1, 0, 1, 1);
}

Test(agenda, an_allocation_that_fails_leaves_it_as_it_was)
{
    itsm_agenda *made;
    itsm_time at;
    for (size_t n = 1;; n++) {
        counting_fail(&counting, n);
        const itsm_status status = itsm_agenda_new(&made, ctx);
        if (!counting_stop(&counting)) break;
        cr_assert(status == ITSM_E_NOMEM && !made);
    }
    itsm_agenda_free(made);
    size_t failures = 0;
    for (uint64_t i = 0; i < 200; i++) {
        for (size_t n = 1;; n++) {
            counting_fail(&counting, n);
            const itsm_status status = itsm_agenda_set(agenda, number(0, i), (itsm_time)(i * 7 % 200));
            if (!counting_stop(&counting)) break;
            cr_assert_eq(status, ITSM_E_NOMEM);
            failures++;
            cr_assert_eq(itsm_agenda_count(agenda), i);
            cr_assert_eq(itsm_agenda_find(&at, agenda, number(0, i)), ITSM_NOTHING);
            for (uint64_t k = 0; k < i; k++)
                cr_assert(itsm_agenda_find(&at, agenda, number(0, k)) == ITSM_OK && at == (itsm_time)(k * 7 % 200));
        }
    }
    cr_assert_eq(failures, 6, "from 16 slots to 512");
    for (itsm_time t = 0; t < 200; t++) takes(INT64_MAX, 0, (uint64_t)(t * 143 % 200), t);
}

Test(agenda, rearming_and_emptying_need_no_memory)
{
    itsm_agenda_entry due;
    for (uint64_t i = 0; i < 1000; i++) set(i, (itsm_time)i);
    counting_fail_from(&counting, 1);
    for (uint64_t i = 0; i < 1000; i++) set(i, (itsm_time)(2000 - i));
    cr_assert_not(counting.failed);
    for (uint64_t i = 0; i < 500; i++) cr_assert_eq(itsm_agenda_remove(agenda, number(0, i)), ITSM_OK);
    for (uint64_t i = 999; i >= 500; i--) {
        cr_assert_eq(itsm_agenda_take(&due, agenda, INT64_MAX), ITSM_OK);
        cr_assert(due.id.lo == i && due.at == (itsm_time)(2000 - i));
    }
    cr_assert(counting_stop(&counting), "it tried to shrink");
    cr_assert_eq(itsm_agenda_count(agenda), 0);
}

/* Clocks ---------------------------------------------------------------------------------------------------------- */

enum { CLOCKS = 10000, TICKS = 21 * 48 };

#define TICK ITSM_MINUTES(30)
#define BASE ITSM_DAYS(20536) /* 2026-03-24; the clocks of Brussels change on the 29th */

/* A host's table of tickets, and what a scan over it knows. */
static struct ticket {
    itsm_clock clock;
    itsm_time next_event;
    uint64_t fired, seen; /* thresholds since the last tick; in this cycle */
    int breach_fired, was_breached;
    uint32_t cycle;
} tickets[CLOCKS];

static uint64_t seed = UINT64_C(20260325);
static size_t fired, breaches;

static int64_t below(int64_t n)
{
    seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
    return (int64_t)((seed * UINT64_C(2685821657736338717) >> 11) % (uint64_t)n);
}

static itsm_status arm(uint64_t i, itsm_time after)
{
    itsm_clock_alarm alarm = ITSM_CLOCK_ALARM_INIT;
    const itsm_status rc = itsm_clock_next(&alarm, &tickets[i].clock, after);
    return rc < 0 ? rc : itsm_agenda_set(agenda, number(7, i), alarm.at);
}

static itsm_status ring(itsm_time now)
{
    static itsm_agenda_entry last = {INT64_MIN, {0, 0}};
    itsm_agenda_entry due;
    itsm_status rc;
    while ((rc = itsm_agenda_take(&due, agenda, now)) == ITSM_OK) {
        itsm_clock_alarm alarm = ITSM_CLOCK_ALARM_INIT;
        struct ticket *t = &tickets[due.id.lo];
        if ((rc = itsm_clock_next(&alarm, &t->clock, due.at - 1)) < 0) break;
        cr_assert(rc == ITSM_OK && alarm.at == due.at, "what was armed is what falls due");
        cr_assert(due.at > last.at || (due.at == last.at && due.id.lo > last.id.lo), "in order");
        cr_assert_not(t->fired & alarm.thresholds, "once");
        cr_assert_not(t->breach_fired && alarm.breach, "once");
        t->fired |= alarm.thresholds, t->breach_fired |= alarm.breach;
        last = due;
        if ((rc = arm(due.id.lo, due.at)) < 0) break;
    }
    return rc < 0 ? rc : ITSM_OK;
}

/* Which thresholds lie behind, by what the clock reads. */
static uint64_t passed(const itsm_clock_reading *r, const itsm_target *target, itsm_time now)
{
    const itsm_time due = r->breached ? r->breached_at : r->due; /* stands, even if paused */
    uint64_t bits = 0;
    if (r->state == ITSM_CLOCK_IDLE || r->stopped_at != ITSM_TIME_NONE) return 0;
    for (size_t i = 0; i < target->threshold_count; i++) {
        const itsm_threshold *threshold = &target->thresholds[i];
        const int wall = threshold->basis == ITSM_THRESHOLD_WALL;
        if (wall ? due != ITSM_TIME_NONE && due + threshold->value <= now : r->used >= r->goal / 100 * threshold->value)
            bits |= UINT64_C(1) << i;
    }
    return bits;
}

/* All that the readings of this tick show and those of the last one did not has fired in between, and nothing else. */
static void scan(const itsm_target *targets, itsm_time now)
{
    for (size_t i = 0; i < CLOCKS; i++) {
        struct ticket *t = &tickets[i];
        itsm_clock_reading r = ITSM_CLOCK_READING_INIT;
        cr_assert_eq(itsm_clock_read(&r, &t->clock, now), ITSM_OK);
        const uint64_t bits = passed(&r, &targets[i % 3], now) & ~t->seen;
        cr_assert_eq(t->fired, bits, "ticket %zu fired %llx, not %llx", i, (unsigned long long)t->fired,
                     (unsigned long long)bits);
        cr_assert_eq(t->breach_fired, r.breached && !t->was_breached, "breach of ticket %zu", i);
        for (uint64_t rest = bits; rest; rest &= rest - 1) fired++;
        breaches += (size_t)t->breach_fired;
        t->seen |= bits, t->was_breached = r.breached;
        t->fired = 0, t->breach_fired = 0;
    }
}

static void happen(uint64_t i, const itsm_target *target, itsm_time now)
{
    static const int32_t kinds[] = {ITSM_CLOCK_PAUSE,  ITSM_CLOCK_RESUME, ITSM_CLOCK_PAUSE, ITSM_CLOCK_RESUME,
                                    ITSM_CLOCK_RESUME, ITSM_CLOCK_STOP,   ITSM_CLOCK_REOPEN};
    struct ticket *t = &tickets[i];
    itsm_clock_reading r = ITSM_CLOCK_READING_INIT;
    const int32_t kind = t->cycle ? kinds[below(7)] : ITSM_CLOCK_START;
    cr_assert_eq(itsm_clock_apply(&t->clock, kind, now, (uint32_t)below(2)), ITSM_OK);
    cr_assert_eq(arm(i, now), ITSM_OK);
    cr_assert_eq(itsm_clock_read(&r, &t->clock, now), ITSM_OK);
    if (r.cycle != t->cycle) t->cycle = r.cycle, t->seen = 0;
    t->seen |= passed(&r, target, now), t->was_breached = r.breached; /* by the event, not by time */
    t->next_event = now + TICK * (1 + below(120));
}

Test(agenda, ten_thousand_clocks_fire_every_threshold_once_and_in_order, .timeout = 300)
{
    static const char json[] =
        "{\"tz\":\"Europe/Brussels\",\"weekly\":{\"mon\":[[\"09:00\",\"12:00\"],[\"13:00\",\"17:30\"]],"
        "\"tue\":[[\"09:00\",\"17:00\"]],\"wed\":[[\"22:00\",\"06:00\"]],\"fri\":[[\"09:00\",\"17:00\"]],"
        "\"sun\":[[\"00:00\",\"08:00\"]]},\"holidays\":[\"2026-04-06\"]}";
    static const itsm_threshold thresholds[] = {{ITSM_THRESHOLD_PERCENT, 0, 50},
                                                {ITSM_THRESHOLD_PERCENT, 0, 75},
                                                {ITSM_THRESHOLD_PERCENT, 0, 125},
                                                {ITSM_THRESHOLD_WALL, 0, ITSM_HOURS(-3)},
                                                {ITSM_THRESHOLD_WALL, 0, ITSM_HOURS(30)}};
    itsm_calendar *calendar;
    itsm_target targets[3];
    cr_assert_eq(itsm_calendar_load(&calendar, ctx, itsm_str_c(json)), ITSM_OK);
    for (int i = 0; i < 3; i++) {
        const itsm_target start = ITSM_TARGET_INIT;
        targets[i] = start;
        targets[i].calendar = i < 2 ? calendar : NULL, targets[i].goal = ITSM_HOURS(4 + 6 * i);
        targets[i].pause = i == 1 ? ITSM_PAUSE_IGNORED : ITSM_PAUSE_HOLDS;
        targets[i].reopen = i == 1 ? ITSM_REOPEN_RESTART : ITSM_REOPEN_RESUME;
        targets[i].thresholds = thresholds, targets[i].threshold_count = 5;
    }
    for (size_t i = 0; i < CLOCKS; i++) {
        cr_assert_eq(itsm_clock_init(&tickets[i].clock, &targets[i % 3]), ITSM_OK);
        tickets[i].next_event = BASE + TICK * below(TICKS * 2 / 3);
    }
    for (int tick = 0; tick < TICKS; tick++) {
        const itsm_time now = BASE + TICK * tick;
        cr_assert_eq(ring(now), ITSM_OK);
        scan(targets, now);
        for (uint64_t i = 0; i < CLOCKS; i++)
            if (tickets[i].next_event == now) happen(i, &targets[i % 3], now);
    }
    itsm_calendar_free(calendar);
    printf("agenda: %d clocks, three weeks, %zu thresholds and %zu breaches, each once\n", CLOCKS, fired, breaches);
    cr_assert(fired > CLOCKS && breaches > CLOCKS / 4);
}
