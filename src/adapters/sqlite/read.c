/* SPDX-License-Identifier: MIT */
/*
 * Views and cursors, and the pool of connections they read through.
 *
 * A view of a database of ours is a connection with a read transaction: one snapshot.  It comes from the pool or is
 * opened, and goes back there.  A cursor is a statement that is stepped; a row of a scan lies in SQLite's memory until
 * the next step, one of get() is copied into the view.
 *
 * On a connection of the host's there are no snapshots, and what is read may be written to between two steps.  So a scan
 * notes the identities of its whole range when it is opened, 16 bytes each, and then reads row by row, leaving out those
 * that have gone.  Nothing is left half stepped between calls, so the host may commit or roll back at any time.
 */
#include "adapters/sqlite/internal.h"

enum { IDLE_MAX = 8 };

typedef struct view {
    itsm__connection *c;
    itsm_buf body; /* of the last get() */
    struct cursor *cursors;
} view;

typedef struct cursor {
    view *view;
    struct cursor *previous, *next; /* of the view */
    sqlite3_stmt *statement;        /* NULL: the identities are noted, or it has ended */
    itsm__table *table;             /* of the statement; NULL: the audit log */
    int which;
    uint32_t type;
    int audit;      /* over the audit log */
    uint64_t place; /* of its next entry */
    itsm_buf ids;   /* noted */
    size_t at;
    itsm_buf body; /* of the last next() on a connection of the host's */
} cursor;

/* The pool -------------------------------------------------------------------------------------------------------- */

static void pool_lock(const itsm__sqlite *store)
{
    if (store->pool_mutex) store->mutexes.lock(store->mutexes.self, store->pool_mutex);
}

static void pool_unlock(const itsm__sqlite *store)
{
    if (store->pool_mutex) store->mutexes.unlock(store->mutexes.self, store->pool_mutex);
}

static void discard(itsm__sqlite *store, itsm__connection *c)
{
    itsm__connection_close(c);
    itsm__sqlite_free(store, c, sizeof *c);
}

itsm_status itsm__pool_take(itsm__connection **out, itsm__sqlite *store, const itsm_call *call)
{
    const int readonly = (store->options.flags & ITSM_SQLITE_READONLY) != 0;

    pool_lock(store);
    itsm__connection *c = store->idle;
    if (c) store->idle = c->next, store->nidle--;
    pool_unlock(store);
    if (!c) {
        if (!(c = itsm__sqlite_alloc(store, sizeof *c))) return ITSM_E_NOMEM;
        memset(c, 0, sizeof *c);
        c->store = store, c->undone = 1;
        itsm_status rc = itsm__connection_open(c, call, readonly ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE);
        if (rc) {
            discard(store, c);
            return rc;
        }
    }
    *out = c;
    return ITSM_OK;
}

void itsm__pool_give(itsm__sqlite *store, itsm__connection *c)
{
    int kept = 0;

    pool_lock(store);
    if (sqlite3_get_autocommit(c->db) && store->nidle < IDLE_MAX) {
        c->next = store->idle, store->idle = c, store->nidle++;
        kept = 1;
    }
    pool_unlock(store);
    if (!kept) discard(store, c);
}

/* Views ----------------------------------------------------------------------------------------------------------- */

static void init_buf(const itsm__sqlite *store, itsm_buf *buf)
{
    memset(buf, 0, sizeof *buf);
    buf->alloc = store->memory.alloc, buf->alloc_user = store->memory.user;
}

itsm_status itsm__sqlite_view_open(void *self, const itsm_call *call, void **out)
{
    itsm__sqlite *store = self;
    itsm_status rc = itsm__host_check(store, call);

    if (rc) return rc;
    view *v = itsm__sqlite_alloc(store, sizeof *v);
    if (!v) return ITSM_E_NOMEM;
    memset(v, 0, sizeof *v);
    init_buf(store, &v->body);
    if (store->options.db) v->c = &store->writer;
    else rc = itsm__pool_take(&v->c, store, call);
    if (!rc) rc = itsm__begin(v->c, call, 0);
    if (rc) {
        if (v->c && !store->options.db) itsm__pool_give(store, v->c);
        itsm__sqlite_free(store, v, sizeof *v);
        return rc;
    }
    *out = v;
    return ITSM_OK;
}

void itsm__sqlite_view_close(void *self, void *pointer)
{
    itsm__sqlite *store = self;
    view *v = pointer;

    while (v->cursors) itsm__sqlite_cursor_close(self, v->cursors);
    if (!store->options.db) {
        itsm__end(v->c, NULL, ITSM_OK);
        itsm__pool_give(store, v->c);
    }
    itsm_buf_clear(&v->body);
    itsm__sqlite_free(store, v, sizeof *v);
}

/* Rows ------------------------------------------------------------------------------------------------------------ */

