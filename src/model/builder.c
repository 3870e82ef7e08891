/* SPDX-License-Identifier: MIT */
/*
 * The builder: lists that things are added to and taken from, by name.
 *
 * Adding looks through one list for the name and copies texts into the arena: O(items of the list).  What is added is
 * linked in last, so a call that fails leaves the builder as it was (but for bytes in the arena).  Nothing is judged
 * here except that names are new; itsm_model_builder_freeze() judges.
 */
#include "model/builder.h"

#include "base/text.h"

/* Lists ----------------------------------------------------------------------------------------------------------- */

itsm__item *itsm__items_find(const itsm__items *items, itsm_str name)
{
    for (itsm__item *item = items->first; item; item = item->next)
        if (itsm_str_eq(item->name, name)) return item;
    return NULL;
}

void itsm__items_remove(itsm__items *items, const itsm__item *item)
{
    itsm__item *before = NULL;
    for (itsm__item *i = items->first; i; before = i, i = i->next) {
        if (i != item) continue;
        if (before) before->next = i->next;
        else items->first = i->next;
        if (items->last == i) items->last = before;
        items->n--;
        return;
    }
}

void itsm__items_join(itsm__items *items, itsm__items *more)
{
    if (!more->n) return;
    if (items->last) items->last->next = more->first;
    else items->first = more->first;
    items->last = more->last, items->n += more->n;
    memset(more, 0, sizeof *more);
}

itsm_status itsm__builder_copy(itsm_str *out, itsm_model_builder *builder, itsm_str text)
{
    return itsm__arena_copy(out, &builder->arena, text);
}

itsm_status itsm__items_add(void *out, itsm_model_builder *builder, itsm__items *items, size_t size, itsm_str name,
                            uint64_t place)
{
    if (items->n >= ITSM__LIST_MAX) return ITSM_E_LIMIT;
    itsm__item *item = itsm__arena_alloc(&builder->arena, size);
    if (!item) return ITSM_E_NOMEM;
    memset(item, 0, size);
    itsm_status rc = itsm__builder_copy(&item->name, builder, name);
    if (rc) return rc;
    item->place = place, item->age = builder->age;
    if (items->last) items->last->next = item;
    else items->first = item;
    items->last = item, items->n++;
    if (out) memcpy(out, &item, sizeof item);
    return ITSM_OK;
}

itsm_status itsm__items_add_names(itsm_model_builder *builder, itsm__items *items, const itsm_names *names)
{
    itsm_status rc = ITSM_OK;
    for (size_t i = 0; i < names->n && !rc; i++)
        rc = itsm__items_add(NULL, builder, items, sizeof(itsm__item), names->item[i], 0);
    return rc;
}

/* Issues ---------------------------------------------------------------------------------------------------------- */

/* Issues come mostly in the order of the text, so counting lines goes on from the last. */
static itsm__position position_of(itsm_model_builder *b, uint64_t place)
{
    itsm__position at = b->last;
    if (!at.line || at.byte > place - 1) at.byte = 0, at.line = 1, at.column = 1;
    for (; at.byte < place - 1 && at.byte < b->input.n; at.byte++) {
        if (b->input.p[at.byte] == '\n') at.line++, at.column = 1;
        else at.column++;
    }
    return b->last = at;
}

static itsm_status write_where(itsm_buf *where, const itsm_model_builder *b)
{
    itsm_status rc = b->type ? itsm__buf_str(where, b->type->name) : ITSM_OK;
    if (!rc && b->facet) rc = itsm__format(where, ".%S", b->facet->name);
    if (!rc && b->move) rc = itsm__format(where, ".%S", b->move->name);
    return rc;
}

itsm_status itsm__builder_issue(itsm_model_builder *b, uint64_t place, const char *rule, const char *format, ...)
{
    static const itsm__position nowhere = {0, 0, 0};
    itsm_buf where, message;
    if (++b->found > ITSM__ISSUES_MAX) return ITSM_E_INVALID;
    itsm_buf_init(&where, b->ctx), itsm_buf_init(&message, b->ctx);
    va_list args;
    va_start(args, format);
    itsm_status rc = write_where(&where, b);
    if (!rc) rc = itsm__vformat(&message, format, args);
    va_end(args);
    if (b->found == ITSM__ISSUES_MAX) message.n = 0, rc = itsm__format(&message, "and more is wrong");
    (void)itsm__issue_at(b->ctx, ITSM_E_INVALID, b->input.p && place ? position_of(b, place) : nowhere,
                         rc ? itsm__no_text() : itsm_buf_str(&where), itsm_str_c(rule), "%S",
                         rc ? itsm__no_text() : itsm_buf_str(&message));
    itsm_buf_clear(&where), itsm_buf_clear(&message);
    return ITSM_E_INVALID;
}

