/* SPDX-License-Identifier: MIT */
/*
 * Random operations on the store and on a model of it: arrays of rows, searched from end to end.
 *
 * Two of the three types are raw rows with up to three keys, the third is records, whose keys and body come from their
 * fields.  A few small identities and keys of few letters, so that operations meet.  After each batch a held view or
 * the present is compared: a row, a range of an index in either direction, the end of the audit trail.  Views are held
 * only where they are snapshots.  O(rows) per comparison; the numbers come from xorshift64*, the same everywhere.
 */
#include "adapters/check/kit.h"

enum {
    TYPES = 3,
    IDS = 40,
    KEYS = 16,
    KEY_MAX = 24,
    BODY_MAX = 200,
    OPS = 24,
    VIEWS = 4,
    ENTRIES = 3,
    HITS = IDS * KEYS
};
enum { RECORDS = 2 }; /* the type of records */

typedef struct key {
    uint32_t index, unique, n;
    unsigned char p[KEY_MAX];
} key;

typedef struct row {
    uint64_t rev; /* 0: never was */
    int gone;
    uint32_t nbody, nkeys;
    unsigned char body[BODY_MAX];
    key key[KEYS];
} row;

typedef struct model {
    row row[TYPES][IDS];
    uint64_t entries;
} model;

typedef struct op {
    uint32_t kind, type, id;
    uint64_t expect;
    row row;
} op;

typedef struct held {
    itsm_view view;
    model model;
} held;

typedef struct walk {
    itsm__bench *b;
    uint64_t state;
    uint32_t number[TYPES]; /* of the types in the store */
    itsm_record *record;    /* rows of the third type are made with it */
    model now, after;
    op ops[OPS];
    itsm_op sent[OPS];
    itsm_index_key keys[OPS][KEYS];
    int shared[OPS];
    held held[VIEWS];
    const key *hit[HITS];
    uint32_t hit_id[HITS];
} walk;

static uint64_t draw(walk *w, uint64_t below)
{
    w->state ^= w->state >> 12, w->state ^= w->state << 25, w->state ^= w->state >> 27;
    return (w->state * UINT64_C(2685821657736338717) >> 16) % below;
}

static void differ(walk *w, const char *what)
{
    w->b->differences++;
    itsm__kit_fail(w->b, "%s, after %u operations from seed %u", what, w->b->done, w->b->seed);
}

/* Contents -------------------------------------------------------------------------------------------------------- */

static void raw_content(walk *w, row *r, const row *old)
{
    static const unsigned char letters[] = {0, 1, 'a', 'b', 0xfe, 0xff};
    unsigned char fill = (unsigned char)draw(w, 256);
    r->nbody = (uint32_t)draw(w, BODY_MAX), r->nkeys = (uint32_t)draw(w, 4);
    memset(r->body, fill, r->nbody);
    for (uint32_t k = 0; k < r->nkeys; k++) {
        key *to = &r->key[k];
        if (k < old->nkeys && draw(w, 2)) {
            *to = old->key[k];
            continue;
        }
        to->unique = (uint32_t)draw(w, 2), to->index = 1 + to->unique, to->n = (uint32_t)draw(w, 5);
        for (uint32_t i = 0; i < to->n; i++) to->p[i] = letters[draw(w, sizeof letters)];
    }
}

