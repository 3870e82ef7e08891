/* SPDX-License-Identifier: MIT */
/*
 * A model from JSON, in the format "libitsm.model/2": whole, or as additions to what a builder holds.
 *
 * One function per object of the format.  Whatever has a name that is there already, from an earlier text, is changed:
 * members that are not given stay.  A name given twice in one text is an issue, as is a member the format does not have.
 * The first failure to get memory or a list that is too long stops; everything else is an issue, and reading goes on.
 * O(size of the text), times the length of the list for each name.
 */
#include "model/builder.h"

#include "base/text.h"
#include "text/json.h"

enum { DEPTH = 16 };

typedef struct reader {
    itsm_model_builder *b;
    const itsm__json *json;
    itsm_status status; /* the first that stops */
} reader;

typedef const itsm__json_node node;

#define WORD(text)                                                                                                     \
    {                                                                                                                  \
        text, sizeof(text) - 1                                                                                         \
    }
#define COUNT(array) (sizeof(array) / sizeof *(array))

/* Members --------------------------------------------------------------------------------------------------------- */

static uint64_t place_of(node *at)
{
    return at->byte + 1;
}

static void wrong(reader *r, node *at, const char *needed)
{
    (void)itsm__builder_issue(r->b, place_of(at), "shape", "%S must be %s, not %s",
                              at->key.n ? at->key : ITSM_STR("it"), needed, itsm__json_kind_name(at->kind));
}

static void stop(reader *r, node *at, itsm_status status)
{
    if (!status || r->status) return;
    if (status == ITSM_E_LIMIT)
        (void)itsm__builder_issue(r->b, place_of(at), "limit", "more than %d of a kind in one place",
                                  (int)ITSM__LIST_MAX);
    r->status = status;
}

/* Every member must be among the known. */
static int is_object(reader *r, node *at, const itsm_str *known, size_t n)
{
    node *member;
    if (at->kind != ITSM__JSON_OBJECT) return wrong(r, at, "an object"), 0;
    ITSM__JSON_EACH(member, at)
    {
        size_t i = 0;
        while (i < n && !itsm_str_eq(known[i], member->key)) i++;
        if (i < n) continue;
        itsm_str nearest = itsm__nearest(member->key, known, n);
        (void)itsm__builder_issue(r->b, place_of(member), "unknown",
                                  nearest.n ? "there is no member %S; did you mean %S?" : "there is no member %S",
                                  member->key, nearest);
    }
    return 1;
}

/* A member of that kind, or NULL; one that is null counts as absent. */
static node *member_of(reader *r, node *object, const char *name, uint32_t kind)
{
    node *at = itsm__json_member(object, name);
    if (!at || at->kind == ITSM__JSON_NULL || r->status) return NULL;
    if (at->kind == kind) return at;
    static const char *const kinds[] = {"null",   "true or false", "a whole number", "a number",
                                        "a text", "an array",      "an object"};
    return wrong(r, at, kinds[kind]), NULL;
}

static void get_text(reader *r, itsm_str *out, node *object, const char *name)
{
    node *at = member_of(r, object, name, ITSM__JSON_TEXT);
    if (at) stop(r, at, itsm__builder_copy(out, r->b, at->text));
}

/* One for which null means: none. */
static void get_text_or_none(reader *r, itsm_str *out, node *object, const char *name)
{
    node *at = itsm__json_member(object, name);
    if (at && at->kind == ITSM__JSON_NULL) *out = itsm__no_text();
    else get_text(r, out, object, name);
}

static void get_bool(reader *r, int *out, node *object, const char *name)
{
    node *at = member_of(r, object, name, ITSM__JSON_BOOL);
    if (at) *out = at->integer != 0;
}

/* A number in data: once given, for ever. */
static void get_number(reader *r, uint32_t *out, node *object)
{
    node *at = member_of(r, object, "number", ITSM__JSON_INT);
    if (!at) return;
    if (at->integer < 1 || at->integer > UINT16_MAX)
        (void)itsm__builder_issue(r->b, place_of(at), "number", "%i is no number from 1 to 65535", at->integer);
    else if (*out && *out != (uint32_t)at->integer)
        (void)itsm__builder_issue(r->b, place_of(at), "number", "the number is %d and never changes", (int)*out);
    else *out = (uint32_t)at->integer;
}

