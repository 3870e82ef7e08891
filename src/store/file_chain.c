/* SPDX-License-Identifier: MIT */
/*
 * Which files make the store, and reading them: the newest checkpoint that is good and the logs from its number on.
 *
 * A checkpoint that is damaged is passed over if an older one, or the first log, is there with all logs since: nothing
 * is lost then.  Otherwise the store is damaged.  Reading only, the files may change underneath: what was listed and is
 * gone when it is opened means that a writer made a checkpoint in between, and the directory is listed again.
 *
 * Refreshing reads on where the log was left.  Is there a newer log or checkpoint by now, everything is read anew, into
 * the same tree in one edit: views that are open keep what they see, and a failure leaves all as it was.
 *
 * check reads everything once more: O(bytes of the store).
 */
#include "store/file.h"

static const itsm_str no_text = {NULL, 0};

enum { LOOKS = 100 };

/* One chain ------------------------------------------------------------------------------------------------------- */

/* Forget what a chain that failed has left. */
static void reset(itsm__file *file)
{
    itsm__file_set_use(file, NULL);
    itsm__merkle_init(&file->merkle);
    itsm__merkle_init(&file->sealed);
    memset(&file->header, 0, sizeof file->header);
    file->checkpoint = file->checkpoint_size = file->logs_before = file->audit_end = 0;
    file->attempted = file->missing_from = file->commit_no = 0;
    file->nsequences = 0;
}

static itsm_status remove_all(itsm__file *file)
{
    itsm__tree_cursor at;
    const itsm__tree_key from = {{NULL, 0}, {NULL, 0}};
    itsm_status rc = ITSM_OK;
    /* the committed state, which the edit does not change */
    for (int more = itsm__tree_seek(&at, file->tree.root, from); more && !rc; more = itsm__tree_next(&at)) {
        unsigned char room[ITSM__TREE_KEY_MAX];
        itsm__tree_key key = itsm__tree_at(&at, NULL), copy;
        if (key.key.n) memcpy(room, key.key.p, key.key.n);
        if (key.tie.n) memcpy(room + key.key.n, key.tie.p, key.tie.n);
        copy.key.p = room, copy.key.n = key.key.n, copy.tie.p = room + key.key.n, copy.tie.n = key.tie.n;
        rc = itsm__tree_remove(&file->tree, copy);
    }
    return rc;
}

/* Begin an edit in which the tree is empty. */
static itsm_status begin(itsm__file *file)
{
    itsm__tree_begin(&file->tree);
    itsm_status rc = file->tree.count ? remove_all(file) : ITSM_OK;
    return rc == ITSM_NOTHING ? ITSM_E_CORRUPT : rc;
}

static itsm_status begin_again(itsm__file *file)
{
    itsm__tree_abort(&file->tree);
    reset(file);
    return begin(file);
}

/* A header that is damaged tells nothing; the frames carry what is needed to read them. */
static itsm_status guess_header(itsm__file *file, itsm__file_part *part, uint64_t number)
{
    unsigned char head[ITSM__FRAME_HEAD];
    itsm_io_note note;
    itsm_status rc = itsm__file_pread(file, part, ITSM__LOG_HEADER, head, sizeof head, &note);
    if (rc) return rc;
    memset(&file->header, 0, sizeof file->header);
    file->header.number = number, file->header.salt = itsm__le64(head + 16);
    file->header.first_commit = itsm__le64(head + 24);
    if (!file->header.first_commit) file->header.first_commit = 1;
    if (!file->missing_from) file->missing_from = file->header.first_commit;
    return ITSM_OK;
}

