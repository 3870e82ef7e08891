/* SPDX-License-Identifier: MIT */
/*
 * Copies of a file store: backups made while it is written, everything told item by item, what can be salvaged of a
 * damaged one.
 */
#include "file_fixture.h"

#include "base/bits.h"
#include "store/block.h"

TestSuite(file_copy, .init = setup, .fini = teardown);

static itsm_status open_at(itsm_store **out, const char *path, uint32_t flags)
{
    itsm_file_options options = ITSM_FILE_OPTIONS_INIT;
    options.flags = flags, options.preallocate = 512;
    return itsm_store_file(out, ctx, &sim.io, itsm_str_c(path), &options);
}

static itsm_store *open_copy(const char *path)
{
    itsm_store *store = NULL;
    itsm_status rc = open_at(&store, path, ITSM_FILE_EXISTING);
    cr_assert_eq(rc, ITSM_OK, "open %s: %d %.*s", path, rc, ITSM_ARG(first_message(ctx)));
    return store;
}

static void back_up(itsm_store *store, const char *path)
{
    itsm_status rc = itsm_file_backup(ctx, store, itsm_str_c(path));
    cr_assert_eq(rc, ITSM_OK, "backup: %d %.*s", rc, ITSM_ARG(first_message(ctx)));
}

/* Backup ---------------------------------------------------------------------------------------------------------- */

Test(file_copy, a_backup_is_the_store_at_that_moment_and_a_store_of_its_own)
{
    static const char *const paths[] = {"b0", "b1/", "b2", "b3"};
    static const uint64_t commits[] = {0, 9, 15, 21};
    itsm_store *store = open_store();
    uint64_t first;
    back_up(store, paths[0]);
    commit_to(store, 1, 9);
    cr_assert_eq(itsm_store_reserve(&first, ctx, store, "s", 5, NULL), ITSM_OK);
    back_up(store, paths[1]);
    maintain(store, ITSM_MAINTAIN_CHECKPOINT);
    commit_to(store, 10, 15);
    back_up(store, paths[2]);
    maintain(store, ITSM_MAINTAIN_CHECKPOINT);
    commit_to(store, 16, 21);
    back_up(store, paths[3]);
    commit_to(store, 22, 30);
    itsm_file_info info = info_of(store);
    for (size_t i = 0; i < 4; i++) {
        itsm_store *copy = open_copy(paths[i]);
        assert_holds(copy, commits[i]);
        cr_assert(!memcmp(info_of(copy).id, info.id, sizeof info.id));
        maintain(copy, ITSM_MAINTAIN_CHECK);
        commit_to(copy, commits[i] + 1, commits[i] + 4);
        if (i) cr_assert_eq(itsm_store_reserve(&first, ctx, copy, "s", 1, NULL), ITSM_OK);
        if (i) cr_assert_geq(first, 6);
        itsm_store_free(copy);
        copy = open_copy(paths[i]);
        assert_holds(copy, commits[i] + 4);
        itsm_store_free(copy);
    }
    assert_holds(store, 30);
    itsm_store_free(store);
}

Test(file_copy, a_reader_makes_a_backup_too)
{
    itsm_store *store = open_store(), *reader = NULL;
    commit_to(store, 1, 9);
    cr_assert_eq(open_at(&reader, "d", ITSM_FILE_READONLY), ITSM_OK);
    commit_to(store, 10, 12);
    back_up(reader, "b");
    itsm_store_free(reader);
    itsm_store_free(store);
    store = open_copy("b");
    assert_holds(store, 9);
    itsm_store_free(store);
}

Test(file_copy, a_backup_overwrites_nothing)
{
    itsm_store *store = open_store(), *memory = NULL;
    commit_to(store, 1, 3);
    back_up(store, "b");
    struct sim_bytes before = bytes_of("b/log-1");
    commit_to(store, 4, 6);
    cr_assert_eq(itsm_file_backup(ctx, store, ITSM_STR("b")), ITSM_E_BUSY);
    assert_text(first_message(ctx), "b is not empty: nothing is written into it");
    cr_assert_eq(itsm_file_backup(ctx, store, ITSM_STR("d")), ITSM_E_BUSY);
    struct sim_bytes after = bytes_of("b/log-1");
    cr_assert(before.n == after.n && !memcmp(before.p, after.p, before.n));
    cr_assert_eq(itsm_file_backup(ctx, store, ITSM_STR("")), ITSM_E_MISUSE);
    cr_assert_eq(itsm_file_backup(ctx, NULL, ITSM_STR("x")), ITSM_E_MISUSE);
    cr_assert_eq(itsm_file_backup(NULL, store, ITSM_STR("x")), ITSM_E_MISUSE);
    cr_assert_eq(itsm_store_memory(&memory, ctx), ITSM_OK);
    cr_assert_eq(itsm_file_backup(ctx, memory, ITSM_STR("x")), ITSM_E_MISUSE);
    assert_text(first_message(ctx), "only a file store is copied so");
    itsm_store_free(memory);
    itsm_store_free(store);
    free(before.p), free(after.p);
}

