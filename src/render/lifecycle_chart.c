/* SPDX-License-Identifier: MIT */
/*
 * What is drawn of a lifecycle: bundles, ranks, nodes and links.
 *
 * States that have the same moves to a state are found by refining: all states that lead to it are one set, and every
 * move divides each set into those it starts from and the others; O(moves * states) with sets of bits.  A rank is the
 * length of the longest way down to a state along pairs that a move joins, in the order in which the model names the
 * states, the first state before all: models name states in the order of a life, so most moves lead down.  Two states
 * joined by a move never have the same rank.
 *
 * The text of a bundle stands on the layer, of those between its states, where the least stands already.
 */
#include "render/lifecycle.h"

#include "base/bits.h"

/* Texts ------------------------------------------------------------------------------------------------------------ */

/* Thousandths of the size of the font. */
static int64_t character_width(unsigned char c)
{
    static const uint16_t letters[] = {613, 635, 550, 635, 615, 352, 635, 634, 278, 278, 579, 278, 974,
                                       634, 612, 635, 635, 411, 521, 392, 634, 592, 818, 592, 592, 525};
    if (c >= 'a' && c <= 'z') return letters[c - 'a'];
    if (c >= '0' && c <= '9') return 636;
    if (c == '_') return 500;
    if (c == '.' || c == ',' || c == ' ' || c == ':') return 325;
    if (c == 'M' || c == 'W' || c == '%' || c == '@') return 1000;
    return 780;
}

int64_t itsm__text_width(itsm_str text, int64_t size)
{
    int64_t sum = 0;
    for (size_t i = 0; i < text.n; i++) {
        unsigned char c = (unsigned char)text.p[i];
        if ((c & 0xC0) != 0x80) sum += c < 0x80 ? character_width(c) : 1000; /* the first byte of a character */
    }
    return sum * size / 1000;
}

const itsm_names *itsm__type_clauses(const itsm_type_def *type, uint32_t edition)
{
    return edition == 2011 ? &type->clauses_2011 : &type->clauses_2018;
}

const itsm_names *itsm__clauses_of(const itsm_machine *machine, const itsm_move_def *move, uint32_t edition)
{
    const itsm_names *own = edition == 2011 ? &move->clauses_2011 : &move->clauses_2018;
    return own->n || !machine->type ? own : itsm__type_clauses(machine->type, edition);
}

int64_t itsm__clauses_width(const itsm_names *clauses)
{
    int64_t width = 0;
    for (size_t i = 0; i < clauses->n && i < ITSM__CLAUSES_SHOWN; i++)
        width += itsm__text_width(clauses->item[i], ITSM__SMALL_SIZE) + (i ? 60 : 0);
    return width + (clauses->n > ITSM__CLAUSES_SHOWN ? 150 : 0);
}

static int same_names(const itsm_names *a, const itsm_names *b)
{
    if (a->n != b->n) return 0;
    for (size_t i = 0; i < a->n; i++)
        if (!itsm_str_eq(a->item[i], b->item[i])) return 0;
    return 1;
}

int itsm__same_clauses(const itsm__chart *chart, const itsm__bundle *bundle)
{
    const itsm_machine *machine = chart->machine;
    const itsm_names *first = itsm__clauses_of(machine, &machine->moves[bundle->moves[0]], chart->edition);
    for (size_t i = 1; i < bundle->nmoves && i < ITSM__NAMES_SHOWN; i++)
        if (!same_names(first, itsm__clauses_of(machine, &machine->moves[bundle->moves[i]], chart->edition))) return 0;
    return 1;
}

/* Names one below the other; clauses below them all if they are the same, else below each. */
static void measure(itsm__chart *chart, itsm__bundle *bundle)
{
    size_t shown = bundle->nmoves < ITSM__NAMES_SHOWN ? bundle->nmoves : ITSM__NAMES_SHOWN;
    size_t small = itsm__same_clauses(chart, bundle) ? 1 : shown;
    bundle->width = 0;
    for (size_t i = 0; i < shown; i++) {
        const itsm_move_def *move = &chart->machine->moves[bundle->moves[i]];
        int64_t name = itsm__text_width(move->name, ITSM__NAME_SIZE);
        int64_t clauses = itsm__clauses_width(itsm__clauses_of(chart->machine, move, chart->edition));
        if (name > bundle->width) bundle->width = name;
        if (clauses > bundle->width) bundle->width = clauses;
    }
    bundle->height = (int64_t)shown * ITSM__LINE_HEIGHT + (int64_t)small * ITSM__SMALL_HEIGHT;
    if (bundle->nmoves > shown) bundle->height += ITSM__SMALL_HEIGHT;
}

