/* SPDX-License-Identifier: MIT */
/*
 * The store in PostgreSQL against a real server: what every store must keep, and what is special here.  Run by
 * tests/postgres/server.sh, which starts the server.
 */
#include <itsm/os.h>
#include <itsm/postgres.h>

#include "../unit/store_contract.h"

#include <libpq-fe.h>
#include <pthread.h>

static PGconn *admin;

static void run_sql(const char *sql)
{
    PGresult *result = PQexec(admin, sql);
    ExecStatusType status = PQresultStatus(result);
    cr_assert(status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK, "%s: %s", sql, PQerrorMessage(admin));
    PQclear(result);
}

static void connect_admin(void)
{
    admin = PQconnectdb("");
    cr_assert_eq(PQstatus(admin), CONNECTION_OK, "%s", PQerrorMessage(admin));
    run_sql("SET client_min_messages = error");
}

/* Every test process has a schema of its own. */
static char schema[64];

static itsm_postgres_options options_of(void)
{
    itsm_postgres_options options = ITSM_POSTGRES_OPTIONS_INIT;
    options.schema = itsm_str_c(schema);
    return options;
}

static itsm_store *make(itsm_ctx *ctx)
{
    itsm_store *store;
    connect_admin();
    snprintf(schema, sizeof schema, "t%d", PQbackendPID(admin));
    itsm_postgres_options options = options_of();
    char conninfo[128];
    snprintf(conninfo, sizeof conninfo, "application_name=%s", schema);
    itsm_status rc = itsm_store_postgres(&store, ctx, itsm_str_c(conninfo), &options);
    cr_assert_eq(rc, ITSM_OK, "%d %.*s", rc, ITSM_ARG(itsm_ctx_issue(ctx, 0)->message));
    return store;
}

static void unmake(void)
{
    char sql[128];
    snprintf(sql, sizeof sql, "DROP SCHEMA \"%s\" CASCADE", schema);
    run_sql(sql);
    PQfinish(admin);
}

CONTRACT_TESTS(postgres_store, make, unmake)

/* Beside the contract: a desk of its own for each test ------------------------------------------------------------------ */

static void desk_start(struct desk *d)
{
    memset(d, 0, sizeof *d);
    d->ctx = counting_ctx(&d->counting);
    d->store = make(d->ctx);
}

static void desk_end(struct desk *d)
{
    itsm_store_free(d->store);
    itsm_ctx_free(d->ctx);
    assert_nothing_outstanding(d->counting);
    unmake();
}

#define DESK_TEST(claim)                                                                                               \
    static void claim(struct desk *d);                                                                                 \
    Test(postgres, claim)                                                                                              \
    {                                                                                                                  \
        struct desk desk;                                                                                              \
        desk_start(&desk);                                                                                             \
        claim(&desk);                                                                                                  \
        desk_end(&desk);                                                                                               \
    }                                                                                                                  \
    static void claim(struct desk *d)

/* SQL with the schema for each ~, and what it answers: columns by |, rows by ; */
static const char *ask(const char *sql)
{
    static char out[4096];
    char text[4096];
    size_t n = 0;
    for (const char *p = sql; *p && n < sizeof text - 65; p++) {
        if (*p == '~') n += (size_t)snprintf(text + n, 65, "%s", schema);
        else text[n++] = *p;
    }
    text[n] = 0;
    PGresult *result = PQexec(admin, text);
    ExecStatusType status = PQresultStatus(result);
    cr_assert(status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK, "%s: %s", text, PQerrorMessage(admin));
    n = 0, out[0] = 0;
    for (int row = 0; row < PQntuples(result); row++)
        for (int column = 0; column < PQnfields(result); column++)
            n += (size_t)snprintf(out + n, sizeof out - n, "%s%s",
                                  column ? "|"
                                  : row  ? ";"
                                         : "",
                                  PQgetisnull(result, row, column) ? "null" : PQgetvalue(result, row, column));
    PQclear(result);
    return out;
}

/* Columns ------------------------------------------------------------------------------------------------------------- */

static itsm_type_info type_of(uint32_t number, const char *name, const itsm_field_info *fields, size_t n)
{
    itsm_type_info type;
    memset(&type, 0, sizeof type);
    type.size = sizeof type, type.type = number, type.name = itsm_str_c(name), type.fields = fields, type.nfields = n;
    return type;
}

static itsm_row_field text_field(uint16_t no, uint16_t kind, const char *p, size_t n)
{
    itsm_row_field f = {no, itsm_value_text(itsm_str_n(p, n))};
    f.value.kind = kind;
    return f;
}

