/* SPDX-License-Identifier: MIT */
/*
 * The two pages: itsm_render_report() and itsm_render_timeline(), each O(size of the page).
 *
 * A page is appended to the caller's buffer, and cut off again if anything fails, so that the buffer holds a whole page
 * or what it held before.  What is shown is a function of the arguments alone.
 */
#include "render/page.h"

#include <itsm/version.h>

#include "report/local.h"

static void header_begin(itsm__markup *m, itsm_str title, itsm_str fallback)
{
    itsm__page_begin(m, title.n ? title : fallback);
    itsm__put(m, "<header>\n<h1>%e</h1>\n", title.n ? title : fallback);
}

static void navigation(itsm__markup *m, int with_record)
{
    static const char *const links[][2] = {
        {"attainment", "Goals"},    {"backlog", "Backlog"},         {"resolve", "Time to resolve"},
        {"ageing", "Age"},          {"breaches", "Breaches"},       {"states", "States"},
        {"reopening", "Reopening"}, {"conformance", "Conformance"}, {"worst", "Worst"}};
    itsm__put(m, "<nav aria-label=\"Sections\">");
    if (with_record) itsm__put(m, "<a href=\"#record\">Timeline</a>");
    for (size_t i = 0; i < sizeof links / sizeof links[0]; i++)
        itsm__put(m, "<a href=\"#%s\">%s</a>", links[i][0], links[i][1]);
    itsm__put(m, "</nav>\n");
}

static void report_header(itsm__markup *m, const itsm_report_figures *f, int with_record)
{
    header_begin(m, f->title, ITSM_STR("Service report"));
    itsm__put(m, "<p>");
    if (f->cases)
        itsm__put(m, "<span class=\"w\">%T</span> \xE2\x80\x93 <span class=\"w\">%T</span>, %e", f->first, f->end,
                  itsm__zone_text(f->zone));
    else itsm__put(m, "No incidents");
    if (f->source.n) itsm__put(m, " \xC2\xB7 %e", f->source);
    itsm__put(m, "</p>\n");
    navigation(m, with_record);
    itsm__put(m, "</header>\n<main>\n");
}

static void report_footer(itsm__markup *m, const itsm_report_figures *f, const itsm_render_options *o)
{
    itsm__put(
        m,
        "</main>\n<footer>\n<h2>How this was computed</h2>\n<p>Goals are measured in working time: the open hours of "
        "the "
        "calendar, less pauses, from the start of a clock to its stop. A goal is met if the time used is not more "
        "than it. "
        "Elapsed times are wall clock. Days, months and hours are those of the zone below; nothing is "
        "sampled or estimated.</p>\n<dl>");
    itsm__put(m, "<dt>Zone</dt><dd>%e</dd>", itsm__zone_text(f->zone));
    if (f->calendar.n) itsm__put(m, "<dt>Working hours</dt><dd>%e</dd>", f->calendar);
    if (f->source.n) itsm__put(m, "<dt>Source</dt><dd>%e</dd>", f->source);
    if (o->audit_root.n) itsm__put(m, "<dt>Audit root</dt><dd><code>%e</code></dd>", o->audit_root);
    if (o->made != ITSM_TIME_NONE) itsm__put(m, "<dt>Made</dt><dd>%T</dd>", o->made);
    itsm__put(m, "<dt>Made with</dt><dd>libitsm %s</dd></dl>\n</footer>\n", itsm_version());
}

/* A copy of a case that may be older and smaller. */
static void read_case(itsm_report_case *out, const itsm_report_case *in)
{
    static const itsm_report_case start = ITSM_REPORT_CASE_INIT;
    *out = start;
    memcpy(out, in, in->size < sizeof *out ? in->size : sizeof *out);
}

static int case_fits(const itsm_report_case *item)
{
    return item->opened != ITSM_TIME_NONE && (item->segments || !item->nsegments);
}

static void record_section(itsm__markup *m, const itsm_report_case *item, itsm_time end, itsm_str calendar)
{
    itsm__put(m, "<section id=\"record\" class=\"long\" aria-labelledby=\"h-record\">\n<h2 id=\"h-record\">%e",
              item->number);
    if (item->title.n) itsm__put(m, " \xC2\xB7 %e", item->title);
    itsm__put(m, "</h2>\n");
    if (item->priority_label.n) itsm__put(m, "<p class=\"soft\">%e</p>\n", item->priority_label);
    itsm__timeline(m, item, end, calendar);
    itsm__section_end(m);
}

/* The page stays, or the buffer is as it was. */
static itsm_status page_done(itsm__markup *m, size_t before)
{
    if (m->status != ITSM_OK) m->out->n = before;
    return m->status;
}

itsm_status itsm_render_report(itsm_buf *out, const itsm_report *report, const itsm_render_options *options)
{
    itsm_render_options o = ITSM_RENDER_OPTIONS_INIT;
    itsm_report_case record;
    const itsm_report_figures *f = itsm_report_read(report);
    if (!out || !f || (options && !options->size)) return ITSM_E_MISUSE;
    if (options) memcpy(&o, options, options->size < sizeof o ? options->size : sizeof o);
    if (o.record) {
        if (!o.record->size) return ITSM_E_MISUSE;
        read_case(&record, o.record);
        if (!case_fits(&record)) return ITSM_E_MISUSE;
    }
    itsm__markup m = {out, f->zone, ITSM_OK, 0};
    size_t before = out->n;
    report_header(&m, f, o.record != NULL);
    if (o.record) record_section(&m, &record, f->end, f->calendar);
    itsm__sections(&m, f);
    report_footer(&m, f, &o);
    itsm__page_end(&m);
    return page_done(&m, before);
}

itsm_status itsm_render_timeline(itsm_buf *out, const itsm_report_case *item, const itsm_timeline_options *options)
{
    itsm_timeline_options o = ITSM_TIMELINE_OPTIONS_INIT;
    itsm_report_case whole;
    if (!out || !item || !item->size || (options && !options->size)) return ITSM_E_MISUSE;
    if (options) memcpy(&o, options, options->size < sizeof o ? options->size : sizeof o);
    read_case(&whole, item);
    if (!case_fits(&whole)) return ITSM_E_MISUSE;
    itsm__markup m = {out, o.zone, ITSM_OK, 0};
    size_t before = out->n;
    header_begin(&m, whole.number, ITSM_STR("Timeline"));
    itsm__put(&m, "<p>Timeline of one record, %e</p>\n</header>\n<main>\n", itsm__zone_text(o.zone));
    record_section(&m, &whole, o.end, o.calendar);
    itsm__put(&m, "</main>\n<footer><p>Made with libitsm %s.</p></footer>\n", itsm_version());
    itsm__page_end(&m);
    return page_done(&m, before);
}