/* Bundles ---------------------------------------------------------------------------------------------------------- */

static uint64_t bit(uint32_t i)
{
    return UINT64_C(1) << i;
}

static uint64_t all_states(const itsm__chart *chart)
{
    return chart->nstates == 64 ? UINT64_MAX : bit(chart->nstates) - 1;
}

/* Divide every set into what lies in `by` and what does not. */
static size_t refine(uint64_t sets[ITSM__STATES_MAX], size_t n, uint64_t by)
{
    size_t before = n;
    for (size_t i = 0; i < before; i++) {
        uint64_t in = sets[i] & by, out = sets[i] & ~by;
        if (in && out) sets[i] = in, sets[n++] = out;
    }
    return n;
}

/* The states that lead to one, those with the same moves together; those above it apart from those below. */
static size_t sets_to(uint64_t sets[ITSM__STATES_MAX], const itsm__chart *chart, uint32_t to)
{
    const itsm_machine *machine = chart->machine;
    uint64_t above = 0;
    size_t n = 1;
    sets[0] = 0;
    for (size_t i = 0; i < machine->nmoves; i++)
        if (machine->moves[i].to == to) sets[0] |= machine->moves[i].from & all_states(chart);
    if (!sets[0]) return 0;
    for (uint32_t s = 0; s < chart->nstates; s++)
        if (chart->rank[s] < chart->rank[to]) above |= bit(s);
    n = refine(sets, n, bit(to));
    n = refine(sets, n, above);
    for (size_t i = 0; i < machine->nmoves && n < chart->nstates; i++)
        if (machine->moves[i].to == to) n = refine(sets, n, machine->moves[i].from);
    return n;
}

static void fill_bundle(itsm__chart *chart, itsm__bundle *bundle, uint64_t from, uint32_t to)
{
    const itsm_machine *machine = chart->machine;
    memset(bundle, 0, sizeof *bundle);
    bundle->from = from, bundle->to = to, bundle->loop = from == bit(to);
    bundle->rank_low = bundle->rank_high = chart->rank[to];
    for (uint32_t s = 0; s < chart->nstates; s++) {
        if (!(from & bit(s))) continue;
        if (chart->rank[s] < bundle->rank_low) bundle->rank_low = chart->rank[s];
        if (chart->rank[s] > bundle->rank_high) bundle->rank_high = chart->rank[s], bundle->back = 1;
    }
    for (size_t i = 0; i < machine->nmoves; i++)
        if (machine->moves[i].to == to && machine->moves[i].from & from) {
            if (bundle->nmoves < ITSM__NAMES_SHOWN) bundle->moves[bundle->nmoves] = (uint32_t)i;
            bundle->nmoves++;
        }
    measure(chart, bundle);
}

/* First counted, then made. */
static itsm_status make_bundles(itsm__chart *chart)
{
    uint64_t sets[ITSM__STATES_MAX];
    size_t count = 0;
    for (uint32_t to = 0; to < chart->nstates; to++) count += sets_to(sets, chart, to);
    chart->bundles = itsm__arena_alloc(&chart->arena, count * sizeof *chart->bundles);
    if (!chart->bundles) return ITSM_E_NOMEM;
    for (uint32_t to = 0; to < chart->nstates; to++) {
        size_t n = sets_to(sets, chart, to);
        for (size_t i = 0; i < n; i++) {
            itsm__bundle *bundle = &chart->bundles[chart->nbundles++];
            fill_bundle(chart, bundle, sets[i], to);
            if (bundle->loop) chart->loops[to] = bundle;
        }
    }
    return ITSM_OK;
}

/* Ranks ------------------------------------------------------------------------------------------------------------ */

/* The n-th state: the first one of the lifecycle, then in the order of the model. */
static uint32_t nth(const itsm__chart *chart, uint32_t n)
{
    uint32_t initial = chart->machine->initial;
    return n == 0 ? initial : n <= initial ? n - 1 : n;
}