static itsm_row_field number_field(uint16_t no, uint16_t kind, int64_t i)
{
    itsm_row_field f = {no, itsm_value_number(kind, i)};
    return f;
}

DESK_TEST(fields_of_a_record_are_columns)
{
    const itsm_field_info infos[] = {
        {1, ITSM_TEXT, {"title", 5}},     {2, ITSM_INT, {"impact", 6}},  {3, ITSM_DECIMAL, {"cost", 4}},
        {4, ITSM_BOOL, {"major", 5}},     {5, ITSM_TIME, {"opened", 6}}, {6, ITSM_DATE, {"due", 3}},
        {7, ITSM_SPAN, {"effort", 6}},    {8, ITSM_REF, {"service", 7}}, {9, ITSM_LIST, {"tags", 4}},
        {10, ITSM_BYTES, {"picture", 7}}, {11, ITSM_MAP, {"extra", 5}},  {12, ITSM_PARTY, {"owner", 5}}};
    itsm_type_info type = type_of(7, "ticket", infos, 12);
    const itsm_value tags[] = {itsm_value_text(ITSM_STR("a\"b")), itsm_value_text(ITSM_STR("c"))};
    itsm_row_field fields[12] = {text_field(1, ITSM_TEXT, "Dark \xff\0\n", 8),
                                 number_field(2, ITSM_INT, -3),
                                 number_field(3, ITSM_DECIMAL, -1205),
                                 number_field(4, ITSM_BOOL, 1),
                                 number_field(5, ITSM_TIME, INT64_C(1772442000000001)),
                                 number_field(6, ITSM_DATE, -1),
                                 number_field(7, ITSM_SPAN, -ITSM_MINUTES(90)),
                                 number_field(8, ITSM_REF, 0)};
    fields[2].value.scale = 2;
    fields[7].value.u.ref = ref_of(9, 258);
    fields[8].no = 9, fields[8].value.kind = ITSM_LIST, fields[8].value.u.list.item = tags,
    fields[8].value.u.list.n = 2;
    fields[9].no = 10, fields[9].value.kind = ITSM_BYTES, fields[9].value.u.b = bytes_n("\0\xff", 2);
    fields[10] = text_field(11, ITSM_MAP, "{\"not\": json", 12), fields[11] = text_field(12, ITSM_PARTY, "olga", 4);
    cr_assert_eq(itsm_store_define(d->ctx, d->store, &type, 1, NULL), ITSM_OK);
    cr_assert_eq(itsm_store_define(d->ctx, d->store, &type, 1, NULL), ITSM_OK, "again");
    itsm_op op = put_of(ref_of(7, 1), ITSM_REV_NONE, 1, "body");
    op.row.fields = fields, op.row.nfields = 12;
    cr_assert_eq(desk_one(d, op), ITSM_OK);
    ask("SET timezone = 'UTC'");
    cr_assert_str_eq(ask("SELECT id, rev, title, impact, cost, major, opened, due, effort FROM ~.ticket"),
                     "00000000-0000-0000-0000-000000000001|1|Dark \xef\xbf\xbd\xef\xbf\xbd\n|-3|-12.05|t|"
                     "2026-03-02 09:00:00.000001+00|1969-12-31|-01:30:00");
    cr_assert_str_eq(ask("SELECT service, tags, picture, extra, owner FROM ~.ticket"),
                     "00000000-0000-0000-0000-000000000102|[\"a\\\"b\", \"c\"]|\\x00ff|{\"not\": json|olga");
    fields[0] = number_field(1, ITSM_INT, 5), fields[4].value.u.i = INT64_MAX, fields[6].value.u.i = INT64_MAX;
    op.expect = 1, op.row.rev = 2, op.row.nfields = 7;
    cr_assert_eq(desk_one(d, op), ITSM_OK, "what a column cannot hold is null, not an error");
    cr_assert_str_eq(ask("SELECT rev, title, opened, effort, owner FROM ~.ticket"), "2|null|null|null|null");
    cr_assert_eq(desk_one(d, op_of(ITSM_DEL, ref_of(7, 1), 2)), ITSM_OK);
    cr_assert_str_eq(ask("SELECT count(*) FROM ~.ticket"), "0");
}

