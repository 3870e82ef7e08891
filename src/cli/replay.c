/* SPDX-License-Identifier: MIT */
/*
 * itsm replay: an event log through lifecycle, clocks, store and audit trail, and the service report of it.
 *
 * The log is read twice: once to check every row, so that a bad one is told before anything is written, and once to
 * replay it.  What comes through a pipe is kept in memory in between and given back piece by piece.
 */
#include "cli/cli.h"
#include "cli/summary.h"

#include <stdlib.h>

#define PIECE_SIZE (1u << 20)
#define PIPE_MAX (256u << 20)
#define SECOND ITSM_SECONDS(1)

static option options[] = {
    { "--map", "MAP.json", "what the columns of the log mean", 1, 0, { NULL }, 0 },
    { "--calendar", "CAL.json", "working hours; may be repeated, the first is the system's", 1, 1, { NULL }, 0 },
    { "--targets", "T.json", "resolution and response targets by priority", 1, 0, { NULL }, 0 },
    { "--zone", "ZONE", "zone of stamps that name none, e.g. Europe/Berlin", 1, 0, { NULL }, 0 },
    { "--store", "DIR", "where to keep it; :memory: if not given", 0, 0, { NULL }, 0 },
    { "--json", "OUT", "write all measures as JSON; - is standard output", 0, 0, { NULL }, 0 },
    { "--sla-csv", "OUT", "write gross, net and due per incident", 0, 0, { NULL }, 0 },
    { "--html", "OUT", "write the service report as one HTML file", 0, 0, { NULL }, 0 },
    { "--record", "NUMBER", "draw the timeline of one incident in the HTML file", 0, 0, { NULL }, 0 },
    { "--key-file", "FILE", "secret that hides purged values in the audit trail", 0, 0, { NULL }, 0 },
};

/* Input ------------------------------------------------------------------------------------------------------------- */

typedef struct piece {
    struct piece *next;
    size_t n, at;
    char bytes[PIECE_SIZE];
} piece;

/* A file, or a pipe whose bytes are kept for the second reading. */
typedef struct source {
    itsm_ctx *ctx;
    const char *path;
    itsm_os_input *input;
    int is_pipe;
    piece *first, *last;
    size_t kept;
} source;

static itsm_status open_source(source *s)
{
    s->is_pipe = !strcmp(s->path, "-");
    return itsm_os_input_open(&s->input, s->ctx, itsm_str_c(s->path));
}

static itsm_status keep(source *s, const char *p, size_t n)
{
    if (s->kept + n > PIPE_MAX) return ITSM_E_LIMIT;
    s->kept += n;
    while (n) {
        if (!s->last || s->last->n == PIECE_SIZE) {
            piece *fresh = malloc(sizeof *fresh);
            if (!fresh) return ITSM_E_NOMEM;
            fresh->next = NULL, fresh->n = fresh->at = 0;
            if (s->last) s->last->next = fresh;
            else s->first = fresh;
            s->last = fresh;
        }
        size_t part = PIECE_SIZE - s->last->n < n ? PIECE_SIZE - s->last->n : n;
        memcpy(s->last->bytes + s->last->n, p, part);
        s->last->n += part, p += part, n -= part;
    }
    return ITSM_OK;
}

static itsm_status read_first(void *self, void *out, size_t capacity, size_t *n)
{
    source *s = self;
    itsm_status rc = itsm_os_input_read(s->input, out, capacity, n);
    return rc || !s->is_pipe ? rc : keep(s, out, *n);
}

static void drop_first(source *s)
{
    piece *gone = s->first;
    s->first = gone->next;
    if (!s->first) s->last = NULL;
    free(gone);
}

static itsm_status read_again(void *self, void *out, size_t capacity, size_t *n)
{
    source *s = self;
    if (!s->is_pipe) return itsm_os_input_read(s->input, out, capacity, n);
    while (s->first && s->first->at == s->first->n) drop_first(s);
    *n = 0;
    if (!s->first) return ITSM_OK;
    *n = s->first->n - s->first->at < capacity ? s->first->n - s->first->at : capacity;
    memcpy(out, s->first->bytes + s->first->at, *n);
    s->first->at += *n;
    return ITSM_OK;
}

static void close_source(source *s)
{
    itsm_os_input_close(s->input);
    while (s->first) drop_first(s);
}

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
    uint64_t total; /* rows of the log, counted while checking */
} job;

