/* SPDX-License-Identifier: MIT */
/*
 * The sections of the report, in the order a service manager asks: are promises kept, is work piling up, how long does
 * it take, what is left, when do goals run out, where is time spent, what comes back, does the history follow the
 * rules, and what went worst.
 *
 * Each section opens with what its figures say, then the chart, then its table.  A section without data says so in one
 * sentence; it is never left out, so that two reports can be laid side by side.
 */
#include "render/page.h"

#include "base/text.h"

enum { DAYS_SHOWN = 400, DEVIATIONS_SHOWN = 100, STATES_SHOWN = 40, LINES_OPEN = 40 };

/* One entry of a legend: a mark (SVG of our own) and what it stands for. */
static void legend_item(itsm__markup *m, const char *mark, const char *text)
{
    itsm__put(
        m, "<li><svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 22 14\" aria-hidden=\"true\">%s</svg>%s</li>",
        mark, text);
}

static const char *plural(uint64_t n)
{
    return n == 1 ? "" : "s";
}

static int present(const itsm_report_figures *f, int priority)
{
    return f->cases_by_priority[priority] > 0;
}

static void empty(itsm__markup *m, const char *text)
{
    itsm__put(m, "<p class=\"empty\">%s</p>\n", text);
}

/* Key figures ------------------------------------------------------------------------------------------------------ */

static void key_figures(itsm__markup *m, const itsm_report_figures *f)
{
    itsm__put(m, "<dl class=\"key\">\n<div><dt>Incidents</dt><dd>%n<small>from %n events</small></dd></div>\n",
              f->cases, f->events);
    itsm__put(m, "<div><dt>Resolved within goal</dt><dd>%p<small>%n of %n measured</small></dd></div>\n",
              f->attainment.met, f->attainment.total, f->attainment.met, f->attainment.total);
    const itsm_report_spread *all = &f->elapsed.all;
    itsm__put(m, "<div><dt>Median time to resolve</dt><dd>%D<small>elapsed</small></dd></div>\n",
              all->n ? all->p50 : ITSM_SPAN_NONE);
    itsm__put(m, "<div><dt>Nine in ten resolved in</dt><dd>%D<small>elapsed, 90th percentile</small></dd></div>\n",
              all->n ? all->p90 : ITSM_SPAN_NONE);
    itsm__put(m, "<div><dt>Open at the end</dt><dd>%n<small>%p of all</small></dd></div>\n", f->open, f->open,
              f->cases);
    itsm__put(m, "<div><dt>Reopened</dt><dd>%p<small>%n incident%s</small></dd></div>\n", f->reopened_cases, f->cases,
              f->reopened_cases, plural(f->reopened_cases));
    itsm__put(m, "<div><dt>First response within goal</dt><dd>%p<small>%n of %n measured</small></dd></div>\n",
              f->response.met, f->response.total, f->response.met, f->response.total);
    itsm__put(m, "<div><dt>Deviations</dt><dd>%n<small>in %p of incidents</small></dd></div>\n</dl>\n",
              f->deviation_count, f->deviating_cases, f->cases);
}

/* Attainment ------------------------------------------------------------------------------------------------------- */

static void attainment_panel(itsm__markup *m, const itsm_report_figures *f, int priority)
{
    itsm_report_share share = priority < 0 ? f->attainment : f->attainment_by_priority[priority];
    itsm__put(m, "<div><h3>"), itsm__priority_name(m, f, priority);
    itsm__put(m, "</h3><p><strong>%p</strong> of %n", share.met, share.total, share.total);
    if (priority >= 0 && f->goal[priority] != ITSM_SPAN_NONE) itsm__put(m, " \xC2\xB7 goal %W", f->goal[priority]);
    itsm__put(m, "</p>\n");
    itsm__attainment(m, f, priority);
    itsm__put(m, "</div>\n");
}

static void attainment_table(itsm__markup *m, const itsm_report_figures *f)
{
    itsm__table_begin(m, "Attainment by month and priority, as a table");
    itsm__put(m, "<thead><tr><th scope=\"col\">Month</th><th scope=\"col\" class=\"n\">All</th>");
    for (int p = 0; p < ITSM_REPORT_PRIORITIES; p++)
        if (present(f, p))
            itsm__put(m, "<th scope=\"col\" class=\"n\">"), itsm__priority_name(m, f, p), itsm__put(m, "</th>");
    itsm__put(m, "</tr></thead>\n<tbody>\n");
    for (size_t i = 0; i < f->nmonths; i++) {
        const itsm_report_month *month = f->months + i;
        itsm__put(m, "<tr><th scope=\"row\" class=\"w\">%s %d</th>", itsm__month_name(month->month), (int)month->year);
        itsm__put(m, "<td class=\"n\">%p <span class=\"soft\">of %n</span></td>", month->all.met, month->all.total,
                  month->all.total);
        for (int p = 0; p < ITSM_REPORT_PRIORITIES; p++)
            if (present(f, p))
                itsm__put(m, "<td class=\"n\">%p <span class=\"soft\">of %n</span></td>", month->by_priority[p].met,
                          month->by_priority[p].total, month->by_priority[p].total);
        itsm__put(m, "</tr>\n");
    }
    itsm__put(m, "</tbody>\n");
    itsm__table_end(m);
}

