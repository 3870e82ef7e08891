/* SPDX-License-Identifier: MIT */
/*
 * What the engine does beyond a single record and a single instant: approvals, timers, collisions, purging.
 */
#include "sms_fixture.h"

#include <criterion/criterion.h>

static struct counting counting;
static struct desk desk;

static void open_desk(void)
{
    static const struct counting none = COUNTING_INIT;
    counting = none;
    desk_open(&desk, &counting, NULL);
}

static void close_desk(void)
{
    desk_close(&desk);
    assert_nothing_outstanding(counting);
}

TestSuite(timed, .init = open_desk, .fini = close_desk);

/* The rules of what was refused, one behind the other. */
static const char *rules(void)
{
    static char text[1024];
    text[0] = 0;
    for (size_t i = 0; i < itsm_ctx_issue_count(desk.ctx); i++) {
        const itsm_issue *issue = itsm_ctx_issue(desk.ctx, i);
        size_t n = strlen(text);
        snprintf(text + n, sizeof text - n, "%s%.*s", n ? " | " : "", ITSM_ARG(issue->rule));
    }
    return text;
}

static itsm_ref create(const char *type, const itsm_named *set, size_t n)
{
    itsm_outcome out = ITSM_OUTCOME_INIT;
    itsm_status rc = itsm_sms_create(&out, desk.sms, itsm_str_c(type), set, n, &desk.act);
    cr_assert_eq(rc, ITSM_OK, "%s: %d %s", type, rc, rules());
    return out.ref;
}

static itsm_status move_as(const char *who, const char *role, itsm_ref ref, const char *move, const itsm_named *set,
                           size_t n)
{
    desk_actor(&desk, who, role);
    return itsm_sms_move(NULL, desk.sms, ref, ITSM_REV_ANY, itsm_str_c(move), set, n, &desk.act);
}

static const char *state_of(itsm_ref ref)
{
    static char text[64];
    const itsm_record *record;
    itsm_value value;
    itsm_work *work;
    cr_assert_eq(itsm_work_new(&work, desk.sms, &desk.act), ITSM_OK);
    cr_assert_eq(itsm_work_get(&record, work, ref), ITSM_OK);
    cr_assert_eq(itsm_record_get_number(&value, record, itsm_record_type(record)->machines[0].number), ITSM_OK);
    snprintf(text, sizeof text, "%.*s", ITSM_ARG(value.u.s));
    itsm_work_free(work);
    return text;
}

static int text_of(char *out, size_t room, itsm_ref ref, const char *field)
{
    const itsm_record *record;
    itsm_value value;
    itsm_work *work;
    cr_assert_eq(itsm_work_new(&work, desk.sms, &desk.act), ITSM_OK);
    cr_assert_eq(itsm_work_get(&record, work, ref), ITSM_OK);
    const itsm_status rc = itsm_record_find(&value, record, itsm_str_c(field));
    if (!rc) snprintf(out, room, "%.*s", ITSM_ARG(value.u.s));
    itsm_work_free(work);
    return rc == ITSM_OK;
}

/* A document that waits for its approvers. */
static itsm_ref document(void)
{
    const itsm_named set[] = {TEXT("title", "Policy"), TEXT("author", "ann"), TEXT("owner", "olga"),
                              TEXT("kind", "policy"),  TEXT("version", "1"),  TEXT("classification", "internal")};
    itsm_named sent[] = {TEXT("content_ref", "sha256:00"),
                         {ITSM_STR("review_due"), itsm_value_number(ITSM_DATE, 21000)}};
    sent[0].value.kind = ITSM_BLOB;
    itsm_ref ref = create("controlled_document", set, COUNT(set));
    itsm_status rc = move_as("ann", NULL, ref, "submit", sent, COUNT(sent));
    cr_assert_eq(rc, ITSM_OK, "%s", rules());
    return ref;
}

