/* SPDX-License-Identifier: MIT */
/*
 * Checkpoints, and compacting, which is a checkpoint that keeps nothing older.
 *
 * 1. Under the lock, everything so far is synced and a new log is begun: a moment for those who write.
 * 2. Without the lock, while others go on: the audit entries of the logs before are appended to the file of audit entries
 *    and synced; the state at the beginning of the new log is written as ckpt-<n>.tmp, synced, and renamed.  Bodies
 *    and entries are compared with what the store knows of them (CRC, index, Merkle root) before they are written, so that
 *    damage is not copied.
 * 3. The rows in the tree that still stand in older files are pointed to the checkpoint, some thousand at a time under
 *    the lock, in one pass over the checkpoint.
 * 4. Files that are no longer needed are removed: all before the last checkpoint (which stays, with the logs since, in
 *    case the new one is damaged); for compacting, all before this one.  Views that are open keep theirs.
 *
 * Whatever fails or stops in between loses nothing: until the rename the older checkpoint and all logs are the store,
 * after it the new one with its log.  A failure is told to who asked; the automatic checkpoint tries again when the log has
 * grown by as much once more.  One checkpoint at a time; O(bytes kept).
 */
#include "store/file.h"

#include "base/hash.h"

enum { REPOINT_AT_ONCE = 4096 };

typedef struct work {
    itsm__file *file;
    const itsm_call *call;
    itsm__file_state state; /* what is written: everything before the log `number` */
    uint64_t number, older; /* of the new checkpoint and of the one before it */
    itsm__log_header header;
    itsm__merkle merkle, sealed;
    itsm_buf sequences, block;
    uint32_t nsequences, pieces;
    itsm__file_window window;
    /* the file of audit entries */
    itsm__file_part *audit; /* a share if it is new */
    int audit_is_new;
    uint64_t audit_end;
    itsm__file_audit *blocks; /* those added */
    size_t nblocks, blocks_capacity;
    /* the checkpoint */
    itsm__file_part *part;
    itsm__sha256 sha256;
    uint64_t written, nth, rows, entries;
    /* pointing rows to it */
    size_t moved;
    itsm_io_note note;
} work;

static itsm_status cannot(work *w, itsm_status rc, const char *what)
{
    if (rc == ITSM_NOTHING) rc = ITSM_E_IO;
    return itsm__file_say(w->call, rc, "cannot %s: %s", what, w->note.text);
}

/* When ------------------------------------------------------------------------------------------------------------ */

static uint64_t log_bytes(const itsm__file *file)
{
    return file->logs_before + file->end - ITSM__LOG_HEADER;
}

int itsm__file_checkpoint_is_due(const itsm__file *file)
{
    uint64_t bytes = log_bytes(file);
    if (file->read_only || file->failed || file->checkpointing || bytes < file->attempted) return 0;
    return bytes - file->attempted >= file->checkpoint_bytes && bytes >= file->checkpoint_size / 2;
}

int itsm__file_checkpoint_pays(const itsm__file *file)
{
    uint64_t bytes = log_bytes(file);
    if (file->checkpoint_bytes == ITSM_FILE_NO_CHECKPOINT) return 0;
    return bytes >= file->checkpoint_bytes / 8 && bytes >= file->checkpoint_size / 4;
}

/* A new log -------------------------------------------------------------------------------------------------------- */

/* Writing ends for good when it is not known which log is the last. */
static itsm_status poison(work *w)
{
    itsm__file *file = w->file;
    file->failed = ITSM_E_IO, file->failed_note = w->note;
    return cannot(w, ITSM_E_IO, "begin a new log");
}

