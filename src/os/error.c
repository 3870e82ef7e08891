/* SPDX-License-Identifier: MIT */
/*
 * Error numbers of the system, one table: number, status, words.  A number that is not in it is ITSM_E_IO with its
 * number in the text.  O(rows), on failures only.
 */
#include "os/error.h"
#include "base/ctx.h"

#include <errno.h>

static const struct {
    int number;
    itsm_status status;
    const char *text;
} errors[] = {
    {ENOENT, ITSM_E_NOT_FOUND, "no such file or directory"},
    {ENOTDIR, ITSM_E_NOT_FOUND, "part of the path is not a directory"},
    {EACCES, ITSM_E_READONLY, "permission denied"},
    {EPERM, ITSM_E_READONLY, "operation not permitted"},
    {EROFS, ITSM_E_READONLY, "read-only file system"},
    {ENOSPC, ITSM_E_FULL, "no space left on the device"},
    {EFBIG, ITSM_E_FULL, "file too large"},
#ifdef EDQUOT
    {EDQUOT, ITSM_E_FULL, "disk quota exceeded"},
#endif
    {ENOMEM, ITSM_E_NOMEM, "no memory"},
    {EMFILE, ITSM_E_LIMIT, "too many open files in this process"},
    {ENFILE, ITSM_E_LIMIT, "too many open files"},
    {ENAMETOOLONG, ITSM_E_LIMIT, "name too long"},
    {ELOOP, ITSM_E_LIMIT, "too many symbolic links"},
    {EISDIR, ITSM_E_IO, "is a directory"},
    {EIO, ITSM_E_IO, "input/output error"},
    {EEXIST, ITSM_NOTHING, "exists already"},
    {ENOTSUP, ITSM_E_UNSUPPORTED, "not supported by this file system"},
    {EPIPE, ITSM_DONE, "nobody reads"},
};

itsm_status itsm__os_error(int number, itsm_io_note *note)
{
    size_t i = 0, n = sizeof errors / sizeof errors[0];
    while (i < n && errors[i].number != number) i++;
    if (note) {
        const char *text = i < n ? errors[i].text : "system error ";
        size_t length = strlen(text);
        memcpy(note->text, text, length);
        if (i == n) {
            char digits[16];
            size_t count = 0;
            for (unsigned left = (unsigned)number; count == 0 || left; left /= 10)
                digits[count++] = (char)('0' + left % 10);
            while (count) note->text[length++] = digits[--count];
        }
        note->text[length] = 0;
    }
    return i < n ? errors[i].status : ITSM_E_IO;
}

itsm_status itsm__os_path(char *out, size_t capacity, itsm_ctx *ctx, itsm_str path)
{
    if (path.n == 0 || memchr(path.p, 0, path.n))
        return itsm__issue(ctx, ITSM_E_INVALID, ITSM_STR(""), ITSM_STR(""), ITSM_STR(""),
                           path.n ? "a path holds a NUL" : "a path is empty");
    if (path.n >= capacity)
        return itsm__issue(ctx, ITSM_E_LIMIT, ITSM_STR(""), ITSM_STR(""), ITSM_STR(""),
                           "a path of %z bytes is too long", path.n);
    memcpy(out, path.p, path.n);
    out[path.n] = 0;
    return ITSM_OK;
}
