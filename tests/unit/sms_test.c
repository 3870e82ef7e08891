/* SPDX-License-Identifier: MIT */
/*
 * The engine: operations and units of work.  Real-life cases are walked in sms_scenario_test.c; history, clocks, notices,
 * the audit trail and observing stand in sms_history_test.c, random operations in tests/property/sms_property.c.
 */
#include "sms_fixture.h"

#include <criterion/criterion.h>

#include "model/model.h"
#include "sms/internal.h"

static struct counting counting = COUNTING_INIT;
static struct desk desk;

static void open_desk(void)
{
    desk_open(&desk, &counting, NULL);
}

static void close_desk(void)
{
    desk_close(&desk);
    assert_nothing_outstanding(counting);
}

TestSuite(sms, .init = open_desk, .fini = close_desk, .timeout = 60);

/* The rules of the last call's issues, in order. */
static const char *rules(void)
{
    static char text[2048];
    text[0] = 0;
    for (size_t i = 0; i < itsm_ctx_issue_count(desk.ctx); i++) {
        itsm_str rule = itsm_ctx_issue(desk.ctx, i)->rule;
        snprintf(text + strlen(text), sizeof text - strlen(text), "%s%.*s", i ? " | " : "", ITSM_ARG(rule));
    }
    return text;
}

/* A field of a record as the store has it. */
static itsm_value field_of(itsm_ref ref, const char *name)
{
    static char room[256];
    const itsm_record *record;
    itsm_work *work;
    itsm_value value;
    memset(&value, 0, sizeof value);
    cr_assert_eq(itsm_work_new(&work, desk.sms, &desk.act), ITSM_OK);
    cr_assert_eq(itsm_work_get(&record, work, ref), ITSM_OK);
    if (itsm_record_find(&value, record, itsm_str_c(name)) == ITSM_OK &&
        (value.kind == ITSM_TEXT || value.kind == ITSM_ENUM || value.kind == ITSM_PARTY)) {
        snprintf(room, sizeof room, "%.*s", ITSM_ARG(value.u.s));
        value.u.s = itsm_str_c(room);
    }
    itsm_work_free(work);
    return value;
}

#define assert_field(ref, name, wanted) assert_text(field_of(ref, name).u.s, wanted)

static itsm_status move(itsm_ref ref, const char *name, const itsm_named *set, size_t n)
{
    return itsm_sms_move(NULL, desk.sms, ref, ITSM_REV_ANY, itsm_str_c(name), set, n, &desk.act);
}

static itsm_status change(itsm_ref ref, const itsm_named *set, size_t n)
{
    return itsm_sms_change(NULL, desk.sms, ref, ITSM_REV_ANY, set, n, &desk.act);
}

static itsm_ref incident(void)
{
    itsm_outcome out = ITSM_OUTCOME_INIT;
    cr_assert_eq(new_incident(&out, &desk), ITSM_OK, "%.*s", ITSM_ARG(first_message(desk.ctx)));
    return out.ref;
}

static itsm_ref service(void)
{
    itsm_outcome out = ITSM_OUTCOME_INIT;
    cr_assert_eq(new_service(&out, &desk), ITSM_OK);
    return out.ref;
}

static itsm_ref started(itsm_ref svc)
{
    itsm_outcome out = ITSM_OUTCOME_INIT;
    cr_assert_eq(new_started(&out, &desk, svc), ITSM_OK, "%.*s", ITSM_ARG(first_message(desk.ctx)));
    return out.ref;
}

static itsm_ref ci(const char *name)
{
    itsm_outcome out = ITSM_OUTCOME_INIT;
    itsm_named set[] = {TEXT("name", ""),         TEXT("ci_type", "server"), TEXT("unique_id", "u"),
                        TEXT("description", "d"), TEXT("owner", "olga"),     INT("criticality", 3)};
    set[0].value = itsm_value_text(itsm_str_c(name));
    cr_assert_eq(itsm_sms_create(&out, desk.sms, ITSM_STR("configuration_item"), set, COUNT(set), &desk.act), ITSM_OK);
    return out.ref;
}

static void root_of(uint8_t root[ITSM_AUDIT_DIGEST], struct desk *of)
{
    itsm_audit_checkpoint checkpoint = ITSM_AUDIT_CHECKPOINT_INIT;
    cr_assert_eq(itsm_audit_root(&checkpoint, of->ctx, of->store), ITSM_OK);
    memcpy(root, checkpoint.root, ITSM_AUDIT_DIGEST);
}

static itsm_status count_history(void *user, const itsm_history *entry)
{
    (void)entry;
    ++*(uint64_t *)user;
    return ITSM_OK;
}

static itsm_status count_ref(void *user, itsm_ref ref)
{
    (void)ref;
    ++*(uint64_t *)user;
    return ITSM_OK;
}

static uint64_t history_of(itsm_ref ref)
{
    uint64_t n = 0;
    cr_assert_eq(itsm_sms_history(desk.sms, ref, count_history, &n), ITSM_OK);
    return n;
}

static const itsm_named *resolution(void)
{
    static itsm_named set[2];
    set[0].name = ITSM_STR("resolution_code"), set[0].value = itsm_value_text(ITSM_STR("fixed"));
    set[1].name = ITSM_STR("resolution"), set[1].value = itsm_value_text(ITSM_STR("Replaced"));
    return set;
}

/* Create ---------------------------------------------------------------------------------------------------------- */

Test(sms, creation_lists_every_missing_field_header_first)
{
    cr_assert_eq(itsm_sms_create(NULL, desk.sms, ITSM_STR("incident"), NULL, 0, &desk.act), ITSM_E_REFUSED);
    cr_assert_str_eq(rules(), "mandatory:title | mandatory:description | mandatory:reporter | mandatory:channel | "
                              "mandatory:impact | mandatory:urgency | mandatory:detected_at");
    assert_text(itsm_ctx_issue(desk.ctx, 0)->clause, "8.6.1");
}

