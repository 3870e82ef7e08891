/* SPDX-License-Identifier: MIT */
/*
 * Random operations: stores against a naive model (a list), the tree against an array of flags, and every allocation of
 * a series of batches made to fail once.
 *
 * ITSM_SEED sets the seed, ITSM_OPS the number of operations; both are printed.
 */
#include <itsm/store.h>

#include <criterion/criterion.h>

#include "../unit/support.h"
#include "store/tree.h"

/* Random numbers: xorshift64*, the same everywhere. */
struct chance {
    uint64_t state;
};

static uint64_t draw(struct chance *c, uint64_t below)
{
    c->state ^= c->state >> 12, c->state ^= c->state << 25, c->state ^= c->state >> 27;
    return (c->state * UINT64_C(2685821657736338717) >> 16) % below;
}

static uint64_t number_of(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);
    return text && *text ? strtoull(text, NULL, 10) : otherwise;
}

static struct chance chance_new(const char *what, uint64_t ops)
{
    struct chance c = {number_of("ITSM_SEED", UINT64_C(20260131))};
    printf("%s: seed %llu, %llu operations\n", what, (unsigned long long)c.state, (unsigned long long)ops);
    if (!c.state) c.state = 1;
    return c;
}

/* The model ------------------------------------------------------------------------------------------------------- */

enum { TYPES = 3, IDS = 60, KEYS = 3, KEY_MAX = 4, BODY_MAX = 300, OPS = 24, VIEWS = 5, ENTRIES = 4 };

struct key {
    uint32_t index; /* 1 unique, 2 not */
    uint32_t n;
    unsigned char p[KEY_MAX];
};

struct row {
    uint64_t rev; /* 0: never was */
    int gone;
    uint32_t nbody, nkeys;
    unsigned char fill; /* of the body */
    struct key key[KEYS];
};

struct model {
    struct row row[TYPES][IDS];
    uint64_t entries;
};

struct op {
    uint32_t kind, type, id;
    uint64_t expect;
    struct row row;
};

static void random_key(struct chance *c, struct key *key)
{
    static const unsigned char letters[] = {0, 1, 'a', 'b', 0xfe, 0xff};
    memset(key, 0, sizeof *key);
    key->index = 1 + (uint32_t)draw(c, 2);
    key->n = (uint32_t)draw(c, KEY_MAX + 1);
    for (uint32_t i = 0; i < key->n; i++) key->p[i] = letters[draw(c, sizeof letters)];
}

static struct op random_op(struct chance *c, const struct model *m, int first)
{
    struct op op;
    memset(&op, 0, sizeof op);
    op.type = (uint32_t)draw(c, TYPES), op.id = (uint32_t)draw(c, IDS);
    op.kind = draw(c, 10) < 7 ? ITSM_PUT : draw(c, 2) ? ITSM_DEL : ITSM_CHECK;
    const struct row *now = &m->row[op.type][op.id];
    uint64_t live = now->gone ? 0 : now->rev;
    op.expect = draw(c, 40) == 0 ? draw(c, 5) : !first && draw(c, 8) == 0 ? ITSM_REV_ANY : live;
    if (op.kind == ITSM_DEL && op.expect == ITSM_REV_NONE) op.kind = ITSM_CHECK;
    if (op.kind != ITSM_PUT) return op;
    op.row.rev = (op.expect == ITSM_REV_ANY || op.expect < now->rev ? now->rev : op.expect) + 1;
    if (draw(c, 30) == 0 && op.expect == ITSM_REV_NONE) op.row.rev = 1;
    op.row.nbody = (uint32_t)draw(c, BODY_MAX), op.row.fill = (unsigned char)draw(c, 256);
    op.row.nkeys = (uint32_t)draw(c, KEYS + 1);
    for (uint32_t k = 0; k < op.row.nkeys; k++) {
        if (k < now->nkeys && draw(c, 2)) op.row.key[k] = now->key[k];
        else random_key(c, &op.row.key[k]);
    }
    return op;
}

static int model_holds(const struct model *m, const struct op *op)
{
    const struct row *now = &m->row[op->type][op->id];
    int there = now->rev && !now->gone;
    if (op->expect == ITSM_REV_NONE && there) return 0;
    if (op->expect != ITSM_REV_NONE && op->expect != ITSM_REV_ANY && (!there || now->rev != op->expect)) return 0;
    return op->kind != ITSM_PUT || !now->gone || op->row.rev > now->rev;
}

