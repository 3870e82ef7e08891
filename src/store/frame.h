/* SPDX-License-Identifier: MIT */
/*
 * The bytes of a log: its header, which every file of a store has, and its frames.  Pure: no I/O, no state.  All numbers
 * are little-endian.
 *
 *   header of a file, 4096 bytes
 *      0  "itsm-log", "itsm-ckp" (checkpoint) or "itsm-aud" (audit entries)
 *      8  major, minor (u32 each)
 *     16  feature bits (u64 each): compatible, read-only-compatible, incompatible
 *     40  store id (16 bytes)           56  salt (u64)           64  number of the file (u64)
 *     72  first commit (u64)            80  zeros                4092  CRC32C of all before
 *   The places of the magic, the version, the feature bits and the CRC never change.
 *
 *   frame, a multiple of 8 bytes, at most 64 MiB
 *      0  "itsF"                         4  length of all (u32)   8  CRC32C of all but this field
 *     12  kind: 1 commit, 2 close       16  salt of the log (u64)
 *     24  number of this commit (u64)   32  last commit known synced when this was written (u64)
 *     40  operations, audit entries (u32 each)
 *     48  size of the Merkle tree after it (u64)                 56  its root (32 bytes)
 *     88  operations, audit entries, zeros up to a multiple of 8
 *
 *   operation: kind (2 PUT, 3 DEL, 4 SEQUENCE), type (u32 each), id hi, id lo, revision (u64 each), length of the body,
 *     CRC32C of the body, number of keys, length of the keys (u32 each), body, keys (index, unique, length (u32 each),
 *     bytes).  A SEQUENCE has its name as body and the next number as revision.
 *   audit entry: length (u32), bytes.
 */
#ifndef ITSM_SRC_STORE_FRAME_H
#define ITSM_SRC_STORE_FRAME_H

#include "merkle/merkle.h"

#include <itsm/sys/store_backend.h>

enum {
    ITSM__LOG_HEADER = 4096,
    ITSM__LOG_MAJOR = 1,
    ITSM__LOG_MINOR = 0,
    ITSM__FRAME_HEAD = 88,
    ITSM__FRAME_OP = 48,
    ITSM__FRAME_KEY = 12,
    ITSM__FRAME_MAX = 64 << 20
};

enum { ITSM__FRAME_COMMIT = 1, ITSM__FRAME_CLOSE = 2 };
enum { ITSM__FRAME_SEQUENCE = 4 }; /* beside ITSM_PUT and ITSM_DEL */

/* Feature bits this code knows; none so far. */
#define ITSM__LOG_READ_ONLY_KNOWN UINT64_C(0)
#define ITSM__LOG_INCOMPATIBLE_KNOWN UINT64_C(0)

typedef struct itsm__log_header {
    uint32_t major, minor;
    uint64_t compatible, read_only, incompatible;
    unsigned char store[16];
    uint64_t salt, number, first_commit;
} itsm__log_header;

/* What a file is, in its header. */
#define ITSM__MAGIC_LOG "itsm-log"
#define ITSM__MAGIC_CHECKPOINT "itsm-ckp"
#define ITSM__MAGIC_AUDIT "itsm-aud"

void itsm__log_header_write(unsigned char out[ITSM__LOG_HEADER], const itsm__log_header *header, const char *magic);
/* The same with a salt made of all the rest, so that no block or frame of another file fits; it goes into `header`. */
void itsm__log_header_salted(unsigned char out[ITSM__LOG_HEADER], itsm__log_header *header, const char *magic);

/*
 * ITSM_E_CORRUPT: not a header of this kind, or damaged.  ITSM_E_VERSION: intact, but a newer major or an unknown incompatible bit;
 * *out is filled then too.
 */
itsm_status itsm__log_header_read(itsm__log_header *out, const unsigned char in[ITSM__LOG_HEADER], const char *magic);

typedef struct itsm__frame {
    uint32_t length, kind;
    uint64_t salt, commit_no, durable_no;
    uint32_t nops, naudit;
    uint64_t audit_size;
    itsm__merkle_hash root;
    const unsigned char *p; /* first byte of the frame */
} itsm__frame;

/* What the first 88 bytes say; 0 unless magic, salt, kind and length are possible. */
int itsm__frame_peek(itsm__frame *out, const unsigned char *p, uint64_t salt);
/* The whole frame is here and intact: CRC.  `out` was filled by itsm__frame_peek and `n >= out->length`. */
int itsm__frame_is_whole(const itsm__frame *frame);

typedef struct itsm__frame_op {
    uint32_t kind, crc, nkeys;
    itsm_ref ref;
    uint64_t rev;
    itsm_bytes body, keys;
} itsm__frame_op;

/* Walks what is in a frame: all operations, then all audit entries. */
typedef struct itsm__frame_cursor {
    const unsigned char *p, *end;
    uint32_t ops, audit; /* left */
} itsm__frame_cursor;

void itsm__frame_walk(itsm__frame_cursor *cursor, const itsm__frame *frame);
/* ITSM_OK, ITSM_DONE, or ITSM_E_CORRUPT: the content does not fit the frame although its CRC holds. */
itsm_status itsm__frame_next_op(itsm__frame_cursor *cursor, itsm__frame_op *op);
itsm_status itsm__frame_next_audit(itsm__frame_cursor *cursor, itsm_bytes *entry);
/* The next of the keys of an operation; moves `keys` on.  ITSM_OK, ITSM_DONE or ITSM_E_CORRUPT. */
itsm_status itsm__frame_next_key(itsm_bytes *keys, itsm_index_key *key);

/*
 * Building a frame in a buffer, which is emptied first: begin, operations, audit entries, end.  ITSM_E_NOMEM, or
 * ITSM_E_LIMIT when it grows over 64 MiB.
 */
itsm_status itsm__frame_begin(itsm_buf *buf);
/* *body_at: where in the frame the body starts, *crc: its CRC32C. */
itsm_status itsm__frame_add_op(itsm_buf *buf, const itsm_op *op, uint64_t rev, uint32_t *body_at, uint32_t *crc);
/* An operation as it was read; body and keys are copied as they are. */
itsm_status itsm__frame_add_stored(itsm_buf *buf, const itsm__frame_op *op, uint32_t *body_at);
itsm_status itsm__frame_add_sequence(itsm_buf *buf, itsm_str name, uint64_t next);
itsm_status itsm__frame_add_audit(itsm_buf *buf, itsm_bytes entry);
/* `frame` gives all but length and p. */
itsm_status itsm__frame_end(itsm_buf *buf, const itsm__frame *frame);

#endif
