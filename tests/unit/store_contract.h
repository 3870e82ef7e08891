/* SPDX-License-Identifier: MIT */
/*
 * What every store must keep, whatever is behind it.  A test program names a maker and gets one Criterion test per claim:
 *
 *     static itsm_store *make(itsm_ctx *ctx) { ... an empty store ... }
 *     static void unmake(void) { ... clean up behind it ... }
 *     CONTRACT_TESTS(memory_store, make, unmake)
 *
 * Each claim runs on a new store with the counting allocator and ends with nothing outstanding.
 */
#ifndef ITSM_TESTS_STORE_CONTRACT_H
#define ITSM_TESTS_STORE_CONTRACT_H

#include <itsm/store.h>

#include <criterion/criterion.h>

#include "support.h"

struct desk {
    struct counting counting;
    itsm_ctx *ctx;
    itsm_store *store;
    itsm_applied applied;
};

typedef itsm_store *(*desk_make)(itsm_ctx *ctx);

/* Building batches ------------------------------------------------------------------------------------------------ */

static inline itsm_ref ref_of(uint32_t type, uint64_t lo)
{
    itsm_ref ref = {type, {0, lo}};
    return ref;
}

static inline itsm_bytes bytes_c(const char *c)
{
    itsm_bytes b = {c, strlen(c)};
    return b;
}

static inline itsm_bytes bytes_n(const void *p, size_t n)
{
    itsm_bytes b = {p, n};
    return b;
}

static inline itsm_op op_of(uint32_t kind, itsm_ref ref, uint64_t expect)
{
    itsm_op op;
    memset(&op, 0, sizeof op);
    op.kind = kind, op.expect = expect, op.row.ref = ref;
    return op;
}

static inline itsm_op put_of(itsm_ref ref, uint64_t expect, uint64_t rev, const char *body)
{
    itsm_op op = op_of(ITSM_PUT, ref, expect);
    op.row.rev = rev, op.row.body = bytes_c(body);
    return op;
}

static inline itsm_op put_keys_of(itsm_ref ref, uint64_t expect, uint64_t rev, const itsm_index_key *keys, size_t n)
{
    itsm_op op = put_of(ref, expect, rev, "x");
    op.keys = keys, op.nkeys = n;
    return op;
}

static inline itsm_index_key key_of(uint32_t index, uint32_t unique, const char *key)
{
    itsm_index_key k = {index, unique, {NULL, 0}};
    k.key = bytes_c(key);
    return k;
}

static inline itsm_status desk_apply_audit(struct desk *d, const itsm_op *ops, size_t n, const itsm_bytes *audit,
                                           size_t naudit)
{
    itsm_batch batch = ITSM_BATCH_INIT;
    itsm_applied fresh = ITSM_APPLIED_INIT;
    batch.ops = ops, batch.nops = n, batch.audit = audit, batch.naudit = naudit;
    d->applied = fresh;
    return itsm_store_apply(&d->applied, d->ctx, d->store, &batch, NULL);
}

static inline itsm_status desk_apply(struct desk *d, const itsm_op *ops, size_t n)
{
    return desk_apply_audit(d, ops, n, NULL, 0);
}

static inline itsm_status desk_one(struct desk *d, itsm_op op)
{
    return desk_apply(d, &op, 1);
}

/* Looking --------------------------------------------------------------------------------------------------------- */

/* The revision of a row, 0 if there is none; the body is compared unless NULL. */
static inline uint64_t desk_rev(struct desk *d, itsm_ref ref, const char *body)
{
    itsm_view view;
    itsm_row row;
    cr_assert_eq(itsm_store_view_open(&view, d->ctx, d->store, NULL), ITSM_OK);
    itsm_status rc = itsm_store_get(&row, d->ctx, &view, ref);
    cr_assert(rc == ITSM_OK || rc == ITSM_NOTHING, "get answers %d", rc);
    uint64_t rev = rc == ITSM_OK ? row.rev : 0;
    if (rc == ITSM_OK) {
        cr_assert(row.ref.type == ref.type && row.ref.id.hi == ref.id.hi && row.ref.id.lo == ref.id.lo);
        if (body && row.body.p) cr_assert(row.body.n == strlen(body) && memcmp(row.body.p, body, row.body.n) == 0);
    }
    itsm_store_view_close(&view);
    return rev;
}

static inline itsm_range range_of(uint32_t type, uint32_t index, int descending)
{
    itsm_range range = ITSM_RANGE_INIT;
    range.type = type, range.index = index, range.descending = (uint32_t)descending;
    return range;
}

/* Low halves of the identities a scan gives, at most `max`; returns how many rows came. */
static inline size_t view_scan(struct desk *d, itsm_view *view, const itsm_range *range, uint64_t *out, size_t max)
{
    itsm_cursor cursor;
    itsm_row row;
    itsm_status rc;
    size_t n = 0;
    cr_assert_eq(itsm_store_scan(&cursor, d->ctx, view, range), ITSM_OK);
    while ((rc = itsm_store_next(&row, d->ctx, &cursor)) == ITSM_OK) {
        cr_assert_eq(row.ref.type, range->type);
        if (n < max) out[n] = row.ref.id.lo;
        n++;
    }
    cr_assert_eq(rc, ITSM_DONE);
    cr_assert_eq(itsm_store_next(&row, d->ctx, &cursor), ITSM_DONE, "a scan that ended stays at its end");
    itsm_store_cursor_close(&cursor);
    return n;
}

static inline size_t desk_scan(struct desk *d, const itsm_range *range, uint64_t *out, size_t max)
{
    itsm_view view;
    cr_assert_eq(itsm_store_view_open(&view, d->ctx, d->store, NULL), ITSM_OK);
    size_t n = view_scan(d, &view, range, out, max);
    itsm_store_view_close(&view);
    return n;
}

/* The identities of an index, ascending, as a text like "1 2 3". */
static inline void expect_scan(struct desk *d, uint32_t type, uint32_t index, const char *wanted)
{
    uint64_t ids[64];
    char text[512] = "";
    itsm_range range = range_of(type, index, 0);
    size_t n = desk_scan(d, &range, ids, 64), used = 0;
    for (size_t i = 0; i < n && i < 64; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, i ? " %u" : "%u", (unsigned)ids[i]);
    cr_assert_str_eq(text, wanted);
}

/* Sealed audit entries from a place on, joined by commas. */
static inline void expect_audit(struct desk *d, uint64_t from, const char *wanted)
{
    itsm_view view;
    itsm_cursor cursor;
    itsm_row row;
    itsm_status rc;
    uint64_t end;
    char text[512] = "";
    size_t used = 0;
    rc = itsm_store_seal(&end, d->ctx, d->store, 1000, NULL);
    cr_assert(rc == ITSM_OK || rc == ITSM_NOTHING);
    cr_assert_eq(itsm_store_view_open(&view, d->ctx, d->store, NULL), ITSM_OK);
    cr_assert_eq(itsm_store_audit_scan(&cursor, d->ctx, &view, from), ITSM_OK);
    for (uint64_t place = from; (rc = itsm_store_next(&row, d->ctx, &cursor)) == ITSM_OK; place++) {
        cr_assert_eq(row.ref.id.lo, place);
        used += (size_t)snprintf(text + used, sizeof text - used, used ? ",%.*s" : "%.*s", (int)row.body.n,
                                 (const char *)row.body.p);
    }
    cr_assert_eq(rc, ITSM_DONE);
    cr_assert_str_eq(text, wanted);
    itsm_store_cursor_close(&cursor);
    itsm_store_view_close(&view);
}

