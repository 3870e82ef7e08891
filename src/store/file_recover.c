/* SPDX-License-Identifier: MIT */
/*
 * Reading a log back.
 *
 * Frames are taken from the beginning while salt, CRC and number hold.  What stands behind the last good one of the last
 * log is either the rest of a write that was cut short, or damage; the frames behind it tell.  A frame says how far the
 * log was known to be on the disk when it was written: so when a whole frame is found that knows the first bad commit to
 * be synced, or a closing frame, that commit was acknowledged and is lost: ITSM_E_CORRUPT, nothing is touched.  Otherwise
 * nobody was told that it had been done: it is cut off.  The limit of this: damage in the last commits before an unclean
 * stop, with nothing behind them, looks like a write cut short.  A log that another one follows was synced whole before
 * that one was begun: there, every bad commit is damage.
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

typedef itsm__file_reader reader;

void itsm__file_reader_init(reader *r, const itsm__file *file, const itsm__file_part *part, uint64_t length)
{
    memset(r, 0, sizeof *r);
    r->file = file, r->part = part, r->length = length;
    r->budget = length < UINT64_MAX / 8 ? length * 4 + ITSM__FRAME_MAX : UINT64_MAX;
    r->buf.alloc = file->memory.fn, r->buf.alloc_user = file->memory.user;
}

void itsm__file_reader_clear(reader *r)
{
    itsm_buf_clear(&r->buf);
}

itsm_status itsm__file_reader_at(reader *r, uint64_t offset, size_t n, const unsigned char **out)
{
    if (offset < r->offset || offset - r->offset > r->buf.n || n > r->buf.n - (size_t)(offset - r->offset)) {
        uint64_t left = r->length - offset;
        size_t want = n > READ_AT_ONCE ? n : READ_AT_ONCE;
        if (want > left) want = (size_t)left;
        r->buf.n = 0;
        itsm_status rc = itsm__buf_reserve(&r->buf, want);
        if (!rc) rc = itsm__file_pread(r->file, r->part, offset, r->buf.p, want, &r->note);
        if (rc) return rc;
        r->offset = offset, r->buf.n = want;
    }
    *out = (const unsigned char *)r->buf.p + (offset - r->offset);
    return ITSM_OK;
}

/* The path of the log that is read, for messages. */
static const char *path_of(const itsm__file *file, char room[ITSM__FILE_PATH])
{
    return itsm__file_path_of(file, room, ITSM__FILE_LOG, file->header.number, "");
}

/* ITSM_OK: a whole frame stands at the offset.  ITSM_NOTHING: none does. */
static itsm_status frame_at(reader *r, uint64_t offset, itsm__frame *frame)
{
    const unsigned char *p = NULL;
    if (r->length < ITSM__FRAME_HEAD || offset > r->length - ITSM__FRAME_HEAD) return ITSM_NOTHING;
    itsm_status rc = itsm__file_reader_at(r, offset, ITSM__FRAME_HEAD, &p);
    if (rc) return rc;
    if (!itsm__frame_peek(frame, p, r->part->salt) || frame->length > r->length - offset) return ITSM_NOTHING;
    rc = itsm__file_reader_at(r, offset, frame->length, &p);
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
    char path[ITSM__FILE_PATH];
    if (rc == ITSM_E_NOMEM) return rc;
    itsm_str where = itsm_str_c(path_of(file, path));
    if (rc != ITSM_E_CORRUPT)
        return itsm__issue(ctx, rc, where, no_text, no_text, "cannot read %s at byte %u: %s", path, at, r->note.text);
    return itsm__issue(ctx, rc, where, no_text, no_text,
                       "%s: commit %u at byte %u has a good checksum but does not fit what is before it", path,
                       file->commit_no + 1, at);
}

/* All frames from file->end on while they follow one another. */
static itsm_status replay_all(itsm__file *file, reader *r, itsm_ctx *ctx, itsm__merkle_hash *root)
{
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
        itsm_status rc = itsm__file_reader_at(r, *offset, n, &p);
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
    char path[ITSM__FILE_PATH];
    return itsm__issue(ctx, ITSM_E_CORRUPT, itsm_str_c(path_of(file, path)), no_text, no_text,
                       "%s: commit %u at byte %u is damaged, and it was on the disk: nothing was changed; "
                       "open it for salvage to read the rest",
                       path, file->commit_no + 1, at);
}

/* Take all later whole frames, damage or not. */
static itsm_status salvage_rest(itsm__file *file, reader *r, itsm_ctx *ctx, tail *t)
{
    itsm__merkle_hash root;
    itsm_status rc = ITSM_OK;
    while (!rc && t->resumes) {
        if (!file->missing_from) file->missing_from = file->commit_no + 1;
        file->end = t->at, file->commit_no = t->next.commit_no - 1;
        rc = replay_all(file, r, ctx, &root);
        if (!rc) rc = examine(r, file->end, t);
    }
    return rc;
}

