/* SPDX-License-Identifier: MIT */
/*
 * The system behind tables: files, locks, streams, random numbers, zones.  Works in a directory of its own below the
 * current one.
 */
#ifndef _POSIX_C_SOURCE
#define _POSIX_C_SOURCE 200809L
#endif
#include "support.h"

#include <itsm/os.h>

#include <criterion/criterion.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static char directory[64], path[128];
static itsm_ctx *ctx;
static struct counting counting = COUNTING_INIT;

static const char *in_directory(const char *name)
{
    snprintf(path, sizeof path, "%s/%s", directory, name);
    return path;
}

static void setup(void)
{
    itsm_ctx_options options = ITSM_CTX_OPTIONS_INIT;
    itsm_os_ctx_options(&options);
    options.alloc = counting_alloc, options.alloc_user = &counting;
    cr_assert_eq(itsm_ctx_new(&ctx, &options), ITSM_OK);
    snprintf(directory, sizeof directory, "os_test.%ld", (long)getpid());
    cr_assert_eq(mkdir(directory, 0777), 0);
}

static itsm_status remove_name(void *user, const char *name)
{
    char full[300];
    snprintf(full, sizeof full, "%s/%s", (const char *)user, name);
    return unlink(full) ? ITSM_E_IO : ITSM_OK;
}

static void teardown(void)
{
    const itsm_io *io = itsm_os_io();
    itsm_ctx_free(ctx);
    assert_nothing_outstanding(counting);
    (void)!io->list(io->self, in_directory("desk"), remove_name, path, NULL);
    (void)!rmdir(in_directory("desk"));
    cr_assert_eq(io->list(io->self, directory, remove_name, directory, NULL), ITSM_OK);
    cr_assert_eq(rmdir(directory), 0);
}

TestSuite(os, .init = setup, .fini = teardown);

Test(os, a_file_is_written_whole_and_read_back)
{
    itsm_buf buf = counting_buf(&counting);
    cr_assert_eq(itsm_os_file_write(ctx, itsm_str_c(in_directory("a")), (itsm_bytes){"first", 5}), ITSM_OK);
    cr_assert_eq(itsm_os_file_write(ctx, itsm_str_c(in_directory("a")), (itsm_bytes){"second one", 10}), ITSM_OK);
    cr_assert_eq(itsm_os_file_read(&buf, ctx, itsm_str_c(in_directory("a")), 0), ITSM_OK);
    assert_text(itsm_buf_str(&buf), "second one");
    cr_assert_eq(itsm_os_file_read(&buf, ctx, itsm_str_c(in_directory("a")), 10), ITSM_OK);
    assert_text(itsm_buf_str(&buf), "second onesecond one");
    cr_assert_eq(itsm_os_file_read(&buf, ctx, itsm_str_c(in_directory("a")), 9), ITSM_E_LIMIT);
    assert_text(itsm_buf_str(&buf), "second onesecond one");
    itsm_buf_clear(&buf);
}

static itsm_status count_name(void *user, const char *name)
{
    (void)name;
    ++*(int *)user;
    return ITSM_OK;
}

Test(os, writing_a_file_leaves_nothing_else_behind)
{
    int names = 0;
    const itsm_io *io = itsm_os_io();
    cr_assert_eq(itsm_os_file_write(ctx, itsm_str_c(in_directory("a")), (itsm_bytes){"x", 1}), ITSM_OK);
    cr_assert_eq(itsm_os_file_write(ctx, itsm_str_c(directory), (itsm_bytes){"x", 1}), ITSM_E_IO, "it is a directory");
    cr_assert_eq(io->list(io->self, directory, count_name, &names, NULL), ITSM_OK);
    cr_assert_eq(names, 1);
    names = 0;
    cr_assert_eq(io->list(io->self, ".", count_name, &names, NULL), ITSM_OK);
    cr_assert_eq(itsm_os_file_write(ctx, itsm_str_c(in_directory("no/b")), (itsm_bytes){"x", 1}), ITSM_E_NOT_FOUND);
}

