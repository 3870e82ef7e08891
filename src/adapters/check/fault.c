/* SPDX-License-Identifier: MIT */
/*
 * A store in front of another one that fails as a plan says.
 *
 * Each method asks the plan whether it is its turn, fails or passes the call on through the public calls of the store
 * behind.  A view and a cursor are small pieces of memory around those of the store behind; a cursor keeps a copy of
 * the last row it gave, so that it can give it twice, and views and cursors a copy of the row in which a bit is
 * another.  The plan is read and counted under a mutex where the context has them; no call of the store behind is made
 * under it.
 */
#include <itsm/check.h>

typedef struct front {
    itsm_store *inner;
    itsm_check_plan *plan;
    itsm_mutexes mutexes;
    void *mutex; /* NULL: for one thread */
    itsm_alloc_fn alloc;
    void *alloc_user;
} front;

/* A row of one's own: its content in one piece. */
typedef struct copy {
    itsm_row row;
    itsm_row_field *fields;
    unsigned char *bytes;
    size_t nfields, nbytes;
} copy;

typedef struct front_view {
    itsm_view view;
    copy copy;
} front_view;

typedef struct front_cursor {
    itsm_cursor cursor;
    copy copy;
    int has_last;
} front_cursor;

/* What is to happen to this call. */
typedef struct turn {
    int fails;
    uint32_t how, bit;
    itsm_status status;
} turn;

static turn turn_of(front *f, uint32_t call)
{
    itsm_check_plan *plan = f->plan;
    turn t = {0, 0, 0, ITSM_OK};
    void (*wait)(void *, uint32_t) = NULL;
    void *user = NULL;

    if (f->mutex) f->mutexes.lock(f->mutexes.self, f->mutex);
    int counted = plan->calls & call && plan->at;
    if (counted && plan->at > 1) {
        plan->at--;
    } else if (counted) {
        t.fails = 1, t.how = plan->how, t.bit = plan->bit, t.status = plan->status;
        plan->failed++;
        if (plan->times != UINT64_MAX && (plan->times <= 1 || --plan->times == 0)) plan->at = 0;
        wait = plan->wait, user = plan->user;
    }
    if (f->mutex) f->mutexes.unlock(f->mutexes.self, f->mutex);
    if (t.fails && t.how == ITSM_FAULT_WAIT && wait) wait(user, call);
    return t;
}

static int is(turn t, uint32_t how)
{
    return t.fails && t.how == how;
}

static itsm_status said(const itsm_call *call, itsm_status rc)
{
    static const char text[] = "failed as planned";
    if (call->message_size >= sizeof text) memcpy(call->message, text, sizeof text);
    return rc;
}

static itsm_call passed(const itsm_call *call)
{
    itsm_call inner = ITSM_CALL_INIT;
    inner.host_txn = call->host_txn, inner.timeout_ms = call->timeout_ms;
    return inner;
}

/* Memory ---------------------------------------------------------------------------------------------------------- */

static void *give(const front *f, size_t n)
{
    void *p = f->alloc(f->alloc_user, NULL, 0, n);
    if (p) memset(p, 0, n);
    return p;
}

static void take(const front *f, void *p, size_t n)
{
    if (p) f->alloc(f->alloc_user, p, n, 0);
}

static void copy_clear(const front *f, copy *c)
{
    take(f, c->fields, c->nfields * sizeof *c->fields);
    take(f, c->bytes, c->nbytes);
    memset(c, 0, sizeof *c);
}

static size_t text_bytes(const itsm_value *value)
{
    int text = value->kind == ITSM_TEXT || value->kind == ITSM_ENUM || value->kind == ITSM_PARTY ||
               value->kind == ITSM_MAP || value->kind == ITSM_BLOB;
    return text ? value->u.s.n : value->kind == ITSM_BYTES ? value->u.b.n : 0;
}

/* Texts and bytes of the fields stand one after the other in `bytes`; lists stay borrowed from the row behind. */
static void copy_fields(copy *c, const itsm_row *row)
{
    unsigned char *to = c->bytes;
    for (size_t i = 0; i < row->nfields; i++) {
        size_t n = text_bytes(&row->fields[i].value);
        c->fields[i] = row->fields[i];
        if (!n) continue;
        memcpy(to, row->fields[i].value.u.s.p, n);
        c->fields[i].value.u.s.p = (const char *)to;
        to += n;
    }
    c->row.fields = c->fields;
}

