/* SPDX-License-Identifier: MIT */
/*
 * Reading a log back.
 *
 * Frames are taken from the beginning while salt, CRC and number hold.  What stands behind the last good one is either
 * the rest of a write that was cut short, or damage; the frames behind it tell.  A frame says how far the log was known
 * to be on the disk when it was written: so when a whole frame is found that knows the first bad commit to be synced,
 * or a closing frame, that commit was acknowledged and is lost: ITSM_E_CORRUPT, nothing is touched.  Otherwise nobody
 * was told that it had been done: it is cut off.  The limit of this: damage in the last commits before an unclean stop,
 * with nothing behind them, looks like a write cut short.
 *
 * Salvage reads on behind damage and takes every later whole frame; it is for reading only.
 *
 * One pass, O(bytes of the log): the CRC of each frame, a few tree operations per row, a hash per audit entry.  The
 * Merkle root is compared once, at the end, as it covers all before.  The search behind the last good frame reads the
 * rest of the file; what a hostile file can make it check is bounded by a few times its length.
 */
#include "store/file.h"

enum { READ_AT_ONCE = 1 << 20 };

static const itsm_str no_text = {NULL, 0};

/* A window over the log. */
typedef struct reader {
    itsm__file *file;
    itsm__file_log *log;
    itsm_buf buf;
    uint64_t offset; /* of buf.p[0] */
    uint64_t length; /* of the log */
    uint64_t salt;   /* of its frames */
    uint64_t budget; /* bytes that may still turn out not to be a frame */
    int exhausted;   /* more than that did */
    itsm_io_note note;
} reader;

/* n bytes at an offset that is not behind length - n; borrowed until the next call. */
static itsm_status reader_at(reader *r, uint64_t offset, size_t n, const unsigned char **out)
{
    if (offset < r->offset || offset - r->offset > r->buf.n || n > r->buf.n - (size_t)(offset - r->offset)) {
        uint64_t left = r->length - offset;
        size_t want = n > READ_AT_ONCE ? n : READ_AT_ONCE;
        if (want > left) want = (size_t)left;
        r->buf.n = 0;
        itsm_status rc = itsm__buf_reserve(&r->buf, want);
        if (!rc) rc = itsm__file_pread(r->file, r->log, offset, r->buf.p, want, &r->note);
        if (rc) return rc;
        r->offset = offset, r->buf.n = want;
    }
    *out = (const unsigned char *)r->buf.p + (offset - r->offset);
    return ITSM_OK;
}

/* ITSM_OK: a whole frame stands at the offset.  ITSM_NOTHING: none does. */
static itsm_status frame_at(reader *r, uint64_t offset, itsm__frame *frame)
{
    const unsigned char *p = NULL;
    if (r->length < ITSM__FRAME_HEAD || offset > r->length - ITSM__FRAME_HEAD) return ITSM_NOTHING;
    itsm_status rc = reader_at(r, offset, ITSM__FRAME_HEAD, &p);
    if (rc) return rc;
    if (!itsm__frame_peek(frame, p, r->salt) || frame->length > r->length - offset) return ITSM_NOTHING;
    rc = reader_at(r, offset, frame->length, &p);
    if (rc) return rc;
    frame->p = p;
    if (itsm__frame_is_whole(frame)) return ITSM_OK;
    if (frame->length > r->budget) r->exhausted = 1;
    else r->budget -= frame->length;
    return ITSM_NOTHING;
}

/* Replay ---------------------------------------------------------------------------------------------------------- */

static itsm_status replay_audit(itsm__file *file, const itsm__frame *frame, itsm__frame_cursor *cursor, uint64_t at)
{
    itsm_bytes entry;
    itsm_status rc;
    if (frame->audit_size < frame->naudit) return ITSM_E_CORRUPT;
    uint64_t first = frame->audit_size - frame->naudit;
    if (first != file->merkle.size) {
        if (!file->missing_from) return ITSM_E_CORRUPT;
        file->merkle.size = first; /* salvage: entries are missing, and so is the tree; its size still tells places */
    }
    rc = itsm__file_add_audit(file, file->log, first, at + (uint64_t)(cursor->p - frame->p), frame->naudit);
    if (rc) return rc;
    while ((rc = itsm__frame_next_audit(cursor, &entry)) == ITSM_OK) {
        if (file->missing_from) file->merkle.size++;
        else itsm__merkle_add(&file->merkle, entry);
    }
    return rc == ITSM_DONE ? ITSM_OK : rc;
}

