/* SPDX-License-Identifier: MIT */
/*
 * The memory store keeps the contract; the calls in front of every backend; the tree below.
 */
#include "store_contract.h"

#include "store/tree.h"

static itsm_store *make_memory(itsm_ctx *ctx)
{
    itsm_store *store = NULL;
    cr_assert_eq(itsm_store_memory(&store, ctx), ITSM_OK);
    return store;
}

static void unmake_memory(void)
{
}

CONTRACT_TESTS(memory_store, make_memory, unmake_memory)

/* Without memory -------------------------------------------------------------------------------------------------- */

Test(memory_store, without_memory_there_is_no_store)
{
    struct counting counting = COUNTING_INIT;
    itsm_ctx *ctx = counting_ctx(&counting);
    itsm_store *store = NULL;
    size_t n = 1;
    for (;; n++) {
        counting_fail(&counting, n);
        itsm_status rc = itsm_store_memory(&store, ctx);
        if (!counting_stop(&counting)) break;
        cr_assert_eq(rc, ITSM_E_NOMEM);
        cr_assert_null(store);
    }
    cr_assert_gt(n, 2);
    itsm_store_free(store);
    cr_assert_eq(itsm_store_memory(NULL, ctx), ITSM_E_MISUSE);
    cr_assert_eq(itsm_store_memory(&store, NULL), ITSM_E_MISUSE);
    itsm_ctx_free(ctx);
    assert_nothing_outstanding(counting);
}

Test(memory_store, reading_without_memory_says_so_and_can_be_repeated)
{
    struct desk d;
    memset(&d, 0, sizeof d);
    d.ctx = counting_ctx(&d.counting), d.store = make_memory(d.ctx);
    cr_assert_eq(desk_one(&d, put_of(ref_of(1, 1), ITSM_REV_NONE, 1, "x")), ITSM_OK);
    itsm_view view;
    itsm_cursor cursor;
    itsm_range range = range_of(1, 0, 0);
    counting_fail_from(&d.counting, 1);
    cr_assert_eq(itsm_store_view_open(&view, d.ctx, d.store, NULL), ITSM_E_NOMEM);
    cr_assert_null(view.store);
    counting_stop(&d.counting);
    cr_assert_eq(itsm_store_view_open(&view, d.ctx, d.store, NULL), ITSM_OK);
    counting_fail_from(&d.counting, 1);
    cr_assert_eq(itsm_store_scan(&cursor, d.ctx, &view, &range), ITSM_E_NOMEM);
    cr_assert_eq(itsm_store_audit_scan(&cursor, d.ctx, &view, 0), ITSM_E_NOMEM);
    cr_assert_null(cursor.view);
    itsm_row row;
    cr_assert_eq(itsm_store_get(&row, d.ctx, &view, ref_of(1, 1)), ITSM_OK, "get needs no memory");
    uint64_t first = 0;
    cr_assert_eq(itsm_store_reserve(&first, d.ctx, d.store, "s", 1, NULL), ITSM_E_NOMEM);
    counting_stop(&d.counting);
    cr_assert_eq(itsm_store_reserve(&first, d.ctx, d.store, "s", 1, NULL), ITSM_OK);
    cr_assert_eq(first, 1);
    itsm_store_view_close(&view);
    itsm_store_free(d.store);
    itsm_ctx_free(d.ctx);
    assert_nothing_outstanding(d.counting);
}

Test(memory_store, a_sequence_ends_before_it_repeats)
{
    struct desk d;
    memset(&d, 0, sizeof d);
    d.ctx = counting_ctx(&d.counting), d.store = make_memory(d.ctx);
    uint64_t first = 0, last = 0;
    for (int i = 0; i < 3; i++) {
        cr_assert_eq(itsm_store_reserve(&first, d.ctx, d.store, "s", UINT32_MAX, NULL), ITSM_OK);
        cr_assert(i == 0 || first == last + UINT32_MAX);
        last = first;
    }
    itsm_store_free(d.store);
    itsm_ctx_free(d.ctx);
    assert_nothing_outstanding(d.counting);
}

