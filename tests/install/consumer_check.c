/* SPDX-License-Identifier: MIT */
/* A host of the conformance kit, built outside the tree of the library. */
#include <itsm/check.h>
#include <itsm/itsm.h>
#include <stdio.h>

static itsm_status make(void *self, itsm_store **out, itsm_ctx *ctx)
{
    (void)self;
    return itsm_store_memory(out, ctx);
}

int main(void)
{
    itsm_check_host host = ITSM_CHECK_HOST_INIT;
    itsm_check_options options = ITSM_CHECK_OPTIONS_INIT;
    itsm_check_result result = ITSM_CHECK_RESULT_INIT;
    itsm_ctx *ctx = NULL;
    int failed = itsm_os_ctx_new(&ctx);
    host.make = make, options.group = ITSM_STR("tombstones");
    if (!failed) failed = itsm_check_run(&result, ctx, &host, &options) || result.failed || !result.passed;
    itsm_ctx_free(ctx);
    printf("libitsm %s %s\n", itsm_version(), failed ? "failed" : "works");
    return failed;
}
