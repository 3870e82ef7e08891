/* SPDX-License-Identifier: MIT */
/*
 * Reading guards, effects, kinds of fields and formulas: the grammar of the model, by descent without recursion.
 *
 * Each function reads a whole text.  `any` and `when` push where they stand on a small stack and get their number of
 * nodes when they close.  The first problem stops; `problem` and `at` say what and where.  Linear in the text, times the
 * fields of the type for each name.
 */
#include "model/grammar.h"

#include "base/bits.h"
#include "base/text.h"

enum { SCALE_MAX = 18 };

/* Words ----------------------------------------------------------------------------------------------------------- */

static itsm_status fail(itsm__grammar *in, const char *problem)
{
    in->problem = problem;
    return ITSM_E_SYNTAX;
}

static int is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static char peek(itsm__grammar *in)
{
    while (in->at < in->text.n && is_space(in->text.p[in->at])) in->at++;
    return in->at < in->text.n ? in->text.p[in->at] : '\0';
}

static int take(itsm__grammar *in, char c)
{
    if (peek(in) != c) return 0;
    return in->at++, 1;
}

static itsm_status expect(itsm__grammar *in, char c)
{
    if (take(in, c)) return ITSM_OK;
    return fail(in, c == '(' ? "( is missing" : c == ')' ? ") is missing" : ", is missing");
}

static itsm_status expect_end(itsm__grammar *in)
{
    (void)peek(in);
    return in->at == in->text.n ? ITSM_OK : fail(in, "nothing may follow");
}

static int is_first(char c)
{
    return (c >= 'a' && c <= 'z') || c == '_';
}

static int is_digit(char c)
{
    return c >= '0' && c <= '9';
}

int itsm__is_name(itsm_str text)
{
    if (!text.n || text.n > ITSM__NAME_MAX || !is_first(text.p[0])) return 0;
    for (size_t i = 1; i < text.n; i++)
        if (!is_first(text.p[i]) && !is_digit(text.p[i])) return 0;
    return 1;
}

/* A name as it stands in the text. */
static itsm_status word(itsm_str *out, itsm__grammar *in)
{
    if (!is_first(peek(in))) return fail(in, "a name is missing");
    const size_t start = in->at;
    while (in->at < in->text.n && (is_first(in->text.p[in->at]) || is_digit(in->text.p[in->at]))) in->at++;
    *out = itsm_str_n(in->text.p + start, in->at - start);
    return out->n <= ITSM__NAME_MAX ? ITSM_OK : fail(in, "a name is too long");
}

static itsm_status name(itsm_str *out, itsm__grammar *in)
{
    itsm_str text;
    itsm_status rc = word(&text, in);
    return rc ? rc : itsm__arena_copy(out, in->arena, text);
}

static int starts_number(itsm__grammar *in)
{
    const char c = peek(in);
    return is_digit(c) || c == '-';
}

static itsm_status number(int64_t *out, uint16_t *scale, itsm__grammar *in)
{
    const int negative = take(in, '-');
    int behind = 0, digits = 0;
    int64_t value = 0; /* minus the number */
    *scale = 0;
    for (; in->at < in->text.n; in->at++) {
        const char c = in->text.p[in->at];
        if (c == '.' && !behind && digits) {
            behind = 1, digits = 0;
            continue;
        }
        if (!is_digit(c)) break;
        if (!itsm__mul(&value, value, 10) || !itsm__sub(&value, value, c - '0') || *scale == SCALE_MAX)
            return fail(in, "a number is too long");
        *scale = (uint16_t)(*scale + behind), digits++;
    }
    if (!digits) return fail(in, "a number is missing");
    if (!negative && !itsm__sub(&value, 0, value)) return fail(in, "a number is too long");
    *out = value;
    return ITSM_OK;
}

/* A name or a number, as text. */
static itsm_status literal(itsm_str *out, itsm__grammar *in)
{
    int64_t unused;
    uint16_t scale;
    if (!starts_number(in)) return name(out, in);
    const size_t start = in->at;
    itsm_status rc = number(&unused, &scale, in);
    return rc ? rc : itsm__arena_copy(out, in->arena, itsm_str_n(in->text.p + start, in->at - start));
}

