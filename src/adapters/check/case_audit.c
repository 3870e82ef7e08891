/* SPDX-License-Identifier: MIT */
/*
 * The audit trail: order, places, exact bytes; batches sent twice; numbers of sequences.
 */
#include "adapters/check/kit.h"

static itsm_ref A(uint64_t lo)
{
    return itsm__kit_ref(KIT_A, lo);
}

static itsm_op holds(void)
{
    return itsm__kit_op(ITSM_CHECK, itsm__kit_ref(KIT_C, 9), ITSM_REV_NONE);
}

/* Entries of many sizes: number i. */
static itsm_bytes entry_of(unsigned char *room, uint64_t i)
{
    itsm_bytes bytes = {room, 1 + (size_t)(i * 13 % 61)};
    for (size_t k = 0; k < bytes.n; k++) room[k] = (unsigned char)(i * 31 + k * (i % 7));
    return bytes;
}

static void wants_entries(itsm__bench *b, uint64_t from, uint64_t to)
{
    itsm_cursor cursor = ITSM_CURSOR_INIT;
    unsigned char room[64];
    itsm_view view;
    itsm_row row;
    if (!itsm__kit_view(b, &view)) return;
    itsm__kit_status(b, itsm_store_audit_scan(&cursor, b->ctx, &view, from), ITSM_OK, "opening the audit trail");
    for (uint64_t i = from; i < to && !b->failed; i++) {
        itsm__kit_status(b, itsm_store_next(&row, b->ctx, &cursor), ITSM_OK, "the next entry");
        if (!b->failed && (row.ref.id.lo != i || !itsm__kit_same(row.body, entry_of(room, i))))
            itsm__kit_fail(b, "entry %u of the trail is another", i);
    }
    if (!b->failed) itsm__kit_status(b, itsm_store_next(&row, b->ctx, &cursor), ITSM_DONE, "the end of the trail");
    itsm_store_cursor_close(&cursor);
    itsm_store_view_close(&view);
}

/* Entries `from` to `to` in batches of n. */
static void enter(itsm__bench *b, uint64_t from, uint64_t to, size_t n)
{
    itsm_bytes *audit = itsm__kit_alloc(b, n * sizeof *audit);
    unsigned char(*room)[64] = itsm__kit_alloc(b, n * sizeof *room);
    for (uint64_t i = from; audit && room && i < to && !b->failed;) {
        itsm_op op = holds();
        size_t k = 0;
        while (k < n && i < to) audit[k] = entry_of(room[k], i), k++, i++;
        itsm__kit_status(b, itsm__kit_send(b, &op, 1, audit, k, NULL), ITSM_OK, "audit entries");
    }
}

static void entries_keep_their_order(itsm__bench *b, size_t which)
{
    static const char *const first[] = {"a", "b", "c"}, *const second[] = {"d"}, *const third[] = {"e", "f"};
    (void)which;
    itsm__kit_enter(b, first, 3), itsm__kit_enter(b, second, 1), itsm__kit_enter(b, third, 2);
    itsm__kit_trail(b, 0, "a,b,c,d,e,f");
}

static void the_trail_is_read_from_any_place(itsm__bench *b, size_t which)
{
    static const char *const entries[] = {"a", "b", "c", "d"};
    (void)which;
    itsm__kit_enter(b, entries, 4);
    itsm__kit_trail(b, 1, "b,c,d");
    itsm__kit_trail(b, 3, "d");
    itsm__kit_trail(b, 4, "");
    itsm__kit_trail(b, 1000, "");
    itsm__kit_trail(b, UINT64_MAX, "");
}

static void thousands_of_entries_come_back(itsm__bench *b, size_t batch)
{
    enum { N = 3000 };
    enter(b, 0, N, batch);
    itsm__kit_seal(b);
    for (uint64_t from = 0; from <= N; from += 997) wants_entries(b, from, N);
}

