/* SPDX-License-Identifier: MIT */
/* A host of the SQLite store, built outside its tree. */
#include <itsm/itsm.h>
#include <itsm/sqlite.h>
#include <stdio.h>

int main(void)
{
    itsm_ctx *ctx = NULL;
    itsm_store *store = NULL;
    itsm_sqlite_options options = ITSM_SQLITE_OPTIONS_INIT;
    options.flags = ITSM_SQLITE_EXISTING;
    int failed = itsm_os_ctx_new(&ctx) ||
                 itsm_store_sqlite(&store, ctx, ITSM_STR("no such file.db"), &options) != ITSM_E_NOT_FOUND;
    itsm_store_free(store);
    itsm_ctx_free(ctx);
    printf("libitsm %s %s\n", itsm_version(), failed ? "failed" : "works");
    return failed;
}
