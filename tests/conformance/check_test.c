/* SPDX-License-Identifier: MIT */
/*
 * The calls of <itsm/check.h>: runs as they are asked for, keys as the engine makes them, and a store that fails as planned.
 */
#include "../unit/support.h"

#include <itsm/check.h>

#include <criterion/criterion.h>

#include "adapters/check/kit.h"
#include "record/index.h"

static itsm_status make_memory(void *self, itsm_store **out, itsm_ctx *ctx)
{
    if (self) ++*(unsigned *)self;
    return itsm_store_memory(out, ctx);
}

/* Runs ------------------------------------------------------------------------------------------------------------ */

struct told {
    size_t n, stop_at;
    uint32_t last;
    unsigned outcomes[3];
};

static itsm_status tell(void *user, const itsm_check_case *c)
{
    struct told *told = user;
    cr_assert(c->size == sizeof *c && c->name.n && c->group.n && c->outcome < 3);
    cr_assert_gt(c->number, told->last);
    if (c->outcome != ITSM_CHECK_PASSED) cr_assert_gt(c->message.n, 0);
    if (c->outcome == ITSM_CHECK_FAILED) printf("%.*s: %.*s\n", ITSM_ARG(c->name), ITSM_ARG(c->message));
    told->n++, told->last = c->number, told->outcomes[c->outcome]++;
    return told->n == told->stop_at ? -1234 : ITSM_OK;
}

static itsm_status run(itsm_check_result *result, itsm_ctx *ctx, unsigned *made, const char *group, const char *name,
                       struct told *told)
{
    itsm_check_host host = ITSM_CHECK_HOST_INIT;
    itsm_check_options options = ITSM_CHECK_OPTIONS_INIT;
    const itsm_check_result fresh = ITSM_CHECK_RESULT_INIT;
    *result = fresh;
    host.make = make_memory, host.self = made;
    options.group = itsm_str_c(group), options.name = itsm_str_c(name), options.operations = 500;
    if (told) options.fn = tell, options.user = told;
    return itsm_check_run(result, ctx, &host, &options);
}

Test(check, a_run_tells_each_case_and_counts_them)
{
    struct counting counting = COUNTING_INIT;
    struct told told = {0, 0, 0, {0, 0, 0}};
    itsm_check_result result;
    unsigned made = 0;
    itsm_ctx *ctx = counting_ctx(&counting);
    cr_assert_eq(run(&result, ctx, &made, NULL, NULL, &told), ITSM_OK);
    cr_assert(result.cases == itsm_check_count() && result.cases == told.n && told.n >= 200);
    cr_assert(result.passed == told.outcomes[0] && result.failed == 0 && result.skipped == told.outcomes[2]);
    cr_assert_eq(result.passed + result.skipped, result.cases);
    cr_assert_eq(made, result.passed + 1, "a new store for each, and one to ask");
    cr_assert(!strcmp(result.name, "memory") && result.caps == (ITSM_CAP_SNAPSHOT | ITSM_CAP_SEAL_SYNC));
    cr_assert(result.operations >= 400 && result.differences == 0 && result.seed != 0);
    itsm_ctx_free(ctx);
    assert_nothing_outstanding(counting);
}

Test(check, one_group_or_one_case_may_be_asked_for)
{
    struct counting counting = COUNTING_INIT;
    itsm_check_result result;
    itsm_ctx *ctx = counting_ctx(&counting);
    cr_assert_eq(run(&result, ctx, NULL, "tombstones", NULL, NULL), ITSM_OK);
    cr_assert(result.cases >= 8 && result.cases < 20);
    cr_assert_eq(run(&result, ctx, NULL, NULL, "a tombstone is no row", NULL), ITSM_OK);
    cr_assert(result.cases == 1 && result.passed == 1);
    cr_assert_eq(run(&result, ctx, NULL, "values", "a tombstone is no row", NULL), ITSM_E_NOT_FOUND);
    cr_assert_eq(run(&result, ctx, NULL, "nothing", NULL, NULL), ITSM_E_NOT_FOUND);
    itsm_ctx_free(ctx);
    assert_nothing_outstanding(counting);
}

