/* SPDX-License-Identifier: MIT */
/*
 * The backends the program knows.  One that keeps files names them, and the rest is the same for all: they are removed
 * before a store is made and after; a kill puts them back as they were before the close that frees the store's memory,
 * which is what a process leaves that is killed.  A place where such files are when the program starts is not touched.
 */
#include "adapters/check/hosts.h"

#include <itsm/os.h>
#ifdef ITSM_CHECK_SQLITE
#include <itsm/sqlite.h>
#endif
#ifdef ITSM_CHECK_POSTGRES
#include <itsm/postgres.h>
#include <libpq-fe.h>
#endif

#include <pthread.h>

/* Files ----------------------------------------------------------------------------------------------------------- */

static itsm_status file_name(char out[PLACE_NAME], const place *p, const char *suffix)
{
    size_t n = p->location.n, more = strlen(suffix);
    if (n + more + 1 > PLACE_NAME) return ITSM_E_LIMIT;
    memcpy(out, p->location.p, n);
    memcpy(out + n, suffix, more + 1);
    return ITSM_OK;
}

static itsm_status remove_files(place *p)
{
    const itsm_io *io = itsm_os_io();
    char name[PLACE_NAME];
    itsm_status rc = ITSM_OK;
    for (size_t i = 0; i < PLACE_FILES && p->backend->files[i] && !rc; i++) {
        if ((rc = file_name(name, p, p->backend->files[i])) != ITSM_OK) break;
        rc = io->unlink(io->self, name, NULL);
        if (rc == ITSM_E_NOT_FOUND) rc = ITSM_OK;
    }
    return rc;
}

static itsm_status keep_files(itsm_buf *kept, place *p)
{
    char name[PLACE_NAME];
    itsm_status rc = ITSM_OK;
    for (size_t i = 0; i < PLACE_FILES && p->backend->files[i] && !rc; i++) {
        if ((rc = file_name(name, p, p->backend->files[i])) != ITSM_OK) break;
        rc = itsm_os_file_read(&kept[i], p->ctx, itsm_str_c(name), 0);
        if (rc == ITSM_E_NOT_FOUND) rc = ITSM_OK;
    }
    return rc;
}

static itsm_status put_files(const itsm_buf *kept, place *p)
{
    char name[PLACE_NAME];
    itsm_status rc = ITSM_OK;
    for (size_t i = 0; i < PLACE_FILES && p->backend->files[i] && !rc; i++) {
        itsm_bytes bytes = {kept[i].p, kept[i].n};
        rc = file_name(name, p, p->backend->files[i]);
        if (!rc && bytes.n) rc = itsm_os_file_write(p->ctx, itsm_str_c(name), bytes);
    }
    return rc;
}

static itsm_status kill_files(void *self, itsm_store *store)
{
    place *p = self;
    itsm_buf kept[PLACE_FILES] = {ITSM_BUF_INIT, ITSM_BUF_INIT, ITSM_BUF_INIT, ITSM_BUF_INIT};
    itsm_status rc = keep_files(kept, p);
    itsm_store_free(store);
    if (!rc) rc = remove_files(p);
    if (!rc) rc = put_files(kept, p);
    for (size_t i = 0; i < PLACE_FILES; i++) itsm_buf_clear(&kept[i]);
    return rc;
}

/* Backends -------------------------------------------------------------------------------------------------------- */

static itsm_status memory_open(place *p, itsm_store **out, itsm_ctx *ctx)
{
    (void)p;
    return itsm_store_memory(out, ctx);
}

static itsm_status nothing_to_clear(place *p)
{
    (void)p;
    return ITSM_OK;
}

static itsm_status file_open(place *p, itsm_store **out, itsm_ctx *ctx)
{
    itsm_file_options options = ITSM_FILE_OPTIONS_INIT;
    options.preallocate = 1 << 16; /* thousands of small stores are made */
    options.checkpoint_bytes = ITSM_FILE_NO_CHECKPOINT;
    return itsm_store_file(out, ctx, itsm_os_io(), p->location, &options);
}

static const backend memory_backend = {"memory", NULL, memory_open, nothing_to_clear, {NULL}};
static const backend file_backend = {"file",
                                     "a directory to be made, or an empty one",
                                     file_open,
                                     remove_files,
                                     /* a test compacts a few times at most, and each time the next number is taken */
                                     {"/log-1",  "/log-2",  "/log-3",  "/log-4",  "/log-5",   "/log-6",     "/log-7",
                                      "/log-8",  "/log-9",  "/ckpt-1", "/ckpt-2", "/ckpt-3",  "/ckpt-4",    "/ckpt-5",
                                      "/ckpt-6", "/ckpt-7", "/ckpt-8", "/ckpt-9", "/audit-1", "/log-1.tmp", "/LOCK"}};

