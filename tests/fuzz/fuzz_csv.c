/* SPDX-License-Identifier: MIT */
/*
 * Any bytes as CSV: given whole and byte by byte the same rows come, or the same issue; rows that are written are
 * read again as they were.  The first byte chooses the delimiter.
 */
#include "support.h"
#include "text/csv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int truth, const char *what)
{
    if (truth) return;
    fprintf(stderr, "broken: %s\n", what);
    abort();
}

static itsm_status read_byte(void *self, void *out, size_t capacity, size_t *n)
{
    itsm_str *rest = self;
    (void)capacity;
    *n = rest->n != 0;
    if (*n) memcpy(out, rest->p++, 1), rest->n--;
    return ITSM_OK;
}

/* Write all rows; the status is that at the end. */
static itsm_status copy(itsm_buf *out, itsm__csv *csv)
{
    itsm__csv_writer writer;
    itsm_status status;
    itsm__csv_write_init(&writer, out);
    writer.delimiter = csv->delimiter;
    while (!(status = itsm__csv_next(csv))) {
        for (size_t i = 0; i < csv->nfields; i++) {
            itsm__csv_write_text(&writer, csv->fields[i]);
            itsm__position position = itsm__csv_position(csv, i);
            require(position.line >= csv->line && position.column > 0, "a position in the row");
        }
        itsm__csv_write_row(&writer);
    }
    require(itsm__csv_write_finish(&writer) == ITSM_OK, "what was read can be written");
    return status;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char delimiters[] = ",;\t|";
    struct counting counting = COUNTING_INIT;
    itsm_ctx *ctx = counting_ctx(&counting), *other = counting_ctx(&counting);
    char delimiter = size ? delimiters[data[0] % 4] : ',';
    itsm_str text = itsm_str_n((const char *)data, size), rest = text;
    itsm_buf whole = counting_buf(&counting), pieces = counting_buf(&counting), again = counting_buf(&counting);
    itsm__csv csv;
    itsm__csv_init_text(&csv, ctx, text);
    csv.delimiter = delimiter;
    itsm_status status = copy(&whole, &csv);
    itsm__csv_clear(&csv);
    itsm__csv_init(&csv, other, read_byte, &rest);
    csv.delimiter = delimiter;
    require(copy(&pieces, &csv) == status, "the same status in pieces");
    itsm__csv_clear(&csv);
    require(itsm_str_eq(itsm_buf_str(&whole), itsm_buf_str(&pieces)), "the same rows in pieces");
    if (status != ITSM_DONE) {
        const itsm_issue *a = itsm_ctx_issue(ctx, 0), *b = itsm_ctx_issue(other, 0);
        require(status == ITSM_E_SYNTAX || status == ITSM_E_LIMIT, "a documented code");
        require(a && b && a->position == b->position && a->line == b->line && a->column == b->column, "one place");
        require(a->position <= size && itsm_str_eq(a->message, b->message), "one issue");
    }
    itsm__csv_init_text(&csv, ctx, itsm_buf_str(&whole));
    csv.delimiter = delimiter;
    require(copy(&again, &csv) == ITSM_DONE, "what was written can be read");
    itsm__csv_clear(&csv);
    require(itsm_str_eq(itsm_buf_str(&whole), itsm_buf_str(&again)), "the same rows again");
    itsm_buf_clear(&whole), itsm_buf_clear(&pieces), itsm_buf_clear(&again);
    itsm_ctx_free(ctx), itsm_ctx_free(other);
    require(!counting.outstanding, "all memory given back");
    return 0;
}
