/* SPDX-License-Identifier: MIT */
/**
 * @file itsm/store.h
 * The caller's side of a store: where rows, settings, history and the audit trail are kept.
 *
 * Most hosts only open a store (itsm_store_memory(), itsm_store_file(), or one from an adapter), give it to
 * itsm_sms_new() and free it at the end.  The calls below are for those who read rows or write batches themselves;
 * backends see <itsm/sys/store_backend.h>, where rows, ranges and batches are described.
 *
 * Reading: open a view, get() rows or scan() ranges of an index through it, close it.  Writing: one itsm_store_apply()
 * with all operations and audit entries; nothing stays open in between.
 *
 * The store has no context of its own.  Each call takes the caller's: what went wrong becomes an issue there, with
 * the store's name and message.  With ctx NULL there are no details, and the issues of no context are touched.
 * Statuses of the backend come back unchanged.
 *
 * Threads: a store with ITSM_CAP_MT is for any number of threads, each with its own context, views and cursors.  A
 * backend without it is guarded by a mutex if the context it was made with has them; otherwise one thread at a time.
 */
#ifndef ITSM_STORE_H
#define ITSM_STORE_H

#include <itsm/sys/store_backend.h>

ITSM_BEGIN_C

/** A backend behind the contract.  Keeps the allocator and mutexes of the context it was made with, and outlives it. */
typedef struct itsm_store itsm_store;

#define ITSM_STORE_KEY_MAX 2048u              /**< Most bytes of an index key. */
#define ITSM_STORE_BODY_MAX (16u << 20)       /**< Most bytes of the body of a row or of an audit entry. */
#define ITSM_STORE_OPS_MAX (1u << 20)         /**< Most operations, audit entries, or keys of a row, in a batch. */
#define ITSM_STORE_SEQUENCE_MAX 64u           /**< Most bytes of the name of a sequence. */

/* Open and close -------------------------------------------------------------------------------------------------- */

/**
 * Make a store of a backend.
 *
 * @param out     Yours; freed by itsm_store_free().  NULL on failure.
 * @param ctx     Its allocator and mutexes are copied.
 * @param methods Copied up to `methods->size`.
 * @param self    Belongs to the store from now on: it is closed with it, and also when this call fails (if there is a
 *                close method to do it with).
 * @retval ITSM_OK        @p out is a store.
 * @retval ITSM_E_NOMEM   No memory.
 * @retval ITSM_E_MISUSE  A NULL, or a required method or the name is missing.
 * @retval ITSM_E_VERSION The backend was written for a newer contract.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_store_new(itsm_store **out, itsm_ctx *ctx, const itsm_store_methods *methods,
                                                  void *self);

/**
 * Make a store in memory: ordered, with snapshots, gone when freed.  For tests, calculations and replays.
 *
 * Has ITSM_CAP_SNAPSHOT and ITSM_CAP_SEAL_SYNC, and ITSM_CAP_MT if the context has mutexes.  Views read without a
 * lock.  A row costs its body and keys twice, plus about 100 bytes.
 *
 * @param out Yours; freed by itsm_store_free().  NULL on failure.
 * @param ctx Its allocator and mutexes are copied.
 * @retval ITSM_OK       @p out is an empty store.
 * @retval ITSM_E_NOMEM  No memory.
 * @retval ITSM_E_MISUSE A NULL.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_store_memory(itsm_store **out, itsm_ctx *ctx);

struct itsm_io; /* <itsm/sys/io.h> */

/** When a commit of the file store is on the disk. */
enum {
    ITSM_FILE_FULL = 0,    /**< Before apply() returns; threads that wait share one flush. */
    ITSM_FILE_RELAXED = 1, /**< A bounded number of commits later; never damaged, the last few may be lost. */
    ITSM_FILE_OFF = 2      /**< When the system likes; for tests and loads that can be repeated. */
};