static itsm_approval asked(const char *who, const char *policy, int64_t quorum, const char *decision)
{
    itsm_approval a = ITSM_APPROVAL_INIT;
    a.body = ITSM_STR("document_approver"), a.approver = itsm_str_c(who), a.policy = itsm_str_c(policy);
    a.quorum = quorum, a.decision = itsm_str_c(decision), a.comment = ITSM_STR("so it is");
    return a;
}

static itsm_status publishable(itsm_ref ref)
{
    return move_as("olga", NULL, ref, "approve", NULL, 0);
}

/* Approvals ----------------------------------------------------------------------------------------------------------- */

Test(timed, one_grant_suffices_where_any_is_stated_but_never_that_of_the_author)
{
    const itsm_ref ref = document();
    itsm_approval own = asked("ann", "any", 0, "grant"), other = asked("bob", "any", 0, "grant");
    cr_assert_eq(publishable(ref), ITSM_E_REFUSED);
    cr_assert_eq(itsm_sms_approve(NULL, NULL, desk.sms, ref, &own, 1, &desk.act), ITSM_OK);
    cr_assert_eq(publishable(ref), ITSM_E_REFUSED);
    cr_assert_str_eq(rules(), "approved(document_approver,stated,author)");
    cr_assert_eq(itsm_sms_approve(NULL, NULL, desk.sms, ref, &other, 1, &desk.act), ITSM_OK);
    cr_assert_eq(publishable(ref), ITSM_OK, "%s", rules());
}

Test(timed, all_waits_for_every_one_who_was_asked_and_abstaining_does_not_count)
{
    const itsm_ref ref = document();
    itsm_approval list[] = {asked("bob", "all", 0, "grant"), asked("cid", "all", 0, ""),
                            asked("dan", "all", 0, "abstain")};
    itsm_ref refs[3];
    cr_assert_eq(itsm_sms_approve(NULL, refs, desk.sms, ref, list, 3, &desk.act), ITSM_OK, "%s", rules());
    cr_assert_eq(publishable(ref), ITSM_E_REFUSED);
    cr_assert_eq(move_as("bob", NULL, refs[1], "grant", NULL, 0), ITSM_E_REFUSED, "bob is not the approver");
    cr_assert_eq(move_as("cid", NULL, refs[1], "grant", NULL, 0), ITSM_OK);
    cr_assert_eq(publishable(ref), ITSM_OK, "%s", rules());
}

Test(timed, quorum_and_percent_count_what_was_asked)
{
    const struct {
        const char *policy;
        int64_t quorum;
        int granted, refused, enough;
    } cases[] = {{"quorum", 2, 1, 0, 0},   {"quorum", 2, 2, 1, 1},   {"percent", 60, 1, 1, 0},
                 {"percent", 50, 1, 1, 1}, {"percent", 67, 2, 1, 0}, {"percent", 66, 2, 1, 1},
                 {"quorum", 0, 3, 0, 0},   {"any", 0, 1, 2, 1},      {"all", 0, 2, 1, 0}};
    static const char *const names[] = {"bob", "cid", "dan", "eve"};
    for (size_t c = 0; c < COUNT(cases); c++) {
        const itsm_ref ref = document();
        itsm_approval list[4];
        size_t n = 0;
        for (int i = 0; i < cases[c].granted; i++, n++)
            list[n] = asked(names[n], cases[c].policy, cases[c].quorum, "grant");
        for (int i = 0; i < cases[c].refused; i++, n++)
            list[n] = asked(names[n], cases[c].policy, cases[c].quorum, "refuse");
        cr_assert_eq(itsm_sms_approve(NULL, NULL, desk.sms, ref, list, n, &desk.act), ITSM_OK, "%s", rules());
        cr_assert_eq(publishable(ref), cases[c].enough ? ITSM_OK : ITSM_E_REFUSED, "case %zu: %s", c, rules());
    }
}

