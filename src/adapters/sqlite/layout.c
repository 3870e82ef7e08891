/* SPDX-License-Identifier: MIT */
/*
 * Which tables there are: found, made and learnt.
 *
 * The general tables come with the database: itsm_meta (version of the layout), itsm_type and itsm_field (tables and
 * columns of the model), itsm_row (rows of types without a table), itsm_tombstone, itsm_index (keys of all indexes but
 * 0, in memcmp order), itsm_audit, itsm_sequence.  define() makes a table and a readable view for each type of the
 * model, adds columns for new fields and renames what the model renamed; nothing is ever dropped but the views.
 *
 * A database is ours if it has itsm_meta; one that is empty becomes ours; any other is refused before anything is
 * changed, as is a newer version.  All changes of one define() are one transaction; when the model is known already
 * there is none.
 */
#include "adapters/sqlite/internal.h"

static const char general_sql[] =
    "CREATE TABLE main.itsm_meta(name TEXT PRIMARY KEY, value) WITHOUT ROWID;"
    "CREATE TABLE main.itsm_type(type INTEGER PRIMARY KEY, name TEXT NOT NULL);"
    "CREATE TABLE main.itsm_field(type INTEGER NOT NULL, field INTEGER NOT NULL, kind INTEGER NOT NULL, "
    "name TEXT NOT NULL, PRIMARY KEY(type, field)) WITHOUT ROWID;"
    "CREATE TABLE main.itsm_row(type INTEGER NOT NULL, id BLOB NOT NULL, rev INTEGER NOT NULL, itsm_keys BLOB, "
    "itsm_body BLOB NOT NULL, UNIQUE(type, id));"
    "CREATE TABLE main.itsm_tombstone(type INTEGER NOT NULL, id BLOB NOT NULL, rev INTEGER NOT NULL, "
    "PRIMARY KEY(type, id)) WITHOUT ROWID;"
    "CREATE TABLE main.itsm_index(type INTEGER NOT NULL, number INTEGER NOT NULL, key BLOB NOT NULL, id BLOB NOT NULL, "
    "PRIMARY KEY(type, number, key, id)) WITHOUT ROWID;"
    "CREATE TABLE main.itsm_audit(place INTEGER PRIMARY KEY, entry BLOB NOT NULL);"
    "CREATE TABLE main.itsm_sequence(name TEXT PRIMARY KEY, last INTEGER NOT NULL) WITHOUT ROWID;";

enum { NAME_MAX_BYTES = 200 };

/* Learning -------------------------------------------------------------------------------------------------------- */

static void forget_table(const itsm__sqlite *store, itsm__table *table)
{
    for (int i = 0; i < ITSM__SQL_TABLE; i++) sqlite3_finalize(table->statements[i]);
    for (size_t i = 0; i < table->ncolumns; i++) sqlite3_free(table->columns[i].name);
    itsm__sqlite_free(store, table->columns, table->column_capacity * sizeof *table->columns);
    sqlite3_free(table->name);
    memset(table, 0, sizeof *table);
}

void itsm__layout_forget(itsm__connection *c)
{
    forget_table(c->store, &c->general);
    for (size_t i = 0; i < c->ntables; i++) forget_table(c->store, &c->tables[i]);
    itsm__sqlite_free(c->store, c->tables, c->table_capacity * sizeof *c->tables);
    c->tables = NULL, c->ntables = c->table_capacity = 0, c->loaded = 0;
}

static char *copy_name(sqlite3_stmt *statement, int at)
{
    const unsigned char *text = sqlite3_column_text(statement, at);
    return text ? sqlite3_mprintf("%s", text) : NULL;
}

static itsm_status learn_table(itsm__connection *c, sqlite3_stmt *row)
{
    if (itsm__sqlite_grow(c->store, &c->tables, &c->table_capacity, c->ntables + 1, sizeof *c->tables))
        return ITSM_E_NOMEM;
    itsm__table *table = &c->tables[c->ntables];
    memset(table, 0, sizeof *table);
    table->type = (uint32_t)sqlite3_column_int64(row, 0), table->name = copy_name(row, 1);
    if (!table->name) return ITSM_E_NOMEM;
    c->ntables++;
    return ITSM_OK;
}

