/* SPDX-License-Identifier: MIT */
/*
 * A unit of work: drafts of records, what operations do to them, and the one batch they end in.
 *
 * itsm__work_find() reads a record into a draft, once.  An operation begins with itsm__work_begin(), calls
 * itsm__work_touch() before it changes a draft and ends with itsm__work_settle() or itsm__work_undo().  A touch keeps the
 * values its draft had; their texts stay in the record, so keeping copies one array, and undoing takes it back, which
 * needs no memory; settling that fails is undone.  The batch of all operations is put together in commit.c.  A draft
 * costs one record object; objects are used again, so a load of a million records allocates no more than its largest
 * batch.
 */
#include "sms/internal.h"

#include "base/bits.h"
#include "base/hash.h"
#include "base/text.h"
#include "record/internal.h"

#define DRAFTS_KEPT 4096  /* objects kept for the next batch */
#define SPARE_DRAFTS 1024 /* a work with more gives its memory back when it is freed */

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
    rc = itsm__issue(work->ctx, ITSM_E_REFUSED, where, rc ? itsm__no_text() : itsm_buf_str(&text), clause, message,
                     where);
    itsm_buf_clear(&text);
    return rc;
}

itsm_ctx *itsm__quiet(itsm_work *work)
{
    return &work->sms->quiet;
}

itsm_status itsm__relay(itsm_work *work, itsm_status rc)
{
    itsm_ctx *quiet = &work->sms->quiet;
    for (size_t i = 0; i < quiet->nissues && rc < 0; i++) {
        const itsm_issue *issue = &quiet->issues[i];
        (void)itsm__issue(work->ctx, issue->code, issue->where, issue->rule, issue->clause, "%S", issue->message);
    }
    itsm__issues_clear(quiet);
    return rc;
}

/* Opening and closing ----------------------------------------------------------------------------------------------- */

static itsm_status copy_act(itsm_work *work, const itsm_act *act)
{
    itsm_act copy = *act;
    itsm_str *roles = itsm__arena_alloc(&work->texts, act->nroles * sizeof *roles);
    itsm_status rc = roles ? itsm__arena_copy(&copy.who, &work->texts, act->who) : ITSM_E_NOMEM;
    for (size_t i = 0; i < act->nroles && !rc; i++) rc = itsm__arena_copy(&roles[i], &work->texts, act->roles[i]);
    if (!rc) rc = itsm__arena_copy(&copy.reason, &work->texts, act->reason);
    copy.size = sizeof copy, copy.roles = roles;
    if (!rc) work->act = copy;
    return rc;
}

static int is_act(const itsm_act *act)
{
    return act && act->size >= sizeof *act && (!act->nroles || act->roles);
}

itsm_status itsm_work_act(itsm_work *work, const itsm_act *act)
{
    if (!work || !is_act(act)) return ITSM_E_MISUSE;
    itsm__issues_clear(work->ctx);
    return copy_act(work, act);
}

/* The work that was freed last, with its memory; else a new one. */
static itsm_work *spare_work(itsm_sms *sms)
{
    itsm_work *work = sms->spare;
    sms->spare = NULL;
    if (work) return work;
    work = itsm__alloc_zero(&sms->memory, sizeof *work);
    if (!work) return NULL;
    work->sms = sms, work->ctx = sms->ctx, work->memory = sms->memory;
    itsm__arena_init(&work->texts, &work->memory);
    itsm__arena_init(&work->arena, &work->memory);
    itsm__map_init(&work->by_ref, &work->memory);
    itsm_buf_init(&work->bytes, work->ctx);
    itsm_buf_init(&work->batch.bytes, work->ctx), itsm_buf_init(&work->batch.scratch, work->ctx);
    itsm_buf_init(&work->batch.entries, work->ctx);
    return work;
}

