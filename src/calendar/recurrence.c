/* SPDX-License-Identifier: MIT */
/*
 * Holidays that rules find.
 *
 * A rule gives at most one date in a year, O(1); it lies in that year or in one beside it.  The holidays of a range of
 * dates are laid out by asking every rule for the years around it: the dates themselves, then the days on which those
 * of a weekend are observed, O(k log k) for k of them.  Whether a date is a holiday depends on the week before and the
 * week after it only, so that any range that holds a date says the same about it.
 */
#include "calendar/calendar.h"

#include "base/sort.h"

enum { SATURDAY = 5, SUNDAY = 6, OFFSET_MAX = 300, WEEK = 7 };

/* Rules ----------------------------------------------------------------------------------------------------------- */

static int year_is_valid(int32_t year)
{
    return year >= 0 && year <= 9999;
}

static int weekday_is_valid(int32_t weekday)
{
    return weekday >= 0 && weekday < WEEK;
}

int itsm__recurrence_is_valid(const itsm_recurrence *r)
{
    const int month_days = itsm_month_days(2000, r->month);
    if (r->observed < ITSM_OBSERVED_NONE || r->observed > ITSM_OBSERVED_MONDAY) return 0;
    if (r->offset < -OFFSET_MAX || r->offset > OFFSET_MAX) return 0;
    if (!year_is_valid(r->first_year) || !year_is_valid(r->last_year)) return 0;
    if (r->first_year && r->last_year && r->last_year < r->first_year) return 0;
    switch (r->kind) {
    case ITSM_RECURRENCE_DATE: return r->day >= 1 && r->day <= month_days && !r->weekday && !r->nth && !r->offset;
    case ITSM_RECURRENCE_WEEKDAY:
        return month_days && !r->day && weekday_is_valid(r->weekday) && r->nth && r->nth >= -5 && r->nth <= 5;
    case ITSM_RECURRENCE_ON_OR_AFTER: /* a day of every year */
        return r->day >= 1 && r->day <= itsm_month_days(2001, r->month) && weekday_is_valid(r->weekday) && !r->nth;
    case ITSM_RECURRENCE_EASTER:
    case ITSM_RECURRENCE_EASTER_ORTHODOX: return !r->month && !r->day && !r->weekday && !r->nth;
    default: return 0;
    }
}

int itsm__recurrence_compare(const itsm_recurrence *a, const itsm_recurrence *b)
{
    const int32_t of_a[] = {a->kind,   a->month,    a->day,        a->weekday,  a->nth,
                            a->offset, a->observed, a->first_year, a->last_year};
    const int32_t of_b[] = {b->kind,   b->month,    b->day,        b->weekday,  b->nth,
                            b->offset, b->observed, b->first_year, b->last_year};
    for (size_t i = 0; i < sizeof of_a / sizeof *of_a; i++)
        if (of_a[i] != of_b[i]) return of_a[i] < of_b[i] ? -1 : 1;
    return 0;
}

/* The western Easter: Meeus, Astronomical Algorithms, chapter 8, after Butcher's ecclesiastical calendar of 1876. */
static void western_easter(int32_t *month, int32_t *day, int32_t year)
{
    const int32_t golden = year % 19, century = year / 100, of_century = year % 100;
    const int32_t corrected = (8 * (century + 1) + 5) / 25 - 1; /* of the moon */
    const int32_t epact = (19 * golden + century - century / 4 - corrected + 14) % 30;
    const int32_t to_sunday = (32 + 2 * (century % 4) + 2 * (of_century / 4) - epact - of_century % 4) % 7;
    const int32_t late = (golden + 11 * epact + 22 * to_sunday) / 451;
    const int32_t sum = epact + to_sunday - 7 * late + 114;
    *month = sum / 31, *day = sum % 31 + 1;
}

/* Easter of the Julian calendar, in that calendar: the same chapter. */
static void julian_easter(int32_t *month, int32_t *day, int32_t year)
{
    const int32_t epact = (19 * (year % 19) + 15) % 30;
    const int32_t to_sunday = (2 * (year % 4) + 4 * (year % 7) - epact + 34) % 7;
    const int32_t sum = epact + to_sunday + 114;
    *month = sum / 31, *day = sum % 31 + 1;
}

