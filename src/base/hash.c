/* SPDX-License-Identifier: MIT */
/*
 * Digests and checksums over bytes: SHA-256, HMAC-SHA-256, CRC32C, and the hash of tables in memory.
 *
 * A hasher is a plain struct of its user: init, add any number of times, end once; it keeps at most one block of 64
 * bytes back and needs no cleaning up.  How blocks are compressed is chosen at init.  CRC32C is chainable:
 * crc(crc(0, a), b) is crc(0, ab).  All are O(n); with the processor's instructions SHA-256 takes about 0.7
 * nanoseconds per byte, CRC32C 0.13.
 */
#include "base/hash.h"
#include "base/bits.h"
#include "base/hash_cpu.h"

/* SHA-256 --------------------------------------------------------------------------------------------------------- */

const uint32_t itsm__sha256_rounds[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

static uint32_t rotate_right(uint32_t x, unsigned n)
{
    return x >> n | x << (32 - n);
}

/* FIPS 180-4, 6.2.2. */
static void compress_block(uint32_t state[8], const unsigned char *block)
{
    uint32_t w[64];
    for (unsigned t = 0; t < 16; t++) w[t] = itsm__be32(block + 4 * t);
    for (unsigned t = 16; t < 64; t++) {
        uint32_t near = w[t - 15], far = w[t - 2];
        uint32_t s0 = rotate_right(near, 7) ^ rotate_right(near, 18) ^ near >> 3;
        uint32_t s1 = rotate_right(far, 17) ^ rotate_right(far, 19) ^ far >> 10;
        w[t] = w[t - 16] + s0 + w[t - 7] + s1;
    }
    uint32_t a = state[0], b = state[1], c = state[2], d = state[3];
    uint32_t e = state[4], f = state[5], g = state[6], h = state[7];
    for (unsigned t = 0; t < 64; t++) {
        uint32_t s1 = rotate_right(e, 6) ^ rotate_right(e, 11) ^ rotate_right(e, 25);
        uint32_t t1 = h + s1 + ((e & f) ^ (~e & g)) + itsm__sha256_rounds[t] + w[t];
        uint32_t s0 = rotate_right(a, 2) ^ rotate_right(a, 13) ^ rotate_right(a, 22);
        uint32_t t2 = s0 + ((a & b) ^ (a & c) ^ (b & c));
        h = g, g = f, f = e, e = d + t1, d = c, c = b, b = a, a = t1 + t2;
    }
    state[0] += a, state[1] += b, state[2] += c, state[3] += d;
    state[4] += e, state[5] += f, state[6] += g, state[7] += h;
}

void itsm__sha256_portable(uint32_t state[8], const unsigned char *blocks, size_t n)
{
    for (size_t i = 0; i < n; i++) compress_block(state, blocks + 64 * i);
}

void itsm__sha256_init(itsm__sha256 *hasher)
{
    static const uint32_t start[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                      0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
    itsm__compress_fn fast = itsm__sha256_x86();
    memcpy(hasher->state, start, sizeof start);
    hasher->bytes = 0;
    hasher->compress = fast ? fast : itsm__sha256_portable;
}

void itsm__sha256_add(itsm__sha256 *hasher, const void *p, size_t n)
{
    const unsigned char *bytes = p;
    size_t held = (size_t)(hasher->bytes % 64);
    hasher->bytes += n;
    if (held) {
        size_t part = 64 - held < n ? 64 - held : n;
        if (part) memcpy(hasher->block + held, bytes, part);
        if (held + part < 64) return;
        hasher->compress(hasher->state, hasher->block, 1);
        bytes += part, n -= part;
    }
    if (n / 64) hasher->compress(hasher->state, bytes, n / 64);
    if (n % 64) memcpy(hasher->block, bytes + (n - n % 64), n % 64);
}

void itsm__sha256_end(itsm__sha256 *hasher, unsigned char digest[32])
{
    size_t held = (size_t)(hasher->bytes % 64);
    hasher->block[held++] = 0x80;
    if (held > 56) {
        memset(hasher->block + held, 0, 64 - held);
        hasher->compress(hasher->state, hasher->block, 1);
        held = 0;
    }
    memset(hasher->block + held, 0, 56 - held);
    itsm__put_be64(hasher->block + 56, hasher->bytes * 8);
    hasher->compress(hasher->state, hasher->block, 1);
    for (unsigned i = 0; i < 8; i++) itsm__put_be32(digest + 4 * i, hasher->state[i]);
}

void itsm__sha256_of(unsigned char digest[32], const void *p, size_t n)
{
    itsm__sha256 hasher;
    itsm__sha256_init(&hasher);
    itsm__sha256_add(&hasher, p, n);
    itsm__sha256_end(&hasher, digest);
}

void itsm__hmac_sha256(unsigned char digest[32], itsm_bytes key, itsm_bytes message)
{
    unsigned char pad[64] = {0}, inner[32];
    if (key.n > sizeof pad) itsm__sha256_of(pad, key.p, key.n);
    else if (key.n) memcpy(pad, key.p, key.n);
    itsm__sha256 hasher;
    for (size_t i = 0; i < sizeof pad; i++) pad[i] ^= 0x36;
    itsm__sha256_init(&hasher);
    itsm__sha256_add(&hasher, pad, sizeof pad);
    itsm__sha256_add(&hasher, message.p, message.n);
    itsm__sha256_end(&hasher, inner);
    for (size_t i = 0; i < sizeof pad; i++) pad[i] ^= 0x36 ^ 0x5c;
    itsm__sha256_init(&hasher);
    itsm__sha256_add(&hasher, pad, sizeof pad);
    itsm__sha256_add(&hasher, inner, sizeof inner);
    itsm__sha256_end(&hasher, digest);
}

/* CRC32C ---------------------------------------------------------------------------------------------------------- */

static const uint32_t crc_table[8][256] = {
#include "base/crc32c.def"
};

uint32_t itsm__crc32c_portable(uint32_t crc, const unsigned char *p, size_t n)
{
    for (; n >= 8; p += 8, n -= 8) {
        uint32_t low = crc ^ itsm__le32(p), high = itsm__le32(p + 4);
        crc = crc_table[7][low & 255] ^ crc_table[6][low >> 8 & 255] ^ crc_table[5][low >> 16 & 255] ^
              crc_table[4][low >> 24] ^ crc_table[3][high & 255] ^ crc_table[2][high >> 8 & 255] ^
              crc_table[1][high >> 16 & 255] ^ crc_table[0][high >> 24];
    }
    for (; n; p++, n--) crc = crc >> 8 ^ crc_table[0][(crc ^ *p) & 255];
    return crc;
}

uint32_t itsm__crc32c(uint32_t crc, const void *p, size_t n)
{
    itsm__crc32c_fn fast = itsm__crc32c_x86();
    return ~(fast ? fast : itsm__crc32c_portable)(~crc, p, n);
}

/* Tables in memory ------------------------------------------------------------------------------------------------ */

#define ODD_1 UINT64_C(0x9e3779b97f4a7c15) /* 2^64 over the golden ratio */
#define ODD_2 UINT64_C(0xd6e8feb86659fd93)

/* Every bit of x reaches every bit of the result: shifts that fold the high half down, and odd factors. */
static uint64_t mix(uint64_t x)
{
    x ^= x >> 32, x *= ODD_2;
    x ^= x >> 29, x *= ODD_2;
    return x ^ x >> 32;
}

uint64_t itsm__hash(const void *p, size_t n)
{
    const unsigned char *bytes = p;
    uint64_t hash = (uint64_t)n * ODD_1, last = 0;
    for (; n >= 8; bytes += 8, n -= 8) {
        uint64_t word;
        memcpy(&word, bytes, 8);
        hash = (hash ^ word) * ODD_1, hash ^= hash >> 32;
    }
    if (n) memcpy(&last, bytes, n);
    return mix((hash ^ last) * ODD_1);
}
