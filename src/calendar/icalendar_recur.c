/* SPDX-License-Identifier: MIT */
/*
 * Walking a recurrence rule (RFC 5545, 3.3.10).
 *
 * The walk goes from period to period (year, month, week, ... second, INTERVAL apart).  In each it collects the days
 * that pass the rule, then takes them times the hours, minutes and seconds: candidate i is day i / times and time
 * i % times, so that nothing but the days is ever laid out, and BYSETPOS picks numbers of candidates.  Periods before
 * the wanted range are not visited unless COUNT has to be counted; periods shorter than a day are left in one step for
 * the next day, hour or minute that passes.  Every period, day and candidate looked at costs one step of a budget that
 * the caller shares among all rules of a text: a rule that never gives anything ends, however it is written.
 */
#include "calendar/icalendar_recur.h"

#include "time/civil.h"

static const int64_t unit_seconds[] = {0, 1, 60, 3600};

static int has(const itsm__recur_rule *rule, int by)
{
    return (rule->given >> by & 1) != 0;
}

static int in_set(const itsm__recur_set *set, int64_t number)
{
    return (set->bits[number / 32] >> number % 32 & 1) != 0;
}

/* A part that is not given lets everything pass. */
static int passes(const itsm__recur_rule *rule, int by, int64_t from_start, int64_t from_end)
{
    return !has(rule, by) || in_set(&rule->by[by][0], from_start) || in_set(&rule->by[by][1], from_end);
}

static int spend(itsm__recur *walk)
{
    if (!*walk->steps) return 0;
    --*walk->steps;
    return 1;
}

/* Days ------------------------------------------------------------------------------------------------------------ */

typedef struct day_of {
    int64_t date, year;
    int month, day;
} day_of;

static day_of split_date(int64_t date)
{
    day_of d = {date, 0, 0, 0};
    d.year = itsm__civil(&d.month, &d.day, date);
    return d;
}

/* BYDAY: the weekday, or the n-th of it in the month or year. */
static int weekday_passes(const itsm__recur_rule *rule, const day_of *d, int64_t of_year, int64_t year_days)
{
    const int weekday = itsm_date_weekday(d->date);
    if (!has(rule, ITSM__BY_DAY) || in_set(&rule->by[ITSM__BY_DAY][0], weekday)) return 1;
    if (!rule->nth[weekday][0] && !rule->nth[weekday][1]) return 0;
    const int in_month = rule->freq == ITSM__FREQ_MONTHLY || has(rule, ITSM__BY_MONTH);
    const int64_t before = in_month ? d->day - 1 : of_year - 1;
    const int64_t behind = in_month ? itsm__month_days(d->year, d->month) - d->day : year_days - of_year;
    return (rule->nth[weekday][0] >> (before / 7 + 1) & 1) || (rule->nth[weekday][1] >> (behind / 7 + 1) & 1);
}

static int day_passes(const itsm__recur_rule *rule, const day_of *d)
{
    if (has(rule, ITSM__BY_MONTH) && !in_set(&rule->by[ITSM__BY_MONTH][0], d->month)) return 0;
    if (!passes(rule, ITSM__BY_MONTHDAY, d->day, itsm__month_days(d->year, d->month) - d->day + 1)) return 0;
    const int64_t of_year = d->date - itsm__days(d->year, 1, 1) + 1, year_days = 365 + itsm__leap(d->year);
    return passes(rule, ITSM__BY_YEARDAY, of_year, year_days - of_year + 1) &&
           weekday_passes(rule, d, of_year, year_days);
}

static int chooses_days(const itsm__recur_rule *rule)
{
    return has(rule, ITSM__BY_YEARDAY) || has(rule, ITSM__BY_MONTHDAY) || has(rule, ITSM__BY_DAY);
}

/* 0: no steps left. */
static int add_month(itsm__recur *walk, int64_t year, int month)
{
    const itsm__recur_rule *rule = walk->rule;
    const int n = itsm__month_days(year, month);
    if (has(rule, ITSM__BY_MONTH) && !in_set(&rule->by[ITSM__BY_MONTH][0], month)) return 1;
    day_of d = {itsm__days(year, month, 1), year, month, 1};
    if (!chooses_days(rule)) {
        if (walk->day <= n) walk->days[walk->ndays++] = d.date + walk->day - 1;
        return spend(walk);
    }
    for (; d.day <= n; d.day++, d.date++) {
        if (!spend(walk)) return 0;
        if (day_passes(rule, &d)) walk->days[walk->ndays++] = d.date;
    }
    return 1;
}

