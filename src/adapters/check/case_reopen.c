/* SPDX-License-Identifier: MIT */
/*
 * What is there after a store was closed, or its process killed, and opened again; and limits and errors.
 */
#include "adapters/check/kit.h"

static itsm_ref A(uint64_t lo)
{
    return itsm__kit_ref(KIT_A, lo);
}

/* `which` of each claim: 0 closes and opens, 1 kills and opens. */
static void again(itsm__bench *b, size_t killed)
{
    if (killed) itsm__kit_kill_and_open(b);
    else itsm__kit_close_and_open(b);
}

static void rows_are_there(itsm__bench *b, size_t killed)
{
    uint64_t first = itsm__kit_new(b, A(1), "first"), second = itsm__kit_new(b, A(2), "second");
    second = itsm__kit_does(b, itsm__kit_put(b, A(2), second, "changed"));
    again(b, killed);
    itsm__kit_is(b, A(1), first, "first");
    itsm__kit_is(b, A(2), second, "changed");
    itsm__kit_does(b, itsm__kit_put(b, A(1), first, "goes on"));
    again(b, killed);
    itsm__kit_is(b, A(1), 0, "goes on");
    itsm__kit_scan(b, KIT_A, 0, "1 2");
}

static void records_are_there(itsm__bench *b, size_t killed)
{
    itsm_record *record = itsm__kit_record(b, "check_row", 4);
    itsm__kit_set(b, record, "word", itsm__kit_text("\xc3\xa9"));
    itsm__kit_set(b, record, "amount", itsm_value_number(ITSM_INT, -5));
    uint64_t rev = b->failed ? 0 : itsm__kit_does(b, itsm__kit_put_record(b, record, ITSM_REV_NONE));
    again(b, killed);
    if (!b->failed) itsm__kit_record_is(b, record, rev);
    itsm_range range = itsm__kit_typed(b, "by_amount", NULL, 0, NULL, NULL);
    itsm__kit_finds(b, &range, "4");
    itsm_record_free(record);
}

static void keys_are_there(itsm__bench *b, size_t killed)
{
    itsm_index_key keys[2] = {itsm__kit_key(1, 1, "b"), itsm__kit_key(1, 1, "a")}, gone = itsm__kit_key(2, 0, "g");
    itsm__kit_new_keys(b, A(1), &keys[0], 1), itsm__kit_new_keys(b, A(2), &keys[1], 1);
    uint64_t rev = itsm__kit_new_keys(b, A(3), &gone, 1);
    itsm__kit_does(b, itsm__kit_put_keys(b, A(3), rev, NULL, 0));
    again(b, killed);
    itsm__kit_scan(b, KIT_A, 1, "2 1");
    itsm__kit_scan(b, KIT_A, 2, "");
    itsm__kit_refuses(b, itsm__kit_put_keys(b, A(4), ITSM_REV_NONE, &keys[0], 1), ITSM_E_UNIQUE);
}

static void deleted_rows_stay_deleted(itsm__bench *b, size_t killed)
{
    uint64_t rev = itsm__kit_new(b, A(1), "a");
    itsm__kit_does(b, itsm__kit_op(ITSM_DEL, A(1), rev));
    again(b, killed);
    itsm__kit_is_not(b, A(1));
    itsm__kit_refuses(b, itsm__kit_op(ITSM_CHECK, A(1), rev), ITSM_E_CONFLICT);
    if (!(b->caps & ITSM_CAP_BACKEND_REV)) {
        itsm_op op = itsm__kit_put(b, A(1), ITSM_REV_NONE, "b");
        op.row.rev = rev;
        itsm__kit_refuses(b, op, ITSM_E_CONFLICT);
    }
    uint64_t next = itsm__kit_new(b, A(1), "c");
    itsm__kit_want(b, next > rev, "a row made anew has a revision not above the one it had");
}

