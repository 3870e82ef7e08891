/* SPDX-License-Identifier: MIT */
/*
 * The system's files as a table of functions (itsm/sys/io.h), over POSIX calls.  One call of the table is one system
 * call, repeated while it is interrupted; `allocate` is one per 64 KiB.  A file is a descriptor and nothing more: no
 * buffer, no position, no memory but the small block that holds the number.
 *
 * Locks are open-file-description locks where the system has them, else flock(): both belong to this opening of the
 * file, so that closing another descriptor of it does not drop them and a second opening in the same process is
 * refused like one in another.  Classic fcntl() locks have neither property and are not used.
 *
 * Whether a file system is one of a network is known on Linux, by the magic number of statfs(); elsewhere it is not.
 */
#ifndef _FILE_OFFSET_BITS
#define _FILE_OFFSET_BITS 64 /* on 32-bit machines: files over 2 GiB, and locks that all builds share */
#endif
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1 /* F_OFD_SETLK */
#endif
#include "os/error.h"
#include "base/memory.h"

#include <itsm/os.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#if defined(__linux__)
#include <sys/vfs.h>
#endif
#include <unistd.h>

typedef struct os_file {
    int fd;
} os_file;

/* A descriptor is never reopened after EINTR from close(): on Linux it is gone. */
static int open_fd(const char *path, int flags)
{
    int fd;
    do fd = open(path, flags, 0666);
    while (fd < 0 && errno == EINTR);
    return fd;
}

static itsm_status file_open(void *self, void **out, const char *path, uint32_t flags, itsm_io_note *note)
{
    (void)self;
    int mode = (flags & ITSM_IO_WRITE) ? ((flags & ITSM_IO_READ) ? O_RDWR : O_WRONLY) : O_RDONLY;
    if (flags & ITSM_IO_CREATE) mode |= O_CREAT;
    if (flags & ITSM_IO_EXCLUSIVE) mode |= O_EXCL;
    *out = NULL;
    int fd = open_fd(path, mode | O_CLOEXEC);
    if (fd < 0) return itsm__os_error(errno, note);
    itsm__memory memory = itsm__memory_default();
    os_file *file = itsm__alloc(&memory, sizeof *file);
    if (!file) {
        close(fd);
        return itsm__os_error(ENOMEM, note);
    }
    file->fd = fd;
    *out = file;
    return ITSM_OK;
}

static void file_close(void *self, void *handle)
{
    (void)self;
    os_file *file = handle;
    if (!file) return;
    itsm__memory memory = itsm__memory_default();
    close(file->fd);
    itsm__free(&memory, file, sizeof *file);
}

static itsm_status file_length(void *self, void *handle, uint64_t *out, itsm_io_note *note)
{
    (void)self;
    struct stat st;
    if (fstat(((os_file *)handle)->fd, &st)) return itsm__os_error(errno, note);
    if (S_ISDIR(st.st_mode)) return itsm__os_error(EISDIR, note);
    *out = st.st_size < 0 ? 0 : (uint64_t)st.st_size;
    return ITSM_OK;
}

/* Whether offset + n fits the system's type for offsets. */
static int offset_fits(uint64_t offset, uint64_t n)
{
    const uint64_t most = sizeof(off_t) == 8 ? INT64_MAX : INT32_MAX;
    return offset <= most && n <= most - offset;
}

static itsm_status file_read(void *self, void *handle, uint64_t offset, void *out, size_t n, size_t *got,
                             itsm_io_note *note)
{
    (void)self;
    ssize_t done;
    *got = 0;
    if (!offset_fits(offset, n)) return itsm__os_error(EFBIG, note);
    do done = pread(((os_file *)handle)->fd, out, n > SSIZE_MAX ? SSIZE_MAX : n, (off_t)offset);
    while (done < 0 && errno == EINTR);
    if (done < 0) return itsm__os_error(errno, note);
    *got = (size_t)done;
    return ITSM_OK;
}

