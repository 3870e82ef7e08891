/* SPDX-License-Identifier: MIT */
/*
 * What the engine keeps beside the records: history, clocks, notices and the audit trail; and history that happened
 * elsewhere, recorded as it was.
 */
#include "sms_fixture.h"

#include <criterion/criterion.h>

#include "sms/history.h"

static struct counting counting = COUNTING_INIT;
static struct desk desk;

static void open_desk(void)
{
    itsm_sla *sla = NULL;
    desk_open(&desk, &counting, NULL);
    if (itsm_sla_load(&sla, desk.ctx,
                      ITSM_STR("{\"response\": {\"1\": 15, \"3\": 60, \"5\": 120},"
                               " \"resolution\": {\"1\": 240, \"3\": 480, \"5\": 2400}}"),
                      NULL))
        abort();
    desk_with_sla(&desk, sla);
}

static void close_desk(void)
{
    desk_close(&desk);
    assert_nothing_outstanding(counting);
}

TestSuite(sms_history, .init = open_desk, .fini = close_desk, .timeout = 60);

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

static itsm_ref started(void)
{
    itsm_outcome out = ITSM_OUTCOME_INIT;
    cr_assert_eq(new_started(&out, &desk, service()), ITSM_OK, "%.*s", ITSM_ARG(first_message(desk.ctx)));
    return out.ref;
}

/* An act an hour later. */
static void move(itsm_ref ref, const char *name, const char *field, const char *value, const char *who,
                 const char *role)
{
    itsm_named set[2] = {{itsm_str_c(field), itsm_value_text(itsm_str_c(value))}, TEXT("resolution", "Replaced")};
    size_t n = !field ? 0 : !strcmp(field, "resolution_code") ? 2 : 1;
    desk.act.now += ITSM_HOURS(1);
    desk_actor(&desk, who, role);
    cr_assert_eq(itsm_sms_move(NULL, desk.sms, ref, ITSM_REV_ANY, itsm_str_c(name), set, n, &desk.act), ITSM_OK,
                 "%s: %.*s", name, ITSM_ARG(first_message(desk.ctx)));
}

/* History --------------------------------------------------------------------------------------------------------- */

struct told {
    char text[4096];
    const itsm_type_def *type;
    uint64_t revision;
};

static void say(struct told *told, const char *what, itsm_str s)
{
    snprintf(told->text + strlen(told->text), sizeof told->text - strlen(told->text), "%s%.*s", what, ITSM_ARG(s));
}

static itsm_status tell(void *user, const itsm_history *entry)
{
    struct told *told = user;
    cr_assert_eq(entry->revision, told->revision++, "oldest first, none left out");
    say(told, "\n", itsm_audit_action_name(entry->action));
    say(told, " ", entry->event), say(told, " by ", entry->who);
    for (size_t i = 0; i < entry->nbefore; i++) {
        const itsm_field_def *field = itsm_type_field_number(told->type, entry->before[i].no);
        const itsm_value *value = &entry->before[i].value;
        char number[32];
        snprintf(number, sizeof number, "%lld", (long long)value->u.i);
        say(told, "; ", field->name);
        if (value->kind == ITSM_NONE) continue;
        say(told, " was ",
            value->kind == ITSM_INT    ? itsm_str_c(number)
            : value->kind == ITSM_TIME ? itsm_str_c("a time")
                                       : value->u.s);
    }
    return ITSM_OK;
}

Test(sms_history, it_keeps_every_value_before_in_order)
{
    struct told told = {"", itsm_model_type(itsm_model_builtin(), ITSM_STR("incident")), 0};
    itsm_ref ref = incident();
    const itsm_named set[] = {INT("impact", 5), TEXT("description", "Smoke")};
    cr_assert_eq(itsm_sms_change(NULL, desk.sms, ref, 1, set, 2, &desk.act), ITSM_OK);
    move(ref, "propose_major", "major_criteria", "fire", "bob", NULL);
    cr_assert_eq(itsm_sms_history(desk.sms, ref, tell, &told), ITSM_OK);
    cr_assert_str_eq(
        told.text,
        "\ncreate  by ann; number; title; created_at; created_by; status; major; description; reporter; channel; "
        "impact; urgency; priority; detected_at"
        "\nchange  by ann; description was No light; impact was 3; priority was 3"
        "\nmove propose_major by bob; major was none; major_criteria");
}

static itsm_status stop_at_once(void *user, const itsm_history *entry)
{
    (void)user, (void)entry;
    return 77;
}

