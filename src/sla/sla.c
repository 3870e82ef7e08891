/* SPDX-License-Identifier: MIT */
/*
 * Sets of targets: a sorted array of entries, found by binary search, frozen and counted.
 *
 * A builder keeps entries with copies of their thresholds in an arena and shares of their calendars; freezing copies
 * all of it into the set and sorts.  Find is O(log n).
 */
#include "base/atomic.h"
#include "base/ctx.h"
#include "base/sort.h"
#include "sla/clock.h"

enum { TARGETS_MAX = 10000 };

typedef struct entries {
    itsm__memory memory;
    itsm__arena arena; /* names and thresholds */
    itsm_str name;
    itsm_sla_entry *array;
    size_t n, capacity;
} entries;

struct itsm_sla_builder {
    entries entries;
};

struct itsm_sla {
    itsm__refcount refs;
    entries entries;
};

static void clear(entries *e)
{
    for (size_t i = 0; i < e->n; i++) {
        union {
            const itsm_calendar *borrowed;
            itsm_calendar *share;
        } calendar;
        calendar.borrowed = e->array[i].target.calendar; /* the share taken when it was added */
        itsm_calendar_free(calendar.share);
    }
    itsm__free(&e->memory, e->array, e->capacity * sizeof *e->array);
    itsm__arena_clear(&e->arena);
}

static itsm_status add(entries *e, uint32_t kind, int64_t priority, const itsm_target *target)
{
    itsm_status rc = itsm__grow(&e->memory, &e->array, &e->capacity, e->n + 1, sizeof *e->array);
    if (rc) return rc;
    itsm_sla_entry *entry = &e->array[e->n];
    memset(entry, 0, sizeof *entry);
    entry->size = sizeof *entry, entry->kind = kind, entry->priority = priority;
    entry->target = *target, entry->target.size = sizeof *target;
    entry->target.thresholds = NULL;
    if (target->threshold_count) {
        itsm_threshold *copy = itsm__arena_alloc(&e->arena, target->threshold_count * sizeof *copy);
        if (!copy) return ITSM_E_NOMEM;
        memcpy(copy, target->thresholds, target->threshold_count * sizeof *copy);
        entry->target.thresholds = copy;
    }
    entry->target.calendar = itsm_calendar_ref(target->calendar);
    e->n++;
    return ITSM_OK;
}

static int compare(const void *a, const void *b, void *user)
{
    const itsm_sla_entry *x = a, *y = b;
    (void)user;
    if (x->kind != y->kind) return x->kind < y->kind ? -1 : 1;
    return x->priority < y->priority ? -1 : x->priority > y->priority;
}

/* Builder --------------------------------------------------------------------------------------------------------- */

itsm_status itsm_sla_builder_new(itsm_sla_builder **out, itsm_ctx *ctx)
{
    if (out) *out = NULL;
    itsm__issues_clear(ctx);
    if (!out || !ctx) return ITSM_E_MISUSE;
    itsm_sla_builder *builder = itsm__alloc_zero(itsm__ctx_memory(ctx), sizeof *builder);
    if (!builder) return ITSM_E_NOMEM;
    builder->entries.memory = *itsm__ctx_memory(ctx);
    itsm__arena_init(&builder->entries.arena, &builder->entries.memory);
    *out = builder;
    return ITSM_OK;
}

void itsm_sla_builder_free(itsm_sla_builder *builder)
{
    if (!builder) return;
    const itsm__memory memory = builder->entries.memory;
    clear(&builder->entries);
    itsm__free(&memory, builder, sizeof *builder);
}

itsm_status itsm_sla_builder_set_name(itsm_sla_builder *builder, itsm_str name)
{
    return builder ? itsm__arena_copy(&builder->entries.name, &builder->entries.arena, name) : ITSM_E_MISUSE;
}

itsm_status itsm_sla_builder_add(itsm_sla_builder *builder, uint32_t kind, int64_t priority, const itsm_target *target)
{
    if (!builder) return ITSM_E_MISUSE;
    entries *e = &builder->entries;
    const itsm_status rc = itsm__target_check(target);
    if (rc) return rc;
    if (kind < ITSM_RESPONSE || kind > ITSM_UPDATE) return ITSM_E_INVALID;
    for (size_t i = 0; i < e->n; i++)
        if (e->array[i].kind == kind && e->array[i].priority == priority) return ITSM_E_INVALID;
    if (e->n >= TARGETS_MAX) return ITSM_E_LIMIT;
    return add(e, kind, priority, target);
}

itsm_status itsm_sla_builder_freeze(itsm_sla **out, const itsm_sla_builder *builder)
{
    if (out) *out = NULL;
    if (!out || !builder) return ITSM_E_MISUSE;
    const entries *from = &builder->entries;
    itsm_sla *sla = itsm__alloc_zero(&from->memory, sizeof *sla);
    if (!sla) return ITSM_E_NOMEM;
    itsm__refcount_init(&sla->refs);
    sla->entries.memory = from->memory;
    itsm__arena_init(&sla->entries.arena, &sla->entries.memory);
    itsm_status rc = ITSM_OK;
    if (from->name.n) rc = itsm__arena_copy(&sla->entries.name, &sla->entries.arena, from->name);
    for (size_t i = 0; i < from->n && !rc; i++)
        rc = add(&sla->entries, from->array[i].kind, from->array[i].priority, &from->array[i].target);
    if (rc) {
        itsm_sla_free(sla);
        return rc;
    }
    itsm__sort(sla->entries.array, sla->entries.n, sizeof *sla->entries.array, compare, NULL);
    *out = sla;
    return ITSM_OK;
}

/* Set ------------------------------------------------------------------------------------------------------------- */

itsm_sla *itsm_sla_ref(const itsm_sla *sla)
{
    if (!sla) return NULL;
    union {
        const itsm_sla *frozen;
        itsm_sla *shared;
    } share;
    share.frozen = sla;
    itsm__refcount_take(&share.shared->refs);
    return share.shared;
}

void itsm_sla_free(itsm_sla *sla)
{
    if (!sla || !itsm__refcount_drop(&sla->refs)) return;
    const itsm__memory memory = sla->entries.memory;
    clear(&sla->entries);
    itsm__free(&memory, sla, sizeof *sla);
}

itsm_str itsm_sla_name(const itsm_sla *sla)
{
    return sla ? sla->entries.name : itsm_str_n(NULL, 0);
}

size_t itsm_sla_count(const itsm_sla *sla)
{
    return sla ? sla->entries.n : 0;
}

const itsm_sla_entry *itsm_sla_at(const itsm_sla *sla, size_t i)
{
    return i < itsm_sla_count(sla) ? &sla->entries.array[i] : NULL;
}

itsm_status itsm_sla_target(const itsm_target **out, const itsm_sla *sla, uint32_t kind, int64_t priority)
{
    if (!out) return ITSM_E_MISUSE;
    *out = NULL;
    itsm_sla_entry key;
    memset(&key, 0, sizeof key);
    key.kind = kind, key.priority = priority;
    size_t low = 0, high = itsm_sla_count(sla);
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        const int order = compare(&sla->entries.array[middle], &key, NULL);
        if (!order) {
            *out = &sla->entries.array[middle].target;
            return ITSM_OK;
        }
        if (order < 0) low = middle + 1;
        else high = middle;
    }
    return ITSM_NOTHING;
}
