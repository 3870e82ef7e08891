/* SPDX-License-Identifier: MIT */
/*
 * How long the memory store takes and how much it needs: loading (batches of 1,000 rows, each with one key of 34 bytes
 * and one audit entry), moves (a view, three reads, one batch of a record that changes, its clock and a new row of
 * history, one audit entry), reading, and the tree below it alone.  Beside it, where SQLite was found at build time,
 * its in-memory database with the same rows, keys and entries, one transaction per batch.
 *
 * Medians of the runs, processor time, with the fastest and the slowest.  With any argument: without the peer.
 */
#include <itsm/store.h>

#include "base/bits.h"
#include "store/tree.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#ifdef BENCH_SQLITE
#include <sqlite3.h>
#endif

enum {
    RUNS = 5,
    ROWS = 140000,
    BATCH = 1000,
    MOVES = 20000,
    BODY = 220,
    ENTRY = 210,
    KEY = 34,
    RECORD = 1, /* type numbers */
    CLOCK = 2,
    HISTORY = 3,
    REVISIONS = 5 /* rows of history of a record */
};

static unsigned char filling[4096];

static void must(int right, const char *what)
{
    if (right) return;
    fprintf(stderr, "bench_store: %s\n", what);
    exit(1);
}

/* A number that looks random and belongs to one `i` only. */
static uint64_t mixed(uint64_t i)
{
    i = (i ^ i >> 30) * UINT64_C(0xbf58476d1ce4e5b9), i = (i ^ i >> 27) * UINT64_C(0x94d049bb133111eb);
    return i ^ i >> 31;
}

/* Measuring ------------------------------------------------------------------------------------------------------- */

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double seconds(void)
{
    return (double)clock() / CLOCKS_PER_SEC;
}

/* `work` returns the seconds of what it measures; `operations` is how many that were. */
static double measure(const char *name, double (*work)(void *), void *user, size_t operations)
{
    double runs[RUNS];
    for (size_t i = 0; i < RUNS; i++) runs[i] = work(user) * 1e9 / (double)operations;
    qsort(runs, RUNS, sizeof *runs, by_size);
    printf("%-44s median %8.0f ns (%.0f to %.0f)\n", name, runs[RUNS / 2], runs[0], runs[RUNS - 1]);
    return runs[RUNS / 2];
}

/* Memory: what was asked for, and what a usual allocator makes of it (8 bytes ahead, rounded up to 16). */
struct account {
    size_t asked, taken, peak;
};

static size_t usual(size_t size)
{
    return size == 0 ? 0 : size < 24 ? 32 : (size + 8 + 15) / 16 * 16;
}

static void *account_alloc(void *user, void *ptr, size_t old_size, size_t new_size)
{
    struct account *account = user;
    void *out = NULL;
    if (new_size && !(out = realloc(ptr, new_size))) return NULL;
    if (!new_size) free(ptr);
    account->asked += new_size - old_size, account->taken += usual(new_size) - usual(old_size);
    if (account->taken > account->peak) account->peak = account->taken;
    return out;
}

/* The rows -------------------------------------------------------------------------------------------------------- */

/* Every caller's memory of one batch. */
struct room {
    itsm_op ops[BATCH];
    itsm_index_key keys[BATCH];
    unsigned char key[BATCH][KEY];
    itsm_bytes audit[BATCH];
};

static struct room room;

static itsm_id id_of(uint64_t i, int random)
{
    itsm_id id = {0, i + 1};
    if (random) id.hi = mixed(2 * i), id.lo = mixed(2 * i + 1);
    return id;
}

static void make_batch(itsm_batch *batch, size_t first, int random)
{
    memset(&room, 0, sizeof room);
    for (size_t k = 0; k < BATCH; k++) {
        itsm_op *op = &room.ops[k];
        uint64_t i = first + k;
        op->kind = ITSM_PUT, op->expect = ITSM_REV_NONE;
        op->row.ref.type = RECORD, op->row.ref.id = id_of(i, random), op->row.rev = 1;
        op->row.body.p = filling, op->row.body.n = BODY;
        op->keys = &room.keys[k], op->nkeys = 1;
        memcpy(room.key[k], "category 0000 / group 000 / ", 28);
        itsm__put_be64(room.key[k] + KEY - 8, random ? mixed(i) : i);
        room.keys[k].index = 1, room.keys[k].key.p = room.key[k], room.keys[k].key.n = KEY;
        room.audit[k].p = filling, room.audit[k].n = ENTRY;
    }
    itsm_batch made = ITSM_BATCH_INIT;
    made.ops = room.ops, made.nops = BATCH, made.audit = room.audit, made.naudit = BATCH;
    *batch = made;
}

