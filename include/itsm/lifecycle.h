/* SPDX-License-Identifier: MIT */
/**
 * @file itsm/lifecycle.h
 * May this move be made?  Decides for any subject, changes nothing, knows no record and no store.
 *
 * A subject answers through callbacks: a record, a row of the host's own table, a struct.  What it cannot answer
 * (the method is absent, or returns ITSM_E_UNDECIDED) leaves a guard *undecided*, and an undecided guard is never
 * passed.  Judging is three-valued: in a conjunction false beats undecided beats true, in `any` the other way round.
 *
 * An allowed move costs no memory and builds no text.  A refused one says everything that is missing, as issues.
 */
#ifndef ITSM_LIFECYCLE_H
#define ITSM_LIFECYCLE_H

#include <itsm/base.h>
#include <itsm/model.h>

ITSM_BEGIN_C

/* Who asks -------------------------------------------------------------------------------------------------------- */

/** Who acts, as what, and when.  @c now is the host's: the library has no clock. */
typedef struct itsm_act {
    size_t size;           /**< sizeof(itsm_act). */
    itsm_str who;          /**< The acting party. */
    const itsm_str *roles; /**< Roles it holds; those of the library's own moves are "system" and "timer". */
    size_t nroles;         /**< How many. */
    itsm_time now;         /**< The present instant. */
    itsm_time effective;   /**< 0: now.  Earlier: backdated, and recorded as such; guards on time judge by it. */
    itsm_str reason;       /**< Why, for the record; may be empty. */
    void *host_txn;        /**< The host's open transaction, for a store that can join it; or NULL. */
} itsm_act;

/** Start value of #itsm_act. */
#define ITSM_ACT_INIT                                                                                                  \
    {                                                                                                                  \
        sizeof(itsm_act), {NULL, 0}, NULL, 0, 0, 0, {NULL, 0}, NULL                                                    \
    }

/* What is asked --------------------------------------------------------------------------------------------------- */

/** What @c linked of a subject is asked: how many records are linked, and how many of them are in given states. */
typedef struct itsm_link_query {
    size_t size;                 /**< sizeof(itsm_link_query). */
    const itsm_link_def *link;   /**< The relation. */
    itsm_names states;           /**< Primary states to count; none: every state counts. */
    const itsm_field_def *field; /**< NULL, or a field of the linked records to be read through @c each. */
    /**
     * With @c field: to be called once for every linked record with its value, or NULL if it has none.  Not ITSM_OK:
     * stop and return it.
     */
    itsm_status (*each)(void *user, const itsm_value *value);
    void *user; /**< Passed to @c each. */
} itsm_link_query;

/** What @c linked of a subject answers. */
typedef struct itsm_link_count {
    size_t size;     /**< sizeof(itsm_link_count). */
    uint64_t all;    /**< Records linked. */
    uint64_t within; /**< Of these, in one of the states asked for; all of them if none was. */
} itsm_link_count;

/**
 * How guards read a subject.
 *
 * Every method may return ITSM_E_UNDECIDED for what it cannot tell; any other failure ends the call and comes back
 * unchanged.  What a method gives must stay valid and the same until the call that asked returns: it is not asked
 * twice in a row for the same field.  Methods marked optional may be NULL, which is the same as ITSM_E_UNDECIDED.
 */
typedef struct itsm_subject_methods {
    size_t size; /**< sizeof(itsm_subject_methods). */

    /** The present state of a facet. */
    itsm_status (*state)(void *self, itsm_str *out, itsm_str facet);

    /** The value of a field; ITSM_NOTHING, or a value of kind ITSM_NONE: it is empty.  Never asked for a facet. */
    itsm_status (*field)(void *self, itsm_value *out, const itsm_field_def *field);

    /** *Optional*.  Count the records linked by a relation, and read a field of each if the query asks for it. */
    itsm_status (*linked)(void *self, itsm_link_count *out, const itsm_link_query *query);

    /** *Optional*.  When a facet last entered a state; ITSM_NOTHING: never.  No guard of the built-in model asks. */
    itsm_status (*since)(void *self, itsm_time *out, itsm_str facet, itsm_str state);

    /** *Optional*.  1 if the approvals satisfy an ITSM_GUARD_APPROVED guard, else 0. */
    itsm_status (*approved)(void *self, uint32_t *out, const itsm_guard_def *guard);

    /** *Optional*.  1 if a guard holds that only the host can judge: ITSM_GUARD_HOST and ITSM_GUARD_NO_CONFLICT. */
    itsm_status (*custom)(void *self, uint32_t *out, const itsm_guard_def *guard);
} itsm_subject_methods;

