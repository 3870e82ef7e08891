/* SPDX-License-Identifier: MIT */
/*
 * The differences between two models.
 *
 * Every part is described in words; two parts of one name differ if their words do.  A listing says how to walk the parts
 * of one kind and how to describe one, so that one function compares them all.  Moves are paired first, since several
 * may share a name; their guards and effects are compared as texts.  Nothing is kept but three buffers.  For each part a
 * search by name in its list: O(n * n) of the parts in one place, of which there are 1,024 at most.
 */
#include "model/diff.h"
#include "model/grammar.h"

#include "base/text.h"
#include "text/json.h"

typedef struct differ {
    itsm_model_change_fn fn;
    void *user;
    itsm_buf where, before, after, scratch;
} differ;

/* Parts of one kind below an owner: the i-th with its name, or NULL; and what it says. */
typedef struct listing {
    uint32_t part;
    const void *(*at)(itsm_str *name, const void *owner, size_t i);
    itsm_status (*describe)(itsm_buf *out, const void *owner, const void *part);
} listing;

/* Words ----------------------------------------------------------------------------------------------------------- */

static itsm_status put_names(itsm_buf *out, const char *word, const itsm_names *names)
{
    itsm_status rc = names->n ? itsm__format(out, "%s", word) : ITSM_OK;
    for (size_t i = 0; i < names->n && !rc; i++) rc = itsm__format(out, "%c%S", i ? '|' : ' ', names->item[i]);
    return rc;
}

static itsm_status put_states(itsm_buf *out, const char *word, const itsm_machine *m, uint64_t states)
{
    int any = 0;
    itsm_status rc = itsm__format(out, "%s", word);
    for (size_t i = 0; i < m->nstates && !rc; i++)
        if (states >> i & 1) rc = itsm__format(out, "%c%S", any++ ? '|' : ' ', m->states[i].name);
    return rc;
}

static itsm_status describe_field(itsm_buf *out, const void *owner, const void *part)
{
    static const char *const by[] = {"", ", by rule", ", by move", ", by engine"};
    const itsm_type_def *type = owner;
    const itsm_field_def *f = part;
    if (f->machine) return itsm__format(out, "facet, number %d", (int)f->number);
    itsm_status rc = f->number == ITSM_FIELD_ID ? itsm__buf_c(out, "id") : itsm_field_encode(out, f);
    if (!rc) rc = itsm__format(out, ", number %d", (int)f->number);
    if (!rc && f->mandatory.n) rc = itsm__format(out, ", mandatory %S", f->mandatory);
    if (!rc) rc = itsm__buf_c(out, f->by <= ITSM_BY_ENGINE ? by[f->by] : "");
    if (!rc && f->limited) rc = put_states(out, ", editable", &type->machines[0], f->editable);
    if (!rc && f->derive) rc = itsm__buf_c(out, ", derived ");
    return rc ? rc : itsm_derive_encode(out, type, f);
}

static itsm_status describe_link(itsm_buf *out, const void *owner, const void *part)
{
    const itsm_link_def *l = part;
    (void)owner;
    return itsm__format(out, "%s %S, inverse %S, number %d", l->many ? "n" : "1", l->target_name, l->inverse,
                        (int)l->number);
}

static itsm_status describe_index(itsm_buf *out, const void *owner, const void *part)
{
    const itsm_type_def *type = owner;
    const itsm_index_def *x = part;
    itsm_status rc = itsm__buf_c(out, x->unique ? "unique" : "any number");
    for (size_t i = 0; i < x->nfields && !rc; i++)
        if (x->fields[i] < type->nfields) rc = itsm__format(out, ", %S", type->fields[x->fields[i]].name);
    return rc ? rc : itsm__format(out, ", number %d", (int)x->number);
}

