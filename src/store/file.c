/* SPDX-License-Identifier: MIT */
/*
 * The file store: its options, opening, closing and its table of methods; file.h names the files that do the rest.
 *
 * Opening for writing takes the lock first, for as long as the store is open; a new log is written under another name,
 * synced and renamed, so that there never is half a one; the directory and the one it stands in are synced each time,
 * since an opening before this one may have been killed in between.  Opening for reading takes no lock and writes
 * nothing: it sees the whole commits that are there at that moment.
 *
 * O(bytes of the checkpoint and the logs behind it) to open, O(entries) to close.  Nothing may be called after close;
 * views are closed before.
 */
#include "store/file.h"
#include "store/store.h"

#include <stddef.h>

static const itsm_str no_text = {NULL, 0};

enum { PREALLOCATE = 4 << 20, RELAXED_COMMITS = 100, CHECKPOINT_BYTES = 64 << 20 };

static itsm_str where(const itsm__file *file)
{
    return itsm_str_n(file->path, file->path_n);
}

static itsm_status cannot(const itsm__file *file, itsm_ctx *ctx, itsm_status rc, const char *what, const char *path,
                          const itsm_io_note *note)
{
    if (rc == ITSM_E_NOMEM) return rc;
    return itsm__issue(ctx, rc < 0 ? rc : ITSM_E_IO, where(file), no_text, no_text, "cannot %s %s: %s", what, path,
                       note->text);
}

/* What is there ---------------------------------------------------------------------------------------------------- */

/* ITSM_OK: there is a store; ITSM_NOTHING: nothing at all, or what an interrupted creation left. */
static itsm_status look(itsm__file *file, itsm_ctx *ctx)
{
    itsm__file_names names;
    itsm_io_note note;
    itsm_status rc = itsm__file_list(file, &names, &note);
    if (rc == ITSM_E_NOT_FOUND) return ITSM_NOTHING;
    if (rc) return cannot(file, ctx, rc, "look into", file->path, &note);
    int store = names.nlog || names.ncheckpoint, others = names.others || names.audit;
    itsm__file_names_clear(file, &names);
    if (store) return ITSM_OK;
    if (!others) return ITSM_NOTHING;
    return itsm__issue(ctx, ITSM_E_CORRUPT, where(file), no_text, no_text,
                       "%s is not a store: it has other files and no log", file->path);
}

/* Creation -------------------------------------------------------------------------------------------------------- */

static itsm_status create(itsm__file *file, itsm_ctx *ctx)
{
    unsigned char random[24];
    itsm__file_part *part = NULL;
    itsm__log_header header;
    itsm_io_note note;
    itsm_status rc = itsm__ctx_random(ctx, random, sizeof random);
    if (rc)
        return itsm__issue(ctx, rc, no_text, no_text, no_text, "a new store needs random numbers, and there are none");
    memset(&header, 0, sizeof header);
    header.major = ITSM__LOG_MAJOR, header.minor = ITSM__LOG_MINOR;
    memcpy(header.store, random, 16);
    header.salt = itsm__le64(random + 16), header.number = 1, header.first_commit = 1;
    rc = itsm__file_new_log(file, &part, &header, &note);
    itsm__file_part_free(file, part);
    if (!rc) rc = itsm__file_take_name(file, ITSM__FILE_LOG, 1, &note);
    return rc ? cannot(file, ctx, rc, "make a store in", file->path, &note) : ITSM_OK;
}

/* Opening --------------------------------------------------------------------------------------------------------- */

static itsm_status not_found(itsm__file *file, itsm_ctx *ctx)
{
    return itsm__issue(ctx, ITSM_E_NOT_FOUND, where(file), no_text, no_text, "there is no store at %s", file->path);
}

/* Locks and flushes of network file systems cannot be trusted. */
static itsm_status check_locality(itsm__file *file, itsm_ctx *ctx)
{
    const itsm_io *io = file->io;
    itsm_io_note note;
    if (file->flags & ITSM_FILE_FORCE || io->size < sizeof *io || !io->locality) return ITSM_OK;
    itsm_status rc = io->locality(io->self, file->path, &note);
    if (rc < 0) return cannot(file, ctx, rc, "look at the file system of", file->path, &note);
    if (rc != ITSM_NOTHING) return ITSM_OK;
    return itsm__issue(ctx, ITSM_E_UNSUPPORTED, where(file), no_text, no_text,
                       "%s is on a network file system (%s), whose locks and flushes cannot be trusted", file->path,
                       note.text);
}