#ifdef ITSM_CHECK_SQLITE
static itsm_status sqlite_open(place *p, itsm_store **out, itsm_ctx *ctx)
{
    return itsm_store_sqlite(out, ctx, p->location, NULL);
}

static const backend sqlite_backend = {
    "sqlite", "a file to be made", sqlite_open, remove_files, {"", "-wal", "-journal", "-shm"}};
#endif

#ifdef ITSM_CHECK_POSTGRES
/* A schema of the program's own: it is dropped, and no other is touched. */
static const char schema[] = "itsm_store_check";

static itsm_status postgres_open(place *p, itsm_store **out, itsm_ctx *ctx)
{
    itsm_postgres_options options = ITSM_POSTGRES_OPTIONS_INIT;
    options.schema = itsm_str_c(schema);
    return itsm_store_postgres(out, ctx, p->location, &options);
}

static itsm_status postgres_clear(place *p)
{
    char conninfo[PLACE_NAME];
    itsm_status rc = file_name(conninfo, p, "");
    if (rc) return rc;
    PGconn *connection = PQconnectdb(conninfo);
    PGresult *result =
        PQexec(connection, "SET client_min_messages = warning; DROP SCHEMA IF EXISTS itsm_store_check CASCADE");
    if (PQresultStatus(result) != PGRES_COMMAND_OK) rc = ITSM_E_IO;
    PQclear(result);
    PQfinish(connection);
    return rc;
}

static const backend postgres_backend = {"postgres",
                                         "a connection string; the schema itsm_store_check is made and dropped",
                                         postgres_open,
                                         postgres_clear,
                                         {NULL}};
#endif

const backend *const itsm__check_backends[] = {
    &memory_backend,
    &file_backend,
#ifdef ITSM_CHECK_SQLITE
    &sqlite_backend,
#endif
#ifdef ITSM_CHECK_POSTGRES
    &postgres_backend,
#endif
};
const size_t itsm__check_backend_count = sizeof itsm__check_backends / sizeof *itsm__check_backends;

/* Threads --------------------------------------------------------------------------------------------------------- */

enum { THREADS_MAX = 64 };

typedef struct thread {
    pthread_t handle;
    void (*body)(void *user, uint32_t i);
    void *user;
    uint32_t i;
} thread;

static void *thread_main(void *self)
{
    thread *t = self;
    t->body(t->user, t->i);
    return NULL;
}

static itsm_status parallel(void *self, uint32_t n, void (*body)(void *user, uint32_t i), void *user)
{
    thread threads[THREADS_MAX];
    uint32_t started = 0;
    (void)self;
    if (n > THREADS_MAX) return ITSM_E_LIMIT;
    for (; started < n; started++) {
        thread *t = &threads[started];
        t->body = body, t->user = user, t->i = started;
        if (pthread_create(&t->handle, NULL, thread_main, t)) break;
    }
    for (uint32_t i = 0; i < started; i++) pthread_join(threads[i].handle, NULL);
    return started == n ? ITSM_OK : ITSM_E_LIMIT;
}

static itsm_status own_context(void *self, itsm_ctx **out)
{
    (void)self;
    return itsm_os_ctx_new(out);
}

/* A place as the kit sees it -------------------------------------------------------------------------------------- */

static itsm_status make(void *self, itsm_store **out, itsm_ctx *ctx)
{
    place *p = self;
    itsm_status rc = p->made++ ? p->backend->clear(p) : ITSM_OK;
    return rc ? rc : p->backend->open(p, out, ctx);
}

static itsm_status reopen(void *self, itsm_store **out, itsm_ctx *ctx)
{
    place *p = self;
    return p->backend->open(p, out, ctx);
}

static void destroy(void *self)
{
    place *p = self;
    (void)p->backend->clear(p);
}

void itsm__check_host(itsm_check_host *out, place *p)
{
    const itsm_check_host none = ITSM_CHECK_HOST_INIT;
    *out = none;
    out->make = make, out->destroy = destroy, out->parallel = parallel, out->context = own_context, out->self = p;
    if (p->backend->location) out->reopen = reopen;
    if (p->backend->files[0]) out->kill = kill_files;
}
