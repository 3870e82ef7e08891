/* SPDX-License-Identifier: MIT */
/* Zones: from bytes to answers, in both directions; what is malformed; where they come from. */
#include <itsm/time.h>

#include "tzif.h"

#include <stddef.h>

/* Zones ----------------------------------------------------------------------------------------------------------- */

Test(zone, before_the_first_change_type_0_holds_and_after_the_last_the_rule)
{
    struct tzif z = berlin();
    itsm_zone *zone = make_zone(&z);
    assert_text(itsm_zone_name(zone), "Test/Zone");
    assert_local(zone, "0001-01-01T00:00:00Z", "0001-01-01T00:53:28+00:53:28 LMT");
    assert_local(zone, "1893-11-30T23:06:31Z", "1893-11-30T23:59:59+00:53:28 LMT");
    assert_local(zone, "1893-11-30T23:06:32Z", "1893-12-01T00:06:32+01:00 CET");
    assert_local(zone, "2026-03-29T00:59:59Z", "2026-03-29T01:59:59+01:00 CET");
    assert_local(zone, "2026-03-29T01:00:00Z", "2026-03-29T03:00:00+02:00 CEST dst");
    assert_local(zone, "2112-09-17T00:00:00Z", "2112-09-17T02:00:00+02:00 CEST dst");
    assert_local(zone, "2500-07-01T00:00:00Z", "2500-07-01T02:00:00+02:00 CEST dst");
    assert_local(zone, "9999-03-28T00:59:59Z", "9999-03-28T01:59:59+01:00 CET");
    assert_local(zone, "9999-03-28T01:00:00Z", "9999-03-28T03:00:00+02:00 CEST dst");
    assert_local(zone, "+123456-07-01T00:00:00Z", "+123456-07-01T02:00:00+02:00 CEST dst");
    itsm_zone_free(zone);
}

Test(zone, a_wall_clock_is_unique_skipped_or_repeated)
{
    struct tzif z = berlin();
    itsm_zone *zone = make_zone(&z);
    static const char *const years[][4] = {{"2026", "03-29", "10-25", ""}, {"9999", "03-28", "10-31", ""}};
    for (int i = 0; i < 2; i++) {
        char local[32], first[32], second[32];
        const char *year = years[i][0], *spring = years[i][1], *autumn = years[i][2];
        snprintf(local, sizeof local, "%s-%sT01:59:59", year, spring);
        snprintf(first, sizeof first, "%s-%sT00:59:59Z", year, spring);
        assert_resolved(zone, local, ITSM_LOCAL_UNIQUE, first, first);
        snprintf(local, sizeof local, "%s-%sT02:30:00", year, spring); /* moved forward to 03:30 CEST */
        snprintf(first, sizeof first, "%s-%sT01:30:00Z", year, spring);
        snprintf(second, sizeof second, "%s-%sT00:30:00Z", year, spring);
        assert_resolved(zone, local, ITSM_LOCAL_SKIPPED, first, second);
        snprintf(local, sizeof local, "%s-%sT03:00:00", year, spring);
        snprintf(first, sizeof first, "%s-%sT01:00:00Z", year, spring);
        assert_resolved(zone, local, ITSM_LOCAL_UNIQUE, first, first);
        snprintf(local, sizeof local, "%s-%sT02:00:00", year, autumn);
        snprintf(first, sizeof first, "%s-%sT00:00:00Z", year, autumn);
        snprintf(second, sizeof second, "%s-%sT01:00:00Z", year, autumn);
        assert_resolved(zone, local, ITSM_LOCAL_REPEATED, first, second);
        snprintf(local, sizeof local, "%s-%sT03:00:00", year, autumn);
        snprintf(first, sizeof first, "%s-%sT02:00:00Z", year, autumn);
        assert_resolved(zone, local, ITSM_LOCAL_UNIQUE, first, first);
    }
    assert_resolved(zone, "1893-12-01T00:06:31", ITSM_LOCAL_SKIPPED, "1893-11-30T23:13:03Z", "1893-11-30T23:06:31Z");
    itsm_zone_free(zone);
}

Test(zone, a_date_that_never_existed_is_skipped_whole)
{
    struct tzif z = only_rule("<+14>-14"); /* Apia went from -10 to +14 at the end of 2011-12-29 */
    z.ntimes = 1, z.time[0] = 1325239200, z.index[0] = 1;
    z.ntypes = 2, z.offset[0] = -36000, z.offset[1] = 50400, z.at[1] = 4, z.chars = "-10\0+14", z.nchars = 8;
    itsm_zone *zone = make_zone(&z);
    assert_resolved(zone, "2011-12-29T23:59:59", ITSM_LOCAL_UNIQUE, "2011-12-30T09:59:59Z", "2011-12-30T09:59:59Z");
    assert_resolved(zone, "2011-12-30T00:00:00", ITSM_LOCAL_SKIPPED, "2011-12-30T10:00:00Z", "2011-12-29T10:00:00Z");
    assert_resolved(zone, "2011-12-30T23:59:59", ITSM_LOCAL_SKIPPED, "2011-12-31T09:59:59Z", "2011-12-30T09:59:59Z");
    assert_resolved(zone, "2011-12-31T00:00:00", ITSM_LOCAL_UNIQUE, "2011-12-30T10:00:00Z", "2011-12-30T10:00:00Z");
    itsm_zone_free(zone);
}

