/* SPDX-License-Identifier: MIT */
/*
 * Copying a file store while it is written: the checkpoint, the audit entries that belong to it, the logs behind it up to
 * the last commit at the moment the call began, and a closing frame, so that damage to the copy can be told from a write
 * cut short.
 *
 * What is copied never changes in the files, and the files stay open as long as the copy takes; the lock is held for a
 * moment at the beginning only.  Every file is written under another name and synced; then they get their names, the newest log
 * first and the checkpoint last: what is there of a copy that was stopped does not open.  Every byte copied is compared
 * with its checksum, by reading the copy.
 *
 * O(bytes copied).
 */
#include "store/file.h"

#include "base/ctx.h"

#define COPY ".copy" /* behind the name of a file that is being copied */

enum { PIECE = 1 << 20, FILES_MAX = 64 };

static const itsm_str no_text = {NULL, 0};

typedef struct work {
    itsm__file *file; /* the store */
    itsm__file to;    /* only its path and its functions are used */
    itsm_ctx *ctx;
    itsm__file_set *set;
    uint64_t checkpoint, audit_end, end; /* of the last log */
    itsm_buf closing, room;
    itsm_io_note note;
} work;

static itsm_status cannot(work *w, itsm_status rc, const char *what, const char *path)
{
    if (rc == ITSM_E_NOMEM) return rc;
    return itsm__issue(w->ctx, rc < 0 ? rc : ITSM_E_IO, itsm_str_c(path), no_text, no_text, "cannot %s %s: %s", what,
                       path, w->note.text);
}

/* What to copy ----------------------------------------------------------------------------------------------------- */

/* The closing frame of the copy; with the lock held. */
static itsm_status make_closing(work *w)
{
    const itsm__file *file = w->file;
    itsm__frame head;
    memset(&head, 0, sizeof head);
    head.kind = ITSM__FRAME_CLOSE, head.salt = file->header.salt;
    head.commit_no = file->commit_no + 1, head.durable_no = file->commit_no;
    head.audit_size = file->merkle.size;
    itsm__merkle_root(&head.root, &file->merkle);
    itsm_status rc = itsm__frame_begin(&w->closing);
    return rc ? rc : itsm__frame_end(&w->closing, &head);
}

static itsm_status take(work *w, const itsm_call *call)
{
    itsm__file *file = w->file;
    itsm_status rc = ITSM_OK;
    itsm__file_lock(file);
    if (!file->read_only) rc = itsm__file_sync_to(file, call, file->commit_no);
    if (!rc) rc = make_closing(w);
    if (!rc) {
        w->set = file->set, w->end = file->end, w->checkpoint = file->checkpoint, w->audit_end = file->audit_end;
        itsm__refcount_take(&w->set->shares);
    }
    itsm__file_unlock(file);
    return rc;
}

/* The name a part has, and up to where it is copied; NULL: it is not needed. */
static const char *name_of(const work *w, size_t i, char room[ITSM__FILE_PATH], const char *suffix, uint64_t *end)
{
    const itsm__file_part *part = w->set->part[i];
    const uint32_t base = itsm__file_source_of_checkpoint(w->checkpoint);
    if (part->source == ITSM__FILE_SOURCE_AUDIT) { /* its end moves on with the next checkpoint */
        if (!w->audit_end) return NULL;
        *end = w->audit_end;
        itsm__file_path(&w->to, room, ITSM__FILE_AUDIT);
        size_t n = strlen(room);
        memcpy(room + n, suffix, strlen(suffix) + 1);
        return room;
    }
    *end = i + 1 < w->set->n ? part->end : w->end;
    if (part->source < base || (part->source % 2 == 0 && part->source != base)) return NULL;
    return itsm__file_path_of(&w->to, room, part->source % 2 ? ITSM__FILE_LOG : ITSM__FILE_CHECKPOINT, part->source / 2,
                              suffix);
}

/* Copying --------------------------------------------------------------------------------------------------------- */

static itsm_status copy_bytes(work *w, void *handle, const itsm__file_part *part, uint64_t end)
{
    w->room.n = 0;
    itsm_status rc = itsm__buf_reserve(&w->room, PIECE);
    for (uint64_t at = 0; at < end && !rc;) {
        size_t n = end - at < PIECE ? (size_t)(end - at) : PIECE;
        rc = itsm__file_pread(w->file, part, at, w->room.p, n, &w->note);
        if (!rc) rc = itsm__file_pwrite(w->file->io, handle, at, w->room.p, n, &w->note);
        at += n;
    }
    return rc;
}

static itsm_status copy_part(work *w, size_t i)
{
    char path[ITSM__FILE_PATH];
    const itsm_io *io = w->file->io;
    void *handle = NULL;
    uint64_t end = 0;
    if (!name_of(w, i, path, COPY, &end)) return ITSM_OK;
    itsm_status rc =
        io->open(io->self, &handle, path, ITSM_IO_READ | ITSM_IO_WRITE | ITSM_IO_CREATE | ITSM_IO_EXCLUSIVE, &w->note);
    if (rc) return cannot(w, rc, "write", path);
    rc = copy_bytes(w, handle, w->set->part[i], end);
    if (!rc && i + 1 == w->set->n) rc = itsm__file_pwrite(io, handle, end, w->closing.p, w->closing.n, &w->note);
    if (!rc) rc = io->sync(io->self, handle, &w->note);
    io->close(io->self, handle);
    return rc ? cannot(w, rc, "write", path) : ITSM_OK;
}

