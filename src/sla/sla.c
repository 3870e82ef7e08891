/* SPDX-License-Identifier: MIT */
/*
 * Sets of targets: rules in the order in which they are tried, frozen and counted.
 *
 * A builder keeps rules with copies of their texts, conditions and thresholds in an arena and shares of their
 * calendars; freezing copies all of it into the set.  Most rules read one number, the priority; those are found by
 * binary search in an index of (kind, priority), and only the others before the one found are tried one by one.  A
 * field is asked for when a rule first needs it, and once.
 */
#include "sla/sla.h"

#include "base/atomic.h"
#include "base/ctx.h"
#include "base/map.h"
#include "base/sort.h"
#include "sla/clock.h"

enum { RULES_MAX = 10000, CONDITIONS_MAX = 16, FIELDS_MAX = 64 };

typedef struct rule {
    itsm_sla_rule shown;
    unsigned char fields[CONDITIONS_MAX]; /* of its conditions: which of the set's */
    unsigned char by_priority;            /* its only condition is numbers of the priority */
} rule;

typedef struct rules {
    itsm__memory memory;
    itsm__arena arena; /* texts, conditions, thresholds */
    itsm_str name;
    rule *array;
    size_t n, capacity;
    itsm_str fields[FIELDS_MAX];
    size_t nfields;
    const itsm_calendar *calendars[ITSM__SLA_CALENDARS_MAX]; /* each once; the shares are the rules' */
    size_t ncalendars;
} rules;

/* A priority that a rule is for. */
typedef struct place {
    uint32_t kind, at; /* at: which rule */
    int64_t priority;
} place;

struct itsm_sla_builder {
    rules rules;
    itsm__map priorities; /* kind and priority that were added alone */
};

struct itsm_sla {
    itsm__refcount refs;
    rules rules;
    place *places; /* of the rules by priority, in order; the first rule only */
    size_t nplaces, place_capacity;
    uint32_t *others; /* the other rules, in order */
    size_t nothers, other_capacity;
};

static void give_back(const itsm_calendar *calendar)
{
    union {
        const itsm_calendar *borrowed;
        itsm_calendar *share;
    } one;
    one.borrowed = calendar; /* the share taken when the rule was added */
    itsm_calendar_free(one.share);
}

static void clear(rules *r)
{
    for (size_t i = 0; i < r->n; i++) give_back(r->array[i].shown.target.calendar);
    itsm__free(&r->memory, r->array, r->capacity * sizeof *r->array);
    itsm__arena_clear(&r->arena);
}

/* Checking and copying rules -------------------------------------------------------------------------------------- */

static itsm_status check_condition(const itsm_sla_rule *given, size_t i)
{
    const itsm_sla_condition *condition = &given->conditions[i];
    if (!condition->field.n || !condition->values || !condition->value_count) return ITSM_E_INVALID;
    if (condition->value_count > ITSM__SLA_VALUES_MAX) return ITSM_E_LIMIT;
    for (size_t k = 0; k < i; k++)
        if (itsm_str_eq(given->conditions[k].field, condition->field)) return ITSM_E_INVALID;
    for (size_t k = 0; k < condition->value_count; k++) {
        const uint16_t kind = condition->values[k].kind;
        if (kind != ITSM_NONE && kind != ITSM_TEXT && kind != ITSM_INT && kind != ITSM_BOOL) return ITSM_E_INVALID;
    }
    return ITSM_OK;
}

static itsm_status check(const itsm_sla_rule *given)
{
    if (given->size < sizeof *given || (given->condition_count && !given->conditions)) return ITSM_E_MISUSE;
    itsm_status rc = itsm__target_check(&given->target);
    if (rc) return rc;
    if (given->kind < ITSM_RESPONSE || given->kind > ITSM_UPDATE) return ITSM_E_INVALID;
    if (given->retarget < ITSM_RETARGET_KEEP || given->retarget > ITSM_RETARGET_PROPORTIONAL) return ITSM_E_RANGE;
    if (given->condition_count > CONDITIONS_MAX) return ITSM_E_LIMIT;
    for (size_t i = 0; i < given->condition_count && !rc; i++) rc = check_condition(given, i);
    return rc;
}

