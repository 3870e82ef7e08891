/* SPDX-License-Identifier: MIT */
/*
 * The checker's part on guards and effects: does every path lead somewhere, and do kinds and values suit?  One visit of
 * each node; a name costs a search in the type it belongs to.
 */
#include "model/check.h"

#include "base/text.h"

static const itsm_str nothing = {NULL, 0};

/* Paths ----------------------------------------------------------------------------------------------------------- */

static const itsm_link_def *path_link(itsm__checker *c, const itsm_path *path)
{
    if (path->kind != ITSM_PATH_LINK && path->kind != ITSM_PATH_LINKED) return NULL;
    if (path->at < c->type->nlinks && itsm_str_eq(c->type->links[path->at].name, path->name))
        return &c->type->links[path->at];
    itsm__finding(c, "exists", "%S is no relation", path->name, nothing);
    return NULL;
}

/* The field a path ends at; NULL for relations and the actor. */
static const itsm_field_def *path_field(itsm__checker *c, const itsm_path *path)
{
    if (path->kind == ITSM_PATH_FIELD) {
        const itsm_field_def *field = itsm_type_field_at(c->type, path->at);
        if (field && itsm_str_eq(field->name, path->name)) return field;
        itsm__finding(c, "exists", "%S is no field", path->name, nothing);
        return NULL;
    }
    const itsm_link_def *link = path_link(c, path);
    if (!link || path->kind != ITSM_PATH_LINKED) return NULL;
    const itsm_field_def *far = itsm_type_field(link->target, path->far);
    if (!far) itsm__finding(c, "exists", "%S has no field %S", link->target_name, path->far);
    return far;
}

static int value_fits(const itsm_field_def *field, itsm_str value)
{
    int64_t number;
    if (field->kind == ITSM_ENUM) return itsm__has_name(&field->values, value);
    if (field->kind == ITSM_BOOL) return itsm_str_is(value, "true") || itsm_str_is(value, "false");
    if (field->kind == ITSM_INT) return itsm__parse_int(&number, value) == ITSM_OK;
    return field->kind == ITSM_TEXT || field->kind == ITSM_PARTY;
}

/* States named for linked records exist in the primary lifecycle of at least one of the types linked. */
static void check_linked_states(itsm__checker *c, const itsm_guard_def *g)
{
    for (size_t i = 0; i < g->values.n; i++) {
        int known = 0;
        for (size_t k = 0; k < g->npaths && !known; k++) {
            const itsm_link_def *link = path_link(c, &g->paths[k]);
            const itsm_machine *machine = link ? itsm_type_machine(link->target, nothing) : NULL;
            known = machine ? itsm_machine_state(machine, g->values.item[i]) != NULL : 1;
        }
        if (!known) itsm__finding(c, "exists", "%S is no state of what is linked", g->values.item[i], nothing);
    }
}

static void check_body(itsm__checker *c, const itsm_guard_def *g)
{
    const itsm_field_def *body = itsm_type_field(itsm_model_type(c->model, ITSM_STR("approval")), ITSM_STR("body"));
    if (!body || !itsm__has_name(&body->values, g->name))
        itsm__finding(c, "exists", "%S is no body that approves", g->name, nothing);
    if (!itsm_str_is(g->policy, "any") && !itsm_str_is(g->policy, "all") && !itsm_str_is(g->policy, "stated"))
        itsm__finding(c, "fits", "%S is no policy of approval", g->policy, nothing);
}

static int is_party(const itsm_field_def *field)
{
    return field->kind == ITSM_PARTY;
}

static int is_instant(const itsm_field_def *field)
{
    return (field->kind == ITSM_TIME || field->kind == ITSM_DATE) && !field->list;
}

static int is_number(const itsm_field_def *field)
{
    return (field->kind == ITSM_INT || field->kind == ITSM_DECIMAL || field->kind == ITSM_SPAN || is_instant(field)) &&
           !field->list;
}

/* What a path leads to, without a finding; NULL for relations and the actor. */
static const itsm_field_def *field_at(const itsm__checker *c, const itsm_path *path)
{
    if (path->kind == ITSM_PATH_FIELD) return itsm_type_field_at(c->type, path->at);
    if (path->kind != ITSM_PATH_LINKED || path->at >= c->type->nlinks) return NULL;
    return itsm_type_field(c->type->links[path->at].target, path->far);
}

