/* SPDX-License-Identifier: MIT */
/*
 * The life of one record against its clock: open hours shaded behind everything, a band of states, a band of the clock
 * (counting, paused, beyond the goal), lines for what is due and what happened, a time axis in local time.
 *
 * Drawn from the opening to the resolution, or to the due instant if that is later.  Open intervals that touch in the
 * drawing become one mark, and spans over twenty years are drawn without them: the number of marks is bounded by the
 * width, whatever the record says.
 */
#include "render/page.h"

#include "base/bits.h"
#include "report/local.h"

#define SHADED_AT_MOST ITSM_DAYS(20 * 366)

typedef struct scene {
    const itsm_report_case *item;
    itsm_report_clock clock;
    const itsm_calendar *calendar; /* NULL: every hour counts */
    itsm_time from, length;
    itsm__frame frame;
    int narrow, shaded;
} scene;

static int64_t x_of(const scene *s, itsm_time t)
{
    return s->frame.left + itsm__scale(t, s->from, s->length, s->frame.right - s->frame.left);
}

static void later(itsm_time *last, itsm_time t)
{
    if (t != ITSM_TIME_NONE && t > *last) *last = t;
}

/* What is drawn: ITSM_E_RANGE if it is no span of time. */
static itsm_status scene_span(scene *s, itsm_time end)
{
    const itsm_report_case *item = s->item;
    itsm_time last = item->opened;
    later(&last, item->resolved), later(&last, s->clock.due);
    if (s->clock.breached) later(&last, s->clock.breached_at);
    if (item->resolved == ITSM_TIME_NONE) {
        later(&last, item->closed), later(&last, end);
        for (size_t i = 0; end == ITSM_TIME_NONE && i < item->nsegments; i++) later(&last, item->segments[i].to);
    }
    if (!itsm__sub(&s->length, last, item->opened)) return ITSM_E_RANGE;
    itsm_span margin = s->length / 40 > ITSM_MINUTES(1) ? s->length / 40 : ITSM_MINUTES(1);
    if (!itsm__sub(&s->from, item->opened, margin) || !itsm__add(&s->length, s->length, margin + margin))
        return ITSM_E_RANGE;
    s->shaded = s->length <= SHADED_AT_MOST;
    return ITSM_OK;
}

/* Open hours ------------------------------------------------------------------------------------------------------- */

static void band(itsm__markup *m, int64_t from, int64_t to, int64_t top, int64_t bottom, const char *classes)
{
    if (to - from < 8) to = from + 8;
    itsm__put(m, "<rect x=\"%t\" y=\"%t\" width=\"%t\" height=\"%t\" class=\"%s\"/>\n", from, top, to - from,
              bottom - top, classes);
}

/* Open time in [from, to) as bands; those that touch in the drawing are one. */
static void open_bands(itsm__markup *m, const scene *s, itsm_time from, itsm_time to, int64_t top, int64_t bottom,
                       const char *classes)
{
    itsm_calendar_cursor walk;
    itsm_interval open;
    int64_t start = -1, end = -1;
    if (to <= from) return;
    if (!s->calendar || !s->shaded) {
        band(m, x_of(s, from), x_of(s, to), top, bottom, classes);
        return;
    }
    itsm_calendar_intervals(&walk, s->calendar, from, to);
    while (itsm_calendar_intervals_next(&open, &walk) == ITSM_OK) {
        int64_t x = x_of(s, open.from), next = x_of(s, open.to);
        if (start >= 0 && x - end < 6) {
            end = next;
            continue;
        }
        if (start >= 0) band(m, start, end, top, bottom, classes);
        start = x, end = next;
    }
    if (start >= 0) band(m, start, end, top, bottom, classes);
}

/* Bands ------------------------------------------------------------------------------------------------------------ */