/* Rows and batches ------------------------------------------------------------------------------------------------ */

static inline void contract_an_empty_store_has_no_rows(struct desk *d)
{
    cr_assert_eq(desk_rev(d, ref_of(1, 1), NULL), 0);
    expect_scan(d, 1, 0, "");
    expect_scan(d, 1, 1, "");
    expect_audit(d, 0, "");
}

static inline void contract_a_row_comes_back_byte_for_byte(struct desk *d)
{
    static unsigned char body[100000];
    static const size_t sizes[] = {0, 1, 255, 256, 4096, 65536, sizeof body};
    itsm_view view;
    itsm_row row;
    for (size_t i = 0; i < sizeof body; i++) body[i] = (unsigned char)(i * 7 + i / 256);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        itsm_op op = put_of(ref_of(1, i), ITSM_REV_NONE, i + 1, "");
        op.row.ref.id.hi = UINT64_MAX - i;
        op.row.body = bytes_n(body, sizes[i]);
        cr_assert_eq(desk_one(d, op), ITSM_OK);
    }
    memset(body, 0, 16); /* nothing of the caller's memory is kept */
    cr_assert_eq(itsm_store_view_open(&view, d->ctx, d->store, NULL), ITSM_OK);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        itsm_ref ref = {1, {UINT64_MAX - i, i}};
        cr_assert_eq(itsm_store_get(&row, d->ctx, &view, ref), ITSM_OK);
        cr_assert_eq(row.rev, i + 1);
        cr_assert_eq(row.body.n, sizes[i]);
        for (size_t k = 0; k < sizes[i]; k++)
            cr_assert_eq(((const unsigned char *)row.body.p)[k], (unsigned char)(k * 7 + k / 256));
    }
    itsm_store_view_close(&view);
}

static inline void contract_types_and_both_halves_of_an_identity_tell_rows_apart(struct desk *d)
{
    itsm_ref refs[] = {{1, {0, 5}}, {2, {0, 5}}, {1, {5, 0}},  {1, {5, 5}}, {UINT32_MAX, {UINT64_MAX, UINT64_MAX}},
                       {1, {0, 0}}, {0, {0, 5}}, {1, {0, 256}}};
    for (uint64_t i = 0; i < 8; i++) cr_assert_eq(desk_one(d, put_of(refs[i], ITSM_REV_NONE, i + 1, "x")), ITSM_OK);
    for (uint64_t i = 0; i < 8; i++) cr_assert_eq(desk_rev(d, refs[i], "x"), i + 1);
}

static inline void contract_a_batch_is_all_or_nothing(struct desk *d)
{
    itsm_index_key key = key_of(1, 0, "k");
    itsm_bytes audit = bytes_c("entry");
    itsm_op ops[3];
    cr_assert_eq(desk_one(d, put_of(ref_of(1, 3), ITSM_REV_NONE, 7, "old")), ITSM_OK);
    ops[0] = put_keys_of(ref_of(1, 1), ITSM_REV_NONE, 1, &key, 1);
    ops[1] = op_of(ITSM_DEL, ref_of(1, 3), 7);
    ops[2] = put_of(ref_of(1, 2), 4, 5, "b");
    cr_assert_eq(desk_apply_audit(d, ops, 3, &audit, 1), ITSM_E_CONFLICT);
    cr_assert_eq(d->applied.failed_op, 2);
    cr_assert_eq(desk_rev(d, ref_of(1, 1), NULL), 0);
    cr_assert_eq(desk_rev(d, ref_of(1, 2), NULL), 0);
    cr_assert_eq(desk_rev(d, ref_of(1, 3), "old"), 7);
    expect_scan(d, 1, 0, "3");
    expect_scan(d, 1, 1, "");
    expect_audit(d, 0, "");
    ops[2].expect = ITSM_REV_NONE;
    cr_assert_eq(desk_apply_audit(d, ops, 3, &audit, 1), ITSM_OK);
    expect_scan(d, 1, 0, "1 2");
    expect_scan(d, 1, 1, "1");
    expect_audit(d, 0, "entry");
}

static inline void contract_a_conflict_names_the_first_operation_that_failed(struct desk *d)
{
    itsm_op ops[4];
    cr_assert_eq(desk_one(d, put_of(ref_of(1, 1), ITSM_REV_NONE, 1, "a")), ITSM_OK);
    ops[0] = op_of(ITSM_CHECK, ref_of(1, 1), 1);
    ops[1] = op_of(ITSM_CHECK, ref_of(1, 9), ITSM_REV_NONE);
    ops[2] = put_of(ref_of(1, 1), ITSM_REV_NONE, 2, "b");
    ops[3] = op_of(ITSM_CHECK, ref_of(1, 1), 8);
    cr_assert_eq(desk_apply(d, ops, 4), ITSM_E_CONFLICT);
    cr_assert_eq(d->applied.failed_op, 2);
    ops[2].expect = 1;
    cr_assert_eq(desk_apply(d, ops, 4), ITSM_E_CONFLICT);
    cr_assert_eq(d->applied.failed_op, 3);
    cr_assert_eq(desk_apply(d, ops, 3), ITSM_OK);
    cr_assert_eq(d->applied.failed_op, SIZE_MAX);
}

static inline void contract_a_check_alone_holds_or_conflicts(struct desk *d)
{
    cr_assert_eq(desk_one(d, op_of(ITSM_CHECK, ref_of(1, 1), ITSM_REV_NONE)), ITSM_OK);
    cr_assert_eq(desk_one(d, op_of(ITSM_CHECK, ref_of(1, 1), 1)), ITSM_E_CONFLICT);
    cr_assert_eq(desk_one(d, put_of(ref_of(1, 1), ITSM_REV_NONE, 3, "a")), ITSM_OK);
    cr_assert_eq(desk_one(d, op_of(ITSM_CHECK, ref_of(1, 1), 3)), ITSM_OK);
    cr_assert_eq(desk_one(d, op_of(ITSM_CHECK, ref_of(1, 1), 2)), ITSM_E_CONFLICT);
    cr_assert_eq(desk_one(d, op_of(ITSM_CHECK, ref_of(1, 1), ITSM_REV_NONE)), ITSM_E_CONFLICT);
    cr_assert_eq(desk_rev(d, ref_of(1, 1), "a"), 3);
}

static inline void contract_a_row_may_be_checked_and_written_in_one_batch(struct desk *d)
{
    itsm_op ops[3];
    cr_assert_eq(desk_one(d, put_of(ref_of(1, 1), ITSM_REV_NONE, 1, "a")), ITSM_OK);
    ops[0] = put_of(ref_of(1, 1), 1, 2, "b");
    ops[1] = op_of(ITSM_CHECK, ref_of(1, 1), 1);
    ops[2] = op_of(ITSM_CHECK, ref_of(1, 1), 1);
    cr_assert_eq(desk_apply(d, ops, 3), ITSM_OK);
    cr_assert_eq(desk_rev(d, ref_of(1, 1), "b"), 2);
}

static inline void contract_without_an_expectation_a_row_is_written_whatever_it_was(struct desk *d)
{
    itsm_op ops[3] = {put_of(ref_of(1, 1), ITSM_REV_ANY, 5, "a"), op_of(ITSM_DEL, ref_of(1, 2), ITSM_REV_ANY),
                      op_of(ITSM_CHECK, ref_of(9, 9), ITSM_REV_NONE)};
    cr_assert_eq(desk_apply(d, ops, 3), ITSM_OK);
    ops[0] = put_of(ref_of(1, 1), ITSM_REV_ANY, 8, "b");
    cr_assert_eq(desk_apply(d, ops, 3), ITSM_OK);
    cr_assert_eq(desk_rev(d, ref_of(1, 1), "b"), 8);
    ops[1] = op_of(ITSM_DEL, ref_of(1, 1), ITSM_REV_ANY);
    cr_assert_eq(desk_apply(d, ops + 1, 2), ITSM_OK);
    cr_assert_eq(desk_rev(d, ref_of(1, 1), NULL), 0);
}

