/* SPDX-License-Identifier: MIT */
/*
 * The inside of the file store, shared by its files:
 *   file.c             options, open, close, the table of methods
 *   file_dir.c         names in the directory, the lock, new logs
 *   file_log.c         writing the log, syncing for all who wait, states
 *   file_recover.c     reading a log back
 *   file_load.c        reading a checkpoint and the blocks of audit entries
 *   file_chain.c       which checkpoint and logs make the store; refreshing what is open to read
 *   file_apply.c       batches, sequences
 *   file_read.c        views, rows, ranges, audit entries
 *   file_checkpoint.c  checkpoints, compacting
 *   file_each.c        everything there is, figures
 *   file_backup.c, file_salvage.c
 * frame.h has the bytes of a log, block.h those of a checkpoint and of the file of audit entries.
 *
 * In memory: one tree with an entry per row and one per index key, the frontier of the Merkle tree, a list of where
 * the audit entries of each commit (or block) begin, the sequences.  Bodies and entries stay in the files.
 *
 * Log n follows checkpoint n: the state before its first commit.  A store is the newest good checkpoint and the logs
 * from its number on; without a checkpoint, all logs from 1 on.
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
#include "store/block.h"
#include "store/frame.h"
#include "store/tree.h"

#include <itsm/store.h>
#include <itsm/sys/io.h>

enum { ITSM__FILE_AHEAD = 64 }; /* numbers of a sequence written ahead; given back by a clean close */

/*
 * Which file a row stands in.  Of two files of rows the later one has the higher number: checkpoint n stands before
 * log n.
 */
#define ITSM__FILE_SOURCE_AUDIT UINT32_C(1)
#define ITSM__FILE_SOURCE_MAX (UINT64_C(1) << 29) /* numbers of logs stay below */

static inline uint32_t itsm__file_source_of_log(uint64_t number)
{
    return (uint32_t)(2 * number + 1);
}

static inline uint32_t itsm__file_source_of_checkpoint(uint64_t number)
{
    return (uint32_t)(2 * number);
}

/* Where the audit entries of one commit, or block, lie in a file: length, bytes, length, bytes ... */
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

/* A file of the store that is open, shared by the sets that have it. */
typedef struct itsm__file_part {
    itsm__refcount shares;
    void *handle;
    uint32_t source;
    uint64_t salt;
    uint64_t end; /* what is behind it is no part of the store; of the log being written see the state */
    itsm__file_audit *audit; /* grows under the lock */
    size_t naudit, audit_capacity;
} itsm__file_part;

/* The files that states read, by source (the one of audit entries first, the log being written last).  Never changed,
   only replaced; shared by the store and the states. */
typedef struct itsm__file_set {
    itsm__refcount shares;
    size_t n;
    itsm__file_part *part[];
} itsm__file_set;

/* One committed state. */
typedef struct itsm__file_state {
    itsm__tree_snapshot snapshot;
    itsm__file_set *set; /* NULL: not open */
    uint64_t audit_size, end;
} itsm__file_state;

