/* SPDX-License-Identifier: MIT */
/*
 * The engine on models that were loaded: every scenario beside the sources (../shared/model/scenarios.jsonl, or below
 * ITSM_SHARED) with the built-in model exported and loaded again, and a vendor's model from end to end.
 */
#include <itsm/interchange.h>
#include <itsm/sms.h>

#include <criterion/criterion.h>

#include "sms_fixture.h"
#include "vendor_model.h"

static char *read_scenarios(size_t *n)
{
    const char *shared = getenv("ITSM_SHARED"), *here = __FILE__, *cut = strstr(here, "tests/unit/");
    char path[1024];
    if (shared && *shared) snprintf(path, sizeof path, "%s/model/scenarios.jsonl", shared);
    else snprintf(path, sizeof path, "%.*s../shared/model/scenarios.jsonl", cut ? (int)(cut - here) : 0, here);
    FILE *file = fopen(path, "rb");
    if (!file) {
        printf("there are no scenarios at %s: they were NOT run on a loaded model\n", path);
        return NULL;
    }
    fseek(file, 0, SEEK_END);
    long size = ftell(file);
    rewind(file);
    char *text = malloc((size_t)size + 1);
    *n = fread(text, 1, (size_t)size, file), text[*n] = 0;
    fclose(file);
    return text;
}

static itsm_model *loaded(itsm_ctx *ctx, itsm_str text)
{
    itsm_model *model = NULL;
    const itsm_status rc = itsm_model_load(&model, ctx, text);
    for (size_t i = 0; i < itsm_ctx_issue_count(ctx); i++) {
        const itsm_issue *issue = itsm_ctx_issue(ctx, i);
        printf("  %.*s [%.*s] %.*s\n", ITSM_ARG(issue->where), ITSM_ARG(issue->rule), ITSM_ARG(issue->message));
    }
    cr_assert_eq(rc, ITSM_OK);
    return model;
}

/* Run every line; how many were answered exactly as written. */
static void run_all(itsm_ctx *ctx, const itsm_model *model, const char *what)
{
    size_t n = 0, passed = 0, failed = 0;
    char *text = read_scenarios(&n);
    if (!text) cr_skip_test("no scenarios");
    for (char *line = text, *end; line < text + n; line = end + 1) {
        itsm_buf failure = ITSM_BUF_INIT;
        if (!(end = strchr(line, '\n'))) end = text + n;
        if (end == line) continue;
        const itsm_status rc = itsm_scenario_run(ctx, model, itsm_str_n(line, (size_t)(end - line)), &failure);
        if (rc) printf("  %.*s\n", (int)failure.n, failure.p);
        passed += rc == ITSM_OK, failed += rc != ITSM_OK;
        itsm_buf_clear(&failure);
    }
    printf("scenarios on %s: %zu passed, %zu failed\n", what, passed, failed);
    free(text);
    cr_assert_eq(failed, (size_t)0);
    cr_assert_gt(passed, (size_t)0);
}

Test(loaded, every_scenario_is_answered_as_by_the_built_in_model, .timeout = 300)
{
    struct counting counting = COUNTING_INIT;
    itsm_ctx *ctx = counting_ctx(&counting);
    itsm_buf text = ITSM_BUF_INIT;
    cr_assert_eq(itsm_model_encode(&text, itsm_model_builtin()), ITSM_OK);
    itsm_model *model = loaded(ctx, itsm_buf_str(&text));
    itsm_buf_clear(&text);
    run_all(ctx, model, "the built-in model loaded");
    itsm_model_free(model), itsm_ctx_free(ctx);
    assert_nothing_outstanding(counting);
}

/* A vendor's model, end to end -------------------------------------------------------------------------------------- */

struct shop {
    int in_stock, tested;
    size_t asked;
};

static itsm_status judge(void *user, uint32_t *out, const itsm_guard_def *guard, const itsm_record *record,
                         const itsm_act *act)
{
    struct shop *shop = user;
    (void)record, (void)act;
    shop->asked++;
    if (itsm_str_is(guard->name, "in_stock")) *out = (uint32_t)shop->in_stock;
    else if (itsm_str_is(guard->name, "tested")) *out = (uint32_t)shop->tested;
    else return ITSM_E_UNDECIDED;
    return ITSM_OK;
}

static void assert_refused(itsm_ctx *ctx, itsm_status rc, itsm_status wanted, const char *rule)
{
    int found = 0;
    cr_assert_eq(rc, wanted, "%d", rc);
    for (size_t i = 0; i < itsm_ctx_issue_count(ctx); i++) found |= itsm_str_is(itsm_ctx_issue(ctx, i)->rule, rule);
    cr_assert(found, "%s", rule);
}

