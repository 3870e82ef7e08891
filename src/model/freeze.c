/* SPDX-License-Identifier: MIT */
/*
 * Freezing: what a builder holds becomes the descriptors of a model, in an arena of its own.
 *
 * First the types with their names and numbers, so that they can refer to each other; then for each its fields, links,
 * indexes and clocks; then its moves with guards and effects.  What cannot be said in a descriptor (a guard that is no
 * guard, a state that is not there) is an issue here.  A name that leads nowhere becomes a descriptor that leads nowhere;
 * the checker, which looks at the finished model, says so.  Thus everything is found in one go.  O(size of the model).
 */
#include "model/builder.h"
#include "model/grammar.h"

#include "base/sort.h"
#include "base/text.h"

#include <itsm/time.h>

enum { LINK_SUBJECT = 2, STATES_MAX = 64, FACETS_MAX = 8 };

typedef struct freezer {
    itsm_model_builder *b;
    itsm__arena *arena; /* of the model */
    itsm_model *model;
    const itsm_type_def *builtin; /* the built-in type of the name of the type being frozen, or NULL */
    itsm_type_def *type;
    itsm_status status; /* ITSM_E_NOMEM, or ITSM_OK: everything else is an issue */
} freezer;

/* Helpers --------------------------------------------------------------------------------------------------------- */

/* Places are in the text read last only. */
static uint64_t place_of(const freezer *f, const itsm__item *item)
{
    return item->age == f->b->age ? item->place : 0;
}

static void *make(freezer *f, size_t n, size_t size)
{
    void *p = f->status ? NULL : itsm__arena_alloc(f->arena, n * size + !n);
    if (p) memset(p, 0, n * size);
    else f->status = ITSM_E_NOMEM;
    return p;
}

static itsm_str copy(freezer *f, itsm_str text)
{
    itsm_str out = {NULL, 0};
    if (!f->status) f->status = itsm__arena_copy(&out, f->arena, text);
    return out;
}

static itsm_names copy_names(freezer *f, const itsm__items *items)
{
    itsm_names out = {NULL, 0};
    itsm_str *names = make(f, items->n, sizeof *names);
    if (!names) return out;
    for (const itsm__item *i = items->first; i; i = i->next) names[out.n++] = copy(f, i->name);
    out.item = names;
    return out;
}

static itsm__grammar reading(const freezer *f, itsm_str text)
{
    itsm__grammar in = {f->arena, f->type, text, 0, ""};
    return in;
}

/* What became of reading a text. */
static int was_read(freezer *f, const itsm__item *item, const itsm__grammar *in, itsm_status rc)
{
    if (rc == ITSM_E_NOMEM) f->status = rc;
    else if (rc)
        (void)itsm__builder_issue(f->b, place_of(f, item), "grammar", "\"%S\": %s at byte %z", in->text, in->problem,
                                  in->at);
    return rc == ITSM_OK;
}

static int is_short(freezer *f, const itsm__item *item, itsm_str text)
{
    if (text.n <= ITSM__GUARD_TEXT) return 1;
    (void)itsm__builder_issue(f->b, place_of(f, item), "limit", "a text of the grammar has %d bytes at most",
                              (int)ITSM__GUARD_TEXT);
    return 0;
}

/*
 * A number in data: the one given, else that of the built-in part of this name, else one of the name.  `own` is the
 * first that the part may have in a type of the host's.
 */
static uint16_t number_of(freezer *f, const itsm__item *item, uint32_t given, uint32_t builtin, uint32_t own)
{
    const uint32_t least = f->builtin ? ITSM_FIELD_HOST : own;
    if (builtin && given && given != builtin)
        (void)itsm__builder_issue(f->b, place_of(f, item), "number", "%S has the number %d, for ever", item->name,
                                  (int)builtin);
    else if (!builtin && given && given < least)
        (void)itsm__builder_issue(f->b, place_of(f, item), "number", "the number of %S begins at %d", item->name,
                                  (int)least);
    if (builtin) return (uint16_t)builtin;
    return (uint16_t)(given ? given : itsm__number_of_name(item->name));
}