/* The first n paths lead to fields of a kind; `actor` is a party. */
static void check_kinds(itsm__checker *c, const itsm_guard_def *g, size_t n, int (*suits)(const itsm_field_def *),
                        const char *kind)
{
    for (size_t i = 0; i < n && i < g->npaths; i++) {
        const itsm_field_def *field = field_at(c, &g->paths[i]);
        if (field ? !suits(field) : g->paths[i].kind == ITSM_PATH_LINK)
            itsm__finding(c, "fits", "%S is no %S", g->paths[i].name, itsm_str_c(kind));
        if (g->paths[i].kind == ITSM_PATH_ACTOR && suits != is_party)
            itsm__finding(c, "fits", "the actor is no %S", itsm_str_c(kind), nothing);
    }
}

static void check_guard_values(itsm__checker *c, const itsm_guard_def *g)
{
    const itsm_field_def *field = g->npaths ? path_field(c, &g->paths[0]) : NULL;
    for (size_t i = 0; i < g->values.n && field; i++)
        if (!value_fits(field, g->values.item[i]))
            itsm__finding(c, "fits", "%S is no value of %S", g->values.item[i], field->name);
    if (!field) itsm__finding(c, "fits", "%S needs a field", itsm_str_c(itsm__guard_word(g->kind)), nothing);
}

/* One node. */
static void check_node(itsm__checker *c, const itsm_guard_def *g)
{
    size_t paths = g->npaths;
    for (size_t i = 0; i < paths; i++) path_field(c, &g->paths[i]);
    int enough = 1;
    switch (g->kind) {
    case ITSM_GUARD_ANY:
    case ITSM_GUARD_WHEN: enough = g->nodes > 2; break;
    case ITSM_GUARD_EQ:
    case ITSM_GUARD_NE: check_guard_values(c, g), enough = g->values.n > 0; break;
    case ITSM_GUARD_DIFFERS: enough = paths == 2, check_kinds(c, g, paths, is_party, "party"); break;
    case ITSM_GUARD_NO_CONFLICT: enough = paths == 3, check_kinds(c, g, 2, is_instant, "time or date"); break;
    case ITSM_GUARD_GT:
    case ITSM_GUARD_GE: enough = paths == 1 || paths == 2, check_kinds(c, g, paths, is_number, "number"); break;
    case ITSM_GUARD_ROLE:
        if (!itsm__is_role(c, g->name)) itsm__finding(c, "exists", "%S is no role", g->name, nothing);
        break;
    case ITSM_GUARD_APPROVED: check_body(c, g), check_kinds(c, g, paths, is_party, "party"); break;
    case ITSM_GUARD_LINKED: enough = paths > 0 && g->number > 0, check_linked_states(c, g); break;
    case ITSM_GUARD_ALL_LINKED: enough = paths > 0 && g->values.n > 0, check_linked_states(c, g); break;
    case ITSM_GUARD_NONE_LINKED: enough = paths > 0, check_linked_states(c, g); break;
    case ITSM_GUARD_REACHED:
    case ITSM_GUARD_BEFORE:
        enough = paths == 1, check_kinds(c, g, paths, is_instant, "time or date");
        if (g->name.n && itsm_model_policy(NULL, c->model, g->name))
            itsm__finding(c, "exists", "%S is no policy", g->name, nothing);
        break;
    case ITSM_GUARD_HOST: enough = g->name.n > 0; break;
    default: enough = g->kind == ITSM_GUARD_SET && paths > 0; break;
    }
    if (!enough) itsm__finding(c, "fits", "guard %S lacks something", itsm_str_c(itsm__guard_word(g->kind)), nothing);
}

static void check_guard(itsm__checker *c, const itsm_guard_def *guard)
{
    for (const itsm_guard_def *g = guard; g < guard + guard->nodes; g++) {
        if (!g->nodes || g + g->nodes > guard + guard->nodes) {
            itsm__finding(c, "fits", "nodes of a guard do not nest", nothing, nothing);
            return;
        }
        check_node(c, g);
    }
}