/* A record with some of four fields; its bytes and keys are the row's content. */
static void record_content(walk *w, row *r)
{
    static const char *const words[] = {"a", "b", "ab", "\xc3\xa9", "B", "a b"};
    itsm_value none = {ITSM_NONE, 0, {.i = 0}};
    itsm__bench *b = w->b;
    itsm_index_key *keys = NULL;
    itsm_buf body = ITSM_BUF_INIT;
    size_t n = 0;
    itsm__kit_set(b, w->record, "word", draw(w, 4) ? itsm__kit_text(words[draw(w, KIT_COUNT(words))]) : none);
    itsm__kit_set(b, w->record, "code", draw(w, 2) ? none : itsm__kit_text(words[draw(w, KIT_COUNT(words))]));
    itsm__kit_set(b, w->record, "amount", draw(w, 4) ? itsm_value_number(ITSM_INT, (int64_t)draw(w, 9) - 4) : none);
    itsm__kit_set(b, w->record, "at", itsm_value_number(ITSM_TIME, (int64_t)draw(w, 5) * 1000000));
    itsm_buf_init(&body, b->ctx);
    if (!b->failed) itsm__kit_status(b, itsm_record_encode(&body, w->record), ITSM_OK, "the body of a record");
    if (!b->failed) itsm__kit_status(b, itsm__kit_keys(&keys, &n, b, w->record), ITSM_OK, "the keys of a record");
    r->nbody = (uint32_t)(body.n < BODY_MAX ? body.n : 0), r->nkeys = 0;
    if (r->nbody) memcpy(r->body, body.p, r->nbody);
    for (size_t k = 0; k < n && k < KEYS; k++) {
        key *to = &r->key[r->nkeys++];
        to->index = keys[k].index, to->unique = keys[k].unique;
        to->n = (uint32_t)(keys[k].key.n < KEY_MAX ? keys[k].key.n : KEY_MAX);
        memcpy(to->p, keys[k].key.p, to->n);
    }
    itsm_buf_clear(&body);
}

/* Operations ------------------------------------------------------------------------------------------------------ */

static void random_op(walk *w, op *o, int first)
{
    memset(o, 0, sizeof *o);
    o->type = (uint32_t)draw(w, TYPES), o->id = (uint32_t)draw(w, IDS);
    o->kind = draw(w, 10) < 7 ? ITSM_PUT : draw(w, 2) ? ITSM_DEL : ITSM_CHECK;
    const row *now = &w->now.row[o->type][o->id];
    o->expect = draw(w, 40) == 0 ? 1 + draw(w, 5) : !first && draw(w, 8) == 0 ? ITSM_REV_ANY : now->gone ? 0 : now->rev;
    if (o->kind == ITSM_DEL && o->expect == ITSM_REV_NONE) o->kind = ITSM_CHECK;
    if (o->kind != ITSM_PUT) return;
    o->row.rev = (o->expect == ITSM_REV_ANY || o->expect < now->rev ? now->rev : o->expect) + 1;
    if (draw(w, 30) == 0 && o->expect == ITSM_REV_NONE && !(w->b->caps & ITSM_CAP_BACKEND_REV)) o->row.rev = 1;
    if (o->type == RECORDS) record_content(w, &o->row);
    else raw_content(w, &o->row, now);
}

/* No row is written twice, the first operation has an expectation. */
static size_t random_batch(walk *w)
{
    size_t wanted = 1 + (size_t)(draw(w, 8) ? draw(w, 5) : draw(w, OPS)), n = 0;
    for (; n < wanted; n++) {
        op *o = &w->ops[n];
        random_op(w, o, n == 0);
        for (size_t i = 0; i < n; i++)
            if (o->kind != ITSM_CHECK && w->ops[i].kind != ITSM_CHECK && w->ops[i].type == o->type &&
                w->ops[i].id == o->id)
                return n;
    }
    return n;
}

static int holds(const model *m, const op *o, int backend_rev)
{
    const row *now = &m->row[o->type][o->id];
    int there = now->rev && !now->gone;
    if (o->expect == ITSM_REV_NONE && there) return 0;
    if (o->expect != ITSM_REV_NONE && o->expect != ITSM_REV_ANY && (!there || now->rev != o->expect)) return 0;
    return o->kind != ITSM_PUT || !now->gone || backend_rev || o->row.rev > now->rev;
}

static int same_key(const key *a, const key *b)
{
    return a->index == b->index && a->n == b->n && memcmp(a->p, b->p, a->n) == 0;
}

/* Has another row a unique key of this one? */
static int shares(const model *m, uint32_t type, uint32_t id)
{
    const row *r = &m->row[type][id];
    for (uint32_t k = 0; k < r->nkeys; k++)
        for (uint32_t other = 0; r->key[k].unique && other < IDS; other++)
            for (uint32_t j = 0; other != id && j < m->row[type][other].nkeys; j++)
                if (same_key(&r->key[k], &m->row[type][other].key[j])) return 1;
    return 0;
}

