/* SPDX-License-Identifier: MIT */
/*
 * Relations between records.  A relation is one fact seen from two ends.  Where one end is also a field (`service`,
 * `ci`), the fact lives in that field and its index; else it is a row of its own, kept in the direction of the end
 * with the lower type and link number, with a key for each end.
 *
 * itsm__links_each() gives what this work sees: the store, less what the work took away, plus what it made.  O(k) for
 * k links, one read each.
 */
#include "sms/internal.h"

#include "base/bits.h"
#include "base/text.h"
#include "record/codec.h"
#include "record/internal.h"
#include "record/key.h"

enum { LINK_FROM = 1, LINK_NUMBER = 2, LINK_TO = 3 };

static int same_ref(itsm_ref a, itsm_ref b)
{
    return a.type == b.type && a.id.hi == b.id.hi && a.id.lo == b.id.lo;
}

static const itsm_link_def *inverse_of(const itsm_link_def *link, const itsm_type_def *target)
{
    return itsm_link_inverse(link, link->target ? link->target : target);
}

/* Put a link into the direction its row is kept in. */
static void canonical(itsm__link_change *change, const itsm_type_def *target)
{
    const itsm_link_def *inverse = inverse_of(change->link, target);
    if (!inverse || change->link->type->number < inverse->type->number ||
        (change->link->type->number == inverse->type->number && change->link->number <= inverse->number))
        return;
    itsm_ref from = change->from;
    change->from = change->to, change->to = from, change->link = inverse;
}

itsm_id itsm__link_id(const itsm__link_change *change)
{
    unsigned char content[44];
    itsm_bytes bytes = { content, sizeof content };
    itsm__put_be32(content, change->from.type), itsm__put_be64(content + 4, change->from.id.hi);
    itsm__put_be64(content + 12, change->from.id.lo), itsm__put_be32(content + 20, change->link->number);
    itsm__put_be32(content + 24, change->to.type), itsm__put_be64(content + 28, change->to.id.hi);
    itsm__put_be64(content + 36, change->to.id.lo);
    return itsm__derived_id("link", bytes);
}

static itsm_status put_key(itsm_buf *keys, itsm_ref near, uint16_t number, itsm_ref far)
{
    itsm_status rc = itsm__key_ref(keys, near);
    if (!rc) rc = itsm__key_unsigned(keys, number);
    return rc ? rc : itsm__key_ref(keys, far);
}

itsm_status itsm__link_body(itsm_buf *out, const itsm__link_change *change)
{
    itsm_row_field fields[3];
    memset(fields, 0, sizeof fields);
    fields[0].no = LINK_FROM, fields[0].value = itsm_value_ref(change->from);
    fields[1].no = LINK_NUMBER, fields[1].value = itsm_value_number(ITSM_INT, change->link->number);
    fields[2].no = LINK_TO, fields[2].value = itsm_value_ref(change->to);
    return itsm__fields_encode(out, fields, 3);
}

itsm_status itsm__link_keys(itsm_buf *out, const itsm_work *work, const itsm__link_change *change, size_t ends[2])
{
    const itsm_link_def *inverse = inverse_of(change->link, itsm_model_type_number(work->sms->model, change->to.type));
    itsm_status rc = put_key(out, change->from, change->link->number, change->to);
    ends[0] = out->n;
    if (!rc) rc = put_key(out, change->to, inverse ? inverse->number : 0, change->from);
    ends[1] = out->n;
    return rc;
}

/* Reading ----------------------------------------------------------------------------------------------------------- */

/* What this work did to a link whose row is kept as given: 1 made, -1 taken away, 0 nothing. */
static int changed_here(const itsm_work *work, itsm_ref from, const itsm_link_def *link, itsm_ref to)
{
    for (size_t i = work->nlinks; i-- > 0;) {
        const itsm__link_change *c = &work->links[i];
        if (c->link == link && same_ref(c->from, from) && same_ref(c->to, to)) return c->added ? 1 : -1;
    }
    return 0;
}

/* A scan's refs are collected before anything is called, since the callback may read. */
typedef struct refs {
    itsm_ref *items;
    size_t n, capacity;
} refs;

static itsm_status add_ref(itsm_work *work, refs *list, itsm_ref ref)
{
    for (size_t i = 0; i < list->n; i++)
        if (same_ref(list->items[i], ref)) return ITSM_OK;
    itsm_status rc = itsm__grow(&work->memory, &list->items, &list->capacity, list->n + 1, sizeof *list->items);
    if (!rc) list->items[list->n++] = ref;
    return rc;
}

