/* SPDX-License-Identifier: MIT */
/*
 * Random operations against a naive engine: a world of plain values in which guards, effects, locks and links are
 * computed by the shortest code that follows the model's words.  Every answer must be the same, rule by rule, and every
 * record the same after it.  Works are committed, abandoned, or lose against another host.  Besides: as many history
 * rows as revisions, history read backward gives what was, the audit trail verifies, and two stores get one root.
 *
 * ITSM_SEED sets the seed, ITSM_OPS the number of operations; both are printed.
 */
#include "../unit/sms_fixture.h"

#include <criterion/criterion.h>

#include "base/hash.h"

#include <itsm/os.h>
#include <stdarg.h>
#include <unistd.h>

enum { RECORDS = 48, FIELDS = 96, LINKS = 400, ITEMS = 4, SAMPLES = 4000, SETS = 4, OBSERVED = 6 };

/* Chance ------------------------------------------------------------------------------------------------------------ */

static uint64_t state;

static uint64_t below(uint64_t n) /* splitmix64 */
{
    uint64_t z = state += UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
    return (z ^ z >> 31) % n;
}

static uint64_t number_of(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);
    return text && *text ? strtoull(text, NULL, 10) : otherwise;
}

/* The world --------------------------------------------------------------------------------------------------------- */

struct thing {
    const itsm_type_def *type;
    itsm_ref ref;
    itsm_value values[FIELDS]; /* by index of the field; texts are literals */
    itsm_value items[2][ITEMS];
};

struct fact {
    size_t from, to;
    const itsm_link_def *link;
};

struct world {
    struct thing things[RECORDS];
    struct fact facts[LINKS];
    size_t nthings, nfacts, notices;
};

struct sample {
    itsm_ref ref;
    uint64_t revision, hash;
};

struct run {
    struct desk desk;
    struct counting counting;
    itsm_sms *other; /* another host on the store */
    itsm_observer *observer;
    itsm_work *work;
    struct world now, begun; /* as the work sees it; as the store has it */
    struct sample samples[SAMPLES];
    size_t nsamples, refused, done, conflicts, commits;
    char rules[8192];
    uint64_t observed[OBSERVED];
    int writes[RECORDS]; /* by the work */
};

static const char *const names[] = {"ann", "bob", "rita", "jdoe"};
static const char *const roles[] = {
    "service_desk", "assignee", "configuration_manager", "major_incident_manager", "owner", "coordinator",
    "system",       "reporter"};
static const char *const type_names[] = {"incident", "incident", "incident", "task", "configuration_item", "service"};

static void add_rule(struct run *r, const char *format, ...)
{
    va_list args;
    size_t n = strlen(r->rules);
    if (n) n += (size_t)snprintf(r->rules + n, sizeof r->rules - n, " | ");
    va_start(args, format);
    vsnprintf(r->rules + n, sizeof r->rules - n, format, args);
    va_end(args);
}

static itsm_value *value_named(struct thing *t, itsm_str name)
{
    return &t->values[itsm_type_field(t->type, name)->index];
}

static int holds_ref(const itsm_value *v, itsm_ref ref)
{
    const itsm_value *items = v->kind == ITSM_LIST ? v->u.list.item : v;
    size_t n = v->kind == ITSM_LIST ? v->u.list.n : v->kind == ITSM_REF;
    for (size_t i = 0; i < n; i++)
        if (items[i].u.ref.id.lo == ref.id.lo && items[i].u.ref.id.hi == ref.id.hi) return 1;
    return 0;
}

/* Is `far` linked to `near` by the relation? */
static int is_linked(const struct world *w, size_t near, const itsm_link_def *link, size_t far)
{
    const struct thing *a = &w->things[near], *b = &w->things[far];
    const itsm_link_def *inverse = itsm_link_inverse(link, b->type);
    if (link->is_field) return holds_ref(&a->values[link->field], b->ref);
    if (inverse && b->type == inverse->type && inverse->is_field) return holds_ref(&b->values[inverse->field], a->ref);
    for (size_t i = 0; i < w->nfacts; i++) {
        const struct fact *f = &w->facts[i];
        if (f->from == near && f->to == far && f->link == link) return 1;
        if (f->from == far && f->to == near && f->link == inverse) return 1;
    }
    return 0;
}

static itsm_str primary_state(const struct thing *t)
{
    return t->values[t->type->machines[0].field].u.s;
}

static int is_among(itsm_names list, itsm_str name)
{
    for (size_t i = 0; i < list.n; i++)
        if (itsm_str_eq(list.item[i], name)) return 1;
    return 0;
}

static size_t count_linked(const struct world *w, size_t near, const itsm_link_def *link, itsm_names states,
                           size_t *within)
{
    size_t n = 0;
    *within = 0;
    for (size_t i = 0; i < w->nthings; i++)
        if (is_linked(w, near, link, i)) n++, *within += !states.n || is_among(states, primary_state(&w->things[i]));
    return n;
}

/* Guards ------------------------------------------------------------------------------------------------------------ */

static int is_value(const itsm_value *v, itsm_names list)
{
    char number[32];
    if (v->kind == ITSM_NONE || v->kind == ITSM_LIST) return 0;
    snprintf(number, sizeof number, "%lld", (long long)v->u.i);
    if (v->kind == ITSM_BOOL) return is_among(list, itsm_str_c(v->u.i ? "true" : "false"));
    return is_among(list, v->kind == ITSM_INT ? itsm_str_c(number) : v->u.s);
}

