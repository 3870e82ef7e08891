/* SPDX-License-Identifier: MIT */
/*
 * Writing a log anew with what is there now only: rows as they are, tombstones, all audit entries, sequences.  After it,
 * what was replaced or deleted is on no page of the new log, and the old one is gone with the last view that reads it.
 *
 * The new log is written under another name, ends in a closing frame, is synced, and takes the old one's name in one
 * step; whatever fails before that leaves the store as it was.  Its frames go on counting where the old log ended.
 * Bodies and entries are compared with what the store knows of them (CRC, Merkle root) before they are written, so that
 * damage is not copied.
 *
 * O(bytes kept), with the lock held: others wait.  Views and cursors that are open keep the old log and stay valid.
 */
#include "store/file.h"

#include "base/hash.h"

enum { FRAME_FULL = 1 << 20 };

typedef struct work {
    itsm__file *file;
    const itsm_call *call;
    itsm__file_log *log; /* the new one */
    itsm__log_header header;
    uint64_t end, commit_no;
    itsm__merkle merkle;
    uint32_t nops, naudit; /* in the frame being built */
    itsm_buf room;         /* for what is read */
    itsm_io_note note;
} work;

static itsm_status cannot(work *w, itsm_status rc, const char *what)
{
    if (rc != ITSM_E_FULL && rc != ITSM_E_NOMEM && rc != ITSM_E_CORRUPT) rc = ITSM_E_READONLY == rc ? rc : ITSM_E_IO;
    return itsm__file_say(w->call, rc, "cannot %s: %s", what, w->note.text);
}

/* Writing --------------------------------------------------------------------------------------------------------- */

static itsm_status begin(work *w)
{
    w->nops = w->naudit = 0;
    return itsm__frame_begin(&w->file->frame);
}

/* Write the frame that is built and begin another. */
static itsm_status end_frame(work *w, uint32_t kind)
{
    itsm__frame head;
    itsm_buf *frame = &w->file->frame;
    memset(&head, 0, sizeof head);
    head.kind = kind, head.nops = w->nops, head.naudit = w->naudit;
    head.salt = w->header.salt, head.commit_no = w->commit_no + 1, head.durable_no = w->header.first_commit - 1;
    head.audit_size = w->merkle.size;
    itsm__merkle_root(&head.root, &w->merkle);
    itsm_status rc = itsm__frame_end(frame, &head);
    if (rc) return rc;
    rc = itsm__file_pwrite(w->file->io, w->log->handle, w->end, frame->p, frame->n, &w->note);
    if (rc) return cannot(w, rc, "write a new log");
    w->end += frame->n, w->commit_no++;
    return begin(w);
}

/* Begin another frame if the next piece of n bytes would make this one long. */
static itsm_status make_place(work *w, size_t n)
{
    return w->file->frame.n > ITSM__FRAME_HEAD && w->file->frame.n + n > FRAME_FULL ? end_frame(w, ITSM__FRAME_COMMIT)
                                                                                    : ITSM_OK;
}

/* What is kept ---------------------------------------------------------------------------------------------------- */

static itsm_status read_old(work *w, uint64_t offset, size_t n)
{
    w->room.n = 0;
    itsm_status rc = itsm__buf_reserve(&w->room, n + 1); /* never NULL */
    if (rc) return rc;
    rc = itsm__file_pread(w->file, w->file->log, offset, w->room.p, n, &w->note);
    return rc ? cannot(w, rc, "read the log") : ITSM_OK;
}

static itsm_status decayed(work *w, uint64_t offset)
{
    return itsm__file_say(w->call, ITSM_E_CORRUPT, "the log is damaged at byte %u: it was not written anew", offset);
}

/* A row goes into the frame, and its new place into the edit of the tree. */
static itsm_status keep_row(work *w, itsm__tree_key key, itsm__file_row row)
{
    const unsigned char *prefix = key.key.p;
    unsigned char value[ITSM__FILE_ROW];
    itsm__frame_op op;
    itsm_index_key index;
    uint32_t body_at = 0;
    itsm_status rc = make_place(w, ITSM__FRAME_OP + (size_t)row.body + row.keys);
    if (!rc) rc = read_old(w, row.offset, (size_t)row.body + row.keys);
    if (rc) return rc;
    memset(&op, 0, sizeof op);
    op.kind = row.gone ? ITSM_DEL : ITSM_PUT, op.rev = row.rev, op.crc = row.crc;
    op.ref.type = itsm__be32(prefix);
    op.ref.id.hi = itsm__be64(prefix + ITSM__FILE_PREFIX), op.ref.id.lo = itsm__be64(prefix + ITSM__FILE_PREFIX + 8);
    op.body.p = w->room.p, op.body.n = row.body;
    op.keys.p = w->room.p + row.body, op.keys.n = row.keys;
    if (itsm__crc32c(0, op.body.p, op.body.n) != row.crc) return decayed(w, row.offset);
    itsm_bytes keys = op.keys;
    while ((rc = itsm__frame_next_key(&keys, &index)) == ITSM_OK) op.nkeys++;
    if (rc != ITSM_DONE) return decayed(w, row.offset);
    rc = itsm__frame_add_stored(&w->file->frame, &op, &body_at);
    if (rc) return rc;
    w->nops++;
    row.offset = w->end + body_at;
    itsm__file_row_put(value, &row);
    return itsm__tree_put(&w->file->tree, key, value, sizeof value);
}

