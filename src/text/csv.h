/* SPDX-License-Identifier: MIT */
/*
 * CSV (RFC 4180), as a stream: one row at a time, any size of input, memory for the longest row only.
 *
 *     itsm__csv csv;
 *     itsm__csv_init(&csv, ctx, read, self);                  // or itsm__csv_init_text(&csv, ctx, text)
 *     itsm_status status = itsm__csv_read_header(&csv);       // optional: names of columns
 *     if (!status) status = itsm__csv_find_column(&column, &csv, ITSM_STR("opened_at"));
 *     while (!status && (status = itsm__csv_next(&csv)) == ITSM_OK) ... csv.fields[column] ...
 *     itsm__csv_clear(&csv);                                   // status is ITSM_DONE at the end
 *
 * Lines end with LF or CRLF; a byte order mark at the start is skipped; a line without any character is skipped
 * unless there is one column only.  The first row decides how many fields every row must have.  Fields are valid
 * UTF-8 without NUL.  What RFC 4180 does not allow is refused with an issue at byte, line and column: a quote inside
 * an unquoted field, text behind a closing quote, a quote that is not closed, a carriage return alone.
 */
#ifndef ITSM_SRC_TEXT_CSV_H
#define ITSM_SRC_TEXT_CSV_H

#include "base/ctx.h"
#include "base/memory.h"

/* Give up to `capacity` bytes (> 0); *n = 0 is the end.  Its failures come back unchanged. */
typedef itsm_status (*itsm__read_fn)(void *self, void *out, size_t capacity, size_t *n);

enum { ITSM__CSV_FIELD = 1024 * 1024, ITSM__CSV_ROW = 16 * 1024 * 1024, ITSM__CSV_COLUMNS = 4096 };

/* A field with doubled quotes: what csv->fields says of it lies outside the window. */
typedef struct itsm__csv_quoted {
    size_t field;
    const char *start; /* in the window, behind the opening quote */
} itsm__csv_quoted;

typedef struct itsm__csv {
    /* May be set between init and the first row. */
    char delimiter;                              /* a comma; not a quote, CR or LF */
    size_t field_limit, row_limit, column_limit; /* ITSM__CSV_FIELD, ... */

    /* The row, borrowed until the next one. */
    itsm_str *fields;
    size_t nfields;
    uint64_t line; /* where the row starts, from 1 */
    uint64_t rows; /* rows so far, the header included */

    /* Inside. */
    itsm_ctx *ctx;
    itsm__memory memory;
    itsm__read_fn read;
    void *self;
    itsm_str rest; /* of a text given whole */
    char *data;    /* bytes read: [row, end), then at least 8 zero bytes */
    size_t capacity, row, next, end;
    itsm__csv_quoted *quoted; /* fields of the row with doubled quotes */
    size_t quoted_capacity, nquoted, field_capacity;
    uint64_t byte;      /* where data[0] stands in the input */
    uint64_t next_line; /* line of `next` */
    size_t columns;     /* of the first row; 0 before */
    itsm_str *header;   /* names of columns, in the arena */
    size_t nheader, header_capacity;
    itsm__arena names, decoded;
    int ended;          /* the source has no more */
    itsm_status failed; /* what stopped the stream: every later call says the same */
} itsm__csv;

/* ctx may be NULL: no issues, memory of the C library.  The csv must not be moved. */
void itsm__csv_init(itsm__csv *csv, itsm_ctx *ctx, itsm__read_fn read, void *self);
void itsm__csv_init_text(itsm__csv *csv, itsm_ctx *ctx, itsm_str text);
void itsm__csv_clear(itsm__csv *csv);

/*
 * Read one row into csv->fields.  ITSM_DONE: no more.  ITSM_E_SYNTAX: not well formed, or another number of fields
 * than the first row; ITSM_E_LIMIT; ITSM_E_NOMEM; what read answered.  After a failure nothing more is read.
 */
itsm_status itsm__csv_next(itsm__csv *csv);

/* Read the first row and keep it as names.  ITSM_E_INVALID: a name twice; ITSM_E_SYNTAX: no row at all. */
itsm_status itsm__csv_read_header(itsm__csv *csv);

/* The number of a column by name.  ITSM_E_NOT_FOUND with an issue that says the nearest name there is. */
itsm_status itsm__csv_find_column(size_t *out, const itsm__csv *csv, itsm_str name);

/* Where a field of the row stands in the input. */
itsm__position itsm__csv_position(const itsm__csv *csv, size_t field);

/* Add an issue about a field of the row and return the code; where is the name of the column, if known. */
itsm_status itsm__csv_issue(const itsm__csv *csv, size_t field, itsm_status code, itsm_str rule, const char *format,
                            ...);

/* Writing --------------------------------------------------------------------------------------------------------- */

/* Rows onto a buffer, quoted where needed only, lines ended with LF.  The first failure stays, as with JSON. */
typedef struct itsm__csv_writer {
    itsm_buf *out;
    size_t start;        /* length of out before */
    size_t row;          /* length of out at the start of the row */
    size_t nfields;      /* of the row so far */
    char delimiter;      /* a comma; may be set after init */
    const char *newline; /* "\n"; may be set to "\r\n" after init */
    itsm_status status;
} itsm__csv_writer;

void itsm__csv_write_init(itsm__csv_writer *writer, itsm_buf *out);
void itsm__csv_write_text(itsm__csv_writer *writer, itsm_str text); /* ITSM_E_INVALID unless UTF-8 without NUL */
void itsm__csv_write_int(itsm__csv_writer *writer, int64_t i);
void itsm__csv_write_fixed(itsm__csv_writer *writer, int64_t i, unsigned digits);
void itsm__csv_write_row(itsm__csv_writer *writer); /* ends the row; ITSM_E_MISUSE when it has no field */

/* The first failure, or ITSM_E_MISUSE when a row is not ended; *out is then as long as at init. */
itsm_status itsm__csv_write_finish(itsm__csv_writer *writer);

#endif
