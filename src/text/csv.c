/* SPDX-License-Identifier: MIT */
/*
 * The CSV reader: a window of the input, one row in it.
 *
 * A row is scanned where it lies, eight bytes at a time; its fields are slices of the window.  When the window ends
 * within a row, the row moves to the front, the rest is filled from the source (twice as large if the row took more
 * than half) and the row is scanned again from its start; each byte is so scanned a bounded number of times on
 * average, whatever its length.  The window is never changed, so positions can be told at any time; fields with
 * doubled quotes are decoded into an arena when the row is complete and valid.  O(bytes) time, memory for the longest
 * row.  After a failure the stream stays failed.
 */
#include "text/csv.h"
#include "base/text.h"
#include "text/utf8.h"
#include "text/words.h"

enum { WINDOW = 64 * 1024, PADDING = 8 };

static itsm_status read_text(void *self, void *out, size_t capacity, size_t *n)
{
    itsm__csv *csv = self;
    *n = csv->rest.n < capacity ? csv->rest.n : capacity;
    if (*n) memcpy(out, csv->rest.p, *n);
    csv->rest.p += *n, csv->rest.n -= *n;
    return ITSM_OK;
}

void itsm__csv_init(itsm__csv *csv, itsm_ctx *ctx, itsm__read_fn read, void *self)
{
    memset(csv, 0, sizeof *csv);
    csv->delimiter = ',';
    csv->field_limit = ITSM__CSV_FIELD, csv->row_limit = ITSM__CSV_ROW, csv->column_limit = ITSM__CSV_COLUMNS;
    csv->ctx = ctx, csv->memory = *itsm__ctx_memory(ctx);
    csv->read = read, csv->self = self;
    csv->line = csv->next_line = 1;
    itsm__arena_init(&csv->names, &csv->memory), itsm__arena_init(&csv->decoded, &csv->memory);
}

void itsm__csv_init_text(itsm__csv *csv, itsm_ctx *ctx, itsm_str text)
{
    static const char empty[] = "";
    itsm__csv_init(csv, ctx, read_text, csv);
    csv->rest = text.n ? text : itsm_str_n(empty, 0);
}

void itsm__csv_clear(itsm__csv *csv)
{
    itsm__free(&csv->memory, csv->fields, csv->field_capacity * sizeof *csv->fields);
    itsm__free(&csv->memory, csv->quoted, csv->quoted_capacity * sizeof *csv->quoted);
    itsm__free(&csv->memory, csv->header, csv->header_capacity * sizeof *csv->header);
    itsm__free(&csv->memory, csv->data, csv->capacity);
    itsm__arena_clear(&csv->names), itsm__arena_clear(&csv->decoded);
    csv->fields = csv->header = NULL, csv->quoted = NULL, csv->data = NULL;
    csv->nfields = csv->field_capacity = csv->quoted_capacity = csv->nheader = csv->header_capacity = 0;
    csv->capacity = csv->row = csv->next = csv->end = 0;
    csv->failed = ITSM_E_MISUSE;
}

/* Positions and issues -------------------------------------------------------------------------------------------- */

/* Of a byte of the row. */
static itsm__position position_of(const itsm__csv *csv, const char *at)
{
    const char *line_start = csv->data + csv->row;
    itsm__position position = {csv->byte + (uint64_t)(at - csv->data), csv->line, 1};
    for (const char *p = line_start; p < at; p++)
        if (*p == '\n') position.line++, line_start = p + 1;
    position.column = (uint64_t)(at - line_start) + 1;
    return position;
}

static itsm_status wrong(const itsm__csv *csv, const char *at, itsm_status code, const char *message)
{
    return itsm__issue_at(csv->ctx, code, position_of(csv, at), ITSM_STR(""), ITSM_STR(""), "%s", message);
}

itsm__position itsm__csv_position(const itsm__csv *csv, size_t field)
{
    const char *at = csv->fields[field].p, *row = csv->data + csv->row;
    for (size_t i = 0; i < csv->nquoted; i++)
        if (csv->quoted[i].field == field) at = csv->quoted[i].start;
    return position_of(csv, at > row && at[-1] == '"' ? at - 1 : at);
}

itsm_status itsm__csv_issue(const itsm__csv *csv, size_t field, itsm_status code, itsm_str rule, const char *format,
                            ...)
{
    if (!csv->ctx) return code;
    itsm_str where = field < csv->nheader ? csv->header[field] : ITSM_STR("");
    itsm_buf message;
    itsm_buf_init(&message, csv->ctx);
    va_list args;
    va_start(args, format);
    itsm_status status = itsm__vformat(&message, format, args);
    va_end(args);
    itsm__issue_at(csv->ctx, code, itsm__csv_position(csv, field), where, rule, "%S",
                   status ? ITSM_STR("") : itsm_buf_str(&message));
    itsm_buf_clear(&message);
    return code;
}

