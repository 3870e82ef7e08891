/* SPDX-License-Identifier: MIT */
/*
 * The inside of the SQLite store: a store has one connection that writes and a pool of those that read; a connection
 * knows the tables that were there when its transaction began, and keeps their statements.
 *
 *   open.c        options, the pool, the methods        layout.c   which tables there are; define()
 *   connection.c  statements, transactions              columns.c  a value as what SQLite keeps
 *   status.c      SQLite's codes as ours                write.c    apply(), reserve() and the audit log
 *   read.c        views and cursors                     care.c     flush and maintenance
 */
#ifndef ITSM_SRC_ADAPTERS_SQLITE_INTERNAL_H
#define ITSM_SRC_ADAPTERS_SQLITE_INTERNAL_H

#include <itsm/sqlite.h>

#include <sqlite3.h>

#define ITSM__SQLITE_APPLICATION 0x4954534D /* "ITSM" */
#define ITSM__SQLITE_LAYOUT 1               /* of the tables: user_version, and a row of itsm_meta */

enum { ITSM__SQLITE_ID = 16 }; /* bytes of an identity: both halves, big-endian, so that they order like index 0 */

/* Statements that concern no table of rows. */
enum {
    ITSM__SQL_BEGIN,
    ITSM__SQL_BEGIN_WRITE,
    ITSM__SQL_COMMIT,
    ITSM__SQL_ROLLBACK,
    ITSM__SQL_SAVEPOINT,
    ITSM__SQL_RELEASE,
    ITSM__SQL_ROLLBACK_TO,
    ITSM__SQL_COOKIE,
    ITSM__SQL_TOMBSTONE_GET,
    ITSM__SQL_TOMBSTONE_PUT,
    ITSM__SQL_TOMBSTONE_DROP,
    ITSM__SQL_KEY_PUT,
    ITSM__SQL_KEY_DROP,
    ITSM__SQL_KEY_TAKEN,
    ITSM__SQL_AUDIT_END,
    ITSM__SQL_AUDIT_ADD,
    ITSM__SQL_AUDIT_SCAN,
    ITSM__SQL_SEQUENCE_GET,
    ITSM__SQL_SEQUENCE_PUT,
    ITSM__SQL_COMMON
};

/* Statements of one table of rows.  ?1 is the id; that of the general table takes the type as ITSM__PARAMETER_TYPE. */
enum {
    ITSM__SQL_GET,
    ITSM__SQL_FIND,
    ITSM__SQL_INSERT,
    ITSM__SQL_UPDATE,
    ITSM__SQL_DELETE,
    ITSM__SQL_SCAN_ID,
    ITSM__SQL_SCAN_ID_DOWN,
    ITSM__SQL_SCAN_KEY,
    ITSM__SQL_SCAN_KEY_DOWN,
    ITSM__SQL_TABLE
};

/* Parameters, the same in all statements of tables. */
enum {
    ITSM__PARAMETER_ID = 1,       /* or the start of a range */
    ITSM__PARAMETER_TYPE = 2,     /* in the general table, and in scans over keys */
    ITSM__PARAMETER_REVISION = 3, /* or the end of a range */
    ITSM__PARAMETER_KEYS = 4,     /* or the number of an index */
    ITSM__PARAMETER_BODY = 5,
    ITSM__PARAMETER_ROW = 6,
    ITSM__PARAMETER_COLUMN = 7 /* the first of the columns */
};

typedef struct itsm__memory_of { /* the context's */
    itsm_alloc_fn alloc;
    void *user;
} itsm__memory_of;

typedef struct itsm__column {
    uint16_t field, kind;
    char *name; /* in sqlite3_malloc()ed memory */
} itsm__column;

typedef struct itsm__table {
    uint32_t type;
    int general; /* of all types that have no table of their own */
    char *name;  /* in sqlite3_malloc()ed memory */
    itsm__column *columns; /* by ascending field; known to the connection that writes */
    size_t ncolumns, column_capacity;
    sqlite3_stmt *statements[ITSM__SQL_TABLE];
} itsm__table;

struct itsm__sqlite;

typedef struct itsm__connection {
    struct itsm__sqlite *store;
    struct itsm__connection *next; /* in the pool */
    sqlite3 *db;
    sqlite3_int64 cookie; /* schema version that the tables are of */
    int loaded; /* the tables are known */
    int joined; /* the transaction under way is a savepoint of the host's */
    int undone; /* 0: it failed and could not be rolled back either */
    uint32_t timeout_ms;
    itsm__table general;
    itsm__table *tables; /* by ascending type */
    size_t ntables, table_capacity;
    sqlite3_stmt *statements[ITSM__SQL_COMMON];
} itsm__connection;

/* A row as a batch finds it. */
typedef struct itsm__found {
    uint32_t state;    /* ITSM__ROW_... */
    sqlite3_int64 row; /* its place in its table */
    uint64_t rev;      /* also a tombstone's */
    size_t keys, nkeys; /* bytes in store->keys: the keys it was put with */
} itsm__found;

enum { ITSM__ROW_ABSENT, ITSM__ROW_THERE, ITSM__ROW_GONE };

typedef struct itsm__sqlite {
    itsm__memory_of memory;
    itsm_mutexes mutexes;
    void *write_mutex, *pool_mutex; /* NULL: for one thread */
    itsm_sqlite_options options;
    int opened, poisoned;
    unsigned char ones[ITSM_STORE_KEY_MAX + 1]; /* behind every key and identity */
    char *path; /* in sqlite3_malloc()ed memory; NULL: the host's connection */
    itsm__connection writer;
    itsm__connection *idle; /* the pool */
    size_t nidle;
    itsm__found *found; /* scratch of apply() */
    size_t found_capacity;
    itsm_buf keys, own_keys, text; /* scratch of apply(): keys of rows found; of the row put; a column */
} itsm__sqlite;

