/* SPDX-License-Identifier: MIT */
/*
 * Views and scans while rows change, and how long a row stays.
 */
#include "adapters/check/kit.h"

static itsm_ref A(uint64_t lo)
{
    return itsm__kit_ref(KIT_A, lo);
}

/* Rows 1 to n with the key "k". */
static void fill(itsm__bench *b, uint64_t *revs, uint64_t n)
{
    static const char *const keys[] = {"k0", "k1", "k2", "k3", "k4", "k5", "k6", "k7", "k8", "k9"};
    for (uint64_t i = 0; i < n; i++) {
        itsm_index_key key = itsm__kit_key(1, 0, keys[i % 10]);
        revs[i] = itsm__kit_new_keys(b, A(i + 1), &key, 1);
    }
}

static void a_view_opened_later_sees_what_was_written(itsm__bench *b, size_t which)
{
    uint64_t rev = ITSM_REV_NONE;
    (void)which;
    for (int i = 0; i < 20; i++) {
        rev = itsm__kit_does(b, itsm__kit_put(b, A(1), rev, i % 2 ? "odd" : "even"));
        itsm__kit_is(b, A(1), rev, i % 2 ? "odd" : "even");
    }
}

static void a_view_sees_one_commit(itsm__bench *b, size_t which)
{
    itsm_view view;
    uint64_t revs[3];
    (void)which;
    fill(b, revs, 3);
    if (!itsm__kit_view(b, &view)) return;
    itsm_op ops[3] = {itsm__kit_put(b, A(1), revs[0], "new"), itsm__kit_op(ITSM_DEL, A(2), revs[1]),
                      itsm__kit_put(b, A(4), ITSM_REV_NONE, "new")};
    itsm__kit_batch(b, ops, 3, ITSM_OK, 0);
    itsm__kit_is_in(b, &view, A(1), revs[0], "x");
    itsm__kit_is_in(b, &view, A(2), revs[1], "x");
    itsm__kit_is_not_in(b, &view, A(4));
    itsm_range range = itsm__kit_range(KIT_A, 0);
    itsm__kit_finds_in(b, &view, &range, "1 2 3");
    range.index = 1;
    itsm__kit_finds_in(b, &view, &range, "1 2 3");
    itsm_store_view_close(&view);
    itsm__kit_is(b, A(1), 0, "new");
    itsm__kit_is_not(b, A(2));
    itsm__kit_scan(b, KIT_A, 0, "1 3 4");
}

static void a_view_of_an_empty_store_stays_empty(itsm__bench *b, size_t which)
{
    itsm_view view;
    itsm_range range = itsm__kit_range(KIT_A, 0);
    (void)which;
    if (!itsm__kit_view(b, &view)) return;
    itsm__kit_new(b, A(1), "a");
    itsm__kit_is_not_in(b, &view, A(1));
    itsm__kit_finds_in(b, &view, &range, "");
    itsm_store_view_close(&view);
}

static void views_of_different_times_stay_apart(itsm__bench *b, size_t which)
{
    enum { N = 4 };
    itsm_view views[N];
    uint64_t revs[N], rev = ITSM_REV_NONE;
    static const char *const bodies[] = {"a", "b", "c", "d"};
    (void)which;
    memset(views, 0, sizeof views);
    for (size_t i = 0; i < N; i++) {
        rev = revs[i] = itsm__kit_does(b, itsm__kit_put(b, A(1), rev, bodies[i]));
        (void)itsm__kit_view(b, &views[i]);
    }
    for (size_t i = N; i-- > 0;) {
        if (!b->failed) itsm__kit_is_in(b, &views[i], A(1), revs[i], bodies[i]);
        itsm_store_view_close(&views[i]);
    }
}

static void a_view_does_not_see_audit_entries_to_come(itsm__bench *b, size_t which)
{
    static const char *const before[] = {"one", "two"}, *const after[] = {"three"};
    itsm_view view;
    (void)which;
    itsm__kit_enter(b, before, 2);
    itsm__kit_seal(b);
    if (!itsm__kit_view(b, &view)) return;
    itsm__kit_enter(b, after, 1);
    itsm__kit_seal(b);
    itsm__kit_trail_in(b, &view, 0, "one,two");
    itsm_store_view_close(&view);
    itsm__kit_trail(b, 0, "one,two,three");
}

static void a_failed_batch_is_seen_by_no_view(itsm__bench *b, size_t which)
{
    itsm_view view;
    uint64_t revs[3];
    (void)which;
    fill(b, revs, 3);
    itsm_op ops[2] = {itsm__kit_op(ITSM_DEL, A(1), revs[0]), itsm__kit_op(ITSM_CHECK, A(2), revs[1] + 1000)};
    itsm__kit_batch(b, ops, 2, ITSM_E_CONFLICT, 1);
    if (!itsm__kit_view(b, &view)) return;
    itsm__kit_is_in(b, &view, A(1), revs[0], "x");
    itsm_range range = itsm__kit_range(KIT_A, 1);
    itsm__kit_finds_in(b, &view, &range, "1 2 3");
    itsm_store_view_close(&view);
}

