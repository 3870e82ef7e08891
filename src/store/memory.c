/* SPDX-License-Identifier: MIT */
/*
 * The memory store: one tree for rows and all their indexes, a log of audit entries in blocks, a map of sequences.
 *
 * A row is one piece of memory: its head, its body, and the index keys it was put with, so that the next put knows
 * which to take away.  The tree's entry of index 0 points to it; an entry of another index has the row's id as its tie
 * and no value, so a put that leaves keys as they are does not touch their entries.  A deleted row stays as a
 * tombstone: head only, marked gone.
 *
 * apply() is one edit of the tree.  It first goes through the operations once: puts each row, with one search that also
 * gives the old one, holds that against the expectation, and takes away keys the row no longer has; then new keys are
 * put.  An expectation that does not hold, a taken unique key or missing memory aborts the edit, and everything is as
 * before.  Room in the audit log is made last, so that after the commit of the edit nothing can fail.
 *
 * A view is a snapshot of the tree and the number of audit entries; rows it sees live as long as it does.  The lock is
 * taken to open and close a view or a cursor over the audit log, and to write; reading takes none.
 *
 * Cost: get one search; a row of a scan one search (none for index 0); apply one search per row and one per key that
 * changes.  Memory: per row 40 bytes, its body, its keys twice, and 40 to 60 bytes of tree, some 40 more per key.
 */
#include <itsm/store.h>

#include "base/bits.h"
#include "base/ctx.h"
#include "base/map.h"
#include "store/batch.h"
#include "store/tree.h"

#include <stddef.h>

enum {
    NUMBER_LONG = 248, /* first byte of a number in a key: from here on it says how many follow */
    NUMBER_MAX = 9,    /* bytes of one, and the room to write it */
    PREFIX_MAX = 2 * NUMBER_MAX,
    ID_MAX = 2 * NUMBER_MAX,
    ID_BYTES = 16, /* a key of index 0 as callers see it */
    FIRST_BLOCK = 4096,
    LAST_BLOCK = 256 * 1024
};

typedef struct row {
    itsm__tree_item item;
    uint64_t rev;
    uint32_t nbody, nkeys; /* bytes of the body; bytes of the keys behind it, GONE: a tombstone */
} row;

#define GONE UINT32_MAX

typedef struct block {
    struct block *next;
    uint64_t first; /* place of its first entry */
    size_t size, used;
} block;

typedef struct memory_store {
    itsm__memory memory;
    itsm_mutexes mutexes;
    void *mutex; /* NULL: for one thread */
    itsm__tree tree;
    row **found; /* scratch of apply: the row of each operation */
    size_t found_capacity;
    block **blocks; /* of the audit log, in order */
    size_t nblocks, block_capacity;
    uint64_t entries;
    itsm__map sequences; /* name: last number given */
} memory_store;

typedef struct view {
    itsm__tree_snapshot snapshot;
    uint64_t entries;
    const block *last; /* of the audit log: what follows it was not there yet */
} view;

typedef struct cursor {
    size_t size;
    const view *view;
    /* a range */
    itsm__tree_cursor at;
    uint32_t started, descending, rows; /* rows: 1 for index 0 */
    uint32_t type;
    size_t nbound;
    /* the audit log; block NULL for a range */
    const block *block;
    size_t offset;
    uint64_t place, end;
    unsigned char bound[]; /* a range stops there */
} cursor;

static void lock(const memory_store *m)
{
    if (m->mutex) m->mutexes.lock(m->mutexes.self, m->mutex);
}

static void unlock(const memory_store *m)
{
    if (m->mutex) m->mutexes.unlock(m->mutexes.self, m->mutex);
}

static itsm_status say(const itsm_call *call, itsm_status rc, const char *message)
{
    size_t n = strlen(message);
    if (call && call->message && call->message_size > n) memcpy(call->message, message, n + 1);
    return rc;
}

/* Keys of the tree ------------------------------------------------------------------------------------------------ */

