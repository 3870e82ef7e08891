/* SPDX-License-Identifier: MIT */
/*
 * Personal fields: their values before stand in the history row behind what its commitment covers, each with a salt and
 * a commitment of its own, which the audit entry carries by the field's number.
 *
 * Which fields are personal is the host's to say and stands in the plans.  A system reads rows whatever it was told: a
 * history row says itself which of its values are apart.
 */
#include "sms/internal.h"

#include "base/bits.h"

/* Is this field of this type meant by "type.field" or "field"? */
static int is_named(itsm_str name, const itsm_type_def *type, const itsm_field_def *field)
{
    const char *dot = name.n ? memchr(name.p, '.', name.n) : NULL;
    if (!dot) return itsm_str_eq(name, field->name);
    const size_t n = (size_t)(dot - name.p);
    return itsm_str_eq(itsm_str_n(name.p, n), type->name) &&
           itsm_str_eq(itsm_str_n(dot + 1, name.n - n - 1), field->name);
}

/* The numbers of the personal fields of one type, in ascending order. */
static itsm_status list_numbers(itsm__places *out, itsm_sms *sms, const itsm_type_def *type, const itsm_str *names,
                                size_t n, unsigned char *found)
{
    uint16_t *numbers = itsm__arena_alloc(&sms->texts, type->nfields * sizeof *numbers);
    if (!numbers) return ITSM_E_NOMEM;
    out->at = numbers, out->n = 0;
    for (size_t i = 0; i < type->nfields; i++) {
        int personal = 0;
        for (size_t k = 0; k < n; k++)
            if (is_named(names[k], type, &type->fields[i])) personal = found[k] = 1;
        if (!personal) continue;
        size_t at = out->n++;
        for (; at && numbers[at - 1] > type->fields[i].number; at--) numbers[at] = numbers[at - 1];
        numbers[at] = type->fields[i].number;
    }
    return ITSM_OK;
}

itsm_status itsm__personal_new(itsm_sms *sms, const itsm_str *names, size_t n)
{
    itsm_status rc = ITSM_OK;
    if (!n) return ITSM_OK;
    if (!names) return ITSM_E_MISUSE;
    unsigned char *found = itsm__arena_alloc(&sms->texts, n);
    if (!found) return ITSM_E_NOMEM;
    memset(found, 0, n);
    for (size_t t = 0; t < itsm_model_type_count(sms->model) && !rc; t++) {
        const itsm_type_def *type = itsm_model_type_at(sms->model, t);
        rc = list_numbers(&sms->plans[type->index].personal, sms, type, names, n, found);
    }
    for (size_t k = 0; k < n && !rc; k++)
        if (!found[k])
            rc = itsm__issue(sms->ctx, ITSM_E_NOT_FOUND, names[k], ITSM_STR("personal"), itsm__no_text(),
                             "there is no field %S", names[k]);
    return rc;
}

static int is_personal(const itsm__places *numbers, uint16_t number)
{
    for (size_t i = 0; i < numbers->n; i++)
        if (numbers->at[i] == number) return 1;
    return 0;
}

static itsm_status new_salt(unsigned char salt[ITSM__SALT_SIZE], itsm_work *work, itsm_id history, uint16_t number)
{
    unsigned char content[18];
    const itsm_bytes bytes = {content, sizeof content};
    itsm_id random;
    itsm__put_be64(content, history.hi), itsm__put_be64(content + 8, history.lo);
    content[16] = (unsigned char)(number >> 8), content[17] = (unsigned char)number;
    itsm_status rc = itsm__work_new_id(&random, work, "personal", bytes);
    if (!rc) itsm__put_be64(salt, random.hi), itsm__put_be64(salt + 8, random.lo);
    return rc;
}

itsm_status itsm__personal_part(itsm__history_content *content, itsm_work *work, const itsm_record *record)
{
    const itsm__places *numbers = &itsm__plan_of(work->sms, record)->personal;
    itsm_history *e = &content->entry;
    size_t n = 0, kept = 0;
    for (size_t i = 0; numbers->n && i < e->nbefore; i++) n += (size_t)is_personal(numbers, e->before[i].no);
    if (!n) return ITSM_OK;
    itsm_row_field *before = itsm__arena_alloc(&work->arena, e->nbefore * sizeof *before);
    content->personal = itsm__arena_alloc(&work->arena, n * sizeof *content->personal);
    if (!before || !content->personal) return ITSM_E_NOMEM;
    const itsm_id history = itsm__history_id(content->ref, e->revision);
    itsm_status rc = ITSM_OK;
    for (size_t i = 0; i < e->nbefore && !rc; i++) {
        if (!is_personal(numbers, e->before[i].no)) {
            before[kept++] = e->before[i];
            continue;
        }
        itsm__personal *personal = &content->personal[content->npersonal++];
        memset(personal, 0, sizeof *personal);
        personal->number = e->before[i].no, personal->value = e->before[i].value;
        rc = new_salt(personal->salt, work, history, personal->number);
    }
    e->before = before, e->nbefore = kept;
    return rc;
}
