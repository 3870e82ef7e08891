/* SPDX-License-Identifier: MIT */
/*
 * Rows with fields: a model with a type that has a field of every kind, its rows in both forms, their index keys and
 * typed ranges as the library makes them.
 *
 * What comes back is judged as values: a row is made a record again, from its body or its fields, whichever the backend
 * gives, and every value is held against the one that was put.  Keys follow the form the engine uses: of each value a
 * class byte and bytes that order like the value; an absent value gives no key, a list one for each item.
 */
#include "adapters/check/kit.h"

static const char model_text[] =
    "{\"schema\": \"libitsm.model/2\", \"extends\": \"builtin\", \"record_types\": [\n"
    " {\"id\": \"check_row\", \"label\": \"Row of the kit\", \"prefix\": \"KIT\", \"number\": 40001,\n"
    "  \"clauses_2011\": [\"9.1\"], \"clauses_2018\": [\"8.2.6\"],\n"
    "  \"fields\": [{\"name\": \"word\", \"type\": \"str\"}, {\"name\": \"code\", \"type\": \"str\"},\n"
    "   {\"name\": \"level\", \"type\": \"enum(low|mid|high)\"}, {\"name\": \"amount\", \"type\": \"int\"},\n"
    "   {\"name\": \"price\", \"type\": \"decimal\"}, {\"name\": \"flag\", \"type\": \"bool\"},\n"
    "   {\"name\": \"at\", \"type\": \"time\"}, {\"name\": \"day\", \"type\": \"date\"},\n"
    "   {\"name\": \"took\", \"type\": \"duration\"}, {\"name\": \"who\", \"type\": \"party\"},\n"
    "   {\"name\": \"about\", \"type\": \"ref(incident)\"}, {\"name\": \"tags\", \"type\": \"str[]\"},\n"
    "   {\"name\": \"counts\", \"type\": \"int[]\"}, {\"name\": \"detail\", \"type\": \"map\"},\n"
    "   {\"name\": \"file\", \"type\": \"blobref\"}],\n"
    "  \"relations\": [{\"name\": \"about\", \"target\": \"incident\", \"card\": \"1\", \"inverse\": \"check_rows\"}],\n"
    "  \"indexes\": [{\"name\": \"by_word\", \"fields\": [\"word\"]},\n"
    "   {\"name\": \"by_code\", \"fields\": [\"code\"], \"unique\": true},\n"
    "   {\"name\": \"by_amount\", \"fields\": [\"amount\"]}, {\"name\": \"by_at\", \"fields\": [\"at\"]},\n"
    "   {\"name\": \"by_day\", \"fields\": [\"day\"]}, {\"name\": \"by_price\", \"fields\": [\"price\"]},\n"
    "   {\"name\": \"by_level_at\", \"fields\": [\"level\", \"at\"]}, {\"name\": \"by_tags\", \"fields\": [\"tags\"]}],\n"
    "  \"lifecycles\": [{\"attribute\": \"status\", \"initial\": \"fresh\",\n"
    "    \"states\": [{\"name\": \"fresh\", \"category\": \"initial\"}, {\"name\": \"done\", \"category\": \"closed\"}],\n"
    "    \"transitions\": [{\"event\": \"finish\", \"from\": [\"fresh\"], \"to\": \"done\", \"actor\": [\"any\"]}]}]},\n"
    " {\"id\": \"incident\", \"relations\": [{\"name\": \"check_rows\", \"target\": \"check_row\", \"card\": \"n\", "
    "\"inverse\": \"about\"}]}]}";

itsm_status itsm__kit_model(itsm_model **out, itsm_ctx *ctx)
{
    return itsm_model_load(out, ctx, itsm_str_c(model_text));
}

/* What the store is told ------------------------------------------------------------------------------------------ */

static void tell_indexes(itsm__bench *b, itsm_type_info *info, const itsm_type_def *type)
{
    itsm_index_info *index = itsm__kit_alloc(b, type->nindexes * sizeof *index);
    for (size_t i = 0; index && i < type->nindexes; i++) {
        const itsm_index_def *def = &type->indexes[i];
        uint16_t *numbers = itsm__kit_alloc(b, def->nfields * sizeof *numbers);
        for (uint16_t f = 0; numbers && f < def->nfields; f++) numbers[f] = type->fields[def->fields[f]].number;
        index[i].index = def->number, index[i].unique = def->unique;
        index[i].fields = numbers, index[i].nfields = numbers ? def->nfields : 0;
    }
    info->indexes = index, info->nindexes = index ? type->nindexes : 0;
}