Test(os, what_fails_names_the_file_and_the_reason)
{
    itsm_buf buf = counting_buf(&counting);
    itsm_os_input *input = NULL;
    char wanted[200];
    cr_assert_eq(itsm_os_input_open(&input, ctx, ITSM_STR("no such log.csv")), ITSM_E_NOT_FOUND);
    assert_text(first_message(ctx), "cannot open no such log.csv: no such file or directory");
    cr_assert_null(input);
    cr_assert_eq(itsm_os_file_read(&buf, ctx, itsm_str_c(directory), 0), ITSM_E_IO);
    snprintf(wanted, sizeof wanted, "cannot open %s: is a directory", directory);
    assert_text(first_message(ctx), wanted);
    cr_assert_eq(itsm_os_input_open(&input, ctx, ITSM_STR("")), ITSM_E_INVALID);
    cr_assert_eq(itsm_os_input_open(&input, ctx, ITSM_STR("a\0b")), ITSM_E_INVALID);
    static char longest[5000];
    memset(longest, 'x', sizeof longest);
    cr_assert_eq(itsm_os_input_open(&input, ctx, itsm_str_n(longest, sizeof longest)), ITSM_E_LIMIT);
    cr_assert_eq(itsm_os_input_open(&input, ctx, itsm_str_n(longest, 300)), ITSM_E_LIMIT);
    cr_assert_eq(itsm_os_input_open(NULL, ctx, ITSM_STR("x")), ITSM_E_MISUSE);
    cr_assert_eq(itsm_os_file_read(NULL, ctx, ITSM_STR("x"), 0), ITSM_E_MISUSE);
    itsm_os_input_close(NULL);
}

Test(os, an_input_is_read_in_pieces_to_its_end)
{
    itsm_os_input *input = NULL;
    char all[32];
    size_t n = 1, used = 0;
    cr_assert_eq(itsm_os_file_write(ctx, itsm_str_c(in_directory("a")), (itsm_bytes){"0123456789", 10}), ITSM_OK);
    cr_assert_eq(itsm_os_input_open(&input, ctx, itsm_str_c(in_directory("a"))), ITSM_OK);
    cr_assert_eq(itsm_os_input_length(input), 10);
    while (n) {
        cr_assert_eq(itsm_os_input_read(input, all + used, 3, &n), ITSM_OK);
        used += n;
    }
    cr_assert(used == 10 && !memcmp(all, "0123456789", 10));
    cr_assert_eq(itsm_os_input_read(input, all, 3, &n), ITSM_OK);
    cr_assert_eq(n, 0);
    cr_assert_eq(itsm_os_input_read(NULL, all, 3, &n), ITSM_E_MISUSE);
    itsm_os_input_close(input);
}

Test(os, standard_input_is_a_dash)
{
    itsm_buf buf = counting_buf(&counting);
    int ends[2], before = dup(0);
    cr_assert_eq(pipe(ends), 0);
    cr_assert_eq(write(ends[1], "piped", 5), 5);
    close(ends[1]);
    dup2(ends[0], 0), close(ends[0]);
    cr_assert_eq(itsm_os_file_read(&buf, ctx, ITSM_STR("-"), 0), ITSM_OK);
    assert_text(itsm_buf_str(&buf), "piped");
    cr_assert_eq(fcntl(0, F_GETFD), 0, "standard input was closed");
    dup2(before, 0), close(before);
    itsm_buf_clear(&buf);
}

