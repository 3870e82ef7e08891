/* SPDX-License-Identifier: MIT */
/*
 * Changes by others: a store in memory with a feed, into which the test writes as another application would.
 */
#include "sms_fixture.h"

#include <criterion/criterion.h>

/* A store that others write to: the memory store, and a list of what they wrote -------------------------------------- */

typedef struct shared_store {
    itsm_store *inner;
    itsm_ref feed[64];
    size_t nfeed;
    int busy; /* another writer comes between so many times */
} shared_store;

typedef struct feed_cursor {
    itsm_cursor inner;
    const shared_store *store; /* of the feed; NULL: a cursor of the inner store */
    size_t at;
} feed_cursor;

static void another_write(shared_store *s, itsm_ref ref);

static itsm_status shared_view_open(void *self, const itsm_call *call, void **out)
{
    itsm_view *view = malloc(sizeof *view);
    (void)call;
    itsm_status rc = itsm_store_view_open(view, NULL, ((shared_store *)self)->inner, NULL);
    if (rc) free(view);
    else *out = view;
    return rc;
}

static void shared_view_close(void *self, void *view)
{
    (void)self;
    itsm_store_view_close(view);
    free(view);
}

static itsm_status shared_get(void *self, const itsm_call *call, void *view, itsm_ref ref, itsm_row *row)
{
    (void)self, (void)call;
    return itsm_store_get(row, NULL, view, ref);
}

static itsm_status shared_scan(void *self, const itsm_call *call, void *view, const itsm_range *range, void **out)
{
    feed_cursor *c = calloc(1, sizeof *c);
    (void)self, (void)call;
    itsm_status rc = itsm_store_scan(&c->inner, NULL, view, range);
    if (rc) free(c);
    else *out = c;
    return rc;
}

static itsm_status shared_audit_scan(void *self, const itsm_call *call, void *view, uint64_t from, void **out)
{
    feed_cursor *c = calloc(1, sizeof *c);
    (void)self, (void)call;
    itsm_status rc = itsm_store_audit_scan(&c->inner, NULL, view, from);
    if (rc) free(c);
    else *out = c;
    return rc;
}

static itsm_status shared_foreign(void *self, const itsm_call *call, void *view, uint64_t *token, void **out)
{
    shared_store *s = self;
    feed_cursor *c = calloc(1, sizeof *c);
    (void)call, (void)view;
    c->store = s, c->at = (size_t)*token, *token = s->nfeed;
    *out = c;
    return ITSM_OK;
}

static itsm_status shared_next(void *self, const itsm_call *call, void *pointer, itsm_row *row)
{
    feed_cursor *c = pointer;
    (void)self, (void)call;
    if (!c->store) return itsm_store_next(row, NULL, &c->inner);
    if (c->at == c->store->nfeed) return ITSM_DONE;
    row->ref = c->store->feed[c->at++];
    return ITSM_OK;
}

static void shared_cursor_close(void *self, void *pointer)
{
    feed_cursor *c = pointer;
    (void)self;
    itsm_store_cursor_close(&c->inner);
    free(c);
}

static itsm_status shared_apply(void *self, const itsm_call *call, const itsm_batch *batch, itsm_applied *applied)
{
    shared_store *s = self;
    (void)call;
    if (s->busy) s->busy--, another_write(s, batch->ops[0].row.ref);
    return itsm_store_apply(applied, NULL, s->inner, batch, NULL);
}

static itsm_status shared_reserve(void *self, const itsm_call *call, const char *name, uint32_t n, uint64_t *first)
{
    (void)call;
    return itsm_store_reserve(first, NULL, ((shared_store *)self)->inner, name, n, NULL);
}

static void shared_close(void *self)
{
    itsm_store_free(((shared_store *)self)->inner);
}

static struct counting counting = COUNTING_INIT;
static struct desk desk;
static shared_store shared;
static uint64_t token;

