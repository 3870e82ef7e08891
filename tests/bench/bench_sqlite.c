/* SPDX-License-Identifier: MIT */
/*
 * The SQLite store beside the file store: a durable commit of one record with its history row and audit entry, batches
 * of a thousand, reading one, scanning an index, opening.  Wall time: what counts is the disk.
 *
 *     bench_sqlite [RECORDS [FOLDER]]      100,000 records in the working folder; both stores are removed again
 */
#ifndef _POSIX_C_SOURCE
#define _POSIX_C_SOURCE 200809L
#endif
#include "bench.h"

#include <itsm/os.h>
#include <itsm/sqlite.h>

#include <sys/stat.h>
#include <unistd.h>

enum { TICKET = 3, HISTORY = 0x7F03, COMMITS = 400, BATCH = 1000, BODY = 400, GETS = 20000 };

static itsm_ctx *ctx;
static char sqlite_path[256], file_path[256];

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static itsm_status open_sqlite(itsm_store **out, uint32_t durability)
{
    itsm_sqlite_options options = ITSM_SQLITE_OPTIONS_INIT;
    options.durability = durability;
    return itsm_store_sqlite(out, ctx, itsm_str_c(sqlite_path), &options);
}

static itsm_status open_file(itsm_store **out, uint32_t durability)
{
    itsm_file_options options = ITSM_FILE_OPTIONS_INIT;
    options.durability = durability;
    return itsm_store_file(out, ctx, itsm_os_io(), itsm_str_c(file_path), &options);
}

static void clean(void)
{
    static const char *const ends[] = {"", "-wal", "-shm"}, *const files[] = {"LOCK", "log-1"};
    char name[300];
    for (size_t i = 0; i < 3; i++) snprintf(name, sizeof name, "%s%s", sqlite_path, ends[i]), (void)unlink(name);
    for (size_t i = 0; i < 2; i++) snprintf(name, sizeof name, "%s/%s", file_path, files[i]), (void)unlink(name);
    (void)rmdir(file_path);
}

/* The ids of records spread over all there are, as random ones do. */
static itsm_id id_of(uint64_t i)
{
    itsm_id id = {i * UINT64_C(0x9E3779B97F4A7C15), i};
    return id;
}

static void define(itsm_store *store)
{
    static const itsm_field_info fields[] = {{32, ITSM_TEXT, {"title", 5}},  {33, ITSM_TEXT, {"text", 4}},
                                             {34, ITSM_TIME, {"opened", 6}}, {35, ITSM_INT, {"impact", 6}},
                                             {36, ITSM_PARTY, {"agent", 5}}, {24, ITSM_ENUM, {"status", 6}}};
    itsm_type_info type;
    memset(&type, 0, sizeof type);
    type.size = sizeof type, type.type = TICKET, type.name = ITSM_STR("ticket"), type.fields = fields;
    type.nfields = sizeof fields / sizeof *fields;
    bench_check(itsm_store_define(ctx, store, &type, 1, NULL));
}

/* n records from `first`, each put with two keys, a history row and an audit entry: one batch. */
static itsm_status put(itsm_store *store, uint64_t first, uint64_t n, uint64_t rev)
{
    static char body[BODY], numbers[BATCH][16];
    static itsm_op ops[2 * BATCH];
    static itsm_index_key keys[BATCH][2];
    static itsm_bytes entries[BATCH];
    static itsm_row_field fields[6];
    itsm_batch batch = ITSM_BATCH_INIT;
    for (uint16_t i = 0; i < 6; i++) fields[i].no = (uint16_t)(i ? 31 + i : 24);
    fields[0].value = itsm_value_text(ITSM_STR("in_progress")), fields[1].value = itsm_value_text(ITSM_STR("Dark"));
    fields[2].value = itsm_value_text(itsm_str_n(body, 200)), fields[3].value = itsm_value_number(ITSM_TIME, 1);
    fields[4].value = itsm_value_number(ITSM_INT, 3), fields[5].value = itsm_value_text(ITSM_STR("ann"));
    memset(body, 'b', sizeof body);
    for (uint64_t i = 0; i < n; i++) {
        itsm_op *op = &ops[2 * i], *history = op + 1;
        memset(op, 0, 2 * sizeof *op);
        op->kind = history->kind = ITSM_PUT, op->expect = rev - 1, op->row.rev = rev, history->row.rev = 1;
        op->row.ref.type = TICKET, op->row.ref.id = id_of(first + i);
        op->row.body.p = history->row.body.p = body, op->row.body.n = BODY, history->row.body.n = 120;
        op->row.fields = fields, op->row.nfields = 6;
        history->row.ref.type = HISTORY, history->row.ref.id.hi = op->row.ref.id.hi ^ 1;
        history->row.ref.id.lo = op->row.ref.id.lo << 20 | rev;
        keys[i][0].index = 1, keys[i][0].unique = 1, keys[i][0].key.p = numbers[i];
        keys[i][0].key.n = (size_t)snprintf(numbers[i], sizeof numbers[i], "INC%07u", (unsigned)(first + i));
        keys[i][1].index = 2, keys[i][1].key.p = "in_progress", keys[i][1].key.n = 11;
        op->keys = keys[i], op->nkeys = 2;
        entries[i].p = body, entries[i].n = 150;
    }
    batch.ops = ops, batch.nops = 2 * n, batch.audit = entries, batch.naudit = n;
    return itsm_store_apply(NULL, ctx, store, &batch, NULL);
}