/* Numbers of keys are written in as few bytes as they need: every length, as type, as index and as identity. */
Test(memory_store, numbers_of_types_and_indexes_may_be_of_any_size)
{
    static const uint32_t numbers[] = {1, 247, 248, 255, 256, 65535, 65536, UINT32_MAX};
    enum { N = sizeof numbers / sizeof numbers[0] };
    struct desk d;
    memset(&d, 0, sizeof d);
    d.ctx = counting_ctx(&d.counting), d.store = make_memory(d.ctx);
    for (size_t t = 0; t < N; t++)
        for (size_t i = 0; i < N; i++) {
            itsm_op op = put_of(ref_of(numbers[t], numbers[i]), ITSM_REV_NONE, 1, "x");
            itsm_index_key key = {numbers[i], 1, {NULL, 0}};
            op.row.ref.id.hi = UINT64_C(0x0101010101010101) * i, op.keys = &key, op.nkeys = 1;
            cr_assert_eq(desk_one(&d, op), ITSM_OK);
        }
    itsm_view view;
    cr_assert_eq(itsm_store_view_open(&view, d.ctx, d.store, NULL), ITSM_OK);
    for (size_t t = 0; t < N; t++)
        for (size_t i = 0; i < N; i++) {
            itsm_range range = range_of(numbers[t], numbers[i], 0);
            itsm_cursor cursor;
            itsm_row row;
            cr_assert_eq(itsm_store_scan(&cursor, d.ctx, &view, &range), ITSM_OK);
            cr_assert_eq(itsm_store_next(&row, d.ctx, &cursor), ITSM_OK);
            cr_assert(row.ref.type == numbers[t] && row.ref.id.lo == numbers[i]);
            cr_assert_eq(row.ref.id.hi, UINT64_C(0x0101010101010101) * i);
            cr_assert_eq(itsm_store_next(&row, d.ctx, &cursor), ITSM_DONE);
            itsm_store_cursor_close(&cursor);
            range = range_of(numbers[t], 0, 0);
            cr_assert_eq(itsm_store_scan(&cursor, d.ctx, &view, &range), ITSM_OK);
            for (size_t k = 0; k < N; k++) {
                cr_assert_eq(itsm_store_next(&row, d.ctx, &cursor), ITSM_OK);
                cr_assert(row.ref.type == numbers[t] && row.ref.id.lo == numbers[k], "not in order");
            }
            cr_assert_eq(itsm_store_next(&row, d.ctx, &cursor), ITSM_DONE);
            itsm_store_cursor_close(&cursor);
        }
    itsm_store_view_close(&view);
    cr_assert_eq(itsm_store_maintain(d.ctx, d.store, ITSM_MAINTAIN_CHECK, NULL), ITSM_OK);
    itsm_store_free(d.store);
    itsm_ctx_free(d.ctx);
    assert_nothing_outstanding(d.counting);
}

/* The calls in front of a backend --------------------------------------------------------------------------------- */

/* A backend that answers what it is told to, and counts. */
struct fake {
    int closed, applied, open_views, inside;
    itsm_status answer;
    const char *message;
    itsm_row row;
    itsm_call call;
};

static itsm_status fake_answer(struct fake *fake, const itsm_call *call)
{
    fake->call = *call;
    if (fake->message && call->message_size) snprintf(call->message, call->message_size, "%s", fake->message);
    return fake->answer;
}

static itsm_status fake_view_open(void *self, const itsm_call *call, void **view)
{
    struct fake *fake = self;
    *view = fake;
    fake->open_views++;
    return fake_answer(fake, call);
}

static void fake_view_close(void *self, void *view)
{
    (void)view;
    ((struct fake *)self)->open_views--;
}

static itsm_status fake_get(void *self, const itsm_call *call, void *view, itsm_ref ref, itsm_row *row)
{
    struct fake *fake = self;
    (void)view;
    *row = fake->row;
    row->ref = ref;
    return fake_answer(fake, call);
}

static itsm_status fake_scan(void *self, const itsm_call *call, void *view, const itsm_range *range, void **cursor)
{
    (void)view, (void)range;
    *cursor = self;
    return fake_answer(self, call);
}

static itsm_status fake_audit_scan(void *self, const itsm_call *call, void *view, uint64_t from, void **cursor)
{
    (void)view, (void)from;
    *cursor = self;
    return fake_answer(self, call);
}

