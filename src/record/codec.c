/* SPDX-License-Identifier: MIT */
/*
 * Values as canonical bytes and back; the grammar stands in codec.h.
 *
 * Writing is: bound, reserve once, put without further checks.  itsm__value_put() must only be given values that
 * itsm__value_is_sound() accepts and room for their bound.  Reading trusts nothing: each length is compared with what
 * is left before it is used, each count with the bytes its items need at least, and every form that writing would not
 * have chosen (a longer varint, a number out of order, something behind the end) is refused; so what is read, written
 * again, is the same bytes.  Both are O(bytes); texts are not copied by reading.
 */
#include "record/codec.h"

#include "base/bits.h"
#include "base/text.h"

#define VARINT_MAX 10u
#define LIST_MAX 65536u

/* How the content of a kind is written.  Kinds that are not invented yet will hold bytes. */
enum { FORM_NONE, FORM_NUMBER, FORM_DECIMAL, FORM_BYTES, FORM_REF, FORM_LIST };

static const unsigned char forms[] = {
    FORM_NONE,                             /* ITSM_NONE */
    FORM_BYTES,                            /* ITSM_TEXT */
    FORM_BYTES,                            /* ITSM_ENUM */
    FORM_NUMBER,                           /* ITSM_INT */
    FORM_DECIMAL, FORM_NUMBER,             /* ITSM_BOOL */
    FORM_NUMBER,                           /* ITSM_TIME */
    FORM_NUMBER,                           /* ITSM_DATE */
    FORM_NUMBER,                           /* ITSM_SPAN */
    FORM_BYTES,                            /* ITSM_PARTY */
    FORM_REF,     FORM_LIST,   FORM_BYTES, /* ITSM_MAP */
    FORM_BYTES,                            /* ITSM_BLOB */
    FORM_BYTES,                            /* ITSM_BYTES */
};

static unsigned form_of(unsigned kind)
{
    return kind < sizeof forms ? forms[kind] : FORM_BYTES;
}

/* Texts and bytes are both a pointer and a length, but different members: read the one the kind says. */
static itsm_bytes bytes_of(const itsm_value *value)
{
    itsm_bytes b = value->u.b;
    if (value->kind < ITSM_BYTES) b.p = value->u.s.p, b.n = value->u.s.n;
    return b;
}

static void set_bytes(itsm_value *out, const unsigned char *p, size_t n)
{
    if (out->kind < ITSM_BYTES) out->u.s = itsm_str_n((const char *)p, n);
    else out->u.b.p = p, out->u.b.n = n;
}

static int item_is_sound(const itsm_value *value)
{
    if (value->kind > 0xFF || value->kind == ITSM_LIST) return 0;
    switch (form_of(value->kind)) {
    case FORM_DECIMAL: return value->scale <= ITSM__DECIMAL_SCALE_MAX;
    case FORM_BYTES: {
        itsm_bytes b = bytes_of(value);
        return b.p != NULL || b.n == 0;
    }
    default: return 1;
    }
}

int itsm__value_is_sound(const itsm_value *value)
{
    if (value->kind != ITSM_LIST) return item_is_sound(value);
    size_t n = value->u.list.n;
    const itsm_value *item = value->u.list.item;
    if (n > LIST_MAX || (n && (!item || item[0].kind == ITSM_NONE))) return 0;
    for (size_t i = 0; i < n; i++)
        if (item[i].kind != item[0].kind || !item_is_sound(&item[i])) return 0;
    return 1;
}

static inline size_t content_bound(const itsm_value *value)
{
    switch (form_of(value->kind)) {
    case FORM_NONE: return 0;
    case FORM_NUMBER: return VARINT_MAX;
    case FORM_DECIMAL: return 1 + VARINT_MAX;
    case FORM_REF: return 3 * VARINT_MAX;
    default: {
        size_t n = bytes_of(value).n;
        return n > SIZE_MAX - VARINT_MAX ? SIZE_MAX : n + VARINT_MAX;
    }
    }
}

