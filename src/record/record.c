/* SPDX-License-Identifier: MIT */
/*
 * A record is an array of (number, value) in ascending order and an arena that holds its texts.
 *
 *   get     binary search                                          O(log fields), no allocation
 *   set     copies texts into the arena, shifts the array          O(fields + bytes)
 *   read    copies the body once, texts point into the copy        O(bytes)
 *   encode  reserves once, then writes                             O(bytes)
 *
 * A text that was replaced stays in the arena until the record is reset or freed: what was borrowed stays valid, and a
 * record that is set for ever grows for ever.  Loops over many records keep one object and call itsm__record_read() or
 * itsm__record_reset() on it, which end everything borrowed and keep the memory.
 *
 * The identity, the type and the revision stand beside the content: they can be read as the fields they are in the
 * model, but are never kept among them.
 */
#include "record/internal.h"

#include "base/text.h"
#include "record/codec.h"

#define HEAD_BOUND 4u   /* version and count of fields in an encoding */
#define NUMBER_BOUND 3u /* the step to a field's number */

/* Values ---------------------------------------------------------------------------------------------------------- */

static int is_textual(unsigned kind)
{
    return kind == ITSM_TEXT || kind == ITSM_ENUM || kind == ITSM_PARTY || kind == ITSM_MAP || kind == ITSM_BLOB;
}

static inline int is_empty(const itsm_value *value)
{
    switch (value->kind) {
    case ITSM_NONE: return 1;
    case ITSM_TEXT:
    case ITSM_ENUM:
    case ITSM_PARTY:
    case ITSM_BLOB: return value->u.s.n == 0;
    case ITSM_MAP: return value->u.s.n == 0 || itsm_str_is(value->u.s, "{}");
    case ITSM_LIST: return value->u.list.n == 0;
    default: return 0;
    }
}

int itsm__value_is_empty(const itsm_value *value)
{
    return is_empty(value);
}

/* The kind a value takes in a field of kind `wanted`: the wanted one where that loses nothing. */
static uint16_t fitting_kind(uint16_t kind, uint16_t wanted)
{
    if (kind == wanted) return kind;
    if (is_textual(kind) && is_textual(wanted)) return wanted;
    if (kind == ITSM_INT && (wanted == ITSM_DECIMAL || wanted == ITSM_BOOL)) return wanted;
    return kind;
}

/* Copy a sound value that is not a list; only what its kind uses, so that equal content is equal memory. */
static itsm_status copy_scalar(itsm_value *out, itsm__arena *arena, const itsm_value *value, uint16_t wanted)
{
    memset(out, 0, sizeof *out);
    out->kind = fitting_kind(value->kind, wanted);
    switch (value->kind) {
    case ITSM_DECIMAL:
        out->scale = value->scale;
        out->u.i = value->u.i;
        return ITSM_OK;
    case ITSM_INT:
    case ITSM_BOOL:
    case ITSM_TIME:
    case ITSM_DATE:
    case ITSM_SPAN: out->u.i = value->u.i; return ITSM_OK;
    case ITSM_REF: out->u.ref = value->u.ref; return ITSM_OK;
    case ITSM_TEXT:
    case ITSM_ENUM:
    case ITSM_PARTY:
    case ITSM_MAP:
    case ITSM_BLOB: return itsm__arena_copy(&out->u.s, arena, value->u.s);
    default: {
        itsm_str copy;
        itsm_status rc = itsm__arena_copy(&copy, arena, itsm_str_n(value->u.b.p, value->u.b.n));
        if (rc == ITSM_OK) out->u.b.p = copy.p, out->u.b.n = copy.n;
        return rc;
    }
    }
}

static itsm_status copy_value(itsm_value *out, itsm__arena *arena, const itsm_value *value, uint16_t wanted)
{
    if (value->kind != ITSM_LIST) return copy_scalar(out, arena, value, wanted);
    size_t n = value->u.list.n;
    itsm_value *items = itsm__arena_alloc(arena, n * sizeof *items);
    if (!items) return ITSM_E_NOMEM;
    for (size_t i = 0; i < n; i++) {
        itsm_status rc = copy_scalar(&items[i], arena, &value->u.list.item[i], wanted);
        if (rc != ITSM_OK) return rc;
    }
    memset(out, 0, sizeof *out);
    out->kind = ITSM_LIST;
    out->u.list.item = items, out->u.list.n = n;
    return ITSM_OK;
}

