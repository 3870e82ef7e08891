/* SPDX-License-Identifier: MIT */
/*
 * A fixed story of commits and what a store must hold after each of them, for tests that stop a store in the middle.
 * Commit i (from 1) writes row (i mod 5) + 1 with revision i, deletes it when i is a multiple of 7, gives it a unique
 * key and one that many share, and adds one audit entry.  So the number of audit entries says how many commits there are.
 */
#ifndef ITSM_TESTS_STORE_SCRIPT_H
#define ITSM_TESTS_STORE_SCRIPT_H

#include <itsm/store.h>

#include <stdio.h>
#include <stdlib.h>

enum { SCRIPT_TYPE = 9, SCRIPT_ROWS = 5 };

/* Random bytes for tests: the same every time. */
static inline itsm_status script_random(void *self, void *out, size_t n)
{
    uint64_t *state = (uint64_t *)self;
    unsigned char *p = (unsigned char *)out;
    for (size_t i = 0; i < n; i++) {
        *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        p[i] = (unsigned char)(*state >> 56);
    }
    return ITSM_OK;
}

static inline itsm_ref script_ref(uint64_t i)
{
    itsm_ref ref = {SCRIPT_TYPE, {0, i % SCRIPT_ROWS + 1}};
    return ref;
}

static inline size_t script_body(char *out, uint64_t i)
{
    size_t n = (size_t)(i * 37 % 60) + 1;
    for (size_t k = 0; k < n; k++) out[k] = (char)('a' + (i + k) % 26);
    return n;
}

/* Whether the row of commit i is there after it. */
static inline int script_is_put(uint64_t i)
{
    return i % 7 != 0;
}

/* The last commit up to k that wrote row r (1 to 5); 0: none. */
static inline uint64_t script_last(uint64_t k, uint64_t r)
{
    while (k && k % SCRIPT_ROWS + 1 != r) k--;
    return k;
}

static inline itsm_status script_commit(itsm_ctx *ctx, itsm_store *store, uint64_t i)
{
    char body[64], unique[32], entry[48];
    itsm_index_key keys[2];
    itsm_bytes audit;
    itsm_op op;
    itsm_batch batch = ITSM_BATCH_INIT;
    itsm_applied applied = ITSM_APPLIED_INIT;
    uint64_t before = i > SCRIPT_ROWS ? i - SCRIPT_ROWS : 0;

    memset(&op, 0, sizeof op), memset(keys, 0, sizeof keys);
    op.row.ref = script_ref(i), op.row.rev = i;
    op.expect = before && script_is_put(before) ? before : ITSM_REV_NONE;
    op.kind = script_is_put(i) ? ITSM_PUT : ITSM_DEL;
    if (op.kind == ITSM_DEL && op.expect == ITSM_REV_NONE) op.kind = ITSM_CHECK;
    op.row.body.p = body, op.row.body.n = script_body(body, i);
    keys[0].index = 1, keys[0].unique = 1, keys[0].key.p = unique;
    keys[0].key.n = (size_t)snprintf(unique, sizeof unique, "key %06u", (unsigned)i);
    keys[1].index = 2, keys[1].key.p = "shared", keys[1].key.n = 6;
    op.keys = keys, op.nkeys = 2;
    audit.p = entry, audit.n = (size_t)snprintf(entry, sizeof entry, "entry of commit %u", (unsigned)i);
    batch.ops = &op, batch.nops = 1, batch.audit = &audit, batch.naudit = 1;
    return itsm_store_apply(&applied, ctx, store, &batch, NULL);
}

static inline int script_wrong(char *why, const char *what, uint64_t k)
{
    sprintf(why, "after %u commits: %s", (unsigned)k, what);
    return 0;
}

/* The number of audit entries; each is compared with the story.  UINT64_MAX: something is wrong. */
static inline uint64_t script_entries(itsm_ctx *ctx, itsm_view *view, char *why)
{
    itsm_cursor cursor = ITSM_CURSOR_INIT;
    itsm_row row;
    itsm_status rc = itsm_store_audit_scan(&cursor, ctx, view, 0);
    uint64_t k = 0;
    while (!rc && !(rc = itsm_store_next(&row, ctx, &cursor))) {
        char entry[48];
        size_t n = (size_t)snprintf(entry, sizeof entry, "entry of commit %u", (unsigned)k + 1);
        if (row.ref.id.lo != k || row.body.n != n || memcmp(row.body.p, entry, n)) rc = ITSM_E_INVALID;
        k++;
    }
    itsm_store_cursor_close(&cursor);
    if (rc == ITSM_DONE) return k;
    sprintf(why, "audit entry %u: status %d", (unsigned)k, rc);
    return UINT64_MAX;
}

static inline int script_check_row(itsm_ctx *ctx, itsm_view *view, uint64_t k, uint64_t r, char *why)
{
    char body[64];
    itsm_row row;
    uint64_t last = script_last(k, r);
    itsm_ref ref = {SCRIPT_TYPE, {0, r}};
    itsm_status rc = itsm_store_get(&row, ctx, view, ref);
    if (!last || !script_is_put(last)) return rc == ITSM_NOTHING ? 1 : script_wrong(why, "a row too many", k);
    if (rc) return script_wrong(why, "a row is missing", k);
    size_t n = script_body(body, last);
    if (row.rev != last || row.body.n != n || memcmp(row.body.p, body, n))
        return script_wrong(why, "a row is not as it was written", k);
    return 1;
}

/* An index must have exactly the rows that are there, once each. */
static inline int script_check_index(itsm_ctx *ctx, itsm_view *view, uint64_t k, uint32_t index, char *why)
{
    itsm_range range = ITSM_RANGE_INIT;
    itsm_cursor cursor = ITSM_CURSOR_INIT;
    itsm_row row;
    uint64_t expected = 0, found = 0, last = 0;
    for (uint64_t r = 1; r <= SCRIPT_ROWS; r++) expected += script_last(k, r) && script_is_put(script_last(k, r));
    range.type = SCRIPT_TYPE, range.index = index;
    itsm_status rc = itsm_store_scan(&cursor, ctx, view, &range);
    while (!rc && !(rc = itsm_store_next(&row, ctx, &cursor))) {
        if (index == 1 && row.rev <= last) return script_wrong(why, "an index is out of order", k);
        found++, last = row.rev;
    }
    itsm_store_cursor_close(&cursor);
    return rc == ITSM_DONE && found == expected ? 1 : script_wrong(why, "an index has the wrong rows", k);
}

/* How many commits the store holds, all of it compared with the story; UINT64_MAX and `why` if it is no prefix. */
static inline uint64_t script_check(itsm_ctx *ctx, itsm_store *store, char why[128])
{
    itsm_view view = ITSM_VIEW_INIT;
    itsm_status rc = itsm_store_view_open(&view, ctx, store, NULL);
    if (rc) {
        sprintf(why, "no view: status %d", rc);
        return UINT64_MAX;
    }
    uint64_t k = script_entries(ctx, &view, why);
    int good = k != UINT64_MAX;
    for (uint64_t r = 1; good && r <= SCRIPT_ROWS; r++) good = script_check_row(ctx, &view, k, r, why);
    for (uint32_t index = 0; good && index <= 2; index++) good = script_check_index(ctx, &view, k, index, why);
    itsm_store_view_close(&view);
    return good ? k : UINT64_MAX;
}

#endif
