/* SPDX-License-Identifier: MIT */
/*
 * A lifecycle as a picture: one SVG that stands alone, with its colours for light and dark inside.
 *
 * What a colour says, a word says too: the category stands in the state, which has a double border if it is final.  A
 * line ends in an arrow at the state it leads to; lines that lead back up are dashed.  Pointing at a name tells who may
 * make the move and what it asks for.
 */
#include "render/lifecycle.h"

#include "base/ctx.h"
#include "base/text.h"

#define ARROW 80

static const char STYLE[] =
    ".lifecycle{--card:#fff;--ink:#1c2127;--soft:#58616b;--edge:#dcdfe3;--line:#7b858f;--blue:#0068a8;--pale:#e3eff8;"
    "--amber:#a06a00;--sand:#fdf1d8;--green:#007a5a;--mint:#dff3ec;--none:#6d757d;--mist:#eceef0}\n"
    "@media(prefers-color-scheme:dark){.lifecycle{--card:#181c20;--ink:#e9ecef;--soft:#a3acb5;--edge:#2d343b;"
    "--line:#7d8893;--blue:#62b3ea;--pale:#19303f;--amber:#f2b84b;--sand:#3a2f17;--green:#43c7a0;--mint:#17352d;"
    "--none:#8b949d;--mist:#262c32}}\n"
    ".lifecycle text{font:12.5px system-ui,-apple-system,\"Segoe UI\",Roboto,\"Helvetica Neue\",Arial,sans-serif;"
    "fill:var(--ink);text-anchor:middle}.lifecycle .s{font-size:10px;fill:var(--soft)}"
    ".lifecycle .n{font-weight:600}.lifecycle .l{text-anchor:start}.lifecycle .h{font-size:16px;font-weight:640;"
    "text-anchor:start}.lifecycle .u{font-size:12px;fill:var(--soft);text-anchor:start}\n"
    ".lifecycle .p{fill:none;stroke:var(--line);stroke-width:1.3;stroke-linecap:round}.lifecycle .b{stroke-dasharray:"
    "5 3.5}.lifecycle .a{fill:var(--line)}.lifecycle .c{fill:var(--card)}.lifecycle .d{fill:var(--ink)}"
    ".lifecycle .card{fill:var(--card);stroke:var(--edge)}\n"
    ".lifecycle .k{stroke-width:1.4}.lifecycle .k1{fill:var(--card);stroke:var(--blue)}"
    ".lifecycle .k2{fill:var(--pale);stroke:var(--blue)}.lifecycle .k3{fill:var(--sand);stroke:var(--amber)}"
    ".lifecycle .k4{fill:var(--mint);stroke:var(--green)}.lifecycle .k5{fill:var(--mint);stroke:var(--green)}"
    ".lifecycle .k6{fill:var(--mist);stroke:var(--none)}.lifecycle .o{fill:none;stroke-width:1}\n";

static int64_t middle(const itsm__chart *chart, const itsm__node *node)
{
    const itsm__layer *layer = &chart->layers[node->layer];
    return (layer->top + layer->bottom) / 2;
}

/* Lines ------------------------------------------------------------------------------------------------------------ */

/* From the lower edge of a layer to the upper edge of the next. */
static void curve(itsm__markup *m, const itsm__chart *chart, const itsm__link *link)
{
    const itsm__layer *upper = &chart->layers[chart->nodes[link->upper].layer], *lower = upper + 1;
    int64_t y = (upper->bottom + lower->top) / 2;
    if (link->upper_port == link->lower_port) itsm__put(m, "V%t", lower->top);
    else itsm__put(m, "C%t %t %t %t %t %t", link->upper_port, y, link->lower_port, y, link->lower_port, lower->top);
}

static const itsm__link *link_between(const itsm__chart *chart, uint32_t upper, uint32_t lower)
{
    const itsm__node *node = &chart->nodes[upper];
    for (uint32_t k = 0; k < node->ndown; k++)
        if (chart->links[chart->down_links[node->down + k]].lower == lower)
            return &chart->links[chart->down_links[node->down + k]];
    return NULL; /* never: every chain is linked */
}

/* Where the line leaves a state below it, and where it arrives above it; an arrow takes its room. */
static int64_t below(const itsm__chart *chart, const itsm__node *state, int arrow)
{
    return middle(chart, state) + ITSM__STATE_HEIGHT / 2 + (arrow ? ARROW : 0);
}