static itsm_status file_write(void *self, void *handle, uint64_t offset, const void *p, size_t n, size_t *put,
                              itsm_io_note *note)
{
    (void)self;
    ssize_t done;
    *put = 0;
    if (!offset_fits(offset, n)) return itsm__os_error(EFBIG, note);
    do done = pwrite(((os_file *)handle)->fd, p, n > SSIZE_MAX ? SSIZE_MAX : n, (off_t)offset);
    while (done < 0 && errno == EINTR);
    if (done < 0) return itsm__os_error(errno, note);
    if (done == 0 && n) return itsm__os_error(EIO, note);
    *put = (size_t)done;
    return ITSM_OK;
}

/*
 * Not repeated, not even after EINTR from a network file system: a second sync may answer "done" for what the first one
 * lost.
 */
static itsm_status file_sync(void *self, void *handle, itsm_io_note *note)
{
    (void)self;
#if defined(__APPLE__)
    int failed = fcntl(((os_file *)handle)->fd, F_FULLFSYNC);
#else
    int failed = fdatasync(((os_file *)handle)->fd);
#endif
    return failed ? itsm__os_error(errno == EINTR ? EIO : errno, note) : ITSM_OK;
}

static itsm_status file_allocate(void *self, void *handle, uint64_t offset, uint64_t n, itsm_io_note *note)
{
    static const unsigned char zeros[65536];
    while (n) {
        size_t step = n < sizeof zeros ? (size_t)n : sizeof zeros, put = 0;
        itsm_status rc = file_write(self, handle, offset, zeros, step, &put, note);
        if (rc) return rc;
        offset += put, n -= put;
    }
    return ITSM_OK;
}

static itsm_status file_truncate(void *self, void *handle, uint64_t length, itsm_io_note *note)
{
    (void)self;
    int failed;
    if (!offset_fits(length, 0)) return itsm__os_error(EFBIG, note);
    do failed = ftruncate(((os_file *)handle)->fd, (off_t)length);
    while (failed && errno == EINTR);
    return failed ? itsm__os_error(errno, note) : ITSM_OK;
}

static itsm_status held(itsm_io_note *note)
{
    static const char text[] = "another opening of it holds the lock";
    if (note) memcpy(note->text, text, sizeof text);
    return ITSM_E_BUSY;
}

static itsm_status file_lock(void *self, void *handle, itsm_io_note *note)
{
    (void)self;
    int fd = ((os_file *)handle)->fd, failed;
#ifdef F_OFD_SETLK
    struct flock whole;
    memset(&whole, 0, sizeof whole);
    whole.l_type = F_WRLCK, whole.l_whence = SEEK_SET;
    do failed = fcntl(fd, F_OFD_SETLK, &whole);
    while (failed && errno == EINTR);
    if (!failed) return ITSM_OK;
    if (errno == EAGAIN || errno == EACCES) return held(note);
    if (errno != EINVAL) return itsm__os_error(errno, note); /* EINVAL: a kernel without them */
#endif
    do failed = flock(fd, LOCK_EX | LOCK_NB);
    while (failed && errno == EINTR);
    if (!failed) return ITSM_OK;
    return errno == EWOULDBLOCK ? held(note) : itsm__os_error(errno, note);
}

static itsm_status name_rename(void *self, const char *from, const char *to, itsm_io_note *note)
{
    (void)self;
    return rename(from, to) ? itsm__os_error(errno, note) : ITSM_OK;
}

static itsm_status name_unlink(void *self, const char *path, itsm_io_note *note)
{
    (void)self;
    return unlink(path) ? itsm__os_error(errno, note) : ITSM_OK;
}

static itsm_status name_mkdir(void *self, const char *path, itsm_io_note *note)
{
    (void)self;
    if (mkdir(path, 0777) == 0) return ITSM_OK;
    if (errno == EEXIST) {
        struct stat st;
        if (stat(path, &st)) return itsm__os_error(errno, note);
        if (!S_ISDIR(st.st_mode)) return itsm__os_error(ENOTDIR, note);
        return ITSM_NOTHING;
    }
    return itsm__os_error(errno, note);
}