static int is_set(const struct world *w, size_t at, const itsm_path *path)
{
    const struct thing *t = &w->things[at];
    size_t within;
    itsm_names all = {NULL, 0};
    if (path->kind == ITSM_PATH_FIELD) return t->values[path->at].kind != ITSM_NONE;
    cr_assert_eq(path->kind, ITSM_PATH_LINK, "a path the naive engine does not know");
    return count_linked(w, at, &t->type->links[path->at], all, &within) > 0;
}

static int holds(const struct world *w, size_t at, const itsm_guard_def *g, itsm_time now)
{
    const struct thing *t = &w->things[at];
    const itsm_guard_def *end = g + g->nodes;
    size_t n = 0, all = 0, within;
    itsm_span span = 0;
    switch (g->kind) {
    case ITSM_GUARD_ANY:
        for (g++; g < end; g += g->nodes)
            if (holds(w, at, g, now)) return 1;
        return 0;
    case ITSM_GUARD_WHEN:
        g++;
        if (!holds(w, at, g, now)) return 1;
        for (g += g->nodes; g < end; g += g->nodes)
            if (!holds(w, at, g, now)) return 0;
        return 1;
    case ITSM_GUARD_SET:
        for (size_t i = 0; i < g->npaths; i++)
            if (!is_set(w, at, &g->paths[i])) return 0;
        return 1;
    case ITSM_GUARD_EQ: return is_value(&t->values[g->paths[0].at], g->values);
    case ITSM_GUARD_NE: return !is_value(&t->values[g->paths[0].at], g->values);
    case ITSM_GUARD_LINKED:
    case ITSM_GUARD_ALL_LINKED:
    case ITSM_GUARD_NONE_LINKED:
        for (size_t i = 0; i < g->npaths; i++)
            all += count_linked(w, at, &t->type->links[g->paths[i].at], g->values, &within), n += within;
        return g->kind == ITSM_GUARD_LINKED       ? n >= (size_t)g->number
               : g->kind == ITSM_GUARD_ALL_LINKED ? n == all
                                                  : n == 0;
    case ITSM_GUARD_REACHED:
    case ITSM_GUARD_BEFORE:
        if (t->values[g->paths[0].at].kind != ITSM_TIME) return 0;
        if (g->name.n) cr_assert_eq(itsm_model_policy(&span, itsm_model_builtin(), g->name), ITSM_OK);
        return (now >= t->values[g->paths[0].at].u.i + span) == (g->kind == ITSM_GUARD_REACHED);
    default: cr_assert_fail("a guard the naive engine does not know: %d", g->kind);
    }
    return 0;
}

static int may_act(const struct thing *t, const itsm_move_def *m, const itsm_act *act)
{
    for (size_t i = 0; i < m->nactors; i++) {
        const itsm_actor_def *a = &m->actors[i];
        int has_role = 0;
        for (size_t k = 0; k < act->nroles; k++) has_role |= itsm_str_eq(act->roles[k], a->name);
        if (a->kind == ITSM_ACTOR_ANY) return 1;
        if (a->kind == ITSM_ACTOR_PARTY && t->values[a->field].kind != ITSM_NONE) {
            if (itsm_str_eq(t->values[a->field].u.s, act->who)) return 1;
        } else if (has_role) {
            return 1;
        }
    }
    return 0;
}

/* Writing ----------------------------------------------------------------------------------------------------------- */

static void derive(struct thing *t)
{
    if (!itsm_str_is(t->type->name, "incident")) return;
    const itsm_value *over = value_named(t, ITSM_STR("priority_override")),
                     *impact = value_named(t, ITSM_STR("impact"));
    const itsm_value *urgency = value_named(t, ITSM_STR("urgency"));
    itsm_value *priority = value_named(t, ITSM_STR("priority"));
    int p = impact->kind && urgency->kind ? itsm_model_priority(itsm_model_builtin(), impact->u.i, urgency->u.i) : 0;
    memset(priority, 0, sizeof *priority);
    if (over->kind) *priority = *over;
    else if (p) *priority = itsm_value_number(ITSM_INT, p);
}

static void write_thing(struct thing *t, const itsm_field_def *field, const itsm_value *value)
{
    itsm_value *v = &t->values[field->index];
    *v = *value;
    if (field->kind == ITSM_TEXT || field->kind == ITSM_ENUM || field->kind == ITSM_PARTY)
        v->kind = v->kind ? field->kind : ITSM_NONE;
    if (v->kind != ITSM_LIST) return;
    size_t slot = itsm_str_is(field->name, "ci") || itsm_str_is(t->type->name, "configuration_item") ? 0 : 1;
    size_t n = v->u.list.n;
    itsm_value kept[ITEMS];
    for (size_t i = 0; i < n; i++) kept[i] = v->u.list.item[i];
    for (size_t i = 0; i < n; i++) t->items[slot][i] = kept[i];
    v->u.list.item = t->items[slot];
    if (!n) memset(v, 0, sizeof *v);
}

static void write_set(struct run *r, struct thing *t, const itsm_named *set, size_t n, const itsm_state_def *at,
                      int creating)
{
    for (size_t i = 0; i < n; i++) {
        const itsm_field_def *field = itsm_type_field(t->type, set[i].name);
        int locked = field->by != ITSM_BY_HOST ||
                     (field->limited && (field->editable ? !(at && field->editable >> at->index & 1) : !creating));
        if (locked) add_rule(r, "locked:%.*s", ITSM_ARG(field->name));
        else write_thing(t, field, &set[i].value);
    }
    derive(t);
}

