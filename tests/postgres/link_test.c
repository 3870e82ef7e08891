/* SPDX-License-Identifier: MIT */
/*
 * The link between the store and its server: cut at every byte of a batch in either direction, the batch is written
 * exactly once; the same for moves of the engine; and how many round trips each takes, counted on a link that delays every
 * answer.  By default every 7th byte of the request and every byte of the answer; ITSM_FULL=1: every byte of both.
 */
#ifndef _DEFAULT_SOURCE
#define _DEFAULT_SOURCE
#endif
#include <itsm/os.h>
#include <itsm/postgres.h>

#include "../unit/sms_fixture.h"
#include "link.h"

enum { TYPE = 3, DELAY_MS = 100 };

static itsm_ctx *ctx;
static itsm_store *cut_store, *store; /* the same rows, through the path and past it */

static void fail(const char *what, int64_t number)
{
    const itsm_issue *issue = itsm_ctx_issue(ctx, 0);
    fprintf(stderr, "FAILED: %s: %lld %.*s\n", what, (long long)number, issue ? (int)issue->message.n : 0,
            issue ? issue->message.p : "");
    exit(1);
}

static itsm_store *open_store(const char *conninfo)
{
    itsm_store *out;
    itsm_status rc = itsm_store_postgres(&out, ctx, itsm_str_c(conninfo), NULL);
    if (rc) fail("open", rc);
    return out;
}

/* Batches ------------------------------------------------------------------------------------------------------------- */

/* Batch number n: the counter goes from n to n + 1, a new row comes, and an audit entry with the number. */
static itsm_status send_batch(itsm_store *to, uint64_t n)
{
    char entry[16];
    itsm_op ops[2];
    itsm_batch batch = ITSM_BATCH_INIT;
    itsm_bytes audit = {entry, 8};
    itsm_index_key key = {1, 1, {entry, 8}};
    snprintf(entry, sizeof entry, "%08u", (unsigned)n);
    memset(ops, 0, sizeof ops);
    ops[0].kind = ITSM_PUT, ops[0].expect = n, ops[0].row.ref.type = TYPE, ops[0].row.rev = n + 1;
    ops[1].kind = ITSM_PUT, ops[1].expect = ITSM_REV_ANY, ops[1].row.ref.type = TYPE, ops[1].row.ref.id.lo = n + 1;
    ops[1].row.rev = 1, ops[1].keys = &key, ops[1].nkeys = 1;
    for (int i = 0; i < 2; i++) ops[i].row.body.p = entry, ops[i].row.body.n = 8;
    batch.ops = ops, batch.nops = 2, batch.audit = &audit, batch.naudit = 1;
    return itsm_store_apply(NULL, ctx, to, &batch, NULL);
}

static uint64_t revision(itsm_ref ref)
{
    itsm_view view = ITSM_VIEW_INIT;
    itsm_row row;
    itsm_status rc = itsm_store_view_open(&view, ctx, store, NULL);
    if (!rc) rc = itsm_store_get(&row, ctx, &view, ref);
    if (rc < 0) fail("read", rc);
    uint64_t rev = rc == ITSM_OK ? row.rev : 0;
    itsm_store_view_close(&view);
    return rev;
}

static uint64_t counter(void)
{
    itsm_ref ref = {TYPE, {0, 0}};
    return revision(ref);
}

/* Cut one batch, and send it again until it is known; 1: the first had been applied. */
static int cut_batch(uint64_t n, int direction, int64_t at)
{
    unsigned cuts = path.cuts;
    path_cut(direction, at);
    itsm_status rc = send_batch(cut_store, n);
    if (path.cuts != cuts + 1) fail("the link was not cut", at);
    if (rc != ITSM_E_UNKNOWN) fail("a cut link answers", rc);
    for (int i = 0; i < 5 && (rc == ITSM_E_UNKNOWN || rc == ITSM_E_RETRY); i++) rc = send_batch(cut_store, n);
    if (rc != ITSM_OK && rc != ITSM_E_CONFLICT) fail("sent again", rc);
    if (counter() != n + 1) fail("the counter stands at", (int64_t)counter());
    return rc == ITSM_E_CONFLICT;
}

/* Every entry once, in order. */
static void check_audit(uint64_t batches)
{
    itsm_view view = ITSM_VIEW_INIT;
    itsm_cursor cursor = ITSM_CURSOR_INIT;
    itsm_row row;
    uint64_t end, n = 0;
    char entry[16];
    itsm_status rc = itsm_store_seal(&end, ctx, store, 1000000, NULL);
    if (rc || end != batches) fail("sealed entries", (int64_t)end);
    rc = itsm_store_view_open(&view, ctx, store, NULL);
    if (!rc) rc = itsm_store_audit_scan(&cursor, ctx, &view, 0);
    while (!rc && (rc = itsm_store_next(&row, ctx, &cursor)) == ITSM_OK) {
        snprintf(entry, sizeof entry, "%08u", (unsigned)n++);
        if (row.body.n != 8 || memcmp(row.body.p, entry, 8)) fail("entry", (int64_t)n);
    }
    if (rc != ITSM_DONE || n != batches) fail("entries", (int64_t)n);
    itsm_store_view_close(&view);
}

