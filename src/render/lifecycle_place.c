/* SPDX-License-Identifier: MIT */
/*
 * Where the nodes of a drawing stand.
 *
 * Down: layer below layer, each as high as its highest node, the gap larger where links go far to the side.
 *
 * Across: every node wishes to stand at the weighted mean of its neighbours.  A layer's wishes are met as well as the
 * order and the distances allow, in the sense of least squares, by pooling neighbours that stand in each other's way
 * (isotonic regression; Ayer and others 1955), O(nodes) a layer.  Sweeps over the layers bring all wishes together; then
 * chains are pulled straight where there is room.  Where links meet a state is found the same way.
 */
#include "render/lifecycle.h"

#include "base/bits.h"

#define SWEEPS 160
#define SPACE 220      /* between states and names */
#define LINE_SPACE 160 /* beside a line that passes through */
#define PORT_SPACE 160
#define GAP_LEAST 200
#define GAP_MOST 640
#define MARGIN 240
#define HEADING 900  /* room for the title above the drawing */
#define ENTRANCE 340 /* for the mark of the first state */

/* One who wishes to stand somewhere. */
typedef struct wish {
    int64_t x, weight;
    int64_t offset; /* the least distance from the first */
    uint32_t node;  /* or link */
} wish;

/* Wishes that have become one. */
typedef struct pool {
    int64_t sum, weight;
    uint32_t n;
} pool;

typedef struct placing {
    itsm__chart *chart;
    wish *wishes;
    pool *pools; /* as many as a layer has nodes, or a state links */
} placing;

static int64_t mean(const pool *p)
{
    return itsm__floor_div(p->sum, p->weight);
}

/* Give n wishes their places within [low, high], in order and at their distances; the weighted squares are least. */
static void settle(placing *p, uint32_t n, int64_t low, int64_t high)
{
    uint32_t pools = 0, at = 0;
    for (uint32_t i = 0; i < n; i++) {
        const wish *w = &p->wishes[i];
        pool one = {(w->x - w->offset) * w->weight, w->weight, 1};
        while (pools && mean(&p->pools[pools - 1]) >= mean(&one)) {
            const pool *before = &p->pools[--pools];
            one.sum += before->sum, one.weight += before->weight, one.n += before->n;
        }
        p->pools[pools++] = one;
    }
    if (n) high -= p->wishes[n - 1].offset;
    for (uint32_t k = 0; k < pools; k++) {
        int64_t x = mean(&p->pools[k]);
        if (x > high) x = high;
        if (x < low) x = low;
        for (uint32_t i = 0; i < p->pools[k].n; i++, at++) p->wishes[at].x = x + p->wishes[at].offset;
    }
}

/* Across ----------------------------------------------------------------------------------------------------------- */

static int64_t distance(const itsm__node *left, const itsm__node *right)
{
    return left->right + right->left + (left->height && right->height ? SPACE : LINE_SPACE);
}

/* The other end of a link. */
static const itsm__node *far_node(const itsm__chart *chart, uint32_t link, int down)
{
    return &chart->nodes[down ? chart->links[link].lower : chart->links[link].upper];
}

enum { UP = 1, DOWN = 2 };

static void add_wish(const itsm__chart *chart, wish *w, uint32_t link, int down)
{
    int64_t weight = chart->links[link].weight;
    w->x += far_node(chart, link, down)->x * weight, w->weight += weight;
}

static void wish_of(wish *w, const itsm__chart *chart, const itsm__node *node, unsigned sides)
{
    w->x = w->weight = 0;
    for (uint32_t k = 0; sides & UP && k < node->nup; k++) add_wish(chart, w, chart->up_links[node->up + k], 0);
    for (uint32_t k = 0; sides & DOWN && k < node->ndown; k++) add_wish(chart, w, chart->down_links[node->down + k], 1);
    if (w->weight) w->x = itsm__floor_div(w->x, w->weight);
    else w->x = node->x, w->weight = 1;
}

static void settle_layer(placing *p, const itsm__layer *layer, unsigned sides)
{
    itsm__chart *chart = p->chart;
    int64_t offset = 0;
    for (uint32_t i = 0; i < layer->n; i++) {
        const itsm__node *node = &chart->nodes[layer->nodes[i]];
        if (i) offset += distance(&chart->nodes[layer->nodes[i - 1]], node);
        wish_of(&p->wishes[i], chart, node, sides);
        p->wishes[i].offset = offset;
    }
    settle(p, layer->n, INT64_MIN / 4, INT64_MAX / 4);
    for (uint32_t i = 0; i < layer->n; i++) chart->nodes[layer->nodes[i]].x = p->wishes[i].x;
}

