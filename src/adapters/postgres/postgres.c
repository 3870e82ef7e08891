/* SPDX-License-Identifier: MIT */
/*
 * Opening and closing the store in PostgreSQL, its options, and its table of methods.
 */
#include "adapters/postgres/postgres.h"

enum { DEFAULT_CONNECTIONS = 16, MOST_CONNECTIONS = 1000, SCHEMA_MAX = 63, MESSAGE_ROOM = 256 };

static void close_all(void *self)
{
    itsm__pg *pg = self;

    for (uint32_t i = 0; pg->links && i < pg->options.connections; i++) PQfinish(pg->links[i].conn);
    itsm__pg_free(pg, pg->links, pg->options.connections * sizeof *pg->links);
    for (int i = 0; i < ITSM__PG_STATEMENTS; i++) itsm__pg_free(pg, pg->sql[i], pg->sql_size[i]);
    itsm__pg_free(pg, pg->conninfo, pg->conninfo_size);
    if (pg->mutex) pg->mutexes.destroy(pg->mutexes.self, pg->mutex);
    itsm__pg copy = *pg;
    itsm__pg_free(&copy, pg, sizeof *pg);
}

static const itsm_store_methods methods = {
    .size = sizeof(itsm_store_methods),
    .contract = ITSM_STORE_CONTRACT,
    .caps = ITSM_CAP_SNAPSHOT | ITSM_CAP_MULTI_WRITER | ITSM_CAP_HOST_TXN,
    .name = "postgres",
    .define = itsm__pg_define,
    .view_open = itsm__pg_view_open,
    .view_close = itsm__pg_view_close,
    .get = itsm__pg_get,
    .get_many = itsm__pg_get_many,
    .scan = itsm__pg_scan,
    .audit_scan = itsm__pg_audit_scan,
    .next = itsm__pg_next,
    .cursor_close = itsm__pg_cursor_close,
    .apply = itsm__pg_apply,
    .reserve = itsm__pg_reserve,
    .audit_seal = itsm__pg_audit_seal,
    .maintain = itsm__pg_maintain,
    .close = close_all,
};

/* Options ------------------------------------------------------------------------------------------------------------- */

/* Letters, digits and _ need no thought inside SQL; bytes of other alphabets are letters. */
static int is_name(itsm_str s)
{
    if (s.n > SCHEMA_MAX || (s.n && !s.p)) return 0;
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        int letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c >= 0x80;
        if (!letter && (c < '0' || c > '9')) return 0;
    }
    return 1;
}

static void quote_schema(char *out, itsm_str schema)
{
    if (!schema.n) schema = ITSM_STR("itsm");
    out[0] = '"';
    memcpy(out + 1, schema.p, schema.n);
    out[1 + schema.n] = '"', out[2 + schema.n] = 0;
}

static itsm_status take_options(itsm__pg *pg, const itsm_call *call, const itsm_postgres_options *given)
{
    itsm_postgres_options o = ITSM_POSTGRES_OPTIONS_INIT;

    if (given && given->size < sizeof o) return itsm__pg_say(call, ITSM_E_MISUSE, "the options are too small");
    if (given) memcpy(&o, given, sizeof o);
    if (o.flags & ~(uint32_t)(ITSM_POSTGRES_READONLY | ITSM_POSTGRES_EXISTING))
        return itsm__pg_say(call, ITSM_E_MISUSE, "an unknown flag");
    if (!o.connections) o.connections = DEFAULT_CONNECTIONS;
    if (o.connections < 2 || o.connections > MOST_CONNECTIONS)
        return itsm__pg_say(call, ITSM_E_MISUSE, "between 2 and 1000 connections");
    if (!is_name(o.schema))
        return itsm__pg_say(call, ITSM_E_MISUSE, "a schema's name is 1 to 63 letters, digits and _");
    if (!o.statement_ms) o.statement_ms = 60000;
    if (!o.lock_ms) o.lock_ms = 10000;
    if (!o.answer_ms) o.answer_ms = 90000;
    if (o.statement_ms > INT32_MAX || o.lock_ms > INT32_MAX || o.answer_ms > INT32_MAX)
        return itsm__pg_say(call, ITSM_E_MISUSE, "a wait is longer than can be waited");
    quote_schema(pg->schema, o.schema);
    o.schema.p = NULL, o.schema.n = 0; /* nothing of the caller's is kept */
    pg->options = o;
    return ITSM_OK;
}

/* Opening ------------------------------------------------------------------------------------------------------------- */

static itsm_status make_parts(itsm__pg *pg, itsm_str conninfo)
{
    itsm_status rc = ITSM_OK;

    pg->links = itsm__pg_alloc(pg, pg->options.connections * sizeof *pg->links);
    if (!pg->links) return ITSM_E_NOMEM;
    pg->conninfo = itsm__pg_alloc(pg, conninfo.n + 1);
    if (!pg->conninfo) return ITSM_E_NOMEM;
    pg->conninfo_size = conninfo.n + 1;
    if (conninfo.n) memcpy(pg->conninfo, conninfo.p, conninfo.n);
    for (int i = 0; i < ITSM__PG_STATEMENTS && !rc; i++)
        rc = itsm__pg_with_schema(&pg->sql[i], &pg->sql_size[i], pg, itsm__pg_statements[i].sql);
    if (!rc && pg->mutexes.create) rc = pg->mutexes.create(pg->mutexes.self, &pg->mutex);
    if (!rc && pg->mutex) pg->caps |= ITSM_CAP_MT;
    return rc;
}

