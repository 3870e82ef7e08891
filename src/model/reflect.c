/* SPDX-License-Identifier: MIT */
/*
 * Reflection: looking at a model.
 *
 * Everything returned is borrowed from the model.  Finding by index is O(1).  Finding by name compares lengths and last
 * bytes before whole names, since names of one type seldom share both: a linear search over 60 fields is then
 * some 20 ns, without a table that a model made at run time would have to build.  Types are found by binary search.
 */
#include "model/model.h"

static int same_name(itsm_str a, itsm_str b)
{
    return a.n == b.n && a.n && a.p[a.n - 1] == b.p[b.n - 1] && memcmp(a.p, b.p, a.n) == 0;
}

/* Sharing --------------------------------------------------------------------------------------------------------- */

const itsm_model *itsm_model_ref(const itsm_model *model)
{
    if (model && model->owner) itsm__refcount_take(&model->owner->shares);
    return model;
}

void itsm_model_free(const itsm_model *model)
{
    if (!model || !model->owner || !itsm__refcount_drop(&model->owner->shares)) return;
    itsm__model_owner *owner = model->owner;
    itsm__memory memory = owner->memory;
    itsm__arena_clear(&owner->arena); /* the model itself lives there */
    itsm__free(&memory, owner, sizeof *owner);
}

/* The model ------------------------------------------------------------------------------------------------------- */

const itsm_type_def *itsm_model_type(const itsm_model *model, itsm_str name)
{
    size_t lo = 0, hi = model ? model->ntypes : 0;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        itsm_str there = model->by_name[mid]->name;
        size_t shorter = there.n < name.n ? there.n : name.n;
        int order = shorter ? memcmp(there.p, name.p, shorter) : 0;
        if (!order && there.n == name.n) return model->by_name[mid];
        if (order < 0 || (!order && there.n < name.n)) lo = mid + 1;
        else hi = mid;
    }
    return NULL;
}

const itsm_type_def *itsm_model_type_number(const itsm_model *model, uint32_t number)
{
    if (!model || !number) return NULL;
    if (number <= model->ntypes && model->types[number - 1]->number == number) return model->types[number - 1];
    for (size_t i = 0; i < model->ntypes; i++)
        if (model->types[i]->number == number) return model->types[i];
    return NULL;
}

size_t itsm_model_type_count(const itsm_model *model)
{
    return model ? model->ntypes : 0;
}

const itsm_type_def *itsm_model_type_at(const itsm_model *model, size_t i)
{
    return model && i < model->ntypes ? model->types[i] : NULL;
}

itsm_status itsm_model_policy(itsm_span *out, const itsm_model *model, itsm_str name)
{
    for (size_t i = 0; model && i < model->npolicies; i++)
        if (same_name(model->policies[i].name, name)) {
            if (out) *out = model->policies[i].span;
            return ITSM_OK;
        }
    return ITSM_E_NOT_FOUND;
}

size_t itsm_model_policy_count(const itsm_model *model)
{
    return model ? model->npolicies : 0;
}

itsm_str itsm_model_policy_at(itsm_str *text, const itsm_model *model, size_t i)
{
    if (!model || i >= model->npolicies) return itsm_str_n(NULL, 0);
    if (text) *text = model->policies[i].text;
    return model->policies[i].name;
}

size_t itsm_model_role_count(const itsm_model *model)
{
    return model ? model->nroles : 0;
}

itsm_str itsm_model_role_at(itsm_str *note, const itsm_model *model, size_t i)
{
    if (!model || i >= model->nroles) return itsm_str_n(NULL, 0);
    if (note) *note = model->roles[i].note;
    return model->roles[i].name;
}

int itsm_model_priority(const itsm_model *model, int64_t impact, int64_t urgency)
{
    if (!model || impact < 1 || impact > 5 || urgency < 1 || urgency > 5) return 0;
    return model->priority[impact - 1][urgency - 1];
}

/* Clauses, indicators, rules of evidence -------------------------------------------------------------------------- */

size_t itsm_model_clause_count(const itsm_model *model, uint32_t edition)
{
    if (!model || (edition != 2011 && edition != 2018)) return 0;
    return edition == 2011 ? model->nclauses_2011 : model->nclauses - model->nclauses_2011;
}