static void cut_batches(int full)
{
    uint64_t n = 0, bytes[2], applied = 0, cuts = 0;
    for (; n < 8; n++) /* so that everything is planned and cached as it will be */
        if (send_batch(cut_store, n)) fail("warm up", (int64_t)n);
    path_cut(UP, -1);
    if (send_batch(cut_store, n++)) fail("warm up", (int64_t)n);
    bytes[UP] = path_passed(UP), bytes[DOWN] = path_passed(DOWN);
    for (int direction = UP; direction <= DOWN; direction++)
        for (uint64_t at = 0; at < bytes[direction]; at += direction == UP && !full ? 7 : 1, n++, cuts++)
            applied += (uint64_t)cut_batch(n, direction, (int64_t)at);
    if (applied == 0 || applied == cuts) fail("all cuts had the same outcome", (int64_t)applied);
    check_audit(n);
    printf("link cut at %llu places of a batch (%llu bytes up, %llu down): each written exactly once; %llu had been "
           "applied before the cut\n",
           (unsigned long long)cuts, (unsigned long long)bytes[UP], (unsigned long long)bytes[DOWN],
           (unsigned long long)applied);
}

/* The engine ---------------------------------------------------------------------------------------------------------- */

static itsm_status move(struct desk *desk, itsm_ref ref, uint64_t n)
{
    const itsm_named hold[] = {TEXT("pending_reason", "awaiting_user")};
    itsm_outcome out = ITSM_OUTCOME_INIT;
    desk->act.now += ITSM_MINUTES(1);
    return itsm_sms_move(&out, desk->sms, ref, ITSM_REV_ANY, n % 2 ? ITSM_STR("resume") : ITSM_STR("hold"), hold,
                         n % 2 ? 0 : 1, &desk->act);
}

static itsm_ref start_desk(struct desk *desk, struct counting *counting)
{
    itsm_outcome out = ITSM_OUTCOME_INIT;
    itsm_sla *sla = NULL;
    desk_open(desk, counting, cut_store);
    if (itsm_sla_load(&sla, desk->ctx, ITSM_STR("{\"response\": {\"3\": 60}, \"resolution\": {\"3\": 480}}"), NULL))
        fail("targets", 0);
    desk_with_sla(desk, sla);
    itsm_status rc = new_service(&out, desk);
    if (!rc) rc = new_started(&out, desk, out.ref);
    if (rc) fail("records", rc);
    desk_actor(desk, "jdoe", NULL);
    return out.ref;
}

/*
 * A move that is cut in reading is told to have had no effect (BUSY: when connecting anew); one cut in writing is made.
 */
static void cut_moves(struct desk *desk, itsm_ref ref, int full)
{
    uint64_t n = 0, cuts = 0, made = 0, before = revision(ref);
    for (; n < 8; n++)
        if (move(desk, ref, n)) fail("warm up", (int64_t)n);
    path_cut(UP, -1);
    if (move(desk, ref, n++)) fail("warm up", (int64_t)n);
    uint64_t bytes[2] = {path_passed(UP), path_passed(DOWN)};
    for (int direction = UP; direction <= DOWN; direction++)
        for (uint64_t at = 0; at < bytes[direction]; at += full ? 1 : 61, n++, cuts++) {
            path_cut(direction, (int64_t)at);
            itsm_status rc = move(desk, ref, n);
            made += rc == ITSM_OK;
            path_cut(UP, -1);
            for (int i = 0; i < 20 && (rc == ITSM_E_RETRY || rc == ITSM_E_BUSY); i++) rc = move(desk, ref, n);
            if (rc) fail("a cut move", rc);
            if (revision(ref) != before + n + 1) fail("revision", (int64_t)revision(ref));
        }
    printf(
        "link cut at %llu places of a move (%llu bytes up, %llu down): each made exactly once, %llu without the caller "
        "noticing\n",
        (unsigned long long)cuts, (unsigned long long)bytes[UP], (unsigned long long)bytes[DOWN],
        (unsigned long long)made);
}

/* The shortest of some tries on a link that delays each answer: whole delays are round trips waited for. */
static int64_t trips(itsm_status (*act)(void *user), void *user)
{
    int64_t best = INT64_MAX;
    for (int i = 0; i < 3; i++) {
        itsm_span start = itsm_os_monotonic();
        if (act(user)) fail("on a slow link", i);
        itsm_span took = itsm_os_monotonic() - start;
        if (took < best) best = took;
        usleep(DELAY_MS * 2000); /* the end of the view */
    }
    return best / (DELAY_MS * 1000);
}

static itsm_status one_batch(void *user)
{
    (void)user;
    return send_batch(cut_store, counter());
}

struct mover {
    struct desk *desk;
    itsm_ref ref;
    uint64_t n;
};

static itsm_status one_move(void *user)
{
    struct mover *mover = user;
    return move(mover->desk, mover->ref, mover->n++);
}

static void count_trips(struct desk *desk, itsm_ref ref)
{
    struct mover mover = {desk, ref, 0};
    while (mover.n < 4) /* the pool has what it needs */
        if (one_move(&mover)) fail("warm up", 0);
    path.delay_ms = DELAY_MS;
    if (one_move(&mover)) fail("warm up", 0);
    mover.n = 1;
    int64_t batch = trips(one_batch, NULL), moves = trips(one_move, &mover);
    path.delay_ms = 0;
    printf("round trips: %lld for a small batch, %lld for a move of a record with two clocks\n", (long long)batch,
           (long long)moves);
    if (batch != 1 || moves > 4) fail("too many round trips", moves);
}

int main(void)
{
    struct counting counting = COUNTING_INIT;
    struct desk desk;
    const int full = getenv("ITSM_FULL") != NULL;
    if (itsm_os_ctx_new(&ctx)) return 1;
    setvbuf(stdout, NULL, _IOLBF, 0);
    store = open_store("");
    cut_store = open_store(path_open());
    cut_batches(full);
    itsm_ref ref = start_desk(&desk, &counting);
    cut_moves(&desk, ref, full);
    count_trips(&desk, ref);
    desk_close(&desk);
    itsm_store_free(store);
    itsm_ctx_free(ctx);
    return 0;
}