/** How a file store is opened: bits of `itsm_file_options.flags`. */
enum {
    ITSM_FILE_READONLY = 1, /**< Only to read: nothing is written or locked, while another process may write. */
    ITSM_FILE_EXISTING = 2, /**< ITSM_E_NOT_FOUND rather than a new store. */
    ITSM_FILE_SALVAGE = 4,  /**< With ITSM_FILE_READONLY: a damaged store too, without what is damaged. */
    ITSM_FILE_FORCE = 8     /**< On a network file system too, whose locks and flushes cannot be trusted. */
};

#define ITSM_FILE_NO_CHECKPOINT UINT64_MAX /**< For `itsm_file_options.checkpoint_bytes`: only when asked for. */

/** Options of the file store; zero is the default of each. */
typedef struct itsm_file_options {
    size_t size;               /**< sizeof(itsm_file_options). */
    uint32_t flags;            /**< Bits of ITSM_FILE_READONLY ... */
    uint32_t durability;       /**< ITSM_FILE_FULL, ITSM_FILE_RELAXED or ITSM_FILE_OFF. */
    uint32_t relaxed_commits;  /**< ITSM_FILE_RELAXED: flush at the latest after so many commits; 0 = 100. */
    uint32_t reserved;         /**< 0 */
    uint64_t preallocate;      /**< Bytes of log prepared ahead; 0 = 4 MiB. */
    uint64_t checkpoint_bytes; /**< A checkpoint is written when the log behind the last one has grown by so many bytes,
                                    and to half the size of that one; 0 = 64 MiB. */
} itsm_file_options;

/** Start value of @ref itsm_file_options. */
#define ITSM_FILE_OPTIONS_INIT { sizeof(itsm_file_options), 0, 0, 0, 0, 0, 0 }

