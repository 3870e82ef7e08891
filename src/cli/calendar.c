/* SPDX-License-Identifier: MIT */
/*
 * itsm calendar: working time on the command line.  One subcommand a question; each prints one answer on one line, so
 * that a script can take it.
 */
#include "cli/calendar.h"

/* What the subcommands share ---------------------------------------------------------------------------------------- */

int question_open(question *q, const command *self, itsm_ctx *ctx, int argc, char **argv)
{
    memset(q, 0, sizeof *q);
    q->self = self, q->ctx = ctx;
    int operands = parse(self, argc, argv), code = EXIT_FINE;
    if (operands < 0) return operands == -2 ? STOP_FINE : EXIT_USAGE;
    q->path = argv[0];
    const char *zone = option_of(self, "--zone") ? value_of(self, "--zone") : NULL;
    if (zone) code = load_zone(&q->zone, ctx, zone);
    if (!code) code = load_calendar(&q->calendar, ctx, argv[0]);
    if (!code) q->home = itsm_calendar_zone(q->calendar);
    return code;
}

int question_close(question *q, int code)
{
    itsm_calendar_free(q->calendar);
    itsm_zone_free(q->zone);
    return code == STOP_FINE ? EXIT_FINE : code;
}

itsm_status midnight(itsm_time *out, const itsm_zone *zone, int64_t date)
{
    itsm_resolved found;
    itsm_status rc = itsm_zone_instant(&found, zone, date * ITSM_DAYS(1));
    if (!rc) *out = found.first;
    return rc;
}

/* The first of this month. */
static itsm_status this_month(itsm_civil *out, const itsm_zone *zone)
{
    itsm_local local;
    itsm_status rc = itsm_zone_local(&local, zone, itsm_os_now());
    if (!rc) rc = itsm_civil_from_local(out, local.wall);
    out->day = 1;
    return rc;
}

int read_period(int64_t *from, int64_t *until, const command *self, const itsm_zone *zone)
{
    const char *from_text = value_of(self, "--from"), *until_text = value_of(self, "--until");
    itsm_civil first = {0, 0, 0, 0, 0, 0, 0};
    itsm_status rc = ITSM_OK;
    int code = from_text ? read_date(from, self, "--from", from_text) : EXIT_FINE;
    if (!code && until_text) code = read_date(until, self, "--until", until_text);
    if (code) return code;
    if (from_text) rc = itsm_civil_from_date(&first, *from);
    else if (!(rc = this_month(&first, zone))) rc = itsm_date_from_civil(from, first.year, first.month, 1);
    if (first.month == 2 && first.day == 29) first.day = 28;
    if (!rc && !until_text) rc = itsm_date_from_civil(until, first.year + 1, first.month, first.day);
    if (rc) return usage_error(self, "--from: out of range");
    if (*from < DATE_LEAST || *until > DATE_MOST)
        return usage_error(self, "dates lie between -9998-01-01 and 9999-12-01");
    if (*until <= *from) return usage_error(self, "--until: %s is not after the first date", until_text);
    return EXIT_FINE;
}

static int instant(itsm_time *out, const question *q, const char *name, const char *text)
{
    return read_instant(out, q->self, name, text, q->zone, q->home);
}

static int put_line(const question *q, itsm_buf *line, itsm_status rc)
{
    if (!rc) rc = itsm_buf_add(line, "\n", 1);
    int code = rc ? input_error(q->ctx, rc, q->path) : put(line->p, line->n);
    itsm_buf_clear(line);
    return code;
}

static int put_instant(const question *q, itsm_time at)
{
    itsm_buf line = ITSM_BUF_INIT;
    return put_line(q, &line, itsm_time_encode(&line, at, value_of(q->self, "--utc") ? NULL : q->home, 0));
}

/* Why a question has no answer: `none` if the open time does not reach, `beyond` if the instants do not. */
static int no_answer(const question *q, itsm_status rc, const char *at, const char *none, const char *beyond)
{
    if (rc == ITSM_E_NO_OPEN_TIME) note("itsm: %s: %s %s [no open time]", q->path, none, at);
    else if (rc == ITSM_E_RANGE) note("itsm: %s: %s %s [out of range]", q->path, beyond, at);
    else return input_error(q->ctx, rc, q->path);
    return EXIT_INPUT;
}

