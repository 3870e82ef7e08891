/* SPDX-License-Identifier: MIT */
/*
 * A host that ticks: it sleeps until something is due, lets the library say what clocks have reached, and sends it.
 * Each threshold is told once, with the instant at which it was reached, also when the host was away at that time.
 */
#include "story.h"

/* [send] */
/* Where mail would be sent: of several hosts, one takes a notice, and that one sends it. */
static itsm_status send_alarm(void *user, const itsm_notice *notice)
{
    story *s = user;
    char at[ITSM_TIME_MAX];
    itsm_status rc = itsm_sms_notice_take(s->sms, notice->id);

    if (rc || !notice->metric) return rc < 0 ? rc : ITSM_OK; /* another host has it, or a move asks for it */
    printf("  %s ", itsm_time_text(at, notice->at));
    if (itsm_str_is(notice->event, "breach")) printf("the goal is missed");
    else if (notice->threshold.basis == ITSM_THRESHOLD_PERCENT)
        printf("%d %% are used", (int)notice->threshold.value);
    else printf("%+d minutes", (int)(notice->threshold.value / ITSM_MINUTES(1)));
    printf(", %d minutes left of the %s: ", (int)(notice->left / ITSM_MINUTES(1)),
           notice->metric == ITSM_RESPONSE ? "response" : "resolution");
    print_record(s, notice->about);
    putchar('\n');
    return s->rc;
}
/* [send] */

/* [host] */
/* One turn of the host's loop: what is due by now; then when to wake up.  A change of a record may bring that forward. */
static itsm_time turn(story *s, itsm_time now)
{
    itsm_time next = ITSM_TIME_NONE;

    if (!s->rc) s->rc = itsm_sms_tick(NULL, s->sms, now, print_tick, NULL);
    if (!s->rc) s->rc = itsm_sms_notices(s->sms, send_alarm, s);
    if (!s->rc && (s->rc = itsm_sms_tick_next(&next, s->sms, now)) == ITSM_NOTHING) s->rc = ITSM_OK;
    return next;
}

/* Sleep and work until an instant.  A host with a timer of its own sets that to `next` instead. */
static void run_until(story *s, itsm_time from, itsm_time until)
{
    itsm_time at = from;

    while (!s->rc && at != ITSM_TIME_NONE && at <= until) {
        const itsm_time next = turn(s, at);
        if (next == ITSM_TIME_NONE || next > at) at = next; /* else more is due already: at once */
    }
}
/* [host] */

static void begin_with_targets(story *s, itsm_sla **sla)
{
    static const char goals[] = "{\"resolution\": {\"2\": 240, \"3\": 480},"
                                " \"thresholds\": [50, 75, {\"working\": -30}, {\"wall\": 60}]}";
    itsm_sms_options options = ITSM_SMS_OPTIONS_INIT;

    begin(s, "A host that says in time what is going to be late");
    if (s->rc || (s->rc = itsm_sla_load(sla, s->ctx, itsm_str_c(goals), NULL))) return;
    itsm_sms_free(s->sms);
    options.sla = *sla, options.key.p = "a story", options.key.n = 7;
    s->rc = itsm_sms_new(&s->sms, s->ctx, itsm_model_builtin(), s->store, &options);
}

int main(void)
{
    story s;
    itsm_sla *sla = NULL;

    begin_with_targets(&s, &sla);
    now(&s, "2026-03-02T09:00:00Z");
    as(&s, "head of network", NULL);
    itsm_ref network = create(&s, "service", WITH(text("name", "Network"), text("description", "Wires and radio"),
                                                  text("owner", "head of network")));
    as(&s, "service desk", "service_desk");
    itsm_ref dark = create(&s, "incident",
                           WITH(text("title", "No network on the third floor"), text("description", "Since 8:50"),
                                text("reporter", "accountant"), text("channel", "phone"), number("impact", 3),
                                number("urgency", 3), at_time("detected_at", "2026-03-02T08:50:00Z")));
    move(&s, dark, "start",
         WITH(text("category", "network"), to("service", network), text("assignment_group", "network team"),
              text("assignee", "network engineer")));
    run_until(&s, instant("2026-03-02T09:00:00Z"), instant("2026-03-02T14:00:00Z"));

    now(&s, "2026-03-02T14:00:00Z");
    as(&s, "network engineer", NULL);
    move(&s, dark, "hold", WITH(text("pending_reason", "awaiting_user")));
    run_until(&s, instant("2026-03-02T14:00:00Z"), instant("2026-03-03T09:00:00Z")); /* the clock stands: nothing */
    now(&s, "2026-03-03T09:00:00Z");
    move(&s, dark, "resume", NOTHING_ELSE);
    puts("  the host is away until the evening");

    now(&s, "2026-03-03T18:00:00Z");
    run_until(&s, instant("2026-03-03T18:00:00Z"), instant("2026-03-04T18:00:00Z"));
    now(&s, "2026-03-04T18:00:00Z");
    move(&s, dark, "resolve", WITH(text("resolution_code", "fixed"), text("resolution", "A new switch")));
    run_until(&s, instant("2026-03-04T18:00:00Z"), instant("2026-03-31T00:00:00Z"));
    verify(&s);
    itsm_sla_free(sla);
    return end(&s);
}