/* The set of primary states of these names. */
static uint64_t states_of(freezer *f, const itsm_machine *machine, const itsm__items *names)
{
    uint64_t states = 0;
    for (const itsm__item *i = names->first; i; i = i->next) {
        const itsm_state_def *state = itsm_machine_state(machine, i->name);
        if (state) states |= UINT64_C(1) << state->index;
        else
            (void)itsm__builder_issue(f->b, place_of(f, i), "exists", "%S is no state of %S", i->name,
                                      machine ? machine->name : itsm__no_text());
    }
    return states;
}

/* Lifecycles: states ---------------------------------------------------------------------------------------------- */

static void freeze_states(freezer *f, itsm_machine *m, const itsm__facet_draft *draft)
{
    const size_t n = draft->states.n < STATES_MAX ? draft->states.n : STATES_MAX;
    itsm_state_def *states = make(f, n, sizeof *states);
    if (draft->states.n > STATES_MAX)
        (void)itsm__builder_issue(f->b, place_of(f, &draft->item), "limit", "%z states; a lifecycle has 64 at most",
                                  draft->states.n);
    m->states = states;
    if (!states) return;
    for (const itsm__item *i = draft->states.first; i && m->nstates < n; i = i->next) {
        itsm_state_def *s = &states[m->nstates];
        s->name = copy(f, i->name), s->category = ((const itsm__state_draft *)i)->category;
        s->index = (uint32_t)m->nstates++;
    }
    const itsm_state_def *initial = itsm_machine_state(m, draft->initial);
    if (initial) m->initial = (uint16_t)initial->index;
    else
        (void)itsm__builder_issue(f->b, place_of(f, &draft->item), "exists", "%S begins in no state of its own",
                                  draft->item.name);
}

static void freeze_machines(freezer *f, const itsm__type_draft *draft)
{
    itsm_machine *machines = make(f, draft->facets.n, sizeof *machines);
    f->type->machines = machines;
    if (!machines) return;
    if (draft->facets.n > FACETS_MAX)
        (void)itsm__builder_issue(f->b, place_of(f, &draft->item), "limit", "%z facets; a type has 8 at most",
                                  draft->facets.n);
    for (const itsm__item *i = draft->facets.first; i && f->type->nmachines < FACETS_MAX; i = i->next) {
        const itsm__facet_draft *facet = (const itsm__facet_draft *)i;
        const itsm_machine *known = itsm_type_machine(f->builtin, i->name);
        itsm_machine *m = &machines[f->type->nmachines];
        m->name = copy(f, i->name), m->type = f->type, m->index = (uint16_t)f->type->nmachines++;
        m->number = number_of(f, i, facet->number, known ? known->number : 0, ITSM_FIELD_STATE);
        if (!facet->number && !known && !f->builtin && m->index < FACETS_MAX)
            m->number = (uint16_t)(ITSM_FIELD_STATE + m->index); /* the first facets of a type of one's own */
        m->field = (uint16_t)(ITSM_HEADER_FIELDS + m->index);
        f->b->facet = i, freeze_states(f, m, facet);
    }
    f->b->facet = NULL;
}

/* Fields ---------------------------------------------------------------------------------------------------------- */

static void freeze_mandatory(freezer *f, itsm_field_def *field, const itsm__field_draft *draft)
{
    field->at_creation = field->limited = 0, field->mandatory_at = field->editable = 0;
    field->mandatory = copy(f, draft->mandatory);
    field->limited = draft->limited != 0;
    field->editable = states_of(f, f->type->machines, &draft->editable);
    if (itsm_str_is(draft->mandatory, "create")) field->at_creation = 1;
    else if (draft->mandatory.n) {
        const itsm_state_def *state = itsm_machine_state(f->type->machines, draft->mandatory);
        if (state) field->mandatory_at = UINT64_C(1) << state->index;
        else
            (void)itsm__builder_issue(f->b, place_of(f, &draft->item), "exists",
                                      "%S is mandatory at %S, which is no primary state", draft->item.name,
                                      draft->mandatory);
    }
}

