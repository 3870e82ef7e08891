/* SPDX-License-Identifier: MIT */
/*
 * The SQLite store while its files and its memory fail: every read, write, flush, lock and opening once and from then
 * on, every allocation of SQLite once, a disk that is full, a database that is locked or read-only or damaged.  After each
 * it must say what happened, never OK for what is not there, and hold a whole number of commits when opened again.
 *
 * A plain program: SQLite's allocator can only be replaced before SQLite is first used.
 */
#ifndef _POSIX_C_SOURCE
#define _POSIX_C_SOURCE 200809L
#endif
#include <itsm/os.h>
#include <itsm/sqlite.h>

#include "faulty_vfs.h"
#include "store_script.h"

#include <sys/stat.h>
#include <unistd.h>

enum { COMMITS = 9, SETUP = 5 };

static char path[64], why[128];
static itsm_ctx *ctx;
static size_t runs;

static void fail(const char *what, size_t n, int status)
{
    const itsm_issue *issue = itsm_ctx_issue(ctx, 0);
    fprintf(stderr, "FAILED: %s: call %zu: status %d %.*s\n", what, n, status, issue ? (int)issue->message.n : 0,
            issue ? issue->message.p : "");
    exit(1);
}

static void clean(void)
{
    static const char *const ends[] = {"", "-wal", "-shm", "-journal"};
    char name[80];
    chmod(path, 0600);
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        snprintf(name, sizeof name, "%s%s", path, ends[i]);
        unlink(name);
    }
}

static itsm_status open_store(itsm_store **store, uint32_t flags)
{
    itsm_sqlite_options options = ITSM_SQLITE_OPTIONS_INIT;
    options.flags = flags, options.busy_timeout_ms = 1;
    return itsm_store_sqlite(store, ctx, itsm_str_c(path), &options);
}

static itsm_store *must_open(void)
{
    itsm_store *store = NULL;
    itsm_status rc = open_store(&store, 0);
    if (rc) fail("open", 0, rc);
    return store;
}

static itsm_status define(itsm_store *store)
{
    static const itsm_field_info fields[] = {{32, ITSM_TEXT, {"title", 5}}};
    itsm_type_info type;
    memset(&type, 0, sizeof type);
    type.size = sizeof type, type.type = SCRIPT_TYPE, type.name = ITSM_STR("ticket"), type.fields = fields;
    type.nfields = 1;
    return itsm_store_define(ctx, store, &type, 1, NULL);
}

/* What is in the store must be the commits that were acknowledged, and at most one more that was told to have failed. */
static void assert_holds(itsm_store *store, const char *what, size_t n, uint64_t acked, uint64_t most)
{
    uint64_t k = script_check(ctx, store, why);
    if (k != UINT64_MAX && k >= acked && k <= most) return;
    fprintf(stderr, "%s; %u acknowledged, %u there\n", why, (unsigned)acked, (unsigned)k);
    fail(what, n, 0);
}

struct outcome {
    itsm_status rc;
    uint64_t acked;
    uint64_t number; /* last of a sequence */
};

/* Open, tell the model, commit, read, take a number, until something fails. */
static struct outcome story(itsm_store **store, uint64_t from)
{
    struct outcome o = {ITSM_OK, from, 0};
    *store = NULL;
    o.rc = open_store(store, 0);
    if (!o.rc) o.rc = define(*store);
    while (!o.rc && o.acked < COMMITS) {
        o.rc = script_commit(ctx, *store, o.acked + 1);
        if (!o.rc) o.acked++;
    }
    if (!o.rc) o.rc = itsm_store_reserve(&o.number, ctx, *store, "n", 1, NULL);
    if (!o.rc && script_check(ctx, *store, why) != o.acked) { /* a read failed; the first issue says how */
        const itsm_issue *issue = itsm_ctx_issue(ctx, 0);
        o.rc = issue ? issue->code : ITSM_E_CORRUPT;
    }
    if (!o.rc) o.rc = itsm_store_maintain(ctx, *store, ITSM_MAINTAIN_COMPACT, NULL);
    return o;
}

static int is_documented(itsm_status rc, int code, int kinds)
{
    if (kinds == FAULTY_MEMORY) return rc == ITSM_E_NOMEM;
    if (code == SQLITE_FULL && rc == ITSM_E_FULL) return 1;
    return rc == ITSM_E_IO || rc == ITSM_E_NOT_FOUND || rc == ITSM_E_BUSY;
}

