/* SPDX-License-Identifier: MIT */
/*
 * itsm calendar import and export: iCalendar feeds into calendars, and calendars as feeds.
 */
#include "cli/calendar.h"

#define NOTES_MAX 20

/* Import ------------------------------------------------------------------------------------------------------------ */

static option import_options[] = {
    {"--zone", "ZONE", "zone of the calendar, e.g. Europe/Berlin", 0, 0, {NULL}, 0},
    {"--into", "CAL.json", "or a calendar it is added to, in its zone", 0, 0, {NULL}, 0},
    {"--as", "WHAT", "holidays (default), breaks, additions, overrides", 0, 0, {NULL}, 0},
    {"--from", "DATE", "first date taken; 1990-01-01 if not given", 0, 0, {NULL}, 0},
    {"--until", "DATE", "first date not taken; 2090-01-01 if not given", 0, 0, {NULL}, 0},
    {"--name", "NAME", "name of the calendar", 0, 0, {NULL}, 0},
};

static int read_as(int32_t *out, const command *self)
{
    static const char *const names[] = {"holidays", "breaks", "additions", "overrides"};
    const char *text = value_of(self, "--as");
    *out = ITSM_IMPORT_HOLIDAYS;
    for (int32_t i = 0; text && i < 4; i++)
        if (!strcmp(text, names[i])) return *out = ITSM_IMPORT_HOLIDAYS + i, EXIT_FINE;
    if (!text) return EXIT_FINE;
    const char *near = nearest(text, names, 4);
    return near ? usage_error(self, "--as: there is no %s; did you mean %s?", text, near)
                : usage_error(self, "--as: there is no %s; it is holidays, breaks, additions or overrides", text);
}

static int read_import(itsm_calendar_import *how, const command *self)
{
    const char *from = value_of(self, "--from"), *until = value_of(self, "--until");
    int code = read_as(&how->as, self);
    if (!code && from) code = read_date(&how->from, self, "--from", from);
    if (!code && until) code = read_date(&how->until, self, "--until", until);
    if (!code && how->until <= how->from)
        code = usage_error(self, "--until: %s is not after the first date", until ? until : "2090-01-01");
    return code;
}

/* What the feed had that is not in the calendar. */
static void say_notes(itsm_ctx *ctx, const char *path)
{
    size_t n = itsm_ctx_issue_count(ctx), said = 0, left = 0;
    for (size_t i = 0; i < n; i++) {
        const itsm_issue *issue = itsm_ctx_issue(ctx, i);
        if (issue->code != ITSM_OK) continue;
        if (said++ < NOTES_MAX)
            note("itsm: note: %s:%llu: %.*s", path, (unsigned long long)issue->line, ITSM_ARG(issue->message));
        else left++;
    }
    if (left) note("itsm: note: %s: and %llu more", path, (unsigned long long)left);
}

static void say_imported(const itsm_calendar_imported *done, const char *path, const char *as)
{
    const int one = done->entries == 1; /* the kinds end in s */
    note("itsm: note: %s: %llu event%s became %llu %.*s", path, (unsigned long long)done->instances,
         done->instances == 1 ? "" : "s", (unsigned long long)done->entries, (int)strlen(as) - one, as);
    if (done->cancelled) note("itsm: note: %s: %llu cancelled, passed over", path, (unsigned long long)done->cancelled);
    if (done->empty) note("itsm: note: %s: %llu without a length, passed over", path, (unsigned long long)done->empty);
    if (done->doubtful)
        note("itsm: note: %s: %llu begin or end in the second pass of an hour that comes twice; the first was taken",
             path, (unsigned long long)done->doubtful);
}

/* Compact JSON as people edit it: two levels on lines of their own, what is deeper in a line. */
static itsm_status indent(itsm_buf *out, itsm_str json)
{
    int depth = 0, quoted = 0;
    itsm_status rc = ITSM_OK;
    for (size_t i = 0; i < json.n && !rc; i++) {
        char c = json.p[i];
        int opens = !quoted && (c == '{' || c == '['), closes = !quoted && (c == '}' || c == ']');
        int empty = i && closes && (json.p[i - 1] == '{' || json.p[i - 1] == '[');
        if (closes && depth-- <= 2 && !empty) rc = print(out, "\n%*s", 2 * depth, "");
        if (!rc) rc = itsm_buf_add(out, &c, 1);
        if (opens) depth++;
        if (c == '"') quoted = !quoted;
        if (quoted && c == '\\' && i + 1 < json.n && !rc) rc = itsm_buf_add(out, &json.p[++i], 1);
        if (rc || quoted) continue;
        int has_more = opens && i + 1 < json.n && json.p[i + 1] != '}' && json.p[i + 1] != ']';
        if ((has_more || c == ',') && depth <= 2) rc = print(out, "\n%*s", 2 * depth, "");
        else if (c == ',' || c == ':') rc = itsm_buf_add(out, " ", 1);
    }
    return rc ? rc : itsm_buf_add(out, "\n", 1);
}

static int write_calendar(itsm_ctx *ctx, const itsm_calendar_builder *builder, const char *path)
{
    itsm_calendar *calendar = NULL;
    itsm_buf text = ITSM_BUF_INIT, lines = ITSM_BUF_INIT;
    itsm_status rc = itsm_calendar_builder_freeze(&calendar, builder);
    if (!rc) rc = itsm_calendar_encode(&text, calendar);
    if (!rc) rc = indent(&lines, itsm_buf_str(&text));
    int code = rc ? input_error(ctx, rc, path) : put(lines.p, lines.n);
    itsm_buf_clear(&text);
    itsm_buf_clear(&lines);
    itsm_calendar_free(calendar);
    return code;
}