/* Open a log, which becomes the one that is read: part, header. */
static itsm_status open_log(itsm__file *file, itsm_ctx *ctx, uint64_t number, int salvage)
{
    char path[ITSM__FILE_PATH];
    itsm__file_part *part = NULL;
    itsm__log_header header;
    itsm_io_note note;
    itsm__file_path_of(file, path, ITSM__FILE_LOG, number, "");
    uint32_t flags = file->flags & ITSM_FILE_READONLY ? ITSM_IO_READ : ITSM_IO_READ | ITSM_IO_WRITE;
    itsm_status rc = itsm__file_part_open(file, &part, itsm__file_source_of_log(number), path, flags, &note);
    if (rc == ITSM_E_NOMEM) return rc;
    if (rc) return itsm__issue(ctx, rc, itsm_str_c(path), no_text, no_text, "cannot open %s: %s", path, note.text);
    rc = itsm__file_set_add(file, part);
    if (rc) return rc;
    rc = itsm__file_header_read(file, ctx, &header, part, ITSM__MAGIC_LOG, number, path);
    if (!rc) file->header = header;
    else if (rc == ITSM_E_CORRUPT && salvage) rc = guess_header(file, part, number);
    part->salt = file->header.salt;
    return rc;
}

/* The number of the first commit of a log; 0: it cannot be read. */
static uint64_t first_commit_of(itsm__file *file, uint64_t number)
{
    char path[ITSM__FILE_PATH];
    unsigned char bytes[ITSM__LOG_HEADER];
    itsm__log_header header;
    itsm_io_note note;
    void *handle = NULL;
    size_t n = 0;
    const itsm_io *io = file->io;
    itsm__file_path_of(file, path, ITSM__FILE_LOG, number, "");
    itsm_status rc = io->open(io->self, &handle, path, ITSM_IO_READ, &note);
    while (!rc && n < sizeof bytes) {
        size_t got = 0;
        rc = io->read(io->self, handle, n, bytes + n, sizeof bytes - n, &got, &note);
        if (!got) break;
        n += got;
    }
    if (handle) io->close(io->self, handle);
    if (rc || n < sizeof bytes) return 0;
    rc = itsm__log_header_read(&header, bytes, ITSM__MAGIC_LOG);
    return rc == ITSM_OK || rc == ITSM_E_VERSION ? header.first_commit : 0;
}

static itsm_status out_of_order(itsm__file *file, itsm_ctx *ctx)
{
    return itsm__issue(ctx, ITSM_E_CORRUPT, itsm_str_n(file->path, file->path_n), no_text, no_text,
                       "log-%u of %s begins with commit %u, not %u: it does not follow what is before it",
                       file->header.number, file->path, file->header.first_commit, file->commit_no + 1);
}

/* One log of the chain; `next`: the number of the one behind it, or 0. */
static itsm_status read_log(itsm__file *file, itsm_ctx *ctx, uint64_t number, uint64_t next, int salvage)
{
    itsm_status rc = open_log(file, ctx, number, salvage);
    if (rc) return rc;
    if (file->header.first_commit != file->commit_no + 1) {
        if (!salvage) return out_of_order(file, ctx);
        if (!file->missing_from) file->missing_from = file->commit_no + 1;
        file->commit_no = file->header.first_commit - 1;
    }
    file->end = ITSM__LOG_HEADER, file->closed = number > 1;
    uint64_t until = next ? first_commit_of(file, next) : 0;
    if (next && !until && !salvage)
        return itsm__issue(ctx, ITSM_E_CORRUPT, itsm_str_n(file->path, file->path_n), no_text, no_text,
                           "log-%u of %s cannot be read", next, file->path);
    rc = itsm__file_recover(file, ctx, until, salvage);
    if (!rc && next) {
        file->log->end = file->end;
        file->logs_before += file->end - ITSM__LOG_HEADER;
    }
    return rc;
}

/* The logs from `first` on, in order. */
static itsm_status read_logs(itsm__file *file, itsm_ctx *ctx, const itsm__file_names *names, uint64_t first,
                             int salvage)
{
    itsm_status rc = ITSM_OK;
    for (size_t i = 0; i < names->nlog && !rc; i++) {
        if (names->log[i] < first) continue;
        rc = read_log(file, ctx, names->log[i], i + 1 < names->nlog ? names->log[i + 1] : 0, salvage);
    }
    return rc;
}

/* Whether all logs from `first` to the newest are there. */
static int logs_from(const itsm__file_names *names, uint64_t first)
{
    for (uint64_t number = first; number < names->log[names->nlog - 1]; number++)
        if (!itsm__file_has_log(names, number)) return 0;
    return 1;
}

