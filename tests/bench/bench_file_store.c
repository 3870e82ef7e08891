/* SPDX-License-Identifier: MIT */
/*
 * The file store beside what else keeps rows on a disk: one small commit at a time (a row of 220 bytes with a key, one audit
 * entry of 210) against writing as many bytes into a file whose space was prepared, and syncing; against SQLite (WAL,
 * synchronous=FULL) and LMDB with the same row, key and entry in one transaction.  Then batches of 1,000 such rows, and
 * opening a store of 100,000 and of a million records again.
 *
 * The competitors take turns, one commit each, so that a busy disk slows all of them alike; figures are of wall time,
 * medians with the tenth and ninetieth percentile.  An argument is the number of records of the large store.
 */
#ifndef _POSIX_C_SOURCE
#define _POSIX_C_SOURCE 200809L
#endif
#include "../fault/scratch.h"

#include <itsm/os.h>

#include "base/bits.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#ifdef BENCH_SQLITE
#include <sqlite3.h>
#endif
#ifdef BENCH_LMDB
#include <lmdb.h>
#endif

enum {
    COMMITS = 600,
    BATCHES = 40,
    BATCH = 1000,
    BODY = 220,
    ENTRY = 210,
    KEY = 34,
    TYPE = 1,
    RAW_BYTES = 88 + 48 + BODY + 12 + KEY + 4 + ENTRY + 8
};

static unsigned char filling[4096];

static void must(int right, const char *what)
{
    if (right) return;
    fprintf(stderr, "bench_file_store: %s\n", what);
    exit(1);
}

