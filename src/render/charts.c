/* SPDX-License-Identifier: MIT */
/*
 * Charts of a population: columns, distributions of lengths of time, the heat map.
 *
 * Each function writes one whole SVG.  Columns and distributions are 360 pixels wide, which is legible both in a
 * column of a wide page and across a narrow one; the heat map is drawn for one of the two and turned for the other.
 * Axes count in steps of 1, 2, 5 times a power of ten; a column too low to see still shows a line.
 */
#include "render/page.h"

#include "base/text.h"

static const char *const BIN_NAMES[2][ITSM_REPORT_BINS] = {
    {"15m", "30m", "1h", "2h", "4h", "8h", "16h", "1d", "2d", "4d", "1w", "2w", "4w", "8w", "16w", "longer"},
    {"15m", "30m", "1h", "2h", "4h", "8h", "16h", "24h", "48h", "96h", "168h", "336h", "672h", "1344h", "2688h",
     "longer"}};

const char *itsm__bin_name(size_t i, int is_working)
{
    return i < ITSM_REPORT_BINS ? BIN_NAMES[is_working != 0][i] : "";
}

const char *itsm__age_name(size_t i)
{
    static const char *const names[ITSM_REPORT_AGES] = {"\xE2\x89\xA4 1 d",
                                                        "1\xE2\x80\x93"
                                                        "3 d",
                                                        "3\xE2\x80\x93"
                                                        "7 d",
                                                        "1\xE2\x80\x93"
                                                        "2 w",
                                                        "2\xE2\x80\x93"
                                                        "4 w",
                                                        "4\xE2\x80\x93"
                                                        "12 w",
                                                        "> 12 w"};
    return i < ITSM_REPORT_AGES ? names[i] : "";
}

void itsm__priority_name(itsm__markup *m, const itsm_report_figures *figures, int priority)
{
    if (priority < 0) itsm__put(m, "All priorities");
    else if (figures->label[priority].n) itsm__put(m, "%e", figures->label[priority]);
    else if (priority) itsm__put(m, "Priority %d", priority);
    else itsm__put(m, "No priority");
}

/* Horizontal lines with their numbers; returns the value of the top. */
static uint64_t value_axis(itsm__markup *m, const itsm__frame *f, uint64_t max, uint64_t steps)
{
    uint64_t step = itsm__nice_step(max ? max : 1, steps), top = step;
    while (top < max) top += step;
    for (uint64_t v = 0; v <= top; v += step) {
        int64_t y = f->bottom - itsm__scale((int64_t)v, 0, (int64_t)top, f->bottom - f->top);
        itsm__put(m, "<line x1=\"%t\" x2=\"%t\" y1=\"%t\" y2=\"%t\" class=\"%s\"/>", f->left, f->right, y, y,
                  v ? "grid" : "axis");
        itsm__text_at(m, f->left - 60, y + 40, "e s");
        itsm__put(m, "%n</text>", v);
    }
    return top;
}

/* A column on the foot of the plot; at least a line high if there is anything. */
static void column(itsm__markup *m, const itsm__frame *f, int64_t x, int64_t width, uint64_t value, uint64_t top,
                   const char *classes)
{
    int64_t height = itsm__scale((int64_t)value, 0, (int64_t)top, f->bottom - f->top);
    if (value && height < 10) height = 10;
    if (height)
        itsm__put(m, "<rect x=\"%t\" y=\"%t\" width=\"%t\" height=\"%t\" class=\"%s\"/>", x, f->bottom - height, width,
                  height, classes);
}

