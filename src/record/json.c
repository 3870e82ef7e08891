/* SPDX-License-Identifier: MIT */
/*
 * A record as JSON and back, lossless.
 *
 * A value that is of its field's kind is written plainly, since the model tells what it is; any other says its kind:
 * {"kind":"int","value":5}, a list {"kind":"list","of":"int","value":[5]}.  No plain value is an object, so the two
 * cannot be mistaken.  Both directions go value by value over one table of kinds; O(bytes).
 */
#include "record/internal.h"

#include "base/bits.h"
#include "base/text.h"
#include "record/codec.h"
#include "text/json.h"

#include <itsm/time.h>

#define ID_MAX 37 /* a UUID or 20 digits, and the NUL */

static const char *const kind_names[] = {"none", "text",  "enum", "int",  "decimal", "bool", "time", "date",
                                         "span", "party", "ref",  "list", "map",     "blob", "bytes"};

#define KINDS (sizeof kind_names / sizeof *kind_names)

static const itsm_str nothing = {NULL, 0};

/* Writing ---------------------------------------------------------------------------------------------------------- */

typedef struct writing {
    itsm__json_writer json;
    const itsm_record *record;
    itsm_buf scratch; /* empty between values */
} writing;

static void add(writing *w, itsm_status rc)
{
    if (w->json.status == ITSM_OK) w->json.status = rc;
}

/* Write the scratch as a text and empty it. */
static void write_scratch(writing *w)
{
    itsm__json_write_text(&w->json, itsm_buf_str(&w->scratch));
    w->scratch.n = 0;
}

static itsm_status add_id(itsm_buf *out, itsm_id id)
{
    static const unsigned char groups[] = {4, 2, 2, 2, 6};
    unsigned char b[16];
    const unsigned char *p = b;
    if (id.hi == 0) return itsm__buf_uint(out, id.lo);
    itsm__put_be64(b, id.hi), itsm__put_be64(b + 8, id.lo);
    itsm_status rc = ITSM_OK;
    for (size_t i = 0; rc == ITSM_OK && i < sizeof groups; p += groups[i++]) {
        if (i) rc = itsm__buf_char(out, '-');
        if (rc == ITSM_OK) rc = itsm__buf_hex(out, p, groups[i]);
    }
    return rc;
}

static void write_ref(writing *w, itsm_ref ref)
{
    const itsm_type_def *type = itsm_model_type_number(w->record->model, ref.type);
    add(w, type ? itsm__buf_str(&w->scratch, type->name) : itsm__format(&w->scratch, "#%u", (uint64_t)ref.type));
    add(w, itsm__buf_char(&w->scratch, ':'));
    add(w, add_id(&w->scratch, ref.id));
    write_scratch(w);
}

/* As a text where that text gives the number back, else as the number. */
static void write_instant(writing *w, unsigned kind, int64_t i)
{
    char text[ITSM_TIME_MAX + ITSM_DATE_MAX + ITSM_SPAN_MAX];
    int64_t back = 0;
    itsm_status rc = ITSM_OK;
    switch (kind) {
    case ITSM_TIME: rc = itsm_time_decode(&back, itsm_str_c(itsm_time_text(text, i))); break;
    case ITSM_DATE: rc = itsm_date_decode(&back, itsm_str_c(itsm_date_text(text, i))); break;
    default: rc = itsm_span_decode(&back, itsm_str_c(itsm_span_text(text, i))); break;
    }
    if (rc == ITSM_OK && back == i) itsm__json_write_text(&w->json, itsm_str_c(text));
    else itsm__json_write_int(&w->json, i);
}

static void write_scalar(writing *w, const itsm_value *value)
{
    switch (value->kind) {
    case ITSM_TEXT:
    case ITSM_ENUM:
    case ITSM_PARTY:
    case ITSM_MAP:
    case ITSM_BLOB: itsm__json_write_text(&w->json, value->u.s); break;
    case ITSM_INT: itsm__json_write_int(&w->json, value->u.i); break;
    case ITSM_BOOL:
        if (value->u.i == 0 || value->u.i == 1) itsm__json_write_bool(&w->json, (int)value->u.i);
        else itsm__json_write_int(&w->json, value->u.i);
        break;
    case ITSM_TIME:
    case ITSM_DATE:
    case ITSM_SPAN: write_instant(w, value->kind, value->u.i); break;
    case ITSM_DECIMAL:
        add(w, itsm__buf_fixed(&w->scratch, value->u.i, value->scale));
        write_scratch(w);
        break;
    case ITSM_REF: write_ref(w, value->u.ref); break;
    default:
        add(w, itsm__buf_hex(&w->scratch, value->u.b.p, value->u.b.n));
        write_scratch(w);
        break;
    }
}

