/* SPDX-License-Identifier: MIT */
/*
 * A storage backend: a list in memory, complete and slow, and the conformance kit that says whether it is one.
 * docs/backends.md goes through it.  Nothing is freed before the store is closed, so a row that was given stays.
 */
#include <itsm/check.h>
#include <itsm/itsm.h>
#include <stdio.h>
#include <stdlib.h>

#define OP(batch, i) ((const itsm_op *)(const void *)((const char *)(batch)->ops + (i) * (batch)->op_size))

/* [state] */
struct row {
    itsm_ref ref;
    uint64_t rev;
    int gone; /* a tombstone: deleted, but its revision stays */
    itsm_bytes body;
    itsm_index_key *keys; /* the first is of index 0: the identity */
    size_t nkeys;
    unsigned char id[16];
};

struct state { /* what one commit left; a view is a copy */
    struct row **rows;
    size_t n, nentries;
};

struct list {
    struct state now;
    itsm_bytes *entries; /* the audit trail only ever grows */
    struct sequence { struct sequence *next; uint64_t last; char name[]; } *sequences;
    struct piece { struct piece *next; max_align_t content[]; } *pieces; /* all memory of rows and entries */
};

struct cursor {
    int is_trail;
    size_t at, n; /* of the hits, or of the entries */
    struct hit { struct row *row; const itsm_bytes *key; } hits[];
};
/* [state] */

static void *take(struct list *s, const void *from, size_t n)
{
    struct piece *p = calloc(1, sizeof *p + n);
    if (!p) return NULL;
    if (from && n) memcpy(p->content, from, n);
    p->next = s->pieces, s->pieces = p;
    return p->content;
}

static size_t find(const struct state *s, itsm_ref ref)
{
    size_t i = 0;
    for (; i < s->n; i++) {
        itsm_ref r = s->rows[i]->ref;
        if (r.type == ref.type && r.id.hi == ref.id.hi && r.id.lo == ref.id.lo) break;
    }
    return i;
}

static int order(itsm_bytes a, itsm_bytes b)
{
    int c = a.n && b.n ? memcmp(a.p, b.p, a.n < b.n ? a.n : b.n) : 0;
    return c ? c : (a.n > b.n) - (a.n < b.n);
}

/* [holds] */
static int holds(const struct row *row, const itsm_op *op)
{
    int there = row && !row->gone;
    if (op->expect == ITSM_REV_NONE && there) return 0;
    if (op->expect != ITSM_REV_NONE && op->expect != ITSM_REV_ANY && (!there || row->rev != op->expect)) return 0;
    return op->kind != ITSM_PUT || !row || there || op->row.rev > row->rev; /* over a tombstone: above it */
}
/* [holds] */

static int has_key(const struct row *row, const itsm_index_key *key)
{
    for (size_t k = 0; k < row->nkeys; k++)
        if (row->keys[k].index == key->index && order(row->keys[k].key, key->key) == 0) return 1;
    return 0;
}

static struct row *row_new(struct list *s, const itsm_op *op, const struct row *old)
{
    struct row *row = take(s, NULL, sizeof *row);
    if (!row) return NULL;
    row->ref = op->row.ref, row->gone = op->kind == ITSM_DEL, row->rev = row->gone ? old->rev : op->row.rev;
    if (row->gone) return row;
    row->body.p = take(s, op->row.body.p, row->body.n = op->row.body.n);
    row->keys = take(s, NULL, (1 + op->nkeys) * sizeof *row->keys);
    if (!row->keys || !row->body.p) return NULL;
    for (size_t i = 0; i < 16; i++)
        row->id[i] = (unsigned char)((i < 8 ? row->ref.id.hi : row->ref.id.lo) >> (56 - i % 8 * 8));
    row->keys[0].key.p = row->id, row->keys[0].key.n = sizeof row->id, row->nkeys = 1;
    for (size_t k = 0; k < op->nkeys; k++) {
        itsm_index_key key = op->keys[k];
        if (has_key(row, &key)) continue; /* the same key twice counts once */
        if (!(key.key.p = take(s, key.key.p, key.key.n))) return NULL;
        row->keys[row->nkeys++] = key;
    }
    return row;
}