static void add_names(reader *r, itsm__items *out, node *array)
{
    node *at;
    ITSM__JSON_EACH(at, array)
    {
        if (r->status) return;
        if (at->kind != ITSM__JSON_TEXT) wrong(r, at, "a text");
        else stop(r, at, itsm__items_add(NULL, r->b, out, sizeof(itsm__item), at->text, place_of(at)));
    }
}

static void get_names(reader *r, itsm__items *out, node *object, const char *name)
{
    node *at = member_of(r, object, name, ITSM__JSON_ARRAY);
    if (!at) return;
    memset(out, 0, sizeof *out);
    add_names(r, out, at);
}

static void get_more_names(reader *r, itsm__items *out, node *object, const char *name)
{
    node *at = member_of(r, object, name, ITSM__JSON_ARRAY);
    if (at) add_names(r, out, at);
}

/* The item of that name from an earlier text, or a new one; NULL if there can be none. */
static void *named_item(reader *r, itsm__items *items, size_t size, node *at, itsm_str name)
{
    itsm__item *item = itsm__items_find(items, name);
    if (r->status) return NULL;
    if (item && item->age == r->b->age)
        return (void)itsm__builder_issue(r->b, place_of(at), "unique", "%S is there twice", name), NULL;
    if (item) return item->age = r->b->age, item->place = place_of(at), item;
    stop(r, at, itsm__items_add(&item, r->b, items, size, name, place_of(at)));
    return r->status ? NULL : item;
}

/* The same by a member of an object. */
static void *item_of(reader *r, itsm__items *items, size_t size, node *object, const char *member)
{
    node *name = itsm__json_member(object, member);
    if (name && name->kind == ITSM__JSON_TEXT && name->text.n) return named_item(r, items, size, object, name->text);
    (void)itsm__builder_issue(r->b, place_of(object), "shape", "it has no %s", member);
    return NULL;
}

/* Fields, relations, indexes -------------------------------------------------------------------------------------- */

static void read_by(reader *r, itsm__field_draft *f, node *object)
{
    static const char *const words[] = {"rule", "move", "engine"};
    itsm_str by = {NULL, 0};
    node *at = itsm__json_member(object, "by");
    if (!at) return;
    get_text(r, &by, object, "by");
    for (uint32_t i = 0; i < COUNT(words); i++)
        if (itsm_str_is(by, words[i])) f->by = i + 1, by.n = 0;
    if (at->kind == ITSM__JSON_NULL) f->by = ITSM_BY_HOST;
    if (by.n) (void)itsm__builder_issue(r->b, place_of(at), "exists", "a field is not written by %S", by);
}

/* "enum(a|b)" becomes "enum(a|b|c)". */
static void read_values(reader *r, itsm__field_draft *f, node *object)
{
    node *array = member_of(r, object, "add_values", ITSM__JSON_ARRAY), *at;
    if (!array) return;
    itsm_buf kind;
    itsm_buf_init(&kind, r->b->ctx);
    size_t end = f->kind.n;
    while (end && f->kind.p[end - 1] != ')') end--;
    if (!end || memcmp(f->kind.p, "enum", 4) != 0) {
        (void)itsm__builder_issue(r->b, place_of(array), "fits", "%S is no enum but %S", f->item.name, f->kind);
        return;
    }
    itsm_status rc = itsm__buf_str(&kind, itsm_str_n(f->kind.p, end - 1));
    ITSM__JSON_EACH(at, array)
    {
        if (at->kind != ITSM__JSON_TEXT) wrong(r, at, "a text");
        else if (!rc) rc = itsm__format(&kind, "|%S", at->text);
    }
    if (!rc) rc = itsm__buf_str(&kind, itsm_str_n(f->kind.p + end - 1, f->kind.n - end + 1));
    if (!rc) rc = itsm__builder_copy(&f->kind, r->b, itsm_buf_str(&kind));
    stop(r, array, rc);
    itsm_buf_clear(&kind);
}