struct bench {
    itsm_ctx *ctx;
    struct account account;
    itsm_store *store;
    int random, move;
    uint64_t revisions[ROWS / (REVISIONS + 2)]; /* of the records that move */
    itsm_view view;
    unsigned check;
};

enum { RECORDS = ROWS / (REVISIONS + 2) };

static void store_open(struct bench *b)
{
    must(itsm_store_memory(&b->store, b->ctx) == ITSM_OK, "no store");
}

static double load(void *user)
{
    struct bench *b = user;
    double took = 0;
    itsm_batch batch;
    itsm_store_free(b->store);
    store_open(b);
    for (size_t first = 0; first < ROWS; first += BATCH) {
        make_batch(&batch, first, b->random);
        double start = seconds();
        must(itsm_store_apply(NULL, NULL, b->store, &batch, NULL) == ITSM_OK, "a batch was not applied");
        took += seconds() - start;
    }
    return took;
}

/* Moves ----------------------------------------------------------------------------------------------------------- */

static itsm_ref record_ref(uint64_t i)
{
    itsm_ref ref = {RECORD, {UINT64_C(0x018f3c5e00000000) + i * 7919, mixed(i)}};
    return ref;
}

static itsm_ref clock_ref(uint64_t i)
{
    itsm_ref ref = {CLOCK, {mixed(3 * i), mixed(i)}};
    return ref;
}

/* 96 bits of the record, 32 of the revision. */
static itsm_ref history_ref(uint64_t i, uint64_t revision)
{
    itsm_ref ref = {HISTORY, {mixed(i + 5), (mixed(i + 7) & ~(uint64_t)UINT32_MAX) | revision}};
    return ref;
}

static size_t put(size_t n, itsm_ref ref, uint64_t revision, size_t body)
{
    itsm_op *op = &room.ops[n];
    memset(op, 0, sizeof *op);
    op->kind = ITSM_PUT, op->expect = revision - 1;
    op->row.ref = ref, op->row.rev = revision, op->row.body.p = filling, op->row.body.n = body;
    return n + 1;
}

static void put_key(itsm_op *op, size_t k, uint32_t index, uint64_t number, size_t n)
{
    room.keys[k].index = index, room.keys[k].unique = 0;
    memset(room.key[k], 'k', KEY), itsm__put_be64(room.key[k] + n - 8, number);
    room.keys[k].key.p = room.key[k], room.keys[k].key.n = n;
    if (!op->nkeys) op->keys = &room.keys[k];
    op->nkeys++;
}

/* The batch of a move: the record with three keys (its state changes), its clock (due later), its history. */
static itsm_batch move_batch(uint64_t i, uint64_t revision)
{
    size_t n = put(0, record_ref(i), revision, BODY);
    put_key(&room.ops[0], 0, 1, i, 12), put_key(&room.ops[0], 1, 2, revision % 7, 9);
    put_key(&room.ops[0], 2, 3, mixed(i) % 80, 20);
    n = put(n, clock_ref(i), revision, 60);
    put_key(&room.ops[1], 3, 1, mixed(i + revision), 9);
    n = put(n, history_ref(i, revision), 1, 150);
    itsm_batch batch = ITSM_BATCH_INIT;
    room.audit[0].p = filling, room.audit[0].n = ENTRY;
    batch.ops = room.ops, batch.nops = n, batch.audit = room.audit, batch.naudit = 1;
    return batch;
}

static uint64_t mover(int move)
{
    return mixed((uint64_t)move) % RECORDS;
}

static void look(struct bench *b, itsm_ref ref, itsm_status wanted)
{
    itsm_row row;
    must(itsm_store_get(&row, NULL, &b->view, ref) == wanted, "a row is not as expected");
    b->check += (unsigned)row.body.n;
}

static void move_one(struct bench *b, uint64_t i)
{
    uint64_t revision = b->revisions[i] + 1;
    must(itsm_store_view_open(&b->view, NULL, b->store, NULL) == ITSM_OK, "no view");
    look(b, record_ref(i), revision > 1 ? ITSM_OK : ITSM_NOTHING);
    look(b, clock_ref(i), revision > 1 ? ITSM_OK : ITSM_NOTHING);
    look(b, history_ref(i, revision), ITSM_NOTHING);
    itsm_batch batch = move_batch(i, revision);
    must(itsm_store_apply(NULL, NULL, b->store, &batch, NULL) == ITSM_OK, "a move was not applied");
    itsm_store_view_close(&b->view);
    b->revisions[i] = revision;
}

