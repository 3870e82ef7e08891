/* SPDX-License-Identifier: MIT */
/*
 * The checker: is a model whole?
 *
 * It looks at every type once and adds an issue for everything it finds; nothing stops it but the end.  What it needs
 * of a lifecycle is a set of states in one word, so reachability is a few passes over the moves.  O(size of the model);
 * names are looked up in the types they belong to.  The rules (in `rule` of the issue):
 *
 *   unique      a name or number is used once          exists     whatever is named is there
 *   reachable   every state can be reached             finish     from every state a final one can be reached, if any
 *   once        no move starts twice from one state    inverse    both ends of a relation name each other
 *   fits        values and kinds suit what uses them   clause     every type says what it serves
 *   timer       a move open to the timer waits for a time and changes the state
 */
#include "model/grammar.h"
#include "model/model.h"

#include "base/ctx.h"
#include "base/text.h"

typedef struct checker {
    itsm_ctx *ctx;
    const itsm_model *model;
    const itsm_type_def *type;
    const itsm_machine *machine; /* NULL: about the type */
    const itsm_move_def *move;   /* NULL: about the machine */
    size_t found;
} checker;

/* Findings are about `type`, `type.facet` or `type.facet.move`. */
static void finding(checker *c, const char *rule, const char *format, itsm_str a, itsm_str b)
{
    itsm_buf where;
    itsm_buf_init(&where, c->ctx);
    itsm_status status = itsm__buf_str(&where, c->type ? c->type->name : itsm_str_c(""));
    if (!status && c->machine) status = itsm__format(&where, ".%S", c->machine->name);
    if (!status && c->move) status = itsm__format(&where, ".%S", c->move->name);
    itsm__issue(c->ctx, ITSM_E_INVALID, status ? itsm_str_c("") : itsm_buf_str(&where), itsm_str_c(rule),
                itsm_str_c(""), format, a, b);
    itsm_buf_clear(&where);
    c->found++;
}

static const itsm_str nothing = {NULL, 0};

static int has_name(const itsm_names *names, itsm_str name)
{
    for (size_t i = 0; i < names->n; i++)
        if (itsm_str_eq(names->item[i], name)) return 1;
    return 0;
}

static int is_role(const checker *c, itsm_str name)
{
    for (size_t i = 0; i < c->model->nroles; i++)
        if (itsm_str_eq(c->model->roles[i].name, name)) return 1;
    return 0;
}

/* Fields, relations, indexes -------------------------------------------------------------------------------------- */

static void check_derive(checker *c, const itsm_field_def *field)
{
    if ((field->by == ITSM_BY_RULE) != (field->derive != NULL))
        finding(c, "fits", "%S must be derived and written by rule, or neither", field->name, nothing);
    for (const itsm_derive_def *d = field->derive, *end = d ? d + d->nodes : d; d < end; d++)
        if (d->kind == ITSM_DERIVE_FIELD && (d->field >= c->type->nfields || d->field == field->index))
            finding(c, "exists", "%S is derived from a field that is not there", field->name, nothing);
}

static void check_fields(checker *c)
{
    const itsm_type_def *type = c->type;
    const itsm_machine *primary = &type->machines[0];
    uint64_t states = primary->nstates < 64 ? (UINT64_C(1) << primary->nstates) - 1 : UINT64_MAX;
    for (size_t i = 0; i < type->nfields; i++) {
        const itsm_field_def *f = &type->fields[i];
        if (f->index != i) finding(c, "exists", "%S is not at its place", f->name, nothing);
        for (size_t k = 0; k < i; k++)
            if (type->fields[k].number == f->number || itsm_str_eq(type->fields[k].name, f->name))
                finding(c, "unique", "%S and %S share a name or a number", f->name, type->fields[k].name);
        if (!f->number || !f->name.n || !f->base.n)
            finding(c, "exists", "%S lacks a number, name or kind", f->name, nothing);
        if (f->kind == ITSM_ENUM && !f->values.n) finding(c, "exists", "%S has no values", f->name, nothing);
        if (f->kind == ITSM_REF && !f->target && !itsm_str_is(f->target_name, "any"))
            finding(c, "exists", "%S refers to %S, which is no type", f->name, f->target_name);
        if ((f->mandatory_at | f->editable) & ~states)
            finding(c, "exists", "%S names a state that is not there", f->name, nothing);
        if (f->ranged && f->lo > f->hi) finding(c, "fits", "%S has an empty range", f->name, nothing);
        check_derive(c, f);
    }
}