Test(sms_history, a_callback_that_stops_is_heard)
{
    itsm_ref ref = incident(), nowhere = ref;
    nowhere.id.lo++;
    struct told told = {"", NULL, 0};
    cr_assert_eq(itsm_sms_history(desk.sms, ref, stop_at_once, NULL), 77);
    cr_assert_eq(itsm_sms_history(desk.sms, nowhere, tell, &told), ITSM_OK);
    cr_assert_str_eq(told.text, "");
}

static itsm_status note_number(void *user, const itsm_record *record)
{
    itsm_value value;
    cr_assert_eq(itsm_record_get_number(&value, record, ITSM_FIELD_NUMBER), ITSM_OK);
    say(user, " ", value.u.s);
    return ITSM_OK;
}

Test(sms_history, each_walks_a_type_in_the_order_of_numbers)
{
    struct told told = {"", NULL, 0};
    incident(), service(), incident();
    cr_assert_eq(itsm_sms_each(desk.sms, ITSM_STR("incident"), note_number, &told), ITSM_OK);
    cr_assert_str_eq(told.text, " INC0000001 INC0000002");
    cr_assert_eq(itsm_sms_each(desk.sms, ITSM_STR("incidents"), note_number, &told), ITSM_E_NOT_FOUND);
}

Test(sms_history, a_number_leads_to_its_record)
{
    itsm_ref ref = incident(), found;
    cr_assert_eq(itsm_sms_find(&found, desk.sms, ITSM_STR("INC0000001")), ITSM_OK);
    cr_assert_eq(found.id.lo, ref.id.lo);
    cr_assert_eq(itsm_sms_find(&found, desk.sms, ITSM_STR("INC000000")), ITSM_E_NOT_FOUND);
    assert_text(itsm_ctx_issue(desk.ctx, 0)->where, "INC000000");
}

/* Clocks ---------------------------------------------------------------------------------------------------------- */

/* The events of a clock: each with its hour from Monday nine o'clock. */
static const char *clock_of(itsm_ref ref, uint32_t kind)
{
    static const char *const names[] = {"",       "start",    "pause", "resume", "stop",
                                        "reopen", "retarget", "reset", "cancel"};
    static char text[1024];
    itsm_clock_row row = ITSM_CLOCK_ROW_INIT;
    itsm_status rc = itsm_sms_clock(&row, desk.sms, ref, kind);
    text[0] = 0;
    if (rc == ITSM_NOTHING) return "none";
    cr_assert_eq(rc, ITSM_OK);
    for (size_t i = 0; i < row.nevents; i++) {
        const itsm_clock_event *e = &row.events[i];
        snprintf(text + strlen(text), sizeof text - strlen(text), "%s%s %lld", i ? ", " : "", names[e->kind],
                 (long long)((e->at - MONDAY) / ITSM_HOURS(1)));
        if (e->kind == ITSM_CLOCK_RETARGET) {
            cr_assert_lt(e->target, row.npriorities);
            snprintf(text + strlen(text), sizeof text - strlen(text), " to %lld", (long long)row.priorities[e->target]);
        }
    }
    return text;
}

Test(sms_history, clocks_start_pause_resume_stop_and_reopen_with_the_states)
{
    itsm_ref ref = started();
    move(ref, "hold", "pending_reason", "awaiting_user", "jdoe", NULL);
    move(ref, "resume", NULL, NULL, "jdoe", NULL);
    move(ref, "resolve", "resolution_code", "fixed", "jdoe", NULL);
    move(ref, "reopen", "reopen_reason", "again", "rita", NULL);
    move(ref, "resolve", "resolution_code", "fixed", "jdoe", NULL);
    move(ref, "close", "closure_confirmed_by", "rita", "rita", NULL);
    cr_assert_str_eq(clock_of(ref, ITSM_RESOLUTION), "start 0, pause 1, resume 2, stop 3, reopen 4, stop 5");
    cr_assert_str_eq(clock_of(ref, ITSM_RESPONSE), "start 0, stop 0",
                     "met by responded_at, and closing cancels it no more");
    cr_assert_str_eq(clock_of(ref, ITSM_FULFILMENT), "none");
}

Test(sms_history, another_priority_chooses_another_target)
{
    itsm_ref ref = started();
    const itsm_named set[] = {INT("impact", 5), INT("urgency", 5)};
    desk.act.now += ITSM_HOURS(2);
    cr_assert_eq(itsm_sms_change(NULL, desk.sms, ref, ITSM_REV_ANY, set, 2, &desk.act), ITSM_OK);
    cr_assert_str_eq(clock_of(ref, ITSM_RESOLUTION), "start 0, retarget 2 to 5");
}

