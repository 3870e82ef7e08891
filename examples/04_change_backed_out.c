/* SPDX-License-Identifier: MIT */
/*
 * A normal change from the request to the review: the CAB approves it, an edit voids what it approved, another change
 * is in the way, a baseline is taken, the upgrade fails and is backed out.
 */
#include "story.h"

/* [cab] */
/* Three are asked; two of them have to agree.  A grant of the implementer will not count. */
static void ask_cab(story *s, itsm_ref rfc, itsm_ref asked[3])
{
    static const char *const board[] = {"database administrator", "shop owner", "head of operations"};
    itsm_approval seats[3] = {ITSM_APPROVAL_INIT, ITSM_APPROVAL_INIT, ITSM_APPROVAL_INIT};
    itsm_outcome done = ITSM_OUTCOME_INIT;

    for (int i = 0; i < 3; i++) {
        seats[i].body = ITSM_STR("cab"), seats[i].approver = itsm_str_c(board[i]);
        seats[i].policy = ITSM_STR("quorum"), seats[i].quorum = 2;
    }
    as(s, "change manager", NULL);
    if (!s->rc && !(s->rc = itsm_sms_approve(&done, asked, s->sms, rfc, seats, 3, &s->act)))
        print_step(s, "ask the board, three members", &done);
}
/* [cab] */

int main(void)
{
    story s;

    begin(&s, "A change with CAB approval and back-out");
    now(&s, "2026-03-02T09:00:00Z");
    as(&s, "configuration manager", NULL);
    itsm_ref shop = create(&s, "service",
                           WITH(text("name", "Web shop"), text("description", "Orders"), text("owner", "shop owner")));
    itsm_ref base = create(&s, "configuration_item",
                           WITH(text("name", "Order database"), text("ci_type", "database"), text("unique_id", "db-17"),
                                number("criticality", 1), text("description", "One node"),
                                text("owner", "database administrator")));
    itsm_ref front =
        create(&s, "configuration_item",
               WITH(text("name", "Shop front"), text("ci_type", "application"), text("unique_id", "web-03"),
                    number("criticality", 2), text("description", "Two nodes"), text("owner", "web team")));
    relate(&s, front, "depends_on", base);

    /* Another change of that night is authorised already: it touches what depends on our database. */
    itsm_ref other = plan(&s, "New certificates for the shop front", "shop owner", shop, front, "web team",
                          "2026-03-03T21:00:00Z", "2026-03-03T22:00:00Z");
    grant(&s, "head of operations", ask(&s, other, "cab", "head of operations"));
    as(&s, "head of operations", "change_authority");
    move(&s, other, "authorize", WITH(at_time("communicated_at", "2026-03-02T09:00:00Z")));

    /* [authorise] */
    itsm_ref seats[3] = {{0, {0, 0}}};
    itsm_ref rfc = plan(&s, "Upgrade of the order database", "shop owner", shop, base, "database administrator",
                        "2026-03-03T20:00:00Z", "2026-03-03T22:00:00Z");
    ask_cab(&s, rfc, seats);
    grant(&s, "database administrator", seats[0]);
    grant(&s, "shop owner", seats[1]);
    as(&s, "head of operations", "change_authority");
    refused(&s, rfc, "authorize", WITH(at_time("communicated_at", "2026-03-02T10:00:00Z"))); /* one of two counts */
    grant(&s, "head of operations", seats[2]);

    as(&s, "database administrator", NULL); /* an edit behind the back of the CAB */
    change(&s, rfc, WITH(text("implementation_plan", "Upgrade in place, without a backup")));
    show(&s, "what the head of operations granted", seats[2]);
    change(&s, rfc, WITH(text("implementation_plan", "Stop, back up, install, start")));
    ask_cab(&s, rfc, seats);
    grant(&s, "shop owner", seats[1]);
    grant(&s, "head of operations", seats[2]);
    as(&s, "head of operations", "change_authority");
    buttons(&s, rfc);
    move(&s, rfc, "authorize",
         WITH(at_time("communicated_at", "2026-03-02T12:00:00Z"),
              text("conflict_override", "Both teams sit together; certificates come last")));
    /* [authorise] */

    as(&s, "database administrator", NULL);
    refused(&s, rfc, "implement", NOTHING_ELSE);
    as(&s, "configuration manager", "configuration_manager");
    itsm_ref before = create(
        &s, "configuration_baseline",
        WITH(text("title", "Before the upgrade"), text("scope_query", "db-17"), text("purpose", "pre_deployment")));
    move(&s, before, "capture",
         WITH(ONLY_REF("ci", base), text("content_hash", "sha256:5d41402abc4b2a76"), number("item_count", 1)));
    relate(&s, rfc, "configuration_baseline", before);

    /* [backout] */
    now(&s, "2026-03-03T20:05:00Z");
    as(&s, "database administrator", NULL);
    move(&s, rfc, "implement", WITH(text("verification_note", "Rehearsed on the copy; the backup is readable")));
    now(&s, "2026-03-03T21:40:00Z");
    move(&s, rfc, "complete",
         WITH(at_time("actual_end", "2026-03-03T21:38:00Z"), text("outcome", "failed_backed_out")));
    now(&s, "2026-03-04T10:00:00Z");
    as(&s, "change manager", NULL);
    refused(&s, rfc, "close", WITH(text("review_note", "Backed out in time, no order was lost")));
    move(&s, rfc, "close",
         WITH(text("review_note", "Backed out in time, no order was lost"),
              text("failure_investigation", "The index of the order table was rebuilt on one core only")));
    /* [backout] */
    history(&s, rfc);
    verify(&s);
    return end(&s);
}
