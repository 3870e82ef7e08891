/* SPDX-License-Identifier: MIT */
/*
 * Reading a recurrence rule: `FREQ=MONTHLY;BYDAY=-1FR;UNTIL=20301231`.  The parts may stand in any order, each once;
 * lists become sets of bits, so that a rule has one size whatever its text.  What RFC 5545 forbids is refused, since
 * there is no telling what it should mean.
 */
#include "calendar/icalendar_recur.h"

#include "base/text.h"

typedef struct rule_reader {
    itsm__recur_rule *rule;
    itsm_ctx *ctx;
    itsm__position at;
    itsm_str where, text;
    int32_t seen_wkst;
} rule_reader;

static itsm_status wrong(const rule_reader *r, itsm_status code, const char *format, itsm_str part)
{
    return itsm__issue_at(r->ctx, code, r->at, r->where, itsm__ical_shown(r->text), format, itsm__ical_shown(part));
}

/* Names ----------------------------------------------------------------------------------------------------------- */

static const char *const freqs[] = {"", "SECONDLY", "MINUTELY", "HOURLY", "DAILY", "WEEKLY", "MONTHLY", "YEARLY"};
static const char *const weekdays[] = {"MO", "TU", "WE", "TH", "FR", "SA", "SU"};

/* The number of a name, or n. */
static size_t find(const char *const *names, size_t n, itsm_str name)
{
    size_t i = 0;
    while (i < n && !itsm__ical_is(name, names[i])) i++;
    return i;
}

/* Sets ------------------------------------------------------------------------------------------------------------ */

typedef struct by_part {
    const char *name;
    int16_t least, most; /* without a sign */
    int16_t is_signed;
} by_part;

static const by_part by_parts[ITSM__BY_PARTS] = {
    {"BYMONTH", 1, 12, 0},    {"BYWEEKNO", 1, 53, 1}, {"BYYEARDAY", 1, 366, 1},
    {"BYMONTHDAY", 1, 31, 1}, {"BYDAY", 1, 53, 1},    {"BYHOUR", 0, 23, 0},
    {"BYMINUTE", 0, 59, 0},   {"BYSECOND", 0, 60, 0}, {"BYSETPOS", 1, 366, 1}};

/* A number of a part, with its sign taken off; 0: there is none such. */
static int read_number(int64_t *number, int *negative, const by_part *part, itsm_str text)
{
    const int has_sign = part->is_signed && text.n && (text.p[0] == '-' || text.p[0] == '+');
    *negative = has_sign && text.p[0] == '-';
    *number = has_sign ? itsm__ical_number(itsm_str_n(text.p + 1, text.n - 1)) : itsm__ical_number(text);
    return *number >= part->least && *number <= part->most;
}

static itsm_status read_numbers(const rule_reader *r, size_t by, itsm_str list)
{
    itsm_str item;
    while (itsm__ical_item(&item, &list)) {
        int64_t number;
        int negative;
        if (!read_number(&number, &negative, &by_parts[by], item))
            return wrong(r, ITSM_E_INVALID, "%S is not within what that part of the rule allows", item);
        if (by == ITSM__BY_SECOND && number == 60) number = 59; /* leap seconds are not counted */
        r->rule->by[by][negative].bits[number / 32] |= UINT32_C(1) << number % 32;
    }
    return ITSM_OK;
}

static itsm_status read_weekdays(const rule_reader *r, itsm_str list)
{
    itsm_str item;
    while (itsm__ical_item(&item, &list)) {
        const size_t split = item.n >= 2 ? item.n - 2 : 0;
        const size_t weekday = find(weekdays, 7, itsm_str_n(item.p + split, item.n - split));
        int64_t number = 0;
        int negative = 0;
        if (weekday == 7 ||
            (split && !read_number(&number, &negative, &by_parts[ITSM__BY_DAY], itsm_str_n(item.p, split))))
            return wrong(r, ITSM_E_INVALID, "%S is not a weekday such as MO, 2TU or -1FR", item);
        if (split) r->rule->nth[weekday][negative] |= UINT64_C(1) << number, r->rule->has_nth = 1;
        else r->rule->by[ITSM__BY_DAY][0].bits[0] |= UINT32_C(1) << weekday;
    }
    return ITSM_OK;
}

/* Parts ----------------------------------------------------------------------------------------------------------- */

static itsm_status twice(const rule_reader *r, itsm_str name)
{
    return wrong(r, ITSM_E_INVALID, "%S stands there twice", name);
}

static itsm_status read_by(const rule_reader *r, size_t by, itsm_str name, itsm_str value)
{
    if (r->rule->given >> by & 1) return twice(r, name);
    r->rule->given |= UINT32_C(1) << by;
    return by == ITSM__BY_DAY ? read_weekdays(r, value) : read_numbers(r, by, value);
}

static itsm_status read_until(const rule_reader *r, itsm_str name, itsm_str value)
{
    if (r->rule->until.kind != ITSM__ICAL_ABSENT) return twice(r, name);
    if (itsm__ical_time_decode(&r->rule->until, value))
        return wrong(r, ITSM_E_INVALID, "UNTIL is a date or a date and time, not %S", value);
    return ITSM_OK;
}

