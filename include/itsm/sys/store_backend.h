/* SPDX-License-Identifier: MIT */
/**
 * @file itsm/sys/store_backend.h
 * What a storage backend implements.  The library does no I/O of its own: every byte it keeps goes through these
 * methods.
 *
 * Two ideas carry it.  Everything kept is a *row* (type, id, revision, fields): records, links, clocks, history,
 * definitions and settings differ only in their type number.  Everything written goes through one atomic call, apply(),
 * whose every operation states the revision it expects; nothing is open between two calls but views and cursors, which
 * only read.
 *
 * What every backend keeps, whatever its capabilities:
 *
 * 1. A batch is all or nothing, for every later reader and after every crash: rows, index keys and audit entries.
 * 2. Every expectation of a batch that was applied was true at one instant, and nothing came between that and its
 *    writes.
 * 3. A view that is opened after a batch was answered ITSM_OK sees it.
 * 4. A scan goes in the order of memcmp, a key before those it begins.  It gives a row once for each of its keys that
 *    lies in the range, so once where a row has one key in an index.  Rows that change while a scan is open come once,
 *    as they were or as they are, never both; without ITSM_CAP_SNAPSHOT they may also be left out.
 * 5. Bytes come back as they were given, all of them; a row is never seen in parts.
 * 6. A number of a sequence is given once, whatever happens.
 * 7. A failure other than ITSM_E_UNKNOWN had no effect.
 *
 * Batches come checked: kinds and flags are known, sizes within the ITSM_STORE_... maxima, revisions rise, no row is
 * written twice, no audit entry is empty, at least one operation has an expectation.  What comes back is checked too,
 * as far as that is cheap: a row that was not asked for, or with neither fields nor a body, is ITSM_E_CORRUPT.
 *
 * Memory: the library never frees what a backend returns, a backend keeps nothing of the caller's after it has
 * returned.  What a row points to is the backend's; it stays until the next call of its kind on the same view or cursor,
 * or its closing, and through any other call, writes included.
 *
 * Threads: without ITSM_CAP_MT the library makes one call at a time on a store, though not always from one thread; with
 * it, any number.  A view and its cursors are used by one thread at a time in either case.  Methods never throw, never
 * longjmp, never call the library for the same store.
 *
 * Stability: this interface has a promise of its own.  ITSM_STORE_CONTRACT is raised only when the meaning of something
 * here changes; the library refuses a higher number than its own, and goes on serving lower ones.  Structs begin with
 * their size and grow at their end only, arrays of them state their step, new methods are optional, new capabilities
 * are new bits: a backend compiled today runs with every later library of the same contract number, and its source
 * compiles.
 *
 * Whether something is a backend is decided by the conformance kit, <itsm/check.h>; docs/backends.md shows how to write
 * one.
 */
#ifndef ITSM_SYS_STORE_BACKEND_H
#define ITSM_SYS_STORE_BACKEND_H

#include <itsm/base.h>

ITSM_BEGIN_C

/** The contract's number: raised only when the meaning of a method changes; a higher one is refused. */
#define ITSM_STORE_CONTRACT 1u

/* What a backend promises beyond the required minimum.  Bits that the library does not know are ignored. */
#define ITSM_CAP_DURABLE (UINT64_C(1) << 0)        /**< OK from apply() and reserve() survives power loss. */
#define ITSM_CAP_SNAPSHOT (UINT64_C(1) << 1)       /**< All reads of one view see one commit, that of its opening. */
#define ITSM_CAP_MT (UINT64_C(1) << 2)             /**< Several threads may call at once. */
#define ITSM_CAP_MULTI_WRITER (UINT64_C(1) << 3)   /**< Several processes may write. */
#define ITSM_CAP_NATIVE_INDEX (UINT64_C(1) << 4)   /**< Indexes of the types that define() named are kept from the
                                                        fields, and their keys in operations ignored; needs define(). */
#define ITSM_CAP_FOREIGN_WRITES (UINT64_C(1) << 5) /**< Others write these rows too, raising revisions: no caching. */
#define ITSM_CAP_BACKEND_REV (UINT64_C(1) << 6)    /**< The new revision is chosen by the backend (rev_out), above every
                                                        one the row had. */
#define ITSM_CAP_HOST_TXN (UINT64_C(1) << 7)       /**< Reads and writes inside a transaction the host has open. */
#define ITSM_CAP_SEAL_SYNC (UINT64_C(1) << 8)      /**< apply() itself gives audit entries their final place. */

