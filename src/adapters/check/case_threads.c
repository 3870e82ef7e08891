/* SPDX-License-Identifier: MIT */
/*
 * Eight threads on one store.  Each has a context and a bench of its own; what fails in one of them fails the case.
 * The claims hold however the threads come: no update is lost, a revision has one winner, a reader sees whole commits.
 */
#include "adapters/check/kit.h"

enum { THREADS = 8, ROUNDS = 25 };

typedef struct race {
    itsm__bench *b;
    itsm__bench each[THREADS];
    void (*body)(struct race *race, itsm__bench *b, uint32_t i);
    uint64_t expect;
    uint64_t won[THREADS], seen[THREADS][ROUNDS];
} race;

static itsm_ref A(uint64_t lo)
{
    return itsm__kit_ref(KIT_A, lo);
}

static void run_one(void *user, uint32_t i)
{
    race *r = user;
    if (i < THREADS && !r->each[i].failed) r->body(r, &r->each[i], i);
}

static itsm_status context_of(itsm_ctx **out, itsm__bench *b)
{
    itsm_ctx_options options = ITSM_CTX_OPTIONS_INIT;
    if (b->host->context) return b->host->context(b->host->self, out);
    itsm_ctx_options_get(&options, b->ctx);
    return itsm_ctx_new(out, &options);
}

/* Run a body in all threads; what failed first, by the threads' numbers, fails the case. */
static void run(itsm__bench *b, race *r, void (*body)(race *, itsm__bench *, uint32_t))
{
    r->b = b, r->body = body;
    for (size_t i = 0; i < THREADS && !b->failed; i++) {
        r->each[i] = *b;
        r->each[i].ctx = NULL, r->each[i].pieces = NULL, r->each[i].rev = b->rev + i * 1000000;
        itsm__kit_status(b, context_of(&r->each[i].ctx, b), ITSM_OK, "the context of a thread");
        itsm_buf_init(&r->each[i].message, r->each[i].ctx);
    }
    if (!b->failed)
        itsm__kit_status(b, b->host->parallel(b->host->self, THREADS, run_one, r), ITSM_OK, "the host's threads");
    b->rev += THREADS * 1000000;
    for (size_t i = 0; i < THREADS && r->each[i].ctx; i++) {
        if (r->each[i].failed) itsm__kit_fail(b, "%S", itsm_buf_str(&r->each[i].message));
        itsm__kit_release(&r->each[i]);
        itsm_buf_clear(&r->each[i].message);
        itsm_ctx_free(r->each[i].ctx), r->each[i].ctx = NULL;
    }
}

static race *race_new(itsm__bench *b)
{
    return itsm__kit_alloc(b, sizeof(race));
}

/* Send a batch until it is decided. */
static itsm_status decide(itsm__bench *b, const itsm_op *ops, size_t n, const itsm_bytes *audit, size_t naudit,
                          uint64_t *revs)
{
    itsm_status rc = ITSM_E_RETRY;
    for (int i = 0; i < 10000 && (rc == ITSM_E_RETRY || rc == ITSM_E_BUSY) && !b->failed; i++)
        rc = itsm__kit_send(b, ops, n, audit, naudit, revs);
    if (rc != ITSM_OK && rc != ITSM_E_CONFLICT && rc != ITSM_E_UNIQUE)
        itsm__kit_status(b, rc, ITSM_OK, "a batch of a thread");
    return rc;
}

static uint64_t revision_of(itsm__bench *b, itsm_ref ref)
{
    uint64_t rev = ITSM_REV_NONE;
    itsm_view view;
    itsm_row row;
    if (!itsm__kit_view(b, &view)) return rev;
    if (itsm__kit_get(b, &view, ref, &row)) rev = row.rev;
    itsm_store_view_close(&view);
    return rev;
}

/* Put a row above the highest revision any thread may have given it. */
static itsm_op put_above(itsm__bench *b, itsm_ref ref, uint64_t expect, const char *body)
{
    itsm_op op = itsm__kit_put(b, ref, expect, body);
    if (expect != ITSM_REV_NONE && op.row.rev <= expect) op.row.rev = expect + 1;
    return op;
}

static void writes_own_rows(race *r, itsm__bench *b, uint32_t i)
{
    uint64_t rev = ITSM_REV_NONE;
    (void)r;
    for (int k = 0; k < ROUNDS; k++) {
        rev = itsm__kit_does(b, itsm__kit_put(b, A(i + 1), rev, k + 1 < ROUNDS ? "on the way" : "last"));
        itsm__kit_is(b, A(i + 1), rev, NULL);
    }
}

