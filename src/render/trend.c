/* SPDX-License-Identifier: MIT */
/*
 * Charts over time: attainment by month, the backlog by day with what came and went.
 *
 * The backlog is a staircase: days on which nothing happened have no row and the line simply goes on.  What came and
 * went is summed over as many days as make a bar wide enough to see.  Whatever span of time a hostile log covers, the
 * number of marks is bounded by the width of the drawing.
 */
#include "render/page.h"

#include "base/bits.h"

enum { MONTHS_SHOWN = 36, BARS_MAX = 256, TICKS_MAX = 12 };

/* Attainment ------------------------------------------------------------------------------------------------------- */

static int64_t month_number(const itsm_report_month *month)
{
    return (int64_t)month->year * 12 + month->month - 1;
}

static itsm_report_share share_of(const itsm_report_month *month, int priority)
{
    return priority < 0 ? month->all : month->by_priority[priority];
}

static void percent_axis(itsm__markup *m, const itsm__frame *f, uint32_t target)
{
    for (uint64_t v = 0; v <= 100; v += 50) {
        int64_t y = f->bottom - (f->bottom - f->top) * (int64_t)v / 100;
        itsm__put(m, "<line x1=\"%t\" x2=\"%t\" y1=\"%t\" y2=\"%t\" class=\"%s\"/>", f->left, f->right, y, y,
                  v ? "grid" : "axis");
        itsm__text_at(m, f->left - 60, y + 40, "e s");
        itsm__put(m, "%n%s</text>", v, v == 100 ? "%" : "");
    }
    if (!target) return;
    int64_t y = f->bottom - (f->bottom - f->top) * (int64_t)target / 1000;
    itsm__put(m, "<line x1=\"%t\" x2=\"%t\" y1=\"%t\" y2=\"%t\" class=\"goal\"/>\n", f->left, f->right, y, y);
}

static void month_column(itsm__markup *m, const itsm__frame *f, int64_t x, int64_t width, itsm_report_share share,
                         uint32_t target, int labelled)
{
    int late = target && share.met * 1000 < (uint64_t)target * share.total;
    int64_t height = itsm__scale((int64_t)share.met, 0, (int64_t)share.total, f->bottom - f->top);
    int64_t promised = late ? (f->bottom - f->top) * (int64_t)target / 1000 : 0;
    if (height < 10) height = 10;
    if (promised > height)
        itsm__put(m, "<rect x=\"%t\" y=\"%t\" width=\"%t\" height=\"%t\" class=\"hr gap\"/>", x, f->bottom - promised,
                  width, promised - height);
    itsm__put(m, "<rect x=\"%t\" y=\"%t\" width=\"%t\" height=\"%t\" class=\"%s\"/>", x, f->bottom - height, width,
              height, share.total < 10 ? "hollow" : "fb");
    if (!labelled) return;
    if (promised > height) height = promised;
    itsm__text_at(m, x + width / 2, f->bottom - height - 40, "m s k halo");
    itsm__put(m, "%n</text>\n", (share.met * 100 + share.total / 2) / share.total);
}

static void month_label(itsm__markup *m, int64_t x, int64_t y, int64_t month, int with_year)
{
    itsm__text_at(m, x, y, "m s");
    itsm__put(m, "%s</text>", itsm__month_name((int)itsm__floor_mod(month, 12) + 1));
    if (!with_year) return;
    itsm__text_at(m, x, y + 140, "m s");
    itsm__put(m, "%d</text>\n", (int)itsm__floor_div(month, 12));
}

void itsm__attainment(itsm__markup *m, const itsm_report_figures *figures, int priority)
{
    itsm__frame f = {2900, 1720, 320, 160, 2880, 1340};
    itsm__svg_begin(m, &f, "both", "Attainment by month",
                    "A column per month: percent resolved within the goal. The dashed line is the target; what is "
                    "missing to it is hatched; hollow columns stand for fewer than ten.");
    percent_axis(m, &f, figures->target_permille);
    if (figures->nmonths) {
        int64_t last = month_number(figures->months + figures->nmonths - 1), first = month_number(figures->months);
        if (last - first >= MONTHS_SHOWN) first = last - MONTHS_SHOWN + 1;
        int64_t n = last - first + 1, step = (f.right - f.left) / n;
        if (step > 480) step = 480;
        int64_t width = step * 66 / 100, every = 1;
        while (step * every < 280) every++;
        for (size_t i = 0; i < figures->nmonths; i++) {
            int64_t at = month_number(figures->months + i) - first;
            itsm_report_share share = share_of(figures->months + i, priority);
            if (at >= 0 && share.total)
                month_column(m, &f, f.left + step * at + (step - width) / 2, width, share, figures->target_permille,
                             step >= 200);
        }
        for (int64_t i = 0; i < n; i += every)
            month_label(m, f.left + step * i + step / 2, f.bottom + 170, first + i,
                        i == 0 || itsm__floor_mod(first + i, 12) < every);
    }
    itsm__svg_end(m);
}