static void write_plain(writing *w, const itsm_value *value)
{
    if (value->kind != ITSM_LIST) {
        write_scalar(w, value);
        return;
    }
    itsm__json_write_array(&w->json);
    for (size_t i = 0; i < value->u.list.n; i++) write_scalar(w, &value->u.list.item[i]);
    itsm__json_write_end(&w->json);
}

static void write_kind(writing *w, const char *key, unsigned kind)
{
    itsm__json_write_key(&w->json, key);
    if (kind < KINDS) add(w, itsm__buf_c(&w->scratch, kind_names[kind]));
    else add(w, itsm__format(&w->scratch, "#%u", (uint64_t)kind));
    write_scratch(w);
}

static void write_field(writing *w, const itsm_row_field *field)
{
    const itsm_field_def *def = itsm_type_field_number(w->record->type, field->no);
    const itsm_value *value = &field->value;
    unsigned of = value->kind == ITSM_LIST ? value->u.list.item[0].kind : value->kind;
    if (def) itsm__json_write_key_str(&w->json, def->name);
    else {
        add(w, itsm__format(&w->scratch, "#%u", (uint64_t)field->no));
        itsm__json_write_key_str(&w->json, itsm_buf_str(&w->scratch));
        w->scratch.n = 0;
    }
    if (def && def->kind == of && (def->list != 0) == (value->kind == ITSM_LIST)) {
        write_plain(w, value);
        return;
    }
    itsm__json_write_object(&w->json);
    write_kind(w, "kind", value->kind);
    if (value->kind == ITSM_LIST) write_kind(w, "of", of);
    itsm__json_write_key(&w->json, "value");
    write_plain(w, value);
    itsm__json_write_end(&w->json);
}

itsm_status itsm_record_encode_json(itsm_buf *out, const itsm_record *record)
{
    if (!out || !record) return ITSM_E_MISUSE;
    writing w;
    w.record = record;
    w.scratch.p = NULL, w.scratch.n = 0, w.scratch.capacity = 0;
    w.scratch.alloc = record->memory.fn, w.scratch.alloc_user = record->memory.user;
    itsm__json_write_init(&w.json, out, 0);
    itsm__json_write_object(&w.json);
    itsm__json_write_key(&w.json, "type");
    itsm__json_write_text(&w.json, record->type->name);
    itsm__json_write_key(&w.json, "id");
    add(&w, add_id(&w.scratch, record->ref.id));
    write_scratch(&w);
    itsm__json_write_key(&w.json, "revision");
    itsm__json_write_uint(&w.json, record->revision);
    itsm__json_write_key(&w.json, "fields");
    itsm__json_write_object(&w.json);
    for (size_t i = 0; i < record->nfields; i++) write_field(&w, &record->fields[i]);
    itsm__json_write_end(&w.json);
    itsm__json_write_end(&w.json);
    itsm_buf_clear(&w.scratch);
    return itsm__json_write_finish(&w.json);
}

/* Reading ---------------------------------------------------------------------------------------------------------- */

typedef struct reading {
    itsm__json json;
    itsm_ctx *ctx;
    itsm_record *record;
    itsm__arena arena; /* items and bytes, until they are set */
} reading;

static itsm_status wrong(reading *r, const itsm__json_node *node, const char *kind)
{
    return itsm__json_issue(&r->json, node, ITSM_E_INVALID, nothing, "this is no %s", kind);
}

/* All digits, at most 2^64 - 1. */
static int read_unsigned(uint64_t *out, itsm_str text)
{
    uint64_t u = 0;
    if (text.n == 0) return 0;
    for (size_t i = 0; i < text.n; i++) {
        unsigned digit = (unsigned)(unsigned char)text.p[i] - '0';
        if (digit > 9 || u > (UINT64_MAX - digit) / 10) return 0;
        u = u * 10 + digit;
    }
    *out = u;
    return 1;
}

