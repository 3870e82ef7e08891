/* SPDX-License-Identifier: MIT */
/*
 * The end of a unit of work: everything it did becomes one batch, written or not written as a whole.
 *
 * The operations are the changed records, a check of each record a guard judged by, their clocks, links, history and
 * notices, besides the audit entries.  Putting them together is linear in what was changed, with one read for each link;
 * nothing of the work is touched until the store has said OK, so a commit that failed may be made again.  The view is
 * closed before; a work that goes on after a failed commit reads the state of then, and its expectations still decide.
 */
#include "sms/internal.h"

#include "record/index.h"
#include "record/key.h"

#define SENDS_MAX 5 /* times one commit sends its batch */

/*
 * A batch being put together.  Bodies and keys of clocks and links stand in one buffer that grows, so their places are
 * kept as offsets until nothing more is added to it; keys of records and bodies in the work's own bytes stay put.
 */
typedef struct itsm__batch batch;

#define NOWHERE SIZE_MAX

static itsm_op *add_op(batch *b, uint32_t kind, itsm_ref ref, uint64_t expect)
{
    const itsm__memory *memory = &b->work->memory;
    if (itsm__grow(memory, &b->ops, &b->op_capacity, b->nops + 1, sizeof *b->ops) ||
        itsm__grow(memory, &b->body_at, &b->body_capacity, b->nops + 1, sizeof *b->body_at) ||
        itsm__grow(memory, &b->keys_at, &b->keys_capacity, b->nops + 1, sizeof *b->keys_at))
        return NULL;
    itsm_op *op = &b->ops[b->nops];
    memset(op, 0, sizeof *op);
    op->kind = kind, op->expect = expect, op->row.ref = ref;
    b->body_at[b->nops] = b->keys_at[b->nops] = NOWHERE;
    b->nops++;
    return op;
}

/* Room for the keys of the op added last, whose bytes will follow in the buffer. */
static itsm_index_key *add_keys(batch *b, size_t n)
{
    itsm_op *op = &b->ops[b->nops - 1];
    itsm_index_key *keys = itsm__arena_alloc(&b->work->arena, n * sizeof *keys);
    if (!keys) return NULL;
    memset(keys, 0, n * sizeof *keys);
    op->keys = keys, op->nkeys = n;
    b->keys_at[b->nops - 1] = b->bytes.n;
    return keys;
}

/* One more key for the op added last: when a timer may move the record. */
static itsm_status put_timer(const batch *b, itsm_op *op, itsm_time at)
{
    itsm_buf text = ITSM_BUF_INIT;
    itsm_str copy;
    if (at == ITSM_TIME_NONE) return ITSM_OK;
    itsm_buf_init(&text, b->work->ctx);
    itsm_index_key *keys = itsm__arena_alloc(&b->work->arena, (op->nkeys + 1) * sizeof *keys);
    itsm_status rc = keys ? itsm__key_number(&text, at) : ITSM_E_NOMEM;
    if (!rc) rc = itsm__arena_copy(&copy, &b->work->arena, itsm_buf_str(&text));
    itsm_buf_clear(&text);
    if (rc) return rc;
    if (op->nkeys) memcpy(keys, op->keys, op->nkeys * sizeof *keys);
    memset(&keys[op->nkeys], 0, sizeof *keys);
    keys[op->nkeys].index = ITSM__INDEX_NEXT_AT;
    keys[op->nkeys].key.p = copy.p, keys[op->nkeys].key.n = copy.n;
    op->keys = keys, op->nkeys++;
    return ITSM_OK;
}

/*
 * Beside a record that others may write: what it is now, with the same bytes.  If others wrote it since it was seen, their
 * change would pass for what it was before: that is observed first.
 */
static itsm_status put_seen(batch *b, const itsm__draft *draft, size_t at, size_t n)
{
    const itsm_ref seen = itsm__seen_ref(itsm_record_ref(draft->record));
    itsm_work *work = b->work;
    itsm_row row;
    itsm_status rc = ITSM_NOTHING;
    if (!work->observing && draft->expect != ITSM_REV_NONE)
        rc = itsm_store_get(&row, itsm__quiet(work), &work->view, seen);
    if (rc < 0) return itsm__relay(work, rc);
    if (rc == ITSM_OK && row.rev != draft->expect)
        return itsm__issue(work->ctx, ITSM_E_CONFLICT, itsm__no_text(), itsm__no_text(), itsm__no_text(),
                           "others have changed the record: that has to be observed before");
    itsm_op *op = add_op(b, ITSM_PUT, seen, ITSM_REV_ANY);
    if (!op) return ITSM_E_NOMEM;
    op->row.rev = draft->revision, op->row.body.n = n, b->body_at[b->nops - 1] = at;
    return ITSM_OK;
}