/* Scan an index of 60 rows; after each row that comes, another is deleted, moved, put anew or made. */
static void scan_under_change(itsm__bench *b, uint32_t index, uint32_t descending, int with_changes)
{
    enum { N = 60 };
    uint64_t revs[N], seen[N + 1];
    itsm_range range = itsm__kit_range(KIT_A, index);
    itsm_cursor cursor = ITSM_CURSOR_INIT;
    itsm_status rc = ITSM_OK;
    itsm_view view;
    itsm_row row;
    uint64_t step = 0;
    int snapshot = (b->caps & ITSM_CAP_SNAPSHOT) != 0;

    memset(seen, 0, sizeof seen);
    fill(b, revs, N);
    range.descending = descending;
    if (!itsm__kit_view(b, &view)) return;
    itsm__kit_status(b, itsm_store_scan(&cursor, b->ctx, &view, &range), ITSM_OK, "opening a scan");
    while (!b->failed && (rc = itsm_store_next(&row, b->ctx, &cursor)) == ITSM_OK && step < 1000) {
        uint64_t id = row.ref.id.lo, other = step * 7 % N;
        if (id >= 1 && id <= N) seen[id]++;
        else if (snapshot) itsm__kit_fail(b, "a row that was made later is in the scan");
        if (!with_changes) other = 0;
        else if (step % 3 == 0) revs[other] = itsm__kit_does(b, itsm__kit_put(b, A(other + 1), ITSM_REV_ANY, "y"));
        else if (step % 3 == 1) itsm__kit_does(b, itsm__kit_op(ITSM_DEL, A(other + 1), ITSM_REV_ANY));
        else itsm__kit_does(b, itsm__kit_put(b, A(1000 + step), ITSM_REV_NONE, "z"));
        step++;
    }
    itsm__kit_status(b, rc, ITSM_DONE, "the next row of a scan");
    itsm_store_cursor_close(&cursor);
    itsm_store_view_close(&view);
    for (uint64_t i = 1; i <= N && !b->failed; i++)
        if (seen[i] > 1 || (snapshot && !seen[i])) itsm__kit_fail(b, "row %u came %u times in one scan", i, seen[i]);
}

static void a_scan_gives_each_row_once_under_change(itsm__bench *b, size_t which)
{
    scan_under_change(b, which & 1 ? 1 : 0, which & 2 ? 1 : 0, 1);
}

static void cursors_of_one_view_do_not_meet(itsm__bench *b, size_t which)
{
    enum { N = 3, ROWS = 10 };
    uint64_t revs[ROWS];
    itsm_cursor cursors[N];
    itsm_range range = itsm__kit_range(KIT_A, 1);
    itsm_view view;
    itsm_row row;
    (void)which;
    memset(cursors, 0, sizeof cursors);
    fill(b, revs, ROWS);
    if (!itsm__kit_view(b, &view)) return;
    for (size_t i = 0; i < N; i++) {
        range.descending = i == 1;
        itsm__kit_status(b, itsm_store_scan(&cursors[i], b->ctx, &view, &range), ITSM_OK, "opening a scan");
    }
    for (uint64_t k = 0; k < ROWS && !b->failed; k++)
        for (size_t i = 0; i < N && !b->failed; i++) {
            uint64_t wanted = i == 1 ? ROWS - k : k + 1;
            itsm__kit_status(b, itsm_store_next(&row, b->ctx, &cursors[i]), ITSM_OK, "one of three scans");
            if (!b->failed && row.ref.id.lo != wanted)
                itsm__kit_fail(b, "a scan beside others gives row %u", row.ref.id.lo);
            itsm__kit_is_in(b, &view, A(1), revs[0], "x");
        }
    for (size_t i = 0; i < N; i++) itsm_store_cursor_close(&cursors[i]);
    itsm_store_view_close(&view);
}

static void a_scan_may_be_left_early(itsm__bench *b, size_t which)
{
    uint64_t revs[10];
    itsm_range range = itsm__kit_range(KIT_A, 1);
    itsm_view view;
    itsm_row row;
    (void)which;
    fill(b, revs, 10);
    for (int i = 0; i < 5; i++) {
        itsm_cursor cursor = ITSM_CURSOR_INIT;
        if (!itsm__kit_view(b, &view)) return;
        itsm__kit_status(b, itsm_store_scan(&cursor, b->ctx, &view, &range), ITSM_OK, "opening a scan");
        for (int k = 0; k < i; k++)
            itsm__kit_status(b, itsm_store_next(&row, b->ctx, &cursor), ITSM_OK, "the next row");
        itsm_store_cursor_close(&cursor);
        itsm_store_view_close(&view);
    }
    itsm__kit_does(b, itsm__kit_put(b, A(1), revs[0], "still written"));
}

