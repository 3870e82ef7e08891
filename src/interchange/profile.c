/* SPDX-License-Identifier: MIT */
/*
 * The measures of a log, taken row by row.  A case is kept as one fixed-size struct, a name (of a state, a priority,
 * a transition) once in a map, so memory grows with the cases, not with the events.  Adding a row costs a few hash
 * look-ups.  What the figures mean is said beside them where they are written, in profile_json.c.
 *
 * Nothing may be added after the profile was written out with a different mapping; apart from that, order is free.
 */
#include "interchange/profile.h"

#include "base/text.h"

#define NO_PRIORITY UINT32_MAX

void itsm__profile_init(itsm__profile *p, const itsm__memory *memory, const itsm_mapping *mapping,
                        const uint32_t *places)
{
    memset(p, 0, sizeof *p);
    p->memory = *memory, p->mapping = mapping, p->places = places;
    itsm__map_init(&p->cases_by_number, memory);
    itsm__map_init(&p->states, memory);
    itsm__map_init(&p->priorities, memory);
    itsm__map_init(&p->transitions, memory);
    itsm__map_init(&p->combinations, memory);
    p->opened_min = INT64_MAX, p->opened_max = INT64_MIN, p->last_update = INT64_MIN;
    p->scratch.alloc = memory->fn, p->scratch.alloc_user = memory->user;
}

void itsm__profile_clear(itsm__profile *p)
{
    itsm__map_clear(&p->cases_by_number);
    itsm__map_clear(&p->states);
    itsm__map_clear(&p->priorities);
    itsm__map_clear(&p->transitions);
    itsm__map_clear(&p->combinations);
    itsm__free(&p->memory, p->cases, p->case_capacity * sizeof *p->cases);
    itsm__free(&p->memory, p->dwell, p->dwell_capacity * sizeof *p->dwell);
    itsm__free(&p->memory, p->missing, p->ncolumns * sizeof *p->missing);
    itsm_buf_clear(&p->scratch);
}

/* The place of a name in a map that counts; UINT32_MAX without memory. */
static uint32_t count_name(itsm__map *map, itsm_str name)
{
    uint64_t *value = itsm__map_put(map, name.p, name.n, NULL);
    if (!value) return UINT32_MAX;
    ++*value;
    return (uint32_t)((itsm__map_entry *)(void *)((char *)value - offsetof(itsm__map_entry, value)) - map->entries);
}

static itsm_str column(const itsm__profile *p, const itsm_log_event *event, int which)
{
    uint32_t i = p->places[which];
    return i < event->ncolumns ? event->columns[i] : itsm_str_c(NULL);
}

/* A counter of the source; -1 where it gives none. */
static int64_t counter(const itsm__profile *p, const itsm_log_event *event, int which)
{
    int64_t n;
    return itsm__parse_int(&n, column(p, event, which)) == ITSM_OK && n >= 0 ? n : -1;
}

static itsm_status find_case(itsm__profile *p, itsm__log_case **out, const itsm_log_event *event)
{
    int added;
    itsm_status rc = itsm__grow(&p->memory, &p->cases, &p->case_capacity, p->ncases + 1, sizeof *p->cases);
    if (rc) return rc;
    uint64_t *index = itsm__map_put(&p->cases_by_number, event->number.p, event->number.n, &added);
    if (!index) return ITSM_E_NOMEM;
    if (added) {
        itsm__log_case *c = &p->cases[p->ncases];
        memset(c, 0, sizeof *c);
        c->number = p->cases_by_number.entries[p->cases_by_number.count - 1].key;
        c->first_priority = c->last_priority = NO_PRIORITY;
        c->modifications = c->reassignments = c->reopenings = -1;
        *index = p->ncases++;
    }
    *out = &p->cases[*index];
    return ITSM_OK;
}

/* What the columns of a single row say, whatever came before. */
static itsm_status add_row(itsm__profile *p, const itsm_log_event *event)
{
    if (!p->missing) {
        p->missing = itsm__alloc_zero(&p->memory, event->ncolumns * sizeof *p->missing);
        if (!p->missing) return ITSM_E_NOMEM;
        p->ncolumns = event->ncolumns;
    }
    for (size_t i = 0; i < event->ncolumns; i++) p->missing[i] += (uint64_t)itsm__mapping_is_missing(p->mapping, event->columns[i]);
    itsm_str active = column(p, event, ITSM__COLUMN_ACTIVE);
    int closed = event->category == ITSM_CLOSED;
    p->closed_event_active += closed && itsm_str_is(active, "true");
    p->nonclosed_event_inactive += !closed && itsm_str_is(active, "false");
    p->created_before_opened += event->created.local != ITSM_TIME_NONE && event->created.local < event->opened.local;
    p->updated_before_opened += event->at.local < event->opened.local;
    p->minus_100 += (uint64_t)itsm_str_is(event->source_state, "-100");
    if (event->opened.local != ITSM_TIME_NONE) {
        if (event->opened.local < p->opened_min) p->opened_min = event->opened.local;
        if (event->opened.local > p->opened_max) p->opened_max = event->opened.local;
    }
    if (event->at.local > p->last_update) p->last_update = event->at.local;
    p->events++;
    if (!p->mapping->columns[ITSM__COLUMN_IMPACT].n || !p->mapping->columns[ITSM__COLUMN_URGENCY].n) return ITSM_OK;
    p->scratch.n = 0;
    itsm_status rc = itsm__format(&p->scratch, "%S|%S|%S", column(p, event, ITSM__COLUMN_IMPACT),
                                  column(p, event, ITSM__COLUMN_URGENCY), column(p, event, ITSM__COLUMN_PRIORITY));
    if (!rc && count_name(&p->combinations, itsm_buf_str(&p->scratch)) == UINT32_MAX) rc = ITSM_E_NOMEM;
    return rc;
}