/* The common header; a type may only say where a field of it is needed. */
static void freeze_header(freezer *f, itsm_field_def *fields, const itsm__type_draft *type)
{
    const itsm_type_def *pattern = itsm_model_type_at(itsm_model_builtin(), 0);
    for (size_t i = 0; i < ITSM_HEADER_FIELDS; i++) {
        fields[i] = pattern->fields[i];
        const itsm__field_draft *draft = (const itsm__field_draft *)itsm__items_find(&type->fields, fields[i].name);
        if (fields[i].number == ITSM_FIELD_ID) fields[i].target_name = f->type->name, fields[i].target = f->type;
        fields[i].at_creation = 0, fields[i].mandatory_at = 0, fields[i].mandatory = itsm__no_text();
        fields[i].limited = 0, fields[i].editable = 0;
        if (!draft) continue;
        if (!itsm_str_eq(draft->kind, fields[i].base) || draft->derive.n || draft->by != fields[i].by ||
            (draft->number && draft->number != fields[i].number))
            (void)itsm__builder_issue(f->b, place_of(f, &draft->item), "fits",
                                      "of %S, which every type has, only where it is needed can be said",
                                      fields[i].name);
        freeze_mandatory(f, &fields[i], draft);
    }
}

static void freeze_field(freezer *f, itsm_field_def *field, const itsm__field_draft *draft)
{
    const itsm_field_def *known = itsm_type_field(f->builtin, draft->item.name);
    itsm__grammar in = reading(f, draft->kind);
    field->name = copy(f, draft->item.name);
    field->number =
        number_of(f, &draft->item, draft->number, known && !known->machine ? known->number : 0, ITSM_FIELD_OWN);
    field->by = (uint16_t)draft->by;
    if (is_short(f, &draft->item, draft->kind) && !f->status)
        (void)was_read(f, &draft->item, &in, itsm__kind_read(field, &in));
    if (!field->kind) field->kind = ITSM_TEXT; /* it was an issue */
    if (field->kind == ITSM_REF) field->target = itsm_model_type(f->model, field->target_name);
    freeze_mandatory(f, field, draft);
}

static int is_header(itsm_str name)
{
    const itsm_field_def *field = itsm_type_field(itsm_model_type_at(itsm_model_builtin(), 0), name);
    return field && field->header;
}

/* The state of each facet is a field. */
static void freeze_facet_fields(freezer *f, itsm_field_def *fields)
{
    for (size_t i = 0; i < f->type->nmachines; i++) {
        const itsm_machine *m = &f->type->machines[i];
        itsm_field_def *field = &fields[m->field];
        itsm_str *names = make(f, m->nstates, sizeof *names);
        if (!names) return;
        for (size_t k = 0; k < m->nstates; k++) names[k] = m->states[k].name;
        field->name = m->name, field->number = m->number, field->kind = ITSM_ENUM, field->base = ITSM_STR("enum");
        field->values.item = names, field->values.n = m->nstates, field->by = ITSM_BY_MOVE, field->machine = m;
    }
}

static void freeze_derived(freezer *f, itsm_field_def *field, const itsm__field_draft *draft)
{
    itsm__grammar in = reading(f, draft->derive);
    if (!draft->derive.n || !is_short(f, &draft->item, draft->derive) || f->status) return;
    if (!was_read(f, &draft->item, &in, itsm__derive_read(&field->derive, &in))) field->derive = NULL;
}

