/* SPDX-License-Identifier: MIT */
/*
 * Writing the log of a file store: one write per commit, one sync for all commits that wait.
 *
 * append puts a built frame behind the log: O(its bytes), no sync.  Zeros are written ahead, so that a sync need not
 * wait for the file system's own records, and so that there is always room for the closing frame when the disk is full.
 * settle makes a commit as durable as the mode asks: the first who needs a sync becomes the leader, gives up the lock
 * and syncs; who comes meanwhile writes and waits; when the leader is back, one of those is the next leader for all.
 *
 * A write that finds no space is undone by wiping its first bytes: the next frame goes to the same place.  Any other failed
 * write, and any failed sync, ends writing for good (`failed`): after a failed sync the system may have dropped the
 * pages and report success the next time, so nothing is tried again.
 *
 * What views see is taken at the moment a leader starts and published when its sync succeeded.
 */
#include "store/file.h"

void itsm__file_lock(itsm__file *file)
{
    if (file->mutex) file->mutexes.lock(file->mutexes.self, file->mutex);
}

void itsm__file_unlock(itsm__file *file)
{
    if (file->mutex) file->mutexes.unlock(file->mutexes.self, file->mutex);
}

void itsm__file_lock_to_write(itsm__file *file)
{
    itsm__file_lock(file);
    while (file->paused) file->mutexes.wait(file->mutexes.self, file->mutex);
}

static void *no_more(void *user, void *ptr, size_t old_size, size_t new_size)
{
    (void)user, (void)ptr, (void)old_size, (void)new_size;
    return NULL;
}

itsm_status itsm__file_say(const itsm_call *call, itsm_status status, const char *format, ...)
{
    if (!call || !call->message || !call->message_size) return status;
    /* A buffer in the caller's room that cannot grow: what does not fit is left out. */
    itsm_buf text = {call->message, 0, call->message_size - 1, no_more, NULL};
    va_list args;
    va_start(args, format);
    (void)itsm__vformat(&text, format, args);
    va_end(args);
    call->message[text.n] = 0;
    return status;
}

itsm_status itsm__file_writable(const itsm__file *file, const itsm_call *call)
{
    if (call && call->host_txn)
        return itsm__file_say(call, ITSM_E_UNSUPPORTED, "the file store cannot join a transaction of the host");
    if (file->read_only) return itsm__file_say(call, ITSM_E_READONLY, "%s", file->read_only_why);
    if (file->failed)
        return itsm__file_say(call, file->failed, "writing failed earlier (%s): open the store again",
                              file->failed_note.text);
    return ITSM_OK;
}

/* Bytes ----------------------------------------------------------------------------------------------------------- */

itsm_status itsm__file_part_open(itsm__file *file, itsm__file_part **out, uint32_t source, const char *path,
                                 uint32_t flags, itsm_io_note *note)
{
    static const char none[] = "no memory";
    itsm__file_part *part = itsm__alloc_zero(&file->memory, sizeof *part);
    if (!part) {
        memcpy(note->text, none, sizeof none);
        return ITSM_E_NOMEM;
    }
    itsm__refcount_init(&part->shares);
    part->source = source;
    itsm_status rc = file->io->open(file->io->self, &part->handle, path, flags, note);
    if (rc) itsm__free(&file->memory, part, sizeof *part);
    else *out = part;
    return rc;
}

void itsm__file_part_free(itsm__file *file, itsm__file_part *part)
{
    if (!part || !itsm__refcount_drop(&part->shares)) return;
    file->io->close(file->io->self, part->handle);
    itsm__free(&file->memory, part->audit, part->audit_capacity * sizeof *part->audit);
    itsm__free(&file->memory, part, sizeof *part);
}

/* Sets ------------------------------------------------------------------------------------------------------------ */

static size_t set_bytes(size_t n)
{
    return sizeof(itsm__file_set) + n * sizeof(itsm__file_part *);
}

itsm_status itsm__file_set_new(itsm__file *file, itsm__file_set **out, itsm__file_part *const *parts, size_t n)
{
    itsm__file_set *set = itsm__alloc(&file->memory, set_bytes(n));
    if (!set) return ITSM_E_NOMEM;
    itsm__refcount_init(&set->shares);
    set->n = n;
    for (size_t i = 0; i < n; i++) {
        set->part[i] = parts[i];
        itsm__refcount_take(&parts[i]->shares);
    }
    *out = set;
    return ITSM_OK;
}

void itsm__file_set_free(itsm__file *file, itsm__file_set *set)
{
    if (!set || !itsm__refcount_drop(&set->shares)) return;
    for (size_t i = 0; i < set->n; i++) itsm__file_part_free(file, set->part[i]);
    itsm__free(&file->memory, set, set_bytes(set->n));
}

