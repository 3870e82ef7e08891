/* SPDX-License-Identifier: MIT */
/*
 * Reading: a view is a read-only transaction of its own on one link, so all it sees is one commit; or, in the host's
 * transaction, whatever that sees.
 *
 * Opening a view is one round trip, get one, get_many one, a scan one for each page of rows; closing sends its end and waits
 * for nothing.  A page begins behind the last key of the one before, so a cursor holds nothing on the server; pages grow
 * from what the caller expects to some megabytes.  When the link of a view is lost, reads answer ITSM_E_RETRY: the view is
 * over, a new one goes on.
 */
#include "adapters/postgres/postgres.h"

enum { ID_BYTES = 16, FIRST_PAGE = 64, LAST_PAGE = 4096, PAGE_BYTES = 4 << 20 };

/* Columns of an answer. */
enum { TYPE, ID, REV, BODY, KEY_OR_GONE };

typedef struct cursor cursor;

typedef struct view {
    itsm__pg_link *link;
    itsm__pg_link host;
    PGresult *row; /* of the last get() */
    cursor *cursors;
} view;

struct cursor {
    cursor *next, **link;
    view *view;
    PGresult *page;
    int at, whole; /* whole: there are no more pages */
    int64_t size;  /* rows of a page */
    int audit;
    uint32_t type, index;
    int descending;
    /* what is left of the range; index 0 and the audit log: ids (places) from first to last */
    itsm_id first, last;
    int open; /* the end where the scan begins (descending) or stops is open */
    itsm_buf low, high;
};

/* Views --------------------------------------------------------------------------------------------------------------- */

/* A lost link is news for a batch only. */
static itsm_status reading(itsm_status rc)
{
    return rc == ITSM_E_UNKNOWN ? ITSM_E_RETRY : rc;
}

static itsm_status begin(const itsm__pg *pg, itsm__pg_link *link, const itsm_call *call)
{
    static const char head[] = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL statement_timeout = ";
    static const char tail[] = "; SELECT 1";
    char text[sizeof head + sizeof tail + 10], digits[10];
    uint32_t ms = call->timeout_ms ? call->timeout_ms : pg->options.statement_ms;
    size_t n = sizeof head - 1, at = sizeof digits;

    if (ms > INT32_MAX) ms = INT32_MAX;
    memcpy(text, head, n);
    do digits[--at] = (char)('0' + ms % 10);
    while ((ms /= 10) != 0);
    memcpy(text + n, digits + at, sizeof digits - at), n += sizeof digits - at;
    memcpy(text + n, tail, sizeof tail);
    return itsm__pg_text(NULL, pg, link, call, text);
}

/* A link may have been lost while it was idle, without a sign; then another one is tried. */
static itsm_status begin_somewhere(itsm__pg_link **out, itsm__pg *pg, const itsm_call *call)
{
    itsm_status rc = ITSM_E_RETRY;

    for (uint32_t i = 0; i <= pg->options.connections && rc == ITSM_E_RETRY; i++) {
        if ((rc = itsm__pg_take(out, pg, call, ITSM__PG_IN_VIEW))) return rc;
        rc = reading(begin(pg, *out, call));
        if (rc) itsm__pg_release(pg, *out);
    }
    return rc;
}

itsm_status itsm__pg_view_open(void *self, const itsm_call *call, void **out)
{
    itsm__pg *pg = self;
    view *v = itsm__pg_alloc(pg, sizeof *v);
    itsm_status rc;

    if (!v) return ITSM_E_NOMEM;
    if (!call->host_txn) rc = begin_somewhere(&v->link, pg, call);
    else if ((rc = itsm__pg_host(&v->host, call)) == ITSM_OK) v->link = &v->host;
    if (rc) itsm__pg_free(pg, v, sizeof *v);
    else *out = v;
    return rc;
}