static void rows_of_ones_own_are_ones_own(itsm__bench *b, size_t which)
{
    race *r = race_new(b);
    (void)which;
    if (!r) return;
    run(b, r, writes_own_rows);
    for (uint64_t i = 1; i <= THREADS; i++) itsm__kit_is(b, A(i), 0, "last");
    itsm__kit_scan(b, KIT_A, 0, "1 2 3 4 5 6 7 8");
}

static void counts_up(race *r, itsm__bench *b, uint32_t i)
{
    static const char *const entry = "counted";
    itsm_bytes audit = itsm__kit_bytes(entry);
    for (int k = 0; k < ROUNDS && !b->failed;) {
        itsm_op op = put_above(b, A(1), revision_of(b, A(1)), "n");
        itsm_status rc = decide(b, &op, 1, &audit, 1, NULL);
        if (rc == ITSM_OK) r->won[i]++, k++;
    }
}

/* Every success is one entry of the trail: a lost update would be an entry too many or a success too few. */
static void no_update_is_lost(itsm__bench *b, size_t which)
{
    race *r = race_new(b);
    itsm_cursor cursor = ITSM_CURSOR_INIT;
    itsm_view view;
    itsm_row row;
    uint64_t entries = 0, won = 0;
    (void)which;
    if (!r) return;
    itsm__kit_new(b, A(1), "n");
    run(b, r, counts_up);
    itsm__kit_seal(b);
    if (!itsm__kit_view(b, &view)) return;
    itsm__kit_status(b, itsm_store_audit_scan(&cursor, b->ctx, &view, 0), ITSM_OK, "opening the audit trail");
    while (!b->failed && itsm_store_next(&row, b->ctx, &cursor) == ITSM_OK) entries++;
    itsm_store_cursor_close(&cursor);
    itsm_store_view_close(&view);
    for (size_t i = 0; i < THREADS; i++) won += r->won[i];
    if (entries != won) itsm__kit_fail(b, "%u batches were taken, %u entries are in the trail", won, entries);
}

static void tries_once(race *r, itsm__bench *b, uint32_t i)
{
    itsm_op op = put_above(b, A(1), r->expect, "won");
    r->won[i] = decide(b, &op, 1, NULL, 0, NULL) == ITSM_OK;
}

static uint64_t winners(const race *r)
{
    uint64_t n = 0;
    for (size_t i = 0; i < THREADS; i++) n += r->won[i];
    return n;
}

static void a_revision_has_one_winner(itsm__bench *b, size_t which)
{
    race *r = race_new(b);
    (void)which;
    for (int round = 0; r && round < ROUNDS && !b->failed; round++) {
        r->expect = revision_of(b, A(1));
        run(b, r, tries_once);
        if (winners(r) != 1) itsm__kit_fail(b, "%u threads won the same revision", winners(r));
    }
}

static void takes_the_key(race *r, itsm__bench *b, uint32_t i)
{
    itsm_index_key key = itsm__kit_key(1, 1, "the key");
    itsm_op op = itsm__kit_put_keys(b, A(r->expect + i), ITSM_REV_NONE, &key, 1);
    r->won[i] = decide(b, &op, 1, NULL, 0, NULL) == ITSM_OK;
}

static void a_unique_key_has_one_winner(itsm__bench *b, size_t which)
{
    race *r = race_new(b);
    (void)which;
    for (uint64_t round = 0; r && round < 10 && !b->failed; round++) {
        itsm_range range = itsm__kit_range(KIT_A, 1);
        r->expect = round * 100 + 1;
        run(b, r, takes_the_key);
        if (winners(r) != 1) itsm__kit_fail(b, "%u threads won the same unique key", winners(r));
        for (uint32_t i = 0; i < THREADS; i++)
            if (r->won[i]) itsm__kit_does(b, itsm__kit_op(ITSM_DEL, A(r->expect + i), ITSM_REV_ANY));
        itsm__kit_finds(b, &range, "");
    }
}

static void takes_numbers(race *r, itsm__bench *b, uint32_t i)
{
    for (size_t k = 0; k < ROUNDS && !b->failed; k++)
        itsm__kit_status(b, itsm_store_reserve(&r->seen[i][k], b->ctx, b->store, "n", 2, NULL), ITSM_OK, "reserve");
}

static void no_number_is_given_twice(itsm__bench *b, size_t which)
{
    race *r = race_new(b);
    (void)which;
    if (!r) return;
    run(b, r, takes_numbers);
    for (size_t i = 0; i < THREADS * ROUNDS && !b->failed; i++)
        for (size_t k = 0; k < i; k++) {
            uint64_t x = r->seen[i / ROUNDS][i % ROUNDS], y = r->seen[k / ROUNDS][k % ROUNDS];
            if (x < y + 2 && y < x + 2) itsm__kit_fail(b, "number %u was given to two threads", x);
        }
}

