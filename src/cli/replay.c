/* SPDX-License-Identifier: MIT */
/*
 * itsm replay: an event log through lifecycle, clocks, store and audit trail, and the service report of it.
 *
 * What can be wrong with the command, the files and the places of the results is looked at first.  For a store that
 * lasts, the log is read twice: once to check every row, so that a bad one is told before anything is written, and
 * once to replay it; what comes through a pipe is kept in memory in between and given back piece by piece.  A store
 * in memory is gone after a failure anyway, so there the log is read once.
 */
#include "cli/cli.h"
#include "cli/source.h"
#include "cli/summary.h"

#define SECOND ITSM_SECONDS(1)

static option options[] = {
    {"--map", "MAP.json", "what the columns of the log mean", 1, 0, {NULL}, 0},
    {"--calendar", "CAL.json", "working hours; repeated: the first reports", 1, 1, {NULL}, 0},
    {"--targets", "T.json", "resolution and response targets by priority", 1, 0, {NULL}, 0},
    {"--zone", "ZONE", "zone of stamps that name none: Europe/Berlin", 1, 0, {NULL}, 0},
    {"--store", "DIR", "where to keep it; :memory: if not given", 0, 0, {NULL}, 0},
    {"--json", "OUT", "write all measures as JSON; - is standard output", 0, 0, {NULL}, 0},
    {"--sla-csv", "OUT", "write gross, net and due per incident", 0, 0, {NULL}, 0},
    {"--html", "OUT", "write the service report as one HTML file", 0, 0, {NULL}, 0},
    {"--record", "NUMBER", "draw the timeline of one incident in the HTML file", 0, 0, {NULL}, 0},
    {"--key-file", "FILE", "secret to hide purged values; else a constant", 0, 0, {NULL}, 0},
};

/* The job ----------------------------------------------------------------------------------------------------------- */

typedef struct job {
    const command *self;
    itsm_ctx *ctx;
    source in;
    itsm_mapping *mapping;
    itsm_zone *zone;
    itsm_sla *slas[VALUES_MAX];
    size_t nslas;
    itsm_buf key;
    itsm_store *store;
    itsm_sms *sms;
    itsm_replay *replay;
    itsm_report *report;
    itsm_span began, told;
    int lasts; /* the store is not in memory */
} job;

/* What is to be written where. */
enum { JSON, CSV, HTML, OUTPUTS };
static const char *const outputs[OUTPUTS] = {"--json", "--sla-csv", "--html"};

static const itsm_calendar *calendar_of(const itsm_sla *sla)
{
    return itsm_sla_count(sla) ? itsm_sla_at(sla, 0)->target.calendar : NULL;
}

/* Its hours are needed, and its name is what its results stand under. */
static int check_calendar(const job *j, const char *path, const itsm_calendar *calendar)
{
    itsm_str name = itsm_calendar_name(calendar);
    itsm_time at;
    if (itsm_calendar_next_open(&at, calendar, 0) == ITSM_E_NO_OPEN_TIME &&
        itsm_calendar_prev_open(&at, calendar, 0) == ITSM_E_NO_OPEN_TIME)
        return note("itsm: %s: this calendar never opens [weekly]", path), EXIT_INPUT;
    if (!name.n) return note("itsm: %s: a calendar needs a name here [name]", path), EXIT_INPUT;
    for (size_t i = 0; i < j->nslas; i++)
        if (itsm_str_eq(itsm_calendar_name(calendar_of(j->slas[i])), name))
            return note("itsm: %s: another calendar is called %.*s too [name]", path, ITSM_ARG(name)), EXIT_INPUT;
    return EXIT_FINE;
}

static int load_sla(job *j, const char *path, itsm_str targets, const char *targets_path)
{
    itsm_calendar *calendar = NULL;
    itsm_status rc;
    int code = load_calendar(&calendar, j->ctx, path);
    if (!code) code = check_calendar(j, path, calendar);
    if (!code && (rc = itsm_sla_load(&j->slas[j->nslas], j->ctx, targets, calendar)))
        code = input_error(j->ctx, rc, targets_path);
    if (!code) j->nslas++;
    itsm_calendar_free(calendar);
    return code;
}