static void entries_of_one_byte_each_come_back(itsm__bench *b, size_t which)
{
    unsigned char *bytes = itsm__kit_alloc(b, 256);
    itsm_bytes audit[256];
    itsm_op op = holds();
    itsm_cursor cursor = ITSM_CURSOR_INIT;
    itsm_view view;
    itsm_row row;
    (void)which;
    for (size_t i = 0; bytes && i < 256; i++) bytes[i] = (unsigned char)i, audit[i].p = bytes + i, audit[i].n = 1;
    if (!b->failed) itsm__kit_status(b, itsm__kit_send(b, &op, 1, audit, 256, NULL), ITSM_OK, "audit entries");
    itsm__kit_seal(b);
    if (!itsm__kit_view(b, &view)) return;
    itsm__kit_status(b, itsm_store_audit_scan(&cursor, b->ctx, &view, 0), ITSM_OK, "opening the audit trail");
    for (size_t i = 0; i < 256 && !b->failed; i++) {
        itsm__kit_status(b, itsm_store_next(&row, b->ctx, &cursor), ITSM_OK, "the next entry");
        itsm__kit_want(b, itsm__kit_same(row.body, audit[i]), "an entry of one byte is another");
    }
    itsm_store_cursor_close(&cursor);
    itsm_store_view_close(&view);
}

static void a_long_entry_comes_back(itsm__bench *b, size_t n)
{
    unsigned char *p = itsm__kit_alloc(b, n);
    itsm_op op = holds();
    itsm_bytes audit = {p, n};
    itsm_cursor cursor = ITSM_CURSOR_INIT;
    itsm_view view;
    itsm_row row;
    for (size_t i = 0; p && i < n; i++) p[i] = (unsigned char)(i ^ i >> 8);
    if (!b->failed) itsm__kit_status(b, itsm__kit_send(b, &op, 1, &audit, 1, NULL), ITSM_OK, "a long entry");
    itsm__kit_seal(b);
    if (!itsm__kit_view(b, &view)) return;
    itsm__kit_status(b, itsm_store_audit_scan(&cursor, b->ctx, &view, 0), ITSM_OK, "opening the audit trail");
    if (!b->failed) itsm__kit_status(b, itsm_store_next(&row, b->ctx, &cursor), ITSM_OK, "the entry");
    itsm__kit_want(b, b->failed || itsm__kit_same(row.body, audit), "a long entry comes back as another");
    itsm_store_cursor_close(&cursor);
    itsm_store_view_close(&view);
}

static void a_refused_batch_enters_nothing(itsm__bench *b, size_t unique)
{
    static const char *const before[] = {"before"}, *const after[] = {"after"};
    itsm_index_key key = itsm__kit_key(1, 1, "k");
    itsm_bytes lost = itsm__kit_bytes("lost");
    itsm__kit_new_keys(b, A(1), &key, 1);
    itsm_op op = unique ? itsm__kit_put_keys(b, A(2), ITSM_REV_NONE, &key, 1) : itsm__kit_op(ITSM_CHECK, A(5), 5);
    itsm__kit_enter(b, before, 1);
    if (!b->failed)
        itsm__kit_status(b, itsm__kit_send(b, &op, 1, &lost, 1, NULL), unique ? ITSM_E_UNIQUE : ITSM_E_CONFLICT,
                         "a batch");
    itsm__kit_enter(b, after, 1);
    itsm__kit_trail(b, 0, "before,after");
}

static void entries_stand_beside_rows(itsm__bench *b, size_t which)
{
    itsm_bytes entries[2] = {itsm__kit_bytes("one"), itsm__kit_bytes("two")};
    itsm_op op = itsm__kit_put(b, A(1), ITSM_REV_NONE, "a");
    (void)which;
    if (!b->failed) itsm__kit_status(b, itsm__kit_send(b, &op, 1, entries, 2, NULL), ITSM_OK, "a batch");
    itsm__kit_is(b, A(1), 0, "a");
    itsm__kit_trail(b, 0, "one,two");
    itsm__kit_scan(b, KIT_A, 0, "1");
    itsm__kit_scan(b, 0, 0, "");
}

static void a_batch_tells_the_place_of_its_first_entry(itsm__bench *b, size_t which)
{
    static const char *const entries[] = {"a", "b", "c"};
    uint64_t place = 0;
    (void)which;
    for (size_t n = 1; n <= 3; n++) {
        itsm__kit_enter(b, entries, n);
        if (b->applied.audit_first != place)
            itsm__kit_fail(b, "the place told is %u, not %u", b->applied.audit_first, place);
        place += n;
    }
    itsm__kit_trail(b, 0, "a,a,b,a,b,c");
}