/**
 * Open the file store in a directory, or make one there.  For one process that writes, any number that read, and about
 * a million records.
 *
 * No acknowledged commit is lost if the disk honours flushes; damage is reported, never silently dropped.  The limit of
 * that: damage in the last commit before an unclean stop cannot be told from a write cut short; an audit checkpoint kept
 * elsewhere tells.  After ITSM_E_IO from a write nothing more is written, and only opening again shows whether that
 * last batch was kept.
 *
 * Opening reads the newest checkpoint and the log behind it.  A checkpoint is written by the thread whose commit makes
 * the log long enough, while others go on, and by a clean close when it pays; the one before it and the log since are
 * kept, to fall back on.  ITSM_MAINTAIN_CHECKPOINT writes one at a time of the host's choice.
 *
 * With ITSM_FILE_READONLY the store is as of the last whole commit when it is opened.  ITSM_MAINTAIN_REFRESH moves it on
 * to the last one now; views that are open keep theirs.
 *
 * @param out     Yours; freed by itsm_store_free().  NULL on failure.
 * @param ctx     Its allocator, random source (for a new store) and mutexes are copied.
 * @param io      The file system; the system's is itsm_os_io().  Must outlive the store.
 * @param path    The directory.
 * @param options NULL for the defaults.
 * @retval ITSM_OK             @p out is a store.
 * @retval ITSM_E_NOMEM        No memory.
 * @retval ITSM_E_MISUSE       A NULL or a bad option.
 * @retval ITSM_E_NO_RANDOM    A new store needs a random source.
 * @retval ITSM_E_NOT_FOUND    ITSM_FILE_EXISTING, and there is none.
 * @retval ITSM_E_BUSY         It is open already, here or in another process; the issue says which, if it can be read.
 * @retval ITSM_E_CORRUPT      What the directory has is damaged or not a store; opened read-only it can be looked at.
 * @retval ITSM_E_VERSION      It was written by a newer version.
 * @retval ITSM_E_READONLY     The directory cannot be written.
 * @retval ITSM_E_UNSUPPORTED  The file system cannot lock or flush, or is a network file system (ITSM_FILE_FORCE).
 * @retval ITSM_E_LIMIT        The path is too long, or too many files are open.
 * @retval ITSM_E_FULL         No space.
 * @retval ITSM_E_IO           Reading or writing failed.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_store_file(itsm_store **out, itsm_ctx *ctx, const struct itsm_io *io,
                                                   itsm_str path, const itsm_file_options *options);

/** What there is to know of a file store.  Set @c size first (ITSM_FILE_INFO_INIT). */
typedef struct itsm_file_info {
    size_t size;                   /**< sizeof(itsm_file_info). */
    uint32_t major;                /**< Version of the format. */
    uint32_t minor;                /**< The same, what older versions can read all the same. */
    uint64_t compatible;           /**< Feature bits that may be unknown. */
    uint64_t read_only_compatible; /**< Feature bits that must be known to write. */
    uint64_t incompatible;         /**< Feature bits that must be known. */
    unsigned char id[16];          /**< Identity of the store: random, given when it was made, kept by copies. */
    uint64_t commits;              /**< Commits so far; compacting does not set them back. */
    uint64_t rows;                 /**< Rows that are there. */
    uint64_t tombstones;           /**< Rows that were deleted and are remembered. */
    uint64_t index_entries;        /**< Index keys of all rows. */
    uint64_t audit_entries;        /**< Audit entries. */
    unsigned char audit_root[32];  /**< Root of their Merkle tree (RFC 6962). */
    uint64_t log_number;           /**< Number of the log that is written. */
    uint64_t checkpoint_number;    /**< Number of the checkpoint that was opened or written last; 0: none. */
    uint64_t log_bytes;            /**< Bytes of the log behind that checkpoint. */
    uint64_t checkpoint_bytes;     /**< Bytes of that checkpoint. */
    uint64_t audit_bytes;          /**< Bytes of audit entries beside it. */
    uint64_t damaged_checkpoint;   /**< Number of a newer checkpoint that is damaged and was passed over; 0: none. */
    uint64_t missing_from;         /**< First commit that damage took (ITSM_FILE_SALVAGE); 0: none. */
    uint32_t read_only;            /**< 1: it can only be read. */
    uint32_t reserved;             /**< 0 */
} itsm_file_info;

/** Start value of @ref itsm_file_info. */
#define ITSM_FILE_INFO_INIT                                                                                            \
    { sizeof(itsm_file_info), 0, 0, 0, 0, 0, { 0 }, 0, 0, 0, 0, 0, { 0 }, 0, 0, 0, 0, 0, 0, 0, 0, 0 }

/**
 * Say what a file store holds: its newest state.  O(rows and index entries).
 *
 * @param out   Filled up to `out->size` bytes.
 * @param ctx   For issues, or NULL.
 * @param store A file store.
 * @retval ITSM_OK       @p out is filled.
 * @retval ITSM_E_MISUSE A NULL, no size, or not a file store.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_file_info_read(itsm_file_info *out, itsm_ctx *ctx, itsm_store *store);

/** What an item of a file store is. */
enum {
    ITSM_FILE_ROW = 1,       /**< A row with its index keys. */
    ITSM_FILE_TOMBSTONE = 2, /**< A row that was deleted: `row.ref` and the revision it had. */
    ITSM_FILE_SEQUENCE = 3,  /**< A sequence: `name`, `next`. */
    ITSM_FILE_ENTRY = 4,     /**< An audit entry: `row.ref.id.lo` is its place, `row.body` its bytes. */
    ITSM_FILE_LOST = 5       /**< With ITSM_FILE_SALVAGE, a row that cannot be read: `row.ref`, `row.rev`. */
};

