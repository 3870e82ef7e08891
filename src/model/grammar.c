/* SPDX-License-Identifier: MIT */
/*
 * Guards, effects, kinds of fields and formulas as text, in the grammar of the model.
 *
 * Each function appends to a buffer and, on failure, cuts it back to where it was.  Guards and formulas are nodes in
 * prefix order: a stack of "where does this node end" replaces recursion; nesting deeper than that cannot be made.
 */
#include "model/model.h"
#include "model/grammar.h"

#include "base/text.h"

/* The first failure stays and later calls do nothing, so that a text is written without asking at every word. */
typedef struct writer {
    itsm_buf *buf;
    size_t start;
    itsm_status status;
} writer;

static writer write_begin(itsm_buf *buf)
{
    writer w = {buf, buf->n, ITSM_OK};
    return w;
}

static itsm_status write_end(const writer *w)
{
    if (w->status) w->buf->n = w->start;
    return w->status;
}

static void put(writer *w, itsm_str s)
{
    if (!w->status) w->status = itsm__buf_str(w->buf, s);
}

static void put_c(writer *w, const char *c)
{
    put(w, itsm_str_c(c));
}

static void put_number(writer *w, int64_t number, unsigned scale)
{
    if (!w->status) w->status = itsm__buf_fixed(w->buf, number, scale);
}

static void put_path(writer *w, const itsm_path *path)
{
    put(w, path->name);
    if (path->far.n) put_c(w, "."), put(w, path->far);
}

static void put_paths(writer *w, const itsm_path *paths, size_t n, const char *between)
{
    for (size_t i = 0; i < n; i++) {
        if (i) put_c(w, between);
        put_path(w, &paths[i]);
    }
}

static void put_names(writer *w, const itsm_names *names)
{
    for (size_t i = 0; i < names->n; i++) {
        if (i) put_c(w, "|");
        put(w, names->item[i]);
    }
}

/* Guards ---------------------------------------------------------------------------------------------------------- */

const char *itsm__guard_word(uint32_t kind)
{
    static const char *const words[] = {"any",         "when",    "set",    "eq",          "ne",     "gt",
                                        "ge",          "differs", "role",   "approved",    "linked", "all_linked",
                                        "none_linked", "reached", "before", "no_conflict", "host"};
    return kind >= ITSM_GUARD_ANY && kind <= ITSM_GUARD_HOST ? words[kind - 1] : "";
}

static void put_leaf(writer *w, const itsm_guard_def *g)
{
    switch (g->kind) {
    case ITSM_GUARD_EQ:
    case ITSM_GUARD_NE: put_path(w, &g->paths[0]), put_c(w, ","), put_names(w, &g->values); break;
    case ITSM_GUARD_GT:
    case ITSM_GUARD_GE:
        put_paths(w, g->paths, g->npaths, ",");
        if (g->npaths == 1) put_c(w, ","), put_number(w, g->number, g->scale);
        break;
    case ITSM_GUARD_ROLE:
    case ITSM_GUARD_HOST: put(w, g->name); break;
    case ITSM_GUARD_APPROVED:
        put(w, g->name), put_c(w, ","), put(w, g->policy);
        for (size_t i = 0; i < g->npaths; i++) put_c(w, ","), put_path(w, &g->paths[i]);
        break;
    case ITSM_GUARD_LINKED:
    case ITSM_GUARD_ALL_LINKED:
    case ITSM_GUARD_NONE_LINKED:
        put_paths(w, g->paths, g->npaths, "|");
        if (g->kind == ITSM_GUARD_LINKED) put_c(w, ","), put_number(w, g->number, 0);
        if (g->values.n) put_c(w, ","), put_names(w, &g->values);
        break;
    case ITSM_GUARD_REACHED:
    case ITSM_GUARD_BEFORE:
        put_path(w, &g->paths[0]);
        if (g->name.n) put_c(w, ","), put(w, g->name);
        break;
    default: put_paths(w, g->paths, g->npaths, ","); break; /* set, differs, no_conflict */
    }
}