Test(zone, several_changes_within_a_day_are_told_apart)
{
    /* +0, after an hour +2, after another hour +1, after another hour -1: stretches overlap. */
    struct tzif z = only_rule("");
    z.ntimes = 3, z.time[0] = 3600, z.time[1] = 7200, z.time[2] = 10800;
    z.index[0] = 1, z.index[1] = 2, z.index[2] = 3;
    z.ntypes = 4, z.offset[1] = 7200, z.offset[2] = 3600, z.offset[3] = -3600;
    z.at[1] = 4, z.at[2] = 8, z.at[3] = 12, z.chars = "AAA\0BBB\0CCC\0DDD", z.nchars = 16;
    itsm_zone *zone = make_zone(&z);
    assert_resolved(zone, "1970-01-01T00:30:00", ITSM_LOCAL_UNIQUE, "1970-01-01T00:30:00Z", "1970-01-01T00:30:00Z");
    assert_resolved(zone, "1970-01-01T01:30:00", ITSM_LOCAL_SKIPPED, "1970-01-01T01:30:00Z", "1969-12-31T23:30:00Z");
    assert_resolved(zone, "1970-01-01T02:30:00", ITSM_LOCAL_UNIQUE, "1970-01-01T03:30:00Z", "1970-01-01T03:30:00Z");
    assert_resolved(zone, "1970-01-01T03:30:00", ITSM_LOCAL_REPEATED, "1970-01-01T01:30:00Z", "1970-01-01T04:30:00Z");
    assert_resolved(zone, "1970-01-01T04:30:00", ITSM_LOCAL_UNIQUE, "1970-01-01T05:30:00Z", "1970-01-01T05:30:00Z");
    itsm_zone_free(zone);
}

Test(zone, changes_are_found_one_after_the_other)
{
    struct tzif z = berlin();
    itsm_zone *zone = make_zone(&z);
    itsm_time t = ITSM_TIME_NONE;
    static const char *const first[] = {"1893-11-30T23:06:32Z", "1894-03-25T01:00:00Z", "1894-10-28T01:00:00Z"};
    cr_assert(itsm_zone_next_transition(&t, zone, t) == ITSM_OK);
    assert_instant(t, first[0]);
    cr_assert(itsm_zone_next_transition(&t, zone, t) == ITSM_OK);
    cr_assert(itsm_zone_next_transition(&t, zone, instant("9998-12-01T00:00:00Z")) == ITSM_OK);
    assert_instant(t, "9999-03-28T01:00:00Z");
    int count = 0; /* over the end of what is laid out */
    for (t = instant("2100-01-01T00:00:00Z"); count < 100; count++)
        cr_assert(itsm_zone_next_transition(&t, zone, t) == ITSM_OK);
    assert_instant(t, "2149-10-26T01:00:00Z");
    t = 42;
    cr_assert_eq(itsm_zone_next_transition(&t, zone, INT64_MAX), ITSM_DONE);
    cr_assert_eq(itsm_zone_next_transition(&t, zone, INT64_MAX - ITSM_DAYS(1)), ITSM_DONE);
    cr_assert_eq(t, 42);
    itsm_zone_free(zone);

    cr_assert(itsm_zone_fixed(&zone, NULL, 3600) == ITSM_OK);
    cr_assert_eq(itsm_zone_next_transition(&t, zone, ITSM_TIME_NONE), ITSM_DONE);
    itsm_zone_free(zone);
}

Test(zone, a_rule_without_changes_holds_always)
{
    itsm_zone *zone = rule_zone("EST5EDT,M3.2.0,M11.1.0");
    assert_local(zone, "-000400-07-01T12:00:00Z", "-000400-07-01T08:00:00-04:00 EDT dst");
    assert_local(zone, "1700-07-01T12:00:00Z", "1700-07-01T08:00:00-04:00 EDT dst");
    assert_local(zone, "1700-01-01T12:00:00Z", "1700-01-01T07:00:00-05:00 EST");
    assert_local(zone, "1827-04-15T12:00:00Z", "1827-04-15T08:00:00-04:00 EDT dst");
    assert_local(zone, "2026-07-01T12:00:00Z", "2026-07-01T08:00:00-04:00 EDT dst");
    assert_local(zone, "2300-01-01T12:00:00Z", "2300-01-01T07:00:00-05:00 EST");
    assert_resolved(zone, "1700-03-14T02:30:00", ITSM_LOCAL_SKIPPED, "1700-03-14T07:30:00Z", "1700-03-14T06:30:00Z");
    itsm_time t;
    cr_assert(itsm_zone_next_transition(&t, zone, ITSM_TIME_NONE) == ITSM_OK);
    assert_instant(t, "1827-11-04T06:00:00Z");
    cr_assert(itsm_zone_next_transition(&t, zone, instant("1700-01-01T12:00:00Z")) == ITSM_OK);
    assert_instant(t, "1700-03-14T07:00:00Z");
    itsm_zone_free(zone);
}

