/* SPDX-License-Identifier: MIT */
/*
 * The context: what the host gave, copied, and the issues of the last call that failed.
 *
 * Issues are an array that is emptied, never shrunk, and their texts lie in one arena: clearing is O(1) when nothing
 * was said, which is the usual case, and adding an issue costs its text.  A context is used by one thread at a time.
 */
#include "base/ctx.h"
#include "base/text.h"

/* Copy a struct that starts with its size and may be shorter or longer than ours; 0 if it has no size. */
static int copy_sized(void *out, size_t size, const void *in)
{
    size_t given;
    memcpy(&given, in, sizeof given);
    if (given < sizeof given) return 0;
    memset(out, 0, size);
    memcpy(out, in, given < size ? given : size);
    return 1;
}

itsm_status itsm_ctx_new(itsm_ctx **out, const itsm_ctx_options *options)
{
    if (!out) return ITSM_E_MISUSE;
    *out = NULL;
    itsm_ctx_options o = ITSM_CTX_OPTIONS_INIT;
    if (options && !copy_sized(&o, sizeof o, options)) return ITSM_E_MISUSE;
    itsm__memory memory = itsm__memory_default();
    if (o.alloc) memory.fn = o.alloc, memory.user = o.alloc_user;
    itsm_ctx made;
    memset(&made, 0, sizeof made);
    made.memory = memory;
    if (o.random && !copy_sized(&made.random, sizeof made.random, o.random)) return ITSM_E_MISUSE;
    if (o.mutexes && !copy_sized(&made.mutexes, sizeof made.mutexes, o.mutexes)) return ITSM_E_MISUSE;
    if (o.zones && !copy_sized(&made.zones, sizeof made.zones, o.zones)) return ITSM_E_MISUSE;
    itsm__arena_init(&made.text, &memory);
    itsm_buf_init(&made.message, &made);
    itsm_ctx *ctx = itsm__alloc(&memory, sizeof *ctx);
    if (!ctx) return ITSM_E_NOMEM;
    *ctx = made, *out = ctx;
    return ITSM_OK;
}

void itsm_ctx_options_get(itsm_ctx_options *out, const itsm_ctx *ctx)
{
    itsm_ctx_options o = ITSM_CTX_OPTIONS_INIT;
    o.size = out->size;
    o.alloc = ctx->memory.fn, o.alloc_user = ctx->memory.user;
    o.random = ctx->random.fill ? &ctx->random : NULL;
    o.mutexes = ctx->mutexes.create ? &ctx->mutexes : NULL;
    o.zones = ctx->zones.load ? &ctx->zones : NULL;
    memcpy(out, &o, o.size < sizeof o ? o.size : sizeof o);
}

void itsm_ctx_free(itsm_ctx *ctx)
{
    if (!ctx) return;
    itsm__memory memory = ctx->memory;
    itsm__arena_clear(&ctx->text);
    itsm_buf_clear(&ctx->message);
    itsm__free(&memory, ctx->issues, ctx->issue_capacity * sizeof *ctx->issues);
    itsm__free(&memory, ctx, sizeof *ctx);
}

const itsm__memory *itsm__ctx_memory(const itsm_ctx *ctx)
{
    return ctx ? &ctx->memory : &itsm__memory_library;
}

itsm_status itsm__ctx_random(itsm_ctx *ctx, void *out, size_t n)
{
    if (!ctx || !ctx->random.fill) return ITSM_E_NO_RANDOM;
    return n ? ctx->random.fill(ctx->random.self, out, n) : ITSM_OK;
}

/* Issues ---------------------------------------------------------------------------------------------------------- */

size_t itsm_ctx_issue_count(const itsm_ctx *ctx)
{
    return ctx ? ctx->nissues : 0;
}

const itsm_issue *itsm_ctx_issue(const itsm_ctx *ctx, size_t i)
{
    return ctx && i < ctx->nissues ? &ctx->issues[i] : NULL;
}

void itsm__issues_clear(itsm_ctx *ctx)
{
    if (!ctx || !ctx->nissues) return;
    ctx->nissues = 0;
    itsm__arena_reset(&ctx->text);
}

/* A copy that lives as long as the issues, or the empty text when there is no memory. */
static itsm_str keep(itsm_ctx *ctx, itsm_str text)
{
    itsm_str copy = ITSM_STR("");
    if (text.n) (void)itsm__arena_copy(&copy, &ctx->text, text);
    return copy;
}

static void add_issue(itsm_ctx *ctx, const itsm_issue *given, const char *format, va_list args)
{
    if (itsm__grow(&ctx->memory, &ctx->issues, &ctx->issue_capacity, ctx->nissues + 1, sizeof *ctx->issues)) return;
    ctx->message.n = 0;
    (void)itsm__vformat(&ctx->message, format, args);
    itsm_issue issue = *given;
    issue.size = sizeof issue;
    issue.where = keep(ctx, given->where), issue.rule = keep(ctx, given->rule), issue.clause = keep(ctx, given->clause);
    issue.message = keep(ctx, itsm_buf_str(&ctx->message));
    ctx->issues[ctx->nissues++] = issue;
}

itsm_status itsm__issue(itsm_ctx *ctx, itsm_status code, itsm_str where, itsm_str rule, itsm_str clause,
                        const char *format, ...)
{
    if (!ctx) return code;
    itsm_issue issue;
    memset(&issue, 0, sizeof issue);
    issue.code = code, issue.where = where, issue.rule = rule, issue.clause = clause;
    va_list args;
    va_start(args, format);
    add_issue(ctx, &issue, format, args);
    va_end(args);
    return code;
}

itsm_status itsm__issue_at(itsm_ctx *ctx, itsm_status code, itsm__position position, itsm_str where, itsm_str rule,
                           const char *format, ...)
{
    if (!ctx) return code;
    itsm_issue issue;
    memset(&issue, 0, sizeof issue);
    issue.code = code, issue.where = where, issue.rule = rule;
    issue.position = position.byte, issue.line = position.line, issue.column = position.column;
    va_list args;
    va_start(args, format);
    add_issue(ctx, &issue, format, args);
    va_end(args);
    return code;
}