/* As far left as it goes: where the sweeps begin. */
static void pack(itsm__chart *chart)
{
    for (uint32_t i = 0; i < chart->nlayers; i++) {
        const itsm__layer *layer = &chart->layers[i];
        int64_t x = 0;
        for (uint32_t k = 0; k < layer->n; k++) {
            itsm__node *node = &chart->nodes[layer->nodes[k]];
            if (k) x += distance(&chart->nodes[layer->nodes[k - 1]], node);
            node->x = x;
        }
    }
}

/* How far a node can move without its neighbours moving. */
static void room(int64_t *low, int64_t *high, const itsm__chart *chart, const itsm__node *node)
{
    const itsm__layer *layer = &chart->layers[node->layer];
    if (node->place) {
        const itsm__node *left = &chart->nodes[layer->nodes[node->place - 1]];
        int64_t least = left->x + distance(left, node);
        if (least > *low) *low = least;
    }
    if (node->place + 1 < layer->n) {
        const itsm__node *right = &chart->nodes[layer->nodes[node->place + 1]];
        int64_t most = right->x - distance(node, right);
        if (most < *high) *high = most;
    }
}

/* Nodes of consecutive layers that can all stand below each other do; otherwise as many of them as can. */
static void straighten(itsm__chart *chart, const uint32_t *nodes, uint32_t n)
{
    for (uint32_t first = 0, next; first < n; first = next) {
        int64_t low = INT64_MIN / 4, high = INT64_MAX / 4, sum = 0;
        for (next = first; next < n; next++) {
            int64_t l = low, h = high;
            room(&l, &h, chart, &chart->nodes[nodes[next]]);
            if (l > h) break;
            low = l, high = h, sum += chart->nodes[nodes[next]].x;
        }
        if (next == first) next++;
        if (next - first < 2) continue;
        int64_t x = itsm__floor_div(sum, next - first);
        if (x < low) x = low;
        if (x > high) x = high;
        for (uint32_t i = first; i < next; i++) chart->nodes[nodes[i]].x = x;
    }
}

/* The first bundle by which a record goes from a state alone to the next rank; NULL: there is none. */
static const itsm__bundle *next_down(const itsm__chart *chart, uint32_t s)
{
    for (uint32_t b = 0; b < chart->nbundles; b++) {
        const itsm__bundle *bundle = &chart->bundles[b];
        if (bundle->from == UINT64_C(1) << s && !bundle->back && !bundle->loop &&
            chart->rank[bundle->to] == chart->rank[s] + 1)
            return bundle;
    }
    return NULL;
}

/* The usual way of a record, from the first state on: states and names in turn. */
static void straighten_way(itsm__chart *chart)
{
    uint32_t way[2 * ITSM__STATES_MAX], n = 0, s = chart->machine->initial;
    const itsm__bundle *bundle;
    way[n++] = s;
    while ((bundle = next_down(chart, s)) != NULL) {
        way[n++] = bundle->last, s = bundle->to;
        way[n++] = s;
    }
    if (n > 3) straighten(chart, way, n); /* a single step is better left in the middle */
}

static void straighten_bundles(itsm__chart *chart)
{
    for (uint32_t b = 0; b < chart->nbundles; b++) {
        const itsm__bundle *bundle = &chart->bundles[b];
        uint32_t nodes[2 * ITSM__STATES_MAX], n = 0;
        if (bundle->loop) continue;
        for (uint32_t node = bundle->first; node <= bundle->last; node++) nodes[n++] = node;
        straighten(chart, nodes, n);
    }
}

static void place_across(placing *p)
{
    itsm__chart *chart = p->chart;
    pack(chart);
    for (int i = 0; i < SWEEPS; i++) {
        unsigned both = i >= SWEEPS / 8 ? UP | DOWN : 0;
        for (uint32_t k = 1; k < chart->nlayers; k++) settle_layer(p, &chart->layers[k], both | UP);
        for (uint32_t k = chart->nlayers - 1; k-- > 0;) settle_layer(p, &chart->layers[k], both | DOWN);
        if (i >= SWEEPS - SWEEPS / 8) straighten_way(chart); /* once all have found where they belong */
        if (both) straighten_bundles(chart);
    }
}

/* Where links meet states ------------------------------------------------------------------------------------------ */

/* Half of the box itself, without the loop. */
static int64_t half_width(const itsm__node *state)
{
    return state->left;
}

/* The links of one side of a state in the order of their other ends. */
static uint32_t collect(placing *p, const itsm__node *state, int down)
{
    const itsm__chart *chart = p->chart;
    uint32_t n = down ? state->ndown : state->nup;
    for (uint32_t k = 0; k < n; k++) {
        uint32_t link = down ? chart->down_links[state->down + k] : chart->up_links[state->up + k], at = k;
        uint32_t place = far_node(chart, link, down)->place;
        for (; at && far_node(chart, p->wishes[at - 1].node, down)->place > place; at--)
            p->wishes[at] = p->wishes[at - 1];
        p->wishes[at].node = link;
    }
    return n;
}

