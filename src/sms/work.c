/* SPDX-License-Identifier: MIT */
/*
 * A unit of work: drafts of records, what operations do to them, and the one batch they end in.
 *
 * itsm__work_find() reads a record into a draft, once.  An operation calls itsm__work_touch() before it changes a
 * draft and ends with itsm__work_settle() or itsm__work_undo().  itsm_work_commit() writes everything and leaves the
 * work empty, with its memory kept for the next.  A draft costs one record object; objects are used again, so a load
 * of a million records allocates no more than its largest batch.
 *
 * Running out of memory while settling leaves drafts and history apart: the work is spoiled then and can only be
 * freed.  Nothing of it was written.
 */
#include "sms/internal.h"

#include "base/bits.h"
#include "base/hash.h"
#include "base/text.h"
#include "record/index.h"
#include "record/key.h"

#define DRAFTS_KEPT 4096 /* objects kept for the next batch */

static itsm_str none(void)
{
    return itsm_str_c(NULL);
}

itsm_time itsm__work_effective(const itsm_work *work)
{
    return work->act.effective ? work->act.effective : work->act.now;
}

itsm_time itsm__work_recorded(const itsm_work *work, itsm_time effective)
{
    return work->act.now == ITSM_TIME_NONE ? effective : work->act.now;
}

itsm_status itsm__refuse(itsm_work *work, itsm_str where, const char *rule, itsm_str detail, itsm_str clause,
                         const char *message)
{
    itsm_buf text = ITSM_BUF_INIT;
    itsm_buf_init(&text, work->ctx);
    itsm_status rc = itsm__format(&text, "%s%S", rule, detail);
    rc = itsm__issue(work->ctx, ITSM_E_REFUSED, where, rc ? none() : itsm_buf_str(&text), clause, message, where);
    itsm_buf_clear(&text);
    return rc;
}

/* Opening and closing ----------------------------------------------------------------------------------------------- */

static itsm_status copy_act(itsm_work *work, const itsm_act *act)
{
    memcpy(&work->act, act, act->size < sizeof work->act ? act->size : sizeof work->act);
    work->act.size = sizeof work->act;
    itsm_str *roles = itsm__arena_alloc(&work->texts, act->nroles * sizeof *roles);
    itsm_status rc = roles ? itsm__arena_copy(&work->act.who, &work->texts, act->who) : ITSM_E_NOMEM;
    for (size_t i = 0; i < act->nroles && !rc; i++) rc = itsm__arena_copy(&roles[i], &work->texts, act->roles[i]);
    if (!rc) rc = itsm__arena_copy(&work->act.reason, &work->texts, work->act.reason);
    work->act.roles = roles;
    return rc;
}

itsm_status itsm_work_new(itsm_work **out, itsm_sms *sms, const itsm_act *act)
{
    if (!out) return ITSM_E_MISUSE;
    *out = NULL;
    if (!sms || !act || act->size == 0 || (act->nroles && !act->roles)) return ITSM_E_MISUSE;
    itsm__issues_clear(sms->ctx);
    if (sms->open)
        return itsm__issue(sms->ctx, ITSM_E_MISUSE, none(), none(), none(), "another work of this system is open");
    itsm_work *work = itsm__alloc_zero(&sms->memory, sizeof *work);
    if (!work) return ITSM_E_NOMEM;
    work->sms = sms, work->ctx = sms->ctx, work->memory = sms->memory;
    itsm__arena_init(&work->texts, &work->memory);
    itsm__arena_init(&work->arena, &work->memory);
    itsm__map_init(&work->by_ref, &work->memory);
    itsm_buf_init(&work->bytes, work->ctx);
    sms->open = work;
    itsm_status rc = copy_act(work, act);
    if (rc) itsm_work_free(work), work = NULL;
    *out = work;
    return rc;
}

static void free_draft(itsm_work *work, itsm__draft *draft)
{
    itsm_record_free(draft->record);
    for (size_t i = 0; i < ITSM__CLOCKS_MAX; i++) itsm__clock_clear(&work->memory, &draft->clocks[i]);
    itsm__free(&work->memory, draft, sizeof *draft);
}