static void open_desk(void)
{
    const itsm_store_methods methods = {sizeof methods,
                                        ITSM_STORE_CONTRACT,
                                        0,
                                        ITSM_CAP_SEAL_SYNC | ITSM_CAP_FOREIGN_WRITES,
                                        "shared",
                                        NULL,
                                        shared_view_open,
                                        shared_view_close,
                                        shared_get,
                                        NULL,
                                        shared_scan,
                                        shared_audit_scan,
                                        shared_next,
                                        shared_cursor_close,
                                        shared_apply,
                                        shared_reserve,
                                        NULL,
                                        shared_foreign,
                                        NULL,
                                        NULL,
                                        shared_close};
    itsm_store *store = NULL;
    itsm_sla *sla = NULL;
    itsm_ctx *ctx = counting_ctx(&counting);
    if (itsm_store_memory(&shared.inner, ctx) || itsm_store_new(&store, ctx, &methods, &shared)) abort();
    itsm_ctx_free(ctx);
    desk_open(&desk, &counting, store);
    if (itsm_sla_load(&sla, desk.ctx, ITSM_STR("{\"response\": {\"3\": 60}, \"resolution\": {\"3\": 480}}"), NULL))
        abort();
    desk_with_sla(&desk, sla);
}

static void close_desk(void)
{
    desk_close(&desk);
    assert_nothing_outstanding(counting);
}

TestSuite(foreign, .init = open_desk, .fini = close_desk, .timeout = 60);

/* What another application does ------------------------------------------------------------------------------------- */

/* Set one field, by number of its definition, in the record as it stands, and tell the feed. */
static void outside(itsm_ref ref, const char *field, itsm_value value)
{
    itsm_view view = ITSM_VIEW_INIT;
    itsm_row row;
    itsm_record *record = NULL;
    itsm_buf body = ITSM_BUF_INIT;
    itsm_op op;
    itsm_batch batch = ITSM_BATCH_INIT;
    itsm_ctx *ctx = NULL;
    cr_assert_eq(itsm_ctx_new(&ctx, NULL), ITSM_OK);
    memset(&op, 0, sizeof op);
    op.kind = ITSM_PUT, op.row.ref = ref, op.row.rev = 1;
    cr_assert_eq(itsm_store_view_open(&view, ctx, shared.inner, NULL), ITSM_OK);
    itsm_status rc = itsm_store_get(&row, ctx, &view, ref);
    const itsm_type_def *type = itsm_model_type_number(itsm_model_builtin(), ref.type);
    if (rc == ITSM_OK) {
        op.expect = row.rev, op.row.rev = row.rev + 1;
        cr_assert_eq(itsm_record_decode(&record, ctx, itsm_model_builtin(), &row), ITSM_OK);
    } else {
        cr_assert_eq(itsm_record_new(&record, ctx, itsm_model_builtin(), type, ref), ITSM_OK);
    }
    itsm_store_view_close(&view);
    cr_assert_eq(itsm_record_set_named(record, ctx, itsm_str_c(field), &value), ITSM_OK);
    cr_assert_eq(itsm_record_encode(&body, record), ITSM_OK);
    op.row.body.p = body.p, op.row.body.n = body.n;
    batch.ops = &op, batch.nops = 1;
    cr_assert_eq(itsm_store_apply(NULL, ctx, shared.inner, &batch, NULL), ITSM_OK);
    itsm_buf_clear(&body);
    itsm_record_free(record);
    itsm_ctx_free(ctx);
    shared.feed[shared.nfeed++] = ref;
}

static void outside_text(itsm_ref ref, const char *field, const char *text)
{
    outside(ref, field, itsm_value_text(itsm_str_c(text)));
}

static void another_write(shared_store *s, itsm_ref ref)
{
    const size_t n = s->nfeed;
    outside(ref, "description", itsm_value_number(ITSM_INT, s->busy)); /* any value will do */
    s->nfeed = n;
}

static void outside_delete(itsm_ref ref)
{
    itsm_op ops[2];
    itsm_batch batch = ITSM_BATCH_INIT;
    memset(ops, 0, sizeof ops);
    ops[0].kind = ITSM_DEL, ops[0].row.ref = ref, ops[0].expect = ITSM_REV_ANY;
    ops[1].kind = ITSM_CHECK, ops[1].row.ref.type = 99;
    batch.ops = ops, batch.nops = 2;
    cr_assert_eq(itsm_store_apply(NULL, NULL, shared.inner, &batch, NULL), ITSM_OK);
    shared.feed[shared.nfeed++] = ref;
}

