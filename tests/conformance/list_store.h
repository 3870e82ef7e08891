/* SPDX-License-Identifier: MIT */
/*
 * A store that is a list, and all the ways in which it can be wrong.
 *
 * A world is what outlives a store: states, each a list of rows, of which the last is the present.  Rows never change
 * and are freed with their world, so a view is a state.  A way of being wrong is one `if (wrong(s, ...))` at the place
 * where someone would make that mistake; a kind is a way of being right that is different: fields instead of bodies,
 * revisions chosen by the store, places in the trail given later, transactions of the host.
 */
#ifndef ITSM_TESTS_LIST_STORE_H
#define ITSM_TESTS_LIST_STORE_H

#include <itsm/check.h>
#include <itsm/record.h>

#include <stdio.h>
#include <stdlib.h>

enum mistake {
    RIGHT,
    LOST_CHECK, TORN_BATCH, REPLACES_WHAT_IS_NEW, ACCEPTS_OLD_REVISIONS, APPLIES_TWICE, EXPECTS_AFTER_WRITING,
    NAMES_THE_FIRST, FIRST_HUNDRED_ONLY, STEPS_BY_ITS_OWN_SIZE, REVISION_NOT_STORED, WITHOUT_EXPECTATION_ONLY_NEW,
    STALE_VIEW, LIVE_VIEW, VIEW_SEES_LATER_ENTRIES, SHARES_A_ROW, KEEPS_THE_CALLERS,
    SIGNED_ORDER, LONGER_KEY_FIRST, INCLUDES_THE_END, EXCLUDES_THE_START, IGNORES_DESCENDING, HINT_IS_A_LIMIT,
    GIVES_A_ROW_TWICE, LEAVES_THE_LAST_OUT, STARTS_AGAIN_AT_THE_END, FORGETS_THE_TYPE, FORGETS_THE_HIGH_HALF, CUTS_KEYS,
    IGNORES_EMPTY_KEYS, ENDS_KEYS_AT_ZERO,
    IGNORES_UNIQUE, UNIQUE_BEFORE_THE_BATCH, UNIQUE_NOT_WITHIN_THE_BATCH, UNIQUE_IGNORES_CASE, UNIQUE_BEFORE_CONFLICT,
    KEEPS_OLD_KEYS, KEEPS_KEYS_OF_DELETED, DROPS_KEYS_OF_REFUSED,
    FORGETS_TOMBSTONES, READS_TOMBSTONES, TOMBSTONE_BLOCKS_ALWAYS,
    BODY_ENDS_AT_ZERO, LOSES_ZEROS_AT_THE_END, NO_BODY_WITHOUT_BYTES, CUTS_LONG_BODIES,
    KEEPS_ENTRIES_OF_REFUSED, DROPS_ENTRIES_AFTER_THE_FIRST, ENTRIES_BACKWARDS, PLACES_FROM_ONE, TELLS_NO_PLACE,
    ENTRY_ENDS_AT_ZERO, SEALS_TOO_MANY, SEALS_BACKWARDS,
    MANY_REPEATS, MANY_FILLS_GAPS, MESSAGE_OVERFLOWS,
    RESERVE_IGNORES_THE_COUNT, SEQUENCES_ARE_ONE, RESERVE_REPEATS_AFTER_OPENING, TOMBSTONES_END_AT_CLOSE,
    LAST_COMMIT_LOST_AT_KILL, TRAIL_STARTS_ANEW, COMPACTION_TAKES_TOMBSTONES,
    DECIMAL_LOSES_ITS_ZEROS, TIME_LOSES_MICROSECONDS, LIST_LOSES_REPEATS, ZERO_IS_ABSENT, UNKNOWN_FIELD_LOST,
    TRANSACTION_IGNORED, MISTAKES
};

enum kind { PLAIN = 0, FIELDS = 1, OWN_REVISIONS = 2, SEALS_LATER = 4, TRANSACTIONS = 8 };

struct key {
    uint32_t index, unique;
    itsm_bytes key;
};

struct row {
    struct row *older; /* all that were ever made */
    itsm_ref ref;
    uint64_t rev;
    int gone;
    itsm_bytes body;
    size_t nkeys;
    struct key *keys;
    itsm_record *record; /* FIELDS: what its fields are borrowed from */
    itsm_row_field *fields;
};

