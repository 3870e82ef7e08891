/* SPDX-License-Identifier: MIT */
/*
 * The definition of a calendar and the builder that collects it.
 *
 * A builder appends in any order, O(1) amortised each; freezing copies everything into the calendar, sorts it by date
 * and drops holidays named twice, then compiles.  A builder may be frozen again after more was added.  A frozen
 * definition answers what holds on one date in O(log entries); it is what explanations and the export read.
 *
 * A calendar that is freed may be the last to hold its parts; they are freed in a queue, not by descending.
 */
#include "calendar/calendar.h"

#include "base/ctx.h"
#include "base/sort.h"

enum { DATES_MAX = 100000, WEEKLY_MAX = 1000, RECURRENCES_MAX = 1000 };

struct itsm_calendar_builder {
    itsm__memory memory;
    itsm__arena names;
    itsm__definition definition;
    itsm__part *versions;
    size_t weekly_capacity[7], holiday_capacity, recurrence_capacity, override_capacity, addition_capacity;
    size_t break_capacity, version_capacity, nversions;
    size_t sequence;
};

/* Builder --------------------------------------------------------------------------------------------------------- */

itsm_status itsm_calendar_builder_new(itsm_calendar_builder **out, itsm_ctx *ctx, const itsm_zone *zone)
{
    if (out) *out = NULL;
    itsm__issues_clear(ctx);
    if (!out || !ctx || !zone) return ITSM_E_MISUSE;
    const itsm__memory *memory = itsm__ctx_memory(ctx);
    itsm_calendar_builder *builder = itsm__alloc_zero(memory, sizeof *builder);
    if (!builder) return ITSM_E_NOMEM;
    builder->memory = *memory;
    itsm__arena_init(&builder->names, memory);
    builder->definition.zone = itsm_zone_ref(zone);
    *out = builder;
    return ITSM_OK;
}

void itsm_calendar_builder_free(itsm_calendar_builder *builder)
{
    if (!builder) return;
    const itsm__memory memory = builder->memory;
    itsm__definition *d = &builder->definition;
    for (int i = 0; i < 7; i++) itsm__free(&memory, d->weekly[i], builder->weekly_capacity[i] * sizeof *d->weekly[i]);
    itsm__free(&memory, d->holidays, builder->holiday_capacity * sizeof *d->holidays);
    itsm__free(&memory, d->recurrences, builder->recurrence_capacity * sizeof *d->recurrences);
    itsm__free(&memory, d->overrides, builder->override_capacity * sizeof *d->overrides);
    itsm__free(&memory, d->additions, builder->addition_capacity * sizeof *d->additions);
    itsm__free(&memory, d->breaks, builder->break_capacity * sizeof *d->breaks);
    for (size_t i = 0; i < builder->nversions; i++) itsm_calendar_free(builder->versions[i].calendar);
    itsm__free(&memory, builder->versions, builder->version_capacity * sizeof *builder->versions);
    itsm__arena_clear(&builder->names);
    itsm_zone_free(d->zone);
    itsm__free(&memory, builder, sizeof *builder);
}

static int hours_are_valid(itsm_hours hours)
{
    return hours.from >= 0 && hours.from < ITSM__DAY_SECONDS && hours.to >= 0 && hours.to <= ITSM__DAY_SECONDS;
}

static int date_is_valid(int64_t date)
{
    return date >= ITSM__FIRST_DATE && date <= ITSM__LAST_DATE;
}

itsm__definition *itsm__builder_definition(itsm_calendar_builder *builder)
{
    return &builder->definition;
}

itsm_status itsm_calendar_builder_set_name(itsm_calendar_builder *builder, itsm_str name)
{
    if (!builder) return ITSM_E_MISUSE;
    return itsm__arena_copy(&builder->definition.name, &builder->names, name);
}

itsm_status itsm_calendar_builder_add_weekly(itsm_calendar_builder *builder, int32_t weekday, itsm_hours hours)
{
    if (!builder) return ITSM_E_MISUSE;
    if (weekday < 0 || weekday > 6 || !hours_are_valid(hours)) return ITSM_E_INVALID;
    itsm__definition *d = &builder->definition;
    const size_t n = d->nweekly[weekday];
    if (n >= WEEKLY_MAX) return ITSM_E_LIMIT;
    itsm_status rc =
        itsm__grow(&builder->memory, &d->weekly[weekday], &builder->weekly_capacity[weekday], n + 1, sizeof hours);
    if (rc) return rc;
    d->weekly[weekday][n] = hours;
    d->nweekly[weekday]++;
    return ITSM_OK;
}

