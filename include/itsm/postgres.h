/* SPDX-License-Identifier: MIT */
/**
 * @file itsm/postgres.h
 * A store in a PostgreSQL database: for several servers, any number of processes, and users who query with SQL.
 *
 * The library libitsm-postgres, beside libitsm; it stands on libpq.  Everything lies in one schema of the database:
 * rows as bytes (the truth), their index keys, the audit trail, and for each record type of the model a table with one
 * typed column per field, for queries.  docs/postgres.md has the tables, what the server must offer, and what to do with
 * replication, poolers and engines that speak PostgreSQL's protocol.
 *
 * A batch is one round trip: a function on the server locks its rows in order, checks, and writes.  Audit entries are
 * durable with their batch and get their places from itsm_store_seal(), which one process calls now and then.
 */
#ifndef ITSM_POSTGRES_H
#define ITSM_POSTGRES_H

#include <itsm/store.h>

ITSM_BEGIN_C

struct pg_conn; /* PGconn of <libpq-fe.h> */

/** How a store in PostgreSQL is opened: bits of `itsm_postgres_options.flags`. */
enum {
    ITSM_POSTGRES_READONLY = 1, /**< Only to read; nothing is made or written.  A standby will do. */
    ITSM_POSTGRES_EXISTING = 2  /**< ITSM_E_NOT_FOUND rather than a new schema. */
};

/** Options of the store; zero is the default of each. */
typedef struct itsm_postgres_options {
    size_t size;           /**< sizeof(itsm_postgres_options). */
    uint32_t flags;        /**< ITSM_POSTGRES_READONLY, ITSM_POSTGRES_EXISTING. */
    uint32_t connections;  /**< Most connections at a time, 2 to 1000; 0 = 16.  An open view holds one. */
    itsm_str schema;       /**< Name of the schema, 1 to 63 bytes without a NUL; empty = "itsm". */
    uint32_t statement_ms; /**< Longest a statement may run on the server; 0 = 60,000. */
    uint32_t lock_ms;      /**< Longest a batch waits for rows that others write; 0 = 10,000. */
    uint32_t answer_ms;    /**< Longest silence of the server before the link counts as lost; 0 = 90,000. */
    uint32_t reserved;     /**< 0 */
} itsm_postgres_options;

/** Start value of @ref itsm_postgres_options. */
#define ITSM_POSTGRES_OPTIONS_INIT { sizeof(itsm_postgres_options), 0, 0, { NULL, 0 }, 0, 0, 0, 0 }

/**
 * Open the store in a schema of a database, or make one there.
 *
 * Has ITSM_CAP_SNAPSHOT, ITSM_CAP_MULTI_WRITER and ITSM_CAP_HOST_TXN; ITSM_CAP_MT if the context has mutexes;
 * ITSM_CAP_DURABLE if the server has `fsync` on and the session `synchronous_commit` not off.  What a synchronous standby
 * has received is the server's setting.
 *
 * A lost link is opened again by the next call that needs one, to whichever server of @p conninfo answers: with several
 * hosts and `target_session_attrs=read-write` that is the promoted standby after a failover.
 *
 * In a call, `host_txn` is a `PGconn *` inside a transaction the host has begun: reads and batches run there, a batch
 * within a savepoint of its own; it lasts if the host commits.  `timeout_ms` is the longest wait for locks, and for a view
 * the longest run of each read.
 *
 * What the statuses of a store mean here, beside those the calls state: BUSY a wait for locks, a statement or for a
 * connection took too long, or no server can be reached at present; RETRY a deadlock or a serialisation failure, and for
 * a read that the link was lost: open the view again; UNKNOWN the link was lost when a batch had been sent.
 *
 * @param out      Yours; freed by itsm_store_free().  NULL on failure.
 * @param ctx      Its allocator and mutexes are copied.
 * @param conninfo What libpq connects with: `host=/run/postgresql dbname=desk` or a URI; no NUL.
 * @param options  NULL for the defaults.
 * @retval ITSM_OK            @p out is a store.
 * @retval ITSM_E_NOMEM       No memory.
 * @retval ITSM_E_MISUSE      A NULL or a bad option.
 * @retval ITSM_E_NOT_FOUND   No such database; or ITSM_POSTGRES_EXISTING or _READONLY, and the schema is not there.
 * @retval ITSM_E_VERSION     The schema was made by a newer version.
 * @retval ITSM_E_UNSUPPORTED The server is older than PostgreSQL 12, or its encoding is not UTF-8.
 * @retval ITSM_E_READONLY    The user may not do that, or the server takes no writes.
 * @retval ITSM_E_BUSY        No server can be reached, or it has no connection left.
 * @retval ITSM_E_IO          Another failure of the server; the issue has its words.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_store_postgres(itsm_store **out, itsm_ctx *ctx, itsm_str conninfo,
                                                       const itsm_postgres_options *options);

/** Audit entries that wait for their places. */
typedef struct itsm_postgres_lag {
    size_t size;      /**< sizeof(itsm_postgres_lag). */
    uint64_t waiting; /**< How many wait. */
    itsm_span oldest; /**< How long the oldest has waited, by the server's clock; 0 if none waits. */
} itsm_postgres_lag;

/** Start value of @ref itsm_postgres_lag. */
#define ITSM_POSTGRES_LAG_INIT { sizeof(itsm_postgres_lag), 0, 0 }

/**
 * Tell how far sealing is behind: the lag of the audit trail.  The same as `SELECT * FROM itsm.itsm_lag()`.
 *
 * @param out        Set `size` before.  As it was on failure.
 * @param ctx        For issues, or NULL.
 * @param connection A `PGconn *` of the host, not in use by another thread.
 * @param schema     As in the options; empty = "itsm".
 * @retval ITSM_OK          @p out is filled.
 * @retval ITSM_E_NOMEM     No memory.
 * @retval ITSM_E_MISUSE    A NULL, or a bad name.
 * @retval ITSM_E_NOT_FOUND There is no store in this schema.
 * @retval ITSM_E_IO        The server failed.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_postgres_lag_of(itsm_postgres_lag *out, itsm_ctx *ctx,
                                                        struct pg_conn *connection, itsm_str schema);

ITSM_END_C

#endif
