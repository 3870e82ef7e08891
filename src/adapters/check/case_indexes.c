/* SPDX-License-Identifier: MIT */
/*
 * Unique keys, the complete set of keys of each put, and tombstones.
 */
#include "adapters/check/kit.h"

static itsm_ref A(uint64_t lo)
{
    return itsm__kit_ref(KIT_A, lo);
}

/* Unique keys ----------------------------------------------------------------------------------------------------- */

static void a_unique_key_belongs_to_one_row(itsm__bench *b, size_t which)
{
    itsm_index_key keys[2] = {itsm__kit_key(1, 1, "INC1"), itsm__kit_key(2, 0, "INC1")};
    itsm_op ops[2] = {itsm__kit_put(b, A(5), ITSM_REV_NONE, "e"), itsm__kit_put_keys(b, A(2), ITSM_REV_NONE, keys, 2)};
    (void)which;
    itsm__kit_new_keys(b, A(1), keys, 2);
    itsm__kit_batch(b, ops, 2, ITSM_E_UNIQUE, 1);
    itsm__kit_scan(b, KIT_A, 0, "1");
    itsm__kit_scan(b, KIT_A, 1, "1");
    itsm__kit_scan(b, KIT_A, 2, "1");
    keys[0].key = itsm__kit_bytes("INC2");
    itsm__kit_batch(b, ops, 2, ITSM_OK, 0);
    itsm__kit_scan(b, KIT_A, 1, "1 2");
}

static void a_unique_key_may_differ_in_its_last_byte(itsm__bench *b, size_t which)
{
    itsm_index_key keys[3] = {itsm__kit_key(1, 1, "k"), itsm__kit_key(1, 1, "k\377"), itsm__kit_key(1, 1, "K")};
    (void)which;
    for (uint64_t i = 0; i < 3; i++) itsm__kit_new_keys(b, A(i + 1), &keys[i], 1);
    itsm__kit_scan(b, KIT_A, 1, "3 1 2");
    keys[0].key.p = "k\0", keys[0].key.n = 2;
    itsm__kit_new_keys(b, A(4), &keys[0], 1);
    itsm__kit_scan(b, KIT_A, 1, "3 1 4 2");
}

static void an_empty_key_may_be_unique(itsm__bench *b, size_t which)
{
    itsm_index_key key = itsm__kit_key(1, 1, "");
    (void)which;
    itsm__kit_new_keys(b, A(1), &key, 1);
    itsm__kit_refuses(b, itsm__kit_put_keys(b, A(2), ITSM_REV_NONE, &key, 1), ITSM_E_UNIQUE);
    itsm__kit_scan(b, KIT_A, 1, "1");
}

static void unique_keys_of_types_and_indexes_are_apart(itsm__bench *b, size_t which)
{
    itsm_index_key keys[2] = {itsm__kit_key(1, 1, "k"), itsm__kit_key(2, 1, "k")};
    (void)which;
    itsm__kit_new_keys(b, A(1), keys, 1);
    itsm__kit_new_keys(b, A(2), keys + 1, 1);
    itsm__kit_new_keys(b, itsm__kit_ref(KIT_B, 1), keys, 2);
    itsm__kit_refuses(b, itsm__kit_put_keys(b, A(3), ITSM_REV_NONE, keys, 2), ITSM_E_UNIQUE);
}

static void a_row_may_keep_its_own_unique_key(itsm__bench *b, size_t which)
{
    itsm_index_key key = itsm__kit_key(1, 1, "k");
    (void)which;
    uint64_t rev = itsm__kit_new_keys(b, A(1), &key, 1);
    for (int i = 0; i < 3; i++) rev = itsm__kit_does(b, itsm__kit_put_keys(b, A(1), rev, &key, 1));
    itsm__kit_scan(b, KIT_A, 1, "1");
}