itsm_status itsm_calendar_builder_add_holiday(itsm_calendar_builder *builder, int64_t date, itsm_str name)
{
    if (!builder) return ITSM_E_MISUSE;
    if (!date_is_valid(date)) return ITSM_E_INVALID;
    itsm__definition *d = &builder->definition;
    if (d->nholidays >= DATES_MAX) return ITSM_E_LIMIT;
    itsm_status rc =
        itsm__grow(&builder->memory, &d->holidays, &builder->holiday_capacity, d->nholidays + 1, sizeof *d->holidays);
    if (rc) return rc;
    itsm__dated_name *entry = &d->holidays[d->nholidays];
    entry->name = itsm_str_n(NULL, 0);
    if (name.n && (rc = itsm__arena_copy(&entry->name, &builder->names, name))) return rc;
    entry->date = date, entry->sequence = builder->sequence++;
    d->nholidays++;
    return ITSM_OK;
}

itsm_status itsm_calendar_builder_add_recurrence(itsm_calendar_builder *builder, const itsm_recurrence *recurrence)
{
    if (!builder || !recurrence || !recurrence->size) return ITSM_E_MISUSE;
    if (!itsm__recurrence_is_valid(recurrence)) return ITSM_E_INVALID;
    itsm__definition *d = &builder->definition;
    const size_t n = d->nrecurrences;
    if (n >= RECURRENCES_MAX) return ITSM_E_LIMIT;
    itsm_status rc =
        itsm__grow(&builder->memory, &d->recurrences, &builder->recurrence_capacity, n + 1, sizeof *d->recurrences);
    if (rc) return rc;
    itsm__recurrence *entry = &d->recurrences[n];
    memset(entry, 0, sizeof *entry);
    entry->rule = *recurrence, entry->rule.size = sizeof entry->rule;
    entry->rule.name = itsm_str_n(NULL, 0);
    if (recurrence->name.n && (rc = itsm__arena_copy(&entry->rule.name, &builder->names, recurrence->name))) return rc;
    entry->sequence = builder->sequence++;
    d->nrecurrences++;
    return ITSM_OK;
}

itsm_status itsm_calendar_builder_add_recurring_holiday(itsm_calendar_builder *builder, int32_t month, int32_t day,
                                                        itsm_str name)
{
    itsm_recurrence recurrence = ITSM_RECURRENCE_INIT;
    recurrence.kind = ITSM_RECURRENCE_DATE, recurrence.month = month, recurrence.day = day, recurrence.name = name;
    return itsm_calendar_builder_add_recurrence(builder, &recurrence);
}

static itsm_status add_hours(itsm_calendar_builder *builder, itsm__dated_hours **array, size_t *n, size_t *capacity,
                             int64_t date, const itsm_hours *hours, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!hours_are_valid(hours[i])) return ITSM_E_INVALID;
    const size_t need = count ? count : 1;
    if (need > DATES_MAX || *n > DATES_MAX - need) return ITSM_E_LIMIT;
    itsm_status rc = itsm__grow(&builder->memory, array, capacity, *n + need, sizeof **array);
    if (rc) return rc;
    for (size_t i = 0; i < need; i++) {
        itsm__dated_hours *entry = &(*array)[*n];
        entry->date = date, entry->sequence = builder->sequence++;
        if (count) entry->hours = hours[i];
        else entry->hours.from = ITSM__CLOSED, entry->hours.to = ITSM__CLOSED;
        ++*n;
    }
    return ITSM_OK;
}

itsm_status itsm_calendar_builder_add_override(itsm_calendar_builder *builder, int64_t date, const itsm_hours *hours,
                                               size_t n)
{
    if (!builder || (n && !hours)) return ITSM_E_MISUSE;
    if (!date_is_valid(date)) return ITSM_E_INVALID;
    itsm__definition *d = &builder->definition;
    return add_hours(builder, &d->overrides, &d->noverrides, &builder->override_capacity, date, hours, n);
}

itsm_status itsm_calendar_builder_add_break(itsm_calendar_builder *builder, int64_t date, itsm_hours hours)
{
    if (!builder) return ITSM_E_MISUSE;
    if (!date_is_valid(date)) return ITSM_E_INVALID;
    itsm__definition *d = &builder->definition;
    return add_hours(builder, &d->breaks, &d->nbreaks, &builder->break_capacity, date, &hours, 1);
}