static void read_field(reader *r, itsm__type_draft *t, node *object)
{
    static const itsm_str known[] = {WORD("name"),   WORD("number"), WORD("type"),     WORD("mandatory"),
                                     WORD("derive"), WORD("by"),     WORD("editable"), WORD("add_values")};
    if (!is_object(r, object, known, COUNT(known))) return;
    itsm__field_draft *f = item_of(r, &t->fields, sizeof *f, object, "name");
    if (!f) return;
    get_number(r, &f->number, object);
    get_text(r, &f->kind, object, "type");
    get_text_or_none(r, &f->mandatory, object, "mandatory");
    get_text_or_none(r, &f->derive, object, "derive");
    read_by(r, f, object), read_values(r, f, object);
    node *editable = itsm__json_member(object, "editable");
    if (editable) f->limited = editable->kind != ITSM__JSON_NULL, memset(&f->editable, 0, sizeof f->editable);
    get_names(r, &f->editable, object, "editable");
}

static void read_link(reader *r, itsm__type_draft *t, node *object)
{
    static const itsm_str known[] = {WORD("name"), WORD("number"), WORD("target"), WORD("card"), WORD("inverse")};
    if (!is_object(r, object, known, COUNT(known))) return;
    itsm__link_draft *l = item_of(r, &t->links, sizeof *l, object, "name");
    if (!l) return;
    itsm_str card = {NULL, 0};
    get_number(r, &l->number, object);
    get_text(r, &l->target, object, "target"), get_text(r, &l->inverse, object, "inverse");
    get_text(r, &card, object, "card");
    if (card.n && !itsm_str_is(card, "1") && !itsm_str_is(card, "n"))
        (void)itsm__builder_issue(r->b, place_of(object), "shape", "card is 1 or n, not %S", card);
    if (card.n) l->many = itsm_str_is(card, "n");
}

static void read_index(reader *r, itsm__type_draft *t, node *object)
{
    static const itsm_str known[] = {WORD("name"), WORD("number"), WORD("unique"), WORD("fields")};
    if (!is_object(r, object, known, COUNT(known))) return;
    itsm__index_draft *x = item_of(r, &t->indexes, sizeof *x, object, "name");
    if (!x) return;
    get_number(r, &x->number, object);
    get_bool(r, &x->unique, object, "unique"), get_names(r, &x->fields, object, "fields");
}

/* Lifecycles ------------------------------------------------------------------------------------------------------ */

static void read_state(reader *r, itsm__facet_draft *f, node *object)
{
    static const itsm_str known[] = {WORD("name"), WORD("category")};
    if (!is_object(r, object, known, COUNT(known))) return;
    itsm__state_draft *s = item_of(r, &f->states, sizeof *s, object, "name");
    itsm_str word = {NULL, 0};
    uint32_t category = ITSM_CANCELLED;
    if (!s) return;
    get_text(r, &word, object, "category");
    while (category && !itsm_str_is(word, itsm_category_text(category))) category--;
    if (s->category && category && s->category != category)
        (void)itsm__builder_issue(r->b, place_of(object), "category", "state %S keeps its category: %s", s->item.name,
                                  itsm_category_text(s->category));
    else if (!category && (word.n || !s->category))
        (void)itsm__builder_issue(r->b, place_of(object), "category", "%S is no category of state %S", word,
                                  s->item.name);
    else if (category) s->category = category;
}

static void read_move_members(reader *r, itsm__move_draft *m, node *object, int is_new)
{
    get_text(r, &m->to, object, "to");
    get_names(r, &m->actors, object, "actor"), get_names(r, &m->guards, object, "guards");
    get_names(r, &m->effects, object, "effects");
    get_names(r, &m->clauses_2011, object, "clauses_2011"), get_names(r, &m->clauses_2018, object, "clauses_2018");
    if (is_new) get_names(r, &m->from, object, "from");
    get_more_names(r, &m->from, object, "add_from"), get_more_names(r, &m->actors, object, "add_actor");
    get_more_names(r, &m->guards, object, "add_guards"), get_more_names(r, &m->effects, object, "add_effects");
}