Test(timed, an_approval_is_asked_for_only_where_a_move_asks_for_its_body)
{
    const itsm_ref ref = document();
    itsm_approval wrong = asked("bob", "any", 0, "grant"), early = wrong;
    wrong.body = ITSM_STR("cab");
    cr_assert_eq(itsm_sms_approve(NULL, NULL, desk.sms, ref, &wrong, 1, &desk.act), ITSM_E_REFUSED);
    cr_assert_str_eq(rules(), "body");
    const itsm_named set[] = {TEXT("title", "Draft"), TEXT("author", "ann"), TEXT("owner", "olga"),
                              TEXT("kind", "policy"), TEXT("version", "1"),  TEXT("classification", "internal")};
    const itsm_ref draft = create("controlled_document", set, COUNT(set));
    cr_assert_eq(itsm_sms_approve(NULL, NULL, desk.sms, draft, &early, 1, &desk.act), ITSM_E_REFUSED);
    cr_assert_str_eq(rules(), "body");
}

Test(timed, a_refusal_without_a_comment_undoes_all_that_was_asked_with_it)
{
    const itsm_ref ref = document();
    itsm_approval list[] = {asked("bob", "any", 0, "grant"), asked("cid", "any", 0, "refuse")};
    list[1].comment = ITSM_STR("");
    cr_assert_eq(itsm_sms_approve(NULL, NULL, desk.sms, ref, list, 2, &desk.act), ITSM_E_REFUSED);
    cr_assert_str_eq(rules(), "set(comment) | mandatory:comment");
    cr_assert_eq(publishable(ref), ITSM_E_REFUSED, "bob's grant is gone too");
}

Test(timed, an_edit_of_what_was_filled_in_voids_and_says_which_field)
{
    const itsm_ref ref = document();
    itsm_approval a = asked("bob", "any", 0, "grant");
    itsm_ref approval;
    char why[100], before[100], after[100];
    const itsm_named filling[] = {TEXT("confidentiality_class", "open")}, editing[] = {TEXT("title", "Other")};
    cr_assert_eq(itsm_sms_approve(NULL, &approval, desk.sms, ref, &a, 1, &desk.act), ITSM_OK);
    cr_assert_eq(itsm_sms_change(NULL, desk.sms, ref, ITSM_REV_ANY, filling, 1, &desk.act), ITSM_OK, "%s", rules());
    cr_assert_str_eq(state_of(approval), "granted", "filling an empty field voids nothing");
    cr_assert(text_of(before, sizeof before, approval, "evidence_hash") && strlen(before) == 64);
    cr_assert_eq(itsm_sms_change(NULL, desk.sms, ref, ITSM_REV_ANY, editing, 1, &desk.act), ITSM_OK, "%s", rules());
    cr_assert_str_eq(state_of(approval), "void");
    cr_assert(text_of(why, sizeof why, approval, "void_reason"));
    cr_assert_str_eq(why, "title was changed");
    cr_assert_eq(publishable(ref), ITSM_E_REFUSED);
    cr_assert_eq(itsm_sms_approve(NULL, &approval, desk.sms, ref, &a, 1, &desk.act), ITSM_OK);
    cr_assert(text_of(after, sizeof after, approval, "evidence_hash"));
    cr_assert_str_neq(before, after, "what was approved is another text");
    cr_assert_eq(publishable(ref), ITSM_OK);
}

Test(timed, a_refused_edit_voids_nothing)
{
    const itsm_ref ref = document();
    itsm_approval a = asked("bob", "any", 0, "grant");
    itsm_ref approval;
    const itsm_named editing[] = {TEXT("title", "Other"), TEXT("created_by", "eve")};
    cr_assert_eq(itsm_sms_approve(NULL, &approval, desk.sms, ref, &a, 1, &desk.act), ITSM_OK);
    cr_assert_eq(itsm_sms_change(NULL, desk.sms, ref, ITSM_REV_ANY, editing, 2, &desk.act), ITSM_E_REFUSED);
    cr_assert_str_eq(state_of(approval), "granted");
}

