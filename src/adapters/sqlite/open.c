/* SPDX-License-Identifier: MIT */
/*
 * Opening and closing the SQLite store.
 *
 * The store is made first and opened by the first define(), which comes with no types: so what is wrong with a database
 * becomes an issue of the caller's context like any other failure of a backend.  Nothing may be called after close; views
 * are closed before.
 */
#include "adapters/sqlite/internal.h"

/* Memory ---------------------------------------------------------------------------------------------------------- */

void *itsm__sqlite_alloc(const itsm__sqlite *store, size_t size)
{
    return store->memory.alloc(store->memory.user, NULL, 0, size);
}

void itsm__sqlite_free(const itsm__sqlite *store, void *p, size_t size)
{
    if (p) store->memory.alloc(store->memory.user, p, size, 0);
}

/* `array` is the address of a pointer. */
itsm_status itsm__sqlite_grow(const itsm__sqlite *store, void *array, size_t *capacity, size_t n, size_t size)
{
    void *old;
    size_t wanted = *capacity ? *capacity : 8;

    if (n <= *capacity) return ITSM_OK;
    while (wanted < n) {
        if (wanted > SIZE_MAX / 2) return ITSM_E_NOMEM;
        wanted *= 2;
    }
    if (wanted > SIZE_MAX / size) return ITSM_E_NOMEM;
    memcpy(&old, array, sizeof old);
    void *grown = store->memory.alloc(store->memory.user, old, *capacity * size, wanted * size);
    if (!grown) return ITSM_E_NOMEM;
    memcpy(array, &grown, sizeof grown);
    *capacity = wanted;
    return ITSM_OK;
}

/* Opening --------------------------------------------------------------------------------------------------------- */

static itsm_status check_options(const itsm__sqlite *store, const itsm_call *call)
{
    const itsm_sqlite_options *o = &store->options;
    const int no_path = !store->path || !*store->path;

    if (o->flags & ~(uint32_t)(ITSM_SQLITE_READONLY | ITSM_SQLITE_EXISTING))
        return itsm__sqlite_say(call, ITSM_E_MISUSE, "unknown flags");
    if (o->durability > ITSM_SQLITE_OFF) return itsm__sqlite_say(call, ITSM_E_MISUSE, "no such durability");
    if (no_path == !o->db) return itsm__sqlite_say(call, ITSM_E_MISUSE, "either a path or a connection is needed");
    if (store->path && strcmp(store->path, ":memory:") == 0)
        return itsm__sqlite_say(call, ITSM_E_UNSUPPORTED, "a database in memory cannot be shared by connections");
    return ITSM_OK;
}

/* A file that is not there, told from one that cannot be opened. */
static int exists(const itsm__sqlite *store)
{
    sqlite3_vfs *vfs = sqlite3_vfs_find(NULL);
    int there = 0;

    return vfs && vfs->xAccess(vfs, store->path, SQLITE_ACCESS_EXISTS, &there) == SQLITE_OK && there;
}

static itsm_status open_own(itsm__sqlite *store, const itsm_call *call)
{
    const uint32_t flags = store->options.flags;
    int mode = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;

    if ((flags & (ITSM_SQLITE_READONLY | ITSM_SQLITE_EXISTING)) && !exists(store))
        return itsm__sqlite_say(call, ITSM_E_NOT_FOUND, "there is no %s", store->path);
    if (flags & ITSM_SQLITE_EXISTING) mode = SQLITE_OPEN_READWRITE;
    if (flags & ITSM_SQLITE_READONLY) mode = SQLITE_OPEN_READONLY;
    return itsm__connection_open(&store->writer, call, mode);
}

static itsm_status define(void *self, const itsm_call *call, const itsm_type_info *types, size_t ntypes)
{
    itsm__sqlite *store = self;
    itsm_status rc = ITSM_OK;

    if (!store->opened) {
        rc = check_options(store, call);
        if (!rc && store->options.db) store->writer.db = store->options.db;
        else if (!rc) rc = open_own(store, call);
        if (!rc) rc = itsm__layout_open(store, call);
        if (!rc) store->opened = 1;
    }
    return rc || !ntypes ? rc : itsm__sqlite_define(self, call, types, ntypes);
}