/* Does a move start from one of the states of a list?  Without a list: from any. */
static int starts_in(const itsm__move_draft *m, node *from)
{
    node *state;
    if (!from) return 1;
    ITSM__JSON_EACH(state, from)
    if (state->kind == ITSM__JSON_TEXT && itsm__items_find(&m->from, state->text)) return 1;
    return 0;
}

static void read_move(reader *r, itsm__facet_draft *f, node *object)
{
    static const itsm_str known[] = {WORD("event"),        WORD("from"),       WORD("to"),
                                     WORD("actor"),        WORD("guards"),     WORD("effects"),
                                     WORD("add_from"),     WORD("add_actor"),  WORD("clauses_2011"),
                                     WORD("clauses_2018"), WORD("add_guards"), WORD("add_effects")};
    if (!is_object(r, object, known, COUNT(known))) return;
    node *event = member_of(r, object, "event", ITSM__JSON_TEXT),
         *from = member_of(r, object, "from", ITSM__JSON_ARRAY);
    itsm__move_draft *m;
    int changed = 0;
    if (r->status) return;
    if (!event) {
        (void)itsm__builder_issue(r->b, place_of(object), "shape", "it has no event");
        return;
    }
    for (itsm__item *i = f->moves.first; i && !r->status; i = i->next) {
        m = (itsm__move_draft *)i;
        if (i->age == r->b->age || !itsm_str_eq(i->name, event->text) || !starts_in(m, from)) continue;
        r->b->move = i;
        read_move_members(r, m, object, 0), changed = 1;
    }
    if (!changed && !r->status) {
        stop(r, object, itsm__items_add(&m, r->b, &f->moves, sizeof *m, event->text, place_of(object)));
        if (!r->status) r->b->move = &m->item, read_move_members(r, m, object, 1);
    }
    r->b->move = NULL;
}

static void read_facet(reader *r, itsm__type_draft *t, node *object)
{
    static const itsm_str known[] = {WORD("attribute"), WORD("number"), WORD("initial"), WORD("states"),
                                     WORD("transitions")};
    if (!is_object(r, object, known, COUNT(known))) return;
    itsm__facet_draft *f = item_of(r, &t->facets, sizeof *f, object, "attribute");
    node *list, *at;
    if (!f) return;
    r->b->facet = &f->item;
    get_number(r, &f->number, object);
    get_text(r, &f->initial, object, "initial");
    if ((list = member_of(r, object, "states", ITSM__JSON_ARRAY))) ITSM__JSON_EACH(at, list) read_state(r, f, at);
    if ((list = member_of(r, object, "transitions", ITSM__JSON_ARRAY))) ITSM__JSON_EACH(at, list) read_move(r, f, at);
    r->b->facet = NULL;
}

/* Types ----------------------------------------------------------------------------------------------------------- */

static void read_tier(reader *r, uint32_t *out, node *object)
{
    node *at = member_of(r, object, "tier", ITSM__JSON_INT);
    if (!at) return;
    if (at->integer < 1 || at->integer > 3)
        (void)itsm__builder_issue(r->b, place_of(at), "fits", "%i is no tier from 1 to 3", at->integer);
    else *out = (uint32_t)at->integer;
}

static void read_type(reader *r, node *object)
{
    static const itsm_str known[] = {WORD("id"),           WORD("number"),       WORD("label"),      WORD("prefix"),
                                     WORD("tier"),         WORD("family"),       WORD("fields"),     WORD("relations"),
                                     WORD("clauses_2011"), WORD("clauses_2018"), WORD("lifecycles"), WORD("indexes"),
                                     WORD("kpis")};
    if (!is_object(r, object, known, COUNT(known))) return;
    itsm__type_draft *t = item_of(r, &r->b->types, sizeof *t, object, "id");
    node *list, *at;
    if (!t) return;
    r->b->type = &t->item;
    get_number(r, &t->number, object), read_tier(r, &t->tier, object);
    get_text(r, &t->label, object, "label"), get_text(r, &t->prefix, object, "prefix");
    get_text(r, &t->family, object, "family"), get_names(r, &t->kpis, object, "kpis");
    get_names(r, &t->clauses_2011, object, "clauses_2011"), get_names(r, &t->clauses_2018, object, "clauses_2018");
    if ((list = member_of(r, object, "fields", ITSM__JSON_ARRAY))) ITSM__JSON_EACH(at, list) read_field(r, t, at);
    if ((list = member_of(r, object, "relations", ITSM__JSON_ARRAY))) ITSM__JSON_EACH(at, list) read_link(r, t, at);
    if ((list = member_of(r, object, "indexes", ITSM__JSON_ARRAY))) ITSM__JSON_EACH(at, list) read_index(r, t, at);
    if ((list = member_of(r, object, "lifecycles", ITSM__JSON_ARRAY))) ITSM__JSON_EACH(at, list) read_facet(r, t, at);
    r->b->type = NULL;
}