static itsm_status rotate(work *w)
{
    itsm__file *file = w->file;
    itsm__log_header header = file->header;
    itsm__file_part *part = NULL;
    if (header.number + 1 >= ITSM__FILE_SOURCE_MAX)
        return itsm__file_say(w->call, ITSM_E_LIMIT, "no numbers are left for logs");
    header.major = ITSM__LOG_MAJOR, header.minor = ITSM__LOG_MINOR;
    header.number++, header.first_commit = file->commit_no + 1;
    itsm__file_set *set = NULL;
    itsm_status rc = itsm__file_new_log(file, &part, &header, &w->note);
    if (rc) return cannot(w, rc, "begin a new log");
    rc = itsm__file_set_with(file, &set, part);
    itsm__file_part_free(file, part);
    if (rc) return rc;
    rc = itsm__file_take_name(file, ITSM__FILE_LOG, header.number, &w->note);
    int unknown = rc == ITSM_E_IO; /* it may have its name */
    if (!rc) rc = file->io->sync_dir(file->io->self, file->path, &w->note), unknown = rc != ITSM_OK;
    if (rc) {
        itsm__file_set_free(file, set);
        return unknown ? poison(w) : cannot(w, rc, "begin a new log");
    }
    file->log->end = file->end;
    itsm__file_set_use(file, set);
    file->logs_before += file->end - ITSM__LOG_HEADER;
    file->header = header;
    file->end = file->allocated = ITSM__LOG_HEADER, file->closed = 1;
    if (file->publishes) itsm__file_publish(file);
    return ITSM_OK;
}

static itsm_status note_sequences(work *w)
{
    itsm_status rc = ITSM_OK;
    for (size_t i = 0; i < w->file->nsequences && !rc; i++) {
        const itsm__file_sequence *sequence = &w->file->sequences[i];
        rc = itsm__block_add_sequence(&w->sequences, itsm_str_n(sequence->name, sequence->n), sequence->limit);
        w->nsequences++;
    }
    return rc;
}

/* With the lock held: what is to be written. */
static itsm_status take_state(work *w)
{
    itsm__file *file = w->file;
    itsm_status rc = itsm__file_quiesce(file, w->call);
    if (!rc) rc = itsm__file_writable(file, w->call);
    if (!rc && file->end > ITSM__LOG_HEADER) rc = rotate(w);
    if (!rc) rc = note_sequences(w);
    if (rc) return rc;
    itsm__file_state_open(file, &w->state);
    w->number = file->header.number, w->older = file->checkpoint;
    w->header = file->header;
    w->merkle = file->merkle, w->sealed = file->sealed, w->audit_end = file->audit_end;
    return ITSM_OK;
}

/* Audit entries ---------------------------------------------------------------------------------------------------- */

static itsm_status make_audit(work *w)
{
    char path[ITSM__FILE_PATH];
    unsigned char bytes[ITSM__LOG_HEADER];
    itsm__log_header header = w->header;
    itsm__file *file = w->file;
    const itsm_io *io = file->io;
    w->audit_is_new = !w->audit_end;
    uint32_t flags = ITSM_IO_READ | ITSM_IO_WRITE | (w->audit_is_new ? ITSM_IO_CREATE : 0u);
    itsm_status rc = itsm__file_part_open(file, &w->audit, ITSM__FILE_SOURCE_AUDIT,
                                          itsm__file_path(file, path, ITSM__FILE_AUDIT), flags, &w->note);
    if (rc) return rc;
    header.number = 1, header.first_commit = 1, header.salt = 0;
    itsm__log_header_salted(bytes, &header, ITSM__MAGIC_AUDIT);
    w->audit->salt = header.salt;
    if (!w->audit_is_new) return ITSM_OK;
    rc = io->truncate(io->self, w->audit->handle, 0, &w->note);
    if (!rc) rc = itsm__file_pwrite(io, w->audit->handle, 0, bytes, sizeof bytes, &w->note);
    w->audit_end = sizeof bytes;
    return rc;
}

static itsm_status end_entries(work *w, uint64_t first)
{
    if (!w->pieces) return ITSM_OK;
    itsm_status rc = itsm__block_end(&w->block, ITSM__BLOCK_ENTRIES, w->pieces, w->audit->salt, first);
    if (!rc) rc = itsm__grow(&w->file->memory, &w->blocks, &w->blocks_capacity, w->nblocks + 1, sizeof *w->blocks);
    if (rc) return rc;
    itsm__file_audit *block = &w->blocks[w->nblocks++];
    block->first = first, block->offset = w->audit_end + ITSM__BLOCK_HEAD, block->count = w->pieces;
    rc = itsm__file_pwrite(w->file->io, w->audit->handle, w->audit_end, w->block.p, w->block.n, &w->note);
    if (rc) return cannot(w, rc, "write the audit entries");
    w->audit_end += w->block.n, w->pieces = 0;
    return itsm__block_begin(&w->block);
}

