/* SPDX-License-Identifier: MIT */
/*
 * How long a replay takes: a simulated log through lifecycle, clocks, store and audit trail, into memory and into a
 * file with batched commits.  Medians of five runs, processor time; the peak is of the memory asked for.
 *
 *     bench_replay [INCIDENTS]    20000, which is some 90,000 events
 */
#include <itsm/interchange.h>
#include <itsm/os.h>

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { RUNS = 5 };

static const char map_json[] =
    "{\"format\":1,\"type\":\"incident\",\"time_format\":\"%d/%m/%Y %H:%M\",\"missing\":\"?\",\"case\":\"number\","
    "\"at\":\"sys_updated_at\",\"who\":\"sys_updated_by\",\"opened\":\"opened_at\",\"closed\":\"closed_at\","
    "\"resolved\":{\"column\":\"resolved_at\",\"final\":true},\"created\":\"sys_created_at\",\"state\":\"incident_state\","
    "\"states\":{\"New\":\"new\",\"Active\":\"in_progress\",\"Resolved\":\"resolved\",\"Closed\":\"closed\","
    "\"Awaiting User Info\":{\"state\":\"pending\",\"set\":{\"pending_reason\":\"awaiting_user\"}},"
    "\"Awaiting Vendor\":{\"state\":\"pending\",\"set\":{\"pending_reason\":\"awaiting_supplier\"}},"
    "\"Awaiting Problem\":{\"state\":\"pending\",\"set\":{\"pending_reason\":\"awaiting_problem\"}},"
    "\"Awaiting Evidence\":{\"state\":\"pending\",\"set\":{\"pending_reason\":\"awaiting_evidence\"}}},"
    "\"fields\":{\"reporter\":\"caller_id\",\"assignee\":\"assigned_to\",\"assignment_group\":\"assignment_group\","
    "\"category\":{\"column\":\"category\",\"otherwise\":\"other\"},"
    "\"impact\":{\"column\":\"impact\",\"values\":{\"1 - High\":5,\"2 - Medium\":3,\"3 - Low\":1}},"
    "\"urgency\":{\"column\":\"urgency\",\"values\":{\"1 - High\":5,\"2 - Medium\":3,\"3 - Low\":1}},"
    "\"priority\":{\"column\":\"priority\",\"values\":{\"1 - Critical\":1,\"2 - High\":2,\"3 - Moderate\":3,\"4 - Low\":4}}},"
    "\"measures\":{\"priority\":\"priority\",\"impact\":\"impact\",\"urgency\":\"urgency\",\"made_sla\":\"made_sla\","
    "\"active\":\"active\",\"modifications\":\"sys_mod_count\",\"reassignments\":\"reassignment_count\","
    "\"reopenings\":\"reopen_count\"}}";

static const char hours_json[] =
    "{\"name\":\"hours\",\"tz\":\"UTC\",\"weekly\":{\"mon\":[[\"08:00\",\"18:00\"]],\"tue\":[[\"08:00\",\"18:00\"]],"
    "\"wed\":[[\"08:00\",\"18:00\"]],\"thu\":[[\"08:00\",\"18:00\"]],\"fri\":[[\"08:00\",\"18:00\"]]}}";

static size_t held, peak;

static void *count(void *user, void *ptr, size_t old_size, size_t new_size)
{
    (void)user;
    void *fresh = NULL;
    if (new_size && !(fresh = realloc(ptr, new_size))) return NULL;
    if (!new_size) free(ptr);
    held += new_size - old_size;
    if (held > peak) peak = held;
    return fresh;
}

static void must(itsm_status rc, const char *what)
{
    if (rc >= 0) return;
    fprintf(stderr, "%s: %s\n", what, itsm_status_text(rc));
    exit(1);
}

static itsm_status take(void *self, const void *p, size_t n)
{
    return itsm_buf_add(self, p, n);
}

static itsm_status give(void *self, void *out, size_t capacity, size_t *n)
{
    itsm_str *rest = self;
    *n = rest->n < capacity ? rest->n : capacity;
    if (*n) memcpy(out, rest->p, *n);
    rest->p += *n, rest->n -= *n;
    return ITSM_OK;
}

