/* SPDX-License-Identifier: MIT */
/*
 * Writing to a file store: batches and sequences; and the same changes made again from a log.
 *
 * A batch is one pass: each operation is compared with what it expects, put into the frame and into an edit of the
 * tree; then the unique keys are looked at; then the audit entries follow, into the frame and the Merkle tree; then the
 * frame is written with one write and the edit committed.  Whatever fails before the write has succeeded is undone by
 * aborting the edit and restoring the frontier.  O(log n) per operation and key, no copy of a body but that into the
 * frame.
 *
 * The old keys of a row that is replaced are read back from the log, where they stand behind its old body: they are
 * needed only then, and so are not kept in memory.
 *
 * A sequence is written ITSM__FILE_AHEAD numbers ahead, so that few numbers cost a sync; a clean close writes where it
 * really stands, so that none are lost by that.
 */
#include "store/file.h"
#include "store/batch.h"

/* Rows ------------------------------------------------------------------------------------------------------------ */

static int same_key(const itsm_index_key *a, const itsm_index_key *b)
{
    return a->index == b->index && a->key.n == b->key.n && (a->key.n == 0 || !memcmp(a->key.p, b->key.p, a->key.n));
}

/* Whether a key stands among encoded ones. */
static int has_key(itsm_bytes keys, const itsm_index_key *key)
{
    itsm_index_key other;
    while (itsm__frame_next_key(&keys, &other) == ITSM_OK)
        if (same_key(&other, key)) return 1;
    return 0;
}

/* Comparing all old keys with all new ones is for rows with few; otherwise every old one is taken away. */
static int few(itsm_bytes a, itsm_bytes b)
{
    return a.n <= 8192 && b.n <= 8192;
}

/* Remove the entries of the keys in `keys` that are not in `kept`. */
static itsm_status remove_keys(itsm__file *file, itsm_ref ref, itsm_bytes keys, itsm_bytes kept)
{
    itsm_bytes all = keys;
    itsm_index_key key;
    itsm__file_key room;
    itsm_status rc;
    int compare = few(keys, kept);
    while ((rc = itsm__frame_next_key(&keys, &key)) == ITSM_OK) {
        itsm_bytes before = {all.p, all.n - keys.n - ITSM__FRAME_KEY - key.key.n};
        if (key.key.n > ITSM_STORE_KEY_MAX) return ITSM_E_CORRUPT;
        if (compare && (has_key(kept, &key) || has_key(before, &key))) continue;
        rc = itsm__tree_remove(&file->tree, itsm__file_index_key(&room, ref, key.index, key.key));
        if (rc == ITSM_NOTHING && compare) return ITSM_E_CORRUPT; /* without comparing: a key that stood there twice */
        if (rc < 0) return rc;
    }
    return rc == ITSM_DONE ? ITSM_OK : rc;
}

static itsm_status add_keys(itsm__file *file, itsm_ref ref, itsm_bytes keys, itsm_bytes had)
{
    itsm_index_key key;
    itsm__file_key room;
    itsm_status rc;
    int compare = had.n && few(keys, had);
    while ((rc = itsm__frame_next_key(&keys, &key)) == ITSM_OK) {
        if (key.key.n > ITSM_STORE_KEY_MAX || key.index == 0) return ITSM_E_CORRUPT;
        if (compare && has_key(had, &key)) continue;
        rc = itsm__tree_put(&file->tree, itsm__file_index_key(&room, ref, key.index, key.key), NULL, 0);
        if (rc) return rc;
    }
    return rc == ITSM_DONE ? ITSM_OK : rc;
}

/* The keys a row has now, read from its file; borrowed until the next call. */
static itsm_status old_keys(itsm__file *file, const itsm__file_row *old, itsm_bytes *out)
{
    itsm_io_note note;
    itsm_buf *room = &file->scratch;
    const itsm__file_part *part = itsm__file_set_find(file->set, old->source);
    out->p = NULL, out->n = 0;
    if (old->gone || !old->keys) return ITSM_OK;
    if (!part) return ITSM_E_CORRUPT;
    room->n = 0;
    itsm_status rc = itsm__buf_reserve(room, old->keys);
    if (rc) return rc;
    rc = itsm__file_pread(file, part, old->offset + old->body, room->p, old->keys, &note);
    if (rc && rc != ITSM_E_NOMEM && rc != ITSM_E_CORRUPT)
        rc = file->failed = ITSM_E_IO, file->failed_note = note; /* ITSM_E_IO means the same everywhere: open again */
    out->p = room->p, out->n = old->keys;
    return rc;
}

