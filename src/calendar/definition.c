/* SPDX-License-Identifier: MIT */
/*
 * The definition of a calendar and the builder that collects it.
 *
 * A builder appends in any order, O(1) amortised each; freezing copies everything into the calendar, sorts it by date
 * and drops holidays named twice, then compiles.  A builder may be frozen again after more was added.  A frozen
 * definition answers what holds on one date in O(log entries); it is what explanations and the export read.
 */
#include "calendar/calendar.h"

#include "base/ctx.h"
#include "base/sort.h"

enum { DATES_MAX = 100000, WEEKLY_MAX = 1000 };

#define FIRST_DATE INT64_C(-4371587) /* -9999-01-01 */
#define LAST_DATE INT64_C(2932896)   /* 9999-12-31 */

struct itsm_calendar_builder {
    itsm__memory memory;
    itsm__arena names;
    itsm__definition definition;
    size_t weekly_capacity[7], holiday_capacity, recurring_capacity, override_capacity, break_capacity;
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
    itsm__free(&memory, d->recurring, builder->recurring_capacity * sizeof *d->recurring);
    itsm__free(&memory, d->overrides, builder->override_capacity * sizeof *d->overrides);
    itsm__free(&memory, d->breaks, builder->break_capacity * sizeof *d->breaks);
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
    return date >= FIRST_DATE && date <= LAST_DATE;
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

static itsm_status add_name(itsm_calendar_builder *builder, itsm__dated_name **array, size_t *n, size_t *capacity,
                            int64_t date, itsm_str name)
{
    if (*n >= DATES_MAX) return ITSM_E_LIMIT;
    itsm_status rc = itsm__grow(&builder->memory, array, capacity, *n + 1, sizeof **array);
    if (rc) return rc;
    itsm__dated_name *entry = &(*array)[*n];
    entry->name = itsm_str_n(NULL, 0);
    if (name.n && (rc = itsm__arena_copy(&entry->name, &builder->names, name))) return rc;
    entry->date = date, entry->sequence = builder->sequence++;
    ++*n;
    return ITSM_OK;
}

itsm_status itsm_calendar_builder_add_holiday(itsm_calendar_builder *builder, int64_t date, itsm_str name)
{
    if (!builder) return ITSM_E_MISUSE;
    if (!date_is_valid(date)) return ITSM_E_INVALID;
    itsm__definition *d = &builder->definition;
    return add_name(builder, &d->holidays, &d->nholidays, &builder->holiday_capacity, date, name);
}

itsm_status itsm_calendar_builder_add_recurring_holiday(itsm_calendar_builder *builder, int32_t month, int32_t day,
                                                        itsm_str name)
{
    if (!builder) return ITSM_E_MISUSE;
    if (day < 1 || day > itsm_month_days(2000, month)) return ITSM_E_INVALID;
    itsm__definition *d = &builder->definition;
    return add_name(builder, &d->recurring, &d->nrecurring, &builder->recurring_capacity, month * 32 + day, name);
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

/* Freezing -------------------------------------------------------------------------------------------------------- */

static int compare_names(const void *a, const void *b, void *user)
{
    const itsm__dated_name *x = a, *y = b;
    (void)user;
    if (x->date != y->date) return x->date < y->date ? -1 : 1;
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
    to->zone = itsm_zone_ref(from->zone);
    if (from->name.n && (rc = itsm__arena_copy(&to->name, arena, from->name))) return rc;
    for (int i = 0; i < 7; i++) {
        if (!from->nweekly[i]) continue;
        if (!(to->weekly[i] = itsm__arena_alloc(arena, from->nweekly[i] * sizeof(itsm_hours)))) return ITSM_E_NOMEM;
        memcpy(to->weekly[i], from->weekly[i], from->nweekly[i] * sizeof(itsm_hours));
        to->nweekly[i] = from->nweekly[i];
    }
    if ((rc = copy_names(&to->holidays, &to->nholidays, arena, from->holidays, from->nholidays)) ||
        (rc = copy_names(&to->recurring, &to->nrecurring, arena, from->recurring, from->nrecurring)) ||
        (rc = copy_hours(&to->overrides, &to->noverrides, arena, from->overrides, from->noverrides)) ||
        (rc = copy_hours(&to->breaks, &to->nbreaks, arena, from->breaks, from->nbreaks)))
        return rc;
    return ITSM_OK;
}

itsm_status itsm_calendar_builder_freeze(itsm_calendar **out, const itsm_calendar_builder *builder)
{
    if (out) *out = NULL;
    if (!out || !builder) return ITSM_E_MISUSE;
    itsm_calendar *calendar = itsm__alloc_zero(&builder->memory, sizeof *calendar);
    if (!calendar) return ITSM_E_NOMEM;
    itsm__refcount_init(&calendar->refs);
    calendar->memory = builder->memory;
    itsm__arena_init(&calendar->arena, &calendar->memory);
    itsm_status rc = copy_definition(&calendar->definition, &calendar->arena, &builder->definition);
    if (!rc) rc = itsm__calendar_compile(calendar);
    if (rc) {
        itsm_calendar_free(calendar);
        return rc;
    }
    *out = calendar;
    return ITSM_OK;
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

void itsm_calendar_free(itsm_calendar *calendar)
{
    if (!calendar || !itsm__refcount_drop(&calendar->refs)) return;
    const itsm__memory memory = calendar->memory;
    itsm__free(&memory, calendar->patterns, calendar->pattern_capacity * sizeof *calendar->patterns);
    itsm__free(&memory, calendar->spans, calendar->span_capacity * sizeof *calendar->spans);
    itsm__free(&memory, calendar->days, (ITSM__HORIZON_DAYS + 1) * sizeof *calendar->days);
    itsm__free(&memory, calendar->inverse, calendar->ninverse * sizeof *calendar->inverse);
    itsm__free(&memory, calendar->sheets, calendar->sheet_capacity * sizeof *calendar->sheets);
    itsm__free(&memory, calendar->years, calendar->year_capacity * sizeof *calendar->years);
    itsm__arena_clear(&calendar->arena);
    itsm_zone_free(calendar->definition.zone);
    itsm__free(&memory, calendar, sizeof *calendar);
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

const itsm__dated_name *itsm__dated_name_find(const itsm__dated_name *array, size_t n, int64_t date)
{
    size_t low = 0, high = n;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (array[middle].date < date) low = middle + 1;
        else high = middle;
    }
    return low < n && array[low].date == date ? &array[low] : NULL;
}

const itsm__dated_name *itsm__definition_holiday(const itsm__definition *definition, int64_t date)
{
    const itsm__dated_name *found = itsm__dated_name_find(definition->holidays, definition->nholidays, date);
    if (found || !definition->nrecurring) return found;
    itsm_civil civil;
    if (itsm_civil_from_date(&civil, date)) return NULL;
    return itsm__dated_name_find(definition->recurring, definition->nrecurring, civil.month * 32 + civil.day);
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
