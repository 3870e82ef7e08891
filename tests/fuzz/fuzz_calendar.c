/* SPDX-License-Identifier: MIT */
/*
 * Definitions of calendars from anybody: whatever loads answers every question without a crash, adds and measures
 * consistently, explains what it measures, lists its holidays in order, and is written as a definition that loads again
 * and is written the same.  One zone: UTC, which needs no files.
 */
#include <itsm/sla.h>

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void ask(const itsm_calendar *calendar, itsm_time at, itsm_span n)
{
    itsm_time t;
    itsm_span span;
    for (int32_t boundary = 0; boundary < 2; boundary++)
        if (itsm_calendar_add(&t, calendar, at, n, boundary) == ITSM_OK &&
            (itsm_calendar_between(&span, calendar, at, t) || span != n))
            abort();
    if (itsm_calendar_next_open(&t, calendar, at) == ITSM_OK && (t < at || !itsm_calendar_is_open(calendar, t)))
        abort();
    if (itsm_calendar_next_close(&t, calendar, at) == ITSM_OK && (t <= at || itsm_calendar_is_open(calendar, t)))
        abort();
    if (itsm_calendar_prev_close(&t, calendar, at) == ITSM_OK && (t > at || !itsm_calendar_is_open(calendar, t - 1)))
        abort();
    if (itsm_calendar_prev_open(&t, calendar, at) == ITSM_OK && (t >= at || itsm_calendar_is_open(calendar, t - 1)))
        abort();
}

static itsm_status add_row(void *user, const itsm_calendar_row *row)
{
    *(itsm_span *)user += row->counted;
    return ITSM_OK;
}

static itsm_status follow(void *user, const itsm_calendar_holiday *holiday)
{
    int64_t *last = user;
    if (holiday->date < *last) abort();
    *last = holiday->date;
    return ITSM_OK;
}

/* The sum of an explanation is what is measured. */
static void explain(const itsm_calendar *calendar, itsm_time a, itsm_time b)
{
    itsm_span sum = 0, span;
    if (itsm_calendar_explain(calendar, a, b, add_row, &sum) || itsm_calendar_between(&span, calendar, a, b) ||
        span != sum)
        abort();
}

static void write_and_read(itsm_ctx *ctx, const itsm_calendar *calendar)
{
    itsm_buf text = ITSM_BUF_INIT, same = ITSM_BUF_INIT;
    itsm_calendar *again;
    if (itsm_calendar_encode(&text, calendar) || itsm_calendar_load(&again, ctx, itsm_buf_str(&text)) ||
        itsm_calendar_encode(&same, again) || !itsm_str_eq(itsm_buf_str(&text), itsm_buf_str(&same)))
        abort();
    itsm_calendar_free(again);
    itsm_buf_clear(&text), itsm_buf_clear(&same);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const itsm_time instants[] = {
        0,         ITSM_DAYS(20540), ITSM_DAYS(20540) + 1, -ITSM_DAYS(900000), ITSM_DAYS(2932896),
        INT64_MAX, INT64_MIN + 1,    ITSM_TIME_NONE};
    static const itsm_span spans[] = {0,         1,        -1, ITSM_HOURS(4), -ITSM_HOURS(40), ITSM_DAYS(100000),
                                      INT64_MAX, INT64_MIN};
    itsm_ctx *ctx;
    itsm_calendar *calendar;
    int64_t last = INT64_MIN;
    if (size > 1 << 16 || itsm_ctx_new(&ctx, NULL)) return 0;
    if (itsm_calendar_load(&calendar, ctx, itsm_str_n((const char *)data, size)) == ITSM_OK) {
        for (size_t i = 0; i < sizeof instants / sizeof *instants; i++)
            for (size_t k = 0; k < sizeof spans / sizeof *spans; k++) ask(calendar, instants[i], spans[k]);
        explain(calendar, ITSM_DAYS(20530), ITSM_DAYS(20560));
        explain(calendar, ITSM_DAYS(2932880), ITSM_DAYS(2932890));
        if (itsm_calendar_holidays(calendar, 20454, 20819, follow, &last)) abort();
        write_and_read(ctx, calendar);
    } else if (!itsm_ctx_issue_count(ctx)) {
        abort();
    }
    itsm_calendar_free(calendar);
    itsm_ctx_free(ctx);
    return 0;
}
