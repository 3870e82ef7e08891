/* SPDX-License-Identifier: MIT */
/*
 * A store as its callers see it: thin, checked calls in front of a backend's methods.
 *
 * Every call does the same four things: check what it is given, so that a backend sees only well-formed calls; take
 * the mutex if the backend is not for several threads and the host gave mutexes; call the method, with room for a
 * message on the stack; turn a failure into an issue with the backend's name and message.  The cost is a few dozen
 * instructions per call; a batch is looked at once, O(operations).
 *
 * What a backend gives back is believed but for its shape, which costs a few comparisons: a row that is not the one
 * asked for, of no revision, with neither fields nor a body or with a length and nothing behind it, rows of index 0 out
 * of their order, an audit entry without bytes, a cursor that is NULL, a message longer than its room.  Each is
 * ITSM_E_CORRUPT with a message, rather than a crash or a wrong answer.  The places of audit entries are judged by those
 * who verify the trail.
 */
#include <itsm/store.h>

#include "base/ctx.h"
#include "store/batch.h"
#include "store/store.h"

struct itsm_store {
    itsm__memory memory;
    itsm_mutexes mutexes;
    void *mutex; /* NULL: the backend needs none, or there are none */
    itsm_store_methods methods;
    void *self;
};

enum { MESSAGE_ROOM = 256, MESSAGE_GUARD = 16 };

/* Around a method ------------------------------------------------------------------------------------------------- */

typedef struct visit {
    itsm_ctx *ctx;
    itsm_store *store;
    itsm_call call;
    char message[MESSAGE_ROOM + MESSAGE_GUARD]; /* the guard is not the backend's, and stays zero */
} visit;

static void visit_begin(visit *v, itsm_ctx *ctx, itsm_store *store, const itsm_call *call)
{
    memset(&v->call, 0, sizeof v->call);
    if (call) memcpy(&v->call, call, call->size < sizeof v->call ? call->size : sizeof v->call);
    v->ctx = ctx, v->store = store;
    v->call.size = sizeof v->call, v->call.flags = 0;
    v->call.message = v->message, v->call.message_size = MESSAGE_ROOM;
    v->message[0] = 0;
    memset(v->message + MESSAGE_ROOM, 0, MESSAGE_GUARD);
    if (store->mutex) store->mutexes.lock(store->mutexes.self, store->mutex);
}

static void visit_unlock(const visit *v)
{
    if (v->store->mutex) v->store->mutexes.unlock(v->store->mutexes.self, v->store->mutex);
}

static itsm_status say(itsm_ctx *ctx, itsm_status rc, const itsm_store *store, const char *message)
{
    itsm_str none = {NULL, 0};
    return itsm__issue(ctx, rc, store ? itsm_store_name(store) : none, none, none, "%s", message);
}

static itsm_status visit_end(visit *v, itsm_status rc)
{
    visit_unlock(v);
    if (rc >= 0) return rc;
    for (size_t i = 0; i < MESSAGE_GUARD; i++)
        if (v->message[MESSAGE_ROOM + i])
            return say(v->ctx, ITSM_E_CORRUPT, v->store, "the backend wrote behind its room for a message");
    v->message[MESSAGE_ROOM - 1] = 0;
    return say(v->ctx, rc, v->store, v->message[0] ? v->message : itsm_status_text(rc));
}

/* What a backend gave is not what it was asked for. */
static itsm_status visit_wrong(visit *v, const char *message)
{
    memcpy(v->message, message, strlen(message) + 1);
    return visit_end(v, ITSM_E_CORRUPT);
}

static itsm_status misuse(itsm_ctx *ctx, const itsm_store *store, const char *message)
{
    return say(ctx, ITSM_E_MISUSE, store, message);
}

static void visit_view(visit *v, itsm_ctx *ctx, const itsm_view *view)
{
    itsm_call call = ITSM_CALL_INIT;
    call.host_txn = view->host_txn, call.timeout_ms = view->timeout_ms;
    visit_begin(v, ctx, view->store, &call);
}

/* Open and close -------------------------------------------------------------------------------------------------- */

static int is_complete(const itsm_store_methods *m)
{
    return m->name && m->view_open && m->view_close && m->get && m->scan && m->audit_scan && m->next &&
           m->cursor_close && m->apply && m->reserve && m->close && (m->audit_seal || (m->caps & ITSM_CAP_SEAL_SYNC)) &&
           (m->define || !(m->caps & ITSM_CAP_NATIVE_INDEX)); /* which nobody else could tell it */
}

