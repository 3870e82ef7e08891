/* SPDX-License-Identifier: MIT */
/* The report's figures against figures worked out by hand. */
#include <itsm/report.h>

#include <criterion/criterion.h>

#include "support.h"

static struct counting counting;
static itsm_ctx *ctx;
static itsm_report *report;

static void set_up(void)
{
    memset(&counting, 0, sizeof counting);
    ctx = counting_ctx(&counting);
    report = NULL;
}

static void tear_down(void)
{
    itsm_report_free(report);
    itsm_ctx_free(ctx);
    assert_nothing_outstanding(counting);
}

TestSuite(report, .init = set_up, .fini = tear_down);

static itsm_time at(const char *text)
{
    itsm_time t = 0;
    cr_assert_eq(itsm_time_decode(&t, itsm_str_c(text)), ITSM_OK, "%s", text);
    return t;
}

static void start(const itsm_report_options *options)
{
    cr_assert_eq(itsm_report_new(&report, ctx, options), ITSM_OK);
}

static const itsm_report_figures *finish(void)
{
    cr_assert_eq(itsm_report_finish(report), ITSM_OK);
    const itsm_report_figures *figures = itsm_report_read(report);
    cr_assert_not_null(figures);
    return figures;
}

/* A resolved case whose clock ran every hour from opening to resolution. */
static void add_resolved(const char *number, int priority, itsm_time opened, itsm_span length, itsm_span goal)
{
    itsm_report_case item = ITSM_REPORT_CASE_INIT;
    itsm_report_clock clock = ITSM_REPORT_CLOCK_INIT;
    itsm_target target = ITSM_TARGET_INIT;
    itsm_clock_event events[2];
    memset(events, 0, sizeof events);
    events[0].at = opened, events[0].kind = ITSM_CLOCK_START;
    events[1].at = opened + length, events[1].kind = ITSM_CLOCK_STOP;
    target.goal = goal;
    clock.goal = goal, clock.used = length, clock.paused = 0, clock.due = opened + goal;
    clock.breached = length > goal, clock.breached_at = clock.breached ? opened + goal : ITSM_TIME_NONE;
    clock.targets = &target, clock.ntargets = 1, clock.events = events, clock.nevents = 2;
    item.number = itsm_str_c(number), item.priority = priority, item.opened = opened;
    item.resolved = item.closed = opened + length, item.resolution = &clock, item.events = 3;
    cr_assert_eq(itsm_report_add(report, &item), ITSM_OK);
}

Test(report, attainment_counts_by_month_of_resolution_and_priority)
{
    start(NULL);
    add_resolved("a", 1, at("2026-01-31T23:00:00Z"), ITSM_HOURS(2), ITSM_HOURS(4)); /* resolved in February */
    add_resolved("b", 1, at("2026-02-03T08:00:00Z"), ITSM_HOURS(5), ITSM_HOURS(4));
    add_resolved("c", 3, at("2026-01-05T08:00:00Z"), ITSM_HOURS(24), ITSM_HOURS(24)); /* exactly the goal is met */
    const itsm_report_figures *f = finish();
    cr_assert_eq(f->cases, 3);
    cr_assert_eq(f->events, 9);
    cr_assert_eq(f->open, 0);
    cr_assert_eq(f->attainment.met, 2);
    cr_assert_eq(f->attainment.total, 3);
    cr_assert_eq(f->nmonths, 2);
    cr_assert_eq(f->months[0].month, 1);
    cr_assert_eq(f->months[0].all.met, 1);
    cr_assert_eq(f->months[0].all.total, 1);
    cr_assert_eq(f->months[1].year, 2026);
    cr_assert_eq(f->months[1].month, 2);
    cr_assert_eq(f->months[1].by_priority[1].met, 1);
    cr_assert_eq(f->months[1].by_priority[1].total, 2);
    cr_assert_eq(f->months[1].by_priority[3].total, 0);
    cr_assert_eq(f->goal[1], ITSM_HOURS(4));
    cr_assert_eq(f->goal[3], ITSM_HOURS(24));
    cr_assert_eq(f->goal[2], ITSM_SPAN_NONE);
}

