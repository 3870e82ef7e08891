/* SPDX-License-Identifier: MIT */
/*
 * From records to cases.  The stamps come from the record, the stays in states and the deviations from its history,
 * the clocks from their rows, folded under the targets asked for.  One record is in memory at a time.
 */
#include <itsm/report.h>

#include "base/ctx.h"
#include "sms/observe.h"

typedef struct collecting {
    itsm_sms *sms;
    const itsm_sla *sla;
    itsm_report_case_fn fn;
    void *user;
    itsm__memory memory;
    itsm__arena arena; /* of one case */
    const itsm_machine *machine;
    itsm_report_segment *segments;
    size_t nsegments, segment_capacity;
    itsm_report_deviation *deviations;
    size_t ndeviations, deviation_capacity;
    itsm_time entered; /* when the present segment began */
    uint32_t entries;
} collecting;

/* A field by name that this type may or may not have. */
static int find(itsm_value *out, const itsm_record *record, const char *name)
{
    return itsm_record_find(out, record, itsm_str_c(name)) == ITSM_OK;
}

static itsm_time time_of(const itsm_record *record, const char *const *names)
{
    itsm_value value;
    for (; *names; names++)
        if (find(&value, record, *names) && value.kind == ITSM_TIME) return value.u.i;
    return ITSM_TIME_NONE;
}

static int64_t number_of(const itsm_record *record, const char *name)
{
    itsm_value value;
    return find(&value, record, name) && value.kind == ITSM_INT ? value.u.i : 0;
}

static const char *const category_names[] = {"", "initial", "open", "paused", "resolved", "closed", "cancelled"};

/* The stay that ends, or the last one, in a state of that name. */
static itsm_status add_segment(collecting *c, itsm_str state, itsm_time to)
{
    itsm_status rc = itsm__grow(&c->memory, &c->segments, &c->segment_capacity, c->nsegments + 1, sizeof *c->segments);
    if (rc) return rc;
    itsm_report_segment *s = &c->segments[c->nsegments];
    memset(s, 0, sizeof *s);
    s->from = c->entered, s->to = to;
    for (size_t i = 0; i < c->machine->nstates; i++)
        if (itsm_str_eq(c->machine->states[i].name, state)) {
            s->state = c->machine->states[i].name;
            s->category = itsm_str_c(category_names[c->machine->states[i].category]);
        }
    if (!s->state.n && (rc = itsm__arena_copy(&s->state, &c->arena, state))) return rc;
    c->nsegments++, c->entered = to;
    return ITSM_OK;
}

static itsm_status add_deviation(collecting *c, const itsm_deviation *d)
{
    itsm_status rc =
        itsm__grow(&c->memory, &c->deviations, &c->deviation_capacity, c->ndeviations + 1, sizeof *c->deviations);
    if (rc) return rc;
    itsm_report_deviation *out = &c->deviations[c->ndeviations];
    out->undecided = (int32_t)d->undecided;
    if ((rc = itsm__arena_copy(&out->move, &c->arena, d->move)) ||
        (rc = itsm__arena_copy(&out->rule, &c->arena, d->rule)) ||
        (rc = itsm__arena_copy(&out->clause, &c->arena, d->clause)))
        return rc;
    c->ndeviations++;
    return ITSM_OK;
}

static itsm_status take_entry(void *user, const itsm_history *entry)
{
    collecting *c = user;
    itsm_status rc = ITSM_OK;
    c->entries++;
    for (size_t i = 0; i < entry->nbefore && !rc; i++) {
        if (entry->before[i].no != c->machine->number) continue;
        itsm_str state =
            entry->before[i].value.kind ? entry->before[i].value.u.s : c->machine->states[c->machine->initial].name;
        if (entry->effective != c->entered || c->nsegments || entry->before[i].value.kind)
            rc = add_segment(c, state, entry->effective);
    }
    for (size_t i = 0; i < entry->ndeviations && !rc; i++) rc = add_deviation(c, &entry->deviations[i]);
    return rc;
}

/* Working time from a to b by the first target's calendar. */
static itsm_span gross(const itsm_target *target, itsm_time a, itsm_time b)
{
    itsm_span span;
    if (!target->calendar) return b - a;
    return itsm_calendar_between(&span, target->calendar, a, b) == ITSM_OK ? span : ITSM_SPAN_NONE;
}