/* The step from the case's row before to this one. */
static itsm_status add_step(itsm__profile *p, const itsm__log_case *c, const itsm_log_event *event, uint32_t state)
{
    itsm__tally *dwell = &p->dwell[c->last_state];
    dwell->steps++;
    if (event->at.local > c->last_at) dwell->minutes += (event->at.local - c->last_at) / ITSM_MINUTES(1);
    p->time_decreases += event->at.local < c->last_at;
    p->time_ties += event->at.local == c->last_at;
    p->scratch.n = 0;
    itsm_status rc = itsm__format(&p->scratch, "%S -> %S", p->states.entries[c->last_state].key, p->states.entries[state].key);
    if (!rc && count_name(&p->transitions, itsm_buf_str(&p->scratch)) == UINT32_MAX) rc = ITSM_E_NOMEM;
    return rc;
}

static void add_counters(itsm__profile *p, itsm__log_case *c, const itsm_log_event *event)
{
    int64_t modifications = counter(p, event, ITSM__COLUMN_MODIFICATIONS);
    int64_t reassignments = counter(p, event, ITSM__COLUMN_REASSIGNMENTS);
    int64_t reopenings = counter(p, event, ITSM__COLUMN_REOPENINGS);
    unsigned char made_sla = (unsigned char)itsm_str_is(column(p, event, ITSM__COLUMN_MADE_SLA), "true");
    if (c->events) {
        p->modification_decreases += modifications < c->modifications;
        p->modification_gaps += modifications > c->modifications + 1;
        p->reassignment_decreases += reassignments < c->reassignments;
        p->reopening_decreases += reopenings < c->reopenings;
        p->made_sla_false_to_true += made_sla && !c->made_sla;
        c->made_sla_changed |= made_sla != c->made_sla;
    } else {
        p->first_modification_not_0 += modifications > 0;
    }
    c->modifications = modifications, c->reassignments = reassignments, c->reopenings = reopenings, c->made_sla = made_sla;
    if (reassignments > c->reassignments_max) c->reassignments_max = reassignments;
    if (reopenings > c->reopenings_max) c->reopenings_max = reopenings;
}

static itsm_status add_priority(itsm__profile *p, itsm__log_case *c, const itsm_log_event *event)
{
    itsm_str label = column(p, event, ITSM__COLUMN_PRIORITY);
    if (!label.n) return ITSM_OK;
    uint32_t priority = count_name(&p->priorities, label);
    if (priority == UINT32_MAX) return ITSM_E_NOMEM;
    if (c->first_priority == NO_PRIORITY) c->first_priority = priority;
    else c->priority_changed |= priority != c->last_priority;
    c->last_priority = priority;
    return ITSM_OK;
}

itsm_status itsm__profile_add(itsm__profile *p, itsm__log_case **out, const itsm_log_event *event)
{
    itsm__log_case *c;
    itsm_status rc = find_case(p, &c, event);
    if (!rc) rc = add_row(p, event);
    if (rc) return rc;
    uint32_t state = count_name(&p->states, event->source_state);
    if (state == UINT32_MAX) return ITSM_E_NOMEM;
    size_t had = p->dwell_capacity;
    if ((rc = itsm__grow(&p->memory, &p->dwell, &p->dwell_capacity, (size_t)state + 1, sizeof *p->dwell))) return rc;
    if (p->dwell_capacity > had) memset(p->dwell + had, 0, (p->dwell_capacity - had) * sizeof *p->dwell);
    if (c->events) rc = add_step(p, c, event, state);
    else c->first_state = state;
    if (rc || (rc = add_priority(p, c, event))) return rc;
    add_counters(p, c, event);
    c->last_state = state, c->last_at = event->at.local;
    c->opened = event->opened, c->resolved = event->resolved, c->closed = event->closed;
    c->opened_kind = (unsigned char)event->opened_kind;
    c->events++;
    *out = c;
    return ITSM_OK;
}
