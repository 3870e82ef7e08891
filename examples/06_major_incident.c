/* SPDX-License-Identifier: MIT */
/*
 * A major incident: a second lifecycle beside the status.  Anybody proposes, one role declares and management is told;
 * what others report is resolved with the parent; nothing closes before the review is held.
 */
#include "story.h"

static itsm_ref report(story *s, const char *title, const char *reporter)
{
    as(s, "service desk", "service_desk");
    return create(s, "incident",
                  WITH(text("title", title), text("description", "Since this morning"), text("reporter", reporter),
                       text("channel", "phone"), number("impact", 2), number("urgency", 2),
                       at_time("detected_at", "2026-03-02T08:10:00Z")));
}

/* [outbox] */
/* Notices wait in the store until a host takes them: a crash between the change and the mail loses none. */
static itsm_status send_notice(void *user, const itsm_notice *notice)
{
    itsm_status rc = itsm_sms_notice_take(user, notice->id);
    if (rc == ITSM_NOTHING) return ITSM_OK; /* another host sends it */
    if (!rc) printf("  mail to %.*s: %.*s\n", ITSM_ARG(notice->to), ITSM_ARG(notice->event));
    return rc;
}
/* [outbox] */

int main(void)
{
    story s;

    begin(&s, "A major incident and its review");
    now(&s, "2026-03-02T08:15:00Z");
    as(&s, "service desk", "service_desk");
    itsm_ref network = create(
        &s, "service", WITH(text("name", "Network"), text("description", "Offices"), text("owner", "head of network")));
    itsm_ref parent = report(&s, "Building A is offline", "receptionist");

    /* [declare] */
    as(&s, "receptionist", NULL);
    move(&s, parent, "propose_major", WITH(text("major_criteria", "More than one floor without network")));
    refused(&s, parent, "declare_major", WITH(text("major_manager", "receptionist")));
    now(&s, "2026-03-02T08:20:00Z");
    as(&s, "duty manager", "major_incident_manager");
    move(&s, parent, "declare_major", WITH(text("major_manager", "duty manager")));
    /* [declare] */
    as(&s, "service desk", "service_desk");
    move(&s, parent, "start",
         WITH(text("category", "network"), to("service", network), text("assignment_group", "network team"),
              text("assignee", "network engineer")));
    refused(&s, parent, "cancel", WITH(text("cancel_reason", "withdrawn"))); /* a major one cannot be waved away */

    /* [children] */
    itsm_ref printer = report(&s, "Printer on floor 3 is gone", "accountant");
    itsm_ref meeting = report(&s, "No video in the boardroom", "assistant of the board");
    relate(&s, parent, "children", printer);
    relate(&s, parent, "children", meeting);
    now(&s, "2026-03-02T10:50:00Z");
    as(&s, "network engineer", NULL);
    move(&s, parent, "resolve",
         WITH(text("resolution_code", "fixed"), text("resolution", "Core switch restarted on its second supply")));
    show(&s, "resolved with it", printer);
    show(&s, "resolved with it", meeting);
    /* [children] */

    refused(&s, printer, "reopen", NOTHING_ELSE);
    as(&s, "service desk", "service_desk");
    move(&s, printer, "reopen",
         WITH(text("reopen_reason", "The accountant cannot print yet"), text("assignee", "desk engineer")));
    as(&s, "duty manager", "major_incident_manager");
    move(&s, parent, "stand_down", NOTHING_ELSE);

    /* [review] */
    now(&s, "2026-03-07T10:50:00Z"); /* five days later only the other child may close by itself */
    tick(&s);
    as(&s, "service desk", "service_desk");
    buttons(&s, parent);
    as(&s, "duty manager", "major_incident_manager");
    refused(&s, parent, "complete_major_review", NOTHING_ELSE);
    as(&s, "head of network", NULL);
    itsm_ref review = create(&s, "review",
                             WITH(text("title", "Why building A went dark"), text("kind", "major_incident"),
                                  on_date("planned_for", "2026-03-07"), text("chair", "head of network")));
    relate(&s, review, "incident", parent);
    move(&s, review, "start", NOTHING_ELSE);
    move(&s, review, "complete",
         WITH(ONLY_TEXT("attendees", "network team"), text("findings", "Both supplies hung on one fuse"),
              text("decisions", "A second fuse in every building by the end of April")));
    as(&s, "duty manager", "major_incident_manager");
    move(&s, parent, "complete_major_review", NOTHING_ELSE);
    tick(&s); /* the printer is still being worked on */
    /* [review] */

    as(&s, "desk engineer", NULL);
    move(&s, printer, "resolve",
         WITH(text("category", "hardware"), to("service", network), text("assignment_group", "desk team"),
              text("resolution_code", "fixed"), text("resolution", "New address for the printer")));
    tick(&s);
    now(&s, "2026-03-12T10:50:00Z");
    tick(&s);

    puts("\nNotices sent by the host");
    if (!s.rc) s.rc = itsm_sms_notices(s.sms, send_notice, s.sms);
    history(&s, parent);
    verify(&s);
    return end(&s);
}