static void check_inverse(checker *c, const itsm_link_def *link)
{
    if (!link->target && !itsm_str_is(link->target_name, "any")) {
        finding(c, "exists", "%S leads to %S, which is no type", link->name, link->target_name);
        return;
    }
    for (size_t i = 0; i < c->model->ntypes; i++) { /* one type, or all of them */
        const itsm_type_def *target = c->model->types[i];
        if (link->target && link->target != target) continue;
        const itsm_link_def *back = itsm_link_inverse(link, target);
        if (!back || !itsm_str_eq(back->inverse, link->name) || (back->target && back->target != link->type))
            finding(c, "inverse", "%S is not answered by %S", link->name, link->inverse);
    }
}

static void check_links(checker *c)
{
    const itsm_type_def *type = c->type;
    for (size_t i = 0; i < type->nlinks; i++) {
        const itsm_link_def *l = &type->links[i];
        if (l->index != i || l->type != type) finding(c, "exists", "%S is not at its place", l->name, nothing);
        for (size_t k = 0; k < i; k++)
            if (type->links[k].number == l->number || itsm_str_eq(type->links[k].name, l->name))
                finding(c, "unique", "%S and %S share a name or a number", l->name, type->links[k].name);
        const itsm_field_def *field = itsm_type_field(type, l->name);
        if ((field != NULL) != (l->is_field != 0))
            finding(c, "fits", "%S must be a field and a relation, or the relation says it is", l->name, nothing);
        else if (field && (field->kind != ITSM_REF || field->target != l->target || field->list != l->many))
            finding(c, "fits", "%S differs between field and relation", l->name, nothing);
        check_inverse(c, l);
    }
    for (size_t i = 0; i < type->nfields; i++)
        if (type->fields[i].kind == ITSM_REF && !type->fields[i].header && !itsm_type_link(type, type->fields[i].name))
            finding(c, "inverse", "%S refers to records and is no relation", type->fields[i].name, nothing);
}

static void check_indexes(checker *c)
{
    for (size_t i = 0; i < c->type->nindexes; i++) {
        const itsm_index_def *x = &c->type->indexes[i];
        for (size_t k = 0; k < i; k++)
            if (c->type->indexes[k].number == x->number || itsm_str_eq(c->type->indexes[k].name, x->name))
                finding(c, "unique", "indexes %S and %S share a name or a number", x->name, c->type->indexes[k].name);
        for (size_t k = 0; k < x->nfields; k++)
            if (x->fields[k] >= c->type->nfields)
                finding(c, "exists", "index %S has a field that is not there", x->name, nothing);
        if (!x->number || !x->nfields) finding(c, "exists", "index %S is empty", x->name, nothing);
    }
}

/* Guards and effects ---------------------------------------------------------------------------------------------- */

static const itsm_link_def *path_link(checker *c, const itsm_path *path)
{
    if (path->kind != ITSM_PATH_LINK && path->kind != ITSM_PATH_LINKED) return NULL;
    if (path->at < c->type->nlinks && itsm_str_eq(c->type->links[path->at].name, path->name))
        return &c->type->links[path->at];
    finding(c, "exists", "%S is no relation", path->name, nothing);
    return NULL;
}

/* The field a path ends at; NULL for relations and the actor. */
static const itsm_field_def *path_field(checker *c, const itsm_path *path)
{
    if (path->kind == ITSM_PATH_FIELD) {
        const itsm_field_def *field = itsm_type_field_at(c->type, path->at);
        if (field && itsm_str_eq(field->name, path->name)) return field;
        finding(c, "exists", "%S is no field", path->name, nothing);
        return NULL;
    }
    const itsm_link_def *link = path_link(c, path);
    if (!link || path->kind != ITSM_PATH_LINKED) return NULL;
    const itsm_field_def *far = itsm_type_field(link->target, path->far);
    if (!far) finding(c, "exists", "%S has no field %S", link->target_name, path->far);
    return far;
}

static int value_fits(const itsm_field_def *field, itsm_str value)
{
    int64_t number;
    if (field->kind == ITSM_ENUM) return has_name(&field->values, value);
    if (field->kind == ITSM_BOOL) return itsm_str_is(value, "true") || itsm_str_is(value, "false");
    if (field->kind == ITSM_INT) return itsm__parse_int(&number, value) == ITSM_OK;
    return field->kind == ITSM_TEXT || field->kind == ITSM_PARTY;
}

