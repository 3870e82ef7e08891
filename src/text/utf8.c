/* SPDX-License-Identifier: MIT */
/*
 * Checking and writing UTF-8 (RFC 3629).  ASCII is passed eight bytes at a time, the rest character by character
 * with the table of RFC 3629, section 4: the first byte gives the length and the range of the second byte.
 */
#include "text/utf8.h"
#include "text/words.h"

size_t itsm__utf8_length(const char *p, size_t n)
{
    const unsigned char *b = (const unsigned char *)p;
    if (b[0] < 0x80) return 1;
    if (b[0] < 0xc2 || b[0] > 0xf4) return 0;
    size_t length = b[0] < 0xe0 ? 2 : b[0] < 0xf0 ? 3 : 4;
    if (n < length) return 0;
    unsigned least = 0x80, most = 0xbf;
    if (b[0] == 0xe0) least = 0xa0;
    if (b[0] == 0xed) most = 0x9f;
    if (b[0] == 0xf0) least = 0x90;
    if (b[0] == 0xf4) most = 0x8f;
    if (b[1] < least || b[1] > most) return 0;
    for (size_t i = 2; i < length; i++)
        if ((b[i] & 0xc0) != 0x80) return 0;
    return length;
}

size_t itsm__utf8_valid(itsm_str text)
{
    size_t i = 0;
    while (i < text.n) {
        if (text.n - i >= 8) {
            uint64_t high = itsm__word_high(itsm__word(text.p + i));
            i += high ? itsm__word_first(high) : 8;
            if (!high) continue;
        }
        size_t length = itsm__utf8_length(text.p + i, text.n - i);
        if (!length) break;
        i += length;
    }
    return i;
}

size_t itsm__utf8_put(char out[4], uint32_t code_point)
{
    if (code_point < 0x80) {
        out[0] = (char)code_point;
        return 1;
    }
    size_t length = code_point < 0x800 ? 2 : code_point < 0x10000 ? 3 : 4;
    for (size_t i = length - 1; i > 0; i--) {
        out[i] = (char)(unsigned char)(0x80 | (code_point & 0x3f));
        code_point >>= 6;
    }
    static const unsigned char first[5] = {0, 0, 0xc0, 0xe0, 0xf0};
    out[0] = (char)(unsigned char)(first[length] | code_point);
    return length;
}
