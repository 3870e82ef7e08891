/* SPDX-License-Identifier: MIT */
/*
 * itsm whatif: one log under two calendars or two sets of targets, and what that changes.
 *
 * The log is replayed once; its records are then measured twice, from the events their clocks kept.  Each figure is the
 * one that itsm replay gives for that calendar and those targets.
 */
#include "cli/desk.h"
#include "cli/table.h"

#include <stdlib.h>

#define LISTED 10
#define PRIORITIES ITSM_REPORT_PRIORITIES

static option options[] = {
    {"--map", "MAP.json", "what the columns of the log mean", 1, 0, {NULL}, 0},
    {"--zone", "ZONE", "zone of stamps that name none: Europe/Berlin", 1, 0, {NULL}, 0},
    {"--calendar", "CAL.json", "working hours; a second: the other case", 1, 1, {NULL}, 0},
    {"--targets", "T.json", "targets; a second: the other case", 1, 1, {NULL}, 0},
    {"--kind", "KIND", "resolution (if not given) or response", 0, 0, {NULL}, 0},
    {"--all", NULL, "name every record that changes, not the first 10", 0, 0, {NULL}, 0},
    {"--json", NULL, "write it as JSON, spans in seconds", 0, 0, {NULL}, 0},
};

/* Measures ---------------------------------------------------------------------------------------------------------- */

/* How one record came out on one side. */
typedef struct measure {
    itsm_span goal, used; /* ITSM_SPAN_NONE: no target, or not measurable */
    int breached, priority;
} measure;

typedef struct record {
    size_t number, length; /* place of its number in the text of all */
    measure side[2];
} record;

typedef struct share {
    uint64_t met, total;
} share;

/* What becomes of a record. */
enum { SAME, TO_BREACHED, TO_MET, CHANGES };
static const char *const change_names[CHANGES] = {"same", "met to breached", "breached to met"};

typedef struct comparison {
    const command *self;
    itsm_ctx *ctx;
    int response, now; /* now: the side being measured */
    size_t at;
    itsm_sla *sla[2];
    const char *calendar_path[2], *targets_path[2];
    itsm_buf numbers, records; /* texts one after the other; a record each */
    share shares[2][PRIORITIES], all[2];
    uint64_t changes[CHANGES];
    output out;
    table rows;
} comparison;

static record *record_at(const comparison *c, size_t i)
{
    return (record *)(void *)c->records.p + i;
}

static size_t record_count(const comparison *c)
{
    return c->records.n / sizeof(record);
}

static itsm_str number_of(const comparison *c, const record *r)
{
    return itsm_str_n(c->numbers.p + r->number, r->length);
}

static itsm_status measure_record(void *user, const itsm_report_case *item)
{
    comparison *c = user;
    const itsm_report_clock *clock = c->response ? item->response : item->resolution;
    record fresh;
    itsm_status rc = ITSM_OK;
    if (c->now == 0) {
        memset(&fresh, 0, sizeof fresh);
        fresh.number = c->numbers.n, fresh.length = item->number.n;
        rc = itsm_buf_add(&c->numbers, item->number.p, item->number.n);
        if (!rc) rc = itsm_buf_add(&c->records, &fresh, sizeof fresh);
    }
    if (rc) return rc;
    measure *m = &record_at(c, c->at++)->side[c->now];
    m->goal = clock ? clock->goal : ITSM_SPAN_NONE, m->used = clock ? clock->used : ITSM_SPAN_NONE;
    m->breached = clock && clock->breached, m->priority = item->priority;
    return ITSM_OK;
}

static int is_measured(const measure *m)
{
    return m->goal != ITSM_SPAN_NONE && m->used != ITSM_SPAN_NONE;
}

static int change_of(const record *r)
{
    if (!is_measured(&r->side[0]) || !is_measured(&r->side[1]) || r->side[0].breached == r->side[1].breached)
        return SAME;
    return r->side[1].breached ? TO_BREACHED : TO_MET;
}

static void count(comparison *c)
{
    for (size_t i = 0; i < record_count(c); i++) {
        const record *r = record_at(c, i);
        c->changes[change_of(r)]++;
        for (int s = 0; s < 2; s++) {
            const measure *m = &r->side[s];
            if (!is_measured(m)) continue;
            share *one = &c->shares[s][m->priority >= 0 && m->priority < PRIORITIES ? m->priority : 0];
            one->total++, one->met += !m->breached, c->all[s].total++, c->all[s].met += !m->breached;
        }
    }
}

