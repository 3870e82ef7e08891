/* SPDX-License-Identifier: MIT */
/*
 * Reading a checkpoint and the file of audit entries.
 *
 * checkpoint_read goes over the blocks once, in order: the CRC of each head and content, the SHA-256 of all before the
 * end, the counts at the end.  Each piece goes to the caller's function: into the tree (load), to its new place
 * (file_checkpoint.c), or nowhere (check).  O(bytes), and for load a few tree operations per row; pieces come in the
 * order of the tree, which is the fastest order for it.
 *
 * Of the audit entries only the heads of blocks are read when a store is opened: which entries stand where.  Each entry
 * has its leaf hash beside it, with which it is compared when it is read; check reads all of them and compares the root.
 *
 * With salvage, blocks that are damaged are passed over: the next good head is looked for, eight bytes at a time.  Index
 * entries are then made of the rows that were found, so that both agree.
 */
#include "store/file.h"

static const itsm_str no_text = {NULL, 0};

/* Blocks ---------------------------------------------------------------------------------------------------------- */

/* The head of a block at an offset.  ITSM_OK, ITSM_NOTHING: there is none. */
static itsm_status head_at(itsm__file_reader *r, uint64_t offset, itsm__block *out)
{
    const unsigned char *p = NULL;
    if (r->length < ITSM__BLOCK_HEAD || offset > r->length - ITSM__BLOCK_HEAD) return ITSM_NOTHING;
    itsm_status rc = itsm__file_reader_at(r, offset, ITSM__BLOCK_HEAD, &p);
    if (rc) return rc;
    return itsm__block_peek(out, p, r->part->salt) && out->length <= r->length - offset ? ITSM_OK : ITSM_NOTHING;
}

/* The whole block at an offset, its content borrowed until the next call. */
static itsm_status block_at(itsm__file_reader *r, uint64_t offset, itsm__block *out, const unsigned char **bytes)
{
    itsm_status rc = head_at(r, offset, out);
    if (!rc) rc = itsm__file_reader_at(r, offset, out->length, bytes);
    if (rc) return rc;
    return itsm__block_is_whole(out, *bytes + ITSM__BLOCK_HEAD) ? ITSM_OK : ITSM_NOTHING;
}

/* Move to the next offset where a good head stands, or to the end. */
static itsm_status next_head(itsm__file_reader *r, uint64_t *offset)
{
    itsm__block head;
    itsm_status rc = ITSM_NOTHING;
    while (rc == ITSM_NOTHING && *offset < r->length) {
        *offset += 8;
        rc = head_at(r, *offset, &head);
        if (rc == ITSM_NOTHING && *offset + ITSM__BLOCK_HEAD > r->length) *offset = r->length;
    }
    return rc == ITSM_NOTHING ? ITSM_OK : rc;
}

/* Checkpoints ----------------------------------------------------------------------------------------------------- */

typedef struct walk {
    itsm__file_checkpoint_reader *out;
    itsm__file_reader r;
    itsm__sha256 sha256;
    itsm__block block;
    const unsigned char *bytes; /* of the block */
    uint64_t offset, blocks, rows, entries;
    int ended;
} walk;

static itsm_status wrong(itsm__file_checkpoint_reader *out, const char *what)
{
    size_t n = strlen(what);
    memcpy(out->note.text, what, n + 1);
    return ITSM_E_CORRUPT;
}

static itsm_bytes content_of(const walk *w)
{
    itsm_bytes content = {w->bytes + ITSM__BLOCK_HEAD, w->block.length - ITSM__BLOCK_HEAD};
    return content;
}

static itsm_status take_state(walk *w)
{
    itsm__block_state state;
    itsm_bytes content = content_of(w);
    itsm_status rc = itsm__block_next_state(&content, &state);
    if (!rc && w->out->state) rc = w->out->state(w->out->user, &state, content, w->block.pieces);
    return rc;
}

static itsm_status take_rows(walk *w)
{
    itsm_bytes content = content_of(w);
    itsm__block_piece piece;
    for (uint32_t i = 0; i < w->block.pieces; i++) {
        itsm_status rc = itsm__block_next_piece(&content, &piece);
        if (rc) return rc;
        if (piece.index) w->entries++;
        else w->rows++;
        uint64_t at = piece.index ? 0 : w->offset + (uint64_t)((const unsigned char *)piece.body.p - w->bytes);
        if (w->out->piece) rc = w->out->piece(w->out->user, &piece, at);
        if (rc) return rc;
    }
    return itsm__block_rest(content);
}

