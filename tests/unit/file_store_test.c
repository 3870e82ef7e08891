/* SPDX-License-Identifier: MIT */
/*
 * The file store over a simulated file system: what it keeps, what it says of a log that is cut or damaged, which
 * stores it refuses.  Faults and power loss are in tests/fault.
 */
#include "file_fixture.h"
#include "store_contract.h"

#include "base/bits.h"
#include "base/ctx.h"
#include "store/frame.h"

#include <criterion/criterion.h>
#include <stddef.h>

/* The log as it stands; `closed`: after a clean close, else as after a kill. */
static struct sim_bytes make_log(uint64_t commits, int closed)
{
    itsm_store *store = open_store();
    struct sim_bytes copy = {NULL, 0, 0};
    commit_to(store, 1, commits);
    if (closed) itsm_store_free(store);
    const struct sim_bytes *now = &sim_file(&sim, "d/log-1")->now;
    sim_resize(&copy, now->n);
    memcpy(copy.p, now->p, now->n);
    if (!closed) itsm_store_free(store);
    return copy;
}

/* Where each frame begins, as many as there are; the end behind the last. */
static size_t frames_of(const struct sim_bytes *log, size_t *at, size_t most)
{
    size_t n = 0, offset = ITSM__LOG_HEADER;
    for (at[0] = offset; n < most && offset + ITSM__FRAME_HEAD <= log->n && !memcmp(log->p + offset, "itsF", 4);) {
        offset += itsm__le32(log->p + offset + 4);
        at[++n] = offset;
    }
    return n;
}

/* What every store must keep. */

static itsm_store *make_file(itsm_ctx *with)
{
    itsm_store *store = NULL;
    with->random.size = sizeof with->random, with->random.fill = script_random, with->random.self = &seed;
    sim_init(&sim);
    cr_assert_eq(itsm_store_file(&store, with, &sim.io, ITSM_STR("d"), NULL), ITSM_OK);
    return store;
}

static void unmake_file(void)
{
    sim_clear(&sim);
}

CONTRACT_TESTS(file_store_contract, make_file, unmake_file)

TestSuite(file_store, .init = setup, .fini = teardown);

Test(file_store, what_was_committed_is_there_after_opening_again)
{
    itsm_store *store = open_store();
    commit_to(store, 1, 40);
    assert_holds(store, 40);
    itsm_store_free(store);
    store = open_store();
    assert_holds(store, 40);
    commit_to(store, 41, 60);
    itsm_store_free(store);
    store = open_store();
    assert_holds(store, 60);
    itsm_store_free(store);
}

Test(file_store, a_view_keeps_seeing_its_commit)
{
    itsm_store *store = open_store();
    itsm_view view = ITSM_VIEW_INIT;
    commit_to(store, 1, 12);
    cr_assert_eq(itsm_store_view_open(&view, ctx, store, NULL), ITSM_OK);
    commit_to(store, 13, 40);
    cr_assert_eq(script_entries(ctx, &view, why), 12, "%s", why);
    for (uint64_t r = 1; r <= SCRIPT_ROWS; r++) cr_assert(script_check_row(ctx, &view, 12, r, why), "%s", why);
    for (uint32_t index = 0; index <= 2; index++) cr_assert(script_check_index(ctx, &view, 12, index, why), "%s", why);
    itsm_store_view_close(&view);
    itsm_store_free(store);
}

Test(file_store, a_second_opening_is_refused_and_says_so)
{
    itsm_store *store = open_store(), *other = NULL;
    cr_assert_eq(open_with(&other, 0, ITSM_FILE_FULL), ITSM_E_BUSY);
    cr_assert_null(other);
    assert_text(first_message(ctx), "the store d is open already, by process 4711");
    itsm_store_free(store);
    itsm_store_free(open_store());
}

Test(file_store, a_reader_sees_the_commits_of_a_writer_and_cannot_write)
{
    itsm_store *store = open_store(), *reader = NULL;
    commit_to(store, 1, 9);
    cr_assert_eq(open_with(&reader, ITSM_FILE_READONLY, ITSM_FILE_FULL), ITSM_OK);
    assert_holds(reader, 9);
    cr_assert_eq(script_commit(ctx, reader, 10), ITSM_E_READONLY);
    commit_to(store, 10, 11);
    assert_holds(reader, 9);
    itsm_store_free(reader);
    cr_assert_eq(open_with(&reader, ITSM_FILE_READONLY, ITSM_FILE_FULL), ITSM_OK);
    assert_holds(reader, 11);
    itsm_store_free(reader);
    itsm_store_free(store);
}

