/* SPDX-License-Identifier: MIT */
/*
 * Putting what can be read of a damaged store into a new one: the old one is opened for salvage and told item by item;
 * each goes into a batch of the new one.  Deleted rows are put and deleted, so that the revisions they had stay taken;
 * unique keys that two rows have now, since the batch that took one of them away is lost, stay with the row told first.
 *
 * O(bytes of the store).  The new store is on the disk when the call returns.
 */
#include "store/file.h"

#include "base/ctx.h"

enum { BATCH_OPS = 256, BATCH_BYTES = 1 << 20 };

static const itsm_str no_text = {NULL, 0};

typedef struct work {
    itsm_ctx *ctx;
    itsm_store *to;
    itsm_file_salvaged *out;
    uint64_t next_entry; /* the place that should come */
    /* audit entries on their way */
    itsm_buf bytes;
    itsm_bytes entries[BATCH_OPS];
    size_t nentries;
} work;

/* A batch needs an expectation: of a row that never is. */
static itsm_op nothing_there(void)
{
    itsm_op op;
    memset(&op, 0, sizeof op);
    op.kind = ITSM_CHECK, op.expect = ITSM_REV_NONE, op.row.ref.type = UINT32_MAX;
    op.row.ref.id.hi = op.row.ref.id.lo = UINT64_MAX;
    return op;
}

static itsm_status put(work *w, itsm_op *op)
{
    itsm_batch batch = ITSM_BATCH_INIT;
    batch.ops = op, batch.nops = 1;
    return itsm_store_apply(NULL, w->ctx, w->to, &batch, NULL);
}

static itsm_status put_row(work *w, const itsm_file_item *item)
{
    itsm_op op;
    memset(&op, 0, sizeof op);
    op.kind = ITSM_PUT, op.expect = ITSM_REV_NONE, op.row = item->row, op.keys = item->keys, op.nkeys = item->nkeys;
    itsm_status rc = put(w, &op);
    if (rc == ITSM_E_UNIQUE || rc == ITSM_E_MISUSE || rc == ITSM_E_LIMIT) {
        w->out->rows_lost++;
        return ITSM_OK;
    }
    if (!rc) w->out->rows++;
    return rc;
}

static itsm_status put_tombstone(work *w, const itsm_file_item *item)
{
    itsm_op op;
    memset(&op, 0, sizeof op);
    if (item->row.rev == ITSM_REV_NONE || item->row.rev == ITSM_REV_ANY) return ITSM_OK;
    op.kind = ITSM_PUT, op.expect = ITSM_REV_NONE, op.row.ref = item->row.ref, op.row.rev = item->row.rev;
    itsm_status rc = put(w, &op);
    op.kind = ITSM_DEL, op.expect = item->row.rev;
    if (!rc) rc = put(w, &op);
    if (!rc) w->out->tombstones++;
    return rc;
}

static itsm_status put_sequence(work *w, const itsm_file_item *item)
{
    itsm__file *to = itsm__file_of(w->to);
    itsm__file_lock(to);
    itsm_status rc = itsm__file_move_sequence(to, NULL, item->name, item->next);
    itsm__file_unlock(to);
    if (!rc) w->out->sequences++;
    return rc;
}

static itsm_status put_entries(work *w)
{
    itsm_op op = nothing_there();
    itsm_batch batch = ITSM_BATCH_INIT;
    const char *p = w->bytes.p;
    if (!w->nentries) return ITSM_OK;
    for (size_t i = 0; i < w->nentries; i++) w->entries[i].p = p, p += w->entries[i].n;
    batch.ops = &op, batch.nops = 1, batch.audit = w->entries, batch.naudit = w->nentries;
    itsm_status rc = itsm_store_apply(NULL, w->ctx, w->to, &batch, NULL);
    w->out->entries += w->nentries;
    w->nentries = 0, w->bytes.n = 0;
    return rc;
}

static void lose_entries(work *w, uint64_t before)
{
    if (before <= w->next_entry) return;
    if (w->out->first_entry_lost == UINT64_MAX) w->out->first_entry_lost = w->next_entry;
    w->out->entries_lost += before - w->next_entry;
    w->next_entry = before;
}