static itsm_status put_record(batch *b, itsm__draft *draft)
{
    itsm_index_key *keys;
    itsm_op *op = add_op(b, ITSM_PUT, itsm_record_ref(draft->record), draft->expect);
    if (!op) return ITSM_E_NOMEM;
    size_t at = b->bytes.n;
    itsm_status rc = itsm_record_encode(&b->bytes, draft->record);
    if (!rc) rc = itsm__rows_name(b, draft->entry, ITSM__ALL_BYTES);
    op->row.rev = draft->revision, op->row.body.n = b->bytes.n - at;
    op->row.fields = itsm_record_fields(draft->record), op->row.nfields = itsm_record_count(draft->record);
    b->body_at[b->nops - 1] = at;
    if (!rc) rc = itsm__record_keys(&keys, &op->nkeys, draft->record, &b->work->arena, &b->scratch);
    if (!rc) op->keys = keys;
    if (!rc) rc = put_timer(b, op, itsm__timer_at(b->work, draft));
    return !rc && itsm__is_foreign(b->work->sms) ? put_seen(b, draft, at, op->row.body.n) : rc;
}

static itsm_status put_clock(batch *b, itsm__draft *draft, itsm__clock_draft *clock)
{
    const int is_new = clock->expect == ITSM_REV_NONE;
    const itsm_ref row = {ITSM_ROW_CLOCK,
                          is_new ? itsm__clock_id(itsm_record_ref(draft->record), clock->kind) : clock->id};
    itsm_op *op = add_op(b, ITSM_PUT, row, clock->expect);
    if (!op) return ITSM_E_NOMEM;
    clock->about = itsm_record_ref(draft->record);
    itsm_status rc = itsm__clock_arm(clock, b->work->sms);
    size_t at = b->bytes.n;
    if (!rc) rc = itsm__clock_encode(&b->bytes, clock);
    if (!rc) rc = itsm__rows_name(b, draft->entry, clock->committed);
    op->row.rev = clock->expect + 1, op->row.body.n = b->bytes.n - at;
    b->body_at[b->nops - 1] = at;
    if (rc || clock->alarms.next == ITSM_TIME_NONE) return rc;
    itsm_index_key *key = add_keys(b, 1);
    if (!key) return ITSM_E_NOMEM;
    at = b->bytes.n;
    rc = itsm__clock_key(&b->bytes, clock);
    key->index = ITSM__INDEX_ALARM, key->key.n = b->bytes.n - at;
    return rc;
}

static itsm_status put_drafts(batch *b)
{
    itsm_work *work = b->work;
    itsm_status rc = ITSM_OK;
    for (size_t i = 0; i < work->ndrafts && !rc; i++) {
        itsm__draft *draft = work->drafts[i];
        if (draft->changed) rc = put_record(b, draft);
        else if (draft->checked && !add_op(b, ITSM_CHECK, itsm_record_ref(draft->record), draft->expect))
            rc = ITSM_E_NOMEM;
        for (size_t k = 0; k < ITSM__CLOCKS_MAX && !rc; k++)
            if (draft->clocks[k].dirty) rc = put_clock(b, draft, &draft->clocks[k]);
    }
    return rc;
}

/* The two keys of a link, one for each end.  A link that was taken away before left its revision behind. */
static itsm_status put_link(batch *b, itsm_op *op, const itsm__link_change *change, uint64_t old)
{
    size_t at = b->bytes.n, ends[2];
    itsm_status rc = itsm__link_body(&b->bytes, change);
    op->row.rev = old + 1, op->row.body.n = b->bytes.n - at, b->body_at[b->nops - 1] = at;
    itsm_index_key *keys = add_keys(b, 2);
    if (!keys) return ITSM_E_NOMEM;
    at = b->bytes.n;
    if (!rc) rc = itsm__link_keys(&b->bytes, b->work, change, ends);
    for (uint32_t k = 0; k < 2 && !rc; k++) {
        keys[k].index = k + 1, keys[k].unique = 1;
        keys[k].key.n = ends[k] - (k ? ends[0] : at);
    }
    return rc;
}

static itsm_status put_links(batch *b)
{
    itsm_work *work = b->work;
    for (size_t i = 0; i < work->nlinks; i++) {
        const itsm__link_change *change = &work->links[i];
        itsm_ref ref = {ITSM_ROW_LINK, itsm__link_id(change)};
        itsm_row old;
        itsm_status rc = itsm_store_get(&old, work->ctx, &work->view, ref);
        if (rc < 0) return rc;
        if (change->added == (rc == ITSM_OK)) continue; /* made and taken away again, or the other way round */
        itsm_op *op = add_op(b, change->added ? ITSM_PUT : ITSM_DEL, ref, rc == ITSM_OK ? old.rev : ITSM_REV_NONE);
        if (!op || itsm__rows_name(b, change->entry, ITSM__ALL_BYTES)) return ITSM_E_NOMEM;
        if (change->added && (rc = put_link(b, op, change, old.rev))) return rc;
    }
    return ITSM_OK;
}

