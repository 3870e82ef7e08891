/* SPDX-License-Identifier: MIT */
/*
 * The pages: well-formed, self-contained, the same for the same figures, sound for hostile texts and spans.
 *
 * tests/golden/report.html and timeline.html are what a small fixed report gives; with ITSM_GOLDEN=write in the
 * environment they are written anew, to be reviewed as a diff.
 */
#include <itsm/render.h>

#include <criterion/criterion.h>

#include "support.h"

static struct counting counting;
static itsm_ctx *ctx;
static itsm_calendar *calendar;

static void set_up(void)
{
    static const char hours[] =
        "{\"tz\":\"UTC\",\"weekly\":{\"mon\":[[\"09:00\",\"17:00\"]],\"tue\":[[\"09:00\",\"17:00\"]],"
        "\"wed\":[[\"09:00\",\"17:00\"]],\"thu\":[[\"09:00\",\"17:00\"]],\"fri\":[[\"09:00\",\"15:00\"]]},"
        "\"holidays\":[\"2026-03-12\"]}";
    memset(&counting, 0, sizeof counting);
    ctx = counting_ctx(&counting);
    cr_assert_eq(itsm_calendar_load(&calendar, ctx, itsm_str_c(hours)), ITSM_OK);
}

static void tear_down(void)
{
    itsm_calendar_free(calendar);
    itsm_ctx_free(ctx);
    assert_nothing_outstanding(counting);
}

TestSuite(render, .init = set_up, .fini = tear_down);

/* Cases ------------------------------------------------------------------------------------------------------------ */

/* A case with everything in it; its arrays are inside, so it must not move. */
struct sample {
    itsm_report_case item;
    itsm_report_clock clock;
    itsm_target target;
    itsm_clock_event events[4];
    itsm_report_segment stays[4];
    itsm_report_deviation deviations[2];
    char number[16];
};

static const char *const LABELS[] = {"", "1 - Critical", "2 - High", "3 - Moderate", "4 - Low"};
static const int GOALS[] = {0, 4, 8, 24, 40};

static void stay(struct sample *s, const char *state, const char *category, itsm_time from, itsm_time to)
{
    itsm_report_segment *g = s->stays + s->item.nsegments++;
    g->state = itsm_str_c(state), g->category = itsm_str_c(category), g->from = from, g->to = to;
}

static void event(struct sample *s, int kind, itsm_time t)
{
    itsm_clock_event *e = s->events + s->clock.nevents++;
    e->kind = kind, e->at = t;
}

static void measure(struct sample *s, itsm_time end)
{
    itsm_clock clock;
    itsm_clock_reading reading = ITSM_CLOCK_READING_INIT;
    s->clock.targets = &s->target, s->clock.ntargets = 1, s->clock.events = s->events;
    cr_assert_eq(itsm_clock_replay(&clock, &s->target, 1, s->events, s->clock.nevents), ITSM_OK);
    cr_assert_eq(itsm_clock_read(&reading, &clock, end), ITSM_OK);
    s->clock.goal = reading.goal, s->clock.used = reading.used, s->clock.paused = reading.paused;
    s->clock.due = reading.due, s->clock.breached = reading.breached, s->clock.breached_at = reading.breached_at;
    s->item.resolution = &s->clock;
}

