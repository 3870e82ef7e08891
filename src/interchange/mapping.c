/* SPDX-License-Identifier: MIT */
/*
 * Reading a mapping: JSON in, tables out.  Everything is checked against the model here, once, so that reading a row
 * later is look-ups only.  The format is described in docs/mapping.md.  Immutable when made; O(size of the JSON).
 */
#include "interchange/mapping.h"

#include "base/ctx.h"
#include "base/text.h"
#include "text/json.h"

#define MAPPING_FORMAT 1
#define STATES_MAX 256 /* transitions are counted in a table of states by states */

/* Names of the columns with a meaning of their own, in the order of their numbers. */
static const struct {
    const char *name;
    int required;
} columns[ITSM__COLUMN_COUNT] = {
    {"case", 1},       {"at", 1},       {"who", 0},    {"opened", 0},   {"resolved", 0},      {"closed", 0},
    {"created", 0},    {"state", 1},    {"active", 0}, {"made_sla", 0}, {"modifications", 0}, {"reassignments", 0},
    {"reopenings", 0}, {"priority", 0}, {"impact", 0}, {"urgency", 0},
};

static const itsm_str members[] = {
    {"format", 6},  {"name", 4},  {"type", 4},   {"delimiter", 9}, {"time_format", 11}, {"missing", 7},
    {"case", 4},    {"at", 2},    {"who", 3},    {"opened", 6},    {"resolved", 8},     {"closed", 6},
    {"created", 7}, {"state", 5}, {"states", 6}, {"fields", 6},    {"measures", 8},
};
static const itsm_str measure_members[] = {
    {"active", 6},      {"made_sla", 8}, {"modifications", 13}, {"reassignments", 13},
    {"reopenings", 10}, {"priority", 8}, {"impact", 6},         {"urgency", 7},
};
static const itsm_str resolved_members[] = {{"column", 6}, {"final", 5}};
static const itsm_str state_members[] = {{"state", 5}, {"set", 3}};
static const itsm_str field_members[] = {{"column", 6}, {"values", 6}, {"otherwise", 9}, {"when", 4}};

#define COUNT(array) (sizeof(array) / sizeof *(array))

typedef struct reading {
    itsm_ctx *ctx;
    itsm__json json;
    itsm_mapping *m;
} reading;

const char *itsm__column_name(size_t which)
{
    return columns[which].name;
}

int itsm__mapping_is_missing(const itsm_mapping *mapping, itsm_str text)
{
    if (!mapping->begins[text.n ? (unsigned char)text.p[0] : 0]) return 0;
    for (size_t i = 0; i < mapping->nmissing; i++)
        if (itsm_str_eq(mapping->missing[i], text)) return 1;
    return 0;
}

static itsm_status copy_text(itsm_str *out, reading *r, itsm_str text)
{
    return itsm__arena_copy(out, &r->m->text, text);
}

/* Most values of a log are not missing: their first byte says so. */
static void mark_missing(itsm_mapping *m)
{
    for (size_t i = 0; i < m->nmissing; i++) m->begins[m->missing[i].n ? (unsigned char)m->missing[i].p[0] : 0] = 1;
}

/* A name that is not there, with the nearest of n names whose first lies at `names`, each `stride` bytes on. */
static itsm_status unknown(reading *r, const itsm__json_node *node, itsm_str name, const char *what, const void *names,
                           size_t n, size_t stride)
{
    itsm_str *list = itsm__alloc(&r->m->memory, n * sizeof *list), near = itsm__no_text();
    if (!list) return ITSM_E_NOMEM;
    for (size_t i = 0; i < n; i++) memcpy(&list[i], (const char *)names + i * stride, sizeof list[i]);
    near = itsm__nearest(name, list, n);
    itsm__free(&r->m->memory, list, n * sizeof *list);
    return itsm__json_issue(&r->json, node, ITSM_E_INVALID, itsm__no_text(),
                            near.n ? "%S has no %s \"%S\"; did you mean \"%S\"?" : "%S has no %s \"%S\"",
                            r->m->type ? r->m->type->name : ITSM_STR("the model"), what, name, near);
}

static itsm_status unknown_field(reading *r, const itsm__json_node *node)
{
    const itsm_type_def *type = r->m->type;
    return unknown(r, node, node->key, "field", &type->fields[0].name, type->nfields, sizeof *type->fields);
}