/* Forget what was done, keeping the objects for the next batch. */
static void empty(itsm_work *work)
{
    while (work->made_drafts > DRAFTS_KEPT) free_draft(work, work->drafts[--work->made_drafts]);
    itsm_store_view_close(&work->view);
    itsm__map_reset(&work->by_ref);
    itsm__arena_reset(&work->arena);
    work->ndrafts = work->ntouches = work->nlinks = work->history.n = work->audit.n = work->notices.n = 0;
    work->bytes.n = work->nnotices = 0;
    work->has_txid = 0;
}

void itsm_work_free(itsm_work *work)
{
    if (!work) return;
    const itsm__memory *memory = &work->memory;
    empty(work);
    while (work->made_drafts) free_draft(work, work->drafts[--work->made_drafts]);
    for (size_t i = 0; i < work->made_touches; i++) itsm_record_free(work->touches[i].before);
    itsm__free(memory, work->drafts, work->draft_capacity * sizeof *work->drafts);
    itsm__free(memory, work->touches, work->touch_capacity * sizeof *work->touches);
    itsm__free(memory, work->links, work->link_capacity * sizeof *work->links);
    itsm__free(memory, work->history.items, work->history.capacity * sizeof *work->history.items);
    itsm__free(memory, work->audit.items, work->audit.capacity * sizeof *work->audit.items);
    itsm__free(memory, work->notices.items, work->notices.capacity * sizeof *work->notices.items);
    itsm__free(memory, work->notice, work->notice_capacity * sizeof *work->notice);
    itsm__free(memory, work->deviations, work->deviation_capacity * sizeof *work->deviations);
    itsm_buf_clear(&work->bytes);
    itsm__map_clear(&work->by_ref);
    itsm__arena_clear(&work->arena);
    itsm__arena_clear(&work->texts);
    work->sms->open = NULL;
    itsm__memory last = *memory;
    itsm__free(&last, work, sizeof *work);
}

itsm_status itsm__work_ready(itsm_work *work)
{
    if (work->spoiled) return work->spoiled;
    itsm_call call = ITSM_CALL_INIT;
    call.host_txn = work->act.host_txn;
    return work->view.store ? ITSM_OK : itsm_store_view_open(&work->view, work->ctx, work->sms->store, &call);
}

/* Drafts ------------------------------------------------------------------------------------------------------------ */

static void ref_bytes(unsigned char out[20], itsm_ref ref)
{
    itsm__put_be32(out, ref.type), itsm__put_be64(out + 4, ref.id.hi), itsm__put_be64(out + 12, ref.id.lo);
}

/* An object that is not in use, made if there is none left. */
static itsm_status spare_draft(itsm__draft **out, itsm_work *work, const itsm_type_def *type, itsm_ref ref)
{
    itsm__draft *draft;
    itsm_status rc;
    if (work->ndrafts == work->made_drafts) {
        rc = itsm__grow(&work->memory, &work->drafts, &work->draft_capacity, work->made_drafts + 1, sizeof *work->drafts);
        if (rc) return rc;
        if (!(draft = itsm__alloc_zero(&work->memory, sizeof *draft))) return ITSM_E_NOMEM;
        if ((rc = itsm_record_new(&draft->record, work->ctx, work->sms->model, type, ref))) {
            itsm__free(&work->memory, draft, sizeof *draft);
            return rc;
        }
        work->drafts[work->made_drafts++] = draft;
    }
    draft = work->drafts[work->ndrafts];
    if ((rc = itsm__record_reset(draft->record, type, ref))) return rc;
    draft->expect = draft->revision = ITSM_REV_NONE;
    draft->changed = draft->checked = draft->clocks_loaded = draft->touched = 0;
    itsm__clocks_reset(draft);
    *out = draft;
    return ITSM_OK;
}

/* Enter the spare object under its ref. */
static itsm_status keep_draft(itsm_work *work, itsm_ref ref)
{
    unsigned char key[20];
    ref_bytes(key, ref);
    uint64_t *place = itsm__map_put(&work->by_ref, key, sizeof key, NULL);
    if (!place) return ITSM_E_NOMEM;
    *place = ++work->ndrafts; /* 0 would be a removed draft */
    return ITSM_OK;
}

