/* SPDX-License-Identifier: MIT */
/*
 * A calendar's definition as JSON, read.
 *
 * Each part is checked as it goes into a builder, so that an issue names the place in the text; nothing is made unless
 * all of it is right.  Calendars inside calendars stand on a stack of frames, one for each that is not complete: the
 * next inside the topmost is begun, or the topmost is made and handed to the frame below.  Only the outermost is
 * compiled.
 */
#include "calendar/words.h"

#include "text/json.h"

enum { JSON_MAX = 4 * 1024 * 1024, DEPTH_MAX = 2 * ITSM__PARTS_DEPTH + 4 };

/* A calendar being read. */
typedef struct frame {
    const itsm__json_node *node;
    const itsm__json_node *list, *next; /* calendars inside it, and the next of them; NULL: none */
    itsm_calendar_builder *builder;     /* of one that has hours */
    itsm_calendar **parts;              /* of one that is combined */
    size_t nparts, part_capacity;
    int32_t how;
    itsm_time from; /* of a version */
    itsm_str name;
} frame;

typedef struct loader {
    itsm_ctx *ctx;
    itsm__memory memory;
    itsm__json json;
    const char *part;               /* member being read */
    itsm_calendar_builder *builder; /* of the topmost frame */
    size_t depth;
    frame frames[ITSM__PARTS_DEPTH];
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

/* News that an optional member is not there is no news here. */
static itsm_status optional(itsm_status rc)
{
    return rc == ITSM_NOTHING ? ITSM_OK : rc;
}

/* Hours and dates ------------------------------------------------------------------------------------------------- */

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
    for (int i = 0; i < 7; i++) names[i] = itsm_str_c(itsm__calendar_weekdays[i]);
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
    *name = itsm__no_text();
    if (node->kind == ITSM__JSON_TEXT) {
        *date = node->text;
        return ITSM_OK;
    }
    if (node->kind != ITSM__JSON_OBJECT) return invalid(l, node, "a holiday is a date, or an object of date and name");
    itsm_status rc = itsm__json_expect_only(&l->json, node, members, 2);
    if (!rc) rc = itsm__json_get_text(date, &l->json, node, "date", ITSM__JSON_REQUIRED);
    return rc ? rc : optional(itsm__json_get_text(name, &l->json, node, "name", ITSM__JSON_OPTIONAL));
}

static itsm_status read_holidays(loader *l, const itsm__json_node *list)
{
    const itsm__json_node *item;
    ITSM__JSON_EACH(item, list)
    {
        itsm_str text, name;
        int64_t date;
        itsm_status rc = read_named(&text, &name, l, item);
        if (!rc) rc = read_date(&date, l, item, text);
        if (rc) return rc;
        if ((rc = itsm_calendar_builder_add_holiday(l->builder, date, name))) return refused(l, item, rc);
    }
    return ITSM_OK;
}

/* Recurring holidays ---------------------------------------------------------------------------------------------- */

/* The number of a text among n words; -1 with an issue. */
static int32_t word_of(const loader *l, const itsm__json_node *node, itsm_str text, const char *const *words, int32_t n,
                       const char *what)
{
    for (int32_t i = 0; i < n; i++)
        if (itsm_str_is(text, words[i])) return i;
    (void)invalid(l, node, what);
    return -1;
}

static itsm_status get_number(int32_t *out, const loader *l, const itsm__json_node *node, const char *name,
                              int required, int64_t least, int64_t most)
{
    int64_t number = 0;
    const itsm_status rc = itsm__json_get_int(&number, &l->json, node, name, required, least, most);
    if (rc < 0) return rc;
    *out = (int32_t)number;
    return ITSM_OK;
}

static itsm_status get_weekday(itsm_recurrence *r, const loader *l, const itsm__json_node *node)
{
    itsm_str text;
    const itsm_status rc = itsm__json_get_text(&text, &l->json, node, "weekday", ITSM__JSON_REQUIRED);
    if (rc) return rc;
    r->weekday = word_of(l, itsm__json_member(node, "weekday"), text, itsm__calendar_weekdays, 7,
                         "a weekday is mon, tue, wed, thu, fri, sat or sun");
    return r->weekday < 0 ? ITSM_E_INVALID : ITSM_OK;
}

