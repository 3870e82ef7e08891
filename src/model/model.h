/* SPDX-License-Identifier: MIT */
/*
 * The inside of a model.  The built-in one is constant; one made at run time owns an arena and is counted.
 */
#ifndef ITSM_SRC_MODEL_MODEL_H
#define ITSM_SRC_MODEL_MODEL_H

#include <itsm/model.h>

#include "base/atomic.h"
#include "base/memory.h"

/* A policy of time, e.g. auto_close_after = P5D. */
typedef struct itsm__policy {
    itsm_str name, text;
    itsm_span span;
} itsm__policy;

/* A role, with a note where its name does not say what it is. */
typedef struct itsm__role {
    itsm_str name, note;
} itsm__role;

/* What a model made at run time owns. */
typedef struct itsm__model_owner {
    itsm__refcount shares;
    itsm__memory memory;
    itsm__arena arena;
} itsm__model_owner;

struct itsm_model {
    const itsm_type_def *const *types;   /* in the order of the model */
    const itsm_type_def *const *by_name; /* sorted by name */
    size_t ntypes;
    const itsm__policy *policies;
    size_t npolicies;
    const itsm__role *roles;
    size_t nroles;
    const itsm_clause_def *clauses; /* of 2011, then of 2018 */
    size_t nclauses, nclauses_2011;
    const itsm_kpi_def *kpis;
    size_t nkpis;
    const itsm_rule_def *rules;
    size_t nrules;
    uint8_t priority[5][5];   /* [impact - 1][urgency - 1] */
    itsm__model_owner *owner; /* NULL: static */
};

/* Append a lifecycle as JSON, as itsm_model_encode() writes it. */
itsm_status itsm__machine_encode(itsm_buf *out, const itsm_machine *machine);

#endif
