/* SPDX-License-Identifier: MIT */
/*
 * An agenda: a heap of instants with an index by identity.
 *
 * With a million armed all of it lies far from the processor, so what counts is how many places are touched.  The
 * instants stand in an array of their own, eight children to a node and each eight in one line of the cache, so that a
 * path from top to bottom has seven of them.  An item, at the same place, is the identity and the number of its slot.
 * A slot of the index (open addressing, linear probing, at most three quarters used) is the place and the hash, so that
 * probing, closing up and growing never look at an identity that is not the one.  Each knows where the other is: an
 * item that moves costs one more write, and a re-arming never searches the heap.
 *
 * The order is that of (instant, identity), which is total: what comes next does not depend on the order of arming.
 *
 * arm, re-arm, disarm, take: O(log n); find: O(1) expected; next: O(1).  The arrays are one piece of memory that grows
 * and shrinks by doubles and halves, amortised O(1).  Only growing needs memory: where there is none to shrink into,
 * it stays as long as it is.
 */
#include <itsm/sla.h>

#include "base/bits.h"
#include "base/ctx.h"
#include "base/hash.h"

enum { CHILDREN = 8, LINE = 64, SLOTS_MIN = 16 };

#define SLOTS_MAX (UINT32_C(1) << 31)

typedef struct item {
    itsm_id id;
    uint32_t slot;
} item;

typedef struct slot {
    uint32_t place; /* of the item, plus 1; 0: free */
    uint32_t hash;
} slot;

struct itsm_agenda {
    itsm__memory memory;
    void *block; /* holds the three arrays */
    itsm_time *at;
    item *items; /* as many: three for every four slots */
    slot *slots; /* a power of two, or none */
    size_t count, slot_count;
};

/* The index ------------------------------------------------------------------------------------------------------- */

static uint32_t hash_of(itsm_id id)
{
    return (uint32_t)itsm__hash(&id, sizeof id);
}

/* The slot of an identity that is armed; 0: it is not. */
static int find_slot(size_t *out, const itsm_agenda *agenda, itsm_id id)
{
    if (!agenda->count) return 0;
    const size_t mask = agenda->slot_count - 1;
    const uint32_t hash = hash_of(id);
    for (size_t i = hash & mask; agenda->slots[i].place; i = (i + 1) & mask) {
        if (agenda->slots[i].hash != hash) continue;
        const itsm_id *found = &agenda->items[agenda->slots[i].place - 1].id;
        if (found->lo != id.lo || found->hi != id.hi) continue;
        *out = i;
        return 1;
    }
    return 0;
}

static size_t free_slot_for(const itsm_agenda *agenda, uint32_t hash)
{
    const size_t mask = agenda->slot_count - 1;
    size_t i = hash & mask;
    while (agenda->slots[i].place) i = (i + 1) & mask;
    return i;
}

/* Those behind a freed slot close up, so that a probe may end at the first free one. */
static void free_slot(itsm_agenda *agenda, size_t hole)
{
    slot *slots = agenda->slots;
    const size_t mask = agenda->slot_count - 1;
    for (size_t i = (hole + 1) & mask; slots[i].place; i = (i + 1) & mask) {
        if (((i - slots[i].hash) & mask) < ((i - hole) & mask)) continue; /* would stand before its home */
        slots[hole] = slots[i];
        agenda->items[slots[hole].place - 1].slot = (uint32_t)hole;
        hole = i;
    }
    slots[hole].place = 0;
}

/* Memory ---------------------------------------------------------------------------------------------------------- */

static size_t room_of(size_t slot_count)
{
    return slot_count / 4 * 3;
}

/* Of the block: a line to align, one for the first instant, and the arrays. */
static size_t size_of(size_t slot_count)
{
    return 2 * LINE + room_of(slot_count) * (sizeof(itsm_time) + sizeof(item)) + slot_count * sizeof(slot);
}

static void give_back(itsm_agenda *agenda)
{
    if (agenda->block) itsm__free(&agenda->memory, agenda->block, size_of(agenda->slot_count));
}