static void find_missing(struct run *r, const struct thing *t, const itsm_state_def *at)
{
    for (size_t i = 0; i < t->type->nfields; i++) {
        const itsm_field_def *f = &t->type->fields[i];
        if (at ? !(f->mandatory_at >> at->index & 1) : !f->at_creation) continue;
        if (t->values[i].kind == ITSM_NONE) add_rule(r, "mandatory:%.*s", ITSM_ARG(f->name));
    }
}

static int is_sound(const struct thing *t)
{
    for (size_t i = 0; i < t->type->nfields; i++) {
        const itsm_field_def *f = &t->type->fields[i];
        if (t->values[i].kind == ITSM_INT && f->ranged && (t->values[i].u.i < f->lo || t->values[i].u.i > f->hi))
            return 0;
    }
    return 1;
}

static const itsm_state_def *state_def(const struct thing *t, const itsm_machine *machine)
{
    return itsm_machine_state(machine, t->values[machine->field].u.s);
}

static const itsm_move_def *find_move(const struct thing *t, itsm_str name, const itsm_machine **machine)
{
    for (size_t f = 0; f < t->type->nmachines; f++) {
        *machine = &t->type->machines[f];
        const itsm_state_def *at = state_def(t, *machine);
        for (size_t i = 0; i < (*machine)->nmoves; i++)
            if ((*machine)->moves[i].from >> at->index & 1 && itsm_str_eq((*machine)->moves[i].name, name))
                return &(*machine)->moves[i];
    }
    return NULL;
}

static void apply_effect(struct world *w, size_t at, const itsm_effect_def *e, itsm_time now)
{
    struct thing *t = &w->things[at];
    itsm_value *v = e->npaths && e->paths[0].kind == ITSM_PATH_FIELD ? &t->values[e->paths[0].at] : NULL;
    cr_assert_null(e->condition, "no move of these types has such an effect");
    switch (e->kind) {
    case ITSM_EFFECT_STAMP:
        if (!e->first || !v->kind) *v = itsm_value_number(ITSM_TIME, now);
        break;
    case ITSM_EFFECT_PUT:
        *v = t->type->fields[e->paths[0].at].kind == ITSM_BOOL ? itsm_value_number(ITSM_BOOL, 1)
                                                               : itsm_value_text(e->name);
        if (v->kind == ITSM_TEXT) v->kind = t->type->fields[e->paths[0].at].kind;
        break;
    case ITSM_EFFECT_COPY:
        for (size_t i = 0; i < w->nthings; i++)
            if (is_linked(w, at, &t->type->links[e->paths[1].at], i) &&
                value_named(&w->things[i], e->paths[1].far)->kind)
                *v = *value_named(&w->things[i], e->paths[1].far);
        break;
    case ITSM_EFFECT_CLEAR:
        for (size_t i = 0; i < e->npaths; i++) memset(&t->values[e->paths[i].at], 0, sizeof *v);
        break;
    case ITSM_EFFECT_INCR: *v = itsm_value_number(ITSM_INT, v->kind ? v->u.i + 1 : 1); break;
    case ITSM_EFFECT_NOTIFY: {
        const itsm_field_def *f = itsm_type_field(t->type, e->name);
        w->notices += !f || f->kind != ITSM_PARTY || t->values[f->index].kind;
        break;
    }
    default: break;
    }
}

/* A move in the world; what refuses it is in r->rules. */
static int naive_move(struct run *r, size_t at, itsm_str name, const itsm_named *set, size_t n, const itsm_act *act)
{
    struct world *w = &r->now;
    struct thing *t = &w->things[at];
    const itsm_machine *machine;
    const itsm_move_def *m = find_move(t, name, &machine);
    char guard_text[512];
    if (!m) return add_rule(r, "state"), 0;
    write_set(r, t, set, n, state_def(t, &t->type->machines[0]), 0);
    if (!may_act(t, m, act)) add_rule(r, "actor");
    for (const itsm_guard_def *g = m->guards; g->kind; g += g->nodes) {
        itsm_buf text = ITSM_BUF_INIT;
        if (holds(w, at, g, act->now)) continue;
        cr_assert_eq(itsm_guard_encode(&text, g), ITSM_OK);
        snprintf(guard_text, sizeof guard_text, "%.*s", ITSM_ARG(itsm_buf_str(&text)));
        itsm_buf_clear(&text);
        add_rule(r, "%s", guard_text);
    }
    for (const itsm_effect_def *e = m->effects; e->kind; e++) apply_effect(w, at, e, act->now);
    t->values[machine->field].u.s = machine->states[m->to].name;
    derive(t);
    find_missing(r, t, state_def(t, &t->type->machines[0]));
    if (r->rules[0]) return 0;
    if (!is_sound(t)) return add_rule(r, "invalid"), 0;
    for (const itsm_effect_def *e = m->effects; e->kind; e++) {
        static const itsm_str system_role = {"system", 6};
        itsm_act system = *act;
        if (e->kind != ITSM_EFFECT_FIRE) continue;
        system.who = system_role, system.roles = &system_role, system.nroles = 1;
        for (size_t i = 0; i < w->nthings; i++) {
            const itsm_machine *other;
            if (!is_linked(w, at, &t->type->links[e->paths[0].at], i) || !find_move(&w->things[i], e->name, &other))
                continue;
            if (naive_move(r, i, e->name, NULL, 0, &system)) continue;
            r->rules[0] = 0;
            return add_rule(r, "fire(%.*s,%.*s)", ITSM_ARG(e->paths[0].name), ITSM_ARG(e->name)), 0;
        }
    }
    return 1;
}