/* What the tree has for a row, in a state; 0: nothing. */
int itsm__file_find_row(const itsm__tree_node *root, itsm_ref ref, itsm__file_row *out)
{
    itsm__file_key room;
    size_t n = 0;
    const void *value = itsm__tree_find(root, itsm__file_row_key(&room, ref), &n);
    return itsm__file_row_get(out, value, n);
}

/* Replace a row (NULL: new) by another and its index entries by `keys`. */
static itsm_status set_row(itsm__file *file, itsm_ref ref, const itsm__file_row *old, const itsm__file_row *row,
                           itsm_bytes keys)
{
    unsigned char value[ITSM__FILE_ROW];
    itsm__file_key key;
    itsm_bytes had = {NULL, 0};
    itsm_status rc = old ? old_keys(file, old, &had) : ITSM_OK;
    if (rc) return rc;
    int same = had.n == keys.n && (had.n == 0 || !memcmp(had.p, keys.p, had.n));
    if (!same) rc = remove_keys(file, ref, had, keys);
    if (!rc && !same) rc = add_keys(file, ref, keys, had);
    if (rc) return rc;
    itsm__file_row_put(value, row);
    return itsm__tree_put(&file->tree, itsm__file_row_key(&key, ref), value, sizeof value);
}

itsm_status itsm__file_set_row(itsm__file *file, itsm_ref ref, const itsm__file_row *row, itsm_bytes keys)
{
    itsm__file_row old;
    int found = itsm__file_find_row(itsm__tree_head(&file->tree), ref, &old);
    return set_row(file, ref, found ? &old : NULL, row, keys);
}

itsm_status itsm__file_replay_op(itsm__file *file, const itsm__frame_op *op, uint64_t body_at)
{
    itsm__file_row row;
    row.rev = op->rev, row.offset = body_at, row.body = (uint32_t)op->body.n, row.crc = op->crc;
    row.keys = (uint32_t)op->keys.n, row.gone = op->kind == ITSM_DEL, row.source = file->log->source;
    if (row.gone && (row.body || row.keys)) return ITSM_E_CORRUPT;
    return itsm__file_set_row(file, op->ref, &row, op->keys);
}

/* Batches --------------------------------------------------------------------------------------------------------- */

typedef struct work {
    itsm__file *file;
    const itsm_call *call;
    const itsm_batch *batch;
    size_t failed_op;
    uint32_t nops; /* in the frame */
} work;

static int holds(uint64_t expect, const itsm__file_row *stored)
{
    if (expect == ITSM_REV_ANY) return 1;
    if (!stored || stored->gone) return expect == ITSM_REV_NONE;
    return expect == stored->rev;
}

static itsm_status conflict(work *w, size_t i, const itsm_op *op, const itsm__file_row *stored)
{
    uint64_t rev = stored && !stored->gone ? stored->rev : 0;
    w->failed_op = i;
    return itsm__file_say(w->call, ITSM_E_CONFLICT, "operation %z: row %u/%u has revision %u, not the expected one", i,
                          (uint64_t)op->row.ref.type, op->row.ref.id.lo, rev);
}

static itsm_status write_row(work *w, const itsm_op *op, const itsm__file_row *stored)
{
    itsm__file *file = w->file;
    itsm__file_row row;
    itsm_bytes keys = {NULL, 0};
    uint32_t body_at = 0;
    memset(&row, 0, sizeof row);
    row.gone = op->kind == ITSM_DEL;
    row.rev = row.gone ? stored->rev : op->row.rev;
    itsm_status rc = itsm__frame_add_op(&file->frame, op, row.rev, &body_at, &row.crc);
    if (rc) return rc;
    w->nops++;
    row.offset = file->end + body_at, row.source = file->log->source;
    row.body = row.gone ? 0 : (uint32_t)op->row.body.n;
    row.keys = (uint32_t)(file->frame.n - body_at - row.body);
    keys.p = file->frame.p + body_at + row.body, keys.n = row.keys;
    return set_row(file, op->row.ref, stored, &row, keys);
}

