/* SPDX-License-Identifier: MIT */
/*
 * Moving stored records to a changed model: what it writes, what it refuses, and that it can be stopped and called again.
 */
#include <itsm/sms.h>

#include <criterion/criterion.h>

#include "sms_fixture.h"

#define EXTENDS "{\"extends\":\"builtin\","
#define INCIDENT "\"record_types\":[{\"id\":\"incident\","
#define STATUS "\"lifecycles\":[{\"attribute\":\"status\","

/* `assigned` is called `queued`; whatever names it follows. */
static const char renamed[] =
    EXTENDS "\"remove\":[\"incident.status.reassign\",\"incident.status.assign\","
            "\"incident.status.assigned\"]," INCIDENT "\"fields\":[{\"name\":\"service\",\"mandatory\":\"queued\"},"
            "{\"name\":\"category\",\"mandatory\":\"queued\"},"
            "{\"name\":\"assignment_group\",\"mandatory\":\"queued\"}]," STATUS
            "\"states\":[{\"name\":\"queued\",\"category\":\"open\"}],\"transitions\":["
            "{\"event\":\"queue\",\"from\":[\"new\"],\"to\":\"queued\",\"actor\":[\"service_desk\"]},"
            "{\"event\":\"start\",\"add_from\":[\"queued\"]},"
            "{\"event\":\"close\",\"guards\":[\"none_linked(children,new|queued|in_progress|pending)\","
            "\"any(set(closure_confirmed_by),reached(resolved_at,auto_close_after))\"]},"
            "{\"event\":\"cancel\",\"guards\":[\"set(cancel_reason)\"]}]}]},"
            "{\"id\":\"known_error\"," STATUS "\"transitions\":["
            "{\"event\":\"recur\",\"guards\":[\"linked(incident,1,new|queued)\"]}]}]},"
            "{\"id\":\"configuration_item\",\"lifecycles\":[{\"attribute\":\"operational\","
            "\"transitions\":[{\"event\":\"degrade\",\"guards\":[]},{\"event\":\"fail\","
            "\"guards\":[]}]}]}]}";

static itsm_model *loaded(itsm_ctx *ctx, const char *text)
{
    itsm_model *model = NULL;
    const itsm_status rc = itsm_model_load(&model, ctx, itsm_str_c(text));
    for (size_t i = 0; i < itsm_ctx_issue_count(ctx); i++) {
        const itsm_issue *issue = itsm_ctx_issue(ctx, i);
        printf("  %.*s [%.*s] %.*s\n", ITSM_ARG(issue->where), ITSM_ARG(issue->rule), ITSM_ARG(issue->message));
    }
    cr_assert_eq(rc, ITSM_OK);
    return model;
}

/* A desk with n incidents assigned, and one new. */
static void open_with(struct desk *desk, struct counting *counting, itsm_ref *refs, size_t n)
{
    itsm_outcome out = ITSM_OUTCOME_INIT;
    desk_open(desk, counting, NULL);
    cr_assert_eq(new_service(&out, desk), ITSM_OK);
    const itsm_named set[] = {TEXT("category", "hardware"), REF("service", out.ref), TEXT("assignment_group", "g1")};
    for (size_t i = 0; i <= n; i++) {
        desk_actor(desk, "ann", NULL);
        cr_assert_eq(new_incident(&out, desk), ITSM_OK);
        refs[i] = out.ref;
        desk_actor(desk, "ann", "service_desk");
        if (i == n) break;
        cr_assert_eq(itsm_sms_move(&out, desk->sms, out.ref, ITSM_REV_ANY, ITSM_STR("assign"), set, 3, &desk->act),
                     ITSM_OK);
    }
    desk_actor(desk, "mia", NULL);
    desk->act.now += ITSM_DAYS(1);
}