static void the_trail_goes_on(itsm__bench *b, size_t killed)
{
    static const char *const first[] = {"a", "b"}, *const second[] = {"c"};
    itsm__kit_enter(b, first, 2);
    again(b, killed);
    itsm__kit_enter(b, second, 1);
    if (b->caps & ITSM_CAP_SEAL_SYNC) itsm__kit_want(b, b->applied.audit_first == 2, "the next place is not the third");
    again(b, killed);
    itsm__kit_trail(b, 0, "a,b,c");
}

static void numbers_do_not_come_again(itsm__bench *b, size_t killed)
{
    uint64_t last = 0, first = 0;
    for (int i = 0; i < 4 && !b->failed; i++) {
        itsm__kit_status(b, itsm_store_reserve(&first, b->ctx, b->store, "n", 10, NULL), ITSM_OK, "reserve");
        if (first <= last) itsm__kit_fail(b, "number %u was given before", first);
        last = first + 9;
        again(b, killed);
    }
}

static void a_batch_sent_again_conflicts(itsm__bench *b, size_t killed)
{
    itsm_op ops[2] = {itsm__kit_put(b, A(1), ITSM_REV_NONE, "a"), itsm__kit_put(b, A(2), ITSM_REV_ANY, "b")};
    itsm_bytes audit = itsm__kit_bytes("once");
    if (!b->failed) itsm__kit_status(b, itsm__kit_send(b, ops, 2, &audit, 1, NULL), ITSM_OK, "a batch");
    again(b, killed);
    if (!b->failed)
        itsm__kit_status(b, itsm__kit_send(b, ops, 2, &audit, 1, NULL), ITSM_E_CONFLICT, "the same batch again");
    itsm__kit_trail(b, 0, "once");
}

static void a_refused_batch_is_not_there(itsm__bench *b, size_t killed)
{
    itsm_op ops[2] = {itsm__kit_put(b, A(1), ITSM_REV_NONE, "a"), itsm__kit_op(ITSM_CHECK, A(9), 9)};
    itsm_bytes audit = itsm__kit_bytes("never");
    if (!b->failed) itsm__kit_status(b, itsm__kit_send(b, ops, 2, &audit, 1, NULL), ITSM_E_CONFLICT, "a batch");
    again(b, killed);
    itsm__kit_is_not(b, A(1));
    itsm__kit_trail(b, 0, "");
}

static void a_long_batch_is_there(itsm__bench *b, size_t killed)
{
    enum { N = 500 };
    itsm_op *ops = itsm__kit_alloc(b, N * sizeof *ops);
    uint64_t *revs = itsm__kit_alloc(b, N * sizeof *revs);
    for (size_t i = 0; ops && i < N; i++) ops[i] = itsm__kit_put(b, A(i + 1), ITSM_REV_NONE, "row of many");
    if (!b->failed) itsm__kit_status(b, itsm__kit_send(b, ops, N, NULL, 0, revs), ITSM_OK, "a batch of many");
    again(b, killed);
    for (size_t i = 0; i < N && !b->failed; i += 31) itsm__kit_is(b, A(i + 1), revs[i], "row of many");
}

static void it_is_opened_many_times(itsm__bench *b, size_t killed)
{
    uint64_t rev = ITSM_REV_NONE;
    for (int i = 0; i < 6 && !b->failed; i++) {
        rev = itsm__kit_does(b, itsm__kit_put(b, A(1), rev, i % 2 ? "odd" : "even"));
        again(b, killed);
        itsm__kit_is(b, A(1), rev, i % 2 ? "odd" : "even");
    }
}

static void what_was_flushed_is_there(itsm__bench *b, size_t which)
{
    (void)which;
    uint64_t rev = itsm__kit_new(b, A(1), "a");
    itsm_status rc = b->failed ? ITSM_OK : itsm_store_flush(b->ctx, b->store, NULL);
    itsm__kit_status(b, rc, ITSM_NOTHING, "flush");
    itsm__kit_kill_and_open(b);
    itsm__kit_is(b, A(1), rev, "a");
}