itsm_status itsm_calendar_builder_add_addition(itsm_calendar_builder *builder, int64_t date, itsm_hours hours)
{
    if (!builder) return ITSM_E_MISUSE;
    if (!date_is_valid(date)) return ITSM_E_INVALID;
    itsm__definition *d = &builder->definition;
    return add_hours(builder, &d->additions, &d->nadditions, &builder->addition_capacity, date, &hours, 1);
}

itsm_status itsm_calendar_builder_add_version(itsm_calendar_builder *builder, itsm_time from,
                                              const itsm_calendar *calendar)
{
    if (!builder || !calendar) return ITSM_E_MISUSE;
    const int64_t second = itsm__floor_div(from, ITSM__SECOND);
    if (from % ITSM__SECOND || second < ITSM__FIRST_DATE * ITSM__DAY_SECONDS ||
        second >= (ITSM__LAST_DATE + 1) * ITSM__DAY_SECONDS)
        return ITSM_E_INVALID;
    size_t leaves = 1 + calendar->nleaves, at = builder->nversions;
    for (size_t i = 0; i < builder->nversions; i++) {
        if (builder->versions[i].from == second) return ITSM_E_INVALID;
        leaves += builder->versions[i].calendar->nleaves;
    }
    if (leaves > ITSM__LEAVES_MAX || calendar->depth >= ITSM__PARTS_DEPTH) return ITSM_E_LIMIT;
    itsm_status rc = itsm__grow(&builder->memory, &builder->versions, &builder->version_capacity,
                                builder->nversions + 1, sizeof *builder->versions);
    if (rc) return rc;
    for (; at > 0 && builder->versions[at - 1].from > second; at--) builder->versions[at] = builder->versions[at - 1];
    builder->versions[at].from = second;
    builder->versions[at].calendar = itsm_calendar_ref(calendar);
    builder->nversions++;
    return ITSM_OK;
}

/* Freezing -------------------------------------------------------------------------------------------------------- */

static int compare_names(const void *a, const void *b, void *user)
{
    const itsm__dated_name *x = a, *y = b;
    (void)user;
    if (x->date != y->date) return x->date < y->date ? -1 : 1;
    return x->sequence < y->sequence ? -1 : x->sequence > y->sequence;
}

static int compare_recurrences(const void *a, const void *b, void *user)
{
    const itsm__recurrence *x = a, *y = b;
    const int order = itsm__recurrence_compare(&x->rule, &y->rule);
    (void)user;
    if (order) return order;
    return x->sequence < y->sequence ? -1 : x->sequence > y->sequence;
}

static int compare_hours(const void *a, const void *b, void *user)
{
    const itsm__dated_hours *x = a, *y = b;
    (void)user;
    if (x->date != y->date) return x->date < y->date ? -1 : 1;
    return x->sequence < y->sequence ? -1 : x->sequence > y->sequence;
}

static itsm_status copy_names(itsm__dated_name **out, size_t *count, itsm__arena *arena, const itsm__dated_name *from,
                              size_t n)
{
    *count = 0;
    if (!n) return ITSM_OK;
    itsm__dated_name *to = itsm__arena_alloc(arena, n * sizeof *to);
    if (!to) return ITSM_E_NOMEM;
    memcpy(to, from, n * sizeof *to);
    itsm__sort(to, n, sizeof *to, compare_names, NULL);
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        if (kept && to[kept - 1].date == to[i].date) continue;
        to[kept] = to[i];
        itsm_status rc = to[i].name.n ? itsm__arena_copy(&to[kept].name, arena, to[i].name) : ITSM_OK;
        if (rc) return rc;
        kept++;
    }
    *out = to, *count = kept;
    return ITSM_OK;
}

/* "X (observed)" */
static itsm_status name_observed(itsm_str *out, itsm__arena *arena, itsm_str name)
{
    static const char suffix[] = " (observed)";
    char *text = itsm__arena_alloc(arena, name.n + sizeof suffix);
    if (!text) return ITSM_E_NOMEM;
    memcpy(text, name.p, name.n);
    memcpy(text + name.n, suffix, sizeof suffix);
    *out = itsm_str_n(text, name.n + sizeof suffix - 1);
    return ITSM_OK;
}

