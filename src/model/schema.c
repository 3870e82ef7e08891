/* SPDX-License-Identifier: MIT */
/*
 * The JSON Schema (draft 2020-12) of a type: what a record of it looks like as JSON.
 *
 * The schema says what the model says of single values: kinds, names allowed, ranges, what is needed at creation, what a
 * host may not write.  What depends on the state of a record is told in the descriptions and decided by its lifecycle.
 */
#include "model/model.h"

#include "base/text.h"
#include "text/json.h"

#define IDENTITY "([0-9]{1,20}|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})"

typedef struct schema {
    itsm__json_writer json;
    itsm_buf scratch; /* empty between values */
    itsm_status status;
} schema;

static void write_c(schema *s, const char *key, const char *value)
{
    itsm__json_write_key(&s->json, key);
    itsm__json_write_text(&s->json, itsm_str_c(value));
}

static void write_str(schema *s, const char *key, itsm_str value)
{
    itsm__json_write_key(&s->json, key);
    itsm__json_write_text(&s->json, value);
}

static void write_true(schema *s, const char *key)
{
    itsm__json_write_key(&s->json, key);
    itsm__json_write_bool(&s->json, 1);
}

static void add(schema *s, itsm_status status)
{
    if (!s->status) s->status = status;
}

/* What was put into the scratch. */
static void write_scratch(schema *s, const char *key)
{
    write_str(s, key, itsm_buf_str(&s->scratch));
    s->scratch.n = 0;
}

/* Values ---------------------------------------------------------------------------------------------------------- */

static void write_names(schema *s, const itsm_field_def *field)
{
    if (!field->machine && !field->values.n) return;
    itsm__json_write_key(&s->json, "enum");
    itsm__json_write_array(&s->json);
    if (field->machine)
        for (size_t i = 0; i < field->machine->nstates; i++)
            itsm__json_write_text(&s->json, field->machine->states[i].name);
    else
        for (size_t i = 0; i < field->values.n; i++) itsm__json_write_text(&s->json, field->values.item[i]);
    itsm__json_write_end(&s->json);
}

static void write_range(schema *s, const itsm_field_def *field)
{
    if (!field->ranged) return;
    itsm__json_write_key(&s->json, "minimum");
    itsm__json_write_int(&s->json, field->lo);
    itsm__json_write_key(&s->json, "maximum");
    itsm__json_write_int(&s->json, field->hi);
}

static void write_ref(schema *s, const itsm_field_def *field)
{
    add(s, itsm__buf_c(&s->scratch, "^"));
    if (field->target) add(s, itsm__buf_str(&s->scratch, field->target_name));
    else add(s, itsm__buf_c(&s->scratch, "[a-z_][a-z0-9_]*"));
    add(s, itsm__buf_c(&s->scratch, ":" IDENTITY "$"));
    write_scratch(s, "pattern");
}

/* A decimal is written as a text with all its digits; a number is read too. */
static void write_decimal(schema *s)
{
    itsm__json_write_key(&s->json, "type");
    itsm__json_write_array(&s->json);
    itsm__json_write_text(&s->json, ITSM_STR("string"));
    itsm__json_write_text(&s->json, ITSM_STR("number"));
    itsm__json_write_end(&s->json);
    write_c(s, "pattern", "^-?[0-9]+(\\.[0-9]+)?$");
}

static void write_value(schema *s, const itsm_field_def *field)
{
    static const struct {
        uint16_t kind;
        const char *type, *format;
    } kinds[] = {{ITSM_INT, "integer", NULL},
                 {ITSM_BOOL, "boolean", NULL},
                 {ITSM_TIME, "string", "date-time"},
                 {ITSM_DATE, "string", "date"},
                 {ITSM_SPAN, "string", "duration"}};
    const char *type = "string", *format = NULL;
    if (field->kind == ITSM_DECIMAL) {
        write_decimal(s);
        return;
    }
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (kinds[i].kind == field->kind) type = kinds[i].type, format = kinds[i].format;
    write_c(s, "type", type);
    if (format) write_c(s, "format", format);
    if (field->kind == ITSM_INT) write_range(s, field);
    if (field->kind == ITSM_ENUM) write_names(s, field);
    if (field->kind == ITSM_REF) write_ref(s, field);
}