/* The number of the newest checkpoint older than `than` from which the store can be read; 0: none. */
static uint64_t older(const itsm__file_names *names, uint64_t than)
{
    for (size_t i = names->ncheckpoint; i-- > 0;)
        if (names->checkpoint[i] < than && itsm__file_has_log(names, names->checkpoint[i]) &&
            logs_from(names, names->checkpoint[i]))
            return names->checkpoint[i];
    return 0;
}

static uint64_t newest(const itsm__file_names *names)
{
    return names->ncheckpoint ? names->checkpoint[names->ncheckpoint - 1] : 0;
}

/* Choosing -------------------------------------------------------------------------------------------------------- */

static itsm_status no_chain(itsm__file *file, itsm_ctx *ctx)
{
    return itsm__issue(
        ctx, ITSM_E_CORRUPT, itsm_str_n(file->path, file->path_n), no_text, no_text,
        "%s is damaged: there is no good checkpoint with all logs behind it; nothing was changed; open it "
        "for salvage to read the rest",
        file->path);
}

/* A whole chain: checkpoint, or 0, and logs. */
static itsm_status read_from(itsm__file *file, itsm_ctx *ctx, const itsm__file_names *names, uint64_t checkpoint)
{
    itsm_status rc = checkpoint ? itsm__file_load(file, ctx, checkpoint, 0) : ITSM_OK;
    if (rc) return rc;
    return read_logs(file, ctx, names, checkpoint ? checkpoint : 1, 0);
}

/* Everything that can be read: the newest checkpoint, damaged or not, and all logs from its number on. */
static itsm_status salvage_chain(itsm__file *file, itsm_ctx *ctx, const itsm__file_names *names)
{
    itsm_status rc = ITSM_OK;
    for (size_t i = names->ncheckpoint; i-- > 0 && !file->checkpoint && !rc;) {
        rc = itsm__file_load(file, ctx, names->checkpoint[i], 1);
        if (rc == ITSM_E_CORRUPT) rc = begin_again(file);
    }
    if (rc) return rc;
    uint64_t first = file->checkpoint ? file->checkpoint : 1;
    if (!names->nlog || !itsm__file_has_log(names, first) || !logs_from(names, first))
        file->missing_from = file->missing_from ? file->missing_from : file->commit_no + 1;
    rc = read_logs(file, ctx, names, first, 1);
    if (rc) return rc;
    if (!file->log) return no_chain(file, ctx);
    if (file->log->source % 2 == 0) file->end = file->log->end; /* a checkpoint without any log */
    return ITSM_OK;
}

static itsm_status choose(itsm__file *file, itsm_ctx *ctx, const itsm__file_names *names, int salvage)
{
    uint64_t best = newest(names), passed_over = 0;
    itsm_status rc = ITSM_E_CORRUPT;
    file->damaged_checkpoint = 0;
    if (!names->nlog || best > names->log[names->nlog - 1])
        return salvage ? salvage_chain(file, ctx, names) : no_chain(file, ctx);
    for (uint64_t c = older(names, UINT64_MAX); c; c = older(names, c)) {
        if (c != best && !passed_over) passed_over = best;
        rc = read_from(file, ctx, names, c);
        if (rc != ITSM_E_CORRUPT) break;
        if (file->checkpoint == c && !salvage) return rc; /* the checkpoint is good, the damage lies behind it */
        if (file->checkpoint == c) break;
        if (!passed_over) passed_over = c;
        itsm_status again = begin_again(file);
        if (again) return again;
    }
    if (rc == ITSM_E_CORRUPT && !file->checkpoint && itsm__file_has_log(names, 1) && logs_from(names, 1))
        rc = read_from(file, ctx, names, 0), passed_over = best;
    if (rc == ITSM_E_CORRUPT && salvage) {
        rc = begin_again(file);
        if (!rc) rc = salvage_chain(file, ctx, names);
        return rc;
    }
    if (rc == ITSM_E_CORRUPT && file->set == NULL) return no_chain(file, ctx);
    if (!rc && file->checkpoint != best) file->damaged_checkpoint = passed_over;
    return rc;
}

