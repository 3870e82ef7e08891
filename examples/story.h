/* SPDX-License-Identifier: MIT */
/*
 * What the stories 04 to 09 share: a system in memory, somebody who acts, and one printed line for each step.
 *
 * After the first failure nothing more is done, so a story needs no check behind every step; end() says what it was.
 * The time is what the story says it is.  With a key in the options every run gives the same numbers and bytes.
 */
#ifndef ITSM_EXAMPLES_STORY_H
#define ITSM_EXAMPLES_STORY_H

#include <itsm/itsm.h>
#include <stdio.h>

typedef struct story {
    itsm_ctx *ctx;
    itsm_store *store;
    itsm_sms *sms;
    itsm_act act;     /* who acts, as what, when */
    itsm_str role[1]; /* the role of act */
    itsm_status rc;   /* the first failure */
} story;

/* Arguments of create(), change(), move() and refused(): the fields that come with the step. */
#define WITH(...) ((const itsm_named[]){__VA_ARGS__}), sizeof((const itsm_named[]){__VA_ARGS__}) / sizeof(itsm_named)
#define NOTHING_ELSE NULL, 0

static inline itsm_named text(const char *field, const char *value)
{
    itsm_named named = {itsm_str_c(field), itsm_value_text(itsm_str_c(value))};
    return named;
}

static inline itsm_named number(const char *field, int64_t value)
{
    itsm_named named = {itsm_str_c(field), itsm_value_number(ITSM_INT, value)};
    return named;
}

static inline itsm_named yes(const char *field)
{
    itsm_named named = {itsm_str_c(field), itsm_value_number(ITSM_BOOL, 1)};
    return named;
}

static inline itsm_time instant(const char *iso)
{
    itsm_time at = ITSM_TIME_NONE;
    return itsm_time_decode(&at, itsm_str_c(iso)) ? ITSM_TIME_NONE : at;
}

static inline itsm_named at_time(const char *field, const char *iso)
{
    itsm_named named = {itsm_str_c(field), itsm_value_number(ITSM_TIME, instant(iso))};
    return named;
}

static inline itsm_named on_date(const char *field, const char *iso)
{
    itsm_named named = {itsm_str_c(field), itsm_value_number(ITSM_DATE, 0)};
    if (itsm_date_decode(&named.value.u.i, itsm_str_c(iso))) named.value.kind = ITSM_NONE;
    return named;
}

static inline itsm_named to(const char *field, itsm_ref ref)
{
    itsm_named named = {itsm_str_c(field), itsm_value_ref(ref)};
    return named;
}

/* A list of one: a text, JSON, a reference. */
static inline itsm_named only(const char *field, const itsm_value *one)
{
    itsm_named named = {itsm_str_c(field), {ITSM_LIST, 0, {0}}};
    named.value.u.list.item = one, named.value.u.list.n = 1;
    return named;
}
#define ONLY_TEXT(field, value) only(field, &(const itsm_value){ITSM_TEXT, 0, {.s = {value, sizeof(value) - 1}}})
#define ONLY_MAP(field, value) only(field, &(const itsm_value){ITSM_MAP, 0, {.s = {value, sizeof(value) - 1}}})
#define ONLY_REF(field, value) only(field, &(const itsm_value){ITSM_REF, 0, {.ref = value}})

/* Set the scene -------------------------------------------------------------------------------------------------- */

static inline void begin(story *s, const char *title)
{
    itsm_sms_options options = ITSM_SMS_OPTIONS_INIT;
    itsm_act act = ITSM_ACT_INIT;

    s->ctx = NULL, s->store = NULL, s->sms = NULL, s->act = act;
    options.key.p = "a story", options.key.n = 7;
    if (!(s->rc = itsm_os_ctx_new(&s->ctx)) && !(s->rc = itsm_store_memory(&s->store, s->ctx)))
        s->rc = itsm_sms_new(&s->sms, s->ctx, itsm_model_builtin(), s->store, &options);
    puts(title);
}

static inline int end(story *s)
{
    if (s->rc) fprintf(stderr, "%s\n", itsm_status_text(s->rc));
    for (size_t i = 0; s->rc && s->ctx && i < itsm_ctx_issue_count(s->ctx); i++)
        fprintf(stderr, "  %.*s: %.*s (clause %.*s)\n", ITSM_ARG(itsm_ctx_issue(s->ctx, i)->where),
                ITSM_ARG(itsm_ctx_issue(s->ctx, i)->message), ITSM_ARG(itsm_ctx_issue(s->ctx, i)->clause));
    itsm_sms_free(s->sms);
    itsm_store_free(s->store);
    itsm_ctx_free(s->ctx);
    return s->rc != ITSM_OK;
}

static inline void now(story *s, const char *iso)
{
    s->act.now = instant(iso);
    printf("\n%s\n", iso);
}