/* The desk goes on with another model. */
static void change_model(struct desk *desk, const itsm_model *model)
{
    itsm_sms_options options = ITSM_SMS_OPTIONS_INIT;
    options.key.p = "a key", options.key.n = 5;
    itsm_sms_free(desk->sms);
    cr_assert_eq(itsm_sms_new(&desk->sms, desk->ctx, model, desk->store, &options), ITSM_OK);
}

static void assert_state(struct desk *desk, itsm_ref ref, const char *state)
{
    itsm_work *work;
    const itsm_record *record;
    itsm_value value;
    cr_assert_eq(itsm_work_new(&work, desk->sms, &desk->act), ITSM_OK);
    cr_assert_eq(itsm_work_get(&record, work, ref), ITSM_OK);
    cr_assert_eq(itsm_record_find(&value, record, ITSM_STR("status")), ITSM_OK);
    assert_text(value.u.s, state);
    itsm_work_free(work);
}

static int has_issue(const itsm_ctx *ctx, const char *rule, const char *where, const char *part)
{
    char message[512];
    for (size_t i = 0; i < itsm_ctx_issue_count(ctx); i++) {
        const itsm_issue *issue = itsm_ctx_issue(ctx, i);
        snprintf(message, sizeof message, "%.*s", ITSM_ARG(issue->message));
        if (itsm_str_is(issue->rule, rule) && itsm_str_is(issue->where, where) && strstr(message, part)) return 1;
    }
    for (size_t i = 0; i < itsm_ctx_issue_count(ctx); i++) {
        const itsm_issue *issue = itsm_ctx_issue(ctx, i);
        printf("  %.*s [%.*s] %.*s\n", ITSM_ARG(issue->where), ITSM_ARG(issue->rule), ITSM_ARG(issue->message));
    }
    return 0;
}

struct last {
    size_t n;
    uint32_t action;
    int by_mia, is_migrate, assigned;
};

static itsm_status note_last(void *user, const itsm_history *entry)
{
    struct last *last = user;
    last->n++, last->action = entry->action, last->by_mia = itsm_str_is(entry->who, "mia");
    last->is_migrate = itsm_str_is(entry->event, "migrate"), last->assigned = 0;
    for (size_t i = 0; i < entry->nbefore; i++)
        if (entry->before[i].no == ITSM_FIELD_STATE)
            last->assigned = itsm_str_is(entry->before[i].value.u.s, "assigned");
    return ITSM_OK;
}

struct uses {
    uint64_t assigned, fresh;
    size_t states;
};

static itsm_status note_use(void *user, const itsm_state_use *use)
{
    struct uses *uses = user;
    if (!itsm_str_is(use->type, "incident") || !itsm_str_is(use->facet, "status")) return ITSM_OK;
    uses->states++;
    if (itsm_str_is(use->from, "assigned")) uses->assigned = use->records;
    if (itsm_str_is(use->from, "new")) uses->fresh = use->records;
    return ITSM_OK;
}

static const itsm_state_image to_queued[] = {{{"incident", 8}, {NULL, 0}, {"assigned", 8}, {"queued", 6}}};

