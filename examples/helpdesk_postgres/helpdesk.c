/* SPDX-License-Identifier: MIT */
/*
 * A storage backend over the tickets of an old help desk, for everything else on top of libitsm-postgres.
 *
 * A batch is one transaction on the help desk's connection: the ticket in its table, and beside it, handed to
 * libitsm-postgres with that transaction, what has no column (a companion row of the same identity, with the record's bytes
 * and index keys), links, clocks, history and audit.  A ticket is read as its companion with the columns laid over it: what
 * the old application wrote counts.  The revision is the column `rev`, raised by a trigger at every UPDATE, so a write
 * of the old application makes our expectation fail like one of our own.
 *
 * Identities and numbers are native indexes; the others are those of the companions, as they were committed or observed
 * last.  Tickets are made by the old application: creating an incident is refused.  One connection writes and one reads,
 * for one thread.
 */
#include "helpdesk.h"

#include "../helpdesk/tickets.h"

#include <itsm/postgres.h>
#include <itsm/record.h>
#include <stdlib.h>

enum { PARAMETERS = TICKET_COLUMNS + 2, NUMBER_SIZE = 24 };

typedef struct helpdesk {
    PGconn *db;       /* the host's: batches, and views inside its own transaction */
    PGconn *reading;  /* all other views */
    int views;        /* on it: they share one transaction */
    itsm_ctx *ctx;    /* the host's: decodes companions */
    itsm_store *rest; /* all that is not in the table */
    const itsm_type_def *type;
    const itsm_field_def *field[TICKET_COLUMNS];
} helpdesk;

typedef struct desk_view {
    PGconn *db;
    itsm_view inner;
    itsm_record *record; /* given last */
} desk_view;

typedef struct desk_cursor {
    desk_view *view;
    itsm_cursor inner; /* of the rest, or over companions */
    PGresult *found;   /* tickets */
    int at, tickets;
    itsm_record *record; /* given last */
} desk_cursor;

static itsm_status say(const itsm_call *call, itsm_status rc, const char *message)
{
    if (call && call->message && call->message_size) snprintf(call->message, call->message_size, "%s", message);
    return rc;
}

/* Run a statement; its failure as a status. */
static itsm_status ask(PGconn *db, const itsm_call *call, PGresult **out, const char *sql, int n,
                       const char *const *values)
{
    static const struct {
        const char *code;
        itsm_status status;
    } meanings[] = {{"40001", ITSM_E_RETRY}, {"40P01", ITSM_E_RETRY}, {"55P03", ITSM_E_BUSY},
                    {"57014", ITSM_E_BUSY},  {"53100", ITSM_E_FULL},  {"25006", ITSM_E_READONLY}};
    PGresult *result = PQexecParams(db, sql, n, NULL, values, NULL, NULL, 0);
    ExecStatusType status = PQresultStatus(result);
    itsm_status rc = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK ? ITSM_OK : ITSM_E_IO;
    const char *code = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    if (rc && PQstatus(db) != CONNECTION_OK) rc = ITSM_E_RETRY;
    for (size_t i = 0; rc == ITSM_E_IO && code && i < sizeof meanings / sizeof *meanings; i++)
        if (!strcmp(code, meanings[i].code)) rc = meanings[i].status;
    if (rc) say(call, rc, PQerrorMessage(db));
    if (out && !rc) *out = result;
    else PQclear(result);
    return rc;
}

static itsm_status run(PGconn *db, const itsm_call *call, const char *sql)
{
    return ask(db, call, NULL, sql, 0, NULL);
}

static const char *text_of(char out[NUMBER_SIZE], int64_t i)
{
    snprintf(out, NUMBER_SIZE, "%lld", (long long)i);
    return out;
}

/* A ticket as a record --------------------------------------------------------------------------------------------- */

static itsm_status set_column(itsm_record *record, const itsm_field_def *field, const ticket_column *column,
                              const PGresult *row, int at)
{
    itsm_value value;
    memset(&value, 0, sizeof value);
    if (PQgetisnull(row, 0, at)) return itsm_record_set(record, field, NULL);
    if (column->kind == ITSM_INT || column->kind == ITSM_TIME) {
        value = itsm_value_number(column->kind, strtoll(PQgetvalue(row, 0, at), NULL, 10));
        if (column->convert == TICKET_SECONDS) value.u.i *= 1000000;
    } else {
        value = itsm_value_text(itsm_str_c(PQgetvalue(row, 0, at)));
        value.kind = column->kind;
    }
    return itsm_record_set(record, field, &value);
}

