/* SPDX-License-Identifier: MIT */
/*
 * A lifecycle as text: for Mermaid, for Graphviz, and as tables with a row per move.
 *
 * Names may come from a host's model, so each form has its own quoting: what a form gives a meaning is written as that
 * form spells it, and nothing in a name can end the text it stands in.
 */
#include "render/lifecycle.h"

#include "render/markdown.h"

static void keep(itsm__markup *m, itsm_status rc)
{
    if (m->status == ITSM_OK) m->status = rc;
}

static void add(itsm__markup *m, const char *p, size_t n)
{
    if (m->status == ITSM_OK) keep(m, itsm_buf_add(m->out, p, n));
}

static int is_control(char c)
{
    return (unsigned char)c < 0x20 || c == 0x7F;
}

/* Pairs of states -------------------------------------------------------------------------------------------------- */

static int leads(const itsm_move_def *move, uint32_t from, uint32_t to)
{
    return move->to == to && move->from >> from & 1;
}

/* For every two states that a move joins, in the order of the model. */
static void each_pair(itsm__markup *m, const itsm_machine *machine, uint32_t edition,
                      void (*pair)(itsm__markup *, const itsm_machine *, uint32_t edition, uint32_t from, uint32_t to))
{
    uint64_t joined[ITSM__STATES_MAX] = {0};
    for (size_t i = 0; i < machine->nmoves; i++)
        for (uint32_t from = 0; from < machine->nstates; from++)
            if (machine->moves[i].from >> from & 1) joined[from] |= UINT64_C(1) << machine->moves[i].to;
    for (uint32_t from = 0; from < machine->nstates; from++)
        for (uint32_t to = 0; to < machine->nstates; to++)
            if (joined[from] >> to & 1) pair(m, machine, edition, from, to);
}

static int is_final(const itsm_state_def *state)
{
    return state->category == ITSM_CLOSED || state->category == ITSM_CANCELLED;
}

static const char *category_of(const itsm_state_def *state)
{
    const char *category = itsm_category_text(state->category);
    return category ? category : "open";
}

/* Fill, line and text of a category. */
static const char *const colours[][4] = {
    {"initial", "#ffffff", "#0068a8", "#1c2127"}, {"open", "#e3eff8", "#0068a8", "#1c2127"},
    {"paused", "#fdf1d8", "#a06a00", "#1c2127"},  {"resolved", "#dff3ec", "#007a5a", "#1c2127"},
    {"closed", "#dff3ec", "#007a5a", "#1c2127"},  {"cancelled", "#eceef0", "#6d757d", "#1c2127"},
};

#define COLOURS (sizeof colours / sizeof *colours)

/* Mermaid ---------------------------------------------------------------------------------------------------------- */

static int is_plain(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' ||
           c == ' ' || (unsigned char)c >= 0x80;
}

static void mermaid_text(itsm__markup *m, itsm_str text)
{
    for (size_t i = 0; i < text.n; i++)
        if (is_plain(text.p[i])) add(m, text.p + i, 1);
        else if (!is_control(text.p[i])) itsm__put(m, "#%d;", (int)(unsigned char)text.p[i]);
}

/* Words of Mermaid's own grammar cannot name a state, so states are numbered and named beside. */
static void mermaid_pair(itsm__markup *m, const itsm_machine *machine, uint32_t edition, uint32_t from, uint32_t to)
{
    int n = 0;
    itsm__put(m, "    s%d --> s%d: ", (int)from, (int)to);
    for (size_t i = 0; i < machine->nmoves; i++) {
        if (!leads(&machine->moves[i], from, to)) continue;
        const itsm_names *clauses = itsm__clauses_of(machine, &machine->moves[i], edition);
        if (n++) itsm__put(m, "<br/>");
        mermaid_text(m, machine->moves[i].name);
        for (size_t k = 0; k < clauses->n && k < ITSM__CLAUSES_SHOWN; k++) {
            itsm__put(m, k ? ", " : " (");
            mermaid_text(m, clauses->item[k]);
        }
        if (clauses->n) itsm__put(m, clauses->n > ITSM__CLAUSES_SHOWN ? " ...)" : ")");
    }
    itsm__put(m, "\n");
}

