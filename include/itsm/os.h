/* SPDX-License-Identifier: MIT */
/**
 * @file itsm/os.h
 * The operating system, for hosts that do not bring their own: a context in one call, the time, files, streams.
 *
 * Nothing in the library includes this header: it is the one place that touches files, clocks, locks, random numbers
 * and the environment, and may be left out.  No function here starts a thread or a program, or changes a signal handler.
 * What fails because of a file is an issue of the context that names it: "cannot open log.csv: no such file or
 * directory".
 */
#ifndef ITSM_OS_H
#define ITSM_OS_H

#include <itsm/base.h>
#include <itsm/store.h>
#include <itsm/sys/io.h>

ITSM_BEGIN_C

/**
 * Make a context with what the system has: its random numbers, its mutexes, its zones, the memory of the C library.
 *
 * Zones are looked for in the directory named by the environment variable `ITSM_ZONEINFO`, then in
 * `/usr/share/zoneinfo`, `/usr/lib/zoneinfo`, `/usr/share/lib/zoneinfo` and `/etc/zoneinfo`, then among those that are
 * built into the library: itsm_zones_embedded().  A name with an empty, "." or ".." part, or an absolute one, is not
 * looked for at all.
 *
 * @param out Yours; freed by itsm_ctx_free().
 * @retval ITSM_OK       @p out is a context.
 * @retval ITSM_E_NOMEM  No memory.
 * @retval ITSM_E_MISUSE @p out is NULL.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_os_ctx_new(itsm_ctx **out);

/**
 * Fill the parts of the options of a context that are the system's: random numbers, mutexes, zones.  For hosts that
 * bring their own allocator.
 *
 * @param options Changed; @c alloc and @c alloc_user stay.  What it points to is static.
 * @since 0.1
 */
ITSM_API void itsm_os_ctx_options(itsm_ctx_options *options);

/**
 * Ask the system what time it is.
 *
 * @return Microseconds since 1970-01-01T00:00:00Z; ITSM_TIME_NONE if the system does not know.
 * @since 0.1
 */
ITSM_API itsm_time itsm_os_now(void);

/**
 * Read a clock that is never set back: for the length of waits and for progress.
 *
 * @return Microseconds since some unspecified instant.
 * @since 0.1
 */
ITSM_API itsm_span itsm_os_monotonic(void);

/**
 * Read the processor time this process has used, in its own code and in the system's.
 *
 * @return Microseconds.
 * @since 0.1
 */
ITSM_API itsm_span itsm_os_cpu_time(void);

/**
 * The system's files as a table of functions.
 *
 * @return Static; usable by every thread.
 * @since 0.1
 */
ITSM_API const itsm_io *itsm_os_io(void);

/**
 * Open the file store in a directory, or make one there; ":memory:" gives a memory store.
 *
 * @param out  Yours; freed by itsm_store_free().
 * @param ctx  Random numbers (for a new log) and mutexes are taken from it.
 * @param path Directory; its parent must exist.
 * @retval ITSM_OK          @p out is open.
 * @retval ITSM_E_BUSY      The store is open already, here or in another process.
 * @retval ITSM_E_CORRUPT   What the directory has is damaged or not a store; opened read-only it can be looked at.
 * @retval ITSM_E_VERSION   Written by a newer version in a format that this one does not know.
 * @retval ITSM_E_READONLY  Not allowed to write there.
 * @retval ITSM_E_FULL      No space.
 * @retval ITSM_E_IO        Reading or writing failed.
 * @retval ITSM_E_NOT_FOUND The parent directory does not exist.
 * @retval ITSM_E_NOMEM     No memory.
 * @retval ITSM_E_NO_RANDOM @p ctx has no random source.
 * @retval ITSM_E_LIMIT     The path is too long, or too many files are open.
 * @retval ITSM_E_UNSUPPORTED The file system cannot lock.
 * @retval ITSM_E_MISUSE    @p out or @p ctx is NULL, or the path is empty or holds a NUL.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_os_store_open(itsm_store **out, itsm_ctx *ctx, itsm_str path);

/**
 * Append a whole file to a buffer.
 *
 * @param out   Appended to; as it was on failure.
 * @param ctx   For issues.
 * @param path  File, or "-" for standard input.
 * @param limit Most bytes to read; 0 for 256 MiB.
 * @retval ITSM_OK          Appended.
 * @retval ITSM_E_NOT_FOUND No such file.
 * @retval ITSM_E_READONLY  Not allowed to read it.
 * @retval ITSM_E_LIMIT     The file is longer than @p limit, or the path is too long.
 * @retval ITSM_E_IO        Reading failed.
 * @retval ITSM_E_NOMEM     No memory.
 * @retval ITSM_E_INVALID   The path is empty or holds a NUL.
 * @retval ITSM_E_MISUSE    @p out is NULL.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_os_file_read(itsm_buf *out, itsm_ctx *ctx, itsm_str path, size_t limit);

/**
 * Write a whole file, atomically: whoever opens @p path sees the old content or the new, also after a power failure.
 *
 * The bytes go to a new file beside it that is synced and then renamed.  An existing file's mode is not kept.  A link,
 * a device or a pipe stays what it is: it is written through, not atomically.
 *
 * @param ctx   For issues and the name of the new file.
 * @param path  File; its directory must exist.
 * @param bytes Content.
 * @retval ITSM_OK          Written.
 * @retval ITSM_E_NOT_FOUND The directory does not exist.
 * @retval ITSM_E_READONLY  Not allowed.
 * @retval ITSM_E_FULL      No space.
 * @retval ITSM_E_IO        Writing failed.
 * @retval ITSM_E_LIMIT     The path is too long.
 * @retval ITSM_E_INVALID   The path is empty or holds a NUL.
 * @retval ITSM_E_NOMEM     No memory.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_os_file_write(itsm_ctx *ctx, itsm_str path, itsm_bytes bytes);

/** A file, or standard input, read in pieces from the beginning to the end. */
typedef struct itsm_os_input itsm_os_input;