/* A number whose bytes order like numbers: small ones are a byte, others how many bytes follow and those. */
static size_t put_number(unsigned char *out, uint64_t u)
{
    size_t n = u >> 56 ? 8 : 1;

    out[0] = (unsigned char)u;
    if (u < NUMBER_LONG) return 1;
    while (n < 8 && u >> 8 * n) n++;
    out[0] = (unsigned char)(NUMBER_LONG + n - 1);
    itsm__put_be64(out + 1, u << 8 * (8 - n)); /* NUMBER_MAX bytes are written in any case */
    return 1 + n;
}

static size_t get_number(uint64_t *out, const unsigned char *p)
{
    size_t n = p[0] < NUMBER_LONG ? 0 : p[0] - NUMBER_LONG + 1u;

    *out = n ? 0 : p[0];
    for (size_t i = 1; i <= n; i++) *out = *out << 8 | p[i];
    return 1 + n;
}

static size_t put_id(unsigned char *out, itsm_id id)
{
    size_t n = put_number(out, id.hi);
    return n + put_number(out + n, id.lo);
}

static itsm_id get_id(const unsigned char *p)
{
    itsm_id id;
    get_number(&id.lo, p + get_number(&id.hi, p));
    return id;
}

static size_t put_prefix(unsigned char *out, uint32_t type, uint64_t index)
{
    size_t n = put_number(out, type);
    return n + put_number(out + n, index);
}

/* Storage of one key of the tree. */
typedef struct key_room {
    unsigned char key[PREFIX_MAX + ITSM_STORE_KEY_MAX], tie[ID_MAX];
} key_room;

static itsm__tree_key row_key(key_room *room, itsm_ref ref)
{
    itsm__tree_key key = {{room->key, 0}, {NULL, 0}};
    key.key.n = put_prefix(room->key, ref.type, 0);
    key.key.n += put_id(room->key + key.key.n, ref.id);
    return key;
}

static itsm__tree_key index_key(key_room *room, itsm_ref ref, uint32_t index, itsm_bytes bytes)
{
    itsm__tree_key key = {{room->key, 0}, {room->tie, 0}};
    key.key.n = put_prefix(room->key, ref.type, index);
    if (bytes.n) memcpy(room->key + key.key.n, bytes.p, bytes.n);
    key.key.n += bytes.n, key.tie.n = put_id(room->tie, ref.id);
    return key;
}

/* The row an entry of index 0 is of. */
static itsm_ref row_ref(const unsigned char *key)
{
    uint64_t type, index;
    size_t n = get_number(&type, key);

    n += get_number(&index, key + n);
    itsm_ref ref = {(uint32_t)type, get_id(key + n)};
    return ref;
}

/* Rows ------------------------------------------------------------------------------------------------------------ */

static row *row_find(const itsm__tree_node *root, itsm_ref ref)
{
    key_room room;
    row *found;
    const void *value = itsm__tree_find(root, row_key(&room, ref), NULL);

    if (!value) return NULL;
    memcpy(&found, value, sizeof found);
    return found;
}

static unsigned char *row_body(row *r)
{
    return (unsigned char *)r + sizeof *r;
}

static int is_there(const row *r)
{
    return r && r->nkeys != GONE;
}

static void row_give(itsm_row *out, itsm_ref ref, row *r)
{
    memset(out, 0, sizeof *out);
    out->ref = ref, out->rev = r->rev;
    out->body.p = row_body(r), out->body.n = r->nbody;
}

/* Going through the keys a row was put with: index (a number as in a key), length (2), bytes. */
typedef struct row_keys {
    const unsigned char *p;
    size_t left;
    uint64_t index;
    itsm_bytes key;
} row_keys;

static row_keys keys_of(row *r)
{
    row_keys keys = {NULL, 0, 0, {NULL, 0}};
    if (is_there(r)) keys.p = row_body(r) + r->nbody, keys.left = r->nkeys;
    return keys;
}

static int keys_next(row_keys *keys)
{
    if (!keys->left) return 0;
    size_t n = get_number(&keys->index, keys->p);
    keys->key.n = (size_t)keys->p[n] << 8 | keys->p[n + 1], keys->key.p = keys->p + n + 2;
    keys->p += n + 2 + keys->key.n, keys->left -= n + 2 + keys->key.n;
    return 1;
}