/* States named for linked records exist in the primary lifecycle of at least one of the types linked. */
static void check_linked_states(checker *c, const itsm_guard_def *g)
{
    for (size_t i = 0; i < g->values.n; i++) {
        int known = 0;
        for (size_t k = 0; k < g->npaths && !known; k++) {
            const itsm_link_def *link = path_link(c, &g->paths[k]);
            const itsm_machine *machine = link ? itsm_type_machine(link->target, nothing) : NULL;
            known = machine ? itsm_machine_state(machine, g->values.item[i]) != NULL : 1;
        }
        if (!known) finding(c, "exists", "%S is no state of what is linked", g->values.item[i], nothing);
    }
}

static void check_body(checker *c, const itsm_guard_def *g)
{
    const itsm_field_def *body = itsm_type_field(itsm_model_type(c->model, ITSM_STR("approval")), ITSM_STR("body"));
    if (!body || !has_name(&body->values, g->name))
        finding(c, "exists", "%S is no body that approves", g->name, nothing);
    if (!itsm_str_is(g->policy, "any") && !itsm_str_is(g->policy, "all") && !itsm_str_is(g->policy, "stated"))
        finding(c, "fits", "%S is no policy of approval", g->policy, nothing);
}

static void check_guard_values(checker *c, const itsm_guard_def *g)
{
    const itsm_field_def *field = g->npaths ? path_field(c, &g->paths[0]) : NULL;
    for (size_t i = 0; i < g->values.n && field; i++)
        if (!value_fits(field, g->values.item[i]))
            finding(c, "fits", "%S is no value of %S", g->values.item[i], field->name);
    if (!field) finding(c, "fits", "%S needs a field", itsm_str_c(itsm__guard_word(g->kind)), nothing);
}

/* One node. */
static void check_node(checker *c, const itsm_guard_def *g)
{
    size_t paths = g->npaths;
    for (size_t i = 0; i < paths; i++) path_field(c, &g->paths[i]);
    int enough = 1;
    switch (g->kind) {
    case ITSM_GUARD_ANY:
    case ITSM_GUARD_WHEN: enough = g->nodes > 2; break;
    case ITSM_GUARD_EQ:
    case ITSM_GUARD_NE: check_guard_values(c, g), enough = g->values.n > 0; break;
    case ITSM_GUARD_DIFFERS: enough = paths == 2; break;
    case ITSM_GUARD_NO_CONFLICT: enough = paths == 3; break;
    case ITSM_GUARD_GT:
    case ITSM_GUARD_GE: enough = paths == 1 || paths == 2; break;
    case ITSM_GUARD_ROLE:
        if (!is_role(c, g->name)) finding(c, "exists", "%S is no role", g->name, nothing);
        break;
    case ITSM_GUARD_APPROVED: check_body(c, g); break;
    case ITSM_GUARD_LINKED: enough = paths > 0 && g->number > 0, check_linked_states(c, g); break;
    case ITSM_GUARD_ALL_LINKED: enough = paths > 0 && g->values.n > 0, check_linked_states(c, g); break;
    case ITSM_GUARD_NONE_LINKED: enough = paths > 0, check_linked_states(c, g); break;
    case ITSM_GUARD_REACHED:
    case ITSM_GUARD_BEFORE:
        enough = paths == 1;
        if (g->name.n && itsm_model_policy(NULL, c->model, g->name))
            finding(c, "exists", "%S is no policy", g->name, nothing);
        break;
    case ITSM_GUARD_HOST: enough = g->name.n > 0; break;
    default: enough = g->kind == ITSM_GUARD_SET && paths > 0; break;
    }
    if (!enough) finding(c, "fits", "guard %S lacks something", itsm_str_c(itsm__guard_word(g->kind)), nothing);
}

static void check_guard(checker *c, const itsm_guard_def *guard)
{
    for (const itsm_guard_def *g = guard; g < guard + guard->nodes; g++) {
        if (!g->nodes || g + g->nodes > guard + guard->nodes) {
            finding(c, "fits", "nodes of a guard do not nest", nothing, nothing);
            return;
        }
        check_node(c, g);
    }
}

