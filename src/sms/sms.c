/* SPDX-License-Identifier: MIT */
/*
 * A system: a model, a store and targets held together, the one-call forms of operations, and what looks back.
 *
 * A one-call form is a unit of work with one operation in it.  Reading forms open a view of their own, so what they
 * give is one instant of the store.  Not to be called while a work is open: the one-call forms, which say so.
 */
#include "sms/internal.h"

#include "base/bits.h"
#include "base/text.h"
#include "record/internal.h"
#include "record/key.h"

/* Starting and ending ----------------------------------------------------------------------------------------------- */

/* Tell a backend with columns what it will be asked to keep. */
static itsm_status define(itsm_sms *sms)
{
    size_t n = itsm_model_type_count(sms->model), fields = 0, indexes = 0;
    for (size_t i = 0; i < n; i++) {
        const itsm_type_def *type = itsm_model_type_at(sms->model, i);
        fields += type->nfields, indexes += type->nindexes;
    }
    itsm__arena arena;
    itsm__arena_init(&arena, &sms->memory);
    itsm_type_info *types = itsm__arena_alloc(&arena, n * sizeof *types);
    itsm_field_info *field = itsm__arena_alloc(&arena, fields * sizeof *field);
    itsm_index_info *index = itsm__arena_alloc(&arena, indexes * sizeof *index);
    itsm_status rc = types && field && index ? ITSM_OK : ITSM_E_NOMEM;
    for (size_t i = 0; i < n && !rc; i++) {
        const itsm_type_def *type = itsm_model_type_at(sms->model, i);
        memset(&types[i], 0, sizeof types[i]);
        types[i].size = sizeof types[i], types[i].type = type->number, types[i].name = type->name;
        types[i].fields = field, types[i].nfields = type->nfields;
        types[i].indexes = index, types[i].nindexes = type->nindexes;
        for (size_t k = 0; k < type->nfields; k++, field++) {
            field->no = type->fields[k].number, field->name = type->fields[k].name;
            field->kind = type->fields[k].list ? ITSM_LIST : type->fields[k].kind;
        }
        for (size_t k = 0; k < type->nindexes && !rc; k++, index++) {
            uint16_t *numbers = itsm__arena_alloc(&arena, type->indexes[k].nfields * sizeof *numbers);
            if (!numbers) rc = ITSM_E_NOMEM;
            for (uint16_t f = 0; f < type->indexes[k].nfields && !rc; f++)
                numbers[f] = type->fields[type->indexes[k].fields[f]].number;
            index->index = type->indexes[k].number, index->unique = type->indexes[k].unique;
            index->fields = numbers, index->nfields = type->indexes[k].nfields;
        }
    }
    itsm_call call = ITSM_CALL_INIT;
    if (!rc) rc = itsm_store_define(sms->ctx, sms->store, types, n, &call);
    itsm__arena_clear(&arena);
    return rc;
}

itsm_status itsm_sms_new(itsm_sms **out, itsm_ctx *ctx, const itsm_model *model, itsm_store *store,
                         const itsm_sms_options *options)
{
    if (!out) return ITSM_E_MISUSE;
    *out = NULL;
    if (!ctx || !model || !store || (options && options->size < sizeof *options)) return ITSM_E_MISUSE;
    itsm__issues_clear(ctx);
    itsm_sms *sms = itsm__alloc_zero(itsm__ctx_memory(ctx), sizeof *sms);
    if (!sms) return ITSM_E_NOMEM;
    sms->ctx = ctx, sms->memory = *itsm__ctx_memory(ctx), sms->store = store;
    sms->model = itsm_model_ref(model);
    itsm_buf_init(&sms->key, ctx);
    itsm__arena_init(&sms->arena, &sms->memory), itsm__arena_init(&sms->texts, &sms->memory);
    sms->quiet.memory = sms->memory;
    itsm__arena_init(&sms->quiet.text, &sms->memory);
    itsm_buf_init(&sms->quiet.message, &sms->quiet);
    itsm__approvals_new(sms);
    itsm_status rc = itsm__plans_new(sms);
    if (!rc) rc = itsm__anchors_new(sms);
    if (!rc) rc = itsm__schedules_new(sms);
    if (!rc && options) rc = itsm__retentions_new(sms, options->retentions, options->nretentions);
    if (!rc && options) rc = itsm__personal_new(sms, options->personal, options->npersonal);
    if (options) sms->guard = options->guard, sms->guard_user = options->guard_user;
    if (options && options->sla) sms->sla = itsm_sla_ref(options->sla);
    if (!rc && options && options->key.n) rc = itsm_buf_add(&sms->key, options->key.p, options->key.n);
    if (!rc) rc = define(sms);
    if (rc) itsm_sms_free(sms), sms = NULL;
    *out = sms;
    return rc;
}