static itsm_status get_month_day(itsm_recurrence *r, const loader *l, const itsm__json_node *node, const char *name)
{
    itsm_str text;
    const itsm_status rc = itsm__json_get_text(&text, &l->json, node, name, ITSM__JSON_REQUIRED);
    return rc ? rc : read_month_day(&r->month, &r->day, l, itsm__json_member(node, name), text);
}

static itsm_status get_easter(itsm_recurrence *r, const loader *l, const itsm__json_node *node)
{
    static const char *const churches[] = {"western", "orthodox"};
    itsm_str text = ITSM_STR("western");
    itsm_status rc = get_number(&r->offset, l, node, "easter", ITSM__JSON_REQUIRED, -300, 300);
    if (!rc) rc = optional(itsm__json_get_text(&text, &l->json, node, "church", ITSM__JSON_OPTIONAL));
    if (rc) return rc;
    const int32_t church =
        word_of(l, itsm__json_member(node, "church"), text, churches, 2, "a church is western or orthodox");
    if (church < 0) return ITSM_E_INVALID;
    r->kind = church ? ITSM_RECURRENCE_EASTER_ORTHODOX : ITSM_RECURRENCE_EASTER;
    return ITSM_OK;
}

/* Which day of the year. */
static itsm_status get_day(itsm_recurrence *r, const loader *l, const itsm__json_node *node)
{
    itsm_status rc = ITSM_OK;
    switch (r->kind) {
    case ITSM_RECURRENCE_DATE: return get_month_day(r, l, node, "date");
    case ITSM_RECURRENCE_EASTER: return get_easter(r, l, node);
    case ITSM_RECURRENCE_ON_OR_AFTER:
        rc = get_month_day(r, l, node, "on_or_after");
        if (!rc && r->day > itsm_month_days(2001, r->month))
            rc = invalid(l, itsm__json_member(node, "on_or_after"), "02-29 is not in every year; take 02-28 or 03-01");
        break;
    default:
        rc = get_number(&r->month, l, node, "month", ITSM__JSON_REQUIRED, 1, 12);
        if (!rc) rc = get_number(&r->nth, l, node, "nth", ITSM__JSON_REQUIRED, -5, 5);
        if (!rc && !r->nth) rc = invalid(l, itsm__json_member(node, "nth"), "nth is 1 to 5, or -1 to -5 from the end");
    }
    if (!rc) rc = get_weekday(r, l, node);
    return rc ? rc : get_number(&r->offset, l, node, "days", ITSM__JSON_OPTIONAL, -300, 300);
}

/* Name, observed day and years, which all kinds have. */
static itsm_status get_rest(itsm_recurrence *r, const loader *l, const itsm__json_node *node)
{
    itsm_str observed;
    itsm_status rc = optional(itsm__json_get_text(&r->name, &l->json, node, "name", ITSM__JSON_OPTIONAL));
    if (!rc) rc = get_number(&r->first_year, l, node, "from", ITSM__JSON_OPTIONAL, 1, 9999);
    if (!rc) rc = get_number(&r->last_year, l, node, "to", ITSM__JSON_OPTIONAL, 1, 9999);
    if (rc) return rc;
    if (r->last_year && r->last_year < r->first_year)
        return invalid(l, itsm__json_member(node, "to"), "the last year is before the first");
    rc = itsm__json_get_text(&observed, &l->json, node, "observed", ITSM__JSON_OPTIONAL);
    if (rc) return optional(rc);
    r->observed = 1 + word_of(l, itsm__json_member(node, "observed"), observed, itsm__calendar_observed, 3,
                              "observed is nearest, next or monday");
    return r->observed ? ITSM_OK : ITSM_E_INVALID;
}

/* The members that tell the kinds apart, and those a kind has. */
static const struct {
    const char *member;
    int32_t kind;
    itsm_str members[4];
    size_t n;
} kinds[] = {{"easter", ITSM_RECURRENCE_EASTER, {{"easter", 6}, {"church", 6}}, 2},
             {"on_or_after", ITSM_RECURRENCE_ON_OR_AFTER, {{"on_or_after", 11}, {"weekday", 7}, {"days", 4}}, 3},
             {"nth", ITSM_RECURRENCE_WEEKDAY, {{"nth", 3}, {"month", 5}, {"weekday", 7}, {"days", 4}}, 4},
             {"weekday", ITSM_RECURRENCE_WEEKDAY, {{"nth", 3}, {"month", 5}, {"weekday", 7}, {"days", 4}}, 4},
             {"date", ITSM_RECURRENCE_DATE, {{"date", 4}}, 1}};