static itsm_status describe_clock(itsm_buf *out, const void *owner, const void *part)
{
    const itsm_type_def *type = owner;
    const itsm_clock_def *c = part;
    const char *pauses = c->pauses ? ", pauses" : "";
    if (!c->by_field) return itsm__format(out, "met by category %s%s", itsm_category_text(c->met_category), pauses);
    return itsm__format(out, "met by %S%s", c->field < type->nfields ? type->fields[c->field].name : itsm__no_text(),
                        pauses);
}

static itsm_status describe_facet(itsm_buf *out, const void *owner, const void *part)
{
    const itsm_machine *m = part;
    (void)owner;
    return itsm__format(out, "begins with %S, number %d",
                        m->initial < m->nstates ? m->states[m->initial].name : itsm__no_text(), (int)m->number);
}

static itsm_status describe_state(itsm_buf *out, const void *owner, const void *part)
{
    const char *category = itsm_category_text(((const itsm_state_def *)part)->category);
    (void)owner;
    return itsm__buf_c(out, category ? category : "");
}

static itsm_status describe_move(itsm_buf *out, const void *owner, const void *part)
{
    const itsm_machine *m = owner;
    const itsm_move_def *move = part;
    itsm_status rc = put_states(out, "from", m, move->from);
    if (!rc) rc = itsm__format(out, " to %S", move->to < m->nstates ? m->states[move->to].name : itsm__no_text());
    for (size_t i = 0; i < move->nactors && !rc; i++)
        rc = itsm__format(out, "%s%S", i ? "|" : " by ", move->actors[i].name);
    if (!rc) rc = put_names(out, ", clauses_2011", &move->clauses_2011);
    return rc ? rc : put_names(out, ", clauses_2018", &move->clauses_2018);
}

static itsm_status describe_type(itsm_buf *out, const void *owner, const void *part)
{
    const itsm_type_def *t = part;
    (void)owner;
    itsm_status rc = itsm__format(out, "%S, prefix %S, family %S, tier %d, number %d", t->label, t->prefix, t->family,
                                  (int)t->tier, (int)t->number);
    if (!rc) rc = put_names(out, ", clauses_2011", &t->clauses_2011);
    if (!rc) rc = put_names(out, ", clauses_2018", &t->clauses_2018);
    return rc ? rc : put_names(out, ", kpis", &t->kpis);
}

static itsm_status describe_text(itsm_buf *out, const void *owner, const void *part)
{
    (void)owner;
    return itsm__buf_str(out, *(const itsm_str *)part);
}

static itsm_status describe_clause(itsm_buf *out, const void *owner, const void *part)
{
    const itsm_clause_def *c = part;
    (void)owner;
    itsm_status rc = itsm__format(out, "%S: %S; %S; %S", c->topic, c->records, c->control, c->measure);
    if (!rc) rc = put_names(out, ", maps", &c->maps);
    if (!rc) rc = put_names(out, ", rules", &c->rules);
    return rc ? rc : put_names(out, ", types", &c->types);
}

static itsm_status describe_kpi(itsm_buf *out, const void *owner, const void *part)
{
    const itsm_kpi_def *k = part;
    (void)owner;
    itsm_status rc = itsm__format(out, "%S: %S", k->name, k->formula);
    if (!rc) rc = put_names(out, ", types", &k->types);
    return rc ? rc : put_names(out, ", uses", &k->uses);
}

static itsm_status describe_rule(itsm_buf *out, const void *owner, const void *part)
{
    const itsm_rule_def *r = part;
    (void)owner;
    itsm_status rc = itsm__format(out, "%S: %S", r->level, r->check);
    if (!rc) rc = put_names(out, ", clauses_2011", &r->clauses_2011);
    if (!rc) rc = put_names(out, ", clauses_2018", &r->clauses_2018);
    return rc ? rc : put_names(out, ", types", &r->types);
}

/* Walking --------------------------------------------------------------------------------------------------------- */

#define WALK(function, owner_type, array, count, name_of)                                                              \
    static const void *function(itsm_str *name, const void *owner, size_t i)                                           \
    {                                                                                                                  \
        const owner_type *o = owner;                                                                                   \
        if (i >= o->count) return NULL;                                                                                \
        *name = o->array[i].name_of;                                                                                   \
        return &o->array[i];                                                                                           \
    }

