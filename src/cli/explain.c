/* SPDX-License-Identifier: MIT */
/*
 * itsm explain: a due date, or the working time between two instants, line by line, summing to the answer.
 *
 * What is explained is a clock (of the command line, or of a record of a log or a store) or a stretch of a calendar.
 * The explanation is asked for twice: once for the sums, which say which columns there are, once for the lines.
 */
#include "cli/clock.h"
#include "cli/desk.h"

#define DAY ITSM_DAYS(1)

static option options[] = {
    CLOCK_OPTIONS,
    {"--log", "LOG.csv", "explain a record of this log; needs --map, --zone", 0, 0, {NULL}, 0},
    {"--map", "MAP.json", "what the columns of the log mean", 0, 0, {NULL}, 0},
    {"--store", "DIR", "explain a record of this store", 0, 0, {NULL}, 0},
    {"--all", NULL, "closed hours, too", 0, 0, {NULL}, 0},
    {"--json", NULL, "write all rows as JSON, spans in seconds", 0, 0, {NULL}, 0},
};

/* What is explained, and where it goes. */
typedef struct explaining {
    const command *self;
    itsm_ctx *ctx;
    const char *path;
    const itsm_zone *home;
    output out;
    table rows;
    int json, all, is_clock;
    itsm_str number; /* of a record; empty: none */
    /* a clock */
    const itsm_target *targets;
    size_t ntargets, nevents;
    const itsm_clock_event *events;
    itsm_time until;
    /* a stretch */
    const itsm_calendar *calendar;
    itsm_time a, b;
    /* sums */
    itsm_span counted, paused, stopped, left;
    uint64_t told;
} explaining;

/* Rows -------------------------------------------------------------------------------------------------------------- */

static const char *const weekdays[7] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};

static itsm_status print_wall(itsm_buf *out, int64_t wall, int is_end)
{
    int64_t in_day = (wall % DAY + DAY) % DAY, second = in_day / ITSM_SECONDS(1);
    if (is_end && !in_day) return print(out, "24:00");
    itsm_status rc = print(out, "%02d:%02d", (int)(second / 3600), (int)(second / 60 % 60));
    if (!rc && in_day % ITSM_MINUTES(1)) rc = print(out, ":%02d", (int)(second % 60));
    return rc || in_day % ITSM_SECONDS(1) == 0 ? rc : print(out, ".%06d", (int)(in_day % ITSM_SECONDS(1)));
}

static itsm_status print_walls(itsm_buf *out, const itsm_calendar_row *row)
{
    itsm_status rc = print_wall(out, row->local_from, 0);
    if (!rc) rc = print(out, "-");
    return rc ? rc : print_wall(out, row->local_to, 1);
}

static int is_whole_day(const itsm_calendar_row *row)
{
    return row->local_from % DAY == 0 && row->local_to - row->local_from == DAY;
}

/* Hours that are closed as on every such day are left out of the table. */
static int is_usual(const itsm_calendar_row *row)
{
    return row->why == ITSM_WHY_OUTSIDE || (row->why == ITSM_WHY_REPLACED && !is_whole_day(row));
}

static itsm_status print_why(itsm_buf *out, const itsm_calendar_row *row, int open)
{
    char text[SPAN_TEXT_MAX];
    itsm_span shift = (row->local_to - row->local_from) - (row->to - row->from);
    itsm_status rc = print(out, "%s", itsm_why_text(row->why));
    if (!rc && row->name.n) rc = print(out, ": %.*s", ITSM_ARG(row->name));
    if (!rc && row->calendar.n) rc = print(out, " (%.*s)", ITSM_ARG(row->calendar));
    if (!rc && !open && row->to > row->from && !is_whole_day(row)) {
        rc = print(out, " ");
        if (!rc) rc = print_walls(out, row);
    }
    if (!rc && shift && open)
        rc = print(out, ", clocks go %s %s", shift > 0 ? "forward" : "back",
                   span_text(text, shift < 0 ? -shift : shift));
    return rc;
}