/* Comparing --------------------------------------------------------------------------------------------------------- */

static void compare_thing(struct run *r, const struct thing *t, const itsm_record *record, const char *when)
{
    (void)r;
    for (size_t i = 0; i < t->type->nfields; i++) {
        const itsm_field_def *f = &t->type->fields[i];
        itsm_value held;
        if (f->by == ITSM_BY_ENGINE) continue;
        itsm_status rc = itsm_record_get(&held, record, f);
        int same = t->values[i].kind ? rc == ITSM_OK && itsm_value_eq(&held, &t->values[i]) : rc == ITSM_NOTHING;
        cr_assert(same, "%s: %.*s of a %.*s differs (%d, %d)", when, ITSM_ARG(f->name), ITSM_ARG(t->type->name), rc,
                  t->values[i].kind);
    }
    for (size_t f = 0; f < t->type->nmachines; f++) {
        itsm_value held;
        cr_assert_eq(itsm_record_get_number(&held, record, t->type->machines[f].number), ITSM_OK);
        cr_assert_not_null(itsm_machine_state(&t->type->machines[f], held.u.s), "a state outside the machine");
    }
}

static void compare_drafts(struct run *r, const char *when)
{
    for (size_t i = 0; i < r->now.nthings; i++) {
        const itsm_record *record;
        cr_assert_eq(itsm_work_get(&record, r->work, r->now.things[i].ref), ITSM_OK);
        compare_thing(r, &r->now.things[i], record, when);
    }
}

static const char *said(struct run *r, itsm_status rc)
{
    static char text[8192];
    text[0] = 0;
    if (rc == ITSM_E_INVALID) return "invalid";
    if (rc == ITSM_OK) return "";
    if (rc == ITSM_NOTHING) return "nothing";
    if (rc != ITSM_E_REFUSED) snprintf(text, sizeof text, "status %d ", rc);
    for (size_t i = 0; i < itsm_ctx_issue_count(r->desk.ctx); i++) {
        const itsm_issue *issue = itsm_ctx_issue(r->desk.ctx, i);
        snprintf(text + strlen(text), sizeof text - strlen(text), "%s%.*s", i ? " | " : "", ITSM_ARG(issue->rule));
    }
    return text;
}

/* Operations -------------------------------------------------------------------------------------------------------- */

static size_t random_of(const struct world *w, const itsm_type_def *type)
{
    for (int tries = 0; tries < 20 && w->nthings; tries++) {
        size_t i = below(w->nthings);
        if (!type || w->things[i].type == type) return i;
    }
    return SIZE_MAX;
}

/* A value for the field; 0: none can be made. */
static int random_value(struct run *r, itsm_value *out, itsm_value items[ITEMS], const itsm_field_def *field)
{
    memset(out, 0, sizeof *out);
    if (field->machine || below(8) == 0)
        return field->machine == NULL || (*out = itsm_value_text(ITSM_STR("closed")), 1);
    switch (field->kind) {
    case ITSM_TEXT: *out = itsm_value_text(itsm_str_c(names[below(4)])); break;
    case ITSM_PARTY: *out = itsm_value_text(itsm_str_c(names[below(4)])); break;
    case ITSM_ENUM:
        if (!field->values.n) return 0;
        *out = itsm_value_text(field->values.item[below(field->values.n)]);
        break;
    case ITSM_INT: *out = itsm_value_number(ITSM_INT, (int64_t)below(5) + (below(60) ? 1 : 6)); break;
    case ITSM_TIME: *out = itsm_value_number(ITSM_TIME, MONDAY + ITSM_HOURS((int64_t)below(300))); break;
    case ITSM_REF:
        for (size_t i = 0; i < (field->list ? below(3) : 1); i++) {
            size_t at = random_of(&r->now, field->target);
            if (at == SIZE_MAX) return 0;
            if (!field->list) return *out = itsm_value_ref(r->now.things[at].ref), 1;
            items[i] = itsm_value_ref(r->now.things[at].ref);
            out->kind = ITSM_LIST, out->u.list.item = items,
            out->u.list.n = i + (i == 0 || !holds_ref(&items[0], items[i].u.ref));
        }
        return 1;
    default: return 0;
    }
    return !field->list;
}

static size_t random_set(struct run *r, itsm_named *set, itsm_value items[SETS][ITEMS], const itsm_type_def *type,
                         size_t n)
{
    size_t made = 0;
    for (size_t i = 0; i < n; i++) {
        const itsm_field_def *field = &type->fields[below(type->nfields)];
        if (field->number == ITSM_FIELD_NUMBER || (field->by == ITSM_BY_ENGINE && below(10))) continue;
        if (!random_value(r, &set[made].value, items[made], field)) continue;
        set[made++].name = field->name;
    }
    return made;
}

static void do_create(struct run *r)
{
    static itsm_named set[FIELDS];
    itsm_value items[SETS][ITEMS];
    const itsm_type_def *type = itsm_model_type(itsm_model_builtin(), itsm_str_c(type_names[below(COUNT(type_names))]));
    struct world *w = &r->now;
    struct thing *t = &w->things[w->nthings];
    size_t n = random_set(r, set, items, type, 2);
    for (size_t i = 0; i < type->nfields; i++)
        if (type->fields[i].at_creation && below(60) && random_value(r, &set[n].value, items[0], &type->fields[i]) &&
            set[n].value.kind && set[n].value.kind != ITSM_LIST)
            set[n++].name = type->fields[i].name;
    memset(t, 0, sizeof *t);
    t->type = type;
    write_set(r, t, set, n, &type->machines[0].states[type->machines[0].initial], 1);
    for (size_t i = 0; i < type->nmachines; i++) {
        t->values[type->machines[i].field] = itsm_value_text(type->machines[i].states[type->machines[i].initial].name);
        t->values[type->machines[i].field].kind = ITSM_ENUM;
    }
    find_missing(r, t, NULL);
    if (!r->rules[0] && !is_sound(t)) add_rule(r, "invalid");
    itsm_status rc = itsm_work_create(&t->ref, r->work, type->name, set, n);
    cr_assert_str_eq(said(r, rc), r->rules, "create: %s, not %s", said(r, rc), r->rules);
    if (!rc) r->writes[w->nthings++] = 1;
}

