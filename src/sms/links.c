/* SPDX-License-Identifier: MIT */
/*
 * Relations between records.  A relation is one fact seen from two ends.  Where one end is also a field (`service`,
 * `ci`), the fact lives in that field and its index; else it is a row of its own, kept in the direction of the end
 * with the lower type and link number, with a key for each end.
 *
 * A relation that is its own inverse is one fact without a direction: its row is kept from the lower reference.
 *
 * itsm__links_each() gives what this work sees: the store, less what the work took away, plus what it made.  O(k) for
 * k links, one read each.
 */
#include "sms/internal.h"

#include "base/bits.h"
#include "base/map.h"
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

static int ref_order(itsm_ref a, itsm_ref b)
{
    if (a.type != b.type) return a.type < b.type ? -1 : 1;
    if (a.id.hi != b.id.hi) return a.id.hi < b.id.hi ? -1 : 1;
    return a.id.lo < b.id.lo ? -1 : a.id.lo > b.id.lo;
}

static int is_own_inverse(const itsm_link_def *link)
{
    return link->target == link->type && inverse_of(link, link->target) == link;
}

/* Put a link into the direction its row is kept in. */
static void canonical(itsm__link_change *change, const itsm_type_def *target)
{
    const itsm_link_def *link = change->link, *inverse = inverse_of(link, target);
    int kept = !inverse || link->type->number < inverse->type->number ||
               (link->type->number == inverse->type->number && link->number < inverse->number) ||
               (link == inverse && ref_order(change->from, change->to) <= 0);
    if (kept) return;
    itsm_ref from = change->from;
    change->from = change->to, change->to = from, change->link = inverse;
}