/* What a call of the builder found. */
static itsm_status no_such(itsm_model_builder *b, const char *what, itsm_str name)
{
    return itsm__issue(b->ctx, ITSM_E_NOT_FOUND, name, ITSM_STR("exists"), itsm__no_text(), "there is no %s %S", what,
                       name);
}

static itsm_status twice(itsm_model_builder *b, const char *what, itsm_str name)
{
    return itsm__issue(b->ctx, ITSM_E_INVALID, name, ITSM_STR("unique"), itsm__no_text(), "there is a %s %S already",
                       what, name);
}

static itsm_status full(itsm_model_builder *b, itsm_status rc, itsm_str name)
{
    if (rc != ITSM_E_LIMIT) return rc;
    return itsm__issue(b->ctx, rc, name, ITSM_STR("limit"), itsm__no_text(), "more than %d of a kind in one place",
                       (int)ITSM__LIST_MAX);
}

/* Beginning and ending -------------------------------------------------------------------------------------------- */

uint32_t itsm__number_of_name(itsm_str name)
{
    uint32_t hash = UINT32_C(2166136261); /* FNV-1a */
    for (size_t i = 0; i < name.n; i++) hash = (hash ^ (unsigned char)name.p[i]) * UINT32_C(16777619);
    return ITSM_FIELD_HOST + hash % 0x7F00;
}

/* A base comes in as the JSON it writes: what is written is all that a model says. */
static itsm_status read_base(itsm_model_builder *b, const itsm_model *base)
{
    itsm_buf text;
    itsm_buf_init(&text, b->ctx);
    itsm_status rc = itsm_model_encode(&text, base);
    if (!rc) rc = itsm__builder_read(b, itsm_buf_str(&text));
    itsm_buf_clear(&text);
    return rc;
}

itsm_status itsm_model_builder_new(itsm_model_builder **out, itsm_ctx *ctx, const itsm_model *base)
{
    if (!out) return ITSM_E_MISUSE;
    *out = NULL;
    itsm__issues_clear(ctx);
    const itsm__memory *memory = itsm__ctx_memory(ctx);
    itsm_model_builder *b = itsm__alloc_zero(memory, sizeof *b);
    if (!b) return ITSM_E_NOMEM;
    b->ctx = ctx, b->memory = *memory;
    itsm__arena_init(&b->arena, memory);
    memcpy(b->priority, itsm_model_builtin()->priority, sizeof b->priority);
    itsm_status rc = base ? read_base(b, base) : ITSM_OK;
    if (rc) itsm_model_builder_free(b), b = NULL;
    *out = b;
    return rc;
}

void itsm_model_builder_free(itsm_model_builder *builder)
{
    if (!builder) return;
    itsm__memory memory = builder->memory;
    itsm__arena_clear(&builder->arena);
    itsm__free(&memory, builder, sizeof *builder);
}

itsm_status itsm_model_builder_add_json(itsm_model_builder *builder, itsm_str json)
{
    if (!builder) return ITSM_E_MISUSE;
    itsm__issues_clear(builder->ctx);
    builder->found = 0;
    return itsm__builder_read(builder, json);
}

/* Adding ---------------------------------------------------------------------------------------------------------- */

static itsm_status find_type(itsm__type_draft **out, itsm_model_builder *b, itsm_str name)
{
    *out = (itsm__type_draft *)itsm__items_find(&b->types, name);
    return *out ? ITSM_OK : no_such(b, "type", name);
}

static itsm_status find_facet(itsm__facet_draft **out, itsm_model_builder *b, itsm_str type, itsm_str name)
{
    itsm__type_draft *t;
    itsm_status rc = find_type(&t, b, type);
    if (rc) return rc;
    *out = (itsm__facet_draft *)itsm__items_find(&t->facets, name);
    return *out ? ITSM_OK : no_such(b, "facet", name);
}

