/* SPDX-License-Identifier: MIT */
/*
 * Notices as rows: written with the act that asks for them, kept until the host takes them.
 *
 *   identity = when it happened (order of the list) , place within its batch , bits that nobody else has
 *   body     = canonical fields: to , event , about , at [ , metric , [ basis , value of the threshold ] , left ]
 *
 * Listing is one scan; taking is one delete that expects the row, so of several hosts one takes it.
 */
#include "sms/internal.h"

#include "base/bits.h"
#include "base/text.h"
#include "record/codec.h"

enum {
    NOTICE_TO = 1,
    NOTICE_EVENT = 2,
    NOTICE_ABOUT = 3,
    NOTICE_AT = 4,
    NOTICE_METRIC = 5, /* of a clock: this and what follows */
    NOTICE_BASIS = 6,
    NOTICE_VALUE = 7,
    NOTICE_LEFT = 8
};

#define SENDS_MAX 5 /* times one delete is sent */

static void add_field(itsm_row_field *fields, size_t *n, uint16_t number, itsm_value value)
{
    fields[*n].no = number, fields[(*n)++].value = value;
}

itsm_status itsm__notice_body(itsm_buf *out, const itsm_notice *notice)
{
    itsm_row_field fields[8];
    size_t n = 0;
    memset(fields, 0, sizeof fields);
    add_field(fields, &n, NOTICE_TO, itsm_value_text(notice->to));
    add_field(fields, &n, NOTICE_EVENT, itsm_value_text(notice->event));
    add_field(fields, &n, NOTICE_ABOUT, itsm_value_ref(notice->about));
    add_field(fields, &n, NOTICE_AT, itsm_value_number(ITSM_TIME, notice->at));
    if (!notice->metric) return itsm__fields_encode(out, fields, n);
    add_field(fields, &n, NOTICE_METRIC, itsm_value_number(ITSM_INT, notice->metric));
    add_field(fields, &n, NOTICE_BASIS, itsm_value_number(ITSM_INT, notice->threshold.basis));
    add_field(fields, &n, NOTICE_VALUE, itsm_value_number(ITSM_INT, notice->threshold.value));
    add_field(fields, &n, NOTICE_LEFT, itsm_value_number(ITSM_SPAN, notice->left));
    return itsm__fields_encode(out, fields, n);
}

itsm_id itsm__notice_id(itsm_time at, size_t place, uint64_t unique)
{
    const itsm_id id = {(uint64_t)at ^ UINT64_C(1) << 63, (uint64_t)(place & 0xFFFF) << 48 | unique >> 16};
    return id;
}

static itsm_status notice_id(itsm_id *out, itsm_work *work, size_t place, itsm_time at)
{
    unsigned char content[24];
    itsm_bytes bytes = {content, sizeof content};
    itsm__put_be64(content, work->txid.hi), itsm__put_be64(content + 8, work->txid.lo),
        itsm__put_be64(content + 16, place);
    itsm_status rc = itsm__work_new_id(out, work, "notice", bytes);
    *out = itsm__notice_id(at, place, out->lo);
    return rc;
}

itsm_status itsm__notices_settle(itsm_work *work)
{
    itsm_status rc = ITSM_OK;
    for (size_t i = work->mark.nnotices; i < work->nnotices && !rc; i++) {
        itsm_notice *notice = &work->notice[i];
        itsm__piece *piece = itsm__add_piece(work, &work->notices);
        if (!piece) return ITSM_E_NOMEM;
        rc = notice_id(&notice->id, work, i, notice->at);
        piece->ref.type = ITSM_ROW_NOTICE, piece->ref.id = notice->id;
        if (!rc) rc = itsm__notice_body(&work->bytes, notice);
        piece->n = work->bytes.n - piece->offset;
        work->notices.n += rc == ITSM_OK;
    }
    return rc;
}

/* The value of that number and kind, or NULL. */
static const itsm_value *find_value(const itsm_row_field *fields, size_t n, uint16_t number, uint16_t kind)
{
    for (size_t i = 0; i < n; i++)
        if (fields[i].no == number && fields[i].value.kind == kind) return &fields[i].value;
    return NULL;
}

/* A number that stands in the notices of clocks only; 0 elsewhere. */
static int64_t find_number(const itsm_row_field *fields, size_t n, uint16_t number, uint16_t kind)
{
    const itsm_value *value = find_value(fields, n, number, kind);
    return value ? value->u.i : 0;
}