/* The object ------------------------------------------------------------------------------------------------------ */

/* Numbers of what stands beside the content. */
static int is_beside(unsigned number)
{
    return number == ITSM_FIELD_ID || number == ITSM_FIELD_TYPE || number == ITSM_FIELD_REVISION;
}

static itsm_record *record_new(const itsm_ctx *ctx, const itsm_model *model)
{
    const itsm__memory *memory = itsm__ctx_memory(ctx);
    itsm_record *record = itsm__alloc_zero(memory, sizeof *record);
    if (!record) return NULL;
    record->memory = *memory;
    record->model = itsm_model_ref(model);
    itsm__arena_init(&record->arena, memory);
    return record;
}

static void empty(itsm_record *record, const itsm_type_def *type, itsm_ref ref, uint64_t revision)
{
    record->type = type, record->ref = ref, record->revision = revision;
    record->nfields = 0, record->bytes = HEAD_BOUND;
    memset(&record->written, 0, sizeof record->written), memset(record->place, 0, sizeof record->place);
    itsm__arena_reset(&record->arena);
}

/* Enter where the fields from number i of the array on stand. */
static void enter_places(itsm_record *record, size_t i)
{
    for (; i < record->nfields && record->fields[i].no < ITSM__RECORD_NEAR; i++)
        record->place[record->fields[i].no] = (uint8_t)(i + 1);
}

itsm_status itsm__record_reset(itsm_record *record, const itsm_type_def *type, itsm_ref ref)
{
    if (!type || type->number != ref.type) return ITSM_E_MISUSE;
    empty(record, type, ref, 0);
    return ITSM_OK;
}

itsm_status itsm_record_new(itsm_record **out, itsm_ctx *ctx, const itsm_model *model, const itsm_type_def *type,
                            itsm_ref ref)
{
    itsm__issues_clear(ctx);
    if (out) *out = NULL;
    if (!out || !model || !type || type->number != ref.type) return ITSM_E_MISUSE;
    itsm_record *record = record_new(ctx, model);
    if (!record) return ITSM_E_NOMEM;
    empty(record, type, ref, 0);
    *out = record;
    return ITSM_OK;
}

void itsm_record_free(itsm_record *record)
{
    if (!record) return;
    itsm__memory memory = record->memory;
    itsm__arena_clear(&record->arena);
    if (record->fields) itsm__free(&memory, record->fields, record->capacity * sizeof *record->fields);
    itsm_model_free(record->model);
    itsm__free(&memory, record, sizeof *record);
}

static itsm_status assign(itsm_record *record, const itsm_record *from)
{
    empty(record, from->type, from->ref, from->revision);
    itsm_status rc =
        itsm__grow(&record->memory, &record->fields, &record->capacity, from->nfields, sizeof *record->fields);
    for (size_t i = 0; rc == ITSM_OK && i < from->nfields; i++) {
        record->fields[i].no = from->fields[i].no;
        rc = copy_value(&record->fields[i].value, &record->arena, &from->fields[i].value, ITSM_NONE);
    }
    if (rc != ITSM_OK) return rc;
    record->nfields = from->nfields, record->bytes = from->bytes;
    memcpy(record->place, from->place, sizeof record->place);
    return ITSM_OK;
}

itsm_status itsm_record_copy(itsm_record **out, itsm_ctx *ctx, const itsm_record *from)
{
    itsm__issues_clear(ctx);
    if (out) *out = NULL;
    if (!out || !from) return ITSM_E_MISUSE;
    itsm_record *record = record_new(ctx, from->model);
    if (!record) return ITSM_E_NOMEM;
    itsm_status rc = assign(record, from);
    if (rc == ITSM_OK) *out = record;
    else itsm_record_free(record);
    return rc;
}

itsm_status itsm__record_keep(itsm_record *kept, itsm_record *record)
{
    kept->type = record->type, kept->ref = record->ref, kept->revision = record->revision;
    itsm_status rc = itsm__grow(&kept->memory, &kept->fields, &kept->capacity, record->nfields, sizeof *kept->fields);
    if (rc != ITSM_OK) return rc;
    if (record->nfields) memcpy(kept->fields, record->fields, record->nfields * sizeof *kept->fields);
    kept->nfields = record->nfields, kept->bytes = record->bytes;
    memcpy(kept->place, record->place, sizeof kept->place);
    kept->texts = itsm__arena_here(&record->arena);
    memset(&record->written, 0, sizeof record->written);
    return ITSM_OK;
}

