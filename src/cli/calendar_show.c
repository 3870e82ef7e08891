/* SPDX-License-Identifier: MIT */
/*
 * itsm calendar show: what a calendar says, for people: the week, the days that are different, open time by month.
 *
 * All of it is read off the calendar's own explanation of each date, not off its definition, so that it shows what
 * counts: recurring holidays on their dates, the hours that a break really takes away, the hours of a calendar made of
 * calendars.  The week is that of the first dates on which nothing is different and the clocks do not change; where
 * another version changes it, the dates from which that shows are among the days.  O(days).
 */
#include "cli/calendar.h"
#include "cli/table.h"

#define WEEK_SEARCH 800 /* days to look for a weekday on which nothing is different */
#define HOURS_A_LINE 4  /* of the week */
#define DAY ITSM_DAYS(1)

static const char *const weekdays[7] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
static const char *const json_weekdays[7] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};

/* One date ---------------------------------------------------------------------------------------------------------- */

/* A span on the wall, from the midnight of the date its hours belong to, and why it is as it is. */
typedef struct stretch {
    int64_t from, to;
    int64_t why;
} stretch;

/* What the explanation says about a date; the lists are stretches. */
typedef struct dated {
    int64_t date;
    itsm_buf hours, special; /* of the week; of overrides, additions and breaks */
    itsm_buf holiday;        /* its name */
    itsm_span open;          /* on the date itself */
    itsm_span shifted;       /* by how much the clocks changed in open time */
    int is_holiday, replaced, overridden, different;
} dated;

static size_t count(const itsm_buf *list)
{
    return list->n / sizeof(stretch);
}

static const stretch *at(const itsm_buf *list, size_t i)
{
    return (const stretch *)(const void *)list->p + i;
}

/* Stretches that touch are one, as open time is. */
static itsm_status add_stretch(itsm_buf *list, const itsm_calendar_row *row, int64_t date)
{
    stretch s = {row->local_from - date * DAY, row->local_to - date * DAY, row->why};
    if (count(list)) {
        stretch *last = (stretch *)(void *)list->p + count(list) - 1;
        if (last->to == s.from && last->why == s.why) return last->to = s.to, ITSM_OK;
    }
    return itsm_buf_add(list, &s, sizeof s);
}

static int is_ordinary(int32_t why)
{
    return why == ITSM_WHY_WEEKLY || why == ITSM_WHY_OUTSIDE || why == ITSM_WHY_WEEKDAY || why == ITSM_WHY_EXCLUDED;
}

static itsm_status take_row(void *user, const itsm_calendar_row *row)
{
    dated *d = user;
    itsm_status rc = ITSM_OK;
    itsm_span shifted = (row->local_to - row->local_from) - (row->to - row->from);
    /* the part of a calendar made of calendars may count its dates in another zone */
    int on = row->date == d->date, by_date = row->calendar.n || row->why == ITSM_WHY_BREAK;
    int ours = by_date ? on : row->shift == d->date;
    if (!is_ordinary(row->why) || shifted) d->different = 1;
    if (on) d->open += row->counted;
    if (on && row->counted) d->shifted += shifted;
    if (on && row->why == ITSM_WHY_HOLIDAY && !d->is_holiday)
        d->is_holiday = 1, rc = itsm_buf_add(&d->holiday, row->name.p, row->name.n);
    if (on && row->why == ITSM_WHY_REPLACED) d->replaced = 1;
    if (ours && row->why == ITSM_WHY_OVERRIDE) d->overridden = 1;
    if (rc || !ours || !(row->counted || row->why == ITSM_WHY_BREAK)) return rc;
    return add_stretch(row->why == ITSM_WHY_WEEKLY ? &d->hours : &d->special, row, d->date);
}

static void clear_dated(dated *d)
{
    itsm_buf_clear(&d->hours);
    itsm_buf_clear(&d->special);
    itsm_buf_clear(&d->holiday);
}

