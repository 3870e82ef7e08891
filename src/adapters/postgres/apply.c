/* SPDX-License-Identifier: MIT */
/*
 * Writing: a batch as one call of a function on the server, numbers of sequences, and the sealing of audit entries.
 *
 * A batch is one round trip whatever its size; its rows, keys and entries go as arrays.  If another batch was faster with
 * the same new row or unique key, the server says so only when it writes; the same call once more then finds what is in
 * the way.  A link that is lost after a batch was sent leaves it open whether it was applied: ITSM_E_UNKNOWN, and the
 * expectations make sending it again harmless.
 */
#include "adapters/postgres/postgres.h"

enum { SENDS_MAX = 4 }; /* of a batch that others were faster than */

static const itsm_op *op_at(const itsm_batch *batch, size_t i)
{
    return (const itsm_op *)(const void *)((const char *)batch->ops + i * batch->op_size);
}

/* A batch as parameters ----------------------------------------------------------------------------------------------- */

static void put_rows(itsm__pg_parameters *p, const itsm_batch *batch)
{
    int32_t absent = 0;

    itsm__pg_array(p, ITSM__PG_INT4);
    for (size_t i = 0; i < batch->nops; i++) itsm__pg_add_int4(p, (int32_t)op_at(batch, i)->kind);
    itsm__pg_array_end(p), itsm__pg_array(p, ITSM__PG_INT8);
    for (size_t i = 0; i < batch->nops; i++) itsm__pg_add_int8(p, op_at(batch, i)->row.ref.type);
    itsm__pg_array_end(p), itsm__pg_array(p, ITSM__PG_UUID);
    for (size_t i = 0; i < batch->nops; i++) itsm__pg_add_id(p, op_at(batch, i)->row.ref.id);
    itsm__pg_array_end(p), itsm__pg_array(p, ITSM__PG_INT8);
    for (size_t i = 0; i < batch->nops; i++) itsm__pg_add_int8(p, op_at(batch, i)->expect);
    itsm__pg_array_end(p), itsm__pg_array(p, ITSM__PG_INT8);
    for (size_t i = 0; i < batch->nops; i++) itsm__pg_add_int8(p, op_at(batch, i)->row.rev);
    itsm__pg_array_end(p), itsm__pg_array(p, ITSM__PG_BYTEA);
    for (size_t i = 0; i < batch->nops; i++) {
        const itsm_op *op = op_at(batch, i);
        if (op->kind == ITSM_PUT) itsm__pg_add_bytes(p, op->row.body.p, op->row.body.n);
        else itsm__pg_add_null(p);
        absent += op->kind == ITSM_CHECK && op->expect == ITSM_REV_NONE;
    }
    itsm__pg_array_end(p), itsm__pg_int4(p, absent);
}

/* One column of the index keys: the operation (counted from 1), the index, whether it is unique, the bytes. */
static void put_keys(itsm__pg_parameters *p, const itsm_batch *batch, int column)
{
    static const Oid types[] = {ITSM__PG_INT4, ITSM__PG_INT8, ITSM__PG_INT4, ITSM__PG_BYTEA};

    itsm__pg_array(p, types[column]);
    for (size_t i = 0; i < batch->nops; i++) {
        const itsm_op *op = op_at(batch, i);
        for (size_t k = 0; op->kind == ITSM_PUT && k < op->nkeys; k++) {
            const itsm_index_key *key = &op->keys[k];
            if (column == 0) itsm__pg_add_int4(p, (int32_t)(i + 1));
            else if (column == 1) itsm__pg_add_int8(p, key->index);
            else if (column == 2) itsm__pg_add_int4(p, key->unique != 0);
            else itsm__pg_add_bytes(p, key->key.p, key->key.n);
        }
    }
    itsm__pg_array_end(p);
}

static void put_fields(itsm__pg_parameters *p, const itsm_batch *batch)
{
    itsm__pg_array(p, ITSM__PG_TEXT);
    for (size_t i = 0; i < batch->nops; i++) {
        const itsm_op *op = op_at(batch, i);
        if (op->kind != ITSM_PUT || !op->row.nfields) {
            itsm__pg_add_null(p);
            continue;
        }
        itsm_buf *buf = itsm__pg_add_begin(p);
        itsm__pg_add_end(p, p->rc ? p->rc : itsm__pg_fields(buf, &op->row));
    }
    itsm__pg_array_end(p);
}

static void put_audit(itsm__pg_parameters *p, const itsm_batch *batch)
{
    itsm__pg_array(p, ITSM__PG_BYTEA);
    for (size_t i = 0; i < batch->naudit; i++) itsm__pg_add_bytes(p, batch->audit[i].p, batch->audit[i].n);
    itsm__pg_array_end(p);
}

/* How long a batch waits for rows, if not as the link (or the host) has set it: then 0. */
static int32_t lock_ms(const itsm_call *call)
{
    return call->timeout_ms > INT32_MAX ? INT32_MAX : (int32_t)call->timeout_ms;
}

/* Sending ------------------------------------------------------------------------------------------------------------- */

/* The function's answer: status and the operation it names. */
static itsm_status outcome(const PGresult *result, const itsm_call *call, itsm_applied *applied)
{
    if (PQntuples(result) != 1 || PQnfields(result) != 2) return itsm__pg_say(call, ITSM_E_IO, "an unknown answer");
    uint32_t status = itsm__pg_be32(PQgetvalue(result, 0, 0));
    if (!status) return ITSM_OK;
    applied->failed_op = (size_t)itsm__pg_be32(PQgetvalue(result, 0, 1)) - 1;
    return status == 1 ? itsm__pg_say(call, ITSM_E_CONFLICT, "the row is not at the expected revision")
                       : itsm__pg_say(call, ITSM_E_UNIQUE, "a unique key belongs to another row");
}

