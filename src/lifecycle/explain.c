/* SPDX-License-Identifier: MIT */
/*
 * Saying what is missing: a sentence for each unmet rule, and the issue that carries it.
 *
 * Only refused and undecided moves come here, so text may cost what it costs.  Sentences are made of the words of the
 * model and name what would have to be so.  For a `set` the subject is asked again which of the fields are empty.  Of a
 * `when` only what its condition asks for is said.  Running out of memory loses the sentence, never the issue's code.
 */
#include "lifecycle/explain.h"

#include "base/ctx.h"
#include "base/text.h"

/* Lists of words: "a", "a and b", "a, b and c" ------------------------------------------------------------------- */

static itsm_status say_word(itsm_buf *out, itsm_str word, size_t i, size_t n, const char *last)
{
    return itsm__format(out, "%s%S", !i ? "" : i + 1 < n ? ", " : last, word);
}

static itsm_status say_names(itsm_buf *out, const itsm_names *names, const char *last)
{
    itsm_status status = ITSM_OK;
    for (size_t i = 0; i < names->n && !status; i++) status = say_word(out, names->item[i], i, names->n, last);
    return status;
}

static itsm_status say_path(itsm_buf *out, const itsm_path *path)
{
    if (path->kind == ITSM_PATH_ACTOR) return itsm__buf_c(out, "the acting party");
    return itsm__format(out, "%S%s%S", path->name, path->far.n ? "." : "", path->far);
}

static itsm_status say_paths(itsm_buf *out, const itsm_guard_def *guard, const char *last)
{
    itsm_status status = ITSM_OK;
    for (size_t i = 0; i < guard->npaths && !status; i++)
        status = say_word(out, guard->paths[i].name, i, guard->npaths, last);
    return status;
}

/* Leaves ---------------------------------------------------------------------------------------------------------- */

static itsm_status say_set(itsm_buf *out, itsm__judge *judge, const itsm_guard_def *guard)
{
    size_t missing = 0, said = 0;
    itsm_status status = ITSM_OK;
    for (size_t i = 0; i < guard->npaths; i++) missing += itsm__judge_set(judge, &guard->paths[i]) != ITSM__TRUE;
    for (size_t i = 0; i < guard->npaths && !status && said < missing; i++) {
        if (itsm__judge_set(judge, &guard->paths[i]) == ITSM__TRUE) continue;
        if (said) status = itsm__buf_c(out, said + 1 < missing ? ", " : " and ");
        if (!status) status = say_path(out, &guard->paths[i]);
        said++;
    }
    if (!status) status = itsm__buf_c(out, missing == 1 ? " is missing" : " are missing");
    return status;
}

static itsm_status say_values(itsm_buf *out, const itsm_guard_def *guard)
{
    itsm_status status = say_path(out, &guard->paths[0]);
    if (!status) status = itsm__buf_c(out, guard->kind == ITSM_GUARD_EQ ? " must be " : " must not be ");
    return status ? status : say_names(out, &guard->values, " or ");
}

static itsm_status say_greater(itsm_buf *out, const itsm_guard_def *guard)
{
    itsm_status status = say_path(out, &guard->paths[0]);
    if (!status) status = itsm__buf_c(out, guard->kind == ITSM_GUARD_GT ? " must be more than " : " must be at least ");
    if (status) return status;
    return guard->npaths > 1 ? say_path(out, &guard->paths[1]) : itsm__buf_fixed(out, guard->number, guard->scale);
}

static itsm_status say_differs(itsm_buf *out, const itsm_guard_def *guard)
{
    itsm_status status = say_path(out, &guard->paths[0]);
    if (!status) status = itsm__buf_c(out, " and ");
    if (!status) status = say_path(out, &guard->paths[1]);
    return status ? status : itsm__buf_c(out, " must be given and be different parties");
}

