/* SPDX-License-Identifier: MIT */
/*
 * A file system in memory for tests of what lies above itsm/sys/io.h: every call can be made to fail, writes can be
 * made short, and the power can be cut.
 *
 *     struct sim sim;
 *     sim_init(&sim);
 *     itsm_store_file(&store, ctx, &sim.io, ITSM_STR("d"), &options);
 *     sim_fail(&sim, n, ITSM_E_IO, 0);     // the n-th call from here; 1 as last argument: all after it too
 *     sim_power_loss(&sim, choose, user);  // what was not synced is kept, lost or torn, as `choose` says
 *     sim_clear(&sim);
 *
 * A file has the content everyone sees and the content that is on the disk; between them lie the writes since the last
 * sync.  Names behave likewise, between syncs of a directory.  Handles open at a power loss are gone with it.
 */
#ifndef ITSM_TESTS_SIMULATED_IO_H
#define ITSM_TESTS_SIMULATED_IO_H

#include <itsm/sys/io.h>

#include <stdio.h>
#include <stdlib.h>

enum { SIM_FILES = 64, SIM_NAMES = 48 };
enum { SIM_WRITE, SIM_TRUNCATE };
enum { SIM_LOST = 0, SIM_KEPT = 1, SIM_HEAD = 2, SIM_TAIL = 3 };

struct sim_bytes {
    unsigned char *p;
    size_t n, capacity;
};

struct sim_change {
    int kind;
    uint64_t offset; /* of a write; the length of a truncation */
    unsigned char *p;
    size_t n;
};

struct sim_node {
    int used, locked;
    size_t handles;
    struct sim_bytes now, disk;
    struct sim_change *pending;
    size_t npending;
};

struct sim_name {
    char path[128]; /* "": free */
    int node;       /* -1: a directory */
};

struct sim_handle {
    struct sim *sim;
    int node, locked;
};

struct sim {
    itsm_io io;
    struct sim_node nodes[SIM_FILES];
    struct sim_name names[SIM_NAMES], disk_names[SIM_NAMES];
    size_t calls, fail_at, syncs;
    itsm_status fail_with;
    int persistent, failed, short_writes, short_reads, network;
};

/* Faults ---------------------------------------------------------------------------------------------------------- */

static inline void sim_fail(struct sim *sim, size_t n, itsm_status with, int persistent)
{
    sim->fail_at = n, sim->fail_with = with, sim->persistent = persistent, sim->failed = 0;
}

static inline itsm_status sim_call(struct sim *sim, itsm_io_note *note)
{
    sim->calls++;
    if (note) strcpy(note->text, "simulated failure");
    if (!sim->fail_at || --sim->fail_at) return ITSM_OK;
    sim->failed = 1;
    if (sim->persistent) sim->fail_at = 1;
    return sim->fail_with;
}

/* Bytes ----------------------------------------------------------------------------------------------------------- */

static inline void sim_resize(struct sim_bytes *bytes, size_t n)
{
    if (n > bytes->capacity) {
        bytes->capacity = n * 2;
        bytes->p = (unsigned char *)realloc(bytes->p, bytes->capacity);
        if (!bytes->p) abort();
    }
    if (n > bytes->n) memset(bytes->p + bytes->n, 0, n - bytes->n);
    bytes->n = n;
}

static inline void sim_apply(struct sim_bytes *bytes, const struct sim_change *change, size_t n)
{
    size_t end = (size_t)change->offset + n;
    if (change->kind == SIM_TRUNCATE) {
        sim_resize(bytes, (size_t)change->offset);
        return;
    }
    if (end > bytes->n) sim_resize(bytes, end);
    if (n) memcpy(bytes->p + change->offset, change->p, n);
}

static inline void sim_change(struct sim_node *node, int kind, uint64_t offset, const void *p, size_t n)
{
    node->pending = (struct sim_change *)realloc(node->pending, (node->npending + 1) * sizeof *node->pending);
    if (!node->pending) abort();
    struct sim_change *change = &node->pending[node->npending++];
    change->kind = kind, change->offset = offset, change->n = n;
    change->p = (unsigned char *)calloc(1, n ? n : 1);
    if (!change->p) abort();
    if (p && n) memcpy(change->p, p, n);
    sim_apply(&node->now, change, n);
}

static inline void sim_drop_pending(struct sim_node *node)
{
    for (size_t i = 0; i < node->npending; i++) free(node->pending[i].p);
    free(node->pending);
    node->pending = NULL, node->npending = 0;
}

static inline void sim_reach_disk(struct sim_node *node)
{
    for (size_t i = 0; i < node->npending; i++) sim_apply(&node->disk, &node->pending[i], node->pending[i].n);
    sim_drop_pending(node);
}

/* Names ----------------------------------------------------------------------------------------------------------- */