static itsm_status move_entries(work *w)
{
    itsm__file_entries entries;
    itsm__merkle_hash leaf, before, after;
    itsm_bytes entry;
    memset(&entries, 0, sizeof entries);
    entries.state = &w->state, entries.place = w->sealed.size;
    uint64_t first = entries.place;
    itsm_status rc = itsm__block_begin(&w->block);
    while (!rc && (rc = itsm__file_next_entry(&entries, w->file, w->call, &entry, &leaf)) == ITSM_OK) {
        if (w->pieces && w->block.n + entry.n > ITSM__BLOCK_FULL) rc = end_entries(w, first), first = entries.place - 1;
        if (!rc) rc = itsm__block_add_entry(&w->block, &leaf, entry);
        itsm__merkle_add_leaf(&w->sealed, &leaf);
        w->pieces++;
    }
    itsm__file_window_clear(&entries.window, w->file);
    if (rc == ITSM_DONE) rc = end_entries(w, first);
    if (rc) return rc;
    itsm__merkle_root(&before, &w->merkle), itsm__merkle_root(&after, &w->sealed);
    if (w->sealed.size == w->merkle.size && !memcmp(before.b, after.b, sizeof before.b)) return ITSM_OK;
    return itsm__file_say(w->call, ITSM_E_CORRUPT, "the audit entries do not give their root: nothing was changed");
}

static itsm_status write_audit(work *w)
{
    const itsm_io *io = w->file->io;
    if (w->sealed.size == w->merkle.size) return ITSM_OK;
    itsm_status rc = make_audit(w);
    if (rc) return cannot(w, rc, "write the audit entries");
    rc = move_entries(w);
    if (rc) return rc;
    rc = io->sync(io->self, w->audit->handle, &w->note);
    return rc ? cannot(w, rc, "sync the audit entries") : ITSM_OK;
}

/* The checkpoint --------------------------------------------------------------------------------------------------- */

static itsm_status end_block(work *w, uint32_t kind)
{
    itsm_status rc = itsm__block_end(&w->block, kind, w->pieces, w->header.salt, w->nth);
    if (rc) return rc;
    rc = itsm__file_pwrite(w->file->io, w->part->handle, w->written, w->block.p, w->block.n, &w->note);
    if (rc) return cannot(w, rc, "write a checkpoint");
    itsm__sha256_add(&w->sha256, w->block.p, w->block.n);
    w->written += w->block.n, w->nth++, w->pieces = 0;
    return itsm__block_begin(&w->block);
}

static itsm_status write_begin(work *w)
{
    char path[ITSM__FILE_PATH];
    unsigned char bytes[ITSM__LOG_HEADER];
    const itsm_io *io = w->file->io;
    itsm__file_path_of(w->file, path, ITSM__FILE_CHECKPOINT, w->number, ITSM__FILE_TEMPORARY);
    itsm_status rc = itsm__file_part_open(w->file, &w->part, itsm__file_source_of_checkpoint(w->number), path,
                                          ITSM_IO_READ | ITSM_IO_WRITE | ITSM_IO_CREATE, &w->note);
    if (!rc) rc = io->truncate(io->self, w->part->handle, 0, &w->note);
    itsm__log_header_salted(bytes, &w->header, ITSM__MAGIC_CHECKPOINT);
    if (!rc) rc = itsm__file_pwrite(io, w->part->handle, 0, bytes, sizeof bytes, &w->note);
    if (rc) return cannot(w, rc, "write a checkpoint");
    w->part->salt = w->header.salt, w->written = sizeof bytes;
    itsm__sha256_init(&w->sha256);
    itsm__sha256_add(&w->sha256, bytes, sizeof bytes);
    return itsm__block_begin(&w->block);
}

static itsm_status write_state(work *w)
{
    itsm__block_state state;
    state.audit_size = w->sealed.size, state.audit_end = w->audit_end;
    state.nhashes = itsm__merkle_save(state.hashes, &w->sealed);
    itsm_status rc = itsm__block_add_state(&w->block, &state);
    if (!rc) rc = itsm_buf_add(&w->block, w->sequences.p, w->sequences.n);
    w->pieces = w->nsequences;
    return rc ? rc : end_block(w, ITSM__BLOCK_STATE);
}

