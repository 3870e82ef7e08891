/* SPDX-License-Identifier: MIT */
/*
 * The SQLite store: what every store must keep, on connections of its own and on one of the host's; which databases it
 * takes and refuses; tables, columns and views of a model, and how they follow it.  Faults are in tests/fault.
 */
#include "store_contract.h"

#include <itsm/os.h>
#include <itsm/sqlite.h>

#include <criterion/criterion.h>
#include <sqlite3.h>
#include <unistd.h>

/* Criterion runs each test in a process of its own. */
static char path[64];
static sqlite3 *host;

static const char *new_path(void)
{
    static const char *const ends[] = {"", "-wal", "-shm", "-journal"};
    char name[80];
    snprintf(path, sizeof path, "sqlite_test-%ld.db", (long)getpid());
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        snprintf(name, sizeof name, "%s%s", path, ends[i]);
        unlink(name);
    }
    return path;
}

static void unmake(void)
{
    new_path();
}

static itsm_status open_with(itsm_store **store, itsm_ctx *ctx, uint32_t flags, uint32_t durability)
{
    itsm_sqlite_options options = ITSM_SQLITE_OPTIONS_INIT;
    options.flags = flags, options.durability = durability;
    return itsm_store_sqlite(store, ctx, itsm_str_c(path), &options);
}

static itsm_store *open_store(itsm_ctx *ctx)
{
    itsm_store *store = NULL;
    itsm_status rc = open_with(&store, ctx, 0, ITSM_SQLITE_OFF);
    cr_assert_eq(rc, ITSM_OK, "open: %d %.*s", rc, ITSM_ARG(first_message(ctx)));
    return store;
}

static itsm_store *make(itsm_ctx *ctx)
{
    new_path();
    return open_store(ctx);
}

CONTRACT_TESTS(sqlite_store, make, unmake)

/* On a connection of the host's, which has tables of its own. */
static itsm_store *open_host(itsm_ctx *ctx)
{
    itsm_sqlite_options options = ITSM_SQLITE_OPTIONS_INIT;
    itsm_store *store = NULL;
    options.db = host;
    itsm_status rc = itsm_store_sqlite(&store, ctx, itsm_str_c(""), &options);
    cr_assert_eq(rc, ITSM_OK, "open: %d %.*s", rc, ITSM_ARG(first_message(ctx)));
    return store;
}

static itsm_store *make_host(itsm_ctx *ctx)
{
    cr_assert_eq(sqlite3_open(":memory:", &host), SQLITE_OK);
    cr_assert_eq(sqlite3_exec(host, "CREATE TABLE tickets(id INTEGER PRIMARY KEY, title TEXT)", 0, 0, 0), SQLITE_OK);
    return open_host(ctx);
}

static void unmake_host(void)
{
    cr_assert_eq(sqlite3_close(host), SQLITE_OK, "the store left statements behind");
}

CONTRACT_TESTS(sqlite_host, make_host, unmake_host)

/* The same inside a transaction of the host's, which has to end before the database is written anew. */
static void begin_host(const char *claim)
{
    if (strcmp(claim, "maintenance_finds_nothing_wrong") != 0)
        cr_assert_eq(sqlite3_exec(host, "BEGIN", 0, 0, 0), SQLITE_OK);
}

