/* SPDX-License-Identifier: MIT */
/*
 * Eight threads read the same calendars, take and drop shares of them, and get the same sums.  A plain program for the
 * thread sanitizer: exit code 0 means that every sum was right.
 */
#include <itsm/sla.h>

#include "../unit/zones.h"

#include <pthread.h>

enum { THREADS = 8, ROUNDS = 20000, CALENDARS = 3 };

static itsm_calendar *calendars[CALENDARS];
static itsm_span wanted[CALENDARS];

static itsm_span work(const itsm_calendar *calendar)
{
    itsm_span sum = 0, span;
    itsm_time at = ITSM_DAYS(20000);
    for (int i = 0; i < ROUNDS; i++) {
        itsm_calendar *share = itsm_calendar_ref(calendar);
        const itsm_time end = at + ITSM_HOURS(i % 5000);
        if (itsm_calendar_between(&span, share, at, end) || itsm_calendar_add(&at, share, at, ITSM_MINUTES(17), i % 2))
            return -1;
        sum += span + itsm_calendar_is_open(share, at);
        itsm_calendar_free(share);
    }
    return sum;
}

static void *run(void *user)
{
    for (int i = 0; i < CALENDARS; i++)
        if (work(calendars[i]) != wanted[i]) *(int *)user = 1;
    return NULL;
}

int main(void)
{
    static const char *const zones[CALENDARS] = {"Europe/Brussels", "America/Sao_Paulo", "Australia/Lord_Howe"};
    itsm_ctx *ctx = zones_ctx(NULL, NULL);
    pthread_t threads[THREADS];
    int failed[THREADS] = {0}, bad = 0;
    for (int i = 0; i < CALENDARS; i++) {
        char json[512];
        snprintf(json, sizeof json,
                 "{\"tz\":\"%s\",\"weekly\":{\"mon\":[[\"09:00\",\"17:00\"]],\"thu\":[[\"22:00\",\"06:00\"]]}}",
                 zones[i]);
        if (itsm_calendar_load(&calendars[i], ctx, itsm_str_c(json))) return 2;
        wanted[i] = work(calendars[i]);
    }
    itsm_ctx_free(ctx); /* calendars outlive it */
    for (int i = 0; i < THREADS; i++)
        if (pthread_create(&threads[i], NULL, run, &failed[i])) return 2;
    for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL), bad |= failed[i];
    for (int i = 0; i < CALENDARS; i++) itsm_calendar_free(calendars[i]);
    printf("calendar_thread: %d threads x %d rounds x %d calendars: %s\n", THREADS, ROUNDS, CALENDARS,
           bad ? "WRONG" : "ok");
    return bad;
}