static void a_place_told_is_the_place_read(itsm__bench *b, size_t which)
{
    static const char *const entry[] = {"e"};
    (void)which;
    itsm__kit_enter(b, entry, 1);
    itsm__kit_want(b, b->applied.audit_first == UINT64_MAX || b->applied.audit_first == 0,
                   "the place told is neither the entry's nor UINT64_MAX");
    itsm__kit_seal(b);
    itsm__kit_trail(b, 0, "e");
}

static void sealing_goes_in_steps(itsm__bench *b, size_t which)
{
    uint64_t end = 0, before = 0;
    (void)which;
    enter(b, 0, 10, 3);
    for (int i = 0; i < 40 && end < 10 && !b->failed; i++) {
        itsm__kit_status(b, itsm_store_seal(&end, b->ctx, b->store, 3, NULL), ITSM_OK, "sealing");
        if (end < before || end > before + 3) itsm__kit_fail(b, "sealing up to 3 goes from %u to %u", before, end);
        before = end;
        wants_entries(b, 0, end);
    }
    itsm__kit_want(b, end == 10, "not all entries that waited were sealed");
}

static void sealed_entries_are_counted(itsm__bench *b, size_t which)
{
    uint64_t end = 0;
    (void)which;
    enter(b, 0, 7, 7);
    itsm__kit_seal(b);
    itsm_status rc = itsm_store_seal(&end, b->ctx, b->store, 1000, NULL);
    itsm__kit_status(b, rc, ITSM_NOTHING, "sealing when nothing waits");
    itsm__kit_want(b, rc == ITSM_NOTHING || end == 7, "seven entries were sealed, another number is told");
    wants_entries(b, 0, 7);
}

static void entries_of_one_row_keep_the_order_of_its_changes(itsm__bench *b, size_t which)
{
    static const char *const names[] = {"c0", "c1", "c2", "c3", "c4"};
    uint64_t rev = ITSM_REV_NONE;
    (void)which;
    for (size_t i = 0; i < 5 && !b->failed; i++) {
        itsm_op op = itsm__kit_put(b, A(1), rev, "a");
        itsm_bytes entry = itsm__kit_bytes(names[i]);
        itsm__kit_status(b, itsm__kit_send(b, &op, 1, &entry, 1, &rev), ITSM_OK, "a change");
    }
    itsm__kit_trail(b, 0, "c0,c1,c2,c3,c4");
}

static const itsm__claim audit_claims[] = {
    {"entries keep their order", entries_keep_their_order, 0, 0, 0, 0},
    {"the trail is read from any place", the_trail_is_read_from_any_place, 0, 0, 0, 0},
    {"thousands of entries come back, a hundred at a time", thousands_of_entries_come_back, 100, 0, 0, 0},
    {"thousands of entries come back, a thousand at a time", thousands_of_entries_come_back, 1000, 0, 0, 0},
    {"entries of one byte come back, every byte", entries_of_one_byte_each_come_back, 0, 0, 0, 0},
    {"an entry of a megabyte comes back", a_long_entry_comes_back, 1 << 20, 0, 0, 0},
    {"a batch that conflicts enters nothing", a_refused_batch_enters_nothing, 0, 0, 0, 0},
    {"a batch with a taken key enters nothing", a_refused_batch_enters_nothing, 1, 0, 0, 0},
    {"entries stand beside rows and are none", entries_stand_beside_rows, 0, 0, 0, 0},
    {"a batch tells the place of its first entry", a_batch_tells_the_place_of_its_first_entry, 0, ITSM_CAP_SEAL_SYNC, 0,
     0},
    {"a place told is the place read", a_place_told_is_the_place_read, 0, 0, 0, 0},
    {"sealing goes in steps", sealing_goes_in_steps, 0, 0, ITSM_CAP_SEAL_SYNC, 0},
    {"sealed entries are counted", sealed_entries_are_counted, 0, 0, 0, 0},
    {"entries of one row keep the order of its changes", entries_of_one_row_keep_the_order_of_its_changes, 0, 0, 0, 0},
};

const itsm__group itsm__kit_audit = {"audit", audit_claims, KIT_COUNT(audit_claims)};

/* Sent twice ------------------------------------------------------------------------------------------------------ */