static itsm_status store_make(itsm_store **out, itsm_ctx *ctx, const itsm_store_methods *methods, void *self)
{
    const itsm__memory *memory = itsm__ctx_memory(ctx);
    itsm_store *store = itsm__alloc_zero(memory, sizeof *store);

    if (!store) return ITSM_E_NOMEM;
    store->memory = *memory, store->methods = *methods, store->self = self;
    store->methods.size = sizeof store->methods;
    if (!(methods->caps & ITSM_CAP_MT) && ctx && ctx->mutexes.create) {
        store->mutexes = ctx->mutexes;
        itsm_status rc = store->mutexes.create(store->mutexes.self, &store->mutex);
        if (rc) {
            itsm__free(memory, store, sizeof *store);
            return rc;
        }
    }
    *out = store;
    return ITSM_OK;
}

itsm_status itsm_store_new(itsm_store **out, itsm_ctx *ctx, const itsm_store_methods *methods, void *self)
{
    itsm_store_methods m;
    itsm_status rc = ITSM_OK;

    memset(&m, 0, sizeof m);
    itsm__issues_clear(ctx);
    if (out) *out = NULL;
    if (!methods || methods->size < sizeof methods->size) return misuse(ctx, NULL, "no methods");
    memcpy(&m, methods, methods->size < sizeof m ? methods->size : sizeof m);
    if (!out) rc = misuse(ctx, NULL, "nowhere to put the store");
    else if (m.contract > ITSM_STORE_CONTRACT)
        rc = say(ctx, ITSM_E_VERSION, NULL, "the backend was written for a newer contract");
    else if (m.contract == 0 || m.reserved || !is_complete(&m))
        rc = misuse(ctx, NULL, "the backend lacks its contract's number, its name or a required method");
    else if ((rc = store_make(out, ctx, &m, self)) != ITSM_OK) rc = say(ctx, rc, NULL, itsm_status_text(rc));
    if (rc && m.close) m.close(self);
    return rc;
}

void itsm_store_free(itsm_store *store)
{
    if (!store) return;
    store->methods.close(store->self);
    if (store->mutex) store->mutexes.destroy(store->mutexes.self, store->mutex);
    itsm__memory memory = store->memory;
    itsm__free(&memory, store, sizeof *store);
}

void *itsm__store_backend(const itsm_store *store, void (*close)(void *self))
{
    return store->methods.close == close ? store->self : NULL;
}

uint64_t itsm_store_caps(const itsm_store *store)
{
    return store ? store->methods.caps : 0;
}

itsm_str itsm_store_name(const itsm_store *store)
{
    return itsm_str_c(store ? store->methods.name : NULL);
}

/* Views and rows -------------------------------------------------------------------------------------------------- */

itsm_status itsm_store_view_open(itsm_view *out, itsm_ctx *ctx, itsm_store *store, const itsm_call *call)
{
    visit v;

    itsm__issues_clear(ctx);
    if (out) memset(out, 0, sizeof *out);
    if (!out || !store) return misuse(ctx, store, "a view needs a place and a store");
    visit_begin(&v, ctx, store, call);
    void *handle = NULL;
    itsm_status rc = store->methods.view_open(store->self, &v.call, &handle);
    if (rc == ITSM_OK) {
        out->store = store, out->handle = handle;
        out->host_txn = v.call.host_txn, out->timeout_ms = v.call.timeout_ms;
    }
    return visit_end(&v, rc);
}

void itsm_store_view_close(itsm_view *view)
{
    visit v;

    if (!view || !view->store) return;
    visit_view(&v, NULL, view);
    view->store->methods.view_close(view->store->self, view->handle);
    visit_unlock(&v);
    memset(view, 0, sizeof *view);
}

/* Why a row is none; NULL: it is one. */
static const char *row_wrong(const itsm_row *row)
{
    if ((row->nfields && !row->fields) || (row->body.n && !row->body.p))
        return "the backend gave a row without its content";
    return NULL;
}

/* The same of a row that stands in the store. */
static const char *stored_row_wrong(const itsm_row *row)
{
    if (row->rev == ITSM_REV_NONE || row->rev == ITSM_REV_ANY) return "the backend gave a row without a revision";
    if (!row->fields && !row->body.p) return "the backend gave a row with neither fields nor a body";
    return NULL;
}