static itsm_status read_rule(itsm_recurrence *r, const loader *l, const itsm__json_node *node)
{
    itsm_str members[8] = {ITSM_STR("name"), ITSM_STR("observed"), ITSM_STR("from"), ITSM_STR("to")};
    size_t i = 0;
    while (i + 1 < sizeof kinds / sizeof *kinds && !itsm__json_member(node, kinds[i].member)) i++;
    memcpy(members + 4, kinds[i].members, kinds[i].n * sizeof *members);
    r->kind = kinds[i].kind;
    itsm_status rc = itsm__json_expect_only(&l->json, node, members, 4 + kinds[i].n);
    if (!rc) rc = get_day(r, l, node);
    return rc ? rc : get_rest(r, l, node);
}

static itsm_status read_recurring(loader *l, const itsm__json_node *list)
{
    const itsm__json_node *item;
    ITSM__JSON_EACH(item, list)
    {
        itsm_recurrence r = ITSM_RECURRENCE_INIT;
        itsm_status rc;
        if (item->kind == ITSM__JSON_TEXT) rc = read_month_day(&r.month, &r.day, l, item, item->text);
        else if (item->kind == ITSM__JSON_OBJECT) rc = read_rule(&r, l, item);
        else rc = invalid(l, item, "a recurring holiday is a day such as 12-25, or an object");
        if (rc) return rc;
        if ((rc = itsm_calendar_builder_add_recurrence(l->builder, &r))) return refused(l, item, rc);
    }
    return ITSM_OK;
}

/* Dated hours ----------------------------------------------------------------------------------------------------- */

enum { OVERRIDES, ADDITIONS, BREAKS };

static itsm_status add_dated(loader *l, int which, int64_t date, itsm_hours hours)
{
    switch (which) {
    case OVERRIDES: return itsm_calendar_builder_add_override(l->builder, date, &hours, 1);
    case ADDITIONS: return itsm_calendar_builder_add_addition(l->builder, date, hours);
    default: return itsm_calendar_builder_add_break(l->builder, date, hours);
    }
}

static itsm_status read_dated(loader *l, const itsm__json_node *object, int which)
{
    const itsm__json_node *list, *item;
    ITSM__JSON_EACH(list, object)
    {
        int64_t date;
        itsm_status rc = read_date(&date, l, list, list->key);
        if (!rc) rc = itsm__json_expect(&l->json, list, ITSM__JSON_ARRAY);
        if (rc) return rc;
        if (which == OVERRIDES && !list->integer &&
            (rc = itsm_calendar_builder_add_override(l->builder, date, NULL, 0)))
            return refused(l, list, rc);
        ITSM__JSON_EACH(item, list)
        {
            itsm_hours hours;
            if ((rc = read_hours(&hours, l, item))) return rc;
            if ((rc = add_dated(l, which, date, hours))) return refused(l, item, rc);
        }
    }
    return ITSM_OK;
}

/* Calendars ------------------------------------------------------------------------------------------------------- */

static itsm_status read_part(loader *l, const itsm__json_node *member)
{
    static const struct {
        const char *name;
        uint32_t kind;
    } parts[] = {
        {"weekly", ITSM__JSON_OBJECT},    {"holidays", ITSM__JSON_ARRAY},   {"recurring_holidays", ITSM__JSON_ARRAY},
        {"overrides", ITSM__JSON_OBJECT}, {"additions", ITSM__JSON_OBJECT}, {"breaks", ITSM__JSON_OBJECT}};
    enum { PARTS = sizeof parts / sizeof *parts };
    size_t i = 0;
    while (i < PARTS && !itsm_str_is(member->key, parts[i].name)) i++;
    if (i == PARTS) return ITSM_OK; /* read elsewhere */
    l->part = parts[i].name;
    const itsm_status rc = itsm__json_expect(&l->json, member, parts[i].kind);
    if (rc) return rc;
    switch (i) {
    case 0: return read_weekly(l, member);
    case 1: return read_holidays(l, member);
    case 2: return read_recurring(l, member);
    case 3: return read_dated(l, member, OVERRIDES);
    case 4: return read_dated(l, member, ADDITIONS);
    default: return read_dated(l, member, BREAKS);
    }
}