static itsm_status learn_column(itsm__connection *c, sqlite3_stmt *row)
{
    itsm__table *table = itsm__table_of(c, (uint32_t)sqlite3_column_int64(row, 0));

    if (table->general) return ITSM_E_CORRUPT;
    if (itsm__sqlite_grow(c->store, &table->columns, &table->column_capacity, table->ncolumns + 1,
                          sizeof *table->columns))
        return ITSM_E_NOMEM;
    itsm__column *column = &table->columns[table->ncolumns];
    column->field = (uint16_t)sqlite3_column_int(row, 1), column->kind = (uint16_t)sqlite3_column_int(row, 2);
    if (!(column->name = copy_name(row, 3))) return ITSM_E_NOMEM;
    table->ncolumns++;
    return ITSM_OK;
}

static itsm_status learn(itsm__connection *c, const itsm_call *call, const char *sql,
                         itsm_status (*each)(itsm__connection *, sqlite3_stmt *))
{
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(c->db, sql, -1, &statement, NULL);

    if (code) return itsm__sqlite_failed(call, c, code);
    itsm_status rc;
    while ((rc = itsm__step(c, call, statement)) == ITSM_OK && (rc = each(c, statement)) == ITSM_OK) {}
    sqlite3_finalize(statement);
    return rc == ITSM_NOTHING ? ITSM_OK : rc;
}

static itsm_status cookie_of(sqlite3_int64 *out, itsm__connection *c, const itsm_call *call)
{
    sqlite3_stmt *statement;
    itsm_status rc = itsm__take(&statement, c, call, NULL, ITSM__SQL_COOKIE);

    if (rc) return rc;
    rc = itsm__step(c, call, statement);
    if (rc == ITSM_OK) *out = sqlite3_column_int64(statement, 0);
    itsm__give(c, NULL, ITSM__SQL_COOKIE, statement);
    return rc;
}

itsm_status itsm__layout_load(itsm__connection *c, const itsm_call *call)
{
    sqlite3_int64 cookie = 0;
    itsm_status rc = cookie_of(&cookie, c, call);

    if (rc) return rc;
    if (c->loaded && cookie == c->cookie) return ITSM_OK;
    itsm__layout_forget(c);
    c->general.general = 1, c->general.name = sqlite3_mprintf("itsm_row");
    if (!c->general.name) return ITSM_E_NOMEM;
    rc = learn(c, call, "SELECT type, name FROM main.itsm_type ORDER BY type", learn_table);
    if (!rc && c == &c->store->writer)
        rc = learn(c, call, "SELECT type, field, kind, name FROM main.itsm_field ORDER BY type, field", learn_column);
    if (rc) itsm__layout_forget(c);
    else c->loaded = 1, c->cookie = cookie;
    return rc;
}

itsm__table *itsm__table_of(itsm__connection *c, uint32_t type)
{
    size_t low = 0, high = c->ntables;

    while (low < high) {
        size_t middle = (low + high) / 2;
        if (c->tables[middle].type < type) low = middle + 1;
        else high = middle;
    }
    return low < c->ntables && c->tables[low].type == type ? &c->tables[low] : &c->general;
}

/* Finding and making the general tables --------------------------------------------------------------------------- */

/* What stands under a name of ours already; 0 in *out: nothing. */
static itsm_status find_name(sqlite3_int64 *out, itsm__connection *c, const itsm_call *call, const char *name)
{
    char *sql = sqlite3_mprintf("SELECT count(*) FROM main.sqlite_master WHERE name=%Q COLLATE NOCASE", name);

    if (!sql) return ITSM_E_NOMEM;
    itsm_status rc = itsm__number_of(out, c, call, sql);
    sqlite3_free(sql);
    return rc;
}

static itsm_status taken(const itsm_call *call, const char *name)
{
    return itsm__sqlite_say(call, ITSM_E_UNSUPPORTED, "\"%s\" is there already and not of this store", name);
}

