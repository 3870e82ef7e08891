/* SPDX-License-Identifier: MIT */
/*
 * Purging: when its retention has ended, a record is deleted with its clocks, its links and its history.
 *
 * Retention begins when the record enters a closed or cancelled state for the last time, which its history tells, and
 * lasts as long as its class says.  What stays is the audit trail: its entries commit to the history rows without
 * revealing them, so the trail verifies as before, and one more entry says who purged what and when.
 *
 * Cost: one read for each row that is deleted.  The bytes are gone for good once the store has been compacted.
 */
#include "sms/internal.h"

#include "base/bits.h"
#include "base/text.h"
#include "record/internal.h"

/* Retention ----------------------------------------------------------------------------------------------------------- */

static int is_final(const itsm_state_def *state)
{
    return state && (state->category == ITSM_CLOSED || state->category == ITSM_CANCELLED);
}

itsm_status itsm__retentions_new(itsm_sms *sms, const itsm_retention *list, size_t n)
{
    if (!n) return ITSM_OK;
    sms->retentions = itsm__alloc_zero(&sms->memory, n * sizeof *sms->retentions);
    if (!sms->retentions) return ITSM_E_NOMEM;
    sms->nretentions = n;
    for (size_t i = 0; i < n; i++) {
        if (list[i].period < 0)
            return itsm__issue(sms->ctx, ITSM_E_INVALID, list[i].name, itsm__no_text(), itsm__no_text(),
                               "a retention lasts no time at least");
        sms->retentions[i].period = list[i].period;
        const itsm_status rc = itsm__arena_copy(&sms->retentions[i].name, &sms->texts, list[i].name);
        if (rc) return rc;
    }
    return ITSM_OK;
}

static const itsm_retention *retention_of(const itsm_sms *sms, const itsm_record *record)
{
    const itsm_value *held = itsm__record_at(record, ITSM_FIELD_RETENTION);
    const itsm_str name = held ? held->u.s : itsm__no_text();
    for (size_t i = 0; i < sms->nretentions; i++)
        if (itsm_str_eq(sms->retentions[i].name, name)) return &sms->retentions[i];
    return NULL;
}

/* Rows of a record's history are read once: for when it was closed, and to be deleted. */
typedef struct purging {
    itsm_work *work;
    itsm__draft *draft;
    itsm_time closed; /* when the present state was entered, or the record was made */
} purging;

itsm_status itsm__work_delete(itsm_work *work, itsm_ref ref, uint64_t expect)
{
    for (size_t i = 0; ref.type == ITSM_ROW_LINK && i < work->ndeletions; i++) /* a link to itself is found twice */
        if (work->deletions[i].ref.id.hi == ref.id.hi && work->deletions[i].ref.id.lo == ref.id.lo) return ITSM_OK;
    const itsm_status rc = itsm__grow(&work->memory, &work->deletions, &work->deletion_capacity, work->ndeletions + 1,
                                      sizeof *work->deletions);
    if (rc) return rc;
    work->deletions[work->ndeletions].ref = ref, work->deletions[work->ndeletions].expect = expect;
    work->ndeletions++;
    return ITSM_OK;
}

static itsm_status read_entry(purging *p, const itsm_row *row)
{
    itsm__history_content content;
    const uint16_t number = itsm_record_type(p->draft->record)->machines[0].number;
    itsm_status rc = itsm__history_decode(&content, &p->work->arena, row->body);
    if (rc) return rc;
    int entered = content.entry.action == ITSM_AUDIT_CREATE;
    for (size_t i = 0; i < content.entry.nbefore && content.entry.action != ITSM_AUDIT_DEFINE;
         i++) /* not its name alone */
        entered |= content.entry.before[i].no == number;
    if (entered) p->closed = content.entry.effective;
    return itsm__work_delete(p->work, row->ref, row->rev);
}

static itsm_status read_history(purging *p)
{
    itsm_cursor cursor = ITSM_CURSOR_INIT;
    itsm_range range = ITSM_RANGE_INIT;
    itsm_work *work = p->work;
    itsm_row row;
    itsm__history_ends ends;
    itsm__history_range(&range, &ends, itsm_record_ref(p->draft->record));
    itsm_status rc = itsm_store_scan(&cursor, itsm__quiet(work), &work->view, &range);
    while (!rc && (rc = itsm_store_next(&row, itsm__quiet(work), &cursor)) == ITSM_OK) rc = read_entry(p, &row);
    itsm_store_cursor_close(&cursor);
    return rc == ITSM_DONE ? ITSM_OK : itsm__relay(work, rc);
}