Test(sms_history, cancelling_ends_what_still_runs_and_nothing_else)
{
    itsm_ref fresh = incident(), answered = started();
    move(fresh, "cancel", "cancel_reason", "withdrawn", "rita", "service_desk");
    move(answered, "cancel", "cancel_reason", "withdrawn", "rita", "service_desk");
    cr_assert_str_eq(clock_of(fresh, ITSM_RESPONSE), "start 0, cancel 1");
    cr_assert_str_eq(clock_of(fresh, ITSM_RESOLUTION), "start 0, cancel 1");
    cr_assert_str_eq(clock_of(answered, ITSM_RESPONSE), "start 0, stop 0");
    cr_assert_str_eq(clock_of(answered, ITSM_RESOLUTION), "start 0, cancel 2");
}

Test(sms_history, a_refused_move_leaves_the_clocks_alone)
{
    itsm_ref ref = started();
    itsm_work *work;
    const itsm_named why[] = {TEXT("pending_reason", "awaiting_user")};
    desk_actor(&desk, "jdoe", NULL);
    cr_assert_eq(itsm_work_new(&work, desk.sms, &desk.act), ITSM_OK);
    cr_assert_eq(itsm_work_move(work, ref, ITSM_REV_ANY, ITSM_STR("hold"), why, 1), ITSM_OK);
    cr_assert_eq(itsm_work_move(work, ref, ITSM_REV_ANY, ITSM_STR("resolve"), NULL, 0), ITSM_E_REFUSED);
    cr_assert_eq(itsm_work_commit(NULL, work), ITSM_OK);
    itsm_work_free(work);
    cr_assert_str_eq(clock_of(ref, ITSM_RESOLUTION), "start 0, pause 0");
}

/* Notices --------------------------------------------------------------------------------------------------------- */

struct taken {
    char text[1024];
    size_t n;
    int take;
    itsm_id last;
};

static itsm_status take(void *user, const itsm_notice *notice)
{
    struct taken *taken = user;
    snprintf(taken->text + strlen(taken->text), sizeof taken->text - strlen(taken->text), "%.*s:%.*s at %lld;",
             ITSM_ARG(notice->to), ITSM_ARG(notice->event), (long long)((notice->at - MONDAY) / ITSM_HOURS(1)));
    taken->n++, taken->last = notice->id;
    return taken->take ? itsm_sms_notice_take(desk.sms, notice->id) : ITSM_OK;
}

Test(sms_history, notices_wait_in_order_until_one_host_takes_them)
{
    struct taken seen = {"", 0, 0, {0, 0}}, taken = {"", 0, 1, {0, 0}}, left = {"", 0, 0, {0, 0}};
    itsm_ref ref = started();
    itsm_sms *other;
    const itsm_named manager[] = {TEXT("major_manager", "max")};
    cr_assert_eq(itsm_sms_notices(desk.sms, take, &seen), ITSM_OK);
    cr_assert_eq(seen.n, (size_t)0);
    move(ref, "reassign", NULL, NULL, "jdoe", NULL);
    move(ref, "propose_major", "major_criteria", "fire", "bob", NULL);
    cr_assert_eq(itsm_sms_change(NULL, desk.sms, ref, ITSM_REV_ANY, manager, 1, &desk.act), ITSM_OK);
    move(ref, "declare_major", NULL, NULL, "max", "major_incident_manager");
    cr_assert_eq(itsm_sms_notices(desk.sms, take, &seen), ITSM_OK);
    cr_assert_str_eq(seen.text, "g1:reassign at 1;major_incident_manager:propose_major at 2;"
                                "top_management:declare_major at 3;customers:declare_major at 3;");
    cr_assert_eq(itsm_sms_new(&other, desk.ctx, itsm_model_builtin(), desk.store, NULL), ITSM_OK);
    cr_assert_eq(itsm_sms_notice_take(other, seen.last), ITSM_OK);
    cr_assert_eq(itsm_sms_notice_take(desk.sms, seen.last), ITSM_NOTHING);
    itsm_sms_free(other);
    cr_assert_eq(itsm_sms_notices(desk.sms, take, &taken), ITSM_OK);
    cr_assert_eq(taken.n, (size_t)3);
    cr_assert_eq(itsm_sms_notices(desk.sms, take, &left), ITSM_OK);
    cr_assert_eq(left.n, (size_t)0);
}