static itsm_status check_version(itsm__connection *c, const itsm_call *call)
{
    sqlite3_int64 version = 0;
    itsm_status rc = itsm__number_of(&version, c, call, "SELECT value FROM main.itsm_meta WHERE name='layout'");

    if (rc < 0) return rc;
    if (version > ITSM__SQLITE_LAYOUT)
        return itsm__sqlite_say(call, ITSM_E_VERSION, "the tables are of layout %lld, this version knows up to %d",
                                version, ITSM__SQLITE_LAYOUT);
    return version < 1 ? itsm__sqlite_say(call, ITSM_E_CORRUPT, "itsm_meta does not say the layout") : ITSM_OK;
}

/* ITSM_OK: a store; ITSM_NOTHING: one can be made there. */
static itsm_status identify(itsm__connection *c, const itsm_call *call)
{
    sqlite3_int64 application = 0, version = 0, objects = 0, meta = 0;
    itsm_status rc = itsm__number_of(&objects, c, call, "SELECT count(*) FROM main.sqlite_master");

    if (!rc) rc = itsm__number_of(&application, c, call, "PRAGMA main.application_id");
    if (!rc) rc = itsm__number_of(&version, c, call, "PRAGMA main.user_version");
    if (!rc) rc = find_name(&meta, c, call, "itsm_meta");
    if (rc) return rc;
    int ours = application == ITSM__SQLITE_APPLICATION;
    if (ours && version > ITSM__SQLITE_LAYOUT)
        return itsm__sqlite_say(call, ITSM_E_VERSION, "the database is of layout %lld, this version knows up to %d",
                                version, ITSM__SQLITE_LAYOUT);
    if (meta) return check_version(c, call);
    if (ours && objects) return itsm__sqlite_say(call, ITSM_E_CORRUPT, "the database has lost its table itsm_meta");
    if (itsm__is_host(c) || (!objects && !application)) return ITSM_NOTHING;
    return itsm__sqlite_say(call, ITSM_E_CORRUPT,
                            "%s is a database of something else (application_id %lld, %lld tables and indexes)",
                            c->store->path, application, objects);
}

static itsm_status make(itsm__connection *c, const itsm_call *call)
{
    static const char *const names[] = {"itsm_meta",      "itsm_type",  "itsm_field", "itsm_row",
                                        "itsm_tombstone", "itsm_index", "itsm_audit", "itsm_sequence"};
    sqlite3_int64 there = 0;
    itsm_status rc = ITSM_OK;

    for (size_t i = 0; i < sizeof names / sizeof *names && !rc; i++) {
        rc = find_name(&there, c, call, names[i]);
        if (!rc && there) rc = taken(call, names[i]);
    }
    if (!rc) rc = itsm__run(c, call, general_sql);
    char *sql = sqlite3_mprintf("INSERT INTO main.itsm_meta VALUES('layout', %d);", ITSM__SQLITE_LAYOUT);
    if (!rc) rc = itsm__run(c, call, sql);
    sqlite3_free(sql);
    if (rc || itsm__is_host(c)) return rc;
    sql = sqlite3_mprintf("PRAGMA main.application_id=%d; PRAGMA main.user_version=%d", ITSM__SQLITE_APPLICATION,
                          ITSM__SQLITE_LAYOUT);
    rc = itsm__run(c, call, sql);
    sqlite3_free(sql);
    return rc;
}

/* The log beside the database, so that readers and a writer do not wait for each other. */
static itsm_status use_wal(itsm__connection *c, const itsm_call *call)
{
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(c->db, "PRAGMA main.journal_mode=WAL", -1, &statement, NULL);

    if (code) return itsm__sqlite_failed(call, c, code);
    itsm_status rc = itsm__step(c, call, statement);
    const unsigned char *mode = rc ? NULL : sqlite3_column_text(statement, 0);
    if (!rc && !mode) rc = ITSM_E_NOMEM;
    if (!rc && strcmp((const char *)mode, "wal") != 0)
        rc = itsm__sqlite_say(call, ITSM_E_UNSUPPORTED, "%s stays in journal mode %s", c->store->path, mode);
    sqlite3_finalize(statement);
    return rc;
}