static void freeze_fields(freezer *f, const itsm__type_draft *draft)
{
    size_t own = ITSM_HEADER_FIELDS + f->type->nmachines, at = own;
    for (const itsm__item *i = draft->fields.first; i; i = i->next) own += !is_header(i->name);
    itsm_field_def *fields = make(f, own, sizeof *fields);
    if (!fields) return;
    freeze_header(f, fields, draft);
    freeze_facet_fields(f, fields);
    for (const itsm__item *i = draft->fields.first; i; i = i->next)
        if (!is_header(i->name)) freeze_field(f, &fields[at++], (const itsm__field_draft *)i);
    for (size_t i = 0; i < own; i++) fields[i].index = (uint16_t)i;
    f->type->fields = fields, f->type->nfields = own;
    at = ITSM_HEADER_FIELDS + f->type->nmachines;
    for (const itsm__item *i = draft->fields.first; i; i = i->next)
        if (!is_header(i->name)) freeze_derived(f, &fields[at++], (const itsm__field_draft *)i);
}

/* Relations, indexes, clocks -------------------------------------------------------------------------------------- */

static void put_link(freezer *f, itsm_link_def *links, itsm_str name, uint32_t number, itsm_str target,
                     itsm_str inverse)
{
    itsm_link_def *l = &links[f->type->nlinks];
    const itsm_field_def *field = itsm_type_field(f->type, name);
    l->name = name, l->number = (uint16_t)number, l->index = (uint16_t)f->type->nlinks++;
    l->target_name = target, l->target = itsm_model_type(f->model, target), l->inverse = inverse, l->type = f->type;
    l->is_field = field != NULL, l->field = field ? field->index : 0;
}

/* The relation that every type has to `approval`, and its other end there. */
static void put_common_links(freezer *f, itsm_link_def *links)
{
    const itsm_type_def *approval = itsm_model_type(f->model, ITSM_STR("approval"));
    const itsm_field_def *subject = itsm_type_field(f->type, ITSM_STR("subject"));
    if (!approval) return;
    put_link(f, links, ITSM_STR("approval"), ITSM_LINK_APPROVAL, approval->name, ITSM_STR("subject"));
    links[0].many = 1, links[0].common = 1;
    if (f->type != approval || !subject || !itsm_str_is(subject->target_name, "any")) return;
    put_link(f, links, subject->name, LINK_SUBJECT, subject->target_name, ITSM_STR("approval"));
    links[1].many = subject->list, links[1].common = 1;
}

static void freeze_links(freezer *f, const itsm__type_draft *draft)
{
    itsm_link_def *links = make(f, draft->links.n + 2, sizeof *links);
    f->type->links = links;
    if (!links) return;
    put_common_links(f, links);
    for (const itsm__item *i = draft->links.first; i; i = i->next) {
        const itsm__link_draft *l = (const itsm__link_draft *)i;
        const itsm_link_def *known = itsm_type_link(f->builtin, i->name);
        const uint16_t number = number_of(f, i, l->number, known ? known->number : 0, LINK_SUBJECT);
        put_link(f, links, copy(f, i->name), number, copy(f, l->target), copy(f, l->inverse));
        links[f->type->nlinks - 1].many = l->many != 0;
    }
}

static itsm_index_def *put_index(freezer *f, itsm_index_def *indexes, itsm_str name, uint32_t number, size_t nfields)
{
    itsm_index_def *x = &indexes[f->type->nindexes];
    uint16_t *fields = make(f, nfields, sizeof *fields);
    if (!fields) return NULL;
    x->name = name, x->number = (uint16_t)number, x->fields = fields, x->nfields = (uint16_t)nfields;
    f->type->nindexes++;
    return x;
}

static void put_field(const itsm_index_def *x, size_t at, size_t field)
{
    uint16_t *fields = (uint16_t *)(uintptr_t)x->fields; /* made by put_index() */
    fields[at] = (uint16_t)field;
}

static void freeze_index(freezer *f, itsm_index_def *indexes, const itsm__index_draft *draft)
{
    const itsm_index_def *known = itsm_type_index(f->builtin, draft->item.name);
    const uint16_t number = number_of(f, &draft->item, draft->number, known ? known->number : 0, ITSM_INDEX_STATE + 1);
    itsm_index_def *x = put_index(f, indexes, copy(f, draft->item.name), number, draft->fields.n);
    size_t at = 0;
    if (!x) return;
    x->unique = draft->unique != 0;
    for (const itsm__item *i = draft->fields.first; i; i = i->next) {
        const itsm_field_def *field = itsm_type_field(f->type, i->name);
        put_field(x, at++, field ? field->index : ITSM__NOWHERE);
    }
}