static itsm_status replay(itsm__file *file, const itsm__frame *frame, uint64_t at)
{
    itsm__frame_cursor cursor;
    itsm__frame_op op;
    itsm_status rc;
    if (frame->durable_no >= frame->commit_no) return ITSM_E_CORRUPT;
    itsm__frame_walk(&cursor, frame);
    while ((rc = itsm__frame_next_op(&cursor, &op)) == ITSM_OK) {
        uint64_t body_at = at + (uint64_t)((const unsigned char *)op.body.p - frame->p);
        if (op.crc != itsm__crc32c(0, op.body.p, op.body.n)) return ITSM_E_CORRUPT;
        rc = op.kind == ITSM__FRAME_SEQUENCE ? itsm__file_replay_sequence(file, &op, frame->commit_no)
                                             : itsm__file_replay_op(file, &op, body_at);
        if (rc) return rc;
    }
    if (rc != ITSM_DONE) return rc;
    rc = replay_audit(file, frame, &cursor, at);
    if (rc) return rc;
    file->end = at + frame->length, file->commit_no = frame->commit_no;
    file->closed = frame->kind == ITSM__FRAME_CLOSE;
    return ITSM_OK;
}

static itsm_status cannot_replay(itsm__file *file, itsm_ctx *ctx, itsm_status rc, uint64_t at, const reader *r)
{
    if (rc == ITSM_E_NOMEM) return rc;
    if (rc != ITSM_E_CORRUPT)
        return itsm__issue(ctx, rc, itsm_str_c(file->path), no_text, no_text, "cannot read %s at byte %u: %s",
                           file->path, at, r->note.text);
    return itsm__issue(ctx, rc, itsm_str_c(file->path), no_text, no_text,
                       "%s: commit %u at byte %u has a good checksum but does not fit what is before it", file->path,
                       file->commit_no + 1, at);
}

/* All frames from file->end on while they follow one another. */
static itsm_status replay_all(reader *r, itsm_ctx *ctx, itsm__merkle_hash *root)
{
    itsm__file *file = r->file;
    itsm__frame frame;
    itsm_status rc;
    while ((rc = frame_at(r, file->end, &frame)) == ITSM_OK) {
        if (frame.commit_no != file->commit_no + 1) break;
        uint64_t at = file->end;
        rc = replay(file, &frame, at);
        if (rc) return cannot_replay(file, ctx, rc, at, r);
        *root = frame.root;
    }
    return rc < 0 ? cannot_replay(file, ctx, rc, file->end, r) : ITSM_OK;
}

/* What is behind the last good frame ------------------------------------------------------------------------------ */

typedef struct tail {
    int dirty;   /* not all zeros */
    int damage;  /* a commit that was acknowledged is bad, or there is no telling */
    int resumes; /* a later whole frame was found ... */
    uint64_t at; /* ... here */
    itsm__frame next;
} tail;

/* A multiple of 8 bytes onwards from `offset` where something other than zeros stands, or the length. */
static itsm_status skip_zeros(reader *r, uint64_t *offset)
{
    static const unsigned char zeros[8] = {0};
    while (*offset < r->length) {
        const unsigned char *p = NULL;
        uint64_t left = r->length - *offset;
        size_t n = left < 4096 ? (size_t)left : 4096, i = 0;
        itsm_status rc = reader_at(r, *offset, n, &p);
        if (rc) return rc;
        while (n - i >= 8 && !memcmp(p + i, zeros, 8)) i += 8;
        *offset += i;
        if (n - i >= 8 || (n - i && memcmp(p + i, zeros, n - i))) return ITSM_OK;
        if (n - i) *offset += n - i;
    }
    return ITSM_OK;
}

