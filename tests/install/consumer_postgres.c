/* SPDX-License-Identifier: MIT */
/* A host of libitsm-postgres, built outside its tree; no server is needed to see that there is none. */
#include <itsm/itsm.h>
#include <itsm/postgres.h>
#include <stdio.h>

int main(void)
{
    itsm_ctx *ctx = NULL;
    itsm_store *store = NULL;
    int failed = itsm_os_ctx_new(&ctx) ||
                 itsm_store_postgres(&store, ctx, ITSM_STR("host=/there/is/none"), NULL) != ITSM_E_BUSY || store;
    itsm_ctx_free(ctx);
    printf("libitsm %s %s\n", itsm_version(), failed ? "failed" : "works");
    return failed;
}
