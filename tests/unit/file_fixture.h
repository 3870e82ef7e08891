/* SPDX-License-Identifier: MIT */
/*
 * What the tests of the file store share: a context that counts, a simulated file system, opening, the story that is
 * committed (store_script.h) and looking into the files.
 */
#ifndef ITSM_TESTS_FILE_FIXTURE_H
#define ITSM_TESTS_FILE_FIXTURE_H

#include "../fault/simulated_io.h"
#include "../fault/store_script.h"
#include "support.h"

#include "base/ctx.h"

#include <criterion/criterion.h>

/* Criterion runs each test in a process of its own. */
static struct counting counting = COUNTING_INIT;
static struct sim sim;
static itsm_ctx *ctx;
static uint64_t seed = 1;
static char why[128];
static uint64_t checkpoint_bytes; /* of stores opened from now on */

static inline void setup(void)
{
    itsm_random random = {sizeof random, script_random, &seed};
    itsm_ctx_options options = ITSM_CTX_OPTIONS_INIT;
    options.alloc = counting_alloc, options.alloc_user = &counting, options.random = &random;
    cr_assert_eq(itsm_ctx_new(&ctx, &options), ITSM_OK);
    sim_init(&sim);
}

static inline void teardown(void)
{
    itsm_ctx_free(ctx);
    sim_clear(&sim);
    assert_nothing_outstanding(counting);
}

static inline itsm_status open_with(itsm_store **store, uint32_t flags, uint32_t durability)
{
    itsm_file_options options = ITSM_FILE_OPTIONS_INIT;
    options.flags = flags, options.durability = durability, options.preallocate = 512;
    options.checkpoint_bytes = checkpoint_bytes;
    return itsm_store_file(store, ctx, &sim.io, ITSM_STR("d"), &options);
}

static inline itsm_store *open_store(void)
{
    itsm_store *store = NULL;
    itsm_status rc = open_with(&store, 0, ITSM_FILE_FULL);
    cr_assert_eq(rc, ITSM_OK, "open: %d %.*s", rc, ITSM_ARG(first_message(ctx)));
    return store;
}

static inline void commit_to(itsm_store *store, uint64_t from, uint64_t to)
{
    for (uint64_t i = from; i <= to; i++) cr_assert_eq(script_commit(ctx, store, i), ITSM_OK, "commit %d", (int)i);
}

static inline void assert_holds(itsm_store *store, uint64_t k)
{
    uint64_t found = script_check(ctx, store, why);
    cr_assert_eq(found, k, "%d commits, not %d: %s", (int)found, (int)k, why);
}

/* Whether bytes stand anywhere in a file of the directory. */
static inline int store_has(const char *text)
{
    size_t n = strlen(text);
    for (size_t k = 0; k < SIM_NAMES; k++) {
        if (!sim.names[k].path[0] || sim.names[k].node < 0) continue;
        const struct sim_bytes *now = &sim.nodes[sim.names[k].node].now;
        for (size_t i = 0; i + n <= now->n; i++)
            if (!memcmp(now->p + i, text, n)) return 1;
    }
    return 0;
}

static inline void maintain(itsm_store *store, uint32_t what)
{
    itsm_status rc = itsm_store_maintain(ctx, store, what, NULL);
    cr_assert_eq(rc, ITSM_OK, "maintain %d: %d %.*s", (int)what, rc, ITSM_ARG(first_message(ctx)));
}

static inline itsm_file_info info_of(itsm_store *store)
{
    itsm_file_info info = ITSM_FILE_INFO_INIT;
    cr_assert_eq(itsm_file_info_read(&info, ctx, store), ITSM_OK);
    return info;
}

/* From one bit to flip, or place to cut at, to the next: all in turn, one in thirteen where ITSM_CASES asks for few. */
static inline size_t bit_step(void)
{
    return getenv("ITSM_CASES") && !getenv("ITSM_FULL") ? 13 : 1;
}

/* A file's bytes as they are; free() them. */
static inline struct sim_bytes bytes_of(const char *path)
{
    struct sim_bytes copy = {NULL, 0, 0};
    struct sim_node *node = sim_file(&sim, path);
    cr_assert_not_null(node, "there is no %s", path);
    sim_resize(&copy, node->now.n);
    if (copy.n) memcpy(copy.p, node->now.p, copy.n);
    return copy;
}

static inline void remove_name(const char *path)
{
    struct sim_name *name = sim_find(&sim, path);
    cr_assert_not_null(name, "there is no %s", path);
    name->path[0] = 0;
}

#endif
