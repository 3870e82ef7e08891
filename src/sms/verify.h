/* SPDX-License-Identifier: MIT */
/* Rows against the entries that name them: what verify.c asks of verify_rows.c. */
#ifndef ITSM_SRC_SMS_VERIFY_H
#define ITSM_SRC_SMS_VERIFY_H

#include "audit/verify.h"
#include "sms/internal.h"

/* What the row was found to be when the last entry that names it was read. */
enum {
    ITSM__ROW_UNNAMED, /* the last entry of the record says nothing of it */
    ITSM__ROW_FITS,
    ITSM__ROW_DIFFERS,
    ITSM__ROW_NEWER,
    ITSM__ROW_OLDER,
    ITSM__ROW_MISSING,
    ITSM__ROW_REMAINS, /* though it was deleted */
    ITSM__ROW_UNSALTED /* its salt is gone with the history row, or was changed with it */
};

/* A record, clock or link that entries name. */
typedef struct itsm__seen {
    itsm_ref ref;
    uint64_t revision; /* as the last entry left it */
    uint64_t place;    /* of that entry */
    uint64_t missing;  /* place of the first entry whose history row is gone, UINT64_MAX: none */
    int is_record, purged, has_history, verdict;
} itsm__seen;

typedef struct itsm__verification {
    itsm_sms *sms;
    itsm__verifier verifier;
    itsm__log log;
    itsm__arena arena;
    itsm__map by_ref; /* place in seen, plus 1 */
    itsm__seen *seen;
    size_t nseen, capacity;
    itsm_buf scratch;
    itsm__clock_draft clock;
    itsm_record *record;       /* to make the bytes of rows that come as fields */
    uint64_t history;          /* history rows that entries were compared with */
    itsm_id first_txid;        /* of the log */
    uint64_t bound_from;       /* place of the first entry that names rows */
    unsigned char scanned[8192]; /* bits by number of type, of those that the model lacks */
    int is_old, is_loose, late; /* begins before rows were named; revisions are not ours alone; is sealed later */
} itsm__verification;

/* The state of a row; made if there is none.  NULL: no memory. */
itsm__seen *itsm__seen_put(itsm__verification *v, itsm_ref ref, int *added);
itsm__seen *itsm__seen_find(const itsm__verification *v, itsm_ref ref); /* NULL: there is none */

/* What an entry says of rows.  `salt` NULL: its history row is gone; `trusted`: that fits. */
itsm_status itsm__verify_named(itsm__verification *v, uint64_t place, const itsm_audit_entry *entry,
                               const unsigned char *salt, int trusted);

/* After the last entry: what is left to be said, and what is in the store beyond it. */
itsm_status itsm__verify_rest(itsm__verification *v);

#endif