static const itsm_report_month *lowest_month(const itsm_report_figures *f)
{
    const itsm_report_month *lowest = NULL;
    for (size_t i = 0; i < f->nmonths; i++) {
        const itsm_report_month *month = f->months + i;
        if (month->all.total < 10) continue;
        if (!lowest || month->all.met * lowest->all.total < lowest->all.met * month->all.total) lowest = month;
    }
    return lowest;
}

static void attainment(itsm__markup *m, const itsm_report_figures *f)
{
    itsm__section_begin(m, "attainment", "Resolved within the goal");
    if (!f->attainment.total) {
        empty(m, "No incident with a goal was resolved in this period.");
        itsm__section_end(m);
        return;
    }
    itsm__put(m, "<p><strong>%p</strong> of %n resolved incident%s met the goal", f->attainment.met,
              f->attainment.total, f->attainment.total, plural(f->attainment.total));
    if (f->target_permille) itsm__put(m, "; the target is %p", (uint64_t)f->target_permille, (uint64_t)1000);
    const itsm_report_month *lowest = f->nmonths > 1 ? lowest_month(f) : NULL;
    if (lowest)
        itsm__put(m, ". The lowest month was %s %d with %p", itsm__month_name(lowest->month), (int)lowest->year,
                  lowest->all.met, lowest->all.total);
    itsm__put(m, ".</p>\n<div class=\"panels\">\n");
    attainment_panel(m, f, -1);
    for (int p = 1; p <= ITSM_REPORT_PRIORITIES; p++) /* those without a priority last */
        if (f->attainment_by_priority[p % ITSM_REPORT_PRIORITIES].total)
            attainment_panel(m, f, p % ITSM_REPORT_PRIORITIES);
    itsm__put(m, "</div>\n<ul class=\"legend\">");
    legend_item(m, "<rect width=\"22\" height=\"14\" class=\"fb\"/>", "resolved within the goal");
    if (f->target_permille) {
        legend_item(m, "<rect width=\"22\" height=\"14\" class=\"hr gap\"/>", "missing to the target");
        legend_item(m, "<path d=\"M0 7H22\" class=\"goal\"/>", "target");
    }
    legend_item(m, "<rect x=\".5\" y=\".5\" width=\"21\" height=\"13\" class=\"hollow\"/>", "fewer than ten incidents");
    itsm__put(
        m, "</ul>\n<p class=\"note\">Percent of the incidents resolved in each month whose working time, pauses left "
           "out, was not more than the goal.");
    if (f->unmeasured) itsm__put(m, " Not measured, or without a goal: %n resolved.", f->unmeasured);
    if (f->nmonths > 36) itsm__put(m, " The charts show the last 36 months, the table all.");
    itsm__put(m, "</p>\n");
    attainment_table(m, f);
    itsm__section_end(m);
}

/* Backlog ---------------------------------------------------------------------------------------------------------- */

static void backlog_table(itsm__markup *m, const itsm_report_figures *f)
{
    itsm__table_begin(m, "Backlog by day, as a table");
    itsm__put(m, "<thead><tr><th scope=\"col\">Day</th><th scope=\"col\" class=\"n\">Created</th><th scope=\"col\" "
                 "class=\"n\">Resolved</th><th scope=\"col\" class=\"n\">Closed</th><th scope=\"col\" class=\"n\">"
                 "Not resolved</th><th scope=\"col\" class=\"n\">Not closed</th></tr></thead>\n<tbody>\n");
    size_t first = f->ndays > DAYS_SHOWN ? f->ndays - DAYS_SHOWN : 0;
    for (size_t i = first; i < f->ndays; i++) {
        const itsm_report_day *d = f->days + i;
        itsm__put(
            m,
            "<tr><th scope=\"row\" class=\"w\">%Y</th><td class=\"n\">%n</td><td class=\"n\">%n</td><td class=\"n\">"
            "%n</td>",
            d->day, d->created, d->resolved, d->closed);
        itsm__put(m, "<td class=\"n\">%i</td><td class=\"n\">%i</td></tr>\n", d->unresolved, d->unclosed);
    }
    itsm__put(m, "</tbody>\n");
    itsm__table_end(m);
}

