/* SPDX-License-Identifier: MIT */
/* iCalendar: which instances a text has, what they make of a calendar, how one is written, and what is refused. */
#include <itsm/calendar.h>

#include "support.h"
#include "zones.h"

#include <criterion/criterion.h>

static struct counting counting = COUNTING_INIT;
static itsm_ctx *ctx;
static itsm_zone *berlin;

static void begin(void)
{
    ctx = zones_ctx(counting_alloc, &counting);
    cr_assert_eq(itsm_zone_load(&berlin, ctx, ITSM_STR("Europe/Berlin")), ITSM_OK);
}

static void end(void)
{
    itsm_zone_free(berlin);
    itsm_ctx_free(ctx);
    assert_nothing_outstanding(counting);
}

TestSuite(icalendar, .init = begin, .fini = end);

#define CALENDAR(events) "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n" events "END:VCALENDAR\r\n"
#define EVENT(lines) "BEGIN:VEVENT\r\n" lines "END:VEVENT\r\n"

/* Instances as text: "start/end/summary" by line, with "!" for cancelled and "*" for moved. */
static itsm_status write_instance(void *user, const itsm_icalendar_instance *i)
{
    itsm_buf *out = user;
    char text[ITSM_TIME_MAX], line[512];
    int n;
    if (i->all_day) {
        char until[ITSM_DATE_MAX];
        n = snprintf(line, sizeof line, "%s/%s", itsm_date_text(text, i->date), itsm_date_text(until, i->end_date));
    } else {
        char until[ITSM_TIME_MAX];
        n = snprintf(line, sizeof line, "%s/%s", itsm_time_text(text, i->start), itsm_time_text(until, i->end));
    }
    n += snprintf(line + n, sizeof line - (size_t)n, "%s%s%s%.*s\n", i->cancelled ? "!" : "", i->moved ? "*" : "",
                  i->summary.n ? "/" : "", ITSM_ARG(i->summary));
    return itsm_buf_add(out, line, (size_t)n);
}

static int64_t date(const char *text)
{
    int64_t days;
    cr_assert_eq(itsm_date_decode(&days, itsm_str_c(text)), ITSM_OK);
    return days;
}

static void expect_between(const char *ics, const itsm_zone *zone, const char *from, const char *until,
                           const char *wanted)
{
    itsm_buf out = counting_buf(&counting);
    const itsm_status rc =
        itsm_icalendar_each(ctx, itsm_str_c(ics), zone, date(from), date(until), write_instance, &out);
    cr_assert_eq(rc, ITSM_OK, "status %d: %.*s", rc, ITSM_ARG(first_message(ctx)));
    cr_assert(itsm_str_is(itsm_buf_str(&out), wanted), "got\n%.*s not\n%s", ITSM_ARG(itsm_buf_str(&out)), wanted);
    itsm_buf_clear(&out);
}

static void expect(const char *ics, const char *wanted)
{
    expect_between(ics, berlin, "2026-01-01", "2027-01-01", wanted);
}

static void expect_refused(const char *ics, itsm_status status, uint64_t line, const char *where, const char *word)
{
    itsm_buf out = counting_buf(&counting);
    const itsm_status rc =
        itsm_icalendar_each(ctx, itsm_str_c(ics), berlin, date("2026-01-01"), date("2027-01-01"), write_instance, &out);
    const itsm_issue *issue = itsm_ctx_issue(ctx, 0);
    cr_assert_eq(rc, status, "status %d, not %d for\n%s", rc, status, ics);
    cr_assert(issue && issue->line == line, "line %llu, not %llu for\n%s", issue ? (unsigned long long)issue->line : 0,
              (unsigned long long)line, ics);
    assert_text(issue->where, where);
    char message[512];
    snprintf(message, sizeof message, "%.*s", ITSM_ARG(issue->message));
    cr_assert(strstr(message, word), "\"%s\" does not say \"%s\"", message, word);
    cr_assert_eq(out.n, 0, "nothing is given before all is known to be right");
    itsm_buf_clear(&out);
}

/* Lines ----------------------------------------------------------------------------------------------------------- */

Test(icalendar, lines_are_unfolded_before_anything_is_read)
{
    expect("BEGIN:VCALENDAR\nBEGIN:VEV\n ENT\nDTSTART;VAL\n\tUE=DATE:2026\n 0501\nSUMMARY:Tag der \n Arb\n eit\n"
           "END:VEVENT\nEND:VCALENDAR",
           "2026-05-01/2026-05-02/Tag der Arbeit\n");
    expect(CALENDAR(EVENT("DTSTART:20260501T080000Z\r\nSUMMARY:\xc3\r\n \xa9t\xc3\xa9\r\n")),
           "2026-05-01T08:00:00Z/2026-05-01T08:00:00Z/\xc3\xa9t\xc3\xa9\n");
}

Test(icalendar, names_have_no_case_and_blank_lines_and_a_byte_order_mark_are_passed_over)
{
    expect("\xef\xbb\xbf"
           "begin:vcalendar\n\nBegin:VEvent\ndtstart;value=date:20260501\n\nend:VEVENT\nEND:vcalendar\n\n",
           "2026-05-01/2026-05-02\n");
}

Test(icalendar, escapes_and_quoted_parameters)
{
    expect(CALENDAR(EVENT("DTSTART;X-A=\"b;c:d\",e;TZID=\"Europe/Berlin\":20260501T080000\r\n"
                          "SUMMARY;LANGUAGE=de:a\\, b\\; c\\\\ d\\ne: f\\x\r\n")),
           "2026-05-01T06:00:00Z/2026-05-01T06:00:00Z/a, b; c\\ d\ne: f\\x\n");
}

Test(icalendar, what_is_no_iCalendar_is_refused_with_its_line)
{
    expect_refused("", ITSM_E_SYNTAX, 1, "", "BEGIN:VCALENDAR");
    expect_refused("{}", ITSM_E_SYNTAX, 1, "", "name of a property");
    expect_refused("BEGIN:VEVENT\nEND:VEVENT\n", ITSM_E_SYNTAX, 1, "BEGIN", "BEGIN:VCALENDAR");
    expect_refused("BEGIN:VCALENDAR\nVERSION\n", ITSM_E_SYNTAX, 2, "VERSION", "NAME;PARAMETER=VALUE:VALUE");
    expect_refused("BEGIN:VCALENDAR\nX;A:b\n", ITSM_E_SYNTAX, 2, "X", "NAME;PARAMETER");
    expect_refused("BEGIN:VCALENDAR\nX;A=\"b:c\n", ITSM_E_SYNTAX, 2, "X", "NAME;PARAMETER");
    expect_refused("BEGIN:VCALENDAR\nBEGIN:VEVENT\nEND:VCALENDAR\n", ITSM_E_SYNTAX, 3, "END", "line 2 is VEVENT");
    expect_refused("BEGIN:VCALENDAR\nEND:VCALENDAR\nEND:VCALENDAR\n", ITSM_E_SYNTAX, 3, "END", "without its BEGIN");
    expect_refused("BEGIN:VCALENDAR\nBEGIN:VEVENT\n", ITSM_E_SYNTAX, 2, "BEGIN", "ends before");
    expect_refused("BEGIN:VCALENDAR\nEND:VCALENDAR\nVERSION:2.0\n", ITSM_E_SYNTAX, 3, "VERSION", "outside");
    expect_refused(CALENDAR(EVENT("DTSTART:20260501T080000Z\r\nSUMMARY:\xff\r\n")), ITSM_E_SYNTAX, 5, "SUMMARY",
                   "UTF-8");
}