Test(zone, a_rule_may_begin_before_what_is_laid_out)
{
    struct tzif z = berlin();
    z.time[0] = -6000000000; /* 1779 */
    itsm_zone *zone = make_zone(&z);
    assert_local(zone, "1779-11-13T13:19:59Z", "1779-11-13T14:13:27+00:53:28 LMT");
    assert_local(zone, "1779-11-13T13:20:00Z", "1779-11-13T14:20:00+01:00 CET");
    assert_local(zone, "1800-07-01T00:00:00Z", "1800-07-01T02:00:00+02:00 CEST dst");
    assert_local(zone, "1900-07-01T00:00:00Z", "1900-07-01T02:00:00+02:00 CEST dst");
    assert_local(zone, "1901-01-01T00:00:00Z", "1901-01-01T01:00:00+01:00 CET");
    itsm_time t = ITSM_TIME_NONE;
    for (int i = 0; i < 3; i++) cr_assert(itsm_zone_next_transition(&t, zone, t) == ITSM_OK);
    assert_instant(t, "1780-10-29T01:00:00Z");
    for (int i = 0; i < 100; i++) cr_assert(itsm_zone_next_transition(&t, zone, t) == ITSM_OK);
    assert_instant(t, "1830-10-31T01:00:00Z");
    itsm_zone_free(zone);
}

static const struct {
    const char *footer, *t, *wanted;
} rules[] = {
    {"<+0530>-5:30", "2026-07-01T00:00:00Z", "2026-07-01T05:30:00+05:30 +0530"},
    {"<-03>3", "2026-07-01T00:00:00Z", "2026-06-30T21:00:00-03:00 -03"},
    {"ABC24:59:59", "2026-07-02T00:00:00Z", "2026-06-30T23:00:01-24:59:59 ABC"},
    /* Dublin: standard time in summer, and "daylight saving" of an hour less in winter */
    {"IST-1GMT0,M10.5.0,M3.5.0/1", "2026-07-01T00:00:00Z", "2026-07-01T01:00:00+01:00 IST"},
    {"IST-1GMT0,M10.5.0,M3.5.0/1", "2026-12-31T23:59:59Z", "2026-12-31T23:59:59+00:00 GMT dst"},
    {"IST-1GMT0,M10.5.0,M3.5.0/1", "2300-01-01T00:00:00Z", "2300-01-01T00:00:00+00:00 GMT dst"},
    /* the southern half: over the turn of the year */
    {"AEST-10AEDT,M10.1.0,M4.1.0/3", "2400-01-01T00:00:00Z", "2400-01-01T11:00:00+11:00 AEDT dst"},
    {"AEST-10AEDT,M10.1.0,M4.1.0/3", "2400-06-01T00:00:00Z", "2400-06-01T10:00:00+10:00 AEST"},
    /* hours beyond the day, and before it: Nuuk, RFC 9636 3.3.2 */
    {"<-02>2<-01>,M3.5.0/-1,M10.5.0/0", "2026-03-29T00:59:59Z", "2026-03-28T22:59:59-02:00 -02"},
    {"<-02>2<-01>,M3.5.0/-1,M10.5.0/0", "2026-03-29T01:00:00Z", "2026-03-29T00:00:00-01:00 -01 dst"},
    {"IST-2IDT,M3.4.4/26,M10.5.0", "2026-03-26T23:59:59Z", "2026-03-27T01:59:59+02:00 IST"},
    {"IST-2IDT,M3.4.4/26,M10.5.0", "2026-03-27T00:00:00Z", "2026-03-27T03:00:00+03:00 IDT dst"},
    {"AAA0BBB,J60/-167,J300/167", "2028-02-23T00:59:59Z", "2028-02-23T00:59:59+00:00 AAA"},
    {"AAA0BBB,J60/-167,J300/167", "2028-02-23T01:00:00Z", "2028-02-23T02:00:00+01:00 BBB dst"},
    {"AAA0BBB,J60/-167,J300/167", "2028-11-02T21:59:59Z", "2028-11-02T22:59:59+01:00 BBB dst"},
    {"AAA0BBB,J60/-167,J300/167", "2028-11-02T22:00:00Z", "2028-11-02T22:00:00+00:00 AAA"},
    /* J60 is the first of March in every year, 59 is the 29th of February in a leap year */
    {"AAA0BBB,J59/0,J300", "2028-02-28T00:00:00Z", "2028-02-28T01:00:00+01:00 BBB dst"},
    {"AAA0BBB,J60/0,J300", "2028-02-29T23:59:59Z", "2028-02-29T23:59:59+00:00 AAA"},
    {"AAA0BBB,J60/0,J300", "2028-03-01T00:00:00Z", "2028-03-01T01:00:00+01:00 BBB dst"},
    {"AAA0BBB,59/0,J300", "2028-02-29T00:00:00Z", "2028-02-29T01:00:00+01:00 BBB dst"},
    {"AAA0BBB,59/0,J300", "2027-03-01T00:00:00Z", "2027-03-01T01:00:00+01:00 BBB dst"},
    {"AAA0BBB,59/0,J300", "2027-02-28T23:59:59Z", "2027-02-28T23:59:59+00:00 AAA"},
    /* an explicit offset of two hours more */
    {"AAA0BBB-2,M3.1.1/2:03:04,M10.1.1", "2027-03-01T02:03:04Z", "2027-03-01T04:03:04+02:00 BBB dst"},
    /* daylight saving time for a week in the last days of the year */
    {"AAA0BBB,J1/-167,J1/-160", "2026-12-25T01:00:00Z", "2026-12-25T02:00:00+01:00 BBB dst"},
    {"AAA0BBB,J1/-167,J1/-160", "2026-12-28T01:00:00Z", "2026-12-28T01:00:00+00:00 AAA"},
};

Test(zone, rules_mean_what_posix_and_rfc_9636_say)
{
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        itsm_zone *zone = rule_zone(rules[i].footer);
        assert_local(zone, rules[i].t, rules[i].wanted);
        itsm_zone_free(zone);
    }
}

