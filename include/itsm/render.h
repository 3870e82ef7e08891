/* SPDX-License-Identifier: MIT */
/**
 * @file itsm/render.h
 * Reports and records as pictures: HTML that needs nothing but itself.
 *
 * One file each, with style and SVG inside; no script, no network, no fonts of its own; light and dark as the reader's
 * system asks; read by screen readers, printed on paper, drawn for wide and for narrow screens.  Nothing is told by
 * colour alone, and every chart has its table.  The text is well-formed XML too.
 *
 * The same figures give the same bytes: no date of making appears unless the host gives one.
 */
#ifndef ITSM_RENDER_H
#define ITSM_RENDER_H

#include <itsm/report.h>

ITSM_BEGIN_C

/** How a report is drawn.  Set @c size. */
typedef struct itsm_render_options {
    size_t size;                    /**< sizeof(itsm_render_options). */
    const itsm_report_case *record; /**< A case whose timeline is drawn too, before all else; NULL: none. */
    itsm_str audit_root;            /**< Root of the audit trail in hexadecimal; empty: not said. */
    itsm_time made;                 /**< When the report is made; ITSM_TIME_NONE: not said. */
} itsm_render_options;

/** Start value of @ref itsm_render_options. */
#define ITSM_RENDER_OPTIONS_INIT                                                                                       \
    {                                                                                                                  \
        sizeof(itsm_render_options), NULL, {NULL, 0}, ITSM_TIME_NONE                                                   \
    }

/**
 * Draw a report as one HTML page.
 *
 * @param out     Appended to.
 * @param report  Finished.
 * @param options NULL for the start values.
 * @retval ITSM_OK       Appended.
 * @retval ITSM_E_NOMEM  No memory; @p out holds what it held.
 * @retval ITSM_E_MISUSE A NULL, a report that is not finished, or a size of 0.
 * @retval ITSM_E_ORDER  The events of the record are not in order.
 * @retval ITSM_E_RANGE  An instant is beyond what the zone or the calendar can represent.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_render_report(itsm_buf *out, const itsm_report *report,
                                                      const itsm_render_options *options);

/** How a timeline is drawn.  Set @c size. */
typedef struct itsm_timeline_options {
    size_t size;           /**< sizeof(itsm_timeline_options). */
    const itsm_zone *zone; /**< Times are those of this zone; NULL: UTC. */
    itsm_str calendar;     /**< Name of the working hours; may be empty. */
    itsm_time end;         /**< An open case is drawn up to here; ITSM_TIME_NONE: up to the last instant it names. */
} itsm_timeline_options;

/** Start value of @ref itsm_timeline_options. */
#define ITSM_TIMELINE_OPTIONS_INIT                                                                                     \
    {                                                                                                                  \
        sizeof(itsm_timeline_options), NULL, {NULL, 0}, ITSM_TIME_NONE                                                 \
    }

/**
 * Draw the life of one case against its clock as one HTML page: states, open hours, pauses, due instant and breach,
 * and the derivation of the time used line by line.
 *
 * Open hours and the derivation are drawn if the resolution clock brings its targets and events.
 *
 * @param out     Appended to.
 * @param item    The case.
 * @param options NULL for the start values.
 * @retval ITSM_OK       Appended.
 * @retval ITSM_E_NOMEM  No memory; @p out holds what it held.
 * @retval ITSM_E_MISUSE A NULL, a size of 0, or a case without an opening instant.
 * @retval ITSM_E_ORDER  The clock's events are not in order.
 * @retval ITSM_E_RANGE  An instant is beyond what the zone or the calendar can represent.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_render_timeline(itsm_buf *out, const itsm_report_case *item,
                                                        const itsm_timeline_options *options);

ITSM_END_C

#endif