/* Lay the arrays out in a block, so that the children of the first instant, which follow it, begin a line. */
static void lay_out(itsm_agenda *agenda, void *block, size_t slot_count)
{
    unsigned char *line = (unsigned char *)block + (LINE - (uintptr_t)block % LINE);
    agenda->block = block, agenda->slot_count = slot_count;
    agenda->at = (itsm_time *)(void *)(line + LINE - sizeof(itsm_time));
    agenda->items = (item *)(void *)(agenda->at + room_of(slot_count));
    agenda->slots = (slot *)(void *)(agenda->items + room_of(slot_count));
    memset(agenda->slots, 0, slot_count * sizeof(slot));
}

/* Move to a block of another length; as it was where there is no memory. */
static itsm_status resize(itsm_agenda *agenda, size_t slot_count)
{
    itsm_agenda old = *agenda;
    if (slot_count > SLOTS_MAX ||
        slot_count > (SIZE_MAX - 2 * LINE) / (sizeof(itsm_time) + sizeof(item) + sizeof(slot)))
        return ITSM_E_NOMEM;
    void *block = itsm__alloc(&agenda->memory, size_of(slot_count));
    if (!block) return ITSM_E_NOMEM;
    lay_out(agenda, block, slot_count);
    if (old.count) {
        memcpy(agenda->at, old.at, old.count * sizeof *old.at);
        memcpy(agenda->items, old.items, old.count * sizeof *old.items);
    }
    for (size_t i = 0; i < old.slot_count; i++) { /* in this order neighbours stay so: fast */
        if (!old.slots[i].place) continue;
        const size_t moved = free_slot_for(agenda, old.slots[i].hash);
        agenda->slots[moved] = old.slots[i];
        agenda->items[old.slots[i].place - 1].slot = (uint32_t)moved;
    }
    give_back(&old);
    return ITSM_OK;
}

/* The heap -------------------------------------------------------------------------------------------------------- */

static int is_before(itsm_time a_at, const itsm_id *a, itsm_time b_at, const itsm_id *b)
{
    if (a_at != b_at) return a_at < b_at;
    return a->hi != b->hi ? a->hi < b->hi : a->lo < b->lo;
}

static void put(itsm_agenda *agenda, size_t place, itsm_time at, item moved)
{
    agenda->at[place] = at, agenda->items[place] = moved;
    agenda->slots[moved.slot].place = (uint32_t)(place + 1);
}

static size_t first_child(const itsm_agenda *agenda, size_t place)
{
    const itsm_time *at = agenda->at;
    const size_t first = place * CHILDREN + 1;
    const size_t end = agenda->count - first < CHILDREN ? agenda->count : first + CHILDREN;
    size_t best = first;
    for (size_t i = first + 1; i < end; i++)
        if (at[i] <= at[best] && is_before(at[i], &agenda->items[i].id, at[best], &agenda->items[best].id)) best = i;
    return best;
}

/* Put an item where it belongs, above or below a place that is free. */
static void settle(itsm_agenda *agenda, size_t place, itsm_time at, item moved)
{
    size_t up = place;
    while (up > 0) {
        const size_t parent = (up - 1) / CHILDREN;
        if (!is_before(at, &moved.id, agenda->at[parent], &agenda->items[parent].id)) break;
        put(agenda, up, agenda->at[parent], agenda->items[parent]);
        up = parent;
    }
    while (up == place && place * CHILDREN + 1 < agenda->count) {
        const size_t child = first_child(agenda, place);
        if (!is_before(agenda->at[child], &agenda->items[child].id, at, &moved.id)) break;
        put(agenda, place, agenda->at[child], agenda->items[child]);
        up = place = child;
    }
    put(agenda, up, at, moved);
}

static void disarm(itsm_agenda *agenda, size_t armed)
{
    const size_t place = agenda->slots[armed].place - 1;
    free_slot(agenda, armed);
    agenda->count--;
    if (place < agenda->count) settle(agenda, place, agenda->at[agenda->count], agenda->items[agenda->count]);
    if (agenda->slot_count > SLOTS_MIN && agenda->count < agenda->slot_count / 8)
        (void)resize(agenda, agenda->slot_count / 2);
}