DESK_TEST(names_that_cannot_be_used_get_their_number)
{
    static const char longest[] = "a_name_of_more_than_sixty_three_bytes_which_is_what_a_server_takes_at_most";
    const itsm_field_info infos[] = {{1, ITSM_TEXT, {"rev", 3}},  {2, ITSM_TEXT, {"xmin", 4}},
                                     {3, ITSM_TEXT, {"same", 4}}, {4, ITSM_INT, {"same", 4}},
                                     {5, ITSM_REF, {"id", 2}},    {6, ITSM_TEXT, {"select \"x'", 10}}};
    itsm_type_info types[3] = {type_of(7, "itsm_row", infos, 6), type_of(8, longest, infos, 1),
                               type_of(9, "", NULL, 0)};
    itsm_row_field fields[] = {text_field(1, ITSM_TEXT, "r", 1), text_field(2, ITSM_TEXT, "x", 1),
                               text_field(3, ITSM_TEXT, "s", 1), number_field(4, ITSM_INT, 4),
                               text_field(6, ITSM_TEXT, "q", 1)};
    cr_assert_eq(itsm_store_define(d->ctx, d->store, types, 3, NULL), ITSM_OK);
    itsm_op op = put_of(ref_of(7, 1), ITSM_REV_NONE, 1, "body");
    op.row.fields = fields, op.row.nfields = 5;
    cr_assert_eq(desk_one(d, op), ITSM_OK);
    cr_assert_str_eq(ask("SELECT table_name FROM ~.itsm_type ORDER BY type"), "type_7;a_name_of__8;_9");
    cr_assert_str_eq(ask("SELECT rev, rev_1_1, xmin_2_1, same, same_4_3, \"select \"\"x'\" FROM ~.type_7"),
                     "1|r|x|s|4|q");
    const itsm_field_info changed[] = {{3, ITSM_INT, {"same", 4}}};
    types[0].fields = changed, types[0].nfields = 1;
    cr_assert_eq(itsm_store_define(d->ctx, d->store, types, 1, NULL), ITSM_OK, "a kind may change");
    fields[2] = number_field(3, ITSM_INT, 33);
    op.expect = 1, op.row.rev = 2;
    cr_assert_eq(desk_one(d, op), ITSM_OK);
    cr_assert_str_eq(ask("SELECT rev, same, same_3_3 FROM ~.type_7"), "2|null|33");
}

/* What failures mean -------------------------------------------------------------------------------------------------- */

static itsm_status put_next(struct desk *d, uint64_t id, uint32_t timeout_ms)
{
    uint64_t rev = desk_rev(d, ref_of(1, id), NULL);
    itsm_op op = put_of(ref_of(1, id), rev, rev + 1, "x");
    itsm_batch batch = ITSM_BATCH_INIT;
    itsm_call call = ITSM_CALL_INIT;
    batch.ops = &op, batch.nops = 1, call.timeout_ms = timeout_ms;
    return itsm_store_apply(NULL, d->ctx, d->store, &batch, &call);
}

DESK_TEST(each_code_of_the_server_has_its_status)
{
    static const struct {
        const char *code;
        itsm_status status;
    } cases[] = {{"40001", ITSM_E_RETRY},    {"40P01", ITSM_E_RETRY},   {"40003", ITSM_E_UNKNOWN},
                 {"55P03", ITSM_E_BUSY},     {"57014", ITSM_E_BUSY},    {"23505", ITSM_E_RETRY},
                 {"53100", ITSM_E_FULL},     {"53200", ITSM_E_BUSY},    {"58030", ITSM_E_IO},
                 {"XX001", ITSM_E_CORRUPT},  {"XX002", ITSM_E_CORRUPT}, {"25006", ITSM_E_READONLY},
                 {"42501", ITSM_E_READONLY}, {"54000", ITSM_E_LIMIT},   {"P0001", ITSM_E_IO}};
    ask("CREATE TABLE ~.fault (code text)");
    ask("INSERT INTO ~.fault VALUES ('')");
    ask("CREATE FUNCTION ~.fail() RETURNS trigger LANGUAGE plpgsql AS $$ DECLARE c text; BEGIN SELECT code INTO c FROM"
        " ~.fault; IF c <> '' THEN RAISE EXCEPTION 'made to fail' USING ERRCODE = c; END IF; RETURN NEW; END $$");
    ask("CREATE TRIGGER t BEFORE INSERT OR UPDATE ON ~.itsm_row FOR EACH ROW EXECUTE FUNCTION ~.fail()");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char sql[64];
        snprintf(sql, sizeof sql, "UPDATE ~.fault SET code = '%s'", cases[i].code);
        ask(sql);
        itsm_status rc = put_next(d, 1, 0);
        cr_assert_eq(rc, cases[i].status, "%s: %d", cases[i].code, rc);
        cr_assert(itsm_str_is(itsm_ctx_issue(d->ctx, 0)->message, "made to fail"));
        cr_assert_eq(desk_rev(d, ref_of(1, 1), NULL), i, "without effect");
        ask("UPDATE ~.fault SET code = ''");
        cr_assert_eq(put_next(d, 1, 0), ITSM_OK, "and works again");
    }
}

