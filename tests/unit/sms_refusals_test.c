/* SPDX-License-Identifier: MIT */
/*
 * What a refusal says: all of it, in the order of the model's specification, also where the steps of a move end early
 * or other records are written on the way.
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

TestSuite(refusals, .init = open_desk, .fini = close_desk);

static const char *rules(void)
{
    static char text[1024];
    text[0] = 0;
    for (size_t i = 0; i < itsm_ctx_issue_count(desk.ctx); i++) {
        const itsm_issue *issue = itsm_ctx_issue(desk.ctx, i);
        const size_t n = strlen(text);
        snprintf(text + n, sizeof text - n, "%s%.*s", n ? " | " : "", ITSM_ARG(issue->rule));
    }
    return text;
}

static itsm_status move_as(const char *who, const char *role, itsm_ref ref, const char *move, const itsm_named *set,
                           size_t n)
{
    desk_actor(&desk, who, role);
    return itsm_sms_move(NULL, desk.sms, ref, ITSM_REV_ANY, itsm_str_c(move), set, n, &desk.act);
}

/* A document that waits for its approvers. */
static itsm_ref document(void)
{
    const itsm_named set[] = {TEXT("title", "Policy"), TEXT("author", "ann"), TEXT("owner", "olga"),
                              TEXT("kind", "policy"),  TEXT("version", "1"),  TEXT("classification", "internal")};
    itsm_named sent[] = {TEXT("content_ref", "sha256:00"),
                         {ITSM_STR("review_due"), itsm_value_number(ITSM_DATE, 21000)}};
    itsm_outcome out = ITSM_OUTCOME_INIT;
    sent[0].value.kind = ITSM_BLOB;
    cr_assert_eq(itsm_sms_create(&out, desk.sms, ITSM_STR("controlled_document"), set, COUNT(set), &desk.act), ITSM_OK);
    const itsm_ref ref = out.ref;
    cr_assert_eq(move_as("ann", NULL, ref, "submit", sent, COUNT(sent)), ITSM_OK, "%s", rules());
    return ref;
}

static itsm_ref ask(itsm_ref subject, const char *who, const char *decision, itsm_time due)
{
    itsm_approval a = ITSM_APPROVAL_INIT;
    itsm_ref ref;
    a.body = ITSM_STR("document_approver"), a.policy = ITSM_STR("any"), a.approver = itsm_str_c(who);
    a.decision = itsm_str_c(decision), a.due = due;
    cr_assert_eq(itsm_sms_approve(NULL, &ref, desk.sms, subject, &a, 1, &desk.act), ITSM_OK, "%s", rules());
    return ref;
}

Test(refusals, a_move_that_lacks_nothing_but_brings_a_locked_field_names_it)
{
    const itsm_named set[] = {TEXT("pending_reason", "awaiting_user"), TEXT("created_by", "eve"), INT("priority", 1)};
    itsm_outcome out = ITSM_OUTCOME_INIT;
    cr_assert_eq(new_service(&out, &desk), ITSM_OK);
    cr_assert_eq(new_started(&out, &desk, out.ref), ITSM_OK);
    cr_assert_eq(move_as("jdoe", NULL, out.ref, "hold", set, COUNT(set)), ITSM_E_REFUSED);
    cr_assert_str_eq(rules(), "locked:created_by | locked:priority");
    cr_assert_eq(move_as("jdoe", NULL, out.ref, "hold", set, 1), ITSM_OK);
}

Test(refusals, what_was_locked_is_still_told_after_the_edit_has_voided_approvals)
{
    const itsm_ref ref = document();
    itsm_named set[] = {TEXT("created_by", "eve"), TEXT("content_ref", "sha256:11")};
    set[1].value.kind = ITSM_BLOB;
    (void)ask(ref, "bob", "grant", ITSM_TIME_NONE);
    cr_assert_eq(move_as("olga", NULL, ref, "approve", set, 2), ITSM_E_REFUSED);
    cr_assert_str_eq(rules(), "locked:created_by | approved(document_approver,stated,author)");
    cr_assert_eq(move_as("olga", NULL, ref, "approve", NULL, 0), ITSM_OK, "a refused move has voided nothing");
}

Test(refusals, whoever_is_given_the_role_of_the_timer_is_not_the_timer)
{
    const itsm_ref asked = ask(document(), "bob", "", MONDAY - 1);
    uint64_t made = 0;
    cr_assert_eq(move_as("eve", "timer", asked, "expire", NULL, 0), ITSM_E_REFUSED);
    cr_assert_str_eq(rules(), "actor");
    cr_assert_eq(itsm_sms_tick(&made, desk.sms, MONDAY, NULL, NULL), ITSM_OK);
    cr_assert_eq(made, (uint64_t)1);
}