static double move(void *user)
{
    struct bench *b = user;
    double start = seconds();
    for (int k = 0; k < MOVES; k++) move_one(b, mover(b->move++));
    return seconds() - start;
}

/* Reading --------------------------------------------------------------------------------------------------------- */

static double get_each(void *user)
{
    struct bench *b = user;
    double start = seconds();
    for (uint64_t i = 0; i < RECORDS; i++) look(b, record_ref(mixed(i) % RECORDS), ITSM_OK);
    return seconds() - start;
}

static size_t scan(struct bench *b, itsm_range *range)
{
    itsm_cursor cursor;
    itsm_row row;
    size_t n = 0;
    must(itsm_store_scan(&cursor, NULL, &b->view, range) == ITSM_OK, "no scan");
    for (; itsm_store_next(&row, NULL, &cursor) == ITSM_OK; n++) b->check += (unsigned)row.body.n;
    itsm_store_cursor_close(&cursor);
    return n;
}

static double scan_rows(void *user)
{
    itsm_range range = ITSM_RANGE_INIT;
    range.type = RECORD;
    double start = seconds();
    must(scan(user, &range) == RECORDS, "rows are missing");
    return seconds() - start;
}

static double scan_index(void *user)
{
    itsm_range range = ITSM_RANGE_INIT;
    range.type = RECORD, range.index = 3;
    double start = seconds();
    must(scan(user, &range) == RECORDS, "rows are missing");
    return seconds() - start;
}

static double scan_histories(void *user)
{
    struct bench *b = user;
    unsigned char lo[16], hi[16];
    double start = seconds();
    for (uint64_t k = 0; k < RECORDS; k++) {
        uint64_t i = mixed(k) % RECORDS;
        itsm_range range = ITSM_RANGE_INIT;
        itsm_id from = history_ref(i, 0).id;
        itsm__put_be64(lo, from.hi), itsm__put_be64(lo + 8, from.lo);
        itsm__put_be64(hi, from.hi), itsm__put_be64(hi + 8, from.lo | UINT32_MAX);
        range.type = HISTORY, range.lo.p = lo, range.lo.n = 16, range.hi.p = hi, range.hi.n = 16;
        must(scan(b, &range) == b->revisions[i], "history is missing");
    }
    return seconds() - start;
}

/* The tree alone -------------------------------------------------------------------------------------------------- */

enum { ENTRIES = 100000 };

static double tree_insert(void *user)
{
    struct bench *b = user;
    itsm__tree tree;
    itsm__memory memory = {account_alloc, &b->account};
    unsigned char key[12] = "row ";
    itsm__tree_init(&tree, &memory);
    double start = seconds();
    itsm__tree_begin(&tree);
    for (uint64_t i = 0; i < ENTRIES; i++) {
        itsm__put_be64(key + 4, b->random ? mixed(i) : i);
        must(itsm__tree_put(&tree, (itsm__tree_key){{key, sizeof key}, {NULL, 0}}, &i, sizeof i) == ITSM_OK, "no put");
    }
    itsm__tree_commit(&tree);
    double took = seconds() - start;
    itsm__tree_clear(&tree);
    return took;
}

/* The peer -------------------------------------------------------------------------------------------------------- */

#ifdef BENCH_SQLITE
enum { BEGIN, COMMIT, FIND, PUT, PUT_KEY, DELETE_KEY, AUDIT, STATEMENTS };

struct peer {
    sqlite3 *db;
    sqlite3_stmt *statement[STATEMENTS];
    struct bench *bench;
};