static itsm_status put_entry(work *w, const itsm_file_item *item)
{
    itsm_status rc = ITSM_OK;
    lose_entries(w, item->row.ref.id.lo);
    w->next_entry = item->row.ref.id.lo + 1;
    if (!item->row.body.n) return ITSM_OK; /* none is empty */
    if (w->nentries == BATCH_OPS || w->bytes.n > BATCH_BYTES) rc = put_entries(w);
    if (!rc) rc = itsm_buf_add(&w->bytes, item->row.body.p, item->row.body.n);
    if (!rc) w->entries[w->nentries++].n = item->row.body.n;
    return rc;
}

static itsm_status put_item(void *user, const itsm_file_item *item)
{
    work *w = user;
    switch (item->kind) {
    case ITSM_FILE_ROW: return put_row(w, item);
    case ITSM_FILE_TOMBSTONE: return put_tombstone(w, item);
    case ITSM_FILE_SEQUENCE: return put_sequence(w, item);
    case ITSM_FILE_ENTRY: return put_entry(w, item);
    default: w->out->rows_lost++; return ITSM_OK;
    }
}

static itsm_status see_any(void *user, const char *name)
{
    (void)name;
    *(int *)user = 1;
    return ITSM_OK;
}

/* A directory that is there must be empty. */
static itsm_status check_empty(itsm_ctx *ctx, const itsm_io *io, itsm_str to)
{
    char path[ITSM__FILE_PATH];
    itsm_io_note note;
    int found = 0;
    if (!to.n || to.n > ITSM__FILE_PATH_MAX || memchr(to.p, 0, to.n)) return ITSM_OK; /* opening says it */
    memcpy(path, to.p, to.n), path[to.n] = 0;
    itsm_status rc = io->list(io->self, path, see_any, &found, &note);
    if (rc == ITSM_E_NOT_FOUND || (!rc && !found)) return ITSM_OK;
    if (rc) return itsm__issue(ctx, rc, to, no_text, no_text, "cannot look into %s: %s", path, note.text);
    return itsm__issue(ctx, ITSM_E_BUSY, to, no_text, no_text, "%s is not empty: nothing is written into it", path);
}

static itsm_status salvage(work *w, itsm_store *from)
{
    itsm_status rc = itsm_file_each(w->ctx, from, put_item, w);
    if (!rc) rc = put_entries(w);
    if (!rc) {
        lose_entries(w, itsm__file_of(from)->merkle.size);
        w->out->missing_from = itsm__file_of(from)->missing_from;
        rc = itsm_store_flush(w->ctx, w->to, NULL);
    }
    return rc;
}

itsm_status itsm_file_salvage(itsm_file_salvaged *out, itsm_ctx *ctx, const itsm_io *io, itsm_str from, itsm_str to)
{
    itsm_file_salvaged all = ITSM_FILE_SALVAGED_INIT;
    itsm_file_options reading = ITSM_FILE_OPTIONS_INIT, writing = ITSM_FILE_OPTIONS_INIT;
    itsm_store *store = NULL;
    work *w = NULL;
    if (!ctx) return ITSM_E_MISUSE;
    itsm__issues_clear(ctx);
    if (out && out->size < sizeof out->size)
        return itsm__issue(ctx, ITSM_E_MISUSE, no_text, no_text, no_text, "the report of a salvage has no size");
    reading.flags = ITSM_FILE_READONLY | ITSM_FILE_SALVAGE, writing.durability = ITSM_FILE_OFF;
    itsm_status rc = itsm_store_file(&store, ctx, io, from, &reading);
    if (!rc) rc = check_empty(ctx, io, to);
    if (!rc) w = itsm__alloc_zero(&ctx->memory, sizeof *w), rc = w ? ITSM_OK : ITSM_E_NOMEM;
    if (w) {
        itsm_buf_init(&w->bytes, ctx);
        w->ctx = ctx, w->out = &all;
        rc = itsm_store_file(&w->to, ctx, io, to, &writing);
        if (!rc) rc = salvage(w, store);
        itsm_store_free(w->to);
        itsm_buf_clear(&w->bytes);
        itsm__free(&ctx->memory, w, sizeof *w);
    }
    itsm_store_free(store);
    if (out) {
        all.size = out->size;
        memcpy(out, &all, out->size < sizeof all ? out->size : sizeof all);
    }
    return rc;
}