/* Look for whole frames from `from` on that follow the first bad commit; stops at the first that proves damage. */
static itsm_status examine(reader *r, uint64_t from, tail *t)
{
    uint64_t bad = r->file->commit_no + 1, at = from;
    itsm__frame frame;
    itsm_status rc;
    memset(t, 0, sizeof *t);
    while (!(rc = skip_zeros(r, &at)) && at < r->length) {
        t->dirty = 1;
        rc = frame_at(r, at, &frame);
        if (rc < 0) return rc;
        if (r->exhausted) {
            t->damage = 1;
            return ITSM_OK;
        }
        if (rc || frame.commit_no < bad) {
            at += 8;
            continue;
        }
        if (!t->resumes) t->resumes = 1, t->at = at, t->next = frame;
        if (frame.durable_no >= bad || frame.kind == ITSM__FRAME_CLOSE) {
            t->damage = 1;
            return ITSM_OK;
        }
        at += frame.length;
    }
    return rc;
}

static itsm_status damaged(itsm__file *file, itsm_ctx *ctx, uint64_t at)
{
    return itsm__issue(ctx, ITSM_E_CORRUPT, itsm_str_c(file->path), no_text, no_text,
                       "%s: commit %u at byte %u is damaged, and it was on the disk: nothing was changed; "
                       "open it for salvage to read the rest",
                       file->path, file->commit_no + 1, at);
}

/* Take all later whole frames, damage or not. */
static itsm_status salvage_rest(reader *r, itsm_ctx *ctx, tail *t)
{
    itsm__file *file = r->file;
    itsm__merkle_hash root;
    itsm_status rc = ITSM_OK;
    while (!rc && t->resumes) {
        if (!file->missing_from) file->missing_from = file->commit_no + 1;
        file->end = t->at, file->commit_no = t->next.commit_no - 1;
        rc = replay_all(r, ctx, &root);
        if (!rc) rc = examine(r, file->end, t);
    }
    return rc;
}

/* Recovery -------------------------------------------------------------------------------------------------------- */

static itsm_status read_header(reader *r, itsm_ctx *ctx, int salvage)
{
    itsm__file *file = r->file;
    const unsigned char *p = NULL;
    itsm_status rc = ITSM_E_CORRUPT;
    if (r->length >= ITSM__LOG_HEADER) {
        rc = reader_at(r, 0, ITSM__LOG_HEADER, &p);
        if (rc) return cannot_replay(file, ctx, rc, 0, r);
        rc = itsm__log_header_read(&file->header, p);
    }
    if (rc == ITSM_E_CORRUPT && salvage && r->length >= ITSM__LOG_HEADER + ITSM__FRAME_HEAD) {
        memset(&file->header, 0, sizeof file->header); /* the frames carry what is needed to read them */
        rc = reader_at(r, ITSM__LOG_HEADER, ITSM__FRAME_HEAD, &p);
        if (rc) return cannot_replay(file, ctx, rc, 0, r);
        file->header.salt = itsm__le64(p + 16), file->header.first_commit = itsm__le64(p + 24);
        file->missing_from = file->header.first_commit ? file->header.first_commit : 1;
        if (!file->header.first_commit) file->header.first_commit = 1;
    }
    if (rc == ITSM_E_VERSION)
        return itsm__issue(ctx, rc, itsm_str_c(file->path), no_text, no_text,
                           "%s was written by a newer version: format %u.%u, features %x", file->path,
                           (uint64_t)file->header.major, (uint64_t)file->header.minor, file->header.incompatible);
    if (rc)
        return itsm__issue(ctx, rc, itsm_str_c(file->path), no_text, no_text,
                           "%s: its first %u bytes are not the beginning of a log, or damaged", file->path,
                           (uint64_t)ITSM__LOG_HEADER);
    if (file->header.read_only & ~ITSM__LOG_READ_ONLY_KNOWN && !file->read_only)
        file->read_only = 1, file->read_only_why = "the store uses features of a newer version: it can only be read";
    return ITSM_OK;
}

/* Cut what a stopped write left behind, and make all before it durable. */
static itsm_status settle_tail(reader *r, itsm_ctx *ctx, const tail *t)
{
    itsm__file *file = r->file;
    const itsm_io *io = file->io;
    itsm_status rc = ITSM_OK;
    file->allocated = r->length;
    if (t->dirty || r->length < file->end) {
        rc = io->truncate(io->self, file->log->handle, file->end, &r->note);
        file->allocated = file->end;
    }
    if (!rc) rc = io->sync(io->self, file->log->handle, &r->note);
    if (rc)
        return itsm__issue(ctx, rc, itsm_str_c(file->path), no_text, no_text, "cannot make %s ready for writing: %s",
                           file->path, r->note.text);
    file->durable_no = file->commit_no;
    return ITSM_OK;
}

