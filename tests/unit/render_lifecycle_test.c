/* SPDX-License-Identifier: MIT */
/*
 * Lifecycles drawn and printed: nothing overlaps, nothing is missing, nothing in a name can break a form, no drawing is
 * without bound.  What the pictures and pages of the built-in model look like stands in docs/model and is compared there.
 */
#include <itsm/render.h>

#include "render/lifecycle.h"

#include <criterion/criterion.h>

#include "support.h"

static struct counting counting;
static itsm_ctx *ctx;

static void set_up(void)
{
    memset(&counting, 0, sizeof counting);
    ctx = counting_ctx(&counting);
}

static void tear_down(void)
{
    itsm_ctx_free(ctx);
    assert_nothing_outstanding(counting);
}

TestSuite(render_lifecycle, .init = set_up, .fini = tear_down);

static const uint32_t formats[] = {ITSM_LIFECYCLE_TABLE, ITSM_LIFECYCLE_MARKDOWN, ITSM_LIFECYCLE_MERMAID,
                                   ITSM_LIFECYCLE_DOT,   ITSM_LIFECYCLE_SVG,      ITSM_LIFECYCLE_JSON};

#define FORMATS (sizeof formats / sizeof *formats)

static itsm_str name(const char *text)
{
    return itsm_str_c(text);
}

static const itsm_machine *machine_of(const char *type, const char *facet)
{
    const itsm_machine *machine = itsm_type_machine(itsm_model_type(itsm_model_builtin(), name(type)), name(facet));
    cr_assert_not_null(machine, "%s.%s", type, facet);
    return machine;
}

static int contains(const itsm_buf *buf, const char *text)
{
    size_t n = strlen(text);
    for (size_t i = 0; i + n <= buf->n; i++)
        if (!memcmp(buf->p + i, text, n)) return 1;
    return 0;
}

static size_t count(const itsm_buf *buf, const char *text)
{
    size_t found = 0, n = strlen(text);
    for (size_t i = 0; i + n <= buf->n; i++) found += !memcmp(buf->p + i, text, n);
    return found;
}

/* Call for every lifecycle of the built-in model. */
static size_t each_machine(void (*with)(const itsm_machine *machine))
{
    const itsm_model *model = itsm_model_builtin();
    size_t n = 0;
    for (size_t i = 0; i < itsm_model_type_count(model); i++)
        for (size_t k = 0; k < itsm_type_machine_count(itsm_model_type_at(model, i)); k++, n++)
            with(itsm_type_machine_at(itsm_model_type_at(model, i), k));
    return n;
}

/* Machines made up ------------------------------------------------------------------------------------------------- */

#define STATES 64
#define MOVES 400

/* Its arrays are inside, so it must not move. */
struct made {
    itsm_type_def type;
    itsm_machine machine;
    itsm_state_def states[STATES];
    itsm_move_def moves[MOVES];
    itsm_guard_def no_guard;
    itsm_effect_def no_effect;
    char names[STATES][16];
    itsm_str clause[3];
};

static uint64_t next_random(uint64_t *seed)
{
    *seed ^= *seed << 13, *seed ^= *seed >> 7, *seed ^= *seed << 17;
    return *seed;
}

static void make(struct made *m, size_t states, size_t moves)
{
    memset(m, 0, sizeof *m);
    m->type.name = name("thing"), m->type.label = name("Thing");
    m->clause[0] = name("8.1"), m->clause[1] = name("8.2"), m->clause[2] = name("8.3");
    m->type.clauses_2018.item = m->clause, m->type.clauses_2018.n = 3;
    m->machine.name = name("status"), m->machine.type = &m->type;
    m->machine.states = m->states, m->machine.nstates = states;
    m->machine.moves = m->moves, m->machine.nmoves = moves;
    for (size_t i = 0; i < states; i++) {
        snprintf(m->names[i], sizeof m->names[i], "state_%zu", i);
        m->states[i].name = name(m->names[i]), m->states[i].category = (uint32_t)(i % 6 + 1);
        m->states[i].index = (uint32_t)i;
    }
    for (size_t i = 0; i < moves; i++) {
        m->moves[i].name = name("go"), m->moves[i].guards = &m->no_guard, m->moves[i].effects = &m->no_effect;
        m->moves[i].index = (uint32_t)i;
        if (states) m->moves[i].to = (uint32_t)(i % states);
    }
}