static itsm_status name_sync_dir(void *self, const char *path, itsm_io_note *note)
{
    (void)self;
    int fd = open_fd(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return itsm__os_error(errno, note);
    int failed = fsync(fd), number = failed ? errno : 0;
    close(fd);
    /* Some file systems cannot sync a directory and say so; there is nothing more to be had from them. */
    if (number == EINVAL || number == ENOTSUP) return ITSM_OK;
    return number ? itsm__os_error(number == EINTR ? EIO : number, note) : ITSM_OK;
}

static itsm_status name_list(void *self, const char *path, itsm_io_name_fn name, void *user, itsm_io_note *note)
{
    (void)self;
    DIR *dir = opendir(path);
    if (!dir) return itsm__os_error(errno, note);
    itsm_status rc = ITSM_OK;
    while (!rc) {
        errno = 0;
        const struct dirent *entry = readdir(dir);
        if (!entry) {
            if (errno) rc = itsm__os_error(errno, note);
            break;
        }
        if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, "..")) rc = name(user, entry->d_name);
    }
    closedir(dir);
    return rc;
}

#if defined(__linux__)
/* Magic numbers of statfs(2) and of the file systems' own headers. */
static const struct {
    uint32_t magic;
    const char *name;
} network_file_systems[] = {
    {0x00006969u, "nfs"},   {0x0000517bu, "smb"},    {0xff534d42u, "cifs"}, {0xfe534d42u, "smb2"},
    {0x5346414fu, "afs"},   {0x6b414653u, "kafs"},   {0x73757245u, "coda"}, {0x0000564cu, "ncp"},
    {0x00c36400u, "ceph"},  {0x0bd00bd0u, "lustre"}, {0x47504653u, "gpfs"}, {0x01161970u, "gfs2"},
    {0x7461636fu, "ocfs2"}, {0x19830326u, "fhgfs"},
};

/* The name of a network file system, or NULL.  File systems of a host that a guest shares count as local. */
static const char *network_name(uint32_t magic)
{
    for (size_t i = 0; i < sizeof network_file_systems / sizeof *network_file_systems; i++)
        if (network_file_systems[i].magic == magic) return network_file_systems[i].name;
    return NULL;
}

static itsm_status path_locality(void *self, const char *path, itsm_io_note *note)
{
    (void)self;
    struct statfs fs;
    int failed;
    do failed = statfs(path, &fs);
    while (failed && errno == EINTR);
    if (failed) return itsm__os_error(errno, note);
    const char *name = network_name((uint32_t)fs.f_type);
    if (!name) return ITSM_OK;
    if (note) memcpy(note->text, name, strlen(name) + 1);
    return ITSM_NOTHING;
}
#else
static itsm_status path_locality(void *self, const char *path, itsm_io_note *note)
{
    (void)self, (void)path, (void)note;
    return ITSM_OK; /* not known */
}
#endif

static void lock_holder(void *self, char *out, size_t room)
{
    static const char word[] = "process ";
    char digits[20];
    size_t n = 0, at = 0;
    (void)self;
    unsigned long long id = (unsigned long long)getpid();
    do digits[n++] = (char)('0' + id % 10);
    while (id /= 10);
    for (; at + 1 < room && word[at]; at++) out[at] = word[at];
    while (n && at + 1 < room) out[at++] = digits[--n];
    if (room) out[at] = 0;
}

const itsm_io *itsm_os_io(void)
{
    static const itsm_io io = {sizeof io,   NULL,       file_open,     file_close,    file_length,   file_read,
                               file_write,  file_sync,  file_allocate, file_truncate, file_lock,     name_rename,
                               name_unlink, name_mkdir, name_sync_dir, name_list,     path_locality, lock_holder};
    return &io;
}
