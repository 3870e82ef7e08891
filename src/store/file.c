/* SPDX-License-Identifier: MIT */
/*
 * The file store: a directory with LOCK and log-1.  Here it is found, made, locked, opened and closed; file.h names the
 * files that do the rest.
 *
 * Opening for writing takes the lock first, for as long as the store is open; a new log is written under another name,
 * synced and renamed, so that there never is half a one; the directory and the one it stands in are synced each time,
 * since an opening before this one may have been killed in between.  Opening for reading takes no lock and writes
 * nothing: it sees the whole commits that are there at that moment.
 *
 * O(bytes of the log) to open, O(entries) to close.  Nothing may be called after close; views are closed before.
 */
#include "store/file.h"

static const itsm_str no_text = {NULL, 0};
static const char lock_name[] = "LOCK", log_name[] = ITSM__FILE_LOG, new_name[] = ITSM__FILE_NEW;

enum { NAME_ROOM = 16, PATH_MAX_BYTES = 4000, PREALLOCATE = 4 << 20, RELAXED_COMMITS = 100 };

static itsm_status cannot(itsm__file *file, itsm_ctx *ctx, itsm_status rc, const char *what, const itsm_io_note *note)
{
    if (rc == ITSM_E_NOMEM) return rc;
    return itsm__issue(ctx, rc < 0 ? rc : ITSM_E_IO, itsm_str_n(file->path, file->path_n), no_text, no_text,
                       "cannot %s %s: %s", what, file->path, note->text);
}

/* Paths ----------------------------------------------------------------------------------------------------------- */

const char *itsm__file_path(itsm__file *file, const char *name)
{
    size_t n = strlen(name);
    file->path[file->path_n] = n ? '/' : 0;
    memcpy(file->path + file->path_n + (n ? 1 : 0), name, n + 1);
    return file->path;
}

static itsm_status sync_parent(itsm__file *file, itsm_io_note *note)
{
    const itsm_io *io = file->io;
    size_t n = file->path_n;
    itsm__file_path(file, "");
    while (n > 1 && file->path[n - 1] == '/') n--;
    while (n && file->path[n - 1] != '/') n--;
    while (n > 1 && file->path[n - 1] == '/') n--;
    if (!n) return io->sync_dir(io->self, ".", note);
    char kept = file->path[n];
    file->path[n] = 0;
    itsm_status rc = io->sync_dir(io->self, file->path, note);
    file->path[n] = kept;
    return rc;
}

/* What is there ---------------------------------------------------------------------------------------------------- */

typedef struct contents {
    int log, others;
} contents;

static itsm_status see_name(void *user, const char *name)
{
    contents *found = user;
    if (!strcmp(name, log_name)) found->log = 1;
    else if (strcmp(name, lock_name) && strcmp(name, new_name)) found->others = 1;
    return ITSM_OK;
}

/* ITSM_OK: there is a log; ITSM_NOTHING: nothing at all, or what an interrupted creation left. */
static itsm_status look(itsm__file *file, itsm_ctx *ctx)
{
    contents found = {0, 0};
    itsm_io_note note;
    itsm_status rc = file->io->list(file->io->self, itsm__file_path(file, ""), see_name, &found, &note);
    if (rc == ITSM_E_NOT_FOUND) return ITSM_NOTHING;
    if (rc) return cannot(file, ctx, rc, "look into", &note);
    if (found.log) return ITSM_OK;
    if (!found.others) return ITSM_NOTHING;
    return itsm__issue(ctx, ITSM_E_CORRUPT, itsm_str_n(file->path, file->path_n), no_text, no_text,
                       "%s is not a store: it has other files and no log", itsm__file_path(file, ""));
}

/* Creation -------------------------------------------------------------------------------------------------------- */

static itsm_status write_header(itsm__file *file, void *handle, itsm_io_note *note)
{
    unsigned char bytes[ITSM__LOG_HEADER];
    itsm__log_header_write(bytes, &file->header);
    itsm_status rc = file->io->truncate(file->io->self, handle, 0, note);
    if (!rc) rc = itsm__file_pwrite(file->io, handle, 0, bytes, sizeof bytes, note);
    return rc ? rc : file->io->sync(file->io->self, handle, note);
}

static itsm_status create(itsm__file *file, itsm_ctx *ctx)
{
    const itsm_io *io = file->io;
    char from[PATH_MAX_BYTES + NAME_ROOM];
    unsigned char random[24];
    void *handle = NULL;
    itsm_io_note note;
    itsm_status rc = itsm__ctx_random(ctx, random, sizeof random);
    if (rc)
        return itsm__issue(ctx, rc, no_text, no_text, no_text, "a new store needs random numbers, and there are none");
    memset(&file->header, 0, sizeof file->header);
    file->header.major = ITSM__LOG_MAJOR, file->header.minor = ITSM__LOG_MINOR;
    memcpy(file->header.store, random, 16);
    file->header.salt = itsm__le64(random + 16), file->header.number = 1, file->header.first_commit = 1;

    rc = io->open(io->self, &handle, itsm__file_path(file, new_name), ITSM_IO_READ | ITSM_IO_WRITE | ITSM_IO_CREATE,
                  &note);
    if (rc) return cannot(file, ctx, rc, "create", &note);
    rc = write_header(file, handle, &note);
    io->close(io->self, handle);
    if (rc) return cannot(file, ctx, rc, "write", &note);
    memcpy(from, file->path, strlen(file->path) + 1);
    rc = io->rename(io->self, from, itsm__file_path(file, log_name), &note);
    return rc ? cannot(file, ctx, rc, "create", &note) : ITSM_OK;
}

/* Opening --------------------------------------------------------------------------------------------------------- */