Test(migrate, records_go_to_the_image_of_their_state_with_history_and_audit)
{
    struct counting counting = COUNTING_INIT;
    struct desk desk;
    itsm_ref refs[4];
    open_with(&desk, &counting, refs, 3);
    itsm_model *to = loaded(desk.ctx, renamed);
    itsm_migration how = ITSM_MIGRATION_INIT;
    itsm_migrated done = ITSM_MIGRATED_INIT;
    struct uses uses = {0, 0, 0};
    how.to = to, how.images = to_queued, how.nimages = 1, how.fn = note_use, how.user = &uses;

    how.dry_run = 1;
    cr_assert_eq(itsm_sms_migrate(&done, desk.sms, &how, &desk.act), ITSM_OK);
    cr_assert(done.records == 5 && done.changed == 3 && done.batches == 0, "%u %u", (unsigned)done.records,
              (unsigned)done.changed);
    cr_assert(uses.assigned == 3 && uses.fresh == 1 && uses.states == 7);
    assert_state(&desk, refs[0], "assigned");

    how.dry_run = 0;
    cr_assert_eq(itsm_sms_migrate(&done, desk.sms, &how, &desk.act), ITSM_OK);
    cr_assert(done.changed == 3 && done.batches == 1);
    change_model(&desk, to);
    for (size_t i = 0; i < 3; i++) assert_state(&desk, refs[i], "queued");
    assert_state(&desk, refs[3], "new");
    struct last last = {0, 0, 0, 0, 0};
    cr_assert_eq(itsm_sms_history(desk.sms, refs[1], note_last, &last), ITSM_OK);
    cr_assert(last.n == 3 && last.action == ITSM_AUDIT_DEFINE && last.by_mia && last.is_migrate && last.assigned);
    itsm_audit_result result = ITSM_AUDIT_RESULT_INIT;
    cr_assert_eq(itsm_sms_audit_verify(&result, desk.sms, NULL), ITSM_OK);

    itsm_outcome out = ITSM_OUTCOME_INIT; /* and they go on from there */
    const itsm_named set[] = {TEXT("assignee", "jdoe")};
    desk_actor(&desk, "ann", "service_desk");
    cr_assert_eq(itsm_sms_move(&out, desk.sms, refs[0], ITSM_REV_ANY, ITSM_STR("start"), set, 1, &desk.act), ITSM_OK);
    itsm_model_free(to), desk_close(&desk);
    assert_nothing_outstanding(counting);
}

Test(migrate, the_map_may_be_json_and_batches_may_be_small)
{
    struct counting counting = COUNTING_INIT;
    struct desk desk;
    itsm_ref refs[6];
    open_with(&desk, &counting, refs, 5);
    itsm_model *to = loaded(desk.ctx, renamed);
    itsm_migration how = ITSM_MIGRATION_INIT;
    itsm_migrated done = ITSM_MIGRATED_INIT;
    how.to = to, how.batch = 2, how.map = ITSM_STR("{\"incident\":{\"status\":{\"assigned\":\"queued\"}}}");
    cr_assert_eq(itsm_sms_migrate(&done, desk.sms, &how, &desk.act), ITSM_OK);
    cr_assert(done.changed == 5 && done.batches == 3, "%u in %u", (unsigned)done.changed, (unsigned)done.batches);
    cr_assert_eq(itsm_sms_migrate(&done, desk.sms, &how, &desk.act), ITSM_OK);
    cr_assert(done.changed == 0 && done.batches == 0, "nothing is left");
    change_model(&desk, to);
    for (size_t i = 0; i < 5; i++) assert_state(&desk, refs[i], "queued");

    how.map = ITSM_STR("{\"incident\":{\"status\":{\"nowhere\":\"queued\"}}}");
    cr_assert_eq(itsm_sms_migrate(NULL, desk.sms, &how, &desk.act), ITSM_E_NOT_FOUND);
    how.map = ITSM_STR("{\"incident\":[]}");
    cr_assert_eq(itsm_sms_migrate(NULL, desk.sms, &how, &desk.act), ITSM_E_INVALID);
    how.map = ITSM_STR("{");
    cr_assert_eq(itsm_sms_migrate(NULL, desk.sms, &how, &desk.act), ITSM_E_SYNTAX);
    itsm_model_free(to), desk_close(&desk);
    assert_nothing_outstanding(counting);
}