/* The first link looks after the schema before anything can be prepared. */
static itsm_status open_server(itsm__pg *pg, const itsm_call *call)
{
    itsm__pg_link *first = &pg->links[0];
    itsm_status rc = itsm__pg_connect(&first->conn, pg, call);

    if (rc) return rc;
    first->state = ITSM__PG_IDLE;
    rc = itsm__pg_open_schema(pg, first, call);
    return rc == ITSM_E_UNKNOWN ? ITSM_E_BUSY : rc;
}

static itsm__pg *new_backend(itsm_ctx *ctx)
{
    itsm_ctx_options o = ITSM_CTX_OPTIONS_INIT;
    itsm_ctx_options_get(&o, ctx);
    itsm__pg *pg = o.alloc(o.alloc_user, NULL, 0, sizeof *pg);

    if (!pg) return NULL;
    memset(pg, 0, sizeof *pg);
    pg->alloc = o.alloc, pg->alloc_user = o.alloc_user, pg->caps = methods.caps;
    if (o.mutexes) pg->mutexes = *o.mutexes;
    return pg;
}

/*
 * A backend cannot leave issues in a context; its store can.  So one that could not be opened is made a store for as long as
 * it takes to say why.
 */
typedef struct unopened {
    itsm_status rc;
    char message[MESSAGE_ROOM];
} unopened;

static itsm_status say_why(void *self, const itsm_call *call, void **view)
{
    const unopened *u = self;
    (void)view;
    return itsm__pg_say(call, u->rc, u->message);
}

static void keep(void *self)
{
    (void)self;
}

static itsm_status report(itsm_ctx *ctx, itsm_status rc, const char *message)
{
    itsm_store_methods m = methods;
    itsm_store *store;
    itsm_view view = ITSM_VIEW_INIT;
    unopened u;

    memset(&u, 0, sizeof u);
    itsm_call call = ITSM_CALL_INIT;
    call.message = u.message, call.message_size = sizeof u.message;
    u.rc = itsm__pg_say(&call, rc, *message ? message : itsm_status_text(rc));
    m.view_open = say_why, m.close = keep;
    if (itsm_store_new(&store, ctx, &m, &u)) return rc;
    rc = itsm_store_view_open(&view, ctx, store, NULL);
    itsm_store_free(store);
    return rc;
}

itsm_status itsm_store_postgres(itsm_store **out, itsm_ctx *ctx, itsm_str conninfo,
                                const itsm_postgres_options *options)
{
    char message[MESSAGE_ROOM] = "";
    itsm_call call = ITSM_CALL_INIT;
    itsm_store_methods m = methods;

    call.message = message, call.message_size = sizeof message;
    if (out) *out = NULL;
    if (!out || !ctx || (conninfo.n && !conninfo.p) || (conninfo.n && memchr(conninfo.p, 0, conninfo.n)))
        return ctx ? report(ctx, ITSM_E_MISUSE, "no place for the store, or no text to connect with") : ITSM_E_MISUSE;
    itsm__pg *pg = new_backend(ctx);
    if (!pg) return report(ctx, ITSM_E_NOMEM, message);
    itsm_status rc = take_options(pg, &call, options);
    if (!rc) rc = make_parts(pg, conninfo);
    if (!rc) rc = open_server(pg, &call);
    if (rc) return close_all(pg), report(ctx, rc, message);
    m.caps = pg->caps;
    return itsm_store_new(out, ctx, &m, pg);
}

/* The lag of the audit trail ------------------------------------------------------------------------------------------- */

static itsm_status read_lag(itsm_postgres_lag *out, const PGresult *result, const itsm_call *call)
{
    const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);

    if (PQresultStatus(result) != PGRES_TUPLES_OK || PQntuples(result) != 1) {
        itsm_status rc = itsm__pg_status(sqlstate);
        return itsm__pg_say(call, rc == ITSM_E_NOT_FOUND ? rc : ITSM_E_IO, PQresultErrorMessage(result));
    }
    out->waiting = itsm__pg_be64(PQgetvalue(result, 0, 0));
    out->oldest = (itsm_span)itsm__pg_be64(PQgetvalue(result, 0, 1));
    return ITSM_OK;
}

itsm_status itsm_postgres_lag_of(itsm_postgres_lag *out, itsm_ctx *ctx, struct pg_conn *connection, itsm_str schema)
{
    char message[MESSAGE_ROOM] = "", name[SCHEMA_MAX + 3], text[SCHEMA_MAX + 64] = "SELECT * FROM ";
    itsm_call call = ITSM_CALL_INIT;
    PGresult *result;

    call.message = message, call.message_size = sizeof message;
    if (!out || out->size < sizeof *out || !connection || !is_name(schema))
        return ctx ? report(ctx, ITSM_E_MISUSE, "no connection, no place for the answer, or a bad name")
                   : ITSM_E_MISUSE;
    quote_schema(name, schema);
    size_t n = strlen(text), length = strlen(name);
    memcpy(text + n, name, length);
    memcpy(text + n + length, ".itsm_lag()", sizeof ".itsm_lag()");
    result = PQexecParams(connection, text, 0, NULL, NULL, NULL, NULL, 1);
    itsm_status rc = read_lag(out, result, &call);
    PQclear(result);
    return rc && ctx ? report(ctx, rc, message) : rc;
}