WALK(field_at, itsm_type_def, fields, nfields, name)
WALK(link_at, itsm_type_def, links, nlinks, name)
WALK(index_at, itsm_type_def, indexes, nindexes, name)
WALK(clock_at, itsm_type_def, clocks, nclocks, name)
WALK(facet_at, itsm_type_def, machines, nmachines, name)
WALK(state_at, itsm_machine, states, nstates, name)
WALK(kpi_at, itsm_model, kpis, nkpis, id)
WALK(rule_at, itsm_model, rules, nrules, id)

static const void *policy_at(itsm_str *name, const void *owner, size_t i)
{
    const itsm_model *m = owner;
    return i < m->npolicies ? (*name = m->policies[i].name, &m->policies[i].text) : NULL;
}

static const void *role_at(itsm_str *name, const void *owner, size_t i)
{
    const itsm_model *m = owner;
    return i < m->nroles ? (*name = m->roles[i].name, &m->roles[i].note) : NULL;
}

static const void *clause_2011_at(itsm_str *name, const void *owner, size_t i)
{
    const itsm_clause_def *c = itsm_model_clause_at(owner, 2011, i);
    return c ? (*name = c->id, c) : NULL;
}

static const void *clause_2018_at(itsm_str *name, const void *owner, size_t i)
{
    const itsm_clause_def *c = itsm_model_clause_at(owner, 2018, i);
    return c ? (*name = c->id, c) : NULL;
}

static const listing of_model[] = {{ITSM_PART_POLICY, policy_at, describe_text},
                                   {ITSM_PART_ROLE, role_at, describe_text},
                                   {ITSM_PART_CLAUSE, clause_2011_at, describe_clause},
                                   {ITSM_PART_CLAUSE, clause_2018_at, describe_clause},
                                   {ITSM_PART_KPI, kpi_at, describe_kpi},
                                   {ITSM_PART_RULE, rule_at, describe_rule}};
static const listing of_type[] = {{ITSM_PART_FIELD, field_at, describe_field},
                                  {ITSM_PART_LINK, link_at, describe_link},
                                  {ITSM_PART_INDEX, index_at, describe_index},
                                  {ITSM_PART_CLOCK, clock_at, describe_clock},
                                  {ITSM_PART_FACET, facet_at, describe_facet}};
static const listing states = {ITSM_PART_STATE, state_at, describe_state};

static const void *find(const listing *l, const void *owner, itsm_str name)
{
    itsm_str there;
    const void *part;
    for (size_t i = 0; (part = l->at(&there, owner, i)) != NULL; i++)
        if (itsm_str_eq(there, name)) return part;
    return NULL;
}

/* Telling --------------------------------------------------------------------------------------------------------- */

static itsm_status tell(differ *d, uint32_t part, uint32_t how, const itsm_names *c2011, const itsm_names *c2018)
{
    itsm_model_change change;
    memset(&change, 0, sizeof change);
    change.size = sizeof change, change.part = part, change.how = how, change.where = itsm_buf_str(&d->where);
    if (how != ITSM_PART_ADDED) change.before = itsm_buf_str(&d->before);
    if (how != ITSM_PART_REMOVED) change.after = itsm_buf_str(&d->after);
    if (c2011) change.clauses_2011 = *c2011;
    if (c2018) change.clauses_2018 = *c2018;
    return d->fn(d->user, &change);
}

/* Describe a part as it was and as it is; either may be missing.  Tell if that differs. */
static itsm_status compare(differ *d, uint32_t part, const listing *l, const void *a_owner, const void *a,
                           const void *b_owner, const void *b)
{
    itsm_status rc = ITSM_OK;
    d->before.n = d->after.n = 0;
    if (a) rc = l->describe(&d->before, a_owner, a);
    if (b && !rc) rc = l->describe(&d->after, b_owner, b);
    if (rc) return rc;
    if (a && b && itsm_str_eq(itsm_buf_str(&d->before), itsm_buf_str(&d->after))) return ITSM_OK;
    return tell(d, part, !a ? ITSM_PART_ADDED : !b ? ITSM_PART_REMOVED : ITSM_PART_CHANGED, NULL, NULL);
}