static itsm_status say_linked(itsm_buf *out, const itsm_guard_def *guard)
{
    itsm_status status;
    if (guard->kind == ITSM_GUARD_LINKED)
        status = guard->number == 1 ? itsm__buf_c(out, "one must be linked as ")
                                    : itsm__format(out, "%i must be linked as ", guard->number);
    else
        status = itsm__buf_c(out, guard->kind == ITSM_GUARD_ALL_LINKED ? "everything linked as "
                                                                       : "nothing may be linked as ");
    if (!status) status = say_paths(out, guard, " or ");
    if (status || !guard->values.n) return status;
    status = itsm__buf_c(out, guard->kind == ITSM_GUARD_LINKED       ? " and be "
                              : guard->kind == ITSM_GUARD_ALL_LINKED ? " must be "
                                                                     : " that is ");
    return status ? status : say_names(out, &guard->values, " or ");
}

static itsm_status say_time(itsm_buf *out, const itsm_guard_def *guard)
{
    itsm_status status = say_path(out, &guard->paths[0]);
    if (!status && guard->name.n) status = itsm__format(out, " plus %S", guard->name);
    if (status) return status;
    return itsm__buf_c(out,
                       guard->kind == ITSM_GUARD_REACHED ? " must be reached" : " must be given and not have passed");
}

static itsm_status say_approved(itsm_buf *out, const itsm_guard_def *guard)
{
    itsm_status status = itsm__format(out, "approval of %S is missing", guard->name);
    if (status || !guard->npaths) return status;
    status = itsm__buf_c(out, " (by others than ");
    if (!status) status = say_paths(out, guard, " and ");
    return status ? status : itsm__buf_c(out, ")");
}

static itsm_status say_leaf(itsm_buf *out, itsm__judge *judge, const itsm_guard_def *guard)
{
    switch (guard->kind) {
    case ITSM_GUARD_SET: return say_set(out, judge, guard);
    case ITSM_GUARD_EQ:
    case ITSM_GUARD_NE: return say_values(out, guard);
    case ITSM_GUARD_GT:
    case ITSM_GUARD_GE: return say_greater(out, guard);
    case ITSM_GUARD_DIFFERS: return say_differs(out, guard);
    case ITSM_GUARD_ROLE: return itsm__format(out, "the acting party must hold the role %S", guard->name);
    case ITSM_GUARD_LINKED:
    case ITSM_GUARD_ALL_LINKED:
    case ITSM_GUARD_NONE_LINKED: return say_linked(out, guard);
    case ITSM_GUARD_REACHED:
    case ITSM_GUARD_BEFORE: return say_time(out, guard);
    case ITSM_GUARD_APPROVED: return say_approved(out, guard);
    case ITSM_GUARD_NO_CONFLICT: return itsm__buf_c(out, "the planned time meets a blackout or another change");
    case ITSM_GUARD_HOST: return itsm__format(out, "%S does not hold", guard->name);
    default: return itsm__buf_c(out, "this can never hold");
    }
}

/*
 * Every leaf that does not hold, conditions of `when` left out; alternatives are joined by "or".  A condition is the
 * first guard below a `when`, so it is skipped where the `when` is met.
 */
static itsm_status say_guard(itsm_buf *out, itsm__judge *judge, const itsm_guard_def *guard)
{
    const itsm_guard_def *end = guard + guard->nodes, *alternatives_end = guard;
    itsm_status status = ITSM_OK;
    int said = 0;
    for (const itsm_guard_def *at = guard; at < end && !status;) {
        if (at->nodes > 1 && at->kind == ITSM_GUARD_WHEN) {
            at += 1 + at[1].nodes;
            continue;
        }
        if (at->nodes > 1) {
            if (at + at->nodes > alternatives_end) alternatives_end = at + at->nodes;
            at++;
            continue;
        }
        if (itsm__judge_guard(judge, at) != ITSM__TRUE) {
            if (said++) status = itsm__buf_c(out, at < alternatives_end ? ", or " : "; ");
            if (!status) status = say_leaf(out, judge, at);
        }
        at++;
    }
    return status;
}