/* Audit ----------------------------------------------------------------------------------------------------------- */

static void verify(itsm_status wanted, uint64_t checked, uint64_t gone, uint64_t bad)
{
    itsm_audit_result result = ITSM_AUDIT_RESULT_INIT;
    cr_assert_eq(itsm_sms_audit_verify(&result, desk.sms, NULL), wanted);
    cr_assert(result.checked == checked && result.gone == gone && result.bad == bad,
              "%llu checked, %llu gone, %llu bad", (unsigned long long)result.checked, (unsigned long long)result.gone,
              (unsigned long long)result.bad);
}

/* Write over a history row, or delete it. */
static void tamper(itsm_ref ref, uint64_t revision, uint32_t kind, size_t byte)
{
    unsigned char body[1024];
    itsm_ref row = {ITSM_ROW_HISTORY, itsm__history_id(ref, revision)};
    itsm_view view = ITSM_VIEW_INIT;
    itsm_row old;
    itsm_op op;
    itsm_batch batch = ITSM_BATCH_INIT;
    memset(&op, 0, sizeof op);
    cr_assert_eq(itsm_store_view_open(&view, desk.ctx, desk.store, NULL), ITSM_OK);
    cr_assert_eq(itsm_store_get(&old, desk.ctx, &view, row), ITSM_OK);
    cr_assert(old.body.n <= sizeof body);
    memcpy(body, old.body.p, old.body.n);
    body[byte < old.body.n ? byte : old.body.n - 1] ^= 1;
    op.kind = kind, op.expect = old.rev, op.row.ref = row, op.row.rev = old.rev + 1;
    op.row.body.p = body, op.row.body.n = old.body.n;
    batch.ops = &op, batch.nops = 1;
    itsm_store_view_close(&view);
    cr_assert_eq(itsm_store_apply(NULL, desk.ctx, desk.store, &batch, NULL), ITSM_OK);
}

Test(sms_history, the_audit_trail_verifies_and_every_operation_has_its_entry)
{
    itsm_ref ref = started(); /* a service, an incident, a move */
    verify(ITSM_OK, 3, 0, 0);
    move(ref, "hold", "pending_reason", "awaiting_user", "jdoe", NULL);
    verify(ITSM_OK, 4, 0, 0);
}

Test(sms_history, a_changed_history_row_is_found_in_salt_and_content)
{
    itsm_ref ref = started();
    tamper(ref, 0, ITSM_PUT, 0);
    verify(ITSM_E_CORRUPT, 2, 0, 1);
    assert_text(itsm_ctx_issue(desk.ctx, 0)->rule, "history");
    tamper(ref, 1, ITSM_PUT, 100);
    verify(ITSM_E_CORRUPT, 1, 0, 2);
}

Test(sms_history, a_history_row_that_is_gone_without_a_purge_is_found)
{
    itsm_ref ref = started();
    tamper(ref, 0, ITSM_DEL, 0);
    verify(ITSM_E_CORRUPT, 2, 1, 1);
    assert_text(itsm_ctx_issue(desk.ctx, 0)->rule, "history");
}

Test(sms_history, a_checkpoint_kept_elsewhere_holds)
{
    itsm_audit_checkpoint kept = ITSM_AUDIT_CHECKPOINT_INIT;
    itsm_audit_result result = ITSM_AUDIT_RESULT_INIT;
    itsm_ref ref = started();
    cr_assert_eq(itsm_audit_root(&kept, desk.ctx, desk.store), ITSM_OK);
    move(ref, "hold", "pending_reason", "awaiting_user", "jdoe", NULL);
    cr_assert_eq(itsm_sms_audit_verify(&result, desk.sms, &kept), ITSM_OK);
    kept.root[3] ^= 1;
    cr_assert_eq(itsm_sms_audit_verify(&result, desk.sms, &kept), ITSM_E_CORRUPT);
    cr_assert_eq(itsm_sms_audit_verify(NULL, desk.sms, NULL), ITSM_E_MISUSE);
}

/* Observing ------------------------------------------------------------------------------------------------------- */

struct source {
    itsm_observer *observer;
    itsm_work *work;
    uint32_t check;
    itsm_value values[3]; /* impact, assignee, resolution_code */
};

