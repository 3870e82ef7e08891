/* SPDX-License-Identifier: MIT */
/*
 * The report while it is fed: an accumulator of counts.
 *
 *   itsm_report_new     options copied, nothing counted
 *   itsm_report_add     one case: O(segments + deviations) expected, one map lookup per day, month, state, deviation
 *   itsm_report_free    everything
 *
 * Kept per case are its elapsed and its working time (16 bytes each: quantiles are exact) and, if it is open, its
 * opening.  All else is a row per day, month, state or kind of deviation that occurs.  The worst breaches keep a copy
 * of their clock's events, so that only those that remain at the end are explained.
 *
 * A case is counted in two steps.  The first may fail: it looks up days and months, checks every sum and reserves
 * every row (a row reserved and never counted stays 0 and is left out at the end).  The second only adds numbers.  So a
 * failed call counts nothing.  After itsm_report_finish() (finish.c) nothing may be fed any more.
 */
#include "report/report.h"

#include "base/bits.h"
#include "base/ctx.h"
#include "report/local.h"

#include <limits.h>

#define WORST_MAX 1000u
#define STATES_MAX 4096u
#define MISSES_MAX 65536u

/* What the first step finds out about a case. */
typedef struct plan {
    const itsm_report_case *item;
    itsm_report_clock resolution, response;
    size_t days[3]; /* rows of opened, ended, closed; SIZE_MAX: none */
    size_t month;
    int measured, resolution_known, reversed;
    int32_t weekday, hour; /* of the breach; weekday -1: none */
    itsm_span elapsed;
    int64_t stay_seconds;
    itsm_time last;
    int worst; /* a newcomer stands prepared */
} plan;

/* Rows found by key ------------------------------------------------------------------------------------------------ */

static itsm_status row_put(itsm_report *report, itsm__report_rows *rows, size_t *out, itsm_str key, size_t element,
                           size_t limit)
{
    uint64_t *value = itsm__map_find(&rows->map, key.p, key.n);
    if (value) {
        *out = (size_t)*value;
        return ITSM_OK;
    }
    size_t count = rows->map.count;
    if (count >= limit)
        return itsm__issue(report->ctx, ITSM_E_LIMIT, ITSM_STR("report"), ITSM_STR(""), ITSM_STR(""),
                           "more than %z different names", limit);
    itsm_status rc = itsm__grow(&report->memory, &rows->p, &rows->capacity, count + 1, element);
    if (rc != ITSM_OK) return rc;
    memset((char *)rows->p + count * element, 0, element);
    if (!(value = itsm__map_put(&rows->map, key.p, key.n, NULL))) return ITSM_E_NOMEM;
    *value = count, *out = count;
    return ITSM_OK;
}

static itsm_status day_put(itsm_report *report, size_t *out, int64_t day)
{
    itsm_status rc = row_put(report, &report->days, out, itsm_str_n((const char *)&day, sizeof day),
                             sizeof(itsm_report_day), SIZE_MAX);
    if (rc == ITSM_OK) ((itsm_report_day *)report->days.p)[*out].day = day;
    return rc;
}

static itsm_status month_put(itsm_report *report, size_t *out, const itsm_civil *civil)
{
    int32_t key[2] = {civil->year, civil->month};
    itsm_status rc = row_put(report, &report->months, out, itsm_str_n((const char *)key, sizeof key),
                             sizeof(itsm_report_month), SIZE_MAX);
    if (rc != ITSM_OK) return rc;
    itsm_report_month *month = (itsm_report_month *)report->months.p + *out;
    month->year = civil->year, month->month = civil->month;
    return ITSM_OK;
}

/* The lesser of two texts that is not empty, so that the order of the cases does not matter. */
static itsm_status text_settle(itsm_report *report, itsm_str *kept, itsm_str text)
{
    if (!text.n) return ITSM_OK;
    if (kept->n) {
        int order = memcmp(text.p, kept->p, text.n < kept->n ? text.n : kept->n);
        if (order > 0 || (order == 0 && text.n >= kept->n)) return ITSM_OK;
    }
    return itsm__arena_copy(kept, &report->text, text);
}

static itsm_status key_add(itsm_report *report, itsm_str text)
{
    uint64_t n = text.n;
    itsm_status rc = itsm_buf_add(&report->key, &n, sizeof n);
    return rc != ITSM_OK || !text.n ? rc : itsm_buf_add(&report->key, text.p, text.n);
}

