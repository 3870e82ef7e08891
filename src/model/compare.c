/* SPDX-License-Identifier: MIT */
/*
 * Checking a changed model against the one it came from: which clauses lose a guard?
 *
 * Two ways lead round a guard: it is taken off its move, or a new move leads to the same state without it.  The first is
 * a row of the diff; for the second, each new move is held against the guards that all moves into its state share in the
 * base.  Texts are compared, not meanings.  Warnings are issues of code ITSM_OK.
 */
#include "model/check.h"
#include "model/diff.h"

#include "base/text.h"

typedef struct comparing {
    itsm_ctx *ctx;
    size_t found;
    itsm_buf text, scratch, where;
} comparing;

/* One warning for each clause. */
static void warn(comparing *c, itsm_str where, const itsm_names *c2011, const itsm_names *c2018, const char *format,
                 itsm_str guard)
{
    const itsm_names *clauses = c2018->n ? c2018 : c2011;
    for (size_t i = 0; i < clauses->n; i++)
        if (++c->found <= ITSM__ISSUES_MAX)
            (void)itsm__issue(c->ctx, ITSM_OK, where, ITSM_STR("guard"), clauses->item[i], format, clauses->item[i],
                              guard);
}

static itsm_status note_lost(void *user, const itsm_model_change *change)
{
    if (change->part == ITSM_PART_GUARD && change->how == ITSM_PART_REMOVED)
        warn(user, change->where, &change->clauses_2011, &change->clauses_2018, "clause %S loses the guard %S",
             change->before);
    return ITSM_OK;
}

/* Do all moves into a state, but those that stay in it, have the guard in c->text? */
static itsm_status is_shared(int *out, comparing *c, const itsm_machine *m, uint32_t to)
{
    itsm_status rc = ITSM_OK;
    *out = 1;
    for (size_t i = 0; i < m->nmoves && *out && !rc; i++)
        if (m->moves[i].to == to && m->moves[i].from != UINT64_C(1) << (to & 63))
            rc = itsm__move_has_guard(out, &c->scratch, &m->moves[i], itsm_buf_str(&c->text));
    return rc;
}

/* A new move into a state: what do the others ask that it does not? */
static itsm_status check_way_round(comparing *c, const itsm_machine *a, const itsm_machine *b,
                                   const itsm_move_def *move)
{
    const itsm_state_def *to = itsm_machine_state(a, b->states[move->to].name);
    const itsm_move_def *known = NULL;
    itsm_status rc = ITSM_OK;
    int there;
    for (size_t i = 0; to && i < a->nmoves && !known; i++)
        if (a->moves[i].to == to->index && a->moves[i].from != UINT64_C(1) << to->index) known = &a->moves[i];
    if (!known) return ITSM_OK;
    c->where.n = 0;
    rc = itsm__format(&c->where, "%S.%S.%S", b->type->name, b->name, move->name);
    for (const itsm_guard_def *g = known->guards; g->kind && !rc; g += g->nodes) {
        c->text.n = 0;
        rc = itsm_guard_encode(&c->text, g);
        if (!rc) rc = is_shared(&there, c, a, to->index);
        if (rc || !there) continue;
        rc = itsm__move_has_guard(&there, &c->scratch, move, itsm_buf_str(&c->text));
        if (!rc && !there)
            warn(c, itsm_buf_str(&c->where), itsm__move_clauses(a, known, 2011), itsm__move_clauses(a, known, 2018),
                 "clause %S: a new way leads round the guard %S", itsm_buf_str(&c->text));
    }
    return rc;
}

static itsm_status check_new_moves(comparing *c, const itsm_machine *a, const itsm_machine *b)
{
    itsm__pairs pairs;
    itsm_status rc = ITSM_OK;
    itsm__pairs_find(&pairs, a, b);
    for (size_t i = 0; i < b->nmoves && i < ITSM__LIST_MAX && !rc; i++)
        if (pairs.a_of[i] == ITSM__NOWHERE && b->moves[i].to < b->nstates) rc = check_way_round(c, a, b, &b->moves[i]);
    return rc;
}

itsm_status itsm_model_compare(itsm_ctx *ctx, const itsm_model *base, const itsm_model *model)
{
    itsm__issues_clear(ctx);
    if (!base || !model) return ITSM_E_MISUSE;
    comparing c = {ctx, 0, ITSM_BUF_INIT, ITSM_BUF_INIT, ITSM_BUF_INIT};
    itsm_buf_init(&c.text, ctx), itsm_buf_init(&c.scratch, ctx), itsm_buf_init(&c.where, ctx);
    const itsm_status checked = itsm__model_check(ctx, model, 0);
    itsm_status rc = checked == ITSM_E_INVALID ? ITSM_OK : checked;
    if (!rc) rc = itsm_model_diff(note_lost, &c, base, model);
    for (size_t i = 0; i < base->ntypes && !rc; i++) {
        const itsm_type_def *a = base->types[i], *b = itsm_model_type(model, a->name);
        for (size_t k = 0; b && k < a->nmachines && !rc; k++) {
            const itsm_machine *m = itsm_type_machine(b, a->machines[k].name);
            if (m) rc = check_new_moves(&c, &a->machines[k], m);
        }
    }
    itsm_buf_clear(&c.text), itsm_buf_clear(&c.scratch), itsm_buf_clear(&c.where);
    return rc ? rc : checked;
}
