/* SPDX-License-Identifier: MIT */
/*
 * Links: connections to the server, made when needed, kept in a pool, and replaced when lost; running statements on
 * them; and what the server's error codes mean.
 *
 * There is no clock here: how long a statement may take is told to the server, and a link is given up when nothing at all
 * has come for answer_ms.  A link that the server closed while nobody used it is noticed before anything is sent on it.
 * Making one costs three round trips and those of logging in; taking one from the pool costs none.
 */
#include "adapters/postgres/postgres.h"

#include <poll.h>

/* Errors -------------------------------------------------------------------------------------------------------------- */

typedef struct meaning {
    const char *sqlstate; /* or how it begins */
    itsm_status rc;
} meaning;

static const meaning meanings[] = {
    {"40001", ITSM_E_RETRY},     {"40P01", ITSM_E_RETRY},     {"40003", ITSM_E_UNKNOWN},    {"55P03", ITSM_E_BUSY},
    {"57014", ITSM_E_BUSY},      {"23505", ITSM_E_UNIQUE},    {"53100", ITSM_E_FULL},       {"53", ITSM_E_BUSY},
    {"57P03", ITSM_E_BUSY},      {"57P", ITSM_E_UNKNOWN},     {"08", ITSM_E_UNKNOWN},       {"25006", ITSM_E_READONLY},
    {"42501", ITSM_E_READONLY},  {"28", ITSM_E_READONLY},     {"3D000", ITSM_E_NOT_FOUND},  {"3F000", ITSM_E_NOT_FOUND},
    {"42P01", ITSM_E_NOT_FOUND}, {"42883", ITSM_E_NOT_FOUND}, {"22003", ITSM_E_RANGE},      {"54", ITSM_E_LIMIT},
    {"XX001", ITSM_E_CORRUPT},   {"XX002", ITSM_E_CORRUPT},   {"0A000", ITSM_E_UNSUPPORTED}};

itsm_status itsm__pg_status(const char *sqlstate)
{
    for (size_t i = 0; sqlstate && i < sizeof meanings / sizeof *meanings; i++)
        if (strncmp(sqlstate, meanings[i].sqlstate, strlen(meanings[i].sqlstate)) == 0) return meanings[i].rc;
    return ITSM_E_IO;
}

itsm_status itsm__pg_say(const itsm_call *call, itsm_status rc, const char *message)
{
    if (!call || !call->message || !call->message_size || !message) return rc;
    size_t n = strlen(message);
    while (n && (message[n - 1] == '\n' || message[n - 1] == ' ')) n--;
    if (n >= call->message_size) n = call->message_size - 1;
    memcpy(call->message, message, n);
    for (size_t i = 0; i < n; i++)
        if (call->message[i] == '\n') call->message[i] = ' ';
    call->message[n] = 0;
    return rc;
}

/* What the last failure of a link was, when there is no answer with a code. */
static itsm_status lost(itsm__pg_link *link, const itsm_call *call)
{
    link->lost = 1;
    return itsm__pg_say(call, ITSM_E_UNKNOWN, PQerrorMessage(link->conn));
}

/* Memory and the lock ------------------------------------------------------------------------------------------------- */

void *itsm__pg_alloc(const itsm__pg *pg, size_t size)
{
    void *p = pg->alloc(pg->alloc_user, NULL, 0, size);
    if (p) memset(p, 0, size);
    return p;
}

void itsm__pg_free(const itsm__pg *pg, void *ptr, size_t size)
{
    if (ptr) pg->alloc(pg->alloc_user, ptr, size, 0);
}

static void lock(const itsm__pg *pg)
{
    if (pg->mutex) pg->mutexes.lock(pg->mutexes.self, pg->mutex);
}

static void unlock(const itsm__pg *pg)
{
    if (pg->mutex) pg->mutexes.unlock(pg->mutexes.self, pg->mutex);
}

/* Waiting ------------------------------------------------------------------------------------------------------------- */

/* Sleep until the link can be read (or written too); 0: nothing came in time. */
static int wait_for(const itsm__pg *pg, const itsm__pg_link *link, int writing)
{
    struct pollfd at = {PQsocket(link->conn), (short)(writing ? POLLIN | POLLOUT : POLLIN), 0};
    int ready = 0;

    if (at.fd < 0) return 0;
    /* interrupted by a signal: once more; the length of one wait is all that is promised */
    for (int tries = 0; tries < 100 && ready <= 0; tries++) {
        ready = poll(&at, 1, (int)pg->options.answer_ms);
        if (ready == 0) return 0;
    }
    return ready > 0;
}

