/* SPDX-License-Identifier: MIT */
/*
 * The audit trail against what the store holds now.
 *
 * One pass over the log: each entry is compared with the history row it was written with, must follow the entry before
 * it of its record, and names rows (verify_rows.c).  After the last one every row of the store must have been named.
 * Everything is read in the view the log was opened with, so that a store that is written meanwhile gives no false
 * alarms.  Cost: a read for each entry and each row it names, a scan of all rows, a piece of memory for each row.
 */
#include "sms/verify.h"

#include "base/bits.h"
#include "base/text.h"
#include "record/internal.h"

#define SEAL_AT_ONCE 100000

static void ref_bytes(unsigned char out[20], itsm_ref ref)
{
    itsm__put_be32(out, ref.type), itsm__put_be64(out + 4, ref.id.hi), itsm__put_be64(out + 12, ref.id.lo);
}

itsm__seen *itsm__seen_put(itsm__verification *v, itsm_ref ref, int *added)
{
    unsigned char key[20];
    ref_bytes(key, ref);
    *added = 0;
    if (itsm__grow(&v->sms->memory, &v->seen, &v->capacity, v->nseen + 1, sizeof *v->seen)) return NULL;
    uint64_t *place = itsm__map_put(&v->by_ref, key, sizeof key, added);
    if (!place) return NULL;
    if (!*added) return &v->seen[*place - 1];
    itsm__seen *seen = &v->seen[v->nseen++];
    *place = v->nseen;
    memset(seen, 0, sizeof *seen);
    seen->ref = ref, seen->missing = UINT64_MAX;
    return seen;
}

itsm__seen *itsm__seen_find(const itsm__verification *v, itsm_ref ref)
{
    unsigned char key[20];
    ref_bytes(key, ref);
    const uint64_t *place = itsm__map_find(&v->by_ref, key, sizeof key);
    return place ? &v->seen[*place - 1] : NULL;
}

/* Entries and history ------------------------------------------------------------------------------------------------ */

static int same_id(itsm_id a, itsm_id b)
{
    return a.hi == b.hi && a.lo == b.lo;
}

static int says_the_same(const itsm__history_content *content, const itsm_audit_entry *entry)
{
    const itsm_history *e = &content->entry;
    return e->action == entry->action && e->revision == entry->revision && content->ref.type == entry->ref.type &&
           same_id(content->ref.id, entry->ref.id) && same_id(content->txid, entry->txid) &&
           e->effective == entry->effective && e->recorded == entry->recorded && itsm_str_eq(e->who, entry->who) &&
           itsm_str_eq(e->event, entry->event);
}

/* The personal values are those, and only those, that the entry commits to. */
static int fields_fit(const itsm__history_content *content, const itsm_audit_entry *entry)
{
    if (itsm_audit_field_count(entry) != content->npersonal) return 0;
    for (size_t i = 0; i < content->npersonal; i++) {
        const itsm__personal *personal = &content->personal[i];
        uint8_t said[ITSM_AUDIT_DIGEST], is[ITSM_AUDIT_DIGEST];
        uint16_t number;
        if (itsm_audit_field(&number, said, entry, i) || number != personal->number) return 0;
        itsm_audit_commit(is, personal->salt, personal->bytes);
        if (memcmp(said, is, sizeof is) != 0) return 0;
    }
    return 1;
}

/* ITSM_OK, ITSM_NOTHING if it is gone, ITSM_E_CORRUPT if it does not fit; the salt, if there is one. */
static itsm_status check_history(itsm__verification *v, unsigned char salt[ITSM__SALT_SIZE], int *salted,
                                 const itsm_audit_entry *entry)
{
    const itsm_ref ref = {ITSM_ROW_HISTORY, itsm__history_id(entry->ref, entry->revision)};
    itsm__history_content content;
    itsm_row row;
    uint8_t digest[ITSM_AUDIT_DIGEST];
    itsm_status rc = itsm_store_get(&row, &v->sms->quiet, &v->log.view, ref);
    if (rc) return rc;
    v->history++;
    if (row.body.n < ITSM__SALT_SIZE) return ITSM_E_CORRUPT;
    const unsigned char *body = row.body.p;
    memcpy(salt, body, ITSM__SALT_SIZE), *salted = 1;
    itsm__arena_reset(&v->arena);
    if ((rc = itsm__history_decode(&content, &v->arena, row.body))) return rc;
    const itsm_bytes hidden = {body + ITSM__SALT_SIZE, content.committed};
    itsm_audit_commit(digest, body, hidden);
    const int fits = !memcmp(digest, entry->commitment, sizeof digest) && (row.rev == 1 || v->is_loose);
    return fits && fields_fit(&content, entry) && says_the_same(&content, entry) ? ITSM_OK : ITSM_E_CORRUPT;
}

/* The entry follows the one before it of its record. */
static void check_order(itsm__verification *v, uint64_t place, const itsm_audit_entry *entry, const itsm__seen *record)
{
    const uint64_t before = record->revision;
    if (record->purged)
        itsm__found(&v->verifier, ITSM_E_CORRUPT, "order", "entry %u is of a record that entry %u purged", entry->ref,
                    place, record->place, 0);
    else if (v->is_loose ? entry->revision < before : entry->revision != before)
        itsm__found(&v->verifier, ITSM_E_CORRUPT, "order",
                    "entry %u is of revision %u of its record, the entry before it left revision %u", entry->ref, place,
                    entry->revision, before);
}

static void note_beginnings(itsm__verification *v, uint64_t place, const itsm_audit_entry *entry)
{
    if (place == 0) v->first_txid = entry->txid;
    if (!entry->rows.n || v->bound_from != UINT64_MAX) return;
    v->bound_from = place;
    v->is_old = !same_id(v->first_txid, entry->txid);
}