static itsm_status copy_row(const front *f, copy *c, const itsm_row *row)
{
    copy_clear(f, c);
    size_t nbytes = row->body.n;
    for (size_t i = 0; i < row->nfields; i++) nbytes += text_bytes(&row->fields[i].value);
    c->bytes = give(f, nbytes + 1), c->nbytes = nbytes + 1;
    if (row->nfields) c->fields = give(f, row->nfields * sizeof *c->fields), c->nfields = row->nfields;
    if (!c->bytes) c->nbytes = 0;
    if (!c->fields) c->nfields = 0;
    if (!c->bytes || (row->nfields && !c->fields)) return ITSM_E_NOMEM;
    c->row = *row;
    if (row->nfields) copy_fields(c, row);
    if (row->body.p) {
        memcpy(c->bytes, row->body.p, row->body.n);
        c->row.body.p = c->bytes;
    }
    return ITSM_OK;
}

/* One bit of a copy is another: of its bytes, else of its first number, else of its revision. */
static void flip(copy *c, uint32_t bit)
{
    size_t n = c->nbytes - 1;
    if (n) c->bytes[bit / 8 % n] ^= (unsigned char)(1 << bit % 8);
    else if (c->nfields) c->fields[0].value.u.i ^= (int64_t)1 << bit % 32;
    else c->row.rev ^= (uint64_t)1 << bit % 32;
}

/* Reading --------------------------------------------------------------------------------------------------------- */

static itsm_status front_define(void *self, const itsm_call *call, const itsm_type_info *types, size_t n)
{
    front *f = self;
    turn t = turn_of(f, ITSM_CALL_DEFINE);
    itsm_call inner = passed(call);
    if (is(t, ITSM_FAULT_BEFORE)) return said(call, t.status);
    itsm_status rc = itsm_store_define(NULL, f->inner, types, n, &inner);
    return is(t, ITSM_FAULT_AFTER) ? said(call, t.status) : rc;
}

static itsm_status front_view_open(void *self, const itsm_call *call, void **out)
{
    front *f = self;
    turn t = turn_of(f, ITSM_CALL_VIEW);
    itsm_call inner = passed(call);
    if (is(t, ITSM_FAULT_BEFORE) || is(t, ITSM_FAULT_AFTER)) return said(call, t.status);
    front_view *v = give(f, sizeof *v);
    if (!v) return ITSM_E_NOMEM;
    itsm_status rc = itsm_store_view_open(&v->view, NULL, f->inner, &inner);
    if (rc) take(f, v, sizeof *v);
    else *out = v;
    return rc;
}

static void front_view_close(void *self, void *view)
{
    front *f = self;
    front_view *v = view;
    itsm_store_view_close(&v->view);
    copy_clear(f, &v->copy);
    take(f, v, sizeof *v);
}

static itsm_status front_get(void *self, const itsm_call *call, void *view, itsm_ref ref, itsm_row *row)
{
    front *f = self;
    front_view *v = view;
    turn t = turn_of(f, ITSM_CALL_GET);
    if (is(t, ITSM_FAULT_BEFORE)) return said(call, t.status);
    itsm_status rc = itsm_store_get(row, NULL, &v->view, ref);
    if (is(t, ITSM_FAULT_AFTER)) return said(call, t.status);
    if (is(t, ITSM_FAULT_SHORT) && rc == ITSM_OK) {
        memset(row, 0, sizeof *row);
        return ITSM_NOTHING;
    }
    if (!is(t, ITSM_FAULT_FLIP) || rc != ITSM_OK) return rc;
    rc = copy_row(f, &v->copy, row);
    if (rc == ITSM_OK) flip(&v->copy, t.bit), *row = v->copy.row;
    return rc;
}

/* A cursor around one of the store behind; `rc` is how the opening of that went. */
static front_cursor *cursor_new(front *f)
{
    return give(f, sizeof(front_cursor));
}

static itsm_status cursor_done(front *f, front_cursor *c, itsm_status rc, void **out)
{
    if (rc) take(f, c, sizeof *c);
    else *out = c;
    return rc;
}