DESK_TEST(waiting_for_rows_others_write_ends)
{
    itsm_postgres_options options = options_of();
    itsm_store *store;
    cr_assert_eq(put_next(d, 1, 0), ITSM_OK);
    ask("BEGIN");
    ask("SELECT FROM ~.itsm_row FOR UPDATE");
    cr_assert_eq(put_next(d, 1, 50), ITSM_E_BUSY);
    cr_assert_eq(put_next(d, 2, 50), ITSM_OK, "other rows do not wait");
    options.statement_ms = 80;
    cr_assert_eq(itsm_store_postgres(&store, d->ctx, ITSM_STR(""), &options), ITSM_OK);
    itsm_store *kept = d->store;
    d->store = store;
    cr_assert_eq(put_next(d, 1, 0), ITSM_E_BUSY, "statement_timeout");
    d->store = kept;
    itsm_store_free(store);
    ask("COMMIT");
    cr_assert_eq(put_next(d, 1, 50), ITSM_OK);
}

/* End all links of this test's store. */
static void kill_links(void)
{
    ask("SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity WHERE application_name = '~'");
}

DESK_TEST(a_lost_link_is_opened_again)
{
    itsm_view view, other;
    itsm_row row;
    itsm_cursor cursor;
    itsm_range range = range_of(1, 0, 0);
    cr_assert_eq(put_next(d, 1, 0), ITSM_OK);
    for (int i = 0; i < 3; i++) {
        cr_assert_eq(itsm_store_view_open(&view, d->ctx, d->store, NULL), ITSM_OK);
        cr_assert_eq(itsm_store_view_open(&other, d->ctx, d->store, NULL), ITSM_OK);
        cr_assert_eq(itsm_store_scan(&cursor, d->ctx, &view, &range), ITSM_OK);
        kill_links();
        cr_assert_eq(itsm_store_get(&row, d->ctx, &view, ref_of(1, 1)), ITSM_E_RETRY);
        cr_assert_eq(itsm_store_next(&row, d->ctx, &cursor), ITSM_E_RETRY);
        cr_assert_eq(itsm_store_get(&row, d->ctx, &view, ref_of(1, 1)), ITSM_E_RETRY, "a lost view stays lost");
        itsm_store_view_close(&view);
        itsm_store_view_close(&other);
        cr_assert_eq(put_next(d, 1, 0), ITSM_OK, "a batch finds another link");
        kill_links();
        cr_assert_eq(desk_rev(d, ref_of(1, 1), NULL), (uint64_t)i + 2, "so does a view");
    }
}

DESK_TEST(open_views_hold_connections_and_there_are_so_many)
{
    itsm_postgres_options options = options_of();
    itsm_store *store;
    itsm_view views[3];
    options.connections = 2;
    cr_assert_eq(itsm_store_postgres(&store, d->ctx, ITSM_STR(""), &options), ITSM_OK);
    for (int i = 0; i < 2; i++) cr_assert_eq(itsm_store_view_open(&views[i], d->ctx, store, NULL), ITSM_OK);
    cr_assert_eq(itsm_store_view_open(&views[2], d->ctx, store, NULL), ITSM_E_BUSY);
    itsm_store_view_close(&views[0]);
    cr_assert_eq(itsm_store_view_open(&views[2], d->ctx, store, NULL), ITSM_OK);
    itsm_store_view_close(&views[1]);
    itsm_store_view_close(&views[2]);
    itsm_store_free(store);
}

/* Batches at the same time -------------------------------------------------------------------------------------------- */

struct sender {
    struct desk *desk;
    const itsm_op *ops;
    size_t n;
    itsm_status rc;
};

static void *send_ops(void *user)
{
    struct sender *sender = user;
    sender->rc = desk_apply(sender->desk, sender->ops, sender->n);
    return NULL;
}

/* Another writes, a batch comes to wait for it, and then the other commits. */
static itsm_status behind(struct desk *d, const char *sql, const itsm_op *ops, size_t n)
{
    struct sender sender = {d, ops, n, ITSM_OK};
    pthread_t thread;
    ask("BEGIN");
    ask(sql);
    cr_assert_eq(pthread_create(&thread, NULL, send_ops, &sender), 0);
    for (int i = 0; i < 500; i++) {
        ask("SELECT pg_stat_clear_snapshot()");
        if (strcmp(
                ask("SELECT count(*) FROM pg_stat_activity WHERE application_name = '~' AND wait_event_type = 'Lock'"),
                "0") != 0)
            break;
        ask("SELECT pg_sleep(0.01)");
    }
    ask("COMMIT");
    pthread_join(thread, NULL);
    return sender.rc;
}