static itsm_status take_end(walk *w)
{
    itsm__block_end_record end;
    unsigned char digest[32];
    itsm_bytes content = content_of(w);
    itsm_status rc = itsm__block_next_end(&content, &end);
    if (!rc) rc = itsm__block_rest(content);
    if (rc || w->out->damaged) return rc;
    itsm__sha256_end(&w->sha256, digest);
    if (memcmp(digest, end.sha256, sizeof digest)) return wrong(w->out, "its SHA-256 is another");
    if (end.blocks != w->blocks || end.rows != w->rows || end.entries != w->entries)
        return wrong(w->out, "pieces are missing");
    return ITSM_OK;
}

static itsm_status take_block(walk *w)
{
    if (!w->out->damaged && w->block.number != w->blocks) return wrong(w->out, "a block is missing");
    if ((w->block.number == 0) != (w->block.kind == ITSM__BLOCK_STATE)) return wrong(w->out, "a block is out of place");
    itsm_status rc = ITSM_E_CORRUPT;
    switch (w->block.kind) {
    case ITSM__BLOCK_STATE: rc = take_state(w); break;
    case ITSM__BLOCK_ROWS: rc = take_rows(w); break;
    case ITSM__BLOCK_END: rc = take_end(w), w->ended = 1; break;
    default: break;
    }
    if (rc == ITSM_E_CORRUPT && !w->out->note.text[0]) wrong(w->out, "a block does not hold what it says");
    itsm__sha256_add(&w->sha256, w->bytes, w->block.length);
    w->blocks++, w->offset += w->block.length;
    return rc;
}

static itsm_status walk_blocks(walk *w)
{
    const unsigned char *header = NULL;
    itsm_status rc = itsm__file_reader_at(&w->r, 0, ITSM__LOG_HEADER, &header);
    if (rc) return rc;
    itsm__sha256_add(&w->sha256, header, ITSM__LOG_HEADER);
    w->offset = ITSM__LOG_HEADER;
    while (!rc && !w->ended && w->offset < w->r.length) {
        rc = block_at(&w->r, w->offset, &w->block, &w->bytes);
        if (rc == ITSM_NOTHING && w->out->salvage) {
            w->out->damaged = 1;
            rc = next_head(&w->r, &w->offset);
        } else if (rc == ITSM_NOTHING) rc = wrong(w->out, "a block is damaged");
        else if (!rc) rc = take_block(w);
    }
    if (rc || w->out->damaged) return rc;
    if (w->ended && w->offset == w->r.length) return ITSM_OK;
    if (!w->out->salvage) return wrong(w->out, "it has no end");
    w->out->damaged = 1;
    return ITSM_OK;
}

itsm_status itsm__file_checkpoint_read(itsm__file_checkpoint_reader *reader)
{
    walk w;
    memset(&w, 0, sizeof w);
    w.out = reader, reader->note.text[0] = 0, reader->damaged = 0;
    itsm__file_reader_init(&w.r, reader->file, reader->part, reader->part->end);
    itsm__sha256_init(&w.sha256);
    itsm_status rc = w.r.length < ITSM__LOG_HEADER ? wrong(reader, "it is too short") : walk_blocks(&w);
    if (rc && !reader->note.text[0]) reader->note = w.r.note;
    itsm__file_reader_clear(&w.r);
    return rc;
}

/* Into the tree --------------------------------------------------------------------------------------------------- */

typedef struct loading {
    itsm__file *file;
    uint32_t source;
    int salvage, has_state;
    itsm__block_state state;
    uint64_t commit_no; /* before the first commit of the log that follows */
} loading;

static itsm_status load_state(void *user, const itsm__block_state *state, itsm_bytes sequences, uint32_t nsequences)
{
    loading *l = user;
    itsm__block_sequence sequence;
    itsm_status rc = itsm__merkle_restore(&l->file->merkle, state->audit_size, state->hashes, state->nhashes);
    l->state = *state, l->has_state = 1;
    for (uint32_t i = 0; !rc && i < nsequences; i++) {
        rc = itsm__block_next_sequence(&sequences, &sequence);
        if (!rc) rc = itsm__file_set_sequence(l->file, sequence.name, sequence.next, l->commit_no);
    }
    return rc ? rc : itsm__block_rest(sequences);
}