/* Another process may do the same at this moment: the lock of the transaction decides. */
static itsm_status make_once(itsm__connection *c, const itsm_call *call)
{
    const int joins = itsm__is_host(c) && !sqlite3_get_autocommit(c->db);
    itsm_status rc = itsm__is_host(c) ? ITSM_OK : use_wal(c, call);

    if (!rc) rc = itsm__run(c, call, joins ? "SAVEPOINT itsm" : "BEGIN IMMEDIATE");
    if (rc) return rc;
    c->joined = joins;
    rc = identify(c, call);
    if (rc == ITSM_NOTHING) rc = make(c, call);
    return itsm__end(c, call, rc);
}

itsm_status itsm__layout_open(itsm__sqlite *store, const itsm_call *call)
{
    itsm__connection *c = &store->writer;
    const int readonly = (store->options.flags & ITSM_SQLITE_READONLY) != 0;
    itsm_status rc = identify(c, call);

    if (rc == ITSM_NOTHING && (store->options.flags & (ITSM_SQLITE_EXISTING | ITSM_SQLITE_READONLY)))
        return itsm__sqlite_say(call, ITSM_E_NOT_FOUND, "there is no store in the database");
    if (rc == ITSM_NOTHING) rc = make_once(c, call);
    else if (rc == ITSM_OK && !readonly && !itsm__is_host(c)) rc = use_wal(c, call);
    return rc;
}

/* The model ------------------------------------------------------------------------------------------------------- */

typedef struct definition {
    itsm__connection *c;
    const itsm_call *call;
    const itsm_type_info *type; /* the one looked at */
    const char *name;           /* its name */
    int changes;                /* allowed; otherwise the first one needed is an ITSM_NOTHING */
} definition;

static itsm_status unsupported(const definition *d, const char *what, itsm_str name, const char *why)
{
    return itsm__sqlite_say(d->call, ITSM_E_UNSUPPORTED, "type %s%s%.*s: %s", d->name, what, (int)name.n,
                            name.n ? name.p : "", why);
}

/* A statement of definition; what SQLite refuses in it, the model cannot have. */
static itsm_status change(const definition *d, char *sql)
{
    if (!sql) return ITSM_E_NOMEM;
    int code = sqlite3_exec(d->c->db, sql, NULL, NULL, NULL);
    sqlite3_free(sql);
    if ((code & 0xff) == SQLITE_ERROR) return unsupported(d, "", itsm_str_n(NULL, 0), sqlite3_errmsg(d->c->db));
    return code ? itsm__sqlite_failed(d->call, d->c, code) : ITSM_OK;
}

static itsm__column *column_of(const itsm__table *table, uint16_t field)
{
    for (size_t i = 0; i < table->ncolumns; i++)
        if (table->columns[i].field == field) return &table->columns[i];
    return NULL;
}

/* What no table or column of the model may be called. */
static int is_no_name(itsm_str name)
{
    if (!name.n || name.n > NAME_MAX_BYTES || memchr(name.p, 0, name.n)) return 1;
    return (name.n >= 5 && sqlite3_strnicmp(name.p, "itsm_", 5) == 0) ||
           (name.n >= 7 && sqlite3_strnicmp(name.p, "sqlite_", 7) == 0);
}

static itsm_status add_field(const definition *d, const itsm_field_info *field, int to_table)
{
    const char *affinity = itsm__column_affinity(field->kind);
    const int n = (int)field->name.n;
    itsm_status rc;

    if (is_no_name(field->name)) return unsupported(d, ", field ", field->name, "no column may have its name");
    if (!affinity) return unsupported(d, ", field ", field->name, "it is of a kind that has no column");
    if (to_table) {
        rc = change(
            d, sqlite3_mprintf("ALTER TABLE main.\"%w\" ADD COLUMN \"%.*w\" %s", d->name, n, field->name.p, affinity));
        if (rc) return rc;
    }
    return change(d,
                  sqlite3_mprintf("INSERT INTO main.itsm_field(type, field, kind, name) VALUES(%lld, %d, %d, '%.*q')",
                                  (sqlite3_int64)d->type->type, field->no, field->kind, n, field->name.p));
}