static int same_key(const struct key *a, const struct key *b)
{
    return a->index == b->index && a->n == b->n && memcmp(a->p, b->p, a->n) == 0;
}

/* Does a unique key of this row belong to another one too? */
static int model_shares(const struct model *m, uint32_t type, uint32_t id)
{
    const struct row *row = &m->row[type][id];
    for (uint32_t k = 0; k < row->nkeys; k++)
        for (uint32_t other = 0; other < IDS; other++)
            for (uint32_t j = 0; other != id && j < m->row[type][other].nkeys; j++)
                if (row->key[k].index == 1 && same_key(&row->key[k], &m->row[type][other].key[j])) return 1;
    return 0;
}

/* What must come of a batch; *m is the state after it if that is ITSM_OK.  shared[i]: operation i may be named. */
static itsm_status model_apply(struct model *m, const struct op *ops, size_t n, size_t *failed, int shared[OPS])
{
    struct model after = *m;
    itsm_status rc = ITSM_OK;
    for (size_t i = 0; i < n; i++)
        if (!model_holds(m, &ops[i])) {
            *failed = i;
            return ITSM_E_CONFLICT;
        }
    for (size_t i = 0; i < n; i++) {
        struct row *row = &after.row[ops[i].type][ops[i].id];
        if (ops[i].kind == ITSM_PUT) *row = ops[i].row;
        if (ops[i].kind == ITSM_DEL && row->rev) row->gone = 1, row->nkeys = row->nbody = 0;
    }
    for (size_t i = 0; i < n; i++) {
        shared[i] = ops[i].kind == ITSM_PUT && model_shares(&after, ops[i].type, ops[i].id);
        if (shared[i]) rc = ITSM_E_UNIQUE;
    }
    if (rc == ITSM_OK) *m = after;
    return rc;
}

/* The store's side ------------------------------------------------------------------------------------------------ */

struct sent {
    itsm_op ops[OPS];
    itsm_index_key keys[OPS][KEYS];
    unsigned char bodies[OPS][BODY_MAX];
    itsm_bytes audit[ENTRIES];
    unsigned char entry[ENTRIES][8];
    itsm_batch batch;
};

/* The content of audit entry number i. */
static size_t entry_fill(unsigned char out[8], uint64_t i)
{
    for (size_t k = 0; k < 8; k++) out[k] = (unsigned char)(i * 37 + k);
    return 1 + (size_t)(i % 8);
}

static void sent_build(struct sent *s, const struct op *ops, size_t n, uint64_t entries, size_t naudit)
{
    itsm_batch batch = ITSM_BATCH_INIT;
    memset(s->ops, 0, sizeof s->ops);
    for (size_t i = 0; i < n; i++) {
        itsm_op *op = &s->ops[i];
        op->kind = ops[i].kind, op->expect = ops[i].expect;
        op->row.ref.type = ops[i].type, op->row.ref.id.lo = ops[i].id;
        if (op->kind != ITSM_PUT) continue;
        memset(s->bodies[i], ops[i].row.fill, ops[i].row.nbody);
        op->row.rev = ops[i].row.rev, op->row.body.p = s->bodies[i], op->row.body.n = ops[i].row.nbody;
        op->keys = s->keys[i], op->nkeys = ops[i].row.nkeys;
        for (uint32_t k = 0; k < ops[i].row.nkeys; k++) {
            const struct key *key = &ops[i].row.key[k];
            s->keys[i][k].index = key->index, s->keys[i][k].unique = key->index == 1;
            s->keys[i][k].key.p = key->p, s->keys[i][k].key.n = key->n;
        }
    }
    for (size_t i = 0; i < naudit; i++)
        s->audit[i].p = s->entry[i], s->audit[i].n = entry_fill(s->entry[i], entries + i);
    batch.ops = s->ops, batch.nops = n, batch.audit = s->audit, batch.naudit = naudit;
    s->batch = batch;
}