itsm_status itsm__file_read_chain(itsm__file *file, itsm_ctx *ctx, int salvage)
{
    itsm__file_names names;
    itsm_io_note note;
    itsm_status rc = ITSM_E_NOT_FOUND;
    int reader = (file->flags & ITSM_FILE_READONLY) != 0;
    for (int look = 0; look < LOOKS; look++) {
        int again = 0;
        reset(file);
        rc = itsm__file_list(file, &names, &note);
        if (rc == ITSM_E_NOMEM) return rc;
        if (rc)
            return itsm__issue(ctx, rc, itsm_str_n(file->path, file->path_n), no_text, no_text,
                               "cannot look into %s: %s", file->path, note.text);
        rc = begin(file);
        if (!rc) rc = choose(file, ctx, &names, salvage);
        if (reader && (rc == ITSM_E_NOT_FOUND || rc == ITSM_E_CORRUPT) && look + 1 < LOOKS) {
            /* Has a writer moved on while this was read? */
            itsm__file_names now;
            again = rc == ITSM_E_NOT_FOUND;
            if (!again && !itsm__file_list(file, &now, &note)) {
                again = now.nlog && names.nlog && now.log[now.nlog - 1] != names.log[names.nlog - 1];
                itsm__file_names_clear(file, &now);
            }
        }
        itsm__file_names_clear(file, &names);
        if (!again) break;
        itsm__tree_abort(&file->tree);
    }
    if (rc == ITSM_E_NOT_FOUND) rc = ITSM_E_CORRUPT;
    if (rc) {
        if (file->tree.editing) itsm__tree_abort(&file->tree);
        return rc;
    }
    itsm__tree_commit(&file->tree);
    itsm__issues_clear(ctx); /* of checkpoints that were passed over */
    return ITSM_OK;
}

/* Refreshing ------------------------------------------------------------------------------------------------------ */

/* What a refresh changes beside the tree. */
typedef struct before {
    itsm__file_set *set;
    itsm__log_header header;
    itsm__merkle merkle, sealed;
    uint64_t checkpoint, checkpoint_size, damaged_checkpoint, logs_before, audit_end, end, commit_no;
    size_t naudit;
} before;

static void keep(before *b, const itsm__file *file)
{
    b->set = file->set;
    if (b->set) itsm__refcount_take(&b->set->shares);
    b->header = file->header, b->merkle = file->merkle, b->sealed = file->sealed;
    b->checkpoint = file->checkpoint, b->checkpoint_size = file->checkpoint_size;
    b->damaged_checkpoint = file->damaged_checkpoint, b->logs_before = file->logs_before;
    b->audit_end = file->audit_end, b->end = file->end, b->commit_no = file->commit_no;
    b->naudit = file->log->naudit;
}

static void restore(itsm__file *file, before *b)
{
    itsm__file_set_use(file, b->set);
    b->set = NULL;
    file->header = b->header, file->merkle = b->merkle, file->sealed = b->sealed;
    file->checkpoint = b->checkpoint, file->checkpoint_size = b->checkpoint_size;
    file->damaged_checkpoint = b->damaged_checkpoint, file->logs_before = b->logs_before;
    file->audit_end = b->audit_end, file->end = b->end, file->commit_no = b->commit_no;
    file->log->naudit = b->naudit;
}

/* More of the log that was read last. */
static itsm_status read_on(itsm__file *file)
{
    itsm__tree_begin(&file->tree);
    itsm_status rc = itsm__file_recover(file, NULL, 0, 0);
    if (rc) itsm__tree_abort(&file->tree);
    else itsm__tree_commit(&file->tree);
    return rc;
}

/* Whether there is a newer log or checkpoint than those that were read. */
static itsm_status has_moved(itsm__file *file, int *moved)
{
    itsm__file_names names;
    itsm_io_note note;
    itsm_status rc = itsm__file_list(file, &names, &note);
    if (rc) return rc;
    *moved = !names.nlog || names.log[names.nlog - 1] != file->header.number ||
             (newest(&names) != file->checkpoint && newest(&names) != file->damaged_checkpoint);
    itsm__file_names_clear(file, &names);
    return ITSM_OK;
}

