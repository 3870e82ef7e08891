/* SPDX-License-Identifier: MIT */
/*
 * A calendar's definition as JSON, written.
 *
 * The canonical form: dates, rules and versions in order, times as HH:MM, instants in UTC, names only where there are
 * any.  Reading that back gives the same calendar, and writing that the same bytes.  Calendars inside calendars stand
 * on a stack, as deep as they may be.
 */
#include "calendar/words.h"

#include "text/json.h"

const char *const itsm__calendar_weekdays[7] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
const char *const itsm__calendar_observed[3] = {"nearest", "next", "monday"};
const char *const itsm__calendar_made[4] = {"", "union", "intersection", "difference"};

static void write_member(itsm__json_writer *w, const char *key, itsm_str text)
{
    itsm__json_write_key(w, key);
    itsm__json_write_text(w, text);
}

static void write_number(itsm__json_writer *w, const char *key, int64_t number)
{
    itsm__json_write_key(w, key);
    itsm__json_write_int(w, number);
}

static size_t put_two(char *p, int32_t i)
{
    p[0] = (char)('0' + i / 10), p[1] = (char)('0' + i % 10);
    return 2;
}

static void write_time(itsm__json_writer *w, int32_t seconds)
{
    char text[8];
    size_t n = put_two(text, seconds / 3600);
    text[n++] = ':', n += put_two(text + n, seconds / 60 % 60);
    if (seconds % 60) text[n++] = ':', n += put_two(text + n, seconds % 60);
    itsm__json_write_text(w, itsm_str_n(text, n));
}

static void write_hours(itsm__json_writer *w, itsm_hours hours)
{
    itsm__json_write_array(w);
    write_time(w, hours.from);
    write_time(w, hours.to);
    itsm__json_write_end(w);
}

static void write_weekly(itsm__json_writer *w, const itsm__definition *d)
{
    itsm__json_write_key(w, "weekly");
    itsm__json_write_object(w);
    for (int i = 0; i < 7; i++) {
        if (!d->nweekly[i]) continue;
        itsm__json_write_key(w, itsm__calendar_weekdays[i]);
        itsm__json_write_array(w);
        for (size_t k = 0; k < d->nweekly[i]; k++) write_hours(w, d->weekly[i][k]);
        itsm__json_write_end(w);
    }
    itsm__json_write_end(w);
}

static void write_holidays(itsm__json_writer *w, const itsm__dated_name *array, size_t n)
{
    char text[ITSM_DATE_MAX];
    if (!n) return;
    itsm__json_write_key(w, "holidays");
    itsm__json_write_array(w);
    for (size_t i = 0; i < n; i++) {
        const itsm_str date = itsm_str_c(itsm_date_text(text, array[i].date));
        if (!array[i].name.n) {
            itsm__json_write_text(w, date);
            continue;
        }
        itsm__json_write_object(w);
        write_member(w, "date", date);
        write_member(w, "name", array[i].name);
        itsm__json_write_end(w);
    }
    itsm__json_write_end(w);
}

static itsm_str month_day(char *buffer, const itsm_recurrence *r)
{
    size_t n = put_two(buffer, r->month);
    buffer[n++] = '-', n += put_two(buffer + n, r->day);
    return itsm_str_n(buffer, n);
}

/* Which day of the year. */
static void write_day(itsm__json_writer *w, const itsm_recurrence *r)
{
    char text[ITSM_DATE_MAX];
    switch (r->kind) {
    case ITSM_RECURRENCE_DATE: write_member(w, "date", month_day(text, r)); return;
    case ITSM_RECURRENCE_WEEKDAY:
        write_number(w, "month", r->month);
        write_member(w, "weekday", itsm_str_c(itsm__calendar_weekdays[r->weekday]));
        write_number(w, "nth", r->nth);
        break;
    case ITSM_RECURRENCE_ON_OR_AFTER:
        write_member(w, "weekday", itsm_str_c(itsm__calendar_weekdays[r->weekday]));
        write_member(w, "on_or_after", month_day(text, r));
        break;
    default:
        write_number(w, "easter", r->offset);
        if (r->kind == ITSM_RECURRENCE_EASTER_ORTHODOX) write_member(w, "church", ITSM_STR("orthodox"));
        return;
    }
    if (r->offset) write_number(w, "days", r->offset);
}

