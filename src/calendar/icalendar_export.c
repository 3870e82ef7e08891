/* SPDX-License-Identifier: MIT */
/*
 * A calendar as iCalendar: one VEVENT for each open interval or holiday.
 *
 * Times are written in UTC, so that no VTIMEZONE is needed and nothing can be misunderstood.  A UID is made of the
 * start and a digest of the calendar's name and zone: exported again, an event is the same event.  Lines are folded at
 * 75 bytes, never within a character (3.1).
 */
#include "calendar/calendar.h"
#include "calendar/icalendar.h"

#include "base/hash.h"
#include "base/text.h"
#include "text/utf8.h"

enum { FOLD_AT = 75, DIGEST_BYTES = 8 };

typedef struct exporter {
    itsm_buf *out;
    itsm_buf line;
    const itsm_calendar *calendar;
    itsm_str summary; /* of open intervals */
    char stamp[17], digest[2 * DIGEST_BYTES + 1];
    /* Holidays: the date of the rows that came last. */
    int64_t date;
    itsm_str holiday;
    int is_holiday, is_open;
} exporter;

/* Lines ----------------------------------------------------------------------------------------------------------- */

/* Write the line that was put together, folded. */
static itsm_status end_line(exporter *x)
{
    itsm_str rest = itsm_buf_str(&x->line);
    itsm_status rc = ITSM_OK;
    for (size_t most = FOLD_AT; rest.n > most && !rc; most = FOLD_AT - 1) { /* a space begins the next one */
        size_t n = most;
        while (((unsigned char)rest.p[n] & 0xc0) == 0x80) n--;
        rc = itsm_buf_add(x->out, rest.p, n);
        if (!rc) rc = itsm__buf_c(x->out, "\r\n ");
        rest.p += n, rest.n -= n;
    }
    if (!rc) rc = itsm__buf_str(x->out, rest);
    if (!rc) rc = itsm__buf_c(x->out, "\r\n");
    x->line.n = 0;
    return rc;
}

static itsm_status add_line(exporter *x, const char *name, const char *value)
{
    itsm_status rc = itsm__buf_c(&x->line, name);
    if (!rc) rc = itsm__buf_c(&x->line, value);
    return rc ? rc : end_line(x);
}

/* A TEXT value with its escapes (3.3.11). */
static itsm_status add_text_line(exporter *x, const char *name, itsm_str text)
{
    if (itsm__utf8_valid(text) < text.n) return ITSM_E_INVALID;
    itsm_status rc = itsm__buf_c(&x->line, name);
    for (size_t i = 0; i < text.n && !rc; i++) {
        const char c = text.p[i];
        if (c == '\n') rc = itsm__buf_c(&x->line, "\\n");
        else if (c == '\\' || c == ';' || c == ',') rc = itsm__format(&x->line, "\\%c", c);
        else rc = itsm__buf_char(&x->line, ((unsigned char)c < 0x20 && c != '\t') || c == 0x7f ? ' ' : c);
    }
    return rc ? rc : end_line(x);
}

/* YYYYMMDD, and THHMMSSZ behind it if it is a time; 17 bytes with the NUL. */
static void put_time(char *p, const itsm_civil *c, int is_time)
{
    const int32_t numbers[] = {c->year / 100, c->year % 100, c->month, c->day, c->hour, c->minute, c->second};
    for (size_t i = 0; i < (is_time ? 7u : 4u); i++) {
        if (i == 4) *p++ = 'T';
        *p++ = (char)('0' + numbers[i] / 10), *p++ = (char)('0' + numbers[i] % 10);
    }
    if (is_time) *p++ = 'Z';
    *p = 0;
}

/* 0: outside the years 1 to 9999. */
static int time_text(char *p, itsm_time at)
{
    itsm_civil civil;
    if (itsm_civil_from_local(&civil, at) || civil.year < 1 || civil.year > 9999) return 0;
    put_time(p, &civil, 1);
    return 1;
}

static int date_text(char *p, int64_t date)
{
    itsm_civil civil;
    if (itsm_civil_from_date(&civil, date) || civil.year < 1 || civil.year > 9999) return 0;
    put_time(p, &civil, 0);
    return 1;
}

/* Events ---------------------------------------------------------------------------------------------------------- */

static itsm_status add_event(exporter *x, const char *kind, const char *parameter, const char *start, const char *end,
                             itsm_str summary)
{
    itsm_status rc = add_line(x, "BEGIN:", "VEVENT");
    if (!rc) rc = itsm__format(&x->line, "UID:%s-%s-%s@libitsm", kind, start, x->digest);
    if (!rc) rc = end_line(x);
    if (!rc) rc = add_line(x, "DTSTAMP:", x->stamp);
    if (!rc) rc = itsm__format(&x->line, "DTSTART%s:%s", parameter, start);
    if (!rc) rc = end_line(x);
    if (!rc) rc = itsm__format(&x->line, "DTEND%s:%s", parameter, end);
    if (!rc) rc = end_line(x);
    if (!rc && summary.n) rc = add_text_line(x, "SUMMARY:", summary);
    if (!rc && *parameter) rc = add_line(x, "TRANSP:", "TRANSPARENT");
    return rc ? rc : add_line(x, "END:", "VEVENT");
}