DESK_TEST(expectations_hold_when_the_batch_is_written_not_when_it_came)
{
    itsm_index_key key = key_of(1, 1, "k");
    itsm_op ops[2] = {put_of(ref_of(1, 2), 0, 1, "b"), put_of(ref_of(1, 1), 1, 2, "a")};
    cr_assert_eq(desk_one(d, put_of(ref_of(1, 1), 0, 1, "a")), ITSM_OK);
    cr_assert_eq(behind(d, "UPDATE ~.itsm_row SET rev = 2 WHERE type = 1", ops, 2), ITSM_E_CONFLICT);
    cr_assert_eq(d->applied.failed_op, 1, "a row is locked before it is judged");
    ops[1] = op_of(ITSM_CHECK, ref_of(1, 1), 2);
    cr_assert_eq(behind(d, "UPDATE ~.itsm_row SET rev = 3 WHERE type = 1", ops, 2), ITSM_E_CONFLICT);
    cr_assert_eq(d->applied.failed_op, 1, "also one that is only checked");
    ops[1] = op_of(ITSM_CHECK, ref_of(1, 9), 0);
    cr_assert_eq(
        behind(d, "INSERT INTO ~.itsm_row SELECT 1, '00000000-0000-0000-0000-000000000009', 1, false, ''", ops, 2),
        ITSM_E_CONFLICT);
    cr_assert_eq(d->applied.failed_op, 1, "also one that must not be there");
    ops[1] = put_of(ref_of(1, 8), 0, 1, "c");
    cr_assert_eq(
        behind(d, "INSERT INTO ~.itsm_row SELECT 1, '00000000-0000-0000-0000-000000000008', 1, false, ''", ops, 2),
        ITSM_E_CONFLICT);
    cr_assert_eq(d->applied.failed_op, 1, "two that make the same row");
    ops[1] = put_keys_of(ref_of(1, 7), 0, 1, &key, 1);
    cr_assert_eq(
        behind(d, "INSERT INTO ~.itsm_key SELECT 1, 1, 'k', '00000000-0000-0000-0000-000000000009', true", ops, 2),
        ITSM_E_UNIQUE);
    cr_assert_eq(d->applied.failed_op, 1, "two that take the same key");
    expect_scan(d, 1, 0, "1 8 9");
}

/* Opening ------------------------------------------------------------------------------------------------------------- */

static itsm_status open_with(struct desk *d, const char *conninfo, const itsm_postgres_options *options)
{
    itsm_store *store = NULL;
    itsm_status rc = itsm_store_postgres(&store, d->ctx, itsm_str_c(conninfo), options);
    cr_assert_eq(rc == ITSM_OK, store != NULL);
    if (rc) cr_assert_eq(itsm_ctx_issue_count(d->ctx), 1, "and says why");
    itsm_store_free(store);
    return rc;
}

DESK_TEST(what_cannot_be_opened_is_said)
{
    itsm_postgres_options options = options_of();
    cr_assert_eq(itsm_store_postgres(NULL, d->ctx, ITSM_STR(""), NULL), ITSM_E_MISUSE);
    cr_assert_eq(open_with(d, "dbname=there_is_no_such", &options), ITSM_E_NOT_FOUND);
    cr_assert_eq(open_with(d, "host=/there/is/no/such", &options), ITSM_E_BUSY);
    cr_assert_eq(open_with(d, "hots=x", &options), ITSM_E_MISUSE);
    cr_assert_eq(open_with(d, "user=nobody_known", &options), ITSM_E_READONLY);
    options.connections = 1;
    cr_assert_eq(open_with(d, "", &options), ITSM_E_MISUSE);
    options = options_of(), options.flags = 64;
    cr_assert_eq(open_with(d, "", &options), ITSM_E_MISUSE);
    options = options_of(), options.size = 8;
    cr_assert_eq(open_with(d, "", &options), ITSM_E_MISUSE);
    static const char *const names[] = {
        "a b", "a\"b", "a~", "a'b", "a$b", "a_name_of_more_than_sixty_three_bytes_which_is_what_a_server_takes"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        options = options_of(), options.schema = itsm_str_c(names[i]);
        cr_assert_eq(open_with(d, "", &options), ITSM_E_MISUSE, "%s", names[i]);
    }
    for (uint32_t flag = ITSM_POSTGRES_READONLY; flag <= ITSM_POSTGRES_EXISTING; flag++) {
        options = options_of(), options.flags = flag;
        cr_assert_eq(open_with(d, "", &options), ITSM_OK);
        options.schema = ITSM_STR("not_there");
        cr_assert_eq(open_with(d, "", &options), ITSM_E_NOT_FOUND);
    }
    ask("UPDATE ~.itsm_meta SET version = 2");
    options = options_of();
    cr_assert_eq(open_with(d, "", &options), ITSM_E_VERSION);
}