static void backlog(itsm__markup *m, const itsm_report_figures *f)
{
    const itsm_report_day *peak = f->days;
    itsm__section_begin(m, "backlog", "Backlog, created and resolved");
    if (!f->ndays) {
        empty(m, "There are no incidents in this period.");
        itsm__section_end(m);
        return;
    }
    for (size_t i = 0; i < f->ndays; i++)
        if (f->days[i].unresolved > peak->unresolved) peak = f->days + i;
    uint64_t last = f->days[f->ndays - 1].unresolved > 0 ? (uint64_t)f->days[f->ndays - 1].unresolved : 0;
    itsm__put(
        m,
        "<p>The backlog was highest on <span class=\"w\">%Y</span> with <strong>%n</strong> unresolved and ended at "
        "<strong>%n</strong>.</p>\n<figure>\n",
        peak->day, peak->unresolved > 0 ? (uint64_t)peak->unresolved : (uint64_t)0, last);
    itsm__backlog(m, f, 0);
    itsm__backlog(m, f, 1);
    itsm__put(m, "</figure>\n<ul class=\"legend\">");
    legend_item(m, "<path d=\"M0 7H22\" class=\"line\"/>", "not resolved");
    legend_item(m, "<path d=\"M0 7H22\" class=\"line2\"/>", "not closed");
    legend_item(m, "<rect width=\"22\" height=\"14\" class=\"fb\"/>", "created (up)");
    legend_item(m, "<rect width=\"22\" height=\"14\" class=\"fg\"/>", "resolved (down)");
    itsm__put(m, "</ul>\n<p class=\"note\">Counted at the end of each day: opened before the next midnight, and not "
                 "resolved (or closed, where never resolved) before it.");
    if (f->ndays > DAYS_SHOWN)
        itsm__put(m, " The table shows the last %d days on which anything happened.", DAYS_SHOWN);
    itsm__put(m, "</p>\n");
    backlog_table(m, f);
    itsm__section_end(m);
}

/* Time to resolve -------------------------------------------------------------------------------------------------- */

static void spread_row(itsm__markup *m, const itsm_report_spread *s, int is_working)
{
    const char *row =
        is_working ? "<td class=\"n\">%n</td><td class=\"n\">%W</td><td class=\"n\">%W</td><td class=\"n\">%W</td>"
                     "<td class=\"n\">%W</td><td class=\"n\">%W</td></tr>\n"
                   : "<td class=\"n\">%n</td><td class=\"n\">%D</td><td class=\"n\">%D</td><td class=\"n\">%D</td>"
                     "<td class=\"n\">%D</td><td class=\"n\">%D</td></tr>\n";
    itsm__put(m, row, s->n, s->min, s->p50, s->mean, s->p90, s->max);
}

static void spread_table(itsm__markup *m, const itsm_report_figures *f, const itsm_report_spreads *s, int is_working)
{
    itsm__put(m,
              "<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"%s\"><table><caption>%s</caption>\n",
              is_working ? "Working time by priority" : "Elapsed time by priority",
              is_working ? "Working time, pauses left out" : "Elapsed time");
    itsm__put(m,
              "<thead><tr><th scope=\"col\">Priority</th><th scope=\"col\" class=\"n\">Resolved</th><th scope=\"col\" "
              "class=\"n\">Least</th><th scope=\"col\" class=\"n\">Median</th><th scope=\"col\" class=\"n\">Mean</th>"
              "<th scope=\"col\" class=\"n\">P90</th><th scope=\"col\" class=\"n\">Most</th></tr></thead>\n<tbody>\n");
    for (int p = 0; p < ITSM_REPORT_PRIORITIES; p++) {
        if (!s->by_priority[p].n) continue;
        itsm__put(m, "<tr><th scope=\"row\" class=\"w\">"), itsm__priority_name(m, f, p), itsm__put(m, "</th>");
        spread_row(m, &s->by_priority[p], is_working);
    }
    itsm__put(m, "</tbody>\n<tfoot><tr><th scope=\"row\">All</th>");
    spread_row(m, &s->all, is_working);
    itsm__put(m, "</tfoot></table></div>\n");
}