static void put_guard(writer *w, const itsm_guard_def *guard)
{
    const itsm_guard_def *ends[ITSM__NESTING], *all = guard + guard->nodes;
    size_t depth = 0;

    for (const itsm_guard_def *g = guard; g < all && !w->status; g++) {
        put_c(w, itsm__guard_word(g->kind)), put_c(w, "(");
        if (g->nodes > 1) {
            if (depth == ITSM__NESTING) {
                w->status = ITSM_E_LIMIT;
                return;
            }
            ends[depth++] = g + g->nodes;
            continue;
        }
        put_leaf(w, g), put_c(w, ")");
        while (depth && ends[depth - 1] == g + 1) put_c(w, ")"), depth--;
        if (depth) put_c(w, ",");
    }
}

itsm_status itsm_guard_encode(itsm_buf *out, const itsm_guard_def *guard)
{
    if (!out || !guard || !guard->kind) return ITSM_E_MISUSE;
    writer w = write_begin(out);
    put_guard(&w, guard);
    return write_end(&w);
}

/* Effects --------------------------------------------------------------------------------------------------------- */

static const char *effect_word(uint32_t kind)
{
    static const char *const words[] = {"stamp", "put", "copy", "clear", "incr", "notify", "fire"};
    return kind >= ITSM_EFFECT_STAMP && kind <= ITSM_EFFECT_FIRE ? words[kind - 1] : "";
}

itsm_status itsm_effect_encode(itsm_buf *out, const itsm_effect_def *effect)
{
    if (!out || !effect || !effect->kind) return ITSM_E_MISUSE;
    writer w = write_begin(out);
    if (effect->condition) put_c(&w, "when("), put_guard(&w, effect->condition), put_c(&w, ",");
    put_c(&w, effect_word(effect->kind)), put_c(&w, "(");
    put_paths(&w, effect->paths, effect->npaths, ",");
    if (effect->first) put_c(&w, ",first");
    if (effect->name.n) put_c(&w, effect->npaths ? "," : ""), put(&w, effect->name);
    put_c(&w, effect->condition ? "))" : ")");
    return write_end(&w);
}

/* Fields ---------------------------------------------------------------------------------------------------------- */

itsm_status itsm_field_encode(itsm_buf *out, const itsm_field_def *field)
{
    if (!out || !field) return ITSM_E_MISUSE;
    writer w = write_begin(out);
    put(&w, field->base);
    if (field->kind == ITSM_ENUM) put_c(&w, "("), put_names(&w, &field->values), put_c(&w, ")");
    if (field->ranged) {
        put_c(&w, "("), put_number(&w, field->lo, 0), put_c(&w, "-"), put_number(&w, field->hi, 0), put_c(&w, ")");
    }
    if (itsm_str_is(field->base, "ref")) put_c(&w, "("), put(&w, field->target_name), put_c(&w, ")");
    if (field->list) put_c(&w, "[]");
    return write_end(&w);
}

itsm_status itsm_derive_encode(itsm_buf *out, const itsm_type_def *type, const itsm_field_def *field)
{
    static const char *const words[] = {"", "first", "matrix", "max", "mul", "sub"};
    if (!out || !type || !field) return ITSM_E_MISUSE;
    if (!field->derive) return ITSM_OK;

    writer w = write_begin(out);
    const itsm_derive_def *ends[ITSM__NESTING], *all = field->derive + field->derive->nodes;
    size_t depth = 0;
    for (const itsm_derive_def *d = field->derive; d < all && !w.status; d++) {
        if (d->kind != ITSM_DERIVE_FIELD) {
            put_c(&w, d->kind <= ITSM_DERIVE_SUB ? words[d->kind - 1] : ""), put_c(&w, "(");
            if (depth == ITSM__NESTING) {
                w.status = ITSM_E_LIMIT;
                break;
            }
            ends[depth++] = d + d->nodes;
            continue;
        }
        put(&w, d->field < type->nfields ? type->fields[d->field].name : itsm_str_n(NULL, 0));
        while (depth && ends[depth - 1] == d + 1) put_c(&w, ")"), depth--;
        if (depth) put_c(&w, ",");
    }
    return write_end(&w);
}