/* Recovery -------------------------------------------------------------------------------------------------------- */

/* Cut what a stopped write left behind, and make all before it durable. */
static itsm_status settle_tail(itsm__file *file, reader *r, itsm_ctx *ctx, const tail *t)
{
    const itsm_io *io = file->io;
    char path[ITSM__FILE_PATH];
    itsm_status rc = ITSM_OK;
    file->allocated = r->length;
    if (t->dirty || r->length < file->end) {
        rc = io->truncate(io->self, file->log->handle, file->end, &r->note);
        file->allocated = file->end;
    }
    if (!rc) rc = io->sync(io->self, file->log->handle, &r->note);
    if (rc)
        return itsm__issue(ctx, rc, itsm_str_c(path_of(file, path)), no_text, no_text,
                           "cannot make %s ready for writing: %s", path, r->note.text);
    file->durable_no = file->commit_no;
    return ITSM_OK;
}

/* A log that another follows: what is in it up to that one was on the disk. */
static itsm_status reach(itsm__file *file, reader *r, itsm_ctx *ctx, uint64_t until, int salvage, tail *t)
{
    if (file->commit_no + 1 == until) return ITSM_OK;
    if (!salvage) return damaged(file, ctx, file->end);
    itsm_status rc = salvage_rest(file, r, ctx, t);
    if (rc || file->commit_no + 1 == until) return rc;
    if (!file->missing_from) file->missing_from = file->commit_no + 1;
    file->commit_no = until - 1;
    return ITSM_OK;
}

static itsm_status recover(itsm__file *file, reader *r, itsm_ctx *ctx, uint64_t until, int salvage)
{
    itsm__merkle_hash root, stored;
    char path[ITSM__FILE_PATH];
    tail t;
    itsm__merkle_root(&stored, &file->merkle);
    itsm_status rc = replay_all(file, r, ctx, &stored);
    if (!rc) rc = examine(r, file->end, &t);
    uint64_t seen = 0;
    while (!rc && t.damage && file->read_only &&
           seen != file->commit_no) { /* a writer may have been between two looks */
        seen = file->commit_no, r->buf.n = 0;
        rc = replay_all(file, r, ctx, &stored);
        if (!rc) rc = examine(r, file->end, &t);
    }
    if (rc) return rc == ITSM_E_CORRUPT || ctx == NULL ? rc : cannot_replay(file, ctx, rc, file->end, r);
    itsm__merkle_root(&root, &file->merkle);
    if (!file->missing_from && memcmp(root.b, stored.b, sizeof root.b))
        return itsm__issue(ctx, ITSM_E_CORRUPT, itsm_str_c(path_of(file, path)), no_text, no_text,
                           "%s: the audit entries do not give the root written at commit %u", path, file->commit_no);
    if (until) return reach(file, r, ctx, until, salvage, &t);
    if (salvage) return salvage_rest(file, r, ctx, &t);
    if (t.damage) return damaged(file, ctx, file->end);
    return file->read_only ? ITSM_OK : settle_tail(file, r, ctx, &t);
}

itsm_status itsm__file_recover(itsm__file *file, itsm_ctx *ctx, uint64_t until, int salvage)
{
    reader r;
    itsm__file_reader_init(&r, file, file->log, 0);
    itsm_status rc = file->io->length(file->io->self, file->log->handle, &r.length, &r.note);
    if (!rc && r.length < file->end) rc = ITSM_E_CORRUPT;
    if (rc) return cannot_replay(file, ctx, rc, file->end, &r);
    itsm__file_reader_init(&r, file, file->log, r.length);
    rc = recover(file, &r, ctx, until, salvage);
    itsm__file_reader_clear(&r);
    return rc;
}

itsm_status itsm__file_check_log(itsm__file *file, const itsm_call *call, const itsm__file_part *part, uint64_t end,
                                 uint64_t *next)
{
    reader r;
    itsm__frame frame;
    uint64_t number = part->source / 2;
    itsm_status rc = ITSM_OK;
    itsm__file_reader_init(&r, file, part, end);
    for (uint64_t at = ITSM__LOG_HEADER; !rc && at < end; at += frame.length, ++*next) {
        rc = frame_at(&r, at, &frame);
        if (rc == ITSM_NOTHING || (!rc && frame.commit_no != *next))
            rc = itsm__file_say(call, ITSM_E_CORRUPT, "commit %u at byte %u of log-%u is damaged", *next, at, number);
        else if (rc) itsm__file_say(call, rc, "cannot read log-%u at byte %u: %s", number, at, r.note.text);
        if (rc) break;
    }
    itsm__file_reader_clear(&r);
    return rc;
}
