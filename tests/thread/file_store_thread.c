/* SPDX-License-Identifier: MIT */
/*
 * Eight threads commit to one file store at once, while two others read it, one copies it and one looks at it as another
 * process would, opened to be read; checkpoints, compacting and checks come in between.  A plain program for ThreadSanitizer.
 * Each thread counts a row of its own up, and all of them one row together: a lost update or two winners of one
 * revision would show in its last number.
 */
#ifndef _POSIX_C_SOURCE
#define _POSIX_C_SOURCE 200809L
#endif
#include "../fault/scratch.h"

#include <itsm/os.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { THREADS = 8, READERS = 2, ROUNDS = 25, TYPE = 3, SHARED = 100 };

static itsm_store *store;
static pthread_mutex_t done_lock = PTHREAD_MUTEX_INITIALIZER;
static int done;

static void fail(const char *what, int status)
{
    fprintf(stderr, "FAILED: %s: status %d\n", what, status);
    exit(1);
}

static itsm_ref ref_of(uint64_t id)
{
    itsm_ref ref = {TYPE, {0, id}};
    return ref;
}

static uint64_t revision(itsm_ctx *ctx, uint64_t id)
{
    itsm_view view = ITSM_VIEW_INIT;
    itsm_row row;
    itsm_status rc = itsm_store_view_open(&view, ctx, store, NULL);
    if (rc) fail("view", rc);
    rc = itsm_store_get(&row, ctx, &view, ref_of(id));
    if (rc < 0) fail("get", rc);
    uint64_t rev = rc ? 0 : row.rev;
    if (!rc && (row.body.n != sizeof rev || memcmp(row.body.p, &rev, sizeof rev))) fail("body", 0);
    itsm_store_view_close(&view);
    return rev;
}

static itsm_status count_up(itsm_ctx *ctx, uint64_t id, uint64_t from)
{
    uint64_t rev = from + 1;
    itsm_op op;
    itsm_batch batch = ITSM_BATCH_INIT;
    itsm_applied applied = ITSM_APPLIED_INIT;
    itsm_bytes entry = {"counted", 7};
    itsm_index_key key = {1, 0, {"k", 1}};
    memset(&op, 0, sizeof op);
    op.kind = ITSM_PUT, op.expect = from ? from : ITSM_REV_NONE, op.row.ref = ref_of(id), op.row.rev = rev;
    op.row.body.p = &rev, op.row.body.n = sizeof rev, op.keys = &key, op.nkeys = 1;
    batch.ops = &op, batch.nops = 1, batch.audit = &entry, batch.naudit = 1;
    return itsm_store_apply(&applied, ctx, store, &batch, NULL);
}

static void *writer(void *user)
{
    uint64_t own = *(const uint64_t *)user;
    itsm_ctx *ctx = NULL;
    if (itsm_os_ctx_new(&ctx)) fail("context", 0);
    for (uint64_t i = 0; i < ROUNDS; i++) {
        uint64_t number = 0;
        itsm_status rc = count_up(ctx, own, i);
        if (rc) fail("own row", rc);
        if (revision(ctx, own) != i + 1) fail("own row is not seen at once", 0);
        do rc = count_up(ctx, SHARED, revision(ctx, SHARED));
        while (rc == ITSM_E_CONFLICT);
        if (rc) fail("shared row", rc);
        rc = itsm_store_reserve(&number, ctx, store, "n", 1, NULL);
        if (rc || !number) fail("reserve", rc);
        if (i % 10 == own && (rc = itsm_store_maintain(ctx, store, ITSM_MAINTAIN_COMPACT, NULL))) fail("compact", rc);
        if (i % 10 == own + 1 && (rc = itsm_store_maintain(ctx, store, ITSM_MAINTAIN_CHECK, NULL))) fail("check", rc);
    }
    itsm_ctx_free(ctx);
    return NULL;
}

/* In every commit the sum of the counters is the number of audit entries; returned. */
static uint64_t look(itsm_ctx *ctx, itsm_store *from)
{
    itsm_view view = ITSM_VIEW_INIT;
    itsm_cursor cursor = ITSM_CURSOR_INIT;
    itsm_range range = ITSM_RANGE_INIT;
    itsm_row row;
    uint64_t sum = 0, entries = 0;
    range.type = TYPE, range.index = 1;
    itsm_status rc = itsm_store_view_open(&view, ctx, from, NULL);
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
    return entries;
}

static int is_done(void)
{
    pthread_mutex_lock(&done_lock);
    int now = done;
    pthread_mutex_unlock(&done_lock);
    return now;
}

static void *reader(void *user)
{
    itsm_ctx *ctx = NULL;
    (void)user;
    if (itsm_os_ctx_new(&ctx)) fail("context", 0);
    do (void)look(ctx, store);
    while (!is_done());
    itsm_ctx_free(ctx);
    return NULL;
}