static size_t put_row_key(unsigned char *out, const itsm_index_key *key)
{
    unsigned char number[NUMBER_MAX];
    size_t n = put_number(number, key->index);

    memcpy(out, number, n);
    out[n] = (unsigned char)(key->key.n >> 8), out[n + 1] = (unsigned char)(key->key.n & 255);
    if (key->key.n) memcpy(out + n + 2, key->key.p, key->key.n);
    return n + 2 + key->key.n;
}

static row *row_new(itsm__tree *tree, const itsm_op *op, uint64_t rev)
{
    int put = op->kind == ITSM_PUT;
    uint64_t nkeys = 0, nbody = put ? op->row.body.n : 0;
    unsigned char number[NUMBER_MAX];

    for (size_t k = 0; put && k < op->nkeys; k++)
        nkeys += put_number(number, op->keys[k].index) + 2 + op->keys[k].key.n;
    if (nkeys > UINT32_MAX / 2) return NULL;
    row *r = itsm__tree_item_new(tree, (size_t)(sizeof *r + nbody + nkeys));
    if (!r) return NULL;
    r->rev = rev, r->nbody = (uint32_t)nbody, r->nkeys = put ? (uint32_t)nkeys : GONE;
    unsigned char *p = row_body(r);
    if (nbody) memcpy(p, op->row.body.p, (size_t)nbody);
    p += nbody;
    for (size_t k = 0; put && k < op->nkeys; k++) p += put_row_key(p, &op->keys[k]);
    return r;
}

/* The audit log --------------------------------------------------------------------------------------------------- */

static unsigned char *block_bytes(block *b)
{
    return (unsigned char *)b + sizeof *b;
}

/* Make room for a batch's entries in one block.  The block may be new and is then not yet in the log. */
static itsm_status log_room(block **out, memory_store *m, const itsm_batch *batch)
{
    size_t need = 0;
    block *last = m->nblocks ? m->blocks[m->nblocks - 1] : NULL;

    *out = last;
    for (size_t i = 0; i < batch->naudit; i++) {
        size_t n = sizeof(uint32_t) + batch->audit[i].n;
        if (need > SIZE_MAX / 2 - n) return ITSM_E_NOMEM;
        need += n;
    }
    if (!need || (last && last->size - last->used >= need)) return ITSM_OK;
    if (itsm__grow(&m->memory, &m->blocks, &m->block_capacity, m->nblocks + 1, sizeof *m->blocks)) return ITSM_E_NOMEM;
    size_t size = !last ? FIRST_BLOCK : last->size < LAST_BLOCK / 2 ? last->size * 2 : LAST_BLOCK;
    if (size < need) size = need;
    block *b = itsm__alloc(&m->memory, sizeof *b + size);
    if (!b) return ITSM_E_NOMEM;
    b->next = NULL, b->first = m->entries, b->size = size, b->used = 0;
    *out = b;
    return ITSM_OK;
}

static void log_append(memory_store *m, block *b, const itsm_batch *batch)
{
    if (!batch->naudit) return;
    if (!m->nblocks || m->blocks[m->nblocks - 1] != b) {
        if (m->nblocks) m->blocks[m->nblocks - 1]->next = b;
        m->blocks[m->nblocks++] = b;
    }
    for (size_t i = 0; i < batch->naudit; i++) {
        unsigned char *p = block_bytes(b) + b->used;
        itsm__put_le32(p, (uint32_t)batch->audit[i].n);
        memcpy(p + sizeof(uint32_t), batch->audit[i].p, batch->audit[i].n);
        b->used += sizeof(uint32_t) + batch->audit[i].n;
    }
    m->entries += batch->naudit;
}

/* The block with an entry that is there. */
static block *log_block(const memory_store *m, uint64_t place)
{
    size_t low = 0, high = m->nblocks;
    while (high - low > 1) {
        size_t middle = (low + high) / 2;
        if (m->blocks[middle]->first <= place) low = middle;
        else high = middle;
    }
    return m->blocks[low];
}

