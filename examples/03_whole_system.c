/* SPDX-License-Identifier: MIT */
/*
 * The whole system: a durable store, the built-in model, and one incident resolved.  Guards, history, clocks and audit
 * trail come with the call.  The first run finds an empty store and lays out a desk: a service, an incident in work.
 */
#include <itsm/itsm.h>
#include <stdio.h>

#define TEXT(name, text) { ITSM_STR(name), itsm_value_text(ITSM_STR(text)) }
#define NUMBER(name, kind, number) { ITSM_STR(name), itsm_value_number(kind, number) }
#define COUNT(array) (sizeof(array) / sizeof *(array))

/* [work] */
/* One unit of work: afterwards all of it is in the store, with history and audit trail, or nothing is. */
static itsm_status lay_out(itsm_sms *sms, itsm_time now)
{
    itsm_str desk[] = { ITSM_STR("service_desk") };
    itsm_act act = ITSM_ACT_INIT;
    itsm_work *work = NULL;
    itsm_ref service, incident;
    itsm_status rc;

    act.who = ITSM_STR("ann"), act.roles = desk, act.nroles = 1, act.now = now;
    if ((rc = itsm_work_new(&work, sms, &act))) return rc;
    itsm_named offered[] = { TEXT("name", "Workplace"), TEXT("description", "A desk, a computer, a telephone"),
                             TEXT("owner", "head of workplace services") };
    if ((rc = itsm_work_create(&service, work, ITSM_STR("service"), offered, COUNT(offered)))) goto done;
    itsm_named reported[] = {
        TEXT("number", "INC0000045"), TEXT("title", "Computer stays dark"), TEXT("description", "No light, no fan"),
        TEXT("reporter", "rita"), TEXT("channel", "phone"), NUMBER("impact", ITSM_INT, 2),
        NUMBER("urgency", ITSM_INT, 4), NUMBER("detected_at", ITSM_TIME, now) };
    if ((rc = itsm_work_create(&incident, work, ITSM_STR("incident"), reported, COUNT(reported)))) goto done;
    itsm_named taken[] = { TEXT("category", "hardware"), { ITSM_STR("service"), itsm_value_ref(service) },
                           TEXT("assignment_group", "workplace"), TEXT("assignee", "jdoe") };
    if ((rc = itsm_work_move(work, incident, ITSM_REV_ANY, ITSM_STR("start"), taken, COUNT(taken)))) goto done;
    rc = itsm_work_commit(NULL, work);
done:
    itsm_work_free(work);
    return rc;
}
/* [work] */

/* [main] */
int main(void)
{
    itsm_ctx *ctx = NULL;
    itsm_store *store = NULL;
    itsm_sms *sms = NULL;
    itsm_ref ref;
    itsm_outcome done = ITSM_OUTCOME_INIT;
    itsm_act act = ITSM_ACT_INIT;
    itsm_str roles[] = { ITSM_STR("assignee") };
    itsm_named set[] = { TEXT("resolution_code", "fixed"), TEXT("resolution", "Replaced the power supply") };
    itsm_status rc;

    act.who = ITSM_STR("jdoe"), act.roles = roles, act.nroles = 1, act.now = itsm_os_now();
    if ((rc = itsm_os_ctx_new(&ctx)) || (rc = itsm_os_store_open(&store, ctx, ITSM_STR("desk.itsm"))) ||
        (rc = itsm_sms_new(&sms, ctx, itsm_model_builtin(), store, NULL)))
        goto failed;
    rc = itsm_sms_find(&ref, sms, ITSM_STR("INC0000045"));
    if (rc == ITSM_E_NOT_FOUND && !(rc = lay_out(sms, act.now))) rc = itsm_sms_find(&ref, sms, ITSM_STR("INC0000045"));
    if (rc || (rc = itsm_sms_move(&done, sms, ref, ITSM_REV_ANY, ITSM_STR("resolve"), set, COUNT(set), &act))) goto failed;
    printf("%.*s is %.*s\n", ITSM_ARG(done.number), ITSM_ARG(done.state));
failed:
    if (rc) fprintf(stderr, "%s\n", itsm_status_text(rc));
    for (size_t i = 0; rc && ctx && i < itsm_ctx_issue_count(ctx); i++) /* why: one issue per rule that is not met */
        fprintf(stderr, "  %.*s: %.*s (clause %.*s)\n", ITSM_ARG(itsm_ctx_issue(ctx, i)->where),
                ITSM_ARG(itsm_ctx_issue(ctx, i)->message), ITSM_ARG(itsm_ctx_issue(ctx, i)->clause));
    itsm_sms_free(sms);
    itsm_store_free(store);
    itsm_ctx_free(ctx);
    return rc != ITSM_OK;
}
/* [main] */