/** One item of a file store; all of it is borrowed until the function it was given to returns. */
typedef struct itsm_file_item {
    size_t size;                /**< sizeof(itsm_file_item). */
    uint32_t kind;              /**< ITSM_FILE_ROW ... */
    uint32_t reserved;          /**< 0 */
    itsm_row row;               /**< With its body; no fields. */
    const itsm_index_key *keys; /**< Its index keys. */
    size_t nkeys;               /**< How many. */
    itsm_str name;              /**< Of a sequence. */
    uint64_t next;              /**< The next number it gives. */
} itsm_file_item;

/** Takes one item; anything but ITSM_OK stops and comes back. */
typedef itsm_status (*itsm_file_item_fn)(void *user, const itsm_file_item *item);

/**
 * Tell everything a file store holds, as of one commit: rows and tombstones of all types in the order of type and id,
 * sequences, audit entries in order.  Put into an empty store in that order it gives an equal one.  Others may write
 * meanwhile.
 *
 * @param ctx   For issues, or NULL.
 * @param store A file store.
 * @param item  Called for each.
 * @param user  Passed to it.
 * @retval ITSM_OK        All were told.
 * @retval ITSM_E_NOMEM   No memory.
 * @retval ITSM_E_MISUSE  A NULL, or not a file store.
 * @retval ITSM_E_CORRUPT Something is damaged.
 * @retval ITSM_E_IO      Reading failed; or what @p item returned.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_file_each(itsm_ctx *ctx, itsm_store *store, itsm_file_item_fn item, void *user);

/**
 * Copy a file store that is open, and may be written meanwhile, into a new directory: the last commit when the call
 * begins and all before it.  The copy is a store like any other, with the same identity: restoring is opening it.  It
 * is on the disk when the call returns; one that was stopped in between does not open.
 *
 * @param ctx   For issues, or NULL.
 * @param store A file store.
 * @param path  The directory; made if it is not there, else it must be empty.
 * @retval ITSM_OK         The copy is there.
 * @retval ITSM_E_NOMEM    No memory.
 * @retval ITSM_E_MISUSE   A NULL, a path that cannot be one, or not a file store.
 * @retval ITSM_E_BUSY     The directory is not empty: nothing in it is touched.
 * @retval ITSM_E_CORRUPT  The store is damaged: what was copied does not have its checksum.
 * @retval ITSM_E_READONLY The directory cannot be written.
 * @retval ITSM_E_LIMIT    The path is too long.
 * @retval ITSM_E_FULL     No space.
 * @retval ITSM_E_IO       Reading or writing failed.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_file_backup(itsm_ctx *ctx, itsm_store *store, itsm_str path);

/** What was salvaged and what was lost.  Set @c size first (ITSM_FILE_SALVAGED_INIT). */
typedef struct itsm_file_salvaged {
    size_t size;                /**< sizeof(itsm_file_salvaged). */
    uint64_t rows;              /**< Rows kept. */
    uint64_t tombstones;        /**< Deleted rows that are still remembered. */
    uint64_t entries;           /**< Audit entries kept. */
    uint64_t sequences;         /**< Sequences kept. */
    uint64_t rows_lost;         /**< Rows that were there and cannot be read, or have another's unique key. */
    uint64_t entries_lost;      /**< Audit entries that were there: later ones move up. */
    uint64_t first_entry_lost;  /**< Place of the first of them; UINT64_MAX: none. */
    uint64_t missing_from;      /**< First commit that is missing or incomplete; 0: none.  What it wrote may be lost
                                     without being counted. */
} itsm_file_salvaged;

/** Start value of @ref itsm_file_salvaged. */
#define ITSM_FILE_SALVAGED_INIT { sizeof(itsm_file_salvaged), 0, 0, 0, 0, 0, 0, UINT64_MAX, 0 }