struct state {
    struct row **rows;
    size_t n;
    size_t nentries, nsealed; /* of the world's */
};

struct world {
    enum mistake mistake;
    unsigned kinds;
    struct row *made;
    struct state now, before; /* before: the last commit */
    itsm_bytes *entries;
    size_t capacity;
    struct sequence {
        char name[ITSM_STORE_SEQUENCE_MAX + 1];
        uint64_t last;
    } sequences[16];
    struct state txn;
    itsm_ctx *ctx;     /* FIELDS: makes records */
    itsm_model *model;
};

struct list_view {
    struct state state, *at;
};

struct list_cursor {
    struct world *world;
    struct row **hits;
    const struct key **keys;
    size_t n, at, place, end;
    int is_trail;
};

static inline int wrong(const struct world *w, enum mistake m)
{
    return w->mistake == m;
}

static inline void *need(size_t n)
{
    void *p = calloc(1, n ? n : 1);
    if (!p) abort();
    return p;
}

static inline itsm_bytes keep(const void *p, size_t n)
{
    itsm_bytes kept = {need(n), n};
    if (n) memcpy((void *)(uintptr_t)kept.p, p, n);
    return kept;
}

static inline itsm_status said(const struct world *w, const itsm_call *call, itsm_status rc)
{
    static const char text[] = "a list does not do that";
    if (wrong(w, MESSAGE_OVERFLOWS)) memset(call->message, 'x', call->message_size + 4);
    else if (call->message_size >= sizeof text) memcpy(call->message, text, sizeof text);
    return rc;
}

/* States ---------------------------------------------------------------------------------------------------------- */

static inline struct state state_copy(const struct state *s)
{
    struct state copy = *s;
    copy.rows = (struct row **)need((s->n + 1) * sizeof *copy.rows);
    if (s->n) memcpy(copy.rows, s->rows, s->n * sizeof *copy.rows);
    return copy;
}

static inline int same_ref(const struct world *w, itsm_ref a, itsm_ref b)
{
    return a.type == b.type && (a.id.hi == b.id.hi || wrong(w, FORGETS_THE_HIGH_HALF)) && a.id.lo == b.id.lo;
}

static inline size_t find(const struct world *w, const struct state *s, itsm_ref ref)
{
    size_t i = 0;
    while (i < s->n && !same_ref(w, s->rows[i]->ref, ref)) i++;
    return i;
}

static inline void put_row(const struct world *w, struct state *s, struct row *row)
{
    size_t i = find(w, s, row->ref);
    if (i == s->n) {
        s->rows = (struct row **)realloc(s->rows, (s->n + 1) * sizeof *s->rows);
        if (!s->rows) abort();
        s->n++;
    }
    s->rows[i] = row;
}

static inline int order(const struct world *w, itsm_bytes a, itsm_bytes b)
{
    const unsigned char *x = (const unsigned char *)a.p, *y = (const unsigned char *)b.p;
    size_t n = a.n < b.n ? a.n : b.n;
    for (size_t i = 0; i < n; i++)
        if (x[i] != y[i]) {
            if (wrong(w, SIGNED_ORDER)) return (signed char)x[i] < (signed char)y[i] ? -1 : 1;
            return x[i] < y[i] ? -1 : 1;
        }
    int longer = (a.n > b.n) - (a.n < b.n);
    return wrong(w, LONGER_KEY_FIRST) ? -longer : longer;
}

/* Rows ------------------------------------------------------------------------------------------------------------ */

static inline int value_lost(const struct world *w, itsm_value *v)
{
    if (v->kind == ITSM_DECIMAL && wrong(w, DECIMAL_LOSES_ITS_ZEROS))
        for (; v->scale && v->u.i % 10 == 0; v->scale--) v->u.i /= 10;
    if (v->kind == ITSM_TIME && wrong(w, TIME_LOSES_MICROSECONDS)) v->u.i -= v->u.i % 1000000;
    if (v->kind == ITSM_LIST && wrong(w, LIST_LOSES_REPEATS) && v->u.list.n > 2) v->u.list.n -= 1;
    return v->kind == ITSM_INT && v->u.i == 0 && wrong(w, ZERO_IS_ABSENT);
}

