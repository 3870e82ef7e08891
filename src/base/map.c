/* SPDX-License-Identifier: MIT */
/*
 * A hash map from bytes to a number, with open addressing and linear probing.
 *
 * Entries stand in one array in the order of insertion; a second array of slots holds entry numbers plus one, at most
 * three quarters of them used, so that growing moves four bytes per entry and never a key.  Each entry keeps its
 * whole hash: a probe compares keys only when 64 bits agree.  Find and put are O(1) expected; there is no removal.
 * A pointer to a value holds until the next put, reset or clear.
 */
#include "base/map.h"
#include "base/hash.h"

void itsm__map_init(itsm__map *map, const itsm__memory *memory)
{
    memset(map, 0, sizeof *map);
    map->memory = *memory;
    itsm__arena_init(&map->keys, memory);
}

static itsm__map_entry *find_entry(const itsm__map *map, const void *key, size_t n, uint64_t hash)
{
    if (!map->count) return NULL;
    size_t mask = map->slot_capacity - 1;
    for (size_t slot = (size_t)hash & mask; map->slots[slot]; slot = (slot + 1) & mask) {
        itsm__map_entry *entry = &map->entries[map->slots[slot] - 1];
        if (entry->hash == hash && entry->key.n == n && (!n || memcmp(entry->key.p, key, n) == 0)) return entry;
    }
    return NULL;
}

uint64_t *itsm__map_find(const itsm__map *map, const void *key, size_t n)
{
    itsm__map_entry *entry = find_entry(map, key, n, itsm__hash(key, n));
    return entry ? &entry->value : NULL;
}

static void fill_slot(uint32_t *slots, size_t mask, uint64_t hash, size_t entry)
{
    size_t slot = (size_t)hash & mask;
    while (slots[slot]) slot = (slot + 1) & mask;
    slots[slot] = (uint32_t)(entry + 1);
}

/* Room for one more entry in the slots; 0 when there is no memory. */
static int make_slot(itsm__map *map)
{
    if (map->count < map->slot_capacity / 4 * 3) return 1;
    if (map->count >= UINT32_MAX - 1 || map->slot_capacity > SIZE_MAX / sizeof *map->slots / 2) return 0;
    size_t capacity = map->slot_capacity ? map->slot_capacity * 2 : 16;
    uint32_t *slots = itsm__alloc_zero(&map->memory, capacity * sizeof *slots);
    if (!slots) return 0;
    for (size_t i = 0; i < map->count; i++) fill_slot(slots, capacity - 1, map->entries[i].hash, i);
    itsm__free(&map->memory, map->slots, map->slot_capacity * sizeof *slots);
    map->slots = slots, map->slot_capacity = capacity;
    return 1;
}

uint64_t *itsm__map_put(itsm__map *map, const void *key, size_t n, int *added)
{
    uint64_t hash = itsm__hash(key, n);
    itsm__map_entry *entry = find_entry(map, key, n, hash);
    if (added) *added = 0;
    if (entry) return &entry->value;
    itsm_str copy;
    if (!make_slot(map) ||
        itsm__grow(&map->memory, &map->entries, &map->entry_capacity, map->count + 1, sizeof *map->entries) ||
        itsm__arena_copy(&copy, &map->keys, itsm_str_n((const char *)key, n)))
        return NULL;
    entry = &map->entries[map->count];
    entry->key = copy, entry->hash = hash, entry->value = 0;
    fill_slot(map->slots, map->slot_capacity - 1, hash, map->count++);
    if (added) *added = 1;
    return &entry->value;
}

void itsm__map_reset(itsm__map *map)
{
    if (map->count) memset(map->slots, 0, map->slot_capacity * sizeof *map->slots);
    map->count = 0;
    itsm__arena_reset(&map->keys);
}

void itsm__map_clear(itsm__map *map)
{
    itsm__free(&map->memory, map->entries, map->entry_capacity * sizeof *map->entries);
    itsm__free(&map->memory, map->slots, map->slot_capacity * sizeof *map->slots);
    itsm__arena_clear(&map->keys);
    map->entries = NULL, map->slots = NULL;
    map->count = map->entry_capacity = map->slot_capacity = 0;
}
