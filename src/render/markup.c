/* SPDX-License-Identifier: MIT */
/*
 * The writer of HTML and SVG: itsm__put(), O(length), and the arithmetic of axes.
 *
 * Everything that came from outside passes through one function, escape(), which knows what XML forbids: the five
 * characters with a meaning, control characters, surrogates and non-characters, and bytes that are no UTF-8 at all.
 * A text of unreasonable length is cut, so that no title can fill a page.
 */
#include "render/markup.h"

#include "base/bits.h"
#include "base/text.h"
#include "report/local.h"

#include <stdarg.h>

enum { TEXT_MAX = 400 };

static void keep(itsm__markup *m, itsm_status rc)
{
    if (m->status == ITSM_OK) m->status = rc;
}

static void raw(itsm__markup *m, const char *p, size_t n)
{
    if (m->status == ITSM_OK && n) keep(m, itsm_buf_add(m->out, p, n));
}

static void raw_c(itsm__markup *m, const char *c)
{
    raw(m, c, strlen(c));
}

/* Escaping --------------------------------------------------------------------------------------------------------- */

/* Length of the well-formed UTF-8 character at p that XML allows; 0 if there is none. */
static size_t character(const unsigned char *p, size_t n)
{
    if (p[0] < 0x80) return p[0] >= 0x20 && p[0] != 0x7F ? 1 : p[0] == '\t' || p[0] == '\n';
    size_t length = p[0] >= 0xF0 ? 4 : p[0] >= 0xE0 ? 3 : 2;
    if (p[0] < 0xC2 || p[0] > 0xF4 || n < length) return 0;
    for (size_t i = 1; i < length; i++)
        if ((p[i] & 0xC0) != 0x80) return 0;
    if (p[0] == 0xC2 && p[1] < 0xA0) return 0;                  /* C1 controls */
    if (p[0] == 0xE0 && p[1] < 0xA0) return 0;                  /* overlong */
    if (p[0] == 0xED && p[1] > 0x9F) return 0;                  /* surrogates */
    if (p[0] == 0xEF && p[1] == 0xBF && p[2] >= 0xBE) return 0; /* U+FFFE, U+FFFF */
    if (p[0] == 0xF0 && p[1] < 0x90) return 0;                  /* overlong */
    if (p[0] == 0xF4 && p[1] > 0x8F) return 0;                  /* beyond U+10FFFF */
    return length;
}

static const char *entity(char c)
{
    switch (c) {
    case '&': return "&amp;";
    case '<': return "&lt;";
    case '>': return "&gt;";
    case '"': return "&quot;";
    case '\'': return "&#39;";
    default: return NULL;
    }
}

static void escape(itsm__markup *m, itsm_str text)
{
    size_t i = 0, from = 0;
    while (i < text.n && i < TEXT_MAX) {
        size_t length = character((const unsigned char *)text.p + i, text.n - i);
        const char *instead = length == 0 ? "\xEF\xBF\xBD" : length == 1 ? entity(text.p[i]) : NULL;
        if (instead) {
            raw(m, text.p + from, i - from), raw_c(m, instead);
            from = i + 1;
        }
        i += length ? length : 1;
    }
    raw(m, text.p + from, i - from);
    if (i < text.n) raw_c(m, "\xE2\x80\xA6");
}

/* Numbers ---------------------------------------------------------------------------------------------------------- */

static void number(itsm__markup *m, uint64_t u)
{
    char digits[32];
    size_t at = sizeof digits, n = 0;
    do {
        if (n && n % 3 == 0) digits[--at] = ',';
        digits[--at] = (char)('0' + u % 10), n++;
    } while (u /= 10);
    raw(m, digits + at, sizeof digits - at);
}

static void two(itsm__markup *m, uint64_t u)
{
    char digits[2] = {(char)('0' + u / 10 % 10), (char)('0' + u % 10)};
    raw(m, digits, 2);
}

static void tenths(itsm__markup *m, int64_t t)
{
    if (t % 10 == 0) keep(m, m->status == ITSM_OK ? itsm__buf_int(m->out, t / 10) : ITSM_OK);
    else keep(m, m->status == ITSM_OK ? itsm__buf_fixed(m->out, t, 1) : ITSM_OK);
}

static void percent(itsm__markup *m, uint64_t part, uint64_t whole)
{
    if (!whole) {
        raw_c(m, "\xE2\x80\x93");
        return;
    }
    uint64_t scale = part > UINT64_MAX / 2000 ? 1 : 1000;
    uint64_t permille = scale == 1 ? part / (whole / 1000 ? whole / 1000 : 1) : (part * 1000 + whole / 2) / whole;
    if (permille == 1000 && part < whole) permille = 999; /* "100.0%" is said of all only */
    number(m, permille / 10), raw_c(m, "."), number(m, permille % 10), raw_c(m, "%");
}

/* The minus sign is written, the magnitude returned. */
static uint64_t magnitude_of(itsm__markup *m, int64_t i)
{
    if (i < 0) raw_c(m, "\xE2\x88\x92");
    return i < 0 ? 0 - (uint64_t)i : (uint64_t)i;
}

/* The same in seconds, rounded down. */
static uint64_t magnitude(itsm__markup *m, itsm_span span)
{
    return magnitude_of(m, span) / UINT64_C(1000000);
}

static void unit(itsm__markup *m, uint64_t u, const char *name)
{
    number(m, u), raw_c(m, "\xC2\xA0"), raw_c(m, name);
}