/* Apply ----------------------------------------------------------------------------------------------------------- */

static int holds(const row *r, const itsm_op *op)
{
    int there = is_there(r);

    if (op->expect == ITSM_REV_NONE ? there : op->expect != ITSM_REV_ANY && (!there || r->rev != op->expect)) return 0;
    return op->kind != ITSM_PUT || !r || there || op->row.rev > r->rev;
}

/* Comparing all old keys with all new ones is for rows with few; otherwise every old one is taken away. */
static int few_keys(const itsm_op *op, const row *old)
{
    return op->nkeys <= 64 && is_there(old) && old->nkeys <= 8192;
}

static int key_is_new(const itsm_op *op, row *old, const itsm_index_key *key)
{
    if (!old || !few_keys(op, old)) return 1;
    for (row_keys keys = keys_of(old); keys_next(&keys);)
        if (keys.index == key->index && keys.key.n == key->key.n &&
            (key->key.n == 0 || memcmp(keys.key.p, key->key.p, key->key.n) == 0))
            return 0;
    return 1;
}

static int key_stays(const itsm_op *op, const row *old, const row_keys *keys)
{
    if (op->kind != ITSM_PUT || !few_keys(op, old)) return 0;
    for (size_t k = 0; k < op->nkeys; k++)
        if (keys->index == op->keys[k].index && keys->key.n == op->keys[k].key.n &&
            (keys->key.n == 0 || memcmp(keys->key.p, op->keys[k].key.p, keys->key.n) == 0))
            return 1;
    return 0;
}

static itsm_status take_keys(itsm__tree *tree, const itsm_op *op, row *old)
{
    key_room room;

    for (row_keys keys = keys_of(old); keys_next(&keys);) {
        if (key_stays(op, old, &keys)) continue;
        itsm_status rc = itsm__tree_remove(tree, index_key(&room, op->row.ref, (uint32_t)keys.index, keys.key));
        if (rc < 0) return rc;
    }
    return ITSM_OK;
}

/* Does another row have this key? */
static int key_taken(const itsm__tree *tree, itsm__tree_key key)
{
    itsm__tree_cursor at;
    itsm__tree_key from = key;

    from.tie.n = 0;
    for (int there = itsm__tree_seek(&at, itsm__tree_head(tree), from); there; there = itsm__tree_next(&at)) {
        itsm__tree_key found = itsm__tree_at(&at, NULL);
        if (found.key.n != key.key.n || memcmp(found.key.p, key.key.p, key.key.n) != 0) return 0;
        if (found.tie.n != key.tie.n || memcmp(found.tie.p, key.tie.p, key.tie.n) != 0) return 1;
    }
    return 0;
}

static itsm_status put_keys(itsm__tree *tree, const itsm_op *op, row *old)
{
    key_room room;

    for (size_t k = 0; k < op->nkeys; k++) {
        if (!key_is_new(op, old, &op->keys[k])) continue;
        itsm__tree_key key = index_key(&room, op->row.ref, op->keys[k].index, op->keys[k].key);
        if (op->keys[k].unique && key_taken(tree, key)) return ITSM_E_UNIQUE;
        itsm_status rc = itsm__tree_put(tree, key, NULL, 0);
        if (rc) return rc;
    }
    return ITSM_OK;
}

/* Put a row, and give the old one. */
static itsm_status put_row(row **old, itsm__tree *tree, const itsm_op *op)
{
    key_room room;
    unsigned char value[ITSM__TREE_VALUE_MAX];
    row *made = row_new(tree, op, op->row.rev);

    if (!made) return ITSM_E_NOMEM;
    itsm_status rc = itsm__tree_replace(tree, row_key(&room, op->row.ref), &made, sizeof made, value);
    if (rc == ITSM_OK) {
        memcpy(old, value, sizeof *old);
        itsm__tree_item_drop(tree, *old);
    }
    return rc < 0 ? rc : ITSM_OK;
}

