/* SPDX-License-Identifier: MIT */
/*
 * The fields of a row as a JSON object that the server turns into columns: {"<number>:<kind>": value, ...}.
 *
 * The bytes of the row are the truth and the columns are for queries, so nothing here can fail a batch: what a column
 * cannot hold (an instant outside the years 1 to 9999, a span of centuries) is null, a NUL or bytes that are not UTF-8
 * become U+FFFD.  Linear in the content.
 */
#include "adapters/postgres/postgres.h"

#include <itsm/time.h>

#define YEAR_1 (INT64_C(-62135596800) * 1000000)     /* 0001-01-01T00:00:00Z */
#define YEAR_10000 (INT64_C(253402300800) * 1000000) /* 9999 has ended */
#define SPAN_MAX (INT64_C(7000000000) * 1000000)     /* what an interval of hours and seconds surely holds */
#define REPLACEMENT "\xef\xbf\xbd"

static itsm_status put(itsm_buf *out, const char *c)
{
    return itsm_buf_add(out, c, strlen(c));
}

static itsm_status put_int(itsm_buf *out, int64_t i, unsigned digits)
{
    char room[40];
    size_t at = sizeof room;
    uint64_t u = i < 0 ? 0 - (uint64_t)i : (uint64_t)i;

    for (unsigned n = 0; u || n <= digits; n++) {
        if (digits && n == digits) room[--at] = '.';
        room[--at] = (char)('0' + u % 10), u /= 10;
        if (at < 3) break;
    }
    if (i < 0) room[--at] = '-';
    return itsm_buf_add(out, room + at, sizeof room - at);
}

/* How many bytes one character at p takes; 0: it is not one. */
static size_t utf8(const unsigned char *p, size_t n)
{
    static const unsigned char first[][4] = {{0xc2, 0xdf, 2, 0x80}, {0xe0, 0xe0, 3, 0xa0}, {0xe1, 0xec, 3, 0x80},
                                             {0xed, 0xed, 3, 0x80}, {0xee, 0xef, 3, 0x80}, {0xf0, 0xf0, 4, 0x90},
                                             {0xf1, 0xf3, 4, 0x80}, {0xf4, 0xf4, 4, 0x80}};

    if (p[0] < 0x80) return 1;
    for (size_t i = 0; i < sizeof first / sizeof *first; i++) {
        size_t size = first[i][2];
        if (p[0] < first[i][0] || p[0] > first[i][1]) continue;
        unsigned char last = p[0] == 0xed ? 0x9f : p[0] == 0xf4 ? 0x8f : 0xbf;
        if (n < size || p[1] < first[i][3] || p[1] > last) return 0;
        for (size_t k = 2; k < size; k++)
            if ((p[k] & 0xc0) != 0x80) return 0;
        return size;
    }
    return 0;
}

static itsm_status put_character(itsm_buf *out, const unsigned char *p, size_t size)
{
    static const char digits[] = "0123456789abcdef";
    char room[6] = {'\\', 'u', '0', '0', 0, 0};

    if (!size || !p[0]) return put(out, REPLACEMENT);
    if (p[0] == '"' || p[0] == '\\') {
        room[1] = (char)p[0];
        return itsm_buf_add(out, room, 2);
    }
    if (p[0] >= 0x20) return itsm_buf_add(out, p, size);
    room[4] = digits[p[0] >> 4], room[5] = digits[p[0] & 15];
    return itsm_buf_add(out, room, sizeof room);
}

static int is_plain(unsigned char c)
{
    return c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
}

static itsm_status put_text(itsm_buf *out, itsm_str s)
{
    const unsigned char *p = (const unsigned char *)s.p;
    itsm_status rc = put(out, "\"");

    for (size_t i = 0; i < s.n && !rc;) {
        size_t plain = 0;
        while (i + plain < s.n && is_plain(p[i + plain])) plain++;
        if (plain) {
            rc = itsm_buf_add(out, p + i, plain), i += plain;
            continue;
        }
        size_t size = utf8(p + i, s.n - i);
        rc = put_character(out, p + i, size), i += size ? size : 1;
    }
    return rc ? rc : put(out, "\"");
}