Test(zone, daylight_saving_time_all_year_never_changes)
{
    static const char *const footers[] = {"EST5EDT,0/0,J365/25", "EST5EDT,J1/0,J365/25", "EST5EDT,0/0,J365/30"};
    for (int i = 0; i < 3; i++) {
        itsm_zone *zone = rule_zone(footers[i]);
        assert_local(zone, "2026-01-01T04:59:59Z", "2026-01-01T00:59:59-04:00 EDT dst");
        assert_local(zone, "2026-01-01T05:00:00Z", "2026-01-01T01:00:00-04:00 EDT dst");
        assert_local(zone, "2999-12-31T23:59:59Z", "2999-12-31T19:59:59-04:00 EDT dst");
        itsm_time t = 42;
        cr_assert_eq(itsm_zone_next_transition(&t, zone, ITSM_TIME_NONE), ITSM_DONE);
        cr_assert_eq(itsm_zone_next_transition(&t, zone, 0), ITSM_DONE);
        cr_assert_eq(itsm_zone_next_transition(&t, zone, instant("2999-12-31T23:59:59Z")), ITSM_DONE);
        assert_resolved(zone, "2300-01-01T00:30:00", ITSM_LOCAL_UNIQUE, "2300-01-01T04:30:00Z", "2300-01-01T04:30:00Z");
        itsm_zone_free(zone);
    }
}

Test(zone, version_1_uses_the_32_bit_block_and_keeps_the_last_offset)
{
    struct tzif z = berlin();
    z.version = 0, z.time[0] = -2000000000;
    itsm_zone *zone = make_zone(&z);
    assert_local(zone, "1906-08-16T20:26:39Z", "1906-08-16T21:20:07+00:53:28 LMT");
    assert_local(zone, "1906-08-16T20:26:40Z", "1906-08-16T21:26:40+01:00 CET");
    assert_local(zone, "2500-07-01T00:00:00Z", "2500-07-01T01:00:00+01:00 CET");
    itsm_zone_free(zone);
}

Test(zone, versions_2_3_and_4_use_the_64_bit_block_and_the_footer)
{
    for (char version = '2'; version <= '4'; version++) {
        struct tzif z = berlin();
        z.version = version;
        itsm_zone *zone = make_zone(&z);
        assert_local(zone, "1893-11-30T23:06:31Z", "1893-11-30T23:59:59+00:53:28 LMT"); /* not within 32 bits */
        assert_local(zone, "2500-07-01T00:00:00Z", "2500-07-01T02:00:00+02:00 CEST dst");
        itsm_zone_free(zone);
    }
}

Test(zone, changes_too_far_for_microseconds_hold_from_the_beginning_or_never)
{
    struct tzif z = berlin();
    z.footer = "", z.time[0] = INT64_MIN;
    itsm_zone *zone = make_zone(&z);
    assert_local(zone, "-100000-01-01T00:00:00Z", "-100000-01-01T01:00:00+01:00 CET");
    itsm_zone_free(zone);
    z = berlin(), z.time[0] = INT64_MAX;
    zone = make_zone(&z);
    assert_local(zone, "+200000-07-01T00:00:00Z", "+200000-07-01T00:53:28+00:53:28 LMT");
    itsm_time t;
    cr_assert_eq(itsm_zone_next_transition(&t, zone, ITSM_TIME_NONE), ITSM_DONE);
    itsm_zone_free(zone);
}

Test(zone, the_ends_of_time_are_out_of_range_not_wrapped)
{
    struct tzif z = berlin();
    itsm_zone *zone = make_zone(&z);
    itsm_local local;
    itsm_resolved resolved;
    int32_t offset = 42;
    cr_assert_eq(itsm_zone_local(&local, zone, INT64_MAX), ITSM_E_RANGE);
    cr_assert_eq(itsm_zone_local(&local, zone, ITSM_TIME_NONE), ITSM_E_RANGE);
    cr_assert_eq(itsm_zone_offset(&offset, zone, ITSM_TIME_NONE), ITSM_E_RANGE);
    cr_assert_eq(offset, 42);
    cr_assert(itsm_zone_offset(&offset, zone, INT64_MAX) == ITSM_OK && offset == 3600);
    cr_assert(itsm_zone_offset(&offset, zone, INT64_MIN + 1) == ITSM_OK && offset == 3208);
    cr_assert_eq(itsm_zone_instant(&resolved, zone, INT64_MAX), ITSM_E_RANGE);
    cr_assert_eq(itsm_zone_instant(&resolved, zone, ITSM_TIME_NONE), ITSM_E_RANGE);
    cr_assert(itsm_zone_instant(&resolved, zone, INT64_MAX - ITSM_DAYS(2)) == ITSM_OK);
    cr_assert(itsm_zone_instant(&resolved, zone, INT64_MIN + ITSM_DAYS(2)) == ITSM_OK);
    cr_assert(resolved.first == INT64_MIN + ITSM_DAYS(2) - ITSM_SECONDS(3208));
    cr_assert_eq(itsm_zone_local(NULL, zone, 0), ITSM_E_MISUSE);
    cr_assert_eq(itsm_zone_local(&local, NULL, 0), ITSM_E_MISUSE);
    cr_assert_eq(itsm_zone_offset(NULL, zone, 0), ITSM_E_MISUSE);
    cr_assert_eq(itsm_zone_instant(NULL, zone, 0), ITSM_E_MISUSE);
    cr_assert_eq(itsm_zone_next_transition(NULL, zone, 0), ITSM_E_MISUSE);
    itsm_zone_free(zone);
}