void itsm__pg_view_close(void *self, void *pointer)
{
    itsm__pg *pg = self;
    view *v = pointer;

    while (v->cursors) itsm__pg_cursor_close(pg, v->cursors);
    PQclear(v->row);
    if (!v->link->host && !v->link->lost) {
        v->link->pending = PQsendQuery(v->link->conn, "ROLLBACK") && PQflush(v->link->conn) == 0;
        v->link->lost = !v->link->pending;
    }
    itsm__pg_release(pg, v->link);
    itsm__pg_free(pg, v, sizeof *v);
}

/* Rows ---------------------------------------------------------------------------------------------------------------- */

static itsm_bytes column(const PGresult *result, int row, int at)
{
    itsm_bytes b = {PQgetvalue(result, row, at), (size_t)PQgetlength(result, row, at)};
    return b;
}

static void give(itsm_row *out, const PGresult *result, int row)
{
    memset(out, 0, sizeof *out);
    out->ref.type = (uint32_t)itsm__pg_be64(PQgetvalue(result, row, TYPE));
    out->ref.id = itsm__pg_be_id(PQgetvalue(result, row, ID));
    out->rev = itsm__pg_be64(PQgetvalue(result, row, REV));
    out->body = column(result, row, BODY);
}

static itsm_status run(PGresult **out, const itsm__pg *pg, view *v, const itsm_call *call, int statement,
                       const itsm__pg_parameters *p)
{
    *out = NULL;
    if (v->link->lost) return itsm__pg_say(call, ITSM_E_RETRY, "the link of this view is lost");
    return reading(itsm__pg_run(out, pg, v->link, call, statement, p));
}

itsm_status itsm__pg_get(void *self, const itsm_call *call, void *pointer, itsm_ref ref, itsm_row *row)
{
    itsm__pg *pg = self;
    view *v = pointer;
    itsm__pg_parameters p;

    memset(row, 0, sizeof *row);
    PQclear(v->row);
    itsm__pg_parameters_init(&p, pg);
    itsm__pg_int8(&p, ref.type), itsm__pg_id(&p, ref.id);
    itsm_status rc = run(&v->row, pg, v, call, ITSM__PG_GET, &p);
    itsm__pg_parameters_clear(&p);
    if (rc) return rc;
    if (!PQntuples(v->row)) return ITSM_NOTHING;
    give(row, v->row, 0);
    if (!*PQgetvalue(v->row, 0, KEY_OR_GONE)) return ITSM_OK;
    memset(&row->body, 0, sizeof row->body);
    return ITSM_NOTHING;
}

/* Cursors ------------------------------------------------------------------------------------------------------------- */

static cursor *cursor_new(const itsm__pg *pg, view *v)
{
    cursor *c = itsm__pg_alloc(pg, sizeof *c);

    if (!c) return NULL;
    c->view = v, c->size = FIRST_PAGE;
    c->low.alloc = c->high.alloc = pg->alloc, c->low.alloc_user = c->high.alloc_user = pg->alloc_user;
    c->next = v->cursors, c->link = &v->cursors;
    if (c->next) c->next->link = &c->next;
    v->cursors = c;
    return c;
}

void itsm__pg_cursor_close(void *self, void *pointer)
{
    cursor *c = pointer;

    *c->link = c->next;
    if (c->next) c->next->link = c->link;
    PQclear(c->page);
    itsm_buf_clear(&c->low), itsm_buf_clear(&c->high);
    itsm__pg_free(self, c, sizeof *c);
}

static const itsm_id last_id = {UINT64_MAX, UINT64_MAX}, first_id = {0, 0};

/* 0: there is none. */
static int next_id(itsm_id *id)
{
    if (++id->lo == 0) id->hi++;
    return id->hi || id->lo;
}

static int previous_id(itsm_id *id)
{
    if (!id->hi && !id->lo) return 0;
    if (id->lo-- == 0) id->hi--;
    return 1;
}