static itsm_status cell_buf(explaining *e, itsm_buf *text, itsm_status rc)
{
    if (!rc) rc = table_cell(&e->rows, "%.*s", ITSM_ARG(itsm_buf_str(text)));
    itsm_buf_clear(text);
    return rc;
}

static itsm_status cell_span(explaining *e, itsm_span span, int blank)
{
    char text[SPAN_TEXT_MAX];
    return table_cell(&e->rows, "%s", blank && !span ? "-" : clock_text(text, span));
}

static itsm_status text_row(explaining *e, const itsm_clock_explanation *row)
{
    char date[ITSM_DATE_MAX];
    itsm_buf hours = ITSM_BUF_INIT, why = ITSM_BUF_INIT;
    int open = row->time.to > row->time.from && (row->counted || row->paused || row->stopped);
    if (!e->all && !open && is_usual(&row->time)) return ITSM_OK;
    itsm_date_text(date, row->time.date);
    itsm_status rc = table_cell(&e->rows, "%s %s", weekdays[row->time.weekday], date);
    if (!rc) rc = cell_buf(e, &hours, open ? print_walls(&hours, &row->time) : print(&hours, "-"));
    if (!rc) rc = cell_span(e, row->counted, 1);
    if (!rc && e->is_clock) rc = cell_span(e, row->paused, 1);
    if (!rc && e->is_clock && e->stopped) rc = cell_span(e, row->stopped, 1);
    if (!rc && e->is_clock) rc = cell_span(e, row->left, 0);
    return rc ? rc : cell_buf(e, &why, print_why(&why, &row->time, open));
}

static itsm_status json_span(explaining *e, const char *name, itsm_span span)
{
    itsm_status rc = print(&e->out.text, ",\"%s\":", name);
    return rc ? rc : print_seconds(&e->out.text, span);
}

static itsm_status json_row(explaining *e, const itsm_clock_explanation *row)
{
    char date[ITSM_DATE_MAX];
    itsm_buf *out = &e->out.text;
    itsm_status rc = print(out, "%s\n{\"date\":\"%s\",", e->told++ ? "," : "", itsm_date_text(date, row->time.date));
    if (!rc) rc = json_instant(out, "from", row->time.from, e->home);
    if (!rc) rc = print(out, ",");
    if (!rc) rc = json_instant(out, "to", row->time.to, e->home);
    if (!rc) rc = json_span(e, "counted", row->counted);
    if (!rc && e->is_clock) rc = json_span(e, "paused", row->paused);
    if (!rc && e->is_clock) rc = json_span(e, "stopped", row->stopped);
    if (!rc && e->is_clock) rc = json_span(e, "left", row->left);
    if (!rc) rc = print(out, ",\"why\":\"%s\",\"name\":", itsm_why_text(row->time.why));
    if (!rc) rc = print_json(out, row->time.name);
    if (!rc && row->time.calendar.n) rc = print(out, ",\"calendar\":");
    if (!rc && row->time.calendar.n) rc = print_json(out, row->time.calendar);
    if (!rc) rc = print(out, "}");
    return rc || out->n < 65536 ? rc : drain(&e->out);
}

static itsm_status sum_row(void *user, const itsm_clock_explanation *row)
{
    explaining *e = user;
    e->counted += row->counted, e->paused += row->paused, e->stopped += row->stopped, e->left = row->left;
    return ITSM_OK;
}

static itsm_status take_row(void *user, const itsm_clock_explanation *row)
{
    explaining *e = user;
    return e->json ? json_row(e, row) : text_row(e, row);
}

/* A row of a calendar as one of a clock that nothing ever pauses. */
static itsm_status take_calendar_row(void *user, const itsm_calendar_row *row)
{
    explaining *e = user;
    itsm_clock_explanation as;
    memset(&as, 0, sizeof as);
    as.size = sizeof as, as.counted = row->counted;
    memcpy(&as.time, row, row->size < sizeof as.time ? row->size : sizeof as.time);
    e->counted += row->counted;
    return take_row(e, &as);
}