Test(check, a_callback_ends_the_run)
{
    struct counting counting = COUNTING_INIT;
    struct told told = {0, 5, 0, {0, 0, 0}};
    itsm_check_result result;
    itsm_ctx *ctx = counting_ctx(&counting);
    cr_assert_eq(run(&result, ctx, NULL, NULL, NULL, &told), -1234);
    cr_assert(told.n == 5 && result.cases == 5);
    itsm_ctx_free(ctx);
    assert_nothing_outstanding(counting);
}

static itsm_status make_fails(void *self, itsm_store **out, itsm_ctx *ctx)
{
    (void)self, (void)out, (void)ctx;
    return -1777;
}

Test(check, what_is_wrong_with_a_call_is_said)
{
    struct counting counting = COUNTING_INIT;
    itsm_check_host host = ITSM_CHECK_HOST_INIT;
    itsm_check_result result = ITSM_CHECK_RESULT_INIT;
    itsm_check_case c = ITSM_CHECK_CASE_INIT;
    itsm_ctx *ctx = counting_ctx(&counting);
    cr_assert_eq(itsm_check_run(&result, ctx, &host, NULL), ITSM_E_MISUSE, "no make");
    host.make = make_fails;
    cr_assert_eq(itsm_check_run(&result, ctx, &host, NULL), -1777);
    cr_assert_eq(itsm_check_run(NULL, ctx, &host, NULL), ITSM_E_MISUSE);
    cr_assert_eq(itsm_check_run(&result, NULL, &host, NULL), ITSM_E_MISUSE);
    cr_assert_eq(itsm_check_run(&result, ctx, NULL, NULL), ITSM_E_MISUSE);
    result.size = 8;
    cr_assert_eq(itsm_check_run(&result, ctx, &host, NULL), ITSM_E_MISUSE);
    cr_assert_eq(itsm_check_case_at(&c, 0), ITSM_OK);
    cr_assert(c.number == 1 && c.outcome == ITSM_CHECK_LISTED && itsm_str_is(c.group, "values"));
    cr_assert_eq(itsm_check_case_at(&c, itsm_check_count() - 1), ITSM_OK);
    cr_assert(itsm_str_is(c.group, "random"));
    cr_assert_eq(itsm_check_case_at(&c, itsm_check_count()), ITSM_NOTHING);
    cr_assert_eq(itsm_check_case_at(NULL, 0), ITSM_E_MISUSE);
    itsm_ctx_free(ctx);
    assert_nothing_outstanding(counting);
}

Test(check, names_of_cases_are_each_there_once)
{
    itsm_check_case a = ITSM_CHECK_CASE_INIT, b = ITSM_CHECK_CASE_INIT;
    for (size_t i = 0; itsm_check_case_at(&a, i) == ITSM_OK; i++)
        for (size_t k = 0; k < i && itsm_check_case_at(&b, k) == ITSM_OK; k++)
            cr_assert(!itsm_str_eq(a.name, b.name), "%.*s", ITSM_ARG(a.name));
}

/* Without memory the run says so, or a case fails; nothing is lost. */
Test(check, a_run_may_lack_memory_anywhere, .timeout = 120)
{
    struct counting counting = COUNTING_INIT;
    itsm_ctx *ctx = counting_ctx(&counting);
    size_t n = 1, refused = 0;
    for (;; n += 1 + n / 16) {
        itsm_check_result result;
        counting_fail(&counting, n);
        itsm_status rc = run(&result, ctx, NULL, "indexes", NULL, NULL);
        if (!counting_stop(&counting)) break;
        cr_assert(rc == ITSM_E_NOMEM || (rc == ITSM_OK && result.failed <= 1), "allocation %zu: %d", n, rc);
        refused++;
    }
    cr_assert_gt(refused, (size_t)50);
    itsm_ctx_free(ctx);
    assert_nothing_outstanding(counting);
}