/* As text ----------------------------------------------------------------------------------------------------------- */

static int64_t permille(const share *s)
{
    return s->total ? (int64_t)((s->met * 10000 / s->total + 5) / 10) : 0;
}

static itsm_status cell_share(table *t, const share *s)
{
    itsm_status rc = s->total
                         ? table_cell(t, "%lld.%lld %%", (long long)(permille(s) / 10), (long long)(permille(s) % 10))
                         : table_cell(t, "-");
    return rc ? rc : table_cell(t, "%llu of %llu", (unsigned long long)s->met, (unsigned long long)s->total);
}

static itsm_status share_row(table *t, const char *label, const share *before, const share *after)
{
    int64_t by = permille(after) - permille(before);
    itsm_status rc = table_cell(t, "%s", label);
    if (!rc) rc = cell_share(t, before);
    if (!rc) rc = cell_share(t, after);
    if (rc || !before->total || !after->total) return rc ? rc : table_cell(t, "-");
    return table_cell(t, "%s%lld.%lld",
                      by < 0 ? "-"
                      : by   ? "+"
                             : "",
                      (long long)(by < 0 ? -by : by) / 10, (long long)(by < 0 ? -by : by) % 10);
}

static itsm_status show_shares(comparison *c)
{
    static const table_column columns[] = {{"priority", 1}, {"before", 1}, {"", 1},
                                           {"after", 1},    {"", 1},       {"change", 1}};
    table *t = &c->rows;
    itsm_status rc = ITSM_OK;
    table_begin(t, &c->out, columns, 6);
    for (int i = 0; i < PRIORITIES && !rc; i++) {
        char label[2] = {(char)('0' + i), 0};
        if (!c->shares[0][i].total && !c->shares[1][i].total) continue;
        rc = share_row(t, i ? label : "none", &c->shares[0][i], &c->shares[1][i]);
    }
    if (!rc) rc = share_row(t, "all", &c->all[0], &c->all[1]);
    return table_end(t, rc);
}

static const itsm_calendar *calendar_of(const itsm_sla *sla)
{
    return itsm_sla_count(sla) ? itsm_sla_at(sla, 0)->target.calendar : NULL;
}

static itsm_str calendar_name(const comparison *c, int side)
{
    const itsm_calendar *calendar = calendar_of(c->sla[side]);
    itsm_str name = calendar ? itsm_calendar_name(calendar) : itsm_str_c("");
    return name.n ? name : itsm_str_c(c->calendar_path[side]);
}

static itsm_status show_head(comparison *c)
{
    static const table_column columns[] = {{NULL, 0}, {NULL, 0}, {NULL, 0}};
    itsm_status rc = print(&c->out.text, "%s within target, %llu records\n\n", c->response ? "responded" : "resolved",
                           (unsigned long long)record_count(c));
    table_begin(&c->rows, &c->out, columns, 3);
    for (int s = 0; s < 2 && !rc; s++) {
        rc = table_cell(&c->rows, s ? "after" : "before");
        if (!rc) rc = table_cell(&c->rows, "%.*s", ITSM_ARG(calendar_name(c, s)));
        if (!rc) rc = table_cell(&c->rows, "%s", c->targets_path[s]);
    }
    rc = table_end(&c->rows, rc);
    return rc ? rc : print(&c->out.text, "\n");
}

static itsm_status change_row(comparison *c, const record *r)
{
    char text[SPAN_TEXT_MAX];
    itsm_status rc = table_cell(&c->rows, "%.*s", ITSM_ARG(number_of(c, r)));
    if (!rc) rc = table_cell(&c->rows, "%d", r->side[1].priority);
    for (int s = 0; s < 2 && !rc; s++) {
        rc = table_cell(&c->rows, "%s", clock_text(text, r->side[s].used));
        if (!rc) rc = table_cell(&c->rows, "of %s", clock_text(text, r->side[s].goal));
    }
    return rc;
}