/* The i-th case: opened in working hours from 2026-03-02 on, some paused, every ninth still open. */
static void make(struct sample *s, int i)
{
    static const itsm_report_case case_start = ITSM_REPORT_CASE_INIT;
    static const itsm_report_clock clock_start = ITSM_REPORT_CLOCK_INIT;
    static const itsm_target target_start = ITSM_TARGET_INIT;
    memset(s, 0, sizeof *s);
    s->item = case_start, s->clock = clock_start, s->target = target_start;
    int priority = i % 11 == 0 ? 1 : i % 7 == 0 ? 2 : i % 5 == 0 ? 4 : 3;
    itsm_time opened =
        ITSM_SECONDS(1772445600) + ITSM_HOURS(29) * i + ITSM_MINUTES(13) * (i % 4); /* 2026-03-02 10:00 */
    itsm_span length = ITSM_MINUTES(97) * (1 + i * i % 97);
    itsm_time resolved = opened + length, held = opened + length / 3, back = opened + length / 2;
    snprintf(s->number, sizeof s->number, "INC%04d", i + 1);
    s->item.number = itsm_str_c(s->number), s->item.title = i % 3 ? ITSM_STR("Mail is slow") : ITSM_STR("");
    s->item.priority = priority, s->item.priority_label = itsm_str_c(LABELS[priority]);
    s->item.opened = opened, s->item.events = 4, s->item.reassigned = (uint32_t)(i % 4), s->item.reopened = i % 10 == 0;
    s->target.calendar = calendar, s->target.goal = ITSM_HOURS(GOALS[priority]);
    stay(s, "New", "initial", opened, held);
    event(s, ITSM_CLOCK_START, opened);
    if (i % 2) {
        event(s, ITSM_CLOCK_PAUSE, held), event(s, ITSM_CLOCK_RESUME, back);
        stay(s, "Awaiting User", "paused", held, back), stay(s, "Active", "open", back, resolved);
    } else {
        stay(s, "Active", "open", held, resolved);
    }
    if (i % 9) {
        event(s, ITSM_CLOCK_STOP, resolved);
        s->item.resolved = resolved, s->item.closed = resolved + ITSM_DAYS(2);
        stay(s, "Resolved", "resolved", resolved, s->item.closed);
    }
    s->item.segments = s->stays, s->item.deviations = s->deviations;
    s->deviations[0].move = ITSM_STR("resolve"), s->deviations[0].rule = ITSM_STR("set(resolution_code)");
    s->deviations[0].clause = s->deviations[1].clause = ITSM_STR("8.6.1");
    s->deviations[1].move = ITSM_STR("close"), s->deviations[1].rule = ITSM_STR("set(service)"),
    s->deviations[1].undecided = 1;
    s->item.ndeviations = (size_t)(i % 3);
    measure(s, resolved + ITSM_DAYS(30));
}

static itsm_report *make_report(int n, int backwards)
{
    itsm_report *report = NULL;
    itsm_report_options options = ITSM_REPORT_OPTIONS_INIT;
    options.title = ITSM_STR("Service report"), options.source = ITSM_STR("sample"),
    options.calendar = ITSM_STR("office");
    options.worst_count = 3, options.end = ITSM_SECONDS(1780272000); /* 2026-06-01 */
    cr_assert_eq(itsm_report_new(&report, ctx, &options), ITSM_OK);
    for (int i = 0; i < n; i++) {
        struct sample s;
        make(&s, backwards ? n - 1 - i : i);
        cr_assert_eq(itsm_report_add(report, &s.item), ITSM_OK);
    }
    cr_assert_eq(itsm_report_finish(report), ITSM_OK);
    return report;
}

/* Looking at pages ------------------------------------------------------------------------------------------------- */

static int contains(itsm_str text, const char *part)
{
    size_t n = strlen(part);
    for (size_t i = 0; i + n <= text.n; i++)
        if (memcmp(text.p + i, part, n) == 0) return 1;
    return 0;
}

static size_t name_length(const char *p, const char *end)
{
    size_t n = 0;
    while (p + n < end && p[n] && !strchr(" \n/>=", p[n])) n++;
    return n;
}

/* Attributes up to "/>" (returns 1) or ">" (0): names, each with a quoted value without "<"; -1 otherwise. */
static int skip_attributes(const char **p, const char *end)
{
    while (*p < end) {
        while (*p < end && (**p == ' ' || **p == '\n')) ++*p;
        if (*p < end && **p == '>') return ++*p, 0;
        if (*p + 1 < end && **p == '/' && (*p)[1] == '>') return *p += 2, 1;
        size_t n = name_length(*p, end);
        *p += n;
        if (!n || end - *p < 2 || **p != '=' || (*p)[1] != '"') return -1;
        for (*p += 2; *p < end && **p != '"'; ++*p)
            if (**p == '<') return -1;
        if (*p == end) return -1;
        ++*p;
    }
    return -1;
}