Test(file_store, opening_for_reading_or_existing_makes_nothing)
{
    itsm_store *store = NULL;
    cr_assert_eq(open_with(&store, ITSM_FILE_READONLY, 0), ITSM_E_NOT_FOUND);
    cr_assert_eq(open_with(&store, ITSM_FILE_EXISTING, 0), ITSM_E_NOT_FOUND);
    cr_assert_null(sim_find(&sim, "d"));
    assert_text(first_message(ctx), "there is no store at d");
}

Test(file_store, a_directory_with_other_files_is_not_a_store)
{
    itsm_store *store = NULL;
    sim_add(&sim, "d", -1);
    sim_put(&sim, "d/thesis.txt", "x", 1);
    cr_assert_eq(open_with(&store, 0, 0), ITSM_E_CORRUPT);
    cr_assert_null(sim_find(&sim, "d/LOCK"));
}

Test(file_store, options_that_are_wrong_are_refused)
{
    itsm_store *store = NULL;
    itsm_file_options options = ITSM_FILE_OPTIONS_INIT;
    itsm_io small = sim.io;
    cr_assert_eq(itsm_store_file(NULL, ctx, &sim.io, ITSM_STR("d"), NULL), ITSM_E_MISUSE);
    cr_assert_eq(itsm_store_file(&store, NULL, &sim.io, ITSM_STR("d"), NULL), ITSM_E_MISUSE);
    cr_assert_eq(itsm_store_file(&store, ctx, NULL, ITSM_STR("d"), NULL), ITSM_E_MISUSE);
    cr_assert_eq(itsm_store_file(&store, ctx, &sim.io, ITSM_STR(""), NULL), ITSM_E_MISUSE);
    small.size = offsetof(itsm_io, locality) - 1;
    cr_assert_eq(itsm_store_file(&store, ctx, &small, ITSM_STR("d"), NULL), ITSM_E_MISUSE);
    options.flags = ITSM_FILE_SALVAGE;
    cr_assert_eq(itsm_store_file(&store, ctx, &sim.io, ITSM_STR("d"), &options), ITSM_E_MISUSE);
    options.flags = 64;
    cr_assert_eq(itsm_store_file(&store, ctx, &sim.io, ITSM_STR("d"), &options), ITSM_E_MISUSE);
    options.flags = 0, options.durability = 3;
    cr_assert_eq(itsm_store_file(&store, ctx, &sim.io, ITSM_STR("d"), &options), ITSM_E_MISUSE);
    options.durability = 0, options.size = 0;
    cr_assert_eq(itsm_store_file(&store, ctx, &sim.io, ITSM_STR("d"), &options), ITSM_E_MISUSE);
    cr_assert_eq(sim.calls, 0);
}

Test(file_store, a_store_without_random_numbers_is_not_made)
{
    itsm_ctx *plain = counting_ctx(&counting);
    itsm_store *store = NULL;
    cr_assert_eq(itsm_store_file(&store, plain, &sim.io, ITSM_STR("d"), NULL), ITSM_E_NO_RANDOM);
    cr_assert_null(store);
    itsm_ctx_free(plain);
}

Test(file_store, opening_and_closing_writes_nothing)
{
    itsm_store *store = open_store();
    commit_to(store, 1, 3);
    itsm_store_free(store);
    size_t before = sim_file(&sim, "d/log-1")->now.n;
    for (int i = 0; i < 50; i++) itsm_store_free(open_store());
    cr_assert_eq(sim_file(&sim, "d/log-1")->now.n, before);
}

/* Cuts and flips -------------------------------------------------------------------------------------------------- */