static itsm_status move(struct desk *desk, itsm_ref ref, const char *name, const itsm_named *set, size_t n)
{
    itsm_outcome out = ITSM_OUTCOME_INIT;
    return itsm_sms_move(&out, desk->sms, ref, ITSM_REV_ANY, itsm_str_c(name), set, n, &desk->act);
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

Test(loaded, a_vendors_type_state_and_host_guards_work_from_end_to_end)
{
    struct counting counting = COUNTING_INIT;
    struct shop shop = {0, 0, 0};
    struct desk desk;
    desk_open(&desk, &counting, NULL);
    itsm_model *model = loaded(desk.ctx, itsm_str_c(vendor_model));
    itsm_sms_options options = ITSM_SMS_OPTIONS_INIT;
    options.key.p = "a key", options.key.n = 5, options.guard = judge, options.guard_user = &shop;
    itsm_sms_free(desk.sms);
    cr_assert_eq(itsm_sms_new(&desk.sms, desk.ctx, model, desk.store, &options), ITSM_OK);
    itsm_model_free(model); /* the system has a share */

    itsm_outcome service = ITSM_OUTCOME_INIT, incident = ITSM_OUTCOME_INIT, part = ITSM_OUTCOME_INIT;
    cr_assert_eq(new_service(&service, &desk), ITSM_OK);
    cr_assert_eq(new_started(&incident, &desk, service.ref), ITSM_OK);
    const itsm_ref ref = incident.ref;
    const itsm_named fields[] = {TEXT("name", "Fan"), TEXT("keeper", "kim")};
    cr_assert_eq(itsm_sms_create(&part, desk.sms, ITSM_STR("spare_part"), fields, 2, &desk.act), ITSM_OK);
    assert_text(part.number, "SPP0000001");
    const itsm_ref fan = part.ref;

    desk_actor(&desk, "kim", NULL);
    const itsm_named used[] = {REF("used_for", ref)};
    assert_refused(desk.ctx, move(&desk, fan, "reserve", NULL, 0), ITSM_E_REFUSED, "set(used_for)");
    assert_refused(desk.ctx, move(&desk, fan, "reserve", used, 1), ITSM_E_REFUSED, "host(in_stock)");
    shop.in_stock = 1;
    cr_assert_eq(move(&desk, fan, "reserve", used, 1), ITSM_OK);
    assert_state(&desk, fan, "reserved");
    cr_assert_gt(shop.asked, 0);

    desk.act.now += ITSM_DAYS(3); /* kept for two days */
    uint64_t ticked = 0;
    cr_assert_eq(itsm_sms_tick(&ticked, desk.sms, desk.act.now, NULL, NULL), ITSM_OK);
    cr_assert_eq(ticked, 1);
    assert_state(&desk, fan, "stored");

    desk_actor(&desk, "jdoe", NULL);
    const itsm_named over[] = {TEXT("vendor_case", "V-1")};
    assert_refused(desk.ctx, move(&desk, ref, "hand_over", NULL, 0), ITSM_E_REFUSED, "set(vendor_case)");
    cr_assert_eq(move(&desk, ref, "hand_over", over, 1), ITSM_OK);
    assert_state(&desk, ref, "with_vendor");
    cr_assert_eq(move(&desk, ref, "resume", NULL, 0), ITSM_OK);
    const itsm_named done[] = {TEXT("resolution_code", "fixed"), TEXT("resolution", "A new fan"),
                               TEXT("channel", "fax")};
    assert_refused(desk.ctx, move(&desk, ref, "resolve", done, 3), ITSM_E_REFUSED, "host(tested)");
    shop.tested = 1;
    cr_assert_eq(move(&desk, ref, "resolve", done, 3), ITSM_OK);
    assert_state(&desk, ref, "resolved");

    options.guard = NULL; /* nobody judges: undecided, never passed */
    itsm_sms_free(desk.sms);
    itsm_model *again = loaded(desk.ctx, itsm_str_c(vendor_model));
    cr_assert_eq(itsm_sms_new(&desk.sms, desk.ctx, again, desk.store, &options), ITSM_OK);
    itsm_model_free(again);
    desk_actor(&desk, "kim", NULL);
    cr_assert_eq(move(&desk, fan, "reserve", used, 1), ITSM_E_UNDECIDED);
    assert_state(&desk, fan, "stored");
    desk_close(&desk);
    assert_nothing_outstanding(counting);
}
