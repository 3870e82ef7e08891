/* SPDX-License-Identifier: MIT */
/*
 * What a context takes from the system: random numbers (getrandom, else /dev/urandom), mutexes with a condition
 * (pthreads) and the files of the zone database.  All three are static tables without state; a mutex is one block of
 * the C library's memory, because it may outlive the context.
 *
 * A zone's name becomes a path below a few known directories, so it is checked first: letters, digits and "+-_./", no
 * part empty, "." or "..".  A zone file over 1 MiB is not one.  Zones that no directory has are taken from those built
 * into the library, if any are.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1 /* getrandom */
#endif
#include "base/memory.h"
#include "os/error.h"

#include <itsm/os.h>
#include <itsm/time.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>
#if defined(__linux__)
#include <sys/random.h>
#endif

/* Random numbers -------------------------------------------------------------------------------------------------- */

static itsm_status random_device(unsigned char *p, size_t n)
{
    int fd = open("/dev/urandom", O_RDONLY | O_CLOEXEC);
    if (fd < 0) return ITSM_E_NO_RANDOM;
    while (n) {
        ssize_t got = read(fd, p, n > 256 ? 256 : n);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) break;
        p += got, n -= (size_t)got;
    }
    close(fd);
    return n ? ITSM_E_NO_RANDOM : ITSM_OK;
}

static itsm_status random_fill(void *self, void *out, size_t n)
{
    (void)self;
    unsigned char *p = out;
#if defined(__linux__)
    while (n) {
        ssize_t got = getrandom(p, n > 256 ? 256 : n, 0);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) break;
        p += got, n -= (size_t)got;
    }
#endif
    return n ? random_device(p, n) : ITSM_OK;
}

/* Mutexes --------------------------------------------------------------------------------------------------------- */

typedef struct os_mutex {
    pthread_mutex_t mutex;
    pthread_cond_t condition;
} os_mutex;

static itsm_status mutex_create(void *self, void **out)
{
    (void)self;
    itsm__memory memory = itsm__memory_default();
    os_mutex *m = itsm__alloc(&memory, sizeof *m);
    *out = NULL;
    if (!m) return ITSM_E_NOMEM;
    if (pthread_mutex_init(&m->mutex, NULL)) {
        itsm__free(&memory, m, sizeof *m);
        return ITSM_E_NOMEM;
    }
    if (pthread_cond_init(&m->condition, NULL)) {
        pthread_mutex_destroy(&m->mutex);
        itsm__free(&memory, m, sizeof *m);
        return ITSM_E_NOMEM;
    }
    *out = m;
    return ITSM_OK;
}

static void mutex_destroy(void *self, void *mutex)
{
    (void)self;
    os_mutex *m = mutex;
    if (!m) return;
    itsm__memory memory = itsm__memory_default();
    pthread_cond_destroy(&m->condition);
    pthread_mutex_destroy(&m->mutex);
    itsm__free(&memory, m, sizeof *m);
}

static void mutex_lock(void *self, void *mutex)
{
    (void)self;
    pthread_mutex_lock(&((os_mutex *)mutex)->mutex);
}

static void mutex_unlock(void *self, void *mutex)
{
    (void)self;
    pthread_mutex_unlock(&((os_mutex *)mutex)->mutex);
}

static void mutex_wait(void *self, void *mutex)
{
    (void)self;
    os_mutex *m = mutex;
    pthread_cond_wait(&m->condition, &m->mutex);
}

static void mutex_wake_all(void *self, void *mutex)
{
    (void)self;
    pthread_cond_broadcast(&((os_mutex *)mutex)->condition);
}

/* Zones ----------------------------------------------------------------------------------------------------------- */

enum { ZONE_NAME_MAX = 128, ZONE_FILE_MAX = 1 << 20 };

static int zone_character(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '-' ||
           c == '_' || c == '.' || c == '/';
}

static int zone_name_is_good(itsm_str name)
{
    size_t start = 0;
    if (name.n == 0 || name.n > ZONE_NAME_MAX) return 0;
    for (size_t i = 0; i <= name.n; i++) {
        if (i < name.n && name.p[i] != '/') {
            if (!zone_character(name.p[i])) return 0;
            continue;
        }
        itsm_str part = itsm_str_n(name.p + start, i - start);
        if (part.n == 0 || itsm_str_is(part, ".") || itsm_str_is(part, "..")) return 0;
        start = i + 1;
    }
    return 1;
}

static itsm_status read_all(itsm_buf *out, const itsm_io *io, void *file)
{
    char block[8192];
    size_t got = 0, before = out->n;
    uint64_t offset = 0;
    itsm_status rc;
    do {
        rc = io->read(io->self, file, offset, block, sizeof block, &got, NULL);
        if (!rc && offset + got > ZONE_FILE_MAX) rc = ITSM_E_LIMIT;
        if (!rc && got) rc = itsm_buf_add(out, block, got);
        offset += got;
    } while (!rc && got);
    if (rc) out->n = before;
    return rc;
}

