/* SPDX-License-Identifier: MIT */
/*
 * A lifecycle as a drawing: what is drawn (lifecycle_chart.c), where it stands (lifecycle_order.c, lifecycle_place.c),
 * and how it looks (lifecycle_svg.c).
 *
 * States stand on even layers, names of moves on odd ones.  All moves that lead from the same states to the same state
 * are one *bundle*: a chain of nodes, one a layer, from below its highest state to above its lowest.  One node of the
 * chain carries the names.  Links join nodes of neighbouring layers only, so nothing drawn along them can meet a state
 * or a name: between two layers there is nothing but links.
 *
 * All lengths are tenths of a pixel.
 */
#ifndef ITSM_SRC_RENDER_LIFECYCLE_H
#define ITSM_SRC_RENDER_LIFECYCLE_H

#include <itsm/render.h>

#include "base/memory.h"
#include "render/markup.h"

#define ITSM__STATES_MAX 64u
#define ITSM__NAMES_SHOWN 8u /* of the moves of a bundle */
#define ITSM__CHART_NODES_MAX 100000u
#define ITSM__NO_BUNDLE UINT32_MAX

/* Moves that lead from the same states to the same state. */
typedef struct itsm__bundle {
    uint64_t from;
    uint32_t to;
    uint32_t rank_low, rank_high;      /* least and greatest rank of all its states */
    int back;                          /* it leads up */
    int loop;                          /* from a state to itself: it has no nodes */
    uint32_t moves[ITSM__NAMES_SHOWN]; /* the first of them */
    size_t nmoves;                     /* of all */
    uint32_t first, last, named;       /* nodes of the chain from the top down; the one that carries the names */
    int64_t width, height;             /* of the names */
} itsm__bundle;

typedef struct itsm__node {
    int64_t x;              /* of its axis */
    int64_t left, right;    /* how far it reaches from there */
    int64_t height;         /* 0: a line passes through */
    uint32_t layer, place;  /* place in the layer */
    uint32_t state, bundle; /* bundle ITSM__NO_BUNDLE: it is a state */
    uint32_t up, nup;       /* links to the layer above: from chart->up_links[up] on */
    uint32_t down, ndown;   /* links to the layer below */
} itsm__node;

typedef struct itsm__link {
    uint32_t upper, lower;          /* nodes */
    int64_t upper_port, lower_port; /* where it meets a state */
    int64_t weight;                 /* how straight it should be */
} itsm__link;

typedef struct itsm__layer {
    uint32_t *nodes;
    uint32_t n;
    int64_t top, bottom;
} itsm__layer;

typedef struct itsm__chart {
    const itsm_machine *machine;
    uint32_t edition;
    itsm__arena arena;
    uint32_t nstates, nlayers;
    uint32_t rank[ITSM__STATES_MAX];
    const itsm__bundle *loops[ITSM__STATES_MAX]; /* NULL: none */
    itsm__bundle *bundles;
    uint32_t nbundles;
    itsm__node *nodes; /* the states first */
    uint32_t nnodes;
    itsm__link *links;
    uint32_t nlinks;
    uint32_t *up_links, *down_links;
    itsm__layer *layers;
    int64_t width, height;
} itsm__chart;

/* What is drawn: bundles, ranks, nodes, links.  ITSM_E_NOMEM; ITSM_E_LIMIT: too much. */
itsm_status itsm__chart_make(itsm__chart *chart);
/* The order within layers that makes few links cross. */
itsm_status itsm__chart_order(itsm__chart *chart);
/* Coordinates of all. */
itsm_status itsm__chart_place(itsm__chart *chart);
itsm_status itsm__lifecycle_svg(itsm__markup *m, itsm_ctx *ctx, const itsm_machine *machine, uint32_t edition);

/* Forms of text (lifecycle_text.c) */
void itsm__lifecycle_mermaid(itsm__markup *m, const itsm_machine *machine, uint32_t edition);
void itsm__lifecycle_dot(itsm__markup *m, const itsm_machine *machine, uint32_t edition);
void itsm__lifecycle_table(itsm__markup *m, const itsm_machine *machine, uint32_t edition);
void itsm__lifecycle_markdown(itsm__markup *m, const itsm_machine *machine, uint32_t edition);

/* What a move serves: its own clauses, or those of its type. */
const itsm_names *itsm__clauses_of(const itsm_machine *machine, const itsm_move_def *move, uint32_t edition);
const itsm_names *itsm__type_clauses(const itsm_type_def *type, uint32_t edition);

/* Width of a text, as wide as the widest of the usual fonts draws it; `size` of the font in tenths of a pixel. */
int64_t itsm__text_width(itsm_str text, int64_t size);
/* The clauses of a move on the drawing, two of them at most; what is left out is said by an ellipsis. */
#define ITSM__CLAUSES_SHOWN 2u
int64_t itsm__clauses_width(const itsm_names *clauses);
/* Do the first moves of a bundle, which are shown, all serve the same clauses? */
int itsm__same_clauses(const itsm__chart *chart, const itsm__bundle *bundle);

/* Sizes */
#define ITSM__NAME_SIZE 125   /* of the font of states and moves */
#define ITSM__SMALL_SIZE 100  /* of categories and clauses */
#define ITSM__LINE_HEIGHT 160 /* of a move's name */
#define ITSM__SMALL_HEIGHT 130
#define ITSM__STATE_HEIGHT 440
#define ITSM__LOOP_REACH 300 /* from the state's side to the names of its loop */

#endif
