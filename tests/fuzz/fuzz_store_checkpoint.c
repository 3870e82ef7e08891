/* SPDX-License-Identifier: MIT */
/*
 * A hostile checkpoint and hostile audit entries: whatever they hold, opening them gives a store that can be read and
 * written, or a status.  The first byte of the input chooses: bit 0, blocks are repaired (lengths kept, checksums, numbers,
 * end and leaf hashes made right) so that the content behind them is reached; bit 1, it is opened for salvage.  Two
 * bytes say how long the blocks of the checkpoint are; the rest are those of the audit entries.
 */
#include "../fault/simulated_io.h"
#include "../fault/store_script.h"

#include "base/bits.h"
#include "store/block.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { SALT = 7 };

/* The file being made: a header, blocks, room for an end. */
static unsigned char file[(1 << 17) + ITSM__LOG_HEADER + 256];

static size_t begin(const char *magic, uint64_t number, const uint8_t *data, size_t n)
{
    itsm__log_header header;
    memset(&header, 0, sizeof header), memset(file, 0, sizeof file);
    header.major = ITSM__LOG_MAJOR, header.salt = SALT, header.number = number, header.first_commit = 1;
    itsm__log_header_write(file, &header, magic);
    if (n) memcpy(file + ITSM__LOG_HEADER, data, n);
    return ITSM__LOG_HEADER + (n & ~(size_t)7);
}

static void seal(unsigned char *p, uint32_t length, uint32_t kind, uint32_t pieces, uint64_t number)
{
    memcpy(p, "itsB", 4);
    itsm__put_le32(p + 4, length), itsm__put_le64(p + 16, SALT), itsm__put_le64(p + 24, number);
    itsm__put_le32(p + 32, kind), itsm__put_le32(p + 36, pieces);
    itsm__put_le32(p + 8, itsm__crc32c(0, p + ITSM__BLOCK_HEAD, length - ITSM__BLOCK_HEAD));
    itsm__put_le32(p + 12, itsm__crc32c(itsm__crc32c(0, p, 12), p + 16, ITSM__BLOCK_HEAD - 16));
}

static uint32_t length_at(size_t at, size_t n)
{
    uint32_t length = itsm__le32(file + at + 4) & ~(uint32_t)7;
    return length < ITSM__BLOCK_HEAD || length > n - at ? (uint32_t)(n - at) : length;
}

/* The pieces of a block of rows that can be read, each body with its checksum. */
static uint32_t count_pieces(unsigned char *p, uint32_t length, itsm__block_end_record *end)
{
    itsm_bytes content = {p + ITSM__BLOCK_HEAD, length - ITSM__BLOCK_HEAD};
    itsm__block_piece piece;
    uint32_t n = 0;
    while (content.n > 7 && itsm__block_next_piece(&content, &piece) == ITSM_OK) {
        n++;
        if (piece.index) end->entries++;
        else end->rows++;
        if (!piece.index)
            itsm__put_le32(p + ((const unsigned char *)piece.body.p - p) - 12,
                           itsm__crc32c(0, piece.body.p, piece.body.n));
    }
    return n;
}

/* Blocks that follow one another, and an end that fits them; the length of all. */
static size_t repair(size_t n, uint64_t audit_end)
{
    size_t at = ITSM__LOG_HEADER;
    itsm__block_end_record end;
    unsigned char *p;
    memset(&end, 0, sizeof end);
    for (; n >= ITSM__BLOCK_HEAD && at <= n - ITSM__BLOCK_HEAD; end.blocks++) {
        uint32_t length = length_at(at, n), pieces = itsm__le32(file + at + 36) & 7;
        p = file + at;
        if (!end.blocks && length >= ITSM__BLOCK_HEAD + 16) itsm__put_le64(p + ITSM__BLOCK_HEAD + 8, audit_end);
        if (end.blocks) pieces = count_pieces(p, length, &end);
        seal(p, length, end.blocks ? ITSM__BLOCK_ROWS : ITSM__BLOCK_STATE, pieces, end.blocks);
        at += length;
    }
    itsm__sha256_of(end.sha256, file, at);
    p = file + at;
    itsm__put_le64(p + ITSM__BLOCK_HEAD, end.blocks), itsm__put_le64(p + ITSM__BLOCK_HEAD + 8, end.rows);
    itsm__put_le64(p + ITSM__BLOCK_HEAD + 16, end.entries), memcpy(p + ITSM__BLOCK_HEAD + 24, end.sha256, 32);
    seal(p, ITSM__BLOCK_HEAD + 56, ITSM__BLOCK_END, 1, end.blocks);
    return at + ITSM__BLOCK_HEAD + 56;
}

