/* SPDX-License-Identifier: MIT */
/* A calendar that begins with what another one says. */
#include <itsm/calendar.h>

#include "support.h"
#include "zones.h"

#include <criterion/criterion.h>

static struct counting counting = COUNTING_INIT;
static itsm_ctx *ctx;

static void begin(void)
{
    ctx = zones_ctx(counting_alloc, &counting);
}

static void end(void)
{
    itsm_ctx_free(ctx);
    assert_nothing_outstanding(counting);
}

TestSuite(calendar_from, .init = begin, .fini = end);

/* All that a calendar can have, as itsm_calendar_encode() writes it. */
static const char everything[] =
    "{\"name\":\"All\",\"tz\":\"Europe/Berlin\",\"weekly\":{\"mon\":[[\"08:00\",\"12:00\"],[\"13:00\",\"18:00\"]],"
    "\"fri\":[[\"22:00\",\"06:00\"]]},\"holidays\":[{\"date\":\"2026-04-03\",\"name\":\"Good Friday\"},\"2026-05-25\"],"
    "\"recurring_holidays\":[{\"date\":\"12-25\",\"name\":\"Christmas\",\"observed\":\"next\"},{\"easter\":1}],"
    "\"overrides\":{\"2026-12-24\":[[\"08:00\",\"10:00\"],[\"11:00\",\"12:00\"]],\"2026-12-31\":[]},"
    "\"additions\":{\"2026-06-06\":[[\"09:00\",\"13:00\"]]},\"breaks\":{\"2026-01-12\":[[\"12:00\",\"14:00\"]]},"
    "\"versions\":[{\"from\":\"2027-01-01T00:00:00+01:00\",\"tz\":\"UTC\",\"weekly\":{\"tue\":[[\"09:00\",\"17:00\"]]}}]}";

static itsm_calendar *load(const char *json)
{
    itsm_calendar *calendar;
    const itsm_status rc = itsm_calendar_load(&calendar, ctx, itsm_str_c(json));
    cr_assert_eq(rc, ITSM_OK, "%s: %.*s", json, ITSM_ARG(first_message(ctx)));
    return calendar;
}

static void expect_same(const itsm_calendar *a, const itsm_calendar *b, int same)
{
    itsm_buf texts[2] = {ITSM_BUF_INIT, ITSM_BUF_INIT};
    cr_assert_eq(itsm_calendar_encode(&texts[0], a), ITSM_OK);
    cr_assert_eq(itsm_calendar_encode(&texts[1], b), ITSM_OK);
    cr_assert_eq(itsm_str_eq(itsm_buf_str(&texts[0]), itsm_buf_str(&texts[1])), same, "%.*s\n%.*s",
                 ITSM_ARG(itsm_buf_str(&texts[0])), ITSM_ARG(itsm_buf_str(&texts[1])));
    itsm_buf_clear(&texts[0]);
    itsm_buf_clear(&texts[1]);
}

Test(calendar_from, a_builder_from_a_calendar_freezes_to_the_same_calendar)
{
    static const char *const texts[] = {everything, "{\"tz\":\"UTC\"}"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        itsm_calendar *calendar = load(texts[i]), *again;
        itsm_calendar_builder *builder;
        cr_assert_eq(itsm_calendar_builder_from(&builder, ctx, calendar), ITSM_OK);
        cr_assert_eq(itsm_calendar_builder_freeze(&again, builder), ITSM_OK);
        expect_same(calendar, again, 1);
        itsm_calendar_builder_free(builder);
        itsm_calendar_free(calendar);
        itsm_calendar_free(again);
    }
}

Test(calendar_from, what_is_added_changes_the_new_calendar_and_not_the_old_one)
{
    const itsm_hours saturday = {9 * 3600, 13 * 3600};
    itsm_calendar *calendar = load(everything), *untouched = load(everything), *changed;
    itsm_calendar_builder *builder;
    itsm_time at;
    cr_assert_eq(itsm_calendar_builder_from(&builder, ctx, calendar), ITSM_OK);
    cr_assert_eq(itsm_calendar_builder_add_weekly(builder, 5, saturday), ITSM_OK);
    cr_assert_eq(itsm_calendar_builder_set_name(builder, ITSM_STR("Saturdays, too")), ITSM_OK);
    cr_assert_eq(itsm_calendar_builder_freeze(&changed, builder), ITSM_OK);
    expect_same(calendar, untouched, 1);
    expect_same(calendar, changed, 0);
    cr_assert_eq(itsm_time_decode(&at, ITSM_STR("2026-03-21T10:00:00+01:00")), ITSM_OK);
    cr_assert_eq(itsm_calendar_is_open(calendar, at), 0);
    cr_assert_eq(itsm_calendar_is_open(changed, at), 1);
    itsm_calendar_builder_free(builder);
    itsm_calendar_free(calendar);
    itsm_calendar_free(untouched);
    itsm_calendar_free(changed);
}

Test(calendar_from, a_calendar_made_of_calendars_is_refused)
{
    itsm_calendar *calendar = load("{\"union\":[{\"tz\":\"UTC\"},{\"tz\":\"UTC\"}]}");
    itsm_calendar_builder *builder = (itsm_calendar_builder *)&counting;
    cr_assert_eq(itsm_calendar_builder_from(&builder, ctx, calendar), ITSM_E_UNSUPPORTED);
    cr_assert_null(builder);
    cr_assert_eq(itsm_calendar_builder_from(NULL, ctx, calendar), ITSM_E_MISUSE);
    cr_assert_eq(itsm_calendar_builder_from(&builder, NULL, calendar), ITSM_E_MISUSE);
    cr_assert_eq(itsm_calendar_builder_from(&builder, ctx, NULL), ITSM_E_MISUSE);
    itsm_calendar_free(calendar);
}

Test(calendar_from, without_memory_there_is_no_builder_and_nothing_is_lost)
{
    itsm_calendar *calendar = load(everything);
    for (size_t n = 1;; n++) {
        itsm_calendar_builder *builder;
        counting_fail(&counting, n);
        const itsm_status rc = itsm_calendar_builder_from(&builder, ctx, calendar);
        if (!counting_stop(&counting)) {
            cr_assert_eq(rc, ITSM_OK);
            itsm_calendar_builder_free(builder);
            break;
        }
        cr_assert_eq(rc, ITSM_E_NOMEM, "allocation %zu: %d", n, rc);
        cr_assert_null(builder);
    }
    itsm_calendar_free(calendar);
}
