/* SPDX-License-Identifier: MIT */
/*
 * Batches: going through their operations, and whether one is well formed.
 */
#ifndef ITSM_SRC_STORE_BATCH_H
#define ITSM_SRC_STORE_BATCH_H

#include <itsm/store.h>

#include "base/memory.h"

/* Operation number i; the caller's operations may be larger than ours. */
static inline const itsm_op *itsm__batch_op(const itsm_batch *batch, size_t i)
{
    return (const itsm_op *)(const void *)((const char *)batch->ops + i * batch->op_size);
}

/*
 * Check a batch before a backend sees it.  ITSM_OK, ITSM_E_MISUSE, ITSM_E_LIMIT, ITSM_E_NOMEM; otherwise *message says
 * why (static text) and *failed which operation, SIZE_MAX for none in particular.  O(operations).
 */
itsm_status itsm__batch_check(size_t *failed, const char **message, const itsm__memory *memory, const itsm_batch *batch,
                              uint64_t caps);

#endif