/* What came of it --------------------------------------------------------------------------------------------------- */

typedef struct told {
    size_t n;
    char text[1024];
} told;

static itsm_status tell(void *user, const itsm_foreign *change)
{
    told *t = user;
    size_t used = strlen(t->text);
    used += (size_t)snprintf(t->text + used, sizeof t->text - used, "%s%s%s%.*s by %.*s;", change->is_new ? "new " : "",
                             change->is_gone ? "gone " : "", change->event.n ? "" : "changed", ITSM_ARG(change->event),
                             ITSM_ARG(change->who));
    for (size_t i = 0; i < change->ndeviations; i++)
        used += (size_t)snprintf(t->text + used, sizeof t->text - used, " %.*s%s", ITSM_ARG(change->deviations[i].rule),
                                 change->deviations[i].undecided ? "?" : "");
    t->n++;
    return ITSM_OK;
}

static told observe(itsm_status wanted)
{
    told t;
    itsm_act act = desk.act;
    memset(&t, 0, sizeof t);
    act.who = ITSM_STR("old desk"), act.now += ITSM_HOURS(1);
    desk.act.now = act.now;
    itsm_status rc = itsm_sms_foreign(&token, desk.sms, &act, tell, &t);
    cr_assert_eq(rc, wanted, "%d %.*s", rc, ITSM_ARG(first_message(desk.ctx)));
    return t;
}

static itsm_ref incident(void)
{
    itsm_outcome out = ITSM_OUTCOME_INIT;
    cr_assert_eq(new_incident(&out, &desk), ITSM_OK, "%.*s", ITSM_ARG(first_message(desk.ctx)));
    return out.ref;
}

static itsm_status history_line(void *user, const itsm_history *entry)
{
    char *text = user;
    size_t used = strlen(text);
    used += (size_t)snprintf(text + used, 512 - used, "%u %.*s by %.*s:", entry->action, ITSM_ARG(entry->event),
                             ITSM_ARG(entry->who));
    const itsm_type_def *type = itsm_model_type(itsm_model_builtin(), ITSM_STR("incident"));
    for (size_t i = 0; i < entry->nbefore; i++) {
        const itsm_field_def *field = itsm_type_field_number(type, entry->before[i].no);
        if (entry->action == ITSM_AUDIT_CREATE || !field) continue;
        used += (size_t)snprintf(text + used, 512 - used, " %.*s", ITSM_ARG(field->name));
    }
    snprintf(text + used, 512 - used, ";");
    return ITSM_OK;
}

static void verify(uint64_t entries)
{
    itsm_audit_result result = ITSM_AUDIT_RESULT_INIT;
    cr_assert_eq(itsm_sms_audit_verify(&result, desk.sms, NULL), ITSM_OK, "%.*s", ITSM_ARG(first_message(desk.ctx)));
    cr_assert_eq(result.count, entries);
}

/* The events of the resolution clock: each with its hour from Monday nine o'clock. */
static const char *clock_of(itsm_ref ref)
{
    static char text[256];
    itsm_clock_row row = ITSM_CLOCK_ROW_INIT;
    size_t used = 0;
    text[0] = 0;
    itsm_status rc = itsm_sms_clock(&row, desk.sms, ref, ITSM_RESOLUTION);
    cr_assert(rc == ITSM_OK || rc == ITSM_NOTHING);
    for (size_t i = 0; !rc && i < row.nevents; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "%d at %lld;", (int)row.events[i].kind,
                                 (long long)((row.events[i].at - MONDAY) / ITSM_HOURS(1)));
    return text;
}

Test(foreign, what_we_committed_ourselves_is_no_change)
{
    itsm_ref ref = incident();
    shared.feed[shared.nfeed++] = ref;
    cr_assert_eq(observe(ITSM_NOTHING).n, 0);
    cr_assert_eq(token, 1);
    verify(1);
}