static inline void make_fields(struct world *w, struct row *row)
{
    itsm_row plain;
    memset(&plain, 0, sizeof plain);
    plain.ref = row->ref, plain.rev = row->rev, plain.body = row->body;
    if (!itsm_model_type_number(w->model, row->ref.type)) return;
    if (itsm_record_decode(&row->record, w->ctx, w->model, &plain)) abort();
    size_t n = itsm_record_count(row->record);
    row->fields = (itsm_row_field *)need((n + 1) * sizeof *row->fields);
    if (n) memcpy(row->fields, itsm_record_fields(row->record), n * sizeof *row->fields);
}

static inline size_t give_fields(const struct world *w, struct row *row)
{
    size_t n = itsm_record_count(row->record), kept = 0;
    const itsm_row_field *from = itsm_record_fields(row->record);
    for (size_t i = 0; i < n; i++) {
        itsm_row_field f = from[i];
        if (value_lost(w, &f.value) || (f.no == 0xfff1 && wrong(w, UNKNOWN_FIELD_LOST))) continue;
        row->fields[kept++] = f;
    }
    return kept;
}

static inline void give(struct world *w, itsm_row *out, struct row *row)
{
    memset(out, 0, sizeof *out);
    out->ref = row->ref, out->rev = row->rev;
    if (row->record) {
        out->nfields = give_fields(w, row), out->fields = row->fields;
        if (out->nfields) return;
    }
    out->body = row->body;
    if (wrong(w, NO_BODY_WITHOUT_BYTES) && !row->body.n) out->body.p = NULL;
    if (wrong(w, SHARES_A_ROW)) { /* one room for the row of every view and cursor */
        static char room[64];
        if (row->body.n <= sizeof room) memcpy(room, row->body.p, row->body.n), out->body.p = room;
    }
}

static inline size_t body_size(const struct world *w, const itsm_op *op)
{
    const char *p = (const char *)op->row.body.p;
    size_t n = op->row.body.n;
    if (wrong(w, BODY_ENDS_AT_ZERO) && n && memchr(p, 0, n)) n = (size_t)((const char *)memchr(p, 0, n) - p);
    while (wrong(w, LOSES_ZEROS_AT_THE_END) && n && !p[n - 1]) n--;
    if (wrong(w, CUTS_LONG_BODIES) && n > 65535) n = 65535;
    return n;
}

static inline void add_keys(const struct world *w, struct row *row, const itsm_op *op, const struct row *old)
{
    size_t more = old && wrong(w, KEEPS_OLD_KEYS) ? old->nkeys : 0;
    row->keys = (struct key *)need((op->nkeys + more) * sizeof *row->keys);
    for (size_t i = 0; i < op->nkeys; i++) {
        struct key *k = &row->keys[row->nkeys++];
        size_t n = op->keys[i].key.n;
        if (wrong(w, CUTS_KEYS) && n > 255) n = 255;
        if (wrong(w, ENDS_KEYS_AT_ZERO) && n && memchr(op->keys[i].key.p, 0, n))
            n = (size_t)((const char *)memchr(op->keys[i].key.p, 0, n) - (const char *)op->keys[i].key.p);
        k->index = op->keys[i].index, k->unique = op->keys[i].unique, k->key = keep(op->keys[i].key.p, n);
        if (wrong(w, IGNORES_EMPTY_KEYS) && !n) free((void *)(uintptr_t)k->key.p), row->nkeys--;
    }
    for (size_t i = 0; i < more; i++) {
        row->keys[row->nkeys] = old->keys[i];
        row->keys[row->nkeys++].key = keep(old->keys[i].key.p, old->keys[i].key.n);
    }
}

static inline struct row *row_new(struct world *w, const itsm_op *op, const struct row *old)
{
    struct row *row = (struct row *)need(sizeof *row);
    row->older = w->made, w->made = row;
    row->ref = op->row.ref, row->gone = op->kind == ITSM_DEL;
    row->rev = row->gone ? (old ? old->rev : 0) : op->row.rev;
    if (w->kinds & OWN_REVISIONS && !row->gone) row->rev = (old ? old->rev : 0) + 5;
    if (wrong(w, REVISION_NOT_STORED) && !row->gone) row->rev = old ? old->rev + 1 : 1;
    if (row->gone) {
        row->body = keep("", 0);
        if (!old || !wrong(w, KEEPS_KEYS_OF_DELETED)) return row;
        row->keys = (struct key *)need(old->nkeys * sizeof *row->keys);
        for (; row->nkeys < old->nkeys; row->nkeys++) {
            row->keys[row->nkeys] = old->keys[row->nkeys];
            row->keys[row->nkeys].key = keep(old->keys[row->nkeys].key.p, old->keys[row->nkeys].key.n);
        }
        return row;
    }
    if (wrong(w, KEEPS_THE_CALLERS)) row->body.p = op->row.body.p, row->body.n = op->row.body.n;
    else row->body = keep(op->row.body.p, body_size(w, op));
    add_keys(w, row, op, old);
    if (w->kinds & FIELDS) make_fields(w, row);
    return row;
}

