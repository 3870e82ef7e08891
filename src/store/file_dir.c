/* SPDX-License-Identifier: MIT */
/*
 * The directory of a file store: LOCK, log-<n>, ckpt-<n>, audit-1 and, while one is being written, a name with .tmp
 * behind it.
 *
 * A file appears whole or not at all: it is written under its temporary name, synced, renamed, and the directory is
 * synced.  Names are removed only after what makes them superfluous is on the disk; what an interrupted removal leaves
 * goes with the next one.
 *
 * Paths are built in the caller's room, so that none of this needs the lock.
 */
#include "store/file.h"

static const itsm_str no_text = {NULL, 0};

/* Paths ----------------------------------------------------------------------------------------------------------- */

const char *itsm__file_path(const itsm__file *file, char room[ITSM__FILE_PATH], const char *name)
{
    size_t n = strlen(name);
    memcpy(room, file->path, file->path_n);
    room[file->path_n] = n ? '/' : 0;
    memcpy(room + file->path_n + (n ? 1 : 0), name, n + 1);
    return room;
}

/* A number in decimal; returns the bytes written, the NUL not counted. */
static size_t put_number(char *out, uint64_t number)
{
    char digits[20];
    size_t n = 0;
    do digits[n++] = (char)('0' + number % 10);
    while (number /= 10);
    for (size_t i = 0; i < n; i++) out[i] = digits[n - 1 - i];
    out[n] = 0;
    return n;
}

const char *itsm__file_path_of(const itsm__file *file, char room[ITSM__FILE_PATH], const char *name, uint64_t number,
                               const char *suffix)
{
    itsm__file_path(file, room, name);
    size_t n = strlen(room);
    n += put_number(room + n, number);
    memcpy(room + n, suffix, strlen(suffix) + 1);
    return room;
}

itsm_status itsm__file_sync_parent(const itsm__file *file, itsm_io_note *note)
{
    const itsm_io *io = file->io;
    char path[ITSM__FILE_PATH];
    size_t n = file->path_n;
    itsm__file_path(file, path, "");
    while (n > 1 && path[n - 1] == '/') n--;
    while (n && path[n - 1] != '/') n--;
    while (n > 1 && path[n - 1] == '/') n--;
    if (!n) return io->sync_dir(io->self, ".", note);
    path[n] = 0;
    return io->sync_dir(io->self, path, note);
}

/* Names ----------------------------------------------------------------------------------------------------------- */

typedef struct listing {
    itsm__file *file;
    itsm__file_names *names;
} listing;

/* The number between a prefix and a suffix; 0: that is not such a name. */
static uint64_t number_in(const char *name, const char *prefix, const char *suffix)
{
    size_t n = strlen(prefix);
    uint64_t number = 0;
    if (strncmp(name, prefix, n) || name[n] < '1' || name[n] > '9') return 0;
    for (name += n; *name >= '0' && *name <= '9'; name++) {
        number = number * 10 + (uint64_t)(*name - '0');
        if (number >= ITSM__FILE_SOURCE_MAX) return 0;
    }
    return strcmp(name, suffix) ? 0 : number;
}

static itsm_status add_number(itsm__file *file, uint64_t **list, size_t *n, size_t *capacity, uint64_t number)
{
    itsm_status rc = itsm__grow(&file->memory, list, capacity, *n + 1, sizeof **list);
    if (!rc) (*list)[(*n)++] = number;
    return rc;
}

static itsm_status see_name(void *user, const char *name)
{
    const listing *l = user;
    itsm__file_names *names = l->names;
    uint64_t number;
    if ((number = number_in(name, ITSM__FILE_LOG, "")))
        return add_number(l->file, &names->log, &names->nlog, &names->log_capacity, number);
    if ((number = number_in(name, ITSM__FILE_CHECKPOINT, "")))
        return add_number(l->file, &names->checkpoint, &names->ncheckpoint, &names->checkpoint_capacity, number);
    if ((number = number_in(name, ITSM__FILE_CHECKPOINT, ITSM__FILE_TEMPORARY)))
        return add_number(l->file, &names->unfinished, &names->nunfinished, &names->unfinished_capacity, number);
    if (!strcmp(name, ITSM__FILE_AUDIT)) names->audit = 1;
    else if (strcmp(name, ITSM__FILE_LOCK) && !number_in(name, ITSM__FILE_LOG, ITSM__FILE_TEMPORARY)) names->others = 1;
    return ITSM_OK;
}

