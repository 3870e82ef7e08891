/* SPDX-License-Identifier: MIT */
/*
 * What entries say of rows and of personal values, and what verifying makes of it: purged, sealed late, written by an
 * older version, out of memory.
 */
#include "../fault/simulated_io.h"
#include "../fault/store_script.h"
#include "sms_fixture.h"

#include "record/codec.h"
#include "sms/internal.h"

#include <itsm/audit.h>

#include <criterion/criterion.h>

#define SECRET "qqPERSONALqq"

static struct counting counting = COUNTING_INIT;
static struct desk desk;

static void restart(struct desk *d, const itsm_str *personal, size_t n, itsm_sla *sla)
{
    static const itsm_retention none[] = {{{"", 0}, 0}};
    itsm_sms_options options = ITSM_SMS_OPTIONS_INIT;
    options.key.p = "a key", options.key.n = 5, options.retentions = none, options.nretentions = 1;
    options.personal = personal, options.npersonal = n, options.sla = sla;
    itsm_sms_free(d->sms);
    cr_assert_eq(itsm_sms_new(&d->sms, d->ctx, itsm_model_builtin(), d->store, &options), ITSM_OK);
}

static void setup(void)
{
    desk_open(&desk, &counting, NULL);
    cr_assert_eq(itsm_sla_load(&desk.sla, desk.ctx, ITSM_STR("{\"resolution\": {\"3\": 480}}"), NULL), ITSM_OK);
    restart(&desk, NULL, 0, desk.sla);
}

static void teardown(void)
{
    desk_close(&desk);
    assert_nothing_outstanding(counting);
}

TestSuite(sms_audit, .init = setup, .fini = teardown);

static itsm_ref started(struct desk *d)
{
    itsm_outcome out = ITSM_OUTCOME_INIT;
    cr_assert_eq(new_service(&out, d), ITSM_OK);
    cr_assert_eq(new_started(&out, d, out.ref), ITSM_OK);
    return out.ref;
}

static void cancel(struct desk *d, itsm_ref ref)
{
    const itsm_named set[] = {TEXT("cancel_reason", "withdrawn")};
    desk_actor(d, "rita", "service_desk");
    cr_assert_eq(itsm_sms_move(NULL, d->sms, ref, ITSM_REV_ANY, ITSM_STR("cancel"), set, 1, &d->act), ITSM_OK);
}

static itsm_status verified(itsm_audit_result *out, struct desk *d)
{
    const itsm_audit_result fresh = ITSM_AUDIT_RESULT_INIT;
    *out = fresh;
    return itsm_sms_audit_verify(out, d->sms, NULL);
}

/* The entry at a place; its bytes in `kept`. */
static itsm_audit_entry entry_at(struct desk *d, uint64_t place, itsm_buf *kept)
{
    itsm_view view = ITSM_VIEW_INIT;
    itsm_cursor cursor = ITSM_CURSOR_INIT;
    itsm_audit_entry entry = ITSM_AUDIT_ENTRY_INIT;
    itsm_row row;
    cr_assert_eq(itsm_store_view_open(&view, d->ctx, d->store, NULL), ITSM_OK);
    cr_assert_eq(itsm_store_audit_scan(&cursor, d->ctx, &view, place), ITSM_OK);
    cr_assert_eq(itsm_store_next(&row, d->ctx, &cursor), ITSM_OK);
    kept->n = 0;
    cr_assert_eq(itsm_buf_add(kept, row.body.p, row.body.n), ITSM_OK);
    itsm_store_cursor_close(&cursor);
    itsm_store_view_close(&view);
    const itsm_bytes bytes = {kept->p, kept->n};
    cr_assert_eq(itsm_audit_decode(&entry, bytes), ITSM_OK);
    return entry;
}

