/* SPDX-License-Identifier: MIT */
/*
 * Rows of the store against the entries that name them.
 *
 * A row is compared with each entry that names it as that entry is read, and the last verdict counts: what an earlier
 * entry left is no longer there.  Where the backend keeps our revisions, a row that is newer than the entry needs no
 * digest.  After the last entry the verdicts that are not "fits" are told, and a scan of all rows finds those that no
 * entry made.
 */
#include "sms/verify.h"

#include "record/codec.h"
#include "record/internal.h"

/* What a verdict is called: of the place of the last entry, and the revision it left. */
static const char *const verdicts[] = {
    [ITSM__ROW_UNNAMED] = "entry %u, the last of it, does not say what it left: entries behind it are missing",
    [ITSM__ROW_DIFFERS] = "it is not as entry %u left it at revision %u: it was changed",
    [ITSM__ROW_NEWER] = "it was written after its last entry: entry %u left revision %u",
    [ITSM__ROW_OLDER] = "it was put back: entry %u left revision %u",
    [ITSM__ROW_MISSING] = "it is missing: entry %u left revision %u",
    [ITSM__ROW_REMAINS] = "it is there, though entry %u deleted it",
};

static void tell(itsm__verification *v, const itsm__seen *seen, int verdict)
{
    itsm__found(&v->verifier, ITSM_E_CORRUPT, "row", verdicts[verdict], seen->ref, seen->place, seen->revision, 0);
}

static void tell_of(itsm__verification *v, const char *rule, const char *format, itsm_ref ref, uint64_t place)
{
    itsm__found(&v->verifier, ITSM_E_CORRUPT, rule, format, ref, place, 0, 0);
}

/* Entries that name rows --------------------------------------------------------------------------------------------- */

/* The bytes that are committed to, however the backend gave the row.  Of a clock, those before its alarms. */
static itsm_status row_bytes(itsm_bytes *out, itsm__verification *v, const itsm_row *row)
{
    itsm_status rc;
    if (row->ref.type == ITSM_ROW_CLOCK) {
        rc = itsm__clock_decode(&v->clock, &v->sms->memory, row->body);
        out->p = row->body.p, out->n = v->clock.committed;
        return rc;
    }
    if (row->body.n || !row->nfields) return *out = row->body, ITSM_OK;
    const itsm_type_def *type = itsm_model_type_number(v->sms->model, row->ref.type);
    v->scratch.n = 0;
    if (!type) rc = itsm__fields_encode(&v->scratch, row->fields, row->nfields);
    else {
        rc = v->record ? ITSM_OK : itsm_record_new(&v->record, &v->sms->quiet, v->sms->model, type, row->ref);
        if (!rc) rc = itsm__record_read(v->record, &v->sms->quiet, row);
        if (!rc) rc = itsm_record_encode(&v->scratch, v->record);
    }
    out->p = v->scratch.p, out->n = v->scratch.n;
    return rc;
}

static itsm_status compare(int *verdict, itsm__verification *v, const itsm_audit_row *named, const itsm_row *row,
                           const unsigned char *salt, int trusted)
{
    uint8_t digest[ITSM_AUDIT_DIGEST];
    itsm_bytes bytes;
    if (!v->is_loose && row->rev < named->revision) return *verdict = ITSM__ROW_OLDER, ITSM_OK;
    if (!v->is_loose && row->rev > named->revision && row->ref.type != ITSM_ROW_CLOCK)
        return *verdict = ITSM__ROW_NEWER, ITSM_OK; /* a tick writes a clock without an entry */
    if (!salt) return *verdict = ITSM__ROW_UNSALTED, ITSM_OK;
    itsm_status rc = row_bytes(&bytes, v, row);
    if (rc) return rc == ITSM_E_NOMEM ? rc : (*verdict = ITSM__ROW_DIFFERS, ITSM_OK);
    itsm_audit_commit(digest, salt, bytes);
    *verdict = memcmp(digest, named->commitment, sizeof digest) == 0 ? ITSM__ROW_FITS
               : trusted                                             ? ITSM__ROW_DIFFERS
                                                                     : ITSM__ROW_UNSALTED;
    return ITSM_OK;
}

