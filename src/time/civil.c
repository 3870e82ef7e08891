/* SPDX-License-Identifier: MIT */
/*
 * Civil dates: year, month and day to days since 1970-01-01 and back, and the wall clock, which is days and a time of
 * day in microseconds.  Everything is O(1) arithmetic on the proleptic Gregorian calendar; nothing keeps state.  The
 * years -999999 to 999999 are more than the microseconds of an int64 reach (-290308 to 294247).
 */
#include "time/civil.h"

#define DAYS_BOUND INT64_C(400000000) /* more than 999999 years */

itsm_status itsm_date_from_civil(int64_t *days, int32_t year, int32_t month, int32_t day)
{
    if (!days) return ITSM_E_MISUSE;
    if (year < -ITSM__YEAR_MAX || year > ITSM__YEAR_MAX) return ITSM_E_RANGE;
    if (month < 1 || month > 12 || day < 1 || day > itsm__month_days(year, month)) return ITSM_E_RANGE;
    *days = itsm__days(year, month, day);
    return ITSM_OK;
}

itsm_status itsm_civil_from_date(itsm_civil *out, int64_t days)
{
    if (!out) return ITSM_E_MISUSE;
    if (days < -DAYS_BOUND || days > DAYS_BOUND) return ITSM_E_RANGE;
    int month, day;
    int64_t year = itsm__civil(&month, &day, days);
    if (year < -ITSM__YEAR_MAX || year > ITSM__YEAR_MAX) return ITSM_E_RANGE;
    memset(out, 0, sizeof *out);
    out->year = (int32_t)year, out->month = month, out->day = day;
    return ITSM_OK;
}

int itsm_month_days(int32_t year, int32_t month)
{
    return month < 1 || month > 12 ? 0 : itsm__month_days(year, month);
}

int itsm__wall(int64_t *wall, int64_t year, int month, int day, int64_t of_day)
{
    if (year < -ITSM__YEAR_MAX || year > ITSM__YEAR_MAX) return 0;
    if (month < 1 || month > 12 || day < 1 || day > itsm__month_days(year, month)) return 0;
    int64_t days = itsm__days(year, month, day), sum;
    if (days < 0) days++, of_day -= ITSM__DAY; /* the first day that fits is not a whole one */
    if (!itsm__mul(&sum, days, ITSM__DAY) || !itsm__add(&sum, sum, of_day) || sum == ITSM_TIME_NONE) return 0;
    *wall = sum;
    return 1;
}

itsm_status itsm_local_from_civil(int64_t *wall, const itsm_civil *civil)
{
    if (!wall || !civil) return ITSM_E_MISUSE;
    const itsm_civil *c = civil;
    if (c->hour < 0 || c->hour > 23 || c->minute < 0 || c->minute > 59 || c->second < 0 || c->second > 59 ||
        c->microsecond < 0 || c->microsecond > 999999)
        return ITSM_E_RANGE;
    int64_t of_day = (c->hour * INT64_C(3600) + c->minute * 60 + c->second) * ITSM__SECOND + c->microsecond;
    return itsm__wall(wall, c->year, c->month, c->day, of_day) ? ITSM_OK : ITSM_E_RANGE;
}

itsm_status itsm_civil_from_local(itsm_civil *out, int64_t wall)
{
    if (!out) return ITSM_E_MISUSE;
    if (wall == ITSM_TIME_NONE) return ITSM_E_RANGE;
    int64_t days = itsm__floor_div(wall, ITSM__DAY), of_day = itsm__floor_mod(wall, ITSM__DAY);
    int32_t second = (int32_t)(of_day / ITSM__SECOND);
    int month, day;
    out->year = (int32_t)itsm__civil(&month, &day, days);
    out->month = month, out->day = day;
    out->hour = second / 3600, out->minute = second / 60 % 60, out->second = second % 60;
    out->microsecond = (int32_t)(of_day % ITSM__SECOND);
    return ITSM_OK;
}