/* Malformed files ------------------------------------------------------------------------------------------------- */

static void assert_refused(struct counting *counting, itsm_bytes bytes, itsm_status status, uint64_t position)
{
    itsm_ctx *ctx = counting_ctx(counting);
    itsm_zone *zone = (itsm_zone *)counting;
    unsigned char *copy = malloc(bytes.n ? bytes.n : 1); /* so that a byte read too far is found */
    if (bytes.n) memcpy(copy, bytes.p, bytes.n);
    itsm_bytes exact = {copy, bytes.n};
    itsm_status got = itsm_zone_decode(&zone, ctx, exact, ITSM_STR("Test/Zone"));
    cr_assert(got == status && zone == NULL, "%d at %llu", got, (unsigned long long)position);
    const itsm_issue *issue = itsm_ctx_issue(ctx, 0);
    cr_assert(issue != NULL && issue->position == position && issue->code == status, "%.*s: byte %llu, not %llu",
              ITSM_ARG(issue->message), (unsigned long long)issue->position, (unsigned long long)position);
    free(copy);
    itsm_ctx_free(ctx);
}

Test(zone, a_file_cut_at_any_byte_is_refused)
{
    struct counting counting = COUNTING_INIT;
    struct tzif z = berlin();
    struct bytes file;
    put_tzif(&file, &z);
    for (size_t n = 0; n < file.n; n++) {
        itsm_bytes bytes = {file.p, n};
        assert_refused(&counting, bytes, ITSM_E_SYNTAX, n);
    }
    z.version = 0, put_tzif(&file, &z);
    for (size_t n = 0; n < file.n; n++) {
        itsm_bytes bytes = {file.p, n};
        assert_refused(&counting, bytes, ITSM_E_SYNTAX, n);
    }
    assert_nothing_outstanding(counting);
}

/* Bytes of berlin(): two headers of 44, the first block has 7; then the block at 95. */
static const struct {
    size_t at;
    unsigned char value;
    itsm_status status;
    uint64_t position;
} damages[] = {
    {0, 't', ITSM_E_SYNTAX, 0},
    {4, '1', ITSM_E_SYNTAX, 4},
    {4, '5', ITSM_E_VERSION, 4},
    {20, 0xff, ITSM_E_SYNTAX, 139}, /* the first block alone is larger than the file */
    {51, 't', ITSM_E_SYNTAX, 51},
    {55, '3', ITSM_E_SYNTAX, 55}, /* headers differ in version */
    {51 + 23, 1, ITSM_E_SYNTAX, 51 + 20},
    {51 + 27, 1, ITSM_E_SYNTAX, 51 + 24},
    {51 + 28, 0xff, ITSM_E_SYNTAX, 139},
    {51 + 31, 1, ITSM_E_UNSUPPORTED, 51 + 28},
    {51 + 32, 0xff, ITSM_E_SYNTAX, 139},
    {51 + 36, 0xff, ITSM_E_SYNTAX, 139},
    {51 + 39, 0, ITSM_E_SYNTAX, 51 + 36},
    {51 + 40, 0xff, ITSM_E_SYNTAX, 139},
    {51 + 43, 0, ITSM_E_SYNTAX, 51 + 40},
    {95 + 8, 2, ITSM_E_SYNTAX, 95 + 8},      /* type of the change */
    {95 + 9, 0x7f, ITSM_E_SYNTAX, 95 + 9},   /* offset of type 0 */
    {95 + 13, 2, ITSM_E_SYNTAX, 95 + 13},    /* isdst */
    {95 + 14, 8, ITSM_E_SYNTAX, 95 + 14},    /* abbreviation of type 0 */
    {95 + 28, 'X', ITSM_E_SYNTAX, 95 + 28},  /* the last NUL */
    {95 + 29, 'X', ITSM_E_SYNTAX, 95 + 29},  /* the line end before the footer */
    {95 + 18, 0x0e, ITSM_E_SYNTAX, 95 + 30}, /* offset of type 1: the footer contradicts it */
    {95 + 30, '1', ITSM_E_SYNTAX, 95 + 30},
};

Test(zone, damage_is_refused_with_the_byte)
{
    struct counting counting = COUNTING_INIT;
    struct tzif z = berlin();
    struct bytes file;
    put_tzif(&file, &z);
    cr_assert_eq(file.n, 152);
    for (size_t i = 0; i < sizeof damages / sizeof damages[0]; i++) {
        put_tzif(&file, &z);
        file.p[damages[i].at] = damages[i].value;
        itsm_bytes bytes = {file.p, file.n};
        uint64_t position = damages[i].position == 139 ? file.n : damages[i].position;
        assert_refused(&counting, bytes, damages[i].status, position);
    }
    put_tzif(&file, &z);
    file.p[file.n++] = '\n';
    itsm_bytes longer = {file.p, file.n};
    assert_refused(&counting, longer, ITSM_E_SYNTAX, file.n - 1);
    assert_nothing_outstanding(counting);
}

