/* SPDX-License-Identifier: MIT */
/*
 * A calendar's definition as JSON, read and written.
 *
 * Reading checks each part as it goes into a builder, so that an issue names the place in the text; nothing is made
 * unless all of it is right.  Writing gives the canonical form: dates in order, times as HH:MM, names only where there
 * are any.  Reading that back gives the same calendar.
 */
#include "calendar/calendar.h"

#include "base/text.h"
#include "text/json.h"

enum { JSON_MAX = 4 * 1024 * 1024, DEPTH_MAX = 8 };

static const char *const weekdays[7] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};

typedef struct loader {
    itsm__json json;
    itsm_calendar_builder *builder;
    const char *part; /* member being read */
} loader;

static itsm_status invalid(const loader *l, const itsm__json_node *node, const char *what)
{
    return itsm__json_issue(&l->json, node, ITSM_E_INVALID, itsm_str_c(l->part), "%s", what);
}

/* Builders say nothing about why; the text is known to be right, so only limits and memory are left. */
static itsm_status refused(const loader *l, const itsm__json_node *node, itsm_status rc)
{
    if (rc == ITSM_E_LIMIT) return itsm__json_issue(&l->json, node, rc, itsm_str_c(l->part), "too many of them");
    if (rc == ITSM_E_INVALID) return invalid(l, node, "out of range");
    return rc;
}

/* Reading --------------------------------------------------------------------------------------------------------- */

static int two_digits(const char *p)
{
    return p[0] >= '0' && p[0] <= '9' && p[1] >= '0' && p[1] <= '9' ? (p[0] - '0') * 10 + (p[1] - '0') : -1;
}

/* HH:MM or HH:MM:SS; 24:00 only as an end.  -1: no such time. */
static int32_t seconds_of_text(itsm_str text, int is_end)
{
    if ((text.n != 5 && text.n != 8) || text.p[2] != ':' || (text.n == 8 && text.p[5] != ':')) return -1;
    const int hour = two_digits(text.p), minute = two_digits(text.p + 3);
    const int second = text.n == 8 ? two_digits(text.p + 6) : 0;
    if (hour < 0 || minute < 0 || second < 0 || minute > 59 || second > 59 || hour > 24) return -1;
    if (hour == 24 && (!is_end || minute || second)) return -1;
    return (hour * 60 + minute) * 60 + second;
}

static itsm_status read_hours(itsm_hours *out, const loader *l, const itsm__json_node *node)
{
    if (node->kind != ITSM__JSON_ARRAY || node->integer != 2)
        return invalid(l, node, "an interval is two times such as [\"09:00\", \"17:00\"]");
    const itsm__json_node *from = node + 1, *to = from + from->span;
    const itsm__json_node *both[2] = {from, to};
    int32_t seconds[2];
    for (int i = 0; i < 2; i++) {
        if (both[i]->kind != ITSM__JSON_TEXT || (seconds[i] = seconds_of_text(both[i]->text, i)) < 0)
            return invalid(l, both[i], "a time is HH:MM or HH:MM:SS, from 00:00 to 23:59, and 24:00 as an end");
    }
    out->from = seconds[0], out->to = seconds[1];
    return ITSM_OK;
}

static itsm_status read_weekly(loader *l, const itsm__json_node *weekly)
{
    itsm_str names[7];
    const itsm__json_node *day, *item;
    for (int i = 0; i < 7; i++) names[i] = itsm_str_c(weekdays[i]);
    itsm_status rc = itsm__json_expect_only(&l->json, weekly, names, 7);
    if (rc) return rc;
    ITSM__JSON_EACH(day, weekly)
    {
        int32_t weekday = 0;
        while (!itsm_str_eq(day->key, names[weekday])) weekday++;
        if ((rc = itsm__json_expect(&l->json, day, ITSM__JSON_ARRAY))) return rc;
        ITSM__JSON_EACH(item, day)
        {
            itsm_hours hours;
            if ((rc = read_hours(&hours, l, item))) return rc;
            if ((rc = itsm_calendar_builder_add_weekly(l->builder, weekday, hours))) return refused(l, item, rc);
        }
    }
    return ITSM_OK;
}

static itsm_status read_date(int64_t *out, const loader *l, const itsm__json_node *node, itsm_str text)
{
    if (itsm_date_decode(out, text)) return invalid(l, node, "no such date; dates are YYYY-MM-DD");
    return ITSM_OK;
}

static itsm_status read_month_day(int32_t *month, int32_t *day, const loader *l, const itsm__json_node *node,
                                  itsm_str text)
{
    *month = text.n == 5 && text.p[2] == '-' ? two_digits(text.p) : -1;
    *day = *month > 0 ? two_digits(text.p + 3) : -1;
    if (*month < 1 || *month > 12 || *day < 1 || *day > itsm_month_days(2000, *month))
        return invalid(l, node, "no such day of the year; they are MM-DD");
    return ITSM_OK;
}

