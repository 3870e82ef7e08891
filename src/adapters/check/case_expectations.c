/* SPDX-License-Identifier: MIT */
/*
 * Expectations and batches: each holds at the commit point or nothing of its batch happens.
 */
#include "adapters/check/kit.h"

static itsm_ref A(uint64_t lo)
{
    return itsm__kit_ref(KIT_A, lo);
}

static itsm_op check(uint64_t lo, uint64_t expect)
{
    return itsm__kit_op(ITSM_CHECK, A(lo), expect);
}

static itsm_op del(uint64_t lo, uint64_t expect)
{
    return itsm__kit_op(ITSM_DEL, A(lo), expect);
}

static void an_empty_store_has_no_rows(itsm__bench *b, size_t which)
{
    (void)which;
    itsm__kit_is_not(b, A(1));
    itsm__kit_scan(b, KIT_A, 0, "");
    itsm__kit_scan(b, KIT_A, 1, "");
    itsm__kit_trail(b, 0, "");
}

static void a_put_tells_the_revision_that_is_read(itsm__bench *b, size_t which)
{
    (void)which;
    uint64_t rev = itsm__kit_new(b, A(1), "a");
    itsm__kit_is(b, A(1), rev, "a");
    uint64_t next = itsm__kit_does(b, itsm__kit_put(b, A(1), rev, "b"));
    itsm__kit_want(b, next > rev, "a revision must rise");
    itsm__kit_is(b, A(1), next, "b");
}

static void the_revision_put_is_the_revision_read(itsm__bench *b, size_t which)
{
    itsm_op op = itsm__kit_put(b, A(1), ITSM_REV_NONE, "a");
    (void)which;
    op.row.rev = UINT64_C(0x7ffffffffffffff0);
    itsm__kit_does(b, op);
    itsm__kit_is(b, A(1), UINT64_C(0x7ffffffffffffff0), "a");
    op.expect = op.row.rev, op.row.rev = ITSM_REV_ANY - 1;
    itsm__kit_does(b, op);
    itsm__kit_is(b, A(1), ITSM_REV_ANY - 1, "a");
}

static void a_row_that_is_there_is_not_new(itsm__bench *b, size_t which)
{
    (void)which;
    uint64_t rev = itsm__kit_new(b, A(1), "a");
    itsm__kit_refuses(b, itsm__kit_put(b, A(1), ITSM_REV_NONE, "b"), ITSM_E_CONFLICT);
    itsm__kit_is(b, A(1), rev, "a");
}

static void a_row_that_is_not_there_has_no_revision(itsm__bench *b, size_t which)
{
    itsm_op op = itsm__kit_put(b, A(1), 1, "a");
    (void)which;
    op.row.rev = b->rev++;
    itsm__kit_refuses(b, op, ITSM_E_CONFLICT);
    itsm__kit_refuses(b, del(1, 1), ITSM_E_CONFLICT);
    itsm__kit_refuses(b, check(1, 1), ITSM_E_CONFLICT);
    itsm__kit_is_not(b, A(1));
}

static void an_old_revision_conflicts(itsm__bench *b, size_t kind)
{
    uint64_t rev = itsm__kit_new(b, A(1), "a"), next = itsm__kit_does(b, itsm__kit_put(b, A(1), rev, "b"));
    itsm_op op = kind == ITSM_PUT ? itsm__kit_put(b, A(1), rev, "c") : itsm__kit_op((uint32_t)kind, A(1), rev);
    itsm__kit_refuses(b, op, ITSM_E_CONFLICT);
    itsm__kit_is(b, A(1), next, "b");
}

static void a_revision_not_yet_reached_conflicts(itsm__bench *b, size_t kind)
{
    uint64_t rev = itsm__kit_new(b, A(1), "a");
    itsm_op op = kind == ITSM_PUT ? itsm__kit_put(b, A(1), rev, "c") : itsm__kit_op((uint32_t)kind, A(1), rev);
    op.expect = rev + 1000, op.row.rev = rev + 1001;
    itsm__kit_refuses(b, op, ITSM_E_CONFLICT);
    itsm__kit_is(b, A(1), rev, "a");
}

