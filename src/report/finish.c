/* SPDX-License-Identifier: MIT */
/*
 * The end of a report: rows sorted, quantiles taken, the worst breaches explained.
 *
 *   itsm_report_finish   O(n log n) in the cases for the quantiles, in the rows for the rest
 *   itsm_report_read     the figures
 *
 * Everything is worked out into arrays of the result arena, beside what was counted, which stays as it is until all of
 * it has succeeded: a finish that failed for want of memory may be tried again, or more cases fed first.
 * Sorting by heap is not stable, so every comparison ends in something unique: equal cases in another order give the
 * same report, byte for byte.
 */
#include "report/report.h"

#include "base/bits.h"
#include "base/ctx.h"
#include "base/sort.h"

static const itsm_span BIN_EDGES[ITSM_REPORT_BINS] = {
    ITSM_MINUTES(15), ITSM_MINUTES(30), ITSM_HOURS(1),  ITSM_HOURS(2), ITSM_HOURS(4), ITSM_HOURS(8),
    ITSM_HOURS(16),   ITSM_DAYS(1),     ITSM_DAYS(2),   ITSM_DAYS(4),  ITSM_DAYS(7),  ITSM_DAYS(14),
    ITSM_DAYS(28),    ITSM_DAYS(56),    ITSM_DAYS(112), ITSM_SPAN_NONE};

static const itsm_span AGE_EDGES[ITSM_REPORT_AGES] = {ITSM_DAYS(1),  ITSM_DAYS(3),  ITSM_DAYS(7),  ITSM_DAYS(14),
                                                      ITSM_DAYS(28), ITSM_DAYS(84), ITSM_SPAN_NONE};

itsm_span itsm_report_bin_edge(size_t i)
{
    return i < ITSM_REPORT_BINS ? BIN_EDGES[i] : ITSM_SPAN_NONE;
}

itsm_span itsm_report_age_edge(size_t i)
{
    return i < ITSM_REPORT_AGES ? AGE_EDGES[i] : ITSM_SPAN_NONE;
}

static size_t step_of(const itsm_span *edges, size_t n, itsm_span span)
{
    size_t i = 0;
    while (i + 1 < n && span > edges[i]) i++;
    return i;
}

/* An array in the result arena; n 0 gives some pointer. */
static void *result_array(itsm_report *report, size_t n, size_t element)
{
    size_t bytes;
    return itsm__size_mul(&bytes, n, element) ? itsm__arena_alloc(&report->result, bytes) : NULL;
}

/* Days and months -------------------------------------------------------------------------------------------------- */

static int compare_days(const void *a, const void *b, void *user)
{
    const itsm_report_day *x = a, *y = b;
    (void)user;
    return (x->day > y->day) - (x->day < y->day);
}

static itsm_status finish_days(itsm_report *report, itsm_report_figures *figures)
{
    const itsm_report_day *rows = report->days.p;
    size_t n = 0, all = report->days.map.count;
    itsm_report_day *days = result_array(report, all, sizeof *days);
    if (!days) return ITSM_E_NOMEM;
    for (size_t i = 0; i < all; i++)
        if (rows[i].created || rows[i].resolved || rows[i].closed) days[n++] = rows[i];
    itsm__sort(days, n, sizeof *days, compare_days, NULL);
    int64_t unresolved = 0, unclosed = 0;
    for (size_t i = 0; i < n; i++) {
        unresolved += (int64_t)days[i].created - (int64_t)days[i].resolved;
        unclosed += (int64_t)days[i].created - (int64_t)days[i].closed;
        days[i].unresolved = unresolved, days[i].unclosed = unclosed;
    }
    figures->days = days, figures->ndays = n;
    return ITSM_OK;
}

static int compare_months(const void *a, const void *b, void *user)
{
    const itsm_report_month *x = a, *y = b;
    (void)user;
    if (x->year != y->year) return x->year < y->year ? -1 : 1;
    return (x->month > y->month) - (x->month < y->month);
}

static itsm_status finish_months(itsm_report *report, itsm_report_figures *figures)
{
    const itsm_report_month *rows = report->months.p;
    size_t n = 0, all = report->months.map.count;
    itsm_report_month *months = result_array(report, all, sizeof *months);
    if (!months) return ITSM_E_NOMEM;
    for (size_t i = 0; i < all; i++)
        if (rows[i].all.total) months[n++] = rows[i];
    itsm__sort(months, n, sizeof *months, compare_months, NULL);
    figures->months = months, figures->nmonths = n;
    return ITSM_OK;
}

/* Lengths of time -------------------------------------------------------------------------------------------------- */

static int compare_values(const void *a, const void *b, void *user)
{
    const itsm__report_value *x = a, *y = b;
    (void)user;
    if (x->span != y->span) return x->span < y->span ? -1 : 1;
    return (x->priority > y->priority) - (x->priority < y->priority);
}