/* Append ".name", or the name alone, to where we are. */
static itsm_status enter(differ *d, itsm_str name)
{
    itsm_status rc = d->where.n ? itsm__buf_char(&d->where, '.') : ITSM_OK;
    return rc ? rc : itsm__buf_str(&d->where, name);
}

static itsm_status compare_lists(differ *d, const listing *l, const void *a, const void *b)
{
    const size_t here = d->where.n;
    const void *part;
    itsm_str name;
    itsm_status rc = ITSM_OK;
    for (size_t i = 0; !rc && (part = l->at(&name, a, i)) != NULL; i++) {
        if (!(rc = enter(d, name))) rc = compare(d, l->part, l, a, part, b, find(l, b, name));
        d->where.n = here;
    }
    for (size_t i = 0; !rc && (part = l->at(&name, b, i)) != NULL; i++) {
        if (find(l, a, name)) continue;
        if (!(rc = enter(d, name))) rc = compare(d, l->part, l, a, NULL, b, part);
        d->where.n = here;
    }
    return rc;
}

/* Moves ----------------------------------------------------------------------------------------------------------- */

/* How much two moves of one name have in common: states they start from, and where they lead. */
static unsigned likeness(const itsm_machine *am, const itsm_move_def *a, const itsm_machine *bm, const itsm_move_def *b)
{
    unsigned n = 0;
    for (size_t i = 0; i < am->nstates; i++) {
        const itsm_state_def *state = a->from >> i & 1 ? itsm_machine_state(bm, am->states[i].name) : NULL;
        if (state && (b->from >> state->index & 1)) n += 2;
    }
    if (a->to < am->nstates && b->to < bm->nstates)
        n += (unsigned)itsm_str_eq(am->states[a->to].name, bm->states[b->to].name);
    return n;
}

void itsm__pairs_find(itsm__pairs *out, const itsm_machine *a, const itsm_machine *b)
{
    memset(out, 0xFF, sizeof *out); /* ITSM__NOWHERE */
    for (size_t i = 0; i < a->nmoves && i < ITSM__LIST_MAX; i++) {
        unsigned best = 0;
        for (size_t k = 0; k < b->nmoves && k < ITSM__LIST_MAX; k++) {
            if (out->a_of[k] != ITSM__NOWHERE || !itsm_str_eq(a->moves[i].name, b->moves[k].name)) continue;
            const unsigned n = likeness(a, &a->moves[i], b, &b->moves[k]);
            if (n > best) best = n, out->b_of[i] = (uint16_t)k;
        }
        if (best) out->a_of[out->b_of[i]] = (uint16_t)i;
    }
}

const itsm_names *itsm__move_clauses(const itsm_machine *m, const itsm_move_def *move, uint32_t edition)
{
    if (edition == 2011) return move->clauses_2011.n ? &move->clauses_2011 : &m->type->clauses_2011;
    return move->clauses_2018.n ? &move->clauses_2018 : &m->type->clauses_2018;
}

itsm_status itsm__move_has_guard(int *out, itsm_buf *scratch, const itsm_move_def *move, itsm_str text)
{
    itsm_status rc = ITSM_OK;
    *out = 0;
    for (const itsm_guard_def *g = move->guards; g->kind && !*out && !rc; g += g->nodes) {
        scratch->n = 0;
        rc = itsm_guard_encode(scratch, g);
        *out = !rc && itsm_str_eq(itsm_buf_str(scratch), text);
    }
    return rc;
}

