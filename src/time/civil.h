/* SPDX-License-Identifier: MIT */
/*
 * Calendar arithmetic without checks, inline: dates of the proleptic Gregorian calendar to days since 1970-01-01 and
 * back.  Years are counted from March, so that the leap day is the last of its year.
 */
#ifndef ITSM_SRC_TIME_CIVIL_H
#define ITSM_SRC_TIME_CIVIL_H

#include <itsm/time.h>

#include "base/bits.h"

enum { ITSM__YEAR_MAX = 999999, ITSM__DAY_SECONDS = 86400, ITSM__ERA_DAYS = 146097, ITSM__EPOCH_FROM_MARCH = 719468 };

#define ITSM__DAY ITSM_DAYS(1)
#define ITSM__SECOND ITSM_SECONDS(1)

static inline int itsm__leap(int64_t year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

/* Any month from 1 to 12. */
static inline int itsm__month_days(int64_t year, int month)
{
    return month == 2 ? 28 + itsm__leap(year) : 30 + ((month + (month >> 3)) & 1);
}

/* The date must exist. */
static inline int64_t itsm__days(int64_t year, int month, int day)
{
    int64_t y = year - (month <= 2), era = itsm__floor_div(y, 400);
    int32_t of_era = (int32_t)(y - era * 400);
    int32_t of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    return era * ITSM__ERA_DAYS + (of_era * 365 + of_era / 4 - of_era / 100 + of_year) - ITSM__EPOCH_FROM_MARCH;
}

/* The days must lie within some 10^17 of 0. */
static inline int64_t itsm__civil(int *month, int *day, int64_t days)
{
    int64_t z = days + ITSM__EPOCH_FROM_MARCH, era = itsm__floor_div(z, ITSM__ERA_DAYS);
    int32_t d = (int32_t)(z - era * ITSM__ERA_DAYS);
    int32_t of_era = (d - d / 1460 + d / 36524 - d / 146096) / 365;
    int32_t of_year = d - (365 * of_era + of_era / 4 - of_era / 100);
    int32_t from_march = (5 * of_year + 2) / 153;
    *day = of_year - (153 * from_march + 2) / 5 + 1;
    *month = from_march < 10 ? from_march + 3 : from_march - 9;
    return era * 400 + of_era + (*month <= 2);
}

/* Checked: 1 and *wall set, or 0.  Only hour, minute, second and microsecond must be within their ranges. */
int itsm__wall(int64_t *wall, int64_t year, int month, int day, int64_t of_day);

#endif