static itsm_status recover(reader *r, itsm_ctx *ctx, int salvage)
{
    itsm__file *file = r->file;
    itsm__merkle_hash root, stored;
    tail t;
    itsm_status rc = read_header(r, ctx, salvage);
    if (rc) return rc;
    r->salt = file->header.salt;
    file->end = ITSM__LOG_HEADER, file->commit_no = file->header.first_commit - 1;
    itsm__merkle_root(&stored, &file->merkle);
    rc = replay_all(r, ctx, &stored);
    if (!rc) rc = examine(r, file->end, &t);
    if (!rc && t.damage) { /* a writer may have been between the two looks: look again before crying out */
        r->buf.n = 0;
        rc = replay_all(r, ctx, &stored);
        if (!rc) rc = examine(r, file->end, &t);
    }
    if (rc) return rc == ITSM_E_CORRUPT || ctx == NULL ? rc : cannot_replay(file, ctx, rc, file->end, r);
    itsm__merkle_root(&root, &file->merkle);
    if (!file->missing_from && memcmp(root.b, stored.b, sizeof root.b))
        return itsm__issue(ctx, ITSM_E_CORRUPT, itsm_str_c(file->path), no_text, no_text,
                           "%s: the audit entries do not give the root written at commit %u", file->path,
                           file->commit_no);
    if (salvage) return salvage_rest(r, ctx, &t);
    if (t.damage) return damaged(file, ctx, file->end);
    return file->read_only ? ITSM_OK : settle_tail(r, ctx, &t);
}

itsm_status itsm__file_recover(itsm__file *file, itsm_ctx *ctx, int salvage)
{
    reader r = {file, file->log, ITSM_BUF_INIT, 0, 0, 0, UINT64_MAX, 0, {{0}}};
    r.buf.alloc = file->memory.fn, r.buf.alloc_user = file->memory.user;
    itsm_status rc = file->io->length(file->io->self, file->log->handle, &r.length, &r.note);
    if (rc) return cannot_replay(file, ctx, rc, 0, &r);
    r.budget = r.length < UINT64_MAX / 8 ? r.length * 4 + ITSM__FRAME_MAX : UINT64_MAX;
    itsm__tree_begin(&file->tree);
    rc = recover(&r, ctx, salvage);
    if (rc) itsm__tree_abort(&file->tree);
    else itsm__tree_commit(&file->tree);
    itsm_buf_clear(&r.buf);
    return rc;
}

itsm_status itsm__file_check(itsm__file *file, const itsm_call *call)
{
    reader r = {file, NULL, ITSM_BUF_INIT, 0, 0, 0, UINT64_MAX, 0, {{0}}};
    r.buf.alloc = file->memory.fn, r.buf.alloc_user = file->memory.user;
    itsm__file_lock(file);
    r.log = file->log;
    itsm__refcount_take(&r.log->shares);
    uint64_t end = file->end, commit = file->header.first_commit, last = file->commit_no;
    uint64_t missing = file->missing_from, salt = file->header.salt;
    itsm__file_unlock(file);
    uint64_t at = ITSM__LOG_HEADER;
    itsm__frame frame;
    itsm_status rc = ITSM_OK;
    if (missing) rc = itsm__file_say(call, ITSM_E_CORRUPT, "commits from %u on are missing", missing);
    for (r.length = end, r.salt = salt; !rc && commit <= last; commit++, at += frame.length) {
        rc = frame_at(&r, at, &frame);
        if (rc == ITSM_NOTHING || (!rc && frame.commit_no != commit))
            rc = itsm__file_say(call, ITSM_E_CORRUPT, "commit %u at byte %u of the log is damaged", commit, at);
        else if (rc) itsm__file_say(call, rc, "cannot read the log at byte %u: %s", at, r.note.text);
    }
    itsm_buf_clear(&r.buf);
    itsm__file_log_free(file, r.log);
    return rc;
}
