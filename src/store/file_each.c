/* SPDX-License-Identifier: MIT */
/*
 * Everything a file store holds, one after the other, as of one commit; and what there is to know of it in figures.
 *
 * O(entries of the tree and bytes told), without the lock but at the beginning: others go on meanwhile.  Opened for
 * salvage, a row that cannot be read is told as lost, and audit entries from a damaged one on to the next that is good
 * are left out.
 */
#include "store/file.h"

#include "base/ctx.h"

typedef struct each {
    itsm__file *file;
    const itsm_call *call;
    itsm_file_item_fn item;
    void *user;
    itsm__file_state state;
    itsm__file_window window;
    itsm_index_key *keys;
    size_t capacity;
    itsm__file_sequence *sequences;
    size_t nsequences;
    int salvage;
} each;

static itsm_status tell(each *e, itsm_file_item *item, uint32_t kind)
{
    item->size = sizeof *item, item->kind = kind;
    return e->item(e->user, item);
}

static itsm_status take_keys(each *e, itsm_bytes keys, size_t *n)
{
    itsm_index_key key;
    itsm_status rc;
    *n = 0;
    while ((rc = itsm__frame_next_key(&keys, &key)) == ITSM_OK) {
        rc = itsm__grow(&e->file->memory, &e->keys, &e->capacity, *n + 1, sizeof *e->keys);
        if (rc) return rc;
        e->keys[(*n)++] = key;
    }
    return rc == ITSM_DONE ? ITSM_OK : rc;
}

static itsm_status tell_row(each *e, itsm__tree_key key, itsm_bytes value)
{
    itsm_file_item item;
    itsm__file_row row;
    const unsigned char *p = NULL;
    memset(&item, 0, sizeof item);
    if (!itsm__file_row_get(&row, value.p, value.n)) return itsm__file_say(e->call, ITSM_E_CORRUPT, "not a row");
    item.row.ref = itsm__file_ref_of(key), item.row.rev = row.rev;
    if (row.gone) return tell(e, &item, ITSM_FILE_TOMBSTONE);
    itsm_status rc = itsm__file_read_row(&e->window, e->file, e->call, &e->state, &row, 1, &p);
    itsm_bytes keys = {p + (rc ? 0 : row.body), rc ? 0 : row.keys};
    if (!rc) rc = take_keys(e, keys, &item.nkeys);
    if (rc == ITSM_E_CORRUPT && e->salvage) return item.nkeys = 0, tell(e, &item, ITSM_FILE_LOST);
    if (rc) return rc;
    item.row.body.p = p, item.row.body.n = row.body, item.keys = e->keys;
    return tell(e, &item, ITSM_FILE_ROW);
}

static itsm_status tell_rows(each *e)
{
    itsm__tree_cursor at;
    const itsm__tree_key from = {{NULL, 0}, {NULL, 0}};
    itsm_status rc = ITSM_OK;
    for (int more = itsm__tree_seek(&at, e->state.snapshot.root, from); more && !rc; more = itsm__tree_next(&at)) {
        itsm_bytes value;
        itsm__tree_key key = itsm__tree_at(&at, &value);
        if (itsm__file_is_row(key)) rc = tell_row(e, key, value);
    }
    return rc;
}

static itsm_status tell_sequences(each *e)
{
    itsm_status rc = ITSM_OK;
    for (size_t i = 0; i < e->nsequences && !rc; i++) {
        itsm_file_item item;
        memset(&item, 0, sizeof item);
        item.name = itsm_str_n(e->sequences[i].name, e->sequences[i].n), item.next = e->sequences[i].next;
        rc = tell(e, &item, ITSM_FILE_SEQUENCE);
    }
    return rc;
}

static itsm_status tell_entries(each *e)
{
    itsm__file_entries entries;
    itsm_file_item item;
    itsm_status rc = ITSM_OK;
    memset(&entries, 0, sizeof entries), memset(&item, 0, sizeof item);
    entries.state = &e->state;
    while (!rc) {
        rc = itsm__file_next_entry(&entries, e->file, e->call, &item.row.body, NULL);
        item.row.ref.id.lo = entries.place - 1;
        if (rc == ITSM_E_CORRUPT && e->salvage) rc = ITSM_OK;
        else if (!rc) rc = tell(e, &item, ITSM_FILE_ENTRY);
    }
    itsm__file_window_clear(&entries.window, e->file);
    return rc == ITSM_DONE ? ITSM_OK : rc;
}

/* With the lock held. */
static itsm_status begin(each *e)
{
    itsm__file *file = e->file;
    size_t n = file->nsequences * sizeof *file->sequences;
    e->sequences = n ? itsm__alloc(&file->memory, n) : NULL;
    if (n && !e->sequences) return ITSM_E_NOMEM;
    if (n) memcpy(e->sequences, file->sequences, n);
    e->nsequences = file->nsequences, e->salvage = (file->flags & ITSM_FILE_SALVAGE) != 0;
    itsm__file_state_open(file, &e->state);
    return ITSM_OK;
}