static int load_slas(job *j)
{
    const option *calendars = option_of(j->self, "--calendar");
    const char *path = value_of(j->self, "--targets");
    itsm_buf targets = ITSM_BUF_INIT;
    int code = read_file(&targets, j->ctx, path);
    for (int i = 0; i < calendars->count && !code; i++)
        code = load_sla(j, calendars->values[i], itsm_buf_str(&targets), path);
    itsm_buf_clear(&targets);
    return code;
}

static int load_key(job *j)
{
    const char *path = value_of(j->self, "--key-file");
    if (!path) return itsm_buf_add(&j->key, "libitsm", 7) ? EXIT_INPUT : EXIT_FINE;
    int code = read_file(&j->key, j->ctx, path);
    if (!code && !j->key.n) note("itsm: %s: a key has at least one byte", path), code = EXIT_INPUT;
    return code;
}

/* What stopped the reading or the replay: an issue with a line is one of the log. */
static int log_error(job *j, itsm_status rc)
{
    const char *store = value_of(j->self, "--store");
    const itsm_issue *issue = itsm_ctx_issue(j->ctx, 0);
    if (j->in.compressed) return compressed_error(&j->in, j->self->name);
    if (rc == ITSM_E_LIMIT && j->in.keeps && !issue) {
        note("itsm: -: more than %u MiB through a pipe into a store that lasts: give the log as a file",
             SOURCE_PIPE_MAX >> 20);
        return EXIT_INPUT;
    }
    return input_error(j->ctx, rc, issue && !issue->line && j->sms && j->lasts ? store : j->in.path);
}

/* Read every row once, before anything is written; the record that is to be drawn must be among them. */
static int check_log(job *j)
{
    const char *record = value_of(j->self, "--record");
    itsm_event_log *log = NULL;
    const itsm_log_event *event;
    int found = !record;
    j->in.keeps = !strcmp(j->in.path, "-");
    itsm_status rc = source_open(&j->in);
    if (!rc) rc = itsm_event_log_open(&log, j->ctx, j->mapping, j->zone, source_read, &j->in);
    while (!rc && (rc = itsm_event_log_next(&event, log)) == ITSM_OK)
        found = found || itsm_str_is(event->number, record);
    int code = rc == ITSM_DONE ? EXIT_FINE : log_error(j, rc);
    if (!code && !found) note("itsm: --record %s: the log has no such case", record), code = EXIT_INPUT;
    itsm_event_log_free(log);
    itsm_os_input_close(j->in.input);
    j->in.input = NULL;
    if (j->in.keeps) j->in.length = j->in.given;
    j->in.given = 0;
    return code;
}

static int open_system(job *j)
{
    const char *path = value_of(j->self, "--store");
    itsm_sms_options how = ITSM_SMS_OPTIONS_INIT;
    if (!path) path = ":memory:";
    itsm_status rc = itsm_os_store_open(&j->store, j->ctx, itsm_str_c(path));
    how.sla = j->slas[0], how.key.p = j->key.p, how.key.n = j->key.n;
    if (!rc) rc = itsm_sms_new(&j->sms, j->ctx, itsm_model_builtin(), j->store, &how);
    return rc ? input_error(j->ctx, rc, path) : EXIT_FINE;
}

/* Where it stands, on a terminal, once the job lasts. */
static itsm_status progress(void *user, uint64_t events)
{
    job *j = user;
    itsm_span now = itsm_os_monotonic(), spent = now - j->began;
    if (!itsm_os_is_terminal(2) || spent < SECOND || now - j->told < SECOND / 4) return ITSM_OK;
    j->told = now;
    itsm_buf text = ITSM_BUF_INIT;
    itsm_status rc = print(&text, "\r%llu events, %llu/s", (unsigned long long)events,
                           (unsigned long long)(events * 1000 / ((uint64_t)spent / 1000)));
    if (!rc && j->in.given && j->in.length >= j->in.given)
        rc = print(&text, ", %llu %%, %llu s left ", (unsigned long long)(j->in.given * 100 / j->in.length),
                   (unsigned long long)((uint64_t)(spent / SECOND) * (j->in.length - j->in.given) / j->in.given));
    itsm_bytes bytes = {text.p, text.n};
    if (!rc) (void)!itsm_os_output_write(2, bytes);
    itsm_buf_clear(&text);
    return ITSM_OK;
}