static itsm_status read_clock(itsm_report_clock *out, int *found, collecting *c, itsm_ref ref, uint32_t kind)
{
    itsm_clock_row row = ITSM_CLOCK_ROW_INIT;
    itsm_clock_reading reading = ITSM_CLOCK_READING_INIT;
    itsm_clock clock;
    itsm_target *targets;
    const itsm_sla_rule *last;
    static const itsm_report_clock blank = ITSM_REPORT_CLOCK_INIT;
    *out = blank, *found = 0;
    if (!itsm__sla_measures(c->sla, kind)) return ITSM_OK;
    itsm_status rc = itsm_sms_clock(&row, c->sms, ref, kind);
    if (rc) return rc == ITSM_NOTHING ? ITSM_OK : rc;
    itsm_clock_event *events = itsm__arena_alloc(&c->arena, row.nevents * sizeof *events);
    if (!events) return ITSM_E_NOMEM;
    memcpy(events, row.events, row.nevents * sizeof *events);
    if ((rc = itsm__clock_targets(&targets, &c->arena, c->sla, kind, row.facts, row.npriorities)) ||
        (rc = itsm_clock_replay(&clock, targets, row.npriorities, events, row.nevents)) ||
        (rc = itsm_clock_read(&reading, &clock, events[row.nevents - 1].at)))
        return rc;
    *found = 1;
    out->targets = targets, out->ntargets = row.npriorities, out->events = events, out->nevents = row.nevents;
    out->due = reading.due;
    if (itsm_sla_find_facts(&last, c->sla, kind, &row.facts[row.npriorities - 1]) == ITSM_OK &&
        last->target.goal < ITSM_GOAL_NONE)
        out->goal = last->target.goal;
    if (reading.stopped_at == ITSM_TIME_NONE || reading.stopped_at < reading.start) return ITSM_OK;
    out->used = reading.used, out->paused = reading.paused;
    out->gross = gross(&targets[0], reading.start, reading.stopped_at);
    out->breached = out->goal != ITSM_SPAN_NONE && reading.breached, out->breached_at = reading.breached_at;
    return ITSM_OK;
}

static itsm_status give(void *user, const itsm_record *record)
{
    static const char *const opened[] = {"created_at", NULL};
    static const char *const resolved[] = {"resolved_at", "fulfilled_at", NULL};
    static const char *const closed[] = {"closed_at", NULL};
    collecting *c = user;
    itsm_report_case item = ITSM_REPORT_CASE_INIT;
    itsm_report_clock resolution, response;
    itsm_value value;
    int has_resolution = 0, has_response = 0;
    itsm_ref ref = itsm_record_ref(record);
    itsm__arena_reset(&c->arena);
    c->nsegments = c->ndeviations = 0, c->entries = 0;
    c->machine = &itsm_record_type(record)->machines[0];
    item.opened = time_of(record, opened), item.resolved = time_of(record, resolved),
    item.closed = time_of(record, closed);
    c->entered = item.opened;
    itsm_status rc = itsm_sms_history(c->sms, ref, take_entry, c);
    if (!rc && find(&value, record, c->machine->name.p)) rc = add_segment(c, value.u.s, c->entered);
    if (!rc && c->sla) rc = read_clock(&resolution, &has_resolution, c, ref, ITSM_RESOLUTION);
    if (!rc && c->sla && !has_resolution) rc = read_clock(&resolution, &has_resolution, c, ref, ITSM_FULFILMENT);
    if (!rc && c->sla) rc = read_clock(&response, &has_response, c, ref, ITSM_RESPONSE);
    if (rc) return rc;
    item.number = find(&value, record, "number") ? value.u.s : itsm__no_text();
    item.title = find(&value, record, "title") ? value.u.s : itsm__no_text();
    item.priority = (int32_t)number_of(record, "priority");
    if (item.priority < 0 || item.priority > 5) item.priority = 0;
    item.segments = c->segments, item.nsegments = c->nsegments;
    item.deviations = c->deviations, item.ndeviations = c->ndeviations;
    item.resolution = has_resolution ? &resolution : NULL, item.response = has_response ? &response : NULL;
    item.events = c->entries;
    item.reopened = (uint32_t)number_of(record, "reopen_count");
    item.reassigned = (uint32_t)number_of(record, "reassignment_count");
    return c->fn(c->user, &item);
}

static void begin(collecting *c, itsm_sms *sms, const itsm_sla *sla, itsm_report_case_fn fn, void *user)
{
    memset(c, 0, sizeof *c);
    c->sms = sms, c->sla = sla, c->fn = fn, c->user = user, c->memory = *itsm__ctx_memory(itsm__sms_ctx(sms));
    itsm__arena_init(&c->arena, &c->memory);
}

static void end(collecting *c)
{
    itsm__free(&c->memory, c->segments, c->segment_capacity * sizeof *c->segments);
    itsm__free(&c->memory, c->deviations, c->deviation_capacity * sizeof *c->deviations);
    itsm__arena_clear(&c->arena);
}

itsm_status itsm_report_each(itsm_sms *sms, itsm_str type, const itsm_sla *sla, itsm_report_case_fn fn, void *user)
{
    collecting c;
    if (!sms || !fn) return ITSM_E_MISUSE;
    begin(&c, sms, sla, fn, user);
    itsm_status rc = itsm_sms_each(sms, type, give, &c);
    end(&c);
    return rc;
}

itsm_status itsm_report_one(itsm_sms *sms, itsm_str number, const itsm_sla *sla, itsm_report_case_fn fn, void *user)
{
    collecting c;
    itsm_ref ref;
    const itsm_record *record;
    itsm_record *copy = NULL;
    itsm_work *work;
    itsm_act act = ITSM_ACT_INIT;
    if (!sms || !fn) return ITSM_E_MISUSE;
    itsm_status rc = itsm_sms_find(&ref, sms, number);
    if (!rc) rc = itsm_work_new(&work, sms, &act);
    if (rc) return rc;
    if (!(rc = itsm_work_get(&record, work, ref))) rc = itsm_record_copy(&copy, itsm__sms_ctx(sms), record);
    itsm_work_free(work);
    if (rc) return rc;
    begin(&c, sms, sla, fn, user);
    rc = give(&c, copy);
    end(&c);
    itsm_record_free(copy);
    return rc;
}