/**
 * Put everything of a damaged file store that can be read into a new one.  The old one is only read.  The new one has an
 * identity of its own; if entries were lost, so has its audit trail.
 *
 * @param out  NULL, or what was kept and lost.
 * @param ctx  For issues, and for the new store's random numbers.
 * @param io   The file system.
 * @param from Directory of the damaged store.
 * @param to   Directory of the new one; made if it is not there, else it must be empty.
 * @retval ITSM_OK           Done; @p out says whether anything was lost.
 * @retval ITSM_E_NOMEM      No memory.
 * @retval ITSM_E_MISUSE     A NULL, or a path that cannot be one.
 * @retval ITSM_E_NOT_FOUND  There is no store at @p from.
 * @retval ITSM_E_BUSY       @p to is not empty.
 * @retval ITSM_E_CORRUPT    Nothing of it can be read.
 * @retval ITSM_E_VERSION    It was written by a newer version.
 * @retval ITSM_E_READONLY   @p to cannot be written.
 * @retval ITSM_E_FULL       No space.
 * @retval ITSM_E_IO         Reading or writing failed.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_file_salvage(itsm_file_salvaged *out, itsm_ctx *ctx, const struct itsm_io *io,
                                                     itsm_str from, itsm_str to);

/**
 * Close a store.  Every view on it is closed, every sms on it freed.
 *
 * @param store NULL is allowed.
 * @since 0.1
 */
ITSM_API void itsm_store_free(itsm_store *store);

/**
 * Say what the backend promises.
 *
 * @param store A store.
 * @return ITSM_CAP_DURABLE, ITSM_CAP_SNAPSHOT ...
 * @since 0.1
 */
ITSM_API uint64_t itsm_store_caps(const itsm_store *store);

/**
 * Name the backend, e.g. "memory".
 *
 * @param store A store.
 * @return Borrowed from the store.
 * @since 0.1
 */
ITSM_API itsm_str itsm_store_name(const itsm_store *store);

/* Reading --------------------------------------------------------------------------------------------------------- */

/** A view: reads of one state (with ITSM_CAP_SNAPSHOT of one commit).  The caller's storage; the members are the
    library's.  For one thread. */
typedef struct itsm_view {
    itsm_store *store;   /**< NULL: not open. */
    void *handle;        /**< The backend's. */
    void *host_txn;      /**< As in the call it was opened with. */
    uint32_t timeout_ms; /**< As in the call it was opened with. */
    uint32_t reserved;   /**< 0 */
} itsm_view;

/** A view that is not open. */
#define ITSM_VIEW_INIT { NULL, NULL, NULL, 0, 0 }

/** Rows in an order, one after the other.  The caller's storage; the members are the library's. */
typedef struct itsm_cursor {
    itsm_view *view;      /**< NULL: not open. */
    void *handle;         /**< The backend's; NULL: rows are fetched one by one from @c refs. */
    const itsm_ref *refs; /**< What is left to be fetched. */
    size_t nrefs;         /**< How many. */
    uint32_t kind;        /**< What rows it gives. */
    uint32_t type;        /**< Of a range: the rows' type. */
    itsm_id last;         /**< The last row of a scan of index 0. */
    uint32_t started;     /**< 1: @c last is of a row. */
    uint32_t reserved;    /**< 0 */
} itsm_cursor;

/** A cursor that is not open. */
#define ITSM_CURSOR_INIT { NULL, NULL, NULL, 0, 0, 0, { 0, 0 }, 0, 0 }

/**
 * Open a view.
 *
 * @param out   The caller's; must stay where it is until closed.  Not open on failure.
 * @param ctx   For issues, or NULL.
 * @param store A store; must outlive the view.
 * @param call  Transaction of the host and timeout of all reads of the view; NULL for neither.  `message` is not used.
 * @retval ITSM_OK       The view is open.
 * @retval ITSM_E_NOMEM  No memory.
 * @retval ITSM_E_MISUSE A NULL.
 * @retval ITSM_E_BUSY   The timeout passed.
 * @retval ITSM_E_IO     Or another failure of the backend.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_store_view_open(itsm_view *out, itsm_ctx *ctx, itsm_store *store,
                                                        const itsm_call *call);

/**
 * Close a view.  Its cursors are closed before.
 *
 * @param view One that is not open is left alone.
 * @since 0.1
 */