static itsm_status miss_put(itsm_report *report, size_t *out, const itsm_report_deviation *item)
{
    char undecided = item->undecided ? 1 : 0;
    itsm_status rc;
    report->key.n = 0;
    if ((rc = itsm_buf_add(&report->key, &undecided, 1)) != ITSM_OK || (rc = key_add(report, item->move)) != ITSM_OK ||
        (rc = key_add(report, item->rule)) != ITSM_OK || (rc = key_add(report, item->clause)) != ITSM_OK)
        return rc;
    rc = row_put(report, &report->misses, out, itsm_buf_str(&report->key), sizeof(itsm__report_miss), MISSES_MAX);
    if (rc != ITSM_OK) return rc;
    itsm__report_miss *miss = (itsm__report_miss *)report->misses.p + *out;
    if (miss->count) return ITSM_OK;
    if ((rc = itsm__arena_copy(&miss->move, &report->text, item->move)) != ITSM_OK ||
        (rc = itsm__arena_copy(&miss->rule, &report->text, item->rule)) != ITSM_OK ||
        (rc = itsm__arena_copy(&miss->clause, &report->text, item->clause)) != ITSM_OK)
        return rc;
    miss->undecided = undecided;
    return ITSM_OK;
}

/* First step ------------------------------------------------------------------------------------------------------- */

static itsm_status out_of_range(itsm_report *report, const char *what)
{
    return itsm__issue(report->ctx, ITSM_E_RANGE, itsm_str_c(what), ITSM_STR(""), ITSM_STR(""),
                       "cannot be counted: too far from the present or too long");
}

static void later(itsm_time *last, itsm_time t)
{
    if (t != ITSM_TIME_NONE && t > *last) *last = t;
}

static itsm_span stay_length(const itsm_report_segment *segment)
{
    itsm_span length;
    if (segment->to == ITSM_TIME_NONE || segment->from == ITSM_TIME_NONE) return 0;
    if (!itsm__sub(&length, segment->to, segment->from)) return ITSM_SPAN_NONE;
    return length < 0 ? 0 : length;
}

static itsm_status plan_segments(itsm_report *report, plan *p)
{
    const itsm_report_case *item = p->item;
    itsm_status rc;
    size_t all;
    if (item->ndeviations > SIZE_MAX - item->nsegments) return ITSM_E_LIMIT;
    all = item->nsegments + item->ndeviations;
    rc = itsm__grow(&report->memory, &report->slots, &report->slot_capacity, all, sizeof *report->slots);
    p->stay_seconds = report->stay_seconds;
    for (size_t i = 0; rc == ITSM_OK && i < item->nsegments; i++) {
        const itsm_report_segment *segment = item->segments + i;
        itsm_span length = stay_length(segment);
        size_t row;
        if (length == ITSM_SPAN_NONE || !itsm__add(&p->stay_seconds, p->stay_seconds, length / ITSM_SECONDS(1) + 1))
            return out_of_range(report, "segments");
        rc = row_put(report, &report->states, &row, segment->state, sizeof(itsm__report_stay), STATES_MAX);
        if (rc != ITSM_OK) break;
        rc = text_settle(report, &((itsm__report_stay *)report->states.p)[row].category, segment->category);
        report->slots[i] = (uint32_t)row;
        later(&p->last, segment->from), later(&p->last, segment->to);
    }
    for (size_t i = 0; rc == ITSM_OK && i < item->ndeviations; i++) {
        size_t row;
        rc = miss_put(report, &row, item->deviations + i);
        if (rc == ITSM_OK) report->slots[item->nsegments + i] = (uint32_t)row;
    }
    return rc;
}

static itsm_status plan_day(itsm_report *report, size_t *out, itsm_time t, const char *what)
{
    itsm__local_time local;
    *out = SIZE_MAX;
    if (t == ITSM_TIME_NONE) return ITSM_OK;
    if (itsm__local_time_of(&local, report->zone, t) != ITSM_OK) return out_of_range(report, what);
    return day_put(report, out, local.day);
}

static itsm_status reserve_value(itsm_report *report, itsm__report_values *values, itsm_span span)
{
    int64_t seconds;
    if (span < 0 || !itsm__add(&seconds, values->seconds, span / ITSM_SECONDS(1) + 1))
        return out_of_range(report, "resolved");
    return itsm__grow(&report->memory, &values->p, &values->capacity, values->n + 1, sizeof *values->p);
}

