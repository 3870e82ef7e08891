/* SPDX-License-Identifier: MIT */
/*
 * Does a record hold what its model allows?  One pass over the fields that have a value; every problem becomes an
 * issue, up to ITEM_ISSUES in one list.  Nothing is changed, and what the model does not know is not judged: it came
 * from a newer model and is kept.
 *
 * The rule of an issue is what the field holds in the model's grammar, e.g. `int(1-5)`; the clause is the first that
 * the record's type serves.
 */
#include "record/internal.h"

#include "base/text.h"
#include "text/utf8.h"

#define ITEM_ISSUES 10

typedef struct checking {
    itsm_ctx *ctx;
    const itsm_record *record;
    const itsm_field_def *field;
    size_t item;  /* of a list, counted from 1; 0: not in a list */
    size_t found; /* problems in this field */
    itsm_status status;
} checking;

/* What a kind is called where nothing finer is known. */
static const char *const kind_words[] = {
    "nothing", "a text",  "a name from a list", "an integer", "a decimal", "a boolean", "a time", "a date",
    "a span",  "a party", "a reference",        "a list",     "a map",     "a blob",    "bytes"};

static const char *kind_word(unsigned kind)
{
    return kind < sizeof kind_words / sizeof *kind_words ? kind_words[kind] : "of an unknown kind";
}

static void found(checking *c, const char *format, itsm_str text, int64_t number)
{
    static const itsm_str nothing = {NULL, 0};
    itsm_buf rule, message;
    c->status = ITSM_E_INVALID;
    if (c->found++ >= ITEM_ISSUES) return;
    itsm_buf_init(&rule, c->ctx), itsm_buf_init(&message, c->ctx);
    itsm_names clauses = c->record->type->clauses_2018;
    if (itsm_field_encode(&rule, c->field) != ITSM_OK) rule.n = 0;
    itsm_status rc = itsm__format(&message, "%S", c->field->name);
    if (rc == ITSM_OK && c->item) rc = itsm__format(&message, "[%z]", c->item - 1);
    if (rc == ITSM_OK && text.p) rc = itsm__format(&message, format, text);
    else if (rc == ITSM_OK) rc = itsm__format(&message, format, number);
    if (rc != ITSM_OK) message.n = 0;
    (void)itsm__issue(c->ctx, ITSM_E_INVALID, c->field->name, itsm_buf_str(&rule),
                      clauses.n ? clauses.item[0] : nothing, "%S", itsm_buf_str(&message));
    itsm_buf_clear(&rule), itsm_buf_clear(&message);
}

static void found_text(checking *c, const char *format, itsm_str text)
{
    found(c, format, text.p ? text : itsm_str_c(""), 0);
}

static void found_number(checking *c, const char *format, int64_t number)
{
    found(c, format, itsm_str_n(NULL, 0), number);
}

static void check_name(checking *c, itsm_str name)
{
    const itsm_field_def *field = c->field;
    if (field->machine) {
        if (!itsm_machine_state(field->machine, name)) found_text(c, " has no state \"%S\"", name);
        return;
    }
    if (!field->values.n) return;
    for (size_t i = 0; i < field->values.n; i++)
        if (itsm_str_eq(field->values.item[i], name)) return;
    itsm_str nearest = itsm__nearest(name, field->values.item, field->values.n);
    if (nearest.n) found_text(c, " is none of the names allowed; did you mean \"%S\"?", nearest);
    else found_text(c, " is \"%S\", none of the names allowed", name);
}

static void check_text(checking *c, itsm_str text)
{
    size_t valid = itsm__utf8_valid(text);
    if (text.n > ITSM_RECORD_TEXT_MAX) found_number(c, " is longer than %i bytes", ITSM_RECORD_TEXT_MAX);
    if (valid < text.n) found_number(c, " is not UTF-8 from byte %i on", (int64_t)valid);
    else if (text.n && memchr(text.p, 0, text.n)) found_number(c, " has a byte of value %i", 0);
    else if (c->field->kind == ITSM_ENUM && text.n <= ITSM_RECORD_TEXT_MAX) check_name(c, text);
}

static void check_number(checking *c, const itsm_value *value)
{
    const itsm_field_def *field = c->field;
    int64_t i = value->u.i;
    if (value->kind == ITSM_BOOL && i != 0 && i != 1) found_number(c, " is %i, neither 0 nor 1", i);
    if ((value->kind == ITSM_TIME || value->kind == ITSM_SPAN || value->kind == ITSM_DATE) && i == INT64_MIN)
        found_number(c, " is no instant and no length of time", 0);
    if (value->kind != ITSM_INT || !field->ranged) return;
    if (i < field->lo) found_number(c, " is below %i", field->lo);
    if (i > field->hi) found_number(c, " is above %i", field->hi);
}

static void check_ref(checking *c, itsm_ref ref)
{
    const itsm_field_def *field = c->field;
    if (field->target && ref.type != field->target->number)
        found_text(c, " refers to a record that is no %S", field->target_name);
    else if (!itsm_model_type_number(c->record->model, ref.type))
        found_number(c, " refers to type %i, which the model does not have", (int64_t)ref.type);
}

static void check_item(checking *c, const itsm_value *value)
{
    if (value->kind != c->field->kind) {
        found_text(c, " is %S", itsm_str_c(kind_word(value->kind)));
        return;
    }
    switch (value->kind) {
    case ITSM_TEXT:
    case ITSM_ENUM:
    case ITSM_PARTY:
    case ITSM_MAP:
    case ITSM_BLOB: check_text(c, value->u.s); break;
    case ITSM_REF: check_ref(c, value->u.ref); break;
    default: check_number(c, value); break;
    }
}

static void check_field(checking *c, const itsm_value *value)
{
    if (!c->field->list) {
        check_item(c, value);
        return;
    }
    if (value->kind != ITSM_LIST) {
        found_text(c, " is %S, not a list", itsm_str_c(kind_word(value->kind)));
        return;
    }
    if (value->u.list.n > ITSM_RECORD_LIST_MAX) found_number(c, " has more than %i values", ITSM_RECORD_LIST_MAX);
    for (size_t i = 0; i < value->u.list.n; i++) {
        c->item = i + 1;
        check_item(c, &value->u.list.item[i]);
    }
}

static itsm_status check_fields(itsm_ctx *ctx, const itsm_record *record, int all)
{
    checking c = {ctx, record, NULL, 0, 0, ITSM_OK};
    for (size_t i = 0; i < record->nfields; i++) {
        const itsm_row_field *field = &record->fields[i];
        if (!all && !itsm__numbers_has(&record->written, field->no)) continue;
        c.field = itsm_type_field_number(record->type, field->no);
        c.item = 0, c.found = 0;
        if (c.field) check_field(&c, &field->value);
    }
    return c.status;
}

itsm_status itsm__record_check_written(itsm_ctx *ctx, const itsm_record *record)
{
    return check_fields(ctx, record, 0);
}

itsm_status itsm_record_check(itsm_ctx *ctx, const itsm_record *record)
{
    itsm__issues_clear(ctx);
    return ctx && record ? check_fields(ctx, record, 1) : ITSM_E_MISUSE;
}