/** One field of a row.  @since 0.1 */
typedef struct itsm_row_field {
    uint16_t no;      /**< The stable number of the field in the model, never its position. */
    itsm_value value; /**< Its value. */
} itsm_row_field;

/**
 * A row.  Both forms carry the same content: fields for a backend with columns, body for one that keeps bytes.
 * On the way in both are given, but for rows of types that define() did not name: they have a body only.  On the way
 * out a backend fills either one and zeroes the other; rows come to it zeroed.  A body of no bytes is a body: its
 * pointer is not NULL.  Fields stand in ascending order of their numbers.  The revision stands beside the content,
 * never in it.
 *
 * @since 0.1
 */
typedef struct itsm_row {
    itsm_ref ref;                 /**< Which row. */
    uint64_t rev;                 /**< Its revision; never ITSM_REV_NONE or ITSM_REV_ANY. */
    const itsm_row_field *fields; /**< The content as fields, or NULL. */
    size_t nfields;               /**< How many. */
    itsm_bytes body;              /**< The content as canonical bytes, or zero. */
} itsm_row;

/**
 * One entry of an index: keys order by memcmp, a key before those it begins.  A row may have none in an index, or
 * several; the same one twice counts once.  At most ITSM_STORE_KEY_MAX bytes, and it may be empty.
 *
 * @since 0.1
 */
typedef struct itsm_index_key {
    uint32_t index;  /**< Number of the index within the type; never 0. */
    uint32_t unique; /**< 1: no other row may have this key. */
    itsm_bytes key;  /**< The key. */
} itsm_index_key;

/* What a backend with columns must know; the same tables the model's reflection gives. */

/** A field, for define().  @since 0.1 */
typedef struct itsm_field_info {
    uint16_t no;   /**< Its stable number. */
    uint16_t kind; /**< ITSM_TEXT ... */
    itsm_str name; /**< Its name. */
} itsm_field_info;

/** An index, for define().  @since 0.1 */
typedef struct itsm_index_info {
    uint32_t index;         /**< Number within its type; 0 is always (type, id). */
    uint32_t unique;        /**< 1: no two rows have the same key. */
    const uint16_t *fields; /**< Numbers of its fields, in order. */
    size_t nfields;         /**< How many. */
} itsm_index_info;

/** A type, for define().  @since 0.1 */
typedef struct itsm_type_info {
    size_t size;                    /**< Of this struct: the step from one element to the next. */
    uint32_t type;                  /**< Its stable number. */
    uint32_t internal;              /**< 1: link, clock, history, definition ...: fits one generic table. */
    itsm_str name;                  /**< Its name. */
    const itsm_field_info *fields;  /**< Its fields. */
    size_t nfields;                 /**< How many. */
    const itsm_index_info *indexes; /**< Its indexes. */
    size_t nindexes;                /**< How many. */
} itsm_type_info;

/** What an operation of a batch does. */
enum {
    ITSM_CHECK = 1, /**< Only the expectation. */
    ITSM_PUT = 2,   /**< Insert or replace, with the complete new set of index keys. */
    ITSM_DEL = 3    /**< Leave a tombstone: the revision stays, so an old one never comes back to life. */
};

#define ITSM_REV_NONE UINT64_C(0) /**< Expect: no such row. */
#define ITSM_REV_ANY UINT64_MAX   /**< No expectation. */

/**
 * One operation.  All expectations of a batch look at the state before it; a row is written by at most one operation.
 *
 * A tombstone is no row: ITSM_REV_NONE holds, any revision does not.  A PUT over it must carry a revision above the
 * tombstone's, else it is a CONFLICT, whatever it expects: so a batch sent again stays without effect even if what it
 * wrote has been deleted since.  (With ITSM_CAP_BACKEND_REV the backend's own revision is above it, and this does not
 * hold.)  Unique keys are judged by the state after the batch: a key may change hands in it.  A CHECK and a DEL of what
 * is not there, without an expectation, do nothing.
 *
 * @since 0.1
 */
typedef struct itsm_op {
    uint32_t kind;              /**< ITSM_CHECK, ITSM_PUT or ITSM_DEL. */
    uint32_t flags;             /**< 0 */
    uint64_t expect;            /**< The stored revision must equal this at the commit point. */
    itsm_row row;               /**< CHECK and DEL use row.ref only; PUT without BACKEND_REV stores row.rev. */
    const itsm_index_key *keys; /**< PUT: all index keys of the row.  The same key twice counts once. */
    size_t nkeys;               /**< How many. */
} itsm_op;