/* A file below a directory of zones; ITSM_E_NOT_FOUND if it is not one ("Europe" is a directory, not a zone). */
static itsm_status zone_open(void **out, itsm_str directory, itsm_str name)
{
    char path[ITSM__OS_PATH_MAX];
    const itsm_io *io = itsm_os_io();
    uint64_t length;
    if (directory.n == 0 || directory.n + name.n + 2 > sizeof path) return ITSM_E_NOT_FOUND;
    memcpy(path, directory.p, directory.n);
    path[directory.n] = '/';
    memcpy(path + directory.n + 1, name.p, name.n);
    path[directory.n + 1 + name.n] = 0;
    itsm_status rc = io->open(io->self, out, path, ITSM_IO_READ, NULL);
    if (rc || !io->length(io->self, *out, &length, NULL)) return rc;
    io->close(io->self, *out);
    return ITSM_E_NOT_FOUND;
}

/* The first directory that has a zone; its file is open. */
static itsm_status zone_find(void **file, itsm_str *directory, itsm_str name)
{
    static const char *const directories[] = {"/usr/share/zoneinfo", "/usr/lib/zoneinfo", "/usr/share/lib/zoneinfo",
                                              "/etc/zoneinfo"};
    if (!zone_name_is_good(name)) return ITSM_E_NOT_FOUND;
    *directory = itsm_os_env("ITSM_ZONEINFO");
    itsm_status rc = zone_open(file, *directory, name);
    for (size_t i = 0; rc == ITSM_E_NOT_FOUND && i < sizeof directories / sizeof directories[0]; i++) {
        *directory = itsm_str_c(directories[i]);
        rc = zone_open(file, *directory, name);
    }
    return rc;
}

static itsm_status zone_load(void *self, itsm_buf *out, itsm_str name)
{
    (void)self;
    void *file = NULL;
    itsm_str directory;
    const itsm_zone_source *embedded = itsm_zones_embedded();
    itsm_status rc = zone_find(&file, &directory, name);
    if (rc == ITSM_E_NOT_FOUND && embedded) return embedded->load(embedded->self, out, name);
    if (rc) return rc;
    rc = read_all(out, itsm_os_io(), file);
    itsm_os_io()->close(itsm_os_io()->self, file);
    return rc;
}

/* The first line of a file, without `prefix`. */
static itsm_status first_line(itsm_buf *out, itsm_str directory, const char *name, itsm_str prefix)
{
    char block[64];
    size_t n = 0;
    void *file = NULL;
    const itsm_io *io = itsm_os_io();
    itsm_status rc = zone_open(&file, directory, itsm_str_c(name));
    if (rc) return rc;
    rc = io->read(io->self, file, 0, block, sizeof block, &n, NULL);
    io->close(io->self, file);
    const char *end = rc ? NULL : memchr(block, '\n', n);
    if (!end || (size_t)(end - block) < prefix.n || memcmp(block, prefix.p, prefix.n)) return ITSM_E_NOT_FOUND;
    return itsm_buf_add(out, block + prefix.n, (size_t)(end - block) - prefix.n);
}

/* Two places where systems write down which release they have. */
static itsm_status zone_version(void *self, itsm_buf *out, itsm_str name)
{
    (void)self;
    void *file = NULL;
    itsm_str directory;
    const itsm_zone_source *embedded = itsm_zones_embedded();
    itsm_status rc = zone_find(&file, &directory, name);
    if (rc == ITSM_E_NOT_FOUND && embedded) return embedded->version(embedded->self, out, name);
    if (rc) return rc;
    itsm_os_io()->close(itsm_os_io()->self, file);
    rc = first_line(out, directory, "+VERSION", itsm_str_c(""));
    return rc == ITSM_E_NOT_FOUND ? first_line(out, directory, "tzdata.zi", ITSM_STR("# version ")) : rc;
}

/* Context --------------------------------------------------------------------------------------------------------- */

void itsm_os_ctx_options(itsm_ctx_options *options)
{
    static const itsm_random random = {sizeof random, random_fill, NULL};
    static const itsm_mutexes mutexes = {sizeof mutexes, mutex_create, mutex_destroy,  mutex_lock,
                                         mutex_unlock,   mutex_wait,   mutex_wake_all, NULL};
    static const itsm_zone_source zones = {sizeof zones, zone_load, NULL, zone_version};
    options->random = &random, options->mutexes = &mutexes, options->zones = &zones;
}

itsm_status itsm_os_ctx_new(itsm_ctx **out)
{
    itsm_ctx_options options = ITSM_CTX_OPTIONS_INIT;
    itsm_os_ctx_options(&options);
    return itsm_ctx_new(out, &options);
}