/* Backlog ---------------------------------------------------------------------------------------------------------- */

/* Days of the backlog: [first, first + days). */
typedef struct period {
    int64_t first, days;
} period;

static int64_t day_x(const itsm__frame *f, const period *p, int64_t day)
{
    return f->left + itsm__scale(day, p->first, p->days, f->right - f->left);
}

/* First day of the month after so many months from the one that holds the day. */
static int64_t month_start(int64_t day, int64_t months)
{
    itsm_civil civil;
    int64_t out = day;
    if (itsm_civil_from_date(&civil, day) != ITSM_OK) return INT64_MAX;
    int64_t number = (int64_t)civil.year * 12 + civil.month - 1 + months;
    if (itsm_date_from_civil(&out, (int32_t)itsm__floor_div(number, 12), (int32_t)itsm__floor_mod(number, 12) + 1, 1))
        return INT64_MAX;
    return out;
}

static void day_tick(itsm__markup *m, const itsm__frame *f, const period *p, int64_t day, int64_t foot, int by_month)
{
    itsm_civil civil;
    if (itsm_civil_from_date(&civil, day) != ITSM_OK) return;
    int64_t x = day_x(f, p, day);
    itsm__put(m, "<line x1=\"%t\" x2=\"%t\" y1=\"%t\" y2=\"%t\" class=\"grid\"/>", x, x, f->top, foot);
    itsm__text_at(m, x + 40, foot + 140, "s");
    if (!by_month) itsm__put(m, "%d ", (int)civil.day);
    itsm__put(m, "%s", itsm__month_name(civil.month));
    if (by_month && (civil.month == 1 || x < f->left + (f->right - f->left) / 8)) itsm__put(m, " %d", (int)civil.year);
    itsm__put(m, "</text>\n");
}

static void day_axis(itsm__markup *m, const itsm__frame *f, const period *p, int64_t foot)
{
    int64_t labels = (f->right - f->left) / 700, end = p->first + p->days;
    if (labels < 2) labels = 2;
    if (p->days <= labels * 14) { /* days or weeks */
        int64_t step = (p->days + labels - 1) / labels;
        if (step > 2) step = (step + 6) / 7 * 7;
        int64_t day = p->first;
        if (step >= 7) day += (7 - itsm_date_weekday(day)) % 7;
        for (int i = 0; i <= 2 * TICKS_MAX && day < end; day += step, i++) day_tick(m, f, p, day, foot, 0);
        return;
    }
    static const int64_t steps[] = {1, 2, 3, 6, 12, 24, 60, 120, 600, 1200, 12000, 120000};
    size_t s = 0;
    while (s + 1 < sizeof steps / sizeof steps[0] && p->days / 31 + 1 > labels * steps[s]) s++;
    itsm_civil civil;
    if (itsm_civil_from_date(&civil, p->first) != ITSM_OK) return;
    int64_t number = (int64_t)civil.year * 12 + civil.month - 1, past = itsm__floor_mod(number, steps[s]);
    int64_t months = past || civil.day > 1 ? steps[s] - past : 0;
    for (int i = 0; i <= 2 * TICKS_MAX; months += steps[s], i++) {
        int64_t day = month_start(p->first, months);
        if (day >= end) break;
        day_tick(m, f, p, day, foot, 1);
    }
}

static void level_line(itsm__markup *m, const itsm__frame *f, const period *p, const itsm_report_figures *figures,
                       int64_t top, int unclosed, int filled)
{
    int64_t y = f->bottom, drawn = -100;
    itsm__put(m, "<path class=\"%s\" d=\"M%t %t", filled ? "q1" : unclosed ? "line2" : "line", f->left, f->bottom);
    for (size_t i = 0; i < figures->ndays; i++) {
        const itsm_report_day *day = figures->days + i;
        int64_t x = day_x(f, p, day->day), level = unclosed ? day->unclosed : day->unresolved;
        int64_t next = f->bottom - itsm__scale(level, 0, top, f->bottom - f->top);
        if (x - drawn < 5 && i + 1 < figures->ndays) continue;
        if (next != y) itsm__put(m, "H%tV%t", x, next), y = next, drawn = x;
    }
    itsm__put(m, filled ? "H%tV%tZ\"/>\n" : "H%t\"/>\n", f->right, f->bottom);
}

static void level_axis(itsm__markup *m, const itsm__frame *f, uint64_t step, uint64_t top)
{
    for (uint64_t v = 0; v <= top; v += step) {
        int64_t y = f->bottom - itsm__scale((int64_t)v, 0, (int64_t)top, f->bottom - f->top);
        itsm__put(m, "<line x1=\"%t\" x2=\"%t\" y1=\"%t\" y2=\"%t\" class=\"%s\"/>", f->left, f->right, y, y,
                  v ? "grid" : "axis");
        itsm__text_at(m, f->left - 60, y + 40, "e s");
        itsm__put(m, "%n</text>\n", v);
    }
}