Test(foreign, a_change_is_recorded_once_with_history_and_audit)
{
    char text[512] = "";
    itsm_ref ref = incident();
    outside_text(ref, "title", "Still dark");
    cr_assert_str_eq(observe(ITSM_OK).text, "changed by old desk;");
    cr_assert_eq(observe(ITSM_NOTHING).n, 0);
    token = 0;
    cr_assert_eq(observe(ITSM_NOTHING).n, 0, "nor without the token");
    cr_assert_eq(itsm_sms_history(desk.sms, ref, history_line, text), ITSM_OK);
    cr_assert(strstr(text, "by old desk: title;"), "%s", text);
    verify(2);
}

Test(foreign, a_step_is_explained_and_what_it_lacks_is_kept)
{
    itsm_ref ref = incident();
    outside_text(ref, "status", "resolved");
    told t = observe(ITSM_OK);
    cr_assert(strstr(t.text, "resolve_first_contact by old desk; set(category,service,resolution_code,resolution)"),
              "%s", t.text);
    outside_text(ref, "status", "in_progress");
    t = observe(ITSM_OK);
    cr_assert(strstr(t.text, "reopen by old desk;"), "%s", t.text);
    verify(3);
}

Test(foreign, who_and_when_are_taken_from_the_record_if_the_outside_wrote_them)
{
    itsm_ref ref = incident();
    outside_text(ref, "title", "Still dark");
    outside_text(ref, "updated_by", "rita");
    outside(ref, "updated_at", itsm_value_number(ITSM_TIME, MONDAY + ITSM_MINUTES(5)));
    cr_assert_str_eq(observe(ITSM_OK).text, "changed by rita;", "three writes, one observation");
    outside_text(ref, "title", "Dark again");
    outside(ref, "updated_at", itsm_value_number(ITSM_TIME, MONDAY + ITSM_DAYS(900)));
    cr_assert_str_eq(observe(ITSM_OK).text, "changed by old desk;", "an instant to come is not believed");
}

Test(foreign, a_record_without_history_is_taken_in_as_it_stands)
{
    const itsm_type_def *type = itsm_model_type(itsm_model_builtin(), ITSM_STR("incident"));
    itsm_ref ref = {type->number, {0, 4711}};
    outside_text(ref, "status", "in_progress");
    outside_text(ref, "title", "From before");
    outside(ref, "priority", itsm_value_number(ITSM_INT, 3));
    cr_assert_str_eq(observe(ITSM_OK).text, "new changed by old desk;");
    cr_assert_str_eq(clock_of(ref), "1 at 1;", "its clock began when it was taken in, not: %s", clock_of(ref));
    outside_text(ref, "title", "Changed");
    cr_assert_str_eq(observe(ITSM_OK).text, "changed by old desk;");
    verify(2);
}

Test(foreign, clocks_follow_the_state_others_wrote)
{
    itsm_ref ref = incident();
    outside_text(ref, "status", "in_progress");
    observe(ITSM_OK);
    outside_text(ref, "status", "pending");
    observe(ITSM_OK);
    outside_text(ref, "status", "resolved");
    observe(ITSM_OK);
    cr_assert_str_eq(clock_of(ref), "1 at 0;2 at 2;3 at 3;4 at 3;");
}

Test(foreign, what_the_outside_wrote_stands_over_effects)
{
    itsm_ref ref = incident();
    const itsm_record *record;
    itsm_work *work = NULL;
    itsm_value value;
    outside_text(ref, "status", "in_progress");
    observe(ITSM_OK);
    outside_text(ref, "status", "resolved");
    outside(ref, "resolved_at", itsm_value_number(ITSM_TIME, MONDAY + 7));
    observe(ITSM_OK);
    cr_assert_eq(itsm_work_new(&work, desk.sms, &desk.act), ITSM_OK);
    cr_assert_eq(itsm_work_get(&record, work, ref), ITSM_OK);
    cr_assert_eq(itsm_record_find(&value, record, ITSM_STR("resolved_at")), ITSM_OK);
    cr_assert_eq(value.u.i, MONDAY + 7);
    itsm_work_free(work);
}

