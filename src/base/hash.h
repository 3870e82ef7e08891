/* SPDX-License-Identifier: MIT */
/*
 * Digests and checksums: SHA-256 (FIPS 180-4), HMAC (RFC 2104), CRC32C (RFC 3720 appendix B.4), and the mixing
 * function of the hash map.  SHA-256 and CRC32C use the processor's instructions where it has them (see hash_cpu.h).
 */
#ifndef ITSM_SRC_BASE_HASH_H
#define ITSM_SRC_BASE_HASH_H

#include <itsm/base.h>

typedef struct itsm__sha256 {
    uint32_t state[8];
    uint64_t bytes;
    unsigned char block[64];
    void (*compress)(uint32_t state[8], const unsigned char *blocks, size_t n);
} itsm__sha256;

void itsm__sha256_init(itsm__sha256 *hasher);
void itsm__sha256_add(itsm__sha256 *hasher, const void *p, size_t n);
void itsm__sha256_end(itsm__sha256 *hasher, unsigned char digest[32]);
void itsm__sha256_of(unsigned char digest[32], const void *p, size_t n);
void itsm__hmac_sha256(unsigned char digest[32], itsm_bytes key, itsm_bytes message);

uint32_t itsm__crc32c(uint32_t crc, const void *p, size_t n); /* start with 0; chainable */

uint64_t itsm__hash(const void *p, size_t n); /* for tables in memory only: never stored */

#endif
