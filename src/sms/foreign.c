/* SPDX-License-Identifier: MIT */
/*
 * Changes that others made to records in the same store: an application that writes its own tables.  They cannot be
 * refused any more; they are recorded as what they were.
 *
 * A row that another wrote says only what it is now.  So in a store that others write to, each commit keeps beside a
 * record what it looked like then (a row ITSM_ROW_SEEN with the same bytes); the difference between the two is what
 * others did since, as one observation: a history row with the values before, an audit entry, the move that explains the
 * step between the states best with what it lacked, and the clocks.  What the outside wrote stands; times that the
 * model stamps and fields it clears are written where the outside said nothing of them.  A record that was never
 * seen is taken in as it stands: it has a history, and clocks, from then on.
 *
 * Each record is a work and a batch of its own that checks its revision, so a writer who comes between is a conflict and
 * the record is read again.  Cost: for each row of the feed a read of the record and of what was seen; for each change
 * a commit.
 */
#include "sms/internal.h"

#include "base/bits.h"
#include "record/internal.h"

enum { ATTEMPTS_MAX = 5 };

typedef struct observing {
    itsm_sms *sms;
    const itsm_act *act;
    itsm_observer *observer; /* of the type looked at last, or NULL */
    itsm_ref *refs;          /* of the feed */
    size_t n, capacity;
    itsm__arena told; /* of the change under way: what the work forgets when it commits */
    itsm_foreign_fn fn;
    void *user;
    uint64_t changes;
} observing;

int itsm__is_foreign(const itsm_sms *sms)
{
    return (itsm_store_caps(sms->store) & ITSM_CAP_FOREIGN_WRITES) != 0;
}

itsm_ref itsm__seen_ref(itsm_ref ref)
{
    unsigned char content[20];
    itsm_bytes bytes = {content, sizeof content};
    itsm__put_be32(content, ref.type), itsm__put_be64(content + 4, ref.id.hi), itsm__put_be64(content + 12, ref.id.lo);
    const itsm_ref seen = {ITSM_ROW_SEEN, itsm__derived_id("seen", bytes)};
    return seen;
}

/* The feed ---------------------------------------------------------------------------------------------------------- */

static itsm_status read_feed(observing *o, uint64_t *token)
{
    itsm_view view = ITSM_VIEW_INIT;
    itsm_cursor cursor = ITSM_CURSOR_INIT;
    itsm_call call = ITSM_CALL_INIT;
    itsm_row row;
    itsm_ctx *ctx = o->sms->ctx;
    call.host_txn = o->act->host_txn;
    itsm_status rc = itsm_store_view_open(&view, ctx, o->sms->store, &call);
    if (!rc) rc = itsm_store_foreign(&cursor, ctx, &view, token);
    while (!rc && !(rc = itsm_store_next(&row, ctx, &cursor))) {
        rc = itsm__grow(&o->sms->memory, &o->refs, &o->capacity, o->n + 1, sizeof *o->refs);
        if (!rc) o->refs[o->n++] = row.ref;
    }
    itsm_store_cursor_close(&cursor);
    itsm_store_view_close(&view);
    return rc == ITSM_DONE ? ITSM_OK : rc;
}

/* One record -------------------------------------------------------------------------------------------------------- */

/* An observer to which every field is known: the record is all there. */
static itsm_status observer_of(itsm_observer **out, observing *o, itsm_work *work, const itsm_type_def *type)
{
    if (o->observer && itsm__observer_type(o->observer) == type) return *out = o->observer, ITSM_OK;
    itsm_observer_free(o->observer), o->observer = NULL;
    itsm_str *names = itsm__arena_alloc(&work->arena, type->nfields * sizeof *names);
    if (!names) return ITSM_E_NOMEM;
    for (size_t i = 0; i < type->nfields; i++) names[i] = type->fields[i].name;
    itsm_status rc = itsm_observer_new(&o->observer, o->sms, type->name, names, type->nfields);
    *out = o->observer;
    return rc;
}

/* Make the kept side of a touch what was seen last.  ITSM_NOTHING: it never was, and that side is empty. */
static itsm_status read_seen(uint64_t *revision, itsm_work *work, itsm__touch *touch)
{
    const itsm_ref ref = itsm_record_ref(touch->draft->record);
    itsm_row row;
    itsm_status rc = itsm__record_reset(touch->before, itsm_record_type(touch->draft->record), ref);
    if (!rc) rc = itsm_store_get(&row, itsm__quiet(work), &work->view, itsm__seen_ref(ref));
    if (rc) return itsm__relay(work, rc);
    row.ref = ref, *revision = row.rev;
    return itsm__relay(work, itsm__record_read(touch->before, itsm__quiet(work), &row));
}