/* Fields ---------------------------------------------------------------------------------------------------------- */

static void sentence(schema *s, const char *text)
{
    if (s->scratch.n) add(s, itsm__buf_char(&s->scratch, ' '));
    add(s, itsm__buf_c(&s->scratch, text));
}

static void states(schema *s, const itsm_machine *machine, uint64_t set)
{
    const char *before = " ";
    for (size_t i = 0; i < machine->nstates; i++)
        if (set >> i & 1) {
            add(s, itsm__format(&s->scratch, "%s%S", before, machine->states[i].name));
            before = ", ";
        }
    add(s, itsm__buf_char(&s->scratch, '.'));
}

/* What the schema cannot say of a single value. */
static void describe(schema *s, const itsm_type_def *type, const itsm_field_def *field)
{
    static const char *const writers[] = {NULL, "Derived:", "Written by moves.", "Written by the library."};
    if (field->machine) sentence(s, "State of the lifecycle.");
    if (field->by <= ITSM_BY_ENGINE && writers[field->by]) sentence(s, writers[field->by]);
    if (field->derive) {
        add(s, itsm__buf_char(&s->scratch, ' '));
        add(s, itsm_derive_encode(&s->scratch, type, field));
        add(s, itsm__buf_char(&s->scratch, '.'));
    }
    if (field->at_creation) sentence(s, "Needed at creation.");
    if (field->mandatory_at && type->nmachines)
        sentence(s, "Needed at"), states(s, type->machines, field->mandatory_at);
    if (field->limited && !field->editable) sentence(s, "Written at creation only.");
    else if (field->limited && type->nmachines) sentence(s, "Written at"), states(s, type->machines, field->editable);
    if (field->kind == ITSM_MAP) sentence(s, "JSON as a text.");
    if (field->kind == ITSM_BLOB) sentence(s, "Hash and size of content that the host keeps.");
    if (s->scratch.n) write_scratch(s, "description");
}

static void write_field(schema *s, const itsm_type_def *type, const itsm_field_def *field)
{
    itsm__json_write_key_str(&s->json, field->name);
    itsm__json_write_object(&s->json);
    describe(s, type, field);
    if (field->by != ITSM_BY_HOST) write_true(s, "readOnly");
    if (field->list) {
        write_c(s, "type", "array");
        itsm__json_write_key(&s->json, "items");
        itsm__json_write_object(&s->json);
        write_value(s, field);
        itsm__json_write_end(&s->json);
    } else write_value(s, field);
    itsm__json_write_end(&s->json);
}

/* These stand beside the content. */
static int is_beside(const itsm_field_def *field)
{
    return field->number == ITSM_FIELD_ID || field->number == ITSM_FIELD_TYPE || field->number == ITSM_FIELD_REVISION;
}

/* Fields that the model does not know say their kind; they are kept, so the schema lets them be. */
static void write_unknown(schema *s)
{
    itsm__json_write_key(&s->json, "patternProperties");
    itsm__json_write_object(&s->json);
    itsm__json_write_key(&s->json, "^#[0-9]+$");
    itsm__json_write_object(&s->json);
    write_c(s, "type", "object");
    itsm__json_write_end(&s->json);
    itsm__json_write_end(&s->json);
    itsm__json_write_key(&s->json, "additionalProperties");
    itsm__json_write_bool(&s->json, 0);
}