static itsm_status verify_row(itsm__verification *v, uint64_t place, const itsm_audit_row *named,
                              const unsigned char *salt, int trusted)
{
    itsm_row row;
    int added, verdict = named->revision ? ITSM__ROW_MISSING : ITSM__ROW_FITS;
    itsm__seen *seen = itsm__seen_put(v, named->ref, &added);
    if (!seen) return ITSM_E_NOMEM;
    itsm_status rc = itsm_store_get(&row, &v->sms->quiet, &v->log.view, named->ref);
    if (rc < 0) return rc;
    if (rc == ITSM_OK && !named->revision) verdict = ITSM__ROW_REMAINS;
    else if (rc == ITSM_OK && (rc = compare(&verdict, v, named, &row, salt, trusted))) return rc;
    seen->verdict = verdict, seen->place = place;
    if (!seen->is_record || named->revision) seen->revision = named->revision;
    return ITSM_OK;
}

itsm_status itsm__verify_named(itsm__verification *v, uint64_t place, const itsm_audit_entry *entry,
                               const unsigned char *salt, int trusted)
{
    itsm_audit_row named = ITSM_AUDIT_ROW_INIT;
    itsm_bytes rest = entry->rows;
    itsm_status rc = ITSM_OK;
    while (!rc && (rc = itsm_audit_row_next(&named, &rest, entry)) == ITSM_OK)
        rc = verify_row(v, place, &named, salt, trusted);
    return rc == ITSM_DONE ? ITSM_OK : rc;
}

/* After the last entry ----------------------------------------------------------------------------------------------- */

/* A record whose last entry names no rows: of a version that never did, or with its end cut off. */
static itsm_status end_unnamed(itsm__verification *v, const itsm__seen *seen)
{
    itsm_row row;
    if (!seen->purged && seen->place >= v->bound_from) return tell(v, seen, ITSM__ROW_UNNAMED), ITSM_OK;
    const itsm_status rc = itsm_store_get(&row, &v->sms->quiet, &v->log.view, seen->ref);
    if (rc < 0) return rc;
    if (seen->purged) {
        if (rc == ITSM_OK) tell(v, seen, ITSM__ROW_REMAINS);
    } else if (rc != ITSM_OK) tell(v, seen, ITSM__ROW_MISSING);
    else if (!v->is_loose && row.rev != seen->revision)
        tell(v, seen, row.rev > seen->revision ? ITSM__ROW_NEWER : ITSM__ROW_OLDER);
    else v->verifier.result.unbound++;
    return ITSM_OK;
}

static itsm_status end_seen(itsm__verification *v, const itsm__seen *seen)
{
    if (seen->purged && seen->has_history)
        tell_of(v, "purged", "entry %u purged the record, but some of its history is there", seen->ref, seen->place);
    if (!seen->purged && seen->missing != UINT64_MAX)
        tell_of(v, "history", "the history row of entry %u is gone, but the record was not purged", seen->ref,
                seen->missing);
    switch (seen->verdict) {
    case ITSM__ROW_UNNAMED: return end_unnamed(v, seen);
    case ITSM__ROW_FITS: v->verifier.result.rows += !seen->purged && seen->revision; break;
    case ITSM__ROW_UNSALTED: v->verifier.result.unbound++; break; /* why its salt is gone was told */
    case ITSM__ROW_NEWER:
        if (v->late) v->verifier.result.waiting++;
        else tell(v, seen, seen->verdict);
        break;
    default: tell(v, seen, seen->verdict);
    }
    return ITSM_OK;
}

typedef itsm_status (*row_fn)(itsm__verification *v, const itsm_row *row);