static inline void contract_a_batch_sent_twice_conflicts(struct desk *d)
{
    itsm_op ops[2] = {put_of(ref_of(1, 1), ITSM_REV_NONE, 1, "a"), put_of(ref_of(1, 2), ITSM_REV_ANY, 1, "b")};
    itsm_bytes audit = bytes_c("once");
    cr_assert_eq(desk_apply_audit(d, ops, 2, &audit, 1), ITSM_OK);
    cr_assert_eq(desk_apply_audit(d, ops, 2, &audit, 1), ITSM_E_CONFLICT);
    expect_audit(d, 0, "once");
    cr_assert_eq(desk_one(d, op_of(ITSM_DEL, ref_of(1, 1), 1)), ITSM_OK);
    cr_assert_eq(desk_apply_audit(d, ops, 2, &audit, 1), ITSM_E_CONFLICT, "not even after the row was deleted");
    cr_assert_eq(desk_one(d, op_of(ITSM_DEL, ref_of(1, 1), 1)), ITSM_E_CONFLICT);
    expect_audit(d, 0, "once");
}

/* Tombstones ------------------------------------------------------------------------------------------------------ */

static inline void contract_a_deleted_row_is_gone_from_reads_and_scans(struct desk *d)
{
    itsm_index_key key = key_of(1, 1, "k");
    cr_assert_eq(desk_one(d, put_keys_of(ref_of(1, 1), ITSM_REV_NONE, 1, &key, 1)), ITSM_OK);
    cr_assert_eq(desk_one(d, put_of(ref_of(1, 2), ITSM_REV_NONE, 1, "b")), ITSM_OK);
    cr_assert_eq(desk_one(d, op_of(ITSM_DEL, ref_of(1, 1), 2)), ITSM_E_CONFLICT);
    cr_assert_eq(desk_one(d, op_of(ITSM_DEL, ref_of(1, 1), 1)), ITSM_OK);
    cr_assert_eq(desk_rev(d, ref_of(1, 1), NULL), 0);
    expect_scan(d, 1, 0, "2");
    expect_scan(d, 1, 1, "");
    cr_assert_eq(desk_one(d, put_keys_of(ref_of(1, 3), ITSM_REV_NONE, 1, &key, 1)), ITSM_OK, "its unique key is free");
    cr_assert_eq(desk_one(d, op_of(ITSM_CHECK, ref_of(1, 1), ITSM_REV_NONE)), ITSM_OK);
    cr_assert_eq(desk_one(d, op_of(ITSM_CHECK, ref_of(1, 1), 1)), ITSM_E_CONFLICT);
}

static inline void contract_an_old_revision_does_not_come_back_to_life(struct desk *d)
{
    cr_assert_eq(desk_one(d, put_of(ref_of(1, 1), ITSM_REV_NONE, 4, "a")), ITSM_OK);
    cr_assert_eq(desk_one(d, op_of(ITSM_DEL, ref_of(1, 1), 4)), ITSM_OK);
    cr_assert_eq(desk_one(d, put_of(ref_of(1, 1), 4, 5, "b")), ITSM_E_CONFLICT);
    cr_assert_eq(desk_one(d, put_of(ref_of(1, 1), ITSM_REV_NONE, 4, "b")), ITSM_E_CONFLICT);
    cr_assert_eq(desk_one(d, put_of(ref_of(1, 1), ITSM_REV_NONE, 1, "b")), ITSM_E_CONFLICT);
    cr_assert_eq(desk_rev(d, ref_of(1, 1), NULL), 0);
    cr_assert_eq(desk_one(d, put_of(ref_of(1, 1), ITSM_REV_NONE, 5, "b")), ITSM_OK);
    cr_assert_eq(desk_rev(d, ref_of(1, 1), "b"), 5);
}

/* Unique keys and index sets -------------------------------------------------------------------------------------- */

static inline void contract_a_unique_key_belongs_to_one_row(struct desk *d)
{
    itsm_index_key keys[2] = {key_of(1, 1, "INC1"), key_of(2, 0, "INC1")};
    itsm_op ops[2];
    cr_assert_eq(desk_one(d, put_keys_of(ref_of(1, 1), ITSM_REV_NONE, 1, keys, 2)), ITSM_OK);
    ops[0] = put_of(ref_of(1, 5), ITSM_REV_NONE, 1, "e");
    ops[1] = put_keys_of(ref_of(1, 2), ITSM_REV_NONE, 1, keys, 2);
    cr_assert_eq(desk_apply(d, ops, 2), ITSM_E_UNIQUE);
    cr_assert_eq(d->applied.failed_op, 1);
    expect_scan(d, 1, 0, "1");
    expect_scan(d, 1, 1, "1");
    expect_scan(d, 1, 2, "1");
    cr_assert_eq(desk_one(d, put_keys_of(ref_of(1, 1), 1, 2, keys, 2)), ITSM_OK, "its owner keeps it");
    cr_assert_eq(desk_one(d, put_keys_of(ref_of(2, 2), ITSM_REV_NONE, 1, keys, 2)), ITSM_OK, "another type is free");
    cr_assert_eq(desk_one(d, put_keys_of(ref_of(1, 2), ITSM_REV_NONE, 1, keys + 1, 1)), ITSM_OK,
                 "index 2 is not unique");
    expect_scan(d, 1, 2, "1 2");
}

static inline void contract_two_rows_of_one_batch_cannot_take_one_unique_key(struct desk *d)
{
    itsm_index_key key = key_of(1, 1, "k");
    itsm_op ops[2] = {put_keys_of(ref_of(1, 1), ITSM_REV_NONE, 1, &key, 1),
                      put_keys_of(ref_of(1, 2), ITSM_REV_NONE, 1, &key, 1)};
    cr_assert_eq(desk_apply(d, ops, 2), ITSM_E_UNIQUE);
    cr_assert_eq(d->applied.failed_op, 1);
    expect_scan(d, 1, 0, "");
    expect_scan(d, 1, 1, "");
}

static inline void contract_a_unique_key_can_change_hands_in_one_batch(struct desk *d)
{
    itsm_index_key a = key_of(1, 1, "a"), b = key_of(1, 1, "b");
    itsm_op ops[2] = {put_keys_of(ref_of(1, 1), ITSM_REV_NONE, 1, &a, 1),
                      put_keys_of(ref_of(1, 2), ITSM_REV_NONE, 1, &b, 1)};
    cr_assert_eq(desk_apply(d, ops, 2), ITSM_OK);
    expect_scan(d, 1, 1, "1 2");
    ops[0] = put_keys_of(ref_of(1, 1), 1, 2, &b, 1), ops[1] = put_keys_of(ref_of(1, 2), 1, 2, &a, 1);
    cr_assert_eq(desk_apply(d, ops, 2), ITSM_OK);
    expect_scan(d, 1, 1, "2 1");
    ops[0] = put_keys_of(ref_of(1, 3), ITSM_REV_NONE, 1, &a, 1), ops[1] = op_of(ITSM_DEL, ref_of(1, 2), 2);
    cr_assert_eq(desk_apply(d, ops, 2), ITSM_OK);
    expect_scan(d, 1, 1, "3 1");
}

