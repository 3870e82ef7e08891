/* SPDX-License-Identifier: MIT */
/*
 * Deciding moves: the public calls.
 *
 * All of them come down to one walk over the rules of a move, the actor first and then each guard, in judge_rules().
 * It reports what is unmet to a function and builds nothing itself; itsm_machine_check() and itsm_machine_possible()
 * pass one that writes issues.  An allowed move therefore touches the subject and the model's tables only.
 */
#include "lifecycle/explain.h"

#include "base/ctx.h"
#include "base/text.h"

/* Rules ----------------------------------------------------------------------------------------------------------- */

/* The worse of two answers: refused beats undecided beats ok. */
static itsm_status worse(itsm_status a, itsm_status b)
{
    if (a == ITSM_E_REFUSED || b == ITSM_E_REFUSED) return ITSM_E_REFUSED;
    return a ? a : b;
}

/* 1: a method of the subject has failed, and nothing is to be said about it. */
static int is_failure(itsm_status status)
{
    return status && status != ITSM_E_REFUSED && status != ITSM_E_UNDECIDED;
}

static itsm_status judge_rules(itsm__judge *judge, const itsm_move_def *move, itsm_unmet_fn fn, void *user)
{
    const itsm_guard_def *guard = move->guards;
    itsm_status all = itsm__judge_status(judge, itsm__judge_actor(judge, move));
    if (is_failure(all)) return all;
    if (all) {
        itsm_status status = fn ? fn(user, NULL, all) : ITSM_OK;
        if (status) return status;
    }
    for (; guard->kind && (fn || all != ITSM_E_REFUSED); guard += guard->nodes) {
        itsm_status verdict = itsm__judge_status(judge, itsm__judge_guard(judge, guard));
        if (!verdict) continue;
        if (is_failure(verdict)) return verdict;
        itsm_status status = fn ? fn(user, guard, verdict) : ITSM_OK;
        if (status) return status;
        all = worse(all, verdict);
    }
    return all;
}

/* Writing issues: what judge_rules() calls. */
typedef struct reporter {
    itsm__explainer explainer;
    const itsm_move_def *move;
} reporter;

static itsm_status report(void *user, const itsm_guard_def *guard, itsm_status verdict)
{
    const reporter *r = user;
    itsm__explain_unmet(&r->explainer, r->move, guard, verdict);
    return ITSM_OK;
}

static itsm_status judge_and_report(itsm__judge *judge, itsm_ctx *ctx, const itsm_machine *machine,
                                    const itsm_move_def *move)
{
    reporter r = {{ctx, machine, judge}, move};
    return judge_rules(judge, move, ctx ? report : NULL, &r);
}

/* Checking -------------------------------------------------------------------------------------------------------- */

static void fill_plan(itsm_plan *out, const itsm_machine *machine, const itsm_state_def *from,
                      const itsm_move_def *move)
{
    itsm_plan plan = ITSM_PLAN_INIT;
    plan.from = from->name, plan.category_from = from->category;
    plan.to = machine->states[move->to].name, plan.category = machine->states[move->to].category;
    plan.effects = move->effects;
    while (plan.effects[plan.neffects].kind) plan.neffects++;
    plan.move = move, plan.machine = machine;

    if (out->size >= sizeof plan) {
        *out = plan;
        return;
    }
    plan.size = out->size; /* of an older host */
    memcpy(out, &plan, plan.size);
}

itsm_status itsm_machine_check(itsm_plan *out, itsm_ctx *ctx, const itsm_machine *machine, itsm_subject subject,
                               itsm_str move, const itsm_act *act)
{
    itsm__issues_clear(ctx);
    if (!out || out->size < sizeof out->size || !machine) return ITSM_E_MISUSE;
    itsm__judge judge;
    itsm_status status = itsm__judge_init(&judge, machine->type, subject, act);
    if (status) return status;

    itsm__explainer explainer = {ctx, machine, &judge};
    itsm_str present;
    itsm__verdict known = itsm__judge_state(&judge, &present, machine->name);
    if (judge.failure) return judge.failure;
    if (known != ITSM__TRUE) return itsm__explain_no_state(&explainer, move);
    const itsm_state_def *from = itsm_machine_state(machine, present);
    const itsm_move_def *found = from ? itsm_machine_move(machine, move, from) : NULL;
    if (!found) return itsm__explain_state(&explainer, move, present);

    status = judge_and_report(&judge, ctx, machine, found);
    if (!status) fill_plan(out, machine, from, found);
    return status;
}

