/* SPDX-License-Identifier: MIT */
/*
 * What the tests of the engine share: a system on a store in memory, acts, and the few records they start from.
 */
#ifndef ITSM_TESTS_SMS_FIXTURE_H
#define ITSM_TESTS_SMS_FIXTURE_H

#include <itsm/sms.h>

#include "support.h"

#define TEXT(name, text)                                                                                               \
    {                                                                                                                  \
        ITSM_STR(name), itsm_value_text(ITSM_STR(text))                                                                \
    }
#define INT(name, i)                                                                                                   \
    {                                                                                                                  \
        ITSM_STR(name), itsm_value_number(ITSM_INT, i)                                                                 \
    }
#define TIME(name, at)                                                                                                 \
    {                                                                                                                  \
        ITSM_STR(name), itsm_value_number(ITSM_TIME, at)                                                               \
    }
#define REF(name, ref)                                                                                                 \
    {                                                                                                                  \
        ITSM_STR(name), itsm_value_ref(ref)                                                                            \
    }
#define EMPTY(name)                                                                                                    \
    {                                                                                                                  \
        ITSM_STR(name),                                                                                                \
        {                                                                                                              \
            0, 0,                                                                                                      \
            {                                                                                                          \
                0                                                                                                      \
            }                                                                                                          \
        }                                                                                                              \
    }
#define COUNT(array) (sizeof(array) / sizeof *(array))

/* 2026-03-02T09:00:00Z */
#define MONDAY (INT64_C(1772442000) * INT64_C(1000000))

struct desk {
    itsm_ctx *ctx;
    itsm_store *store;
    itsm_sla *sla;
    itsm_sms *sms;
    itsm_str roles[4];
    itsm_act act;
};

static inline void desk_open(struct desk *desk, struct counting *counting, itsm_store *store)
{
    itsm_sms_options options = ITSM_SMS_OPTIONS_INIT;
    itsm_act act = ITSM_ACT_INIT;
    memset(desk, 0, sizeof *desk);
    desk->ctx = counting_ctx(counting);
    desk->store = store;
    if (!store && itsm_store_memory(&desk->store, desk->ctx)) abort();
    options.key.p = "a key", options.key.n = 5;
    if (itsm_sms_new(&desk->sms, desk->ctx, itsm_model_builtin(), desk->store, &options)) abort();
    act.who = ITSM_STR("ann"), act.now = MONDAY, act.roles = desk->roles;
    desk->act = act;
}

/* The party of the next acts, and one role it holds (or NULL). */
static inline void desk_actor(struct desk *desk, const char *who, const char *role)
{
    desk->act.who = itsm_str_c(who), desk->act.nroles = role ? 1 : 0;
    desk->roles[0] = itsm_str_c(role);
}

static inline void desk_close(struct desk *desk)
{
    itsm_sms_free(desk->sms);
    itsm_store_free(desk->store);
    itsm_sla_free(desk->sla);
    itsm_ctx_free(desk->ctx);
}

/* The same system with targets. */
static inline void desk_with_sla(struct desk *desk, itsm_sla *sla)
{
    itsm_sms_options options = ITSM_SMS_OPTIONS_INIT;
    options.sla = sla, options.key.p = "a key", options.key.n = 5;
    desk->sla = sla;
    itsm_sms_free(desk->sms);
    if (itsm_sms_new(&desk->sms, desk->ctx, itsm_model_builtin(), desk->store, &options)) abort();
}

static inline itsm_status new_service(itsm_outcome *out, struct desk *desk)
{
    const itsm_named set[] = {TEXT("name", "Workplace"), TEXT("description", "A desk"), TEXT("owner", "olga")};
    return itsm_sms_create(out, desk->sms, ITSM_STR("service"), set, COUNT(set), &desk->act);
}

static inline itsm_status new_incident(itsm_outcome *out, struct desk *desk)
{
    const itsm_named set[] = {TEXT("title", "Dark"),      TEXT("description", "No light"),
                              TEXT("reporter", "rita"),   TEXT("channel", "phone"),
                              INT("impact", 3),           INT("urgency", 3),
                              TIME("detected_at", MONDAY)};
    return itsm_sms_create(out, desk->sms, ITSM_STR("incident"), set, COUNT(set), &desk->act);
}

/* An incident that jdoe works on: assigned, started. */
static inline itsm_status new_started(itsm_outcome *out, struct desk *desk, itsm_ref service)
{
    const itsm_named assigned[] = {TEXT("category", "hardware"), REF("service", service),
                                   TEXT("assignment_group", "g1"), TEXT("assignee", "jdoe")};
    itsm_status rc = new_incident(out, desk);
    itsm_act act = desk->act;
    static const itsm_str desk_role[] = {{"service_desk", 12}};
    act.roles = desk_role, act.nroles = 1, act.who = ITSM_STR("ann");
    if (!rc)
        rc = itsm_sms_move(out, desk->sms, out->ref, ITSM_REV_ANY, ITSM_STR("start"), assigned, COUNT(assigned), &act);
    return rc;
}

#endif