/* A date, or an object of date and name. */
static itsm_status read_named(itsm_str *date, itsm_str *name, const loader *l, const itsm__json_node *node)
{
    const itsm_str members[2] = {ITSM_STR("date"), ITSM_STR("name")};
    *name = itsm_str_n(NULL, 0);
    if (node->kind == ITSM__JSON_TEXT) {
        *date = node->text;
        return ITSM_OK;
    }
    if (node->kind != ITSM__JSON_OBJECT) return invalid(l, node, "a holiday is a date, or an object of date and name");
    itsm_status rc = itsm__json_expect_only(&l->json, node, members, 2);
    if (!rc) rc = itsm__json_get_text(date, &l->json, node, "date", ITSM__JSON_REQUIRED);
    if (!rc && (rc = itsm__json_get_text(name, &l->json, node, "name", ITSM__JSON_OPTIONAL)) == ITSM_NOTHING)
        rc = ITSM_OK;
    return rc;
}

static itsm_status read_holidays(loader *l, const itsm__json_node *list, int recurring)
{
    const itsm__json_node *item;
    itsm_status rc = itsm__json_expect(&l->json, list, ITSM__JSON_ARRAY);
    if (rc) return rc;
    ITSM__JSON_EACH(item, list)
    {
        itsm_str text, name;
        int64_t date;
        int32_t month, day;
        if ((rc = read_named(&text, &name, l, item))) return rc;
        if (recurring) {
            if ((rc = read_month_day(&month, &day, l, item, text))) return rc;
            rc = itsm_calendar_builder_add_recurring_holiday(l->builder, month, day, name);
        } else {
            if ((rc = read_date(&date, l, item, text))) return rc;
            rc = itsm_calendar_builder_add_holiday(l->builder, date, name);
        }
        if (rc) return refused(l, item, rc);
    }
    return ITSM_OK;
}

static itsm_status read_dated(loader *l, const itsm__json_node *object, int breaks)
{
    const itsm__json_node *list, *item;
    itsm_status rc = itsm__json_expect(&l->json, object, ITSM__JSON_OBJECT);
    if (rc) return rc;
    ITSM__JSON_EACH(list, object)
    {
        int64_t date;
        if ((rc = read_date(&date, l, list, list->key)) || (rc = itsm__json_expect(&l->json, list, ITSM__JSON_ARRAY)))
            return rc;
        if (!breaks && !list->integer && (rc = itsm_calendar_builder_add_override(l->builder, date, NULL, 0)))
            return refused(l, list, rc);
        ITSM__JSON_EACH(item, list)
        {
            itsm_hours hours;
            if ((rc = read_hours(&hours, l, item))) return rc;
            rc = breaks ? itsm_calendar_builder_add_break(l->builder, date, hours)
                        : itsm_calendar_builder_add_override(l->builder, date, &hours, 1);
            if (rc) return refused(l, item, rc);
        }
    }
    return ITSM_OK;
}

static itsm_status read_part(loader *l, const itsm__json_node *member)
{
    static const char *const parts[] = {"weekly", "holidays", "recurring_holidays", "overrides", "breaks"};
    size_t i = 0;
    while (i < 5 && !itsm_str_is(member->key, parts[i])) i++;
    if (i == 5) return ITSM_OK; /* name and zone, read before */
    l->part = parts[i];
    switch (i) {
    case 0: {
        const itsm_status rc = itsm__json_expect(&l->json, member, ITSM__JSON_OBJECT);
        return rc ? rc : read_weekly(l, member);
    }
    case 1:
    case 2: return read_holidays(l, member, i == 2);
    default: return read_dated(l, member, i == 4);
    }
}

static itsm_status read_zone(itsm_zone **out, itsm_ctx *ctx, const loader *l, const itsm__json_node *root)
{
    itsm_str name;
    itsm_status rc = itsm__json_get_text(&name, &l->json, root, "tz", ITSM__JSON_REQUIRED);
    if (rc || !(rc = itsm_zone_load(out, ctx, name))) return rc;
    if (rc == ITSM_E_NOMEM) return rc;
    return itsm__json_issue(&l->json, itsm__json_member(root, "tz"), rc, ITSM_STR("tz"),
                            rc == ITSM_E_NOT_FOUND ? "there is no zone %S" : "zone %S: %s", name, itsm_status_text(rc));
}