static void place_ports(placing *p, const itsm__node *state, int down)
{
    itsm__chart *chart = p->chart;
    uint32_t n = collect(p, state, down);
    int64_t low = state->x - half_width(state) + 80, high = state->x + half_width(state) - 80;
    for (uint32_t k = 0; k < n; k++) {
        p->wishes[k].x = far_node(chart, p->wishes[k].node, down)->x;
        p->wishes[k].weight = 1, p->wishes[k].offset = (int64_t)k * PORT_SPACE;
        if (p->wishes[k].x < low) p->wishes[k].x = low;
        if (p->wishes[k].x > high) p->wishes[k].x = high;
    }
    settle(p, n, low, high);
    for (uint32_t k = 0; k < n; k++) {
        itsm__link *link = &chart->links[p->wishes[k].node];
        if (down) link->upper_port = p->wishes[k].x;
        else link->lower_port = p->wishes[k].x;
    }
}

/* Chains end on their own axis. */
static void place_all_ports(placing *p)
{
    itsm__chart *chart = p->chart;
    for (uint32_t i = 0; i < chart->nlinks; i++) {
        chart->links[i].upper_port = chart->nodes[chart->links[i].upper].x;
        chart->links[i].lower_port = chart->nodes[chart->links[i].lower].x;
    }
    for (uint32_t s = 0; s < chart->nstates; s++)
        place_ports(p, &chart->nodes[s], 0), place_ports(p, &chart->nodes[s], 1);
}

/* Down ------------------------------------------------------------------------------------------------------------- */

static int64_t gap_below(const itsm__chart *chart, const itsm__layer *layer)
{
    int64_t most = 0;
    for (uint32_t i = 0; i < layer->n; i++) {
        const itsm__node *node = &chart->nodes[layer->nodes[i]];
        for (uint32_t k = 0; k < node->ndown; k++) {
            const itsm__link *link = &chart->links[chart->down_links[node->down + k]];
            int64_t aside = link->lower_port - link->upper_port;
            if (aside < 0) aside = -aside;
            if (aside > most) most = aside;
        }
    }
    most = GAP_LEAST + most / 7;
    return most > GAP_MOST ? GAP_MOST : most;
}

static void place_down(itsm__chart *chart)
{
    int64_t y = HEADING + ENTRANCE;
    for (uint32_t i = 0; i < chart->nlayers; i++) {
        itsm__layer *layer = &chart->layers[i];
        int64_t height = 0;
        for (uint32_t k = 0; k < layer->n; k++)
            if (chart->nodes[layer->nodes[k]].height > height) height = chart->nodes[layer->nodes[k]].height;
        layer->top = y, layer->bottom = y + height;
        y = layer->bottom + gap_below(chart, layer);
    }
    chart->height = chart->layers[chart->nlayers - 1].bottom + MARGIN;
}

static void move_to_margin(itsm__chart *chart)
{
    int64_t low = INT64_MAX, high = INT64_MIN;
    for (uint32_t i = 0; i < chart->nnodes; i++) {
        if (chart->nodes[i].x - chart->nodes[i].left < low) low = chart->nodes[i].x - chart->nodes[i].left;
        if (chart->nodes[i].x + chart->nodes[i].right > high) high = chart->nodes[i].x + chart->nodes[i].right;
    }
    for (uint32_t i = 0; i < chart->nnodes; i++) chart->nodes[i].x += MARGIN - low;
    chart->width = high - low + 2 * MARGIN;
}

itsm_status itsm__chart_place(itsm__chart *chart)
{
    size_t most = 1;
    for (uint32_t i = 0; i < chart->nlayers; i++)
        if (chart->layers[i].n > most) most = chart->layers[i].n;
    for (uint32_t s = 0; s < chart->nstates; s++) {
        if (chart->nodes[s].nup > most) most = chart->nodes[s].nup;
        if (chart->nodes[s].ndown > most) most = chart->nodes[s].ndown;
    }
    placing p = {chart, NULL, NULL};
    p.wishes = itsm__arena_alloc(&chart->arena, most * sizeof *p.wishes);
    p.pools = itsm__arena_alloc(&chart->arena, most * sizeof *p.pools);
    if (!p.wishes || !p.pools) return ITSM_E_NOMEM;
    place_across(&p);
    move_to_margin(chart);
    place_all_ports(&p);
    place_down(chart);
    return ITSM_OK;
}
