/* SPDX-License-Identifier: MIT */
/*
 * Blocks of a checkpoint and of the file of audit entries as bytes (block.h has the layout).  Everything read is
 * hostile: a length is compared with what is there before it is used.  Reading allocates and copies nothing but
 * hashes; building copies each byte once into the caller's buffer.
 *
 * When reading: peek at the head, is_whole for the content, then as many pieces as the head says, then rest.
 */
#include "store/block.h"
#include "base/bits.h"
#include "base/text.h"

static const char block_magic[] = "itsB";

/* Blocks ---------------------------------------------------------------------------------------------------------- */

static uint32_t head_crc(const unsigned char *p)
{
    return itsm__crc32c(itsm__crc32c(0, p, 12), p + 16, ITSM__BLOCK_HEAD - 16);
}

int itsm__block_peek(itsm__block *out, const unsigned char p[ITSM__BLOCK_HEAD], uint64_t salt)
{
    if (memcmp(p, block_magic, 4) || itsm__le32(p + 12) != head_crc(p)) return 0;
    out->length = itsm__le32(p + 4), out->crc = itsm__le32(p + 8);
    out->salt = itsm__le64(p + 16), out->number = itsm__le64(p + 24);
    out->kind = itsm__le32(p + 32), out->pieces = itsm__le32(p + 36);
    return out->salt == salt && out->length >= ITSM__BLOCK_HEAD && out->length <= ITSM__BLOCK_MAX &&
           out->length % 8 == 0;
}

int itsm__block_is_whole(const itsm__block *block, const unsigned char *content)
{
    return block->crc == itsm__crc32c(0, content, block->length - ITSM__BLOCK_HEAD);
}

itsm_status itsm__block_take(unsigned char **out, itsm_buf *buf, size_t n)
{
    if (n > ITSM__BLOCK_MAX - 8 || buf->n > ITSM__BLOCK_MAX - 8 - n) return ITSM_E_LIMIT;
    itsm_status rc = itsm__buf_reserve(buf, n);
    if (rc) return rc;
    *out = (unsigned char *)buf->p + buf->n;
    buf->n += n;
    return ITSM_OK;
}

itsm_status itsm__block_begin(itsm_buf *buf)
{
    unsigned char *p;
    buf->n = 0;
    return itsm__block_take(&p, buf, ITSM__BLOCK_HEAD);
}

itsm_status itsm__block_end(itsm_buf *buf, uint32_t kind, uint32_t pieces, uint64_t salt, uint64_t number)
{
    static const char zeros[8] = {0};
    itsm_status rc = itsm_buf_add(buf, zeros, (8 - buf->n % 8) % 8);
    if (rc) return rc;
    unsigned char *p = (unsigned char *)buf->p;
    memcpy(p, block_magic, 4);
    itsm__put_le32(p + 4, (uint32_t)buf->n);
    itsm__put_le32(p + 8, itsm__crc32c(0, p + ITSM__BLOCK_HEAD, buf->n - ITSM__BLOCK_HEAD));
    itsm__put_le64(p + 16, salt), itsm__put_le64(p + 24, number);
    itsm__put_le32(p + 32, kind), itsm__put_le32(p + 36, pieces);
    itsm__put_le32(p + 12, head_crc(p));
    return ITSM_OK;
}

/* Adding ---------------------------------------------------------------------------------------------------------- */

static void put_bytes(unsigned char *out, const void *p, size_t n)
{
    if (n) memcpy(out, p, n);
}

itsm_status itsm__block_add_state(itsm_buf *buf, const itsm__block_state *state)
{
    unsigned char *p;
    size_t n = state->nhashes * ITSM__MERKLE_HASH;
    itsm_status rc = itsm__block_take(&p, buf, 16 + n);
    if (rc) return rc;
    itsm__put_le64(p, state->audit_size), itsm__put_le64(p + 8, state->audit_end);
    put_bytes(p + 16, state->hashes, n);
    return ITSM_OK;
}