/* Number and state, then what is listed, then whatever reference has none: the engine finds the other end by it. */
static void freeze_indexes(freezer *f, const itsm__type_draft *draft)
{
    itsm_index_def *indexes = make(f, draft->indexes.n + draft->fields.n + 2, sizeof *indexes), *x;
    f->type->indexes = indexes;
    if (!indexes) return;
    if ((x = put_index(f, indexes, ITSM_STR("number"), ITSM_INDEX_NUMBER, 1)) != NULL)
        put_field(x, 0, ITSM_FIELD_NUMBER - 1), x->unique = 1;
    if ((x = put_index(f, indexes, ITSM_STR("state"), ITSM_INDEX_STATE, 1)) != NULL)
        put_field(x, 0, ITSM_HEADER_FIELDS);
    for (const itsm__item *i = draft->indexes.first; i && !f->status; i = i->next)
        if (!itsm_str_is(i->name, "number") && !itsm_str_is(i->name, "state"))
            freeze_index(f, indexes, (const itsm__index_draft *)i);
    for (size_t i = 0; i < f->type->nfields && !f->status; i++) {
        const itsm_field_def *field = &f->type->fields[i];
        if (field->kind != ITSM_REF || field->header || itsm_type_index(f->type, field->name)) continue;
        const itsm_index_def *known = itsm_type_index(f->builtin, field->name);
        x = put_index(f, indexes, field->name, known ? known->number : itsm__number_of_name(field->name), 1);
        if (x) put_field(x, 0, i);
    }
}

static void freeze_clocks(freezer *f, const itsm__type_draft *draft)
{
    static const char category[] = "category ";
    itsm_clock_def *clocks = make(f, draft->clocks.n, sizeof *clocks);
    f->type->clocks = clocks;
    if (!clocks) return;
    for (const itsm__item *i = draft->clocks.first; i; i = i->next) {
        const itsm__clock_draft_def *clock = (const itsm__clock_draft_def *)i;
        itsm_clock_def *c = &clocks[f->type->nclocks++];
        itsm_str by = clock->met_by;
        c->name = copy(f, i->name), c->pauses = clock->pauses != 0;
        if (by.n > sizeof category - 1 && !memcmp(by.p, category, sizeof category - 1)) {
            by.p += sizeof category - 1, by.n -= sizeof category - 1;
            for (c->met_category = ITSM_CANCELLED; c->met_category; c->met_category--)
                if (itsm_str_is(by, itsm_category_text(c->met_category))) break;
        } else {
            const itsm_field_def *field = itsm_type_field(f->type, by);
            c->by_field = 1, c->field = field ? field->index : ITSM__NOWHERE;
        }
    }
}

/* Moves ----------------------------------------------------------------------------------------------------------- */

static void freeze_actors(freezer *f, itsm_move_def *move, const itsm__move_draft *draft)
{
    itsm_actor_def *actors = make(f, draft->actors.n, sizeof *actors);
    move->actors = actors;
    if (!actors) return;
    for (const itsm__item *i = draft->actors.first; i; i = i->next) {
        itsm_actor_def *a = &actors[move->nactors++];
        const itsm_field_def *field = itsm_type_field(f->type, i->name);
        a->name = copy(f, i->name);
        if (itsm_str_is(i->name, "any")) a->kind = ITSM_ACTOR_ANY;
        else if (field && field->kind == ITSM_PARTY && !field->list)
            a->kind = ITSM_ACTOR_PARTY, a->field = field->index;
        else a->kind = ITSM_ACTOR_HOLDER;
    }
}