Test(sms, creation_refuses_locked_fields_before_missing_ones)
{
    const itsm_named set[] = {INT("priority", 1), TEXT("status", "closed")};
    cr_assert_eq(itsm_sms_create(NULL, desk.sms, ITSM_STR("service"), set + 1, 1, &desk.act), ITSM_E_REFUSED);
    cr_assert(!strncmp(rules(), "locked:status | mandatory:", 26), "%s", rules());
    cr_assert_eq(itsm_sms_create(NULL, desk.sms, ITSM_STR("incident"), set, 2, &desk.act), ITSM_E_REFUSED);
    cr_assert(!strncmp(rules(), "locked:priority | locked:status | mandatory:title", 49), "%s", rules());
}

Test(sms, an_unknown_field_is_named_with_the_nearest_that_there_is)
{
    const itsm_named set[] = {INT("urgenci", 3)};
    cr_assert_eq(itsm_sms_create(NULL, desk.sms, ITSM_STR("incident"), set, 1, &desk.act), ITSM_E_NOT_FOUND);
    assert_text(first_message(desk.ctx), "incident has no field \"urgenci\"; did you mean \"urgency\"?");
}

Test(sms, an_unknown_type_is_not_found)
{
    cr_assert_eq(itsm_sms_create(NULL, desk.sms, ITSM_STR("incidents"), NULL, 0, &desk.act), ITSM_E_NOT_FOUND);
    cr_assert_eq(itsm_ctx_issue_count(desk.ctx), (size_t)1);
}

Test(sms, values_that_do_not_fit_are_invalid_all_at_once)
{
    itsm_ref ref = incident();
    const itsm_named set[] = {INT("impact", 6), TEXT("channel", "pigeon")};
    cr_assert_eq(change(ref, set, 2), ITSM_E_INVALID);
    cr_assert_eq(itsm_ctx_issue_count(desk.ctx), (size_t)2);
    cr_assert_eq(field_of(ref, "impact").u.i, 3);
}

Test(sms, numbers_follow_the_sequence_of_their_type)
{
    itsm_outcome out = ITSM_OUTCOME_INIT;
    cr_assert_eq(new_incident(&out, &desk), ITSM_OK);
    assert_text(out.number, "INC0000001");
    assert_text(out.state, "new");
    cr_assert_eq(out.revision, 1u);
    cr_assert_eq(new_incident(&out, &desk), ITSM_OK);
    assert_text(out.number, "INC0000002");
}

Test(sms, the_sequence_passes_numbers_that_hosts_have_given)
{
    itsm_outcome out = ITSM_OUTCOME_INIT;
    itsm_named set[] = {
        TEXT("number", "INC0000002"), TEXT("title", "t"), TEXT("description", "d"), TEXT("reporter", "r"),
        TEXT("channel", "phone"),     INT("impact", 1),   INT("urgency", 1),        TIME("detected_at", MONDAY)};
    cr_assert_eq(itsm_sms_create(&out, desk.sms, ITSM_STR("incident"), set, COUNT(set), &desk.act), ITSM_OK);
    assert_text(out.number, "INC0000002");
    incident();
    cr_assert_eq(new_incident(&out, &desk), ITSM_OK, "%.*s", ITSM_ARG(first_message(desk.ctx)));
    cr_assert_neq(itsm_str_is(out.number, "INC0000002"), 1);
}

Test(sms, a_number_given_twice_is_refused_when_it_is_committed)
{
    const itsm_named set[] = {TEXT("number", "SVC-A"), TEXT("name", "n"), TEXT("description", "d"), TEXT("owner", "o")};
    cr_assert_eq(itsm_sms_create(NULL, desk.sms, ITSM_STR("service"), set, COUNT(set), &desk.act), ITSM_OK);
    cr_assert_eq(itsm_sms_create(NULL, desk.sms, ITSM_STR("service"), set, COUNT(set), &desk.act), ITSM_E_UNIQUE);
}

Test(sms, without_key_and_random_source_there_is_no_identity)
{
    itsm_sms *other;
    cr_assert_eq(itsm_sms_new(&other, desk.ctx, itsm_model_builtin(), desk.store, NULL), ITSM_OK);
    const itsm_named set[] = {TEXT("name", "n"), TEXT("description", "d"), TEXT("owner", "o")};
    cr_assert_eq(itsm_sms_create(NULL, other, ITSM_STR("service"), set, COUNT(set), &desk.act), ITSM_E_NO_RANDOM);
    itsm_sms_free(other);
}

Test(sms, a_reference_must_lead_to_a_record)
{
    itsm_ref ref = incident(), nowhere = {ref.type, {1, 2}};
    nowhere.type = itsm_model_type(itsm_model_builtin(), ITSM_STR("service"))->number;
    const itsm_named set[] = {REF("service", nowhere)};
    cr_assert_eq(change(ref, set, 1), ITSM_E_NOT_FOUND);
    assert_text(itsm_ctx_issue(desk.ctx, 0)->where, "service");
    cr_assert_eq(field_of(ref, "service").kind, ITSM_NONE);
}

Test(sms, derived_fields_follow_every_write)
{
    itsm_ref ref = incident();
    const itsm_named both[] = {INT("impact", 5), INT("urgency", 5)}, over[] = {INT("priority_override", 2)},
                     none[] = {EMPTY("priority_override")};
    cr_assert_eq(field_of(ref, "priority").u.i, 3);
    cr_assert_eq(change(ref, both, 2), ITSM_OK);
    cr_assert_eq(field_of(ref, "priority").u.i, 5);
    cr_assert_eq(change(ref, over, 1), ITSM_OK);
    cr_assert_eq(field_of(ref, "priority").u.i, 2);
    cr_assert_eq(change(ref, none, 1), ITSM_OK);
    cr_assert_eq(field_of(ref, "priority").u.i, 5);
}