static inline struct sim_name *sim_find(struct sim *sim, const char *path)
{
    for (size_t i = 0; i < SIM_NAMES; i++)
        if (sim->names[i].path[0] && !strcmp(sim->names[i].path, path)) return &sim->names[i];
    return NULL;
}

static inline struct sim_name *sim_add(struct sim *sim, const char *path, int node)
{
    for (size_t i = 0; i < SIM_NAMES; i++)
        if (!sim->names[i].path[0]) {
            strcpy(sim->names[i].path, path);
            sim->names[i].node = node;
            return &sim->names[i];
        }
    abort();
}

/* The file with a path; NULL if there is none. */
static inline struct sim_node *sim_file(struct sim *sim, const char *path)
{
    struct sim_name *name = sim_find(sim, path);
    return name && name->node >= 0 ? &sim->nodes[name->node] : NULL;
}

/* A place for a new file: one never used, or one that no name and no handle leads to any more. */
static inline int sim_free_node(struct sim *sim)
{
    for (int i = 0; i < SIM_FILES; i++) {
        struct sim_node *node = &sim->nodes[i];
        int named = 0;
        for (size_t k = 0; k < SIM_NAMES; k++)
            named |= (sim->names[k].path[0] && sim->names[k].node == i) ||
                     (sim->disk_names[k].path[0] && sim->disk_names[k].node == i);
        if (node->used && (named || node->handles)) continue;
        sim_drop_pending(node);
        node->now.n = node->disk.n = 0, node->locked = 0;
        return i;
    }
    abort();
}

/* Put a file there, on the disk too. */
static inline void sim_put(struct sim *sim, const char *path, const void *p, size_t n)
{
    struct sim_node *node = sim_file(sim, path);
    if (!node) {
        int i = sim_free_node(sim);
        node = &sim->nodes[i], node->used = 1;
        sim_add(sim, path, i);
    }
    sim_drop_pending(node);
    node->now.n = node->disk.n = 0;
    sim_resize(&node->now, n), sim_resize(&node->disk, n);
    if (n) memcpy(node->now.p, p, n), memcpy(node->disk.p, p, n);
    memcpy(sim->disk_names, sim->names, sizeof sim->names);
}

/* The table ------------------------------------------------------------------------------------------------------- */

static inline itsm_status sim_open(void *self, void **file, const char *path, uint32_t flags, itsm_io_note *note)
{
    struct sim *sim = (struct sim *)self;
    itsm_status rc = sim_call(sim, note);
    *file = NULL;
    if (rc) return rc;
    struct sim_name *name = sim_find(sim, path);
    if (name && name->node < 0) return ITSM_E_IO;
    if (name && (flags & ITSM_IO_EXCLUSIVE)) return ITSM_NOTHING;
    if (!name) {
        if (!(flags & ITSM_IO_CREATE)) {
            if (note) strcpy(note->text, "no such file or directory");
            return ITSM_E_NOT_FOUND;
        }
        int i = sim_free_node(sim);
        sim->nodes[i].used = 1;
        name = sim_add(sim, path, i);
    }
    struct sim_handle *handle = (struct sim_handle *)calloc(1, sizeof *handle);
    if (!handle) abort();
    handle->sim = sim, handle->node = name->node;
    sim->nodes[name->node].handles++;
    *file = handle;
    return ITSM_OK;
}

static inline void sim_close(void *self, void *file)
{
    struct sim_handle *handle = (struct sim_handle *)file;
    (void)self;
    handle->sim->nodes[handle->node].handles--;
    if (handle->locked) handle->sim->nodes[handle->node].locked = 0;
    free(handle);
}

static inline struct sim_node *sim_node_of(void *file)
{
    struct sim_handle *handle = (struct sim_handle *)file;
    return &handle->sim->nodes[handle->node];
}

static inline itsm_status sim_length(void *self, void *file, uint64_t *out, itsm_io_note *note)
{
    itsm_status rc = sim_call((struct sim *)self, note);
    if (!rc) *out = sim_node_of(file)->now.n;
    return rc;
}

static inline itsm_status sim_read(void *self, void *file, uint64_t offset, void *out, size_t n, size_t *got,
                                   itsm_io_note *note)
{
    struct sim *sim = (struct sim *)self;
    itsm_status rc = sim_call(sim, note);
    const struct sim_bytes *now = &sim_node_of(file)->now;
    *got = 0;
    if (rc || offset >= now->n) return rc;
    if (n > now->n - offset) n = now->n - (size_t)offset;
    if (sim->short_reads && n > 1) n = (n + 1) / 2;
    memcpy(out, now->p + offset, n);
    *got = n;
    return ITSM_OK;
}

