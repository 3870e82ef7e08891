/* SPDX-License-Identifier: MIT */
/*
 * A storage backend over the tickets of an old help desk, for everything else on top of libitsm-sqlite.
 *
 * Both use one connection, so a batch is one transaction: the ticket in its table, and beside it, in the tables of
 * libitsm-sqlite, what has no column (a companion row of the same identity, with the record's bytes and index keys),
 * links, clocks, history and audit.  A ticket is read as its companion with the columns laid over it: what the old
 * application wrote counts.  The revision is the column `rev`, raised by a trigger at every UPDATE, so a write of the old
 * application makes our expectation fail like one of our own.
 *
 * Identities and numbers are native indexes; the others are those of the companions, as they were committed or observed
 * last.  Tickets are made by the old application: creating an incident is refused.
 */
#include "helpdesk.h"

#include "../helpdesk/tickets.h"

#include <itsm/record.h>
#include <itsm/sqlite.h>
#include <stdlib.h>

typedef struct helpdesk {
    sqlite3 *db;
    itsm_ctx *ctx;    /* the host's: decodes companions */
    itsm_store *rest; /* all that is not in the table */
    const itsm_type_def *type;
    const itsm_field_def *field[TICKET_COLUMNS];
} helpdesk;

typedef struct desk_view {
    itsm_view inner;
    itsm_record *record; /* given last */
} desk_view;

typedef struct desk_cursor {
    desk_view *view;
    itsm_cursor inner;    /* of the rest, or over companions */
    sqlite3_int64 *found; /* tickets, from here on */
    size_t n, at;
    int tickets;
    itsm_record *record; /* given last */
} desk_cursor;

static itsm_status say(const itsm_call *call, itsm_status rc, const char *message)
{
    if (call && call->message && call->message_size) snprintf(call->message, call->message_size, "%s", message);
    return rc;
}

static itsm_status failed(const helpdesk *h, const itsm_call *call)
{
    int code = sqlite3_errcode(h->db);
    return say(call,
               code == SQLITE_BUSY    ? ITSM_E_BUSY
               : code == SQLITE_FULL  ? ITSM_E_FULL
               : code == SQLITE_NOMEM ? ITSM_E_NOMEM
                                      : ITSM_E_IO,
               sqlite3_errmsg(h->db));
}

/* A ticket as a record --------------------------------------------------------------------------------------------- */

static itsm_status set_column(itsm_record *record, const itsm_field_def *field, const ticket_column *column,
                              sqlite3_stmt *row, int at)
{
    itsm_value value;
    memset(&value, 0, sizeof value);
    if (sqlite3_column_type(row, at) == SQLITE_NULL) return itsm_record_set(record, field, NULL);
    if (column->kind == ITSM_INT || column->kind == ITSM_TIME) {
        value = itsm_value_number(column->kind, sqlite3_column_int64(row, at));
        if (column->convert == TICKET_SECONDS) value.u.i *= 1000000;
    } else {
        value = itsm_value_text(itsm_str_c((const char *)sqlite3_column_text(row, at)));
        value.kind = column->kind;
    }
    return itsm_record_set(record, field, &value);
}

/* Columns of SELECT: status, rev, then those of the mapping. */
static itsm_status set_columns(const helpdesk *h, const itsm_call *call, itsm_record *record, sqlite3_stmt *row,
                               sqlite3_int64 id)
{
    char number[32];
    const char *state = ticket_state_of((const char *)sqlite3_column_text(row, 0));
    if (!state) return say(call, ITSM_E_CORRUPT, "a ticket has a status that is in no list");
    itsm_value value = itsm_value_text(itsm_str_c(state));
    value.kind = ITSM_ENUM;
    itsm_status rc = itsm_record_set_number(record, h->type->machines[0].number, &value);
    snprintf(number, sizeof number, "T-%06lld", (long long)id);
    value = itsm_value_text(itsm_str_c(number));
    if (!rc) rc = itsm_record_set_number(record, ITSM_FIELD_NUMBER, &value);
    for (int i = 0; i < TICKET_COLUMNS && !rc; i++)
        rc = set_column(record, h->field[i], &ticket_columns[i], row, i + 2);
    return rc;
}