/** Something that has a lifecycle. */
typedef struct itsm_subject {
    const itsm_subject_methods *methods; /**< How to read it. */
    void *self;                          /**< Passed to the methods. */
} itsm_subject;

/* Deciding -------------------------------------------------------------------------------------------------------- */

/** What an allowed move would do; borrowed from the model. */
typedef struct itsm_plan {
    size_t size;                    /**< sizeof(itsm_plan). */
    itsm_str from;                  /**< Present state. */
    itsm_str to;                    /**< State after the move. */
    uint32_t category;              /**< Category of @c to: ITSM_OPEN, ITSM_PAUSED, ... */
    uint32_t category_from;         /**< Category of @c from. */
    const itsm_effect_def *effects; /**< What is to be done, in order; see itsm_move_effect(). */
    size_t neffects;                /**< How many. */
    const itsm_move_def *move;      /**< The move. */
    const itsm_machine *machine;    /**< Its lifecycle. */
} itsm_plan;

/** Start value of #itsm_plan. */
#define ITSM_PLAN_INIT                                                                                                 \
    {                                                                                                                  \
        sizeof(itsm_plan), {NULL, 0}, {NULL, 0}, 0, 0, NULL, 0, NULL, NULL                                             \
    }

/**
 * Decide a move.
 *
 * Looks for the move of that name from the present state, then checks the actor, then every guard in order.  Fields
 * mandatory at the new state are not checked here, since effects may fill them: see itsm_type_missing().
 *
 * Each issue has the move in `where`, one of `state`, `actor` or the text of the guard in `rule`, the clauses it
 * protects, and a sentence.  Its code is ITSM_E_REFUSED, or ITSM_E_UNDECIDED where the subject cannot answer.
 *
 * @param out     Filled on ITSM_OK, and as it was otherwise.
 * @param ctx     Gets the issues; NULL is allowed.
 * @param machine A lifecycle.
 * @param subject What is to move.
 * @param move    Name of the move, e.g. "resolve".
 * @param act     Who acts, and when.
 * @retval ITSM_OK          Allowed: @p out is the plan.
 * @retval ITSM_E_REFUSED   Refused; every unmet guard is an issue.
 * @retval ITSM_E_UNDECIDED Nothing refuses it, but the subject cannot answer some guards; each is an issue.
 * @retval ITSM_E_MISUSE    A NULL that may not be, a size of 0, or `act->nroles` without roles.
 * @return Any other failure of a method of the subject, unchanged.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_machine_check(itsm_plan *out, itsm_ctx *ctx, const itsm_machine *machine,
                                                      itsm_subject subject, itsm_str move, const itsm_act *act);

/**
 * Receives the verdict on one move.
 *
 * @param user    The caller's pointer.
 * @param move    A move that starts from the present state.
 * @param verdict ITSM_OK, ITSM_E_REFUSED or ITSM_E_UNDECIDED; what is missing stands as issues in the context until
 *                the function returns.
 * @return ITSM_OK to go on; anything else stops and comes back.
 * @since 0.1
 */
typedef itsm_status (*itsm_verdict_fn)(void *user, const itsm_move_def *move, itsm_status verdict);

/**
 * Judge every move that starts from the present state: a host draws its buttons from it.
 *
 * @param ctx     Gets the issues of the move at hand; none are left at the end.  NULL is allowed.
 * @param machine A lifecycle.
 * @param subject What is to move.
 * @param act     Who would act, and when.
 * @param fn      Called for each move, in the order of the model.
 * @param user    Passed to @p fn.
 * @retval ITSM_OK          All were given.
 * @retval ITSM_E_UNDECIDED The subject cannot tell its state, or it is none of the lifecycle's; an issue says so.
 * @retval ITSM_E_MISUSE    A NULL that may not be.
 * @return What @p fn or a method of the subject returned, unchanged.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_machine_possible(itsm_ctx *ctx, const itsm_machine *machine,
                                                         itsm_subject subject, const itsm_act *act, itsm_verdict_fn fn,
                                                         void *user);

/**
 * Receives one rule that a move does not meet.
 *
 * @param user    The caller's pointer.
 * @param guard   The guard; NULL: the actor.  Its text: itsm_guard_encode().
 * @param verdict ITSM_E_REFUSED or ITSM_E_UNDECIDED.
 * @return ITSM_OK to go on; anything else stops and comes back.
 * @since 0.1
 */