static itsm_status add_open(exporter *x, itsm_time from, itsm_time until)
{
    itsm_calendar_cursor cursor;
    itsm_interval interval;
    itsm_status rc = ITSM_OK;
    itsm_calendar_intervals(&cursor, x->calendar, from, until);
    while (!rc && !(rc = itsm_calendar_intervals_next(&interval, &cursor))) {
        char start[17], end[17];
        if (!time_text(start, interval.from) || !time_text(end, interval.to)) return ITSM_E_RANGE;
        rc = add_event(x, "open", "", start, end, x->summary);
    }
    return rc == ITSM_DONE ? ITSM_OK : rc;
}

/* The date whose rows are complete, if it is closed and a holiday closes it. */
static itsm_status end_date(exporter *x)
{
    char start[17], end[17];
    if (!x->is_holiday || x->is_open) return ITSM_OK;
    if (!date_text(start, x->date) || !date_text(end, x->date + 1)) return ITSM_E_RANGE;
    return add_event(x, "holiday", ";VALUE=DATE", start, end, x->holiday);
}

static itsm_status add_row(void *user, const itsm_calendar_row *row)
{
    exporter *x = user;
    itsm_status rc = ITSM_OK;
    if (row->date != x->date) {
        rc = end_date(x);
        x->date = row->date, x->is_holiday = x->is_open = 0;
    }
    if (row->counted) x->is_open = 1;
    if (row->why == ITSM_WHY_HOLIDAY && !x->is_holiday) x->is_holiday = 1, x->holiday = row->name;
    return rc;
}

static itsm_status add_holidays(exporter *x, itsm_time from, itsm_time until)
{
    const itsm_status rc = from < until ? itsm_calendar_explain(x->calendar, from, until, add_row, x) : ITSM_OK;
    return rc ? rc : end_date(x);
}

static void make_digest(exporter *x)
{
    static const char hex[] = "0123456789abcdef";
    const itsm_str name = itsm_calendar_name(x->calendar), zone = itsm_zone_name(itsm_calendar_zone(x->calendar));
    unsigned char digest[32];
    itsm__sha256 hasher;
    itsm__sha256_init(&hasher);
    itsm__sha256_add(&hasher, zone.p, zone.n);
    itsm__sha256_add(&hasher, "", 1);
    itsm__sha256_add(&hasher, name.p, name.n);
    itsm__sha256_end(&hasher, digest);
    for (size_t i = 0; i < DIGEST_BYTES; i++)
        x->digest[2 * i] = hex[digest[i] >> 4], x->digest[2 * i + 1] = hex[digest[i] & 15];
}

static itsm_status write_calendar(exporter *x, const itsm_calendar_export_options *o, itsm_time from, itsm_time until)
{
    itsm_status rc = add_line(x, "BEGIN:", "VCALENDAR");
    if (!rc) rc = add_line(x, "VERSION:", "2.0");
    if (!rc) rc = add_line(x, "PRODID:", "-//libitsm//calendar//EN");
    if (!rc && o->what & ITSM_EXPORT_OPEN) rc = add_open(x, from, until);
    if (!rc && o->what & ITSM_EXPORT_HOLIDAYS) rc = add_holidays(x, from, until);
    return rc ? rc : add_line(x, "END:", "VCALENDAR");
}

/* Local midnight. */
static itsm_status midnight(itsm_time *out, const itsm_zone *zone, int64_t date)
{
    itsm_resolved resolved;
    if (date < ITSM__ICAL_FIRST_DATE + 1 || date > ITSM__ICAL_LAST_DATE ||
        itsm_zone_instant(&resolved, zone, date * ITSM__DAY))
        return ITSM_E_RANGE;
    *out = resolved.first;
    return ITSM_OK;
}

static itsm_status told(itsm_ctx *ctx, itsm_status rc)
{
    const itsm_str none = ITSM_STR("");
    if (rc == ITSM_E_RANGE)
        return itsm__issue(ctx, rc, none, none, none, "the range or the stamp lies outside the years 1 to 9999");
    if (rc == ITSM_E_INVALID) return itsm__issue(ctx, rc, none, none, none, "a name is not UTF-8");
    return rc;
}

itsm_status itsm_calendar_export(itsm_buf *out, itsm_ctx *ctx, const itsm_calendar *calendar,
                                 const itsm_calendar_export_options *options)
{
    const uint32_t known = ITSM_EXPORT_OPEN | ITSM_EXPORT_HOLIDAYS;
    itsm__issues_clear(ctx);
    if (!out || !ctx || !calendar || !options || options->size < sizeof *options || !options->what ||
        options->what & ~known)
        return ITSM_E_MISUSE;
    const itsm_zone *zone = itsm_calendar_zone(calendar);
    const size_t before = out->n;
    itsm_time from, until;
    exporter x;
    memset(&x, 0, sizeof x);
    itsm_buf_init(&x.line, ctx);
    x.out = out, x.calendar = calendar, x.summary = itsm_calendar_name(calendar), x.date = INT64_MIN;
    if (!x.summary.n) x.summary = ITSM_STR("Open");
    make_digest(&x);
    itsm_status rc = time_text(x.stamp, options->stamp) ? ITSM_OK : ITSM_E_RANGE;
    if (!rc) rc = midnight(&from, zone, options->from);
    if (!rc) rc = midnight(&until, zone, options->until);
    if (!rc) rc = write_calendar(&x, options, from, until);
    itsm_buf_clear(&x.line);
    if (rc) out->n = before;
    return told(ctx, rc);
}