static sqlite3_stmt *select_ticket(const helpdesk *h, sqlite3_int64 id)
{
    sqlite3_stmt *row = NULL;
    sqlite3_str *sql = sqlite3_str_new(h->db);
    sqlite3_str_appendall(sql, "SELECT status, rev");
    for (int i = 0; i < TICKET_COLUMNS; i++) sqlite3_str_appendf(sql, ", %s", ticket_columns[i].column);
    sqlite3_str_appendall(sql, " FROM tickets WHERE id = ?1");
    char *text = sqlite3_str_finish(sql);
    if (text && !sqlite3_prepare_v2(h->db, text, -1, &row, NULL)) sqlite3_bind_int64(row, 1, id);
    sqlite3_free(text);
    return row;
}

/* The companion with the ticket laid over it.  ITSM_NOTHING: there is no such ticket. */
static itsm_status load(const helpdesk *h, const itsm_call *call, desk_view *v, sqlite3_int64 id, itsm_record **record,
                        itsm_row *out)
{
    const itsm_ref ref = {h->type->number, {0, (uint64_t)id}};
    itsm_row companion;
    itsm_record_free(*record), *record = NULL;
    sqlite3_stmt *row = select_ticket(h, id);
    if (!row) return failed(h, call);
    int code = sqlite3_step(row);
    itsm_status rc = code == SQLITE_ROW ? ITSM_OK : code == SQLITE_DONE ? ITSM_NOTHING : failed(h, call);
    if (!rc) {
        rc = itsm_store_get(&companion, NULL, &v->inner, ref);
        rc = rc ? rc : itsm_record_decode(record, h->ctx, itsm_model_builtin(), &companion);
        if (rc == ITSM_NOTHING) rc = itsm_record_new(record, h->ctx, itsm_model_builtin(), h->type, ref);
        if (!rc) rc = set_columns(h, call, *record, row, id);
        if (!rc) {
            memset(out, 0, sizeof *out);
            out->ref = ref, out->rev = (uint64_t)sqlite3_column_int64(row, 1);
            out->fields = itsm_record_fields(*record), out->nfields = itsm_record_count(*record);
        }
    }
    sqlite3_finalize(row);
    return rc;
}

/* Reading ----------------------------------------------------------------------------------------------------------- */

static itsm_status desk_define(void *self, const itsm_call *call, const itsm_type_info *types, size_t ntypes)
{
    helpdesk *h = self;
    (void)types, (void)ntypes; /* all other types go to the general table */
    return tickets_check(h->type, call->message, call->message_size);
}

static itsm_status desk_view_open(void *self, const itsm_call *call, void **out)
{
    helpdesk *h = self;
    desk_view *v = calloc(1, sizeof *v);
    if (!v) return ITSM_E_NOMEM;
    itsm_call inner = ITSM_CALL_INIT;
    inner.host_txn = call->host_txn;
    itsm_status rc = itsm_store_view_open(&v->inner, NULL, h->rest, &inner);
    if (rc) free(v);
    else *out = v;
    return rc;
}

static void desk_view_close(void *self, void *view)
{
    desk_view *v = view;
    (void)self;
    itsm_store_view_close(&v->inner);
    itsm_record_free(v->record);
    free(v);
}

static itsm_status desk_get(void *self, const itsm_call *call, void *view, itsm_ref ref, itsm_row *row)
{
    helpdesk *h = self;
    desk_view *v = view;
    if (ref.type != h->type->number) return itsm_store_get(row, NULL, &v->inner, ref);
    if (ref.id.hi || ref.id.lo > INT64_MAX) return ITSM_NOTHING;
    return load(h, call, v, (sqlite3_int64)ref.id.lo, &v->record, row);
}

static desk_cursor *new_cursor(desk_view *v)
{
    desk_cursor *c = calloc(1, sizeof *c);
    if (c) c->view = v;
    return c;
}

static void desk_cursor_close(void *self, void *cursor)
{
    desk_cursor *c = cursor;
    (void)self;
    itsm_store_cursor_close(&c->inner);
    itsm_record_free(c->record);
    free(c->found);
    free(c);
}