/* Copies of the store while it is written. */
static void *copier(void *user)
{
    const char *path = user;
    char copy[80];
    itsm_ctx *ctx = NULL;
    uint64_t before = 0;
    snprintf(copy, sizeof copy, "%s.copy", path);
    if (itsm_os_ctx_new(&ctx)) fail("context", 0);
    do {
        itsm_store *other = NULL;
        itsm_status rc = itsm_file_backup(ctx, store, itsm_str_c(copy));
        if (!rc) rc = itsm_os_store_open(&other, ctx, itsm_str_c(copy));
        if (rc) fail("backup", rc);
        uint64_t entries = look(ctx, other);
        if (entries < before) fail("a later copy has less", (int)entries);
        before = entries;
        itsm_store_free(other);
        remove_store(copy);
    } while (!is_done());
    itsm_ctx_free(ctx);
    return NULL;
}

/* The same files opened to be read. */
static void *outsider(void *user)
{
    itsm_ctx *ctx = NULL;
    itsm_store *other = NULL;
    itsm_file_options options = ITSM_FILE_OPTIONS_INIT;
    uint64_t before = 0;
    options.flags = ITSM_FILE_READONLY;
    if (itsm_os_ctx_new(&ctx)) fail("context", 0);
    itsm_status rc = itsm_store_file(&other, ctx, itsm_os_io(), itsm_str_c(user), &options);
    if (rc) fail("open to read", rc);
    do {
        rc = itsm_store_maintain(ctx, other, ITSM_MAINTAIN_REFRESH, NULL);
        if (rc) fail("refresh", rc);
        uint64_t entries = look(ctx, other);
        if (entries < before) fail("a refresh went back", (int)entries);
        before = entries;
    } while (!is_done());
    itsm_store_free(other);
    itsm_ctx_free(ctx);
    return NULL;
}

static void start(pthread_t *thread, void *(*work)(void *), void *user)
{
    if (pthread_create(thread, NULL, work, user)) fail("thread", 0);
}

static void run(char *path)
{
    pthread_t writers[THREADS], others[READERS + 2];
    uint64_t own[THREADS];
    done = 0;
    for (int i = 0; i < READERS; i++) start(&others[i], reader, NULL);
    start(&others[READERS], copier, path);
    start(&others[READERS + 1], outsider, path);
    for (int i = 0; i < THREADS; i++) {
        own[i] = (uint64_t)i + 1;
        start(&writers[i], writer, &own[i]);
    }
    for (int i = 0; i < THREADS; i++) pthread_join(writers[i], NULL);
    pthread_mutex_lock(&done_lock);
    done = 1;
    pthread_mutex_unlock(&done_lock);
    for (int i = 0; i < READERS + 2; i++) pthread_join(others[i], NULL);
}

static itsm_status open_path(itsm_ctx *ctx, const char *path)
{
    itsm_file_options options = ITSM_FILE_OPTIONS_INIT;
    options.checkpoint_bytes = 4000;
    return itsm_store_file(&store, ctx, itsm_os_io(), itsm_str_c(path), &options);
}

int main(void)
{
    char path[64];
    itsm_ctx *ctx = NULL;
    uint64_t number = 0;
    snprintf(path, sizeof path, "file_store_thread.%ld", (long)getpid());
    if (itsm_os_ctx_new(&ctx)) fail("context", 0);
    itsm_status rc = open_path(ctx, path);
    if (rc) fail("open", rc);
    if (!(itsm_store_caps(store) & ITSM_CAP_MT)) fail("not for several threads", 0);
    run(path);
    itsm_store_free(store);
    rc = open_path(ctx, path);
    if (rc) fail("open again", rc);
    if (revision(ctx, SHARED) != THREADS * ROUNDS) fail("updates were lost", (int)revision(ctx, SHARED));
    for (uint64_t i = 1; i <= THREADS; i++)
        if (revision(ctx, i) != ROUNDS) fail("updates of an own row were lost", (int)i);
    rc = itsm_store_reserve(&number, ctx, store, "n", 1, NULL);
    if (rc || number != THREADS * ROUNDS + 1) fail("numbers were given twice or lost", (int)number);
    itsm_file_info info = ITSM_FILE_INFO_INIT;
    if (itsm_file_info_read(&info, ctx, store)) fail("info", 0);
    if (info.checkpoint_number < 5) fail("too few checkpoints", (int)info.checkpoint_number);
    itsm_store_free(store);
    itsm_ctx_free(ctx);
    remove_store(path);
    printf(
        "%d threads, %d commits each and %d numbers, %d readers, copies, another opening, %u checkpoints: none lost\n",
        THREADS, 2 * ROUNDS, ROUNDS, READERS, (unsigned)info.checkpoint_number);
    return 0;
}