static itsm_status apply_op(work *w, size_t i)
{
    const itsm_op *op = itsm__batch_op(w->batch, i);
    itsm__file_row row, *stored = &row;
    if (op->kind == ITSM_CHECK) { /* against the state before the batch */
        if (!itsm__file_find_row(w->file->tree.root, op->row.ref, &row)) stored = NULL;
        return holds(op->expect, stored) ? ITSM_OK : conflict(w, i, op, stored);
    }
    if (!itsm__file_find_row(itsm__tree_head(&w->file->tree), op->row.ref, &row)) stored = NULL;
    if (stored && stored->source == w->file->log->source &&
        stored->offset > w->file->end) /* a body in this frame stands behind the frame's head */
        return itsm__file_say(w->call, ITSM_E_MISUSE, "operation %z writes a row a second time", i);
    if (!holds(op->expect, stored)) return conflict(w, i, op, stored);
    if (op->kind == ITSM_DEL) return stored && !stored->gone ? write_row(w, op, stored) : ITSM_OK;
    if (stored && stored->gone && op->row.rev <= stored->rev) return conflict(w, i, op, stored);
    for (size_t k = 0; k < op->nkeys; k++)
        if (op->keys[k].index == 0 || op->keys[k].key.n > ITSM_STORE_KEY_MAX)
            return itsm__file_say(w->call, ITSM_E_MISUSE, "operation %z: key %z is not possible", i, k);
    return write_row(w, op, stored);
}

/* Whether the row of an index entry is written later in the batch than another: then the later one is at fault. */
static int comes_later(const itsm__file *file, itsm_ref ref, const void *id, itsm_ref than)
{
    const unsigned char *p = id;
    itsm__file_row a, b;
    ref.id.hi = itsm__be64(p), ref.id.lo = itsm__be64(p + 8);
    const itsm__tree_node *root = itsm__tree_head(&file->tree);
    if (!itsm__file_find_row(root, ref, &a) || !itsm__file_find_row(root, than, &b)) return 0;
    return a.source != b.source ? a.source > b.source : a.offset > b.offset;
}

/* Whether another row has one of an operation's unique keys, after all operations. */
static itsm_status check_unique(work *w, size_t i)
{
    const itsm_op *op = itsm__batch_op(w->batch, i);
    const itsm__tree_node *root = itsm__tree_head(&w->file->tree);
    if (op->kind != ITSM_PUT) return ITSM_OK;
    for (size_t k = 0; k < op->nkeys; k++) {
        itsm__file_key room;
        itsm__tree_cursor at;
        if (!op->keys[k].unique) continue;
        itsm__tree_key own = itsm__file_index_key(&room, op->row.ref, op->keys[k].index, op->keys[k].key), from = own;
        from.tie.n = 0;
        for (int more = itsm__tree_seek(&at, root, from); more; more = itsm__tree_next(&at)) {
            itsm__tree_key key = itsm__tree_at(&at, NULL);
            if (key.key.n != own.key.n || memcmp(key.key.p, own.key.p, own.key.n)) break;
            if (!itsm__tree_compare(key, own) || comes_later(w->file, op->row.ref, key.tie.p, op->row.ref)) continue;
            w->failed_op = i;
            return itsm__file_say(w->call, ITSM_E_UNIQUE, "operation %z: another row has the key of index %u", i,
                                  (uint64_t)op->keys[k].index);
        }
    }
    return ITSM_OK;
}

itsm_status itsm__file_add_audit(itsm__file *file, itsm__file_part *part, uint64_t first, uint64_t offset,
                                 uint32_t count)
{
    if (!count) return ITSM_OK;
    itsm_status rc =
        itsm__grow(&file->memory, &part->audit, &part->audit_capacity, part->naudit + 1, sizeof *part->audit);
    if (rc) return rc;
    itsm__file_audit *audit = &part->audit[part->naudit++];
    audit->first = first, audit->offset = offset, audit->count = count;
    return ITSM_OK;
}

static itsm_status add_entries(work *w)
{
    itsm__file *file = w->file;
    const itsm_batch *batch = w->batch;
    if (batch->naudit > UINT32_MAX) return ITSM_E_LIMIT;
    itsm_status rc =
        itsm__file_add_audit(file, file->log, file->merkle.size, file->end + file->frame.n, (uint32_t)batch->naudit);
    for (size_t i = 0; !rc && i < batch->naudit; i++) {
        rc = itsm__frame_add_audit(&file->frame, batch->audit[i]);
        if (!rc) itsm__merkle_add(&file->merkle, batch->audit[i]);
    }
    return rc;
}

