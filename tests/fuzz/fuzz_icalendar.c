/* SPDX-License-Identifier: MIT */
/*
 * iCalendar from anybody: no input crashes or goes on for ever; instances come in order and within the range; a failed
 * import leaves the builder as it was; what was imported is exported as iCalendar that is read again, the same.
 * One zone: UTC, which needs no files.
 */
#include <itsm/calendar.h>

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { FROM = 20454, UNTIL = 20819 }; /* 2026 */

static itsm_status check_instance(void *user, const itsm_icalendar_instance *i)
{
    itsm_time *last = user;
    if (i->start < *last || i->end < i->start || i->end_date <= i->date) abort();
    if (i->date >= UNTIL || i->end_date <= FROM || !i->line) abort();
    *last = i->start;
    return ITSM_OK;
}

static void encode(itsm_buf *out, const itsm_calendar_builder *builder)
{
    itsm_calendar *calendar;
    out->n = 0;
    if (itsm_calendar_builder_freeze(&calendar, builder) || itsm_calendar_encode(out, calendar)) abort();
    itsm_calendar_free(calendar);
}

static void import(itsm_ctx *ctx, const itsm_zone *zone, itsm_str ics, int32_t as)
{
    itsm_calendar_import options = ITSM_CALENDAR_IMPORT_INIT;
    itsm_calendar_imported done = ITSM_CALENDAR_IMPORTED_INIT;
    itsm_calendar_builder *builder;
    itsm_buf before = ITSM_BUF_INIT, after = ITSM_BUF_INIT;
    options.as = as, options.from = FROM, options.until = UNTIL;
    if (itsm_calendar_builder_new(&builder, ctx, zone)) abort();
    encode(&before, builder);
    if (itsm_calendar_builder_import(builder, ctx, ics, &options, &done)) {
        encode(&after, builder);
        if (!itsm_str_eq(itsm_buf_str(&before), itsm_buf_str(&after))) abort();
    }
    itsm_buf_clear(&before), itsm_buf_clear(&after);
    itsm_calendar_builder_free(builder);
}

/* Import, export, import, export: the last two texts are the same. */
static void go_and_return(itsm_ctx *ctx, const itsm_zone *zone, itsm_str ics, uint32_t what, int32_t as)
{
    itsm_calendar_export_options range = ITSM_CALENDAR_EXPORT_OPTIONS_INIT;
    itsm_calendar_import options = ITSM_CALENDAR_IMPORT_INIT;
    itsm_buf text[2] = {ITSM_BUF_INIT, ITSM_BUF_INIT};
    options.as = as, options.from = FROM, options.until = UNTIL;
    range.what = what, range.from = FROM, range.until = UNTIL;
    for (int i = 0; i < 2; i++) {
        itsm_calendar_builder *builder;
        itsm_calendar *calendar;
        if (itsm_calendar_builder_new(&builder, ctx, zone)) abort();
        const itsm_status rc =
            itsm_calendar_builder_import(builder, ctx, i ? itsm_buf_str(&text[0]) : ics, &options, NULL);
        if (rc && i) abort();
        if (rc) {
            itsm_calendar_builder_free(builder);
            break;
        }
        if (itsm_calendar_builder_freeze(&calendar, builder) || itsm_calendar_export(&text[i], ctx, calendar, &range))
            abort();
        itsm_calendar_free(calendar), itsm_calendar_builder_free(builder);
        if (i && !itsm_str_eq(itsm_buf_str(&text[0]), itsm_buf_str(&text[1]))) abort();
    }
    itsm_buf_clear(&text[0]), itsm_buf_clear(&text[1]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    itsm_ctx *ctx;
    itsm_zone *utc;
    itsm_time last = INT64_MIN;
    const itsm_str ics = itsm_str_n((const char *)data, size);
    if (size > 1 << 14 || itsm_ctx_new(&ctx, NULL)) return 0;
    if (itsm_zone_load(&utc, ctx, ITSM_STR("UTC"))) abort();
    const itsm_status rc = itsm_icalendar_each(ctx, ics, utc, FROM, UNTIL, check_instance, &last);
    if (rc && !itsm_ctx_issue_count(ctx)) abort();
    /* Compiling a calendar takes a thousand times as long as reading one: for some inputs only. */
    if (size % 64 == 0) import(ctx, utc, ics, ITSM_IMPORT_OVERRIDES);
    if (size % 64 == 1) import(ctx, utc, ics, ITSM_IMPORT_BREAKS);
    if (size % 64 == 2) go_and_return(ctx, utc, ics, ITSM_EXPORT_OPEN, ITSM_IMPORT_ADDITIONS);
    if (size % 64 == 3) go_and_return(ctx, utc, ics, ITSM_EXPORT_HOLIDAYS, ITSM_IMPORT_HOLIDAYS);
    itsm_zone_free(utc);
    itsm_ctx_free(ctx);
    return 0;
}