static void a_check_alone_holds_or_conflicts(itsm__bench *b, size_t which)
{
    itsm_op op = check(1, ITSM_REV_NONE);
    (void)which;
    itsm__kit_batch(b, &op, 1, ITSM_OK, 0);
    uint64_t rev = itsm__kit_new(b, A(1), "a");
    itsm__kit_refuses(b, op, ITSM_E_CONFLICT);
    op.expect = rev;
    itsm__kit_batch(b, &op, 1, ITSM_OK, 0);
    itsm__kit_is(b, A(1), rev, "a");
}

static void a_check_guards_another_row(itsm__bench *b, size_t which)
{
    (void)which;
    uint64_t rev = itsm__kit_new(b, A(1), "a"), next = itsm__kit_does(b, itsm__kit_put(b, A(1), rev, "b"));
    itsm_op ops[2] = {itsm__kit_put(b, A(2), ITSM_REV_NONE, "c"), check(1, rev)};
    itsm__kit_batch(b, ops, 2, ITSM_E_CONFLICT, 1);
    itsm__kit_is_not(b, A(2));
    ops[1].expect = next;
    itsm__kit_batch(b, ops, 2, ITSM_OK, 0);
    itsm__kit_is(b, A(2), 0, "c");
    itsm__kit_is(b, A(1), next, "b");
}

static void a_check_for_absence_guards_too(itsm__bench *b, size_t which)
{
    itsm_op ops[2] = {check(1, ITSM_REV_NONE), itsm__kit_put(b, A(2), ITSM_REV_NONE, "c")};
    (void)which;
    itsm__kit_new(b, A(1), "a");
    itsm__kit_batch(b, ops, 2, ITSM_E_CONFLICT, 0);
    itsm__kit_is_not(b, A(2));
}

static void a_row_may_be_checked_and_written(itsm__bench *b, size_t order)
{
    uint64_t rev = itsm__kit_new(b, A(1), "a");
    itsm_op ops[2] = {itsm__kit_put(b, A(1), rev, "b"), check(1, rev)};
    if (order) ops[1] = ops[0], ops[0] = check(1, rev);
    itsm__kit_batch(b, ops, 2, ITSM_OK, 0);
    itsm__kit_is(b, A(1), 0, "b");
}

static void a_new_row_may_be_checked_for_absence_and_written(itsm__bench *b, size_t which)
{
    itsm_op ops[2] = {itsm__kit_put(b, A(1), ITSM_REV_NONE, "b"), check(1, ITSM_REV_NONE)};
    (void)which;
    itsm__kit_batch(b, ops, 2, ITSM_OK, 0);
    itsm__kit_is(b, A(1), 0, "b");
}

static void a_row_may_be_checked_many_times(itsm__bench *b, size_t which)
{
    (void)which;
    uint64_t rev = itsm__kit_new(b, A(1), "a");
    itsm_op ops[4] = {check(1, rev), check(1, rev), itsm__kit_op(ITSM_DEL, A(1), rev), check(1, rev)};
    itsm__kit_batch(b, ops, 4, ITSM_OK, 0);
    itsm__kit_is_not(b, A(1));
}

static void without_expectation_a_row_is_written_whatever_it_was(itsm__bench *b, size_t which)
{
    (void)which;
    itsm__kit_does(b, itsm__kit_put(b, A(1), ITSM_REV_ANY, "a"));
    itsm__kit_is(b, A(1), 0, "a");
    itsm__kit_does(b, itsm__kit_put(b, A(1), ITSM_REV_ANY, "b"));
    itsm__kit_is(b, A(1), 0, "b");
    itsm__kit_does(b, del(1, ITSM_REV_ANY));
    itsm__kit_is_not(b, A(1));
    itsm__kit_does(b, del(1, ITSM_REV_ANY));
    itsm__kit_does(b, itsm__kit_put(b, A(1), ITSM_REV_ANY, "c"));
    itsm__kit_is(b, A(1), 0, "c");
}