itsm_status itsm_model_builder_add_type(itsm_model_builder *b, const itsm_type_spec *spec)
{
    if (!b || !spec || spec->size < sizeof *spec) return ITSM_E_MISUSE;
    itsm__issues_clear(b->ctx);
    if (itsm__items_find(&b->types, spec->name)) return twice(b, "type", spec->name);
    itsm__items added = {NULL, NULL, 0};
    itsm__type_draft *t;
    if (b->types.n >= ITSM__LIST_MAX) return full(b, ITSM_E_LIMIT, spec->name);
    itsm_status rc = itsm__items_add(&t, b, &added, sizeof *t, spec->name, 0);
    if (!rc) rc = itsm__builder_copy(&t->label, b, spec->label.n ? spec->label : spec->name);
    if (!rc) rc = itsm__builder_copy(&t->prefix, b, spec->prefix);
    if (!rc) rc = itsm__builder_copy(&t->family, b, spec->family.n ? spec->family : ITSM_STR("support"));
    if (!rc) rc = itsm__items_add_names(b, &t->clauses_2011, &spec->clauses_2011);
    if (!rc) rc = itsm__items_add_names(b, &t->clauses_2018, &spec->clauses_2018);
    if (rc) return full(b, rc, spec->name);
    t->number = spec->number, t->tier = spec->tier ? spec->tier : 3;
    itsm__items_join(&b->types, &added);
    return ITSM_OK;
}

itsm_status itsm_model_builder_add_field(itsm_model_builder *b, itsm_str type, const itsm_field_spec *spec)
{
    itsm__type_draft *t;
    itsm__field_draft *f;
    itsm__items added = {NULL, NULL, 0};
    if (!b || !spec || spec->size < sizeof *spec) return ITSM_E_MISUSE;
    itsm__issues_clear(b->ctx);
    itsm_status rc = find_type(&t, b, type);
    if (rc) return rc;
    if (itsm__items_find(&t->fields, spec->name)) return twice(b, "field", spec->name);
    if (t->fields.n >= ITSM__LIST_MAX) return full(b, ITSM_E_LIMIT, spec->name);
    rc = itsm__items_add(&f, b, &added, sizeof *f, spec->name, 0);
    if (!rc) rc = itsm__builder_copy(&f->kind, b, spec->kind);
    if (!rc) rc = itsm__builder_copy(&f->mandatory, b, spec->mandatory);
    if (!rc) rc = itsm__builder_copy(&f->derive, b, spec->derive);
    if (!rc) rc = itsm__items_add_names(b, &f->editable, &spec->editable);
    if (rc) return full(b, rc, spec->name);
    f->number = spec->number, f->by = spec->derive.n ? ITSM_BY_RULE : spec->by, f->limited = spec->limited;
    itsm__items_join(&t->fields, &added);
    return ITSM_OK;
}

/* "enum(a|b)" becomes "enum(a|b|c)", "enum(a|b)[]" "enum(a|b|c)[]". */
static itsm_status with_value(itsm_buf *out, itsm_str kind, itsm_str value)
{
    size_t end = kind.n;
    while (end && kind.p[end - 1] != ')') end--;
    if (!end || kind.n < 5 || memcmp(kind.p, "enum", 4) != 0) return ITSM_E_INVALID;
    return itsm__format(out, "%S|%S%S", itsm_str_n(kind.p, end - 1), value,
                        itsm_str_n(kind.p + end - 1, kind.n - end + 1));
}

itsm_status itsm_model_builder_add_value(itsm_model_builder *b, itsm_str type, itsm_str field, itsm_str value)
{
    itsm__type_draft *t;
    if (!b) return ITSM_E_MISUSE;
    itsm__issues_clear(b->ctx);
    itsm_status rc = find_type(&t, b, type);
    if (rc) return rc;
    itsm__field_draft *f = (itsm__field_draft *)itsm__items_find(&t->fields, field);
    if (!f) return no_such(b, "field", field);
    itsm_buf kind;
    itsm_buf_init(&kind, b->ctx);
    rc = with_value(&kind, f->kind, value);
    if (rc == ITSM_E_INVALID)
        (void)itsm__issue(b->ctx, rc, field, ITSM_STR("fits"), itsm__no_text(), "%S is no enum but %S", field, f->kind);
    if (!rc) rc = itsm__builder_copy(&f->kind, b, itsm_buf_str(&kind));
    itsm_buf_clear(&kind);
    return rc;
}