static itsm_status decayed(work *w, const itsm__file_row *row)
{
    return itsm__file_say(w->call, ITSM_E_CORRUPT, "a row at byte %u of %s-%u is damaged: it was not written anew",
                          row->offset, row->source % 2 ? "log" : "ckpt", (uint64_t)row->source / 2);
}

/* The keys that stand behind a body have no checksum of their own, but an entry each. */
static int keys_are_right(const work *w, itsm_ref ref, itsm_bytes keys)
{
    itsm_index_key key;
    itsm__file_key room;
    itsm_status rc;
    while ((rc = itsm__frame_next_key(&keys, &key)) == ITSM_OK) {
        if (key.key.n > ITSM_STORE_KEY_MAX) return 0;
        itsm__tree_cursor at;
        itsm__tree_key wanted = itsm__file_index_key(&room, ref, key.index, key.key);
        if (!itsm__tree_seek(&at, w->state.snapshot.root, wanted) ||
            itsm__tree_compare(itsm__tree_at(&at, NULL), wanted))
            return 0;
    }
    return rc == ITSM_DONE;
}

static itsm_status write_row(work *w, itsm__tree_key key, itsm_bytes value)
{
    itsm__block_piece piece;
    itsm__file_row row;
    const unsigned char *p = NULL;
    memset(&piece, 0, sizeof piece);
    if (!itsm__file_row_get(&row, value.p, value.n)) return itsm__file_say(w->call, ITSM_E_CORRUPT, "not a row");
    itsm_status rc = itsm__file_read_row(&w->window, w->file, w->call, &w->state, &row, 1, &p);
    if (rc) return rc;
    piece.ref = itsm__file_ref_of(key), piece.rev = row.rev, piece.crc = row.crc, piece.gone = row.gone;
    piece.body.p = p, piece.body.n = row.body, piece.keys.p = p + row.body, piece.keys.n = row.keys;
    if (!keys_are_right(w, piece.ref, piece.keys)) return decayed(w, &row);
    w->rows++;
    return itsm__block_add_row(&w->block, &piece);
}

static itsm_status write_key(work *w, itsm__tree_key key)
{
    itsm__block_piece piece;
    memset(&piece, 0, sizeof piece);
    piece.ref = itsm__file_ref_of(key), piece.index = itsm__be32((const unsigned char *)key.key.p + 4);
    piece.keys.p = (const unsigned char *)key.key.p + ITSM__FILE_PREFIX, piece.keys.n = key.key.n - ITSM__FILE_PREFIX;
    w->entries++;
    return itsm__block_add_key(&w->block, &piece);
}

static itsm_status write_rows(work *w)
{
    itsm__tree_cursor at;
    const itsm__tree_key from = {{NULL, 0}, {NULL, 0}};
    itsm_status rc = ITSM_OK;
    for (int more = itsm__tree_seek(&at, w->state.snapshot.root, from); more && !rc; more = itsm__tree_next(&at)) {
        itsm_bytes value;
        itsm__tree_key key = itsm__tree_at(&at, &value);
        rc = itsm__file_is_row(key) ? write_row(w, key, value) : write_key(w, key);
        w->pieces++;
        if (!rc && w->block.n >= ITSM__BLOCK_FULL) rc = end_block(w, ITSM__BLOCK_ROWS);
    }
    return !rc && w->pieces ? end_block(w, ITSM__BLOCK_ROWS) : rc;
}

static itsm_status write_end(work *w)
{
    itsm__block_end_record end;
    const itsm_io *io = w->file->io;
    end.blocks = w->nth, end.rows = w->rows, end.entries = w->entries;
    itsm__sha256_end(&w->sha256, end.sha256);
    itsm_status rc = itsm__block_add_end(&w->block, &end);
    w->pieces = 1;
    if (!rc) rc = end_block(w, ITSM__BLOCK_END);
    if (rc) return rc;
    w->part->end = w->written;
    rc = io->sync(io->self, w->part->handle, &w->note);
    return rc ? cannot(w, rc, "sync a checkpoint") : ITSM_OK;
}

