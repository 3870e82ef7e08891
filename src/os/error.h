/* SPDX-License-Identifier: MIT */
/*
 * The system's error numbers as statuses and as words.  strerror() is not used: it depends on the locale and is not
 * safe with threads.
 */
#ifndef ITSM_SRC_OS_ERROR_H
#define ITSM_SRC_OS_ERROR_H

#include <itsm/sys/io.h>

/* The status of an error number; its text into *note (NULL is allowed). */
itsm_status itsm__os_error(int number, itsm_io_note *note);

/* A path as the system wants it, in room for `capacity` bytes.  Issues name what is wrong with it. */
itsm_status itsm__os_path(char *out, size_t capacity, itsm_ctx *ctx, itsm_str path);

enum { ITSM__OS_PATH_MAX = 4096 };

#endif