static void do_change(struct run *r)
{
    itsm_named set[SETS];
    itsm_value items[SETS][ITEMS];
    size_t at = random_of(&r->now, NULL);
    struct thing *t = &r->now.things[at];
    size_t n = random_set(r, set, items, t->type, 1 + below(SETS - 1));
    write_set(r, t, set, n, state_def(t, &t->type->machines[0]), 0);
    if (!r->rules[0] && !is_sound(t)) add_rule(r, "invalid");
    itsm_status rc = itsm_work_change(r->work, t->ref, ITSM_REV_ANY, set, n);
    cr_assert_str_eq(said(r, rc), r->rules, "change: %s, not %s", said(r, rc), r->rules);
    if (!rc) r->writes[at] = 1;
}

static void do_move(struct run *r)
{
    itsm_named set[SETS];
    itsm_value items[SETS][ITEMS];
    size_t at = random_of(&r->now, NULL);
    struct thing *t = &r->now.things[at];
    const itsm_machine *machine = &t->type->machines[below(4) ? 0 : below(t->type->nmachines)];
    const itsm_move_def *m = &machine->moves[below(machine->nmoves)];
    for (int tries = 0; tries < 6 && !(m->from >> state_def(t, machine)->index & 1); tries++)
        m = &machine->moves[below(machine->nmoves)];
    size_t n = random_set(r, set, items, t->type, below(3));
    naive_move(r, at, m->name, set, n, &r->desk.act);
    itsm_status rc = itsm_work_move(r->work, t->ref, ITSM_REV_ANY, m->name, set, n);
    cr_assert_str_eq(said(r, rc), r->rules, "%.*s: %s, not %s", ITSM_ARG(m->name), said(r, rc), r->rules);
    if (!rc) r->writes[at] = 1;
}

static void unlink_thing(struct world *w, size_t a, const itsm_link_def *link, size_t b)
{
    const itsm_link_def *inverse = itsm_link_inverse(link, w->things[b].type);
    if (!link->is_field && inverse && inverse->is_field) {
        unlink_thing(w, b, inverse, a);
        return;
    }
    if (link->is_field) {
        const itsm_field_def *field = &w->things[a].type->fields[link->field];
        itsm_value items[ITEMS], *v = &w->things[a].values[link->field], value;
        memset(&value, 0, sizeof value);
        for (size_t i = 0; v->kind == ITSM_LIST && i < v->u.list.n; i++)
            if (!holds_ref(&v->u.list.item[i], w->things[b].ref)) items[value.u.list.n++] = v->u.list.item[i];
        if (value.u.list.n) value.kind = ITSM_LIST, value.u.list.item = items;
        write_thing(&w->things[a], field, &value);
        return;
    }
    for (size_t i = 0; i < w->nfacts; i++) {
        const struct fact *f = &w->facts[i];
        if ((f->from == a && f->to == b && f->link == link) || (f->from == b && f->to == a && f->link == inverse))
            w->facts[i--] = w->facts[--w->nfacts];
    }
}

static void link_thing(struct world *w, size_t a, const itsm_link_def *link, size_t b)
{
    const itsm_link_def *inverse = itsm_link_inverse(link, w->things[b].type);
    if (!link->is_field && inverse && inverse->is_field) {
        link_thing(w, b, inverse, a);
    } else if (link->is_field) {
        const itsm_field_def *field = &w->things[a].type->fields[link->field];
        itsm_value items[ITEMS], *v = &w->things[a].values[link->field], value = itsm_value_ref(w->things[b].ref);
        if (field->list) {
            size_t n = v->kind == ITSM_LIST ? v->u.list.n : 0;
            for (size_t i = 0; i < n; i++) items[i] = v->u.list.item[i];
            items[n] = value, value.kind = ITSM_LIST, value.u.list.item = items, value.u.list.n = n + 1;
        }
        write_thing(&w->things[a], field, &value);
    } else {
        w->facts[w->nfacts].from = a, w->facts[w->nfacts].to = b, w->facts[w->nfacts++].link = link;
    }
}

static int list_is_full(const struct world *w, size_t at, const itsm_link_def *link)
{
    return link && link->is_field && w->things[at].values[link->field].kind == ITSM_LIST &&
           w->things[at].values[link->field].u.list.n >= ITEMS;
}