static void read_clock(reader *r, itsm__type_draft *t, node *object)
{
    static const itsm_str known[] = {WORD("name"), WORD("starts"), WORD("met_by"), WORD("pauses")};
    if (!is_object(r, object, known, COUNT(known))) return;
    itsm__clock_draft_def *c = item_of(r, &t->clocks, sizeof *c, object, "name");
    itsm_str starts = ITSM_STR("create");
    if (!c) return;
    get_text(r, &starts, object, "starts");
    if (!itsm_str_is(starts, "create"))
        (void)itsm__builder_issue(r->b, place_of(object), "fits", "a clock starts with create, not %S", starts);
    get_text(r, &c->met_by, object, "met_by"), get_bool(r, &c->pauses, object, "pauses");
}

static void read_clocks(reader *r, node *object)
{
    node *list, *at;
    ITSM__JSON_EACH(list, object)
    {
        itsm__type_draft *t = (itsm__type_draft *)itsm__items_find(&r->b->types, list->key);
        if (!t) (void)itsm__builder_issue(r->b, place_of(list), "exists", "%S is no type that has clocks", list->key);
        else if (list->kind != ITSM__JSON_ARRAY) wrong(r, list, "an array");
        if (!t || list->kind != ITSM__JSON_ARRAY) continue;
        r->b->type = &t->item;
        ITSM__JSON_EACH(at, list) read_clock(r, t, at);
        r->b->type = NULL;
    }
}

/* Clauses, indicators, rules of evidence -------------------------------------------------------------------------- */

static void read_clause(reader *r, itsm__items *items, node *object, const char *maps)
{
    static const itsm_str known[] = {WORD("id"),        WORD("topic"),   WORD("records"),
                                     WORD("control"),   WORD("measure"), WORD("maps_2011"),
                                     WORD("maps_2018"), WORD("rules"),   WORD("types")};
    if (!is_object(r, object, known, COUNT(known))) return;
    itsm__clause_draft *c = item_of(r, items, sizeof *c, object, "id");
    if (!c) return;
    get_text(r, &c->topic, object, "topic"), get_text(r, &c->records, object, "records");
    get_text(r, &c->control, object, "control"), get_text(r, &c->measure, object, "measure");
    get_names(r, &c->maps, object, maps), get_names(r, &c->rules, object, "rules");
    get_names(r, &c->types, object, "types");
}

static void read_clauses(reader *r, node *object)
{
    static const itsm_str known[] = {WORD("2011"), WORD("2018")};
    node *list, *at;
    if (!is_object(r, object, known, COUNT(known))) return;
    if ((list = member_of(r, object, "2011", ITSM__JSON_ARRAY)))
        ITSM__JSON_EACH(at, list) read_clause(r, &r->b->clauses_2011, at, "maps_2018");
    if ((list = member_of(r, object, "2018", ITSM__JSON_ARRAY)))
        ITSM__JSON_EACH(at, list) read_clause(r, &r->b->clauses_2018, at, "maps_2011");
}

static void read_kpi(reader *r, node *object)
{
    static const itsm_str known[] = {WORD("name"), WORD("formula"), WORD("types"), WORD("uses")};
    if (!is_object(r, object, known, COUNT(known))) return;
    itsm__kpi_draft *k = named_item(r, &r->b->kpis, sizeof *k, object, object->key);
    if (!k) return;
    get_text(r, &k->title, object, "name"), get_text(r, &k->formula, object, "formula");
    get_names(r, &k->types, object, "types"), get_names(r, &k->uses, object, "uses");
}

