/* SPDX-License-Identifier: MIT */
/*
 * A file store that is opened to be read while another writes it: what it sees, how it moves on, and that it changes
 * nothing.  Locks and network file systems.
 */
#include "file_fixture.h"

#include <stddef.h>

TestSuite(file_reader, .init = setup, .fini = teardown);

static itsm_store *open_reader(void)
{
    itsm_store *store = NULL;
    itsm_status rc = open_with(&store, ITSM_FILE_READONLY, 0);
    cr_assert_eq(rc, ITSM_OK, "open to read: %d %.*s", rc, ITSM_ARG(first_message(ctx)));
    return store;
}

Test(file_reader, a_refresh_shows_what_was_committed_since)
{
    itsm_store *store = open_store(), *reader = open_reader();
    itsm_view view = ITSM_VIEW_INIT;
    assert_holds(reader, 0);
    commit_to(store, 1, 9);
    assert_holds(reader, 0);
    maintain(reader, ITSM_MAINTAIN_REFRESH);
    assert_holds(reader, 9);
    maintain(reader, ITSM_MAINTAIN_REFRESH);
    assert_holds(reader, 9);
    cr_assert_eq(itsm_store_view_open(&view, ctx, reader, NULL), ITSM_OK);
    commit_to(store, 10, 20);
    maintain(reader, ITSM_MAINTAIN_REFRESH);
    assert_holds(reader, 20);
    cr_assert_eq(script_entries(ctx, &view, why), 9, "the view from before: %s", why);
    itsm_store_view_close(&view);
    cr_assert_eq(itsm_store_maintain(ctx, store, ITSM_MAINTAIN_REFRESH, NULL), ITSM_NOTHING);
    itsm_store_free(reader);
    itsm_store_free(store);
}

Test(file_reader, a_refresh_goes_across_checkpoints_and_compacting)
{
    itsm_store *store = open_store(), *reader = open_reader();
    itsm_view view = ITSM_VIEW_INIT;
    commit_to(store, 1, 9);
    maintain(reader, ITSM_MAINTAIN_REFRESH);
    cr_assert_eq(itsm_store_view_open(&view, ctx, reader, NULL), ITSM_OK);
    maintain(store, ITSM_MAINTAIN_CHECKPOINT);
    commit_to(store, 10, 12);
    maintain(reader, ITSM_MAINTAIN_REFRESH);
    assert_holds(reader, 12);
    maintain(store, ITSM_MAINTAIN_COMPACT);
    commit_to(store, 13, 20);
    maintain(store, ITSM_MAINTAIN_COMPACT);
    commit_to(store, 21, 22);
    maintain(reader, ITSM_MAINTAIN_REFRESH);
    assert_holds(reader, 22);
    maintain(reader, ITSM_MAINTAIN_CHECK);
    cr_assert_eq(script_entries(ctx, &view, why), 9, "the view from before: %s", why);
    for (uint64_t r = 1; r <= SCRIPT_ROWS; r++) cr_assert(script_check_row(ctx, &view, 9, r, why), "%s", why);
    for (uint32_t index = 0; index <= 2; index++) cr_assert(script_check_index(ctx, &view, 9, index, why), "%s", why);
    itsm_store_view_close(&view);
    itsm_store_free(reader);
    itsm_store_free(store);
}

Test(file_reader, it_sees_every_commit_while_checkpoints_come_and_go)
{
    checkpoint_bytes = 500;
    itsm_store *store = open_store(), *reader = open_reader();
    for (uint64_t i = 1; i <= 120; i++) {
        commit_to(store, i, i);
        if (i % 3) continue;
        maintain(reader, ITSM_MAINTAIN_REFRESH);
        assert_holds(reader, i);
    }
    cr_assert_gt(info_of(store).checkpoint_number, 10);
    itsm_store_free(reader);
    itsm_store_free(store);
}

/* Every function that changes something. */
static itsm_status no_write(void *self, void *file, uint64_t offset, const void *p, size_t n, size_t *put,
                            itsm_io_note *note)
{
    (void)self, (void)file, (void)offset, (void)p, (void)n, (void)put, (void)note;
    cr_assert_fail("a reader wrote");
    return ITSM_E_READONLY;
}

