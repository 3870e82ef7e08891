/* SPDX-License-Identifier: MIT */
/*
 * SHA-256 and CRC32C with the instructions of x86 processors (SHA extensions, SSE4.2), for gcc and clang; elsewhere
 * both functions answer NULL and the portable code is used.  This file alone is compiled with those instructions
 * allowed, so nothing outside the functions handed out may need them.
 *
 * Asking the processor (cpuid) takes a microsecond under a virtual machine, too long for every small hash.  What it
 * answers never changes while a program runs, so it is kept: the one cached fact in the library.  Threads that ask at
 * once write the same number.
 */
#include "base/hash_cpu.h"

#if (defined(__x86_64__) || defined(__i386__)) && defined(__SHA__) && defined(__SSSE3__) && defined(__SSE4_1__) &&     \
    defined(__SSE4_2__) && !defined(_MSC_VER)

#include <cpuid.h>
#include <immintrin.h>
#include <stdatomic.h>
#include <string.h>

enum { ASKED = 1, HAS_SHA = 2, HAS_CRC = 4 };

static int ask_processor(void)
{
    unsigned a, b, c, d, features = 0, extended = 0;
    if (__get_cpuid(1, &a, &b, &c, &d)) features = c;
    if (__get_cpuid_count(7, 0, &a, &b, &c, &d)) extended = b;
    int ssse3 = (features >> 9 & 1) != 0, sse41 = (features >> 19 & 1) != 0, sse42 = (features >> 20 & 1) != 0;
    int sha = (extended >> 29 & 1) != 0;
    return ASKED | (sha && ssse3 && sse41 ? HAS_SHA : 0) | (sse42 ? HAS_CRC : 0);
}

static int processor_has(int feature)
{
    static atomic_int known;
    int features = atomic_load_explicit(&known, memory_order_relaxed);
    if (!features) {
        features = ask_processor();
        atomic_store_explicit(&known, features, memory_order_relaxed);
    }
    return (features & feature) != 0;
}

static __m128i load(const void *p)
{
    return _mm_loadu_si128((const __m128i *)p);
}

/*
 * The instructions hold the state as ABEF and CDGH, do two rounds at a time, and make the schedule four words at a
 * time: `w[i % 4]` is words 4i .. 4i + 3, made of the four groups before it.
 */
static void compress(uint32_t state[8], const unsigned char *blocks, size_t n)
{
    const __m128i big_endian = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
    __m128i dcba = load(state), hgfe = load(state + 4);
    __m128i cdab = _mm_shuffle_epi32(dcba, 0xb1), efgh = _mm_shuffle_epi32(hgfe, 0x1b);
    __m128i abef = _mm_alignr_epi8(cdab, efgh, 8), cdgh = _mm_blend_epi16(efgh, cdab, 0xf0);
    for (; n; n--, blocks += 64) {
        __m128i abef_before = abef, cdgh_before = cdgh, w[4];
        for (unsigned i = 0; i < 4; i++) w[i] = _mm_shuffle_epi8(load(blocks + 16 * i), big_endian);
        for (unsigned i = 0; i < 16; i++) {
            if (i >= 4) {
                __m128i last = w[(i + 3) % 4], middle = _mm_alignr_epi8(last, w[(i + 2) % 4], 4);
                __m128i sum = _mm_add_epi32(_mm_sha256msg1_epu32(w[i % 4], w[(i + 1) % 4]), middle);
                w[i % 4] = _mm_sha256msg2_epu32(sum, last);
            }
            __m128i input = _mm_add_epi32(w[i % 4], load(itsm__sha256_rounds + 4 * i));
            cdgh = _mm_sha256rnds2_epu32(cdgh, abef, input);
            abef = _mm_sha256rnds2_epu32(abef, cdgh, _mm_shuffle_epi32(input, 0x0e));
        }
        abef = _mm_add_epi32(abef, abef_before), cdgh = _mm_add_epi32(cdgh, cdgh_before);
    }
    __m128i feba = _mm_shuffle_epi32(abef, 0x1b), dchg = _mm_shuffle_epi32(cdgh, 0xb1);
    _mm_storeu_si128((__m128i *)state, _mm_blend_epi16(feba, dchg, 0xf0));
    _mm_storeu_si128((__m128i *)(state + 4), _mm_alignr_epi8(dchg, feba, 8));
}

static uint32_t crc32c(uint32_t crc, const unsigned char *p, size_t n)
{
#if defined(__x86_64__)
    uint64_t wide = crc;
    for (; n >= 8; p += 8, n -= 8) {
        uint64_t word;
        memcpy(&word, p, sizeof word);
        wide = _mm_crc32_u64(wide, word);
    }
    crc = (uint32_t)wide;
#endif
    for (; n >= 4; p += 4, n -= 4) {
        uint32_t word;
        memcpy(&word, p, sizeof word);
        crc = _mm_crc32_u32(crc, word);
    }
    for (; n; p++, n--) crc = _mm_crc32_u8(crc, *p);
    return crc;
}

itsm__compress_fn itsm__sha256_x86(void)
{
    return processor_has(HAS_SHA) ? compress : NULL;
}

itsm__crc32c_fn itsm__crc32c_x86(void)
{
    return processor_has(HAS_CRC) ? crc32c : NULL;
}

#else

itsm__compress_fn itsm__sha256_x86(void)
{
    return NULL;
}

itsm__crc32c_fn itsm__crc32c_x86(void)
{
    return NULL;
}

#endif
