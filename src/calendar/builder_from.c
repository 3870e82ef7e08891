/* SPDX-License-Identifier: MIT */
/*
 * A builder that begins with what a calendar says, so that it can be changed: the parts of the definition added one by
 * one, as a host would.  O(parts).
 */
#include "base/ctx.h"
#include "calendar/calendar.h"

static itsm_status add_week(itsm_calendar_builder *builder, const itsm__definition *d)
{
    itsm_status rc = ITSM_OK;
    for (int32_t day = 0; day < 7; day++)
        for (size_t i = 0; i < d->nweekly[day] && !rc; i++)
            rc = itsm_calendar_builder_add_weekly(builder, day, d->weekly[day][i]);
    return rc;
}

static itsm_status add_dates(itsm_calendar_builder *builder, const itsm__definition *d)
{
    itsm_status rc = ITSM_OK;
    for (size_t i = 0; i < d->nholidays && !rc; i++)
        rc = itsm_calendar_builder_add_holiday(builder, d->holidays[i].date, d->holidays[i].name);
    for (size_t i = 0; i < d->nrecurrences && !rc; i++)
        rc = itsm_calendar_builder_add_recurrence(builder, &d->recurrences[i].rule);
    for (size_t i = 0; i < d->noverrides && !rc; i++) {
        const itsm__dated_hours *entry = &d->overrides[i];
        const size_t n = entry->hours.from != ITSM__CLOSED;
        rc = itsm_calendar_builder_add_override(builder, entry->date, n ? &entry->hours : NULL, n);
    }
    for (size_t i = 0; i < d->nadditions && !rc; i++)
        rc = itsm_calendar_builder_add_addition(builder, d->additions[i].date, d->additions[i].hours);
    for (size_t i = 0; i < d->nbreaks && !rc; i++)
        rc = itsm_calendar_builder_add_break(builder, d->breaks[i].date, d->breaks[i].hours);
    return rc;
}

static itsm_status add_all(itsm_calendar_builder *builder, const itsm_calendar *calendar)
{
    itsm_status rc = itsm_calendar_builder_set_name(builder, calendar->definition.name);
    if (!rc) rc = add_week(builder, &calendar->definition);
    if (!rc) rc = add_dates(builder, &calendar->definition);
    for (size_t i = 0; i < calendar->nparts && !rc; i++)
        rc = itsm_calendar_builder_add_version(builder, calendar->parts[i].from * ITSM__SECOND,
                                               calendar->parts[i].calendar);
    return rc;
}

itsm_status itsm_calendar_builder_from(itsm_calendar_builder **out, itsm_ctx *ctx, const itsm_calendar *calendar)
{
    itsm_calendar_builder *builder;
    if (out) *out = NULL;
    itsm__issues_clear(ctx);
    if (!out || !ctx || !calendar) return ITSM_E_MISUSE;
    if (calendar->how != ITSM__MADE_OF_HOURS) return ITSM_E_UNSUPPORTED;
    itsm_status rc = itsm_calendar_builder_new(&builder, ctx, calendar->definition.zone);
    if (rc) return rc;
    if ((rc = add_all(builder, calendar))) itsm_calendar_builder_free(builder);
    else *out = builder;
    return rc;
}
