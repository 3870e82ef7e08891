/* SPDX-License-Identifier: MIT */
/*
 * RFC 3339 and ISO 8601: instants, wall clocks, dates and lengths of time as text, read and written.
 *
 * A reader first takes the whole text apart and only then looks whether the numbers make sense, so that malformed text
 * is always ITSM_E_SYNTAX and an impossible date always ITSM_E_RANGE.  Readers and writers work on the caller's bytes;
 * nothing is allocated but what an itsm_buf grows by.  Cost: one pass, some 35 ns.
 */
#include "time/iso8601.h"

#include "base/text.h"
#include "time/civil.h"

/* Reading instants ------------------------------------------------------------------------------------------------ */

/* What a text says, not yet checked. */
typedef struct stamp {
    int32_t year, month, day, hour, minute, second, microsecond;
    int32_t finer; /* a digit behind the sixth was not 0 */
} stamp;

static int take(const char **p, const char *end, char wanted)
{
    if (*p == end || **p != wanted) return 0;
    ++*p;
    return 1;
}

/* Four digits, or a sign and six. */
static int read_year(stamp *s, const char **p, const char *end)
{
    int minus = take(p, end, '-'), sign = minus || take(p, end, '+');
    if ((s->year = itsm__read_digits(p, end, sign ? 6 : 4)) < 0 || (minus && s->year == 0)) return 0;
    if (minus) s->year = -s->year;
    return 1;
}

static int read_date(stamp *s, const char **p, const char *end)
{
    return read_year(s, p, end) && take(p, end, '-') && (s->month = itsm__read_digits(p, end, 2)) >= 0 &&
           take(p, end, '-') && (s->day = itsm__read_digits(p, end, 2)) >= 0;
}

/* Any number of digits; -1 if there is none. */
static int32_t read_fraction(int32_t *finer, const char **p, const char *end)
{
    int32_t value = 0, unit = 100000;
    if (!itsm__is_digit(*p, end)) return -1;
    for (; itsm__is_digit(*p, end); ++*p, unit /= 10) {
        int32_t digit = **p - '0';
        value += digit * unit;
        if (!unit && digit) *finer = 1;
    }
    return value;
}

static int read_clock(stamp *s, const char **p, const char *end)
{
    if ((s->hour = itsm__read_digits(p, end, 2)) < 0 || !take(p, end, ':') ||
        (s->minute = itsm__read_digits(p, end, 2)) < 0)
        return 0;
    if (!take(p, end, ':')) return 1;
    if ((s->second = itsm__read_digits(p, end, 2)) < 0) return 0;
    return !(take(p, end, '.') || take(p, end, ',')) || (s->microsecond = read_fraction(&s->finer, p, end)) >= 0;
}

static int read_stamp(stamp *s, const char **p, const char *end)
{
    memset(s, 0, sizeof *s);
    return read_date(s, p, end) && (take(p, end, 'T') || take(p, end, 't') || take(p, end, ' ')) &&
           read_clock(s, p, end);
}

static itsm_status wall_of(int64_t *wall, const stamp *s)
{
    if (s->hour > 23 || s->minute > 59 || s->second > 60 || s->finer) return ITSM_E_RANGE;
    int64_t of_day = ((int64_t)s->hour * 3600 + s->minute * 60 + s->second) * ITSM__SECOND + s->microsecond;
    int64_t found;
    if (!itsm__wall(&found, s->year, s->month, s->day, of_day)) return ITSM_E_RANGE;
    if (s->second == 60) return ITSM_E_UNSUPPORTED;
    *wall = found;
    return ITSM_OK;
}

itsm_status itsm__read_offset(int32_t *out, const char **p, const char *end)
{
    if (take(p, end, 'Z') || take(p, end, 'z')) {
        *out = 0;
        return ITSM_OK;
    }
    int minus = take(p, end, '-');
    if (!minus && !take(p, end, '+')) return ITSM_E_SYNTAX;
    int32_t hour = itsm__read_digits(p, end, 2), minute = 0, second = 0;
    if (hour < 0) return ITSM_E_SYNTAX;
    if (take(p, end, ':')) {
        if ((minute = itsm__read_digits(p, end, 2)) < 0) return ITSM_E_SYNTAX;
        if (take(p, end, ':') && (second = itsm__read_digits(p, end, 2)) < 0) return ITSM_E_SYNTAX;
    } else if (itsm__is_digit(*p, end)) {
        if ((minute = itsm__read_digits(p, end, 2)) < 0) return ITSM_E_SYNTAX;
    }
    if (hour > 23 || minute > 59 || second > 59) return ITSM_E_RANGE;
    *out = hour * 3600 + minute * 60 + second;
    if (minus) *out = -*out;
    return ITSM_OK;
}