/* Keys ------------------------------------------------------------------------------------------------------------ */

Test(check, keys_of_the_kit_are_those_of_the_engine)
{
    struct counting counting = COUNTING_INIT;
    itsm_ctx_options options = ITSM_CTX_OPTIONS_INIT;
    itsm__memory memory = {counting_alloc, &counting};
    itsm_value tags[] = {itsm__kit_text("b\0c"), itsm__kit_text("a"), itsm__kit_text("b\0c")};
    itsm_value list = {ITSM_LIST, 0, {.list = {tags, 3}}}, price = {ITSM_DECIMAL, 3, {.i = -1501}};
    itsm_index_key *mine = NULL, *engine = NULL;
    size_t nmine = 0, nengine = 0;
    itsm__arena arena;
    itsm__bench b;
    itsm_model *model = NULL;
    memset(&b, 0, sizeof b);
    b.ctx = counting_ctx(&counting);
    itsm_ctx_options_get(&options, b.ctx);
    b.alloc = options.alloc, b.alloc_user = options.alloc_user;
    cr_assert_eq(itsm__kit_model(&model, b.ctx), ITSM_OK);
    b.model = model;
    tags[0].u.s.n = tags[2].u.s.n = 3; /* with a NUL inside */
    itsm_record *record = itsm__kit_record(&b, "check_row", 9);
    itsm__kit_set(&b, record, "number", itsm__kit_text("KIT0000009"));
    itsm__kit_set(&b, record, "status", itsm__kit_text("fresh"));
    itsm__kit_set(&b, record, "tags", list);
    itsm__kit_set(&b, record, "price", price);
    itsm__kit_set(&b, record, "amount", itsm_value_number(ITSM_INT, -7));
    itsm__kit_set(&b, record, "level", itsm__kit_text("mid"));
    itsm__kit_set(&b, record, "at", itsm_value_number(ITSM_TIME, 5));
    itsm__kit_set(&b, record, "about", itsm_value_ref(itsm__kit_ref(3, 77)));
    cr_assert(!b.failed, "%.*s", ITSM_ARG(itsm_buf_str(&b.message)));
    cr_assert_eq(itsm__kit_keys(&mine, &nmine, &b, record), ITSM_OK);
    itsm__arena_init(&arena, &memory);
    itsm_buf scratch = counting_buf(&counting);
    cr_assert_eq(itsm__record_keys(&engine, &nengine, record, &arena, &scratch), ITSM_OK);
    cr_assert_eq(nmine, nengine);
    cr_assert_gt(nmine, (size_t)7);
    for (size_t i = 0; i < nmine; i++) {
        int found = 0;
        for (size_t k = 0; k < nengine; k++)
            found |= mine[i].index == engine[k].index && mine[i].unique == engine[k].unique &&
                     itsm__kit_same(mine[i].key, engine[k].key);
        cr_assert(found, "key %zu of index %u is not the engine's", i, (unsigned)mine[i].index);
    }
    itsm_buf_clear(&scratch), itsm__arena_clear(&arena);
    itsm_record_free(record);
    itsm__kit_release(&b);
    itsm_buf_clear(&b.message);
    itsm_model_free(model);
    itsm_ctx_free(b.ctx);
    assert_nothing_outstanding(counting);
}

/* A store that fails ---------------------------------------------------------------------------------------------- */

struct front {
    struct counting counting;
    itsm_ctx *ctx;
    itsm_store *inner, *store;
    itsm_check_plan plan;
    itsm_view view;
    itsm_cursor cursor;
};