static void tell_type(itsm__bench *b, itsm_type_info *info, const itsm_type_def *type)
{
    itsm_field_info *field = itsm__kit_alloc(b, type->nfields * sizeof *field);
    info->size = sizeof *info, info->type = type->number, info->name = type->name;
    for (size_t i = 0; field && i < type->nfields; i++) {
        field[i].no = type->fields[i].number, field[i].name = type->fields[i].name;
        field[i].kind = type->fields[i].list ? ITSM_LIST : type->fields[i].kind;
    }
    info->fields = field, info->nfields = field ? type->nfields : 0;
    tell_indexes(b, info, type);
}

itsm_status itsm__kit_define(itsm__bench *b)
{
    itsm_type_info types[2];
    memset(types, 0, sizeof types);
    tell_type(b, &types[0], itsm_model_type(b->model, ITSM_STR("incident")));
    tell_type(b, &types[1], itsm_model_type(b->model, ITSM_STR("check_row")));
    return b->failed ? ITSM_E_NOMEM : itsm_store_define(b->ctx, b->store, types, 2, NULL);
}

/* Records --------------------------------------------------------------------------------------------------------- */

itsm_record *itsm__kit_record(itsm__bench *b, const char *type, uint64_t lo)
{
    const itsm_type_def *def = itsm_model_type(b->model, itsm_str_c(type));
    itsm_record *record = NULL;
    if (b->failed) return NULL;
    itsm__kit_status(b, itsm_record_new(&record, b->ctx, b->model, def, itsm__kit_ref(def->number, lo)), ITSM_OK,
                     "a record");
    return record;
}

void itsm__kit_set(itsm__bench *b, itsm_record *record, const char *field, itsm_value value)
{
    if (!b->failed && record)
        itsm__kit_status(b, itsm_record_set_named(record, b->ctx, itsm_str_c(field), &value), ITSM_OK, field);
}

static itsm_bytes body_of(itsm__bench *b, const itsm_record *record)
{
    itsm_bytes body = {NULL, 0};
    itsm_buf buf = ITSM_BUF_INIT;
    itsm_buf_init(&buf, b->ctx);
    itsm__kit_status(b, itsm_record_encode(&buf, record), ITSM_OK, "the body of a record");
    void *copy = b->failed ? NULL : itsm__kit_alloc(b, buf.n);
    if (copy) memcpy(copy, buf.p, buf.n), body.p = copy, body.n = buf.n;
    itsm_buf_clear(&buf);
    return body;
}

itsm_op itsm__kit_put_record(itsm__bench *b, const itsm_record *record, uint64_t expect)
{
    itsm_index_key *keys = NULL;
    itsm_op op = itsm__kit_op(ITSM_PUT, itsm__kit_ref(0, 0), expect);
    size_t n = 0;
    if (b->failed) return op;
    op.row.ref = itsm_record_ref(record), op.row.rev = b->rev++;
    op.row.fields = itsm_record_fields(record), op.row.nfields = itsm_record_count(record);
    op.row.body = body_of(b, record);
    itsm__kit_status(b, itsm__kit_keys(&keys, &n, b, record), ITSM_OK, "the keys of a record");
    op.keys = keys, op.nkeys = n;
    return op;
}

static void compare_values(itsm__bench *b, const itsm_record *got, const itsm_record *wanted)
{
    const itsm_row_field *fields = itsm_record_fields(wanted);
    size_t n = itsm_record_count(wanted), given = itsm_record_count(got);
    for (size_t i = 0; i < n && !b->failed; i++) {
        const itsm_field_def *field = itsm_type_field_number(itsm_record_type(wanted), fields[i].no);
        itsm_value value;
        itsm_status rc = itsm_record_get_number(&value, got, fields[i].no);
        if (rc == ITSM_OK && itsm_value_eq(&value, &fields[i].value)) continue;
        itsm__kit_fail(b, rc ? "field %S is gone" : "field %S comes back with another value",
                       field ? field->name : ITSM_STR("unknown to the model"));
    }
    if (given != n) itsm__kit_fail(b, "the row comes back with %u fields, not %u", (uint64_t)given, (uint64_t)n);
}

