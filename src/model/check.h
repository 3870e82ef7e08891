/* SPDX-License-Identifier: MIT */
/* What the parts of the checker share. */
#ifndef ITSM_SRC_MODEL_CHECK_H
#define ITSM_SRC_MODEL_CHECK_H

#include "model/builder.h"
#include "model/grammar.h"

typedef struct itsm__checker {
    itsm_ctx *ctx;
    const itsm_model *model;
    const itsm_type_def *type;   /* NULL: about the model */
    const itsm_machine *machine; /* NULL: about the type */
    const itsm_move_def *move;   /* NULL: about the machine */
    size_t found;
} itsm__checker;

/* Add an issue about what the checker looks at. */
void itsm__finding(itsm__checker *c, const char *rule, const char *format, itsm_str a, itsm_str b);

/* Guards and effects of c->move. */
void itsm__check_guards(itsm__checker *c);

/* What takes the whole model: who writes what is mandatory, and whether what moves fire comes to an end. */
itsm_status itsm__check_flow(itsm__checker *c);

static inline int itsm__has_name(const itsm_names *names, itsm_str name)
{
    for (size_t i = 0; i < names->n; i++)
        if (itsm_str_eq(names->item[i], name)) return 1;
    return 0;
}

static inline int itsm__is_role(const itsm__checker *c, itsm_str name)
{
    for (size_t i = 0; i < c->model->nroles; i++)
        if (itsm_str_eq(c->model->roles[i].name, name)) return 1;
    return 0;
}

#endif