static itsm_status plan_times(itsm_report *report, plan *p)
{
    const itsm_report_case *item = p->item;
    itsm_time ended = item->resolved != ITSM_TIME_NONE ? item->resolved : item->closed;
    itsm__local_time local;
    itsm_status rc;
    later(&p->last, item->opened), later(&p->last, item->resolved), later(&p->last, item->closed);
    if ((rc = plan_day(report, &p->days[0], item->opened, "opened")) != ITSM_OK ||
        (rc = plan_day(report, &p->days[1], ended, "resolved")) != ITSM_OK ||
        (rc = plan_day(report, &p->days[2], item->closed, "closed")) != ITSM_OK)
        return rc;
    if (ended == ITSM_TIME_NONE)
        return itsm__grow(&report->memory, &report->open, &report->open_capacity, report->nopen + 1,
                          sizeof *report->open);
    if (item->resolved == ITSM_TIME_NONE) return ITSM_OK;
    if (!itsm__sub(&p->elapsed, item->resolved, item->opened)) return out_of_range(report, "resolved");
    p->reversed = p->elapsed < 0;
    if (!p->reversed && (rc = reserve_value(report, &report->elapsed, p->elapsed)) != ITSM_OK) return rc;
    if (p->resolution.used != ITSM_SPAN_NONE &&
        (rc = reserve_value(report, &report->working, p->resolution.used)) != ITSM_OK)
        return rc;
    if (itsm__local_time_of(&local, report->zone, item->resolved) != ITSM_OK) return out_of_range(report, "resolved");
    return p->measured ? month_put(report, &p->month, &local.civil) : ITSM_OK;
}

static itsm_status plan_breach(itsm_report *report, plan *p)
{
    itsm__local_time local;
    p->weekday = -1;
    if (!p->resolution.breached || p->resolution.breached_at == ITSM_TIME_NONE) return ITSM_OK;
    if (itsm__local_time_of(&local, report->zone, p->resolution.breached_at) != ITSM_OK)
        return out_of_range(report, "breached_at");
    p->weekday = itsm_date_weekday(local.day), p->hour = local.hour;
    return ITSM_OK;
}

static int compare_text(itsm_str a, itsm_str b)
{
    size_t n = a.n < b.n ? a.n : b.n;
    int order = n ? memcmp(a.p, b.p, n) : 0;
    return order ? order : (a.n > b.n) - (a.n < b.n);
}

int itsm__report_weaker(const itsm_report_breach *a, const itsm_report_breach *b)
{
    int order;
    if (a->over != b->over) return a->over < b->over;
    if ((order = compare_text(a->number, b->number)) != 0) return order > 0;
    return a->opened > b->opened;
}

static itsm_status copy_array(const void **out, itsm__arena *arena, const void *array, size_t n, size_t element)
{
    size_t bytes;
    void *copy;
    *out = NULL;
    if (!n) return ITSM_OK;
    if (!itsm__size_mul(&bytes, n, element) || !(copy = itsm__arena_alloc(arena, bytes))) return ITSM_E_NOMEM;
    memcpy(copy, array, bytes);
    *out = copy;
    return ITSM_OK;
}

/* The clock with copies of its targets and events. */
static itsm_status copy_clock(itsm__report_candidate *out, const itsm_report_clock *clock)
{
    const void *targets = NULL, *events = NULL;
    itsm_status rc = ITSM_OK;
    if (clock->targets && clock->ntargets && (clock->events || !clock->nevents)) {
        rc = copy_array(&targets, &out->text, clock->targets, clock->ntargets, clock->targets->size);
        if (rc == ITSM_OK) rc = copy_array(&events, &out->text, clock->events, clock->nevents, sizeof *clock->events);
    }
    out->clock = *clock, out->clock.targets = targets, out->clock.events = events;
    return rc;
}