static inline void contract_a_put_replaces_all_index_keys(struct desk *d)
{
    itsm_index_key old[4] = {key_of(1, 0, "a"), key_of(1, 0, "b"), key_of(2, 0, "c"), key_of(3, 1, "d")};
    itsm_index_key now[3] = {key_of(1, 0, "b"), key_of(4, 0, "c"), key_of(1, 0, "b")};
    cr_assert_eq(desk_one(d, put_keys_of(ref_of(1, 1), ITSM_REV_NONE, 1, old, 4)), ITSM_OK);
    expect_scan(d, 1, 1, "1 1");
    cr_assert_eq(desk_one(d, put_keys_of(ref_of(1, 1), 1, 2, now, 3)), ITSM_OK);
    expect_scan(d, 1, 1, "1");
    expect_scan(d, 1, 2, "");
    expect_scan(d, 1, 3, "");
    expect_scan(d, 1, 4, "1");
    cr_assert_eq(desk_one(d, put_of(ref_of(1, 1), 2, 3, "x")), ITSM_OK);
    expect_scan(d, 1, 1, "");
    expect_scan(d, 1, 4, "");
    expect_scan(d, 1, 0, "1");
}

static inline void contract_a_row_may_have_many_keys(struct desk *d)
{
    enum { MANY = 500 };
    static char text[MANY][8];
    static itsm_index_key keys[MANY];
    static uint64_t ids[MANY];
    itsm_range range = range_of(1, 1, 0);
    for (unsigned i = 0; i < MANY; i++) {
        snprintf(text[i], sizeof text[i], "%05u", i);
        keys[i] = key_of(1, i % 2, text[i]);
    }
    cr_assert_eq(desk_one(d, put_keys_of(ref_of(1, 1), ITSM_REV_NONE, 1, keys, MANY)), ITSM_OK);
    cr_assert_eq(desk_scan(d, &range, ids, MANY), MANY);
    cr_assert_eq(desk_one(d, put_keys_of(ref_of(1, 1), 1, 2, keys + 100, MANY - 200)), ITSM_OK);
    cr_assert_eq(desk_scan(d, &range, ids, MANY), MANY - 200);
    cr_assert_eq(desk_one(d, op_of(ITSM_DEL, ref_of(1, 1), 2)), ITSM_OK);
    cr_assert_eq(desk_scan(d, &range, ids, MANY), 0);
}

/* Order and ranges ------------------------------------------------------------------------------------------------ */

/* Keys that are dear to get wrong, in memcmp order. */
static const itsm_bytes contract_keys[] = {
    {"", 0},         {"\0", 1},         {"\0\0", 2},
    {"\0\1", 2},     {"\0\377", 2},     {"\1", 1},
    {"\1\0", 2},     {"a", 1},          {"a\0", 2},
    {"a\0a", 3},     {"a\1", 2},        {"aa", 2},
    {"ab", 2},       {"b", 1},          {"\177", 1},
    {"\200", 1},     {"\376", 1},       {"\376\377\377", 3},
    {"\377", 1},     {"\377\0", 2},     {"\377\376", 2},
    {"\377\377", 2}, {"\377\377\0", 3}, {"\377\377\377\377\377\377\377\377\377", 9}};
enum { CONTRACT_KEYS = sizeof contract_keys / sizeof *contract_keys };

static inline int contract_compare(itsm_bytes a, itsm_bytes b)
{
    int c = memcmp(a.p, b.p, a.n < b.n ? a.n : b.n);
    return c ? c : (a.n > b.n) - (a.n < b.n);
}

/* One row per key, put in a mixed order; row number i + 1 has key i. */
static inline void contract_fill(struct desk *d, uint32_t type, uint32_t index)
{
    for (size_t k = 0; k < CONTRACT_KEYS; k++) {
        size_t i = k * 7 % CONTRACT_KEYS;
        itsm_index_key key = {index, 0, {NULL, 0}};
        key.key = contract_keys[i];
        cr_assert_eq(desk_one(d, put_keys_of(ref_of(type, i + 1), ITSM_REV_NONE, 1, &key, 1)), ITSM_OK);
    }
}

static inline void contract_scans_go_in_memcmp_order(struct desk *d)
{
    uint64_t ids[CONTRACT_KEYS];
    contract_fill(d, 7, 3);
    for (int descending = 0; descending < 2; descending++) {
        itsm_range range = range_of(7, 3, descending);
        cr_assert_eq(desk_scan(d, &range, ids, CONTRACT_KEYS), CONTRACT_KEYS);
        for (size_t i = 0; i < CONTRACT_KEYS; i++) cr_assert_eq(ids[i], descending ? CONTRACT_KEYS - i : i + 1);
    }
}

static inline void contract_a_range_has_its_start_and_not_its_end(struct desk *d)
{
    uint64_t ids[CONTRACT_KEYS];
    contract_fill(d, 7, 3);
    for (size_t lo = 0; lo < CONTRACT_KEYS; lo++)
        for (size_t hi = 0; hi <= CONTRACT_KEYS; hi++)
            for (int descending = 0; descending < 2; descending++) {
                itsm_range range = range_of(7, 3, descending);
                size_t n = 0;
                range.lo = contract_keys[lo];
                if (hi < CONTRACT_KEYS) range.hi = contract_keys[hi];
                size_t got = desk_scan(d, &range, ids, CONTRACT_KEYS);
                for (size_t k = 0; k < CONTRACT_KEYS; k++) {
                    size_t i = descending ? CONTRACT_KEYS - 1 - k : k;
                    if (contract_compare(contract_keys[i], range.lo) < 0) continue;
                    if (range.hi.p && contract_compare(contract_keys[i], range.hi) >= 0) continue;
                    cr_assert(n < got && ids[n] == i + 1, "range %zu..%zu, row %zu", lo, hi, n);
                    n++;
                }
                cr_assert_eq(got, n);
            }
}

static inline void contract_a_range_stays_within_its_type_and_index(struct desk *d)
{
    static const uint32_t numbers[] = {1, 2, 254, 255, 256, 65535, 65536, UINT32_MAX - 1, UINT32_MAX};
    uint64_t ids[4];
    for (size_t t = 0; t < 9; t++) {
        itsm_index_key keys[9];
        for (size_t i = 0; i < 9; i++) keys[i] = key_of(numbers[i], 0, "\377\377\377\377");
        cr_assert_eq(desk_one(d, put_keys_of(ref_of(numbers[t], t), ITSM_REV_NONE, 1, keys, 9)), ITSM_OK);
    }
    for (size_t t = 0; t < 9; t++)
        for (size_t i = 0; i < 10; i++)
            for (int descending = 0; descending < 2; descending++) {
                itsm_range range = range_of(numbers[t], i < 9 ? numbers[i] : 0, descending);
                cr_assert_eq(desk_scan(d, &range, ids, 4), 1);
                cr_assert_eq(ids[0], t);
            }
}