static void freeze_guards(freezer *f, itsm_move_def *move, const itsm__move_draft *draft)
{
    size_t bound = 1, n = 0, more;
    for (const itsm__item *i = draft->guards.first; i; i = i->next) bound += itsm__guard_bound(i->name);
    itsm_guard_def *nodes = make(f, bound, sizeof *nodes);
    move->guards = nodes;
    for (const itsm__item *i = draft->guards.first; i && !f->status; i = i->next) {
        itsm__grammar in = reading(f, i->name);
        if (!is_short(f, i, i->name)) continue;
        if (was_read(f, i, &in, itsm__guard_read(&nodes[n], &more, &in))) n += more;
    }
    if (nodes) memset(&nodes[n], 0, sizeof *nodes); /* where reading failed something may stand */
}

static void freeze_effects(freezer *f, itsm_move_def *move, const itsm__move_draft *draft)
{
    size_t n = 0;
    itsm_effect_def *effects = make(f, draft->effects.n + 1, sizeof *effects);
    move->effects = effects;
    for (const itsm__item *i = draft->effects.first; i && !f->status; i = i->next) {
        itsm__grammar in = reading(f, i->name);
        if (!is_short(f, i, i->name)) continue;
        if (was_read(f, i, &in, itsm__effect_read(&effects[n], &in))) n++;
    }
    if (effects) memset(&effects[n], 0, sizeof *effects);
}

/* A state of another facet is worth a word of its own. */
static void no_state(freezer *f, const itsm__item *item, itsm_str name)
{
    for (size_t i = 0; i < f->type->nmachines; i++)
        if (itsm_machine_state(&f->type->machines[i], name)) {
            (void)itsm__builder_issue(f->b, place_of(f, item), "exists",
                                      "%S is a state of %S: a move stays in its facet", name,
                                      f->type->machines[i].name);
            return;
        }
    (void)itsm__builder_issue(f->b, place_of(f, item), "exists", "%S is no state", name);
}

static void freeze_move(freezer *f, itsm_move_def *move, const itsm_machine *machine, const itsm__move_draft *draft)
{
    const itsm_state_def *to = itsm_machine_state(machine, draft->to);
    move->name = copy(f, draft->item.name);
    for (const itsm__item *i = draft->from.first; i; i = i->next) {
        const itsm_state_def *from = itsm_machine_state(machine, i->name);
        if (from) move->from |= UINT64_C(1) << from->index;
        else no_state(f, i, i->name);
    }
    if (to) move->to = to->index;
    else no_state(f, &draft->item, draft->to);
    move->clauses_2011 = copy_names(f, &draft->clauses_2011), move->clauses_2018 = copy_names(f, &draft->clauses_2018);
    freeze_actors(f, move, draft), freeze_guards(f, move, draft), freeze_effects(f, move, draft);
}

static void freeze_moves(freezer *f, const itsm__type_draft *draft)
{
    const itsm__item *facet = draft->facets.first;
    for (size_t k = 0; k < f->type->nmachines; k++, facet = facet->next) {
        const itsm__facet_draft *from = (const itsm__facet_draft *)facet;
        itsm_machine *m = (itsm_machine *)(uintptr_t)&f->type->machines[k]; /* made by freeze_machines() */
        itsm_move_def *moves = make(f, from->moves.n, sizeof *moves);
        f->b->facet = facet, m->moves = moves;
        for (const itsm__item *i = from->moves.first; i && !f->status; i = i->next) {
            f->b->move = i, moves[m->nmoves].index = (uint32_t)m->nmoves;
            freeze_move(f, &moves[m->nmoves++], m, (const itsm__move_draft *)i);
        }
        f->b->facet = f->b->move = NULL;
    }
}

/* Types ----------------------------------------------------------------------------------------------------------- */

static itsm_str prefix_of(freezer *f, const itsm__type_draft *draft)
{
    const itsm_type_def *known = itsm_model_type(itsm_model_builtin(), draft->item.name);
    return copy(f, draft->prefix.n || !known ? draft->prefix : known->prefix);
}

