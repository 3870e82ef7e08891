/* SPDX-License-Identifier: MIT */
/*
 * Stores that released versions wrote, in tests/data/store-<version>: each opens, holds what it held, and can be
 * written on; to look at one its folder need not be writable.  `expected` has a line for each: name, digest of everything in
 * it, root of the audit trail, commits.
 */
#include "../fault/scratch.h"
#include "../fault/store_script.h"
#include "old_stores.h"
#include "support.h"

#include <itsm/os.h>

#include <criterion/criterion.h>
#include <sys/stat.h>

static const char *const versions[] = {"store-0.1"};

enum { HASHES = 129 }; /* letters of both hashes */

struct old_store {
    char path[512], name[64], expected[160];
};

static itsm_ctx *ctx;

static void setup(void)
{
    cr_assert_eq(itsm_os_ctx_new(&ctx), ITSM_OK);
}

static void teardown(void)
{
    itsm_ctx_free(ctx);
}

TestSuite(old_stores, .init = setup, .fini = teardown);

static size_t each_store(void (*work)(const struct old_store *store))
{
    size_t n = 0;
    for (size_t v = 0; v < sizeof versions / sizeof *versions; v++) {
        struct old_store store;
        char path[512], line[256];
        snprintf(path, sizeof path, "%s/%s/expected", OLD_STORES, versions[v]);
        FILE *file = fopen(path, "r");
        cr_assert_not_null(file, "%s", path);
        while (fgets(line, sizeof line, file)) {
            cr_assert_eq(sscanf(line, "%63s %159[^\n]", store.name, store.expected), 2);
            snprintf(store.path, sizeof store.path, "%s/%s/%s", OLD_STORES, versions[v], store.name);
            work(&store);
            n++;
        }
        fclose(file);
    }
    return n;
}

static void assert_opens(const struct old_store *old, const char *path, uint32_t flags)
{
    char found[160];
    itsm_store *store = NULL;
    itsm_file_options options = ITSM_FILE_OPTIONS_INIT;
    options.flags = flags | ITSM_FILE_EXISTING;
    itsm_status rc = itsm_store_file(&store, ctx, itsm_os_io(), itsm_str_c(path), &options);
    cr_assert_eq(rc, ITSM_OK, "%s: %d %.*s", path, rc, ITSM_ARG(first_message(ctx)));
    cr_assert_eq(itsm_store_maintain(ctx, store, ITSM_MAINTAIN_CHECK, NULL), ITSM_OK);
    cr_assert_eq(describe_store(found, ctx, store), ITSM_OK);
    if (!(flags & ITSM_FILE_READONLY)) found[HASHES] = 0; /* closing it is one more commit */
    cr_assert_eq(strncmp(found, old->expected, strlen(found)), 0, "%s: %s", path, found);
    itsm_store_free(store);
}

static void look_at(const struct old_store *old)
{
    assert_opens(old, old->path, ITSM_FILE_READONLY);
}

Test(old_stores, can_be_read_and_hold_what_they_held)
{
    cr_assert_geq(each_store(look_at), 3);
}

static void copy_file(const char *from, const char *to)
{
    itsm_buf bytes = ITSM_BUF_INIT;
    cr_assert_eq(itsm_os_file_read(&bytes, ctx, itsm_str_c(from), 0), ITSM_OK);
    itsm_bytes all = {bytes.p, bytes.n};
    cr_assert_eq(itsm_os_file_write(ctx, itsm_str_c(to), all), ITSM_OK);
    itsm_buf_clear(&bytes);
}

static void copy_store(const char *from, const char *to)
{
    struct scratch_names names = {{{0}}, 0};
    char old[1024], new[1024];
    cr_assert_eq(itsm_os_io()->list(NULL, from, scratch_see, &names, NULL), ITSM_OK);
    cr_assert_eq(mkdir(to, 0755), 0);
    for (size_t i = 0; i < names.n; i++) {
        snprintf(old, sizeof old, "%s/%s", from, names.name[i]), snprintf(new, sizeof new, "%s/%s", to, names.name[i]);
        copy_file(old, new);
    }
}

static void write_on(const struct old_store *old)
{
    char path[128], why[128];
    itsm_store *store = NULL;
    snprintf(path, sizeof path, "old_stores_test.%ld", (long)getpid());
    copy_store(old->path, path);
    assert_opens(old, path, 0);
    assert_opens(old, path, 0);
    cr_assert_eq(itsm_os_store_open(&store, ctx, itsm_str_c(path)), ITSM_OK);
    uint64_t commits = script_check(ctx, store, why);
    cr_assert_neq(commits, UINT64_MAX, "%s", why);
    for (uint64_t i = commits + 1; i < commits + 8; i++) cr_assert_eq(script_commit(ctx, store, i), ITSM_OK);
    cr_assert_eq(itsm_store_maintain(ctx, store, ITSM_MAINTAIN_COMPACT, NULL), ITSM_OK);
    cr_assert_eq(script_check(ctx, store, why), commits + 7, "%s", why);
    itsm_store_free(store);
    remove_store(path);
}

Test(old_stores, can_be_written_on)
{
    size_t n = each_store(write_on);
    cr_assert_geq(n, 3);
    fprintf(stderr, "[file store] %zu stores of %zu versions open and hold what they held\n", n,
            sizeof versions / sizeof *versions);
}

static void look_without_writing(const struct old_store *old)
{
    char path[128];
    snprintf(path, sizeof path, "old_stores_test.%ld", (long)getpid());
    copy_store(old->path, path);
    cr_assert_eq(chmod(path, 0555), 0);
    if (geteuid() == 0) cr_assert_eq(setegid(65534) || seteuid(65534), 0);
    itsm_store *store = NULL;
    itsm_status rc = itsm_os_store_open(&store, ctx, itsm_str_c(path));
    cr_assert_eq(rc, ITSM_E_READONLY, "%d: the folder can be written", rc);
    assert_opens(old, path, ITSM_FILE_READONLY);
    if (getuid() == 0) cr_assert_eq(seteuid(0) || setegid(0), 0);
    cr_assert_eq(chmod(path, 0755), 0);
    remove_store(path);
}

Test(old_stores, can_be_read_in_a_folder_that_cannot_be_written)
{
    cr_assert_geq(each_store(look_without_writing), 3);
}