static inline void contract_rows_with_equal_keys_are_each_seen_once(struct desk *d)
{
    itsm_index_key key = key_of(1, 0, "same"), before = key_of(1, 0, "sam"), after = key_of(1, 0, "same\1");
    uint64_t ids[64];
    for (uint64_t i = 0; i < 40; i++)
        cr_assert_eq(desk_one(d, put_keys_of(ref_of(1, 100 + i * 37 % 40), ITSM_REV_NONE, 1, &key, 1)), ITSM_OK);
    cr_assert_eq(desk_one(d, put_keys_of(ref_of(1, 500), ITSM_REV_NONE, 1, &before, 1)), ITSM_OK);
    cr_assert_eq(desk_one(d, put_keys_of(ref_of(1, 1), ITSM_REV_NONE, 1, &after, 1)), ITSM_OK);
    itsm_range range = range_of(1, 1, 0);
    cr_assert_eq(desk_scan(d, &range, ids, 64), 42);
    cr_assert(ids[0] == 500 && ids[41] == 1);
    range.lo = key.key, range.hi = after.key;
    for (int descending = 0; descending < 2; descending++) {
        uint64_t seen = 0;
        range.descending = (uint32_t)descending;
        cr_assert_eq(desk_scan(d, &range, ids, 64), 40);
        for (size_t i = 0; i < 40; i++) seen |= UINT64_C(1) << (ids[i] - 100);
        cr_assert_eq(seen, (UINT64_C(1) << 40) - 1);
    }
}

static inline void contract_index_0_goes_in_order_of_identity(struct desk *d)
{
    static const itsm_id order[] = {{0, 0},          {0, 1},          {0, 255},        {0, 256},
                                    {0, UINT64_MAX}, {1, 0},          {1, 255},        {255, UINT64_MAX},
                                    {256, 0},        {UINT64_MAX, 0}, {UINT64_MAX, 7}, {UINT64_MAX, UINT64_MAX}};
    enum { N = 12 };
    uint64_t ids[N];
    unsigned char bytes[2][17];
    for (size_t k = 0; k < N; k++) {
        itsm_ref ref = {3, order[k * 5 % N]};
        cr_assert_eq(desk_one(d, put_of(ref, ITSM_REV_NONE, 1, "x")), ITSM_OK);
    }
    for (size_t lo = 0; lo < N; lo++)
        for (size_t hi = 0; hi < N; hi++)
            for (size_t extra = 16; extra < 18; extra++) {
                itsm_range range = range_of(3, 0, 0);
                for (size_t b = 0; b < 2; b++)
                    for (size_t i = 0; i < 8; i++) {
                        bytes[b][i] = (unsigned char)(order[b ? hi : lo].hi >> (56 - 8 * i));
                        bytes[b][i + 8] = (unsigned char)(order[b ? hi : lo].lo >> (56 - 8 * i));
                        bytes[b][16] = 0;
                    }
                range.lo = bytes_n(bytes[0], extra), range.hi = bytes_n(bytes[1], extra);
                size_t first = lo + extra - 16,
                       end = hi + extra - 16; /* longer bounds lie just behind their identity */
                size_t n = desk_scan(d, &range, ids, N);
                cr_assert_eq(n, end > first ? end - first : 0);
                for (size_t i = 0; i < n; i++) cr_assert_eq(ids[i], order[first + i].lo);
            }
    itsm_range all = range_of(3, 0, 1);
    cr_assert_eq(desk_scan(d, &all, ids, N), N);
    for (size_t i = 0; i < N; i++) cr_assert_eq(ids[i], order[N - 1 - i].lo);
    all.descending = 0, all.lo = bytes_n("\377", 1);
    cr_assert_eq(desk_scan(d, &all, ids, N), 3);
}

static inline void contract_keys_may_be_as_long_as_the_limit(struct desk *d)
{
    static char text[3][ITSM_STORE_KEY_MAX + 1];
    uint64_t ids[200];
    for (uint64_t i = 0; i < 100; i++) {
        itsm_index_key keys[2];
        for (size_t k = 0; k < 2; k++) {
            memset(text[k], k ? 'z' : 'a', ITSM_STORE_KEY_MAX);
            text[k][i % 3 ? 2040 : 10] = (char)('A' + i % 26), text[k][2047] = (char)('0' + i / 26);
            keys[k].index = 1, keys[k].unique = 0, keys[k].key = bytes_n(text[k], ITSM_STORE_KEY_MAX);
        }
        cr_assert_eq(desk_one(d, put_keys_of(ref_of(1, i), ITSM_REV_NONE, 1, keys, 2)), ITSM_OK);
    }
    itsm_range range = range_of(1, 1, 0);
    cr_assert_eq(desk_scan(d, &range, ids, 200), 200);
    itsm_index_key key = {1, 0, {NULL, 0}};
    key.key = bytes_n(text[0], ITSM_STORE_KEY_MAX + 1);
    cr_assert_eq(desk_one(d, put_keys_of(ref_of(1, 1000), ITSM_REV_NONE, 1, &key, 1)), ITSM_E_LIMIT);
    for (uint64_t i = 0; i < 100; i += 2) cr_assert_eq(desk_one(d, op_of(ITSM_DEL, ref_of(1, i), 1)), ITSM_OK);
    cr_assert_eq(desk_scan(d, &range, ids, 200), 100);
}

/* Views ----------------------------------------------------------------------------------------------------------- */

static inline void contract_a_view_opened_later_sees_what_was_written(struct desk *d)
{
    for (uint64_t rev = 1; rev < 50; rev++) {
        cr_assert_eq(desk_one(d, put_of(ref_of(1, 1), rev - 1, rev, "x")), ITSM_OK);
        cr_assert_eq(desk_rev(d, ref_of(1, 1), "x"), rev);
    }
}

static inline void contract_a_view_sees_one_commit(struct desk *d)
{
    itsm_view views[10];
    itsm_row row;
    uint64_t ids[64];
    if (!(itsm_store_caps(d->store) & ITSM_CAP_SNAPSHOT)) cr_skip_test("no snapshots");
    for (uint64_t i = 0; i < 10; i++) {
        char text[8];
        snprintf(text, sizeof text, "%u", (unsigned)i);
        itsm_index_key key = key_of(1, 0, text);
        itsm_op ops[3] = {put_keys_of(ref_of(1, 1), i, i + 1, &key, 1),
                          put_of(ref_of(1, 100 + i), ITSM_REV_NONE, 1, "x"),
                          op_of(ITSM_DEL, ref_of(1, 99 + i), ITSM_REV_ANY)};
        cr_assert_eq(desk_apply(d, ops, 3), ITSM_OK);
        cr_assert_eq(itsm_store_view_open(&views[i], d->ctx, d->store, NULL), ITSM_OK);
    }
    static const size_t close_order[] = {4, 9, 0, 5, 3, 8, 1, 7, 2, 6};
    for (size_t closed = 0; closed < 10; closed++) {
        for (size_t k = closed; k < 10; k++) {
            uint64_t i = close_order[k];
            char text[8];
            snprintf(text, sizeof text, "%u", (unsigned)i);
            cr_assert_eq(itsm_store_get(&row, d->ctx, &views[i], ref_of(1, 1)), ITSM_OK);
            cr_assert_eq(row.rev, i + 1);
            itsm_range range = range_of(1, 0, 0);
            cr_assert_eq(view_scan(d, &views[i], &range, ids, 64), 2);
            cr_assert_eq(ids[1], 100 + i);
            range = range_of(1, 1, 0);
            range.lo = bytes_c(text);
            cr_assert_eq(view_scan(d, &views[i], &range, ids, 64), 1, "its own key, and none of the others'");
        }
        itsm_store_view_close(&views[close_order[closed]]);
    }
}