/* Even threads write both rows in one batch, odd ones read them: they must be of one commit. */
static void writes_or_reads_a_pair(race *r, itsm__bench *b, uint32_t i)
{
    (void)r;
    for (int k = 0; k < ROUNDS && !b->failed; k++) {
        itsm_view view;
        itsm_row row;
        uint64_t first = 0, second = 0;
        if (!itsm__kit_view(b, &view)) return;
        if (itsm__kit_get(b, &view, A(1), &row)) memcpy(&first, row.body.p, row.body.n == 8 ? 8 : 0);
        if (itsm__kit_get(b, &view, A(2), &row)) memcpy(&second, row.body.p, row.body.n == 8 ? 8 : 0);
        itsm_store_view_close(&view);
        if (first != second) itsm__kit_fail(b, "a view sees a half of a batch");
        if (i % 2) continue;
        itsm_op ops[2] = {put_above(b, A(1), revision_of(b, A(1)), ""), put_above(b, A(2), ITSM_REV_ANY, "")};
        uint64_t value = ops[0].row.rev;
        ops[0].row.body.p = ops[1].row.body.p = &value, ops[0].row.body.n = ops[1].row.body.n = 8;
        ops[1].row.rev = ops[0].row.rev;
        (void)decide(b, ops, 2, NULL, 0, NULL);
    }
}

static void a_view_sees_whole_batches(itsm__bench *b, size_t which)
{
    race *r = race_new(b);
    (void)which;
    if (r) run(b, r, writes_or_reads_a_pair);
}

/* Even threads move rows between two keys of an index, odd ones scan it: all rows, once each. */
static void moves_or_scans(race *r, itsm__bench *b, uint32_t i)
{
    enum { ROWS = 20 };
    static const char *const keys[] = {"left", "right"};
    for (size_t k = 0; k < ROUNDS && !b->failed; k++) {
        itsm_range range = itsm__kit_range(KIT_A, 1);
        itsm_cursor cursor = ITSM_CURSOR_INIT;
        itsm_view view;
        itsm_row row;
        uint64_t seen = 0, n = 0;
        if (i % 2 == 0) {
            itsm_index_key key = itsm__kit_key(1, 0, keys[k % 2]);
            itsm__kit_does(b, itsm__kit_put_keys(b, A(1 + (i + k * 3) % ROWS), ITSM_REV_ANY, &key, 1));
            continue;
        }
        if (!itsm__kit_view(b, &view)) return;
        itsm__kit_status(b, itsm_store_scan(&cursor, b->ctx, &view, &range), ITSM_OK, "opening a scan");
        while (!b->failed && itsm_store_next(&row, b->ctx, &cursor) == ITSM_OK && n < 1000)
            n++, seen |= UINT64_C(1) << (row.ref.id.lo & 63);
        if (n != ROWS || seen != ((UINT64_C(1) << ROWS) - 1) << 1)
            itsm__kit_fail(b, "a scan beside writers gives %u rows, not %u", n, (uint64_t)ROWS);
        itsm_store_cursor_close(&cursor);
        itsm_store_view_close(&view);
    }
    (void)r;
}

static void a_scan_beside_writers_gives_each_row_once(itsm__bench *b, size_t which)
{
    race *r = race_new(b);
    itsm_index_key key = itsm__kit_key(1, 0, "left");
    (void)which;
    for (uint64_t i = 1; i <= 20; i++) itsm__kit_new_keys(b, A(i), &key, 1);
    /* Rows are put without an expectation: each thread's revisions must be above all others' of the row. */
    if (r) run(b, r, moves_or_scans);
}

static void enters(race *r, itsm__bench *b, uint32_t i)
{
    itsm_op op = itsm__kit_op(ITSM_CHECK, itsm__kit_ref(KIT_C, 1), ITSM_REV_NONE);
    for (unsigned k = 0; k < ROUNDS && !b->failed; k++) {
        char text[2] = {(char)('A' + i), (char)('a' + k)};
        itsm_bytes audit = {text, 2};
        (void)decide(b, &op, 1, &audit, 1, NULL);
        if (b->caps & ITSM_CAP_SEAL_SYNC || k % 5) continue;
        itsm_status rc = itsm_store_seal(&r->won[i], b->ctx, b->store, 10, NULL);
        if (rc != ITSM_E_RETRY && rc != ITSM_E_BUSY) itsm__kit_status(b, rc, ITSM_OK, "sealing beside others");
    }
}

