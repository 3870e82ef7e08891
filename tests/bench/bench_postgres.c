/* SPDX-License-Identifier: MIT */
/*
 * How long the store in PostgreSQL takes: a small batch (a record changes, a row of history comes, one audit entry), a move
 * of the engine with its reads, a batch of 1,000 rows, and reading.  Beside it, on the same server, libpq alone: an empty
 * round trip, one row inserted and committed, and the rows of the small batch by plain statements in a transaction.
 * Medians of wall-clock time: most of it is waiting.  Run by tests/bench/postgres.sh, which starts a server and adds pgbench.
 */
#include <itsm/os.h>
#include <itsm/postgres.h>

#include "../unit/sms_fixture.h"

#include <libpq-fe.h>

enum { RUNS = 400, BULK_RUNS = 15, BULK = 1000, BODY = 220, ENTRY = 210, TYPE = 1, HISTORY = 2 };

static char filling[1024];
static itsm_ctx *ctx;
static itsm_store *store;
static PGconn *plain;

static void must(int right, const char *what)
{
    if (right) return;
    const itsm_issue *issue = ctx ? itsm_ctx_issue(ctx, 0) : NULL;
    fprintf(stderr, "bench_postgres: %s %.*s\n", what, issue ? (int)issue->message.n : 0,
            issue ? issue->message.p : "");
    exit(1);
}

static int by_size(const void *a, const void *b)
{
    itsm_span x = *(const itsm_span *)a, y = *(const itsm_span *)b;
    return (x > y) - (x < y);
}

static void measure(const char *what, int runs, int per_run, void (*act)(void *user, int i), void *user)
{
    static itsm_span took[RUNS];
    for (int i = 0; i < 20; i++) act(user, i);
    for (int i = 0; i < runs; i++) {
        itsm_span start = itsm_os_monotonic();
        act(user, 20 + i);
        took[i] = itsm_os_monotonic() - start;
    }
    qsort(took, (size_t)runs, sizeof *took, by_size);
    printf("%-58s %8.1f us   (fastest %.1f, nine tenths below %.1f)\n", what, (double)took[runs / 2] / per_run,
           (double)took[0] / per_run, (double)took[runs * 9 / 10] / per_run);
}

/* The store ----------------------------------------------------------------------------------------------------------- */

static itsm_op put_of(uint32_t type, uint64_t id, uint64_t expect)
{
    itsm_op op;
    memset(&op, 0, sizeof op);
    op.kind = ITSM_PUT, op.expect = expect, op.row.ref.type = type, op.row.ref.id.lo = id, op.row.rev = expect + 1;
    op.row.body.p = filling, op.row.body.n = BODY;
    return op;
}

static void apply(const itsm_op *ops, size_t n, size_t naudit)
{
    static itsm_bytes audit[BULK];
    itsm_batch batch = ITSM_BATCH_INIT;
    for (size_t i = 0; i < naudit; i++) audit[i].p = filling, audit[i].n = ENTRY;
    batch.ops = ops, batch.nops = n, batch.audit = audit, batch.naudit = naudit;
    must(itsm_store_apply(NULL, ctx, store, &batch, NULL) == ITSM_OK, "apply");
}

static void small_batch(void *user, int i)
{
    itsm_op ops[2] = {put_of(TYPE, 1, (uint64_t)i), put_of(HISTORY, (uint64_t)i, 0)};
    (void)user;
    apply(ops, 2, 1);
}

static void bulk_batch(void *user, int i)
{
    static itsm_op ops[BULK];
    (void)user;
    for (size_t k = 0; k < BULK; k++) ops[k] = put_of(3, (uint64_t)i * BULK + k, 0);
    apply(ops, BULK, BULK);
}

static void read_row(void *user, int i)
{
    itsm_view *view = user;
    itsm_row row;
    itsm_ref ref = {HISTORY, {0, (uint64_t)i % RUNS}};
    must(itsm_store_get(&row, ctx, view, ref) == ITSM_OK, "get");
}

static void open_view(void *user, int i)
{
    itsm_view view = ITSM_VIEW_INIT;
    (void)user, (void)i;
    must(itsm_store_view_open(&view, ctx, store, NULL) == ITSM_OK, "view");
    itsm_store_view_close(&view);
}

struct mover {
    struct desk desk;
    itsm_ref ref;
};

static void move(void *user, int i)
{
    struct mover *m = user;
    const itsm_named hold[] = {TEXT("pending_reason", "awaiting_user")};
    itsm_outcome out = ITSM_OUTCOME_INIT;
    m->desk.act.now += ITSM_MINUTES(1);
    must(itsm_sms_move(&out, m->desk.sms, m->ref, ITSM_REV_ANY, i % 2 ? ITSM_STR("resume") : ITSM_STR("hold"), hold,
                       i % 2 ? 0 : 1, &m->desk.act) == ITSM_OK,
         "move");
}

