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
 *   name        names are of the grammar                   locked     no effect writes what effects may not write
 *   writable    what is mandatory can be written           fire       what moves fire comes to an end
 */
#include "model/check.h"

#include "base/text.h"

/* Findings are about `type`, `type.facet` or `type.facet.move`. */
void itsm__finding(itsm__checker *c, const char *rule, const char *format, itsm_str a, itsm_str b)
{
    itsm_buf where;
    if (++c->found > ITSM__ISSUES_MAX) return;
    itsm_buf_init(&where, c->ctx);
    itsm_status status = itsm__buf_str(&where, c->type ? c->type->name : itsm_str_c(""));
    if (!status && c->machine) status = itsm__format(&where, ".%S", c->machine->name);
    if (!status && c->move) status = itsm__format(&where, ".%S", c->move->name);
    itsm__issue(c->ctx, ITSM_E_INVALID, status ? itsm_str_c("") : itsm_buf_str(&where), itsm_str_c(rule),
                itsm_str_c(""), c->found == ITSM__ISSUES_MAX ? "and more is wrong" : format, a, b);
    itsm_buf_clear(&where);
}

enum { VALUES_COMPARED = 1024 }; /* of one field, with each other */

static const itsm_str nothing = {NULL, 0};

static void check_name(itsm__checker *c, itsm_str name)
{
    if (!itsm__is_name(name))
        itsm__finding(c, "name", "\"%S\" is no name of 1 to 63 letters a to z, digits and _", name, nothing);
}

/* Fields, relations, indexes -------------------------------------------------------------------------------------- */

static void check_derive(itsm__checker *c, const itsm_field_def *field)
{
    if ((field->by == ITSM_BY_RULE) != (field->derive != NULL))
        itsm__finding(c, "fits", "%S must be derived and written by rule, or neither", field->name, nothing);
    for (const itsm_derive_def *d = field->derive, *end = d ? d + d->nodes : d; d < end; d++) {
        if (d->kind != ITSM_DERIVE_FIELD) {
            size_t arguments = 0;
            for (const itsm_derive_def *a = d + 1; a < d + d->nodes && a->nodes; a += a->nodes) arguments++;
            if (!arguments || arguments > 8 || (d->kind == ITSM_DERIVE_MATRIX && arguments != 2))
                itsm__finding(c, "fits", "the formula of %S has too few or too many arguments", field->name, nothing);
        } else if (d->field >= c->type->nfields || d->field == field->index) {
            itsm__finding(c, "exists", "%S is derived from a field that is not there", field->name, nothing);
        } else if (c->type->fields[d->field].derive && d->field > field->index) {
            itsm__finding(c, "fits", "%S is derived from %S, which is computed after it", field->name,
                          c->type->fields[d->field].name);
        }
    }
}

static void check_values(itsm__checker *c, const itsm_field_def *f)
{
    for (size_t i = 0; i < f->values.n && i < VALUES_COMPARED; i++)
        for (size_t k = 0; k < i; k++)
            if (itsm_str_eq(f->values.item[i], f->values.item[k]))
                itsm__finding(c, "unique", "%S has the value %S twice", f->name, f->values.item[i]);
}

static void check_fields(itsm__checker *c)
{
    const itsm_type_def *type = c->type;
    const itsm_machine *primary = &type->machines[0];
    uint64_t states = primary->nstates < 64 ? (UINT64_C(1) << primary->nstates) - 1 : UINT64_MAX;
    for (size_t i = 0; i < type->nfields; i++) {
        const itsm_field_def *f = &type->fields[i];
        if (f->index != i) itsm__finding(c, "exists", "%S is not at its place", f->name, nothing);
        for (size_t k = 0; k < i; k++)
            if (type->fields[k].number == f->number || itsm_str_eq(type->fields[k].name, f->name))
                itsm__finding(c, "unique", "%S and %S share a name or a number", f->name, type->fields[k].name);
        if (!f->header) check_name(c, f->name);
        if (!f->number || !f->name.n || !f->base.n)
            itsm__finding(c, "exists", "%S lacks a number, name or kind", f->name, nothing);
        if (f->kind == ITSM_ENUM && !f->values.n) itsm__finding(c, "exists", "%S has no values", f->name, nothing);
        if (f->kind == ITSM_REF && !f->target && !itsm_str_is(f->target_name, "any"))
            itsm__finding(c, "exists", "%S refers to %S, which is no type", f->name, f->target_name);
        if ((f->mandatory_at | f->editable) & ~states)
            itsm__finding(c, "exists", "%S names a state that is not there", f->name, nothing);
        check_values(c, f);
        if (f->ranged && f->lo > f->hi) itsm__finding(c, "fits", "%S has an empty range", f->name, nothing);
        check_derive(c, f);
    }
}