static void write_row(struct desk *d, itsm_ref ref, uint64_t expect, uint64_t rev, itsm_bytes body)
{
    itsm_op op;
    itsm_batch batch = ITSM_BATCH_INIT;
    memset(&op, 0, sizeof op);
    op.kind = ITSM_PUT, op.expect = expect, op.row.ref = ref, op.row.rev = rev, op.row.body = body;
    batch.ops = &op, batch.nops = 1;
    cr_assert_eq(itsm_store_apply(NULL, d->ctx, d->store, &batch, NULL), ITSM_OK);
}

/* Rows ------------------------------------------------------------------------------------------------------------- */

Test(sms_audit, only_the_last_entry_of_a_record_in_a_batch_names_its_row)
{
    const itsm_named impact[] = {INT("impact", 2)}, urgency[] = {INT("urgency", 2)};
    const itsm_ref ref = started(&desk);
    itsm_buf kept = ITSM_BUF_INIT;
    itsm_audit_row row = ITSM_AUDIT_ROW_INIT;
    itsm_audit_result result;
    itsm_work *work;
    cr_assert_eq(verified(&result, &desk), ITSM_OK);
    const uint64_t before = result.count;
    cr_assert_eq(itsm_work_new(&work, desk.sms, &desk.act), ITSM_OK);
    cr_assert_eq(itsm_work_change(work, ref, ITSM_REV_ANY, impact, 1), ITSM_OK);
    cr_assert_eq(itsm_work_change(work, ref, ITSM_REV_ANY, urgency, 1), ITSM_OK);
    cr_assert_eq(itsm_work_commit(NULL, work), ITSM_OK);
    itsm_work_free(work);
    cr_assert_eq(verified(&result, &desk), ITSM_OK);
    cr_assert_eq(result.count, before + 2);
    cr_expect_eq(entry_at(&desk, before, &kept).rows.n, 0);
    const itsm_audit_entry last = entry_at(&desk, before + 1, &kept);
    itsm_bytes rest = last.rows;
    cr_assert_eq(itsm_audit_row_next(&row, &rest, &last), ITSM_OK);
    cr_expect(row.ref.id.lo == ref.id.lo && row.revision == last.revision + 1);
    while (itsm_audit_row_next(&row, &rest, &last) == ITSM_OK) cr_expect_eq(row.ref.type, (uint32_t)ITSM_ROW_CLOCK);
    itsm_buf_clear(&kept);
}

Test(sms_audit, a_value_edited_in_the_store_is_found_and_its_record_named)
{
    const itsm_ref ref = started(&desk);
    itsm_view view = ITSM_VIEW_INIT;
    itsm_row row;
    itsm_audit_result result;
    unsigned char body[2048];
    cr_assert_eq(itsm_store_view_open(&view, desk.ctx, desk.store, NULL), ITSM_OK);
    cr_assert_eq(itsm_store_get(&row, desk.ctx, &view, ref), ITSM_OK);
    cr_assert(row.body.n <= sizeof body);
    memcpy(body, row.body.p, row.body.n);
    const itsm_bytes edited = {body, row.body.n};
    const uint64_t rev = row.rev;
    itsm_store_view_close(&view);
    for (size_t i = 0; i + 4 < edited.n; i++)
        if (!memcmp(body + i, "Dark", 4)) memcpy(body + i, "Dusk", 4);
    write_row(&desk, ref, rev, rev + 1, edited);
    cr_assert_eq(verified(&result, &desk), ITSM_E_CORRUPT);
    const itsm_issue *issue = itsm_ctx_issue(desk.ctx, 0);
    assert_text(issue->rule, "row");
    cr_expect(issue->where.n > 20 && !memcmp(issue->where.p, "incident INC0000001 ", 20), "%.*s",
              ITSM_ARG(issue->where));
    cr_expect_eq(result.bad, 1);
}