Test(os, a_reader_that_went_away_is_news_and_no_signal)
{
    int ends[2], before = dup(1);
    cr_assert_eq(pipe(ends), 0);
    dup2(ends[1], 1), close(ends[1]);
    itsm_status good = itsm_os_output_write(1, (itsm_bytes){"hello", 5});
    close(ends[0]);
    itsm_status gone = itsm_os_output_write(1, (itsm_bytes){"hello", 5});
    int terminal = itsm_os_is_terminal(1);
    dup2(before, 1), close(before);
    cr_assert_eq(good, ITSM_OK);
    cr_assert_eq(gone, ITSM_DONE);
    cr_assert_eq(terminal, 0);
    cr_assert_eq(itsm_os_output_write(7, (itsm_bytes){"", 0}), ITSM_E_MISUSE);
}

Test(os, a_lock_is_held_against_this_process_too_and_survives_other_closings)
{
    const itsm_io *io = itsm_os_io();
    void *a = NULL, *b = NULL, *c = NULL;
    itsm_io_note note;
    const uint32_t flags = ITSM_IO_READ | ITSM_IO_WRITE | ITSM_IO_CREATE;
    cr_assert_eq(io->open(io->self, &a, in_directory("l"), flags, &note), ITSM_OK);
    cr_assert_eq(io->lock(io->self, a, &note), ITSM_OK);
    cr_assert_eq(io->open(io->self, &b, path, flags, &note), ITSM_OK);
    cr_assert_eq(io->lock(io->self, b, &note), ITSM_E_BUSY);
    io->close(io->self, b); /* a classic fcntl lock would be gone now */
    cr_assert_eq(io->open(io->self, &c, path, flags, &note), ITSM_OK);
    cr_assert_eq(io->lock(io->self, c, &note), ITSM_E_BUSY);
    io->close(io->self, a);
    cr_assert_eq(io->lock(io->self, c, &note), ITSM_OK);
    io->close(io->self, c);
}

Test(os, files_do_what_the_table_says)
{
    const itsm_io *io = itsm_os_io();
    void *file = NULL;
    itsm_io_note note;
    uint64_t length = 0;
    size_t n = 0;
    char bytes[8] = "";
    cr_assert_eq(io->size, sizeof *io);
    cr_assert_eq(io->open(io->self, &file, in_directory("f"), ITSM_IO_READ, &note), ITSM_E_NOT_FOUND);
    cr_assert_str_eq(note.text, "no such file or directory");
    const uint32_t make = ITSM_IO_READ | ITSM_IO_WRITE | ITSM_IO_CREATE | ITSM_IO_EXCLUSIVE;
    cr_assert_eq(io->open(io->self, &file, path, make, &note), ITSM_OK);
    cr_assert_eq(io->write(io->self, file, 3, "abc", 3, &n, &note), ITSM_OK);
    cr_assert_eq(n, 3);
    cr_assert_eq(io->allocate(io->self, file, 6, 100000, &note), ITSM_OK);
    cr_assert_eq(io->sync(io->self, file, &note), ITSM_OK);
    cr_assert_eq(io->length(io->self, file, &length, &note), ITSM_OK);
    cr_assert_eq(length, 100006);
    cr_assert_eq(io->read(io->self, file, 2, bytes, 6, &n, &note), ITSM_OK);
    cr_assert(n == 6 && !memcmp(bytes, "\0abc\0\0", 6));
    cr_assert_eq(io->truncate(io->self, file, 4, &note), ITSM_OK);
    cr_assert_eq(io->read(io->self, file, 3, bytes, 6, &n, &note), ITSM_OK);
    cr_assert_eq(n, 1);
    cr_assert_eq(io->read(io->self, file, 4, bytes, 6, &n, &note), ITSM_OK);
    cr_assert_eq(n, 0);
    cr_assert_eq(io->write(io->self, file, UINT64_MAX, "a", 1, &n, &note), ITSM_E_FULL);
    io->close(io->self, file);
    cr_assert_eq(io->open(io->self, &file, path, make, &note), ITSM_NOTHING);
    cr_assert_eq(io->mkdir(io->self, directory, &note), ITSM_NOTHING);
    cr_assert_eq(io->mkdir(io->self, path, &note), ITSM_E_NOT_FOUND, "a file is no directory");
    cr_assert_eq(io->sync_dir(io->self, directory, &note), ITSM_OK);
    cr_assert_eq(io->unlink(io->self, path, &note), ITSM_OK);
    cr_assert_eq(io->unlink(io->self, path, &note), ITSM_E_NOT_FOUND);
    cr_assert_eq(io->list(io->self, in_directory("none"), count_name, &n, &note), ITSM_E_NOT_FOUND);
}