/* Separators up to the end of these arguments: one less than there can be items. */
static size_t separators(const itsm__grammar *in)
{
    size_t n = 0;
    for (size_t i = in->at; i < in->text.n && in->text.p[i] != ')'; i++)
        n += in->text.p[i] == ',' || in->text.p[i] == '|';
    return n;
}

static itsm_status names(itsm_names *out, itsm__grammar *in)
{
    itsm_str *items = itsm__arena_alloc(in->arena, (separators(in) + 1) * sizeof *items);
    size_t n = 0;
    itsm_status rc = items ? ITSM_OK : ITSM_E_NOMEM;
    do {
        if (!rc) rc = literal(&items[n++], in);
    } while (!rc && take(in, '|'));
    out->item = items, out->n = rc ? 0 : n;
    return rc;
}

/* Paths ----------------------------------------------------------------------------------------------------------- */

static uint16_t link_index(const itsm__grammar *in, itsm_str text)
{
    const itsm_link_def *link = itsm_type_link(in->type, text);
    return link ? link->index : ITSM__NOWHERE;
}

static void resolve(itsm_path *path, const itsm__grammar *in)
{
    const itsm_field_def *field = itsm_type_field(in->type, path->name);
    const itsm_link_def *link = field ? NULL : itsm_type_link(in->type, path->name);
    path->kind = field || !link ? ITSM_PATH_FIELD : ITSM_PATH_LINK;
    path->at = field ? field->index : link ? link->index : ITSM__NOWHERE;
    if (!field && !link && itsm_str_is(path->name, "actor")) path->kind = ITSM_PATH_ACTOR, path->at = 0;
}

static itsm_status path(itsm_path *out, itsm__grammar *in)
{
    memset(out, 0, sizeof *out);
    itsm_status rc = name(&out->name, in);
    if (rc) return rc;
    if (in->at == in->text.n || in->text.p[in->at] != '.') return resolve(out, in), ITSM_OK;
    in->at++;
    out->kind = ITSM_PATH_LINKED, out->at = link_index(in, out->name);
    return name(&out->far, in);
}

static itsm_status relation(itsm_path *out, itsm__grammar *in)
{
    memset(out, 0, sizeof *out);
    itsm_status rc = name(&out->name, in);
    out->kind = ITSM_PATH_LINK, out->at = rc ? 0 : link_index(in, out->name);
    return rc;
}

/* Paths with something between them; at least one. */
static itsm_status paths(const itsm_path **out, uint16_t *n, itsm__grammar *in, char between,
                         itsm_status (*read_path)(itsm_path *, itsm__grammar *))
{
    itsm_path *items = itsm__arena_alloc(in->arena, (separators(in) + 1) * sizeof *items);
    size_t count = 0;
    itsm_status rc = items ? ITSM_OK : ITSM_E_NOMEM;
    do {
        if (!rc) rc = read_path(&items[count++], in);
    } while (!rc && take(in, between));
    *out = items, *n = rc ? 0 : (uint16_t)count;
    return rc;
}

/* Guards ---------------------------------------------------------------------------------------------------------- */

size_t itsm__guard_bound(itsm_str text)
{
    size_t n = 1;
    for (size_t i = 0; i < text.n; i++) n += text.p[i] == '(';
    return n < text.n / 4 + 2 ? n : text.n / 4 + 2; /* "any(": no node is shorter */
}

static itsm_status compare_arguments(itsm_guard_def *g, itsm__grammar *in)
{
    itsm_path *two = itsm__arena_alloc(in->arena, 2 * sizeof *two);
    itsm_status rc = two ? path(&two[0], in) : ITSM_E_NOMEM;
    if (!rc) rc = expect(in, ',');
    if (rc) return rc;
    g->paths = two, g->npaths = starts_number(in) ? 1 : 2;
    return g->npaths == 1 ? number(&g->number, &g->scale, in) : path(&two[1], in);
}