static itsm_status link_end(itsm_ref *out, itsm_work *work, itsm_bytes body, uint16_t which)
{
    itsm_row_field *fields = NULL;
    size_t n = 0, capacity = 0;
    itsm_status rc = itsm__fields_decode(&fields, &n, &capacity, &work->memory, &work->arena, body);
    if (!rc) rc = ITSM_E_CORRUPT;
    for (size_t i = 0; i < n; i++)
        if (fields[i].no == which && fields[i].value.kind == ITSM_REF) *out = fields[i].value.u.ref, rc = ITSM_OK;
    itsm__free(&work->memory, fields, capacity * sizeof *fields);
    return rc;
}

/* Scan an index for keys that begin with `prefix`. */
static itsm_status scan(itsm_cursor *cursor, itsm_work *work, uint32_t type, uint32_t index, const itsm_buf *prefix,
                        itsm_buf *end, const itsm_value *eq)
{
    itsm_range range = ITSM_RANGE_INIT;
    itsm_bytes start = { prefix->p, prefix->n };
    itsm_status rc = itsm__key_end(end, start);
    if (rc) return rc;
    range.type = type, range.index = index, range.lo = start, range.hi.p = end->p, range.hi.n = end->n;
    if (eq) range.neq = 1, range.eq = eq;
    return itsm_store_scan(cursor, work->ctx, &work->view, &range);
}

/* Links kept as rows: through the key of the near end. */
static itsm_status collect_rows(refs *out, itsm_work *work, itsm_ref near, const itsm_link_def *link)
{
    itsm__link_change kept = { near, near, link, 1 };
    canonical(&kept, link->target);
    int forward = kept.link == link;
    itsm_buf prefix = ITSM_BUF_INIT, end = ITSM_BUF_INIT;
    itsm_cursor cursor = ITSM_CURSOR_INIT;
    itsm_row row;
    itsm_buf_init(&prefix, work->ctx), itsm_buf_init(&end, work->ctx);
    itsm_status rc = itsm__key_ref(&prefix, near);
    if (!rc) rc = itsm__key_unsigned(&prefix, link->number);
    if (!rc) rc = scan(&cursor, work, ITSM_ROW_LINK, forward ? 1 : 2, &prefix, &end, NULL);
    while (!rc && (rc = itsm_store_next(&row, work->ctx, &cursor)) == ITSM_OK) {
        itsm_ref far;
        rc = link_end(&far, work, row.body, forward ? LINK_TO : LINK_FROM);
        if (!rc && changed_here(work, forward ? near : far, kept.link, forward ? far : near) >= 0) rc = add_ref(work, out, far);
    }
    itsm_store_cursor_close(&cursor);
    for (size_t i = 0; i < work->nlinks && rc >= 0; i++) {
        const itsm__link_change *c = &work->links[i];
        if (c->link != kept.link || !same_ref(forward ? c->from : c->to, near)) continue;
        if (changed_here(work, c->from, c->link, c->to) > 0) {
            itsm_status added = add_ref(work, out, forward ? c->to : c->from);
            if (added) rc = added;
        }
    }
    itsm_buf_clear(&prefix), itsm_buf_clear(&end);
    return rc < 0 ? rc : ITSM_OK;
}

static int value_has(const itsm_value *value, itsm_ref ref)
{
    if (!value) return 0;
    if (value->kind == ITSM_REF) return same_ref(value->u.ref, ref);
    for (size_t i = 0; value->kind == ITSM_LIST && i < value->u.list.n; i++)
        if (value->u.list.item[i].kind == ITSM_REF && same_ref(value->u.list.item[i].u.ref, ref)) return 1;
    return 0;
}

static const itsm_index_def *index_of_field(const itsm_type_def *type, uint16_t field)
{
    for (size_t i = 0; i < type->nindexes; i++)
        if (type->indexes[i].nfields == 1 && type->indexes[i].fields[0] == field) return &type->indexes[i];
    return NULL;
}