static void compaction_loses_nothing(itsm__bench *b, size_t which)
{
    static const char *const entries[] = {"a", "b"};
    itsm_index_key key = itsm__kit_key(1, 0, "k");
    (void)which;
    uint64_t first = itsm__kit_new_keys(b, A(1), &key, 1), second = itsm__kit_new(b, A(2), "b");
    itsm__kit_does(b, itsm__kit_op(ITSM_DEL, A(2), second));
    itsm__kit_enter(b, entries, 2);
    if (!b->failed)
        itsm__kit_status(b, itsm_store_maintain(b->ctx, b->store, ITSM_MAINTAIN_COMPACT, NULL), ITSM_NOTHING,
                         "compact");
    itsm__kit_close_and_open(b);
    itsm__kit_is(b, A(1), first, "x");
    itsm__kit_is_not(b, A(2));
    itsm__kit_scan(b, KIT_A, 1, "1");
    itsm__kit_trail(b, 0, "a,b");
    itsm_op op = itsm__kit_put(b, A(2), ITSM_REV_NONE, "back to life");
    op.row.rev = second;
    if (!(b->caps & ITSM_CAP_BACKEND_REV)) itsm__kit_refuses(b, op, ITSM_E_CONFLICT);
    itsm__kit_want(b, itsm__kit_new(b, A(2), "c") > second, "a row made anew has a revision not above the one it had");
}

#define KILLED KIT_REOPEN | KIT_KILL
#define SAFE ITSM_CAP_DURABLE

static const itsm__claim reopen_claims[] = {
    {"rows are there after closing", rows_are_there, 0, 0, 0, KIT_REOPEN},
    {"records are there after closing", records_are_there, 0, 0, 0, KIT_REOPEN},
    {"keys are there after closing", keys_are_there, 0, 0, 0, KIT_REOPEN},
    {"deleted rows stay deleted after closing", deleted_rows_stay_deleted, 0, 0, 0, KIT_REOPEN},
    {"the trail goes on after closing", the_trail_goes_on, 0, 0, 0, KIT_REOPEN},
    {"numbers do not come again after closing", numbers_do_not_come_again, 0, 0, 0, KIT_REOPEN},
    {"a batch sent again after closing conflicts", a_batch_sent_again_conflicts, 0, 0, 0, KIT_REOPEN},
    {"a refused batch is not there after closing", a_refused_batch_is_not_there, 0, 0, 0, KIT_REOPEN},
    {"a store is opened many times", it_is_opened_many_times, 0, 0, 0, KIT_REOPEN},
    {"compaction loses nothing", compaction_loses_nothing, 0, 0, 0, KIT_REOPEN},
    {"rows are there after a kill", rows_are_there, 1, SAFE, 0, KILLED},
    {"records are there after a kill", records_are_there, 1, SAFE, 0, KILLED},
    {"keys are there after a kill", keys_are_there, 1, SAFE, 0, KILLED},
    {"deleted rows stay deleted after a kill", deleted_rows_stay_deleted, 1, SAFE, 0, KILLED},
    {"the trail goes on after a kill", the_trail_goes_on, 1, SAFE, 0, KILLED},
    {"numbers do not come again after a kill", numbers_do_not_come_again, 1, SAFE, 0, KILLED},
    {"a batch sent again after a kill conflicts", a_batch_sent_again_conflicts, 1, SAFE, 0, KILLED},
    {"a refused batch is not there after a kill", a_refused_batch_is_not_there, 1, SAFE, 0, KILLED},
    {"a long batch is there after a kill", a_long_batch_is_there, 1, SAFE, 0, KILLED},
    {"what was flushed is there after a kill", what_was_flushed_is_there, 1, SAFE, 0, KILLED},
};

const itsm__group itsm__kit_reopen = {"reopen", reopen_claims, KIT_COUNT(reopen_claims)};

/* Limits and errors ----------------------------------------------------------------------------------------------- */