itsm_status itsm_machine_possible(itsm_ctx *ctx, const itsm_machine *machine, itsm_subject subject, const itsm_act *act,
                                  itsm_verdict_fn fn, void *user)
{
    itsm__issues_clear(ctx);
    if (!machine || !fn) return ITSM_E_MISUSE;
    itsm__judge judge;
    itsm_status status = itsm__judge_init(&judge, machine->type, subject, act);
    if (status) return status;

    itsm__explainer explainer = {ctx, machine, &judge};
    itsm_str present;
    itsm__verdict known = itsm__judge_state(&judge, &present, machine->name);
    if (judge.failure) return judge.failure;
    const itsm_state_def *from = known == ITSM__TRUE ? itsm_machine_state(machine, present) : NULL;
    if (!from) return itsm__explain_no_state(&explainer, machine->name);

    for (size_t i = 0; i < machine->nmoves; i++) {
        const itsm_move_def *move = &machine->moves[i];
        if (!(move->from >> from->index & 1)) continue;
        itsm_status verdict = judge_and_report(&judge, ctx, machine, move);
        if (is_failure(verdict)) return verdict;
        status = fn(user, move, verdict);
        if (status) return status;
        itsm__issues_clear(ctx);
    }
    return ITSM_OK;
}

itsm_status itsm_machine_judge(const itsm_machine *machine, const itsm_move_def *move, itsm_subject subject,
                               const itsm_act *act, itsm_unmet_fn fn, void *user)
{
    if (!machine || !move) return ITSM_E_MISUSE;
    itsm__judge judge;
    itsm_status status = itsm__judge_init(&judge, machine->type, subject, act);
    return status ? status : judge_rules(&judge, move, fn, user);
}

itsm_status itsm_guard_check(const itsm_machine *machine, const itsm_guard_def *guard, itsm_subject subject,
                             const itsm_act *act)
{
    if (!machine || !guard) return ITSM_E_MISUSE;
    itsm__judge judge;
    itsm_status status = itsm__judge_init(&judge, machine->type, subject, act);
    return status ? status : itsm__judge_status(&judge, itsm__judge_guard(&judge, guard));
}

/* Around moves ---------------------------------------------------------------------------------------------------- */

const itsm_move_def *itsm_machine_moves_between(const itsm_machine *machine, const itsm_state_def *from,
                                                const itsm_state_def *to, const itsm_move_def *after)
{
    for (size_t i = after ? after->index + (size_t)1 : 0; machine && i < machine->nmoves; i++) {
        const itsm_move_def *move = &machine->moves[i];
        if ((!from || move->from >> from->index & 1) && (!to || move->to == to->index)) return move;
    }
    return NULL;
}

itsm_status itsm_type_missing(const itsm_type_def *type, const itsm_state_def *state, itsm_subject subject,
                              itsm_missing_fn fn, void *user)
{
    itsm__judge judge;
    itsm_status all = itsm__judge_init_subject(&judge, type, subject);
    if (all) return all;
    for (size_t i = 0; i < type->nfields; i++) {
        const itsm_field_def *field = &type->fields[i];
        if (!(state ? field->mandatory_at >> state->index & 1 : field->at_creation)) continue;
        itsm_status verdict = itsm__judge_status(&judge, itsm__judge_has(&judge, field));
        if (!verdict) continue;
        if (is_failure(verdict)) return verdict;
        itsm_status status = fn ? fn(user, field, verdict) : ITSM_OK;
        if (status) return status;
        all = worse(all, verdict);
    }
    return all;
}

int itsm_field_writable(const itsm_field_def *field, const itsm_state_def *state, int creating)
{
    if (!field || field->by != ITSM_BY_HOST) return 0;
    if (!field->limited) return 1;
    if (!field->editable) return creating != 0;
    return state && field->editable >> state->index & 1;
}

itsm_status itsm_move_clauses(itsm_buf *out, const itsm_machine *machine, const itsm_move_def *move)
{
    if (!out || !machine) return ITSM_E_MISUSE;
    const itsm_names *clauses = move && move->clauses_2018.n ? &move->clauses_2018 : &machine->type->clauses_2018;
    size_t start = out->n;
    itsm_status status = ITSM_OK;
    for (size_t i = 0; i < clauses->n && !status; i++)
        status = itsm__format(out, "%s%S", i ? " " : "", clauses->item[i]);
    if (status) out->n = start;
    return status;
}
