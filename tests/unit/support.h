/* SPDX-License-Identifier: MIT */
/*
 * What the tests of all modules share: an allocator that counts, that checks the sizes it is told, and that fails
 * when asked to.
 *
 *     struct counting counting = COUNTING_INIT;
 *     itsm_ctx *ctx = counting_ctx(&counting);
 *     ...
 *     itsm_ctx_free(ctx);
 *     assert_nothing_outstanding(counting);
 *
 * To make every allocation of an operation fail once:
 *
 *     for (size_t n = 1;; n++) {
 *         counting_fail(&counting, n);               // the n-th from here
 *         itsm_status status = operation();
 *         if (!counting_stop(&counting)) break;      // it made fewer than n allocations: all have failed once
 *         cr_assert_eq(status, ITSM_E_NOMEM);
 *     }
 */
#ifndef ITSM_TESTS_SUPPORT_H
#define ITSM_TESTS_SUPPORT_H

#include <itsm/base.h>

#include <stdio.h>
#include <stdlib.h>

struct counting {
    size_t outstanding; /* bytes given and not taken back */
    size_t pieces;      /* the same in pieces */
    size_t calls;       /* requests for memory, growing included */
    size_t peak;        /* most bytes outstanding at a time */
    size_t fail_at;     /* the request that fails, counted down; 0: none */
    int persistent;     /* all after it fail too */
    int failed;         /* a request was failed */
};

#define COUNTING_INIT { 0, 0, 0, 0, 0, 0, 0 }

/* In front of every piece: its size, so that a wrong old size is found; wide enough to keep what follows aligned. */
#define COUNTING_HEADER 32

static inline void *counting_alloc(void *user, void *ptr, size_t old_size, size_t new_size)
{
    struct counting *counting = (struct counting *)user;
    char *old = ptr ? (char *)ptr - COUNTING_HEADER : NULL;
    size_t known = 0;
    if (old) memcpy(&known, old, sizeof known);
    if (known != old_size) {
        fprintf(stderr, "allocator: told size %zu of a piece of %zu bytes\n", old_size, known);
        abort();
    }
    if (!new_size) {
        if (old) memset(old, 0xdd, COUNTING_HEADER + known), counting->pieces--;
        counting->outstanding -= known;
        free(old);
        return NULL;
    }
    counting->calls++;
    if (counting->fail_at && --counting->fail_at == 0) {
        counting->failed = 1;
        if (counting->persistent) counting->fail_at = 1;
        return NULL;
    }
    if (new_size > SIZE_MAX - COUNTING_HEADER) return NULL;
    char *piece = (char *)malloc(COUNTING_HEADER + new_size); /* always a new place: stale pointers show */
    if (!piece) return NULL;
    memcpy(piece, &new_size, sizeof new_size);
    memset(piece + COUNTING_HEADER, 0xa5, new_size);
    if (old) {
        memcpy(piece + COUNTING_HEADER, ptr, known < new_size ? known : new_size);
        memset(old, 0xdd, COUNTING_HEADER + known);
        free(old);
    } else {
        counting->pieces++;
    }
    counting->outstanding += new_size - known;
    if (counting->outstanding > counting->peak) counting->peak = counting->outstanding;
    return piece + COUNTING_HEADER;
}

/* Fail the n-th request from here, once. */
static inline void counting_fail(struct counting *counting, size_t n)
{
    counting->fail_at = n, counting->persistent = 0, counting->failed = 0;
}

/* Fail the n-th request from here and all after it. */
static inline void counting_fail_from(struct counting *counting, size_t n)
{
    counting->fail_at = n, counting->persistent = 1, counting->failed = 0;
}

/* Fail no more; tells whether a request was failed. */
static inline int counting_stop(struct counting *counting)
{
    counting->fail_at = 0, counting->persistent = 0;
    return counting->failed;
}

/* A context on the counting allocator and nothing else. */
static inline itsm_ctx *counting_ctx(struct counting *counting)
{
    itsm_ctx_options options = ITSM_CTX_OPTIONS_INIT;
    options.alloc = counting_alloc, options.alloc_user = counting;
    itsm_ctx *ctx = NULL;
    if (itsm_ctx_new(&ctx, &options)) fprintf(stderr, "no context\n"), abort();
    return ctx;
}

/* A buffer on the counting allocator. */
static inline itsm_buf counting_buf(struct counting *counting)
{
    itsm_buf buf = ITSM_BUF_INIT;
    buf.alloc = counting_alloc, buf.alloc_user = counting;
    return buf;
}

#define assert_nothing_outstanding(counting)                                                                           \
    cr_assert((counting).outstanding == 0 && (counting).pieces == 0, "%zu bytes in %zu pieces were not given back",    \
              (counting).outstanding, (counting).pieces)

/* A text equals a C string; both are shown when not. */
#define assert_text(given, wanted)                                                                                     \
    do {                                                                                                               \
        itsm_str given_text_ = (given);                                                                                \
        cr_assert(itsm_str_is(given_text_, wanted), "got \"%.*s\", not \"%s\"", ITSM_ARG(given_text_), wanted);        \
    } while (0)

/* The first issue of a context, as a text in which to look; the empty text when there is none. */
static inline itsm_str first_message(const itsm_ctx *ctx)
{
    const itsm_issue *issue = itsm_ctx_issue(ctx, 0);
    return issue ? issue->message : itsm_str_c("");
}

#endif