/* A random batch: no row written twice, the first operation with an expectation. */
static size_t random_batch(struct chance *c, struct op *ops, const struct model *m)
{
    size_t wanted = 1 + (size_t)(draw(c, 8) ? draw(c, 5) : draw(c, OPS)), n = 0;
    while (n < wanted) {
        struct op op = random_op(c, m, n == 0);
        int twice = 0;
        for (size_t i = 0; i < n; i++)
            if (op.kind != ITSM_CHECK && ops[i].kind != ITSM_CHECK && ops[i].type == op.type && ops[i].id == op.id)
                twice = 1;
        if (twice) wanted--;
        else ops[n++] = op;
    }
    return n;
}

static void row_equals(const itsm_row *got, uint32_t type, uint32_t id, const struct row *wanted)
{
    cr_assert(got->ref.type == type && got->ref.id.hi == 0 && got->ref.id.lo == id);
    cr_assert_eq(got->rev, wanted->rev);
    cr_assert_eq(got->body.n, wanted->nbody);
    for (size_t i = 0; i < wanted->nbody; i++) cr_assert_eq(((const unsigned char *)got->body.p)[i], wanted->fill);
}

struct hit {
    const struct key *key;
    uint32_t id;
};

static int hit_order(const void *a, const void *b)
{
    const struct hit *x = a, *y = b;
    if (x->key && y->key) {
        size_t n = x->key->n < y->key->n ? x->key->n : y->key->n;
        int c = memcmp(x->key->p, y->key->p, n);
        if (c) return c;
        if (x->key->n != y->key->n) return x->key->n < y->key->n ? -1 : 1;
    }
    return (x->id > y->id) - (x->id < y->id);
}

static int below(const struct key *a, const struct key *b)
{
    struct hit x = {a, 0}, y = {b, 0};
    return hit_order(&x, &y) < 0;
}

/* A random range of a random index, in the view and in the model. */
static void compare_scan(struct chance *c, itsm_ctx *ctx, itsm_view *view, const struct model *m, int all)
{
    static struct hit hits[IDS * KEYS];
    itsm_range range = ITSM_RANGE_INIT;
    struct key lo, hi;
    size_t n = 0;
    random_key(c, &lo), random_key(c, &hi);
    range.type = (uint32_t)draw(c, TYPES), range.index = (uint32_t)draw(c, 3), range.descending = (uint32_t)draw(c, 2);
    int open = all || draw(c, 3) == 0;
    if (range.index && !all) {
        range.lo.p = lo.p, range.lo.n = lo.n;
        if (!open) range.hi.p = hi.p, range.hi.n = hi.n;
    }
    for (uint32_t id = 0; id < IDS; id++) {
        const struct row *row = &m->row[range.type][id];
        if (!row->rev || row->gone) continue;
        if (range.index == 0) hits[n].key = NULL, hits[n++].id = id;
        for (uint32_t k = 0; range.index && k < row->nkeys; k++) {
            int again = row->key[k].index != range.index || (range.lo.p && below(&row->key[k], &lo)) ||
                        (range.hi.p && !below(&row->key[k], &hi));
            for (uint32_t j = 0; j < k; j++) again |= same_key(&row->key[j], &row->key[k]);
            if (!again) hits[n].key = &row->key[k], hits[n++].id = id;
        }
    }
    qsort(hits, n, sizeof *hits, hit_order);
    itsm_cursor cursor;
    itsm_row row;
    cr_assert_eq(itsm_store_scan(&cursor, ctx, view, &range), ITSM_OK);
    for (size_t i = 0; i < n; i++) {
        uint32_t id = hits[range.descending ? n - 1 - i : i].id;
        cr_assert_eq(itsm_store_next(&row, ctx, &cursor), ITSM_OK);
        row_equals(&row, range.type, id, &m->row[range.type][id]);
    }
    cr_assert_eq(itsm_store_next(&row, ctx, &cursor), ITSM_DONE);
    itsm_store_cursor_close(&cursor);
}

static void compare_get(struct chance *c, itsm_ctx *ctx, itsm_view *view, const struct model *m)
{
    itsm_ref ref = {(uint32_t)draw(c, TYPES), {0, draw(c, IDS)}};
    const struct row *wanted = &m->row[ref.type][ref.id.lo];
    itsm_row row;
    itsm_status rc = itsm_store_get(&row, ctx, view, ref);
    cr_assert_eq(rc, wanted->rev && !wanted->gone ? ITSM_OK : ITSM_NOTHING);
    if (rc == ITSM_OK) row_equals(&row, ref.type, (uint32_t)ref.id.lo, wanted);
}