itsm_status itsm__work_add(itsm__draft **out, itsm_work *work, const itsm_type_def *type, itsm_ref ref)
{
    itsm_status rc = spare_draft(out, work, type, ref);
    if (!rc) (*out)->clocks_loaded = 1;
    return rc ? rc : keep_draft(work, ref);
}

itsm_status itsm__work_find(itsm__draft **out, itsm_work *work, itsm_ref ref)
{
    unsigned char key[20];
    ref_bytes(key, ref);
    uint64_t *place = itsm__map_find(&work->by_ref, key, sizeof key);
    if (place) return *place ? (*out = work->drafts[*place - 1], ITSM_OK) : ITSM_NOTHING;
    itsm_row row;
    const itsm_type_def *type = itsm_model_type_number(work->sms->model, ref.type);
    if (!type) return ITSM_NOTHING;
    itsm_status rc = itsm_store_get(&row, work->ctx, &work->view, ref);
    if (rc) return rc;
    if ((rc = spare_draft(out, work, type, ref)) || (rc = itsm__record_read((*out)->record, work->ctx, &row))) return rc;
    (*out)->expect = (*out)->revision = row.rev;
    return keep_draft(work, ref);
}

itsm_status itsm_work_get(const itsm_record **out, itsm_work *work, itsm_ref ref)
{
    itsm__draft *draft;
    if (!out) return ITSM_E_MISUSE;
    *out = NULL;
    if (!work) return ITSM_E_MISUSE;
    itsm__issues_clear(work->ctx);
    itsm_status rc = itsm__work_ready(work);
    if (!rc) rc = itsm__work_find(&draft, work, ref);
    if (rc == ITSM_NOTHING)
        return itsm__issue(work->ctx, ITSM_E_NOT_FOUND, none(), none(), none(), "there is no such record");
    if (!rc) *out = draft->record;
    return rc;
}

itsm_status itsm__work_touch(itsm__touch **out, itsm_work *work, itsm__draft *draft, uint32_t action, itsm_str event)
{
    for (size_t i = 0; draft->touched && i < work->ntouches; i++)
        if (work->touches[i].draft == draft) return *out = &work->touches[i], ITSM_OK;
    itsm_status rc =
        itsm__grow(&work->memory, &work->touches, &work->touch_capacity, work->ntouches + 1, sizeof *work->touches);
    if (rc) return rc;
    itsm__touch *touch = &work->touches[work->ntouches];
    if (work->ntouches == work->made_touches) {
        memset(touch, 0, sizeof *touch);
        if ((rc = itsm_record_copy(&touch->before, work->ctx, draft->record))) return rc;
        work->made_touches++;
    } else if ((rc = itsm__record_assign(touch->before, draft->record))) {
        return rc;
    }
    touch->draft = draft, touch->revision = draft->revision, touch->changed = draft->changed;
    touch->created = 0, touch->action = action, touch->event = event;
    work->ntouches++;
    draft->touched = 1;
    *out = touch;
    return ITSM_OK;
}

/* Forget a draft that this work made and that did not come to be. */
static void drop_draft(itsm_work *work, itsm__draft *draft)
{
    unsigned char key[20];
    ref_bytes(key, itsm_record_ref(draft->record));
    uint64_t *place = itsm__map_find(&work->by_ref, key, sizeof key);
    if (place) *place = 0;
}

void itsm__work_undo(itsm_work *work)
{
    for (size_t i = work->ntouches; i-- > 0;) {
        itsm__touch *touch = &work->touches[i];
        itsm__draft *draft = touch->draft;
        draft->touched = 0, draft->changed = touch->changed, draft->revision = touch->revision;
        if (touch->created) drop_draft(work, draft);
        else if (itsm__record_assign(draft->record, touch->before)) work->spoiled = ITSM_E_NOMEM;
    }
    work->ntouches = 0;
}

/* Settling ---------------------------------------------------------------------------------------------------------- */