/* Note the tickets a statement gives. */
static itsm_status note(const helpdesk *h, const itsm_call *call, desk_cursor *c, sqlite3_stmt *rows)
{
    int code;
    c->tickets = 1;
    while ((code = sqlite3_step(rows)) == SQLITE_ROW) {
        sqlite3_int64 *more = realloc(c->found, (c->n + 1) * sizeof *more);
        if (!more) return ITSM_E_NOMEM;
        c->found = more, c->found[c->n++] = sqlite3_column_int64(rows, 0);
    }
    return code == SQLITE_DONE ? ITSM_OK : failed(h, call);
}

/* Bounds of a number: the key of a text is 04, the text, 00 00; here the typed form of the range is easier. */
static itsm_status scan_tickets(const helpdesk *h, const itsm_call *call, desk_cursor *c, const itsm_range *range)
{
    const itsm_value *eq = range->neq ? &range->eq[0] : NULL;
    const int by_number = range->index == ITSM_INDEX_NUMBER;
    const unsigned char *lo = range->lo.p, *hi = range->hi.p;
    sqlite3_int64 from = 0, to = INT64_MAX;
    sqlite3_stmt *rows = NULL;
    if (by_number && eq) { /* "T-000045" */
        from = INT64_MAX;
        if (eq->u.s.n > 2 && eq->u.s.n < 20 && !memcmp(eq->u.s.p, "T-", 2)) {
            from = 0;
            for (size_t i = 2; i < eq->u.s.n; i++) from = from * 10 + (eq->u.s.p[i] - '0');
        }
        to = from;
    } else if (!by_number) { /* the id: 16 bytes, most significant first */
        for (size_t i = 0; lo && i < 16; i++) from = from << 8 | (i < range->lo.n ? lo[i] : 0);
        if (hi) to = 0;
        for (size_t i = 0; hi && i < 16; i++) to = to << 8 | (i < range->hi.n ? hi[i] : 0);
        if (hi) to--; /* excluded */
    }
    char sql[96];
    snprintf(sql, sizeof sql, "SELECT id FROM tickets WHERE id BETWEEN ?1 AND ?2 ORDER BY id%s",
             range->descending ? " DESC" : "");
    if (sqlite3_prepare_v2(h->db, sql, -1, &rows, NULL)) return failed(h, call);
    sqlite3_bind_int64(rows, 1, from), sqlite3_bind_int64(rows, 2, to);
    itsm_status rc = note(h, call, c, rows);
    sqlite3_finalize(rows);
    return rc;
}

static itsm_status desk_scan(void *self, const itsm_call *call, void *view, const itsm_range *range, void **out)
{
    helpdesk *h = self;
    desk_view *v = view;
    desk_cursor *c = new_cursor(v);
    if (!c) return ITSM_E_NOMEM;
    const int tickets = range->type == h->type->number;
    itsm_status rc = tickets && range->index <= ITSM_INDEX_NUMBER ? scan_tickets(h, call, c, range)
                                                                  : itsm_store_scan(&c->inner, NULL, &v->inner, range);
    if (rc) desk_cursor_close(self, c);
    else *out = c;
    return rc;
}

static itsm_status desk_audit_scan(void *self, const itsm_call *call, void *view, uint64_t from, void **out)
{
    desk_view *v = view;
    desk_cursor *c = new_cursor(v);
    (void)call;
    if (!c) return ITSM_E_NOMEM;
    itsm_status rc = itsm_store_audit_scan(&c->inner, NULL, &v->inner, from);
    if (rc) desk_cursor_close(self, c);
    else *out = c;
    return rc;
}