/* Texts are borrowed from the body. */
static itsm_status notice_read(itsm_notice *out, const itsm_row *row, itsm_row_field **fields, size_t *capacity,
                               const itsm__memory *memory, itsm__arena *arena)
{
    size_t n = 0;
    itsm_status rc = itsm__fields_decode(fields, &n, capacity, NULL, memory, arena, row->body);
    if (rc) return rc;
    const itsm_value *to = find_value(*fields, n, NOTICE_TO, ITSM_TEXT),
                     *event = find_value(*fields, n, NOTICE_EVENT, ITSM_TEXT);
    const itsm_value *about = find_value(*fields, n, NOTICE_ABOUT, ITSM_REF),
                     *at = find_value(*fields, n, NOTICE_AT, ITSM_TIME);
    if (!to || !event || !about || !at) return ITSM_E_CORRUPT;
    memset(out, 0, sizeof *out);
    out->to = to->u.s, out->event = event->u.s, out->about = about->u.ref, out->at = at->u.i, out->id = row->ref.id;
    out->metric = (uint32_t)find_number(*fields, n, NOTICE_METRIC, ITSM_INT);
    out->threshold.basis = (int32_t)find_number(*fields, n, NOTICE_BASIS, ITSM_INT);
    out->threshold.value = find_number(*fields, n, NOTICE_VALUE, ITSM_INT);
    out->left = find_number(*fields, n, NOTICE_LEFT, ITSM_SPAN);
    return ITSM_OK;
}

itsm_status itsm_sms_notices(itsm_sms *sms, itsm_notice_fn fn, void *user)
{
    itsm_view view = ITSM_VIEW_INIT;
    itsm_cursor cursor = ITSM_CURSOR_INIT;
    itsm_range range = ITSM_RANGE_INIT;
    itsm_row_field *fields = NULL;
    itsm_row row;
    itsm__arena arena;
    size_t capacity = 0;
    if (!sms || !fn) return ITSM_E_MISUSE;
    itsm__issues_clear(sms->ctx);
    itsm__arena_init(&arena, &sms->memory);
    range.type = ITSM_ROW_NOTICE;
    itsm_status rc = itsm_store_view_open(&view, sms->ctx, sms->store, NULL);
    if (!rc) rc = itsm_store_scan(&cursor, sms->ctx, &view, &range);
    while (!rc && (rc = itsm_store_next(&row, sms->ctx, &cursor)) == ITSM_OK) {
        itsm_notice notice;
        itsm__arena_reset(&arena);
        rc = notice_read(&notice, &row, &fields, &capacity, &sms->memory, &arena);
        if (rc)
            rc =
                itsm__issue(sms->ctx, rc, itsm__no_text(), itsm__no_text(), itsm__no_text(), "a notice cannot be read");
        else rc = fn(user, &notice);
    }
    itsm_store_cursor_close(&cursor);
    itsm_store_view_close(&view);
    itsm__free(&sms->memory, fields, capacity * sizeof *fields);
    itsm__arena_clear(&arena);
    return rc == ITSM_DONE ? ITSM_OK : rc;
}

itsm_status itsm_sms_notice_take(itsm_sms *sms, itsm_id id)
{
    itsm_op op;
    itsm_batch batch = ITSM_BATCH_INIT;
    if (!sms) return ITSM_E_MISUSE;
    itsm__issues_clear(sms->ctx);
    memset(&op, 0, sizeof op);
    op.kind = ITSM_DEL, op.expect = 1, op.row.ref.type = ITSM_ROW_NOTICE, op.row.ref.id = id;
    batch.ops = &op, batch.nops = 1;
    itsm_status rc = ITSM_E_RETRY;
    int unsure = 0;
    for (size_t i = 0; i < SENDS_MAX && (rc == ITSM_E_RETRY || rc == ITSM_E_UNKNOWN); i++) {
        rc = itsm_store_apply(NULL, sms->ctx, sms->store, &batch, NULL);
        unsure |= rc == ITSM_E_UNKNOWN;
    }
    if (rc != ITSM_E_CONFLICT) return rc;
    itsm__issues_clear(sms->ctx);
    if (!unsure) return ITSM_NOTHING;
    return itsm__issue(sms->ctx, ITSM_E_UNKNOWN, itsm__no_text(), itsm__no_text(), itsm__no_text(),
                       "the notice is taken, perhaps by another host");
}