/* COUNT and INTERVAL: from 1; more than all seconds there are is as good as that. */
static itsm_status read_positive(const rule_reader *r, int64_t *out, itsm_str name, itsm_str value)
{
    static const int64_t most = INT64_C(1000000000000);
    const int64_t number = itsm__ical_number(value);
    if (*out) return twice(r, name);
    if (number < 1) return wrong(r, ITSM_E_INVALID, "%S is not a whole number from 1", value);
    *out = number < most ? number : most;
    return ITSM_OK;
}

static itsm_status read_part(rule_reader *r, itsm_str name, itsm_str value)
{
    size_t by = 0, found;
    while (by < ITSM__BY_PARTS && !itsm__ical_is(name, by_parts[by].name)) by++;
    if (by < ITSM__BY_PARTS) return read_by(r, by, name, value);
    if (itsm__ical_is(name, "FREQ")) {
        if (r->rule->freq) return twice(r, name);
        found = find(freqs, sizeof freqs / sizeof *freqs, value);
        if (!found || found == sizeof freqs / sizeof *freqs)
            return wrong(r, ITSM_E_INVALID, "there is no FREQ %S", value);
        r->rule->freq = (int32_t)found;
        return ITSM_OK;
    }
    if (itsm__ical_is(name, "UNTIL")) return read_until(r, name, value);
    if (itsm__ical_is(name, "COUNT")) return read_positive(r, &r->rule->count, name, value);
    if (itsm__ical_is(name, "INTERVAL")) return read_positive(r, &r->rule->interval, name, value);
    if (itsm__ical_is(name, "WKST")) {
        if (r->seen_wkst) return twice(r, name);
        found = find(weekdays, 7, value);
        if (found == 7) return wrong(r, ITSM_E_INVALID, "there is no weekday %S", value);
        r->rule->week_start = (int32_t)found, r->seen_wkst = 1;
        return ITSM_OK;
    }
    if (itsm__ical_is(name, "RSCALE") || itsm__ical_is(name, "SKIP"))
        return wrong(r, ITSM_E_UNSUPPORTED, "%S (RFC 7529) is not supported", name);
    return wrong(r, ITSM_E_INVALID, "a rule has no part %S", name);
}

/* What RFC 5545, 3.3.10, says must not be. */
static itsm_status check(const rule_reader *r)
{
    const itsm__recur_rule *rule = r->rule;
    const int freq = rule->freq;
    const itsm_str none = ITSM_STR("");
    if (!freq) return wrong(r, ITSM_E_INVALID, "a rule without FREQ%S", none);
    if (rule->count && rule->until.kind != ITSM__ICAL_ABSENT)
        return wrong(r, ITSM_E_INVALID, "COUNT and UNTIL in one rule%S", none);
    if (rule->given >> ITSM__BY_WEEKNO & 1 && freq != ITSM__FREQ_YEARLY)
        return wrong(r, ITSM_E_INVALID, "BYWEEKNO is for FREQ=YEARLY only%S", none);
    if (rule->given >> ITSM__BY_YEARDAY & 1 && freq >= ITSM__FREQ_DAILY && freq <= ITSM__FREQ_MONTHLY)
        return wrong(r, ITSM_E_INVALID, "BYYEARDAY is not for FREQ=%S", itsm_str_c(freqs[freq]));
    if (rule->given >> ITSM__BY_MONTHDAY & 1 && freq == ITSM__FREQ_WEEKLY)
        return wrong(r, ITSM_E_INVALID, "BYMONTHDAY is not for FREQ=WEEKLY%S", none);
    if (rule->has_nth && (freq < ITSM__FREQ_MONTHLY || rule->given >> ITSM__BY_WEEKNO & 1))
        return wrong(r, ITSM_E_INVALID, "weekdays with a number are for months and years only%S", none);
    return ITSM_OK;
}

itsm_status itsm__recur_decode(itsm__recur_rule *rule, itsm_ctx *ctx, itsm__position at, itsm_str where, itsm_str text)
{
    rule_reader r = {rule, ctx, at, where, text, 0};
    itsm_status rc = ITSM_OK;
    memset(rule, 0, sizeof *rule);
    for (size_t i = 0; i < text.n && !rc;) {
        const char *start = text.p + i, *end = memchr(start, ';', text.n - i);
        const size_t n = end ? (size_t)(end - start) : text.n - i;
        const char *equals = memchr(start, '=', n);
        const size_t name = equals ? (size_t)(equals - start) : n;
        i += n + 1;
        if (!n) continue; /* a semicolon at the end is common */
        if (!equals)
            rc = wrong(&r, ITSM_E_INVALID, "%S is not a part of a rule such as FREQ=DAILY", itsm_str_n(start, n));
        else rc = read_part(&r, itsm_str_n(start, name), itsm_str_n(equals + 1, n - name - 1));
    }
    if (!rc) rc = check(&r);
    if (!rule->interval) rule->interval = 1;
    return rc;
}