/* Writing --------------------------------------------------------------------------------------------------------- */

static inline const itsm_op *op_at(const struct world *w, const itsm_batch *batch, size_t i)
{
    if (wrong(w, STEPS_BY_ITS_OWN_SIZE)) return batch->ops + i;
    return (const itsm_op *)(const void *)((const char *)batch->ops + i * batch->op_size);
}

static inline int holds(const struct world *w, const struct row *row, const itsm_op *op)
{
    int there = row && !row->gone;
    if (op->kind == ITSM_CHECK && wrong(w, LOST_CHECK)) return 1;
    if (op->expect == ITSM_REV_ANY && wrong(w, WITHOUT_EXPECTATION_ONLY_NEW) && op->kind == ITSM_PUT && there) return 0;
    if (op->expect == ITSM_REV_NONE && there && !(wrong(w, REPLACES_WHAT_IS_NEW) && op->kind == ITSM_PUT)) return 0;
    if (op->expect != ITSM_REV_NONE && op->expect != ITSM_REV_ANY) {
        if (there && wrong(w, ACCEPTS_OLD_REVISIONS) && op->expect < row->rev) return 1;
        if (there && wrong(w, APPLIES_TWICE) && op->kind == ITSM_PUT && row->rev == op->row.rev) return 1;
        if (!there || row->rev != op->expect) return 0;
    }
    if (op->kind != ITSM_PUT || !row || there || w->kinds & OWN_REVISIONS) return 1;
    return op->row.rev > row->rev && !wrong(w, TOMBSTONE_BLOCKS_ALWAYS);
}

static inline int same_text(const struct world *w, itsm_bytes a, itsm_bytes b)
{
    if (a.n != b.n) return 0;
    for (size_t i = 0; i < a.n; i++) {
        int x = ((const unsigned char *)a.p)[i], y = ((const unsigned char *)b.p)[i];
        if (wrong(w, UNIQUE_IGNORES_CASE) && x >= 'a' && x <= 'z') x -= 32;
        if (wrong(w, UNIQUE_IGNORES_CASE) && y >= 'a' && y <= 'z') y -= 32;
        if (x != y) return 0;
    }
    return 1;
}

/* Has another row of the state a unique key that this operation puts? */
static inline int taken(const struct world *w, const struct state *s, const itsm_op *op)
{
    for (size_t k = 0; k < op->nkeys; k++)
        for (size_t i = 0; op->keys[k].unique && i < s->n; i++) {
            const struct row *row = s->rows[i];
            if (row->ref.type != op->row.ref.type || same_ref(w, row->ref, op->row.ref) || row->gone) continue;
            for (size_t j = 0; j < row->nkeys; j++)
                if (row->keys[j].index == op->keys[k].index && same_text(w, row->keys[j].key, op->keys[k].key)) return 1;
        }
    return 0;
}

