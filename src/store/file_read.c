/* SPDX-License-Identifier: MIT */
/*
 * Reading a file store: views, rows, ranges of an index, audit entries.
 *
 * A view is one committed state: a snapshot of the tree, the number of audit entries and the length of the log at that
 * moment.  What lies in the log before that length never changes, so bodies are read without the lock.  Opening a view
 * is O(1); get is one search in the tree and one read of the log; next is one step in the tree, one search for an index
 * entry's row, and a read only when the body is not in the window of the cursor.
 *
 * A window holds the last bytes read.  When a read begins shortly behind where the last one ended, it reads ahead:
 * history and audit entries lie in the log in the order they are asked for.  Each body is compared with its CRC.
 *
 * A cursor must be closed before its view; a row is valid until the next call on its view (get) or cursor (next).
 */
#include "store/file.h"

enum { WINDOW = 32768, NEAR = 4096 };

typedef struct window {
    unsigned char *p;
    size_t capacity, n;
    uint64_t offset; /* of p[0] in the log */
    uint64_t last;   /* where the last piece asked for ended */
} window;

typedef struct view {
    itsm__file_state state;
    window window;
} view;

typedef struct cursor {
    view *view;
    window window;
    int audit;
    /* a range of an index */
    itsm__tree_cursor at;
    int started, more, descending;
    uint32_t index;
    itsm__file_key lo, hi;
    itsm__tree_key from, to; /* point into lo and hi */
    /* audit entries */
    uint64_t place;  /* of the next one */
    uint64_t offset; /* of its length; 0: to be looked up */
    uint32_t left;   /* in this commit */
} cursor;

/* Keys ------------------------------------------------------------------------------------------------------------ */

void itsm__file_row_put(unsigned char out[ITSM__FILE_ROW], const itsm__file_row *row)
{
    itsm__put_le64(out, row->rev), itsm__put_le64(out + 8, row->offset);
    itsm__put_le32(out + 16, row->body), itsm__put_le32(out + 20, row->crc);
    itsm__put_le32(out + 24, row->keys), itsm__put_le32(out + 28, row->gone);
}

int itsm__file_row_get(itsm__file_row *out, const void *value, size_t n)
{
    const unsigned char *p = value;
    if (!p || n != ITSM__FILE_ROW) return 0;
    out->rev = itsm__le64(p), out->offset = itsm__le64(p + 8);
    out->body = itsm__le32(p + 16), out->crc = itsm__le32(p + 20);
    out->keys = itsm__le32(p + 24), out->gone = itsm__le32(p + 28);
    return 1;
}

static void put_id(unsigned char *out, itsm_id id)
{
    itsm__put_be64(out, id.hi), itsm__put_be64(out + 8, id.lo);
}

static itsm_id id_of(const void *bytes)
{
    const unsigned char *p = bytes;
    itsm_id id;
    id.hi = itsm__be64(p), id.lo = itsm__be64(p + 8);
    return id;
}

/* type, index, bytes. */
static itsm_bytes prefixed(itsm__file_key *room, uint32_t type, uint32_t index, itsm_bytes bytes)
{
    itsm_bytes key;
    itsm__put_be32(room->room, type), itsm__put_be32(room->room + 4, index);
    if (bytes.n) memcpy(room->room + ITSM__FILE_PREFIX, bytes.p, bytes.n);
    key.p = room->room, key.n = ITSM__FILE_PREFIX + bytes.n;
    return key;
}

itsm__tree_key itsm__file_row_key(itsm__file_key *room, itsm_ref ref)
{
    itsm__tree_key key;
    itsm_bytes id;
    put_id(room->id, ref.id);
    id.p = room->id, id.n = ITSM__FILE_ID;
    key.key = prefixed(room, ref.type, 0, id);
    key.tie.p = NULL, key.tie.n = 0;
    return key;
}

itsm__tree_key itsm__file_index_key(itsm__file_key *room, itsm_ref ref, uint32_t index, itsm_bytes bytes)
{
    itsm__tree_key key;
    put_id(room->id, ref.id);
    key.key = prefixed(room, ref.type, index, bytes);
    key.tie.p = room->id, key.tie.n = ITSM__FILE_ID;
    return key;
}

/* Window ---------------------------------------------------------------------------------------------------------- */

static void window_clear(window *w, const itsm__memory *memory)
{
    itsm__free(memory, w->p, w->capacity);
}

