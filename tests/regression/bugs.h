/* SPDX-License-Identifier: MIT */
/*
 * What the tests of bugs elsewhere share: calendars by their definition, instants as people write them.
 */
#ifndef ITSM_TESTS_BUGS_H
#define ITSM_TESTS_BUGS_H

#include <itsm/calendar.h>

#include "../unit/support.h"
#include "../unit/zones.h"

#include <criterion/criterion.h>

/* The same hours on Monday to Friday, and on Saturday and Sunday; "" for none. */
#define WEEK(zone, hours, weekend)                                                                                     \
    "{\"tz\":\"" zone "\",\"weekly\":{\"mon\":[" hours "],\"tue\":[" hours "],\"wed\":[" hours "],\"thu\":[" hours     \
    "],\"fri\":[" hours "],\"sat\":[" weekend "],\"sun\":[" weekend "]}"
#define SPAN(from, to) "[\"" from "\",\"" to "\"]"
#define OFFICE(zone) WEEK(zone, SPAN("09:00", "17:00"), "")
#define ALWAYS(zone) WEEK(zone, SPAN("00:00", "24:00"), SPAN("00:00", "24:00"))

static inline itsm_time at(const char *text)
{
    itsm_time t;
    cr_assert_eq(itsm_time_decode(&t, itsm_str_c(text)), ITSM_OK, "%s", text);
    return t;
}

static inline itsm_calendar *load_calendar(itsm_ctx *ctx, const char *json)
{
    itsm_calendar *calendar;
    cr_assert_eq(itsm_calendar_load(&calendar, ctx, itsm_str_c(json)), ITSM_OK, "%s: %.*s", json,
                 ITSM_ARG(first_message(ctx)));
    return calendar;
}

static inline void expect_instant(itsm_time got, const char *wanted)
{
    char text[ITSM_TIME_MAX];
    cr_assert(got == at(wanted), "%s, not %s", itsm_time_text(text, got), wanted);
}

static inline void expect_add(const itsm_calendar *calendar, const char *start, itsm_span n, const char *wanted)
{
    itsm_time got = ITSM_TIME_NONE;
    cr_assert_eq(itsm_calendar_add(&got, calendar, at(start), n, ITSM_BOUNDARY_CLOSE), ITSM_OK);
    expect_instant(got, wanted);
}

static inline void expect_between(const itsm_calendar *calendar, const char *a, const char *b, itsm_span wanted)
{
    itsm_span got = ITSM_SPAN_NONE;
    char x[ITSM_SPAN_MAX], y[ITSM_SPAN_MAX];
    cr_assert_eq(itsm_calendar_between(&got, calendar, at(a), at(b)), ITSM_OK);
    cr_assert(got == wanted, "%s to %s: %s, not %s", a, b, itsm_span_text(x, got), itsm_span_text(y, wanted));
}

#endif