static int load_mapping(job *j)
{
    const char *path = value_of(j->self, "--map");
    itsm_buf text = ITSM_BUF_INIT;
    int code = read_file(&text, j->ctx, path);
    if (!code) {
        itsm_status rc = itsm_mapping_load(&j->mapping, j->ctx, itsm_model_builtin(), itsm_buf_str(&text));
        if (rc) code = input_error(j->ctx, rc, path);
    }
    itsm_buf_clear(&text);
    return code;
}

static int load_sla(job *j, const char *path, itsm_str targets, const char *targets_path)
{
    itsm_buf text = ITSM_BUF_INIT;
    itsm_calendar *calendar = NULL;
    int code = read_file(&text, j->ctx, path);
    itsm_status rc = code ? ITSM_OK : itsm_calendar_load(&calendar, j->ctx, itsm_buf_str(&text));
    if (rc) code = input_error(j->ctx, rc, path);
    itsm_time at;
    if (!code && itsm_calendar_next_open(&at, calendar, 0) == ITSM_E_NO_OPEN_TIME &&
        itsm_calendar_prev_open(&at, calendar, 0) == ITSM_E_NO_OPEN_TIME)
        note("itsm: %s: this calendar never opens [weekly]", path), code = EXIT_INPUT;
    if (!code && (rc = itsm_sla_load(&j->slas[j->nslas], j->ctx, targets, calendar)))
        code = input_error(j->ctx, rc, targets_path);
    if (!code) j->nslas++;
    itsm_calendar_free(calendar);
    itsm_buf_clear(&text);
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
    if (path) return read_file(&j->key, j->ctx, path);
    return itsm_buf_add(&j->key, "libitsm", 7) ? EXIT_INPUT : EXIT_FINE;
}

static int load_zone(job *j)
{
    const char *name = value_of(j->self, "--zone");
    itsm_status rc = itsm_zone_load(&j->zone, j->ctx, itsm_str_c(name));
    return rc ? input_error(j->ctx, rc, "--zone") : EXIT_FINE;
}

static int log_error(job *j, itsm_status rc)
{
    if (rc == ITSM_E_LIMIT && j->in.is_pipe && !itsm_ctx_issue_count(j->ctx)) {
        note("itsm: -: more than %u MiB through a pipe: give the log as a file", PIPE_MAX >> 20);
        return EXIT_INPUT;
    }
    return input_error(j->ctx, rc, j->in.path);
}

static int is_compressed(const char *path)
{
    size_t n = strlen(path);
    return n > 3 && !strcmp(path + n - 3, ".gz");
}

/* Read every row once, before anything is written. */
static int check_log(job *j)
{
    itsm_event_log *log = NULL;
    const itsm_log_event *event;
    itsm_status rc = open_source(&j->in);
    if (!rc) rc = itsm_event_log_open(&log, j->ctx, j->mapping, j->zone, itsm_str_c(j->in.path), read_first, &j->in);
    while (!rc && (rc = itsm_event_log_next(&event, log)) == ITSM_OK) j->total++;
    int code = rc == ITSM_DONE ? EXIT_FINE : log_error(j, rc);
    if (code && is_compressed(j->in.path))
        note("itsm: %s looks compressed; gzip -dc %s | itsm replay - ...", j->in.path, j->in.path);
    itsm_event_log_free(log);
    itsm_os_input_close(j->in.input);
    j->in.input = NULL;
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
    uint64_t rate = events * 1000 / (uint64_t)(spent / 1000 + 1) + 1, left = (j->total - events) / rate;
    itsm_buf text = ITSM_BUF_INIT;
    itsm_bytes bytes;
    if (!print(&text, "\r%llu of %llu events, %llu/s, %llu s left ", (unsigned long long)events, (unsigned long long)j->total,
               (unsigned long long)rate, (unsigned long long)left)) {
        bytes.p = text.p, bytes.n = text.n;
        (void)!itsm_os_output_write(2, bytes);
    }
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
    itsm_status rc = j->in.is_pipe ? ITSM_OK : open_source(&j->in);
    if (!rc) rc = itsm_event_log_open(&log, j->ctx, j->mapping, j->zone, itsm_str_c(j->in.path), read_again, &j->in);
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
    const itsm_calendar *calendar = itsm_sla_count(j->slas[0]) ? itsm_sla_at(j->slas[0], 0)->target.calendar : NULL;
    how.zone = j->zone, how.title = ITSM_STR("Service report"), how.source = itsm_str_c(j->in.path);
    if (!strcmp(j->in.path, "-")) how.source = ITSM_STR("standard input");
    if (calendar) how.calendar = itsm_calendar_name(calendar);
    itsm_status rc = itsm_report_new(&j->report, j->ctx, &how);
    if (!rc) rc = itsm_report_each(j->sms, itsm_mapping_type(j->mapping), j->slas[0], add_case, j->report);
    if (!rc) rc = itsm_report_finish(j->report);
    return rc ? input_error(j->ctx, rc, "report") : EXIT_FINE;
}

