/* SPDX-License-Identifier: MIT */
/*
 * The one place for atomics: a reference count.  C11 atomics where the compiler has them, interlocked functions where
 * it does not (the Microsoft compiler before 2022).
 */
#ifndef ITSM_SRC_BASE_ATOMIC_H
#define ITSM_SRC_BASE_ATOMIC_H

#include <stdint.h>

#if defined(_MSC_VER) && !defined(__clang__)
#include <intrin.h>
typedef struct itsm__refcount {
    volatile long count;
} itsm__refcount;

static inline void itsm__refcount_init(itsm__refcount *r)
{
    r->count = 1;
}

static inline void itsm__refcount_take(itsm__refcount *r)
{
    _InterlockedIncrement(&r->count);
}

/* 1: that was the last share. */
static inline int itsm__refcount_drop(itsm__refcount *r)
{
    return _InterlockedDecrement(&r->count) == 0;
}
#else
#include <stdatomic.h>
typedef struct itsm__refcount {
    atomic_long count;
} itsm__refcount;

static inline void itsm__refcount_init(itsm__refcount *r)
{
    atomic_init(&r->count, 1);
}

static inline void itsm__refcount_take(itsm__refcount *r)
{
    atomic_fetch_add_explicit(&r->count, 1, memory_order_relaxed);
}

/* 1: that was the last share. */
static inline int itsm__refcount_drop(itsm__refcount *r)
{
    return atomic_fetch_sub_explicit(&r->count, 1, memory_order_acq_rel) == 1;
}
#endif

#endif