static const char *category_fill(itsm_str category)
{
    static const char *const fills[][2] = {{"initial", "q2"},  {"open", "q4"},   {"paused", "hs"},
                                           {"resolved", "fg"}, {"closed", "fg"}, {"cancelled", "q0"}};
    for (size_t i = 0; i < sizeof fills / sizeof fills[0]; i++)
        if (itsm_str_is(category, fills[i][0])) return fills[i][1];
    return "q1";
}

static void state_band(itsm__markup *m, const scene *s, int64_t top)
{
    for (size_t i = 0; i < s->item->nsegments; i++) {
        const itsm_report_segment *g = s->item->segments + i;
        if (g->from == ITSM_TIME_NONE || g->to == ITSM_TIME_NONE || g->to <= g->from) continue;
        int64_t x = x_of(s, g->from), end = x_of(s, g->to);
        if (x >= s->frame.right) continue;
        const char *fill = category_fill(g->category);
        itsm__put(m, "<rect x=\"%t\" y=\"%t\" width=\"%t\" height=\"26\" class=\"%s\"/>", x, top,
                  end - x > 10 ? end - x - 6 : (int64_t)8, fill);
        if (end - x < 75 * (int64_t)g->state.n + 100) continue;
        if (!strcmp(fill, "hs"))
            itsm__put(m, "<rect x=\"%t\" y=\"%t\" width=\"%t\" height=\"18\" rx=\"3\" style=\"fill:var(--card)\"/>",
                      x + 30, top + 40, 70 * (int64_t)g->state.n + 60);
        itsm__text_at(m, x + 60, top + 175, !strcmp(fill, "q4") || !strcmp(fill, "fg") ? "o5" : "k");
        itsm__put(m, "%e</text>\n", g->state);
    }
}

static void running(itsm__markup *m, const scene *s, itsm_time from, itsm_time to, int64_t top)
{
    itsm_time breach = s->clock.breached && s->clock.breached_at != ITSM_TIME_NONE ? s->clock.breached_at : to;
    itsm_time met = breach < from ? from : breach < to ? breach : to;
    itsm__put(m, "<line x1=\"%t\" x2=\"%t\" y1=\"%t\" y2=\"%t\" class=\"axis\"/>", x_of(s, from), x_of(s, to),
              top + 130, top + 130);
    open_bands(m, s, from, met, top, top + 260, "fb");
    open_bands(m, s, met, to, top, top + 260, "hr");
}

/* Fold the events into stretches of counting and of pause. */
static void clock_band(itsm__markup *m, const scene *s, int64_t top, itsm_time until)
{
    const itsm_report_clock *clock = &s->clock;
    int started = 0, stopped = 0, ignores = clock->targets->pause == ITSM_PAUSE_IGNORED;
    uint64_t causes = 0;
    itsm_time since = s->from;
    for (size_t i = 0; i <= clock->nevents; i++) {
        itsm_time at = i < clock->nevents ? clock->events[i].at : until;
        if (started && !stopped && at > since) {
            if (!causes || ignores) running(m, s, since, at, top);
            else band(m, x_of(s, since), x_of(s, at), top, top + 260, "hs");
        }
        if (i == clock->nevents) break;
        since = at;
        uint64_t cause = clock->events[i].cause < 64 ? UINT64_C(1) << clock->events[i].cause : 0;
        switch (clock->events[i].kind) {
        case ITSM_CLOCK_START: started = 1; break;
        case ITSM_CLOCK_PAUSE: causes |= cause; break;
        case ITSM_CLOCK_RESUME: causes &= ~cause; break;
        case ITSM_CLOCK_STOP: stopped = 1; break;
        case ITSM_CLOCK_REOPEN: stopped = stopped && clock->targets->reopen == ITSM_REOPEN_IGNORE; break;
        case ITSM_CLOCK_RESET: started = stopped = 0; break;
        case ITSM_CLOCK_CANCEL: stopped = 1; break;
        default: break;
        }
    }
}

/* Lines and axis --------------------------------------------------------------------------------------------------- */

