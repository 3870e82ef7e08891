/* SPDX-License-Identifier: MIT */
/*
 * Patterns: a strptime() of POSIX that knows no locale and allocates nothing.
 *
 * A pattern is compiled into steps of one byte: numbers below 32 are directives, other bytes must be found in the text
 * as they are; a control byte is written as LITERAL and itself.  Reading is one pass over the steps, then the same
 * arithmetic as for any date: some 40 ns in all.
 */
#include "base/ctx.h"
#include "time/civil.h"
#include "time/iso8601.h"

enum step {
    STEP_NONE,
    YEAR,
    YEAR2,
    MONTH,
    DAY,
    MONTH_NAME,
    HOUR,
    HOUR12,
    HALF,
    MINUTE,
    SECOND,
    FRACTION,
    OFFSET,
    LITERAL
};

/* Parts of a date and time, as bits. */
enum {
    HAS_YEAR = 1,
    HAS_MONTH = 2,
    HAS_DAY = 4,
    HAS_HOUR = 8,
    HAS_HALF = 16,
    HAS_MINUTE = 32,
    HAS_SECOND = 64,
    HAS_FRACTION = 128,
    HAS_OFFSET = 256,
    HAS_HOUR12 = 512,
    HAS_DATE = HAS_YEAR | HAS_MONTH | HAS_DAY
};

typedef struct directive {
    char letter;
    uint8_t step;
    uint16_t part;     /* what it reads */
    uint16_t excludes; /* what may not be there too */
} directive;

static const directive directives[] = {
    {'Y', YEAR, HAS_YEAR, HAS_YEAR},
    {'y', YEAR2, HAS_YEAR, HAS_YEAR},
    {'m', MONTH, HAS_MONTH, HAS_MONTH},
    {'b', MONTH_NAME, HAS_MONTH, HAS_MONTH},
    {'d', DAY, HAS_DAY, HAS_DAY},
    {'H', HOUR, HAS_HOUR, HAS_HOUR | HAS_HOUR12 | HAS_HALF},
    {'I', HOUR12, HAS_HOUR12, HAS_HOUR | HAS_HOUR12},
    {'p', HALF, HAS_HALF, HAS_HOUR | HAS_HALF},
    {'M', MINUTE, HAS_MINUTE, HAS_MINUTE},
    {'S', SECOND, HAS_SECOND, HAS_SECOND},
    {'f', FRACTION, HAS_FRACTION, HAS_FRACTION},
    {'z', OFFSET, HAS_OFFSET, HAS_OFFSET},
};
enum { DIRECTIVES = sizeof directives / sizeof directives[0] };

/* Compiling ------------------------------------------------------------------------------------------------------- */

static itsm_status wrong(itsm_ctx *ctx, itsm_status code, size_t byte, const char *what)
{
    itsm__position position = {byte, 1, byte + 1};
    return itsm__issue_at(ctx, code, position, ITSM_STR(""), ITSM_STR(""), "A pattern of time: %s", what);
}

static const directive *find_directive(char letter)
{
    for (int i = 0; i < DIRECTIVES; i++)
        if (directives[i].letter == letter) return &directives[i];
    return NULL;
}

static int add_step(itsm_time_pattern *pattern, uint8_t step)
{
    if (pattern->count == ITSM_PATTERN_MAX) return 0;
    pattern->step[pattern->count++] = step;
    return 1;
}

static int add_literal(itsm_time_pattern *pattern, char c)
{
    return ((unsigned char)c >= 32 || add_step(pattern, LITERAL)) && add_step(pattern, (uint8_t)c);
}

static itsm_status compile(itsm_time_pattern *pattern, itsm_ctx *ctx, itsm_str text)
{
    unsigned parts = 0;
    for (size_t i = 0; i < text.n; i++) {
        int fits;
        if (text.p[i] != '%' || (i + 1 < text.n && text.p[i + 1] == '%')) {
            fits = add_literal(pattern, text.p[i]);
            i += text.p[i] == '%';
        } else {
            const directive *d = i + 1 < text.n ? find_directive(text.p[i + 1]) : NULL;
            if (!d) return wrong(ctx, ITSM_E_SYNTAX, i, "known are %Y %y %m %b %d %H %I %p %M %S %f %z %%");
            if (parts & d->excludes) return wrong(ctx, ITSM_E_INVALID, i, "a part is there twice");
            parts |= d->part;
            fits = add_step(pattern, d->step);
            i++;
        }
        if (!fits) return wrong(ctx, ITSM_E_LIMIT, i, "it is too long");
    }
    if ((parts & HAS_DATE) != HAS_DATE) return wrong(ctx, ITSM_E_INVALID, text.n, "year, month and day are needed");
    if (!(parts & HAS_HOUR12) != !(parts & HAS_HALF)) return wrong(ctx, ITSM_E_INVALID, text.n, "%I needs %p");
    return ITSM_OK;
}

itsm_status itsm_time_pattern_init(itsm_time_pattern *pattern, itsm_ctx *ctx, itsm_str text)
{
    if (!pattern) return ITSM_E_MISUSE;
    itsm__issues_clear(ctx);
    itsm_time_pattern made;
    memset(&made, 0, sizeof made);
    itsm_status status = compile(&made, ctx, text);
    if (status == ITSM_OK) *pattern = made;
    return status;
}