static itsm_status name_part(work *w, size_t i)
{
    char from[ITSM__FILE_PATH], to[ITSM__FILE_PATH];
    uint64_t end;
    if (!name_of(w, i, from, COPY, &end)) return ITSM_OK;
    (void)name_of(w, i, to, "", &end);
    itsm_status rc = w->file->io->rename(w->file->io->self, from, to, &w->note);
    return rc ? cannot(w, rc, "write", to) : ITSM_OK;
}

/* Logs from the newest to the oldest, the rest behind them. */
static itsm_status name_all(work *w)
{
    itsm_status rc = ITSM_OK;
    for (size_t i = w->set->n; i-- > 0 && !rc;)
        if (w->set->part[i]->source % 2 && w->set->part[i]->source != ITSM__FILE_SOURCE_AUDIT) rc = name_part(w, i);
    for (size_t i = 0; i < w->set->n && !rc; i++)
        if (w->set->part[i]->source % 2 == 0 || w->set->part[i]->source == ITSM__FILE_SOURCE_AUDIT)
            rc = name_part(w, i);
    return rc;
}

/* What is left of a copy that failed; best effort. */
static void remove_all(work *w)
{
    char path[ITSM__FILE_PATH];
    uint64_t end;
    for (size_t i = 0; i < w->set->n; i++) {
        if (!name_of(w, i, path, COPY, &end)) continue;
        (void)w->file->io->unlink(w->file->io->self, path, NULL);
        (void)name_of(w, i, path, "", &end);
        (void)w->file->io->unlink(w->file->io->self, path, NULL);
    }
}

static itsm_status see_any(void *user, const char *name)
{
    (void)name;
    *(int *)user = 1;
    return ITSM_OK;
}

static itsm_status make_directory(work *w)
{
    const itsm_io *io = w->file->io;
    int found = 0;
    itsm_status rc = io->mkdir(io->self, w->to.path, &w->note);
    if (rc == ITSM_NOTHING) {
        rc = io->list(io->self, w->to.path, see_any, &found, &w->note);
        if (!rc && found)
            return itsm__issue(w->ctx, ITSM_E_BUSY, itsm_str_c(w->to.path), no_text, no_text,
                               "%s is not empty: nothing is written into it", w->to.path);
    }
    return rc ? cannot(w, rc, "make", w->to.path) : ITSM_OK;
}

/* Read the copy as a store, which compares all of it with its checksums. */
static itsm_status check_copy(work *w)
{
    itsm_store *store = NULL;
    itsm_file_options options = ITSM_FILE_OPTIONS_INIT;
    options.flags = ITSM_FILE_READONLY;
    itsm_status rc = itsm_store_file(&store, w->ctx, w->file->io, itsm_str_c(w->to.path), &options);
    if (!rc) rc = itsm_store_maintain(w->ctx, store, ITSM_MAINTAIN_CHECK, NULL);
    itsm_store_free(store);
    return rc;
}

static itsm_status copy_all(work *w)
{
    const itsm_io *io = w->file->io;
    itsm_status rc = make_directory(w);
    if (rc) return rc;
    for (size_t i = 0; i < w->set->n && !rc; i++) rc = copy_part(w, i);
    if (!rc) rc = name_all(w);
    if (!rc && (rc = io->sync_dir(io->self, w->to.path, &w->note))) rc = cannot(w, rc, "sync", w->to.path);
    if (!rc && (rc = itsm__file_sync_parent(&w->to, &w->note))) rc = cannot(w, rc, "sync", w->to.path);
    if (!rc) rc = check_copy(w);
    if (rc) remove_all(w);
    return rc;
}

/* Public ---------------------------------------------------------------------------------------------------------- */

static itsm_status misuse(itsm_ctx *ctx, const char *why)
{
    return itsm__issue(ctx, ITSM_E_MISUSE, no_text, no_text, no_text, "%s", why);
}

itsm_status itsm_file_backup(itsm_ctx *ctx, itsm_store *store, itsm_str path)
{
    char room[ITSM__FILE_PATH_MAX + 1], message[256] = "";
    itsm_call call = ITSM_CALL_INIT;
    work w;
    itsm__issues_clear(ctx);
    memset(&w, 0, sizeof w);
    w.file = itsm__file_of(store), w.ctx = ctx;
    if (!ctx) return ITSM_E_MISUSE;
    if (!w.file) return misuse(ctx, "only a file store is copied so");
    if (!path.n || memchr(path.p, 0, path.n)) return misuse(ctx, "the path of a store is empty or holds a NUL");
    if (path.n > ITSM__FILE_PATH_MAX)
        return itsm__issue(ctx, ITSM_E_LIMIT, no_text, no_text, no_text, "the path of a store has more than %z bytes",
                           (size_t)ITSM__FILE_PATH_MAX);
    while (path.n > 1 && path.p[path.n - 1] == '/') path.n--;
    memcpy(room, path.p, path.n), room[path.n] = 0;
    w.to.path = room, w.to.path_n = path.n, w.to.io = w.file->io;
    w.closing.alloc = w.room.alloc = w.file->memory.fn;
    w.closing.alloc_user = w.room.alloc_user = w.file->memory.user;
    call.message = message, call.message_size = sizeof message;
    itsm_status rc = take(&w, &call);
    if (rc && message[0]) rc = itsm__issue(ctx, rc, itsm_store_name(store), no_text, no_text, "%s", message);
    if (!rc) rc = copy_all(&w);
    itsm__file_set_free(w.file, w.set);
    itsm_buf_clear(&w.closing), itsm_buf_clear(&w.room);
    return rc;
}