/** At least one operation of every batch has an expectation: that makes sending a batch twice harmless.  @since 0.1 */
typedef struct itsm_batch {
    size_t size;             /**< sizeof(itsm_batch). */
    size_t op_size;          /**< sizeof(itsm_op) as the caller was compiled: the step from one to the next. */
    const itsm_op *ops;      /**< The operations. */
    size_t nops;             /**< How many. */
    const itsm_bytes *audit; /**< Canonical audit entries, appended in this order; none is empty. */
    size_t naudit;           /**< How many. */
} itsm_batch;

/** What came of a batch.  @since 0.1 */
typedef struct itsm_applied {
    size_t size;          /**< sizeof(itsm_applied). */
    size_t failed_op;     /**< On CONFLICT: the first operation whose expectation does not hold; on UNIQUE: one that
                               puts a taken key; else SIZE_MAX. */
    uint64_t audit_first; /**< Place of the first audit entry; UINT64_MAX if sealed later. */
    uint64_t *rev_out;    /**< NULL, or nops numbers to fill (BACKEND_REV): the new revision of each PUT. */
} itsm_applied;

/**
 * A range over one index, given twice like a row: typed for columns, encoded for keys.
 * The first @c neq fields equal @c eq; the next one lies in [from, to), NULL = open.  Of types that define() did not
 * name, and of index 0, only the bytes are given; both say the same where both are.  Bounds may be of any length and
 * lie between keys; a range that ends before it starts is empty.
 * For index 0 the encoded key is the id: both halves, most significant byte first, 16 bytes.
 *
 * @since 0.1
 */
typedef struct itsm_range {
    size_t size;            /**< sizeof(itsm_range). */
    uint32_t type;          /**< Of which rows. */
    uint32_t index;         /**< Which index of the type. */
    uint32_t descending;    /**< 1: from the end of the range to its start. */
    uint32_t neq;           /**< Number of fields that are equal. */
    const itsm_value *eq;   /**< Their values. */
    const itsm_value *from; /**< Start of the next field, included. */
    const itsm_value *to;   /**< End of the next field, excluded. */
    itsm_bytes lo;          /**< lo <= key, by memcmp. */
    itsm_bytes hi;          /**< key < hi, by memcmp; hi.p == NULL = no end. */
    uint64_t limit_hint;    /**< How many rows will be read, a hint only; 0 = unknown. */
} itsm_range;

/** Given to every call.  @since 0.1 */
typedef struct itsm_call {
    size_t size;         /**< sizeof(itsm_call). */
    void *host_txn;      /**< ITSM_CAP_HOST_TXN: the host's open transaction, or NULL. */
    uint32_t timeout_ms; /**< Longest wait, relative: the library has no clock; 0 = the backend's default. */
    uint32_t flags;      /**< 0 */
    char *message;       /**< Room for a sentence about a failure, NUL-terminated; it becomes the issue users read. */
    size_t message_size; /**< Bytes of room. */
} itsm_call;

/**
 * The methods of a backend.  Members marked *optional* may be NULL; the others are required.
 *
 * Any method may answer ITSM_E_NOMEM, ITSM_E_IO, ITSM_E_BUSY (the timeout passed), ITSM_E_CORRUPT, ITSM_E_VERSION or a
 * host's own code (ITSM_E_HOST_FIRST to ITSM_E_HOST_LAST), which comes back to the caller unchanged.  After ITSM_E_IO
 * from a write the store refuses writes until it is opened again; a flush that failed is never tried again.
 *
 * @since 0.1
 */