/* Each move starts from about one state in `sparse`. */
static void make_random(struct made *m, size_t states, size_t moves, uint64_t *seed, unsigned sparse)
{
    make(m, states, moves);
    m->machine.initial = (uint16_t)(next_random(seed) % states);
    for (size_t i = 0; i < moves; i++) {
        m->moves[i].to = (uint32_t)(next_random(seed) % states);
        for (size_t s = 0; s < states; s++)
            if (next_random(seed) % sparse == 0) m->moves[i].from |= UINT64_C(1) << s;
    }
}

/* The drawing ------------------------------------------------------------------------------------------------------ */

static itsm_status chart_of(itsm__chart *chart, const itsm_machine *machine)
{
    itsm__memory memory = {counting_alloc, &counting};
    memset(chart, 0, sizeof *chart);
    chart->machine = machine, chart->edition = 2018;
    itsm__arena_init(&chart->arena, &memory);
    itsm_status rc = itsm__chart_make(chart);
    if (!rc) rc = itsm__chart_order(chart);
    if (!rc) rc = itsm__chart_place(chart);
    return rc;
}

/* Neighbours in a layer keep their distance, lines among them; layers keep theirs. */
static void check_distances(const itsm__chart *chart)
{
    for (uint32_t i = 0; i < chart->nlayers; i++) {
        const itsm__layer *layer = &chart->layers[i];
        if (i) cr_assert_geq(layer->top - chart->layers[i - 1].bottom, 150);
        for (uint32_t k = 0; k < layer->n; k++) {
            const itsm__node *node = &chart->nodes[layer->nodes[k]];
            cr_assert(node->layer == i && node->place == k);
            cr_assert_leq(node->height, layer->bottom - layer->top);
            cr_assert_geq(node->x - node->left, 0);
            cr_assert_leq(node->x + node->right, chart->width);
            if (!k) continue;
            const itsm__node *left = &chart->nodes[layer->nodes[k - 1]];
            cr_assert_geq(node->x - node->left - (left->x + left->right), 100, "layer %u, place %u", i, k);
        }
    }
    cr_assert_leq(chart->layers[chart->nlayers - 1].bottom, chart->height);
}

/* Links join neighbouring layers, meet a state at its border and not all at one place. */
static void check_links(const itsm__chart *chart)
{
    for (uint32_t i = 0; i < chart->nlinks; i++) {
        const itsm__link *link = &chart->links[i];
        const itsm__node *upper = &chart->nodes[link->upper], *lower = &chart->nodes[link->lower];
        cr_assert_eq(upper->layer + 1, lower->layer);
        cr_assert(link->upper_port >= upper->x - upper->left && link->upper_port <= upper->x + upper->left);
        cr_assert(link->lower_port >= lower->x - lower->left && link->lower_port <= lower->x + lower->left);
        for (uint32_t k = 0; k < i; k++) {
            const itsm__link *other = &chart->links[k];
            if (upper->bundle == ITSM__NO_BUNDLE && other->upper == link->upper)
                cr_assert_neq(other->upper_port, link->upper_port);
            if (lower->bundle == ITSM__NO_BUNDLE && other->lower == link->lower)
                cr_assert_neq(other->lower_port, link->lower_port);
        }
    }
}