static itsm_status show_changes(comparison *c, int change)
{
    static const table_column columns[] = {{"number", 0}, {"priority", 1}, {"before", 1},
                                           {"", 0},       {"after", 1},    {"", 0}};
    uint64_t most = value_of(c->self, "--all") ? UINT64_MAX : LISTED, told = 0;
    itsm_status rc =
        print(&c->out.text, "\nfrom %s: %llu\n", change_names[change], (unsigned long long)c->changes[change]);
    if (rc || !c->changes[change]) return rc;
    table_begin(&c->rows, &c->out, columns, 6);
    for (size_t i = 0; i < record_count(c) && told < most && !rc; i++)
        if (change_of(record_at(c, i)) == change) rc = change_row(c, record_at(c, i)), told++;
    rc = table_end(&c->rows, rc);
    if (!rc && told < c->changes[change])
        rc = print(&c->out.text, "and %llu more (--all)\n", (unsigned long long)(c->changes[change] - told));
    return rc;
}

/* As JSON ----------------------------------------------------------------------------------------------------------- */

static itsm_status json_share(itsm_buf *out, const char *label, const share *s)
{
    return print(out, "\"%s\":{\"met\":%llu,\"of\":%llu}", label, (unsigned long long)s->met,
                 (unsigned long long)s->total);
}

static itsm_status json_side(comparison *c, int side)
{
    itsm_buf *out = &c->out.text;
    itsm_status rc = print(out, "\"%s\":{\"calendar\":", side ? "after" : "before");
    if (!rc) rc = print_json(out, calendar_name(c, side));
    if (!rc) rc = print(out, ",\"targets\":");
    if (!rc) rc = print_json(out, itsm_str_c(c->targets_path[side]));
    if (!rc) rc = print(out, ",\"attainment\":{");
    for (int i = 0; i < PRIORITIES && !rc; i++) {
        char label[2] = {(char)('0' + i), 0};
        if (!c->shares[side][i].total) continue;
        rc = json_share(out, label, &c->shares[side][i]);
        if (!rc) rc = print(out, ",");
    }
    if (!rc) rc = json_share(out, "all", &c->all[side]);
    return rc ? rc : print(out, "}},");
}

static itsm_status json_change(comparison *c, const record *r, const char *before)
{
    static const char *const names[2][2] = {{"used_before", "goal_before"}, {"used_after", "goal_after"}};
    itsm_buf *out = &c->out.text;
    itsm_status rc = print(out, "%s\n{\"number\":", before);
    if (!rc) rc = print_json(out, number_of(c, r));
    if (!rc) rc = print(out, ",\"priority\":%d,\"change\":\"%s\"", r->side[1].priority, change_names[change_of(r)]);
    for (int s = 0; s < 2 && !rc; s++) {
        rc = print(out, ",\"%s\":", names[s][0]);
        if (!rc) rc = print_seconds(out, r->side[s].used);
        if (!rc) rc = print(out, ",\"%s\":", names[s][1]);
        if (!rc) rc = print_seconds(out, r->side[s].goal);
    }
    if (!rc) rc = print(out, "}");
    return rc || out->n < 65536 ? rc : drain(&c->out);
}

static itsm_status as_json(comparison *c)
{
    itsm_buf *out = &c->out.text;
    uint64_t told = 0;
    itsm_status rc = print(out, "{\"records\":%llu,", (unsigned long long)record_count(c));
    if (!rc) rc = json_side(c, 0);
    if (!rc) rc = json_side(c, 1);
    if (!rc)
        rc = print(out, "\"met_to_breached\":%llu,\"breached_to_met\":%llu,\"changes\":[",
                   (unsigned long long)c->changes[TO_BREACHED], (unsigned long long)c->changes[TO_MET]);
    for (size_t i = 0; i < record_count(c) && !rc; i++)
        if (change_of(record_at(c, i)) != SAME) rc = json_change(c, record_at(c, i), told++ ? "," : "");
    return rc ? rc : print(out, "]}\n");
}

static itsm_status as_text(comparison *c)
{
    itsm_status rc = show_head(c);
    if (!rc) rc = show_shares(c);
    if (!rc) rc = show_changes(c, TO_BREACHED);
    return rc ? rc : show_changes(c, TO_MET);
}

/* The command ------------------------------------------------------------------------------------------------------- */