void itsm__kit_record_is(itsm__bench *b, const itsm_record *record, uint64_t rev)
{
    itsm_view view;
    itsm_row row;
    itsm_record *got = NULL;
    if (!itsm__kit_view(b, &view)) return;
    if (!itsm__kit_get(b, &view, itsm_record_ref(record), &row)) itsm__kit_fail(b, "the row is not there");
    else if (row.rev != rev) itsm__kit_fail(b, "the row has revision %u, not %u", row.rev, rev);
    else itsm__kit_status(b, itsm_record_decode(&got, b->ctx, b->model, &row), ITSM_OK, "making a record of the row");
    if (got) compare_values(b, got, record);
    itsm_record_free(got);
    itsm_store_view_close(&view);
}

/* Keys ------------------------------------------------------------------------------------------------------------ */

enum { CLASS_NUMBER = 2, CLASS_DECIMAL = 3, CLASS_TEXT = 4, CLASS_REF = 6, DECIMALS = 18 };

static itsm_status add_u64(itsm_buf *key, uint64_t u)
{
    unsigned char bytes[8];
    for (size_t i = 0; i < 8; i++) bytes[i] = (unsigned char)(u >> (56 - 8 * i));
    return itsm_buf_add(key, bytes, 8);
}

static itsm_status add_signed(itsm_buf *key, int64_t i)
{
    return add_u64(key, (uint64_t)i ^ UINT64_C(1) << 63);
}

/* Whole part rounded down, then what is above it in units of the last digit there can be. */
static itsm_status add_decimal(itsm_buf *key, int64_t i, unsigned scale)
{
    int64_t power = 1, rest = 1;
    for (unsigned d = 0; d < DECIMALS; d++) *(d < scale ? &power : &rest) *= 10;
    int64_t whole = i / power - (i % power < 0), part = i % power + (i % power < 0 ? power : 0);
    itsm_status rc = add_signed(key, whole);
    return rc ? rc : add_u64(key, (uint64_t)part * (uint64_t)rest);
}

static itsm_status add_text(itsm_buf *key, itsm_str s)
{
    itsm_status rc = ITSM_OK;
    for (size_t i = 0; i < s.n && !rc; i++) rc = itsm_buf_add(key, s.p[i] ? &s.p[i] : "\0\377", s.p[i] ? 1 : 2);
    return rc ? rc : itsm_buf_add(key, "\0", 2);
}

static itsm_status add_ref(itsm_buf *key, itsm_ref ref)
{
    unsigned char type[4] = {(unsigned char)(ref.type >> 24), (unsigned char)(ref.type >> 16),
                             (unsigned char)(ref.type >> 8), (unsigned char)ref.type};
    itsm_status rc = itsm_buf_add(key, type, sizeof type);
    if (!rc) rc = add_u64(key, ref.id.hi);
    return rc ? rc : add_u64(key, ref.id.lo);
}

/* Append the part of a key that a value is. */
static itsm_status add_value(itsm_buf *key, const itsm_value *value)
{
    unsigned char class = CLASS_NUMBER;
    switch (value->kind) {
    case ITSM_TEXT:
    case ITSM_ENUM:
    case ITSM_PARTY:
    case ITSM_MAP:
    case ITSM_BLOB: class = CLASS_TEXT; break;
    case ITSM_DECIMAL: class = CLASS_DECIMAL; break;
    case ITSM_REF: class = CLASS_REF; break;
    default: break;
    }
    itsm_status rc = itsm_buf_add(key, &class, 1);
    if (rc) return rc;
    if (class == CLASS_TEXT) return add_text(key, value->u.s);
    if (class == CLASS_DECIMAL) return add_decimal(key, value->u.i, value->scale);
    return class == CLASS_REF ? add_ref(key, value->u.ref) : add_signed(key, value->u.i);
}