static inline void contract_a_scan_gives_each_row_once_while_rows_change(struct desk *d)
{
    itsm_view view;
    itsm_cursor cursor;
    itsm_row row;
    for (uint64_t i = 0; i < 200; i++) cr_assert_eq(desk_one(d, put_of(ref_of(1, i), ITSM_REV_NONE, 1, "x")), ITSM_OK);
    itsm_range range = range_of(1, 0, 0);
    cr_assert_eq(itsm_store_view_open(&view, d->ctx, d->store, NULL), ITSM_OK);
    cr_assert_eq(itsm_store_scan(&cursor, d->ctx, &view, &range), ITSM_OK);
    int snapshot = (itsm_store_caps(d->store) & ITSM_CAP_SNAPSHOT) != 0;
    uint64_t count = 0, last = 0;
    while (itsm_store_next(&row, d->ctx, &cursor) == ITSM_OK) {
        uint64_t id = row.ref.id.lo;
        cr_assert(!count || id > last, "each row once, in order");
        if (snapshot) cr_assert(id == count && row.rev == 1);
        last = id, count++;
        cr_assert_eq(desk_one(d, op_of(ITSM_DEL, ref_of(1, id), row.rev)), ITSM_OK);
        if (id < 200) cr_assert_eq(desk_one(d, put_of(ref_of(1, 1000 - id), ITSM_REV_NONE, 1, "new")), ITSM_OK);
    }
    cr_assert_geq(count, 200);
    itsm_store_cursor_close(&cursor);
    itsm_store_view_close(&view);
}

static inline void contract_a_row_stays_valid_until_the_next_of_its_kind(struct desk *d)
{
    itsm_view view;
    itsm_cursor cursor;
    itsm_row got, next;
    itsm_range range = range_of(1, 0, 0);
    cr_assert_eq(desk_one(d, put_of(ref_of(1, 1), ITSM_REV_NONE, 1, "first")), ITSM_OK);
    cr_assert_eq(desk_one(d, put_of(ref_of(1, 2), ITSM_REV_NONE, 1, "other")), ITSM_OK);
    cr_assert_eq(itsm_store_view_open(&view, d->ctx, d->store, NULL), ITSM_OK);
    cr_assert_eq(itsm_store_get(&got, d->ctx, &view, ref_of(1, 1)), ITSM_OK);
    cr_assert_eq(itsm_store_scan(&cursor, d->ctx, &view, &range), ITSM_OK);
    cr_assert_eq(itsm_store_next(&next, d->ctx, &cursor), ITSM_OK);
    cr_assert_eq(itsm_store_next(&next, d->ctx, &cursor), ITSM_OK);
    cr_assert_eq(desk_one(d, put_of(ref_of(1, 1), 1, 2, "later")), ITSM_OK);
    cr_assert_eq(desk_one(d, op_of(ITSM_DEL, ref_of(1, 2), 1)), ITSM_OK);
    cr_assert(got.body.n == 5 && memcmp(got.body.p, "first", 5) == 0);
    cr_assert(next.body.n == 5 && memcmp(next.body.p, "other", 5) == 0);
    itsm_store_cursor_close(&cursor);
    itsm_store_view_close(&view);
}

static inline void contract_get_many_leaves_out_what_is_missing(struct desk *d)
{
    itsm_ref refs[5] = {{1, {0, 3}}, {1, {0, 9}}, {1, {0, 1}}, {2, {0, 1}}, {1, {0, 2}}};
    itsm_view view;
    itsm_cursor cursor;
    itsm_row row;
    itsm_status rc;
    uint64_t sum = 0;
    for (uint64_t i = 1; i < 4; i++) cr_assert_eq(desk_one(d, put_of(ref_of(1, i), ITSM_REV_NONE, i, "x")), ITSM_OK);
    cr_assert_eq(itsm_store_view_open(&view, d->ctx, d->store, NULL), ITSM_OK);
    cr_assert_eq(itsm_store_get_many(&cursor, d->ctx, &view, refs, 5), ITSM_OK);
    while ((rc = itsm_store_next(&row, d->ctx, &cursor)) == ITSM_OK)
        sum += row.rev * (row.ref.id.lo == row.rev ? 1 : 100);
    cr_assert_eq(rc, ITSM_DONE);
    cr_assert_eq(sum, 6);
    itsm_store_cursor_close(&cursor);
    cr_assert_eq(itsm_store_get_many(&cursor, d->ctx, &view, refs, 0), ITSM_OK);
    cr_assert_eq(itsm_store_next(&row, d->ctx, &cursor), ITSM_DONE);
    itsm_store_cursor_close(&cursor);
    itsm_store_view_close(&view);
}

/* Audit and sequences --------------------------------------------------------------------------------------------- */

static inline void contract_audit_entries_keep_their_order(struct desk *d)
{
    itsm_bytes audit[3] = {bytes_c("a"), bytes_c("b"), bytes_c("c")};
    itsm_op check = op_of(ITSM_CHECK, ref_of(1, 1), ITSM_REV_NONE);
    int sync = (itsm_store_caps(d->store) & ITSM_CAP_SEAL_SYNC) != 0;
    cr_assert_eq(desk_apply_audit(d, &check, 1, audit, 3), ITSM_OK);
    if (sync) cr_assert_eq(d->applied.audit_first, 0);
    cr_assert_eq(desk_apply_audit(d, &check, 1, audit + 1, 1), ITSM_OK);
    if (sync) cr_assert_eq(d->applied.audit_first, 3);
    check.expect = 1;
    cr_assert_eq(desk_apply_audit(d, &check, 1, audit, 3), ITSM_E_CONFLICT);
    check.expect = ITSM_REV_NONE;
    cr_assert_eq(desk_apply_audit(d, &check, 1, audit + 2, 1), ITSM_OK);
    if (sync) cr_assert_eq(d->applied.audit_first, 4);
    expect_audit(d, 0, "a,b,c,b,c");
    expect_audit(d, 3, "b,c");
    expect_audit(d, 5, "");
    expect_audit(d, UINT64_MAX, "");
}

static inline void contract_audit_entries_come_back_bit_for_bit(struct desk *d)
{
    enum { N = 3000 };
    static unsigned char bytes[N + 300];
    itsm_op check = op_of(ITSM_CHECK, ref_of(1, 1), ITSM_REV_NONE);
    itsm_view view;
    itsm_cursor cursor;
    itsm_row row;
    uint64_t end;
    for (size_t i = 0; i < sizeof bytes; i++) bytes[i] = (unsigned char)(i * 31 + i / 256);
    for (size_t i = 0; i < N; i += 10) {
        itsm_bytes audit[10];
        for (size_t k = 0; k < 10; k++) audit[k] = bytes_n(bytes + i + k, 1 + (i + k) * 13 % 300);
        cr_assert_eq(desk_apply_audit(d, &check, 1, audit, 10), ITSM_OK);
    }
    itsm_status rc = itsm_store_seal(&end, d->ctx, d->store, N, NULL);
    cr_assert(rc == ITSM_OK ? end == N : rc == ITSM_NOTHING);
    cr_assert_eq(itsm_store_view_open(&view, d->ctx, d->store, NULL), ITSM_OK);
    for (size_t from = 0; from < N; from += 617) {
        cr_assert_eq(itsm_store_audit_scan(&cursor, d->ctx, &view, from), ITSM_OK);
        for (size_t i = from; i < N; i++) {
            cr_assert_eq(itsm_store_next(&row, d->ctx, &cursor), ITSM_OK);
            cr_assert_eq(row.ref.id.lo, i);
            cr_assert(row.body.n == 1 + i * 13 % 300 && memcmp(row.body.p, bytes + i, row.body.n) == 0);
        }
        cr_assert_eq(itsm_store_next(&row, d->ctx, &cursor), ITSM_DONE);
        itsm_store_cursor_close(&cursor);
    }
    itsm_store_view_close(&view);
}