static void write_fields(schema *s, const itsm_type_def *type)
{
    itsm__json_write_key(&s->json, "fields");
    itsm__json_write_object(&s->json);
    write_c(s, "type", "object");
    itsm__json_write_key(&s->json, "properties");
    itsm__json_write_object(&s->json);
    for (size_t i = 0; i < type->nfields; i++)
        if (!is_beside(&type->fields[i])) write_field(s, type, &type->fields[i]);
    itsm__json_write_end(&s->json);
    write_unknown(s);
    itsm__json_write_key(&s->json, "required");
    itsm__json_write_array(&s->json);
    for (size_t i = 0; i < type->nfields; i++)
        if (type->fields[i].at_creation && !is_beside(&type->fields[i]))
            itsm__json_write_text(&s->json, type->fields[i].name);
    itsm__json_write_end(&s->json);
    itsm__json_write_end(&s->json);
}

/* The whole ------------------------------------------------------------------------------------------------------- */

static void describe_type(schema *s, const itsm_type_def *type)
{
    for (int edition = 0; edition < 2; edition++) {
        const itsm_names *clauses = edition ? &type->clauses_2011 : &type->clauses_2018;
        if (!clauses->n) continue;
        sentence(s, edition ? "ISO/IEC 20000-1:2011," : "ISO/IEC 20000-1:2018,");
        for (size_t i = 0; i < clauses->n; i++) add(s, itsm__format(&s->scratch, i ? ", %S" : " %S", clauses->item[i]));
        add(s, itsm__buf_char(&s->scratch, '.'));
    }
    if (s->scratch.n) write_scratch(s, "description");
}

static void write_head(schema *s, const itsm_type_def *type)
{
    itsm__json_write_key(&s->json, "type");
    itsm__json_write_object(&s->json);
    write_str(s, "const", type->name);
    itsm__json_write_end(&s->json);
    itsm__json_write_key(&s->json, "id");
    itsm__json_write_object(&s->json);
    write_c(s, "description", "A number, or above 64 bits a UUID.");
    write_c(s, "type", "string");
    write_c(s, "pattern", "^" IDENTITY "$");
    itsm__json_write_end(&s->json);
    itsm__json_write_key(&s->json, "revision");
    itsm__json_write_object(&s->json);
    write_c(s, "description", "Written by the library.");
    write_true(s, "readOnly");
    write_c(s, "type", "integer");
    itsm__json_write_key(&s->json, "minimum");
    itsm__json_write_int(&s->json, 0);
    itsm__json_write_end(&s->json);
}

static void write_schema(schema *s, const itsm_type_def *type)
{
    itsm__json_write_object(&s->json);
    write_c(s, "$schema", "https://json-schema.org/draft/2020-12/schema");
    add(s, itsm__format(&s->scratch, "urn:itsm:type:%S", type->name));
    write_scratch(s, "$id");
    write_str(s, "title", type->label);
    describe_type(s, type);
    write_c(s, "type", "object");
    itsm__json_write_key(&s->json, "properties");
    itsm__json_write_object(&s->json);
    write_head(s, type);
    write_fields(s, type);
    itsm__json_write_end(&s->json);
    itsm__json_write_key(&s->json, "additionalProperties");
    itsm__json_write_bool(&s->json, 0);
    itsm__json_write_key(&s->json, "required");
    itsm__json_write_array(&s->json);
    itsm__json_write_text(&s->json, ITSM_STR("type"));
    itsm__json_write_text(&s->json, ITSM_STR("id"));
    itsm__json_write_text(&s->json, ITSM_STR("fields"));
    itsm__json_write_end(&s->json);
    itsm__json_write_end(&s->json);
}

itsm_status itsm_type_schema(itsm_buf *out, const itsm_type_def *type)
{
    if (!out || !type) return ITSM_E_MISUSE;
    schema s;
    size_t before = out->n;
    memset(&s, 0, sizeof s);
    s.scratch.alloc = out->alloc, s.scratch.alloc_user = out->alloc_user;
    itsm__json_write_init(&s.json, out, 2);
    write_schema(&s, type);
    itsm_status status = itsm__json_write_finish(&s.json);
    if (!status) status = s.status;
    if (status) out->n = before;
    itsm_buf_clear(&s.scratch);
    return status;
}
