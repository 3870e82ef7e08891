/* SPDX-License-Identifier: MIT */
/*
 * Whole files and streams for programs: read a file, write one atomically, read an input in pieces, write to standard
 * output.  One system call per piece; nothing is buffered here.  Everything that can fail because of a file leaves an
 * issue "cannot <do what> <file>: <why>".
 *
 * An itsm_os_input keeps its context for later issues: close it before the context is freed.
 */
#ifndef _FILE_OFFSET_BITS
#define _FILE_OFFSET_BITS 64 /* on 32-bit machines: files over 2 GiB */
#endif
#ifndef _POSIX_C_SOURCE
#define _POSIX_C_SOURCE 200809L
#endif
#include "base/ctx.h"
#include "base/text.h"
#include "os/error.h"

#include <itsm/os.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static const itsm_str no_text = {NULL, 0};

static itsm_status cannot(itsm_ctx *ctx, itsm_status status, const char *what, itsm_str path, const itsm_io_note *note)
{
    return itsm__issue(ctx, status, path, no_text, no_text, "cannot %s %S: %s", what,
                       itsm_str_is(path, "-") ? ITSM_STR("standard input") : path, note->text);
}

static itsm_status cannot_system(itsm_ctx *ctx, int number, const char *what, itsm_str path)
{
    itsm_io_note note;
    itsm_status rc = itsm__os_error(number, &note);
    return cannot(ctx, rc < 0 ? rc : ITSM_E_IO, what, path, &note);
}

/* Input in pieces ------------------------------------------------------------------------------------------------- */

struct itsm_os_input {
    itsm__memory memory;
    itsm_ctx *ctx;
    int fd;
    uint64_t length;
    itsm_str path; /* behind the struct */
};

itsm_status itsm_os_input_open(itsm_os_input **out, itsm_ctx *ctx, itsm_str path)
{
    char name[ITSM__OS_PATH_MAX];
    itsm__issues_clear(ctx);
    if (!out) return ITSM_E_MISUSE;
    *out = NULL;
    itsm_status rc = itsm__os_path(name, sizeof name, ctx, path);
    if (rc) return rc;
    int fd = 0;
    if (!itsm_str_is(path, "-")) {
        do fd = open(name, O_RDONLY | O_CLOEXEC);
        while (fd < 0 && errno == EINTR);
        if (fd < 0) return cannot_system(ctx, errno, "open", path);
    }
    struct stat st;
    int failed = fstat(fd, &st);
    if (failed || S_ISDIR(st.st_mode)) {
        int number = failed ? errno : EISDIR;
        if (fd) close(fd);
        return cannot_system(ctx, number, "open", path);
    }
    const itsm__memory *memory = itsm__ctx_memory(ctx);
    itsm_os_input *input = itsm__alloc(memory, sizeof *input + path.n);
    if (!input) {
        if (fd) close(fd);
        return ITSM_E_NOMEM;
    }
    input->memory = *memory, input->ctx = ctx, input->fd = fd;
    input->length = S_ISREG(st.st_mode) && st.st_size > 0 ? (uint64_t)st.st_size : 0;
    memcpy(input + 1, path.p, path.n);
    input->path = itsm_str_n((const char *)(input + 1), path.n);
    *out = input;
    return ITSM_OK;
}

itsm_status itsm_os_input_read(void *self, void *out, size_t capacity, size_t *n)
{
    itsm_os_input *input = self;
    if (!input || !out || !n) return ITSM_E_MISUSE;
    ssize_t got;
    *n = 0;
    do got = read(input->fd, out, capacity > SSIZE_MAX ? SSIZE_MAX : capacity);
    while (got < 0 && errno == EINTR);
    if (got < 0) return cannot_system(input->ctx, errno, "read", input->path);
    *n = (size_t)got;
    return ITSM_OK;
}

uint64_t itsm_os_input_length(const itsm_os_input *input)
{
    return input ? input->length : 0;
}

void itsm_os_input_close(itsm_os_input *input)
{
    if (!input) return;
    if (input->fd) close(input->fd);
    itsm__memory memory = input->memory;
    itsm__free(&memory, input, sizeof *input + input->path.n);
}

/* Whole files ----------------------------------------------------------------------------------------------------- */

itsm_status itsm_os_file_read(itsm_buf *out, itsm_ctx *ctx, itsm_str path, size_t limit)
{
    itsm_os_input *input = NULL;
    if (!out) {
        itsm__issues_clear(ctx);
        return ITSM_E_MISUSE;
    }
    itsm_status rc = itsm_os_input_open(&input, ctx, path);
    if (rc) return rc;
    if (!limit) limit = (size_t)256 << 20;
    size_t before = out->n, got = 1;
    size_t step = input->length && input->length < limit ? (size_t)input->length + 1 : 65536;
    while (!rc && got) {
        rc = itsm__buf_reserve(out, step);
        if (!rc) rc = itsm_os_input_read(input, out->p + out->n, step, &got);
        if (!rc && got > limit - (out->n - before)) {
            static const char text[] = "it is longer than allowed";
            itsm_io_note note;
            memcpy(note.text, text, sizeof text);
            rc = cannot(ctx, ITSM_E_LIMIT, "read", path, &note);
        }
        if (!rc) out->n += got, step = 65536;
    }
    if (rc) out->n = before;
    itsm_os_input_close(input);
    return rc;
}