typedef itsm_status (*itsm_unmet_fn)(void *user, const itsm_guard_def *guard, itsm_status verdict);

/**
 * Judge one move whatever the present state is, rule by rule, without building any text: for history that happened
 * elsewhere, and for those who say things in their own words.
 *
 * @param machine A lifecycle.
 * @param move    A move of it.
 * @param subject What is to move; read as it was before.
 * @param act     Who acts, and when.
 * @param fn      Called for the actor first and then each guard, where unmet; NULL to learn the verdict only, which
 *                stops at the first refusal.
 * @param user    Passed to @p fn.
 * @retval ITSM_OK          Nothing is unmet.
 * @retval ITSM_E_REFUSED   Something is.
 * @retval ITSM_E_UNDECIDED Nothing is, but some guards the subject cannot answer.
 * @retval ITSM_E_MISUSE    A NULL that may not be.
 * @return What @p fn or a method of the subject returned, unchanged.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_machine_judge(const itsm_machine *machine, const itsm_move_def *move,
                                                      itsm_subject subject, const itsm_act *act, itsm_unmet_fn fn,
                                                      void *user);

/**
 * Judge a single guard, e.g. the condition of an effect.
 *
 * @param machine A lifecycle of the subject's type.
 * @param guard   The guard.
 * @param subject What it is asked of.
 * @param act     Who acts, and when.
 * @retval ITSM_OK          It holds.
 * @retval ITSM_E_REFUSED   It does not.
 * @retval ITSM_E_UNDECIDED The subject cannot answer it.
 * @retval ITSM_E_MISUSE    A NULL that may not be.
 * @return Any other failure of a method of the subject, unchanged.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_guard_check(const itsm_machine *machine, const itsm_guard_def *guard,
                                                    itsm_subject subject, const itsm_act *act);

/**
 * Walk the moves that lead from one state to another.  Start with @p after NULL.
 *
 * @param machine A lifecycle.
 * @param from    The state before; NULL: any.
 * @param to      The state after; NULL: any.
 * @param after   The move returned last; NULL: begin.
 * @return The next move, or NULL.
 * @since 0.1
 */
ITSM_API const itsm_move_def *itsm_machine_moves_between(const itsm_machine *machine, const itsm_state_def *from,
                                                         const itsm_state_def *to, const itsm_move_def *after);

/**
 * Receives one field that must have a value and has none.
 *
 * @param user    The caller's pointer.
 * @param field   The field.
 * @param verdict ITSM_E_REFUSED, or ITSM_E_UNDECIDED if the subject cannot tell.
 * @return ITSM_OK to go on; anything else stops and comes back.
 * @since 0.1
 */
typedef itsm_status (*itsm_missing_fn)(void *user, const itsm_field_def *field, itsm_status verdict);

/**
 * List the fields that must have a value at a state and have none: the common header first, then the type's own, each
 * in the order of the model.
 *
 * @param type    A type.
 * @param state   A state of its primary lifecycle; NULL: at creation.
 * @param subject What is asked.
 * @param fn      Called for each; may be NULL.
 * @param user    Passed to @p fn.
 * @retval ITSM_OK          None is missing.
 * @retval ITSM_E_REFUSED   Some are.
 * @retval ITSM_E_UNDECIDED None is, but the subject cannot tell for some.
 * @retval ITSM_E_MISUSE    A NULL that may not be.
 * @return What @p fn or a method of the subject returned, unchanged.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_type_missing(const itsm_type_def *type, const itsm_state_def *state,
                                                     itsm_subject subject, itsm_missing_fn fn, void *user);

/**
 * Tell whether a host may write a field in a state.
 *
 * @param field    A field.
 * @param state    The primary state; the initial one at creation.
 * @param creating 1: the record is being created.
 * @return 1 or 0.
 * @since 0.1
 */
ITSM_API int itsm_field_writable(const itsm_field_def *field, const itsm_state_def *state, int creating);

/**
 * Append the clauses a move serves, in the edition of 2018, separated by spaces: its own, else its type's.
 *
 * @param out     Grown as needed; as it was on failure.
 * @param machine A lifecycle.
 * @param move    A move of it; NULL: the clauses of the type.
 * @retval ITSM_OK       Appended.
 * @retval ITSM_E_NOMEM  No memory.
 * @retval ITSM_E_MISUSE A NULL that may not be.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_move_clauses(itsm_buf *out, const itsm_machine *machine,
                                                     const itsm_move_def *move);

ITSM_END_C

#endif