/* Links that live in a field of the far end: through the index of that field, and the drafts of this work. */
static itsm_status collect_fields(refs *out, itsm_work *work, itsm_ref near, const itsm_link_def *far_link)
{
    const itsm_type_def *type = far_link->type;
    const itsm_index_def *index = index_of_field(type, far_link->field);
    uint16_t number = type->fields[far_link->field].number;
    itsm_value value = itsm_value_ref(near);
    itsm_buf prefix = ITSM_BUF_INIT, end = ITSM_BUF_INIT;
    itsm_cursor cursor = ITSM_CURSOR_INIT;
    itsm_row row;
    itsm_status rc = ITSM_OK;
    itsm_buf_init(&prefix, work->ctx), itsm_buf_init(&end, work->ctx);
    if (!index) return ITSM_E_UNSUPPORTED;
    rc = itsm__key_value(&prefix, &value);
    if (!rc) rc = scan(&cursor, work, type->number, index->number, &prefix, &end, &value);
    while (!rc && (rc = itsm_store_next(&row, work->ctx, &cursor)) == ITSM_OK) rc = add_ref(work, out, row.ref);
    itsm_store_cursor_close(&cursor);
    itsm_buf_clear(&prefix), itsm_buf_clear(&end);
    if (rc < 0) return rc;
    size_t kept = 0;
    for (size_t i = 0; i < out->n; i++) { /* drafts know better */
        itsm__draft *draft;
        rc = itsm__work_find(&draft, work, out->items[i]);
        if (rc < 0) return rc;
        if (rc == ITSM_OK && value_has(itsm__record_at(draft->record, number), near)) out->items[kept++] = out->items[i];
    }
    out->n = kept, rc = ITSM_OK;
    for (size_t i = 0; i < work->ndrafts && !rc; i++) {
        const itsm_record *record = work->drafts[i]->record;
        if (itsm_record_type(record) == type && value_has(itsm__record_at(record, number), near))
            rc = add_ref(work, out, itsm_record_ref(record));
    }
    return rc;
}

static itsm_status collect_own(refs *out, itsm_work *work, const itsm_record *record, const itsm_link_def *link)
{
    const itsm_value *value = itsm__record_at(record, itsm_record_type(record)->fields[link->field].number);
    itsm_status rc = ITSM_OK;
    if (!value) return ITSM_OK;
    if (value->kind == ITSM_REF) return add_ref(work, out, value->u.ref);
    for (size_t i = 0; value->kind == ITSM_LIST && i < value->u.list.n && !rc; i++)
        rc = add_ref(work, out, value->u.list.item[i].u.ref);
    return rc;
}

itsm_status itsm__links_each(itsm_work *work, itsm__draft *draft, const itsm_link_def *link, itsm__linked_fn fn, void *user)
{
    refs found = { NULL, 0, 0 };
    const itsm_link_def *inverse = link->is_field ? NULL : inverse_of(link, link->target);
    itsm_ref near = itsm_record_ref(draft->record);
    itsm_status rc = link->is_field                 ? collect_own(&found, work, draft->record, link)
                     : inverse && inverse->is_field ? collect_fields(&found, work, near, inverse)
                                                    : collect_rows(&found, work, near, link);
    for (size_t i = 0; i < found.n && !rc; i++) rc = fn(user, found.items[i]);
    itsm__free(&work->memory, found.items, found.capacity * sizeof *found.items);
    return rc;
}

/* Writing ----------------------------------------------------------------------------------------------------------- */

static itsm_status count_one(void *user, itsm_ref ref)
{
    (void)ref;
    ++*(size_t *)user;
    return ITSM_OK;
}

typedef struct lookup {
    itsm_ref ref;
    int found;
} lookup;

static itsm_status look_for(void *user, itsm_ref ref)
{
    lookup *wanted = user;
    if (same_ref(ref, wanted->ref)) wanted->found = 1;
    return ITSM_OK;
}

static itsm_status is_linked(int *out, itsm_work *work, itsm__draft *draft, const itsm_link_def *link, itsm_ref to)
{
    lookup wanted = { to, 0 };
    itsm_status rc = itsm__links_each(work, draft, link, look_for, &wanted);
    *out = wanted.found;
    return rc;
}

/* May this end take one more, and may the host write the field it lives in? */
static itsm_status check_end(itsm_work *work, itsm__draft *draft, const itsm_link_def *link, int adding)
{
    const itsm_type_def *type = itsm_record_type(draft->record);
    itsm_str clause = type->clauses_2018.n ? type->clauses_2018.item[0] : itsm_str_c(NULL);
    itsm_status rc = ITSM_OK;
    size_t n = 0;
    if (link->is_field && !itsm_field_writable(&type->fields[link->field], itsm__record_state(draft->record, &type->machines[0]), 0))
        rc = itsm__refuse(work, link->name, "locked:", link->name, clause, "%S may not be written in this state");
    if (!adding || link->many) return rc;
    itsm_status counted = itsm__links_each(work, draft, link, count_one, &n);
    if (counted) return counted;
    if (n) rc = itsm__refuse(work, link->name, "cardinality:", link->name, clause, "%S takes one record and has it");
    return rc;
}