Test(migrate, a_state_without_an_image_is_refused_by_name_and_number_of_records)
{
    struct counting counting = COUNTING_INIT;
    struct desk desk;
    itsm_ref refs[3];
    open_with(&desk, &counting, refs, 2);
    itsm_model *to = loaded(desk.ctx, renamed);
    itsm_migration how = ITSM_MIGRATION_INIT;
    how.to = to;
    cr_assert_eq(itsm_sms_migrate(NULL, desk.sms, &how, &desk.act), ITSM_E_REFUSED);
    cr_assert(has_issue(desk.ctx, "image", "incident.status.assigned", "2 records"));
    const itsm_state_image wrong[] = {{{"incident", 8}, {"status", 6}, {"assigned", 8}, {"pending", 7}}};
    how.images = wrong, how.nimages = 1;
    cr_assert_eq(itsm_sms_migrate(NULL, desk.sms, &how, &desk.act), ITSM_E_REFUSED);
    cr_assert(has_issue(desk.ctx, "image", "incident.status.assigned", "is open and its image pending is paused"));
    assert_state(&desk, refs[0], "assigned");
    itsm_model_free(to), desk_close(&desk);
    assert_nothing_outstanding(counting);
}

Test(migrate, records_that_would_not_fit_are_refused)
{
    struct counting counting = COUNTING_INIT;
    struct desk desk;
    itsm_ref refs[3];
    open_with(&desk, &counting, refs, 2);
    itsm_model *to =
        loaded(desk.ctx, EXTENDS INCIDENT "\"fields\":[{\"name\":\"channel\",\"type\":\"enum(email|portal)\"}"
                                          "]}]}");
    itsm_migration how = ITSM_MIGRATION_INIT;
    how.to = to;
    cr_assert_eq(itsm_sms_migrate(NULL, desk.sms, &how, &desk.act), ITSM_E_REFUSED);
    cr_assert(has_issue(desk.ctx, "record", "incident", "3 records do not fit, the first is INC"));
    itsm_model_free(to);

    to = loaded(
        desk.ctx,
        "{\"roles\":{\"keeper\":\"\"},\"record_types\":[{\"id\":\"box\",\"prefix\":\"B\",\"clauses_2011\":[\"8.1\"],"
        "\"clauses_2018\":[\"8.6.1\"],\"lifecycles\":[{\"attribute\":\"status\",\"initial\":\"a\","
        "\"states\":[{\"name\":\"a\",\"category\":\"closed\"}],\"transitions\":[]}]}]}");
    how.to = to;
    cr_assert_eq(itsm_sms_migrate(NULL, desk.sms, &how, &desk.act), ITSM_E_REFUSED);
    cr_assert(has_issue(desk.ctx, "type", "incident", "3 records"));
    cr_assert(has_issue(desk.ctx, "type", "service", "1 records"));
    itsm_model_free(to), desk_close(&desk);
    assert_nothing_outstanding(counting);
}

Test(migrate, a_new_facet_begins_and_a_new_index_finds_what_was_there)
{
    struct counting counting = COUNTING_INIT;
    struct desk desk;
    itsm_ref refs[3];
    open_with(&desk, &counting, refs, 2);
    itsm_model *to = loaded(
        desk.ctx, EXTENDS INCIDENT
        "\"indexes\":[{\"name\":\"by_reporter\",\"fields\":[\"reporter\"]}],"
        "\"lifecycles\":[{\"attribute\":\"billing\",\"initial\":\"open_bill\",\"states\":["
        "{\"name\":\"open_bill\",\"category\":\"open\"},{\"name\":\"billed\",\"category\":\"closed\"}],\"transitions\":["
        "{\"event\":\"bill\",\"from\":[\"open_bill\"],\"to\":\"billed\",\"actor\":[\"any\"]}]}]}]}");
    itsm_migration how = ITSM_MIGRATION_INIT;
    itsm_migrated done = ITSM_MIGRATED_INIT;
    how.to = to;
    cr_assert_eq(itsm_sms_migrate(&done, desk.sms, &how, &desk.act), ITSM_OK);
    cr_assert_eq(done.changed, 3);
    change_model(&desk, to);
    itsm_outcome out = ITSM_OUTCOME_INIT;
    cr_assert_eq(itsm_sms_move(&out, desk.sms, refs[0], ITSM_REV_ANY, ITSM_STR("bill"), NULL, 0, &desk.act), ITSM_OK);
    itsm_view view = ITSM_VIEW_INIT;
    itsm_cursor cursor = ITSM_CURSOR_INIT;
    itsm_range range = ITSM_RANGE_INIT;
    itsm_row row;
    size_t found = 0;
    const itsm_type_def *incident = itsm_model_type(to, ITSM_STR("incident"));
    range.type = incident->number, range.index = itsm_type_index(incident, ITSM_STR("by_reporter"))->number;
    cr_assert_eq(itsm_store_view_open(&view, desk.ctx, desk.store, NULL), ITSM_OK);
    cr_assert_eq(itsm_store_scan(&cursor, desk.ctx, &view, &range), ITSM_OK);
    while (itsm_store_next(&row, desk.ctx, &cursor) == ITSM_OK) found++;
    itsm_store_cursor_close(&cursor), itsm_store_view_close(&view);
    cr_assert_eq(found, 3);
    itsm_model_free(to), desk_close(&desk);
    assert_nothing_outstanding(counting);
}