/* Every call fails for good, as if the process were killed there: what is left of the copy does not open, or is whole. */
Test(file_copy, a_backup_that_was_stopped_does_not_open)
{
    size_t n = 1, whole = 0;
    for (;; n++) {
        sim_clear(&sim), sim_init(&sim);
        itsm_store *store = open_store(), *copy = NULL;
        commit_to(store, 1, 9);
        maintain(store, ITSM_MAINTAIN_CHECKPOINT);
        commit_to(store, 10, 12);
        sim_fail(&sim, n, ITSM_E_IO, 1);
        itsm_status rc = itsm_file_backup(ctx, store, ITSM_STR("b"));
        int failed = sim.failed;
        sim.fail_at = 0;
        cr_assert_eq(rc, failed ? ITSM_E_IO : ITSM_OK, "call %zu: %d", n, rc);
        rc = open_at(&copy, "b", ITSM_FILE_EXISTING);
        if (rc == ITSM_OK) {
            assert_holds(copy, 12);
            whole++;
        } else {
            cr_assert(rc == ITSM_E_CORRUPT || rc == ITSM_E_NOT_FOUND, "call %zu: %d", n, rc);
        }
        itsm_store_free(copy);
        assert_holds(store, 12);
        commit_to(store, 13, 14);
        itsm_store_free(store);
        if (!failed) break;
    }
    cr_assert_gt(n, 20);
    cr_assert_gt(n, whole + 12, "%zu of %zu", whole, n);
}

Test(file_copy, damage_is_not_backed_up)
{
    itsm_store *store = open_store(), *copy = NULL;
    commit_to(store, 1, 9);
    sim_file(&sim, "d/log-1")->now.p[ITSM__LOG_HEADER + ITSM__FRAME_HEAD + ITSM__FRAME_OP] ^= 4;
    cr_assert_eq(itsm_file_backup(ctx, store, ITSM_STR("b")), ITSM_E_CORRUPT);
    cr_assert_eq(open_at(&copy, "b", ITSM_FILE_EXISTING), ITSM_E_NOT_FOUND);
    itsm_store_free(store);
}

Test(file_copy, every_allocation_of_a_backup_may_fail)
{
    size_t n = 1;
    for (;; n++) {
        sim_clear(&sim), sim_init(&sim);
        itsm_store *store = open_store();
        commit_to(store, 1, 9);
        maintain(store, ITSM_MAINTAIN_CHECKPOINT);
        commit_to(store, 10, 11);
        counting_fail(&counting, n);
        itsm_status rc = itsm_file_backup(ctx, store, ITSM_STR("b"));
        int failed = counting_stop(&counting);
        cr_assert_eq(rc, failed ? ITSM_E_NOMEM : ITSM_OK, "allocation %zu: %d", n, rc);
        if (failed) back_up(store, "b");
        itsm_store_free(store);
        store = open_copy("b");
        assert_holds(store, 11);
        itsm_store_free(store);
        if (!failed) break;
    }
    cr_assert_gt(n, 10);
}

/* Everything ------------------------------------------------------------------------------------------------------ */

struct told {
    size_t rows, tombstones, sequences, entries, lost, keys;
    itsm_ref last;
    itsm_status stop;
};

static itsm_status count_item(void *user, const itsm_file_item *item)
{
    struct told *told = user;
    if (told->stop) return told->stop;
    cr_assert_eq(item->size, sizeof *item);
    switch (item->kind) {
    case ITSM_FILE_ROW: told->rows++, told->keys += item->nkeys; break;
    case ITSM_FILE_TOMBSTONE: told->tombstones++; break;
    case ITSM_FILE_SEQUENCE:
        told->sequences++;
        assert_text(item->name, "s");
        cr_assert_eq(item->next, 4);
        break;
    case ITSM_FILE_ENTRY:
        told->entries++;
        cr_assert_eq(item->row.ref.id.lo, told->entries - 1);
        break;
    default: told->lost++; break;
    }
    if (item->kind <= ITSM_FILE_TOMBSTONE) {
        cr_assert_gt(item->row.ref.id.lo, told->last.id.lo);
        cr_assert_eq(told->sequences + told->entries, 0, "rows come first");
        told->last = item->row.ref;
    }
    return ITSM_OK;
}

