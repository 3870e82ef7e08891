/* SPDX-License-Identifier: MIT */
/*
 * Memory through the host's one function.  A frozen object or a store keeps a copy of the allocator and so outlives
 * the context it was made with.  Sizes are passed back on free: whoever allocates remembers how much.
 */
#ifndef ITSM_SRC_BASE_MEMORY_H
#define ITSM_SRC_BASE_MEMORY_H

#include <itsm/base.h>

typedef struct itsm__memory {
    itsm_alloc_fn fn;
    void *user;
} itsm__memory;

/* The C library's allocator. */
extern const itsm__memory itsm__memory_library;
itsm__memory itsm__memory_default(void);

/* Uninitialised and zeroed memory; NULL when there is none.  Size 0 gives a non-NULL pointer of size 1. */
void *itsm__alloc(const itsm__memory *memory, size_t size);
void *itsm__alloc_zero(const itsm__memory *memory, size_t size);
void itsm__free(const itsm__memory *memory, void *ptr, size_t size);

/*
 * Make room in an array of `element` bytes each for `need` elements in all: doubles, checks for overflow.
 * On failure the array is as it was.
 */
itsm_status itsm__enlarge(const itsm__memory *memory, void *array_pointer, size_t *capacity, size_t need,
                          size_t element);
static inline itsm_status itsm__grow(const itsm__memory *memory, void *array_pointer, size_t *capacity, size_t need,
                                     size_t element)
{
    return need <= *capacity ? ITSM_OK : itsm__enlarge(memory, array_pointer, capacity, need, element);
}

/* A bump allocator: many small pieces, all given back at once. */
typedef struct itsm__arena_block itsm__arena_block;
typedef struct itsm__arena {
    itsm__memory memory;
    itsm__arena_block *blocks; /* newest first */
    size_t used;               /* in the newest block */
} itsm__arena;

void itsm__arena_init(itsm__arena *arena, const itsm__memory *memory);
void *itsm__arena_alloc(itsm__arena *arena, size_t size); /* aligned for any type; NULL when there is no memory */
itsm_status itsm__arena_copy(itsm_str *out, itsm__arena *arena, itsm_str text); /* NUL-terminated copy */
void itsm__arena_reset(itsm__arena *arena);                                     /* empty, keeping one block */
void itsm__arena_clear(itsm__arena *arena);

/* Where an arena stands, and back to there: what was taken since is given back.  Not past a reset. */
typedef struct itsm__arena_mark {
    itsm__arena_block *newest, *behind;
    size_t used;
} itsm__arena_mark;

itsm__arena_mark itsm__arena_here(const itsm__arena *arena);
void itsm__arena_back(itsm__arena *arena, itsm__arena_mark mark);

#endif