static void cut_everywhere(int closed)
{
    enum { COMMITS = 20 };
    size_t at[64], cases = 0;
    struct sim_bytes log = make_log(COMMITS, closed);
    size_t n = frames_of(&log, at, 60);
    cr_assert_eq(n, (size_t)(COMMITS + closed));
    for (size_t length = 0; length <= log.n; length += bit_step(), cases++) {
        itsm_store *store = NULL;
        uint64_t whole = 0;
        while (whole < COMMITS && at[whole + 1] <= length) whole++;
        sim_put(&sim, "d/log-1", log.p, length);
        itsm_status rc = open_with(&store, 0, ITSM_FILE_FULL);
        if (length < ITSM__LOG_HEADER) {
            cr_assert_eq(rc, ITSM_E_CORRUPT, "cut at %zu", length);
            continue;
        }
        cr_assert_eq(rc, ITSM_OK, "cut at %zu: %d", length, rc);
        assert_holds(store, whole);
        cr_assert_eq(script_commit(ctx, store, whole + 1), ITSM_OK); /* it goes on from there */
        itsm_store_free(store);
        if (length % 16 == 0) {
            store = open_store();
            assert_holds(store, whole + 1);
            itsm_store_free(store);
        }
    }
    fprintf(stderr, "[file store] %zu cuts, each an exact prefix\n", cases);
    free(log.p);
}

Test(file_store, a_log_cut_anywhere_is_a_prefix_of_commits)
{
    cut_everywhere(0);
}

Test(file_store, a_closed_log_cut_anywhere_is_a_prefix_of_commits)
{
    cut_everywhere(1);
}

/*
 * Every bit.  Nothing damaged may be taken for good: what opens holds all commits, or all but the last when nothing
 * behind that one tells that it had been synced.
 */
static void flip_everywhere(int closed)
{
    enum { COMMITS = 12 };
    size_t at[64], reported = 0, harmless = 0, last = 0;
    struct sim_bytes log = make_log(COMMITS, closed);
    size_t n = frames_of(&log, at, 60);
    cr_assert_eq(n, (size_t)(COMMITS + closed));
    for (size_t bit = 0; bit < log.n * 8; bit += bit_step()) {
        itsm_store *store = NULL;
        size_t byte = bit / 8;
        log.p[byte] ^= (unsigned char)(1u << bit % 8);
        sim_put(&sim, "d/log-1", log.p, log.n);
        itsm_status rc = open_with(&store, 0, ITSM_FILE_FULL);
        if (rc == ITSM_E_CORRUPT) {
            cr_assert(byte < at[n], "bit %zu behind all frames was called damage", bit);
            cr_assert(!memcmp(sim_file(&sim, "d/log-1")->now.p, log.p, log.n), "a damaged log was changed");
            reported++;
        } else {
            cr_assert_eq(rc, ITSM_OK, "bit %zu: %d", bit, rc);
            cr_assert_geq(byte, at[n - 1], "bit %zu at byte %zu was not noticed", bit, byte);
            if (!closed && byte < at[n]) {
                assert_holds(store, COMMITS - 1);
                last++;
            } else {
                assert_holds(store, COMMITS);
                harmless++;
            }
        }
        itsm_store_free(store);
        log.p[byte] ^= (unsigned char)(1u << bit % 8);
    }
    cr_assert_geq(reported, at[n - 1] * 8 / bit_step());
    fprintf(stderr,
            "[file store] %zu bits flipped: %zu reported, %zu in the last commit of an unclean stop, %zu behind it\n",
            reported + last + harmless, reported, last, harmless);
    free(log.p);
}

Test(file_store, every_flipped_bit_before_the_last_known_sync_is_reported)
{
    flip_everywhere(0);
}

Test(file_store, every_flipped_bit_before_a_clean_close_is_reported)
{
    flip_everywhere(1);
}