/* New rows whose bodies stand in the work's bytes. */
static itsm_status put_pieces(batch *b, const itsm__pieces *pieces)
{
    const itsm_work *work = b->work;
    for (size_t i = 0; i < pieces->n; i++) {
        const itsm__piece *piece = &pieces->items[i];
        itsm_op *op = add_op(b, ITSM_PUT, piece->ref, ITSM_REV_NONE);
        if (!op) return ITSM_E_NOMEM;
        op->row.rev = 1, op->row.body.p = work->bytes.p + piece->offset, op->row.body.n = piece->n;
    }
    return ITSM_OK;
}

/* The schedule row, if this work judged by it or changed it. */
static itsm_status put_schedule(batch *b)
{
    const itsm__schedule *s = &b->work->schedule;
    const itsm_ref unused = {0, {0, 0}};
    if (!s->dirty && !s->checked) return ITSM_OK;
    itsm_op *op = add_op(b, ITSM_CHECK, unused, ITSM_REV_NONE);
    if (!op) return ITSM_E_NOMEM;
    if (s->dirty) b->body_at[b->nops - 1] = b->bytes.n;
    return itsm__schedule_op(op, &b->bytes, b->work);
}

static itsm_status put_deletions(batch *b)
{
    const itsm_work *work = b->work;
    for (size_t i = 0; i < work->ndeletions; i++) {
        const itsm__deletion *d = &work->deletions[i];
        const uint32_t kind = d->expect == ITSM_REV_NONE ? ITSM_CHECK : ITSM_DEL; /* others have deleted it */
        if (!add_op(b, kind, d->ref, d->expect)) return ITSM_E_NOMEM;
        if (d->ref.type == ITSM_ROW_HISTORY) continue; /* what an entry says of it goes with it */
        if (itsm__rows_name(b, work->audit.n - 1, ITSM__ALL_BYTES)) return ITSM_E_NOMEM;
    }
    return ITSM_OK;
}

/* Now that nothing moves any more, turn offsets into pointers. */
static void fix_places(batch *b)
{
    for (size_t i = 0; i < b->nops; i++) {
        itsm_op *op = &b->ops[i];
        if (b->body_at[i] != NOWHERE) op->row.body.p = b->bytes.p + b->body_at[i];
        if (b->keys_at[i] == NOWHERE) continue;
        itsm_index_key *keys = (itsm_index_key *)(uintptr_t)op->keys; /* made by add_keys() */
        const char *p = b->bytes.p + b->keys_at[i];
        for (size_t k = 0; k < op->nkeys; k++) keys[k].key.p = p, p += keys[k].key.n;
    }
}

/* Could this row be what the operation wrote?  A record may have moved on since; history rows never do. */
static int is_written(const itsm_op *op, const itsm_row *row)
{
    if (op->row.ref.type != ITSM_ROW_HISTORY && row->rev > op->row.rev) return 1;
    if (row->rev != op->row.rev) return 0;
    if (!row->body.n) return 1; /* a backend with columns: the history tells */
    return row->body.n == op->row.body.n && !memcmp(row->body.p, op->row.body.p, row->body.n);
}

/*
 * Is all of a batch in the store?  Then an answer that was lost said OK.  History rows have the transaction number; with
 * a key two hosts can come to the same one, so the records are compared too.
 */
static itsm_status was_applied(int *out, batch *b)
{
    itsm_work *work = b->work;
    itsm_view view = ITSM_VIEW_INIT;
    itsm_call call = ITSM_CALL_INIT;
    call.host_txn = work->act.host_txn;
    itsm_status rc = itsm_store_view_open(&view, work->ctx, work->sms->store, &call);
    *out = 1;
    for (size_t i = 0; i < b->nops && *out && !rc; i++) {
        const itsm_op *op = &b->ops[i];
        itsm_row row;
        if (op->kind != ITSM_PUT || op->row.ref.type == ITSM_ROW_LINK || op->row.ref.type == ITSM_ROW_NOTICE) continue;
        rc = itsm_store_get(&row, work->ctx, &view, op->row.ref);
        *out = rc == ITSM_OK && is_written(op, &row);
    }
    itsm_store_view_close(&view);
    return rc == ITSM_NOTHING ? ITSM_OK : rc;
}

