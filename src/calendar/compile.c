/* SPDX-License-Identifier: MIT */
/*
 * Compiling a calendar: its days (days.c) laid out in the tables of calendar.h.
 *
 * The days of the horizon stand one by one, with the index that inverts them.  Years outside it are built once for
 * each shape: the key holds all that the days of the year depend on.
 *
 * Order: itsm__calendar_compile() is the only entry, once for each calendar, with the definition in place.
 */
#include "calendar/compile.h"

/* Horizon --------------------------------------------------------------------------------------------------------- */

static itsm_status build_inverse(itsm__compiler *c)
{
    itsm_calendar *calendar = c->calendar;
    const int64_t total = itsm__day_seconds(calendar->days[ITSM__HORIZON_DAYS]);
    if (!total) return ITSM_OK;
    while ((total / ITSM__HORIZON_DAYS) >> (calendar->shift + 1)) calendar->shift++;
    const size_t n = (size_t)(total >> calendar->shift) + 2;
    calendar->inverse = itsm__alloc(&c->memory, n * sizeof *calendar->inverse);
    if (!calendar->inverse) return ITSM_E_NOMEM;
    calendar->ninverse = n;
    size_t day = 0;
    for (size_t k = 0; k < n; k++) {
        const int64_t w = (int64_t)k << calendar->shift;
        while (day + 1 < ITSM__HORIZON_DAYS && itsm__day_seconds(calendar->days[day + 1]) <= w) day++;
        calendar->inverse[k] = (uint16_t)day;
    }
    return ITSM_OK;
}

static itsm_status build_horizon(itsm__compiler *c)
{
    itsm_calendar *calendar = c->calendar;
    calendar->days = itsm__alloc(&c->memory, (ITSM__HORIZON_DAYS + 1) * sizeof *calendar->days);
    if (!calendar->days) return ITSM_E_NOMEM;
    itsm_status rc = itsm__compile_days(c, calendar->days, ITSM__HORIZON_FIRST_DAY, ITSM__HORIZON_DAYS);
    return rc ? rc : build_inverse(c);
}

/* Other years ----------------------------------------------------------------------------------------------------- */

static itsm_status sheet_of(itsm__compiler *c, uint32_t *out, int64_t year)
{
    itsm_calendar *calendar = c->calendar;
    int64_t key[ITSM__SHAPE_MAX];
    size_t n = itsm__compile_shape(c, key, year);
    if (!n) key[n++] = year;
    int added;
    uint64_t *number = itsm__map_put(&c->shapes, key, n * sizeof *key, &added);
    if (!number) return ITSM_E_NOMEM;
    if (added) {
        const int64_t first = itsm__year_start(year);
        const size_t days = (size_t)(itsm__year_start(year + 1) - first);
        if (calendar->nsheets > UINT32_MAX - days - 1) return ITSM_E_LIMIT;
        itsm_status rc = itsm__grow(&c->memory, &calendar->sheets, &calendar->sheet_capacity,
                                    calendar->nsheets + days + 1, sizeof *calendar->sheets);
        if (!rc) rc = itsm__compile_days(c, calendar->sheets + calendar->nsheets, first, days);
        if (rc) return rc;
        *number = calendar->nsheets + 1;
        calendar->nsheets += days + 1;
    }
    *out = (uint32_t)(*number - 1);
    return ITSM_OK;
}

static itsm_status build_years(itsm__compiler *c)
{
    itsm_calendar *calendar = c->calendar;
    int64_t first, last;
    itsm__compile_special_years(calendar, &first, &last);
    first -= ITSM__CYCLE_YEARS, last += ITSM__CYCLE_YEARS + 1;
    const size_t n = (size_t)(last - first);
    itsm_status rc = itsm__grow(&c->memory, &calendar->years, &calendar->year_capacity, n + 1, sizeof(itsm__year));
    if (rc) return rc;
    calendar->first_year = first, calendar->nyears = n;
    int64_t before = 0;
    for (size_t i = 0; i <= n; i++) {
        const int64_t year = first + (int64_t)i;
        itsm__year *y = &calendar->years[i];
        y->first_day = itsm__year_start(year), y->before = before, y->sheet = 0, y->reserved = 0;
        if (i == n) break;
        const size_t days = (size_t)(itsm__year_start(year + 1) - y->first_day);
        if (year >= ITSM__HORIZON_FIRST_YEAR && year < ITSM__HORIZON_LAST_YEAR) {
            const itsm__day_word *words = calendar->days + (y->first_day - ITSM__HORIZON_FIRST_DAY);
            before += itsm__day_seconds(words[days]) - itsm__day_seconds(words[0]);
        } else {
            if ((rc = sheet_of(c, &y->sheet, year))) return rc;
            before += itsm__day_seconds(calendar->sheets[y->sheet + days]);
        }
    }
    const int64_t epoch = calendar->years[1970 - first].before;
    for (size_t i = 0; i <= n; i++) calendar->years[i].before -= epoch;
    calendar->past_cycle = calendar->years[ITSM__CYCLE_YEARS].before - calendar->years[0].before;
    calendar->future_cycle = calendar->years[n].before - calendar->years[n - ITSM__CYCLE_YEARS].before;
    calendar->horizon_before = calendar->years[ITSM__HORIZON_FIRST_YEAR - first].before;
    calendar->horizon_after = calendar->years[ITSM__HORIZON_LAST_YEAR - first].before;
    return ITSM_OK;
}

itsm_status itsm__calendar_compile(itsm_calendar *calendar)
{
    itsm__compiler c;
    itsm__compiler_init(&c, calendar);
    /* Room for one at least: a calendar that never opens has an array too, so that pointers into it can be made. */
    itsm_status rc = itsm__grow(&c.memory, &calendar->spans, &calendar->span_capacity, 1, sizeof *calendar->spans);
    if (!rc) rc = build_horizon(&c);
    if (!rc) rc = build_years(&c);
    itsm__compiler_clear(&c);
    return rc;
}