static itsm_status row_end(visit *v, itsm_status rc, itsm_row *row, const char *why)
{
    uint64_t rev = rc == ITSM_NOTHING ? row->rev : 0;

    if (rc == ITSM_OK && !why) return visit_end(v, rc);
    memset(row, 0, sizeof *row);
    row->rev = rev;
    return rc == ITSM_OK ? visit_wrong(v, why) : visit_end(v, rc);
}

static itsm_status get_row(itsm_row *out, itsm_ctx *ctx, itsm_view *view, itsm_ref ref)
{
    visit v;
    const char *why = NULL;

    memset(out, 0, sizeof *out);
    visit_view(&v, ctx, view);
    itsm_status rc = view->store->methods.get(view->store->self, &v.call, view->handle, ref, out);
    if (rc == ITSM_OK && !(why = row_wrong(out))) why = stored_row_wrong(out);
    if (rc == ITSM_OK && !why &&
        (out->ref.type != ref.type || out->ref.id.hi != ref.id.hi || out->ref.id.lo != ref.id.lo))
        why = "the backend gave another row than the one asked for";
    return row_end(&v, rc, out, why);
}

itsm_status itsm_store_get(itsm_row *out, itsm_ctx *ctx, itsm_view *view, itsm_ref ref)
{
    itsm__issues_clear(ctx);
    if (!out || !view || !view->store) return misuse(ctx, NULL, "reading needs a row and an open view");
    return get_row(out, ctx, view, ref);
}

/* Cursors --------------------------------------------------------------------------------------------------------- */

/* What a cursor gives, and so what its rows must be. */
enum { CURSOR_MANY, CURSOR_KEYS, CURSOR_ROWS, CURSOR_ROWS_BACK, CURSOR_AUDIT, CURSOR_FOREIGN };

static itsm_status cursor_ready(itsm_cursor *out, itsm_ctx *ctx, const itsm_view *view)
{
    itsm__issues_clear(ctx);
    if (out) memset(out, 0, sizeof *out);
    return out && view && view->store ? ITSM_OK : misuse(ctx, NULL, "reading needs a cursor and an open view");
}

static itsm_status cursor_opened(itsm_cursor *out, visit *v, itsm_view *view, itsm_status rc, void *handle)
{
    if (rc == ITSM_OK && !handle) return visit_wrong(v, "the backend gave no cursor");
    if (rc == ITSM_OK) out->view = view, out->handle = handle;
    return visit_end(v, rc);
}

itsm_status itsm_store_get_many(itsm_cursor *out, itsm_ctx *ctx, itsm_view *view, const itsm_ref *refs, size_t n)
{
    visit v;
    void *handle = NULL;
    itsm_status rc = cursor_ready(out, ctx, view);

    if (rc) return rc;
    if (n && !refs) return misuse(ctx, view->store, "no references");
    const itsm_store_methods *m = &view->store->methods;
    if (!m->get_many) {
        out->view = view, out->refs = refs, out->nrefs = n;
        return ITSM_OK;
    }
    visit_view(&v, ctx, view);
    rc = m->get_many(view->store->self, &v.call, view->handle, refs, n, &handle);
    out->kind = CURSOR_MANY;
    return cursor_opened(out, &v, view, rc, handle);
}

itsm_status itsm_store_scan(itsm_cursor *out, itsm_ctx *ctx, itsm_view *view, const itsm_range *range)
{
    visit v;
    void *handle = NULL;
    itsm_status rc = cursor_ready(out, ctx, view);

    if (rc) return rc;
    if (!range || range->size < sizeof *range) return misuse(ctx, view->store, "no range");
    if ((range->lo.n && !range->lo.p) || (range->neq && !range->eq)) return misuse(ctx, view->store, "half a range");
    visit_view(&v, ctx, view);
    rc = view->store->methods.scan(view->store->self, &v.call, view->handle, range, &handle);
    out->kind = range->index ? CURSOR_KEYS : range->descending ? CURSOR_ROWS_BACK : CURSOR_ROWS;
    out->type = range->type;
    return cursor_opened(out, &v, view, rc, handle);
}

itsm_status itsm_store_audit_scan(itsm_cursor *out, itsm_ctx *ctx, itsm_view *view, uint64_t from)
{
    visit v;
    void *handle = NULL;
    itsm_status rc = cursor_ready(out, ctx, view);

    if (rc) return rc;
    visit_view(&v, ctx, view);
    rc = view->store->methods.audit_scan(view->store->self, &v.call, view->handle, from, &handle);
    out->kind = CURSOR_AUDIT;
    return cursor_opened(out, &v, view, rc, handle);
}