/* The name of a column: a text that is not empty. */
static itsm_status copy_column(itsm_str *out, reading *r, const itsm__json_node *node, itsm_str name)
{
    if (!name.n) return itsm__json_issue(&r->json, node, ITSM_E_INVALID, itsm__no_text(), "a column needs a name");
    return copy_text(out, r, name);
}

/* Plain members ----------------------------------------------------------------------------------------------------- */

/* What is wrong with a pattern is said where the pattern stands. */
static itsm_status read_pattern(reading *r, const itsm__json_node *node)
{
    itsm_status rc = itsm_time_pattern_init(&r->m->pattern, r->ctx, node->text);
    if (!rc || rc == ITSM_E_NOMEM || !itsm_ctx_issue_count(r->ctx)) return rc;
    itsm_buf why = ITSM_BUF_INIT;
    itsm_buf_init(&why, r->ctx);
    itsm_status copied = itsm__buf_str(&why, itsm_ctx_issue(r->ctx, 0)->message);
    itsm__issues_clear(r->ctx);
    rc = copied ? copied : itsm__json_issue(&r->json, node, rc, itsm__no_text(), "%S", itsm_buf_str(&why));
    itsm_buf_clear(&why);
    return rc;
}

static itsm_status read_head(reading *r, const itsm__json_node *root)
{
    int64_t format = 0;
    itsm_str name = ITSM_STR("event log"), type, pattern = itsm__no_text(), delimiter = ITSM_STR(",");
    itsm_status rc = itsm__json_get_int(&format, &r->json, root, "format", ITSM__JSON_REQUIRED, 1, INT32_MAX);
    if (!rc && format > MAPPING_FORMAT)
        return itsm__json_issue(&r->json, itsm__json_member(root, "format"), ITSM_E_VERSION, itsm__no_text(),
                                "format %i is newer than %d", format, MAPPING_FORMAT);
    if (!rc) rc = itsm__json_get_text(&type, &r->json, root, "type", ITSM__JSON_REQUIRED);
    if (rc) return rc;
    if (itsm__json_get_text(&name, &r->json, root, "name", ITSM__JSON_OPTIONAL) < 0 ||
        itsm__json_get_text(&delimiter, &r->json, root, "delimiter", ITSM__JSON_OPTIONAL) < 0 ||
        itsm__json_get_text(&pattern, &r->json, root, "time_format", ITSM__JSON_REQUIRED) < 0)
        return ITSM_E_INVALID;
    if (delimiter.n != 1 || !memchr(",;\t|", delimiter.p[0], 4))
        return itsm__json_issue(&r->json, itsm__json_member(root, "delimiter"), ITSM_E_INVALID, itsm__no_text(),
                                "a delimiter is a comma, a semicolon, a tab or a bar");
    r->m->delimiter = delimiter.p[0];
    return copy_text(&r->m->name, r, name) ? ITSM_E_NOMEM : read_pattern(r, itsm__json_member(root, "time_format"));
}

static itsm_status unknown_type(reading *r, const itsm__json_node *node, const itsm_model *model)
{
    size_t n = itsm_model_type_count(model);
    itsm_str *names = itsm__arena_alloc(&r->m->text, (n + 1) * sizeof *names);
    if (!names) return ITSM_E_NOMEM;
    for (size_t i = 0; i < n; i++) names[i] = itsm_model_type_at(model, i)->name;
    return unknown(r, node, node->text, "type", names, n, sizeof *names);
}

static itsm_status read_type(reading *r, const itsm__json_node *root, const itsm_model *model)
{
    const itsm__json_node *node = itsm__json_member(root, "type");
    r->m->type = itsm_model_type(model, node->text);
    if (!r->m->type) return unknown_type(r, node, model);
    if (!r->m->type->nmachines)
        return itsm__json_issue(&r->json, node, ITSM_E_INVALID, itsm__no_text(), "%S has no lifecycle", node->text);
    r->m->machine = &r->m->type->machines[0];
    return ITSM_OK;
}