/* Prepare a newcomer to the worst list, if it would get in, in the place kept for that. */
static itsm_status plan_worst(itsm_report *report, plan *p)
{
    const itsm_report_case *item = p->item;
    const itsm_report_clock *clock = &p->resolution;
    itsm_report_breach row;
    itsm_status rc;
    memset(&row, 0, sizeof row);
    p->worst = 0;
    if (!clock->breached || !p->resolution_known || !report->worst_count) return ITSM_OK;
    if (!itsm__sub(&row.over, clock->used, clock->goal)) return out_of_range(report, "used");
    row.number = item->number, row.title = item->title, row.opened = item->opened;
    if (report->nworst == report->worst_count && !itsm__report_weaker(&report->worst[report->weakest].row, &row))
        return ITSM_OK;
    itsm__report_candidate *place = report->worst + report->worst_count;
    itsm__arena_reset(&place->text);
    row.priority = item->priority, row.goal = clock->goal, row.used = clock->used, row.paused = clock->paused;
    row.due = clock->due, row.breached_at = clock->breached_at, row.resolved = item->resolved;
    if ((rc = itsm__arena_copy(&row.number, &place->text, item->number)) != ITSM_OK ||
        (rc = itsm__arena_copy(&row.title, &place->text, item->title)) != ITSM_OK ||
        (rc = itsm__arena_copy(&row.priority_label, &place->text, item->priority_label)) != ITSM_OK ||
        (rc = copy_clock(place, clock)) != ITSM_OK)
        return rc;
    place->row = row, p->worst = 1;
    return ITSM_OK;
}

static void read_clock(itsm_report_clock *out, const itsm_report_clock *in)
{
    static const itsm_report_clock start = ITSM_REPORT_CLOCK_INIT;
    *out = start;
    if (in) memcpy(out, in, in->size < sizeof *out ? in->size : sizeof *out);
}

static itsm_status plan_case(itsm_report *report, plan *p, const itsm_report_case *item)
{
    itsm_status rc;
    memset(p, 0, sizeof *p);
    p->item = item, p->last = report->last;
    read_clock(&p->resolution, item->resolution), read_clock(&p->response, item->response);
    p->resolution_known = p->resolution.goal != ITSM_SPAN_NONE && p->resolution.used != ITSM_SPAN_NONE;
    p->measured = p->resolution_known && item->resolved != ITSM_TIME_NONE;
    if (item->opened == ITSM_TIME_NONE)
        return itsm__issue(report->ctx, ITSM_E_INVALID, ITSM_STR("opened"), ITSM_STR("set(opened)"), ITSM_STR(""),
                           "case %S was never opened", item->number);
    if (item->priority < 0 || item->priority >= ITSM_REPORT_PRIORITIES)
        return itsm__issue(report->ctx, ITSM_E_INVALID, ITSM_STR("priority"), ITSM_STR("0 to 5"), ITSM_STR(""),
                           "case %S has priority %d", item->number, (int)item->priority);
    if ((rc = plan_times(report, p)) != ITSM_OK || (rc = plan_segments(report, p)) != ITSM_OK ||
        (rc = plan_breach(report, p)) != ITSM_OK || (rc = plan_worst(report, p)) != ITSM_OK)
        return rc;
    return text_settle(report, &report->figures.label[item->priority], item->priority_label);
}

/* Second step: nothing here can fail ------------------------------------------------------------------------------- */

static void count_share(itsm_report_share *share, int breached)
{
    share->total++;
    if (!breached) share->met++;
}

static void count_value(itsm__report_values *values, itsm_span span, int32_t priority)
{
    values->p[values->n].span = span, values->p[values->n].priority = priority;
    values->n++, values->seconds += span / ITSM_SECONDS(1) + 1;
}

static void count_times(itsm_report *report, const plan *p)
{
    const itsm_report_case *item = p->item;
    itsm_report_day *days = report->days.p;
    days[p->days[0]].created++;
    if (p->days[1] != SIZE_MAX) days[p->days[1]].resolved++;
    if (p->days[2] != SIZE_MAX) days[p->days[2]].closed++;
    if (p->days[1] == SIZE_MAX) {
        itsm__report_open *open = report->open + report->nopen++;
        open->opened = item->opened, open->priority = item->priority, open->breached = p->resolution.breached != 0;
        report->figures.open++;
    } else if (item->resolved != ITSM_TIME_NONE) {
        if (p->reversed) report->figures.reversed++;
        else count_value(&report->elapsed, p->elapsed, item->priority);
        if (p->resolution.used != ITSM_SPAN_NONE) count_value(&report->working, p->resolution.used, item->priority);
    }
}

static void count_goal(itsm_report *report, int32_t priority, itsm_span goal)
{
    if (goal == ITSM_SPAN_NONE || report->goal_kind[priority] == 2) return;
    if (report->goal_kind[priority] == 0) report->goal_kind[priority] = 1, report->figures.goal[priority] = goal;
    else if (report->figures.goal[priority] != goal)
        report->goal_kind[priority] = 2, report->figures.goal[priority] = ITSM_SPAN_NONE;
}

