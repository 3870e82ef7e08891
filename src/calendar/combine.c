/* SPDX-License-Identifier: MIT */
/*
 * Calendars made of calendars: union, intersection, difference, and versions.
 *
 * Such a calendar holds shares of its parts and one array with the trees of all of them, copied from theirs, so that
 * nothing descends.  What a tree says at an instant is kept up to date leaf by leaf: each node counts its open
 * children, and a change goes up only as long as it changes something; O(depth), at most 9.
 */
#include "calendar/calendar.h"

#include "base/ctx.h"

/* Trees ----------------------------------------------------------------------------------------------------------- */

static void copy_tree(itsm_calendar *calendar, const itsm_calendar *part, int64_t from, int64_t to, int first)
{
    const uint32_t base = (uint32_t)calendar->nnodes, root = (uint32_t)(part->nnodes - 1);
    for (size_t i = 0; i < part->nnodes; i++) {
        itsm__node *node = &calendar->nodes[calendar->nnodes++];
        *node = part->nodes[i];
        node->parent += base;
        if (node->from < from) node->from = from;
        if (node->to > to) node->to = to;
    }
    calendar->nodes[base + root].first = first ? 1 : 0;
}

static void add_node(itsm_calendar *calendar, int32_t how, const itsm__definition *leaf, int64_t to)
{
    itsm__node *node = &calendar->nodes[calendar->nnodes];
    memset(node, 0, sizeof *node);
    node->how = how, node->parent = (uint32_t)calendar->nnodes;
    node->part = calendar, node->leaf = leaf;
    node->from = INT64_MIN, node->to = to;
    calendar->nnodes++;
}

/* Give the roots of the parts, which are their own parents so far, to the root of all. */
static void add_root(itsm_calendar *calendar)
{
    const uint32_t root = (uint32_t)calendar->nnodes;
    add_node(calendar, calendar->how == ITSM__MADE_OF_HOURS ? ITSM__UNION : calendar->how, NULL, INT64_MAX);
    for (uint32_t i = 0; i < root; i++) {
        if (calendar->nodes[i].parent != i) continue;
        calendar->nodes[i].parent = root;
        calendar->nodes[root].n++;
    }
}

itsm_status itsm__calendar_plant(itsm_calendar *calendar)
{
    const int has_hours = calendar->how == ITSM__MADE_OF_HOURS;
    size_t nodes = has_hours ? 1 : 0, leaves = nodes;
    uint32_t depth = 0;
    for (size_t i = 0; i < calendar->nparts; i++) {
        const itsm_calendar *part = calendar->parts[i].calendar;
        nodes += part->nnodes, leaves += part->nleaves;
        if (part->depth > depth) depth = part->depth;
        if (leaves > ITSM__LEAVES_MAX || depth >= ITSM__PARTS_DEPTH) return ITSM_E_LIMIT;
    }
    calendar->depth = depth + 1, calendar->nleaves = leaves;
    calendar->nodes = itsm__arena_alloc(&calendar->arena, (nodes + 1) * sizeof *calendar->nodes);
    if (!calendar->nodes) return ITSM_E_NOMEM;
    if (has_hours)
        add_node(calendar, ITSM__MADE_OF_HOURS, &calendar->definition,
                 calendar->nparts ? calendar->parts[0].from : INT64_MAX);
    for (size_t i = 0; i < calendar->nparts; i++) {
        const itsm__part *part = &calendar->parts[i];
        if (has_hours)
            copy_tree(calendar, part->calendar, part->from,
                      i + 1 < calendar->nparts ? calendar->parts[i + 1].from : INT64_MAX, 0);
        else copy_tree(calendar, part->calendar, INT64_MIN, INT64_MAX, i == 0);
    }
    if (calendar->nparts) add_root(calendar);
    return ITSM_OK;
}

itsm_str itsm__node_name(const itsm_calendar *calendar, size_t node)
{
    const itsm__node *nodes = calendar->nodes;
    const size_t root = calendar->nnodes - 1;
    if (node == root) return itsm_str_n(NULL, 0); /* made of nothing else */
    while (node != root && !nodes[node].part->definition.name.n) node = nodes[node].parent;
    return node == root ? itsm_str_n(NULL, 0) : nodes[node].part->definition.name;
}