static itsm_status keep_rows(work *w)
{
    itsm__tree_cursor at;
    itsm__tree_key from = {{NULL, 0}, {NULL, 0}};
    itsm_status rc = ITSM_OK;
    const itsm__tree_node *root = w->file->tree.root; /* the committed state: the edit does not change it */
    for (int more = itsm__tree_seek(&at, root, from); more && !rc; more = itsm__tree_next(&at)) {
        itsm_bytes value;
        itsm__tree_key key = itsm__tree_at(&at, &value);
        itsm__file_row row;
        if (itsm__be32((const unsigned char *)key.key.p + 4)) continue; /* an index entry */
        if (!itsm__file_row_get(&row, value.p, value.n)) return decayed(w, 0);
        rc = keep_row(w, key, row);
    }
    return rc;
}

/* The entries of one old commit; their new places are noted per frame. */
static itsm_status keep_entries(work *w, const itsm__file_audit *old, uint64_t *first_at)
{
    uint64_t at = old->offset;
    itsm_status rc = ITSM_OK;
    for (uint32_t i = 0; i < old->count && !rc; i++) {
        rc = read_old(w, at, 4);
        if (rc) break;
        size_t n = itsm__le32(w->room.p);
        if (n > ITSM_STORE_BODY_MAX) return decayed(w, at);
        rc = read_old(w, at + 4, n);
        if (rc) break;
        if (w->naudit && w->file->frame.n + 4 + n > FRAME_FULL) {
            rc = itsm__file_add_audit(w->file, w->log, w->merkle.size - w->naudit, *first_at, w->naudit);
            if (!rc) rc = end_frame(w, ITSM__FRAME_COMMIT);
            if (rc) break;
        }
        itsm_bytes entry = {w->room.p, n};
        if (!w->naudit) *first_at = w->end + w->file->frame.n;
        rc = itsm__frame_add_audit(&w->file->frame, entry);
        itsm__merkle_add(&w->merkle, entry);
        w->naudit++, at += 4 + n;
    }
    return rc;
}

static itsm_status keep_audit(work *w)
{
    const itsm__file_log *old = w->file->log;
    itsm__merkle_hash before, after;
    uint64_t first_at = 0;
    itsm_status rc = end_frame(w, ITSM__FRAME_COMMIT); /* operations stand before entries */
    for (size_t i = 0; i < old->naudit && !rc; i++) rc = keep_entries(w, &old->audit[i], &first_at);
    if (!rc) rc = itsm__file_add_audit(w->file, w->log, w->merkle.size - w->naudit, first_at, w->naudit);
    if (!rc) rc = end_frame(w, ITSM__FRAME_COMMIT);
    if (rc) return rc;
    itsm__merkle_root(&before, &w->file->merkle), itsm__merkle_root(&after, &w->merkle);
    if (w->merkle.size == w->file->merkle.size && !memcmp(before.b, after.b, sizeof before.b)) return ITSM_OK;
    return itsm__file_say(w->call, ITSM_E_CORRUPT,
                          "the audit entries do not give their root: nothing was written anew");
}

static itsm_status keep_sequences(work *w)
{
    itsm_status rc = ITSM_OK;
    for (size_t i = 0; i < w->file->nsequences && !rc; i++) {
        const itsm__file_sequence *sequence = &w->file->sequences[i];
        rc = make_place(w, ITSM__FRAME_OP + sequence->n);
        if (!rc)
            rc = itsm__frame_add_sequence(&w->file->frame, itsm_str_n(sequence->name, sequence->n), sequence->limit);
        w->nops++;
    }
    return rc ? rc : end_frame(w, ITSM__FRAME_CLOSE);
}

/* The new log ----------------------------------------------------------------------------------------------------- */

