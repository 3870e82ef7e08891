/* SPDX-License-Identifier: MIT */
/*
 * SHA-256 and CRC32C in two forms each: portable, always there and what the other is tested against; and with the
 * processor's instructions, which a function returns where both the build and the machine have them.
 */
#ifndef ITSM_SRC_BASE_HASH_CPU_H
#define ITSM_SRC_BASE_HASH_CPU_H

#include <stddef.h>
#include <stdint.h>

/* Mix n blocks of 64 bytes into the state. */
typedef void (*itsm__compress_fn)(uint32_t state[8], const unsigned char *blocks, size_t n);
/* Continue a remainder that is complemented at both ends. */
typedef uint32_t (*itsm__crc32c_fn)(uint32_t crc, const unsigned char *p, size_t n);

void itsm__sha256_portable(uint32_t state[8], const unsigned char *blocks, size_t n);
uint32_t itsm__crc32c_portable(uint32_t crc, const unsigned char *p, size_t n);

/* NULL where the build or the machine has no such instructions. */
itsm__compress_fn itsm__sha256_x86(void);
itsm__crc32c_fn itsm__crc32c_x86(void);

extern const uint32_t itsm__sha256_rounds[64]; /* FIPS 180-4, 4.2.2 */

#endif