/* The hours of a date may reach into the next one. */
static itsm_status look_at(dated *d, const itsm_calendar *calendar, int64_t date)
{
    const itsm_zone *zone = itsm_calendar_zone(calendar);
    itsm_time a, b;
    clear_dated(d);
    memset(d, 0, sizeof *d);
    d->date = date;
    itsm_status rc = midnight(&a, zone, date);
    if (!rc) rc = midnight(&b, zone, date + 2);
    if (!rc && b - a != 2 * DAY) d->different = 1;
    return rc ? rc : itsm_calendar_explain(calendar, a, b, take_row, d);
}

/* Times ------------------------------------------------------------------------------------------------------------- */

/* 22:00-06:00; 24:00 ends a day. */
static itsm_status print_stretch(itsm_buf *out, const stretch *s, const char *between)
{
    int64_t end[2] = {s->from, s->to > DAY ? s->to % DAY : s->to};
    itsm_status rc = ITSM_OK;
    for (int i = 0; i < 2 && !rc; i++) {
        int64_t second = (end[i] < 0 ? end[i] + DAY : end[i] > DAY ? end[i] - DAY : end[i]) / ITSM_SECONDS(1);
        rc = print(out, "%s%02d:%02d", i ? between : "", (int)(second / 3600), (int)(second / 60 % 60));
        if (!rc && second % 60) rc = print(out, ":%02d", (int)(second % 60));
    }
    return rc;
}

/* The showing ------------------------------------------------------------------------------------------------------- */

typedef struct month {
    int32_t year, month;
    uint64_t open_days;
    itsm_span open;
} month;

typedef struct showing {
    const question *q;
    int64_t from, until;
    int json;
    uint64_t told;    /* days that are different */
    itsm_buf week[7]; /* hours of each weekday, as they are at the date looked at */
    int known[7];
    itsm_buf months; /* a month each */
    output out;
    table days;
} showing;

static itsm_status find_week(showing *s)
{
    dated d;
    int known = 0;
    itsm_status rc = ITSM_OK;
    memset(&d, 0, sizeof d);
    const int64_t end = s->from + WEEK_SEARCH < DATE_MOST ? s->from + WEEK_SEARCH : DATE_MOST;
    for (int64_t date = s->from; date < end && known < 7 && !rc; date++) {
        int weekday = itsm_date_weekday(date);
        if (s->known[weekday] || (rc = look_at(&d, s->q->calendar, date)) || d.different) continue;
        s->known[weekday] = 1, known++;
        rc = itsm_buf_add(&s->week[weekday], d.hours.p, d.hours.n);
    }
    clear_dated(&d);
    return rc;
}

/* The hours of a weekday, some to a line. */
static itsm_status week_rows(table *t, const char *name, const itsm_buf *hours, int known)
{
    itsm_status rc = ITSM_OK;
    for (size_t i = 0; (i < count(hours) || !i) && !rc; i += HOURS_A_LINE) {
        itsm_buf cell = ITSM_BUF_INIT;
        for (size_t k = i; k < count(hours) && k < i + HOURS_A_LINE && !rc; k++)
            if (k == i || !(rc = print(&cell, "  "))) rc = print_stretch(&cell, at(hours, k), "-");
        if (!rc && !count(hours)) rc = print(&cell, known ? "closed" : "never without an exception");
        if (!rc) rc = table_cell(t, "%s", i ? "" : name);
        if (!rc) rc = table_cell(t, "%.*s", ITSM_ARG(itsm_buf_str(&cell)));
        itsm_buf_clear(&cell);
    }
    return rc;
}

static itsm_status show_week(showing *s)
{
    static const table_column columns[] = {{NULL, 0}, {NULL, 0}};
    table t;
    itsm_status rc = ITSM_OK;
    table_begin(&t, &s->out, columns, 2);
    for (int i = 0; i < 7 && !rc; i++) rc = week_rows(&t, weekdays[i], &s->week[i], s->known[i]);
    return table_end(&t, rc);
}