/* The same batch again must conflict and change nothing. */
static void again(itsm__bench *b, const itsm_op *ops, size_t n, int times)
{
    static const char *const entry = "once";
    itsm_bytes audit = itsm__kit_bytes(entry);
    if (!b->failed) itsm__kit_status(b, itsm__kit_send(b, ops, n, &audit, 1, NULL), ITSM_OK, "a batch");
    for (int i = 0; i < times && !b->failed; i++)
        itsm__kit_status(b, itsm__kit_send(b, ops, n, &audit, 1, NULL), ITSM_E_CONFLICT, "the same batch again");
    itsm__kit_trail(b, 0, entry);
}

static void a_batch_sent_twice_conflicts(itsm__bench *b, size_t times)
{
    itsm_op ops[2] = {itsm__kit_put(b, A(1), ITSM_REV_NONE, "a"), itsm__kit_put(b, A(2), ITSM_REV_ANY, "b")};
    again(b, ops, 2, (int)times);
    itsm__kit_is(b, A(1), 0, "a");
    itsm__kit_is(b, A(2), 0, "b");
}

static void a_change_sent_twice_conflicts(itsm__bench *b, size_t which)
{
    (void)which;
    uint64_t rev = itsm__kit_new(b, A(1), "a");
    itsm_op op = itsm__kit_put(b, A(1), rev, "b");
    again(b, &op, 1, 2);
    itsm__kit_is(b, A(1), 0, "b");
}

static void a_deletion_sent_twice_conflicts(itsm__bench *b, size_t which)
{
    (void)which;
    uint64_t rev = itsm__kit_new(b, A(1), "a");
    itsm_op op = itsm__kit_op(ITSM_DEL, A(1), rev);
    again(b, &op, 1, 2);
    itsm__kit_is_not(b, A(1));
}

static void a_batch_of_all_kinds_sent_twice_conflicts(itsm__bench *b, size_t which)
{
    itsm_index_key key = itsm__kit_key(1, 1, "k");
    (void)which;
    uint64_t first = itsm__kit_new(b, A(1), "a"), second = itsm__kit_new(b, A(2), "b"),
             third = itsm__kit_new(b, A(3), "c");
    itsm_op ops[4] = {itsm__kit_op(ITSM_CHECK, A(1), first), itsm__kit_op(ITSM_DEL, A(2), second),
                      itsm__kit_put(b, A(3), third, "d"), itsm__kit_put_keys(b, A(4), ITSM_REV_NONE, &key, 1)};
    again(b, ops, 4, 2);
    itsm__kit_scan(b, KIT_A, 0, "1 3 4");
    itsm__kit_scan(b, KIT_A, 1, "4");
}

static void a_creation_sent_again_after_its_deletion_conflicts(itsm__bench *b, size_t which)
{
    itsm_op op = itsm__kit_put(b, A(1), ITSM_REV_NONE, "a");
    (void)which;
    itsm__kit_batch(b, &op, 1, ITSM_OK, 0);
    itsm__kit_does(b, itsm__kit_op(ITSM_DEL, A(1), op.row.rev));
    itsm__kit_refuses(b, op, ITSM_E_CONFLICT);
    itsm__kit_is_not(b, A(1));
}

static void a_batch_sent_again_after_a_later_change_conflicts(itsm__bench *b, size_t which)
{
    (void)which;
    uint64_t rev = itsm__kit_new(b, A(1), "a");
    itsm_op op = itsm__kit_put(b, A(1), rev, "b");
    uint64_t next = itsm__kit_does(b, op);
    next = itsm__kit_does(b, itsm__kit_put(b, A(1), next, "c"));
    itsm__kit_refuses(b, op, ITSM_E_CONFLICT);
    itsm__kit_is(b, A(1), next, "c");
}

static void a_batch_refused_may_be_sent_when_it_holds(itsm__bench *b, size_t which)
{
    itsm_op ops[2] = {itsm__kit_put(b, A(2), ITSM_REV_NONE, "b"), itsm__kit_op(ITSM_CHECK, A(1), ITSM_REV_NONE)};
    (void)which;
    uint64_t rev = itsm__kit_new(b, A(1), "a");
    itsm__kit_batch(b, ops, 2, ITSM_E_CONFLICT, 1);
    itsm__kit_batch(b, ops, 2, ITSM_E_CONFLICT, 1);
    itsm__kit_does(b, itsm__kit_op(ITSM_DEL, A(1), rev));
    itsm__kit_batch(b, ops, 2, ITSM_OK, 0);
    itsm__kit_batch(b, ops, 2, ITSM_E_CONFLICT, 0);
}