/* Which of the fields it is; `at` is how many there are if it is none of them. */
static size_t find_field(const rules *r, itsm_str field)
{
    size_t at = 0;
    while (at < r->nfields && !itsm_str_eq(r->fields[at], field)) at++;
    return at;
}

static itsm_status copy_condition(itsm_sla_condition *out, rules *r, unsigned char *field,
                                  const itsm_sla_condition *given)
{
    const size_t at = find_field(r, given->field);
    if (at == FIELDS_MAX) return ITSM_E_LIMIT;
    itsm_status rc = at < r->nfields ? ITSM_OK : itsm__arena_copy(&r->fields[at], &r->arena, given->field);
    itsm_value *values = itsm__arena_alloc(&r->arena, given->value_count * sizeof *values);
    if (rc || !values) return rc ? rc : ITSM_E_NOMEM;
    if (at == r->nfields) r->nfields++;
    memcpy(values, given->values, given->value_count * sizeof *values);
    for (size_t i = 0; i < given->value_count && !rc; i++)
        if (values[i].kind == ITSM_TEXT) rc = itsm__arena_copy(&values[i].u.s, &r->arena, given->values[i].u.s);
    out->field = r->fields[at], out->values = values, out->value_count = given->value_count;
    *field = (unsigned char)at;
    return rc;
}

static int is_by_priority(const itsm_sla_rule *shown)
{
    const itsm_sla_condition *only = shown->conditions;
    if (shown->condition_count != 1 || !itsm_str_is(only->field, "priority")) return 0;
    for (size_t i = 0; i < only->value_count; i++)
        if (only->values[i].kind != ITSM_INT) return 0;
    return 1;
}

static itsm_status copy_rule(rule *out, rules *r, const itsm_sla_rule *given)
{
    itsm_sla_rule *to = &out->shown;
    itsm_status rc;
    memset(out, 0, sizeof *out);
    to->size = sizeof *to, to->kind = given->kind, to->retarget = given->retarget;
    if (given->name.n && (rc = itsm__arena_copy(&to->name, &r->arena, given->name))) return rc;
    if (given->calendar.n && (rc = itsm__arena_copy(&to->calendar, &r->arena, given->calendar))) return rc;
    to->target = given->target, to->target.size = sizeof to->target, to->target.thresholds = NULL;
    if (to->target.goal > ITSM_GOAL_NONE) to->target.goal = ITSM_GOAL_NONE;
    if (given->target.threshold_count) {
        itsm_threshold *copy = itsm__arena_alloc(&r->arena, given->target.threshold_count * sizeof *copy);
        if (!copy) return ITSM_E_NOMEM;
        memcpy(copy, given->target.thresholds, given->target.threshold_count * sizeof *copy);
        to->target.thresholds = copy;
    }
    if (given->condition_count) {
        itsm_sla_condition *copy = itsm__arena_alloc(&r->arena, given->condition_count * sizeof *copy);
        if (!copy) return ITSM_E_NOMEM;
        to->conditions = copy, to->condition_count = given->condition_count;
        for (size_t i = 0; i < given->condition_count; i++)
            if ((rc = copy_condition(&copy[i], r, &out->fields[i], &given->conditions[i]))) return rc;
    }
    out->by_priority = (unsigned char)is_by_priority(to);
    return ITSM_OK;
}

/* Count a calendar in, once. */
static itsm_status note_calendar(rules *r, const itsm_calendar *calendar)
{
    for (size_t i = 0; i < r->ncalendars; i++)
        if (r->calendars[i] == calendar) return ITSM_OK;
    if (!calendar) return ITSM_OK;
    if (r->ncalendars == ITSM__SLA_CALENDARS_MAX) return ITSM_E_LIMIT;
    r->calendars[r->ncalendars++] = calendar;
    return ITSM_OK;
}