static void bins_table(itsm__markup *m, const itsm_report_figures *f)
{
    itsm__table_begin(m, "Distribution, as a table");
    itsm__put(m, "<thead><tr><th scope=\"col\">Up to</th><th scope=\"col\" class=\"n\">Elapsed</th><th scope=\"col\" "
                 "class=\"n\">Share so far</th><th scope=\"col\" class=\"n\">Working</th><th scope=\"col\" class=\"n\">"
                 "Share so far</th></tr></thead>\n<tbody>\n");
    uint64_t elapsed = 0, working = 0;
    for (size_t i = 0; i < ITSM_REPORT_BINS; i++) {
        elapsed += f->elapsed.all.bins[i], working += f->working.all.bins[i];
        if (itsm_report_bin_edge(i) == ITSM_SPAN_NONE) itsm__put(m, "<tr><th scope=\"row\">longer</th>");
        else itsm__put(m, "<tr><th scope=\"row\">%W</th>", itsm_report_bin_edge(i));
        itsm__put(m,
                  "<td class=\"n\">%n</td><td class=\"n\">%p</td><td class=\"n\">%n</td><td class=\"n\">%p</td></tr>\n",
                  f->elapsed.all.bins[i], elapsed, f->elapsed.all.n, f->working.all.bins[i], working, f->working.all.n);
    }
    itsm__put(m, "</tbody>\n");
    itsm__table_end(m);
}

static void time_to_resolve(itsm__markup *m, const itsm_report_figures *f)
{
    const itsm_report_spread *elapsed = &f->elapsed.all, *working = &f->working.all;
    itsm__section_begin(m, "resolve", "Time to resolve");
    if (!elapsed->n && !working->n) {
        empty(m, "No incident was resolved in this period.");
        itsm__section_end(m);
        return;
    }
    itsm__put(
        m, "<p>Half of the incidents were resolved within <strong>%D</strong>, nine in ten within <strong>%D</strong>",
        elapsed->p50, elapsed->p90);
    if (working->n)
        itsm__put(m, ". Of that, the clock counted <strong>%W</strong> and <strong>%W</strong> of working time",
                  working->p50, working->p90);
    itsm__put(m, ".</p>\n<div class=\"panels pair\">\n");
    if (elapsed->n) {
        itsm__put(m, "<div><h3>Elapsed</h3><p>opening to resolution, wall clock</p>\n");
        itsm__distribution(m, elapsed, NULL, 0);
        itsm__put(m, "</div>\n");
    }
    if (working->n) {
        itsm__put(m, "<div><h3>Working time</h3><p>closed hours and pauses left out; dashed: goals by priority</p>\n");
        itsm__distribution(m, working, f->goal, 1);
        itsm__put(m, "</div>\n");
    }
    itsm__put(
        m,
        "</div>\n<p class=\"note\">Incidents by step of time; each step is about twice the one before. Quantiles are "
        "exact, "
        "interpolated linearly between ranks.");
    if (f->reversed) itsm__put(m, " Left out: %n resolved before opened.", f->reversed);
    itsm__put(m, "</p>\n<details><summary>By priority, as a table</summary>\n");
    if (elapsed->n) spread_table(m, f, &f->elapsed, 0);
    if (working->n) spread_table(m, f, &f->working, 1);
    itsm__put(m, "</details>\n");
    bins_table(m, f);
    itsm__section_end(m);
}

/* Ageing ----------------------------------------------------------------------------------------------------------- */

static void ageing_table(itsm__markup *m, const itsm_report_figures *f)
{
    itsm__table_begin(m, "Age by priority, as a table");
    itsm__put(m, "<thead><tr><th scope=\"col\">Age</th>");
    for (int p = 0; p < ITSM_REPORT_PRIORITIES; p++)
        if (present(f, p))
            itsm__put(m, "<th scope=\"col\" class=\"n\">"), itsm__priority_name(m, f, p), itsm__put(m, "</th>");
    itsm__put(m, "<th scope=\"col\" class=\"n\">Over the goal</th></tr></thead>\n<tbody>\n");
    for (size_t i = 0; i < ITSM_REPORT_AGES; i++) {
        itsm__put(m, "<tr><th scope=\"row\" class=\"w\">%s</th>", itsm__age_name(i));
        for (int p = 0; p < ITSM_REPORT_PRIORITIES; p++)
            if (present(f, p)) itsm__put(m, "<td class=\"n\">%n</td>", f->age[i][p]);
        itsm__put(m, "<td class=\"n\">%n</td></tr>\n", f->age_breached[i]);
    }
    itsm__put(m, "</tbody>\n");
    itsm__table_end(m);
}

