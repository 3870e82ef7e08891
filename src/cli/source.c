/* SPDX-License-Identifier: MIT */
/*
 * A log as a source of bytes.  What comes through a pipe can be kept in memory, in pieces, and read a second time; each
 * piece is given back once it was.
 */
#include "cli/source.h"

#include <stdlib.h>

#define PIECE_SIZE (1u << 20)

typedef struct piece {
    struct piece *next;
    size_t n, at;
    char bytes[PIECE_SIZE];
} piece;

itsm_status source_open(source *s)
{
    s->is_pipe = !strcmp(s->path, "-"), s->given = 0;
    itsm_status rc = itsm_os_input_open(&s->input, s->ctx, itsm_str_c(s->path));
    if (!rc) s->length = itsm_os_input_length(s->input);
    return rc;
}

static itsm_status keep(source *s, const char *p, size_t n)
{
    if (s->kept + n > SOURCE_PIPE_MAX) return ITSM_E_LIMIT;
    s->kept += n;
    while (n) {
        if (!s->last || s->last->n == PIECE_SIZE) {
            piece *fresh = malloc(sizeof *fresh);
            if (!fresh) return ITSM_E_NOMEM;
            fresh->next = NULL, fresh->n = fresh->at = 0;
            if (s->last) s->last->next = fresh;
            else s->first = fresh;
            s->last = fresh;
        }
        size_t part = PIECE_SIZE - s->last->n < n ? PIECE_SIZE - s->last->n : n;
        memcpy(s->last->bytes + s->last->n, p, part);
        s->last->n += part, p += part, n -= part;
    }
    return ITSM_OK;
}

itsm_status source_read(void *self, void *out, size_t capacity, size_t *n)
{
    source *s = self;
    itsm_status rc = itsm_os_input_read(s->input, out, capacity, n);
    if (rc) return rc;
    if (!s->given && *n > 1 && !memcmp(out, "\x1f\x8b", 2)) return s->compressed = 1, ITSM_E_UNSUPPORTED;
    s->given += *n;
    return s->keeps ? keep(s, out, *n) : ITSM_OK;
}

static void drop_first(source *s)
{
    piece *gone = s->first;
    s->first = gone->next;
    if (!s->first) s->last = NULL;
    free(gone);
}

/* From what was kept; each piece is given back once it was read. */
itsm_status source_read_again(void *self, void *out, size_t capacity, size_t *n)
{
    source *s = self;
    while (s->first && s->first->at == s->first->n) drop_first(s);
    *n = 0;
    if (!s->first) return ITSM_OK;
    *n = s->first->n - s->first->at < capacity ? s->first->n - s->first->at : capacity;
    memcpy(out, s->first->bytes + s->first->at, *n);
    s->first->at += *n, s->given += *n;
    return ITSM_OK;
}

void source_close(source *s)
{
    itsm_os_input_close(s->input);
    while (s->first) drop_first(s);
}

int compressed_error(const source *s, const char *name)
{
    note("itsm: %s:1:1: this is compressed: gzip -dc %s | itsm %s - ... [gzip]", s->path,
         s->is_pipe ? "LOG.gz" : s->path, name);
    return EXIT_INPUT;
}