typedef itsm_status (*open_fn)(itsm_store **out, uint32_t durability);

static void bench(const char *name, open_fn open, uint64_t records)
{
    static double commits[COMMITS], gets[BENCH_RUNS];
    itsm_store *store;
    itsm_view view;
    itsm_cursor cursor;
    itsm_row row;
    itsm_range range = ITSM_RANGE_INIT;
    double from = now();
    bench_check(open(&store, 1)), define(store);
    for (uint64_t i = 0; i < records; i += BATCH) bench_check(put(store, i, BATCH, 1));
    const double load = (now() - from) / (double)records;
    itsm_store_free(store);

    from = now();
    bench_check(open(&store, 0)), define(store);
    const double opened = now() - from;
    for (size_t i = 0; i < COMMITS; i++) {
        from = now();
        bench_check(put(store, bench_random() % records / COMMITS * COMMITS + i, 1, 2));
        commits[i] = now() - from;
    }
    from = now();
    for (uint64_t i = 0; i < 20; i++) bench_check(put(store, records + i * BATCH, BATCH, 1));
    const double batches = (now() - from) / 20;
    bench_check(itsm_store_view_open(&view, ctx, store, NULL));
    for (size_t run = 0; run < BENCH_RUNS; run++) {
        from = now();
        for (size_t i = 0; i < GETS; i++) {
            itsm_ref ref = {TICKET, id_of(bench_random() % records)};
            bench_check(itsm_store_get(&row, ctx, &view, ref));
        }
        gets[run] = (now() - from) / GETS;
    }
    uint64_t found = 0;
    range.type = TICKET, range.index = 1;
    from = now();
    bench_check(itsm_store_scan(&cursor, ctx, &view, &range));
    while (itsm_store_next(&row, ctx, &cursor) == ITSM_OK) found++;
    const double scan = (now() - from) / (double)found;
    itsm_store_cursor_close(&cursor);
    itsm_store_view_close(&view);
    itsm_store_free(store);
    printf("%-8s %9.1f %12.2f %12.2f %14.2f %10.2f %12.2f\n", name, opened / 1e6, load / 1e3,
           bench_median(commits, COMMITS) / 1e3, batches / 1e3 / BATCH, bench_median(gets, BENCH_RUNS) / 1e3,
           scan / 1e3);
}

int main(int argc, char **argv)
{
    const uint64_t records = argc > 1 ? strtoull(argv[1], NULL, 10) / BATCH * BATCH : 100000;
    const char *folder = argc > 2 ? argv[2] : ".";
    snprintf(sqlite_path, sizeof sqlite_path, "%s/bench_sqlite.%ld.db", folder, (long)getpid());
    snprintf(file_path, sizeof file_path, "%s/bench_sqlite.%ld.store", folder, (long)getpid());
    bench_check(itsm_os_ctx_new(&ctx));
    printf("%llu records of %d bytes, two keys, a history row and an audit entry each; wall time\n",
           (unsigned long long)records, BODY);
    printf("%-8s %9s %12s %12s %14s %10s %12s\n", "store", "open ms", "load us/rec", "commit p50", "1000: us/rec",
           "get us", "scan us/row");
    bench("sqlite", open_sqlite, records);
    bench("file", open_file, records);
    clean();
    itsm_ctx_free(ctx);
    return 0;
}