Test(zone, blocks_that_contradict_themselves_are_refused)
{
    struct counting counting = COUNTING_INIT;
    struct bytes file;
    struct tzif z = berlin();
    z.footer = "", z.ntimes = 2, z.time[1] = z.time[0], z.index[1] = 0; /* not ascending */
    put_tzif(&file, &z);
    itsm_bytes bytes = {file.p, file.n};
    assert_refused(&counting, bytes, ITSM_E_SYNTAX, 95 + 8);
    z = berlin(), z.isut = 2; /* UT without standard */
    put_tzif(&file, &z), bytes.n = file.n;
    assert_refused(&counting, bytes, ITSM_E_SYNTAX, 95 + 29);
    z.isstd = 2;
    put_tzif(&file, &z);
    file.p[95 + 29] = 2;
    bytes.n = file.n;
    assert_refused(&counting, bytes, ITSM_E_SYNTAX, 95 + 29);
    file.p[95 + 29] = 1, file.p[95 + 31] = 2;
    assert_refused(&counting, bytes, ITSM_E_SYNTAX, 95 + 31);
    file.p[95 + 31] = 1;
    itsm_zone *zone = NULL;
    cr_assert(itsm_zone_decode(&zone, NULL, bytes, ITSM_STR("Test/Zone")) == ITSM_OK);
    itsm_zone_free(zone);
    z = berlin(), z.leaps = 1;
    put_tzif(&file, &z), bytes.n = file.n;
    assert_refused(&counting, bytes, ITSM_E_UNSUPPORTED, 51 + 28);
    assert_nothing_outstanding(counting);
}

static const char *const bad_footers[] = {
    "CE-1",
    "CET",
    "CET-25",
    "CET-1:60",
    "CET-1:",
    "<CET-1",
    "<>-1",
    "CET-1CEST",
    "CET-1CE,M3.5.0,M10.5.0/3",
    "CET-1CEST,",
    "CET-1CEST,M3.5.0",
    "CET-1CEST,M3.5.0,",
    "CET-1CEST,M0.5.0,M10.5.0/3",
    "CET-1CEST,M13.5.0,M10.5.0/3",
    "CET-1CEST,M3.0.0,M10.5.0/3",
    "CET-1CEST,M3.6.0,M10.5.0/3",
    "CET-1CEST,M3.5.7,M10.5.0/3",
    "CET-1CEST,M3.5,M10.5.0/3",
    "CET-1CEST,J0,M10.5.0/3",
    "CET-1CEST,J366,M10.5.0/3",
    "CET-1CEST,366,M10.5.0/3",
    "CET-1CEST,M3.5.0/168,M10.5.0/3",
    "CET-1CEST,M3.5.0/-168,M10.5.0/3",
    "CET-1CEST,M3.5.0/,M10.5.0/3",
    "CET-1CEST,M3.5.0,M10.5.0/3x",
    "CET-1CEST,M3.5.0,M10.5.0/3,M1.1.1",
    "CET-1CEST-1:00:60,M3.5.0,M10.5.0/3",
    "CET-01111,M3.5.0,M10.5.0/3",
    ":Europe/Berlin",
};

Test(zone, malformed_rules_are_refused)
{
    struct counting counting = COUNTING_INIT;
    for (size_t i = 0; i < sizeof bad_footers / sizeof bad_footers[0]; i++) {
        itsm_ctx *ctx = counting_ctx(&counting);
        struct tzif z = only_rule(bad_footers[i]);
        itsm_zone *zone = NULL;
        cr_assert_eq(decode_tzif(&zone, ctx, &z), ITSM_E_SYNTAX, "%s", bad_footers[i]);
        uint64_t position = itsm_ctx_issue(ctx, 0)->position, start = 51 + 44 + 6 + 4 + 1;
        cr_assert(position >= start && position <= start + strlen(bad_footers[i]), "%s", bad_footers[i]);
        itsm_ctx_free(ctx);
    }
    assert_nothing_outstanding(counting);
}

Test(zone, too_many_changes_are_refused)
{
    struct counting counting = COUNTING_INIT;
    enum { N = 8193, SIZE = 44 + N * 5 + 6 + 4 };
    static unsigned char big[SIZE];
    memcpy(big, "TZif", 4);
    big[32 + 2] = N >> 8, big[32 + 3] = N & 0xff, big[39] = 1, big[43] = 4;
    for (unsigned i = 0; i < N; i++)
        big[44 + 4 * i + 2] = (unsigned char)(i >> 8), big[44 + 4 * i + 3] = (unsigned char)i;
    memcpy(big + SIZE - 4, "ABC", 4);
    itsm_bytes bytes = {big, SIZE};
    assert_refused(&counting, bytes, ITSM_E_LIMIT, 32);
    assert_nothing_outstanding(counting);
}

/* Making and sharing ---------------------------------------------------------------------------------------------- */

/* A zone source with one zone, one broken file and one that fails. */
static itsm_status load_test_zone(void *self, struct itsm_buf *out, itsm_str name)
{
    int *calls = (int *)self;
    struct bytes file;
    struct tzif z = berlin();
    ++*calls;
    put_tzif(&file, &z);
    if (itsm_str_is(name, "Europe/Berlin")) return itsm_buf_add(out, file.p, file.n);
    if (itsm_str_is(name, "Broken/File")) return itsm_buf_add(out, file.p, 100);
    if (itsm_str_is(name, "Broken/Disk")) return ITSM_E_IO;
    if (itsm_str_is(name, "Host/Code")) return ITSM_E_HOST_LAST - 5;
    return ITSM_E_NOT_FOUND;
}

static const char *release = "2026f";