static itsm_status say_actor(itsm_buf *out, const itsm__explainer *explainer, const itsm_move_def *move)
{
    itsm_status status = itsm__format(out, "%S is for ", move->name);
    for (size_t i = 0; i < move->nactors && !status; i++) {
        const itsm_actor_def *actor = &move->actors[i];
        const char *before = !i ? "" : i + 1 < move->nactors ? ", " : " or ";
        status = itsm__format(out, actor->kind == ITSM_ACTOR_PARTY ? "%sthe party in %S" : "%sa holder of the role %S",
                              before, actor->name);
    }
    itsm_str who = explainer->judge->act->who;
    if (!status && who.n) status = itsm__format(out, ", not for %S", who);
    return status;
}

/* Issues ---------------------------------------------------------------------------------------------------------- */

/* Drop what was written if it could not be written whole. */
static itsm_str finished(itsm_buf *buf, itsm_status status)
{
    return status ? itsm_str_n(NULL, 0) : itsm_buf_str(buf);
}

static void add_issue(const itsm__explainer *explainer, itsm_status code, itsm_str where, const itsm_move_def *move,
                      itsm_str rule, itsm_str sentence)
{
    itsm_buf clauses;
    itsm_buf_init(&clauses, explainer->ctx);
    itsm_str clause = finished(&clauses, itsm_move_clauses(&clauses, explainer->machine, move));
    itsm__issue(explainer->ctx, code, where, rule, clause, code == ITSM_E_UNDECIDED ? "cannot be decided: %S" : "%S",
                sentence);
    itsm_buf_clear(&clauses);
}

itsm_status itsm__explain_no_state(const itsm__explainer *explainer, itsm_str move)
{
    if (explainer->ctx)
        add_issue(explainer, ITSM_E_UNDECIDED, move, NULL, ITSM_STR("state"),
                  ITSM_STR("the present state is not known"));
    return ITSM_E_UNDECIDED;
}

static itsm_status say_state(itsm_buf *out, const itsm_machine *machine, itsm_str move, itsm_str state)
{
    uint64_t from = 0;
    size_t n = 0, i = 0;
    for (size_t m = 0; m < machine->nmoves; m++)
        if (itsm_str_eq(machine->moves[m].name, move)) from |= machine->moves[m].from;
    if (!from) return itsm__format(out, "there is no move %S in %S of %S", move, machine->name, machine->type->name);
    for (size_t s = 0; s < machine->nstates; s++) n += from >> s & 1;

    itsm_status status = itsm__format(out, "%S starts from ", move);
    for (size_t s = 0; s < machine->nstates && !status; s++)
        if (from >> s & 1) status = say_word(out, machine->states[s].name, i++, n, " or ");
    return status ? status : itsm__format(out, ", not from %S", state);
}

itsm_status itsm__explain_state(const itsm__explainer *explainer, itsm_str move, itsm_str state)
{
    if (!explainer->ctx) return ITSM_E_REFUSED;
    itsm_buf sentence;
    itsm_buf_init(&sentence, explainer->ctx);
    itsm_str said = finished(&sentence, say_state(&sentence, explainer->machine, move, state));
    add_issue(explainer, ITSM_E_REFUSED, move, itsm_machine_move(explainer->machine, move, NULL), ITSM_STR("state"),
              said);
    itsm_buf_clear(&sentence);
    return ITSM_E_REFUSED;
}

void itsm__explain_unmet(const itsm__explainer *explainer, const itsm_move_def *move, const itsm_guard_def *guard,
                         itsm_status verdict)
{
    if (!explainer->ctx) return;
    itsm_buf rule, sentence;
    itsm_buf_init(&rule, explainer->ctx), itsm_buf_init(&sentence, explainer->ctx);
    itsm_str text = ITSM_STR("actor");
    if (guard) text = finished(&rule, itsm_guard_encode(&rule, guard));
    itsm_str said = finished(&sentence, guard ? say_guard(&sentence, explainer->judge, guard)
                                              : say_actor(&sentence, explainer, move));
    add_issue(explainer, verdict, move->name, move, text, said);
    itsm_buf_clear(&rule), itsm_buf_clear(&sentence);
}