static void check_fire(itsm__checker *c, const itsm_effect_def *e)
{
    const itsm_link_def *link = e->npaths == 1 ? path_link(c, &e->paths[0]) : NULL;
    int known = 0;
    for (size_t i = 0; link && link->target && i < link->target->nmachines; i++)
        known |= itsm_machine_move(&link->target->machines[i], e->name, NULL) != NULL;
    if (!known) itsm__finding(c, "exists", "%S is no move of what is linked", e->name, nothing);
}

/* Effects write what hosts and moves write: nothing derived, no state, nothing of the library's own. */
static void check_locked(itsm__checker *c, const itsm_effect_def *e)
{
    const size_t written = e->kind == ITSM_EFFECT_CLEAR ? e->npaths : e->kind == ITSM_EFFECT_FIRE ? 0 : 1;
    for (size_t i = 0; i < written && i < e->npaths; i++) {
        const itsm_field_def *field = field_at(c, &e->paths[i]);
        if (field && (field->machine || field->by == ITSM_BY_RULE || field->by == ITSM_BY_ENGINE))
            itsm__finding(c, "locked", "no effect may write %S", field->name, nothing);
        if (e->paths[i].kind == ITSM_PATH_LINKED && e->kind != ITSM_EFFECT_STAMP)
            itsm__finding(c, "fits", "only stamp writes to linked records, not %S", e->paths[i].name, nothing);
        if (e->paths[i].kind == ITSM_PATH_LINK || e->paths[i].kind == ITSM_PATH_ACTOR)
            itsm__finding(c, "fits", "%S is no field to be written", e->paths[i].name, nothing);
    }
}

static void check_copy(itsm__checker *c, const itsm_effect_def *e, const itsm_field_def *to)
{
    const itsm_field_def *from = e->npaths == 2 ? field_at(c, &e->paths[1]) : NULL;
    if (e->npaths != 2 || e->paths[1].kind != ITSM_PATH_LINKED)
        itsm__finding(c, "fits", "copy needs a field and a linked one", nothing, nothing);
    else if (from && to && (from->kind != to->kind || from->list != to->list))
        itsm__finding(c, "fits", "%S cannot hold what %S does", to->name, from->name);
}

static void check_effect(itsm__checker *c, const itsm_effect_def *e)
{
    const itsm_field_def *first = e->npaths ? path_field(c, &e->paths[0]) : NULL;
    const itsm_field_def *field;
    for (size_t i = 1; i < e->npaths; i++) path_field(c, &e->paths[i]);
    if (e->condition) check_guard(c, e->condition);
    check_locked(c, e);
    switch (e->kind) {
    case ITSM_EFFECT_STAMP:
        if (!first || (first->kind != ITSM_TIME && first->kind != ITSM_DATE))
            itsm__finding(c, "fits", "only a time or a date is stamped", nothing, nothing);
        break;
    case ITSM_EFFECT_PUT:
        if (!first || !value_fits(first, e->name))
            itsm__finding(c, "fits", "%S does not fit the field it is put in", e->name, nothing);
        break;
    case ITSM_EFFECT_INCR:
        if (!first || first->kind != ITSM_INT)
            itsm__finding(c, "fits", "only a whole number is counted up", nothing, nothing);
        break;
    case ITSM_EFFECT_NOTIFY:
        field = itsm_type_field(c->type, e->name);
        if (!(field && field->kind == ITSM_PARTY) && !itsm__is_role(c, e->name))
            itsm__finding(c, "exists", "%S is neither a party field nor a role", e->name, nothing);
        break;
    case ITSM_EFFECT_FIRE: check_fire(c, e); break;
    case ITSM_EFFECT_COPY: check_copy(c, e, first); break;
    default:
        if (e->kind != ITSM_EFFECT_CLEAR || !e->npaths)
            itsm__finding(c, "fits", "an effect lacks something", nothing, nothing);
        break;
    }
}

void itsm__check_guards(itsm__checker *c)
{
    for (const itsm_guard_def *g = c->move->guards; g->kind && g->nodes; g += g->nodes) check_guard(c, g);
    for (const itsm_effect_def *e = c->move->effects; e->kind; e++) check_effect(c, e);
}