static void check_fire(checker *c, const itsm_effect_def *e)
{
    const itsm_link_def *link = e->npaths == 1 ? path_link(c, &e->paths[0]) : NULL;
    int known = 0;
    for (size_t i = 0; link && link->target && i < link->target->nmachines; i++)
        known |= itsm_machine_move(&link->target->machines[i], e->name, NULL) != NULL;
    if (!known) finding(c, "exists", "%S is no move of what is linked", e->name, nothing);
}

static void check_effect(checker *c, const itsm_effect_def *e)
{
    const itsm_field_def *first = e->npaths ? path_field(c, &e->paths[0]) : NULL;
    const itsm_field_def *field;
    for (size_t i = 1; i < e->npaths; i++) path_field(c, &e->paths[i]);
    if (e->condition) check_guard(c, e->condition);
    switch (e->kind) {
    case ITSM_EFFECT_STAMP:
        if (!first || (first->kind != ITSM_TIME && first->kind != ITSM_DATE))
            finding(c, "fits", "only a time or a date is stamped", nothing, nothing);
        break;
    case ITSM_EFFECT_PUT:
        if (!first || !value_fits(first, e->name))
            finding(c, "fits", "%S does not fit the field it is put in", e->name, nothing);
        break;
    case ITSM_EFFECT_INCR:
        if (!first || first->kind != ITSM_INT)
            finding(c, "fits", "only a whole number is counted up", nothing, nothing);
        break;
    case ITSM_EFFECT_NOTIFY:
        field = itsm_type_field(c->type, e->name);
        if (!(field && field->kind == ITSM_PARTY) && !is_role(c, e->name))
            finding(c, "exists", "%S is neither a party field nor a role", e->name, nothing);
        break;
    case ITSM_EFFECT_FIRE: check_fire(c, e); break;
    case ITSM_EFFECT_COPY:
        if (e->npaths != 2 || e->paths[1].kind != ITSM_PATH_LINKED)
            finding(c, "fits", "copy needs a field and a linked one", nothing, nothing);
        break;
    default:
        if (e->kind != ITSM_EFFECT_CLEAR || !e->npaths)
            finding(c, "fits", "an effect lacks something", nothing, nothing);
        break;
    }
}

/* Moves ----------------------------------------------------------------------------------------------------------- */

static void check_actors(checker *c)
{
    for (size_t i = 0; i < c->move->nactors; i++) {
        const itsm_actor_def *a = &c->move->actors[i];
        const itsm_field_def *field = itsm_type_field(c->type, a->name);
        int party = field && field->kind == ITSM_PARTY && !field->list;
        if (a->kind == ITSM_ACTOR_PARTY && (!party || field->index != a->field))
            finding(c, "exists", "%S is no field of a party", a->name, nothing);
        if (a->kind == ITSM_ACTOR_HOLDER && party)
            finding(c, "fits", "%S is a field, so its party acts, not a role", a->name, nothing);
        if (a->kind == ITSM_ACTOR_HOLDER && !is_role(c, a->name))
            finding(c, "exists", "%S is no role", a->name, nothing);
    }
    if (!c->move->nactors) finding(c, "exists", "nobody may make the move", nothing, nothing);
}

static void check_timer(checker *c)
{
    int timer = 0, waits = 0;
    for (size_t i = 0; i < c->move->nactors; i++) timer |= itsm_str_is(c->move->actors[i].name, "timer");
    if (!timer) return;
    for (const itsm_guard_def *g = c->move->guards; g->kind; g++) waits |= g->kind == ITSM_GUARD_REACHED;
    if (!waits) finding(c, "timer", "open to the timer without a time to wait for", nothing, nothing);
    if (c->move->to < 64 && c->move->from >> c->move->to & 1)
        finding(c, "timer", "open to the timer without a change of state", nothing, nothing);
}

static void check_move(checker *c)
{
    const itsm_machine *m = c->machine;
    uint64_t states = m->nstates < 64 ? (UINT64_C(1) << m->nstates) - 1 : UINT64_MAX;
    if (!c->move->from || (c->move->from & ~states) || c->move->to >= m->nstates)
        finding(c, "exists", "starts or ends nowhere", nothing, nothing);
    for (const itsm_move_def *other = m->moves; other < c->move; other++)
        if (itsm_str_eq(other->name, c->move->name) && (other->from & c->move->from))
            finding(c, "once", "two moves of this name start from one state", nothing, nothing);
    check_actors(c), check_timer(c);
    for (const itsm_guard_def *g = c->move->guards; g->kind && g->nodes; g += g->nodes) check_guard(c, g);
    for (const itsm_effect_def *e = c->move->effects; e->kind; e++) check_effect(c, e);
}