static itsm_status write_all(const itsm_io *io, void *file, itsm_bytes bytes, itsm_io_note *note)
{
    uint64_t offset = 0;
    const char *p = bytes.p;
    while (bytes.n) {
        size_t put = 0;
        itsm_status rc = io->write(io->self, file, offset, p, bytes.n, &put, note);
        if (rc) return rc;
        p += put, bytes.n -= put, offset += put;
    }
    return io->sync(io->self, file, note);
}

/* The directory part of a path, in place: "a/b" is "a", "b" is ".", "/b" is "/". */
static void keep_directory(char *path)
{
    char *slash = strrchr(path, '/');
    if (!slash) path[0] = '.', path[1] = 0;
    else slash[slash == path] = 0;
}

/* Not a file of its own but a link, a device or a pipe: it stays what it is and is written through. */
static itsm_status write_through(itsm_ctx *ctx, const char *name, itsm_str path, itsm_bytes bytes)
{
    int fd, number = 0;
    do fd = open(name, O_WRONLY | O_TRUNC | O_CREAT | O_CLOEXEC, 0666);
    while (fd < 0 && errno == EINTR);
    if (fd < 0) return cannot_system(ctx, errno, "write", path);
    for (const char *p = bytes.p; bytes.n && !number;) {
        ssize_t put = write(fd, p, bytes.n > SSIZE_MAX ? SSIZE_MAX : bytes.n);
        if (put < 0) number = errno == EINTR ? 0 : errno;
        else p += put, bytes.n -= (size_t)put;
    }
    if (close(fd) && !number) number = errno;
    return number ? cannot_system(ctx, number, "write", path) : ITSM_OK;
}

itsm_status itsm_os_file_write(itsm_ctx *ctx, itsm_str path, itsm_bytes bytes)
{
    enum { SUFFIX = 21 }; /* ".", 16 digits, ".tmp" */
    char name[ITSM__OS_PATH_MAX], temporary[ITSM__OS_PATH_MAX + SUFFIX + 1];
    unsigned char random[8];
    const itsm_io *io = itsm_os_io();
    itsm_io_note note;
    void *file = NULL;
    itsm__issues_clear(ctx);
    itsm_status rc = itsm__os_path(name, sizeof name, ctx, path);
    if (rc) return rc;
    struct stat st;
    if (lstat(name, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
        return write_through(ctx, name, path, bytes);
    if (itsm__ctx_random(ctx, random, sizeof random)) { /* the name need not be secret: O_EXCL decides */
        uint64_t now = (uint64_t)itsm_os_monotonic() ^ (uint64_t)getpid() << 40;
        memcpy(random, &now, sizeof random);
    }
    memcpy(temporary, name, path.n);
    temporary[path.n] = '.';
    for (size_t i = 0; i < sizeof random; i++)
        temporary[path.n + 1 + 2 * i] = "0123456789abcdef"[random[i] >> 4],
                                   temporary[path.n + 2 + 2 * i] = "0123456789abcdef"[random[i] & 15];
    memcpy(temporary + path.n + 17, ".tmp", 5);

    rc = io->open(io->self, &file, temporary, ITSM_IO_WRITE | ITSM_IO_CREATE | ITSM_IO_EXCLUSIVE, &note);
    if (rc) return cannot(ctx, rc < 0 ? rc : ITSM_E_IO, "write", path, &note);
    rc = write_all(io, file, bytes, &note);
    io->close(io->self, file);
    if (!rc) rc = io->rename(io->self, temporary, name, &note);
    if (rc) {
        (void)io->unlink(io->self, temporary, NULL);
        return cannot(ctx, rc < 0 ? rc : ITSM_E_IO, "write", path, &note);
    }
    keep_directory(name);
    rc = io->sync_dir(io->self, name, &note);
    return rc ? cannot(ctx, rc < 0 ? rc : ITSM_E_IO, "write", path, &note) : ITSM_OK;
}

/* Output ---------------------------------------------------------------------------------------------------------- */

static itsm_status write_fd(int fd, itsm_bytes bytes)
{
    const char *p = bytes.p;
    while (bytes.n) {
        ssize_t put = write(fd, p, bytes.n > SSIZE_MAX ? SSIZE_MAX : bytes.n);
        if (put < 0 && errno == EINTR) continue;
        if (put < 0) {
            itsm_status rc = itsm__os_error(errno, NULL);
            return rc == ITSM_DONE || rc == ITSM_E_FULL ? rc : ITSM_E_IO;
        }
        p += put, bytes.n -= (size_t)put;
    }
    return ITSM_OK;
}

itsm_status itsm_os_output_write(int fd, itsm_bytes bytes)
{
    if (fd != 1 && fd != 2) return ITSM_E_MISUSE;
    /* SIGPIPE goes to the thread that writes: held back for it alone, taken away if it was raised here. */
    static const struct timespec at_once = {0, 0};
    sigset_t pipe_signal, before, pending;
    sigemptyset(&pipe_signal), sigaddset(&pipe_signal, SIGPIPE);
    sigemptyset(&pending), sigpending(&pending);
    int was_pending = sigismember(&pending, SIGPIPE) == 1;
    if (pthread_sigmask(SIG_BLOCK, &pipe_signal, &before)) return ITSM_E_IO;
    itsm_status rc = write_fd(fd, bytes);
    if (rc == ITSM_DONE && !was_pending)
        while (sigtimedwait(&pipe_signal, NULL, &at_once) < 0 && errno == EINTR) {}
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return rc;
}