static itsm_status front_get_many(void *self, const itsm_call *call, void *view, const itsm_ref *refs, size_t n,
                                  void **out)
{
    front *f = self;
    front_view *v = view;
    turn t = turn_of(f, ITSM_CALL_GET_MANY);
    if (is(t, ITSM_FAULT_BEFORE) || is(t, ITSM_FAULT_AFTER)) return said(call, t.status);
    front_cursor *c = cursor_new(f);
    return c ? cursor_done(f, c, itsm_store_get_many(&c->cursor, NULL, &v->view, refs, n), out) : ITSM_E_NOMEM;
}

static itsm_status front_scan(void *self, const itsm_call *call, void *view, const itsm_range *range, void **out)
{
    front *f = self;
    front_view *v = view;
    turn t = turn_of(f, ITSM_CALL_SCAN);
    if (is(t, ITSM_FAULT_BEFORE) || is(t, ITSM_FAULT_AFTER)) return said(call, t.status);
    front_cursor *c = cursor_new(f);
    return c ? cursor_done(f, c, itsm_store_scan(&c->cursor, NULL, &v->view, range), out) : ITSM_E_NOMEM;
}

static itsm_status front_audit_scan(void *self, const itsm_call *call, void *view, uint64_t from, void **out)
{
    front *f = self;
    front_view *v = view;
    turn t = turn_of(f, ITSM_CALL_AUDIT_SCAN);
    if (is(t, ITSM_FAULT_BEFORE) || is(t, ITSM_FAULT_AFTER)) return said(call, t.status);
    front_cursor *c = cursor_new(f);
    return c ? cursor_done(f, c, itsm_store_audit_scan(&c->cursor, NULL, &v->view, from), out) : ITSM_E_NOMEM;
}

static itsm_status front_foreign(void *self, const itsm_call *call, void *view, uint64_t *token, void **out)
{
    front *f = self;
    front_view *v = view;
    turn t = turn_of(f, ITSM_CALL_FOREIGN);
    if (is(t, ITSM_FAULT_BEFORE) || is(t, ITSM_FAULT_AFTER)) return said(call, t.status);
    front_cursor *c = cursor_new(f);
    return c ? cursor_done(f, c, itsm_store_foreign(&c->cursor, NULL, &v->view, token), out) : ITSM_E_NOMEM;
}

static itsm_status front_next(void *self, const itsm_call *call, void *cursor, itsm_row *row)
{
    front *f = self;
    front_cursor *c = cursor;
    turn t = turn_of(f, ITSM_CALL_NEXT);
    if (is(t, ITSM_FAULT_BEFORE)) return said(call, t.status);
    if (is(t, ITSM_FAULT_SHORT)) return ITSM_DONE;
    if (is(t, ITSM_FAULT_TWICE) && c->has_last) {
        *row = c->copy.row;
        return ITSM_OK;
    }
    itsm_status rc = itsm_store_next(row, NULL, &c->cursor);
    if (is(t, ITSM_FAULT_AFTER)) return said(call, t.status);
    if (rc != ITSM_OK) return rc;
    if (f->plan->how != ITSM_FAULT_TWICE && !is(t, ITSM_FAULT_FLIP)) return ITSM_OK;
    if ((rc = copy_row(f, &c->copy, row)) != ITSM_OK) return rc;
    c->has_last = 1;
    if (is(t, ITSM_FAULT_FLIP)) flip(&c->copy, t.bit), *row = c->copy.row;
    return ITSM_OK;
}

static void front_cursor_close(void *self, void *cursor)
{
    front *f = self;
    front_cursor *c = cursor;
    itsm_store_cursor_close(&c->cursor);
    copy_clear(f, &c->copy);
    take(f, c, sizeof *c);
}

/* Writing --------------------------------------------------------------------------------------------------------- */

static itsm_status front_apply(void *self, const itsm_call *call, const itsm_batch *batch, itsm_applied *applied)
{
    front *f = self;
    turn t = turn_of(f, ITSM_CALL_APPLY);
    itsm_call inner = passed(call);
    if (is(t, ITSM_FAULT_BEFORE)) return said(call, t.status);
    itsm_status rc = itsm_store_apply(applied, NULL, f->inner, batch, &inner);
    if (rc == ITSM_OK) {
        if (f->mutex) f->mutexes.lock(f->mutexes.self, f->mutex);
        f->plan->applied++;
        if (f->mutex) f->mutexes.unlock(f->mutexes.self, f->mutex);
    }
    return is(t, ITSM_FAULT_AFTER) ? said(call, t.status) : rc;
}

