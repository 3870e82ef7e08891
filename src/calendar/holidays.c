/* SPDX-License-Identifier: MIT */
/*
 * The holidays of a calendar as a list.
 *
 * Year by year, so that the memory is that of one year however long the list is: the holidays of each leaf that holds
 * on their date, put in order of date.  O(h log h) for the h holidays of a year.
 */
#include "calendar/calendar.h"

#include "base/sort.h"

enum { DATES_AT_A_TIME = 366 };

typedef struct listed {
    itsm__holiday holiday;
    size_t node;
} listed;

typedef struct list {
    const itsm_calendar *calendar;
    itsm__memory memory;
    itsm__holidays holidays; /* of one leaf */
    listed *entries;
    size_t n, capacity;
} list;

/* 1: the leaf holds at some time of a local date. */
static int holds_on(const itsm__node *node, int64_t date)
{
    if (node->from == INT64_MIN && node->to == INT64_MAX) return 1;
    const int64_t start = itsm__zone_second(node->leaf->zone, date * ITSM__DAY_SECONDS);
    const int64_t end = itsm__zone_second(node->leaf->zone, (date + 1) * ITSM__DAY_SECONDS);
    return node->from < end && node->to > start;
}

static itsm_status add_leaf(list *l, size_t node, int64_t first, int64_t last)
{
    itsm_status rc = itsm__holidays_fill(&l->holidays, l->calendar->nodes[node].leaf, first, last);
    for (size_t i = 0; i < l->holidays.n && !rc; i++) {
        if (!holds_on(&l->calendar->nodes[node], l->holidays.entries[i].date)) continue;
        if ((rc = itsm__grow(&l->memory, &l->entries, &l->capacity, l->n + 1, sizeof *l->entries))) return rc;
        l->entries[l->n].holiday = l->holidays.entries[i], l->entries[l->n].node = node;
        l->n++;
    }
    return rc;
}

static int compare(const void *a, const void *b, void *user)
{
    const listed *x = a, *y = b;
    (void)user;
    if (x->holiday.date != y->holiday.date) return x->holiday.date < y->holiday.date ? -1 : 1;
    return x->node < y->node ? -1 : x->node > y->node;
}

static itsm_status list_dates(list *l, int64_t first, int64_t last, itsm_calendar_holiday_fn fn, void *user)
{
    itsm_status rc = ITSM_OK;
    l->n = 0;
    for (size_t i = 0; i < l->calendar->nnodes && !rc; i++)
        if (l->calendar->nodes[i].leaf) rc = add_leaf(l, i, first, last);
    if (!rc) itsm__sort(l->entries, l->n, sizeof *l->entries, compare, NULL);
    for (size_t i = 0; i < l->n && !rc; i++) {
        const listed *entry = &l->entries[i];
        const itsm_calendar_holiday holiday = {
            sizeof holiday,          entry->holiday.date, entry->holiday.source >= 0,
            entry->holiday.observed, entry->holiday.name, itsm__node_name(l->calendar, entry->node)};
        rc = fn(user, &holiday);
    }
    return rc;
}

itsm_status itsm_calendar_holidays(const itsm_calendar *calendar, int64_t first, int64_t last,
                                   itsm_calendar_holiday_fn fn, void *user)
{
    list l = {.calendar = calendar};
    if (!calendar || !fn) return ITSM_E_MISUSE;
    if (first < ITSM__FIRST_DATE || last < ITSM__FIRST_DATE || first > ITSM__LAST_DATE || last > ITSM__LAST_DATE)
        return ITSM_E_RANGE;
    l.memory = calendar->memory;
    itsm__holidays_init(&l.holidays, &l.memory);
    itsm_status rc = ITSM_OK;
    for (int64_t date = first; date <= last && !rc; date += DATES_AT_A_TIME) {
        const int64_t end = date + DATES_AT_A_TIME - 1;
        rc = list_dates(&l, date, end < last ? end : last, fn, user);
    }
    itsm__holidays_clear(&l.holidays);
    itsm__free(&l.memory, l.entries, l.capacity * sizeof *l.entries);
    return rc;
}
