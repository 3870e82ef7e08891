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

/* Counters beyond this are no counters: sums over ten million cases stay far from overflow. */
#define COUNTER_MAX INT64_C(1000000000)

/* Every state of the mapping has its place from the start. */
static itsm_status add_states(itsm__profile *p)
{
    size_t n = p->mapping->nstates;
    p->dwell = itsm__alloc_zero(&p->memory, n * sizeof *p->dwell);
    p->transitions = itsm__alloc_zero(&p->memory, n * n * sizeof *p->transitions);
    if (!p->dwell || !p->transitions) return ITSM_E_NOMEM;
    for (size_t i = 0; i < n; i++)
        if (!itsm__map_put(&p->states, p->mapping->states[i].source.p, p->mapping->states[i].source.n, NULL))
            return ITSM_E_NOMEM;
    return ITSM_OK;
}

itsm_status itsm__profile_init(itsm__profile *p, const itsm__memory *memory, const itsm_mapping *mapping,
                               const uint32_t *places, size_t ncolumns)
{
    memset(p, 0, sizeof *p);
    p->memory = *memory, p->mapping = mapping, p->places = places, p->ncolumns = ncolumns;
    itsm__map_init(&p->cases_by_number, memory);
    itsm__map_init(&p->states, memory);
    itsm__map_init(&p->priorities, memory);
    itsm__map_init(&p->combinations, memory);
    p->opened_min = INT64_MAX, p->opened_max = INT64_MIN, p->last_update = INT64_MIN;
    p->scratch.alloc = memory->fn, p->scratch.alloc_user = memory->user;
    p->missing = itsm__alloc_zero(memory, ncolumns * sizeof *p->missing);
    return p->missing ? add_states(p) : ITSM_E_NOMEM;
}

void itsm__profile_clear(itsm__profile *p)
{
    size_t n = p->mapping ? p->mapping->nstates : 0;
    itsm__map_clear(&p->cases_by_number);
    itsm__map_clear(&p->states);
    itsm__map_clear(&p->priorities);
    itsm__map_clear(&p->combinations);
    itsm__free(&p->memory, p->cases, p->case_capacity * sizeof *p->cases);
    itsm__free(&p->memory, p->dwell, n * sizeof *p->dwell);
    itsm__free(&p->memory, p->transitions, n * n * sizeof *p->transitions);
    itsm__free(&p->memory, p->missing, p->ncolumns * sizeof *p->missing);
    itsm_buf_clear(&p->scratch);
}

/* Count a name; *place is its place in the map, and on entry a guess at it. */
static itsm_status count_name(size_t *place, itsm__map *map, itsm_str name)
{
    if (*place < map->count && itsm_str_eq(map->entries[*place].key, name))
        return map->entries[*place].value++, ITSM_OK;
    uint64_t *value = itsm__map_put(map, name.p, name.n, NULL);
    if (!value) return ITSM_E_NOMEM;
    ++*value;
    *place = (size_t)((itsm__map_entry *)(void *)((char *)value - offsetof(itsm__map_entry, value)) - map->entries);
    return ITSM_OK;
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
    return itsm__parse_int(&n, column(p, event, which)) == ITSM_OK && n >= 0 && n <= COUNTER_MAX ? n : -1;
}