static void hours_minutes(itsm__markup *m, uint64_t seconds)
{
    uint64_t minutes = seconds / 60;
    if (minutes < 1 && seconds) {
        unit(m, seconds, "s");
    } else if (minutes < 60) {
        unit(m, minutes, "min");
    } else {
        unit(m, minutes / 60, "h");
        if (minutes % 60) raw_c(m, " "), unit(m, minutes % 60, "min");
    }
}

static void elapsed(itsm__markup *m, itsm_span span)
{
    uint64_t seconds = magnitude(m, span), hours = seconds / 3600;
    if (hours < 24) {
        hours_minutes(m, seconds);
    } else if (hours < 14 * 24) {
        unit(m, hours / 24, "d");
        if (hours % 24) raw_c(m, " "), unit(m, hours % 24, "h");
    } else {
        unit(m, (hours + 12) / 24, "d");
    }
}

static void working(itsm__markup *m, itsm_span span)
{
    uint64_t seconds = magnitude(m, span);
    if (seconds >= 100 * 3600) unit(m, (seconds + 1800) / 3600, "h");
    else hours_minutes(m, seconds);
}

static void exact(itsm__markup *m, itsm_span span)
{
    uint64_t seconds = magnitude(m, span);
    number(m, seconds / 3600), raw_c(m, ":"), two(m, seconds / 60 % 60);
    if (seconds % 60) raw_c(m, ":"), two(m, seconds % 60);
}

static void span_or_dash(itsm__markup *m, itsm_span span, void (*put_span)(itsm__markup *, itsm_span))
{
    if (span == ITSM_SPAN_NONE) raw_c(m, "\xE2\x80\x93");
    else put_span(m, span);
}

static void instant(itsm__markup *m, itsm_time t)
{
    itsm__local_time local;
    if (t == ITSM_TIME_NONE) {
        raw_c(m, "\xE2\x80\x93");
        return;
    }
    itsm_status rc = itsm__local_time_of(&local, m->zone, t);
    keep(m, rc);
    if (rc != ITSM_OK) return;
    char day[ITSM_DATE_MAX];
    raw_c(m, itsm_date_text(day, local.day)), raw_c(m, "\xC2\xA0"), two(m, (uint64_t)local.civil.hour);
    raw_c(m, ":"), two(m, (uint64_t)local.civil.minute);
}

static void date(itsm__markup *m, int64_t day)
{
    char text[ITSM_DATE_MAX];
    raw_c(m, itsm_date_text(text, day));
}

/* Formats ---------------------------------------------------------------------------------------------------------- */

static void put_one(itsm__markup *m, char kind, va_list *args)
{
    uint64_t part;
    int64_t i;
    switch (kind) {
    case 's': raw_c(m, va_arg(*args, const char *)); break;
    case 'e': escape(m, va_arg(*args, itsm_str)); break;
    case 'd': i = va_arg(*args, int), tenths(m, i * 10); break;
    case 'i': i = va_arg(*args, int64_t), number(m, magnitude_of(m, i)); break;
    case 'n': number(m, va_arg(*args, uint64_t)); break;
    case 't': tenths(m, va_arg(*args, int64_t)); break;
    case 'p': part = va_arg(*args, uint64_t), percent(m, part, va_arg(*args, uint64_t)); break;
    case 'D': span_or_dash(m, va_arg(*args, itsm_span), elapsed); break;
    case 'W': span_or_dash(m, va_arg(*args, itsm_span), working); break;
    case 'H': span_or_dash(m, va_arg(*args, itsm_span), exact); break;
    case 'T': instant(m, va_arg(*args, itsm_time)); break;
    case 'Y': date(m, va_arg(*args, int64_t)); break;
    default: raw(m, &kind, 1); break;
    }
}

/* A struct, because a va_list that is an array cannot be passed on by address otherwise. */
typedef struct arguments {
    va_list list;
} arguments;

void itsm__put(itsm__markup *m, const char *format, ...)
{
    arguments args;
    va_start(args.list, format);
    for (const char *p = format; *p;) {
        const char *mark = strchr(p, '%');
        if (!mark || !mark[1]) {
            raw_c(m, p);
            break;
        }
        raw(m, p, (size_t)(mark - p));
        put_one(m, mark[1], &args.list);
        p = mark + 2;
    }
    va_end(args.list);
}

/* Axes ------------------------------------------------------------------------------------------------------------- */

int64_t itsm__scale(int64_t v, int64_t from, int64_t length, int64_t extent)
{
    int64_t distance;
    if (v <= from) return 0;
    if (!itsm__sub(&distance, v, from) || distance >= length) return extent;
    while (length > INT64_MAX >> 21) length >>= 1, distance >>= 1; /* so that the product fits */
    return distance * extent / length;
}

uint64_t itsm__nice_step(uint64_t max, uint64_t steps)
{
    static const uint64_t factors[] = {2, 5, 10};
    uint64_t decade = 1, step = 1;
    for (size_t i = 0; max / step + (max % step != 0) > steps; i = (i + 1) % 3) {
        if (decade > UINT64_MAX / 100) return UINT64_MAX;
        step = decade * factors[i];
        if (i == 2) decade = step;
    }
    return step;
}

const char *itsm__month_name(int month)
{
    static const char names[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    return month >= 1 && month <= 12 ? names[month - 1] : "";
}

const char *itsm__weekday_name(int weekday)
{
    static const char names[7][4] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
    return weekday >= 0 && weekday <= 6 ? names[weekday] : "";
}
