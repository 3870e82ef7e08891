/* SPDX-License-Identifier: MIT */
/*
 * A new service from the proposal to live: requirements, a project that plans, designs, builds and hands over, and what
 * has to stand beside a live service: an agreement, an entry in the catalogue, somebody who is responsible.
 */
#include "story.h"

/* A party asked and agreeing at once. */
static void agreed(story *s, itsm_ref subject, const char *body, const char *party)
{
    grant(s, party, ask(s, subject, body, party));
}

/* [document] */
/* What a document and a catalogue entry go through: submitted, approved by another than the author, published. */
static void publish(story *s, itsm_ref document, const itsm_named *content, size_t n)
{
    as(s, "service designer", NULL);
    move(s, document, "submit", content, n);
    agreed(s, document, "document_approver", "head of services");
    as(s, "head of services", NULL);
    move(s, document, "approve", NOTHING_ELSE);
    move(s, document, "publish", WITH(on_date("effective_from", "2026-03-02")));
}
/* [document] */

/* The change that brings the service into operation, up to its closing. */
static void implement(story *s, itsm_ref rfc, itsm_ref ci)
{
    agreed(s, rfc, "cab", "head of operations");
    as(s, "head of operations", "change_authority");
    move(s, rfc, "authorize", WITH(at_time("communicated_at", "2026-05-04T10:00:00Z")));
    as(s, "configuration manager", "configuration_manager");
    itsm_ref before = create(
        s, "configuration_baseline",
        WITH(text("title", "Before remote access"), text("purpose", "pre_deployment"), text("scope_query", "vpn-01")));
    move(s, before, "capture",
         WITH(ONLY_REF("ci", ci), text("content_hash", "sha256:fcde2b2edba56bf4"), number("item_count", 1)));
    relate(s, rfc, "configuration_baseline", before);
    now(s, "2026-05-05T20:00:00Z");
    as(s, "network engineer", NULL);
    move(s, rfc, "implement", WITH(text("verification_note", "Pilot of 20 users ran for two weeks")));
    now(s, "2026-05-05T21:10:00Z");
    move(s, rfc, "complete", WITH(at_time("actual_end", "2026-05-05T21:05:00Z"), text("outcome", "successful")));
    as(s, "change manager", NULL);
    move(s, rfc, "close", WITH(text("review_note", "As planned"), at_time("cis_updated_at", "2026-05-05T21:10:00Z")));
}