typedef struct itsm__file {
    itsm__memory memory;
    itsm_mutexes mutexes; /* create == NULL: none */
    void *mutex;
    const itsm_io *io;
    char *path; /* of the directory */
    size_t path_n;
    void *lock;
    int is_locked;
    itsm__file_set *set;
    itsm__file_part *log; /* the last of the set; no share of its own */
    itsm__log_header header; /* of that log */
    uint32_t durability, flags;
    uint64_t relaxed_commits, preallocate, checkpoint_bytes;
    int read_only;
    const char *read_only_why;

    uint64_t checkpoint, checkpoint_size; /* number and bytes of the last one; 0: none */
    uint64_t damaged_checkpoint; /* number of a newer one that was passed over; 0: none */
    uint64_t logs_before;        /* bytes of frames behind the checkpoint in logs before the one being written */
    uint64_t attempted;          /* bytes of frames behind the checkpoint when writing another was given up */
    uint64_t audit_end;          /* of the file of audit entries: what the checkpoint has of it */
    itsm__merkle sealed;         /* the tree of these entries */
    int checkpointing;           /* somebody is at it */
    int paused;                  /* who comes to write waits: somebody needs everything synced */

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
    uint64_t rev, offset; /* the body's place in its file; its keys stand behind it */
    uint32_t body, crc, keys;
    uint32_t source; /* which file */
    uint32_t gone;   /* 1: a tombstone */
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
/* The lock for somebody who writes. */
void itsm__file_lock_to_write(itsm__file *file);
/* Until everything that was written is synced and nobody is at it.  With the lock held; gives it up while waiting. */
itsm_status itsm__file_quiesce(itsm__file *file, const itsm_call *call);
/* Write a message for the caller; returns the status.  Formats as in itsm__format(). */
itsm_status itsm__file_say(const itsm_call *call, itsm_status status, const char *format, ...);
/* Why nothing can be written, or ITSM_OK.  With the lock held. */
itsm_status itsm__file_writable(const itsm__file *file, const itsm_call *call);
/* Open a file by its path.  Its last share closes it. */
itsm_status itsm__file_part_open(itsm__file *file, itsm__file_part **out, uint32_t source, const char *path,
                                 uint32_t flags, itsm_io_note *note);
void itsm__file_part_free(itsm__file *file, itsm__file_part *part);
/* A set with a share of each part. */
itsm_status itsm__file_set_new(itsm__file *file, itsm__file_set **out, itsm__file_part *const *parts, size_t n);
void itsm__file_set_free(itsm__file *file, itsm__file_set *set);
/* The store's set and another part, in order. */
itsm_status itsm__file_set_with(itsm__file *file, itsm__file_set **out, itsm__file_part *part);
/* Replace the store's set by one with another part, which keeps the order; takes the caller's share, also on failure. */
itsm_status itsm__file_set_add(itsm__file *file, itsm__file_part *part);
void itsm__file_set_use(itsm__file *file, itsm__file_set *set); /* take the caller's share of it as the store's set */
itsm__file_part *itsm__file_set_find(const itsm__file_set *set, uint32_t source); /* or NULL */
/* n bytes at an offset, all of them: ITSM_E_CORRUPT if the file ends before. */
itsm_status itsm__file_pread(const itsm__file *file, const itsm__file_part *part, uint64_t offset, void *out, size_t n,
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

/* A window over a file. */
typedef struct itsm__file_reader {
    const itsm__file *file;
    const itsm__file_part *part;
    itsm_buf buf;
    uint64_t offset; /* of buf.p[0] */
    uint64_t length; /* of the file */
    uint64_t budget; /* bytes that may still turn out not to be a frame */
    int exhausted;   /* more than that did */
    itsm_io_note note;
} itsm__file_reader;

void itsm__file_reader_init(itsm__file_reader *reader, const itsm__file *file, const itsm__file_part *part,
                            uint64_t length);
void itsm__file_reader_clear(itsm__file_reader *reader);
/* n bytes at an offset that is not behind length - n; borrowed until the next call. */
itsm_status itsm__file_reader_at(itsm__file_reader *reader, uint64_t offset, size_t n, const unsigned char **out);

/*
 * Replay the log file->log, from file->end on, in an edit of the tree; file->header is its header.  `until`: number
 * of the commit the next log begins with, 0 for the last log.
 */
itsm_status itsm__file_recover(itsm__file *file, itsm_ctx *ctx, uint64_t until, int salvage);
/* Read all frames of a log again and compare them with their checksums.  `next`: number of its first commit, moved on
   to the one behind its last. */
itsm_status itsm__file_check_log(itsm__file *file, const itsm_call *call, const itsm__file_part *part, uint64_t end,
                                 uint64_t *next);

/* file_load.c ----------------------------------------------------------------------------------------------------- */

/* Takes a piece of a checkpoint; `at`: where the body of a row stands. */
typedef itsm_status (*itsm__file_piece_fn)(void *user, const itsm__block_piece *piece, uint64_t at);

/* Read a checkpoint from its first block to its end.  ITSM_E_CORRUPT, what failed in note; or what `piece` (may be
   NULL) answered.  `sequences`: the content behind the state, borrowed until the first piece. */
typedef struct itsm__file_checkpoint_reader {
    itsm__file *file;
    const itsm__file_part *part;
    itsm__file_piece_fn piece;
    itsm_status (*state)(void *user, const itsm__block_state *state, itsm_bytes sequences, uint32_t nsequences);
    void *user;
    int salvage; /* pass over damaged blocks */
    int damaged; /* that was done */
    itsm_io_note note;
} itsm__file_checkpoint_reader;

itsm_status itsm__file_checkpoint_read(itsm__file_checkpoint_reader *reader);
/* Load checkpoint `number` into the tree, in an edit; file->header becomes its header. */
itsm_status itsm__file_load(itsm__file *file, itsm_ctx *ctx, uint64_t number, int salvage);
/* Compare all entries of the file of audit entries with their checksums, up to `end`, and with their root. */
itsm_status itsm__file_check_audit(itsm__file *file, const itsm_call *call, const itsm__file_part *part, uint64_t end,
                                   const itsm__merkle *sealed);
/* The header of a file that is open: magic, number, store.  Issues go to ctx.  A header that is damaged is what
   ITSM_E_CORRUPT says. */
itsm_status itsm__file_header_read(itsm__file *file, itsm_ctx *ctx, itsm__log_header *out, const itsm__file_part *part,
                                   const char *magic, uint64_t number, const char *path);

/* file_chain.c ---------------------------------------------------------------------------------------------------- */

/* Read what the directory has: checkpoint and logs.  Issues go to ctx. */
itsm_status itsm__file_read_chain(itsm__file *file, itsm_ctx *ctx, int salvage);
itsm_status itsm__file_refresh(itsm__file *file, const itsm_call *call);
/* Read everything the store has again and compare it with its checksums. */
itsm_status itsm__file_check(itsm__file *file, const itsm_call *call);

/* file_apply.c ---------------------------------------------------------------------------------------------------- */

itsm_status itsm__file_apply(void *self, const itsm_call *call, const itsm_batch *batch, itsm_applied *applied);
itsm_status itsm__file_reserve(void *self, const itsm_call *call, const char *sequence, uint32_t n, uint64_t *first);
/* A sequence goes on with `next`, unless it is there already.  With the lock held. */
itsm_status itsm__file_move_sequence(itsm__file *file, const itsm_call *call, itsm_str name, uint64_t next);
/* The closing frame: sequences as they are.  Best effort. */
void itsm__file_close_log(itsm__file *file);
/* One operation of a frame into the tree, inside an edit; `body_at` is where its body stands in the log. */
itsm_status itsm__file_replay_op(itsm__file *file, const itsm__frame_op *op, uint64_t body_at);
/* A row with its keys into the tree, inside an edit. */
itsm_status itsm__file_set_row(itsm__file *file, itsm_ref ref, const itsm__file_row *row, itsm_bytes keys);
itsm_status itsm__file_set_sequence(itsm__file *file, itsm_str name, uint64_t next, uint64_t commit_no);
itsm_status itsm__file_replay_sequence(itsm__file *file, const itsm__frame_op *op, uint64_t commit_no);
itsm_status itsm__file_add_audit(itsm__file *file, itsm__file_part *part, uint64_t first, uint64_t offset,
                                 uint32_t count);
itsm_status itsm__file_end_frame(itsm__file *file, uint32_t kind, uint32_t nops, size_t naudit);
int itsm__file_find_row(const itsm__tree_node *root, itsm_ref ref, itsm__file_row *out);

/* file_checkpoint.c ----------------------------------------------------------------------------------------------- */

/* ITSM_MAINTAIN_CHECKPOINT, or ITSM_MAINTAIN_COMPACT: nothing older is kept; or ITSM__FILE_IF_DUE. */
enum { ITSM__FILE_IF_DUE = 0 };
itsm_status itsm__file_checkpoint(itsm__file *file, const itsm_call *call, uint32_t what);
/* Whether the log is long enough for another one; with the lock held. */
int itsm__file_checkpoint_is_due(const itsm__file *file);
/* The same at a clean close. */
int itsm__file_checkpoint_pays(const itsm__file *file);

/* file_each.c ----------------------------------------------------------------------------------------------------- */

/* Everything of a state, for itsm_file_each(). */
itsm_status itsm__file_each(itsm__file *file, const itsm_call *call, itsm_file_item_fn item, void *user);

/* file_dir.c ------------------------------------------------------------------------------------------------------ */

enum { ITSM__FILE_PATH_MAX = 4000, ITSM__FILE_PATH = ITSM__FILE_PATH_MAX + 64 };

#define ITSM__FILE_LOCK "LOCK"
#define ITSM__FILE_LOG "log-"
#define ITSM__FILE_CHECKPOINT "ckpt-"
#define ITSM__FILE_AUDIT "audit-1"
#define ITSM__FILE_TEMPORARY ".tmp" /* behind the name of a file that is being written and not yet one */

/* The names in the directory. */
typedef struct itsm__file_names {
    uint64_t *log, *checkpoint; /* numbers, in order */
    uint64_t *unfinished;       /* of checkpoints that were being written */
    size_t nlog, ncheckpoint, nunfinished, log_capacity, checkpoint_capacity, unfinished_capacity;
    int audit, others;
} itsm__file_names;

/* The path of a name, of the directory itself with "". */
const char *itsm__file_path(const itsm__file *file, char room[ITSM__FILE_PATH], const char *name);
/* The path of a numbered name: ITSM__FILE_LOG or ITSM__FILE_CHECKPOINT. */
const char *itsm__file_path_of(const itsm__file *file, char room[ITSM__FILE_PATH], const char *name, uint64_t number,
                               const char *suffix);
itsm_status itsm__file_list(itsm__file *file, itsm__file_names *out, itsm_io_note *note);
void itsm__file_names_clear(const itsm__file *file, itsm__file_names *names);
int itsm__file_has_log(const itsm__file_names *names, uint64_t number);
itsm_status itsm__file_sync_parent(const itsm__file *file, itsm_io_note *note);
/* Take the lock, or say who has it. */
itsm_status itsm__file_take_lock(itsm__file *file, itsm_ctx *ctx);
/* Give it back; the file is empty then, as it was. */
void itsm__file_leave_lock(itsm__file *file);
/* Write an empty log under its temporary name, and open it; its salt goes into the header. */
itsm_status itsm__file_new_log(itsm__file *file, itsm__file_part **out, itsm__log_header *header, itsm_io_note *note);
/* Give a temporary file its name. */
itsm_status itsm__file_take_name(const itsm__file *file, const char *name, uint64_t number, itsm_io_note *note);
/* Remove all checkpoints but two (0: none), logs before the older of them, and what was never finished.  Not ITSM_OK:
   something is still there. */
itsm_status itsm__file_remove_but(itsm__file *file, uint64_t older, uint64_t newer, itsm_io_note *note);

/* file.c ---------------------------------------------------------------------------------------------------------- */

/* The file store behind a store, or NULL. */
itsm__file *itsm__file_of(const itsm_store *store);

/* file_read.c ----------------------------------------------------------------------------------------------------- */

/* The last bytes read of a file. */
typedef struct itsm__file_window {
    unsigned char *p;
    size_t capacity, n;
    uint64_t offset; /* of p[0] in the file */
    uint64_t last;   /* where the last piece asked for ended */
    uint32_t source; /* which file */
} itsm__file_window;

/* n bytes at an offset of a file that ends at `end`, borrowed until the next call. */
itsm_status itsm__file_window_read(itsm__file_window *window, const itsm__file *file, const itsm_call *call,
                                   const itsm__file_part *part, uint64_t end, uint64_t offset, size_t n,
                                   const unsigned char **out);
void itsm__file_window_clear(itsm__file_window *window, const itsm__file *file);
/* Where a row of a state stands: its file and the end of that. */
itsm__file_part *itsm__file_state_part(const itsm__file_state *state, uint32_t source, uint64_t *end);
/* The body, and behind it the keys, of a row of a state, compared with its CRC. */
itsm_status itsm__file_read_row(itsm__file_window *window, const itsm__file *file, const itsm_call *call,
                                const itsm__file_state *state, const itsm__file_row *row, int keys,
                                const unsigned char **out);
/* Walking the audit entries of a state. */
typedef struct itsm__file_entries {
    const itsm__file_state *state;
    itsm__file_window window;
    const itsm__file_part *part;
    uint64_t place;  /* of the next one */
    uint64_t offset; /* of its length */
    uint64_t end;    /* of the file */
    uint32_t left;   /* in this commit or block; 0: to be looked up */
} itsm__file_entries;
/* ITSM_OK: the entry of entries->place - 1, borrowed until the next call; `leaf` (may be NULL) its hash.  ITSM_DONE.
   ITSM_E_CORRUPT: it is damaged; the next call goes on behind what is. */
itsm_status itsm__file_next_entry(itsm__file_entries *entries, itsm__file *file, const itsm_call *call,
                                  itsm_bytes *entry, itsm__merkle_hash *leaf);

itsm_ref itsm__file_ref_of(itsm__tree_key key); /* of a row or an index entry */
int itsm__file_is_row(itsm__tree_key key);

itsm_status itsm__file_view_open(void *self, const itsm_call *call, void **view);
void itsm__file_view_close(void *self, void *view);
itsm_status itsm__file_get(void *self, const itsm_call *call, void *view, itsm_ref ref, itsm_row *row);
itsm_status itsm__file_scan(void *self, const itsm_call *call, void *view, const itsm_range *range, void **cursor);
itsm_status itsm__file_audit_scan(void *self, const itsm_call *call, void *view, uint64_t from, void **cursor);
itsm_status itsm__file_next(void *self, const itsm_call *call, void *cursor, itsm_row *row);
void itsm__file_cursor_close(void *self, void *cursor);

#endif
