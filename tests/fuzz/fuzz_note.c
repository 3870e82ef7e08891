/* SPDX-License-Identifier: MIT */
/*
 * Signed notes and proofs.  A note that verifies was signed by the key, so it is the same note again; a proof that
 * verifies leads to the root, and to no other.
 */
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

/* Takes every signature whose first byte is even, so that the fuzzer gets past it. */
static itsm_status verify_even(void *user, itsm_str text, itsm_bytes signature)
{
    (void)user, (void)text;
    return *(const unsigned char *)signature.p % 2 ? ITSM_E_CORRUPT : ITSM_OK;
}

static void try_note(itsm_str note)
{
    itsm_note_key keys[2] = {ITSM_NOTE_KEY_INIT, ITSM_NOTE_KEY_INIT};
    const itsm_bytes secret = {"0123456789abcdef", 16};
    itsm_audit_checkpoint checkpoint = ITSM_AUDIT_CHECKPOINT_INIT;
    itsm_buf out = ITSM_BUF_INIT;
    itsm_str text, again;
    uint8_t signers[2];
    must(itsm_note_hmac_key(&keys[0], ITSM_STR("one"), secret) == ITSM_OK, "a key");
    keys[1].name = ITSM_STR("two"), keys[1].id = 1, keys[1].verify = verify_even;
    if (itsm_note_verify(&text, signers, NULL, note, keys, 2) != ITSM_OK) {
        must(text.n == 0, "no text");
        return;
    }
    must(signers[0] || signers[1], "somebody signed it");
    must(text.n < note.n && text.p == note.p, "the text is the beginning of the note");
    must(itsm_note_sign(&out, NULL, text, keys, 1) == ITSM_OK, "what was signed can be signed");
    must(itsm_note_verify(&again, NULL, NULL, itsm_buf_str(&out), keys, 1) == ITSM_OK, "and verifies");
    must(itsm_str_eq(text, again), "and is the same text");
    (void)!itsm_audit_checkpoint_decode(&checkpoint, NULL, text);
    itsm_buf_clear(&out);
}

/* Size, place and root from the first bytes, the proof behind them. */
static void try_proof(const uint8_t *data, size_t size)
{
    itsm_audit_checkpoint log = ITSM_AUDIT_CHECKPOINT_INIT, other = ITSM_AUDIT_CHECKPOINT_INIT;
    const itsm_bytes entry = {"entry", 5};
    uint64_t place = 0;
    if (size < 17 + ITSM_AUDIT_DIGEST) return;
    memcpy(&log.count, data, 8), memcpy(&place, data + 8, 8);
    if (data[16] % 2) log.count %= 70, place %= 70;
    memcpy(log.root, data + 17, sizeof log.root);
    const itsm_bytes proof = {data + 17 + ITSM_AUDIT_DIGEST, size - 17 - ITSM_AUDIT_DIGEST};
    other = log, other.root[0] ^= 1;
    if (itsm_audit_verify_inclusion(&log, place, entry, proof) == ITSM_OK) {
        must(place < log.count, "the entry lies in the log");
        must(itsm_audit_verify_inclusion(&other, place, entry, proof) == ITSM_E_CORRUPT, "of one log only");
    }
    other = log, other.count = place;
    if (itsm_audit_verify_consistency(&other, &log, proof) == ITSM_OK)
        must(place && place <= log.count, "the earlier log is not longer");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    try_note(itsm_str_n((const char *)data, size));
    try_proof(data, size);
    return 0;
}