Test(timed, the_trail_names_the_asker_and_the_approver)
{
    const itsm_ref ref = document();
    itsm_approval a = asked("bob", "any", 0, "grant");
    itsm_audit_result result = ITSM_AUDIT_RESULT_INIT;
    desk_actor(&desk, "ann", NULL);
    cr_assert_eq(itsm_sms_approve(NULL, NULL, desk.sms, ref, &a, 1, &desk.act), ITSM_OK);
    cr_assert_eq(itsm_sms_audit_verify(&result, desk.sms, NULL), ITSM_OK);
}

/* Timers --------------------------------------------------------------------------------------------------------------- */

/* An incident that was resolved. */
static itsm_ref resolved(itsm_ref service)
{
    itsm_outcome out = ITSM_OUTCOME_INIT;
    const itsm_named set[] = {TEXT("resolution_code", "fixed"), TEXT("resolution", "New lamp")};
    cr_assert_eq(new_started(&out, &desk, service), ITSM_OK);
    cr_assert_eq(move_as("jdoe", NULL, out.ref, "resolve", set, 2), ITSM_OK, "%s", rules());
    return out.ref;
}

static itsm_ref service(void)
{
    itsm_outcome out = ITSM_OUTCOME_INIT;
    cr_assert_eq(new_service(&out, &desk), ITSM_OK);
    return out.ref;
}

static itsm_status note_move(void *user, const itsm_move_def *move, const itsm_outcome *done)
{
    char *text = user;
    size_t n = strlen(text);
    snprintf(text + n, 200 - n, "%.*s:%.*s ", ITSM_ARG(done->number), ITSM_ARG(move->name));
    return ITSM_OK;
}

Test(timed, a_tick_closes_what_has_waited_long_enough_and_nothing_else)
{
    const itsm_ref desk_service = service(), first = resolved(desk_service);
    char made[200] = "";
    uint64_t n = 9;
    desk.act.now += ITSM_DAYS(1);
    const itsm_ref second = resolved(desk_service);
    cr_assert_eq(itsm_sms_tick(&n, desk.sms, MONDAY + ITSM_DAYS(5) - 1, note_move, made), ITSM_OK);
    cr_assert_eq(n, 0u, "%s", made);
    cr_assert_eq(itsm_sms_tick(&n, desk.sms, MONDAY + ITSM_DAYS(5), note_move, made), ITSM_OK);
    cr_assert_eq(n, 1u);
    cr_assert_str_eq(made, "INC0000001:close ");
    cr_assert_str_eq(state_of(first), "closed");
    cr_assert_str_eq(state_of(second), "resolved");
    cr_assert_eq(itsm_sms_tick(&n, desk.sms, MONDAY + ITSM_DAYS(7), note_move, made), ITSM_OK);
    cr_assert_eq(n, 1u);
    cr_assert_eq(itsm_sms_tick(&n, desk.sms, MONDAY + ITSM_DAYS(8), NULL, NULL), ITSM_OK);
    cr_assert_eq(n, 0u, "all is done");
}

Test(timed, what_a_guard_holds_back_is_tried_again_at_the_next_tick)
{
    const itsm_ref desk_service = service(), parent = resolved(desk_service);
    itsm_outcome child = ITSM_OUTCOME_INIT;
    const itsm_named set[] = {TEXT("resolution_code", "fixed"), TEXT("resolution", "New lamp")};
    uint64_t n;
    cr_assert_eq(new_started(&child, &desk, desk_service), ITSM_OK);
    cr_assert_eq(itsm_sms_link(desk.sms, parent, ITSM_STR("children"), child.ref, &desk.act), ITSM_OK);
    cr_assert_eq(itsm_sms_tick(&n, desk.sms, MONDAY + ITSM_DAYS(6), NULL, NULL), ITSM_OK);
    cr_assert_eq(n, 0u, "a child is open");
    desk.act.now = MONDAY + ITSM_DAYS(6);
    cr_assert_eq(move_as("jdoe", NULL, child.ref, "resolve", set, 2), ITSM_OK, "%s", rules());
    cr_assert_eq(itsm_sms_tick(&n, desk.sms, MONDAY + ITSM_DAYS(6), NULL, NULL), ITSM_OK);
    cr_assert_eq(n, 1u, "the parent only: the child waits for five days of its own");
}