static void source_open(struct source *source)
{
    static const itsm_str fields[] = {{"impact", 6}, {"assignee", 8}, {"resolution_code", 15}};
    memset(source, 0, sizeof *source);
    desk.act.now = ITSM_TIME_NONE;
    cr_assert_eq(itsm_observer_new(&source->observer, desk.sms, ITSM_STR("incident"), fields, 3), ITSM_OK);
    cr_assert_eq(itsm_work_new(&source->work, desk.sms, &desk.act), ITSM_OK);
    source->values[0] = itsm_value_number(ITSM_INT, 3);
}

static void source_close(struct source *source)
{
    itsm_work_free(source->work);
    itsm_observer_free(source->observer);
}

static itsm_status observe_at(itsm_observed *out, struct source *source, uint64_t ordinal, const char *state,
                              int64_t hour, int64_t stopped)
{
    itsm_observation o;
    memset(&o, 0, sizeof o);
    o.size = sizeof o, o.number = ITSM_STR("X1"), o.ordinal = ordinal, o.check = (uint32_t)ordinal * 17 + source->check;
    o.at = MONDAY + ITSM_HOURS(hour), o.opened = MONDAY, o.who = ITSM_STR("src"), o.state = itsm_str_c(state);
    o.stopped = stopped < 0 ? ITSM_TIME_NONE : MONDAY + ITSM_HOURS(stopped), o.stopped_is_final = stopped >= 0;
    o.values = source->values;
    return itsm_work_observe(out, source->work, source->observer, &o);
}

static itsm_status observe(itsm_observed *out, struct source *source, uint64_t ordinal, const char *state, int64_t hour)
{
    return observe_at(out, source, ordinal, state, hour, -1);
}

static int has_deviation(const itsm_observed *out, const char *move, const char *rule, uint32_t undecided)
{
    for (size_t i = 0; i < out->ndeviations; i++)
        if (itsm_str_is(out->deviations[i].move, move) && itsm_str_is(out->deviations[i].rule, rule) &&
            out->deviations[i].undecided == undecided && out->deviations[i].clause.n)
            return 1;
    return 0;
}

Test(sms_history, observed_steps_keep_what_they_miss_with_its_clause)
{
    struct source source;
    itsm_observed out = ITSM_OBSERVED_INIT;
    source_open(&source);
    cr_assert_eq(observe(&out, &source, 0, "new", 0), ITSM_OK);
    cr_assert(has_deviation(&out, "create", "mandatory:title", 1), "the source carries no title");
    cr_assert(!has_deviation(&out, "create", "mandatory:impact", 0));
    cr_assert_eq(observe(&out, &source, 1, "in_progress", 1), ITSM_OK);
    cr_assert(has_deviation(&out, "start", "mandatory:assignee", 0), "carried, and empty");
    cr_assert(has_deviation(&out, "start", "set(assignee,category,service,assignment_group)", 0));
    source.values[1] = itsm_value_text(ITSM_STR("jdoe"));
    cr_assert_eq(observe(&out, &source, 2, "in_progress", 2), ITSM_OK);
    cr_assert_eq(out.ndeviations, (size_t)0, "a change in place is no step");
    cr_assert_eq(observe(&out, &source, 3, "closed", 3), ITSM_OK);
    cr_assert(has_deviation(&out, "in_progress -> closed", "state", 0), "no move leads there");
    cr_assert_eq(itsm_work_commit(NULL, source.work), ITSM_OK);
    source_close(&source);
    verify(ITSM_OK, 4, 0, 0);
}

Test(sms_history, what_was_observed_incomplete_can_still_be_changed)
{
    struct source source;
    itsm_observed out = ITSM_OBSERVED_INIT;
    const itsm_named set[] = {INT("urgency", 2)}, none[] = {EMPTY("impact")};
    source_open(&source);
    cr_assert_eq(observe(&out, &source, 0, "in_progress", 0), ITSM_OK);
    cr_assert_eq(itsm_work_commit(NULL, source.work), ITSM_OK);
    source_close(&source);
    desk.act.now = MONDAY;
    cr_assert_eq(itsm_sms_change(NULL, desk.sms, out.ref, 1, set, 1, &desk.act), ITSM_OK, "%.*s",
                 ITSM_ARG(first_message(desk.ctx)));
    cr_assert_eq(itsm_sms_change(NULL, desk.sms, out.ref, 2, none, 1, &desk.act), ITSM_OK,
                 "mandatory at creation only");
}