static size_t repair_audit(size_t n)
{
    size_t at = ITSM__LOG_HEADER;
    for (uint64_t place = 0; n >= ITSM__BLOCK_HEAD && at <= n - ITSM__BLOCK_HEAD;) {
        uint32_t length = length_at(at, n), pieces = 0;
        itsm_bytes content = {file + at + ITSM__BLOCK_HEAD, length - ITSM__BLOCK_HEAD}, entry;
        itsm__merkle_hash leaf;
        while (content.n > 7 && itsm__block_next_entry(&content, &leaf, &entry) == ITSM_OK) {
            itsm__merkle_leaf(&leaf, entry);
            memcpy(file + at + ((const unsigned char *)entry.p - (file + at)) - 32, leaf.b, sizeof leaf.b);
            pieces++;
        }
        seal(file + at, length, ITSM__BLOCK_ENTRIES, pieces, place);
        place += pieces, at += length;
    }
    return at;
}

static void read_everything(itsm_ctx *ctx, itsm_store *store)
{
    itsm_view view = ITSM_VIEW_INIT;
    if (itsm_store_view_open(&view, ctx, store, NULL)) abort();
    for (uint32_t i = 0; i < 8; i++) {
        itsm_range range = ITSM_RANGE_INIT;
        itsm_cursor cursor = ITSM_CURSOR_INIT;
        itsm_row row;
        range.type = i < 4 ? i : SCRIPT_TYPE, range.index = i & 3, range.descending = i & 1;
        itsm_status rc = itsm_store_scan(&cursor, ctx, &view, &range);
        for (int n = 0; !rc && n < 1000; n++) rc = itsm_store_next(&row, ctx, &cursor);
        itsm_store_cursor_close(&cursor);
        rc = itsm_store_audit_scan(&cursor, ctx, &view, i);
        for (int n = 0; !rc && n < 1000; n++) rc = itsm_store_next(&row, ctx, &cursor);
        itsm_store_cursor_close(&cursor);
    }
    itsm_store_view_close(&view);
}

static itsm_status see_item(void *user, const itsm_file_item *item)
{
    (void)user;
    return item->size ? ITSM_OK : ITSM_E_INVALID;
}

/* What is open can be told, copied and written on. */
static void use(itsm_ctx *ctx, itsm_store *store)
{
    itsm_file_info info = ITSM_FILE_INFO_INIT;
    if (itsm_file_info_read(&info, ctx, store)) abort();
    itsm_status rc = itsm_file_each(ctx, store, see_item, NULL);
    if (rc && rc != ITSM_E_CORRUPT) abort();
    rc = script_commit(ctx, store, 1);
    if (rc && rc != ITSM_E_CONFLICT && rc != ITSM_E_UNIQUE && rc != ITSM_E_READONLY && rc != ITSM_E_CORRUPT) abort();
    rc = itsm_store_maintain(ctx, store, ITSM_MAINTAIN_CHECK, NULL);
    if (rc && rc != ITSM_E_CORRUPT) abort();
    rc = itsm_store_maintain(ctx, store, ITSM_MAINTAIN_CHECKPOINT, NULL);
    if (rc && rc != ITSM_E_READONLY && rc != ITSM_E_CORRUPT) abort();
    rc = itsm_file_backup(ctx, store, ITSM_STR("copy"));
    if (rc && rc != ITSM_E_CORRUPT) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint64_t seed = 1;
    struct sim sim;
    itsm_random random = {sizeof random, script_random, &seed};
    itsm_ctx_options with = ITSM_CTX_OPTIONS_INIT;
    itsm_file_options options = ITSM_FILE_OPTIONS_INIT;
    itsm_ctx *ctx = NULL;
    itsm_store *store = NULL;
    if (size < 3 || size > 1 << 16) return 0;
    unsigned choice = data[0];
    size_t rows = (size_t)(data[1] | data[2] << 8), rest = size - 3;
    if (rows > rest) rows = rest;
    sim_init(&sim);
    sim_add(&sim, "d", -1);
    size_t n = begin(ITSM__MAGIC_AUDIT, 1, data + 3 + rows, rest - rows), audit_end;
    audit_end = choice & 1 ? repair_audit(n) : n;
    sim_put(&sim, "d/audit-1", file, audit_end);
    n = begin(ITSM__MAGIC_CHECKPOINT, 2, data + 3, rows);
    if (choice & 1) n = repair(n, audit_end > ITSM__LOG_HEADER ? audit_end : 0);
    sim_put(&sim, "d/ckpt-2", file, n);
    n = begin(ITSM__MAGIC_LOG, 2, NULL, 0);
    sim_put(&sim, "d/log-2", file, n);
    with.random = &random;
    options.preallocate = 64, options.flags = choice & 2 ? ITSM_FILE_READONLY | ITSM_FILE_SALVAGE : 0;
    if (itsm_ctx_new(&ctx, &with)) abort();
    for (int again = 0; again < 2; again++) { /* what was opened once opens again */
        itsm_status rc = itsm_store_file(&store, ctx, &sim.io, ITSM_STR("d"), &options);
        if (rc && (again || (rc != ITSM_E_CORRUPT && rc != ITSM_E_NOMEM))) abort();
        if (rc) break;
        read_everything(ctx, store);
        if (!again) use(ctx, store);
        itsm_store_free(store);
    }
    itsm_ctx_free(ctx);
    sim_clear(&sim);
    return 0;
}
