/* SPDX-License-Identifier: MIT */
/*
 * Log headers and frames as bytes (frame.h has the layout).  Everything read is hostile: lengths are compared with what
 * is there before they are used, by subtraction, so that none can overflow.  Reading allocates nothing and copies
 * nothing: operations, keys and entries point into the frame.  Building copies each byte once, into a buffer the store
 * keeps; the CRC is one more pass over it.
 *
 * Order of calls when reading: peek, is_whole, walk, all operations, all audit entries.  Skipping operations and asking
 * for audit entries is a mistake of the caller and gives ITSM_E_CORRUPT.
 */
#include "store/frame.h"
#include "base/bits.h"
#include "base/text.h"

static const char frame_magic[] = "itsF";

enum { AT_LOG_CRC = ITSM__LOG_HEADER - 4 };

/* Log header ------------------------------------------------------------------------------------------------------ */

void itsm__log_header_write(unsigned char out[ITSM__LOG_HEADER], const itsm__log_header *header, const char *magic)
{
    memset(out, 0, ITSM__LOG_HEADER);
    memcpy(out, magic, 8);
    itsm__put_le32(out + 8, header->major), itsm__put_le32(out + 12, header->minor);
    itsm__put_le64(out + 16, header->compatible);
    itsm__put_le64(out + 24, header->read_only);
    itsm__put_le64(out + 32, header->incompatible);
    memcpy(out + 40, header->store, 16);
    itsm__put_le64(out + 56, header->salt);
    itsm__put_le64(out + 64, header->number);
    itsm__put_le64(out + 72, header->first_commit);
    itsm__put_le32(out + AT_LOG_CRC, itsm__crc32c(0, out, AT_LOG_CRC));
}

void itsm__log_header_salted(unsigned char out[ITSM__LOG_HEADER], itsm__log_header *header, const char *magic)
{
    unsigned char digest[32];
    itsm__log_header_write(out, header, magic);
    itsm__sha256_of(digest, out, ITSM__LOG_HEADER);
    header->salt = itsm__le64(digest);
    itsm__log_header_write(out, header, magic);
}

itsm_status itsm__log_header_read(itsm__log_header *out, const unsigned char in[ITSM__LOG_HEADER], const char *magic)
{
    if (memcmp(in, magic, 8) || itsm__le32(in + AT_LOG_CRC) != itsm__crc32c(0, in, AT_LOG_CRC))
        return ITSM_E_CORRUPT;
    out->major = itsm__le32(in + 8), out->minor = itsm__le32(in + 12);
    out->compatible = itsm__le64(in + 16), out->read_only = itsm__le64(in + 24);
    out->incompatible = itsm__le64(in + 32);
    memcpy(out->store, in + 40, 16);
    out->salt = itsm__le64(in + 56), out->number = itsm__le64(in + 64), out->first_commit = itsm__le64(in + 72);
    if (out->major > ITSM__LOG_MAJOR || (out->incompatible & ~ITSM__LOG_INCOMPATIBLE_KNOWN)) return ITSM_E_VERSION;
    return out->major == 0 || out->first_commit == 0 ? ITSM_E_CORRUPT : ITSM_OK;
}

/* Reading a frame ------------------------------------------------------------------------------------------------- */

int itsm__frame_peek(itsm__frame *out, const unsigned char *p, uint64_t salt)
{
    if (memcmp(p, frame_magic, 4)) return 0;
    out->length = itsm__le32(p + 4), out->kind = itsm__le32(p + 12);
    out->salt = itsm__le64(p + 16), out->commit_no = itsm__le64(p + 24), out->durable_no = itsm__le64(p + 32);
    out->nops = itsm__le32(p + 40), out->naudit = itsm__le32(p + 44), out->audit_size = itsm__le64(p + 48);
    memcpy(out->root.b, p + 56, sizeof out->root.b);
    out->p = p;
    return out->salt == salt && out->length >= ITSM__FRAME_HEAD && out->length <= ITSM__FRAME_MAX &&
           out->length % 8 == 0 && (out->kind == ITSM__FRAME_COMMIT || out->kind == ITSM__FRAME_CLOSE);
}

static uint32_t frame_crc(const unsigned char *p, size_t length)
{
    return itsm__crc32c(itsm__crc32c(0, p, 8), p + 12, length - 12);
}

int itsm__frame_is_whole(const itsm__frame *frame)
{
    return itsm__le32(frame->p + 8) == frame_crc(frame->p, frame->length);
}

void itsm__frame_walk(itsm__frame_cursor *cursor, const itsm__frame *frame)
{
    cursor->p = frame->p + ITSM__FRAME_HEAD, cursor->end = frame->p + frame->length;
    cursor->ops = frame->nops, cursor->audit = frame->naudit;
}

static size_t left(const itsm__frame_cursor *cursor)
{
    return (size_t)(cursor->end - cursor->p);
}