/* Every move from every state stands in one bundle, and one bundle joins two states at most. */
static void check_complete(const itsm__chart *chart)
{
    for (size_t i = 0; i < chart->machine->nmoves; i++) {
        const itsm_move_def *move = &chart->machine->moves[i];
        uint64_t drawn = 0;
        for (uint32_t b = 0; b < chart->nbundles; b++) {
            const itsm__bundle *bundle = &chart->bundles[b];
            for (size_t k = 0; k < bundle->nmoves && k < ITSM__NAMES_SHOWN; k++) {
                if (bundle->moves[k] != i) continue;
                cr_assert(bundle->to == move->to && !(drawn & bundle->from) && !(bundle->from & ~move->from));
                drawn |= bundle->from;
            }
        }
        for (uint32_t b = 0; b < chart->nbundles; b++) /* those that show "and more" */
            if (chart->bundles[b].nmoves > ITSM__NAMES_SHOWN && chart->bundles[b].to == move->to)
                drawn |= chart->bundles[b].from & move->from;
        cr_assert_eq(drawn, move->from);
    }
    for (uint32_t a = 0; a < chart->nbundles; a++)
        for (uint32_t b = 0; b < a; b++)
            if (chart->bundles[a].to == chart->bundles[b].to)
                cr_assert(!(chart->bundles[a].from & chart->bundles[b].from));
}

static void check_chart(const itsm_machine *machine)
{
    itsm__chart chart;
    cr_assert_eq(chart_of(&chart, machine), ITSM_OK);
    check_distances(&chart), check_links(&chart), check_complete(&chart);
    itsm__arena_clear(&chart.arena);
}

Test(render_lifecycle, no_line_runs_through_a_state_or_a_name_and_none_is_missing)
{
    cr_assert_eq(each_machine(check_chart), 48);
}

Test(render_lifecycle, random_lifecycles_are_drawn_as_soundly)
{
    uint64_t seed = UINT64_C(20260322);
    struct made m;
    for (int i = 0; i < 60; i++) {
        make_random(&m, 1 + next_random(&seed) % 12, next_random(&seed) % 24, &seed, 3);
        check_chart(&m.machine);
    }
}

Test(render_lifecycle, the_first_state_stands_highest_and_joined_states_on_different_ranks)
{
    uint64_t seed = 7;
    struct made m;
    for (int i = 0; i < 60; i++) {
        itsm__chart chart;
        make_random(&m, 2 + next_random(&seed) % 10, 20, &seed, 4);
        cr_assert_eq(chart_of(&chart, &m.machine), ITSM_OK);
        for (uint32_t s = 0; s < chart.nstates; s++) cr_assert_eq(chart.rank[s] == 0, s == m.machine.initial);
        for (size_t k = 0; k < m.machine.nmoves; k++)
            for (uint32_t s = 0; s < chart.nstates; s++)
                if (m.moves[k].from >> s & 1 && s != m.moves[k].to)
                    cr_assert_neq(chart.rank[s], chart.rank[m.moves[k].to]);
        itsm__arena_clear(&chart.arena);
    }
}

Test(render_lifecycle, a_chain_and_the_move_that_passes_it_by_are_straight_lines)
{
    struct made m;
    itsm__chart chart;
    make(&m, 6, 6);
    for (uint32_t i = 0; i < 5; i++) m.moves[i].from = UINT64_C(1) << i, m.moves[i].to = i + 1;
    m.moves[5].name = name("go_straight_to_the_end"), m.moves[5].from = 1, m.moves[5].to = 5;
    cr_assert_eq(chart_of(&chart, &m.machine), ITSM_OK);
    for (uint32_t b = 0; b < chart.nbundles; b++) {
        const itsm__bundle *bundle = &chart.bundles[b];
        int aside = bundle->moves[0] == 5;
        cr_assert_eq(bundle->last - bundle->first, aside ? 8 : 0);
        for (uint32_t i = bundle->first; i <= bundle->last; i++)
            cr_assert_eq(chart.nodes[i].x, chart.nodes[aside ? bundle->first : 0].x);
    }
    for (uint32_t i = 1; i < 6; i++) cr_assert_eq(chart.nodes[i].x, chart.nodes[0].x);
    itsm__arena_clear(&chart.arena);
}