static itsm_status delete_row(itsm__tree *tree, const itsm_op *op, row *old)
{
    key_room room;

    if (!is_there(old)) return ITSM_OK;
    row *made = row_new(tree, op, old->rev);
    if (!made) return ITSM_E_NOMEM;
    itsm_status rc = itsm__tree_put(tree, row_key(&room, op->row.ref), &made, sizeof made);
    if (rc == ITSM_OK) itsm__tree_item_drop(tree, old);
    return rc;
}

/* The rows as they are that a batch checks or deletes: to be looked up before it changes anything. */
static itsm_status find_rows(memory_store *m, const itsm_batch *batch)
{
    if (itsm__grow(&m->memory, &m->found, &m->found_capacity, batch->nops, sizeof *m->found)) return ITSM_E_NOMEM;
    for (size_t i = 0; i < batch->nops; i++) {
        const itsm_op *op = itsm__batch_op(batch, i);
        m->found[i] = op->kind == ITSM_PUT ? NULL : row_find(m->tree.root, op->row.ref);
    }
    return ITSM_OK;
}

/* Rows and expectations of a batch.  An old row is that of the state before the batch, which writes a row only once;
   in m->found it is there until the edit ends. */
static itsm_status change_rows(memory_store *m, const itsm_call *call, const itsm_batch *batch, itsm_applied *applied)
{
    for (size_t i = 0; i < batch->nops; i++) {
        const itsm_op *op = itsm__batch_op(batch, i);
        row *old = m->found[i];
        itsm_status rc = op->kind == ITSM_PUT ? put_row(&old, &m->tree, op) : ITSM_OK;
        if (rc == ITSM_OK && !holds(old, op)) {
            applied->failed_op = i;
            return say(call, ITSM_E_CONFLICT, "the row is not at the expected revision");
        }
        if (rc == ITSM_OK && op->kind == ITSM_DEL) rc = delete_row(&m->tree, op, old);
        if (rc == ITSM_OK && op->kind != ITSM_CHECK) rc = take_keys(&m->tree, op, old);
        if (rc) return rc;
        m->found[i] = old;
    }
    return ITSM_OK;
}

/* New keys, when all old ones are gone: a key may change hands in a batch. */
static itsm_status change_keys(memory_store *m, const itsm_call *call, const itsm_batch *batch, itsm_applied *applied)
{
    for (size_t i = 0; i < batch->nops; i++) {
        const itsm_op *op = itsm__batch_op(batch, i);
        itsm_status rc = op->kind == ITSM_PUT ? put_keys(&m->tree, op, m->found[i]) : ITSM_OK;
        if (rc == ITSM_E_UNIQUE) {
            applied->failed_op = i;
            say(call, rc, "a unique key belongs to another row");
        }
        if (rc) return rc;
    }
    return ITSM_OK;
}

static itsm_status memory_apply(void *self, const itsm_call *call, const itsm_batch *batch, itsm_applied *applied)
{
    memory_store *m = self;
    block *b = NULL;

    lock(m);
    applied->failed_op = SIZE_MAX;
    itsm__tree_begin_alone(&m->tree);
    itsm_status rc = find_rows(m, batch);
    if (rc == ITSM_OK) rc = change_rows(m, call, batch, applied);
    if (rc == ITSM_OK) rc = change_keys(m, call, batch, applied);
    if (rc == ITSM_OK) rc = log_room(&b, m, batch);
    if (rc == ITSM_OK) {
        itsm__tree_commit(&m->tree);
        applied->audit_first = m->entries;
        log_append(m, b, batch);
    } else {
        itsm__tree_abort(&m->tree);
    }
    unlock(m);
    return rc;
}

static itsm_status memory_reserve(void *self, const itsm_call *call, const char *sequence, uint32_t n, uint64_t *first)
{
    memory_store *m = self;
    itsm_status rc = ITSM_E_NOMEM;

    lock(m);
    uint64_t *last = itsm__map_put(&m->sequences, sequence, strlen(sequence), NULL);
    if (last && *last > UINT64_MAX - 1 - n) rc = say(call, ITSM_E_RANGE, "the sequence has no numbers left");
    else if (last) *first = *last + 1, *last += n, rc = ITSM_OK;
    unlock(m);
    return rc;
}