static itsm_status read_calendar(loader *l, itsm_ctx *ctx, itsm_str json)
{
    const itsm_str members[] = {ITSM_STR("tz"),     ITSM_STR("weekly"),    ITSM_STR("holidays"),
                                ITSM_STR("breaks"), ITSM_STR("overrides"), ITSM_STR("recurring_holidays"),
                                ITSM_STR("name")};
    itsm_zone *zone = NULL;
    itsm_str name = {NULL, 0};
    itsm_status rc = itsm__json_parse(&l->json, json);
    if (rc) return rc;
    const itsm__json_node *root = itsm__json_root(&l->json), *member;
    if ((rc = itsm__json_expect(&l->json, root, ITSM__JSON_OBJECT)) ||
        (rc = itsm__json_expect_only(&l->json, root, members, sizeof members / sizeof *members)))
        return rc;
    if ((rc = itsm__json_get_text(&name, &l->json, root, "name", ITSM__JSON_OPTIONAL)) < 0) return rc;
    if ((rc = read_zone(&zone, ctx, l, root))) return rc;
    rc = itsm_calendar_builder_new(&l->builder, ctx, zone);
    itsm_zone_free(zone);
    if (rc) return rc;
    if (name.n && (rc = itsm_calendar_builder_set_name(l->builder, name))) return rc;
    ITSM__JSON_EACH(member, root)
    {
        if ((rc = read_part(l, member))) return rc;
    }
    return ITSM_OK;
}

itsm_status itsm_calendar_load(itsm_calendar **out, itsm_ctx *ctx, itsm_str json)
{
    if (out) *out = NULL;
    itsm__issues_clear(ctx);
    if (!out || !ctx) return ITSM_E_MISUSE;
    loader *l = itsm__alloc_zero(itsm__ctx_memory(ctx), sizeof *l);
    if (!l) return ITSM_E_NOMEM;
    itsm__json_init(&l->json, ctx);
    l->json.size_limit = JSON_MAX, l->json.depth_limit = DEPTH_MAX;
    l->part = "";
    itsm_status rc = read_calendar(l, ctx, json);
    if (!rc) rc = itsm_calendar_builder_freeze(out, l->builder);
    itsm_calendar_builder_free(l->builder);
    itsm__json_clear(&l->json);
    itsm__free(itsm__ctx_memory(ctx), l, sizeof *l);
    return rc;
}

/* Writing --------------------------------------------------------------------------------------------------------- */

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
        itsm__json_write_key(w, weekdays[i]);
        itsm__json_write_array(w);
        for (size_t k = 0; k < d->nweekly[i]; k++) write_hours(w, d->weekly[i][k]);
        itsm__json_write_end(w);
    }
    itsm__json_write_end(w);
}

static itsm_str date_text(char *buffer, int64_t date, int recurring)
{
    if (!recurring) return itsm_str_c(itsm_date_text(buffer, date));
    size_t n = put_two(buffer, (int32_t)(date / 32));
    buffer[n++] = '-', n += put_two(buffer + n, (int32_t)(date % 32));
    return itsm_str_n(buffer, n);
}

static void write_names(itsm__json_writer *w, const char *key, const itsm__dated_name *array, size_t n, int recurring)
{
    char text[ITSM_DATE_MAX];
    if (!n) return;
    itsm__json_write_key(w, key);
    itsm__json_write_array(w);
    for (size_t i = 0; i < n; i++) {
        const itsm_str date = date_text(text, array[i].date, recurring);
        if (!array[i].name.n) {
            itsm__json_write_text(w, date);
            continue;
        }
        itsm__json_write_object(w);
        itsm__json_write_key(w, "date");
        itsm__json_write_text(w, date);
        itsm__json_write_key(w, "name");
        itsm__json_write_text(w, array[i].name);
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
        itsm__json_write_key_str(w, date_text(text, date, 0));
        itsm__json_write_array(w);
        for (; i < n && array[i].date == date; i++)
            if (array[i].hours.from != ITSM__CLOSED) write_hours(w, array[i].hours);
        itsm__json_write_end(w);
    }
    itsm__json_write_end(w);
}

itsm_status itsm_calendar_encode(itsm_buf *out, const itsm_calendar *calendar)
{
    if (!out || !calendar) return ITSM_E_MISUSE;
    const itsm__definition *d = &calendar->definition;
    itsm__json_writer w;
    itsm__json_write_init(&w, out, 0);
    itsm__json_write_object(&w);
    if (d->name.n) {
        itsm__json_write_key(&w, "name");
        itsm__json_write_text(&w, d->name);
    }
    itsm__json_write_key(&w, "tz");
    itsm__json_write_text(&w, itsm_zone_name(d->zone));
    write_weekly(&w, d);
    write_names(&w, "holidays", d->holidays, d->nholidays, 0);
    write_names(&w, "recurring_holidays", d->recurring, d->nrecurring, 1);
    write_dated(&w, "overrides", d->overrides, d->noverrides);
    write_dated(&w, "breaks", d->breaks, d->nbreaks);
    itsm__json_write_end(&w);
    return itsm__json_write_finish(&w);
}