DESK_TEST(a_store_open_for_reading_writes_nothing)
{
    itsm_postgres_options options = options_of();
    itsm_store *kept = d->store, *store;
    uint64_t first;
    cr_assert_eq(put_next(d, 1, 0), ITSM_OK);
    options.flags = ITSM_POSTGRES_READONLY;
    cr_assert_eq(itsm_store_postgres(&store, d->ctx, ITSM_STR(""), &options), ITSM_OK);
    d->store = store;
    cr_assert_eq(put_next(d, 1, 0), ITSM_E_READONLY);
    cr_assert_eq(itsm_store_reserve(&first, d->ctx, store, "s", 1, NULL), ITSM_E_READONLY);
    cr_assert_eq(itsm_store_seal(&first, d->ctx, store, 1, NULL), ITSM_E_READONLY);
    cr_assert_eq(itsm_store_maintain(d->ctx, store, ITSM_MAINTAIN_COMPACT, NULL), ITSM_E_READONLY);
    cr_assert_eq(itsm_store_maintain(d->ctx, store, ITSM_MAINTAIN_CHECK, NULL), ITSM_OK);
    cr_assert_eq(desk_rev(d, ref_of(1, 1), NULL), 1);
    d->store = kept;
    itsm_store_free(store);
}

DESK_TEST(durable_is_said_only_when_it_is)
{
    const int durable = strcmp(ask("SELECT current_setting('fsync')"), "on") == 0;
    itsm_postgres_options options = options_of();
    itsm_store *store;
    cr_assert_eq((itsm_store_caps(d->store) & ITSM_CAP_DURABLE) != 0, durable);
    cr_assert_eq(itsm_store_postgres(&store, d->ctx, ITSM_STR("options='-c synchronous_commit=off'"), &options),
                 ITSM_OK);
    cr_assert_eq(itsm_store_caps(store) & ITSM_CAP_DURABLE, 0);
    itsm_store_free(store);
}

/* The host's transaction ---------------------------------------------------------------------------------------------- */

static itsm_status host_put(struct desk *d, PGconn *host, itsm_op op)
{
    itsm_batch batch = ITSM_BATCH_INIT;
    itsm_call call = ITSM_CALL_INIT;
    batch.ops = &op, batch.nops = 1, call.host_txn = host, call.timeout_ms = 777;
    return itsm_store_apply(NULL, d->ctx, d->store, &batch, &call);
}

DESK_TEST(a_batch_in_the_hosts_transaction_lasts_if_that_does)
{
    itsm_view view;
    itsm_row row;
    itsm_call call = ITSM_CALL_INIT;
    cr_assert_eq(host_put(d, admin, put_of(ref_of(1, 1), 0, 1, "a")), ITSM_E_MISUSE, "there is none");
    for (int keep = 0; keep < 2; keep++) {
        ask("BEGIN");
        cr_assert_eq(host_put(d, admin, put_of(ref_of(1, 1), 0, 1, "a")), ITSM_OK);
        cr_assert_eq(host_put(d, admin, put_of(ref_of(1, 1), 7, 8, "b")), ITSM_E_CONFLICT);
        cr_assert_eq(desk_rev(d, ref_of(1, 1), NULL), 0, "not seen by others");
        call.host_txn = admin;
        cr_assert_eq(itsm_store_view_open(&view, d->ctx, d->store, &call), ITSM_OK);
        cr_assert_eq(itsm_store_get(&row, d->ctx, &view, ref_of(1, 1)), ITSM_OK, "seen by the host");
        itsm_store_view_close(&view);
        cr_assert_str_eq(ask("SELECT current_setting('lock_timeout')"), "0", "as the host has set it");
        ask(keep ? "COMMIT" : "ROLLBACK");
        cr_assert_eq(desk_rev(d, ref_of(1, 1), NULL), (uint64_t)keep);
    }
    ask("CREATE FUNCTION ~.fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no'; END $$");
    ask("CREATE TRIGGER t BEFORE UPDATE ON ~.itsm_row FOR EACH ROW EXECUTE FUNCTION ~.fail()");
    ask("BEGIN");
    cr_assert_eq(host_put(d, admin, put_of(ref_of(1, 1), 1, 2, "c")), ITSM_E_IO);
    cr_assert_str_eq(ask("SELECT 'goes on'"), "goes on");
    ask("COMMIT");
}