/* The explanation --------------------------------------------------------------------------------------------------- */

static itsm_status print_sums(explaining *e)
{
    itsm_status rc = table_cell(&e->rows, "sum");
    if (!rc) rc = table_cell(&e->rows, "%s", "");
    if (!rc) rc = cell_span(e, e->counted, 0);
    if (!rc && e->is_clock) rc = cell_span(e, e->paused, 0);
    if (!rc && e->is_clock && e->stopped) rc = cell_span(e, e->stopped, 0);
    if (!rc && e->is_clock) rc = cell_span(e, e->left, 0);
    return rc ? rc : table_cell(&e->rows, "%s", "");
}

static itsm_status each_row(explaining *e, itsm_clock_explain_fn fn)
{
    if (e->is_clock) return itsm_clock_explain(e->targets, e->ntargets, e->events, e->nevents, e->until, fn, e);
    return itsm_calendar_explain(e->calendar, e->a, e->b, take_calendar_row, e);
}

static itsm_status as_table(explaining *e, const itsm_clock_reading *reading)
{
    static const table_column two[] = {{NULL, 0}, {NULL, 0}};
    static const table_column columns[] = {{"date", 0},   {"open", 0}, {"counted", 1},
                                           {"paused", 1}, {"left", 1}, {"why", 0}},
                              solved[] = {{"date", 0},   {"open", 0}, {"counted", 1}, {"paused", 1},
                                          {"solved", 1}, {"left", 1}, {"why", 0}},
                              calendar[] = {{"date", 0}, {"open", 0}, {"counted", 1}, {"why", 0}};
    itsm_status rc = ITSM_OK;
    if (reading) {
        table_begin(&e->rows, &e->out, two, 2);
        if (e->number.n) rc = table_cell(&e->rows, "record");
        if (!rc && e->number.n) rc = table_cell(&e->rows, "%.*s", ITSM_ARG(e->number));
        rc = table_end(&e->rows, rc ? rc : show_reading(&e->rows, reading, e->home));
        if (!rc) rc = print(&e->out.text, "\n");
    }
    if (!e->is_clock) table_begin(&e->rows, &e->out, calendar, 4);
    else table_begin(&e->rows, &e->out, e->stopped ? solved : columns, e->stopped ? 7 : 6);
    if (!rc) rc = each_row(e, take_row);
    return table_end(&e->rows, rc ? rc : print_sums(e));
}

static itsm_status as_json(explaining *e, const itsm_clock_reading *reading)
{
    itsm_buf *out = &e->out.text;
    itsm_status rc = print(out, e->number.n ? "{\"number\":" : "{");
    if (!rc && e->number.n) rc = print_json(out, e->number);
    if (!rc && e->number.n) rc = print(out, ",");
    if (!rc && reading) rc = json_reading(out, reading, e->home);
    if (!rc) rc = print(out, "%s\"rows\":[", reading ? "," : "");
    if (!rc) rc = each_row(e, take_row);
    if (!rc) rc = print(out, "],\n\"sum\":{\"counted\":");
    if (!rc) rc = print_seconds(out, e->counted);
    if (!rc && e->is_clock) rc = json_span(e, "paused", e->paused);
    if (!rc && e->is_clock) rc = json_span(e, "stopped", e->stopped);
    if (!rc && e->is_clock) rc = json_span(e, "left", e->left);
    return rc ? rc : print(out, "}}\n");
}

static itsm_status write_out(explaining *e, const itsm_clock_reading *reading)
{
    return e->json ? as_json(e, reading) : as_table(e, reading);
}

