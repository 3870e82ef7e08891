/* SPDX-License-Identifier: MIT */
/*
 * Reading a file store: views, rows, ranges of an index, audit entries.
 *
 * A view is one committed state: a snapshot of the tree, the number of audit entries, the files that have its rows and
 * the length of the log at that moment.  What lies in the log before that length never changes, nor do the other files,
 * which stay open as long as the view: so bodies are read without the lock.  Opening a view
 * is O(1); get is one search in the tree and one read of a file; next is one step in the tree, one search for an index
 * entry's row, and a read only when the body is not in the window of the cursor.
 *
 * A window holds the last bytes read.  When a read begins shortly behind where the last one ended, it reads ahead:
 * history and audit entries lie in the log in the order they are asked for, rows in a checkpoint in the order of their
 * ids.  Each body is compared with its CRC, each entry that has been moved out of the log with its leaf hash.
 *
 * A cursor must be closed before its view; a row is valid until the next call on its view (get) or cursor (next).
 */
#include "store/file.h"

enum { WINDOW = 32768, NEAR = 4096 };

typedef itsm__file_window window;

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
    itsm__tree_key from, to;    /* point into lo and hi */
    itsm__file_entries entries; /* of an audit cursor */
} cursor;

/* Keys ------------------------------------------------------------------------------------------------------------ */

void itsm__file_row_put(unsigned char out[ITSM__FILE_ROW], const itsm__file_row *row)
{
    itsm__put_le64(out, row->rev), itsm__put_le64(out + 8, row->offset);
    itsm__put_le32(out + 16, row->body), itsm__put_le32(out + 20, row->crc);
    itsm__put_le32(out + 24, row->keys), itsm__put_le32(out + 28, row->source | row->gone << 31);
}