static int64_t above(const itsm__chart *chart, const itsm__node *state, int arrow)
{
    return middle(chart, state) - ITSM__STATE_HEIGHT / 2 - (arrow ? ARROW : 0);
}

static void arrow_at(itsm__markup *m, int64_t x, int64_t y, int up)
{
    int64_t back = up ? ARROW + 10 : -ARROW - 10;
    itsm__put(m, "<path class=\"a\" d=\"M%t %tL%t %tH%tZ\"/>", x, y, x - 36, y + back, x + 36);
}

/* Between a state and the chain of a bundle. */
static void branch(itsm__markup *m, const itsm__chart *chart, const itsm__link *link, int arrow)
{
    const itsm__node *upper = &chart->nodes[link->upper], *lower = &chart->nodes[link->lower];
    if (upper->bundle == ITSM__NO_BUNDLE) {
        itsm__put(m, "M%t %tV%t", link->upper_port, below(chart, upper, arrow), chart->layers[upper->layer].bottom);
        curve(m, chart, link);
    } else {
        itsm__put(m, "M%t %t", link->upper_port, chart->layers[upper->layer].bottom);
        curve(m, chart, link);
        itsm__put(m, "V%t", above(chart, lower, arrow));
    }
}

static void chain(itsm__markup *m, const itsm__chart *chart, const itsm__bundle *bundle)
{
    const itsm__node *first = &chart->nodes[bundle->first];
    itsm__put(m, "M%t %t", first->x, chart->layers[first->layer].top);
    for (uint32_t i = bundle->first; i <= bundle->last; i++) {
        itsm__put(m, "V%t", chart->layers[chart->nodes[i].layer].bottom);
        if (i < bundle->last) curve(m, chart, link_between(chart, i, i + 1));
    }
}

static void lines(itsm__markup *m, const itsm__chart *chart, const itsm__bundle *bundle)
{
    const itsm__link *end =
        bundle->back ? link_between(chart, bundle->to, bundle->first) : link_between(chart, bundle->last, bundle->to);
    const itsm__node *to = &chart->nodes[bundle->to];
    itsm__put(m, "<path class=\"%s\" d=\"", bundle->back ? "p b" : "p");
    for (uint32_t s = 0; s < chart->nstates; s++) {
        if (!(bundle->from >> s & 1)) continue;
        uint32_t join = bundle->first + 2 * (chart->rank[s] - bundle->rank_low) - (bundle->back ? 2 : 0);
        branch(m, chart, bundle->back ? link_between(chart, join, s) : link_between(chart, s, join), 0);
    }
    chain(m, chart, bundle);
    branch(m, chart, end, 1);
    itsm__put(m, "\"/>");
    if (bundle->back) arrow_at(m, end->upper_port, below(chart, to, 0), 1);
    else arrow_at(m, end->lower_port, above(chart, to, 0), 0);
    itsm__put(m, "\n");
}

/* Names ------------------------------------------------------------------------------------------------------------ */

static void clauses(itsm__markup *m, const itsm_names *names)
{
    for (size_t i = 0; i < names->n && i < ITSM__CLAUSES_SHOWN; i++) itsm__put(m, i ? ", %e" : "%e", names->item[i]);
    if (names->n > ITSM__CLAUSES_SHOWN) itsm__put(m, " \xE2\x80\xA6");
}

static void all_clauses(itsm__markup *m, const itsm_names *names)
{
    for (size_t i = 0; i < names->n; i++) itsm__put(m, i ? ", %e" : "%e", names->item[i]);
}

/* What pointing at the names tells. */
static void told(itsm__markup *m, const itsm__chart *chart, const itsm_move_def *move)
{
    itsm_buf text = {NULL, 0, 0, m->out->alloc, m->out->alloc_user};
    itsm__put(m, "%e: by ", move->name);
    for (size_t i = 0; i < move->nactors; i++) itsm__put(m, i ? ", %e" : "%e", move->actors[i].name);
    const itsm_guard_def *guard;
    for (size_t i = 0; (guard = itsm_move_guard(move, i)) != NULL; i++) {
        itsm_status rc = itsm_guard_encode(&text, guard);
        if (rc != ITSM_OK && m->status == ITSM_OK) m->status = rc;
        itsm__put(m, "\n  %e", itsm_buf_str(&text));
        text.n = 0;
    }
    itsm__put(m, "\n  clauses "), all_clauses(m, itsm__clauses_of(chart->machine, move, chart->edition));
    itsm_buf_clear(&text);
}