void itsm_sms_free(itsm_sms *sms)
{
    if (!sms) return;
    itsm__work_destroy(sms->open), itsm__work_destroy(sms->spare);
    itsm_sla_free(sms->sla);
    itsm_model_free(sms->model);
    itsm__clock_clear(&sms->memory, &sms->reading);
    itsm_buf_clear(&sms->key);
    itsm__arena_clear(&sms->arena), itsm__arena_clear(&sms->texts);
    itsm__free(&sms->memory, sms->retentions, sms->nretentions * sizeof *sms->retentions);
    itsm__arena_clear(&sms->quiet.text);
    itsm_buf_clear(&sms->quiet.message);
    itsm__free(&sms->memory, sms->quiet.issues, sms->quiet.issue_capacity * sizeof *sms->quiet.issues);
    itsm__free(&sms->memory, sms->anchors, sms->nanchors);
    itsm__free(&sms->memory, sms->scheduled, sms->nscheduled * sizeof *sms->scheduled);
    itsm__memory memory = sms->memory;
    itsm__free(&memory, sms, sizeof *sms);
}

itsm_ctx *itsm__sms_ctx(const itsm_sms *sms)
{
    return sms->ctx;
}

itsm_store *itsm__sms_store(const itsm_sms *sms)
{
    return sms->store;
}

/* Finding ----------------------------------------------------------------------------------------------------------- */

/* A scan of one index of one type, over all keys or those that begin with a value. */
static itsm_status scan_index(itsm_cursor *cursor, itsm_ctx *ctx, itsm_view *view, uint32_t type, uint32_t index,
                              const itsm_value *eq, itsm_buf *lo, itsm_buf *hi)
{
    itsm_range range = ITSM_RANGE_INIT;
    range.type = type, range.index = index;
    lo->n = hi->n = 0;
    if (eq) {
        itsm_status rc = itsm__key_value(lo, eq);
        itsm_bytes prefix = {lo->p, lo->n};
        if (!rc) rc = itsm__key_end(hi, prefix);
        if (rc) return rc;
        range.neq = 1, range.eq = eq, range.lo = prefix, range.hi.p = hi->p, range.hi.n = hi->n;
    }
    return itsm_store_scan(cursor, ctx, view, &range);
}

itsm_status itsm__find_number(itsm_ref *out, itsm_ctx *ctx, itsm_view *view, const itsm_type_def *type, itsm_str number)
{
    itsm_cursor cursor = ITSM_CURSOR_INIT;
    itsm_value value = itsm_value_text(number);
    itsm_buf lo = ITSM_BUF_INIT, hi = ITSM_BUF_INIT;
    itsm_row row;
    itsm_buf_init(&lo, ctx), itsm_buf_init(&hi, ctx);
    itsm_status rc = scan_index(&cursor, ctx, view, type->number, ITSM_INDEX_NUMBER, &value, &lo, &hi);
    if (!rc) rc = itsm_store_next(&row, ctx, &cursor);
    if (!rc) *out = row.ref;
    itsm_store_cursor_close(&cursor);
    itsm_buf_clear(&lo), itsm_buf_clear(&hi);
    return rc;
}