/* What must come of the batch; w->after is the state after it. */
static itsm_status model_apply(walk *w, size_t n, size_t *failed)
{
    int backend_rev = (w->b->caps & ITSM_CAP_BACKEND_REV) != 0;
    itsm_status rc = ITSM_OK;
    for (size_t i = 0; i < n; i++)
        if (!holds(&w->now, &w->ops[i], backend_rev)) {
            *failed = i;
            return ITSM_E_CONFLICT;
        }
    w->after = w->now;
    for (size_t i = 0; i < n; i++) {
        row *r = &w->after.row[w->ops[i].type][w->ops[i].id];
        if (w->ops[i].kind == ITSM_PUT) *r = w->ops[i].row;
        if (w->ops[i].kind == ITSM_DEL && r->rev) r->gone = 1, r->nkeys = r->nbody = 0;
    }
    for (size_t i = 0; i < n; i++) {
        w->shared[i] = w->ops[i].kind == ITSM_PUT && shares(&w->after, w->ops[i].type, w->ops[i].id);
        if (w->shared[i]) rc = ITSM_E_UNIQUE;
    }
    return rc;
}

static itsm_ref ref_of(const walk *w, uint32_t type, uint32_t id)
{
    return itsm__kit_ref(w->number[type], id);
}

/* The fields of a record's row, from its body; they live until the case ends or the next release. */
static void give_fields(walk *w, itsm_op *to, itsm_record **kept)
{
    if (!w->b->failed)
        itsm__kit_status(w->b, itsm_record_decode(kept, w->b->ctx, w->b->model, &to->row), ITSM_OK,
                         "a record of the model");
    if (*kept) to->row.fields = itsm_record_fields(*kept), to->row.nfields = itsm_record_count(*kept);
}

static void build(walk *w, size_t n, itsm_record **kept)
{
    memset(w->sent, 0, sizeof w->sent);
    for (size_t i = 0; i < n; i++) {
        itsm_op *to = &w->sent[i];
        op *from = &w->ops[i];
        to->kind = from->kind, to->expect = from->expect, to->row.ref = ref_of(w, from->type, from->id);
        if (to->kind != ITSM_PUT) continue;
        to->row.rev = from->row.rev, to->row.body.p = from->row.body, to->row.body.n = from->row.nbody;
        to->keys = w->keys[i], to->nkeys = from->row.nkeys;
        for (uint32_t k = 0; k < from->row.nkeys; k++) {
            itsm_index_key *made = &w->keys[i][k];
            made->index = from->row.key[k].index, made->unique = from->row.key[k].unique;
            made->key.p = from->row.key[k].p, made->key.n = from->row.key[k].n;
        }
        if (from->type == RECORDS) give_fields(w, to, &kept[i]);
    }
}

static size_t entry_of(unsigned char out[8], uint64_t i)
{
    for (size_t k = 0; k < 8; k++) out[k] = (unsigned char)(i * 37 + k);
    return 1 + (size_t)(i % 8);
}

/* Send it; what comes of it must be what comes of it in the model, which then is the new state. */
static void step(walk *w, uint64_t *count)
{
    itsm_bytes audit[ENTRIES];
    unsigned char entry[ENTRIES][8];
    uint64_t revs[OPS];
    itsm_record *kept[OPS];
    size_t n = random_batch(w), naudit = (size_t)draw(w, ENTRIES + 1), failed = 0;
    itsm__bench *b = w->b;

    memset(kept, 0, sizeof kept), memset(revs, 0, sizeof revs);
    build(w, n, kept);
    for (size_t i = 0; i < naudit; i++) audit[i].p = entry[i], audit[i].n = entry_of(entry[i], w->now.entries + i);
    itsm_status wanted = model_apply(w, n, &failed), rc = ITSM_E_RETRY;
    for (int i = 0; i < 1000 && (rc == ITSM_E_RETRY || rc == ITSM_E_BUSY) && !b->failed; i++)
        rc = itsm__kit_send(b, w->sent, n, audit, naudit, revs);
    for (size_t i = 0; i < n; i++) itsm_record_free(kept[i]);
    if (b->failed) return;
    b->done += n;
    if (rc != wanted) differ(w, "a batch is answered in another way");
    else if (rc == ITSM_E_CONFLICT && b->applied.failed_op != failed) differ(w, "a conflict names another operation");
    else if (rc == ITSM_E_UNIQUE && (b->applied.failed_op >= n || !w->shared[b->applied.failed_op]))
        differ(w, "a taken key names another operation");
    else if (rc == ITSM_OK && (b->caps & ITSM_CAP_SEAL_SYNC) && naudit && b->applied.audit_first != w->now.entries)
        differ(w, "an audit entry has another place");
    if (rc == ITSM_OK) {
        for (size_t i = 0; i < n; i++)
            if (w->ops[i].kind == ITSM_PUT) w->after.row[w->ops[i].type][w->ops[i].id].rev = revs[i];
        w->now = w->after, w->now.entries += naudit;
    }
    count[rc == ITSM_OK ? 0 : rc == ITSM_E_CONFLICT ? 1 : 2]++;
}