static itsm_status desk_foreign(void *self, const itsm_call *call, void *view, uint64_t *token, void **out)
{
    helpdesk *h = self;
    sqlite3_stmt *rows = NULL;
    desk_cursor *c = new_cursor(view);
    if (!c) return ITSM_E_NOMEM;
    itsm_status rc = ITSM_OK;
    if (sqlite3_prepare_v2(h->db, "SELECT ticket, place FROM itsm_outbox WHERE place > ?1 ORDER BY place", -1, &rows,
                           NULL))
        rc = failed(h, call);
    sqlite3_bind_int64(rows, 1, (sqlite3_int64)*token);
    c->tickets = 2; /* those that are gone are told too */
    while (!rc && sqlite3_step(rows) == SQLITE_ROW) {
        sqlite3_int64 *more = realloc(c->found, (c->n + 1) * sizeof *more);
        if (!more) rc = ITSM_E_NOMEM;
        else c->found = more, c->found[c->n++] = sqlite3_column_int64(rows, 0);
        *token = (uint64_t)sqlite3_column_int64(rows, 1);
    }
    sqlite3_finalize(rows);
    if (rc) desk_cursor_close(self, c);
    else *out = c;
    return rc;
}

static itsm_status desk_next(void *self, const itsm_call *call, void *cursor, itsm_row *row)
{
    helpdesk *h = self;
    desk_cursor *c = cursor;
    itsm_status rc = ITSM_NOTHING;
    while (c->tickets && rc == ITSM_NOTHING && c->at < c->n) {
        sqlite3_int64 id = c->found[c->at++];
        rc = load(h, call, c->view, id, &c->record, row);
        if (rc == ITSM_NOTHING && c->tickets == 2) {
            row->ref.type = h->type->number, row->ref.id.lo = (uint64_t)id;
            return ITSM_OK;
        }
    }
    while (!c->tickets && rc == ITSM_NOTHING) {
        rc = itsm_store_next(row, NULL, &c->inner);
        if (rc == ITSM_OK && row->ref.type == h->type->number)
            rc = load(h, call, c->view, (sqlite3_int64)row->ref.id.lo, &c->record, row);
        else break;
    }
    return rc == ITSM_NOTHING ? ITSM_DONE : rc;
}

/* Writing ----------------------------------------------------------------------------------------------------------- */

static const itsm_op *op_at(const itsm_batch *batch, size_t i)
{
    return (const itsm_op *)(const void *)((const char *)batch->ops + i * batch->op_size);
}

/* The revision of a ticket, 0 if there is none. */
static itsm_status revision(const helpdesk *h, const itsm_call *call, itsm_ref ref, uint64_t *rev)
{
    sqlite3_stmt *row = NULL;
    itsm_status rc = ITSM_OK;
    *rev = 0;
    if (ref.id.hi || ref.id.lo > INT64_MAX) return ITSM_OK;
    if (sqlite3_prepare_v2(h->db, "SELECT rev FROM tickets WHERE id = ?1", -1, &row, NULL)) return failed(h, call);
    sqlite3_bind_int64(row, 1, (sqlite3_int64)ref.id.lo);
    int code = sqlite3_step(row);
    if (code == SQLITE_ROW) *rev = (uint64_t)sqlite3_column_int64(row, 0);
    else if (code != SQLITE_DONE) rc = failed(h, call);
    sqlite3_finalize(row);
    return rc;
}

static const itsm_value *value_of(const itsm_row *row, uint16_t number)
{
    for (size_t i = 0; i < row->nfields; i++)
        if (row->fields[i].no == number) return &row->fields[i].value;
    return NULL;
}

static void bind_value(sqlite3_stmt *to, int at, const itsm_value *value, const ticket_column *column)
{
    if (!value) sqlite3_bind_null(to, at);
    else if (value->kind == ITSM_INT || value->kind == ITSM_TIME)
        sqlite3_bind_int64(to, at, column->convert == TICKET_SECONDS ? value->u.i / 1000000 : value->u.i);
    else sqlite3_bind_text(to, at, value->u.s.p, (int)value->u.s.n, SQLITE_TRANSIENT);
}