itsm_status itsm_sms_find(itsm_ref *out, itsm_sms *sms, itsm_str number)
{
    itsm_view view = ITSM_VIEW_INIT;
    if (!out || !sms) return ITSM_E_MISUSE;
    itsm__issues_clear(sms->ctx);
    itsm_status rc = itsm_store_view_open(&view, sms->ctx, sms->store, NULL);
    size_t n = itsm_model_type_count(sms->model);
    if (rc) return rc;
    rc = ITSM_DONE;
    for (int named = 1; named >= 0; named--) /* first the types whose prefix it has */
        for (size_t i = 0; i < n && rc == ITSM_DONE; i++) {
            const itsm_type_def *type = itsm_model_type_at(sms->model, i);
            int has = number.n > type->prefix.n && !memcmp(number.p, type->prefix.p, type->prefix.n);
            if (has == named) rc = itsm__find_number(out, sms->ctx, &view, type, number);
        }
    itsm_store_view_close(&view);
    if (rc != ITSM_DONE) return rc;
    return itsm__issue(sms->ctx, ITSM_E_NOT_FOUND, number, itsm__no_text(), itsm__no_text(), "there is no record %S",
                       number);
}

itsm_status itsm_sms_each(itsm_sms *sms, itsm_str type_name, itsm_record_fn fn, void *user)
{
    itsm_view view = ITSM_VIEW_INIT;
    itsm_cursor cursor = ITSM_CURSOR_INIT;
    itsm_buf lo = ITSM_BUF_INIT, hi = ITSM_BUF_INIT;
    itsm_record *record = NULL;
    itsm_row row;
    if (!sms || !fn) return ITSM_E_MISUSE;
    itsm__issues_clear(sms->ctx);
    const itsm_type_def *type = itsm_model_type(sms->model, type_name);
    if (!type)
        return itsm__issue(sms->ctx, ITSM_E_NOT_FOUND, type_name, itsm__no_text(), itsm__no_text(),
                           "the model has no type %S", type_name);
    itsm_ref unused = {type->number, {0, 0}};
    itsm_status rc = itsm_store_view_open(&view, sms->ctx, sms->store, NULL);
    if (!rc) rc = itsm_record_new(&record, sms->ctx, sms->model, type, unused);
    if (!rc) rc = scan_index(&cursor, sms->ctx, &view, type->number, ITSM_INDEX_NUMBER, NULL, &lo, &hi);
    while (!rc && (rc = itsm_store_next(&row, sms->ctx, &cursor)) == ITSM_OK)
        if (!(rc = itsm__record_read(record, sms->ctx, &row))) rc = fn(user, record);
    itsm_store_cursor_close(&cursor);
    itsm_store_view_close(&view);
    itsm_record_free(record);
    return rc == ITSM_DONE ? ITSM_OK : rc;
}

/* Looking back ------------------------------------------------------------------------------------------------------ */

static itsm_status give_history(itsm_sms *sms, itsm_cursor *cursor, itsm_history_fn fn, void *user)
{
    itsm__history_content content;
    itsm__arena arena;
    itsm_row row;
    itsm_status rc;
    itsm__arena_init(&arena, &sms->memory);
    while ((rc = itsm_store_next(&row, sms->ctx, cursor)) == ITSM_OK) {
        itsm__arena_reset(&arena);
        rc = itsm__history_decode(&content, &arena, row.body);
        if (rc) {
            rc = itsm__issue(sms->ctx, rc, itsm__no_text(), itsm__no_text(), itsm__no_text(),
                             "a history row is damaged");
            break;
        }
        if ((rc = fn(user, &content.entry))) break;
    }
    itsm__arena_clear(&arena);
    return rc == ITSM_DONE ? ITSM_OK : rc;
}

itsm_status itsm_sms_history(itsm_sms *sms, itsm_ref ref, itsm_history_fn fn, void *user)
{
    itsm_view view = ITSM_VIEW_INIT;
    itsm_cursor cursor = ITSM_CURSOR_INIT;
    itsm_range range = ITSM_RANGE_INIT;
    itsm__history_ends ends;
    if (!sms || !fn) return ITSM_E_MISUSE;
    itsm__issues_clear(sms->ctx);
    itsm__history_range(&range, &ends, ref);
    itsm_status rc = itsm_store_view_open(&view, sms->ctx, sms->store, NULL);
    if (!rc) rc = itsm_store_scan(&cursor, sms->ctx, &view, &range);
    if (!rc) rc = give_history(sms, &cursor, fn, user);
    itsm_store_cursor_close(&cursor);
    itsm_store_view_close(&view);
    return rc;
}

