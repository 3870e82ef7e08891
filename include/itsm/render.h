/* SPDX-License-Identifier: MIT */
/**
 * @file itsm/render.h
 * Reports, records and lifecycles as pictures: HTML and SVG that need nothing but themselves.
 *
 * One file each, with style and SVG inside; no script, no network, no fonts of its own; light and dark as the reader's
 * system asks; read by screen readers, printed on paper, drawn for wide and for narrow screens.  Nothing is told by
 * colour alone, and every chart has its table.  The text is well-formed XML too.
 *
 * The same figures give the same bytes: no date of making appears unless the host gives one.
 */
#ifndef ITSM_RENDER_H
#define ITSM_RENDER_H

#include <itsm/model.h>
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

/* Lifecycles and types -------------------------------------------------------------------------------------------- */

/** Forms of a lifecycle. */
enum {
    ITSM_LIFECYCLE_TABLE = 1,    /**< Plain text in columns, a line per move. */
    ITSM_LIFECYCLE_MARKDOWN = 2, /**< A table in Markdown, a line per move. */
    ITSM_LIFECYCLE_MERMAID = 3,  /**< A stateDiagram-v2 of Mermaid. */
    ITSM_LIFECYCLE_DOT = 4,      /**< A digraph of Graphviz. */
    ITSM_LIFECYCLE_SVG = 5,      /**< A picture, laid out here. */
    ITSM_LIFECYCLE_JSON = 6      /**< The object of `lifecycles` in the format "libitsm.model/2". */
};

/** How a lifecycle or a type is drawn.  Set @c size. */
typedef struct itsm_lifecycle_options {
    size_t size;      /**< sizeof(itsm_lifecycle_options). */
    uint32_t edition; /**< Clauses are those of this edition: 2018 or 2011. */
    uint32_t unused;  /**< 0 */
} itsm_lifecycle_options;

/** Start value of @ref itsm_lifecycle_options. */
#define ITSM_LIFECYCLE_OPTIONS_INIT                                                                                    \
    {                                                                                                                  \
        sizeof(itsm_lifecycle_options), 2018, 0                                                                        \
    }

/**
 * Draw a lifecycle: its states with their categories, its moves with the clauses they serve.
 *
 * In the picture states stand in ranks from the first state down, lines run between the ranks and never through a
 * state or a name, and moves that lead from several states to the same one share a line and its name: layers after
 * Sugiyama, Tagawa and Toda (1981), with names as nodes of their own.  The time it takes grows with the states times
 * the moves; what would need more than 100,000 points is refused.
 *
 * @param out     Appended to.
 * @param ctx     Gets the issue; NULL is allowed.
 * @param machine A lifecycle.
 * @param format  ITSM_LIFECYCLE_TABLE, ...
 * @param options NULL for the start values.
 * @retval ITSM_OK       Appended.
 * @retval ITSM_E_LIMIT  The picture would be too large for anybody to read; the other forms have no such limit.
 * @retval ITSM_E_NOMEM  No memory; @p out holds what it held.
 * @retval ITSM_E_MISUSE A NULL, no such format or edition, or a size of 0.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_render_lifecycle(itsm_buf *out, itsm_ctx *ctx, const itsm_machine *machine,
                                                         uint32_t format, const itsm_lifecycle_options *options);

/**
 * Write what there is to know of a type as a page in Markdown: clauses, fields, relations, lifecycles, clocks,
 * indicators.  The pictures of the lifecycles are named as files beside it: `incident.svg` for the primary facet,
 * `incident-major.svg` for another.
 *
 * @param out     Appended to.
 * @param type    A type.
 * @param options NULL for the start values.
 * @retval ITSM_OK       Appended.
 * @retval ITSM_E_NOMEM  No memory; @p out holds what it held.
 * @retval ITSM_E_MISUSE A NULL, no such edition, or a size of 0.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_render_type(itsm_buf *out, const itsm_type_def *type,
                                                    const itsm_lifecycle_options *options);

/**
 * Write the list of the types of a model as a page in Markdown, by family, with their clauses; each refers to the page
 * of itsm_render_type(), in a file beside it named after the type.
 *
 * @param out   Appended to.
 * @param model A model.
 * @retval ITSM_OK       Appended.
 * @retval ITSM_E_NOMEM  No memory; @p out holds what it held.
 * @retval ITSM_E_MISUSE A NULL.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_render_model(itsm_buf *out, const itsm_model *model);

ITSM_END_C

#endif