static inline itsm_status change(struct world *w, struct state *next, const struct state *now, const itsm_batch *batch,
                                 itsm_applied *applied)
{
    size_t n = wrong(w, FIRST_HUNDRED_ONLY) && batch->nops > 100 ? 100 : batch->nops;
    for (size_t i = 0; i < n; i++) {
        const itsm_op *op = op_at(w, batch, i);
        const struct state *judged = wrong(w, EXPECTS_AFTER_WRITING) ? next : now;
        size_t at = find(w, judged, op->row.ref);
        applied->failed_op = wrong(w, NAMES_THE_FIRST) ? 0 : i;
        if (wrong(w, UNIQUE_BEFORE_CONFLICT) && op->kind == ITSM_PUT && taken(w, now, op)) return ITSM_E_UNIQUE;
        if (!holds(w, at < judged->n ? judged->rows[at] : NULL, op)) return ITSM_E_CONFLICT;
        at = find(w, next, op->row.ref);
        struct row *old = at < next->n ? next->rows[at] : NULL;
        if (op->kind == ITSM_CHECK || (op->kind == ITSM_DEL && (!old || old->gone))) continue;
        if (op->kind == ITSM_DEL && wrong(w, FORGETS_TOMBSTONES)) {
            next->rows[at] = next->rows[--next->n];
            continue;
        }
        struct row *row = row_new(w, op, old);
        put_row(w, next, row);
        if (applied->rev_out && op->kind == ITSM_PUT) applied->rev_out[i] = row->rev;
    }
    for (size_t i = 0; i < n; i++) {
        const itsm_op *op = op_at(w, batch, i);
        const struct state *judged = wrong(w, UNIQUE_BEFORE_THE_BATCH) || wrong(w, UNIQUE_NOT_WITHIN_THE_BATCH) ? now : next;
        applied->failed_op = i;
        if (op->kind != ITSM_PUT || wrong(w, IGNORES_UNIQUE)) continue;
        if (wrong(w, UNIQUE_NOT_WITHIN_THE_BATCH) && !taken(w, next, op)) continue;
        if (taken(w, judged, op)) return ITSM_E_UNIQUE;
    }
    applied->failed_op = SIZE_MAX;
    return ITSM_OK;
}

static inline void enter(struct world *w, struct state *s, const itsm_batch *batch)
{
    size_t n = wrong(w, DROPS_ENTRIES_AFTER_THE_FIRST) && batch->naudit ? 1 : batch->naudit;
    if (s->nentries + n > w->capacity) {
        w->capacity = (s->nentries + n) * 2;
        w->entries = (itsm_bytes *)realloc(w->entries, w->capacity * sizeof *w->entries);
        if (!w->entries) abort();
    }
    for (size_t i = 0; i < n; i++) {
        itsm_bytes entry = batch->audit[wrong(w, ENTRIES_BACKWARDS) ? n - 1 - i : i];
        if (wrong(w, ENTRY_ENDS_AT_ZERO) && memchr(entry.p, 0, entry.n))
            entry.n = (size_t)((const char *)memchr(entry.p, 0, entry.n) - (const char *)entry.p);
        struct row *kept = (struct row *)need(sizeof *kept); /* freed with the rows */
        kept->older = w->made, w->made = kept, kept->body = keep(entry.p, entry.n);
        w->entries[s->nentries++] = kept->body;
    }
    if (!(w->kinds & SEALS_LATER)) s->nsealed = s->nentries;
}

static inline struct state *state_of(struct world *w, const itsm_call *call)
{
    return call->host_txn && !wrong(w, TRANSACTION_IGNORED) ? (struct state *)call->host_txn : &w->now;
}

static inline itsm_status list_apply(void *self, const itsm_call *call, const itsm_batch *batch, itsm_applied *applied)
{
    struct world *w = (struct world *)self;
    struct state *now = state_of(w, call), next = state_copy(now);
    uint64_t place = now->nentries;
    itsm_status rc = change(w, &next, now, batch, applied);
    if (rc && wrong(w, KEEPS_ENTRIES_OF_REFUSED)) enter(w, now, batch);
    if (rc && wrong(w, DROPS_KEYS_OF_REFUSED))
        for (size_t i = 0; i < batch->nops; i++) {
            size_t at = find(w, now, op_at(w, batch, i)->row.ref);
            for (size_t k = 0; at < now->n && k < now->rows[at]->nkeys; k++) now->rows[at]->keys[k].index = UINT32_MAX;
        }
    if (rc && !wrong(w, TORN_BATCH)) {
        free(next.rows);
        return said(w, call, rc);
    }
    if (now == &w->now) free(w->before.rows), w->before = *now;
    else free(now->rows);
    *now = next;
    if (rc) return said(w, call, rc);
    enter(w, now, batch);
    applied->audit_first = wrong(w, TELLS_NO_PLACE) ? 0 : w->kinds & SEALS_LATER ? UINT64_MAX : place;
    return ITSM_OK;
}

