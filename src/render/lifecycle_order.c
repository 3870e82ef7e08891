/* SPDX-License-Identifier: MIT */
/*
 * The order of the nodes in each layer, so that few links cross.
 *
 * Sweeps down and up sort each layer by the mean place of the neighbours in the layer before (the barycentre heuristic
 * of Sugiyama, Tagawa and Toda 1981); after each, neighbours in a layer change places where that saves crossings
 * (Gansner, Koutsofios, North and Vo 1993).  The best order seen is kept; crossings are counted with a tree of sums
 * (Barth, Juenger and Mutzel 2002).  A sweep is O(links * log nodes); changing places is left out for large drawings,
 * which nobody reads.
 */
#include "render/lifecycle.h"

#include "base/sort.h"

enum { SWEEPS = 24, ROUNDS = 12, SWAPPED_AT_MOST = 3000 };

typedef struct entry {
    int64_t key;
    uint32_t place, node;
} entry;

typedef struct ordering {
    itsm__chart *chart;
    entry *entries; /* as many as the widest layer has nodes */
    uint32_t *sums; /* one more */
    uint32_t *best; /* places of all nodes */
    uint64_t least; /* crossings of the best */
} ordering;

static uint32_t far_place(const itsm__chart *chart, uint32_t link, int down)
{
    return chart->nodes[down ? chart->links[link].lower : chart->links[link].upper].place;
}

/* The n-th link of a node on one side. */
static uint32_t link_at(const itsm__chart *chart, const itsm__node *node, uint32_t n, int down)
{
    return down ? chart->down_links[node->down + n] : chart->up_links[node->up + n];
}

static uint32_t links_of(const itsm__node *node, int down)
{
    return down ? node->ndown : node->nup;
}

/* Crossings -------------------------------------------------------------------------------------------------------- */

static uint64_t crossings_below(ordering *o, const itsm__layer *upper, uint32_t width)
{
    const itsm__chart *chart = o->chart;
    uint64_t found = 0, inserted = 0;
    memset(o->sums, 0, ((size_t)width + 1) * sizeof *o->sums);
    for (uint32_t i = 0; i < upper->n; i++) {
        const itsm__node *node = &chart->nodes[upper->nodes[i]];
        for (uint32_t k = 0; k < node->ndown; k++) {
            uint64_t before = 0;
            for (uint32_t at = far_place(chart, link_at(chart, node, k, 1), 1) + 1; at; at &= at - 1)
                before += o->sums[at];
            found += inserted - before; /* those that went further right */
        }
        for (uint32_t k = 0; k < node->ndown; k++, inserted++)
            for (uint32_t at = far_place(chart, link_at(chart, node, k, 1), 1) + 1; at <= width; at += at & (0u - at))
                o->sums[at]++;
    }
    return found;
}

static uint64_t crossings(ordering *o)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i + 1 < o->chart->nlayers; i++)
        sum += crossings_below(o, &o->chart->layers[i], o->chart->layers[i + 1].n);
    return sum;
}

static void keep_if_best(ordering *o)
{
    uint64_t now = crossings(o);
    if (now >= o->least) return;
    o->least = now;
    for (uint32_t i = 0; i < o->chart->nnodes; i++) o->best[i] = o->chart->nodes[i].place;
}

/* Sweeps ----------------------------------------------------------------------------------------------------------- */

static int by_key(const void *a, const void *b, void *user)
{
    const entry *x = (const entry *)a, *y = (const entry *)b;
    (void)user;
    if (x->key != y->key) return x->key < y->key ? -1 : 1;
    return x->place < y->place ? -1 : x->place > y->place;
}

/* Sort a layer by the mean places of its neighbours on one side; who has none stays where it is. */
static void sort_layer(ordering *o, itsm__layer *layer, int down)
{
    itsm__chart *chart = o->chart;
    for (uint32_t i = 0; i < layer->n; i++) {
        const itsm__node *node = &chart->nodes[layer->nodes[i]];
        uint32_t n = links_of(node, down);
        int64_t sum = 0;
        for (uint32_t k = 0; k < n; k++) sum += far_place(chart, link_at(chart, node, k, down), down);
        o->entries[i].key = n ? sum * 1024 / n : (int64_t)node->place * 1024;
        o->entries[i].place = node->place, o->entries[i].node = layer->nodes[i];
    }
    itsm__sort(o->entries, layer->n, sizeof *o->entries, by_key, NULL);
    for (uint32_t i = 0; i < layer->n; i++) {
        layer->nodes[i] = o->entries[i].node;
        chart->nodes[layer->nodes[i]].place = i;
    }
}