static itsm_status arm(itsm_agenda *agenda, itsm_id id, itsm_time at)
{
    item added = {id, 0};
    if (agenda->count == room_of(agenda->slot_count)) {
        const itsm_status rc = resize(agenda, agenda->slot_count ? agenda->slot_count * 2 : SLOTS_MIN);
        if (rc) return rc;
    }
    const uint32_t hash = hash_of(id);
    added.slot = (uint32_t)free_slot_for(agenda, hash);
    agenda->slots[added.slot].hash = hash;
    agenda->count++;
    settle(agenda, agenda->count - 1, at, added);
    return ITSM_OK;
}

/* Public ---------------------------------------------------------------------------------------------------------- */

itsm_status itsm_agenda_new(itsm_agenda **out, itsm_ctx *ctx)
{
    if (out) *out = NULL;
    if (!out || !ctx) return ITSM_E_MISUSE;
    itsm__issues_clear(ctx);
    itsm_agenda *agenda = itsm__alloc_zero(itsm__ctx_memory(ctx), sizeof *agenda);
    if (!agenda) return ITSM_E_NOMEM;
    agenda->memory = *itsm__ctx_memory(ctx);
    *out = agenda;
    return ITSM_OK;
}

void itsm_agenda_clear(itsm_agenda *agenda)
{
    if (!agenda) return;
    give_back(agenda);
    agenda->block = NULL, agenda->at = NULL, agenda->items = NULL, agenda->slots = NULL;
    agenda->count = agenda->slot_count = 0;
}

void itsm_agenda_free(itsm_agenda *agenda)
{
    if (!agenda) return;
    itsm_agenda_clear(agenda);
    const itsm__memory memory = agenda->memory;
    itsm__free(&memory, agenda, sizeof *agenda);
}

size_t itsm_agenda_count(const itsm_agenda *agenda)
{
    return agenda ? agenda->count : 0;
}

itsm_status itsm_agenda_set(itsm_agenda *agenda, itsm_id id, itsm_time at)
{
    size_t armed;
    if (!agenda) return ITSM_E_MISUSE;
    const int found = find_slot(&armed, agenda, id);
    if (at != ITSM_TIME_NONE && !found) return arm(agenda, id, at);
    if (!found) return ITSM_OK;
    const size_t place = agenda->slots[armed].place - 1;
    if (at != ITSM_TIME_NONE) settle(agenda, place, at, agenda->items[place]);
    else disarm(agenda, armed);
    return ITSM_OK;
}

itsm_status itsm_agenda_remove(itsm_agenda *agenda, itsm_id id)
{
    size_t armed;
    if (!agenda) return ITSM_E_MISUSE;
    if (!find_slot(&armed, agenda, id)) return ITSM_NOTHING;
    disarm(agenda, armed);
    return ITSM_OK;
}

itsm_status itsm_agenda_find(itsm_time *out, const itsm_agenda *agenda, itsm_id id)
{
    size_t armed;
    if (!out || !agenda) return ITSM_E_MISUSE;
    if (!find_slot(&armed, agenda, id)) return ITSM_NOTHING;
    *out = agenda->at[agenda->slots[armed].place - 1];
    return ITSM_OK;
}

itsm_status itsm_agenda_next(itsm_agenda_entry *out, const itsm_agenda *agenda)
{
    if (!out || !agenda) return ITSM_E_MISUSE;
    if (!agenda->count) return ITSM_NOTHING;
    out->at = agenda->at[0], out->id = agenda->items[0].id;
    return ITSM_OK;
}

itsm_status itsm_agenda_take(itsm_agenda_entry *out, itsm_agenda *agenda, itsm_time now)
{
    if (!out || !agenda) return ITSM_E_MISUSE;
    if (!agenda->count || agenda->at[0] > now) return ITSM_NOTHING;
    out->at = agenda->at[0], out->id = agenda->items[0].id;
    disarm(agenda, agenda->items[0].slot);
    return ITSM_OK;
}