static int import(itsm_ctx *ctx, itsm_calendar_builder *builder, const command *self, const char *path,
                  const itsm_calendar_import *how)
{
    itsm_calendar_imported done = ITSM_CALENDAR_IMPORTED_INIT;
    const char *name = value_of(self, "--name"), *as = value_of(self, "--as");
    itsm_buf text = ITSM_BUF_INIT;
    int code = read_file(&text, ctx, path);
    itsm_status rc = code ? ITSM_OK : itsm_calendar_builder_import(builder, ctx, itsm_buf_str(&text), how, &done);
    if (rc) code = input_error(ctx, rc, path);
    if (!code) say_notes(ctx, path), say_imported(&done, path, as ? as : "holidays");
    if (!code && name && (rc = itsm_calendar_builder_set_name(builder, itsm_str_c(name))))
        code = input_error(ctx, rc, path);
    if (!code) code = write_calendar(ctx, builder, path);
    itsm_buf_clear(&text);
    return code;
}

/* An empty calendar of --zone, or what the one of --into says. */
static int begin_import(itsm_calendar_builder **out, itsm_ctx *ctx, const command *self)
{
    const char *name = value_of(self, "--zone"), *into = value_of(self, "--into");
    itsm_zone *zone = NULL;
    itsm_calendar *calendar = NULL;
    int code = name ? load_zone(&zone, ctx, name) : load_calendar(&calendar, ctx, into);
    itsm_status rc = code   ? ITSM_OK
                     : name ? itsm_calendar_builder_new(out, ctx, zone)
                            : itsm_calendar_builder_from(out, ctx, calendar);
    if (rc == ITSM_E_UNSUPPORTED)
        note("itsm: %s: this calendar is made of others; add to one of these [into]", into), code = EXIT_INPUT;
    else if (rc) code = input_error(ctx, rc, name ? name : into);
    itsm_calendar_free(calendar);
    itsm_zone_free(zone);
    return code;
}

static int run_import(const command *self, itsm_ctx *ctx, int argc, char **argv)
{
    itsm_calendar_import how = ITSM_CALENDAR_IMPORT_INIT;
    itsm_calendar_builder *builder = NULL;
    int operands = parse(self, argc, argv);
    if (operands < 0) return operands == -2 ? EXIT_FINE : EXIT_USAGE;
    const char *zone = value_of(self, "--zone"), *into = value_of(self, "--into");
    if (!zone == !into)
        return usage_error(self,
                           zone ? "--zone and --into exclude each other" : "--zone ZONE or --into CAL.json is missing");
    if (into && !strcmp(into, "-") && !strcmp(argv[0], "-"))
        return usage_error(self, "only one input can be standard input");
    int code = read_import(&how, self);
    if (!code) code = begin_import(&builder, ctx, self);
    if (!code) code = import(ctx, builder, self, argv[0], &how);
    itsm_calendar_builder_free(builder);
    return code;
}

const command calendar_import_command = {"calendar import",
                                         "itsm calendar import FEED.ics (--zone ZONE | --into CAL.json) [--as WHAT]",
                                         "make a calendar of the events of an iCalendar feed",
                                         "itsm calendar import holidays.ics --zone Europe/Berlin > holidays.json",
                                         run_import,
                                         import_options,
                                         sizeof import_options / sizeof *import_options,
                                         1,
                                         1,
                                         "FEED.ics"};

/* Export ------------------------------------------------------------------------------------------------------------ */

static option export_options[] = {
    {"--from", "DATE", "first date; the first of this month if not given", 0, 0, {NULL}, 0},
    {"--until", "DATE", "first date no more; a year later if not given", 0, 0, {NULL}, 0},
    {"--what", "WHAT", "hours (default), holidays, or both", 0, 0, {NULL}, 0},
    {"--stamp", "INSTANT", "when it was written; now if not given", 0, 0, {NULL}, 0},
};

static int read_what(uint32_t *out, const command *self)
{
    const char *text = value_of(self, "--what");
    *out = ITSM_EXPORT_OPEN;
    if (!text || !strcmp(text, "hours")) return EXIT_FINE;
    *out = ITSM_EXPORT_HOLIDAYS;
    if (!strcmp(text, "holidays")) return EXIT_FINE;
    *out = ITSM_EXPORT_OPEN | ITSM_EXPORT_HOLIDAYS;
    if (!strcmp(text, "both")) return EXIT_FINE;
    return usage_error(self, "--what: %s is neither hours, holidays nor both", text);
}

static int run_export(const command *self, itsm_ctx *ctx, int argc, char **argv)
{
    itsm_calendar_export_options how = ITSM_CALENDAR_EXPORT_OPTIONS_INIT;
    question q;
    itsm_buf text = ITSM_BUF_INIT;
    int code = question_open(&q, self, ctx, argc, argv);
    const char *stamp = code ? NULL : value_of(self, "--stamp");
    if (!code) code = read_what(&how.what, self);
    if (!code) code = read_period(&how.from, &how.until, self, q.home);
    if (!code) code = read_instant(&how.stamp, self, "--stamp", stamp ? stamp : "now", NULL, q.home);
    if (code) return question_close(&q, code);
    itsm_status rc = itsm_calendar_export(&text, ctx, q.calendar, &how);
    code = rc ? input_error(ctx, rc, q.path) : put(text.p, text.n);
    itsm_buf_clear(&text);
    return question_close(&q, code);
}

const command calendar_export_command = {"calendar export",
                                         "itsm calendar export CAL.json [--from DATE] [--until DATE] [--what WHAT]",
                                         "write open hours or holidays as iCalendar",
                                         "itsm calendar export hours.json --what holidays > holidays.ics",
                                         run_export,
                                         export_options,
                                         sizeof export_options / sizeof *export_options,
                                         1,
                                         1,
                                         "CAL.json"};