static void a_batch_is_all_or_nothing(itsm__bench *b, size_t failing)
{
    static const char *const entry = "an entry";
    itsm_index_key key = itsm__kit_key(1, 0, "k");
    itsm_bytes audit = itsm__kit_bytes(entry);
    uint64_t first = itsm__kit_new(b, A(1), "old"), second = itsm__kit_new(b, A(2), "old");
    itsm_op ops[3] = {itsm__kit_put(b, A(1), first, "new"), del(2, second),
                      itsm__kit_put_keys(b, A(3), ITSM_REV_NONE, &key, 1)};
    itsm_op good = ops[failing];
    ops[failing].expect = second + 1000, ops[failing].row.rev = second + 1001;
    if (!b->failed)
        itsm__kit_status(b, itsm__kit_send(b, ops, 3, &audit, 1, NULL), ITSM_E_CONFLICT, "a batch that cannot hold");
    itsm__kit_want(b, b->applied.failed_op == failing, "failed_op names another operation");
    itsm__kit_is(b, A(1), first, "old");
    itsm__kit_is(b, A(2), second, "old");
    itsm__kit_is_not(b, A(3));
    itsm__kit_scan(b, KIT_A, 0, "1 2");
    itsm__kit_scan(b, KIT_A, 1, "");
    itsm__kit_trail(b, 0, "");
    ops[failing] = good;
    if (!b->failed) itsm__kit_status(b, itsm__kit_send(b, ops, 3, &audit, 1, NULL), ITSM_OK, "the batch that holds");
    itsm__kit_scan(b, KIT_A, 0, "1 3");
    itsm__kit_scan(b, KIT_A, 1, "3");
    itsm__kit_trail(b, 0, entry);
}

static void the_first_operation_that_fails_is_named(itsm__bench *b, size_t which)
{
    (void)which;
    uint64_t rev = itsm__kit_new(b, A(1), "a");
    itsm_op ops[4] = {check(1, rev), check(9, ITSM_REV_NONE), itsm__kit_put(b, A(1), ITSM_REV_NONE, "b"),
                      check(1, rev + 77)};
    itsm__kit_batch(b, ops, 4, ITSM_E_CONFLICT, 2);
    ops[2] = itsm__kit_put(b, A(1), rev, "b");
    itsm__kit_batch(b, ops, 4, ITSM_E_CONFLICT, 3);
    itsm__kit_batch(b, ops, 3, ITSM_OK, 0);
    itsm__kit_want(b, b->applied.failed_op == SIZE_MAX, "failed_op names an operation of a batch that was taken");
}

static void a_batch_spans_types(itsm__bench *b, size_t which)
{
    itsm_op ops[3] = {itsm__kit_put(b, A(1), ITSM_REV_NONE, "a"),
                      itsm__kit_put(b, itsm__kit_ref(KIT_B, 1), ITSM_REV_NONE, "b"),
                      itsm__kit_op(ITSM_CHECK, itsm__kit_ref(KIT_C, 1), ITSM_REV_NONE)};
    (void)which;
    itsm__kit_batch(b, ops, 3, ITSM_OK, 0);
    itsm__kit_is(b, A(1), 0, "a");
    itsm__kit_is(b, itsm__kit_ref(KIT_B, 1), 0, "b");
    itsm__kit_is_not(b, itsm__kit_ref(KIT_C, 1));
}

static void an_expectation_of_one_type_is_not_met_by_another(itsm__bench *b, size_t which)
{
    (void)which;
    uint64_t rev = itsm__kit_new(b, A(1), "a");
    itsm__kit_refuses(b, itsm__kit_op(ITSM_CHECK, itsm__kit_ref(KIT_B, 1), rev), ITSM_E_CONFLICT);
    itsm_ref other = {KIT_A, {1, 1}};
    itsm__kit_refuses(b, itsm__kit_op(ITSM_CHECK, other, rev), ITSM_E_CONFLICT);
}

static void records_and_rows_of_the_engine_share_a_batch(itsm__bench *b, size_t which)
{
    itsm_record *record = itsm__kit_record(b, "check_row", 5);
    (void)which;
    itsm__kit_set(b, record, "word", itsm__kit_text("w"));
    if (b->failed) return;
    itsm_op ops[2] = {itsm__kit_put_record(b, record, ITSM_REV_NONE), itsm__kit_put(b, A(1), ITSM_REV_NONE, "a")};
    uint64_t revs[2] = {0, 0};
    if (!b->failed) itsm__kit_status(b, itsm__kit_send(b, ops, 2, NULL, 0, revs), ITSM_OK, "a batch");
    if (!b->failed) itsm__kit_record_is(b, record, revs[0]);
    itsm__kit_is(b, A(1), revs[1], "a");
    ops[0] = itsm__kit_put_record(b, record, revs[0]), ops[1] = itsm__kit_put(b, A(1), ITSM_REV_NONE, "b");
    itsm__kit_batch(b, ops, 2, ITSM_E_CONFLICT, 1);
    if (!b->failed) itsm__kit_record_is(b, record, revs[0]);
    itsm_record_free(record);
}