Test(sms_audit, a_record_that_no_entry_made_is_found)
{
    const itsm_ref stranger = {1, {7, 7}}, ref = started(&desk);
    itsm_audit_result result;
    itsm_view view = ITSM_VIEW_INIT;
    itsm_row row;
    unsigned char body[2048];
    cr_assert_eq(itsm_store_view_open(&view, desk.ctx, desk.store, NULL), ITSM_OK);
    cr_assert_eq(itsm_store_get(&row, desk.ctx, &view, ref), ITSM_OK);
    memcpy(body, row.body.p, row.body.n);
    const itsm_bytes bytes = {body, row.body.n};
    itsm_store_view_close(&view);
    write_row(&desk, stranger, ITSM_REV_NONE, 1, bytes);
    cr_assert_eq(verified(&result, &desk), ITSM_E_CORRUPT);
    assert_text(itsm_ctx_issue(desk.ctx, 0)->message, "no entry made it");
}

/* An entry, a history row and a record as versions before there were rows in entries wrote them; what the entry is. */
static itsm_ref write_old(struct desk *d, itsm_buf *log)
{
    const itsm_ref ref = {1, {1, 2}};
    itsm_ref history = {ITSM_ROW_HISTORY, {0, 0}};
    itsm_row_field fields[1];
    itsm__history_content content;
    itsm_audit_entry entry = ITSM_AUDIT_ENTRY_INIT;
    itsm_buf row = ITSM_BUF_INIT, body = ITSM_BUF_INIT;
    memset(&content, 0, sizeof content), memset(fields, 0, sizeof fields);
    fields[0].no = ITSM_FIELD_NUMBER, fields[0].value = itsm_value_text(ITSM_STR("INC9"));
    content.ref = entry.ref = ref, content.entry.action = entry.action = ITSM_AUDIT_CREATE;
    content.entry.who = entry.who = ITSM_STR("ann");
    cr_assert_eq(itsm_buf_add(&row, "0123456789abcdef", 16), ITSM_OK);
    cr_assert_eq(itsm__history_encode(&row, &content), ITSM_OK);
    const itsm_bytes hidden = {row.p + 16, row.n - 16};
    itsm_audit_commit(entry.commitment, (const uint8_t *)row.p, hidden);
    cr_assert_eq(itsm_audit_encode(log, &entry), ITSM_OK);
    cr_assert_eq(log->p[0], 1);
    cr_assert_eq(itsm__fields_encode(&body, fields, 1), ITSM_OK);
    itsm_op ops[2];
    itsm_batch batch = ITSM_BATCH_INIT;
    const itsm_bytes audit = {log->p, log->n};
    memset(ops, 0, sizeof ops);
    history.id = itsm__history_id(ref, 0);
    ops[0].kind = ops[1].kind = ITSM_PUT, ops[0].row.ref = ref, ops[1].row.ref = history;
    ops[0].row.rev = ops[1].row.rev = 1;
    ops[0].row.body.p = body.p, ops[0].row.body.n = body.n, ops[1].row.body.p = row.p, ops[1].row.body.n = row.n;
    batch.ops = ops, batch.nops = 2, batch.audit = &audit, batch.naudit = 1;
    cr_assert_eq(itsm_store_apply(NULL, d->ctx, d->store, &batch, NULL), ITSM_OK);
    itsm_buf_clear(&row), itsm_buf_clear(&body);
    return ref;
}

Test(sms_audit, an_old_trail_verifies_and_says_what_it_does_not_bind)
{
    itsm_buf log = ITSM_BUF_INIT;
    itsm_audit_result result;
    const itsm_ref ref = write_old(&desk, &log);
    const itsm_bytes other = {log.p, log.n};
    cr_assert_eq(verified(&result, &desk), ITSM_OK, "%.*s", ITSM_ARG(first_message(desk.ctx)));
    cr_expect(result.unbound == 1 && result.checked == 1 && result.rows == 0);
    started(&desk); /* and goes on with entries of today */
    cr_assert_eq(verified(&result, &desk), ITSM_OK, "%.*s", ITSM_ARG(first_message(desk.ctx)));
    cr_expect(result.unbound == 1 && result.rows >= 2);
    write_row(&desk, ref, 1, 2, other);
    cr_expect_eq(verified(&result, &desk), ITSM_E_CORRUPT, "it is newer than its last entry");
    itsm_buf_clear(&log);
}