static itsm_status flush(const itsm__pg *pg, itsm__pg_link *link, const itsm_call *call)
{
    int left;
    while ((left = PQflush(link->conn)) == 1)
        if (!wait_for(pg, link, 1) || !PQconsumeInput(link->conn)) return lost(link, call);
    return left ? lost(link, call) : ITSM_OK;
}

/* The next answer, NULL when there are no more. */
static itsm_status answer(PGresult **out, const itsm__pg *pg, itsm__pg_link *link, const itsm_call *call)
{
    *out = NULL;
    while (PQisBusy(link->conn)) {
        if (!wait_for(pg, link, 0)) {
            link->lost = 1;
            return itsm__pg_say(call, ITSM_E_UNKNOWN, "the server does not answer");
        }
        if (!PQconsumeInput(link->conn)) return lost(link, call);
    }
    *out = PQgetResult(link->conn);
    return ITSM_OK;
}

/* What one answer means. */
static itsm_status judge(itsm__pg_link *link, const itsm_call *call, const PGresult *result)
{
    switch (PQresultStatus(result)) {
    case PGRES_TUPLES_OK:
    case PGRES_COMMAND_OK:
    case PGRES_EMPTY_QUERY: return ITSM_OK;
    default: break;
    }
    const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    if (!sqlstate || PQstatus(link->conn) == CONNECTION_BAD) return lost(link, call);
    return itsm__pg_say(call, itsm__pg_status(sqlstate), message);
}

/*
 * All answers of what was sent, up to the server's word that it is ready: before that a statement may have been answered
 * and yet not be committed.  An error of the server decides, also if the link is lost behind it.
 */
static itsm_status answers(PGresult **out, const itsm__pg *pg, itsm__pg_link *link, const itsm_call *call)
{
    PGresult *result = NULL, *last = NULL;
    itsm_status rc = flush(pg, link, call), failed = ITSM_OK;

    while (!rc && !(rc = answer(&result, pg, link, call)) && result) {
        itsm_status one = judge(link, call, result);
        if (!failed) failed = one;
        PQclear(last);
        last = result;
        if (link->lost) break;
    }
    if (failed) rc = failed;
    if (!rc && PQstatus(link->conn) == CONNECTION_BAD) rc = lost(link, call);
    if (out && !rc) *out = last;
    else PQclear(last);
    return rc;
}

itsm_status itsm__pg_text(PGresult **out, const itsm__pg *pg, itsm__pg_link *link, const itsm_call *call,
                          const char *sql)
{
    if (out) *out = NULL;
    link->warned = 0;
    if (!PQsendQuery(link->conn, sql)) return lost(link, call);
    return answers(out, pg, link, call);
}

static int send_statement(const itsm__pg *pg, itsm__pg_link *link, int statement, const itsm__pg_parameters *p)
{
    const char *values[ITSM__PG_PARAMETERS] = {NULL};
    int lengths[ITSM__PG_PARAMETERS] = {0}, formats[ITSM__PG_PARAMETERS] = {0};
    char name[3] = {'s', (char)('a' + statement), 0};
    static const char empty[1];

    for (int i = 0; i < p->n; i++) {
        values[i] = p->buf.p ? p->buf.p + p->start[i] : empty;
        lengths[i] = (int)(p->start[i + 1] - p->start[i]), formats[i] = 1;
    }
    if (link->host)
        return PQsendQueryParams(link->conn, pg->sql[statement], p->n, itsm__pg_statements[statement].types, values,
                                 lengths, formats, 1);
    return PQsendQueryPrepared(link->conn, name, p->n, values, lengths, formats, 1);
}

itsm_status itsm__pg_run(PGresult **out, const itsm__pg *pg, itsm__pg_link *link, const itsm_call *call, int statement,
                         const itsm__pg_parameters *p)
{
    *out = NULL;
    link->warned = 0;
    if (p->rc) return p->rc;
    if (p->buf.n > (size_t)1000 << 20) return itsm__pg_say(call, ITSM_E_LIMIT, "more than 1000 MiB in one call");
    if (!send_statement(pg, link, statement, p)) return lost(link, call);
    return answers(out, pg, link, call);
}

/* Connecting ---------------------------------------------------------------------------------------------------------- */

/*
 * A warning while a commit waits for a standby says that it is kept here, but perhaps not there: then the answer OK is not
 * all of the truth.
 */