static itsm_status put(struct front *f, itsm_store *store, uint64_t lo, const char *body)
{
    itsm_batch batch = ITSM_BATCH_INIT;
    itsm_op op = itsm__kit_op(ITSM_PUT, itsm__kit_ref(1, lo), ITSM_REV_NONE);
    op.row.rev = 1, op.row.body = itsm__kit_bytes(body);
    batch.ops = &op, batch.nops = 1;
    return itsm_store_apply(NULL, f->ctx, store, &batch, NULL);
}

static void front_open(struct front *f)
{
    const struct counting none = COUNTING_INIT;
    const itsm_check_plan nothing = ITSM_CHECK_PLAN_INIT;
    itsm_range range = itsm__kit_range(1, 0);
    f->counting = none, f->plan = nothing;
    f->ctx = counting_ctx(&f->counting);
    cr_assert_eq(itsm_store_memory(&f->inner, f->ctx), ITSM_OK);
    cr_assert_eq(itsm_check_fault(&f->store, f->ctx, f->inner, &f->plan), ITSM_OK);
    for (uint64_t i = 1; i <= 4; i++) cr_assert_eq(put(f, f->store, i, "body"), ITSM_OK);
    cr_assert_eq(itsm_store_view_open(&f->view, f->ctx, f->store, NULL), ITSM_OK);
    cr_assert_eq(itsm_store_scan(&f->cursor, f->ctx, &f->view, &range), ITSM_OK);
}

static void front_close(struct front *f)
{
    itsm_store_cursor_close(&f->cursor);
    itsm_store_view_close(&f->view);
    itsm_store_free(f->store);
    itsm_store_free(f->inner);
    itsm_ctx_free(f->ctx);
    assert_nothing_outstanding(f->counting);
}

static void plan(struct front *f, uint32_t calls, uint32_t how, uint64_t at, itsm_status status)
{
    const itsm_check_plan nothing = ITSM_CHECK_PLAN_INIT;
    f->plan = nothing;
    f->plan.calls = calls, f->plan.how = how, f->plan.at = at, f->plan.times = 1, f->plan.status = status;
}

static itsm_status one_call(struct front *f, uint32_t call)
{
    itsm_view view = ITSM_VIEW_INIT;
    itsm_cursor cursor = ITSM_CURSOR_INIT;
    itsm_range range = itsm__kit_range(1, 0);
    itsm_ref ref = itsm__kit_ref(1, 1);
    uint64_t number = 0;
    itsm_row row;
    itsm_status rc = ITSM_E_MISUSE;
    switch (call) {
    case ITSM_CALL_VIEW: rc = itsm_store_view_open(&view, f->ctx, f->store, NULL); break;
    case ITSM_CALL_GET: rc = itsm_store_get(&row, f->ctx, &f->view, ref); break;
    case ITSM_CALL_GET_MANY: rc = itsm_store_get_many(&cursor, f->ctx, &f->view, &ref, 1); break;
    case ITSM_CALL_SCAN: rc = itsm_store_scan(&cursor, f->ctx, &f->view, &range); break;
    case ITSM_CALL_AUDIT_SCAN: rc = itsm_store_audit_scan(&cursor, f->ctx, &f->view, 0); break;
    case ITSM_CALL_NEXT: rc = itsm_store_next(&row, f->ctx, &f->cursor); break;
    case ITSM_CALL_APPLY: rc = put(f, f->store, 99, "late"); break;
    case ITSM_CALL_RESERVE: rc = itsm_store_reserve(&number, f->ctx, f->store, "s", 1, NULL); break;
    case ITSM_CALL_SEAL: rc = itsm_store_seal(&number, f->ctx, f->store, 1, NULL); break;
    case ITSM_CALL_DEFINE: rc = itsm_store_define(f->ctx, f->store, NULL, 0, NULL); break;
    case ITSM_CALL_FOREIGN: rc = itsm_store_foreign(&cursor, f->ctx, &f->view, &number); break;
    case ITSM_CALL_FLUSH: rc = itsm_store_flush(f->ctx, f->store, NULL); break;
    case ITSM_CALL_MAINTAIN: rc = itsm_store_maintain(f->ctx, f->store, ITSM_MAINTAIN_CHECK, NULL); break;
    }
    itsm_store_cursor_close(&cursor);
    itsm_store_view_close(&view);
    return rc;
}