static int is_stamp(uint16_t field)
{
    return field == ITSM_FIELD_UPDATED_AT || field == ITSM_FIELD_UPDATED_BY || field == ITSM__FIELD_OBSERVED ||
           field == ITSM__FIELD_OBSERVED_CHECK;
}

static int same_value(const itsm_value *a, const itsm_value *b)
{
    return a && b ? itsm_value_eq(a, b) : !a && !b;
}

/* Every field of `a` that differs in `b` is written to `to` as `b` has it; to NULL: 1 tells that there is one. */
static itsm_status carry(int *differs, itsm_record *to, const itsm_record *a, const itsm_record *b,
                         const itsm_record *now)
{
    const itsm_row_field *fields = itsm_record_fields(a);
    itsm_status rc = ITSM_OK;
    for (size_t i = 0; i < itsm_record_count(a) && !rc; i++) {
        const itsm_value *other = itsm__record_at(b, fields[i].no);
        if (is_stamp(fields[i].no) || same_value(&fields[i].value, other)) continue;
        *differs = 1;
        if (to) rc = itsm_record_set_number(to, fields[i].no, itsm__record_at(now, fields[i].no));
    }
    return rc;
}

/* What differs between what was seen and what is there now; with `to`, it becomes what is there now. */
static itsm_status compare(int *differs, itsm_record *to, const itsm_record *seen, const itsm_record *now)
{
    *differs = 0;
    itsm_status rc = carry(differs, to, seen, now, now);
    return rc ? rc : carry(differs, to, now, seen, now);
}

/* When and by whom: what the record says, if the outside wrote that; else the act. */
static itsm_status take_stamps(itsm_observation *out, itsm_work *work, const itsm_record *seen, const itsm_record *now)
{
    const itsm_value *at = itsm__record_at(now, ITSM_FIELD_UPDATED_AT);
    const itsm_value *who = itsm__record_at(now, ITSM_FIELD_UPDATED_BY);
    const itsm_value *last = itsm__record_at(seen, ITSM_FIELD_UPDATED_AT);
    out->at = itsm__work_effective(work), out->who = work->act.who;
    out->opened = out->stopped = ITSM_TIME_NONE;
    const int fresh = at && at->kind == ITSM_TIME && at->u.i <= out->at && (!last || at->u.i > last->u.i);
    if (fresh) out->at = at->u.i;
    if (!who || who->kind != ITSM_PARTY) return ITSM_OK;
    if (!fresh && same_value(who, itsm__record_at(seen, ITSM_FIELD_UPDATED_BY))) return ITSM_OK;
    return itsm__arena_copy(&out->who, &work->arena, who->u.s);
}

/* The step between the states, explained by a move. */
static itsm_status explain(observing *o, itsm_work *work, itsm__touch *touch, const itsm_observation *observation)
{
    itsm_record *record = touch->draft->record;
    itsm_observer *observer;
    const itsm_machine *machine = &itsm_record_type(record)->machines[0];
    const itsm_state_def *to = itsm__record_state(record, machine);
    const itsm_value *from = itsm__record_at(touch->before, machine->number);
    if (!to || !from || same_value(from, itsm__record_at(record, machine->number))) return ITSM_OK;
    itsm_status rc = observer_of(&observer, o, work, itsm_record_type(record));
    if (!rc) rc = itsm_record_set_number(record, machine->number, from);
    return rc ? rc : itsm__observe_step(&touch->event, work, observer, touch->draft, observation, to);
}

/* A record that was never seen, as it stands. */
static itsm_status take_in(itsm_record *record, const itsm_observation *observation)
{
    const itsm_value at = itsm_value_number(ITSM_TIME, observation->at);
    if (itsm__record_at(record, ITSM_FIELD_CREATED_AT)) return ITSM_OK;
    return itsm_record_set_number(record, ITSM_FIELD_CREATED_AT, &at);
}