static void peer_open(struct peer *p)
{
    static const char *const texts[STATEMENTS] = {
        "BEGIN",
        "COMMIT",
        "SELECT rev, body FROM rows WHERE type = ?1 AND id = ?2",
        "INSERT OR REPLACE INTO rows VALUES (?1, ?2, ?3, ?4)",
        "INSERT OR REPLACE INTO keys VALUES (?1, ?3, ?4, ?2)",
        "DELETE FROM keys WHERE type = ?1 AND number = ?3 AND key = ?4 AND id = ?2",
        "INSERT INTO audit (entry) VALUES (?1)"};
    must(sqlite3_open(":memory:", &p->db) == SQLITE_OK, "no SQLite");
    must(sqlite3_exec(p->db,
                      "CREATE TABLE rows (type INTEGER, id BLOB, rev INTEGER, body BLOB, PRIMARY KEY (type, id)) "
                      "WITHOUT ROWID;"
                      "CREATE TABLE keys (type INTEGER, number INTEGER, key BLOB, id BLOB, PRIMARY KEY (type, number, "
                      "key, id)) WITHOUT ROWID;"
                      "CREATE TABLE audit (place INTEGER PRIMARY KEY, entry BLOB)",
                      NULL, NULL, NULL) == SQLITE_OK,
         "no tables");
    for (size_t i = 0; i < STATEMENTS; i++)
        must(sqlite3_prepare_v2(p->db, texts[i], -1, &p->statement[i], NULL) == SQLITE_OK, texts[i]);
}

static void peer_close(struct peer *p)
{
    for (size_t i = 0; p->db && i < STATEMENTS; i++) sqlite3_finalize(p->statement[i]);
    sqlite3_close(p->db);
    p->db = NULL;
}

static int peer_step(struct peer *p, int which)
{
    int rc = sqlite3_step(p->statement[which]);
    must(rc == SQLITE_DONE || rc == SQLITE_ROW, "SQLite failed");
    return rc == SQLITE_ROW;
}

static void peer_run(struct peer *p, int which)
{
    peer_step(p, which);
    sqlite3_reset(p->statement[which]);
}

static void peer_bind_ref(struct peer *p, int which, itsm_ref ref)
{
    unsigned char id[16];
    itsm__put_be64(id, ref.id.hi), itsm__put_be64(id + 8, ref.id.lo);
    sqlite3_bind_int64(p->statement[which], 1, ref.type);
    sqlite3_bind_blob(p->statement[which], 2, id, sizeof id, SQLITE_TRANSIENT);
}

static void peer_key(struct peer *p, int which, itsm_ref ref, const itsm_index_key *key)
{
    peer_bind_ref(p, which, ref);
    sqlite3_bind_int64(p->statement[which], 3, key->index);
    sqlite3_bind_blob(p->statement[which], 4, key->key.p, (int)key->key.n, SQLITE_STATIC);
    peer_run(p, which);
}

/* The row's revision, 0: not there. */
static uint64_t peer_find(struct peer *p, itsm_ref ref)
{
    uint64_t revision = 0;
    peer_bind_ref(p, FIND, ref);
    if (peer_step(p, FIND)) {
        revision = (uint64_t)sqlite3_column_int64(p->statement[FIND], 0);
        p->bench->check += (unsigned)sqlite3_column_bytes(p->statement[FIND], 1);
    }
    sqlite3_reset(p->statement[FIND]);
    return revision;
}

/* A batch inside a transaction. */
static void peer_apply(struct peer *p, const itsm_batch *batch)
{
    for (size_t i = 0; i < batch->nops; i++) {
        const itsm_op *op = &batch->ops[i];
        must(peer_find(p, op->row.ref) == op->expect, "a row of SQLite is not as expected");
        peer_bind_ref(p, PUT, op->row.ref);
        sqlite3_bind_int64(p->statement[PUT], 3, (sqlite3_int64)op->row.rev);
        sqlite3_bind_blob(p->statement[PUT], 4, op->row.body.p, (int)op->row.body.n, SQLITE_STATIC);
        peer_run(p, PUT);
        for (size_t k = 0; k < op->nkeys; k++) peer_key(p, PUT_KEY, op->row.ref, &op->keys[k]);
    }
    for (size_t i = 0; i < batch->naudit; i++) {
        sqlite3_bind_blob(p->statement[AUDIT], 1, batch->audit[i].p, (int)batch->audit[i].n, SQLITE_STATIC);
        peer_run(p, AUDIT);
    }
}

static double peer_load(void *user)
{
    struct peer *p = user;
    double took = 0;
    itsm_batch batch;
    peer_close(p);
    peer_open(p);
    for (size_t first = 0; first < ROWS; first += BATCH) {
        make_batch(&batch, first, p->bench->random);
        double start = seconds();
        peer_run(p, BEGIN), peer_apply(p, &batch), peer_run(p, COMMIT);
        took += seconds() - start;
    }
    return took;
}