typedef struct itsm_store_methods {
    size_t size;       /**< sizeof(itsm_store_methods) as the backend was compiled. */
    uint32_t contract; /**< ITSM_STORE_CONTRACT. */
    uint32_t reserved; /**< 0 */
    uint64_t caps;     /**< ITSM_CAP_... */
    const char *name;  /**< Of the backend, for messages; must outlive the store. */

    /** *Optional*; required with ITSM_CAP_NATIVE_INDEX.  The model in use, before the first row moves and after each
        change of it; told again it is the same.  A backend with columns checks its mapping here and answers
        ITSM_E_UNSUPPORTED, naming the field or state, rather than drop anything.  @p types is not kept. */
    itsm_status (*define)(void *self, const itsm_call *call, const itsm_type_info *types, size_t ntypes);

    /* Reading.  A row from get() is valid until the next get() on that view, a row from next() until the next next()
       on that cursor; closing ends both. */

    /** Open a view: it sees everything written before.  Many may be open at once, and must not hold up writers.  The
        handle may be NULL. */
    itsm_status (*view_open)(void *self, const itsm_call *call, void **view);
    /** Close a view.  Its cursors are closed. */
    void (*view_close)(void *self, void *view);
    /** ITSM_OK or ITSM_NOTHING.  With ITSM_NOTHING @c rev of the row may tell the revision of a tombstone, else 0. */
    itsm_status (*get)(void *self, const itsm_call *call, void *view, itsm_ref ref, itsm_row *row);
    /** *Optional*.  Many rows in one round trip, in any order, each once; a missing one is left out.  NULL: get() in a
        loop.  @p refs differ and stay as long as the cursor. */
    itsm_status (*get_many)(void *self, const itsm_call *call, void *view, const itsm_ref *refs, size_t n, void **cursor);
    /** Open a cursor over a range, in memcmp order of the keys, among equal keys in any order; not NULL.
        ITSM_E_UNSUPPORTED: an index of a named type that the backend does not keep.  @p range is not kept. */
    itsm_status (*scan)(void *self, const itsm_call *call, void *view, const itsm_range *range, void **cursor);
    /** Sealed audit entries from a place on, in order: row.ref.id.lo is the place, counted from 0 without gaps,
        row.body the entry, bit for bit.  At or behind the end there are none. */
    itsm_status (*audit_scan)(void *self, const itsm_call *call, void *view, uint64_t from, void **cursor);
    /** ITSM_OK, or ITSM_DONE at the end and for ever after.  After a failure it may be called again. */
    itsm_status (*next)(void *self, const itsm_call *call, void *cursor, itsm_row *row);
    /** Close a cursor, at its end or before. */
    void (*cursor_close)(void *self, void *cursor);

    /** Write a batch: all or nothing, in one call.  ITSM_OK; ITSM_E_CONFLICT if an expectation does not hold, whatever
        else is wrong; ITSM_E_UNIQUE if a unique key belongs to another row; ITSM_E_RETRY (a deadlock or serialization
        failure), ITSM_E_FULL, ITSM_E_READONLY or another failure without effect; ITSM_E_UNKNOWN if it may have been
        applied: the caller sends the same batch again. */
    itsm_status (*apply)(void *self, const itsm_call *call, const itsm_batch *batch, itsm_applied *applied);
    /** A block of n numbers of a named sequence, from 1 on, never given again; gaps are allowed.  Not undone by a
        host's transaction.  ITSM_E_RANGE: there are none left. */
    itsm_status (*reserve)(void *self, const itsm_call *call, const char *sequence, uint32_t n, uint64_t *first);
    /** Required without ITSM_CAP_SEAL_SYNC: give up to @p max waiting entries their places, under one lock, an earlier
        change of a row before a later one, entries of one batch in their order.  @p end: number of entries sealed. */
    itsm_status (*audit_seal)(void *self, const itsm_call *call, uint32_t max, uint64_t *end);

    /** *Optional*.  ITSM_CAP_FOREIGN_WRITES: rows that others changed since @p token, which is moved on; 0 is the
        start.  Each as it is now, one that was deleted by its ref alone.  Rows that the library itself wrote may be
        among them. */
    itsm_status (*foreign)(void *self, const itsm_call *call, void *view, uint64_t *token, void **cursor);
    /** *Optional*.  Everything applied so far is durable on return. */
    itsm_status (*flush)(void *self, const itsm_call *call);
    /** *Optional*.  ITSM_MAINTAIN_COMPACT: purged content is physically gone on return, tombstones and their revisions
        stay.  ITSM_MAINTAIN_CHECK: everything kept is read and checked; ITSM_E_CORRUPT if something is damaged.
        ITSM_NOTHING: there is nothing to do, or the backend has no use for it. */
    itsm_status (*maintain)(void *self, const itsm_call *call, uint32_t what);
    /** Close the backend; no view is open, nothing of it is used any more. */
    void (*close)(void *self);
    /* Members above: since 0.1.  New members are only ever added below. */
} itsm_store_methods;

/** What maintain() does. */
enum {
    ITSM_MAINTAIN_COMPACT = 1,    /**< Purged content is physically gone on return. */
    ITSM_MAINTAIN_CHECK = 2,      /**< Everything kept is read and checked. */
    ITSM_MAINTAIN_CHECKPOINT = 3, /**< What the next opening must read is made short. */
    ITSM_MAINTAIN_REFRESH = 4     /**< Opened to read while others write: what they committed is seen from now on. */
};

/*
 * A backend is made a store by (in <itsm/store.h>):
 *
 *   itsm_status itsm_store_new(itsm_store **out, itsm_ctx *ctx, const itsm_store_methods *methods, void *self);
 *
 * The methods are copied up to methods->size; self belongs to the store from then on, also when the call fails.
 */

ITSM_END_C

#endif