Test(file_store, salvage_takes_all_but_the_damaged_commit)
{
    size_t at[64];
    itsm_store *store = NULL;
    itsm_view view = ITSM_VIEW_INIT;
    itsm_cursor cursor = ITSM_CURSOR_INIT;
    itsm_row row;
    struct sim_bytes log = make_log(12, 1);
    frames_of(&log, at, 60);
    log.p[at[3] + 100] ^= 1; /* commit 4 */
    sim_put(&sim, "d/log-1", log.p, log.n);
    cr_assert_eq(open_with(&store, ITSM_FILE_READONLY, 0), ITSM_E_CORRUPT);
    cr_assert_eq(open_with(&store, ITSM_FILE_READONLY | ITSM_FILE_SALVAGE, 0), ITSM_OK);
    cr_assert_eq(script_commit(ctx, store, 13), ITSM_E_READONLY);
    cr_assert_eq(itsm_store_maintain(ctx, store, ITSM_MAINTAIN_CHECK, NULL), ITSM_E_CORRUPT);
    cr_assert_eq(itsm_store_view_open(&view, ctx, store, NULL), ITSM_OK);
    for (uint64_t r = 1; r <= SCRIPT_ROWS; r++) cr_assert(script_check_row(ctx, &view, 12, r, why), "%s", why);
    cr_assert_eq(itsm_store_audit_scan(&cursor, ctx, &view, 0), ITSM_OK);
    for (uint64_t place = 0; place < 12; place++) {
        if (place == 3) continue;
        cr_assert_eq(itsm_store_next(&row, ctx, &cursor), ITSM_OK);
        cr_assert_eq(row.ref.id.lo, place);
    }
    cr_assert_eq(itsm_store_next(&row, ctx, &cursor), ITSM_DONE);
    itsm_store_cursor_close(&cursor);
    itsm_store_view_close(&view);
    itsm_store_free(store);
    log.p[100] ^= 1; /* the header too */
    sim_put(&sim, "d/log-1", log.p, log.n);
    cr_assert_eq(open_with(&store, ITSM_FILE_READONLY, 0), ITSM_E_CORRUPT);
    cr_assert_eq(open_with(&store, ITSM_FILE_READONLY | ITSM_FILE_SALVAGE, 0), ITSM_OK);
    cr_assert_eq(itsm_store_view_open(&view, ctx, store, NULL), ITSM_OK);
    for (uint64_t r = 1; r <= SCRIPT_ROWS; r++) cr_assert(script_check_row(ctx, &view, 12, r, why), "%s", why);
    itsm_store_view_close(&view);
    itsm_store_free(store);
    free(log.p);
}

Test(file_store, a_row_that_decays_while_open_is_noticed)
{
    itsm_store *store = open_store();
    itsm_view view = ITSM_VIEW_INIT;
    itsm_row row;
    commit_to(store, 1, 1);
    cr_assert_eq(itsm_store_maintain(ctx, store, ITSM_MAINTAIN_CHECK, NULL), ITSM_OK);
    sim_file(&sim, "d/log-1")->now.p[ITSM__LOG_HEADER + ITSM__FRAME_HEAD + ITSM__FRAME_OP] ^= 4;
    cr_assert_eq(itsm_store_view_open(&view, ctx, store, NULL), ITSM_OK);
    cr_assert_eq(itsm_store_get(&row, ctx, &view, script_ref(1)), ITSM_E_CORRUPT);
    itsm_store_view_close(&view);
    cr_assert_eq(itsm_store_maintain(ctx, store, ITSM_MAINTAIN_CHECK, NULL), ITSM_E_CORRUPT);
    itsm_store_free(store);
}

/* Versions -------------------------------------------------------------------------------------------------------- */

static itsm_status open_with_header(itsm_store **store, const struct sim_bytes *log, const itsm__log_header *header)
{
    itsm__log_header_write(log->p, header, ITSM__MAGIC_LOG);
    sim_put(&sim, "d/log-1", log->p, log->n);
    return open_with(store, 0, ITSM_FILE_FULL);
}

Test(file_store, a_newer_format_is_refused_by_name_and_a_newer_minor_is_not)
{
    itsm_store *store = NULL;
    itsm__log_header header, changed;
    struct sim_bytes log = make_log(5, 1);
    cr_assert_eq(itsm__log_header_read(&header, log.p, ITSM__MAGIC_LOG), ITSM_OK);
    changed = header, changed.major++;
    cr_assert_eq(open_with_header(&store, &log, &changed), ITSM_E_VERSION);
    assert_text(first_message(ctx), "d/log-1 was written by a newer version: format 2.0, features 0");
    changed = header, changed.incompatible = 0x20;
    cr_assert_eq(open_with_header(&store, &log, &changed), ITSM_E_VERSION);
    assert_text(first_message(ctx), "d/log-1 was written by a newer version: format 1.0, features 20");
    changed = header, changed.minor++, changed.compatible = 1;
    cr_assert_eq(open_with_header(&store, &log, &changed), ITSM_OK);
    assert_holds(store, 5);
    cr_assert_eq(script_commit(ctx, store, 6), ITSM_OK);
    itsm_store_free(store);
    changed = header, changed.read_only = 8;
    cr_assert_eq(open_with_header(&store, &log, &changed), ITSM_OK);
    assert_holds(store, 5);
    cr_assert_eq(script_commit(ctx, store, 6), ITSM_E_READONLY);
    itsm_store_free(store);
    free(log.p);
}

/* Sequences ------------------------------------------------------------------------------------------------------- */