/* Long batches ---------------------------------------------------------------------------------------------------- */

enum { MANY = 1000 };

static itsm_op *many(itsm__bench *b)
{
    itsm_op *ops = itsm__kit_alloc(b, MANY * sizeof *ops);
    for (size_t i = 0; ops && i < MANY; i++) ops[i] = itsm__kit_put(b, A(i * 7919 % MANY + 1), ITSM_REV_NONE, "m");
    return ops;
}

static size_t count_rows(itsm__bench *b, uint32_t index)
{
    itsm_range range = itsm__kit_range(KIT_A, index);
    itsm_cursor cursor = ITSM_CURSOR_INIT;
    itsm_view view;
    itsm_row row;
    size_t n = 0;
    if (!itsm__kit_view(b, &view)) return 0;
    itsm__kit_status(b, itsm_store_scan(&cursor, b->ctx, &view, &range), ITSM_OK, "opening a scan");
    while (!b->failed && itsm_store_next(&row, b->ctx, &cursor) == ITSM_OK && n <= 2 * MANY) n++;
    itsm_store_cursor_close(&cursor);
    itsm_store_view_close(&view);
    return n;
}

static void a_thousand_operations_are_one_commit(itsm__bench *b, size_t which)
{
    itsm_op *ops = many(b);
    uint64_t *revs = itsm__kit_alloc(b, MANY * sizeof *revs);
    (void)which;
    if (!ops || !revs) return;
    itsm__kit_status(b, itsm__kit_send(b, ops, MANY, NULL, 0, revs), ITSM_OK, "a batch of a thousand");
    itsm__kit_want(b, count_rows(b, 0) == MANY, "a thousand rows were put, others are there");
    for (size_t i = 0; i < MANY && !b->failed; i += 37) itsm__kit_is(b, ops[i].row.ref, revs[i], "m");
}

static void a_thousand_operations_fail_as_one(itsm__bench *b, size_t place)
{
    itsm_op *ops = many(b);
    if (!ops) return;
    ops[place].expect = b->rev + 7, ops[place].row.rev = b->rev + 8;
    itsm__kit_batch(b, ops, MANY, ITSM_E_CONFLICT, place);
    itsm__kit_want(b, count_rows(b, 0) == 0, "a batch that failed left rows");
    ops[place].expect = ITSM_REV_NONE;
    itsm__kit_batch(b, ops, MANY, ITSM_OK, 0);
    itsm__kit_want(b, count_rows(b, 0) == MANY, "a thousand rows were put, others are there");
}

static void a_thousand_checks_are_one_look(itsm__bench *b, size_t which)
{
    itsm_op *ops = many(b);
    (void)which;
    if (!ops) return;
    itsm__kit_batch(b, ops, MANY, ITSM_OK, 0);
    for (size_t i = 0; i < MANY; i++) ops[i] = check(MANY + i + 1, ITSM_REV_NONE);
    itsm__kit_batch(b, ops, MANY, ITSM_OK, 0);
    ops[MANY / 2] = check(1, ITSM_REV_NONE);
    itsm__kit_batch(b, ops, MANY, ITSM_E_CONFLICT, MANY / 2);
}