/* The smallest id whose 16 bytes are not below a bound, which may have any length; 0: there is none. */
static int id_bound(itsm_id *out, itsm_bytes bytes)
{
    unsigned char room[ID_BYTES] = {0};

    if (bytes.n) memcpy(room, bytes.p, bytes.n < ID_BYTES ? bytes.n : ID_BYTES);
    *out = itsm__pg_be_id(room);
    return bytes.n <= ID_BYTES || next_id(out);
}

static void add_key(itsm__pg_parameters *p, const itsm_buf *key)
{
    itsm__pg_bytes(p, key->p, key->n);
}

/* The next page of keys: upwards from (low, first) on, downwards below (high, first). */
static int keys_page(itsm__pg_parameters *p, const cursor *c)
{
    itsm__pg_int8(p, c->type), itsm__pg_int8(p, c->index);
    if (c->descending && c->open) {
        add_key(p, &c->low), itsm__pg_int8(p, (uint64_t)c->size);
        return ITSM__PG_KEYS_DOWN_OPEN;
    }
    add_key(p, c->descending ? &c->high : &c->low), itsm__pg_id(p, c->first);
    if (c->descending) add_key(p, &c->low);
    else if (!c->open) add_key(p, &c->high);
    itsm__pg_int8(p, (uint64_t)c->size);
    return c->descending ? ITSM__PG_KEYS_DOWN : c->open ? ITSM__PG_KEYS_UP_OPEN : ITSM__PG_KEYS_UP;
}

static int rows_page(itsm__pg_parameters *p, const cursor *c)
{
    itsm__pg_int8(p, c->type), itsm__pg_id(p, c->first), itsm__pg_id(p, c->last);
    itsm__pg_int8(p, (uint64_t)c->size);
    return c->descending ? ITSM__PG_ROWS_DOWN : ITSM__PG_ROWS_UP;
}

static int audit_page(itsm__pg_parameters *p, const cursor *c)
{
    itsm__pg_int8(p, c->first.lo), itsm__pg_int8(p, (uint64_t)c->size);
    return ITSM__PG_AUDIT;
}

/* Move what is left of the range behind the last row of the page. */
static itsm_status move_on(cursor *c, int n)
{
    if (c->audit) return c->first.lo = itsm__pg_be64(PQgetvalue(c->page, n - 1, 0)) + 1, ITSM_OK;
    itsm_id id = itsm__pg_be_id(PQgetvalue(c->page, n - 1, ID));
    if (c->index == 0) {
        if (!(c->descending ? previous_id(&id) : next_id(&id))) c->whole = 1;
        else if (c->descending) c->last = id;
        else c->first = id;
        return ITSM_OK;
    }
    itsm_buf *key = c->descending ? &c->high : &c->low;
    itsm_bytes found = column(c->page, n - 1, KEY_OR_GONE);
    key->n = 0;
    if (c->descending) c->open = 0;
    itsm_status rc = itsm_buf_add(key, found.p, found.n);
    if (!rc && !c->descending && !next_id(&id)) rc = itsm_buf_add(key, "", 1); /* behind all rows with this key */
    c->first = id;
    return rc;
}

/* Pages grow, but not beyond some megabytes of rows like those seen. */
static void grow(cursor *c, int n)
{
    int64_t bytes = 0, size = c->size * 4;
    for (int i = 0; i < n; i++) bytes += 64 + PQgetlength(c->page, i, c->audit ? 1 : BODY);
    if (size > LAST_PAGE) size = LAST_PAGE;
    if (bytes / n * size > PAGE_BYTES) size = PAGE_BYTES / (bytes / n);
    c->size = size < 1 ? 1 : size;
}

static itsm_status fetch(const itsm__pg *pg, const itsm_call *call, cursor *c)
{
    itsm__pg_parameters p;

    PQclear(c->page);
    c->page = NULL, c->at = 0;
    itsm__pg_parameters_init(&p, pg);
    int statement = c->audit ? audit_page(&p, c) : c->index == 0 ? rows_page(&p, c) : keys_page(&p, c);
    itsm_status rc = run(&c->page, pg, c->view, call, statement, &p);
    itsm__pg_parameters_clear(&p);
    if (rc) return rc;
    int n = PQntuples(c->page);
    c->whole = n < c->size;
    if (!c->whole) {
        rc = move_on(c, n);
        grow(c, n);
    }
    return rc;
}