itsm_status itsm__block_add_sequence(itsm_buf *buf, itsm_str name, uint64_t next)
{
    unsigned char *p;
    itsm_status rc = itsm__block_take(&p, buf, 12 + name.n);
    if (rc) return rc;
    itsm__put_le64(p, next), itsm__put_le32(p + 8, (uint32_t)name.n);
    put_bytes(p + 12, name.p, name.n);
    return ITSM_OK;
}

static void put_ref(unsigned char *p, itsm_ref ref, uint32_t index)
{
    itsm__put_le32(p, ref.type), itsm__put_le32(p + 4, index);
    itsm__put_le64(p + 8, ref.id.hi), itsm__put_le64(p + 16, ref.id.lo);
}

itsm_status itsm__block_add_row(itsm_buf *buf, const itsm__block_piece *row)
{
    unsigned char *p;
    if (row->body.n > ITSM__BLOCK_MAX || row->keys.n > ITSM__BLOCK_MAX) return ITSM_E_LIMIT;
    itsm_status rc = itsm__block_take(&p, buf, ITSM__BLOCK_ROW + row->body.n + row->keys.n);
    if (rc) return rc;
    put_ref(p, row->ref, 0);
    itsm__put_le64(p + 24, row->rev);
    itsm__put_le32(p + 32, (uint32_t)row->body.n), itsm__put_le32(p + 36, row->crc);
    itsm__put_le32(p + 40, (uint32_t)row->keys.n), itsm__put_le32(p + 44, row->gone);
    put_bytes(p + ITSM__BLOCK_ROW, row->body.p, row->body.n);
    put_bytes(p + ITSM__BLOCK_ROW + row->body.n, row->keys.p, row->keys.n);
    return ITSM_OK;
}

itsm_status itsm__block_add_key(itsm_buf *buf, const itsm__block_piece *key)
{
    unsigned char *p;
    itsm_status rc = itsm__block_take(&p, buf, ITSM__BLOCK_KEY + key->keys.n);
    if (rc) return rc;
    put_ref(p, key->ref, key->index);
    itsm__put_le32(p + 24, (uint32_t)key->keys.n);
    put_bytes(p + ITSM__BLOCK_KEY, key->keys.p, key->keys.n);
    return ITSM_OK;
}

itsm_status itsm__block_add_end(itsm_buf *buf, const itsm__block_end_record *end)
{
    unsigned char *p;
    itsm_status rc = itsm__block_take(&p, buf, 24 + sizeof end->sha256);
    if (rc) return rc;
    itsm__put_le64(p, end->blocks), itsm__put_le64(p + 8, end->rows), itsm__put_le64(p + 16, end->entries);
    memcpy(p + 24, end->sha256, sizeof end->sha256);
    return ITSM_OK;
}

itsm_status itsm__block_add_entry(itsm_buf *buf, const itsm__merkle_hash *leaf, itsm_bytes entry)
{
    unsigned char *p;
    if (entry.n > ITSM__BLOCK_MAX) return ITSM_E_LIMIT;
    itsm_status rc = itsm__block_take(&p, buf, ITSM__BLOCK_ENTRY + entry.n);
    if (rc) return rc;
    itsm__put_le32(p, (uint32_t)entry.n);
    memcpy(p + 4, leaf->b, sizeof leaf->b);
    put_bytes(p + ITSM__BLOCK_ENTRY, entry.p, entry.n);
    return ITSM_OK;
}

/* Taking ---------------------------------------------------------------------------------------------------------- */

/* The next n bytes of a content; NULL: there are not so many. */
static const unsigned char *front(itsm_bytes *content, size_t n)
{
    const unsigned char *p = content->p;
    if (n > content->n) return NULL;
    content->p = p + n, content->n -= n;
    return p;
}

static size_t set_bits(uint64_t x)
{
    size_t n = 0;
    for (; x; x &= x - 1) n++;
    return n;
}

