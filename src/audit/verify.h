/* SPDX-License-Identifier: MIT */
/*
 * Verifying, from inside: one pass over the log of one view, with what was found kept aside until the end, since calls in
 * between use the context too.  Whoever checks entries against more than the log adds findings of his own.
 */
#ifndef ITSM_SRC_AUDIT_VERIFY_H
#define ITSM_SRC_AUDIT_VERIFY_H

#include "audit/log.h"

#define ITSM__FINDINGS 100

/* One thing that is wrong; `format` is of three numbers at most. */
typedef struct itsm__finding {
    itsm_status code;
    const char *rule, *format;
    itsm_ref ref; /* the record or row, zero: none */
    uint64_t numbers[3];
} itsm__finding;

typedef struct itsm__verifier {
    const itsm_audit_checkpoint *expected;
    itsm_audit_check_fn check;
    void *user;
    itsm__merkle tree;
    itsm_audit_result result;
    itsm_status status; /* of the findings */
    itsm__finding findings[ITSM__FINDINGS];
} itsm__verifier;

/* Append how a record is called. */
typedef itsm_status (*itsm__name_fn)(void *user, itsm_buf *out, itsm_ref ref);

void itsm__verifier_init(itsm__verifier *v, const itsm_audit_checkpoint *expected, itsm_audit_check_fn check, void *user);
void itsm__found(itsm__verifier *v, itsm_status code, const char *rule, const char *format, itsm_ref ref, uint64_t a,
                 uint64_t b, uint64_t c);

/* All entries of a log that was opened at 0: ITSM_OK, or what stopped it. */
itsm_status itsm__verify_log(itsm__verifier *v, itsm__log *log);

/* Fill the result and tell the findings; `rc` is what stopped it, or ITSM_OK.  `name` NULL: records have no names. */
itsm_status itsm__verifier_end(itsm_audit_result *out, itsm__verifier *v, itsm_ctx *ctx, itsm_status rc,
                               itsm__name_fn name, void *user);

#endif