static itsm_status json_week(showing *s)
{
    itsm_buf *out = &s->out.text;
    itsm_status rc = print(out, ",\"weekly\":{");
    for (int i = 0; i < 7 && !rc; i++) {
        rc = print(out, "%s\"%s\":[", i ? "," : "", json_weekdays[i]);
        for (size_t k = 0; k < count(&s->week[i]) && !rc; k++) {
            rc = print(out, k ? ",[\"" : "[\"");
            if (!rc) rc = print_stretch(out, at(&s->week[i], k), "\",\"");
            if (!rc) rc = print(out, "\"]");
        }
        if (!rc) rc = print(out, "]");
    }
    return rc ? rc : print(out, "}");
}

/* Days that are different ------------------------------------------------------------------------------------------- */

/* What is told of a day: its kind for programs, and what it means for people. */
typedef struct kind {
    const char *name, *text, *whole_day;
} kind;
static const kind holiday = {"holiday", "holiday", "closed"}, replaced = {"override", "override", "closed"},
                  override = {"override", "override: these hours only", ""},
                  addition = {"addition", "addition: open then, too", ""}, taken = {"break", "break: closed then", ""},
                  weekly = {"weekly", "weekly hours from here on", "closed"},
                  clocks = {"clocks", "the clocks change in open time", ""};

static itsm_status tell(showing *s, const dated *d, const kind *what, const stretch *hours, itsm_str name)
{
    char date[ITSM_DATE_MAX];
    itsm_buf cell = ITSM_BUF_INIT;
    itsm_status rc = hours ? print_stretch(&cell, hours, s->json ? "\",\"" : "-") : ITSM_OK;
    itsm_date_text(date, d->date);
    if (!rc && s->json) {
        rc = print(&s->out.text, "%s{\"date\":\"%s\",\"why\":\"%s\",\"name\":", s->told ? "," : "", date, what->name);
        if (!rc) rc = print_json(&s->out.text, name);
        if (!rc)
            rc = print(&s->out.text, hours ? ",\"hours\":[\"%.*s\"]}" : ",\"hours\":null}",
                       ITSM_ARG(itsm_buf_str(&cell)));
        if (!rc && s->out.text.n > 65536) rc = drain(&s->out);
    } else if (!rc) {
        rc = table_cell(&s->days, "%s %s", weekdays[itsm_date_weekday(d->date)], date);
        if (!rc)
            rc = hours ? table_cell(&s->days, "%.*s", ITSM_ARG(itsm_buf_str(&cell)))
                       : table_cell(&s->days, "%s", what->whole_day);
        if (!rc) rc = table_cell(&s->days, "%s%s%.*s", what->text, name.n ? ": " : "", ITSM_ARG(name));
    }
    s->told++;
    itsm_buf_clear(&cell);
    return rc;
}

/* From here on the week has other hours. */
static itsm_status tell_week(showing *s, const dated *d)
{
    int weekday = itsm_date_weekday(d->date);
    itsm_buf *known = &s->week[weekday];
    itsm_status rc = ITSM_OK;
    if (d->different || (known->n == d->hours.n && (!known->n || !memcmp(known->p, d->hours.p, known->n)))) return rc;
    if (s->known[weekday] && !count(&d->hours)) rc = tell(s, d, &weekly, NULL, itsm_str_c(NULL));
    for (size_t i = 0; i < count(&d->hours) && s->known[weekday] && !rc; i++)
        rc = tell(s, d, &weekly, at(&d->hours, i), itsm_str_c(NULL));
    known->n = 0, s->known[weekday] = 1;
    return rc ? rc : itsm_buf_add(known, d->hours.p, d->hours.n);
}

static itsm_status tell_clocks(showing *s, const dated *d)
{
    char span[SPAN_TEXT_MAX];
    itsm_buf text = ITSM_BUF_INIT;
    itsm_status rc = print(&text, "%s %s", d->shifted > 0 ? "forward" : "back",
                           span_text(span, d->shifted > 0 ? d->shifted : -d->shifted));
    if (!rc) rc = tell(s, d, &clocks, NULL, itsm_buf_str(&text));
    itsm_buf_clear(&text);
    return rc;
}