Test(file_copy, everything_is_told_once_and_in_order)
{
    itsm_store *store = open_store();
    struct told told = {0, 0, 0, 0, 0, 0, {0, {0, 0}}, ITSM_OK};
    uint64_t first;
    commit_to(store, 1, 9);
    maintain(store, ITSM_MAINTAIN_CHECKPOINT);
    commit_to(store, 10, 14); /* 14 deletes row 5 */
    cr_assert_eq(itsm_store_reserve(&first, ctx, store, "s", 3, NULL), ITSM_OK);
    cr_assert_eq(itsm_file_each(ctx, store, count_item, &told), ITSM_OK);
    cr_assert(told.rows == 4 && told.tombstones == 1 && told.keys == 8 && told.sequences == 1 && told.entries == 14);
    itsm_file_info info = info_of(store);
    cr_assert(info.rows == 4 && info.tombstones == 1 && info.index_entries == 8 && info.audit_entries == 14);
    told.stop = ITSM_E_INVALID;
    cr_assert_eq(itsm_file_each(ctx, store, count_item, &told), ITSM_E_INVALID);
    cr_assert_eq(itsm_file_each(ctx, store, NULL, NULL), ITSM_E_MISUSE);
    cr_assert_eq(itsm_file_each(ctx, NULL, count_item, &told), ITSM_E_MISUSE);
    for (size_t n = 1;; n++) {
        struct told again = {0, 0, 0, 0, 0, 0, {0, {0, 0}}, ITSM_OK};
        counting_fail(&counting, n);
        itsm_status rc = itsm_file_each(ctx, store, count_item, &again);
        if (!counting_stop(&counting)) break;
        cr_assert_eq(rc, ITSM_E_NOMEM);
    }
    itsm_store_free(store);
}

/* Salvage --------------------------------------------------------------------------------------------------------- */

static itsm_file_salvaged salvage(const char *from, const char *to)
{
    itsm_file_salvaged report = ITSM_FILE_SALVAGED_INIT;
    itsm_status rc = itsm_file_salvage(&report, ctx, &sim.io, itsm_str_c(from), itsm_str_c(to));
    cr_assert_eq(rc, ITSM_OK, "salvage: %d %.*s", rc, ITSM_ARG(first_message(ctx)));
    return report;
}

Test(file_copy, salvaging_what_is_not_damaged_loses_nothing)
{
    itsm_store *store = open_store();
    uint64_t first;
    commit_to(store, 1, 9);
    cr_assert_eq(itsm_store_reserve(&first, ctx, store, "s", 3, NULL), ITSM_OK);
    maintain(store, ITSM_MAINTAIN_CHECKPOINT);
    commit_to(store, 10, 14);
    itsm_file_info info = info_of(store);
    itsm_store_free(store);
    itsm_file_salvaged report = salvage("d", "s");
    cr_assert(report.rows == 4 && report.tombstones == 1 && report.entries == 14 && report.sequences == 1);
    cr_assert(!report.rows_lost && !report.entries_lost && !report.missing_from &&
              report.first_entry_lost == UINT64_MAX);
    store = open_copy("s");
    assert_holds(store, 14);
    cr_assert_eq(itsm_store_reserve(&first, ctx, store, "s", 1, NULL), ITSM_OK);
    cr_assert_eq(first, 4);
    cr_assert(!memcmp(info_of(store).audit_root, info.audit_root, 32));
    cr_assert(memcmp(info_of(store).id, info.id, 16));
    commit_to(store, 15, 20); /* the deleted row's revision is remembered */
    itsm_store_free(store);
    itsm_file_salvaged ignored = ITSM_FILE_SALVAGED_INIT;
    cr_assert_eq(itsm_file_salvage(&ignored, ctx, &sim.io, ITSM_STR("d"), ITSM_STR("s")), ITSM_E_BUSY);
    cr_assert_eq(itsm_file_salvage(&ignored, ctx, &sim.io, ITSM_STR("none"), ITSM_STR("t")), ITSM_E_NOT_FOUND);
    cr_assert_eq(itsm_file_salvage(NULL, NULL, &sim.io, ITSM_STR("d"), ITSM_STR("t")), ITSM_E_MISUSE);
}