static itsm_status read_zone(itsm_zone **out, const loader *l, const itsm__json_node *root)
{
    itsm_str name;
    itsm_status rc = itsm__json_get_text(&name, &l->json, root, "tz", ITSM__JSON_REQUIRED);
    if (rc || !(rc = itsm_zone_load(out, l->ctx, name))) return rc;
    if (rc == ITSM_E_NOMEM) return rc;
    const char *what = rc == ITSM_E_NOT_FOUND ? "there is no zone %S"
                       : rc == ITSM_E_INVALID
                           ? "%S is no name of a zone, such as Europe/Berlin, or its data are damaged"
                           : "zone %S: %s";
    return itsm__json_issue(&l->json, itsm__json_member(root, "tz"), rc, ITSM_STR("tz"), what, name,
                            itsm_status_text(rc));
}

/* Hours and dates; versions are left for the next frames. */
static itsm_status begin_hours(loader *l, frame *f, int is_version)
{
    const itsm_str members[] = {ITSM_STR("from"),      ITSM_STR("tz"),        ITSM_STR("weekly"),
                                ITSM_STR("holidays"),  ITSM_STR("breaks"),    ITSM_STR("overrides"),
                                ITSM_STR("name"),      ITSM_STR("additions"), ITSM_STR("recurring_holidays"),
                                ITSM_STR("versions"),  ITSM_STR("union"),     ITSM_STR("intersection"),
                                ITSM_STR("difference")};
    const size_t skipped = is_version ? 0 : 1;
    const itsm__json_node *member;
    itsm_zone *zone = NULL;
    itsm_status rc =
        itsm__json_expect_only(&l->json, f->node, members + skipped, sizeof members / sizeof *members - skipped);
    if (!rc) rc = read_zone(&zone, l, f->node);
    if (rc) return rc;
    rc = itsm_calendar_builder_new(&f->builder, l->ctx, zone);
    itsm_zone_free(zone);
    if (rc) return rc;
    l->builder = f->builder;
    if (f->name.n && (rc = itsm_calendar_builder_set_name(l->builder, f->name))) return rc;
    ITSM__JSON_EACH(member, f->node)
    {
        if ((rc = read_part(l, member))) return rc;
    }
    return optional(itsm__json_get_array(&f->list, &l->json, f->node, "versions", ITSM__JSON_OPTIONAL));
}

static itsm_status begin_combined(loader *l, frame *f, const char *key, int is_version)
{
    const itsm_str members[] = {ITSM_STR("from"), ITSM_STR("name"), itsm_str_c(key)};
    const size_t skipped = is_version ? 0 : 1;
    itsm_status rc = itsm__json_expect_only(&l->json, f->node, members + skipped, 3 - skipped);
    if (!rc) rc = itsm__json_get_array(&f->list, &l->json, f->node, key, ITSM__JSON_REQUIRED);
    if (rc) return rc;
    l->part = key;
    return f->list->integer ? ITSM_OK : invalid(l, f->list, "there is no calendar in it");
}

static itsm_status read_from(loader *l, frame *f)
{
    itsm_str text;
    l->part = "versions";
    const itsm_status rc = itsm__json_get_text(&text, &l->json, f->node, "from", ITSM__JSON_REQUIRED);
    if (rc || itsm_time_decode(&f->from, text) == ITSM_OK) return rc;
    return invalid(l, itsm__json_member(f->node, "from"), "no such instant; they are YYYY-MM-DDThh:mm:ss+hh:mm");
}

