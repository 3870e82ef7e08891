/* SPDX-License-Identifier: MIT */
/**
 * @file itsm/check.h
 * Is it a store?  A conformance kit for storage backends, and a store that fails on request.
 *
 * For those who write a backend (<itsm/sys/store_backend.h>): itsm_check_run() puts it through some two hundred named
 * cases and a long run of random operations beside a model, and says of each whether it held.  For those who use a
 * store: itsm_check_fault() stands in front of any store and makes the n-th call fail, so that what the caller does
 * then can be tested.
 *
 * A library of its own, libitsm-check (`itsm::check`, `itsm-check.pc`), with the program itsm-store-check that prints
 * the results as TAP.  It stands on the public headers alone and needs no test framework.
 */
#ifndef ITSM_CHECK_H
#define ITSM_CHECK_H

#include <itsm/store.h>

ITSM_BEGIN_C

/* Conformance ----------------------------------------------------------------------------------------------------- */

/**
 * How the kit gets at the stores of a backend.  Each case runs on a new, empty store.
 *
 * Every store the kit is given it frees itself by itsm_store_free(), except one given to @c kill.
 */
typedef struct itsm_check_host {
    size_t size; /**< sizeof(itsm_check_host). */
    /** Make a new store: nothing of an earlier one is in it.  What is left of an earlier one is taken away here or in
        @c destroy. */
    itsm_status (*make)(void *self, itsm_store **out, itsm_ctx *ctx);
    /** Open the last store again, which was freed or killed.  NULL: nothing outlives the store, as in memory. */
    itsm_status (*reopen)(void *self, itsm_store **out, itsm_ctx *ctx);
    /** Give a store up as if its process had been killed here: no orderly close reaches what is kept.  The store is the
        host's from then on.  NULL: the kit does not ask for it. */
    itsm_status (*kill)(void *self, itsm_store *store);
    /** Take away what the last store left.  No store is open.  NULL: there is nothing to do. */
    void (*destroy)(void *self);
    /** Call @p body once with each number below @p n, each in a thread of its own, and return when all have returned.
        NULL: there are no threads; what needs them is skipped. */
    itsm_status (*parallel)(void *self, uint32_t n, void (*body)(void *user, uint32_t i), void *user);
    /** Make a context for one of these threads, one that has mutexes; freed by itsm_ctx_free().  NULL: the kit makes
        one like its own. */
    itsm_status (*context)(void *self, itsm_ctx **out);
    /** ITSM_CAP_HOST_TXN: open a transaction in the host's own way; it is given to the store as `call.host_txn`.  NULL:
        what needs one is skipped. */
    itsm_status (*begin)(void *self, itsm_store *store, void **txn);
    /** End it: 1 commits, 0 rolls back. */
    itsm_status (*end)(void *self, itsm_store *store, void *txn, int commit);
    void *self; /**< Passed to all of them. */
} itsm_check_host;

/** Start value of @ref itsm_check_host. */
#define ITSM_CHECK_HOST_INIT { sizeof(itsm_check_host), NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL }

/** What came of a case. */
enum {
    ITSM_CHECK_PASSED = 0,  /**< The claim held. */
    ITSM_CHECK_FAILED = 1,  /**< It did not; the message says what was seen. */
    ITSM_CHECK_SKIPPED = 2, /**< It is about a capability that the store, or a callback that the host has not. */
    ITSM_CHECK_LISTED = 3   /**< It was not run. */
};

/** One case. */
typedef struct itsm_check_case {
    size_t size;      /**< sizeof(itsm_check_case). */
    uint32_t number;  /**< From 1, in the order of the kit. */
    uint32_t outcome; /**< ITSM_CHECK_PASSED ... */
    itsm_str group;   /**< E.g. "tombstones". */
    itsm_str name;    /**< The claim, e.g. "an old revision does not come back to life". */
    itsm_str message; /**< FAILED: what was seen; SKIPPED: what is missing.  Borrowed for the time of the call. */
} itsm_check_case;

/** Start value of @ref itsm_check_case. */
#define ITSM_CHECK_CASE_INIT { sizeof(itsm_check_case), 0, 0, { NULL, 0 }, { NULL, 0 }, { NULL, 0 } }

