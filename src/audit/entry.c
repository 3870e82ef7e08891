/* SPDX-License-Identifier: MIT */
/*
 * An audit entry as canonical bytes: the leaf of the tree.
 *
 *   entry  = version (1, or 2 with rows) , action , type , id.hi , id.lo , revision ,    varint (LEB128, shortest form)
 *            txid (16 bytes, big-endian) ,
 *            effective , recorded - effective ,                             zigzag varint; the difference wraps
 *            who , role , event ,                                           length (varint) , bytes
 *            commitment (32 bytes) ,
 *            count (varint) , { number (2 bytes, big-endian) , commitment (32 bytes) } ,     ascending numbers
 *            [ count (varint, above 0) , { row } ]                          version 2 only
 *   row    = 1 , commitment (32 bytes)                                      the entry's own record, one revision on
 *          | 2                                                              the entry's own record is gone
 *          | 3 , type , id.hi , id.lo , revision , commitment (32 bytes)    another row
 *          | 4 , type , id.hi , id.lo                                       another row is gone
 *
 * The own record stands first, the others follow in ascending order of type and identity.  The place in the log stands
 * outside.  Encoding reserves once; decoding allocates nothing, borrows everything from
 * its input, and refuses whatever encoding would not have written.  Both are O(bytes) and may be called in any order.
 */
#include "audit/entry.h"

#include "base/bits.h"
#include "base/hash.h"
#include "base/text.h"

enum {
    VERSION = 1,
    VERSION_ROWS = 2,
    VARINT_MAX = 10,
    FIELD_BYTES = 2 + ITSM_AUDIT_DIGEST,
    ENTRY_MAX = 65536,
    ROWS_MAX = 1 << 20
};

enum { ROW_OWN = 1, ROW_OWN_GONE = 2, ROW_OTHER = 3, ROW_OTHER_GONE = 4 };

void itsm_audit_commit(uint8_t digest[ITSM_AUDIT_DIGEST], const uint8_t salt[ITSM_AUDIT_SALT], itsm_bytes content)
{
    itsm__sha256 hasher;
    itsm__sha256_init(&hasher);
    itsm__sha256_add(&hasher, salt, ITSM_AUDIT_SALT);
    if (content.n) itsm__sha256_add(&hasher, content.p, content.n);
    itsm__sha256_end(&hasher, digest);
}

/* Commitments to fields ------------------------------------------------------------------------------------------- */

itsm_status itsm_audit_field_add(itsm_buf *out, uint16_t number, const uint8_t digest[ITSM_AUDIT_DIGEST])
{
    unsigned char field[FIELD_BYTES];
    field[0] = (unsigned char)(number >> 8), field[1] = (unsigned char)number;
    memcpy(field + 2, digest, ITSM_AUDIT_DIGEST);
    return itsm_buf_add(out, field, sizeof field);
}

size_t itsm_audit_field_count(const itsm_audit_entry *entry)
{
    return entry->fields.n / FIELD_BYTES;
}

static unsigned field_number(const unsigned char *field)
{
    return (unsigned)field[0] << 8 | field[1];
}

itsm_status itsm_audit_field(uint16_t *number, uint8_t digest[ITSM_AUDIT_DIGEST], const itsm_audit_entry *entry,
                             size_t i)
{
    if (!number || !digest || !entry || i >= itsm_audit_field_count(entry)) return ITSM_E_MISUSE;
    const unsigned char *field = (const unsigned char *)entry->fields.p + i * FIELD_BYTES;
    *number = (uint16_t)field_number(field);
    memcpy(digest, field + 2, ITSM_AUDIT_DIGEST);
    return ITSM_OK;
}

/* Whole, and in ascending order of numbers above 0. */
static int fields_are_sound(const unsigned char *p, size_t n)
{
    unsigned before = 0;
    if (n % FIELD_BYTES || (n && !p)) return 0;
    for (size_t i = 0; i < n; i += FIELD_BYTES) {
        unsigned number = field_number(p + i);
        if (number <= before) return 0;
        before = number;
    }
    return 1;
}

/* Writing and reading numbers and texts ---------------------------------------------------------------------------- */

static uint64_t zigzag(uint64_t twos_complement)
{
    return twos_complement << 1 ^ (twos_complement >> 63 ? UINT64_MAX : 0);
}