static void compare_audit(itsm_ctx *ctx, itsm_view *view, const struct model *m, uint64_t from)
{
    itsm_cursor cursor;
    itsm_row row;
    unsigned char entry[8];
    cr_assert_eq(itsm_store_audit_scan(&cursor, ctx, view, from), ITSM_OK);
    for (uint64_t i = from; i < m->entries; i++) {
        size_t n = entry_fill(entry, i);
        cr_assert_eq(itsm_store_next(&row, ctx, &cursor), ITSM_OK);
        cr_assert(row.ref.id.lo == i && row.body.n == n && memcmp(row.body.p, entry, n) == 0);
    }
    cr_assert_eq(itsm_store_next(&row, ctx, &cursor), ITSM_DONE);
    itsm_store_cursor_close(&cursor);
}

/* Everything: all rows, all indexes both ways, the end of the audit log. */
static void compare_all(struct chance *c, itsm_ctx *ctx, itsm_store *store, const struct model *m)
{
    itsm_view view;
    cr_assert_eq(itsm_store_view_open(&view, ctx, store, NULL), ITSM_OK);
    for (int i = 0; i < 24; i++) compare_scan(c, ctx, &view, m, 1);
    compare_audit(ctx, &view, m, m->entries > 20 ? m->entries - 20 : 0);
    itsm_store_view_close(&view);
}

static void expect_same(itsm_status rc, const itsm_applied *applied, itsm_status wanted, size_t failed,
                        const int *shared)
{
    cr_assert_eq(rc, wanted, "answers %d, the model %d", rc, wanted);
    if (rc == ITSM_E_CONFLICT) cr_assert_eq(applied->failed_op, failed);
    if (rc == ITSM_E_UNIQUE) cr_assert(applied->failed_op < OPS && shared[applied->failed_op]);
    if (rc == ITSM_OK) cr_assert_eq(applied->failed_op, SIZE_MAX);
}

/* Random operations ----------------------------------------------------------------------------------------------- */

struct held {
    itsm_view view;
    struct model model;
};

static void run_random(const char *what, itsm_store *(*make)(itsm_ctx *), void (*unmake)(void), uint64_t total)
{
    static struct held held[VIEWS];
    static struct model model;
    static struct sent sent;
    struct counting counting = COUNTING_INIT;
    itsm_ctx *ctx = counting_ctx(&counting);
    itsm_store *store = make(ctx);
    struct op ops[OPS];
    int shared[OPS];
    uint64_t done = 0, count[3] = {0, 0, 0};
    struct chance c = chance_new(what, total);
    memset(&model, 0, sizeof model), memset(held, 0, sizeof held);
    for (uint64_t batch = 0; done < total; batch++) {
        size_t n = random_batch(&c, ops, &model), naudit = (size_t)draw(&c, ENTRIES + 1), failed = 0;
        itsm_applied applied = ITSM_APPLIED_INIT;
        sent_build(&sent, ops, n, model.entries, naudit);
        itsm_status wanted = model_apply(&model, ops, n, &failed, shared);
        itsm_status rc = itsm_store_apply(&applied, ctx, store, &sent.batch, NULL);
        expect_same(rc, &applied, wanted, failed, shared);
        if (rc == ITSM_OK) cr_assert_eq(applied.audit_first, model.entries);
        if (rc == ITSM_OK) model.entries += naudit;
        count[rc == ITSM_OK ? 0 : rc == ITSM_E_CONFLICT ? 1 : 2]++;
        done += n;

        struct held *h = &held[draw(&c, VIEWS)];
        if (draw(&c, 6) == 0 && h->view.store) itsm_store_view_close(&h->view);
        if (draw(&c, 6) == 0 && !h->view.store) {
            cr_assert_eq(itsm_store_view_open(&h->view, ctx, store, NULL), ITSM_OK);
            h->model = model;
        }
        if (h->view.store) {
            compare_get(&c, ctx, &h->view, &h->model);
            compare_scan(&c, ctx, &h->view, &h->model, 0);
            if (batch % 64 == 0) compare_audit(ctx, &h->view, &h->model, draw(&c, h->model.entries + 2));
        }
        if (batch % 256 == 0) {
            compare_all(&c, ctx, store, &model);
            cr_assert_geq(itsm_store_maintain(ctx, store, ITSM_MAINTAIN_CHECK, NULL), ITSM_OK);
        }
    }
    printf("%s: %llu operations; batches: %llu applied, %llu conflicts, %llu unique; 0 differences\n", what,
           (unsigned long long)done, (unsigned long long)count[0], (unsigned long long)count[1],
           (unsigned long long)count[2]);
    cr_assert(count[0] && count[1] && count[2]);
    compare_all(&c, ctx, store, &model);
    for (size_t i = 0; i < VIEWS; i++) itsm_store_view_close(&held[i].view);
    itsm_store_free(store);
    itsm_ctx_free(ctx);
    assert_nothing_outstanding(counting);
    unmake();
}