static void make_ranks(itsm__chart *chart)
{
    uint64_t joined[ITSM__STATES_MAX] = {0};
    const itsm_machine *machine = chart->machine;
    for (size_t i = 0; i < machine->nmoves; i++) {
        uint64_t from = machine->moves[i].from & all_states(chart);
        joined[machine->moves[i].to] |= from;
        for (uint32_t s = 0; s < chart->nstates; s++)
            if (from & bit(s)) joined[s] |= bit(machine->moves[i].to);
    }
    for (uint32_t n = 0; n < chart->nstates; n++) {
        uint32_t s = nth(chart, n), rank = n ? 1 : 0;
        for (uint32_t k = 0; k < n; k++)
            if (joined[s] & bit(nth(chart, k)) && chart->rank[nth(chart, k)] >= rank)
                rank = chart->rank[nth(chart, k)] + 1;
        chart->rank[s] = rank;
        if (2 * rank + 1 > chart->nlayers) chart->nlayers = 2 * rank + 1;
    }
}

/* Nodes and links -------------------------------------------------------------------------------------------------- */

/* The layers a bundle's names may stand on: between the last state that joins and the one it leads to. */
static void layers_between(uint32_t *from, uint32_t *to, const itsm__chart *chart, const itsm__bundle *bundle)
{
    uint32_t near = bundle->back ? UINT32_MAX : 0, end = chart->rank[bundle->to];
    for (uint32_t s = 0; s < chart->nstates; s++) {
        if (!(bundle->from & bit(s))) continue;
        if (bundle->back ? chart->rank[s] < near : chart->rank[s] > near) near = chart->rank[s];
    }
    *from = 2 * (bundle->back ? end : near) + 1;
    *to = 2 * (bundle->back ? near : end) - 1;
}

static uint32_t narrowest(const int64_t *used, uint32_t from, uint32_t to)
{
    uint32_t best = from;
    for (uint32_t layer = from; layer <= to; layer += 2)
        if (used[layer] < used[best]) best = layer;
    return best;
}

static void make_chain(itsm__chart *chart, uint32_t b, int64_t *used)
{
    itsm__bundle *bundle = &chart->bundles[b];
    uint32_t from, to, top = 2 * bundle->rank_low + 1;
    layers_between(&from, &to, chart, bundle);
    uint32_t named = narrowest(used, from, to);
    used[named] += bundle->width + 200;
    bundle->first = chart->nnodes, bundle->named = chart->nnodes + named - top;
    for (uint32_t layer = top; layer < 2 * bundle->rank_high; layer++) {
        itsm__node *node = &chart->nodes[chart->nnodes++];
        memset(node, 0, sizeof *node);
        node->layer = layer, node->bundle = b;
        if (layer == named) node->left = node->right = bundle->width / 2 + 30, node->height = bundle->height;
    }
    bundle->last = chart->nnodes - 1;
}

static void add_link(itsm__chart *chart, uint32_t upper, uint32_t lower, int64_t weight)
{
    itsm__link *link = &chart->links[chart->nlinks++];
    memset(link, 0, sizeof *link);
    link->upper = upper, link->lower = lower, link->weight = weight;
}

/*
 * States stand in the nodes by their indexes.  Chains should be straight, and so should moves from one rank to the next,
 * which are the way a record usually goes.
 */
static void link_chain(itsm__chart *chart, const itsm__bundle *bundle)
{
    int64_t near = bundle->rank_high - bundle->rank_low == 1 && !bundle->back ? 24 : 2;
    for (uint32_t node = bundle->first; node < bundle->last; node++) add_link(chart, node, node + 1, 64);
    for (uint32_t s = 0; s < chart->nstates; s++) {
        if (!(bundle->from & bit(s))) continue;
        uint32_t join = bundle->first + 2 * (chart->rank[s] - bundle->rank_low);
        if (bundle->back) add_link(chart, join - 2, s, near);
        else add_link(chart, s, join, near);
    }
    if (bundle->back) add_link(chart, bundle->to, bundle->first, near);
    else add_link(chart, bundle->last, bundle->to, near);
}

static void make_state(itsm__chart *chart, uint32_t s)
{
    itsm__node *node = &chart->nodes[s];
    const itsm_state_def *state = &chart->machine->states[s];
    const char *category = itsm_category_text(state->category);
    int64_t name = itsm__text_width(state->name, ITSM__NAME_SIZE) * 108 / 100; /* it is bold */
    int64_t small = itsm__text_width(itsm_str_c(category ? category : ""), ITSM__SMALL_SIZE);
    memset(node, 0, sizeof *node);
    node->layer = 2 * chart->rank[s], node->state = s, node->bundle = ITSM__NO_BUNDLE;
    node->left = node->right = (name > small ? name : small) / 2 + 150;
    if (node->left < 450) node->left = node->right = 450;
    node->height = ITSM__STATE_HEIGHT;
}