Test(file_store, numbers_are_never_given_twice_and_a_clean_close_leaves_no_gap)
{
    itsm_store *store = open_store();
    uint64_t first = 0, last;
    cr_assert_eq(itsm_store_reserve(&first, ctx, store, "incident", 1, NULL), ITSM_OK);
    cr_assert_eq(first, 1);
    cr_assert_eq(itsm_store_reserve(&first, ctx, store, "incident", 100, NULL), ITSM_OK);
    cr_assert_eq(first, 2);
    cr_assert_eq(itsm_store_reserve(&first, ctx, store, "change", 1, NULL), ITSM_OK);
    cr_assert_eq(first, 1);
    itsm_store_free(store);
    store = open_store();
    cr_assert_eq(itsm_store_reserve(&first, ctx, store, "incident", 1, NULL), ITSM_OK);
    cr_assert_eq(first, 102);
    last = first;
    /* as after a kill: the log as it is now, without the close */
    struct sim_bytes copy = {NULL, 0, 0};
    const struct sim_bytes *now = &sim_file(&sim, "d/log-1")->now;
    sim_resize(&copy, now->n);
    memcpy(copy.p, now->p, now->n);
    itsm_store_free(store);
    sim_put(&sim, "d/log-1", copy.p, copy.n);
    store = open_store();
    cr_assert_eq(itsm_store_reserve(&first, ctx, store, "incident", 1, NULL), ITSM_OK);
    cr_assert_gt(first, last);
    itsm_store_free(store);
    free(copy.p);
}

/* Compacting ------------------------------------------------------------------------------------------------------ */

Test(file_store, compacting_keeps_what_is_there_and_nothing_else)
{
    itsm_store *store = open_store();
    itsm_view view = ITSM_VIEW_INIT;
    uint64_t first = 0;
    commit_to(store, 1, 39);
    cr_assert_eq(itsm_store_reserve(&first, ctx, store, "s", 3, NULL), ITSM_OK);
    cr_assert_eq(itsm_store_view_open(&view, ctx, store, NULL), ITSM_OK);
    cr_assert(store_has("key 000005"));
    cr_assert_eq(itsm_store_maintain(ctx, store, ITSM_MAINTAIN_COMPACT, NULL), ITSM_OK);
    cr_assert(!store_has("key 000005"), "what was replaced is still there");
    cr_assert(store_has("key 000039") && store_has("entry of commit 5"));
    cr_assert_null(sim_find(&sim, "d/ckpt-2.tmp"));
    cr_assert_eq(itsm_store_maintain(ctx, store, ITSM_MAINTAIN_CHECK, NULL), ITSM_OK);
    assert_holds(store, 39);
    commit_to(store, 40, 60);
    assert_holds(store, 60);
    cr_assert_eq(script_entries(ctx, &view, why), 39, "the view from before: %s", why);
    for (uint64_t r = 1; r <= SCRIPT_ROWS; r++) cr_assert(script_check_row(ctx, &view, 39, r, why), "%s", why);
    itsm_store_view_close(&view);
    itsm_store_free(store);
    store = open_store();
    assert_holds(store, 60);
    cr_assert_eq(itsm_store_reserve(&first, ctx, store, "s", 1, NULL), ITSM_OK);
    cr_assert_eq(first, 4);
    for (int i = 0; i < 3; i++) cr_assert_eq(itsm_store_maintain(ctx, store, ITSM_MAINTAIN_COMPACT, NULL), ITSM_OK);
    itsm_store_free(store);
    store = open_store();
    assert_holds(store, 60);
    cr_assert_eq(itsm_store_reserve(&first, ctx, store, "s", 1, NULL), ITSM_OK);
    cr_assert_eq(first, 5, "a clean close after compacting left a gap: %d", (int)first);
    commit_to(store, 61, 70);
    itsm_store_free(store);
}

