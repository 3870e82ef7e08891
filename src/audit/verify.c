/* SPDX-License-Identifier: MIT */
/*
 * Verifying the log of a store: one pass over its sealed entries, from one view.
 *
 * The tree is computed from the bytes of the entries alone, never from anything the store says about them, and its
 * root compared when as many entries were added as the outside checkpoint covers.  A log that is shorter than that is
 * truncated or rolled back, whatever else holds.  Verifying does not stop at the first problem; what was found is
 * kept aside until the end, since the calls in between use the context too.
 */
#include "audit/log.h"

#include "base/ctx.h"

enum { FINDINGS = 100 };

enum { FOUND_PLACE, FOUND_ENTRY, FOUND_VERSION, FOUND_HISTORY, FOUND_ROOT, FOUND_TRUNCATED };

static const struct {
    itsm_status code;
    const char *rule, *format; /* of two numbers at most */
} words[] = {
    {ITSM_E_CORRUPT, "place", "place %u of the log is missing: %u stands there"},
    {ITSM_E_CORRUPT, "entry", "entry %u is damaged"},
    {ITSM_E_VERSION, "entry", "entry %u is of a newer format"},
    {ITSM_E_CORRUPT, "history", "entry %u does not fit the history: one of them was changed"},
    {ITSM_E_CORRUPT, "root", "the first %u entries are not those of the checkpoint"},
    {ITSM_E_CORRUPT, "truncated", "the log has %u entries, the checkpoint covers %u"},
};

typedef struct finding {
    unsigned what;
    uint64_t a, b;
} finding;

typedef struct verifying {
    const itsm_audit_checkpoint *expected;
    itsm_audit_check_fn check;
    void *user;
    itsm__merkle tree;
    itsm_audit_result result;
    itsm_status status;
    finding findings[FINDINGS];
} verifying;

static void found(verifying *v, unsigned what, uint64_t a, uint64_t b)
{
    if (v->result.bad < FINDINGS) {
        finding *f = &v->findings[v->result.bad];
        f->what = what, f->a = a, f->b = b;
    }
    v->result.bad++;
    if (v->status != ITSM_E_CORRUPT) v->status = words[what].code;
}

static void compare_root(verifying *v)
{
    itsm__merkle_hash root;
    if (!v->expected || v->tree.size != v->expected->count) return;
    itsm__merkle_root(&root, &v->tree);
    if (memcmp(root.b, v->expected->root, sizeof root.b) != 0) found(v, FOUND_ROOT, v->tree.size, 0);
}

/* ITSM_OK, or what stops it all. */
static itsm_status verify_entry(verifying *v, uint64_t place, itsm_bytes bytes)
{
    itsm_audit_entry entry = ITSM_AUDIT_ENTRY_INIT;
    itsm_status rc = itsm_audit_decode(&entry, bytes);
    if (rc != ITSM_OK) {
        found(v, rc == ITSM_E_VERSION ? FOUND_VERSION : FOUND_ENTRY, place, 0);
        return ITSM_OK;
    }
    if (!v->check) return ITSM_OK;
    rc = v->check(v->user, place, &entry);
    if (rc == ITSM_OK) v->result.checked++;
    else if (rc == ITSM_NOTHING) v->result.gone++;
    else if (rc == ITSM_E_CORRUPT) found(v, FOUND_HISTORY, place, 0);
    else return rc;
    return ITSM_OK;
}

static itsm_status verify_all(verifying *v, itsm__log *log)
{
    itsm_bytes bytes;
    uint64_t place = 0;
    compare_root(v);
    for (uint64_t next = 0;; next = place + 1) {
        itsm_status rc = itsm__log_next(&bytes, &place, log);
        if (rc == ITSM_DONE) break;
        if (rc == ITSM_OK && place != next) found(v, FOUND_PLACE, next, place);
        if (rc == ITSM_OK) rc = verify_entry(v, place, bytes);
        if (rc != ITSM_OK) return rc;
        itsm__merkle_add(&v->tree, bytes);
        compare_root(v);
    }
    if (v->expected && v->tree.size < v->expected->count) found(v, FOUND_TRUNCATED, v->tree.size, v->expected->count);
    return ITSM_OK;
}

static void report(const verifying *v, itsm_ctx *ctx)
{
    static const itsm_str nothing = {NULL, 0};
    for (size_t i = 0; i < v->result.bad && i < FINDINGS; i++) {
        const finding *f = &v->findings[i];
        (void)itsm__issue(ctx, words[f->what].code, nothing, itsm_str_c(words[f->what].rule), nothing,
                          words[f->what].format, f->a, f->b);
    }
}

itsm_status itsm_audit_verify(itsm_audit_result *out, itsm_ctx *ctx, itsm_store *store,
                              const itsm_audit_checkpoint *expected, itsm_audit_check_fn check, void *user)
{
    itsm__log log;
    itsm__merkle_hash root;
    verifying v;
    itsm__issues_clear(ctx);
    if (!out || out->size < sizeof *out || !ctx || !store) return ITSM_E_MISUSE;
    if (expected && expected->size < sizeof *expected) return ITSM_E_MISUSE;
    memset(&v, 0, sizeof v);
    v.expected = expected, v.check = check, v.user = user;
    itsm__merkle_init(&v.tree);
    itsm_status rc = itsm__log_open(&log, ctx, store, 0);
    if (rc != ITSM_OK) return rc;
    rc = verify_all(&v, &log);
    itsm__log_close(&log);
    if (rc == ITSM_OK) itsm__issues_clear(ctx);
    report(&v, ctx);
    itsm__merkle_root(&root, &v.tree);
    v.result.size = out->size, v.result.count = v.tree.size;
    memcpy(v.result.root, root.b, sizeof v.result.root);
    memcpy(out, &v.result, sizeof v.result);
    return rc == ITSM_OK ? v.status : rc;
}