static uint64_t unzigzag(uint64_t u)
{
    return u >> 1 ^ (u & 1 ? UINT64_MAX : 0);
}

static unsigned char *put_varint(unsigned char *p, uint64_t u)
{
    for (; u >= 0x80; u >>= 7) *p++ = (unsigned char)(u | 0x80);
    *p++ = (unsigned char)u;
    return p;
}

static unsigned char *put_text(unsigned char *p, itsm_str s)
{
    p = put_varint(p, s.n);
    if (s.n) memcpy(p, s.p, s.n);
    return p + s.n;
}

/* What is left to be read; p becomes NULL at the first thing that is not as encoding writes it. */
typedef struct input {
    const unsigned char *p;
    size_t n;
} input;

static const unsigned char *take(input *in, size_t n)
{
    const unsigned char *p = in->p;
    if (!p || in->n < n) {
        in->p = NULL;
        return NULL;
    }
    in->p += n, in->n -= n;
    return p;
}

static uint64_t take_varint(input *in)
{
    uint64_t u = 0;
    for (unsigned shift = 0; shift < 70; shift += 7) {
        const unsigned char *p = take(in, 1);
        if (!p) return 0;
        if (shift == 63 && *p > 1) break; /* above 2^64 - 1 */
        u |= (uint64_t)(*p & 0x7F) << shift;
        if (*p & 0x80) continue;
        if (*p == 0 && shift) break; /* longer than needed */
        return u;
    }
    in->p = NULL;
    return 0;
}

static itsm_str take_text(input *in)
{
    uint64_t n = take_varint(in);
    const unsigned char *p = n <= in->n ? take(in, (size_t)n) : NULL;
    if (!p) in->p = NULL, n = 0;
    return itsm_str_n((const char *)p, (size_t)n);
}

/* Two's complement without relying on how a conversion that overflows behaves. */
static int64_t as_signed(uint64_t u)
{
    int64_t i;
    memcpy(&i, &u, sizeof i);
    return i;
}

static uint64_t take_number(input *in, uint64_t most)
{
    uint64_t u = take_varint(in);
    if (u <= most) return u;
    in->p = NULL;
    return 0;
}

static int is_own(const itsm_audit_entry *entry, itsm_ref ref)
{
    return ref.type == entry->ref.type && ref.id.hi == entry->ref.id.hi && ref.id.lo == entry->ref.id.lo;
}

/* Rows ------------------------------------------------------------------------------------------------------------ */

itsm_status itsm_audit_row_add(itsm_buf *out, const itsm_audit_entry *entry, const itsm_audit_row *row)
{
    unsigned char bytes[1 + 4 * VARINT_MAX + ITSM_AUDIT_DIGEST], *p = bytes;
    if (!out || !entry || !row || row->size < sizeof *row) return ITSM_E_MISUSE;
    const int own = is_own(entry, row->ref);
    if (own && row->revision && row->revision != entry->revision + 1) return ITSM_E_INVALID;
    *p++ = own ? (row->revision ? ROW_OWN : ROW_OWN_GONE) : row->revision ? ROW_OTHER : ROW_OTHER_GONE;
    if (!own) {
        p = put_varint(p, row->ref.type);
        p = put_varint(p, row->ref.id.hi);
        p = put_varint(p, row->ref.id.lo);
        if (row->revision) p = put_varint(p, row->revision);
    }
    if (row->revision) memcpy(p, row->commitment, ITSM_AUDIT_DIGEST), p += ITSM_AUDIT_DIGEST;
    return itsm_buf_add(out, bytes, (size_t)(p - bytes));
}

/* One row; in->p becomes NULL if it is none. */
static void take_row(itsm_audit_row *out, input *in, const itsm_audit_entry *entry)
{
    const unsigned char *p = take(in, 1);
    const unsigned form = p ? *p : 0;
    out->ref = entry->ref, out->revision = 0;
    memset(out->commitment, 0, sizeof out->commitment);
    if (form < ROW_OWN || form > ROW_OTHER_GONE) in->p = NULL;
    if (form == ROW_OWN) out->revision = entry->revision + 1;
    if (form == ROW_OTHER || form == ROW_OTHER_GONE) {
        out->ref.type = (uint32_t)take_number(in, UINT32_MAX);
        out->ref.id.hi = take_varint(in);
        out->ref.id.lo = take_varint(in);
        if (is_own(entry, out->ref)) in->p = NULL;
    }
    if (form == ROW_OTHER && (out->revision = take_varint(in)) == 0) in->p = NULL;
    if (form != ROW_OWN && form != ROW_OTHER) return;
    if ((p = take(in, ITSM_AUDIT_DIGEST)) != NULL) memcpy(out->commitment, p, ITSM_AUDIT_DIGEST);
}