itsm_status itsm__work_new_id(itsm_id *out, itsm_work *work, const char *purpose, itsm_bytes content)
{
    const itsm_sms *sms = work->sms;
    unsigned char random[16];
    if (!sms->key.n) {
        itsm_status rc = itsm__ctx_random(work->ctx, random, sizeof random);
        if (rc) return rc;
        out->hi = itsm__be64(random), out->lo = itsm__be64(random + 8);
        return ITSM_OK;
    }
    unsigned char digest[32];
    itsm__sha256 hasher;
    itsm__sha256_init(&hasher);
    itsm__sha256_add(&hasher, purpose, strlen(purpose) + 1);
    itsm__sha256_add(&hasher, sms->key.p, sms->key.n);
    itsm__sha256_add(&hasher, content.p, content.n);
    itsm__sha256_end(&hasher, digest);
    out->hi = itsm__be64(digest), out->lo = itsm__be64(digest + 8);
    return ITSM_OK;
}

/* Fields the history need not keep: they follow from its other entries. */
static int kept_elsewhere(uint16_t number)
{
    return number == ITSM_FIELD_UPDATED_AT || number == ITSM_FIELD_UPDATED_BY || number == ITSM__FIELD_OBSERVED ||
           number == ITSM__FIELD_OBSERVED_CHECK;
}

/* The fields that differ, with their values before: two sorted lists side by side. */
static itsm_status differences(itsm_history *entry, itsm_work *work, const itsm_record *before, const itsm_record *after)
{
    const itsm_row_field *a = itsm_record_fields(before), *b = itsm_record_fields(after);
    const itsm_row_field *a_end = a + itsm_record_count(before), *b_end = b + itsm_record_count(after);
    itsm_row_field *out = itsm__arena_alloc(&work->arena, (size_t)((a_end - a) + (b_end - b)) * sizeof *out);
    if (!out) return ITSM_E_NOMEM;
    entry->before = out, entry->nbefore = 0;
    while (a < a_end || b < b_end) {
        const itsm_row_field *from = a < a_end && (b == b_end || a->no <= b->no) ? a : NULL;
        const itsm_row_field *to = b < b_end && (a == a_end || b->no <= a->no) ? b : NULL;
        uint16_t number = from ? from->no : to->no;
        if (!kept_elsewhere(number) && !(from && to && itsm_value_eq(&from->value, &to->value))) {
            itsm_row_field *field = &out[entry->nbefore++];
            memset(field, 0, sizeof *field);
            field->no = number;
            if (from) field->value = from->value;
        }
        a += from != NULL, b += to != NULL;
    }
    return ITSM_OK;
}

static itsm__piece *add_piece(itsm_work *work, itsm__pieces *pieces)
{
    if (itsm__grow(&work->memory, &pieces->items, &pieces->capacity, pieces->n + 1, sizeof *pieces->items)) return NULL;
    itsm__piece *piece = &pieces->items[pieces->n];
    memset(piece, 0, sizeof *piece);
    piece->offset = work->bytes.n;
    return piece;
}

/* The transaction number: the same for all that is committed together. */
static itsm_status begin_transaction(itsm_work *work, itsm_id history_id)
{
    unsigned char content[16];
    itsm_bytes bytes = { content, sizeof content };
    if (work->has_txid) return ITSM_OK;
    itsm__put_be64(content, history_id.hi), itsm__put_be64(content + 8, history_id.lo);
    itsm_status rc = itsm__work_new_id(&work->txid, work, "transaction", bytes);
    work->has_txid = rc == ITSM_OK;
    return rc;
}

/* The history row of one touched draft: salt and content, appended to the bytes. */
static itsm_status add_history(itsm_work *work, const itsm__touch *touch, itsm__history_content *content)
{
    unsigned char salt[ITSM__SALT_SIZE], id[16];
    itsm_bytes bytes = { id, sizeof id };
    itsm_id random;
    if (touch->revision > ITSM__HISTORY_REVISIONS)
        return itsm__issue(work->ctx, ITSM_E_LIMIT, ITSM_STR("revision"), none(), none(), "a record has too many revisions");
    itsm__piece *piece = add_piece(work, &work->history);
    if (!piece) return ITSM_E_NOMEM;
    piece->ref.type = ITSM_ROW_HISTORY, piece->ref.id = itsm__history_id(content->ref, touch->revision);
    itsm_status rc = begin_transaction(work, piece->ref.id);
    itsm__put_be64(id, piece->ref.id.hi), itsm__put_be64(id + 8, piece->ref.id.lo);
    if (!rc) rc = itsm__work_new_id(&random, work, "salt", bytes);
    if (rc) return rc;
    itsm__put_be64(salt, random.hi), itsm__put_be64(salt + 8, random.lo);
    content->txid = work->txid;
    rc = itsm_buf_add(&work->bytes, salt, sizeof salt);
    if (!rc) rc = itsm__history_encode(&work->bytes, content);
    if (rc) return rc;
    piece->n = work->bytes.n - piece->offset;
    work->history.n++;
    return ITSM_OK;
}