/* The window ------------------------------------------------------------------------------------------------------ */

/* Move the row to the front and fill what is free from the source. */
static itsm_status fill(itsm__csv *csv)
{
    size_t kept = csv->end - csv->row;
    if (kept > csv->row_limit) return wrong(csv, csv->data + csv->row, ITSM_E_LIMIT, "a row is too long");
    size_t need = kept + PADDING > csv->capacity / 2 ? csv->capacity + 1 : csv->capacity;
    if (need < WINDOW) need = WINDOW;
    if (csv->row) memmove(csv->data, csv->data + csv->row, kept);
    csv->byte += csv->row, csv->row = 0, csv->end = kept;
    if (itsm__grow(&csv->memory, &csv->data, &csv->capacity, need, 1)) return ITSM_E_NOMEM;
    size_t most = csv->capacity - PADDING;
    while (!csv->ended && csv->end < most) {
        size_t n = 0;
        itsm_status status = csv->read(csv->self, csv->data + csv->end, most - csv->end, &n);
        if (status) return status;
        if (n > most - csv->end) return ITSM_E_MISUSE;
        csv->ended = n == 0, csv->end += n;
    }
    memset(csv->data + csv->end, 0, PADDING);
    return ITSM_OK;
}

/* A row ----------------------------------------------------------------------------------------------------------- */

/* The state of one scan.  `more` asks for a larger window and a new scan. */
typedef struct scan {
    itsm__csv *csv;
    const char *p, *row, *end;
    itsm_str *fields;
    size_t nfields, capacity;
    uint64_t lines; /* line ends within quotes */
    uint64_t high;  /* not 0: there are bytes outside ASCII */
    int more;
} scan;

static itsm_status more_columns(scan *s)
{
    itsm__csv *csv = s->csv;
    if (s->nfields >= csv->column_limit) return wrong(csv, s->row, ITSM_E_LIMIT, "too many columns");
    itsm_status status =
        itsm__grow(&csv->memory, &csv->fields, &csv->field_capacity, s->nfields + 1, sizeof *s->fields);
    s->fields = csv->fields, s->capacity = csv->field_capacity;
    return status;
}

/* The field from start to stop is one of the row. */
static inline itsm_status add_field(scan *s, const char *start, const char *stop)
{
    if (s->nfields == s->capacity) {
        itsm_status status = more_columns(s);
        if (status) return status;
    }
    s->fields[s->nfields++] = itsm_str_n(start, (size_t)(stop - start));
    return ITSM_OK;
}

/* The next field, which starts there, has doubled quotes. */
static itsm_status note_doubled(scan *s, const char *start)
{
    itsm__csv *csv = s->csv;
    itsm_status status =
        itsm__grow(&csv->memory, &csv->quoted, &csv->quoted_capacity, csv->nquoted + 1, sizeof *csv->quoted);
    if (status) return status;
    itsm__csv_quoted *quoted = &csv->quoted[csv->nquoted++];
    quoted->field = s->nfields, quoted->start = start;
    return ITSM_OK;
}

/* The window ended within a row: `start` is where the field began. */
static itsm_status ask_more(scan *s, const char *start)
{
    if ((size_t)(s->end - start) > s->csv->field_limit)
        return wrong(s->csv, start, ITSM_E_LIMIT, "a field is too long");
    s->more = 1;
    return ITSM_OK;
}

/* The next quote from p on, or s->end; *zero is set to the first NUL byte before it. */
static const char *find_quote(scan *s, const char *p, const char **zero)
{
    for (; p < s->end; p += 8) {
        uint64_t word = itsm__word(p);
        uint64_t mask = itsm__word_equal(word, ITSM__ONES * '"') | itsm__word_below(word, '\n' + 1);
        s->high |= itsm__word_high(word);
        for (; mask; mask &= mask - 1) {
            const char *at = p + itsm__word_first(mask);
            if (at >= s->end) break;
            if (*at == '"') return at;
            if (*at == '\n') s->lines++;
            if (*at == 0 && !*zero) *zero = at;
        }
    }
    return s->end;
}

/* The quoted field at s->p; s->p goes behind the closing quote. */
static itsm_status scan_quoted(scan *s)
{
    const char *start = s->p + 1, *p = start, *zero = NULL;
    int doubled = 0;
    for (;; p += 2) {
        p = find_quote(s, p, &zero);
        if (s->end - p < 2 && !s->csv->ended) return ask_more(s, start);
        if (p == s->end) return wrong(s->csv, s->p, ITSM_E_SYNTAX, "a quoted field is not closed");
        if (p + 1 == s->end || p[1] != '"') break;
        doubled = 1;
    }
    if (zero) return wrong(s->csv, zero, ITSM_E_SYNTAX, "a NUL byte");
    itsm_status status = doubled ? note_doubled(s, start) : ITSM_OK;
    if (!status) status = add_field(s, start, p);
    s->p = p + 1;
    return status;
}

