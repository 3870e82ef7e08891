/* SPDX-License-Identifier: MIT */
/* Which moves of two lifecycles are the same. */
#ifndef ITSM_SRC_MODEL_DIFF_H
#define ITSM_SRC_MODEL_DIFF_H

#include "model/builder.h"

/* By index of the first lifecycle's moves: the index in the second, or ITSM__NOWHERE; and the other way round. */
typedef struct itsm__pairs {
    uint16_t b_of[ITSM__LIST_MAX], a_of[ITSM__LIST_MAX];
} itsm__pairs;

void itsm__pairs_find(itsm__pairs *out, const itsm_machine *a, const itsm_machine *b);

/* Does a move have a guard of this text?  `scratch` is used to write in. */
itsm_status itsm__move_has_guard(int *out, itsm_buf *scratch, const itsm_move_def *move, itsm_str text);

/* What a move serves: clauses of its own, or those of its type. */
const itsm_names *itsm__move_clauses(const itsm_machine *machine, const itsm_move_def *move, uint32_t edition);

#endif