static int hex_digit(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

static int read_hex(unsigned char *out, itsm_str text)
{
    if (text.n % 2) return 0;
    for (size_t i = 0; i < text.n; i += 2) {
        int high = hex_digit(text.p[i]), low = hex_digit(text.p[i + 1]);
        if (high < 0 || low < 0) return 0;
        *out++ = (unsigned char)(high << 4 | low);
    }
    return 1;
}

static int read_id(itsm_id *out, itsm_str text)
{
    static const unsigned char starts[] = {0, 9, 14, 19, 24}, lengths[] = {8, 4, 4, 4, 12};
    unsigned char b[16], *p = b;
    if (text.n != ID_MAX - 1) {
        out->hi = 0;
        return read_unsigned(&out->lo, text);
    }
    for (size_t i = 0; i < sizeof starts; p += lengths[i++] / 2) {
        if (i && text.p[starts[i] - 1] != '-') return 0;
        if (!read_hex(p, itsm_str_n(text.p + starts[i], lengths[i]))) return 0;
    }
    out->hi = itsm__be64(b), out->lo = itsm__be64(b + 8);
    return 1;
}

/* "#123" */
static int read_number_name(uint64_t *out, itsm_str text, uint64_t most)
{
    return text.n > 1 && text.p[0] == '#' && read_unsigned(out, itsm_str_n(text.p + 1, text.n - 1)) && *out <= most;
}

static itsm_status read_ref(reading *r, itsm_ref *out, const itsm__json_node *node)
{
    itsm_str text = node->text;
    const char *colon = node->kind == ITSM__JSON_TEXT && text.n ? memchr(text.p, ':', text.n) : NULL;
    if (!colon) return wrong(r, node, "reference");
    itsm_str name = itsm_str_n(text.p, (size_t)(colon - text.p));
    const itsm_type_def *type = itsm_model_type(r->record->model, name);
    uint64_t number = 0;
    if (type) number = type->number;
    else if (!read_number_name(&number, name, UINT32_MAX))
        return itsm__json_issue(&r->json, node, ITSM_E_NOT_FOUND, nothing, "the model has no type \"%S\"", name);
    out->type = (uint32_t)number;
    if (!read_id(&out->id, itsm_str_n(colon + 1, text.n - name.n - 1))) return wrong(r, node, "reference");
    return ITSM_OK;
}

/* -12.50 is -1250 with two digits behind the point. */
static int read_decimal(itsm_value *out, itsm_str text)
{
    size_t i = text.n && text.p[0] == '-' ? 1 : 0, digits = 0, behind = 0;
    int negative = i != 0, point = 0;
    int64_t sum = 0;
    for (; i < text.n; i++) {
        if (text.p[i] == '.' && digits && !point) {
            point = 1;
            continue;
        }
        int digit = text.p[i] - '0';
        if (digit < 0 || digit > 9 || !itsm__mul(&sum, sum, 10) || !itsm__add(&sum, sum, negative ? -digit : digit))
            return 0;
        digits++, behind += (size_t)point;
    }
    if (!digits || (point && !behind) || behind > ITSM__DECIMAL_SCALE_MAX) return 0;
    out->u.i = sum, out->scale = (uint16_t)behind;
    return 1;
}

static itsm_status read_instant(reading *r, itsm_value *out, const itsm__json_node *node)
{
    itsm_status rc = ITSM_E_SYNTAX;
    if (node->kind == ITSM__JSON_INT) {
        out->u.i = node->integer;
        return ITSM_OK;
    }
    if (node->kind == ITSM__JSON_TEXT)
        rc = out->kind == ITSM_TIME   ? itsm_time_decode(&out->u.i, node->text)
             : out->kind == ITSM_DATE ? itsm_date_decode(&out->u.i, node->text)
                                      : itsm_span_decode(&out->u.i, node->text);
    return rc == ITSM_OK ? ITSM_OK : wrong(r, node, kind_names[out->kind]);
}

static itsm_status read_bytes(reading *r, itsm_value *out, const itsm__json_node *node)
{
    if (node->kind != ITSM__JSON_TEXT) return wrong(r, node, "text of hexadecimal digits");
    unsigned char *bytes = itsm__arena_alloc(&r->arena, node->text.n / 2);
    if (!bytes) return ITSM_E_NOMEM;
    if (!read_hex(bytes, node->text)) return wrong(r, node, "text of hexadecimal digits");
    out->u.b.p = bytes, out->u.b.n = node->text.n / 2;
    return ITSM_OK;
}

static itsm_status read_scalar(reading *r, itsm_value *out, const itsm__json_node *node, uint16_t kind)
{
    memset(out, 0, sizeof *out);
    out->kind = kind;
    switch (kind) {
    case ITSM_TEXT:
    case ITSM_ENUM:
    case ITSM_PARTY:
    case ITSM_MAP:
    case ITSM_BLOB: out->u.s = node->text; return node->kind == ITSM__JSON_TEXT ? ITSM_OK : wrong(r, node, "text");
    case ITSM_INT: out->u.i = node->integer; return node->kind == ITSM__JSON_INT ? ITSM_OK : wrong(r, node, "integer");
    case ITSM_BOOL:
        out->u.i = node->integer;
        return node->kind == ITSM__JSON_BOOL || node->kind == ITSM__JSON_INT ? ITSM_OK : wrong(r, node, "boolean");
    case ITSM_TIME:
    case ITSM_DATE:
    case ITSM_SPAN: return read_instant(r, out, node);
    case ITSM_DECIMAL:
        if (node->kind != ITSM__JSON_TEXT && node->kind != ITSM__JSON_INT && node->kind != ITSM__JSON_DECIMAL)
            return wrong(r, node, "decimal");
        return read_decimal(out, node->text) ? ITSM_OK : wrong(r, node, "decimal of at most 18 digits");
    case ITSM_REF: return read_ref(r, &out->u.ref, node);
    default: return read_bytes(r, out, node);
    }
}

static itsm_status read_list(reading *r, itsm_value *out, const itsm__json_node *node, uint16_t kind)
{
    const itsm__json_node *child;
    size_t n = 0;
    if (node->kind != ITSM__JSON_ARRAY) return wrong(r, node, "list");
    itsm_value *items = itsm__arena_alloc(&r->arena, (size_t)node->integer * sizeof *items);
    if (!items) return ITSM_E_NOMEM;
    ITSM__JSON_EACH(child, node)
    {
        itsm_status rc = read_scalar(r, &items[n++], child, kind);
        if (rc != ITSM_OK) return rc;
    }
    memset(out, 0, sizeof *out);
    out->kind = ITSM_LIST;
    out->u.list.item = items, out->u.list.n = n;
    return ITSM_OK;
}

static itsm_status read_kind(reading *r, uint16_t *out, const itsm__json_node *object, const char *key)
{
    itsm_str name;
    uint64_t number = 0;
    itsm_status rc = itsm__json_get_text(&name, &r->json, object, key, ITSM__JSON_REQUIRED);
    if (rc != ITSM_OK) return rc;
    for (size_t i = 1; i < KINDS; i++)
        if (itsm_str_is(name, kind_names[i])) number = i;
    if (!number && (!read_number_name(&number, name, 0xFF) || number < KINDS)) return wrong(r, object, "kind");
    *out = (uint16_t)number;
    return ITSM_OK;
}

/* {"kind":...,"value":...} */
static itsm_status read_with_kind(reading *r, itsm_value *out, const itsm__json_node *node)
{
    static const itsm_str members[] = {{"kind", 4}, {"of", 2}, {"value", 5}};
    uint16_t kind = 0, of = 0;
    itsm_status rc = itsm__json_expect_only(&r->json, node, members, 3);
    if (rc == ITSM_OK) rc = read_kind(r, &kind, node, "kind");
    if (rc == ITSM_OK && kind == ITSM_LIST) rc = read_kind(r, &of, node, "of");
    if (rc != ITSM_OK) return rc;
    const itsm__json_node *value = itsm__json_member(node, "value");
    if (!value || of == ITSM_LIST) return wrong(r, node, "value with its kind");
    return kind == ITSM_LIST ? read_list(r, out, value, of) : read_scalar(r, out, value, kind);
}

static itsm_status read_field(reading *r, const itsm__json_node *node)
{
    const itsm_field_def *def = itsm_type_field(r->record->type, node->key);
    uint64_t number = 0;
    itsm_value value;
    itsm_status rc = ITSM_OK;
    if (def) number = def->number;
    else if (!read_number_name(&number, node->key, UINT16_MAX))
        return itsm__record_no_field(r->ctx, r->record->type, node->key);
    if (node->kind == ITSM__JSON_NULL) return ITSM_OK;
    if (node->kind == ITSM__JSON_OBJECT) rc = read_with_kind(r, &value, node);
    else if (!def) return wrong(r, node, "value with its kind");
    else rc = def->list ? read_list(r, &value, node, def->kind) : read_scalar(r, &value, node, def->kind);
    if (rc == ITSM_OK) rc = itsm_record_set_number(r->record, (uint16_t)number, &value);
    if (rc == ITSM_E_MISUSE) return wrong(r, node, "value of this field");
    return rc;
}

static itsm_status read_head(reading *r, const itsm_model *model, const itsm__json_node *root)
{
    static const itsm_str members[] = {{"type", 4}, {"id", 2}, {"revision", 8}, {"fields", 6}};
    itsm_str type_name = nothing, id = nothing;
    itsm_ref ref;
    itsm_status rc = itsm__json_expect(&r->json, root, ITSM__JSON_OBJECT);
    if (rc == ITSM_OK) rc = itsm__json_expect_only(&r->json, root, members, 4);
    if (rc == ITSM_OK) rc = itsm__json_get_text(&type_name, &r->json, root, "type", ITSM__JSON_REQUIRED);
    if (rc == ITSM_OK) rc = itsm__json_get_text(&id, &r->json, root, "id", ITSM__JSON_REQUIRED);
    if (rc != ITSM_OK) return rc;
    const itsm_type_def *type = itsm_model_type(model, type_name);
    if (!type)
        return itsm__json_issue(&r->json, itsm__json_member(root, "type"), ITSM_E_NOT_FOUND, nothing,
                                "the model has no type \"%S\"", type_name);
    ref.type = type->number;
    if (!read_id(&ref.id, id)) return wrong(r, itsm__json_member(root, "id"), "identity");
    if ((rc = itsm_record_new(&r->record, r->ctx, model, type, ref)) != ITSM_OK) return rc;
    const itsm__json_node *revision = itsm__json_member(root, "revision");
    if (revision && ((revision->kind != ITSM__JSON_INT && revision->kind != ITSM__JSON_DECIMAL) ||
                     !read_unsigned(&r->record->revision, revision->text)))
        return wrong(r, revision, "revision");
    return ITSM_OK;
}

/* All fields that are wrong are named. */
static itsm_status read_fields(reading *r, const itsm__json_node *root)
{
    const itsm__json_node *fields = NULL, *child;
    itsm_status rc = itsm__json_get_object(&fields, &r->json, root, "fields", ITSM__JSON_REQUIRED), first = rc;
    if (rc != ITSM_OK) return rc;
    ITSM__JSON_EACH(child, fields)
    {
        rc = read_field(r, child);
        if (rc == ITSM_E_NOMEM || rc == ITSM_E_LIMIT) return rc;
        if (first == ITSM_OK) first = rc;
    }
    return first;
}

itsm_status itsm_record_decode_json(itsm_record **out, itsm_ctx *ctx, const itsm_model *model, itsm_str text)
{
    itsm__issues_clear(ctx);
    if (out) *out = NULL;
    if (!out || !ctx || !model || (!text.p && text.n)) return ITSM_E_MISUSE;
    reading r;
    r.ctx = ctx, r.record = NULL;
    itsm__arena_init(&r.arena, itsm__ctx_memory(ctx));
    itsm__json_init(&r.json, ctx);
    itsm_status rc = itsm__json_parse(&r.json, text);
    const itsm__json_node *root = rc == ITSM_OK ? itsm__json_root(&r.json) : NULL;
    if (root) rc = read_head(&r, model, root);
    if (root && rc == ITSM_OK) rc = read_fields(&r, root);
    itsm__json_clear(&r.json);
    itsm__arena_clear(&r.arena);
    if (rc == ITSM_OK) *out = r.record;
    else itsm_record_free(r.record);
    return rc;
}
