/* SPDX-License-Identifier: MIT */
/* Entries that are completed after they were written: the rows of a batch are known at its end only. */
#ifndef ITSM_SRC_AUDIT_ENTRY_H
#define ITSM_SRC_AUDIT_ENTRY_H

#include <itsm/audit.h>

/*
 * Append an entry that was encoded without rows as if it had been encoded with these: n > 0 of them, from
 * itsm_audit_row_add().  ITSM_E_LIMIT for more than an entry can have.
 */
itsm_status itsm__audit_with_rows(itsm_buf *out, itsm_bytes entry, itsm_bytes rows, size_t n);

#endif