/* Begin a calendar in a frame of its own, which is cleaned up whatever comes of it. */
static itsm_status begin(loader *l, const itsm__json_node *node, int is_version)
{
    if (l->depth == ITSM__PARTS_DEPTH)
        return itsm__json_issue(&l->json, node, ITSM_E_LIMIT, itsm_str_c(l->part),
                                "calendars within calendars more than %d deep", ITSM__PARTS_DEPTH);
    frame *f = &l->frames[l->depth++];
    memset(f, 0, sizeof *f);
    f->node = node;
    l->part = "";
    itsm_status rc = itsm__json_expect(&l->json, node, ITSM__JSON_OBJECT);
    if (!rc) rc = optional(itsm__json_get_text(&f->name, &l->json, node, "name", ITSM__JSON_OPTIONAL));
    if (!rc && is_version) rc = read_from(l, f);
    if (rc) return rc;
    for (int32_t how = ITSM__UNION; how <= ITSM__DIFFERENCE; how++)
        if (!f->how && itsm__json_member(node, itsm__calendar_made[how])) f->how = how;
    rc = f->how ? begin_combined(l, f, itsm__calendar_made[f->how], is_version) : begin_hours(l, f, is_version);
    if (f->list) f->next = f->list + 1;
    return rc;
}

static void drop_frame(loader *l, frame *f)
{
    for (size_t i = 0; i < f->nparts; i++) itsm_calendar_free(f->parts[i]);
    itsm__free(&l->memory, f->parts, f->part_capacity * sizeof *f->parts);
    itsm_calendar_builder_free(f->builder);
}

/* Give a calendar that is complete to the one it is in. */
static itsm_status deliver(loader *l, frame *to, const frame *from, itsm_calendar *calendar)
{
    itsm_status rc;
    if (!to->how) {
        l->part = "versions";
        rc = itsm_calendar_builder_add_version(to->builder, from->from, calendar);
        itsm_calendar_free(calendar);
        if (rc == ITSM_E_INVALID)
            return invalid(l, itsm__json_member(from->node, "from"),
                           "a version begins at a whole second of the years -9999 to 9999, no two at the same");
        return rc ? refused(l, from->node, rc) : ITSM_OK;
    }
    l->part = itsm__calendar_made[to->how];
    rc = itsm__grow(&l->memory, &to->parts, &to->part_capacity, to->nparts + 1, sizeof *to->parts);
    if (rc) itsm_calendar_free(calendar);
    else to->parts[to->nparts++] = calendar;
    return rc;
}

/* Make what the topmost frame holds; *out is the outermost calendar once that is the one. */
static itsm_status complete(itsm_calendar **out, loader *l)
{
    frame *f = &l->frames[l->depth - 1];
    const int is_outermost = l->depth == 1;
    itsm_calendar *calendar = NULL;
    itsm_status rc;
    if (f->how) {
        const itsm_calendar *const *parts = (const itsm_calendar *const *)(void *)f->parts;
        rc = itsm__calendar_combine(&calendar, &l->memory, f->how, f->name, parts, f->nparts, is_outermost);
    } else {
        rc = itsm__calendar_freeze(&calendar, f->builder, is_outermost);
    }
    if (rc) return refused(l, f->node, rc);
    if (is_outermost) *out = calendar;
    else if ((rc = deliver(l, f - 1, f, calendar))) return rc;
    drop_frame(l, f);
    l->depth--;
    return ITSM_OK;
}

static itsm_status read_calendar(itsm_calendar **out, loader *l, itsm_str json)
{
    itsm_status rc = itsm__json_parse(&l->json, json);
    if (!rc) rc = begin(l, itsm__json_root(&l->json), 0);
    while (!rc && l->depth) {
        frame *f = &l->frames[l->depth - 1];
        if (f->list && f->next < f->list + f->list->span) {
            const itsm__json_node *node = f->next;
            f->next += node->span;
            rc = begin(l, node, !f->how);
        } else {
            rc = complete(out, l);
        }
    }
    return rc;
}

itsm_status itsm_calendar_load(itsm_calendar **out, itsm_ctx *ctx, itsm_str json)
{
    if (out) *out = NULL;
    itsm__issues_clear(ctx);
    if (!out || !ctx) return ITSM_E_MISUSE;
    loader *l = itsm__alloc_zero(itsm__ctx_memory(ctx), sizeof *l);
    if (!l) return ITSM_E_NOMEM;
    l->ctx = ctx, l->memory = *itsm__ctx_memory(ctx);
    itsm__json_init(&l->json, ctx);
    l->json.size_limit = JSON_MAX, l->json.depth_limit = DEPTH_MAX;
    l->part = "";
    const itsm_status rc = read_calendar(out, l, json);
    while (l->depth) drop_frame(l, &l->frames[--l->depth]);
    itsm__json_clear(&l->json);
    itsm__free(&l->memory, l, sizeof *l);
    return rc;
}
