/* SPDX-License-Identifier: MIT */
/*
 * A layer over SQLite's file system and one over its allocator, in which the n-th call fails, once or from then on.
 *
 *     faulty_install();                                  before anything else of SQLite
 *     faulty_fail(FAULTY_WRITE, n, SQLITE_FULL, 0);      the n-th write from here
 *     ...
 *     if (!faulty_stop()) break;                         fewer than n were made: each has failed once
 */
#ifndef ITSM_TESTS_FAULTY_VFS_H
#define ITSM_TESTS_FAULTY_VFS_H

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FAULTY_READ = 1, FAULTY_WRITE = 2, FAULTY_SYNC = 4, FAULTY_OTHER = 8, FAULTY_OPEN = 16, FAULTY_MEMORY = 32 };

static struct faulty {
    int kinds, code, persistent, failed;
    size_t at; /* counted down; 0: none */
    sqlite3_vfs *real;
    sqlite3_mem_methods memory;
} faulty;

typedef struct faulty_file {
    sqlite3_file base;
    sqlite3_file *real; /* behind this struct */
} faulty_file;

static inline void faulty_fail(int kinds, size_t n, int code, int persistent)
{
    faulty.kinds = kinds, faulty.at = n, faulty.code = code, faulty.persistent = persistent, faulty.failed = 0;
}

static inline int faulty_stop(void)
{
    faulty.kinds = 0, faulty.at = 0;
    return faulty.failed;
}

static int faulty_now(int kind)
{
    if (!(faulty.kinds & kind) || !faulty.at || --faulty.at) return 0;
    faulty.failed = 1;
    if (faulty.persistent) faulty.at = 1;
    return 1;
}

static sqlite3_file *faulty_real(sqlite3_file *file)
{
    return ((faulty_file *)(void *)file)->real;
}

static int faulty_close(sqlite3_file *file)
{
    return faulty_real(file)->pMethods->xClose(faulty_real(file));
}

static int faulty_read(sqlite3_file *file, void *out, int n, sqlite3_int64 at)
{
    if (faulty_now(FAULTY_READ)) return SQLITE_IOERR_READ;
    return faulty_real(file)->pMethods->xRead(faulty_real(file), out, n, at);
}

/* A write that fails has written a half. */
static int faulty_write(sqlite3_file *file, const void *p, int n, sqlite3_int64 at)
{
    const int fails = faulty_now(FAULTY_WRITE);
    int code = faulty_real(file)->pMethods->xWrite(faulty_real(file), p, fails ? n / 2 : n, at);
    return fails ? faulty.code : code;
}

static int faulty_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    if (faulty_now(FAULTY_OTHER)) return SQLITE_IOERR_TRUNCATE;
    return faulty_real(file)->pMethods->xTruncate(faulty_real(file), size);
}

/* Nothing is flushed in truth: power is not lost here, and it would take most of the time. */
static int faulty_sync(sqlite3_file *file, int flags)
{
    (void)file, (void)flags;
    return faulty_now(FAULTY_SYNC) ? SQLITE_IOERR_FSYNC : SQLITE_OK;
}

static int faulty_size(sqlite3_file *file, sqlite3_int64 *size)
{
    if (faulty_now(FAULTY_OTHER)) return SQLITE_IOERR_FSTAT;
    return faulty_real(file)->pMethods->xFileSize(faulty_real(file), size);
}

static int faulty_lock(sqlite3_file *file, int lock)
{
    if (faulty_now(FAULTY_OTHER)) return SQLITE_IOERR_LOCK;
    return faulty_real(file)->pMethods->xLock(faulty_real(file), lock);
}

static int faulty_unlock(sqlite3_file *file, int lock)
{
    return faulty_real(file)->pMethods->xUnlock(faulty_real(file), lock);
}

static int faulty_reserved(sqlite3_file *file, int *out)
{
    return faulty_real(file)->pMethods->xCheckReservedLock(faulty_real(file), out);
}

static int faulty_control(sqlite3_file *file, int what, void *arg)
{
    return faulty_real(file)->pMethods->xFileControl(faulty_real(file), what, arg);
}

static int faulty_sector(sqlite3_file *file)
{
    return faulty_real(file)->pMethods->xSectorSize(faulty_real(file));
}