Test(sms_audit, behind_entries_of_today_a_record_is_not_left_unnamed)
{
    itsm_buf log = ITSM_BUF_INIT;
    itsm_audit_result result;
    started(&desk);
    write_old(&desk, &log);
    cr_assert_eq(verified(&result, &desk), ITSM_E_CORRUPT);
    cr_expect_eq(result.bad, 1);
    assert_text(itsm_ctx_issue(desk.ctx, 0)->rule, "row");
    itsm_buf_clear(&log);
}

/* Personal values ---------------------------------------------------------------------------------------------------- */

static itsm_status find_reporter(void *user, const itsm_history *entry)
{
    for (size_t i = 0; i < entry->nbefore; i++)
        if (itsm_str_is(entry->before[i].value.u.s, "rita")) ++*(size_t *)user;
    return ITSM_OK;
}

Test(sms_audit, a_personal_value_has_a_commitment_of_its_own_and_stays_in_the_history)
{
    static const itsm_str personal[] = {{"incident.reporter", 17}};
    const itsm_named told[] = {TEXT("reporter", "rosa"), TEXT("title", "Darker")};
    const itsm_ref ref = started(&desk);
    itsm_audit_result result;
    itsm_buf kept = ITSM_BUF_INIT, value = ITSM_BUF_INIT;
    itsm_view view = ITSM_VIEW_INIT;
    itsm_row row;
    size_t found = 0;
    uint16_t number = 0;
    uint8_t said[ITSM_AUDIT_DIGEST], is[ITSM_AUDIT_DIGEST];
    restart(&desk, personal, 1, desk.sla);
    cr_assert_eq(itsm_sms_change(NULL, desk.sms, ref, ITSM_REV_ANY, told, COUNT(told), &desk.act), ITSM_OK);
    cr_assert_eq(itsm_sms_history(desk.sms, ref, find_reporter, &found), ITSM_OK);
    cr_expect_eq(found, (size_t)1);
    cr_assert_eq(verified(&result, &desk), ITSM_OK, "%.*s", ITSM_ARG(first_message(desk.ctx)));
    const itsm_audit_entry entry = entry_at(&desk, result.count - 1, &kept);
    cr_assert_eq(itsm_audit_field_count(&entry), (size_t)1);
    cr_assert_eq(itsm_audit_field(&number, said, &entry, 0), ITSM_OK);
    /* Shown to somebody: salt and value stand at the end of the history row. */
    itsm_value rita = itsm_value_text(ITSM_STR("rita"));
    rita.kind = ITSM_PARTY;
    const itsm_ref history = {ITSM_ROW_HISTORY, itsm__history_id(ref, entry.revision)};
    cr_assert_eq(itsm__value_encode(&value, &rita), ITSM_OK);
    cr_assert_eq(itsm_store_view_open(&view, desk.ctx, desk.store, NULL), ITSM_OK);
    cr_assert_eq(itsm_store_get(&row, desk.ctx, &view, history), ITSM_OK);
    const unsigned char *end = (const unsigned char *)row.body.p + row.body.n;
    const itsm_bytes shown = {value.p, value.n};
    cr_assert_arr_eq(end - value.n, value.p, value.n);
    itsm_audit_commit(is, end - value.n - 16, shown);
    cr_expect_arr_eq(is, said, sizeof is);
    /* Edited: found, though the commitment of the row does not cover it. */
    unsigned char body[1024];
    cr_assert(row.body.n <= sizeof body);
    memcpy(body, row.body.p, row.body.n);
    const itsm_bytes edited = {body, row.body.n};
    body[edited.n - 1] ^= 1;
    itsm_store_view_close(&view);
    write_row(&desk, history, 1, 2, edited);
    cr_expect_eq(verified(&result, &desk), ITSM_E_CORRUPT);
    itsm_buf_clear(&kept), itsm_buf_clear(&value);
}