static itsm_status approved_arguments(itsm_guard_def *g, itsm__grammar *in)
{
    itsm_status rc = name(&g->name, in);
    if (!rc) rc = expect(in, ',');
    if (!rc) rc = name(&g->policy, in);
    if (rc || !take(in, ',')) return rc;
    return paths(&g->paths, &g->npaths, in, ',', path);
}

static itsm_status linked_arguments(itsm_guard_def *g, itsm__grammar *in)
{
    uint16_t scale = 0;
    itsm_status rc = paths(&g->paths, &g->npaths, in, '|', relation);
    if (!rc && g->kind == ITSM_GUARD_LINKED) {
        rc = expect(in, ',');
        if (!rc) rc = number(&g->number, &scale, in);
        if (!rc && scale) rc = fail(in, "a whole number is needed");
    }
    if (rc) return rc;
    if (g->kind == ITSM_GUARD_ALL_LINKED) rc = expect(in, ',');
    else if (!take(in, ',')) return ITSM_OK;
    return rc ? rc : names(&g->values, in);
}

static itsm_status leaf_arguments(itsm_guard_def *g, itsm__grammar *in)
{
    itsm_status rc;
    switch (g->kind) {
    case ITSM_GUARD_EQ:
    case ITSM_GUARD_NE:
    case ITSM_GUARD_REACHED:
    case ITSM_GUARD_BEFORE: {
        itsm_path *one = itsm__arena_alloc(in->arena, sizeof *one);
        rc = one ? path(one, in) : ITSM_E_NOMEM;
        g->paths = one, g->npaths = 1;
        if (rc) return rc;
        if (g->kind == ITSM_GUARD_REACHED || g->kind == ITSM_GUARD_BEFORE)
            return take(in, ',') ? name(&g->name, in) : ITSM_OK;
        return (rc = expect(in, ',')) ? rc : names(&g->values, in);
    }
    case ITSM_GUARD_GT:
    case ITSM_GUARD_GE: return compare_arguments(g, in);
    case ITSM_GUARD_ROLE:
    case ITSM_GUARD_HOST: return name(&g->name, in);
    case ITSM_GUARD_APPROVED: return approved_arguments(g, in);
    case ITSM_GUARD_LINKED:
    case ITSM_GUARD_ALL_LINKED:
    case ITSM_GUARD_NONE_LINKED: return linked_arguments(g, in);
    default: return paths(&g->paths, &g->npaths, in, ',', path); /* set, differs, no_conflict */
    }
}

static itsm_status guard_kind(uint16_t *out, itsm__grammar *in)
{
    itsm_str text;
    itsm_status rc = word(&text, in);
    if (rc) return rc;
    for (uint16_t kind = ITSM_GUARD_ANY; kind <= ITSM_GUARD_HOST; kind++)
        if (itsm_str_is(text, itsm__guard_word(kind))) return *out = kind, expect(in, '(');
    return fail(in, "there is no such guard");
}

/* One guard where the text stands. */
static itsm_status guard(itsm_guard_def *nodes, size_t *n, itsm__grammar *in)
{
    size_t open[ITSM__NESTING], depth = 0, count = 0;
    do {
        itsm_guard_def *g = &nodes[count];
        memset(g, 0, sizeof *g);
        itsm_status rc = guard_kind(&g->kind, in);
        if (rc) return rc;
        g->nodes = 1;
        if (g->kind == ITSM_GUARD_ANY || g->kind == ITSM_GUARD_WHEN) {
            if (depth == ITSM__NESTING) return fail(in, "guards are nested too deep");
            open[depth++] = count++;
            continue;
        }
        if ((rc = leaf_arguments(g, in)) || (rc = expect(in, ')'))) return rc;
        count++;
        while (depth && take(in, ')')) depth--, nodes[open[depth]].nodes = (uint16_t)(count - open[depth]);
        if (depth && (rc = expect(in, ','))) return rc;
    } while (depth);
    *n = count;
    return ITSM_OK;
}

itsm_status itsm__guard_read(itsm_guard_def *nodes, size_t *n, itsm__grammar *in)
{
    in->at = 0, in->problem = "";
    itsm_status rc = guard(nodes, n, in);
    return rc ? rc : expect_end(in);
}

/* Effects --------------------------------------------------------------------------------------------------------- */