int itsm__easter(int64_t *date, int64_t year, int orthodox)
{
    int32_t month, day;
    if (year < ITSM__EASTER_FIRST_YEAR || year > ITSM__EASTER_LAST_YEAR) return 0;
    if (orthodox) julian_easter(&month, &day, (int32_t)year);
    else western_easter(&month, &day, (int32_t)year);
    if (itsm_date_from_civil(date, (int32_t)year, month, day)) return 0;
    if (orthodox) *date += year / 100 - year / 400 - 2; /* days between the two calendars after February */
    return 1;
}

/* The first of a weekday at or after a date. */
static int64_t weekday_from(int64_t date, int32_t weekday)
{
    return date + (weekday - itsm_date_weekday(date) + WEEK) % WEEK;
}

static int nth_weekday(int64_t *date, const itsm_recurrence *rule, int32_t year)
{
    const int32_t days = itsm_month_days(year, rule->month);
    int64_t first;
    if (itsm_date_from_civil(&first, year, rule->month, 1)) return 0;
    if (rule->nth > 0) {
        *date = weekday_from(first, rule->weekday) + (rule->nth - 1) * WEEK;
    } else {
        *date = weekday_from(first + days - WEEK, rule->weekday) + (rule->nth + 1) * WEEK;
    }
    return *date >= first && *date < first + days;
}

int itsm__recurrence_date(int64_t *date, const itsm_recurrence *rule, int64_t year)
{
    if (rule->first_year && year < rule->first_year) return 0;
    if (rule->last_year && year > rule->last_year) return 0;
    int64_t base = 0;
    int found;
    switch (rule->kind) {
    case ITSM_RECURRENCE_WEEKDAY: found = nth_weekday(&base, rule, (int32_t)year); break;
    case ITSM_RECURRENCE_EASTER:
    case ITSM_RECURRENCE_EASTER_ORTHODOX:
        found = itsm__easter(&base, year, rule->kind == ITSM_RECURRENCE_EASTER_ORTHODOX);
        break;
    default: found = !itsm_date_from_civil(&base, (int32_t)year, rule->month, rule->day);
    }
    if (found && rule->kind == ITSM_RECURRENCE_ON_OR_AFTER) base = weekday_from(base, rule->weekday);
    *date = base + rule->offset;
    return found;
}

/* Where a date is observed by the rules that look at no other holiday; 0: on no other day. */
static int observed_date(int64_t *observed, int64_t date, int32_t how)
{
    const int weekday = itsm_date_weekday(date);
    if (weekday == SUNDAY && (how == ITSM_OBSERVED_NEAREST || how == ITSM_OBSERVED_MONDAY)) *observed = date + 1;
    else if (weekday == SATURDAY && how == ITSM_OBSERVED_NEAREST) *observed = date - 1;
    else return 0;
    return 1;
}

/* A range of dates ------------------------------------------------------------------------------------------------ */

void itsm__holidays_init(itsm__holidays *h, const itsm__memory *memory)
{
    memset(h, 0, sizeof *h);
    h->memory = *memory;
    h->last = h->first - 1;
}

void itsm__holidays_clear(itsm__holidays *h)
{
    itsm__free(&h->memory, h->entries, h->capacity * sizeof *h->entries);
    h->entries = NULL, h->n = h->capacity = 0;
}

static itsm_status add(itsm__holidays *h, int64_t date, itsm_str name, int32_t source, int32_t observed, int32_t next)
{
    itsm_status rc = itsm__grow(&h->memory, &h->entries, &h->capacity, h->n + 1, sizeof *h->entries);
    if (rc) return rc;
    const itsm__holiday entry = {date, name, source, observed, next};
    h->entries[h->n++] = entry;
    return ITSM_OK;
}

/* By date; listed dates first, then dates of recurrences, then days on which they are observed. */
static int compare(const void *a, const void *b, void *user)
{
    const itsm__holiday *x = a, *y = b;
    (void)user;
    if (x->date != y->date) return x->date < y->date ? -1 : 1;
    if (x->observed != y->observed) return x->observed - y->observed;
    return x->source < y->source ? -1 : x->source > y->source;
}

/* In order, one for each date, which keeps what is to be observed of the others. */
static void sort_and_join(itsm__holidays *h)
{
    size_t kept = 0;
    itsm__sort(h->entries, h->n, sizeof *h->entries, compare, NULL);
    for (size_t i = 0; i < h->n; i++) {
        itsm__holiday *last = kept ? &h->entries[kept - 1] : NULL;
        if (!last || last->date != h->entries[i].date) h->entries[kept++] = h->entries[i];
        else if (last->next < 0) last->next = h->entries[i].next;
    }
    h->n = kept;
}