/**
 * Take the outcome of a case.
 *
 * @param user As given.
 * @param done The case.
 * @return ITSM_OK; anything else ends the run and comes back unchanged.
 * @since 0.1
 */
typedef itsm_status (*itsm_check_case_fn)(void *user, const itsm_check_case *done);

/** What is run; zero is the default of each. */
typedef struct itsm_check_options {
    size_t size;         /**< sizeof(itsm_check_options). */
    uint64_t seed;       /**< Of random operations; 0: the kit's own. */
    uint64_t operations; /**< How many random operations in all; 0: 100,000. */
    itsm_str group;      /**< Only this group; empty: all. */
    itsm_str name;       /**< Only the case of this name; empty: all. */
    itsm_check_case_fn fn; /**< Called after each case, or NULL. */
    void *user;            /**< Passed to @c fn. */
} itsm_check_options;

/** Start value of @ref itsm_check_options. */
#define ITSM_CHECK_OPTIONS_INIT { sizeof(itsm_check_options), 0, 0, { NULL, 0 }, { NULL, 0 }, NULL, NULL }

/** What came of a run. */
typedef struct itsm_check_result {
    size_t size;          /**< sizeof(itsm_check_result). */
    uint32_t cases;       /**< Run or skipped. */
    uint32_t passed;      /**< How many held. */
    uint32_t failed;      /**< How many did not: 0 for a conforming store. */
    uint32_t skipped;     /**< How many were about something the store or the host has not. */
    uint64_t caps;        /**< Capabilities of the store. */
    uint64_t seed;        /**< Of the random operations. */
    uint64_t operations;  /**< Random operations done. */
    uint64_t differences; /**< Between the store and the model. */
    char name[32];        /**< Of the backend, NUL-terminated, cut if longer. */
} itsm_check_result;

/** Start value of @ref itsm_check_result. */
#define ITSM_CHECK_RESULT_INIT { sizeof(itsm_check_result), 0, 0, 0, 0, 0, 0, 0, 0, { 0 } }

/**
 * Run the cases on a backend.  Some seconds, and for a durable one as long as its commits take (about 5,000).
 *
 * A case ends at the first thing that is not as it must be.  Cases do not depend on each other: each has a store of its
 * own.  With the same seed a run does the same, but for the order in which threads come.
 *
 * @param out     What came of it: set @c size first.  Filled as far as the run came.
 * @param ctx     Gives memory to kit and stores; its mutexes are those of the stores.
 * @param host    The backend's stores.
 * @param options NULL for the defaults.
 * @retval ITSM_OK          All cases were run: @p out says how many held.
 * @retval ITSM_E_MISUSE    A NULL, a `size` too small, or no `make`.
 * @retval ITSM_E_NOT_FOUND There is no such group or case.
 * @retval ITSM_E_NOMEM     No memory for the kit itself.
 * @return Any code of @c make or of @c fn that ended the run.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_check_run(itsm_check_result *out, itsm_ctx *ctx, const itsm_check_host *host,
                                                  const itsm_check_options *options);

/**
 * Count the cases of the kit.
 *
 * @return How many.
 * @since 0.1
 */
ITSM_API size_t itsm_check_count(void);

/**
 * Look at a case without running it.
 *
 * @param out Set @c size first.  Its texts are static.
 * @param i   From 0 to the count.
 * @retval ITSM_OK       @p out is filled, its outcome ITSM_CHECK_LISTED.
 * @retval ITSM_NOTHING  There is no such case.
 * @retval ITSM_E_MISUSE @p out is NULL or its `size` too small.
 * @since 0.1
 */
ITSM_API itsm_status itsm_check_case_at(itsm_check_case *out, size_t i);

/* Faults ---------------------------------------------------------------------------------------------------------- */