/* What was counted in for a rule that failed is taken back; its copies stay in the arena, unseen. */
static itsm_status add(rules *r, const itsm_sla_rule *given)
{
    const size_t nfields = r->nfields, ncalendars = r->ncalendars;
    if (r->n >= RULES_MAX) return ITSM_E_LIMIT;
    itsm_status rc = itsm__grow(&r->memory, &r->array, &r->capacity, r->n + 1, sizeof *r->array);
    if (!rc) rc = copy_rule(&r->array[r->n], r, given);
    if (!rc) rc = note_calendar(r, given->target.calendar);
    if (rc) {
        r->nfields = nfields, r->ncalendars = ncalendars;
        return rc;
    }
    r->array[r->n++].shown.target.calendar = itsm_calendar_ref(given->target.calendar);
    return ITSM_OK;
}

/* Builder --------------------------------------------------------------------------------------------------------- */

itsm_status itsm_sla_builder_new(itsm_sla_builder **out, itsm_ctx *ctx)
{
    if (out) *out = NULL;
    itsm__issues_clear(ctx);
    if (!out || !ctx) return ITSM_E_MISUSE;
    itsm_sla_builder *builder = itsm__alloc_zero(itsm__ctx_memory(ctx), sizeof *builder);
    if (!builder) return ITSM_E_NOMEM;
    builder->rules.memory = *itsm__ctx_memory(ctx);
    itsm__arena_init(&builder->rules.arena, &builder->rules.memory);
    itsm__map_init(&builder->priorities, &builder->rules.memory);
    *out = builder;
    return ITSM_OK;
}

void itsm_sla_builder_free(itsm_sla_builder *builder)
{
    if (!builder) return;
    const itsm__memory memory = builder->rules.memory;
    clear(&builder->rules);
    itsm__map_clear(&builder->priorities);
    itsm__free(&memory, builder, sizeof *builder);
}

itsm_status itsm_sla_builder_set_name(itsm_sla_builder *builder, itsm_str name)
{
    return builder ? itsm__arena_copy(&builder->rules.name, &builder->rules.arena, name) : ITSM_E_MISUSE;
}

itsm_status itsm_sla_builder_add_rule(itsm_sla_builder *builder, const itsm_sla_rule *given)
{
    if (!builder || !given) return ITSM_E_MISUSE;
    const itsm_status rc = check(given);
    return rc ? rc : add(&builder->rules, given);
}

itsm_status itsm__sla_add_priority(itsm_sla_builder *builder, const itsm_sla_rule *given, int64_t priority)
{
    const itsm_value value = itsm_value_number(ITSM_INT, priority);
    const itsm_sla_condition condition = {{"priority", 8}, &value, 1};
    const int64_t key[2] = {given->kind, priority};
    itsm_sla_rule with = *given;
    with.conditions = &condition, with.condition_count = 1;
    itsm_status rc = check(&with);
    if (rc) return rc;
    if (itsm__map_find(&builder->priorities, key, sizeof key)) return ITSM_E_INVALID;
    if ((rc = add(&builder->rules, &with))) return rc;
    if (itsm__map_put(&builder->priorities, key, sizeof key, NULL)) return ITSM_OK;
    give_back(builder->rules.array[--builder->rules.n].shown.target.calendar);
    return ITSM_E_NOMEM;
}

itsm_status itsm_sla_builder_add(itsm_sla_builder *builder, uint32_t kind, int64_t priority, const itsm_target *target)
{
    itsm_sla_rule given = ITSM_SLA_RULE_INIT;
    if (!builder) return ITSM_E_MISUSE;
    const itsm_status rc = itsm__target_check(target);
    if (rc) return rc;
    given.kind = kind, given.target = *target;
    return itsm__sla_add_priority(builder, &given, priority);
}

/* Freezing -------------------------------------------------------------------------------------------------------- */