/* Memory of the context. */
void *itsm__sqlite_alloc(const itsm__sqlite *store, size_t size);
void itsm__sqlite_free(const itsm__sqlite *store, void *p, size_t size);
itsm_status itsm__sqlite_grow(const itsm__sqlite *store, void *array, size_t *capacity, size_t n, size_t size);

/* status.c: a code of SQLite as ours, with its message; a message of ours (formats are sqlite3_mprintf()'s). */
itsm_status itsm__sqlite_status(int code);
itsm_status itsm__sqlite_failed(const itsm_call *call, itsm__connection *c, int code);
itsm_status itsm__sqlite_say(const itsm_call *call, itsm_status rc, const char *format, ...);

/* connection.c */
void itsm__connection_clear(itsm__connection *c); /* all but the database itself */
itsm_status itsm__connection_open(itsm__connection *c, const itsm_call *call, int flags);
void itsm__connection_close(itsm__connection *c);
void itsm__connection_wait(itsm__connection *c, const itsm_call *call); /* take the timeout of a call */
itsm_status itsm__begin(itsm__connection *c, const itsm_call *call, int write);
itsm_status itsm__end(itsm__connection *c, const itsm_call *call, itsm_status rc); /* commit if OK, else roll back */
itsm_status itsm__run(itsm__connection *c, const itsm_call *call, const char *sql);
itsm_status itsm__number_of(sqlite3_int64 *out, itsm__connection *c, const itsm_call *call, const char *sql);
/* A statement, ready to be bound, and back: table NULL for one of ITSM__SQL_COMMON. */
itsm_status itsm__take(sqlite3_stmt **out, itsm__connection *c, const itsm_call *call, itsm__table *table, int which);
void itsm__give(itsm__connection *c, itsm__table *table, int which, sqlite3_stmt *statement);
/* Step one that gives at most one row: ITSM_OK, ITSM_NOTHING, or a failure. */
itsm_status itsm__step(itsm__connection *c, const itsm_call *call, sqlite3_stmt *statement);
/* Binding gives SQLite's codes, to be or'ed. */
int itsm__bind_id(sqlite3_stmt *statement, int at, itsm_id id);          /* copied */
int itsm__bind_bytes(sqlite3_stmt *statement, int at, itsm_bytes bytes); /* borrowed */
itsm_id itsm__column_id(sqlite3_stmt *statement, int at);
int itsm__is_host(const itsm__connection *c);

/* layout.c */
itsm_status itsm__layout_open(itsm__sqlite *store, const itsm_call *call);
itsm_status itsm__layout_load(itsm__connection *c, const itsm_call *call); /* if it has changed */
void itsm__layout_forget(itsm__connection *c);
itsm__table *itsm__table_of(itsm__connection *c, uint32_t type);
itsm_status itsm__sqlite_define(void *self, const itsm_call *call, const itsm_type_info *types, size_t ntypes);

/* columns.c */
const char *itsm__column_affinity(uint16_t kind);
int itsm__column_is_shown(uint16_t field); /* 0: the identity, the type and the revision have columns of their own */
itsm_status itsm__column_bind(sqlite3_stmt *statement, int at, const itsm_value *value, itsm_buf *scratch);

/* write.c */
void itsm__sqlite_lock(const itsm__sqlite *store);
void itsm__sqlite_unlock(const itsm__sqlite *store);
itsm_status itsm__writing(itsm__sqlite *store, const itsm_call *call);    /* locks; may anything be written? */
itsm_status itsm__written(itsm__sqlite *store, itsm_status rc);           /* unlocks; a failed write poisons */
itsm_status itsm__host_check(const itsm__sqlite *store, const itsm_call *call);
itsm_status itsm__sqlite_apply(void *self, const itsm_call *call, const itsm_batch *batch, itsm_applied *applied);
itsm_status itsm__sqlite_reserve(void *self, const itsm_call *call, const char *sequence, uint32_t n, uint64_t *first);
itsm_status itsm__sqlite_seal(void *self, const itsm_call *call, uint32_t max, uint64_t *end);
/* The keys a row was put with, one after the other. */
int itsm__keys_next(uint32_t *index, itsm_bytes *key, itsm_bytes *rest);

/* read.c */
itsm_status itsm__sqlite_view_open(void *self, const itsm_call *call, void **out);
void itsm__sqlite_view_close(void *self, void *pointer);
itsm_status itsm__sqlite_get(void *self, const itsm_call *call, void *pointer, itsm_ref ref, itsm_row *row);
itsm_status itsm__sqlite_scan(void *self, const itsm_call *call, void *pointer, const itsm_range *range, void **out);
itsm_status itsm__sqlite_audit_scan(void *self, const itsm_call *call, void *pointer, uint64_t from, void **out);
itsm_status itsm__sqlite_next(void *self, const itsm_call *call, void *pointer, itsm_row *row);
void itsm__sqlite_cursor_close(void *self, void *pointer);
/* The pool. */
itsm_status itsm__pool_take(itsm__connection **out, itsm__sqlite *store, const itsm_call *call);
void itsm__pool_give(itsm__sqlite *store, itsm__connection *c);

/* care.c */
itsm_status itsm__sqlite_flush(void *self, const itsm_call *call);
itsm_status itsm__sqlite_maintain(void *self, const itsm_call *call, uint32_t what);

#endif
