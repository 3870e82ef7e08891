/* SPDX-License-Identifier: MIT */
/*
 * What would have been: the same histories folded under two sets of targets.  Targets are chosen anew by the facts kept
 * with a history, so another set may cut records up in another way.  One pass over the events for each set; the memory
 * is that of the targets of the longest list of facts.
 */
#include "base/ctx.h"
#include "base/text.h"
#include "sla/clock.h"

/* One of the two sets, and the targets of the history being folded. */
typedef struct side {
    const itsm_sla *sla;
    itsm_target *targets;
    size_t capacity;
    const itsm_sla_rule *rule; /* it ended under */
    itsm_clock_reading reading;
    itsm_attainment attainment;
} side;

/* The facts in force at the end: those of the last target an event names. */
static const itsm_sla_facts *last_facts(const itsm_clock_history *clock)
{
    for (size_t i = clock->nevents; i-- > 0;) {
        const itsm_clock_event *event = &clock->events[i];
        if (event->kind == ITSM_CLOCK_RETARGET || event->kind == ITSM_CLOCK_ATTACH)
            return event->target < clock->nfacts ? &clock->facts[event->target] : NULL;
    }
    return clock->facts;
}

static itsm_status fold(side *s, const itsm__memory *memory, const itsm_clock_history *history, itsm_time now)
{
    static const itsm_clock_reading blank = ITSM_CLOCK_READING_INIT;
    itsm_clock clock;
    itsm_status rc = itsm__grow(memory, &s->targets, &s->capacity, history->nfacts, sizeof *s->targets);
    if (!rc) rc = itsm_sla_targets(s->targets, s->sla, history->kind, history->facts, history->nfacts);
    if (!rc) rc = itsm_clock_replay(&clock, s->targets, history->nfacts, history->events, history->nevents);
    if (rc) return rc;
    if (history->nevents && now < history->events[history->nevents - 1].at)
        now = history->events[history->nevents - 1].at;
    s->reading = blank;
    if ((rc = itsm_clock_read(&s->reading, &clock, now))) return rc;
    rc = itsm_sla_find_facts(&s->rule, s->sla, history->kind, last_facts(history));
    return rc == ITSM_NOTHING ? ITSM_OK : rc;
}

/* Is there a promise to keep or break? */
static int is_promised(const side *s)
{
    return s->reading.goal < ITSM_GOAL_NONE && s->reading.state != ITSM_CLOCK_IDLE &&
           s->reading.state != ITSM_CLOCK_CANCELLED;
}

static void count(side *s)
{
    itsm_attainment *a = &s->attainment;
    const int is_stopped = s->reading.state == ITSM_CLOCK_MET || s->reading.state == ITSM_CLOCK_MET_LATE;
    a->clocks++;
    if (!is_promised(s)) a->other++;
    else if (is_stopped) *(s->reading.breached ? &a->late : &a->met) += 1;
    else *(s->reading.breached ? &a->open_breached : &a->open) += 1;
}

static int32_t change_of(const side *before, const side *after)
{
    const int was = is_promised(before), is = is_promised(after);
    if (!was || !is) return was ? ITSM_WHAT_IF_DROPPED : is ? ITSM_WHAT_IF_ADDED : ITSM_WHAT_IF_SAME;
    if (before->reading.breached == after->reading.breached) return ITSM_WHAT_IF_SAME;
    return after->reading.breached ? ITSM_WHAT_IF_BREACHED : ITSM_WHAT_IF_KEPT;
}

static itsm_status compare(itsm_what_if *sum, side *before, side *after, size_t i, itsm_what_if_fn fn, void *user)
{
    itsm_what_if_row row;
    memset(&row, 0, sizeof row);
    row.size = sizeof row, row.index = i, row.change = change_of(before, after);
    row.before_rule = before->rule, row.after_rule = after->rule;
    row.before = before->reading, row.after = after->reading;
    count(before), count(after);
    sum->breached += row.change == ITSM_WHAT_IF_BREACHED, sum->kept += row.change == ITSM_WHAT_IF_KEPT;
    sum->dropped += row.change == ITSM_WHAT_IF_DROPPED, sum->added += row.change == ITSM_WHAT_IF_ADDED;
    return fn ? fn(user, &row) : ITSM_OK;
}

static itsm_status compare_all(itsm_what_if *sum, side sides[2], itsm_ctx *ctx, const itsm_clock_history *clocks,
                               size_t n, itsm_time now, itsm_what_if_fn fn, void *user)
{
    const itsm__memory *memory = itsm__ctx_memory(ctx);
    itsm_status rc = ITSM_OK;
    for (size_t i = 0; i < n && !rc; i++) {
        if (!clocks[i].nfacts || !clocks[i].facts) return ITSM_E_MISUSE;
        rc = fold(&sides[0], memory, &clocks[i], now);
        if (!rc) rc = fold(&sides[1], memory, &clocks[i], now);
        if (rc && rc != ITSM_E_NOMEM)
            return itsm__issue(ctx, rc, itsm__no_text(), itsm__no_text(), itsm__no_text(),
                               "clock %z cannot be folded: %s", i, itsm_status_text(rc));
        if (!rc) rc = compare(sum, &sides[0], &sides[1], i, fn, user);
    }
    return rc;
}

itsm_status itsm_sla_what_if(itsm_what_if *out, itsm_ctx *ctx, const itsm_sla *before, const itsm_sla *after,
                             const itsm_clock_history *clocks, size_t n, itsm_time now, itsm_what_if_fn fn, void *user)
{
    itsm_what_if sum = ITSM_WHAT_IF_INIT;
    side sides[2];
    itsm__issues_clear(ctx);
    if (!out || !out->size || !ctx || !before || !after || (n && !clocks)) return ITSM_E_MISUSE;
    if (now == ITSM_TIME_NONE) return ITSM_E_RANGE;
    memset(sides, 0, sizeof sides);
    sides[0].sla = before, sides[1].sla = after;
    const itsm_status rc = compare_all(&sum, sides, ctx, clocks, n, now, fn, user);
    for (int i = 0; i < 2; i++)
        itsm__free(itsm__ctx_memory(ctx), sides[i].targets, sides[i].capacity * sizeof *sides[i].targets);
    if (rc) return rc;
    sum.size = out->size, sum.before = sides[0].attainment, sum.after = sides[1].attainment;
    memcpy(out, &sum, out->size < sizeof sum ? out->size : sizeof sum);
    return ITSM_OK;
}