static void notice(void *user, const PGresult *result)
{
    const char *severity = PQresultErrorField(result, PG_DIAG_SEVERITY_NONLOCALIZED);
    itsm__pg_link *link = user;
    if (severity && strcmp(severity, "WARNING") == 0) link->warned = 1;
}

static void ignore(void *user, const PGresult *result)
{
    (void)user, (void)result;
}

/* Why there is no connection: the code is not told, its words are. */
static itsm_status refused(const PGconn *conn, const itsm_call *call)
{
    const char *words = PQerrorMessage(conn);
    itsm_status rc = ITSM_E_BUSY;
    if (strstr(words, "does not exist")) rc = strstr(words, "role \"") ? ITSM_E_READONLY : ITSM_E_NOT_FOUND;
    else if (strstr(words, "authentication failed") || strstr(words, "no password supplied")) rc = ITSM_E_READONLY;
    else if (strstr(words, "no pg_hba.conf entry") || strstr(words, "permission denied")) rc = ITSM_E_READONLY;
    else if (strstr(words, "invalid ") || strstr(words, "missing \"=\"")) rc = ITSM_E_MISUSE;
    return itsm__pg_say(call, rc, words);
}

itsm_status itsm__pg_connect(PGconn **out, const itsm__pg *pg, const itsm_call *call)
{
    /* What stands before dbname is a default, what stands behind it is not. */
    const char *const names[] = {"connect_timeout", "fallback_application_name", "dbname", "client_encoding", NULL};
    const char *const values[] = {"10", "itsm", pg->conninfo, "UTF8", NULL};
    PGconn *conn = PQconnectdbParams(names, values, 1);

    *out = NULL;
    if (!conn) return ITSM_E_NOMEM;
    PQsetNoticeReceiver(conn, ignore, NULL);
    if (PQstatus(conn) != CONNECTION_OK) {
        itsm_status rc = refused(conn, call);
        PQfinish(conn);
        return rc;
    }
    *out = conn;
    return ITSM_OK;
}

/* Decimal digits behind a text. */
static void append_number(char *text, uint32_t u)
{
    char room[10];
    size_t at = sizeof room, n = strlen(text);
    do room[--at] = (char)('0' + u % 10);
    while ((u /= 10) != 0);
    memcpy(text + n, room + at, sizeof room - at);
    text[n + sizeof room - at] = 0;
}

/*
 * The plans that are right for a few rows out of many are right for everything asked here, also before the tables have
 * statistics, so each is made once; the isolation of batches is the one their function is written for.
 */
static itsm_status set_up(const itsm__pg *pg, itsm__pg_link *link, const itsm_call *call)
{
    char text[512] = "SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off; SET jit = off; "
                     "SET plan_cache_mode = force_generic_plan; "
                     "SET default_transaction_isolation = 'read committed'; SET standard_conforming_strings = on; "
                     "SET client_min_messages = warning; SET idle_in_transaction_session_timeout = 0; "
                     "SET statement_timeout = ";
    append_number(text, pg->options.statement_ms);
    memcpy(text + strlen(text), "; SET lock_timeout = ", sizeof "; SET lock_timeout = ");
    append_number(text, pg->options.lock_ms);
    itsm_status rc = itsm__pg_text(NULL, pg, link, call, text);
    if (rc || !PQenterPipelineMode(link->conn)) return rc ? rc : lost(link, call);
    for (int i = 0; i < ITSM__PG_STATEMENTS; i++) {
        const itsm__pg_statement *s = &itsm__pg_statements[i];
        char name[3] = {'s', (char)('a' + i), 0};
        if (!PQsendPrepare(link->conn, name, pg->sql[i], s->n, s->types)) return lost(link, call);
    }
    if (!PQpipelineSync(link->conn)) return lost(link, call);
    rc = flush(pg, link, call);
    itsm_status worst = ITSM_OK;
    for (int synced = 0; !rc && !synced;) {
        PGresult *result;
        if ((rc = answer(&result, pg, link, call)) || !result) continue; /* NULL: the end of one statement's answers */
        synced = PQresultStatus(result) == PGRES_PIPELINE_SYNC;
        if (!synced && !worst && PQresultStatus(result) != PGRES_PIPELINE_ABORTED) worst = judge(link, call, result);
        PQclear(result);
        if (PQstatus(link->conn) == CONNECTION_BAD) rc = lost(link, call);
    }
    if (!rc && !PQexitPipelineMode(link->conn)) rc = lost(link, call);
    return rc ? rc : worst;
}