static double now(void)
{
    struct timespec t;
    must(clock_gettime(CLOCK_MONOTONIC, &t) == 0, "no clock");
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static uint64_t mixed(uint64_t i)
{
    i = (i ^ i >> 30) * UINT64_C(0xbf58476d1ce4e5b9), i = (i ^ i >> 27) * UINT64_C(0x94d049bb133111eb);
    return i ^ i >> 31;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Rows ------------------------------------------------------------------------------------------------------------ */

/* The row, key and entry number i: identities that rise with time, keys that do not. */
struct row {
    unsigned char id[16], key[KEY];
};

static void make_row(struct row *row, uint64_t i)
{
    itsm__put_be64(row->id, UINT64_C(0x018f3c5e00000000) + i), itsm__put_be64(row->id + 8, mixed(i));
    memset(row->key, 'k', sizeof row->key);
    itsm__put_be64(row->key + KEY - 8, mixed(i + 1));
}

static struct row rows[BATCH];
static itsm_op ops[BATCH];
static itsm_index_key keys[BATCH];
static itsm_bytes entries[BATCH];

static void put_rows(itsm_store *store, uint64_t first, size_t n)
{
    itsm_batch batch = ITSM_BATCH_INIT;
    memset(ops, 0, n * sizeof *ops), memset(keys, 0, n * sizeof *keys);
    for (size_t i = 0; i < n; i++) {
        make_row(&rows[i], first + i);
        ops[i].kind = ITSM_PUT, ops[i].row.ref.type = TYPE, ops[i].row.rev = 1;
        ops[i].row.ref.id.hi = itsm__be64(rows[i].id), ops[i].row.ref.id.lo = itsm__be64(rows[i].id + 8);
        ops[i].row.body.p = filling, ops[i].row.body.n = BODY, ops[i].keys = &keys[i], ops[i].nkeys = 1;
        keys[i].index = 1, keys[i].key.p = rows[i].key, keys[i].key.n = KEY;
        entries[i].p = filling + 7, entries[i].n = ENTRY;
    }
    batch.ops = ops, batch.nops = n, batch.audit = entries, batch.naudit = n;
    must(itsm_store_apply(NULL, NULL, store, &batch, NULL) == ITSM_OK, "a batch was not applied");
}

/* Competitors ----------------------------------------------------------------------------------------------------- */

typedef struct competitor {
    const char *name;
    int (*open)(const char *path); /* 0: not here */
    void (*commit)(uint64_t first, size_t n);
    void (*close)(void);
    double *times;
} competitor;

static itsm_ctx *ctx;
static itsm_store *store;

static itsm_store *open_file(const char *path, uint32_t durability)
{
    itsm_store *opened = NULL;
    itsm_file_options options = ITSM_FILE_OPTIONS_INIT;
    options.durability = durability;
    must(itsm_store_file(&opened, ctx, itsm_os_io(), itsm_str_c(path), &options) == ITSM_OK, "no store");
    return opened;
}

static int own_open(const char *path)
{
    store = open_file(path, ITSM_FILE_FULL);
    return 1;
}

static void own_commit(uint64_t first, size_t n)
{
    put_rows(store, first, n);
}

static void own_close(void)
{
    itsm_store_free(store);
    store = NULL;
}

static int raw_fd;
static off_t raw_at;

static int raw_open(const char *path)
{
    static unsigned char zeros[1 << 20];
    raw_fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0666), raw_at = 0;
    must(raw_fd >= 0, "no file");
    for (size_t at = 0; at < (size_t)(COMMITS + BATCHES * BATCH + BATCH) * RAW_BYTES; at += sizeof zeros)
        must(pwrite(raw_fd, zeros, sizeof zeros, (off_t)at) == (ssize_t)sizeof zeros, "cannot prepare a file");
    must(fdatasync(raw_fd) == 0, "cannot sync");
    return 1;
}

static void raw_commit(uint64_t first, size_t n)
{
    static unsigned char bytes[BATCH * RAW_BYTES];
    ssize_t size = (ssize_t)(n * RAW_BYTES);
    (void)first;
    must(pwrite(raw_fd, bytes, (size_t)size, raw_at) == size && fdatasync(raw_fd) == 0, "cannot write");
    raw_at += size;
}

static void raw_close(void)
{
    close(raw_fd);
}

#ifdef BENCH_SQLITE
enum { BEGIN, COMMIT, PUT, PUT_KEY, AUDIT, STATEMENTS };
static sqlite3 *db;
static sqlite3_stmt *statement[STATEMENTS];

static int sqlite_open(const char *path)
{
    static const char *const texts[STATEMENTS] = {"BEGIN", "COMMIT", "INSERT INTO rows VALUES (?1, ?2, ?3, ?4)",
                                                  "INSERT INTO keys VALUES (?1, ?2, ?3, ?4)",
                                                  "INSERT INTO audit (entry) VALUES (?1)"};
    must(sqlite3_open(path, &db) == SQLITE_OK, "no SQLite");
    must(sqlite3_exec(
             db,
             "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
             "CREATE TABLE rows (type INTEGER, id BLOB, rev INTEGER, body BLOB, PRIMARY KEY (type, id)) WITHOUT ROWID;"
             "CREATE TABLE keys (type INTEGER, number INTEGER, key BLOB, id BLOB, PRIMARY KEY (type, number, key, id))"
             " WITHOUT ROWID;"
             "CREATE TABLE audit (place INTEGER PRIMARY KEY, entry BLOB)",
             NULL, NULL, NULL) == SQLITE_OK,
         "no tables");
    for (size_t i = 0; i < STATEMENTS; i++)
        must(sqlite3_prepare_v2(db, texts[i], -1, &statement[i], NULL) == SQLITE_OK, texts[i]);
    return 1;
}

static void sqlite_run(int which)
{
    must(sqlite3_step(statement[which]) == SQLITE_DONE, sqlite3_errmsg(db));
    sqlite3_reset(statement[which]);
}

static void sqlite_commit(uint64_t first, size_t n)
{
    sqlite_run(BEGIN);
    for (size_t i = 0; i < n; i++) {
        struct row row;
        make_row(&row, first + i);
        sqlite3_bind_int(statement[PUT], 1, TYPE), sqlite3_bind_blob(statement[PUT], 2, row.id, 16, SQLITE_STATIC);
        sqlite3_bind_int(statement[PUT], 3, 1), sqlite3_bind_blob(statement[PUT], 4, filling, BODY, SQLITE_STATIC);
        sqlite_run(PUT);
        sqlite3_bind_int(statement[PUT_KEY], 1, TYPE), sqlite3_bind_int(statement[PUT_KEY], 2, 1);
        sqlite3_bind_blob(statement[PUT_KEY], 3, row.key, KEY, SQLITE_STATIC);
        sqlite3_bind_blob(statement[PUT_KEY], 4, row.id, 16, SQLITE_STATIC);
        sqlite_run(PUT_KEY);
        sqlite3_bind_blob(statement[AUDIT], 1, filling + 7, ENTRY, SQLITE_STATIC);
        sqlite_run(AUDIT);
    }
    sqlite_run(COMMIT);
}

static void sqlite_close(void)
{
    for (size_t i = 0; i < STATEMENTS; i++) sqlite3_finalize(statement[i]);
    sqlite3_close(db);
}
#endif

#ifdef BENCH_LMDB
static MDB_env *env;
static MDB_dbi tables[3];
static uint64_t place;

static void lmdb(int rc)
{
    must(rc == 0, mdb_strerror(rc));
}

static int lmdb_open(const char *path)
{
    static const char *const names[] = {"rows", "keys", "audit"};
    MDB_txn *txn;
    must(mkdir(path, 0777) == 0, "no folder");
    lmdb(mdb_env_create(&env)), lmdb(mdb_env_set_maxdbs(env, 3)), lmdb(mdb_env_set_mapsize(env, (size_t)1 << 32));
    lmdb(mdb_env_open(env, path, 0, 0666)), lmdb(mdb_txn_begin(env, NULL, 0, &txn));
    for (size_t i = 0; i < 3; i++) lmdb(mdb_dbi_open(txn, names[i], MDB_CREATE, &tables[i]));
    lmdb(mdb_txn_commit(txn));
    return 1;
}

static void lmdb_put(MDB_txn *txn, size_t table, void *key, size_t nkey, void *value, size_t nvalue)
{
    MDB_val k = {nkey, key}, v = {nvalue, value};
    lmdb(mdb_put(txn, tables[table], &k, &v, 0));
}

static void lmdb_commit(uint64_t first, size_t n)
{
    MDB_txn *txn;
    lmdb(mdb_txn_begin(env, NULL, 0, &txn));
    for (size_t i = 0; i < n; i++) {
        struct row row;
        unsigned char number[8];
        make_row(&row, first + i);
        itsm__put_be64(number, place++);
        lmdb_put(txn, 0, row.id, 16, filling, BODY), lmdb_put(txn, 1, row.key, KEY, row.id, 16);
        lmdb_put(txn, 2, number, 8, filling + 7, ENTRY);
    }
    lmdb(mdb_txn_commit(txn));
}

static void lmdb_close(void)
{
    mdb_env_close(env);
}
#endif

static competitor competitors[] = {
    {"file store", own_open, own_commit, own_close, NULL},
    {"raw write and fdatasync", raw_open, raw_commit, raw_close, NULL},
#ifdef BENCH_SQLITE
    {"SQLite, WAL, FULL", sqlite_open, sqlite_commit, sqlite_close, NULL},
#endif
#ifdef BENCH_LMDB
    {"LMDB", lmdb_open, lmdb_commit, lmdb_close, NULL},
#endif
};

#define COMPETITORS (sizeof competitors / sizeof *competitors)

/* Commits --------------------------------------------------------------------------------------------------------- */

static void compare(const char *what, size_t rounds, size_t n, uint64_t first, double per)
{
    for (size_t c = 0; c < COMPETITORS; c++) competitors[c].times = malloc(rounds * sizeof(double));
    for (size_t i = 0; i < rounds; i++)
        for (size_t k = 0; k < COMPETITORS; k++) {
            const competitor *c = &competitors[(i + k) % COMPETITORS]; /* nobody is always behind the same one */
            double start = now();
            c->commit(first + i * n, n);
            c->times[i] = (now() - start) * 1e6 / per;
        }
    printf("%s\n", what);
    for (size_t c = 0; c < COMPETITORS; c++) {
        double *t = competitors[c].times;
        qsort(t, rounds, sizeof *t, by_size);
        printf("  %-26s p50 %9.1f us   p10 %9.1f   p90 %9.1f", competitors[c].name, t[rounds / 2], t[rounds / 10],
               t[rounds * 9 / 10]);
        if (c) printf("   the file store takes %.2f times as long", competitors[0].times[rounds / 2] / t[rounds / 2]);
        printf("\n");
    }
    for (size_t c = 0; c < COMPETITORS; c++) free(competitors[c].times);
}

/* Opening --------------------------------------------------------------------------------------------------------- */

struct account {
    size_t taken;
};

static void *account_alloc(void *user, void *ptr, size_t old_size, size_t new_size)
{
    struct account *account = user;
    void *out = NULL;
    if (new_size && !(out = realloc(ptr, new_size))) return NULL;
    if (!new_size) free(ptr);
    account->taken += new_size - old_size;
    return out;
}

/* Commits while something else goes on. */
static volatile int stop;

static void *keep_writing(void *user)
{
    uint64_t *n = user;
    for (; !stop; ++*n) put_rows(store, (UINT64_C(1) << 40) + *n * 10, 10);
    return NULL;
}

static double scan(void)
{
    itsm_view view = ITSM_VIEW_INIT;
    itsm_cursor cursor = ITSM_CURSOR_INIT;
    itsm_range range = ITSM_RANGE_INIT;
    itsm_row row;
    itsm_status rc;
    double start = now();
    range.type = TYPE, range.index = 1;
    must(itsm_store_view_open(&view, NULL, store, NULL) == ITSM_OK, "no view");
    must(itsm_store_scan(&cursor, NULL, &view, &range) == ITSM_OK, "no scan");
    while ((rc = itsm_store_next(&row, NULL, &cursor)) == ITSM_OK) {}
    must(rc == ITSM_DONE, "a scan failed");
    itsm_store_cursor_close(&cursor);
    itsm_store_view_close(&view);
    return now() - start;
}

static void while_writing(const char *path)
{
    char copy[160];
    pthread_t writer;
    uint64_t n = 0;
    snprintf(copy, sizeof copy, "%s.copy", path);
    store = open_file(path, ITSM_FILE_RELAXED);
    stop = 0;
    must(pthread_create(&writer, NULL, keep_writing, &n) == 0, "no thread");
    double scanned = scan(), start = now();
    must(itsm_file_backup(ctx, store, itsm_str_c(copy)) == ITSM_OK, "no backup");
    double copied = now() - start;
    stop = 1;
    pthread_join(writer, NULL);
    printf("  while commits of 10 rows go on: scan by an index in %.2f s, backup in %.2f s; %u commits meanwhile\n",
           scanned, copied, (unsigned)n);
    itsm_store_free(store);
    store = NULL;
    remove_store(copy);
}

static void reopen(const char *path, size_t records)
{
    static struct account account;
    itsm_ctx_options options = ITSM_CTX_OPTIONS_INIT;
    itsm_ctx *counting = NULL;
    double opened[3];
    itsm_store *large = open_file(path, ITSM_FILE_OFF);
    double start = now();
    for (size_t first = 0; first < records; first += BATCH) put_rows(large, first, BATCH);
    must(itsm_store_flush(NULL, large, NULL) == ITSM_OK, "cannot flush");
    double loaded = now() - start;
    start = now();
    must(itsm_store_maintain(NULL, large, ITSM_MAINTAIN_CHECKPOINT, NULL) == ITSM_OK, "no checkpoint");
    double checkpoint = now() - start;
    for (size_t i = 0; i < 20; i++) put_rows(large, records + i * BATCH, BATCH);
    itsm_store_free(large);
    options.alloc = account_alloc, options.alloc_user = &account;
    must(itsm_ctx_new(&counting, &options) == ITSM_OK, "no context");
    size_t before = account.taken, bytes = 0;
    for (int i = 0; i < 3; i++) {
        itsm_file_options reading = ITSM_FILE_OPTIONS_INIT;
        reading.flags = ITSM_FILE_READONLY;
        start = now();
        must(itsm_store_file(&large, counting, itsm_os_io(), itsm_str_c(path), &reading) == ITSM_OK, "not opened");
        opened[i] = now() - start;
        bytes = account.taken - before;
        itsm_store_free(large);
    }
    itsm_ctx_free(counting);
    qsort(opened, 3, sizeof *opened, by_size);
    printf(
        "%zu records: written in %.1f s, last checkpoint %.2f s, opened in %.2f s (20,000 of them from the log), %.0f MB of "
        "memory, %.0f bytes a record\n",
        records, loaded, checkpoint, opened[1], (double)bytes * 1e-6, (double)bytes / (double)(records + 20000));
    while_writing(path);
}

int main(int argc, char **argv)
{
    char folder[64], path[128];
    size_t records = argc > 1 ? (size_t)strtoul(argv[1], NULL, 10) / BATCH * BATCH : 1000000;
    for (size_t i = 0; i < sizeof filling; i++) filling[i] = (unsigned char)mixed(i);
    snprintf(folder, sizeof folder, "bench_file_store.%ld", (long)getpid());
    must(mkdir(folder, 0777) == 0, "no folder");
    must(itsm_os_ctx_new(&ctx) == ITSM_OK, "no context");
    for (size_t c = 0; c < COMPETITORS; c++) {
        snprintf(path, sizeof path, "%s/%zu", folder, c);
        must(competitors[c].open(path), "a competitor did not open");
    }
    compare("one row, one key, one audit entry: a commit", COMMITS, 1, 0, 1);
    compare("1,000 of them in one commit: a row", BATCHES, BATCH, COMMITS, BATCH);
    for (size_t c = 0; c < COMPETITORS; c++) {
        competitors[c].close();
        snprintf(path, sizeof path, "%s/%zu", folder, c);
        if (unlink(path)) remove_store(path);
    }
    snprintf(path, sizeof path, "%s/large", folder);
    reopen(path, 100000), remove_store(path);
    if (records) reopen(path, records), remove_store(path);
    remove_store(folder);
    itsm_ctx_free(ctx);
    return 0;
}