itsm_status itsm__file_end_frame(itsm__file *file, uint32_t kind, uint32_t nops, size_t naudit)
{
    itsm__frame head;
    memset(&head, 0, sizeof head);
    head.kind = kind, head.nops = nops, head.naudit = (uint32_t)naudit;
    head.salt = file->header.salt;
    head.commit_no = file->commit_no + 1, head.durable_no = file->durable_no;
    head.audit_size = file->merkle.size;
    itsm__merkle_root(&head.root, &file->merkle);
    return itsm__frame_end(&file->frame, &head);
}

/* Everything up to and with the write; the caller ends the edit. */
static itsm_status build_and_write(work *w)
{
    itsm__file *file = w->file;
    itsm_status rc = itsm__frame_begin(&file->frame);
    for (size_t i = 0; !rc && i < w->batch->nops; i++) rc = apply_op(w, i);
    for (size_t i = 0; !rc && i < w->batch->nops; i++) rc = check_unique(w, i);
    if (!rc && !w->nops && !w->batch->naudit) return ITSM_NOTHING;
    if (!rc) rc = add_entries(w);
    if (!rc) rc = itsm__file_end_frame(file, ITSM__FRAME_COMMIT, w->nops, w->batch->naudit);
    if (rc == ITSM_E_LIMIT)
        return itsm__file_say(w->call, rc, "a batch of more than %u bytes", (uint64_t)ITSM__FRAME_MAX);
    return rc ? rc : itsm__file_append(file, w->call, 0);
}

static itsm_status apply_locked(work *w)
{
    itsm__file *file = w->file;
    itsm__merkle before = file->merkle;
    size_t naudit = file->log->naudit;
    itsm__tree_begin(&file->tree);
    itsm_status rc = build_and_write(w);
    if (rc) {
        itsm__tree_abort(&file->tree);
        file->merkle = before, file->log->naudit = naudit;
        return rc == ITSM_NOTHING ? ITSM_OK : rc;
    }
    itsm__tree_commit(&file->tree);
    itsm__file_appended(file);
    return ITSM_OK;
}

itsm_status itsm__file_apply(void *self, const itsm_call *call, const itsm_batch *batch, itsm_applied *applied)
{
    itsm__file *file = self;
    work w = {file, call, batch, SIZE_MAX, 0};
    itsm__file_lock_to_write(file);
    itsm_status rc = itsm__file_writable(file, call);
    uint64_t first = file->merkle.size;
    if (!rc) rc = apply_locked(&w);
    if (!rc) rc = itsm__file_settle(file, call, file->commit_no);
    int due = !rc && itsm__file_checkpoint_is_due(file);
    itsm__file_unlock(file);
    if (due) (void)itsm__file_checkpoint(file, NULL, ITSM__FILE_IF_DUE); /* the batch is done, whatever comes of it */
    if (applied) applied->failed_op = w.failed_op, applied->audit_first = first;
    return rc;
}

/* Sequences ------------------------------------------------------------------------------------------------------- */

static itsm__file_sequence *find_sequence(itsm__file *file, itsm_str name)
{
    for (size_t i = 0; i < file->nsequences; i++)
        if (itsm_str_eq(itsm_str_n(file->sequences[i].name, file->sequences[i].n), name)) return &file->sequences[i];
    return NULL;
}

static itsm__file_sequence *add_sequence(itsm__file *file, itsm_str name)
{
    if (itsm__grow(&file->memory, &file->sequences, &file->sequence_capacity, file->nsequences + 1,
                   sizeof *file->sequences))
        return NULL;
    itsm__file_sequence *sequence = &file->sequences[file->nsequences++];
    memset(sequence, 0, sizeof *sequence);
    memcpy(sequence->name, name.p, name.n);
    sequence->n = name.n, sequence->next = sequence->limit = 1;
    return sequence;
}

itsm_status itsm__file_set_sequence(itsm__file *file, itsm_str name, uint64_t next, uint64_t commit_no)
{
    if (!name.n || name.n > ITSM_STORE_SEQUENCE_MAX || !next) return ITSM_E_CORRUPT;
    itsm__file_sequence *sequence = find_sequence(file, name);
    if (!sequence) sequence = add_sequence(file, name);
    if (!sequence) return ITSM_E_NOMEM;
    sequence->next = sequence->limit = next, sequence->commit_no = commit_no;
    return ITSM_OK;
}

itsm_status itsm__file_replay_sequence(itsm__file *file, const itsm__frame_op *op, uint64_t commit_no)
{
    if (op->nkeys || op->keys.n) return ITSM_E_CORRUPT;
    return itsm__file_set_sequence(file, itsm_str_n(op->body.p, op->body.n), op->rev, commit_no);
}

