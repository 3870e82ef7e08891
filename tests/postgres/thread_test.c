/* SPDX-License-Identifier: MIT */
/*
 * Eight threads write to one store in PostgreSQL at once, while two others read it: each counts a row of its own up, and
 * all of them one row together; and pairs of them race for rows that the other says must not be there.  A plain program
 * for ThreadSanitizer.
 */
#ifndef _DEFAULT_SOURCE
#define _DEFAULT_SOURCE
#endif
#include <itsm/os.h>
#include <itsm/postgres.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

enum { THREADS = 8, READERS = 2, ROUNDS = 20, RACES = 30, TYPE = 3, SHARED = 100, RACED = 1000 };

static itsm_store *store;
static pthread_mutex_t done_lock = PTHREAD_MUTEX_INITIALIZER;
static int done;

static void fail(itsm_ctx *ctx, const char *what, int64_t number)
{
    const itsm_issue *issue = ctx ? itsm_ctx_issue(ctx, 0) : NULL;
    fprintf(stderr, "FAILED: %s: %lld %.*s\n", what, (long long)number, issue ? (int)issue->message.n : 0,
            issue ? issue->message.p : "");
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
    if (rc) fail(ctx, "view", rc);
    rc = itsm_store_get(&row, ctx, &view, ref_of(id));
    if (rc < 0) fail(ctx, "get", rc);
    uint64_t rev = rc ? 0 : row.rev;
    if (!rc && (row.body.n != sizeof rev || memcmp(row.body.p, &rev, sizeof rev))) fail(ctx, "body", 0);
    itsm_store_view_close(&view);
    return rev;
}

static itsm_op put_of(uint64_t id, uint64_t from, const uint64_t *rev)
{
    itsm_op op;
    memset(&op, 0, sizeof op);
    op.kind = ITSM_PUT, op.expect = from, op.row.ref = ref_of(id), op.row.rev = *rev;
    op.row.body.p = rev, op.row.body.n = sizeof *rev;
    return op;
}

static itsm_status send(itsm_ctx *ctx, const itsm_op *ops, size_t n)
{
    itsm_batch batch = ITSM_BATCH_INIT;
    itsm_bytes entry = {"counted", 7};
    itsm_status rc;
    batch.ops = ops, batch.nops = n, batch.audit = &entry, batch.naudit = 1;
    do rc = itsm_store_apply(NULL, ctx, store, &batch, NULL);
    while (rc == ITSM_E_RETRY);
    return rc;
}

static void count_up(itsm_ctx *ctx, uint64_t id)
{
    itsm_status rc = ITSM_E_CONFLICT;
    while (rc == ITSM_E_CONFLICT) {
        uint64_t from = revision(ctx, id), rev = from + 1;
        itsm_op op = put_of(id, from, &rev);
        rc = send(ctx, &op, 1);
    }
    if (rc) fail(ctx, "apply", rc);
}

/* Each of a pair writes its row if the other's is not there: both never can. */
static void race(itsm_ctx *ctx, uint64_t pair, uint64_t side, uint64_t round)
{
    const uint64_t rev = 1, mine = RACED + (pair * RACES + round) * 2 + side, other = mine ^ 1;
    itsm_op ops[2] = {put_of(mine, ITSM_REV_NONE, &rev), put_of(other, ITSM_REV_NONE, &rev)};
    ops[1].kind = ITSM_CHECK;
    itsm_status rc = send(ctx, ops, 2);
    if (rc && rc != ITSM_E_CONFLICT) fail(ctx, "race", rc);
}

static void *write_rows(void *user)
{
    const uint64_t number = *(const uint64_t *)user;
    itsm_ctx *ctx;
    if (itsm_os_ctx_new(&ctx)) fail(NULL, "context", 0);
    for (int i = 0; i < ROUNDS; i++) count_up(ctx, number), count_up(ctx, SHARED);
    for (uint64_t i = 0; i < RACES; i++) race(ctx, number / 2, number % 2, i);
    itsm_ctx_free(ctx);
    return NULL;
}