/* Few numbers: by insertion. */
static void sort_numbers(uint64_t *list, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        uint64_t number = list[i];
        size_t k = i;
        for (; k && list[k - 1] > number; k--) list[k] = list[k - 1];
        list[k] = number;
    }
}

itsm_status itsm__file_list(itsm__file *file, itsm__file_names *out, itsm_io_note *note)
{
    char path[ITSM__FILE_PATH];
    listing l = {file, out};
    memset(out, 0, sizeof *out);
    itsm_status rc = file->io->list(file->io->self, itsm__file_path(file, path, ""), see_name, &l, note);
    if (rc) {
        itsm__file_names_clear(file, out);
        return rc;
    }
    sort_numbers(out->log, out->nlog);
    sort_numbers(out->checkpoint, out->ncheckpoint);
    return ITSM_OK;
}

void itsm__file_names_clear(const itsm__file *file, itsm__file_names *names)
{
    itsm__free(&file->memory, names->log, names->log_capacity * sizeof *names->log);
    itsm__free(&file->memory, names->checkpoint, names->checkpoint_capacity * sizeof *names->checkpoint);
    itsm__free(&file->memory, names->unfinished, names->unfinished_capacity * sizeof *names->unfinished);
    memset(names, 0, sizeof *names);
}

int itsm__file_has_log(const itsm__file_names *names, uint64_t number)
{
    for (size_t i = 0; i < names->nlog; i++)
        if (names->log[i] == number) return 1;
    return 0;
}

/* The lock -------------------------------------------------------------------------------------------------------- */

enum { HOLDER = 64 };

/* What the holder of the lock wrote into it, in printable letters; "" if that cannot be read. */
static void read_holder(const itsm__file *file, char out[HOLDER])
{
    size_t got = 0, n = 0;
    if (file->io->read(file->io->self, file->lock, 0, out, HOLDER - 1, &got, NULL)) got = 0;
    while (n < got && out[n] >= ' ' && out[n] < 0x7f) n++;
    out[n] = 0;
}

/* For whoever finds the store locked; nothing depends on it, so failures do not matter. */
static void write_holder(const itsm__file *file)
{
    const itsm_io *io = file->io;
    char text[HOLDER];
    if (io->size < sizeof *io || !io->holder) return;
    memset(text, 0, sizeof text);
    io->holder(io->self, text, sizeof text - 1);
    text[strlen(text)] = '\n';
    if (!io->truncate(io->self, file->lock, 0, NULL))
        (void)itsm__file_pwrite(io, file->lock, 0, text, strlen(text), NULL);
}

itsm_status itsm__file_take_lock(itsm__file *file, itsm_ctx *ctx)
{
    const itsm_io *io = file->io;
    char path[ITSM__FILE_PATH], holder[HOLDER];
    const itsm_str where = itsm_str_n(file->path, file->path_n);
    itsm_io_note note;
    itsm_status rc = io->open(io->self, &file->lock, itsm__file_path(file, path, ITSM__FILE_LOCK),
                              ITSM_IO_READ | ITSM_IO_WRITE | ITSM_IO_CREATE, &note);
    if (rc == ITSM_E_NOMEM) return rc;
    if (rc) return itsm__issue(ctx, rc, where, no_text, no_text, "cannot open %s: %s", path, note.text);
    rc = io->lock(io->self, file->lock, &note);
    if (rc == ITSM_E_BUSY) {
        read_holder(file, holder);
        return itsm__issue(ctx, rc, where, no_text, no_text, "the store %s is open already, %s%s", file->path,
                           holder[0] ? "by " : "in this process or in another", holder);
    }
    if (rc == ITSM_E_NOMEM) return rc;
    if (rc) return itsm__issue(ctx, rc, where, no_text, no_text, "cannot lock %s: %s", path, note.text);
    file->is_locked = 1;
    write_holder(file);
    return ITSM_OK;
}