/* All states a set can move to, or with `back` come from, itself included. */
static uint64_t closure(const itsm_machine *m, uint64_t set, int back)
{
    for (uint64_t before = 0; before != set;) {
        before = set;
        for (size_t i = 0; i < m->nmoves; i++) {
            uint64_t to = UINT64_C(1) << (m->moves[i].to & 63);
            if (back) set |= set & to ? m->moves[i].from : 0;
            else set |= set & m->moves[i].from ? to : 0;
        }
    }
    return set;
}

static void check_machine(checker *c)
{
    const itsm_machine *m = c->machine;
    if (!m->nstates || m->nstates > 64 || m->initial >= m->nstates) {
        finding(c, "exists", "a lifecycle has 1 to 64 states and begins in one of them", nothing, nothing);
        return;
    }
    uint64_t final = 0;
    for (size_t i = 0; i < m->nstates; i++) {
        const itsm_state_def *s = &m->states[i];
        if (s->index != i || !itsm_category_text(s->category))
            finding(c, "exists", "state %S lacks a place or a category", s->name, nothing);
        if (itsm_machine_state(m, s->name) != s) finding(c, "unique", "state %S is there twice", s->name, nothing);
        if (s->category == ITSM_CLOSED || s->category == ITSM_CANCELLED) final |= UINT64_C(1) << i;
    }
    uint64_t reached = closure(m, UINT64_C(1) << m->initial, 0), finishing = final ? closure(m, final, 1) : UINT64_MAX;
    for (size_t i = 0; i < m->nstates; i++) {
        if (!(reached >> i & 1)) finding(c, "reachable", "state %S is never reached", m->states[i].name, nothing);
        if (!(finishing >> i & 1)) finding(c, "finish", "state %S never comes to an end", m->states[i].name, nothing);
    }
    for (size_t i = 0; i < m->nmoves; i++) c->move = &m->moves[i], check_move(c);
    c->move = NULL;
}

/* Types ----------------------------------------------------------------------------------------------------------- */

static void check_type(checker *c)
{
    const itsm_type_def *type = c->type;
    if (!type->nmachines || type->nmachines > 8) {
        finding(c, "exists", "a type has 1 to 8 facets", nothing, nothing);
        return;
    }
    if (!type->number || (type->number >= ITSM_TYPE_ENGINE && type->number <= ITSM_TYPE_ENGINE_LAST))
        finding(c, "fits", "the number of a type is 0 or reserved", nothing, nothing);
    if (!type->clauses_2011.n || !type->clauses_2018.n)
        finding(c, "clause", "the type serves no clause", nothing, nothing);
    if (itsm_model_type(c->model, type->name) != type || itsm_model_type_number(c->model, type->number) != type)
        finding(c, "unique", "the type is not found by its name and number", nothing, nothing);
    if (!type->prefix.n) finding(c, "exists", "the type's numbers have no prefix", nothing, nothing);
    for (size_t i = 0; i < c->model->ntypes && c->model->types[i] != type; i++)
        if (itsm_str_eq(c->model->types[i]->prefix, type->prefix))
            finding(c, "unique", "numbers of %S have the same prefix", c->model->types[i]->name, nothing);
    check_fields(c), check_links(c), check_indexes(c);
    for (size_t i = 0; i < type->nclocks; i++)
        if (type->clocks[i].by_field ? type->clocks[i].field >= type->nfields
                                     : !itsm_category_text(type->clocks[i].met_category))
            finding(c, "exists", "clock %S is met by nothing", type->clocks[i].name, nothing);
    for (size_t i = 0; i < type->nmachines; i++) c->machine = &type->machines[i], check_machine(c);
    c->machine = NULL;
}

itsm_status itsm_model_check(itsm_ctx *ctx, const itsm_model *model)
{
    itsm__issues_clear(ctx);
    if (!model) return ITSM_E_MISUSE;
    checker c = {ctx, model, NULL, NULL, NULL, 0};
    for (size_t i = 0; i < model->ntypes; i++) c.type = model->types[i], check_type(&c);
    return c.found ? ITSM_E_INVALID : ITSM_OK;
}
