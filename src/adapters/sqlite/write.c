/* SPDX-License-Identifier: MIT */
/*
 * Writing: one transaction for each batch, on the connection that writes, under a mutex.
 *
 * apply() goes over its operations three times: it looks every row up and holds it against the expectation, keeping its
 * place, revision and index keys; writes the rows and takes away keys they no longer have; puts new keys, since a unique
 * key may change hands in a batch.  Audit entries get the places behind the last one.  A row that is deleted leaves its
 * revision in itsm_tombstone.
 *
 * Cost of an operation: a search for the row, a search for its place, and one for each key that changes.  Scratch memory
 * is kept between batches.  After a failure to write (ITSM_E_IO) nothing more is written until the store is opened anew:
 * what the disk then holds is known only to the next who opens it.
 */
#include "adapters/sqlite/internal.h"

enum { KEY_HEAD = 6, FEW_KEYS = 64, FEW_BYTES = 8192 };

void itsm__sqlite_lock(const itsm__sqlite *store)
{
    if (store->write_mutex) store->mutexes.lock(store->mutexes.self, store->write_mutex);
}

void itsm__sqlite_unlock(const itsm__sqlite *store)
{
    if (store->write_mutex) store->mutexes.unlock(store->mutexes.self, store->write_mutex);
}

/* The transaction a host names must be the one its connection has open. */
itsm_status itsm__host_check(const itsm__sqlite *store, const itsm_call *call)
{
    if (!call || !call->host_txn) return ITSM_OK;
    if (!store->options.db) return itsm__sqlite_say(call, ITSM_E_UNSUPPORTED, "the store has connections of its own");
    if (call->host_txn != (void *)store->options.db || sqlite3_get_autocommit(store->options.db))
        return itsm__sqlite_say(call, ITSM_E_MISUSE, "the host has no transaction open on the connection of the store");
    return ITSM_OK;
}

itsm_status itsm__writing(itsm__sqlite *store, const itsm_call *call)
{
    itsm__sqlite_lock(store);
    if (store->poisoned)
        return itsm__sqlite_say(call, ITSM_E_IO, "writing failed before: the store has to be opened again");
    if (store->options.flags & ITSM_SQLITE_READONLY)
        return itsm__sqlite_say(call, ITSM_E_READONLY, "the store is open for reading only");
    return itsm__host_check(store, call);
}

itsm_status itsm__written(itsm__sqlite *store, itsm_status rc)
{
    if (rc == ITSM_E_IO) store->poisoned = 1;
    itsm__sqlite_unlock(store);
    return rc;
}

/* The keys a row was put with: index (4 bytes), length (2), bytes, one after the other ----------------------------- */