Test(os, a_full_disk_is_full)
{
    const itsm_io *io = itsm_os_io();
    void *file = NULL;
    size_t n = 0;
    itsm_io_note note;
    if (io->open(io->self, &file, "/dev/full", ITSM_IO_WRITE, &note)) cr_skip_test("there is no /dev/full here");
    cr_assert_eq(io->write(io->self, file, 0, "x", 1, &n, &note), ITSM_E_FULL);
    cr_assert_str_eq(note.text, "no space left on the device");
    io->close(io->self, file);
}

Test(os, random_numbers_differ_and_clocks_go_on)
{
    itsm_ctx_options options = ITSM_CTX_OPTIONS_INIT;
    unsigned char a[300], b[300];
    itsm_os_ctx_options(&options);
    memset(a, 0, sizeof a), memset(b, 0, sizeof b);
    cr_assert_eq(options.random->fill(options.random->self, a, sizeof a), ITSM_OK);
    cr_assert_eq(options.random->fill(options.random->self, b, sizeof b), ITSM_OK);
    cr_assert(memcmp(a, b, sizeof a));
    cr_assert(memcmp(a + 256, (unsigned char[44]){0}, 44), "the end was not filled");
    cr_assert_gt(itsm_os_now(), ITSM_DAYS(365 * 50));
    itsm_span from = itsm_os_monotonic();
    cr_assert_geq(itsm_os_monotonic(), from);
    cr_assert_geq(itsm_os_cpu_time(), 0);
}

Test(os, the_environment_is_read)
{
    cr_assert_eq(setenv("ITSM_OS_TEST", "value", 1), 0);
    assert_text(itsm_os_env("ITSM_OS_TEST"), "value");
    cr_assert_null(itsm_os_env("ITSM_OS_TEST_NONE").p);
    cr_assert_null(itsm_os_env(NULL).p);
}

Test(os, zones_come_from_the_first_directory_that_has_them_and_names_cannot_leave_it)
{
    static const char *const bad[] = {"",   "/etc/passwd", "../x", "Europe/../x", "Europe//Berlin",
                                      "a/", ".",           "x y",  "a\\b"};
    itsm_ctx_options options = ITSM_CTX_OPTIONS_INIT;
    itsm_buf buf = counting_buf(&counting);
    itsm_os_ctx_options(&options);
    cr_assert_eq(itsm_os_file_write(ctx, itsm_str_c(in_directory("Zone")), (itsm_bytes){"TZif", 4}), ITSM_OK);
    cr_assert_eq(setenv("ITSM_ZONEINFO", directory, 1), 0);
    cr_assert_eq(options.zones->load(options.zones->self, &buf, ITSM_STR("Zone")), ITSM_OK);
    assert_text(itsm_buf_str(&buf), "TZif");
    cr_assert_eq(options.zones->load(options.zones->self, &buf, ITSM_STR("No/Such")), ITSM_E_NOT_FOUND);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        cr_assert_eq(options.zones->load(options.zones->self, &buf, itsm_str_c(bad[i])), ITSM_E_NOT_FOUND, "%s",
                     bad[i]);
    itsm_buf_clear(&buf);
}