static itsm_status write_checkpoint(work *w)
{
    itsm_status rc = write_begin(w);
    if (!rc) rc = write_state(w);
    if (!rc) rc = write_rows(w);
    return rc ? rc : write_end(w);
}

/* In use ------------------------------------------------------------------------------------------------------------ */

/* With the lock held: the store has another checkpoint.  Memory is taken before anything is changed. */
static itsm_status install(work *w)
{
    itsm__file *file = w->file;
    itsm__file_part *audit = itsm__file_set_find(file->set, ITSM__FILE_SOURCE_AUDIT);
    itsm_status rc = ITSM_OK;
    if (w->audit && !audit) {
        itsm__refcount_take(&w->audit->shares);
        rc = itsm__file_set_add(file, w->audit);
        audit = w->audit;
    }
    if (!rc && audit)
        rc = itsm__grow(&file->memory, &audit->audit, &audit->audit_capacity, audit->naudit + w->nblocks + 1,
                        sizeof *audit->audit);
    if (rc) return rc;
    itsm__refcount_take(&w->part->shares);
    rc = itsm__file_set_add(file, w->part);
    if (rc) return rc;
    if (w->nblocks) memcpy(audit->audit + audit->naudit, w->blocks, w->nblocks * sizeof *w->blocks);
    if (audit) audit->naudit += w->nblocks, audit->end = w->audit_end;
    file->checkpoint = w->number, file->checkpoint_size = w->written;
    file->logs_before = file->attempted = file->damaged_checkpoint = 0;
    file->audit_end = w->audit_end, file->sealed = w->sealed;
    return ITSM_OK;
}

static void begin_some(work *w)
{
    itsm__file_lock(w->file);
    itsm__tree_begin(&w->file->tree);
    w->moved = 0;
}

static void end_some(work *w)
{
    itsm__tree_commit(&w->file->tree);
    itsm__file_unlock(w->file);
}

/* A row that was not written since then stands in the checkpoint now. */
static itsm_status move_row(void *user, const itsm__block_piece *piece, uint64_t at)
{
    work *w = user;
    unsigned char value[ITSM__FILE_ROW];
    itsm__file_row row;
    itsm__file_key room;
    if (piece->index) return ITSM_OK;
    if (w->moved == REPOINT_AT_ONCE) end_some(w), begin_some(w);
    if (!itsm__file_find_row(itsm__tree_head(&w->file->tree), piece->ref, &row)) return ITSM_OK;
    if (row.source >= w->part->source || row.rev != piece->rev) return ITSM_OK;
    row.source = w->part->source, row.offset = at;
    itsm__file_row_put(value, &row);
    w->moved++;
    return itsm__tree_put(&w->file->tree, itsm__file_row_key(&room, piece->ref), value, sizeof value);
}

static itsm_status move_rows(work *w)
{
    itsm__file_checkpoint_reader reader;
    memset(&reader, 0, sizeof reader);
    reader.file = w->file, reader.part = w->part, reader.piece = move_row, reader.user = w;
    begin_some(w);
    itsm_status rc = itsm__file_checkpoint_read(&reader);
    end_some(w); /* an edit that failed is undone by that */
    return rc ? itsm__file_say(w->call, rc, "cannot read the checkpoint back: %s", reader.note.text) : ITSM_OK;
}

/* With the lock held: states from now on do without the older files. */
static itsm_status let_go(work *w)
{
    itsm__file *file = w->file;
    itsm__file_set *set = NULL;
    size_t n = 0;
    itsm__file_part **parts = itsm__alloc(&file->memory, file->set->n * sizeof(itsm__file_part *));
    if (!parts) return ITSM_E_NOMEM;
    for (size_t i = 0; i < file->set->n; i++) {
        itsm__file_part *part = file->set->part[i];
        if (part->source == ITSM__FILE_SOURCE_AUDIT || part->source >= w->part->source) parts[n++] = part;
    }
    itsm_status rc = itsm__file_set_new(file, &set, parts, n);
    itsm__free(&file->memory, parts, file->set->n * sizeof(itsm__file_part *));
    if (rc) return rc;
    itsm__file_set_use(file, set);
    rc = itsm__file_quiesce(file, w->call);
    if (!rc && file->publishes) itsm__file_publish(file); /* else the published state would keep them open */
    return rc;
}