/* What follows from what the outside wrote; over that, what it wrote. */
static itsm_status follow(observing *o, itsm_work *work, itsm__touch *touch, const itsm_observation *observation)
{
    itsm_record *record = touch->draft->record, *now = NULL;
    int differs;
    itsm_status rc = itsm_record_copy(&now, itsm__quiet(work), record);
    if (!rc) rc = touch->taken_in ? take_in(record, observation) : explain(o, work, touch, observation);
    if (!rc) rc = itsm__derive(work->sms, record, NULL);
    if (!rc) rc = compare(&differs, record, touch->before, now);
    itsm_record_free(now);
    return rc ? rc : itsm__clocks_follow(work, touch, observation->at);
}

/* Write the row of what was seen, without the record. */
static itsm_status send(observing *o, itsm_work *work, const itsm_op *ops, size_t n)
{
    itsm_batch batch = ITSM_BATCH_INIT;
    itsm_call call = ITSM_CALL_INIT;
    batch.ops = ops, batch.nops = n, call.host_txn = o->act->host_txn;
    itsm_status rc = itsm_store_apply(NULL, o->sms->ctx, o->sms->store, &batch, &call);
    itsm_store_view_close(&work->view);
    return rc;
}

/* Others wrote the record, but nothing of what it says: it was seen at this revision too.  ITSM_NOTHING when done. */
static itsm_status refresh(observing *o, itsm_work *work, itsm_ref ref, uint64_t revision)
{
    itsm_row row;
    itsm_op ops[2];
    itsm_status rc = itsm_store_get(&row, o->sms->ctx, &work->view, itsm__seen_ref(ref));
    if (rc) return rc;
    memset(ops, 0, sizeof ops);
    ops[0].kind = ITSM_CHECK, ops[0].row.ref = ref, ops[0].expect = revision;
    ops[1].kind = ITSM_PUT, ops[1].expect = row.rev, ops[1].row = row, ops[1].row.rev = revision;
    rc = send(o, work, ops, 2);
    return rc ? rc : ITSM_NOTHING;
}

/* The last entry of a record that is gone, with all that was seen of it. */
static itsm_status add_last_entry(itsm_work *work, itsm__draft *draft)
{
    itsm__touch *touch;
    itsm__history_content content;
    const itsm_time at = itsm__work_effective(work);
    itsm_status rc = itsm__work_touch(&touch, work, draft, ITSM_AUDIT_OBSERVE, itsm__no_text());
    memset(&content, 0, sizeof content);
    content.ref = itsm_record_ref(draft->record);
    content.entry.action = ITSM_AUDIT_OBSERVE, content.entry.revision = draft->revision;
    content.entry.effective = at, content.entry.recorded = itsm__work_recorded(work, at);
    content.entry.who = work->act.who;
    content.entry.before = itsm_record_fields(draft->record), content.entry.nbefore = itsm_record_count(draft->record);
    if (!rc) rc = itsm__personal_part(&content, work, draft->record);
    return rc ? rc : itsm__add_entry(work, touch, &content);
}

/* A record that is gone: the trail says so; its clocks, its links and what was seen of it go too. */
static itsm_status forget(itsm_foreign *out, itsm_work *work)
{
    itsm_row row;
    itsm__draft *draft;
    const itsm_type_def *type = itsm_model_type_number(work->sms->model, out->ref.type);
    const itsm_ref seen = itsm__seen_ref(out->ref);
    itsm_status rc = type ? itsm_store_get(&row, itsm__quiet(work), &work->view, seen) : ITSM_NOTHING;
    if (rc) return itsm__relay(work, rc);
    const uint64_t revision = row.rev;
    row.ref = out->ref;
    if ((rc = itsm__work_add(&draft, work, type, out->ref))) return rc;
    if ((rc = itsm__record_read(draft->record, itsm__quiet(work), &row))) return itsm__relay(work, rc);
    draft->revision = revision;
    out->is_gone = 1, out->at = itsm__work_effective(work), out->who = work->act.who;
    rc = add_last_entry(work, draft);
    if (!rc) rc = itsm__work_delete(work, out->ref, ITSM_REV_NONE);
    if (!rc) rc = itsm__work_delete(work, seen, revision);
    if (!rc) rc = itsm__clocks_delete(work, out->ref);
    return rc ? rc : itsm__links_delete(work, draft, itsm__work_delete);
}