static itsm_status has_effect(int *out, itsm_buf *scratch, const itsm_move_def *move, itsm_str text)
{
    itsm_status rc = ITSM_OK;
    *out = 0;
    for (const itsm_effect_def *e = move->effects; e->kind && !*out && !rc; e++) {
        scratch->n = 0;
        rc = itsm_effect_encode(scratch, e);
        *out = !rc && itsm_str_eq(itsm_buf_str(scratch), text);
    }
    return rc;
}

/* Guards and effects that one move has and the other has not; `how` says which is which. */
static itsm_status missing(differ *d, const itsm_machine *m, const itsm_move_def *of, const itsm_move_def *in,
                           uint32_t how)
{
    itsm_buf *text = how == ITSM_PART_REMOVED ? &d->before : &d->after;
    itsm_status rc = ITSM_OK;
    int there;
    for (const itsm_guard_def *g = of->guards; g->kind && !rc; g += g->nodes) {
        text->n = 0;
        rc = itsm_guard_encode(text, g);
        if (!rc) rc = itsm__move_has_guard(&there, &d->scratch, in, itsm_buf_str(text));
        if (!rc && !there)
            rc = tell(d, ITSM_PART_GUARD, how, itsm__move_clauses(m, of, 2011), itsm__move_clauses(m, of, 2018));
    }
    for (const itsm_effect_def *e = of->effects; e->kind && !rc; e++) {
        text->n = 0;
        rc = itsm_effect_encode(text, e);
        if (!rc) rc = has_effect(&there, &d->scratch, in, itsm_buf_str(text));
        if (!rc && !there) rc = tell(d, ITSM_PART_EFFECT, how, NULL, NULL);
    }
    return rc;
}

static itsm_status compare_moves(differ *d, const itsm_machine *a, const itsm_machine *b)
{
    static const listing moves = {ITSM_PART_MOVE, NULL, describe_move};
    const size_t here = d->where.n;
    itsm__pairs pairs;
    itsm_status rc = ITSM_OK;
    itsm__pairs_find(&pairs, a, b);
    for (size_t i = 0; i < a->nmoves && i < ITSM__LIST_MAX && !rc; i++) {
        const itsm_move_def *was = &a->moves[i];
        const itsm_move_def *is = pairs.b_of[i] == ITSM__NOWHERE ? NULL : &b->moves[pairs.b_of[i]];
        if (!(rc = enter(d, was->name))) rc = compare(d, ITSM_PART_MOVE, &moves, a, was, b, is);
        if (!rc && is) rc = missing(d, a, was, is, ITSM_PART_REMOVED);
        if (!rc && is) rc = missing(d, b, is, was, ITSM_PART_ADDED);
        d->where.n = here;
    }
    for (size_t i = 0; i < b->nmoves && i < ITSM__LIST_MAX && !rc; i++) {
        if (pairs.a_of[i] != ITSM__NOWHERE) continue;
        if (!(rc = enter(d, b->moves[i].name))) rc = compare(d, ITSM_PART_MOVE, &moves, a, NULL, b, &b->moves[i]);
        d->where.n = here;
    }
    return rc;
}

/* The whole ------------------------------------------------------------------------------------------------------- */

static itsm_status compare_type(differ *d, const itsm_type_def *a, const itsm_type_def *b)
{
    static const listing type = {ITSM_PART_TYPE, NULL, describe_type};
    itsm_status rc = compare(d, ITSM_PART_TYPE, &type, NULL, a, NULL, b);
    for (size_t i = 0; a && b && i < sizeof of_type / sizeof *of_type && !rc; i++)
        rc = compare_lists(d, &of_type[i], a, b);
    for (size_t i = 0; a && b && i < a->nmachines && !rc; i++) {
        const size_t here = d->where.n;
        const itsm_machine *was = &a->machines[i], *is = itsm_type_machine(b, was->name);
        if (!is) continue;
        if (!(rc = enter(d, was->name))) rc = compare_lists(d, &states, was, is);
        if (!rc) rc = compare_moves(d, was, is);
        d->where.n = here;
    }
    return rc;
}