itsm_status itsm_model_builder_add_link(itsm_model_builder *b, itsm_str type, itsm_str name, itsm_str target,
                                        itsm_str inverse, int many, uint32_t number)
{
    itsm__type_draft *t;
    itsm__link_draft *l;
    itsm__items added = {NULL, NULL, 0};
    if (!b) return ITSM_E_MISUSE;
    itsm__issues_clear(b->ctx);
    itsm_status rc = find_type(&t, b, type);
    if (rc) return rc;
    if (itsm__items_find(&t->links, name)) return twice(b, "relation", name);
    if (t->links.n >= ITSM__LIST_MAX) return full(b, ITSM_E_LIMIT, name);
    rc = itsm__items_add(&l, b, &added, sizeof *l, name, 0);
    if (!rc) rc = itsm__builder_copy(&l->target, b, target);
    if (!rc) rc = itsm__builder_copy(&l->inverse, b, inverse);
    if (rc) return rc;
    l->many = many != 0, l->number = number;
    itsm__items_join(&t->links, &added);
    return ITSM_OK;
}

itsm_status itsm_model_builder_add_index(itsm_model_builder *b, itsm_str type, itsm_str name, const itsm_str *fields,
                                         size_t n, int unique, uint32_t number)
{
    itsm__type_draft *t;
    itsm__index_draft *x;
    itsm__items added = {NULL, NULL, 0};
    const itsm_names names = {fields, n};
    if (!b || (n && !fields)) return ITSM_E_MISUSE;
    itsm__issues_clear(b->ctx);
    itsm_status rc = find_type(&t, b, type);
    if (rc) return rc;
    if (itsm__items_find(&t->indexes, name)) return twice(b, "index", name);
    if (t->indexes.n >= ITSM__LIST_MAX) return full(b, ITSM_E_LIMIT, name);
    rc = itsm__items_add(&x, b, &added, sizeof *x, name, 0);
    if (!rc) rc = itsm__items_add_names(b, &x->fields, &names);
    if (rc) return full(b, rc, name);
    x->unique = unique != 0, x->number = number;
    itsm__items_join(&t->indexes, &added);
    return ITSM_OK;
}

itsm_status itsm_model_builder_add_clock(itsm_model_builder *b, itsm_str type, itsm_str name, itsm_str met_by,
                                         int pauses)
{
    itsm__type_draft *t;
    itsm__clock_draft_def *c;
    itsm__items added = {NULL, NULL, 0};
    if (!b) return ITSM_E_MISUSE;
    itsm__issues_clear(b->ctx);
    itsm_status rc = find_type(&t, b, type);
    if (rc) return rc;
    if (itsm__items_find(&t->clocks, name)) return twice(b, "clock", name);
    rc = itsm__items_add(&c, b, &added, sizeof *c, name, 0);
    if (!rc) rc = itsm__builder_copy(&c->met_by, b, met_by);
    if (rc) return rc;
    c->pauses = pauses != 0;
    itsm__items_join(&t->clocks, &added);
    return ITSM_OK;
}

/* Lifecycles ------------------------------------------------------------------------------------------------------ */

itsm_status itsm_model_builder_add_facet(itsm_model_builder *b, itsm_str type, itsm_str facet, itsm_str initial,
                                         uint32_t number)
{
    itsm__type_draft *t;
    itsm__facet_draft *f;
    itsm__items added = {NULL, NULL, 0};
    if (!b) return ITSM_E_MISUSE;
    itsm__issues_clear(b->ctx);
    itsm_status rc = find_type(&t, b, type);
    if (rc) return rc;
    if (itsm__items_find(&t->facets, facet)) return twice(b, "facet", facet);
    rc = itsm__items_add(&f, b, &added, sizeof *f, facet, 0);
    if (!rc) rc = itsm__builder_copy(&f->initial, b, initial);
    if (rc) return rc;
    f->number = number;
    itsm__items_join(&t->facets, &added);
    return ITSM_OK;
}