static void upright(itsm__markup *m, const scene *s, itsm_time t, int64_t y, const char *classes, const char *name)
{
    if (t == ITSM_TIME_NONE) return;
    int64_t x = x_of(s, t), room = 2050;
    int at_end = x > s->frame.right - room;
    itsm__put(m, "<line x1=\"%t\" x2=\"%t\" y1=\"%t\" y2=\"%t\" class=\"%s\"/>", x, x, y - 90, s->frame.bottom,
              classes);
    itsm__text_at(m, at_end ? x - 50 : x + 50, y, at_end ? "e k halo" : "k halo");
    itsm__put(m, "%s %T</text>\n", name, t);
}

static itsm_time instant_of(const itsm_zone *zone, int64_t wall)
{
    itsm_resolved found;
    if (!zone) return wall;
    return itsm_zone_instant(&found, zone, wall) == ITSM_OK ? found.first : ITSM_TIME_NONE;
}

static void tick(itsm__markup *m, const scene *s, int64_t wall, itsm_span step, int first)
{
    itsm_civil c;
    itsm_time t = instant_of(m->zone, wall);
    if (t == ITSM_TIME_NONE || t < s->from || itsm_civil_from_local(&c, wall) != ITSM_OK) return;
    int64_t x = x_of(s, t), y = s->frame.bottom;
    itsm__put(m, "<line x1=\"%t\" x2=\"%t\" y1=\"%t\" y2=\"%t\" class=\"axis\"/>", x, x, y, y + 50);
    itsm__text_at(m, x, y + 180, "m s");
    if (step < ITSM_DAYS(1) && (c.hour || c.minute)) {
        itsm__put(m, c.minute < 10 ? "%d:0%d</text>" : "%d:%d</text>", (int)c.hour, (int)c.minute);
    } else if (step < ITSM_DAYS(300)) {
        itsm__put(m, "%d %s</text>", (int)c.day, itsm__month_name(c.month));
    } else {
        itsm__put(m, "%d</text>", (int)c.year);
        return;
    }
    if (!first) return;
    itsm__text_at(m, x, y + 320, "m s");
    if (step < ITSM_DAYS(1) && (c.hour || c.minute)) itsm__put(m, "%d %s ", (int)c.day, itsm__month_name(c.month));
    itsm__put(m, "%d</text>\n", (int)c.year);
}

static void time_axis(itsm__markup *m, const scene *s)
{
    static const itsm_span steps[] = {ITSM_MINUTES(5), ITSM_MINUTES(15), ITSM_HOURS(1),  ITSM_HOURS(3),  ITSM_HOURS(6),
                                      ITSM_HOURS(12),  ITSM_DAYS(1),     ITSM_DAYS(2),   ITSM_DAYS(7),   ITSM_DAYS(14),
                                      ITSM_DAYS(28),   ITSM_DAYS(91),    ITSM_DAYS(365), ITSM_DAYS(3650)};
    itsm__local_time local;
    size_t i = 0, n = sizeof steps / sizeof steps[0];
    int64_t most = (s->frame.right - s->frame.left) / 620;
    itsm__put(m, "<line x1=\"%t\" x2=\"%t\" y1=\"%t\" y2=\"%t\" class=\"axis\"/>\n", s->frame.left, s->frame.right,
              s->frame.bottom, s->frame.bottom);
    while (i + 1 < n && s->length / steps[i] > most) i++;
    if (s->length / steps[i] > 40 || itsm__local_time_of(&local, m->zone, s->from) != ITSM_OK) return;
    int64_t wall = local.day * ITSM_DAYS(1), count = s->length / steps[i] + ITSM_DAYS(1) / steps[i] + 2;
    for (int64_t k = 0, shown = 0; k <= count; k++) {
        int64_t at = wall + k * steps[i];
        itsm_time t = instant_of(m->zone, at);
        if (t == ITSM_TIME_NONE || t < s->from + s->length / 50 || t > s->from + s->length - s->length / 50) continue;
        tick(m, s, at, steps[i], shown++ == 0);
    }
}