static size_t list_bound(const itsm_value *value)
{
    size_t bound = 1 + VARINT_MAX + 1;
    for (size_t i = 0; i < value->u.list.n; i++) {
        size_t content = content_bound(&value->u.list.item[i]);
        if (content > SIZE_MAX - bound) return SIZE_MAX;
        bound += content;
    }
    return bound;
}

static inline size_t value_bound(const itsm_value *value)
{
    if (value->kind == ITSM_LIST) return list_bound(value);
    size_t content = content_bound(value);
    return content == SIZE_MAX ? SIZE_MAX : 1 + content;
}

size_t itsm__value_bound(const itsm_value *value)
{
    return value_bound(value);
}

/* Writing ---------------------------------------------------------------------------------------------------------- */

static uint64_t zigzag(int64_t i)
{
    return ((uint64_t)i << 1) ^ (i < 0 ? UINT64_MAX : 0);
}

static int64_t unzigzag(uint64_t u)
{
    uint64_t half = u >> 1;
    return u & 1 ? -(int64_t)half - 1 : (int64_t)half;
}

#define EACH UINT64_C(0x0101010101010101) /* of eight bytes the lowest bit ... */
#define MORE UINT64_C(0x8080808080808080) /* ... and the highest: another byte follows */

/* Eight bytes at once, all of which the bound has room for. */
unsigned char *itsm__varint_put_long(unsigned char *p, uint64_t u)
{
    itsm__put_le64(p, itsm__spread_7(u) | MORE);
    if (u >> 56) {
        p[8] = (unsigned char)(u >> 56 | (u >> 63 ? 0x80 : 0)), p[9] = 1;
        return p + 9 + (u >> 63);
    }
    size_t n = u >> 28 ? 5u + (u >> 35 != 0) + (u >> 42 != 0) + (u >> 49 != 0) : 2u + (u >> 14 != 0) + (u >> 21 != 0);
    p[n - 1] &= 0x7F;
    return p + n;
}

static inline unsigned char *put_content(unsigned char *p, const itsm_value *value)
{
    switch (form_of(value->kind)) {
    case FORM_NONE: return p;
    case FORM_DECIMAL: *p++ = (unsigned char)value->scale; return itsm__varint_put(p, zigzag(value->u.i));
    case FORM_NUMBER: return itsm__varint_put(p, zigzag(value->u.i));
    case FORM_REF:
        p = itsm__varint_put(p, value->u.ref.type);
        p = itsm__varint_put(p, value->u.ref.id.hi);
        return itsm__varint_put(p, value->u.ref.id.lo);
    default: {
        itsm_bytes b = bytes_of(value);
        p = itsm__varint_put(p, b.n);
        if (b.n) memcpy(p, b.p, b.n);
        return p + b.n;
    }
    }
}

static inline unsigned char *put_value(unsigned char *p, const itsm_value *value)
{
    *p++ = (unsigned char)value->kind;
    if (value->kind != ITSM_LIST) return put_content(p, value);
    p = itsm__varint_put(p, value->u.list.n);
    if (value->u.list.n) *p++ = (unsigned char)value->u.list.item[0].kind;
    for (size_t i = 0; i < value->u.list.n; i++) p = put_content(p, &value->u.list.item[i]);
    return p;
}

unsigned char *itsm__value_put(unsigned char *p, const itsm_value *value)
{
    return put_value(p, value);
}

unsigned char *itsm__fields_put(unsigned char *p, const itsm_row_field *fields, size_t n)
{
    unsigned before = 0;
    *p++ = ITSM__CODEC_VERSION;
    p = itsm__varint_put(p, n);
    for (size_t i = 0; i < n; before = fields[i++].no) {
        p = itsm__varint_put(p, fields[i].no - before);
        p = put_value(p, &fields[i].value);
    }
    return p;
}

itsm_status itsm__value_encode(itsm_buf *out, const itsm_value *value)
{
    if (!itsm__value_is_sound(value)) return ITSM_E_MISUSE;
    itsm_status rc = itsm__buf_reserve(out, itsm__value_bound(value));
    if (rc != ITSM_OK) return rc;
    unsigned char *begin = (unsigned char *)out->p + out->n;
    out->n += (size_t)(itsm__value_put(begin, value) - begin);
    return ITSM_OK;
}

