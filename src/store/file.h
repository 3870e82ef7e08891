/* SPDX-License-Identifier: MIT */
/*
 * The inside of the file store, shared by its files: file.c (open, close, the table of methods), file_log.c (writing
 * the log, syncing for all who wait), file_recover.c (reading a log back), file_apply.c (batches, sequences),
 * file_read.c (views, rows, ranges, audit entries).  frame.h has the bytes.
 *
 * In memory: one tree with an entry per row and one per index key, the frontier of the Merkle tree, a list of where
 * the audit entries of each commit begin, the sequences.  Bodies and entries stay in the log.
 *
 * One mutex guards all of it.  What views see is a `published` state: with full durability the last one known synced,
 * so that a commit that is later lost was never seen; otherwise the newest.
 */
#ifndef ITSM_SRC_STORE_FILE_H
#define ITSM_SRC_STORE_FILE_H

#include "base/atomic.h"
#include "base/bits.h"
#include "base/ctx.h"
#include "base/text.h"
#include "store/frame.h"
#include "store/tree.h"

#include <itsm/store.h>
#include <itsm/sys/io.h>

enum { ITSM__FILE_AHEAD = 64 }; /* numbers of a sequence written ahead; given back by a clean close */

/* Where the audit entries of one commit lie in the log: length, bytes, length, bytes ... */
typedef struct itsm__file_audit {
    uint64_t first, offset;
    uint32_t count;
} itsm__file_audit;

typedef struct itsm__file_sequence {
    char name[ITSM_STORE_SEQUENCE_MAX];
    size_t n;
    uint64_t next;      /* the next number to give */
    uint64_t limit;     /* below it, numbers may be given without writing */
    uint64_t commit_no; /* that wrote the limit */
} itsm__file_sequence;

/* A log that is open, shared by the store and the states that read it: compacting replaces it under their feet. */
typedef struct itsm__file_log {
    itsm__refcount shares;
    void *handle;
    itsm__file_audit *audit; /* grows under the lock */
    size_t naudit, audit_capacity;
} itsm__file_log;

/* One committed state. */
typedef struct itsm__file_state {
    itsm__tree_snapshot snapshot;
    itsm__file_log *log; /* NULL: not open */
    uint64_t audit_size, end;
} itsm__file_state;

typedef struct itsm__file {
    itsm__memory memory;
    itsm_mutexes mutexes; /* create == NULL: none */
    void *mutex;
    const itsm_io *io;
    char *path; /* of the directory, with room behind it for a name */
    size_t path_size, path_n;
    void *lock;
    itsm__file_log *log;
    itsm__log_header header;
    uint32_t durability;
    uint64_t relaxed_commits, preallocate;
    int read_only;
    const char *read_only_why;

    uint64_t end;        /* of the log: where the next frame goes */
    uint64_t allocated;  /* up to here zeros are written */
    uint64_t commit_no;  /* of the last frame written */
    uint64_t durable_no; /* of the last frame known synced */
    int syncing;         /* a leader is at it */
    int closed;          /* the last frame is a closing one */
    itsm_status failed;  /* not ITSM_OK: no more writes */
    itsm_io_note failed_note;
    uint64_t missing_from; /* 0, or the first commit that damage took (salvage) */

    itsm__tree tree;
    itsm__merkle merkle;
    itsm__file_sequence *sequences;
    size_t nsequences, sequence_capacity;
    itsm_buf frame;   /* the frame being built */
    itsm_buf scratch; /* keys read back */
    int publishes;    /* views see published[current], else the newest state */
    int current;
    itsm__file_state published[2];
} itsm__file;

/* Rows in the tree ------------------------------------------------------------------------------------------------ */

/* What the tree knows of a row. */
typedef struct itsm__file_row {
    uint64_t rev, offset; /* the body's place in the log; its keys stand behind it */
    uint32_t body, crc, keys;
    uint32_t gone; /* 1: a tombstone */
} itsm__file_row;

enum { ITSM__FILE_ROW = 32, ITSM__FILE_PREFIX = 8, ITSM__FILE_ID = 16 };

void itsm__file_row_put(unsigned char out[ITSM__FILE_ROW], const itsm__file_row *row);
int itsm__file_row_get(itsm__file_row *out, const void *value, size_t n); /* 0: not such a value */

/* The key of a row (index 0) or of an index entry, built in `room`. */
typedef struct itsm__file_key {
    unsigned char room[ITSM__FILE_PREFIX + ITSM_STORE_KEY_MAX], id[ITSM__FILE_ID];
} itsm__file_key;

itsm__tree_key itsm__file_row_key(itsm__file_key *room, itsm_ref ref);
/* The bytes must not be more than ITSM_STORE_KEY_MAX. */
itsm__tree_key itsm__file_index_key(itsm__file_key *room, itsm_ref ref, uint32_t index, itsm_bytes bytes);

