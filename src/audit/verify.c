/* SPDX-License-Identifier: MIT */
/*
 * Verifying the log of a store: one pass over its sealed entries, from one view.
 *
 * The tree is computed from the bytes of the entries alone, never from anything the store says about them, and its
 * root compared when as many entries were added as the outside checkpoint covers.  A log that is shorter than that is
 * truncated or rolled back, whatever else holds.  Verifying does not stop at the first problem; what was found is
 * kept aside until the end, since the calls in between use the context too.
 */
#include "audit/verify.h"

#include "base/ctx.h"
#include "base/text.h"

static const itsm_ref nowhere = {0, {0, 0}};

void itsm__verifier_init(itsm__verifier *v, const itsm_audit_checkpoint *expected, itsm_audit_check_fn check,
                         void *user)
{
    memset(v, 0, sizeof *v);
    v->expected = expected, v->check = check, v->user = user;
    itsm__merkle_init(&v->tree);
}

void itsm__found(itsm__verifier *v, itsm_status code, const char *rule, const char *format, itsm_ref ref, uint64_t a,
                 uint64_t b, uint64_t c)
{
    if (v->result.bad < ITSM__FINDINGS) {
        itsm__finding *f = &v->findings[v->result.bad];
        f->code = code, f->rule = rule, f->format = format, f->ref = ref;
        f->numbers[0] = a, f->numbers[1] = b, f->numbers[2] = c;
    }
    v->result.bad++;
    if (v->status != ITSM_E_CORRUPT) v->status = code;
}

static void compare_root(itsm__verifier *v)
{
    itsm__merkle_hash root;
    if (!v->expected || v->tree.size != v->expected->count) return;
    itsm__merkle_root(&root, &v->tree);
    if (memcmp(root.b, v->expected->root, sizeof root.b) != 0)
        itsm__found(v, ITSM_E_CORRUPT, "root", "the first %u entries are not those of the checkpoint", nowhere,
                    v->tree.size, 0, 0);
}

/* ITSM_OK, or what stops it all. */
static itsm_status verify_entry(itsm__verifier *v, uint64_t place, itsm_bytes bytes)
{
    itsm_audit_entry entry = ITSM_AUDIT_ENTRY_INIT;
    itsm_status rc = itsm_audit_decode(&entry, bytes);
    if (rc == ITSM_E_VERSION) {
        itsm__found(v, rc, "entry", "entry %u is of a newer format", nowhere, place, 0, 0);
        return ITSM_OK;
    }
    if (rc != ITSM_OK) {
        itsm__found(v, ITSM_E_CORRUPT, "entry", "entry %u is damaged", nowhere, place, 0, 0);
        return ITSM_OK;
    }
    if (!v->check) return ITSM_OK;
    rc = v->check(v->user, place, &entry);
    if (rc == ITSM_OK) v->result.checked++;
    else if (rc == ITSM_NOTHING) v->result.gone++;
    else if (rc == ITSM_E_CORRUPT)
        itsm__found(v, rc, "history", "entry %u does not fit the history: one of them was changed", entry.ref, place, 0,
                    0);
    else return rc;
    return ITSM_OK;
}

itsm_status itsm__verify_log(itsm__verifier *v, itsm__log *log)
{
    itsm_bytes bytes;
    uint64_t place = 0;
    compare_root(v);
    for (uint64_t next = 0;; next = place + 1) {
        itsm_status rc = itsm__log_next(&bytes, &place, log);
        if (rc == ITSM_DONE) break;
        if (rc == ITSM_OK && place != next)
            itsm__found(v, ITSM_E_CORRUPT, "place", "place %u of the log is missing: %u stands there", nowhere, next,
                        place, 0);
        if (rc == ITSM_OK) rc = verify_entry(v, place, bytes);
        if (rc != ITSM_OK) return rc;
        itsm__merkle_add(&v->tree, bytes);
        compare_root(v);
    }
    if (v->expected && v->tree.size < v->expected->count)
        itsm__found(v, ITSM_E_CORRUPT, "truncated", "the log has %u entries, the checkpoint covers %u", nowhere,
                    v->tree.size, v->expected->count, 0);
    return ITSM_OK;
}

static void report(const itsm__verifier *v, itsm_ctx *ctx, itsm__name_fn name, void *user)
{
    itsm_buf where = ITSM_BUF_INIT;
    itsm_buf_init(&where, ctx);
    for (size_t i = 0; i < v->result.bad && i < ITSM__FINDINGS; i++) {
        const itsm__finding *f = &v->findings[i];
        where.n = 0;
        if (name && f->ref.type && name(user, &where, f->ref)) where.n = 0;
        (void)itsm__issue(ctx, f->code, itsm_buf_str(&where), itsm_str_c(f->rule), itsm__no_text(), f->format,
                          f->numbers[0], f->numbers[1], f->numbers[2]);
    }
    itsm_buf_clear(&where);
}

itsm_status itsm__verifier_end(itsm_audit_result *out, itsm__verifier *v, itsm_ctx *ctx, itsm_status rc,
                               itsm__name_fn name, void *user)
{
    itsm__merkle_hash root;
    if (rc == ITSM_OK) itsm__issues_clear(ctx);
    report(v, ctx, name, user);
    itsm__merkle_root(&root, &v->tree);
    v->result.size = out->size, v->result.count = v->tree.size;
    memcpy(v->result.root, root.b, sizeof v->result.root);
    memcpy(out, &v->result, sizeof v->result);
    return rc == ITSM_OK ? v->status : rc;
}

itsm_status itsm_audit_verify(itsm_audit_result *out, itsm_ctx *ctx, itsm_store *store,
                              const itsm_audit_checkpoint *expected, itsm_audit_check_fn check, void *user)
{
    itsm__log log;
    itsm__verifier v;
    itsm__issues_clear(ctx);
    if (!out || out->size < sizeof *out || !ctx || !store) return ITSM_E_MISUSE;
    if (expected && expected->size < sizeof *expected) return ITSM_E_MISUSE;
    itsm__verifier_init(&v, expected, check, user);
    itsm_status rc = itsm__log_open(&log, ctx, store, 0);
    if (rc != ITSM_OK) return rc;
    rc = itsm__verify_log(&v, &log);
    itsm__log_close(&log);
    return itsm__verifier_end(out, &v, ctx, rc, NULL, NULL);
}
