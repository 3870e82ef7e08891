/* SPDX-License-Identifier: MIT */
/* A log as a source of bytes: a file, or standard input. */
#ifndef ITSM_SRC_CLI_SOURCE_H
#define ITSM_SRC_CLI_SOURCE_H

#include "cli/cli.h"

#define SOURCE_PIPE_MAX (256u << 20) /* most bytes kept of a pipe */

/* A file, or a pipe whose bytes are kept for the second reading. */
typedef struct source {
    itsm_ctx *ctx;
    const char *path;
    itsm_os_input *input;
    int is_pipe, keeps, compressed;
    struct piece *first, *last;
    size_t kept;
    uint64_t given, length; /* bytes so far, and in all; 0: not known */
} source;

itsm_status source_open(source *s); /* `ctx` and `path` are set */
void source_close(source *s);
/* Both are an itsm_read_fn.  The second gives what was kept of a pipe once more. */
itsm_status source_read(void *self, void *out, size_t capacity, size_t *n);
itsm_status source_read_again(void *self, void *out, size_t capacity, size_t *n);
/* Say how to unpack it. */
int compressed_error(const source *s, const char *name);

#endif