/* Write that a sequence may give the numbers below `limit`. */
static itsm_status extend_sequence(itsm__file *file, const itsm_call *call, itsm__file_sequence *sequence,
                                   uint64_t limit)
{
    itsm_status rc = itsm__frame_begin(&file->frame);
    if (!rc) rc = itsm__frame_add_sequence(&file->frame, itsm_str_n(sequence->name, sequence->n), limit);
    if (!rc) rc = itsm__file_end_frame(file, ITSM__FRAME_COMMIT, 1, 0);
    if (!rc) rc = itsm__file_append(file, call, 0);
    if (rc) return rc;
    itsm__file_appended(file);
    sequence->limit = limit, sequence->commit_no = file->commit_no;
    return ITSM_OK;
}

static itsm_status reserve_locked(itsm__file *file, const itsm_call *call, itsm_str name, uint32_t n, uint64_t *first)
{
    itsm__file_sequence *sequence = find_sequence(file, name);
    int fresh = !sequence;
    if (fresh) sequence = add_sequence(file, name);
    if (!sequence) return ITSM_E_NOMEM;
    itsm_status rc = ITSM_OK;
    if (n > UINT64_MAX - ITSM__FILE_AHEAD - sequence->next)
        rc = itsm__file_say(call, ITSM_E_RANGE, "the sequence %S has no numbers left", name);
    else if (n > sequence->limit - sequence->next)
        rc = extend_sequence(file, call, sequence, sequence->next + n + ITSM__FILE_AHEAD - 1);
    if (rc) {
        if (fresh) file->nsequences--;
        return rc;
    }
    uint64_t given = sequence->next, commit_no = sequence->commit_no;
    sequence->next += n; /* taken also if the sync fails: never given again */
    rc = itsm__file_settle(file, call, commit_no);
    if (!rc) *first = given;
    return rc;
}

itsm_status itsm__file_move_sequence(itsm__file *file, const itsm_call *call, itsm_str name, uint64_t next)
{
    itsm__file_sequence *sequence = find_sequence(file, name);
    int fresh = !sequence;
    if (!name.n || name.n > ITSM_STORE_SEQUENCE_MAX) return ITSM_E_MISUSE;
    if (!sequence) sequence = add_sequence(file, name);
    if (!sequence) return ITSM_E_NOMEM;
    if (next <= sequence->limit) return ITSM_OK;
    itsm_status rc = extend_sequence(file, call, sequence, next);
    if (!rc) sequence->next = next;
    else if (fresh) file->nsequences--;
    return rc;
}

itsm_status itsm__file_reserve(void *self, const itsm_call *call, const char *sequence, uint32_t n, uint64_t *first)
{
    itsm__file *file = self;
    itsm_str name = itsm_str_c(sequence);
    if (!name.n || name.n > ITSM_STORE_SEQUENCE_MAX || !n) return ITSM_E_MISUSE;
    itsm__file_lock_to_write(file);
    itsm_status rc = itsm__file_writable(file, call);
    if (!rc) rc = reserve_locked(file, call, name, n, first);
    itsm__file_unlock(file);
    return rc;
}

/* Close ----------------------------------------------------------------------------------------------------------- */

/* Whether a sequence was written ahead of what it gave. */
static int numbers_ahead(const itsm__file *file)
{
    for (size_t i = 0; i < file->nsequences; i++)
        if (file->sequences[i].next != file->sequences[i].limit) return 1;
    return 0;
}

void itsm__file_close_log(itsm__file *file)
{
    uint32_t nops = 0;
    if (file->closed && !numbers_ahead(file)) return;
    /* A closing frame says that all before it is on the disk: so that comes first. */
    itsm_status rc = itsm__file_sync_to(file, NULL, file->commit_no);
    if (!rc) rc = itsm__frame_begin(&file->frame);
    for (size_t i = 0; !rc && i < file->nsequences; i++) {
        const itsm__file_sequence *sequence = &file->sequences[i];
        if (sequence->next == sequence->limit) continue;
        rc = itsm__frame_add_sequence(&file->frame, itsm_str_n(sequence->name, sequence->n), sequence->next);
        nops++;
    }
    if (!rc) rc = itsm__file_end_frame(file, ITSM__FRAME_CLOSE, nops, 0);
    if (!rc) rc = itsm__file_append(file, NULL, 1);
    if (!rc) {
        itsm__file_appended(file);
        (void)file->io->sync(file->io->self, file->log->handle, NULL);
    }
}
