/* SPDX-License-Identifier: MIT */
/* A host of the library, built outside its tree: the call needs the headers, the library and what it stands on. */
#include <itsm/itsm.h>
#include <stdio.h>

int main(void)
{
    itsm_ctx *ctx = NULL;
    itsm_zone *zone = NULL;
    int failed = itsm_os_ctx_new(&ctx) || itsm_zone_load(&zone, ctx, ITSM_STR("UTC"));
    itsm_zone_free(zone);
    itsm_ctx_free(ctx);
    printf("libitsm %s %s\n", itsm_version(), failed ? "failed" : "works");
    return failed;
}
