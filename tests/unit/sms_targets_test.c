/* SPDX-License-Identifier: MIT */
/* The engine chooses targets by whatever fields the rules read, and again when one of them changes. */
#include "sms_fixture.h"

#include <criterion/criterion.h>

static struct counting counting = COUNTING_INIT;
static struct desk desk;
static itsm_ref mail, web;
static char mail_number[32];

static void create_service(itsm_ref *ref, char *number, size_t size)
{
    itsm_outcome out = ITSM_OUTCOME_INIT;
    cr_assert_eq(new_service(&out, &desk), ITSM_OK);
    *ref = out.ref;
    if (number) snprintf(number, size, "%.*s", ITSM_ARG(out.number));
}

static void open_desk(void)
{
    desk_open(&desk, &counting, NULL);
    create_service(&mail, mail_number, sizeof mail_number);
    create_service(&web, NULL, 0);
}

static void close_desk(void)
{
    desk_close(&desk);
    assert_nothing_outstanding(counting);
}

TestSuite(sms_targets, .init = open_desk, .fini = close_desk, .timeout = 60);

/* A set of targets; $ stands for the number of the service `mail`. */
static void with_targets(const char *json)
{
    itsm_sla *sla, *old = desk.sla;
    char text[1024];
    size_t n = 0;
    for (; *json && n < sizeof text - sizeof mail_number; json++) {
        if (*json == '$') n += (size_t)snprintf(text + n, sizeof text - n, "%s", mail_number);
        else text[n++] = (char)(*json == '\'' ? '"' : *json);
    }
    cr_assert_eq(itsm_sla_load(&sla, desk.ctx, itsm_str_n(text, n), NULL), ITSM_OK, "%.*s",
                 ITSM_ARG(first_message(desk.ctx)));
    desk_with_sla(&desk, sla);
    itsm_sla_free(old);
}

static itsm_ref started(itsm_ref service)
{
    itsm_outcome out = ITSM_OUTCOME_INIT;
    cr_assert_eq(new_started(&out, &desk, service), ITSM_OK, "%.*s", ITSM_ARG(first_message(desk.ctx)));
    return out.ref;
}

static itsm_status change(itsm_ref ref, const itsm_named *set, size_t n)
{
    desk.act.now += ITSM_HOURS(1);
    desk_actor(&desk, "jdoe", NULL);
    return itsm_sms_change(NULL, desk.sms, ref, ITSM_REV_ANY, set, n, &desk.act);
}

/* The events of the resolution clock from the second on, with what the targets are chosen by and the rule they find. */
static const char *clock_of(itsm_ref ref)
{
    static char text[1024];
    itsm_clock_row row = ITSM_CLOCK_ROW_INIT;
    cr_assert_eq(itsm_sms_clock(&row, desk.sms, ref, ITSM_RESOLUTION), ITSM_OK);
    text[0] = 0;
    for (size_t i = 1; i < row.nevents; i++) {
        const itsm_clock_event *e = &row.events[i];
        const itsm_sla_rule *rule;
        cr_assert(e->kind == ITSM_CLOCK_RETARGET && e->target < row.npriorities);
        cr_assert(itsm_sla_find_facts(&rule, desk.sla, ITSM_RESOLUTION, &row.facts[e->target]) >= 0);
        snprintf(text + strlen(text), sizeof text - strlen(text), "%lld:%.*s/%d ",
                 (long long)((e->at - MONDAY) / ITSM_HOURS(1)), rule ? (int)rule->name.n : 4,
                 rule ? rule->name.p : "none", e->policy);
    }
    return text;
}

static itsm_clock_reading reading_of(itsm_ref ref)
{
    itsm_clock_row row = ITSM_CLOCK_ROW_INIT;
    itsm_clock_reading r = ITSM_CLOCK_READING_INIT;
    itsm_target targets[16];
    itsm_clock clock;
    cr_assert_eq(itsm_sms_clock(&row, desk.sms, ref, ITSM_RESOLUTION), ITSM_OK);
    cr_assert_leq(row.npriorities, 16);
    cr_assert_eq(itsm_sla_targets(targets, desk.sla, row.kind, row.facts, row.npriorities), ITSM_OK);
    cr_assert_eq(itsm_clock_replay(&clock, targets, row.npriorities, row.events, row.nevents), ITSM_OK);
    cr_assert_eq(itsm_clock_read(&r, &clock, desk.act.now), ITSM_OK);
    return r;
}