/* Make a link ready that has a connection with nothing prepared, or none. */
static itsm_status open_link(const itsm__pg *pg, itsm__pg_link *link, const itsm_call *call)
{
    itsm_status rc = link->conn ? ITSM_OK : itsm__pg_connect(&link->conn, pg, call);
    link->lost = link->pending = link->warned = link->ready = 0;
    if (rc) return rc;
    PQsetNoticeReceiver(link->conn, notice, link);
    PQsetnonblocking(link->conn, 1);
    rc = set_up(pg, link, call);
    if (!rc) return link->ready = 1, ITSM_OK;
    PQfinish(link->conn);
    link->conn = NULL;
    return rc == ITSM_E_UNKNOWN ? ITSM_E_BUSY : rc;
}

/* The pool ------------------------------------------------------------------------------------------------------------ */

static void close_link(itsm__pg_link *link)
{
    PQfinish(link->conn);
    link->conn = NULL, link->state = ITSM__PG_CLOSED;
}

/* Read answers that have come by themselves: 1 if nothing is left to come, 0 if something is; a lost link is closed. */
static int is_quiet(itsm__pg_link *link)
{
    if (!PQconsumeInput(link->conn)) return close_link(link), 0;
    while (link->pending && !PQisBusy(link->conn)) {
        PGresult *result = PQgetResult(link->conn);
        if (!result) link->pending = 0;
        PQclear(result);
    }
    if (PQstatus(link->conn) == CONNECTION_BAD) return close_link(link), 0;
    return !link->pending;
}

/*
 * The best that is free: an idle link, one whose last answer is still under way, a place for a new one.  There are two at
 * least, so that a batch need not wait for the answer to the end of the view before it.
 */
static itsm__pg_link *choose(const itsm__pg *pg, int *waiting_helps)
{
    itsm__pg_link *closed = NULL, *pending = NULL;
    uint32_t open = 0;

    *waiting_helps = 0;
    for (uint32_t i = 0; i < pg->options.connections; i++) {
        itsm__pg_link *link = &pg->links[i];
        if (link->state == ITSM__PG_IDLE && is_quiet(link)) return link;
        if (link->state == ITSM__PG_IDLE) pending = link;
        else if (link->state == ITSM__PG_CLOSED && !closed) closed = link;
        else if (link->state == ITSM__PG_IN_CALL) *waiting_helps = 1;
        open += link->state != ITSM__PG_CLOSED;
    }
    return closed && (open < 2 || !pending) ? closed : pending;
}

/* The answers of the end of a view. */
static void drain(const itsm__pg *pg, itsm__pg_link *link)
{
    PGresult *result;
    while (link->pending && !answer(&result, pg, link, NULL)) {
        if (!result) link->pending = 0;
        PQclear(result);
    }
}

itsm_status itsm__pg_take(itsm__pg_link **out, itsm__pg *pg, const itsm_call *call, uint32_t state)
{
    itsm__pg_link *link;
    int waiting_helps;
    itsm_status rc = ITSM_OK;

    *out = NULL;
    lock(pg);
    while (!(link = choose(pg, &waiting_helps)) && waiting_helps && pg->mutex)
        pg->mutexes.wait(pg->mutexes.self, pg->mutex);
    if (link) link->state = state;
    unlock(pg);
    if (!link) return itsm__pg_say(call, ITSM_E_BUSY, "all connections are held by open views");
    if (link->conn && link->pending) drain(pg, link);
    if (link->conn && (link->lost || link->pending)) PQfinish(link->conn), link->conn = NULL;
    if (!link->conn || !link->ready) rc = open_link(pg, link, call);
    if (rc) itsm__pg_release(pg, link);
    else *out = link;
    return rc;
}

void itsm__pg_release(itsm__pg *pg, itsm__pg_link *link)
{
    if (link->host) return;
    if (link->conn && (link->lost || (!link->pending && PQtransactionStatus(link->conn) != PQTRANS_IDLE)))
        PQfinish(link->conn), link->conn = NULL;
    lock(pg);
    link->state = link->conn ? ITSM__PG_IDLE : ITSM__PG_CLOSED;
    if (pg->mutex) pg->mutexes.wake_all(pg->mutexes.self, pg->mutex);
    unlock(pg);
}

itsm_status itsm__pg_host(itsm__pg_link *out, const itsm_call *call)
{
    memset(out, 0, sizeof *out);
    out->conn = call->host_txn, out->host = 1;
    if (PQstatus(out->conn) != CONNECTION_OK || PQtransactionStatus(out->conn) != PQTRANS_INTRANS)
        return itsm__pg_say(call, ITSM_E_MISUSE, "the host's connection has no transaction open");
    return ITSM_OK;
}
