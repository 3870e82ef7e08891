/* SPDX-License-Identifier: MIT */
/*
 * Zones for tests of modules that lie below `os`: a zone source that reads the system's zoneinfo directory.
 */
#ifndef ITSM_TESTS_ZONES_H
#define ITSM_TESTS_ZONES_H

#include <itsm/base.h>

#include <stdio.h>
#include <stdlib.h>

static inline itsm_status zones_load(void *self, itsm_buf *out, itsm_str name)
{
    char path[512], block[4096];
    (void)self;
    snprintf(path, sizeof path, "/usr/share/zoneinfo/%.*s", ITSM_ARG(name));
    FILE *file = fopen(path, "rb");
    if (!file) return ITSM_E_NOT_FOUND;
    itsm_status status = ITSM_OK;
    for (size_t n; !status && (n = fread(block, 1, sizeof block, file)) > 0;) status = itsm_buf_add(out, block, n);
    fclose(file);
    return status;
}

/* A context with the system's zones; alloc NULL for the C library's memory. */
static inline itsm_ctx *zones_ctx(itsm_alloc_fn alloc, void *user)
{
    const itsm_zone_source source = {sizeof source, zones_load, NULL, NULL};
    itsm_ctx_options options = ITSM_CTX_OPTIONS_INIT;
    itsm_ctx *ctx = NULL;
    options.alloc = alloc, options.alloc_user = user, options.zones = &source;
    if (itsm_ctx_new(&ctx, &options)) fprintf(stderr, "no context\n"), abort();
    return ctx;
}

#endif