static int is_taken(const struct state *s, const itsm_op *op) /* has another row a unique key of this one? */
{
    size_t own = find(s, op->row.ref);
    for (size_t i = 0; i < s->n; i++)
        for (size_t k = 0; i != own && s->rows[i]->ref.type == op->row.ref.type && k < op->nkeys; k++)
            if (op->keys[k].unique && has_key(s->rows[i], &op->keys[k])) return 1;
    return 0;
}

/* [change] */
static itsm_status change(struct list *s, struct state *next, const itsm_batch *batch, itsm_applied *applied)
{
    for (size_t i = 0; i < batch->nops; i++) { /* all expectations look at the state before the batch */
        const itsm_op *op = OP(batch, i);
        size_t at = find(&s->now, op->row.ref);
        struct row *old = at < s->now.n ? s->now.rows[at] : NULL, *row;
        applied->failed_op = i;
        if (!holds(old, op)) return ITSM_E_CONFLICT;
        if (op->kind == ITSM_CHECK || (op->kind == ITSM_DEL && (!old || old->gone))) continue;
        if (!(row = row_new(s, op, old))) return ITSM_E_NOMEM;
        next->rows[old ? at : next->n++] = row; /* next has room for all operations */
    }
    for (size_t i = 0; i < batch->nops; i++) { /* unique keys by the state after it: one may change hands */
        const itsm_op *op = OP(batch, i);
        applied->failed_op = i;
        if (op->kind == ITSM_PUT && is_taken(next, op)) return ITSM_E_UNIQUE;
    }
    applied->failed_op = SIZE_MAX;
    for (size_t i = 0; i < batch->naudit; i++, next->nentries++) {
        s->entries[next->nentries] = batch->audit[i];
        if (!(s->entries[next->nentries].p = take(s, batch->audit[i].p, batch->audit[i].n))) return ITSM_E_NOMEM;
    }
    return ITSM_OK;
}
/* [change] */

/* [apply] */
static itsm_status list_apply(void *self, const itsm_call *call, const itsm_batch *batch, itsm_applied *applied)
{
    struct list *s = self;
    struct state next = s->now;
    itsm_bytes *entries = realloc(s->entries, (next.nentries + batch->naudit + 1) * sizeof *entries);
    (void)call;
    if (entries) s->entries = entries;
    next.rows = malloc((next.n + batch->nops) * sizeof *next.rows);
    if (!entries || !next.rows) return free(next.rows), ITSM_E_NOMEM;
    if (next.n) memcpy(next.rows, s->now.rows, next.n * sizeof *next.rows);
    itsm_status rc = change(s, &next, batch, applied);
    applied->audit_first = s->now.nentries;
    free(rc ? next.rows : s->now.rows);
    if (!rc) s->now = next; /* here, and all at once */
    return rc;
}
/* [apply] */

static itsm_status list_reserve(void *self, const itsm_call *call, const char *sequence, uint32_t n, uint64_t *first)
{
    struct list *s = self;
    struct sequence *q = s->sequences;
    (void)call;
    while (q && strcmp(q->name, sequence)) q = q->next;
    if (!q && (q = take(s, NULL, sizeof *q + strlen(sequence) + 1)) != NULL) {
        memcpy(q->name, sequence, strlen(sequence) + 1);
        q->next = s->sequences, s->sequences = q;
    }
    if (!q) return ITSM_E_NOMEM;
    *first = q->last + 1, q->last += n;
    return ITSM_OK;
}

/* [view] */
static itsm_status list_view_open(void *self, const itsm_call *call, void **view)
{
    struct list *s = self;
    struct state *copied = malloc(sizeof *copied + s->now.n * sizeof *copied->rows);
    (void)call;
    if (!copied) return ITSM_E_NOMEM;
    *copied = s->now, copied->rows = (struct row **)(copied + 1);
    if (s->now.n) memcpy(copied->rows, s->now.rows, s->now.n * sizeof *copied->rows);
    *view = copied;
    return ITSM_OK;
}

static void list_view_close(void *self, void *view)
{
    (void)self;
    free(view);
}

static void row_give(itsm_row *out, const struct row *row) /* it came zeroed: what is not set is not there */
{
    out->ref = row->ref, out->rev = row->rev, out->body = row->body;
}

static itsm_status list_get(void *self, const itsm_call *call, void *view, itsm_ref ref, itsm_row *out)
{
    const struct state *v = view;
    size_t i = find(v, ref);
    (void)self, (void)call;
    if (i == v->n || v->rows[i]->gone) return ITSM_NOTHING;
    row_give(out, v->rows[i]);
    return ITSM_OK;
}
/* [view] */