static itsm_status load_piece(void *user, const itsm__block_piece *piece, uint64_t at)
{
    loading *l = user;
    itsm__tree *tree = &l->file->tree;
    itsm__file_key room;
    itsm__file_row row;
    unsigned char value[ITSM__FILE_ROW];
    if (piece->index) {
        if (piece->keys.n > ITSM_STORE_KEY_MAX) return ITSM_E_CORRUPT;
        if (l->salvage) return ITSM_OK;
        return itsm__tree_put(tree, itsm__file_index_key(&room, piece->ref, piece->index, piece->keys), NULL, 0);
    }
    if (piece->crc != itsm__crc32c(0, piece->body.p, piece->body.n)) return ITSM_E_CORRUPT;
    row.rev = piece->rev, row.offset = at, row.body = (uint32_t)piece->body.n, row.crc = piece->crc;
    row.keys = (uint32_t)piece->keys.n, row.source = l->source, row.gone = piece->gone;
    if (l->salvage) return itsm__file_set_row(l->file, piece->ref, &row, piece->keys);
    itsm__file_row_put(value, &row);
    return itsm__tree_put(tree, itsm__file_row_key(&room, piece->ref), value, sizeof value);
}

/* A header that is damaged tells nothing; the blocks carry the salt too. */
static itsm_status guess_salt(const itsm__file *file, itsm__file_part *part)
{
    unsigned char head[ITSM__BLOCK_HEAD];
    itsm_io_note note;
    itsm_status rc = itsm__file_pread(file, part, ITSM__LOG_HEADER, head, sizeof head, &note);
    part->salt = itsm__le64(head + 16);
    return rc;
}

/* Audit entries --------------------------------------------------------------------------------------------------- */

/* Where the blocks of the file of audit entries begin, up to what the checkpoint has of it. */
static itsm_status walk_audit(itsm__file *file, itsm__file_part *part, const loading *l, int *damaged,
                              itsm_io_note *note)
{
    itsm__file_reader r;
    itsm__block head;
    uint64_t place = 0, offset = ITSM__LOG_HEADER;
    itsm_status rc = ITSM_OK;
    itsm__file_reader_init(&r, file, part, part->end);
    while (!rc && offset < part->end) {
        rc = head_at(&r, offset, &head);
        int good = rc == ITSM_OK && head.kind == ITSM__BLOCK_ENTRIES && head.pieces && head.number >= place;
        if (rc < 0) break;
        if (good && (head.number == place || l->salvage)) {
            if (head.number != place) *damaged = 1;
            rc = itsm__file_add_audit(file, part, head.number, offset + ITSM__BLOCK_HEAD, head.pieces);
            place = head.number + head.pieces, offset += head.length;
        } else if (l->salvage) *damaged = 1, rc = next_head(&r, &offset);
        else rc = ITSM_E_CORRUPT;
    }
    if (!rc && place != file->merkle.size) {
        if (!l->salvage) rc = ITSM_E_CORRUPT;
        else *damaged = 1;
        if (!l->has_state) file->merkle.size = place; /* it still tells places */
    }
    if (rc) *note = r.note;
    if (rc == ITSM_E_CORRUPT) memcpy(note->text, "a block of it is damaged", sizeof "a block of it is damaged");
    itsm__file_reader_clear(&r);
    return rc;
}