static void two_rows_of_one_batch_cannot_take_one_unique_key(itsm__bench *b, size_t which)
{
    itsm_index_key key = itsm__kit_key(1, 1, "k");
    itsm_op ops[2] = {itsm__kit_put_keys(b, A(1), ITSM_REV_NONE, &key, 1),
                      itsm__kit_put_keys(b, A(2), ITSM_REV_NONE, &key, 1)};
    (void)which;
    itsm__kit_batch(b, ops, 2, ITSM_E_UNIQUE, SIZE_MAX);
    itsm__kit_scan(b, KIT_A, 0, "");
    itsm__kit_scan(b, KIT_A, 1, "");
}

static void a_unique_key_changes_hands_in_one_batch(itsm__bench *b, size_t order)
{
    itsm_index_key keys[2] = {itsm__kit_key(1, 1, "k"), itsm__kit_key(1, 1, "m")};
    uint64_t first = itsm__kit_new_keys(b, A(1), &keys[0], 1), second = itsm__kit_new_keys(b, A(2), &keys[1], 1);
    itsm_op ops[2] = {itsm__kit_put_keys(b, A(1), first, &keys[1], 1),
                      itsm__kit_put_keys(b, A(2), second, &keys[0], 1)};
    itsm_op swap = ops[0];
    if (order) ops[0] = ops[1], ops[1] = swap;
    itsm__kit_batch(b, ops, 2, ITSM_OK, 0);
    itsm__kit_scan(b, KIT_A, 1, "2 1");
}

static void a_deleted_rows_unique_key_is_free_in_its_batch(itsm__bench *b, size_t order)
{
    itsm_index_key key = itsm__kit_key(1, 1, "k");
    uint64_t rev = itsm__kit_new_keys(b, A(1), &key, 1);
    itsm_op ops[2] = {itsm__kit_op(ITSM_DEL, A(1), rev), itsm__kit_put_keys(b, A(2), ITSM_REV_NONE, &key, 1)};
    itsm_op swap = ops[0];
    if (order) ops[0] = ops[1], ops[1] = swap;
    itsm__kit_batch(b, ops, 2, ITSM_OK, 0);
    itsm__kit_scan(b, KIT_A, 1, "2");
}

static void a_key_given_up_is_free(itsm__bench *b, size_t which)
{
    itsm_index_key key = itsm__kit_key(1, 1, "k");
    (void)which;
    uint64_t rev = itsm__kit_new_keys(b, A(1), &key, 1);
    itsm__kit_does(b, itsm__kit_put_keys(b, A(1), rev, NULL, 0));
    itsm__kit_new_keys(b, A(2), &key, 1);
    itsm__kit_scan(b, KIT_A, 1, "2");
}

static void a_unique_key_refused_leaves_the_old_keys(itsm__bench *b, size_t which)
{
    itsm_index_key keys[2] = {itsm__kit_key(1, 1, "k"), itsm__kit_key(1, 1, "m")};
    (void)which;
    uint64_t first = itsm__kit_new_keys(b, A(1), &keys[0], 1), second = itsm__kit_new_keys(b, A(2), &keys[1], 1);
    itsm__kit_refuses(b, itsm__kit_put_keys(b, A(2), second, &keys[0], 1), ITSM_E_UNIQUE);
    itsm__kit_is(b, A(1), first, "x");
    itsm__kit_is(b, A(2), second, "x");
    itsm__kit_scan(b, KIT_A, 1, "1 2");
}

static void a_conflict_goes_before_a_taken_key(itsm__bench *b, size_t which)
{
    itsm_index_key key = itsm__kit_key(1, 1, "k");
    (void)which;
    uint64_t rev = itsm__kit_new_keys(b, A(1), &key, 1);
    itsm_op ops[2] = {itsm__kit_put_keys(b, A(2), ITSM_REV_NONE, &key, 1), itsm__kit_op(ITSM_CHECK, A(1), rev + 1000)};
    itsm__kit_batch(b, ops, 2, ITSM_E_CONFLICT, 1);
}

static itsm_record *coded(itsm__bench *b, uint64_t lo, const char *code)
{
    itsm_record *record = itsm__kit_record(b, "check_row", lo);
    itsm__kit_set(b, record, "code", itsm__kit_text(code));
    return record;
}