static itsm_status copy_recurrences(itsm__recurrence **out, size_t *count, itsm__arena *arena,
                                    const itsm__recurrence *from, size_t n)
{
    *count = 0;
    if (!n) return ITSM_OK;
    itsm__recurrence *to = itsm__arena_alloc(arena, n * sizeof *to);
    if (!to) return ITSM_E_NOMEM;
    memcpy(to, from, n * sizeof *to);
    itsm__sort(to, n, sizeof *to, compare_recurrences, NULL);
    size_t kept = 0;
    itsm_status rc = ITSM_OK;
    for (size_t i = 0; i < n && !rc; i++) {
        if (kept && !itsm__recurrence_compare(&to[kept - 1].rule, &to[i].rule)) continue;
        itsm__recurrence *r = &to[kept++];
        *r = to[i];
        if (!r->rule.name.n) continue;
        rc = itsm__arena_copy(&r->rule.name, arena, r->rule.name);
        if (!rc && r->rule.observed) rc = name_observed(&r->observed_name, arena, r->rule.name);
    }
    *out = to, *count = kept;
    return rc;
}

static itsm_status copy_hours(itsm__dated_hours **out, size_t *count, itsm__arena *arena, const itsm__dated_hours *from,
                              size_t n)
{
    *count = 0;
    if (!n) return ITSM_OK;
    itsm__dated_hours *to = itsm__arena_alloc(arena, n * sizeof *to);
    if (!to) return ITSM_E_NOMEM;
    memcpy(to, from, n * sizeof *to);
    itsm__sort(to, n, sizeof *to, compare_hours, NULL);
    *out = to, *count = n;
    return ITSM_OK;
}

static itsm_status copy_definition(itsm__definition *to, itsm__arena *arena, const itsm__definition *from)
{
    itsm_status rc = ITSM_OK;
    if (from->name.n && (rc = itsm__arena_copy(&to->name, arena, from->name))) return rc;
    for (int i = 0; i < 7; i++) {
        if (!from->nweekly[i]) continue;
        if (!(to->weekly[i] = itsm__arena_alloc(arena, from->nweekly[i] * sizeof(itsm_hours)))) return ITSM_E_NOMEM;
        memcpy(to->weekly[i], from->weekly[i], from->nweekly[i] * sizeof(itsm_hours));
        to->nweekly[i] = from->nweekly[i];
    }
    if ((rc = copy_names(&to->holidays, &to->nholidays, arena, from->holidays, from->nholidays)) ||
        (rc = copy_recurrences(&to->recurrences, &to->nrecurrences, arena, from->recurrences, from->nrecurrences)) ||
        (rc = copy_hours(&to->overrides, &to->noverrides, arena, from->overrides, from->noverrides)) ||
        (rc = copy_hours(&to->additions, &to->nadditions, arena, from->additions, from->nadditions)) ||
        (rc = copy_hours(&to->breaks, &to->nbreaks, arena, from->breaks, from->nbreaks)))
        return rc;
    return ITSM_OK;
}

static itsm_status copy_versions(itsm_calendar *calendar, const itsm_calendar_builder *builder)
{
    if (!builder->nversions) return ITSM_OK;
    calendar->parts = itsm__arena_alloc(&calendar->arena, builder->nversions * sizeof *calendar->parts);
    if (!calendar->parts) return ITSM_E_NOMEM;
    for (; calendar->nparts < builder->nversions; calendar->nparts++) {
        const itsm__part *from = &builder->versions[calendar->nparts];
        itsm__part *to = &calendar->parts[calendar->nparts];
        to->from = from->from, to->calendar = itsm_calendar_ref(from->calendar);
    }
    return ITSM_OK;
}

itsm_calendar *itsm__calendar_new(const itsm__memory *memory, const itsm_zone *zone)
{
    itsm_calendar *calendar = itsm__alloc_zero(memory, sizeof *calendar);
    if (!calendar) return NULL;
    itsm__refcount_init(&calendar->refs);
    calendar->memory = *memory;
    itsm__arena_init(&calendar->arena, &calendar->memory);
    calendar->definition.zone = itsm_zone_ref(zone);
    return calendar;
}

itsm_status itsm__calendar_freeze(itsm_calendar **out, const itsm_calendar_builder *builder, int compile)
{
    itsm_calendar *calendar = itsm__calendar_new(&builder->memory, builder->definition.zone);
    if (!calendar) return ITSM_E_NOMEM;
    itsm_status rc = copy_definition(&calendar->definition, &calendar->arena, &builder->definition);
    if (!rc) rc = copy_versions(calendar, builder);
    if (!rc) rc = itsm__calendar_plant(calendar);
    if (!rc && compile) rc = itsm__calendar_compile(calendar);
    if (rc) {
        itsm_calendar_free(calendar);
        return rc;
    }
    *out = calendar;
    return ITSM_OK;
}