/* clang-format off */
#define ZONE_OPTION {"--zone", "ZONE", "of times without an offset, e.g. Europe/Berlin", 0, 0, {NULL}, 0}
#define UTC_OPTION {"--utc", NULL, "print the answer in UTC", 0, 0, {NULL}, 0}
/* clang-format on */
#define N(array) (sizeof(array) / sizeof *(array))

/* add, between, is-open --------------------------------------------------------------------------------------------- */

static option add_options[] = {
    {"--boundary", "EDGE", "a sum that ends at closing: close (default) or open", 0, 0, {NULL}, 0},
    ZONE_OPTION,
    UTC_OPTION,
};

static int read_boundary(int32_t *out, const command *self)
{
    const char *text = value_of(self, "--boundary");
    *out = text && !strcmp(text, "open") ? ITSM_BOUNDARY_OPEN : ITSM_BOUNDARY_CLOSE;
    if (!text || !strcmp(text, "open") || !strcmp(text, "close")) return EXIT_FINE;
    return usage_error(self, "--boundary: %s is neither close nor open", text);
}

static int run_add(const command *self, itsm_ctx *ctx, int argc, char **argv)
{
    question q;
    int32_t boundary;
    itsm_time at;
    itsm_span span;
    int code = question_open(&q, self, ctx, argc, argv);
    if (!code) code = read_boundary(&boundary, self);
    if (!code) code = instant(&at, &q, "START", argv[1]);
    if (!code) code = read_span(&span, self, "SPAN", argv[2]);
    if (code) return question_close(&q, code);
    const char *none = span < 0 ? "there is not that much open time before" : "there is not that much open time after";
    itsm_status rc = itsm_calendar_add(&at, q.calendar, at, span, boundary);
    if (rc) code = no_answer(&q, rc, argv[1], none, "the answer cannot be represented, starting at");
    else code = put_instant(&q, at);
    return question_close(&q, code);
}

static const command add_command = {"calendar add",
                                    "itsm calendar add CAL.json START SPAN [--boundary close|open] [--utc]",
                                    "go forward or, by a negative span, back in working time",
                                    "itsm calendar add hours.json 2026-03-27T14:00+01:00 4h",
                                    run_add,
                                    add_options,
                                    N(add_options),
                                    3,
                                    3,
                                    "CAL.json START SPAN"};

static option between_options[] = {
    {"--seconds", NULL, "print a number of seconds", 0, 0, {NULL}, 0},
    ZONE_OPTION,
};

static int run_between(const command *self, itsm_ctx *ctx, int argc, char **argv)
{
    question q;
    itsm_time a, b;
    itsm_span span;
    char text[SPAN_TEXT_MAX];
    itsm_buf line = ITSM_BUF_INIT;
    int code = question_open(&q, self, ctx, argc, argv);
    if (!code) code = instant(&a, &q, "A", argv[1]);
    if (!code) code = instant(&b, &q, "B", argv[2]);
    if (code) return question_close(&q, code);
    itsm_status rc = itsm_calendar_between(&span, q.calendar, a, b);
    if (rc) return question_close(&q, no_answer(&q, rc, argv[1], "", "the answer cannot be represented, from"));
    rc = value_of(self, "--seconds") ? print_seconds(&line, span) : print(&line, "%s", span_text(text, span));
    return question_close(&q, put_line(&q, &line, rc));
}

static const command between_command = {
    "calendar between",
    "itsm calendar between CAL.json A B [--seconds]",
    "measure the working time between two instants",
    "itsm calendar between hours.json 2026-03-27T14:00+01:00 2026-03-30T11:00+02:00",
    run_between,
    between_options,
    N(between_options),
    3,
    3,
    "CAL.json A B"};

static option is_open_options[] = {ZONE_OPTION};

static int run_is_open(const command *self, itsm_ctx *ctx, int argc, char **argv)
{
    question q;
    itsm_time at;
    int code = question_open(&q, self, ctx, argc, argv);
    if (!code) code = instant(&at, &q, "INSTANT", argv[1]);
    if (code) return question_close(&q, code);
    int open = itsm_calendar_is_open(q.calendar, at);
    code = open ? put("open\n", 5) : put("closed\n", 7);
    return question_close(&q, code ? code : open ? EXIT_FINE : EXIT_FINDINGS);
}

static const command is_open_command = {"calendar is-open",
                                        "itsm calendar is-open CAL.json INSTANT",
                                        "print open or closed; exit 0 if open, 1 if closed",
                                        "itsm calendar is-open hours.json now && echo \"somebody is there\"",
                                        run_is_open,
                                        is_open_options,
                                        N(is_open_options),
                                        2,
                                        2,
                                        "CAL.json INSTANT"};

