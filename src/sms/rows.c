/* SPDX-License-Identifier: MIT */
/*
 * What the audit entries of a batch say of the rows it writes.
 *
 * A record that was touched several times in one work is written once, so the last of its entries in the batch says what
 * its row holds after it; the entries before say nothing of rows, for there never was one as they left it.  The clocks of
 * a record are named by the same entry, a link by the entry of the operation that made or ended it, what is purged by the
 * entry of the purge.  Each row that holds something is committed to with the salt of the entry's history row; of a clock
 * not its alarms, which a tick notes as it tells them.
 *
 * Not named: history rows, which have commitments of their own; notices, which wait to be taken; the schedule and other
 * settings.  Cost: one SHA-256 over bytes that were made anyway, for each row.
 */
#include "sms/internal.h"

#include "audit/entry.h"
#include "base/sort.h"

itsm_status itsm__rows_name(itsm__batch *b, size_t entry, size_t committed)
{
    itsm_status rc = itsm__grow(&b->work->memory, &b->rows, &b->row_capacity, b->nrows + 1, sizeof *b->rows);
    if (rc) return rc;
    b->rows[b->nrows].entry = entry, b->rows[b->nrows].op = b->nops - 1;
    b->rows[b->nrows].committed = committed;
    b->nrows++;
    return ITSM_OK;
}

static int compare_refs(itsm_ref a, itsm_ref b)
{
    if (a.type != b.type) return a.type < b.type ? -1 : 1;
    if (a.id.hi != b.id.hi) return a.id.hi < b.id.hi ? -1 : 1;
    return (a.id.lo > b.id.lo) - (a.id.lo < b.id.lo);
}

/* By entry; in it a record stands before links and clocks, whose types have higher numbers or come by identity. */
static int compare(const void *left, const void *right, void *user)
{
    const itsm__batch *b = user;
    const itsm__named_row *x = left, *y = right;
    if (x->entry != y->entry) return x->entry < y->entry ? -1 : 1;
    return compare_refs(b->ops[x->op].row.ref, b->ops[y->op].row.ref);
}

/* The salt of an entry's history row; a purge has none, and needs none. */
static const unsigned char *salt_of(const itsm_work *work, size_t entry)
{
    return entry < work->history.n ? (const unsigned char *)work->bytes.p + work->history.items[entry].offset : NULL;
}

static itsm_status add_row(itsm_buf *out, const itsm_audit_entry *entry, const itsm_op *op, const unsigned char *salt,
                           size_t committed)
{
    itsm_audit_row row = ITSM_AUDIT_ROW_INIT;
    itsm_bytes body = op->row.body;
    if (committed < body.n) body.n = committed;
    row.ref = op->row.ref;
    if (op->kind == ITSM_PUT) row.revision = op->row.rev, itsm_audit_commit(row.commitment, salt, body);
    return itsm_audit_row_add(out, entry, &row);
}

/* The entry again, with the rows [from, to), the own one first. */
static itsm_status add_entry(itsm__batch *b, size_t from, size_t to)
{
    itsm_audit_entry entry = ITSM_AUDIT_ENTRY_INIT; /* as far as rows need it */
    itsm_buf *rows = &b->scratch;
    const itsm__piece *piece = &b->work->audit.items[b->rows[from].entry];
    const unsigned char *salt = salt_of(b->work, b->rows[from].entry);
    itsm_status rc = ITSM_OK;
    entry.ref = piece->ref, entry.revision = piece->revision;
    rows->n = 0;
    for (int own = 1; own >= 0 && !rc; own--)
        for (size_t i = from; i < to && !rc; i++)
            if (own == !compare_refs(b->ops[b->rows[i].op].row.ref, entry.ref))
                rc = add_row(rows, &entry, &b->ops[b->rows[i].op], salt, b->rows[i].committed);
    const itsm_bytes bytes = {b->work->bytes.p + piece->offset, piece->n}, named = {rows->p, rows->n};
    return rc ? rc : itsm__audit_with_rows(&b->entries, bytes, named, to - from);
}

itsm_status itsm__rows_entries(itsm_bytes *out, itsm__batch *b)
{
    const itsm_work *work = b->work;
    size_t row = 0;
    itsm__sort(b->rows, b->nrows, sizeof *b->rows, compare, b);
    b->entries.n = 0;
    for (size_t i = 0; i < work->audit.n; i++) { /* sizes first: the buffer may move */
        const size_t from = row, at = b->entries.n;
        while (row < b->nrows && b->rows[row].entry == i) row++;
        itsm_status rc = row > from ? add_entry(b, from, row) : ITSM_OK;
        if (rc) return rc;
        out[i].n = b->entries.n - at;
    }
    const char *p = b->entries.p;
    for (size_t i = 0; i < work->audit.n; i++) {
        const itsm__piece *piece = &work->audit.items[i];
        if (out[i].n) out[i].p = p, p += out[i].n;
        else out[i].p = work->bytes.p + piece->offset, out[i].n = piece->n;
    }
    return ITSM_OK;
}
