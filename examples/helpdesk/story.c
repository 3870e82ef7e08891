/* SPDX-License-Identifier: MIT */
/*
 * An old help desk gets lifecycles, clocks and an audit trail, and goes on working as it was.
 *
 * The story: the tickets that are there are taken in; one is worked on through libitsm, and the old screens show it; one is
 * changed on the old screens, and libitsm observes it, with what the lifecycle would have said; both at once is a
 * conflict, not a lost update.
 */
#include "story.h"

#include "old_application.h"

#include <itsm/itsm.h>
#include <stdio.h>

#define MONDAY (INT64_C(1772442000) * INT64_C(1000000)) /* 2026-03-02T09:00:00Z */

typedef struct story {
    const char *database; /* as the old application opens it */
    itsm_ctx *ctx;
    itsm_store *store;
    itsm_sms *sms;
    itsm_sla *sla;
    itsm_act act;
    uint64_t token;
    itsm_status rc; /* the first failure */
} story;

static void must(story *s, const char *what, itsm_status rc)
{
    if (rc < 0 && !s->rc) {
        fprintf(stderr, "%s: %s\n", what, itsm_status_text(rc));
        for (size_t i = 0; i < itsm_ctx_issue_count(s->ctx); i++)
            fprintf(stderr, "  %.*s\n", ITSM_ARG(itsm_ctx_issue(s->ctx, i)->message));
        s->rc = rc;
    }
}

static void at(story *s, int hour, int minute)
{
    s->act.now = MONDAY + ITSM_HOURS(hour - 9) + ITSM_MINUTES(minute);
}

/* [observe] */
static itsm_status observed(void *user, const itsm_foreign *change)
{
    const char *what = change->is_new ? "is taken in" : change->is_gone ? "is gone" : "was changed outside";
    (void)user;
    printf("  ticket %d %s by %.*s%s%.*s\n", (int)change->ref.id.lo, what, ITSM_ARG(change->who),
           change->event.n ? ": " : "", (int)change->event.n, change->event.n ? change->event.p : "");
    for (size_t i = 0; i < change->ndeviations; i++)
        printf("    not met: %.*s (%.*s)\n", ITSM_ARG(change->deviations[i].rule),
               ITSM_ARG(change->deviations[i].clause));
    return ITSM_OK;
}

static void look_outside(story *s)
{
    itsm_act act = s->act;
    act.who = ITSM_STR("help desk");
    must(s, "observe", itsm_sms_foreign(&s->token, s->sms, &act, observed, NULL));
}
/* [observe] */

static itsm_ref ticket(uint64_t id)
{
    itsm_ref ref = {itsm_model_type(itsm_model_builtin(), ITSM_STR("incident"))->number, {0, id}};
    return ref;
}

static itsm_named text(const char *field, const char *value)
{
    itsm_named named = {itsm_str_c(field), itsm_value_text(itsm_str_c(value))};
    return named;
}

static void move(story *s, uint64_t id, const char *name, const itsm_named *set, size_t n)
{
    itsm_outcome out = ITSM_OUTCOME_INIT;
    itsm_status rc = itsm_sms_move(&out, s->sms, ticket(id), ITSM_REV_ANY, itsm_str_c(name), set, n, &s->act);
    if (rc == ITSM_E_REFUSED) {
        printf("%s ticket %d is refused:\n", name, (int)id);
        for (size_t i = 0; i < itsm_ctx_issue_count(s->ctx); i++)
            printf("  %.*s (%.*s)\n", ITSM_ARG(itsm_ctx_issue(s->ctx, i)->rule),
                   ITSM_ARG(itsm_ctx_issue(s->ctx, i)->clause));
        return;
    }
    must(s, name, rc);
    if (!rc)
        printf("%s ticket %d: %.*s is %.*s, revision %d\n", name, (int)id, ITSM_ARG(out.number), ITSM_ARG(out.state),
               (int)out.revision);
}

static itsm_status history_line(void *user, const itsm_history *entry)
{
    char time[ITSM_TIME_MAX];
    (void)user;
    printf("  %.16s %.*s by %.*s, %d fields\n", itsm_time_text(time, entry->effective),
           entry->event.n ? (int)entry->event.n : 1, entry->event.n ? entry->event.p : "-", ITSM_ARG(entry->who),
           (int)entry->nbefore);
    return ITSM_OK;
}