static itsm_status front_reserve(void *self, const itsm_call *call, const char *sequence, uint32_t n, uint64_t *first)
{
    front *f = self;
    turn t = turn_of(f, ITSM_CALL_RESERVE);
    itsm_call inner = passed(call);
    if (is(t, ITSM_FAULT_BEFORE)) return said(call, t.status);
    itsm_status rc = itsm_store_reserve(first, NULL, f->inner, sequence, n, &inner);
    return is(t, ITSM_FAULT_AFTER) ? said(call, t.status) : rc;
}

static itsm_status front_audit_seal(void *self, const itsm_call *call, uint32_t max, uint64_t *end)
{
    front *f = self;
    turn t = turn_of(f, ITSM_CALL_SEAL);
    itsm_call inner = passed(call);
    if (is(t, ITSM_FAULT_BEFORE)) return said(call, t.status);
    itsm_status rc = itsm_store_seal(end, NULL, f->inner, max, &inner);
    return is(t, ITSM_FAULT_AFTER) ? said(call, t.status) : rc;
}

static itsm_status front_flush(void *self, const itsm_call *call)
{
    front *f = self;
    turn t = turn_of(f, ITSM_CALL_FLUSH);
    itsm_call inner = passed(call);
    if (is(t, ITSM_FAULT_BEFORE)) return said(call, t.status);
    itsm_status rc = itsm_store_flush(NULL, f->inner, &inner);
    return is(t, ITSM_FAULT_AFTER) ? said(call, t.status) : rc;
}

static itsm_status front_maintain(void *self, const itsm_call *call, uint32_t what)
{
    front *f = self;
    turn t = turn_of(f, ITSM_CALL_MAINTAIN);
    itsm_call inner = passed(call);
    if (is(t, ITSM_FAULT_BEFORE)) return said(call, t.status);
    itsm_status rc = itsm_store_maintain(NULL, f->inner, what, &inner);
    return is(t, ITSM_FAULT_AFTER) ? said(call, t.status) : rc;
}

static void front_close(void *self)
{
    front *f = self;
    if (f->mutex) f->mutexes.destroy(f->mutexes.self, f->mutex);
    take(f, f, sizeof *f); /* the store behind is its owner's */
}

itsm_status itsm_check_fault(itsm_store **out, itsm_ctx *ctx, itsm_store *inner, itsm_check_plan *plan)
{
    itsm_ctx_options options = ITSM_CTX_OPTIONS_INIT;
    itsm_store_methods methods = {sizeof methods,
                                  ITSM_STORE_CONTRACT,
                                  0,
                                  0,
                                  "fault",
                                  front_define,
                                  front_view_open,
                                  front_view_close,
                                  front_get,
                                  front_get_many,
                                  front_scan,
                                  front_audit_scan,
                                  front_next,
                                  front_cursor_close,
                                  front_apply,
                                  front_reserve,
                                  front_audit_seal,
                                  front_foreign,
                                  front_flush,
                                  front_maintain,
                                  front_close};
    if (out) *out = NULL;
    if (!out || !ctx || !inner || !plan || plan->size < sizeof *plan) return ITSM_E_MISUSE;
    itsm_ctx_options_get(&options, ctx);
    front *f = options.alloc(options.alloc_user, NULL, 0, sizeof *f);
    if (!f) return ITSM_E_NOMEM;
    memset(f, 0, sizeof *f);
    f->inner = inner, f->plan = plan, f->alloc = options.alloc, f->alloc_user = options.alloc_user;
    methods.caps = itsm_store_caps(inner);
    if (options.mutexes && options.mutexes->create) {
        f->mutexes = *options.mutexes;
        itsm_status rc = f->mutexes.create(f->mutexes.self, &f->mutex);
        if (rc) {
            take(f, f, sizeof *f);
            return rc;
        }
    } else {
        methods.caps &= ~ITSM_CAP_MT;
    }
    return itsm_store_new(out, ctx, &methods, f);
}