static void check_inverse(itsm__checker *c, const itsm_link_def *link)
{
    if (!link->target && !itsm_str_is(link->target_name, "any")) {
        itsm__finding(c, "exists", "%S leads to %S, which is no type", link->name, link->target_name);
        return;
    }
    for (size_t i = 0; i < c->model->ntypes; i++) { /* one type, or all of them */
        const itsm_type_def *target = c->model->types[i];
        if (link->target && link->target != target) continue;
        const itsm_link_def *back = itsm_link_inverse(link, target);
        if (!back || !itsm_str_eq(back->inverse, link->name) || (back->target && back->target != link->type))
            itsm__finding(c, "inverse", "%S is not answered by %S", link->name, link->inverse);
    }
}

static void check_links(itsm__checker *c)
{
    const itsm_type_def *type = c->type;
    for (size_t i = 0; i < type->nlinks; i++) {
        const itsm_link_def *l = &type->links[i];
        check_name(c, l->name);
        if (l->index != i || l->type != type) itsm__finding(c, "exists", "%S is not at its place", l->name, nothing);
        for (size_t k = 0; k < i; k++)
            if (type->links[k].number == l->number || itsm_str_eq(type->links[k].name, l->name))
                itsm__finding(c, "unique", "%S and %S share a name or a number", l->name, type->links[k].name);
        const itsm_field_def *field = itsm_type_field(type, l->name);
        if ((field != NULL) != (l->is_field != 0))
            itsm__finding(c, "fits", "%S must be a field and a relation, or the relation says it is", l->name, nothing);
        else if (field && (field->kind != ITSM_REF || field->target != l->target || field->list != l->many))
            itsm__finding(c, "fits", "%S differs between field and relation", l->name, nothing);
        check_inverse(c, l);
    }
    for (size_t i = 0; i < type->nfields; i++)
        if (type->fields[i].kind == ITSM_REF && !type->fields[i].header && !itsm_type_link(type, type->fields[i].name))
            itsm__finding(c, "inverse", "%S refers to records and is no relation", type->fields[i].name, nothing);
}

static void check_indexes(itsm__checker *c)
{
    for (size_t i = 0; i < c->type->nindexes; i++) {
        const itsm_index_def *x = &c->type->indexes[i];
        for (size_t k = 0; k < i; k++)
            if (c->type->indexes[k].number == x->number || itsm_str_eq(c->type->indexes[k].name, x->name))
                itsm__finding(c, "unique", "indexes %S and %S share a name or a number", x->name,
                              c->type->indexes[k].name);
        for (size_t k = 0; k < x->nfields; k++)
            if (x->fields[k] >= c->type->nfields)
                itsm__finding(c, "exists", "index %S has a field that is not there", x->name, nothing);
        if (!x->number || !x->nfields) itsm__finding(c, "exists", "index %S is empty", x->name, nothing);
    }
}

/* Clauses that a model without a catalogue names are taken as they are. */
static void check_clauses(itsm__checker *c, const itsm_names *clauses, uint32_t edition)
{
    for (size_t i = 0; i < clauses->n && c->model->nclauses; i++)
        if (!itsm_model_clause(c->model, edition, clauses->item[i]))
            itsm__finding(c, "clause", "there is no clause %S in the edition of %S", clauses->item[i],
                          edition == 2011 ? ITSM_STR("2011") : ITSM_STR("2018"));
}