static void count_clocks(itsm_report *report, const plan *p)
{
    itsm_report_figures *figures = &report->figures;
    int32_t priority = p->item->priority;
    count_goal(report, priority, p->resolution.goal);
    if (p->measured) {
        itsm_report_month *month = (itsm_report_month *)report->months.p + p->month;
        count_share(&figures->attainment, p->resolution.breached);
        count_share(&figures->attainment_by_priority[priority], p->resolution.breached);
        count_share(&month->all, p->resolution.breached);
        count_share(&month->by_priority[priority], p->resolution.breached);
    } else if (p->item->resolved != ITSM_TIME_NONE) {
        figures->unmeasured++;
    }
    if (p->response.goal != ITSM_SPAN_NONE && p->response.used != ITSM_SPAN_NONE)
        count_share(&figures->response, p->response.breached);
    if (p->weekday >= 0) figures->breaches[p->weekday][p->hour]++, figures->breached++;
}

static void count_segments(itsm_report *report, const plan *p)
{
    const itsm_report_case *item = p->item;
    uint64_t this_case = report->figures.cases; /* counted from 1: already includes this one */
    for (size_t i = 0; i < item->nsegments; i++) {
        itsm__report_stay *stay = (itsm__report_stay *)report->states.p + report->slots[i];
        itsm_span length = stay_length(item->segments + i);
        stay->visits++;
        if (stay->last_case != this_case) stay->cases++, stay->last_case = this_case;
        stay->seconds += length / ITSM_SECONDS(1), stay->micros += length % ITSM_SECONDS(1);
        if (stay->micros >= ITSM_SECONDS(1)) stay->seconds++, stay->micros -= ITSM_SECONDS(1);
    }
    report->stay_seconds = p->stay_seconds;
}

static void count_deviations(itsm_report *report, const plan *p)
{
    const itsm_report_case *item = p->item;
    uint64_t this_case = report->figures.cases;
    int deviates = 0;
    for (size_t i = 0; i < item->ndeviations; i++) {
        itsm__report_miss *miss = (itsm__report_miss *)report->misses.p + report->slots[item->nsegments + i];
        miss->count++;
        if (miss->last_case != this_case) miss->cases++, miss->last_case = this_case;
        if (miss->undecided) report->figures.undecided_count++;
        else report->figures.deviation_count++, deviates = 1;
    }
    if (deviates) report->figures.deviating_cases++;
}

static void count_worst(itsm_report *report)
{
    size_t place = report->nworst < report->worst_count ? report->nworst++ : report->weakest;
    itsm__report_candidate newcomer = report->worst[report->worst_count];
    report->worst[report->worst_count] = report->worst[place];
    report->worst[place] = newcomer;
    report->weakest = 0;
    for (size_t i = 1; i < report->nworst; i++)
        if (itsm__report_weaker(&report->worst[i].row, &report->worst[report->weakest].row)) report->weakest = i;
}

static void count_case(itsm_report *report, const plan *p)
{
    itsm_report_figures *figures = &report->figures;
    const itsm_report_case *item = p->item;
    figures->cases++, figures->events += item->events, figures->cases_by_priority[item->priority]++;
    if (figures->first == ITSM_TIME_NONE || item->opened < figures->first) figures->first = item->opened;
    report->last = p->last;
    figures->reopened[item->reopened < ITSM_REPORT_COUNTS ? item->reopened : ITSM_REPORT_COUNTS - 1]++;
    figures->reassigned[item->reassigned < ITSM_REPORT_COUNTS ? item->reassigned : ITSM_REPORT_COUNTS - 1]++;
    figures->reassignments += item->reassigned;
    if (item->reopened) figures->reopened_cases++;
    count_times(report, p), count_clocks(report, p), count_segments(report, p), count_deviations(report, p);
    if (p->worst) count_worst(report);
}

itsm_status itsm_report_add(itsm_report *report, const itsm_report_case *item)
{
    static const itsm_report_case start = ITSM_REPORT_CASE_INIT;
    itsm_report_case whole = start;
    plan p;
    if (!report) return ITSM_E_MISUSE;
    itsm__issues_clear(report->ctx);
    if (!item || !item->size || report->finished) return ITSM_E_MISUSE;
    memcpy(&whole, item, item->size < sizeof whole ? item->size : sizeof whole);
    if ((whole.nsegments && !whole.segments) || (whole.ndeviations && !whole.deviations)) return ITSM_E_MISUSE;
    itsm_status rc = plan_case(report, &p, &whole);
    if (rc == ITSM_OK) count_case(report, &p);
    return rc;
}

