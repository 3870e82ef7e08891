/* SPDX-License-Identifier: MIT */
/*
 * Arithmetic that says when it overflows, and numbers as bytes in either order.  Everything here is inline.
 */
#ifndef ITSM_SRC_BASE_BITS_H
#define ITSM_SRC_BASE_BITS_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* 1 and *out set when the result fits, else 0 and *out as it was. */
static inline int itsm__add(int64_t *out, int64_t a, int64_t b)
{
    if (b > 0 ? a > INT64_MAX - b : a < INT64_MIN - b) return 0;
    *out = a + b;
    return 1;
}

static inline int itsm__sub(int64_t *out, int64_t a, int64_t b)
{
    if (b < 0 ? a > INT64_MAX + b : a < INT64_MIN + b) return 0;
    *out = a - b;
    return 1;
}

static inline int itsm__mul(int64_t *out, int64_t a, int64_t b)
{
    if (a > 0 ? (b > 0 ? a > INT64_MAX / b : b < INT64_MIN / a)
              : (b > 0 ? a < INT64_MIN / b : (a != 0 && b < INT64_MAX / a)))
        return 0;
    *out = a * b;
    return 1;
}

static inline int itsm__size_mul(size_t *out, size_t a, size_t b)
{
    if (b && a > SIZE_MAX / b) return 0;
    *out = a * b;
    return 1;
}

/* Division that rounds towards minus infinity; b > 0. */
static inline int64_t itsm__floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

static inline int64_t itsm__floor_mod(int64_t a, int64_t b)
{
    int64_t r = a % b;
    return r < 0 ? r + b : r;
}

static inline uint32_t itsm__be32(const void *p)
{
    const unsigned char *b = (const unsigned char *)p;
    return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

static inline uint64_t itsm__be64(const void *p)
{
    return (uint64_t)itsm__be32(p) << 32 | itsm__be32((const unsigned char *)p + 4);
}

static inline uint32_t itsm__le32(const void *p)
{
    const unsigned char *b = (const unsigned char *)p;
    return (uint32_t)b[3] << 24 | (uint32_t)b[2] << 16 | (uint32_t)b[1] << 8 | b[0];
}

static inline uint64_t itsm__le64(const void *p)
{
    return (uint64_t)itsm__le32((const unsigned char *)p + 4) << 32 | itsm__le32(p);
}

static inline void itsm__put_be32(void *p, uint32_t u)
{
    unsigned char *b = (unsigned char *)p;
    b[0] = (unsigned char)(u >> 24), b[1] = (unsigned char)(u >> 16), b[2] = (unsigned char)(u >> 8);
    b[3] = (unsigned char)u;
}

static inline void itsm__put_be64(void *p, uint64_t u)
{
    itsm__put_be32(p, (uint32_t)(u >> 32)), itsm__put_be32((unsigned char *)p + 4, (uint32_t)u);
}

static inline void itsm__put_le32(void *p, uint32_t u)
{
    unsigned char *b = (unsigned char *)p;
    b[0] = (unsigned char)u, b[1] = (unsigned char)(u >> 8), b[2] = (unsigned char)(u >> 16);
    b[3] = (unsigned char)(u >> 24);
}

static inline void itsm__put_le64(void *p, uint64_t u)
{
    itsm__put_le32(p, (uint32_t)u), itsm__put_le32((unsigned char *)p + 4, (uint32_t)(u >> 32));
}

/* The lowest 56 bits as 8 bytes of 7 bits each, and back: eight bytes of a varint at once. */
static inline uint64_t itsm__spread_7(uint64_t u)
{
    u = (u & UINT64_C(0x000000000fffffff)) | (u & UINT64_C(0x00fffffff0000000)) << 4;
    u = (u & UINT64_C(0x00003fff00003fff)) | (u & UINT64_C(0x0fffc0000fffc000)) << 2;
    return (u & UINT64_C(0x007f007f007f007f)) | (u & UINT64_C(0x3f803f803f803f80)) << 1;
}

static inline uint64_t itsm__gather_7(uint64_t u)
{
    u = (u & UINT64_C(0x007f007f007f007f)) | (u & UINT64_C(0x7f007f007f007f00)) >> 1;
    u = (u & UINT64_C(0x00003fff00003fff)) | (u & UINT64_C(0x3fff00003fff0000)) >> 2;
    return (u & UINT64_C(0x000000000fffffff)) | (u & UINT64_C(0x0fffffff00000000)) >> 4;
}

#endif