/* Up to `now`; without one up to where it ends: the stop, the due instant, or the last of what happened. */
static itsm_status explain_clock(explaining *e, itsm_time now)
{
    itsm_clock clock;
    itsm_clock_reading reading = ITSM_CLOCK_READING_INIT;
    itsm_time last = e->events[e->nevents - 1].at;
    itsm_status rc = itsm_clock_replay(&clock, e->targets, e->ntargets, e->events, e->nevents);
    if (!rc) rc = itsm_clock_read(&reading, &clock, now != ITSM_TIME_NONE ? now : last);
    e->until = now;
    if (!rc && now == ITSM_TIME_NONE) {
        int runs = reading.stopped_at == ITSM_TIME_NONE && reading.due != ITSM_TIME_NONE && reading.due > last;
        e->until = runs ? reading.due : last;
        if (runs) rc = itsm_clock_read(&reading, &clock, e->until);
    }
    if (!rc) rc = each_row(e, sum_row);
    return rc ? rc : write_out(e, &reading);
}

/* What is asked ----------------------------------------------------------------------------------------------------- */

static void begin(explaining *e, const command *self, itsm_ctx *ctx)
{
    memset(e, 0, sizeof *e);
    e->self = self, e->ctx = ctx;
    e->json = value_of(self, "--json") != NULL, e->all = value_of(self, "--all") != NULL;
}

/* Options that have no meaning for what is asked. */
static int refuse(const command *self, const char *const *names, size_t n, const char *why)
{
    for (size_t i = 0; i < n; i++)
        if (value_of(self, names[i])) return usage_error(self, "%s %s", names[i], why);
    return EXIT_FINE;
}

static int run_clock(const command *self, itsm_ctx *ctx)
{
    static const char *const others[] = {"--log", "--map", "--store"};
    clock_case c;
    explaining e;
    begin(&e, self, ctx);
    int code = refuse(self, others, sizeof others / sizeof *others, "needs the number of a record");
    if (code) return code;
    code = clock_open(&c, self, ctx);
    if (!code) code = clock_read(&c);
    if (!code) {
        e.is_clock = 1, e.targets = &c.target, e.ntargets = 1, e.events = c.events, e.nevents = c.n, e.home = c.home;
        code = finish_output(&e.out, ctx, explain_clock(&e, c.now), c.path);
    }
    clock_close(&c);
    return code;
}

static int run_stretch(const command *self, itsm_ctx *ctx, char **argv)
{
    static const char *const others[] = {"--goal",  "--targets", "--kind", "--priority", "--field", "--start",
                                         "--pause", "--stop",    "--now",  "--log",      "--map",   "--store"};
    clock_case c;
    explaining e;
    begin(&e, self, ctx);
    int code = refuse(self, others, sizeof others / sizeof *others, "does not go with A and B");
    if (code) return code;
    code = clock_open(&c, self, ctx);
    e.calendar = c.calendar, e.home = c.home;
    if (!code) code = read_instant(&e.a, self, "A", argv[0], c.zone, c.home);
    if (!code) code = read_instant(&e.b, self, "B", argv[1], c.zone, c.home);
    if (!code) code = finish_output(&e.out, ctx, write_out(&e, NULL), c.path);
    clock_close(&c);
    return code;
}

/* A record ---------------------------------------------------------------------------------------------------------- */

typedef struct asked {
    explaining *e;
    uint32_t kind;
    itsm_time now;
    int has_clock, is_late;
} asked;

static itsm_status take_record(void *user, const itsm_report_case *item)
{
    asked *a = user;
    explaining *e = a->e;
    const itsm_report_clock *clock = a->kind == ITSM_RESPONSE ? item->response : item->resolution;
    if (!clock || !clock->ntargets || !clock->nevents) return ITSM_OK;
    a->has_clock = 1, e->number = item->number;
    if (a->now != ITSM_TIME_NONE && a->now < clock->events[clock->nevents - 1].at) return a->is_late = 1, ITSM_OK;
    e->is_clock = 1, e->targets = clock->targets, e->ntargets = clock->ntargets;
    e->events = clock->events, e->nevents = clock->nevents;
    if (clock->targets[0].calendar) e->home = itsm_calendar_zone(clock->targets[0].calendar);
    return explain_clock(e, a->now);
}