/* Linear interpolation between the neighbours of rank (n - 1) permille / 1000; values sorted. */
static itsm_span quantile(const itsm_span *sorted, size_t n, uint64_t permille)
{
    uint64_t rank = (uint64_t)(n - 1) * permille;
    size_t at = (size_t)(rank / 1000);
    int64_t part = (int64_t)(rank % 1000), a = sorted[at];
    if (!part) return a;
    int64_t distance = sorted[at + 1] - a; /* no value is negative: it fits */
    return a + distance / 1000 * part + distance % 1000 * part / 1000;
}

static itsm_span mean_of(const itsm_span *values, size_t n)
{
    int64_t seconds = 0, micros = 0;
    for (size_t i = 0; i < n; i++) {
        seconds += itsm__floor_div(values[i], ITSM_SECONDS(1)), micros += itsm__floor_mod(values[i], ITSM_SECONDS(1));
        if (micros >= ITSM_SECONDS(1)) seconds++, micros -= ITSM_SECONDS(1);
    }
    int64_t count = (int64_t)n;
    return itsm__floor_div(seconds, count) * ITSM_SECONDS(1) +
           (itsm__floor_mod(seconds, count) * ITSM_SECONDS(1) + micros) / count;
}

static void fill_spread(itsm_report_spread *out, const itsm_span *sorted, size_t n)
{
    memset(out, 0, sizeof *out);
    if (!n) return;
    out->n = n, out->min = sorted[0], out->max = sorted[n - 1], out->mean = mean_of(sorted, n);
    out->p50 = quantile(sorted, n, 500), out->p90 = quantile(sorted, n, 900);
    for (size_t i = 0; i < n; i++) out->bins[step_of(BIN_EDGES, ITSM_REPORT_BINS, sorted[i])]++;
}

/* Values are sorted where they lie: no later feeding minds their order. */
static itsm_status finish_spreads(itsm_report *report, itsm_report_spreads *out, const itsm__report_values *values)
{
    itsm_span *sorted = result_array(report, values->n, sizeof *sorted);
    if (!sorted) return ITSM_E_NOMEM;
    itsm__sort(values->p, values->n, sizeof *values->p, compare_values, NULL);
    for (size_t i = 0; i < values->n; i++) sorted[i] = values->p[i].span;
    fill_spread(&out->all, sorted, values->n);
    for (int32_t priority = 0; priority < ITSM_REPORT_PRIORITIES; priority++) {
        size_t n = 0;
        for (size_t i = 0; i < values->n; i++)
            if (values->p[i].priority == priority) sorted[n++] = values->p[i].span;
        fill_spread(&out->by_priority[priority], sorted, n);
    }
    return ITSM_OK;
}

static void finish_ages(const itsm_report *report, itsm_report_figures *figures)
{
    memset(figures->age, 0, sizeof figures->age), memset(figures->age_breached, 0, sizeof figures->age_breached);
    for (size_t i = 0; i < report->nopen; i++) {
        const itsm__report_open *open = report->open + i;
        itsm_span age;
        if (!itsm__sub(&age, figures->end, open->opened)) age = figures->end < open->opened ? 0 : INT64_MAX;
        size_t step = step_of(AGE_EDGES, ITSM_REPORT_AGES, age);
        figures->age[step][open->priority]++;
        if (open->breached) figures->age_breached[step]++;
    }
}

/* States and deviations -------------------------------------------------------------------------------------------- */

static int compare_texts(itsm_str a, itsm_str b)
{
    size_t n = a.n < b.n ? a.n : b.n;
    int order = n ? memcmp(a.p, b.p, n) : 0;
    return order ? order : (a.n > b.n) - (a.n < b.n);
}

static int compare_states(const void *a, const void *b, void *user)
{
    const itsm_report_state *x = a, *y = b;
    (void)user;
    if (x->seconds != y->seconds) return x->seconds > y->seconds ? -1 : 1;
    return compare_texts(x->state, y->state);
}

static itsm_status finish_states(itsm_report *report, itsm_report_figures *figures)
{
    const itsm__map *map = &report->states.map;
    itsm_report_state *states = result_array(report, map->count, sizeof *states);
    size_t n = 0;
    if (!states) return ITSM_E_NOMEM;
    for (size_t i = 0; i < map->count; i++) {
        const itsm__report_stay *stay = (const itsm__report_stay *)report->states.p + i;
        if (!stay->visits) continue;
        itsm_report_state *state = states + n++;
        state->state = map->entries[i].key, state->category = stay->category;
        state->visits = stay->visits, state->cases = stay->cases, state->seconds = stay->seconds;
    }
    itsm__sort(states, n, sizeof *states, compare_states, NULL);
    figures->states = states, figures->nstates = n;
    return ITSM_OK;
}

static int compare_misses(const void *a, const void *b, void *user)
{
    const itsm_report_deviation_count *x = a, *y = b;
    int order;
    (void)user;
    if (x->count != y->count) return x->count > y->count ? -1 : 1;
    if ((order = compare_texts(x->move, y->move)) != 0) return order;
    if ((order = compare_texts(x->rule, y->rule)) != 0) return order;
    return compare_texts(x->clause, y->clause);
}

