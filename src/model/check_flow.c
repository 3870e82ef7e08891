/* SPDX-License-Identifier: MIT */
/*
 * The checker's part that takes the whole model.
 *
 * Somebody must be able to write what is mandatory: a field that only moves write needs an effect that does, in this
 * type or, by `stamp(relation.field)`, in another.
 *
 * What moves fire must come to an end.  Moves that fire and are fired form a graph.  A chain of firings can go on for
 * ever only through moves that fire, are fired, and can be made again: those whose facet can come back, by moves that
 * are fired too, from where the move ends to where it starts.  All others are taken out, again and again, until nothing
 * changes; what is left then may fire for ever and is a finding.  A model has FIRES_MAX effects of this kind at most, so
 * the work is bounded: rounds times moves, at most FIRES_MAX of each.
 */
#include "model/check.h"

#include "base/map.h"

enum { FIRES_MAX = 256, MOVES_MAX = ITSM__LIST_MAX };

static const itsm_str nothing = {NULL, 0};

/* Who writes -------------------------------------------------------------------------------------------------------- */

typedef struct field_key {
    uint16_t type, field;
} field_key;

static itsm_status note_written(itsm__map *written, const itsm_type_def *type, const itsm_field_def *field)
{
    if (!type || !field) return ITSM_OK;
    const field_key key = {type->index, field->index};
    return itsm__map_put(written, &key, sizeof key, NULL) ? ITSM_OK : ITSM_E_NOMEM;
}

static itsm_status note_effect(itsm__map *written, const itsm_type_def *type, const itsm_effect_def *e)
{
    const itsm_path *path = e->npaths ? &e->paths[0] : NULL;
    if (!path || e->kind == ITSM_EFFECT_CLEAR || e->kind == ITSM_EFFECT_FIRE) return ITSM_OK;
    if (path->kind == ITSM_PATH_FIELD) return note_written(written, type, itsm_type_field_at(type, path->at));
    if (path->kind != ITSM_PATH_LINKED || path->at >= type->nlinks) return ITSM_OK;
    const itsm_type_def *target = type->links[path->at].target;
    return note_written(written, target, itsm_type_field(target, path->far));
}

static itsm_status note_type(itsm__map *written, const itsm_type_def *type)
{
    itsm_status status = ITSM_OK;
    for (size_t i = 0; i < type->nmachines; i++)
        for (size_t k = 0; k < type->machines[i].nmoves; k++)
            for (const itsm_effect_def *e = type->machines[i].moves[k].effects; e->kind && !status; e++)
                status = note_effect(written, type, e);
    return status;
}

static void check_writable(itsm__checker *c, const itsm__map *written)
{
    for (size_t i = 0; i < c->type->nfields; i++) {
        const itsm_field_def *f = &c->type->fields[i];
        const field_key key = {c->type->index, f->index};
        if (f->by != ITSM_BY_MOVE || f->machine || !(f->at_creation || f->mandatory_at)) continue;
        if (f->at_creation)
            itsm__finding(c, "writable", "%S is mandatory at creation and only moves write it", f->name, nothing);
        else if (!itsm__map_find(written, &key, sizeof key))
            itsm__finding(c, "writable", "%S is mandatory, only moves write it, and none does", f->name, nothing);
    }
}

static itsm_status check_all_writable(itsm__checker *c)
{
    itsm__map written;
    itsm_status status = ITSM_OK;
    itsm__map_init(&written, itsm__ctx_memory(c->ctx));
    for (size_t i = 0; i < c->model->ntypes && !status; i++) status = note_type(&written, c->model->types[i]);
    for (size_t i = 0; i < c->model->ntypes && !status; i++) c->type = c->model->types[i], check_writable(c, &written);
    c->type = NULL;
    itsm__map_clear(&written);
    return status;
}

/* What is fired ----------------------------------------------------------------------------------------------------- */

/* One `fire`: the move that does it, and what it makes. */
typedef struct firing {
    const itsm_machine *machine;
    const itsm_move_def *move;
    const itsm_type_def *target; /* NULL: of any type */
    itsm_str name;
    int gone; /* it cannot be part of what goes on for ever */
} firing;

