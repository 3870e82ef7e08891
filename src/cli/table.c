/* SPDX-License-Identifier: MIT */
/*
 * Tables of text.  See table.h.  O(cells); at most ROWS_HELD rows are in memory.
 */
#include "cli/table.h"

#define ROWS_HELD 2048

/* The character at p, UTF-8; its length, or 0 if it is none or a control character. */
static size_t character(uint32_t *out, const unsigned char *p)
{
    uint32_t c = *p;
    size_t n = c < 0x80 ? 1 : c < 0xc2 ? 0 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : c < 0xf5 ? 4 : 0;
    if (n > 1) c &= 0xffu >> (n + 1);
    for (size_t i = 1; i < n; i++) {
        if ((p[i] & 0xc0) != 0x80) return 0;
        c = c << 6 | (p[i] & 0x3fu);
    }
    *out = c;
    return c < 0x20 || (c >= 0x7f && c < 0xa0) || (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) ? 0 : n;
}

/* Cells of a terminal: East Asian wide characters take two, marks that combine with the letter before none. */
static size_t cells_of(uint32_t c)
{
    static const struct {
        uint32_t from, to, cells;
    } ranges[] = {{0x0300, 0x036f, 0}, {0x1100, 0x115f, 2}, {0x200b, 0x200f, 0},   {0x2e80, 0xa4cf, 2},
                  {0xac00, 0xd7a3, 2}, {0xf900, 0xfaff, 2}, {0xfe00, 0xfe0f, 0},   {0xfe30, 0xfe6f, 2},
                  {0xff00, 0xff60, 2}, {0xffe0, 0xffe6, 2}, {0x1f300, 0x1faff, 2}, {0x20000, 0x3fffd, 2}};
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
        if (c >= ranges[i].from && c <= ranges[i].to) return ranges[i].cells;
    return 1;
}

static size_t width_of(const char *text)
{
    size_t width = 0, n;
    uint32_t c;
    for (const unsigned char *p = (const unsigned char *)text; *p; p += n) n = character(&c, p), width += cells_of(c);
    return width;
}

void table_begin(table *t, output *out, const table_column *columns, size_t n)
{
    memset(t, 0, sizeof *t);
    t->out = out, t->columns = columns, t->n = n;
    for (size_t i = 0; i < n; i++) t->width[i] = columns[i].title ? width_of(columns[i].title) : 0;
}

static itsm_status spaces(itsm_buf *out, size_t n)
{
    return n ? print(out, "%*s", (int)n, "") : ITSM_OK;
}

/* A row of which the first cell is given; the others lie behind it. */
static itsm_status print_row(table *t, const char **cell)
{
    itsm_buf *out = &t->out->text;
    itsm_status rc = ITSM_OK;
    size_t start = out->n;
    for (size_t i = 0; i < t->n && !rc; i++) {
        size_t width = width_of(*cell), fill = width < t->width[i] ? t->width[i] - width : 0;
        if (i) rc = spaces(out, 2);
        if (!rc && t->columns[i].right) rc = spaces(out, fill);
        if (!rc) rc = print(out, "%s", *cell);
        if (!rc && !t->columns[i].right) rc = spaces(out, fill);
        *cell += strlen(*cell) + 1;
    }
    while (out->n > start && out->p[out->n - 1] == ' ') out->n--;
    return rc ? rc : itsm_buf_add(out, "\n", 1);
}

static itsm_status print_titles(table *t)
{
    itsm_status rc = ITSM_OK;
    itsm_buf titles = ITSM_BUF_INIT;
    for (size_t i = 0; i < t->n && !rc; i++)
        if (t->columns[i].title) rc = itsm_buf_add(&titles, t->columns[i].title, strlen(t->columns[i].title) + 1);
    const char *cell = titles.p;
    if (!rc && titles.n) rc = print_row(t, &cell);
    itsm_buf_clear(&titles);
    return rc;
}

static itsm_status flush(table *t)
{
    itsm_status rc = t->titled++ ? ITSM_OK : print_titles(t);
    const char *cell = t->cells.p;
    for (size_t i = 0; i < t->rows && !rc; i++) {
        rc = print_row(t, &cell);
        if (!rc && t->out->text.n > 65536) rc = drain(t->out);
    }
    t->cells.n = t->rows = 0;
    return rc;
}

/* Whatever could steer a terminal becomes a question mark. */
static itsm_status add_clean(itsm_buf *out, const char *text)
{
    itsm_status rc = ITSM_OK;
    uint32_t c;
    for (const unsigned char *p = (const unsigned char *)text; *p && !rc;) {
        size_t n = character(&c, p);
        rc = n ? itsm_buf_add(out, p, n) : itsm_buf_add(out, "?", 1);
        p += n ? n : 1;
    }
    return rc ? rc : itsm_buf_add(out, "", 1);
}

itsm_status table_cell(table *t, const char *format, ...)
{
    itsm_buf text = ITSM_BUF_INIT;
    size_t start = t->cells.n;
    va_list args;
    va_start(args, format);
    itsm_status rc = vprint(&text, format, args);
    va_end(args);
    if (!rc) rc = itsm_buf_add(&text, "", 1);
    if (!rc) rc = add_clean(&t->cells, text.p);
    itsm_buf_clear(&text);
    if (rc) return rc;
    size_t width = width_of(t->cells.p + start);
    if (width > t->width[t->at] && !t->titled) t->width[t->at] = width;
    if (++t->at < t->n) return ITSM_OK;
    t->at = 0;
    return ++t->rows < ROWS_HELD ? ITSM_OK : flush(t);
}

itsm_status table_end(table *t, itsm_status rc)
{
    if (!rc) rc = flush(t);
    itsm_buf_clear(&t->cells);
    return rc;
}