/* Well-formed as XML, for what our pages use: tags nest, attributes are quoted, every & begins an entity. */
static void assert_well_formed(itsm_str page)
{
    struct {
        const char *p;
        size_t n;
    } open[64];
    size_t depth = 0, elements = 0;
    const char *p = page.p, *end = page.p + page.n;
    static const char doctype[] = "<!DOCTYPE html>\n";
    cr_assert(page.n > sizeof doctype && !memcmp(p, doctype, sizeof doctype - 1));
    for (p += sizeof doctype - 1; p < end;) {
        if (*p == '&') {
            const char *semicolon = memchr(p, ';', (size_t)(end - p));
            cr_assert(semicolon && semicolon - p <= 6, "a bare & at byte %td", p - page.p);
            p = semicolon;
        }
        if (*p != '<') {
            cr_assert((unsigned char)*p >= 0x20 || *p == '\n', "a control character at byte %td", p - page.p);
            p++;
            continue;
        }
        int closing = p[1] == '/';
        p += 1 + closing;
        size_t n = name_length(p, end);
        const char *name = p;
        p += n;
        int empty = skip_attributes(&p, end);
        cr_assert(n && empty >= 0, "a malformed tag <%.*s at byte %td", (int)n, name, name - page.p);
        if (closing) {
            cr_assert(depth && open[depth - 1].n == n && !memcmp(open[depth - 1].p, name, n), "</%.*s> closes <%.*s>",
                      (int)n, name, depth ? (int)open[depth - 1].n : 0, depth ? open[depth - 1].p : "");
            depth--;
        } else if (!empty) {
            cr_assert_lt(depth, 64);
            open[depth].p = name, open[depth++].n = n, elements++;
        }
    }
    cr_assert_eq(depth, 0, "%zu elements are not closed", depth);
    cr_assert_gt(elements, 20);
}

static void assert_self_contained(itsm_str page)
{
    static const char *const banned[] = {"<script", "javascript:", "@import", "<link",
                                         "<img",    "<iframe",     " onload", "src="};
    for (size_t i = 0; i < sizeof banned / sizeof banned[0]; i++)
        cr_assert(!contains(page, banned[i]), "%s", banned[i]);
    for (size_t i = 0; i + 7 < page.n; i++)
        if (!memcmp(page.p + i, "http://", 7) || !memcmp(page.p + i, "https:/", 7))
            cr_assert(!strncmp(page.p + i, "http://www.w3.org/2000/svg\"", 27),
                      "an address other than the name of SVG");
}

static void assert_golden(itsm_str page, const char *name)
{
    char path[1024];
    const char *here = strrchr(__FILE__, '/');
    const char *mode = getenv("ITSM_GOLDEN");
    snprintf(path, sizeof path, "%.*s/../golden/%s", here ? (int)(here - __FILE__) : 1, here ? __FILE__ : ".", name);
    FILE *file = fopen(path, mode && !strcmp(mode, "write") ? "wb+" : "rb");
    cr_assert_not_null(file, "%s cannot be opened", path);
    if (mode && !strcmp(mode, "write")) {
        cr_assert_eq(fwrite(page.p, 1, page.n, file), page.n);
        rewind(file);
    }
    char *wanted = malloc(page.n + 2);
    size_t n = fread(wanted, 1, page.n + 1, file), same = 0;
    fclose(file);
    while (same < n && same < page.n && wanted[same] == page.p[same]) same++;
    cr_expect(n == page.n && same == n, "%s differs from byte %zu on: \"%.*s\"", name, same,
              (int)(page.n - same < 120 ? page.n - same : 120), page.p + same);
    free(wanted);
}

/* Claims ----------------------------------------------------------------------------------------------------------- */

Test(render, a_fixed_report_gives_the_golden_page)
{
    itsm_report *report = make_report(60, 0);
    itsm_buf page = counting_buf(&counting);
    itsm_render_options options = ITSM_RENDER_OPTIONS_INIT;
    options.audit_root = ITSM_STR("00ff");
    cr_assert_eq(itsm_render_report(&page, report, &options), ITSM_OK);
    assert_well_formed(itsm_buf_str(&page));
    assert_self_contained(itsm_buf_str(&page));
    assert_golden(itsm_buf_str(&page), "report.html");
    itsm_buf_clear(&page);
    itsm_report_free(report);
}

Test(render, a_fixed_record_gives_the_golden_timeline)
{
    struct sample s;
    itsm_buf page = counting_buf(&counting);
    itsm_timeline_options options = ITSM_TIMELINE_OPTIONS_INIT;
    options.calendar = ITSM_STR("office");
    make(&s, 35);
    cr_assert(s.clock.breached && s.clock.paused > 0, "a record worth looking at");
    cr_assert_eq(itsm_render_timeline(&page, &s.item, &options), ITSM_OK);
    assert_well_formed(itsm_buf_str(&page));
    assert_self_contained(itsm_buf_str(&page));
    assert_golden(itsm_buf_str(&page), "timeline.html");
    itsm_buf_clear(&page);
}