typedef struct firings {
    firing item[FIRES_MAX];
    size_t n, all;
} firings;

static void collect(firings *f, const itsm_machine *m, const itsm_move_def *move)
{
    for (const itsm_effect_def *e = move->effects; e->kind; e++) {
        if (e->kind != ITSM_EFFECT_FIRE || !e->npaths || e->paths[0].at >= m->type->nlinks) continue;
        if (f->all++ >= FIRES_MAX) continue;
        firing *item = &f->item[f->n++];
        item->machine = m, item->move = move, item->name = e->name, item->gone = 0;
        item->target = m->type->links[e->paths[0].at].target;
    }
}

/* Does a firing make moves of this name and type? */
static int makes(const firing *a, const itsm_type_def *type, itsm_str name)
{
    return !a->gone && (!a->target || a->target == type) && itsm_str_eq(a->name, name);
}

static int is_fired(const firings *f, const itsm_machine *machine, const itsm_move_def *move)
{
    for (size_t i = 0; i < f->n; i++)
        if (makes(&f->item[i], machine->type, move->name)) return 1;
    return 0;
}

/* Can the move of a firing be made again, after it and other moves that are fired? */
static int comes_back(const firings *f, const firing *a)
{
    const itsm_machine *m = a->machine;
    uint64_t states = UINT64_C(1) << (a->move->to & 63), before = 0, asked[MOVES_MAX / 64] = {0},
             no[MOVES_MAX / 64] = {0};
    while (before != states && !(states & a->move->from)) {
        before = states;
        for (size_t i = 0; i < m->nmoves && i < MOVES_MAX; i++) {
            const uint64_t bit = UINT64_C(1) << (i & 63);
            if (!(m->moves[i].from & states) || (no[i / 64] & bit)) continue;
            if (!(asked[i / 64] & bit) && !is_fired(f, m, &m->moves[i])) no[i / 64] |= bit;
            else states |= UINT64_C(1) << (m->moves[i].to & 63);
            asked[i / 64] |= bit;
        }
    }
    return (states & a->move->from) != 0;
}

static int is_over(const firings *f, const firing *a)
{
    int makes_one = 0;
    for (size_t i = 0; i < f->n && !makes_one; i++) {
        const firing *b = &f->item[i];
        makes_one = !b->gone && makes(a, b->machine->type, b->move->name);
    }
    return !makes_one || !is_fired(f, a->machine, a->move) || !comes_back(f, a);
}

static void check_firings(itsm__checker *c, firings *f)
{
    for (int changed = 1; changed;) {
        changed = 0;
        for (size_t i = 0; i < f->n; i++)
            if (!f->item[i].gone && is_over(f, &f->item[i])) f->item[i].gone = changed = 1;
    }
    for (size_t i = 0; i < f->n; i++) {
        const firing *a = &f->item[i];
        if (a->gone) continue;
        c->type = a->machine->type, c->machine = a->machine, c->move = a->move;
        itsm__finding(c, "fire", "it fires %S, and what that fires comes back to it without an end", a->name, nothing);
    }
    c->type = NULL, c->machine = NULL, c->move = NULL;
}

static itsm_status check_fires(itsm__checker *c)
{
    const itsm__memory *memory = itsm__ctx_memory(c->ctx);
    firings *f = itsm__alloc_zero(memory, sizeof *f);
    if (!f) return ITSM_E_NOMEM;
    for (size_t i = 0; i < c->model->ntypes; i++) {
        const itsm_type_def *type = c->model->types[i];
        for (size_t k = 0; k < type->nmachines; k++)
            for (size_t n = 0; n < type->machines[k].nmoves; n++)
                collect(f, &type->machines[k], &type->machines[k].moves[n]);
    }
    if (f->all > FIRES_MAX) itsm__finding(c, "limit", "a model fires at 256 places at most", nothing, nothing);
    else check_firings(c, f);
    itsm__free(memory, f, sizeof *f);
    return ITSM_OK;
}

itsm_status itsm__check_flow(itsm__checker *c)
{
    const itsm_status status = check_all_writable(c);
    return status ? status : check_fires(c);
}
