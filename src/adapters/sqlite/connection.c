/* SPDX-License-Identifier: MIT */
/*
 * One connection: its statements and its transactions.
 *
 * A statement is prepared when it is first taken and then kept; one that is out when it is asked for again (a second
 * cursor over the same table) is prepared anew and thrown away when it comes back.  Giving a statement back unbinds
 * everything, so nothing of the caller's memory is kept.
 *
 * A transaction of our own connection begins with a look at the schema's version, which also fixes what it sees; when
 * that has moved on, the tables are learnt again.  On a connection of the host's that has a transaction open, ours is a
 * savepoint in it.
 */
#include "adapters/sqlite/internal.h"

enum { DEFAULT_TIMEOUT_MS = 5000 };

static const char *const common_sql[ITSM__SQL_COMMON] = {
    "BEGIN",
    "BEGIN IMMEDIATE",
    "COMMIT",
    "ROLLBACK",
    "SAVEPOINT itsm",
    "RELEASE itsm",
    "ROLLBACK TO itsm",
    "PRAGMA main.schema_version",
    "SELECT rev FROM main.itsm_tombstone WHERE id=?1 AND type=?2",
    "INSERT INTO main.itsm_tombstone(type, id, rev) VALUES(?2, ?1, ?3)",
    "DELETE FROM main.itsm_tombstone WHERE id=?1 AND type=?2",
    "INSERT OR IGNORE INTO main.itsm_index(type, number, key, id) VALUES(?2, ?4, ?3, ?1)",
    "DELETE FROM main.itsm_index WHERE type=?2 AND number=?4 AND key=?3 AND id=?1",
    "SELECT 1 FROM main.itsm_index WHERE type=?2 AND number=?4 AND key=?3 AND id<>?1 LIMIT 1",
    "SELECT max(place) FROM main.itsm_audit",
    "INSERT INTO main.itsm_audit(place, entry) VALUES(?1, ?2)",
    "SELECT place, entry FROM main.itsm_audit WHERE place>=?1 ORDER BY place",
    "SELECT last FROM main.itsm_sequence WHERE name=?1",
    "INSERT INTO main.itsm_sequence(name, last) VALUES(?1, ?2) ON CONFLICT(name) DO UPDATE SET last=excluded.last",
};

int itsm__is_host(const itsm__connection *c)
{
    return c->store->options.db != NULL;
}

/* Statements ------------------------------------------------------------------------------------------------------ */

/* The columns of fields: as names, as parameters, or as both. */
enum { NAMES = 1, PARAMETERS = 2 };

static void add_columns(sqlite3_str *sql, const itsm__table *table, int what)
{
    for (size_t i = 0; i < table->ncolumns; i++) {
        int parameter = ITSM__PARAMETER_COLUMN + (int)i;
        if (what == NAMES) sqlite3_str_appendf(sql, ", \"%w\"", table->columns[i].name);
        else if (what == PARAMETERS) sqlite3_str_appendf(sql, ", ?%d", parameter);
        else sqlite3_str_appendf(sql, ", \"%w\"=?%d", table->columns[i].name, parameter);
    }
}

static void add_table_sql(sqlite3_str *sql, const itsm__table *table, int which)
{
    const char *name = table->name, *down = "";
    const char *type = table->general ? " AND type=?2" : "";

    switch (which) {
    case ITSM__SQL_GET:
        sqlite3_str_appendf(sql, "SELECT rev, itsm_body FROM main.\"%w\" WHERE id=?1%s", name, type);
        break;
    case ITSM__SQL_FIND:
        sqlite3_str_appendf(sql, "SELECT rowid, rev, itsm_keys FROM main.\"%w\" WHERE id=?1%s", name, type);
        break;
    case ITSM__SQL_INSERT:
        sqlite3_str_appendf(sql, "INSERT INTO main.\"%w\"(id, rev, itsm_keys, itsm_body%s", name,
                            table->general ? ", type" : "");
        add_columns(sql, table, NAMES);
        sqlite3_str_appendf(sql, ") VALUES(?1, ?3, ?4, ?5%s", table->general ? ", ?2" : "");
        add_columns(sql, table, PARAMETERS);
        sqlite3_str_appendall(sql, ")");
        break;
    case ITSM__SQL_UPDATE:
        sqlite3_str_appendf(sql, "UPDATE main.\"%w\" SET rev=?3, itsm_keys=?4, itsm_body=?5", name);
        add_columns(sql, table, NAMES | PARAMETERS);
        sqlite3_str_appendall(sql, " WHERE rowid=?6");
        break;
    case ITSM__SQL_DELETE: sqlite3_str_appendf(sql, "DELETE FROM main.\"%w\" WHERE rowid=?6", name); break;
    case ITSM__SQL_SCAN_ID_DOWN: down = " DESC"; /* fall through */
    case ITSM__SQL_SCAN_ID:
        sqlite3_str_appendf(sql, "SELECT id, rev, itsm_body FROM main.\"%w\" WHERE id>=?1 AND id<?3%s ORDER BY id%s",
                            name, type, down);
        break;
    case ITSM__SQL_SCAN_KEY_DOWN: down = " DESC"; /* fall through */
    case ITSM__SQL_SCAN_KEY:
        sqlite3_str_appendf(sql,
                            "SELECT i.id, r.rev, r.itsm_body FROM main.itsm_index i CROSS JOIN main.\"%w\" r ON "
                            "r.id=i.id%s WHERE i.type=?2 AND i.number=?4 AND i.key>=?1 AND i.key<?3 "
                            "ORDER BY i.key%s, i.id%s",
                            name, table->general ? " AND r.type=?2" : "", down, down);
        break;
    default: break;
    }
}

