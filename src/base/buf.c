/* SPDX-License-Identifier: MIT */
/*
 * The growing buffer that text results are appended to.  It is the caller's struct with a copy of an allocator;
 * appending is O(n) amortised, and an append that fails leaves the content as it was.
 */
#include "base/ctx.h"
#include "base/text.h"

void itsm_buf_init(itsm_buf *buf, const itsm_ctx *ctx)
{
    const itsm__memory *memory = itsm__ctx_memory(ctx);
    buf->p = NULL, buf->n = 0, buf->capacity = 0;
    buf->alloc = memory->fn, buf->alloc_user = memory->user;
}

static itsm__memory memory_of(const itsm_buf *buf)
{
    itsm__memory memory = itsm__memory_library;
    if (buf->alloc) memory.fn = buf->alloc, memory.user = buf->alloc_user;
    return memory;
}

itsm_status itsm__buf_enlarge(itsm_buf *buf, size_t more)
{
    if (more > SIZE_MAX - buf->n) return ITSM_E_NOMEM;
    size_t need = buf->n + more;
    if (need < 64) need = 64;
    itsm__memory memory = memory_of(buf);
    return itsm__grow(&memory, &buf->p, &buf->capacity, need, 1);
}

itsm_status itsm_buf_add(itsm_buf *buf, const void *p, size_t n)
{
    if (!n) return ITSM_OK;
    itsm_status status = itsm__buf_reserve(buf, n);
    if (status) return status;
    memcpy(buf->p + buf->n, p, n);
    buf->n += n;
    return ITSM_OK;
}

void itsm_buf_clear(itsm_buf *buf)
{
    itsm__memory memory = memory_of(buf);
    itsm__free(&memory, buf->p, buf->capacity);
    buf->p = NULL, buf->n = 0, buf->capacity = 0;
}
