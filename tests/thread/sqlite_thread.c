/* SPDX-License-Identifier: MIT */
/*
 * Four threads commit to one SQLite store at once while two others read it.  A plain
 * program for ThreadSanitizer.  All writers count one row up, each states the revision it saw: a lost update or two
 * winners of one revision would show in its last number, a torn view in the sum over the index.
 */
#ifndef _POSIX_C_SOURCE
#define _POSIX_C_SOURCE 200809L
#endif
#include <itsm/os.h>
#include <itsm/sqlite.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { WRITERS = 4, READERS = 2, ROUNDS = 40, TYPE = 3, SHARED = 100 };

static itsm_store *store;
static pthread_mutex_t done_lock = PTHREAD_MUTEX_INITIALIZER;
static int done;

static void fail(const char *what, int status)
{
    fprintf(stderr, "FAILED: %s: status %d\n", what, status);
    exit(1);
}

static itsm_ctx *new_ctx(void)
{
    itsm_ctx *ctx = NULL;
    if (itsm_os_ctx_new(&ctx)) fail("context", 0);
    return ctx;
}

static uint64_t revision(itsm_ctx *ctx, uint64_t id)
{
    itsm_view view = ITSM_VIEW_INIT;
    itsm_row row;
    itsm_ref ref = {TYPE, {0, id}};
    itsm_status rc = itsm_store_view_open(&view, ctx, store, NULL);
    if (rc) fail("view", rc);
    rc = itsm_store_get(&row, ctx, &view, ref);
    if (rc < 0) fail("get", rc);
    uint64_t rev = rc ? 0 : row.rev;
    itsm_store_view_close(&view);
    return rev;
}

static itsm_status count_up(itsm_ctx *ctx, uint64_t id, uint64_t from)
{
    uint64_t rev = from + 1;
    itsm_op op;
    itsm_batch batch = ITSM_BATCH_INIT;
    itsm_bytes entry = {"counted", 7};
    itsm_index_key key = {1, 0, {"k", 1}};
    memset(&op, 0, sizeof op);
    op.kind = ITSM_PUT, op.expect = from, op.row.ref.type = TYPE, op.row.ref.id.lo = id, op.row.rev = rev;
    op.row.body.p = &rev, op.row.body.n = sizeof rev, op.keys = &key, op.nkeys = 1;
    batch.ops = &op, batch.nops = 1, batch.audit = &entry, batch.naudit = 1;
    return itsm_store_apply(NULL, ctx, store, &batch, NULL);
}

static void *writer(void *user)
{
    const uint64_t own = *(const uint64_t *)user;
    itsm_ctx *ctx = new_ctx();
    for (uint64_t i = 0; i < ROUNDS; i++) {
        uint64_t number = 0;
        itsm_status rc = count_up(ctx, own, i);
        if (rc) fail("own row", rc);
        if (revision(ctx, own) != i + 1) fail("own row is not seen at once", 0);
        do rc = count_up(ctx, SHARED, revision(ctx, SHARED));
        while (rc == ITSM_E_CONFLICT);
        if (rc) fail("shared row", rc);
        if ((rc = itsm_store_reserve(&number, ctx, store, "n", 1, NULL))) fail("reserve", rc);
        if (i % 20 == own && (rc = itsm_store_maintain(ctx, store, ITSM_MAINTAIN_CHECK, NULL))) fail("check", rc);
    }
    itsm_ctx_free(ctx);
    return NULL;
}

static void *reader(void *user)
{
    itsm_ctx *ctx = new_ctx();
    (void)user;
    for (int stop = 0; !stop;) {
        itsm_view view = ITSM_VIEW_INIT;
        itsm_cursor cursor = ITSM_CURSOR_INIT;
        itsm_range range = ITSM_RANGE_INIT;
        itsm_row row;
        uint64_t sum = 0, entries = 0;
        range.type = TYPE, range.index = 1;
        itsm_status rc = itsm_store_view_open(&view, ctx, store, NULL);
        if (!rc) rc = itsm_store_scan(&cursor, ctx, &view, &range);
        while (!rc && !(rc = itsm_store_next(&row, ctx, &cursor))) sum += row.rev;
        itsm_store_cursor_close(&cursor);
        if (rc != ITSM_DONE) fail("scan", rc);
        rc = itsm_store_audit_scan(&cursor, ctx, &view, 0);
        while (!rc && !(rc = itsm_store_next(&row, ctx, &cursor))) entries++;
        itsm_store_cursor_close(&cursor);
        itsm_store_view_close(&view);
        if (rc != ITSM_DONE) fail("audit scan", rc);
        if (sum != entries) fail("a view does not see one commit", (int)(sum - entries));
        pthread_mutex_lock(&done_lock);
        stop = done;
        pthread_mutex_unlock(&done_lock);
    }
    itsm_ctx_free(ctx);
    return NULL;
}

static void run(void)
{
    pthread_t writers[WRITERS], readers[READERS];
    uint64_t own[WRITERS];
    for (int i = 0; i < READERS; i++)
        if (pthread_create(&readers[i], NULL, reader, NULL)) fail("thread", 0);
    for (int i = 0; i < WRITERS; i++) {
        own[i] = (uint64_t)i + 1;
        if (pthread_create(&writers[i], NULL, writer, &own[i])) fail("thread", 0);
    }
    for (int i = 0; i < WRITERS; i++) pthread_join(writers[i], NULL);
    pthread_mutex_lock(&done_lock);
    done = 1;
    pthread_mutex_unlock(&done_lock);
    for (int i = 0; i < READERS; i++) pthread_join(readers[i], NULL);
}

int main(void)
{
    static const char *const ends[] = {"", "-wal", "-shm"};
    itsm_sqlite_options options = ITSM_SQLITE_OPTIONS_INIT;
    char path[64], name[80];
    uint64_t number = 0;
    itsm_ctx *ctx = new_ctx();
    snprintf(path, sizeof path, "sqlite_thread.%ld.db", (long)getpid());
    options.durability = ITSM_SQLITE_RELAXED;
    itsm_status rc = itsm_store_sqlite(&store, ctx, itsm_str_c(path), &options);
    if (rc) fail("open", rc);
    if (!(itsm_store_caps(store) & ITSM_CAP_MT)) fail("not for several threads", 0);
    run();
    if (revision(ctx, SHARED) != WRITERS * ROUNDS) fail("updates were lost", (int)revision(ctx, SHARED));
    for (uint64_t i = 1; i <= WRITERS; i++)
        if (revision(ctx, i) != ROUNDS) fail("updates of an own row were lost", (int)i);
    rc = itsm_store_reserve(&number, ctx, store, "n", 1, NULL);
    if (rc || number != WRITERS * ROUNDS + 1) fail("numbers were given twice or lost", (int)number);
    itsm_store_free(store);
    itsm_ctx_free(ctx);
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        snprintf(name, sizeof name, "%s%s", path, ends[i]);
        (void)unlink(name);
    }
    printf("%d threads, %d commits each, %d readers: none lost\n", WRITERS, 2 * ROUNDS, READERS);
    return 0;
}