static itsm_status take_lock(itsm__file *file, itsm_ctx *ctx)
{
    const itsm_io *io = file->io;
    itsm_io_note note;
    itsm_status rc = io->open(io->self, &file->lock, itsm__file_path(file, lock_name),
                              ITSM_IO_READ | ITSM_IO_WRITE | ITSM_IO_CREATE, &note);
    if (rc) return cannot(file, ctx, rc, "open", &note);
    rc = io->lock(io->self, file->lock, &note);
    if (rc == ITSM_E_BUSY)
        return itsm__issue(ctx, rc, itsm_str_n(file->path, file->path_n), no_text, no_text,
                           "the store %s is open already, in this process or in another", itsm__file_path(file, ""));
    return rc ? cannot(file, ctx, rc, "lock", &note) : ITSM_OK;
}

static itsm_status not_found(itsm__file *file, itsm_ctx *ctx)
{
    return itsm__issue(ctx, ITSM_E_NOT_FOUND, itsm_str_n(file->path, file->path_n), no_text, no_text,
                       "there is no store at %s", itsm__file_path(file, ""));
}

static itsm_status open_to_write(itsm__file *file, itsm_ctx *ctx, int existing)
{
    const itsm_io *io = file->io;
    itsm_io_note note;
    itsm_status rc = look(file, ctx);
    if (rc == ITSM_NOTHING && existing) return not_found(file, ctx);
    if (rc < 0) return rc;
    rc = io->mkdir(io->self, itsm__file_path(file, ""), &note);
    if (rc < 0) return cannot(file, ctx, rc, "make", &note);
    rc = take_lock(file, ctx);
    if (!rc) rc = look(file, ctx); /* again: another may have made it before the lock was ours */
    if (rc == ITSM_NOTHING) rc = create(file, ctx);
    if (rc) return rc;
    rc = io->sync_dir(io->self, itsm__file_path(file, ""), &note);
    if (!rc) rc = sync_parent(file, &note);
    if (rc) return cannot(file, ctx, rc, "sync", &note);
    rc = itsm__file_log_open(file, &file->log, itsm__file_path(file, log_name), ITSM_IO_READ | ITSM_IO_WRITE, &note);
    return rc ? cannot(file, ctx, rc, "open", &note) : ITSM_OK;
}

static itsm_status open_to_read(itsm__file *file, itsm_ctx *ctx)
{
    itsm_io_note note;
    itsm_status rc = look(file, ctx);
    if (rc == ITSM_NOTHING) return not_found(file, ctx);
    if (rc) return rc;
    file->read_only = 1, file->read_only_why = "the store was opened for reading only";
    rc = itsm__file_log_open(file, &file->log, itsm__file_path(file, log_name), ITSM_IO_READ, &note);
    return rc ? cannot(file, ctx, rc, "open", &note) : ITSM_OK;
}

static itsm_status open_store(itsm__file *file, itsm_ctx *ctx, uint32_t flags)
{
    itsm_status rc = flags & ITSM_FILE_READONLY ? open_to_read(file, ctx)
                                                : open_to_write(file, ctx, (flags & ITSM_FILE_EXISTING) != 0);
    if (rc) return rc;
    rc = itsm__file_recover(file, ctx, (flags & ITSM_FILE_SALVAGE) != 0);
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
    return what == ITSM_MAINTAIN_CHECK ? itsm__file_check(self, call) : itsm__file_compact(self, call);
}

static void close_store(void *self)
{
    itsm__file *file = self;
    if (!file) return;
    const itsm_io *io = file->io;
    itsm__memory memory = file->memory;
    if (file->log && !file->read_only && !file->failed) itsm__file_close_log(file);
    for (int i = 0; i < 2; i++) itsm__file_state_close(file, &file->published[i]);
    itsm__tree_clear(&file->tree);
    itsm__file_log_free(file, file->log);
    if (file->lock) io->close(io->self, file->lock); /* last: until here the log is ours */
    itsm__free(&memory, file->sequences, file->sequence_capacity * sizeof *file->sequences);
    itsm_buf_clear(&file->frame), itsm_buf_clear(&file->scratch);
    if (file->mutex) file->mutexes.destroy(file->mutexes.self, file->mutex);
    itsm__free(&memory, file->path, file->path_size);
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
    const uint32_t known = ITSM_FILE_READONLY | ITSM_FILE_EXISTING | ITSM_FILE_SALVAGE;
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
    file->relaxed_commits = options->relaxed_commits;
    itsm__tree_init(&file->tree, &file->memory);
    itsm__merkle_init(&file->merkle);
    itsm_buf_init(&file->frame, ctx), itsm_buf_init(&file->scratch, ctx);
    file->read_only = 1; /* until it is open there is nothing to close */
    file->path_size = path.n + NAME_ROOM, file->path_n = path.n;
    file->path = itsm__alloc(&file->memory, file->path_size);
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
    if (!io || io->size < sizeof *io) return misuse(ctx, "a file store needs a table of functions for files");
    if (!path.n || memchr(path.p, 0, path.n)) return misuse(ctx, "the path of a store is empty or holds a NUL");
    if (path.n > PATH_MAX_BYTES)
        return itsm__issue(ctx, ITSM_E_LIMIT, no_text, no_text, no_text, "the path of a store has more than %z bytes",
                           (size_t)PATH_MAX_BYTES);
    while (path.n > 1 && path.p[path.n - 1] == '/') path.n--;
    itsm_status rc = take_options(&taken, ctx, options);
    if (!rc) rc = prepare(&file, ctx, io, path, &taken);
    if (rc) return rc;
    file->read_only = 0;
    rc = open_store(file, ctx, taken.flags);
    if (rc) {
        file->read_only = 1;
        close_store(file);
        return rc;
    }
    fill_methods(&methods, file);
    return itsm_store_new(out, ctx, &methods, file);
}