/* Wide enough for all that arrives; the loop and its names stand to the right. */
static void widen_state(itsm__chart *chart, uint32_t s)
{
    itsm__node *node = &chart->nodes[s];
    uint32_t most = node->nup > node->ndown ? node->nup : node->ndown;
    if (most * 80 + 60 > node->left) node->left = node->right = most * 80 + 60;
    if (!chart->loops[s]) return;
    node->right += ITSM__LOOP_REACH + chart->loops[s]->width;
    if (chart->loops[s]->height > node->height) node->height = chart->loops[s]->height;
}

/* Which links lead up and down from each node, in one array each. */
static itsm_status index_links(itsm__chart *chart)
{
    size_t bytes = ((size_t)chart->nlinks + 1) * sizeof *chart->up_links;
    chart->up_links = itsm__arena_alloc(&chart->arena, bytes);
    chart->down_links = itsm__arena_alloc(&chart->arena, bytes);
    if (!chart->up_links || !chart->down_links) return ITSM_E_NOMEM;
    for (uint32_t i = 0; i < chart->nlinks; i++)
        chart->nodes[chart->links[i].upper].ndown++, chart->nodes[chart->links[i].lower].nup++;
    for (uint32_t i = 0, up = 0, down = 0; i < chart->nnodes; i++) {
        itsm__node *node = &chart->nodes[i];
        node->up = up, node->down = down;
        up += node->nup, down += node->ndown;
        node->nup = node->ndown = 0;
    }
    for (uint32_t i = 0; i < chart->nlinks; i++) {
        itsm__node *upper = &chart->nodes[chart->links[i].upper], *lower = &chart->nodes[chart->links[i].lower];
        chart->down_links[upper->down + upper->ndown++] = i;
        chart->up_links[lower->up + lower->nup++] = i;
    }
    return ITSM_OK;
}

static itsm_status make_layers(itsm__chart *chart)
{
    chart->layers = itsm__arena_alloc(&chart->arena, chart->nlayers * sizeof *chart->layers);
    uint32_t *places = itsm__arena_alloc(&chart->arena, chart->nnodes * sizeof *places);
    if (!chart->layers || !places) return ITSM_E_NOMEM;
    memset(chart->layers, 0, chart->nlayers * sizeof *chart->layers);
    for (uint32_t i = 0; i < chart->nnodes; i++) chart->layers[chart->nodes[i].layer].n++;
    for (uint32_t layer = 0; layer < chart->nlayers; layer++) {
        chart->layers[layer].nodes = places, places += chart->layers[layer].n;
        chart->layers[layer].n = 0;
    }
    for (uint32_t i = 0; i < chart->nnodes; i++) {
        itsm__layer *layer = &chart->layers[chart->nodes[i].layer];
        chart->nodes[i].place = layer->n;
        layer->nodes[layer->n++] = i;
    }
    return ITSM_OK;
}

itsm_status itsm__chart_make(itsm__chart *chart)
{
    int64_t used[2 * ITSM__STATES_MAX] = {0};
    chart->nstates =
        (uint32_t)(chart->machine->nstates < ITSM__STATES_MAX ? chart->machine->nstates : ITSM__STATES_MAX);
    make_ranks(chart);
    itsm_status rc = make_bundles(chart);
    if (rc != ITSM_OK) return rc;
    size_t nodes = chart->nstates, links = 0;
    for (uint32_t b = 0; b < chart->nbundles; b++) {
        if (chart->bundles[b].loop) continue;
        nodes += 2 * (size_t)(chart->bundles[b].rank_high - chart->bundles[b].rank_low) - 1;
        links += ITSM__STATES_MAX + 1;
    }
    if (nodes > ITSM__CHART_NODES_MAX) return ITSM_E_LIMIT;
    chart->nodes = itsm__arena_alloc(&chart->arena, nodes * sizeof *chart->nodes);
    chart->links = itsm__arena_alloc(&chart->arena, (nodes + links) * sizeof *chart->links);
    if (!chart->nodes || !chart->links) return ITSM_E_NOMEM;
    for (uint32_t s = 0; s < chart->nstates; s++) make_state(chart, s);
    chart->nnodes = chart->nstates;
    for (uint32_t b = 0; b < chart->nbundles; b++)
        if (!chart->bundles[b].loop) make_chain(chart, b, used), link_chain(chart, &chart->bundles[b]);
    if ((rc = index_links(chart)) != ITSM_OK) return rc;
    for (uint32_t s = 0; s < chart->nstates; s++) widen_state(chart, s);
    return make_layers(chart);
}