static itsm_status fake_next(void *self, const itsm_call *call, void *cursor, itsm_row *row)
{
    (void)cursor;
    *row = ((struct fake *)self)->row;
    return fake_answer(self, call);
}

static void fake_cursor_close(void *self, void *cursor)
{
    (void)self, (void)cursor;
}

static itsm_status fake_apply(void *self, const itsm_call *call, const itsm_batch *batch, itsm_applied *applied)
{
    (void)batch;
    ((struct fake *)self)->applied++;
    applied->failed_op = 3, applied->audit_first = 9;
    return fake_answer(self, call);
}

static itsm_status fake_reserve(void *self, const itsm_call *call, const char *sequence, uint32_t n, uint64_t *first)
{
    (void)sequence, (void)n;
    *first = 5;
    return fake_answer(self, call);
}

static void fake_close(void *self)
{
    ((struct fake *)self)->closed++;
}

/* One that answers ITSM_OK with a row that is one. */
static struct fake fake_new(void)
{
    struct fake fake;
    memset(&fake, 0, sizeof fake);
    fake.row.ref = ref_of(1, 1), fake.row.rev = 1, fake.row.body = bytes_c("x");
    return fake;
}

static itsm_store_methods fake_methods(void)
{
    itsm_store_methods m;
    memset(&m, 0, sizeof m);
    m.size = sizeof m, m.contract = ITSM_STORE_CONTRACT, m.caps = ITSM_CAP_SEAL_SYNC, m.name = "fake";
    m.view_open = fake_view_open, m.view_close = fake_view_close, m.get = fake_get, m.scan = fake_scan;
    m.audit_scan = fake_audit_scan, m.next = fake_next, m.cursor_close = fake_cursor_close, m.apply = fake_apply;
    m.reserve = fake_reserve, m.close = fake_close;
    return m;
}

static void expect_no_store(itsm_ctx *ctx, itsm_store_methods m, itsm_status wanted)
{
    struct fake fake;
    itsm_store *store = (itsm_store *)&fake;
    memset(&fake, 0, sizeof fake);
    int closable = m.close != NULL;
    cr_assert_eq(itsm_store_new(&store, ctx, &m, &fake), wanted);
    cr_assert_null(store);
    cr_assert_eq(fake.closed, closable);
    cr_assert_eq(itsm_ctx_issue_count(ctx), 1);
}

Test(store, a_backend_without_a_required_method_or_of_a_newer_contract_is_refused_and_closed)
{
    struct counting counting = COUNTING_INIT;
    itsm_ctx *ctx = counting_ctx(&counting);
    itsm_store_methods m = fake_methods();
    itsm_store *store = NULL;
    struct fake fake;
    memset(&fake, 0, sizeof fake);
    m.contract = ITSM_STORE_CONTRACT + 1;
    expect_no_store(ctx, m, ITSM_E_VERSION);
    m = fake_methods(), m.contract = 0;
    expect_no_store(ctx, m, ITSM_E_MISUSE);
    m = fake_methods(), m.caps = 0;
    expect_no_store(ctx, m, ITSM_E_MISUSE); /* audit_seal is required then */
    m = fake_methods(), m.name = NULL;
    expect_no_store(ctx, m, ITSM_E_MISUSE);
    m = fake_methods(), m.close = NULL;
    expect_no_store(ctx, m, ITSM_E_MISUSE);
    m = fake_methods(), m.apply = NULL;
    expect_no_store(ctx, m, ITSM_E_MISUSE);
    m = fake_methods(), m.reserved = 1;
    expect_no_store(ctx, m, ITSM_E_MISUSE);
    m = fake_methods(), m.caps |= ITSM_CAP_NATIVE_INDEX;
    expect_no_store(ctx, m, ITSM_E_MISUSE); /* define is required then */
    m = fake_methods(), m.size = offsetof(itsm_store_methods, close);
    cr_assert_eq(itsm_store_new(&store, ctx, &m, &fake), ITSM_E_MISUSE, "a table that ends before a required method");
    m = fake_methods();
    cr_assert_eq(itsm_store_new(&store, ctx, NULL, &fake), ITSM_E_MISUSE);
    cr_assert_eq(itsm_store_new(NULL, ctx, &m, &fake), ITSM_E_MISUSE);
    cr_assert_eq(fake.closed, 1);
    counting_fail(&counting, 1);
    cr_assert_eq(itsm_store_new(&store, ctx, &m, &fake), ITSM_E_NOMEM);
    counting_stop(&counting);
    cr_assert_eq(fake.closed, 2);
    itsm_store_free(NULL);
    itsm_ctx_free(ctx);
    assert_nothing_outstanding(counting);
}