/* Comparing ------------------------------------------------------------------------------------------------------- */

static void same_row(walk *w, const itsm_row *got, uint32_t type, const row *wanted)
{
    itsm_bytes body = {wanted->body, wanted->nbody};
    itsm_record *record = NULL;
    itsm_buf bytes = ITSM_BUF_INIT;
    itsm_bytes given = got->body;
    if (got->rev != wanted->rev) differ(w, "a row has another revision");
    itsm_buf_init(&bytes, w->b->ctx);
    if (type == RECORDS && !got->body.p) { /* as values: made bytes again */
        itsm_status rc = itsm_record_decode(&record, w->b->ctx, w->b->model, got);
        if (!rc) rc = itsm_record_encode(&bytes, record);
        itsm__kit_status(w->b, rc, ITSM_OK, "making a record of a row");
        given.p = bytes.p, given.n = bytes.n;
    }
    if (!w->b->failed && !itsm__kit_same(given, body)) differ(w, "a row has another content");
    itsm_record_free(record);
    itsm_buf_clear(&bytes);
}

static void compare_get(walk *w, itsm_view *view, const model *m)
{
    uint32_t type = (uint32_t)draw(w, TYPES), id = (uint32_t)draw(w, IDS);
    const row *wanted = &m->row[type][id];
    int there = wanted->rev && !wanted->gone;
    itsm_row got;
    if (itsm__kit_get(w->b, view, ref_of(w, type, id), &got) != there) {
        if (!w->b->failed) differ(w, there ? "a row is not there" : "a row is there");
    } else if (there) {
        same_row(w, &got, type, wanted);
    }
}

static int order(itsm_bytes a, itsm_bytes b)
{
    size_t n = a.n < b.n ? a.n : b.n;
    int c = n ? memcmp(a.p, b.p, n) : 0;
    return c ? c : (a.n > b.n) - (a.n < b.n);
}

static itsm_bytes bytes_of(const key *k)
{
    itsm_bytes bytes = {k->p, k->n};
    return bytes;
}

static int within(const itsm_range *range, const key *k)
{
    itsm_bytes bytes = bytes_of(k);
    return k->index == range->index && (!range->lo.p || order(range->lo, bytes) <= 0) &&
           (!range->hi.p || order(bytes, range->hi) < 0);
}

/* The entries of the range in the model, in order: by key, then by identity. */
static size_t hits_of(walk *w, const model *m, uint32_t type, const itsm_range *range)
{
    size_t n = 0;
    for (uint32_t id = 0; id < IDS; id++) {
        const row *r = &m->row[type][id];
        if (!r->rev || r->gone) continue;
        if (!range->index) w->hit[n] = NULL, w->hit_id[n++] = id;
        for (uint32_t k = 0; range->index && k < r->nkeys; k++) {
            int again = !within(range, &r->key[k]);
            for (uint32_t j = 0; j < k; j++) again |= same_key(&r->key[j], &r->key[k]);
            if (again) continue;
            size_t at = n++;
            for (; at && order(bytes_of(w->hit[at - 1]), bytes_of(&r->key[k])) > 0; at--)
                w->hit[at] = w->hit[at - 1], w->hit_id[at] = w->hit_id[at - 1];
            w->hit[at] = &r->key[k], w->hit_id[at] = id;
        }
    }
    return n;
}