ITSM_API void itsm_store_view_close(itsm_view *view);

/**
 * Read one row.
 *
 * @param out  Either fields or body are filled.  Borrowed until the next get, or next of a get_many, on this view.
 *             With ITSM_NOTHING all zero, but @c rev may be the revision a deleted row had: a new row with this
 *             identity needs a higher one.
 * @param ctx  For issues, or NULL.
 * @param view An open view.
 * @param ref  Which row.
 * @retval ITSM_OK         @p out is the row.
 * @retval ITSM_NOTHING    There is no such row.
 * @retval ITSM_E_MISUSE   A NULL, or the view is not open.
 * @retval ITSM_E_CORRUPT  The backend gave something that is not a row, or reports damage.
 * @retval ITSM_E_IO       Or another failure of the backend.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_store_get(itsm_row *out, itsm_ctx *ctx, itsm_view *view, itsm_ref ref);

/**
 * Read many rows: in one round trip where the backend can, else one after the other.  Any order; missing ones are
 * left out.
 *
 * @param out  The caller's; not open on failure.
 * @param ctx  For issues, or NULL.
 * @param view An open view; must stay open as long as the cursor.
 * @param refs Which rows, each once; must stay as long as the cursor is open.
 * @param n    How many.
 * @retval ITSM_OK       The cursor is open.
 * @retval ITSM_E_NOMEM  No memory.
 * @retval ITSM_E_MISUSE A NULL, or the view is not open.
 * @retval ITSM_E_IO     Or another failure of the backend.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_store_get_many(itsm_cursor *out, itsm_ctx *ctx, itsm_view *view,
                                                       const itsm_ref *refs, size_t n);

/**
 * Read a range of an index in the order of its keys (by memcmp), each row once.
 *
 * @param out   The caller's; not open on failure.
 * @param ctx   For issues, or NULL.
 * @param view  An open view; must stay open as long as the cursor.
 * @param range Which index and range, typed and encoded; not kept.
 * @retval ITSM_OK            The cursor is open.
 * @retval ITSM_E_NOMEM       No memory.
 * @retval ITSM_E_MISUSE      A NULL, `range->size` too small, or the view is not open.
 * @retval ITSM_E_UNSUPPORTED The backend does not know this index.
 * @retval ITSM_E_IO          Or another failure of the backend.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_store_scan(itsm_cursor *out, itsm_ctx *ctx, itsm_view *view,
                                                   const itsm_range *range);

/**
 * Read sealed audit entries from a place on, in order.  A row's `ref.id.lo` is the place, its body the entry.
 *
 * @param out  The caller's; not open on failure.
 * @param ctx  For issues, or NULL.
 * @param view An open view; must stay open as long as the cursor.
 * @param from First place; at or behind the end there are no rows.
 * @retval ITSM_OK       The cursor is open.
 * @retval ITSM_E_NOMEM  No memory.
 * @retval ITSM_E_MISUSE A NULL, or the view is not open.
 * @retval ITSM_E_IO     Or another failure of the backend.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_store_audit_scan(itsm_cursor *out, itsm_ctx *ctx, itsm_view *view,
                                                         uint64_t from);

/**
 * Read rows that others changed since a token.
 *
 * @param out   The caller's; not open on failure.
 * @param ctx   For issues, or NULL.
 * @param view  An open view; must stay open as long as the cursor.
 * @param token Start with 0; moved on.
 * @retval ITSM_OK            The cursor is open.
 * @retval ITSM_E_NOMEM       No memory.
 * @retval ITSM_E_MISUSE      A NULL, or the view is not open.
 * @retval ITSM_E_UNSUPPORTED The backend has no such feed.
 * @retval ITSM_E_IO          Or another failure of the backend.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_store_foreign(itsm_cursor *out, itsm_ctx *ctx, itsm_view *view,
                                                      uint64_t *token);

/**
 * Go to the next row.
 *
 * @param out    Either fields or body are filled.  Borrowed until the next call on this cursor.  Zeroed unless ITSM_OK.
 * @param ctx    For issues, or NULL.
 * @param cursor An open cursor.
 * @retval ITSM_OK        @p out is the row.
 * @retval ITSM_DONE      There are no more.
 * @retval ITSM_E_MISUSE  A NULL, or the cursor is not open.
 * @retval ITSM_E_CORRUPT The backend gave something that is not a row, or reports damage.
 * @retval ITSM_E_IO      Or another failure of the backend.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_store_next(itsm_row *out, itsm_ctx *ctx, itsm_cursor *cursor);

/**
 * Close a cursor.
 *
 * @param cursor One that is not open is left alone.
 * @since 0.1
 */