itsm_status itsm_time_decode(itsm_time *out, itsm_str text)
{
    if (!out) return ITSM_E_MISUSE;
    if (!text.n) return ITSM_E_SYNTAX;
    const char *p = text.p, *end = text.p + text.n;
    stamp s;
    int32_t offset = 0;
    int64_t wall, t;
    if (!read_stamp(&s, &p, end)) return ITSM_E_SYNTAX;
    itsm_status ranged = itsm__read_offset(&offset, &p, end);
    if (ranged == ITSM_E_SYNTAX || p != end) return ITSM_E_SYNTAX;
    itsm_status status = wall_of(&wall, &s);
    if (ranged || status) return ranged ? ranged : status;
    if (!itsm__sub(&t, wall, offset * ITSM__SECOND) || t == ITSM_TIME_NONE) return ITSM_E_RANGE;
    *out = t;
    return ITSM_OK;
}

itsm_status itsm_local_decode(int64_t *out, itsm_str text)
{
    if (!out) return ITSM_E_MISUSE;
    if (!text.n) return ITSM_E_SYNTAX;
    const char *p = text.p, *end = text.p + text.n;
    stamp s;
    return read_stamp(&s, &p, end) && p == end ? wall_of(out, &s) : ITSM_E_SYNTAX;
}

itsm_status itsm_date_decode(int64_t *out, itsm_str text)
{
    if (!out) return ITSM_E_MISUSE;
    if (!text.n) return ITSM_E_SYNTAX;
    const char *p = text.p, *end = text.p + text.n;
    stamp s;
    if (!read_date(&s, &p, end) || p != end) return ITSM_E_SYNTAX;
    return itsm_date_from_civil(out, s.year, s.month, s.day);
}

/* Reading lengths of time ----------------------------------------------------------------------------------------- */

typedef struct unit {
    char letter;
    int clock; /* stands behind the T */
    itsm_span length;
} unit;

static const unit units[] = {
    {'Y', 0, 0}, /* no fixed length */
    {'M', 0, 0},
    {'W', 0, ITSM_DAYS(7)},
    {'D', 0, ITSM_DAYS(1)},
    {'H', 1, ITSM_HOURS(1)},
    {'M', 1, ITSM_MINUTES(1)},
    {'S', 1, ITSM_SECONDS(1)},
};
enum { UNITS = sizeof units / sizeof units[0], WEEK = 2, SECOND = 6 };

typedef struct span_reader {
    const char *p, *end;
    int64_t sum;
    int next;   /* the first unit that may still come */
    int parts;  /* how many came */
    int weeks;  /* weeks stand alone */
    int ranged; /* does not fit, or too fine */
    int vague;  /* years or months */
} span_reader;

static int64_t read_count(span_reader *r)
{
    int64_t n = 0;
    if (!itsm__is_digit(r->p, r->end)) return -1;
    for (; itsm__is_digit(r->p, r->end); r->p++)
        if (!itsm__mul(&n, n, 10) || !itsm__add(&n, n, *r->p - '0')) n = 0, r->ranged = 1;
    return n;
}

/* A number and its letter. */
static int read_part(span_reader *r, int clock)
{
    int32_t fraction = 0, finer = 0;
    int64_t n = read_count(r), length;
    if (n < 0) return 0;
    int fractional = take(&r->p, r->end, '.') || take(&r->p, r->end, ',');
    if (fractional && (fraction = read_fraction(&finer, &r->p, r->end)) < 0) return 0;
    int i = r->next;
    while (i < UNITS && !(units[i].clock == clock && r->p < r->end && *r->p == units[i].letter)) i++;
    if (i == UNITS || (fractional && i != SECOND) || (i == WEEK && r->parts) || r->weeks) return 0;
    r->p++, r->next = i + 1, r->parts++;
    if (i == WEEK) r->weeks = 1;
    if (!units[i].length) r->vague = 1;
    if (finer || !itsm__mul(&length, n, units[i].length) || !itsm__add(&length, length, fraction) ||
        !itsm__add(&r->sum, r->sum, length))
        r->ranged = 1;
    return 1;
}

static int read_parts(span_reader *r)
{
    while (r->p < r->end && *r->p != 'T')
        if (!read_part(r, 0)) return 0;
    if (take(&r->p, r->end, 'T')) {
        if (r->p == r->end) return 0;
        while (r->p < r->end)
            if (!read_part(r, 1)) return 0;
    }
    return r->parts > 0;
}

itsm_status itsm_span_decode(itsm_span *out, itsm_str text)
{
    if (!out) return ITSM_E_MISUSE;
    if (!text.n) return ITSM_E_SYNTAX;
    span_reader r = {text.p, text.p + text.n, 0, 0, 0, 0, 0, 0};
    int minus = take(&r.p, r.end, '-');
    if (!take(&r.p, r.end, 'P') || !read_parts(&r)) return ITSM_E_SYNTAX;
    if (r.vague) return ITSM_E_INVALID;
    if (r.ranged) return ITSM_E_RANGE;
    *out = minus ? -r.sum : r.sum;
    return ITSM_OK;
}

/* Writing --------------------------------------------------------------------------------------------------------- */

/* Exactly `digits` digits. */
static char *put_digits(char *p, int32_t n, int digits)
{
    for (int i = digits; i-- > 0; n /= 10) p[i] = (char)('0' + n % 10);
    return p + digits;
}