static int is_before(itsm_ref a, itsm_ref b)
{
    if (a.type != b.type) return a.type < b.type;
    return a.id.hi != b.id.hi ? a.id.hi < b.id.hi : a.id.lo < b.id.lo;
}

/* Whole, the own record first and once, the others in ascending order; *n is how many. */
static int rows_are_sound(size_t *n, const itsm_audit_entry *entry)
{
    itsm_audit_row row = ITSM_AUDIT_ROW_INIT;
    itsm_ref before = {0, {0, 0}};
    input in;
    in.p = entry->rows.p, in.n = entry->rows.n;
    if (entry->rows.n && !entry->rows.p) return 0;
    for (*n = 0; in.n; ++*n) {
        take_row(&row, &in, entry);
        if (!in.p) return 0;
        if (is_own(entry, row.ref)) {
            if (*n) return 0;
            continue;
        }
        if (!is_before(before, row.ref)) return 0;
        before = row.ref;
    }
    return 1;
}

itsm_status itsm_audit_row_next(itsm_audit_row *out, itsm_bytes *rest, const itsm_audit_entry *entry)
{
    itsm_audit_row row = ITSM_AUDIT_ROW_INIT;
    input in;
    if (!out || out->size < sizeof *out || !rest || (!rest->p && rest->n) || !entry) return ITSM_E_MISUSE;
    if (!rest->n) return ITSM_DONE;
    in.p = rest->p, in.n = rest->n;
    take_row(&row, &in, entry);
    if (!in.p) return ITSM_E_CORRUPT;
    rest->p = in.p, rest->n = in.n;
    row.size = out->size;
    memcpy(out, &row, sizeof row);
    return ITSM_OK;
}

/* Encoding -------------------------------------------------------------------------------------------------------- */

itsm_status itsm_audit_encode(itsm_buf *out, const itsm_audit_entry *entry)
{
    size_t rows = 0;
    if (!out || !entry || entry->size < sizeof *entry || entry->flags) return ITSM_E_MISUSE;
    if (entry->action == 0 || entry->action > ITSM_AUDIT_LAST || !fields_are_sound(entry->fields.p, entry->fields.n) ||
        !rows_are_sound(&rows, entry))
        return ITSM_E_INVALID;
    const itsm_str *texts[] = {&entry->who, &entry->role, &entry->event};
    size_t bound = 1 + 12 * VARINT_MAX + 16 + ITSM_AUDIT_DIGEST;
    if (entry->fields.n > ENTRY_MAX || entry->rows.n > ROWS_MAX) return ITSM_E_LIMIT;
    bound += entry->fields.n + entry->rows.n;
    for (size_t i = 0; i < 3; i++) {
        if (texts[i]->n > ENTRY_MAX) return ITSM_E_LIMIT;
        bound += texts[i]->n;
    }
    itsm_status rc = itsm__buf_reserve(out, bound);
    if (rc != ITSM_OK) return rc;
    unsigned char *begin = (unsigned char *)out->p + out->n, *p = begin;
    *p++ = rows ? VERSION_ROWS : VERSION;
    p = put_varint(p, entry->action);
    p = put_varint(p, entry->ref.type);
    p = put_varint(p, entry->ref.id.hi);
    p = put_varint(p, entry->ref.id.lo);
    p = put_varint(p, entry->revision);
    itsm__put_be64(p, entry->txid.hi), itsm__put_be64(p + 8, entry->txid.lo);
    p += 16;
    p = put_varint(p, zigzag((uint64_t)entry->effective));
    p = put_varint(p, zigzag((uint64_t)entry->recorded - (uint64_t)entry->effective));
    for (size_t i = 0; i < 3; i++) p = put_text(p, *texts[i]);
    memcpy(p, entry->commitment, ITSM_AUDIT_DIGEST);
    p = put_varint(p + ITSM_AUDIT_DIGEST, itsm_audit_field_count(entry));
    if (entry->fields.n) memcpy(p, entry->fields.p, entry->fields.n);
    p += entry->fields.n;
    if (p - begin > ENTRY_MAX) return ITSM_E_LIMIT;
    if (rows) {
        p = put_varint(p, rows);
        memcpy(p, entry->rows.p, entry->rows.n);
        p += entry->rows.n;
    }
    out->n += (size_t)(p - begin);
    return ITSM_OK;
}