/* Audit --------------------------------------------------------------------------------------------------------------- */

DESK_TEST(entries_wait_for_their_places_and_that_is_told)
{
    itsm_postgres_lag lag = ITSM_POSTGRES_LAG_INIT;
    itsm_bytes audit[3] = {bytes_c("a"), bytes_c("b"), bytes_c("c")};
    uint64_t end;
    itsm_op op = put_of(ref_of(1, 1), ITSM_REV_NONE, 1, "x");
    cr_assert_eq(desk_apply_audit(d, &op, 1, audit, 3), ITSM_OK);
    cr_assert_eq(d->applied.audit_first, UINT64_MAX);
    ask("SELECT pg_sleep(0.02)");
    cr_assert_eq(itsm_postgres_lag_of(&lag, d->ctx, admin, itsm_str_c(schema)), ITSM_OK);
    cr_assert_eq(lag.waiting, 3);
    cr_assert(lag.oldest >= 20000 && lag.oldest < ITSM_MINUTES(10));
    cr_assert_eq(itsm_store_seal(&end, d->ctx, d->store, 2, NULL), ITSM_OK);
    cr_assert_eq(end, 2);
    cr_assert_eq(itsm_postgres_lag_of(&lag, d->ctx, admin, itsm_str_c(schema)), ITSM_OK);
    cr_assert_eq(lag.waiting, 1);
    expect_audit(d, 0, "a,b,c");
    cr_assert_eq(itsm_postgres_lag_of(&lag, d->ctx, admin, itsm_str_c(schema)), ITSM_OK);
    cr_assert(lag.waiting == 0 && lag.oldest == 0);
    cr_assert_eq(itsm_postgres_lag_of(&lag, d->ctx, admin, ITSM_STR("not_there")), ITSM_E_NOT_FOUND);
    cr_assert_eq(itsm_postgres_lag_of(&lag, d->ctx, admin, ITSM_STR("a b")), ITSM_E_MISUSE);
    cr_assert_eq(itsm_postgres_lag_of(NULL, d->ctx, admin, ITSM_STR("")), ITSM_E_MISUSE);
}

/* Numbers and pages --------------------------------------------------------------------------------------------------- */

DESK_TEST(revisions_use_all_64_bits)
{
    const uint64_t half = UINT64_C(1) << 63;
    cr_assert_eq(desk_one(d, put_of(ref_of(1, 1), ITSM_REV_NONE, half - 1, "a")), ITSM_OK);
    cr_assert_eq(desk_one(d, put_of(ref_of(1, 1), half - 1, half + 1, "b")), ITSM_OK);
    cr_assert_eq(desk_rev(d, ref_of(1, 1), "b"), half + 1);
    cr_assert_eq(desk_one(d, op_of(ITSM_DEL, ref_of(1, 1), half + 1)), ITSM_OK);
    cr_assert_eq(desk_one(d, put_of(ref_of(1, 1), ITSM_REV_NONE, 5, "c")), ITSM_E_CONFLICT);
    cr_assert_eq(desk_one(d, put_of(ref_of(1, 1), ITSM_REV_NONE, UINT64_MAX - 1, "c")), ITSM_OK);
    cr_assert_eq(desk_rev(d, ref_of(1, 1), "c"), UINT64_MAX - 1);
}

DESK_TEST(a_scan_of_many_pages_gives_each_row_once)
{
    enum { ROWS = 700 };
    static itsm_op ops[ROWS];
    static itsm_index_key keys[ROWS];
    static uint64_t ids[ROWS];
    for (size_t i = 0; i < ROWS; i++) {
        ops[i] = put_of(ref_of(1, i), ITSM_REV_NONE, 1, "x");
        keys[i] = key_of(1, 0, i < 300 ? "same" : "other");
        if (i == ROWS - 1) ops[i].row.ref.id.hi = ops[i].row.ref.id.lo = UINT64_MAX, keys[i] = key_of(1, 0, "same");
        ops[i].keys = &keys[i], ops[i].nkeys = 1;
    }
    cr_assert_eq(desk_apply(d, ops, ROWS), ITSM_OK);
    for (int descending = 0; descending < 2; descending++)
        for (uint32_t index = 0; index < 2; index++)
            for (int bounded = 0; bounded < 2; bounded++) {
                itsm_range range = range_of(1, index, descending);
                range.limit_hint = 3;
                if (bounded && index) range.lo = bytes_c("other"), range.hi = bytes_c("samf");
                if (bounded && !index)
                    range.hi = bytes_n("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\0", 17);
                cr_assert_eq(desk_scan(d, &range, ids, ROWS), ROWS);
                for (uint64_t i = 0; i < ROWS; i++) {
                    uint64_t at = descending ? ROWS - 1 - i : i, wanted = at;
                    if (index) wanted = at < 399 ? at + 300 : at < 699 ? at - 399 : ROWS - 1;
                    if (wanted == ROWS - 1) wanted = UINT64_MAX;
                    cr_assert_eq(ids[i], wanted, "%d %u %d %d", descending, index, bounded, (int)i);
                }
            }
}