static itsm_status tell_release(void *self, struct itsm_buf *out, itsm_str name)
{
    (void)self;
    cr_assert(!itsm_str_is(name, "Mars/Olympus"), "asked for a zone that is not there");
    return release ? itsm_buf_add(out, release, strlen(release)) : ITSM_E_IO;
}

static itsm_ctx *ctx_of(struct counting *counting, const itsm_zone_source *source)
{
    itsm_ctx_options options = ITSM_CTX_OPTIONS_INIT;
    options.alloc = counting_alloc, options.alloc_user = counting, options.zones = source;
    itsm_ctx *ctx = NULL;
    cr_assert(itsm_ctx_new(&ctx, &options) == ITSM_OK);
    return ctx;
}

static itsm_ctx *loading_ctx(struct counting *counting, int *calls)
{
    itsm_zone_source source = {sizeof source, load_test_zone, calls, tell_release};
    return ctx_of(counting, &source);
}

Test(zone, utc_needs_no_source)
{
    struct counting counting = COUNTING_INIT;
    itsm_ctx *ctx = counting_ctx(&counting);
    static const char *const names[] = {"UTC", "Etc/UTC", "Z"}, *const answers[] = {"UTC", "Etc/UTC", "UTC"};
    for (int i = 0; i < 3; i++) {
        itsm_zone *zone = NULL;
        cr_assert(itsm_zone_load(&zone, ctx, itsm_str_c(names[i])) == ITSM_OK);
        assert_text(itsm_zone_name(zone), answers[i]);
        assert_local(zone, "2026-07-01T00:00:00Z", "2026-07-01T00:00:00+00:00 UTC");
        itsm_zone_free(zone);
    }
    itsm_zone *zone = NULL;
    cr_assert_eq(itsm_zone_load(&zone, ctx, ITSM_STR("Europe/Berlin")), ITSM_E_NOT_FOUND);
    itsm_ctx_free(ctx);
    assert_nothing_outstanding(counting);
}

Test(zone, an_unknown_zone_is_named_in_the_message)
{
    struct counting counting = COUNTING_INIT;
    int calls = 0;
    itsm_ctx *ctx = loading_ctx(&counting, &calls);
    itsm_zone *zone = NULL;
    cr_assert_eq(itsm_zone_load(&zone, ctx, ITSM_STR("Mars/Olympus")), ITSM_E_NOT_FOUND);
    assert_text(first_message(ctx), "There is no zone Mars/Olympus");
    cr_assert_eq(itsm_zone_load(&zone, ctx, ITSM_STR("Broken/File")), ITSM_E_SYNTAX);
    cr_assert_eq(itsm_ctx_issue(ctx, 0)->position, 100);
    cr_assert_eq(itsm_zone_load(&zone, ctx, ITSM_STR("Broken/Disk")), ITSM_E_IO);
    cr_assert_eq(itsm_zone_load(&zone, ctx, ITSM_STR("Host/Code")), ITSM_E_HOST_LAST - 5);
    cr_assert_null(zone);
    cr_assert_eq(calls, 4);
    itsm_ctx_free(ctx);
    assert_nothing_outstanding(counting);
}

Test(zone, a_name_can_never_leave_the_folder_of_zones)
{
    static const char *const names[] = {
        "",  "/etc/passwd",   "../etc/passwd",  "Europe/../UTC", "Europe//Berlin", "Europe/",
        "/", "Europe Berlin", "Europe\\Berlin", "UTC\n",         "C:UTC",          "Zo\xc3\xab",
        "."};
    struct counting counting = COUNTING_INIT;
    int calls = 0;
    itsm_ctx *ctx = loading_ctx(&counting, &calls);
    itsm_zone *zone = NULL;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        cr_assert_eq(itsm_zone_load(&zone, ctx, itsm_str_c(names[i])), ITSM_E_INVALID, "%s", names[i]);
    cr_assert_eq(itsm_zone_load(&zone, ctx, itsm_str_n("UTC\0x", 5)), ITSM_E_INVALID);
    char longer[300];
    memset(longer, 'a', sizeof longer);
    cr_assert_eq(itsm_zone_load(&zone, ctx, itsm_str_n(longer, 256)), ITSM_E_INVALID);
    cr_assert_eq(itsm_zone_load(&zone, ctx, itsm_str_n(longer, 255)), ITSM_E_NOT_FOUND);
    cr_assert_eq(calls, 1);
    cr_assert_eq(itsm_zone_load(NULL, ctx, ITSM_STR("UTC")), ITSM_E_MISUSE);
    cr_assert_eq(itsm_zone_load(&zone, NULL, ITSM_STR("UTC")), ITSM_E_MISUSE);
    itsm_ctx_free(ctx);
    assert_nothing_outstanding(counting);
}

Test(zone, a_share_outlives_the_context_and_the_other_shares)
{
    struct counting counting = COUNTING_INIT;
    int calls = 0;
    itsm_ctx *ctx = loading_ctx(&counting, &calls);
    itsm_zone *zone = NULL;
    cr_assert(itsm_zone_load(&zone, ctx, ITSM_STR("Europe/Berlin")) == ITSM_OK);
    itsm_ctx_free(ctx);
    itsm_zone *share = itsm_zone_ref(zone);
    cr_assert_eq(share, zone);
    itsm_zone_free(zone);
    assert_text(itsm_zone_name(share), "Europe/Berlin");
    assert_local(share, "2026-07-01T00:00:00Z", "2026-07-01T02:00:00+02:00 CEST dst");
    cr_assert(counting.outstanding > 0 && counting.outstanding < 24000, "a zone needs %zu bytes", counting.outstanding);
    itsm_zone_free(share), itsm_zone_free(NULL);
    cr_assert_null(itsm_zone_ref(NULL));
    assert_nothing_outstanding(counting);
}