static itsm_status effect_kind(itsm_str *out, itsm__grammar *in)
{
    itsm_status rc = word(out, in);
    return rc ? rc : expect(in, '(');
}

/* `stamp(path,first)`, `copy(name,rel.name)` and the like: up to two paths. */
static itsm_status two_paths(itsm_effect_def *e, itsm__grammar *in, size_t n)
{
    itsm_path *items = itsm__arena_alloc(in->arena, 2 * sizeof *items);
    itsm_status rc = items ? path(&items[0], in) : ITSM_E_NOMEM;
    if (!rc && n == 2) rc = expect(in, ',');
    if (!rc && n == 2) rc = path(&items[1], in);
    e->paths = items, e->npaths = (uint16_t)n;
    return rc;
}

static itsm_status stamp_arguments(itsm_effect_def *e, itsm__grammar *in)
{
    itsm_str text;
    itsm_status rc = two_paths(e, in, 1);
    if (rc || !take(in, ',')) return rc;
    e->first = 1;
    if (!(rc = word(&text, in)) && !itsm_str_is(text, "first")) rc = fail(in, "first is missing");
    return rc;
}

static itsm_status effect_arguments(itsm_effect_def *e, itsm_str kind, itsm__grammar *in)
{
    itsm_status rc;
    if (itsm_str_is(kind, "stamp")) return e->kind = ITSM_EFFECT_STAMP, stamp_arguments(e, in);
    if (itsm_str_is(kind, "copy")) return e->kind = ITSM_EFFECT_COPY, two_paths(e, in, 2);
    if (itsm_str_is(kind, "incr")) return e->kind = ITSM_EFFECT_INCR, two_paths(e, in, 1);
    if (itsm_str_is(kind, "clear")) return e->kind = ITSM_EFFECT_CLEAR, paths(&e->paths, &e->npaths, in, ',', path);
    if (itsm_str_is(kind, "notify")) return e->kind = ITSM_EFFECT_NOTIFY, name(&e->name, in);
    if (itsm_str_is(kind, "put")) {
        e->kind = ITSM_EFFECT_PUT;
        if ((rc = two_paths(e, in, 1)) || (rc = expect(in, ','))) return rc;
        return literal(&e->name, in);
    }
    if (!itsm_str_is(kind, "fire")) return fail(in, "there is no such effect");
    itsm_path *link = itsm__arena_alloc(in->arena, sizeof *link);
    e->kind = ITSM_EFFECT_FIRE, e->paths = link, e->npaths = 1;
    if (!link) return ITSM_E_NOMEM;
    if ((rc = relation(link, in)) || (rc = expect(in, ','))) return rc;
    return name(&e->name, in);
}

itsm_status itsm__effect_read(itsm_effect_def *out, itsm__grammar *in)
{
    itsm_str kind;
    size_t n;
    in->at = 0, in->problem = "";
    memset(out, 0, sizeof *out);
    itsm_status rc = effect_kind(&kind, in);
    if (rc) return rc;
    const int conditional = itsm_str_is(kind, "when");
    if (conditional) {
        itsm_guard_def *nodes = itsm__arena_alloc(in->arena, itsm__guard_bound(in->text) * sizeof *nodes);
        if (!nodes) return ITSM_E_NOMEM;
        if ((rc = guard(nodes, &n, in)) || (rc = expect(in, ',')) || (rc = effect_kind(&kind, in))) return rc;
        out->condition = nodes;
        if (itsm_str_is(kind, "when")) return fail(in, "one condition is all an effect may have");
    }
    if ((rc = effect_arguments(out, kind, in)) || (rc = expect(in, ')'))) return rc;
    if (conditional && (rc = expect(in, ')'))) return rc;
    return expect_end(in);
}

/* Kinds ----------------------------------------------------------------------------------------------------------- */

static itsm_status range(itsm_field_def *f, itsm__grammar *in)
{
    uint16_t scale, scale_hi = 0;
    itsm_status rc = number(&f->lo, &scale, in);
    if (!rc && !take(in, '-')) rc = fail(in, "a range is two numbers with - between them");
    if (!rc) rc = number(&f->hi, &scale_hi, in);
    if (!rc && (scale || scale_hi)) rc = fail(in, "a whole number is needed");
    f->ranged = rc == ITSM_OK;
    return rc ? rc : expect(in, ')');
}