Test(render, the_order_of_the_cases_does_not_change_a_byte)
{
    itsm_report *forth = make_report(60, 0), *back = make_report(60, 1);
    itsm_buf a = counting_buf(&counting), b = counting_buf(&counting);
    cr_assert_eq(itsm_render_report(&a, forth, NULL), ITSM_OK);
    cr_assert_eq(itsm_render_report(&b, back, NULL), ITSM_OK);
    cr_assert(itsm_str_eq(itsm_buf_str(&a), itsm_buf_str(&b)));
    itsm_buf_clear(&a), itsm_buf_clear(&b);
    itsm_report_free(forth), itsm_report_free(back);
}

Test(render, reports_of_no_one_and_few_cases_are_whole_pages)
{
    for (int n = 0; n < 4; n++) {
        itsm_report *report = make_report(n, 0);
        itsm_buf page = counting_buf(&counting);
        cr_assert_eq(itsm_render_report(&page, report, NULL), ITSM_OK);
        assert_well_formed(itsm_buf_str(&page));
        cr_assert_eq(contains(itsm_buf_str(&page), "There are no incidents in this period."), n == 0);
        itsm_buf_clear(&page);
        itsm_report_free(report);
    }
}

Test(render, the_derivation_names_a_holiday_and_prints_its_sums)
{
    struct sample s;
    itsm_buf page = counting_buf(&counting);
    make(&s, 7); /* lies over the holiday of 12 March */
    cr_assert_eq(itsm_render_timeline(&page, &s.item, NULL), ITSM_OK);
    cr_assert(contains(itsm_buf_str(&page), "Thu 2026-03-12"));
    cr_assert(contains(itsm_buf_str(&page), "holiday"));
    cr_assert(contains(itsm_buf_str(&page), ">Sum</th>"));
    itsm_buf_clear(&page);
}

Test(render, hostile_texts_are_escaped_replaced_and_cut)
{
    struct sample s;
    itsm_report *report = NULL;
    itsm_report_options options = ITSM_REPORT_OPTIONS_INIT;
    itsm_render_options drawn = ITSM_RENDER_OPTIONS_INIT;
    itsm_buf page = counting_buf(&counting);
    static char endless[100000];
    memset(endless, 'x', sizeof endless);
    make(&s, 7);
    s.item.number = ITSM_STR("<script>alert(1)</script>"),
    s.item.title = ITSM_STR("\"'&]]>\x01\xff\xc0\x80\xed\xa0\x80\xef\xbf\xbf\xc3");
    s.item.priority_label = ITSM_STR("</title><script>"), s.stays[0].state = itsm_str_n(endless, sizeof endless);
    s.stays[1].category = ITSM_STR("paused\" onload=\"x"), s.deviations[0].rule = ITSM_STR("<b onload=x>");
    s.item.ndeviations = 2;
    options.title = ITSM_STR("<script>"), options.source = ITSM_STR("a\nb & c"), options.calendar = ITSM_STR("<!--");
    cr_assert_eq(itsm_report_new(&report, ctx, &options), ITSM_OK);
    cr_assert_eq(itsm_report_add(report, &s.item), ITSM_OK);
    cr_assert_eq(itsm_report_finish(report), ITSM_OK);
    drawn.record = &s.item, drawn.audit_root = ITSM_STR("<>");
    cr_assert_eq(itsm_render_report(&page, report, &drawn), ITSM_OK);
    itsm_str text = itsm_buf_str(&page);
    assert_well_formed(text);
    cr_assert(!contains(text, "<script"));
    cr_assert(!contains(text, "<b "));
    cr_assert(!contains(text, "<!--"));
    cr_assert(contains(text, "&lt;script&gt;alert(1)&lt;/script&gt;"));
    cr_assert(contains(text, "&quot;&#39;&amp;]]&gt;\xEF\xBF\xBD\xEF\xBF\xBD"));
    cr_assert(!contains(text, "\xed\xa0\x80"));
    cr_assert(!contains(text, "\xef\xbf\xbf"));
    cr_assert_lt(page.n, 200000, "a text without end is cut");
    itsm_buf_clear(&page);
    itsm_report_free(report);
}