Test(store, statuses_and_messages_of_a_backend_come_back)
{
    struct counting counting = COUNTING_INIT;
    itsm_ctx *ctx = counting_ctx(&counting);
    itsm_store_methods m = fake_methods();
    itsm_store *store = NULL;
    struct fake fake;
    memset(&fake, 0, sizeof fake);
    cr_assert_eq(itsm_store_new(&store, ctx, &m, &fake), ITSM_OK);
    itsm_op op = put_of(ref_of(1, 1), ITSM_REV_NONE, 1, "x");
    itsm_batch batch = ITSM_BATCH_INIT;
    itsm_applied applied = ITSM_APPLIED_INIT;
    itsm_call call = ITSM_CALL_INIT;
    batch.ops = &op, batch.nops = 1;
    call.host_txn = &fake, call.timeout_ms = 50;
    fake.answer = ITSM_E_UNKNOWN, fake.message = "the line went dead";
    cr_assert_eq(itsm_store_apply(&applied, ctx, store, &batch, &call), ITSM_E_UNKNOWN);
    assert_text(first_message(ctx), "the line went dead");
    assert_text(itsm_ctx_issue(ctx, 0)->where, "fake");
    cr_assert_eq(applied.failed_op, 3);
    cr_assert_eq(applied.audit_first, 9);
    cr_assert(fake.call.host_txn == &fake && fake.call.timeout_ms == 50);
    fake.answer = -1500, fake.message = NULL;
    cr_assert_eq(itsm_store_apply(NULL, ctx, store, &batch, NULL), -1500, "a host's own code");
    cr_assert_null(fake.call.host_txn);
    cr_assert_eq(itsm_store_apply(NULL, NULL, store, &batch, NULL), -1500);
    applied.size = offsetof(itsm_applied, audit_first), applied.audit_first = 77, applied.failed_op = 0;
    cr_assert_eq(itsm_store_apply(&applied, ctx, store, &batch, NULL), -1500);
    cr_assert(applied.failed_op == 3 && applied.audit_first == 77, "a shorter struct is filled as far as it goes");
    uint64_t first = 4;
    cr_assert_eq(itsm_store_reserve(&first, ctx, store, "s", 1, NULL), -1500);
    cr_assert_eq(first, 4);
    cr_assert_eq(fake.applied, 4);
    op.kind = 9;
    cr_assert_eq(itsm_store_apply(&applied, ctx, store, &batch, NULL), ITSM_E_MISUSE);
    cr_assert_eq(fake.applied, 4, "a bad batch does not reach the backend");
    itsm_store_free(store);
    cr_assert_eq(fake.closed, 1);
    itsm_ctx_free(ctx);
    assert_nothing_outstanding(counting);
}

/* A fake store with a view and a scan of index 0 open. */
struct reading {
    struct counting counting;
    struct fake fake;
    itsm_ctx *ctx;
    itsm_store *store;
    itsm_view view;
    itsm_cursor cursor;
};

static void reading_open(struct reading *r, itsm_store_methods m)
{
    const struct counting none = COUNTING_INIT;
    itsm_range range = range_of(1, 0, 0);
    r->counting = none, r->fake = fake_new();
    r->ctx = counting_ctx(&r->counting);
    cr_assert_eq(itsm_store_new(&r->store, r->ctx, &m, &r->fake), ITSM_OK);
    cr_assert_eq(itsm_store_view_open(&r->view, r->ctx, r->store, NULL), ITSM_OK);
    cr_assert_eq(itsm_store_scan(&r->cursor, r->ctx, &r->view, &range), ITSM_OK);
}