itsm_status itsm__file_each(itsm__file *file, const itsm_call *call, itsm_file_item_fn item, void *user)
{
    each e;
    memset(&e, 0, sizeof e);
    e.file = file, e.call = call, e.item = item, e.user = user;
    itsm__file_lock(file);
    itsm_status rc = begin(&e);
    itsm__file_unlock(file);
    if (rc) return rc;
    rc = tell_rows(&e);
    if (!rc) rc = tell_sequences(&e);
    if (!rc) rc = tell_entries(&e);
    itsm__file_lock(file);
    itsm__file_state_close(file, &e.state);
    itsm__file_unlock(file);
    itsm__file_window_clear(&e.window, file);
    itsm__free(&file->memory, e.keys, e.capacity * sizeof *e.keys);
    itsm__free(&file->memory, e.sequences, e.nsequences * sizeof *e.sequences);
    return rc;
}

/* Public ---------------------------------------------------------------------------------------------------------- */

static itsm_status misuse(itsm_ctx *ctx, const char *why)
{
    const itsm_str none = {NULL, 0};
    return itsm__issue(ctx, ITSM_E_MISUSE, none, none, none, "%s", why);
}

itsm_status itsm_file_each(itsm_ctx *ctx, itsm_store *store, itsm_file_item_fn item, void *user)
{
    char message[256] = "";
    itsm_call call = ITSM_CALL_INIT;
    itsm__file *file = itsm__file_of(store);
    itsm__issues_clear(ctx);
    if (!item) return misuse(ctx, "nobody takes the items");
    if (!file) return misuse(ctx, "this is not a file store");
    call.message = message, call.message_size = sizeof message;
    itsm_status rc = itsm__file_each(file, &call, item, user);
    if (rc < 0 && message[0]) {
        const itsm_str none = {NULL, 0};
        return itsm__issue(ctx, rc, itsm_store_name(store), none, none, "%s", message);
    }
    return rc;
}

/* Rows, tombstones and index entries of a state. */
static void count(itsm_file_info *info, const itsm__tree_node *root)
{
    itsm__tree_cursor at;
    const itsm__tree_key from = {{NULL, 0}, {NULL, 0}};
    for (int more = itsm__tree_seek(&at, root, from); more; more = itsm__tree_next(&at)) {
        itsm_bytes value;
        itsm__file_row row;
        itsm__tree_key key = itsm__tree_at(&at, &value);
        if (!itsm__file_is_row(key)) info->index_entries++;
        else if (itsm__file_row_get(&row, value.p, value.n) && row.gone) info->tombstones++;
        else info->rows++;
    }
}

/* With the lock held. */
static void fill(itsm_file_info *info, const itsm__file *file)
{
    itsm__merkle_hash root;
    info->major = file->header.major, info->minor = file->header.minor;
    info->compatible = file->header.compatible, info->read_only_compatible = file->header.read_only;
    info->incompatible = file->header.incompatible;
    memcpy(info->id, file->header.store, sizeof info->id);
    info->commits = file->commit_no, info->audit_entries = file->merkle.size;
    itsm__merkle_root(&root, &file->merkle);
    memcpy(info->audit_root, root.b, sizeof info->audit_root);
    info->log_number = file->header.number, info->checkpoint_number = file->checkpoint;
    info->log_bytes = file->logs_before + file->end - ITSM__LOG_HEADER, info->checkpoint_bytes = file->checkpoint_size;
    info->audit_bytes = file->audit_end, info->damaged_checkpoint = file->damaged_checkpoint;
    info->missing_from = file->missing_from, info->read_only = file->read_only != 0;
}

itsm_status itsm_file_info_read(itsm_file_info *out, itsm_ctx *ctx, itsm_store *store)
{
    itsm_file_info info;
    itsm__tree_snapshot snapshot;
    itsm__file *file = itsm__file_of(store);
    itsm__issues_clear(ctx);
    if (!out || out->size < sizeof out->size) return misuse(ctx, "nowhere to put what there is to know");
    if (!file) return misuse(ctx, "this is not a file store");
    memset(&info, 0, sizeof info);
    itsm__file_lock(file);
    fill(&info, file);
    itsm__tree_snapshot_open(&file->tree, &snapshot);
    itsm__file_unlock(file);
    count(&info, snapshot.root);
    itsm__file_lock(file);
    itsm__tree_snapshot_close(&snapshot);
    itsm__file_unlock(file);
    info.size = out->size;
    memcpy(out, &info, out->size < sizeof info ? out->size : sizeof info);
    return ITSM_OK;
}