static void clock(story *s, uint64_t id)
{
    itsm_clock_row row = ITSM_CLOCK_ROW_INIT;
    static const char *const names[] = {"", "start", "pause", "resume", "stop", "reopen"};
    char time[ITSM_TIME_MAX];
    itsm_status rc = itsm_sms_clock(&row, s->sms, ticket(id), ITSM_RESOLUTION);
    must(s, "clock", rc);
    printf("Resolution clock of ticket %d:", (int)id);
    for (size_t i = 0; !rc && i < row.nevents; i++)
        if (row.events[i].kind <= ITSM_CLOCK_REOPEN)
            printf(" %s %.5s", names[row.events[i].kind], itsm_time_text(time, row.events[i].at) + 11);
    printf("\n");
}

static void both_at_once(story *s)
{
    itsm_work *work = NULL;
    const itsm_named set[] = {text("title", "Dark screen in B 204")};
    must(s, "work", itsm_work_new(&work, s->sms, &s->act));
    if (!s->rc) must(s, "change", itsm_work_change(work, ticket(1), ITSM_REV_ANY, set, 1));
    old_do(s->database, "UPDATE tickets SET room = 'B 205', changed = 1772454600, changed_by = 'rita' WHERE id = 1");
    itsm_status rc = itsm_work_commit(NULL, work);
    printf("Both at once: %s\n", itsm_status_text(rc));
    itsm_work_free(work);
    look_outside(s); /* only the room was changed, which is no field: nothing to tell */
    must(s, "again", itsm_sms_change(NULL, s->sms, ticket(1), ITSM_REV_ANY, set, 1, &s->act));
}

static void tell(story *s)
{
    const itsm_str desk[] = {ITSM_STR("service_desk")};
    const itsm_named start[] = {text("category", "hardware"), text("assignee", "ann"),
                                text("assignment_group", "field")};
    const itsm_named resolve[] = {text("resolution_code", "fixed"), text("resolution", "New cable")};
    s->act.who = ITSM_STR("ann"), s->act.roles = desk, s->act.nroles = 1;

    at(s, 9, 0), printf("Taking in what is there:\n"), look_outside(s);
    at(s, 9, 30), move(s, 1, "start", start, 3);
    itsm_outcome service = ITSM_OUTCOME_INIT;
    const itsm_named named[] = {text("name", "Workplace"), text("description", "A desk"), text("owner", "olga")};
    must(s, "service", itsm_sms_create(&service, s->sms, ITSM_STR("service"), named, 3, &s->act));
    itsm_named all[] = {start[0], start[1], start[2], {ITSM_STR("service"), itsm_value_ref(service.ref)}};
    move(s, 1, "start", all, 4);
    old_list(s->database, "shows it");

    at(s, 11, 0);
    old_do(s->database, "UPDATE tickets SET status = 'Waiting', changed = 1772448000, changed_by = 'tom' WHERE id = 2");
    old_do(s->database, "UPDATE tickets SET status = 'Solved', agent = 'bob', changed = 1772448600, changed_by = 'bob' "
                        "WHERE id = 3");
    old_do(s->database, "INSERT INTO tickets(subject, status, impact, urgency, opened, changed) "
                        "VALUES('Lost key', 'Open', 4, 4, 1772448700, 1772448700)");
    printf("Looking at what happened outside:\n"), look_outside(s);
    printf("Once more:\n"), look_outside(s);

    at(s, 12, 30), both_at_once(s);
    at(s, 13, 0), move(s, 1, "resolve", resolve, 2);
    old_list(s->database, "goes on");
    clock(s, 1), clock(s, 2), clock(s, 3);
    printf("History of ticket 1:\n");
    must(s, "history", itsm_sms_history(s->sms, ticket(1), history_line, NULL));
    itsm_audit_result audit = ITSM_AUDIT_RESULT_INIT;
    uint64_t sealed;
    must(s, "seal", itsm_store_seal(&sealed, s->ctx, s->store, 1000, NULL)); /* where entries wait for their places */
    must(s, "audit", itsm_sms_audit_verify(&audit, s->sms, NULL));
    printf("%d audit entries verified\n", (int)audit.count);
}

int helpdesk_story(itsm_ctx *ctx, itsm_store *store, const char *database)
{
    story s;
    itsm_sms_options options = ITSM_SMS_OPTIONS_INIT;
    itsm_act act = ITSM_ACT_INIT;
    memset(&s, 0, sizeof s);
    s.ctx = ctx, s.store = store, s.database = database, s.act = act;
    must(&s, "targets",
         itsm_sla_load(&s.sla, s.ctx, ITSM_STR("{\"resolution\": {\"2\": 240, \"3\": 480, \"4\": 960}}"), NULL));
    options.sla = s.sla;
    if (!s.rc) must(&s, "system", itsm_sms_new(&s.sms, s.ctx, itsm_model_builtin(), s.store, &options));
    if (!s.rc) tell(&s);
    itsm_sms_free(s.sms);
    itsm_sla_free(s.sla);
    return s.rc != ITSM_OK;
}
