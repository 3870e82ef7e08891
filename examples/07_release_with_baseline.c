/* SPDX-License-Identifier: MIT */
/*
 * A release: tested and accepted by somebody else than its manager, planned around a freeze, deployed only after a
 * baseline was taken and while its change is being implemented, watched, closed.
 */
#include "story.h"

/* [authorise] */
/* The plan of the change meets the freeze; the new plan is another one than the CAB approved. */
static void authorise(story *s, itsm_ref rfc)
{
    as(s, "change manager", NULL);
    itsm_ref seat = ask(s, rfc, "cab", "head of operations");
    grant(s, "head of operations", seat);
    as(s, "head of operations", "change_authority");
    refused(s, rfc, "authorize", WITH(at_time("communicated_at", "2026-03-30T09:00:00Z")));
    as(s, "change manager", NULL);
    change(s, rfc,
           WITH(at_time("planned_start", "2026-04-01T20:00:00Z"), at_time("planned_end", "2026-04-01T23:00:00Z")));
    show(s, "the approval of the first plan", seat);
    seat = ask(s, rfc, "cab", "head of operations");
    grant(s, "head of operations", seat);
    as(s, "head of operations", "change_authority");
    move(s, rfc, "authorize", WITH(at_time("communicated_at", "2026-03-30T10:00:00Z")));
}
/* [authorise] */

int main(void)
{
    story s;
    itsm_blackout freeze = ITSM_BLACKOUT_INIT;

    begin(&s, "A release with a baseline before its deployment");
    now(&s, "2026-03-30T09:00:00Z");
    freeze.from = instant("2026-03-31T00:00:00Z"), freeze.to = instant("2026-04-01T06:00:00Z");
    freeze.name = ITSM_STR("End of the quarter");
    if (!s.rc) s.rc = itsm_sms_blackout_add(s.sms, &freeze);
    as(&s, "configuration manager", "configuration_manager");
    itsm_ref payroll =
        create(&s, "service",
               WITH(text("name", "Payroll"), text("description", "Salaries"), text("owner", "head of finance")));
    itsm_ref server =
        create(&s, "configuration_item",
               WITH(text("name", "Payroll server"), text("ci_type", "application"), text("unique_id", "pay-01"),
                    number("criticality", 2), text("description", "Live node"), text("owner", "finance applications")));
    itsm_ref rfc = plan(&s, "Payroll 7.2 goes live", "release manager", payroll, server, "system operator",
                        "2026-03-31T20:00:00Z", "2026-03-31T23:00:00Z");

    /* [accept] */
    as(&s, "release manager", NULL);
    itsm_ref release = create(&s, "release",
                              WITH(text("title", "Payroll 7.2"), text("version", "7.2"), text("release_type", "minor"),
                                   to("service", payroll), text("release_manager", "release manager"),
                                   text("description", "Tax tables of 2026")));
    refused(&s, release, "start_build", NOTHING_ELSE);
    relate(&s, release, "change", rfc);
    move(&s, release, "start_build",
         WITH(at_time("planned_date", "2026-04-01T20:00:00Z"), text("deployment_method", "big_bang"),
              ONLY_TEXT("deliverables", "payroll-7.2.tar")));
    move(&s, release, "submit_test",
         WITH(text("acceptance_criteria", "Ten payrolls equal to the cent"),
              text("acceptance_test_env", "Copy of the live node, names replaced")));
    as(&s, "release manager", "acceptance_authority");
    refused(&s, release, "accept",
            WITH(text("test_results", "sha256:9f86d081884c7d65"), yes("criteria_met"),
                 text("accepted_by", "release manager")));
    as(&s, "head of finance", "acceptance_authority");
    move(&s, release, "accept",
         WITH(text("test_results", "sha256:9f86d081884c7d65"), yes("criteria_met"),
              text("accepted_by", "head of finance")));
    /* [accept] */
    as(&s, "release manager", NULL);
    refused(&s, release, "approve",
            WITH(text("backout_plan", "Restore the snapshot"), at_time("communicated_at", "2026-03-30T09:30:00Z")));
    authorise(&s, rfc);
    as(&s, "release manager", NULL);
    move(&s, release, "approve",
         WITH(text("backout_plan", "Restore the snapshot"), at_time("communicated_at", "2026-03-30T10:30:00Z")));

    /* [baseline] */
    as(&s, "release manager", "release_manager");
    itsm_ref rollout =
        create(&s, "deployment",
               WITH(text("title", "7.2 on the live node"), text("environment", "live"), ONLY_REF("target_ci", server),
                    text("implementer", "system operator"), at_time("planned_start", "2026-04-01T20:00:00Z"),
                    at_time("planned_end", "2026-04-01T23:00:00Z")));
    relate(&s, rollout, "release", release);
    relate(&s, rollout, "change", rfc);
    move(&s, rollout, "approve", NOTHING_ELSE);
    refused(&s, release, "deploy", NOTHING_ELSE);
    as(&s, "configuration manager", "configuration_manager");
    itsm_ref before = create(
        &s, "configuration_baseline",
        WITH(text("title", "Payroll before 7.2"), text("purpose", "pre_deployment"), text("scope_query", "pay-01")));
    relate(&s, before, "release", release);
    relate(&s, before, "change", rfc);
    relate(&s, before, "deployment", rollout);
    refused(&s, before, "capture", WITH(ONLY_REF("ci", server)));
    move(&s, before, "capture",
         WITH(ONLY_REF("ci", server), text("content_hash", "sha256:2c26b46b68ffc68f"), number("item_count", 1)));
    as(&s, "release manager", NULL);
    move(&s, release, "deploy", NOTHING_ELSE);
    /* [baseline] */

    /* [deploy] */
    now(&s, "2026-04-01T20:00:00Z");
    as(&s, "system operator", NULL);
    buttons(&s, rollout); /* the change is not being implemented yet */
    move(&s, rfc, "implement", WITH(text("verification_note", "Ten payrolls on the copy, no difference")));
    move(&s, rollout, "start", NOTHING_ELSE);
    now(&s, "2026-04-01T20:50:00Z");
    move(&s, rollout, "succeed",
         WITH(at_time("actual_end", "2026-04-01T20:48:00Z"), text("result_note", "All services up")));
    move(&s, rfc, "complete", WITH(at_time("actual_end", "2026-04-01T20:48:00Z"), text("outcome", "successful")));
    /* [deploy] */
    now(&s, "2026-04-02T08:00:00Z");
    as(&s, "release manager", "release_manager");
    move(&s, rollout, "verify", WITH(text("integrity_check", "pass")));
    move(&s, release, "complete", WITH(on_date("observation_until", "2026-04-30")));
    refused(&s, release, "close", WITH(text("success", "success"), text("review_note", "On time")));
    as(&s, "change manager", NULL);
    move(&s, rfc, "close", WITH(text("review_note", "As planned"), at_time("cis_updated_at", "2026-04-02T07:50:00Z")));
    now(&s, "2026-04-30T08:00:00Z"); /* after the payroll run of April */
    as(&s, "release manager", "release_manager");
    move(&s, release, "close",
         WITH(text("success", "success"), text("review_note", "On time; the salaries of April were right")));
    history(&s, release);
    verify(&s);
    return end(&s);
}
