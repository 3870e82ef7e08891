/* SPDX-License-Identifier: MIT */
/* Base64 (RFC 4648 section 4), read strictly: padding is there and no bit is lost, so that bytes have one text. */
#ifndef ITSM_SRC_AUDIT_BASE64_H
#define ITSM_SRC_AUDIT_BASE64_H

#include <itsm/base.h>

#define ITSM__BASE64_TEXT(n) (((n) + 2) / 3 * 4)  /* length of the text of n bytes */
#define ITSM__BASE64_BYTES(n) ((n) / 4 * 3)       /* room for the bytes of a text */

void itsm__base64_encode(char *out, const uint8_t *bytes, size_t n);          /* ITSM__BASE64_TEXT(n) characters */
int itsm__base64_decode(uint8_t *out, size_t *n, itsm_str text);              /* 0: it is none */
itsm_status itsm__base64_add(itsm_buf *out, const void *bytes, size_t n);     /* append the text of n bytes */

#endif
