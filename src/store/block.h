/* SPDX-License-Identifier: MIT */
/*
 * The bytes of a checkpoint and of the file of audit entries: blocks behind a header (frame.h).  Pure: no I/O, no
 * state.  All numbers are little-endian.
 *
 *   block, a multiple of 8 bytes, at most 65 MiB
 *      0  "itsB"                         4  length of all (u32)   8  CRC32C of the content (u32)
 *     12  CRC32C of these 40 bytes but for this field (u32)      16  salt of the file (u64)
 *     24  number of the block; of audit entries: place of the first (u64)
 *     32  kind, pieces in it (u32 each)  40  the pieces, zeros up to a multiple of 8
 *
 *   checkpoint: one STATE, then ROWS, then one END
 *   STATE: size of the Merkle tree, bytes of the file of audit entries that belong to it (u64 each), its frontier (32
 *     bytes for each set bit of the size), then as pieces the sequences: next (u64), length (u32), name.
 *   ROWS: in the order of (type, index, key, id)
 *     row: type, 0 (u32 each), id hi, id lo, revision (u64 each), length of the body, CRC32C of the body, length of the
 *       keys, 1 for a tombstone (u32 each), body, keys as in a frame.
 *     index entry: type, index (u32 each), id hi, id lo (u64 each), length (u32), key.
 *   END: blocks, rows and index entries (u64 each), SHA-256 of the file up to this block (32 bytes).
 *   ENTRIES (the file of audit entries): length (u32), leaf hash (32 bytes), entry.
 */
#ifndef ITSM_SRC_STORE_BLOCK_H
#define ITSM_SRC_STORE_BLOCK_H

#include "store/frame.h"

enum {
    ITSM__BLOCK_HEAD = 40,
    ITSM__BLOCK_FULL = 64 << 10, /* a block that has so much is written */
    ITSM__BLOCK_MAX = 65 << 20,
    ITSM__BLOCK_ROW = 48,
    ITSM__BLOCK_KEY = 28,
    ITSM__BLOCK_ENTRY = 36
};

enum { ITSM__BLOCK_STATE = 1, ITSM__BLOCK_ROWS = 2, ITSM__BLOCK_END = 3, ITSM__BLOCK_ENTRIES = 4 };

typedef struct itsm__block {
    uint32_t length, kind, pieces;
    uint64_t salt, number;
    uint32_t crc; /* of the content */
} itsm__block;

/* What the first 40 bytes say; 0 unless their CRC, the salt and the length are right. */
int itsm__block_peek(itsm__block *out, const unsigned char p[ITSM__BLOCK_HEAD], uint64_t salt);
int itsm__block_is_whole(const itsm__block *block, const unsigned char *content);

/* Building: begin, pieces, end.  ITSM_E_NOMEM, ITSM_E_LIMIT. */
itsm_status itsm__block_begin(itsm_buf *buf);
itsm_status itsm__block_end(itsm_buf *buf, uint32_t kind, uint32_t pieces, uint64_t salt, uint64_t number);
/* n bytes more, to be filled. */
itsm_status itsm__block_take(unsigned char **out, itsm_buf *buf, size_t n);

typedef struct itsm__block_state {
    uint64_t audit_size, audit_end;
    size_t nhashes;
    itsm__merkle_hash hashes[ITSM__MERKLE_DEPTH];
} itsm__block_state;

typedef struct itsm__block_sequence {
    itsm_str name;
    uint64_t next;
} itsm__block_sequence;

/* A row (index 0; the body and keys stand at `at` in the content) or an index entry. */
typedef struct itsm__block_piece {
    itsm_ref ref;
    uint32_t index, crc, gone;
    uint64_t rev;
    itsm_bytes body, keys; /* keys: of an index entry its key */
} itsm__block_piece;

typedef struct itsm__block_end_record {
    uint64_t blocks, rows, entries;
    unsigned char sha256[32];
} itsm__block_end_record;

/* Adding pieces to a block that was begun. */
itsm_status itsm__block_add_state(itsm_buf *buf, const itsm__block_state *state);
itsm_status itsm__block_add_sequence(itsm_buf *buf, itsm_str name, uint64_t next);
itsm_status itsm__block_add_row(itsm_buf *buf, const itsm__block_piece *row);
itsm_status itsm__block_add_key(itsm_buf *buf, const itsm__block_piece *key);
itsm_status itsm__block_add_end(itsm_buf *buf, const itsm__block_end_record *end);
itsm_status itsm__block_add_entry(itsm_buf *buf, const itsm__merkle_hash *leaf, itsm_bytes entry);

/* Taking pieces from the front of a content.  ITSM_OK, or ITSM_E_CORRUPT: it does not fit. */
itsm_status itsm__block_next_state(itsm_bytes *content, itsm__block_state *out);
itsm_status itsm__block_next_sequence(itsm_bytes *content, itsm__block_sequence *out);
itsm_status itsm__block_next_piece(itsm_bytes *content, itsm__block_piece *out);
itsm_status itsm__block_next_end(itsm_bytes *content, itsm__block_end_record *out);
itsm_status itsm__block_next_entry(itsm_bytes *content, itsm__merkle_hash *leaf, itsm_bytes *entry);
/* Only the zeros of the alignment are left. */
itsm_status itsm__block_rest(itsm_bytes content);

#endif