itsm_status itsm__block_next_state(itsm_bytes *content, itsm__block_state *out)
{
    const unsigned char *p = front(content, 16);
    if (!p) return ITSM_E_CORRUPT;
    out->audit_size = itsm__le64(p), out->audit_end = itsm__le64(p + 8);
    out->nhashes = set_bits(out->audit_size);
    p = front(content, out->nhashes * ITSM__MERKLE_HASH);
    if (!p) return ITSM_E_CORRUPT;
    memcpy(out->hashes, p, out->nhashes * ITSM__MERKLE_HASH);
    return ITSM_OK;
}

itsm_status itsm__block_next_sequence(itsm_bytes *content, itsm__block_sequence *out)
{
    const unsigned char *p = front(content, 12);
    if (!p) return ITSM_E_CORRUPT;
    out->next = itsm__le64(p), out->name.n = itsm__le32(p + 8);
    out->name.p = (const char *)front(content, out->name.n);
    return out->name.p ? ITSM_OK : ITSM_E_CORRUPT;
}

static itsm_status next_key(itsm_bytes *content, itsm__block_piece *out)
{
    const unsigned char *length = front(content, 4);
    if (!length) return ITSM_E_CORRUPT;
    out->keys.n = itsm__le32(length);
    out->keys.p = front(content, out->keys.n);
    return out->keys.p ? ITSM_OK : ITSM_E_CORRUPT;
}

itsm_status itsm__block_next_piece(itsm_bytes *content, itsm__block_piece *out)
{
    const unsigned char *p = front(content, 24);
    if (!p) return ITSM_E_CORRUPT;
    memset(out, 0, sizeof *out);
    out->ref.type = itsm__le32(p), out->index = itsm__le32(p + 4);
    out->ref.id.hi = itsm__le64(p + 8), out->ref.id.lo = itsm__le64(p + 16);
    if (out->index) return next_key(content, out);
    p = front(content, ITSM__BLOCK_ROW - 24);
    if (!p) return ITSM_E_CORRUPT;
    out->rev = itsm__le64(p), out->body.n = itsm__le32(p + 8), out->crc = itsm__le32(p + 12);
    out->keys.n = itsm__le32(p + 16), out->gone = itsm__le32(p + 20);
    out->body.p = front(content, out->body.n);
    if (!out->body.p) return ITSM_E_CORRUPT;
    out->keys.p = front(content, out->keys.n);
    return out->keys.p && out->gone <= 1 && !(out->gone && out->body.n + out->keys.n) ? ITSM_OK : ITSM_E_CORRUPT;
}

itsm_status itsm__block_next_end(itsm_bytes *content, itsm__block_end_record *out)
{
    const unsigned char *p = front(content, 24 + sizeof out->sha256);
    if (!p) return ITSM_E_CORRUPT;
    out->blocks = itsm__le64(p), out->rows = itsm__le64(p + 8), out->entries = itsm__le64(p + 16);
    memcpy(out->sha256, p + 24, sizeof out->sha256);
    return ITSM_OK;
}

itsm_status itsm__block_next_entry(itsm_bytes *content, itsm__merkle_hash *leaf, itsm_bytes *entry)
{
    const unsigned char *p = front(content, ITSM__BLOCK_ENTRY);
    if (!p) return ITSM_E_CORRUPT;
    memcpy(leaf->b, p + 4, sizeof leaf->b);
    entry->n = itsm__le32(p);
    entry->p = front(content, entry->n);
    return entry->p ? ITSM_OK : ITSM_E_CORRUPT;
}

itsm_status itsm__block_rest(itsm_bytes content)
{
    const unsigned char *p = content.p;
    if (content.n > 7) return ITSM_E_CORRUPT;
    for (size_t i = 0; i < content.n; i++)
        if (p[i]) return ITSM_E_CORRUPT;
    return ITSM_OK;
}
