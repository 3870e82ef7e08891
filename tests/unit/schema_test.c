/* SPDX-License-Identifier: MIT */
/*
 * The JSON Schema of every type: well-formed, complete, and saying of each field what the model does.  Whether records
 * fit their schemas is asked by tests/cli/schema_test.py.
 */
#include "support.h"

#include "text/json.h"

#include <itsm/record.h>

#include <criterion/criterion.h>

static itsm_str name(const char *text)
{
    return itsm_str_c(text);
}

/* The schema of a type as a document, which stands on the buffer. */
static const itsm__json_node *schema_of(itsm__json *json, itsm_buf *out, const itsm_type_def *type)
{
    cr_assert_eq(itsm_type_schema(out, type), ITSM_OK);
    itsm__json_init(json, NULL);
    cr_assert_eq(itsm__json_parse(json, itsm_buf_str(out)), ITSM_OK, "%s", type->name.p);
    return itsm__json_root(json);
}

static const itsm__json_node *fields_of(const itsm__json_node *root)
{
    return itsm__json_member(itsm__json_member(root, "properties"), "fields");
}

static int lists(const itsm__json_node *array, itsm_str wanted)
{
    const itsm__json_node *item;
    ITSM__JSON_EACH(item, array) if (itsm_str_eq(item->text, wanted)) return 1;
    return 0;
}

static void check_type(const itsm_type_def *type)
{
    itsm__json json;
    itsm_buf out = ITSM_BUF_INIT;
    const itsm__json_node *root = schema_of(&json, &out, type), *fields = fields_of(root);
    const itsm__json_node *properties = itsm__json_member(fields, "properties");
    const itsm__json_node *required = itsm__json_member(fields, "required");
    int64_t needed = 0;
    cr_assert(itsm_str_eq(itsm__json_member(root, "title")->text, type->label));
    cr_assert_eq(properties->integer, (int64_t)type->nfields - 3); /* id, type and revision stand beside */
    for (size_t i = 0; i < type->nfields; i++) {
        const itsm_field_def *field = &type->fields[i];
        const itsm__json_node *found = itsm__json_find(properties, field->name);
        if (!found) {
            cr_assert(field->header, "%s.%s", type->name.p, field->name.p);
            continue;
        }
        const itsm__json_node *value = field->list ? itsm__json_member(found, "items") : found;
        cr_assert_eq(itsm__json_member(found, "readOnly") != NULL, field->by != ITSM_BY_HOST);
        cr_assert_eq(lists(required, field->name), (int)field->at_creation);
        cr_assert_eq(itsm__json_member(value, "minimum") != NULL, field->ranged != 0);
        cr_assert_eq(itsm__json_member(value, "enum") != NULL,
                     field->kind == ITSM_ENUM && (field->values.n || field->machine));
        needed += field->at_creation != 0;
    }
    cr_assert_eq(required->integer, needed);
    itsm__json_clear(&json), itsm_buf_clear(&out);
}

Test(schema, every_type_has_one_that_names_every_field_as_the_model_does)
{
    const itsm_model *model = itsm_model_builtin();
    for (size_t i = 0; i < itsm_model_type_count(model); i++) check_type(itsm_model_type_at(model, i));
}

Test(schema, descriptions_tell_clauses_and_what_depends_on_the_state)
{
    itsm__json json;
    itsm_buf out = ITSM_BUF_INIT;
    const itsm_type_def *type = itsm_model_type(itsm_model_builtin(), name("incident"));
    const itsm__json_node *root = schema_of(&json, &out, type);
    const itsm__json_node *fields = itsm__json_member(fields_of(root), "properties");
    assert_text(itsm__json_member(root, "description")->text,
                "ISO/IEC 20000-1:2018, 8.6.1. ISO/IEC 20000-1:2011, 8.1.");
    assert_text(itsm__json_member(itsm__json_member(fields, "service"), "description")->text, "Needed at assigned.");
    assert_text(itsm__json_member(itsm__json_member(fields, "priority"), "description")->text,
                "Derived: first(priority_override,matrix(impact,urgency)).");
    assert_text(itsm__json_member(itsm__json_member(fields, "major"), "description")->text,
                "State of the lifecycle. Written by moves.");
    itsm__json_clear(&json), itsm_buf_clear(&out);
}

Test(schema, without_memory_the_buffer_is_as_it_was)
{
    struct counting counting = COUNTING_INIT;
    const itsm_type_def *type = itsm_model_type(itsm_model_builtin(), name("change"));
    for (int form = 0; form < 2; form++) {
        size_t failures = 0;
        for (size_t n = 1;; n++) {
            itsm_buf out = counting_buf(&counting);
            cr_assert_eq(itsm_buf_add(&out, "kept", 4), ITSM_OK);
            counting_fail(&counting, n);
            itsm_status rc = form ? itsm_type_encode(&out, type) : itsm_type_schema(&out, type);
            int failed = counting_stop(&counting);
            cr_assert_eq(rc, failed ? ITSM_E_NOMEM : ITSM_OK);
            if (failed) cr_assert(out.n == 4 && !memcmp(out.p, "kept", 4));
            itsm_buf_clear(&out);
            failures += failed != 0;
            if (!failed) break;
        }
        cr_assert_gt(failures, 5);
    }
    assert_nothing_outstanding(counting);
}

Test(schema, misuse_is_said)
{
    itsm_buf out = ITSM_BUF_INIT;
    const itsm_type_def *type = itsm_model_type(itsm_model_builtin(), name("change"));
    cr_assert_eq(itsm_type_schema(NULL, type), ITSM_E_MISUSE);
    cr_assert_eq(itsm_type_schema(&out, NULL), ITSM_E_MISUSE);
    cr_assert_eq(itsm_type_encode(NULL, type), ITSM_E_MISUSE);
    cr_assert_eq(itsm_type_encode(&out, NULL), ITSM_E_MISUSE);
}