void itsm__columns(itsm__markup *m, const itsm__column *columns, size_t n, const char *title, const char *description)
{
    itsm__frame f = {3600, 1900, 430, 220, 3590, 1600};
    uint64_t max = 0;
    for (size_t i = 0; i < n; i++)
        if (columns[i].value > max) max = columns[i].value;
    itsm__svg_begin(m, &f, "both", title, description);
    uint64_t top = value_axis(m, &f, max, 4);
    int64_t step = (f.right - f.left) / (int64_t)(n ? n : 1), width = step * 62 / 100;
    for (size_t i = 0; i < n; i++) {
        int64_t x = f.left + step * (int64_t)i, middle = x + step / 2;
        column(m, &f, middle - width / 2, width, columns[i].value, top, "fb");
        if (columns[i].part) {
            column(m, &f, middle - width / 2, width, columns[i].part, top, "q0");
            column(m, &f, middle - width / 2, width, columns[i].part, top, "hr");
        }
        int64_t y = f.bottom - itsm__scale((int64_t)columns[i].value, 0, (int64_t)top, f.bottom - f.top);
        itsm__text_at(m, middle, y - 50, "m k s");
        itsm__put(m, "%n</text>", columns[i].value);
        itsm__text_at(m, middle, f.bottom + 170, "m s");
        itsm__put(m, "%e</text>\n", columns[i].label);
    }
    itsm__svg_end(m);
}

/* Distribution ----------------------------------------------------------------------------------------------------- */

/* Where a length of time lies on the axis of steps: linear inside a step. */
static int64_t place(const itsm__frame *f, itsm_span span)
{
    int64_t step = (f->right - f->left) / ITSM_REPORT_BINS;
    for (size_t i = 0; i < ITSM_REPORT_BINS; i++) {
        itsm_span low = i ? itsm_report_bin_edge(i - 1) : 0, high = itsm_report_bin_edge(i);
        if (high == ITSM_SPAN_NONE) high = low > INT64_MAX / 4 ? INT64_MAX : low * 4;
        if (span <= high || i + 1 == ITSM_REPORT_BINS)
            return f->left + step * (int64_t)i + itsm__scale(span, low, high - low, step);
    }
    return f->right;
}

static void quantile_line(itsm__markup *m, const itsm__frame *f, itsm_span span, int64_t y)
{
    int64_t x = place(f, span);
    itsm__put(m, "<line x1=\"%t\" x2=\"%t\" y1=\"%t\" y2=\"%t\" class=\"mark\"/>", x, x, y - 80, f->bottom);
}

static void quantile_name(itsm__markup *m, const itsm__frame *f, const char *name, itsm_span span, int is_working,
                          int64_t y)
{
    int64_t x = place(f, span);
    int at_end = x > f->right - 950;
    itsm__text_at(m, at_end ? x - 50 : x + 50, y, at_end ? "e k halo" : "k halo");
    itsm__put(m,
              is_working ? "<tspan font-weight=\"640\">%s</tspan> %W</text>\n"
                         : "<tspan font-weight=\"640\">%s</tspan> %D</text>\n",
              name, span);
}

/* Goals under the axis: a dashed line each, names of those that stand close joined. */
static void goal_marks(itsm__markup *m, const itsm__frame *f, const itsm_span *goals)
{
    int64_t last = -1000;
    for (int i = 1; i < ITSM_REPORT_PRIORITIES; i++) {
        if (goals[i] == ITSM_SPAN_NONE) continue;
        int64_t x = place(f, goals[i]);
        itsm__put(m, "<line x1=\"%t\" x2=\"%t\" y1=\"%t\" y2=\"%t\" class=\"goal\"/>\n", x, x, f->top, f->bottom);
    }
    for (int i = 1, open = 0; i <= ITSM_REPORT_PRIORITIES; i++) {
        int64_t x = i < ITSM_REPORT_PRIORITIES && goals[i] != ITSM_SPAN_NONE ? place(f, goals[i]) : -1;
        if (open && (i == ITSM_REPORT_PRIORITIES || (x >= 0 && (x < last ? last - x : x - last) > 170)))
            itsm__put(m, "</text>\n"), open = 0;
        if (x < 0) continue;
        if (open) {
            itsm__put(m, "/%d", i);
        } else {
            itsm__text_at(m, x, f->bottom + 330, "m k s");
            itsm__put(m, "P%d", i), open = 1, last = x;
        }
    }
}

