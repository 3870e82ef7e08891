/* SPDX-License-Identifier: MIT */
/*
 * The bench a case works on: failure, memory, operations, looking.
 *
 * A failure is a text; once it is there, every call returns at once, so the first thing that was not as it must be is
 * what is told.  Memory of a case is a chain of pieces that is freed with it.  Rows get rising revisions, one counter
 * for all, which the contract allows whatever stands in the store; a backend that chooses revisions ignores them and
 * tells its own, which every later expectation uses.
 */
#include "adapters/check/kit.h"

#include <stdarg.h>

typedef struct itsm__piece {
    struct itsm__piece *next;
    size_t size;
} piece;

/* Failure and memory ---------------------------------------------------------------------------------------------- */

static itsm_status add_number(itsm_buf *out, uint64_t u)
{
    char digits[20];
    size_t n = 0;
    do digits[sizeof digits - ++n] = (char)('0' + u % 10);
    while ((u /= 10) != 0);
    return itsm_buf_add(out, digits + sizeof digits - n, n);
}

static itsm_status add_argument(itsm_buf *out, char kind, va_list *arguments)
{
    if (kind == 'u') return add_number(out, va_arg(*arguments, uint64_t));
    if (kind == 's') {
        const char *s = va_arg(*arguments, const char *);
        return itsm_buf_add(out, s, strlen(s));
    }
    if (kind == 'S') {
        itsm_str s = va_arg(*arguments, itsm_str);
        return itsm_buf_add(out, s.p, s.n);
    }
    int i = va_arg(*arguments, int);
    itsm_status rc = i < 0 ? itsm_buf_add(out, "-", 1) : ITSM_OK;
    return rc ? rc : add_number(out, i < 0 ? (uint64_t)0 - (uint64_t)i : (uint64_t)i);
}

static void format_list(itsm_buf *out, const char *format, va_list *arguments)
{
    itsm_status rc = ITSM_OK;
    for (const char *p = format; *p && !rc; p++) {
        const char *next = strchr(p, '%');
        size_t n = next ? (size_t)(next - p) : strlen(p);
        rc = itsm_buf_add(out, p, n);
        p += n;
        if (!*p || rc) break;
        rc = add_argument(out, *++p, arguments);
    }
    /* Without memory the text is shorter; that the case failed stays said. */
}

void itsm__kit_format(itsm_buf *out, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    format_list(out, format, &arguments);
    va_end(arguments);
}

void itsm__kit_fail(itsm__bench *b, const char *format, ...)
{
    va_list arguments;
    if (b->failed) return;
    b->failed = 1, b->message.n = 0;
    va_start(arguments, format);
    format_list(&b->message, format, &arguments);
    va_end(arguments);
}

void itsm__kit_want(itsm__bench *b, int holds, const char *what)
{
    if (!holds) itsm__kit_fail(b, "%s", what);
}

void itsm__kit_status(itsm__bench *b, itsm_status got, itsm_status wanted, const char *what)
{
    const itsm_issue *issue = b->failed || got >= 0 ? NULL : itsm_ctx_issue(b->ctx, 0);
    if (got == wanted || (wanted == ITSM_NOTHING && got == ITSM_OK)) return;
    if (issue) itsm__kit_fail(b, "%s: answers %d (%S), not %d", what, got, issue->message, wanted);
    else itsm__kit_fail(b, "%s: answers %d (%s), not %d", what, got, itsm_status_text(got), wanted);
}

void *itsm__kit_alloc(itsm__bench *b, size_t n)
{
    size_t size = sizeof(piece) + n;
    piece *p = n < SIZE_MAX - sizeof(piece) ? b->alloc(b->alloc_user, NULL, 0, size) : NULL;
    if (!p) {
        itsm__kit_fail(b, "no memory for the case");
        return NULL;
    }
    memset(p, 0, size);
    p->next = b->pieces, p->size = size, b->pieces = p;
    return p + 1;
}

void itsm__kit_trim(itsm__bench *b, struct itsm__piece *kept)
{
    while (b->pieces && b->pieces != kept) {
        piece *p = b->pieces;
        b->pieces = p->next;
        b->alloc(b->alloc_user, p, p->size, 0);
    }
}

void itsm__kit_release(itsm__bench *b)
{
    itsm__kit_trim(b, NULL);
}