static itsm_status prepare(sqlite3_stmt **out, itsm__connection *c, const itsm_call *call, const itsm__table *table,
                           int which)
{
    sqlite3_str *str = NULL;
    char *built = NULL;
    const char *sql = table ? NULL : common_sql[which];

    if (table) {
        str = sqlite3_str_new(c->db);
        add_table_sql(str, table, which);
        sql = built = sqlite3_str_finish(str);
        if (!sql) return ITSM_E_NOMEM;
    }
    int code = sqlite3_prepare_v3(c->db, sql, -1, SQLITE_PREPARE_PERSISTENT, out, NULL);
    sqlite3_free(built);
    return code ? itsm__sqlite_failed(call, c, code) : ITSM_OK;
}

itsm_status itsm__take(sqlite3_stmt **out, itsm__connection *c, const itsm_call *call, itsm__table *table, int which)
{
    sqlite3_stmt **kept = table ? &table->statements[which] : &c->statements[which];

    *out = *kept, *kept = NULL;
    return *out ? ITSM_OK : prepare(out, c, call, table, which);
}

void itsm__give(itsm__connection *c, itsm__table *table, int which, sqlite3_stmt *statement)
{
    sqlite3_stmt **kept = table ? &table->statements[which] : &c->statements[which];

    if (!statement) return;
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
    if (*kept) sqlite3_finalize(statement);
    else *kept = statement;
}

itsm_status itsm__step(itsm__connection *c, const itsm_call *call, sqlite3_stmt *statement)
{
    int code = sqlite3_step(statement);

    if (code == SQLITE_ROW) return ITSM_OK;
    return code == SQLITE_DONE ? ITSM_NOTHING : itsm__sqlite_failed(call, c, code);
}

/* One without parameters and rows. */
static itsm_status run_common(itsm__connection *c, const itsm_call *call, int which)
{
    sqlite3_stmt *statement;
    itsm_status rc = itsm__take(&statement, c, call, NULL, which);

    if (rc) return rc;
    rc = itsm__step(c, call, statement);
    itsm__give(c, NULL, which, statement);
    return rc < 0 ? rc : ITSM_OK;
}

itsm_status itsm__run(itsm__connection *c, const itsm_call *call, const char *sql)
{
    if (!sql) return ITSM_E_NOMEM;
    int code = sqlite3_exec(c->db, sql, NULL, NULL, NULL);
    return code ? itsm__sqlite_failed(call, c, code) : ITSM_OK;
}

itsm_status itsm__number_of(sqlite3_int64 *out, itsm__connection *c, const itsm_call *call, const char *sql)
{
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(c->db, sql, -1, &statement, NULL);

    if (code) return itsm__sqlite_failed(call, c, code);
    itsm_status rc = itsm__step(c, call, statement);
    if (rc == ITSM_OK) *out = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return rc;
}

/* Bytes ----------------------------------------------------------------------------------------------------------- */

static void put_be64(unsigned char *out, uint64_t u)
{
    for (int i = 7; i >= 0; i--, u >>= 8) out[i] = (unsigned char)u;
}

int itsm__bind_id(sqlite3_stmt *statement, int at, itsm_id id)
{
    unsigned char room[ITSM__SQLITE_ID];

    put_be64(room, id.hi), put_be64(room + 8, id.lo);
    return sqlite3_bind_blob(statement, at, room, sizeof room, SQLITE_TRANSIENT);
}

int itsm__bind_bytes(sqlite3_stmt *statement, int at, itsm_bytes bytes)
{
    /* a NULL would be no bytes */
    return sqlite3_bind_blob64(statement, at, bytes.n ? bytes.p : "", bytes.n, SQLITE_STATIC);
}

itsm_id itsm__column_id(sqlite3_stmt *statement, int at)
{
    const unsigned char *p = sqlite3_column_blob(statement, at);
    itsm_id id = {0, 0};

    if (!p || sqlite3_column_bytes(statement, at) != ITSM__SQLITE_ID) return id;
    for (int i = 0; i < 8; i++) id.hi = id.hi << 8 | p[i], id.lo = id.lo << 8 | p[8 + i];
    return id;
}

