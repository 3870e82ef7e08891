/* SPDX-License-Identifier: MIT */
/**
 * @file itsm/sys/io.h
 * What the file store needs of a file system: a table of functions, so that a host, or a test that makes every call
 * fail, can put its own below the store.  The system's own table is itsm_os_io() in `os.h`.
 *
 * Rules for whoever writes a table.  Paths are NUL-terminated and used as they are given.  An interrupted call is
 * repeated inside, never reported.  A call that fails says why in its note, in words that fit after "cannot open x: ".
 * After a failed `sync` nothing may be assumed about what was written since the last good one.
 *
 * Statuses, the same for every function:
 *
 * | status              | stands for                                                     |
 * |---------------------|----------------------------------------------------------------|
 * | ITSM_E_NOT_FOUND    | no such file or directory (ENOENT, ENOTDIR)                     |
 * | ITSM_E_READONLY     | not allowed, or a read-only file system (EACCES, EPERM, EROFS)  |
 * | ITSM_E_FULL         | no space or over quota (ENOSPC, EDQUOT, EFBIG)                  |
 * | ITSM_E_BUSY         | the lock is held by another                                     |
 * | ITSM_E_NOMEM        | no memory                                                       |
 * | ITSM_E_LIMIT        | name too long, too many open files                              |
 * | ITSM_E_UNSUPPORTED  | this file system cannot do it                                   |
 * | ITSM_E_IO           | everything else                                                 |
 */
#ifndef ITSM_SYS_IO_H
#define ITSM_SYS_IO_H

#include <itsm/base.h>

ITSM_BEGIN_C

/** How a file is opened: bits for the @c open function of @ref itsm_io. */
enum {
    ITSM_IO_READ = 1,     /**< For reading. */
    ITSM_IO_WRITE = 2,    /**< For writing; with ITSM_IO_READ for both. */
    ITSM_IO_CREATE = 4,   /**< Made if it is not there. */
    ITSM_IO_EXCLUSIVE = 8 /**< With ITSM_IO_CREATE: fails with ITSM_NOTHING if it is there already. */
};

/** Room for what went wrong, filled by a call that fails. */
typedef struct itsm_io_note {
    char text[128]; /**< NUL-terminated, e.g. "no such file or directory". */
} itsm_io_note;

/** One name of a directory, for the @c list function of @ref itsm_io; anything but ITSM_OK stops and comes back. */
typedef itsm_status (*itsm_io_name_fn)(void *user, const char *name);

/**
 * A file system.  Every function is called with @c self first and may be called by several threads at once, but never
 * by two threads for writing to, or closing, the same file.  A note may be NULL.
 */
typedef struct itsm_io {
    size_t size; /**< sizeof(itsm_io) as the table was compiled. */
    void *self;  /**< Passed to every function. */

    /** Open a file, by bits of ITSM_IO_READ.  ITSM_NOTHING: it exists and ITSM_IO_EXCLUSIVE was asked for. */
    itsm_status (*open)(void *self, void **file, const char *path, uint32_t flags, itsm_io_note *note);
    /** Close a file; its lock goes too. */
    void (*close)(void *self, void *file);
    /** Length of a file in bytes. */
    itsm_status (*length)(void *self, void *file, uint64_t *out, itsm_io_note *note);
    /** Read up to @p n bytes at @p offset; @p got may be less; 0 only at or behind the end. */
    itsm_status (*read)(void *self, void *file, uint64_t offset, void *out, size_t n, size_t *got, itsm_io_note *note);
    /** Write up to @p n bytes at @p offset, growing the file; @p put may be less, but not 0. */
    itsm_status (*write)(void *self, void *file, uint64_t offset, const void *p, size_t n, size_t *put,
                         itsm_io_note *note);
    /** Content and length are on stable storage on return (fdatasync). */
    itsm_status (*sync)(void *self, void *file, itsm_io_note *note);
    /** Fill @p n bytes from @p offset with written zeros, so that later writes there need no new space. */
    itsm_status (*allocate)(void *self, void *file, uint64_t offset, uint64_t n, itsm_io_note *note);
    /** Cut or extend a file to a length. */
    itsm_status (*truncate)(void *self, void *file, uint64_t length, itsm_io_note *note);
    /** Lock a file for this opening of it, without waiting, until it is closed.  ITSM_E_BUSY: another holds it, in
        this process or in another. */
    itsm_status (*lock)(void *self, void *file, itsm_io_note *note);
    /** Give a file another name, replacing what had it, atomically. */
    itsm_status (*rename)(void *self, const char *from, const char *to, itsm_io_note *note);
    /** Remove a file. */
    itsm_status (*unlink)(void *self, const char *path, itsm_io_note *note);
    /** Make a directory.  ITSM_NOTHING: it is there already. */
    itsm_status (*mkdir)(void *self, const char *path, itsm_io_note *note);
    /** Names made, changed and removed in a directory are on stable storage on return. */
    itsm_status (*sync_dir)(void *self, const char *path, itsm_io_note *note);
    /** Tell the names in a directory, in any order, without "." and "..". */
    itsm_status (*list)(void *self, const char *path, itsm_io_name_fn name, void *user, itsm_io_note *note);
    /** *Optional*.  ITSM_OK: the file system of a directory is local, or it is not known.  ITSM_NOTHING: it is a network
        file system, whose name goes into the note. */
    itsm_status (*locality)(void *self, const char *path, itsm_io_note *note);
    /** *Optional*.  Who holds a lock that is taken by this table: words for people, e.g. "process 4711", NUL-terminated
        and cut to @p room bytes. */
    void (*holder)(void *self, char *out, size_t room);
    /* Members above: since 0.1.  New members are only ever added below. */
} itsm_io;

ITSM_END_C

#endif