Test(sms, a_difference_of_money_keeps_its_cents)
{
    itsm_value a = {ITSM_DECIMAL, 2, {0}}, b = {ITSM_DECIMAL, 1, {0}};
    itsm_record *record;
    const itsm_type_def *type = itsm_model_type(itsm_model_builtin(), ITSM_STR("budget"));
    itsm_ref ref = {type->number, {1, 1}};
    itsm_value value;
    a.u.i = 1250, b.u.i = 25; /* 12.50 and 2.5 */
    cr_assert_eq(itsm_record_new(&record, desk.ctx, itsm_model_builtin(), type, ref), ITSM_OK);
    cr_assert_eq(itsm_record_set_named(record, desk.ctx, ITSM_STR("actual"), &a), ITSM_OK);
    cr_assert_eq(itsm_record_set_named(record, desk.ctx, ITSM_STR("amount"), &b), ITSM_OK);
    cr_assert_eq(itsm__derive(desk.sms, record, NULL), ITSM_OK);
    cr_assert_eq(itsm_record_find(&value, record, ITSM_STR("variance")), ITSM_OK);
    cr_assert_eq(value.kind, ITSM_DECIMAL);
    cr_assert(value.u.i == 1000 && value.scale == 2, "%lld at %d", (long long)value.u.i, value.scale);
    itsm_record_free(record);
}

/* Change ---------------------------------------------------------------------------------------------------------- */

Test(sms, a_change_says_at_which_revision_it_was_expected)
{
    itsm_ref ref = incident();
    const itsm_named set[] = {INT("impact", 4)};
    cr_assert_eq(itsm_sms_change(NULL, desk.sms, ref, 2, set, 1, &desk.act), ITSM_E_CONFLICT);
    assert_text(first_message(desk.ctx), "the record is at revision 1, not 2");
    cr_assert_eq(itsm_sms_change(NULL, desk.sms, ref, 1, set, 1, &desk.act), ITSM_OK);
    cr_assert_eq(field_of(ref, "updated_at").u.i, MONDAY);
}

Test(sms, what_a_state_demands_is_asked_for_on_entry_and_by_every_move_that_stays_in_it)
{
    itsm_ref ref = started(service());
    const itsm_named none[] = {EMPTY("category")};
    cr_assert_eq(change(ref, none, 1), ITSM_OK);
    desk_actor(&desk, "jdoe", NULL);
    cr_assert_eq(move(ref, "reassign", NULL, 0), ITSM_E_REFUSED);
    cr_assert(strstr(rules(), "mandatory:category"), "%s", rules());
}

Test(sms, engine_fields_are_locked)
{
    itsm_ref ref = incident();
    const itsm_named set[] = {TEXT("number", "X"), TIME("created_at", 1), TIME("resolved_at", 1), INT("priority", 1)};
    cr_assert_eq(change(ref, set, COUNT(set)), ITSM_E_REFUSED);
    cr_assert_str_eq(rules(), "locked:number | locked:created_at | locked:resolved_at | locked:priority");
}

Test(sms, no_record_no_change)
{
    itsm_ref nowhere = {1, {1, 2}};
    cr_assert_eq(change(nowhere, NULL, 0), ITSM_E_NOT_FOUND);
    cr_assert_eq(move(nowhere, "start", NULL, 0), ITSM_E_NOT_FOUND);
    cr_assert_eq(itsm_sms_possible(desk.sms, nowhere, &desk.act, NULL, NULL), ITSM_E_MISUSE);
}

Test(sms, an_act_without_a_time_is_misuse)
{
    itsm_ref ref = incident();
    desk.act.now = ITSM_TIME_NONE;
    cr_assert_eq(change(ref, NULL, 0), ITSM_E_MISUSE);
    cr_assert_eq(move(ref, "start", NULL, 0), ITSM_E_MISUSE);
}

/* Move ------------------------------------------------------------------------------------------------------------ */

Test(sms, issues_of_all_steps_survive_the_reading_of_links)
{
    itsm_ref parent = started(service()), child = incident();
    cr_assert_eq(itsm_sms_link(desk.sms, parent, ITSM_STR("children"), child, &desk.act), ITSM_OK);
    const itsm_named set[] = {TIME("closed_at", 1)};
    desk_actor(&desk, "eve", NULL);
    cr_assert_eq(move(parent, "cancel", set, 1), ITSM_E_REFUSED);
    cr_assert_str_eq(rules(), "locked:closed_at | actor | set(cancel_reason) | "
                              "none_linked(children,new|assigned|in_progress|pending)");
}

Test(sms, stamp_put_incr_clear_and_notify_do_what_they_say)
{
    itsm_ref ref = started(service());
    const itsm_named hold[] = {TEXT("pending_reason", "awaiting_user")};
    desk_actor(&desk, "jdoe", NULL);
    cr_assert_eq(field_of(ref, "responded_at").u.i, MONDAY);
    cr_assert_eq(move(ref, "hold", hold, 1), ITSM_OK);
    desk.act.now += ITSM_HOURS(1);
    cr_assert_eq(move(ref, "resume", NULL, 0), ITSM_OK);
    cr_assert_eq(field_of(ref, "pending_reason").kind, ITSM_NONE);
    itsm_outcome out = ITSM_OUTCOME_INIT;
    cr_assert_eq(itsm_sms_move(&out, desk.sms, ref, ITSM_REV_ANY, ITSM_STR("reassign"), NULL, 0, &desk.act), ITSM_OK);
    cr_assert_eq(field_of(ref, "reassignment_count").u.i, 1);
    cr_assert_eq(out.nnotices, (size_t)1);
    assert_text(out.notices[0].to, "g1");
    assert_text(out.notices[0].event, "reassign");
    cr_assert_eq(out.notices[0].about.id.lo, ref.id.lo);
    cr_assert_eq(move(ref, "resolve", resolution(), 2), ITSM_OK);
    cr_assert_eq(field_of(ref, "responded_at").u.i, MONDAY, "stamp(...,first) keeps the first");
    cr_assert_eq(field_of(ref, "resolved_at").u.i, MONDAY + ITSM_HOURS(1));
}