/* The rows of a case often follow each other: the latest case is tried first. */
static itsm_status find_case(itsm__profile *p, itsm__log_case **out, const itsm_log_event *event)
{
    int added;
    if (p->ncases && itsm_str_eq(p->cases[p->ncases - 1].number, event->number))
        return *out = &p->cases[p->ncases - 1], ITSM_OK;
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

static itsm_status add_combination(itsm__profile *p, const itsm_log_event *event)
{
    static const int parts[] = {ITSM__COLUMN_IMPACT, ITSM__COLUMN_URGENCY, ITSM__COLUMN_PRIORITY};
    itsm_status rc = ITSM_OK;
    if (!p->mapping->columns[ITSM__COLUMN_IMPACT].n || !p->mapping->columns[ITSM__COLUMN_URGENCY].n) return ITSM_OK;
    p->scratch.n = 0;
    for (size_t i = 0; i < sizeof parts / sizeof *parts && !rc; i++) {
        if (i) rc = itsm__buf_char(&p->scratch, '|');
        if (!rc) rc = itsm__buf_str(&p->scratch, column(p, event, parts[i]));
    }
    return rc ? rc : count_name(&p->combination, &p->combinations, itsm_buf_str(&p->scratch));
}

/* What the columns of a single row say, whatever came before. */
static itsm_status add_row(itsm__profile *p, const itsm_log_event *event)
{
    for (size_t i = 0; i < event->ncolumns; i++)
        p->missing[i] += (uint64_t)itsm__mapping_is_missing(p->mapping, event->columns[i]);
    itsm_str active = column(p, event, ITSM__COLUMN_ACTIVE);
    int closed = event->category == ITSM_CLOSED;
    p->closed_event_active += closed && itsm_str_is(active, "true");
    p->nonclosed_event_inactive += !closed && itsm_str_is(active, "false");
    p->created_before_opened += event->created.local != ITSM_TIME_NONE && event->created.local < event->opened.local;
    p->updated_before_opened += event->at.local < event->opened.local;
    if (event->opened.local != ITSM_TIME_NONE) {
        if (event->opened.local < p->opened_min) p->opened_min = event->opened.local;
        if (event->opened.local > p->opened_max) p->opened_max = event->opened.local;
    }
    if (event->at.local > p->last_update) p->last_update = event->at.local;
    p->events++;
    return add_combination(p, event);
}

/* The step from the case's row before to this one. */
static void add_step(itsm__profile *p, const itsm__log_case *c, const itsm_log_event *event, size_t state)
{
    itsm__dwell *dwell = &p->dwell[c->last_state];
    dwell->steps++;
    if (event->at.local > c->last_at) dwell->minutes += (event->at.local - c->last_at) / ITSM_MINUTES(1);
    p->time_decreases += event->at.local < c->last_at;
    p->time_ties += event->at.local == c->last_at;
    p->transitions[c->last_state * p->mapping->nstates + state]++;
}

/* A counter that a row does not give is as it was. */
static void add_counters(itsm__profile *p, itsm__log_case *c, const itsm_log_event *event)
{
    int64_t modifications = counter(p, event, ITSM__COLUMN_MODIFICATIONS);
    int64_t reassignments = counter(p, event, ITSM__COLUMN_REASSIGNMENTS);
    int64_t reopenings = counter(p, event, ITSM__COLUMN_REOPENINGS);
    unsigned char made_sla = (unsigned char)itsm_str_is(column(p, event, ITSM__COLUMN_MADE_SLA), "true");
    if (c->events) {
        p->made_sla_false_to_true += made_sla && !c->made_sla;
        c->made_sla_changed |= made_sla != c->made_sla;
    } else {
        p->first_modification_not_0 += modifications > 0;
    }
    c->made_sla = made_sla;
    if (modifications >= 0) {
        p->modification_decreases += modifications < c->modifications;
        p->modification_gaps += c->modifications >= 0 && modifications - c->modifications > 1;
        c->modifications = modifications;
    }
    if (reassignments >= 0) {
        p->reassignment_decreases += reassignments < c->reassignments;
        c->reassignments = reassignments;
        if (reassignments > c->reassignments_max) c->reassignments_max = reassignments;
    }
    if (reopenings >= 0) {
        p->reopening_decreases += reopenings < c->reopenings;
        c->reopenings = reopenings;
        if (reopenings > c->reopenings_max) c->reopenings_max = reopenings;
    }
}

static itsm_status add_priority(itsm__profile *p, itsm__log_case *c, const itsm_log_event *event)
{
    itsm_str label = column(p, event, ITSM__COLUMN_PRIORITY);
    size_t priority = c->last_priority;
    if (!label.n) return ITSM_OK;
    itsm_status rc = count_name(&priority, &p->priorities, label);
    if (rc) return rc;
    if (c->first_priority == NO_PRIORITY) c->first_priority = (uint32_t)priority;
    else c->priority_changed |= priority != c->last_priority;
    c->last_priority = (uint32_t)priority;
    return ITSM_OK;
}

itsm_status itsm__profile_add(itsm__profile *p, itsm__log_case **out, const itsm_log_event *event, size_t state)
{
    itsm__log_case *c;
    itsm_status rc = find_case(p, &c, event);
    if (!rc) rc = add_row(p, event);
    if (!rc) rc = add_priority(p, c, event);
    if (rc) return rc;
    p->states.entries[state].value++;
    if (c->events) add_step(p, c, event, state);
    else c->first_state = (uint32_t)state;
    add_counters(p, c, event);
    c->last_state = (uint32_t)state, c->last_at = event->at.local;
    c->opened = event->opened, c->resolved = event->resolved, c->closed = event->closed;
    c->opened_kind = (unsigned char)event->opened_kind;
    c->events++;
    *out = c;
    return ITSM_OK;
}