/* A checkpoint without an older one, of which one block of rows is damaged: all other rows are saved. */
Test(file_copy, salvage_takes_the_good_blocks_of_a_damaged_checkpoint)
{
    enum { ROWS = 400 };
    static char body[1000];
    itsm_store *store = open_store();
    for (uint64_t i = 1; i <= ROWS; i++) {
        itsm_op op;
        itsm_batch batch = ITSM_BATCH_INIT;
        unsigned char bytes[8];
        itsm_index_key key = {1, 0, {bytes, 8}};
        itsm_bytes entry = {bytes, 8};
        memset(&op, 0, sizeof op);
        itsm__put_be64(bytes, i);
        op.kind = ITSM_PUT, op.row.ref.type = 1, op.row.ref.id.lo = i, op.row.rev = 1;
        op.row.body.p = body, op.row.body.n = sizeof body, op.keys = &key, op.nkeys = 1;
        batch.ops = &op, batch.nops = 1, batch.audit = &entry, batch.naudit = 1;
        cr_assert_eq(itsm_store_apply(NULL, ctx, store, &batch, NULL), ITSM_OK);
    }
    maintain(store, ITSM_MAINTAIN_COMPACT);
    itsm_store_free(store);
    struct sim_bytes *bytes = &sim_file(&sim, "d/ckpt-2")->now;
    uint32_t state = itsm__le32(bytes->p + ITSM__LOG_HEADER + 4),
             first = itsm__le32(bytes->p + ITSM__LOG_HEADER + state + 4);
    bytes->p[ITSM__LOG_HEADER + state + first + 3000] ^= 1; /* in the second block of rows */
    store = NULL;
    cr_assert_eq(open_at(&store, "d", ITSM_FILE_READONLY), ITSM_E_CORRUPT);
    itsm_file_salvaged report = salvage("d", "s");
    cr_assert_gt(report.rows, ROWS / 2);
    cr_assert_lt(report.rows, ROWS);
    cr_assert_eq(report.entries, ROWS);
    cr_assert_eq(report.missing_from, 1);
    store = open_copy("s");
    maintain(store, ITSM_MAINTAIN_CHECK);
    cr_assert_eq(info_of(store).index_entries, report.rows);
    itsm_store_free(store);
}

/* Whatever is damaged or gone: salvage gives a good store with what the rest still says. */
Test(file_copy, salvage_makes_a_store_of_whatever_is_left)
{
    static const char *const names[] = {"d/log-3", "d/ckpt-3", "d/ckpt-2", "d/audit-1", "d/log-2"};
    size_t made = 0;
    seed = 4;
    itsm_store *store = open_store();
    commit_to(store, 1, 9);
    maintain(store, ITSM_MAINTAIN_CHECKPOINT);
    commit_to(store, 10, 16);
    maintain(store, ITSM_MAINTAIN_CHECKPOINT);
    commit_to(store, 17, 20);
    itsm_store_free(store);
    struct sim whole = sim;
    sim_copy(&sim, &whole);
    for (int round = 0; round < 300; round++) {
        uint64_t random;
        sim_clear(&sim);
        sim_copy(&sim, &whole);
        for (int damages = 0; damages < 4; damages++) {
            (void)script_random(&seed, &random, sizeof random);
            struct sim_node *node = sim_file(&sim, names[random % 5]);
            if (!node) continue;
            if ((random >> 8 & 7) == 0) remove_name(names[random % 5]);
            else if ((random >> 8 & 7) == 1) node->now.n = (size_t)(random >> 16) % (node->now.n + 1);
            else if (node->now.n)
                node->now.p[(random >> 16) % node->now.n] ^= (unsigned char)(1 + (random >> 48) % 255);
        }
        itsm_file_salvaged report = ITSM_FILE_SALVAGED_INIT;
        itsm_status rc = itsm_file_salvage(&report, ctx, &sim.io, ITSM_STR("d"), ITSM_STR("s"));
        cr_assert(rc == ITSM_OK || rc == ITSM_E_CORRUPT || rc == ITSM_E_NOT_FOUND || rc == ITSM_E_VERSION,
                  "round %d: %d %.*s", round, rc, ITSM_ARG(first_message(ctx)));
        if (rc) continue;
        made++;
        store = open_copy("s");
        maintain(store, ITSM_MAINTAIN_CHECK);
        cr_assert_eq(info_of(store).rows, report.rows);
        cr_assert_eq(info_of(store).audit_entries, report.entries);
        itsm_store_free(store);
    }
    cr_assert_gt(made, 200);
    sim_clear(&whole);
    fprintf(stderr, "[file store] %zu of 300 damaged stores salvaged\n", made);
}

Test(file_copy, every_allocation_of_a_salvage_may_fail)
{
    itsm_store *store = open_store();
    commit_to(store, 1, 9);
    maintain(store, ITSM_MAINTAIN_CHECKPOINT);
    commit_to(store, 10, 14);
    itsm_store_free(store);
    struct sim whole = sim;
    for (size_t n = 1;; n++) {
        sim_copy(&sim, &whole);
        counting_fail(&counting, n);
        itsm_status rc = itsm_file_salvage(NULL, ctx, &sim.io, ITSM_STR("d"), ITSM_STR("s"));
        int failed = counting_stop(&counting);
        cr_assert_eq(rc, failed ? ITSM_E_NOMEM : ITSM_OK, "allocation %zu: %d %.*s", n, rc,
                     ITSM_ARG(first_message(ctx)));
        sim_clear(&sim);
        if (!failed) break;
    }
    sim = whole;
}