static void a_unique_field_belongs_to_one_record(itsm__bench *b, size_t which)
{
    itsm_record *first = coded(b, 1, "C-1"), *second = coded(b, 2, "C-1"), *third = coded(b, 2, "c-1");
    (void)which;
    if (!b->failed) itsm__kit_does(b, itsm__kit_put_record(b, first, ITSM_REV_NONE));
    if (!b->failed) itsm__kit_refuses(b, itsm__kit_put_record(b, second, ITSM_REV_NONE), ITSM_E_UNIQUE);
    if (!b->failed) itsm__kit_does(b, itsm__kit_put_record(b, third, ITSM_REV_NONE));
    itsm_range range = itsm__kit_typed(b, "by_code", NULL, 0, NULL, NULL);
    itsm__kit_finds(b, &range, "1 2");
    itsm_record_free(first), itsm_record_free(second), itsm_record_free(third);
}

static void records_without_the_unique_field_do_not_meet(itsm__bench *b, size_t which)
{
    (void)which;
    for (uint64_t i = 1; i < 4; i++) {
        itsm_record *record = itsm__kit_record(b, "check_row", i);
        itsm__kit_set(b, record, "word", itsm__kit_text("same"));
        if (!b->failed) itsm__kit_does(b, itsm__kit_put_record(b, record, ITSM_REV_NONE));
        itsm_record_free(record);
    }
    itsm_range range = itsm__kit_typed(b, "by_code", NULL, 0, NULL, NULL);
    itsm__kit_finds(b, &range, "");
    itsm__kit_scan(b, 40001, 0, "1 2 3");
}

/* Sets of keys ---------------------------------------------------------------------------------------------------- */

static void a_put_replaces_all_keys(itsm__bench *b, size_t which)
{
    itsm_index_key old[3] = {itsm__kit_key(1, 0, "a"), itsm__kit_key(2, 0, "a"), itsm__kit_key(3, 0, "a")};
    itsm_index_key now[3] = {itsm__kit_key(1, 0, "b"), itsm__kit_key(2, 0, "a"), itsm__kit_key(4, 0, "a")};
    itsm_range range = itsm__kit_range(KIT_A, 1);
    (void)which;
    uint64_t rev = itsm__kit_new_keys(b, A(1), old, 3);
    itsm__kit_does(b, itsm__kit_put_keys(b, A(1), rev, now, 3));
    range.hi = itsm__kit_bytes("b");
    itsm__kit_finds(b, &range, "");
    itsm__kit_scan(b, KIT_A, 1, "1");
    itsm__kit_scan(b, KIT_A, 2, "1");
    itsm__kit_scan(b, KIT_A, 3, "");
    itsm__kit_scan(b, KIT_A, 4, "1");
}

static void a_put_that_was_refused_keeps_the_old_keys(itsm__bench *b, size_t which)
{
    itsm_index_key a = itsm__kit_key(1, 0, "a"), c = itsm__kit_key(1, 0, "c");
    itsm_range range = itsm__kit_range(KIT_A, 1);
    (void)which;
    uint64_t rev = itsm__kit_new_keys(b, A(1), &a, 1);
    itsm_op op = itsm__kit_put_keys(b, A(1), rev + 1000, &c, 1);
    op.row.rev = rev + 1001;
    itsm__kit_refuses(b, op, ITSM_E_CONFLICT);
    range.hi = itsm__kit_bytes("b");
    itsm__kit_finds(b, &range, "1");
    range.lo = range.hi, range.hi.p = NULL, range.hi.n = 0;
    itsm__kit_finds(b, &range, "");
}

static void a_row_may_have_many_keys(itsm__bench *b, size_t which)
{
    enum { N = 200 };
    char(*text)[4] = itsm__kit_alloc(b, N * sizeof *text);
    itsm_index_key *keys = itsm__kit_alloc(b, N * sizeof *keys);
    itsm_range range = itsm__kit_range(KIT_A, 1);
    (void)which;
    if (!text || !keys) return;
    for (size_t i = 0; i < N; i++) {
        size_t k = i * 37 % N;
        text[i][0] = (char)('a' + k / 20), text[i][1] = (char)('a' + k % 20);
        keys[i] = itsm__kit_key(1, 0, text[i]);
    }
    uint64_t rev = itsm__kit_new_keys(b, A(1), keys, N);
    range.lo = itsm__kit_bytes("ca"), range.hi = itsm__kit_bytes("cd");
    itsm__kit_finds(b, &range, "1 1 1");
    itsm__kit_does(b, itsm__kit_put_keys(b, A(1), rev, keys, 1));
    itsm__kit_scan(b, KIT_A, 1, "1");
}