static inline itsm_status list_reserve(void *self, const itsm_call *call, const char *sequence, uint32_t n, uint64_t *first)
{
    struct world *w = (struct world *)self;
    size_t i = 0;
    (void)call;
    while (!wrong(w, SEQUENCES_ARE_ONE) && w->sequences[i].name[0] && strcmp(w->sequences[i].name, sequence)) i++;
    if (i == 15) return ITSM_E_LIMIT;
    memcpy(w->sequences[i].name, sequence, strlen(sequence) + 1);
    *first = w->sequences[i].last + 1;
    w->sequences[i].last += wrong(w, RESERVE_IGNORES_THE_COUNT) ? 1 : n;
    return ITSM_OK;
}

static inline itsm_status list_seal(void *self, const itsm_call *call, uint32_t max, uint64_t *end)
{
    struct world *w = (struct world *)self;
    size_t n = w->now.nentries - w->now.nsealed;
    (void)call;
    if (n > max && !wrong(w, SEALS_TOO_MANY)) n = max;
    for (size_t i = 0; wrong(w, SEALS_BACKWARDS) && i < n / 2; i++) {
        itsm_bytes *a = &w->entries[w->now.nsealed + i], *b = &w->entries[w->now.nsealed + n - 1 - i], swap = *a;
        *a = *b, *b = swap;
    }
    *end = w->now.nsealed += n;
    return ITSM_OK;
}

/* Reading --------------------------------------------------------------------------------------------------------- */

static inline itsm_status list_view_open(void *self, const itsm_call *call, void **out)
{
    struct world *w = (struct world *)self;
    struct list_view *v = (struct list_view *)need(sizeof *v);
    struct state *now = state_of(w, call);
    v->state = state_copy(wrong(w, STALE_VIEW) ? &w->before : now);
    v->at = wrong(w, LIVE_VIEW) ? now : &v->state;
    if (wrong(w, STALE_VIEW)) v->state.nsealed = w->now.nsealed;
    *out = v;
    return ITSM_OK;
}

static inline void list_view_close(void *self, void *view)
{
    struct list_view *v = (struct list_view *)view;
    (void)self;
    free(v->state.rows), free(v);
}

static inline itsm_status list_get(void *self, const itsm_call *call, void *view, itsm_ref ref, itsm_row *out)
{
    struct world *w = (struct world *)self;
    const struct state *s = ((struct list_view *)view)->at;
    size_t i = find(w, s, ref);
    (void)call;
    if (i == s->n || (s->rows[i]->gone && !wrong(w, READS_TOMBSTONES))) return ITSM_NOTHING;
    give(w, out, s->rows[i]);
    out->ref = ref;
    return ITSM_OK;
}

static inline struct list_cursor *cursor_new(struct world *w, size_t most)
{
    struct list_cursor *c = (struct list_cursor *)need(sizeof *c);
    c->world = w;
    c->hits = (struct row **)need(most * sizeof *c->hits), c->keys = (const struct key **)need(most * sizeof *c->keys);
    return c;
}

static inline itsm_status list_get_many(void *self, const itsm_call *call, void *view, const itsm_ref *refs, size_t n,
                                        void **out)
{
    struct world *w = (struct world *)self;
    const struct state *s = ((struct list_view *)view)->at;
    struct list_cursor *c = cursor_new(w, n + 1);
    (void)call;
    for (size_t k = 0; k < n; k++) {
        size_t i = find(w, s, refs[k]);
        if (i < s->n && !s->rows[i]->gone) c->hits[c->n++] = s->rows[i];
        else if (wrong(w, MANY_FILLS_GAPS) && c->n) c->hits[c->n] = c->hits[0], c->n++;
    }
    if (wrong(w, MANY_REPEATS) && c->n) c->hits[c->n] = c->hits[c->n - 1], c->n++;
    *out = c;
    return ITSM_OK;
}

static inline int within(const struct world *w, const itsm_range *r, itsm_bytes key)
{
    if (r->lo.p && order(w, key, r->lo) < (wrong(w, EXCLUDES_THE_START) ? 1 : 0)) return 0;
    return !r->hi.p || order(w, key, r->hi) < (wrong(w, INCLUDES_THE_END) ? 1 : 0);
}

static inline void id_key(unsigned char out[16], itsm_id id)
{
    for (size_t i = 0; i < 8; i++)
        out[i] = (unsigned char)(id.hi >> (56 - 8 * i)), out[8 + i] = (unsigned char)(id.lo >> (56 - 8 * i));
}

