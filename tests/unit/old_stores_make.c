/* SPDX-License-Identifier: MIT */
/*
 * old_stores_make DIR: the stores of tests/data/store-<version>, as this version writes them, and what they hold.  Run once
 * for a release; what it wrote is never changed again.
 */
#include "../fault/store_script.h"
#include "old_stores.h"

#include <itsm/os.h>

static uint64_t seed = 1;

static void must(itsm_status rc, const char *what)
{
    if (!rc) return;
    fprintf(stderr, "%s: %d\n", what, rc);
    exit(1);
}

static itsm_store *open_at(itsm_ctx *ctx, const char *path, uint32_t flags)
{
    itsm_store *store = NULL;
    itsm_file_options options = ITSM_FILE_OPTIONS_INIT;
    options.preallocate = 512, options.flags = flags;
    must(itsm_store_file(&store, ctx, itsm_os_io(), itsm_str_c(path), &options), "open");
    return store;
}

/* A log; a checkpoint behind it too; with `stopped` it is left as a kill leaves it: the copy made while it is open. */
static void make(itsm_ctx *ctx, const char *dir, const char *name, int checkpoints, int stopped)
{
    char path[512], command[2400], text[160];
    uint64_t first;
    snprintf(path, sizeof path, "%s/%s", dir, name);
    itsm_store *store = open_at(ctx, path, 0);
    for (uint64_t i = 1; i <= 13; i++) must(script_commit(ctx, store, i), "commit");
    must(itsm_store_reserve(&first, ctx, store, "incident", 5, NULL), "reserve");
    for (int n = 0; n < checkpoints; n++) {
        must(itsm_store_maintain(ctx, store, ITSM_MAINTAIN_CHECKPOINT, NULL), "checkpoint");
        for (uint64_t i = 14 + 5 * (uint64_t)n; i < 19 + 5 * (uint64_t)n; i++)
            must(script_commit(ctx, store, i), "commit");
    }
    if (stopped) {
        snprintf(command, sizeof command, "cp -r '%s' '%s.open' && printf itsFgarbage >> '%s.open/log-%d'", path, path,
                 path, checkpoints + 1);
        must(system(command) ? ITSM_E_IO : ITSM_OK, command);
    }
    itsm_store_free(store);
    if (stopped) {
        snprintf(command, sizeof command, "rm -r '%s' && mv '%s.open' '%s'", path, path, path);
        must(system(command) ? ITSM_E_IO : ITSM_OK, command);
    }
    snprintf(command, sizeof command, "rm -f '%s/LOCK'", path);
    must(system(command) ? ITSM_E_IO : ITSM_OK, command);
    store = open_at(ctx, path, ITSM_FILE_READONLY);
    must(describe_store(text, ctx, store), "describe");
    printf("%s %s\n", name, text);
    itsm_store_free(store);
}

int main(int argc, char **argv)
{
    itsm_random random = {sizeof random, script_random, &seed};
    itsm_ctx_options options = ITSM_CTX_OPTIONS_INIT;
    itsm_ctx *ctx = NULL;
    if (argc < 2) return 2;
    options.random = &random;
    must(itsm_ctx_new(&ctx, &options), "context");
    make(ctx, argv[1], "log", 0, 0);
    make(ctx, argv[1], "checkpoint", 2, 0);
    make(ctx, argv[1], "stopped", 1, 1);
    itsm_ctx_free(ctx);
    return 0;
}