/* Each call of some kinds fails, in a story that begins after `from` commits. */
static void each_call(const char *what, int kinds, int code, int persistent, uint64_t from)
{
    const size_t step = kinds == FAULTY_MEMORY && !getenv("ITSM_FULL") ? 17 : 1;
    for (size_t n = 1;; n += step, runs++) {
        itsm_store *store = NULL;
        clean();
        if (from) {
            store = must_open();
            for (uint64_t i = 1; i <= from; i++)
                if (script_commit(ctx, store, i)) fail("set up", 0, 0);
            itsm_store_free(store);
        }
        faulty_fail(kinds, n, code, persistent);
        struct outcome o = story(&store, from);
        int failed = faulty_stop();
        if (o.rc && !failed) fail(what, n, o.rc);
        if (o.rc && !is_documented(o.rc, code, kinds)) fail(what, n, o.rc);
        if (o.rc && store) { /* what was read is still right, and nothing was half done */
            assert_holds(store, what, n, o.acked, o.acked);
            if (o.rc != ITSM_E_IO && o.acked < COMMITS && !script_commit(ctx, store, o.acked + 1)) o.acked++;
        }
        itsm_store_free(store);
        store = must_open();
        assert_holds(store, what, n, o.acked, o.acked + (o.rc == ITSM_E_IO));
        if (itsm_store_maintain(ctx, store, ITSM_MAINTAIN_CHECK, NULL)) fail("check after", n, 0);
        itsm_store_free(store);
        if (!failed) break;
    }
    printf("%s%s: %s failed once, no false OK (%zu runs so far)\n", what, persistent ? ", from then on" : "",
           step == 1 ? "each call" : "every 17th call", runs);
}

/* A failed write of a commit poisons; a full disk does not. */
static void after_a_failure(void)
{
    uint64_t number = 7;
    clean();
    itsm_store *store = must_open();
    if (script_commit(ctx, store, 1)) fail("commit", 0, 0);
    faulty_fail(FAULTY_WRITE, 1, SQLITE_FULL, 0);
    itsm_status rc = script_commit(ctx, store, 2);
    faulty_stop();
    if (rc != ITSM_E_FULL) fail("full", 0, rc);
    if ((rc = script_commit(ctx, store, 2))) fail("room again", 0, rc);
    faulty_fail(FAULTY_SYNC, 1, SQLITE_IOERR, 0);
    rc = script_commit(ctx, store, 3);
    faulty_stop();
    if (rc != ITSM_E_IO) fail("flush", 0, rc);
    if ((rc = script_commit(ctx, store, 3)) != ITSM_E_IO) fail("a failed flush is not tried again", 0, rc);
    rc = itsm_store_reserve(&number, ctx, store, "n", 1, NULL);
    if (rc != ITSM_E_IO || number != 7) fail("reserve after a failed flush", 0, rc);
    assert_holds(store, "reads go on", 0, 2, 2);
    itsm_store_free(store);
    store = must_open();
    assert_holds(store, "opened again", 0, 2, 3);
    itsm_store_free(store);
}

static sqlite3 *other(const char *sql)
{
    sqlite3 *db = NULL;
    if (sqlite3_open(path, &db) || sqlite3_exec(db, sql, NULL, NULL, NULL)) fail(sql, 0, sqlite3_errcode(db));
    return db;
}

static void codes_of_a_database(void)
{
    uint64_t k;
    clean();
    itsm_store *store = must_open();
    for (uint64_t i = 1; i <= SETUP; i++)
        if (script_commit(ctx, store, i)) fail("commit", 0, 0);
    sqlite3 *db = other("BEGIN IMMEDIATE");
    itsm_status rc = script_commit(ctx, store, SETUP + 1);
    if (rc != ITSM_E_BUSY) fail("locked by another", 0, rc);
    assert_holds(store, "a locked database can be read", 0, SETUP, SETUP);
    sqlite3_close(db);
    if ((rc = script_commit(ctx, store, SETUP + 1))) fail("free again", 0, rc);
    itsm_store_free(store);

    if (chmod(path, 0400)) fail("chmod", 0, 0);
    if (geteuid() != 0) { /* to root every file can be written */
        if (!open_store(&store, 0)) rc = script_commit(ctx, store, SETUP + 2);
        if (rc != ITSM_E_READONLY) fail("a file that cannot be written", 0, rc);
        itsm_store_free(store);
    }
    chmod(path, 0600);
    if ((rc = open_store(&store, ITSM_SQLITE_READONLY))) fail("read only", 0, rc);
    if ((rc = script_commit(ctx, store, SETUP + 2)) != ITSM_E_READONLY) fail("read only", 0, rc);
    if ((k = script_check(ctx, store, why)) != SETUP + 1) fail("read only", (size_t)k, 0);
    itsm_store_free(store);
}

/* A host whose database may not grow: everything is refused whole, and goes on when there is room. */
static void a_full_database(void)
{
    itsm_sqlite_options options = ITSM_SQLITE_OPTIONS_INIT;
    itsm_store *store = NULL;
    static char body[100000];
    itsm_op op;
    itsm_batch batch = ITSM_BATCH_INIT;
    clean();
    if (sqlite3_open(path, &options.db)) fail("open", 0, 0);
    itsm_status rc = itsm_store_sqlite(&store, ctx, itsm_str_c(""), &options);
    if (rc) fail("on the host's connection", 0, rc);
    sqlite3_exec(options.db, "PRAGMA max_page_count=30", NULL, NULL, NULL);
    memset(&op, 0, sizeof op);
    op.kind = ITSM_PUT, op.row.rev = 1, op.row.ref.type = 1, op.row.body.p = body, op.row.body.n = sizeof body;
    batch.ops = &op, batch.nops = 1;
    rc = itsm_store_apply(NULL, ctx, store, &batch, NULL);
    if (rc != ITSM_E_FULL) fail("max_page_count", 0, rc);
    sqlite3_exec(options.db, "PRAGMA max_page_count=1000", NULL, NULL, NULL);
    rc = itsm_store_apply(NULL, ctx, store, &batch, NULL);
    if (rc) fail("room again", 0, rc);
    itsm_store_free(store);
    sqlite3_close(options.db);
}