/* file_log.c ------------------------------------------------------------------------------------------------------ */

void itsm__file_lock(itsm__file *file);
void itsm__file_unlock(itsm__file *file);
/* Write a message for the caller; returns the status.  Formats as in itsm__format(). */
itsm_status itsm__file_say(const itsm_call *call, itsm_status status, const char *format, ...);
/* Why nothing can be written, or ITSM_OK.  With the lock held. */
itsm_status itsm__file_writable(const itsm__file *file, const itsm_call *call);
/* Open a log by its path.  Its last share closes it. */
itsm_status itsm__file_log_open(itsm__file *file, itsm__file_log **out, const char *path, uint32_t flags,
                                itsm_io_note *note);
void itsm__file_log_free(itsm__file *file, itsm__file_log *log);
/* n bytes at an offset, all of them: ITSM_E_CORRUPT if the file ends before. */
itsm_status itsm__file_pread(const itsm__file *file, const itsm__file_log *log, uint64_t offset, void *out, size_t n,
                             itsm_io_note *note);
itsm_status itsm__file_pwrite(const itsm_io *io, void *handle, uint64_t offset, const void *p, size_t n,
                              itsm_io_note *note);
/* Write file->frame behind the log, where its number is commit_no + 1; nothing else is changed.  With the lock held. */
itsm_status itsm__file_append(itsm__file *file, const itsm_call *call, int closing);
/* The frame was written and everything in memory follows it. */
void itsm__file_appended(itsm__file *file);
/* Until a commit is as durable as the store's mode asks.  With the lock held; gives it up while waiting. */
itsm_status itsm__file_settle(itsm__file *file, const itsm_call *call, uint64_t commit_no);
itsm_status itsm__file_sync_to(itsm__file *file, const itsm_call *call, uint64_t commit_no);
/* The state that views opened now see.  `out` must stay where it is until its snapshot is closed. */
void itsm__file_state_open(itsm__file *file, itsm__file_state *out);
void itsm__file_state_close(itsm__file *file, itsm__file_state *state);
/* Make the newest state the published one. */
void itsm__file_publish(itsm__file *file);

/* file_recover.c -------------------------------------------------------------------------------------------------- */

/* Read the log that is open from its header to its end.  Issues go to ctx. */
itsm_status itsm__file_recover(itsm__file *file, itsm_ctx *ctx, int salvage);
/* Read all frames again and compare them with their checksums. */
itsm_status itsm__file_check(itsm__file *file, const itsm_call *call);

/* file_apply.c ---------------------------------------------------------------------------------------------------- */

itsm_status itsm__file_apply(void *self, const itsm_call *call, const itsm_batch *batch, itsm_applied *applied);
itsm_status itsm__file_reserve(void *self, const itsm_call *call, const char *sequence, uint32_t n, uint64_t *first);
/* The closing frame: sequences as they are.  Best effort. */
void itsm__file_close_log(itsm__file *file);
/* One operation of a frame into the tree, inside an edit; `body_at` is where its body stands in the log. */
itsm_status itsm__file_replay_op(itsm__file *file, const itsm__frame_op *op, uint64_t body_at);
itsm_status itsm__file_replay_sequence(itsm__file *file, const itsm__frame_op *op, uint64_t commit_no);
itsm_status itsm__file_add_audit(itsm__file *file, itsm__file_log *log, uint64_t first, uint64_t offset,
                                 uint32_t count);
itsm_status itsm__file_end_frame(itsm__file *file, uint32_t kind, uint32_t nops, size_t naudit);
int itsm__file_find_row(const itsm__tree_node *root, itsm_ref ref, itsm__file_row *out);

/* file_compact.c -------------------------------------------------------------------------------------------------- */

/* Write the log anew with what is there now only. */
itsm_status itsm__file_compact(itsm__file *file, const itsm_call *call);

/* file.c ---------------------------------------------------------------------------------------------------------- */

/* The path of a name in the directory, in place, until the next call; "" is the directory itself. */
const char *itsm__file_path(itsm__file *file, const char *name);

#define ITSM__FILE_LOG "log-1"
#define ITSM__FILE_NEW "log-1.tmp" /* a log that is being written and not yet one */

/* file_read.c ----------------------------------------------------------------------------------------------------- */

itsm_status itsm__file_view_open(void *self, const itsm_call *call, void **view);
void itsm__file_view_close(void *self, void *view);
itsm_status itsm__file_get(void *self, const itsm_call *call, void *view, itsm_ref ref, itsm_row *row);
itsm_status itsm__file_scan(void *self, const itsm_call *call, void *view, const itsm_range *range, void **cursor);
itsm_status itsm__file_audit_scan(void *self, const itsm_call *call, void *view, uint64_t from, void **cursor);
itsm_status itsm__file_next(void *self, const itsm_call *call, void *cursor, itsm_row *row);
void itsm__file_cursor_close(void *self, void *cursor);

#endif