static void a_record_that_changes_moves_in_its_index(itsm__bench *b, size_t which)
{
    itsm_record *one = itsm__kit_record(b, "check_row", 1), *two = itsm__kit_record(b, "check_row", 2);
    itsm_range range;
    (void)which;
    itsm__kit_set(b, one, "word", itsm__kit_text("b"));
    itsm__kit_set(b, two, "word", itsm__kit_text("c"));
    uint64_t rev = b->failed ? 0 : itsm__kit_does(b, itsm__kit_put_record(b, one, ITSM_REV_NONE));
    if (!b->failed) itsm__kit_does(b, itsm__kit_put_record(b, two, ITSM_REV_NONE));
    range = itsm__kit_typed(b, "by_word", NULL, 0, NULL, NULL);
    itsm__kit_finds(b, &range, "1 2");
    itsm__kit_set(b, one, "word", itsm__kit_text("d"));
    if (!b->failed) rev = itsm__kit_does(b, itsm__kit_put_record(b, one, rev));
    itsm__kit_finds(b, &range, "2 1");
    itsm__kit_set(b, one, "word", itsm__kit_text(""));
    if (!b->failed) itsm__kit_does(b, itsm__kit_put_record(b, one, rev));
    itsm__kit_finds(b, &range, "2");
    itsm_record_free(one), itsm_record_free(two);
}

static const itsm__claim index_claims[] = {
    {"a unique key belongs to one row", a_unique_key_belongs_to_one_row, 0, 0, 0, 0},
    {"unique keys may differ in their last byte only", a_unique_key_may_differ_in_its_last_byte, 0, 0, 0, 0},
    {"an empty key may be unique", an_empty_key_may_be_unique, 0, 0, 0, 0},
    {"unique keys of other types and indexes are apart", unique_keys_of_types_and_indexes_are_apart, 0, 0, 0, 0},
    {"a row may keep its own unique key", a_row_may_keep_its_own_unique_key, 0, 0, 0, 0},
    {"two rows of one batch cannot take one unique key", two_rows_of_one_batch_cannot_take_one_unique_key, 0, 0, 0, 0},
    {"two rows change their unique keys in one batch", a_unique_key_changes_hands_in_one_batch, 0, 0, 0, 0},
    {"two rows change their unique keys in the other order", a_unique_key_changes_hands_in_one_batch, 1, 0, 0, 0},
    {"a deleted row's unique key is free in its batch", a_deleted_rows_unique_key_is_free_in_its_batch, 0, 0, 0, 0},
    {"a deleted row's unique key is free before the deletion", a_deleted_rows_unique_key_is_free_in_its_batch, 1, 0, 0,
     0},
    {"a unique key given up is free", a_key_given_up_is_free, 0, 0, 0, 0},
    {"a unique key refused leaves the old keys", a_unique_key_refused_leaves_the_old_keys, 0, 0, 0, 0},
    {"a conflict goes before a taken key", a_conflict_goes_before_a_taken_key, 0, 0, 0, 0},
    {"a unique field belongs to one record", a_unique_field_belongs_to_one_record, 0, 0, 0, 0},
    {"records without the unique field do not meet", records_without_the_unique_field_do_not_meet, 0, 0, 0, 0},
    {"a put replaces all keys", a_put_replaces_all_keys, 0, 0, 0, 0},
    {"a put that was refused keeps the old keys", a_put_that_was_refused_keeps_the_old_keys, 0, 0, 0, 0},
    {"a row may have many keys", a_row_may_have_many_keys, 0, 0, 0, 0},
    {"a record that changes moves in its index", a_record_that_changes_moves_in_its_index, 0, 0, 0, 0},
};

const itsm__group itsm__kit_indexes = {"indexes", index_claims, KIT_COUNT(index_claims)};