itsm_id itsm__link_id(const itsm__link_change *change)
{
    unsigned char content[44];
    itsm_bytes bytes = {content, sizeof content};
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

/* Did this work take a link away? */
static int is_taken_away(const itsm_work *work, itsm_ref near, const itsm_link_def *link, itsm_ref far)
{
    itsm__link_change kept = {near, far, link, 0, 0};
    canonical(&kept, link->target);
    for (size_t i = 0; i < work->nlinks; i++) {
        const itsm__link_change *c = &work->links[i];
        if (c->link == kept.link && same_ref(c->from, kept.from) && same_ref(c->to, kept.to)) return !c->added;
    }
    return 0;
}

/* A scan's refs are collected before anything is called, since the callback may read.  A few are compared; from then on
 * a map knows them. */
typedef struct refs {
    itsm_ref *items;
    size_t n, capacity;
    itsm__map seen;
} refs;

#define FEW_REFS 16

static itsm_status see_ref(refs *list, itsm_ref ref, int *is_new)
{
    unsigned char key[20];
    itsm__put_be32(key, ref.type), itsm__put_be64(key + 4, ref.id.hi), itsm__put_be64(key + 12, ref.id.lo);
    return itsm__map_put(&list->seen, key, sizeof key, is_new) ? ITSM_OK : ITSM_E_NOMEM;
}

static itsm_status is_new_ref(int *is_new, refs *list, itsm_ref ref)
{
    itsm_status rc = ITSM_OK;
    *is_new = 1;
    for (size_t i = 0; list->n < FEW_REFS && i < list->n && *is_new; i++) *is_new = !same_ref(list->items[i], ref);
    if (list->n < FEW_REFS) return ITSM_OK;
    for (size_t i = 0; list->n == FEW_REFS && i < list->n && !rc; i++) rc = see_ref(list, list->items[i], is_new);
    return rc ? rc : see_ref(list, ref, is_new);
}

static itsm_status add_ref(itsm_work *work, refs *list, itsm_ref ref)
{
    int is_new;
    itsm_status rc = is_new_ref(&is_new, list, ref);
    if (rc || !is_new) return rc;
    rc = itsm__grow(&work->memory, &list->items, &list->capacity, list->n + 1, sizeof *list->items);
    if (!rc) list->items[list->n++] = ref;
    return rc;
}

static itsm_status link_end(itsm_ref *out, itsm_work *work, itsm_bytes body, uint16_t which)
{
    itsm_row_field *fields = NULL;
    size_t n = 0, capacity = 0;
    itsm_status rc = itsm__fields_decode(&fields, &n, &capacity, NULL, &work->memory, &work->arena, body);
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
    itsm_bytes start = {prefix->p, prefix->n};
    itsm_status rc = itsm__key_end(end, start);
    if (rc) return rc;
    range.type = type, range.index = index, range.lo = start, range.hi.p = end->p, range.hi.n = end->n;
    if (eq) range.neq = 1, range.eq = eq;
    return itsm__relay(work, itsm_store_scan(cursor, itsm__quiet(work), &work->view, &range));
}

static itsm_status next_row(itsm_row *row, itsm_work *work, itsm_cursor *cursor)
{
    return itsm__relay(work, itsm_store_next(row, itsm__quiet(work), cursor));
}

/* Rows that have the record at one end: through the key of that end. */
static itsm_status collect_rows(refs *out, itsm_work *work, itsm_ref near, const itsm_link_def *link, int near_is_from)
{
    itsm_buf prefix = ITSM_BUF_INIT, end = ITSM_BUF_INIT;
    itsm_cursor cursor = ITSM_CURSOR_INIT;
    itsm_row row;
    itsm_buf_init(&prefix, work->ctx), itsm_buf_init(&end, work->ctx);
    itsm_status rc = itsm__key_ref(&prefix, near);
    if (!rc) rc = itsm__key_unsigned(&prefix, link->number);
    if (!rc) rc = scan(&cursor, work, ITSM_ROW_LINK, near_is_from ? 1 : 2, &prefix, &end, NULL);
    while (!rc && (rc = next_row(&row, work, &cursor)) == ITSM_OK) {
        itsm_ref far = {0, {0, 0}};
        rc = link_end(&far, work, row.body, near_is_from ? LINK_TO : LINK_FROM);
        if (!rc && !is_taken_away(work, near, link, far)) rc = add_ref(work, out, far);
    }
    itsm_store_cursor_close(&cursor);
    itsm_buf_clear(&prefix), itsm_buf_clear(&end);
    return rc < 0 ? rc : ITSM_OK;
}

/* Links kept as rows: those in the store and those this work made. */
static itsm_status collect_links(refs *out, itsm_work *work, itsm_ref near, const itsm_link_def *link)
{
    itsm__link_change kept = {near, near, link, 1, 0};
    canonical(&kept, link->target);
    int forward = kept.link == link, both = is_own_inverse(link);
    itsm_status rc = collect_rows(out, work, near, link, forward);
    if (!rc && both) rc = collect_rows(out, work, near, link, 0);
    for (size_t i = 0; i < work->nlinks && !rc; i++) {
        const itsm__link_change *c = &work->links[i];
        if (c->link != kept.link || !c->added) continue;
        if (same_ref(forward ? c->from : c->to, near)) rc = add_ref(work, out, forward ? c->to : c->from);
        else if (both && same_ref(c->to, near)) rc = add_ref(work, out, c->from);
    }
    return rc;
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
    while (!rc && (rc = next_row(&row, work, &cursor)) == ITSM_OK) rc = add_ref(work, out, row.ref);
    itsm_store_cursor_close(&cursor);
    itsm_buf_clear(&prefix), itsm_buf_clear(&end);
    if (rc < 0) return rc;
    size_t kept = 0;
    for (size_t i = 0; i < out->n; i++) { /* drafts know better */
        itsm__draft *draft;
        rc = itsm__work_find(&draft, work, out->items[i]);
        if (rc < 0) return rc;
        if (rc == ITSM_OK && value_has(itsm__record_at(draft->record, number), near))
            out->items[kept++] = out->items[i];
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

itsm_status itsm__links_each(itsm_work *work, itsm__draft *draft, const itsm_link_def *link, itsm__linked_fn fn,
                             void *user)
{
    refs found;
    memset(&found, 0, sizeof found);
    itsm__map_init(&found.seen, &work->memory);
    const itsm_link_def *inverse = link->is_field ? NULL : inverse_of(link, link->target);
    itsm_ref near = itsm_record_ref(draft->record);
    itsm_status rc = link->is_field                 ? collect_own(&found, work, draft->record, link)
                     : inverse && inverse->is_field ? collect_fields(&found, work, near, inverse)
                                                    : collect_links(&found, work, near, link);
    for (size_t i = 0; i < found.n && !rc; i++) rc = fn(user, found.items[i]);
    itsm__free(&work->memory, found.items, found.capacity * sizeof *found.items);
    itsm__map_clear(&found.seen);
    return rc;
}

/* Delete the rows of one relation that stand in the store. */
static itsm_status delete_rows(itsm_work *work, itsm_ref near, const itsm_link_def *link, int near_is_from,
                               itsm_status (*delete_row)(itsm_work *, itsm_ref, uint64_t))
{
    itsm_buf prefix = ITSM_BUF_INIT, end = ITSM_BUF_INIT;
    itsm_cursor cursor = ITSM_CURSOR_INIT;
    itsm_row row;
    itsm_buf_init(&prefix, work->ctx), itsm_buf_init(&end, work->ctx);
    itsm_status rc = itsm__key_ref(&prefix, near);
    if (!rc) rc = itsm__key_unsigned(&prefix, link->number);
    if (!rc) rc = scan(&cursor, work, ITSM_ROW_LINK, near_is_from ? 1 : 2, &prefix, &end, NULL);
    while (!rc && (rc = next_row(&row, work, &cursor)) == ITSM_OK) rc = delete_row(work, row.ref, row.rev);
    itsm_store_cursor_close(&cursor);
    itsm_buf_clear(&prefix), itsm_buf_clear(&end);
    return rc < 0 ? rc : ITSM_OK;
}

itsm_status itsm__links_delete(itsm_work *work, itsm__draft *draft,
                               itsm_status (*delete_row)(itsm_work *, itsm_ref, uint64_t))
{
    const itsm_type_def *type = itsm_record_type(draft->record);
    const itsm_ref near = itsm_record_ref(draft->record);
    itsm_status rc = ITSM_OK;
    for (size_t i = 0; i < type->nlinks && !rc; i++) {
        const itsm_link_def *link = &type->links[i];
        const itsm_link_def *inverse = link->is_field ? NULL : inverse_of(link, link->target);
        if (link->is_field || (inverse && inverse->is_field)) continue; /* kept in a field */
        itsm__link_change kept = {near, near, link, 1, 0};
        canonical(&kept, link->target);
        rc = delete_rows(work, near, link, kept.link == link, delete_row);
        if (!rc && is_own_inverse(link)) rc = delete_rows(work, near, link, 0, delete_row);
    }
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
    lookup wanted = {to, 0};
    itsm_status rc = itsm__links_each(work, draft, link, look_for, &wanted);
    *out = wanted.found;
    return rc;
}

/* May the host write the field this end lives in? */
static itsm_status check_lock(itsm_work *work, itsm__draft *draft, const itsm_link_def *link)
{
    const itsm_type_def *type = itsm_record_type(draft->record);
    if (!link || !link->is_field ||
        itsm_field_writable(&type->fields[link->field], itsm__primary_state(draft->record), 0))
        return ITSM_OK;
    return itsm__refuse(work, link->name, "locked:", link->name, itsm__clause_of(type),
                        "%S may not be written in this state");
}

/* May this end have as many as `room` allows, besides those it has? */
static itsm_status check_room(itsm_work *work, itsm__draft *draft, const itsm_link_def *link, size_t room)
{
    size_t n = 0;
    if (!link || link->many) return ITSM_OK;
    itsm_status rc = itsm__links_each(work, draft, link, count_one, &n);
    if (rc || n <= room) return rc;
    return itsm__refuse(work, link->name, "cardinality:", link->name, itsm__clause_of(itsm_record_type(draft->record)),
                        "%S takes one record and has it");
}

/* Locks of both ends, then room at both. */
static itsm_status check_ends(itsm_work *work, itsm__draft *a, const itsm_link_def *link, itsm__draft *b,
                              const itsm_link_def *inverse, int adding)
{
    itsm_status rc = check_lock(work, a, link), other = check_lock(work, b, inverse);
    rc = itsm__worse(rc, other);
    if (!adding) return rc;
    other = check_room(work, a, link, 0);
    rc = itsm__worse(rc, other);
    if (a == b && link == inverse) return rc;
    other = check_room(work, b, inverse, 0);
    return itsm__worse(rc, other);
}

/* Add a ref to a field, or take it out. */
static itsm_status write_field(itsm_work *work, itsm_record *record, const itsm_field_def *field, itsm_ref ref,
                               int adding)
{
    itsm_value value = itsm_value_ref(ref);
    if (!field->list)
        return adding ? itsm_record_set(record, field, &value) : (itsm_record_remove(record, field), ITSM_OK);
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

/* Along these two records collide that touch different items. */
static int is_dependency(const itsm_link_def *link)
{
    return itsm_str_is(link->name, "depends_on") || itsm_str_is(link->name, "depends_on_me");
}

/* Changing a field that had a value voids what was decided on it. */
static itsm_status void_approvals(itsm_work *work, itsm__draft *draft, const itsm_link_def *link)
{
    if (!link || !link->is_field) return ITSM_OK;
    const itsm_field_def *field = &link->type->fields[link->field];
    return itsm__record_at(draft->record, field->number) ? itsm__approvals_void(work, draft, field->name) : ITSM_OK;
}

static itsm_status write_link(itsm_work *work, itsm__draft *a, const itsm_link_def *link, itsm__draft *b,
                              const itsm_link_def *inverse, int adding)
{
    itsm__touch *touch;
    uint32_t action = adding ? ITSM_AUDIT_LINK : ITSM_AUDIT_UNLINK;
    itsm_ref from = itsm_record_ref(a->record), to = itsm_record_ref(b->record);
    itsm_status rc = void_approvals(work, a, link);
    if (!rc) rc = void_approvals(work, b, inverse);
    if (!rc) rc = itsm__work_touch(&touch, work, a, action, link->name);
    if (!rc && inverse && itsm__is_anchor(work->sms, inverse))
        rc = itsm__work_touch(&touch, work, b, action, inverse->name);
    if (rc) return rc;
    if (link->is_field) return write_field(work, a->record, &link->type->fields[link->field], to, adding);
    if (inverse && inverse->is_field) {
        rc = itsm__work_touch(&touch, work, b, action, inverse->name);
        return rc ? rc : write_field(work, b->record, &inverse->type->fields[inverse->field], from, adding);
    }
    if (is_dependency(link) && (rc = itsm__schedule_alter(work))) return rc;
    rc = itsm__grow(&work->memory, &work->links, &work->link_capacity, work->nlinks + 1, sizeof *work->links);
    if (rc) return rc;
    itsm__link_change change = {from, to, link, adding, 0};
    canonical(&change, itsm_record_type(b->record));
    for (size_t i = 0; i < work->nlinks; i++) { /* the last word counts */
        itsm__link_change *old = &work->links[i];
        if (old->link != change.link || !same_ref(old->from, change.from) || !same_ref(old->to, change.to)) continue;
        work->mark.replaced = i, work->mark.replaced_link = *old;
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
    itsm_status rc = itsm__work_begin(work);
    if (!rc) rc = itsm__work_has_time(work);
    if (!rc) rc = find_end(&a, work, from);
    if (!rc) rc = find_end(&b, work, to);
    if (rc) return rc;
    const itsm_type_def *near = itsm_record_type(a->record), *far = itsm_record_type(b->record);
    const itsm_link_def *link = itsm_type_link(near, relation);
    if (!link)
        return itsm__issue(work->ctx, ITSM_E_NOT_FOUND, relation, itsm_str_c(NULL), itsm_str_c(NULL),
                           "%S has no relation %S", near->name, relation);
    if (link->target && link->target != far)
        return itsm__issue(work->ctx, ITSM_E_INVALID, relation, itsm_str_c(NULL), itsm_str_c(NULL),
                           "%S leads to %S, not to %S", relation, link->target_name, far->name);
    const itsm_link_def *inverse = inverse_of(link, far);
    if ((rc = is_linked(&linked, work, a, link, to))) return rc;
    if (linked == adding) return ITSM_NOTHING;
    if ((rc = check_ends(work, a, link, b, inverse, adding))) return rc;
    rc = write_link(work, a, link, b, inverse, adding);
    for (size_t i = 0; i < work->ntouches && !rc; i++) {
        const itsm__touch *touch = &work->touches[i];
        rc = itsm__derive(work->sms, touch->draft->record, NULL);
        if (!rc) rc = itsm__record_check_written(work->ctx, touch->draft->record);
    }
    return itsm__work_end(work, rc);
}

itsm_status itsm_work_link(itsm_work *work, itsm_ref from, itsm_str relation, itsm_ref to)
{
    return change_link(work, from, relation, to, 1);
}

itsm_status itsm_work_unlink(itsm_work *work, itsm_ref from, itsm_str relation, itsm_ref to)
{
    return change_link(work, from, relation, to, 0);
}

/* Anchors ----------------------------------------------------------------------------------------------------------- */

#define LINKS_PER_TYPE 64 /* places in the table of anchors for each type; relations beyond them are always anchors */

int itsm__is_anchor(const itsm_sms *sms, const itsm_link_def *link)
{
    size_t at = (size_t)(link - link->type->links);
    if (link->is_field) return 0; /* its record is written anyway */
    return at >= LINKS_PER_TYPE || sms->anchors[link->type->index * LINKS_PER_TYPE + at];
}

static void anchor_path(unsigned char *row, const itsm_path *path)
{
    if ((path->kind == ITSM_PATH_LINK || path->kind == ITSM_PATH_LINKED) && path->at < LINKS_PER_TYPE)
        row[path->at] = 1;
}

static void anchor_guard(unsigned char *row, const itsm_guard_def *guard)
{
    for (uint16_t i = 0; i < guard->npaths; i++) anchor_path(row, &guard->paths[i]);
    if (guard->kind == ITSM_GUARD_APPROVED) row[0] = 1; /* the first relation of every type is `approval` */
}

static void anchor_move(unsigned char *row, const itsm_move_def *move)
{
    for (const itsm_guard_def *g = move->guards; g->kind; g++) anchor_guard(row, g);
    for (const itsm_effect_def *e = move->effects; e->kind; e++) {
        for (uint16_t i = 0; i < e->npaths; i++) anchor_path(row, &e->paths[i]);
        for (uint16_t i = 0; e->condition && i < e->condition->nodes; i++) anchor_guard(row, &e->condition[i]);
    }
}

itsm_status itsm__anchors_new(itsm_sms *sms)
{
    size_t n = itsm_model_type_count(sms->model);
    sms->nanchors = n * LINKS_PER_TYPE;
    sms->anchors = itsm__alloc_zero(&sms->memory, sms->nanchors);
    if (!sms->anchors) return ITSM_E_NOMEM;
    for (size_t t = 0; t < n; t++) {
        const itsm_type_def *type = itsm_model_type_at(sms->model, t);
        unsigned char *row = sms->anchors + type->index * LINKS_PER_TYPE;
        for (size_t i = 0; i < type->nlinks && i < LINKS_PER_TYPE; i++) row[i] = !type->links[i].many;
        for (size_t m = 0; m < type->nmachines; m++)
            for (size_t i = 0; i < type->machines[m].nmoves; i++) anchor_move(row, &type->machines[m].moves[i]);
    }
    return ITSM_OK;
}

/* One link that a written field made or took away, seen from its other end. */
static itsm_status follow_ref(itsm_work *work, const itsm_link_def *link, itsm_ref ref, int adding)
{
    itsm__draft *far;
    itsm__touch *touch;
    const itsm_type_def *type = itsm_model_type_number(work->sms->model, ref.type);
    const itsm_link_def *inverse = type ? inverse_of(link, type) : NULL;
    if (!inverse || !itsm__is_anchor(work->sms, inverse)) return ITSM_OK;
    itsm_status rc = itsm__work_find(&far, work, ref);
    if (rc) return rc == ITSM_NOTHING ? ITSM_OK : rc;
    if (adding && (rc = check_room(work, far, inverse, 1))) return rc;
    return itsm__work_touch(&touch, work, far, adding ? ITSM_AUDIT_LINK : ITSM_AUDIT_UNLINK, inverse->name);
}

/* What stands in one value and not in the other. */
static itsm_status follow_value(itsm_work *work, const itsm_link_def *link, const itsm_value *value,
                                const itsm_value *other, int adding)
{
    if (!value) return ITSM_OK;
    const itsm_value *items = value->kind == ITSM_LIST ? value->u.list.item : value;
    size_t n = value->kind == ITSM_LIST ? value->u.list.n : 1;
    itsm_status rc = ITSM_OK;
    for (size_t i = 0; i < n && !rc; i++)
        if (items[i].kind == ITSM_REF && !value_has(other, items[i].u.ref))
            rc = follow_ref(work, link, items[i].u.ref, adding);
    return rc;
}

/* The touches grow meanwhile; those added have no fields written. */
itsm_status itsm__links_follow(itsm_work *work)
{
    itsm_status rc = ITSM_OK;
    for (size_t t = 0, n = work->ntouches; t < n && !rc; t++) {
        const itsm_record *record = work->touches[t].draft->record, *kept = work->touches[t].before;
        const itsm_type_def *type = itsm_record_type(record);
        const itsm__places *links = &itsm__plan_of(work->sms, record)->links;
        for (size_t i = 0; i < links->n && !rc; i++) {
            const itsm_link_def *link = &type->links[links->at[i]];
            uint16_t number = type->fields[link->field].number;
            const itsm_value *before = itsm__record_at(kept, number), *after = itsm__record_at(record, number);
            if ((!before && !after) || (before && after && itsm_value_eq(before, after))) continue;
            rc = follow_value(work, link, before, after, 0);
            if (!rc) rc = follow_value(work, link, after, before, 1);
        }
    }
    return rc;
}
