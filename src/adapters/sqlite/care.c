/* SPDX-License-Identifier: MIT */
/*
 * Flushing and maintenance.
 *
 * flush() with less than full durability writes one commit that is flushed, which takes all of the log before it along,
 * and copies the log into the database, which is flushed too.  Compaction writes the whole database anew, so that what
 * was purged is in no free page, and empties the log.  The check asks SQLite for its own and then holds the keys of
 * every row against the index, and the places of the audit log against their number.
 */
#include "adapters/sqlite/internal.h"

static itsm_status checkpoint(itsm__connection *c, const itsm_call *call, int mode)
{
    int code = sqlite3_wal_checkpoint_v2(c->db, "main", mode, NULL, NULL);
    return code ? itsm__sqlite_failed(call, c, code) : ITSM_OK;
}

itsm_status itsm__sqlite_flush(void *self, const itsm_call *call)
{
    itsm__sqlite *store = self;
    itsm__connection *c = &store->writer;

    if (store->options.db || store->options.durability == ITSM_SQLITE_FULL) return ITSM_OK;
    itsm_status rc = itsm__writing(store, call);
    if (!rc) {
        itsm__connection_wait(c, call);
        rc = itsm__run(c, call, "PRAGMA synchronous=FULL; UPDATE main.itsm_meta SET value=value");
        if (!rc) rc = checkpoint(c, call, SQLITE_CHECKPOINT_PASSIVE);
        itsm__run(c, NULL,
                  store->options.durability == ITSM_SQLITE_OFF ? "PRAGMA synchronous=OFF"
                                                               : "PRAGMA synchronous=NORMAL");
    }
    return itsm__written(store, rc);
}

static itsm_status compact(itsm__sqlite *store, const itsm_call *call)
{
    itsm__connection *c = &store->writer;
    itsm_status rc = itsm__writing(store, call);

    if (!rc && !sqlite3_get_autocommit(c->db))
        rc = itsm__sqlite_say(call, ITSM_E_BUSY, "the host has a transaction open");
    if (!rc) {
        itsm__connection_wait(c, call);
        rc = itsm__run(c, call, "VACUUM main");
        if (!rc) rc = checkpoint(c, call, SQLITE_CHECKPOINT_TRUNCATE);
    }
    return itsm__written(store, rc);
}

/* Checking -------------------------------------------------------------------------------------------------------- */

static itsm_status damaged(const itsm_call *call, const char *what)
{
    return itsm__sqlite_say(call, ITSM_E_CORRUPT, "%s", what);
}

static itsm_status check_pages(itsm__connection *c, const itsm_call *call)
{
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(c->db, "PRAGMA main.integrity_check(1)", -1, &statement, NULL);

    if (code) return itsm__sqlite_failed(call, c, code);
    itsm_status rc = itsm__step(c, call, statement);
    const unsigned char *said = rc ? NULL : sqlite3_column_text(statement, 0);
    if (!rc && !said) rc = ITSM_E_NOMEM;
    if (!rc && strcmp((const char *)said, "ok") != 0) rc = damaged(call, (const char *)said);
    sqlite3_finalize(statement);
    return rc;
}

/* Are the keys of a row in the index?  Adds how many there are, each counted once. */
static itsm_status check_row(sqlite3_int64 *keys, itsm__connection *c, const itsm_call *call, sqlite3_stmt *row,
                             sqlite3_stmt *lookup, uint32_t type)
{
    uint32_t index;
    itsm_bytes key, rest = {sqlite3_column_blob(row, 1), (size_t)sqlite3_column_bytes(row, 1)};

    while (itsm__keys_next(&index, &key, &rest)) {
        int code = sqlite3_bind_int64(lookup, 1, (sqlite3_int64)type);
        code |= sqlite3_bind_int64(lookup, 2, (sqlite3_int64)index);
        code |= itsm__bind_bytes(lookup, 3, key);
        code |= sqlite3_bind_value(lookup, 4, sqlite3_column_value(row, 0));
        itsm_status rc = code ? ITSM_E_NOMEM : itsm__step(c, call, lookup);
        sqlite3_reset(lookup);
        if (rc < 0) return rc;
        if (rc == ITSM_NOTHING) return damaged(call, "a row has an index key that the index has not");
        ++*keys;
    }
    return rest.n ? damaged(call, "the index keys of a row are cut") : ITSM_OK;
}

static itsm_status check_table(sqlite3_int64 *keys, itsm__connection *c, const itsm_call *call,
                               const itsm__table *table, sqlite3_stmt *lookup)
{
    sqlite3_stmt *rows = NULL;
    char *sql =
        sqlite3_mprintf("SELECT id, itsm_keys, %s FROM main.\"%w\"", table->general ? "type" : "0", table->name);

    if (!sql) return ITSM_E_NOMEM;
    int code = sqlite3_prepare_v2(c->db, sql, -1, &rows, NULL);
    sqlite3_free(sql);
    if (code) return itsm__sqlite_failed(call, c, code);
    itsm_status rc;
    while ((rc = itsm__step(c, call, rows)) == ITSM_OK) {
        uint32_t type = table->general ? (uint32_t)sqlite3_column_int64(rows, 2) : table->type;
        if ((rc = check_row(keys, c, call, rows, lookup, type))) break;
    }
    sqlite3_finalize(rows);
    return rc == ITSM_NOTHING ? ITSM_OK : rc;
}

static itsm_status check_keys(itsm__connection *c, const itsm_call *call)
{
    sqlite3_stmt *lookup = NULL;
    sqlite3_int64 keys = 0, kept = 0;
    int code = sqlite3_prepare_v2(
        c->db, "SELECT 1 FROM main.itsm_index WHERE type=?1 AND number=?2 AND key=?3 AND id=?4", -1, &lookup, NULL);

    if (code) return itsm__sqlite_failed(call, c, code);
    itsm_status rc = check_table(&keys, c, call, &c->general, lookup);
    for (size_t i = 0; i < c->ntables && !rc; i++) rc = check_table(&keys, c, call, &c->tables[i], lookup);
    sqlite3_finalize(lookup);
    if (!rc) rc = itsm__number_of(&kept, c, call, "SELECT count(*) FROM main.itsm_index");
    /* A row may have been put with the same key twice. */
    return !rc && kept > keys ? damaged(call, "the index has a key that no row has") : rc;
}

static itsm_status check_audit(itsm__connection *c, const itsm_call *call)
{
    sqlite3_int64 wrong = 0;
    itsm_status rc = itsm__number_of(
        &wrong, c, call, "SELECT coalesce(max(place)+1<>count(*) OR min(place)<>0, 0) FROM main.itsm_audit");

    return !rc && wrong ? damaged(call, "places of the audit log are missing") : rc;
}

static itsm_status check_all(itsm__sqlite *store, const itsm_call *call)
{
    itsm__connection *c = &store->writer;

    if (!store->options.db) {
        itsm_status rc = itsm__pool_take(&c, store, call);
        if (rc) return rc;
    }
    itsm_status rc = itsm__begin(c, call, 0);
    if (!rc) {
        rc = check_pages(c, call);
        if (!rc) rc = check_keys(c, call);
        if (!rc) rc = check_audit(c, call);
        if (!store->options.db) itsm__end(c, NULL, ITSM_OK);
    }
    if (!store->options.db) itsm__pool_give(store, c);
    return rc;
}

itsm_status itsm__sqlite_maintain(void *self, const itsm_call *call, uint32_t what)
{
    return what == ITSM_MAINTAIN_COMPACT ? compact(self, call) : check_all(self, call);
}