const itsm_clause_def *itsm_model_clause_at(const itsm_model *model, uint32_t edition, size_t i)
{
    if (i >= itsm_model_clause_count(model, edition)) return NULL;
    return &model->clauses[(edition == 2011 ? 0 : model->nclauses_2011) + i];
}

const itsm_clause_def *itsm_model_clause(const itsm_model *model, uint32_t edition, itsm_str id)
{
    const itsm_clause_def *clause;
    for (size_t i = 0; (clause = itsm_model_clause_at(model, edition, i)) != NULL; i++)
        if (same_name(clause->id, id)) return clause;
    return NULL;
}

size_t itsm_model_kpi_count(const itsm_model *model)
{
    return model ? model->nkpis : 0;
}

const itsm_kpi_def *itsm_model_kpi_at(const itsm_model *model, size_t i)
{
    return model && i < model->nkpis ? &model->kpis[i] : NULL;
}

const itsm_kpi_def *itsm_model_kpi(const itsm_model *model, itsm_str id)
{
    for (size_t i = 0; model && i < model->nkpis; i++)
        if (same_name(model->kpis[i].id, id)) return &model->kpis[i];
    return NULL;
}

size_t itsm_model_rule_count(const itsm_model *model)
{
    return model ? model->nrules : 0;
}

const itsm_rule_def *itsm_model_rule_at(const itsm_model *model, size_t i)
{
    return model && i < model->nrules ? &model->rules[i] : NULL;
}

const itsm_rule_def *itsm_model_rule(const itsm_model *model, itsm_str id)
{
    for (size_t i = 0; model && i < model->nrules; i++)
        if (same_name(model->rules[i].id, id)) return &model->rules[i];
    return NULL;
}

/* Types ----------------------------------------------------------------------------------------------------------- */

const itsm_field_def *itsm_type_field(const itsm_type_def *type, itsm_str name)
{
    for (size_t i = 0; type && i < type->nfields; i++)
        if (same_name(type->fields[i].name, name)) return &type->fields[i];
    return NULL;
}

const itsm_field_def *itsm_type_field_number(const itsm_type_def *type, uint16_t number)
{
    if (!type) return NULL;
    if (number >= ITSM_FIELD_OWN && number < ITSM_FIELD_HOST) { /* own fields usually stand in order of their numbers */
        size_t guess = ITSM_HEADER_FIELDS + type->nmachines + (number - (size_t)ITSM_FIELD_OWN);
        if (guess < type->nfields && type->fields[guess].number == number) return &type->fields[guess];
    }
    for (size_t i = 0; i < type->nfields; i++)
        if (type->fields[i].number == number) return &type->fields[i];
    return NULL;
}

size_t itsm_type_field_count(const itsm_type_def *type)
{
    return type ? type->nfields : 0;
}

const itsm_field_def *itsm_type_field_at(const itsm_type_def *type, size_t i)
{
    return type && i < type->nfields ? &type->fields[i] : NULL;
}

const itsm_link_def *itsm_type_link(const itsm_type_def *type, itsm_str name)
{
    for (size_t i = 0; type && i < type->nlinks; i++)
        if (same_name(type->links[i].name, name)) return &type->links[i];
    return NULL;
}

const itsm_link_def *itsm_type_link_number(const itsm_type_def *type, uint16_t number)
{
    if (!type) return NULL;
    if (number && number <= type->nlinks && type->links[number - 1].number == number) return &type->links[number - 1];
    for (size_t i = 0; i < type->nlinks; i++)
        if (type->links[i].number == number) return &type->links[i];
    return NULL;
}

size_t itsm_type_link_count(const itsm_type_def *type)
{
    return type ? type->nlinks : 0;
}

const itsm_link_def *itsm_type_link_at(const itsm_type_def *type, size_t i)
{
    return type && i < type->nlinks ? &type->links[i] : NULL;
}

const itsm_link_def *itsm_link_inverse(const itsm_link_def *link, const itsm_type_def *target)
{
    if (!link) return NULL;
    return itsm_type_link(link->target ? link->target : target, link->inverse);
}

const itsm_machine *itsm_type_machine(const itsm_type_def *type, itsm_str facet)
{
    if (!type || !type->nmachines) return NULL;
    if (!facet.n) return &type->machines[0];
    for (size_t i = 0; i < type->nmachines; i++)
        if (same_name(type->machines[i].name, facet)) return &type->machines[i];
    return NULL;
}