Test(icalendar, texts_lines_and_depth_are_limited)
{
    const size_t n = 17 * 1024 * 1024;
    char *text = malloc(n);
    cr_assert(text);
    memset(text, 'a', n);
    cr_assert_eq(itsm_icalendar_each(ctx, itsm_str_n(text, n), NULL, 0, 1, write_instance, NULL), ITSM_E_LIMIT);
    cr_assert_eq(itsm_icalendar_each(ctx, itsm_str_n(text, n / 4), NULL, 0, 1, write_instance, NULL), ITSM_E_LIMIT);
    memcpy(text, "BEGIN:VCALENDAR\nX:", 18);
    for (size_t i = 18; i + 2 < n / 8; i += 100) memcpy(text + i, "\n ", 2); /* one long line, folded */
    cr_assert_eq(itsm_icalendar_each(ctx, itsm_str_n(text, n / 8), NULL, 0, 1, write_instance, NULL), ITSM_E_LIMIT);
    cr_assert_eq(itsm_ctx_issue(ctx, 0)->line, 2);
    size_t length = 0;
    for (int i = 0; i < 17; i++) length += (size_t)sprintf(text + length, "BEGIN:%s\n", i ? "X" : "VCALENDAR");
    cr_assert_eq(itsm_icalendar_each(ctx, itsm_str_n(text, length), NULL, 0, 1, write_instance, NULL), ITSM_E_LIMIT);
    cr_assert_eq(itsm_ctx_issue(ctx, 0)->line, 17);
    free(text);
}

/* When an event is ------------------------------------------------------------------------------------------------ */

Test(icalendar, times_of_utc_of_a_zone_and_of_none)
{
    expect(CALENDAR(EVENT("DTSTART:20260105T080000Z\r\nDTEND:20260105T090000Z\r\n") /* UTC */
                    EVENT("DTSTART;TZID=America/New_York:20260106T080000\r\nDURATION:PT1H\r\n")
                        EVENT("DTSTART:20260107T080000\r\nDURATION:PT1H\r\n")), /* of the walk: Berlin */
           "2026-01-05T08:00:00Z/2026-01-05T09:00:00Z\n2026-01-06T13:00:00Z/2026-01-06T14:00:00Z\n"
           "2026-01-07T07:00:00Z/2026-01-07T08:00:00Z\n");
}

Test(icalendar, events_without_an_end_take_a_day_or_no_time)
{
    expect(CALENDAR(EVENT("DTSTART;VALUE=DATE:20260105\r\n") EVENT("DTSTART:20260107T080000Z\r\n")
                        EVENT("DTSTART;VALUE=DATE:20260108\r\nDTEND;VALUE=DATE:20260108\r\n")),
           "2026-01-05/2026-01-06\n2026-01-07T08:00:00Z/2026-01-07T08:00:00Z\n2026-01-08/2026-01-09\n");
}

Test(icalendar, a_duration_has_days_on_the_wall_and_an_end_is_always_as_far_away)
{
    /* Clocks go forward in the night to 2026-03-29. */
    expect(CALENDAR(EVENT("DTSTART;TZID=Europe/Berlin:20260328T220000\r\nDURATION:P1D\r\n")),
           "2026-03-28T21:00:00Z/2026-03-29T20:00:00Z\n");
    expect(CALENDAR(EVENT("DTSTART;TZID=Europe/Berlin:20260328T220000\r\nDURATION:PT24H\r\n")),
           "2026-03-28T21:00:00Z/2026-03-29T21:00:00Z\n");
    expect(CALENDAR(EVENT("DTSTART;TZID=Europe/Berlin:20260321T220000\r\nDTEND;TZID=Europe/Berlin:20260322T060000\r\n"
                          "RRULE:FREQ=WEEKLY;COUNT=2\r\n")),
           "2026-03-21T21:00:00Z/2026-03-22T05:00:00Z\n2026-03-28T21:00:00Z/2026-03-29T05:00:00Z\n");
    expect(CALENDAR(EVENT("DTSTART;VALUE=DATE:20260328\r\nDURATION:P1W\r\n")), "2026-03-28/2026-04-04\n");
}

Test(icalendar, a_time_in_a_gap_moves_forward_and_of_a_repeated_one_the_first_counts)
{
    expect(CALENDAR(EVENT("DTSTART;TZID=Europe/Berlin:20260327T023000\r\nRRULE:FREQ=DAILY;COUNT=4\r\n")),
           "2026-03-27T01:30:00Z/2026-03-27T01:30:00Z\n2026-03-28T01:30:00Z/2026-03-28T01:30:00Z\n"
           "2026-03-29T01:30:00Z/2026-03-29T01:30:00Z\n2026-03-30T00:30:00Z/2026-03-30T00:30:00Z\n");
    expect(CALENDAR(EVENT("DTSTART;TZID=Europe/Berlin:20261025T023000\r\n")),
           "2026-10-25T00:30:00Z/2026-10-25T00:30:00Z\n");
}

Test(icalendar, events_that_contradict_themselves_are_refused)
{
    expect_refused(CALENDAR(EVENT("SUMMARY:a\r\n")), ITSM_E_INVALID, 3, "VEVENT", "DTSTART");
    expect_refused(CALENDAR(EVENT("DTSTART:20260105T080000Z\r\nDTEND:20260105T070000Z\r\n")), ITSM_E_INVALID, 5,
                   "DTEND", "before the start");
    expect_refused(CALENDAR(EVENT("DTSTART:20260105T080000Z\r\nDTEND:20260105T090000Z\r\nDURATION:PT1H\r\n")),
                   ITSM_E_INVALID, 6, "VEVENT", "DTEND and DURATION");
    expect_refused(CALENDAR(EVENT("DTSTART:20260105T080000Z\r\nDTEND;VALUE=DATE:20260106\r\n")), ITSM_E_INVALID, 5,
                   "VEVENT", "both dates or both times");
    expect_refused(CALENDAR(EVENT("DTSTART;VALUE=DATE:20260105T080000Z\r\n")), ITSM_E_INVALID, 4, "DTSTART",
                   "VALUE=DATE");
    expect_refused(CALENDAR(EVENT("DTSTART:20260105T080000Z\r\nDTSTART:20260105T080000Z\r\n")), ITSM_E_INVALID, 5,
                   "DTSTART", "already");
    expect_refused(CALENDAR(EVENT("DTSTART:20260105T080000Z\r\nDURATION:-PT1H\r\n")), ITSM_E_INVALID, 5, "DURATION",
                   "less than no time");
    expect_refused(CALENDAR(EVENT("DTSTART:20260105T080000Z\r\nDURATION:PT\r\n")), ITSM_E_INVALID, 5, "DURATION",
                   "not a duration");
    expect_refused(CALENDAR(EVENT("DTSTART;VALUE=DATE:20260105\r\nDURATION:PT1H\r\n")), ITSM_E_INVALID, 5, "VEVENT",
                   "whole days");
    expect_refused(CALENDAR(EVENT("DTSTART:2026-01-05\r\n")), ITSM_E_INVALID, 4, "DTSTART", "no date");
    expect_refused(CALENDAR(EVENT("DTSTART:20260230\r\n")), ITSM_E_RANGE, 4, "DTSTART", "20260230");
    expect_refused(CALENDAR(EVENT("DTSTART:20260201T240000\r\n")), ITSM_E_RANGE, 4, "DTSTART", "20260201T240000");
    expect_refused(CALENDAR(EVENT("DTSTART:20260105T080000Z\r\nRDATE;VALUE=DATE:20260106\r\n")), ITSM_E_INVALID, 5,
                   "RDATE", "both dates or both times");
    expect_refused(CALENDAR(EVENT("DTSTART:20260105T080000Z\r\nEXRULE:FREQ=DAILY\r\n")), ITSM_E_UNSUPPORTED, 5,
                   "EXRULE", "EXRULE");
    expect_refused(
        CALENDAR(EVENT("UID:a\r\nDTSTART:20260105T080000Z\r\nRECURRENCE-ID;RANGE=THISANDFUTURE:20260105T080000Z"
                       "\r\n")),
        ITSM_E_UNSUPPORTED, 6, "RECURRENCE-ID", "THISANDFUTURE");
}