Test(foreign, a_writer_who_comes_between_is_read_again)
{
    itsm_ref ref = incident();
    outside_text(ref, "title", "Still dark");
    shared.busy = 3;
    cr_assert_eq(observe(ITSM_OK).n, 1);
    outside_text(ref, "title", "Dark");
    shared.busy = 100;
    observe(ITSM_E_CONFLICT);
    shared.busy = 0;
    cr_assert_eq(observe(ITSM_OK).n, 1, "the token has not moved");
    verify(3);
}

Test(foreign, what_others_changed_is_observed_before_it_is_changed)
{
    itsm_ref ref = incident();
    const itsm_named set[] = {TEXT("title", "Ours")};
    const itsm_value same = itsm_value_text(ITSM_STR("Dark"));
    outside_text(ref, "description", "Theirs");
    cr_assert_eq(itsm_sms_change(NULL, desk.sms, ref, ITSM_REV_ANY, set, 1, &desk.act), ITSM_E_CONFLICT);
    cr_assert(strstr(first_message(desk.ctx).p, "observed before"));
    cr_assert_eq(observe(ITSM_OK).n, 1);
    cr_assert_eq(itsm_sms_change(NULL, desk.sms, ref, ITSM_REV_ANY, set, 1, &desk.act), ITSM_OK);
    outside(ref, "title", itsm_value_text(ITSM_STR("Ours"))); /* a write that says nothing new */
    cr_assert_eq(observe(ITSM_NOTHING).n, 0);
    const itsm_named again[] = {{ITSM_STR("title"), same}};
    cr_assert_eq(itsm_sms_change(NULL, desk.sms, ref, ITSM_REV_ANY, again, 1, &desk.act), ITSM_OK);
    verify(4);
}

Test(foreign, a_record_that_is_gone_is_told_once)
{
    itsm_ref ref = incident();
    outside_delete(ref);
    cr_assert_str_eq(observe(ITSM_OK).text, "gone changed by old desk;");
    token = 0;
    cr_assert_eq(observe(ITSM_NOTHING).n, 0);
    verify(2);
    char text[512] = "";
    cr_assert_eq(itsm_sms_history(desk.sms, ref, history_line, text), ITSM_OK);
    cr_assert(strstr(text, "by old desk: number title "), "%s", text);
}

Test(foreign, wrong_calls_and_stores_without_a_feed_are_told)
{
    itsm_act act = desk.act;
    cr_assert_eq(itsm_sms_foreign(NULL, desk.sms, &act, NULL, NULL), ITSM_E_MISUSE);
    cr_assert_eq(itsm_sms_foreign(&token, NULL, &act, NULL, NULL), ITSM_E_MISUSE);
    cr_assert_eq(itsm_sms_foreign(&token, desk.sms, NULL, NULL, NULL), ITSM_E_MISUSE);
    act.now = ITSM_TIME_NONE;
    cr_assert_eq(itsm_sms_foreign(&token, desk.sms, &act, NULL, NULL), ITSM_E_MISUSE);
    struct desk plain;
    desk_open(&plain, &counting, NULL);
    cr_assert_eq(itsm_sms_foreign(&token, plain.sms, &desk.act, NULL, NULL), ITSM_E_UNSUPPORTED);
    desk_close(&plain);
}

Test(foreign, every_allocation_may_fail)
{
    itsm_ref ref = incident();
    for (size_t n = 1;; n++) {
        char title[32];
        itsm_act act = desk.act;
        snprintf(title, sizeof title, "Dark %zu", n);
        outside_text(ref, "title", title);
        outside_text(ref, "status", n % 2 ? "in_progress" : "pending");
        act.now += ITSM_SECONDS(1), desk.act.now = act.now;
        counting_fail(&counting, n);
        itsm_status rc = itsm_sms_foreign(&token, desk.sms, &act, NULL, NULL);
        int failed = counting_stop(&counting);
        shared.nfeed = 0, token = 0;
        if (!failed) break;
        cr_assert(rc == ITSM_E_NOMEM || rc == ITSM_OK, "allocation %zu: %d", n, rc);
        shared.feed[shared.nfeed++] = ref;
        rc = itsm_sms_foreign(&token, desk.sms, &act, NULL, NULL);
        cr_assert(rc == ITSM_OK || rc == ITSM_NOTHING, "retry %zu: %d", n, rc);
        shared.nfeed = 0, token = 0;
    }
}
