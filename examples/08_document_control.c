/* SPDX-License-Identifier: MIT */
/*
 * A policy under document control: written by one, approved by another, in force from a day on, due for review a year
 * later without anybody remembering it, replaced by a version that has a reason.
 */
#include "story.h"

/* [draft] */
static itsm_ref draft(story *s, const char *version)
{
    as(s, "security officer", NULL);
    return create(s, "controlled_document",
                  WITH(text("title", "Password policy"), text("kind", "policy"), text("version", version),
                       text("author", "security officer"), text("owner", "head of IT"),
                       text("approver", "managing director"), text("classification", "internal"),
                       ONLY_TEXT("distribution", "all staff")));
}
/* [draft] */

int main(void)
{
    story s;

    begin(&s, "Document control");
    now(&s, "2026-03-02T09:00:00Z");
    itsm_ref first = draft(&s, "1.0");
    refused(&s, first, "submit", NOTHING_ELSE);
    move(&s, first, "submit",
         WITH(text("content_ref", "sha256:5e884898da280471"), on_date("review_due", "2027-04-01")));

    /* [approve] */
    itsm_ref own = ask(&s, first, "document_approver", "security officer");
    grant(&s, "security officer", own); /* the author may say so, but it does not count */
    as(&s, "managing director", NULL);
    refused(&s, first, "approve", NOTHING_ELSE);
    itsm_ref director = ask(&s, first, "document_approver", "managing director");
    grant(&s, "managing director", director);
    as(&s, "security officer", NULL);
    change(&s, first, WITH(text("content_ref", "sha256:65e84be33532fb78"))); /* "12 characters" became "8" */
    show(&s, "the approval of the other text", director);
    as(&s, "managing director", NULL);
    buttons(&s, first);
    move(&s, first, "return", WITH(text("review_comment", "12 characters it was, and 12 it stays")));
    as(&s, "security officer", NULL);
    move(&s, first, "submit", WITH(text("content_ref", "sha256:5e884898da280471")));
    director = ask(&s, first, "document_approver", "managing director");
    grant(&s, "managing director", director);
    move(&s, first, "approve", NOTHING_ELSE);
    /* [approve] */

    /* [effective] */
    as(&s, "head of IT", NULL);
    refused(&s, first, "publish", WITH(on_date("effective_from", "2026-04-01")));
    change(&s, first, WITH(on_date("effective_from", "2026-04-01")));
    now(&s, "2026-03-31T23:59:00Z");
    tick(&s);
    now(&s, "2026-04-01T00:00:00Z");
    tick(&s);
    now(&s, "2027-04-01T00:00:00Z");
    tick(&s);
    /* [effective] */

    /* [supersede] */
    now(&s, "2027-04-05T09:00:00Z");
    as(&s, "head of IT", NULL);
    refused(&s, first, "reconfirm", NOTHING_ELSE); /* not without a new date */
    itsm_ref second = draft(&s, "2.0");
    relate(&s, second, "previous_version", first);
    refused(&s, second, "submit",
            WITH(text("content_ref", "sha256:8d969eef6ecad3c2"), on_date("review_due", "2028-04-01")));
    as(&s, "service desk", NULL);
    itsm_ref idea = create(&s, "improvement",
                           WITH(text("title", "Keys instead of passwords"), text("source", "review"),
                                text("proposer", "service desk"),
                                text("description", "A third of all calls are forgotten passwords")));
    relate(&s, second, "improvement", idea);
    as(&s, "security officer", NULL);
    move(&s, second, "submit",
         WITH(text("content_ref", "sha256:8d969eef6ecad3c2"), on_date("review_due", "2028-04-01")));
    director = ask(&s, second, "document_approver", "managing director");
    grant(&s, "managing director", director);
    move(&s, second, "approve", WITH(on_date("effective_from", "2027-05-01")));
    show(&s, "in force until the new one is", first);
    now(&s, "2027-05-01T00:00:00Z");
    tick(&s);
    show(&s, "the first version", first);
    /* [supersede] */
    history(&s, first);
    verify(&s);
    return end(&s);
}
