/* SPDX-License-Identifier: MIT */
/*
 * SLA clocks only: a calendar, a target, three events, and the instant at which the target breaks.  Nothing is stored
 * and nothing ticks; all times are given.
 */
/* [all] */
#include <itsm/itsm.h>
#include <stdio.h>

int main(void)
{
    static const char definition[] = "{\"tz\":\"Europe/Berlin\",\"weekly\":{"
        "\"mon\":[[\"09:00\",\"17:00\"]],\"fri\":[[\"09:00\",\"17:00\"]]},\"holidays\":[\"2026-04-03\"]}";
    itsm_ctx *ctx = NULL;
    itsm_calendar *hours = NULL;
    itsm_target target = ITSM_TARGET_INIT;
    itsm_clock_reading now = ITSM_CLOCK_READING_INIT;
    itsm_clock clock;
    itsm_time opened, held, back;
    char due[ITSM_TIME_MAX];
    itsm_status rc;

    if ((rc = itsm_os_ctx_new(&ctx)) ||                       /* system zones and random numbers, malloc */
        (rc = itsm_calendar_load(&hours, ctx, itsm_str_c(definition))) ||
        (rc = itsm_time_decode(&opened, ITSM_STR("2026-03-27T14:00:00+01:00"))) ||
        (rc = itsm_time_decode(&held, ITSM_STR("2026-03-27T15:00:00+01:00"))) ||
        (rc = itsm_time_decode(&back, ITSM_STR("2026-03-27T16:00:00+01:00"))))
        goto done;
    target.calendar = hours;
    target.goal = ITSM_HOURS(4);
    /* [clock] */
    if ((rc = itsm_clock_init(&clock, &target)) || (rc = itsm_clock_apply(&clock, ITSM_CLOCK_START, opened, 0)) ||
        (rc = itsm_clock_apply(&clock, ITSM_CLOCK_PAUSE, held, 1)) ||
        (rc = itsm_clock_apply(&clock, ITSM_CLOCK_RESUME, back, 1)) || (rc = itsm_clock_read(&now, &clock, back)))
        goto done;
    puts(itsm_time_text(due, now.due));                       /* 2026-03-30T09:00:00Z: Monday 11:00, past a change of DST */
    /* [clock] */
done:
    if (rc) fprintf(stderr, "%s\n", itsm_status_text(rc));    /* details: itsm_ctx_issue(ctx, 0) */
    itsm_calendar_free(hours);
    itsm_ctx_free(ctx);
    return rc != ITSM_OK;
}
/* [all] */