static int replay_log(job *j)
{
    itsm_event_log *log = NULL;
    itsm_replay_options how = ITSM_REPLAY_OPTIONS_INIT;
    const itsm_sla *slas[VALUES_MAX];
    for (size_t i = 0; i < j->nslas; i++) slas[i] = j->slas[i];
    how.slas = slas, how.nslas = j->nslas, how.progress = progress, how.user = j;
    j->began = j->told = itsm_os_monotonic();
    int again = j->in.keeps;
    j->in.keeps = 0;
    itsm_status rc = again ? ITSM_OK : source_open(&j->in);
    if (!rc)
        rc = itsm_event_log_open(&log, j->ctx, j->mapping, j->zone, again ? source_read_again : source_read, &j->in);
    if (!rc) rc = itsm_replay_run(&j->replay, j->sms, j->mapping, log, &how);
    if (itsm_os_is_terminal(2) && j->told != j->began) note("");
    int code = rc ? log_error(j, rc) : EXIT_FINE;
    itsm_event_log_free(log);
    return code;
}

/* Results ----------------------------------------------------------------------------------------------------------- */

static itsm_status add_case(void *user, const itsm_report_case *item)
{
    return itsm_report_add(user, item);
}

static int make_report(job *j)
{
    itsm_report_options how = ITSM_REPORT_OPTIONS_INIT;
    const itsm_calendar *calendar = calendar_of(j->slas[0]);
    how.zone = j->zone, how.title = ITSM_STR("Service report"), how.source = itsm_str_c(j->in.path);
    if (!strcmp(j->in.path, "-")) how.source = ITSM_STR("standard input");
    if (calendar) how.calendar = itsm_calendar_name(calendar);
    itsm_status rc = itsm_report_new(&j->report, j->ctx, &how);
    if (!rc) rc = itsm_report_each(j->sms, itsm_mapping_type(j->mapping), j->slas[0], add_case, j->report);
    if (!rc) rc = itsm_report_finish(j->report);
    return rc ? input_error(j->ctx, rc, "report") : EXIT_FINE;
}

/* Rendering, with a record's case or without. */
typedef struct drawing {
    job *j;
    itsm_buf *page;
    char root[65];
} drawing;

static itsm_status draw(void *user, const itsm_report_case *item)
{
    drawing *d = user;
    itsm_render_options how = ITSM_RENDER_OPTIONS_INIT;
    how.record = item, how.audit_root = itsm_str_c(d->root);
    return itsm_render_report(d->page, d->j->report, &how);
}

static itsm_status make_html(itsm_buf *out, job *j)
{
    drawing d = {j, out, ""};
    itsm_replay_counts counts = ITSM_REPLAY_COUNTS_INIT;
    const char *record = value_of(j->self, "--record");
    itsm_replay_counts_get(&counts, j->replay);
    for (size_t i = 0; i < 32; i++) {
        d.root[2 * i] = "0123456789abcdef"[counts.audit_root[i] >> 4];
        d.root[2 * i + 1] = "0123456789abcdef"[counts.audit_root[i] & 15];
    }
    return record ? itsm_report_one(j->sms, itsm_str_c(record), j->slas[0], draw, &d) : draw(&d, NULL);
}

static itsm_status make_summary(itsm_buf *out, const job *j)
{
    itsm_replay_counts counts = ITSM_REPLAY_COUNTS_INIT;
    itsm_replay_counts_get(&counts, j->replay);
    return print_summary(out, itsm_report_read(j->report), &counts, itsm_os_monotonic() - j->began);
}

static itsm_status make_output(itsm_buf *out, job *j, int which)
{
    switch (which) {
    case JSON: return itsm_replay_encode(out, j->replay);
    case CSV: return itsm_replay_encode_sla(out, j->replay);
    default: return make_html(out, j);
    }
}