static itsm_status memory_audit_seal(void *self, const itsm_call *call, uint32_t max, uint64_t *end)
{
    memory_store *m = self;

    (void)call, (void)max;
    lock(m);
    *end = m->entries;
    unlock(m);
    return ITSM_OK;
}

/* Views and cursors ----------------------------------------------------------------------------------------------- */

static itsm_status memory_view_open(void *self, const itsm_call *call, void **out)
{
    memory_store *m = self;
    view *v = itsm__alloc(&m->memory, sizeof *v);

    (void)call;
    if (!v) return ITSM_E_NOMEM;
    lock(m);
    itsm__tree_snapshot_open(&m->tree, &v->snapshot);
    v->entries = m->entries, v->last = m->nblocks ? m->blocks[m->nblocks - 1] : NULL;
    unlock(m);
    *out = v;
    return ITSM_OK;
}

static void memory_view_close(void *self, void *pointer)
{
    memory_store *m = self;
    view *v = pointer;

    lock(m);
    itsm__tree_snapshot_close(&v->snapshot);
    unlock(m);
    itsm__free(&m->memory, v, sizeof *v);
}

static itsm_status memory_get(void *self, const itsm_call *call, void *pointer, itsm_ref ref, itsm_row *out)
{
    const view *v = pointer;
    row *r = row_find(v->snapshot.root, ref);

    (void)self, (void)call;
    memset(out, 0, sizeof *out);
    if (is_there(r)) row_give(out, ref, r);
    else if (r) out->rev = r->rev;
    return is_there(r) ? ITSM_OK : ITSM_NOTHING;
}

/* A bound of index 0 (the id in 16 bytes, big-endian, or any bytes beside such keys) as an id; 0: behind all ids. */
static int id_bound(itsm_id *out, itsm_bytes bytes)
{
    unsigned char room[ID_BYTES] = {0};

    if (bytes.n) memcpy(room, bytes.p, bytes.n < ID_BYTES ? bytes.n : ID_BYTES);
    out->hi = itsm__be64(room), out->lo = itsm__be64(room + 8);
    if (bytes.n <= ID_BYTES) return 1;
    if (++out->lo == 0) out->hi++;
    return out->hi != 0 || out->lo != 0;
}

/* The bound of a range as a key of the tree, without tie; `open`: the end of the index. */
static size_t put_bound(unsigned char *out, const itsm_range *range, itsm_bytes bytes, int open)
{
    itsm_id id = {0, 0};
    int behind = open || (range->index == 0 && !id_bound(&id, bytes));
    size_t n = put_prefix(out, range->type, (uint64_t)range->index + (behind ? 1u : 0u));

    if (behind) return n;
    if (range->index == 0) return n + put_id(out + n, id);
    if (bytes.n) memcpy(out + n, bytes.p, bytes.n);
    return n + bytes.n;
}

static cursor *cursor_new(const memory_store *m, const view *v, size_t bound)
{
    size_t size = sizeof(cursor) + bound;
    cursor *c = itsm__alloc(&m->memory, size);

    if (c) memset(c, 0, sizeof *c), c->size = size, c->view = v;
    return c;
}