static itsm_status each_row(itsm__verification *v, uint32_t type, row_fn fn)
{
    itsm_cursor cursor = ITSM_CURSOR_INIT;
    itsm_range range = ITSM_RANGE_INIT;
    itsm_row row;
    range.type = type;
    itsm_status rc = itsm_store_scan(&cursor, &v->sms->quiet, &v->log.view, &range);
    if (rc) return rc;
    while (!rc && (rc = itsm_store_next(&row, &v->sms->quiet, &cursor)) == ITSM_OK) rc = fn(v, &row);
    itsm_store_cursor_close(&cursor);
    return rc == ITSM_DONE ? ITSM_OK : rc;
}

/* A row that no entry names.  Versions that named no rows left clocks and links. */
static itsm_status is_known(itsm__verification *v, const itsm_row *row)
{
    const int is_record = row->ref.type != ITSM_ROW_CLOCK && row->ref.type != ITSM_ROW_LINK;
    const int names_rows = v->bound_from != UINT64_MAX && !v->is_old;
    if (itsm__seen_find(v, row->ref)) return ITSM_OK;
    if (v->late) v->verifier.result.waiting++;
    else if (!is_record && !names_rows && v->nseen) v->verifier.result.unbound++;
    else tell_of(v, "row", "no entry made it", row->ref, 0);
    return ITSM_OK;
}

static itsm_status count_history(itsm__verification *v, const itsm_row *row)
{
    (void)row;
    v->history--;
    return ITSM_OK;
}

/* Is it one that an entry was compared with? */
static itsm_status is_known_history(itsm__verification *v, const itsm_row *row)
{
    itsm__history_content content;
    itsm__arena_reset(&v->arena);
    itsm_status rc = itsm__history_decode(&content, &v->arena, row->body);
    if (rc == ITSM_E_NOMEM) return rc;
    const itsm__seen *record = rc ? NULL : itsm__seen_find(v, content.ref);
    const itsm_id id = rc ? row->ref.id : itsm__history_id(content.ref, content.entry.revision);
    const int named = record && record->is_record && content.entry.revision < record->revision &&
                      id.hi == row->ref.id.hi && id.lo == row->ref.id.lo;
    if (named) return ITSM_OK;
    if (v->late) v->verifier.result.waiting++;
    else tell_of(v, "history", "no entry made this history row", rc ? row->ref : content.ref, 0);
    return ITSM_OK;
}

static itsm_status scan_history(itsm__verification *v)
{
    const itsm_status rc = each_row(v, ITSM_ROW_HISTORY, count_history);
    return rc || !v->history ? rc : each_row(v, ITSM_ROW_HISTORY, is_known_history);
}

/* Rows of a type that the model lacks are looked at where an entry shows that the type was there. */
static itsm_status scan_foreign_types(itsm__verification *v)
{
    for (size_t i = 0; i < v->nseen; i++) {
        const uint32_t type = v->seen[i].ref.type;
        unsigned char *bits = &v->scanned[type / 8 % sizeof v->scanned]; /* types have at most 16 bits */
        if (!v->seen[i].is_record || *bits >> type % 8 & 1 || itsm_model_type_number(v->sms->model, type)) continue;
        const itsm_status rc = each_row(v, type, is_known);
        if (rc) return rc;
        *bits |= (unsigned char)(1u << type % 8);
    }
    return ITSM_OK;
}

itsm_status itsm__verify_rest(itsm__verification *v)
{
    itsm_status rc = ITSM_OK;
    for (size_t i = 0; i < v->nseen && !rc; i++) rc = end_seen(v, &v->seen[i]);
    for (size_t t = 0; t < itsm_model_type_count(v->sms->model) && !rc; t++)
        rc = each_row(v, itsm_model_type_at(v->sms->model, t)->number, is_known);
    if (!rc) rc = scan_foreign_types(v);
    if (!rc) rc = each_row(v, ITSM_ROW_CLOCK, is_known);
    if (!rc) rc = each_row(v, ITSM_ROW_LINK, is_known);
    return rc ? rc : scan_history(v);
}
