/* SPDX-License-Identifier: MIT */
/*
 * Tables of text: columns as wide as what stands in them, two spaces between.  Rows are held back until the widths are
 * known; those of a very long table are set by its first rows.  Whatever could steer a terminal is shown as "?".
 */
#ifndef ITSM_SRC_CLI_TABLE_H
#define ITSM_SRC_CLI_TABLE_H

#include "cli/cli.h"

#define TABLE_COLUMNS 10

typedef struct table_column {
    const char *title; /* NULL in all columns: no line of titles */
    int right;         /* flush right: numbers */
} table_column;

typedef struct table {
    output *out;
    const table_column *columns;
    size_t n, width[TABLE_COLUMNS];
    itsm_buf cells; /* of the rows held back, each ended by a NUL */
    size_t rows, at;
    int titled;
} table;

void table_begin(table *t, output *out, const table_column *columns, size_t n);
/* The next cell, row by row; the format is that of printf. */
itsm_status table_cell(table *t, const char *format, ...);
/* Print the rest of the table; it may be begun again. */
itsm_status table_end(table *t, itsm_status rc);

#endif