/* Columns of SELECT: status, rev, then those of the mapping. */
static itsm_status set_columns(const helpdesk *h, const itsm_call *call, itsm_record *record, const PGresult *row,
                               uint64_t id)
{
    char number[32];
    const char *state = ticket_state_of(PQgetvalue(row, 0, 0));
    if (!state) return say(call, ITSM_E_CORRUPT, "a ticket has a status that is in no list");
    itsm_value value = itsm_value_text(itsm_str_c(state));
    value.kind = ITSM_ENUM;
    itsm_status rc = itsm_record_set_number(record, h->type->machines[0].number, &value);
    snprintf(number, sizeof number, "T-%06llu", (unsigned long long)id);
    value = itsm_value_text(itsm_str_c(number));
    if (!rc) rc = itsm_record_set_number(record, ITSM_FIELD_NUMBER, &value);
    for (int i = 0; i < TICKET_COLUMNS && !rc; i++)
        rc = set_column(record, h->field[i], &ticket_columns[i], row, i + 2);
    return rc;
}

static itsm_status select_ticket(PGconn *db, const itsm_call *call, PGresult **row, uint64_t id)
{
    char sql[1024] = "SELECT status, rev", number[NUMBER_SIZE];
    const char *const values[] = {text_of(number, (int64_t)id)};
    size_t n = strlen(sql);
    for (int i = 0; i < TICKET_COLUMNS; i++)
        n += (size_t)snprintf(sql + n, sizeof sql - n, ", %s", ticket_columns[i].column);
    snprintf(sql + n, sizeof sql - n, " FROM tickets WHERE id = $1");
    return ask(db, call, row, sql, 1, values);
}

/* The companion with the ticket laid over it.  ITSM_NOTHING: there is no such ticket. */
static itsm_status load(const helpdesk *h, const itsm_call *call, desk_view *v, uint64_t id, itsm_record **record,
                        itsm_row *out)
{
    const itsm_ref ref = {h->type->number, {0, id}};
    itsm_row companion;
    PGresult *row = NULL;
    itsm_record_free(*record), *record = NULL;
    itsm_status rc = select_ticket(v->db, call, &row, id);
    if (!rc && !PQntuples(row)) rc = ITSM_NOTHING;
    if (!rc) {
        rc = itsm_store_get(&companion, NULL, &v->inner, ref);
        rc = rc ? rc : itsm_record_decode(record, h->ctx, itsm_model_builtin(), &companion);
        if (rc == ITSM_NOTHING) rc = itsm_record_new(record, h->ctx, itsm_model_builtin(), h->type, ref);
        if (!rc) rc = set_columns(h, call, *record, row, id);
        if (!rc) {
            memset(out, 0, sizeof *out);
            out->ref = ref, out->rev = strtoull(PQgetvalue(row, 0, 1), NULL, 10);
            out->fields = itsm_record_fields(*record), out->nfields = itsm_record_count(*record);
        }
    }
    PQclear(row);
    return rc;
}

/* Reading ----------------------------------------------------------------------------------------------------------- */

static itsm_status desk_define(void *self, const itsm_call *call, const itsm_type_info *types, size_t ntypes)
{
    helpdesk *h = self;
    (void)types, (void)ntypes; /* all other types go to the general table */
    return tickets_check(h->type, call->message, call->message_size);
}