static itsm_status add_audit(itsm_work *work, const itsm__history_content *content)
{
    const itsm__piece *history = &work->history.items[work->history.n - 1];
    const unsigned char *body = (const unsigned char *)work->bytes.p + history->offset;
    itsm_bytes hidden = { body + ITSM__SALT_SIZE, history->n - ITSM__SALT_SIZE };
    itsm_audit_entry entry = ITSM_AUDIT_ENTRY_INIT;
    entry.action = content->entry.action, entry.ref = content->ref, entry.revision = content->entry.revision;
    entry.txid = content->txid, entry.effective = content->entry.effective, entry.recorded = content->entry.recorded;
    entry.who = content->entry.who, entry.event = content->entry.event;
    if (work->act.nroles) entry.role = work->act.roles[0];
    itsm_audit_commit(entry.commitment, body, hidden);
    itsm__piece *piece = add_piece(work, &work->audit);
    if (!piece) return ITSM_E_NOMEM;
    itsm_status rc = itsm_audit_encode(&work->bytes, &entry);
    if (rc) return rc;
    piece->n = work->bytes.n - piece->offset;
    work->audit.n++;
    return ITSM_OK;
}

static itsm_status stamp_header(itsm_work *work, itsm_record *record, itsm_time at, itsm_str who, int created)
{
    itsm_value when = itsm_value_number(ITSM_TIME, at), party = itsm_value_text(who);
    (void)work;
    party.kind = ITSM_PARTY;
    itsm_status rc = itsm_record_set_number(record, ITSM_FIELD_UPDATED_AT, &when);
    if (!rc) rc = itsm_record_set_number(record, ITSM_FIELD_UPDATED_BY, &party);
    if (!rc && created && !itsm__record_at(record, ITSM_FIELD_CREATED_AT)) {
        rc = itsm_record_set_number(record, ITSM_FIELD_CREATED_AT, &when);
        if (!rc) rc = itsm_record_set_number(record, ITSM_FIELD_CREATED_BY, &party);
    }
    return rc;
}

static itsm_status settle_touch(itsm_work *work, itsm__touch *touch, itsm_time effective, itsm_str who)
{
    itsm__history_content content;
    itsm__draft *draft = touch->draft;
    memset(&content, 0, sizeof content);
    content.ref = itsm_record_ref(draft->record);
    content.entry.action = touch->action, content.entry.event = touch->event, content.entry.revision = touch->revision;
    content.entry.effective = effective, content.entry.recorded = itsm__work_recorded(work, effective), content.entry.who = who;
    if (touch->action == ITSM_AUDIT_OBSERVE)
        content.entry.deviations = work->deviations, content.entry.ndeviations = work->ndeviations;
    itsm_status rc = stamp_header(work, draft->record, effective, who, touch->created);
    if (!rc) rc = differences(&content.entry, work, touch->before, draft->record);
    if (!rc && touch->action != ITSM_AUDIT_OBSERVE) rc = itsm__clocks_follow(work, draft, touch->before, effective);
    if (!rc) rc = add_history(work, touch, &content);
    if (!rc) rc = add_audit(work, &content);
    draft->revision++, draft->changed = 1, draft->touched = 0;
    itsm__record_set_revision(draft->record, draft->revision);
    work->last = content.ref;
    return rc;
}

itsm_status itsm__work_settle(itsm_work *work, itsm_time effective, itsm_str who)
{
    itsm_status rc = ITSM_OK;
    for (size_t i = 0; i < work->ntouches && !rc; i++) rc = settle_touch(work, &work->touches[i], effective, who);
    work->ntouches = 0;
    if (rc) work->spoiled = rc;
    return rc;
}