itsm_status itsm__frame_next_op(itsm__frame_cursor *cursor, itsm__frame_op *op)
{
    if (!cursor->ops) return ITSM_DONE;
    const unsigned char *p = cursor->p;
    if (left(cursor) < ITSM__FRAME_OP) return ITSM_E_CORRUPT;
    op->kind = itsm__le32(p), op->ref.type = itsm__le32(p + 4);
    op->ref.id.hi = itsm__le64(p + 8), op->ref.id.lo = itsm__le64(p + 16), op->rev = itsm__le64(p + 24);
    op->body.n = itsm__le32(p + 32), op->crc = itsm__le32(p + 36);
    op->nkeys = itsm__le32(p + 40), op->keys.n = itsm__le32(p + 44);
    if (op->kind < ITSM_PUT || op->kind > ITSM__FRAME_SEQUENCE) return ITSM_E_CORRUPT;
    size_t room = left(cursor) - ITSM__FRAME_OP;
    if (op->body.n > room || op->keys.n > room - op->body.n) return ITSM_E_CORRUPT;
    if (op->nkeys > op->keys.n / ITSM__FRAME_KEY) return ITSM_E_CORRUPT;
    op->body.p = p + ITSM__FRAME_OP, op->keys.p = p + ITSM__FRAME_OP + op->body.n;
    cursor->p += ITSM__FRAME_OP + op->body.n + op->keys.n;
    cursor->ops--;
    return ITSM_OK;
}

/* At the end of the content only the zeros of the alignment are left. */
static itsm_status check_padding(const itsm__frame_cursor *cursor)
{
    if (left(cursor) > 7) return ITSM_E_CORRUPT;
    for (const unsigned char *p = cursor->p; p < cursor->end; p++)
        if (*p) return ITSM_E_CORRUPT;
    return ITSM_DONE;
}

itsm_status itsm__frame_next_audit(itsm__frame_cursor *cursor, itsm_bytes *entry)
{
    if (cursor->ops) return ITSM_E_CORRUPT;
    if (!cursor->audit) return check_padding(cursor);
    if (left(cursor) < 4) return ITSM_E_CORRUPT;
    entry->n = itsm__le32(cursor->p);
    if (entry->n > left(cursor) - 4) return ITSM_E_CORRUPT;
    entry->p = cursor->p + 4;
    cursor->p += 4 + entry->n;
    cursor->audit--;
    return ITSM_OK;
}

itsm_status itsm__frame_next_key(itsm_bytes *keys, itsm_index_key *key)
{
    const unsigned char *p = keys->p;
    if (!keys->n) return ITSM_DONE;
    if (keys->n < ITSM__FRAME_KEY) return ITSM_E_CORRUPT;
    key->index = itsm__le32(p), key->unique = itsm__le32(p + 4), key->key.n = itsm__le32(p + 8);
    if (key->key.n > keys->n - ITSM__FRAME_KEY) return ITSM_E_CORRUPT;
    key->key.p = p + ITSM__FRAME_KEY;
    keys->p = p + ITSM__FRAME_KEY + key->key.n, keys->n -= ITSM__FRAME_KEY + key->key.n;
    return ITSM_OK;
}

/* Building a frame ------------------------------------------------------------------------------------------------ */

/* Room for n more bytes within the limit of a frame (8 are kept for the alignment); *out is where they go. */
static itsm_status take(unsigned char **out, itsm_buf *buf, size_t n)
{
    if (n > ITSM__FRAME_MAX - 8 || buf->n > ITSM__FRAME_MAX - 8 - n) return ITSM_E_LIMIT;
    itsm_status rc = itsm__buf_reserve(buf, n);
    if (rc) return rc;
    *out = (unsigned char *)buf->p + buf->n;
    buf->n += n;
    return ITSM_OK;
}

static void put_bytes(unsigned char *out, itsm_bytes bytes)
{
    if (bytes.n) memcpy(out, bytes.p, bytes.n);
}

itsm_status itsm__frame_begin(itsm_buf *buf)
{
    unsigned char *p;
    buf->n = 0;
    return take(&p, buf, ITSM__FRAME_HEAD);
}

static void put_op(unsigned char *p, uint32_t kind, itsm_ref ref, uint64_t rev, itsm_bytes body, uint32_t crc)
{
    itsm__put_le32(p, kind), itsm__put_le32(p + 4, ref.type);
    itsm__put_le64(p + 8, ref.id.hi), itsm__put_le64(p + 16, ref.id.lo), itsm__put_le64(p + 24, rev);
    itsm__put_le32(p + 32, (uint32_t)body.n), itsm__put_le32(p + 36, crc);
    put_bytes(p + ITSM__FRAME_OP, body);
}

