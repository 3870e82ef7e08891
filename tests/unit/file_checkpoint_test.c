/* SPDX-License-Identifier: MIT */
/*
 * Checkpoints of the file store: what they keep, when they come, what happens when one is damaged, cut or gone; the file
 * of audit entries beside them.
 */
#include "file_fixture.h"

#include "base/bits.h"
#include "store/block.h"

TestSuite(file_checkpoint, .init = setup, .fini = teardown);

/* Two checkpoints, ckpt-2 and ckpt-3, with commits before, between and behind them; closed. */
enum { BEFORE = 9, BETWEEN = 16, ALL = 21 };

static void make_store(void)
{
    itsm_store *store = open_store();
    commit_to(store, 1, BEFORE);
    maintain(store, ITSM_MAINTAIN_CHECKPOINT);
    commit_to(store, BEFORE + 1, BETWEEN);
    maintain(store, ITSM_MAINTAIN_CHECKPOINT);
    commit_to(store, BETWEEN + 1, ALL);
    itsm_store_free(store);
}

Test(file_checkpoint, the_state_is_the_same_with_and_without)
{
    itsm_store *store = open_store();
    itsm_view view = ITSM_VIEW_INIT;
    uint64_t first = 0;
    commit_to(store, 1, 17);
    cr_assert_eq(itsm_store_reserve(&first, ctx, store, "s", 3, NULL), ITSM_OK);
    cr_assert_eq(itsm_store_view_open(&view, ctx, store, NULL), ITSM_OK);
    maintain(store, ITSM_MAINTAIN_CHECKPOINT);
    assert_holds(store, 17);
    maintain(store, ITSM_MAINTAIN_CHECK);
    commit_to(store, 18, 40);
    assert_holds(store, 40);
    maintain(store, ITSM_MAINTAIN_CHECK);
    cr_assert_eq(script_entries(ctx, &view, why), 17, "the view from before: %s", why);
    for (uint64_t r = 1; r <= SCRIPT_ROWS; r++) cr_assert(script_check_row(ctx, &view, 17, r, why), "%s", why);
    itsm_store_view_close(&view);
    itsm_store_free(store);
    store = open_store();
    assert_holds(store, 40);
    maintain(store, ITSM_MAINTAIN_CHECK);
    cr_assert_eq(itsm_store_reserve(&first, ctx, store, "s", 1, NULL), ITSM_OK);
    cr_assert_eq(first, 4);
    itsm_file_info info = info_of(store);
    cr_assert_eq(info.checkpoint_number, 2);
    cr_assert_eq(info.log_number, 2);
    cr_assert_eq(info.audit_entries, 40);
    itsm_store_free(store);
}

Test(file_checkpoint, they_come_by_themselves_and_old_files_go)
{
    itsm_store *store;
    uint64_t checkpoints = 0;
    checkpoint_bytes = 600;
    store = open_store();
    for (uint64_t i = 1; i <= 300; i++) {
        commit_to(store, i, i);
        if (i % 7 == 0) assert_holds(store, i);
        itsm_file_info info = info_of(store);
        cr_assert_lt(info.log_bytes, 600 + info.checkpoint_bytes / 2 + 400, "after %d commits", (int)i);
        checkpoints = info.checkpoint_number;
        if (i % 50 == 0) {
            itsm_store_free(store);
            store = open_store();
            assert_holds(store, i);
        }
    }
    cr_assert_gt(checkpoints, 20);
    itsm_store_free(store);
    size_t names = 0;
    for (size_t i = 0; i < SIM_NAMES; i++) names += sim.names[i].path[0] != 0;
    cr_assert_leq(names, 7, "%zu names: directory, LOCK, audit-1, two checkpoints with their logs", names);
}

Test(file_checkpoint, a_clean_close_writes_one_when_it_pays)
{
    checkpoint_bytes = 8000;
    itsm_store *store = open_store();
    commit_to(store, 1, 2);
    itsm_store_free(store);
    cr_assert_null(sim_find(&sim, "d/ckpt-2"));
    store = open_store();
    commit_to(store, 3, 30);
    cr_assert_eq(info_of(store).checkpoint_number, 0);
    itsm_store_free(store);
    cr_assert_not_null(sim_find(&sim, "d/ckpt-2"));
    store = open_store();
    assert_holds(store, 30);
    itsm_store_free(store);
    checkpoint_bytes = ITSM_FILE_NO_CHECKPOINT;
    store = open_store();
    commit_to(store, 31, 200);
    cr_assert_eq(info_of(store).checkpoint_number, 2);
    itsm_store_free(store);
    cr_assert_null(sim_find(&sim, "d/ckpt-3"));
}