static void reading_close(struct reading *r)
{
    itsm_store_cursor_close(&r->cursor);
    itsm_store_view_close(&r->view);
    cr_assert_eq(r->fake.open_views, 0);
    itsm_store_free(r->store);
    itsm_ctx_free(r->ctx);
    assert_nothing_outstanding(r->counting);
}

static void reading_again(struct reading *r, const itsm_range *range)
{
    itsm_store_cursor_close(&r->cursor);
    cr_assert_eq(itsm_store_scan(&r->cursor, r->ctx, &r->view, range), ITSM_OK);
}

static void expect_next(struct reading *r, uint64_t lo, itsm_status wanted)
{
    itsm_row row;
    r->fake.row.ref.id.lo = lo;
    cr_assert_eq(itsm_store_next(&row, r->ctx, &r->cursor), wanted, "row %u", (unsigned)lo);
    if (wanted == ITSM_E_CORRUPT) cr_assert(itsm_ctx_issue_count(r->ctx) == 1 && row.rev == 0 && !row.body.p);
}

Test(store, rows_that_are_no_rows_are_corrupt)
{
    struct reading r;
    itsm_row row;
    reading_open(&r, fake_methods());
    r.fake.row.nfields = 2;
    cr_assert_eq(itsm_store_get(&row, r.ctx, &r.view, ref_of(1, 1)), ITSM_E_CORRUPT);
    cr_assert_eq(row.nfields, 0);
    r.fake.row.nfields = 0, r.fake.row.body.p = NULL, r.fake.row.body.n = 5;
    expect_next(&r, 1, ITSM_E_CORRUPT);
    r.fake.row.body.n = 0;
    expect_next(&r, 1, ITSM_E_CORRUPT); /* neither fields nor a body */
    r.fake.row.body.p = "";
    expect_next(&r, 1, ITSM_OK); /* a body of no bytes */
    r.fake.row.rev = 0;
    cr_assert_eq(itsm_store_get(&row, r.ctx, &r.view, ref_of(1, 1)), ITSM_E_CORRUPT);
    r.fake.row.rev = ITSM_REV_ANY;
    expect_next(&r, 2, ITSM_E_CORRUPT);
    r.fake.row.rev = 4, r.fake.answer = ITSM_NOTHING;
    cr_assert_eq(itsm_store_get(&row, r.ctx, &r.view, ref_of(1, 1)), ITSM_NOTHING);
    cr_assert(row.rev == 4 && row.ref.type == 0, "a tombstone tells its revision and nothing else");
    itsm_ref refs[2] = {{1, {0, 1}}, {1, {0, 2}}};
    itsm_store_cursor_close(&r.cursor);
    cr_assert_eq(itsm_store_get_many(&r.cursor, r.ctx, &r.view, refs, 2), ITSM_OK);
    r.fake.answer = ITSM_E_IO;
    cr_assert_eq(itsm_store_next(&row, r.ctx, &r.cursor), ITSM_E_IO);
    r.fake.answer = ITSM_OK;
    cr_assert_eq(itsm_store_next(&row, r.ctx, &r.cursor), ITSM_OK, "a failed read can be repeated");
    cr_assert_eq(row.ref.id.lo, 1);
    reading_close(&r);
}

static itsm_status another_row(void *self, const itsm_call *call, void *view, itsm_ref ref, itsm_row *row)
{
    itsm_status rc = fake_get(self, call, view, ref, row);
    row->ref.id.lo++;
    return rc;
}

Test(store, rows_that_were_not_asked_for_are_corrupt)
{
    struct reading r;
    itsm_range range = range_of(1, 0, 1);
    itsm_row row;
    itsm_store_methods m = fake_methods();
    m.get = another_row;
    reading_open(&r, m);
    cr_assert_eq(itsm_store_get(&row, r.ctx, &r.view, ref_of(1, 1)), ITSM_E_CORRUPT);
    expect_next(&r, 3, ITSM_OK);
    expect_next(&r, 3, ITSM_E_CORRUPT); /* twice */
    expect_next(&r, 2, ITSM_E_CORRUPT); /* back */
    expect_next(&r, 4, ITSM_OK);
    r.fake.row.ref.type = 2;
    expect_next(&r, 5, ITSM_E_CORRUPT);
    r.fake.row.ref.type = 1;
    reading_again(&r, &range);
    expect_next(&r, 3, ITSM_OK);
    expect_next(&r, 4, ITSM_E_CORRUPT); /* forwards */
    expect_next(&r, 2, ITSM_OK);
    range.index = 1; /* of other indexes the keys are not seen */
    reading_again(&r, &range);
    expect_next(&r, 3, ITSM_OK);
    expect_next(&r, 3, ITSM_OK);
    reading_close(&r);
}