/* `at` is a carriage return: the next byte must be a line feed. */
static itsm_status scan_return(scan *s, const char *at, const char *start)
{
    if (at + 1 < s->end && at[1] == '\n') return ITSM_OK;
    if (at + 1 == s->end && !s->csv->ended) return ask_more(s, start);
    return wrong(s->csv, at, ITSM_E_SYNTAX, "a carriage return without a line feed");
}

/*
 * Unquoted fields from s->p on, up to the end of the row or to a field that begins with a quote; s->p goes to the
 * line end, the quote or s->end.
 */
static itsm_status scan_unquoted(scan *s)
{
    const char delimiter = s->csv->delimiter, *start = s->p, *p = start, *end = s->end;
    const uint64_t delimiters = ITSM__ONES * (unsigned char)delimiter, quotes = ITSM__ONES * '"';
    itsm_status status = ITSM_OK;
    for (; p < end; p += 8) {
        uint64_t word = itsm__word(p);
        uint64_t mask =
            itsm__word_equal(word, delimiters) | itsm__word_equal(word, quotes) | itsm__word_below(word, 0x0e);
        s->high |= itsm__word_high(word);
        for (; mask; mask &= mask - 1) {
            const char *at = p + itsm__word_first(mask);
            if (at >= end) break;
            if (*at == delimiter) {
                if ((status = add_field(s, start, at))) return status;
                start = at + 1;
                if (start == end || *start != '"') continue;
                s->p = start;
                return ITSM_OK;
            }
            if (*at == '\r' && ((status = scan_return(s, at, start)) || s->more)) return status;
            if (*at == '\n' || *at == '\r') {
                s->p = at;
                return add_field(s, start, at);
            }
            if (*at == '"')
                return wrong(s->csv, at, ITSM_E_SYNTAX, "a quote inside a field that does not begin with one");
            if (*at == 0) return wrong(s->csv, at, ITSM_E_SYNTAX, "a NUL byte");
        }
    }
    if (!s->csv->ended) return ask_more(s, start);
    s->p = end;
    return add_field(s, start, end);
}

/* Behind a quoted field: a delimiter (*again is 1 and s->p behind it), or the end of the row. */
static itsm_status scan_separator(scan *s, int *again)
{
    *again = 0;
    if (s->p == s->end) return s->csv->ended ? ITSM_OK : ask_more(s, s->p);
    if (*s->p == s->csv->delimiter) {
        s->p++, *again = 1;
        return ITSM_OK;
    }
    if (*s->p == '\n') return ITSM_OK;
    if (*s->p == '\r') return scan_return(s, s->p, s->p);
    return wrong(s->csv, s->p, ITSM_E_SYNTAX, "text behind a closing quote");
}

/* All fields of the row at s->row; s->p goes to its line end or s->end. */
static itsm_status scan_row(scan *s)
{
    for (int again = 1; again;) {
        if (s->p < s->end && *s->p == '"') {
            itsm_status status = scan_quoted(s);
            if (status || s->more) return status;
            status = scan_separator(s, &again);
            if (status || s->more) return status;
            continue;
        }
        itsm_status status = scan_unquoted(s);
        if (status || s->more) return status;
        again = s->p < s->end && *s->p == '"';
    }
    return ITSM_OK;
}

/* A complete row against the limits and the first row. */
static itsm_status check_row(const scan *s)
{
    itsm__csv *csv = s->csv;
    size_t n = (size_t)(s->p - s->row);
    if (n > csv->row_limit) return wrong(csv, s->row, ITSM_E_LIMIT, "a row is too long");
    if (n > csv->field_limit)
        for (size_t i = 0; i < s->nfields; i++)
            if (s->fields[i].n > csv->field_limit)
                return wrong(csv, s->fields[i].p, ITSM_E_LIMIT, "a field is too long");
    if (s->nfields > csv->column_limit) return wrong(csv, s->row, ITSM_E_LIMIT, "too many columns");
    if (s->high) {
        size_t valid = itsm__utf8_valid(itsm_str_n(s->row, n));
        if (valid < n) return wrong(csv, s->row + valid, ITSM_E_SYNTAX, "not valid UTF-8");
    }
    if (csv->columns && s->nfields != csv->columns)
        return itsm__issue_at(csv->ctx, ITSM_E_SYNTAX, position_of(csv, s->row), ITSM_STR(""), ITSM_STR(""),
                              "expected %z fields as in the first row, found %z", csv->columns, s->nfields);
    return ITSM_OK;
}