Test(file_checkpoint, one_that_follows_no_change_writes_nothing)
{
    make_store();
    itsm_store *store = open_store();
    maintain(store, ITSM_MAINTAIN_CHECKPOINT);
    struct sim_bytes before = bytes_of("d/ckpt-4");
    size_t calls = sim.calls;
    maintain(store, ITSM_MAINTAIN_CHECKPOINT);
    cr_assert_eq(sim.calls, calls);
    cr_assert_not_null(sim_find(&sim, "d/ckpt-3"));
    maintain(store, ITSM_MAINTAIN_COMPACT);
    cr_assert_null(sim_find(&sim, "d/ckpt-3"));
    cr_assert_null(sim_find(&sim, "d/log-3"));
    struct sim_bytes after = bytes_of("d/ckpt-4");
    cr_assert(before.n == after.n && !memcmp(before.p, after.p, before.n));
    itsm_store_free(store);
    free(before.p), free(after.p);
}

/* Damage ---------------------------------------------------------------------------------------------------------- */

/* Whether everything of an open store can be read and is as it was written; else something says ITSM_E_CORRUPT. */
static int reads_right(itsm_store *store)
{
    itsm_view view = ITSM_VIEW_INIT;
    itsm_cursor cursor = ITSM_CURSOR_INIT;
    itsm_row row;
    uint64_t place = 0;
    cr_assert_eq(itsm_store_view_open(&view, ctx, store, NULL), ITSM_OK);
    for (uint64_t r = 1; r <= SCRIPT_ROWS; r++) cr_assert(script_check_row(ctx, &view, ALL, r, why), "%s", why);
    cr_assert_eq(itsm_store_audit_scan(&cursor, ctx, &view, 0), ITSM_OK);
    itsm_status rc = ITSM_OK;
    for (; rc == ITSM_OK; place++) {
        char entry[48];
        rc = itsm_store_next(&row, ctx, &cursor);
        if (rc) break;
        size_t n = (size_t)snprintf(entry, sizeof entry, "entry of commit %u", (unsigned)place + 1);
        cr_assert(row.ref.id.lo == place && row.body.n == n && !memcmp(row.body.p, entry, n),
                  "a wrong entry was given");
    }
    itsm_store_cursor_close(&cursor);
    itsm_store_view_close(&view);
    cr_assert(rc == ITSM_E_CORRUPT || (rc == ITSM_DONE && place == ALL));
    itsm_status checked = itsm_store_maintain(ctx, store, ITSM_MAINTAIN_CHECK, NULL);
    cr_assert(checked == ITSM_OK || checked == ITSM_E_CORRUPT);
    cr_assert(rc == ITSM_DONE || checked == ITSM_E_CORRUPT, "what reading found, checking did not");
    return checked == ITSM_OK;
}

Test(file_checkpoint, every_flipped_bit_of_the_newest_is_found_and_nothing_is_lost)
{
    make_store();
    struct sim_bytes good = bytes_of("d/ckpt-3");
    for (size_t bit = 0; bit < good.n * 8; bit += bit_step()) {
        itsm_store *store = NULL;
        good.p[bit / 8] ^= (unsigned char)(1u << bit % 8);
        sim_put(&sim, "d/ckpt-3", good.p, good.n);
        cr_assert_eq(open_with(&store, ITSM_FILE_READONLY, 0), ITSM_OK, "bit %zu", bit);
        cr_assert_eq(itsm_ctx_issue_count(ctx), 0);
        cr_assert_eq(info_of(store).damaged_checkpoint, 3, "bit %zu was not noticed", bit);
        if (bit % 64 == 0) {
            assert_holds(store, ALL);
            cr_assert_not(reads_right(store), "checking does not tell");
        }
        itsm_store_free(store);
        good.p[bit / 8] ^= (unsigned char)(1u << bit % 8);
    }
    fprintf(stderr, "[file store] %zu bits of a checkpoint flipped: all found, nothing lost\n", good.n * 8 / bit_step());
    free(good.p);
}

Test(file_checkpoint, every_cut_of_the_newest_is_found_and_nothing_is_lost)
{
    make_store();
    struct sim_bytes good = bytes_of("d/ckpt-3");
    for (size_t length = 0; length < good.n; length++) {
        itsm_store *store = NULL;
        sim_put(&sim, "d/ckpt-3", good.p, length);
        cr_assert_eq(open_with(&store, ITSM_FILE_READONLY, 0), ITSM_OK, "cut at %zu", length);
        cr_assert_eq(info_of(store).damaged_checkpoint, 3);
        assert_holds(store, ALL);
        itsm_store_free(store);
    }
    fprintf(stderr, "[file store] a checkpoint cut at %zu places: all found, nothing lost\n", good.n);
    free(good.p);
}

