/* SPDX-License-Identifier: MIT */
/*
 * The inside of a context, and how a module says what is wrong.  The first thing a public call on a context does is
 * itsm__issues_clear(); each finding is then one itsm__issue().  Running out of memory while describing an issue
 * loses the description, never the status.
 */
#ifndef ITSM_SRC_BASE_CTX_H
#define ITSM_SRC_BASE_CTX_H

#include "base/memory.h"

struct itsm_ctx {
    itsm__memory memory;
    itsm_random random;     /* fill == NULL: none */
    itsm_mutexes mutexes;   /* create == NULL: none */
    itsm_zone_source zones; /* load == NULL: none */
    itsm__arena text;       /* texts of the issues */
    itsm_buf message;       /* of the one being added; its memory is kept */
    itsm_issue *issues;
    size_t nissues, issue_capacity;
};

const itsm__memory *itsm__ctx_memory(const itsm_ctx *ctx); /* NULL ctx: the default */
itsm_status itsm__ctx_random(itsm_ctx *ctx, void *out, size_t n);

void itsm__issues_clear(itsm_ctx *ctx); /* NULL is allowed */

/* What an issue leaves out. */
static inline itsm_str itsm__no_text(void)
{
    return itsm_str_n(NULL, 0);
}

/* Where in an input something is; all zero: nowhere. */
typedef struct itsm__position {
    uint64_t byte, line, column;
} itsm__position;

/*
 * Add an issue and return its code, so that `return itsm__issue(...)` reads well.  Texts are copied.  `format` as in
 * itsm__format().  ctx NULL: only the code.
 */
itsm_status itsm__issue(itsm_ctx *ctx, itsm_status code, itsm_str where, itsm_str rule, itsm_str clause,
                        const char *format, ...);
itsm_status itsm__issue_at(itsm_ctx *ctx, itsm_status code, itsm__position position, itsm_str where, itsm_str rule,
                           const char *format, ...);

#endif