static itsm_status kind_arguments(itsm_field_def *f, itsm__grammar *in)
{
    itsm_status rc = ITSM_OK;
    if (f->kind == ITSM_INT) return take(in, '(') ? range(f, in) : ITSM_OK;
    if (f->kind != ITSM_ENUM && f->kind != ITSM_REF) return ITSM_OK;
    if ((rc = expect(in, '(')) || (rc = f->kind == ITSM_ENUM ? names(&f->values, in) : name(&f->target_name, in)))
        return rc;
    return expect(in, ')');
}

itsm_status itsm__kind_read(itsm_field_def *out, itsm__grammar *in)
{
    static const struct {
        const char *base;
        uint16_t kind;
    } bases[] = {{"str", ITSM_TEXT},        {"text", ITSM_TEXT},     {"party", ITSM_PARTY},  {"int", ITSM_INT},
                 {"decimal", ITSM_DECIMAL}, {"money", ITSM_DECIMAL}, {"bool", ITSM_BOOL},    {"time", ITSM_TIME},
                 {"date", ITSM_DATE},       {"duration", ITSM_SPAN}, {"enum", ITSM_ENUM},    {"ref", ITSM_REF},
                 {"blobref", ITSM_BLOB},    {"hash", ITSM_TEXT},     {"map", ITSM_MAP},      {"calendar", ITSM_MAP},
                 {"target", ITSM_MAP},      {"series", ITSM_MAP},    {"costline", ITSM_MAP}, {"expr", ITSM_TEXT}};
    in->at = 0, in->problem = "";
    itsm_status rc = name(&out->base, in);
    for (size_t i = 0; i < sizeof bases / sizeof *bases && !rc; i++)
        if (itsm_str_is(out->base, bases[i].base)) out->kind = bases[i].kind;
    if (!rc && !out->kind) rc = fail(in, "there is no such kind of field");
    if (!rc) rc = kind_arguments(out, in);
    if (!rc && take(in, '[')) {
        out->list = 1;
        if (!take(in, ']')) rc = fail(in, "] is missing");
    }
    return rc ? rc : expect_end(in);
}

/* Formulas -------------------------------------------------------------------------------------------------------- */

static uint16_t derive_kind(itsm_str text)
{
    static const char *const words[] = {"first", "matrix", "max", "mul", "sub"};
    for (uint16_t i = 0; i < sizeof words / sizeof *words; i++)
        if (itsm_str_is(text, words[i])) return (uint16_t)(ITSM_DERIVE_FIRST + i);
    return 0;
}

itsm_status itsm__derive_read(const itsm_derive_def **out, itsm__grammar *in)
{
    itsm_derive_def *nodes = itsm__arena_alloc(in->arena, ITSM__DERIVE_NODES * sizeof *nodes);
    size_t open[ITSM__DERIVE_NODES], depth = 0, count = 0;
    in->at = 0, in->problem = "";
    if (!nodes) return ITSM_E_NOMEM;
    do {
        itsm_str text;
        itsm_status rc = word(&text, in);
        if (rc) return rc;
        if (count == ITSM__DERIVE_NODES) return fail(in, "a formula has 16 parts at most");
        itsm_derive_def *d = &nodes[count];
        memset(d, 0, sizeof *d);
        if (take(in, '(')) {
            if (!(d->kind = derive_kind(text))) return fail(in, "there is no such operation");
            open[depth++] = count++;
            continue;
        }
        const itsm_field_def *field = itsm_type_field(in->type, text);
        d->kind = ITSM_DERIVE_FIELD, d->nodes = 1, d->field = field ? field->index : ITSM__NOWHERE;
        count++;
        while (depth && take(in, ')')) depth--, nodes[open[depth]].nodes = (uint16_t)(count - open[depth]);
        if (depth && (rc = expect(in, ','))) return rc;
    } while (depth);
    *out = nodes;
    return expect_end(in);
}