/* Moves ----------------------------------------------------------------------------------------------------------- */

static void check_actors(itsm__checker *c)
{
    for (size_t i = 0; i < c->move->nactors; i++) {
        const itsm_actor_def *a = &c->move->actors[i];
        const itsm_field_def *field = itsm_type_field(c->type, a->name);
        int party = field && field->kind == ITSM_PARTY && !field->list;
        if (a->kind == ITSM_ACTOR_PARTY && (!party || field->index != a->field))
            itsm__finding(c, "exists", "%S is no field of a party", a->name, nothing);
        if (a->kind == ITSM_ACTOR_HOLDER && party)
            itsm__finding(c, "fits", "%S is a field, so its party acts, not a role", a->name, nothing);
        if (a->kind == ITSM_ACTOR_HOLDER && !itsm__is_role(c, a->name))
            itsm__finding(c, "exists", "%S is no role", a->name, nothing);
    }
    if (!c->move->nactors) itsm__finding(c, "exists", "nobody may make the move", nothing, nothing);
}

static void check_timer(itsm__checker *c)
{
    int timer = 0, waits = 0;
    for (size_t i = 0; i < c->move->nactors; i++) timer |= itsm_str_is(c->move->actors[i].name, "timer");
    if (!timer) return;
    for (const itsm_guard_def *g = c->move->guards; g->kind; g++) waits |= g->kind == ITSM_GUARD_REACHED;
    if (!waits) itsm__finding(c, "timer", "open to the timer without a time to wait for", nothing, nothing);
    if (c->move->to < 64 && c->move->from >> c->move->to & 1)
        itsm__finding(c, "timer", "open to the timer without a change of state", nothing, nothing);
}

