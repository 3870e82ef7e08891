/* SPDX-License-Identifier: MIT */
/*
 * What the clocks of the report's zone show at an instant.  One function for figures and drawings alike, so that a day
 * in a table is the day under a bar.
 */
#ifndef ITSM_SRC_REPORT_LOCAL_H
#define ITSM_SRC_REPORT_LOCAL_H

#include <itsm/time.h>

typedef struct itsm__local_time {
    int64_t day;  /* since 1970-01-01 */
    int32_t hour; /* 0 to 23 */
    int32_t offset;
    itsm_civil civil;
} itsm__local_time;

/* zone NULL: UTC.  ITSM_E_RANGE for ITSM_TIME_NONE and beyond what a wall clock can hold. */
itsm_status itsm__local_time_of(itsm__local_time *out, const itsm_zone *zone, itsm_time t);

/* Name of the zone; "UTC" for NULL. */
itsm_str itsm__zone_text(const itsm_zone *zone);

#endif