static itsm_status no_change(void *self, void *file, uint64_t offset, uint64_t n, itsm_io_note *note)
{
    (void)self, (void)file, (void)offset, (void)n, (void)note;
    cr_assert_fail("a reader changed a file");
    return ITSM_E_READONLY;
}

static itsm_status no_truncate(void *self, void *file, uint64_t length, itsm_io_note *note)
{
    return no_change(self, file, length, 0, note);
}

static itsm_status no_lock(void *self, void *file, itsm_io_note *note)
{
    return no_change(self, file, 0, 0, note);
}

static itsm_status no_rename(void *self, const char *from, const char *to, itsm_io_note *note)
{
    (void)from, (void)to;
    return no_change(self, NULL, 0, 0, note);
}

static itsm_status no_name(void *self, const char *path, itsm_io_note *note)
{
    (void)path;
    return no_change(self, NULL, 0, 0, note);
}

Test(file_reader, it_writes_nothing_and_locks_nothing)
{
    itsm_io io = sim.io;
    itsm_file_options options = ITSM_FILE_OPTIONS_INIT;
    itsm_store *store = open_store(), *reader = NULL;
    uint64_t first;
    io.write = no_write, io.allocate = no_change, io.truncate = no_truncate, io.lock = io.sync = no_lock;
    io.rename = no_rename, io.unlink = io.mkdir = io.sync_dir = no_name;
    commit_to(store, 1, 30);
    maintain(store, ITSM_MAINTAIN_CHECKPOINT);
    commit_to(store, 31, 35);
    options.flags = ITSM_FILE_READONLY, options.checkpoint_bytes = 1;
    cr_assert_eq(itsm_store_file(&reader, ctx, &io, ITSM_STR("d"), &options), ITSM_OK);
    assert_holds(reader, 35);
    cr_assert_eq(script_commit(ctx, reader, 36), ITSM_E_READONLY);
    cr_assert_eq(itsm_store_reserve(&first, ctx, reader, "s", 1, NULL), ITSM_E_READONLY);
    cr_assert_eq(itsm_store_maintain(ctx, reader, ITSM_MAINTAIN_COMPACT, NULL), ITSM_E_READONLY);
    cr_assert_eq(itsm_store_maintain(ctx, reader, ITSM_MAINTAIN_CHECKPOINT, NULL), ITSM_E_READONLY);
    cr_assert_eq(itsm_store_flush(ctx, reader, NULL), ITSM_OK);
    commit_to(store, 36, 40);
    maintain(reader, ITSM_MAINTAIN_REFRESH);
    assert_holds(reader, 40);
    itsm_store_free(reader);
    itsm_store_free(store);
}

Test(file_reader, a_refresh_that_fails_leaves_what_was_seen)
{
    for (int across = 0; across < 2; across++) {
        for (size_t n = 1;; n++) {
            sim_clear(&sim), sim_init(&sim);
            itsm_store *store = open_store(), *reader;
            commit_to(store, 1, 9);
            reader = open_reader();
            if (across) maintain(store, ITSM_MAINTAIN_COMPACT);
            commit_to(store, 10, 14);
            sim_fail(&sim, n, ITSM_E_IO, 0);
            itsm_status rc = itsm_store_maintain(ctx, reader, ITSM_MAINTAIN_REFRESH, NULL);
            int failed = sim.failed;
            sim.fail_at = 0;
            cr_assert_eq(rc, failed ? ITSM_E_IO : ITSM_OK, "call %zu: %d", n, rc);
            assert_holds(reader, failed ? 9 : 14);
            maintain(reader, ITSM_MAINTAIN_REFRESH);
            assert_holds(reader, 14);
            itsm_store_free(reader);
            itsm_store_free(store);
            if (!failed) break;
        }
        for (size_t n = 1;; n++) {
            sim_clear(&sim), sim_init(&sim);
            itsm_store *store = open_store(), *reader;
            commit_to(store, 1, 9);
            reader = open_reader();
            if (across) maintain(store, ITSM_MAINTAIN_COMPACT);
            commit_to(store, 10, 14);
            counting_fail(&counting, n);
            itsm_status rc = itsm_store_maintain(ctx, reader, ITSM_MAINTAIN_REFRESH, NULL);
            int failed = counting_stop(&counting);
            cr_assert_eq(rc, failed ? ITSM_E_NOMEM : ITSM_OK, "allocation %zu: %d", n, rc);
            assert_holds(reader, failed ? 9 : 14);
            itsm_store_free(reader);
            itsm_store_free(store);
            if (!failed) break;
        }
    }
}