/* Reading --------------------------------------------------------------------------------------------------------- */

/* What a text says, not yet checked: by step. */
typedef struct parts {
    int32_t value[LITERAL];
    int32_t ranged;
} parts;

/*
 * Each reader takes its part at p and returns where the next one is, or NULL if the part is not there.  One or two
 * digits are read without a jump on how many: that is what a processor cannot guess.
 */
static inline const char *read_short(int32_t *out, const char *p, const char *end)
{
    if (!itsm__is_digit(p, end)) return NULL;
    unsigned first = (unsigned)(*p - '0'), second = 10;
    if (end - p > 1) second = (unsigned char)(p[1] - '0');
    int two = second < 10;
    *out = (int32_t)(two ? first * 10 + second : first);
    return p + 1 + two;
}

static inline const char *read_year(int32_t *out, const char *p, const char *end)
{
    *out = itsm__read_digits(&p, end, 4);
    return *out < 0 ? NULL : p;
}

static const char *read_year2(int32_t *out, const char *p, const char *end)
{
    int32_t year = itsm__read_digits(&p, end, 2);
    *out = year + (year < 69 ? 2000 : 1900);
    return year < 0 ? NULL : p;
}

static const char *read_month_name(int32_t *out, const char *p, const char *end)
{
    static const char names[] = "janfebmaraprmayjunjulaugsepoctnovdec";
    if (end - p < 3) return NULL;
    char lower[3];
    for (int i = 0; i < 3; i++) lower[i] = (char)(p[i] | 0x20);
    for (int month = 0; month < 12; month++) {
        if (memcmp(names + 3 * month, lower, 3) != 0) continue;
        *out = month + 1;
        return p + 3;
    }
    return NULL;
}

static const char *read_micro(int32_t *out, const char *p, const char *end)
{
    int32_t value = 0, unit = 100000;
    if (!itsm__is_digit(p, end)) return NULL;
    for (; unit && itsm__is_digit(p, end); p++, unit /= 10) value += (*p - '0') * unit;
    *out = value;
    return p;
}

static const char *read_half(int32_t *out, const char *p, const char *end)
{
    if (end - p < 2 || (p[1] | 0x20) != 'm') return NULL;
    int c = p[0] | 0x20;
    if (c != 'a' && c != 'p') return NULL;
    *out = c == 'p' ? 12 : 0;
    return p + 2;
}

static const char *read_offset(parts *out, const char *p, const char *end)
{
    itsm_status status = itsm__read_offset(&out->value[OFFSET], &p, end);
    if (status == ITSM_E_RANGE) out->ranged = 1;
    return status == ITSM_E_SYNTAX ? NULL : p;
}

static int read_parts(parts *out, const itsm_time_pattern *pattern, const char *p, const char *end)
{
    int32_t *value = out->value;
    for (unsigned i = 0; i < pattern->count && p; i++) {
        unsigned step = pattern->step[i];
        switch (step) {
        case DAY:
        case HOUR:
        case HOUR12:
        case MINUTE:
        case MONTH:
        case SECOND: p = read_short(&value[step], p, end); break;
        case YEAR: p = read_year(&value[YEAR], p, end); break;
        case YEAR2: p = read_year2(&value[YEAR], p, end); break;
        case MONTH_NAME: p = read_month_name(&value[MONTH], p, end); break;
        case HALF: p = read_half(&value[HALF], p, end); break;
        case FRACTION: p = read_micro(&value[FRACTION], p, end); break;
        case OFFSET: p = read_offset(out, p, end); break;
        case LITERAL: step = pattern->step[++i]; /* fall through */
        default: p = p < end && (uint8_t)*p == step ? p + 1 : NULL; break;
        }
    }
    return p == end;
}

itsm_status itsm_time_pattern_read(int64_t *wall, int32_t *offset, const itsm_time_pattern *pattern, itsm_str text)
{
    if (!wall || !pattern || pattern->count == 0 || pattern->count > ITSM_PATTERN_MAX) return ITSM_E_MISUSE;
    if (!text.n) return ITSM_E_SYNTAX;
    parts t;
    memset(&t, 0, sizeof t);
    t.value[OFFSET] = ITSM_OFFSET_NONE, t.value[HOUR12] = -1;
    if (!read_parts(&t, pattern, text.p, text.p + text.n)) return ITSM_E_SYNTAX;
    const int32_t *v = t.value;
    int32_t hour = v[HOUR];
    if (v[HOUR12] >= 0) {
        if (v[HOUR12] < 1 || v[HOUR12] > 12) return ITSM_E_RANGE;
        hour = v[HOUR12] % 12 + v[HALF];
    }
    if (t.ranged || hour > 23 || v[MINUTE] > 59 || v[SECOND] > 60) return ITSM_E_RANGE;
    int64_t of_day = ((int64_t)hour * 3600 + v[MINUTE] * 60 + v[SECOND]) * ITSM__SECOND + v[FRACTION], found;
    if (!itsm__wall(&found, v[YEAR], v[MONTH], v[DAY], of_day)) return ITSM_E_RANGE;
    if (v[SECOND] == 60) return ITSM_E_UNSUPPORTED;
    *wall = found;
    if (offset) *offset = v[OFFSET];
    return ITSM_OK;
}