static inline void contract_numbers_of_a_sequence_never_repeat(struct desk *d)
{
    uint64_t first, next = 1, other;
    for (uint32_t n = 1; n < 100; n++) {
        cr_assert_eq(itsm_store_reserve(&first, d->ctx, d->store, "incident", n, NULL), ITSM_OK);
        cr_assert(first >= next, "given again");
        next = first + n;
        cr_assert_eq(itsm_store_reserve(&other, d->ctx, d->store, n % 2 ? "change" : "i", 1, NULL), ITSM_OK);
    }
    cr_assert_lt(other, next, "sequences count for themselves");
    first = 77;
    cr_assert_eq(itsm_store_reserve(&first, d->ctx, d->store, "", 1, NULL), ITSM_E_MISUSE);
    cr_assert_eq(itsm_store_reserve(&first, d->ctx, d->store, "incident", 0, NULL), ITSM_E_MISUSE);
    char name[ITSM_STORE_SEQUENCE_MAX + 2];
    memset(name, 'n', sizeof name), name[sizeof name - 1] = 0;
    cr_assert_eq(itsm_store_reserve(&first, d->ctx, d->store, name, 1, NULL), ITSM_E_LIMIT);
    cr_assert_eq(first, 77);
}

/* Batches that are not well formed, and large ones ---------------------------------------------------------------- */

static inline void expect_refused(struct desk *d, itsm_op op, itsm_status wanted)
{
    itsm_op ops[2] = {op_of(ITSM_CHECK, ref_of(99, 99), ITSM_REV_NONE), op};
    cr_assert_eq(desk_apply(d, ops, 2), wanted);
    cr_assert_eq(d->applied.failed_op, 1);
    cr_assert_eq(itsm_ctx_issue_count(d->ctx), 1);
    cr_assert_gt(first_message(d->ctx).n, 0);
}

static inline void contract_batches_that_are_not_well_formed_are_refused(struct desk *d)
{
    itsm_index_key key = key_of(0, 0, "k"), none = {1, 0, {NULL, 3}};
    itsm_op bad = put_of(ref_of(1, 1), ITSM_REV_NONE, 1, "a");
    bad.kind = 4;
    expect_refused(d, bad, ITSM_E_MISUSE);
    bad.kind = ITSM_PUT, bad.flags = 1;
    expect_refused(d, bad, ITSM_E_MISUSE);
    expect_refused(d, put_of(ref_of(1, 1), ITSM_REV_NONE, 0, "a"), ITSM_E_MISUSE);
    expect_refused(d, put_of(ref_of(1, 1), ITSM_REV_ANY, ITSM_REV_ANY, "a"), ITSM_E_MISUSE);
    expect_refused(d, put_of(ref_of(1, 1), 5, 5, "a"), ITSM_E_MISUSE);
    expect_refused(d, put_of(ref_of(1, 1), 5, 4, "a"), ITSM_E_MISUSE);
    expect_refused(d, op_of(ITSM_DEL, ref_of(1, 1), ITSM_REV_NONE), ITSM_E_MISUSE);
    expect_refused(d, put_keys_of(ref_of(1, 1), ITSM_REV_NONE, 1, &key, 1), ITSM_E_MISUSE);
    expect_refused(d, put_keys_of(ref_of(1, 1), ITSM_REV_NONE, 1, &none, 1), ITSM_E_MISUSE);
    expect_refused(d, put_keys_of(ref_of(1, 1), ITSM_REV_NONE, 1, NULL, 1), ITSM_E_MISUSE);
    bad = put_of(ref_of(1, 1), ITSM_REV_NONE, 1, "a");
    bad.row.body.p = NULL;
    expect_refused(d, bad, ITSM_E_MISUSE);
    bad = put_of(ref_of(1, 1), ITSM_REV_NONE, 1, "a"), bad.row.body.n = (size_t)ITSM_STORE_BODY_MAX + 1;
    expect_refused(d, bad, ITSM_E_LIMIT);
    bad = put_of(ref_of(1, 1), ITSM_REV_NONE, 1, "a"), bad.row.nfields = 1;
    expect_refused(d, bad, ITSM_E_MISUSE);
    expect_scan(d, 1, 0, "");

    itsm_bytes empty = {"", 0};
    itsm_op check = op_of(ITSM_CHECK, ref_of(1, 1), ITSM_REV_NONE);
    cr_assert_eq(desk_apply_audit(d, &check, 1, &empty, 1), ITSM_E_MISUSE);
    cr_assert_eq(desk_apply_audit(d, &check, 1, NULL, 1), ITSM_E_MISUSE);
    cr_assert_eq(desk_apply_audit(d, NULL, 1, NULL, 0), ITSM_E_MISUSE);
    cr_assert_eq(desk_apply_audit(d, NULL, 0, NULL, 0), ITSM_E_MISUSE, "a batch without expectation");
    cr_assert_eq(desk_one(d, put_of(ref_of(1, 1), ITSM_REV_ANY, 1, "a")), ITSM_E_MISUSE, "a batch without expectation");
    cr_assert_eq(itsm_store_apply(NULL, d->ctx, d->store, NULL, NULL), ITSM_E_MISUSE);
    expect_audit(d, 0, "");
}

static inline void contract_a_row_is_written_once_in_a_batch(struct desk *d)
{
    enum { MANY = 1000 };
    static itsm_op ops[MANY];
    for (size_t n = 2; n <= MANY; n = n < 20 ? n + 1 : n * 3 + 1) {
        for (size_t i = 0; i < n; i++) ops[i] = put_of(ref_of(1, i), ITSM_REV_NONE, 1, "x");
        ops[n - 1].row.ref.id.lo = n / 3;
        cr_assert_eq(desk_apply(d, ops, n), ITSM_E_MISUSE);
        cr_assert_eq(d->applied.failed_op, n - 1);
        ops[n - 1] = op_of(ITSM_DEL, ref_of(1, n / 3), 1);
        cr_assert_eq(desk_apply(d, ops, n), ITSM_E_MISUSE);
    }
    expect_scan(d, 1, 0, "");
}

static inline void contract_a_batch_of_thousands_is_one_commit(struct desk *d)
{
    enum { MANY = 3000 };
    static itsm_op ops[MANY];
    static itsm_index_key keys[MANY];
    static char text[MANY][8];
    static uint64_t ids[MANY], revisions[MANY];
    for (unsigned i = 0; i < MANY; i++) {
        snprintf(text[i], sizeof text[i], "%06u", i * 7919 % MANY);
        keys[i] = key_of(1, 1, text[i]);
        ops[i] = put_keys_of(ref_of(1, i), ITSM_REV_NONE, i + 1, &keys[i], 1);
    }
    keys[MANY - 1] = keys[0];
    cr_assert_eq(desk_apply(d, ops, MANY), ITSM_E_UNIQUE);
    cr_assert_eq(d->applied.failed_op, MANY - 1);
    expect_scan(d, 1, 0, "");
    expect_scan(d, 1, 1, "");
    keys[MANY - 1] = key_of(1, 1, "last");
    itsm_batch batch = ITSM_BATCH_INIT;
    itsm_applied applied = ITSM_APPLIED_INIT;
    batch.ops = ops, batch.nops = MANY, applied.rev_out = revisions;
    cr_assert_eq(itsm_store_apply(&applied, d->ctx, d->store, &batch, NULL), ITSM_OK);
    for (size_t i = 0; i < MANY; i++) cr_assert_eq(revisions[i], i + 1);
    itsm_range range = range_of(1, 1, 0);
    cr_assert_eq(desk_scan(d, &range, ids, MANY), MANY);
    for (unsigned i = 1; i + 1 < MANY; i++) cr_assert_lt(ids[i - 1] * 7919 % MANY, ids[i] * 7919 % MANY);
    cr_assert_eq(ids[MANY - 1], MANY - 1);
}