static void every_threads_entries_come_in_its_order(itsm__bench *b, size_t which)
{
    race *r = race_new(b);
    itsm_cursor cursor = ITSM_CURSOR_INIT;
    itsm_view view;
    itsm_row row;
    char next[THREADS];
    uint64_t n = 0;
    (void)which;
    if (!r) return;
    memset(next, 'a', sizeof next);
    run(b, r, enters);
    itsm__kit_seal(b);
    if (!itsm__kit_view(b, &view)) return;
    itsm__kit_status(b, itsm_store_audit_scan(&cursor, b->ctx, &view, 0), ITSM_OK, "opening the audit trail");
    for (; !b->failed && itsm_store_next(&row, b->ctx, &cursor) == ITSM_OK; n++) {
        const char *text = row.body.p;
        if (row.body.n != 2 || text[0] < 'A' || text[0] >= 'A' + THREADS) itsm__kit_fail(b, "an entry is nobody's");
        else if (text[1] != next[text[0] - 'A']++) itsm__kit_fail(b, "a thread's entries are not in its order");
        if (row.ref.id.lo != n) itsm__kit_fail(b, "place %u of the trail is given as %u", n, row.ref.id.lo);
    }
    if (n != THREADS * ROUNDS) itsm__kit_fail(b, "%u entries were made, %u are there", (uint64_t)(THREADS * ROUNDS), n);
    itsm_store_cursor_close(&cursor);
    itsm_store_view_close(&view);
}

static void makes_and_deletes(race *r, itsm__bench *b, uint32_t i)
{
    (void)r, (void)i;
    for (int k = 0; k < ROUNDS && !b->failed; k++) {
        uint64_t rev = revision_of(b, A(1));
        itsm_op op = rev ? itsm__kit_op(ITSM_DEL, A(1), rev) : itsm__kit_put(b, A(1), ITSM_REV_NONE, "there");
        (void)decide(b, &op, 1, NULL, 0, NULL);
    }
}

static void a_row_made_and_deleted_by_many_is_there_or_not(itsm__bench *b, size_t which)
{
    race *r = race_new(b);
    (void)which;
    if (!r) return;
    run(b, r, makes_and_deletes);
    uint64_t rev = revision_of(b, A(1));
    itsm__kit_scan(b, KIT_A, 0, rev ? "1" : "");
    if (rev) itsm__kit_is(b, A(1), rev, "there");
}

/* Two rows change places in the order of their batches' operations: a deadlock must end in an answer. */
static void locks_in_turn(race *r, itsm__bench *b, uint32_t i)
{
    (void)r;
    for (int k = 0; k < ROUNDS && !b->failed; k++) {
        uint64_t first = i % 2 ? 1 : 2, second = i % 2 ? 2 : 1;
        itsm_op ops[2] = {put_above(b, A(first), revision_of(b, A(first)), "x"),
                          put_above(b, A(second), revision_of(b, A(second)), "x")};
        (void)decide(b, ops, 2, NULL, 0, NULL);
    }
}

static void rows_taken_in_different_orders_do_not_lock_for_ever(itsm__bench *b, size_t which)
{
    race *r = race_new(b);
    (void)which;
    itsm__kit_new(b, A(1), "x"), itsm__kit_new(b, A(2), "x");
    if (r) run(b, r, locks_in_turn);
    itsm__kit_scan(b, KIT_A, 0, "1 2");
}

#define MT ITSM_CAP_MT

static const itsm__claim claims[] = {
    {"rows of one's own are one's own", rows_of_ones_own_are_ones_own, 0, MT, 0, KIT_THREADS},
    {"no update is lost", no_update_is_lost, 0, MT, 0, KIT_THREADS},
    {"a revision has one winner", a_revision_has_one_winner, 0, MT, 0, KIT_THREADS},
    {"a unique key has one winner", a_unique_key_has_one_winner, 0, MT, 0, KIT_THREADS},
    {"no number is given twice", no_number_is_given_twice, 0, MT, 0, KIT_THREADS},
    {"a view sees whole batches", a_view_sees_whole_batches, 0, MT | ITSM_CAP_SNAPSHOT, 0, KIT_THREADS},
    {"a scan beside writers gives each row once", a_scan_beside_writers_gives_each_row_once, 0, MT | ITSM_CAP_SNAPSHOT,
     0, KIT_THREADS},
    {"every thread's entries come in its order", every_threads_entries_come_in_its_order, 0, MT, 0, KIT_THREADS},
    {"a row made and deleted by many is there or not", a_row_made_and_deleted_by_many_is_there_or_not, 0, MT, 0,
     KIT_THREADS},
    {"rows taken in different orders do not lock for ever", rows_taken_in_different_orders_do_not_lock_for_ever, 0, MT,
     0, KIT_THREADS},
};

const itsm__group itsm__kit_threads = {"threads", claims, KIT_COUNT(claims)};