/* Refused, and the store goes on as before. */
static void refuses(itsm__bench *b, itsm_op op, itsm_status wanted)
{
    itsm_op ops[2] = {itsm__kit_op(ITSM_CHECK, itsm__kit_ref(KIT_C, 1), ITSM_REV_NONE), op};
    if (b->failed) return;
    itsm__kit_status(b, itsm__kit_send(b, ops, 2, NULL, 0, NULL), wanted, "a batch that is not well formed");
    itsm__kit_want(b, itsm_ctx_issue_count(b->ctx) == 1, "there is no issue that says what is wrong");
    itsm__kit_scan(b, KIT_A, 0, "");
}

static void what_is_too_long_is_refused(itsm__bench *b, size_t which)
{
    char *text = itsm__kit_alloc(b, ITSM_STORE_KEY_MAX + 1);
    itsm_index_key key = {1, 0, {NULL, 0}};
    itsm_op op = itsm__kit_put_keys(b, A(1), ITSM_REV_NONE, &key, 1);
    if (!text) return;
    key.key.p = text, key.key.n = ITSM_STORE_KEY_MAX + (which == 0);
    if (which == 1) op.row.body.p = text, op.row.body.n = (size_t)ITSM_STORE_BODY_MAX + 1;
    refuses(b, op, ITSM_E_LIMIT);
}

static void revisions_must_rise(itsm__bench *b, size_t which)
{
    itsm_op op = itsm__kit_put(b, A(1), 5, "a");
    (void)which;
    op.row.rev = 5;
    refuses(b, op, ITSM_E_MISUSE);
    op.row.rev = 4;
    refuses(b, op, ITSM_E_MISUSE);
    op.expect = ITSM_REV_NONE, op.row.rev = 0;
    refuses(b, op, ITSM_E_MISUSE);
    op.row.rev = ITSM_REV_ANY;
    refuses(b, op, ITSM_E_MISUSE);
}

static void operations_must_be_known(itsm__bench *b, size_t which)
{
    itsm_op op = itsm__kit_put(b, A(1), ITSM_REV_NONE, "a");
    (void)which;
    op.kind = 9;
    refuses(b, op, ITSM_E_MISUSE);
    op.kind = ITSM_PUT, op.flags = 1;
    refuses(b, op, ITSM_E_MISUSE);
    refuses(b, itsm__kit_op(ITSM_DEL, A(1), ITSM_REV_NONE), ITSM_E_MISUSE);
}

static void a_batch_needs_an_expectation(itsm__bench *b, size_t which)
{
    itsm_op op = itsm__kit_put(b, A(1), ITSM_REV_ANY, "a");
    (void)which;
    itsm__kit_batch(b, &op, 1, ITSM_E_MISUSE, 0);
    itsm__kit_batch(b, &op, 0, ITSM_E_MISUSE, 0);
    itsm__kit_is_not(b, A(1));
}

static void a_row_is_written_once_in_a_batch(itsm__bench *b, size_t which)
{
    itsm_op ops[2] = {itsm__kit_put(b, A(1), ITSM_REV_NONE, "a"), itsm__kit_put(b, A(1), ITSM_REV_NONE, "b")};
    (void)which;
    itsm__kit_batch(b, ops, 2, ITSM_E_MISUSE, 1);
    itsm__kit_is_not(b, A(1));
}

static void an_entry_is_not_empty(itsm__bench *b, size_t which)
{
    itsm_op op = itsm__kit_op(ITSM_CHECK, A(1), ITSM_REV_NONE);
    itsm_bytes empty = {"", 0};
    (void)which;
    if (!b->failed) itsm__kit_status(b, itsm__kit_send(b, &op, 1, &empty, 1, NULL), ITSM_E_MISUSE, "an empty entry");
    itsm__kit_trail(b, 0, "");
}

static void sequences_have_names_and_numbers(itsm__bench *b, size_t which)
{
    char name[ITSM_STORE_SEQUENCE_MAX + 2];
    uint64_t first = 77;
    (void)which;
    memset(name, 'n', sizeof name), name[sizeof name - 1] = 0;
    if (b->failed) return;
    itsm__kit_status(b, itsm_store_reserve(&first, b->ctx, b->store, name, 1, NULL), ITSM_E_LIMIT, "a long name");
    itsm__kit_status(b, itsm_store_reserve(&first, b->ctx, b->store, "", 1, NULL), ITSM_E_MISUSE, "no name");
    itsm__kit_status(b, itsm_store_reserve(&first, b->ctx, b->store, "n", 0, NULL), ITSM_E_MISUSE, "no numbers");
    itsm__kit_want(b, first == 77, "a failed call changed what it was given");
}