int main(void)
{
    story s;

    begin(&s, "A new service from proposal to live");
    /* [propose] */
    now(&s, "2026-03-02T09:00:00Z");
    as(&s, "head of services", NULL);
    itsm_ref service = create(&s, "service",
                              WITH(text("name", "Remote access"), text("description", "Work from anywhere"),
                                   text("owner", "head of services")));
    refused(&s, service, "define", NOTHING_ELSE);
    itsm_ref customer =
        create(&s, "customer", WITH(text("name", "Field sales"), text("relationship_manager", "account manager")));
    itsm_ref needs = create(&s, "controlled_document",
                            WITH(text("title", "Requirements of remote access"), text("kind", "service_requirements"),
                                 text("author", "service designer"), text("owner", "head of services"),
                                 text("version", "1"), text("classification", "internal")));
    publish(&s, needs, WITH(text("content_ref", "sha256:baa5a0964d3320fb"), on_date("review_due", "2027-03-02")));
    move(&s, service, "define",
         WITH(text("outcomes", "Offers are written at the customer's"), number("criticality", 2),
              ONLY_REF("customers", customer), ONLY_REF("service_requirements", needs)));
    itsm_ref project = create(&s, "service_project",
                              WITH(text("title", "Remote access for field sales"), text("kind", "new"),
                                   text("sponsor", "head of sales"), to("service", service),
                                   text("scope", "150 users in three countries")));
    as(&s, "portfolio board", "portfolio_manager");
    refused(&s, project, "charter", NOTHING_ELSE);
    agreed(&s, project, "sponsor", "head of sales");
    as(&s, "portfolio board", "portfolio_manager");
    move(&s, project, "charter", NOTHING_ELSE);
    /* [propose] */

    as(&s, "head of sales", NULL);
    move(&s, project, "approve_plan",
         WITH(text("authorities", "Sponsor decides on money, service owner on design"),
              text("timescales", "Live on 6 May"), text("human_resources", "Two engineers"),
              text("technical_resources", "Two gateways"), text("information_resources", "User list"),
              text("financial_resources", "Budget of sales"), text("dependencies", "Network"),
              text("risks_note", "Lines abroad"), text("test_approach", "Pilot"),
              text("acceptance_criteria", "Login in 20 seconds"), text("expected_outcomes", "Faster offers"),
              text("communication_plan", "Sales meeting in April")));
    as(&s, "head of services", "service_owner");
    move(&s, service, "design", NOTHING_ELSE);
    agreed(&s, project, "design_authority", "architect");
    as(&s, "head of services", "service_owner");
    move(&s, project, "approve_design",
         WITH(text("design_spec", "sha256:7c9e7c1a0f4d2b11"), text("sms_impact", "None"),
              text("new_slas", "One with field sales"), text("catalogue_updates", "One entry"),
              text("procedures_and_measures", "Onboarding; share of logins below 20 seconds")));

    now(&s, "2026-04-20T09:00:00Z");
    itsm_ref gateway =
        create(&s, "configuration_item",
               WITH(text("name", "Access gateway"), text("ci_type", "network"), text("unique_id", "vpn-01"),
                    number("criticality", 2), text("description", "Two nodes"), text("owner", "network team")));
    itsm_ref rfc = plan(&s, "Open the gateway", "head of services", service, gateway, "network engineer",
                        "2026-05-05T20:00:00Z", "2026-05-05T22:00:00Z");

    /* [accept] */
    relate(&s, project, "change", rfc);
    as(&s, "head of services", "service_owner");
    move(&s, project, "to_transition", WITH(text("test_results", "sha256:b5bb9d8014a0f9b1")));
    move(&s, service, "transition", NOTHING_ELSE);
    as(&s, "head of sales", "acceptance_authority");
    refused(&s, project, "accept",
            WITH(text("acceptance_result", "not_met_accepted"), text("accepted_by", "head of sales")));
    as(&s, "head of services", "service_owner");
    move(&s, project, "rework", WITH(text("acceptance_result", "not_met_rejected"))); /* login took 45 seconds */
    move(&s, project, "to_transition", WITH(text("test_results", "sha256:3bc51062973c458d")));
    as(&s, "head of sales", "acceptance_authority");
    move(&s, project, "accept", WITH(text("acceptance_result", "met"), text("accepted_by", "head of sales")));
    /* [accept] */

    /* [live] */
    now(&s, "2026-05-04T09:00:00Z");
    as(&s, "head of services", "service_owner");
    buttons(&s, service); /* what a live service still lacks */
    itsm_ref sla =
        create(&s, "sla",
               WITH(text("title", "Remote access for field sales"), text("version", "1"),
                    text("owner", "head of services"), to("customer", customer), ONLY_REF("service", service)));
    move(&s, sla, "propose",
         WITH(text("scope", "150 users"), ONLY_MAP("targets", "{\"metric\":\"resolution\",\"goal\":\"PT8H\"}")));
    agreed(&s, sla, "both_parties", "head of services");
    refused(&s, sla, "agree", NOTHING_ELSE); /* both parties, not one */
    agreed(&s, sla, "both_parties", "head of sales");
    as(&s, "head of services", "service_owner");
    move(&s, sla, "agree",
         WITH(on_date("signed_on", "2026-05-04"), on_date("effective_from", "2026-05-06"),
              on_date("effective_to", "2027-05-06"), text("workload_limits", "{\"sessions\":150}"),
              on_date("review_due", "2027-02-01")));
    itsm_ref entry =
        create(&s, "service_catalogue_entry",
               WITH(text("title", "Remote access"), to("service", service), text("author", "service designer"),
                    text("owner", "head of services"), text("version", "1"), ONLY_TEXT("audience", "field sales")));
    publish(&s, entry,
            WITH(text("content_ref", "sha256:e3b98a4da31a127d"), on_date("review_due", "2027-03-02"),
                 text("intended_outcome", "A laptop is an office")));
    itsm_ref measure = create(
        &s, "indicator",
        WITH(text("name", "Logins below 20 seconds"), text("kind", "objective"), text("owner", "head of services")));
    itsm_ref duty = create(&s, "responsibility",
                           WITH(text("process_or_component", "Operation of the gateway"), text("kind", "service"),
                                text("party_type", "internal_team"), text("accountable", "head of services"),
                                text("responsible", "network team")));
    relate(&s, duty, "service", service);
    agreed(&s, duty, "both_parties", "head of services");
    agreed(&s, duty, "both_parties", "network team");
    as(&s, "head of services", "service_owner");
    move(&s, duty, "agree",
         WITH(ONLY_REF("performance_measures", measure), text("controls", "Monthly report"),
              text("interfaces", "Service desk")));
    move(&s, duty, "activate", WITH(on_date("review_due", "2027-05-01")));
    implement(&s, rfc, gateway);
    now(&s, "2026-05-06T00:00:00Z");
    tick(&s); /* the agreement comes into force */
    as(&s, "head of services", "service_owner");
    move(&s, service, "go_live",
         WITH(text("service_hours", "{\"tz\":\"UTC\"}"), text("support_group", "service desk")));
    as(&s, "head of sales", NULL);
    move(&s, project, "close", WITH(text("outcome_report", "Live on the day that was planned, after one rework")));
    /* [live] */
    history(&s, service);
    verify(&s);
    return end(&s);
}