itsm_status itsm__audit_with_rows(itsm_buf *out, itsm_bytes entry, itsm_bytes rows, size_t n)
{
    const unsigned char *from = entry.p;
    if (rows.n > ROWS_MAX) return ITSM_E_LIMIT;
    itsm_status rc = itsm__buf_reserve(out, entry.n + VARINT_MAX + rows.n);
    if (rc != ITSM_OK) return rc;
    unsigned char *begin = (unsigned char *)out->p + out->n, *p = begin;
    *p++ = VERSION_ROWS;
    memcpy(p, from + 1, entry.n - 1);
    p = put_varint(p + entry.n - 1, n);
    memcpy(p, rows.p, rows.n);
    out->n += (size_t)(p - begin) + rows.n;
    return ITSM_OK;
}

/* Decoding -------------------------------------------------------------------------------------------------------- */

itsm_status itsm_audit_decode(itsm_audit_entry *out, itsm_bytes bytes)
{
    if (!out || out->size < sizeof *out || (!bytes.p && bytes.n)) return ITSM_E_MISUSE;
    itsm_audit_entry entry = ITSM_AUDIT_ENTRY_INIT;
    input in;
    in.p = bytes.p, in.n = bytes.n;
    const unsigned char *p = take(&in, 1);
    if (!p || bytes.n > ENTRY_MAX + ROWS_MAX + VARINT_MAX) return ITSM_E_CORRUPT;
    const unsigned version = *p;
    if (version == 0 || version > VERSION_ROWS) return version ? ITSM_E_VERSION : ITSM_E_CORRUPT;
    entry.size = out->size;
    entry.action = (uint32_t)take_number(&in, ITSM_AUDIT_LAST);
    entry.ref.type = (uint32_t)take_number(&in, UINT32_MAX);
    entry.ref.id.hi = take_varint(&in);
    entry.ref.id.lo = take_varint(&in);
    entry.revision = take_varint(&in);
    if ((p = take(&in, 16)) != NULL) entry.txid.hi = itsm__be64(p), entry.txid.lo = itsm__be64(p + 8);
    uint64_t effective = unzigzag(take_varint(&in));
    entry.effective = as_signed(effective);
    entry.recorded = as_signed(effective + unzigzag(take_varint(&in)));
    entry.who = take_text(&in);
    entry.role = take_text(&in);
    entry.event = take_text(&in);
    if ((p = take(&in, ITSM_AUDIT_DIGEST)) != NULL) memcpy(entry.commitment, p, ITSM_AUDIT_DIGEST);
    entry.fields.n = (size_t)take_number(&in, ENTRY_MAX / FIELD_BYTES) * FIELD_BYTES;
    entry.fields.p = take(&in, entry.fields.n);
    if (in.p && bytes.n - in.n > ENTRY_MAX) return ITSM_E_CORRUPT;
    if (version == VERSION_ROWS) {
        uint64_t said = take_varint(&in);
        size_t rows = 0;
        entry.rows.p = in.p, entry.rows.n = in.n;
        if (!in.p || in.n > ROWS_MAX || !take(&in, in.n) || !rows_are_sound(&rows, &entry) || rows == 0 || rows != said)
            return ITSM_E_CORRUPT;
    }
    if (!in.p || in.n || entry.action == 0 || !fields_are_sound(entry.fields.p, entry.fields.n)) return ITSM_E_CORRUPT;
    memcpy(out, &entry, sizeof entry);
    return ITSM_OK;
}

itsm_str itsm_audit_action_name(uint32_t action)
{
    static const char *const names[] = {"",       "create",  "change",  "move",  "link",
                                        "unlink", "approve", "observe", "purge", "define"};
    return itsm_str_c(action <= ITSM_AUDIT_LAST ? names[action] : "");
}
