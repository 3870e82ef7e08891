/* SPDX-License-Identifier: MIT */
/*
 * Eight bytes looked at as one number.  Each test gives a mask with the top bit of every byte that passes, exactly,
 * without a carry from byte to byte; masks are joined with |.
 */
#ifndef ITSM_SRC_TEXT_WORDS_H
#define ITSM_SRC_TEXT_WORDS_H

#include "base/bits.h"

#define ITSM__ONES UINT64_C(0x0101010101010101)
#define ITSM__TOPS UINT64_C(0x8080808080808080)

/* The first byte is the lowest. */
static inline uint64_t itsm__word(const char *p)
{
    return itsm__le64(p);
}

/* Bytes that equal the one repeated in `pattern` (ITSM__ONES times the byte). */
static inline uint64_t itsm__word_equal(uint64_t word, uint64_t pattern)
{
    uint64_t differs = word ^ pattern;
    return ~(((differs & ~ITSM__TOPS) + ~ITSM__TOPS) | differs) & ITSM__TOPS;
}

/* Bytes whose low seven bits are less than `limit` (1 to 127).  Join with itsm__word_high() or know they are low. */
static inline uint64_t itsm__word_below(uint64_t word, uint64_t limit)
{
    return ~((word | ITSM__TOPS) - ITSM__ONES * limit) & ITSM__TOPS;
}

/* Bytes outside ASCII. */
static inline uint64_t itsm__word_high(uint64_t word)
{
    return word & ITSM__TOPS;
}

/* The number of the first byte in a mask that is not 0. */
static inline size_t itsm__word_first(uint64_t mask)
{
    uint64_t lowest = (mask & (0 - mask)) >> 7;
    return (size_t)((lowest * UINT64_C(0x0001020304050607)) >> 56);
}

#endif