static int compare_places(const void *a, const void *b, void *user)
{
    const place *x = a, *y = b;
    (void)user;
    if (x->kind != y->kind) return x->kind < y->kind ? -1 : 1;
    if (x->priority != y->priority) return x->priority < y->priority ? -1 : 1;
    return x->at < y->at ? -1 : x->at > y->at;
}

static itsm_status add_places(itsm_sla *sla, uint32_t at)
{
    const itsm_sla_rule *shown = &sla->rules.array[at].shown;
    const size_t n = shown->conditions->value_count;
    itsm_status rc =
        itsm__grow(&sla->rules.memory, &sla->places, &sla->place_capacity, sla->nplaces + n, sizeof *sla->places);
    if (rc) return rc;
    for (size_t i = 0; i < n; i++) {
        const place one = {shown->kind, at, shown->conditions->values[i].u.i};
        sla->places[sla->nplaces++] = one;
    }
    return ITSM_OK;
}

static itsm_status build_index(itsm_sla *sla)
{
    size_t kept = 0;
    itsm_status rc = ITSM_OK;
    for (size_t i = 0; i < sla->rules.n && !rc; i++) {
        if (sla->rules.array[i].by_priority) {
            rc = add_places(sla, (uint32_t)i);
            continue;
        }
        rc = itsm__grow(&sla->rules.memory, &sla->others, &sla->other_capacity, sla->nothers + 1, sizeof *sla->others);
        if (!rc) sla->others[sla->nothers++] = (uint32_t)i;
    }
    if (rc) return rc;
    itsm__sort(sla->places, sla->nplaces, sizeof *sla->places, compare_places, NULL);
    for (size_t i = 0; i < sla->nplaces; i++) {
        const place *last = kept ? &sla->places[kept - 1] : NULL;
        if (last && last->kind == sla->places[i].kind && last->priority == sla->places[i].priority) continue;
        sla->places[kept++] = sla->places[i];
    }
    sla->nplaces = kept;
    return ITSM_OK;
}

itsm_status itsm_sla_builder_freeze(itsm_sla **out, const itsm_sla_builder *builder)
{
    if (out) *out = NULL;
    if (!out || !builder) return ITSM_E_MISUSE;
    const rules *from = &builder->rules;
    itsm_sla *sla = itsm__alloc_zero(&from->memory, sizeof *sla);
    if (!sla) return ITSM_E_NOMEM;
    itsm__refcount_init(&sla->refs);
    sla->rules.memory = from->memory;
    itsm__arena_init(&sla->rules.arena, &sla->rules.memory);
    itsm_status rc = ITSM_OK;
    if (from->name.n) rc = itsm__arena_copy(&sla->rules.name, &sla->rules.arena, from->name);
    for (size_t i = 0; i < from->n && !rc; i++) rc = add(&sla->rules, &from->array[i].shown);
    if (!rc) rc = build_index(sla);
    if (rc) itsm_sla_free(sla);
    else *out = sla;
    return rc;
}

/* Set ------------------------------------------------------------------------------------------------------------- */

itsm_sla *itsm_sla_ref(const itsm_sla *sla)
{
    if (!sla) return NULL;
    union {
        const itsm_sla *frozen;
        itsm_sla *shared;
    } share;
    share.frozen = sla;
    itsm__refcount_take(&share.shared->refs);
    return share.shared;
}

void itsm_sla_free(itsm_sla *sla)
{
    if (!sla || !itsm__refcount_drop(&sla->refs)) return;
    const itsm__memory memory = sla->rules.memory;
    clear(&sla->rules);
    itsm__free(&memory, sla->places, sla->place_capacity * sizeof *sla->places);
    itsm__free(&memory, sla->others, sla->other_capacity * sizeof *sla->others);
    itsm__free(&memory, sla, sizeof *sla);
}

const itsm__memory *itsm__sla_memory(const itsm_sla *sla)
{
    return &sla->rules.memory;
}

itsm_str itsm_sla_name(const itsm_sla *sla)
{
    return sla ? sla->rules.name : itsm_str_n(NULL, 0);
}