static inline void contract_what_is_wrong_with_a_call_is_said(struct desk *d)
{
    itsm_view view = ITSM_VIEW_INIT;
    itsm_cursor cursor = ITSM_CURSOR_INIT;
    itsm_row row;
    itsm_range range = range_of(1, 0, 0);
    itsm_store_view_close(&view), itsm_store_view_close(NULL);
    itsm_store_cursor_close(&cursor), itsm_store_cursor_close(NULL);
    cr_assert_eq(itsm_store_get(&row, d->ctx, &view, ref_of(1, 1)), ITSM_E_MISUSE);
    cr_assert_eq(itsm_store_scan(&cursor, d->ctx, &view, &range), ITSM_E_MISUSE);
    cr_assert_eq(itsm_store_next(&row, d->ctx, &cursor), ITSM_E_MISUSE);
    cr_assert_eq(itsm_ctx_issue_count(d->ctx), 1);
    cr_assert_eq(itsm_store_view_open(&view, d->ctx, d->store, NULL), ITSM_OK);
    cr_assert_eq(itsm_ctx_issue_count(d->ctx), 0);
    range.size = 8;
    cr_assert_eq(itsm_store_scan(&cursor, d->ctx, &view, &range), ITSM_E_MISUSE);
    itsm_store_view_close(&view);
    cr_assert_eq(desk_one(d, op_of(ITSM_CHECK, ref_of(1, 1), 5)), ITSM_E_CONFLICT);
    cr_assert_eq(itsm_ctx_issue_count(d->ctx), 1);
    cr_assert(itsm_str_eq(itsm_ctx_issue(d->ctx, 0)->where, itsm_store_name(d->store)));
    cr_assert_gt(first_message(d->ctx).n, 0);
}

static inline void contract_maintenance_finds_nothing_wrong(struct desk *d)
{
    itsm_index_key key = key_of(1, 0, "k");
    for (uint64_t i = 0; i < 300; i++)
        cr_assert_eq(desk_one(d, put_keys_of(ref_of(1, i), ITSM_REV_NONE, 1, &key, 1)), ITSM_OK);
    for (uint64_t i = 0; i < 300; i += 3) cr_assert_eq(desk_one(d, op_of(ITSM_DEL, ref_of(1, i), 1)), ITSM_OK);
    for (uint32_t what = ITSM_MAINTAIN_COMPACT; what <= ITSM_MAINTAIN_CHECK; what++) {
        itsm_status rc = itsm_store_maintain(d->ctx, d->store, what, NULL);
        cr_assert(rc == ITSM_OK || rc == ITSM_NOTHING);
    }
    itsm_status rc = itsm_store_flush(d->ctx, d->store, NULL);
    cr_assert(rc == ITSM_OK || rc == ITSM_NOTHING);
    cr_assert_eq(itsm_store_maintain(d->ctx, d->store, 9, NULL), ITSM_E_MISUSE);
    cr_assert_eq(desk_rev(d, ref_of(1, 1), "x"), 1);
    cr_assert_eq(desk_rev(d, ref_of(1, 3), NULL), 0);
}

/* All claims ------------------------------------------------------------------------------------------------------ */

#define CONTRACT_CLAIMS(X, suite, make, unmake)                                                                        \
    X(suite, an_empty_store_has_no_rows, make, unmake)                                                                 \
    X(suite, a_row_comes_back_byte_for_byte, make, unmake)                                                             \
    X(suite, types_and_both_halves_of_an_identity_tell_rows_apart, make, unmake)                                       \
    X(suite, a_batch_is_all_or_nothing, make, unmake)                                                                  \
    X(suite, a_conflict_names_the_first_operation_that_failed, make, unmake)                                           \
    X(suite, a_check_alone_holds_or_conflicts, make, unmake)                                                           \
    X(suite, a_row_may_be_checked_and_written_in_one_batch, make, unmake)                                              \
    X(suite, without_an_expectation_a_row_is_written_whatever_it_was, make, unmake)                                    \
    X(suite, a_batch_sent_twice_conflicts, make, unmake)                                                               \
    X(suite, a_deleted_row_is_gone_from_reads_and_scans, make, unmake)                                                 \
    X(suite, an_old_revision_does_not_come_back_to_life, make, unmake)                                                 \
    X(suite, a_unique_key_belongs_to_one_row, make, unmake)                                                            \
    X(suite, two_rows_of_one_batch_cannot_take_one_unique_key, make, unmake)                                           \
    X(suite, a_unique_key_can_change_hands_in_one_batch, make, unmake)                                                 \
    X(suite, a_put_replaces_all_index_keys, make, unmake)                                                              \
    X(suite, a_row_may_have_many_keys, make, unmake)                                                                   \
    X(suite, scans_go_in_memcmp_order, make, unmake)                                                                   \
    X(suite, a_range_has_its_start_and_not_its_end, make, unmake)                                                      \
    X(suite, a_range_stays_within_its_type_and_index, make, unmake)                                                    \
    X(suite, rows_with_equal_keys_are_each_seen_once, make, unmake)                                                    \
    X(suite, index_0_goes_in_order_of_identity, make, unmake)                                                          \
    X(suite, keys_may_be_as_long_as_the_limit, make, unmake)                                                           \
    X(suite, a_view_opened_later_sees_what_was_written, make, unmake)                                                  \
    X(suite, a_view_sees_one_commit, make, unmake)                                                                     \
    X(suite, a_scan_gives_each_row_once_while_rows_change, make, unmake)                                               \
    X(suite, a_row_stays_valid_until_the_next_of_its_kind, make, unmake)                                               \
    X(suite, get_many_leaves_out_what_is_missing, make, unmake)                                                        \
    X(suite, audit_entries_keep_their_order, make, unmake)                                                             \
    X(suite, audit_entries_come_back_bit_for_bit, make, unmake)                                                        \
    X(suite, numbers_of_a_sequence_never_repeat, make, unmake)                                                         \
    X(suite, batches_that_are_not_well_formed_are_refused, make, unmake)                                               \
    X(suite, a_row_is_written_once_in_a_batch, make, unmake)                                                           \
    X(suite, a_batch_of_thousands_is_one_commit, make, unmake)                                                         \
    X(suite, what_is_wrong_with_a_call_is_said, make, unmake)                                                          \
    X(suite, maintenance_finds_nothing_wrong, make, unmake)

#define CONTRACT_TEST(suite, claim, make, unmake)                                                                      \
    Test(suite, claim)                                                                                                 \
    {                                                                                                                  \
        struct desk desk;                                                                                              \
        memset(&desk, 0, sizeof desk);                                                                                 \
        desk.ctx = counting_ctx(&desk.counting);                                                                       \
        desk.store = make(desk.ctx);                                                                                   \
        contract_##claim(&desk);                                                                                       \
        itsm_store_free(desk.store);                                                                                   \
        itsm_ctx_free(desk.ctx);                                                                                       \
        assert_nothing_outstanding(desk.counting);                                                                     \
        unmake();                                                                                                      \
    }

#define CONTRACT_TESTS(suite, make, unmake) CONTRACT_CLAIMS(CONTRACT_TEST, suite, make, unmake)

#endif
