/* SPDX-License-Identifier: MIT */
/*
 * Text without the locale: appending texts and numbers to a buffer, a small formatter, reading an integer, and the
 * nearest of a set of names.
 *
 * Everything appends to an itsm_buf and leaves it as it was when there is no memory, a whole format included.
 * Numbers are written into a few bytes on the stack from the right; nothing here allocates but the buffer.
 */
#include "base/text.h"

itsm_status itsm__buf_str(itsm_buf *buf, itsm_str s)
{
    return itsm_buf_add(buf, s.p, s.n);
}

itsm_status itsm__buf_c(itsm_buf *buf, const char *c)
{
    return itsm_buf_add(buf, c, strlen(c));
}

itsm_status itsm__buf_char(itsm_buf *buf, char c)
{
    return itsm_buf_add(buf, &c, 1);
}

/* Numbers --------------------------------------------------------------------------------------------------------- */

enum { MOST_DIGITS = 20 }; /* of a uint64_t */

/* Write the digits of u so that they end before `end`; returns the first of them. */
static char *digits_before(char *end, uint64_t u)
{
    do *--end = (char)('0' + u % 10);
    while (u /= 10);
    return end;
}

static uint64_t magnitude(int64_t i)
{
    return i < 0 ? 0 - (uint64_t)i : (uint64_t)i;
}

itsm_status itsm__buf_uint(itsm_buf *buf, uint64_t u)
{
    char digits[MOST_DIGITS];
    char *end = digits + MOST_DIGITS, *first = digits_before(end, u);
    return itsm_buf_add(buf, first, (size_t)(end - first));
}

itsm_status itsm__buf_int(itsm_buf *buf, int64_t i)
{
    char digits[1 + MOST_DIGITS];
    char *end = digits + 1 + MOST_DIGITS, *first = digits_before(end, magnitude(i));
    if (i < 0) *--first = '-';
    return itsm_buf_add(buf, first, (size_t)(end - first));
}

/* Append where there is room already. */
static void put(itsm_buf *buf, const char *p, size_t n)
{
    if (n) memcpy(buf->p + buf->n, p, n);
    buf->n += n;
}

static void put_zeros(itsm_buf *buf, size_t n)
{
    if (n) memset(buf->p + buf->n, '0', n);
    buf->n += n;
}

/* i with a sign and zeros in front of it, `width` characters at least. */
static itsm_status add_padded(itsm_buf *buf, int64_t i, size_t width)
{
    char digits[MOST_DIGITS];
    char *end = digits + MOST_DIGITS, *first = digits_before(end, magnitude(i));
    size_t n = (size_t)(end - first), used = n + (i < 0), zeros = used < width ? width - used : 0;
    itsm_status status = itsm__buf_reserve(buf, used + zeros);
    if (status) return status;
    if (i < 0) buf->p[buf->n++] = '-';
    put_zeros(buf, zeros);
    put(buf, first, n);
    return ITSM_OK;
}

itsm_status itsm__buf_fixed(itsm_buf *buf, int64_t i, unsigned digits)
{
    if (!digits) return itsm__buf_int(buf, i);
    char all[MOST_DIGITS];
    char *end = all + MOST_DIGITS, *first = digits_before(end, magnitude(i));
    size_t n = (size_t)(end - first), whole = n > digits ? n - digits : 0;
    itsm_status status = itsm__buf_reserve(buf, n + (size_t)digits + 3);
    if (status) return status;
    if (i < 0) buf->p[buf->n++] = '-';
    if (!whole) buf->p[buf->n++] = '0';
    put(buf, first, whole);
    buf->p[buf->n++] = '.';
    put_zeros(buf, digits - (n - whole));
    put(buf, first + whole, n - whole);
    return ITSM_OK;
}

static const char hex_digits[] = "0123456789abcdef";

itsm_status itsm__buf_hex(itsm_buf *buf, const void *p, size_t n)
{
    if (n > SIZE_MAX / 2) return ITSM_E_NOMEM;
    itsm_status status = itsm__buf_reserve(buf, 2 * n);
    if (status) return status;
    const unsigned char *bytes = p;
    for (size_t i = 0; i < n; i++) {
        buf->p[buf->n++] = hex_digits[bytes[i] >> 4];
        buf->p[buf->n++] = hex_digits[bytes[i] & 15];
    }
    return ITSM_OK;
}

static itsm_status add_hex_number(itsm_buf *buf, uint64_t u)
{
    char digits[16];
    size_t first = sizeof digits;
    do digits[--first] = hex_digits[u & 15];
    while (u >>= 4);
    return itsm_buf_add(buf, digits + first, sizeof digits - first);
}