static itsm_status load_audit(itsm__file *file, itsm_ctx *ctx, const loading *l, int *damaged)
{
    const itsm_io *io = file->io;
    char path[ITSM__FILE_PATH];
    itsm__file_part *part = NULL;
    itsm__log_header header;
    uint64_t length = 0;
    itsm_io_note note;
    note.text[0] = 0;
    itsm__file_path(file, path, ITSM__FILE_AUDIT);
    itsm_status rc = itsm__file_part_open(file, &part, ITSM__FILE_SOURCE_AUDIT, path, ITSM_IO_READ, &note);
    if (rc == ITSM_E_NOT_FOUND) rc = ITSM_E_CORRUPT;
    if (!rc) rc = io->length(io->self, part->handle, &length, &note);
    if (!rc && l->has_state && length < l->state.audit_end) {
        memcpy(note.text, "the file ends too early", sizeof "the file ends too early");
        rc = ITSM_E_CORRUPT;
    }
    if (rc) {
        itsm__file_part_free(file, part);
        return rc == ITSM_E_NOMEM
                   ? rc
                   : itsm__issue(ctx, rc, itsm_str_c(path), no_text, no_text, "cannot read %s: %s", path, note.text);
    }
    part->end = l->has_state ? l->state.audit_end : length;
    if (part->end > length) part->end = length;
    rc = itsm__file_set_add(file, part);
    if (rc) return rc;
    rc = itsm__file_header_read(file, ctx, &header, part, ITSM__MAGIC_AUDIT, 1, path);
    part->salt = header.salt;
    if (rc == ITSM_E_CORRUPT && l->salvage) *damaged = 1, rc = guess_salt(file, part);
    if (rc) return rc;
    rc = walk_audit(file, part, l, damaged, &note);
    return !rc || rc == ITSM_E_NOMEM
               ? rc
               : itsm__issue(ctx, rc, itsm_str_c(path), no_text, no_text, "%s: %s", path, note.text);
}

/* Headers --------------------------------------------------------------------------------------------------------- */

itsm_status itsm__file_header_read(itsm__file *file, itsm_ctx *ctx, itsm__log_header *out, const itsm__file_part *part,
                                   const char *magic, uint64_t number, const char *path)
{
    static const unsigned char nobody[16] = {0};
    unsigned char bytes[ITSM__LOG_HEADER];
    itsm_io_note note;
    itsm_str where = itsm_str_c(path);
    memset(out, 0, sizeof *out);
    itsm_status rc = itsm__file_pread(file, part, 0, bytes, sizeof bytes, &note);
    if (rc == ITSM_E_NOMEM) return rc;
    if (rc && rc != ITSM_E_CORRUPT)
        return itsm__issue(ctx, rc, where, no_text, no_text, "cannot read %s: %s", path, note.text);
    if (!rc) rc = itsm__log_header_read(out, bytes, magic);
    if (rc == ITSM_E_VERSION)
        return itsm__issue(ctx, rc, where, no_text, no_text,
                           "%s was written by a newer version: format %u.%u, features %x", path, (uint64_t)out->major,
                           (uint64_t)out->minor, out->incompatible);
    if (rc)
        return itsm__issue(ctx, rc, where, no_text, no_text,
                           "%s: its first %u bytes are not the beginning of such a file, or damaged", path,
                           (uint64_t)ITSM__LOG_HEADER);
    if (out->number != number || (memcmp(file->header.store, nobody, sizeof nobody) &&
                                  memcmp(file->header.store, out->store, sizeof out->store)))
        return itsm__issue(ctx, ITSM_E_CORRUPT, where, no_text, no_text,
                           "%s belongs to another store, or to another place in it", path);
    if (out->read_only & ~ITSM__LOG_READ_ONLY_KNOWN && !file->read_only)
        file->read_only = 1, file->read_only_why = "the store uses features of a newer version: it can only be read";
    return ITSM_OK;
}

/* Loading --------------------------------------------------------------------------------------------------------- */

static itsm_status open_checkpoint(itsm__file *file, itsm_ctx *ctx, uint64_t number, const char *path, int salvage)
{
    const itsm_io *io = file->io;
    itsm__file_part *part = NULL;
    itsm__log_header header;
    itsm_io_note note;
    itsm_status rc =
        itsm__file_part_open(file, &part, itsm__file_source_of_checkpoint(number), path, ITSM_IO_READ, &note);
    if (!rc) rc = io->length(io->self, part->handle, &part->end, &note);
    if (rc) {
        itsm__file_part_free(file, part);
        return rc == ITSM_E_NOMEM
                   ? rc
                   : itsm__issue(ctx, rc, itsm_str_c(path), no_text, no_text, "cannot read %s: %s", path, note.text);
    }
    rc = itsm__file_set_add(file, part);
    if (rc) return rc;
    rc = itsm__file_header_read(file, ctx, &header, part, ITSM__MAGIC_CHECKPOINT, number, path);
    if (!rc) file->header = header;
    part->salt = header.salt;
    if (rc != ITSM_E_CORRUPT || !salvage) return rc;
    file->missing_from = 1, file->header.first_commit = 1;
    return guess_salt(file, part);
}