/* Life ------------------------------------------------------------------------------------------------------------- */

static void rows_clear(itsm_report *report, itsm__report_rows *rows, size_t element)
{
    itsm__map_clear(&rows->map);
    itsm__free(&report->memory, rows->p, rows->capacity * element);
}

void itsm_report_free(itsm_report *report)
{
    if (!report) return;
    itsm__memory memory = report->memory;
    rows_clear(report, &report->days, sizeof(itsm_report_day));
    rows_clear(report, &report->months, sizeof(itsm_report_month));
    rows_clear(report, &report->states, sizeof(itsm__report_stay));
    rows_clear(report, &report->misses, sizeof(itsm__report_miss));
    itsm__free(&memory, report->elapsed.p, report->elapsed.capacity * sizeof *report->elapsed.p);
    itsm__free(&memory, report->working.p, report->working.capacity * sizeof *report->working.p);
    itsm__free(&memory, report->open, report->open_capacity * sizeof *report->open);
    itsm__free(&memory, report->slots, report->slot_capacity * sizeof *report->slots);
    for (size_t i = 0; report->worst && i <= report->worst_count; i++) itsm__arena_clear(&report->worst[i].text);
    itsm__free(&memory, report->worst, (report->worst_count + (size_t)1) * sizeof *report->worst);
    itsm_buf_clear(&report->key);
    itsm__arena_clear(&report->text), itsm__arena_clear(&report->result);
    itsm_zone_free(report->zone);
    itsm__free(&memory, report, sizeof *report);
}

static itsm_status report_start(itsm_report *report, const itsm_report_options *options)
{
    itsm_report_figures *figures = &report->figures;
    itsm_status rc;
    size_t places = (size_t)options->worst_count + 1;
    report->worst_count = options->worst_count, report->end = options->end, report->last = ITSM_TIME_NONE;
    if (!(report->worst = itsm__alloc_zero(&report->memory, places * sizeof *report->worst))) return ITSM_E_NOMEM;
    for (size_t i = 0; i < places; i++) itsm__arena_init(&report->worst[i].text, &report->memory);
    figures->size = sizeof *figures, figures->target_permille = options->target_permille;
    figures->first = figures->end = ITSM_TIME_NONE;
    for (size_t i = 0; i < ITSM_REPORT_PRIORITIES; i++) figures->goal[i] = ITSM_SPAN_NONE;
    if ((rc = itsm__arena_copy(&figures->title, &report->text, options->title)) != ITSM_OK ||
        (rc = itsm__arena_copy(&figures->source, &report->text, options->source)) != ITSM_OK)
        return rc;
    report->zone = itsm_zone_ref(options->zone), figures->zone = report->zone;
    return itsm__arena_copy(&figures->calendar, &report->text, options->calendar);
}

itsm_status itsm_report_new(itsm_report **out, itsm_ctx *ctx, const itsm_report_options *options)
{
    itsm_report_options whole = ITSM_REPORT_OPTIONS_INIT;
    if (out) *out = NULL;
    if (!out || !ctx) return ITSM_E_MISUSE;
    itsm__issues_clear(ctx);
    if (options && !options->size) return ITSM_E_MISUSE;
    if (options) memcpy(&whole, options, options->size < sizeof whole ? options->size : sizeof whole);
    if (whole.worst_count > WORST_MAX || whole.target_permille > 1000)
        return itsm__issue(ctx, ITSM_E_LIMIT, ITSM_STR("options"), ITSM_STR(""), ITSM_STR(""),
                           "at most %d worst cases and a target of at most 1000 permille", (int)WORST_MAX);
    const itsm__memory *memory = itsm__ctx_memory(ctx);
    itsm_report *report = itsm__alloc_zero(memory, sizeof *report);
    if (!report) return ITSM_E_NOMEM;
    report->ctx = ctx, report->memory = *memory;
    itsm__arena_init(&report->text, memory), itsm__arena_init(&report->result, memory);
    itsm__map_init(&report->days.map, memory), itsm__map_init(&report->months.map, memory);
    itsm__map_init(&report->states.map, memory), itsm__map_init(&report->misses.map, memory);
    itsm_buf_init(&report->key, ctx);
    itsm_status rc = report_start(report, &whole);
    if (rc != ITSM_OK) {
        itsm_report_free(report);
        return rc;
    }
    *out = report;
    return ITSM_OK;
}
