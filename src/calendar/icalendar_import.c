/* SPDX-License-Identifier: MIT */
/*
 * Events of an iCalendar text become parts of a calendar.
 *
 * Instants become wall clocks of the builder's zone and are cut into hours of dates; what a definition cannot say, an
 * edge in the second pass of an hour that the clocks show twice, is counted.  Builders only ever append, so a failure
 * is undone by putting their counts back.
 */
#include "calendar/calendar.h"
#include "calendar/icalendar.h"

typedef struct importer {
    itsm_calendar_builder *builder;
    itsm_ctx *ctx;
    const itsm_zone *zone;
    itsm_calendar_import options;
    itsm_calendar_imported done;
} importer;

static itsm_status refused(const importer *m, const itsm_icalendar_instance *instance, itsm_status rc)
{
    const itsm__position at = {0, instance->line, 1};
    if (rc != ITSM_E_LIMIT) return rc;
    return itsm__issue_at(m->ctx, rc, at, ITSM_STR("VEVENT"), itsm__ical_shown(instance->uid),
                          "more than 100,000 entries in one calendar: ask for a shorter range of dates");
}

static itsm_status add_hours(importer *m, const itsm_icalendar_instance *instance, int64_t date, int32_t from,
                             int32_t to)
{
    const itsm_hours hours = {from, to};
    itsm_status rc;
    switch (m->options.as) {
    case ITSM_IMPORT_BREAKS: rc = itsm_calendar_builder_add_break(m->builder, date, hours); break;
    case ITSM_IMPORT_ADDITIONS: rc = itsm_calendar_builder_add_addition(m->builder, date, hours); break;
    default: rc = itsm_calendar_builder_add_override(m->builder, date, &hours, 1); break;
    }
    m->done.entries += !rc;
    return rc ? refused(m, instance, rc) : ITSM_OK;
}

static itsm_status add_holidays(importer *m, const itsm_icalendar_instance *instance, int64_t first, int64_t end)
{
    itsm_status rc = ITSM_OK;
    for (int64_t date = first; date < end && !rc; date++) {
        rc = itsm_calendar_builder_add_holiday(m->builder, date, instance->summary);
        m->done.entries += !rc;
    }
    return rc ? refused(m, instance, rc) : ITSM_OK;
}

/* Seconds on the wall at an instant; *again: the clocks show them for the second time. */
static int64_t wall_at(const itsm_zone *zone, itsm_time at, int *again)
{
    itsm_local local;
    itsm_resolved resolved;
    if (itsm_zone_local(&local, zone, at)) return itsm__floor_div(at, ITSM__SECOND);
    if (!itsm_zone_instant(&resolved, zone, local.wall) && resolved.kind == ITSM_LOCAL_REPEATED && resolved.first != at)
        *again = 1;
    return itsm__floor_div(local.wall, ITSM__SECOND);
}

/* What lies between two wall clocks, date by date, from `first` up to `end`. */
static itsm_status add_times(importer *m, const itsm_icalendar_instance *instance, int64_t first, int64_t end)
{
    int again = 0;
    const int64_t from = wall_at(m->zone, instance->start, &again), to = wall_at(m->zone, instance->end, &again);
    const int64_t start = itsm__floor_div(from, ITSM__DAY_SECONDS), last = itsm__floor_div(to - 1, ITSM__DAY_SECONDS);
    itsm_status rc = ITSM_OK;
    m->done.doubtful += again != 0;
    if (last == start + 1 && to - from <= ITSM__DAY_SECONDS && first == start && end > last)
        return add_hours(m, instance, start, (int32_t)(from - start * ITSM__DAY_SECONDS),
                         (int32_t)(to - last * ITSM__DAY_SECONDS));
    for (int64_t date = first; date < end && date <= last && !rc; date++) {
        const int64_t midnight = date * ITSM__DAY_SECONDS;
        rc = add_hours(m, instance, date, date == start ? (int32_t)(from - midnight) : 0,
                       date == last ? (int32_t)(to - midnight) : ITSM__DAY_SECONDS);
    }
    return rc;
}

static itsm_status take(void *user, const itsm_icalendar_instance *instance)
{
    importer *m = user;
    const int64_t first = instance->date > m->options.from ? instance->date : m->options.from;
    const int64_t end = instance->end_date < m->options.until ? instance->end_date : m->options.until;
    const int32_t as = m->options.as;
    if (instance->cancelled) return m->done.cancelled++, ITSM_OK;
    if (as == ITSM_IMPORT_OVERRIDES && instance->date < m->options.from) return ITSM_OK; /* of a date not asked for */
    if (as != ITSM_IMPORT_HOLIDAYS && !instance->all_day && instance->end == instance->start)
        return m->done.empty++, ITSM_OK;
    m->done.instances++;
    if (as == ITSM_IMPORT_HOLIDAYS) return add_holidays(m, instance, first, end);
    if (!instance->all_day) return add_times(m, instance, first, end);
    itsm_status rc = ITSM_OK;
    for (int64_t date = first; date < end && !rc; date++) rc = add_hours(m, instance, date, 0, ITSM__DAY_SECONDS);
    return rc;
}

static void put_back(itsm__definition *definition, const itsm__definition *before)
{
    definition->nholidays = before->nholidays, definition->nbreaks = before->nbreaks;
    definition->nadditions = before->nadditions, definition->noverrides = before->noverrides;
}

itsm_status itsm_calendar_builder_import(itsm_calendar_builder *builder, itsm_ctx *ctx, itsm_str ics,
                                         const itsm_calendar_import *options, itsm_calendar_imported *out)
{
    const itsm_calendar_import standard = ITSM_CALENDAR_IMPORT_INIT;
    const itsm_calendar_imported nothing = ITSM_CALENDAR_IMPORTED_INIT;
    itsm__issues_clear(ctx);
    if (!builder || !ctx || (!ics.p && ics.n) || (options && options->size < sizeof *options) ||
        (out && out->size < sizeof *out))
        return ITSM_E_MISUSE;
    importer m = {builder, ctx, NULL, options ? *options : standard, nothing};
    if (m.options.as < ITSM_IMPORT_HOLIDAYS || m.options.as > ITSM_IMPORT_OVERRIDES) return ITSM_E_MISUSE;
    itsm__definition *definition = itsm__builder_definition(builder);
    const itsm__definition before = *definition;
    m.zone = definition->zone;
    const itsm_status rc = itsm__ical_each(ctx, ics, m.zone, m.options.from, m.options.until, take, &m);
    if (rc) put_back(definition, &before);
    else if (out) *out = m.done;
    return rc;
}