/* The key with item number `item` of the list in it; ITSM_NOTHING: a field is absent or the list ends before. */
static itsm_status one_key(itsm_buf *key, const itsm_record *record, const itsm_index_def *index, size_t item)
{
    const itsm_type_def *type = itsm_record_type(record);
    int listed = 0;
    key->n = 0;
    for (uint16_t f = 0; f < index->nfields; f++) {
        itsm_value value;
        if (itsm_record_get(&value, record, &type->fields[index->fields[f]])) return ITSM_NOTHING;
        if (value.kind == ITSM_LIST) {
            if (item >= value.u.list.n) return ITSM_NOTHING;
            listed = 1, value = value.u.list.item[item];
        }
        itsm_status rc = add_value(key, &value);
        if (rc) return rc;
    }
    return listed || item == 0 ? ITSM_OK : ITSM_NOTHING;
}

static int is_among(const itsm_index_key *keys, size_t n, const itsm_index_key *key)
{
    for (size_t i = 0; i < n; i++)
        if (keys[i].index == key->index && itsm__kit_same(keys[i].key, key->key)) return 1;
    return 0;
}

static size_t most_keys(const itsm_record *record)
{
    const itsm_row_field *fields = itsm_record_fields(record);
    size_t most = 1;
    for (size_t i = 0; i < itsm_record_count(record); i++)
        if (fields[i].value.kind == ITSM_LIST && fields[i].value.u.list.n > most) most = fields[i].value.u.list.n;
    return most * itsm_record_type(record)->nindexes;
}

itsm_status itsm__kit_keys(itsm_index_key **keys, size_t *n, itsm__bench *b, const itsm_record *record)
{
    const itsm_type_def *type = itsm_record_type(record);
    itsm_buf key = ITSM_BUF_INIT;
    itsm_status rc = ITSM_OK;
    itsm_index_key *all = itsm__kit_alloc(b, most_keys(record) * sizeof *all);
    itsm_buf_init(&key, b->ctx);
    *keys = all, *n = 0;
    for (size_t i = 0; all && i < type->nindexes; i++) {
        const itsm_index_def *index = &type->indexes[i];
        for (size_t item = 0; (rc = one_key(&key, record, index, item)) == ITSM_OK; item++) {
            itsm_index_key made = {index->number, index->unique, {NULL, 0}};
            void *copy = itsm__kit_alloc(b, key.n);
            if (!copy) break;
            memcpy(copy, key.p, key.n);
            made.key.p = copy, made.key.n = key.n;
            if (!is_among(all, *n, &made)) all[(*n)++] = made;
        }
        if (rc != ITSM_NOTHING) break;
    }
    itsm_buf_clear(&key);
    return b->failed ? ITSM_E_NOMEM : rc < 0 ? rc : ITSM_OK;
}

/* Ranges ---------------------------------------------------------------------------------------------------------- */

/* A bound: the equal values and one more, or `end` behind them. */
static itsm_bytes bound_of(itsm__bench *b, const itsm_value *eq, uint32_t neq, const itsm_value *last, const char *end)
{
    itsm_bytes bytes = {NULL, 0};
    itsm_buf key = ITSM_BUF_INIT;
    itsm_status rc = ITSM_OK;
    itsm_buf_init(&key, b->ctx);
    for (uint32_t i = 0; i < neq && !rc; i++) rc = add_value(&key, &eq[i]);
    if (!rc && last) rc = add_value(&key, last);
    else if (!rc) rc = itsm_buf_add(&key, end, strlen(end));
    itsm__kit_status(b, rc, ITSM_OK, "the bound of a range");
    void *copy = b->failed ? NULL : itsm__kit_alloc(b, key.n);
    if (copy && key.n) memcpy(copy, key.p, key.n);
    bytes.p = copy, bytes.n = copy ? key.n : 0;
    itsm_buf_clear(&key);
    return bytes;
}

itsm_range itsm__kit_typed(itsm__bench *b, const char *index, const itsm_value *eq, uint32_t neq,
                           const itsm_value *from, const itsm_value *to)
{
    const itsm_type_def *type = itsm_model_type(b->model, ITSM_STR("check_row"));
    const itsm_index_def *def = itsm_type_index(type, itsm_str_c(index));
    itsm_range range = itsm__kit_range(type->number, def ? def->number : 0);
    itsm__kit_want(b, def != NULL, "the kit has no such index");
    range.eq = eq, range.neq = neq, range.from = from, range.to = to;
    if (neq || from) range.lo = bound_of(b, eq, neq, from, "");
    if (neq || to) range.hi = bound_of(b, eq, neq, to, "\377");
    return range;
}