ITSM_API void itsm_store_cursor_close(itsm_cursor *cursor);

/* Writing --------------------------------------------------------------------------------------------------------- */

/** Start value of an itsm_applied. */
#define ITSM_APPLIED_INIT { sizeof(itsm_applied), SIZE_MAX, UINT64_MAX, NULL }

/** Start value of an itsm_call. */
#define ITSM_CALL_INIT { sizeof(itsm_call), NULL, 0, 0, NULL, 0 }

/** Start value of an itsm_batch. */
#define ITSM_BATCH_INIT { sizeof(itsm_batch), sizeof(itsm_op), NULL, 0, NULL, 0 }

/** Start value of an itsm_range: all of index 0 of type 0. */
#define ITSM_RANGE_INIT { sizeof(itsm_range), 0, 0, 0, 0, NULL, NULL, NULL, { NULL, 0 }, { NULL, 0 }, 0 }

/**
 * Write a batch: all of it or nothing.
 *
 * All expectations look at the state before the batch, so a row may be checked and written in one batch, in any order;
 * it may be written once only.  Before anything reaches the backend the batch is checked: known kinds, at least one
 * operation with an expectation, revisions that rise, no empty audit entry, sizes within the ITSM_STORE_... maxima.
 *
 * Sent again after ITSM_E_UNKNOWN, a batch that had been applied answers ITSM_E_CONFLICT, if an operation that writes
 * has an expectation.
 *
 * @param out   NULL, or what came of it: set @c size first (ITSM_APPLIED_INIT).
 * @param ctx   For issues, or NULL.
 * @param store A store.
 * @param batch Nothing of it is kept.
 * @param call  Transaction of the host and timeout; NULL for neither.  `message` is not used.
 * @retval ITSM_OK         Applied.
 * @retval ITSM_E_CONFLICT An expectation does not hold; `out->failed_op` says which.
 * @retval ITSM_E_UNIQUE   A unique key belongs to another row; `out->failed_op` says which.
 * @retval ITSM_E_RETRY    Send the same batch again.
 * @retval ITSM_E_BUSY     The timeout passed.
 * @retval ITSM_E_UNKNOWN  It may have been applied: send the same batch again.
 * @retval ITSM_E_NOMEM    No memory.
 * @retval ITSM_E_MISUSE   The batch is not well formed; the issue says how.
 * @retval ITSM_E_LIMIT    Something is larger than the maxima.
 * @retval ITSM_E_FULL     No space.
 * @retval ITSM_E_READONLY The store is open for reading only.
 * @retval ITSM_E_IO       The store failed and must be opened again.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_store_apply(itsm_applied *out, itsm_ctx *ctx, itsm_store *store,
                                                    const itsm_batch *batch, const itsm_call *call);

/**
 * Take numbers of a named sequence; they are never given again, gaps are allowed.  A sequence starts at 1.
 *
 * @param first    The first of them.  As it was on failure.
 * @param ctx      For issues, or NULL.
 * @param store    A store.
 * @param sequence Its name, 1 to ITSM_STORE_SEQUENCE_MAX bytes.
 * @param n        How many, at least 1.
 * @param call     Transaction of the host and timeout; NULL for neither.
 * @retval ITSM_OK         Yours: @p first to @p first + @p n - 1.
 * @retval ITSM_E_MISUSE   A NULL, no name, or @p n is 0.
 * @retval ITSM_E_LIMIT    The name is too long.
 * @retval ITSM_E_RANGE    The sequence has no numbers left.
 * @retval ITSM_E_NOMEM    No memory.
 * @retval ITSM_E_READONLY The store is open for reading only.
 * @retval ITSM_E_IO       Or another failure of the backend.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_store_reserve(uint64_t *first, itsm_ctx *ctx, itsm_store *store,
                                                      const char *sequence, uint32_t n, const itsm_call *call);

/* Care ------------------------------------------------------------------------------------------------------------ */