/* Tombstones ------------------------------------------------------------------------------------------------------ */

static uint64_t deleted(itsm__bench *b, uint64_t lo)
{
    itsm_index_key key = itsm__kit_key(1, 0, "k");
    uint64_t rev = itsm__kit_new_keys(b, A(lo), &key, 1);
    itsm__kit_does(b, itsm__kit_op(ITSM_DEL, A(lo), rev));
    return rev;
}

static void a_deleted_row_is_gone_from_reads_and_scans(itsm__bench *b, size_t which)
{
    itsm_range range = itsm__kit_range(KIT_A, 0);
    (void)which;
    deleted(b, 1);
    itsm__kit_new(b, A(2), "b");
    itsm__kit_is_not(b, A(1));
    itsm__kit_scan(b, KIT_A, 0, "2");
    itsm__kit_scan(b, KIT_A, 1, "");
    range.descending = 1;
    itsm__kit_finds(b, &range, "2");
}

static void a_tombstone_is_no_row(itsm__bench *b, size_t which)
{
    (void)which;
    uint64_t rev = deleted(b, 1);
    itsm_op op = itsm__kit_op(ITSM_CHECK, A(1), ITSM_REV_NONE);
    itsm__kit_batch(b, &op, 1, ITSM_OK, 0);
    itsm__kit_refuses(b, itsm__kit_op(ITSM_CHECK, A(1), rev), ITSM_E_CONFLICT);
    itsm__kit_refuses(b, itsm__kit_op(ITSM_DEL, A(1), rev), ITSM_E_CONFLICT);
    itsm__kit_refuses(b, itsm__kit_put(b, A(1), rev, "b"), ITSM_E_CONFLICT);
    itsm__kit_is_not(b, A(1));
}

static void an_old_revision_does_not_come_back_to_life(itsm__bench *b, size_t which)
{
    itsm_op op = itsm__kit_put(b, A(1), ITSM_REV_NONE, "b");
    (void)which;
    b->rev += 10;
    uint64_t rev = deleted(b, 1);
    op.row.rev = rev;
    itsm__kit_refuses(b, op, ITSM_E_CONFLICT);
    op.row.rev = rev - 5;
    itsm__kit_refuses(b, op, ITSM_E_CONFLICT);
    itsm__kit_is_not(b, A(1));
    op.row.rev = rev + 1;
    itsm__kit_does(b, op);
    itsm__kit_is(b, A(1), rev + 1, "b");
}

static void a_tombstone_holds_against_a_put_without_expectation(itsm__bench *b, size_t which)
{
    itsm_op ops[2] = {itsm__kit_put(b, A(1), ITSM_REV_ANY, "b"),
                      itsm__kit_op(ITSM_CHECK, itsm__kit_ref(KIT_C, 1), ITSM_REV_NONE)};
    (void)which;
    uint64_t rev = deleted(b, 1);
    ops[0].row.rev = rev;
    itsm__kit_batch(b, ops, 2, ITSM_E_CONFLICT, 0);
    itsm__kit_is_not(b, A(1));
    ops[0].row.rev = rev + 1;
    itsm__kit_batch(b, ops, 2, ITSM_OK, 0);
    itsm__kit_is(b, A(1), rev + 1, "b");
}

static void a_row_made_anew_has_a_higher_revision(itsm__bench *b, size_t which)
{
    (void)which;
    uint64_t rev = deleted(b, 1), next = itsm__kit_new(b, A(1), "b");
    itsm__kit_want(b, next > rev, "the revision of a row made anew is not above the one it had");
    itsm__kit_is(b, A(1), next, "b");
    itsm__kit_refuses(b, itsm__kit_op(ITSM_CHECK, A(1), rev), ITSM_E_CONFLICT);
}