Test(render_lifecycle, a_tree_is_drawn_without_crossings_whatever_the_order_of_its_states)
{
    static const uint32_t parents[] = {0, 0, 0, 2, 1, 2, 1, 6, 3, 5, 4, 3, 6, 4, 5};
    struct made m;
    itsm__chart chart;
    make(&m, 15, 14);
    for (uint32_t i = 1; i < 15; i++) m.moves[i - 1].from = UINT64_C(1) << parents[i], m.moves[i - 1].to = i;
    cr_assert_eq(chart_of(&chart, &m.machine), ITSM_OK);
    for (uint32_t a = 0; a < chart.nlinks; a++)
        for (uint32_t b = 0; b < chart.nlinks; b++) {
            const itsm__node *u = &chart.nodes[chart.links[a].upper], *v = &chart.nodes[chart.links[b].upper];
            const itsm__node *x = &chart.nodes[chart.links[a].lower], *y = &chart.nodes[chart.links[b].lower];
            if (u->layer == v->layer && u->place < v->place) cr_assert_lt(x->place, y->place);
        }
    itsm__arena_clear(&chart.arena);
}

Test(render_lifecycle, large_and_hostile_lifecycles_are_drawn_or_refused)
{
    static const unsigned sparse[] = {1, 2, 8, 60};
    uint64_t seed = 3;
    struct made *m = malloc(sizeof *m);
    int drawn = 0, refused = 0;
    for (size_t i = 0; i < sizeof sparse / sizeof *sparse; i++) {
        make_random(m, STATES, i < 2 ? MOVES : 100, &seed, sparse[i]);
        itsm_buf out = counting_buf(&counting);
        itsm_status rc = itsm_render_lifecycle(&out, ctx, &m->machine, ITSM_LIFECYCLE_SVG, NULL);
        if (rc == ITSM_OK) drawn++;
        else {
            cr_assert(rc == ITSM_E_LIMIT && out.n == 0 && itsm_ctx_issue_count(ctx) == 1);
            refused++;
        }
        cr_assert_eq(itsm_render_lifecycle(&out, ctx, &m->machine, ITSM_LIFECYCLE_DOT, NULL), ITSM_OK);
        itsm_buf_clear(&out);
    }
    cr_assert(drawn >= 1 && refused >= 1, "%d drawn, %d refused", drawn, refused);
    free(m);
}

/* Forms ------------------------------------------------------------------------------------------------------------ */

static void twice(const itsm_machine *machine)
{
    for (size_t i = 0; i < FORMATS; i++) {
        itsm_buf a = counting_buf(&counting), b = counting_buf(&counting);
        cr_assert_eq(itsm_render_lifecycle(&a, ctx, machine, formats[i], NULL), ITSM_OK);
        cr_assert_eq(itsm_render_lifecycle(&b, NULL, machine, formats[i], NULL), ITSM_OK);
        cr_assert(a.n > 100 && a.n == b.n && !memcmp(a.p, b.p, a.n));
        for (size_t s = 0; s < machine->nstates; s++) cr_assert(contains(&a, machine->states[s].name.p));
        for (size_t s = 0; s < machine->nmoves; s++) cr_assert(contains(&a, machine->moves[s].name.p));
        itsm_buf_clear(&a), itsm_buf_clear(&b);
    }
}

Test(render_lifecycle, every_form_names_every_state_and_move_and_is_the_same_each_time)
{
    cr_assert_eq(each_machine(twice), 48);
}