/* From here on this party acts; NULL: it holds no role. */
static inline void as(story *s, const char *who, const char *role)
{
    s->act.who = itsm_str_c(who);
    s->role[0] = itsm_str_c(role), s->act.roles = s->role, s->act.nroles = role ? 1 : 0;
}

/* What is printed ------------------------------------------------------------------------------------------------ */

/* Number and states of a record: "INC0000001 in_progress, major declared".  To read is to open a work, too. */
static inline void print_record(story *s, itsm_ref ref)
{
    itsm_work *work = NULL;
    const itsm_record *record = NULL;
    itsm_value value;

    if (!s->rc && !(s->rc = itsm_work_new(&work, s->sms, &s->act)) && !(s->rc = itsm_work_get(&record, work, ref))) {
        const itsm_type_def *type = itsm_record_type(record);
        if (!itsm_record_find(&value, record, ITSM_STR("number"))) printf("%.*s", ITSM_ARG(value.u.s));
        for (size_t i = 0; i < itsm_type_machine_count(type); i++) {
            itsm_str facet = itsm_type_machine_at(type, i)->name;
            if (itsm_record_find(&value, record, facet)) continue;
            if (i) printf(", %.*s", ITSM_ARG(facet));
            printf(" %.*s", ITSM_ARG(value.u.s));
        }
    }
    itsm_work_free(work);
}

/* Say who did what, to which record, and whom to tell. */
static inline void print_step(story *s, const char *what, const itsm_outcome *done)
{
    printf("  %.*s", ITSM_ARG(s->act.who));
    if (s->act.nroles) printf(" (%.*s)", ITSM_ARG(s->role[0]));
    printf(": %s, ", what);
    print_record(s, done->ref);
    putchar('\n');
    for (size_t i = 0; i < done->nnotices; i++) printf("      notice to %.*s\n", ITSM_ARG(done->notices[i].to));
}

/* What a user interface shows beside a refused button: each rule that is not met, and the clause it serves. */
static inline void print_missing(const itsm_issue *issue)
{
    printf("      %.*s [%.*s]\n", ITSM_ARG(issue->message), ITSM_ARG(issue->clause));
}

/* Steps ---------------------------------------------------------------------------------------------------------- */

static inline itsm_ref create(story *s, const char *type, const itsm_named *set, size_t n)
{
    itsm_outcome done = ITSM_OUTCOME_INIT;
    char what[80];
    if (!s->rc && !(s->rc = itsm_sms_create(&done, s->sms, itsm_str_c(type), set, n, &s->act))) {
        snprintf(what, sizeof what, "create \"%.*s\"", ITSM_ARG(set[0].value.u.s)); /* its title or name comes first */
        print_step(s, what, &done);
    }
    return done.ref;
}

static inline void change(story *s, itsm_ref ref, const itsm_named *set, size_t n)
{
    itsm_outcome done = ITSM_OUTCOME_INIT;
    if (!s->rc && !(s->rc = itsm_sms_change(&done, s->sms, ref, ITSM_REV_ANY, set, n, &s->act)))
        print_step(s, "change", &done);
}

static inline void move(story *s, itsm_ref ref, const char *move, const itsm_named *set, size_t n)
{
    itsm_outcome done = ITSM_OUTCOME_INIT;
    if (!s->rc && !(s->rc = itsm_sms_move(&done, s->sms, ref, ITSM_REV_ANY, itsm_str_c(move), set, n, &s->act)))
        print_step(s, move, &done);
}

/* A move that is tried and has to be refused. */
static inline void refused(story *s, itsm_ref ref, const char *move, const itsm_named *set, size_t n)
{
    itsm_outcome done = ITSM_OUTCOME_INIT;
    itsm_status rc;

    if (s->rc) return;
    done.ref = ref;
    print_step(s, move, &done);
    rc = itsm_sms_move(&done, s->sms, ref, ITSM_REV_ANY, itsm_str_c(move), set, n, &s->act);
    puts(rc == ITSM_E_REFUSED ? "      refused:" : "      not refused");
    for (size_t i = 0; rc == ITSM_E_REFUSED && i < itsm_ctx_issue_count(s->ctx); i++)
        print_missing(itsm_ctx_issue(s->ctx, i));
    if (rc != ITSM_E_REFUSED) s->rc = rc ? rc : ITSM_E_INVALID;
}

static inline void relate(story *s, itsm_ref from, const char *relation, itsm_ref ref)
{
    if (s->rc || (s->rc = itsm_sms_link(s->sms, from, itsm_str_c(relation), ref, &s->act))) return;
    printf("  %.*s: link, ", ITSM_ARG(s->act.who));
    print_record(s, from);
    printf(", %s ", relation);
    print_record(s, ref);
    putchar('\n');
}