void itsm__file_leave_lock(itsm__file *file)
{
    const itsm_io *io = file->io;
    if (!file->lock) return;
    if (file->is_locked && io->size >= sizeof *io && io->holder) (void)io->truncate(io->self, file->lock, 0, NULL);
    io->close(io->self, file->lock);
    file->lock = NULL;
}

/* Files that appear ----------------------------------------------------------------------------------------------- */

itsm_status itsm__file_take_name(const itsm__file *file, const char *name, uint64_t number, itsm_io_note *note)
{
    char from[ITSM__FILE_PATH], to[ITSM__FILE_PATH];
    itsm__file_path_of(file, from, name, number, ITSM__FILE_TEMPORARY);
    return file->io->rename(file->io->self, from, itsm__file_path_of(file, to, name, number, ""), note);
}

itsm_status itsm__file_new_log(itsm__file *file, itsm__file_part **out, itsm__log_header *header, itsm_io_note *note)
{
    const itsm_io *io = file->io;
    char path[ITSM__FILE_PATH];
    unsigned char bytes[ITSM__LOG_HEADER];
    itsm__file_part *part = NULL;
    itsm__file_path_of(file, path, ITSM__FILE_LOG, header->number, ITSM__FILE_TEMPORARY);
    itsm_status rc = itsm__file_part_open(file, &part, itsm__file_source_of_log(header->number), path,
                                          ITSM_IO_READ | ITSM_IO_WRITE | ITSM_IO_CREATE, note);
    if (rc) return rc;
    itsm__log_header_salted(bytes, header, ITSM__MAGIC_LOG);
    part->salt = header->salt, part->end = sizeof bytes;
    rc = io->truncate(io->self, part->handle, 0, note);
    if (!rc) rc = itsm__file_pwrite(io, part->handle, 0, bytes, sizeof bytes, note);
    if (!rc) rc = io->sync(io->self, part->handle, note);
    if (rc) {
        itsm__file_part_free(file, part);
        (void)io->unlink(io->self, path, NULL);
        return rc;
    }
    *out = part;
    return ITSM_OK;
}

/* Files that go --------------------------------------------------------------------------------------------------- */

static itsm_status remove_name(const itsm__file *file, const char *name, uint64_t number, const char *suffix,
                               itsm_io_note *note)
{
    char path[ITSM__FILE_PATH];
    itsm_status rc = file->io->unlink(file->io->self, itsm__file_path_of(file, path, name, number, suffix), note);
    return rc == ITSM_E_NOT_FOUND ? ITSM_OK : rc;
}

itsm_status itsm__file_remove_but(itsm__file *file, uint64_t older, uint64_t newer, itsm_io_note *note)
{
    itsm__file_names names;
    itsm_status rc = itsm__file_list(file, &names, note), failed = ITSM_OK;
    if (rc) return rc;
    for (size_t i = 0; i < names.ncheckpoint; i++) {
        if (names.checkpoint[i] == older || names.checkpoint[i] == newer) continue;
        rc = remove_name(file, ITSM__FILE_CHECKPOINT, names.checkpoint[i], "", note);
        if (rc && !failed) failed = rc;
    }
    for (size_t i = 0; i < names.nlog; i++) {
        if (names.log[i] >= older) continue;
        rc = remove_name(file, ITSM__FILE_LOG, names.log[i], "", note);
        if (rc && !failed) failed = rc;
    }
    for (size_t i = 0; i < names.nunfinished; i++)
        (void)remove_name(file, ITSM__FILE_CHECKPOINT, names.unfinished[i], ITSM__FILE_TEMPORARY, note);
    itsm__file_names_clear(file, &names);
    return failed;
}
