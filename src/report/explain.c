/* SPDX-License-Identifier: MIT */
/*
 * How a figure came about: the pieces of itsm_clock_explain(), as lines a person reads.
 *
 * Closed hours add nothing and get no line, except holidays, whose names are the answer to "why not?".  A clock that
 * ran for years would have thousands of lines, and a hostile one millions: after ITSM_REPORT_LINES the walk stops, and
 * one last line takes the rest, which is what the clock itself says less what was told.  So the lines always sum to
 * the reading, and the cost is O(ITSM_REPORT_LINES) plus one replay.
 */
#include <itsm/report.h>

#define STOP_WALK 1000 /* news of our own, never seen outside */

typedef struct walk {
    itsm_report_line *lines;
    size_t n;
} walk;

static itsm_status take_row(void *user, const itsm_clock_explanation *row)
{
    walk *w = user;
    int adds = row->counted || row->paused || row->stopped;
    if (!adds && row->time.why != ITSM_WHY_HOLIDAY) return ITSM_OK;
    if (w->n == ITSM_REPORT_LINES) return STOP_WALK;
    itsm_report_line *line = w->lines + w->n++;
    memset(line, 0, sizeof *line);
    line->date = row->time.date, line->local_from = row->time.local_from, line->local_to = row->time.local_to;
    line->from = row->time.from, line->to = row->time.to, line->why = row->time.why, line->name = row->time.name;
    line->counted = row->counted, line->paused = row->paused, line->stopped = row->stopped, line->left = row->left;
    return ITSM_OK;
}

/* One line for all that was not told. */
static itsm_status fold_rest(walk *w, const itsm_report_clock *clock, itsm_time until)
{
    itsm_clock_reading reading = ITSM_CLOCK_READING_INIT;
    itsm_report_line rest = w->lines[w->n - 1];
    itsm_clock state;
    itsm_status rc = itsm_clock_replay(&state, clock->targets, clock->ntargets, clock->events, clock->nevents);
    if (rc == ITSM_OK) rc = itsm_clock_read(&reading, &state, until);
    if (rc != ITSM_OK) return rc;
    rest.from = rest.to, rest.to = reading.stopped_at != ITSM_TIME_NONE ? reading.stopped_at : until;
    rest.local_from = rest.local_to, rest.why = 0, rest.name = itsm_str_n(NULL, 0);
    rest.counted = reading.used, rest.paused = reading.paused, rest.stopped = reading.stopped;
    rest.left = reading.remaining;
    for (size_t i = 0; i < w->n; i++) {
        rest.counted -= w->lines[i].counted, rest.paused -= w->lines[i].paused;
        rest.stopped -= w->lines[i].stopped;
    }
    w->lines[w->n++] = rest;
    return ITSM_OK;
}

itsm_status itsm_report_explain(itsm_report_line *out, size_t *n, const itsm_report_clock *clock, itsm_time until)
{
    if (n) *n = 0;
    if (!out || !n || !clock) return ITSM_E_MISUSE;
    if (!clock->targets || !clock->ntargets) return ITSM_NOTHING;
    walk w = {out, 0};
    if (clock->nevents && clock->events && until < clock->events[clock->nevents - 1].at)
        until = clock->events[clock->nevents - 1].at;
    itsm_status rc =
        itsm_clock_explain(clock->targets, clock->ntargets, clock->events, clock->nevents, until, take_row, &w);
    if (rc == STOP_WALK) rc = fold_rest(&w, clock, until);
    if (rc == ITSM_OK) *n = w.n;
    return rc;
}