/* Every allocation fails once ------------------------------------------------------------------------------------- */

static void run_failing(const char *what, itsm_store *(*make)(itsm_ctx *), void (*unmake)(void), size_t batches)
{
    static struct model model;
    static struct sent sent;
    struct counting counting = COUNTING_INIT;
    itsm_ctx *ctx = counting_ctx(&counting);
    itsm_store *store = make(ctx);
    struct op ops[OPS];
    int shared[OPS];
    uint64_t sites = 0, applied_batches = 0;
    struct chance c = chance_new(what, batches);
    memset(&model, 0, sizeof model);
    for (size_t batch = 0; batch < batches; batch++) {
        size_t n = random_batch(&c, ops, &model), naudit = (size_t)draw(&c, ENTRIES + 1), failed = 0;
        struct model after = model;
        itsm_status wanted = model_apply(&after, ops, n, &failed, shared), rc = ITSM_E_NOMEM;
        sent_build(&sent, ops, n, model.entries, naudit);
        for (size_t at = 1; rc == ITSM_E_NOMEM; at++) {
            itsm_applied applied = ITSM_APPLIED_INIT;
            if (at % 2) counting_fail(&counting, (at + 1) / 2);
            else counting_fail_from(&counting, at / 2);
            rc = itsm_store_apply(&applied, ctx, store, &sent.batch, NULL);
            int hit = counting_stop(&counting);
            sites += (uint64_t)hit;
            if (rc == ITSM_E_NOMEM) {
                cr_assert(hit, "no memory, and none was refused");
                compare_all(&c, ctx, store, &model);
                continue;
            }
            expect_same(rc, &applied, wanted, failed, shared);
        }
        if (rc == ITSM_OK) model = after, model.entries += naudit, applied_batches++;
        compare_all(&c, ctx, store, &model);
    }
    printf("%s: %llu batches, %llu applied, %llu allocations refused, every state as before\n", what,
           (unsigned long long)batches, (unsigned long long)applied_batches, (unsigned long long)sites);
    cr_assert_geq(applied_batches, 40);
    itsm_store_free(store);
    itsm_ctx_free(ctx);
    assert_nothing_outstanding(counting);
    unmake();
}

static itsm_store *make_memory(itsm_ctx *ctx)
{
    itsm_store *store = NULL;
    cr_assert_eq(itsm_store_memory(&store, ctx), ITSM_OK);
    return store;
}

static void unmake_memory(void)
{
}

Test(store_property, the_memory_store_does_what_a_list_does, .timeout = 300)
{
    run_random("memory store", make_memory, unmake_memory, number_of("ITSM_OPS", 150000));
}

Test(store_property, every_allocation_of_the_memory_store_may_fail, .timeout = 300)
{
    run_failing("memory store without memory", make_memory, unmake_memory, 200);
}

/* The tree against an array of flags ------------------------------------------------------------------------------ */

enum { NUMBERS = 6000, STATES = 4 };

struct state {
    itsm__tree_snapshot snapshot;
    unsigned char value[NUMBERS]; /* 0: not there */
};