/* Memory -------------------------------------------------------------------------------------------------------------- */

static itsm_status all_calls(struct desk *d, itsm_store *store, uint64_t rev)
{
    itsm_index_key key = key_of(1, 1, "k");
    itsm_bytes audit = bytes_c("entry");
    itsm_row_field field = text_field(1, ITSM_TEXT, "a\"b", 3);
    itsm_op op = put_of(ref_of(1, 1), rev, rev + 1, "body");
    itsm_batch batch = ITSM_BATCH_INIT;
    itsm_view view = ITSM_VIEW_INIT;
    itsm_cursor cursor = ITSM_CURSOR_INIT, many = ITSM_CURSOR_INIT;
    itsm_range range = range_of(1, 1, 0);
    itsm_row row;
    itsm_ref ref = ref_of(1, 1);
    uint64_t number;
    range.lo = bytes_c("a"), range.hi = bytes_c("z"), range.limit_hint = 1;
    itsm_status rc = itsm_store_view_open(&view, d->ctx, store, NULL);
    if (!rc) rc = itsm_store_scan(&cursor, d->ctx, &view, &range);
    while (!rc) rc = itsm_store_next(&row, d->ctx, &cursor);
    if (rc == ITSM_DONE) rc = itsm_store_get_many(&many, d->ctx, &view, &ref, 1);
    if (!rc && itsm_store_get(&row, d->ctx, &view, ref) < 0) rc = ITSM_E_NOMEM;
    itsm_store_view_close(&view);
    if (!rc) rc = itsm_store_reserve(&number, d->ctx, store, "s", 1, NULL);
    if (!rc) rc = itsm_store_seal(&number, d->ctx, store, 1, NULL);
    if (rc) return rc;
    op.keys = &key, op.nkeys = 1, op.row.fields = &field, op.row.nfields = 1;
    batch.ops = &op, batch.nops = 1, batch.audit = &audit, batch.naudit = 1;
    return itsm_store_apply(NULL, d->ctx, store, &batch, NULL);
}

DESK_TEST(without_memory_nothing_is_written_or_lost)
{
    itsm_postgres_options options = options_of();
    itsm_store *store = NULL;
    itsm_status rc = ITSM_E_NOMEM;
    for (size_t n = 1; rc; n++) {
        counting_fail(&d->counting, n);
        rc = itsm_store_postgres(&store, d->ctx, ITSM_STR(""), &options);
        counting_stop(&d->counting);
        cr_assert(rc == ITSM_OK || rc == ITSM_E_NOMEM, "%d", rc);
        cr_assert_eq(rc == ITSM_OK, store != NULL);
    }
    for (uint64_t rev = 0; rev < 2; rev++)
        for (size_t n = 1;; n++) {
            counting_fail(&d->counting, n);
            rc = all_calls(d, store, rev);
            if (!counting_stop(&d->counting)) break;
            cr_assert_eq(rc, ITSM_E_NOMEM, "%d", rc);
            cr_assert_eq(desk_rev(d, ref_of(1, 1), NULL), rev);
        }
    cr_assert_eq(desk_rev(d, ref_of(1, 1), "body"), 2);
    itsm_store_free(store);
}

DESK_TEST(compacting_leaves_what_is_there)
{
    cr_assert_eq(put_next(d, 1, 0), ITSM_OK);
    cr_assert_eq(put_next(d, 2, 0), ITSM_OK);
    cr_assert_eq(desk_one(d, op_of(ITSM_DEL, ref_of(1, 2), 1)), ITSM_OK);
    cr_assert_eq(itsm_store_maintain(d->ctx, d->store, ITSM_MAINTAIN_COMPACT, NULL), ITSM_OK);
    expect_scan(d, 1, 0, "1");
    cr_assert_eq(itsm_store_maintain(d->ctx, d->store, ITSM_MAINTAIN_CHECK, NULL), ITSM_OK);
    ask("INSERT INTO ~.itsm_key VALUES (1, 1, 'k', '00000000-0000-0000-0000-000000000009', false)");
    cr_assert_eq(itsm_store_maintain(d->ctx, d->store, ITSM_MAINTAIN_CHECK, NULL), ITSM_E_CORRUPT);
}