void itsm__file_set_use(itsm__file *file, itsm__file_set *set)
{
    itsm__file_set *old = file->set;
    file->set = set;
    file->log = set && set->n ? set->part[set->n - 1] : NULL;
    itsm__file_set_free(file, old);
}

itsm_status itsm__file_set_with(itsm__file *file, itsm__file_set **out, itsm__file_part *part)
{
    const itsm__file_set *old = file->set;
    size_t n = old ? old->n : 0, at = n;
    itsm__file_set *set = itsm__alloc(&file->memory, set_bytes(n + 1));
    if (!set) return ITSM_E_NOMEM;
    itsm__refcount_init(&set->shares);
    set->n = n + 1;
    while (at && old->part[at - 1]->source > part->source) at--;
    for (size_t i = 0; i < n; i++) set->part[i < at ? i : i + 1] = old->part[i];
    set->part[at] = part;
    for (size_t i = 0; i <= n; i++) itsm__refcount_take(&set->part[i]->shares);
    *out = set;
    return ITSM_OK;
}

itsm_status itsm__file_set_add(itsm__file *file, itsm__file_part *part)
{
    itsm__file_set *set = NULL;
    itsm_status rc = itsm__file_set_with(file, &set, part);
    itsm__file_part_free(file, part);
    if (!rc) itsm__file_set_use(file, set);
    return rc;
}

itsm__file_part *itsm__file_set_find(const itsm__file_set *set, uint32_t source)
{
    for (size_t i = set ? set->n : 0; i-- > 0;)
        if (set->part[i]->source == source) return set->part[i];
    return NULL;
}

itsm_status itsm__file_pread(const itsm__file *file, const itsm__file_part *part, uint64_t offset, void *out, size_t n,
                             itsm_io_note *note)
{
    static const char ends[] = "the file ends too early";
    unsigned char *p = out;
    while (n) {
        size_t got = 0;
        itsm_status rc = file->io->read(file->io->self, part->handle, offset, p, n, &got, note);
        if (rc) return rc;
        if (!got) {
            memcpy(note->text, ends, sizeof ends);
            return ITSM_E_CORRUPT;
        }
        p += got, offset += got, n -= got;
    }
    return ITSM_OK;
}

itsm_status itsm__file_pwrite(const itsm_io *io, void *handle, uint64_t offset, const void *p, size_t n,
                              itsm_io_note *note)
{
    const unsigned char *from = p;
    while (n) {
        size_t put = 0;
        itsm_status rc = io->write(io->self, handle, offset, from, n, &put, note);
        if (rc) return rc;
        from += put, offset += put, n -= put;
    }
    return ITSM_OK;
}

/* Room that a closing frame needs: one operation for each sequence. */
static uint64_t closing_room(const itsm__file *file)
{
    return ITSM__FRAME_HEAD + 8 + (file->nsequences + 1) * (ITSM__FRAME_OP + ITSM_STORE_SEQUENCE_MAX);
}

static itsm_status make_room(itsm__file *file, uint64_t n, itsm_io_note *note)
{
    uint64_t need = file->end + n;
    if (need <= file->allocated) return ITSM_OK;
    uint64_t wanted = file->end + (n > file->preallocate ? n : file->preallocate);
    itsm_status rc = ITSM_E_FULL;
    for (int attempt = 0; attempt < 2 && rc == ITSM_E_FULL; attempt++, wanted = need) {
        rc = file->io->allocate(file->io->self, file->log->handle, file->allocated, wanted - file->allocated, note);
        if (!rc) file->allocated = wanted;
    }
    return rc;
}

/* Only a lack of space or memory leaves the log as usable as before. */
static itsm_status write_failed(itsm__file *file, const itsm_call *call, itsm_status rc, const itsm_io_note *note)
{
    if (rc != ITSM_E_FULL && rc != ITSM_E_NOMEM) {
        rc = file->failed = ITSM_E_IO;
        file->failed_note = *note;
    }
    return itsm__file_say(call, rc, "cannot write the log: %s", note->text);
}

/*
 * A write that failed may have written all that matters: what is left may be zeros, and zeros stand there already.  So the
 * frame's beginning is made zeros again, or the batch would come back at the next opening.
 */
static itsm_status take_back(itsm__file *file, itsm_status rc)
{
    static const unsigned char zeros[8] = {0};
    if (rc != ITSM_E_FULL && rc != ITSM_E_NOMEM) return rc;
    if (itsm__file_pwrite(file->io, file->log->handle, file->end, zeros, sizeof zeros, NULL)) return ITSM_E_IO;
    return file->io->sync(file->io->self, file->log->handle, NULL) ? ITSM_E_IO : rc;
}