static inline int is_behind(const struct list_cursor *c, size_t i, const struct row *row, const struct key *key)
{
    unsigned char a[16], b[16];
    itsm_bytes x = {a, 16}, y = {b, 16};
    int by_key = key ? order(c->world, c->keys[i]->key, key->key) : 0;
    if (by_key) return by_key > 0;
    id_key(a, c->hits[i]->ref.id), id_key(b, row->ref.id);
    return order(c->world, x, y) > 0;
}

static inline void add_hit(struct list_cursor *c, struct row *row, const struct key *key)
{
    size_t i = c->n++;
    for (; i && is_behind(c, i - 1, row, key); i--) c->hits[i] = c->hits[i - 1], c->keys[i] = c->keys[i - 1];
    c->hits[i] = row, c->keys[i] = key;
}

static inline void look_up(struct list_cursor *c, const itsm_range *range, struct row *row)
{
    unsigned char id[16];
    itsm_bytes bytes = {id, 16};
    id_key(id, row->ref.id);
    if (!range->index && within(c->world, range, bytes)) add_hit(c, row, NULL);
    for (size_t k = 0; range->index && k < row->nkeys; k++) {
        int again = row->keys[k].index != range->index || !within(c->world, range, row->keys[k].key);
        for (size_t j = 0; j < k && !again; j++)
            again = row->keys[j].index == row->keys[k].index && !order(c->world, row->keys[j].key, row->keys[k].key);
        if (!again) add_hit(c, row, &row->keys[k]);
    }
}

static inline itsm_status list_scan(void *self, const itsm_call *call, void *view, const itsm_range *range, void **out)
{
    struct world *w = (struct world *)self;
    const struct state *s = ((struct list_view *)view)->at;
    size_t most = 2;
    (void)call;
    for (size_t i = 0; i < s->n; i++) most += s->rows[i]->nkeys + 1;
    struct list_cursor *c = cursor_new(w, most);
    for (size_t i = 0; i < s->n; i++) {
        int type = s->rows[i]->ref.type == range->type || (wrong(w, FORGETS_THE_TYPE) && s->rows[i]->ref.type != 0);
        if (type && (!s->rows[i]->gone || (wrong(w, KEEPS_KEYS_OF_DELETED) && range->index))) look_up(c, range, s->rows[i]);
    }
    for (size_t i = 0; range->descending && !wrong(w, IGNORES_DESCENDING) && i < c->n / 2; i++) {
        struct row *swap = c->hits[i];
        c->hits[i] = c->hits[c->n - 1 - i], c->hits[c->n - 1 - i] = swap;
    }
    if (wrong(w, GIVES_A_ROW_TWICE) && c->n > 3) c->hits[c->n] = c->hits[c->n - 1], c->n++;
    if (wrong(w, LEAVES_THE_LAST_OUT) && c->n > 3) c->n--;
    if (wrong(w, HINT_IS_A_LIMIT) && range->limit_hint && range->limit_hint < c->n) c->n = (size_t)range->limit_hint;
    *out = c;
    return ITSM_OK;
}

static inline itsm_status list_audit_scan(void *self, const itsm_call *call, void *view, uint64_t from, void **out)
{
    struct world *w = (struct world *)self;
    struct list_cursor *c = cursor_new(w, 0);
    (void)call;
    c->is_trail = 1;
    c->end = wrong(w, VIEW_SEES_LATER_ENTRIES) ? w->now.nsealed : ((struct list_view *)view)->at->nsealed;
    c->place = from < c->end ? (size_t)from : c->end;
    *out = c;
    return ITSM_OK;
}

static inline itsm_status list_next(void *self, const itsm_call *call, void *cursor, itsm_row *out)
{
    struct world *w = (struct world *)self;
    struct list_cursor *c = (struct list_cursor *)cursor;
    (void)call;
    if (c->is_trail) {
        if (c->place == c->end) return ITSM_DONE;
        memset(out, 0, sizeof *out);
        out->body = w->entries[c->place++];
        out->ref.id.lo = c->place - (wrong(w, PLACES_FROM_ONE) ? 0 : 1);
        return ITSM_OK;
    }
    if (c->at == c->n) {
        if (wrong(w, STARTS_AGAIN_AT_THE_END)) c->at = 0;
        return ITSM_DONE;
    }
    give(w, out, c->hits[c->at++]);
    return ITSM_OK;
}