int itsm__file_row_get(itsm__file_row *out, const void *value, size_t n)
{
    const unsigned char *p = value;
    if (!p || n != ITSM__FILE_ROW) return 0;
    out->rev = itsm__le64(p), out->offset = itsm__le64(p + 8);
    out->body = itsm__le32(p + 16), out->crc = itsm__le32(p + 20);
    out->keys = itsm__le32(p + 24), out->source = itsm__le32(p + 28) & INT32_MAX, out->gone = itsm__le32(p + 28) >> 31;
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

int itsm__file_is_row(itsm__tree_key key)
{
    return itsm__be32((const unsigned char *)key.key.p + 4) == 0;
}

itsm_ref itsm__file_ref_of(itsm__tree_key key)
{
    itsm_ref ref;
    ref.type = itsm__be32(key.key.p);
    ref.id = id_of(itsm__file_is_row(key) ? (const unsigned char *)key.key.p + ITSM__FILE_PREFIX : key.tie.p);
    return ref;
}

/* Window ---------------------------------------------------------------------------------------------------------- */

void itsm__file_window_clear(window *w, const itsm__file *file)
{
    itsm__free(&file->memory, w->p, w->capacity);
    memset(w, 0, sizeof *w);
}

itsm_status itsm__file_window_read(window *w, const itsm__file *file, const itsm_call *call,
                                   const itsm__file_part *part, uint64_t end, uint64_t offset, size_t n,
                                   const unsigned char **out)
{
    static const unsigned char nothing[1] = {0};
    if (offset > end || n > end - offset)
        return itsm__file_say(call, ITSM_E_CORRUPT, "a place in a file at byte %u lies behind its end", offset);
    if (!n) {
        *out = nothing;
        return ITSM_OK;
    }
    if (w->source != part->source) w->n = 0, w->last = 0, w->source = part->source;
    if (offset < w->offset || offset - w->offset > w->n || n > w->n - (size_t)(offset - w->offset)) {
        size_t want = n;
        int ahead = w->last && offset >= w->last && offset - w->last <= NEAR;
        if (ahead && want < WINDOW) want = end - offset < WINDOW ? (size_t)(end - offset) : WINDOW;
        w->n = 0;
        if (itsm__grow(&file->memory, &w->p, &w->capacity, want, 1)) return ITSM_E_NOMEM;
        itsm_io_note note;
        note.text[0] = 0;
        itsm_status rc = itsm__file_pread(file, part, offset, w->p, want, &note);
        if (rc) return itsm__file_say(call, rc, "cannot read at byte %u: %s", offset, note.text);
        w->offset = offset, w->n = want;
    }
    w->last = offset + n;
    *out = w->p + (offset - w->offset);
    return ITSM_OK;
}

itsm__file_part *itsm__file_state_part(const itsm__file_state *state, uint32_t source, uint64_t *end)
{
    itsm__file_part *part = itsm__file_set_find(state->set, source);
    if (part) *end = part == state->set->part[state->set->n - 1] ? state->end : part->end;
    return part;
}

itsm_status itsm__file_read_row(window *w, const itsm__file *file, const itsm_call *call, const itsm__file_state *state,
                                const itsm__file_row *row, int keys, const unsigned char **out)
{
    uint64_t end = 0;
    const itsm__file_part *part = itsm__file_state_part(state, row->source, &end);
    if (!part) return itsm__file_say(call, ITSM_E_CORRUPT, "a row stands in a file that is not there");
    size_t n = (size_t)row->body + (keys ? row->keys : 0);
    itsm_status rc = itsm__file_window_read(w, file, call, part, end, row->offset, n, out);
    if (rc) return rc;
    if (itsm__crc32c(0, *out, row->body) == row->crc) return ITSM_OK;
    return itsm__file_say(call, ITSM_E_CORRUPT, "a row in %s-%u at byte %u is damaged",
                          part->source % 2 ? "log" : "ckpt", (uint64_t)part->source / 2, row->offset);
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
    itsm__file_window_clear(&v->window, file);
    itsm__free(&file->memory, v, sizeof *v);
}

static itsm_status read_row(itsm__file *file, const itsm_call *call, view *v, window *w, itsm_ref ref,
                            const itsm__file_row *found, itsm_row *row)
{
    const unsigned char *body = NULL;
    itsm_status rc = itsm__file_read_row(w, file, call, &v->state, found, 0, &body);
    if (rc) return rc;
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
        itsm_ref ref = itsm__file_ref_of(key);
        itsm__file_row found;
        const void *p = value.p;
        size_t n = value.n;
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
    c->audit = 1, c->entries.place = from, c->entries.state = &c->view->state;
    *out = c;
    return ITSM_OK;
}

/* The commit or block that has a place, or the next one behind it; the lists grow while others commit, hence the
   lock. */
static int find_commit(itsm__file *file, itsm__file_entries *e, itsm__file_audit *out)
{
    const itsm__file_set *set = e->state->set;
    int found = 0;
    itsm__file_lock(file);
    for (size_t i = 0; i < set->n && !found; i++) {
        const itsm__file_part *part = set->part[i];
        size_t low = 0, high = part->naudit;
        while (low < high) { /* the first whose entries end behind the place */
            size_t middle = low + (high - low) / 2;
            const itsm__file_audit *audit = &part->audit[middle];
            if (audit->first + audit->count > e->place) high = middle;
            else low = middle + 1;
        }
        found = low < part->naudit;
        if (!found) continue;
        *out = part->audit[low], e->part = part;
        e->end = i + 1 < set->n ? part->end : e->state->end;
    }
    itsm__file_unlock(file);
    return found;
}

/* What stands before an entry: its length, in a block its leaf hash too. */
static uint32_t head_of(const itsm__file_entries *e)
{
    return e->part->source == ITSM__FILE_SOURCE_AUDIT ? ITSM__BLOCK_ENTRY : 4;
}

/* The length of the entry at e->offset, and its leaf hash if it stands there. */
static itsm_status entry_head(itsm__file_entries *e, itsm__file *file, const itsm_call *call, uint32_t *n,
                              itsm__merkle_hash *leaf)
{
    const unsigned char *p = NULL;
    itsm_status rc = itsm__file_window_read(&e->window, file, call, e->part, e->end, e->offset, head_of(e), &p);
    if (rc) return rc;
    *n = itsm__le32(p);
    if (leaf && head_of(e) == ITSM__BLOCK_ENTRY) memcpy(leaf->b, p + 4, sizeof leaf->b);
    return ITSM_OK;
}

static itsm_status to_place(itsm__file_entries *e, itsm__file *file, const itsm_call *call)
{
    itsm__file_audit audit;
    if (!find_commit(file, e, &audit)) return ITSM_DONE;
    if (e->place < audit.first) e->place = audit.first; /* salvaged: entries are missing */
    if (e->place >= e->state->audit_size) return ITSM_DONE;
    e->offset = audit.offset, e->left = audit.count;
    for (uint64_t at = audit.first; at < e->place; at++) {
        uint32_t n;
        itsm_status rc = entry_head(e, file, call, &n, NULL);
        if (rc == ITSM_E_CORRUPT) e->place = at;
        if (rc) return rc;
        e->offset += head_of(e) + (uint64_t)n, e->left--;
    }
    return ITSM_OK;
}

itsm_status itsm__file_next_entry(itsm__file_entries *e, itsm__file *file, const itsm_call *call, itsm_bytes *entry,
                                  itsm__merkle_hash *leaf)
{
    itsm__merkle_hash stored, own;
    itsm_status rc = ITSM_OK;
    uint32_t n;
    const unsigned char *p = NULL;
    if (e->place >= e->state->audit_size) return ITSM_DONE;
    if (!e->left) rc = to_place(e, file, call);
    if (!rc) rc = entry_head(e, file, call, &n, &stored);
    if (!rc) rc = itsm__file_window_read(&e->window, file, call, e->part, e->end, e->offset + head_of(e), n, &p);
    if (rc) {
        if (rc == ITSM_E_CORRUPT) e->place += e->left ? e->left : 1; /* what is behind it here cannot be found */
        e->left = 0;
        return rc;
    }
    entry->p = p, entry->n = n;
    int moved = head_of(e) == ITSM__BLOCK_ENTRY;
    if (leaf || moved) itsm__merkle_leaf(&own, *entry);
    if (leaf) *leaf = own;
    e->place++, e->left--;
    e->offset += head_of(e) + (uint64_t)n;
    if (!moved || !memcmp(stored.b, own.b, sizeof own.b)) return ITSM_OK;
    return itsm__file_say(call, ITSM_E_CORRUPT, "audit entry %u in %s is damaged", e->place - 1, ITSM__FILE_AUDIT);
}

static itsm_status next_audit(itsm__file *file, const itsm_call *call, cursor *c, itsm_row *row)
{
    itsm_status rc = itsm__file_next_entry(&c->entries, file, call, &row->body, NULL);
    if (!rc) row->ref.id.lo = c->entries.place - 1;
    return rc;
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
    itsm__file_window_clear(&c->window, file), itsm__file_window_clear(&c->entries.window, file);
    itsm__free(&file->memory, c, sizeof *c);
}