Test(check, every_call_of_a_store_can_be_made_to_fail)
{
    for (uint32_t call = 1; call <= ITSM_CALL_MAINTAIN; call <<= 1)
        for (uint32_t how = ITSM_FAULT_BEFORE; how <= ITSM_FAULT_AFTER; how++) {
            struct front f;
            front_open(&f);
            const itsm_status usual = call == ITSM_CALL_FOREIGN ? ITSM_E_UNSUPPORTED
                                      : call == ITSM_CALL_FLUSH ? ITSM_NOTHING
                                                                : ITSM_OK;
            plan(&f, call, how, 2, -1234);
            cr_expect_eq(one_call(&f, call), usual, "call %u is not its turn", (unsigned)call);
            cr_expect_eq(f.plan.failed, (uint64_t)0);
            cr_expect_eq(one_call(&f, call), -1234, "call %u", (unsigned)call);
            cr_expect_eq(f.plan.failed, (uint64_t)1);
            cr_expect_eq(f.plan.at, (uint64_t)0, "once");
            front_close(&f);
        }
}

Test(check, a_batch_fails_before_it_is_applied_or_after)
{
    struct front f;
    itsm_row row;
    itsm_view view = ITSM_VIEW_INIT;
    front_open(&f);
    plan(&f, ITSM_CALL_APPLY, ITSM_FAULT_BEFORE, 1, ITSM_E_UNKNOWN);
    cr_assert_eq(put(&f, f.store, 50, "x"), ITSM_E_UNKNOWN);
    assert_text(first_message(f.ctx), "failed as planned");
    cr_assert_eq(f.plan.applied, (uint64_t)0);
    plan(&f, ITSM_CALL_APPLY, ITSM_FAULT_AFTER, 1, ITSM_E_UNKNOWN);
    cr_assert_eq(put(&f, f.store, 51, "x"), ITSM_E_UNKNOWN);
    cr_assert_eq(f.plan.applied, (uint64_t)1);
    cr_assert_eq(itsm_store_view_open(&view, f.ctx, f.inner, NULL), ITSM_OK);
    cr_assert_eq(itsm_store_get(&row, f.ctx, &view, itsm__kit_ref(1, 50)), ITSM_NOTHING);
    cr_assert_eq(itsm_store_get(&row, f.ctx, &view, itsm__kit_ref(1, 51)), ITSM_OK);
    itsm_store_view_close(&view);
    front_close(&f);
}

Test(check, a_storm_lasts_as_long_as_planned)
{
    struct front f;
    front_open(&f);
    plan(&f, ITSM_CALL_APPLY, ITSM_FAULT_BEFORE, 1, ITSM_E_CONFLICT);
    f.plan.times = 3;
    for (int i = 0; i < 3; i++) cr_assert_eq(put(&f, f.store, 60, "x"), ITSM_E_CONFLICT);
    cr_assert_eq(put(&f, f.store, 60, "x"), ITSM_OK);
    plan(&f, ITSM_CALL_APPLY, ITSM_FAULT_BEFORE, 1, ITSM_E_RETRY);
    f.plan.times = UINT64_MAX;
    for (int i = 0; i < 50; i++) cr_assert_eq(put(&f, f.store, 61, "x"), ITSM_E_RETRY);
    cr_assert_eq(f.plan.failed, (uint64_t)50);
    front_close(&f);
}