/* Days per bar: 1, 7, 28 and then four times as many, until a bar is 4 pixels wide. */
static int64_t bar_days(const itsm__frame *f, int64_t days)
{
    int64_t most = (f->right - f->left) / 40, per_bar = 1;
    if (most > BARS_MAX - 2) most = BARS_MAX - 2;
    while (days / per_bar >= most) per_bar = per_bar == 1 ? 7 : per_bar * 4;
    return per_bar;
}

static void flow_bars(itsm__markup *m, const itsm__frame *f, const period *p, const itsm_report_figures *figures,
                      int64_t per_bar)
{
    uint64_t came[BARS_MAX] = {0}, went[BARS_MAX] = {0}, max = 1;
    int64_t start = per_bar == 1 ? p->first : p->first - itsm_date_weekday(p->first), middle = (f->top + f->bottom) / 2;
    for (size_t i = 0; i < figures->ndays; i++) {
        size_t at = (size_t)((figures->days[i].day - start) / per_bar);
        if (at >= BARS_MAX) continue;
        came[at] += figures->days[i].created, went[at] += figures->days[i].resolved;
        if (came[at] > max) max = came[at];
        if (went[at] > max) max = went[at];
    }
    uint64_t step = itsm__nice_step(max, 2), top = step;
    while (top < max) top += step;
    for (int side = -1; side <= 1; side++) {
        int64_t y = middle + side * (f->bottom - f->top) / 2;
        itsm__put(m, "<line x1=\"%t\" x2=\"%t\" y1=\"%t\" y2=\"%t\" class=\"%s\"/>", f->left, f->right, y, y,
                  side ? "grid" : "axis");
        itsm__text_at(m, f->left - 60, y + 40, "e s");
        itsm__put(m, "%n</text>\n", side ? top : 0);
    }
    for (size_t i = 0; i < BARS_MAX; i++) {
        if (!came[i] && !went[i]) continue;
        int64_t x = day_x(f, p, start + (int64_t)i * per_bar), next = day_x(f, p, start + (int64_t)(i + 1) * per_bar);
        int64_t width = next - x > 20 ? next - x - 10 : 10, half = (f->bottom - f->top) / 2;
        int64_t up = itsm__scale((int64_t)came[i], 0, (int64_t)top, half);
        int64_t down = itsm__scale((int64_t)went[i], 0, (int64_t)top, half);
        if (came[i])
            itsm__put(m, "<rect x=\"%t\" y=\"%t\" width=\"%t\" height=\"%t\" class=\"fb\"/>", x, middle - up, width,
                      up);
        if (went[i])
            itsm__put(m, "<rect x=\"%t\" y=\"%t\" width=\"%t\" height=\"%t\" class=\"fg\"/>", x, middle, width, down);
    }
    itsm__text_at(m, f->left, f->top - 80, "s k");
    itsm__put(m, "\xE2\x96\xB2 created, \xE2\x96\xBC resolved per ");
    if (per_bar > 7) itsm__put(m, "%n days</text>\n", (uint64_t)per_bar);
    else itsm__put(m, "%s</text>\n", per_bar == 1 ? "day" : "week");
}

void itsm__backlog(itsm__markup *m, const itsm_report_figures *figures, int narrow)
{
    if (!figures->ndays) return;
    period p = {figures->days[0].day, figures->days[figures->ndays - 1].day - figures->days[0].day + 1};
    itsm__frame whole = {narrow ? 3400 : 9000, narrow ? 3800 : 4000, 0, 0, 0, 0};
    itsm__frame level = {whole.width, whole.height, narrow ? 420 : 480, 160, whole.width - 20, narrow ? 1900 : 2100};
    itsm__frame flow = {whole.width, whole.height, level.left, level.bottom + 380, level.right, whole.height - 220};
    uint64_t max = 1;
    for (size_t i = 0; i < figures->ndays; i++) {
        if (figures->days[i].unresolved > (int64_t)max) max = (uint64_t)figures->days[i].unresolved;
        if (figures->days[i].unclosed > (int64_t)max) max = (uint64_t)figures->days[i].unclosed;
    }
    uint64_t step = itsm__nice_step(max, 4), top = step;
    while (top < max) top += step;
    itsm__svg_begin(m, &whole, narrow ? "narrow" : "wide", "Backlog, created and resolved",
                    "Above, the number of incidents open at the end of each day: not resolved (solid line) and not "
                    "closed (dotted line). Below, bars for incidents created (up) and resolved (down).");
    level_line(m, &level, &p, figures, (int64_t)top, 0, 1);
    level_axis(m, &level, step, top);
    day_axis(m, &level, &p, flow.bottom);
    level_line(m, &level, &p, figures, (int64_t)top, 1, 0);
    level_line(m, &level, &p, figures, (int64_t)top, 0, 0);
    flow_bars(m, &flow, &p, figures, bar_days(&flow, p.days));
    itsm__svg_end(m);
}
