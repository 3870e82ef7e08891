/* SPDX-License-Identifier: MIT */
/*
 * standby_load CONNINFO PROGRESS STOP SCHEMA: threads create records until the file STOP is there, through whatever happens to the
 * server; the file PROGRESS has how many were acknowledged.  Then it looks: each acknowledged record is there, no other is,
 * and the audit trail has one entry for each and verifies.  Run by standby_test.sh.
 */
#ifndef _DEFAULT_SOURCE
#define _DEFAULT_SOURCE
#endif
#include <itsm/os.h>
#include <itsm/postgres.h>

#include "../unit/sms_fixture.h"

#include <pthread.h>
#include <unistd.h>

enum { THREADS = 3, MOST = 200000, WAIT_MS = 20, WAITS = 60000 / WAIT_MS };

static itsm_store *store;
static const char *progress, *stop;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static itsm_ref acknowledged[MOST];
static size_t n_acknowledged;
static uint64_t repeated; /* commits that were made again until they were known */

static void fail(itsm_ctx *ctx, const char *what, int64_t number)
{
    const itsm_issue *issue = ctx ? itsm_ctx_issue(ctx, 0) : NULL;
    fprintf(stderr, "FAILED: %s: %lld %.*s\n", what, (long long)number, issue ? (int)issue->message.n : 0,
            issue ? issue->message.p : "");
    exit(1);
}

static void acknowledge(itsm_ref ref)
{
    pthread_mutex_lock(&lock);
    if (n_acknowledged == MOST) fail(NULL, "too many", MOST);
    acknowledged[n_acknowledged++] = ref;
    if (n_acknowledged % 10 == 0) {
        FILE *file = fopen(progress, "w");
        if (file) fprintf(file, "%zu\n", n_acknowledged), fclose(file);
    }
    pthread_mutex_unlock(&lock);
}

static void count_repeated(void)
{
    pthread_mutex_lock(&lock);
    repeated++;
    pthread_mutex_unlock(&lock);
}

static int is_passing(itsm_status rc)
{
    return rc == ITSM_E_RETRY || rc == ITSM_E_BUSY || rc == ITSM_E_UNKNOWN;
}

/* Create one record, exactly once: a commit whose answer was lost is made again with the same work. */
static itsm_status create_once(itsm_ref *out, itsm_sms *sms, const itsm_act *act)
{
    const itsm_named set[] = {TEXT("title", "Dark"),      TEXT("description", "No light"),
                              TEXT("reporter", "rita"),   TEXT("channel", "phone"),
                              INT("impact", 3),           INT("urgency", 3),
                              TIME("detected_at", MONDAY)};
    itsm_work *work;
    itsm_status rc = itsm_work_new(&work, sms, act);
    if (rc) return rc;
    rc = itsm_work_create(out, work, ITSM_STR("incident"), set, COUNT(set));
    if (!rc) rc = itsm_work_commit(NULL, work);
    if (is_passing(rc)) count_repeated();
    for (int i = 0; i < WAITS && is_passing(rc); i++) {
        usleep(WAIT_MS * 1000);
        rc = itsm_work_commit(NULL, work);
        if (rc == ITSM_NOTHING) break; /* the creation itself had failed */
    }
    itsm_work_free(work);
    return rc;
}

static void *run(void *user)
{
    itsm_ctx *ctx;
    itsm_sms *sms;
    itsm_act act = ITSM_ACT_INIT;
    itsm_ref ref;
    uint64_t n = 0, sealed;
    (void)user;
    if (itsm_os_ctx_new(&ctx) || itsm_sms_new(&sms, ctx, itsm_model_builtin(), store, NULL)) fail(ctx, "system", 0);
    act.who = ITSM_STR("ann"), act.now = MONDAY;
    while (access(stop, F_OK)) {
        act.now += ITSM_SECONDS(1);
        itsm_status rc = create_once(&ref, sms, &act);
        if (rc == ITSM_OK) acknowledge(ref);
        else if (rc != ITSM_NOTHING && !is_passing(rc)) fail(ctx, "create", rc);
        if (++n % 50) continue;
        rc = itsm_store_seal(&sealed, ctx, store, 20, NULL);
        if (rc && !is_passing(rc)) fail(ctx, "seal", rc);
    }
    itsm_sms_free(sms);
    itsm_ctx_free(ctx);
    return NULL;
}

static uint64_t count_records(itsm_ctx *ctx)
{
    itsm_view view = ITSM_VIEW_INIT;
    itsm_cursor cursor = ITSM_CURSOR_INIT;
    itsm_range range = ITSM_RANGE_INIT;
    itsm_row row;
    uint64_t n = 0;
    range.type = acknowledged[0].type;
    itsm_status rc = itsm_store_view_open(&view, ctx, store, NULL);
    if (!rc) rc = itsm_store_scan(&cursor, ctx, &view, &range);
    while (!rc && !(rc = itsm_store_next(&row, ctx, &cursor))) n++;
    if (rc != ITSM_DONE) fail(ctx, "scan", rc);
    for (size_t i = 0; i < n_acknowledged; i++)
        if (itsm_store_get(&row, ctx, &view, acknowledged[i]) != ITSM_OK || row.rev != 1)
            fail(ctx, "an acknowledged record is not there", (int64_t)i);
    itsm_store_view_close(&view);
    return n;
}

int main(int argc, char **argv)
{
    pthread_t threads[THREADS];
    itsm_ctx *ctx;
    itsm_sms *sms;
    itsm_audit_result result = ITSM_AUDIT_RESULT_INIT;
    itsm_postgres_options options = ITSM_POSTGRES_OPTIONS_INIT;
    uint64_t sealed = 0;
    if (argc != 5 || itsm_os_ctx_new(&ctx)) return 2;
    progress = argv[2], stop = argv[3], options.schema = itsm_str_c(argv[4]);
    itsm_status rc = itsm_store_postgres(&store, ctx, itsm_str_c(argv[1]), &options);
    if (!rc) rc = itsm_sms_new(&sms, ctx, itsm_model_builtin(), store, NULL);
    if (rc) fail(ctx, "open", rc);
    for (int i = 0; i < THREADS; i++)
        if (pthread_create(&threads[i], NULL, run, NULL)) fail(NULL, "thread", i);
    for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);

    uint64_t records = count_records(ctx);
    if (records != n_acknowledged) fail(NULL, "records", (int64_t)records);
    for (uint64_t before = UINT64_MAX; !rc && sealed != before;)
        before = sealed, rc = itsm_store_seal(&sealed, ctx, store, 1000, NULL);
    if (rc || sealed != records) fail(ctx, "sealed entries", (int64_t)sealed);
    rc = itsm_sms_audit_verify(&result, sms, NULL);
    if (rc || result.checked != records) fail(ctx, "audit trail", rc);
    printf(
        "%zu commits acknowledged, %llu of them made again when the primary was gone: none lost, none doubled, the audit trail verifies\n",
        n_acknowledged, (unsigned long long)repeated);
    itsm_sms_free(sms);
    itsm_store_free(store);
    itsm_ctx_free(ctx);
    return 0;
}