static void read_rule(reader *r, node *object)
{
    static const itsm_str known[] = {WORD("id"),    WORD("clauses_2011"), WORD("clauses_2018"),
                                     WORD("level"), WORD("types"),        WORD("check")};
    if (!is_object(r, object, known, COUNT(known))) return;
    itsm__rule_draft *e = item_of(r, &r->b->rules, sizeof *e, object, "id");
    if (!e) return;
    get_text(r, &e->level, object, "level"), get_text(r, &e->check, object, "check");
    get_names(r, &e->clauses_2011, object, "clauses_2011"), get_names(r, &e->clauses_2018, object, "clauses_2018");
    get_names(r, &e->types, object, "types");
}

/* The whole ------------------------------------------------------------------------------------------------------- */

static void read_texts(reader *r, itsm__items *items, node *object)
{
    node *at;
    ITSM__JSON_EACH(at, object)
    {
        if (at->kind != ITSM__JSON_TEXT) {
            wrong(r, at, "a text");
            continue;
        }
        itsm__text_draft *item = named_item(r, items, sizeof *item, at, at->key);
        if (item) stop(r, at, itsm__builder_copy(&item->text, r->b, at->text));
    }
}

static void read_priority(reader *r, node *object)
{
    node *rows = member_of(r, object, "priority_5x5", ITSM__JSON_ARRAY), *row, *cell;
    size_t i = 0, k = 0;
    if (!rows) return;
    uint8_t priority[5][5];
    ITSM__JSON_EACH(row, rows)
    {
        if (row->kind == ITSM__JSON_ARRAY && row->integer == 5 && i < 5) {
            k = 0;
            ITSM__JSON_EACH(cell, row)
            if (cell->kind == ITSM__JSON_INT && cell->integer >= 1 && cell->integer <= 5)
                priority[i][k++] = (uint8_t)cell->integer;
        }
        if (k != 5) break;
        k = 0, i++;
    }
    if (i == 5 && rows->integer == 5) memcpy(r->b->priority, priority, sizeof priority);
    else (void)itsm__builder_issue(r->b, place_of(rows), "fits", "the matrix is five rows of five numbers from 1 to 5");
}

/* The header belongs to the library: it may be there, but only as it is. */
static void read_header(reader *r, node *array)
{
    const itsm_type_def *type = itsm_model_type_at(itsm_model_builtin(), 0);
    node *at;
    ITSM__JSON_EACH(at, array)
    {
        node *name = itsm__json_member(at, "name");
        const itsm_field_def *f = name ? itsm_type_field(type, name->text) : NULL;
        if (!f || !f->header)
            (void)itsm__builder_issue(r->b, place_of(at), "fits", "the common header cannot be changed");
    }
}

static void read_removals(reader *r, node *array)
{
    node *at;
    ITSM__JSON_EACH(at, array)
    {
        if (at->kind != ITSM__JSON_TEXT) wrong(r, at, "a text");
        else if (!itsm__builder_remove(r->b, at->text))
            (void)itsm__builder_issue(r->b, place_of(at), "exists", "there is no part %S", at->text);
    }
}

static void read_list(reader *r, node *root, const char *name, void (*read_item)(reader *, node *))
{
    node *list = member_of(r, root, name, ITSM__JSON_ARRAY), *at;
    if (list) ITSM__JSON_EACH(at, list) if (!r->status) read_item(r, at);
}

