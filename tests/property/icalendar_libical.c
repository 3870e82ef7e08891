/* SPDX-License-Identifier: MIT */
/*
 * Recurrences against libical: the feeds of tests/data/icalendar, and random rules.
 *
 * libical expands one VEVENT with RRULE, RDATE and EXDATE; that an instance described by a RECURRENCE-ID takes the place
 * of the one of its series is done here, by UID and instant.  ITSM_CASES sets how many rules (10,000 unless set,
 * at most 100,000: libical takes 2 ms for one), ITSM_SEED the seed.  Without libical nothing is compared, and that is said.
 */
#include <itsm/calendar.h>

#include "../unit/zones.h"

#include <stdio.h>
#include <stdlib.h>

#ifndef ITSM_HAVE_LIBICAL

int main(void)
{
    printf("icalendar_libical: libical (libical-dev) is not there: the comparison with it was NOT run\n");
    return 77;
}

#else

#include <dirent.h>
#include <libical/ical.h>

enum { TIMES_MAX = 200000, MOST = 100 /* instances of one rule */ };

struct times {
    int64_t at[TIMES_MAX]; /* seconds */
    size_t n;
};

static struct times ours, theirs;
static uint64_t seed = UINT64_C(20260327);

static uint64_t random_number(void)
{
    seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
    return seed * UINT64_C(2685821657736338717) >> 11;
}

static int64_t below(int64_t n)
{
    return (int64_t)(random_number() % (uint64_t)n);
}

static void keep_time(struct times *times, int64_t at)
{
    if (times->n < TIMES_MAX) times->at[times->n++] = at;
}