/*
 * Every batch has an expectation, so one that is sent again cannot be applied twice.  RETRY and UNKNOWN are answered by
 * sending again a few times; CONFLICT after UNKNOWN may mean that the first was applied, which its rows tell.
 */
static itsm_status send(batch *b)
{
    itsm_work *work = b->work;
    itsm_bytes *audit = itsm__arena_alloc(&work->arena, work->audit.n * sizeof *audit);
    if (!audit) return ITSM_E_NOMEM;
    itsm_status rc = itsm__rows_entries(audit, b);
    if (rc) return rc;
    itsm_batch sent = ITSM_BATCH_INIT;
    itsm_call call = ITSM_CALL_INIT;
    sent.ops = b->ops, sent.nops = b->nops, sent.audit = audit, sent.naudit = work->audit.n;
    call.host_txn = work->act.host_txn;
    itsm_store_view_close(&work->view); /* nothing more is read, and a store without readers can write in place */
    rc = ITSM_E_RETRY;
    for (size_t i = 0; i < SENDS_MAX && (rc == ITSM_E_RETRY || rc == ITSM_E_UNKNOWN); i++) {
        itsm_applied applied = ITSM_APPLIED_INIT;
        rc = itsm_store_apply(&applied, work->ctx, work->sms->store, &sent, &call);
        if (rc == ITSM_E_UNKNOWN) work->unsure = 1;
    }
    if (rc != ITSM_E_CONFLICT || !work->unsure) return rc;
    int done = 0;
    if (was_applied(&done, b)) return ITSM_E_UNKNOWN; /* it still may have been */
    work->unsure = 0;
    if (!done)
        return itsm__issue(work->ctx, ITSM_E_CONFLICT, itsm__no_text(), itsm__no_text(), itsm__no_text(),
                           "something this work read has changed");
    itsm__issues_clear(work->ctx);
    return ITSM_OK;
}

static itsm_status write_batch(itsm_work *work)
{
    batch *b = &work->batch;
    b->work = work, b->nops = b->nrows = 0, b->bytes.n = 0;
    itsm_status rc = itsm__work_ready(work);
    if (!rc) rc = put_drafts(b);
    if (!rc) rc = put_links(b);
    if (!rc) rc = put_schedule(b);
    if (!rc) rc = put_deletions(b);
    if (!rc) rc = put_pieces(b, &work->history);
    if (!rc) rc = put_pieces(b, &work->notices);
    if (!rc) fix_places(b), rc = send(b);
    return rc;
}

/* What the host is told: texts that outlive the drafts. */
static itsm_status fill_outcome(itsm_outcome *out, itsm_work *work)
{
    itsm__draft *draft;
    itsm_sms *sms = work->sms;
    itsm_status rc = itsm__work_find(&draft, work, work->last);
    if (rc) return rc;
    const itsm_value *number = itsm__record_at(draft->record, ITSM_FIELD_NUMBER);
    const itsm_value *state = itsm__record_at(draft->record, itsm_record_type(draft->record)->machines[0].number);
    itsm__arena_reset(&sms->arena);
    out->ref = work->last, out->revision = draft->revision;
    if (number && (rc = itsm__arena_copy(&out->number, &sms->arena, number->u.s))) return rc;
    if (state && (rc = itsm__arena_copy(&out->state, &sms->arena, state->u.s))) return rc;
    itsm_notice *notices = itsm__arena_alloc(&sms->arena, work->nnotices * sizeof *notices);
    if (!notices) return ITSM_E_NOMEM;
    for (size_t i = 0; i < work->nnotices && !rc; i++) {
        notices[i] = work->notice[i];
        rc = itsm__arena_copy(&notices[i].to, &sms->arena, work->notice[i].to);
        if (!rc) rc = itsm__arena_copy(&notices[i].event, &sms->arena, work->notice[i].event);
    }
    out->notices = notices, out->nnotices = work->nnotices;
    return rc;
}

itsm_status itsm_work_commit(itsm_outcome *out, itsm_work *work)
{
    itsm_outcome outcome = ITSM_OUTCOME_INIT;
    if (!work || (out && out->size < sizeof out->size)) return ITSM_E_MISUSE;
    itsm__issues_clear(work->ctx);
    if (!work->audit.n && !work->schedule.dirty) return itsm__work_empty(work), ITSM_NOTHING;
    itsm_status rc = out ? fill_outcome(&outcome, work) : ITSM_OK;
    if (!rc) rc = write_batch(work);
    if (rc) return rc;
    if (out) {
        outcome.size = out->size;
        memcpy(out, &outcome, out->size < sizeof outcome ? out->size : sizeof outcome);
    }
    itsm__work_empty(work);
    return ITSM_OK;
}