/* One text or a list of texts that mean: no value.  The empty text always does. */
static itsm_status read_missing(reading *r, const itsm__json_node *root)
{
    const itsm__json_node *node = itsm__json_member(root, "missing"), *item;
    size_t n = node && node->kind == ITSM__JSON_ARRAY ? (size_t)node->integer : 1;
    itsm_str *texts = itsm__arena_alloc(&r->m->text, (n + 1) * sizeof *texts);
    itsm_status rc = ITSM_OK;
    if (!texts) return ITSM_E_NOMEM;
    r->m->missing = texts;
    if (!node) return ITSM_OK;
    if (node->kind == ITSM__JSON_TEXT) return copy_text(&texts[r->m->nmissing++], r, node->text);
    if ((rc = itsm__json_expect(&r->json, node, ITSM__JSON_ARRAY))) return rc;
    ITSM__JSON_EACH(item, node)
    {
        if ((rc = itsm__json_expect(&r->json, item, ITSM__JSON_TEXT)) ||
            (rc = copy_text(&texts[r->m->nmissing], r, item->text)))
            return rc;
        r->m->nmissing++;
    }
    return ITSM_OK;
}

/* A column is a text; that of `resolved` may be an object that says more. */
static itsm_status read_column(reading *r, const itsm__json_node *object, int which)
{
    const itsm__json_node *node = itsm__json_member(object, columns[which].name);
    itsm_str name = itsm__no_text();
    int final = 0;
    itsm_status rc;
    if (which == ITSM__COLUMN_RESOLVED && node && node->kind == ITSM__JSON_OBJECT) {
        if ((rc = itsm__json_expect_only(&r->json, node, resolved_members, COUNT(resolved_members))) ||
            (rc = itsm__json_get_text(&name, &r->json, node, "column", ITSM__JSON_REQUIRED)))
            return rc;
        if (itsm__json_get_bool(&final, &r->json, node, "final", ITSM__JSON_OPTIONAL) < 0) return ITSM_E_INVALID;
        r->m->resolved_is_final = (uint32_t) final;
    } else if ((rc = itsm__json_get_text(&name, &r->json, object, columns[which].name, columns[which].required))) {
        return rc == ITSM_NOTHING ? ITSM_OK : rc;
    }
    return copy_column(&r->m->columns[which], r, node, name);
}

static itsm_status read_columns(reading *r, const itsm__json_node *root)
{
    const itsm__json_node *measures = itsm__json_member(root, "measures");
    itsm_status rc = ITSM_OK;
    if (measures && ((rc = itsm__json_expect(&r->json, measures, ITSM__JSON_OBJECT)) ||
                     (rc = itsm__json_expect_only(&r->json, measures, measure_members, COUNT(measure_members)))))
        return rc;
    for (int i = 0; i < ITSM__COLUMN_COUNT && !rc; i++) {
        const itsm__json_node *object = i < ITSM__COLUMN_ACTIVE ? root : measures;
        if (object) rc = read_column(r, object, i);
    }
    return rc;
}

/* Fields ------------------------------------------------------------------------------------------------------------ */

/* A JSON value as a value of a field. */
static itsm_status read_value(itsm_value *out, reading *r, const itsm__json_node *node, const itsm_field_def *field)
{
    itsm_value value;
    memset(&value, 0, sizeof value);
    if (node->kind == ITSM__JSON_NULL) return *out = value, ITSM_OK;
    if (node->kind == ITSM__JSON_INT && field->kind == ITSM_INT) {
        if (field->ranged && (node->integer < field->lo || node->integer > field->hi))
            return itsm__json_issue(&r->json, node, ITSM_E_INVALID, field->base, "%S is from %i to %i", field->name,
                                    field->lo, field->hi);
        return *out = itsm_value_number(ITSM_INT, node->integer), ITSM_OK;
    }
    if (node->kind == ITSM__JSON_BOOL && field->kind == ITSM_BOOL)
        return *out = itsm_value_number(ITSM_BOOL, node->integer), ITSM_OK;
    if (node->kind != ITSM__JSON_TEXT ||
        (field->kind != ITSM_TEXT && field->kind != ITSM_ENUM && field->kind != ITSM_PARTY))
        return itsm__json_issue(&r->json, node, ITSM_E_INVALID, field->base, "%s is no value of %S, which is %S",
                                itsm__json_kind_name(node->kind), field->name, field->base);
    int known = field->kind != ITSM_ENUM;
    for (size_t i = 0; i < field->values.n && !known; i++) known = itsm_str_eq(field->values.item[i], node->text);
    if (!known) {
        itsm_str near = itsm__nearest(node->text, field->values.item, field->values.n);
        return itsm__json_issue(&r->json, node, ITSM_E_INVALID, field->base,
                                near.n ? "%S has no value \"%S\"; did you mean \"%S\"?" : "%S has no value \"%S\"",
                                field->name, node->text, near);
    }
    value.kind = field->kind;
    itsm_status rc = copy_text(&value.u.s, r, node->text);
    if (!rc) *out = value;
    return rc;
}

