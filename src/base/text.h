/* SPDX-License-Identifier: MIT */
/*
 * Building text without the locale: appending numbers and texts to a buffer, and a small formatter.
 */
#ifndef ITSM_SRC_BASE_TEXT_H
#define ITSM_SRC_BASE_TEXT_H

#include <itsm/base.h>

#include <stdarg.h>

itsm_status itsm__buf_c(itsm_buf *buf, const char *c);
itsm_status itsm__buf_str(itsm_buf *buf, itsm_str s);
itsm_status itsm__buf_char(itsm_buf *buf, char c);
itsm_status itsm__buf_int(itsm_buf *buf, int64_t i);
itsm_status itsm__buf_uint(itsm_buf *buf, uint64_t u);
itsm_status itsm__buf_hex(itsm_buf *buf, const void *p, size_t n);

/* Room for that many more bytes. */
itsm_status itsm__buf_enlarge(itsm_buf *buf, size_t more);
static inline itsm_status itsm__buf_reserve(itsm_buf *buf, size_t more)
{
    return more <= buf->capacity - buf->n ? ITSM_OK : itsm__buf_enlarge(buf, more);
}

/* i * 10^-digits with exactly `digits` digits behind the point: (12345, 2) gives 123.45. */
itsm_status itsm__buf_fixed(itsm_buf *buf, int64_t i, unsigned digits);

/*
 * Formats: %s const char *, %S itsm_str, %d int, %i int64_t, %u uint64_t, %z size_t, %c int, %x uint64_t in hex,
 * %02d .. %09d int with leading zeros, %%.  Anything else is copied as it stands.
 */
itsm_status itsm__format(itsm_buf *buf, const char *format, ...);
itsm_status itsm__vformat(itsm_buf *buf, const char *format, va_list args);

/* Decimal digits with an optional minus, all of the text; ITSM_E_SYNTAX or ITSM_E_RANGE otherwise. */
itsm_status itsm__parse_int(int64_t *out, itsm_str text);

/* The nearest of n names within a third of its length (edit distance), for "did you mean"; the empty text if none. */
itsm_str itsm__nearest(itsm_str name, const itsm_str *names, size_t n);

#endif