static void a_row_stays_until_the_next_of_its_kind(itsm__bench *b, size_t which)
{
    itsm_view view;
    itsm_row got, next, other;
    itsm_cursor cursor = ITSM_CURSOR_INIT;
    itsm_range range = itsm__kit_range(KIT_A, 0);
    (void)which;
    itsm__kit_new(b, A(1), "first"), itsm__kit_new(b, A(2), "second"), itsm__kit_new(b, A(3), "third");
    if (!itsm__kit_view(b, &view)) return;
    itsm__kit_status(b, itsm_store_scan(&cursor, b->ctx, &view, &range), ITSM_OK, "opening a scan");
    if (!b->failed && itsm__kit_get(b, &view, A(2), &got)) {
        itsm__kit_status(b, itsm_store_next(&next, b->ctx, &cursor), ITSM_OK, "the next row");
        itsm__kit_want(b, itsm__kit_same(got.body, itsm__kit_bytes("second")), "a row of get does not outlive a next");
        itsm__kit_want(b, !b->failed && itsm__kit_get(b, &view, A(3), &other), "the third row is not there");
        itsm__kit_want(b, !b->failed && itsm__kit_same(next.body, itsm__kit_bytes("first")),
                       "a row of next does not outlive a get");
        itsm__kit_new(b, A(4), "fourth");
        itsm__kit_want(b,
                       !b->failed && itsm__kit_same(other.body, itsm__kit_bytes("third")) &&
                           itsm__kit_same(next.body, itsm__kit_bytes("first")),
                       "rows do not outlive a write");
    }
    itsm_store_cursor_close(&cursor);
    itsm_store_view_close(&view);
}

/* get_many -------------------------------------------------------------------------------------------------------- */

static void get_many_gives(itsm__bench *b, const itsm_ref *refs, size_t n, uint64_t wanted)
{
    itsm_cursor cursor = ITSM_CURSOR_INIT;
    itsm_status rc = ITSM_OK;
    itsm_view view;
    itsm_row row;
    uint64_t seen = 0, count = 0;
    if (!itsm__kit_view(b, &view)) return;
    itsm__kit_status(b, itsm_store_get_many(&cursor, b->ctx, &view, refs, n), ITSM_OK, "reading many rows");
    while (!b->failed && (rc = itsm_store_next(&row, b->ctx, &cursor)) == ITSM_OK && count < 200) {
        uint64_t bit = row.ref.id.lo < 64 ? UINT64_C(1) << row.ref.id.lo : 0;
        if (row.ref.type != KIT_A || !(wanted & bit)) itsm__kit_fail(b, "row %u was not asked for", row.ref.id.lo);
        if (seen & bit) itsm__kit_fail(b, "row %u came twice", row.ref.id.lo);
        seen |= bit, count++;
    }
    itsm__kit_status(b, rc, ITSM_DONE, "the next of many rows");
    itsm__kit_want(b, seen == wanted, "a row that was asked for did not come");
    itsm_store_cursor_close(&cursor);
    itsm_store_view_close(&view);
}

static void many_rows_come_once_each(itsm__bench *b, size_t which)
{
    itsm_ref refs[40];
    uint64_t revs[40], wanted = 0;
    (void)which;
    fill(b, revs, 40);
    for (uint64_t i = 0; i < 40; i++) refs[i] = A(i * 11 % 40 + 1), wanted |= UINT64_C(1) << (i + 1);
    get_many_gives(b, refs, 40, wanted);
    get_many_gives(b, refs, 1, UINT64_C(1) << refs[0].id.lo);
    get_many_gives(b, refs, 0, 0);
}

static void what_is_missing_of_many_is_left_out(itsm__bench *b, size_t which)
{
    itsm_ref refs[5] = {A(1), A(50), A(2), itsm__kit_ref(KIT_B, 1), A(3)};
    uint64_t revs[3];
    (void)which;
    fill(b, revs, 3);
    itsm__kit_does(b, itsm__kit_op(ITSM_DEL, A(2), revs[1]));
    get_many_gives(b, refs, 5, UINT64_C(1) << 1 | UINT64_C(1) << 3);
    get_many_gives(b, refs + 1, 3, 0);
}

