/* SPDX-License-Identifier: MIT */
/*
 * Judging guards.  Three values, ordered so that a conjunction is the least and a disjunction the greatest of its
 * parts.
 */
#ifndef ITSM_SRC_LIFECYCLE_JUDGE_H
#define ITSM_SRC_LIFECYCLE_JUDGE_H

#include <itsm/lifecycle.h>

typedef enum itsm__verdict { ITSM__FALSE = 0, ITSM__UNDECIDED = 1, ITSM__TRUE = 2 } itsm__verdict;

/* One act on one subject. */
typedef struct itsm__judge {
    const itsm_type_def *type;
    itsm_subject_methods methods; /* as far as the subject's table goes; the rest NULL */
    void *self;
    const itsm_act *act;
    itsm_time at;               /* the instant that guards on time judge by */
    const itsm_field_def *last; /* the field read last, since guards of a move often ask for the same one again ... */
    itsm_value last_value;      /* ... its value ... */
    itsm__verdict last_read;    /* ... and whether there is one */
    itsm_status failure;        /* of a method, other than ITSM_E_UNDECIDED; no verdict counts after it */
} itsm__judge;

/* ITSM_E_MISUSE when the arguments cannot be used. */
itsm_status itsm__judge_init(itsm__judge *judge, const itsm_type_def *type, itsm_subject subject, const itsm_act *act);

/* The same for those who ask for no act. */
itsm_status itsm__judge_init_subject(itsm__judge *judge, const itsm_type_def *type, itsm_subject subject);

itsm__verdict itsm__judge_state(itsm__judge *judge, itsm_str *out, itsm_str facet);
itsm__verdict itsm__judge_actor(itsm__judge *judge, const itsm_move_def *move);
itsm__verdict itsm__judge_guard(itsm__judge *judge, const itsm_guard_def *guard);

/* Whether a value says anything; whether the record has one there. */
int itsm__has_content(const itsm_value *value);
itsm__verdict itsm__judge_set(itsm__judge *judge, const itsm_path *path);
itsm__verdict itsm__judge_has(itsm__judge *judge, const itsm_field_def *field);

/* A verdict as a status: ITSM_OK, ITSM_E_REFUSED, ITSM_E_UNDECIDED; or the failure of a method. */
itsm_status itsm__judge_status(const itsm__judge *judge, itsm__verdict verdict);

#endif