/* Zones ----------------------------------------------------------------------------------------------------------- */

static const itsm_issue *note_about(const char *where)
{
    for (size_t i = 0; i < itsm_ctx_issue_count(ctx); i++)
        if (itsm_str_is(itsm_ctx_issue(ctx, i)->where, where)) return itsm_ctx_issue(ctx, i);
    return NULL;
}

Test(icalendar, a_VTIMEZONE_is_not_read_but_names_a_zone_and_a_note_says_so)
{
    expect(
        CALENDAR(EVENT(
            "DTSTART;TZID=Anywhere:20260701T080000\r\n") "BEGIN:VTIMEZONE\r\nTZID:Anywhere\r\nX-LIC-LOCATION:Asia/Tokyo\r\nBEGIN:STANDARD\r\n"
                                                         "DTSTART:19700101T000000\r\nTZOFFSETFROM:+0000\r\nTZOFFSETTO:+0000\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"),
        "2026-06-30T23:00:00Z/2026-06-30T23:00:00Z\n");
    const itsm_issue *note = note_about("VTIMEZONE"), *renamed = note_about("TZID");
    cr_assert(note && note->code == ITSM_OK && note->line == 6);
    cr_assert(renamed && renamed->code == ITSM_OK && renamed->line == 4);
    assert_text(renamed->rule, "Anywhere");
    assert_text(renamed->message, "read as the zone Asia/Tokyo");
}

Test(icalendar, a_TZID_with_the_prefix_of_its_maker_is_the_zone_behind_it)
{
    expect(CALENDAR(EVENT("DTSTART;TZID=/freeassociation.sourceforge.net/America/New_York:20260701T080000\r\n")),
           "2026-07-01T12:00:00Z/2026-07-01T12:00:00Z\n");
    expect(CALENDAR(EVENT("DTSTART;TZID=/mozilla.org/20070129_1/Europe/Berlin:20260701T080000\r\n")),
           "2026-07-01T06:00:00Z/2026-07-01T06:00:00Z\n");
}

Test(icalendar, an_unknown_zone_is_refused_where_it_is_used)
{
    expect_refused(CALENDAR(EVENT("DTSTART;TZID=W. Europe Standard Time:20260701T080000\r\n")), ITSM_E_NOT_FOUND, 4,
                   "TZID", "W. Europe Standard Time");
    expect_refused(CALENDAR(EVENT("DTSTART:20260701T080000Z\r\nEXDATE;TZID=Mars/Olympus:20260701T080000\r\n")),
                   ITSM_E_NOT_FOUND, 5, "TZID", "Mars/Olympus");
}

/* Series ---------------------------------------------------------------------------------------------------------- */

Test(icalendar, dates_are_added_and_taken_out_once_each)
{
    expect(CALENDAR(EVENT("DTSTART:20260105T080000Z\r\nDURATION:PT1H\r\nRRULE:FREQ=WEEKLY;COUNT=4\r\n"
                          "RDATE:20260106T080000Z,20260112T080000Z,20260105T080000Z\r\n"
                          "RDATE;VALUE=PERIOD:20260107T080000Z/PT2H,20260108T080000Z/20260108T110000Z\r\n"
                          "EXDATE;TZID=Europe/Berlin:20260119T090000\r\nEXDATE:20260120T080000Z\r\n")),
           "2026-01-05T08:00:00Z/2026-01-05T09:00:00Z\n2026-01-06T08:00:00Z/2026-01-06T09:00:00Z\n"
           "2026-01-07T08:00:00Z/2026-01-07T10:00:00Z\n2026-01-08T08:00:00Z/2026-01-08T11:00:00Z\n"
           "2026-01-12T08:00:00Z/2026-01-12T09:00:00Z\n2026-01-26T08:00:00Z/2026-01-26T09:00:00Z\n");
    expect(CALENDAR(EVENT(
               "DTSTART:20260105T080000Z\r\nRRULE:FREQ=DAILY;BYHOUR=8,9;COUNT=4\r\nEXDATE;VALUE=DATE:20260105\r\n")),
           "2026-01-06T08:00:00Z/2026-01-06T08:00:00Z\n2026-01-06T09:00:00Z/2026-01-06T09:00:00Z\n");
    expect(CALENDAR(EVENT("DTSTART:20260105T080000Z\r\nEXDATE:20260105T080000Z\r\n")), "");
}

Test(icalendar, an_instance_that_is_described_apart_takes_the_place_of_its_own)
{
    expect(
        CALENDAR(
            EVENT("UID:a\r\nRECURRENCE-ID:20260112T080000Z\r\nDTSTART:20260113T100000Z\r\nSUMMARY:moved\r\n")
                EVENT("UID:a\r\nDTSTART:20260105T080000Z\r\nRRULE:FREQ=WEEKLY;COUNT=4\r\nSUMMARY:series\r\n") EVENT(
                    "UID:a\r\nRECURRENCE-ID;TZID=Europe/Berlin:20260119T090000\r\nDTSTART:20260119T080000Z\r\n"
                    "STATUS:CANCELLED\r\n")
                    EVENT("UID:b\r\nRECURRENCE-ID:20260105T080000Z\r\nDTSTART:20260105T070000Z\r\nSUMMARY:other\r\n")),
        "2026-01-05T07:00:00Z/2026-01-05T07:00:00Z*/other\n2026-01-05T08:00:00Z/2026-01-05T08:00:00Z/series\n"
        "2026-01-13T10:00:00Z/2026-01-13T10:00:00Z*/moved\n2026-01-19T08:00:00Z/2026-01-19T08:00:00Z!*\n"
        "2026-01-26T08:00:00Z/2026-01-26T08:00:00Z/series\n");
    /* Moved out of the range of dates, and into it; of two descriptions the later counts. */
    expect(CALENDAR(
               EVENT("UID:a\r\nDTSTART;VALUE=DATE:20251225\r\nRRULE:FREQ=YEARLY\r\n") EVENT(
                   "UID:a\r\nRECURRENCE-ID;VALUE=DATE:20251225\r\nDTSTART;VALUE=DATE:20260102\r\nSEQUENCE:2\r\n")
                   EVENT("UID:a\r\nRECURRENCE-ID;VALUE=DATE:20251225\r\nDTSTART;VALUE=DATE:20260103\r\nSEQUENCE:1\r\n")
                       EVENT("UID:a\r\nRECURRENCE-ID;VALUE=DATE:20261225\r\nDTSTART;VALUE=DATE:20270103\r\n")),
           "2026-01-02/2026-01-03*\n");
}

Test(icalendar, a_cancelled_calendar_has_cancelled_events)
{
    expect(CALENDAR("METHOD:CANCEL\r\n" EVENT("DTSTART;VALUE=DATE:20260105\r\n")), "2026-01-05/2026-01-06!\n");
}