static int faulty_device(sqlite3_file *file)
{
    return faulty_real(file)->pMethods->xDeviceCharacteristics(faulty_real(file));
}

static int faulty_shm_map(sqlite3_file *file, int page, int size, int extend, void volatile **out)
{
    if (faulty_now(FAULTY_OTHER)) return SQLITE_IOERR_SHMMAP;
    return faulty_real(file)->pMethods->xShmMap(faulty_real(file), page, size, extend, out);
}

static int faulty_shm_lock(sqlite3_file *file, int offset, int n, int flags)
{
    if (!(flags & SQLITE_SHM_UNLOCK) && faulty_now(FAULTY_OTHER)) return SQLITE_IOERR_SHMLOCK;
    return faulty_real(file)->pMethods->xShmLock(faulty_real(file), offset, n, flags);
}

static void faulty_shm_barrier(sqlite3_file *file)
{
    faulty_real(file)->pMethods->xShmBarrier(faulty_real(file));
}

static int faulty_shm_unmap(sqlite3_file *file, int erase)
{
    return faulty_real(file)->pMethods->xShmUnmap(faulty_real(file), erase);
}

static const sqlite3_io_methods faulty_methods = {
    2,           faulty_close,   faulty_read,   faulty_write,    faulty_truncate, faulty_sync,
    faulty_size, faulty_lock,    faulty_unlock, faulty_reserved, faulty_control,  faulty_sector,
    faulty_device, faulty_shm_map, faulty_shm_lock, faulty_shm_barrier, faulty_shm_unmap, NULL, NULL};

static int faulty_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *out, int flags, int *out_flags)
{
    faulty_file *file = (faulty_file *)(void *)out;
    (void)vfs;
    file->base.pMethods = NULL;
    file->real = (sqlite3_file *)(void *)(file + 1);
    if (faulty_now(FAULTY_OPEN)) return SQLITE_CANTOPEN;
    int code = faulty.real->xOpen(faulty.real, name, file->real, flags, out_flags);
    if (file->real->pMethods) file->base.pMethods = &faulty_methods;
    return code;
}

static int faulty_delete(sqlite3_vfs *vfs, const char *name, int sync)
{
    (void)vfs;
    if (faulty_now(FAULTY_OTHER)) return SQLITE_IOERR_DELETE;
    return faulty.real->xDelete(faulty.real, name, sync);
}

static int faulty_access(sqlite3_vfs *vfs, const char *name, int flags, int *out)
{
    (void)vfs;
    if (faulty_now(FAULTY_OTHER)) return SQLITE_IOERR_ACCESS;
    return faulty.real->xAccess(faulty.real, name, flags, out);
}

static int faulty_full_name(sqlite3_vfs *vfs, const char *name, int n, char *out)
{
    (void)vfs;
    return faulty.real->xFullPathname(faulty.real, name, n, out);
}

static void *faulty_malloc(int n)
{
    return faulty_now(FAULTY_MEMORY) ? NULL : faulty.memory.xMalloc(n);
}

static void *faulty_realloc(void *p, int n)
{
    return faulty_now(FAULTY_MEMORY) ? NULL : faulty.memory.xRealloc(p, n);
}

static sqlite3_vfs faulty_vfs;

static inline void faulty_install(void)
{
    sqlite3_mem_methods memory;
    if (sqlite3_config(SQLITE_CONFIG_GETMALLOC, &faulty.memory)) abort();
    memory = faulty.memory;
    memory.xMalloc = faulty_malloc, memory.xRealloc = faulty_realloc;
    if (sqlite3_config(SQLITE_CONFIG_MALLOC, &memory) || sqlite3_config(SQLITE_CONFIG_LOOKASIDE, 0, 0)) abort();
    if (!(faulty.real = sqlite3_vfs_find(NULL))) abort();
    faulty_vfs = *faulty.real;
    faulty_vfs.zName = "faulty", faulty_vfs.pNext = NULL;
    faulty_vfs.szOsFile = (int)sizeof(faulty_file) + faulty.real->szOsFile;
    faulty_vfs.xOpen = faulty_open, faulty_vfs.xDelete = faulty_delete;
    faulty_vfs.xAccess = faulty_access, faulty_vfs.xFullPathname = faulty_full_name;
    if (sqlite3_vfs_register(&faulty_vfs, 1)) abort();
}

#endif