/* [scan] */
static void add(struct cursor *c, struct row *row, const itsm_index_key *key, const itsm_range *range)
{
    size_t i; /* where it stands among the hits */
    if (key->index != range->index || order(key->key, range->lo) < 0) return;
    if (range->hi.p && order(key->key, range->hi) >= 0) return;
    for (i = c->n++; i && (order(*c->hits[i - 1].key, key->key) > 0) != (range->descending != 0); i--)
        c->hits[i] = c->hits[i - 1];
    c->hits[i].row = row, c->hits[i].key = &key->key;
}

static itsm_status list_scan(void *self, const itsm_call *call, void *view, const itsm_range *range, void **cursor)
{
    const struct state *v = view;
    size_t most = 0;
    (void)self, (void)call;
    for (size_t i = 0; i < v->n; i++) most += v->rows[i]->nkeys;
    struct cursor *c = calloc(1, sizeof *c + most * sizeof *c->hits);
    if (!c) return ITSM_E_NOMEM;
    for (size_t i = 0; i < v->n; i++) /* a tombstone has no keys */
        for (size_t k = 0; v->rows[i]->ref.type == range->type && k < v->rows[i]->nkeys; k++)
            add(c, v->rows[i], &v->rows[i]->keys[k], range);
    *cursor = c;
    return ITSM_OK;
}
/* [scan] */

static itsm_status list_audit_scan(void *self, const itsm_call *call, void *view, uint64_t from, void **cursor)
{
    struct cursor *c = calloc(1, sizeof *c);
    (void)self, (void)call;
    if (!c) return ITSM_E_NOMEM;
    c->is_trail = 1, c->n = ((const struct state *)view)->nentries, c->at = from < c->n ? (size_t)from : c->n;
    *cursor = c;
    return ITSM_OK;
}

static itsm_status list_next(void *self, const itsm_call *call, void *cursor, itsm_row *out)
{
    struct cursor *c = cursor;
    (void)call;
    if (c->at == c->n) return ITSM_DONE;
    if (c->is_trail) out->ref.id.lo = c->at, out->body = ((struct list *)self)->entries[c->at];
    else row_give(out, c->hits[c->at].row);
    c->at++;
    return ITSM_OK;
}

static void list_cursor_close(void *self, void *cursor)
{
    (void)self;
    free(cursor);
}

static void list_close(void *self)
{
    struct list *s = self;
    for (struct piece *p = s->pieces, *next; p; p = next) next = p->next, free(p);
    free(s->entries), free(s->now.rows), free(s);
}

/* [methods] */
static itsm_status list_new(itsm_store **out, itsm_ctx *ctx)
{
    itsm_store_methods m;
    struct list *s = calloc(1, sizeof *s);
    if (!s) return ITSM_E_NOMEM;
    memset(&m, 0, sizeof m); /* what is optional stays NULL */
    m.size = sizeof m, m.contract = ITSM_STORE_CONTRACT, m.name = "list";
    m.caps = ITSM_CAP_SNAPSHOT | ITSM_CAP_SEAL_SYNC;
    m.view_open = list_view_open, m.view_close = list_view_close, m.get = list_get, m.scan = list_scan;
    m.audit_scan = list_audit_scan, m.next = list_next, m.cursor_close = list_cursor_close;
    m.apply = list_apply, m.reserve = list_reserve, m.close = list_close;
    return itsm_store_new(out, ctx, &m, s);
}
/* [methods] */

/* [check] */
static itsm_status make(void *self, itsm_store **out, itsm_ctx *ctx)
{
    (void)self;
    return list_new(out, ctx);
}

int main(void)
{
    itsm_check_host host = ITSM_CHECK_HOST_INIT;
    itsm_check_options options = ITSM_CHECK_OPTIONS_INIT;
    itsm_check_result result = ITSM_CHECK_RESULT_INIT;
    itsm_ctx *ctx = NULL;
    host.make = make, options.operations = 2000;
    itsm_status rc = itsm_os_ctx_new(&ctx);
    if (!rc) rc = itsm_check_run(&result, ctx, &host, &options);
    itsm_ctx_free(ctx);
    printf("%s: %s\n", result.name, rc || result.failed || result.passed < 150 ? "not a store" : "a store");
    return rc || result.failed;
}
/* [check] */
