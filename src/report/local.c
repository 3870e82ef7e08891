/* SPDX-License-Identifier: MIT */
/*
 * Instants on the wall of the report's zone: itsm__local_time_of() is one zone lookup and one civil split, O(1).
 * A report without a zone speaks UTC.  Nothing is cached here: zones are fast, and a cache would make the accumulator's
 * figures depend on the order of the cases.
 */
#include "report/local.h"

#include "base/bits.h"

itsm_status itsm__local_time_of(itsm__local_time *out, const itsm_zone *zone, itsm_time t)
{
    itsm_local local;
    itsm_status rc;
    memset(&local, 0, sizeof local);
    if (t == ITSM_TIME_NONE) return ITSM_E_RANGE;
    local.wall = t;
    if (zone && (rc = itsm_zone_local(&local, zone, t)) != ITSM_OK) return rc;
    if ((rc = itsm_civil_from_local(&out->civil, local.wall)) != ITSM_OK) return rc;
    out->day = itsm__floor_div(local.wall, ITSM_DAYS(1));
    out->hour = out->civil.hour, out->offset = local.offset;
    return ITSM_OK;
}

itsm_str itsm__zone_text(const itsm_zone *zone)
{
    return zone ? itsm_zone_name(zone) : ITSM_STR("UTC");
}