itsm_status itsm__fields_encode(itsm_buf *out, const itsm_row_field *fields, size_t n)
{
    size_t bound = 1 + VARINT_MAX;
    unsigned before = 0;
    for (size_t i = 0; i < n; before = fields[i++].no) {
        if (fields[i].no <= before || !itsm__value_is_sound(&fields[i].value)) return ITSM_E_MISUSE;
        size_t more = itsm__value_bound(&fields[i].value);
        if (more > SIZE_MAX - bound - VARINT_MAX) return ITSM_E_NOMEM;
        bound += more + VARINT_MAX;
    }
    itsm_status rc = itsm__buf_reserve(out, bound);
    if (rc != ITSM_OK) return rc;
    unsigned char *begin = (unsigned char *)out->p + out->n;
    out->n += (size_t)(itsm__fields_put(begin, fields, n) - begin);
    return ITSM_OK;
}

/* Reading ---------------------------------------------------------------------------------------------------------- */

static inline size_t left(const itsm__reader *in)
{
    return (size_t)(in->end - in->p);
}

static itsm_status read_bytewise(uint64_t *out, itsm__reader *in)
{
    const unsigned char *p = in->p;
    uint64_t u = 0;
    for (unsigned shift = 0; p != in->end; shift += 7) {
        unsigned byte = *p++;
        if (shift == 63 && byte > 1) return ITSM_E_CORRUPT; /* above 2^64 - 1 */
        u |= (uint64_t)(byte & 0x7F) << shift;
        if (byte & 0x80) continue;
        if (byte == 0) return ITSM_E_CORRUPT; /* longer than needed */
        *out = u;
        in->p = p;
        return ITSM_OK;
    }
    return ITSM_E_CORRUPT;
}

/* Eight bytes at once, where there are as many as one can have. */
itsm_status itsm__varint_read_long(uint64_t *out, itsm__reader *in)
{
    if (left(in) < VARINT_MAX) return read_bytewise(out, in);
    uint64_t eight = itsm__le64(in->p), ends = ~eight & MORE;
    if (!ends) {
        unsigned last = in->p[8] & 0x80 ? 10 : 9, end = in->p[last - 1];
        if (last == 10 ? end != 1 : end == 0) return ITSM_E_CORRUPT; /* above 2^64 - 1, or longer than needed */
        *out = itsm__gather_7(eight & ~MORE) | (uint64_t)in->p[8] << 56 | (last == 10 ? UINT64_C(1) << 63 : 0);
        in->p += last;
        return ITSM_OK;
    }
    uint64_t below = (ends & (~ends + 1)) - 1; /* the bits below the first end */
    size_t n = (size_t)((below & EACH) * EACH >> 56);
    uint64_t u = itsm__gather_7(eight & below);
    if (n > 1 && u >> 7 * (n - 1) == 0) return ITSM_E_CORRUPT; /* longer than needed */
    *out = u;
    in->p += n;
    return ITSM_OK;
}

static inline itsm_status read_content(itsm_value *out, itsm__reader *in)
{
    uint64_t u = 0, type = 0, hi = 0;
    switch (form_of(out->kind)) {
    case FORM_NONE: return ITSM_OK;
    case FORM_DECIMAL:
        if (left(in) == 0 || *in->p > ITSM__DECIMAL_SCALE_MAX) return ITSM_E_CORRUPT;
        out->scale = *in->p++;
        if (itsm__varint_read(&u, in) != ITSM_OK) return ITSM_E_CORRUPT;
        out->u.i = unzigzag(u);
        return ITSM_OK;
    case FORM_NUMBER:
        if (itsm__varint_read(&u, in) != ITSM_OK) return ITSM_E_CORRUPT;
        out->u.i = unzigzag(u);
        return ITSM_OK;
    case FORM_REF:
        if (itsm__varint_read(&type, in) != ITSM_OK || type > UINT32_MAX || itsm__varint_read(&hi, in) != ITSM_OK ||
            itsm__varint_read(&u, in) != ITSM_OK)
            return ITSM_E_CORRUPT;
        out->u.ref.type = (uint32_t)type;
        out->u.ref.id.hi = hi, out->u.ref.id.lo = u;
        return ITSM_OK;
    default:
        if (itsm__varint_read(&u, in) != ITSM_OK || u > left(in)) return ITSM_E_CORRUPT;
        set_bytes(out, in->p, (size_t)u);
        in->p += (size_t)u;
        return ITSM_OK;
    }
}

