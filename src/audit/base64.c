/* SPDX-License-Identifier: MIT */
/*
 * Base64 (RFC 4648 section 4): roots, entries and signatures as text.  O(n), in the caller's room.
 */
#include "audit/base64.h"

#include "base/text.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void itsm__base64_encode(char *out, const uint8_t *bytes, size_t n)
{
    for (size_t i = 0; i < n; i += 3, out += 4) {
        uint32_t u = (uint32_t)bytes[i] << 16;
        if (i + 1 < n) u |= (uint32_t)bytes[i + 1] << 8;
        if (i + 2 < n) u |= bytes[i + 2];
        for (unsigned k = 0; k < 4; k++) out[k] = alphabet[u >> (18 - 6 * k) & 63];
        if (i + 2 >= n) out[3] = '=';
        if (i + 1 >= n) out[2] = '=';
    }
}

int itsm__base64_decode(uint8_t *out, size_t *n, itsm_str text)
{
    uint32_t bits = 0;
    unsigned held = 0;
    size_t length = text.n;
    *n = 0;
    if (length % 4) return 0;
    for (unsigned i = 0; i < 2 && length && text.p[length - 1] == '='; i++) length--;
    for (size_t i = 0; i < length; i++) {
        const char *at = text.p[i] ? strchr(alphabet, text.p[i]) : NULL;
        if (!at) return 0;
        bits = bits << 6 | (uint32_t)(at - alphabet), held += 6;
        if (held < 8) continue;
        held -= 8;
        out[(*n)++] = (uint8_t)(bits >> held);
        bits &= (1u << held) - 1;
    }
    return bits == 0 && (*n + 2) / 3 * 4 == text.n; /* the bits behind the last byte */
}

itsm_status itsm__base64_add(itsm_buf *out, const void *bytes, size_t n)
{
    itsm_status rc = itsm__buf_reserve(out, ITSM__BASE64_TEXT(n));
    if (rc) return rc;
    itsm__base64_encode(out->p + out->n, bytes, n);
    out->n += ITSM__BASE64_TEXT(n);
    return ITSM_OK;
}