/* Keys of very different lengths: some nodes must grow. */
static itsm__tree_key number_key(unsigned char room[1200], uint32_t i)
{
    itsm__tree_key key = {{room, 4}, {room + 4, 0}};
    room[0] = (unsigned char)(i % 7), room[1] = (unsigned char)(i >> 9), room[2] = (unsigned char)(i >> 1),
    room[3] = 0xff;
    if (i % 97 == 0) memset(room + 4, (int)(i & 255), 1000), key.key.n = 1004;
    key.tie.p = room + key.key.n, key.tie.n = 1 + i % 5;
    memset(room + key.key.n, 0, 8), room[key.key.n] = (unsigned char)(i & 1),
                                    room[key.key.n + key.tie.n - 1] |= (unsigned char)(i % 5 * 2);
    return key;
}

struct sorted {
    uint32_t order[NUMBERS];
};

static int number_order(const void *a, const void *b)
{
    unsigned char left[1200], right[1200];
    uint32_t x, y;
    memcpy(&x, a, sizeof x), memcpy(&y, b, sizeof y);
    return itsm__tree_compare(number_key(left, x), number_key(right, y));
}

static void expect_state(const itsm__tree_node *root, const unsigned char *value, const struct sorted *sorted)
{
    itsm__tree_cursor up, down;
    itsm__tree_key none = {{NULL, 0}, {NULL, 0}};
    unsigned char room[1200];
    int there = itsm__tree_seek(&up, root, none), back = itsm__tree_seek_last(&down, root);
    for (uint32_t k = 0; k < NUMBERS; k++) {
        uint32_t i = sorted->order[k], j = sorted->order[NUMBERS - 1 - k];
        itsm_bytes got;
        if (value[i]) {
            cr_assert(there, "an entry is missing");
            cr_assert_eq(itsm__tree_compare(itsm__tree_at(&up, &got), number_key(room, i)), 0);
            cr_assert(got.n == value[i] % 9u && (!got.n || ((const unsigned char *)got.p)[0] == value[i]));
            there = itsm__tree_next(&up);
        }
        if (value[j]) {
            cr_assert(back);
            cr_assert_eq(itsm__tree_compare(itsm__tree_at(&down, NULL), number_key(room, j)), 0);
            back = itsm__tree_previous(&down);
        }
    }
    cr_assert(!there && !back, "an entry too many");
}

static void expect_places(struct chance *c, const itsm__tree_node *root, const unsigned char *value,
                          const struct sorted *s)
{
    unsigned char room[1200], other[1200];
    itsm__tree_cursor at;
    uint32_t place = (uint32_t)draw(c, NUMBERS), above = place, under = place;
    itsm__tree_key key = number_key(room, s->order[place]);
    while (above < NUMBERS && !value[s->order[above]]) above++;
    while (under > 0 && !value[s->order[under - 1]]) under--;
    cr_assert_eq(itsm__tree_seek(&at, root, key), above < NUMBERS);
    if (above < NUMBERS)
        cr_assert_eq(itsm__tree_compare(itsm__tree_at(&at, NULL), number_key(other, s->order[above])), 0);
    cr_assert_eq(itsm__tree_seek_before(&at, root, key), under > 0);
    if (under > 0)
        cr_assert_eq(itsm__tree_compare(itsm__tree_at(&at, NULL), number_key(other, s->order[under - 1])), 0);
    cr_assert_eq(itsm__tree_find(root, key, NULL) != NULL, above == place && place < NUMBERS);
}