static itsm_status send_once(const itsm__pg *pg, itsm__pg_link *link, const itsm_call *call,
                             const itsm__pg_parameters *p, itsm_applied *applied)
{
    PGresult *result;
    itsm_status rc = itsm__pg_run(&result, pg, link, call, ITSM__PG_APPLY, p);

    if (rc == ITSM_OK) rc = outcome(result, call, applied);
    PQclear(result);
    if (rc == ITSM_OK && link->warned)
        return itsm__pg_say(call, ITSM_E_UNKNOWN, "the batch is kept, but a standby may not have it");
    return rc;
}

/* In the host's transaction a failure must not end it: the batch gets a savepoint. */
static itsm_status send_in_host(const itsm__pg *pg, itsm__pg_link *link, const itsm_call *call,
                                const itsm__pg_parameters *p, itsm_applied *applied)
{
    itsm_status rc = itsm__pg_text(NULL, pg, link, call, "SAVEPOINT itsm_batch");
    if (rc) return rc;
    rc = send_once(pg, link, call, p, applied);
    if (link->lost) return rc;
    itsm_status ended = itsm__pg_text(NULL, pg, link, rc ? NULL : call,
                                      rc ? "ROLLBACK TO SAVEPOINT itsm_batch; RELEASE SAVEPOINT itsm_batch"
                                         : "RELEASE SAVEPOINT itsm_batch");
    return rc ? rc : ended;
}

static itsm_status send(itsm__pg *pg, const itsm_call *call, const itsm__pg_parameters *p, itsm_applied *applied)
{
    itsm__pg_link host, *link = &host;
    itsm_status rc = call->host_txn ? itsm__pg_host(&host, call) : itsm__pg_take(&link, pg, call, ITSM__PG_IN_CALL);

    if (rc) return rc;
    for (int i = 0; i < SENDS_MAX; i++) {
        applied->failed_op = SIZE_MAX;
        rc = call->host_txn ? send_in_host(pg, link, call, p, applied) : send_once(pg, link, call, p, applied);
        /* 23505 names no operation: another batch was faster; what it wrote can be seen now */
        if (rc != ITSM_E_UNIQUE || applied->failed_op != SIZE_MAX) break;
        rc = ITSM_E_RETRY;
    }
    if (rc == ITSM_E_READONLY) link->lost = 1; /* perhaps a server that is no longer the primary */
    itsm__pg_release(pg, link);
    return rc;
}

itsm_status itsm__pg_apply(void *self, const itsm_call *call, const itsm_batch *batch, itsm_applied *applied)
{
    itsm__pg *pg = self;
    itsm__pg_parameters p;

    applied->failed_op = SIZE_MAX, applied->audit_first = UINT64_MAX;
    if (pg->options.flags & ITSM_POSTGRES_READONLY)
        return itsm__pg_say(call, ITSM_E_READONLY, "the store is open for reading only");
    itsm__pg_parameters_init(&p, pg);
    itsm__pg_int4(&p, lock_ms(call));
    put_rows(&p, batch);
    for (int column = 0; column < 4; column++) put_keys(&p, batch, column);
    put_fields(&p, batch);
    put_audit(&p, batch);
    itsm_status rc = p.rc ? p.rc : send(pg, call, &p, applied);
    itsm__pg_parameters_clear(&p);
    return rc;
}

/* Sequences and sealing ----------------------------------------------------------------------------------------------- */

/* A statement in a transaction of its own that answers one number. */
static itsm_status number(uint64_t *out, itsm__pg *pg, const itsm_call *call, int statement, itsm__pg_parameters *p)
{
    itsm__pg_link *link;
    PGresult *result = NULL;
    itsm_status rc = p->rc;

    if (pg->options.flags & ITSM_POSTGRES_READONLY)
        rc = itsm__pg_say(call, ITSM_E_READONLY, "the store is open for reading only");
    if (!rc && !(rc = itsm__pg_take(&link, pg, call, ITSM__PG_IN_CALL))) {
        rc = itsm__pg_run(&result, pg, link, call, statement, p);
        if (!rc && PQntuples(result) != 1) rc = itsm__pg_say(call, ITSM_E_IO, "an unknown answer");
        if (!rc) *out = itsm__pg_be64(PQgetvalue(result, 0, 0));
        PQclear(result);
        itsm__pg_release(pg, link);
    }
    itsm__pg_parameters_clear(p);
    return rc == ITSM_E_UNKNOWN ? ITSM_E_RETRY : rc; /* done or not: to do it again harms nothing */
}

itsm_status itsm__pg_reserve(void *self, const itsm_call *call, const char *sequence, uint32_t n, uint64_t *first)
{
    itsm__pg_parameters p;
    uint64_t last = 0;

    itsm__pg_parameters_init(&p, self);
    itsm__pg_bytes(&p, sequence, strlen(sequence));
    itsm__pg_int8(&p, n);
    itsm_status rc = number(&last, self, call, ITSM__PG_RESERVE, &p);
    if (rc == ITSM_OK) *first = last - n + 1;
    return rc;
}

itsm_status itsm__pg_audit_seal(void *self, const itsm_call *call, uint32_t max, uint64_t *end)
{
    itsm__pg_parameters p;

    itsm__pg_parameters_init(&p, self);
    itsm__pg_int4(&p, max > INT32_MAX ? INT32_MAX : (int32_t)max);
    return number(end, self, call, ITSM__PG_SEAL, &p);
}