Test(render_lifecycle, clauses_stand_on_the_moves_in_the_edition_asked_for)
{
    itsm_lifecycle_options options = ITSM_LIFECYCLE_OPTIONS_INIT;
    for (size_t i = 0; i < FORMATS - 1; i++) {
        itsm_buf out = counting_buf(&counting);
        options.edition = 2018;
        cr_assert_eq(itsm_render_lifecycle(&out, ctx, machine_of("incident", ""), formats[i], &options), ITSM_OK);
        cr_assert(count(&out, "8.6.1") >= 11 && !contains(&out, "20000-1:2011"));
        out.n = 0, options.edition = 2011;
        cr_assert_eq(itsm_render_lifecycle(&out, ctx, machine_of("incident", ""), formats[i], &options), ITSM_OK);
        cr_assert(count(&out, "8.1") >= 11 && !contains(&out, "8.6.1"));
        itsm_buf_clear(&out);
    }
}

Test(render_lifecycle, a_move_with_clauses_of_its_own_shows_those)
{
    itsm_buf out = counting_buf(&counting);
    cr_assert_eq(itsm_render_lifecycle(&out, ctx, machine_of("capacity_plan", ""), ITSM_LIFECYCLE_DOT, NULL), ITSM_OK);
    cr_assert(contains(&out, "recall\\n7.5\"") && contains(&out, "publish\\n8.4.3\""));
    itsm_buf_clear(&out);
}

Test(render_lifecycle, names_with_a_meaning_in_a_form_stay_names)
{
    struct made m;
    make(&m, 2, 1);
    m.moves[0].from = 1, m.moves[0].to = 1;
    m.states[0].name = name("end\"]<&>|`;:#--%%\n\\"), m.states[1].name = name("state");
    m.type.label = name("<script>"), m.moves[0].name = name("x-->y\"; } <!-- ");
    itsm_buf out = counting_buf(&counting);
    cr_assert_eq(itsm_render_lifecycle(&out, ctx, &m.machine, ITSM_LIFECYCLE_SVG, NULL), ITSM_OK);
    cr_assert(!contains(&out, "<script>") && contains(&out, "&lt;script&gt;") &&
              contains(&out, "end&quot;]&lt;&amp;&gt;"));
    out.n = 0;
    cr_assert_eq(itsm_render_lifecycle(&out, ctx, &m.machine, ITSM_LIFECYCLE_DOT, NULL), ITSM_OK);
    cr_assert(contains(&out, "label=\"x-->y\\\"; } <!-- \\n8.1") &&
              contains(&out, "end\\\"]<&>|`;:#--%%\\\\\\ninitial"));
    out.n = 0;
    cr_assert_eq(itsm_render_lifecycle(&out, ctx, &m.machine, ITSM_LIFECYCLE_MERMAID, NULL), ITSM_OK);
    cr_assert(contains(&out, "state \"end#34;#93;#60;#38;#62;#124;#96;#59;#58;#35;#45;#45;#37;#37;#92;\" as s0\n"));
    cr_assert(contains(&out, "s0 --> s1: x#45;#45;#62;y#34;#59; #125; #60;#33;#45;#45;  (8.1, 8.2 ...)\n"));
    out.n = 0;
    cr_assert_eq(itsm_render_lifecycle(&out, ctx, &m.machine, ITSM_LIFECYCLE_MARKDOWN, NULL), ITSM_OK);
    cr_assert(contains(&out, "| `x-->y\"; } <!-- ` | `end\"]<&>\\|;:#--%%\\` | `state` |"));
    cr_assert_eq(count(&out, "\n"), 3);
    itsm_buf_clear(&out);
}

Test(render_lifecycle, many_moves_between_two_states_are_one_line_that_says_how_many_more)
{
    struct made m;
    make(&m, 2, 20);
    for (size_t i = 0; i < 20; i++) m.moves[i].from = 1, m.moves[i].to = 1;
    itsm_buf out = counting_buf(&counting);
    cr_assert_eq(itsm_render_lifecycle(&out, ctx, &m.machine, ITSM_LIFECYCLE_SVG, NULL), ITSM_OK);
    cr_assert_eq(count(&out, ">go</text>"), 8);
    cr_assert(contains(&out, ">and 12 more</text>"));
    cr_assert_eq(count(&out, "class=\"a\""), 2); /* its arrow and the one of the first state */
    itsm_buf_clear(&out);
}