static void draw(itsm__markup *m, const scene *s, itsm_time until)
{
    const itsm_report_clock *clock = &s->clock;
    int64_t states = s->frame.top + 300, counts = states + 560;
    int64_t names = x_of(s, s->item->opened) + 50;
    int same = clock->breached && clock->breached_at == clock->due;
    itsm__svg_begin(
        m, &s->frame, s->narrow ? "narrow" : "wide", "Timeline of one record",
        "From opening to resolution: shaded open hours, the states above, the clock below, lines for the due "
        "instant, the breach and the resolution.");
    if (clock->targets) open_bands(m, s, s->from, s->from + s->length, s->frame.top + 60, s->frame.bottom, "open");
    itsm__text_at(m, names, states - 60, "s"), itsm__put(m, "State</text>\n");
    state_band(m, s, states);
    itsm__text_at(m, names, counts - 60, "s"), itsm__put(m, "Clock</text>\n");
    if (clock->targets) clock_band(m, s, counts, until);
    time_axis(m, s);
    if (same) {
        upright(m, s, clock->due, 260, "due", "Goal ran out");
    } else {
        upright(m, s, clock->due, 260, "goal", "Due");
        if (clock->breached) upright(m, s, clock->breached_at, 420, "due", "Goal ran out");
    }
    upright(m, s, s->item->opened, 100, "mark", "Opened");
    upright(m, s, s->item->resolved, same || !clock->breached ? 420 : 580, "mark", "Resolved");
    itsm__svg_end(m);
}

/* Facts and tables ------------------------------------------------------------------------------------------------- */

static void fact(itsm__markup *m, const char *name, itsm_time t)
{
    if (t != ITSM_TIME_NONE) itsm__put(m, "<div><dt>%s</dt><dd>%T</dd></div>", name, t);
}

static void facts(itsm__markup *m, const itsm_report_case *item, const itsm_report_clock *clock)
{
    itsm__put(m, "<dl class=\"facts\">");
    fact(m, "Opened", item->opened), fact(m, "Due", clock->due);
    if (clock->breached) fact(m, "Goal ran out", clock->breached_at);
    fact(m, "Resolved", item->resolved), fact(m, "Closed", item->closed);
    if (clock->goal != ITSM_SPAN_NONE) itsm__put(m, "<div><dt>Goal</dt><dd>%H</dd></div>", clock->goal);
    if (clock->used != ITSM_SPAN_NONE)
        itsm__put(m, "<div><dt>Used</dt><dd%s>%H</dd></div>", clock->breached ? " class=\"late\"" : "", clock->used);
    if (clock->paused != ITSM_SPAN_NONE) itsm__put(m, "<div><dt>Paused</dt><dd>%H</dd></div>", clock->paused);
    itsm__put(m, "</dl>\n");
}

static void stays_table(itsm__markup *m, const itsm_report_case *item)
{
    if (!item->nsegments) return;
    itsm__table_begin(m, "Stays in states, as a table");
    itsm__put(m, "<thead><tr><th scope=\"col\">State</th><th scope=\"col\">Category</th><th scope=\"col\">From</th><th "
                 "scope=\"col\">To</th>"
                 "<th scope=\"col\" class=\"n\">Elapsed</th></tr></thead>\n<tbody>\n");
    for (size_t i = 0; i < item->nsegments; i++) {
        const itsm_report_segment *g = item->segments + i;
        itsm_span length = ITSM_SPAN_NONE;
        if (g->from != ITSM_TIME_NONE && g->to != ITSM_TIME_NONE && !itsm__sub(&length, g->to, g->from))
            length = ITSM_SPAN_NONE;
        itsm__put(
            m,
            "<tr><th scope=\"row\">%e</th><td>%e</td><td class=\"w\">%T</td><td class=\"w\">%T</td><td class=\"n\">"
            "%D</td></tr>\n",
            g->state, g->category, g->from, g->to, length);
    }
    itsm__put(m, "</tbody>\n");
    itsm__table_end(m);
}