/* Doubled quotes become one. */
static itsm_status decode(itsm_str *field, itsm__arena *arena)
{
    const char *in = field->p, *end = in + field->n;
    char *start = itsm__arena_alloc(arena, field->n), *out = start;
    if (!start) return ITSM_E_NOMEM;
    while (in < end) {
        const char *quote = memchr(in, '"', (size_t)(end - in));
        size_t n = quote ? (size_t)(quote - in) + 1 : (size_t)(end - in);
        memcpy(out, in, n);
        out += n, in += n + (quote != NULL);
    }
    *field = itsm_str_n(start, (size_t)(out - start));
    return ITSM_OK;
}

static itsm_status take_row(itsm__csv *csv, const scan *s)
{
    if (csv->nquoted) itsm__arena_reset(&csv->decoded);
    for (size_t i = 0; i < csv->nquoted; i++)
        if (decode(&csv->fields[csv->quoted[i].field], &csv->decoded)) return ITSM_E_NOMEM;
    csv->nfields = s->nfields, csv->columns = s->nfields, csv->rows++;
    return ITSM_OK;
}

static void skip_byte_order_mark(itsm__csv *csv)
{
    if (csv->end >= 3 && memcmp(csv->data, "\xef\xbb\xbf", 3) == 0) csv->row = csv->next = 3;
}

static itsm_status next(itsm__csv *csv)
{
    if (!csv->capacity) {
        char c = csv->delimiter;
        if (!c || c == '"' || c == '\n' || c == '\r' || (unsigned char)c >= 0x80) return ITSM_E_MISUSE;
        itsm_status status = fill(csv);
        if (status) return status;
        skip_byte_order_mark(csv);
    }
    for (;;) {
        csv->row = csv->next, csv->line = csv->next_line, csv->nquoted = 0;
        if (csv->row == csv->end && csv->ended) return ITSM_DONE;
        const char *row = csv->data + csv->row;
        scan s = {csv, row, row, csv->data + csv->end, csv->fields, 0, csv->field_capacity, 0, 0, 0};
        itsm_status status = scan_row(&s);
        if (!status && s.more) {
            status = fill(csv);
            csv->next = csv->row;
            if (status) return status;
            continue;
        }
        if (status) return status;
        size_t n = (size_t)(s.p - row);
        csv->next = csv->row + n + (s.p < s.end) + (s.p < s.end && *s.p == '\r');
        csv->next_line = csv->line + s.lines + 1;
        if (!n && csv->columns != 1) continue; /* an empty line */
        status = check_row(&s);
        return status ? status : take_row(csv, &s);
    }
}

itsm_status itsm__csv_next(itsm__csv *csv)
{
    csv->nfields = 0;
    if (csv->failed) return csv->failed;
    itsm_status status = next(csv);
    if (status < 0 || status > ITSM_DONE) csv->failed = status;
    return status;
}

/* The header ------------------------------------------------------------------------------------------------------ */

static itsm_status keep_header(itsm__csv *csv)
{
    size_t n = csv->nfields;
    if (itsm__grow(&csv->memory, &csv->header, &csv->header_capacity, n, sizeof *csv->header)) return ITSM_E_NOMEM;
    for (size_t i = 0; i < n; i++)
        if (itsm__arena_copy(&csv->header[i], &csv->names, csv->fields[i])) return ITSM_E_NOMEM;
    csv->nheader = n;
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < i; k++)
            if (itsm_str_eq(csv->header[i], csv->header[k]))
                return itsm__csv_issue(csv, i, ITSM_E_INVALID, ITSM_STR(""), "columns %z and %z have the same name",
                                       k + 1, i + 1);
    return ITSM_OK;
}

itsm_status itsm__csv_read_header(itsm__csv *csv)
{
    itsm_status status = itsm__csv_next(csv);
    if (!status) status = keep_header(csv);
    if (status == ITSM_DONE) {
        itsm__position start = {0, 1, 1};
        status = itsm__issue_at(csv->ctx, ITSM_E_SYNTAX, start, ITSM_STR(""), ITSM_STR(""), "there is no header row");
    }
    if (status) csv->failed = status;
    return status;
}

itsm_status itsm__csv_find_column(size_t *out, const itsm__csv *csv, itsm_str name)
{
    for (size_t i = 0; i < csv->nheader; i++) {
        if (!itsm_str_eq(csv->header[i], name)) continue;
        *out = i;
        return ITSM_OK;
    }
    itsm_str none = ITSM_STR(""), nearest = itsm__nearest(name, csv->header, csv->nheader);
    return itsm__issue(csv->ctx, ITSM_E_NOT_FOUND, name, none, none,
                       nearest.n ? "there is no column \"%S\", did you mean \"%S\"?" : "there is no column \"%S\"",
                       name, nearest);
}