size_t itsm_sla_count(const itsm_sla *sla)
{
    return sla ? sla->rules.n : 0;
}

const itsm_sla_rule *itsm_sla_at(const itsm_sla *sla, size_t i)
{
    return i < itsm_sla_count(sla) ? &sla->rules.array[i].shown : NULL;
}

size_t itsm_sla_field_count(const itsm_sla *sla)
{
    return sla ? sla->rules.nfields : 0;
}

itsm_str itsm_sla_field_at(const itsm_sla *sla, size_t i)
{
    return i < itsm_sla_field_count(sla) ? sla->rules.fields[i] : itsm_str_n(NULL, 0);
}

/* Finding --------------------------------------------------------------------------------------------------------- */

typedef struct search {
    const itsm_sla *sla;
    itsm_sla_field_fn field;
    void *user;
    uint64_t known; /* bits: fields that were asked for */
    itsm_value values[FIELDS_MAX];
} search;

/* The value of a field, asked for if need be. */
static itsm_status value_of(const itsm_value **out, search *s, size_t field)
{
    itsm_value *value = &s->values[field];
    *out = value;
    if (s->known >> field & 1) return ITSM_OK;
    memset(value, 0, sizeof *value);
    itsm_status rc = s->field ? s->field(s->user, value, s->sla->rules.fields[field]) : ITSM_NOTHING;
    if (rc == ITSM_NOTHING) value->kind = ITSM_NONE, rc = ITSM_OK;
    if (!rc) s->known |= UINT64_C(1) << field;
    return rc;
}

static int fits_value(const itsm_value *wanted, const itsm_value *value)
{
    switch (wanted->kind) {
    case ITSM_TEXT:
        return (value->kind == ITSM_TEXT || value->kind == ITSM_ENUM || value->kind == ITSM_PARTY) &&
               itsm_str_eq(wanted->u.s, value->u.s);
    case ITSM_INT: return value->kind == ITSM_INT && wanted->u.i == value->u.i;
    case ITSM_BOOL: return value->kind == ITSM_BOOL && !wanted->u.i == !value->u.i;
    default: return value->kind == ITSM_NONE || (value->kind == ITSM_LIST && !value->u.list.n);
    }
}

static int fits_condition(const itsm_sla_condition *condition, const itsm_value *value)
{
    for (size_t i = 0; i < condition->value_count; i++) {
        const itsm_value *wanted = &condition->values[i];
        if (fits_value(wanted, value)) return 1;
        for (size_t k = 0; value->kind == ITSM_LIST && k < value->u.list.n; k++)
            if (wanted->kind != ITSM_NONE && fits_value(wanted, &value->u.list.item[k])) return 1;
    }
    return 0;
}

static itsm_status fits_rule(int *out, search *s, const rule *one)
{
    *out = 1;
    for (size_t i = 0; i < one->shown.condition_count && *out; i++) {
        const itsm_value *value;
        const itsm_status rc = value_of(&value, s, one->fields[i]);
        if (rc) return rc;
        *out = fits_condition(&one->shown.conditions[i], value);
    }
    return ITSM_OK;
}

/* The first rule for a priority alone; the count of rules if there is none. */
static size_t find_place(const itsm_sla *sla, uint32_t kind, const itsm_value *value)
{
    const place key = {kind, 0, value->u.i};
    size_t low = 0, high = value->kind == ITSM_INT ? sla->nplaces : 0;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (compare_places(&sla->places[middle], &key, NULL) < 0) low = middle + 1;
        else high = middle;
    }
    const place *found = low < sla->nplaces ? &sla->places[low] : NULL;
    return value->kind == ITSM_INT && found && found->kind == kind && found->priority == key.priority ? found->at
                                                                                                      : sla->rules.n;
}

