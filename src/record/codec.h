/* SPDX-License-Identifier: MIT */
/*
 * Values and fields as canonical bytes: what a record's body is made of, and open to every other row of the library
 * (history keeps old values this way).  Each sequence of bytes stands for one content and each content for one
 * sequence: numbers in their shortest form, fields in ascending order, nothing behind the end.
 *
 *   body   = version (1) , count , { field }
 *   field  = number - previous number (>= 1) , value            count and differences: varint (LEB128)
 *   value  = kind (one byte) , content
 *   content of  none           nothing
 *               int bool time date span         zigzag varint
 *               decimal        scale (one byte, <= 18) , zigzag varint
 *               text enum party map blob bytes, and every kind not yet invented     length , bytes
 *               ref            type , id.hi , id.lo
 *               list           count , and if that is not 0: kind of the items (neither none nor list) , their contents
 */
#ifndef ITSM_SRC_RECORD_CODEC_H
#define ITSM_SRC_RECORD_CODEC_H

#include "base/memory.h"

#include <itsm/sys/store_backend.h>

#define ITSM__CODEC_VERSION 1
#define ITSM__DECIMAL_SCALE_MAX 18

/* Kind and scale fit their bytes, pointers are there, lists are flat and of one kind: it can be written. */
int itsm__value_is_sound(const itsm_value *value);

/* Bytes of the encoding at most; SIZE_MAX when that overflows. */
size_t itsm__value_bound(const itsm_value *value);

/* Write a sound value at p, which has room for its bound; the end of what was written. */
unsigned char *itsm__value_put(unsigned char *p, const itsm_value *value);

/* Write a number where there is room for 10 bytes.  Most are a byte. */
unsigned char *itsm__varint_put_long(unsigned char *p, uint64_t u);
static inline unsigned char *itsm__varint_put(unsigned char *p, uint64_t u)
{
    if (u >= 0x80) return itsm__varint_put_long(p, u);
    *p = (unsigned char)u;
    return p + 1;
}

/* The same for the body of sound fields in ascending order; room for their bounds, 3 bytes more for each, and 4. */
unsigned char *itsm__fields_put(unsigned char *p, const itsm_row_field *fields, size_t n);

/* Append one value; fields as a body (they must be in ascending order of their numbers). */
itsm_status itsm__value_encode(itsm_buf *out, const itsm_value *value);
itsm_status itsm__fields_encode(itsm_buf *out, const itsm_row_field *fields, size_t n);

/*
 * A place in bytes being read.  Reading functions advance it and answer ITSM_E_CORRUPT (not advancing) when the bytes
 * are not what they should be.  Texts and bytes are borrowed from the input; the items of lists come from the arena.
 */
typedef struct itsm__reader {
    const unsigned char *p, *end;
} itsm__reader;

itsm_status itsm__varint_read_long(uint64_t *out, itsm__reader *in);
static inline itsm_status itsm__varint_read(uint64_t *out, itsm__reader *in)
{
    if (in->p == in->end || *in->p >= 0x80) return itsm__varint_read_long(out, in);
    *out = *in->p++;
    return ITSM_OK;
}

itsm_status itsm__value_read(itsm_value *out, itsm__reader *in, itsm__arena *arena);

/*
 * Read a body.  *fields is an array of capacity *capacity of `memory` that grows as needed and is reused; *n fields are
 * in it after success, and *bound, which may be NULL, is the sum of their bounds.  ITSM_E_VERSION for a newer format.
 */
itsm_status itsm__fields_decode(itsm_row_field **fields, size_t *n, size_t *capacity, size_t *bound,
                                const itsm__memory *memory, itsm__arena *arena, itsm_bytes body);

#endif
