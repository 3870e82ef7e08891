/* SPDX-License-Identifier: MIT */
/* Words of the model's grammar, and reading it. */
#ifndef ITSM_SRC_MODEL_GRAMMAR_H
#define ITSM_SRC_MODEL_GRAMMAR_H

#include <itsm/model.h>

#include "base/memory.h"

enum {
    ITSM__NESTING = 16,     /* of `any` and `when` */
    ITSM__DERIVE_NODES = 16, /* of one formula */
    ITSM__NAME_MAX = 63,    /* bytes of a name */
    ITSM__NOWHERE = 0xFFFF  /* index of what a name does not lead to; the checker says so */
};

const char *itsm__guard_word(uint32_t kind); /* "set", "linked", ...; "" for no kind of guard */

/* Is it a name of the grammar, not too long? */
int itsm__is_name(itsm_str text);

/*
 * A text being read.  Names are copied to the arena and looked up in the type, whose fields and links must be there;
 * one that is not there is kept and leads to ITSM__NOWHERE.  After ITSM_E_SYNTAX `problem` says what is wrong at `at`.
 */
typedef struct itsm__grammar {
    itsm__arena *arena;
    const itsm_type_def *type;
    itsm_str text;
    size_t at;
    const char *problem;
} itsm__grammar;

/* How many nodes a guard may have at most. */
size_t itsm__guard_bound(itsm_str text);

/* Read a whole text as one guard into nodes[0 .. bound); *n of them. */
itsm_status itsm__guard_read(itsm_guard_def *nodes, size_t *n, itsm__grammar *in);

/* Read a whole text as one effect. */
itsm_status itsm__effect_read(itsm_effect_def *out, itsm__grammar *in);

/* Read what a field holds: kind, base, list, range, values, target_name. */
itsm_status itsm__kind_read(itsm_field_def *out, itsm__grammar *in);

/* Read a formula. */
itsm_status itsm__derive_read(const itsm_derive_def **out, itsm__grammar *in);

#endif