/* May it be purged now?  Every reason why not is an issue. */
static itsm_status check_retention(const purging *p)
{
    itsm_work *work = p->work;
    const itsm_record *record = p->draft->record;
    const itsm_state_def *state = itsm__primary_state(record);
    const itsm_retention *retention = retention_of(work->sms, record);
    const itsm_str clause = itsm__clause_of(itsm_record_type(record));
    itsm_time end;
    if (!is_final(state))
        return itsm__issue(work->ctx, ITSM_E_REFUSED, ITSM_STR("purge"), ITSM_STR("state"), clause,
                           "only what is closed or cancelled has a retention that ends");
    if (!retention)
        return itsm__issue(work->ctx, ITSM_E_REFUSED, ITSM_STR("retention_class"), ITSM_STR("retention"), clause,
                           "its retention class has no period");
    if (itsm__add(&end, p->closed, retention->period) && end <= itsm__work_effective(work)) return ITSM_OK;
    char text[ITSM_TIME_MAX];
    return itsm__issue(work->ctx, ITSM_E_REFUSED, ITSM_STR("retention_class"), ITSM_STR("retention"), clause,
                       "its retention lasts until %s",
                       itsm__add(&end, p->closed, retention->period) ? itsm_time_text(text, end) : "the end of time");
}

/* What belongs to it ---------------------------------------------------------------------------------------------------- */

itsm_status itsm__clocks_delete(itsm_work *work, itsm_ref ref)
{
    itsm_status rc = ITSM_OK;
    for (uint32_t kind = ITSM_RESPONSE; kind <= ITSM_UPDATE && !rc; kind++) {
        const itsm_ref clock = {ITSM_ROW_CLOCK, itsm__clock_id(ref, kind)};
        itsm_row row;
        rc = itsm_store_get(&row, itsm__quiet(work), &work->view, clock);
        if (!rc) rc = itsm__work_delete(work, clock, row.rev);
        else if (rc == ITSM_NOTHING) rc = ITSM_OK;
    }
    return itsm__relay(work, rc);
}

/* What it looked like, in a store that others write to. */
static itsm_status delete_seen(const purging *p)
{
    itsm_row row;
    const itsm_ref seen = itsm__seen_ref(itsm_record_ref(p->draft->record));
    if (!itsm__is_foreign(p->work->sms)) return ITSM_OK;
    itsm_status rc = itsm_store_get(&row, itsm__quiet(p->work), &p->work->view, seen);
    if (rc == ITSM_NOTHING) return ITSM_OK;
    return rc ? itsm__relay(p->work, rc) : itsm__work_delete(p->work, seen, row.rev);
}

/* The entry of the trail: it commits to a history row that is never written. */
static itsm_status add_entry(const purging *p, const itsm__touch *touch)
{
    itsm__history_content content;
    itsm_work *work = p->work;
    const itsm_time at = itsm__work_effective(work);
    memset(&content, 0, sizeof content);
    content.ref = itsm_record_ref(p->draft->record);
    content.entry.action = ITSM_AUDIT_PURGE, content.entry.revision = touch->revision;
    content.entry.effective = at, content.entry.recorded = itsm__work_recorded(work, at);
    content.entry.who = work->act.who;
    const itsm_status rc = itsm__add_entry(work, touch, &content);
    if (!rc) work->history.n--;
    return rc;
}

static itsm_status purge(purging *p)
{
    itsm__touch *touch;
    itsm_work *work = p->work;
    itsm_status rc = read_history(p);
    if (!rc) rc = check_retention(p);
    if (!rc) rc = itsm__work_delete(work, itsm_record_ref(p->draft->record), p->draft->revision);
    if (!rc) rc = itsm__clocks_delete(work, itsm_record_ref(p->draft->record));
    if (!rc) rc = delete_seen(p);
    if (!rc) rc = itsm__links_delete(work, p->draft, itsm__work_delete);
    if (!rc) rc = itsm__work_touch(&touch, work, p->draft, ITSM_AUDIT_PURGE, itsm__no_text());
    if (!rc) rc = add_entry(p, touch);
    return rc;
}

itsm_status itsm_sms_purge(itsm_sms *sms, itsm_ref ref, uint64_t expect, const itsm_act *act)
{
    itsm_work *work;
    purging p = {NULL, NULL, 0};
    itsm_status rc = itsm_work_new(&work, sms, act);
    if (rc) return rc;
    p.work = work;
    rc = itsm__work_begin_at(&p.draft, work, ref, expect);
    if (!rc) rc = purge(&p);
    if (!rc) rc = itsm_work_commit(NULL, work);
    itsm_work_free(work);
    return rc;
}
