/* SPDX-License-Identifier: MIT */
/*
 * POSIX TZ rules: one decoder, one evaluator.
 *
 * The evaluator turns each year into one stretch of daylight saving time, [start, end), or, where the end comes before
 * the start (the southern half of the world), [start of this year, end of the next).  Stretches that touch or overlap
 * are one.  So daylight saving time that never ends (RFC 9636 3.3.2: it starts at the beginning of the year and ends
 * after its last second) needs no case of its own.  A rule date lies at most a week outside its year, so the years
 * from two before to two after the year asked decide.  Cost: up to eleven rule dates, some 100 ns; no allocation.
 */
#include "time/rule.h"

#include "time/civil.h"

/* Decoding -------------------------------------------------------------------------------------------------------- */

typedef struct cursor {
    const char *start, *p, *end;
} cursor;

static int is_digit(const cursor *c)
{
    return c->p < c->end && *c->p >= '0' && *c->p <= '9';
}

static int is_letter(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static int take(cursor *c, char wanted)
{
    if (c->p == c->end || *c->p != wanted) return 0;
    c->p++;
    return 1;
}

/* At most three digits. */
static int read_number(cursor *c, int32_t *out, int32_t low, int32_t high)
{
    const char *first = c->p;
    int32_t n = 0;
    while (is_digit(c) && c->p - first < 3) n = n * 10 + (*c->p++ - '0');
    if (c->p == first || n < low || n > high) {
        c->p = first;
        return 0;
    }
    *out = n;
    return 1;
}

static int read_name(cursor *c, itsm_str *out)
{
    int quoted = take(c, '<');
    const char *first = c->p;
    while (c->p < c->end && (is_letter(*c->p) || (quoted && (is_digit(c) || *c->p == '+' || *c->p == '-')))) c->p++;
    *out = itsm_str_n(first, (size_t)(c->p - first));
    return out->n >= 3 && out->n <= 255 && (!quoted || take(c, '>'));
}

/* [+-]h[:m[:s]] in seconds. */
static int read_clock(cursor *c, int32_t *out, int32_t hours)
{
    int negative = take(c, '-');
    if (!negative) (void)take(c, '+');
    int32_t h, m = 0, s = 0;
    if (!read_number(c, &h, 0, hours)) return 0;
    if (take(c, ':') && (!read_number(c, &m, 0, 59) || (take(c, ':') && !read_number(c, &s, 0, 59)))) return 0;
    *out = h * 3600 + m * 60 + s;
    if (negative) *out = -*out;
    return 1;
}

static int read_date(cursor *c, itsm__rule_date *out)
{
    memset(out, 0, sizeof *out);
    if (take(c, 'M')) {
        out->kind = 'M';
        if (!read_number(c, &out->month, 1, 12) || !take(c, '.') || !read_number(c, &out->week, 1, 5) ||
            !take(c, '.') || !read_number(c, &out->weekday, 0, 6))
            return 0;
    } else if (take(c, 'J')) {
        out->kind = 'J';
        if (!read_number(c, &out->day, 1, 365)) return 0;
    } else {
        out->kind = 'D';
        if (!read_number(c, &out->day, 0, 365)) return 0;
    }
    out->time = 2 * 3600;
    return !take(c, '/') || read_clock(c, &out->time, 167);
}

static int read_rule(cursor *c, itsm__rule *out)
{
    int32_t west;
    if (!read_name(c, &out->name[0]) || !read_clock(c, &west, 24)) return 0;
    out->offset[0] = -west;
    if (c->p == c->end) return 1;
    if (!read_name(c, &out->name[1])) return 0;
    out->has_dst = 1, out->offset[1] = out->offset[0] + 3600;
    if (c->p < c->end && *c->p != ',') {
        if (!read_clock(c, &west, 24)) return 0;
        out->offset[1] = -west;
    }
    return take(c, ',') && read_date(c, &out->start) && take(c, ',') && read_date(c, &out->end) && c->p == c->end;
}

itsm_status itsm__rule_decode(itsm__rule *rule, size_t *fault, itsm_str text)
{
    cursor c = {text.p, text.p, text.p + text.n};
    itsm__rule read;
    memset(&read, 0, sizeof read);
    if (!read_rule(&c, &read)) {
        *fault = (size_t)(c.p - c.start);
        return ITSM_E_SYNTAX;
    }
    *rule = read;
    return ITSM_OK;
}

/* Evaluation ------------------------------------------------------------------------------------------------------ */

/* Days since 1970-01-01; `january` is the first day of the year. */
static int64_t day_of(const itsm__rule_date *date, int64_t year, int64_t january)
{
    if (date->kind == 'D') return january + date->day;
    if (date->kind == 'J') return january + date->day - 1 + (date->day > 59 && itsm__leap(year));
    int64_t first = itsm__days(year, date->month, 1);
    int weekday = (itsm_date_weekday(first) + 1) % 7; /* from Sunday */
    int day = (date->weekday - weekday + 7) % 7 + 7 * (date->week - 1);
    if (day >= itsm__month_days(year, date->month)) day -= 7;
    return first + day;
}

static int64_t second_of(const itsm__rule_date *date, int64_t year, int32_t offset)
{
    int64_t january = date->kind == 'M' ? 0 : itsm__days(year, 1, 1);
    return day_of(date, year, january) * ITSM__DAY_SECONDS + date->time - offset;
}

void itsm__rule_at(itsm__rule_stretch *out, const itsm__rule *rule, int64_t second)
{
    int month, day;
    int64_t year = itsm__civil(&month, &day, itsm__floor_div(second + rule->offset[0], ITSM__DAY_SECONDS)) - 2;
    int64_t from = INT64_MIN, until = INT64_MIN; /* daylight saving time so far */
    int64_t end = second_of(&rule->end, year, rule->offset[1]);
    for (int i = 0; i < 5; i++, year++) {
        int64_t start = second_of(&rule->start, year, rule->offset[0]);
        int64_t next_end = second_of(&rule->end, year + 1, rule->offset[1]);
        int64_t stop = start <= end ? end : next_end;
        end = next_end;
        if (start > until) { /* standard time lies between */
            if (second < until) break;
            if (second < start) {
                out->from = until, out->until = start, out->dst = 0;
                return;
            }
            from = start;
        }
        if (stop > until) until = stop;
    }
    out->from = from, out->until = until, out->dst = 1;
}