/* Committing -------------------------------------------------------------------------------------------------------- */

/*
 * A batch being put together.  Bodies and keys of clocks and links stand in one buffer that grows, so their places are
 * kept as offsets until nothing more is added to it; keys of records and bodies in the work's own bytes stay put.
 */
typedef struct batch {
    itsm_work *work;
    itsm_op *ops;
    size_t *body_at; /* by op: offset of its body, NOWHERE: it stays put */
    size_t *keys_at; /* by op: offset of the keys that follow one another in the buffer, NOWHERE: they stay put */
    size_t nops, op_capacity, body_capacity, keys_capacity;
    itsm_buf bytes, scratch;
} batch;

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

static itsm_status put_record(batch *b, itsm__draft *draft)
{
    itsm_index_key *keys;
    itsm_op *op = add_op(b, ITSM_PUT, itsm_record_ref(draft->record), draft->expect);
    if (!op) return ITSM_E_NOMEM;
    size_t at = b->bytes.n;
    itsm_status rc = itsm_record_encode(&b->bytes, draft->record);
    op->row.rev = draft->revision, op->row.body.n = b->bytes.n - at;
    op->row.fields = itsm_record_fields(draft->record), op->row.nfields = itsm_record_count(draft->record);
    b->body_at[b->nops - 1] = at;
    if (!rc) rc = itsm__record_keys(&keys, &op->nkeys, draft->record, &b->work->arena, &b->scratch);
    if (!rc) op->keys = keys;
    return rc;
}

static itsm_status put_clock(batch *b, itsm__draft *draft, itsm__clock_draft *clock)
{
    itsm_ref row = { ITSM_ROW_CLOCK, itsm__clock_id(itsm_record_ref(draft->record), clock->kind) };
    itsm_op *op = add_op(b, ITSM_PUT, row, clock->expect);
    if (!op) return ITSM_E_NOMEM;
    size_t at = b->bytes.n;
    itsm_status rc = itsm__clock_encode(&b->bytes, clock);
    op->row.rev = clock->expect + 1, op->row.body.n = b->bytes.n - at;
    b->body_at[b->nops - 1] = at;
    itsm_time next = itsm__clock_next_at(b->work->sms, clock);
    if (rc || next == ITSM_TIME_NONE) return rc;
    itsm_index_key *key = add_keys(b, 1);
    if (!key) return ITSM_E_NOMEM;
    at = b->bytes.n;
    rc = itsm__key_number(&b->bytes, next);
    key->index = 1, key->key.n = b->bytes.n - at;
    return rc;
}

static itsm_status put_drafts(batch *b)
{
    itsm_work *work = b->work;
    itsm_status rc = ITSM_OK;
    for (size_t i = 0; i < work->ndrafts && !rc; i++) {
        itsm__draft *draft = work->drafts[i];
        if (draft->changed) rc = put_record(b, draft);
        else if (draft->checked && !add_op(b, ITSM_CHECK, itsm_record_ref(draft->record), draft->expect)) rc = ITSM_E_NOMEM;
        for (size_t k = 0; k < ITSM__CLOCKS_MAX && !rc; k++)
            if (draft->clocks[k].dirty) rc = put_clock(b, draft, &draft->clocks[k]);
    }
    return rc;
}