Test(store, an_audit_entry_has_bytes)
{
    struct reading r;
    reading_open(&r, fake_methods());
    itsm_store_cursor_close(&r.cursor);
    cr_assert_eq(itsm_store_audit_scan(&r.cursor, r.ctx, &r.view, 7), ITSM_OK);
    r.fake.row.rev = 0; /* it has no revision */
    expect_next(&r, 7, ITSM_OK);
    r.fake.row.body.n = 0;
    expect_next(&r, 8, ITSM_E_CORRUPT);
    reading_close(&r);
}

static itsm_status no_cursor(void *self, const itsm_call *call, void *view, const itsm_range *range, void **cursor)
{
    (void)self, (void)call, (void)view, (void)range, (void)cursor;
    return ITSM_OK;
}

static itsm_status long_message(void *self, const itsm_call *call, const char *sequence, uint32_t n, uint64_t *first)
{
    (void)self, (void)sequence, (void)n, (void)first;
    memset(call->message, 'x', call->message_size + 3);
    return ITSM_E_IO;
}

Test(store, a_cursor_that_is_none_a_message_without_end_and_news_of_a_batch_are_corrupt)
{
    struct reading r;
    itsm_range range = range_of(1, 0, 0);
    itsm_op op = put_of(ref_of(1, 1), ITSM_REV_NONE, 1, "x");
    itsm_batch batch = ITSM_BATCH_INIT;
    itsm_applied applied = ITSM_APPLIED_INIT;
    uint64_t first;
    itsm_store_methods m = fake_methods();
    m.reserve = long_message;
    reading_open(&r, m);
    cr_assert_eq(itsm_store_reserve(&first, r.ctx, r.store, "s", 1, NULL), ITSM_E_CORRUPT);
    batch.ops = &op, batch.nops = 1;
    r.fake.answer = ITSM_DONE;
    cr_assert_eq(itsm_store_apply(&applied, r.ctx, r.store, &batch, NULL), ITSM_E_CORRUPT);
    r.fake.answer = ITSM_E_CONFLICT;
    cr_assert_eq(itsm_store_apply(&applied, r.ctx, r.store, &batch, NULL), ITSM_E_CONFLICT);
    cr_assert_eq(applied.failed_op, SIZE_MAX, "an operation the batch does not have");
    r.fake.answer = ITSM_OK;
    reading_close(&r);
    m.scan = no_cursor, m.reserve = fake_reserve;
    r.fake = fake_new(), r.ctx = counting_ctx(&r.counting);
    cr_assert_eq(itsm_store_new(&r.store, r.ctx, &m, &r.fake), ITSM_OK);
    cr_assert_eq(itsm_store_view_open(&r.view, r.ctx, r.store, NULL), ITSM_OK);
    cr_assert_eq(itsm_store_scan(&r.cursor, r.ctx, &r.view, &range), ITSM_E_CORRUPT);
    cr_assert_null(r.cursor.view);
    reading_close(&r);
}