static void a_thousand_rows_are_replaced_and_deleted(itsm__bench *b, size_t which)
{
    itsm_op *ops = many(b);
    uint64_t *revs = itsm__kit_alloc(b, MANY * sizeof *revs);
    (void)which;
    if (!ops || !revs) return;
    itsm__kit_status(b, itsm__kit_send(b, ops, MANY, NULL, 0, revs), ITSM_OK, "a batch of a thousand");
    for (size_t i = 0; i < MANY; i++)
        ops[i] =
            i % 2 ? itsm__kit_op(ITSM_DEL, ops[i].row.ref, revs[i]) : itsm__kit_put(b, ops[i].row.ref, revs[i], "n");
    itsm__kit_batch(b, ops, MANY, ITSM_OK, 0);
    itsm__kit_want(b, count_rows(b, 0) == MANY / 2, "half of the rows were deleted, others are there");
    itsm__kit_is(b, ops[0].row.ref, 0, "n");
    itsm__kit_is_not(b, ops[1].row.ref);
}

static const itsm__claim claims[] = {
    {"an empty store has no rows", an_empty_store_has_no_rows, 0, 0, 0, 0},
    {"a put tells the revision that is read", a_put_tells_the_revision_that_is_read, 0, 0, 0, 0},
    {"the revision put is the revision read", the_revision_put_is_the_revision_read, 0, 0, ITSM_CAP_BACKEND_REV, 0},
    {"a row that is there is not new", a_row_that_is_there_is_not_new, 0, 0, 0, 0},
    {"a row that is not there has no revision", a_row_that_is_not_there_has_no_revision, 0, 0, 0, 0},
    {"a put upon an old revision conflicts", an_old_revision_conflicts, ITSM_PUT, 0, 0, 0},
    {"a deletion of an old revision conflicts", an_old_revision_conflicts, ITSM_DEL, 0, 0, 0},
    {"a check of an old revision conflicts", an_old_revision_conflicts, ITSM_CHECK, 0, 0, 0},
    {"a put upon a revision not yet reached conflicts", a_revision_not_yet_reached_conflicts, ITSM_PUT, 0, 0, 0},
    {"a deletion of a revision not yet reached conflicts", a_revision_not_yet_reached_conflicts, ITSM_DEL, 0, 0, 0},
    {"a check alone holds or conflicts", a_check_alone_holds_or_conflicts, 0, 0, 0, 0},
    {"a check guards another row", a_check_guards_another_row, 0, 0, 0, 0},
    {"a check for absence guards too", a_check_for_absence_guards_too, 0, 0, 0, 0},
    {"a row may be written and then checked: both see it as it was", a_row_may_be_checked_and_written, 0, 0, 0, 0},
    {"a row may be checked and then written", a_row_may_be_checked_and_written, 1, 0, 0, 0},
    {"a new row may be checked for absence and written", a_new_row_may_be_checked_for_absence_and_written, 0, 0, 0, 0},
    {"a row may be checked many times in a batch", a_row_may_be_checked_many_times, 0, 0, 0, 0},
    {"without an expectation a row is written whatever it was", without_expectation_a_row_is_written_whatever_it_was, 0,
     0, 0, 0},
    {"a batch whose first operation fails leaves nothing", a_batch_is_all_or_nothing, 0, 0, 0, 0},
    {"a batch whose middle operation fails leaves nothing", a_batch_is_all_or_nothing, 1, 0, 0, 0},
    {"a batch whose last operation fails leaves nothing", a_batch_is_all_or_nothing, 2, 0, 0, 0},
    {"the first operation that fails is named", the_first_operation_that_fails_is_named, 0, 0, 0, 0},
    {"a batch spans types", a_batch_spans_types, 0, 0, 0, 0},
    {"an expectation is not met by another type or half of an identity",
     an_expectation_of_one_type_is_not_met_by_another, 0, 0, 0, 0},
    {"records and rows of the engine share a batch", records_and_rows_of_the_engine_share_a_batch, 0, 0, 0, 0},
    {"a thousand operations are one commit", a_thousand_operations_are_one_commit, 0, 0, 0, 0},
    {"a thousand operations fail as one by the first", a_thousand_operations_fail_as_one, 0, 0, 0, 0},
    {"a thousand operations fail as one by the last", a_thousand_operations_fail_as_one, MANY - 1, 0, 0, 0},
    {"a thousand checks are one look", a_thousand_checks_are_one_look, 0, 0, 0, 0},
    {"a thousand rows are replaced and deleted in one batch", a_thousand_rows_are_replaced_and_deleted, 0, 0, 0, 0},
};

const itsm__group itsm__kit_expectations = {"expectations", claims, KIT_COUNT(claims)};