static void a_failure_is_said(itsm__bench *b, size_t unique)
{
    itsm_index_key key = itsm__kit_key(1, 1, "k");
    itsm__kit_new_keys(b, A(1), &key, 1);
    itsm_op op = unique ? itsm__kit_put_keys(b, A(2), ITSM_REV_NONE, &key, 1) : itsm__kit_op(ITSM_CHECK, A(2), 5);
    itsm__kit_refuses(b, op, unique ? ITSM_E_UNIQUE : ITSM_E_CONFLICT);
    if (b->failed) return;
    const itsm_issue *issue = itsm_ctx_issue(b->ctx, 0);
    itsm__kit_want(b, issue && issue->message.n > 0, "there is no issue that says what is wrong");
    itsm__kit_want(b, issue && itsm_str_eq(issue->where, itsm_store_name(b->store)),
                   "the issue does not name the store");
}

/* Operations as a newer caller has them: larger than this kit's. */
static void operations_may_be_larger(itsm__bench *b, size_t which)
{
    typedef struct larger {
        itsm_op op;
        uint64_t more[3];
    } larger;
    itsm_batch batch = ITSM_BATCH_INIT;
    larger ops[3];
    (void)which;
    memset(ops, 0xA5, sizeof ops);
    for (uint64_t i = 0; i < 3; i++) ops[i].op = itsm__kit_put(b, A(i + 1), ITSM_REV_NONE, "large");
    batch.op_size = sizeof *ops, batch.ops = &ops[0].op, batch.nops = 3;
    if (!b->failed)
        itsm__kit_status(b, itsm_store_apply(NULL, b->ctx, b->store, &batch, NULL), ITSM_OK, "larger operations");
    itsm__kit_scan(b, KIT_A, 0, "1 2 3");
    itsm__kit_is(b, A(3), 0, "large");
}

static void a_timeout_may_be_given(itsm__bench *b, size_t which)
{
    itsm_call call = ITSM_CALL_INIT;
    itsm_op op = itsm__kit_put(b, A(1), ITSM_REV_NONE, "a");
    itsm_batch batch = ITSM_BATCH_INIT;
    itsm_view view = ITSM_VIEW_INIT;
    (void)which;
    call.timeout_ms = 60000, batch.ops = &op, batch.nops = 1;
    if (b->failed) return;
    itsm__kit_status(b, itsm_store_apply(NULL, b->ctx, b->store, &batch, &call), ITSM_OK, "a batch with a timeout");
    itsm__kit_status(b, itsm_store_view_open(&view, b->ctx, b->store, &call), ITSM_OK, "a view with a timeout");
    if (!b->failed) itsm__kit_is_in(b, &view, A(1), 0, "a");
    itsm_store_view_close(&view);
}

static void maintenance_finds_nothing_wrong(itsm__bench *b, size_t what)
{
    itsm_index_key key = itsm__kit_key(1, 0, "k");
    for (uint64_t i = 0; i < 100; i++) itsm__kit_new_keys(b, A(i), &key, 1);
    for (uint64_t i = 0; i < 100; i += 3) itsm__kit_does(b, itsm__kit_op(ITSM_DEL, A(i), ITSM_REV_ANY));
    if (b->failed) return;
    itsm__kit_status(b, itsm_store_maintain(b->ctx, b->store, (uint32_t)what, NULL), ITSM_NOTHING, "maintenance");
    itsm__kit_status(b, itsm_store_flush(b->ctx, b->store, NULL), ITSM_NOTHING, "flush");
    itsm__kit_is(b, A(1), 0, "x");
    itsm__kit_is_not(b, A(3));
}

