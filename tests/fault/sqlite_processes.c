/* SPDX-License-Identifier: MIT */
/*
 * Several processes on one SQLite database.
 *
 * Contended: two processes change the same few incidents through the engine, each change stating the revision it was
 * decided on.  Every change either counts or is reported as a conflict: at the end the counts written into the records
 * are the sum of what both were told, and the audit trail verifies.  100,000 changes in the long tier (ITSM_FULL), else
 * 5,000 without flushes.
 *
 * Killed: a process commits and says so through a pipe until it is killed; opened again, the store holds all that was
 * said, and at most one commit more.
 */
#ifndef _POSIX_C_SOURCE
#define _POSIX_C_SOURCE 200809L
#endif
#include <itsm/os.h>
#include <itsm/sms.h>
#include <itsm/sqlite.h>

#include "store_script.h"

#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PROCESSES = 2, INCIDENTS = 3 };

static char path[64];

/* 2026-03-02T09:00:00Z */
#define MONDAY (INT64_C(1772442000) * INT64_C(1000000))

static void fail(const char *what, itsm_ctx *ctx, int status)
{
    const itsm_issue *issue = ctx ? itsm_ctx_issue(ctx, 0) : NULL;
    fprintf(stderr, "FAILED: %s: status %d %.*s\n", what, status, issue ? (int)issue->message.n : 0,
            issue ? issue->message.p : "");
    exit(1);
}

static void clean(void)
{
    static const char *const ends[] = {"", "-wal", "-shm", "-journal"};
    char name[80];
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        snprintf(name, sizeof name, "%s%s", path, ends[i]);
        unlink(name);
    }
}

static void open_store(itsm_ctx **ctx, itsm_store **store, uint32_t durability)
{
    itsm_sqlite_options options = ITSM_SQLITE_OPTIONS_INIT;
    options.durability = durability, options.busy_timeout_ms = 60000;
    if (itsm_os_ctx_new(ctx)) fail("context", NULL, 0);
    itsm_status rc = itsm_store_sqlite(store, *ctx, itsm_str_c(path), &options);
    if (rc) fail("open", *ctx, rc);
}

/* Contended ------------------------------------------------------------------------------------------------------- */

typedef struct desk {
    itsm_ctx *ctx;
    itsm_store *store;
    itsm_sms *sms;
    itsm_act act;
} desk;

static void desk_open(desk *d, const char *who)
{
    itsm_act act = ITSM_ACT_INIT;
    static const itsm_str role[] = {{"service_desk", 12}};
    memset(d, 0, sizeof *d);
    open_store(&d->ctx, &d->store, ITSM_SQLITE_RELAXED);
    itsm_status rc = itsm_sms_new(&d->sms, d->ctx, itsm_model_builtin(), d->store, NULL);
    if (rc) fail("system", d->ctx, rc);
    act.who = itsm_str_c(who), act.now = MONDAY, act.roles = role, act.nroles = 1;
    d->act = act;
}

static void desk_close(desk *d)
{
    itsm_sms_free(d->sms);
    itsm_store_free(d->store);
    itsm_ctx_free(d->ctx);
}

/* The number that an incident carries in its title, and its revision. */
static uint64_t look(desk *d, itsm_ref ref, uint64_t *revision)
{
    const itsm_record *record;
    itsm_value title;
    itsm_work *work = NULL;
    itsm_status rc = itsm_work_new(&work, d->sms, &d->act);
    if (!rc) rc = itsm_work_get(&record, work, ref);
    if (rc) fail("read", d->ctx, rc);
    if (itsm_record_find(&title, record, ITSM_STR("title"))) fail("title", d->ctx, 0);
    uint64_t count = 0;
    for (size_t i = 0; i < title.u.s.n; i++) count = count * 10 + (uint64_t)(title.u.s.p[i] - '0');
    *revision = itsm_record_revision(record);
    itsm_work_free(work);
    return count;
}

static itsm_status count_up(desk *d, itsm_ref ref, uint64_t seen, uint64_t revision)
{
    char text[32];
    itsm_named set = {ITSM_STR("title"), itsm_value_text(itsm_str_n(text, 0))};
    set.value.u.s.n = (size_t)snprintf(text, sizeof text, "%llu", (unsigned long long)seen + 1);
    d->act.now += ITSM_SECONDS(1);
    return itsm_sms_change(NULL, d->sms, ref, revision, &set, 1, &d->act);
}

typedef struct tally {
    uint64_t done, conflicts;
} tally;

static void contend(int out, const itsm_ref *refs, uint64_t changes, unsigned seed)
{
    desk d;
    tally t = {0, 0};
    uint64_t random = seed, revision;
    desk_open(&d, "contender");
    while (t.done + t.conflicts < changes) {
        unsigned char which;
        script_random(&random, &which, 1);
        const itsm_ref ref = refs[which % INCIDENTS];
        uint64_t seen = look(&d, ref, &revision);
        itsm_status rc = count_up(&d, ref, seen, revision);
        if (rc == ITSM_OK) t.done++;
        else if (rc == ITSM_E_CONFLICT) t.conflicts++;
        else fail("change", d.ctx, rc);
    }
    desk_close(&d);
    if (write(out, &t, sizeof t) != (ssize_t)sizeof t) fail("pipe", NULL, 0);
    exit(0);
}

