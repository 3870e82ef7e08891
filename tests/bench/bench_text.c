/* SPDX-License-Identifier: MIT */
/*
 * How long JSON and CSV take, and the digests below them: for each the median of seven runs, with the fastest and the
 * slowest.  Run on a machine that does nothing else.
 */
#include "base/hash.h"
#include "text/csv.h"
#include "text/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { RUNS = 7 };

static double seconds(void)
{
    struct timespec now;
    timespec_get(&now, TIME_UTC);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

/* `work` does one run and returns something that depends on it; `amount` turns seconds into the unit shown. */
static void measure(const char *name, size_t (*work)(void), double (*shown)(double seconds), const char *unit)
{
    double took[RUNS];
    size_t sum = work();
    for (int i = 0; i < RUNS; i++) {
        double start = seconds();
        sum += work();
        took[i] = seconds() - start;
    }
    qsort(took, RUNS, sizeof *took, by_value);
    printf("%-28s median %9.1f %s (%.1f to %.1f; check %zu)\n", name, shown(took[RUNS / 2]), unit, shown(took[0]),
           shown(took[RUNS - 1]), sum);
}

/* JSON ------------------------------------------------------------------------------------------------------------ */

static const char record[] =
    "{\"id\":\"018f3c5e-7c1a-7b2e-9d43-5a1be2c90f11\",\"type\":\"incident\",\"number\":\"INC0012345\",\"state\":"
    "\"in_progress\",\"impact\":2,\"urgency\":2,\"priority\":3,\"opened_at\":\"2016-02-29T01:16:00Z\",\"caller\":"
    "\"Caller 2403\",\"category\":\"Category 55\",\"subcategory\":\"Subcategory 170\",\"assignee\":\"Resolver 89\","
    "\"title\":\"No connection \\u2013 gate 4\",\"made_sla\":true,\"reopened\":0,\"closed_at\":null,\"tags\":[\"net\",\"wifi"
    "\"]}";

enum { RECORDS = 20000 };

static itsm__json json;

static size_t read_records(void)
{
    size_t nodes = 0;
    for (int i = 0; i < RECORDS; i++) {
        if (itsm__json_parse(&json, itsm_str_n(record, sizeof record - 1))) abort();
        nodes += json.count;
    }
    return nodes;
}

static size_t write_records(void)
{
    static itsm_buf out = ITSM_BUF_INIT;
    size_t bytes = 0;
    const itsm__json_node *root = itsm__json_root(&json), *member, *item;
    for (int i = 0; i < RECORDS; i++) {
        itsm__json_writer writer;
        out.n = 0;
        itsm__json_write_init(&writer, &out, 0);
        itsm__json_write_object(&writer);
        ITSM__JSON_EACH(member, root)
        {
            itsm__json_write_key_str(&writer, member->key);
            if (member->kind == ITSM__JSON_TEXT) itsm__json_write_text(&writer, member->text);
            else if (member->kind == ITSM__JSON_INT) itsm__json_write_int(&writer, member->integer);
            else if (member->kind == ITSM__JSON_BOOL) itsm__json_write_bool(&writer, (int)member->integer);
            else if (member->kind == ITSM__JSON_NULL) itsm__json_write_null(&writer);
            else {
                itsm__json_write_array(&writer);
                ITSM__JSON_EACH(item, member) itsm__json_write_text(&writer, item->text);
                itsm__json_write_end(&writer);
            }
        }
        itsm__json_write_end(&writer);
        if (itsm__json_write_finish(&writer)) abort();
        bytes += out.n;
    }
    return bytes;
}

static double ns_per_record(double s)
{
    return s / RECORDS * 1e9;
}

/* CSV and digests ------------------------------------------------------------------------------------------------- */

static itsm_buf table = ITSM_BUF_INIT, quoted_table = ITSM_BUF_INIT;

static void make_table(itsm_buf *out, const char *row)
{
    itsm__csv_writer unused;
    itsm__csv_write_init(&unused, out);
    while (out->n < 33u * 1000 * 1000)
        if (itsm_buf_add(out, row, strlen(row))) abort();
}

static size_t read_table(const itsm_buf *in)
{
    itsm__csv csv;
    itsm_status status;
    size_t bytes = 0;
    itsm__csv_init_text(&csv, NULL, itsm_buf_str(in));
    while (!(status = itsm__csv_next(&csv))) bytes += csv.fields[csv.nfields - 1].n;
    if (status != ITSM_DONE) abort();
    itsm__csv_clear(&csv);
    return bytes;
}

static size_t read_plain(void)
{
    return read_table(&table);
}

static size_t read_quoted(void)
{
    return read_table(&quoted_table);
}

static size_t digest_table(void)
{
    unsigned char digest[32];
    itsm__sha256_of(digest, table.p, table.n);
    return digest[0];
}

static size_t checksum_table(void)
{
    return itsm__crc32c(0, table.p, table.n);
}

static double mb_per_s(double s)
{
    return (double)table.n / s * 1e-6;
}

int main(void)
{
    itsm__json_init(&json, NULL);
    make_table(&table,
               "INC0000045,New,TRUE,0,0,0,TRUE,Caller 2403,Opened by  8,29/2/2016 01:16,Created by 6,29/2/2016 01:23,"
               "Updated by 21,29/2/2016 01:23,Phone,Location 143,Category 55,Subcategory 170,Symptom 72,?,2 - Medium,"
               "2 - Medium,3 - Moderate,Group 56,?,TRUE,FALSE,Do Not Notify,?,?,?,?,code 5,Resolved by 149,"
               "29/2/2016 11:29,5/3/2016 12:00\n");
    make_table(&quoted_table,
               "\"INC0000045\",\"New, and not yet seen\",\"TRUE\",\"says \"\"no\"\"\",\"Caller 2403\"\n");
    printf("record of %zu bytes, tables of %zu bytes\n", sizeof record - 1, table.n);
    measure("JSON: read a record", read_records, ns_per_record, "ns");
    measure("JSON: write a record", write_records, ns_per_record, "ns");
    measure("CSV: read, no quotes", read_plain, mb_per_s, "MB/s");
    measure("CSV: read, all in quotes", read_quoted, mb_per_s, "MB/s");
    measure("SHA-256", digest_table, mb_per_s, "MB/s");
    measure("CRC32C", checksum_table, mb_per_s, "MB/s");
    itsm__json_clear(&json);
    itsm_buf_clear(&table), itsm_buf_clear(&quoted_table);
    return 0;
}