itsm_status itsm_model_diff(itsm_model_change_fn fn, void *user, const itsm_model *a, const itsm_model *b)
{
    itsm_status rc = ITSM_OK;
    if (!fn || !a || !b) return ITSM_E_MISUSE;
    const itsm_buf empty = ITSM_BUF_INIT;
    differ d = {fn, user, empty, empty, empty, empty};
    if (b->owner || a->owner) {
        const itsm__memory *memory = b->owner ? &b->owner->memory : &a->owner->memory;
        d.where.alloc = d.before.alloc = d.after.alloc = d.scratch.alloc = memory->fn;
        d.where.alloc_user = d.before.alloc_user = d.after.alloc_user = d.scratch.alloc_user = memory->user;
    }
    for (size_t i = 0; i < sizeof of_model / sizeof *of_model && !rc; i++) rc = compare_lists(&d, &of_model[i], a, b);
    for (size_t i = 0; i < a->ntypes && !rc; i++) {
        d.where.n = 0;
        if (!(rc = enter(&d, a->types[i]->name)))
            rc = compare_type(&d, a->types[i], itsm_model_type(b, a->types[i]->name));
    }
    for (size_t i = 0; i < b->ntypes && !rc; i++) {
        d.where.n = 0;
        if (itsm_model_type(a, b->types[i]->name)) continue;
        if (!(rc = enter(&d, b->types[i]->name))) rc = compare_type(&d, NULL, b->types[i]);
    }
    itsm_buf_clear(&d.where), itsm_buf_clear(&d.before), itsm_buf_clear(&d.after), itsm_buf_clear(&d.scratch);
    return rc;
}

/* As JSON --------------------------------------------------------------------------------------------------------- */

const char *itsm_model_part_text(uint32_t part)
{
    static const char *const words[] = {"type",   "field",      "relation", "index",  "lifecycle",
                                        "state",  "transition", "guard",    "effect", "clock",
                                        "policy", "role",       "clause",   "kpi",    "evidence_rule"};
    return part >= ITSM_PART_TYPE && part <= ITSM_PART_RULE ? words[part - 1] : NULL;
}

static void write_clauses(itsm__json_writer *json, const char *key, const itsm_names *names)
{
    if (!names->n) return;
    itsm__json_write_key(json, key);
    itsm__json_write_array(json);
    for (size_t i = 0; i < names->n; i++) itsm__json_write_text(json, names->item[i]);
    itsm__json_write_end(json);
}

static itsm_status write_change(void *user, const itsm_model_change *change)
{
    static const char *const how[] = {"", "added", "removed", "changed"};
    itsm__json_writer *json = user;
    itsm__json_write_object(json);
    itsm__json_write_key(json, "part"), itsm__json_write_text(json, itsm_str_c(itsm_model_part_text(change->part)));
    itsm__json_write_key(json, "how"), itsm__json_write_text(json, itsm_str_c(how[change->how]));
    itsm__json_write_key(json, "where"), itsm__json_write_text(json, change->where);
    if (change->how != ITSM_PART_ADDED)
        itsm__json_write_key(json, "before"), itsm__json_write_text(json, change->before);
    if (change->how != ITSM_PART_REMOVED)
        itsm__json_write_key(json, "after"), itsm__json_write_text(json, change->after);
    write_clauses(json, "clauses_2011", &change->clauses_2011);
    write_clauses(json, "clauses_2018", &change->clauses_2018);
    itsm__json_write_end(json);
    return ITSM_OK;
}

itsm_status itsm_model_diff_encode(itsm_buf *out, const itsm_model *a, const itsm_model *b)
{
    itsm__json_writer json;
    if (!out || !a || !b) return ITSM_E_MISUSE;
    const size_t start = out->n;
    itsm__json_write_init(&json, out, 1);
    itsm__json_write_array(&json);
    itsm_status rc = itsm_model_diff(write_change, &json, a, b);
    itsm__json_write_end(&json);
    const itsm_status written = itsm__json_write_finish(&json);
    if (!rc) rc = written;
    if (rc) out->n = start;
    return rc;
}