itsm_status itsm__parse_int(int64_t *out, itsm_str text)
{
    size_t i = text.n && text.p[0] == '-';
    int negative = i != 0;
    if (i == text.n) return ITSM_E_SYNTAX;
    uint64_t limit = negative ? (uint64_t)INT64_MAX + 1 : (uint64_t)INT64_MAX, value = 0;
    int fits = 1;
    for (; i < text.n; i++) {
        if (text.p[i] < '0' || text.p[i] > '9') return ITSM_E_SYNTAX;
        unsigned digit = (unsigned)(text.p[i] - '0');
        if (value > (limit - digit) / 10) fits = 0;
        if (fits) value = value * 10 + digit;
    }
    if (!fits) return ITSM_E_RANGE;
    *out = !negative ? (int64_t)value : value ? -(int64_t)(value - 1) - 1 : 0;
    return ITSM_OK;
}

/* Formats --------------------------------------------------------------------------------------------------------- */

itsm_status itsm__format(itsm_buf *buf, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    itsm_status status = itsm__vformat(buf, format, args);
    va_end(args);
    return status;
}

/* "%02d" ... "%09d" at f, behind the percent sign. */
static int is_padded(const char *f)
{
    return f[0] == '0' && f[1] >= '2' && f[1] <= '9' && f[2] == 'd';
}

itsm_status itsm__vformat(itsm_buf *buf, const char *format, va_list args)
{
    size_t before = buf->n;
    itsm_status status = ITSM_OK;
    for (const char *f = format; *f && !status;) {
        const char *percent = strchr(f, '%');
        if (percent != f) {
            size_t n = percent ? (size_t)(percent - f) : strlen(f);
            status = itsm_buf_add(buf, f, n), f += n;
            continue;
        }
        size_t length = 2;
        switch (f[1]) {
        case 's': status = itsm__buf_c(buf, va_arg(args, const char *)); break;
        case 'S': status = itsm__buf_str(buf, va_arg(args, itsm_str)); break;
        case 'd': status = itsm__buf_int(buf, va_arg(args, int)); break;
        case 'i': status = itsm__buf_int(buf, va_arg(args, int64_t)); break;
        case 'u': status = itsm__buf_uint(buf, va_arg(args, uint64_t)); break;
        case 'z': status = itsm__buf_uint(buf, va_arg(args, size_t)); break;
        case 'x': status = add_hex_number(buf, va_arg(args, uint64_t)); break;
        case 'c': status = itsm__buf_char(buf, (char)va_arg(args, int)); break;
        case '%': status = itsm__buf_char(buf, '%'); break;
        default:
            length = 1;
            if (is_padded(f + 1)) status = add_padded(buf, va_arg(args, int), (size_t)(f[2] - '0')), length = 4;
            else status = itsm__buf_char(buf, '%');
        }
        f += length;
    }
    if (status) buf->n = before;
    return status;
}

/* Did you mean ---------------------------------------------------------------------------------------------------- */

enum { LONGEST_NAME = 64 };

/*
 * The number of insertions, deletions, replacements and swaps of neighbours that turn a into b (optimal string
 * alignment, O(a.n * b.n)); names longer than LONGEST_NAME are as far away as can be.
 */
static size_t edit_distance(itsm_str a, itsm_str b)
{
    if (a.n > LONGEST_NAME || b.n > LONGEST_NAME) return SIZE_MAX;
    unsigned char rows[3][LONGEST_NAME + 1];
    unsigned char *older = rows[0], *above = rows[1], *row = rows[2];
    for (size_t j = 0; j <= b.n; j++) above[j] = older[j] = (unsigned char)j;
    for (size_t i = 1; i <= a.n; i++) {
        row[0] = (unsigned char)i;
        for (size_t j = 1; j <= b.n; j++) {
            unsigned best = (unsigned)above[j - 1] + (a.p[i - 1] != b.p[j - 1]);
            if (best > above[j] + 1u) best = above[j] + 1u;
            if (best > row[j - 1] + 1u) best = row[j - 1] + 1u;
            if (i > 1 && j > 1 && a.p[i - 1] == b.p[j - 2] && a.p[i - 2] == b.p[j - 1] && best > older[j - 2] + 1u)
                best = older[j - 2] + 1u;
            row[j] = (unsigned char)best;
        }
        unsigned char *oldest = older;
        older = above, above = row, row = oldest;
    }
    return above[b.n];
}

itsm_str itsm__nearest(itsm_str name, const itsm_str *names, size_t n)
{
    itsm_str nearest = ITSM_STR("");
    size_t least = name.n / 3 + 1; /* must be below this */
    for (size_t i = 0; i < n; i++) {
        size_t distance = edit_distance(name, names[i]);
        if (distance < least) least = distance, nearest = names[i];
    }
    return nearest;
}