Test(check, rows_are_left_out_given_twice_and_changed_by_a_bit)
{
    struct front f;
    itsm_row row;
    front_open(&f);
    plan(&f, ITSM_CALL_GET, ITSM_FAULT_SHORT, 1, 0);
    cr_assert_eq(itsm_store_get(&row, f.ctx, &f.view, itsm__kit_ref(1, 1)), ITSM_NOTHING);
    cr_assert_eq(itsm_store_get(&row, f.ctx, &f.view, itsm__kit_ref(1, 1)), ITSM_OK);
    plan(&f, ITSM_CALL_GET, ITSM_FAULT_FLIP, 1, 0);
    f.plan.bit = 9;
    cr_assert_eq(itsm_store_get(&row, f.ctx, &f.view, itsm__kit_ref(1, 1)), ITSM_OK);
    cr_assert(row.body.n == 4 && !memcmp(row.body.p, "bmdy", 4), "the second bit of the second byte");
    plan(&f, ITSM_CALL_NEXT, ITSM_FAULT_TWICE, 2, 0);
    cr_assert_eq(itsm_store_next(&row, f.ctx, &f.cursor), ITSM_OK);
    cr_assert_eq(itsm_store_next(&row, f.ctx, &f.cursor), ITSM_E_CORRUPT, "index 0 has an order, so it is noticed");
    cr_assert_eq(f.plan.failed, (uint64_t)1);
    cr_assert_eq(itsm_store_next(&row, f.ctx, &f.cursor), ITSM_OK);
    cr_assert_eq(row.ref.id.lo, (uint64_t)2);
    plan(&f, ITSM_CALL_NEXT, ITSM_FAULT_SHORT, 1, 0);
    cr_assert_eq(itsm_store_next(&row, f.ctx, &f.cursor), ITSM_DONE);
    front_close(&f);
}

static void wait(void *user, uint32_t call)
{
    cr_assert_eq(call, (uint32_t)ITSM_CALL_APPLY);
    ++*(int *)user;
}

Test(check, a_call_may_be_kept_waiting)
{
    struct front f;
    int waited = 0;
    front_open(&f);
    plan(&f, ITSM_CALL_APPLY, ITSM_FAULT_WAIT, 1, ITSM_E_IO);
    f.plan.wait = wait, f.plan.user = &waited;
    cr_assert_eq(put(&f, f.store, 70, "x"), ITSM_OK);
    cr_assert_eq(put(&f, f.store, 71, "x"), ITSM_OK);
    cr_assert_eq(waited, 1);
    front_close(&f);
}

/* With a plan that does nothing the store in front is as good as the one behind. */
static itsm_status make_front(void *self, itsm_store **out, itsm_ctx *ctx)
{
    struct front *f = self;
    itsm_store_free(f->inner), f->inner = NULL;
    itsm_status rc = itsm_store_memory(&f->inner, ctx);
    return rc ? rc : itsm_check_fault(out, ctx, f->inner, &f->plan);
}

Test(check, a_store_that_does_not_fail_conforms)
{
    struct front f;
    const itsm_check_plan nothing = ITSM_CHECK_PLAN_INIT;
    itsm_check_host host = ITSM_CHECK_HOST_INIT;
    itsm_check_options options = ITSM_CHECK_OPTIONS_INIT;
    itsm_check_result result = ITSM_CHECK_RESULT_INIT;
    struct counting counting = COUNTING_INIT;
    itsm_ctx *ctx = counting_ctx(&counting);
    memset(&f, 0, sizeof f);
    f.plan = nothing;
    struct told told = {0, 0, 0, {0, 0, 0}};
    host.make = make_front, host.self = &f;
    options.operations = 2000, options.fn = tell, options.user = &told;
    cr_assert_eq(itsm_check_run(&result, ctx, &host, &options), ITSM_OK);
    itsm_store_free(f.inner);
    cr_assert(result.failed == 0 && result.passed > 150);
    cr_assert_eq(itsm_check_fault(NULL, ctx, NULL, &f.plan), ITSM_E_MISUSE);
    itsm_ctx_free(ctx);
    assert_nothing_outstanding(counting);
}