static itsm_status stop_here(void *user, const itsm_move_def *move, const itsm_outcome *done)
{
    (void)user, (void)move, (void)done;
    return 77;
}

Test(timed, a_callback_that_stops_keeps_what_was_made)
{
    const itsm_ref desk_service = service(), first = resolved(desk_service), second = resolved(desk_service);
    uint64_t n;
    cr_assert_eq(itsm_sms_tick(&n, desk.sms, MONDAY + ITSM_DAYS(6), stop_here, NULL), 77);
    cr_assert_eq(n, 1u);
    cr_assert_str_eq(state_of(first), "closed");
    cr_assert_str_eq(state_of(second), "resolved");
    cr_assert_eq(itsm_sms_tick(&n, desk.sms, ITSM_TIME_NONE, NULL, NULL), ITSM_E_MISUSE);
}

Test(timed, two_systems_on_one_store_make_each_move_once)
{
    const itsm_ref desk_service = service();
    itsm_sms *other;
    itsm_sms_options options = ITSM_SMS_OPTIONS_INIT;
    uint64_t a, b;
    for (int i = 0; i < 5; i++) (void)resolved(desk_service);
    options.key.p = "another", options.key.n = 7;
    cr_assert_eq(itsm_sms_new(&other, desk.ctx, itsm_model_builtin(), desk.store, &options), ITSM_OK);
    cr_assert_eq(itsm_sms_tick(&a, desk.sms, MONDAY + ITSM_DAYS(6), NULL, NULL), ITSM_OK);
    cr_assert_eq(itsm_sms_tick(&b, other, MONDAY + ITSM_DAYS(6), NULL, NULL), ITSM_OK);
    cr_assert_eq(a, 5u);
    cr_assert_eq(b, 0u);
    itsm_sms_free(other);
}

/* Blackouts ------------------------------------------------------------------------------------------------------------ */

static itsm_status count_blackout(void *user, const itsm_blackout *blackout)
{
    *(itsm_span *)user += blackout->to - blackout->from;
    return ITSM_OK;
}

Test(timed, blackouts_are_added_listed_and_taken_away)
{
    itsm_blackout freeze = ITSM_BLACKOUT_INIT, other = freeze;
    itsm_span sum = 0;
    freeze.from = MONDAY, freeze.to = MONDAY + ITSM_DAYS(1), freeze.name = ITSM_STR("Year end");
    other.from = MONDAY + ITSM_DAYS(3), other.to = MONDAY + ITSM_DAYS(5);
    cr_assert_eq(itsm_sms_blackout_add(desk.sms, &freeze), ITSM_OK);
    cr_assert_eq(itsm_sms_blackout_add(desk.sms, &other), ITSM_OK);
    cr_assert_eq(itsm_sms_blackouts(desk.sms, count_blackout, &sum), ITSM_OK);
    cr_assert_eq(sum, ITSM_DAYS(3));
    cr_assert_eq(itsm_sms_blackout_remove(desk.sms, &freeze), ITSM_OK);
    cr_assert_eq(itsm_sms_blackout_remove(desk.sms, &freeze), ITSM_NOTHING);
    sum = 0;
    cr_assert_eq(itsm_sms_blackouts(desk.sms, count_blackout, &sum), ITSM_OK);
    cr_assert_eq(sum, ITSM_DAYS(2));
    other.to = other.from;
    cr_assert_eq(itsm_sms_blackout_add(desk.sms, &other), ITSM_E_INVALID);
}

/* Purging -------------------------------------------------------------------------------------------------------------- */