/* The two keys of a link, one for each end. */
static itsm_status put_link(batch *b, itsm_op *op, const itsm__link_change *change)
{
    size_t at = b->bytes.n, ends[2];
    itsm_status rc = itsm__link_body(&b->bytes, change);
    op->row.rev = 1, op->row.body.n = b->bytes.n - at, b->body_at[b->nops - 1] = at;
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
        itsm_ref ref = { ITSM_ROW_LINK, itsm__link_id(change) };
        itsm_row old;
        itsm_status rc = itsm_store_get(&old, work->ctx, &work->view, ref);
        if (rc < 0) return rc;
        if (change->added == (rc == ITSM_OK)) continue; /* made and taken away again, or the other way round */
        itsm_op *op = add_op(b, change->added ? ITSM_PUT : ITSM_DEL, ref, rc == ITSM_OK ? old.rev : ITSM_REV_NONE);
        if (!op) return ITSM_E_NOMEM;
        if (change->added && (rc = put_link(b, op, change))) return rc;
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

static itsm_status send(batch *b)
{
    itsm_work *work = b->work;
    itsm_bytes *audit = itsm__arena_alloc(&work->arena, work->audit.n * sizeof *audit);
    if (!audit) return ITSM_E_NOMEM;
    for (size_t i = 0; i < work->audit.n; i++)
        audit[i].p = work->bytes.p + work->audit.items[i].offset, audit[i].n = work->audit.items[i].n;
    itsm_batch sent = ITSM_BATCH_INIT;
    itsm_applied applied = ITSM_APPLIED_INIT;
    itsm_call call = ITSM_CALL_INIT;
    sent.ops = b->ops, sent.nops = b->nops, sent.audit = audit, sent.naudit = work->audit.n;
    call.host_txn = work->act.host_txn;
    return itsm_store_apply(&applied, work->ctx, work->sms->store, &sent, &call);
}

static itsm_status write_batch(itsm_work *work)
{
    batch b;
    memset(&b, 0, sizeof b);
    b.work = work;
    itsm_buf_init(&b.bytes, work->ctx), itsm_buf_init(&b.scratch, work->ctx);
    itsm_status rc = put_drafts(&b);
    if (!rc) rc = put_links(&b);
    if (!rc) rc = put_pieces(&b, &work->history);
    if (!rc) rc = put_pieces(&b, &work->notices);
    if (!rc) fix_places(&b), rc = send(&b);
    itsm__free(&work->memory, b.ops, b.op_capacity * sizeof *b.ops);
    itsm__free(&work->memory, b.body_at, b.body_capacity * sizeof *b.body_at);
    itsm__free(&work->memory, b.keys_at, b.keys_capacity * sizeof *b.keys_at);
    itsm_buf_clear(&b.bytes), itsm_buf_clear(&b.scratch);
    return rc;
}

/* What the host is told: texts that outlive the drafts. */
static itsm_status fill_outcome(itsm_outcome *out, itsm_work *work)
{
    itsm__draft *draft;
    itsm_sms *sms = work->sms;
    itsm_outcome outcome = ITSM_OUTCOME_INIT;
    itsm_status rc = itsm__work_find(&draft, work, work->last);
    if (rc) return rc;
    const itsm_value *number = itsm__record_at(draft->record, ITSM_FIELD_NUMBER);
    const itsm_value *state = itsm__record_at(draft->record, ITSM_FIELD_STATE);
    itsm__arena_reset(&sms->arena);
    outcome.ref = work->last, outcome.revision = draft->revision;
    if (number && (rc = itsm__arena_copy(&outcome.number, &sms->arena, number->u.s))) return rc;
    if (state && (rc = itsm__arena_copy(&outcome.state, &sms->arena, state->u.s))) return rc;
    itsm_notice *notices = itsm__arena_alloc(&sms->arena, work->nnotices * sizeof *notices);
    if (!notices) return ITSM_E_NOMEM;
    for (size_t i = 0; i < work->nnotices && !rc; i++) {
        notices[i] = work->notice[i];
        rc = itsm__arena_copy(&notices[i].to, &sms->arena, work->notice[i].to);
        if (!rc) rc = itsm__arena_copy(&notices[i].event, &sms->arena, work->notice[i].event);
    }
    outcome.notices = notices, outcome.nnotices = work->nnotices;
    memcpy((char *)out + sizeof out->size, (char *)&outcome + sizeof out->size,
           (out->size < sizeof outcome ? out->size : sizeof outcome) - sizeof out->size);
    return rc;
}

itsm_status itsm_work_commit(itsm_outcome *out, itsm_work *work)
{
    if (!work || (out && out->size < sizeof out->size)) return ITSM_E_MISUSE;
    itsm__issues_clear(work->ctx);
    if (work->spoiled) return work->spoiled;
    if (!work->history.n && !work->nlinks) return ITSM_NOTHING;
    itsm_status rc = out ? fill_outcome(out, work) : ITSM_OK;
    if (!rc) rc = write_batch(work);
    if (!rc) empty(work);
    return rc;
}