void itsm__record_restore(itsm_record *record, itsm_record *kept)
{
    const itsm_record changed = *record;
    record->fields = kept->fields, record->capacity = kept->capacity;
    record->nfields = kept->nfields, record->bytes = kept->bytes, record->revision = kept->revision;
    memcpy(record->place, kept->place, sizeof record->place);
    itsm__arena_back(&record->arena, kept->texts);
    kept->fields = changed.fields, kept->capacity = changed.capacity;
    empty(kept, kept->type, kept->ref, kept->revision);
}

itsm_ref itsm_record_ref(const itsm_record *record)
{
    return record->ref;
}

uint64_t itsm_record_revision(const itsm_record *record)
{
    return record->revision;
}

void itsm__record_set_revision(itsm_record *record, uint64_t revision)
{
    record->revision = revision;
}

const itsm_type_def *itsm_record_type(const itsm_record *record)
{
    return record->type;
}

const itsm_model *itsm_record_model(const itsm_record *record)
{
    return record->model;
}

/* Reading and setting fields -------------------------------------------------------------------------------------- */

/* Where the field stands or would stand. */
static size_t search(const itsm_record *record, uint16_t number)
{
    const itsm_row_field *base = record->fields;
    size_t n = record->nfields;
    if (!n) return 0;
    while (n > 1) { /* no branch on what is found: which way it goes cannot be foretold */
        size_t half = n / 2;
        base += base[half - 1].no < number ? half : 0;
        n -= half;
    }
    return (size_t)(base - record->fields) + (base->no < number);
}

static size_t place_of(const itsm_record *record, uint16_t number)
{
    if (number < ITSM__RECORD_NEAR && record->place[number]) return record->place[number] - 1u;
    return search(record, number);
}

const itsm_value *itsm__record_at_far(const itsm_record *record, uint16_t number)
{
    size_t at = search(record, number);
    return at < record->nfields && record->fields[at].no == number ? &record->fields[at].value : NULL;
}

static itsm_status get_beside(itsm_value *out, const itsm_record *record, uint16_t number)
{
    switch (number) {
    case ITSM_FIELD_ID: *out = itsm_value_ref(record->ref); return ITSM_OK;
    case ITSM_FIELD_TYPE: *out = itsm_value_text(record->type->name); return ITSM_OK;
    default:
        if (record->revision == 0 || record->revision > INT64_MAX) return ITSM_NOTHING;
        *out = itsm_value_number(ITSM_INT, (int64_t)record->revision);
        return ITSM_OK;
    }
}

itsm_status itsm_record_get_number(itsm_value *out, const itsm_record *record, uint16_t number)
{
    if (!out || !record) return ITSM_E_MISUSE;
    const itsm_value *value = itsm__record_at(record, number);
    if (value) {
        *out = *value;
        return ITSM_OK;
    }
    memset(out, 0, sizeof *out);
    return is_beside(number) ? get_beside(out, record, number) : ITSM_NOTHING;
}

itsm_status itsm_record_get(itsm_value *out, const itsm_record *record, const itsm_field_def *field)
{
    return field ? itsm_record_get_number(out, record, field->number) : ITSM_E_MISUSE;
}

itsm_status itsm_record_find(itsm_value *out, const itsm_record *record, itsm_str name)
{
    if (!out || !record) return ITSM_E_MISUSE;
    memset(out, 0, sizeof *out);
    const itsm_field_def *field = itsm_type_field(record->type, name);
    return field ? itsm_record_get_number(out, record, field->number) : ITSM_E_NOT_FOUND;
}

static void remove_number(itsm_record *record, uint16_t number)
{
    size_t at = place_of(record, number);
    if (at == record->nfields || record->fields[at].no != number) return;
    record->bytes -= NUMBER_BOUND + itsm__value_bound(&record->fields[at].value);
    record->nfields--;
    memmove(&record->fields[at], &record->fields[at + 1], (record->nfields - at) * sizeof *record->fields);
    if (number < ITSM__RECORD_NEAR) record->place[number] = 0;
    enter_places(record, at);
    itsm__numbers_add(&record->written, number);
}

/* Would the field hold what it holds already?  Items of lists are not compared: they may take other kinds. */
static int is_same(const itsm_value *held, const itsm_value *value, uint16_t wanted)
{
    itsm_value fitted = *value;
    fitted.kind = fitting_kind(value->kind, wanted);
    return value->kind != ITSM_LIST && itsm_value_eq(held, &fitted);
}