static int load_side(comparison *c, int side)
{
    itsm_calendar *calendar = NULL;
    itsm_buf targets = ITSM_BUF_INIT;
    itsm_time at;
    int code = load_calendar(&calendar, c->ctx, c->calendar_path[side]);
    if (!code && itsm_calendar_next_open(&at, calendar, 0) == ITSM_E_NO_OPEN_TIME &&
        itsm_calendar_prev_open(&at, calendar, 0) == ITSM_E_NO_OPEN_TIME)
        note("itsm: %s: this calendar never opens [weekly]", c->calendar_path[side]), code = EXIT_INPUT;
    if (!code) code = read_file(&targets, c->ctx, c->targets_path[side]);
    itsm_status rc = code ? ITSM_OK : itsm_sla_load(&c->sla[side], c->ctx, itsm_buf_str(&targets), calendar);
    if (rc) code = input_error(c->ctx, rc, c->targets_path[side]);
    itsm_calendar_free(calendar);
    itsm_buf_clear(&targets);
    return code;
}

/* Before and after: the first and the second of what is given, or the only one for both. */
static int read_sides(comparison *c, const char *log)
{
    const option *calendars = option_of(c->self, "--calendar"), *targets = option_of(c->self, "--targets");
    int inputs = !strcmp(log, "-");
    if (calendars->count > 2 || targets->count > 2) return usage_error(c->self, "two cases are compared, not more");
    if (calendars->count < 2 && targets->count < 2)
        return usage_error(c->self, "there is nothing to compare with: give a second --calendar or --targets");
    for (int s = 0; s < 2; s++) {
        c->calendar_path[s] = calendars->values[s < calendars->count ? s : 0];
        c->targets_path[s] = targets->values[s < targets->count ? s : 0];
    }
    for (int i = 0; i < calendars->count; i++) inputs += !strcmp(calendars->values[i], "-");
    for (int i = 0; i < targets->count; i++) inputs += !strcmp(targets->values[i], "-");
    inputs += !strcmp(value_of(c->self, "--map"), "-");
    if (inputs > 1) return usage_error(c->self, "only one input can be standard input");
    const char *kind = value_of(c->self, "--kind");
    c->response = kind && !strcmp(kind, "response");
    if (kind && !c->response && strcmp(kind, "resolution") != 0)
        return usage_error(c->self, "--kind: %s is neither resolution nor response", kind);
    return EXIT_FINE;
}

static int compare(comparison *c, desk *d)
{
    itsm_status rc = ITSM_OK;
    for (c->now = 0; c->now < 2 && !rc; c->now++) {
        c->at = 0;
        rc = itsm_report_each(d->sms, itsm_mapping_type(d->mapping), c->sla[c->now], measure_record, c);
    }
    count(c);
    if (!rc) rc = value_of(c->self, "--json") ? as_json(c) : as_text(c);
    return finish_output(&c->out, c->ctx, rc, d->path);
}

static int run(const command *self, itsm_ctx *ctx, int argc, char **argv)
{
    comparison c;
    desk d;
    int operands = parse(self, argc, argv);
    if (operands < 0) return operands == -2 ? EXIT_FINE : EXIT_USAGE;
    memset(&c, 0, sizeof c);
    memset(&d, 0, sizeof d);
    c.self = self, c.ctx = ctx;
    int code = read_sides(&c, argv[0]);
    if (!code) code = load_side(&c, 0);
    if (!code) code = load_side(&c, 1);
    if (!code) code = desk_open_log(&d, self, ctx, argv[0], c.sla[0]);
    if (!code) code = compare(&c, &d);
    desk_close(&d);
    itsm_sla_free(c.sla[0]);
    itsm_sla_free(c.sla[1]);
    itsm_buf_clear(&c.numbers);
    itsm_buf_clear(&c.records);
    return code;
}

const command whatif_command = {"whatif",
                                "itsm whatif LOG --map M --zone ZONE --targets T --calendar A --calendar B",
                                "one log under two calendars or sets of targets: what changes",
                                "itsm whatif log.csv --map servicenow-map.json --zone Europe/Berlin \\\n"
                                "      --targets targets.json \\\n"
                                "      --calendar office-hours.json --calendar saturdays-too.json",
                                run,
                                options,
                                sizeof options / sizeof *options,
                                1,
                                1,
                                "LOG"};