/* Views that are open at the same time see the same: one transaction. */
static itsm_status begin_reading(helpdesk *h, const itsm_call *call, desk_view *v)
{
    const int joins = PQtransactionStatus(h->db) == PQTRANS_INTRANS;
    v->db = joins ? h->db : h->reading;
    if (joins || h->views) return ITSM_OK;
    if (PQstatus(v->db) != CONNECTION_OK) PQreset(v->db);
    return run(v->db, call, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
}

static void end_reading(helpdesk *h, const desk_view *v)
{
    if (v->db == h->reading && !h->views) (void)run(v->db, NULL, "ROLLBACK");
}

static itsm_status desk_view_open(void *self, const itsm_call *call, void **out)
{
    helpdesk *h = self;
    itsm_call inner = ITSM_CALL_INIT;
    desk_view *v = calloc(1, sizeof *v);
    itsm_status rc = v ? begin_reading(h, call, v) : ITSM_E_NOMEM;
    if (rc) return free(v), rc;
    inner.host_txn = v->db;
    if ((rc = itsm_store_view_open(&v->inner, NULL, h->rest, &inner))) return end_reading(h, v), free(v), rc;
    h->views += v->db == h->reading;
    *out = v;
    return ITSM_OK;
}

static void desk_view_close(void *self, void *view)
{
    helpdesk *h = self;
    desk_view *v = view;
    itsm_store_view_close(&v->inner);
    itsm_record_free(v->record);
    h->views -= v->db == h->reading;
    end_reading(h, v);
    free(v);
}

static itsm_status desk_get(void *self, const itsm_call *call, void *view, itsm_ref ref, itsm_row *row)
{
    helpdesk *h = self;
    desk_view *v = view;
    if (ref.type != h->type->number) return itsm_store_get(row, NULL, &v->inner, ref);
    if (ref.id.hi || ref.id.lo > INT64_MAX) return ITSM_NOTHING;
    return load(h, call, v, ref.id.lo, &v->record, row);
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
    PQclear(c->found);
    free(c);
}

/* A bound of identities: 16 bytes, most significant first. */
static int64_t bound_of(itsm_bytes bytes)
{
    const unsigned char *p = bytes.p;
    uint64_t id = 0;
    for (size_t i = 0; i < 16; i++) id = id << 8 | (i < bytes.n ? p[i] : 0);
    return id > INT64_MAX ? INT64_MAX : (int64_t)id;
}

/* Identities are given as bytes; of a number the typed form of the range is easier. */
static itsm_status scan_tickets(const itsm_call *call, desk_cursor *c, const itsm_range *range)
{
    char low[NUMBER_SIZE], high[NUMBER_SIZE];
    int64_t from = 0, to = INT64_MAX;
    if (range->index == ITSM_INDEX_NUMBER && range->neq) { /* "T-000045" */
        const itsm_str s = range->eq[0].u.s;
        from = INT64_MAX;
        if (s.n > 2 && s.n < 20 && !memcmp(s.p, "T-", 2)) {
            from = 0;
            for (size_t i = 2; i < s.n; i++) from = from * 10 + (s.p[i] - '0');
        }
        to = from;
    } else if (range->index == 0) {
        if (range->lo.p) from = bound_of(range->lo);
        if (range->hi.p) to = bound_of(range->hi) - 1; /* excluded */
    }
    const char *const values[] = {text_of(low, from), text_of(high, to)};
    c->tickets = 1;
    return ask(c->view->db, call, &c->found,
               range->descending ? "SELECT id FROM tickets WHERE id BETWEEN $1 AND $2 ORDER BY id DESC"
                                 : "SELECT id FROM tickets WHERE id BETWEEN $1 AND $2 ORDER BY id",
               2, values);
}

static itsm_status desk_scan(void *self, const itsm_call *call, void *view, const itsm_range *range, void **out)
{
    helpdesk *h = self;
    desk_view *v = view;
    desk_cursor *c = new_cursor(v);
    if (!c) return ITSM_E_NOMEM;
    const int tickets = range->type == h->type->number;
    itsm_status rc = tickets && range->index <= ITSM_INDEX_NUMBER ? scan_tickets(call, c, range)
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

/*
 * The token is the number of a transaction: all before it have ended, and what they wrote was told.  A transaction that takes
 * long holds up those that began behind it, so nothing is missed.
 */
static itsm_status desk_foreign(void *self, const itsm_call *call, void *view, uint64_t *token, void **out)
{
    char from[NUMBER_SIZE];
    PGresult *end = NULL;
    desk_cursor *c = new_cursor(view);
    if (!c) return ITSM_E_NOMEM;
    const char *values[] = {text_of(from, (int64_t)*token), NULL};
    itsm_status rc = ask(c->view->db, call, &end, "SELECT txid_snapshot_xmin(txid_current_snapshot())", 0, NULL);
    if (!rc) {
        values[1] = PQgetvalue(end, 0, 0);
        rc = ask(c->view->db, call, &c->found,
                 "SELECT ticket FROM itsm_outbox WHERE tx >= $1 AND tx < $2 ORDER BY place", 2, values);
    }
    c->tickets = 2; /* those that are gone are told too */
    if (!rc) *token = strtoull(values[1], NULL, 10);
    PQclear(end);
    if (rc) desk_cursor_close(self, c);
    else *out = c;
    return rc;
}

static itsm_status desk_next(void *self, const itsm_call *call, void *cursor, itsm_row *row)
{
    helpdesk *h = self;
    desk_cursor *c = cursor;
    itsm_status rc = ITSM_NOTHING;
    while (c->tickets && rc == ITSM_NOTHING && c->at < PQntuples(c->found)) {
        uint64_t id = strtoull(PQgetvalue(c->found, c->at++, 0), NULL, 10);
        rc = load(h, call, c->view, id, &c->record, row);
        if (rc == ITSM_NOTHING && c->tickets == 2) {
            row->ref.type = h->type->number, row->ref.id.lo = id;
            return ITSM_OK;
        }
    }
    while (!c->tickets && rc == ITSM_NOTHING) {
        rc = itsm_store_next(row, NULL, &c->inner);
        if (rc == ITSM_OK && row->ref.type == h->type->number)
            rc = load(h, call, c->view, row->ref.id.lo, &c->record, row);
        else break;
    }
    return rc == ITSM_NOTHING ? ITSM_DONE : rc;
}

/* Writing ----------------------------------------------------------------------------------------------------------- */

static const itsm_op *op_at(const itsm_batch *batch, size_t i)
{
    return (const itsm_op *)(const void *)((const char *)batch->ops + i * batch->op_size);
}

/* The revision of a ticket, 0 if there is none; it stays locked. */
static itsm_status revision(const helpdesk *h, const itsm_call *call, itsm_ref ref, uint64_t *rev)
{
    char number[NUMBER_SIZE];
    const char *const values[] = {text_of(number, (int64_t)ref.id.lo)};
    PGresult *row = NULL;
    *rev = 0;
    if (ref.id.hi || ref.id.lo > INT64_MAX) return ITSM_OK;
    itsm_status rc = ask(h->db, call, &row, "SELECT rev FROM tickets WHERE id = $1 FOR UPDATE", 1, values);
    if (!rc && PQntuples(row)) *rev = strtoull(PQgetvalue(row, 0, 0), NULL, 10);
    PQclear(row);
    return rc;
}

static const itsm_value *value_of(const itsm_row *row, uint16_t number)
{
    for (size_t i = 0; i < row->nfields; i++)
        if (row->fields[i].no == number) return &row->fields[i].value;
    return NULL;
}

/* A value as the text of a parameter, yours to free; NULL for none. */
static itsm_status text_of_value(char **out, const itsm_value *value, const ticket_column *column)
{
    const int is_number = value && (value->kind == ITSM_INT || value->kind == ITSM_TIME);
    *out = NULL;
    if (!value) return ITSM_OK;
    if (!(*out = malloc(is_number ? NUMBER_SIZE : value->u.s.n + 1))) return ITSM_E_NOMEM;
    if (is_number) text_of(*out, column->convert == TICKET_SECONDS ? value->u.i / 1000000 : value->u.i);
    else snprintf(*out, value->u.s.n + 1, "%.*s", ITSM_ARG(value->u.s));
    return ITSM_OK;
}

static itsm_status update_ticket(const helpdesk *h, const itsm_call *call, const itsm_row *row)
{
    const itsm_value *state = value_of(row, h->type->machines[0].number);
    const char *status = state ? ticket_status_of(state->u.s) : NULL;
    char sql[1024] = "UPDATE tickets SET status = $1", number[NUMBER_SIZE], *texts[PARAMETERS] = {NULL};
    const char *values[PARAMETERS] = {status, text_of(number, (int64_t)row->ref.id.lo)};
    size_t n = strlen(sql);
    itsm_status rc = ITSM_OK;
    if (!status) return say(call, ITSM_E_UNSUPPORTED, "a state that no status stands for");
    for (int i = 0; i < TICKET_COLUMNS && !rc; i++) {
        n += (size_t)snprintf(sql + n, sizeof sql - n, ", %s = $%d", ticket_columns[i].column, i + 3);
        rc = text_of_value(&texts[i], value_of(row, h->field[i]->number), &ticket_columns[i]);
        values[i + 2] = texts[i];
    }
    snprintf(sql + n, sizeof sql - n, " WHERE id = $2");
    if (!rc) rc = ask(h->db, call, NULL, sql, PARAMETERS, values);
    for (int i = 0; i < TICKET_COLUMNS; i++) free(texts[i]);
    return rc;
}

static itsm_status delete_ticket(const helpdesk *h, const itsm_call *call, itsm_ref ref)
{
    char number[NUMBER_SIZE];
    const char *const values[] = {text_of(number, (int64_t)ref.id.lo)};
    return ask(h->db, call, NULL, "DELETE FROM tickets WHERE id = $1", 1, values);
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
    itsm_call inner = ITSM_CALL_INIT;
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
    inner.host_txn = h->db;
    rc = itsm_store_apply(&got, h->ctx, h->rest, &rest, &inner);
    if (rc && itsm_ctx_issue_count(h->ctx)) say(call, rc, itsm_ctx_issue(h->ctx, 0)->message.p);
    applied->failed_op = got.failed_op, applied->audit_first = got.audit_first;
    return rc;
}

/* A link that is lost while COMMIT is under way leaves it open whether it was made: the batch is sent again. */
static itsm_status commit(const helpdesk *h, const itsm_call *call)
{
    itsm_status rc = run(h->db, call, "COMMIT");
    return rc == ITSM_E_RETRY && PQstatus(h->db) != CONNECTION_OK ? ITSM_E_UNKNOWN : rc;
}

static itsm_status desk_apply(void *self, const itsm_call *call, const itsm_batch *batch, itsm_applied *applied)
{
    helpdesk *h = self;
    if (PQstatus(h->db) != CONNECTION_OK) PQreset(h->db);
    itsm_op *ops = calloc(batch->nops + 1, sizeof *ops);
    uint64_t *revs = calloc(batch->nops + 1, sizeof *revs);
    const int joins = PQtransactionStatus(h->db) == PQTRANS_INTRANS;
    itsm_status rc = ops && revs ? run(h->db, call, joins ? "SAVEPOINT desk" : "BEGIN ISOLATION LEVEL READ COMMITTED")
                                 : ITSM_E_NOMEM;
    if (!rc) {
        rc = run(h->db, call, "SET LOCAL itsm.own = on"); /* the trigger lists what others write */
        if (!rc) rc = write_all(h, call, batch, ops, revs, applied);
        if (!rc && joins) rc = run(h->db, call, "SET LOCAL itsm.own = off");
        if (!rc) rc = joins ? run(h->db, call, "RELEASE desk") : commit(h, call);
        if (rc && joins) (void)run(h->db, NULL, "ROLLBACK TO desk");
        else if (rc) (void)run(h->db, NULL, "ROLLBACK");
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
    PQfinish(h->reading);
    free(h);
}

itsm_status helpdesk_store(itsm_store **out, itsm_ctx *ctx, PGconn *db, const char *conninfo, const char *schema)
{
    static const itsm_store_methods methods = {sizeof methods,
                                               ITSM_STORE_CONTRACT,
                                               0,
                                               ITSM_CAP_SNAPSHOT | ITSM_CAP_NATIVE_INDEX | ITSM_CAP_FOREIGN_WRITES |
                                                   ITSM_CAP_BACKEND_REV | ITSM_CAP_MULTI_WRITER | ITSM_CAP_HOST_TXN,
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
    itsm_postgres_options options = ITSM_POSTGRES_OPTIONS_INIT;
    helpdesk *h = calloc(1, sizeof *h);
    *out = NULL;
    if (!h) return ITSM_E_NOMEM;
    h->db = db, h->ctx = ctx, options.schema = itsm_str_c(schema);
    h->type = itsm_model_type(itsm_model_builtin(), ITSM_STR("incident"));
    for (int i = 0; i < TICKET_COLUMNS; i++)
        h->field[i] = itsm_type_field(h->type, itsm_str_c(ticket_columns[i].field));
    h->reading = PQconnectdb(conninfo);
    itsm_status rc = PQstatus(h->reading) == CONNECTION_OK ? ITSM_OK : ITSM_E_BUSY;
    if (!rc) rc = itsm_store_postgres(&h->rest, ctx, itsm_str_c(conninfo), &options);
    if (rc) {
        PQfinish(h->reading);
        free(h);
        return rc;
    }
    return itsm_store_new(out, ctx, &methods, h);
}