static itsm_status tell_date(showing *s, const dated *d)
{
    itsm_status rc = ITSM_OK;
    if (d->is_holiday) rc = tell(s, d, &holiday, NULL, itsm_buf_str(&d->holiday));
    else if (d->replaced && !d->overridden) rc = tell(s, d, &replaced, NULL, itsm_str_c(NULL));
    for (size_t i = 0; i < count(&d->special) && !rc; i++) {
        const stretch *one = at(&d->special, i);
        const kind *what = one->why == ITSM_WHY_BREAK ? &taken : one->why == ITSM_WHY_ADDITION ? &addition : &override;
        rc = tell(s, d, what, one, itsm_str_c(NULL));
    }
    if (!rc && d->shifted) rc = tell_clocks(s, d);
    return rc ? rc : tell_week(s, d);
}

/* Months ------------------------------------------------------------------------------------------------------------ */

static itsm_status count_date(showing *s, const dated *d)
{
    itsm_civil civil;
    month fresh = {0, 0, 0, 0}, *last = (month *)(void *)s->months.p;
    size_t n = s->months.n / sizeof *last;
    itsm_status rc = itsm_civil_from_date(&civil, d->date);
    if (!rc && (!n || last[n - 1].year != civil.year || last[n - 1].month != civil.month)) {
        fresh.year = civil.year, fresh.month = civil.month;
        rc = itsm_buf_add(&s->months, &fresh, sizeof fresh);
        last = (month *)(void *)s->months.p, n++;
    }
    if (rc) return rc;
    last[n - 1].open += d->open, last[n - 1].open_days += d->open > 0;
    return ITSM_OK;
}

static itsm_status month_row(table *t, const char *name, uint64_t open_days, itsm_span open)
{
    char text[SPAN_TEXT_MAX];
    itsm_status rc = table_cell(t, "%s", name);
    if (!rc) rc = table_cell(t, "%llu", (unsigned long long)open_days);
    return rc ? rc : table_cell(t, "%s", clock_text(text, open));
}

static const char *month_text(char out[ITSM_DATE_MAX], const month *m)
{
    int64_t date;
    if (itsm_date_from_civil(&date, m->year, m->month, 1)) return "";
    itsm_date_text(out, date);
    out[strlen(out) - 3] = 0;
    return out;
}

static itsm_status show_months(showing *s)
{
    static const table_column columns[] = {{"month", 0}, {"open days", 1}, {"open hours", 1}};
    const month *m = (const month *)(const void *)s->months.p;
    char name[ITSM_DATE_MAX];
    uint64_t open_days = 0;
    itsm_span open = 0;
    table t;
    itsm_status rc = ITSM_OK;
    table_begin(&t, &s->out, columns, 3);
    for (size_t i = 0; i < s->months.n / sizeof *m && !rc; i++) {
        rc = month_row(&t, month_text(name, &m[i]), m[i].open_days, m[i].open);
        open += m[i].open, open_days += m[i].open_days;
    }
    if (!rc) rc = month_row(&t, "total", open_days, open);
    return table_end(&t, rc);
}

static itsm_status json_months(showing *s)
{
    const month *m = (const month *)(const void *)s->months.p;
    itsm_buf *out = &s->out.text;
    char name[ITSM_DATE_MAX];
    uint64_t open_days = 0;
    itsm_span open = 0;
    itsm_status rc = print(out, "],\"months\":[");
    for (size_t i = 0; i < s->months.n / sizeof *m && !rc; i++) {
        rc = print(out, "%s{\"month\":\"%s\",\"open_days\":%llu,\"open_seconds\":", i ? "," : "",
                   month_text(name, &m[i]), (unsigned long long)m[i].open_days);
        if (!rc) rc = print_seconds(out, m[i].open);
        if (!rc) rc = print(out, "}");
        open += m[i].open, open_days += m[i].open_days;
    }
    if (!rc) rc = print(out, "],\"open_days\":%llu,\"open_seconds\":", (unsigned long long)open_days);
    if (!rc) rc = print_seconds(out, open);
    return rc ? rc : print(out, "}\n");
}

/* All of it --------------------------------------------------------------------------------------------------------- */