/* Operations ------------------------------------------------------------------------------------------------------ */

itsm_ref itsm__kit_ref(uint32_t type, uint64_t lo)
{
    itsm_ref ref = {type, {0, lo}};
    return ref;
}

itsm_bytes itsm__kit_bytes(const char *text)
{
    itsm_bytes bytes = {text, strlen(text)};
    return bytes;
}

itsm_index_key itsm__kit_key(uint32_t index, uint32_t unique, const char *key)
{
    itsm_index_key k = {index, unique, {NULL, 0}};
    k.key = itsm__kit_bytes(key);
    return k;
}

itsm_op itsm__kit_op(uint32_t kind, itsm_ref ref, uint64_t expect)
{
    itsm_op op;
    memset(&op, 0, sizeof op);
    op.kind = kind, op.expect = expect, op.row.ref = ref;
    return op;
}

itsm_op itsm__kit_put(itsm__bench *b, itsm_ref ref, uint64_t expect, const char *body)
{
    itsm_op op = itsm__kit_op(ITSM_PUT, ref, expect);
    op.row.rev = b->rev++, op.row.body = itsm__kit_bytes(body);
    return op;
}

itsm_op itsm__kit_put_keys(itsm__bench *b, itsm_ref ref, uint64_t expect, const itsm_index_key *keys, size_t n)
{
    itsm_op op = itsm__kit_put(b, ref, expect, "x");
    op.keys = keys, op.nkeys = n;
    return op;
}

itsm_status itsm__kit_send(itsm__bench *b, const itsm_op *ops, size_t n, const itsm_bytes *audit, size_t naudit,
                           uint64_t *rev_out)
{
    const itsm_applied fresh = ITSM_APPLIED_INIT;
    itsm_batch batch = ITSM_BATCH_INIT;
    b->applied = fresh;
    if (b->failed) return ITSM_E_MISUSE;
    batch.ops = ops, batch.nops = n, batch.audit = audit, batch.naudit = naudit;
    b->applied.rev_out = rev_out;
    return itsm_store_apply(&b->applied, b->ctx, b->store, &batch, NULL);
}

void itsm__kit_batch(itsm__bench *b, const itsm_op *ops, size_t n, itsm_status wanted, size_t failed)
{
    if (b->failed) return;
    itsm__kit_status(b, itsm__kit_send(b, ops, n, NULL, 0, NULL), wanted, "a batch");
    if (wanted != ITSM_E_CONFLICT && wanted != ITSM_E_UNIQUE) return;
    if (b->applied.failed_op >= n) itsm__kit_fail(b, "failed_op names no operation of the batch");
    else if (failed != SIZE_MAX && b->applied.failed_op != failed)
        itsm__kit_fail(b, "failed_op is %u, not %u", (uint64_t)b->applied.failed_op, (uint64_t)failed);
}

static const char *op_text(const itsm_op *op)
{
    return op->kind == ITSM_PUT ? "a put" : op->kind == ITSM_DEL ? "a deletion" : "a check";
}

uint64_t itsm__kit_does(itsm__bench *b, itsm_op op)
{
    uint64_t rev = 0;
    itsm_op ops[2] = {op, itsm__kit_op(ITSM_CHECK, itsm__kit_ref(KIT_C, UINT64_MAX), ITSM_REV_NONE)};
    uint64_t revisions[2] = {0, 0};
    size_t n = op.expect == ITSM_REV_ANY ? 2 : 1; /* a batch needs an expectation */
    if (b->failed) return 0;
    itsm__kit_status(b, itsm__kit_send(b, ops, n, NULL, 0, revisions), ITSM_OK, op_text(&op));
    rev = revisions[0];
    if (op.kind == ITSM_PUT && (rev == ITSM_REV_NONE || rev == ITSM_REV_ANY))
        itsm__kit_fail(b, "a put tells no revision");
    return rev;
}

void itsm__kit_refuses(itsm__bench *b, itsm_op op, itsm_status wanted)
{
    if (!b->failed) itsm__kit_status(b, itsm__kit_send(b, &op, 1, NULL, 0, NULL), wanted, op_text(&op));
    if ((wanted == ITSM_E_CONFLICT || wanted == ITSM_E_UNIQUE) && b->applied.failed_op != 0)
        itsm__kit_fail(b, "failed_op does not name the only operation");
}

