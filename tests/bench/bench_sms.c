/* SPDX-License-Identifier: MIT */
/*
 * What the engine does in a second on a store in memory, with history, clocks and the audit trail: creations, moves of
 * one call each, moves in works of a thousand, changes, and asking what is possible.
 * Processor time.
 */
#include "../unit/sms_fixture.h"

#include <time.h>

#define INCIDENTS 1000
#define ROUNDS 40

static itsm_ref incidents[INCIDENTS];

static double now(void)
{
    return (double)clock() / CLOCKS_PER_SEC;
}

static void say(const char *what, double start, size_t n)
{
    double seconds = now() - start;
    printf("%-34s %9.0f /s  %7.2f us\n", what, (double)n / seconds, seconds * 1e6 / (double)n);
}

static void check(itsm_status rc, const struct desk *desk)
{
    if (rc >= 0) return;
    fprintf(stderr, "%s: %.*s\n", itsm_status_text(rc), ITSM_ARG(first_message(desk->ctx)));
    exit(1);
}

static itsm_status seen(void *user, const itsm_possible *possible)
{
    *(size_t *)user += possible->allowed;
    return ITSM_OK;
}

static void *plain_alloc(void *user, void *ptr, size_t old, size_t size)
{
    (void)user, (void)old;
    if (size) return realloc(ptr, size);
    free(ptr);
    return NULL;
}

static void desk_start(struct desk *desk, int with_sla)
{
    itsm_ctx_options options = ITSM_CTX_OPTIONS_INIT;
    itsm_sms_options sms = ITSM_SMS_OPTIONS_INIT;
    itsm_act act = ITSM_ACT_INIT;
    memset(desk, 0, sizeof *desk);
    options.alloc = plain_alloc;
    if (itsm_ctx_new(&desk->ctx, &options) || itsm_store_memory(&desk->store, desk->ctx)) exit(1);
    if (with_sla && itsm_sla_load(&desk->sla, desk->ctx,
                                  ITSM_STR("{\"response\": {\"3\": 60}, \"resolution\": {\"3\": 480}}"), NULL))
        exit(1);
    sms.key.p = "a key", sms.key.n = 5, sms.sla = desk->sla;
    if (itsm_sms_new(&desk->sms, desk->ctx, itsm_model_builtin(), desk->store, &sms)) exit(1);
    act.who = ITSM_STR("jdoe"), act.now = MONDAY, act.roles = desk->roles;
    desk->act = act;
}

/* Incidents of their own for each series of moves: clocks keep all that ever stopped them. */
static void start_incidents(struct desk *desk, itsm_ref service)
{
    itsm_outcome out = ITSM_OUTCOME_INIT;
    for (size_t i = 0; i < INCIDENTS; i++) {
        check(new_started(&out, desk, service), desk);
        incidents[i] = out.ref;
    }
}

static void run(int with_sla)
{
    const itsm_named hold[] = {TEXT("pending_reason", "awaiting_user")}, impact[] = {INT("impact", 3)};
    struct desk desk;
    itsm_outcome out = ITSM_OUTCOME_INIT;
    itsm_work *work;
    size_t possible = 0;
    desk_start(&desk, with_sla);
    printf("%s clocks\n", with_sla ? "with" : "without");
    check(new_service(&out, &desk), &desk);
    itsm_ref service = out.ref;
    double start = now();
    start_incidents(&desk, service);
    say("create, then start", start, INCIDENTS * 2);

    start = now();
    for (size_t k = 0; k < ROUNDS; k++)
        for (size_t i = 0; i < INCIDENTS; i++) {
            desk.act.now += ITSM_MINUTES(1);
            check(itsm_sms_move(&out, desk.sms, incidents[i], ITSM_REV_ANY,
                                k % 2 ? ITSM_STR("resume") : ITSM_STR("hold"), hold, k % 2 ? 0 : 1, &desk.act),
                  &desk);
        }
    say("move, one call each", start, INCIDENTS * ROUNDS);

    start_incidents(&desk, service);
    start = now();
    for (size_t k = 0; k < ROUNDS; k++) {
        desk.act.now += ITSM_HOURS(1);
        check(itsm_work_new(&work, desk.sms, &desk.act), &desk);
        for (size_t i = 0; i < INCIDENTS; i++)
            check(itsm_work_move(work, incidents[i], ITSM_REV_ANY, k % 2 ? ITSM_STR("resume") : ITSM_STR("hold"), hold,
                                 k % 2 ? 0 : 1),
                  &desk);
        check(itsm_work_commit(NULL, work), &desk);
        itsm_work_free(work);
    }
    say("move, a thousand in one work", start, INCIDENTS * ROUNDS);

    start = now();
    for (size_t k = 0; k < ROUNDS; k++)
        for (size_t i = 0; i < INCIDENTS; i++)
            check(itsm_sms_change(&out, desk.sms, incidents[i], ITSM_REV_ANY, impact, 1, &desk.act), &desk);
    say("change, one call each", start, INCIDENTS * ROUNDS);

    start = now();
    for (size_t i = 0; i < INCIDENTS * 4; i++)
        check(itsm_sms_possible(desk.sms, incidents[i % INCIDENTS], &desk.act, seen, &possible), &desk);
    say("what is possible", start, INCIDENTS * 4);
    desk_close(&desk);
}

int main(void)
{
    run(0);
    run(1);
    return 0;
}
