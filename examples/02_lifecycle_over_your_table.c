/* SPDX-License-Identifier: MIT */
/*
 * A lifecycle over one's own table: no store, no record, no engine, two callbacks.  Answers that need links or
 * approvals are further, optional callbacks; what a subject cannot answer is undecided, never passed.
 */
#include <itsm/itsm.h>
#include <stdio.h>

/* [subject] */
typedef struct ticket {
    const char *status, *assignee, *pending_reason;
} ticket; /* a row of your own table */

static itsm_status ticket_state(void *self, itsm_str *out, itsm_str facet)
{
    (void)facet;
    *out = itsm_str_c(((const ticket *)self)->status);
    return ITSM_OK;
}

static itsm_status ticket_field(void *self, itsm_value *out, const itsm_field_def *field)
{
    const ticket *t = self;
    const char *text = itsm_str_is(field->name, "assignee")         ? t->assignee
                       : itsm_str_is(field->name, "pending_reason") ? t->pending_reason
                                                                    : NULL;
    if (!text) return ITSM_NOTHING;
    *out = itsm_value_text(itsm_str_c(text));
    return ITSM_OK;
}
/* [subject] */

/* [move] */
static itsm_status ticket_move(itsm_ctx *ctx, ticket *t, const char *move, const itsm_act *act)
{
    static const itsm_subject_methods methods = { sizeof methods, ticket_state, ticket_field, NULL, NULL, NULL, NULL };
    const itsm_machine *machine =
        itsm_type_machine(itsm_model_type(itsm_model_builtin(), ITSM_STR("incident")), ITSM_STR("status"));
    itsm_plan plan = ITSM_PLAN_INIT;
    itsm_subject subject = { &methods, t };
    itsm_status rc = itsm_machine_check(&plan, ctx, machine, subject, itsm_str_c(move), act);

    for (size_t i = 0; rc == ITSM_E_REFUSED && i < itsm_ctx_issue_count(ctx); i++) {
        const itsm_issue *issue = itsm_ctx_issue(ctx, i); /* "pending_reason is missing (8.6.1)" */
        printf("%.*s (%.*s)\n", ITSM_ARG(issue->message), ITSM_ARG(issue->clause));
    }
    if (rc == ITSM_OK) t->status = plan.to.p; /* names in a model end in NUL; now your UPDATE, and plan.effects */
    return rc;
}
/* [move] */

int main(void)
{
    ticket t = { "in_progress", "ann", NULL };
    itsm_act act = ITSM_ACT_INIT;
    itsm_ctx *ctx = NULL;
    itsm_status rc = itsm_ctx_new(&ctx, NULL);

    act.who = ITSM_STR("ann"), act.now = ITSM_DAYS(20450); /* 2025-12-28 */
    if (rc == ITSM_OK && (rc = ticket_move(ctx, &t, "hold", &act)) == ITSM_E_REFUSED) {
        t.pending_reason = "awaiting_user";
        rc = ticket_move(ctx, &t, "hold", &act);
    }
    if (rc)
        fprintf(stderr, "%s\n", itsm_status_text(rc));
    else
        printf("now %s\n", t.status);
    itsm_ctx_free(ctx);
    return rc != ITSM_OK;
}