static const char by_service[] =
    "{'rules':[{'kind':'resolution','when':{'service':'$','priority':[1,3]},'goal':240,'name':'mail',"
    "'retarget':'restart'},{'kind':'resolution','when':{'service':'$'},'goal':480,'name':'mail, low'},"
    "{'kind':'resolution','when':{'category':['software','data']},'goal':960,'name':'soft'},"
    "{'kind':'resolution','goal':2400,'name':'any'}]}";

Test(sms_targets, a_change_of_any_field_that_rules_read_chooses_again)
{
    const itsm_named to_web[] = {REF("service", web)}, to_mail[] = {REF("service", mail)};
    const itsm_named title[] = {TEXT("description", "Smoke")}, soft[] = {TEXT("category", "software")};
    const itsm_named low[] = {INT("impact", 5), INT("urgency", 5)};
    with_targets(by_service);
    itsm_ref ref = started(mail); /* created without a service, then assigned */
    cr_assert_str_eq(clock_of(ref), "0:mail/1 ");
    cr_assert_eq(change(ref, title, 1), ITSM_OK);
    cr_assert_str_eq(clock_of(ref), "0:mail/1 ", "no rule reads that");
    cr_assert_eq(change(ref, to_web, 1), ITSM_OK);
    cr_assert_str_eq(clock_of(ref), "0:mail/1 2:any/0 ");
    cr_assert_eq(change(ref, soft, 1), ITSM_OK);
    cr_assert_eq(change(ref, to_mail, 1), ITSM_OK);
    cr_assert_str_eq(clock_of(ref), "0:mail/1 2:any/0 3:soft/0 4:mail/1 ");
    cr_assert_eq(reading_of(ref).start, MONDAY + ITSM_HOURS(4), "that rule begins anew");
    cr_assert_eq(change(ref, low, 2), ITSM_OK);
    cr_assert_str_eq(clock_of(ref), "0:mail/1 2:any/0 3:soft/0 4:mail/1 5:mail, low/0 ");
    const itsm_clock_reading r = reading_of(ref);
    cr_assert(r.goal == ITSM_HOURS(8) && r.due == MONDAY + ITSM_HOURS(12) && r.version == 6);
}

Test(sms_targets, a_rule_begins_anew_only_what_was_under_another)
{
    const itsm_named other[] = {TEXT("category", "network")};
    with_targets(by_service);
    itsm_ref ref = started(mail);
    cr_assert_eq(change(ref, other, 1), ITSM_OK);
    cr_assert_str_eq(clock_of(ref), "0:mail/1 1:mail/0 ", "it was under it already");
    cr_assert_eq(reading_of(ref).start, MONDAY);
}

Test(sms_targets, facts_are_kept_with_the_clock_and_can_be_judged_by_other_rules)
{
    const itsm_named to_web[] = {REF("service", web)};
    with_targets(by_service);
    itsm_ref ref = started(mail);
    itsm_clock_row row = ITSM_CLOCK_ROW_INIT;
    cr_assert_eq(itsm_sms_clock(&row, desk.sms, ref, ITSM_RESOLUTION), ITSM_OK);
    cr_assert_eq(row.npriorities, 2);
    cr_assert(row.facts[0].n == 1 && row.facts[1].n == 3 && row.priorities[1] == 3);
    assert_text(row.facts[1].item[1].field, "service");
    assert_text(row.facts[1].item[1].value.u.s, mail_number);
    with_targets("{'3':60}"); /* rules on the priority alone: what is kept stays */
    cr_assert_eq(change(ref, to_web, 1), ITSM_OK);
    cr_assert_eq(reading_of(ref).goal, ITSM_HOURS(1));
    with_targets(by_service);
    cr_assert_str_eq(clock_of(ref), "0:mail/1 1:any/0 ", "the loss of facts is a change too");
    cr_assert_eq(change(ref, to_web, 1), ITSM_OK);
}