/* Ask one party of a body; it decides later, by a move of the approval. */
static inline itsm_ref ask(story *s, itsm_ref subject, const char *body, const char *approver)
{
    itsm_approval approval = ITSM_APPROVAL_INIT;
    itsm_outcome done = ITSM_OUTCOME_INIT;
    itsm_ref ref = {0, {0, 0}};

    approval.body = itsm_str_c(body), approval.approver = itsm_str_c(approver);
    if (!s->rc && !(s->rc = itsm_sms_approve(&done, &ref, s->sms, subject, &approval, 1, &s->act)))
        print_step(s, "ask for approval", &done);
    return ref;
}

static inline void grant(story *s, const char *approver, itsm_ref approval)
{
    as(s, approver, NULL);
    move(s, approval, "grant", NOTHING_ELSE);
}

/* [plan] */
/* A normal change that is assessed and waits for its authorisation: asked for by one party, planned by another. */
static inline itsm_ref plan(story *s, const char *title, const char *requester, itsm_ref service, itsm_ref ci,
                            const char *implementer, const char *start, const char *finish)
{
    as(s, requester, NULL);
    itsm_ref rfc = create(s, "change",
                          WITH(text("title", title), text("description", "In the evening of a working day"),
                               text("reason", "As agreed"), text("change_type", "normal"), to("service", service),
                               text("requester", requester), number("priority", 3)));
    as(s, "change manager", NULL);
    move(s, rfc, "submit", WITH(text("category", "minor"), text("change_manager", "change manager")));
    move(s, rfc, "request_authorization",
         WITH(ONLY_REF("ci", ci), text("implementer", implementer), text("benefit", "The service stays supported"),
              text("risk_level", "medium"), text("risk_assessment", "May not end within the window"),
              text("impact_assessment", "No work during the window"), text("impact_capacity", "None"),
              text("impact_availability_continuity", "Two hours of planned downtime"), text("impact_security", "None"),
              text("implementation_plan", "Stop, back up, install, start"), text("test_plan", "As a user would work"),
              text("backout_plan", "Restore the backup"), at_time("planned_start", start),
              at_time("planned_end", finish)));
    return rfc;
}
/* [plan] */

/* [buttons] */
static inline itsm_status print_button(void *user, const itsm_possible *possible)
{
    (void)user;
    printf("      [%.*s]%s\n", ITSM_ARG(possible->move->name), possible->allowed ? "" : " is grey:");
    for (size_t i = 0; i < possible->nmissing; i++) {
        printf("    ");
        print_missing(&possible->missing[i]);
    }
    return ITSM_OK;
}

/* The buttons a user interface draws for this party on this record. */
static inline void buttons(story *s, itsm_ref ref)
{
    if (s->rc) return;
    printf("  the buttons of %.*s for ", ITSM_ARG(s->act.who));
    print_record(s, ref);
    puts(":");
    s->rc = itsm_sms_possible(s->sms, ref, &s->act, print_button, NULL);
}
/* [buttons] */

static inline void show(story *s, const char *what, itsm_ref ref)
{
    if (s->rc) return;
    printf("  %s: ", what);
    print_record(s, ref);
    putchar('\n');
}

static inline itsm_status print_tick(void *user, const itsm_move_def *move, const itsm_outcome *done)
{
    (void)user;
    printf("  timer: %.*s, %.*s %.*s\n", ITSM_ARG(move->name), ITSM_ARG(done->number), ITSM_ARG(done->state));
    for (size_t i = 0; i < done->nnotices; i++) printf("      notice to %.*s\n", ITSM_ARG(done->notices[i].to));
    return ITSM_OK;
}

/* [tick] */
/* Let the passing of time do what is due now: a host calls this every minute or so. */
static inline void tick(story *s)
{
    uint64_t made = 0;
    if (!s->rc && !(s->rc = itsm_sms_tick(&made, s->sms, s->act.now, print_tick, NULL)) && !made)
        puts("  timer: nothing is due");
}
/* [tick] */

/* Looking back --------------------------------------------------------------------------------------------------- */

static inline itsm_status print_entry(void *user, const itsm_history *entry)
{
    char at[ITSM_TIME_MAX];
    itsm_str what = entry->event.n ? entry->event : itsm_audit_action_name(entry->action);
    (void)user;
    printf("  %s %.*s by %.*s\n", itsm_time_text(at, entry->recorded), ITSM_ARG(what), ITSM_ARG(entry->who));
    return ITSM_OK;
}

static inline void history(story *s, itsm_ref ref)
{
    if (s->rc) return;
    printf("\nHistory of ");
    print_record(s, ref);
    putchar('\n');
    s->rc = itsm_sms_history(s->sms, ref, print_entry, NULL);
}

static inline void verify(story *s)
{
    itsm_audit_result result = ITSM_AUDIT_RESULT_INIT;
    if (s->rc || (s->rc = itsm_sms_audit_verify(&result, s->sms, NULL))) return;
    printf("Audit trail: %llu entries, %llu of them compared with the history, %llu wrong, root ",
           (unsigned long long)result.count, (unsigned long long)result.checked, (unsigned long long)result.bad);
    for (int i = 0; i < 4; i++) printf("%02x", result.root[i]);
    puts("...");
}

#endif