Test(sms_history, what_was_observed_is_skipped_contradicted_or_out_of_order)
{
    struct source source;
    source_open(&source);
    cr_assert_eq(observe(NULL, &source, 1, "new", 0), ITSM_E_ORDER);
    cr_assert_eq(observe(NULL, &source, 0, "new", 0), ITSM_OK);
    cr_assert_eq(observe(NULL, &source, 0, "new", 0), ITSM_NOTHING);
    cr_assert_eq(observe(NULL, &source, 2, "new", 0), ITSM_E_ORDER);
    cr_assert_eq(itsm_work_commit(NULL, source.work), ITSM_OK);
    cr_assert_eq(observe(NULL, &source, 0, "new", 0), ITSM_NOTHING, "from the store too");
    cr_assert_eq(observe(NULL, &source, 1, "in_progress", 1), ITSM_OK);
    source.check = 5;
    cr_assert_eq(observe(NULL, &source, 1, "in_progress", 1), ITSM_E_CONFLICT, "another telling");
    source.check = 0;
    cr_assert_eq(observe(NULL, &source, 0, "pending", 0), ITSM_NOTHING);
    cr_assert_eq(observe(NULL, &source, 2, "nowhere", 2), ITSM_E_INVALID);
    source.values[0] = itsm_value_text(ITSM_STR("high"));
    cr_assert_eq(observe(NULL, &source, 2, "pending", 2), ITSM_E_INVALID);
    assert_text(itsm_ctx_issue(desk.ctx, 0)->where, "impact");
    source.values[0] = itsm_value_number(ITSM_INT, 9);
    cr_assert_eq(observe(NULL, &source, 2, "pending", 2), ITSM_E_INVALID);
    source.values[0] = itsm_value_number(ITSM_INT, 3);
    cr_assert_eq(observe(NULL, &source, 2, "pending", 2), ITSM_OK, "a bad value does no harm to the work");
    cr_assert_eq(itsm_work_commit(NULL, source.work), ITSM_OK);
    source_close(&source);
    verify(ITSM_OK, 3, 0, 0);
}

Test(sms_history, observed_pauses_that_stand_still_or_step_back_were_none)
{
    struct source source;
    itsm_observed out = ITSM_OBSERVED_INIT;
    const char *states[] = {"new",     "in_progress", "pending", "pending",    "in_progress",
                            "pending", "in_progress", "pending", "in_progress"};
    const int64_t hours[] = {0, 1, 2, 4, 6, 8, 8, 10, 9};
    source_open(&source);
    for (uint64_t i = 0; i < 9; i++) cr_assert_eq(observe(&out, &source, i, states[i], hours[i]), ITSM_OK);
    cr_assert_eq(itsm_work_commit(NULL, source.work), ITSM_OK);
    cr_assert_str_eq(clock_of(out.ref, ITSM_RESOLUTION), "start 0, pause 2, resume 6");
    source_close(&source);
}

Test(sms_history, the_source_says_for_good_when_the_work_was_done)
{
    struct source source;
    itsm_observed out = ITSM_OBSERVED_INIT;
    source_open(&source);
    cr_assert_eq(observe_at(&out, &source, 0, "new", 0, 5), ITSM_OK);
    cr_assert_eq(observe_at(&out, &source, 1, "pending", 1, 5), ITSM_OK);
    cr_assert_eq(observe_at(&out, &source, 2, "in_progress", 3, 5), ITSM_OK);
    cr_assert_eq(observe_at(&out, &source, 3, "resolved", 7, 5), ITSM_OK);
    cr_assert_eq(itsm_work_commit(NULL, source.work), ITSM_OK);
    cr_assert_str_eq(clock_of(out.ref, ITSM_RESOLUTION), "start 0, pause 1, resume 3, stop 5");
    cr_assert_str_eq(clock_of(out.ref, ITSM_RESPONSE), "start 0, stop 7", "stamped by the first step that stamps it");
    source_close(&source);
}

Test(sms_history, an_observer_knows_its_type_and_fields)
{
    itsm_observer *observer;
    const itsm_str field = ITSM_STR("colour");
    cr_assert_eq(itsm_observer_new(&observer, desk.sms, ITSM_STR("ticket"), NULL, 0), ITSM_E_NOT_FOUND);
    cr_assert_eq(itsm_observer_new(&observer, desk.sms, ITSM_STR("incident"), &field, 1), ITSM_E_NOT_FOUND);
    assert_text(itsm_ctx_issue(desk.ctx, 0)->where, "colour");
    cr_assert_null(observer);
    itsm_observer_free(NULL);
}