Test(file_checkpoint, the_next_one_takes_the_place_of_one_that_is_damaged)
{
    make_store();
    sim_file(&sim, "d/ckpt-3")->now.p[5000] ^= 1;
    itsm_store *store = open_store();
    assert_holds(store, ALL);
    commit_to(store, ALL + 1, ALL + 5);
    maintain(store, ITSM_MAINTAIN_CHECKPOINT);
    cr_assert_null(sim_find(&sim, "d/ckpt-3"));
    cr_assert_eq(info_of(store).damaged_checkpoint, 0);
    maintain(store, ITSM_MAINTAIN_CHECK);
    itsm_store_free(store);
    store = open_store();
    assert_holds(store, ALL + 5);
    itsm_store_free(store);
}

Test(file_checkpoint, without_an_older_one_damage_is_reported_and_nothing_changed)
{
    itsm_store *store = NULL;
    make_store();
    remove_name("d/ckpt-2");
    struct sim_bytes bad = bytes_of("d/ckpt-3");
    bad.p[5000] ^= 1;
    sim_put(&sim, "d/ckpt-3", bad.p, bad.n);
    cr_assert_eq(open_with(&store, 0, 0), ITSM_E_CORRUPT);
    assert_text(first_message(ctx), "d/ckpt-3 is damaged: a block is damaged");
    cr_assert_eq(open_with(&store, ITSM_FILE_READONLY, 0), ITSM_E_CORRUPT);
    struct sim_bytes after = bytes_of("d/ckpt-3");
    cr_assert(after.n == bad.n && !memcmp(after.p, bad.p, bad.n));
    free(bad.p), free(after.p);
}

Test(file_checkpoint, every_flipped_bit_of_the_audit_entries_is_found)
{
    size_t reported = 0, passed = 0;
    make_store();
    struct sim_bytes good = bytes_of("d/audit-1");
    for (size_t bit = 0; bit < good.n * 8; bit += bit_step()) {
        itsm_store *store = NULL;
        good.p[bit / 8] ^= (unsigned char)(1u << bit % 8);
        sim_put(&sim, "d/audit-1", good.p, good.n);
        itsm_status rc = open_with(&store, ITSM_FILE_READONLY, 0);
        if (rc == ITSM_E_CORRUPT) {
            reported++;
        } else {
            cr_assert_eq(rc, ITSM_OK, "bit %zu", bit);
            cr_assert_not(reads_right(store), "bit %zu at byte %zu was not noticed", bit, bit / 8);
            passed++;
        }
        itsm_store_free(store);
        good.p[bit / 8] ^= (unsigned char)(1u << bit % 8);
    }
    fprintf(stderr, "[file store] %zu bits of audit entries flipped: %zu found when opening, %zu by checking\n",
            good.n * 8 / bit_step(), reported, passed);
    free(good.p);
}

Test(file_checkpoint, a_file_that_is_gone_is_damage_or_not_needed)
{
    static const char *const names[] = {"d/ckpt-3", "d/ckpt-2", "d/log-2", "d/log-3", "d/audit-1", "d/log-1"};
    static const itsm_status expected[] = {ITSM_OK, ITSM_OK, ITSM_OK, ITSM_E_CORRUPT, ITSM_E_CORRUPT, ITSM_OK};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        itsm_store *store = NULL;
        sim_clear(&sim), sim_init(&sim);
        make_store();
        if (sim_find(&sim, names[i])) remove_name(names[i]);
        itsm_status rc = open_with(&store, 0, 0);
        cr_assert_eq(rc, expected[i], "without %s: %d", names[i], rc);
        if (!rc) assert_holds(store, ALL);
        itsm_store_free(store);
    }
}

Test(file_checkpoint, files_of_another_store_are_not_taken)
{
    make_store();
    struct sim_bytes log = bytes_of("d/log-3"), checkpoint = bytes_of("d/ckpt-3"), audit = bytes_of("d/audit-1");
    sim_clear(&sim), sim_init(&sim);
    make_store();
    itsm_store *store = NULL;
    sim_put(&sim, "d/ckpt-3", checkpoint.p, checkpoint.n);
    cr_assert_eq(open_with(&store, ITSM_FILE_READONLY, 0), ITSM_OK);
    cr_assert_eq(info_of(store).damaged_checkpoint, 3);
    assert_holds(store, ALL);
    itsm_store_free(store);
    sim_clear(&sim), sim_init(&sim);
    make_store();
    sim_put(&sim, "d/log-3", log.p, log.n);
    cr_assert_eq(open_with(&store, ITSM_FILE_READONLY, 0), ITSM_E_CORRUPT);
    sim_clear(&sim), sim_init(&sim);
    make_store();
    sim_put(&sim, "d/audit-1", audit.p, audit.n);
    cr_assert_eq(open_with(&store, ITSM_FILE_READONLY, 0), ITSM_E_CORRUPT);
    free(log.p), free(checkpoint.p), free(audit.p);
}