size_t itsm_type_machine_count(const itsm_type_def *type)
{
    return type ? type->nmachines : 0;
}

const itsm_machine *itsm_type_machine_at(const itsm_type_def *type, size_t i)
{
    return type && i < type->nmachines ? &type->machines[i] : NULL;
}

size_t itsm_type_index_count(const itsm_type_def *type)
{
    return type ? type->nindexes : 0;
}

const itsm_index_def *itsm_type_index_at(const itsm_type_def *type, size_t i)
{
    return type && i < type->nindexes ? &type->indexes[i] : NULL;
}

const itsm_index_def *itsm_type_index(const itsm_type_def *type, itsm_str name)
{
    for (size_t i = 0; type && i < type->nindexes; i++)
        if (same_name(type->indexes[i].name, name)) return &type->indexes[i];
    return NULL;
}

size_t itsm_type_clock_count(const itsm_type_def *type)
{
    return type ? type->nclocks : 0;
}

const itsm_clock_def *itsm_type_clock_at(const itsm_type_def *type, size_t i)
{
    return type && i < type->nclocks ? &type->clocks[i] : NULL;
}

/* Lifecycles ------------------------------------------------------------------------------------------------------ */

const itsm_state_def *itsm_machine_state(const itsm_machine *machine, itsm_str name)
{
    for (size_t i = 0; machine && i < machine->nstates; i++)
        if (same_name(machine->states[i].name, name)) return &machine->states[i];
    return NULL;
}

size_t itsm_machine_state_count(const itsm_machine *machine)
{
    return machine ? machine->nstates : 0;
}

const itsm_state_def *itsm_machine_state_at(const itsm_machine *machine, size_t i)
{
    return machine && i < machine->nstates ? &machine->states[i] : NULL;
}

const itsm_move_def *itsm_machine_move(const itsm_machine *machine, itsm_str name, const itsm_state_def *from)
{
    uint64_t states = from ? UINT64_C(1) << from->index : UINT64_MAX;
    for (size_t i = 0; machine && i < machine->nmoves; i++)
        if ((machine->moves[i].from & states) && same_name(machine->moves[i].name, name)) return &machine->moves[i];
    return NULL;
}

size_t itsm_machine_move_count(const itsm_machine *machine)
{
    return machine ? machine->nmoves : 0;
}

const itsm_move_def *itsm_machine_move_at(const itsm_machine *machine, size_t i)
{
    return machine && i < machine->nmoves ? &machine->moves[i] : NULL;
}

const itsm_guard_def *itsm_move_guard(const itsm_move_def *move, size_t i)
{
    if (!move || !move->guards) return NULL;
    const itsm_guard_def *guard = move->guards;
    while (guard->kind && i--) guard += guard->nodes;
    return guard->kind ? guard : NULL;
}

const itsm_guard_def *itsm_guard_below(const itsm_guard_def *guard, size_t i)
{
    if (!guard) return NULL;
    const itsm_guard_def *end = guard + guard->nodes;
    for (const itsm_guard_def *below = guard + 1; below < end; below += below->nodes)
        if (!i--) return below;
    return NULL;
}

const itsm_path *itsm_guard_path(const itsm_guard_def *guard, size_t i)
{
    return guard && i < guard->npaths ? &guard->paths[i] : NULL;
}

const itsm_effect_def *itsm_move_effect(const itsm_move_def *move, size_t i)
{
    if (!move || !move->effects) return NULL;
    const itsm_effect_def *effect = move->effects;
    while (effect->kind && i--) effect++;
    return effect->kind ? effect : NULL;
}

const itsm_path *itsm_effect_path(const itsm_effect_def *effect, size_t i)
{
    return effect && i < effect->npaths ? &effect->paths[i] : NULL;
}

const itsm_actor_def *itsm_move_actor(const itsm_move_def *move, size_t i)
{
    return move && i < move->nactors ? &move->actors[i] : NULL;
}

const char *itsm_category_text(uint32_t category)
{
    static const char *const words[] = {"initial", "open", "paused", "resolved", "closed", "cancelled"};
    return category >= ITSM_INITIAL && category <= ITSM_CANCELLED ? words[category - 1] : NULL;
}