Test(sms_audit, a_personal_field_must_be_one_of_the_model)
{
    static const itsm_str personal[] = {{"reporter", 8}, {"incident.shoe_size", 18}};
    itsm_sms_options options = ITSM_SMS_OPTIONS_INIT;
    itsm_sms *sms;
    options.personal = personal, options.npersonal = 2;
    cr_assert_eq(itsm_sms_new(&sms, desk.ctx, itsm_model_builtin(), desk.store, &options), ITSM_E_NOT_FOUND);
    assert_text(itsm_ctx_issue(desk.ctx, 0)->where, "incident.shoe_size");
}

/* How often a text stands in the files of a simulated file system. */
static size_t count_in_files(const struct sim *sim, const char *text)
{
    const size_t n = strlen(text);
    size_t found = 0;
    for (size_t i = 0; i < SIM_NAMES; i++) {
        if (!sim->names[i].path[0] || sim->names[i].node < 0) continue;
        const struct sim_bytes *now = &sim->nodes[sim->names[i].node].now;
        for (size_t at = 0; at + n <= now->n; at++) found += !memcmp(now->p + at, text, n);
    }
    return found;
}

Test(sms_audit, of_what_was_purged_no_byte_is_left_and_the_trail_still_verifies)
{
    static const itsm_str personal[] = {{"description", 11}, {"reporter", 8}};
    static struct sim sim;
    const itsm_named first[] = {TEXT("description", SECRET " one"), TEXT("reporter", SECRET)};
    const itsm_named second[] = {TEXT("description", "nothing"), TEXT("title", SECRET " in the title")};
    itsm_file_options how = ITSM_FILE_OPTIONS_INIT;
    struct counting own = COUNTING_INIT;
    struct desk d;
    itsm_audit_checkpoint again = ITSM_AUDIT_CHECKPOINT_INIT;
    itsm_audit_result before, after;
    itsm_buf kept = ITSM_BUF_INIT;
    itsm_store *store = NULL;
    sim_init(&sim);
    how.preallocate = 512;
    uint64_t seed = 1;
    const itsm_random random = {sizeof random, script_random, &seed};
    itsm_ctx_options options = ITSM_CTX_OPTIONS_INIT;
    itsm_ctx *ctx;
    options.random = &random;
    cr_assert_eq(itsm_ctx_new(&ctx, &options), ITSM_OK);
    cr_assert_eq(itsm_store_file(&store, ctx, &sim.io, ITSM_STR("d"), &how), ITSM_OK);
    desk_open(&d, &own, store);
    restart(&d, personal, COUNT(personal), NULL);
    const itsm_ref ref = started(&d);
    cr_assert_eq(itsm_sms_change(NULL, d.sms, ref, ITSM_REV_ANY, first, COUNT(first), &d.act), ITSM_OK);
    cr_assert_eq(itsm_sms_change(NULL, d.sms, ref, ITSM_REV_ANY, second, COUNT(second), &d.act), ITSM_OK);
    cancel(&d, ref);
    cr_assert_gt(count_in_files(&sim, SECRET), (size_t)2);
    cr_assert_eq(verified(&before, &d), ITSM_OK);
    cr_assert_eq(itsm_sms_purge(d.sms, ref, ITSM_REV_ANY, &d.act), ITSM_OK);
    cr_assert_eq(itsm_store_maintain(d.ctx, store, ITSM_MAINTAIN_COMPACT, NULL), ITSM_OK);
    cr_assert_eq(verified(&after, &d), ITSM_OK, "%.*s", ITSM_ARG(first_message(d.ctx)));
    cr_expect(after.count == before.count + 1 && after.purged == 1 && before.purged == 0);
    const itsm_audit_entry last = entry_at(&d, after.count - 1, &kept);
    cr_expect(last.action == ITSM_AUDIT_PURGE && last.ref.id.lo == ref.id.lo, "the trail says which record it was");
    cr_expect_eq(count_in_files(&sim, SECRET), (size_t)0);
    itsm_buf_clear(&kept);
    desk_close(&d);
    cr_assert_eq(itsm_store_file(&store, ctx, &sim.io, ITSM_STR("d"), &how), ITSM_OK);
    cr_assert_eq(itsm_audit_root(&again, ctx, store), ITSM_OK);
    cr_expect_arr_eq(again.root, after.root, sizeof after.root);
    cr_expect_eq(count_in_files(&sim, SECRET), (size_t)0);
    itsm_store_free(store);
    itsm_ctx_free(ctx);
    sim_clear(&sim);
    assert_nothing_outstanding(own);
}