/* Copy the row a statement stands on: its revision and body are columns of that number and the next. */
static itsm_status copy_row(itsm_row *out, itsm_buf *body, sqlite3_stmt *statement, int at, itsm_ref ref)
{
    const void *p = sqlite3_column_blob(statement, at + 1);
    size_t n = (size_t)sqlite3_column_bytes(statement, at + 1);

    body->n = 0;
    if ((n && !p) || itsm_buf_add(body, n ? p : "", n)) return ITSM_E_NOMEM;
    out->ref = ref, out->rev = (uint64_t)sqlite3_column_int64(statement, at);
    out->body.p = n ? body->p : "", out->body.n = n; /* a body of no bytes is a body */
    return ITSM_OK;
}

static itsm_status find(itsm_row *out, itsm_buf *body, itsm__connection *c, const itsm_call *call, itsm_ref ref)
{
    itsm__table *table = itsm__table_of(c, ref.type);
    sqlite3_stmt *statement;
    itsm_status rc = itsm__take(&statement, c, call, table, ITSM__SQL_GET);

    if (rc) return rc;
    int code = itsm__bind_id(statement, ITSM__PARAMETER_ID, ref.id);
    if (table->general) code |= sqlite3_bind_int64(statement, ITSM__PARAMETER_TYPE, (sqlite3_int64)ref.type);
    rc = code ? ITSM_E_NOMEM : itsm__step(c, call, statement);
    if (rc == ITSM_OK) rc = copy_row(out, body, statement, 0, ref);
    itsm__give(c, table, ITSM__SQL_GET, statement);
    return rc;
}

static itsm_status find_gone(itsm_row *out, itsm__connection *c, const itsm_call *call, itsm_ref ref)
{
    sqlite3_stmt *statement;
    itsm_status rc = itsm__take(&statement, c, call, NULL, ITSM__SQL_TOMBSTONE_GET);

    if (rc) return rc;
    int code = itsm__bind_id(statement, ITSM__PARAMETER_ID, ref.id);
    code |= sqlite3_bind_int64(statement, ITSM__PARAMETER_TYPE, (sqlite3_int64)ref.type);
    rc = code ? ITSM_E_NOMEM : itsm__step(c, call, statement);
    if (rc == ITSM_OK) out->rev = (uint64_t)sqlite3_column_int64(statement, 0);
    itsm__give(c, NULL, ITSM__SQL_TOMBSTONE_GET, statement);
    return rc < 0 ? rc : ITSM_NOTHING;
}

itsm_status itsm__sqlite_get(void *self, const itsm_call *call, void *pointer, itsm_ref ref, itsm_row *out)
{
    view *v = pointer;

    (void)self;
    memset(out, 0, sizeof *out);
    itsm_status rc = find(out, &v->body, v->c, call, ref);
    return rc == ITSM_NOTHING ? find_gone(out, v->c, call, ref) : rc;
}

/* Cursors --------------------------------------------------------------------------------------------------------- */

static itsm_status cursor_new(cursor **out, itsm__sqlite *store, view *v)
{
    cursor *c = itsm__sqlite_alloc(store, sizeof *c);

    if (!c) return ITSM_E_NOMEM;
    memset(c, 0, sizeof *c);
    init_buf(store, &c->ids), init_buf(store, &c->body);
    c->view = v, c->next = v->cursors;
    if (v->cursors) v->cursors->previous = c;
    v->cursors = c;
    *out = c;
    return ITSM_OK;
}

static void end(cursor *c)
{
    itsm__give(c->view->c, c->table, c->which, c->statement);
    c->statement = NULL;
}

void itsm__sqlite_cursor_close(void *self, void *pointer)
{
    cursor *c = pointer;

    end(c);
    if (c->next) c->next->previous = c->previous;
    if (c->previous) c->previous->next = c->next;
    else c->view->cursors = c->next;
    itsm_buf_clear(&c->ids), itsm_buf_clear(&c->body);
    itsm__sqlite_free(self, c, sizeof *c);
}

/* Step through all of a range and keep what tells the rows apart. */
static itsm_status note(cursor *c, const itsm_call *call)
{
    itsm_status rc;

    while ((rc = itsm__step(c->view->c, call, c->statement)) == ITSM_OK) {
        itsm_id id = itsm__column_id(c->statement, 0);
        if ((rc = itsm_buf_add(&c->ids, &id, sizeof id))) break;
    }
    end(c);
    return rc == ITSM_NOTHING ? ITSM_OK : rc;
}

static int bind_bound(sqlite3_stmt *statement, int at, itsm_bytes bytes)
{
    return sqlite3_bind_blob64(statement, at, bytes.n ? bytes.p : "", bytes.n, SQLITE_TRANSIENT);
}

static int bind_range(sqlite3_stmt *statement, const itsm__sqlite *store, const itsm__table *table,
                      const itsm_range *range)
{
    enum { FROM = ITSM__PARAMETER_ID, TO = ITSM__PARAMETER_REVISION, NUMBER = ITSM__PARAMETER_KEYS };
    const itsm_bytes end = {store->ones, sizeof store->ones};
    int code = bind_bound(statement, FROM, range->lo);

    code |= range->hi.p ? bind_bound(statement, TO, range->hi) : itsm__bind_bytes(statement, TO, end);
    if (table->general || range->index) /* otherwise the table is that of the type */
        code |= sqlite3_bind_int64(statement, ITSM__PARAMETER_TYPE, (sqlite3_int64)range->type);
    if (range->index) code |= sqlite3_bind_int64(statement, NUMBER, (sqlite3_int64)range->index);
    return code;
}