itsm_status itsm__file_append(itsm__file *file, const itsm_call *call, int closing)
{
    itsm_io_note note;
    note.text[0] = 0;
    itsm_status rc = make_room(file, file->frame.n + (closing ? 0 : closing_room(file)), &note);
    if (rc) return write_failed(file, call, rc, &note);
    rc = itsm__file_pwrite(file->io, file->log->handle, file->end, file->frame.p, file->frame.n, &note);
    return rc ? write_failed(file, call, take_back(file, rc), &note) : ITSM_OK;
}

void itsm__file_appended(itsm__file *file)
{
    file->end += file->frame.n;
    file->commit_no++;
    file->closed = 0;
}

/* Durability ------------------------------------------------------------------------------------------------------ */

static void state_open(itsm__file *file, itsm__file_state *out)
{
    itsm__tree_snapshot_open(&file->tree, &out->snapshot);
    itsm__refcount_take(&file->set->shares);
    out->set = file->set, out->audit_size = file->merkle.size, out->end = file->end;
}

void itsm__file_state_close(itsm__file *file, itsm__file_state *state)
{
    itsm__tree_snapshot_close(&state->snapshot);
    itsm__file_set_free(file, state->set);
    state->set = NULL;
}

void itsm__file_publish(itsm__file *file)
{
    itsm__file_state *next = &file->published[!file->current];
    state_open(file, next);
    itsm__file_state_close(file, &file->published[file->current]);
    file->current = !file->current;
}

void itsm__file_state_open(itsm__file *file, itsm__file_state *out)
{
    itsm__file_state *published = &file->published[file->current];
    if (!file->publishes) {
        state_open(file, out);
        return;
    }
    itsm__tree_snapshot_copy(&out->snapshot, &published->snapshot);
    itsm__refcount_take(&published->set->shares);
    out->set = published->set, out->audit_size = published->audit_size, out->end = published->end;
}

/* As the leader: sync what is written, without the lock, and publish it. */
static void lead(itsm__file *file)
{
    uint64_t target = file->commit_no;
    itsm__file_state *next = &file->published[!file->current];
    void *log = file->log->handle; /* the log stays the same while somebody syncs it */
    itsm_io_note note;
    note.text[0] = 0;
    file->syncing = 1;
    if (file->publishes) state_open(file, next);
    itsm__file_unlock(file);
    itsm_status rc = file->io->sync(file->io->self, log, &note);
    itsm__file_lock(file);
    file->syncing = 0;
    if (rc) {
        if (!file->failed) file->failed = ITSM_E_IO, file->failed_note = note;
        if (file->publishes) itsm__file_state_close(file, next);
    } else {
        file->durable_no = target;
        if (file->publishes) {
            itsm__file_state_close(file, &file->published[file->current]);
            file->current = !file->current;
        }
    }
    if (file->mutex) file->mutexes.wake_all(file->mutexes.self, file->mutex);
}

itsm_status itsm__file_sync_to(itsm__file *file, const itsm_call *call, uint64_t commit_no)
{
    while (file->durable_no < commit_no && !file->failed) {
        if (file->syncing) file->mutexes.wait(file->mutexes.self, file->mutex);
        else lead(file);
    }
    if (file->durable_no >= commit_no) return ITSM_OK;
    return itsm__file_say(call, ITSM_E_IO, "cannot sync the log: %s", file->failed_note.text);
}

itsm_status itsm__file_quiesce(itsm__file *file, const itsm_call *call)
{
    itsm_status rc = ITSM_OK;
    file->paused++; /* else those who commit without a pause would keep it waiting for ever */
    while (!rc && (file->syncing || file->durable_no < file->commit_no)) {
        if (file->syncing) file->mutexes.wait(file->mutexes.self, file->mutex);
        else rc = itsm__file_sync_to(file, call, file->commit_no);
    }
    file->paused--;
    if (file->mutex) file->mutexes.wake_all(file->mutexes.self, file->mutex);
    return rc;
}

itsm_status itsm__file_settle(itsm__file *file, const itsm_call *call, uint64_t commit_no)
{
    if (file->durability == ITSM_FILE_OFF) return ITSM_OK;
    if (file->durability == ITSM_FILE_RELAXED && file->commit_no - file->durable_no < file->relaxed_commits)
        return ITSM_OK;
    return itsm__file_sync_to(file, call, commit_no);
}