static itsm_status put_hex(itsm_buf *out, const void *bytes, size_t n)
{
    static const char digits[] = "0123456789abcdef";
    const unsigned char *p = bytes;
    itsm_status rc = ITSM_OK;

    for (size_t i = 0; i < n && !rc; i++) {
        const char pair[2] = {digits[p[i] >> 4], digits[p[i] & 15]};
        rc = itsm_buf_add(out, pair, sizeof pair);
    }
    return rc;
}

static itsm_status put_blob(itsm_buf *out, itsm_bytes b)
{
    itsm_status rc = put(out, "\"\\\\x");
    if (!rc) rc = put_hex(out, b.p, b.n);
    return rc ? rc : put(out, "\"");
}

static itsm_status put_id(itsm_buf *out, itsm_id id)
{
    unsigned char bytes[16];
    for (unsigned i = 0; i < 8; i++) {
        bytes[i] = (unsigned char)(id.hi >> (56 - 8 * i));
        bytes[8 + i] = (unsigned char)(id.lo >> (56 - 8 * i));
    }
    itsm_status rc = put(out, "\"");
    if (!rc) rc = put_hex(out, bytes, sizeof bytes);
    return rc ? rc : put(out, "\"");
}

static itsm_status put_span(itsm_buf *out, int64_t us)
{
    if (us <= -SPAN_MAX || us >= SPAN_MAX) return put(out, "null");
    itsm_status rc = put(out, "\"");
    if (!rc) rc = put_int(out, us, 6);
    return rc ? rc : put(out, " seconds\"");
}

static itsm_status put_instant(itsm_buf *out, uint16_t kind, int64_t i)
{
    char room[ITSM_TIME_MAX];
    int is_date = kind == ITSM_DATE;

    if (is_date ? i < YEAR_1 / ITSM_DAYS(1) || i >= YEAR_10000 / ITSM_DAYS(1) : i < YEAR_1 || i >= YEAR_10000)
        return put(out, "null");
    itsm_status rc = put(out, "\"");
    if (!rc) rc = put(out, is_date ? itsm_date_text(room, i) : itsm_time_text(room, i));
    return rc ? rc : put(out, "\"");
}

/* Everything but a list. */
static itsm_status put_value(itsm_buf *out, const itsm_value *v)
{
    switch (v->kind) {
    case ITSM_INT: return put_int(out, v->u.i, 0);
    case ITSM_DECIMAL: return v->scale > 18 ? put(out, "null") : put_int(out, v->u.i, v->scale);
    case ITSM_BOOL: return put(out, v->u.i ? "true" : "false");
    case ITSM_TIME:
    case ITSM_DATE: return put_instant(out, v->kind, v->u.i);
    case ITSM_SPAN: return put_span(out, v->u.i);
    case ITSM_REF: return put_id(out, v->u.ref.id);
    case ITSM_BYTES: return put_blob(out, v->u.b);
    case ITSM_TEXT:
    case ITSM_ENUM:
    case ITSM_PARTY:
    case ITSM_MAP:
    case ITSM_BLOB: return put_text(out, v->u.s);
    default: return put(out, "null");
    }
}

static itsm_status put_list(itsm_buf *out, const itsm_value *v)
{
    itsm_status rc = put(out, "[");
    for (size_t i = 0; i < v->u.list.n && !rc; i++) {
        if (i) rc = put(out, ",");
        if (!rc) rc = put_value(out, &v->u.list.item[i]);
    }
    return rc ? rc : put(out, "]");
}

itsm_status itsm__pg_fields(itsm_buf *out, const itsm_row *row)
{
    itsm_status rc = put(out, "{");
    for (size_t i = 0; i < row->nfields && !rc; i++) {
        const itsm_row_field *field = &row->fields[i];
        rc = put(out, i ? ",\"" : "\"");
        if (!rc) rc = put_int(out, field->no, 0);
        if (!rc) rc = put(out, ":");
        if (!rc) rc = put_int(out, field->value.kind, 0);
        if (!rc) rc = put(out, "\":");
        if (!rc) rc = field->value.kind == ITSM_LIST ? put_list(out, &field->value) : put_value(out, &field->value);
    }
    return rc ? rc : put(out, "}");
}
