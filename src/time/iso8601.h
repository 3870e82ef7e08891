/* SPDX-License-Identifier: MIT */
/*
 * Pieces of texts that more than one file of this folder reads or writes.
 */
#ifndef ITSM_SRC_TIME_ISO8601_H
#define ITSM_SRC_TIME_ISO8601_H

#include <itsm/base.h>

enum { ITSM__OFFSET_MAX = 16 };

/* Write `+hh:mm`, or `+hh:mm:ss`; returns the end.  No NUL. */
char *itsm__put_offset(char *p, int32_t offset);

/* Read `Z`, `+hh:mm`, `+hhmm`, `+hh` or `+hh:mm:ss`; *out of range is reported as ITSM_E_RANGE.  Moves *p. */
itsm_status itsm__read_offset(int32_t *out, const char **p, const char *end);

static inline int itsm__is_digit(const char *p, const char *end)
{
    return p < end && (unsigned char)(*p - '0') < 10;
}

/* Exactly n digits; -1 if they are not there.  Moves *p past them. */
static inline int32_t itsm__read_digits(const char **p, const char *end, int n)
{
    const char *q = *p;
    int32_t value = 0;
    if (end - q < n) return -1;
    for (int i = 0; i < n; i++) {
        unsigned digit = (unsigned char)(q[i] - '0');
        if (digit > 9) return -1;
        value = value * 10 + (int32_t)digit;
    }
    *p = q + n;
    return value;
}

#endif