Test(migrate, states_may_change_places_in_one_batch_but_not_in_several)
{
    struct counting counting = COUNTING_INIT;
    struct desk desk;
    itsm_ref refs[3];
    open_with(&desk, &counting, refs, 2);
    const itsm_state_image swap[] = {{{"incident", 8}, {NULL, 0}, {"assigned", 8}, {"in_progress", 11}},
                                     {{"incident", 8}, {NULL, 0}, {"in_progress", 11}, {"assigned", 8}}};
    itsm_migration how = ITSM_MIGRATION_INIT;
    itsm_migrated done = ITSM_MIGRATED_INIT;
    how.to = itsm_model_builtin(), how.images = swap, how.nimages = 2, how.batch = 1;
    cr_assert_eq(itsm_sms_migrate(&done, desk.sms, &how, &desk.act), ITSM_E_REFUSED);
    cr_assert(has_issue(desk.ctx, "chain", "incident.status.assigned", "one batch"));
    how.batch = 0;
    cr_assert_eq(itsm_sms_migrate(&done, desk.sms, &how, &desk.act), ITSM_OK);
    cr_assert_eq(done.changed, 2);
    assert_state(&desk, refs[0], "in_progress");
    cr_assert_eq(itsm_sms_migrate(NULL, NULL, &how, &desk.act), ITSM_E_MISUSE);
    how.to = NULL;
    cr_assert_eq(itsm_sms_migrate(NULL, desk.sms, &how, &desk.act), ITSM_E_MISUSE);
    desk_close(&desk);
    assert_nothing_outstanding(counting);
}

Test(migrate, a_failed_allocation_is_told_and_a_second_call_does_the_rest)
{
    size_t n = 1;
    for (itsm_status rc = ITSM_E_NOMEM; rc; n += 1 + n / 8) {
        struct counting counting = COUNTING_INIT;
        struct desk desk;
        itsm_ref refs[3];
        open_with(&desk, &counting, refs, 2);
        itsm_model *to = loaded(desk.ctx, renamed);
        itsm_migration how = ITSM_MIGRATION_INIT;
        how.to = to, how.images = to_queued, how.nimages = 1, how.batch = 1;
        counting_fail(&counting, n);
        rc = itsm_sms_migrate(NULL, desk.sms, &how, &desk.act);
        const int failed = counting_stop(&counting);
        cr_assert(rc == ITSM_OK || (rc == ITSM_E_NOMEM && failed), "%d at %zu", rc, n);
        cr_assert_eq(itsm_sms_migrate(NULL, desk.sms, &how, &desk.act), ITSM_OK);
        change_model(&desk, to);
        assert_state(&desk, refs[0], "queued"), assert_state(&desk, refs[1], "queued");
        itsm_model_free(to), desk_close(&desk);
        assert_nothing_outstanding(counting);
    }
    cr_assert_gt(n, 10);
}