Test(sms, put_writes_literals_of_the_fields_kind)
{
    itsm_ref ref = incident();
    itsm_named set[4] = {TEXT("category", "hardware"), REF("service", service()), EMPTY("x"), EMPTY("x")};
    set[2] = resolution()[0], set[3] = resolution()[1];
    desk_actor(&desk, "ann", "service_desk");
    cr_assert_eq(move(ref, "resolve_first_contact", set, 4), ITSM_OK, "%s", rules());
    cr_assert_eq(field_of(ref, "first_contact").u.i, 1);
    cr_assert_eq(field_of(ref, "first_contact").kind, ITSM_BOOL);
}

Test(sms, backdated_acts_stamp_when_they_took_effect)
{
    itsm_ref ref = started(service());
    desk_actor(&desk, "jdoe", NULL);
    desk.act.now = MONDAY + ITSM_HOURS(5), desk.act.effective = MONDAY + ITSM_HOURS(2);
    cr_assert_eq(move(ref, "resolve", resolution(), 2), ITSM_OK);
    cr_assert_eq(field_of(ref, "resolved_at").u.i, MONDAY + ITSM_HOURS(2));
}

Test(sms, fire_moves_the_children_as_system_and_copies_from_the_parent)
{
    itsm_ref svc = service(), parent = started(svc), child = started(svc), closed = started(svc);
    itsm_outcome out = ITSM_OUTCOME_INIT;
    cr_assert_eq(itsm_sms_link(desk.sms, parent, ITSM_STR("children"), child, &desk.act), ITSM_OK);
    cr_assert_eq(itsm_sms_link(desk.sms, closed, ITSM_STR("parent_incident"), parent, &desk.act), ITSM_OK);
    desk_actor(&desk, "jdoe", NULL);
    cr_assert_eq(move(closed, "resolve", resolution(), 2), ITSM_OK);
    cr_assert_eq(itsm_sms_move(&out, desk.sms, parent, ITSM_REV_ANY, ITSM_STR("resolve"), resolution(), 2, &desk.act),
                 ITSM_OK, "%s", rules());
    cr_assert_eq(out.ref.id.lo, parent.id.lo, "the outcome is of the record that was asked to move");
    assert_field(child, "status", "resolved");
    assert_field(child, "resolution", "Replaced");
    assert_field(child, "resolution_code", "resolved_by_parent");
    assert_field(child, "updated_by", "system");
    assert_field(parent, "updated_by", "jdoe");
    assert_field(closed, "resolution_code", "fixed");
}

/* The built-in model, but a child resolves with its parent only if it has a service, and `resolve` fires under a
   condition: an override of the priority. */
struct bent {
    itsm_model model;
    const itsm_type_def *types[64], *by_name[64];
    itsm_type_def type;
    itsm_machine machines[2];
    itsm_move_def moves[32];
    itsm_effect_def effects[8];
    itsm_link_def links[64];
    itsm_field_def fields[96];
};

static void bend_moves(struct bent *b, int conditional)
{
    const itsm_guard_def *guards = NULL, *condition = NULL;
    itsm_machine *machine = &b->machines[0];
    memcpy(b->moves, machine->moves, machine->nmoves * sizeof *b->moves);
    machine->moves = b->moves;
    for (size_t i = 0; i < machine->nmoves; i++) {
        if (itsm_str_is(b->moves[i].name, "resolve")) guards = b->moves[i].guards;
        if (itsm_str_is(b->moves[i].name, "assign")) condition = b->moves[i].guards + b->moves[i].guards->nodes + 1;
    }
    for (size_t i = 0; i < machine->nmoves; i++) {
        itsm_move_def *m = &b->moves[i];
        if (itsm_str_is(m->name, "resolve_by_parent")) m->guards = guards;
        if (!conditional || !itsm_str_is(m->name, "resolve")) continue;
        size_t n = 0;
        do b->effects[n] = m->effects[n];
        while (m->effects[n++].kind);
        for (size_t e = 0; e < n; e++)
            if (b->effects[e].kind == ITSM_EFFECT_FIRE) b->effects[e].condition = condition;
        m->effects = b->effects;
    }
}

static void bend(struct bent *b, int conditional)
{
    const itsm_model *model = itsm_model_builtin();
    const itsm_type_def *old = itsm_model_type(model, ITSM_STR("incident"));
    b->model = *model, b->type = *old;
    for (size_t i = 0; i < model->ntypes; i++) {
        b->types[i] = model->types[i] == old ? &b->type : model->types[i];
        b->by_name[i] = model->by_name[i] == old ? &b->type : model->by_name[i];
    }
    b->model.types = b->types, b->model.by_name = b->by_name, b->type.model = &b->model;
    memcpy(b->machines, old->machines, old->nmachines * sizeof *b->machines);
    memcpy(b->links, old->links, old->nlinks * sizeof *b->links);
    memcpy(b->fields, old->fields, old->nfields * sizeof *b->fields);
    b->type.machines = b->machines, b->type.links = b->links, b->type.fields = b->fields;
    for (size_t i = 0; i < old->nmachines; i++) b->machines[i].type = &b->type;
    for (size_t i = 0; i < old->nfields; i++)
        if (b->fields[i].machine) b->fields[i].machine = &b->machines[b->fields[i].machine->index];
    for (size_t i = 0; i < old->nlinks; i++) {
        b->links[i].type = &b->type;
        if (b->links[i].target == old) b->links[i].target = &b->type;
    }
    bend_moves(b, conditional);
}

