/* SPDX-License-Identifier: MIT */
/*
 * A hash map from bytes to a 64-bit number (an index or a pointer): open addressing, keys copied into an arena of its
 * own.  Find is O(1) expected; a map never shrinks.  Iteration is by insertion order through the entries array.
 */
#ifndef ITSM_SRC_BASE_MAP_H
#define ITSM_SRC_BASE_MAP_H

#include "base/memory.h"

typedef struct itsm__map_entry {
    itsm_str key;
    uint64_t hash, value;
} itsm__map_entry;

typedef struct itsm__map {
    itsm__memory memory;
    itsm__arena keys;
    itsm__map_entry *entries; /* in insertion order */
    size_t count, entry_capacity;
    uint32_t *slots; /* 0: free, else entry + 1 */
    size_t slot_capacity;
} itsm__map;

void itsm__map_init(itsm__map *map, const itsm__memory *memory);
uint64_t *itsm__map_find(const itsm__map *map, const void *key, size_t n); /* NULL: not there */
/* Find or insert with value 0; *added tells (may be NULL).  NULL only without memory, the map then unchanged. */
uint64_t *itsm__map_put(itsm__map *map, const void *key, size_t n, int *added);
void itsm__map_reset(itsm__map *map); /* empty, memory kept */
void itsm__map_clear(itsm__map *map);

#endif