void itsm__distribution(itsm__markup *m, const itsm_report_spread *spread, const itsm_span *goals, int is_working)
{
    itsm__frame f = {3600, 2340, 430, 480, 3598, 1960};
    uint64_t max = 0;
    for (size_t i = 0; i < ITSM_REPORT_BINS; i++)
        if (spread->bins[i] > max) max = spread->bins[i];
    itsm__svg_begin(
        m, &f, "both", is_working ? "Working time to resolve" : "Elapsed time to resolve",
        "Columns count incidents by length of time; each step is about twice the one before. Lines mark the "
        "median and the 90th percentile, dashed lines the goals.");
    uint64_t top = value_axis(m, &f, max, 4);
    int64_t step = (f.right - f.left) / ITSM_REPORT_BINS;
    for (size_t i = 0; i < ITSM_REPORT_BINS; i++) {
        int64_t x = f.left + step * (int64_t)i;
        column(m, &f, x + 15, step - 30, spread->bins[i], top, "fs");
        if (i % 2 == 0 && i + 2 < ITSM_REPORT_BINS) {
            itsm__put(m, "<line x1=\"%t\" x2=\"%t\" y1=\"%t\" y2=\"%t\" class=\"axis\"/>", x + step, x + step, f.bottom,
                      f.bottom + 40);
            itsm__text_at(m, x + step, f.bottom + 170, "m s");
            itsm__put(m, "%s</text>\n", itsm__bin_name(i, is_working));
        }
    }
    if (goals) goal_marks(m, &f, goals);
    quantile_line(m, &f, spread->p50, 180), quantile_line(m, &f, spread->p90, 360); /* names over lines */
    quantile_name(m, &f, "P50", spread->p50, is_working, 180);
    quantile_name(m, &f, "P90", spread->p90, is_working, 360);
    itsm__svg_end(m);
}

/* Heat map --------------------------------------------------------------------------------------------------------- */

static void heat_cell(itsm__markup *m, int64_t x, int64_t y, int64_t width, int64_t height, uint64_t count,
                      uint64_t max)
{
    int level = count ? (int)((count * 5 + max - 1) / max) : 0;
    itsm__put(m, "<rect x=\"%t\" y=\"%t\" width=\"%t\" height=\"%t\" rx=\"2\" class=\"q%d\"/>", x + 10, y + 10,
              width - 20, height - 20, level);
    if (!count) return;
    itsm__put(m, "<text x=\"%t\" y=\"%t\" class=\"m s o%d\">%n</text>\n", x + width / 2, y + height / 2 + 40, level,
              count);
}

static void hour_label(itsm__markup *m, int hour)
{
    itsm__put(m, hour < 10 ? "0%d</text>" : "%d</text>", hour);
}

void itsm__heat_map(itsm__markup *m, const itsm_report_figures *figures, int narrow)
{
    const int64_t width = narrow ? 430 : 342, height = narrow ? 200 : 280, left = 400, top = 230;
    itsm__frame f = {left + width * (narrow ? 7 : 24), top + height * (narrow ? 24 : 7), 0, 0, 0, 0};
    uint64_t max = 1;
    for (int day = 0; day < 7; day++)
        for (int hour = 0; hour < 24; hour++)
            if (figures->breaches[day][hour] > max) max = figures->breaches[day][hour];
    itsm__svg_begin(m, &f, narrow ? "narrow" : "wide", "Breaches by weekday and hour",
                    "Each cell counts the goals that ran out in one hour of one weekday; darker or brighter is more.");
    for (int day = 0; day < 7; day++) {
        if (narrow) itsm__text_at(m, left + width * day + width / 2, 140, "m");
        else itsm__text_at(m, 0, top + height * day + height / 2 + 40, "");
        itsm__put(m, "%s</text>", itsm__weekday_name(day));
        for (int hour = 0; hour < 24; hour++) {
            int across = narrow ? day : hour, down = narrow ? hour : day;
            heat_cell(m, left + width * across, top + height * down, width, height, figures->breaches[day][hour], max);
        }
    }
    for (int hour = 0; hour < 24; hour++) {
        if (narrow) itsm__text_at(m, 100, top + height * hour + height / 2 + 40, "s");
        else itsm__text_at(m, left + width * hour + width / 2, 140, "m s");
        hour_label(m, hour);
    }
    itsm__put(m, "\n");
    itsm__svg_end(m);
}
