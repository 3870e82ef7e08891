/* SPDX-License-Identifier: MIT */
/*
 * A store by its path, for hosts that want the system's files: one call that picks the backend.
 */
#include "base/ctx.h"

#include <itsm/os.h>

itsm_status itsm_os_store_open(itsm_store **out, itsm_ctx *ctx, itsm_str path)
{
    if (itsm_str_is(path, ":memory:")) return itsm_store_memory(out, ctx);
    return itsm_store_file(out, ctx, itsm_os_io(), path, NULL);
}