/* Rows of equal keys may come in any order of their identities: look for it among those not yet seen. */
static int take_hit(walk *w, size_t at, size_t n, int descending, uint32_t id)
{
    for (size_t i = at; i < n; i++) {
        size_t a = descending ? n - 1 - at : at, k = descending ? n - 1 - i : i;
        if (w->hit[a] && order(bytes_of(w->hit[a]), bytes_of(w->hit[k])) != 0) return 0;
        if (w->hit_id[k] != id) {
            if (!w->hit[a]) return 0;
            continue;
        }
        w->hit_id[k] = w->hit_id[a], w->hit_id[a] = id;
        return 1;
    }
    return 0;
}

/* Records: typed and as bytes; raw rows: as bytes only, between random bounds or without. */
static itsm_range random_range(walk *w, uint32_t type, key bounds[2], itsm_value values[2])
{
    static const unsigned char letters[] = {0, 'a', 'b', 0xff};
    itsm_range range = itsm__kit_range(w->number[type], (uint32_t)draw(w, 3));
    if (type == RECORDS && range.index) {
        for (size_t i = 0; i < 2; i++) values[i] = itsm_value_number(ITSM_INT, (int64_t)draw(w, 9) - 4);
        if (range.index == 2) return itsm__kit_typed(w->b, "by_code", NULL, 0, NULL, NULL);
        if (draw(w, 2)) return itsm__kit_typed(w->b, "by_amount", values, 1, NULL, NULL);
        return itsm__kit_typed(w->b, "by_amount", NULL, 0, draw(w, 2) ? &values[0] : NULL,
                               draw(w, 2) ? &values[1] : NULL);
    }
    for (size_t i = 0; range.index && i < 2; i++) {
        bounds[i].n = (uint32_t)draw(w, 4);
        for (uint32_t k = 0; k < bounds[i].n; k++) bounds[i].p[k] = letters[draw(w, sizeof letters)];
    }
    if (range.index && draw(w, 2)) range.lo = bytes_of(&bounds[0]);
    if (range.index && draw(w, 2)) range.hi = bytes_of(&bounds[1]);
    return range;
}

static void compare_scan(walk *w, itsm_view *view, const model *m)
{
    uint32_t type = (uint32_t)draw(w, TYPES);
    itsm_cursor cursor = ITSM_CURSOR_INIT;
    itsm_value values[2];
    key bounds[2];
    itsm_row got;
    itsm__bench *b = w->b;
    itsm_range range = random_range(w, type, bounds, values);
    range.descending = (uint32_t)draw(w, 2);
    size_t n = hits_of(w, m, type, &range);
    if (!b->failed) itsm__kit_status(b, itsm_store_scan(&cursor, b->ctx, view, &range), ITSM_OK, "opening a scan");
    for (size_t i = 0; i <= n && !b->failed; i++) {
        itsm_status rc = itsm_store_next(&got, b->ctx, &cursor);
        if (rc != ITSM_OK && rc != ITSM_DONE) itsm__kit_status(b, rc, ITSM_OK, "the next row of a scan");
        else if (rc == ITSM_DONE && i < n) differ(w, "a scan ends early");
        else if (rc == ITSM_OK && i == n) differ(w, "a scan gives a row too many");
        else if (rc == ITSM_OK && !take_hit(w, i, n, (int)range.descending, (uint32_t)got.ref.id.lo))
            differ(w, "a scan gives another row");
        else if (rc == ITSM_OK) same_row(w, &got, type, &m->row[type][got.ref.id.lo]);
    }
    itsm_store_cursor_close(&cursor);
}

