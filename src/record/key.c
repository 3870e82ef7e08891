/* SPDX-License-Identifier: MIT */
/*
 * Order-preserving keys; the forms stand in key.h.
 *
 * Each function appends one part or, without memory, nothing.  Parts may follow each other in any number and order;
 * two keys are comparable when their parts are of the same classes in the same order, which is so within one index.
 * All is O(bytes).  Reading back gives exactly what was appended, except that decimals and the kinds of texts are not
 * told apart again: read only the classes offered.
 */
#include "record/key.h"

#include "base/bits.h"
#include "base/text.h"
#include "record/codec.h"

enum {
    CLASS_ABSENT = 1,
    CLASS_NUMBER = 2,
    CLASS_DECIMAL = 3,
    CLASS_TEXT = 4,
    CLASS_BYTES = 5,
    CLASS_REF = 6,
    CLASS_LIST = 7,
    CLASS_UNSIGNED = 8
};

#define SIGN (UINT64_C(1) << 63)
#define PART_MAX 21 /* of the parts of fixed size: a reference */

itsm_status itsm__key_absent(itsm_buf *key)
{
    return itsm__buf_char(key, CLASS_ABSENT);
}

itsm_status itsm__key_number(itsm_buf *key, int64_t i)
{
    unsigned char part[9] = {CLASS_NUMBER};
    itsm__put_be64(part + 1, (uint64_t)i ^ SIGN);
    return itsm_buf_add(key, part, sizeof part);
}

itsm_status itsm__key_unsigned(itsm_buf *key, uint64_t u)
{
    unsigned char part[9] = {CLASS_UNSIGNED};
    itsm__put_be64(part + 1, u);
    return itsm_buf_add(key, part, sizeof part);
}

itsm_status itsm__key_ref(itsm_buf *key, itsm_ref ref)
{
    unsigned char part[PART_MAX] = {CLASS_REF};
    itsm__put_be32(part + 1, ref.type);
    itsm__put_be64(part + 5, ref.id.hi);
    itsm__put_be64(part + 13, ref.id.lo);
    return itsm_buf_add(key, part, sizeof part);
}

/* Whole part rounded down and what is above it: -1.5 is -2 and 0.5, so that both halves grow with the value. */
static itsm_status key_decimal(itsm_buf *key, int64_t i, unsigned scale)
{
    unsigned char part[17] = {CLASS_DECIMAL};
    int64_t power = 1, rest = 1;
    if (scale > ITSM__DECIMAL_SCALE_MAX) return ITSM_E_UNSUPPORTED;
    for (unsigned d = 0; d < scale; d++) power *= 10;
    for (unsigned d = scale; d < ITSM__DECIMAL_SCALE_MAX; d++) rest *= 10;
    itsm__put_be64(part + 1, (uint64_t)itsm__floor_div(i, power) ^ SIGN);
    itsm__put_be64(part + 9, (uint64_t)itsm__floor_mod(i, power) * (uint64_t)rest);
    return itsm_buf_add(key, part, sizeof part);
}

/* 00 inside becomes 00 FF, the end is 00 00: so "a" comes before "a\0", and no end lies inside. */
static itsm_status key_string(itsm_buf *key, int class, itsm_bytes s)
{
    if (s.n > (SIZE_MAX - 3) / 2) return ITSM_E_NOMEM;
    itsm_status rc = itsm__buf_reserve(key, 2 * s.n + 3);
    if (rc != ITSM_OK) return rc;
    const char *from = s.p, *end = from + s.n;
    char *to = key->p + key->n;
    *to++ = (char)class;
    while (from != end) {
        const char *zero = memchr(from, 0, (size_t)(end - from));
        size_t n = (size_t)((zero ? zero : end) - from);
        memcpy(to, from, n);
        from += n, to += n;
        if (zero) *to++ = 0, *to++ = (char)0xFF, from++;
    }
    *to++ = 0, *to++ = 0;
    key->n = (size_t)(to - key->p);
    return ITSM_OK;
}

itsm_status itsm__key_text(itsm_buf *key, itsm_str s)
{
    itsm_bytes b;
    b.p = s.n ? s.p : "", b.n = s.n;
    return key_string(key, CLASS_TEXT, b);
}

itsm_status itsm__key_bytes(itsm_buf *key, itsm_bytes b)
{
    if (b.n == 0) b.p = "";
    return key_string(key, CLASS_BYTES, b);
}

