/* SPDX-License-Identifier: MIT */
/*
 * The CSV writer: fields onto a buffer, in quotes only where reading back needs them.
 *
 * Needed they are by a delimiter, a quote or a line end in the field, by what would pass for a byte order mark at the
 * start of a file, and by a row of one empty field, which would be an empty line.  The first failure stays;
 * itsm__csv_write_finish() tells it and cuts the buffer to what it was.  O(bytes).
 */
#include "text/csv.h"
#include "base/text.h"
#include "text/utf8.h"

void itsm__csv_write_init(itsm__csv_writer *writer, itsm_buf *out)
{
    memset(writer, 0, sizeof *writer);
    writer->out = out, writer->start = writer->row = out->n;
    writer->delimiter = ',', writer->newline = "\n";
}

static void fail(itsm__csv_writer *writer, itsm_status status)
{
    if (!writer->status) writer->status = status;
}

static void add(itsm__csv_writer *writer, const char *p, size_t n)
{
    if (!writer->status) writer->status = itsm_buf_add(writer->out, p, n);
}

static void begin_field(itsm__csv_writer *writer)
{
    if (writer->nfields++) add(writer, &writer->delimiter, 1);
}

static int needs_quotes(const itsm__csv_writer *writer, itsm_str text)
{
    if (text.n >= 3 && memcmp(text.p, "\xef\xbb\xbf", 3) == 0) return 1;
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];
        if (c == writer->delimiter || c == '"' || c == '\n' || c == '\r') return 1;
    }
    return 0;
}

void itsm__csv_write_text(itsm__csv_writer *writer, itsm_str text)
{
    if (writer->status) return;
    if (itsm__utf8_valid(text) != text.n || (text.n && memchr(text.p, 0, text.n))) {
        fail(writer, ITSM_E_INVALID);
        return;
    }
    begin_field(writer);
    if (!needs_quotes(writer, text)) {
        add(writer, text.p, text.n);
        return;
    }
    add(writer, "\"", 1);
    for (size_t i = 0; i < text.n;) {
        const char *quote = memchr(text.p + i, '"', text.n - i);
        size_t n = quote ? (size_t)(quote - text.p) - i + 1 : text.n - i;
        add(writer, text.p + i, n);
        if (quote) add(writer, "\"", 1);
        i += n;
    }
    add(writer, "\"", 1);
}

void itsm__csv_write_int(itsm__csv_writer *writer, int64_t i)
{
    begin_field(writer);
    if (!writer->status) fail(writer, itsm__buf_int(writer->out, i));
}

void itsm__csv_write_fixed(itsm__csv_writer *writer, int64_t i, unsigned digits)
{
    begin_field(writer);
    if (!writer->status) fail(writer, itsm__buf_fixed(writer->out, i, digits));
}

void itsm__csv_write_row(itsm__csv_writer *writer)
{
    if (!writer->nfields) fail(writer, ITSM_E_MISUSE);
    if (!writer->status && writer->nfields == 1 && writer->out->n == writer->row) add(writer, "\"\"", 2);
    add(writer, writer->newline, strlen(writer->newline));
    writer->nfields = 0, writer->row = writer->out->n;
}

itsm_status itsm__csv_write_finish(itsm__csv_writer *writer)
{
    if (writer->nfields) fail(writer, ITSM_E_MISUSE);
    if (writer->status && writer->out->n > writer->start) writer->out->n = writer->start;
    return writer->status;
}