static void check_move(itsm__checker *c)
{
    const itsm_machine *m = c->machine;
    uint64_t states = m->nstates < 64 ? (UINT64_C(1) << m->nstates) - 1 : UINT64_MAX;
    if (!c->move->from || (c->move->from & ~states) || c->move->to >= m->nstates)
        itsm__finding(c, "exists", "starts or ends nowhere", nothing, nothing);
    for (const itsm_move_def *other = m->moves; other < c->move; other++)
        if (itsm_str_eq(other->name, c->move->name) && (other->from & c->move->from))
            itsm__finding(c, "once", "two moves of this name start from one state", nothing, nothing);
    check_name(c, c->move->name);
    check_actors(c), check_timer(c), check_clauses(c, &c->move->clauses_2011, 2011);
    check_clauses(c, &c->move->clauses_2018, 2018);
    itsm__check_guards(c);
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

static void check_machine(itsm__checker *c)
{
    const itsm_machine *m = c->machine;
    if (!m->nstates || m->nstates > 64 || m->initial >= m->nstates) {
        itsm__finding(c, "exists", "a lifecycle has 1 to 64 states and begins in one of them", nothing, nothing);
        return;
    }
    uint64_t final = 0;
    for (size_t i = 0; i < m->nstates; i++) {
        const itsm_state_def *s = &m->states[i];
        check_name(c, s->name);
        if (s->index != i || !itsm_category_text(s->category))
            itsm__finding(c, "exists", "state %S lacks a place or a category", s->name, nothing);
        if (itsm_machine_state(m, s->name) != s)
            itsm__finding(c, "unique", "state %S is there twice", s->name, nothing);
        if (s->category == ITSM_CLOSED || s->category == ITSM_CANCELLED) final |= UINT64_C(1) << i;
    }
    uint64_t left = 0;
    for (size_t i = 0; i < m->nmoves; i++)
        if (m->moves[i].to < 64) left |= m->moves[i].from & ~(UINT64_C(1) << m->moves[i].to);
    uint64_t reached = closure(m, UINT64_C(1) << m->initial, 0), finishing = final ? closure(m, final, 1) : UINT64_MAX;
    for (size_t i = 0; i < m->nstates; i++) {
        if (!(reached >> i & 1)) itsm__finding(c, "reachable", "state %S is never reached", m->states[i].name, nothing);
        if (!(finishing >> i & 1))
            itsm__finding(c, "finish", "state %S never comes to an end", m->states[i].name, nothing);
        else if (!((left | final) >> i & 1) && m->nstates > 1)
            itsm__finding(c, "finish", "state %S has no way out and is not final", m->states[i].name, nothing);
    }
    for (size_t i = 0; i < m->nmoves; i++) c->move = &m->moves[i], check_move(c);
    c->move = NULL;
}

/* Types ----------------------------------------------------------------------------------------------------------- */

static void check_clocks(itsm__checker *c)
{
    static const char *const known[] = {"response", "resolution", "fulfilment", "update"};
    const itsm_type_def *type = c->type;
    for (size_t i = 0; i < type->nclocks; i++) {
        const itsm_clock_def *clock = &type->clocks[i];
        size_t k = 0, same = 0;
        while (k < sizeof known / sizeof *known && !itsm_str_is(clock->name, known[k])) k++;
        for (size_t n = 0; n < i; n++) same += (size_t)itsm_str_eq(type->clocks[n].name, clock->name);
        if (k == sizeof known / sizeof *known) itsm__finding(c, "exists", "there is no clock %S", clock->name, nothing);
        if (same) itsm__finding(c, "unique", "clock %S is there twice", clock->name, nothing);
        if (clock->by_field ? clock->field >= type->nfields : !itsm_category_text(clock->met_category))
            itsm__finding(c, "exists", "clock %S is met by nothing", clock->name, nothing);
    }
}

static void check_type(itsm__checker *c)
{
    const itsm_type_def *type = c->type;
    if (!type->nmachines || type->nmachines > 8) {
        itsm__finding(c, "exists", "a type has 1 to 8 facets", nothing, nothing);
        return;
    }
    if (!type->number || (type->number >= ITSM_TYPE_ENGINE && type->number <= ITSM_TYPE_ENGINE_LAST))
        itsm__finding(c, "fits", "the number of a type is 0 or reserved", nothing, nothing);
    check_name(c, type->name);
    check_clauses(c, &type->clauses_2011, 2011), check_clauses(c, &type->clauses_2018, 2018);
    for (size_t i = 0; i < type->kpis.n && c->model->nkpis; i++)
        if (!itsm_model_kpi(c->model, type->kpis.item[i]))
            itsm__finding(c, "exists", "there is no indicator %S", type->kpis.item[i], nothing);
    if (!type->clauses_2011.n || !type->clauses_2018.n)
        itsm__finding(c, "clause", "the type serves no clause", nothing, nothing);
    if (itsm_model_type(c->model, type->name) != type || itsm_model_type_number(c->model, type->number) != type)
        itsm__finding(c, "unique", "the type is not found by its name and number", nothing, nothing);
    if (!type->prefix.n) itsm__finding(c, "exists", "the type's numbers have no prefix", nothing, nothing);
    for (size_t i = 0; i < c->model->ntypes && c->model->types[i] != type; i++)
        if (itsm_str_eq(c->model->types[i]->prefix, type->prefix))
            itsm__finding(c, "unique", "numbers of %S have the same prefix", c->model->types[i]->name, nothing);
    check_fields(c), check_links(c), check_indexes(c);
    check_clocks(c);
    for (size_t i = 0; i < type->nmachines; i++) c->machine = &type->machines[i], check_machine(c);
    c->machine = NULL;
}

itsm_status itsm__model_check(itsm_ctx *ctx, const itsm_model *model, size_t found)
{
    itsm__checker c = {ctx, model, NULL, NULL, NULL, found};
    for (size_t i = 0; i < model->ntypes; i++) c.type = model->types[i], check_type(&c);
    c.type = NULL;
    const itsm_status status = itsm__check_flow(&c);
    if (status) return status;
    return c.found ? ITSM_E_INVALID : ITSM_OK;
}

itsm_status itsm_model_check(itsm_ctx *ctx, const itsm_model *model)
{
    itsm__issues_clear(ctx);
    return model ? itsm__model_check(ctx, model, 0) : ITSM_E_MISUSE;
}