static itsm_status key_scalar(itsm_buf *key, const itsm_value *value)
{
    switch (value->kind) {
    case ITSM_NONE: return itsm__key_absent(key);
    case ITSM_INT:
    case ITSM_BOOL:
    case ITSM_TIME:
    case ITSM_DATE:
    case ITSM_SPAN: return itsm__key_number(key, value->u.i);
    case ITSM_DECIMAL: return key_decimal(key, value->u.i, value->scale);
    case ITSM_TEXT:
    case ITSM_ENUM:
    case ITSM_PARTY:
    case ITSM_MAP:
    case ITSM_BLOB: return itsm__key_text(key, value->u.s);
    case ITSM_BYTES: return itsm__key_bytes(key, value->u.b);
    case ITSM_REF: return itsm__key_ref(key, value->u.ref);
    default: return ITSM_E_UNSUPPORTED;
    }
}

itsm_status itsm__key_value(itsm_buf *key, const itsm_value *value)
{
    if (value->kind != ITSM_LIST) return key_scalar(key, value);
    size_t before = key->n;
    itsm_status rc = itsm__buf_char(key, CLASS_LIST);
    for (size_t i = 0; rc == ITSM_OK && i < value->u.list.n; i++) rc = key_scalar(key, &value->u.list.item[i]);
    if (rc == ITSM_OK) rc = itsm__buf_char(key, 0);
    if (rc != ITSM_OK) key->n = before;
    return rc;
}

itsm_status itsm__key_end(itsm_buf *hi, itsm_bytes prefix)
{
    itsm_status rc = itsm__buf_reserve(hi, prefix.n < SIZE_MAX ? prefix.n + 1 : prefix.n);
    if (rc != ITSM_OK) return rc;
    if ((rc = itsm_buf_add(hi, prefix.p, prefix.n)) != ITSM_OK) return rc;
    return itsm__buf_char(hi, (char)0xFF);
}

/* Reading ---------------------------------------------------------------------------------------------------------- */

/* The bytes of a part of that class and content length, or NULL. */
static const unsigned char *take(itsm_bytes *rest, unsigned class, size_t n)
{
    const unsigned char *p = rest->p;
    if (rest->n < n + 1 || p[0] != class) return NULL;
    rest->p = p + n + 1, rest->n -= n + 1;
    return p + 1;
}

itsm_status itsm__key_read_number(int64_t *out, itsm_bytes *rest)
{
    if (take(rest, CLASS_ABSENT, 0)) return ITSM_NOTHING;
    const unsigned char *p = take(rest, CLASS_NUMBER, 8);
    if (!p) return ITSM_E_CORRUPT;
    uint64_t u = itsm__be64(p);
    *out = u >= SIGN ? (int64_t)(u - SIGN) : -(int64_t)(SIGN - 1 - u) - 1;
    return ITSM_OK;
}

itsm_status itsm__key_read_unsigned(uint64_t *out, itsm_bytes *rest)
{
    const unsigned char *p = take(rest, CLASS_UNSIGNED, 8);
    if (!p) return ITSM_E_CORRUPT;
    *out = itsm__be64(p);
    return ITSM_OK;
}

itsm_status itsm__key_read_ref(itsm_ref *out, itsm_bytes *rest)
{
    const unsigned char *p = take(rest, CLASS_REF, 20);
    if (!p) return ITSM_E_CORRUPT;
    out->type = itsm__be32(p);
    out->id.hi = itsm__be64(p + 4), out->id.lo = itsm__be64(p + 12);
    return ITSM_OK;
}

itsm_status itsm__key_read_text(itsm_buf *out, itsm_bytes *rest)
{
    const unsigned char *p = rest->p;
    size_t n = rest->n, i = 1;
    if (n < 3 || (p[0] != CLASS_TEXT && p[0] != CLASS_BYTES)) return ITSM_E_CORRUPT;
    itsm_status rc = itsm__buf_reserve(out, n);
    if (rc != ITSM_OK) return rc;
    char *to = out->p + out->n;
    for (; i + 1 < n; i++) {
        *to++ = (char)p[i];
        if (p[i] != 0) continue;
        if (p[++i] == 0xFF) continue; /* a 00 inside */
        if (p[i] != 0) return ITSM_E_CORRUPT;
        out->n = (size_t)(to - 1 - out->p);
        rest->p = p + i + 1, rest->n = n - i - 1;
        return ITSM_OK;
    }
    return ITSM_E_CORRUPT;
}