static itsm_status refresh_locked(itsm__file *file)
{
    before b;
    int moved = 0;
    itsm_status rc = has_moved(file, &moved);
    if (rc) return rc;
    keep(&b, file);
    if (!moved) {
        rc = read_on(file);
        if (rc) restore(file, &b), keep(&b, file);
    }
    if (moved || rc == ITSM_E_CORRUPT) {
        rc = itsm__file_read_chain(file, NULL, 0);
        if (rc) restore(file, &b);
    }
    itsm__file_set_free(file, b.set);
    return rc;
}

itsm_status itsm__file_refresh(itsm__file *file, const itsm_call *call)
{
    if (!(file->flags & ITSM_FILE_READONLY)) return ITSM_NOTHING;
    if (file->flags & ITSM_FILE_SALVAGE)
        return itsm__file_say(call, ITSM_E_UNSUPPORTED, "what was opened for salvage is not read again");
    itsm__file_lock(file);
    itsm_status rc = refresh_locked(file);
    itsm__file_unlock(file);
    return rc ? itsm__file_say(call, rc, "cannot read what was written since: %s", itsm_status_text(rc)) : ITSM_OK;
}

/* Checking -------------------------------------------------------------------------------------------------------- */

typedef struct checked {
    itsm__file_set *set;
    uint64_t end, checkpoint, audit_end, damaged, missing;
    itsm__merkle sealed;
} checked;

static void take(checked *c, itsm__file *file)
{
    itsm__file_lock(file);
    c->set = file->set;
    itsm__refcount_take(&c->set->shares);
    c->end = file->end, c->checkpoint = file->checkpoint, c->audit_end = file->audit_end;
    c->damaged = file->damaged_checkpoint, c->missing = file->missing_from, c->sealed = file->sealed;
    itsm__file_unlock(file);
}

static itsm_status check_checkpoint(itsm__file *file, const itsm_call *call, const itsm__file_part *part,
                                    uint64_t *next)
{
    itsm__file_checkpoint_reader reader;
    unsigned char bytes[ITSM__LOG_HEADER];
    itsm__log_header header;
    memset(&reader, 0, sizeof reader);
    reader.file = file, reader.part = part;
    itsm_status rc = itsm__file_checkpoint_read(&reader);
    if (!rc) rc = itsm__file_pread(file, part, 0, bytes, sizeof bytes, &reader.note);
    if (!rc) rc = itsm__log_header_read(&header, bytes, ITSM__MAGIC_CHECKPOINT);
    if (!rc) *next = header.first_commit;
    return rc ? itsm__file_say(call, rc, "ckpt-%u: %s", (uint64_t)part->source / 2, reader.note.text) : ITSM_OK;
}

static itsm_status check_parts(itsm__file *file, const itsm_call *call, const checked *c)
{
    const uint32_t base = itsm__file_source_of_checkpoint(c->checkpoint);
    uint64_t next = 1;
    itsm_status rc = ITSM_OK;
    for (size_t i = 0; i < c->set->n && !rc; i++) {
        const itsm__file_part *part = c->set->part[i];
        if (part->source == ITSM__FILE_SOURCE_AUDIT)
            rc = itsm__file_check_audit(file, call, part, c->audit_end, &c->sealed);
        else if (part->source == base) rc = check_checkpoint(file, call, part, &next);
        else if (part->source > base && part->source % 2)
            rc = itsm__file_check_log(file, call, part, i + 1 < c->set->n ? part->end : c->end, &next);
    }
    return rc;
}

itsm_status itsm__file_check(itsm__file *file, const itsm_call *call)
{
    checked c;
    take(&c, file);
    itsm_status rc = ITSM_OK;
    if (c.missing) rc = itsm__file_say(call, ITSM_E_CORRUPT, "commits from %u on are missing", c.missing);
    else rc = check_parts(file, call, &c);
    if (!rc && c.damaged)
        rc =
            itsm__file_say(call, ITSM_E_CORRUPT,
                           "ckpt-%u is damaged; the store was read from what is before it: nothing is lost", c.damaged);
    itsm__file_set_free(file, c.set);
    return rc;
}