Test(store, what_a_backend_need_not_have_is_nothing_or_unsupported)
{
    struct counting counting = COUNTING_INIT;
    itsm_ctx *ctx = counting_ctx(&counting);
    itsm_store_methods m = fake_methods();
    itsm_store *store = NULL;
    struct fake fake;
    itsm_view view;
    itsm_cursor cursor;
    uint64_t end = 7, token = 0;
    memset(&fake, 0, sizeof fake);
    cr_assert_eq(itsm_store_new(&store, ctx, &m, &fake), ITSM_OK);
    cr_assert_eq(itsm_store_caps(store), ITSM_CAP_SEAL_SYNC);
    cr_assert_eq(itsm_store_define(ctx, store, NULL, 0, NULL), ITSM_OK);
    cr_assert_eq(itsm_store_define(ctx, store, NULL, 1, NULL), ITSM_E_MISUSE);
    cr_assert_eq(itsm_store_seal(&end, ctx, store, 10, NULL), ITSM_NOTHING);
    cr_assert_eq(end, 0);
    cr_assert_eq(itsm_store_flush(ctx, store, NULL), ITSM_NOTHING);
    cr_assert_eq(itsm_store_maintain(ctx, store, ITSM_MAINTAIN_CHECK, NULL), ITSM_NOTHING);
    cr_assert_eq(itsm_store_view_open(&view, ctx, store, NULL), ITSM_OK);
    cr_assert_eq(itsm_store_foreign(&cursor, ctx, &view, &token), ITSM_E_UNSUPPORTED);
    itsm_store_view_close(&view);
    itsm_store_free(store);
    itsm_ctx_free(ctx);
    assert_nothing_outstanding(counting);
}

/* Mutexes that count. */
struct locks {
    int made, destroyed, held, taken;
};

static itsm_status locks_create(void *self, void **mutex)
{
    *mutex = self, ((struct locks *)self)->made++;
    return ITSM_OK;
}

static void locks_destroy(void *self, void *mutex)
{
    (void)mutex, ((struct locks *)self)->destroyed++;
}

static void locks_lock(void *self, void *mutex)
{
    struct locks *locks = self;
    (void)mutex;
    cr_assert_eq(locks->held, 0, "taken twice");
    locks->held++, locks->taken++;
}

static void locks_unlock(void *self, void *mutex)
{
    (void)mutex, ((struct locks *)self)->held--;
}

static itsm_ctx *locks_ctx(struct locks *locks, struct counting *counting)
{
    itsm_mutexes mutexes = {sizeof mutexes, locks_create, locks_destroy, locks_lock, locks_unlock, NULL, NULL, locks};
    itsm_ctx_options options = ITSM_CTX_OPTIONS_INIT;
    itsm_ctx *ctx = NULL;
    options.alloc = counting_alloc, options.alloc_user = counting, options.mutexes = &mutexes;
    cr_assert_eq(itsm_ctx_new(&ctx, &options), ITSM_OK);
    return ctx;
}

static void use_all(struct desk *d)
{
    itsm_view view;
    itsm_cursor cursor;
    itsm_row row;
    itsm_range range = range_of(1, 0, 0);
    uint64_t first;
    (void)desk_one(d, put_of(ref_of(1, 1), ITSM_REV_NONE, 1, "x"));
    cr_assert_eq(itsm_store_reserve(&first, d->ctx, d->store, "s", 1, NULL), ITSM_OK);
    cr_assert_eq(itsm_store_view_open(&view, d->ctx, d->store, NULL), ITSM_OK);
    cr_assert_eq(itsm_store_get(&row, d->ctx, &view, ref_of(1, 1)), ITSM_OK);
    cr_assert_eq(itsm_store_scan(&cursor, d->ctx, &view, &range), ITSM_OK);
    cr_assert_eq(itsm_store_next(&row, d->ctx, &cursor), ITSM_OK);
    itsm_store_cursor_close(&cursor);
    itsm_store_view_close(&view);
}

Test(store, a_backend_for_one_thread_is_guarded_by_the_hosts_mutex)
{
    struct locks locks = {0, 0, 0, 0};
    struct desk d;
    struct fake fake;
    itsm_store_methods m = fake_methods();
    fake = fake_new(), memset(&d, 0, sizeof d);
    d.ctx = locks_ctx(&locks, &d.counting);
    cr_assert_eq(itsm_store_new(&d.store, d.ctx, &m, &fake), ITSM_OK);
    use_all(&d);
    cr_assert_eq(locks.taken, 8, "one for each call");
    cr_assert_eq(locks.held, 0);
    itsm_store_free(d.store);
    cr_assert(locks.made == 1 && locks.destroyed == 1);
    m.caps |= ITSM_CAP_MT, locks.made = locks.taken = 0;
    cr_assert_eq(itsm_store_new(&d.store, d.ctx, &m, &fake), ITSM_OK);
    use_all(&d);
    cr_assert(locks.made == 0 && locks.taken == 0, "a backend for many threads guards itself");
    itsm_store_free(d.store);
    itsm_ctx_free(d.ctx);
    assert_nothing_outstanding(d.counting);
}