static void do_link(struct run *r)
{
    struct world *w = &r->now;
    itsm_names all = {NULL, 0};
    size_t a = random_of(w, NULL), b = SIZE_MAX, within;
    const itsm_type_def *type = w->things[a].type;
    const itsm_link_def *link = NULL;
    for (int tries = 0; tries < 20 && b == SIZE_MAX; tries++) {
        link = &type->links[below(type->nlinks)];
        if (link->target) b = random_of(w, link->target);
    }
    if (b == SIZE_MAX) return;
    const itsm_link_def *inverse = itsm_link_inverse(link, w->things[b].type);
    int adding = below(3) != 0 && w->nfacts < LINKS - 1, linked = is_linked(w, a, link, b);
    if (adding && (list_is_full(w, a, link) || list_is_full(w, b, inverse))) return;
    if (linked == adding) add_rule(r, "nothing");
    else if (adding) {
        if (!link->many && count_linked(w, a, link, all, &within))
            add_rule(r, "cardinality:%.*s", ITSM_ARG(link->name));
        if (!inverse->many && count_linked(w, b, inverse, all, &within))
            add_rule(r, "cardinality:%.*s", ITSM_ARG(inverse->name));
        if (!r->rules[0]) link_thing(w, a, link, b);
    } else {
        unlink_thing(w, a, link, b);
    }
    itsm_status rc = adding ? itsm_work_link(r->work, w->things[a].ref, link->name, w->things[b].ref)
                            : itsm_work_unlink(r->work, w->things[a].ref, link->name, w->things[b].ref);
    cr_assert_str_eq(said(r, rc), r->rules, "%s %.*s: %s, not %s", adding ? "link" : "unlink", ITSM_ARG(link->name),
                     said(r, rc), r->rules);
    if (!rc) r->writes[a] = 1;
}

/* History that happened elsewhere: anything goes. */
static void do_observe(struct run *r)
{
    static const char *const states[] = {"new",      "assigned", "in_progress", "pending",
                                         "resolved", "closed",   "cancelled"};
    itsm_observation o;
    itsm_observed out = ITSM_OBSERVED_INIT;
    char number[16];
    itsm_value values[2];
    size_t which = below(OBSERVED);
    memset(&o, 0, sizeof o);
    values[0] = itsm_value_number(ITSM_INT, (int64_t)below(5) + 1),
    values[1] = itsm_value_text(itsm_str_c(names[below(4)]));
    snprintf(number, sizeof number, "X%zu", which);
    o.size = sizeof o, o.number = itsm_str_c(number), o.ordinal = r->observed[which], o.check = (uint32_t)o.ordinal;
    o.at = MONDAY + ITSM_HOURS((int64_t)below(100)), o.opened = MONDAY, o.stopped = ITSM_TIME_NONE,
    o.who = ITSM_STR("src");
    o.state = itsm_str_c(states[below(7)]), o.values = values;
    cr_assert_eq(itsm_work_observe(&out, r->work, r->observer, &o), ITSM_OK, "%.*s",
                 ITSM_ARG(first_message(r->desk.ctx)));
    const itsm_record *record;
    itsm_value held;
    cr_assert_eq(itsm_work_get(&record, r->work, out.ref), ITSM_OK);
    cr_assert_eq(itsm_record_find(&held, record, ITSM_STR("status")), ITSM_OK);
    cr_assert(itsm_str_eq(held.u.s, o.state));
    r->observed[which]++;
}

/* History ----------------------------------------------------------------------------------------------------------- */

/* What is the same as it was, in a number; without what every operation changes. */
static uint64_t hash_of(itsm_ctx *ctx, const itsm_record *record)
{
    itsm_record *copy;
    itsm_buf bytes = ITSM_BUF_INIT;
    cr_assert_eq(itsm_record_copy(&copy, ctx, record), ITSM_OK);
    const itsm_type_def *type = itsm_record_type(copy);
    itsm_record_remove(copy, itsm_type_field_number(type, ITSM_FIELD_UPDATED_AT));
    itsm_record_remove(copy, itsm_type_field_number(type, ITSM_FIELD_UPDATED_BY));
    cr_assert_eq(itsm_record_encode(&bytes, copy), ITSM_OK);
    uint64_t hash = itsm__hash(bytes.p, bytes.n);
    itsm_buf_clear(&bytes);
    itsm_record_free(copy);
    return hash;
}

struct past {
    struct step {
        itsm_record *before;
        uint16_t gone[FIELDS];
        size_t ngone;
    } * steps;
    size_t n, capacity;
    itsm_ref ref;
    const itsm_type_def *type;
    itsm_ctx *ctx;
};

static itsm_status keep_step(void *user, const itsm_history *entry)
{
    struct past *past = user;
    cr_assert_eq(entry->revision, past->n);
    if (past->n == past->capacity) {
        past->capacity = past->capacity ? past->capacity * 2 : 64;
        past->steps = realloc(past->steps, past->capacity * sizeof *past->steps);
    }
    struct step *step = &past->steps[past->n++];
    step->ngone = 0;
    cr_assert_eq(itsm_record_new(&step->before, past->ctx, itsm_model_builtin(), past->type, past->ref), ITSM_OK);
    for (size_t i = 0; i < entry->nbefore; i++)
        if (entry->before[i].value.kind == ITSM_NONE) step->gone[step->ngone++] = entry->before[i].no;
        else cr_assert_eq(itsm_record_set_number(step->before, entry->before[i].no, &entry->before[i].value), ITSM_OK);
    return ITSM_OK;
}

static void step_back(itsm_record *record, const struct step *step, const itsm_type_def *type)
{
    for (size_t i = 0; i < itsm_record_count(step->before); i++) {
        const itsm_row_field *f = &itsm_record_fields(step->before)[i];
        cr_assert_eq(itsm_record_set_number(record, f->no, &f->value), ITSM_OK);
    }
    for (size_t i = 0; i < step->ngone; i++) itsm_record_remove(record, itsm_type_field_number(type, step->gone[i]));
}