Test(report, months_and_days_are_those_of_the_zone)
{
    itsm_zone *zone = NULL;
    itsm_report_options options = ITSM_REPORT_OPTIONS_INIT;
    cr_assert_eq(itsm_zone_fixed(&zone, ctx, 2 * 3600), ITSM_OK);
    options.zone = zone;
    start(&options);
    itsm_zone_free(zone);                                                              /* the report keeps a share */
    add_resolved("a", 1, at("2026-01-31T21:00:00Z"), ITSM_HOURS(1), ITSM_MINUTES(30)); /* 23:00 to midnight */
    const itsm_report_figures *f = finish();
    cr_assert_eq(f->months[0].month, 2);
    cr_assert_eq(f->ndays, 2);
    cr_assert_eq(f->breaches[5][23], 1, "the goal ran out on Saturday at 23:30");
    cr_assert_eq(f->breached, 1);
}

Test(report, backlog_counts_what_was_opened_before_and_not_ended_before_the_next_midnight)
{
    start(NULL);
    add_resolved("a", 3, at("2026-03-02T10:00:00Z"), ITSM_HOURS(48), ITSM_HOURS(1));
    add_resolved("b", 3, at("2026-03-02T23:59:00Z"), ITSM_MINUTES(1), ITSM_HOURS(1)); /* ends at midnight: next day */
    itsm_report_case item = ITSM_REPORT_CASE_INIT;
    item.opened = at("2026-03-03T09:00:00Z"), item.closed = at("2026-03-06T09:00:00Z");
    cr_assert_eq(itsm_report_add(report, &item), ITSM_OK); /* closed without ever being resolved */
    const itsm_report_figures *f = finish();
    cr_assert_eq(f->ndays, 4);
    static const struct {
        uint64_t created, resolved, closed;
        int64_t unresolved;
    } wanted[] = {{2, 0, 0, 2}, {1, 1, 1, 2}, {0, 1, 1, 1}, {0, 1, 1, 0}};
    for (size_t i = 0; i < 4; i++) {
        cr_assert_eq(f->days[i].created, wanted[i].created, "day %zu", i);
        cr_assert_eq(f->days[i].resolved, wanted[i].resolved, "day %zu", i);
        cr_assert_eq(f->days[i].closed, wanted[i].closed, "day %zu", i);
        cr_assert_eq(f->days[i].unresolved, wanted[i].unresolved, "day %zu", i);
    }
    cr_assert_eq(f->days[3].day - f->days[2].day, 2, "a day on which nothing happened has no row");
}

Test(report, quantiles_interpolate_between_ranks)
{
    start(NULL);
    for (int i = 4; i >= 1; i--)
        add_resolved("x", i == 4 ? 2 : 1, at("2026-03-02T10:00:00Z"), ITSM_HOURS(i), ITSM_HOURS(9));
    const itsm_report_spread *all = &finish()->elapsed.all, *second = &itsm_report_read(report)->working.by_priority[2];
    cr_assert_eq(all->n, 4);
    cr_assert_eq(all->min, ITSM_HOURS(1));
    cr_assert_eq(all->max, ITSM_HOURS(4));
    cr_assert_eq(all->p50, ITSM_MINUTES(150));
    cr_assert_eq(all->p90, ITSM_MINUTES(222));
    cr_assert_eq(all->mean, ITSM_MINUTES(150));
    cr_assert_eq(second->n, 1);
    cr_assert_eq(second->p90, ITSM_HOURS(4));
}

Test(report, quantiles_interpolate_to_the_microsecond)
{
    start(NULL);
    add_resolved("x", 1, 0, 1, ITSM_HOURS(9));
    add_resolved("y", 1, 0, 1001000, ITSM_HOURS(9));
    add_resolved("z", 1, 0, 3002999, ITSM_HOURS(9));
    const itsm_report_spread *all = &finish()->elapsed.all;
    cr_assert_eq(all->p50, 1001000);
    cr_assert_eq(all->p90, 1001000 + 1601599, "eight tenths of the way to the third");
    cr_assert_eq(all->mean, 1334666);
}