/* n bytes of the log of a state at an offset, borrowed until the next call. */
static itsm_status window_read(window *w, itsm__file *file, const itsm_call *call, const itsm__file_state *state,
                               uint64_t offset, size_t n, const unsigned char **out)
{
    static const unsigned char nothing[1] = {0};
    uint64_t end = state->end;
    if (offset > end || n > end - offset)
        return itsm__file_say(call, ITSM_E_CORRUPT, "a place in the log at byte %u lies behind its end", offset);
    if (!n) {
        *out = nothing;
        return ITSM_OK;
    }
    if (offset < w->offset || offset - w->offset > w->n || n > w->n - (size_t)(offset - w->offset)) {
        size_t want = n;
        int ahead = w->last && offset >= w->last && offset - w->last <= NEAR;
        if (ahead && want < WINDOW) want = end - offset < WINDOW ? (size_t)(end - offset) : WINDOW;
        w->n = 0;
        if (itsm__grow(&file->memory, &w->p, &w->capacity, want, 1)) return ITSM_E_NOMEM;
        itsm_io_note note;
        note.text[0] = 0;
        itsm_status rc = itsm__file_pread(file, state->log, offset, w->p, want, &note);
        if (rc) return itsm__file_say(call, rc, "cannot read the log at byte %u: %s", offset, note.text);
        w->offset = offset, w->n = want;
    }
    w->last = offset + n;
    *out = w->p + (offset - w->offset);
    return ITSM_OK;
}

/* Views ----------------------------------------------------------------------------------------------------------- */

itsm_status itsm__file_view_open(void *self, const itsm_call *call, void **out)
{
    itsm__file *file = self;
    if (call && call->host_txn)
        return itsm__file_say(call, ITSM_E_UNSUPPORTED, "the file store cannot join a transaction of the host");
    view *v = itsm__alloc_zero(&file->memory, sizeof *v);
    if (!v) return ITSM_E_NOMEM;
    itsm__file_lock(file);
    itsm__file_state_open(file, &v->state);
    itsm__file_unlock(file);
    *out = v;
    return ITSM_OK;
}

void itsm__file_view_close(void *self, void *handle)
{
    itsm__file *file = self;
    view *v = handle;
    if (!v) return;
    itsm__file_lock(file);
    itsm__file_state_close(file, &v->state);
    itsm__file_unlock(file);
    window_clear(&v->window, &file->memory);
    itsm__free(&file->memory, v, sizeof *v);
}

static itsm_status read_row(itsm__file *file, const itsm_call *call, view *v, window *w, itsm_ref ref,
                            const itsm__file_row *found, itsm_row *row)
{
    const unsigned char *body = NULL;
    itsm_status rc = window_read(w, file, call, &v->state, found->offset, found->body, &body);
    if (rc) return rc;
    if (itsm__crc32c(0, body, found->body) != found->crc)
        return itsm__file_say(call, ITSM_E_CORRUPT, "a row in the log at byte %u is damaged", found->offset);
    row->ref = ref, row->rev = found->rev;
    row->body.p = body, row->body.n = found->body;
    return ITSM_OK;
}

itsm_status itsm__file_get(void *self, const itsm_call *call, void *handle, itsm_ref ref, itsm_row *row)
{
    view *v = handle;
    itsm__file_key room;
    itsm__file_row found;
    size_t n = 0;
    const void *value = itsm__tree_find(v->state.snapshot.root, itsm__file_row_key(&room, ref), &n);
    memset(row, 0, sizeof *row);
    if (!itsm__file_row_get(&found, value, n)) return ITSM_NOTHING;
    if (found.gone) {
        row->rev = found.rev;
        return ITSM_NOTHING;
    }
    return read_row(self, call, v, &v->window, ref, &found, row);
}

/* Ranges ---------------------------------------------------------------------------------------------------------- */

static itsm_status cursor_new(itsm__file *file, view *v, cursor **out)
{
    cursor *c = itsm__alloc_zero(&file->memory, sizeof *c);
    if (!c) return ITSM_E_NOMEM;
    c->view = v;
    *out = c;
    return ITSM_OK;
}

itsm_status itsm__file_scan(void *self, const itsm_call *call, void *handle, const itsm_range *range, void **out)
{
    cursor *c = NULL;
    itsm_bytes none = {NULL, 0}, lo = range->lo, hi = range->hi;
    (void)call;
    if (lo.n > ITSM_STORE_KEY_MAX || hi.n > ITSM_STORE_KEY_MAX)
        return itsm__file_say(call, ITSM_E_LIMIT, "a bound of a range has more than %u bytes",
                              (uint64_t)ITSM_STORE_KEY_MAX);
    itsm_status rc = cursor_new(self, handle, &c);
    if (rc) return rc;
    c->descending = range->descending != 0, c->index = range->index, c->more = 1;
    c->from.key = prefixed(&c->lo, range->type, range->index, lo);
    c->to.key = prefixed(&c->hi, range->type, range->index, hi.p ? hi : none);
    if (!hi.p) { /* no end: up to the next index, or type */
        if (range->index < UINT32_MAX) itsm__put_be32(c->hi.room + 4, range->index + 1);
        else if (range->type < UINT32_MAX)
            itsm__put_be32(c->hi.room, range->type + 1), itsm__put_be32(c->hi.room + 4, 0);
        else
            c->to.key = prefixed(&c->hi, UINT32_MAX, UINT32_MAX, none), memset(c->hi.room, 0xff, sizeof c->hi.room),
            c->to.key.n = sizeof c->hi.room;
    }
    *out = c;
    return ITSM_OK;
}