static itsm_status finish_misses(itsm_report *report, const itsm_report_deviation_count **out, size_t *out_n,
                                 int32_t undecided)
{
    size_t n = 0, all = report->misses.map.count;
    itsm_report_deviation_count *rows = result_array(report, all, sizeof *rows);
    if (!rows) return ITSM_E_NOMEM;
    for (size_t i = 0; i < all; i++) {
        const itsm__report_miss *miss = (const itsm__report_miss *)report->misses.p + i;
        if (!miss->count || miss->undecided != undecided) continue;
        itsm_report_deviation_count *row = rows + n++;
        row->move = miss->move, row->rule = miss->rule, row->clause = miss->clause;
        row->count = miss->count, row->cases = miss->cases;
    }
    itsm__sort(rows, n, sizeof *rows, compare_misses, NULL);
    *out = rows, *out_n = n;
    return ITSM_OK;
}

/* Worst breaches --------------------------------------------------------------------------------------------------- */

static int compare_candidates(const void *a, const void *b, void *user)
{
    const itsm__report_candidate *worst = user;
    size_t x, y;
    memcpy(&x, a, sizeof x), memcpy(&y, b, sizeof y);
    if (itsm__report_weaker(&worst[y].row, &worst[x].row)) return -1;
    return itsm__report_weaker(&worst[x].row, &worst[y].row) || x > y;
}

static itsm_status explain_breach(itsm_report *report, itsm_report_breach *out, const itsm_report_clock *clock,
                                  itsm_report_line *scratch)
{
    size_t n = 0;
    itsm_status rc = itsm_report_explain(scratch, &n, clock, report->figures.end);
    if (rc == ITSM_NOTHING) return ITSM_OK;
    if (rc != ITSM_OK)
        return itsm__issue(report->ctx, rc, ITSM_STR("clock"), ITSM_STR(""), ITSM_STR(""),
                           "case %S cannot be explained: %s", out->number, itsm_status_text(rc));
    itsm_report_line *lines = result_array(report, n, sizeof *lines);
    if (!lines) return ITSM_E_NOMEM;
    for (size_t i = 0; i < n; i++) {
        lines[i] = scratch[i];
        if ((rc = itsm__arena_copy(&lines[i].name, &report->result, scratch[i].name)) != ITSM_OK) return rc;
        out->sum_counted += lines[i].counted, out->sum_paused += lines[i].paused;
        out->sum_stopped += lines[i].stopped;
    }
    out->lines = lines, out->nlines = n;
    return ITSM_OK;
}

static itsm_status finish_worst(itsm_report *report, itsm_report_figures *figures)
{
    itsm_report_breach *rows = result_array(report, report->nworst, sizeof *rows);
    size_t *order = result_array(report, report->nworst, sizeof *order);
    itsm_report_line *scratch = result_array(report, ITSM_REPORT_LINES + 1, sizeof *scratch);
    itsm_status rc = ITSM_OK;
    if (!rows || !order || !scratch) return ITSM_E_NOMEM;
    for (size_t i = 0; i < report->nworst; i++) order[i] = i;
    itsm__sort(order, report->nworst, sizeof *order, compare_candidates, report->worst);
    for (size_t i = 0; rc == ITSM_OK && i < report->nworst; i++) {
        rows[i] = report->worst[order[i]].row;
        rc = explain_breach(report, rows + i, &report->worst[order[i]].clock, scratch);
    }
    figures->worst = rows, figures->nworst = report->nworst;
    return rc;
}

itsm_status itsm_report_finish(itsm_report *report)
{
    if (!report) return ITSM_E_MISUSE;
    itsm__issues_clear(report->ctx);
    if (report->finished) return ITSM_E_MISUSE;
    itsm_report_figures *figures = &report->figures;
    itsm_status rc;
    itsm__arena_reset(&report->result);
    figures->end = report->end != ITSM_TIME_NONE ? report->end : report->last;
    finish_ages(report, figures);
    if ((rc = finish_days(report, figures)) != ITSM_OK || (rc = finish_months(report, figures)) != ITSM_OK ||
        (rc = finish_spreads(report, &figures->elapsed, &report->elapsed)) != ITSM_OK ||
        (rc = finish_spreads(report, &figures->working, &report->working)) != ITSM_OK ||
        (rc = finish_states(report, figures)) != ITSM_OK ||
        (rc = finish_misses(report, &figures->deviations, &figures->ndeviations, 0)) != ITSM_OK ||
        (rc = finish_misses(report, &figures->undecided, &figures->nundecided, 1)) != ITSM_OK ||
        (rc = finish_worst(report, figures)) != ITSM_OK)
        return rc;
    report->finished = 1;
    return ITSM_OK;
}

const itsm_report_figures *itsm_report_read(const itsm_report *report)
{
    return report && report->finished ? &report->figures : NULL;
}
