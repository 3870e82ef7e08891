/* SPDX-License-Identifier: MIT */
/*
 * The audit trail against the history: each entry commits to the history row it was written with.  One pass over the
 * log with one read for each entry; a row that is gone was purged, a row that differs was tampered with.
 */
#include "sms/internal.h"

typedef struct verifying {
    itsm_sms *sms;
    itsm_view view; /* opened at the first entry, so that it sees all that the log has */
    itsm__arena arena;
} verifying;

static int says_the_same(const itsm__history_content *content, const itsm_audit_entry *entry)
{
    const itsm_history *e = &content->entry;
    return e->action == entry->action && e->revision == entry->revision && content->ref.type == entry->ref.type &&
           content->ref.id.hi == entry->ref.id.hi && content->ref.id.lo == entry->ref.id.lo &&
           content->txid.hi == entry->txid.hi && content->txid.lo == entry->txid.lo &&
           e->effective == entry->effective && e->recorded == entry->recorded && itsm_str_eq(e->who, entry->who) &&
           itsm_str_eq(e->event, entry->event);
}

static itsm_status check_entry(void *user, uint64_t place, const itsm_audit_entry *entry)
{
    verifying *v = user;
    itsm_ref ref = {ITSM_ROW_HISTORY, itsm__history_id(entry->ref, entry->revision)};
    itsm_row row;
    uint8_t digest[ITSM_AUDIT_DIGEST];
    itsm__history_content content;
    (void)place;
    itsm_status rc = v->view.store ? ITSM_OK : itsm_store_view_open(&v->view, &v->sms->quiet, v->sms->store, NULL);
    if (!rc) rc = itsm_store_get(&row, &v->sms->quiet, &v->view, ref);
    if (rc) return rc;
    if (row.body.n < ITSM__SALT_SIZE) return ITSM_E_CORRUPT;
    const unsigned char *body = row.body.p;
    itsm_bytes hidden = {body + ITSM__SALT_SIZE, row.body.n - ITSM__SALT_SIZE};
    itsm_audit_commit(digest, body, hidden);
    if (memcmp(digest, entry->commitment, sizeof digest) != 0) return ITSM_E_CORRUPT;
    itsm__arena_reset(&v->arena);
    rc = itsm__history_decode(&content, &v->arena, row.body);
    return rc ? rc : says_the_same(&content, entry) ? ITSM_OK : ITSM_E_CORRUPT;
}

itsm_status itsm_sms_audit_verify(itsm_audit_result *out, itsm_sms *sms, const itsm_audit_checkpoint *expected)
{
    verifying v = {sms, ITSM_VIEW_INIT, {{NULL, NULL}, NULL, 0}};
    if (!out || !sms) return ITSM_E_MISUSE;
    itsm__arena_init(&v.arena, &sms->memory);
    itsm_status rc = itsm_audit_verify(out, sms->ctx, sms->store, expected, check_entry, &v);
    itsm_store_view_close(&v.view);
    itsm__arena_clear(&v.arena);
    itsm__issues_clear(&sms->quiet);
    return rc;
}