static void with_retention(itsm_span period)
{
    static itsm_retention list[1];
    itsm_sms_options options = ITSM_SMS_OPTIONS_INIT;
    list[0].name = ITSM_STR(""), list[0].period = period;
    options.key.p = "a key", options.key.n = 5, options.retentions = list, options.nretentions = 1;
    itsm_sms_free(desk.sms);
    cr_assert_eq(itsm_sms_new(&desk.sms, desk.ctx, itsm_model_builtin(), desk.store, &options), ITSM_OK);
}

static itsm_status count_history(void *user, const itsm_history *entry)
{
    (void)entry;
    ++*(size_t *)user;
    return ITSM_OK;
}

Test(timed, a_record_is_purged_when_its_retention_has_ended_and_the_trail_still_verifies)
{
    const itsm_ref desk_service = service(), ref = resolved(desk_service);
    itsm_audit_result result = ITSM_AUDIT_RESULT_INIT;
    itsm_ref found;
    size_t entries = 0;
    with_retention(ITSM_DAYS(10));
    cr_assert_eq(itsm_sms_purge(desk.sms, ref, ITSM_REV_ANY, &desk.act), ITSM_E_REFUSED);
    cr_assert_str_eq(rules(), "state");
    cr_assert_eq(itsm_sms_tick(NULL, desk.sms, MONDAY + ITSM_DAYS(5), NULL, NULL), ITSM_OK);
    desk.act.now = MONDAY + ITSM_DAYS(15) - 1;
    cr_assert_eq(itsm_sms_purge(desk.sms, ref, ITSM_REV_ANY, &desk.act), ITSM_E_REFUSED);
    cr_assert_str_eq(rules(), "retention");
    desk.act.now++;
    cr_assert_eq(itsm_sms_purge(desk.sms, ref, ITSM_REV_ANY, &desk.act), ITSM_OK, "%s", rules());
    cr_assert_eq(itsm_sms_find(&found, desk.sms, ITSM_STR("INC0000001")), ITSM_E_NOT_FOUND);
    cr_assert_eq(itsm_sms_history(desk.sms, ref, count_history, &entries), ITSM_OK);
    cr_assert_eq(entries, (size_t)0);
    cr_assert_eq(itsm_sms_audit_verify(&result, desk.sms, NULL), ITSM_OK);
    cr_assert_gt(result.gone, (uint64_t)3);
    cr_assert_eq(itsm_sms_purge(desk.sms, ref, ITSM_REV_ANY, &desk.act), ITSM_E_NOT_FOUND);
}

Test(timed, without_a_period_for_its_class_nothing_is_ever_purged)
{
    const itsm_ref ref = resolved(service());
    cr_assert_eq(itsm_sms_tick(NULL, desk.sms, MONDAY + ITSM_DAYS(5), NULL, NULL), ITSM_OK);
    desk.act.now = MONDAY + ITSM_DAYS(5000);
    cr_assert_eq(itsm_sms_purge(desk.sms, ref, ITSM_REV_ANY, &desk.act), ITSM_E_REFUSED);
    cr_assert_str_eq(rules(), "retention");
}

Test(timed, links_of_a_purged_record_are_gone_from_the_other_end)
{
    const itsm_ref desk_service = service(), parent = resolved(desk_service), child = resolved(desk_service);
    with_retention(0);
    cr_assert_eq(itsm_sms_link(desk.sms, parent, ITSM_STR("children"), child, &desk.act), ITSM_OK);
    cr_assert_eq(itsm_sms_tick(NULL, desk.sms, MONDAY + ITSM_DAYS(5), NULL, NULL), ITSM_OK);
    desk.act.now = MONDAY + ITSM_DAYS(5);
    cr_assert_eq(itsm_sms_purge(desk.sms, child, ITSM_REV_ANY, &desk.act), ITSM_OK, "%s", rules());
    cr_assert_eq(itsm_sms_unlink(desk.sms, parent, ITSM_STR("children"), child, &desk.act), ITSM_E_NOT_FOUND);
    cr_assert_eq(itsm_sms_purge(desk.sms, parent, ITSM_REV_ANY, &desk.act), ITSM_OK, "%s", rules());
}