static itsm_status open_to_write(itsm__file *file, itsm_ctx *ctx)
{
    const itsm_io *io = file->io;
    itsm_io_note note;
    itsm_status rc = look(file, ctx);
    if (rc == ITSM_NOTHING && file->flags & ITSM_FILE_EXISTING) return not_found(file, ctx);
    if (rc < 0) return rc;
    rc = io->mkdir(io->self, file->path, &note);
    if (rc < 0) return cannot(file, ctx, rc, "make", file->path, &note);
    rc = check_locality(file, ctx);
    if (!rc) rc = itsm__file_take_lock(file, ctx);
    if (!rc) rc = look(file, ctx); /* again: another may have made it before the lock was ours */
    if (rc == ITSM_NOTHING) rc = create(file, ctx);
    if (rc) return rc;
    rc = io->sync_dir(io->self, file->path, &note);
    if (!rc) rc = itsm__file_sync_parent(file, &note);
    return rc ? cannot(file, ctx, rc, "sync", file->path, &note) : ITSM_OK;
}

static itsm_status open_to_read(itsm__file *file, itsm_ctx *ctx)
{
    itsm_status rc = look(file, ctx);
    if (rc == ITSM_NOTHING) return not_found(file, ctx);
    file->read_only = 1, file->read_only_why = "the store was opened for reading only";
    return rc;
}

static itsm_status open_store(itsm__file *file, itsm_ctx *ctx)
{
    itsm_status rc = file->flags & ITSM_FILE_READONLY ? open_to_read(file, ctx) : open_to_write(file, ctx);
    if (!rc) rc = itsm__file_read_chain(file, ctx, (file->flags & ITSM_FILE_SALVAGE) != 0);
    if (rc) return rc;
    file->publishes = file->durability == ITSM_FILE_FULL && !file->read_only;
    if (file->publishes) itsm__file_publish(file);
    return ITSM_OK;
}

/* Methods --------------------------------------------------------------------------------------------------------- */

static itsm_status flush(void *self, const itsm_call *call)
{
    itsm__file *file = self;
    if (file->read_only) return ITSM_OK;
    itsm__file_lock(file);
    itsm_status rc = itsm__file_sync_to(file, call, file->commit_no);
    itsm__file_unlock(file);
    return rc;
}

static itsm_status maintain(void *self, const itsm_call *call, uint32_t what)
{
    switch (what) {
    case ITSM_MAINTAIN_CHECK: return itsm__file_check(self, call);
    case ITSM_MAINTAIN_REFRESH: return itsm__file_refresh(self, call);
    case ITSM_MAINTAIN_COMPACT:
    case ITSM_MAINTAIN_CHECKPOINT: return itsm__file_checkpoint(self, call, what);
    default: return ITSM_NOTHING;
    }
}

static void close_store(void *self)
{
    itsm__file *file = self;
    if (!file) return;
    itsm__memory memory = file->memory;
    if (file->log && !file->read_only && !file->failed && itsm__file_checkpoint_pays(file))
        (void)itsm__file_checkpoint(file, NULL, ITSM_MAINTAIN_CHECKPOINT);
    if (file->log && !file->read_only && !file->failed) itsm__file_close_log(file);
    for (int i = 0; i < 2; i++) itsm__file_state_close(file, &file->published[i]);
    itsm__tree_clear(&file->tree);
    itsm__file_set_use(file, NULL);
    itsm__file_leave_lock(file); /* last: until here the log is ours */
    itsm__free(&memory, file->sequences, file->sequence_capacity * sizeof *file->sequences);
    itsm_buf_clear(&file->frame), itsm_buf_clear(&file->scratch);
    if (file->mutex) file->mutexes.destroy(file->mutexes.self, file->mutex);
    itsm__free(&memory, file->path, file->path_n + 1);
    itsm__free(&memory, file, sizeof *file);
}

static void fill_methods(itsm_store_methods *methods, const itsm__file *file)
{
    memset(methods, 0, sizeof *methods);
    methods->size = sizeof *methods, methods->contract = ITSM_STORE_CONTRACT, methods->name = "file";
    methods->caps = ITSM_CAP_SNAPSHOT | ITSM_CAP_SEAL_SYNC;
    if (file->mutex) methods->caps |= ITSM_CAP_MT;
    if (file->durability == ITSM_FILE_FULL) methods->caps |= ITSM_CAP_DURABLE;
    methods->view_open = itsm__file_view_open, methods->view_close = itsm__file_view_close;
    methods->get = itsm__file_get, methods->scan = itsm__file_scan, methods->audit_scan = itsm__file_audit_scan;
    methods->next = itsm__file_next, methods->cursor_close = itsm__file_cursor_close;
    methods->apply = itsm__file_apply, methods->reserve = itsm__file_reserve;
    methods->flush = flush, methods->maintain = maintain, methods->close = close_store;
}