void itsm__tree_start(itsm__tree_state *state)
{
    memset(state->open, 0, state->calendar->nnodes);
    memset(state->counts, 0, state->calendar->nnodes * sizeof *state->counts);
}

enum { OPEN = 1, FIRST_OPEN = 2 };

static int is_open(const itsm__tree_state *state, size_t node, int first_is_open)
{
    const uint32_t count = state->counts[node], n = state->calendar->nodes[node].n;
    switch (state->calendar->nodes[node].how) {
    case ITSM__UNION: return count > 0;
    case ITSM__INTERSECTION: return count == n;
    default: return first_is_open && count == 1;
    }
}

void itsm__tree_set(itsm__tree_state *state, size_t leaf, int open)
{
    const itsm__node *nodes = state->calendar->nodes;
    size_t node = leaf;
    int now = open != 0;
    while (now != (state->open[node] & OPEN)) {
        const size_t parent = nodes[node].parent;
        state->open[node] ^= OPEN;
        if (parent == node) return;
        if (now) state->counts[parent]++;
        else state->counts[parent]--;
        if (nodes[node].first) state->open[parent] ^= FIRST_OPEN;
        node = parent;
        now = is_open(state, node, state->open[node] & FIRST_OPEN);
    }
}

/* Combining ------------------------------------------------------------------------------------------------------- */

static itsm_status take_parts(itsm_calendar *calendar, const itsm_calendar *const *calendars, size_t n)
{
    calendar->parts = itsm__arena_alloc(&calendar->arena, n * sizeof *calendar->parts);
    if (!calendar->parts) return ITSM_E_NOMEM;
    for (size_t i = 0; i < n; i++) {
        calendar->parts[i].from = 0, calendar->parts[i].calendar = itsm_calendar_ref(calendars[i]);
        calendar->nparts++;
    }
    return ITSM_OK;
}

itsm_status itsm__calendar_combine(itsm_calendar **out, const itsm__memory *memory, int32_t how, itsm_str name,
                                   const itsm_calendar *const *calendars, size_t n, int compile)
{
    for (size_t i = 0; i < n; i++)
        if (!calendars[i]) return ITSM_E_MISUSE;
    if (!n) return ITSM_E_INVALID;
    if (n > ITSM__LEAVES_MAX) return ITSM_E_LIMIT;
    itsm_calendar *calendar = itsm__calendar_new(memory, calendars[0]->definition.zone);
    if (!calendar) return ITSM_E_NOMEM;
    calendar->how = how;
    itsm_status rc = name.n ? itsm__arena_copy(&calendar->definition.name, &calendar->arena, name) : ITSM_OK;
    if (!rc) rc = take_parts(calendar, calendars, n);
    if (!rc) rc = itsm__calendar_plant(calendar);
    if (!rc && compile) rc = itsm__calendar_compile(calendar);
    if (rc) {
        itsm_calendar_free(calendar);
        return rc;
    }
    *out = calendar;
    return ITSM_OK;
}

static itsm_status combine(itsm_calendar **out, itsm_ctx *ctx, int32_t how, itsm_str name,
                           const itsm_calendar *const *calendars, size_t n)
{
    if (out) *out = NULL;
    itsm__issues_clear(ctx);
    if (!out || !ctx || (n && !calendars)) return ITSM_E_MISUSE;
    return itsm__calendar_combine(out, itsm__ctx_memory(ctx), how, name, calendars, n, 1);
}

itsm_status itsm_calendar_union(itsm_calendar **out, itsm_ctx *ctx, itsm_str name,
                                const itsm_calendar *const *calendars, size_t n)
{
    return combine(out, ctx, ITSM__UNION, name, calendars, n);
}

itsm_status itsm_calendar_intersection(itsm_calendar **out, itsm_ctx *ctx, itsm_str name,
                                       const itsm_calendar *const *calendars, size_t n)
{
    return combine(out, ctx, ITSM__INTERSECTION, name, calendars, n);
}

itsm_status itsm_calendar_difference(itsm_calendar **out, itsm_ctx *ctx, itsm_str name,
                                     const itsm_calendar *const *calendars, size_t n)
{
    return combine(out, ctx, ITSM__DIFFERENCE, name, calendars, n);
}