Test(render, spans_of_millennia_give_a_page_of_bounded_size)
{
    static const itsm_time openings[] = {ITSM_DAYS(-700000), 0, ITSM_DAYS(2900000)};
    itsm_report *report = NULL;
    itsm_buf page = counting_buf(&counting), line = counting_buf(&counting);
    itsm_report_case item = ITSM_REPORT_CASE_INIT;
    itsm_report_clock clock = ITSM_REPORT_CLOCK_INIT;
    itsm_target target = ITSM_TARGET_INIT;
    itsm_clock_event start = {0, 0, ITSM_CLOCK_START, 0, 0, 0};
    cr_assert_eq(itsm_report_new(&report, ctx, NULL), ITSM_OK);
    target.calendar = calendar, target.goal = 1;
    clock.targets = &target, clock.ntargets = 1, clock.events = &start, clock.nevents = 1, clock.goal = 1;
    for (size_t i = 0; i < 3; i++) {
        item.opened = start.at = openings[i], item.resolved = ITSM_DAYS(2900001), item.resolution = &clock;
        clock.used = ITSM_HOURS(1), clock.breached = 1, clock.breached_at = clock.due = item.opened + 1;
        cr_assert_eq(itsm_report_add(report, &item), ITSM_OK);
        line.n = 0;
        cr_assert_eq(itsm_render_timeline(&line, &item, NULL), ITSM_OK);
        assert_well_formed(itsm_buf_str(&line));
        cr_assert_lt(line.n, 300000);
    }
    cr_assert_eq(itsm_report_finish(report), ITSM_OK);
    cr_assert_eq(itsm_render_report(&page, report, NULL), ITSM_OK);
    assert_well_formed(itsm_buf_str(&page));
    cr_assert_lt(page.n, 400000);
    itsm_buf_clear(&page), itsm_buf_clear(&line);
    itsm_report_free(report);
}

Test(render, a_failed_page_leaves_the_buffer_as_it_was)
{
    itsm_report *report = make_report(12, 0);
    struct sample s;
    itsm_render_options options = ITSM_RENDER_OPTIONS_INIT;
    size_t n = 1;
    make(&s, 7), options.record = &s.item;
    for (int failed = 1; failed; n++) {
        itsm_buf page = counting_buf(&counting);
        cr_assert_eq(itsm_buf_add(&page, "kept", 4), ITSM_OK);
        counting_fail(&counting, n);
        itsm_status status = itsm_render_report(&page, report, &options);
        failed = counting_stop(&counting);
        cr_assert_eq(status, failed ? ITSM_E_NOMEM : ITSM_OK);
        cr_assert(!memcmp(page.p, "kept", 4));
        if (failed) cr_assert_eq(page.n, 4);
        itsm_buf_clear(&page);
    }
    cr_assert_gt(n, 10, "only %zu allocations", n);
    itsm_report_free(report);
}

Test(render, misuse_is_told)
{
    itsm_buf page = counting_buf(&counting);
    itsm_report *report = NULL;
    itsm_report_case item = ITSM_REPORT_CASE_INIT;
    itsm_render_options options = ITSM_RENDER_OPTIONS_INIT;
    cr_assert_eq(itsm_report_new(&report, ctx, NULL), ITSM_OK);
    cr_assert_eq(itsm_render_report(&page, report, NULL), ITSM_E_MISUSE, "not finished");
    cr_assert_eq(itsm_report_finish(report), ITSM_OK);
    cr_assert_eq(itsm_render_report(NULL, report, NULL), ITSM_E_MISUSE);
    cr_assert_eq(itsm_render_timeline(&page, &item, NULL), ITSM_E_MISUSE, "never opened");
    options.record = &item;
    cr_assert_eq(itsm_render_report(&page, report, &options), ITSM_E_MISUSE);
    options.size = 0;
    cr_assert_eq(itsm_render_report(&page, report, &options), ITSM_E_MISUSE);
    cr_assert_eq(page.n, 0);
    itsm_report_free(report);
}

Test(render, events_out_of_order_are_told_and_nothing_is_drawn)
{
    struct sample s;
    itsm_buf page = counting_buf(&counting);
    make(&s, 7);
    s.events[0].at = s.events[3].at + 1;
    cr_assert_eq(itsm_render_timeline(&page, &s.item, NULL), ITSM_E_ORDER);
    cr_assert_eq(page.n, 0);
    itsm_buf_clear(&page);
}