Test(render_lifecycle, the_picture_stands_alone_for_light_and_dark)
{
    itsm_buf out = counting_buf(&counting);
    cr_assert_eq(itsm_render_lifecycle(&out, ctx, machine_of("incident", "major"), ITSM_LIFECYCLE_SVG, NULL), ITSM_OK);
    cr_assert(contains(&out, "prefers-color-scheme:dark") &&
              contains(&out, "<title id=\"title\">Incident: major</title>"));
    cr_assert(contains(&out, "<desc ") && contains(&out, "role=\"img\""));
    cr_assert(!contains(&out, "<script") && !contains(&out, "@import") && !contains(&out, "url("));
    cr_assert_eq(count(&out, "http"), 1); /* the name space */
    cr_assert_eq(count(&out, "class=\"k k5 o\""), 2);
    itsm_buf_clear(&out);
}

/* Tables ----------------------------------------------------------------------------------------------------------- */

Test(render_lifecycle, the_plain_table_has_a_line_for_each_guard_and_no_blanks_at_the_end)
{
    static const char wanted[] =
        "from            move                   to              who                     clauses  guards";
    itsm_buf out = counting_buf(&counting);
    cr_assert_eq(itsm_render_lifecycle(&out, ctx, machine_of("incident", "major"), ITSM_LIFECYCLE_TABLE, NULL),
                 ITSM_OK);
    cr_assert(contains(&out, wanted) && !contains(&out, " \n"));
    cr_assert(contains(
        &out, "\nrejected                                                                                ne("));
    cr_assert_eq(count(&out, "\n"), 12);
    itsm_buf_clear(&out);
}

/* Pages ------------------------------------------------------------------------------------------------------------ */

Test(render_lifecycle, a_page_names_every_field_relation_and_lifecycle_of_its_type)
{
    const itsm_model *model = itsm_model_builtin();
    for (size_t i = 0; i < itsm_model_type_count(model); i++) {
        const itsm_type_def *type = itsm_model_type_at(model, i);
        itsm_buf out = counting_buf(&counting);
        char text[200];
        cr_assert_eq(itsm_render_type(&out, type, NULL), ITSM_OK);
        for (size_t k = ITSM_HEADER_FIELDS + type->nmachines; k < type->nfields; k++) {
            snprintf(text, sizeof text, "\n| `%s` | ", type->fields[k].name.p);
            cr_assert(contains(&out, text), "%s%s", type->name.p, text);
        }
        for (size_t k = 0; k < type->nlinks; k++) {
            snprintf(text, sizeof text, " | `%s` |\n", type->links[k].inverse.p);
            cr_assert(contains(&out, text), "%s%s", type->name.p, text);
        }
        for (size_t k = 0; k < type->nmachines; k++) {
            snprintf(text, sizeof text, "](%s%s%s.svg)", type->name.p, k ? "-" : "", k ? type->machines[k].name.p : "");
            cr_assert(contains(&out, text), "%s", text);
        }
        cr_assert(out.p[out.n - 1] == '\n' && out.p[out.n - 2] != '\n');
        itsm_buf_clear(&out);
    }
}

Test(render_lifecycle, the_list_of_types_has_each_once_in_its_family)
{
    const itsm_model *model = itsm_model_builtin();
    itsm_buf out = counting_buf(&counting);
    cr_assert_eq(itsm_render_model(&out, model), ITSM_OK);
    cr_assert(contains(&out, "46 types with 48 lifecycles"));
    for (size_t i = 0; i < itsm_model_type_count(model); i++) {
        char text[200];
        snprintf(text, sizeof text, "](%s.md) | `%s` | ", itsm_model_type_at(model, i)->name.p,
                 itsm_model_type_at(model, i)->name.p);
        cr_assert_eq(count(&out, text), 1, "%s", text);
    }
    itsm_buf_clear(&out);
}