itsm_status itsm__frame_add_op(itsm_buf *buf, const itsm_op *op, uint64_t rev, uint32_t *body_at, uint32_t *crc)
{
    const itsm_bytes nothing = {NULL, 0};
    itsm_bytes body = op->kind == ITSM_PUT ? op->row.body : nothing;
    size_t nkeys = op->kind == ITSM_PUT ? op->nkeys : 0, keys = 0;
    unsigned char *p;
    if (nkeys > ITSM__FRAME_MAX / ITSM__FRAME_KEY) return ITSM_E_LIMIT;
    for (size_t i = 0; i < nkeys; i++) {
        if (op->keys[i].key.n > ITSM__FRAME_MAX || keys > ITSM__FRAME_MAX) return ITSM_E_LIMIT;
        keys += ITSM__FRAME_KEY + op->keys[i].key.n;
    }
    if (body.n > ITSM__FRAME_MAX || keys > ITSM__FRAME_MAX) return ITSM_E_LIMIT;
    itsm_status rc = take(&p, buf, ITSM__FRAME_OP + body.n + keys);
    if (rc) return rc;
    *body_at = (uint32_t)(p + ITSM__FRAME_OP - (unsigned char *)buf->p);
    *crc = itsm__crc32c(0, body.p, body.n);
    put_op(p, op->kind, op->row.ref, rev, body, *crc);
    itsm__put_le32(p + 40, (uint32_t)nkeys), itsm__put_le32(p + 44, (uint32_t)keys);
    p += ITSM__FRAME_OP + body.n;
    for (size_t i = 0; i < nkeys; i++) {
        const itsm_index_key *key = &op->keys[i];
        itsm__put_le32(p, key->index), itsm__put_le32(p + 4, key->unique ? 1 : 0);
        itsm__put_le32(p + 8, (uint32_t)key->key.n);
        put_bytes(p + ITSM__FRAME_KEY, key->key);
        p += ITSM__FRAME_KEY + key->key.n;
    }
    return ITSM_OK;
}

itsm_status itsm__frame_add_stored(itsm_buf *buf, const itsm__frame_op *op, uint32_t *body_at)
{
    unsigned char *p;
    if (op->body.n > ITSM__FRAME_MAX || op->keys.n > ITSM__FRAME_MAX) return ITSM_E_LIMIT;
    itsm_status rc = take(&p, buf, ITSM__FRAME_OP + op->body.n + op->keys.n);
    if (rc) return rc;
    *body_at = (uint32_t)(p + ITSM__FRAME_OP - (unsigned char *)buf->p);
    put_op(p, op->kind, op->ref, op->rev, op->body, op->crc);
    itsm__put_le32(p + 40, op->nkeys), itsm__put_le32(p + 44, (uint32_t)op->keys.n);
    put_bytes(p + ITSM__FRAME_OP + op->body.n, op->keys);
    return ITSM_OK;
}

itsm_status itsm__frame_add_sequence(itsm_buf *buf, itsm_str name, uint64_t next)
{
    const itsm_ref none = {0, {0, 0}};
    itsm_bytes body;
    body.p = name.p, body.n = name.n;
    unsigned char *p;
    if (body.n > ITSM__FRAME_MAX) return ITSM_E_LIMIT;
    itsm_status rc = take(&p, buf, ITSM__FRAME_OP + body.n);
    if (rc) return rc;
    put_op(p, ITSM__FRAME_SEQUENCE, none, next, body, itsm__crc32c(0, body.p, body.n));
    itsm__put_le64(p + 40, 0);
    return ITSM_OK;
}

itsm_status itsm__frame_add_audit(itsm_buf *buf, itsm_bytes entry)
{
    unsigned char *p;
    if (entry.n > ITSM__FRAME_MAX) return ITSM_E_LIMIT;
    itsm_status rc = take(&p, buf, 4 + entry.n);
    if (rc) return rc;
    itsm__put_le32(p, (uint32_t)entry.n);
    put_bytes(p + 4, entry);
    return ITSM_OK;
}

itsm_status itsm__frame_end(itsm_buf *buf, const itsm__frame *frame)
{
    static const char zeros[8] = {0};
    size_t padding = (8 - buf->n % 8) % 8;
    itsm_status rc = itsm_buf_add(buf, zeros, padding);
    if (rc) return rc;
    unsigned char *p = (unsigned char *)buf->p;
    memcpy(p, frame_magic, 4);
    itsm__put_le32(p + 4, (uint32_t)buf->n), itsm__put_le32(p + 12, frame->kind);
    itsm__put_le64(p + 16, frame->salt);
    itsm__put_le64(p + 24, frame->commit_no), itsm__put_le64(p + 32, frame->durable_no);
    itsm__put_le32(p + 40, frame->nops), itsm__put_le32(p + 44, frame->naudit);
    itsm__put_le64(p + 48, frame->audit_size);
    memcpy(p + 56, frame->root.b, sizeof frame->root.b);
    itsm__put_le32(p + 8, frame_crc(p, buf->n));
    return ITSM_OK;
}
