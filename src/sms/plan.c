/* SPDX-License-Identifier: MIT */
/*
 * What a system knows of its types beforehand: which of a type's many fields, relations and moves an operation has to
 * look at.  Made once, O(model); a plan is a few lists of places in the type, each in the order of the model.
 */
#include "sms/internal.h"

static int is_derived(const itsm_type_def *type, size_t i)
{
    return type->fields[i].derive != NULL;
}

static int is_mandatory(const itsm_type_def *type, size_t i)
{
    return type->fields[i].at_creation || type->fields[i].mandatory_at;
}

static int is_kept_in_field(const itsm_type_def *type, size_t i)
{
    return type->links[i].is_field;
}

/* The places of a type, out of n, for which the question is answered with yes. */
static itsm_status list_places(itsm__places *out, itsm_sms *sms, const itsm_type_def *type, size_t n,
                               int (*belongs)(const itsm_type_def *type, size_t i))
{
    uint16_t *at = itsm__arena_alloc(&sms->texts, n * sizeof *at);
    if (!at) return ITSM_E_NOMEM;
    out->at = at;
    for (size_t i = 0; i < n; i++)
        if (belongs(type, i)) at[out->n++] = (uint16_t)i;
    return ITSM_OK;
}

static void note_formulas(itsm__plan *plan, const itsm_type_def *type)
{
    for (size_t i = 0; i < plan->derived.n; i++) {
        const itsm_field_def *field = &type->fields[plan->derived.at[i]];
        itsm__numbers_add(&plan->formulas, field->number);
        for (size_t k = 0; k < field->derive[0].nodes; k++)
            if (field->derive[k].kind == ITSM_DERIVE_FIELD)
                itsm__numbers_add(&plan->formulas, type->fields[field->derive[k].field].number);
    }
}

static int is_timed(const itsm_move_def *move)
{
    for (size_t i = 0; i < move->nactors; i++)
        if (move->actors[i].kind == ITSM_ACTOR_HOLDER && itsm_str_is(move->actors[i].name, "timer")) return 1;
    return 0;
}

static itsm_status list_timed(itsm__plan *plan, itsm_sms *sms, const itsm_type_def *type)
{
    size_t n = 0;
    for (size_t m = 0; m < type->nmachines; m++) n += type->machines[m].nmoves;
    plan->timed = itsm__arena_alloc(&sms->texts, n * sizeof *plan->timed);
    if (!plan->timed) return ITSM_E_NOMEM;
    for (size_t m = 0; m < type->nmachines; m++)
        for (size_t i = 0; i < type->machines[m].nmoves; i++) {
            const itsm__machine_move move = {&type->machines[m], &type->machines[m].moves[i]};
            if (is_timed(move.move)) plan->timed[plan->ntimed++] = move;
        }
    return ITSM_OK;
}

itsm_status itsm__plans_new(itsm_sms *sms)
{
    const size_t n = itsm_model_type_count(sms->model);
    itsm_status rc = ITSM_OK;
    sms->plans = itsm__arena_alloc(&sms->texts, n * sizeof *sms->plans);
    if (!sms->plans) return ITSM_E_NOMEM;
    memset(sms->plans, 0, n * sizeof *sms->plans);
    for (size_t t = 0; t < n && !rc; t++) {
        const itsm_type_def *type = itsm_model_type_at(sms->model, t);
        itsm__plan *plan = &sms->plans[type->index];
        rc = list_places(&plan->derived, sms, type, type->nfields, is_derived);
        if (!rc) note_formulas(plan, type);
        if (!rc) rc = list_places(&plan->mandatory, sms, type, type->nfields, is_mandatory);
        if (!rc) rc = list_places(&plan->links, sms, type, type->nlinks, is_kept_in_field);
        if (!rc) rc = list_timed(plan, sms, type);
    }
    return rc;
}

const itsm__plan *itsm__plan_of(const itsm_sms *sms, const itsm_record *record)
{
    return &sms->plans[itsm_record_type(record)->index];
}