static void small(itsm__markup *m, int64_t x, int64_t *y, const char *classes)
{
    *y += ITSM__SMALL_HEIGHT;
    itsm__put(m, "<text class=\"s%s\" x=\"%t\" y=\"%t\">", classes, x, *y - 30);
}

/* From y down; x is the middle, or with " l" the left edge. */
static void names(itsm__markup *m, const itsm__chart *chart, const itsm__bundle *bundle, int64_t x, int64_t y,
                  const char *classes)
{
    int same = itsm__same_clauses(chart, bundle);
    size_t shown = bundle->nmoves < ITSM__NAMES_SHOWN ? bundle->nmoves : ITSM__NAMES_SHOWN;
    itsm__put(m, "<g><title>");
    for (size_t i = 0; i < shown; i++) {
        if (i) itsm__put(m, "\n");
        told(m, chart, &chart->machine->moves[bundle->moves[i]]);
    }
    itsm__put(m, "</title>");
    for (size_t i = 0; i < shown; i++) {
        const itsm_move_def *move = &chart->machine->moves[bundle->moves[i]];
        y += ITSM__LINE_HEIGHT;
        itsm__put(m, "<text class=\"m%s\" x=\"%t\" y=\"%t\">%e</text>", classes, x, y - 40, move->name);
        if (same && i + 1 < shown) continue;
        small(m, x, &y, classes);
        clauses(m, itsm__clauses_of(chart->machine, move, chart->edition)), itsm__put(m, "</text>");
    }
    if (bundle->nmoves > shown) {
        small(m, x, &y, classes);
        itsm__put(m, "and %d more</text>", (int)(bundle->nmoves - shown));
    }
    itsm__put(m, "</g>\n");
}

static void named_node(itsm__markup *m, const itsm__chart *chart, const itsm__bundle *bundle)
{
    const itsm__node *node = &chart->nodes[bundle->named];
    int64_t y = middle(chart, node) - bundle->height / 2;
    itsm__put(m, "<rect class=\"c\" x=\"%t\" y=\"%t\" width=\"%t\" height=\"%t\"/>", node->x - bundle->width / 2 - 20,
              y, bundle->width + 40, bundle->height);
    names(m, chart, bundle, node->x, y, "");
}

/* States ----------------------------------------------------------------------------------------------------------- */

static void box(itsm__markup *m, int64_t x, int64_t y, int64_t half, int64_t inset, const char *classes,
                uint32_t category)
{
    itsm__put(m, "<rect class=\"k k%d%s\" x=\"%t\" y=\"%t\" width=\"%t\" height=\"%t\" rx=\"%t\"/>", (int)category,
              classes, x - half + inset, y - ITSM__STATE_HEIGHT / 2 + inset, 2 * (half - inset),
              ITSM__STATE_HEIGHT - 2 * inset, 80 - inset);
}

static void loop(itsm__markup *m, const itsm__chart *chart, const itsm__bundle *bundle, int64_t x, int64_t y)
{
    int64_t out = x + ITSM__LOOP_REACH - 60, top = y - 110, end = y + 110;
    itsm__put(m, "<path class=\"p\" d=\"M%t %tC%t %t %t %t %t %t\"/>", x, top, out, top - 60, out, end + 60, x + ARROW,
              end);
    itsm__put(m, "<path class=\"a\" d=\"M%t %tL%t %tV%tZ\"/>\n", x, end, x + ARROW + 10, end - 36, end + 36);
    names(m, chart, bundle, x + ITSM__LOOP_REACH - 70, y - bundle->height / 2, " l");
}

static void state(itsm__markup *m, const itsm__chart *chart, uint32_t s)
{
    const itsm__node *node = &chart->nodes[s];
    const itsm_state_def *def = &chart->machine->states[s];
    const char *category = itsm_category_text(def->category);
    int64_t y = middle(chart, node), half = node->left;
    uint32_t kind = category ? def->category : ITSM_OPEN;
    if (s == chart->machine->initial) {
        int64_t top = above(chart, node, 0);
        itsm__put(m, "<circle class=\"d\" cx=\"%t\" cy=\"%t\" r=\"5\"/><path class=\"p\" d=\"M%t %tV%t\"/>", node->x,
                  top - 270, node->x, top - 220, top - ARROW);
        arrow_at(m, node->x, top, 0);
    }
    box(m, node->x, y, half, 0, "", kind);
    if (kind == ITSM_CLOSED || kind == ITSM_CANCELLED) box(m, node->x, y, half, 35, " o", kind);
    itsm__put(m, "<text class=\"n\" x=\"%t\" y=\"%t\">%e</text>", node->x, y - 10, def->name);
    itsm__put(m, "<text class=\"s\" x=\"%t\" y=\"%t\">%s</text>\n", node->x, y + 125, category ? category : "");
    if (chart->loops[s]) loop(m, chart, chart->loops[s], node->x + half, y);
}

