/* SPDX-License-Identifier: MIT */
/* What a store of an older version must still hold: a digest of everything but its identity, and its audit root. */
#ifndef ITSM_TESTS_OLD_STORES_H
#define ITSM_TESTS_OLD_STORES_H

#include <itsm/store.h>

#include "base/bits.h"
#include "base/hash.h"

#include <stdio.h>

static inline void digest_number(itsm__sha256 *hasher, uint64_t number)
{
    unsigned char bytes[8];
    itsm__put_le64(bytes, number);
    itsm__sha256_add(hasher, bytes, sizeof bytes);
}

static inline void digest_bytes(itsm__sha256 *hasher, itsm_bytes bytes)
{
    digest_number(hasher, bytes.n);
    if (bytes.n) itsm__sha256_add(hasher, bytes.p, bytes.n);
}

static inline itsm_status digest_item(void *user, const itsm_file_item *item)
{
    itsm__sha256 *hasher = (itsm__sha256 *)user;
    itsm_bytes name = {item->name.p, item->name.n};
    digest_number(hasher, item->kind), digest_number(hasher, item->row.ref.type);
    digest_number(hasher, item->row.ref.id.hi), digest_number(hasher, item->row.ref.id.lo);
    digest_number(hasher, item->row.rev), digest_bytes(hasher, item->row.body);
    digest_number(hasher, item->nkeys);
    for (size_t i = 0; i < item->nkeys; i++) {
        digest_number(hasher, item->keys[i].index), digest_number(hasher, item->keys[i].unique);
        digest_bytes(hasher, item->keys[i].key);
    }
    digest_bytes(hasher, name), digest_number(hasher, item->next);
    return ITSM_OK;
}

/* "<digest> <audit root> <commits>" */
static inline itsm_status describe_store(char out[160], itsm_ctx *ctx, itsm_store *store)
{
    itsm__sha256 hasher;
    unsigned char digest[32];
    itsm_file_info info = ITSM_FILE_INFO_INIT;
    itsm__sha256_init(&hasher);
    itsm_status rc = itsm_file_each(ctx, store, digest_item, &hasher);
    if (!rc) rc = itsm_file_info_read(&info, ctx, store);
    itsm__sha256_end(&hasher, digest);
    for (size_t i = 0; i < 32; i++) sprintf(out + 2 * i, "%02x", digest[i]);
    out[64] = ' ';
    for (size_t i = 0; i < 32; i++) sprintf(out + 65 + 2 * i, "%02x", info.audit_root[i]);
    sprintf(out + 129, " %u", (unsigned)info.commits);
    return rc;
}

#endif