static void the_model_may_be_told_again(itsm__bench *b, size_t which)
{
    itsm_record *record = itsm__kit_record(b, "check_row", 1);
    (void)which;
    itsm__kit_set(b, record, "word", itsm__kit_text("w"));
    uint64_t rev = b->failed ? 0 : itsm__kit_does(b, itsm__kit_put_record(b, record, ITSM_REV_NONE));
    for (int i = 0; i < 2 && !b->failed; i++) itsm__kit_status(b, itsm__kit_define(b), ITSM_OK, "define again");
    if (!b->failed) itsm__kit_record_is(b, record, rev);
    itsm_record_free(record);
}

static void failures_leave_the_store_as_it_was(itsm__bench *b, size_t which)
{
    (void)which;
    uint64_t rev = itsm__kit_new(b, A(1), "a");
    for (uint64_t i = 0; i < 300; i++) itsm__kit_refuses(b, itsm__kit_op(ITSM_DEL, A(1), rev + 1 + i), ITSM_E_CONFLICT);
    itsm__kit_is(b, A(1), rev, "a");
    itsm__kit_does(b, itsm__kit_put(b, A(1), rev, "b"));
}

static void the_feed_of_others_can_be_read(itsm__bench *b, size_t which)
{
    itsm_cursor cursor = ITSM_CURSOR_INIT;
    uint64_t token = 0;
    itsm_view view;
    itsm_row row;
    itsm_status rc;
    (void)which;
    itsm__kit_new(b, A(1), "a");
    if (!itsm__kit_view(b, &view)) return;
    rc = itsm_store_foreign(&cursor, b->ctx, &view, &token);
    if (rc != ITSM_E_UNSUPPORTED) itsm__kit_status(b, rc, ITSM_OK, "the feed of others");
    while (rc == ITSM_OK) rc = itsm_store_next(&row, b->ctx, &cursor);
    if (rc != ITSM_E_UNSUPPORTED) itsm__kit_status(b, rc, ITSM_DONE, "the end of the feed");
    itsm_store_cursor_close(&cursor);
    itsm_store_view_close(&view);
}

static const itsm__claim limit_claims[] = {
    {"a key that is too long is refused", what_is_too_long_is_refused, 0, 0, 0, 0},
    {"a body that is too long is refused", what_is_too_long_is_refused, 1, 0, 0, 0},
    {"a revision must rise", revisions_must_rise, 0, 0, ITSM_CAP_BACKEND_REV, 0},
    {"operations must be known", operations_must_be_known, 0, 0, 0, 0},
    {"a batch needs an expectation", a_batch_needs_an_expectation, 0, 0, 0, 0},
    {"a row is written once in a batch", a_row_is_written_once_in_a_batch, 0, 0, 0, 0},
    {"an audit entry is not empty", an_entry_is_not_empty, 0, 0, 0, 0},
    {"a sequence has a name and gives numbers", sequences_have_names_and_numbers, 0, 0, 0, 0},
    {"a conflict is said", a_failure_is_said, 0, 0, 0, 0},
    {"a taken key is said", a_failure_is_said, 1, 0, 0, 0},
    {"operations may be larger than the backend knows them", operations_may_be_larger, 0, 0, 0, 0},
    {"a timeout may be given", a_timeout_may_be_given, 0, 0, 0, 0},
    {"compaction keeps what is there", maintenance_finds_nothing_wrong, ITSM_MAINTAIN_COMPACT, 0, 0, 0},
    {"a check of the store finds nothing wrong", maintenance_finds_nothing_wrong, ITSM_MAINTAIN_CHECK, 0, 0, 0},
    {"the model may be told again", the_model_may_be_told_again, 0, 0, 0, 0},
    {"failures leave the store as it was", failures_leave_the_store_as_it_was, 0, 0, 0, 0},
    {"the feed of others can be read", the_feed_of_others_can_be_read, 0, ITSM_CAP_FOREIGN_WRITES, 0, 0},
};

const itsm__group itsm__kit_limits = {"limits", limit_claims, KIT_COUNT(limit_claims)};
