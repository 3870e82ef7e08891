/* SPDX-License-Identifier: MIT */
/*
 * Reading the log of a store, its root, and proofs about it.
 *
 * Everything is read from one view, so that head and entries are of one state.  The root and a proof read each entry
 * once: O(entries), in constant memory.  (A proof asks for roots of ranges that do not overlap; each is one scan.)
 * A cursor keeps its view open: close it before the store is freed.
 */
#include "audit/log.h"

#include "base/ctx.h"

static const itsm_str nothing = {NULL, 0};

itsm_status itsm__log_open(itsm__log *log, itsm_ctx *ctx, itsm_store *store, uint64_t from)
{
    memset(log, 0, sizeof *log);
    log->ctx = ctx, log->next = from;
    itsm_status rc = itsm_store_view_open(&log->view, ctx, store, NULL);
    if (rc != ITSM_OK) {
        log->view.store = NULL;
        return rc;
    }
    rc = itsm_store_audit_scan(&log->cursor, ctx, &log->view, from);
    if (rc != ITSM_OK) log->cursor.view = NULL, itsm__log_close(log);
    return rc;
}

itsm_status itsm__log_next(itsm_bytes *entry, uint64_t *place, itsm__log *log)
{
    itsm_row row;
    itsm_status rc = itsm_store_next(&row, log->ctx, &log->cursor);
    if (rc != ITSM_OK) return rc;
    *entry = row.body, *place = row.ref.id.lo;
    log->next++;
    return ITSM_OK;
}

void itsm__log_close(itsm__log *log)
{
    itsm_store_cursor_close(&log->cursor);
    itsm_store_view_close(&log->view);
}

itsm_status itsm__log_gap(itsm_ctx *ctx, uint64_t expected, uint64_t place)
{
    return itsm__issue(ctx, ITSM_E_CORRUPT, nothing, ITSM_STR("place"), nothing,
                       "place %u of the log is missing: %u stands there", expected, place);
}

/* Cursors --------------------------------------------------------------------------------------------------------- */

struct itsm_audit_cursor {
    itsm__memory memory;
    itsm__log log;
};

itsm_status itsm_audit_open(itsm_audit_cursor **out, itsm_ctx *ctx, itsm_store *store, uint64_t from)
{
    itsm__issues_clear(ctx);
    if (out) *out = NULL;
    if (!out || !ctx || !store) return ITSM_E_MISUSE;
    const itsm__memory *memory = itsm__ctx_memory(ctx);
    itsm_audit_cursor *cursor = itsm__alloc(memory, sizeof *cursor);
    if (!cursor) return ITSM_E_NOMEM;
    cursor->memory = *memory;
    itsm_status rc = itsm__log_open(&cursor->log, ctx, store, from);
    if (rc == ITSM_OK) *out = cursor;
    else itsm__free(memory, cursor, sizeof *cursor);
    return rc;
}

itsm_status itsm_audit_next(itsm_audit_entry *out, uint64_t *place, itsm_audit_cursor *cursor)
{
    if (!out || out->size < sizeof *out || !cursor) return ITSM_E_MISUSE;
    itsm_ctx *ctx = cursor->log.ctx;
    itsm_bytes bytes;
    uint64_t expected = cursor->log.next, at = 0;
    itsm__issues_clear(ctx);
    itsm_status rc = itsm__log_next(&bytes, &at, &cursor->log);
    if (rc != ITSM_OK) return rc;
    if (at != expected) return itsm__log_gap(ctx, expected, at);
    rc = itsm_audit_decode(out, bytes);
    if (rc != ITSM_OK) return itsm__issue(ctx, rc, nothing, ITSM_STR("entry"), nothing, "entry %u cannot be read", at);
    if (place) *place = at;
    return ITSM_OK;
}

void itsm_audit_close(itsm_audit_cursor *cursor)
{
    if (!cursor) return;
    itsm__memory memory = cursor->memory;
    itsm__log_close(&cursor->log);
    itsm__free(&memory, cursor, sizeof *cursor);
}

/* Root and proofs ------------------------------------------------------------------------------------------------- */

/* Add up to `most` entries of the log to a tree. */
static itsm_status add_entries(itsm__merkle *tree, itsm__log *log, uint64_t most)
{
    itsm_bytes entry;
    uint64_t place = 0;
    for (; most; most--) {
        uint64_t expected = log->next;
        itsm_status rc = itsm__log_next(&entry, &place, log);
        if (rc != ITSM_OK) return rc == ITSM_DONE ? ITSM_OK : rc;
        if (place != expected) return itsm__log_gap(log->ctx, expected, place);
        itsm__merkle_add(tree, entry);
    }
    return ITSM_OK;
}

itsm_status itsm_audit_root(itsm_audit_checkpoint *out, itsm_ctx *ctx, itsm_store *store)
{
    itsm__log log;
    itsm__merkle tree;
    itsm__merkle_hash root;
    itsm__issues_clear(ctx);
    if (!out || out->size < sizeof *out || !ctx || !store) return ITSM_E_MISUSE;
    itsm_status rc = itsm__log_open(&log, ctx, store, 0);
    if (rc != ITSM_OK) return rc;
    itsm__merkle_init(&tree);
    rc = add_entries(&tree, &log, UINT64_MAX);
    itsm__log_close(&log);
    if (rc != ITSM_OK) return rc;
    itsm__merkle_root(&root, &tree);
    out->count = tree.size;
    memcpy(out->root, root.b, sizeof out->root);
    return ITSM_OK;
}