static void use_bent_model(int conditional)
{
    static struct bent bent;
    itsm_sms_options options = ITSM_SMS_OPTIONS_INIT;
    options.key.p = "a key", options.key.n = 5;
    bend(&bent, conditional);
    itsm_sms_free(desk.sms);
    cr_assert_eq(itsm_sms_new(&desk.sms, desk.ctx, &bent.model, desk.store, &options), ITSM_OK);
}

Test(sms, a_refusal_of_what_is_fired_refuses_the_whole_act_and_says_why)
{
    use_bent_model(0);
    itsm_ref svc = service(), parent = started(svc), child = incident();
    cr_assert_eq(itsm_sms_link(desk.sms, parent, ITSM_STR("children"), child, &desk.act), ITSM_OK, "%s", rules());
    uint64_t before = history_of(parent), child_before = history_of(child);
    desk_actor(&desk, "jdoe", NULL);
    cr_assert_eq(move(parent, "resolve", resolution(), 2), ITSM_E_REFUSED); /* the child has no service yet */
    cr_assert_str_eq(rules(), "fire(children,resolve_by_parent)");
    assert_text(first_message(desk.ctx), "INC0000002 refuses resolve_by_parent: category, service, resolution_code and "
                                         "resolution are missing");
    assert_field(parent, "status", "in_progress");
    assert_field(child, "status", "new");
    cr_assert_eq(history_of(parent), before);
    cr_assert_eq(history_of(child), child_before);
}

Test(sms, a_fire_under_a_condition_that_does_not_hold_is_not_done)
{
    use_bent_model(1);
    itsm_ref svc = service(), parent = started(svc), child = incident();
    const itsm_named over[] = {INT("priority_override", 5), TEXT("priority_reason", "vip")},
                     why[] = {TEXT("reopen_reason", "x")};
    cr_assert_eq(itsm_sms_link(desk.sms, parent, ITSM_STR("children"), child, &desk.act), ITSM_OK);
    desk_actor(&desk, "jdoe", NULL);
    cr_assert_eq(move(parent, "resolve", resolution(), 2), ITSM_OK, "%s", rules());
    assert_field(child, "status", "new");
    desk_actor(&desk, "rita", NULL);
    cr_assert_eq(move(parent, "reopen", why, 1), ITSM_OK, "%s", rules());
    cr_assert_eq(change(parent, over, 2), ITSM_OK);
    desk_actor(&desk, "jdoe", NULL);
    cr_assert_eq(move(parent, "resolve", resolution(), 2), ITSM_E_REFUSED);
    cr_assert_str_eq(rules(), "fire(children,resolve_by_parent)");
}

struct possibles {
    size_t n, allowed;
    char missing[512];
};

static itsm_status note_possible(void *user, const itsm_possible *possible)
{
    struct possibles *p = user;
    p->n++, p->allowed += possible->allowed;
    if (itsm_str_is(possible->move->name, "resolve"))
        for (size_t i = 0; i < possible->nmissing; i++)
            snprintf(p->missing + strlen(p->missing), sizeof p->missing - strlen(p->missing), "%.*s;",
                     ITSM_ARG(possible->missing[i].rule));
    return ITSM_OK;
}

Test(sms, what_is_possible_says_all_that_a_move_would_lack)
{
    struct possibles p = {0, 0, ""};
    itsm_ref ref = started(service());
    uint64_t before = history_of(ref);
    desk_actor(&desk, "jdoe", NULL);
    cr_assert_eq(itsm_sms_possible(desk.sms, ref, &desk.act, note_possible, &p), ITSM_OK);
    cr_assert_str_eq(
        p.missing, "set(category,service,resolution_code,resolution);mandatory:resolution_code;mandatory:resolution;");
    cr_assert(p.n > 4 && p.allowed == 1, "%zu of %zu", p.allowed, p.n); /* reassign */
    cr_assert_eq(itsm_ctx_issue_count(desk.ctx), (size_t)0);
    cr_assert_eq(history_of(ref), before);
    assert_field(ref, "status", "in_progress");
}

/* Links ----------------------------------------------------------------------------------------------------------- */

Test(sms, a_link_is_one_fact_seen_from_both_ends)
{
    itsm_ref parent = incident(), child = incident();
    cr_assert_eq(itsm_sms_link(desk.sms, parent, ITSM_STR("children"), child, &desk.act), ITSM_OK);
    cr_assert_eq(itsm_sms_link(desk.sms, parent, ITSM_STR("children"), child, &desk.act), ITSM_NOTHING);
    cr_assert_eq(itsm_sms_link(desk.sms, child, ITSM_STR("parent_incident"), parent, &desk.act), ITSM_NOTHING);
    cr_assert_eq(itsm_sms_unlink(desk.sms, child, ITSM_STR("parent_incident"), parent, &desk.act), ITSM_OK);
    cr_assert_eq(itsm_sms_unlink(desk.sms, parent, ITSM_STR("children"), child, &desk.act), ITSM_NOTHING);
    cr_assert_eq(itsm_sms_link(desk.sms, parent, ITSM_STR("children"), child, &desk.act), ITSM_OK, "a second time");
}