Test(icalendar, instances_come_in_order_and_those_that_reach_into_the_range_are_there)
{
    const char *ics =
        CALENDAR(EVENT("DTSTART:20260110T220000Z\r\nDURATION:P3D\r\nSUMMARY:long\r\n")
                     EVENT("DTSTART:20260112T000000Z\r\nSUMMARY:in\r\n")
                         EVENT("DTSTART:20260111T235959Z\r\nDURATION:PT1S\r\nSUMMARY:before\r\n")
                             EVENT("DTSTART;VALUE=DATE:20260111\r\nDTEND;VALUE=DATE:20260113\r\nSUMMARY:days\r\n")
                                 EVENT("DTSTART:20260113T000000Z\r\nDURATION:PT1S\r\nSUMMARY:behind\r\n"));
    expect_between(ics, NULL, "2026-01-12", "2026-01-13",
                   "2026-01-10T22:00:00Z/2026-01-13T22:00:00Z/long\n2026-01-11/2026-01-13/days\n"
                   "2026-01-12T00:00:00Z/2026-01-12T00:00:00Z/in\n");
    expect_between(ics, NULL, "2026-01-13", "2026-01-12", "");
}

/* Rules ----------------------------------------------------------------------------------------------------------- */

/* The dates of a rule, as YYYYMMDD or with a time, from a DTSTART, for as long as it goes on; at most 12. */
static void expect_rule(const char *start, const char *rule, const char *wanted)
{
    char ics[1024];
    itsm_buf out = counting_buf(&counting);
    snprintf(ics, sizeof ics, CALENDAR(EVENT("DTSTART:%s\r\nRRULE:%s\r\n")), start, rule);
    const itsm_status rc =
        itsm_icalendar_each(ctx, itsm_str_c(ics), NULL, date("1990-01-01"), date("2090-01-01"), write_instance, &out);
    cr_assert_eq(rc, ITSM_OK, "%s: status %d: %.*s", rule, rc, ITSM_ARG(first_message(ctx)));
    char got[1024];
    size_t n = 0, lines = 0;
    const char *p = out.p;
    for (; out.n && p < out.p + out.n && lines < 12; lines++) {
        for (; *p != '/'; p++)
            if (*p != '-' && *p != ':') got[n++] = *p;
        while (*p++ != '\n') continue;
        got[n++] = ' ';
    }
    got[n ? n - 1 : 0] = 0;
    itsm_buf_clear(&out);
    cr_assert_str_eq(got, wanted, "%s", rule);
}

/* The examples of RFC 5545, 3.8.5.3, and what follows from its table. */
Test(icalendar, rules_give_what_RFC_5545_says)
{
    expect_rule("19970902", "FREQ=DAILY;COUNT=3", "19970902 19970903 19970904");
    expect_rule("19970902", "FREQ=DAILY;INTERVAL=10;COUNT=3", "19970902 19970912 19970922");
    expect_rule("19970902", "FREQ=WEEKLY;UNTIL=19970916", "19970902 19970909 19970916");
    expect_rule("19970901", "FREQ=WEEKLY;INTERVAL=2;UNTIL=19970920;WKST=SU;BYDAY=MO,WE,FR",
                "19970901 19970903 19970905 19970915 19970917 19970919");
    expect_rule("19970805", "FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=MO",
                "19970805 19970810 19970819 19970824");
    expect_rule("19970805", "FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=SU",
                "19970805 19970817 19970819 19970831");
    expect_rule("19970905", "FREQ=MONTHLY;COUNT=4;BYDAY=1FR", "19970905 19971003 19971107 19971205");
    expect_rule("19970907", "FREQ=MONTHLY;INTERVAL=2;COUNT=6;BYDAY=1SU,-1SU",
                "19970907 19970928 19971102 19971130 19980104 19980125");
    expect_rule("19970922", "FREQ=MONTHLY;COUNT=3;BYDAY=-2MO", "19970922 19971020 19971117");
    expect_rule("19970928", "FREQ=MONTHLY;BYMONTHDAY=-3;COUNT=4", "19970928 19971029 19971128 19971229");
    expect_rule("19970930", "FREQ=MONTHLY;COUNT=4;BYMONTHDAY=1,-1", "19970930 19971001 19971031 19971101");
    expect_rule("19970610", "FREQ=YEARLY;COUNT=4;BYMONTH=6,7", "19970610 19970710 19980610 19980710");
    expect_rule("19970101", "FREQ=YEARLY;INTERVAL=3;COUNT=6;BYYEARDAY=1,100,200",
                "19970101 19970410 19970719 20000101 20000409 20000718");
    expect_rule("19970519", "FREQ=YEARLY;BYDAY=20MO;COUNT=3", "19970519 19980518 19990517");
    expect_rule("19970512", "FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO;COUNT=3", "19970512 19980511 19990517");
    expect_rule("19970313", "FREQ=YEARLY;BYMONTH=3;BYDAY=TH;COUNT=4", "19970313 19970320 19970327 19980305");
    expect_rule("19980213", "FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13;COUNT=4", "19980213 19980313 19981113 19990813");
    expect_rule("19961105", "FREQ=YEARLY;INTERVAL=4;BYMONTH=11;BYDAY=TU;BYMONTHDAY=2,3,4,5,6,7,8;COUNT=3",
                "19961105 20001107 20041102");
    expect_rule("19970904", "FREQ=MONTHLY;COUNT=3;BYDAY=TU,WE,TH;BYSETPOS=3", "19970904 19971007 19971106");
    expect_rule("19970929", "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-2;COUNT=4",
                "19970929 19971030 19971127 19971230");
    expect_rule("20070115", "FREQ=MONTHLY;BYMONTHDAY=15,30;COUNT=5", "20070115 20070130 20070215 20070315 20070330");
    expect_rule("19970902T090000", "FREQ=HOURLY;INTERVAL=3;UNTIL=19970902T170000",
                "19970902T090000Z 19970902T120000Z 19970902T150000Z");
    expect_rule("19970902T090000", "FREQ=MINUTELY;INTERVAL=90;COUNT=3",
                "19970902T090000Z 19970902T103000Z 19970902T120000Z");
    expect_rule("19970902T090000", "FREQ=MINUTELY;INTERVAL=20;BYHOUR=9,16;COUNT=5",
                "19970902T090000Z 19970902T092000Z 19970902T094000Z 19970902T160000Z 19970902T162000Z");
    expect_rule("19970902T090000", "FREQ=DAILY;BYHOUR=9,10;BYMINUTE=0,20;BYSETPOS=1,-1;COUNT=4",
                "19970902T090000Z 19970902T102000Z 19970903T090000Z 19970903T102000Z");
    expect_rule("19970902T090000", "FREQ=SECONDLY;BYSECOND=0,60;COUNT=3",
                "19970902T090000Z 19970902T090059Z 19970902T090100Z");
    /* Days that do not exist are passed over. */
    expect_rule("20240229", "FREQ=YEARLY;COUNT=3", "20240229 20280229 20320229");
    expect_rule("20240131", "FREQ=MONTHLY;COUNT=4", "20240131 20240331 20240531 20240731");
    expect_rule("20240101", "FREQ=YEARLY;BYYEARDAY=366,1;COUNT=4", "20240101 20241231 20250101 20260101");
    /* Weeks belong to the year that has their Thursday. */
    expect_rule("20181231", "FREQ=YEARLY;BYWEEKNO=1;BYDAY=MO;COUNT=3", "20181231 20191230 20210104");
    expect_rule("20261231", "FREQ=YEARLY;BYWEEKNO=53;COUNT=3", "20261231 20321230 20371231");
    expect_rule("20270101", "FREQ=YEARLY;BYWEEKNO=-1;BYDAY=FR;COUNT=3", "20270101 20271231 20281229");
    /* DTSTART is the first, be it in the rule or not. */
    expect_rule("20260101", "FREQ=WEEKLY;BYDAY=MO;COUNT=3", "20260101 20260105 20260112");
    expect_rule("20260101", "FREQ=YEARLY;BYMONTHDAY=1;COUNT=3", "20260101 20260201 20260301");
}