/* The trigger raises the revision; what it lists of our own making is taken off the list again. */
static itsm_status update_ticket(const helpdesk *h, const itsm_call *call, const itsm_row *row)
{
    const itsm_value *state = value_of(row, h->type->machines[0].number);
    const char *status = state ? ticket_status_of(state->u.s) : NULL;
    sqlite3_stmt *update = NULL;
    itsm_status rc = ITSM_OK;
    if (!status) return say(call, ITSM_E_UNSUPPORTED, "a state that no status stands for");
    sqlite3_str *sql = sqlite3_str_new(h->db);
    sqlite3_str_appendall(sql, "UPDATE tickets SET status = ?1");
    for (int i = 0; i < TICKET_COLUMNS; i++) sqlite3_str_appendf(sql, ", %s = ?%d", ticket_columns[i].column, i + 3);
    sqlite3_str_appendall(sql, " WHERE id = ?2");
    char *text = sqlite3_str_finish(sql);
    if (!text || sqlite3_prepare_v2(h->db, text, -1, &update, NULL)) rc = failed(h, call);
    sqlite3_free(text);
    if (rc) return rc;
    sqlite3_bind_text(update, 1, status, -1, SQLITE_STATIC);
    sqlite3_bind_int64(update, 2, (sqlite3_int64)row->ref.id.lo);
    for (int i = 0; i < TICKET_COLUMNS; i++)
        bind_value(update, i + 3, value_of(row, h->field[i]->number), &ticket_columns[i]);
    if (sqlite3_step(update) != SQLITE_DONE) rc = failed(h, call);
    sqlite3_finalize(update);
    return rc;
}

static itsm_status run(const helpdesk *h, const itsm_call *call, const char *sql)
{
    return sqlite3_exec(h->db, sql, NULL, NULL, NULL) ? failed(h, call) : ITSM_OK;
}

static itsm_status delete_ticket(const helpdesk *h, const itsm_call *call, itsm_ref ref)
{
    char sql[64];
    snprintf(sql, sizeof sql, "DELETE FROM tickets WHERE id = %lld", (long long)ref.id.lo);
    return run(h, call, sql);
}

/* One operation on a ticket; what remains of it is one on its companion. */
static itsm_status write_ticket(const helpdesk *h, const itsm_call *call, const itsm_op *op, itsm_op *companion,
                                uint64_t *rev)
{
    uint64_t now = 0;
    itsm_status rc = revision(h, call, op->row.ref, &now);
    *companion = *op, companion->expect = ITSM_REV_ANY;
    if (rc) return rc;
    if (op->expect != ITSM_REV_ANY && op->expect != now)
        return say(call, ITSM_E_CONFLICT, "the ticket is not at the expected revision");
    if (op->kind == ITSM_PUT && !now) return say(call, ITSM_E_UNSUPPORTED, "tickets are made in the help desk");
    if (op->kind == ITSM_PUT) rc = update_ticket(h, call, &op->row);
    if (op->kind == ITSM_DEL) rc = delete_ticket(h, call, op->row.ref);
    if (!rc && op->kind == ITSM_PUT) rc = revision(h, call, op->row.ref, rev);
    companion->row.rev = *rev;
    return rc;
}

static itsm_status write_all(const helpdesk *h, const itsm_call *call, const itsm_batch *batch, itsm_op *ops,
                             uint64_t *revs, itsm_applied *applied)
{
    itsm_batch rest = *batch;
    itsm_applied got = ITSM_APPLIED_INIT;
    itsm_status rc = ITSM_OK;
    for (size_t i = 0; i < batch->nops && !rc; i++) { /* the ticket of each; companions are operations of the rest */
        ops[i] = *op_at(batch, i), revs[i] = ops[i].kind == ITSM_PUT ? ops[i].row.rev : 0;
        if (ops[i].row.ref.type == h->type->number) rc = write_ticket(h, call, op_at(batch, i), &ops[i], &revs[i]);
        if (rc) applied->failed_op = i;
    }
    if (rc) return rc;
    memset(&ops[batch->nops], 0, sizeof *ops); /* at least one expectation: there is no row of type 0 */
    ops[batch->nops].kind = ITSM_CHECK;
    rest.ops = ops, rest.op_size = sizeof *ops, rest.nops = batch->nops + 1;
    rc = itsm_store_apply(&got, h->ctx, h->rest, &rest, NULL);
    if (rc && itsm_ctx_issue_count(h->ctx)) say(call, rc, itsm_ctx_issue(h->ctx, 0)->message.p);
    applied->failed_op = got.failed_op, applied->audit_first = got.audit_first;
    return rc;
}

