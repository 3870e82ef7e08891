/* SPDX-License-Identifier: MIT */
/*
 * Any list of events on any targets: whatever folds can be read, alarmed, explained and put in order without a crash,
 * a replay gives the same clock, rows sum to the reading, alarms go on in time and end.  The input is a program: two
 * bytes of targets, then seven bytes for each event.
 */
#include <itsm/sla.h>

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { EVENTS = 512, TARGETS = 4 };

static const itsm_threshold thresholds[] = {
    {ITSM_THRESHOLD_PERCENT, 0, 0},          {ITSM_THRESHOLD_PERCENT, 0, 75},
    {ITSM_THRESHOLD_PERCENT, 0, 100000},     {ITSM_THRESHOLD_WORKING, 0, INT64_MAX},
    {ITSM_THRESHOLD_WORKING, 0, -INT64_MAX}, {ITSM_THRESHOLD_WORKING, 0, ITSM_HOURS(1)},
    {ITSM_THRESHOLD_WALL, 0, INT64_MAX},     {ITSM_THRESHOLD_WALL, 0, -INT64_MAX},
    {ITSM_THRESHOLD_WALL, 0, ITSM_HOURS(-1)}};

static itsm_calendar *office, *never;

static void make_targets(itsm_target targets[TARGETS], const uint8_t *choice)
{
    static const itsm_span goals[] = {1, ITSM_HOURS(4), INT64_MAX, ITSM_GOAL_NONE, ITSM_GOAL_NONE - 1, ITSM_DAYS(90),
                                      7, INT64_MAX / 8};
    for (int i = 0; i < TARGETS; i++) {
        static const itsm_target blank = ITSM_TARGET_INIT;
        const unsigned bits = (unsigned)choice[0] * (unsigned)(i + 1) + (unsigned)choice[1] * 7u;
        targets[i] = blank;
        targets[i].goal = goals[bits & 7];
        targets[i].calendar = (bits >> 3 & 3) == 0 ? NULL : (bits >> 3 & 3) == 1 ? never : office;
        targets[i].pause = (int32_t)(bits >> 5 & 1), targets[i].reopen = (int32_t)(bits >> 6 & 3);
        targets[i].thresholds = thresholds, targets[i].threshold_count = bits % 10;
    }
}

/* Instants a working life apart, and now and then at the ends of time. */
static itsm_time instant(const uint8_t *p)
{
    static const itsm_time ends[] = {INT64_MIN + 1,      INT64_MAX, ITSM_TIME_NONE,     0, -1,
                                     ITSM_DAYS(2932896), 1,         ITSM_DAYS(-4371587)};
    if (p[0] == 255) return ends[p[1] & 7];
    return ITSM_DAYS(20540) + ITSM_MINUTES(((int64_t)p[0] << 8 | p[1]) / 2) + (p[2] & 1);
}

static itsm_clock_event event(const uint8_t *p)
{
    itsm_clock_event e;
    memset(&e, 0, sizeof e);
    e.at = instant(p), e.recorded = (itsm_time)p[5];
    e.kind = p[3] & 15, e.cause = p[4] & 127, e.target = p[6] & 7, e.policy = p[4] >> 4 & 3;
    return e;
}

struct sums {
    itsm_span counted, paused, stopped;
    size_t rows;
};

static itsm_status add_row(void *user, const itsm_clock_explanation *row)
{
    struct sums *s = user;
    s->counted += row->counted, s->paused += row->paused, s->stopped += row->stopped;
    return ++s->rows < 2000 ? ITSM_OK : ITSM_DONE;
}

static void look(const itsm_clock *clock, const itsm_target *targets, const itsm_clock_event *events, size_t n)
{
    const itsm_time last = n ? events[n - 1].at : 0;
    itsm_clock_alarm alarm = ITSM_CLOCK_ALARM_INIT;
    itsm_clock_reading r = ITSM_CLOCK_READING_INIT;
    struct sums sums = {0, 0, 0, 0};
    itsm_time now = last;
    int alarms = 0;
    while (itsm_clock_next(&alarm, clock, now) == ITSM_OK) {
        if (alarm.at <= now || ++alarms > 65) abort();
        now = alarm.at;
        if (alarm.breach && itsm_clock_read(&r, clock, now) == ITSM_OK && !r.breached) abort();
    }
    if (itsm_clock_read(&r, clock, last) != ITSM_OK) return;
    if (itsm_clock_explain(targets, TARGETS, events, n, last, add_row, &sums) == ITSM_OK &&
        r.state != ITSM_CLOCK_CANCELLED &&
        (sums.counted != r.used || sums.paused != r.paused || sums.stopped != r.stopped))
        abort();
}

static void make_calendars(void)
{
    itsm_ctx *ctx;
    if (office || itsm_ctx_new(&ctx, NULL)) return;
    if (itsm_calendar_load(&never, ctx, ITSM_STR("{\"tz\":\"UTC\"}")) ||
        itsm_calendar_load(&office, ctx,
                           ITSM_STR("{\"tz\":\"UTC\",\"weekly\":{\"mon\":[[\"09:00\",\"17:00\"]],"
                                    "\"wed\":[[\"22:00\",\"06:00\"]]}}")))
        abort();
    itsm_ctx_free(ctx);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static itsm_clock_event grown[EVENTS], events[EVENTS], sorted[EVENTS];
    itsm_target targets[TARGETS];
    itsm_clock clock, again;
    size_t n = 0, kept, taken = 0;
    if (size < 2) return 0;
    make_calendars();
    make_targets(targets, data);
    for (size_t i = 2; i + 7 <= size && n < EVENTS; i += 7) grown[n++] = event(data + i);
    if (itsm_clock_order(sorted, &kept, grown, n, data[1])) return 0;
    for (size_t i = 1; i < kept; i++)
        if (sorted[i - 1].at > sorted[i].at) abort();
    /* What can be folded, one by one; then all of that at once. */
    if (itsm_clock_init(&clock, &targets[0])) abort();
    for (size_t i = 0; i < kept; i++) {
        const itsm_clock before = clock;
        const itsm_clock_event *e = &sorted[i];
        itsm_status rc;
        if (e->kind == ITSM_CLOCK_RETARGET || e->kind == ITSM_CLOCK_ATTACH) {
            const itsm_target *target = e->target < TARGETS ? &targets[e->target] : NULL;
            rc = e->kind == ITSM_CLOCK_ATTACH ? itsm_clock_attach(&clock, target, e->at)
                                              : itsm_clock_retarget(&clock, target, e->at, e->policy);
        } else {
            rc = itsm_clock_apply(&clock, e->kind, e->at, e->cause);
        }
        if (!rc) events[taken++] = *e;
        else if (memcmp(&before, &clock, sizeof clock) != 0) abort();
    }
    if (itsm_clock_replay(&again, targets, TARGETS, events, taken) || memcmp(&again, &clock, sizeof clock) != 0)
        abort();
    look(&clock, targets, events, taken);
    return 0;
}