static itsm_status observe(itsm_foreign *out, observing *o, itsm_work *work, itsm__draft *draft)
{
    itsm__touch *touch;
    itsm_observation observation;
    uint64_t seen = 0;
    int differs = 1;
    memset(&observation, 0, sizeof observation);
    itsm_status rc = itsm__work_touch(&touch, work, draft, ITSM_AUDIT_OBSERVE, itsm__no_text());
    if (rc) return rc;
    rc = read_seen(&seen, work, touch);
    if (rc < 0) return rc;
    out->is_new = rc == ITSM_NOTHING, touch->taken_in = (int)out->is_new;
    rc = out->is_new ? ITSM_OK : compare(&differs, NULL, touch->before, draft->record);
    if (rc) return rc;
    if (!differs) return seen == draft->expect ? ITSM_NOTHING : refresh(o, work, out->ref, draft->expect);
    rc = take_stamps(&observation, work, touch->before, draft->record);
    if (!rc) rc = follow(o, work, touch, &observation);
    out->event = touch->event, out->at = observation.at, out->who = observation.who;
    return rc ? rc : itsm__work_settle(work, observation.at, observation.who);
}

/* Keep what is told beyond the commit. */
static itsm_status keep(itsm_foreign *out, observing *o, const itsm_work *work)
{
    itsm__arena_reset(&o->told);
    itsm_deviation *deviations = itsm__arena_alloc(&o->told, work->ndeviations * sizeof *deviations);
    itsm_status rc = deviations ? itsm__arena_copy(&out->who, &o->told, out->who) : ITSM_E_NOMEM;
    if (!rc) rc = itsm__arena_copy(&out->event, &o->told, out->event);
    for (size_t i = 0; i < work->ndeviations && !rc; i++) {
        deviations[i] = work->deviations[i];
        rc = itsm__arena_copy(&deviations[i].move, &o->told, work->deviations[i].move);
        if (!rc) rc = itsm__arena_copy(&deviations[i].rule, &o->told, work->deviations[i].rule);
        if (!rc) rc = itsm__arena_copy(&deviations[i].clause, &o->told, work->deviations[i].clause);
    }
    out->deviations = deviations, out->ndeviations = work->ndeviations;
    return rc;
}

static itsm_status attempt(itsm_foreign *out, observing *o, itsm_work *work)
{
    itsm__draft *draft;
    itsm_status rc = itsm__work_begin(work);
    if (!rc) rc = itsm__work_find(&draft, work, out->ref);
    rc = rc == ITSM_NOTHING ? forget(out, work) : rc ? rc : observe(out, o, work, draft);
    if (!rc) rc = keep(out, o, work);
    return rc ? rc : itsm_work_commit(NULL, work);
}

static itsm_status observe_ref(observing *o, itsm_ref ref)
{
    itsm_work *work = NULL;
    itsm_status rc = ITSM_E_CONFLICT;
    itsm_foreign change;
    for (size_t i = 0; i < ATTEMPTS_MAX && rc == ITSM_E_CONFLICT; i++) {
        memset(&change, 0, sizeof change);
        change.size = sizeof change, change.ref = ref;
        itsm_work_free(work);
        if ((rc = itsm_work_new(&work, o->sms, o->act)) == ITSM_OK) work->observing = 1, rc = attempt(&change, o, work);
    }
    if (!rc) o->changes++;
    if (!rc && o->fn) rc = o->fn(o->user, &change);
    itsm_work_free(work);
    return rc == ITSM_NOTHING ? ITSM_OK : rc;
}

itsm_status itsm_sms_foreign(uint64_t *token, itsm_sms *sms, const itsm_act *act, itsm_foreign_fn fn, void *user)
{
    observing o;
    if (!token || !sms || !act || sms->open || act->now == ITSM_TIME_NONE) return ITSM_E_MISUSE;
    uint64_t next = *token;
    memset(&o, 0, sizeof o);
    o.sms = sms, o.act = act, o.fn = fn, o.user = user;
    itsm__arena_init(&o.told, &sms->memory);
    itsm_status rc = read_feed(&o, &next);
    for (size_t i = 0; i < o.n && !rc; i++) rc = observe_ref(&o, o.refs[i]);
    itsm_observer_free(o.observer);
    itsm__arena_clear(&o.told);
    itsm__free(&sms->memory, o.refs, o.capacity * sizeof *o.refs);
    if (rc) return rc;
    *token = next;
    return o.changes ? ITSM_OK : ITSM_NOTHING;
}
