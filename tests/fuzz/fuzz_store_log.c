/* SPDX-License-Identifier: MIT */
/*
 * A hostile log: whatever it holds, opening it gives a store that can be read and written, or a status.  The first byte
 * of the input chooses: bit 0, frames are repaired (lengths kept, checksums and numbers made right) so that the content
 * behind them is reached; bit 1, it is opened for salvage.  The rest stands behind a good header, or is the whole file
 * if bit 2 is set.
 */
#include "../fault/simulated_io.h"
#include "../fault/store_script.h"

#include "base/bits.h"
#include "store/frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Give each frame that looks like one the salt, number, tree size and checksum it needs. */
static void repair(unsigned char *p, size_t n)
{
    size_t at = ITSM__LOG_HEADER;
    itsm__merkle tree;
    itsm__merkle_init(&tree);
    for (uint64_t commit = 1; n >= ITSM__FRAME_HEAD && at <= n - ITSM__FRAME_HEAD; commit++) {
        itsm__frame frame;
        itsm__frame_cursor cursor;
        itsm__frame_op op;
        itsm_bytes entry;
        itsm__merkle_hash root;
        uint32_t length = itsm__le32(p + at + 4) & ~(uint32_t)7;
        if (length < ITSM__FRAME_HEAD || length > n - at) length = (uint32_t)((n - at) & ~(size_t)7);
        memcpy(p + at, "itsF", 4);
        itsm__put_le32(p + at + 4, length), itsm__put_le32(p + at + 12, 1 + (p[at + 12] & 1));
        itsm__put_le64(p + at + 16, 7), itsm__put_le64(p + at + 24, commit), itsm__put_le64(p + at + 32, commit - 1);
        if (!itsm__frame_peek(&frame, p + at, 7)) return;
        itsm__frame_walk(&cursor, &frame);
        while (itsm__frame_next_op(&cursor, &op) == ITSM_OK) {
            size_t body = (size_t)((const unsigned char *)op.body.p - p);
            itsm__put_le32(p + body - 12, itsm__crc32c(0, op.body.p, op.body.n));
        }
        while (itsm__frame_next_audit(&cursor, &entry) == ITSM_OK) itsm__merkle_add(&tree, entry);
        itsm__merkle_root(&root, &tree);
        itsm__put_le64(p + at + 48, tree.size), memcpy(p + at + 56, root.b, sizeof root.b);
        itsm__put_le32(p + at + 8, itsm__crc32c(itsm__crc32c(0, p + at, 8), p + at + 12, length - 12));
        at += length;
    }
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

/* One more commit goes in and is there afterwards. */
static void write_one(itsm_ctx *ctx, itsm_store *store)
{
    uint64_t first;
    itsm_status rc = script_commit(ctx, store, 1);
    if (rc && rc != ITSM_E_CONFLICT && rc != ITSM_E_UNIQUE && rc != ITSM_E_READONLY && rc != ITSM_E_CORRUPT) abort();
    rc = itsm_store_reserve(&first, ctx, store, "s", 3, NULL);
    if (rc && rc != ITSM_E_READONLY && rc != ITSM_E_RANGE) abort();
    rc = itsm_store_maintain(ctx, store, ITSM_MAINTAIN_COMPACT, NULL);
    if (rc && rc != ITSM_E_READONLY && rc != ITSM_E_CORRUPT) abort();
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
    if (size < 1 || size > 1 << 16) return 0;
    unsigned choice = data[0];
    size_t before = choice & 4 ? 0 : ITSM__LOG_HEADER, n = before + size - 1;
    unsigned char *log = (unsigned char *)calloc(1, n + 8);
    if (!log) abort();
    if (before) {
        itsm__log_header header;
        memset(&header, 0, sizeof header);
        header.major = ITSM__LOG_MAJOR, header.salt = 7, header.number = 1, header.first_commit = 1;
        itsm__log_header_write(log, &header, ITSM__MAGIC_LOG);
    }
    memcpy(log + before, data + 1, size - 1);
    if ((choice & 1) && n > ITSM__LOG_HEADER) repair(log, n);
    sim_init(&sim);
    sim_add(&sim, "d", -1);
    sim_put(&sim, "d/log-1", log, n);
    free(log);
    with.random = &random;
    options.preallocate = 64, options.flags = choice & 2 ? ITSM_FILE_READONLY | ITSM_FILE_SALVAGE : 0;
    if (itsm_ctx_new(&ctx, &with)) abort();
    for (int again = 0; again < 2; again++) { /* what was opened once opens again */
        itsm_status rc = itsm_store_file(&store, ctx, &sim.io, ITSM_STR("d"), &options);
        if (rc && (again || (rc != ITSM_E_CORRUPT && rc != ITSM_E_VERSION && rc != ITSM_E_NOMEM))) abort();
        if (rc) break;
        read_everything(ctx, store);
        if (!again) write_one(ctx, store);
        itsm_store_free(store);
    }
    itsm_ctx_free(ctx);
    sim_clear(&sim);
    return 0;
}