static void peer_move_one(struct peer *p, uint64_t i)
{
    uint64_t revision = p->bench->revisions[i] + 1;
    peer_run(p, BEGIN);
    if (revision > 1) { /* the two keys that change */
        move_batch(i, revision - 1);
        peer_key(p, DELETE_KEY, record_ref(i), &room.keys[1]), peer_key(p, DELETE_KEY, clock_ref(i), &room.keys[3]);
    }
    itsm_batch batch = move_batch(i, revision);
    peer_apply(p, &batch);
    peer_run(p, COMMIT);
    p->bench->revisions[i] = revision;
}

static double peer_move(void *user)
{
    struct peer *p = user;
    double start = seconds();
    for (int k = 0; k < MOVES; k++) peer_move_one(p, mover(p->bench->move++));
    return seconds() - start;
}

static void peer_all(struct bench *b, const double own[3])
{
    struct peer p = {NULL, {NULL}, b};
    printf("SQLite %s, in memory:\n", sqlite3_libversion());
    b->random = 0;
    printf("    %.1f times\n", measure("load, ids ascending", peer_load, &p, ROWS) / own[0]);
    b->random = 1;
    printf("    %.1f times\n", measure("load, ids random", peer_load, &p, ROWS) / own[1]);
    peer_close(&p);
    peer_open(&p);
    memset(b->revisions, 0, sizeof b->revisions), b->move = 0;
    peer_run(&p, BEGIN);
    peer_run(&p, COMMIT);
    for (uint64_t k = 0; k < REVISIONS; k++)
        for (uint64_t i = 0; i < RECORDS; i++) peer_move_one(&p, i);
    printf("    %.1f times\n", measure("a move, one transaction", peer_move, &p, MOVES) / own[2]);
    peer_close(&p);
}
#endif

static double loads(struct bench *b, const char *name, int random)
{
    b->random = random;
    double each = measure(name, load, b, ROWS);
    double payload = (double)ROWS * (BODY + ENTRY);
    printf(
        "    %.1f MB, %.1f MB with the allocator's own, of %.1f MB of payload: %.0f bytes per row and entry beside it\n",
        (double)b->account.asked * 1e-6, (double)b->account.taken * 1e-6, payload * 1e-6,
        ((double)b->account.taken - payload) / ROWS);
    itsm_store_free(b->store);
    b->store = NULL;
    return each;
}

int main(int argc, char **argv)
{
    static struct bench b;
    itsm_ctx_options options = ITSM_CTX_OPTIONS_INIT;
    double own[3];

    options.alloc = account_alloc, options.alloc_user = &b.account;
    must(itsm_ctx_new(&b.ctx, &options) == ITSM_OK, "no context");
    for (size_t i = 0; i < sizeof filling; i++) filling[i] = (unsigned char)mixed(i);
    printf("%d rows, each with a key of %d bytes and an audit entry, in batches of %d: per row\n", ROWS, KEY, BATCH);
    own[0] = loads(&b, "load, ids ascending", 0), own[1] = loads(&b, "load, ids random", 1);

    store_open(&b);
    for (uint64_t k = 0; k < REVISIONS; k++)
        for (uint64_t i = 0; i < RECORDS; i++) move_one(&b, i);
    printf("%d records with clocks, history of %d revisions each and four keys: per call\n", RECORDS, REVISIONS);
    own[2] = measure("a move: view, 3 gets, 3 puts, 1 entry", move, &b, MOVES);
    must(itsm_store_view_open(&b.view, NULL, b.store, NULL) == ITSM_OK, "no view");
    measure("get", get_each, &b, RECORDS);
    measure("scan of all records, per row", scan_rows, &b, RECORDS);
    measure("scan of an index, per row", scan_index, &b, RECORDS);
    measure("scan of one record's history", scan_histories, &b, RECORDS);
    itsm_store_view_close(&b.view);
    must(itsm_store_maintain(NULL, b.store, ITSM_MAINTAIN_CHECK, NULL) == ITSM_OK, "the store is not sound");
    itsm_store_free(b.store);
    b.store = NULL;

    printf("the tree, %d entries of 12 bytes, one edit: per insert\n", ENTRIES);
    b.random = 0, measure("ascending", tree_insert, &b, ENTRIES);
    b.random = 1, measure("random", tree_insert, &b, ENTRIES);
#ifdef BENCH_SQLITE
    if (argc < 2) peer_all(&b, own);
#else
    printf("SQLite was not there when this was built: no peer\n");
#endif
    (void)argc, (void)argv, (void)own;
    itsm_ctx_free(b.ctx);
    must(b.account.asked == 0, "memory was not given back");
    printf("check %u\n", b.check);
    return 0;
}
