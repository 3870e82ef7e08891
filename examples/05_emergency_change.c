/* SPDX-License-Identifier: MIT */
/*
 * An emergency change: nothing without an incident and without the emergency board, then at once; what normal changes
 * write before the decision is written before the change may be closed.  The incident closes by itself.
 */
#include "story.h"

int main(void)
{
    story s;

    begin(&s, "An emergency change, documented before it is closed");
    now(&s, "2026-03-02T02:10:00Z");
    as(&s, "configuration manager", NULL);
    itsm_ref mail = create(
        &s, "service", WITH(text("name", "Mail"), text("description", "Mailboxes"), text("owner", "head of services")));
    itsm_ref gateway = create(&s, "configuration_item",
                              WITH(text("name", "Mail gateway"), text("ci_type", "server"), text("unique_id", "mx-01"),
                                   number("criticality", 1), text("description", "Takes mail from outside"),
                                   text("owner", "mail team")));
    as(&s, "monitoring", NULL);
    itsm_ref incident =
        create(&s, "incident",
               WITH(text("title", "No mail from outside"), text("description", "The queue of the gateway grows"),
                    text("reporter", "monitoring"), text("channel", "monitoring"), number("impact", 1),
                    number("urgency", 2), at_time("detected_at", "2026-03-02T02:05:00Z")));
    as(&s, "night desk", "service_desk");
    move(&s, incident, "start",
         WITH(text("category", "software"), to("service", mail), ONLY_REF("ci", gateway),
              text("assignment_group", "mail team"), text("assignee", "mail engineer")));

    /* [submit] */
    as(&s, "mail engineer", NULL);
    itsm_ref rfc = create(&s, "change",
                          WITH(text("title", "Replace the filter of the gateway"),
                               text("description", "Version 4.1 loops on a signature; back to 4.0"),
                               text("reason", "Mail stands still"), text("change_type", "emergency"),
                               to("service", mail), text("requester", "mail engineer"), number("priority", 1)));
    refused(&s, incident, "hold", WITH(text("pending_reason", "awaiting_change")));
    refused(&s, rfc, "submit_emergency", WITH(text("emergency_justification", "No mail for 4000 people")));
    relate(&s, rfc, "incident", incident);
    move(&s, incident, "hold", WITH(text("pending_reason", "awaiting_change")));
    move(&s, rfc, "submit_emergency",
         WITH(text("emergency_justification", "No mail for 4000 people"), text("risk_level", "high"),
              ONLY_REF("ci", gateway), text("backout_plan", "Start the node with 4.1 again"),
              text("implementer", "mail engineer"), text("change_manager", "change manager")));
    /* [submit] */

    /* [ecab] */
    itsm_ref own = ask(&s, rfc, "ecab", "mail engineer"); /* also on call for the board */
    grant(&s, "mail engineer", own);
    as(&s, "change manager", NULL);
    refused(&s, rfc, "authorize_emergency", NOTHING_ELSE);
    itsm_ref duty = ask(&s, rfc, "ecab", "duty manager");
    grant(&s, "duty manager", duty);
    now(&s, "2026-03-02T02:40:00Z");
    as(&s, "change manager", NULL);
    buttons(&s, rfc);
    move(&s, rfc, "authorize_emergency", NOTHING_ELSE); /* implementing from this instant on */
    /* [ecab] */

    now(&s, "2026-03-02T03:05:00Z");
    as(&s, "mail engineer", NULL);
    move(&s, rfc, "complete", WITH(at_time("actual_end", "2026-03-02T03:00:00Z"), text("outcome", "successful")));
    relate(&s, incident, "resolved_by_change", rfc);
    move(&s, incident, "resolve",
         WITH(text("resolution_code", "by_change"), text("resolution", "Filter 4.0 is back, the queue is empty")));

    /* [close] */
    now(&s, "2026-03-03T09:00:00Z");
    as(&s, "change manager", NULL);
    refused(&s, rfc, "close", WITH(text("review_note", "The filter is pinned to 4.0 until the maker has a fix")));
    move(&s, rfc, "close",
         WITH(text("review_note", "The filter is pinned to 4.0 until the maker has a fix"),
              at_time("cis_updated_at", "2026-03-03T08:30:00Z"),
              text("retrospective_note",
                   "35 minutes from the alarm to the decision; the board was reached by telephone"),
              text("risk_assessment", "4.0 does not know the signatures of the last month"),
              text("impact_assessment", "Mail of two hours arrived late, none was lost")));
    /* [close] */

    /* [auto] */
    tick(&s);
    now(&s, "2026-03-07T03:05:00Z"); /* five days after it was resolved: the policy auto_close_after */
    tick(&s);
    /* [auto] */
    history(&s, rfc);
    verify(&s);
    return end(&s);
}