itsm_status itsm_sms_clock(itsm_clock_row *out, itsm_sms *sms, itsm_ref ref, uint32_t kind)
{
    itsm_view view = ITSM_VIEW_INIT;
    itsm_row row;
    itsm_sla_facts *facts;
    if (!out || !sms || out->size < sizeof *out) return ITSM_E_MISUSE;
    itsm__issues_clear(sms->ctx);
    itsm_ref clock = {ITSM_ROW_CLOCK, itsm__clock_id(ref, kind)};
    itsm_status rc = itsm_store_view_open(&view, sms->ctx, sms->store, NULL);
    if (!rc) rc = itsm_store_get(&row, sms->ctx, &view, clock);
    if (!rc) rc = itsm__clock_decode(&sms->reading, &sms->memory, row.body);
    if (!rc) rc = itsm__clock_with_stop(&sms->reading, &sms->memory);
    itsm_store_view_close(&view);
    itsm__arena_reset(&sms->arena);
    if (!rc) rc = itsm__clock_facts(&facts, &sms->arena, &sms->reading);
    if (rc) return rc;
    out->kind = sms->reading.kind, out->events = sms->reading.events, out->nevents = sms->reading.n;
    out->priorities = sms->reading.priorities, out->npriorities = sms->reading.npriorities, out->facts = facts;
    return ITSM_OK;
}

/* What can be done now ---------------------------------------------------------------------------------------------- */

itsm_status itsm_sms_possible(itsm_sms *sms, itsm_ref ref, const itsm_act *act, itsm_possible_fn fn, void *user)
{
    itsm_work *work;
    itsm__draft *draft;
    if (!sms || !act || !fn) return ITSM_E_MISUSE;
    itsm_status rc = itsm_work_new(&work, sms, act);
    if (rc) return rc;
    if (!(rc = itsm__work_ready(work))) rc = itsm__work_find(&draft, work, ref);
    if (rc == ITSM_NOTHING)
        rc = itsm__issue(sms->ctx, ITSM_E_NOT_FOUND, itsm__no_text(), itsm__no_text(), itsm__no_text(),
                         "there is no such record");
    if (!rc) rc = itsm__work_possible(work, draft, fn, user);
    itsm_work_free(work);
    return rc;
}

/* One call ---------------------------------------------------------------------------------------------------------- */

/* Commit if the operation went well, and end the work either way; issues stay. */
static itsm_status finish(itsm_outcome *out, itsm_work *work, itsm_status rc)
{
    if (!rc) rc = itsm_work_commit(out, work);
    itsm_work_free(work);
    return rc;
}

itsm_status itsm_sms_create(itsm_outcome *out, itsm_sms *sms, itsm_str type, const itsm_named *set, size_t n,
                            const itsm_act *act)
{
    itsm_work *work;
    itsm_ref ref;
    itsm_status rc = itsm_work_new(&work, sms, act);
    return rc ? rc : finish(out, work, itsm_work_create(&ref, work, type, set, n));
}

itsm_status itsm_sms_change(itsm_outcome *out, itsm_sms *sms, itsm_ref ref, uint64_t expect, const itsm_named *set,
                            size_t n, const itsm_act *act)
{
    itsm_work *work;
    itsm_status rc = itsm_work_new(&work, sms, act);
    return rc ? rc : finish(out, work, itsm_work_change(work, ref, expect, set, n));
}

itsm_status itsm_sms_move(itsm_outcome *out, itsm_sms *sms, itsm_ref ref, uint64_t expect, itsm_str move,
                          const itsm_named *set, size_t n, const itsm_act *act)
{
    itsm_work *work;
    itsm_status rc = itsm_work_new(&work, sms, act);
    return rc ? rc : finish(out, work, itsm_work_move(work, ref, expect, move, set, n));
}

itsm_status itsm_sms_link(itsm_sms *sms, itsm_ref from, itsm_str relation, itsm_ref to, const itsm_act *act)
{
    itsm_work *work;
    itsm_status rc = itsm_work_new(&work, sms, act);
    return rc ? rc : finish(NULL, work, itsm_work_link(work, from, relation, to));
}

itsm_status itsm_sms_unlink(itsm_sms *sms, itsm_ref from, itsm_str relation, itsm_ref to, const itsm_act *act)
{
    itsm_work *work;
    itsm_status rc = itsm_work_new(&work, sms, act);
    return rc ? rc : finish(NULL, work, itsm_work_unlink(work, from, relation, to));
}