/* Add a ref to a field, or take it out. */
static itsm_status write_field(itsm_work *work, itsm_record *record, const itsm_field_def *field, itsm_ref ref, int adding)
{
    itsm_value value = itsm_value_ref(ref);
    if (!field->list) return adding ? itsm_record_set(record, field, &value) : (itsm_record_remove(record, field), ITSM_OK);
    const itsm_value *old = itsm__record_at(record, field->number);
    size_t n = old ? old->u.list.n : 0, kept = 0;
    itsm_value *items = itsm__arena_alloc(&work->arena, (n + 1) * sizeof *items);
    if (!items) return ITSM_E_NOMEM;
    for (size_t i = 0; i < n; i++)
        if (adding || !same_ref(old->u.list.item[i].u.ref, ref)) items[kept++] = old->u.list.item[i];
    if (adding) items[kept++] = value;
    memset(&value, 0, sizeof value);
    value.kind = ITSM_LIST, value.u.list.item = items, value.u.list.n = kept;
    return itsm_record_set(record, field, &value);
}

static itsm_status write_link(itsm_work *work, itsm__draft *a, const itsm_link_def *link, itsm__draft *b,
                              const itsm_link_def *inverse, int adding)
{
    itsm__touch *touch;
    uint32_t action = adding ? ITSM_AUDIT_LINK : ITSM_AUDIT_UNLINK;
    itsm_ref from = itsm_record_ref(a->record), to = itsm_record_ref(b->record);
    itsm_status rc = itsm__work_touch(&touch, work, a, action, link->name);
    if (rc) return rc;
    if (link->is_field) return write_field(work, a->record, &link->type->fields[link->field], to, adding);
    if (inverse && inverse->is_field) {
        rc = itsm__work_touch(&touch, work, b, action, inverse->name);
        return rc ? rc : write_field(work, b->record, &inverse->type->fields[inverse->field], from, adding);
    }
    rc = itsm__grow(&work->memory, &work->links, &work->link_capacity, work->nlinks + 1, sizeof *work->links);
    if (rc) return rc;
    itsm__link_change change = { from, to, link, adding };
    canonical(&change, itsm_record_type(b->record));
    for (size_t i = 0; i < work->nlinks; i++) { /* the last word counts */
        itsm__link_change *old = &work->links[i];
        if (old->link == change.link && same_ref(old->from, change.from) && same_ref(old->to, change.to))
            return *old = change, ITSM_OK;
    }
    work->links[work->nlinks++] = change;
    return ITSM_OK;
}

static itsm_status find_end(itsm__draft **out, itsm_work *work, itsm_ref ref)
{
    itsm_status rc = itsm__work_find(out, work, ref);
    return rc != ITSM_NOTHING ? rc
                              : itsm__issue(work->ctx, ITSM_E_NOT_FOUND, itsm_str_c(NULL), itsm_str_c(NULL),
                                            itsm_str_c(NULL), "there is no such record");
}

static itsm_status change_link(itsm_work *work, itsm_ref from, itsm_str relation, itsm_ref to, int adding)
{
    itsm__draft *a, *b;
    int linked = 0;
    if (!work) return ITSM_E_MISUSE;
    itsm__issues_clear(work->ctx);
    itsm_status rc = itsm__work_ready(work);
    if (!rc) rc = find_end(&a, work, from);
    if (!rc) rc = find_end(&b, work, to);
    if (rc) return rc;
    const itsm_type_def *near = itsm_record_type(a->record), *far = itsm_record_type(b->record);
    const itsm_link_def *link = itsm_type_link(near, relation);
    if (!link)
        return itsm__issue(work->ctx, ITSM_E_NOT_FOUND, relation, itsm_str_c(NULL), itsm_str_c(NULL),
                           "%S has no relation %S", near->name, relation);
    if (link->target && link->target != far)
        return itsm__issue(work->ctx, ITSM_E_INVALID, relation, itsm_str_c(NULL), itsm_str_c(NULL), "%S leads to %S, not to %S",
                           relation, link->target_name, far->name);
    const itsm_link_def *inverse = inverse_of(link, far);
    if ((rc = is_linked(&linked, work, a, link, to))) return rc;
    if (linked == adding) return ITSM_NOTHING;
    rc = check_end(work, a, link, adding);
    itsm_status other = inverse ? check_end(work, b, inverse, adding) : ITSM_OK;
    if (rc || other) return rc ? rc : other;
    rc = write_link(work, a, link, b, inverse, adding);
    if (rc) return itsm__work_undo(work), rc;
    return itsm__work_settle(work, itsm__work_effective(work), work->act.who);
}

itsm_status itsm_work_link(itsm_work *work, itsm_ref from, itsm_str relation, itsm_ref to)
{
    return change_link(work, from, relation, to, 1);
}

itsm_status itsm_work_unlink(itsm_work *work, itsm_ref from, itsm_str relation, itsm_ref to)
{
    return change_link(work, from, relation, to, 0);
}
