/* SPDX-License-Identifier: MIT */
/*
 * The rules every batch must keep, checked once in front of all backends.
 *
 * An operation has a known kind, and revisions that rise: a row is put with a revision above the one it expects, so
 * that the same batch cannot hold twice.  A row is written at most once in a batch (it may be checked besides): for up
 * to 16 operations by comparing all pairs, above by a table of hashes that lives as long as the check, 4 bytes for
 * each half operation's slot.  At least one operation has an expectation.
 */
#include "store/batch.h"

#include "base/bits.h"
#include "base/hash.h"

enum { FEW = 16 };

static int same_ref(itsm_ref a, itsm_ref b)
{
    return a.type == b.type && a.id.hi == b.id.hi && a.id.lo == b.id.lo;
}

static int writes(const itsm_op *op)
{
    return op->kind != ITSM_CHECK;
}

static uint64_t ref_hash(itsm_ref ref)
{
    unsigned char room[20];
    itsm__put_be32(room, ref.type), itsm__put_be64(room + 4, ref.id.hi), itsm__put_be64(room + 12, ref.id.lo);
    return itsm__hash(room, sizeof room);
}

static const char *const written_twice = "a row is written twice in one batch";

static itsm_status twice_few(size_t *failed, const char **message, const itsm_batch *batch)
{
    for (size_t i = 1; i < batch->nops; i++) {
        const itsm_op *op = itsm__batch_op(batch, i);
        for (size_t k = 0; writes(op) && k < i; k++) {
            const itsm_op *other = itsm__batch_op(batch, k);
            if (!writes(other) || !same_ref(op->row.ref, other->row.ref)) continue;
            *failed = i, *message = written_twice;
            return ITSM_E_MISUSE;
        }
    }
    return ITSM_OK;
}

static itsm_status twice_many(size_t *failed, const char **message, const itsm__memory *memory, const itsm_batch *batch)
{
    size_t slots = 64;
    itsm_status rc = ITSM_OK;
    while (slots < batch->nops * 2) slots *= 2;

    uint32_t *table = itsm__alloc_zero(memory, slots * sizeof *table);
    if (!table) {
        *message = "no memory to check the batch";
        return ITSM_E_NOMEM;
    }
    for (size_t i = 0; i < batch->nops && rc == ITSM_OK; i++) {
        const itsm_op *op = itsm__batch_op(batch, i);
        if (!writes(op)) continue;
        size_t at = (size_t)ref_hash(op->row.ref) & (slots - 1);
        while (table[at] && !same_ref(itsm__batch_op(batch, table[at] - 1)->row.ref, op->row.ref))
            at = (at + 1) & (slots - 1);
        if (table[at]) *failed = i, *message = written_twice, rc = ITSM_E_MISUSE;
        table[at] = (uint32_t)(i + 1);
    }
    itsm__free(memory, table, slots * sizeof *table);
    return rc;
}

static const char *put_wrong(const itsm_op *op, uint64_t caps)
{
    if (op->nkeys && !op->keys) return "index keys are missing";
    if (op->row.nfields && !op->row.fields) return "fields are missing";
    if (op->row.body.n && !op->row.body.p) return "the body is missing";
    if (caps & ITSM_CAP_BACKEND_REV) return NULL;
    if (op->row.rev == ITSM_REV_NONE || op->row.rev == ITSM_REV_ANY) return "a row needs a revision";
    if (op->expect != ITSM_REV_ANY && op->row.rev <= op->expect) return "a revision must rise";
    return NULL;
}

static const char *op_wrong(const itsm_op *op, uint64_t caps)
{
    if (op->flags) return "unknown flags";
    if (op->kind == ITSM_PUT) return put_wrong(op, caps);
    if (op->kind == ITSM_DEL) return op->expect == ITSM_REV_NONE ? "a row that is not there cannot be deleted" : NULL;
    return op->kind == ITSM_CHECK ? NULL : "unknown kind of operation";
}

static const char *op_too_large(const itsm_op *op)
{
    if (op->kind != ITSM_PUT) return NULL;
    if (op->row.body.n > ITSM_STORE_BODY_MAX) return "a row is too large";
    if (op->nkeys > ITSM_STORE_OPS_MAX) return "a row has too many index keys";
    for (size_t k = 0; k < op->nkeys; k++)
        if (op->keys[k].key.n > ITSM_STORE_KEY_MAX) return "an index key is too long";
    return NULL;
}

static const char *keys_wrong(const itsm_op *op)
{
    for (size_t k = 0; op->kind == ITSM_PUT && k < op->nkeys; k++) {
        if (op->keys[k].index == 0) return "index 0 has no keys of its own";
        if (op->keys[k].key.n && !op->keys[k].key.p) return "an index key is missing";
    }
    return NULL;
}

static itsm_status ops_check(size_t *failed, const char **message, const itsm_batch *batch, uint64_t caps)
{
    size_t expectations = 0;

    for (size_t i = 0; i < batch->nops; i++) {
        const itsm_op *op = itsm__batch_op(batch, i);
        *failed = i;
        if ((*message = op_wrong(op, caps)) != NULL) return ITSM_E_MISUSE;
        if ((*message = op_too_large(op)) != NULL) return ITSM_E_LIMIT;
        if ((*message = keys_wrong(op)) != NULL) return ITSM_E_MISUSE;
        expectations += op->expect != ITSM_REV_ANY;
    }
    *failed = SIZE_MAX;
    if (expectations) return ITSM_OK;
    *message = "no operation of the batch has an expectation";
    return ITSM_E_MISUSE;
}

static itsm_status audit_check(const char **message, const itsm_batch *batch)
{
    for (size_t i = 0; i < batch->naudit; i++) {
        *message = "an audit entry is too large";
        if (batch->audit[i].n > ITSM_STORE_BODY_MAX) return ITSM_E_LIMIT;
        *message = "an audit entry is empty";
        if (!batch->audit[i].n || !batch->audit[i].p) return ITSM_E_MISUSE;
    }
    *message = NULL;
    return ITSM_OK;
}

itsm_status itsm__batch_check(size_t *failed, const char **message, const itsm__memory *memory, const itsm_batch *batch,
                              uint64_t caps)
{
    itsm_status rc;

    *failed = SIZE_MAX, *message = "not a batch";
    if (batch->size < sizeof *batch || batch->op_size < sizeof(itsm_op) || (batch->nops && !batch->ops) ||
        (batch->naudit && !batch->audit))
        return ITSM_E_MISUSE;
    *message = "the batch is too large";
    if (batch->nops > ITSM_STORE_OPS_MAX || batch->naudit > ITSM_STORE_OPS_MAX) return ITSM_E_LIMIT;
    if ((rc = ops_check(failed, message, batch, caps)) || (rc = audit_check(message, batch))) return rc;
    return batch->nops <= FEW ? twice_few(failed, message, batch) : twice_many(failed, message, memory, batch);
}