static void ageing(itsm__markup *m, const itsm_report_figures *f)
{
    itsm__column columns[ITSM_REPORT_AGES];
    uint64_t over = 0;
    itsm__section_begin(m, "ageing", "Age of what is open");
    if (!f->open) {
        empty(m, "Nothing is open at the end of the period.");
        itsm__section_end(m);
        return;
    }
    for (size_t i = 0; i < ITSM_REPORT_AGES; i++) {
        columns[i].label = itsm_str_c(itsm__age_name(i)), columns[i].value = 0, columns[i].part = f->age_breached[i];
        for (int p = 0; p < ITSM_REPORT_PRIORITIES; p++) columns[i].value += f->age[i][p];
        over += f->age_breached[i];
    }
    itsm__put(
        m,
        "<p>Open on <span class=\"w\">%T</span>: <strong>%n</strong> incident%s, of which <strong>%n</strong> over "
        "the goal.</p>\n"
        "<figure style=\"max-width:460px\">\n",
        f->end, f->open, plural(f->open), over);
    itsm__columns(m, columns, ITSM_REPORT_AGES, "Age of open incidents",
                  "A column per age; the hatched part is over its goal already.");
    itsm__put(m, "</figure>\n<ul class=\"legend\">");
    legend_item(m, "<rect width=\"22\" height=\"14\" class=\"fb\"/>", "open");
    legend_item(m, "<rect width=\"22\" height=\"14\" class=\"hr\"/>", "of these, over the goal");
    itsm__put(m, "</ul>\n");
    ageing_table(m, f);
    itsm__section_end(m);
}

/* Breaches by weekday and hour ------------------------------------------------------------------------------------- */

static void heat_table(itsm__markup *m, const itsm_report_figures *f)
{
    itsm__table_begin(m, "Breaches by weekday and hour, as a table");
    itsm__put(m, "<thead><tr><th scope=\"col\">Hour</th>");
    for (int d = 0; d < 7; d++) itsm__put(m, "<th scope=\"col\" class=\"n\">%s</th>", itsm__weekday_name(d));
    itsm__put(m, "</tr></thead>\n<tbody>\n");
    for (int h = 0; h < 24; h++) {
        itsm__put(m, h < 10 ? "<tr><th scope=\"row\">0%d:00</th>" : "<tr><th scope=\"row\">%d:00</th>", h);
        for (int d = 0; d < 7; d++) itsm__put(m, "<td class=\"n\">%n</td>", f->breaches[d][h]);
        itsm__put(m, "</tr>\n");
    }
    itsm__put(m, "</tbody>\n");
    itsm__table_end(m);
}

static void heat(itsm__markup *m, const itsm_report_figures *f)
{
    int day = 0, hour = 0;
    itsm__section_begin(m, "breaches", "When goals run out");
    if (!f->breached) {
        empty(m, "No goal was exceeded in this period.");
        itsm__section_end(m);
        return;
    }
    for (int d = 0; d < 7; d++)
        for (int h = 0; h < 24; h++)
            if (f->breaches[d][h] > f->breaches[day][hour]) day = d, hour = h;
    itsm__put(m,
              "<p><strong>%n</strong> resolution goal%s ran out, most of them on %s from %d:00 to %d:00 "
              "(<strong>%n</strong>).</p>\n<figure>\n",
              f->breached, plural(f->breached), itsm__weekday_name(day), hour, hour + 1, f->breaches[day][hour]);
    itsm__heat_map(m, f, 0);
    itsm__heat_map(m, f, 1);
    itsm__put(m,
              "</figure>\n<p class=\"note\">Counted in the hour in which the goal ran out, not when it was noticed or "
              "resolved.</p>\n");
    heat_table(m, f);
    itsm__section_end(m);
}

/* Time in state ---------------------------------------------------------------------------------------------------- */

static void states_table(itsm__markup *m, const itsm_report_figures *f, uint64_t total)
{
    itsm__table_begin(m, "Time in state, as a table");
    itsm__put(
        m, "<thead><tr><th scope=\"col\">State</th><th scope=\"col\">Category</th><th scope=\"col\" class=\"n\">Visits"
           "</th><th scope=\"col\" class=\"n\">Incidents</th><th scope=\"col\" class=\"n\">Hours in all</th>"
           "<th scope=\"col\" class=\"n\">Share</th><th scope=\"col\" class=\"n\">Mean per visit</th></tr></thead>"
           "\n<tbody>\n");
    for (size_t i = 0; i < f->nstates; i++) {
        const itsm_report_state *s = f->states + i;
        itsm__put(
            m,
            "<tr><th scope=\"row\">%e</th><td>%e</td><td class=\"n\">%n</td><td class=\"n\">%n</td><td class=\"n\">"
            "%n</td>",
            s->state, s->category, s->visits, s->cases, (uint64_t)s->seconds / 3600);
        itsm__put(m, "<td class=\"n\">%p</td><td class=\"n\">%D</td></tr>\n", (uint64_t)s->seconds, total,
                  s->seconds / (int64_t)s->visits * ITSM_SECONDS(1));
    }
    itsm__put(m, "</tbody>\n");
    itsm__table_end(m);
}

