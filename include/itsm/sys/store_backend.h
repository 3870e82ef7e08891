/* SPDX-License-Identifier: MIT */
/**
 * @file itsm/sys/store_backend.h
 * What a storage backend implements.  The library does no I/O of its own: every byte it keeps goes through these methods.
 *
 * Two ideas carry it.  Everything kept is a *row* (type, id, revision, fields): records, links, clocks, history,
 * definitions and settings differ only in their type number.  Everything written goes through one atomic call, apply(),
 * whose every operation states the revision it expects; nothing is open between two calls but views and cursors, which
 * only read.
 *
 * Memory: the library never frees what a backend returns, a backend keeps nothing of the caller's after it has returned.
 * Threads: without ITSM_CAP_MT the library makes one call at a time on a store; a view or cursor is used by one thread.
 * Methods never throw, never longjmp, never call the library for the same store.
 */
#ifndef ITSM_SYS_STORE_BACKEND_H
#define ITSM_SYS_STORE_BACKEND_H
#include <itsm/base.h>

#ifdef __cplusplus
extern "C" {
#endif


/** The contract's number: raised only when the meaning of a method changes; a higher one is refused. */
#define ITSM_STORE_CONTRACT 1u

/* What a backend promises beyond the required minimum. */
#define ITSM_CAP_DURABLE        (UINT64_C(1) << 0) /**< OK from apply() survives power loss. */
#define ITSM_CAP_SNAPSHOT       (UINT64_C(1) << 1) /**< All reads of one view see one commit. */
#define ITSM_CAP_MT             (UINT64_C(1) << 2) /**< Several threads may call at once. */
#define ITSM_CAP_MULTI_WRITER   (UINT64_C(1) << 3) /**< Several processes may write. */
#define ITSM_CAP_NATIVE_INDEX   (UINT64_C(1) << 4) /**< Indexes are kept from the fields; op keys are ignored. */
#define ITSM_CAP_FOREIGN_WRITES (UINT64_C(1) << 5) /**< Others write these rows too: no caching. */
#define ITSM_CAP_BACKEND_REV    (UINT64_C(1) << 6) /**< The new revision is chosen by the backend (rev_out). */
#define ITSM_CAP_HOST_TXN       (UINT64_C(1) << 7) /**< Can write inside a transaction the host has open. */
#define ITSM_CAP_SEAL_SYNC      (UINT64_C(1) << 8) /**< apply() itself gives audit entries their final place. */

/** One field of a row.  @c no is the stable number of the field in the model, never its position. */
typedef struct itsm_row_field { uint16_t no; itsm_value value; } itsm_row_field;

/**
 * A row.  Both forms carry the same content: fields for a backend with columns, body for one that keeps bytes.
 * On the way in both are given.  On the way out a backend fills either one and zeroes the other.
 * The revision stands beside the content, never in it.
 */
typedef struct itsm_row {
    itsm_ref ref;
    uint64_t rev;
    const itsm_row_field *fields;
    size_t nfields;
    itsm_bytes body;
} itsm_row;

/** One entry of an index: keys order by memcmp. */
typedef struct itsm_index_key { uint32_t index; uint32_t unique; itsm_bytes key; } itsm_index_key;

/* What a backend with columns must know; the same tables the model's reflection gives. */
typedef struct itsm_field_info { uint16_t no; uint16_t kind; itsm_str name; } itsm_field_info;
typedef struct itsm_index_info {
    uint32_t index; /* within its type; 0 is always (type, id) */
    uint32_t unique;
    const uint16_t *fields;
    size_t nfields;
} itsm_index_info;
typedef struct itsm_type_info {
    size_t size; /* of this struct: the step from one element to the next */
    uint32_t type;
    uint32_t internal; /* 1: link, clock, history, definition ...: fits one generic table */
    itsm_str name;
    const itsm_field_info *fields;
    size_t nfields;
    const itsm_index_info *indexes;
    size_t nindexes;
} itsm_type_info;

/** What an operation of a batch does. */
enum {
    ITSM_CHECK = 1, /**< Only the expectation. */
    ITSM_PUT = 2,   /**< Insert or replace, with the complete new set of index keys. */
    ITSM_DEL = 3    /**< Leave a tombstone: the revision stays, so an old one never comes back to life. */
};
#define ITSM_REV_NONE UINT64_C(0) /**< Expect: no such row. */
#define ITSM_REV_ANY  UINT64_MAX  /**< No expectation. */

typedef struct itsm_op {
    uint32_t kind;   /* ITSM_CHECK ... */
    uint32_t flags;  /* 0 */
    uint64_t expect; /* the stored revision must equal this at the commit point */
    itsm_row row;    /* CHECK and DEL use row.ref only; PUT without BACKEND_REV stores row.rev */
    const itsm_index_key *keys;
    size_t nkeys;
} itsm_op;

/** At least one operation of every batch has an expectation: that makes sending a batch twice harmless. */
typedef struct itsm_batch {
    size_t size;
    size_t op_size; /* sizeof(itsm_op) as the caller was compiled */
    const itsm_op *ops;
    size_t nops;
    const itsm_bytes *audit; /* canonical audit entries, appended in this order */
    size_t naudit;
} itsm_batch;

typedef struct itsm_applied {
    size_t size;
    size_t failed_op;     /* on CONFLICT and UNIQUE: the first operation that failed, else SIZE_MAX */
    uint64_t audit_first; /* place of the first audit entry; UINT64_MAX if sealed later */
    uint64_t *rev_out;    /* NULL, or nops numbers to fill (BACKEND_REV) */
} itsm_applied;

/**
 * A range over one index, given twice like a row: typed for columns, encoded for keys.
 * The first @c neq fields equal @c eq; the next one lies in [from, to), NULL = open.
 */
typedef struct itsm_range {
    size_t size;
    uint32_t type;
    uint32_t index;
    uint32_t descending;
    uint32_t neq;
    const itsm_value *eq, *from, *to;
    itsm_bytes lo, hi;   /* lo <= key < hi by memcmp; hi.p == NULL = no end */
    uint64_t limit_hint; /* 0 = unknown */
} itsm_range;

/** Given to every call. */
typedef struct itsm_call {
    size_t size;
    void *host_txn;      /* the host's open transaction, or NULL */
    uint32_t timeout_ms; /* relative: the library has no clock; 0 = the backend's default */
    uint32_t flags;      /* 0 */
    char *message;       /* room for a message, NUL-terminated */
    size_t message_size;
} itsm_call;

/** The methods of a backend.  Members marked *optional* may be NULL. */
typedef struct itsm_store_methods {
    size_t size;       /**< sizeof(itsm_store_methods) as the backend was compiled. */
    uint32_t contract; /**< ITSM_STORE_CONTRACT. */
    uint32_t reserved; /**< 0 */
    uint64_t caps;     /**< ITSM_CAP_... */
    const char *name;

    /** *Optional.*  The model in use, before the first row moves and after each change of it.  A backend with columns
        checks its mapping here and answers ITSM_E_UNSUPPORTED, naming the field or state, rather than drop anything. */
    itsm_status (*define)(void *self, const itsm_call *call, const itsm_type_info *types, size_t ntypes);

    /* Reading.  A row from get() is valid until the next get() on that view, a row from next() until the next next()
       on that cursor; closing ends both. */
    itsm_status (*view_open)(void *self, const itsm_call *call, void **view);
    void (*view_close)(void *self, void *view);
    /** ITSM_OK or ITSM_NOTHING. */
    itsm_status (*get)(void *self, const itsm_call *call, void *view, itsm_ref ref, itsm_row *row);
    /** *Optional.*  Many rows in one round trip, in any order; a missing one is left out.  NULL: get() in a loop. */
    itsm_status (*get_many)(void *self, const itsm_call *call, void *view, const itsm_ref *refs, size_t n, void **cursor);
    itsm_status (*scan)(void *self, const itsm_call *call, void *view, const itsm_range *range, void **cursor);
    /** Sealed audit entries from a place on: row.ref.id.lo is the place, row.body the entry, bit for bit. */
    itsm_status (*audit_scan)(void *self, const itsm_call *call, void *view, uint64_t from, void **cursor);
    /** ITSM_OK or ITSM_DONE. */
    itsm_status (*next)(void *self, const itsm_call *call, void *cursor, itsm_row *row);
    void (*cursor_close)(void *self, void *cursor);

    /* Writing: all or nothing, in one call. */
    itsm_status (*apply)(void *self, const itsm_call *call, const itsm_batch *batch, itsm_applied *applied);
    /** A block of n numbers of a named sequence, never given again; gaps are allowed. */
    itsm_status (*reserve)(void *self, const itsm_call *call, const char *sequence, uint32_t n, uint64_t *first);
    /** Required without SEAL_SYNC: give up to @p max waiting entries their places, under one lock, an earlier change
        of a row before a later one.  @p end: number of sealed entries now. */
    itsm_status (*audit_seal)(void *self, const itsm_call *call, uint32_t max, uint64_t *end);

    /** *Optional.*  FOREIGN_WRITES: rows that others changed since @p token, which is moved on. */
    itsm_status (*foreign)(void *self, const itsm_call *call, void *view, uint64_t *token, void **cursor);
    /** *Optional.*  Everything applied so far is durable on return. */
    itsm_status (*flush)(void *self, const itsm_call *call);
    /** *Optional.*  ITSM_MAINTAIN_COMPACT: purged content is physically gone on return.  ITSM_MAINTAIN_CHECK. */
    itsm_status (*maintain)(void *self, const itsm_call *call, uint32_t what);
    void (*close)(void *self);
    /* Members above: since 0.1.  New members are only ever added below. */
} itsm_store_methods;

enum { ITSM_MAINTAIN_COMPACT = 1, ITSM_MAINTAIN_CHECK = 2 };

/*
 * A backend is made a store by (in <itsm/store.h>):
 *
 *   itsm_status itsm_store_new(itsm_store **out, itsm_ctx *ctx, const itsm_store_methods *methods, void *self);
 *
 * The methods are copied up to methods->size; self belongs to the store from then on, also when the call fails.
 */
#ifdef __cplusplus
}
#endif
#endif