#define JOINED_TEST(suite, claim, make, unmake)                                                                        \
    Test(suite, claim)                                                                                                 \
    {                                                                                                                  \
        struct desk own;                                                                                               \
        memset(&own, 0, sizeof own);                                                                                   \
        own.ctx = counting_ctx(&own.counting);                                                                         \
        own.store = make(own.ctx);                                                                                     \
        begin_host(#claim);                                                                                            \
        contract_##claim(&own);                                                                                        \
        itsm_store_free(own.store);                                                                                    \
        itsm_ctx_free(own.ctx);                                                                                        \
        assert_nothing_outstanding(own.counting);                                                                      \
        unmake();                                                                                                      \
    }

CONTRACT_CLAIMS(JOINED_TEST, sqlite_joined, make_host, unmake_host)

/* Looking at what SQLite has -------------------------------------------------------------------------------------- */

static struct desk desk; /* of the tests below */

static void setup(void)
{
    memset(&desk, 0, sizeof desk);
    new_path();
    desk.ctx = counting_ctx(&desk.counting);
}

static void teardown(void)
{
    itsm_ctx_free(desk.ctx);
    assert_nothing_outstanding(desk.counting);
    if (host) unmake_host(), host = NULL;
    unmake();
}

/* The rows of a query in a database of its own connection: columns joined by '|', rows by ';'. */
static const char *ask(const char *sql)
{
    static char text[2048];
    size_t used = 0;
    sqlite3 *db = NULL;
    sqlite3_stmt *rows = NULL;
    text[0] = 0;
    cr_assert_eq(sqlite3_open(path, &db), SQLITE_OK);
    cr_assert_eq(sqlite3_prepare_v2(db, sql, -1, &rows, NULL), SQLITE_OK, "%s: %s", sql, sqlite3_errmsg(db));
    while (sqlite3_step(rows) == SQLITE_ROW) {
        for (int i = 0; i < sqlite3_column_count(rows); i++) {
            const char *value = (const char *)sqlite3_column_text(rows, i);
            used += (size_t)snprintf(text + used, sizeof text - used, "%s%s",
                                     i      ? "|"
                                     : used ? ";"
                                            : "",
                                     value ? value : "NULL");
        }
    }
    sqlite3_finalize(rows);
    cr_assert_eq(sqlite3_close(db), SQLITE_OK);
    return text;
}

static void tell(const char *sql)
{
    sqlite3 *db = NULL;
    cr_assert_eq(sqlite3_open(path, &db), SQLITE_OK);
    cr_assert_eq(sqlite3_exec(db, sql, 0, 0, 0), SQLITE_OK, "%s: %s", sql, sqlite3_errmsg(db));
    cr_assert_eq(sqlite3_close(db), SQLITE_OK);
}

static void expect_failure(itsm_status rc, itsm_status wanted, const char *said)
{
    char text[512];
    snprintf(text, sizeof text, "%.*s", ITSM_ARG(first_message(desk.ctx)));
    cr_assert_eq(rc, wanted, "%d: %s", rc, text);
    cr_assert(strstr(text, said), "it says \"%s\", not \"%s\"", text, said);
}

/* Opening --------------------------------------------------------------------------------------------------------- */

Test(sqlite_open, what_was_written_is_there_when_it_is_opened_again, .init = setup, .fini = teardown)
{
    itsm_index_key key = key_of(1, 1, "k");
    itsm_bytes audit = bytes_c("entry");
    itsm_op ops[2] = {put_keys_of(ref_of(7, 1), ITSM_REV_NONE, UINT64_MAX - 1, &key, 1),
                      put_of(ref_of(7, 2), ITSM_REV_NONE, 1, "gone")};
    uint64_t first = 0;
    desk.store = open_store(desk.ctx);
    cr_assert_eq(desk_apply_audit(&desk, ops, 2, &audit, 1), ITSM_OK);
    cr_assert_eq(desk_one(&desk, op_of(ITSM_DEL, ref_of(7, 2), 1)), ITSM_OK);
    cr_assert_eq(itsm_store_reserve(&first, desk.ctx, desk.store, "INC", 10, NULL), ITSM_OK);
    itsm_store_free(desk.store);
    cr_assert_eq(open_with(&desk.store, desk.ctx, ITSM_SQLITE_EXISTING, ITSM_SQLITE_FULL), ITSM_OK);
    cr_assert_eq(desk_rev(&desk, ref_of(7, 1), "x"), UINT64_MAX - 1);
    expect_scan(&desk, 7, 1, "1");
    expect_audit(&desk, 0, "entry");
    cr_assert_eq(desk_one(&desk, put_of(ref_of(7, 2), ITSM_REV_NONE, 1, "again")), ITSM_E_CONFLICT);
    cr_assert_eq(itsm_store_reserve(&first, desk.ctx, desk.store, "INC", 1, NULL), ITSM_OK);
    cr_assert_eq(first, 11);
    itsm_store_free(desk.store);
}

Test(sqlite_open, capabilities_are_those_of_the_options, .init = setup, .fini = teardown)
{
    itsm_ctx_options given = ITSM_CTX_OPTIONS_INIT;
    itsm_ctx *threads = NULL;
    const uint64_t always = ITSM_CAP_SNAPSHOT | ITSM_CAP_SEAL_SYNC | ITSM_CAP_MULTI_WRITER;
    for (uint32_t durability = ITSM_SQLITE_FULL; durability <= ITSM_SQLITE_OFF; durability++) {
        cr_assert_eq(open_with(&desk.store, desk.ctx, 0, durability), ITSM_OK);
        cr_assert_eq(itsm_store_caps(desk.store), always | (durability == ITSM_SQLITE_FULL ? ITSM_CAP_DURABLE : 0));
        cr_assert_eq(itsm_store_flush(desk.ctx, desk.store, NULL), ITSM_OK);
        itsm_store_free(desk.store);
    }
    itsm_os_ctx_options(&given);
    cr_assert_eq(itsm_ctx_new(&threads, &given), ITSM_OK);
    cr_assert_eq(open_with(&desk.store, threads, 0, 0), ITSM_OK);
    cr_assert_eq(itsm_store_caps(desk.store), always | ITSM_CAP_DURABLE | ITSM_CAP_MT);
    itsm_store_free(desk.store);
    itsm_ctx_free(threads);
    desk.store = make_host(desk.ctx);
    cr_assert_eq(itsm_store_caps(desk.store), ITSM_CAP_SEAL_SYNC | ITSM_CAP_MULTI_WRITER | ITSM_CAP_HOST_TXN);
    itsm_store_free(desk.store);
}

Test(sqlite_open, wrong_options_are_misuse, .init = setup, .fini = teardown)
{
    itsm_sqlite_options options = ITSM_SQLITE_OPTIONS_INIT;
    itsm_store *store = (itsm_store *)&desk;
    cr_assert_eq(itsm_store_sqlite(NULL, desk.ctx, ITSM_STR("x"), NULL), ITSM_E_MISUSE);
    cr_assert_eq(itsm_store_sqlite(&store, NULL, ITSM_STR("x"), NULL), ITSM_E_MISUSE);
    cr_assert_null(store);
    cr_assert_eq(itsm_store_sqlite(&store, desk.ctx, ITSM_STR(""), NULL), ITSM_E_MISUSE);
    cr_assert_eq(itsm_store_sqlite(&store, desk.ctx, ITSM_STR("x\0y"), NULL), ITSM_E_MISUSE);
    options.flags = 8;
    expect_failure(itsm_store_sqlite(&store, desk.ctx, ITSM_STR("x"), &options), ITSM_E_MISUSE, "flags");
    options.flags = 0, options.durability = 3;
    expect_failure(itsm_store_sqlite(&store, desk.ctx, ITSM_STR("x"), &options), ITSM_E_MISUSE, "durability");
    options.durability = 0, options.reserved = 1;
    cr_assert_eq(itsm_store_sqlite(&store, desk.ctx, ITSM_STR("x"), &options), ITSM_E_MISUSE);
    options.reserved = 0, options.size = 4;
    cr_assert_eq(itsm_store_sqlite(&store, desk.ctx, ITSM_STR("x"), &options), ITSM_E_MISUSE);
    expect_failure(itsm_store_sqlite(&store, desk.ctx, ITSM_STR(":memory:"), NULL), ITSM_E_UNSUPPORTED, "memory");
    cr_assert_null(store);
}

Test(sqlite_open, a_store_that_must_exist_is_not_made, .init = setup, .fini = teardown)
{
    expect_failure(open_with(&desk.store, desk.ctx, ITSM_SQLITE_EXISTING, 0), ITSM_E_NOT_FOUND, path);
    expect_failure(open_with(&desk.store, desk.ctx, ITSM_SQLITE_READONLY, 0), ITSM_E_NOT_FOUND, path);
    cr_assert_neq(access(path, F_OK), 0);
    tell("VACUUM"); /* an empty database of one page */
    expect_failure(open_with(&desk.store, desk.ctx, ITSM_SQLITE_EXISTING, 0), ITSM_E_NOT_FOUND, "no store");
}

Test(sqlite_open, a_database_of_something_else_is_refused_as_it_was, .init = setup, .fini = teardown)
{
    tell("CREATE TABLE accounts(id INTEGER); PRAGMA application_id=4711");
    expect_failure(open_with(&desk.store, desk.ctx, 0, 0), ITSM_E_CORRUPT, "application_id 4711");
    cr_assert_str_eq(ask("SELECT name FROM sqlite_master"), "accounts");
    cr_assert_str_eq(ask("PRAGMA journal_mode"), "delete");
    cr_assert_str_eq(ask("PRAGMA application_id"), "4711");
}

Test(sqlite_open, a_file_that_is_no_database_is_refused, .init = setup, .fini = teardown)
{
    FILE *file = fopen(path, "wb");
    for (int i = 0; i < 2000; i++) fputs("this is not a database ", file);
    fclose(file);
    expect_failure(open_with(&desk.store, desk.ctx, 0, 0), ITSM_E_CORRUPT, "not a database");
}

Test(sqlite_open, a_newer_layout_is_refused, .init = setup, .fini = teardown)
{
    itsm_store_free(open_store(desk.ctx));
    cr_assert_str_eq(ask("PRAGMA application_id"), "1230263117");
    tell("PRAGMA user_version=2");
    expect_failure(open_with(&desk.store, desk.ctx, 0, 0), ITSM_E_VERSION, "layout 2");
    tell("PRAGMA user_version=1; UPDATE itsm_meta SET value=9 WHERE name='layout'");
    expect_failure(open_with(&desk.store, desk.ctx, 0, 0), ITSM_E_VERSION, "layout 9");
    tell("UPDATE itsm_meta SET value='x' WHERE name='layout'");
    expect_failure(open_with(&desk.store, desk.ctx, 0, 0), ITSM_E_CORRUPT, "itsm_meta");
    tell("DROP TABLE itsm_meta");
    expect_failure(open_with(&desk.store, desk.ctx, 0, 0), ITSM_E_CORRUPT, "lost");
}

Test(sqlite_open, a_store_that_is_read_only_reads_and_does_not_write, .init = setup, .fini = teardown)
{
    uint64_t first;
    itsm_store *writer = open_store(desk.ctx);
    desk.store = writer;
    cr_assert_eq(desk_one(&desk, put_of(ref_of(1, 1), ITSM_REV_NONE, 1, "a")), ITSM_OK);
    cr_assert_eq(open_with(&desk.store, desk.ctx, ITSM_SQLITE_READONLY, 0), ITSM_OK);
    cr_assert_eq(desk_rev(&desk, ref_of(1, 1), "a"), 1);
    cr_assert_eq(desk_one(&desk, put_of(ref_of(1, 2), ITSM_REV_NONE, 1, "b")), ITSM_E_READONLY);
    cr_assert_eq(itsm_store_reserve(&first, desk.ctx, desk.store, "s", 1, NULL), ITSM_E_READONLY);
    cr_assert_eq(itsm_store_maintain(desk.ctx, desk.store, ITSM_MAINTAIN_COMPACT, NULL), ITSM_E_READONLY);
    cr_assert_eq(itsm_store_maintain(desk.ctx, desk.store, ITSM_MAINTAIN_CHECK, NULL), ITSM_OK);
    itsm_store *reader = desk.store;
    desk.store = writer;
    cr_assert_eq(desk_one(&desk, put_of(ref_of(1, 2), ITSM_REV_NONE, 1, "b")), ITSM_OK);
    desk.store = reader;
    cr_assert_eq(desk_rev(&desk, ref_of(1, 2), "b"), 1);
    itsm_store_free(reader), itsm_store_free(writer);
}

Test(sqlite_open, every_allocation_may_fail, .init = setup, .fini = teardown)
{
    itsm_index_key keys[2] = {key_of(1, 1, "k"), key_of(2, 0, "v")};
    for (size_t n = 1;; n++) {
        desk.store = NULL;
        counting_fail(&desk.counting, n);
        itsm_status rc = open_with(&desk.store, desk.ctx, 0, ITSM_SQLITE_OFF);
        itsm_op op = put_keys_of(ref_of(1, n), ITSM_REV_NONE, 1, keys, 2);
        itsm_op del = op_of(ITSM_DEL, ref_of(1, n - 1), ITSM_REV_ANY), both[2] = {op, del};
        if (!rc) rc = desk_apply(&desk, both, 2);
        itsm_view view = ITSM_VIEW_INIT;
        itsm_cursor cursor = ITSM_CURSOR_INIT;
        itsm_range range = range_of(1, 1, 0);
        itsm_row row;
        if (!rc) rc = itsm_store_view_open(&view, desk.ctx, desk.store, NULL);
        if (!rc) rc = itsm_store_get(&row, desk.ctx, &view, ref_of(1, n));
        if (!rc) rc = itsm_store_scan(&cursor, desk.ctx, &view, &range);
        if (!rc) rc = itsm_store_next(&row, desk.ctx, &cursor);
        if (!rc) cr_assert_eq(row.ref.id.lo, n);
        int failed = counting_stop(&desk.counting);
        itsm_store_cursor_close(&cursor);
        itsm_store_view_close(&view);
        itsm_store_free(desk.store);
        if (!failed) break;
        cr_assert_eq(rc, ITSM_E_NOMEM, "allocation %zu: %d", n, rc);
    }
}

/* Tables of a model ----------------------------------------------------------------------------------------------- */

enum { TICKET = 40 };

static const itsm_field_info ticket_fields[] = {
    {1, ITSM_REF, {"id", 2}},       {9, ITSM_INT, {"revision", 8}},  {32, ITSM_TEXT, {"title", 5}},
    {33, ITSM_TIME, {"opened", 6}}, {34, ITSM_DECIMAL, {"cost", 4}}, {35, ITSM_LIST, {"tags", 4}},
    {36, ITSM_REF, {"parent", 6}},  {37, ITSM_BOOL, {"select", 6}},  {38, ITSM_DATE, {"day", 3}},
    {39, ITSM_BYTES, {"seal", 4}},
};

static itsm_type_info ticket_type(size_t nfields)
{
    itsm_type_info type;
    memset(&type, 0, sizeof type);
    type.size = sizeof type, type.type = TICKET, type.name = ITSM_STR("order"); /* a word of SQL */
    type.fields = ticket_fields, type.nfields = nfields;
    return type;
}

static itsm_status define_ticket(size_t nfields)
{
    itsm_type_info type = ticket_type(nfields);
    return itsm_store_define(desk.ctx, desk.store, &type, 1, NULL);
}

Test(sqlite_tables, fields_are_columns_that_can_be_queried, .init = setup, .fini = teardown)
{
    itsm_value tags[4] = {itsm_value_text(ITSM_STR("a\"b\\\n")), itsm_value_text(ITSM_STR("\xc3\xa4")),
                          itsm_value_number(ITSM_INT, -5), itsm_value_ref(ref_of(1, 255))};
    itsm_row_field fields[9];
    memset(fields, 0, sizeof fields);
    for (uint16_t i = 0; i < 8; i++) fields[i].no = (uint16_t)(32 + i);
    fields[0].value = itsm_value_text(ITSM_STR("Dark"));
    fields[1].value = itsm_value_number(ITSM_TIME, INT64_C(1772442000123456));
    fields[2].value = itsm_value_number(ITSM_DECIMAL, -1205), fields[2].value.scale = 2;
    fields[3].value.kind = ITSM_LIST, fields[3].value.u.list.item = tags, fields[3].value.u.list.n = 4;
    fields[4].value = itsm_value_ref(ref_of(TICKET, 258));
    fields[5].value = itsm_value_number(ITSM_BOOL, 1);
    fields[6].value = itsm_value_number(ITSM_DATE, 20514);
    fields[7].value.kind = ITSM_BYTES, fields[7].value.u.b = bytes_n("\0\xff", 2);
    fields[8].no = 0x9000,
    fields[8].value = itsm_value_number(ITSM_INT, 1); /* no field of the model: in the body only */
    desk.store = open_store(desk.ctx);
    cr_assert_eq(define_ticket(10), ITSM_OK, "%.*s", ITSM_ARG(first_message(desk.ctx)));
    itsm_op op = put_of(ref_of(TICKET, 1), ITSM_REV_NONE, 3, "body");
    op.row.fields = fields, op.row.nfields = 9;
    cr_assert_eq(desk_one(&desk, op), ITSM_OK, "%.*s", ITSM_ARG(first_message(desk.ctx)));
    cr_assert_eq(desk_rev(&desk, ref_of(TICKET, 1), "body"), 3);
    cr_assert_str_eq(ask("SELECT rev, title, opened, cost, \"select\", day, hex(seal), hex(parent), hex(id), "
                         "itsm_body FROM \"order\""),
                     "3|Dark|1772442000123456|-12.05|1|20514|00FF|00000000000000000000000000000102|"
                     "00000000000000000000000000000001|body");
    cr_assert_str_eq(ask("SELECT tags FROM \"order\""),
                     "[\"a\\\"b\\\\\\u000a\",\"\xc3\xa4\",-5,\"000000000000000000000000000000ff\"]");
    cr_assert_str_eq(ask("SELECT id, opened, day, parent FROM order_view"),
                     "00000000000000000000000000000001|2026-03-02T09:00:00.123Z|2026-03-02|"
                     "00000000000000000000000000000102");
    op.expect = 3, op.row.rev = 4, op.row.nfields = 1;
    cr_assert_eq(desk_one(&desk, op), ITSM_OK);
    cr_assert_str_eq(ask("SELECT title, opened, tags FROM \"order\""), "Dark|NULL|NULL");
    cr_assert_eq(itsm_store_maintain(desk.ctx, desk.store, ITSM_MAINTAIN_CHECK, NULL), ITSM_OK);
    itsm_store_free(desk.store);
}

Test(sqlite_tables, a_model_that_is_known_changes_nothing, .init = setup, .fini = teardown)
{
    char version[16];
    desk.store = open_store(desk.ctx);
    cr_assert_eq(define_ticket(10), ITSM_OK);
    snprintf(version, sizeof version, "%s", ask("PRAGMA schema_version"));
    cr_assert_eq(define_ticket(10), ITSM_OK);
    cr_assert_eq(define_ticket(4), ITSM_OK, "an older model");
    cr_assert_str_eq(ask("PRAGMA schema_version"), version);
    itsm_store_free(desk.store);
}

Test(sqlite_tables, a_model_that_grows_adds_columns_and_keeps_rows, .init = setup, .fini = teardown)
{
    itsm_row_field field = {33, itsm_value_number(ITSM_TIME, 5)};
    itsm_index_key key = key_of(1, 1, "k");
    itsm_op op = put_keys_of(ref_of(TICKET, 1), ITSM_REV_NONE, 1, &key, 1);
    itsm_view view;
    desk.store = open_store(desk.ctx);
    cr_assert_eq(desk_one(&desk, op), ITSM_OK, "before the model is told");
    cr_assert_eq(desk_one(&desk, put_of(ref_of(TICKET, 2), ITSM_REV_NONE, 1, "gone")), ITSM_OK);
    cr_assert_eq(desk_one(&desk, op_of(ITSM_DEL, ref_of(TICKET, 2), 1)), ITSM_OK);
    cr_assert_eq(itsm_store_view_open(&view, desk.ctx, desk.store, NULL), ITSM_OK);
    cr_assert_eq(define_ticket(3), ITSM_OK);
    uint64_t ids[4];
    itsm_range range = range_of(TICKET, 1, 0);
    cr_assert_eq(view_scan(&desk, &view, &range, ids, 4), 1, "an older view goes on");
    itsm_store_view_close(&view);
    cr_assert_str_eq(ask("SELECT count(*) FROM itsm_row"), "0");
    cr_assert_eq(desk_rev(&desk, ref_of(TICKET, 1), "x"), 1);
    expect_scan(&desk, TICKET, 1, "1");
    cr_assert_eq(desk_one(&desk, put_of(ref_of(TICKET, 2), ITSM_REV_NONE, 1, "back")), ITSM_E_CONFLICT);
    cr_assert_eq(define_ticket(4), ITSM_OK);
    op.expect = 1, op.row.rev = 2, op.row.fields = &field, op.row.nfields = 1;
    cr_assert_eq(desk_one(&desk, op), ITSM_OK);
    cr_assert_str_eq(ask("SELECT rev, opened FROM order_view"), "2|1970-01-01T00:00:00.000Z");
    cr_assert_eq(itsm_store_maintain(desk.ctx, desk.store, ITSM_MAINTAIN_CHECK, NULL), ITSM_OK);
    itsm_store_free(desk.store);
}

Test(sqlite_tables, what_the_model_renames_is_renamed, .init = setup, .fini = teardown)
{
    itsm_field_info fields[3];
    itsm_type_info type = ticket_type(3);
    memcpy(fields, ticket_fields, sizeof fields);
    desk.store = open_store(desk.ctx);
    cr_assert_eq(define_ticket(3), ITSM_OK);
    cr_assert_eq(desk_one(&desk, put_of(ref_of(TICKET, 1), ITSM_REV_NONE, 1, "a")), ITSM_OK);
    fields[2].name = ITSM_STR("headline"), fields[2].kind = ITSM_ENUM;
    type.fields = fields, type.name = ITSM_STR("case");
    cr_assert_eq(itsm_store_define(desk.ctx, desk.store, &type, 1, NULL), ITSM_OK, "%.*s",
                 ITSM_ARG(first_message(desk.ctx)));
    cr_assert_eq(desk_rev(&desk, ref_of(TICKET, 1), "a"), 1);
    cr_assert_str_eq(ask("SELECT headline FROM \"case\""), "NULL");
    cr_assert_str_eq(ask("SELECT name FROM sqlite_master WHERE type='view'"), "case_view");
    itsm_store_free(desk.store);
}

Test(sqlite_tables, what_cannot_be_a_column_is_named_and_changes_nothing, .init = setup, .fini = teardown)
{
    itsm_field_info fields[3];
    itsm_type_info types[2] = {ticket_type(3), ticket_type(3)};
    memcpy(fields, ticket_fields, sizeof fields);
    types[0].type = 41, types[0].name = ITSM_STR("first"), types[1].fields = fields;
    desk.store = open_store(desk.ctx);
#define REFUSED(said)                                                                                                  \
    expect_failure(itsm_store_define(desk.ctx, desk.store, types, 2, NULL), ITSM_E_UNSUPPORTED, said);                 \
    cr_assert_str_eq(ask("SELECT count(*) FROM itsm_type"), "0");                                                      \
    cr_assert_str_eq(ask("SELECT count(*) FROM sqlite_master WHERE name='first'"), "0")
    fields[2].kind = 99;
    REFUSED("type order, field title");
    fields[2].kind = ITSM_TEXT, fields[2].name = ITSM_STR("itsm_body");
    REFUSED("field itsm_body");
    fields[2].name = ITSM_STR("ID");
    REFUSED("duplicate column name");
    fields[2].name = ITSM_STR("title"), types[1].name = ITSM_STR("itsm_row");
    REFUSED("type itsm_row");
    types[1].name = ITSM_STR("");
    REFUSED("no table");
    types[1].name = ITSM_STR("FIRST");
    REFUSED("\"FIRST\"");
    types[1].name = ITSM_STR("order");
    cr_assert_eq(itsm_store_define(desk.ctx, desk.store, types, 2, NULL), ITSM_OK);
    fields[2].kind = ITSM_INT;
    expect_failure(itsm_store_define(desk.ctx, desk.store, types, 2, NULL), ITSM_E_UNSUPPORTED, "another kind");
    itsm_store_free(desk.store);
}

Test(sqlite_tables, a_table_of_the_hosts_is_not_taken, .init = setup, .fini = teardown)
{
    itsm_type_info type = ticket_type(3);
    itsm_sqlite_options options = ITSM_SQLITE_OPTIONS_INIT;
    desk.store = make_host(desk.ctx);
    type.name = ITSM_STR("Tickets");
    expect_failure(itsm_store_define(desk.ctx, desk.store, &type, 1, NULL), ITSM_E_UNSUPPORTED, "\"Tickets\"");
    itsm_store_free(desk.store);
    cr_assert_eq(sqlite3_exec(host, "DROP TABLE itsm_meta; CREATE TABLE mine(x)", 0, 0, 0), SQLITE_OK);
    options.db = host;
    expect_failure(itsm_store_sqlite(&desk.store, desk.ctx, itsm_str_c(""), &options), ITSM_E_UNSUPPORTED,
                   "\"itsm_type\"");
}

Test(sqlite_tables, another_connection_sees_a_model_that_was_told_elsewhere, .init = setup, .fini = teardown)
{
    desk.store = open_store(desk.ctx);
    itsm_store *other = open_store(desk.ctx), *first = desk.store;
    cr_assert_eq(desk_one(&desk, put_of(ref_of(TICKET, 1), ITSM_REV_NONE, 1, "a")), ITSM_OK);
    desk.store = other;
    cr_assert_eq(desk_rev(&desk, ref_of(TICKET, 1), "a"), 1);
    cr_assert_eq(define_ticket(5), ITSM_OK);
    desk.store = first;
    cr_assert_eq(desk_one(&desk, put_of(ref_of(TICKET, 2), ITSM_REV_NONE, 1, "b")), ITSM_OK);
    cr_assert_eq(desk_rev(&desk, ref_of(TICKET, 1), "a"), 1);
    cr_assert_str_eq(ask("SELECT count(*) FROM \"order\""), "2");
    itsm_store_free(first), itsm_store_free(other);
}

/* The host's transaction ------------------------------------------------------------------------------------------ */

static const char *ask_host(const char *sql)
{
    static char text[64];
    sqlite3_stmt *row = NULL;
    cr_assert_eq(sqlite3_prepare_v2(host, sql, -1, &row, NULL), SQLITE_OK, "%s", sqlite3_errmsg(host));
    cr_assert_eq(sqlite3_step(row), SQLITE_ROW);
    snprintf(text, sizeof text, "%s", (const char *)sqlite3_column_text(row, 0));
    sqlite3_finalize(row);
    return text;
}

Test(sqlite_transaction, batches_are_part_of_the_hosts_transaction, .init = setup, .fini = teardown)
{
    itsm_bytes audit = bytes_c("entry");
    itsm_op op = put_of(ref_of(1, 1), ITSM_REV_NONE, 1, "a"), bad = put_of(ref_of(1, 2), 5, 6, "b");
    desk.store = make_host(desk.ctx);
    cr_assert_eq(sqlite3_exec(host, "BEGIN; INSERT INTO tickets VALUES(1, 'mine')", 0, 0, 0), SQLITE_OK);
    cr_assert_eq(desk_apply_audit(&desk, &op, 1, &audit, 1), ITSM_OK);
    cr_assert_eq(desk_one(&desk, bad), ITSM_E_CONFLICT, "its savepoint is rolled back, nothing else");
    cr_assert_eq(desk_rev(&desk, ref_of(1, 1), "a"), 1);
    cr_assert_eq(sqlite3_exec(host, "ROLLBACK", 0, 0, 0), SQLITE_OK);
    cr_assert_eq(desk_rev(&desk, ref_of(1, 1), NULL), 0);
    expect_audit(&desk, 0, "");
    cr_assert_str_eq(ask_host("SELECT count(*) FROM tickets"), "0");
    cr_assert_eq(sqlite3_exec(host, "BEGIN; INSERT INTO tickets VALUES(1, 'mine')", 0, 0, 0), SQLITE_OK);
    cr_assert_eq(desk_apply_audit(&desk, &op, 1, &audit, 1), ITSM_OK);
    cr_assert_eq(sqlite3_exec(host, "COMMIT", 0, 0, 0), SQLITE_OK);
    cr_assert_eq(desk_rev(&desk, ref_of(1, 1), "a"), 1);
    cr_assert_str_eq(ask_host("SELECT count(*) FROM tickets"), "1");
    itsm_store_free(desk.store);
}

Test(sqlite_transaction, a_transaction_that_is_named_must_be_open, .init = setup, .fini = teardown)
{
    itsm_call call = ITSM_CALL_INIT;
    itsm_batch batch = ITSM_BATCH_INIT;
    itsm_op op = put_of(ref_of(1, 1), ITSM_REV_NONE, 1, "a");
    itsm_view view;
    batch.ops = &op, batch.nops = 1;
    desk.store = make_host(desk.ctx);
    call.host_txn = host;
    expect_failure(itsm_store_apply(NULL, desk.ctx, desk.store, &batch, &call), ITSM_E_MISUSE, "no transaction");
    expect_failure(itsm_store_view_open(&view, desk.ctx, desk.store, &call), ITSM_E_MISUSE, "no transaction");
    cr_assert_eq(sqlite3_exec(host, "BEGIN", 0, 0, 0), SQLITE_OK);
    cr_assert_eq(itsm_store_apply(NULL, desk.ctx, desk.store, &batch, &call), ITSM_OK);
    call.host_txn = &call;
    expect_failure(itsm_store_apply(NULL, desk.ctx, desk.store, &batch, &call), ITSM_E_MISUSE, "no transaction");
    cr_assert_eq(sqlite3_exec(host, "COMMIT", 0, 0, 0), SQLITE_OK);
    itsm_store_free(desk.store);
    desk.store = open_store(desk.ctx);
    expect_failure(itsm_store_apply(NULL, desk.ctx, desk.store, &batch, &call), ITSM_E_UNSUPPORTED, "of its own");
    itsm_store_free(desk.store);
}

/* Care ------------------------------------------------------------------------------------------------------------ */

Test(sqlite_care, purged_content_is_gone_from_the_files_after_compaction, .init = setup, .fini = teardown)
{
    static char bytes[1 << 20];
    static char secret[9000];
    memset(secret, 's', sizeof secret - 1);
    memcpy(secret + 5000, "very secret", 11);
    desk.store = open_store(desk.ctx);
    for (uint64_t i = 0; i < 20; i++)
        cr_assert_eq(desk_one(&desk, put_of(ref_of(1, i), ITSM_REV_NONE, 1, secret)), ITSM_OK);
    for (uint64_t i = 0; i < 20; i++) cr_assert_eq(desk_one(&desk, op_of(ITSM_DEL, ref_of(1, i), 1)), ITSM_OK);
    cr_assert_eq(itsm_store_maintain(desk.ctx, desk.store, ITSM_MAINTAIN_COMPACT, NULL), ITSM_OK);
    for (int wal = 0; wal < 2; wal++) {
        char name[80];
        snprintf(name, sizeof name, "%s%s", path, wal ? "-wal" : "");
        FILE *file = fopen(name, "rb");
        size_t n = file ? fread(bytes, 1, sizeof bytes, file) : 0;
        cr_assert(wal || n > 4096);
        for (size_t i = 0; i + 11 <= n; i++) cr_assert(memcmp(bytes + i, "very secret", 11) != 0, "in %s", name);
        if (file) fclose(file);
    }
    cr_assert_eq(desk_one(&desk, put_of(ref_of(1, 1), ITSM_REV_NONE, 1, "a")), ITSM_E_CONFLICT, "tombstones stay");
    itsm_store_free(desk.store);
}

Test(sqlite_care, a_check_finds_what_was_tampered_with, .init = setup, .fini = teardown)
{
    static const struct {
        const char *harm, *repair, *said;
    } cases[] = {
        {"DELETE FROM itsm_index WHERE number=2",
         "INSERT INTO itsm_index VALUES(1, 2, x'76', (SELECT id FROM itsm_row))", "the index has not"},
        {"INSERT INTO itsm_index VALUES(1, 3, x'00', x'00')", "DELETE FROM itsm_index WHERE number=3", "no row has"},
        {"UPDATE itsm_row SET itsm_keys=x'00'", "UPDATE itsm_row SET itsm_keys=x'0000000100016b00000002000176'", "cut"},
        {"DELETE FROM itsm_audit WHERE place=0", "INSERT INTO itsm_audit VALUES(0, 'a')", "places"},
        {"DELETE FROM itsm_audit WHERE place=1", "INSERT INTO itsm_audit VALUES(1, 'b')", "places"},
    };
    itsm_index_key keys[2] = {key_of(1, 1, "k"), key_of(2, 0, "v")};
    itsm_bytes audit[3] = {bytes_c("a"), bytes_c("b"), bytes_c("c")};
    itsm_op op = put_keys_of(ref_of(1, 1), ITSM_REV_NONE, 1, keys, 2);
    desk.store = open_store(desk.ctx);
    cr_assert_eq(desk_apply_audit(&desk, &op, 1, audit, 3), ITSM_OK);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        tell(cases[i].harm);
        expect_failure(itsm_store_maintain(desk.ctx, desk.store, ITSM_MAINTAIN_CHECK, NULL), ITSM_E_CORRUPT,
                       cases[i].said);
        tell(cases[i].repair);
        cr_assert_eq(itsm_store_maintain(desk.ctx, desk.store, ITSM_MAINTAIN_CHECK, NULL), ITSM_OK, "%s",
                     cases[i].repair);
    }
    itsm_store_free(desk.store);
}