static itsm_status memory_scan(void *self, const itsm_call *call, void *pointer, const itsm_range *range, void **out)
{
    const memory_store *m = self;
    const view *v = pointer;
    int open = range->hi.p == NULL;
    size_t nlow = PREFIX_MAX + ID_MAX + range->lo.n, nhigh = PREFIX_MAX + ID_MAX + (open ? 0 : range->hi.n);
    cursor *c;

    (void)call;
    if (range->lo.n > UINT32_MAX || range->hi.n > UINT32_MAX) return ITSM_E_LIMIT;
    if (!(c = cursor_new(m, v, nlow + nhigh))) return ITSM_E_NOMEM;
    itsm_bytes high = {c->bound, put_bound(c->bound, range, range->hi, open)};
    itsm_bytes low = {c->bound + high.n, put_bound(c->bound + high.n, range, range->lo, 0)};
    itsm__tree_key start = {range->descending ? high : low, {NULL, 0}};
    c->rows = range->index == 0, c->type = range->type, c->descending = range->descending != 0;
    if (c->descending) itsm__tree_seek_before(&c->at, v->snapshot.root, start);
    else itsm__tree_seek(&c->at, v->snapshot.root, start);
    if (c->descending) memmove(c->bound, low.p, low.n); /* only the end is needed from here on */
    c->nbound = c->descending ? low.n : high.n;
    *out = c;
    return ITSM_OK;
}

static itsm_status memory_audit_scan(void *self, const itsm_call *call, void *pointer, uint64_t from, void **out)
{
    const memory_store *m = self;
    const view *v = pointer;
    cursor *c = cursor_new(m, v, 0);

    (void)call;
    if (!c) return ITSM_E_NOMEM;
    c->place = from, c->end = v->entries;
    if (from < c->end) {
        lock(m);
        block *b = log_block(m, from);
        unlock(m);
        c->block = b;
        for (uint64_t place = b->first; place < from; place++)
            c->offset += sizeof(uint32_t) + itsm__le32(block_bytes(b) + c->offset);
    }
    *out = c;
    return ITSM_OK;
}

static itsm_status next_entry(cursor *c, itsm_row *out)
{
    if (c->place >= c->end) return ITSM_DONE;
    /* The next block tells where this one ends.  That of the view's last block may be written just now. */
    if (c->block != c->view->last && c->place == c->block->next->first) c->block = c->block->next, c->offset = 0;
    const unsigned char *p = (const unsigned char *)c->block + sizeof *c->block + c->offset;
    memset(out, 0, sizeof *out);
    out->ref.id.lo = c->place++;
    out->body.p = p + sizeof(uint32_t), out->body.n = itsm__le32(p);
    c->offset += sizeof(uint32_t) + out->body.n;
    return ITSM_OK;
}

/* Move a range on to its next entry; 0: past its end. */
static int range_step(cursor *c)
{
    int there = c->at.depth > 0;

    if (c->started) there = c->descending ? itsm__tree_previous(&c->at) : itsm__tree_next(&c->at);
    c->started = 1;
    if (!there) return 0;
    itsm__tree_key bound = {{c->bound, c->nbound}, {NULL, 0}};
    int order = itsm__tree_compare(itsm__tree_at(&c->at, NULL), bound);
    if (c->descending ? order >= 0 : order < 0) return 1;
    c->at.depth = 0;
    return 0;
}

/* The row an entry stands for. */
static row *range_row(const cursor *c, itsm_ref *ref)
{
    itsm_bytes value;
    itsm__tree_key key = itsm__tree_at(&c->at, &value);
    row *found = NULL;

    if (c->rows) {
        *ref = row_ref(key.key.p);
        memcpy(&found, value.p, sizeof found);
        return found;
    }
    ref->type = c->type, ref->id = get_id(key.tie.p);
    return row_find(c->view->snapshot.root, *ref);
}

static itsm_status memory_next(void *self, const itsm_call *call, void *pointer, itsm_row *out)
{
    cursor *c = pointer;
    itsm_ref ref;

    (void)self, (void)call;
    if (c->end) return next_entry(c, out);
    while (range_step(c)) {
        row *r = range_row(c, &ref);
        if (!is_there(r)) continue;
        row_give(out, ref, r);
        return ITSM_OK;
    }
    return ITSM_DONE;
}

static void memory_cursor_close(void *self, void *pointer)
{
    const memory_store *m = self;
    cursor *c = pointer;
    itsm__free(&m->memory, c, c->size);
}

/* Care ------------------------------------------------------------------------------------------------------------ */