itsm_status itsm_store_foreign(itsm_cursor *out, itsm_ctx *ctx, itsm_view *view, uint64_t *token)
{
    visit v;
    void *handle = NULL;
    itsm_status rc = cursor_ready(out, ctx, view);

    if (rc) return rc;
    const itsm_store_methods *m = &view->store->methods;
    if (!token) return misuse(ctx, view->store, "no token");
    if (!m->foreign) return say(ctx, ITSM_E_UNSUPPORTED, view->store, "others do not write here");
    visit_view(&v, ctx, view);
    rc = m->foreign(view->store->self, &v.call, view->handle, token, &handle);
    out->kind = CURSOR_FOREIGN;
    return cursor_opened(out, &v, view, rc, handle);
}

/* The next of the rows that are fetched one by one. */
static itsm_status next_ref(itsm_row *out, itsm_ctx *ctx, itsm_cursor *cursor)
{
    itsm_status rc = ITSM_NOTHING;

    while (cursor->nrefs && rc == ITSM_NOTHING) {
        rc = get_row(out, ctx, cursor->view, *cursor->refs);
        if (rc >= 0) cursor->refs++, cursor->nrefs--;
    }
    if (rc == ITSM_NOTHING) {
        memset(out, 0, sizeof *out);
        rc = ITSM_DONE;
    }
    return rc;
}

static int id_order(itsm_id a, itsm_id b)
{
    if (a.hi != b.hi) return a.hi < b.hi ? -1 : 1;
    return (a.lo > b.lo) - (a.lo < b.lo);
}

/* Why the next row of a scan cannot be that; NULL: it can. */
static const char *scanned_wrong(itsm_cursor *cursor, const itsm_row *row)
{
    static const char order[] = "the backend gave rows out of the order of their identities";

    if (row->ref.type != cursor->type) return "the backend gave a row of another type";
    if (cursor->kind == CURSOR_KEYS) return NULL;
    int step = cursor->started ? id_order(cursor->last, row->ref.id) : 0;
    if (cursor->started && (cursor->kind == CURSOR_ROWS ? step >= 0 : step <= 0)) return order;
    cursor->started = 1, cursor->last = row->ref.id;
    return NULL;
}

static const char *next_wrong(itsm_cursor *cursor, const itsm_row *row)
{
    const char *why = row_wrong(row);

    if (why || cursor->kind == CURSOR_FOREIGN) return why; /* a row that others deleted has no content */
    if (cursor->kind == CURSOR_AUDIT) return row->body.n ? NULL : "the backend gave an audit entry without bytes";
    why = stored_row_wrong(row);
    return why || cursor->kind == CURSOR_MANY ? why : scanned_wrong(cursor, row);
}

itsm_status itsm_store_next(itsm_row *out, itsm_ctx *ctx, itsm_cursor *cursor)
{
    visit v;

    itsm__issues_clear(ctx);
    if (!out || !cursor || !cursor->view) return misuse(ctx, NULL, "reading needs a row and an open cursor");
    if (!cursor->handle) return next_ref(out, ctx, cursor);
    const itsm_store *store = cursor->view->store;
    memset(out, 0, sizeof *out);
    visit_view(&v, ctx, cursor->view);
    itsm_status rc = store->methods.next(store->self, &v.call, cursor->handle, out);
    return row_end(&v, rc, out, rc == ITSM_OK ? next_wrong(cursor, out) : NULL);
}

void itsm_store_cursor_close(itsm_cursor *cursor)
{
    visit v;

    if (!cursor || !cursor->view) return;
    if (cursor->handle) {
        const itsm_store *store = cursor->view->store;
        visit_view(&v, NULL, cursor->view);
        store->methods.cursor_close(store->self, cursor->handle);
        visit_unlock(&v);
    }
    memset(cursor, 0, sizeof *cursor);
}

/* Writing --------------------------------------------------------------------------------------------------------- */

/* Copy what the caller's struct has room for; revisions the backend did not choose are the batch's own. */
static void applied_give(itsm_applied *out, const itsm_applied *got, const itsm_store *store, const itsm_batch *batch,
                         itsm_status rc)
{
    itsm_applied all = *got;

    if (rc == ITSM_OK && all.rev_out && !(store->methods.caps & ITSM_CAP_BACKEND_REV))
        for (size_t i = 0; i < batch->nops; i++) {
            const itsm_op *op = itsm__batch_op(batch, i);
            all.rev_out[i] = op->kind == ITSM_PUT ? op->row.rev : 0;
        }
    if (!out) return;
    all.size = out->size;
    memcpy(out, &all, out->size < sizeof all ? out->size : sizeof all);
}