uint64_t itsm__kit_new(itsm__bench *b, itsm_ref ref, const char *body)
{
    return itsm__kit_does(b, itsm__kit_put(b, ref, ITSM_REV_NONE, body));
}

uint64_t itsm__kit_new_keys(itsm__bench *b, itsm_ref ref, const itsm_index_key *keys, size_t n)
{
    return itsm__kit_does(b, itsm__kit_put_keys(b, ref, ITSM_REV_NONE, keys, n));
}

void itsm__kit_enter(itsm__bench *b, const char *const *entries, size_t n)
{
    itsm_bytes *audit = itsm__kit_alloc(b, n * sizeof *audit);
    itsm_op check = itsm__kit_op(ITSM_CHECK, itsm__kit_ref(KIT_C, UINT64_MAX), ITSM_REV_NONE);
    for (size_t i = 0; audit && i < n; i++) audit[i] = itsm__kit_bytes(entries[i]);
    if (audit && !b->failed)
        itsm__kit_status(b, itsm__kit_send(b, &check, 1, audit, n, NULL), ITSM_OK, "audit entries");
}

/* Looking --------------------------------------------------------------------------------------------------------- */

int itsm__kit_same(itsm_bytes x, itsm_bytes y)
{
    return x.n == y.n && (x.n == 0 || memcmp(x.p, y.p, x.n) == 0);
}

itsm_range itsm__kit_range(uint32_t type, uint32_t index)
{
    itsm_range range = ITSM_RANGE_INIT;
    range.type = type, range.index = index;
    return range;
}

int itsm__kit_view(itsm__bench *b, itsm_view *view)
{
    const itsm_view closed = ITSM_VIEW_INIT;
    *view = closed;
    if (!b->failed) itsm__kit_status(b, itsm_store_view_open(view, b->ctx, b->store, NULL), ITSM_OK, "opening a view");
    return !b->failed;
}

int itsm__kit_get(itsm__bench *b, itsm_view *view, itsm_ref ref, itsm_row *row)
{
    if (b->failed) return 0;
    itsm_status rc = itsm_store_get(row, b->ctx, view, ref);
    if (rc != ITSM_OK && rc != ITSM_NOTHING) itsm__kit_status(b, rc, ITSM_OK, "reading a row");
    return rc == ITSM_OK;
}

void itsm__kit_is_in(itsm__bench *b, itsm_view *view, itsm_ref ref, uint64_t rev, const char *body)
{
    itsm_row row;
    if (!itsm__kit_get(b, view, ref, &row)) itsm__kit_fail(b, "row %u is not there", ref.id.lo);
    else if (rev && row.rev != rev) itsm__kit_fail(b, "row %u has revision %u, not %u", ref.id.lo, row.rev, rev);
    else if (body && !itsm__kit_same(row.body, itsm__kit_bytes(body)))
        itsm__kit_fail(b, "row %u has another body than it was put with", ref.id.lo);
}

void itsm__kit_is(itsm__bench *b, itsm_ref ref, uint64_t rev, const char *body)
{
    itsm_view view;
    if (itsm__kit_view(b, &view)) itsm__kit_is_in(b, &view, ref, rev, body);
    itsm_store_view_close(&view);
}

void itsm__kit_is_not_in(itsm__bench *b, itsm_view *view, itsm_ref ref)
{
    itsm_row row;
    if (itsm__kit_get(b, view, ref, &row)) itsm__kit_fail(b, "row %u is there", ref.id.lo);
}

void itsm__kit_is_not(itsm__bench *b, itsm_ref ref)
{
    itsm_view view;
    if (itsm__kit_view(b, &view)) itsm__kit_is_not_in(b, &view, ref);
    itsm_store_view_close(&view);
}