/* The next entry of the range, or 0. */
static int step(cursor *c)
{
    const itsm__tree_node *root = c->view->state.snapshot.root;
    if (!c->more) return 0;
    if (c->started) c->more = c->descending ? itsm__tree_previous(&c->at) : itsm__tree_next(&c->at);
    else c->more = c->descending ? itsm__tree_seek_before(&c->at, root, c->to) : itsm__tree_seek(&c->at, root, c->from);
    c->started = 1;
    if (!c->more) return 0;
    itsm__tree_key key = itsm__tree_at(&c->at, NULL);
    c->more = c->descending ? itsm__tree_compare(key, c->from) >= 0 : itsm__tree_compare(key, c->to) < 0;
    return c->more;
}

static itsm_status next_row(itsm__file *file, const itsm_call *call, cursor *c, itsm_row *row)
{
    while (step(c)) {
        itsm_bytes value;
        itsm__tree_key key = itsm__tree_at(&c->at, &value);
        itsm_ref ref;
        itsm__file_row found;
        const void *p = value.p;
        size_t n = value.n;
        ref.type = itsm__be32(key.key.p);
        ref.id = id_of(c->index ? key.tie.p : (const unsigned char *)key.key.p + ITSM__FILE_PREFIX);
        if (c->index) {
            itsm__file_key room;
            p = itsm__tree_find(c->view->state.snapshot.root, itsm__file_row_key(&room, ref), &n);
        }
        if (!itsm__file_row_get(&found, p, n)) return itsm__file_say(call, ITSM_E_CORRUPT, "an index entry has no row");
        if (!found.gone) return read_row(file, call, c->view, &c->window, ref, &found, row);
    }
    return ITSM_DONE;
}

/* Audit entries --------------------------------------------------------------------------------------------------- */

itsm_status itsm__file_audit_scan(void *self, const itsm_call *call, void *handle, uint64_t from, void **out)
{
    cursor *c = NULL;
    (void)call;
    itsm_status rc = cursor_new(self, handle, &c);
    if (rc) return rc;
    c->audit = 1, c->place = from;
    *out = c;
    return ITSM_OK;
}

/* The commit that has a place, or the next one behind it; the list grows while others commit, hence the lock. */
static int find_commit(itsm__file *file, const itsm__file_log *log, uint64_t place, itsm__file_audit *out)
{
    itsm__file_lock(file);
    size_t low = 0, high = log->naudit;
    while (low < high) { /* the first whose entries end behind the place */
        size_t middle = low + (high - low) / 2;
        const itsm__file_audit *audit = &log->audit[middle];
        if (audit->first + audit->count > place) high = middle;
        else low = middle + 1;
    }
    int found = low < log->naudit;
    if (found) *out = log->audit[low];
    itsm__file_unlock(file);
    return found;
}

/* The length of the entry at c->offset. */
static itsm_status entry_length(itsm__file *file, const itsm_call *call, cursor *c, uint32_t *out)
{
    const unsigned char *p = NULL;
    itsm_status rc = window_read(&c->window, file, call, &c->view->state, c->offset, 4, &p);
    if (!rc) *out = itsm__le32(p);
    return rc;
}

static itsm_status to_place(itsm__file *file, const itsm_call *call, cursor *c)
{
    itsm__file_audit audit;
    if (!find_commit(file, c->view->state.log, c->place, &audit)) return ITSM_DONE;
    if (c->place < audit.first) c->place = audit.first; /* salvaged: entries are missing */
    if (c->place >= c->view->state.audit_size) return ITSM_DONE;
    c->offset = audit.offset, c->left = audit.count;
    for (uint64_t at = audit.first; at < c->place; at++) {
        uint32_t n;
        itsm_status rc = entry_length(file, call, c, &n);
        if (rc) return rc;
        c->offset += 4 + (uint64_t)n, c->left--;
    }
    return ITSM_OK;
}

static itsm_status next_audit(itsm__file *file, const itsm_call *call, cursor *c, itsm_row *row)
{
    itsm_status rc = ITSM_OK;
    uint32_t n;
    const unsigned char *p = NULL;
    if (c->place >= c->view->state.audit_size) return ITSM_DONE;
    if (!c->left) rc = to_place(file, call, c);
    if (!rc) rc = entry_length(file, call, c, &n);
    if (!rc) rc = window_read(&c->window, file, call, &c->view->state, c->offset + 4, n, &p);
    if (rc) {
        c->left = 0;
        return rc;
    }
    row->ref.id.lo = c->place++;
    row->body.p = p, row->body.n = n;
    c->offset += 4 + (uint64_t)n, c->left--;
    return ITSM_OK;
}

/* Cursors --------------------------------------------------------------------------------------------------------- */

itsm_status itsm__file_next(void *self, const itsm_call *call, void *handle, itsm_row *row)
{
    cursor *c = handle;
    memset(row, 0, sizeof *row);
    return c->audit ? next_audit(self, call, c, row) : next_row(self, call, c, row);
}

void itsm__file_cursor_close(void *self, void *handle)
{
    itsm__file *file = self;
    cursor *c = handle;
    if (!c) return;
    window_clear(&c->window, &file->memory);
    itsm__free(&file->memory, c, sizeof *c);
}