itsm_status itsm_store_apply(itsm_applied *out, itsm_ctx *ctx, itsm_store *store, const itsm_batch *batch,
                             const itsm_call *call)
{
    visit v;
    itsm_applied got = ITSM_APPLIED_INIT;
    const char *message = NULL;

    itsm__issues_clear(ctx);
    if (!store || !batch || (out && out->size < sizeof out->size)) return misuse(ctx, store, "no store or no batch");
    if (out && out->size >= sizeof got) got.rev_out = out->rev_out;
    itsm_status rc = itsm__batch_check(&got.failed_op, &message, &store->memory, batch, store->methods.caps);
    if (rc == ITSM_OK) {
        visit_begin(&v, ctx, store, call);
        rc = store->methods.apply(store->self, &v.call, batch, &got);
        int names = rc == ITSM_E_CONFLICT || rc == ITSM_E_UNIQUE;
        if (names && got.failed_op >= batch->nops) got.failed_op = SIZE_MAX; /* one the batch does not have */
        rc = rc > 0 ? visit_wrong(&v, "the backend gave news of a batch") : visit_end(&v, rc);
    } else {
        say(ctx, rc, store, message);
    }
    applied_give(out, &got, store, batch, rc);
    return rc;
}

itsm_status itsm_store_reserve(uint64_t *first, itsm_ctx *ctx, itsm_store *store, const char *sequence, uint32_t n,
                               const itsm_call *call)
{
    visit v;
    uint64_t got = 0;

    itsm__issues_clear(ctx);
    if (!first || !store || !sequence || !*sequence || !n)
        return misuse(ctx, store, "no sequence or no numbers asked for");
    if (strlen(sequence) > ITSM_STORE_SEQUENCE_MAX)
        return say(ctx, ITSM_E_LIMIT, store, "the name of a sequence is too long");
    visit_begin(&v, ctx, store, call);
    itsm_status rc = visit_end(&v, store->methods.reserve(store->self, &v.call, sequence, n, &got));
    if (rc == ITSM_OK) *first = got;
    return rc;
}

/* Care ------------------------------------------------------------------------------------------------------------ */

itsm_status itsm_store_define(itsm_ctx *ctx, itsm_store *store, const itsm_type_info *types, size_t ntypes,
                              const itsm_call *call)
{
    visit v;

    itsm__issues_clear(ctx);
    if (!store || (ntypes && !types)) return misuse(ctx, store, "no store or no types");
    if (!store->methods.define) return ITSM_OK;
    visit_begin(&v, ctx, store, call);
    return visit_end(&v, store->methods.define(store->self, &v.call, types, ntypes));
}

itsm_status itsm_store_seal(uint64_t *end, itsm_ctx *ctx, itsm_store *store, uint32_t max, const itsm_call *call)
{
    visit v;
    uint64_t got = 0;

    itsm__issues_clear(ctx);
    if (!end || !store) return misuse(ctx, store, "no store or no place for the number of entries");
    *end = 0;
    if (!store->methods.audit_seal) return ITSM_NOTHING;
    visit_begin(&v, ctx, store, call);
    itsm_status rc = visit_end(&v, store->methods.audit_seal(store->self, &v.call, max, &got));
    if (rc == ITSM_OK) *end = got;
    return rc;
}

itsm_status itsm_store_flush(itsm_ctx *ctx, itsm_store *store, const itsm_call *call)
{
    visit v;

    itsm__issues_clear(ctx);
    if (!store) return misuse(ctx, store, "no store");
    if (!store->methods.flush) return ITSM_NOTHING;
    visit_begin(&v, ctx, store, call);
    return visit_end(&v, store->methods.flush(store->self, &v.call));
}

itsm_status itsm_store_maintain(itsm_ctx *ctx, itsm_store *store, uint32_t what, const itsm_call *call)
{
    visit v;

    itsm__issues_clear(ctx);
    if (!store) return misuse(ctx, store, "no store");
    if (what < ITSM_MAINTAIN_COMPACT || what > ITSM_MAINTAIN_REFRESH) return misuse(ctx, store, "no such maintenance");
    if (!store->methods.maintain) return ITSM_NOTHING;
    visit_begin(&v, ctx, store, call);
    return visit_end(&v, store->methods.maintain(store->self, &v.call, what));
}