Test(report, a_value_at_the_edge_of_a_step_lies_in_the_step_below)
{
    start(NULL);
    add_resolved("x", 1, 0, ITSM_HOURS(4), ITSM_HOURS(9));
    add_resolved("y", 1, 0, ITSM_HOURS(4) + 1, ITSM_HOURS(9));
    add_resolved("z", 1, 0, ITSM_DAYS(4000), ITSM_HOURS(9));
    const itsm_report_figures *f = finish();
    cr_assert_eq(itsm_report_bin_edge(4), ITSM_HOURS(4));
    cr_assert_eq(f->elapsed.all.bins[4], 1);
    cr_assert_eq(f->elapsed.all.bins[5], 1);
    cr_assert_eq(f->elapsed.all.bins[ITSM_REPORT_BINS - 1], 1);
    cr_assert_eq(itsm_report_bin_edge(ITSM_REPORT_BINS - 1), ITSM_SPAN_NONE);
    cr_assert_eq(itsm_report_bin_edge(1000), ITSM_SPAN_NONE);
    cr_assert_eq(itsm_report_age_edge(1000), ITSM_SPAN_NONE);
}

Test(report, time_in_state_sums_visits_and_carries_parts_of_seconds)
{
    itsm_report_segment stays[3];
    itsm_report_case item = ITSM_REPORT_CASE_INIT;
    memset(stays, 0, sizeof stays);
    stays[0].state = stays[2].state = ITSM_STR("Active"), stays[1].state = ITSM_STR("Awaiting");
    stays[0].category = ITSM_STR("open"), stays[1].category = ITSM_STR("paused");
    stays[0].from = 0, stays[0].to = stays[1].from = ITSM_SECONDS(10) + 600000;
    stays[1].to = stays[2].from = ITSM_SECONDS(50), stays[2].to = ITSM_SECONDS(60) + 500000;
    item.opened = 0, item.segments = stays, item.nsegments = 3;
    start(NULL);
    cr_assert_eq(itsm_report_add(report, &item), ITSM_OK);
    stays[2].to = stays[2].from - 1; /* goes back: no length */
    cr_assert_eq(itsm_report_add(report, &item), ITSM_OK);
    const itsm_report_figures *f = finish();
    cr_assert_eq(f->nstates, 2);
    assert_text(f->states[0].state, "Awaiting");
    assert_text(f->states[1].state, "Active");
    assert_text(f->states[0].category, "paused");
    assert_text(f->states[1].category, "open");
    cr_assert_eq(f->states[1].visits, 4);
    cr_assert_eq(f->states[1].cases, 2);
    cr_assert_eq(f->states[1].seconds, 31, "10.6 + 10.5 + 10.6 s rounded down once");
    cr_assert_eq(f->states[0].seconds, 78, "twice 39.4 s");
}

Test(report, deviations_are_counted_by_kind_and_the_undecided_apart)
{
    itsm_report_deviation d[4];
    itsm_report_case item = ITSM_REPORT_CASE_INIT;
    memset(d, 0, sizeof d);
    d[0].move = d[1].move = ITSM_STR("resolve"), d[0].rule = d[1].rule = ITSM_STR("set(code)"),
    d[0].clause = ITSM_STR("8.6.1");
    d[1].clause = ITSM_STR("8.6.1"), d[2].move = ITSM_STR("close"), d[2].rule = ITSM_STR("set(code)");
    d[3] = d[0], d[3].undecided = 1;
    item.opened = 0, item.deviations = d, item.ndeviations = 4;
    start(NULL);
    cr_assert_eq(itsm_report_add(report, &item), ITSM_OK);
    item.deviations = d + 3, item.ndeviations = 1; /* undecided alone is no deviation */
    cr_assert_eq(itsm_report_add(report, &item), ITSM_OK);
    const itsm_report_figures *f = finish();
    cr_assert_eq(f->ndeviations, 2);
    cr_assert_eq(f->deviation_count, 3);
    cr_assert_eq(f->deviating_cases, 1);
    assert_text(f->deviations[0].move, "resolve");
    assert_text(f->deviations[0].clause, "8.6.1");
    cr_assert_eq(f->deviations[0].count, 2);
    cr_assert_eq(f->deviations[0].cases, 1);
    assert_text(f->deviations[1].move, "close");
    cr_assert_eq(f->nundecided, 1);
    cr_assert_eq(f->undecided_count, 2);
    cr_assert_eq(f->undecided[0].cases, 2);
}