/* 0: no steps left. */
static int add_week(itsm__recur *walk, int64_t first)
{
    for (int64_t date = first; date < first + 7; date++) {
        const day_of d = split_date(date);
        if (!spend(walk)) return 0;
        if (!chooses_days(walk->rule) && itsm_date_weekday(date) != walk->weekday) continue;
        if (day_passes(walk->rule, &d)) walk->days[walk->ndays++] = date;
    }
    return 1;
}

static int64_t week_start(const itsm__recur_rule *rule, int64_t date)
{
    return date - (itsm_date_weekday(date) - rule->week_start + 7) % 7;
}

/* The first week of a year is the one that has 4 January. */
static int add_weeks_of_year(itsm__recur *walk, int64_t year)
{
    const itsm__recur_rule *rule = walk->rule;
    const int64_t first = week_start(rule, itsm__days(year, 1, 4));
    const int64_t n = (week_start(rule, itsm__days(year + 1, 1, 4)) - first) / 7;
    for (int64_t week = 1; week <= n; week++)
        if (passes(rule, ITSM__BY_WEEKNO, week, n - week + 1) && !add_week(walk, first + 7 * (week - 1))) return 0;
    return 1;
}

static int add_year(itsm__recur *walk, int64_t year)
{
    const itsm__recur_rule *rule = walk->rule;
    if (has(rule, ITSM__BY_WEEKNO)) return add_weeks_of_year(walk, year);
    if (!has(rule, ITSM__BY_MONTH) && !chooses_days(rule)) return add_month(walk, year, walk->month);
    for (int month = 1; month <= 12; month++)
        if (!add_month(walk, year, month)) return 0;
    return 1;
}

/* Times of the day ------------------------------------------------------------------------------------------------ */

/* The numbers of a part, or the one of DTSTART. */
static uint32_t list_numbers(uint8_t *out, const itsm__recur_rule *rule, int by, int from_rule, uint32_t most,
                             int64_t own)
{
    uint32_t n = 0;
    if (from_rule && has(rule, by)) {
        for (uint32_t i = 0; i <= most; i++)
            if (in_set(&rule->by[by][0], i)) out[n++] = (uint8_t)i;
        return n;
    }
    out[0] = (uint8_t)own;
    return 1;
}

/* Seconds after midnight of the i-th time of the day. */
static int64_t time_at(const itsm__recur *walk, int64_t i)
{
    const int64_t second = walk->seconds[i % walk->nseconds], rest = i / walk->nseconds;
    return (walk->hours[rest / walk->nminutes] * INT64_C(60) + walk->minutes[rest % walk->nminutes]) * 60 + second;
}

/* Go to the first period that does not begin before a second on the wall. */
static void skip_to(itsm__recur *walk, int64_t wall)
{
    const int64_t unit = unit_seconds[walk->rule->freq], interval = walk->rule->interval;
    const int64_t ahead = itsm__floor_div(wall + unit - 1, unit) - itsm__floor_div(walk->start, unit);
    const int64_t period = (ahead + interval - 1) / interval;
    if (period > walk->period) walk->period = period;
}

/* The hour, minute or second at a wall clock, if it passes; else the walk goes to the next that may. */
static int add_short_period(itsm__recur *walk, int64_t wall)
{
    const itsm__recur_rule *rule = walk->rule;
    const int64_t date = itsm__floor_div(wall, ITSM__DAY_SECONDS), of_day = wall - date * ITSM__DAY_SECONDS;
    if (date != walk->passed) {
        const day_of d = split_date(date);
        if (!day_passes(rule, &d)) {
            skip_to(walk, (date + 1) * ITSM__DAY_SECONDS);
            return 0;
        }
        walk->passed = date;
    }
    if (has(rule, ITSM__BY_HOUR) && !in_set(&rule->by[ITSM__BY_HOUR][0], of_day / 3600)) {
        skip_to(walk, wall - wall % 3600 + 3600);
        return 0;
    }
    walk->hours[0] = (uint8_t)(of_day / 3600);
    if (rule->freq == ITSM__FREQ_HOURLY) return walk->days[0] = date, 1;
    if (has(rule, ITSM__BY_MINUTE) && !in_set(&rule->by[ITSM__BY_MINUTE][0], of_day / 60 % 60)) {
        skip_to(walk, wall - wall % 60 + 60);
        return 0;
    }
    walk->minutes[0] = (uint8_t)(of_day / 60 % 60);
    if (rule->freq == ITSM__FREQ_MINUTELY) return walk->days[0] = date, 1;
    if (has(rule, ITSM__BY_SECOND) && !in_set(&rule->by[ITSM__BY_SECOND][0], of_day % 60)) return 0;
    walk->seconds[0] = (uint8_t)(of_day % 60);
    return walk->days[0] = date, 1;
}