static itsm_status read_targets(reading *r, itsm__field_map *f, const itsm__json_node *values)
{
    const itsm__json_node *node;
    itsm_status rc = itsm__json_expect(&r->json, values, ITSM__JSON_OBJECT);
    if (rc) return rc;
    f->targets = itsm__arena_alloc(&r->m->text, (size_t)(values->integer + 1) * sizeof *f->targets);
    if (!f->targets) return ITSM_E_NOMEM;
    ITSM__JSON_EACH(node, values)
    {
        uint64_t *place = itsm__map_put(&f->values, node->key.p, node->key.n, NULL);
        if (!place) return ITSM_E_NOMEM;
        *place = f->ntargets;
        if ((rc = read_value(&f->targets[f->ntargets], r, node, f->field))) return rc;
        f->ntargets++;
    }
    f->translated = 1;
    return ITSM_OK;
}

/* The field a member names, if a log may give it: not what the engine itself keeps, no list, nothing of many parts. */
static itsm_status find_field(const itsm_field_def **out, reading *r, const itsm__json_node *node)
{
    static const uint16_t kept[] = {ITSM_FIELD_ID,         ITSM_FIELD_NUMBER,     ITSM_FIELD_TYPE,
                                    ITSM_FIELD_CREATED_AT, ITSM_FIELD_CREATED_BY, ITSM_FIELD_UPDATED_AT,
                                    ITSM_FIELD_UPDATED_BY, ITSM_FIELD_REVISION};
    static const uint16_t kinds[] = {ITSM_INT, ITSM_BOOL, ITSM_TIME, ITSM_TEXT, ITSM_PARTY, ITSM_ENUM};
    const itsm_field_def *field = itsm_type_field(r->m->type, node->key);
    int fits = 0, own = 0;
    if (!field) return unknown_field(r, node);
    for (size_t i = 0; i < COUNT(kinds); i++) fits |= field->kind == kinds[i];
    for (size_t i = 0; i < COUNT(kept); i++) own |= field->number == kept[i];
    *out = field;
    if (own || field->machine)
        return itsm__json_issue(&r->json, node, ITSM_E_INVALID, itsm__no_text(),
                                "%S is written by the engine, not from a column", node->key);
    if (field->list || !fits)
        return itsm__json_issue(&r->json, node, ITSM_E_INVALID, itsm__no_text(),
                                "%S is %S%s, which a column cannot give", node->key, field->base,
                                field->list ? "[]" : "");
    return ITSM_OK;
}

static itsm_status read_field(reading *r, itsm__field_map *f, const itsm__json_node *node)
{
    itsm_str column = itsm__no_text(), when = itsm__no_text();
    itsm_status rc;
    if ((rc = find_field(&f->field, r, node))) return rc;
    if (node->kind == ITSM__JSON_TEXT) return copy_column(&f->column, r, node, node->text);
    if (node->kind != ITSM__JSON_OBJECT)
        return itsm__json_issue(&r->json, node, ITSM_E_INVALID, itsm__no_text(),
                                "a field is a column's name or an object, not %s", itsm__json_kind_name(node->kind));
    if ((rc = itsm__json_expect_only(&r->json, node, field_members, COUNT(field_members))) ||
        (rc = itsm__json_get_text(&column, &r->json, node, "column", ITSM__JSON_REQUIRED)) ||
        (rc = copy_column(&f->column, r, itsm__json_member(node, "column"), column)))
        return rc;
    const itsm__json_node *values = itsm__json_member(node, "values"),
                          *otherwise = itsm__json_member(node, "otherwise");
    if (values && (rc = read_targets(r, f, values))) return rc;
    if (otherwise) {
        if ((rc = read_value(&f->otherwise, r, otherwise, f->field))) return rc;
        f->translated = f->tolerant = 1;
    }
    if ((rc = itsm__json_get_text(&when, &r->json, node, "when", ITSM__JSON_OPTIONAL)) < 0) return rc;
    if (when.n && !itsm_str_is(when, "done"))
        return itsm__json_issue(&r->json, itsm__json_member(node, "when"), ITSM_E_INVALID, itsm__no_text(),
                                "a field is known always, or when \"done\"");
    f->when_done = when.n != 0;
    return ITSM_OK;
}

