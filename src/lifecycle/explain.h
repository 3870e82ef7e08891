/* SPDX-License-Identifier: MIT */
/* Saying what is missing, as issues. */
#ifndef ITSM_SRC_LIFECYCLE_EXPLAIN_H
#define ITSM_SRC_LIFECYCLE_EXPLAIN_H

#include "lifecycle/judge.h"

/* Who explains, and about what. */
typedef struct itsm__explainer {
    itsm_ctx *ctx; /* NULL: nothing is said */
    const itsm_machine *machine;
    itsm__judge *judge; /* asked again which field of a `set` is missing */
} itsm__explainer;

/* No move of that name starts from the state.  Returns ITSM_E_REFUSED. */
itsm_status itsm__explain_state(const itsm__explainer *explainer, itsm_str move, itsm_str state);

/* The subject cannot tell its state.  Returns ITSM_E_UNDECIDED. */
itsm_status itsm__explain_no_state(const itsm__explainer *explainer, itsm_str move);

/* The actor (guard NULL) or a guard of a move is not met. */
void itsm__explain_unmet(const itsm__explainer *explainer, const itsm_move_def *move, const itsm_guard_def *guard,
                         itsm_status verdict);

#endif