Test(icalendar, until_is_a_date_a_local_time_or_utc_and_counts)
{
    expect_rule("20260105T080000", "FREQ=DAILY;UNTIL=20260107", "20260105T080000Z 20260106T080000Z 20260107T080000Z");
    expect_rule("20260105T080000", "FREQ=DAILY;UNTIL=20260107T075959", "20260105T080000Z 20260106T080000Z");
    expect_rule("20260105", "FREQ=DAILY;UNTIL=20260106T000000Z", "20260105 20260106");
    expect(CALENDAR(EVENT("DTSTART;TZID=Europe/Berlin:20260105T080000\r\nRRULE:FREQ=DAILY;UNTIL=20260106T070000Z\r\n")),
           "2026-01-05T07:00:00Z/2026-01-05T07:00:00Z\n2026-01-06T07:00:00Z/2026-01-06T07:00:00Z\n");
    expect(CALENDAR(EVENT("DTSTART;TZID=Europe/Berlin:20260105T080000\r\nRRULE:FREQ=DAILY;UNTIL=20260106T065959Z\r\n")),
           "2026-01-05T07:00:00Z/2026-01-05T07:00:00Z\n");
}

static void expect_wrong_rule(const char *rule, itsm_status status, const char *word)
{
    char ics[512];
    snprintf(ics, sizeof ics, CALENDAR(EVENT("DTSTART:20260101\r\nRRULE:%s\r\n")), rule);
    expect_refused(ics, status, 5, "RRULE", word);
    char shown[128];
    snprintf(shown, sizeof shown, "%.60s", rule);
    assert_text(itsm_ctx_issue(ctx, 0)->rule, shown);
}

Test(icalendar, rules_that_are_none_are_refused_with_line_and_rule)
{
    expect_wrong_rule("", ITSM_E_INVALID, "without FREQ");
    expect_wrong_rule("INTERVAL=2", ITSM_E_INVALID, "without FREQ");
    expect_wrong_rule("FREQ=FORTNIGHTLY", ITSM_E_INVALID, "FORTNIGHTLY");
    expect_wrong_rule("FREQ=DAILY;FREQ=DAILY", ITSM_E_INVALID, "twice");
    expect_wrong_rule("FREQ=DAILY;BYDAY=MO;BYDAY=TU", ITSM_E_INVALID, "twice");
    expect_wrong_rule("FREQ=DAILY;COUNT=0", ITSM_E_INVALID, "whole number");
    expect_wrong_rule("FREQ=DAILY;INTERVAL=0", ITSM_E_INVALID, "whole number");
    expect_wrong_rule("FREQ=DAILY;INTERVAL=-1", ITSM_E_INVALID, "whole number");
    expect_wrong_rule("FREQ=DAILY;COUNT=2;UNTIL=20270101", ITSM_E_INVALID, "COUNT and UNTIL");
    expect_wrong_rule("FREQ=DAILY;UNTIL=tomorrow", ITSM_E_INVALID, "tomorrow");
    expect_wrong_rule("FREQ=YEARLY;BYMONTH=13", ITSM_E_INVALID, "13");
    expect_wrong_rule("FREQ=YEARLY;BYMONTH=-1", ITSM_E_INVALID, "-1");
    expect_wrong_rule("FREQ=YEARLY;BYMONTHDAY=0", ITSM_E_INVALID, "0 is");
    expect_wrong_rule("FREQ=YEARLY;BYMONTHDAY=1,", ITSM_E_INVALID, "is not within");
    expect_wrong_rule("FREQ=YEARLY;BYDAY=8XX", ITSM_E_INVALID, "8XX");
    expect_wrong_rule("FREQ=YEARLY;BYDAY=54MO", ITSM_E_INVALID, "54MO");
    expect_wrong_rule("FREQ=WEEKLY;BYDAY=1MO", ITSM_E_INVALID, "months and years only");
    expect_wrong_rule("FREQ=YEARLY;BYWEEKNO=1;BYDAY=1MO", ITSM_E_INVALID, "months and years only");
    expect_wrong_rule("FREQ=MONTHLY;BYWEEKNO=1", ITSM_E_INVALID, "BYWEEKNO");
    expect_wrong_rule("FREQ=MONTHLY;BYYEARDAY=1", ITSM_E_INVALID, "BYYEARDAY");
    expect_wrong_rule("FREQ=WEEKLY;BYMONTHDAY=1", ITSM_E_INVALID, "BYMONTHDAY");
    expect_wrong_rule("FREQ=WEEKLY;WKST=XX", ITSM_E_INVALID, "XX");
    expect_wrong_rule("FREQ=WEEKLY;COLOUR=RED", ITSM_E_INVALID, "COLOUR");
    expect_wrong_rule("FREQ=WEEKLY;WEEKS", ITSM_E_INVALID, "WEEKS");
    expect_wrong_rule("RSCALE=GREGORIAN;FREQ=YEARLY", ITSM_E_UNSUPPORTED, "RSCALE");
    expect_wrong_rule("FREQ=HOURLY", ITSM_E_INVALID, "no time");
}

Test(icalendar, rules_that_never_give_anything_or_too_much_end, .timeout = 300)
{
    static const char *const never[] = {"FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
                                        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
                                        "FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30",
                                        "FREQ=MINUTELY;INTERVAL=1440;BYHOUR=3",
                                        "FREQ=YEARLY;BYDAY=53MO;BYMONTH=1",
                                        "FREQ=MONTHLY;BYMONTHDAY=1;BYSETPOS=2",
                                        "FREQ=YEARLY;INTERVAL=999999999999999999",
                                        "FREQ=SECONDLY;INTERVAL=999999999999999999",
                                        "FREQ=WEEKLY;INTERVAL=999999999999999999;COUNT=999999999999999999",
                                        "FREQ=DAILY;COUNT=1"};
    for (size_t i = 0; i < sizeof never / sizeof *never; i++)
        expect_rule("20260101T050000", never[i], "20260101T050000Z");
    static const char *const endless[] = {
        "FREQ=SECONDLY", "FREQ=SECONDLY;INTERVAL=60;BYSECOND=30",
        "FREQ=SECONDLY;COUNT=999999999999;BYSECOND=0;BYMONTH=1",
        "FREQ=YEARLY;BYDAY=MO,TU,WE,TH,FR,SA,SU;BYHOUR=1,2,3,4;BYMINUTE=1,2,3,4;BYSECOND=1,2"};
    for (size_t i = 0; i < sizeof endless / sizeof *endless; i++) {
        char ics[512];
        size_t n = 0;
        itsm_buf out = counting_buf(&counting);
        snprintf(ics, sizeof ics, CALENDAR(EVENT("DTSTART:19000101T050000\r\nRRULE:%s\r\n")), endless[i]);
        cr_assert_eq(itsm_icalendar_each(ctx, itsm_str_c(ics), NULL, date("1990-01-01"), date("2090-01-01"),
                                         write_instance, &out),
                     ITSM_E_LIMIT, "%s", endless[i]);
        n = out.n;
        cr_assert_eq(n, 0);
        cr_assert_geq(itsm_ctx_issue(ctx, 0)->line, 3);
    }
    /* Without COUNT, what lies before the range costs nothing. */
    expect_between(CALENDAR(EVENT("DTSTART:00010101T000000Z\r\nRRULE:FREQ=MINUTELY;INTERVAL=700\r\n")), NULL,
                   "2026-01-01", "2026-01-02",
                   "2026-01-01T02:40:00Z/2026-01-01T02:40:00Z\n2026-01-01T14:20:00Z/2026-01-01T14:20:00Z\n");
}