static inline void list_cursor_close(void *self, void *cursor)
{
    struct list_cursor *c = (struct list_cursor *)cursor;
    (void)self;
    free(c->hits), free((void *)(uintptr_t)c->keys), free(c);
}

static inline void forget_tombstones(struct state *s)
{
    size_t n = 0;
    for (size_t i = 0; i < s->n; i++)
        if (!s->rows[i]->gone) s->rows[n++] = s->rows[i];
    s->n = n;
}

static inline itsm_status list_maintain(void *self, const itsm_call *call, uint32_t what)
{
    struct world *w = (struct world *)self;
    (void)call;
    if (what == ITSM_MAINTAIN_COMPACT && wrong(w, COMPACTION_TAKES_TOMBSTONES)) forget_tombstones(&w->now);
    return ITSM_OK;
}

static inline void list_close(void *self)
{
    (void)self; /* the world goes on */
}

/* Worlds ---------------------------------------------------------------------------------------------------------- */

static inline void world_clear(struct world *w)
{
    for (struct row *row = w->made, *next; row; row = next) {
        next = row->older;
        itsm_record_free(row->record);
        for (size_t k = 0; k < row->nkeys; k++) free((void *)(uintptr_t)row->keys[k].key.p);
        if (!wrong(w, KEEPS_THE_CALLERS)) free((void *)(uintptr_t)row->body.p);
        free(row->fields), free(row->keys), free(row);
    }
    free(w->entries), free(w->now.rows), free(w->before.rows);
    w->made = NULL, w->entries = NULL, w->capacity = 0;
    memset(&w->now, 0, sizeof w->now), memset(&w->before, 0, sizeof w->before);
    memset(w->sequences, 0, sizeof w->sequences);
}

static inline itsm_status world_open(void *self, itsm_store **out, itsm_ctx *ctx)
{
    struct world *w = (struct world *)self;
    itsm_store_methods m = {sizeof m, ITSM_STORE_CONTRACT, 0, ITSM_CAP_SNAPSHOT | ITSM_CAP_DURABLE, "list", NULL,
                            list_view_open, list_view_close, list_get, list_get_many, list_scan, list_audit_scan, list_next,
                            list_cursor_close, list_apply, list_reserve, list_seal, NULL, NULL, list_maintain, list_close};
    if (!(w->kinds & SEALS_LATER)) m.caps |= ITSM_CAP_SEAL_SYNC;
    if (w->kinds & OWN_REVISIONS) m.caps |= ITSM_CAP_BACKEND_REV;
    if (w->kinds & TRANSACTIONS) m.caps |= ITSM_CAP_HOST_TXN;
    return itsm_store_new(out, ctx, &m, w);
}

static inline itsm_status world_make(void *self, itsm_store **out, itsm_ctx *ctx)
{
    world_clear((struct world *)self);
    return world_open(self, out, ctx);
}

static inline itsm_status world_reopen(void *self, itsm_store **out, itsm_ctx *ctx)
{
    struct world *w = (struct world *)self;
    if (wrong(w, RESERVE_REPEATS_AFTER_OPENING)) memset(w->sequences, 0, sizeof w->sequences);
    if (wrong(w, TOMBSTONES_END_AT_CLOSE)) forget_tombstones(&w->now);
    if (wrong(w, TRAIL_STARTS_ANEW)) w->now.nentries = w->now.nsealed = 0;
    return world_open(self, out, ctx);
}

static inline itsm_status world_kill(void *self, itsm_store *store)
{
    struct world *w = (struct world *)self;
    itsm_store_free(store);
    if (wrong(w, LAST_COMMIT_LOST_AT_KILL) && w->before.rows) free(w->now.rows), w->now = state_copy(&w->before);
    return ITSM_OK;
}

static inline itsm_status world_begin(void *self, itsm_store *store, void **txn)
{
    struct world *w = (struct world *)self;
    (void)store;
    w->txn = state_copy(&w->now);
    *txn = &w->txn;
    return ITSM_OK;
}

static inline itsm_status world_end(void *self, itsm_store *store, void *txn, int commit)
{
    struct world *w = (struct world *)self;
    (void)store, (void)txn;
    if (commit && !wrong(w, TRANSACTION_IGNORED)) free(w->now.rows), w->now = w->txn;
    else free(w->txn.rows);
    return ITSM_OK;
}

#endif