Test(report, the_worst_are_kept_whatever_the_order_and_their_lines_sum_to_the_time_used)
{
    for (int turn = 0; turn < 2; turn++) {
        itsm_report_options options = ITSM_REPORT_OPTIONS_INIT;
        options.worst_count = 3;
        start(&options);
        for (int i = 0; i < 20; i++) {
            int k = turn ? 19 - i : i;
            char number[8] = {'n', (char)('a' + k), 0};
            add_resolved(number, 2, at("2026-03-02T10:00:00Z"), ITSM_HOURS(10 + k), ITSM_HOURS(8));
        }
        const itsm_report_figures *f = finish();
        cr_assert_eq(f->nworst, 3);
        assert_text(f->worst[0].number, "nt");
        assert_text(f->worst[1].number, "ns");
        assert_text(f->worst[2].number, "nr");
        cr_assert_eq(f->worst[0].over, ITSM_HOURS(21));
        cr_assert_eq(f->worst[0].used, ITSM_HOURS(29));
        cr_assert_gt(f->worst[0].nlines, 0);
        cr_assert_eq(f->worst[0].sum_counted, f->worst[0].used);
        cr_assert_eq(f->worst[0].lines[f->worst[0].nlines - 1].left, ITSM_HOURS(-21));
        itsm_report_free(report), report = NULL;
    }
}

Test(report, a_derivation_of_years_is_folded_and_still_sums)
{
    start(NULL);
    add_resolved("old", 1, at("2016-01-01T00:00:00Z"), ITSM_DAYS(3000), ITSM_HOURS(8));
    const itsm_report_figures *f = finish();
    const itsm_report_breach *worst = f->worst;
    cr_assert_eq(worst->nlines, ITSM_REPORT_LINES + 1);
    cr_assert_eq(worst->sum_counted, ITSM_DAYS(3000));
    cr_assert_eq(worst->lines[ITSM_REPORT_LINES].why, 0);
    cr_assert_eq(worst->lines[ITSM_REPORT_LINES].left, ITSM_HOURS(8) - ITSM_DAYS(3000));
}

Test(report, open_cases_age_until_the_end)
{
    itsm_report_options options = ITSM_REPORT_OPTIONS_INIT;
    itsm_report_case item = ITSM_REPORT_CASE_INIT;
    itsm_report_clock clock = ITSM_REPORT_CLOCK_INIT;
    options.end = ITSM_DAYS(100);
    start(&options);
    clock.goal = 1, clock.used = 2, clock.breached = 1;
    item.priority = 2, item.resolution = &clock;
    item.opened = ITSM_DAYS(99);
    cr_assert_eq(itsm_report_add(report, &item), ITSM_OK); /* one day: up to a day */
    item.opened = ITSM_DAYS(90);
    cr_assert_eq(itsm_report_add(report, &item), ITSM_OK); /* ten days */
    item.resolution = NULL;
    item.opened = ITSM_DAYS(1);
    cr_assert_eq(itsm_report_add(report, &item), ITSM_OK); /* 99 days */
    item.opened = ITSM_DAYS(101);
    cr_assert_eq(itsm_report_add(report, &item), ITSM_OK); /* after the end: no age */
    const itsm_report_figures *f = finish();
    cr_assert_eq(f->open, 4);
    cr_assert_eq(f->age[0][2], 2);
    cr_assert_eq(f->age[3][2], 1);
    cr_assert_eq(f->age[6][2], 1);
    cr_assert_eq(f->age_breached[0], 1);
    cr_assert_eq(f->age_breached[3], 1);
    cr_assert_eq(f->age_breached[6], 0);
    cr_assert_eq(f->attainment.total, 0);
    cr_assert_eq(f->nworst, 2);
}

Test(report, reopenings_and_reassignments_are_counted_with_an_open_last_step)
{
    itsm_report_case item = ITSM_REPORT_CASE_INIT;
    item.opened = 0;
    start(NULL);
    static const uint32_t times[] = {0, 1, 7, 250};
    for (size_t i = 0; i < 4; i++) {
        item.reopened = times[i], item.reassigned = times[i];
        cr_assert_eq(itsm_report_add(report, &item), ITSM_OK);
    }
    const itsm_report_figures *f = finish();
    cr_assert_eq(f->reopened_cases, 3);
    cr_assert_eq(f->reopened[0], 1);
    cr_assert_eq(f->reopened[1], 1);
    cr_assert_eq(f->reopened[7], 2);
    cr_assert_eq(f->reassigned[7], 2);
    cr_assert_eq(f->reassignments, 258);
}

