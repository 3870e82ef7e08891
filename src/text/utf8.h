/* SPDX-License-Identifier: MIT */
/* UTF-8 as RFC 3629 defines it: no overlong forms, no surrogates, nothing above U+10FFFF. */
#ifndef ITSM_SRC_TEXT_UTF8_H
#define ITSM_SRC_TEXT_UTF8_H

#include <itsm/base.h>

/* How many bytes at the start of the text are valid: text.n when all of it is.  O(n), words at a time for ASCII. */
size_t itsm__utf8_valid(itsm_str text);

/* The length of the valid character that starts at p (n > 0 bytes are there); 0 when there is none. */
size_t itsm__utf8_length(const char *p, size_t n);

/* Write the code point (not a surrogate, at most 0x10FFFF) to out; returns 1 to 4. */
size_t itsm__utf8_put(char out[4], uint32_t code_point);

#endif