Test(sms, an_end_that_takes_one_refuses_a_second_from_either_side)
{
    itsm_ref a = incident(), b = incident(), child = incident();
    cr_assert_eq(itsm_sms_link(desk.sms, child, ITSM_STR("parent_incident"), a, &desk.act), ITSM_OK);
    cr_assert_eq(itsm_sms_link(desk.sms, child, ITSM_STR("parent_incident"), b, &desk.act), ITSM_E_REFUSED);
    cr_assert_str_eq(rules(), "cardinality:parent_incident");
    cr_assert_eq(itsm_sms_link(desk.sms, b, ITSM_STR("children"), child, &desk.act), ITSM_E_REFUSED);
    cr_assert_str_eq(rules(), "cardinality:parent_incident");
}

Test(sms, a_relation_that_is_its_own_inverse_has_no_direction)
{
    itsm_ref a = ci("a"), b = ci("b");
    cr_assert_eq(itsm_sms_link(desk.sms, a, ITSM_STR("connected_to"), b, &desk.act), ITSM_OK);
    cr_assert_eq(itsm_sms_link(desk.sms, b, ITSM_STR("connected_to"), a, &desk.act), ITSM_NOTHING);
    cr_assert_eq(itsm_sms_unlink(desk.sms, b, ITSM_STR("connected_to"), a, &desk.act), ITSM_OK);
    cr_assert_eq(itsm_sms_unlink(desk.sms, a, ITSM_STR("connected_to"), b, &desk.act), ITSM_NOTHING);
    cr_assert_eq(itsm_sms_link(desk.sms, a, ITSM_STR("connected_to"), a, &desk.act), ITSM_OK);
    cr_assert_eq(itsm_sms_link(desk.sms, a, ITSM_STR("connected_to"), a, &desk.act), ITSM_NOTHING);
}

Test(sms, a_field_and_the_relation_of_its_name_are_one_fact)
{
    itsm_ref ref = incident(), server = ci("server"), svc = service();
    cr_assert_eq(itsm_sms_link(desk.sms, server, ITSM_STR("incident"), ref, &desk.act), ITSM_OK, "%s", rules());
    itsm_value held = field_of(ref, "ci");
    cr_assert_eq(held.kind, ITSM_LIST);
    cr_assert_eq(itsm_sms_link(desk.sms, ref, ITSM_STR("ci"), server, &desk.act), ITSM_NOTHING);
    const itsm_named set[] = {REF("service", svc)};
    cr_assert_eq(change(ref, set, 1), ITSM_OK);
    cr_assert_eq(itsm_sms_unlink(desk.sms, svc, ITSM_STR("incident"), ref, &desk.act), ITSM_OK);
    cr_assert_eq(field_of(ref, "service").kind, ITSM_NONE);
}

Test(sms, links_lead_to_the_type_they_name)
{
    itsm_ref ref = incident(), svc = service();
    cr_assert_eq(itsm_sms_link(desk.sms, ref, ITSM_STR("children"), svc, &desk.act), ITSM_E_INVALID);
    cr_assert_eq(itsm_sms_link(desk.sms, ref, ITSM_STR("offspring"), svc, &desk.act), ITSM_E_NOT_FOUND);
    svc.id.lo++;
    cr_assert_eq(itsm_sms_link(desk.sms, ref, ITSM_STR("service"), svc, &desk.act), ITSM_E_NOT_FOUND);
}

/* Works ----------------------------------------------------------------------------------------------------------- */

Test(sms, a_work_sees_its_own_changes_and_nobody_else_does_before_it_commits)
{
    itsm_work *work;
    itsm_ref svc, inc, other, found;
    const itsm_record *record;
    itsm_sms *second;
    const itsm_named s[] = {TEXT("name", "n"), TEXT("description", "d"), TEXT("owner", "o")};
    itsm_named i[] = {TEXT("title", "t"),          TEXT("description", "d"), TEXT("reporter", "r"),
                      TEXT("channel", "phone"),    INT("impact", 1),         INT("urgency", 1),
                      TIME("detected_at", MONDAY), EMPTY("service")};
    itsm_sms_options options = ITSM_SMS_OPTIONS_INIT;
    options.key.p = "b", options.key.n = 1;
    cr_assert_eq(itsm_sms_new(&second, desk.ctx, itsm_model_builtin(), desk.store, &options), ITSM_OK);
    cr_assert_eq(itsm_work_new(&work, desk.sms, &desk.act), ITSM_OK);
    cr_assert_eq(itsm_work_create(&svc, work, ITSM_STR("service"), s, COUNT(s)), ITSM_OK);
    i[7].value = itsm_value_ref(svc);
    cr_assert_eq(itsm_work_create(&inc, work, ITSM_STR("incident"), i, COUNT(i)), ITSM_OK);
    cr_assert_eq(itsm_work_create(&other, work, ITSM_STR("incident"), i, COUNT(i)), ITSM_OK);
    cr_assert_eq(itsm_work_link(work, inc, ITSM_STR("children"), other), ITSM_OK);
    cr_assert_eq(itsm_work_link(work, inc, ITSM_STR("children"), other), ITSM_NOTHING);
    cr_assert_eq(itsm_work_unlink(work, svc, ITSM_STR("incident"), other), ITSM_OK, "through the field of a draft");
    cr_assert_eq(itsm_work_get(&record, work, inc), ITSM_OK);
    cr_assert_eq(itsm_sms_find(&found, second, ITSM_STR("INC0000001")), ITSM_E_NOT_FOUND);
    itsm_outcome out = ITSM_OUTCOME_INIT;
    cr_assert_eq(itsm_work_commit(&out, work), ITSM_OK);
    cr_assert_eq(itsm_sms_find(&found, second, ITSM_STR("INC0000001")), ITSM_OK);
    cr_assert_eq(found.id.lo, inc.id.lo);
    cr_assert_eq(itsm_work_commit(&out, work), ITSM_NOTHING);
    itsm_work_free(work);
    itsm_sms_free(second);
}