Test(file_checkpoint, a_newer_format_is_refused_by_name_and_not_passed_over)
{
    itsm__log_header header;
    itsm_store *store = NULL;
    make_store();
    struct sim_bytes checkpoint = bytes_of("d/ckpt-3");
    cr_assert_eq(itsm__log_header_read(&header, checkpoint.p, ITSM__MAGIC_CHECKPOINT), ITSM_OK);
    header.incompatible = 2;
    itsm__log_header_write(checkpoint.p, &header, ITSM__MAGIC_CHECKPOINT);
    sim_put(&sim, "d/ckpt-3", checkpoint.p, checkpoint.n);
    cr_assert_eq(open_with(&store, 0, 0), ITSM_E_VERSION);
    assert_text(first_message(ctx), "d/ckpt-3 was written by a newer version: format 1.0, features 2");
    free(checkpoint.p);
}

Test(file_checkpoint, damage_is_not_written_anew)
{
    itsm_store *store = open_store();
    commit_to(store, 1, 9);
    struct sim_bytes *now = &sim_file(&sim, "d/log-1")->now;
    for (size_t i = ITSM__LOG_HEADER; i + 10 < now->n; i++) /* a key, which has no checksum of its own */
        if (!memcmp(now->p + i, "key 000009", 10)) now->p[i] ^= 1;
    cr_assert_eq(itsm_store_maintain(ctx, store, ITSM_MAINTAIN_CHECKPOINT, NULL), ITSM_E_CORRUPT);
    cr_assert_null(sim_find(&sim, "d/ckpt-2"));
    cr_assert_null(sim_find(&sim, "d/ckpt-2.tmp"));
    itsm_store_free(store);
}

Test(file_checkpoint, a_full_disk_puts_it_off)
{
    itsm_store *store = open_store();
    commit_to(store, 1, 9);
    for (size_t n = 1;; n++) {
        sim_fail(&sim, n, ITSM_E_FULL, 1);
        itsm_status rc = itsm_store_maintain(ctx, store, ITSM_MAINTAIN_CHECKPOINT, NULL);
        int failed = sim.failed;
        sim.fail_at = 0;
        if (!failed) break;
        if (rc == ITSM_E_FULL) {
            assert_holds(store, 9);
        } else { /* what could not be synced, or not be removed any more */
            cr_assert(rc == ITSM_E_IO || rc == ITSM_OK, "call %zu: %d", n, rc);
            itsm_store_free(store);
            store = open_store();
            assert_holds(store, 9);
            if (rc == ITSM_OK) break;
        }
    }
    commit_to(store, 10, 12);
    itsm_store_free(store);
    store = open_store();
    assert_holds(store, 12);
    itsm_store_free(store);
}

/* Memory ---------------------------------------------------------------------------------------------------------- */

Test(file_checkpoint, every_allocation_may_fail)
{
    size_t n = 1;
    for (;; n++) {
        sim_clear(&sim), sim_init(&sim);
        itsm_store *store = open_store();
        commit_to(store, 1, 9);
        maintain(store, ITSM_MAINTAIN_CHECKPOINT);
        commit_to(store, 10, 14);
        counting_fail(&counting, n);
        itsm_status rc = itsm_store_maintain(ctx, store, ITSM_MAINTAIN_COMPACT, NULL);
        int failed = counting_stop(&counting);
        cr_assert(failed ? rc == ITSM_E_NOMEM || rc == ITSM_OK : rc == ITSM_OK, "allocation %zu: %d", n, rc);
        assert_holds(store, 14);
        maintain(store, ITSM_MAINTAIN_COMPACT);
        maintain(store, ITSM_MAINTAIN_CHECK);
        commit_to(store, 15, 16);
        itsm_store_free(store);
        store = open_store();
        assert_holds(store, 16);
        itsm_store_free(store);
        for (size_t k = 1; !failed; k++) { /* opening it again */
            store = NULL;
            counting_fail(&counting, k);
            rc = open_with(&store, 0, ITSM_FILE_FULL);
            int missed = !counting_stop(&counting);
            itsm_store_free(store);
            if (missed) break;
            cr_assert_eq(rc, ITSM_E_NOMEM, "allocation %zu: %d", k, rc);
        }
        if (!failed) break;
    }
    cr_assert_gt(n, 20);
    fprintf(stderr, "[file store] %zu allocations of a checkpoint failed, one at a time\n", n - 1);
}