Test(report, what_cannot_be_measured_is_counted_apart)
{
    itsm_report_case item = ITSM_REPORT_CASE_INIT;
    start(NULL);
    item.opened = ITSM_DAYS(2), item.resolved = ITSM_DAYS(1); /* before it was opened, and no clock */
    cr_assert_eq(itsm_report_add(report, &item), ITSM_OK);
    const itsm_report_figures *f = finish();
    cr_assert_eq(f->reversed, 1);
    cr_assert_eq(f->unmeasured, 1);
    cr_assert_eq(f->elapsed.all.n, 0);
}

Test(report, goals_that_differ_within_a_priority_are_no_goal_of_it)
{
    start(NULL);
    add_resolved("a", 1, 0, 1, ITSM_HOURS(1)), add_resolved("b", 1, 0, 1, ITSM_HOURS(2));
    add_resolved("c", 1, 0, 1, ITSM_HOURS(2));
    cr_assert_eq(finish()->goal[1], ITSM_SPAN_NONE);
}

Test(report, without_cases_all_figures_are_nothing)
{
    start(NULL);
    const itsm_report_figures *f = finish();
    cr_assert_eq(f->cases, 0);
    cr_assert_eq(f->ndays, 0);
    cr_assert_eq(f->nmonths, 0);
    cr_assert_eq(f->nworst, 0);
    cr_assert_eq(f->first, ITSM_TIME_NONE);
    cr_assert_eq(f->end, ITSM_TIME_NONE);
    cr_assert_eq(f->elapsed.all.n, 0);
}

Test(report, a_refused_case_counts_nothing)
{
    itsm_report_case item = ITSM_REPORT_CASE_INIT;
    itsm_report_clock clock = ITSM_REPORT_CLOCK_INIT;
    start(NULL);
    cr_assert_eq(itsm_report_add(report, &item), ITSM_E_INVALID);
    assert_text(itsm_ctx_issue(ctx, 0)->where, "opened");
    item.opened = 0, item.priority = 6;
    cr_assert_eq(itsm_report_add(report, &item), ITSM_E_INVALID);
    item.priority = 1, item.resolved = 5, item.resolution = &clock, clock.used = -1;
    cr_assert_eq(itsm_report_add(report, &item), ITSM_E_RANGE);
    item.resolution = NULL, item.opened = INT64_MIN + 1, item.resolved = INT64_MAX;
    cr_assert_eq(itsm_report_add(report, &item), ITSM_E_RANGE);
    item.size = 0;
    cr_assert_eq(itsm_report_add(report, &item), ITSM_E_MISUSE);
    const itsm_report_figures *f = finish();
    cr_assert_eq(f->cases, 0);
    cr_assert_eq(f->ndays, 0);
    cr_assert_eq(f->unmeasured, 0);
}

Test(report, misuse_is_told)
{
    itsm_report_options options = ITSM_REPORT_OPTIONS_INIT;
    itsm_report_case item = ITSM_REPORT_CASE_INIT;
    cr_assert_eq(itsm_report_new(NULL, ctx, NULL), ITSM_E_MISUSE);
    options.worst_count = 1001;
    cr_assert_eq(itsm_report_new(&report, ctx, &options), ITSM_E_LIMIT);
    cr_assert_null(report);
    options.worst_count = 0, options.target_permille = 1001;
    cr_assert_eq(itsm_report_new(&report, ctx, &options), ITSM_E_LIMIT);
    start(NULL);
    cr_assert_null(itsm_report_read(report), "nothing to read before the end");
    finish();
    item.opened = 0;
    cr_assert_eq(itsm_report_add(report, &item), ITSM_E_MISUSE);
    cr_assert_eq(itsm_report_finish(report), ITSM_E_MISUSE);
    cr_assert_eq(itsm_report_finish(NULL), ITSM_E_MISUSE);
    cr_assert_null(itsm_report_read(NULL));
    itsm_report_free(NULL);
}