/* All of it ---------------------------------------------------------------------------------------------------------- */

static itsm_status write_files(work *w)
{
    itsm__file *file = w->file;
    const itsm_io *io = file->io;
    itsm_status rc = write_audit(w);
    if (!rc) rc = write_checkpoint(w);
    if (rc) return rc;
    rc = itsm__file_take_name(file, ITSM__FILE_CHECKPOINT, w->number, &w->note);
    if (rc) return cannot(w, rc, "rename a checkpoint");
    rc = io->sync_dir(io->self, file->path, &w->note);
    return rc ? cannot(w, rc, "sync the directory") : ITSM_OK;
}

static itsm_status remove_old(work *w, uint32_t what)
{
    itsm__file *file = w->file;
    uint64_t older = what == ITSM_MAINTAIN_COMPACT ? w->number : w->older;
    itsm_status rc = itsm__file_remove_but(file, older, w->number, &w->note);
    if (what != ITSM_MAINTAIN_COMPACT) return ITSM_OK; /* what is left goes the next time */
    if (!rc) rc = file->io->sync_dir(file->io->self, file->path, &w->note);
    if (rc) return cannot(w, rc, "remove what is older");
    return ITSM_OK;
}

/* The state is in files: now the store uses them. */
static itsm_status use_files(work *w)
{
    itsm__file *file = w->file;
    itsm__file_lock(file);
    itsm_status rc = install(w);
    itsm__tree_snapshot_close(&w->state.snapshot); /* what changes from here on needs no copy for it */
    itsm__file_unlock(file);
    if (!rc) rc = move_rows(w);
    if (rc) return rc;
    itsm__file_lock(file);
    rc = let_go(w);
    itsm__file_unlock(file);
    return rc;
}

static itsm_status run(work *w, uint32_t what)
{
    itsm__file *file = w->file;
    itsm__file_lock(file);
    itsm_status rc = take_state(w);
    int fresh = !rc && w->number != file->checkpoint; /* else nothing was written since the last one */
    if (rc || fresh) file->attempted = log_bytes(file);
    itsm__file_unlock(file);
    if (rc || (!fresh && what != ITSM_MAINTAIN_COMPACT)) return rc;
    if (fresh) rc = write_files(w);
    if (fresh && !rc) rc = use_files(w);
    return rc ? rc : remove_old(w, what);
}

static void clear(work *w)
{
    itsm__file *file = w->file;
    itsm__file_lock(file);
    itsm__file_state_close(file, &w->state);
    file->checkpointing = 0;
    if (file->mutex) file->mutexes.wake_all(file->mutexes.self, file->mutex);
    itsm__file_unlock(file);
    itsm__file_part_free(file, w->part), itsm__file_part_free(file, w->audit);
    itsm__file_window_clear(&w->window, file);
    itsm_buf_clear(&w->sequences), itsm_buf_clear(&w->block);
    itsm__free(&file->memory, w->blocks, w->blocks_capacity * sizeof *w->blocks);
}

itsm_status itsm__file_checkpoint(itsm__file *file, const itsm_call *call, uint32_t what)
{
    work w;
    char path[ITSM__FILE_PATH];
    memset(&w, 0, sizeof w);
    w.file = file, w.call = call;
    w.sequences.alloc = w.block.alloc = file->memory.fn,
    w.sequences.alloc_user = w.block.alloc_user = file->memory.user;
    itsm__file_lock(file);
    int needed = what != ITSM__FILE_IF_DUE || itsm__file_checkpoint_is_due(file);
    while (needed && file->checkpointing) file->mutexes.wait(file->mutexes.self, file->mutex);
    itsm_status rc = itsm__file_writable(file, call);
    if (!rc && needed) file->checkpointing = 1;
    itsm__file_unlock(file);
    if (rc || !needed) return rc;
    rc = run(&w, what);
    if (rc && w.part && file->checkpoint != w.number) /* best effort: the next one writes over it */
        (void)file->io->unlink(file->io->self,
                               itsm__file_path_of(file, path, ITSM__FILE_CHECKPOINT, w.number, ITSM__FILE_TEMPORARY),
                               NULL);
    clear(&w);
    return rc;
}