/**
 * Tell a backend the model in use: before the first row moves and after each change of it.
 *
 * @param ctx    For issues, or NULL.
 * @param store  A store.
 * @param types  Not kept; elements are `types->size` bytes apart.
 * @param ntypes How many.
 * @param call   Transaction of the host and timeout; NULL for neither.
 * @retval ITSM_OK            Known, or the backend need not know.
 * @retval ITSM_E_MISUSE      A NULL.
 * @retval ITSM_E_UNSUPPORTED The backend cannot keep a type or field; the issue names it.
 * @retval ITSM_E_IO          Or another failure of the backend.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_store_define(itsm_ctx *ctx, itsm_store *store, const itsm_type_info *types,
                                                     size_t ntypes, const itsm_call *call);

/**
 * Give waiting audit entries their places.
 *
 * @param end   Number of sealed entries now; 0 if the backend does not tell (ITSM_NOTHING).
 * @param ctx   For issues, or NULL.
 * @param store A store.
 * @param max   Most entries to seal.
 * @param call  Transaction of the host and timeout; NULL for neither.
 * @retval ITSM_OK       Up to @p max were sealed, if any waited.
 * @retval ITSM_NOTHING  None ever wait here (ITSM_CAP_SEAL_SYNC), and the backend does not count them.
 * @retval ITSM_E_MISUSE A NULL.
 * @retval ITSM_E_IO     Or another failure of the backend.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_store_seal(uint64_t *end, itsm_ctx *ctx, itsm_store *store, uint32_t max,
                                                   const itsm_call *call);

/**
 * Make everything applied so far durable.
 *
 * @param ctx   For issues, or NULL.
 * @param store A store.
 * @param call  Timeout; NULL for none.
 * @retval ITSM_OK       It is.
 * @retval ITSM_NOTHING  The backend has nothing to flush.
 * @retval ITSM_E_MISUSE A NULL.
 * @retval ITSM_E_IO     The store failed and must be opened again.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_store_flush(itsm_ctx *ctx, itsm_store *store, const itsm_call *call);

/**
 * Maintain a store.
 *
 * @param ctx   For issues, or NULL.
 * @param store A store.
 * @param what  ITSM_MAINTAIN_COMPACT: purged content is physically gone on return.  ITSM_MAINTAIN_CHECK: everything
 *              kept is read and checked.  ITSM_MAINTAIN_CHECKPOINT: the next opening reads no more than is there.
 *              ITSM_MAINTAIN_REFRESH: views opened from now on see what other processes committed before this call.
 * @param call  Timeout; NULL for none.
 * @retval ITSM_OK            Done.
 * @retval ITSM_NOTHING       The backend has nothing to do here.
 * @retval ITSM_E_MISUSE      A NULL, or no such work.
 * @retval ITSM_E_CORRUPT     Damage was found; the issue says where.
 * @retval ITSM_E_IO          Or another failure of the backend.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_store_maintain(itsm_ctx *ctx, itsm_store *store, uint32_t what,
                                                       const itsm_call *call);

ITSM_END_C

#endif