/* Back along the history of a record; every sample on the way must be as it was.  How many were. */
static size_t check_past(struct run *r, const struct thing *t)
{
    struct past past = {NULL, 0, 0, t->ref, t->type, r->desk.ctx};
    const itsm_record *held;
    itsm_record *record;
    size_t seen = 0;
    cr_assert_eq(itsm_work_get(&held, r->work, t->ref), ITSM_OK);
    cr_assert_eq(itsm_record_copy(&record, r->desk.ctx, held), ITSM_OK);
    cr_assert_eq(itsm_sms_history(r->desk.sms, t->ref, keep_step, &past), ITSM_OK);
    cr_assert_eq(itsm_record_revision(record), past.n, "as many history rows as revisions");
    for (size_t revision = past.n; revision-- > 0;) {
        step_back(record, &past.steps[revision], t->type);
        for (size_t i = 0; i < r->nsamples; i++)
            if (r->samples[i].ref.id.lo == t->ref.id.lo && r->samples[i].revision == revision) {
                cr_assert_eq(hash_of(r->desk.ctx, record), r->samples[i].hash, "revision %zu is not as it was",
                             revision);
                seen++;
            }
    }
    for (size_t i = 0; i < itsm_record_count(record); i++)
        cr_assert(itsm_record_fields(record)[i].no == ITSM_FIELD_UPDATED_AT ||
                      itsm_record_fields(record)[i].no == ITSM_FIELD_UPDATED_BY,
                  "field %d was there before the record", itsm_record_fields(record)[i].no);
    itsm_record_free(record);
    for (size_t i = 0; i < past.n; i++) itsm_record_free(past.steps[i].before);
    free(past.steps);
    return seen;
}

/* Works ------------------------------------------------------------------------------------------------------------- */

static void begin(struct run *r)
{
    r->desk.act.now += ITSM_HOURS((int64_t)below(30));
    desk_actor(&r->desk, names[below(4)], below(4) ? roles[below(COUNT(roles))] : NULL);
    cr_assert_eq(itsm_work_new(&r->work, r->desk.sms, &r->desk.act), ITSM_OK);
    memset(r->writes, 0, sizeof r->writes);
}

static void take_sample(struct run *r)
{
    const itsm_record *record;
    size_t at = random_of(&r->now, NULL);
    if (at == SIZE_MAX || r->nsamples == SAMPLES) return;
    cr_assert_eq(itsm_work_get(&record, r->work, r->now.things[at].ref), ITSM_OK);
    struct sample *s = &r->samples[r->nsamples++];
    s->ref = itsm_record_ref(record), s->revision = itsm_record_revision(record),
    s->hash = hash_of(r->desk.ctx, record);
}

/* Another host changes a record first.  SIZE_MAX: none was there to be changed. */
static size_t interfere(struct run *r, itsm_value *value)
{
    size_t at = random_of(&r->begun, NULL);
    for (int tries = 0; tries < 8 && at != SIZE_MAX && !r->writes[at]; tries++) at = random_of(&r->begun, NULL);
    if (at == SIZE_MAX) return at;
    *value = itsm_value_text(itsm_str_c(names[below(4)]));
    itsm_named set[1] = {{ITSM_STR("provider"), *value}};
    set[0].value = *value;
    cr_assert_eq(itsm_sms_change(NULL, r->other, r->begun.things[at].ref, ITSM_REV_ANY, set, 1, &r->desk.act), ITSM_OK);
    return at;
}

static void fix_lists(struct world *w) /* after a copy of a world */
{
    for (size_t i = 0; i < w->nthings; i++)
        for (size_t f = 0; f < w->things[i].type->nfields; f++) {
            struct thing *t = &w->things[i];
            const itsm_field_def *field = &t->type->fields[f];
            if (t->values[f].kind != ITSM_LIST) continue;
            t->values[f].u.list.item =
                t->items[itsm_str_is(field->name, "ci") || itsm_str_is(t->type->name, "configuration_item") ? 0 : 1];
        }
}

static void copy_world(struct world *to, const struct world *from)
{
    memcpy(to, from, sizeof *to);
    fix_lists(to);
}

static void end(struct run *r, uint64_t observed[OBSERVED])
{
    itsm_value value;
    size_t other = below(12) ? SIZE_MAX : interfere(r, &value);
    int abandoned = below(8) == 0;
    itsm_status rc = ITSM_OK;
    if (below(20) == 0) compare_drafts(r, "before the commit");
    if (abandoned) itsm_work_clear(r->work);
    else rc = itsm_work_commit(NULL, r->work);
    cr_assert(rc == ITSM_OK || rc == ITSM_NOTHING || (rc == ITSM_E_CONFLICT && other != SIZE_MAX), "commit: %d, %.*s",
              rc, ITSM_ARG(first_message(r->desk.ctx)));
    if (other != SIZE_MAX && r->writes[other] && !abandoned) cr_assert_eq(rc, ITSM_E_CONFLICT);
    if (abandoned || rc == ITSM_E_CONFLICT) {
        copy_world(&r->now, &r->begun);
        memcpy(r->observed, observed, OBSERVED * sizeof *observed);
        r->conflicts += rc == ITSM_E_CONFLICT;
        itsm_work_clear(r->work);
    } else {
        r->commits++;
    }
    if (other != SIZE_MAX)
        write_thing(&r->now.things[other], itsm_type_field(r->now.things[other].type, ITSM_STR("provider")), &value);
    if (below(4) == 0) take_sample(r);
    if (below(60) == 0) compare_drafts(r, "after the commit");
    itsm_work_free(r->work), r->work = NULL;
    copy_world(&r->begun, &r->now);
}