/* One work with several operations; a second time with refused ones in between. */
static void do_work(struct desk *d, int with_refusals)
{
    itsm_work *work;
    itsm_outcome out = ITSM_OUTCOME_INIT;
    itsm_ref svc, parent, child;
    const itsm_named bad[] = {INT("impact", 9)}, locked[] = {INT("priority", 1), INT("impact", 5)},
                     set[] = {INT("impact", 5)};
    if (new_service(&out, d)) abort();
    svc = out.ref;
    if (new_started(&out, d, svc)) abort();
    parent = out.ref;
    if (new_incident(&out, d)) abort();
    child = out.ref;
    d->act.who = ITSM_STR("jdoe"), d->act.nroles = 0;
    cr_assert_eq(itsm_work_new(&work, d->sms, &d->act), ITSM_OK);
    cr_assert_eq(itsm_work_link(work, parent, ITSM_STR("children"), child), ITSM_OK);
    if (with_refusals) {
        cr_assert_eq(itsm_work_move(work, parent, ITSM_REV_ANY, ITSM_STR("resolve"), NULL, 0), ITSM_E_REFUSED);
        cr_assert_eq(itsm_work_move(work, parent, ITSM_REV_ANY, ITSM_STR("escalate"), NULL, 0), ITSM_E_REFUSED);
        cr_assert_eq(itsm_work_link(work, svc, ITSM_STR("incident"), parent), ITSM_NOTHING);
        cr_assert_eq(itsm_work_change(work, parent, ITSM_REV_ANY, bad, 1), ITSM_E_INVALID);
        cr_assert_eq(itsm_work_change(work, child, ITSM_REV_ANY, locked, 2), ITSM_E_REFUSED);
        cr_assert_eq(itsm_work_link(work, child, ITSM_STR("parent_incident"), parent), ITSM_NOTHING);
        cr_assert_eq(itsm_work_link(work, parent, ITSM_STR("parent_incident"), child), ITSM_OK);
        cr_assert_eq(itsm_work_unlink(work, parent, ITSM_STR("parent_incident"), child), ITSM_OK);
    } else {
        cr_assert_eq(itsm_work_link(work, parent, ITSM_STR("parent_incident"), child), ITSM_OK);
        cr_assert_eq(itsm_work_unlink(work, parent, ITSM_STR("parent_incident"), child), ITSM_OK);
    }
    cr_assert_eq(itsm_work_change(work, child, ITSM_REV_ANY, set, 1), ITSM_OK);
    cr_assert_eq(itsm_work_move(work, parent, ITSM_REV_ANY, ITSM_STR("reassign"), NULL, 0), ITSM_OK);
    cr_assert_eq(itsm_work_commit(&out, work), ITSM_OK);
    cr_assert_eq(out.nnotices, (size_t)1);
    itsm_work_free(work);
}

Test(sms, a_refused_operation_leaves_the_work_exactly_as_it_was)
{
    struct counting bytes = COUNTING_INIT;
    struct desk other;
    uint8_t a[ITSM_AUDIT_DIGEST], b[ITSM_AUDIT_DIGEST];
    desk_open(&other, &bytes, NULL);
    do_work(&desk, 0), do_work(&other, 1);
    root_of(a, &desk), root_of(b, &other);
    cr_assert_arr_eq(a, b, sizeof a);
    desk_close(&other);
    assert_nothing_outstanding(bytes);
}

Test(sms, a_refused_creation_leaves_no_shadow_among_the_links)
{
    itsm_ref svc = service(), bad;
    itsm_work *work;
    const itsm_named set[] = {REF("service", svc)};
    cr_assert_eq(itsm_work_new(&work, desk.sms, &desk.act), ITSM_OK);
    cr_assert_eq(itsm_work_create(&bad, work, ITSM_STR("incident"), set, 1), ITSM_E_REFUSED);
    itsm__draft *draft;
    uint64_t n = 0;
    cr_assert_eq(itsm__work_find(&draft, work, svc), ITSM_OK);
    const itsm_link_def *link = itsm_type_link(itsm_record_type(draft->record), ITSM_STR("incident"));
    cr_assert_eq(itsm__links_each(work, draft, link, count_ref, &n), ITSM_OK);
    cr_assert_eq(n, 0u);
    cr_assert_eq(itsm_work_commit(NULL, work), ITSM_NOTHING);
    itsm_work_free(work);
}

Test(sms, a_conflict_writes_nothing_and_a_cleared_work_can_be_used_again)
{
    itsm_ref ref = incident();
    itsm_work *work;
    itsm_sms *second;
    itsm_sms_options options = ITSM_SMS_OPTIONS_INIT;
    const itsm_named mine[] = {INT("impact", 1)}, theirs[] = {INT("impact", 5)};
    options.key.p = "b", options.key.n = 1;
    cr_assert_eq(itsm_sms_new(&second, desk.ctx, itsm_model_builtin(), desk.store, &options), ITSM_OK);
    cr_assert_eq(itsm_work_new(&work, desk.sms, &desk.act), ITSM_OK);
    cr_assert_eq(itsm_work_change(work, ref, ITSM_REV_ANY, mine, 1), ITSM_OK);
    cr_assert_eq(itsm_sms_change(NULL, second, ref, ITSM_REV_ANY, theirs, 1, &desk.act), ITSM_OK);
    itsm_outcome out = ITSM_OUTCOME_INIT;
    cr_assert_eq(itsm_work_commit(&out, work), ITSM_E_CONFLICT);
    cr_assert_eq(out.revision, 0u, "nothing is told of what was not written");
    itsm_work_clear(work);
    cr_assert_eq(itsm_work_change(work, ref, 2, mine, 1), ITSM_OK);
    cr_assert_eq(itsm_work_commit(&out, work), ITSM_OK);
    cr_assert_eq(out.revision, 3u);
    itsm_work_free(work);
    itsm_sms_free(second);
    cr_assert_eq(history_of(ref), 3u);
}