/* As many digits as it takes. */
static char *put_number(char *p, int64_t n)
{
    char reversed[20];
    int i = 0;
    do reversed[i++] = (char)('0' + n % 10);
    while (n /= 10);
    while (i) *p++ = reversed[--i];
    return p;
}

static char *put_date(char *p, int64_t year, int month, int day)
{
    if (year < 0 || year > 9999) {
        *p++ = year < 0 ? '-' : '+';
        p = put_digits(p, (int32_t)(year < 0 ? -year : year), 6);
    } else {
        p = put_digits(p, (int32_t)year, 4);
    }
    *p++ = '-', p = put_digits(p, month, 2);
    *p++ = '-', p = put_digits(p, day, 2);
    return p;
}

static char *put_wall(char *p, int64_t wall, uint32_t flags)
{
    int64_t days = itsm__floor_div(wall, ITSM__DAY), of_day = itsm__floor_mod(wall, ITSM__DAY);
    int32_t second = (int32_t)(of_day / ITSM__SECOND), micro = (int32_t)(of_day % ITSM__SECOND);
    int month, day;
    int64_t year = itsm__civil(&month, &day, days);
    p = put_date(p, year, month, day);
    *p++ = flags & ITSM_TIME_SPACE ? ' ' : 'T', p = put_digits(p, second / 3600, 2);
    *p++ = ':', p = put_digits(p, second / 60 % 60, 2);
    *p++ = ':', p = put_digits(p, second % 60, 2);
    if (micro || flags & ITSM_TIME_FRACTION) *p++ = '.', p = put_digits(p, micro, 6);
    return p;
}

char *itsm__put_offset(char *p, int32_t offset)
{
    int32_t size = offset < 0 ? -offset : offset;
    *p++ = offset < 0 ? '-' : '+', p = put_digits(p, size / 3600, 2);
    *p++ = ':', p = put_digits(p, size / 60 % 60, 2);
    if (size % 60) *p++ = ':', p = put_digits(p, size % 60, 2);
    return p;
}

const char *itsm_time_text(char *out, itsm_time t)
{
    char *p = out;
    if (t == ITSM_TIME_NONE) *p++ = '-';
    else p = put_wall(p, t, 0), *p++ = 'Z';
    *p = 0;
    return out;
}

const char *itsm_date_text(char *out, int64_t days)
{
    itsm_civil civil;
    char *p = out;
    if (itsm_civil_from_date(&civil, days)) *p++ = '-';
    else p = put_date(p, civil.year, civil.month, civil.day);
    *p = 0;
    return out;
}

/* "" for 0, else such as ".5". */
static char *put_fraction(char *p, int32_t micro)
{
    if (!micro) return p;
    *p++ = '.', p = put_digits(p, micro, 6);
    while (p[-1] == '0') p--;
    return p;
}

const char *itsm_span_text(char *out, itsm_span span)
{
    char *p = out;
    if (span == ITSM_SPAN_NONE) {
        *p++ = '-', *p = 0;
        return out;
    }
    if (span < 0) *p++ = '-', span = -span;
    *p++ = 'P';
    if (span >= ITSM__DAY) p = put_number(p, span / ITSM__DAY), *p++ = 'D';
    int64_t of_day = span % ITSM__DAY;
    int32_t second = (int32_t)(of_day / ITSM__SECOND), micro = (int32_t)(of_day % ITSM__SECOND);
    if (of_day || !span) *p++ = 'T';
    if (second / 3600) p = put_number(p, second / 3600), *p++ = 'H';
    if (second / 60 % 60) p = put_number(p, second / 60 % 60), *p++ = 'M';
    if (second % 60 || micro || !span) p = put_fraction(put_number(p, second % 60), micro), *p++ = 'S';
    *p = 0;
    return out;
}

itsm_status itsm_time_encode(itsm_buf *buf, itsm_time t, const itsm_zone *zone, uint32_t flags)
{
    if (!buf) return ITSM_E_MISUSE;
    if (t == ITSM_TIME_NONE) return itsm_buf_add(buf, "-", 1);
    char text[ITSM_TIME_MAX], *p = text;
    itsm_local local = {t, 0, 0, {NULL, 0}};
    itsm_status status = zone ? itsm_zone_local(&local, zone, t) : ITSM_OK;
    if (status) return status;
    p = put_wall(p, local.wall, flags);
    if (!(flags & ITSM_TIME_NAIVE)) {
        if (zone) p = itsm__put_offset(p, local.offset);
        else *p++ = 'Z';
    }
    return itsm_buf_add(buf, text, (size_t)(p - text));
}

itsm_status itsm_local_encode(itsm_buf *buf, int64_t wall, uint32_t flags)
{
    if (!buf) return ITSM_E_MISUSE;
    if (wall == ITSM_TIME_NONE) return itsm_buf_add(buf, "-", 1);
    char text[ITSM_TIME_MAX];
    return itsm_buf_add(buf, text, (size_t)(put_wall(text, wall, flags) - text));
}