/* Fields that only states set have no column; they follow those that have one. */
static itsm_status add_state_fields(reading *r, const itsm__json_node *states)
{
    const itsm__json_node *state, *set, *node;
    ITSM__JSON_EACH(state, states)
    {
        if (state->kind != ITSM__JSON_OBJECT || !(set = itsm__json_member(state, "set"))) continue;
        itsm_status rc = itsm__json_expect(&r->json, set, ITSM__JSON_OBJECT);
        if (rc) return rc;
        ITSM__JSON_EACH(node, set)
        {
            const itsm_field_def *field;
            int known = 0;
            if ((rc = find_field(&field, r, node))) return rc;
            for (size_t i = 0; i < r->m->nfields; i++) known |= r->m->fields[i].field == field;
            if (!known) r->m->fields[r->m->nfields++].field = field;
        }
    }
    return ITSM_OK;
}

static size_t count_set_members(const itsm__json_node *states)
{
    const itsm__json_node *state, *set;
    size_t n = 0;
    ITSM__JSON_EACH(state, states)
    {
        set = state->kind == ITSM__JSON_OBJECT ? itsm__json_member(state, "set") : NULL;
        if (set && set->kind == ITSM__JSON_OBJECT) n += (size_t)set->integer;
    }
    return n;
}

static itsm_status read_fields(reading *r, const itsm__json_node *root, const itsm__json_node *states)
{
    const itsm__json_node *fields = itsm__json_member(root, "fields"), *node;
    itsm_status rc = fields ? itsm__json_expect(&r->json, fields, ITSM__JSON_OBJECT) : ITSM_OK;
    if (rc) return rc;
    size_t room = (fields ? (size_t)fields->integer : 0) + count_set_members(states) + 1;
    r->m->fields = itsm__arena_alloc(&r->m->text, room * sizeof *r->m->fields);
    r->m->field_names = itsm__arena_alloc(&r->m->text, room * sizeof *r->m->field_names);
    if (!r->m->fields || !r->m->field_names) return ITSM_E_NOMEM;
    memset(r->m->fields, 0, room * sizeof *r->m->fields);
    for (size_t i = 0; i < room; i++) itsm__map_init(&r->m->fields[i].values, &r->m->memory);
    if (fields) ITSM__JSON_EACH(node, fields)
        {
            r->m->nfields++; /* first, so that what was begun is freed */
            if ((rc = read_field(r, &r->m->fields[r->m->nfields - 1], node))) return rc;
        }
    if ((rc = add_state_fields(r, states))) return rc;
    for (size_t i = 0; i < r->m->nfields; i++) r->m->field_names[i] = r->m->fields[i].field->name;
    return ITSM_OK;
}

/* States ------------------------------------------------------------------------------------------------------------ */

static itsm_status find_state(const itsm_state_def **out, reading *r, const itsm__json_node *node)
{
    itsm_status rc = itsm__json_expect(&r->json, node, ITSM__JSON_TEXT);
    if (rc) return rc;
    for (size_t i = 0; i < r->m->machine->nstates; i++)
        if (itsm_str_eq(r->m->machine->states[i].name, node->text)) return *out = &r->m->machine->states[i], ITSM_OK;
    return unknown(r, node, node->text, "state", &r->m->machine->states[0].name, r->m->machine->nstates,
                   sizeof *r->m->machine->states);
}

static itsm_status read_state(reading *r, itsm__state_map *s, const itsm__json_node *node)
{
    const itsm__json_node *set, *member;
    itsm_status rc = copy_text(&s->source, r, node->key);
    if (rc) return rc;
    if (node->kind != ITSM__JSON_OBJECT) return find_state(&s->state, r, node);
    itsm_str state;
    if ((rc = itsm__json_expect_only(&r->json, node, state_members, COUNT(state_members))) ||
        (rc = itsm__json_get_text(&state, &r->json, node, "state", ITSM__JSON_REQUIRED)) ||
        (rc = find_state(&s->state, r, itsm__json_member(node, "state"))))
        return rc;
    if (!(set = itsm__json_member(node, "set"))) return ITSM_OK;
    itsm_value *values = itsm__arena_alloc(&r->m->text, (r->m->nfields + 1) * sizeof *values);
    if (!values) return ITSM_E_NOMEM;
    memset(values, 0, (r->m->nfields + 1) * sizeof *values);
    ITSM__JSON_EACH(member, set)
    {
        for (size_t i = 0; i < r->m->nfields; i++)
            if (itsm_str_eq(r->m->field_names[i], member->key) &&
                (rc = read_value(&values[i], r, member, r->m->fields[i].field)))
                return rc;
    }
    s->set = values;
    return ITSM_OK;
}