/* A directory in which a writer moves on between two looks of the reader. */
struct moving {
    itsm_store *writer;
    uint64_t next;
    int moves;
    itsm_status (*list)(void *self, const char *path, itsm_io_name_fn name, void *user, itsm_io_note *note);
};

static struct moving moving;

static itsm_status list_and_move(void *self, const char *path, itsm_io_name_fn name, void *user, itsm_io_note *note)
{
    itsm_status rc = moving.list(self, path, name, user, note);
    if (moving.moves && moving.writer) {
        moving.moves--;
        cr_assert_eq(script_commit(NULL, moving.writer, moving.next++), ITSM_OK);
        cr_assert_eq(itsm_store_maintain(NULL, moving.writer, ITSM_MAINTAIN_COMPACT, NULL), ITSM_OK);
    }
    return rc;
}

Test(file_reader, files_that_go_between_listing_and_opening_are_looked_for_again)
{
    itsm_io io = sim.io;
    itsm_file_options options = ITSM_FILE_OPTIONS_INIT;
    itsm_store *reader = NULL;
    moving.list = io.list, io.list = list_and_move;
    itsm_store *store = open_store();
    commit_to(store, 1, 9);
    moving.writer = store, moving.next = 10, moving.moves = 6;
    options.flags = ITSM_FILE_READONLY;
    cr_assert_eq(itsm_store_file(&reader, ctx, &io, ITSM_STR("d"), &options), ITSM_OK);
    assert_holds(reader, moving.next - 1);
    cr_assert_gt(moving.next, 11);
    moving.moves = 5;
    maintain(reader, ITSM_MAINTAIN_REFRESH);
    assert_holds(reader, moving.next - 1);
    itsm_store_free(reader);
    itsm_store_free(store);
}

/* Locks and places ------------------------------------------------------------------------------------------------ */

Test(file_reader, who_holds_the_lock_is_told_if_that_can_be_read)
{
    itsm_store *store = open_store(), *other = NULL;
    cr_assert_eq(open_with(&other, 0, 0), ITSM_E_BUSY);
    assert_text(first_message(ctx), "the store d is open already, by process 4711");
    memcpy(sim_file(&sim, "d/LOCK")->now.p, "\x1b\n", 2);
    cr_assert_eq(open_with(&other, 0, 0), ITSM_E_BUSY);
    assert_text(first_message(ctx), "the store d is open already, in this process or in another");
    itsm_store_free(store);
}

Test(file_reader, a_network_file_system_is_refused_unless_forced)
{
    itsm_store *store = NULL;
    sim.network = 1;
    cr_assert_eq(open_with(&store, 0, 0), ITSM_E_UNSUPPORTED);
    assert_text(first_message(ctx), "d is on a network file system (nfs), whose locks and flushes cannot be trusted");
    cr_assert_null(sim_find(&sim, "d/log-1"));
    cr_assert_eq(open_with(&store, ITSM_FILE_FORCE, 0), ITSM_OK);
    commit_to(store, 1, 3);
    itsm_store *reader = open_reader(); /* reading needs neither */
    assert_holds(reader, 3);
    itsm_store_free(reader);
    itsm_store_free(store);
}

Test(file_reader, a_table_of_functions_from_before_they_were_added_will_do)
{
    itsm_io io = sim.io;
    itsm_store *store = NULL;
    io.size = offsetof(itsm_io, locality);
    sim.network = 1;
    cr_assert_eq(itsm_store_file(&store, ctx, &io, ITSM_STR("d"), NULL), ITSM_OK);
    itsm_store_free(store);
    cr_assert_eq(sim_file(&sim, "d/LOCK")->now.n, 0);
}