static int is_done(void)
{
    pthread_mutex_lock(&done_lock);
    int is = done;
    pthread_mutex_unlock(&done_lock);
    return is;
}

/* Rows never go back, and the places of the audit log have no gaps while it grows. */
static void *read_rows(void *user)
{
    uint64_t last = 0, sealed = 0;
    itsm_ctx *ctx;
    (void)user;
    if (itsm_os_ctx_new(&ctx)) fail(NULL, "context", 0);
    while (!is_done()) {
        itsm_view view = ITSM_VIEW_INIT;
        itsm_cursor cursor = ITSM_CURSOR_INIT;
        itsm_row row;
        uint64_t rev = revision(ctx, SHARED), end, n = 0;
        if (rev < last) fail(ctx, "a revision went back", (int64_t)rev);
        last = rev;
        itsm_status rc = itsm_store_seal(&end, ctx, store, 50, NULL);
        if (rc || end < sealed) fail(ctx, "seal", rc);
        sealed = end;
        rc = itsm_store_view_open(&view, ctx, store, NULL);
        if (!rc) rc = itsm_store_audit_scan(&cursor, ctx, &view, 0);
        while (!rc && !(rc = itsm_store_next(&row, ctx, &cursor)))
            if (row.ref.id.lo != n++) fail(ctx, "a place is missing", (int64_t)n);
        if (rc != ITSM_DONE || n < sealed) fail(ctx, "audit", rc);
        itsm_store_view_close(&view);
    }
    itsm_ctx_free(ctx);
    return NULL;
}

int main(void)
{
    pthread_t threads[THREADS + READERS];
    uint64_t numbers[THREADS], won = 0;
    itsm_ctx *ctx;
    itsm_postgres_options options = ITSM_POSTGRES_OPTIONS_INIT;
    options.connections = 12; /* fewer than are asked for at times */
    if (itsm_os_ctx_new(&ctx)) return 1;
    itsm_status rc = itsm_store_postgres(&store, ctx, ITSM_STR(""), &options);
    if (rc) fail(ctx, "open", rc);
    if (!(itsm_store_caps(store) & ITSM_CAP_MT)) fail(ctx, "not for threads", 0);
    for (uint64_t i = 0; i < THREADS; i++) {
        numbers[i] = i;
        if (pthread_create(&threads[i], NULL, write_rows, &numbers[i])) fail(NULL, "thread", 0);
    }
    for (int i = 0; i < READERS; i++)
        if (pthread_create(&threads[THREADS + i], NULL, read_rows, NULL)) fail(NULL, "thread", 0);
    for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
    pthread_mutex_lock(&done_lock);
    done = 1;
    pthread_mutex_unlock(&done_lock);
    for (int i = 0; i < READERS; i++) pthread_join(threads[THREADS + i], NULL);
    if (revision(ctx, SHARED) != THREADS * ROUNDS) fail(ctx, "lost updates", (int64_t)revision(ctx, SHARED));
    for (uint64_t i = 0; i < THREADS; i++)
        if (revision(ctx, i) != ROUNDS) fail(ctx, "lost updates", (int64_t)revision(ctx, i));
    for (uint64_t i = 0; i < THREADS / 2 * RACES; i++) {
        uint64_t winners = revision(ctx, RACED + i * 2) + revision(ctx, RACED + i * 2 + 1);
        if (winners > 1) fail(ctx, "both of a race wrote", (int64_t)i);
        won += winners;
    }
    if (!won) fail(ctx, "nobody won", 0);
    printf("%d threads: no update lost, %llu of %d races won by one, none by both\n", THREADS, (unsigned long long)won,
           THREADS / 2 * RACES);
    itsm_store_free(store);
    itsm_ctx_free(ctx);
    return 0;
}