static itsm_status show_head(showing *s)
{
    itsm_str name = itsm_calendar_name(s->q->calendar), zone = itsm_zone_name(s->q->home);
    static const table_column one[] = {{NULL, 0}};
    table t;
    itsm_status rc = ITSM_OK;
    table_begin(&t, &s->out, one, 1);
    if (name.n) rc = table_cell(&t, "%.*s", ITSM_ARG(name));
    if (!rc) rc = table_cell(&t, "zone %.*s", ITSM_ARG(zone));
    rc = table_end(&t, rc);
    if (!rc) rc = print(&s->out.text, "\n");
    return rc ? rc : show_week(s);
}

static itsm_status json_head(showing *s)
{
    itsm_buf *out = &s->out.text;
    char from[ITSM_DATE_MAX], until[ITSM_DATE_MAX];
    itsm_status rc = print(out, "{\"name\":");
    if (!rc) rc = print_json(out, itsm_calendar_name(s->q->calendar));
    if (!rc) rc = print(out, ",\"zone\":");
    if (!rc) rc = print_json(out, itsm_zone_name(s->q->home));
    if (!rc)
        rc = print(out, ",\"from\":\"%s\",\"until\":\"%s\"", itsm_date_text(from, s->from),
                   itsm_date_text(until, s->until));
    if (!rc) rc = json_week(s);
    return rc ? rc : print(out, ",\"days\":[");
}

static itsm_status each_date(showing *s)
{
    dated d;
    itsm_status rc = ITSM_OK;
    memset(&d, 0, sizeof d);
    for (int64_t date = s->from; date < s->until && !rc; date++) {
        rc = look_at(&d, s->q->calendar, date);
        if (!rc) rc = count_date(s, &d);
        if (!rc) rc = tell_date(s, &d);
    }
    clear_dated(&d);
    return rc;
}

static itsm_status show_text(showing *s)
{
    static const table_column columns[] = {{NULL, 0}, {NULL, 0}, {NULL, 0}};
    char from[ITSM_DATE_MAX], last[ITSM_DATE_MAX];
    itsm_status rc = show_head(s);
    if (!rc)
        rc = print(&s->out.text, "\n%s to %s\n", itsm_date_text(from, s->from), itsm_date_text(last, s->until - 1));
    table_begin(&s->days, &s->out, columns, 3);
    rc = table_end(&s->days, rc ? rc : each_date(s));
    if (!rc && !s->told) rc = print(&s->out.text, "no day is different\n");
    if (!rc) rc = print(&s->out.text, "\n");
    return rc ? rc : show_months(s);
}

static int run(const command *self, itsm_ctx *ctx, int argc, char **argv)
{
    question q;
    showing s;
    memset(&s, 0, sizeof s);
    int code = question_open(&q, self, ctx, argc, argv);
    if (!code) code = read_period(&s.from, &s.until, self, q.home);
    if (code) return question_close(&q, code);
    s.q = &q, s.json = value_of(self, "--json") != NULL;
    itsm_status rc = find_week(&s);
    if (s.json) {
        if (!rc) rc = json_head(&s);
        if (!rc) rc = each_date(&s);
        if (!rc) rc = json_months(&s);
    } else if (!rc) rc = show_text(&s);
    code = finish_output(&s.out, ctx, rc, q.path);
    for (int i = 0; i < 7; i++) itsm_buf_clear(&s.week[i]);
    itsm_buf_clear(&s.months);
    return question_close(&q, code);
}

static option options[] = {
    {"--from", "DATE", "first date; the first of this month if not given", 0, 0, {NULL}, 0},
    {"--until", "DATE", "first date no more; a year later if not given", 0, 0, {NULL}, 0},
    {"--json", NULL, "write it as JSON", 0, 0, {NULL}, 0},
};

const command calendar_show_command = {"calendar show",
                                       "itsm calendar show CAL.json [--from DATE] [--until DATE] [--json]",
                                       "the week, the days that are different, open time by month",
                                       "itsm calendar show hours.json --from 2026-01-01 --until 2027-01-01",
                                       run,
                                       options,
                                       sizeof options / sizeof *options,
                                       1,
                                       1,
                                       "CAL.json"};