/* Periods --------------------------------------------------------------------------------------------------------- */

/* Which candidates BYSETPOS picks: two lists in order, joined. */
static void pick(itsm__recur *walk)
{
    const itsm__recur_set *set = walk->rule->by[ITSM__BY_SETPOS];
    int64_t forward = 1, back = 366;
    walk->npicked = walk->next_picked = 0;
    for (;;) {
        while (forward <= 366 && (!in_set(&set[0], forward) || forward > walk->total)) forward++;
        while (back >= 1 && (!in_set(&set[1], back) || back > walk->total)) back--;
        const int64_t a = forward <= 366 ? forward - 1 : INT64_MAX, b = back >= 1 ? walk->total - back : INT64_MAX;
        const int64_t next = a < b ? a : b;
        if (next == INT64_MAX) return;
        forward += a == next, back -= b == next;
        walk->picked[walk->npicked++] = next;
    }
}

/* Candidates on days before the first that is wanted need not be looked at one by one. */
static void pass_days(itsm__recur *walk)
{
    const int64_t times = (int64_t)walk->nhours * walk->nminutes * walk->nseconds;
    const int64_t from = walk->rule->count || walk->first < walk->start ? walk->start : walk->first;
    int64_t day = 0;
    while (day < walk->ndays && walk->days[day] < itsm__floor_div(from, ITSM__DAY_SECONDS)) day++;
    walk->at = day * times;
}

/* Collect the days of the next period; *begun is when it begins, on the wall.  0: no steps left. */
static int collect(itsm__recur *walk, int64_t *begun)
{
    const itsm__recur_rule *rule = walk->rule;
    const int64_t ahead = walk->period++ * rule->interval;
    const int64_t date = itsm__floor_div(walk->start, ITSM__DAY_SECONDS);
    walk->ndays = 0;
    if (rule->freq == ITSM__FREQ_YEARLY || rule->freq == ITSM__FREQ_MONTHLY) {
        const int64_t months =
            rule->freq == ITSM__FREQ_YEARLY ? (walk->year + ahead) * 12 : walk->year * 12 + walk->month - 1 + ahead;
        const int64_t year = months / 12;
        const int month = (int)(months % 12) + 1;
        *begun = INT64_MAX;
        if (year > 9999) return 1;
        *begun = (itsm__days(year, month, 1) - 4) * ITSM__DAY_SECONDS; /* its first week may begin before it */
        return rule->freq == ITSM__FREQ_YEARLY ? add_year(walk, year) : add_month(walk, year, month);
    }
    if (rule->freq == ITSM__FREQ_WEEKLY) {
        const int64_t first = week_start(rule, date) + 7 * ahead;
        *begun = first * ITSM__DAY_SECONDS;
        return *begun > walk->last || add_week(walk, first);
    }
    if (rule->freq == ITSM__FREQ_DAILY) {
        const day_of d = split_date(date + ahead);
        *begun = d.date * ITSM__DAY_SECONDS;
        if (*begun <= walk->last && day_passes(rule, &d)) walk->days[walk->ndays++] = d.date;
        return 1;
    }
    const int64_t unit = unit_seconds[rule->freq];
    *begun = (itsm__floor_div(walk->start, unit) + ahead) * unit;
    if (*begun <= walk->last) walk->ndays = add_short_period(walk, *begun);
    return 1;
}

/* Go to the next period that has candidates. */
static itsm_status next_period(itsm__recur *walk)
{
    do {
        int64_t begun;
        if (!spend(walk) || !collect(walk, &begun)) return ITSM_E_LIMIT;
        if (begun > walk->last) return ITSM_DONE;
    } while (!walk->ndays);
    walk->total = walk->ndays * walk->nhours * walk->nminutes * walk->nseconds;
    walk->at = 0;
    if (has(walk->rule, ITSM__BY_SETPOS)) pick(walk);
    else pass_days(walk);
    return ITSM_OK;
}