/* What a proof asks about: the log of a store as one view shows it. */
typedef struct proving {
    itsm_ctx *ctx;
    itsm_store *store;
} proving;

itsm_status itsm__log_subtree(itsm__merkle_hash *out, itsm_ctx *ctx, itsm_store *store, uint64_t begin, uint64_t count)
{
    itsm__log log;
    itsm__merkle tree;
    itsm_status rc = itsm__log_open(&log, ctx, store, begin);
    if (rc != ITSM_OK) return rc;
    itsm__merkle_init(&tree);
    rc = add_entries(&tree, &log, count);
    itsm__log_close(&log);
    if (rc != ITSM_OK) return rc;
    if (tree.size < count)
        return itsm__issue(ctx, ITSM_E_RANGE, nothing, nothing, nothing, "the log has %u entries only",
                           begin + tree.size);
    itsm__merkle_root(out, &tree);
    return ITSM_OK;
}

static itsm_status subtree(void *user, itsm__merkle_hash *out, uint64_t begin, uint64_t count)
{
    const proving *p = user;
    return itsm__log_subtree(out, p->ctx, p->store, begin, count);
}

/* The log has an entry at the last place a proof is about. */
static itsm_status reaches(proving *p, uint64_t count)
{
    itsm__merkle_hash leaf;
    return count ? subtree(p, &leaf, count - 1, 1) : ITSM_E_RANGE;
}

itsm_status itsm_audit_prove_inclusion(itsm_buf *out, itsm_ctx *ctx, itsm_store *store, uint64_t place, uint64_t count)
{
    itsm__merkle_hash proof[ITSM__MERKLE_DEPTH];
    proving p = {ctx, store};
    size_t n = 0;
    itsm__issues_clear(ctx);
    if (!out || !ctx || !store) return ITSM_E_MISUSE;
    itsm_status rc = place < count ? reaches(&p, count) : ITSM_E_RANGE;
    if (rc == ITSM_OK) rc = itsm__merkle_inclusion(proof, &n, place, count, subtree, &p);
    return rc == ITSM_OK ? itsm_buf_add(out, proof, n * sizeof *proof) : rc;
}

itsm_status itsm_audit_prove_consistency(itsm_buf *out, itsm_ctx *ctx, itsm_store *store, uint64_t earlier,
                                         uint64_t later)
{
    itsm__merkle_hash proof[ITSM__MERKLE_PROOF];
    proving p = {ctx, store};
    size_t n = 0;
    itsm__issues_clear(ctx);
    if (!out || !ctx || !store) return ITSM_E_MISUSE;
    itsm_status rc = earlier && earlier <= later ? reaches(&p, later) : ITSM_E_RANGE;
    if (rc == ITSM_OK) rc = itsm__merkle_consistency(proof, &n, earlier, later, subtree, &p);
    return rc == ITSM_OK ? itsm_buf_add(out, proof, n * sizeof *proof) : rc;
}

/* The hashes of a proof; ITSM_E_CORRUPT if they are not whole or more than a proof can have. */
static itsm_status read_proof(itsm__merkle_hash *proof, size_t *n, itsm_bytes bytes)
{
    if (bytes.n % sizeof *proof || bytes.n > ITSM__MERKLE_PROOF * sizeof *proof) return ITSM_E_CORRUPT;
    if (bytes.n) memcpy(proof, bytes.p, bytes.n);
    *n = bytes.n / sizeof *proof;
    return ITSM_OK;
}

static int is_checkpoint(const itsm_audit_checkpoint *checkpoint)
{
    return checkpoint && checkpoint->size >= sizeof *checkpoint;
}

static itsm__merkle_hash root_of(const itsm_audit_checkpoint *checkpoint)
{
    itsm__merkle_hash root;
    memcpy(root.b, checkpoint->root, sizeof root.b);
    return root;
}

itsm_status itsm_audit_verify_inclusion(const itsm_audit_checkpoint *checkpoint, uint64_t place, itsm_bytes entry,
                                        itsm_bytes bytes)
{
    itsm__merkle_hash proof[ITSM__MERKLE_PROOF], leaf, root;
    size_t n = 0;
    if (!is_checkpoint(checkpoint) || (!entry.p && entry.n) || (!bytes.p && bytes.n)) return ITSM_E_MISUSE;
    if (read_proof(proof, &n, bytes) != ITSM_OK) return ITSM_E_CORRUPT;
    root = root_of(checkpoint);
    itsm__merkle_leaf(&leaf, entry);
    return itsm__merkle_verify_inclusion(&root, checkpoint->count, place, &leaf, proof, n);
}

itsm_status itsm_audit_verify_consistency(const itsm_audit_checkpoint *earlier, const itsm_audit_checkpoint *later,
                                          itsm_bytes bytes)
{
    itsm__merkle_hash proof[ITSM__MERKLE_PROOF], first, second;
    size_t n = 0;
    if (!is_checkpoint(earlier) || !is_checkpoint(later) || (!bytes.p && bytes.n)) return ITSM_E_MISUSE;
    if (read_proof(proof, &n, bytes) != ITSM_OK) return ITSM_E_CORRUPT;
    first = root_of(earlier), second = root_of(later);
    return itsm__merkle_verify_consistency(&first, earlier->count, &second, later->count, proof, n);
}