itsm_status itsm_model_builder_add_state(itsm_model_builder *b, itsm_str type, itsm_str facet, itsm_str state,
                                         uint32_t category)
{
    itsm__facet_draft *f;
    itsm__state_draft *s;
    if (!b) return ITSM_E_MISUSE;
    itsm__issues_clear(b->ctx);
    itsm_status rc = find_facet(&f, b, type, facet);
    if (rc) return rc;
    if (itsm__items_find(&f->states, state)) return twice(b, "state", state);
    if (!itsm_category_text(category))
        return itsm__issue(b->ctx, ITSM_E_INVALID, state, ITSM_STR("exists"), itsm__no_text(),
                           "there is no category %d", (int)(category & 0xFFFF));
    rc = itsm__items_add(&s, b, &f->states, sizeof *s, state, 0);
    if (!rc) s->category = category;
    return full(b, rc, state);
}

itsm_status itsm_model_builder_add_move(itsm_model_builder *b, itsm_str type, itsm_str facet,
                                        const itsm_move_spec *spec)
{
    itsm__facet_draft *f;
    itsm__move_draft *m;
    itsm__items added = {NULL, NULL, 0};
    if (!b || !spec || spec->size < sizeof *spec) return ITSM_E_MISUSE;
    itsm__issues_clear(b->ctx);
    itsm_status rc = find_facet(&f, b, type, facet);
    if (rc) return rc;
    if (f->moves.n >= ITSM__LIST_MAX) return full(b, ITSM_E_LIMIT, spec->name);
    rc = itsm__items_add(&m, b, &added, sizeof *m, spec->name, 0);
    if (!rc) rc = itsm__builder_copy(&m->to, b, spec->to);
    if (!rc) rc = itsm__items_add_names(b, &m->from, &spec->from);
    if (!rc) rc = itsm__items_add_names(b, &m->actors, &spec->actors);
    if (!rc) rc = itsm__items_add_names(b, &m->guards, &spec->guards);
    if (!rc) rc = itsm__items_add_names(b, &m->effects, &spec->effects);
    if (!rc) rc = itsm__items_add_names(b, &m->clauses_2011, &spec->clauses_2011);
    if (!rc) rc = itsm__items_add_names(b, &m->clauses_2018, &spec->clauses_2018);
    if (rc) return full(b, rc, spec->name);
    itsm__items_join(&f->moves, &added);
    return ITSM_OK;
}

/* Which list of a move a text joins, and of which moves. */
enum { FROM_OF_LAST, GUARDS, EFFECTS };

static itsm_status add_to_moves(itsm_model_builder *b, itsm_str type, itsm_str facet, itsm_str move, itsm_str text,
                                int what)
{
    itsm__facet_draft *f;
    itsm__move_draft *last = NULL;
    if (!b) return ITSM_E_MISUSE;
    itsm__issues_clear(b->ctx);
    itsm_status rc = find_facet(&f, b, type, facet);
    if (rc) return rc;
    for (itsm__item *i = f->moves.first; i && !rc; i = i->next) {
        if (!itsm_str_eq(i->name, move)) continue;
        last = (itsm__move_draft *)i;
        if (what == FROM_OF_LAST) continue;
        rc = itsm__items_add(NULL, b, what == GUARDS ? &last->guards : &last->effects, sizeof(itsm__item), text, 0);
    }
    if (!last) return no_such(b, "move", move);
    if (what == FROM_OF_LAST) rc = itsm__items_add(NULL, b, &last->from, sizeof(itsm__item), text, 0);
    return full(b, rc, move);
}

itsm_status itsm_model_builder_add_from(itsm_model_builder *b, itsm_str type, itsm_str facet, itsm_str move,
                                        itsm_str state)
{
    return add_to_moves(b, type, facet, move, state, FROM_OF_LAST);
}

itsm_status itsm_model_builder_add_guard(itsm_model_builder *b, itsm_str type, itsm_str facet, itsm_str move,
                                         itsm_str guard)
{
    return add_to_moves(b, type, facet, move, guard, GUARDS);
}