Test(icalendar, the_ends_of_time_are_ends)
{
    expect_between(CALENDAR(EVENT("DTSTART;VALUE=DATE:99991230\r\nDURATION:P999999999W\r\nRRULE:FREQ=DAILY\r\n")), NULL,
                   "9999-12-30", "9999-12-31", "9999-12-30/+010000-01-01\n");
    itsm_buf out = counting_buf(&counting);
    cr_assert_eq(itsm_icalendar_each(ctx,
                                     ITSM_STR(CALENDAR(EVENT("DTSTART:00010101T000000Z\r\nDURATION:P999999999W\r\n"))),
                                     berlin, INT64_MIN, INT64_MAX, write_instance, &out),
                 ITSM_OK);
    assert_text(itsm_buf_str(&out), "0001-01-01T00:00:00Z/+010000-01-01T00:00:00Z\n");
    itsm_buf_clear(&out);
}

/* Import ---------------------------------------------------------------------------------------------------------- */

static itsm_calendar_builder *office(void)
{
    const itsm_hours hours = {9 * 3600, 17 * 3600};
    itsm_calendar_builder *b;
    cr_assert_eq(itsm_calendar_builder_new(&b, ctx, berlin), ITSM_OK);
    for (int i = 0; i < 5; i++) cr_assert_eq(itsm_calendar_builder_add_weekly(b, i, hours), ITSM_OK);
    return b;
}

static itsm_calendar_import read_as(int32_t as)
{
    itsm_calendar_import options = ITSM_CALENDAR_IMPORT_INIT;
    options.as = as, options.from = date("2026-01-01"), options.until = date("2027-01-01");
    return options;
}

/* Import and freeze, and write the definition without name and weekly hours. */
static void expect_import(const char *ics, int32_t as, const char *wanted)
{
    const itsm_calendar_import options = read_as(as);
    itsm_calendar_imported done = ITSM_CALENDAR_IMPORTED_INIT;
    itsm_calendar_builder *b;
    itsm_calendar *c;
    itsm_buf out = counting_buf(&counting);
    cr_assert_eq(itsm_calendar_builder_new(&b, ctx, berlin), ITSM_OK);
    const itsm_status rc = itsm_calendar_builder_import(b, ctx, itsm_str_c(ics), &options, &done);
    cr_assert_eq(rc, ITSM_OK, "status %d: %.*s", rc, ITSM_ARG(first_message(ctx)));
    cr_assert_eq(itsm_calendar_builder_freeze(&c, b), ITSM_OK);
    cr_assert_eq(itsm_calendar_encode(&out, c), ITSM_OK);
    cr_assert_eq(itsm_buf_add(&out, "", 1), ITSM_OK);
    cr_assert(strstr(out.p, wanted), "%s\nis not in\n%s", wanted, out.p);
    itsm_buf_clear(&out);
    itsm_calendar_free(c), itsm_calendar_builder_free(b);
}

#define SPANS                                                                                                             \
    CALENDAR(                                                                                                             \
        EVENT("UID:1\r\nDTSTART;TZID=Europe/Berlin:20260105T080000\r\nDTEND;TZID=Europe/Berlin:20260105T100000\r\n"       \
              "SUMMARY:short\r\n")                                                                                        \
            EVENT("UID:2\r\nDTSTART;TZID=Europe/Berlin:20260106T220000\r\nDURATION:PT8H\r\nSUMMARY:night\r\n") EVENT(     \
                "UID:3\r\nDTSTART;TZID=Europe/Berlin:20260110T180000\r\nDTEND;TZID=Europe/Berlin:20260112T060000\r\n"     \
                "SUMMARY:weekend\r\n")                                                                                    \
                EVENT(                                                                                                    \
                    "UID:4\r\nDTSTART;TZID=Europe/Berlin:20260120T200000\r\nDTEND;TZID=Europe/Berlin:20260121T000000\r\n" \
                    "SUMMARY:evening\r\n")                                                                                \
                    EVENT("UID:5\r\nDTSTART;VALUE=DATE:20260125\r\nDURATION:P2D\r\nSUMMARY:days\r\n")                     \
                        EVENT("UID:6\r\nDTSTART:20260130T120000Z\r\nSUMMARY:nothing\r\n")                                 \
                            EVENT("UID:7\r\nDTSTART:20260131T120000Z\r\nDURATION:PT1H\r\nSTATUS:CANCELLED\r\n"))

Test(icalendar, spans_are_cut_into_hours_of_dates_but_one_night_stays_whole)
{
#define HOURS                                                                                                          \
    "{\"2026-01-05\":[[\"08:00\",\"10:00\"]],\"2026-01-06\":[[\"22:00\",\"06:00\"]],\"2026-01-10\":[[\"18:00\","       \
    "\"24:00\"]],\"2026-01-11\":[[\"00:00\",\"24:00\"]],\"2026-01-12\":[[\"00:00\",\"06:00\"]],"                       \
    "\"2026-01-20\":[[\"20:00\",\"24:00\"]],\"2026-01-25\":[[\"00:00\",\"24:00\"]],\"2026-01-26\":[[\"00:00\","        \
    "\"24:00\"]]}"
    expect_import(SPANS, ITSM_IMPORT_BREAKS, "\"breaks\":" HOURS);
    expect_import(SPANS, ITSM_IMPORT_ADDITIONS, "\"additions\":" HOURS);
    expect_import(SPANS, ITSM_IMPORT_OVERRIDES, "\"overrides\":" HOURS);
}

Test(icalendar, as_holidays_every_date_touched_is_closed_and_named)
{
    expect_import(SPANS, ITSM_IMPORT_HOLIDAYS,
                  "[{\"date\":\"2026-01-05\",\"name\":\"short\"},{\"date\":\"2026-01-06\",\"name\":\"night\"},"
                  "{\"date\":\"2026-01-07\",\"name\":\"night\"},{\"date\":\"2026-01-10\",\"name\":\"weekend\"},"
                  "{\"date\":\"2026-01-11\",\"name\":\"weekend\"},{\"date\":\"2026-01-12\",\"name\":\"weekend\"},"
                  "{\"date\":\"2026-01-20\",\"name\":\"evening\"},{\"date\":\"2026-01-25\",\"name\":\"days\"},"
                  "{\"date\":\"2026-01-26\",\"name\":\"days\"},{\"date\":\"2026-01-30\",\"name\":\"nothing\"}]");
}