/* The whole -------------------------------------------------------------------------------------------------------- */

static void title(itsm__markup *m, const itsm_machine *machine)
{
    itsm__put(m, "%e: %e", machine->type->label, machine->name);
}

static void draw(itsm__markup *m, itsm__chart *chart)
{
    const itsm_machine *machine = chart->machine;
    const itsm_names *serves = itsm__type_clauses(machine->type, chart->edition);
    int64_t heading = itsm__text_width(machine->type->label, 170) + itsm__text_width(machine->name, 170);
    int64_t under = 2200, left = 0;
    for (size_t i = 0; i < serves->n; i++) under += itsm__text_width(serves->item[i], 120) + 80;
    if (heading < under) heading = under;
    if (chart->width < heading + 480) left = (heading + 480 - chart->width) / 2, chart->width = heading + 480;
    itsm__put(m,
              "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"lifecycle\" viewBox=\"0 0 %t %t\" width=\"%t\" "
              "height=\"%t\" role=\"img\" aria-labelledby=\"title description\">\n<title id=\"title\">",
              chart->width, chart->height, chart->width, chart->height);
    title(m, machine);
    itsm__put(m, "</title>\n<desc id=\"description\">%d states and %d moves. The first state is %e. States:",
              (int)machine->nstates, (int)machine->nmoves, machine->states[machine->initial].name);
    for (uint32_t s = 0; s < chart->nstates; s++) itsm__put(m, s ? ", %e" : " %e", machine->states[s].name);
    itsm__put(m, ".</desc>\n<style>%s</style>\n", STYLE);
    itsm__put(m, "<rect class=\"card\" x=\"0.5\" y=\"0.5\" width=\"%t\" height=\"%t\" rx=\"12\"/>\n", chart->width - 10,
              chart->height - 10);
    itsm__put(m, "<text class=\"h\" x=\"24\" y=\"38\">"), title(m, machine);
    itsm__put(m, "</text>\n<text class=\"u\" x=\"24\" y=\"58\">ISO/IEC 20000-1:%d, ", (int)chart->edition);
    all_clauses(m, serves);
    itsm__put(m, "</text>\n<g transform=\"translate(%t 0)\">\n", left);
    for (uint32_t b = 0; b < chart->nbundles; b++)
        if (!chart->bundles[b].loop) lines(m, chart, &chart->bundles[b]);
    for (uint32_t b = 0; b < chart->nbundles; b++)
        if (!chart->bundles[b].loop) named_node(m, chart, &chart->bundles[b]);
    for (uint32_t s = 0; s < chart->nstates; s++) state(m, chart, s);
    itsm__put(m, "</g>\n</svg>\n");
}

itsm_status itsm__lifecycle_svg(itsm__markup *m, itsm_ctx *ctx, const itsm_machine *machine, uint32_t edition)
{
    itsm__chart chart;
    itsm__memory memory = itsm__memory_library;
    if (m->out->alloc) memory.fn = m->out->alloc, memory.user = m->out->alloc_user;
    memset(&chart, 0, sizeof chart);
    chart.machine = machine, chart.edition = edition;
    itsm__arena_init(&chart.arena, &memory);
    itsm_status rc = itsm__chart_make(&chart);
    if (rc == ITSM_E_LIMIT)
        rc = itsm__issue(ctx, rc, machine->name, itsm__no_text(), itsm__no_text(),
                         "%z states and %z moves are too much for a picture", machine->nstates, machine->nmoves);
    if (rc == ITSM_OK) rc = itsm__chart_order(&chart);
    if (rc == ITSM_OK) rc = itsm__chart_place(&chart);
    if (rc == ITSM_OK) draw(m, &chart);
    itsm__arena_clear(&chart.arena);
    return rc == ITSM_OK ? m->status : rc;
}