static void a_batch_with_a_taken_key_sent_twice_stays_refused(itsm__bench *b, size_t which)
{
    itsm_index_key key = itsm__kit_key(1, 1, "k");
    (void)which;
    itsm__kit_new_keys(b, A(1), &key, 1);
    itsm_op op = itsm__kit_put_keys(b, A(2), ITSM_REV_NONE, &key, 1);
    for (int i = 0; i < 3; i++) itsm__kit_refuses(b, op, ITSM_E_UNIQUE);
    itsm__kit_scan(b, KIT_A, 1, "1");
}

static void checks_may_be_sent_again(itsm__bench *b, size_t which)
{
    (void)which;
    uint64_t rev = itsm__kit_new(b, A(1), "a");
    itsm_op ops[2] = {itsm__kit_op(ITSM_CHECK, A(1), rev), itsm__kit_op(ITSM_CHECK, A(2), ITSM_REV_NONE)};
    for (int i = 0; i < 3; i++) itsm__kit_batch(b, ops, 2, ITSM_OK, 0);
    itsm__kit_is(b, A(1), rev, "a");
}

/* The answer is lost before or after the batch was applied; it is sent again until there is one. */
static void an_unknown_batch_sent_again_is_applied_once(itsm__bench *b, size_t how)
{
    itsm_check_plan plan = ITSM_CHECK_PLAN_INIT;
    itsm_store *real = b->store, *front = NULL;
    itsm_op op = itsm__kit_put(b, A(1), ITSM_REV_NONE, "a");
    itsm_bytes audit = itsm__kit_bytes("once");
    plan.calls = ITSM_CALL_APPLY, plan.how = (uint32_t)how, plan.at = 1, plan.times = 2, plan.status = ITSM_E_UNKNOWN;
    itsm__kit_status(b, itsm_check_fault(&front, b->ctx, real, &plan), ITSM_OK, "a store that fails");
    if (b->failed) return;
    b->store = front;
    itsm_status rc = ITSM_E_UNKNOWN;
    for (int i = 0; i < 5 && rc == ITSM_E_UNKNOWN && !b->failed; i++) rc = itsm__kit_send(b, &op, 1, &audit, 1, NULL);
    itsm__kit_status(b, rc, how == ITSM_FAULT_AFTER ? ITSM_E_CONFLICT : ITSM_OK, "the batch at last");
    b->store = real;
    itsm_store_free(front);
    itsm__kit_want(b, plan.applied == 1, "the batch was not applied once");
    itsm__kit_is(b, A(1), 0, "a");
    itsm__kit_trail(b, 0, "once");
}

static const itsm__claim twice_claims[] = {
    {"a batch sent twice conflicts", a_batch_sent_twice_conflicts, 1, 0, 0, 0},
    {"a batch sent ten times conflicts", a_batch_sent_twice_conflicts, 9, 0, 0, 0},
    {"a change sent twice conflicts", a_change_sent_twice_conflicts, 0, 0, 0, 0},
    {"a deletion sent twice conflicts", a_deletion_sent_twice_conflicts, 0, 0, 0, 0},
    {"a batch of all kinds sent twice conflicts", a_batch_of_all_kinds_sent_twice_conflicts, 0, 0, 0, 0},
    {"a creation sent again after its deletion conflicts", a_creation_sent_again_after_its_deletion_conflicts, 0, 0,
     ITSM_CAP_BACKEND_REV, 0},
    {"a batch sent again after a later change conflicts", a_batch_sent_again_after_a_later_change_conflicts, 0, 0, 0,
     0},
    {"a batch refused may be sent when it holds", a_batch_refused_may_be_sent_when_it_holds, 0, 0, 0, 0},
    {"a batch with a taken key stays refused", a_batch_with_a_taken_key_sent_twice_stays_refused, 0, 0, 0, 0},
    {"checks may be sent again", checks_may_be_sent_again, 0, 0, 0, 0},
    {"a batch that was not applied is sent again and applied once", an_unknown_batch_sent_again_is_applied_once,
     ITSM_FAULT_BEFORE, 0, 0, 0},
    {"a batch whose answer was lost is sent again and applied once", an_unknown_batch_sent_again_is_applied_once,
     ITSM_FAULT_AFTER, 0, 0, 0},
};