static const char *category_fill(itsm_str category)
{
    return itsm_str_is(category, "paused")                                        ? "hs"
           : itsm_str_is(category, "resolved") || itsm_str_is(category, "closed") ? "fg"
                                                                                  : "fb";
}

static void states(itsm__markup *m, const itsm_report_figures *f)
{
    uint64_t total = 0;
    itsm__section_begin(m, "states", "Time in state");
    if (!f->nstates) {
        empty(m, "The source names no states.");
        itsm__section_end(m);
        return;
    }
    for (size_t i = 0; i < f->nstates; i++) total += (uint64_t)f->states[i].seconds;
    itsm__put(m,
              "<p>Where incidents spend their time, wall clock, all visits summed. Most of it is spent in <strong>"
              "%e</strong> "
              "(%p).</p>\n<ul class=\"bars\">\n",
              f->states[0].state, (uint64_t)f->states[0].seconds, total);
    for (size_t i = 0; i < f->nstates && i < STATES_SHOWN; i++) {
        const itsm_report_state *s = f->states + i;
        int64_t width = itsm__scale(s->seconds, 0, f->states[0].seconds ? f->states[0].seconds : 1, 10000);
        itsm__put(m, "<li><div>%e", s->state);
        if (s->category.n) itsm__put(m, "<br/><small>%e</small>", s->category);
        itsm__put(
            m,
            "</div><svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 1000 14\" preserveAspectRatio=\"none\" "
            "aria-hidden=\"true\"><rect "
            "width=\"%t\" height=\"14\" class=\"%s\"/></svg>",
            width, category_fill(s->category));
        itsm__put(m, "<div class=\"v\">%p<br/><small>%D a visit</small></div></li>\n", (uint64_t)s->seconds, total,
                  s->seconds / (int64_t)s->visits * ITSM_SECONDS(1));
    }
    itsm__put(
        m, "</ul>\n<p class=\"note\">Hatched: the clock is paused. Only the time between two events of the source is "
           "known; the last "
           "state of an incident has no end and is not counted.</p>\n");
    states_table(m, f, total);
    itsm__section_end(m);
}

/* Reopening and reassignment --------------------------------------------------------------------------------------- */

static void counts_panel(itsm__markup *m, const uint64_t *counts, const char *heading, const char *title)
{
    static const char *const names[ITSM_REPORT_COUNTS] = {"0", "1", "2", "3", "4", "5", "6", "7+"};
    itsm__column columns[ITSM_REPORT_COUNTS];
    for (size_t i = 0; i < ITSM_REPORT_COUNTS; i++)
        columns[i].label = itsm_str_c(names[i]), columns[i].value = counts[i], columns[i].part = 0;
    itsm__put(m, "<div><h3>%s</h3><p>incidents by number of times</p>\n", heading);
    itsm__columns(m, columns, ITSM_REPORT_COUNTS, title, "A column per number of times.");
    itsm__put(m, "</div>\n");
}

static void reopening(itsm__markup *m, const itsm_report_figures *f)
{
    itsm__section_begin(m, "reopening", "Reopened and passed on");
    if (!f->cases) {
        empty(m, "There are no incidents in this period.");
        itsm__section_end(m);
        return;
    }
    itsm__put(
        m,
        "<p><strong>%p</strong> of the incidents were reopened at least once; <strong>%p</strong> were never handed to "
        "another group or person.</p>\n<div class=\"panels pair\">\n",
        f->reopened_cases, f->cases, f->reassigned[0], f->cases);
    counts_panel(m, f->reopened, "Reopened", "Incidents by number of reopenings");
    counts_panel(m, f->reassigned, "Reassigned", "Incidents by number of reassignments");
    itsm__put(m, "</div>\n");
    itsm__table_begin(m, "Reopened and reassigned, as a table");
    itsm__put(m, "<thead><tr><th scope=\"col\">Times</th><th scope=\"col\" class=\"n\">Reopened</th><th scope=\"col\" "
                 "class=\"n\">Reassigned</th></tr></thead>\n<tbody>\n");
    for (size_t i = 0; i < ITSM_REPORT_COUNTS; i++)
        itsm__put(m, "<tr><th scope=\"row\">%d%s</th><td class=\"n\">%n</td><td class=\"n\">%n</td></tr>\n", (int)i,
                  i + 1 == ITSM_REPORT_COUNTS ? " or more" : "", f->reopened[i], f->reassigned[i]);
    itsm__put(m, "</tbody>\n");
    itsm__table_end(m);
    itsm__section_end(m);
}