/* A store that seals later ----------------------------------------------------------------------------------------- */

static uint64_t sealed, waiting_for; /* entries that have places; how many seal at a time at most */

static itsm_status late_view_open(void *self, const itsm_call *call, void **view)
{
    itsm_view *inner = calloc(1, sizeof *inner);
    itsm_status rc = itsm_store_view_open(inner, NULL, self, NULL);
    (void)call;
    if (rc) free(inner);
    else *view = inner;
    return rc;
}

static void late_view_close(void *self, void *view)
{
    (void)self;
    itsm_store_view_close(view);
    free(view);
}

static itsm_status late_get(void *self, const itsm_call *call, void *view, itsm_ref ref, itsm_row *row)
{
    (void)self, (void)call;
    return itsm_store_get(row, NULL, view, ref);
}

static itsm_status late_scan(void *self, const itsm_call *call, void *view, const itsm_range *range, void **cursor)
{
    itsm_cursor *inner = calloc(1, sizeof *inner);
    itsm_status rc = itsm_store_scan(inner, NULL, view, range);
    (void)self, (void)call;
    if (rc) free(inner);
    else *cursor = inner;
    return rc;
}

static itsm_status late_audit_scan(void *self, const itsm_call *call, void *view, uint64_t from, void **cursor)
{
    itsm_cursor *inner = calloc(1, sizeof *inner);
    itsm_status rc = itsm_store_audit_scan(inner, NULL, view, from);
    (void)self, (void)call;
    if (rc) free(inner);
    else *cursor = inner;
    return rc;
}

static itsm_status late_next(void *self, const itsm_call *call, void *cursor, itsm_row *row)
{
    const itsm_status rc = itsm_store_next(row, NULL, cursor);
    (void)self, (void)call;
    return rc == ITSM_OK && !row->ref.type && row->ref.id.lo >= sealed ? ITSM_DONE : rc;
}

static void late_cursor_close(void *self, void *cursor)
{
    (void)self;
    itsm_store_cursor_close(cursor);
    free(cursor);
}

static itsm_status late_apply(void *self, const itsm_call *call, const itsm_batch *batch, itsm_applied *applied)
{
    itsm_status rc = itsm_store_apply(applied, NULL, self, batch, NULL);
    (void)call;
    applied->audit_first = UINT64_MAX;
    return rc;
}

static itsm_status late_reserve(void *self, const itsm_call *call, const char *sequence, uint32_t n, uint64_t *first)
{
    (void)call;
    return itsm_store_reserve(first, NULL, self, sequence, n, NULL);
}

static void late_close(void *self)
{
    (void)self; /* the store behind is the test's */
}

static itsm_status late_seal(void *self, const itsm_call *call, uint32_t max, uint64_t *end)
{
    itsm_audit_checkpoint all = ITSM_AUDIT_CHECKPOINT_INIT;
    (void)call;
    const itsm_status rc = itsm_audit_root(&all, desk.ctx, self);
    const uint64_t most = max < waiting_for ? max : waiting_for;
    if (!rc) sealed = all.count - sealed > most ? sealed + most : all.count;
    *end = sealed;
    return rc;
}