static void legend(itsm__markup *m, int with_clock)
{
    static const char *const items[][2] = {
        {"open", "open hours"}, {"fb", "clock counts"}, {"hs", "paused"}, {"hr", "counts beyond the goal"}};
    if (!with_clock) return;
    itsm__put(m, "<ul class=\"legend\">");
    for (size_t i = 0; i < sizeof items / sizeof items[0]; i++)
        itsm__put(m,
                  "<li><svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 22 14\" aria-hidden=\"true\"><rect "
                  "width=\"22\" height=\"14\" "
                  "class=\"%s\"/></svg>%s</li>",
                  items[i][0], items[i][1]);
    itsm__put(m, "</ul>\n");
}

static void keep(itsm__markup *m, itsm_status rc)
{
    if (m->status == ITSM_OK) m->status = rc;
}

static void derivation(itsm__markup *m, const itsm_report_clock *clock, itsm_time until)
{
    itsm_buf scratch = {NULL, 0, 0, m->out->alloc, m->out->alloc_user};
    static const char zeros[sizeof(itsm_report_line)];
    itsm_status rc = ITSM_OK;
    size_t n = 0;
    for (size_t i = 0; rc == ITSM_OK && i <= ITSM_REPORT_LINES; i++) rc = itsm_buf_add(&scratch, zeros, sizeof zeros);
    if (rc == ITSM_OK) rc = itsm_report_explain((itsm_report_line *)(void *)scratch.p, &n, clock, until);
    if (rc == ITSM_OK) {
        itsm__put(m,
                  "<h3 class=\"after\">Line by line</h3>\n<p class=\"soft\">Closed hours are left out; counted, paused "
                  "and left are hours and minutes of working time.</p>\n");
        itsm__derivation(m, (const itsm_report_line *)(const void *)scratch.p, n, clock->goal);
    }
    if (rc != ITSM_NOTHING) keep(m, rc);
    itsm_buf_clear(&scratch);
}

void itsm__timeline(itsm__markup *m, const itsm_report_case *item, itsm_time end, itsm_str calendar)
{
    static const itsm_report_clock start = ITSM_REPORT_CLOCK_INIT;
    scene s;
    memset(&s, 0, sizeof s);
    s.item = item, s.clock = start;
    if (item->resolution)
        memcpy(&s.clock, item->resolution,
               item->resolution->size < sizeof start ? item->resolution->size : sizeof start);
    if (!s.clock.ntargets || (s.clock.nevents && !s.clock.events)) s.clock.targets = NULL;
    if (s.clock.targets) s.calendar = s.clock.targets->calendar;
    keep(m, scene_span(&s, end));
    if (m->status != ITSM_OK) return;
    itsm_time until = item->resolved != ITSM_TIME_NONE ? item->resolved : end;
    if (until == ITSM_TIME_NONE) until = s.from + s.length;
    facts(m, item, &s.clock);
    itsm__put(m, "<figure>\n");
    for (s.narrow = 0; s.narrow < 2; s.narrow++) {
        itsm__frame frame = {s.narrow ? 3400 : 9000, 2180, 10, 480, s.narrow ? 3390 : 8990, 1820};
        if (s.clock.breached && s.clock.breached_at != s.clock.due)
            frame.top = 640, frame.bottom = 1980, frame.height = 2340;
        s.frame = frame;
        draw(m, &s, until);
    }
    itsm__put(m, "</figure>\n");
    legend(m, s.clock.targets != NULL);
    if (calendar.n) itsm__put(m, "<p class=\"note\">Working hours: %e.</p>\n", calendar);
    stays_table(m, item);
    if (s.clock.targets) derivation(m, &s.clock, until);
}