itsm_status itsm_model_builder_add_effect(itsm_model_builder *b, itsm_str type, itsm_str facet, itsm_str move,
                                          itsm_str effect)
{
    return add_to_moves(b, type, facet, move, effect, EFFECTS);
}

/* Names of the whole model ---------------------------------------------------------------------------------------- */

static itsm_status set_text(itsm_model_builder *b, itsm__items *items, itsm_str name, itsm_str text)
{
    itsm__items added = {NULL, NULL, 0};
    itsm_str copy;
    if (!b) return ITSM_E_MISUSE;
    itsm__issues_clear(b->ctx);
    itsm__text_draft *item = (itsm__text_draft *)itsm__items_find(items, name);
    itsm_status rc = itsm__builder_copy(&copy, b, text);
    if (!rc && !item) {
        if (items->n >= ITSM__LIST_MAX) return full(b, ITSM_E_LIMIT, name);
        rc = itsm__items_add(&item, b, &added, sizeof *item, name, 0);
    }
    if (rc) return rc;
    item->text = copy;
    itsm__items_join(items, &added);
    return ITSM_OK;
}

itsm_status itsm_model_builder_set_policy(itsm_model_builder *b, itsm_str name, itsm_str span)
{
    return b ? set_text(b, &b->policies, name, span) : ITSM_E_MISUSE;
}

itsm_status itsm_model_builder_set_role(itsm_model_builder *b, itsm_str name, itsm_str note)
{
    return b ? set_text(b, &b->roles, name, note) : ITSM_E_MISUSE;
}

/* Removing -------------------------------------------------------------------------------------------------------- */

/* The part of a path before the next point; the path without it. */
static itsm_str cut(itsm_str *path)
{
    const char *point = path->n ? memchr(path->p, '.', path->n) : NULL;
    itsm_str part = itsm_str_n(path->p, point ? (size_t)(point - path->p) : path->n);
    *path = point ? itsm_str_n(point + 1, path->n - part.n - 1) : itsm__no_text();
    return part;
}

/* Every item of that name; how many there were. */
static size_t remove_all(itsm__items *items, itsm_str name)
{
    size_t n = 0;
    for (itsm__item *item; (item = itsm__items_find(items, name)); n++) itsm__items_remove(items, item);
    return n;
}

/* A state goes out of whatever names it as a place to be in; a move that then starts nowhere goes too. */
static size_t remove_state(itsm__type_draft *t, itsm__facet_draft *f, itsm_str state)
{
    const size_t n = remove_all(&f->states, state);
    for (itsm__item *i = n ? f->moves.first : NULL, *next; i; i = next) {
        itsm__move_draft *m = (itsm__move_draft *)i;
        next = i->next;
        if (remove_all(&m->from, state) && !m->from.n) itsm__items_remove(&f->moves, i);
    }
    for (itsm__item *i = n && &f->item == t->facets.first ? t->fields.first : NULL; i; i = i->next)
        (void)remove_all(&((itsm__field_draft *)i)->editable, state);
    return n;
}

size_t itsm__builder_remove(itsm_model_builder *b, itsm_str path)
{
    if (path.n > 5 && !memcmp(path.p, "role:", 5)) return remove_all(&b->roles, itsm_str_n(path.p + 5, path.n - 5));
    if (path.n > 7 && !memcmp(path.p, "policy:", 7))
        return remove_all(&b->policies, itsm_str_n(path.p + 7, path.n - 7));
    const itsm_str type = cut(&path), part = cut(&path);
    itsm__type_draft *t = (itsm__type_draft *)itsm__items_find(&b->types, type);
    if (!t) return 0;
    if (!part.n) return remove_all(&b->types, type);
    itsm__facet_draft *f = (itsm__facet_draft *)itsm__items_find(&t->facets, part);
    if (f && path.n) return remove_state(t, f, path) + remove_all(&f->moves, path);
    if (path.n) return 0;
    return remove_all(&t->fields, part) + remove_all(&t->links, part) + remove_all(&t->indexes, part) +
           remove_all(&t->facets, part);
}

itsm_status itsm_model_builder_remove(itsm_model_builder *b, itsm_str path)
{
    if (!b) return ITSM_E_MISUSE;
    itsm__issues_clear(b->ctx);
    return itsm__builder_remove(b, path) ? ITSM_OK : no_such(b, "part", path);
}