static itsm_status read_root(itsm_model_builder *b, const itsm__json *json)
{
    static const itsm_str known[] = {WORD("schema"),
                                     WORD("extends"),
                                     WORD("remove"),
                                     WORD("note"),
                                     WORD("common_fields"),
                                     WORD("common_relations"),
                                     WORD("state_categories"),
                                     WORD("guard_vocabulary"),
                                     WORD("effect_vocabulary"),
                                     WORD("priority_matrix"),
                                     WORD("record_types"),
                                     WORD("clauses"),
                                     WORD("evidence_rules"),
                                     WORD("kpis"),
                                     WORD("statistics"),
                                     WORD("policies"),
                                     WORD("clocks"),
                                     WORD("roles")};
    node *root = itsm__json_root(json), *at;
    reader r = {b, json, ITSM_OK};
    itsm_str schema = ITSM_STR("libitsm.model/2");
    b->age++;
    if (!is_object(&r, root, known, COUNT(known))) return ITSM_E_INVALID;
    get_text(&r, &schema, root, "schema");
    if (!itsm_str_is(schema, "libitsm.model/2")) {
        (void)itsm__builder_issue(b, place_of(root), "schema", "the format is %S, not libitsm.model/2", schema);
        return ITSM_E_VERSION;
    }
    if ((at = member_of(&r, root, "remove", ITSM__JSON_ARRAY))) read_removals(&r, at);
    if ((at = member_of(&r, root, "common_fields", ITSM__JSON_ARRAY))) read_header(&r, at);
    if ((at = member_of(&r, root, "priority_matrix", ITSM__JSON_OBJECT))) read_priority(&r, at);
    if ((at = member_of(&r, root, "policies", ITSM__JSON_OBJECT))) read_texts(&r, &b->policies, at);
    if ((at = member_of(&r, root, "roles", ITSM__JSON_OBJECT))) read_texts(&r, &b->roles, at);
    if ((at = member_of(&r, root, "clauses", ITSM__JSON_OBJECT))) read_clauses(&r, at);
    if ((at = member_of(&r, root, "kpis", ITSM__JSON_OBJECT))) {
        node *kpi;
        ITSM__JSON_EACH(kpi, at) read_kpi(&r, kpi);
    }
    read_list(&r, root, "evidence_rules", read_rule);
    read_list(&r, root, "record_types", read_type);
    if ((at = member_of(&r, root, "clocks", ITSM__JSON_OBJECT))) read_clocks(&r, at);
    b->type = b->facet = b->move = NULL;
    return r.status;
}

static itsm_status parse(itsm__json *json, itsm_ctx *ctx, itsm_str text)
{
    itsm__json_init(json, ctx);
    json->size_limit = ITSM__MODEL_TEXT, json->depth_limit = DEPTH;
    itsm_status rc = itsm__json_parse(json, text);
    return rc ? rc : itsm__json_expect(json, itsm__json_root(json), ITSM__JSON_OBJECT);
}

itsm_status itsm__builder_read(itsm_model_builder *b, itsm_str text)
{
    itsm__json json;
    itsm_status rc = parse(&json, b->ctx, text);
    b->input = text, memset(&b->last, 0, sizeof b->last);
    if (!rc) rc = read_root(b, &json);
    b->input = itsm__no_text();
    itsm__json_clear(&json);
    return !rc && b->found ? ITSM_E_INVALID : rc;
}

/* What a text extends: the built-in model, or nothing. */
static itsm_status base_of(const itsm_model **out, const itsm__json *json)
{
    node *extends = itsm__json_member(itsm__json_root(json), "extends");
    *out = NULL;
    if (!extends) return ITSM_OK;
    if (extends->kind == ITSM__JSON_TEXT && itsm_str_is(extends->text, "builtin"))
        return *out = itsm_model_builtin(), ITSM_OK;
    return itsm__json_issue(json, extends, ITSM_E_INVALID, ITSM_STR("exists"), "only \"builtin\" can be extended");
}

itsm_status itsm_model_load(itsm_model **out, itsm_ctx *ctx, itsm_str text)
{
    const itsm_model *base;
    itsm_model_builder *b = NULL;
    itsm__json json;
    if (!out) return ITSM_E_MISUSE;
    *out = NULL;
    itsm__issues_clear(ctx);
    itsm_status rc = parse(&json, ctx, text);
    if (!rc) rc = base_of(&base, &json);
    if (!rc) rc = itsm_model_builder_new(&b, ctx, base);
    if (!rc) {
        b->input = text;
        rc = read_root(b, &json);
        if (!rc) rc = itsm__builder_freeze(out, b);
    }
    itsm_model_builder_free(b);
    itsm__json_clear(&json);
    return rc;
}