/* A child joins while its parent is judged to have none. */
static void join(const char *relation, int from_child, itsm_status wanted)
{
    itsm_ref parent = incident(), child = incident();
    itsm_work *work;
    itsm_sms *second;
    itsm_sms_options options = ITSM_SMS_OPTIONS_INIT;
    const itsm_named why[] = {TEXT("cancel_reason", "withdrawn")};
    options.key.p = "b", options.key.n = 1;
    desk_actor(&desk, "ann", "service_desk");
    cr_assert_eq(itsm_sms_new(&second, desk.ctx, itsm_model_builtin(), desk.store, &options), ITSM_OK);
    cr_assert_eq(itsm_work_new(&work, desk.sms, &desk.act), ITSM_OK);
    cr_assert_eq(itsm_work_move(work, parent, ITSM_REV_ANY, ITSM_STR("cancel"), why, 1), ITSM_OK, "%s", rules());
    cr_assert_eq(itsm_sms_link(second, from_child ? child : parent, itsm_str_c(relation), from_child ? parent : child,
                               &desk.act),
                 ITSM_OK);
    cr_assert_eq(itsm_work_commit(NULL, work), wanted);
    itsm_work_free(work);
    itsm_sms_free(second);
}

Test(sms, who_joins_a_set_that_a_guard_looked_at_conflicts_with_the_move)
{
    join("children", 0, ITSM_E_CONFLICT);
    join("parent_incident", 1, ITSM_E_CONFLICT);
    join("duplicates", 0, ITSM_E_CONFLICT); /* the record itself is written */
    join("duplicate_of", 1, ITSM_OK);       /* no guard asks who its duplicates are */
}

Test(sms, a_judged_record_that_moves_meanwhile_is_a_conflict)
{
    itsm_ref svc = service(), parent = started(svc), child = started(svc);
    itsm_work *work;
    itsm_sms *second;
    itsm_sms_options options = ITSM_SMS_OPTIONS_INIT;
    const itsm_named why[] = {TEXT("reopen_reason", "again")}, yes[] = {TEXT("closure_confirmed_by", "rita")};
    options.key.p = "b", options.key.n = 1;
    cr_assert_eq(itsm_sms_new(&second, desk.ctx, itsm_model_builtin(), desk.store, &options), ITSM_OK);
    cr_assert_eq(itsm_sms_link(desk.sms, parent, ITSM_STR("children"), child, &desk.act), ITSM_OK);
    desk_actor(&desk, "jdoe", NULL);
    cr_assert_eq(move(parent, "resolve", resolution(), 2), ITSM_OK);
    desk_actor(&desk, "rita", "service_desk");
    cr_assert_eq(itsm_work_new(&work, desk.sms, &desk.act), ITSM_OK);
    cr_assert_eq(itsm_work_move(work, parent, ITSM_REV_ANY, ITSM_STR("close"), yes, 1), ITSM_OK, "%s", rules());
    cr_assert_eq(itsm_sms_move(NULL, second, child, ITSM_REV_ANY, ITSM_STR("reopen"), why, 1, &desk.act), ITSM_OK, "%s",
                 rules());
    cr_assert_eq(itsm_work_commit(NULL, work), ITSM_E_CONFLICT);
    itsm_work_free(work);
    itsm_sms_free(second);
}

Test(sms, a_refused_move_makes_no_later_commit_depend_on_what_it_looked_at)
{
    itsm_ref parent = incident(), child = incident(), apart = incident();
    itsm_work *work;
    itsm_sms *second;
    itsm_sms_options options = ITSM_SMS_OPTIONS_INIT;
    const itsm_named set[] = {INT("impact", 1)};
    options.key.p = "b", options.key.n = 1;
    cr_assert_eq(itsm_sms_new(&second, desk.ctx, itsm_model_builtin(), desk.store, &options), ITSM_OK);
    cr_assert_eq(itsm_sms_link(desk.sms, parent, ITSM_STR("children"), child, &desk.act), ITSM_OK);
    cr_assert_eq(itsm_work_new(&work, desk.sms, &desk.act), ITSM_OK);
    cr_assert_eq(itsm_work_move(work, parent, ITSM_REV_ANY, ITSM_STR("cancel"), NULL, 0), ITSM_E_REFUSED);
    cr_assert_eq(itsm_work_change(work, apart, ITSM_REV_ANY, set, 1), ITSM_OK);
    cr_assert_eq(itsm_sms_change(NULL, second, child, ITSM_REV_ANY, set, 1, &desk.act), ITSM_OK);
    cr_assert_eq(itsm_work_commit(NULL, work), ITSM_OK);
    itsm_work_free(work);
    itsm_sms_free(second);
}

Test(sms, one_work_at_a_time)
{
    itsm_work *work, *other;
    cr_assert_eq(itsm_work_new(&work, desk.sms, &desk.act), ITSM_OK);
    cr_assert_eq(itsm_work_new(&other, desk.sms, &desk.act), ITSM_E_MISUSE);
    cr_assert_null(other);
    cr_assert_eq(itsm_sms_create(NULL, desk.sms, ITSM_STR("service"), NULL, 0, &desk.act), ITSM_E_MISUSE);
    itsm_work_free(work);
    itsm_work_free(NULL), itsm_work_clear(NULL), itsm_sms_free(NULL);
}