/* A readable view: identities and references as hexadecimal digits, times as ISO 8601. */
static itsm_status make_view(const definition *d)
{
    sqlite3_str *sql = sqlite3_str_new(d->c->db);

    sqlite3_str_appendf(sql,
                        "DROP VIEW IF EXISTS main.\"%w_view\"; CREATE VIEW main.\"%w_view\" AS SELECT "
                        "lower(hex(id)) AS id, rev",
                        d->name, d->name);
    for (size_t i = 0; i < d->type->nfields; i++) {
        const itsm_field_info *field = &d->type->fields[i];
        const char *form = field->kind == ITSM_TIME ? "strftime('%%Y-%%m-%%dT%%H:%%M:%%fZ', \"%.*w\"/1e6, 'unixepoch')"
                           : field->kind == ITSM_DATE ? "date(\"%.*w\"*86400, 'unixepoch')"
                           : field->kind == ITSM_REF  ? "lower(hex(\"%.*w\"))"
                                                      : "\"%.*w\"";
        int n = (int)field->name.n;
        if (!itsm__column_is_shown(field->no)) continue;
        sqlite3_str_appendall(sql, ", ");
        sqlite3_str_appendf(sql, form, n, field->name.p);
        sqlite3_str_appendf(sql, " AS \"%.*w\"", n, field->name.p);
    }
    sqlite3_str_appendf(sql, " FROM \"%w\"", d->name);
    return change(d, sqlite3_str_finish(sql));
}

static itsm_status add_type(const definition *d)
{
    sqlite3_int64 there = 0;
    char *view = sqlite3_mprintf("%s_view", d->name);

    if (!view) return ITSM_E_NOMEM;
    itsm_status rc = find_name(&there, d->c, d->call, d->name);
    if (!rc && there) rc = taken(d->call, d->name);
    if (!rc) rc = find_name(&there, d->c, d->call, view);
    if (!rc && there) rc = taken(d->call, view);
    sqlite3_free(view);
    sqlite3_str *sql = sqlite3_str_new(d->c->db);
    sqlite3_str_appendf(sql, "CREATE TABLE main.\"%w\"(id BLOB NOT NULL UNIQUE, rev INTEGER NOT NULL", d->name);
    for (size_t i = 0; i < d->type->nfields && !rc; i++) {
        const itsm_field_info *field = &d->type->fields[i];
        if (!itsm__column_is_shown(field->no)) continue;
        rc = add_field(d, field, 0);
        const char *affinity = itsm__column_affinity(field->kind);
        if (!rc) sqlite3_str_appendf(sql, ", \"%.*w\" %s", (int)field->name.n, field->name.p, affinity);
    }
    sqlite3_str_appendall(sql, ", itsm_keys BLOB, itsm_body BLOB NOT NULL)");
    char *text = sqlite3_str_finish(sql);
    if (!rc) rc = change(d, text);
    else sqlite3_free(text);
    sqlite3_int64 type = (sqlite3_int64)d->type->type;
    if (!rc)
        rc = change(d, sqlite3_mprintf("INSERT INTO main.itsm_type(type, name) VALUES(%lld, %Q);"
                                       "INSERT INTO main.\"%w\"(id, rev, itsm_keys, itsm_body) SELECT id, rev, "
                                       "itsm_keys, itsm_body FROM main.itsm_row WHERE type=%lld;"
                                       "DELETE FROM main.itsm_row WHERE type=%lld",
                                       type, d->name, d->name, type, type));
    return rc ? rc : make_view(d);
}

/* Bring the column of a field to what the model says now. */
static itsm_status define_field(const definition *d, const itsm__table *table, const itsm_field_info *field)
{
    const itsm__column *column = column_of(table, field->no);
    const int n = (int)field->name.n;
    sqlite3_int64 type = (sqlite3_int64)d->type->type;
    itsm_status rc = ITSM_OK;

    if (!column) return d->changes ? add_field(d, field, 1) : ITSM_NOTHING;
    const char *affinity = itsm__column_affinity(field->kind);
    if (!affinity || strcmp(affinity, itsm__column_affinity(column->kind)) != 0)
        return unsupported(d, ", field ", field->name, "its column is of another kind");
    int renamed = !itsm_str_is(field->name, column->name);
    if (!renamed && column->kind == field->kind) return ITSM_OK;
    if (!d->changes) return ITSM_NOTHING;
    if (renamed && is_no_name(field->name))
        return unsupported(d, ", field ", field->name, "no column may have its name");
    if (renamed)
        rc = change(d, sqlite3_mprintf("DROP VIEW IF EXISTS main.\"%w_view\";"
                                       "ALTER TABLE main.\"%w\" RENAME COLUMN \"%w\" TO \"%.*w\"",
                                       d->name, d->name, column->name, n, field->name.p));
    if (rc) return rc;
    return change(d, sqlite3_mprintf("UPDATE main.itsm_field SET kind=%d, name='%.*q' WHERE type=%lld AND field=%d",
                                     field->kind, n, field->name.p, type, field->no));
}