static inline itsm_status sim_write(void *self, void *file, uint64_t offset, const void *p, size_t n, size_t *put,
                                    itsm_io_note *note)
{
    struct sim *sim = (struct sim *)self;
    itsm_status rc = sim_call(sim, note);
    *put = 0;
    if (rc) { /* what fails may have been done in part */
        if (n > 1) sim_change(sim_node_of(file), SIM_WRITE, offset, p, n / 2);
        return rc;
    }
    if (sim->short_writes && n > 1) n = (n + 1) / 2;
    sim_change(sim_node_of(file), SIM_WRITE, offset, p, n);
    *put = n;
    return ITSM_OK;
}

static inline itsm_status sim_sync(void *self, void *file, itsm_io_note *note)
{
    struct sim *sim = (struct sim *)self;
    itsm_status rc = sim_call(sim, note);
    sim->syncs++;
    if (!rc) sim_reach_disk(sim_node_of(file));
    return rc;
}

static inline itsm_status sim_allocate(void *self, void *file, uint64_t offset, uint64_t n, itsm_io_note *note)
{
    itsm_status rc = sim_call((struct sim *)self, note);
    sim_change(sim_node_of(file), SIM_WRITE, offset, NULL, (size_t)(rc ? n / 2 : n));
    return rc;
}

static inline itsm_status sim_truncate(void *self, void *file, uint64_t length, itsm_io_note *note)
{
    itsm_status rc = sim_call((struct sim *)self, note);
    if (!rc) sim_change(sim_node_of(file), SIM_TRUNCATE, length, NULL, 0);
    return rc;
}

static inline itsm_status sim_lock(void *self, void *file, itsm_io_note *note)
{
    itsm_status rc = sim_call((struct sim *)self, note);
    if (rc) return rc;
    if (sim_node_of(file)->locked) return ITSM_E_BUSY;
    sim_node_of(file)->locked = ((struct sim_handle *)file)->locked = 1;
    return ITSM_OK;
}

static inline itsm_status sim_rename(void *self, const char *from, const char *to, itsm_io_note *note)
{
    struct sim *sim = (struct sim *)self;
    itsm_status rc = sim_call(sim, note);
    struct sim_name *name = sim_find(sim, from), *other = sim_find(sim, to);
    if (rc) return rc;
    if (!name) return ITSM_E_NOT_FOUND;
    if (other) other->path[0] = 0;
    strcpy(name->path, to);
    return ITSM_OK;
}

static inline itsm_status sim_unlink(void *self, const char *path, itsm_io_note *note)
{
    itsm_status rc = sim_call((struct sim *)self, note);
    struct sim_name *name = sim_find((struct sim *)self, path);
    if (rc) return rc;
    if (!name) return ITSM_E_NOT_FOUND;
    name->path[0] = 0;
    return ITSM_OK;
}

static inline itsm_status sim_mkdir(void *self, const char *path, itsm_io_note *note)
{
    itsm_status rc = sim_call((struct sim *)self, note);
    if (rc) return rc;
    if (sim_find((struct sim *)self, path)) return ITSM_NOTHING;
    sim_add((struct sim *)self, path, -1);
    return ITSM_OK;
}

/* A directory's own name stands in its parent; all names reach the disk together here, which is simpler. */
static inline itsm_status sim_sync_dir(void *self, const char *path, itsm_io_note *note)
{
    struct sim *sim = (struct sim *)self;
    itsm_status rc = sim_call(sim, note);
    (void)path;
    if (!rc) memcpy(sim->disk_names, sim->names, sizeof sim->names);
    return rc;
}

static inline itsm_status sim_list(void *self, const char *path, itsm_io_name_fn name, void *user, itsm_io_note *note)
{
    struct sim *sim = (struct sim *)self;
    itsm_status rc = sim_call(sim, note);
    size_t n = strlen(path);
    if (!rc && !sim_find(sim, path)) return ITSM_E_NOT_FOUND;
    for (size_t i = 0; !rc && i < SIM_NAMES; i++)
        if (!strncmp(sim->names[i].path, path, n) && sim->names[i].path[n] == '/')
            rc = name(user, sim->names[i].path + n + 1);
    return rc;
}

static inline itsm_status sim_locality(void *self, const char *path, itsm_io_note *note)
{
    struct sim *sim = (struct sim *)self;
    itsm_status rc = sim_call(sim, note);
    (void)path;
    if (rc || !sim->network) return rc;
    strcpy(note->text, "nfs");
    return ITSM_NOTHING;
}

static inline void sim_holder(void *self, char *out, size_t room)
{
    (void)self;
    snprintf(out, room, "process 4711");
}

/* Life ------------------------------------------------------------------------------------------------------------ */

static inline void sim_init(struct sim *sim)
{
    static const itsm_io table = {sizeof table, NULL,      sim_open,     sim_close,    sim_length, sim_read,
                                  sim_write,    sim_sync,  sim_allocate, sim_truncate, sim_lock,   sim_rename,
                                  sim_unlink,   sim_mkdir, sim_sync_dir, sim_list,     sim_locality, sim_holder};
    memset(sim, 0, sizeof *sim);
    sim->io = table, sim->io.self = sim;
}

