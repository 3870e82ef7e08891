/* SPDX-License-Identifier: MIT */
/*
 * Two processes work on the same few records of one store, each change expecting the revision it read last: every operation
 * is made or told to be in conflict, and in the end the records, the audit trail and what the processes counted agree.
 * 3,000 operations; ITSM_FULL=1: 100,000; ITSM_CASES sets another number.
 */
#ifndef _DEFAULT_SOURCE
#define _DEFAULT_SOURCE
#endif
#include <itsm/os.h>
#include <itsm/postgres.h>

#include "../unit/sms_fixture.h"

#include <sys/wait.h>
#include <unistd.h>

enum { PROCESSES = 2, RECORDS = 4 };

struct tally {
    uint64_t made, conflicts, again, same; /* again: RETRY and BUSY, which had no effect; same: nothing to change */
    uint64_t made_of[RECORDS];
};

static void fail(const struct desk *desk, const char *what, int64_t number)
{
    const itsm_issue *issue = desk ? itsm_ctx_issue(desk->ctx, 0) : NULL;
    fprintf(stderr, "FAILED: %s: %lld %.*s\n", what, (long long)number, issue ? (int)issue->message.n : 0,
            issue ? issue->message.p : "");
    exit(1);
}

static void open_desk(struct desk *desk)
{
    itsm_sms_options options = ITSM_SMS_OPTIONS_INIT;
    itsm_act act = ITSM_ACT_INIT;
    memset(desk, 0, sizeof *desk);
    if (itsm_os_ctx_new(&desk->ctx)) fail(NULL, "context", 0);
    itsm_status rc = itsm_store_postgres(&desk->store, desk->ctx, ITSM_STR(""), NULL);
    if (!rc) rc = itsm_sms_new(&desk->sms, desk->ctx, itsm_model_builtin(), desk->store, &options);
    if (rc) fail(desk, "open", rc);
    act.who = ITSM_STR("ann"), act.now = MONDAY, act.roles = desk->roles;
    desk->act = act;
}

static uint64_t revision(struct desk *desk, itsm_ref ref)
{
    itsm_view view = ITSM_VIEW_INIT;
    itsm_row row;
    itsm_status rc = itsm_store_view_open(&view, desk->ctx, desk->store, NULL);
    if (!rc) rc = itsm_store_get(&row, desk->ctx, &view, ref);
    if (rc) fail(desk, "read", rc);
    itsm_store_view_close(&view);
    return row.rev;
}

/* One process: changes of records taken in turns, at the revisions it knows of. */
static void work(struct tally *tally, const itsm_ref *refs, uint64_t operations, unsigned seed)
{
    struct desk desk;
    uint64_t known[RECORDS];
    open_desk(&desk);
    for (int i = 0; i < RECORDS; i++) known[i] = revision(&desk, refs[i]);
    for (uint64_t n = 0; n < operations; n++) {
        itsm_outcome out = ITSM_OUTCOME_INIT;
        int i = (int)((seed = seed * 1103515245 + 12345) >> 16) % RECORDS;
        const itsm_named set[] = {INT("impact", (int64_t)(n % 3) + 1)};
        desk.act.now += ITSM_SECONDS(1);
        itsm_status rc = itsm_sms_change(&out, desk.sms, refs[i], known[i], set, 1, &desk.act);
        if (rc == ITSM_OK) tally->made++, tally->made_of[i]++, known[i] = out.revision;
        else if (rc == ITSM_E_CONFLICT) tally->conflicts++, known[i] = revision(&desk, refs[i]);
        else if (rc == ITSM_E_RETRY || rc == ITSM_E_BUSY) tally->again++;
        else if (rc == ITSM_NOTHING) tally->same++;
        else fail(&desk, "change", rc);
    }
    desk_close(&desk);
}

static void make_records(struct desk *desk, itsm_ref *refs)
{
    for (int i = 0; i < RECORDS; i++) {
        itsm_outcome out = ITSM_OUTCOME_INIT;
        itsm_status rc = new_incident(&out, desk);
        if (rc) fail(desk, "create", rc);
        refs[i] = out.ref;
    }
}

static void run_processes(struct tally *sum, const itsm_ref *refs, uint64_t operations)
{
    int ends[2];
    if (pipe(ends)) fail(NULL, "pipe", 0);
    for (unsigned p = 0; p < PROCESSES; p++) {
        pid_t child = fork();
        if (child < 0) fail(NULL, "fork", 0);
        if (child) continue;
        struct tally tally;
        memset(&tally, 0, sizeof tally);
        work(&tally, refs, operations / PROCESSES, p + 1);
        if (write(ends[1], &tally, sizeof tally) != (ssize_t)sizeof tally) exit(1);
        exit(0);
    }
    memset(sum, 0, sizeof *sum);
    for (int p = 0; p < PROCESSES; p++) {
        int status;
        struct tally tally;
        if (wait(&status) < 0 || status != 0) fail(NULL, "a process failed", status);
        if (read(ends[0], &tally, sizeof tally) != (ssize_t)sizeof tally) fail(NULL, "no tally", p);
        sum->made += tally.made, sum->conflicts += tally.conflicts, sum->again += tally.again;
        sum->same += tally.same;
        for (int i = 0; i < RECORDS; i++) sum->made_of[i] += tally.made_of[i];
    }
    close(ends[0]), close(ends[1]);
}

int main(void)
{
    const char *cases = getenv("ITSM_CASES");
    uint64_t operations = cases ? strtoull(cases, NULL, 10) : getenv("ITSM_FULL") ? 100000 : 3000, sealed = 0;
    struct desk desk;
    struct tally sum;
    itsm_ref refs[RECORDS];
    itsm_audit_result result = ITSM_AUDIT_RESULT_INIT;
    if (operations < 400) operations = 400;
    open_desk(&desk);
    make_records(&desk, refs);
    itsm_sms_free(desk.sms), itsm_store_free(desk.store), itsm_ctx_free(desk.ctx); /* no link crosses fork() */
    run_processes(&sum, refs, operations);

    open_desk(&desk);
    for (int i = 0; i < RECORDS; i++)
        if (revision(&desk, refs[i]) != 1 + sum.made_of[i])
            fail(&desk, "a record's revision", (int64_t)revision(&desk, refs[i]));
    itsm_status rc = ITSM_OK;
    for (uint64_t before = UINT64_MAX; !rc && sealed != before;)
        before = sealed, rc = itsm_store_seal(&sealed, desk.ctx, desk.store, 1000, NULL);
    if (rc || sealed != sum.made + RECORDS) fail(&desk, "sealed entries", (int64_t)sealed);
    rc = itsm_sms_audit_verify(&result, desk.sms, NULL);
    if (rc || result.count != sealed || result.checked != sealed) fail(&desk, "the audit trail", rc);
    if (sum.made + sum.conflicts + sum.again + sum.same != operations / PROCESSES * PROCESSES)
        fail(&desk, "an operation had no outcome", (int64_t)sum.made);
    if (!sum.conflicts) fail(&desk, "there was no conflict", 0);
    printf("%d processes, %llu operations on %d records: %llu made, %llu conflicts reported, %llu to be sent again; "
           "revisions and %llu audit entries agree, the trail verifies\n",
           PROCESSES, (unsigned long long)operations, RECORDS, (unsigned long long)sum.made,
           (unsigned long long)sum.conflicts, (unsigned long long)sum.again, (unsigned long long)sealed);
    desk_close(&desk);
    return 0;
}