static int explain_record(const clock_case *c, desk *d, const char *number)
{
    explaining e;
    asked a = {&e, c->kind, c->now, 0, 0};
    begin(&e, c->self, c->ctx);
    e.home = c->home;
    itsm_status rc = itsm_report_one(d->sms, itsm_str_c(number), c->sla, take_record, &a);
    if (rc == ITSM_E_NOT_FOUND) note("itsm: %s: there is no record %s", d->path, number);
    else if (!rc && !a.has_clock) note("itsm: %s: %s has no %s clock", d->path, number, clock_kind(c->kind));
    else if (!rc && a.is_late)
        note("itsm: --now: %s is before the last of what happened to %s", value_of(c->self, "--now"), number);
    else return finish_output(&e.out, c->ctx, rc, d->path);
    itsm_buf_clear(&e.out.text);
    return EXIT_INPUT;
}

static int check_record(const command *self)
{
    static const char *const others[] = {"--goal", "--priority", "--field", "--start", "--pause", "--stop"};
    const char *log = value_of(self, "--log"), *store = value_of(self, "--store");
    if (!log == !store)
        return usage_error(self, log ? "--log and --store exclude each other"
                                     : "a record needs --log LOG.csv or --store DIR");
    if (!value_of(self, "--targets")) return usage_error(self, "--targets T.json is missing");
    if (log && !value_of(self, "--map")) return usage_error(self, "--map MAP.json is missing");
    if (log && !value_of(self, "--zone")) return usage_error(self, "--zone ZONE is missing");
    return refuse(self, others, sizeof others / sizeof *others, "does not go with a record");
}

static int run_record(const command *self, itsm_ctx *ctx, const char *number)
{
    clock_case c;
    desk d;
    const char *now = value_of(self, "--now"), *log = value_of(self, "--log");
    int code = check_record(self);
    if (code) return code;
    memset(&d, 0, sizeof d);
    code = clock_open(&c, self, ctx);
    if (!code) code = read_kind(&c.kind, self);
    if (!code && c.kind != ITSM_RESPONSE && c.kind != ITSM_RESOLUTION)
        code = usage_error(self, "--kind: of a record, response or resolution");
    if (!code && now) code = read_instant(&c.now, self, "--now", now, c.zone, c.home);
    if (!code)
        code = log ? desk_open_log(&d, self, ctx, log, c.sla)
                   : desk_open_store(&d, self, ctx, value_of(self, "--store"), c.sla);
    if (!code) code = explain_record(&c, &d, number);
    desk_close(&d);
    clock_close(&c);
    return code;
}

static int run(const command *self, itsm_ctx *ctx, int argc, char **argv)
{
    int operands = parse(self, argc, argv);
    if (operands < 0) return operands == -2 ? EXIT_FINE : EXIT_USAGE;
    if (operands == 2) return run_stretch(self, ctx, argv);
    return operands ? run_record(self, ctx, argv[0]) : run_clock(self, ctx);
}

const command explain_command = {"explain",
                                 "itsm explain --calendar CAL (--goal SPAN --start INSTANT | A B | NUMBER)",
                                 "a due date or a working time, line by line, summing to the answer",
                                 "itsm explain --calendar hours.json --goal 4h --start 2026-03-27T14:00+01:00\n"
                                 "  itsm explain --calendar hours.json 2026-03-27T14:00+01:00 \\\n"
                                 "      2026-03-30T11:00+02:00\n"
                                 "  itsm explain --calendar hours.json --targets targets.json \\\n"
                                 "      --store desk.itsm INC0000045",
                                 run,
                                 options,
                                 sizeof options / sizeof *options,
                                 0,
                                 2,
                                 "operand"};