const itsm__group itsm__kit_twice = {"twice", twice_claims, KIT_COUNT(twice_claims)};

/* Sequences ------------------------------------------------------------------------------------------------------- */

static uint64_t take(itsm__bench *b, const char *sequence, uint32_t n)
{
    uint64_t first = 0;
    if (b->failed) return 0;
    itsm__kit_status(b, itsm_store_reserve(&first, b->ctx, b->store, sequence, n, NULL), ITSM_OK, "reserve");
    return first;
}

static void a_sequence_starts_at_1(itsm__bench *b, size_t which)
{
    (void)which;
    if (take(b, "incident", 1) != 1) itsm__kit_fail(b, "the first number of a sequence is not 1");
}

static void numbers_never_repeat(itsm__bench *b, size_t which)
{
    uint64_t next = 1;
    (void)which;
    for (uint32_t n = 1; n <= 60 && !b->failed; n++) {
        uint64_t first = take(b, "incident", n);
        if (first < next) itsm__kit_fail(b, "number %u was given before", first);
        next = first + n;
    }
}

static void sequences_count_for_themselves(itsm__bench *b, size_t which)
{
    (void)which;
    take(b, "a", 1000);
    itsm__kit_want(b, take(b, "b", 1) == 1, "another sequence does not start at 1");
    itsm__kit_want(b, take(b, "A", 1) == 1, "names of sequences differ in case too");
    itsm__kit_want(b, take(b, "a b", 1) == 1, "a name may have a blank");
    itsm__kit_want(b, take(b, "a'b\"c\\d%", 1) == 1, "a name may have quotes");
    itsm__kit_want(b, take(b, "a", 1) > 1000, "the first sequence went on");
}

static void a_name_may_be_as_long_as_the_limit(itsm__bench *b, size_t which)
{
    char name[ITSM_STORE_SEQUENCE_MAX + 1], other[ITSM_STORE_SEQUENCE_MAX + 1];
    (void)which;
    memset(name, 'n', sizeof name), memset(other, 'n', sizeof other);
    name[ITSM_STORE_SEQUENCE_MAX] = other[ITSM_STORE_SEQUENCE_MAX] = 0, other[ITSM_STORE_SEQUENCE_MAX - 1] = 'm';
    uint64_t first = take(b, name, 5);
    itsm__kit_want(b, take(b, other, 1) == 1, "names are told apart to their last byte");
    itsm__kit_want(b, take(b, name, 1) >= first + 5, "a number was given before");
}

static void large_blocks_are_given(itsm__bench *b, size_t which)
{
    (void)which;
    uint64_t first = take(b, "s", UINT32_MAX), second = take(b, "s", UINT32_MAX), third = take(b, "s", 1);
    itsm__kit_want(b, second >= first + UINT32_MAX && third >= second + UINT32_MAX, "a number was given before");
}

static void numbers_are_no_rows(itsm__bench *b, size_t which)
{
    (void)which;
    take(b, "incident", 5);
    itsm__kit_trail(b, 0, "");
    for (uint32_t type = 0; type < 4; type++) itsm__kit_scan(b, type, 0, "");
    itsm__kit_new(b, A(1), "a");
    itsm__kit_want(b, take(b, "incident", 1) >= 6, "a number was given before");
}

static const itsm__claim reserve_claims[] = {
    {"a sequence starts at 1", a_sequence_starts_at_1, 0, 0, 0, 0},
    {"numbers never repeat", numbers_never_repeat, 0, 0, 0, 0},
    {"sequences count for themselves", sequences_count_for_themselves, 0, 0, 0, 0},
    {"a name may be as long as the limit", a_name_may_be_as_long_as_the_limit, 0, 0, 0, 0},
    {"large blocks are given", large_blocks_are_given, 0, 0, 0, 0},
    {"numbers are no rows", numbers_are_no_rows, 0, 0, 0, 0},
};

const itsm__group itsm__kit_reserve = {"reserve", reserve_claims, KIT_COUNT(reserve_claims)};