void itsm__lifecycle_mermaid(itsm__markup *m, const itsm_machine *machine, uint32_t edition)
{
    itsm__put(m, "stateDiagram-v2\n");
    for (uint32_t s = 0; s < machine->nstates; s++) {
        itsm__put(m, "    state \"");
        mermaid_text(m, machine->states[s].name);
        itsm__put(m, "\" as s%d\n", (int)s);
    }
    itsm__put(m, "    [*] --> s%d\n", (int)machine->initial);
    each_pair(m, machine, edition, mermaid_pair);
    for (uint32_t s = 0; s < machine->nstates; s++)
        if (is_final(&machine->states[s])) itsm__put(m, "    s%d --> [*]\n", (int)s);
    for (size_t i = 0; i < COLOURS; i++)
        itsm__put(m, "    classDef %s fill:%s,stroke:%s,color:%s\n", colours[i][0], colours[i][1], colours[i][2],
                  colours[i][3]);
    for (uint32_t s = 0; s < machine->nstates; s++)
        itsm__put(m, "    class s%d %s\n", (int)s, category_of(&machine->states[s]));
}

/* Graphviz --------------------------------------------------------------------------------------------------------- */

static void dot_text(itsm__markup *m, itsm_str text)
{
    for (size_t i = 0; i < text.n; i++) {
        if (is_control(text.p[i])) continue;
        if (text.p[i] == '"' || text.p[i] == '\\') add(m, "\\", 1);
        add(m, text.p + i, 1);
    }
}

static void dot_pair(itsm__markup *m, const itsm_machine *machine, uint32_t edition, uint32_t from, uint32_t to)
{
    int n = 0;
    itsm__put(m, "    s%d -> s%d [label=\"", (int)from, (int)to);
    for (size_t i = 0; i < machine->nmoves; i++) {
        if (!leads(&machine->moves[i], from, to)) continue;
        const itsm_names *clauses = itsm__clauses_of(machine, &machine->moves[i], edition);
        if (n++) itsm__put(m, "\\n");
        dot_text(m, machine->moves[i].name);
        for (size_t k = 0; k < clauses->n && k < ITSM__CLAUSES_SHOWN; k++) {
            itsm__put(m, k ? ", " : "\\n");
            dot_text(m, clauses->item[k]);
        }
        if (clauses->n > ITSM__CLAUSES_SHOWN) itsm__put(m, " ...");
    }
    itsm__put(m, "\"];\n");
}

void itsm__lifecycle_dot(itsm__markup *m, const itsm_machine *machine, uint32_t edition)
{
    itsm__put(m, "digraph lifecycle {\n    label=\""), dot_text(m, machine->type->label);
    itsm__put(m, ": lifecycle "), dot_text(m, machine->name);
    itsm__put(m, "\";\n    labelloc=t;\n    fontname=\"Helvetica\";\n"
                 "    node [shape=box, style=\"rounded,filled\", fontname=\"Helvetica\", fontsize=12];\n"
                 "    edge [fontname=\"Helvetica\", fontsize=10, color=\"#58616b\"];\n"
                 "    start [shape=point, width=0.12, label=\"\"];\n");
    for (uint32_t s = 0; s < machine->nstates; s++) {
        const itsm_state_def *state = &machine->states[s];
        uint32_t colour =
            state->category >= ITSM_INITIAL && state->category <= ITSM_CANCELLED ? state->category - 1 : 1;
        itsm__put(m, "    s%d [label=\"", (int)s), dot_text(m, state->name);
        itsm__put(m, "\\n%s\", fillcolor=\"%s\", color=\"%s\", fontcolor=\"%s\"%s];\n", category_of(state),
                  colours[colour][1], colours[colour][2], colours[colour][3], is_final(state) ? ", peripheries=2" : "");
    }
    itsm__put(m, "    start -> s%d;\n", (int)machine->initial);
    each_pair(m, machine, edition, dot_pair);
    itsm__put(m, "}\n");
}

/* Tables ----------------------------------------------------------------------------------------------------------- */

enum { FROM, MOVE, TO, WHO, CLAUSES, GUARDS, EFFECTS, COLUMNS };

static const char *const headings[COLUMNS] = {"from", "move", "to", "who", "clauses", "guards", "effects"};

/* A row, line by line: cells are lists, and each line takes the next of every list. */
typedef struct row {
    const itsm_machine *machine;
    const itsm_move_def *move;
    const itsm_names *clauses;
    const itsm_guard_def *guard; /* the next; NULL: none are left */
    const itsm_effect_def *effect;
    uint32_t state; /* the next it starts from */
    size_t line;
    itsm_buf text; /* of a guard or effect */
} row;

static void row_begin(row *r, const itsm_machine *machine, const itsm_move_def *move, uint32_t edition)
{
    r->machine = machine, r->move = move, r->clauses = itsm__clauses_of(machine, move, edition);
    r->guard = move->guards, r->effect = move->effects;
    r->state = 0, r->line = 0;
}

static itsm_str next_state(row *r)
{
    while (r->state < r->machine->nstates && !(r->move->from >> r->state & 1)) r->state++;
    return r->state < r->machine->nstates ? r->machine->states[r->state++].name : itsm_str_n(NULL, 0);
}