/* Everything that can fail is done before the record is touched. */
static itsm_status set_number(itsm_record *record, uint16_t number, const itsm_value *value, uint16_t wanted)
{
    if (number == 0 || is_beside(number)) return ITSM_E_MISUSE;
    if (!value || itsm__value_is_empty(value)) {
        remove_number(record, number);
        return ITSM_OK;
    }
    if (!itsm__value_is_sound(value)) return ITSM_E_MISUSE;
    size_t at = place_of(record, number);
    int there = at < record->nfields && record->fields[at].no == number;
    if (there && is_same(&record->fields[at].value, value, wanted))
        return itsm__numbers_add(&record->written, number), ITSM_OK;
    size_t before = there ? NUMBER_BOUND + itsm__value_bound(&record->fields[at].value) : 0;
    size_t bound = itsm__value_bound(value);
    if (bound > ITSM_RECORD_MAX || record->bytes - before + bound + NUMBER_BOUND > ITSM_RECORD_MAX) return ITSM_E_LIMIT;
    itsm_value copy;
    itsm_status rc = copy_value(&copy, &record->arena, value, wanted);
    if (rc != ITSM_OK) return rc;
    if (!there) {
        rc = itsm__grow(&record->memory, &record->fields, &record->capacity, record->nfields + 1,
                        sizeof *record->fields);
        if (rc != ITSM_OK) return rc;
        memmove(&record->fields[at + 1], &record->fields[at], (record->nfields - at) * sizeof *record->fields);
        record->fields[at].no = number;
        record->nfields++;
        enter_places(record, at);
    }
    itsm__numbers_add(&record->written, number);
    record->fields[at].value = copy;
    record->bytes = record->bytes - before + NUMBER_BOUND + itsm__value_bound(&copy);
    return ITSM_OK;
}

itsm_status itsm_record_set(itsm_record *record, const itsm_field_def *field, const itsm_value *value)
{
    if (!record || !field) return ITSM_E_MISUSE;
    return set_number(record, field->number, value, field->kind);
}

itsm_status itsm_record_set_number(itsm_record *record, uint16_t number, const itsm_value *value)
{
    return record ? set_number(record, number, value, ITSM_NONE) : ITSM_E_MISUSE;
}

/* The name of the type's field that is nearest to a wrong one; the empty text if none is near. */
static itsm_str nearest_field(itsm_ctx *ctx, const itsm_type_def *type, itsm_str name)
{
    const itsm__memory *memory = itsm__ctx_memory(ctx);
    size_t n = itsm_type_field_count(type);
    itsm_str nearest = itsm_str_n(NULL, 0), *names = itsm__alloc(memory, n * sizeof *names);
    if (!names) return nearest;
    for (size_t i = 0; i < n; i++) names[i] = itsm_type_field_at(type, i)->name;
    nearest = itsm__nearest(name, names, n);
    itsm__free(memory, names, n * sizeof *names);
    return nearest;
}

itsm_status itsm__record_no_field(itsm_ctx *ctx, const itsm_type_def *type, itsm_str name)
{
    static const itsm_str nothing = {NULL, 0};
    if (!ctx) return ITSM_E_NOT_FOUND;
    itsm_str nearest = nearest_field(ctx, type, name);
    if (nearest.n)
        return itsm__issue(ctx, ITSM_E_NOT_FOUND, name, nothing, nothing,
                           "%S has no field \"%S\"; did you mean \"%S\"?", type->name, name, nearest);
    return itsm__issue(ctx, ITSM_E_NOT_FOUND, name, nothing, nothing, "%S has no field \"%S\"", type->name, name);
}

itsm_status itsm_record_set_named(itsm_record *record, itsm_ctx *ctx, itsm_str name, const itsm_value *value)
{
    itsm__issues_clear(ctx);
    if (!record) return ITSM_E_MISUSE;
    const itsm_field_def *field = itsm_type_field(record->type, name);
    return field ? itsm_record_set(record, field, value) : itsm__record_no_field(ctx, record->type, name);
}

void itsm_record_remove(itsm_record *record, const itsm_field_def *field)
{
    if (record && field) remove_number(record, field->number);
}

size_t itsm_record_count(const itsm_record *record)
{
    return record->nfields;
}