/* The four edges ---------------------------------------------------------------------------------------------------- */

static int run_edge(const command *self, itsm_ctx *ctx, int argc, char **argv);

static option edge_options[] = {ZONE_OPTION, UTC_OPTION};

#define EDGE(name, says)                                                                                               \
    {                                                                                                                  \
        "calendar " name, "itsm calendar " name " CAL.json INSTANT [--utc]", says,                                     \
            "itsm calendar " name " hours.json 2026-03-28T12:00+01:00", run_edge, edge_options, N(edge_options), 2, 2, \
            "CAL.json INSTANT"                                                                                         \
    }

static const command next_open_command = EDGE("next-open", "the instant itself if open, else the next opening"),
                     next_close_command = EDGE("next-close", "end of the current or next run of open time"),
                     prev_open_command = EDGE("prev-open", "start of the current or last run of open time"),
                     prev_close_command =
                         EDGE("prev-close", "the instant itself if open before it, else the last closing");

static const struct edge {
    const command *self;
    itsm_status (*find)(itsm_time *out, const itsm_calendar *calendar, itsm_time at);
    const char *none, *beyond;
} edges[] = {
    {&next_open_command, itsm_calendar_next_open, "there is no open time after",
     "the answer cannot be represented, after"},
    {&next_close_command, itsm_calendar_next_close, "there is no open time after", "it never closes after"},
    {&prev_open_command, itsm_calendar_prev_open, "there was no open time before", "it has always been open before"},
    {&prev_close_command, itsm_calendar_prev_close, "there was no open time before",
     "the answer cannot be represented, before"},
};

static int run_edge(const command *self, itsm_ctx *ctx, int argc, char **argv)
{
    question q;
    itsm_time at;
    const struct edge *edge = edges;
    while (edge->self != self) edge++;
    int code = question_open(&q, self, ctx, argc, argv);
    if (!code) code = instant(&at, &q, "INSTANT", argv[1]);
    if (code) return question_close(&q, code);
    itsm_status rc = edge->find(&at, q.calendar, at);
    return question_close(&q, rc ? no_answer(&q, rc, argv[1], edge->none, edge->beyond) : put_instant(&q, at));
}

/* itsm calendar ----------------------------------------------------------------------------------------------------- */

static const command *const subcommands[] = {
    &calendar_show_command, &add_command,       &between_command,    &is_open_command,         &next_open_command,
    &next_close_command,    &prev_open_command, &prev_close_command, &calendar_import_command, &calendar_export_command,
};

/* A subcommand goes by the last word of its name. */
static const char *word_of(const command *sub)
{
    return strchr(sub->name, ' ') + 1;
}

static int help(int fd)
{
    itsm_buf out = ITSM_BUF_INIT;
    itsm_status rc = print(&out, "%s\n\nusage: %s\n\n", calendar_command.summary, calendar_command.usage);
    for (size_t i = 0; i < N(subcommands) && !rc; i++)
        rc = print(&out, "  %-11s%s\n", word_of(subcommands[i]), subcommands[i]->summary);
    if (!rc)
        rc = print(&out, "\nCAL.json is described in docs/calendar.md; - is standard input.  An instant is\n"
                         "2026-03-27T14:00+01:00, or 2026-03-27T14:00 with --zone ZONE, or now.  A length\n"
                         "of time is 4h, 90m, 1h30m or PT4H.\n\n"
                         "itsm calendar SUBCOMMAND --help says how to use one, with an example.\n");
    itsm_bytes bytes = {out.p, out.n};
    if (!rc) rc = itsm_os_output_write(fd, bytes);
    itsm_buf_clear(&out);
    return rc < 0 ? EXIT_INPUT : EXIT_FINE;
}

static int run(const command *self, itsm_ctx *ctx, int argc, char **argv)
{
    return run_subcommand(self, subcommands, N(subcommands), help, ctx, argc, argv);
}

const command calendar_command = {"calendar",
                                  "itsm calendar SUBCOMMAND CAL.json ...",
                                  "working time: show, add, measure, import, export",
                                  "itsm calendar show hours.json",
                                  run,
                                  NULL,
                                  0,
                                  0,
                                  -1,
                                  "SUBCOMMAND"};