static void many_rows_have_their_own_content(itsm__bench *b, size_t which)
{
    static const char *const bodies[] = {"a", "bb", "", "dddd"};
    itsm_ref refs[4];
    uint64_t revs[4];
    itsm_cursor cursor = ITSM_CURSOR_INIT;
    itsm_view view;
    itsm_row row;
    (void)which;
    for (uint64_t i = 0; i < 4; i++) refs[i] = A(i + 1), revs[i] = itsm__kit_new(b, refs[i], bodies[i]);
    if (!itsm__kit_view(b, &view)) return;
    itsm__kit_status(b, itsm_store_get_many(&cursor, b->ctx, &view, refs, 4), ITSM_OK, "reading many rows");
    while (!b->failed && itsm_store_next(&row, b->ctx, &cursor) == ITSM_OK) {
        uint64_t i = row.ref.id.lo - 1;
        if (i >= 4 || row.rev != revs[i] || !itsm__kit_same(row.body, itsm__kit_bytes(bodies[i])))
            itsm__kit_fail(b, "row %u of many is another than the one put", row.ref.id.lo);
    }
    itsm_store_cursor_close(&cursor);
    itsm_store_view_close(&view);
}

/* A host's transaction -------------------------------------------------------------------------------------------- */

static itsm_status apply_in(itsm__bench *b, const itsm_op *op, void *txn)
{
    itsm_batch batch = ITSM_BATCH_INIT;
    itsm_call call = ITSM_CALL_INIT;
    batch.ops = op, batch.nops = 1, call.host_txn = txn;
    return itsm_store_apply(NULL, b->ctx, b->store, &batch, &call);
}

static void a_hosts_transaction_decides(itsm__bench *b, size_t commit)
{
    itsm_op op = itsm__kit_put(b, A(1), ITSM_REV_NONE, "inside");
    itsm_call call = ITSM_CALL_INIT;
    itsm_view view = ITSM_VIEW_INIT;
    void *txn = NULL;
    itsm__kit_status(b, b->host->begin(b->host->self, b->store, &txn), ITSM_OK, "the host's begin");
    if (b->failed) return;
    itsm__kit_status(b, apply_in(b, &op, txn), ITSM_OK, "a batch in the host's transaction");
    call.host_txn = txn;
    if (!b->failed) itsm__kit_status(b, itsm_store_view_open(&view, b->ctx, b->store, &call), ITSM_OK, "a view in it");
    itsm__kit_is_in(b, &view, A(1), 0, "inside");
    itsm_store_view_close(&view);
    itsm_status rc = b->host->end(b->host->self, b->store, txn, (int)commit);
    itsm__kit_status(b, rc, ITSM_OK, "the host's end");
    if (commit) itsm__kit_is(b, A(1), 0, "inside");
    else itsm__kit_is_not(b, A(1));
}

static const itsm__claim claims[] = {
    {"a view opened later sees what was written", a_view_opened_later_sees_what_was_written, 0, 0, 0, 0},
    {"a view sees one commit", a_view_sees_one_commit, 0, ITSM_CAP_SNAPSHOT, 0, 0},
    {"a view of an empty store stays empty", a_view_of_an_empty_store_stays_empty, 0, ITSM_CAP_SNAPSHOT, 0, 0},
    {"views of different times stay apart", views_of_different_times_stay_apart, 0, ITSM_CAP_SNAPSHOT, 0, 0},
    {"a view does not see audit entries to come", a_view_does_not_see_audit_entries_to_come, 0, ITSM_CAP_SNAPSHOT, 0,
     0},
    {"a failed batch is seen by no view", a_failed_batch_is_seen_by_no_view, 0, 0, 0, 0},
    {"a scan of index 0 gives each row once while rows change", a_scan_gives_each_row_once_under_change, 0, 0, 0, 0},
    {"a scan of keys gives each row once while rows change", a_scan_gives_each_row_once_under_change, 1, 0, 0, 0},
    {"a descending scan of index 0 gives each row once while rows change", a_scan_gives_each_row_once_under_change, 2,
     0, 0, 0},
    {"a descending scan of keys gives each row once while rows change", a_scan_gives_each_row_once_under_change, 3, 0,
     0, 0},
    {"cursors of one view do not meet", cursors_of_one_view_do_not_meet, 0, 0, 0, 0},
    {"a scan may be left early", a_scan_may_be_left_early, 0, 0, 0, 0},
    {"a row stays until the next of its kind", a_row_stays_until_the_next_of_its_kind, 0, 0, 0, 0},
    {"many rows come once each", many_rows_come_once_each, 0, 0, 0, 0},
    {"what is missing of many rows is left out", what_is_missing_of_many_is_left_out, 0, 0, 0, 0},
    {"many rows have their own content", many_rows_have_their_own_content, 0, 0, 0, 0},
    {"what a host's transaction rolls back never was", a_hosts_transaction_decides, 0, ITSM_CAP_HOST_TXN, 0, KIT_TXN},
    {"what a host's transaction commits stays", a_hosts_transaction_decides, 1, ITSM_CAP_HOST_TXN, 0, KIT_TXN},
};

const itsm__group itsm__kit_views = {"views", claims, KIT_COUNT(claims)};