int itsm__keys_next(uint32_t *index, itsm_bytes *key, itsm_bytes *rest)
{
    const unsigned char *p = rest->p;

    if (rest->n < KEY_HEAD) return 0;
    *index = (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
    key->n = (size_t)p[4] << 8 | p[5], key->p = p + KEY_HEAD;
    if (key->n > rest->n - KEY_HEAD) return 0;
    rest->p = p + KEY_HEAD + key->n, rest->n -= KEY_HEAD + key->n;
    return 1;
}

static itsm_status add_keys(itsm_buf *out, const itsm_op *op)
{
    itsm_status rc = ITSM_OK;

    for (size_t k = 0; k < op->nkeys && !rc; k++) {
        uint32_t index = op->keys[k].index;
        size_t n = op->keys[k].key.n;
        unsigned char head[KEY_HEAD] = {(unsigned char)(index >> 24), (unsigned char)(index >> 16),
                                        (unsigned char)(index >> 8),  (unsigned char)index,
                                        (unsigned char)(n >> 8),      (unsigned char)n};
        rc = itsm_buf_add(out, head, sizeof head);
        if (!rc && n) rc = itsm_buf_add(out, op->keys[k].key.p, n);
    }
    return rc;
}

static int same_key(uint32_t index, itsm_bytes key, const itsm_index_key *other)
{
    return index == other->index && key.n == other->key.n && (!key.n || memcmp(key.p, other->key.p, key.n) == 0);
}

/* Comparing all old keys with all new ones is for rows with few; otherwise every old one is taken away. */
static int few_keys(const itsm_op *op, itsm_bytes old)
{
    return op->nkeys <= FEW_KEYS && old.n <= FEW_BYTES;
}

static int stays(const itsm_op *op, itsm_bytes old, uint32_t index, itsm_bytes key)
{
    if (op->kind != ITSM_PUT || !few_keys(op, old)) return 0;
    for (size_t k = 0; k < op->nkeys; k++)
        if (same_key(index, key, &op->keys[k])) return 1;
    return 0;
}

static int was_there(const itsm_op *op, itsm_bytes old, const itsm_index_key *wanted)
{
    uint32_t index;
    itsm_bytes key, rest = old;

    if (!few_keys(op, old)) return 0;
    while (itsm__keys_next(&index, &key, &rest))
        if (same_key(index, key, wanted)) return 1;
    return 0;
}

/* Looking up ------------------------------------------------------------------------------------------------------ */

static itsm_status find_tombstone(itsm__found *found, itsm__connection *c, const itsm_call *call, itsm_ref ref)
{
    sqlite3_stmt *statement;
    itsm_status rc = itsm__take(&statement, c, call, NULL, ITSM__SQL_TOMBSTONE_GET);

    if (rc) return rc;
    int code = itsm__bind_id(statement, ITSM__PARAMETER_ID, ref.id);
    code |= sqlite3_bind_int64(statement, ITSM__PARAMETER_TYPE, (sqlite3_int64)ref.type);
    rc = code ? ITSM_E_NOMEM : itsm__step(c, call, statement);
    if (rc == ITSM_OK) found->state = ITSM__ROW_GONE, found->rev = (uint64_t)sqlite3_column_int64(statement, 0);
    itsm__give(c, NULL, ITSM__SQL_TOMBSTONE_GET, statement);
    return rc == ITSM_NOTHING ? ITSM_OK : rc;
}

static itsm_status find_row(itsm__found *found, itsm__sqlite *store, const itsm_call *call, itsm_ref ref)
{
    itsm__connection *c = &store->writer;
    itsm__table *table = itsm__table_of(c, ref.type);
    sqlite3_stmt *statement;
    itsm_status rc = itsm__take(&statement, c, call, table, ITSM__SQL_FIND);

    memset(found, 0, sizeof *found);
    if (rc) return rc;
    int code = itsm__bind_id(statement, ITSM__PARAMETER_ID, ref.id);
    if (table->general) code |= sqlite3_bind_int64(statement, ITSM__PARAMETER_TYPE, (sqlite3_int64)ref.type);
    rc = code ? ITSM_E_NOMEM : itsm__step(c, call, statement);
    if (rc == ITSM_OK) {
        found->state = ITSM__ROW_THERE, found->row = sqlite3_column_int64(statement, 0);
        found->rev = (uint64_t)sqlite3_column_int64(statement, 1);
        const void *keys = sqlite3_column_blob(statement, 2);
        found->keys = store->keys.n, found->nkeys = keys ? (size_t)sqlite3_column_bytes(statement, 2) : 0;
        if (found->nkeys) rc = itsm_buf_add(&store->keys, keys, found->nkeys);
    }
    itsm__give(c, table, ITSM__SQL_FIND, statement);
    return rc == ITSM_NOTHING ? find_tombstone(found, c, call, ref) : rc;
}

static itsm_bytes keys_of(const itsm__sqlite *store, const itsm__found *found)
{
    itsm_bytes keys = {found->nkeys ? store->keys.p + found->keys : NULL, found->nkeys};
    return keys;
}

static int holds(const itsm__found *found, const itsm_op *op)
{
    int there = found->state == ITSM__ROW_THERE;

    if (op->expect == ITSM_REV_NONE ? there : op->expect != ITSM_REV_ANY && (!there || found->rev != op->expect))
        return 0;
    return op->kind != ITSM_PUT || found->state != ITSM__ROW_GONE || op->row.rev > found->rev;
}

static const itsm_op *op_at(const itsm_batch *batch, size_t i)
{
    return (const itsm_op *)(const void *)((const char *)batch->ops + i * batch->op_size);
}

static itsm_status check(itsm__sqlite *store, const itsm_call *call, const itsm_batch *batch, itsm_applied *applied)
{
    itsm_status rc = itsm__sqlite_grow(store, &store->found, &store->found_capacity, batch->nops, sizeof *store->found);

    store->keys.n = 0;
    for (size_t i = 0; i < batch->nops && !rc; i++) {
        const itsm_op *op = op_at(batch, i);
        rc = find_row(&store->found[i], store, call, op->row.ref);
        if (rc || holds(&store->found[i], op)) continue;
        applied->failed_op = i;
        rc = itsm__sqlite_say(call, ITSM_E_CONFLICT, "the row is not at the expected revision");
    }
    return rc;
}

/* Rows ------------------------------------------------------------------------------------------------------------ */

static itsm_status bind_columns(sqlite3_stmt *statement, const itsm__table *table, const itsm_op *op, itsm_buf *scratch)
{
    itsm_status rc = ITSM_OK;
    size_t at = 0;

    for (size_t i = 0; i < op->row.nfields && !rc; i++) {
        const uint16_t field = op->row.fields[i].no;
        while (at && table->columns[at - 1].field >= field) at--; /* fields ascend, most often */
        while (at < table->ncolumns && table->columns[at].field < field) at++;
        if (at == table->ncolumns || table->columns[at].field != field) continue;
        rc = itsm__column_bind(statement, ITSM__PARAMETER_COLUMN + (int)at, &op->row.fields[i].value, scratch);
    }
    return rc;
}

static itsm_status put_row(itsm__sqlite *store, const itsm_call *call, const itsm_op *op, const itsm__found *found)
{
    itsm__connection *c = &store->writer;
    itsm__table *table = itsm__table_of(c, op->row.ref.type);
    const int which = found->state == ITSM__ROW_THERE ? ITSM__SQL_UPDATE : ITSM__SQL_INSERT;
    sqlite3_stmt *statement;
    itsm_status rc = itsm__take(&statement, c, call, table, which);

    if (rc) return rc;
    int code = sqlite3_bind_int64(statement, ITSM__PARAMETER_REVISION, (sqlite3_int64)op->row.rev);
    code |= itsm__bind_bytes(statement, ITSM__PARAMETER_BODY, op->row.body);
    if (which == ITSM__SQL_UPDATE) code |= sqlite3_bind_int64(statement, ITSM__PARAMETER_ROW, found->row);
    else code |= itsm__bind_id(statement, ITSM__PARAMETER_ID, op->row.ref.id);
    if (which == ITSM__SQL_INSERT && table->general)
        code |= sqlite3_bind_int64(statement, ITSM__PARAMETER_TYPE, (sqlite3_int64)op->row.ref.type);
    store->own_keys.n = 0;
    rc = add_keys(&store->own_keys, op);
    itsm_bytes keys = {store->own_keys.p, store->own_keys.n};
    if (!rc && keys.n) code |= itsm__bind_bytes(statement, ITSM__PARAMETER_KEYS, keys);
    if (!rc && !table->general) rc = bind_columns(statement, table, op, &store->text);
    if (!rc) rc = code ? itsm__sqlite_failed(call, c, code) : itsm__step(c, call, statement);
    itsm__give(c, table, which, statement);
    return rc == ITSM_NOTHING ? ITSM_OK : rc;
}

static itsm_status delete_row(itsm__sqlite *store, const itsm_call *call, const itsm_op *op, const itsm__found *found)
{
    itsm__connection *c = &store->writer;
    itsm__table *table = itsm__table_of(c, op->row.ref.type);
    sqlite3_stmt *statement;
    itsm_status rc = itsm__take(&statement, c, call, table, ITSM__SQL_DELETE);

    if (rc) return rc;
    sqlite3_bind_int64(statement, ITSM__PARAMETER_ROW, found->row);
    rc = itsm__step(c, call, statement);
    itsm__give(c, table, ITSM__SQL_DELETE, statement);
    return rc == ITSM_NOTHING ? ITSM_OK : rc;
}

static itsm_status tombstone(itsm__connection *c, const itsm_call *call, int which, itsm_ref ref, uint64_t rev)
{
    sqlite3_stmt *statement;
    itsm_status rc = itsm__take(&statement, c, call, NULL, which);

    if (rc) return rc;
    int code = itsm__bind_id(statement, ITSM__PARAMETER_ID, ref.id);
    code |= sqlite3_bind_int64(statement, ITSM__PARAMETER_TYPE, (sqlite3_int64)ref.type);
    if (which == ITSM__SQL_TOMBSTONE_PUT)
        code |= sqlite3_bind_int64(statement, ITSM__PARAMETER_REVISION, (sqlite3_int64)rev);
    rc = code ? ITSM_E_NOMEM : itsm__step(c, call, statement);
    itsm__give(c, NULL, which, statement);
    return rc == ITSM_NOTHING ? ITSM_OK : rc;
}

/* Keys ------------------------------------------------------------------------------------------------------------ */

/* ITSM_OK: a row came; ITSM_NOTHING: none. */
static itsm_status key_statement(itsm__connection *c, const itsm_call *call, int which, itsm_ref ref, uint32_t index,
                                 itsm_bytes key)
{
    enum { KEY = ITSM__PARAMETER_REVISION, NUMBER = ITSM__PARAMETER_KEYS };
    sqlite3_stmt *statement;
    itsm_status rc = itsm__take(&statement, c, call, NULL, which);

    if (rc) return rc;
    int code = itsm__bind_id(statement, ITSM__PARAMETER_ID, ref.id);
    code |= sqlite3_bind_int64(statement, ITSM__PARAMETER_TYPE, (sqlite3_int64)ref.type);
    code |= itsm__bind_bytes(statement, KEY, key);
    code |= sqlite3_bind_int64(statement, NUMBER, (sqlite3_int64)index);
    rc = code ? ITSM_E_NOMEM : itsm__step(c, call, statement);
    itsm__give(c, NULL, which, statement);
    return rc;
}

static itsm_status take_keys(itsm__sqlite *store, const itsm_call *call, const itsm_op *op, const itsm__found *found)
{
    uint32_t index;
    itsm_bytes key, old = keys_of(store, found), rest = old;

    while (itsm__keys_next(&index, &key, &rest)) {
        if (stays(op, old, index, key)) continue;
        itsm_status rc = key_statement(&store->writer, call, ITSM__SQL_KEY_DROP, op->row.ref, index, key);
        if (rc < 0) return rc;
    }
    return ITSM_OK;
}

static itsm_status put_keys(itsm__sqlite *store, const itsm_call *call, const itsm_op *op, const itsm__found *found)
{
    itsm__connection *c = &store->writer;
    itsm_bytes old = keys_of(store, found);

    for (size_t k = 0; k < op->nkeys; k++) {
        const itsm_index_key *key = &op->keys[k];
        if (was_there(op, old, key)) continue;
        itsm_status rc = ITSM_NOTHING;
        if (key->unique) rc = key_statement(c, call, ITSM__SQL_KEY_TAKEN, op->row.ref, key->index, key->key);
        if (rc == ITSM_OK) return itsm__sqlite_say(call, ITSM_E_UNIQUE, "a unique key belongs to another row");
        if (rc == ITSM_NOTHING) rc = key_statement(c, call, ITSM__SQL_KEY_PUT, op->row.ref, key->index, key->key);
        if (rc < 0) return rc;
    }
    return ITSM_OK;
}

/* Audit entries --------------------------------------------------------------------------------------------------- */

static itsm_status audit_end(uint64_t *end, itsm__connection *c, const itsm_call *call)
{
    sqlite3_stmt *statement;
    itsm_status rc = itsm__take(&statement, c, call, NULL, ITSM__SQL_AUDIT_END);

    if (rc) return rc;
    rc = itsm__step(c, call, statement);
    int none = rc == ITSM_OK && sqlite3_column_type(statement, 0) == SQLITE_NULL;
    if (rc == ITSM_OK) *end = none ? 0 : (uint64_t)sqlite3_column_int64(statement, 0) + 1;
    itsm__give(c, NULL, ITSM__SQL_AUDIT_END, statement);
    return rc;
}

static itsm_status add_audit(itsm__connection *c, const itsm_call *call, const itsm_batch *batch, itsm_applied *applied)
{
    sqlite3_stmt *statement;
    uint64_t end = 0;
    itsm_status rc = audit_end(&end, c, call);

    if (rc || !batch->naudit) return rc ? rc : (applied->audit_first = end, ITSM_OK);
    if ((rc = itsm__take(&statement, c, call, NULL, ITSM__SQL_AUDIT_ADD))) return rc;
    for (size_t i = 0; i < batch->naudit && rc >= 0; i++) {
        int code = sqlite3_bind_int64(statement, 1, (sqlite3_int64)(end + i));
        code |= itsm__bind_bytes(statement, 2, batch->audit[i]);
        rc = code ? itsm__sqlite_failed(call, c, code) : itsm__step(c, call, statement);
        sqlite3_reset(statement);
    }
    itsm__give(c, NULL, ITSM__SQL_AUDIT_ADD, statement);
    applied->audit_first = end;
    return rc < 0 ? rc : ITSM_OK;
}

/* Batches --------------------------------------------------------------------------------------------------------- */

static itsm_status change_rows(itsm__sqlite *store, const itsm_call *call, const itsm_batch *batch)
{
    itsm_status rc = ITSM_OK;

    for (size_t i = 0; i < batch->nops && !rc; i++) {
        const itsm_op *op = op_at(batch, i);
        const itsm__found *found = &store->found[i];
        const int there = found->state == ITSM__ROW_THERE;
        if (op->kind == ITSM_PUT && found->state == ITSM__ROW_GONE)
            rc = tombstone(&store->writer, call, ITSM__SQL_TOMBSTONE_DROP, op->row.ref, 0);
        if (op->kind == ITSM_PUT && !rc) rc = put_row(store, call, op, found);
        if (op->kind == ITSM_DEL && there) rc = delete_row(store, call, op, found);
        if (op->kind == ITSM_DEL && there && !rc)
            rc = tombstone(&store->writer, call, ITSM__SQL_TOMBSTONE_PUT, op->row.ref, found->rev);
        if (op->kind != ITSM_CHECK && !rc) rc = take_keys(store, call, op, found);
    }
    return rc;
}

static itsm_status change_keys(itsm__sqlite *store, const itsm_call *call, const itsm_batch *batch,
                               itsm_applied *applied)
{
    itsm_status rc = ITSM_OK;

    for (size_t i = 0; i < batch->nops && !rc; i++) {
        const itsm_op *op = op_at(batch, i);
        if (op->kind == ITSM_PUT) rc = put_keys(store, call, op, &store->found[i]);
        if (rc == ITSM_E_UNIQUE) applied->failed_op = i;
    }
    return rc;
}

itsm_status itsm__sqlite_apply(void *self, const itsm_call *call, const itsm_batch *batch, itsm_applied *applied)
{
    itsm__sqlite *store = self;
    itsm__connection *c = &store->writer;
    itsm_applied got = *applied;
    itsm_status rc = itsm__writing(store, call);

    got.failed_op = SIZE_MAX;
    if (!rc && !(rc = itsm__begin(c, call, 1))) {
        rc = check(store, call, batch, &got);
        if (!rc) rc = change_rows(store, call, batch);
        if (!rc) rc = change_keys(store, call, batch, &got);
        if (!rc) rc = add_audit(c, call, batch, &got);
        rc = itsm__end(c, call, rc);
    }
    applied->failed_op = got.failed_op;
    if (!rc) applied->audit_first = got.audit_first;
    return itsm__written(store, rc);
}

itsm_status itsm__sqlite_seal(void *self, const itsm_call *call, uint32_t max, uint64_t *end)
{
    itsm__sqlite *store = self;

    (void)max; /* apply() gave all of them their places */
    itsm__sqlite_lock(store);
    itsm__connection_wait(&store->writer, call);
    itsm_status rc = audit_end(end, &store->writer, call);
    itsm__sqlite_unlock(store);
    return rc;
}

/* Sequences ------------------------------------------------------------------------------------------------------- */

static itsm_status last_number(uint64_t *out, itsm__connection *c, const itsm_call *call, const char *sequence)
{
    sqlite3_stmt *statement;
    itsm_status rc = itsm__take(&statement, c, call, NULL, ITSM__SQL_SEQUENCE_GET);

    *out = 0;
    if (rc) return rc;
    int code = sqlite3_bind_text(statement, 1, sequence, -1, SQLITE_STATIC);
    rc = code ? itsm__sqlite_failed(call, c, code) : itsm__step(c, call, statement);
    if (rc == ITSM_OK) *out = (uint64_t)sqlite3_column_int64(statement, 0);
    itsm__give(c, NULL, ITSM__SQL_SEQUENCE_GET, statement);
    return rc < 0 ? rc : ITSM_OK;
}

static itsm_status put_number(itsm__connection *c, const itsm_call *call, const char *sequence, uint64_t last)
{
    sqlite3_stmt *statement;
    itsm_status rc = itsm__take(&statement, c, call, NULL, ITSM__SQL_SEQUENCE_PUT);

    if (rc) return rc;
    int code = sqlite3_bind_text(statement, 1, sequence, -1, SQLITE_STATIC);
    code |= sqlite3_bind_int64(statement, 2, (sqlite3_int64)last);
    rc = code ? itsm__sqlite_failed(call, c, code) : itsm__step(c, call, statement);
    itsm__give(c, NULL, ITSM__SQL_SEQUENCE_PUT, statement);
    return rc < 0 ? rc : ITSM_OK;
}

itsm_status itsm__sqlite_reserve(void *self, const itsm_call *call, const char *sequence, uint32_t n, uint64_t *first)
{
    itsm__sqlite *store = self;
    itsm__connection *c = &store->writer;
    uint64_t last = 0;
    itsm_status rc = itsm__writing(store, call);

    if (!rc && !(rc = itsm__begin(c, call, 1))) {
        rc = last_number(&last, c, call, sequence);
        if (!rc && last > UINT64_MAX - 1 - n)
            rc = itsm__sqlite_say(call, ITSM_E_RANGE, "the sequence has no numbers left");
        if (!rc) rc = put_number(c, call, sequence, last + n);
        rc = itsm__end(c, call, rc);
        if (!rc) *first = last + 1;
    }
    return itsm__written(store, rc);
}