static void name_type(freezer *f, itsm_type_def *type, const itsm__type_draft *draft)
{
    const itsm_type_def *known = itsm_model_type(itsm_model_builtin(), draft->item.name);
    f->builtin = NULL, f->b->type = &draft->item;
    type->number = number_of(f, &draft->item, draft->number, known ? known->number : 0, ITSM_TYPE_HOST);
    type->name = copy(f, draft->item.name), type->label = copy(f, draft->label.n ? draft->label : draft->item.name);
    type->prefix = prefix_of(f, draft);
    type->family = copy(f, draft->family.n ? draft->family : ITSM_STR("support"));
    type->tier = draft->tier ? draft->tier : 3, type->model = f->model;
    type->clauses_2011 = copy_names(f, &draft->clauses_2011);
    type->clauses_2018 = copy_names(f, &draft->clauses_2018), type->kpis = copy_names(f, &draft->kpis);
}

static int compare_types(const void *a, const void *b, void *user)
{
    const itsm_type_def *const *x = a, *const *y = b;
    const itsm_str p = (*x)->name, q = (*y)->name;
    const int order = memcmp(p.p, q.p, p.n < q.n ? p.n : q.n);
    (void)user;
    return order ? order : (p.n > q.n) - (p.n < q.n);
}

static void freeze_types(freezer *f)
{
    const size_t n = f->b->types.n;
    itsm_type_def *types = make(f, n, sizeof *types);
    const itsm_type_def **order = make(f, n, sizeof *order), **by_name = make(f, n, sizeof *by_name);
    const itsm__item *item = f->b->types.first;
    for (size_t i = 0; i < n && !f->status; i++, item = item->next) {
        order[i] = by_name[i] = &types[i], types[i].index = (uint16_t)i;
        name_type(f, &types[i], (const itsm__type_draft *)item);
    }
    if (f->status) return;
    itsm__sort(by_name, n, sizeof *by_name, compare_types, NULL);
    f->model->types = order, f->model->by_name = by_name, f->model->ntypes = n;
    item = f->b->types.first;
    for (size_t i = 0; i < n && !f->status; i++, item = item->next) {
        const itsm__type_draft *draft = (const itsm__type_draft *)item;
        f->type = &types[i], f->b->type = item, f->builtin = itsm_model_type(itsm_model_builtin(), item->name);
        freeze_machines(f, draft);
        if (!f->status) freeze_fields(f, draft);
        if (!f->status) freeze_links(f, draft), freeze_indexes(f, draft), freeze_clocks(f, draft);
        if (!f->status) freeze_moves(f, draft);
    }
    f->b->type = NULL;
}

/* The rest -------------------------------------------------------------------------------------------------------- */

static void freeze_policies(freezer *f)
{
    itsm__policy *policies = make(f, f->b->policies.n, sizeof *policies);
    f->model->policies = policies;
    for (const itsm__item *i = f->b->policies.first; i && !f->status; i = i->next) {
        itsm__policy *p = &policies[f->model->npolicies++];
        p->name = copy(f, i->name), p->text = copy(f, ((const itsm__text_draft *)i)->text);
        if (itsm_span_decode(&p->span, p->text) || p->span < 0)
            (void)itsm__builder_issue(f->b, place_of(f, i), "fits", "policy %S is %S, no span of ISO 8601", i->name,
                                      p->text);
    }
}

static void freeze_roles(freezer *f)
{
    itsm__role *roles = make(f, f->b->roles.n, sizeof *roles);
    f->model->roles = roles;
    for (const itsm__item *i = f->b->roles.first; i && !f->status; i = i->next) {
        itsm__role *role = &roles[f->model->nroles++];
        role->name = copy(f, i->name), role->note = copy(f, ((const itsm__text_draft *)i)->text);
    }
}