static itsm_status add_rule(itsm__holidays *h, const itsm__definition *d, size_t i, int64_t year, int64_t first,
                            int64_t last)
{
    const itsm__recurrence *r = &d->recurrences[i];
    const int32_t next = r->rule.observed == ITSM_OBSERVED_NEXT ? (int32_t)i : -1;
    int64_t date, observed;
    itsm_status rc = ITSM_OK;
    if (!itsm__recurrence_date(&date, &r->rule, year)) return ITSM_OK;
    if (date < first - 1 || date > last + 1) return ITSM_OK;
    const int weekday = itsm_date_weekday(date);
    if ((rc = add(h, date, r->rule.name, (int32_t)i, 0, weekday >= SATURDAY ? next : -1))) return rc;
    if (observed_date(&observed, date, r->rule.observed)) rc = add(h, observed, r->observed_name, (int32_t)i, 1, -1);
    return rc;
}

static const itsm__holiday *find(const itsm__holiday *entries, size_t n, int64_t date)
{
    size_t low = 0, high = n;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (entries[middle].date < date) low = middle + 1;
        else high = middle;
    }
    return low < n && entries[low].date == date ? &entries[low] : NULL;
}

/* Monday to Friday of a week: a bit for each that is a holiday among the first n. */
static unsigned taken_days(const itsm__holidays *h, size_t n, int64_t monday)
{
    unsigned taken = 0;
    for (int i = 0; i < 5; i++)
        if (find(h->entries, n, monday + i)) taken |= 1u << i;
    return taken;
}

/* The days on which weekends are observed, each week on its own. */
static itsm_status add_next(itsm__holidays *h, const itsm__definition *d)
{
    const size_t n = h->n;
    int64_t monday = INT64_MIN;
    unsigned taken = 0;
    for (size_t i = 0; i < n; i++) {
        const itsm__holiday holiday = h->entries[i];
        if (holiday.next < 0) continue;
        const int64_t following = weekday_from(holiday.date, 0);
        if (following != monday) taken = taken_days(h, n, following), monday = following;
        int day = 0;
        while (day < 5 && taken & 1u << day) day++;
        if (day == 5) continue;
        taken |= 1u << day;
        itsm_status rc = add(h, monday + day, d->recurrences[holiday.next].observed_name, holiday.next, 1, -1);
        if (rc) return rc;
    }
    return ITSM_OK;
}

static int64_t year_of(int64_t date)
{
    itsm_civil civil;
    return itsm_civil_from_date(&civil, date) ? 0 : civil.year;
}

/* All that can lie in the range, and what decides where it is observed: a week more at both ends. */
static itsm_status add_all(itsm__holidays *h, const itsm__definition *d, int64_t first, int64_t last)
{
    itsm_status rc = ITSM_OK;
    const size_t at = itsm__dated_name_find(d->holidays, d->nholidays, first);
    for (size_t i = at; i < d->nholidays && d->holidays[i].date <= last && !rc; i++)
        rc = add(h, d->holidays[i].date, d->holidays[i].name, -1, 0, -1);
    if (rc || !d->nrecurrences) return rc;
    const int64_t until = year_of(last) + 1;
    for (int64_t year = year_of(first) - 1; year <= until; year++)
        for (size_t i = 0; i < d->nrecurrences && !rc; i++) rc = add_rule(h, d, i, year, first, last);
    return rc;
}

itsm_status itsm__holidays_fill(itsm__holidays *h, const itsm__definition *d, int64_t first, int64_t last)
{
    h->n = 0, h->first = first, h->last = first - 1; /* holds nothing until all is there */
    itsm_status rc = add_all(h, d, first - WEEK, last + WEEK);
    if (rc) return rc;
    sort_and_join(h);
    if ((rc = add_next(h, d))) return rc;
    sort_and_join(h);
    size_t kept = 0;
    for (size_t i = 0; i < h->n; i++)
        if (h->entries[i].date >= first && h->entries[i].date <= last) h->entries[kept++] = h->entries[i];
    h->n = kept, h->last = last;
    return ITSM_OK;
}

const itsm__holiday *itsm__holidays_find(const itsm__holidays *h, int64_t date)
{
    return find(h->entries, h->n, date);
}