Test(file_store, damage_anywhere_in_a_compacted_store_is_reported)
{
    itsm_store *store = open_store();
    struct sim_bytes copy = {NULL, 0, 0};
    commit_to(store, 1, 9);
    cr_assert_eq(itsm_store_maintain(ctx, store, ITSM_MAINTAIN_COMPACT, NULL), ITSM_OK);
    itsm_store_free(store);
    sim_resize(&copy, sim_file(&sim, "d/ckpt-2")->now.n);
    memcpy(copy.p, sim_file(&sim, "d/ckpt-2")->now.p, copy.n);
    for (size_t bit = 0; bit < copy.n * 8; bit += bit_step()) {
        copy.p[bit / 8] ^= (unsigned char)(1u << bit % 8);
        sim_put(&sim, "d/ckpt-2", copy.p, copy.n);
        cr_assert_eq(open_with(&store, 0, ITSM_FILE_FULL), ITSM_E_CORRUPT, "bit %zu", bit);
        copy.p[bit / 8] ^= (unsigned char)(1u << bit % 8);
    }
    free(copy.p);
}

Test(file_store, damage_is_not_compacted_away)
{
    itsm_store *store = open_store();
    commit_to(store, 1, 9);
    struct sim_bytes *now = &sim_file(&sim, "d/log-1")->now;
    for (size_t i = ITSM__LOG_HEADER; i + 17 < now->n; i++) /* an entry, which no checksum of its own protects */
        if (!memcmp(now->p + i, "entry of commit 4", 17)) now->p[i] ^= 1;
    cr_assert_eq(itsm_store_maintain(ctx, store, ITSM_MAINTAIN_COMPACT, NULL), ITSM_E_CORRUPT);
    cr_assert_eq(script_commit(ctx, store, 10), ITSM_OK, "the store goes on with the old log");
    itsm_store_free(store);
}

/* Conflicts ------------------------------------------------------------------------------------------------------- */

Test(file_store, a_batch_that_conflicts_leaves_no_trace)
{
    itsm_store *store = open_store();
    commit_to(store, 1, 10);
    size_t calls = sim.calls;
    cr_assert_eq(script_commit(ctx, store, 10), ITSM_E_CONFLICT);
    cr_assert_eq(script_commit(ctx, store, 3), ITSM_E_CONFLICT);
    cr_assert_leq(sim.calls, calls + 2); /* old keys may be read, nothing is written */
    assert_holds(store, 10);
    commit_to(store, 11, 20);
    itsm_store_free(store);
    store = open_store();
    assert_holds(store, 20);
    itsm_store_free(store);
}

/* Memory ---------------------------------------------------------------------------------------------------------- */

static itsm_status whole_story(int *stage)
{
    itsm_store *store = NULL;
    uint64_t first;
    itsm_status rc = open_with(&store, 0, ITSM_FILE_FULL);
    *stage = 0;
    for (uint64_t i = 1; !rc && i <= 12; i++) *stage = (int)i, rc = script_commit(ctx, store, i);
    if (!rc) *stage = 99, rc = itsm_store_maintain(ctx, store, ITSM_MAINTAIN_COMPACT, NULL);
    if (!rc) *stage = 100, rc = itsm_store_reserve(&first, ctx, store, "s", 1, NULL);
    if (!rc && script_check(ctx, store, why) != 12) rc = ITSM_E_NOMEM; /* a view or cursor without memory */
    if (store && rc) { /* the object is as it was: everything can be done again */
        uint64_t done = *stage > 12 ? 12 : *stage ? (uint64_t)*stage - 1 : 0;
        counting.fail_at = 0;
        cr_assert_eq(script_check(ctx, store, why), done, "stage %d: %s", *stage, why);
        if (done < 12) cr_assert_eq(script_commit(ctx, store, done + 1), ITSM_OK);
    }
    itsm_store_free(store);
    return rc;
}

Test(file_store, every_allocation_may_fail)
{
    int stage = 0;
    size_t n = 1;
    for (;; n++) {
        sim_clear(&sim), sim_init(&sim);
        counting_fail(&counting, n);
        itsm_status rc = whole_story(&stage);
        if (!counting_stop(&counting)) break;
        cr_assert_eq(rc, ITSM_E_NOMEM, "allocation %zu in stage %d: %d", n, stage, rc);
    }
    cr_assert_gt(n, 20);
    fprintf(stderr, "[file store] %zu allocations failed, one at a time\n", n - 1);
    for (n = 1;; n++) { /* opening what is there */
        itsm_store *store = NULL;
        counting_fail(&counting, n);
        itsm_status rc = open_with(&store, 0, ITSM_FILE_FULL);
        int failed = counting_stop(&counting);
        itsm_store_free(store);
        if (!failed) break;
        cr_assert_eq(rc, ITSM_E_NOMEM, "allocation %zu: %d", n, rc);
    }
    cr_assert_gt(n, 5);
}