static int stop_now(void *user)
{
    int *left = user;
    return --*left <= 0;
}

/* Interrupted after every step of SQLite's machine, also in a transaction of the host's. */
static void an_interrupted_call(int joined)
{
    itsm_sqlite_options options = ITSM_SQLITE_OPTIONS_INIT;
    itsm_store *store = NULL;
    uint64_t acked = 0;
    size_t busy = 0, unknown = 0;
    clean();
    if (sqlite3_open(path, &options.db)) fail("open", 0, 0);
    itsm_status rc = itsm_store_sqlite(&store, ctx, itsm_str_c(""), &options);
    if (rc) fail("on the host's connection", 0, rc);
    if (joined) sqlite3_exec(options.db, "BEGIN", NULL, NULL, NULL);
    for (int steps = 1; acked < COMMITS; steps++) {
        int left = steps;
        sqlite3_progress_handler(options.db, 1, stop_now, &left);
        rc = script_commit(ctx, store, acked + 1);
        sqlite3_progress_handler(options.db, 0, NULL, NULL);
        if (rc && rc != ITSM_E_BUSY && rc != ITSM_E_UNKNOWN) fail("interrupted", (size_t)steps, rc);
        busy += rc == ITSM_E_BUSY, unknown += rc == ITSM_E_UNKNOWN;
        assert_holds(store, "interrupted", (size_t)steps, acked + !rc, acked + (rc != ITSM_E_BUSY));
        acked = script_check(ctx, store, why);
    }
    if (!busy) fail("nothing was interrupted", 0, 0);
    printf("interrupted at every step%s: %zu times without effect, %zu times with an unknown one\n",
           joined ? " of the host's transaction" : "", busy, unknown);
    itsm_store_free(store);
    sqlite3_close(options.db);
}

/* The head of each page overwritten: nothing crashes, and opening or the check finds it. */
static void damage(void)
{
    char page[512];
    size_t found = 0, tried = 0;
    memset(page, 0x5a, sizeof page);
    for (long at = 0;; at += 4096) {
        itsm_store *store = NULL;
        clean();
        store = must_open();
        if (define(store)) fail("define", 0, 0);
        for (uint64_t i = 1; i <= COMMITS; i++)
            if (script_commit(ctx, store, i)) fail("commit", 0, 0);
        itsm_store_free(store);
        FILE *file = fopen(path, "rb+");
        if (!file || fseek(file, 0, SEEK_END)) fail("file", 0, 0);
        long size = ftell(file);
        if (at < size && (fseek(file, at, SEEK_SET) || fwrite(page, sizeof page, 1, file) != 1)) fail("file", 0, 0);
        fclose(file);
        if (at >= size) break;
        tried++;
        itsm_status rc = open_store(&store, 0);
        if (!rc) rc = itsm_store_maintain(ctx, store, ITSM_MAINTAIN_CHECK, NULL);
        found += rc == ITSM_E_CORRUPT || rc == ITSM_E_VERSION;
        if (rc && rc != ITSM_E_CORRUPT && rc != ITSM_E_VERSION && rc != ITSM_E_LIMIT && rc != ITSM_E_NOMEM)
            fail("damage", (size_t)at, rc);
        if (store) (void)script_check(ctx, store, why);
        itsm_store_free(store);
    }
    printf("%zu damaged pages, %zu found by opening or checking\n", tried, found);
    if (found < tried) fail("damage is not found", found, 0);
}

int main(void)
{
    static const struct {
        const char *what;
        int kinds, code;
    } faults[] = {
        {"reads", FAULTY_READ, SQLITE_IOERR},
        {"writes", FAULTY_WRITE, SQLITE_IOERR_WRITE},
        {"writes to a full disk", FAULTY_WRITE, SQLITE_FULL},
        {"flushes", FAULTY_SYNC, SQLITE_IOERR},
        {"locks and sizes", FAULTY_OTHER, SQLITE_IOERR},
        {"openings", FAULTY_OPEN, SQLITE_CANTOPEN},
    };
    const int full = getenv("ITSM_FULL") != NULL;
    faulty_install();
    snprintf(path, sizeof path, "sqlite_fault.%ld.db", (long)getpid());
    if (itsm_os_ctx_new(&ctx)) fail("context", 0, 0);
    after_a_failure();
    codes_of_a_database();
    a_full_database();
    an_interrupted_call(0), an_interrupted_call(1);
    damage();
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
        for (int persistent = 0; persistent <= 1; persistent++)
            each_call(faults[i].what, faults[i].kinds, faults[i].code, persistent, full || i < 2 ? 0 : SETUP);
    each_call("allocations of SQLite", FAULTY_MEMORY, 0, 0, SETUP);
    clean();
    itsm_ctx_free(ctx);
    return 0;
}