itsm_status itsm__sqlite_scan(void *self, const itsm_call *call, void *pointer, const itsm_range *range, void **out)
{
    itsm__sqlite *store = self;
    view *v = pointer;
    cursor *c;
    const int down = range->descending != 0;
    itsm_status rc = cursor_new(&c, store, v);

    if (rc) return rc;
    c->type = range->type, c->table = itsm__table_of(v->c, range->type);
    c->which = range->index ? (down ? ITSM__SQL_SCAN_KEY_DOWN : ITSM__SQL_SCAN_KEY)
                            : (down ? ITSM__SQL_SCAN_ID_DOWN : ITSM__SQL_SCAN_ID);
    rc = itsm__take(&c->statement, v->c, call, c->table, c->which);
    int code = rc ? 0 : bind_range(c->statement, store, c->table, range);
    if (code) rc = itsm__sqlite_failed(call, v->c, code);
    if (!rc && store->options.db) rc = note(c, call);
    if (rc) itsm__sqlite_cursor_close(store, c);
    else *out = c;
    return rc;
}

itsm_status itsm__sqlite_audit_scan(void *self, const itsm_call *call, void *pointer, uint64_t from, void **out)
{
    itsm__sqlite *store = self;
    view *v = pointer;
    cursor *c;
    itsm_status rc = cursor_new(&c, store, v);

    if (rc) return rc;
    c->which = ITSM__SQL_AUDIT_SCAN, c->audit = 1, c->place = from;
    if (from > INT64_MAX) c->place = INT64_MAX; /* behind the end */
    if (!store->options.db) {
        rc = itsm__take(&c->statement, v->c, call, NULL, c->which);
        int code = rc ? 0 : sqlite3_bind_int64(c->statement, 1, (sqlite3_int64)c->place);
        if (code) rc = itsm__sqlite_failed(call, v->c, code);
    }
    if (rc) itsm__sqlite_cursor_close(store, c);
    else *out = c;
    return rc;
}

static void give_entry(itsm_row *out, sqlite3_stmt *statement)
{
    out->ref.id.lo = (uint64_t)sqlite3_column_int64(statement, 0), out->rev = 0;
    out->body.p = sqlite3_column_blob(statement, 1), out->body.n = (size_t)sqlite3_column_bytes(statement, 1);
}

/* The next row of those noted that is still there. */
static itsm_status next_noted(itsm_row *out, cursor *c, const itsm_call *call)
{
    itsm_status rc = ITSM_NOTHING;

    while (rc == ITSM_NOTHING && c->at < c->ids.n) {
        itsm_ref ref = {c->type, {0, 0}};
        memcpy(&ref.id, c->ids.p + c->at, sizeof ref.id);
        rc = find(out, &c->body, c->view->c, call, ref);
        if (rc >= 0) c->at += sizeof ref.id;
    }
    return rc == ITSM_NOTHING ? ITSM_DONE : rc;
}

/* The next audit entry by a search of its own. */
static itsm_status next_entry(itsm_row *out, cursor *c, const itsm_call *call)
{
    sqlite3_stmt *statement;
    itsm__connection *connection = c->view->c;
    itsm_status rc = itsm__take(&statement, connection, call, NULL, c->which);

    if (rc) return rc;
    sqlite3_bind_int64(statement, 1, (sqlite3_int64)c->place);
    rc = itsm__step(connection, call, statement);
    if (rc == ITSM_OK) {
        itsm_ref ref = {0, {0, (uint64_t)sqlite3_column_int64(statement, 0)}};
        rc = copy_row(out, &c->body, statement, 0, ref);
        if (!rc) out->rev = 0, c->place = ref.id.lo + 1;
    }
    itsm__give(connection, NULL, c->which, statement);
    return rc == ITSM_NOTHING ? ITSM_DONE : rc;
}

itsm_status itsm__sqlite_next(void *self, const itsm_call *call, void *pointer, itsm_row *out)
{
    cursor *c = pointer;

    memset(out, 0, sizeof *out);
    if (((itsm__sqlite *)self)->options.db) return c->audit ? next_entry(out, c, call) : next_noted(out, c, call);
    if (!c->statement) return ITSM_DONE;
    itsm_status rc = itsm__step(c->view->c, call, c->statement);
    if (rc == ITSM_NOTHING) {
        end(c);
        return ITSM_DONE;
    }
    if (rc) return rc;
    if (c->audit) {
        give_entry(out, c->statement);
    } else {
        out->ref.type = c->type, out->ref.id = itsm__column_id(c->statement, 0);
        out->rev = (uint64_t)sqlite3_column_int64(c->statement, 1);
        out->body.p = sqlite3_column_blob(c->statement, 2), out->body.n = (size_t)sqlite3_column_bytes(c->statement, 2);
    }
    if (!out->body.n) out->body.p = "";
    return out->body.p ? ITSM_OK : ITSM_E_NOMEM;
}