/* Failures --------------------------------------------------------------------------------------------------------- */

static itsm_status draw_one(itsm_buf *out, size_t form)
{
    if (form < FORMATS) return itsm_render_lifecycle(out, NULL, machine_of("incident", ""), formats[form], NULL);
    if (form == FORMATS) return itsm_render_type(out, itsm_model_type(itsm_model_builtin(), name("incident")), NULL);
    return itsm_render_model(out, itsm_model_builtin());
}

Test(render_lifecycle, without_memory_the_buffer_is_as_it_was)
{
    for (size_t form = 0; form < FORMATS + 2; form++) {
        size_t failures = 0;
        for (size_t n = 1;; n++) {
            itsm_buf out = counting_buf(&counting);
            cr_assert_eq(itsm_buf_add(&out, "kept", 4), ITSM_OK);
            counting_fail(&counting, n);
            itsm_status rc = draw_one(&out, form);
            int failed = counting_stop(&counting);
            cr_assert_eq(rc, failed ? ITSM_E_NOMEM : ITSM_OK);
            if (failed) cr_assert(out.n == 4 && !memcmp(out.p, "kept", 4));
            itsm_buf_clear(&out);
            failures += failed != 0;
            if (!failed) break;
        }
        cr_assert_gt(failures, 3, "form %zu", form);
    }
}

Test(render_lifecycle, misuse_is_said)
{
    const itsm_machine *machine = machine_of("incident", "");
    const itsm_type_def *type = machine->type;
    itsm_lifecycle_options bad = ITSM_LIFECYCLE_OPTIONS_INIT;
    itsm_buf out = counting_buf(&counting);
    struct made m;
    make(&m, 0, 0);
    cr_assert_eq(itsm_render_lifecycle(NULL, ctx, machine, ITSM_LIFECYCLE_SVG, NULL), ITSM_E_MISUSE);
    cr_assert_eq(itsm_render_lifecycle(&out, ctx, NULL, ITSM_LIFECYCLE_SVG, NULL), ITSM_E_MISUSE);
    cr_assert_eq(itsm_render_lifecycle(&out, ctx, &m.machine, ITSM_LIFECYCLE_SVG, NULL), ITSM_E_MISUSE);
    cr_assert_eq(itsm_render_lifecycle(&out, ctx, machine, 0, NULL), ITSM_E_MISUSE);
    cr_assert_eq(itsm_render_lifecycle(&out, ctx, machine, 7, NULL), ITSM_E_MISUSE);
    bad.edition = 2005;
    cr_assert_eq(itsm_render_lifecycle(&out, ctx, machine, ITSM_LIFECYCLE_SVG, &bad), ITSM_E_MISUSE);
    cr_assert_eq(itsm_render_type(&out, type, &bad), ITSM_E_MISUSE);
    bad.edition = 2018, bad.size = 0;
    cr_assert_eq(itsm_render_lifecycle(&out, ctx, machine, ITSM_LIFECYCLE_SVG, &bad), ITSM_E_MISUSE);
    cr_assert_eq(itsm_render_type(&out, type, &bad), ITSM_E_MISUSE);
    cr_assert_eq(itsm_render_type(NULL, type, NULL), ITSM_E_MISUSE);
    cr_assert_eq(itsm_render_type(&out, NULL, NULL), ITSM_E_MISUSE);
    cr_assert_eq(itsm_render_model(NULL, type->model), ITSM_E_MISUSE);
    cr_assert_eq(itsm_render_model(&out, NULL), ITSM_E_MISUSE);
    cr_assert_eq(out.n, 0);
}