static itsm_status desk_apply(void *self, const itsm_call *call, const itsm_batch *batch, itsm_applied *applied)
{
    helpdesk *h = self;
    itsm_op *ops = calloc(batch->nops + 1, sizeof *ops);
    uint64_t *revs = calloc(batch->nops + 1, sizeof *revs);
    const int joins = !sqlite3_get_autocommit(h->db);
    char own[96];
    itsm_status rc = ops && revs ? run(h, call, joins ? "SAVEPOINT desk" : "BEGIN IMMEDIATE") : ITSM_E_NOMEM;
    if (!rc) {
        sqlite3_int64 last = 0;
        sqlite3_stmt *row = NULL;
        if (sqlite3_prepare_v2(h->db, "SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'itsm_outbox'",
                               -1, &row, NULL) == SQLITE_OK &&
            sqlite3_step(row) == SQLITE_ROW)
            last = sqlite3_column_int64(row, 0);
        sqlite3_finalize(row);
        rc = write_all(h, call, batch, ops, revs, applied);
        snprintf(own, sizeof own, "DELETE FROM itsm_outbox WHERE place > %lld", (long long)last);
        if (!rc) rc = run(h, call, own);
        if (!rc) rc = run(h, call, joins ? "RELEASE desk" : "COMMIT");
        if (rc && !sqlite3_get_autocommit(h->db))
            sqlite3_exec(h->db, joins ? "ROLLBACK TO desk; RELEASE desk" : "ROLLBACK", NULL, NULL, NULL);
    }
    for (size_t i = 0; !rc && applied->rev_out && i < batch->nops; i++) applied->rev_out[i] = revs[i];
    free(ops), free(revs);
    return rc;
}

static itsm_status desk_reserve(void *self, const itsm_call *call, const char *sequence, uint32_t n, uint64_t *first)
{
    (void)call;
    return itsm_store_reserve(first, NULL, ((helpdesk *)self)->rest, sequence, n, NULL);
}

static itsm_status desk_seal(void *self, const itsm_call *call, uint32_t max, uint64_t *end)
{
    (void)call;
    return itsm_store_seal(end, NULL, ((helpdesk *)self)->rest, max, NULL);
}

static void desk_close(void *self)
{
    helpdesk *h = self;
    itsm_store_free(h->rest);
    free(h);
}

itsm_status helpdesk_store(itsm_store **out, itsm_ctx *ctx, sqlite3 *db)
{
    static const itsm_store_methods methods = {sizeof methods,
                                               ITSM_STORE_CONTRACT,
                                               0,
                                               ITSM_CAP_NATIVE_INDEX | ITSM_CAP_FOREIGN_WRITES | ITSM_CAP_BACKEND_REV |
                                                   ITSM_CAP_SEAL_SYNC | ITSM_CAP_MULTI_WRITER | ITSM_CAP_HOST_TXN,
                                               "helpdesk",
                                               desk_define,
                                               desk_view_open,
                                               desk_view_close,
                                               desk_get,
                                               NULL,
                                               desk_scan,
                                               desk_audit_scan,
                                               desk_next,
                                               desk_cursor_close,
                                               desk_apply,
                                               desk_reserve,
                                               desk_seal,
                                               desk_foreign,
                                               NULL,
                                               NULL,
                                               desk_close};
    itsm_sqlite_options options = ITSM_SQLITE_OPTIONS_INIT;
    helpdesk *h = calloc(1, sizeof *h);
    *out = NULL;
    if (!h) return ITSM_E_NOMEM;
    h->db = db, h->ctx = ctx, options.db = db;
    h->type = itsm_model_type(itsm_model_builtin(), ITSM_STR("incident"));
    for (int i = 0; i < TICKET_COLUMNS; i++)
        h->field[i] = itsm_type_field(h->type, itsm_str_c(ticket_columns[i].field));
    itsm_status rc = itsm_store_sqlite(&h->rest, ctx, itsm_str_n(NULL, 0), &options);
    if (rc) {
        free(h);
        return rc;
    }
    return itsm_store_new(out, ctx, &methods, h);
}