static void contended(uint64_t changes)
{
    desk d;
    itsm_ref refs[INCIDENTS];
    pid_t children[PROCESSES];
    int pipes[2], status = 0;
    tally sum = {0, 0}, one;
    clean();
    desk_open(&d, "ann");
    for (size_t i = 0; i < INCIDENTS; i++) {
        const itsm_named set[] = {{ITSM_STR("title"), itsm_value_text(ITSM_STR("0"))},
                                  {ITSM_STR("description"), itsm_value_text(ITSM_STR("No light"))},
                                  {ITSM_STR("reporter"), itsm_value_text(ITSM_STR("rita"))},
                                  {ITSM_STR("channel"), itsm_value_text(ITSM_STR("phone"))},
                                  {ITSM_STR("impact"), itsm_value_number(ITSM_INT, 3)},
                                  {ITSM_STR("urgency"), itsm_value_number(ITSM_INT, 3)},
                                  {ITSM_STR("detected_at"), itsm_value_number(ITSM_TIME, MONDAY)}};
        itsm_outcome out = ITSM_OUTCOME_INIT;
        itsm_status rc = itsm_sms_create(&out, d.sms, ITSM_STR("incident"), set, sizeof set / sizeof *set, &d.act);
        if (rc) fail("create", d.ctx, rc);
        refs[i] = out.ref;
    }
    desk_close(&d); /* a connection may not be carried across fork() */
    if (pipe(pipes)) fail("pipe", NULL, 0);
    for (unsigned i = 0; i < PROCESSES; i++)
        if ((children[i] = fork()) == 0) contend(pipes[1], refs, changes / PROCESSES, i + 1);
    for (size_t i = 0; i < PROCESSES; i++) {
        if (waitpid(children[i], &status, 0) < 0 || status) fail("a process failed", NULL, status);
        if (read(pipes[0], &one, sizeof one) != (ssize_t)sizeof one) fail("pipe", NULL, 0);
        sum.done += one.done, sum.conflicts += one.conflicts;
    }
    close(pipes[0]), close(pipes[1]);
    desk_open(&d, "ann");
    uint64_t total = 0, revisions = 0, revision = 0;
    for (size_t i = 0; i < INCIDENTS; i++) total += look(&d, refs[i], &revision), revisions += revision - 1;
    if (total != sum.done || revisions != sum.done) fail("changes were lost", NULL, (int)(sum.done - total));
    itsm_audit_result verified = ITSM_AUDIT_RESULT_INIT;
    itsm_status rc = itsm_sms_audit_verify(&verified, d.sms, NULL);
    if (rc) fail("the audit trail does not verify", d.ctx, rc);
    if (verified.count != sum.done + INCIDENTS) fail("audit entries", NULL, (int)verified.count);
    if ((rc = itsm_store_maintain(d.ctx, d.store, ITSM_MAINTAIN_CHECK, NULL))) fail("check", d.ctx, rc);
    desk_close(&d);
    printf("%d processes, %llu changes tried: %llu done, %llu conflicts reported, totals equal, audit verifies\n",
           PROCESSES, (unsigned long long)(sum.done + sum.conflicts), (unsigned long long)sum.done,
           (unsigned long long)sum.conflicts);
    if (!sum.conflicts) fail("nothing was contended", NULL, 0);
}

/* Killed ---------------------------------------------------------------------------------------------------------- */

static void commit_for_ever(int out, uint64_t from)
{
    itsm_ctx *ctx;
    itsm_store *store;
    open_store(&ctx, &store, ITSM_SQLITE_FULL);
    for (uint64_t i = from + 1;; i++) {
        itsm_status rc = script_commit(ctx, store, i);
        if (rc) fail("commit", ctx, rc);
        if (write(out, &i, sizeof i) != (ssize_t)sizeof i) fail("pipe", NULL, 0);
    }
}

static void killed(int rounds)
{
    char why[128];
    uint64_t acked = 0, kept = 0, extra = 0;
    clean();
    for (int round = 0; round < rounds; round++) {
        struct timespec a_while = {0, (round * 7919 % 23 + 2) * 1000000L};
        int pipes[2];
        if (pipe(pipes)) fail("pipe", NULL, 0);
        pid_t child = fork();
        if (child == 0) {
            close(pipes[0]);
            commit_for_ever(pipes[1], kept);
        }
        close(pipes[1]);
        nanosleep(&a_while, NULL);
        kill(child, SIGKILL);
        while (read(pipes[0], &acked, sizeof acked) == (ssize_t)sizeof acked) {}
        waitpid(child, NULL, 0);
        close(pipes[0]);
        itsm_ctx *ctx;
        itsm_store *store;
        open_store(&ctx, &store, ITSM_SQLITE_FULL);
        kept = script_check(ctx, store, why);
        if (kept == UINT64_MAX) fail(why, NULL, round);
        if (kept < acked || kept > acked + 1) fail("commits were lost", NULL, (int)(acked - kept));
        extra += kept != acked, acked = kept;
        itsm_store_free(store);
        itsm_ctx_free(ctx);
    }
    printf("killed %d times, %llu commits: none lost, %llu whose answer was cut off\n", rounds,
           (unsigned long long)kept, (unsigned long long)extra);
}

int main(void)
{
    const int full = getenv("ITSM_FULL") != NULL;
    const char *cases = getenv("ITSM_CASES");
    const long few = cases ? atol(cases) : 5000;
    snprintf(path, sizeof path, "sqlite_processes.%ld.db", (long)getpid());
    contended(full ? 100000 : few > 0 && few < 5000 ? (uint64_t)few : 5000);
    killed(full ? 1000 : few < 5000 ? 20 : 60);
    clean();
    return 0;
}
