/* SPDX-License-Identifier: MIT */
/*
 * A value of a field as what SQLite keeps, for people who query: numbers, times (microseconds), dates (days) and spans
 * (microseconds) as INTEGER, decimals as NUMERIC, texts as TEXT, bytes and references (the id) as BLOB, lists as a JSON
 * array in TEXT.  Nothing is read back from these columns.
 */
#include "adapters/sqlite/internal.h"

enum { KINDS = ITSM_BYTES + 1 };

static const char *const affinities[KINDS] = {
    [ITSM_TEXT] = "TEXT",    [ITSM_ENUM] = "TEXT",    [ITSM_INT] = "INTEGER",  [ITSM_DECIMAL] = "NUMERIC",
    [ITSM_BOOL] = "INTEGER", [ITSM_TIME] = "INTEGER", [ITSM_DATE] = "INTEGER", [ITSM_SPAN] = "INTEGER",
    [ITSM_PARTY] = "TEXT",   [ITSM_REF] = "BLOB",     [ITSM_LIST] = "TEXT",    [ITSM_MAP] = "TEXT",
    [ITSM_BLOB] = "TEXT",    [ITSM_BYTES] = "BLOB",
};

const char *itsm__column_affinity(uint16_t kind)
{
    return kind < KINDS ? affinities[kind] : NULL;
}

int itsm__column_is_shown(uint16_t field)
{
    enum { ID = 1, TYPE = 3, REVISION = 9 }; /* of every type: they stand beside the content */
    return field != ID && field != TYPE && field != REVISION;
}

static itsm_status add(itsm_buf *out, const char *c)
{
    return itsm_buf_add(out, c, strlen(c));
}

static itsm_status add_number(itsm_buf *out, int64_t i)
{
    char room[24];

    sqlite3_snprintf(sizeof room, room, "%lld", (sqlite3_int64)i);
    return add(out, room);
}

/* i * 10^-scale. */
static itsm_status add_decimal(itsm_buf *out, int64_t i, unsigned scale)
{
    char room[48];
    uint64_t u = i < 0 ? 0 - (uint64_t)i : (uint64_t)i;
    size_t at = sizeof room - 1;

    room[at] = 0;
    if (scale > 18) scale = 18;
    for (unsigned digits = 0; u || digits <= scale; digits++, u /= 10) {
        if (digits == scale && scale) room[--at] = '.';
        room[--at] = (char)('0' + u % 10);
    }
    if (i < 0) room[--at] = '-';
    return add(out, room + at);
}

static itsm_status add_hex(itsm_buf *out, itsm_bytes bytes)
{
    static const char digits[] = "0123456789abcdef";
    itsm_status rc = ITSM_OK;

    for (size_t i = 0; i < bytes.n && !rc; i++) {
        unsigned char byte = ((const unsigned char *)bytes.p)[i];
        char pair[2] = {digits[byte >> 4], digits[byte & 15]};
        rc = itsm_buf_add(out, pair, 2);
    }
    return rc;
}

static itsm_status add_text(itsm_buf *out, itsm_str s)
{
    itsm_status rc = add(out, "\"");
    size_t from = 0;

    for (size_t i = 0; i <= s.n && !rc; i++) {
        unsigned char c = i < s.n ? (unsigned char)s.p[i] : '"';
        if (c >= ' ' && c != '"' && c != '\\') continue;
        if (i > from) rc = itsm_buf_add(out, s.p + from, i - from);
        from = i + 1;
        if (i == s.n || rc) break;
        char room[8];
        sqlite3_snprintf(sizeof room, room, c >= ' ' ? "\\%c" : "\\u%04x", c);
        rc = add(out, room);
    }
    return rc ? rc : add(out, "\"");
}

static itsm_bytes id_bytes(unsigned char *room, itsm_id id)
{
    itsm_bytes bytes = {room, ITSM__SQLITE_ID};

    for (int i = 0; i < 8; i++) {
        room[i] = (unsigned char)(id.hi >> (56 - 8 * i));
        room[8 + i] = (unsigned char)(id.lo >> (56 - 8 * i));
    }
    return bytes;
}

static itsm_status add_item(itsm_buf *out, const itsm_value *value)
{
    unsigned char room[ITSM__SQLITE_ID];
    itsm_status rc;

    switch (value->kind) {
    case ITSM_INT:
    case ITSM_BOOL:
    case ITSM_TIME:
    case ITSM_DATE:
    case ITSM_SPAN: return add_number(out, value->u.i);
    case ITSM_DECIMAL: return add_decimal(out, value->u.i, value->scale);
    case ITSM_REF:
    case ITSM_BYTES:
        rc = add(out, "\"");
        if (!rc) rc = add_hex(out, value->kind == ITSM_REF ? id_bytes(room, value->u.ref.id) : value->u.b);
        return rc ? rc : add(out, "\"");
    case ITSM_NONE:
    case ITSM_LIST: return add(out, "null");
    default: return add_text(out, value->u.s);
    }
}

static itsm_status add_list(itsm_buf *out, const itsm_value *list)
{
    itsm_status rc = add(out, "[");

    for (size_t i = 0; i < list->u.list.n && !rc; i++) {
        if (i) rc = add(out, ",");
        if (!rc) rc = add_item(out, &list->u.list.item[i]);
    }
    return rc ? rc : add(out, "]");
}

static int bind_text(sqlite3_stmt *statement, int at, itsm_str s, sqlite3_destructor_type keep)
{
    return sqlite3_bind_text64(statement, at, s.n ? s.p : "", s.n, keep, SQLITE_UTF8);
}

itsm_status itsm__column_bind(sqlite3_stmt *statement, int at, const itsm_value *value, itsm_buf *scratch)
{
    itsm_status rc = ITSM_OK;
    int code = SQLITE_OK;
    unsigned char room[ITSM__SQLITE_ID];

    scratch->n = 0;
    switch (value->kind) {
    case ITSM_NONE: code = sqlite3_bind_null(statement, at); break;
    case ITSM_INT:
    case ITSM_BOOL:
    case ITSM_TIME:
    case ITSM_DATE:
    case ITSM_SPAN: code = sqlite3_bind_int64(statement, at, value->u.i); break;
    case ITSM_DECIMAL:
    case ITSM_LIST:
        rc = value->kind == ITSM_LIST ? add_list(scratch, value) : add_decimal(scratch, value->u.i, value->scale);
        if (!rc) code = bind_text(statement, at, itsm_buf_str(scratch), SQLITE_TRANSIENT);
        break;
    case ITSM_REF:
        id_bytes(room, value->u.ref.id);
        code = sqlite3_bind_blob(statement, at, room, sizeof room, SQLITE_TRANSIENT);
        break;
    case ITSM_BYTES: code = itsm__bind_bytes(statement, at, value->u.b); break;
    default: code = bind_text(statement, at, value->u.s, SQLITE_STATIC); break;
    }
    return rc ? rc : code ? itsm__sqlite_status(code) : ITSM_OK;
}