static itsm_status rename_type(const definition *d, const itsm__table *table)
{
    sqlite3_int64 there = 0;
    itsm_status rc = find_name(&there, d->c, d->call, d->name);

    if (rc || there) return rc ? rc : taken(d->call, d->name);
    return change(d, sqlite3_mprintf("DROP VIEW IF EXISTS main.\"%w_view\"; ALTER TABLE main.\"%w\" RENAME TO \"%w\";"
                                     "UPDATE main.itsm_type SET name=%Q WHERE type=%lld",
                                     table->name, table->name, d->name, d->name, (sqlite3_int64)d->type->type));
}

static itsm_status define_type(const definition *d)
{
    const itsm__table *table = itsm__table_of(d->c, d->type->type);
    itsm_status rc = ITSM_OK, last = ITSM_OK;

    if (table->general) return d->changes ? add_type(d) : ITSM_NOTHING;
    if (!itsm_str_is(d->type->name, table->name)) {
        if (!d->changes) return ITSM_NOTHING;
        if ((rc = rename_type(d, table))) return rc;
    }
    sqlite3_int64 changes = sqlite3_total_changes(d->c->db);
    for (size_t i = 0; i < d->type->nfields && rc >= 0; i++) {
        if (!itsm__column_is_shown(d->type->fields[i].no)) continue;
        rc = define_field(d, table, &d->type->fields[i]);
        if (rc) last = rc;
    }
    if (rc < 0 || !d->changes) return rc < 0 ? rc : last;
    return sqlite3_total_changes(d->c->db) != changes || !itsm_str_is(d->type->name, table->name) ? make_view(d)
                                                                                                  : ITSM_OK;
}

/* All types; ITSM_NOTHING: there is something to change, and that is not allowed. */
static itsm_status define_types(definition *d, const itsm_type_info *types, size_t ntypes)
{
    const itsm_str none = {NULL, 0};
    const itsm_type_info *type = types;
    itsm_status rc = ITSM_OK;

    for (size_t i = 0; i < ntypes && !rc; i++) {
        d->type = type;
        if (!type->internal) {
            char *name = sqlite3_mprintf("%.*s", (int)type->name.n, type->name.n ? type->name.p : "");
            if (!name) return ITSM_E_NOMEM;
            d->name = name;
            rc = is_no_name(type->name) ? unsupported(d, "", none, "no table may have its name") : define_type(d);
            sqlite3_free(name);
        }
        type = (const itsm_type_info *)(const void *)((const char *)type + types->size);
    }
    return rc;
}

itsm_status itsm__sqlite_define(void *self, const itsm_call *call, const itsm_type_info *types, size_t ntypes)
{
    itsm__sqlite *store = self;
    itsm__connection *c = &store->writer;
    definition d = {c, call, NULL, NULL, 0};

    if (store->options.flags & ITSM_SQLITE_READONLY) return ITSM_OK;
    if (ntypes && types->size < sizeof *types) return ITSM_E_MISUSE;
    itsm_status rc = itsm__writing(store, call);
    if (!rc) rc = itsm__layout_load(c, call);
    if (!rc) rc = define_types(&d, types, ntypes);
    if (rc == ITSM_NOTHING && !(rc = itsm__begin(c, call, 1))) {
        d.changes = 1;
        rc = itsm__end(c, call, define_types(&d, types, ntypes));
        itsm__layout_forget(c);
    }
    return itsm__written(store, rc);
}