itsm_status itsm_calendar_builder_freeze(itsm_calendar **out, const itsm_calendar_builder *builder)
{
    if (out) *out = NULL;
    if (!out || !builder) return ITSM_E_MISUSE;
    return itsm__calendar_freeze(out, builder, 1);
}

itsm_calendar *itsm_calendar_ref(const itsm_calendar *calendar)
{
    if (!calendar) return NULL;
    /* The count is the one part of a frozen calendar that changes. */
    union {
        const itsm_calendar *frozen;
        itsm_calendar *shared;
    } share;
    share.frozen = calendar;
    itsm__refcount_take(&share.shared->refs);
    return share.shared;
}

/* Free one, and put those of its parts that nobody else holds in front of a queue. */
static itsm_calendar *free_one(itsm_calendar *calendar, itsm_calendar *queue)
{
    const itsm__memory memory = calendar->memory;
    for (size_t i = 0; i < calendar->nparts; i++) {
        itsm_calendar *part = calendar->parts[i].calendar;
        if (itsm__refcount_drop(&part->refs)) part->next_freed = queue, queue = part;
    }
    itsm__calendar_release(calendar);
    itsm__arena_clear(&calendar->arena);
    itsm_zone_free(calendar->definition.zone);
    itsm__free(&memory, calendar, sizeof *calendar);
    return queue;
}

void itsm_calendar_free(itsm_calendar *calendar)
{
    if (!calendar || !itsm__refcount_drop(&calendar->refs)) return;
    calendar->next_freed = NULL;
    while (calendar) calendar = free_one(calendar, calendar->next_freed);
}

itsm_str itsm_calendar_name(const itsm_calendar *calendar)
{
    return calendar ? calendar->definition.name : itsm_str_n(NULL, 0);
}

const itsm_zone *itsm_calendar_zone(const itsm_calendar *calendar)
{
    return calendar ? calendar->definition.zone : NULL;
}

/* Asking ---------------------------------------------------------------------------------------------------------- */

size_t itsm__dated_hours_find(size_t *count, const itsm__dated_hours *array, size_t n, int64_t date)
{
    size_t low = 0, high = n;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (array[middle].date < date) low = middle + 1;
        else high = middle;
    }
    size_t end = low;
    while (end < n && array[end].date == date) end++;
    *count = end - low;
    return low;
}

size_t itsm__dated_name_find(const itsm__dated_name *array, size_t n, int64_t date)
{
    size_t low = 0, high = n;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (array[middle].date < date) low = middle + 1;
        else high = middle;
    }
    return low;
}

itsm__date_hours itsm__definition_hours(const itsm__definition *definition, int64_t date)
{
    itsm__date_hours hours = {NULL, NULL, 0};
    const size_t at = itsm__dated_hours_find(&hours.n, definition->overrides, definition->noverrides, date);
    if (hours.n) {
        hours.overrides = &definition->overrides[at];
        return hours;
    }
    const int weekday = itsm_date_weekday(date);
    hours.weekly = definition->weekly[weekday], hours.n = definition->nweekly[weekday];
    return hours;
}

int64_t itsm__zone_second(const itsm_zone *zone, int64_t wall)
{
    itsm_resolved resolved;
    if (itsm_zone_instant(&resolved, zone, wall * ITSM__SECOND)) return wall;
    return itsm__floor_div(resolved.first, ITSM__SECOND);
}

itsm__seconds itsm__hours_seconds(const itsm_zone *zone, int64_t date, itsm_hours hours)
{
    const int64_t midnight = date * ITSM__DAY_SECONDS;
    itsm__seconds s;
    s.from = itsm__zone_second(zone, midnight + hours.from);
    s.to = itsm__zone_second(zone, midnight + hours.to + (hours.to <= hours.from ? ITSM__DAY_SECONDS : 0));
    return s;
}

int itsm__date_exists(const itsm_zone *zone, int64_t date)
{
    const int64_t second = itsm__zone_second(zone, date * ITSM__DAY_SECONDS);
    int32_t offset;
    if (itsm_zone_offset(&offset, zone, second * ITSM__SECOND)) return 1;
    return second + offset < (date + 1) * ITSM__DAY_SECONDS;
}