static void sqlite_close(void *self)
{
    itsm__sqlite *store = self;
    const itsm__memory_of memory = store->memory;

    while (store->idle) {
        itsm__connection *c = store->idle;
        store->idle = c->next;
        itsm__connection_close(c);
        itsm__sqlite_free(store, c, sizeof *c);
    }
    itsm__connection_close(&store->writer);
    itsm__sqlite_free(store, store->found, store->found_capacity * sizeof *store->found);
    itsm_buf_clear(&store->keys), itsm_buf_clear(&store->own_keys), itsm_buf_clear(&store->text);
    if (store->write_mutex) store->mutexes.destroy(store->mutexes.self, store->write_mutex);
    if (store->pool_mutex) store->mutexes.destroy(store->mutexes.self, store->pool_mutex);
    sqlite3_free(store->path);
    memory.alloc(memory.user, store, sizeof *store, 0);
}

/* What the context gives. */
static itsm_status take_context(itsm__sqlite *store, const itsm_ctx_options *given, int shared)
{
    itsm_buf *bufs[] = {&store->keys, &store->own_keys, &store->text};

    for (size_t i = 0; i < sizeof bufs / sizeof *bufs; i++)
        bufs[i]->alloc = given->alloc, bufs[i]->alloc_user = given->alloc_user;
    if (!shared) return ITSM_OK;
    store->mutexes = *given->mutexes;
    itsm_status rc = store->mutexes.create(store->mutexes.self, &store->write_mutex);
    if (rc) return store->write_mutex = NULL, rc;
    rc = store->mutexes.create(store->mutexes.self, &store->pool_mutex);
    if (rc) store->pool_mutex = NULL;
    return rc;
}

static uint64_t promises(const itsm_sqlite_options *options, int shared)
{
    if (options->db) return ITSM_CAP_MULTI_WRITER | ITSM_CAP_SEAL_SYNC | ITSM_CAP_HOST_TXN;
    return ITSM_CAP_SNAPSHOT | ITSM_CAP_SEAL_SYNC | ITSM_CAP_MULTI_WRITER | (shared ? ITSM_CAP_MT : 0) |
           (options->durability == ITSM_SQLITE_FULL ? ITSM_CAP_DURABLE : 0);
}

itsm_status itsm_store_sqlite(itsm_store **out, itsm_ctx *ctx, itsm_str path, const itsm_sqlite_options *options)
{
    itsm_store_methods methods = {sizeof methods,
                                  ITSM_STORE_CONTRACT,
                                  0,
                                  0,
                                  "sqlite",
                                  define,
                                  itsm__sqlite_view_open,
                                  itsm__sqlite_view_close,
                                  itsm__sqlite_get,
                                  NULL,
                                  itsm__sqlite_scan,
                                  itsm__sqlite_audit_scan,
                                  itsm__sqlite_next,
                                  itsm__sqlite_cursor_close,
                                  itsm__sqlite_apply,
                                  itsm__sqlite_reserve,
                                  itsm__sqlite_seal,
                                  NULL,
                                  itsm__sqlite_flush,
                                  itsm__sqlite_maintain,
                                  sqlite_close};
    itsm_ctx_options given = ITSM_CTX_OPTIONS_INIT;
    itsm_sqlite_options chosen = ITSM_SQLITE_OPTIONS_INIT;

    if (out) *out = NULL;
    if (!out || !ctx || (path.n && (!path.p || memchr(path.p, 0, path.n)))) return ITSM_E_MISUSE;
    if (options && options->size < sizeof options->size) return ITSM_E_MISUSE;
    if (options) memcpy(&chosen, options, options->size < sizeof chosen ? options->size : sizeof chosen);
    if (chosen.reserved) return ITSM_E_MISUSE;
    itsm_ctx_options_get(&given, ctx);
    itsm__sqlite *store = given.alloc(given.alloc_user, NULL, 0, sizeof *store);
    if (!store) return ITSM_E_NOMEM;
    memset(store, 0, sizeof *store);
    memset(store->ones, 0xff, sizeof store->ones);
    store->memory.alloc = given.alloc, store->memory.user = given.alloc_user;
    store->options = chosen, store->writer.store = store, store->writer.undone = 1;
    const int shared = given.mutexes && !chosen.db && sqlite3_threadsafe();
    methods.caps = promises(&chosen, shared);
    itsm_status rc = take_context(store, &given, shared);
    if (!rc && path.n) {
        store->path = sqlite3_mprintf("%.*s", (int)path.n, path.p);
        if (!store->path) rc = ITSM_E_NOMEM;
    }
    if (rc) {
        sqlite_close(store);
        return rc;
    }
    rc = itsm_store_new(out, ctx, &methods, store);
    if (!rc && (rc = itsm_store_define(ctx, *out, NULL, 0, NULL)) != ITSM_OK) {
        itsm_store_free(*out);
        *out = NULL;
    }
    return rc;
}
