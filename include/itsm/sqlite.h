/* SPDX-License-Identifier: MIT */
/**
 * @file itsm/sqlite.h
 * A store in an SQLite database: bigger than memory, for several processes, open to SQL.  Library: libitsm-sqlite.
 *
 * Each record type of the model is a table of its name, with a column for each field, so that people can query it; links,
 * clocks, history and whatever else the library keeps stand in tables whose names begin with `itsm_`.  The bytes in the
 * column `itsm_body` are the record; the other columns are written beside them and never read by the library.
 *
 * Needs SQLite 3.25 or newer.
 */
#ifndef ITSM_SQLITE_H
#define ITSM_SQLITE_H

#include <itsm/store.h>

ITSM_BEGIN_C

struct sqlite3; /* <sqlite3.h> */

/** How a database is opened: bits of `itsm_sqlite_options.flags`. */
enum {
    ITSM_SQLITE_READONLY = 1, /**< Only to read. */
    ITSM_SQLITE_EXISTING = 2  /**< ITSM_E_NOT_FOUND rather than a new store. */
};

/** When a commit is on the disk. */
enum {
    ITSM_SQLITE_FULL = 0,    /**< Before apply() returns: `synchronous=FULL`. */
    ITSM_SQLITE_RELAXED = 1, /**< At the next checkpoint of the log: the last commits may be lost, nothing is damaged. */
    ITSM_SQLITE_OFF = 2      /**< When the system likes; power loss may damage the database.  For tests and loads. */
};

/** Options of the SQLite store; zero is the default of each. */
typedef struct itsm_sqlite_options {
    size_t size;              /**< sizeof(itsm_sqlite_options). */
    uint32_t flags;           /**< ITSM_SQLITE_READONLY, ITSM_SQLITE_EXISTING. */
    uint32_t durability;      /**< ITSM_SQLITE_FULL, ITSM_SQLITE_RELAXED or ITSM_SQLITE_OFF. */
    uint32_t busy_timeout_ms; /**< Longest wait for a lock of another connection; 0 = 5000. */
    uint32_t reserved;        /**< 0 */
    struct sqlite3 *db;       /**< A connection of the host's, or NULL; see itsm_store_sqlite(). */
} itsm_sqlite_options;

/** Start value of @ref itsm_sqlite_options. */
#define ITSM_SQLITE_OPTIONS_INIT { sizeof(itsm_sqlite_options), 0, 0, 0, 0, NULL }

/**
 * Open the store in an SQLite database, or make one there.
 *
 * With a path the store opens its own connections, in WAL mode: one to write, and one for each view that is open, kept
 * for the next.  Any number of processes may do so.  It has ITSM_CAP_SNAPSHOT, ITSM_CAP_SEAL_SYNC,
 * ITSM_CAP_MULTI_WRITER, ITSM_CAP_DURABLE with ITSM_SQLITE_FULL, and ITSM_CAP_MT if the context has mutexes and SQLite
 * was built for threads.  The file must be on a local disk: WAL does not work over a network.
 *
 * With `options->db` everything goes through that connection of the host's (ITSM_CAP_HOST_TXN): tables are made in its
 * main database, and when the host has a transaction open, batches become part of it, each in a savepoint of its own;
 * they are written when the host commits.  A `host_txn` given with a call must be that connection, with a transaction
 * open.  Journal, durability and timeout are the host's.  Without ITSM_CAP_SNAPSHOT: a view reads what is there, the
 * host's own changes included.  The store is for one thread, and to be freed before the connection is closed.
 *
 * The model is told by itsm_sms_new(): tables, columns and views are then made or added to, in one transaction.  Rows of
 * a type that was not told yet stand in a general table.
 *
 * After ITSM_E_IO from a write nothing more is written until the store is opened again.  ITSM_MAINTAIN_COMPACT needs
 * that no view is open anywhere, and as much room as the database has.
 *
 * @param out     Yours; freed by itsm_store_free().  NULL on failure.
 * @param ctx     Its allocator and mutexes are copied; SQLite takes its own memory from its own allocator.
 * @param path    The file; empty with `options->db`.
 * @param options NULL for the defaults.
 * @retval ITSM_OK            @p out is a store.
 * @retval ITSM_E_NOMEM       No memory.
 * @retval ITSM_E_MISUSE      A NULL, an empty path, or a bad option.
 * @retval ITSM_E_NOT_FOUND   ITSM_SQLITE_EXISTING or ITSM_SQLITE_READONLY, and there is none.
 * @retval ITSM_E_CORRUPT     It is damaged, no database, or a database of something else; nothing was changed.
 * @retval ITSM_E_VERSION     It was written by a newer version.
 * @retval ITSM_E_UNSUPPORTED The file system cannot do WAL, or the host's database has a table of a name that is ours.
 * @retval ITSM_E_BUSY        It is locked.
 * @retval ITSM_E_READONLY    It cannot be written.
 * @retval ITSM_E_FULL        No space.
 * @retval ITSM_E_IO          It cannot be opened, or reading or writing failed.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_store_sqlite(itsm_store **out, itsm_ctx *ctx, itsm_str path,
                                                     const itsm_sqlite_options *options);

ITSM_END_C

#endif