/* Opening and closing --------------------------------------------------------------------------------------------- */

void itsm__connection_wait(itsm__connection *c, const itsm_call *call)
{
    uint32_t wanted = call && call->timeout_ms ? call->timeout_ms : c->store->options.busy_timeout_ms;

    if (itsm__is_host(c)) return;
    if (!wanted) wanted = DEFAULT_TIMEOUT_MS;
    if (wanted > INT32_MAX) wanted = INT32_MAX;
    if (wanted != c->timeout_ms) sqlite3_busy_timeout(c->db, (int)wanted);
    c->timeout_ms = wanted;
}

itsm_status itsm__connection_open(itsm__connection *c, const itsm_call *call, int flags)
{
    static const char *const durability[] = {"PRAGMA synchronous=FULL", "PRAGMA synchronous=NORMAL",
                                             "PRAGMA synchronous=OFF"};
    int code = sqlite3_open_v2(c->store->path, &c->db, flags | SQLITE_OPEN_NOMUTEX, NULL);

    if (!c->db) return ITSM_E_NOMEM;
    if (code) return itsm__sqlite_failed(call, c, code);
    sqlite3_extended_result_codes(c->db, 1);
    itsm__connection_wait(c, call);
    itsm_status rc = itsm__run(c, call, durability[c->store->options.durability]);
    if (rc) return rc; /* what is written over a million rows, and the inner pages of their trees; a log of 32 MiB */
    return itsm__run(c, call,
                     c == &c->store->writer ? "PRAGMA cache_size=-65536; PRAGMA wal_autocheckpoint=8192"
                                            : "PRAGMA cache_size=-8192");
}

void itsm__connection_clear(itsm__connection *c)
{
    itsm__layout_forget(c);
    for (int i = 0; i < ITSM__SQL_COMMON; i++) {
        sqlite3_finalize(c->statements[i]);
        c->statements[i] = NULL;
    }
}

void itsm__connection_close(itsm__connection *c)
{
    itsm__connection_clear(c);
    if (!itsm__is_host(c)) sqlite3_close_v2(c->db);
    c->db = NULL;
}

/* Transactions ---------------------------------------------------------------------------------------------------- */

/* Undo what the transaction under way did.  That may fail too (it is interrupted, say): then it is still to be undone.
   ITSM_NOTHING: there was no savepoint of ours in it. */
static itsm_status undo(itsm__connection *c)
{
    itsm_status rc = ITSM_OK;

    if (!sqlite3_get_autocommit(c->db)) { /* some failures roll back by themselves */
        rc = run_common(c, NULL, c->joined ? ITSM__SQL_ROLLBACK_TO : ITSM__SQL_ROLLBACK);
        if (c->joined && rc == ITSM_E_CORRUPT) rc = ITSM_NOTHING; /* SQLITE_ERROR: no such savepoint */
        else if (!rc && c->joined) rc = run_common(c, NULL, ITSM__SQL_RELEASE);
    }
    c->undone = rc >= 0;
    return rc;
}

itsm_status itsm__begin(itsm__connection *c, const itsm_call *call, int write)
{
    itsm_status rc = ITSM_OK;
    const int host = itsm__is_host(c);

    if (!c->undone && undo(c) < 0)
        return itsm__sqlite_say(call, ITSM_E_BUSY, "what failed before cannot be rolled back: %s",
                                sqlite3_errmsg(c->db));
    c->joined = host && !sqlite3_get_autocommit(c->db);
    itsm__connection_wait(c, call);
    if (write) rc = run_common(c, call, c->joined ? ITSM__SQL_SAVEPOINT : ITSM__SQL_BEGIN_WRITE);
    else if (!host) rc = run_common(c, call, ITSM__SQL_BEGIN);
    if (rc) return rc;
    rc = itsm__layout_load(c, call);
    if (rc && (write || !host)) undo(c);
    return rc;
}

/*
 * An interrupt may come when the commit is done already.  A savepoint that is not there any more then was released; of a
 * transaction that is over it cannot be told.
 */
itsm_status itsm__end(itsm__connection *c, const itsm_call *call, itsm_status rc)
{
    if (rc) return undo(c), c->joined && rc == ITSM_E_RETRY ? ITSM_E_BUSY : rc; /* the host's has to begin anew */
    rc = run_common(c, call, c->joined ? ITSM__SQL_RELEASE : ITSM__SQL_COMMIT);
    if (!rc) return ITSM_OK;
    if (!c->joined && sqlite3_get_autocommit(c->db) && rc == ITSM_E_BUSY) return ITSM_E_UNKNOWN;
    if (undo(c) != ITSM_NOTHING || !c->joined) return rc;
    return ITSM_OK;
}
