/* SPDX-License-Identifier: MIT */
/* Audit entries and checkpoints: what is accepted is written again as the same bytes. */
#include "support.h"

#include <itsm/audit.h>

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int truth, const char *what)
{
    if (truth) return;
    fprintf(stderr, "%s\n", what);
    abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    itsm_audit_entry entry = ITSM_AUDIT_ENTRY_INIT;
    itsm_audit_checkpoint checkpoint = ITSM_AUDIT_CHECKPOINT_INIT;
    itsm_str text = itsm_str_n((const char *)data, size);
    itsm_bytes bytes;
    itsm_buf out = ITSM_BUF_INIT;
    bytes.p = data, bytes.n = size;
    if (itsm_audit_decode(&entry, bytes) == ITSM_OK) {
        must(itsm_audit_encode(&out, &entry) == ITSM_OK, "what was read can be written");
        must(itsm_str_eq(itsm_buf_str(&out), text), "and is the same bytes");
    }
    out.n = 0;
    if (itsm_audit_checkpoint_decode(&checkpoint, NULL, text) == ITSM_OK) {
        must(itsm_audit_checkpoint_encode(&out, &checkpoint) == ITSM_OK, "what was read can be written");
        must(out.n <= size && memcmp(out.p, data, out.n) == 0, "and is the beginning of the same text");
    }
    itsm_buf_clear(&out);
    return 0;
}