static int write_json(job *j, const char *path)
{
    itsm_buf text = ITSM_BUF_INIT;
    itsm_status rc = itsm_replay_encode(&text, j->replay);
    int code = rc ? input_error(j->ctx, rc, path) : write_file(j->ctx, path, &text);
    itsm_buf_clear(&text);
    return code;
}

static int write_csv(job *j, const char *path)
{
    itsm_buf text = ITSM_BUF_INIT;
    itsm_status rc = itsm_replay_encode_sla(&text, j->replay);
    int code = rc ? input_error(j->ctx, rc, path) : write_file(j->ctx, path, &text);
    itsm_buf_clear(&text);
    return code;
}

/* Rendering, with a record's case or without. */
typedef struct drawing {
    job *j;
    itsm_buf page;
    char root[65];
} drawing;

static itsm_status draw(void *user, const itsm_report_case *item)
{
    drawing *d = user;
    itsm_render_options how = ITSM_RENDER_OPTIONS_INIT;
    how.record = item, how.audit_root = itsm_str_c(d->root);
    return itsm_render_report(&d->page, d->j->report, &how);
}

static int write_html(job *j, const char *path)
{
    drawing d = { j, ITSM_BUF_INIT, "" };
    itsm_replay_counts counts = ITSM_REPLAY_COUNTS_INIT;
    const char *record = value_of(j->self, "--record");
    itsm_replay_counts_get(&counts, j->replay);
    for (size_t i = 0; i < 32; i++) {
        d.root[2 * i] = "0123456789abcdef"[counts.audit_root[i] >> 4];
        d.root[2 * i + 1] = "0123456789abcdef"[counts.audit_root[i] & 15];
    }
    itsm_status rc = record ? itsm_report_one(j->sms, itsm_str_c(record), j->slas[0], draw, &d) : draw(&d, NULL);
    int code = rc ? input_error(j->ctx, rc, record && rc == ITSM_E_NOT_FOUND ? "--record" : path) : write_file(j->ctx, path, &d.page);
    itsm_buf_clear(&d.page);
    return code;
}

static int write_results(job *j)
{
    const char *json = value_of(j->self, "--json"), *csv = value_of(j->self, "--sla-csv"), *html = value_of(j->self, "--html");
    int code = make_report(j);
    if (!code && json) code = write_json(j, json);
    if (!code && csv) code = write_csv(j, csv);
    if (!code && html) code = write_html(j, html);
    int taken = (json && !strcmp(json, "-")) || (csv && !strcmp(csv, "-")) || (html && !strcmp(html, "-"));
    if (code || taken) return code;
    itsm_buf text = ITSM_BUF_INIT;
    itsm_replay_counts counts = ITSM_REPLAY_COUNTS_INIT;
    itsm_replay_counts_get(&counts, j->replay);
    itsm_status rc = print_summary(&text, itsm_report_read(j->report), &counts, itsm_os_monotonic() - j->began);
    if (!rc) code = put(text.p, text.n);
    itsm_buf_clear(&text);
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
    close_source(&j->in);
}

static int run(const command *self, itsm_ctx *ctx, int argc, char **argv)
{
    job j;
    int operands = parse(self, argc, argv);
    if (operands < 0) return operands == -2 ? EXIT_FINE : EXIT_USAGE;
    if (value_of(self, "--record") && !value_of(self, "--html")) return usage_error(self, "--record needs --html");
    memset(&j, 0, sizeof j);
    j.self = self, j.ctx = ctx, j.in.ctx = ctx, j.in.path = argv[0];
    int code = load_mapping(&j);
    if (!code) code = load_zone(&j);
    if (!code) code = load_slas(&j);
    if (!code) code = load_key(&j);
    if (!code) code = check_log(&j);
    if (!code) code = open_system(&j);
    if (!code) code = replay_log(&j);
    if (!code) code = write_results(&j);
    finish(&j);
    return code;
}

const command replay_command = {
    "replay",
    "itsm replay LOG --map MAP.json --calendar CAL.json --targets T.json --zone ZONE [options]",
    "replay a ticket event log and report on the service",
    "gzip -dc log.csv.gz | itsm replay - --map servicenow-map.json --calendar hours.json --targets targets.json "
    "--zone UTC --html report.html",
    run, options, sizeof options / sizeof *options, 1, 1, "LOG"
};