static void compare_trail(walk *w, itsm_view *view, const model *m, uint64_t from)
{
    itsm_cursor cursor = ITSM_CURSOR_INIT;
    unsigned char entry[8];
    itsm_row got;
    itsm__bench *b = w->b;
    if (!b->failed)
        itsm__kit_status(b, itsm_store_audit_scan(&cursor, b->ctx, view, from), ITSM_OK, "opening the audit trail");
    for (uint64_t i = from; i <= m->entries && !b->failed; i++) {
        itsm_status rc = itsm_store_next(&got, b->ctx, &cursor);
        itsm_bytes wanted = {entry, entry_of(entry, i)};
        if (i == m->entries ? rc != ITSM_DONE : rc != ITSM_OK) differ(w, "the audit trail has another length");
        else if (rc == ITSM_OK && (got.ref.id.lo != i || !itsm__kit_same(got.body, wanted)))
            differ(w, "an audit entry is another");
    }
    itsm_store_cursor_close(&cursor);
}

static void look(walk *w, uint64_t batch)
{
    held *h = &w->held[draw(w, VIEWS)];
    itsm__bench *b = w->b;
    int snapshot = (b->caps & ITSM_CAP_SNAPSHOT) != 0;
    if (h->view.store && (!snapshot || draw(w, 6) == 0)) itsm_store_view_close(&h->view);
    if (!h->view.store && (!snapshot || draw(w, 6) == 0)) {
        if (batch % 64 == 0) itsm__kit_seal(b);
        if (itsm__kit_view(b, &h->view)) h->model = w->now;
    }
    if (!h->view.store) return;
    compare_get(w, &h->view, &h->model);
    compare_scan(w, &h->view, &h->model);
    if (batch % 64 == 0 && (b->caps & ITSM_CAP_SEAL_SYNC))
        compare_trail(w, &h->view, &h->model, draw(w, h->model.entries + 2));
}

static void close_views(walk *w)
{
    for (size_t i = 0; i < VIEWS; i++) itsm_store_view_close(&w->held[i].view);
}

/* The present: many ranges, the end of the trail. */
static void compare_all(walk *w)
{
    itsm_view view;
    itsm__kit_seal(w->b);
    if (!itsm__kit_view(w->b, &view)) return;
    for (int i = 0; i < 24 && !w->b->failed; i++) compare_scan(w, &view, &w->now), compare_get(w, &view, &w->now);
    compare_trail(w, &view, &w->now, w->now.entries > 20 ? w->now.entries - 20 : 0);
    itsm_store_view_close(&view);
}

enum { OPEN_AGAIN = 1, ALONE = 2 };

/* A tenth of the operations each, and the rest where nothing special is tried. */
static void random_operations(itsm__bench *b, size_t which)
{
    walk *w = itsm__kit_alloc(b, sizeof *w);
    uint64_t tenth = b->operations / 10, total = tenth;
    uint64_t count[3] = {0, 0, 0}, start = b->done;
    if (!which) total = b->operations - tenth * (b->host->reopen ? 2 : 1);
    if (!w) return;
    w->b = b, w->state = b->seed + which * UINT64_C(0x9e3779b97f4a7c15);
    if (!w->state) w->state = 1;
    w->number[0] = KIT_A, w->number[1] = KIT_B;
    w->number[RECORDS] = itsm_model_type(b->model, ITSM_STR("check_row"))->number;
    w->record = itsm__kit_record(b, "check_row", 1);
    struct itsm__piece *kept = b->pieces;
    for (uint64_t batch = 0; b->done - start < total && !b->failed; batch++) {
        step(w, count);
        if (!(which & ALONE)) look(w, batch);
        if (batch % 256 == 0) compare_all(w);
        if (which & OPEN_AGAIN && batch % 512 == 511) {
            close_views(w);
            itsm__kit_close_and_open(b);
            compare_all(w);
        }
        itsm__kit_trim(b, kept);
    }
    if (!b->failed) compare_all(w);
    if (total > 2000) itsm__kit_want(b, count[0] && count[1] && count[2], "the operations did not meet");
    close_views(w);
    itsm_record_free(w->record);
}

static const itsm__claim claims[] = {
    {"random operations come out as in a model", random_operations, 0, 0, 0, 0},
    {"random operations come out as in a model when no view is held", random_operations, ALONE, 0, 0, 0},
    {"random operations come out as in a model across closing", random_operations, OPEN_AGAIN, 0, 0, KIT_REOPEN},
};

const itsm__group itsm__kit_random = {"random", claims, KIT_COUNT(claims)};