void itsm__kit_finds_in(itsm__bench *b, itsm_view *view, const itsm_range *range, const char *wanted)
{
    itsm_cursor cursor = ITSM_CURSOR_INIT;
    itsm_buf text = ITSM_BUF_INIT;
    itsm_status rc = ITSM_DONE;
    itsm_row row;

    if (b->failed) return;
    itsm_buf_init(&text, b->ctx);
    itsm__kit_status(b, itsm_store_scan(&cursor, b->ctx, view, range), ITSM_OK, "opening a scan");
    for (size_t n = 0; !b->failed && (rc = itsm_store_next(&row, b->ctx, &cursor)) == ITSM_OK; n++)
        itsm__kit_format(&text, n ? " %u" : "%u", row.ref.id.lo);
    itsm__kit_status(b, rc, ITSM_DONE, "the next row of a scan");
    if (!b->failed && itsm_store_next(&row, b->ctx, &cursor) != ITSM_DONE)
        itsm__kit_fail(b, "a scan that ended does not stay at its end");
    if (!itsm_str_is(itsm_buf_str(&text), wanted))
        itsm__kit_fail(b, "a scan of index %u gives \"%S\", not \"%s\"", (uint64_t)range->index, itsm_buf_str(&text),
                       wanted);
    itsm_store_cursor_close(&cursor);
    itsm_buf_clear(&text);
}

void itsm__kit_finds(itsm__bench *b, const itsm_range *range, const char *wanted)
{
    itsm_view view;
    if (itsm__kit_view(b, &view)) itsm__kit_finds_in(b, &view, range, wanted);
    itsm_store_view_close(&view);
}

void itsm__kit_scan(itsm__bench *b, uint32_t type, uint32_t index, const char *wanted)
{
    itsm_range range = itsm__kit_range(type, index);
    itsm__kit_finds(b, &range, wanted);
}

/* A store that seals later: seal until nothing waits. */
void itsm__kit_seal(itsm__bench *b)
{
    uint64_t end = 0, before;
    for (int i = 0; i < 10000 && !b->failed; i++) {
        before = end;
        itsm_status rc = itsm_store_seal(&end, b->ctx, b->store, 1000, NULL);
        if (rc == ITSM_NOTHING || (i && end == before)) return;
        itsm__kit_status(b, rc, ITSM_OK, "sealing");
    }
    itsm__kit_fail(b, "sealing does not come to an end");
}

void itsm__kit_trail_in(itsm__bench *b, itsm_view *view, uint64_t from, const char *wanted)
{
    itsm_cursor cursor = ITSM_CURSOR_INIT;
    itsm_buf text = ITSM_BUF_INIT;
    itsm_status rc = ITSM_DONE;
    itsm_row row;

    if (b->failed) return;
    itsm_buf_init(&text, b->ctx);
    itsm__kit_status(b, itsm_store_audit_scan(&cursor, b->ctx, view, from), ITSM_OK, "opening the audit trail");
    for (uint64_t place = from; !b->failed && (rc = itsm_store_next(&row, b->ctx, &cursor)) == ITSM_OK; place++) {
        itsm__kit_format(&text, place == from ? "%S" : ",%S", itsm_str_n(row.body.p, row.body.n));
        if (row.ref.id.lo != place) itsm__kit_fail(b, "place %u of the trail is given as %u", place, row.ref.id.lo);
    }
    itsm__kit_status(b, rc, ITSM_DONE, "the next entry of the trail");
    if (!itsm_str_is(itsm_buf_str(&text), wanted))
        itsm__kit_fail(b, "the trail from %u is \"%S\", not \"%s\"", from, itsm_buf_str(&text), wanted);
    itsm_store_cursor_close(&cursor);
    itsm_buf_clear(&text);
}

void itsm__kit_trail(itsm__bench *b, uint64_t from, const char *wanted)
{
    itsm_view view;
    itsm__kit_seal(b);
    if (itsm__kit_view(b, &view)) itsm__kit_trail_in(b, &view, from, wanted);
    itsm_store_view_close(&view);
}

/* Closing --------------------------------------------------------------------------------------------------------- */

static void open_again(itsm__bench *b)
{
    itsm__kit_status(b, b->host->reopen(b->host->self, &b->store, b->ctx), ITSM_OK, "opening again");
    if (!b->failed && !b->store) itsm__kit_fail(b, "opening again gives no store");
    if (!b->failed) itsm__kit_status(b, itsm__kit_define(b), ITSM_OK, "define after opening again");
}

void itsm__kit_close_and_open(itsm__bench *b)
{
    if (b->failed) return;
    itsm_store_free(b->store);
    b->store = NULL;
    open_again(b);
}

void itsm__kit_kill_and_open(itsm__bench *b)
{
    itsm_store *store = b->store;
    if (b->failed) return;
    b->store = NULL;
    itsm__kit_status(b, b->host->kill(b->host->self, store), ITSM_OK, "killing the store");
    if (!b->failed) open_again(b);
}