Test(zone, the_release_of_the_database_is_recorded_where_the_source_knows_it)
{
    static const char *const good[] = {"2026f", "2025b-0+deb12u1", "2026f_x", ""};
    static const char *const bad[] = {"2026 f", "../2026f", "2026f\n", "01234567890123456789012345678901", NULL};
    struct counting counting = COUNTING_INIT;
    int calls = 0;
    itsm_ctx *ctx = loading_ctx(&counting, &calls);
    itsm_zone *zone = NULL;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        release = good[i];
        cr_assert(itsm_zone_load(&zone, ctx, ITSM_STR("Europe/Berlin")) == ITSM_OK);
        assert_text(itsm_zone_version(zone), good[i]);
        cr_assert_eq(itsm_zone_version(zone).p[strlen(good[i])], 0);
        itsm_zone_free(zone);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        release = bad[i];
        cr_assert(itsm_zone_load(&zone, ctx, ITSM_STR("Europe/Berlin")) == ITSM_OK);
        assert_text(itsm_zone_version(zone), "");
        itsm_zone_free(zone);
    }
    cr_assert(itsm_zone_load(&zone, ctx, ITSM_STR("UTC")) == ITSM_OK);
    assert_text(itsm_zone_version(zone), "");
    itsm_zone_free(zone), itsm_ctx_free(ctx);
    cr_assert_null(itsm_zone_version(NULL).p);
    assert_nothing_outstanding(counting);
}

Test(zone, a_source_need_not_know_the_release)
{
    struct counting counting = COUNTING_INIT;
    int calls = 0;
    const itsm_zone_source silent = {sizeof silent, load_test_zone, &calls, NULL};
    const itsm_zone_source older = {offsetof(itsm_zone_source, version), load_test_zone, &calls, tell_release};
    const itsm_zone_source *const sources[] = {&silent, &older};
    for (int i = 0; i < 2; i++) {
        itsm_ctx *ctx = ctx_of(&counting, sources[i]);
        itsm_zone *zone = NULL;
        cr_assert(itsm_zone_load(&zone, ctx, ITSM_STR("Europe/Berlin")) == ITSM_OK);
        assert_text(itsm_zone_version(zone), "");
        itsm_zone_free(zone), itsm_ctx_free(ctx);
    }
    cr_assert_eq(calls, 2);
    assert_nothing_outstanding(counting);
}

Test(zone, a_fixed_offset_is_a_zone)
{
    struct counting counting = COUNTING_INIT;
    itsm_ctx *ctx = counting_ctx(&counting);
    itsm_zone *zone = NULL;
    cr_assert(itsm_zone_fixed(&zone, ctx, 19800) == ITSM_OK);
    assert_text(itsm_zone_name(zone), "+05:30");
    assert_local(zone, "2026-07-01T00:00:00Z", "2026-07-01T05:30:00+05:30 +05:30");
    assert_resolved(zone, "2026-07-01T05:30:00", ITSM_LOCAL_UNIQUE, "2026-07-01T00:00:00Z", "2026-07-01T00:00:00Z");
    itsm_zone_free(zone);
    cr_assert(itsm_zone_fixed(&zone, ctx, -86399) == ITSM_OK);
    assert_text(itsm_zone_name(zone), "-23:59:59");
    itsm_zone_free(zone);
    cr_assert(itsm_zone_fixed(&zone, ctx, 0) == ITSM_OK);
    assert_text(itsm_zone_name(zone), "UTC");
    itsm_zone_free(zone);
    cr_assert_eq(itsm_zone_fixed(&zone, ctx, 86400), ITSM_E_RANGE);
    cr_assert_null(zone);
    cr_assert_eq(itsm_zone_fixed(&zone, ctx, INT32_MIN), ITSM_E_RANGE);
    cr_assert_eq(itsm_zone_fixed(NULL, ctx, 0), ITSM_E_MISUSE);
    itsm_ctx_free(ctx);
    assert_nothing_outstanding(counting);
}

Test(zone, without_memory_nothing_is_made_and_nothing_lost)
{
    struct counting counting = COUNTING_INIT;
    int calls = 0, failures = 0;
    itsm_ctx *ctx = loading_ctx(&counting, &calls);
    for (size_t n = 1;; n++) {
        itsm_zone *zone = (itsm_zone *)ctx;
        counting_fail(&counting, n);
        itsm_status status = itsm_zone_load(&zone, ctx, ITSM_STR("Europe/Berlin"));
        if (!counting_stop(&counting)) {
            cr_assert_eq(status, ITSM_OK);
            itsm_zone_free(zone);
            break;
        }
        cr_assert(status == ITSM_E_NOMEM && zone == NULL, "allocation %zu: %d", n, status);
        failures++;
    }
    cr_assert(failures >= 4, "%d allocations failed", failures);
    for (size_t n = 1; n <= 4; n++) {
        itsm_zone *zone = (itsm_zone *)ctx;
        counting_fail_from(&counting, n);
        cr_assert(itsm_zone_load(&zone, ctx, ITSM_STR("Europe/Berlin")) == ITSM_E_NOMEM && zone == NULL);
        counting_stop(&counting);
    }
    itsm_ctx_free(ctx);
    assert_nothing_outstanding(counting);
}