static inline void sim_clear(struct sim *sim)
{
    for (size_t i = 0; i < SIM_FILES; i++) {
        sim_drop_pending(&sim->nodes[i]);
        free(sim->nodes[i].now.p), free(sim->nodes[i].disk.p);
    }
    memset(sim, 0, sizeof *sim);
}

/* A deep copy: what else may happen from here. */
static inline void sim_copy(struct sim *to, const struct sim *from)
{
    *to = *from;
    to->io.self = to;
    for (size_t i = 0; i < SIM_FILES; i++) {
        struct sim_node *node = &to->nodes[i];
        const struct sim_node *old = &from->nodes[i];
        memset(&node->now, 0, sizeof node->now), memset(&node->disk, 0, sizeof node->disk);
        node->pending = NULL, node->npending = 0, node->handles = 0;
        sim_resize(&node->disk, old->disk.n), sim_resize(&node->now, old->disk.n);
        if (old->disk.n) memcpy(node->disk.p, old->disk.p, old->disk.n), memcpy(node->now.p, old->disk.p, old->disk.n);
        for (size_t k = 0; k < old->npending; k++) {
            const struct sim_change *change = &old->pending[k];
            sim_change(node, change->kind, change->offset, change->p, change->n);
        }
    }
}

/* For a pending change: SIM_LOST, SIM_KEPT, or torn: SIM_HEAD keeps its bytes up to *part, SIM_TAIL those from there. */
typedef int (*sim_choose_fn)(void *user, const struct sim_change *change, size_t *part);

/* Each name is, by the next bit of `bits`, as of now or as of the last sync of a directory. */
static inline void sim_mix_names(struct sim *sim, uint64_t bits)
{
    struct sim_name now[SIM_NAMES];
    memcpy(now, sim->names, sizeof now);
    memcpy(sim->names, sim->disk_names, sizeof now);
    for (size_t i = 0; i < SIM_NAMES; i++) {
        const struct sim_name *old = &sim->disk_names[i];
        int there = 0;
        for (size_t k = 0; old->path[0] && k < SIM_NAMES; k++) there |= !strcmp(old->path, now[k].path);
        if (!old->path[0] || there) continue; /* only those that were removed or renamed */
        if (bits & 1) sim_find(sim, old->path)->path[0] = 0;
        bits >>= 1;
    }
    for (size_t i = 0; i < SIM_NAMES; i++) {
        struct sim_name *old = sim_find(sim, now[i].path);
        if (!now[i].path[0] || (old && old->node == now[i].node)) continue; /* only those that are new or other files */
        if (bits & 1 && old) old->node = now[i].node;
        else if (bits & 1) sim_add(sim, now[i].path, now[i].node);
        bits >>= 1;
    }
}

/*
 * The power fails: names are those of the last sync of a directory (SIM_NAMES_OLD), those of now (SIM_NAMES_NOW), or by
 * the bits of a number above some of each; content is what was synced and what `choose` lets through of the rest, in
 * order.
 */
enum { SIM_NAMES_OLD = 0, SIM_NAMES_NOW = 1 };

static inline void sim_power_loss(struct sim *sim, uint64_t names, sim_choose_fn choose, void *user)
{
    for (size_t i = 0; i < SIM_FILES; i++) {
        struct sim_node *node = &sim->nodes[i];
        for (size_t k = 0; k < node->npending; k++) {
            size_t part = node->pending[k].n;
            int choice = choose(user, &node->pending[k], &part);
            if (choice == SIM_KEPT) sim_apply(&node->disk, &node->pending[k], node->pending[k].n);
            if (node->pending[k].kind != SIM_WRITE || part > node->pending[k].n) continue;
            if (choice == SIM_HEAD) sim_apply(&node->disk, &node->pending[k], part);
            if (choice == SIM_TAIL) {
                struct sim_change tail = node->pending[k];
                tail.offset += part, tail.p += part, tail.n -= part;
                sim_apply(&node->disk, &tail, tail.n);
            }
        }
        sim_drop_pending(node);
        node->locked = 0;
        node->now.n = 0;
        sim_resize(&node->now, node->disk.n);
        if (node->disk.n) memcpy(node->now.p, node->disk.p, node->disk.n);
    }
    if (names == SIM_NAMES_OLD) memcpy(sim->names, sim->disk_names, sizeof sim->names);
    if (names > SIM_NAMES_NOW) sim_mix_names(sim, names - 2);
    memcpy(sim->disk_names, sim->names, sizeof sim->names);
    sim->fail_at = 0, sim->short_writes = sim->short_reads = 0;
}

#endif