Test(sms_targets, lists_and_facets_are_facts_too)
{
    const itsm_named box[] = {TEXT("name", "box"),      TEXT("ci_type", "server"), TEXT("unique_id", "u"),
                              TEXT("description", "d"), TEXT("owner", "olga"),     INT("criticality", 3)};
    itsm_outcome out = ITSM_OUTCOME_INIT;
    char json[256];
    cr_assert_eq(itsm_sms_create(&out, desk.sms, ITSM_STR("configuration_item"), box, COUNT(box), &desk.act), ITSM_OK);
    itsm_value item = itsm_value_ref(out.ref);
    itsm_named ci[] = {{ITSM_STR("ci"), {ITSM_LIST, 0, {.list = {&item, 1}}}}};
    snprintf(json, sizeof json,
             "{'rules':[{'kind':'resolution','when':{'ci':'%.*s','status':'in_progress'},'goal':60,'name':'box'},"
             "{'kind':'resolution','goal':2400,'name':'any'}]}",
             ITSM_ARG(out.number));
    with_targets(json);
    itsm_ref ref = started(web);
    cr_assert_eq(change(ref, ci, 1), ITSM_OK, "%.*s", ITSM_ARG(first_message(desk.ctx)));
    cr_assert_str_eq(clock_of(ref), "0:any/0 1:box/0 ");
}

Test(sms_targets, rules_on_the_priority_alone_keep_rows_as_they_were)
{
    const itsm_named low[] = {INT("impact", 5), INT("urgency", 5)};
    with_targets("{'3':60,'5':120}");
    itsm_ref ref = started(mail);
    itsm_clock_row row = ITSM_CLOCK_ROW_INIT;
    cr_assert_eq(change(ref, low, 2), ITSM_OK);
    cr_assert_eq(itsm_sms_clock(&row, desk.sms, ref, ITSM_RESOLUTION), ITSM_OK);
    cr_assert(row.npriorities == 2 && row.facts[0].n == 1 && row.facts[1].n == 1);
    assert_text(row.facts[1].item[0].field, "priority");
    cr_assert_eq(row.facts[1].item[0].value.u.i, 5);
}

Test(sms_targets, every_allocation_of_choosing_again_may_fail)
{
    const itsm_named to_web[] = {REF("service", web), TEXT("category", "software")};
    with_targets(by_service);
    itsm_ref ref = started(mail);
    desk_actor(&desk, "jdoe", NULL);
    for (size_t n = 1;; n++) {
        counting_fail(&counting, n);
        const itsm_status rc = itsm_sms_change(NULL, desk.sms, ref, ITSM_REV_ANY, to_web, 2, &desk.act);
        const int failed = counting_stop(&counting);
        cr_assert_eq(rc, failed ? ITSM_E_NOMEM : ITSM_OK, "allocation %zu", n);
        cr_assert_str_eq(clock_of(ref), failed ? "0:mail/1 " : "0:mail/1 0:soft/0 ", "allocation %zu", n);
        if (!failed) break;
    }
}

Test(sms_targets, an_operation_undone_leaves_the_facts_alone)
{
    const itsm_named to_web[] = {REF("service", web)}, wrong[] = {TEXT("category", "software"), INT("impact", 9)};
    itsm_work *work;
    with_targets(by_service);
    itsm_ref ref = started(mail);
    desk_actor(&desk, "jdoe", NULL);
    cr_assert_eq(itsm_work_new(&work, desk.sms, &desk.act), ITSM_OK);
    cr_assert_eq(itsm_work_change(work, ref, ITSM_REV_ANY, to_web, 1), ITSM_OK);
    cr_assert_neq(itsm_work_change(work, ref, ITSM_REV_ANY, wrong, 2), ITSM_OK);
    cr_assert_eq(itsm_work_commit(NULL, work), ITSM_OK);
    itsm_work_free(work);
    cr_assert_str_eq(clock_of(ref), "0:mail/1 0:any/0 ");
}