/* Conformance ------------------------------------------------------------------------------------------------------ */

static void deviation_rows(itsm__markup *m, const itsm_report_deviation_count *rows, size_t n)
{
    itsm__put(
        m, "<div class=\"scroll\"><table class=\"stack\"><thead><tr><th scope=\"col\">Move</th><th scope=\"col\">Rule "
           "missed</th>"
           "<th scope=\"col\">Clause</th><th scope=\"col\" class=\"n\">Count</th><th scope=\"col\" class=\"n\">"
           "Incidents</th>"
           "</tr></thead>\n<tbody>\n");
    for (size_t i = 0; i < n && i < DEVIATIONS_SHOWN; i++) {
        itsm__put(
            m,
            "<tr><th scope=\"row\">%e</th><td data-l=\"Rule\"><code>%e</code></td><td data-l=\"Clause\" class=\"w\">",
            rows[i].move, rows[i].rule);
        if (rows[i].clause.n) itsm__put(m, "%e", rows[i].clause);
        else itsm__put(m, "\xE2\x80\x93");
        itsm__put(m, "</td><td class=\"n\" data-l=\"Count\">%n</td><td class=\"n\" data-l=\"Incidents\">%n</td></tr>\n",
                  rows[i].count, rows[i].cases);
    }
    itsm__put(m, "</tbody></table></div>\n");
    if (n > DEVIATIONS_SHOWN)
        itsm__put(m, "<p class=\"note\">%n further kinds, less frequent, are not shown.</p>\n",
                  (uint64_t)(n - DEVIATIONS_SHOWN));
}

static void conformance(itsm__markup *m, const itsm_report_figures *f)
{
    itsm__section_begin(m, "conformance", "Does the history follow the lifecycle?");
    itsm__put(
        m,
        "<p>History is observed, never refused: every event is kept as it happened. Where the lifecycle would not have "
        "allowed a step, the rule it misses and the clause behind it are counted.</p>\n");
    if (!f->ndeviations) {
        empty(m, f->cases ? "No deviation was found." : "There are no incidents in this period.");
    } else {
        itsm__put(m, "<p><strong>%n</strong> deviation%s of %n kind%s, in <strong>%p</strong> of the incidents.</p>\n",
                  f->deviation_count, plural(f->deviation_count), (uint64_t)f->ndeviations,
                  plural((uint64_t)f->ndeviations), f->deviating_cases, f->cases);
        deviation_rows(m, f->deviations, f->ndeviations);
    }
    if (f->nundecided) {
        itsm__put(
            m,
            "<h3 class=\"after\">Undecided</h3>\n<p class=\"soft\">The source does not carry what these rules ask for, "
            "so they count neither as kept nor as missed: %n time%s.</p>\n",
            f->undecided_count, plural(f->undecided_count));
        itsm__put(m, "<details><summary>%n rule%s that could not be decided</summary>\n", (uint64_t)f->nundecided,
                  plural((uint64_t)f->nundecided));
        deviation_rows(m, f->undecided, f->nundecided);
        itsm__put(m, "</details>\n");
    }
    itsm__section_end(m);
}

/* Worst breaches --------------------------------------------------------------------------------------------------- */

static void wall_time(itsm__markup *m, int64_t wall, int is_end)
{
    itsm_civil c;
    if (itsm_civil_from_local(&c, is_end ? wall - 1 : wall) != ITSM_OK) return;
    if (is_end && c.hour == 23 && c.minute == 59 && c.second == 59 && c.microsecond == 999999) {
        itsm__put(m, "24:00");
        return;
    }
    if (itsm_civil_from_local(&c, wall) != ITSM_OK) return;
    itsm__put(m, c.minute < 10 ? "%d:0%d" : "%d:%d", (int)c.hour, (int)c.minute);
    if (c.second) itsm__put(m, c.second < 10 ? ":0%d" : ":%d", (int)c.second);
}

static void derivation_line(itsm__markup *m, const itsm_report_line *line, int with_stopped)
{
    if (line->why) {
        itsm__put(m, "<tr><th scope=\"row\" class=\"w\">%s %Y</th><td class=\"w\">",
                  itsm__weekday_name(itsm_date_weekday(line->date)), line->date);
        wall_time(m, line->local_from, 0), itsm__put(m, "\xE2\x80\x93"), wall_time(m, line->local_to, 1);
    } else {
        itsm__put(m, "<tr><th scope=\"row\" class=\"w\">from %Y</th><td class=\"w\">all further lines", line->date);
    }
    itsm__put(m, "</td><td class=\"n\">%H</td><td class=\"n\">%H</td>", line->counted, line->paused);
    if (with_stopped) itsm__put(m, "<td class=\"n\">%H</td>", line->stopped);
    itsm__put(m, "<td class=\"n%s\">%H</td><td class=\"w\">%s", line->left < 0 ? " late" : "", line->left,
              line->why ? itsm_why_text(line->why) : "folded");
    if (line->name.n) itsm__put(m, ": %e", line->name);
    itsm__put(m, "</td></tr>\n");
}

