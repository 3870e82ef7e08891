/* SPDX-License-Identifier: MIT */
/* Sealed entries of a store as bytes, in order, from one view: what reading, verifying and proving share. */
#ifndef ITSM_SRC_AUDIT_LOG_H
#define ITSM_SRC_AUDIT_LOG_H

#include <itsm/audit.h>

#include "merkle/merkle.h"

/* Stays where it is between open and close. */
typedef struct itsm__log {
    itsm_ctx *ctx;
    itsm_view view;
    itsm_cursor cursor;
    uint64_t next; /* the place that must come */
} itsm__log;

/* Open on failure is closed.  A log that is zero may be closed. */
itsm_status itsm__log_open(itsm__log *log, itsm_ctx *ctx, itsm_store *store, uint64_t from);
itsm_status itsm__log_next(itsm_bytes *entry, uint64_t *place, itsm__log *log); /* ITSM_OK, ITSM_DONE or a failure */
void itsm__log_close(itsm__log *log);

/* The root of a range.  Entries are never changed or taken away, so several views of one log agree about it. */
itsm_status itsm__log_subtree(itsm__merkle_hash *out, itsm_ctx *ctx, itsm_store *store, uint64_t begin, uint64_t count);

/* ITSM_E_CORRUPT with the issue that a place is missing. */
itsm_status itsm__log_gap(itsm_ctx *ctx, uint64_t expected, uint64_t place);

#endif