/* All results are made before the first is written. */
static int write_results(job *j)
{
    itsm_buf texts[OUTPUTS] = {ITSM_BUF_INIT, ITSM_BUF_INIT, ITSM_BUF_INIT}, summary = ITSM_BUF_INIT;
    int code = make_report(j), taken = 0;
    for (int i = 0; i < OUTPUTS && !code; i++) {
        const char *path = value_of(j->self, outputs[i]), *record = value_of(j->self, "--record");
        itsm_status rc = path ? make_output(&texts[i], j, i) : ITSM_OK;
        taken |= path && !strcmp(path, "-");
        if (rc == ITSM_E_NOT_FOUND && record)
            note("itsm: --record %s: the log has no such case", record), code = EXIT_INPUT;
        else if (rc) code = input_error(j->ctx, rc, path);
    }
    for (int i = 0; i < OUTPUTS && !code; i++)
        if (value_of(j->self, outputs[i])) code = write_file(j->ctx, value_of(j->self, outputs[i]), &texts[i]);
    if (!code && !taken) code = make_summary(&summary, j) ? EXIT_INPUT : put(summary.p, summary.n);
    for (int i = 0; i < OUTPUTS; i++) itsm_buf_clear(&texts[i]);
    itsm_buf_clear(&summary);
    return code;
}

static void finish(job *j)
{
    itsm_report_free(j->report);
    itsm_replay_free(j->replay);
    itsm_sms_free(j->sms);
    itsm_store_free(j->store);
    for (size_t i = 0; i < j->nslas; i++) itsm_sla_free(j->slas[i]);
    itsm_zone_free(j->zone);
    itsm_mapping_free(j->mapping);
    itsm_buf_clear(&j->key);
    source_close(&j->in);
}

/* Options that do not go together. */
static int check_options(const command *self, const char *log)
{
    static const char *const inputs[] = {"--map", "--calendar", "--targets", "--key-file"};
    int in = !strcmp(log, "-"), out = 0;
    for (size_t i = 0; i < sizeof inputs / sizeof *inputs; i++) {
        const option *o = option_of(self, inputs[i]);
        for (int k = 0; k < o->count; k++) in += !strcmp(o->values[k], "-");
    }
    for (size_t i = 0; i < OUTPUTS; i++) {
        const char *path = value_of(self, outputs[i]);
        out += path && !strcmp(path, "-");
        for (size_t k = 0; k < i; k++)
            if (path && strcmp(path, "-") && value_of(self, outputs[k]) && !strcmp(path, value_of(self, outputs[k])))
                return usage_error(self, "%s and %s name the same file", outputs[k], outputs[i]);
    }
    if (in > 1) return usage_error(self, "only one input can be standard input");
    if (out > 1) return usage_error(self, "only one result can go to standard output");
    if (value_of(self, "--record") && !value_of(self, "--html")) return usage_error(self, "--record needs --html");
    return EXIT_FINE;
}

static int check_outputs(job *j)
{
    int code = EXIT_FINE;
    for (int i = 0; i < OUTPUTS && !code; i++) {
        const char *path = value_of(j->self, outputs[i]);
        if (path) code = check_writable(path);
    }
    return code;
}

static int run(const command *self, itsm_ctx *ctx, int argc, char **argv)
{
    job j;
    int operands = parse(self, argc, argv);
    if (operands < 0) return operands == -2 ? EXIT_FINE : EXIT_USAGE;
    if (check_options(self, argv[0])) return EXIT_USAGE;
    const char *store = value_of(self, "--store");
    memset(&j, 0, sizeof j);
    j.self = self, j.ctx = ctx, j.in.ctx = ctx, j.in.path = argv[0], j.lasts = store && strcmp(store, ":memory:") != 0;
    int code = load_mapping(&j.mapping, ctx, value_of(self, "--map"));
    if (!code) code = load_zone(&j.zone, ctx, value_of(self, "--zone"));
    if (!code) code = load_slas(&j);
    if (!code) code = load_key(&j);
    if (!code) code = check_outputs(&j);
    if (!code && j.lasts) code = check_log(&j);
    if (!code) code = open_system(&j);
    if (!code) code = replay_log(&j);
    if (!code) code = write_results(&j);
    finish(&j);
    return code;
}

const command replay_command = {"replay",
                                "itsm replay LOG --map MAP --calendar CAL --targets T --zone ZONE",
                                "replay a ticket event log and report on the service",
                                "gzip -dc log.csv.gz | itsm replay - --map servicenow-map.json \\\n"
                                "      --calendar hours.json --targets targets.json --zone UTC --html report.html",
                                run,
                                options,
                                sizeof options / sizeof *options,
                                1,
                                1,
                                "LOG"};