static void what_is_read_of_a_tombstone_is_its_revision_or_nothing(itsm__bench *b, size_t which)
{
    itsm_view view;
    itsm_row row;
    (void)which;
    uint64_t rev = deleted(b, 1);
    if (!itsm__kit_view(b, &view)) return;
    itsm__kit_status(b, itsm_store_get(&row, b->ctx, &view, A(1)) == ITSM_NOTHING ? ITSM_OK : ITSM_E_CORRUPT, ITSM_OK,
                     "reading a deleted row");
    itsm__kit_want(b, row.rev == 0 || row.rev == rev, "a tombstone tells another revision than the row had");
    itsm__kit_want(b, !row.body.p && !row.fields, "a deleted row has content");
    itsm__kit_status(b, itsm_store_get(&row, b->ctx, &view, A(2)) == ITSM_NOTHING ? ITSM_OK : ITSM_E_CORRUPT, ITSM_OK,
                     "reading a row that never was");
    itsm__kit_want(b, row.rev == 0, "a row that never was has a revision");
    itsm_store_view_close(&view);
}

static void a_row_made_anew_has_nothing_of_the_old(itsm__bench *b, size_t which)
{
    (void)which;
    deleted(b, 1);
    itsm__kit_new(b, A(1), "b");
    itsm__kit_scan(b, KIT_A, 0, "1");
    itsm__kit_scan(b, KIT_A, 1, "");
}

static void a_deletion_is_undone_by_nothing_else(itsm__bench *b, size_t which)
{
    itsm_op ops[2] = {itsm__kit_op(ITSM_DEL, A(1), ITSM_REV_ANY),
                      itsm__kit_op(ITSM_CHECK, itsm__kit_ref(KIT_C, 1), ITSM_REV_NONE)};
    (void)which;
    uint64_t rev = deleted(b, 1);
    itsm__kit_batch(b, ops, 2, ITSM_OK, 0); /* of what is not there */
    itsm_op op = itsm__kit_put(b, A(1), ITSM_REV_NONE, "b");
    op.row.rev = rev;
    itsm__kit_refuses(b, op, ITSM_E_CONFLICT);
    ops[0].row.ref = A(7);
    itsm__kit_batch(b, ops, 2, ITSM_OK, 0); /* of what never was */
    itsm__kit_is_not(b, A(7));
    itsm__kit_new(b, A(7), "c");
}

static void many_rows_are_deleted_and_made_anew(itsm__bench *b, size_t which)
{
    (void)which;
    for (int round = 0; round < 5; round++) {
        uint64_t revs[20];
        for (uint64_t i = 0; i < 20; i++) revs[i] = itsm__kit_new(b, A(i + 1), round % 2 ? "odd" : "even");
        itsm__kit_is(b, A(7), revs[6], round % 2 ? "odd" : "even");
        for (uint64_t i = 0; i < 20; i++) itsm__kit_does(b, itsm__kit_op(ITSM_DEL, A(i + 1), revs[i]));
        itsm__kit_scan(b, KIT_A, 0, "");
    }
}

static const itsm__claim tombstone_claims[] = {
    {"a deleted row is gone from reads and scans", a_deleted_row_is_gone_from_reads_and_scans, 0, 0, 0, 0},
    {"a tombstone is no row", a_tombstone_is_no_row, 0, 0, 0, 0},
    {"an old revision does not come back to life", an_old_revision_does_not_come_back_to_life, 0, 0,
     ITSM_CAP_BACKEND_REV, 0},
    {"a tombstone holds against a put without expectation", a_tombstone_holds_against_a_put_without_expectation, 0, 0,
     ITSM_CAP_BACKEND_REV, 0},
    {"a row made anew has a higher revision", a_row_made_anew_has_a_higher_revision, 0, 0, 0, 0},
    {"what is read of a tombstone is its revision or nothing", what_is_read_of_a_tombstone_is_its_revision_or_nothing,
     0, 0, 0, 0},
    {"a row made anew has nothing of the old one", a_row_made_anew_has_nothing_of_the_old, 0, 0, 0, 0},
    {"deleting what is not there changes nothing", a_deletion_is_undone_by_nothing_else, 0, 0, ITSM_CAP_BACKEND_REV, 0},
    {"many rows are deleted and made anew", many_rows_are_deleted_and_made_anew, 0, 0, 0, 0},
};

const itsm__group itsm__kit_tombstones = {"tombstones", tombstone_claims, KIT_COUNT(tombstone_claims)};