/* One edit: runs of puts or removes, then commit or abort. */
static uint64_t random_edit(struct chance *c, struct counting *counting, itsm__tree *tree, unsigned char *value,
                            int shrinking)
{
    static unsigned char after[NUMBERS];
    unsigned char room[1200], bytes[9];
    uint64_t n = 1 + draw(c, draw(c, 10) ? 20 : 2000), start = draw(c, NUMBERS);
    int run = draw(c, 3) == 0, failing = draw(c, 8) == 0;
    itsm_status rc = ITSM_OK;
    memcpy(after, value, NUMBERS);
    if (draw(c, 3)) itsm__tree_begin_alone(tree); /* where there are snapshots: as any other */
    else itsm__tree_begin(tree);
    if (failing) counting_fail(counting, 1 + (size_t)draw(c, 30));
    for (uint64_t k = 0; k < n && rc >= 0; k++) {
        uint32_t i = (uint32_t)(run ? (start + k) % NUMBERS : draw(c, NUMBERS));
        itsm__tree_key key = number_key(room, i);
        if (draw(c, 10) < (shrinking ? 8u : 3u)) {
            rc = itsm__tree_remove(tree, key);
            if (rc >= 0) cr_assert_eq(rc, after[i] ? ITSM_OK : ITSM_NOTHING);
            if (rc >= 0) after[i] = 0;
        } else {
            unsigned char v = (unsigned char)(1 + draw(c, 255));
            memset(bytes, v, sizeof bytes);
            rc = itsm__tree_put(tree, key, bytes, v % 9u);
            if (rc >= 0) after[i] = v;
        }
    }
    if (failing) counting_stop(counting);
    cr_assert(rc >= 0 || (failing && rc == ITSM_E_NOMEM));
    if (rc < 0 || draw(c, 6) == 0) {
        if (rc < 0 && draw(c, 2)) itsm__tree_commit(tree); /* of an edit that failed: the same as abort */
        else itsm__tree_abort(tree);
    } else {
        itsm__tree_commit(tree);
        memcpy(value, after, NUMBERS);
    }
    return n;
}

Test(tree_property, the_tree_does_what_an_array_does, .timeout = 300)
{
    static struct state states[STATES];
    static unsigned char value[NUMBERS];
    static struct sorted sorted;
    struct counting counting = COUNTING_INIT;
    itsm__memory memory = {counting_alloc, &counting};
    itsm__tree tree;
    uint64_t total = number_of("ITSM_OPS", 400000), done = 0;
    struct chance c = chance_new("tree", total);
    for (uint32_t i = 0; i < NUMBERS; i++) sorted.order[i] = i;
    qsort(sorted.order, NUMBERS, sizeof sorted.order[0], number_order);
    for (uint32_t i = 1; i < NUMBERS; i++)
        cr_assert_lt(number_order(&sorted.order[i - 1], &sorted.order[i]), 0, "the test's keys differ");
    memset(value, 0, sizeof value), memset(states, 0, sizeof states);
    itsm__tree_init(&tree, &memory);
    for (uint64_t edit = 0; done < total; edit++) {
        struct state *s = &states[draw(&c, STATES)], *other = &states[draw(&c, STATES)];
        done += random_edit(&c, &counting, &tree, value, (edit / 400) % 2 == 1);
        expect_places(&c, itsm__tree_head(&tree), value, &sorted);
        int without = (edit / 200) % 2 == 1; /* so that edits are alone at times */
        for (size_t k = 0; without && k < STATES; k++) itsm__tree_snapshot_close(&states[k].snapshot);
        if (draw(&c, 10) == 0 && s->snapshot.tree) itsm__tree_snapshot_close(&s->snapshot);
        if (!without && draw(&c, 10) == 0 && !s->snapshot.tree) {
            itsm__tree_snapshot_open(&tree, &s->snapshot);
            memcpy(s->value, value, NUMBERS);
        }
        if (draw(&c, 20) == 0 && s->snapshot.tree && !other->snapshot.tree) {
            itsm__tree_snapshot_copy(&other->snapshot, &s->snapshot);
            memcpy(other->value, s->value, NUMBERS);
        }
        if (s->snapshot.tree) expect_places(&c, s->snapshot.root, s->value, &sorted);
        if (edit % 50 == 0) {
            uint64_t count = 0;
            for (uint32_t i = 0; i < NUMBERS; i++) count += value[i] != 0;
            cr_assert_eq(tree.count, count);
            expect_state(itsm__tree_head(&tree), value, &sorted);
            for (size_t k = 0; k < STATES; k++)
                if (states[k].snapshot.tree) expect_state(states[k].snapshot.root, states[k].value, &sorted);
        }
    }
    for (size_t k = 0; k < STATES; k++) itsm__tree_snapshot_close(&states[k].snapshot);
    itsm__tree_trim(&tree);
    cr_assert_eq(counting.outstanding, itsm__tree_bytes(&tree), "only the last state is left");
    printf("tree: %llu operations, 0 differences\n", (unsigned long long)done);
    itsm__tree_clear(&tree);
    assert_nothing_outstanding(counting);
}