static void start_mover(struct mover *m, struct counting *counting)
{
    itsm_outcome out = ITSM_OUTCOME_INIT;
    itsm_sla *sla = NULL;
    desk_open(&m->desk, counting, store);
    must(itsm_sla_load(&sla, m->desk.ctx, ITSM_STR("{\"response\": {\"3\": 60}, \"resolution\": {\"3\": 480}}"),
                       NULL) == ITSM_OK,
         "targets");
    desk_with_sla(&m->desk, sla);
    must(!new_service(&out, &m->desk) && !new_started(&out, &m->desk, out.ref), "records");
    m->ref = out.ref;
    desk_actor(&m->desk, "jdoe", NULL);
}

/* libpq alone --------------------------------------------------------------------------------------------------------- */

static void sql(const char *text)
{
    PGresult *result = PQexec(plain, text);
    ExecStatusType status = PQresultStatus(result);
    must(status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK, PQerrorMessage(plain));
    PQclear(result);
}

static void run(const char *name, const char *number)
{
    PGresult *result = PQexecPrepared(plain, name, number ? 1 : 0, &number, NULL, NULL, 0);
    ExecStatusType status = PQresultStatus(result);
    must(status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK, PQerrorMessage(plain));
    PQclear(result);
}

static void prepare(const char *name, const char *text)
{
    PQclear(PQprepare(plain, name, text, 0, NULL));
}

static void start_plain(void)
{
    plain = PQconnectdb("");
    sql("SET client_min_messages = error; DROP SCHEMA IF EXISTS bench CASCADE; CREATE SCHEMA bench");
    sql("CREATE TABLE bench.record (id bigint PRIMARY KEY, rev bigint NOT NULL, body bytea NOT NULL)");
    sql("CREATE TABLE bench.history (id bigserial PRIMARY KEY, body bytea NOT NULL)");
    sql("CREATE TABLE bench.audit (id bigserial PRIMARY KEY, entry bytea NOT NULL)");
    sql("INSERT INTO bench.record SELECT g, 0, '' FROM generate_series(1, 1000) g");
    prepare("nothing", "SELECT 1");
    prepare("begin", "BEGIN");
    prepare("lock", "SELECT rev FROM bench.record WHERE id = $1::bigint FOR UPDATE");
    prepare("update",
            "UPDATE bench.record SET rev = rev + 1, body = decode(repeat('78', 220), 'hex') WHERE id = $1::bigint");
    prepare("history", "INSERT INTO bench.history (body) VALUES (decode(repeat('78', 220), 'hex'))");
    prepare("audit", "INSERT INTO bench.audit (entry) VALUES (decode(repeat('78', 210), 'hex'))");
    prepare("commit", "COMMIT");
}

static void nothing(void *user, int i)
{
    (void)user, (void)i;
    run("nothing", NULL);
}

static void one_insert(void *user, int i)
{
    (void)user, (void)i;
    run("history", NULL);
}

static void plain_batch(void *user, int i)
{
    (void)user, (void)i;
    run("begin", NULL), run("lock", "1"), run("update", "1"), run("history", NULL), run("audit", NULL),
        run("commit", NULL);
}

int main(void)
{
    struct counting counting = COUNTING_INIT;
    struct mover mover;
    itsm_view view = ITSM_VIEW_INIT;
    must(itsm_os_ctx_new(&ctx) == ITSM_OK, "context");
    must(itsm_store_postgres(&store, ctx, ITSM_STR(""), NULL) == ITSM_OK, "open");
    memset(filling, 'x', sizeof filling);
    start_plain();
    measure("libpq: an empty round trip", RUNS, 1, nothing, NULL);
    measure("libpq: one row, committed", RUNS, 1, one_insert, NULL);
    measure("libpq: the rows of a small batch, 6 statements, committed", RUNS, 1, plain_batch, NULL);
    measure("small batch: a record, its history, an audit entry", RUNS, 1, small_batch, NULL);
    measure("batch of 1,000 rows and entries, per row", BULK_RUNS, BULK, bulk_batch, NULL);
    measure("view opened and closed", RUNS, 1, open_view, NULL);
    must(itsm_store_view_open(&view, ctx, store, NULL) == ITSM_OK, "view");
    measure("one row read", RUNS, 1, read_row, &view);
    itsm_store_view_close(&view);
    start_mover(&mover, &counting);
    measure("move of an incident with two clocks: reads and batch", RUNS, 1, move, &mover);
    itsm_sms_free(mover.desk.sms);
    itsm_sla_free(mover.desk.sla);
    itsm_ctx_free(mover.desk.ctx);
    itsm_store_free(store);
    itsm_ctx_free(ctx);
    PQfinish(plain);
    return 0;
}