static itsm_status check_entry(void *user, uint64_t place, const itsm_audit_entry *entry)
{
    itsm__verification *v = user;
    unsigned char salt[ITSM__SALT_SIZE];
    int added, salted = 0;
    itsm__seen *record = itsm__seen_put(v, entry->ref, &added);
    if (!record) return ITSM_E_NOMEM;
    note_beginnings(v, place, entry);
    if (!added || !v->is_loose) check_order(v, place, entry, record);
    record->is_record = 1, record->revision = entry->revision + 1, record->place = place;
    record->verdict = ITSM__ROW_UNNAMED;
    itsm_status fits = check_history(v, salt, &salted, entry);
    if (fits && fits != ITSM_NOTHING && fits != ITSM_E_CORRUPT && fits != ITSM_E_VERSION) return fits;
    if (entry->action == ITSM_AUDIT_PURGE) {
        if (!record->purged) v->verifier.result.purged++;
        record->purged = 1;
        if (fits == ITSM_OK) fits = ITSM_E_CORRUPT; /* a purge has none */
    } else if (fits == ITSM_NOTHING) record->missing = record->missing < place ? record->missing : place;
    else record->has_history = 1;
    if (fits == ITSM_E_VERSION) {
        itsm__found(&v->verifier, fits, "history", "the history row of entry %u is of a newer format", entry->ref,
                    place, 0, 0);
        fits = ITSM_NOTHING; /* not compared */
    }
    const itsm_status rc = itsm__verify_named(v, place, entry, salted ? salt : NULL, fits == ITSM_OK);
    return rc ? rc : fits;
}

/* The whole ----------------------------------------------------------------------------------------------------------- */

/* "incident INC0000045", or the identity where there is no number to be read. */
static itsm_status name_record(void *user, itsm_buf *out, itsm_ref ref)
{
    itsm__verification *v = user;
    const itsm_type_def *type = itsm_model_type_number(v->sms->model, ref.type);
    unsigned char id[16];
    itsm_row row;
    itsm_record *record = NULL;
    itsm__put_be64(id, ref.id.hi), itsm__put_be64(id + 8, ref.id.lo);
    itsm_status rc = type                           ? itsm__buf_str(out, type->name)
                     : ref.type == ITSM_ROW_CLOCK   ? itsm__buf_c(out, "clock")
                     : ref.type == ITSM_ROW_LINK    ? itsm__buf_c(out, "link")
                     : ref.type == ITSM_ROW_HISTORY ? itsm__buf_c(out, "history")
                                                    : itsm__format(out, "type %u", (uint64_t)ref.type);
    if (!rc) rc = itsm__buf_char(out, ' ');
    if (rc) return rc;
    if (type && itsm_store_get(&row, &v->sms->quiet, &v->log.view, ref) == ITSM_OK &&
        itsm_record_decode(&record, &v->sms->quiet, v->sms->model, &row) == ITSM_OK) {
        const itsm_value *number = itsm__record_at(record, ITSM_FIELD_NUMBER);
        if (number) rc = itsm__format(out, "%S ", number->u.s);
        itsm_record_free(record);
    }
    return rc ? rc : itsm__buf_hex(out, id, sizeof id);
}

/* Entries that wait get their places, as far as the store can be written. */
static void seal(itsm__verification *v)
{
    uint64_t end = 0, before = UINT64_MAX;
    while (v->late && end != before) {
        before = end;
        if (itsm_store_seal(&end, &v->sms->quiet, v->sms->store, SEAL_AT_ONCE, NULL)) break;
    }
}

static void end_verification(itsm__verification *v)
{
    itsm_sms *sms = v->sms;
    itsm__log_close(&v->log);
    itsm_record_free(v->record);
    itsm__clock_clear(&sms->memory, &v->clock);
    itsm__map_clear(&v->by_ref);
    itsm__free(&sms->memory, v->seen, v->capacity * sizeof *v->seen);
    itsm_buf_clear(&v->scratch);
    itsm__arena_clear(&v->arena);
    itsm__free(&sms->memory, v, sizeof *v);
    itsm__issues_clear(&sms->quiet);
}

itsm_status itsm_sms_audit_verify(itsm_audit_result *out, itsm_sms *sms, const itsm_audit_checkpoint *expected)
{
    if (!out || out->size < sizeof *out || !sms || (expected && expected->size < sizeof *expected))
        return ITSM_E_MISUSE;
    itsm__issues_clear(sms->ctx);
    itsm__verification *v = itsm__alloc_zero(&sms->memory, sizeof *v);
    if (!v) return ITSM_E_NOMEM;
    const uint64_t caps = itsm_store_caps(sms->store);
    v->sms = sms, v->bound_from = UINT64_MAX;
    v->is_loose = (caps & (ITSM_CAP_BACKEND_REV | ITSM_CAP_FOREIGN_WRITES)) != 0;
    v->late = !(caps & ITSM_CAP_SEAL_SYNC);
    itsm__arena_init(&v->arena, &sms->memory);
    itsm__map_init(&v->by_ref, &sms->memory);
    itsm_buf_init(&v->scratch, sms->ctx);
    itsm__verifier_init(&v->verifier, expected, check_entry, v);
    seal(v);
    itsm_status rc = itsm__log_open(&v->log, sms->ctx, sms->store, 0);
    if (!rc) rc = itsm__verify_log(&v->verifier, &v->log);
    if (!rc) rc = itsm__verify_rest(v);
    rc = itsm__verifier_end(out, &v->verifier, sms->ctx, rc, name_record, v);
    end_verification(v);
    return rc;
}