/**
 * Open a file for reading in pieces.
 *
 * @param out  Yours; closed by itsm_os_input_close().
 * @param ctx  For issues; kept, for those of itsm_os_input_read().
 * @param path File, or "-" for standard input.
 * @retval ITSM_OK          @p out is open.
 * @retval ITSM_E_NOT_FOUND No such file.
 * @retval ITSM_E_READONLY  Not allowed to read it.
 * @retval ITSM_E_IO        Opening failed, or it is a directory.
 * @retval ITSM_E_LIMIT     The path is too long, or too many files are open.
 * @retval ITSM_E_INVALID   The path is empty or holds a NUL.
 * @retval ITSM_E_NOMEM     No memory.
 * @retval ITSM_E_MISUSE    @p out is NULL.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_os_input_open(itsm_os_input **out, itsm_ctx *ctx, itsm_str path);

/**
 * Read the next bytes.  The signature is that of the library's pull readers, which take it with @p self as user.
 *
 * @param self     An itsm_os_input.
 * @param out      Room.
 * @param capacity Bytes of room, not 0.
 * @param n        Bytes read; less than @p capacity at any time, 0 only at the end.
 * @retval ITSM_OK       @p n bytes were read; 0: the end.
 * @retval ITSM_E_IO     Reading failed; the issue of the context names the file.
 * @retval ITSM_E_MISUSE An argument is NULL.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_os_input_read(void *self, void *out, size_t capacity, size_t *n);

/**
 * Length of an input, for showing progress.
 *
 * @param input An input.
 * @return Bytes; 0 if not known (a pipe, a terminal).
 * @since 0.1
 */
ITSM_API uint64_t itsm_os_input_length(const itsm_os_input *input);

/**
 * Close an input.  Standard input itself stays open.
 *
 * @param input NULL is allowed.
 * @since 0.1
 */
ITSM_API void itsm_os_input_close(itsm_os_input *input);

/**
 * Write all bytes to standard output or standard error, without buffering.
 *
 * A reader that has gone away is news, not an error, and raises no signal.
 *
 * @param fd    1 or 2.
 * @param bytes What to write.
 * @retval ITSM_OK       Written.
 * @retval ITSM_DONE     Nobody reads any more.
 * @retval ITSM_E_FULL   No space.
 * @retval ITSM_E_IO     Writing failed.
 * @retval ITSM_E_MISUSE @p fd is neither 1 nor 2.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_os_output_write(int fd, itsm_bytes bytes);

/**
 * Tell whether a stream is a terminal.
 *
 * @param fd 0, 1 or 2.
 * @return 1 or 0.
 * @since 0.1
 */
ITSM_API int itsm_os_is_terminal(int fd);

/**
 * Look at the environment.
 *
 * @param name Name of a variable.
 * @return Its value, borrowed until the environment changes; `p` is NULL if there is none.
 * @since 0.1
 */
ITSM_API itsm_str itsm_os_env(const char *name);

ITSM_END_C

#endif