/* Making one ------------------------------------------------------------------------------------------------------ */

static itsm_status misuse(itsm_ctx *ctx, const char *why)
{
    return itsm__issue(ctx, ITSM_E_MISUSE, no_text, no_text, no_text, "%s", why);
}

/* The caller's options, as far as he has them. */
static itsm_status take_options(itsm_file_options *out, itsm_ctx *ctx, const itsm_file_options *given)
{
    const uint32_t known = ITSM_FILE_READONLY | ITSM_FILE_EXISTING | ITSM_FILE_SALVAGE | ITSM_FILE_FORCE;
    memset(out, 0, sizeof *out);
    if (given) {
        if (!given->size) return misuse(ctx, "the options of a file store have no size");
        memcpy(out, given, given->size < sizeof *out ? given->size : sizeof *out);
    }
    if (out->flags & ~known || out->durability > ITSM_FILE_OFF || out->reserved)
        return misuse(ctx, "an unknown option of the file store");
    if ((out->flags & ITSM_FILE_SALVAGE) && !(out->flags & ITSM_FILE_READONLY))
        return misuse(ctx, "salvage is for reading only");
    if (out->preallocate > (uint64_t)1 << 30) return misuse(ctx, "more than 1 GiB to prepare ahead");
    if (!out->preallocate) out->preallocate = PREALLOCATE;
    if (!out->checkpoint_bytes) out->checkpoint_bytes = CHECKPOINT_BYTES;
    if (!out->relaxed_commits) out->relaxed_commits = RELAXED_COMMITS;
    return ITSM_OK;
}

static itsm_status prepare(itsm__file **out, itsm_ctx *ctx, const itsm_io *io, itsm_str path,
                           const itsm_file_options *options)
{
    itsm__file *file = itsm__alloc_zero(&ctx->memory, sizeof *file);
    if (!file) return ITSM_E_NOMEM;
    file->memory = ctx->memory, file->mutexes = ctx->mutexes, file->io = io;
    file->durability = options->durability, file->preallocate = options->preallocate;
    file->relaxed_commits = options->relaxed_commits, file->checkpoint_bytes = options->checkpoint_bytes;
    file->flags = options->flags;
    itsm__tree_init(&file->tree, &file->memory);
    itsm__merkle_init(&file->merkle), itsm__merkle_init(&file->sealed);
    itsm_buf_init(&file->frame, ctx), itsm_buf_init(&file->scratch, ctx);
    file->read_only = 1; /* until it is open there is nothing to close */
    file->path_n = path.n;
    file->path = itsm__alloc(&file->memory, path.n + 1);
    itsm_status rc = file->path ? ITSM_OK : ITSM_E_NOMEM;
    if (!rc) memcpy(file->path, path.p, path.n), file->path[path.n] = 0;
    if (!rc && file->mutexes.create) rc = file->mutexes.create(file->mutexes.self, &file->mutex);
    if (rc) {
        close_store(file);
        return rc;
    }
    *out = file;
    return ITSM_OK;
}

itsm_status itsm_store_file(itsm_store **out, itsm_ctx *ctx, const itsm_io *io, itsm_str path,
                            const itsm_file_options *options)
{
    itsm__file *file = NULL;
    itsm_file_options taken;
    itsm_store_methods methods;
    if (out) *out = NULL;
    if (!out || !ctx) return ITSM_E_MISUSE;
    itsm__issues_clear(ctx);
    if (!io || io->size < offsetof(itsm_io, locality))
        return misuse(ctx, "a file store needs a table of functions for files");
    if (!path.n || memchr(path.p, 0, path.n)) return misuse(ctx, "the path of a store is empty or holds a NUL");
    if (path.n > ITSM__FILE_PATH_MAX)
        return itsm__issue(ctx, ITSM_E_LIMIT, no_text, no_text, no_text, "the path of a store has more than %z bytes",
                           (size_t)ITSM__FILE_PATH_MAX);
    while (path.n > 1 && path.p[path.n - 1] == '/') path.n--;
    itsm_status rc = take_options(&taken, ctx, options);
    if (!rc) rc = prepare(&file, ctx, io, path, &taken);
    if (rc) return rc;
    file->read_only = 0;
    rc = open_store(file, ctx);
    if (rc) {
        file->read_only = 1;
        close_store(file);
        return rc;
    }
    fill_methods(&methods, file);
    return itsm_store_new(out, ctx, &methods, file);
}

itsm__file *itsm__file_of(const itsm_store *store)
{
    return store ? itsm__store_backend(store, close_store) : NULL;
}