Test(report, more_states_than_the_limit_are_refused)
{
    itsm_report_segment stay;
    itsm_report_case item = ITSM_REPORT_CASE_INIT;
    char name[8];
    itsm_status status = ITSM_OK;
    memset(&stay, 0, sizeof stay);
    item.opened = 0, item.segments = &stay, item.nsegments = 1;
    start(NULL);
    int i = 0;
    for (; i < 5000 && status == ITSM_OK; i++) {
        snprintf(name, sizeof name, "s%d", i);
        stay.state = itsm_str_c(name);
        status = itsm_report_add(report, &item);
    }
    cr_assert_eq(status, ITSM_E_LIMIT);
    cr_assert_eq(i, 4097);
    cr_assert_eq(finish()->cases, 4096);
}

static itsm_status add_everything(int i)
{
    itsm_report_segment stays[2];
    itsm_report_deviation d;
    itsm_report_case item = ITSM_REPORT_CASE_INIT;
    itsm_report_clock clock = ITSM_REPORT_CLOCK_INIT;
    itsm_target target = ITSM_TARGET_INIT;
    itsm_clock_event events[2];
    memset(stays, 0, sizeof stays), memset(&d, 0, sizeof d), memset(events, 0, sizeof events);
    item.opened = ITSM_DAYS(40 * i), item.resolved = item.opened + ITSM_DAYS(3),
    item.closed = item.resolved + ITSM_DAYS(1);
    if (i == 2) item.resolved = item.closed = ITSM_TIME_NONE;
    item.number = ITSM_STR("INC1"), item.title = ITSM_STR("title"), item.priority = i;
    item.priority_label = i ? ITSM_STR("label") : ITSM_STR("");
    stays[0].state = ITSM_STR("New"), stays[0].category = ITSM_STR("initial"), stays[1].state = ITSM_STR("Active");
    stays[0].to = ITSM_DAYS(1), item.segments = stays, item.nsegments = 2;
    d.move = ITSM_STR("resolve"), d.rule = ITSM_STR("set(code)"), item.deviations = &d, item.ndeviations = 1;
    events[0].at = item.opened, events[0].kind = ITSM_CLOCK_START;
    events[1].at = item.opened + ITSM_DAYS(3), events[1].kind = ITSM_CLOCK_STOP, target.goal = ITSM_HOURS(4);
    clock.goal = target.goal, clock.used = ITSM_DAYS(3), clock.breached = 1,
    clock.breached_at = item.opened + target.goal;
    clock.targets = &target, clock.ntargets = 1, clock.events = events, clock.nevents = 2, item.resolution = &clock;
    return itsm_report_add(report, &item);
}

/* Make a report of four cases; the n-th allocation of all fails, and the step it belongs to is done again. */
static int whole_report(size_t n)
{
    itsm_report_options options = ITSM_REPORT_OPTIONS_INIT;
    options.title = ITSM_STR("t"), options.source = ITSM_STR("s"), options.calendar = ITSM_STR("c");
    options.worst_count = 2;
    int failed = 0;
    counting_fail(&counting, n);
    for (int step = 0; step < 6; step++) {
        itsm_status status = step == 0  ? itsm_report_new(&report, ctx, &options)
                             : step < 5 ? add_everything(step - 1)
                                        : itsm_report_finish(report);
        if (status == ITSM_OK) continue;
        cr_assert_eq(status, ITSM_E_NOMEM, "step %d: %d", step, status);
        cr_assert(step || !report, "a report that could not be made");
        cr_assert_null(itsm_report_read(report));
        failed++, step--;
    }
    cr_assert_eq(failed, counting_stop(&counting), "one failure, told once");
    return failed;
}

Test(report, every_allocation_that_fails_leaves_the_report_as_it_was)
{
    size_t n = 1;
    for (int failed = 1; failed; n++) {
        failed = whole_report(n);
        const itsm_report_figures *f = itsm_report_read(report);
        cr_assert_eq(f->cases, 4);
        cr_assert_eq(f->open, 1);
        cr_assert_eq(f->elapsed.all.n, 3);
        cr_assert_eq(f->nworst, 2);
        cr_assert_eq(f->nstates, 2);
        cr_assert_eq(f->states[0].visits, 4);
        cr_assert_eq(f->deviation_count, 4);
        cr_assert_eq(f->ndeviations, 1);
        cr_assert_eq(f->attainment.total, 3);
        cr_assert_eq(f->days[0].created, 1);
        cr_assert_eq(f->worst[0].sum_counted, ITSM_DAYS(3));
        itsm_report_free(report);
        report = NULL;
    }
    cr_assert_gt(n, 30, "only %zu allocations", n);
}