/* The number of the next candidate of this period; -1: no more. */
static int64_t next_candidate(itsm__recur *walk)
{
    if (!has(walk->rule, ITSM__BY_SETPOS)) return walk->at < walk->total ? walk->at++ : -1;
    return walk->next_picked < walk->npicked ? walk->picked[walk->next_picked++] : -1;
}

/* The period in which to look first: not before DTSTART, and not behind what is wanted. */
static int64_t first_period(const itsm__recur *walk)
{
    const itsm__recur_rule *rule = walk->rule;
    if (rule->count || walk->first <= walk->start) return 0;
    const day_of d = split_date(itsm__floor_div(walk->first, ITSM__DAY_SECONDS));
    const int64_t date = itsm__floor_div(walk->start, ITSM__DAY_SECONDS);
    int64_t ahead = 0;
    if (rule->freq == ITSM__FREQ_YEARLY) ahead = d.year - walk->year - 1; /* weeks of a year reach beyond it */
    else if (rule->freq == ITSM__FREQ_MONTHLY) ahead = (d.year - walk->year) * 12 + d.month - walk->month;
    else if (rule->freq == ITSM__FREQ_WEEKLY) ahead = (d.date - week_start(rule, date)) / 7;
    else if (rule->freq == ITSM__FREQ_DAILY) ahead = d.date - date;
    else ahead = (walk->first - walk->start) / unit_seconds[rule->freq];
    return ahead > 0 ? ahead / rule->interval : 0;
}

void itsm__recur_begin(itsm__recur *walk, const itsm__recur_rule *rule, int64_t start, int date_only, int64_t first,
                       int64_t last, uint64_t *steps)
{
    const int64_t most = itsm__days(9999, 12, 31) * ITSM__DAY_SECONDS + ITSM__DAY_SECONDS - 1;
    const day_of d = split_date(itsm__floor_div(start, ITSM__DAY_SECONDS));
    memset(walk, 0, offsetof(itsm__recur, days));
    walk->rule = rule, walk->start = start, walk->first = first, walk->last = last < most ? last : most;
    walk->steps = steps;
    walk->year = d.year, walk->month = d.month, walk->day = d.day;
    walk->weekday = itsm_date_weekday(d.date), walk->of_day = (int32_t)(start - d.date * ITSM__DAY_SECONDS);
    const int times = !date_only;
    walk->nhours = list_numbers(walk->hours, rule, ITSM__BY_HOUR, times && rule->freq > ITSM__FREQ_HOURLY, 23,
                                walk->of_day / 3600);
    walk->nminutes = list_numbers(walk->minutes, rule, ITSM__BY_MINUTE, times && rule->freq > ITSM__FREQ_MINUTELY, 59,
                                  walk->of_day / 60 % 60);
    walk->nseconds = list_numbers(walk->seconds, rule, ITSM__BY_SECOND, times && rule->freq > ITSM__FREQ_SECONDLY, 59,
                                  walk->of_day % 60);
    walk->at = walk->total = 0, walk->npicked = walk->next_picked = 0;
    walk->passed = INT64_MIN;
    walk->period = first_period(walk);
}

itsm_status itsm__recur_next(int64_t *wall, itsm__recur *walk)
{
    const int64_t count = walk->rule->count;
    if (!walk->given) {
        walk->given = 1, *wall = walk->start;
        return ITSM_OK;
    }
    while (!count || walk->given < (uint64_t)count) {
        const int64_t i = next_candidate(walk);
        if (i < 0) {
            const itsm_status rc = next_period(walk);
            if (rc) return rc;
            continue;
        }
        const int64_t times = (int64_t)walk->nhours * walk->nminutes * walk->nseconds;
        const int64_t next = walk->days[i / times] * ITSM__DAY_SECONDS + time_at(walk, i % times);
        if (!spend(walk)) return ITSM_E_LIMIT;
        if (next > walk->last) return ITSM_DONE;
        if (next <= walk->start || (!count && next < walk->first)) continue;
        walk->given++, *wall = next;
        return ITSM_OK;
    }
    return ITSM_DONE;
}