/** Calls of a store: bits of `itsm_check_plan.calls`. */
enum {
    ITSM_CALL_VIEW = 1 << 0,       /**< view_open */
    ITSM_CALL_GET = 1 << 1,        /**< get */
    ITSM_CALL_GET_MANY = 1 << 2,   /**< get_many */
    ITSM_CALL_SCAN = 1 << 3,       /**< scan */
    ITSM_CALL_AUDIT_SCAN = 1 << 4, /**< audit_scan */
    ITSM_CALL_NEXT = 1 << 5,       /**< next, of any cursor */
    ITSM_CALL_APPLY = 1 << 6,      /**< apply */
    ITSM_CALL_RESERVE = 1 << 7,    /**< reserve */
    ITSM_CALL_SEAL = 1 << 8,       /**< audit_seal */
    ITSM_CALL_DEFINE = 1 << 9,     /**< define */
    ITSM_CALL_FOREIGN = 1 << 10,   /**< foreign */
    ITSM_CALL_FLUSH = 1 << 11,     /**< flush */
    ITSM_CALL_MAINTAIN = 1 << 12,  /**< maintain */
    ITSM_CALL_READ = 0x43f,        /**< All that read rows: view, get, get_many, scan, audit_scan, next, foreign. */
    ITSM_CALL_ANY = 0x1fff         /**< All. */
};

/** What happens to a call whose turn it is. */
enum {
    ITSM_FAULT_BEFORE = 0, /**< It answers @c status and has no effect. */
    ITSM_FAULT_AFTER = 1,  /**< It is done, and answers @c status all the same: an answer that was lost. */
    ITSM_FAULT_SHORT = 2,  /**< get: there is no such row.  next: there are no more. */
    ITSM_FAULT_TWICE = 3,  /**< next: the row before it once more. */
    ITSM_FAULT_FLIP = 4,   /**< get, next: one bit of the row is another: of its content if it has any. */
    ITSM_FAULT_WAIT = 5    /**< @c wait is called first, then the call is done as always. */
};

/**
 * Which calls fail, and how.  The caller's; read and counted by the store made with it, so it may be changed between
 * calls, by the thread that makes them or while none is made.
 */
typedef struct itsm_check_plan {
    size_t size;        /**< sizeof(itsm_check_plan). */
    uint32_t calls;     /**< Kinds of calls that are counted: ITSM_CALL_... */
    uint32_t how;       /**< ITSM_FAULT_BEFORE ... */
    uint64_t at;        /**< The n-th of them is the first to fail, from 1; counted down.  0: none fails. */
    uint64_t times;     /**< How many of them fail one after the other; counted down.  UINT64_MAX: all from there on. */
    itsm_status status; /**< What a call that fails answers, e.g. ITSM_E_IO. */
    uint32_t bit;       /**< ITSM_FAULT_FLIP: which bit, counted round. */
    void (*wait)(void *user, uint32_t call); /**< ITSM_FAULT_WAIT: called with the kind of call. */
    void *user;                              /**< Passed to @c wait. */
    uint64_t failed;                         /**< How many calls were treated so. */
    uint64_t applied;                        /**< Batches that the store behind took. */
} itsm_check_plan;

/** Start value of @ref itsm_check_plan, by which nothing fails. */
#define ITSM_CHECK_PLAN_INIT { sizeof(itsm_check_plan), 0, 0, 0, 0, 0, 0, NULL, NULL, 0, 0 }

/**
 * Put a store in front of another one that fails as a plan says.
 *
 * It has the capabilities of the store behind it (ITSM_CAP_MT only if @p ctx has mutexes), and passes everything on
 * that does not fail.  A storm of conflicts is @c status ITSM_E_CONFLICT with @c times above 1; a lost answer is
 * ITSM_FAULT_AFTER with ITSM_E_UNKNOWN; no memory is ITSM_E_NOMEM.
 *
 * @param out   Yours; freed by itsm_store_free().  NULL on failure.
 * @param ctx   Its allocator and mutexes are copied.
 * @param inner The store behind; stays its owner's, and must outlive @p out.
 * @param plan  Must outlive @p out.
 * @retval ITSM_OK       @p out is a store.
 * @retval ITSM_E_NOMEM  No memory.
 * @retval ITSM_E_MISUSE A NULL, or the `size` of the plan is too small.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_check_fault(itsm_store **out, itsm_ctx *ctx, itsm_store *inner,
                                                    itsm_check_plan *plan);

ITSM_END_C

#endif