static itsm_status read_states(reading *r, const itsm__json_node *states)
{
    const itsm__json_node *node;
    if (states->integer > STATES_MAX)
        return itsm__json_issue(&r->json, states, ITSM_E_LIMIT, itsm__no_text(), "a mapping names at most %d states",
                                STATES_MAX);
    r->m->states = itsm__arena_alloc(&r->m->text, (size_t)(states->integer + 1) * sizeof *r->m->states);
    if (!r->m->states) return ITSM_E_NOMEM;
    ITSM__JSON_EACH(node, states)
    {
        itsm__state_map *s = &r->m->states[r->m->nstates];
        memset(s, 0, sizeof *s);
        itsm_status rc = read_state(r, s, node);
        if (rc) return rc;
        uint64_t *place = itsm__map_put(&r->m->states_by_name, node->key.p, node->key.n, NULL);
        if (!place) return ITSM_E_NOMEM;
        *place = r->m->nstates++;
    }
    if (r->m->nstates) return ITSM_OK;
    return itsm__json_issue(&r->json, states, ITSM_E_INVALID, itsm__no_text(), "a mapping names at least one state");
}

/* All of it --------------------------------------------------------------------------------------------------------- */

static itsm_status read_mapping(reading *r, const itsm_model *model, itsm_str text)
{
    const itsm__json_node *states;
    itsm_status rc = itsm__json_parse(&r->json, text);
    if (rc) return rc;
    const itsm__json_node *root = itsm__json_root(&r->json);
    if ((rc = itsm__json_expect(&r->json, root, ITSM__JSON_OBJECT)) ||
        (rc = itsm__json_expect_only(&r->json, root, members, COUNT(members))) || (rc = read_head(r, root)) ||
        (rc = read_type(r, root, model)) || (rc = read_missing(r, root)) || (rc = read_columns(r, root)) ||
        (rc = itsm__json_get_object(&states, &r->json, root, "states", ITSM__JSON_REQUIRED)) ||
        (rc = read_fields(r, root, states)))
        return rc;
    mark_missing(r->m);
    return read_states(r, states);
}

itsm_status itsm_mapping_load(itsm_mapping **out, itsm_ctx *ctx, const itsm_model *model, itsm_str text)
{
    reading r;
    if (!out) return ITSM_E_MISUSE;
    *out = NULL;
    if (!ctx || !model) return ITSM_E_MISUSE;
    itsm__issues_clear(ctx);
    const itsm__memory *memory = itsm__ctx_memory(ctx);
    itsm_mapping *m = itsm__alloc_zero(memory, sizeof *m);
    if (!m) return ITSM_E_NOMEM;
    m->memory = *memory;
    itsm__arena_init(&m->text, memory);
    itsm__map_init(&m->states_by_name, memory);
    r.ctx = ctx, r.m = m;
    itsm__json_init(&r.json, ctx);
    itsm_status rc = read_mapping(&r, model, text);
    itsm__json_clear(&r.json);
    if (rc) itsm_mapping_free(m), m = NULL;
    *out = m;
    return rc;
}

void itsm_mapping_free(itsm_mapping *m)
{
    if (!m) return;
    for (size_t i = 0; i < m->nfields; i++) itsm__map_clear(&m->fields[i].values);
    itsm__map_clear(&m->states_by_name);
    itsm__arena_clear(&m->text);
    itsm__memory memory = m->memory;
    itsm__free(&memory, m, sizeof *m);
}

itsm_str itsm_mapping_type(const itsm_mapping *mapping)
{
    return mapping->type->name;
}

size_t itsm_mapping_fields(const itsm_str **out, const itsm_mapping *mapping)
{
    *out = mapping->field_names;
    return mapping->nfields;
}