static itsm_status write_header(work *w)
{
    const itsm_io *io = w->file->io;
    unsigned char bytes[ITSM__LOG_HEADER], digest[32];
    /* Another salt, of the old one: no frame of this log is one of the other. */
    w->header = w->file->header;
    w->header.major = ITSM__LOG_MAJOR, w->header.minor = ITSM__LOG_MINOR;
    w->header.first_commit = w->file->commit_no + 1;
    itsm__log_header_write(bytes, &w->header);
    itsm__sha256_of(digest, bytes, sizeof bytes);
    w->header.salt = itsm__le64(digest);
    itsm__log_header_write(bytes, &w->header);
    itsm_status rc = io->truncate(io->self, w->log->handle, 0, &w->note);
    if (!rc) rc = itsm__file_pwrite(io, w->log->handle, 0, bytes, sizeof bytes, &w->note);
    w->end = sizeof bytes, w->commit_no = w->file->commit_no;
    return rc ? cannot(w, rc, "write a new log") : ITSM_OK;
}

static itsm_status write_all(work *w)
{
    const itsm_io *io = w->file->io;
    itsm_status rc = itsm__file_log_open(w->file, &w->log, itsm__file_path(w->file, ITSM__FILE_NEW),
                                         ITSM_IO_READ | ITSM_IO_WRITE | ITSM_IO_CREATE, &w->note);
    if (rc) return cannot(w, rc, "create a new log");
    rc = write_header(w);
    if (!rc) rc = begin(w);
    if (!rc) rc = keep_rows(w);
    if (!rc) rc = keep_audit(w);
    if (!rc) rc = keep_sequences(w);
    if (rc) return rc;
    rc = io->sync(io->self, w->log->handle, &w->note);
    return rc ? cannot(w, rc, "sync a new log") : ITSM_OK;
}

/* Give the new log the old one's name.  When it is not known which of them has it, writing ends for good. */
static itsm_status take_name(work *w)
{
    itsm__file *file = w->file;
    const itsm_io *io = file->io;
    itsm_buf from = ITSM_BUF_INIT;
    from.alloc = file->memory.fn, from.alloc_user = file->memory.user;
    const char *path = itsm__file_path(file, ITSM__FILE_NEW);
    itsm_status rc = itsm_buf_add(&from, path, strlen(path) + 1);
    if (!rc) rc = io->rename(io->self, from.p, itsm__file_path(file, ITSM__FILE_LOG), &w->note);
    itsm_buf_clear(&from);
    if (rc) return cannot(w, rc, "rename the new log");
    rc = io->sync_dir(io->self, itsm__file_path(file, ""), &w->note);
    return rc ? cannot(w, ITSM_E_IO, "sync the directory") : ITSM_OK;
}

static void adopt(work *w)
{
    itsm__file *file = w->file;
    itsm__tree_commit(&file->tree);
    itsm__file_log_free(file, file->log);
    file->log = w->log, file->header = w->header;
    file->end = file->allocated = w->end;
    file->commit_no = file->durable_no = w->commit_no;
    file->closed = 1;
    if (file->publishes) itsm__file_publish(file);
}

static itsm_status compact_locked(work *w)
{
    itsm__file *file = w->file;
    itsm_status rc = itsm__file_writable(file, w->call);
    if (!rc) rc = itsm__file_sync_to(file, w->call, file->commit_no);
    while (!rc && file->syncing) file->mutexes.wait(file->mutexes.self, file->mutex);
    if (!rc) rc = itsm__file_writable(file, w->call);
    if (rc) return rc;
    itsm__tree_begin(&file->tree);
    rc = write_all(w);
    if (!rc) rc = take_name(w);
    if (!rc) {
        adopt(w);
        return ITSM_OK;
    }
    itsm__tree_abort(&file->tree);
    itsm__file_log_free(file, w->log);
    if (rc == ITSM_E_IO && !file->failed) file->failed = rc, file->failed_note = w->note;
    if (!file->failed) (void)file->io->unlink(file->io->self, itsm__file_path(file, ITSM__FILE_NEW), NULL);
    return rc;
}

itsm_status itsm__file_compact(itsm__file *file, const itsm_call *call)
{
    work w;
    memset(&w, 0, sizeof w);
    w.file = file, w.call = call;
    w.room.alloc = file->memory.fn, w.room.alloc_user = file->memory.user;
    itsm__merkle_init(&w.merkle);
    itsm__file_lock(file);
    itsm_status rc = compact_locked(&w);
    itsm__file_unlock(file);
    itsm_buf_clear(&w.room);
    return rc;
}