Test(icalendar, an_import_counts_what_it_took_and_what_it_passed_over)
{
    itsm_calendar_import options = read_as(ITSM_IMPORT_BREAKS);
    itsm_calendar_imported done = ITSM_CALENDAR_IMPORTED_INIT;
    itsm_calendar_builder *b = office();
    cr_assert_eq(itsm_calendar_builder_import(b, ctx, ITSM_STR(SPANS), &options, &done), ITSM_OK);
    cr_assert(done.instances == 5 && done.entries == 8 && done.cancelled == 1 && done.empty == 1 && !done.doubtful);
    /* 02:00 to 03:00 comes twice on 2026-10-25 in Berlin: from 00:00Z and from 01:00Z. */
    cr_assert_eq(
        itsm_calendar_builder_import(b, ctx,
                                     ITSM_STR(CALENDAR(EVENT("DTSTART:20261025T000000Z\r\nDURATION:PT30M\r\n")
                                                           EVENT("DTSTART:20261025T013000Z\r\nDURATION:PT30M\r\n"))),
                                     &options, &done),
        ITSM_OK);
    cr_assert(done.instances == 2 && done.doubtful == 1, "%llu doubtful", (unsigned long long)done.doubtful);
    itsm_calendar_builder_free(b);
}

Test(icalendar, imported_holidays_close_and_maintenance_is_taken_away)
{
    itsm_calendar_builder *b = office();
    itsm_calendar_import options = read_as(ITSM_IMPORT_BREAKS);
    itsm_calendar *c;
    itsm_span span;
    cr_assert_eq(
        itsm_calendar_builder_import(
            b, ctx,
            ITSM_STR(CALENDAR(EVENT("DTSTART;VALUE=DATE:20200106\r\nRRULE:FREQ=YEARLY\r\nSUMMARY:Epiphany\r\n"))), NULL,
            NULL),
        ITSM_OK);
    cr_assert(note_about("RRULE"), "a series without an end is cut, and that is said");
    cr_assert_eq(itsm_calendar_builder_import(
                     b, ctx,
                     ITSM_STR(CALENDAR(EVENT("DTSTART;TZID=America/New_York:20260105T050000\r\nDURATION:PT2H\r\n"
                                             "RRULE:FREQ=WEEKLY\r\n"))),
                     &options, NULL),
                 ITSM_OK);
    cr_assert_eq(itsm_calendar_builder_freeze(&c, b), ITSM_OK);
    /* Monday 2026-01-05 to Wednesday: 8 h - 2 h, a holiday, 8 h. */
    cr_assert_eq(itsm_calendar_between(&span, c, date("2026-01-05") * ITSM_DAYS(1), date("2026-01-08") * ITSM_DAYS(1)),
                 ITSM_OK);
    cr_assert_eq(span, ITSM_HOURS(14));
    itsm_calendar_free(c), itsm_calendar_builder_free(b);
}

static itsm_str definition_of(itsm_buf *out, const itsm_calendar_builder *b)
{
    itsm_calendar *c;
    out->n = 0;
    cr_assert_eq(itsm_calendar_builder_freeze(&c, b), ITSM_OK);
    cr_assert_eq(itsm_calendar_encode(out, c), ITSM_OK);
    itsm_calendar_free(c);
    return itsm_buf_str(out);
}

Test(icalendar, a_failed_import_leaves_the_builder_as_it_was)
{
    itsm_calendar_builder *b = office();
    itsm_calendar_import options = ITSM_CALENDAR_IMPORT_INIT;
    itsm_buf before = counting_buf(&counting), after = counting_buf(&counting);
    definition_of(&before, b);
    for (int32_t as = ITSM_IMPORT_HOLIDAYS; as <= ITSM_IMPORT_OVERRIDES; as++) {
        options.as = as, options.from = date("1700-01-01"), options.until = date("2100-01-01");
        cr_assert_eq(itsm_calendar_builder_import(
                         b, ctx, ITSM_STR(CALENDAR(EVENT("DTSTART;VALUE=DATE:17000101\r\nRRULE:FREQ=DAILY\r\n"))),
                         &options, NULL),
                     ITSM_E_LIMIT);
        cr_assert_eq(itsm_ctx_issue(ctx, 0)->line, 3);
        definition_of(&after, b);
        cr_assert(itsm_str_eq(itsm_buf_str(&before), itsm_buf_str(&after)));
    }
    itsm_buf_clear(&before), itsm_buf_clear(&after);
    itsm_calendar_builder_free(b);
}

Test(icalendar, misuse_is_told)
{
    itsm_calendar_builder *b = office();
    itsm_calendar_import options = ITSM_CALENDAR_IMPORT_INIT;
    itsm_buf out = ITSM_BUF_INIT;
    const itsm_str ics = ITSM_STR(CALENDAR(""));
    cr_assert_eq(itsm_calendar_builder_import(NULL, ctx, ics, NULL, NULL), ITSM_E_MISUSE);
    cr_assert_eq(itsm_calendar_builder_import(b, NULL, ics, NULL, NULL), ITSM_E_MISUSE);
    cr_assert_eq(itsm_calendar_builder_import(b, ctx, ics, NULL, NULL), ITSM_OK);
    options.as = 0;
    cr_assert_eq(itsm_calendar_builder_import(b, ctx, ics, &options, NULL), ITSM_E_MISUSE);
    options.as = 5;
    cr_assert_eq(itsm_calendar_builder_import(b, ctx, ics, &options, NULL), ITSM_E_MISUSE);
    options.as = 1, options.size = 0;
    cr_assert_eq(itsm_calendar_builder_import(b, ctx, ics, &options, NULL), ITSM_E_MISUSE);
    cr_assert_eq(itsm_icalendar_each(NULL, ics, NULL, 0, 1, write_instance, NULL), ITSM_E_MISUSE);
    cr_assert_eq(itsm_icalendar_each(ctx, ics, NULL, 0, 1, NULL, NULL), ITSM_E_MISUSE);
    cr_assert_eq(itsm_calendar_export(&out, ctx, NULL, NULL), ITSM_E_MISUSE);
    itsm_calendar_builder_free(b);
}

static itsm_status stop(void *user, const itsm_icalendar_instance *i)
{
    (void)i;
    return --*(int *)user ? ITSM_OK : ITSM_E_HOST_FIRST;
}

Test(icalendar, a_walk_stops_when_the_host_says_so)
{
    int left = 3;
    cr_assert_eq(itsm_icalendar_each(ctx,
                                     ITSM_STR(CALENDAR(EVENT("DTSTART;VALUE=DATE:20260101\r\nRRULE:FREQ=DAILY\r\n"))),
                                     NULL, date("2026-01-01"), date("2026-02-01"), stop, &left),
                 ITSM_E_HOST_FIRST);
    cr_assert_eq(left, 0);
}

/* Export ---------------------------------------------------------------------------------------------------------- */

static const char named[] =
    "{\"tz\":\"Europe/Berlin\",\"name\":\"Service \\\\ desk; S\\u00fcd, a name that is long enough "
    "to be folded \\u00e4\\u00f6\\u00fc\\u00df more than once, it goes on and on\\nand on\","
    "\"weekly\":{\"mon\":[[\"22:00\",\"06:00\"]]},"
    "\"holidays\":[{\"date\":\"2026-01-06\",\"name\":\"Epiphany, Heilige Drei K\\u00f6nige\"}]}";

static itsm_calendar_export_options january(uint32_t what)
{
    itsm_calendar_export_options options = ITSM_CALENDAR_EXPORT_OPTIONS_INIT;
    options.what = what, options.from = date("2026-01-01"), options.until = date("2026-02-01");
    options.stamp = date("2026-03-01") * ITSM_DAYS(1);
    return options;
}