static int compare_times(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

static itsm_status take(void *user, const itsm_icalendar_instance *instance)
{
    keep_time(user, instance->start / ITSM_SECONDS(1));
    return ITSM_OK;
}

static const char *text_of(char *buffer, int64_t second)
{
    return itsm_time_text(buffer, second * ITSM_SECONDS(1));
}

/* Print the first place where the two differ.  1: there is none. */
static int same(const char *what, size_t most)
{
    char a[ITSM_TIME_MAX], b[ITSM_TIME_MAX];
    size_t i = 0;
    while (i < ours.n && i < theirs.n && ours.at[i] == theirs.at[i]) i++;
    if ((i == ours.n && i == theirs.n) || i >= most) return 1;
    printf("%s\n  differs at instance %zu: here %s, libical %s\n", what, i,
           i < ours.n ? text_of(a, ours.at[i]) : "no more", i < theirs.n ? text_of(b, theirs.at[i]) : "no more");
    return 0;
}

/* Feeds ----------------------------------------------------------------------------------------------------------- */

static int64_t feed_from, feed_until; /* dates, of UTC */

/* The instant of a time of a component; without a zone it is one of UTC. */
static int64_t instant_of(icalproperty *property, icalcomponent *component)
{
    const struct icaltimetype t = icalproperty_get_datetime_with_component(property, component);
    return icaltime_as_timet_with_zone(t, t.zone ? t.zone : icaltimezone_get_utc_timezone());
}

struct described {
    const char *uid;
    int64_t at;
} described[1000];
static size_t ndescribed;

static int is_described(const char *uid, int64_t at)
{
    for (size_t i = 0; i < ndescribed; i++)
        if (!strcmp(described[i].uid, uid) && described[i].at == at) return 1;
    return 0;
}

static void take_span(icalcomponent *component, struct icaltime_span *span, void *data)
{
    const char *uid = icalcomponent_get_uid(component);
    int64_t end = span->end > span->start ? span->end : span->start + 1;
    (void)data;
    if (end <= feed_from * 86400 || span->start >= feed_until * 86400) return;
    if (!icalcomponent_get_first_property(component, ICAL_RECURRENCEID_PROPERTY) && uid &&
        is_described(uid, span->start))
        return;
    keep_time(&theirs, span->start);
}

/* libical expands an RDATE as if it were in UTC, whatever its TZID: it is taken out and its instants are added here. */
static void take_dates(icalcomponent *component)
{
    for (icalproperty *p; (p = icalcomponent_get_first_property(component, ICAL_RDATE_PROPERTY));) {
        const struct icaltimetype t = icalproperty_get_rdate(p).time;
        icalparameter *tzid = icalproperty_get_first_parameter(p, ICAL_TZID_PARAMETER);
        icaltimezone *zone = tzid ? icaltimezone_get_builtin_timezone(icalparameter_get_tzid(tzid)) : NULL;
        const int64_t at = icaltime_as_timet_with_zone(t, zone ? zone : icaltimezone_get_utc_timezone());
        if (at >= feed_from * 86400 && at < feed_until * 86400) keep_time(&theirs, at);
        icalcomponent_remove_property(component, p);
        icalproperty_free(p);
    }
}

static void expand_calendar(icalcomponent *calendar)
{
    const struct icaltimetype from = icaltime_from_day_of_year(1, 1950), until = icaltime_from_day_of_year(1, 2200);
    icalcomponent *c;
    ndescribed = 0;
    for (c = icalcomponent_get_first_component(calendar, ICAL_VEVENT_COMPONENT); c;
         c = icalcomponent_get_next_component(calendar, ICAL_VEVENT_COMPONENT)) {
        icalproperty *id = icalcomponent_get_first_property(c, ICAL_RECURRENCEID_PROPERTY);
        if (!id) continue;
        described[ndescribed].uid = icalcomponent_get_uid(c);
        described[ndescribed++].at = instant_of(id, c);
    }
    for (c = icalcomponent_get_first_component(calendar, ICAL_VEVENT_COMPONENT); c;
         c = icalcomponent_get_next_component(calendar, ICAL_VEVENT_COMPONENT))
        take_dates(c), icalcomponent_foreach_recurrence(c, from, until, take_span, NULL);
}

static char *read_file(const char *path, size_t *n)
{
    FILE *file = fopen(path, "rb");
    char *text = calloc(1, 1 << 22);
    if (!file || !text) fprintf(stderr, "cannot read %s\n", path), exit(1);
    *n = fread(text, 1, (1 << 22) - 1, file);
    fclose(file);
    return text;
}

static int compare_feed(itsm_ctx *ctx, const char *path)
{
    size_t n;
    char *text = read_file(path, &n);
    int failed = 0;
    for (int years = 1; years <= 100 && !failed; years += 33) {
        feed_from = 18262, feed_until = feed_from + years * 365; /* from 2020-01-01 */
        ours.n = theirs.n = 0;
        icalcomponent *root = icalparser_parse_string(text);
        const itsm_status rc = itsm_icalendar_each(ctx, itsm_str_n(text, n), NULL, feed_from, feed_until, take, &ours);
        if (rc) printf("%s: status %d: %.*s\n", path, rc, ITSM_ARG(itsm_ctx_issue(ctx, 0)->message)), failed = 1;
        if (!root) printf("%s: libical cannot read it\n", path), failed = 1;
        if (failed) break;
        if (icalcomponent_isa(root) == ICAL_VCALENDAR_COMPONENT) expand_calendar(root);
        else
            for (icalcomponent *c = icalcomponent_get_first_component(root, ICAL_VCALENDAR_COMPONENT); c;
                 c = icalcomponent_get_next_component(root, ICAL_VCALENDAR_COMPONENT))
                expand_calendar(c);
        icalcomponent_free(root);
        qsort(theirs.at, theirs.n, sizeof *theirs.at, compare_times);
        failed = !same(path, SIZE_MAX);
        if (!failed && !ours.n && years > 90) printf("%s: no instance\n", path), failed = 1;
    }
    if (!failed) printf("  %s: %zu instances\n", strrchr(path, '/') + 1, ours.n);
    free(text);
    return failed;
}

static int compare_feeds(itsm_ctx *ctx)
{
    int failed = 0, feeds = 0;
    DIR *folder = opendir(ITSM_DATA);
    for (struct dirent *entry; folder && (entry = readdir(folder));) {
        char path[4096];
        const size_t n = strlen(entry->d_name);
        if (n < 4 || strcmp(entry->d_name + n - 4, ".ics")) continue;
        snprintf(path, sizeof path, "%s/%s", ITSM_DATA, entry->d_name);
        failed += compare_feed(ctx, path), feeds++;
    }
    if (folder) closedir(folder);
    printf("icalendar_libical: %d feeds, %d differ\n", feeds, failed);
    return failed || !feeds;
}

/* Rules ----------------------------------------------------------------------------------------------------------- */

static char rule[1024];
static size_t rule_length;

static void add(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    rule_length += (size_t)vsnprintf(rule + rule_length, sizeof rule - rule_length, format, args);
    va_end(args);
}

static int64_t signed_number(int64_t most, int both)
{
    const int64_t number = 1 + below(most);
    return both && below(3) == 0 ? -number : number;
}

/* A number that is not in the list yet; 0: try no more. */
static int64_t new_number(int64_t *list, int64_t *n, int64_t most, int both)
{
    const int64_t number = signed_number(most, both);
    for (int64_t i = 0; i < *n; i++)
        if (list[i] == number) return 0;
    return list[(*n)++] = number;
}

static void add_list(const char *name, int64_t most, int both, int64_t count)
{
    int64_t list[32], n = 0, number;
    add(";%s=", name);
    for (int64_t i = 1 + below(count); i > 0 && (number = new_number(list, &n, most, both)); i--)
        add("%s%d", n > 1 ? "," : "", (int)number);
}

/* Hours, minutes or seconds: in order and each once. */
static void add_times(const char *name, int64_t most)
{
    int64_t at = below(most / 2);
    add(";%s=%d", name, (int)at);
    while (below(2) && (at += 1 + below(most / 4)) <= most) add(",%d", (int)at);
}

static void add_weekdays(int numbered, int64_t most, int both)
{
    static const char *const names[] = {"MO", "TU", "WE", "TH", "FR", "SA", "SU"};
    int64_t list[8], n = 0, weekday;
    add(";BYDAY=");
    for (int64_t i = 1 + below(3); i > 0 && (weekday = new_number(list, &n, 7, 0)); i--) {
        add(n > 1 ? "," : "");
        if (numbered) add("%d", (int)signed_number(most, both));
        add("%s", names[weekday - 1]);
    }
}

/* Weeks all of whose days lie in their year. */
static void add_weeks(void)
{
    int64_t list[8], n = 0, week;
    add(";BYWEEKNO=");
    for (int64_t i = 1 + below(3); i > 0 && (week = new_number(list, &n, 50, 1)); i--)
        add("%s%d", n > 1 ? "," : "", (int)(week < 0 ? week - 1 : week + 1));
}

enum { YEARLY, MONTHLY, WEEKLY, DAILY, HOURLY, MINUTELY, SECONDLY };

/*
 * What RFC 5545 (3.3.10) allows, but for what libical 3.0 does otherwise than it says:
 *   - hours, minutes and seconds come in the order of the list, and what is listed twice comes twice: lists here are in
 *     order, each number once, and BYSETPOS goes with numbers counted from one end;
 *   - FREQ=YEARLY;BYMONTHDAY without BYMONTH is every month by the table of the RFC, the month of DTSTART in libical;
 *   - BYSETPOS picks days in libical, not times of days, is passed over where there is one day, and for weeks, and where
 *     it never picks anything libical does not end;
 *   - the weeks of a year are counted as if they began on Monday, and their days in the next year are left out;
 *   - BYMONTHDAY and BYYEARDAY from the end are not looked at for FREQ=DAILY and shorter;
 *   - it goes from minute to minute or second to second through days that do not pass: they all pass here;
 *   - FREQ=HOURLY;BYHOUR, and its like for minutes and seconds, gives DTSTART twice and does not keep to INTERVAL.
 */
static void random_rule(int freq)
{
    static const char *const freqs[] = {"YEARLY", "MONTHLY", "WEEKLY", "DAILY", "HOURLY", "MINUTELY", "SECONDLY"};
    static const char *const starts[] = {"MO", "SU", "SA", "TH"};
    const int64_t kind = below(7);
    const int plain = (freq == YEARLY && kind == 4) || (freq == MONTHLY && kind == 2); /* BYDAY without numbers */
    const int pick = freq <= MONTHLY && kind < 5 && (freq != YEARLY || kind != 2) && below(4) == 0,
              apart = below(2) == 0;
    rule_length = 0;
    add("FREQ=%s", freqs[freq]);
    if (apart) add(";INTERVAL=%d", (int)(1 + below(freq >= HOURLY ? 50 : 5)));
    if (below(3) == 0 && (freq != YEARLY || kind != 2)) add(";WKST=%s", starts[below(4)]);
    const int month = freq == YEARLY ? kind == 1 || kind == 5 || (kind != 2 && below(3) == 0)
                                     : freq <= HOURLY && (freq < MONTHLY || freq == WEEKLY || !apart) && below(3) == 0;
    if (month) add_list("BYMONTH", 12, 0, 4);
    if (freq == YEARLY) {
        if (kind == 0) add_list("BYYEARDAY", 366, !pick, 5);
        if (kind == 1 || kind == 5) add_list("BYMONTHDAY", 31, !pick, 4);
        if (kind == 2) add_weeks();
        if (kind == 3) add_weekdays(1, month ? 5 : 53, !pick);
        if (kind == 2 || kind == 4 || kind == 5) add_weekdays(0, 0, 0);
    } else if (freq == MONTHLY) {
        if (kind == 0 || kind == 3) add_list("BYMONTHDAY", 31, !pick, 4);
        if (kind == 1) add_weekdays(1, 5, !pick);
        if (kind == 2 || kind == 3) add_weekdays(0, 0, 0);
    } else if (freq == WEEKLY) {
        if (kind < 4) add_weekdays(0, 0, 0);
    } else if (freq == DAILY || (freq == HOURLY && !month)) {
        if (kind < 2) add_weekdays(0, 0, 0);
        if (kind == 2 || (kind == 0 && freq == DAILY && !month)) add_list("BYMONTHDAY", 28, 0, 10);
        if (kind == 3 && freq == HOURLY) add_list("BYYEARDAY", 365, 0, 20);
    }
    if (pick) {
        if (plain) add_list("BYSETPOS", 4, 1, 2);
        else add(";BYSETPOS=%s", below(2) ? "1" : "-1");
        return;
    }
    if (below(5) == 0 && freq < HOURLY) add_times("BYHOUR", 23);
    if (below(6) == 0 && freq < MINUTELY) add_times("BYMINUTE", 59);
    if (below(8) == 0 && freq < SECONDLY) add_times("BYSECOND", 59);
}

static int compare_rule(itsm_ctx *ctx, int64_t *compared)
{
    static const int64_t days[] = {25 * 365, 8 * 365, 4 * 365, 365, 60, 10, 1};
    const int freq = below(4) ? (int)below(4) : (int)below(7);
    const uint64_t state = seed;
    char text[2048], what[1200];
    random_rule(freq);
    struct icaltimetype start = icaltime_null_time(), t;
    start.year = 1990 + (int)below(80), start.month = 1 + (int)below(12), start.day = 1 + (int)below(28);
    start.hour = (int)below(24), start.minute = (int)below(60), start.second = (int)below(60);
    const struct icalrecurrencetype recurrence = icalrecurrencetype_from_string(rule);
    icalrecur_iterator *walk = icalrecur_iterator_new(recurrence, start);
    if (!walk) return 0;
    t = icalrecur_iterator_next(walk);
    icalrecur_iterator_free(walk);
    if (icaltime_is_null_time(t) || t.year > 2100) return 0;
    start = t; /* what a DTSTART means that its rule does not have is not defined */
    const int64_t from = icaltime_as_timet(start) / 86400, until = from + days[freq] + 1;
    theirs.n = ours.n = 0;
    walk = icalrecur_iterator_new(recurrence, start);
    if (!walk) return 0;
    for (t = icalrecur_iterator_next(walk);
         !icaltime_is_null_time(t) && icaltime_as_timet(t) < until * 86400 && theirs.n < MOST;
         t = icalrecur_iterator_next(walk))
        keep_time(&theirs, icaltime_as_timet(t));
    icalrecur_iterator_free(walk);
    if (!theirs.n || theirs.at[0] != icaltime_as_timet(start)) return 0;
    const int64_t end = theirs.n < MOST ? until : theirs.at[theirs.n - 1] / 86400;
    while (theirs.n && theirs.at[theirs.n - 1] >= end * 86400) theirs.n--;
    snprintf(
        text, sizeof text,
        "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:1\nDTSTART:%04d%02d%02dT%02d%02d%02d\nRRULE:%s\nEND:VEVENT\nEND:VCALENDAR\n",
        start.year, start.month, start.day, start.hour, start.minute, start.second, rule);
    snprintf(what, sizeof what, "DTSTART:%04d%02d%02dT%02d%02d%02d RRULE:%s (seed %llu)", start.year, start.month,
             start.day, start.hour, start.minute, start.second, rule, (unsigned long long)state);
    const itsm_status rc = itsm_icalendar_each(ctx, itsm_str_c(text), NULL, from, end, take, &ours);
    if (rc) {
        printf("%s: status %d: %.*s\n", what, rc, ITSM_ARG(itsm_ctx_issue(ctx, 0)->message));
        return 1;
    }
    *compared += (int64_t)ours.n;
    return !same(what, SIZE_MAX);
}

static int compare_rules(itsm_ctx *ctx)
{
    const char *cases = getenv("ITSM_CASES"), *given = getenv("ITSM_SEED");
    const long wanted = cases ? strtol(cases, NULL, 10) : 10000, n = wanted < 100000 ? wanted : 100000;
    int64_t compared = 0;
    int failed = 0;
    if (given) seed = strtoull(given, NULL, 10);
    printf("icalendar_libical: seed %llu, %ld rules\n", (unsigned long long)seed, n);
    for (long i = 0; i < n && failed < 20; i++) failed += compare_rule(ctx, &compared);
    printf("icalendar_libical: %lld instances of rules, %d rules differ\n", (long long)compared, failed);
    return failed;
}

int main(void)
{
    itsm_ctx *ctx = zones_ctx(NULL, NULL);
    icaltimezone_set_tzid_prefix("");
    icalerror_set_errors_are_fatal(0);
    const int failed = compare_feeds(ctx) | (compare_rules(ctx) != 0);
    itsm_ctx_free(ctx);
    icaltimezone_free_builtin_timezones();
    return failed;
}

#endif