static void write_recurring(itsm__json_writer *w, const itsm__recurrence *array, size_t n)
{
    char text[ITSM_DATE_MAX];
    if (!n) return;
    itsm__json_write_key(w, "recurring_holidays");
    itsm__json_write_array(w);
    for (size_t i = 0; i < n; i++) {
        const itsm_recurrence *r = &array[i].rule;
        if (r->kind == ITSM_RECURRENCE_DATE && !r->name.n && !r->observed && !r->first_year && !r->last_year) {
            itsm__json_write_text(w, month_day(text, r));
            continue;
        }
        itsm__json_write_object(w);
        write_day(w, r);
        if (r->name.n) write_member(w, "name", r->name);
        if (r->observed) write_member(w, "observed", itsm_str_c(itsm__calendar_observed[r->observed - 1]));
        if (r->first_year) write_number(w, "from", r->first_year);
        if (r->last_year) write_number(w, "to", r->last_year);
        itsm__json_write_end(w);
    }
    itsm__json_write_end(w);
}

static void write_dated(itsm__json_writer *w, const char *key, const itsm__dated_hours *array, size_t n)
{
    char text[ITSM_DATE_MAX];
    if (!n) return;
    itsm__json_write_key(w, key);
    itsm__json_write_object(w);
    for (size_t i = 0; i < n;) {
        const int64_t date = array[i].date;
        itsm__json_write_key_str(w, itsm_str_c(itsm_date_text(text, date)));
        itsm__json_write_array(w);
        for (; i < n && array[i].date == date; i++)
            if (array[i].hours.from != ITSM__CLOSED) write_hours(w, array[i].hours);
        itsm__json_write_end(w);
    }
    itsm__json_write_end(w);
}

static void write_hours_and_dates(itsm__json_writer *w, const itsm__definition *d)
{
    write_member(w, "tz", itsm_zone_name(d->zone));
    write_weekly(w, d);
    write_holidays(w, d->holidays, d->nholidays);
    write_recurring(w, d->recurrences, d->nrecurrences);
    write_dated(w, "overrides", d->overrides, d->noverrides);
    write_dated(w, "additions", d->additions, d->nadditions);
    write_dated(w, "breaks", d->breaks, d->nbreaks);
}

/* All of a calendar up to the first inside it; from: of a version, else ITSM_TIME_NONE. */
static void write_begin(itsm__json_writer *w, const itsm_calendar *calendar, itsm_time from)
{
    char text[ITSM_TIME_MAX];
    itsm__json_write_object(w);
    if (from != ITSM_TIME_NONE) write_member(w, "from", itsm_str_c(itsm_time_text(text, from)));
    if (calendar->definition.name.n) write_member(w, "name", calendar->definition.name);
    if (calendar->how == ITSM__MADE_OF_HOURS) write_hours_and_dates(w, &calendar->definition);
    if (!calendar->nparts) return;
    itsm__json_write_key(w, calendar->how == ITSM__MADE_OF_HOURS ? "versions" : itsm__calendar_made[calendar->how]);
    itsm__json_write_array(w);
}

itsm_status itsm_calendar_encode(itsm_buf *out, const itsm_calendar *calendar)
{
    const itsm_calendar *open[ITSM__PARTS_DEPTH];
    size_t written[ITSM__PARTS_DEPTH] = {0}, depth = 1;
    itsm__json_writer w;
    if (!out || !calendar) return ITSM_E_MISUSE;
    itsm__json_write_init(&w, out, 0);
    open[0] = calendar;
    write_begin(&w, calendar, ITSM_TIME_NONE);
    while (depth) {
        const itsm_calendar *top = open[depth - 1];
        if (written[depth - 1] < top->nparts) {
            const itsm__part *part = &top->parts[written[depth - 1]++];
            write_begin(&w, part->calendar,
                        top->how == ITSM__MADE_OF_HOURS ? part->from * ITSM__SECOND : ITSM_TIME_NONE);
            open[depth] = part->calendar, written[depth] = 0;
            depth++;
            continue;
        }
        if (top->nparts) itsm__json_write_end(&w);
        itsm__json_write_end(&w);
        depth--;
    }
    return itsm__json_write_finish(&w);
}