void itsm__derivation(itsm__markup *m, const itsm_report_line *lines, size_t n, itsm_span goal)
{
    itsm_span counted = 0, paused = 0, stopped = 0;
    for (size_t i = 0; i < n; i++) counted += lines[i].counted, paused += lines[i].paused, stopped += lines[i].stopped;
    itsm__put(m,
              "<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"Derivation\"><table>\n<thead><tr><th "
              "scope=\"col\">Date"
              "</th><th scope=\"col\">Open hours</th><th scope=\"col\" class=\"n\">Counted</th><th scope=\"col\" "
              "class=\"n\">Paused</th>%s"
              "<th scope=\"col\" class=\"n\">Left of goal</th><th scope=\"col\">Why</th></tr></thead>\n<tbody>\n",
              stopped ? "<th scope=\"col\" class=\"n\">Stopped</th>" : "");
    for (size_t i = 0; i < n; i++) derivation_line(m, lines + i, stopped != 0);
    itsm__put(
        m,
        "</tbody>\n<tfoot><tr><th scope=\"row\" colspan=\"2\">Sum</th><td class=\"n\">%H</td><td class=\"n\">%H</td>",
        counted, paused);
    if (stopped) itsm__put(m, "<td class=\"n\">%H</td>", stopped);
    if (n) itsm__put(m, "<td class=\"n\">%H</td>", lines[n - 1].left);
    else itsm__put(m, "<td></td>");
    itsm__put(m, "<td>of a goal of %H</td></tr></tfoot></table></div>\n", goal);
}

static void breach(itsm__markup *m, const itsm_report_figures *f, const itsm_report_breach *b, int open)
{
    itsm__put(m, "<article class=\"case\"><h3>%e", b->number);
    if (b->title.n) itsm__put(m, " \xC2\xB7 %e", b->title);
    itsm__put(m, " <span>\xC2\xB7 ");
    if (b->priority_label.n) itsm__put(m, "%e", b->priority_label);
    else itsm__priority_name(m, f, b->priority);
    itsm__put(m,
              "</span></h3>\n<dl class=\"facts\"><div><dt>Used</dt><dd>%H</dd></div><div><dt>Goal</dt><dd>%H</dd></div>"
              "<div><dt>Over by</dt><dd class=\"late\">%H</dd></div><div><dt>Paused</dt><dd>%H</dd></div>",
              b->used, b->goal, b->over, b->paused);
    itsm__put(
        m, "<div><dt>Opened</dt><dd>%T</dd></div><div><dt>Goal ran out</dt><dd>%T</dd></div><div><dt>Resolved</dt><dd>",
        b->opened, b->breached_at != ITSM_TIME_NONE ? b->breached_at : b->due);
    if (b->resolved != ITSM_TIME_NONE) itsm__put(m, "%T", b->resolved);
    else itsm__put(m, "still open");
    itsm__put(m, "</dd></div></dl>\n");
    if (b->nlines) {
        itsm__put(m, "<details%s><summary>How this comes about, line by line</summary>\n",
                  open && b->nlines <= LINES_OPEN ? " open=\"open\"" : "");
        itsm__derivation(m, b->lines, b->nlines, b->goal);
        itsm__put(m, "</details>\n");
    }
    itsm__put(m, "</article>\n");
}

static void worst(itsm__markup *m, const itsm_report_figures *f)
{
    itsm__put(
        m,
        "<section id=\"worst\" class=\"long\" aria-labelledby=\"h-worst\">\n<h2 id=\"h-worst\">Worst breaches</h2>\n");
    if (!f->nworst) {
        empty(m, "No incident is over its goal.");
    } else {
        itsm__put(
            m,
            "<p class=\"soft\">The incidents with the most working time beyond the goal, in hours and minutes. Closed "
            "hours and pauses are not counted; each figure is derived line by line.</p>\n");
        for (size_t i = 0; i < f->nworst; i++) breach(m, f, f->worst + i, i == 0);
    }
    itsm__section_end(m);
}

void itsm__sections(itsm__markup *m, const itsm_report_figures *f)
{
    key_figures(m, f);
    attainment(m, f), backlog(m, f), time_to_resolve(m, f), ageing(m, f), heat(m, f), states(m, f), reopening(m, f);
    conformance(m, f), worst(m, f);
}