Test(os, the_release_of_the_zones_is_read_where_systems_write_it_down)
{
    itsm_ctx_options options = ITSM_CTX_OPTIONS_INIT;
    itsm_buf buf = counting_buf(&counting);
    itsm_os_ctx_options(&options);
    const itsm_zone_source *zones = options.zones;
    cr_assert_eq(itsm_os_file_write(ctx, itsm_str_c(in_directory("Zone")), (itsm_bytes){"TZif", 4}), ITSM_OK);
    cr_assert_eq(setenv("ITSM_ZONEINFO", directory, 1), 0);
    cr_assert_eq(zones->version(zones->self, &buf, ITSM_STR("Zone")), ITSM_E_NOT_FOUND);
    const itsm_bytes source = {"# version 2026f\n# more", 22}, other = {"# tzdb\n", 7}, plain = {"2027a\n", 6};
    cr_assert_eq(itsm_os_file_write(ctx, itsm_str_c(in_directory("tzdata.zi")), other), ITSM_OK);
    cr_assert_eq(zones->version(zones->self, &buf, ITSM_STR("Zone")), ITSM_E_NOT_FOUND);
    cr_assert_eq(itsm_os_file_write(ctx, itsm_str_c(in_directory("tzdata.zi")), source), ITSM_OK);
    cr_assert_eq(zones->version(zones->self, &buf, ITSM_STR("Zone")), ITSM_OK);
    assert_text(itsm_buf_str(&buf), "2026f");
    cr_assert_eq(zones->version(zones->self, &buf, ITSM_STR("No/Such")), ITSM_E_NOT_FOUND);
    buf.n = 0;
    cr_assert_eq(itsm_os_file_write(ctx, itsm_str_c(in_directory("+VERSION")), plain), ITSM_OK);
    cr_assert_eq(zones->version(zones->self, &buf, ITSM_STR("Zone")), ITSM_OK);
    assert_text(itsm_buf_str(&buf), "2027a");
    itsm_buf_clear(&buf);
}

Test(os, a_store_opens_by_its_path_and_a_second_time_is_refused)
{
    itsm_store *store = NULL, *other = NULL;
    cr_assert_eq(itsm_os_store_open(&store, ctx, itsm_str_c(in_directory("desk"))), ITSM_OK);
    cr_assert(itsm_store_caps(store) & ITSM_CAP_DURABLE);
    cr_assert(itsm_store_caps(store) & ITSM_CAP_MT);
    cr_assert_eq(itsm_os_store_open(&other, ctx, itsm_str_c(path)), ITSM_E_BUSY);
    cr_assert_null(other);
    itsm_store_free(store);
    cr_assert_eq(itsm_os_store_open(&store, ctx, itsm_str_c(path)), ITSM_OK);
    itsm_store_free(store);
    cr_assert_eq(itsm_os_store_open(&store, ctx, ITSM_STR(":memory:")), ITSM_OK);
    assert_text(itsm_store_name(store), "memory");
    itsm_store_free(store);
    cr_assert_eq(itsm_os_store_open(&store, ctx, ITSM_STR("no/such/parent")), ITSM_E_NOT_FOUND);
}

Test(os, a_context_comes_with_everything)
{
    itsm_ctx *whole = NULL;
    cr_assert_eq(itsm_os_ctx_new(NULL), ITSM_E_MISUSE);
    cr_assert_eq(itsm_os_ctx_new(&whole), ITSM_OK);
    itsm_ctx_free(whole);
}

Test(os, every_allocation_may_fail)
{
    cr_assert_eq(itsm_os_file_write(ctx, itsm_str_c(in_directory("a")), (itsm_bytes){"content", 7}), ITSM_OK);
    size_t n = 1;
    for (;; n++) {
        itsm_buf buf = counting_buf(&counting);
        counting_fail(&counting, n);
        itsm_status rc = itsm_os_file_read(&buf, ctx, itsm_str_c(path), 0);
        if (!rc) rc = itsm_os_file_write(ctx, itsm_str_c(path), (itsm_bytes){"content", 7});
        int failed = counting_stop(&counting);
        if (failed) cr_assert_eq(rc, ITSM_E_NOMEM);
        itsm_buf_clear(&buf);
        if (!failed) break;
    }
    cr_assert_gt(n, 2);
}