/* How many links of the two cross if `left` stands before `right`. */
static uint64_t pair_crossings(const itsm__chart *chart, const itsm__node *left, const itsm__node *right)
{
    uint64_t found = 0;
    for (int down = 0; down < 2; down++)
        for (uint32_t i = 0; i < links_of(left, down); i++) {
            uint32_t place = far_place(chart, link_at(chart, left, i, down), down);
            for (uint32_t k = 0; k < links_of(right, down); k++)
                found += far_place(chart, link_at(chart, right, k, down), down) < place;
        }
    return found;
}

static int swap_in(itsm__chart *chart, itsm__layer *layer)
{
    int better = 0;
    for (uint32_t i = 0; i + 1 < layer->n; i++) {
        itsm__node *left = &chart->nodes[layer->nodes[i]], *right = &chart->nodes[layer->nodes[i + 1]];
        if (pair_crossings(chart, right, left) >= pair_crossings(chart, left, right)) continue;
        uint32_t moved = layer->nodes[i];
        layer->nodes[i] = layer->nodes[i + 1], layer->nodes[i + 1] = moved;
        right->place = i, left->place = i + 1, better = 1;
    }
    return better;
}

static void swap_all(itsm__chart *chart)
{
    int better = chart->nnodes <= SWAPPED_AT_MOST;
    for (int round = 0; better && round < ROUNDS; round++) {
        better = 0;
        for (uint32_t i = 0; i < chart->nlayers; i++) better |= swap_in(chart, &chart->layers[i]);
    }
}

static void sweep(ordering *o, int down)
{
    itsm__chart *chart = o->chart;
    if (down)
        for (uint32_t i = 1; i < chart->nlayers; i++) sort_layer(o, &chart->layers[i], 0);
    else
        for (uint32_t i = chart->nlayers - 1; i-- > 0;) sort_layer(o, &chart->layers[i], 1);
}

/* Lay the nodes of every layer as their places say. */
static void lay(itsm__chart *chart)
{
    for (uint32_t i = 0; i < chart->nnodes; i++) chart->layers[chart->nodes[i].layer].nodes[chart->nodes[i].place] = i;
}

static void reverse(itsm__chart *chart)
{
    for (uint32_t i = 0; i < chart->nnodes; i++)
        chart->nodes[i].place = chart->layers[chart->nodes[i].layer].n - 1 - chart->nodes[i].place;
    lay(chart);
}

itsm_status itsm__chart_order(itsm__chart *chart)
{
    uint32_t widest = 1;
    for (uint32_t i = 0; i < chart->nlayers; i++)
        if (chart->layers[i].n > widest) widest = chart->layers[i].n;
    ordering o = {chart, NULL, NULL, NULL, UINT64_MAX};
    o.entries = itsm__arena_alloc(&chart->arena, widest * sizeof *o.entries);
    o.sums = itsm__arena_alloc(&chart->arena, ((size_t)widest + 1) * sizeof *o.sums);
    o.best = itsm__arena_alloc(&chart->arena, chart->nnodes * sizeof *o.best);
    if (!o.entries || !o.sums || !o.best) return ITSM_E_NOMEM;
    for (int start = 0; start < 2; start++) { /* from the order of the model, and from the last one read backwards */
        keep_if_best(&o);
        for (int i = 0; i < SWEEPS && o.least; i++) {
            sweep(&o, (i + start) % 2 == 0);
            swap_all(chart);
            keep_if_best(&o);
        }
        reverse(chart);
    }
    for (uint32_t i = 0; i < chart->nnodes; i++) chart->nodes[i].place = o.best[i];
    lay(chart);
    return ITSM_OK;
}
