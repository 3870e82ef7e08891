/* SPDX-License-Identifier: MIT */
/*
 * A record of every type with a value in every field, as JSON, one a line: what schema_test.py holds against the schemas.
 */
#include <itsm/record.h>
#include <itsm/time.h>

#include <stdio.h>

/* Values of the kind of a field that the model allows. */
static itsm_value value_of(const itsm_field_def *field)
{
    itsm_value value;
    memset(&value, 0, sizeof value);
    value.kind = field->kind;
    switch (field->kind) {
    case ITSM_INT: value.u.i = field->ranged ? field->hi : -7; break;
    case ITSM_BOOL: value.u.i = 1; break;
    case ITSM_TIME: value.u.i = ITSM_SECONDS(1772445600) + 250000; break;
    case ITSM_DATE: value.u.i = 20514; break;
    case ITSM_SPAN: value.u.i = ITSM_HOURS(30) + ITSM_MINUTES(5); break;
    case ITSM_DECIMAL: value.u.i = -1250, value.scale = 2; break;
    case ITSM_ENUM:
        value.u.s = field->machine ? itsm_machine_state_at(field->machine, field->machine->initial)->name
                                   : field->values.item[0];
        break;
    case ITSM_REF:
        value.u.ref.type = field->target ? field->target->number : 1;
        value.u.ref.id.hi = field->index % 2 ? UINT64_C(0x0123456789abcdef) : 0, value.u.ref.id.lo = 45;
        break;
    case ITSM_MAP: value.u.s = ITSM_STR("{\"a\":1}"); break;
    default: value.u.s = ITSM_STR("Müller \"&\" Söhne"); break;
    }
    return value;
}

static int is_beside(const itsm_field_def *field)
{
    return field->number == ITSM_FIELD_ID || field->number == ITSM_FIELD_TYPE || field->number == ITSM_FIELD_REVISION;
}

static itsm_status fill(itsm_record *record, const itsm_type_def *type)
{
    itsm_status rc = ITSM_OK;
    for (size_t i = 0; i < itsm_type_field_count(type) && !rc; i++) {
        const itsm_field_def *field = itsm_type_field_at(type, i);
        itsm_value items[2] = {value_of(field), value_of(field)}, list;
        memset(&list, 0, sizeof list);
        list.kind = ITSM_LIST, list.u.list.item = items, list.u.list.n = 2;
        if (!is_beside(field)) rc = itsm_record_set(record, field, field->list ? &list : &items[0]);
    }
    return rc;
}

static itsm_status print_one(itsm_ctx *ctx, const itsm_type_def *type)
{
    itsm_record *record = NULL;
    itsm_buf out = ITSM_BUF_INIT;
    itsm_ref ref = {type->number, {0, type->number}};
    itsm_status rc = itsm_record_new(&record, ctx, itsm_model_builtin(), type, ref);
    if (!rc) rc = fill(record, type);
    if (!rc) rc = itsm_record_check(ctx, record);
    if (!rc) rc = itsm_record_encode_json(&out, record);
    if (!rc) printf("%.*s\n", ITSM_ARG(itsm_buf_str(&out)));
    else fprintf(stderr, "%s: %s\n", type->name.p, itsm_status_text(rc));
    itsm_buf_clear(&out), itsm_record_free(record);
    return rc;
}

int main(void)
{
    itsm_ctx *ctx = NULL;
    itsm_ctx_options options = ITSM_CTX_OPTIONS_INIT;
    const itsm_model *model = itsm_model_builtin();
    itsm_status rc = itsm_ctx_new(&ctx, &options);
    for (size_t i = 0; i < itsm_model_type_count(model) && !rc; i++) rc = print_one(ctx, itsm_model_type_at(model, i));
    itsm_ctx_free(ctx);
    return rc != ITSM_OK;
}