static itsm_str next_guard(itsm__markup *m, row *r)
{
    if (!r->guard || !r->guard->kind) return itsm_str_n(NULL, 0);
    keep(m, itsm_guard_encode(&r->text, r->guard));
    r->guard += r->guard->nodes;
    return itsm_buf_str(&r->text);
}

static itsm_str next_effect(itsm__markup *m, row *r)
{
    if (!r->effect || !r->effect->kind) return itsm_str_n(NULL, 0);
    keep(m, itsm_effect_encode(&r->text, r->effect++));
    return itsm_buf_str(&r->text);
}

/* The next of a column; the empty text when there is none.  It stays until the next call. */
static itsm_str next_of(itsm__markup *m, row *r, int column)
{
    r->text.n = 0;
    switch (column) {
    case FROM: return next_state(r);
    case MOVE: return r->line ? itsm_str_n(NULL, 0) : r->move->name;
    case TO: return r->line ? itsm_str_n(NULL, 0) : r->machine->states[r->move->to].name;
    case WHO: return r->line < r->move->nactors ? r->move->actors[r->line].name : itsm_str_n(NULL, 0);
    case CLAUSES: return r->line < r->clauses->n ? r->clauses->item[r->line] : itsm_str_n(NULL, 0);
    case GUARDS: return next_guard(m, r);
    default: return next_effect(m, r);
    }
}

static void spaces(itsm__markup *m, size_t n)
{
    for (; n && m->status == ITSM_OK; n--) add(m, " ", 1);
}

/* One line of a row; 0: there is none any more, and nothing was written.  Without widths it is measured only. */
static int line(itsm__markup *m, row *r, size_t widths[COLUMNS], int measuring)
{
    int any = 0;
    size_t behind = 0; /* blanks owed: none end a line */
    for (int column = 0; column < COLUMNS; column++) {
        itsm_str cell = next_of(m, r, column);
        any |= cell.n != 0;
        if (measuring) {
            if (cell.n > widths[column]) widths[column] = cell.n;
            continue;
        }
        if (cell.n) spaces(m, behind), itsm__md_add(m, cell), behind = 0;
        behind += widths[column] - cell.n + 2;
    }
    if (any && !measuring) add(m, "\n", 1);
    r->line++;
    return any;
}

void itsm__lifecycle_table(itsm__markup *m, const itsm_machine *machine, uint32_t edition)
{
    size_t widths[COLUMNS];
    row r;
    memset(&r, 0, sizeof r);
    r.text.alloc = m->out->alloc, r.text.alloc_user = m->out->alloc_user;
    for (int column = 0; column < COLUMNS; column++) widths[column] = strlen(headings[column]);
    for (size_t i = 0; i < machine->nmoves; i++)
        for (row_begin(&r, machine, &machine->moves[i], edition); line(m, &r, widths, 1);) continue;
    for (int column = 0; column < COLUMNS; column++) {
        itsm__put(m, "%s", headings[column]);
        if (column + 1 < COLUMNS) spaces(m, widths[column] - strlen(headings[column]) + 2);
    }
    add(m, "\n", 1);
    for (size_t i = 0; i < machine->nmoves; i++)
        for (row_begin(&r, machine, &machine->moves[i], edition); line(m, &r, widths, 0);) continue;
    itsm_buf_clear(&r.text);
}

static void cell(itsm__markup *m, row *r, int column)
{
    itsm_str text;
    r->line = 0;
    while ((text = next_of(m, r, column)).n) {
        if (r->line++) itsm__put(m, column >= GUARDS ? "<br>" : ", ");
        if (column == CLAUSES) itsm__md_add(m, text);
        else itsm__md_code(m, text);
    }
}

void itsm__lifecycle_markdown(itsm__markup *m, const itsm_machine *machine, uint32_t edition)
{
    row r;
    memset(&r, 0, sizeof r);
    r.text.alloc = m->out->alloc, r.text.alloc_user = m->out->alloc_user;
    itsm__put(m, "| move | from | to | who | guards | effects | clauses |\n|---|---|---|---|---|---|---|\n");
    for (size_t i = 0; i < machine->nmoves; i++) {
        static const int order[COLUMNS] = {MOVE, FROM, TO, WHO, GUARDS, EFFECTS, CLAUSES};
        row_begin(&r, machine, &machine->moves[i], edition);
        for (int k = 0; k < COLUMNS; k++) {
            add(m, "| ", 2);
            cell(m, &r, order[k]);
            add(m, " ", 1);
        }
        add(m, "|\n", 2);
    }
    itsm_buf_clear(&r.text);
}