Test(sms_audit, what_waits_to_be_sealed_is_sealed_first_and_else_counted_as_waiting)
{
    static const itsm_store_methods late = {sizeof late,
                                            ITSM_STORE_CONTRACT,
                                            0,
                                            ITSM_CAP_SNAPSHOT,
                                            "late",
                                            NULL,
                                            late_view_open,
                                            late_view_close,
                                            late_get,
                                            NULL,
                                            late_scan,
                                            late_audit_scan,
                                            late_next,
                                            late_cursor_close,
                                            late_apply,
                                            late_reserve,
                                            late_seal,
                                            NULL,
                                            NULL,
                                            NULL,
                                            late_close};
    itsm_audit_result result;
    itsm_store *inner = desk.store;
    itsm_sms_free(desk.sms), desk.sms = NULL;
    cr_assert_eq(itsm_store_new(&desk.store, desk.ctx, &late, inner), ITSM_OK);
    restart(&desk, NULL, 0, desk.sla);
    started(&desk);
    waiting_for = 1;
    cr_assert_eq(verified(&result, &desk), ITSM_OK, "%.*s", ITSM_ARG(first_message(desk.ctx)));
    cr_expect(result.count == 3 && result.waiting == 0 && result.rows == 3, "one after the other, until none waits");
    waiting_for = 0, sealed = 2;
    cr_assert_eq(verified(&result, &desk), ITSM_OK, "%.*s", ITSM_ARG(first_message(desk.ctx)));
    cr_expect(result.count == 2 && result.waiting > 0);
    itsm_sms_free(desk.sms), desk.sms = NULL;
    itsm_store_free(desk.store);
    desk.store = inner;
}

/* Failures ------------------------------------------------------------------------------------------------------------ */

Test(sms_audit, verifying_without_memory_says_so_and_leaves_nothing_behind)
{
    static const itsm_str personal[] = {{"reporter", 8}};
    const itsm_named told[] = {TEXT("reporter", "rosa")};
    const itsm_ref ref = started(&desk);
    itsm_audit_result result;
    restart(&desk, personal, 1, desk.sla);
    cr_assert_eq(itsm_sms_change(NULL, desk.sms, ref, ITSM_REV_ANY, told, 1, &desk.act), ITSM_OK);
    for (size_t n = 1;; n++) {
        counting_fail(&counting, n);
        const itsm_status rc = verified(&result, &desk);
        if (!counting_stop(&counting)) {
            cr_assert_eq(rc, ITSM_OK);
            cr_assert_gt(n, (size_t)5);
            break;
        }
        cr_assert(rc == ITSM_E_NOMEM || rc == ITSM_OK, "%zu: %d", n, rc);
    }
    cr_assert_eq(verified(&result, &desk), ITSM_OK);
}

Test(sms_audit, an_sms_with_personal_fields_needs_memory_and_says_so)
{
    static const itsm_str personal[] = {{"reporter", 8}, {"description", 11}};
    const itsm_named told[] = {TEXT("reporter", "rosa")};
    const itsm_ref ref = started(&desk);
    itsm_audit_result result;
    restart(&desk, personal, 2, desk.sla);
    for (size_t n = 1;; n++) {
        counting_fail(&counting, n);
        const itsm_status rc = itsm_sms_change(NULL, desk.sms, ref, ITSM_REV_ANY, told, 1, &desk.act);
        const int failed = counting_stop(&counting);
        cr_assert(rc == ITSM_OK || rc == ITSM_E_NOMEM, "%zu: %d", n, rc);
        if (rc == ITSM_OK) break;
        cr_assert(failed);
    }
    cr_assert_eq(verified(&result, &desk), ITSM_OK);
    cr_assert_eq(result.count, 4);
}