static itsm_status find_by_priority(size_t *out, search *s, uint32_t kind)
{
    const itsm_value *value;
    const size_t field = s->sla->nplaces ? find_field(&s->sla->rules, ITSM_STR("priority")) : FIELDS_MAX;
    *out = s->sla->rules.n;
    if (field >= s->sla->rules.nfields) return ITSM_OK;
    const itsm_status rc = value_of(&value, s, field);
    if (rc) return rc;
    const itsm_value *items = value->kind == ITSM_LIST ? value->u.list.item : value;
    const size_t n = value->kind == ITSM_LIST ? value->u.list.n : 1;
    for (size_t i = 0; i < n; i++) {
        const size_t at = find_place(s->sla, kind, &items[i]);
        if (at < *out) *out = at;
    }
    return ITSM_OK;
}

itsm_status itsm_sla_find(const itsm_sla_rule **out, const itsm_sla *sla, uint32_t kind, itsm_sla_field_fn field,
                          void *user)
{
    search s;
    size_t first;
    int fits = 0;
    if (!out) return ITSM_E_MISUSE;
    *out = NULL;
    if (!sla) return ITSM_NOTHING;
    s.sla = sla, s.field = field, s.user = user, s.known = 0;
    itsm_status rc = find_by_priority(&first, &s, kind);
    for (size_t i = 0; i < sla->nothers && sla->others[i] < first && !rc; i++) {
        const rule *one = &sla->rules.array[sla->others[i]];
        if (one->shown.kind == kind && !(rc = fits_rule(&fits, &s, one)) && fits) first = sla->others[i];
    }
    if (rc || first == sla->rules.n) return rc ? rc : ITSM_NOTHING;
    *out = &sla->rules.array[first].shown;
    return ITSM_OK;
}

static itsm_status field_of_facts(void *user, itsm_value *out, itsm_str field)
{
    const itsm_sla_facts *facts = user;
    for (size_t i = 0; i < facts->n; i++)
        if (itsm_str_eq(facts->item[i].field, field)) {
            *out = facts->item[i].value;
            return ITSM_OK;
        }
    return ITSM_NOTHING;
}

itsm_status itsm_sla_find_facts(const itsm_sla_rule **out, const itsm_sla *sla, uint32_t kind,
                                const itsm_sla_facts *facts)
{
    itsm_sla_facts known = {NULL, 0};
    if (facts) known = *facts;
    return itsm_sla_find(out, sla, kind, field_of_facts, &known);
}

itsm_status itsm_sla_target(const itsm_target **out, const itsm_sla *sla, uint32_t kind, int64_t priority)
{
    const itsm_sla_fact fact = {{"priority", 8}, itsm_value_number(ITSM_INT, priority)};
    const itsm_sla_facts facts = {&fact, 1};
    const itsm_sla_rule *found;
    if (!out) return ITSM_E_MISUSE;
    const itsm_status rc = itsm_sla_find_facts(&found, sla, kind, &facts);
    *out = rc ? NULL : &found->target;
    return rc;
}

itsm_status itsm_sla_targets(itsm_target *out, const itsm_sla *sla, uint32_t kind, const itsm_sla_facts *facts,
                             size_t n)
{
    itsm_target unpromised = ITSM_TARGET_INIT;
    if (!sla || (n && (!out || !facts))) return ITSM_E_MISUSE;
    const itsm_sla_rule *alike = itsm_sla_at(sla, 0);
    for (size_t i = 0; i < sla->rules.n && alike->kind != kind; i++)
        if (sla->rules.array[i].shown.kind == kind) alike = &sla->rules.array[i].shown;
    if (alike && alike->kind == kind) unpromised = alike->target;
    if (alike) unpromised.calendar = alike->target.calendar;
    unpromised.goal = ITSM_GOAL_NONE, unpromised.thresholds = NULL, unpromised.threshold_count = 0;
    for (size_t i = 0; i < n; i++) {
        const itsm_sla_rule *found;
        out[i] = itsm_sla_find_facts(&found, sla, kind, &facts[i]) == ITSM_OK ? found->target : unpromised;
    }
    return ITSM_OK;
}
