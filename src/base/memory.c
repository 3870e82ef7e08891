/* SPDX-License-Identifier: MIT */
/*
 * Memory: the host's allocator, arrays that double, and the arena.
 *
 * Every byte of the library comes through itsm__memory, a function and a pointer that whoever keeps memory copies.
 * The function is told the old size on free, so there are no headers and a host can count.  This is the only file
 * that knows malloc.
 *
 * itsm__grow() makes an array at least twice as long, so appending is O(1) amortised.  An arena hands out pieces of
 * blocks, O(1) each, and takes all of them back at once: reset keeps the newest block for the next round, clear keeps
 * nothing.  A piece larger than a block gets a block of its own behind the newest, so that the rest of the newest is
 * not lost.  Pieces are never freed alone.
 */
#include "base/memory.h"
#include "base/bits.h"

#include <stdlib.h>

static void *library_alloc(void *user, void *ptr, size_t old_size, size_t new_size)
{
    (void)user, (void)old_size;
    if (new_size) return realloc(ptr, new_size);
    free(ptr);
    return NULL;
}

const itsm__memory itsm__memory_library = {library_alloc, NULL};

itsm__memory itsm__memory_default(void)
{
    return itsm__memory_library;
}

void *itsm__alloc(const itsm__memory *memory, size_t size)
{
    return memory->fn(memory->user, NULL, 0, size ? size : 1);
}

void *itsm__alloc_zero(const itsm__memory *memory, size_t size)
{
    void *ptr = itsm__alloc(memory, size);
    if (ptr) memset(ptr, 0, size ? size : 1);
    return ptr;
}

void itsm__free(const itsm__memory *memory, void *ptr, size_t size)
{
    if (ptr) memory->fn(memory->user, ptr, size ? size : 1, 0);
}

itsm_status itsm__enlarge(const itsm__memory *memory, void *array_pointer, size_t *capacity, size_t need,
                          size_t element)
{
    size_t wanted = *capacity > SIZE_MAX / 2 ? need : *capacity * 2;
    if (wanted < need) wanted = need;
    if (wanted < 8) wanted = 8;
    size_t size;
    if (!itsm__size_mul(&size, wanted, element)) return ITSM_E_NOMEM;
    void *array;
    memcpy(&array, array_pointer, sizeof array);
    array = memory->fn(memory->user, array, *capacity * element, size);
    if (!array) return ITSM_E_NOMEM;
    memcpy(array_pointer, &array, sizeof array);
    *capacity = wanted;
    return ITSM_OK;
}

/* Arena ----------------------------------------------------------------------------------------------------------- */

/* The strictest alignment a type can ask for (max_align_t is not in every C library). */
typedef union alignment {
    void *pointer;
    void (*function)(void);
    int64_t integer;
    double number;
    long double long_number;
} alignment;

enum { FIRST_BLOCK = 1024, LAST_BLOCK = 65536 };

struct itsm__arena_block {
    itsm__arena_block *next;
    size_t size; /* of the bytes behind this header */
};

/* The header, rounded up so that the bytes behind it are aligned. */
#define HEADER ((sizeof(itsm__arena_block) + sizeof(alignment) - 1) / sizeof(alignment) * sizeof(alignment))

static unsigned char *bytes_of(itsm__arena_block *block)
{
    return (unsigned char *)block + HEADER;
}

static itsm__arena_block *block_new(const itsm__memory *memory, size_t size)
{
    if (size > SIZE_MAX - HEADER) return NULL;
    itsm__arena_block *block = itsm__alloc(memory, HEADER + size);
    if (block) block->next = NULL, block->size = size;
    return block;
}

void itsm__arena_init(itsm__arena *arena, const itsm__memory *memory)
{
    arena->memory = *memory, arena->blocks = NULL, arena->used = 0;
}

/* `align` is 1 or the strictest. */
static void *arena_take(itsm__arena *arena, size_t size, size_t align)
{
    itsm__arena_block *newest = arena->blocks;
    if (newest) {
        size_t start = (arena->used + align - 1) / align * align;
        if (start <= newest->size && size <= newest->size - start) {
            arena->used = start + size;
            return bytes_of(newest) + start;
        }
    }
    size_t wanted = newest ? newest->size : FIRST_BLOCK / 2;
    wanted = wanted < LAST_BLOCK / 2 ? wanted * 2 : LAST_BLOCK;
    if (newest && size > wanted / 2) {
        itsm__arena_block *own = block_new(&arena->memory, size);
        if (!own) return NULL;
        own->next = newest->next, newest->next = own;
        return bytes_of(own);
    }
    itsm__arena_block *block = block_new(&arena->memory, size > wanted ? size : wanted);
    if (!block) return NULL;
    block->next = newest, arena->blocks = block, arena->used = size;
    return bytes_of(block);
}

void *itsm__arena_alloc(itsm__arena *arena, size_t size)
{
    return arena_take(arena, size ? size : 1, sizeof(alignment));
}

itsm_status itsm__arena_copy(itsm_str *out, itsm__arena *arena, itsm_str text)
{
    if (text.n == SIZE_MAX) return ITSM_E_NOMEM;
    char *copy = arena_take(arena, text.n + 1, 1);
    if (!copy) return ITSM_E_NOMEM;
    if (text.n) memcpy(copy, text.p, text.n);
    copy[text.n] = 0;
    *out = itsm_str_n(copy, text.n);
    return ITSM_OK;
}

/* Free blocks down to the one that ends the list, which may be NULL. */
static void free_blocks(itsm__arena *arena, itsm__arena_block *block, const itsm__arena_block *end)
{
    while (block != end) {
        itsm__arena_block *next = block->next;
        itsm__free(&arena->memory, block, HEADER + block->size);
        block = next;
    }
}

void itsm__arena_reset(itsm__arena *arena)
{
    arena->used = 0;
    if (!arena->blocks || !arena->blocks->next) return;
    free_blocks(arena, arena->blocks->next, NULL);
    arena->blocks->next = NULL;
}

itsm__arena_mark itsm__arena_here(const itsm__arena *arena)
{
    const itsm__arena_mark mark = {arena->blocks, arena->blocks ? arena->blocks->next : NULL, arena->used};
    return mark;
}

void itsm__arena_back(itsm__arena *arena, itsm__arena_mark mark)
{
    if (!mark.newest) {
        itsm__arena_reset(arena);
        return;
    }
    free_blocks(arena, arena->blocks, mark.newest);
    free_blocks(arena, mark.newest->next, mark.behind); /* a large piece stands behind the newest */
    arena->blocks = mark.newest, arena->used = mark.used, mark.newest->next = mark.behind;
}

void itsm__arena_clear(itsm__arena *arena)
{
    free_blocks(arena, arena->blocks, NULL);
    arena->blocks = NULL, arena->used = 0;
}