itsm_status itsm_work_new(itsm_work **out, itsm_sms *sms, const itsm_act *act)
{
    if (!out) return ITSM_E_MISUSE;
    *out = NULL;
    if (!sms || !is_act(act)) return ITSM_E_MISUSE;
    itsm__issues_clear(sms->ctx);
    if (sms->open)
        return itsm__issue(sms->ctx, ITSM_E_MISUSE, itsm__no_text(), itsm__no_text(), itsm__no_text(),
                           "another work of this system is open");
    itsm_work *work = spare_work(sms);
    if (!work) return ITSM_E_NOMEM;
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
void itsm__work_empty(itsm_work *work)
{
    while (work->made_drafts > DRAFTS_KEPT) free_draft(work, work->drafts[--work->made_drafts]);
    itsm_store_view_close(&work->view);
    work->observed = NULL;
    itsm__map_reset(&work->by_ref);
    itsm__arena_reset(&work->arena);
    work->ndrafts = work->ntouches = work->nlinks = work->history.n = work->audit.n = work->notices.n = 0;
    work->bytes.n = work->nnotices = 0;
    work->has_txid = work->unsure = work->observing = 0;
    work->ndeletions = 0;
    memset(&work->schedule, 0, sizeof work->schedule);
}

void itsm_work_clear(itsm_work *work)
{
    if (!work) return;
    itsm__issues_clear(work->ctx);
    itsm__work_empty(work);
}

void itsm_work_free(itsm_work *work)
{
    if (!work) return;
    itsm_sms *sms = work->sms;
    itsm__work_empty(work);
    itsm__arena_reset(&work->texts);
    sms->open = NULL;
    if (!sms->spare && work->made_drafts <= SPARE_DRAFTS) sms->spare = work;
    else itsm__work_destroy(work);
}

void itsm__work_destroy(itsm_work *work)
{
    if (!work) return;
    const itsm__memory *memory = &work->memory;
    itsm__work_empty(work);
    while (work->made_drafts) free_draft(work, work->drafts[--work->made_drafts]);
    for (size_t i = 0; i < work->made_touches; i++) itsm_record_free(work->touches[i].before);
    itsm__free(memory, work->drafts, work->draft_capacity * sizeof *work->drafts);
    itsm__free(memory, work->touches, work->touch_capacity * sizeof *work->touches);
    itsm__free(memory, work->checks, work->check_capacity * sizeof *work->checks);
    itsm__free(memory, work->replaced, work->replaced_capacity * sizeof *work->replaced);
    itsm__free(memory, work->links, work->link_capacity * sizeof *work->links);
    itsm__free(memory, work->deletions, work->deletion_capacity * sizeof *work->deletions);
    itsm__free(memory, work->history.items, work->history.capacity * sizeof *work->history.items);
    itsm__free(memory, work->audit.items, work->audit.capacity * sizeof *work->audit.items);
    itsm__free(memory, work->notices.items, work->notices.capacity * sizeof *work->notices.items);
    itsm__free(memory, work->notice, work->notice_capacity * sizeof *work->notice);
    itsm__free(memory, work->deviations, work->deviation_capacity * sizeof *work->deviations);
    itsm__free(memory, work->batch.ops, work->batch.op_capacity * sizeof *work->batch.ops);
    itsm__free(memory, work->batch.body_at, work->batch.body_capacity * sizeof *work->batch.body_at);
    itsm__free(memory, work->batch.keys_at, work->batch.keys_capacity * sizeof *work->batch.keys_at);
    itsm__free(memory, work->batch.rows, work->batch.row_capacity * sizeof *work->batch.rows);
    itsm_buf_clear(&work->batch.bytes), itsm_buf_clear(&work->batch.scratch), itsm_buf_clear(&work->batch.entries);
    itsm_buf_clear(&work->bytes);
    itsm__map_clear(&work->by_ref);
    itsm__arena_clear(&work->arena);
    itsm__arena_clear(&work->texts);
    itsm__memory last = *memory;
    itsm__free(&last, work, sizeof *work);
}

itsm_status itsm__work_ready(itsm_work *work)
{
    itsm_call call = ITSM_CALL_INIT;
    call.host_txn = work->act.host_txn;
    return work->view.store ? ITSM_OK : itsm_store_view_open(&work->view, work->ctx, work->sms->store, &call);
}

itsm_status itsm__work_begin(itsm_work *work)
{
    itsm__mark *mark = &work->mark;
    if (work->unsure)
        return itsm__issue(work->ctx, ITSM_E_UNKNOWN, itsm__no_text(), itsm__no_text(), itsm__no_text(),
                           "what was committed before may have been written: commit again or clear the work");
    itsm_status rc = itsm__work_ready(work);
    if (rc) return rc;
    mark->arena = itsm__arena_here(&work->arena);
    mark->history = work->history.n, mark->audit = work->audit.n, mark->notices = work->notices.n;
    mark->nnotices = work->nnotices, mark->bytes = work->bytes.n, mark->nlinks = work->nlinks;
    mark->replaced = SIZE_MAX, mark->has_txid = work->has_txid;
    mark->schedule_loaded = work->schedule.loaded;
    mark->schedule_checked = work->schedule.checked, mark->schedule_dirty = work->schedule.dirty;
    work->ntouches = work->nchecks = work->ndeviations = 0, work->by_system = 0;
    return ITSM_OK;
}

/* Drafts ------------------------------------------------------------------------------------------------------------ */

static void ref_bytes(unsigned char out[20], itsm_ref ref)
{
    itsm__put_be32(out, ref.type), itsm__put_be64(out + 4, ref.id.hi), itsm__put_be64(out + 12, ref.id.lo);
}

/* An object that is not in use, made if there is none left; its record is still what it was. */
static itsm_status spare_draft(itsm__draft **out, itsm_work *work, const itsm_type_def *type, itsm_ref ref)
{
    itsm__draft *draft;
    itsm_status rc;
    if (work->ndrafts == work->made_drafts) {
        rc = itsm__grow(&work->memory, &work->drafts, &work->draft_capacity, work->made_drafts + 1,
                        sizeof *work->drafts);
        if (rc) return rc;
        if (!(draft = itsm__alloc_zero(&work->memory, sizeof *draft))) return ITSM_E_NOMEM;
        if ((rc = itsm_record_new(&draft->record, itsm__quiet(work), work->sms->model, type, ref))) {
            itsm__free(&work->memory, draft, sizeof *draft);
            return rc;
        }
        work->drafts[work->made_drafts++] = draft;
    }
    draft = work->drafts[work->ndrafts];
    draft->expect = draft->revision = ITSM_REV_NONE;
    draft->changed = draft->checked = draft->clocks_loaded = draft->touched = draft->has_history = 0;
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
    if (!rc) rc = itsm__record_reset((*out)->record, type, ref);
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
    itsm_status rc = itsm_store_get(&row, itsm__quiet(work), &work->view, ref);
    if (!rc) rc = spare_draft(out, work, type, ref);
    if (!rc) rc = itsm__record_read((*out)->record, itsm__quiet(work), &row);
    if (rc) return itsm__relay(work, rc);
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
        return itsm__issue(work->ctx, ITSM_E_NOT_FOUND, itsm__no_text(), itsm__no_text(), itsm__no_text(),
                           "there is no such record");
    if (!rc) *out = draft->record;
    return rc;
}

itsm_status itsm__work_check(itsm_work *work, itsm__draft *draft)
{
    if (draft->checked) return ITSM_OK;
    itsm_status rc =
        itsm__grow(&work->memory, &work->checks, &work->check_capacity, work->nchecks + 1, sizeof *work->checks);
    if (!rc) work->checks[work->nchecks++] = draft, draft->checked = 1;
    return rc;
}

/* A touch that keeps what the draft holds. */
static itsm_status spare_touch(itsm__touch **out, itsm_work *work, const itsm__draft *draft)
{
    itsm_record *record = draft->record;
    itsm_status rc =
        itsm__grow(&work->memory, &work->touches, &work->touch_capacity, work->ntouches + 1, sizeof *work->touches);
    if (rc) return rc;
    itsm__touch *touch = &work->touches[work->ntouches];
    if (work->ntouches == work->made_touches) {
        memset(touch, 0, sizeof *touch);
        rc = itsm_record_new(&touch->before, itsm__quiet(work), itsm_record_model(record), itsm_record_type(record),
                             itsm_record_ref(record));
        if (rc) return rc;
        work->made_touches++;
    }
    *out = touch;
    return itsm__record_keep(touch->before, record);
}

itsm_status itsm__work_touch(itsm__touch **out, itsm_work *work, itsm__draft *draft, uint32_t action, itsm_str event)
{
    itsm__touch *touch;
    for (size_t i = 0; draft->touched && i < work->ntouches; i++) {
        touch = &work->touches[i];
        if (touch->draft != draft) continue;
        if (action == ITSM_AUDIT_MOVE && touch->action != ITSM_AUDIT_MOVE && !touch->created)
            touch->action = action, touch->event = event; /* a move says more than that it was touched */
        return *out = touch, ITSM_OK;
    }
    itsm_status rc = spare_touch(&touch, work, draft);
    if (rc) return rc;
    touch->draft = draft, touch->revision = draft->revision, touch->changed = draft->changed;
    touch->created = touch->taken_in = touch->clocks_saved = 0, touch->by_system = work->by_system;
    touch->action = action, touch->event = event;
    work->ntouches++;
    draft->touched = 1;
    *out = touch;
    return ITSM_OK;
}

void itsm__work_drop(itsm_work *work, itsm__draft *draft)
{
    unsigned char key[20];
    ref_bytes(key, itsm_record_ref(draft->record));
    uint64_t *place = itsm__map_find(&work->by_ref, key, sizeof key);
    if (place) *place = 0;
    draft->changed = 0;
}

/* The links as they were at the mark. */
static void undo_links(itsm_work *work)
{
    const itsm__mark *mark = &work->mark;
    work->nlinks = mark->nlinks;
    if (mark->replaced != SIZE_MAX) work->links[mark->replaced] = mark->replaced_link;
}

void itsm__work_undo(itsm_work *work)
{
    const itsm__mark *mark = &work->mark;
    for (size_t i = work->ntouches; i-- > 0;) {
        itsm__touch *touch = &work->touches[i];
        itsm__draft *draft = touch->draft;
        itsm__clocks_undo(touch);
        itsm__record_restore(draft->record, touch->before);
        draft->touched = 0, draft->changed = touch->changed, draft->revision = touch->revision;
        if (touch->created) itsm__work_drop(work, draft);
    }
    for (size_t i = 0; i < work->nchecks; i++) work->checks[i]->checked = 0;
    undo_links(work);
    work->ntouches = work->nchecks = 0, work->by_system = 0;
    work->history.n = mark->history, work->audit.n = mark->audit, work->notices.n = mark->notices;
    work->nnotices = mark->nnotices, work->bytes.n = mark->bytes, work->has_txid = mark->has_txid;
    work->schedule.checked = mark->schedule_checked, work->schedule.dirty = mark->schedule_dirty;
    work->schedule.loaded = mark->schedule_loaded;
    itsm__arena_back(&work->arena, mark->arena);
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
static itsm_status differences(itsm_history *entry, itsm_work *work, const itsm_record *before,
                               const itsm_record *after)
{
    const itsm_row_field *a = before->fields, *b = after->fields;
    const itsm_row_field *a_end = a ? a + before->nfields : a; /* none: there is no array */
    const itsm_row_field *b_end = b ? b + after->nfields : b;
    itsm_status rc = itsm__grow(&work->memory, &work->replaced, &work->replaced_capacity,
                                before->nfields + after->nfields, sizeof *work->replaced);
    if (rc) return rc;
    itsm_row_field *out = work->replaced;
    entry->before = out, entry->nbefore = 0;
    while (a < a_end || b < b_end) {
        if (a < a_end && b < b_end && a->no == b->no && !itsm__numbers_has(&after->written, b->no)) {
            a++, b++;
            continue;
        }
        const itsm_row_field *from = a < a_end && (b == b_end || a->no <= b->no) ? a : NULL;
        const itsm_row_field *to = b < b_end && (a == a_end || b->no <= a->no) ? b : NULL;
        uint16_t number = from ? from->no : to->no;
        if (from) a++;
        if (to) b++;
        if (!itsm__numbers_has(&after->written, number) || kept_elsewhere(number)) continue;
        if (from && to && itsm_value_eq(&from->value, &to->value)) continue;
        itsm_row_field *field = &out[entry->nbefore++];
        memset(field, 0, sizeof *field);
        field->no = number;
        if (from) field->value = from->value;
    }
    return ITSM_OK;
}

itsm__piece *itsm__add_piece(itsm_work *work, itsm__pieces *pieces)
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
    itsm_bytes bytes = {content, sizeof content};
    if (work->has_txid) return ITSM_OK;
    itsm__put_be64(content, history_id.hi), itsm__put_be64(content + 8, history_id.lo);
    itsm_status rc = itsm__work_new_id(&work->txid, work, "transaction", bytes);
    work->has_txid = rc == ITSM_OK;
    return rc;
}

/* Identities of the history rows of a record differ in the revision alone. */
static itsm_id history_id(itsm__draft *draft, uint64_t revision)
{
    if (!draft->has_history) draft->history = itsm__history_id(itsm_record_ref(draft->record), 0);
    draft->has_history = 1;
    itsm_id id = draft->history;
    id.lo |= revision;
    return id;
}

/* The history row of one touched draft: salt, content and personal values, appended to the bytes. */
static itsm_status add_history(itsm_work *work, const itsm__touch *touch, itsm__history_content *content)
{
    unsigned char salt[ITSM__SALT_SIZE], id[16];
    itsm_bytes bytes = {id, sizeof id};
    itsm_id random;
    if (touch->revision > ITSM__HISTORY_REVISIONS)
        return itsm__issue(work->ctx, ITSM_E_LIMIT, ITSM_STR("revision"), itsm__no_text(), itsm__no_text(),
                           "a record has too many revisions");
    itsm__piece *piece = itsm__add_piece(work, &work->history);
    if (!piece) return ITSM_E_NOMEM;
    piece->ref.type = ITSM_ROW_HISTORY, piece->ref.id = history_id(touch->draft, touch->revision);
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

/* The commitments to personal values. */
static itsm_status add_fields(itsm_buf *out, const itsm__history_content *content)
{
    itsm_status rc = ITSM_OK;
    out->n = 0;
    for (size_t i = 0; i < content->npersonal && !rc; i++)
        rc = itsm_audit_field_add(out, content->personal[i].number, content->personal[i].commitment);
    return rc;
}

static itsm_status add_audit(itsm_work *work, const itsm__history_content *content, int by_system)
{
    const itsm__piece *history = &work->history.items[work->history.n - 1];
    const unsigned char *body = (const unsigned char *)work->bytes.p + history->offset;
    itsm_bytes hidden = {body + ITSM__SALT_SIZE, content->committed};
    itsm_buf *fields = &work->batch.scratch;
    itsm_audit_entry entry = ITSM_AUDIT_ENTRY_INIT;
    entry.action = content->entry.action, entry.ref = content->ref, entry.revision = content->entry.revision;
    entry.txid = content->txid, entry.effective = content->entry.effective, entry.recorded = content->entry.recorded;
    entry.who = content->entry.who, entry.event = content->entry.event;
    if (by_system) entry.role = ITSM_STR("system");
    else if (work->act.nroles) entry.role = work->act.roles[0];
    itsm_audit_commit(entry.commitment, body, hidden);
    if (add_fields(fields, content)) return ITSM_E_NOMEM;
    entry.fields.p = fields->p, entry.fields.n = fields->n;
    itsm__piece *piece = itsm__add_piece(work, &work->audit);
    if (!piece) return ITSM_E_NOMEM;
    itsm_status rc = itsm_audit_encode(&work->bytes, &entry);
    if (rc) return rc;
    piece->ref = content->ref, piece->revision = content->entry.revision;
    piece->n = work->bytes.n - piece->offset;
    work->audit.n++;
    return ITSM_OK;
}

itsm_status itsm__add_entry(itsm_work *work, const itsm__touch *touch, itsm__history_content *content)
{
    const itsm_status rc = add_history(work, touch, content);
    return rc ? rc : add_audit(work, content, touch->by_system);
}

static itsm_status stamp_header(itsm_record *record, itsm_time at, itsm_str who, int created)
{
    itsm_value when = itsm_value_number(ITSM_TIME, at), party = itsm_value_text(who);
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
    if (touch->by_system) who = ITSM_STR("system");
    content.ref = itsm_record_ref(draft->record);
    content.entry.action = touch->action, content.entry.event = touch->event, content.entry.revision = touch->revision;
    content.entry.effective = effective, content.entry.recorded = itsm__work_recorded(work, effective),
    content.entry.who = who;
    if (touch->action == ITSM_AUDIT_OBSERVE)
        content.entry.deviations = work->deviations, content.entry.ndeviations = work->ndeviations;
    itsm_status rc = stamp_header(draft->record, effective, who, touch->created);
    if (!rc) rc = differences(&content.entry, work, touch->before, draft->record);
    if (!rc) rc = itsm__personal_part(&content, work, draft->record);
    if (!rc && touch->action != ITSM_AUDIT_OBSERVE) rc = itsm__clocks_follow(work, touch, effective);
    if (!rc) rc = itsm__schedule_follow(work, touch);
    return rc ? rc : itsm__add_entry(work, touch, &content);
}

itsm_status itsm__work_settle(itsm_work *work, itsm_time effective, itsm_str who)
{
    itsm_status rc = ITSM_OK;
    for (size_t i = 0; i < work->ntouches && !rc; i++) rc = settle_touch(work, &work->touches[i], effective, who);
    if (!rc) rc = itsm__notices_settle(work);
    if (rc) return itsm__work_undo(work), rc;
    for (size_t i = 0; i < work->ntouches; i++) {
        itsm__draft *draft = work->touches[i].draft;
        draft->revision++, draft->changed = 1, draft->touched = 0;
        draft->entry = work->mark.audit + i; /* each touch made one */
        itsm__record_set_revision(draft->record, draft->revision);
    }
    for (size_t i = work->mark.nlinks; i < work->nlinks; i++) work->links[i].entry = work->mark.audit;
    if (work->mark.replaced != SIZE_MAX) work->links[work->mark.replaced].entry = work->mark.audit;
    if (work->ntouches) work->last = itsm_record_ref(work->touches[0].draft->record);
    work->ntouches = work->nchecks = 0;
    return ITSM_OK;
}