static void operate(struct run *r)
{
    static struct world before;
    copy_world(&before, &r->now);
    r->rules[0] = 0;
    uint64_t what = below(100);
    if (r->now.nthings < 6 || (what < 6 && r->now.nthings < RECORDS)) do_create(r);
    else if (what < 30) do_change(r);
    else if (what < 70) do_move(r);
    else if (what < 94) do_link(r);
    else do_observe(r);
    if (r->rules[0]) copy_world(&r->now, &before), r->refused++;
    else r->done++;
}

static itsm_status count_notice(void *user, const itsm_notice *notice)
{
    (void)notice;
    ++*(size_t *)user;
    return ITSM_OK;
}

static void check_all(struct run *r)
{
    size_t notices = 0, seen = 0;
    itsm_audit_result result = ITSM_AUDIT_RESULT_INIT;
    cr_assert_eq(itsm_sms_audit_verify(&result, r->desk.sms, NULL), ITSM_OK);
    cr_assert_eq(result.checked, result.count);
    cr_assert_eq(itsm_sms_notices(r->desk.sms, count_notice, &notices), ITSM_OK);
    cr_assert_eq(notices, r->now.notices, "%zu notices, not %zu", notices, r->now.notices);
    begin(r);
    compare_drafts(r, "at the end");
    for (size_t i = 0; i < r->now.nthings; i++) seen += check_past(r, &r->now.things[i]);
    itsm_work_free(r->work);
    cr_assert_eq(seen + (r->nsamples - seen), r->nsamples);
    printf(
        "%zu done, %zu refused, %zu commits, %zu lost against another host, %llu entries, %zu old values looked at\n",
        r->done, r->refused, r->commits, r->conflicts, (unsigned long long)result.count, seen);
    cr_assert_gt(seen, r->nsamples / 2);
}

static void run_on(struct run *r, itsm_store *store, uint64_t seed, uint64_t ops, itsm_audit_checkpoint *root)
{
    static const itsm_str fields[] = {{"impact", 6}, {"assignee", 8}};
    const struct counting none = COUNTING_INIT;
    itsm_sla *sla = NULL;
    itsm_sms_options options = ITSM_SMS_OPTIONS_INIT;
    itsm_audit_checkpoint start = ITSM_AUDIT_CHECKPOINT_INIT;
    memset(r, 0, sizeof *r);
    r->counting = none, state = seed;
    desk_open(&r->desk, &r->counting, store);
    cr_assert_eq(itsm_sla_load(&sla, r->desk.ctx,
                               ITSM_STR("{\"response\": {\"3\": 60}, \"resolution\": {\"3\": 480, \"5\": 240}}"), NULL),
                 ITSM_OK);
    desk_with_sla(&r->desk, sla);
    options.key.p = "other", options.key.n = 5;
    cr_assert_eq(itsm_sms_new(&r->other, r->desk.ctx, itsm_model_builtin(), r->desk.store, &options), ITSM_OK);
    cr_assert_eq(itsm_observer_new(&r->observer, r->desk.sms, ITSM_STR("incident"), fields, 2), ITSM_OK);
    for (uint64_t done = 0; done < ops;) {
        uint64_t observed[OBSERVED], n = 1 + below(6);
        memcpy(observed, r->observed, sizeof observed);
        begin(r);
        for (uint64_t i = 0; i < n; i++, done++) operate(r);
        end(r, observed);
    }
    check_all(r);
    *root = start;
    cr_assert_eq(itsm_audit_root(root, r->desk.ctx, r->desk.store), ITSM_OK);
    itsm_observer_free(r->observer);
    itsm_sms_free(r->other);
    desk_close(&r->desk);
    assert_nothing_outstanding(r->counting);
}

Test(sms_property, the_engine_answers_and_does_what_the_model_says, .timeout = 600)
{
    static struct run r;
    itsm_audit_checkpoint root;
    uint64_t seed = number_of("ITSM_SEED", 20260302), ops = number_of("ITSM_OPS", 20000);
    printf("seed %llu, %llu operations\n", (unsigned long long)seed, (unsigned long long)ops);
    run_on(&r, NULL, seed, ops, &root);
    cr_assert(r.done > ops / 4 && r.refused > ops / 20);
}

Test(sms_property, a_file_and_memory_get_the_same_trail, .timeout = 600)
{
    static struct run r;
    itsm_audit_checkpoint in_memory, in_file;
    itsm_file_options options = ITSM_FILE_OPTIONS_INIT;
    itsm_ctx *ctx = NULL;
    itsm_store *store = NULL;
    char path[64], command[96];
    uint64_t seed = number_of("ITSM_SEED", 20260303), ops = 3000;
    printf("seed %llu, %llu operations\n", (unsigned long long)seed, (unsigned long long)ops);
    snprintf(path, sizeof path, "sms_property.%ld.itsm", (long)getpid());
    snprintf(command, sizeof command, "rm -rf %s", path);
    options.durability = ITSM_FILE_OFF;
    cr_assert_eq(itsm_os_ctx_new(&ctx), ITSM_OK);
    cr_assert_eq(itsm_store_file(&store, ctx, itsm_os_io(), itsm_str_c(path), &options), ITSM_OK);
    run_on(&r, NULL, seed, ops, &in_memory);
    run_on(&r, store, seed, ops, &in_file);
    itsm_ctx_free(ctx);
    cr_assert_eq(system(command), 0);
    cr_assert_eq(in_memory.count, in_file.count);
    cr_assert_arr_eq(in_memory.root, in_file.root, ITSM_AUDIT_DIGEST);
}