static void freeze_clauses(freezer *f)
{
    const itsm__items *editions[] = {&f->b->clauses_2011, &f->b->clauses_2018};
    itsm_clause_def *clauses = make(f, editions[0]->n + editions[1]->n, sizeof *clauses);
    f->model->clauses = clauses, f->model->nclauses_2011 = editions[0]->n;
    for (size_t k = 0; k < 2; k++)
        for (const itsm__item *i = editions[k]->first; i && !f->status; i = i->next) {
            const itsm__clause_draft *draft = (const itsm__clause_draft *)i;
            itsm_clause_def *c = &clauses[f->model->nclauses++];
            c->edition = k ? 2018 : 2011, c->id = copy(f, i->name), c->topic = copy(f, draft->topic);
            c->records = copy(f, draft->records), c->control = copy(f, draft->control);
            c->measure = copy(f, draft->measure), c->maps = copy_names(f, &draft->maps);
            c->rules = copy_names(f, &draft->rules), c->types = copy_names(f, &draft->types);
        }
}

static void freeze_kpis(freezer *f)
{
    itsm_kpi_def *kpis = make(f, f->b->kpis.n, sizeof *kpis);
    f->model->kpis = kpis;
    for (const itsm__item *i = f->b->kpis.first; i && !f->status; i = i->next) {
        const itsm__kpi_draft *draft = (const itsm__kpi_draft *)i;
        itsm_kpi_def *k = &kpis[f->model->nkpis++];
        k->id = copy(f, i->name), k->name = copy(f, draft->title), k->formula = copy(f, draft->formula);
        k->types = copy_names(f, &draft->types), k->uses = copy_names(f, &draft->uses);
    }
}

static void freeze_rules(freezer *f)
{
    itsm_rule_def *rules = make(f, f->b->rules.n, sizeof *rules);
    f->model->rules = rules;
    for (const itsm__item *i = f->b->rules.first; i && !f->status; i = i->next) {
        const itsm__rule_draft *draft = (const itsm__rule_draft *)i;
        itsm_rule_def *r = &rules[f->model->nrules++];
        r->id = copy(f, i->name), r->level = copy(f, draft->level), r->check = copy(f, draft->check);
        r->clauses_2011 = copy_names(f, &draft->clauses_2011), r->clauses_2018 = copy_names(f, &draft->clauses_2018);
        r->types = copy_names(f, &draft->types);
    }
}

/* An empty model that owns an arena in which it lies. */
static itsm_status new_model(itsm_model **out, const itsm__memory *memory)
{
    itsm__model_owner *owner = itsm__alloc_zero(memory, sizeof *owner);
    if (!owner) return ITSM_E_NOMEM;
    owner->memory = *memory;
    itsm__refcount_init(&owner->shares);
    itsm__arena_init(&owner->arena, memory);
    itsm_model *model = itsm__arena_alloc(&owner->arena, sizeof *model);
    if (!model) {
        itsm__free(memory, owner, sizeof *owner);
        return ITSM_E_NOMEM;
    }
    memset(model, 0, sizeof *model);
    model->owner = owner;
    *out = model;
    return ITSM_OK;
}

itsm_status itsm__builder_freeze(itsm_model **out, itsm_model_builder *b)
{
    itsm_model *model = NULL;
    itsm_status rc = new_model(&model, &b->memory);
    if (rc) return rc;
    freezer f = {b, &model->owner->arena, model, NULL, NULL, ITSM_OK};
    memcpy(model->priority, b->priority, sizeof model->priority);
    freeze_policies(&f), freeze_roles(&f), freeze_clauses(&f), freeze_kpis(&f), freeze_rules(&f);
    if (!f.status) freeze_types(&f);
    b->type = b->facet = b->move = NULL;
    rc = f.status ? f.status : itsm__model_check(b->ctx, model, b->found);
    if (!rc && b->found) rc = ITSM_E_INVALID;
    if (rc) itsm_model_free(model), model = NULL;
    *out = model;
    return rc;
}

itsm_status itsm_model_builder_freeze(itsm_model **out, itsm_model_builder *builder)
{
    if (!out) return ITSM_E_MISUSE;
    *out = NULL;
    if (!builder) return ITSM_E_MISUSE;
    itsm__issues_clear(builder->ctx);
    builder->found = 0;
    return itsm__builder_freeze(out, builder);
}
