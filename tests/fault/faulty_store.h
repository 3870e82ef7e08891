/* SPDX-License-Identifier: MIT */
/*
 * A store in front of another one, that fails when asked to: the n-th call of a kind answers a status instead, before
 * or after it was done.
 */
#ifndef ITSM_TESTS_FAULTY_STORE_H
#define ITSM_TESTS_FAULTY_STORE_H

#include <itsm/store.h>

#include <stdlib.h>

enum { CALL_READ = 1, CALL_APPLY = 2, CALL_RESERVE = 4, CALL_ANY = 7 };

struct faulty {
    itsm_store *inner;
    int kinds;          /* which calls can fail */
    size_t fail_at;     /* the one that does, counted down; 0: none */
    size_t times;       /* how many one after the other fail from there */
    int after;          /* 1: it is done all the same */
    itsm_status status; /* what it answers */
    int failed;         /* how many did */
    size_t applied;     /* batches the inner store took */
    void (*before)(void *user); /* called before each batch; may be NULL */
    void *user;
};

/* ITSM_OK, or what this call answers. */
static inline itsm_status faulty_turn(struct faulty *f, int kind)
{
    if (!(f->kinds & kind) || !f->fail_at) return ITSM_OK;
    if (f->fail_at > 1) return f->fail_at--, ITSM_OK;
    if (!--f->times) f->fail_at = 0;
    f->failed++;
    return f->status;
}

static inline itsm_status faulty_view_open(void *self, const itsm_call *call, void **view)
{
    struct faulty *f = (struct faulty *)self;
    itsm_status rc = faulty_turn(f, CALL_READ);
    (void)call;
    if (rc) return rc;
    itsm_view *inner = (itsm_view *)calloc(1, sizeof *inner);
    if ((rc = itsm_store_view_open(inner, NULL, f->inner, NULL))) free(inner);
    else *view = inner;
    return rc;
}

static inline void faulty_view_close(void *self, void *view)
{
    (void)self;
    itsm_store_view_close((itsm_view *)view);
    free(view);
}

static inline itsm_status faulty_get(void *self, const itsm_call *call, void *view, itsm_ref ref, itsm_row *row)
{
    itsm_status rc = faulty_turn((struct faulty *)self, CALL_READ);
    (void)call;
    return rc ? rc : itsm_store_get(row, NULL, (itsm_view *)view, ref);
}

static inline itsm_status faulty_scan(void *self, const itsm_call *call, void *view, const itsm_range *range,
                                      void **cursor)
{
    itsm_status rc = faulty_turn((struct faulty *)self, CALL_READ);
    (void)call;
    if (rc) return rc;
    itsm_cursor *inner = (itsm_cursor *)calloc(1, sizeof *inner);
    if ((rc = itsm_store_scan(inner, NULL, (itsm_view *)view, range))) free(inner);
    else *cursor = inner;
    return rc;
}

static inline itsm_status faulty_audit_scan(void *self, const itsm_call *call, void *view, uint64_t from, void **cursor)
{
    itsm_status rc = faulty_turn((struct faulty *)self, CALL_READ);
    (void)call;
    if (rc) return rc;
    itsm_cursor *inner = (itsm_cursor *)calloc(1, sizeof *inner);
    if ((rc = itsm_store_audit_scan(inner, NULL, (itsm_view *)view, from))) free(inner);
    else *cursor = inner;
    return rc;
}

static inline itsm_status faulty_next(void *self, const itsm_call *call, void *cursor, itsm_row *row)
{
    itsm_status rc = faulty_turn((struct faulty *)self, CALL_READ);
    (void)call;
    return rc ? rc : itsm_store_next(row, NULL, (itsm_cursor *)cursor);
}

static inline void faulty_cursor_close(void *self, void *cursor)
{
    (void)self;
    itsm_store_cursor_close((itsm_cursor *)cursor);
    free(cursor);
}

static inline itsm_status faulty_apply(void *self, const itsm_call *call, const itsm_batch *batch,
                                       itsm_applied *applied)
{
    struct faulty *f = (struct faulty *)self;
    itsm_status answer = faulty_turn(f, CALL_APPLY);
    (void)call;
    if (f->before) f->before(f->user);
    if (answer && !f->after) return answer;
    itsm_status rc = itsm_store_apply(applied, NULL, f->inner, batch, NULL);
    f->applied += rc == ITSM_OK;
    return answer ? answer : rc;
}

static inline itsm_status faulty_reserve(void *self, const itsm_call *call, const char *sequence, uint32_t n,
                                         uint64_t *first)
{
    struct faulty *f = (struct faulty *)self;
    itsm_status rc = faulty_turn(f, CALL_RESERVE);
    (void)call;
    return rc ? rc : itsm_store_reserve(first, NULL, f->inner, sequence, n, NULL);
}

static inline void faulty_close(void *self)
{
    (void)self; /* the inner store is its owner's */
}

static inline itsm_status faulty_new(itsm_store **out, itsm_ctx *ctx, struct faulty *f)
{
    static const itsm_store_methods methods = {sizeof methods,
                                               ITSM_STORE_CONTRACT,
                                               0,
                                               ITSM_CAP_SNAPSHOT | ITSM_CAP_SEAL_SYNC,
                                               "faulty",
                                               NULL,
                                               faulty_view_open,
                                               faulty_view_close,
                                               faulty_get,
                                               NULL,
                                               faulty_scan,
                                               faulty_audit_scan,
                                               faulty_next,
                                               faulty_cursor_close,
                                               faulty_apply,
                                               faulty_reserve,
                                               NULL,
                                               NULL,
                                               NULL,
                                               NULL,
                                               faulty_close};
    return itsm_store_new(out, ctx, &methods, f);
}

#endif
