/* SPDX-License-Identifier: MIT */
/*
 * What the pages are put together from: the frame of a page, charts, tables, the timeline.
 *
 * A chart that must be legible on a telephone is drawn twice, wide and narrow, and the style shows one of them: text in
 * a scaled drawing shrinks, and 12 pixels at 900 are 5 at 400.
 */
#ifndef ITSM_SRC_RENDER_PAGE_H
#define ITSM_SRC_RENDER_PAGE_H

#include <itsm/render.h>

#include "render/markup.h"

/* Frame (page.c) */
void itsm__page_begin(itsm__markup *m, itsm_str title);
void itsm__page_end(itsm__markup *m);
void itsm__section_begin(itsm__markup *m, const char *id, const char *heading);
void itsm__section_end(itsm__markup *m);
void itsm__table_begin(itsm__markup *m, const char *summary); /* folded away behind its summary */
void itsm__table_end(itsm__markup *m);

/* Where a drawing stands: all in tenths of a pixel. */
typedef struct itsm__frame {
    int64_t width, height;            /* of the drawing */
    int64_t left, top, right, bottom; /* edges of the plot */
} itsm__frame;

/* Begin and end an SVG; `shown` is "wide", "narrow" or "both". */
void itsm__svg_begin(itsm__markup *m, const itsm__frame *frame, const char *shown, const char *title,
                     const char *description);
void itsm__svg_end(itsm__markup *m);
void itsm__text_at(itsm__markup *m, int64_t x, int64_t y, const char *classes); /* up to and with the ">" */

/* Charts (charts.c, trend.c) */
typedef struct itsm__column {
    itsm_str label;
    uint64_t value, part; /* part: hatched, at the foot */
} itsm__column;

void itsm__columns(itsm__markup *m, const itsm__column *columns, size_t n, const char *title, const char *description);
void itsm__distribution(itsm__markup *m, const itsm_report_spread *spread, const itsm_span *goals, int is_working);
void itsm__heat_map(itsm__markup *m, const itsm_report_figures *figures, int narrow);
void itsm__attainment(itsm__markup *m, const itsm_report_figures *figures, int priority); /* -1: all */
void itsm__backlog(itsm__markup *m, const itsm_report_figures *figures, int narrow);

/* Names of the steps of distributions and ages. */
const char *itsm__bin_name(size_t i, int is_working); /* of the upper edge */
const char *itsm__age_name(size_t i);

/* "3 - Moderate", or "Priority 3", or "No priority". */
void itsm__priority_name(itsm__markup *m, const itsm_report_figures *figures, int priority);

/* Tables and cards (sections.c) */
void itsm__sections(itsm__markup *m, const itsm_report_figures *figures);
void itsm__derivation(itsm__markup *m, const itsm_report_line *lines, size_t n, itsm_span goal);

/* Timeline (timeline.c) */
void itsm__timeline(itsm__markup *m, const itsm_report_case *item, itsm_time end, itsm_str calendar);

#endif