/* Every item takes a byte at least, so a count cannot ask for more memory than a fixed multiple of the input. */
static itsm_status read_list(itsm_value *out, itsm__reader *in, itsm__arena *arena)
{
    uint64_t n = 0;
    if (itsm__varint_read(&n, in) != ITSM_OK || n > LIST_MAX || n > left(in)) return ITSM_E_CORRUPT;
    out->u.list.item = NULL, out->u.list.n = (size_t)n;
    if (n == 0) return ITSM_OK;
    uint16_t kind = *in->p++;
    if (kind == ITSM_NONE || kind == ITSM_LIST) return ITSM_E_CORRUPT;
    itsm_value *items = itsm__arena_alloc(arena, (size_t)n * sizeof *items);
    if (!items) return ITSM_E_NOMEM;
    memset(items, 0, (size_t)n * sizeof *items);
    for (size_t i = 0; i < n; i++) {
        items[i].kind = kind;
        if (read_content(&items[i], in) != ITSM_OK) return ITSM_E_CORRUPT;
    }
    out->u.list.item = items;
    return ITSM_OK;
}

static inline itsm_status read_value(itsm_value *out, itsm__reader *in, itsm__arena *arena)
{
    memset(out, 0, sizeof *out);
    if (left(in) == 0) return ITSM_E_CORRUPT;
    out->kind = *in->p++;
    return out->kind == ITSM_LIST ? read_list(out, in, arena) : read_content(out, in);
}

itsm_status itsm__value_read(itsm_value *out, itsm__reader *in, itsm__arena *arena)
{
    itsm__reader at = *in;
    itsm_value value;
    itsm_status rc = read_value(&value, &at, arena);
    if (rc == ITSM_OK) *in = at, *out = value;
    return rc;
}

static itsm_status read_fields(itsm_row_field *fields, size_t n, size_t *bound, itsm__reader in, itsm__arena *arena)
{
    uint64_t number = 0, step;
    size_t sum = 0;
    for (size_t i = 0; i < n; i++) {
        if (itsm__varint_read(&step, &in) != ITSM_OK || step == 0 || step > UINT16_MAX - number) return ITSM_E_CORRUPT;
        number += step;
        fields[i].no = (uint16_t)number;
        itsm_status rc = read_value(&fields[i].value, &in, arena);
        if (rc != ITSM_OK) return rc;
        sum += value_bound(&fields[i].value);
    }
    if (bound) *bound = sum;
    return in.p == in.end ? ITSM_OK : ITSM_E_CORRUPT;
}

itsm_status itsm__fields_decode(itsm_row_field **fields, size_t *n, size_t *capacity, size_t *bound,
                                const itsm__memory *memory, itsm__arena *arena, itsm_bytes body)
{
    itsm__reader in;
    uint64_t count = 0;
    *n = 0;
    if (body.n == 0) return ITSM_E_CORRUPT;
    in.p = body.p, in.end = in.p + body.n;
    if (*in.p != ITSM__CODEC_VERSION) return *in.p > ITSM__CODEC_VERSION ? ITSM_E_VERSION : ITSM_E_CORRUPT;
    in.p++;
    /* A field takes two bytes at least. */
    if (itsm__varint_read(&count, &in) != ITSM_OK || count > UINT16_MAX || count > left(&in) / 2) return ITSM_E_CORRUPT;
    itsm_status rc = itsm__grow(memory, fields, capacity, (size_t)count, sizeof **fields);
    if (rc == ITSM_OK) rc = read_fields(*fields, (size_t)count, bound, in, arena);
    if (rc == ITSM_OK) *n = (size_t)count;
    return rc;
}