const itsm_row_field *itsm_record_fields(const itsm_record *record)
{
    return record->fields;
}

/* Rows ------------------------------------------------------------------------------------------------------------ */

/* What writing would not have written is not read either: an empty value, or what stands beside the content. */
static itsm_status read_body(itsm_record *record, itsm_bytes body)
{
    itsm_str copy;
    itsm_bytes kept;
    size_t n = 0, bound = 0;
    if (body.n > ITSM_RECORD_MAX) return ITSM_E_LIMIT;
    itsm_status rc = itsm__arena_copy(&copy, &record->arena, itsm_str_n(body.p, body.n));
    if (rc != ITSM_OK) return rc;
    kept.p = copy.p, kept.n = copy.n;
    rc = itsm__fields_decode(&record->fields, &n, &record->capacity, &bound, &record->memory, &record->arena, kept);
    if (rc != ITSM_OK) return rc;
    for (size_t i = 0; i < n; i++)
        if (is_beside(record->fields[i].no) || is_empty(&record->fields[i].value)) return ITSM_E_CORRUPT;
    record->nfields = n, record->bytes = HEAD_BOUND + n * NUMBER_BOUND + bound;
    enter_places(record, 0);
    return ITSM_OK;
}

/* A backend with columns gives them in any order, empty ones too, and may give the identity as well. */
static itsm_status read_fields(itsm_record *record, const itsm_row_field *fields, size_t n)
{
    if (n && !fields) return ITSM_E_CORRUPT;
    for (size_t i = 0; i < n; i++) {
        if (is_beside(fields[i].no)) continue;
        const itsm_field_def *field = itsm_type_field_number(record->type, fields[i].no);
        itsm_status rc = set_number(record, fields[i].no, &fields[i].value, field ? field->kind : ITSM_NONE);
        if (rc != ITSM_OK) return rc == ITSM_E_MISUSE ? ITSM_E_CORRUPT : rc;
    }
    return ITSM_OK;
}

static itsm_status read_issue(itsm_ctx *ctx, itsm_status rc, const itsm_record *record)
{
    static const itsm_str nothing = {NULL, 0};
    const char *what = rc == ITSM_E_CORRUPT   ? "the content is damaged"
                       : rc == ITSM_E_VERSION ? "the content is of a newer format"
                       : rc == ITSM_E_LIMIT   ? "the content is too long"
                                              : NULL;
    if (!what) return rc;
    return itsm__issue(ctx, rc, record->type->name, nothing, nothing, "%S %x-%x: %s", record->type->name,
                       record->ref.id.hi, record->ref.id.lo, what);
}

itsm_status itsm__record_read(itsm_record *record, itsm_ctx *ctx, const itsm_row *row)
{
    static const itsm_str nothing = {NULL, 0};
    const itsm_type_def *type = record->type;
    if (!type || type->number != row->ref.type) type = itsm_model_type_number(record->model, row->ref.type);
    if (!type)
        return itsm__issue(ctx, ITSM_E_NOT_FOUND, nothing, nothing, nothing, "the model has no type of number %u",
                           (uint64_t)row->ref.type);
    empty(record, type, row->ref, row->rev);
    itsm_status rc = row->body.n ? read_body(record, row->body) : read_fields(record, row->fields, row->nfields);
    if (rc == ITSM_OK) return ITSM_OK;
    empty(record, type, row->ref, row->rev);
    return read_issue(ctx, rc, record);
}

itsm_status itsm_record_decode(itsm_record **out, itsm_ctx *ctx, const itsm_model *model, const itsm_row *row)
{
    itsm__issues_clear(ctx);
    if (out) *out = NULL;
    if (!out || !model || !row) return ITSM_E_MISUSE;
    itsm_record *record = record_new(ctx, model);
    if (!record) return ITSM_E_NOMEM;
    itsm_status rc = itsm__record_read(record, ctx, row);
    if (rc == ITSM_OK) *out = record;
    else itsm_record_free(record);
    return rc;
}

itsm_status itsm_record_encode(itsm_buf *out, const itsm_record *record)
{
    if (!out || !record) return ITSM_E_MISUSE;
    itsm_status rc = itsm__buf_reserve(out, record->bytes);
    if (rc != ITSM_OK) return rc;
    unsigned char *begin = (unsigned char *)out->p + out->n;
    out->n += (size_t)(itsm__fields_put(begin, record->fields, record->nfields) - begin);
    return ITSM_OK;
}