/* Every key of every row has its entry, and there are no others. */
static int is_sound(const itsm__tree *tree)
{
    itsm__tree_cursor at;
    key_room room;
    uint64_t rows = 0, keys = 0;

    for (int there = itsm__tree_seek(&at, tree->root, row_key(&room, (itsm_ref){0, {0, 0}})); there;
         there = itsm__tree_next(&at)) {
        itsm_bytes value;
        row *r;
        itsm__tree_key key = itsm__tree_at(&at, &value);
        if (!value.n) continue;
        memcpy(&r, value.p, sizeof r);
        rows++;
        itsm_ref ref = row_ref(key.key.p);
        if (row_find(tree->root, ref) != r) return 0;
        for (row_keys k = keys_of(r); keys_next(&k); keys++)
            if (!itsm__tree_find(tree->root, index_key(&room, ref, (uint32_t)k.index, k.key), NULL)) return 0;
    }
    return rows + keys >= tree->count; /* a row may have been put with the same key twice */
}

static itsm_status memory_maintain(void *self, const itsm_call *call, uint32_t what)
{
    memory_store *m = self;
    itsm_status rc = ITSM_OK;

    lock(m);
    if (what == ITSM_MAINTAIN_COMPACT) itsm__tree_trim(&m->tree);
    else if (!is_sound(&m->tree)) rc = say(call, ITSM_E_CORRUPT, "rows and index entries do not belong together");
    unlock(m);
    return rc;
}

static void memory_close(void *self)
{
    memory_store *m = self;
    itsm__memory memory = m->memory;
    itsm__tree_cursor at;
    itsm_bytes value;

    for (int there = itsm__tree_seek(&at, m->tree.root, (itsm__tree_key){{NULL, 0}, {NULL, 0}}); there;
         there = itsm__tree_next(&at)) {
        row *r;
        itsm__tree_at(&at, &value);
        if (!value.n) continue;
        memcpy(&r, value.p, sizeof r);
        itsm__tree_item_free(&m->tree, r);
    }
    itsm__tree_clear(&m->tree);
    for (size_t i = 0; i < m->nblocks; i++) itsm__free(&memory, m->blocks[i], sizeof(block) + m->blocks[i]->size);
    itsm__free(&memory, m->blocks, m->block_capacity * sizeof *m->blocks);
    itsm__free(&memory, m->found, m->found_capacity * sizeof *m->found);
    itsm__map_clear(&m->sequences);
    if (m->mutex) m->mutexes.destroy(m->mutexes.self, m->mutex);
    itsm__free(&memory, m, sizeof *m);
}

itsm_status itsm_store_memory(itsm_store **out, itsm_ctx *ctx)
{
    itsm_store_methods methods = {sizeof methods,
                                  ITSM_STORE_CONTRACT,
                                  0,
                                  ITSM_CAP_SNAPSHOT | ITSM_CAP_SEAL_SYNC,
                                  "memory",
                                  NULL,
                                  memory_view_open,
                                  memory_view_close,
                                  memory_get,
                                  NULL,
                                  memory_scan,
                                  memory_audit_scan,
                                  memory_next,
                                  memory_cursor_close,
                                  memory_apply,
                                  memory_reserve,
                                  memory_audit_seal,
                                  NULL,
                                  NULL,
                                  memory_maintain,
                                  memory_close};
    itsm__issues_clear(ctx);
    if (!out || !ctx) return ITSM_E_MISUSE;
    *out = NULL;
    memory_store *m = itsm__alloc_zero(itsm__ctx_memory(ctx), sizeof *m);
    if (!m) return ITSM_E_NOMEM;
    m->memory = *itsm__ctx_memory(ctx);
    itsm__tree_init(&m->tree, &m->memory);
    itsm__map_init(&m->sequences, &m->memory);
    if (ctx->mutexes.create) {
        m->mutexes = ctx->mutexes;
        itsm_status rc = m->mutexes.create(m->mutexes.self, &m->mutex);
        if (rc) {
            m->mutex = NULL;
            memory_close(m);
            return rc;
        }
        methods.caps |= ITSM_CAP_MT;
    }
    return itsm_store_new(out, ctx, &methods, m);
}