itsm_status itsm__file_load(itsm__file *file, itsm_ctx *ctx, uint64_t number, int salvage)
{
    char path[ITSM__FILE_PATH];
    loading l;
    itsm__file_checkpoint_reader reader;
    int damaged = 0;
    memset(&l, 0, sizeof l), memset(&reader, 0, sizeof reader);
    itsm__file_path_of(file, path, ITSM__FILE_CHECKPOINT, number, "");
    itsm_status rc = open_checkpoint(file, ctx, number, path, salvage);
    if (rc) return rc;
    l.file = file, l.source = itsm__file_source_of_checkpoint(number), l.salvage = salvage;
    l.commit_no = file->header.first_commit - 1;
    reader.file = file, reader.part = itsm__file_set_find(file->set, l.source), reader.salvage = salvage;
    reader.piece = load_piece, reader.state = load_state, reader.user = &l;
    rc = itsm__file_checkpoint_read(&reader);
    if (rc)
        return rc == ITSM_E_NOMEM ? rc
                                  : itsm__issue(ctx, rc, itsm_str_c(path), no_text, no_text, "%s is damaged: %s", path,
                                                reader.note.text[0] ? reader.note.text : "a row in it is wrong");
    if (!l.has_state && !salvage)
        return itsm__issue(ctx, ITSM_E_CORRUPT, itsm_str_c(path), no_text, no_text, "%s is damaged", path);
    if (reader.damaged) file->missing_from = 1;
    if (l.state.audit_end || !l.has_state) rc = load_audit(file, ctx, &l, &damaged);
    if (salvage && rc == ITSM_E_CORRUPT) damaged = 1, rc = ITSM_OK;
    if (rc) return rc;
    if (damaged) file->missing_from = 1;
    file->commit_no = l.commit_no;
    file->sealed = file->merkle, file->audit_end = l.state.audit_end;
    file->checkpoint = number, file->checkpoint_size = reader.part->end;
    return ITSM_OK;
}

/* Checking -------------------------------------------------------------------------------------------------------- */

itsm_status itsm__file_check_audit(itsm__file *file, const itsm_call *call, const itsm__file_part *part, uint64_t end,
                                   const itsm__merkle *sealed)
{
    itsm__file_reader r;
    itsm__merkle tree;
    itsm__merkle_hash root, wanted;
    uint64_t offset = ITSM__LOG_HEADER;
    itsm_status rc = ITSM_OK;
    itsm__merkle_init(&tree);
    itsm__file_reader_init(&r, file, part, end);
    while (!rc && offset < end) {
        itsm__block block;
        const unsigned char *p = NULL;
        rc = block_at(&r, offset, &block, &p);
        if (rc < 0)
            return itsm__file_reader_clear(&r),
                   itsm__file_say(call, rc, "cannot read %s: %s", ITSM__FILE_AUDIT, r.note.text);
        itsm_bytes content = {p + ITSM__BLOCK_HEAD, rc ? 0 : block.length - ITSM__BLOCK_HEAD};
        for (uint32_t i = 0; !rc && i < block.pieces; i++) {
            itsm__merkle_hash leaf, own;
            itsm_bytes entry;
            rc = itsm__block_next_entry(&content, &leaf, &entry);
            if (rc) break;
            itsm__merkle_leaf(&own, entry);
            if (memcmp(own.b, leaf.b, sizeof own.b)) rc = ITSM_E_CORRUPT;
            itsm__merkle_add_leaf(&tree, &leaf);
        }
        if (!rc) rc = itsm__block_rest(content);
        if (!rc) offset += block.length;
    }
    itsm__file_reader_clear(&r);
    if (rc) return itsm__file_say(call, ITSM_E_CORRUPT, "%s is damaged at byte %u", ITSM__FILE_AUDIT, offset);
    itsm__merkle_root(&root, &tree), itsm__merkle_root(&wanted, sealed);
    if (tree.size == sealed->size && !memcmp(root.b, wanted.b, sizeof root.b)) return ITSM_OK;
    return itsm__file_say(call, ITSM_E_CORRUPT, "%s does not give the root of its entries", ITSM__FILE_AUDIT);
}