itsm_status itsm__pg_next(void *self, const itsm_call *call, void *pointer, itsm_row *row)
{
    cursor *c = pointer;
    itsm_status rc = ITSM_OK;

    memset(row, 0, sizeof *row);
    if (!c->page || c->at >= PQntuples(c->page)) {
        if (c->whole) return ITSM_DONE;
        if ((rc = fetch(self, call, c))) return rc;
        if (!PQntuples(c->page)) return ITSM_DONE;
    }
    if (c->audit) {
        row->ref.id.lo = itsm__pg_be64(PQgetvalue(c->page, c->at, 0)), row->body = column(c->page, c->at, 1);
    } else {
        give(row, c->page, c->at);
    }
    c->at++;
    return ITSM_OK;
}

/* Opening cursors ----------------------------------------------------------------------------------------------------- */

static itsm_status take_range(cursor *c, const itsm_range *range)
{
    c->type = range->type, c->index = range->index, c->descending = range->descending != 0;
    c->open = range->hi.p == NULL;
    if (range->limit_hint && range->limit_hint < FIRST_PAGE) c->size = (int64_t)range->limit_hint;
    if (c->index == 0) {
        c->last = last_id;
        if (!id_bound(&c->first, range->lo)) c->whole = 1;
        if (c->open || !id_bound(&c->last, range->hi)) c->last = last_id;
        else if (!previous_id(&c->last)) c->whole = 1;
        return ITSM_OK;
    }
    c->first = first_id;
    itsm_status rc = range->lo.n ? itsm_buf_add(&c->low, range->lo.p, range->lo.n) : ITSM_OK;
    if (!rc && range->hi.p && range->hi.n) rc = itsm_buf_add(&c->high, range->hi.p, range->hi.n);
    return rc;
}

itsm_status itsm__pg_scan(void *self, const itsm_call *call, void *pointer, const itsm_range *range, void **out)
{
    cursor *c = cursor_new(self, pointer);

    (void)call;
    if (!c) return ITSM_E_NOMEM;
    itsm_status rc = take_range(c, range);
    if (rc) itsm__pg_cursor_close(self, c);
    else *out = c;
    return rc;
}

itsm_status itsm__pg_audit_scan(void *self, const itsm_call *call, void *pointer, uint64_t from, void **out)
{
    cursor *c = cursor_new(self, pointer);

    (void)call;
    if (!c) return ITSM_E_NOMEM;
    c->audit = 1, c->first.lo = from, c->whole = from > INT64_MAX;
    *out = c;
    return ITSM_OK;
}

itsm_status itsm__pg_get_many(void *self, const itsm_call *call, void *pointer, const itsm_ref *refs, size_t n,
                              void **out)
{
    itsm__pg_parameters p;
    cursor *c = cursor_new(self, pointer);

    if (!c) return ITSM_E_NOMEM;
    itsm__pg_parameters_init(&p, self);
    itsm__pg_array(&p, ITSM__PG_INT8);
    for (size_t i = 0; i < n; i++) itsm__pg_add_int8(&p, refs[i].type);
    itsm__pg_array_end(&p), itsm__pg_array(&p, ITSM__PG_UUID);
    for (size_t i = 0; i < n; i++) itsm__pg_add_id(&p, refs[i].id);
    itsm__pg_array_end(&p);
    itsm_status rc = run(&c->page, self, pointer, call, ITSM__PG_GET_MANY, &p);
    itsm__pg_parameters_clear(&p);
    c->whole = 1;
    if (rc) itsm__pg_cursor_close(self, c);
    else *out = c;
    return rc;
}