/* One replay with its figures written; the seconds it took. */
static double replay(itsm_str text, const char *path, itsm_replay_counts *counts)
{
    static const char key[] = "bench";
    itsm_ctx_options options = ITSM_CTX_OPTIONS_INIT;
    itsm_sms_options how = ITSM_SMS_OPTIONS_INIT;
    itsm_replay_options measure = ITSM_REPLAY_OPTIONS_INIT;
    itsm_ctx *ctx;
    itsm_mapping *mapping;
    itsm_zone *zone;
    itsm_calendar *calendar;
    itsm_sla *sla;
    itsm_store *store;
    itsm_sms *sms;
    itsm_event_log *log;
    itsm_replay *result;
    itsm_buf json = ITSM_BUF_INIT;
    itsm_span start = itsm_os_cpu_time();
    itsm_os_ctx_options(&options);
    options.alloc = count;
    must(itsm_ctx_new(&ctx, &options), "context");
    must(itsm_mapping_load(&mapping, ctx, itsm_model_builtin(), itsm_str_c(map_json)), "mapping");
    must(itsm_zone_load(&zone, ctx, ITSM_STR("UTC")), "zone");
    must(itsm_calendar_load(&calendar, ctx, itsm_str_c(hours_json)), "calendar");
    must(itsm_sla_load(&sla, ctx, ITSM_STR("{\"1\":240,\"2\":480,\"3\":1440,\"4\":2400}"), calendar), "targets");
    must(itsm_os_store_open(&store, ctx, itsm_str_c(path)), path);
    how.sla = sla, how.key.p = key, how.key.n = sizeof key;
    must(itsm_sms_new(&sms, ctx, itsm_model_builtin(), store, &how), "system");
    must(itsm_event_log_open(&log, ctx, mapping, zone, give, &text), "log");
    const itsm_sla *slas[1] = {sla};
    measure.slas = slas, measure.nslas = 1;
    must(itsm_replay_run(&result, sms, mapping, log, &measure), "replay");
    must(itsm_replay_encode(&json, result), "figures");
    itsm_replay_counts_get(counts, result);
    itsm_buf_clear(&json);
    itsm_replay_free(result), itsm_event_log_free(log), itsm_sms_free(sms), itsm_store_free(store), itsm_sla_free(sla);
    itsm_calendar_free(calendar), itsm_zone_free(zone), itsm_mapping_free(mapping), itsm_ctx_free(ctx);
    return (double)(itsm_os_cpu_time() - start) / 1e6;
}

static itsm_status remove_file(void *user, const char *name)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", (const char *)user, name);
    unlink(path);
    return ITSM_OK;
}

static void remove_store(char *path)
{
    const itsm_io *io = itsm_os_io();
    (void)!io->list(io->self, path, remove_file, path, NULL);
    rmdir(path);
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void report(const char *what, itsm_str text, char *folder)
{
    double runs[RUNS];
    itsm_replay_counts counts = ITSM_REPLAY_COUNTS_INIT;
    peak = held;
    for (int i = 0; i < RUNS; i++) {
        char path[512] = ":memory:";
        if (folder) snprintf(path, sizeof path, "%s/%d", folder, i);
        runs[i] = replay(text, path, &counts);
        if (folder) remove_store(path);
    }
    qsort(runs, RUNS, sizeof *runs, by_size);
    printf("%-12s %8llu events  %6.3f s (%5.3f to %5.3f)  %8.0f events/s  peak %6.1f MiB\n", what,
           (unsigned long long)counts.events, runs[RUNS / 2], runs[0], runs[RUNS - 1],
           (double)counts.events / runs[RUNS / 2], (double)peak / 1048576);
}

int main(int argc, char **argv)
{
    itsm_ctx *ctx;
    itsm_buf text = ITSM_BUF_INIT;
    itsm_simulate_options how = ITSM_SIMULATE_OPTIONS_INIT;
    char folder[] = "bench_replay.XXXXXX";
    how.incidents = argc > 1 ? strtoull(argv[1], NULL, 10) : 20000, how.seed = 1;
    must(itsm_ctx_new(&ctx, NULL), "context");
    itsm_span start = itsm_os_cpu_time();
    must(itsm_simulate(ctx, &how, take, &text), "simulate");
    printf("%-12s %8.1f MiB    %6.3f s\n", "simulate", (double)text.n / 1048576,
           (double)(itsm_os_cpu_time() - start) / 1e6);
    report("memory", itsm_buf_str(&text), NULL);
    if (!mkdtemp(folder)) return perror(folder), 1;
    report("file", itsm_buf_str(&text), folder);
    rmdir(folder);
    itsm_buf_clear(&text), itsm_ctx_free(ctx);
    return 0;
}