Test(icalendar, an_export_is_the_iCalendar_it_should_be)
{
    itsm_calendar *c;
    itsm_buf out = counting_buf(&counting);
    itsm_calendar_export_options options = january(ITSM_EXPORT_OPEN | ITSM_EXPORT_HOLIDAYS);
    options.until = date("2026-01-12");
    cr_assert_eq(itsm_calendar_load(&c, ctx, itsm_str_c(named)), ITSM_OK, "%.*s", ITSM_ARG(first_message(ctx)));
    cr_assert_eq(itsm_calendar_export(&out, ctx, c, &options), ITSM_OK);
    assert_text(itsm_buf_str(&out),
                "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//libitsm//calendar//EN\r\n"
                "BEGIN:VEVENT\r\nUID:open-20260105T210000Z-e7291832a22c9e6d@libitsm\r\nDTSTAMP:20260301T000000Z\r\n"
                "DTSTART:20260105T210000Z\r\nDTEND:20260105T230000Z\r\n"
                "SUMMARY:Service \\\\ desk\\; S\xc3\xbc"
                "d\\, a name that is long enough to be folded \xc3\xa4\r\n"
                " \xc3\xb6\xc3\xbc\xc3\x9f more than once\\, it goes on and on\\nand on\r\nEND:VEVENT\r\n"
                "BEGIN:VEVENT\r\nUID:holiday-20260106-e7291832a22c9e6d@libitsm\r\nDTSTAMP:20260301T000000Z\r\n"
                "DTSTART;VALUE=DATE:20260106\r\nDTEND;VALUE=DATE:20260107\r\n"
                "SUMMARY:Epiphany\\, Heilige Drei K\xc3\xb6nige\r\nTRANSP:TRANSPARENT\r\nEND:VEVENT\r\n"
                "END:VCALENDAR\r\n");
    itsm_buf_clear(&out);
    itsm_calendar_free(c);
}

Test(icalendar, lines_of_an_export_are_at_most_75_bytes_and_whole_characters)
{
    itsm_calendar *c;
    itsm_buf out = counting_buf(&counting);
    const itsm_calendar_export_options options = january(ITSM_EXPORT_OPEN);
    for (size_t pad = 0; pad < 8; pad++) {
        char json[2048];
        snprintf(
            json, sizeof json,
            "{\"tz\":\"UTC\",\"name\":\"%.*s\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80"
            "\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80"
            "\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80"
            "\",\"weekly\":{\"mon\":[[\"09:00\",\"17:00\"]]}}",
            (int)pad, "aaaaaaaa");
        cr_assert_eq(itsm_calendar_load(&c, ctx, itsm_str_c(json)), ITSM_OK);
        out.n = 0;
        cr_assert_eq(itsm_calendar_export(&out, ctx, c, &options), ITSM_OK);
        size_t start = 0;
        for (size_t i = 0; i < out.n; i++) {
            if (out.p[i] != '\n') continue;
            cr_assert(i > start && out.p[i - 1] == '\r' && i - 1 - start <= 75, "%zu bytes", i - 1 - start);
            cr_assert_neq((unsigned char)out.p[start + (out.p[start] == ' ')] & 0xc0, 0x80);
            start = i + 1;
        }
        cr_assert_eq(start, out.n);
        itsm_calendar_free(c);
    }
    itsm_buf_clear(&out);
}

Test(icalendar, an_export_that_cannot_be_leaves_the_buffer_as_it_was)
{
    itsm_calendar_builder *b = office();
    itsm_calendar *c;
    itsm_buf out = counting_buf(&counting);
    itsm_calendar_export_options options = january(ITSM_EXPORT_OPEN);
    cr_assert_eq(itsm_buf_add(&out, "kept", 4), ITSM_OK);
    cr_assert_eq(itsm_calendar_builder_set_name(
                     b, ITSM_STR("\x80\x80\x80\x80 no text, and a long one at that \x80\x80\x80\x80\x80\x80")),
                 ITSM_OK);
    cr_assert_eq(itsm_calendar_builder_freeze(&c, b), ITSM_OK);
    cr_assert_eq(itsm_calendar_export(&out, ctx, c, &options), ITSM_E_INVALID);
    assert_text(first_message(ctx), "a name is not UTF-8");
    options.until = 100000000;
    cr_assert_eq(itsm_calendar_export(&out, ctx, c, &options), ITSM_E_RANGE);
    options = january(ITSM_EXPORT_OPEN), options.stamp = ITSM_TIME_NONE;
    cr_assert_eq(itsm_calendar_export(&out, ctx, c, &options), ITSM_E_RANGE);
    options = january(0);
    cr_assert_eq(itsm_calendar_export(&out, ctx, c, &options), ITSM_E_MISUSE);
    options = january(4);
    cr_assert_eq(itsm_calendar_export(&out, ctx, c, &options), ITSM_E_MISUSE);
    assert_text(itsm_buf_str(&out), "kept");
    itsm_buf_clear(&out);
    itsm_calendar_free(c), itsm_calendar_builder_free(b);
}

/* Memory ---------------------------------------------------------------------------------------------------------- */

Test(icalendar, every_allocation_may_fail)
{
    static const char ics[] =
        CALENDAR("BEGIN:VTIMEZONE\r\nTZID:Home\r\nX-LIC-LOCATION:Europe/Berlin\r\nEND:VTIMEZONE\r\n" EVENT(
            "UID:a\r\nDTSTART;TZID=Home:20260105T080000\r\nDURATION:PT1H\r\nRRULE:FREQ=DAILY\r\n"
            "RDATE;TZID=Europe/Berlin:20260105T180000\r\nEXDATE:20260107T070000Z\r\nSUMMARY:folded and es\r\n caped\\, too\r\n")
                     EVENT("UID:a\r\nRECURRENCE-ID:20260108T070000Z\r\nDTSTART:20260108T080000Z\r\nDURATION:PT1H\r\n"));
    itsm_calendar_import options = read_as(ITSM_IMPORT_HOLIDAYS);
    options.until = date("2026-02-01");
    itsm_buf before = counting_buf(&counting), after = counting_buf(&counting);
    size_t sites = 0;
    for (size_t n = 1;; n++) {
        itsm_calendar_builder *b = office();
        definition_of(&before, b);
        counting_fail(&counting, n);
        const itsm_status rc = itsm_calendar_builder_import(b, ctx, itsm_str_c(ics), &options, NULL);
        const int failed = counting_stop(&counting);
        if (rc) {
            cr_assert_eq(rc, ITSM_E_NOMEM, "allocation %zu: %d", n, rc);
            definition_of(&after, b);
            cr_assert(itsm_str_eq(itsm_buf_str(&before), itsm_buf_str(&after)));
            cr_assert_eq(itsm_calendar_builder_import(b, ctx, itsm_str_c(ics), &options, NULL), ITSM_OK);
        }
        itsm_calendar_builder_free(b);
        if (!failed) break;
        sites++;
    }
    cr_assert_gt(sites, 20);
    printf("icalendar: %zu allocations of an import failed once each\n", sites);
    itsm_calendar *c;
    cr_assert_eq(itsm_calendar_load(&c, ctx, itsm_str_c(named)), ITSM_OK);
    const itsm_calendar_export_options range = january(ITSM_EXPORT_OPEN | ITSM_EXPORT_HOLIDAYS);
    for (size_t n = 1;; n++) {
        itsm_buf out = counting_buf(&counting);
        counting_fail(&counting, n);
        const itsm_status rc = itsm_calendar_export(&out, ctx, c, &range);
        const int failed = counting_stop(&counting);
        cr_assert_eq(rc, failed ? ITSM_E_NOMEM : ITSM_OK);
        cr_assert(!failed || out.n == 0);
        itsm_buf_clear(&out);
        if (!failed) break;
    }
    itsm_calendar_free(c);
    itsm_buf_clear(&before), itsm_buf_clear(&after);
}