Test(memory_store, with_mutexes_it_is_for_many_threads_and_reads_without_a_lock)
{
    struct locks locks = {0, 0, 0, 0};
    struct desk d;
    memset(&d, 0, sizeof d);
    d.ctx = locks_ctx(&locks, &d.counting);
    d.store = make_memory(d.ctx);
    cr_assert(itsm_store_caps(d.store) & ITSM_CAP_MT);
    use_all(&d);
    cr_assert_eq(locks.taken, 4, "apply, reserve, opening and closing the view");
    cr_assert(locks.held == 0 && locks.made == 1);
    itsm_store_free(d.store);
    cr_assert_eq(locks.destroyed, 1);
    itsm_ctx_free(d.ctx);
    d.ctx = counting_ctx(&d.counting), d.store = make_memory(d.ctx);
    cr_assert_not(itsm_store_caps(d.store) & ITSM_CAP_MT);
    itsm_store_free(d.store);
    itsm_ctx_free(d.ctx);
    assert_nothing_outstanding(d.counting);
}

/* The tree -------------------------------------------------------------------------------------------------------- */

static itsm__tree_key tree_key(const void *p, size_t n)
{
    itsm__tree_key key = {{p, n}, {NULL, 0}};
    return key;
}

Test(tree, what_is_too_long_is_a_limit_and_the_edit_ends_with_abort)
{
    struct counting counting = COUNTING_INIT;
    itsm__memory memory = {counting_alloc, &counting};
    static const char room[5000];
    itsm__tree tree;
    itsm__tree_init(&tree, &memory);
    itsm__tree_begin(&tree);
    cr_assert_eq(itsm__tree_put(&tree, tree_key(room, ITSM__TREE_KEY_MAX), NULL, 0), ITSM_OK);
    cr_assert_eq(itsm__tree_put(&tree, tree_key(room, ITSM__TREE_KEY_MAX + 1), NULL, 0), ITSM_E_LIMIT);
    cr_assert_neq(itsm__tree_put(&tree, tree_key(room, 1), NULL, 0), ITSM_OK);
    itsm__tree_commit(&tree);
    cr_assert_eq(tree.count, 0);
    itsm__tree_begin(&tree);
    cr_assert_eq(itsm__tree_put(&tree, tree_key(room, 1), room, ITSM__TREE_VALUE_MAX + 1), ITSM_E_LIMIT);
    itsm__tree_abort(&tree);
    itsm__tree_begin(&tree);
    cr_assert_eq(itsm__tree_put(&tree, tree_key(room, 1), room, ITSM__TREE_VALUE_MAX), ITSM_OK);
    itsm__tree_commit(&tree);
    cr_assert_eq(tree.count, 1);
    itsm__tree_clear(&tree);
    cr_assert_eq(counting.outstanding, 0);
}

Test(tree, ascending_keys_fill_their_nodes)
{
    enum { N = 20000 };
    struct counting counting = COUNTING_INIT;
    itsm__memory memory = {counting_alloc, &counting};
    unsigned char key[24] = {0};
    itsm__tree tree;
    itsm__tree_init(&tree, &memory);
    for (uint32_t i = 0; i < N; i++) {
        key[0] = (unsigned char)(i % 3); /* three ascending runs beside each other */
        key[20] = (unsigned char)(i >> 24), key[21] = (unsigned char)(i >> 16), key[22] = (unsigned char)(i >> 8);
        key[23] = (unsigned char)i;
        itsm__tree_begin(&tree);
        cr_assert_eq(itsm__tree_put(&tree, tree_key(key, sizeof key), NULL, 0), ITSM_OK);
        itsm__tree_commit(&tree);
    }
    itsm__tree_trim(&tree);
    double each = (double)itsm__tree_bytes(&tree) / N;
    printf("tree: %.1f bytes for each key of 24 bytes, put in ascending order\n", each);
    cr_assert_lt(each, 24 * 1.6);
    itsm__tree_clear(&tree);
    cr_assert_eq(counting.outstanding, 0);
}
