/* SPDX-License-Identifier: MIT */
/*
 * Random operations on records of every type: no state outside the machine, no move past a guard.  Guards, actors and
 * links are judged a second time by the shortest code that follows the model's words (what approvals and the calendar of
 * changes decide is left to engine_property.py).  What was refused leaves no trace; links are the same from both ends;
 * a second host sees what the first does; in the end the trail verifies, and history read backward gives what was.
 *
 * A life is some hundred operations on a store of its own.  ITSM_SEED sets the seed, ITSM_OPS the number of operations
 * (a million with ITSM_FULL); both are printed.
 */
#include "../unit/sms_fixture.h"

#include <criterion/criterion.h>

#include "base/hash.h"
#include "sms/internal.h"

enum { RECORDS = 72, LINKS = 300, SAMPLES = 400, LIFE = 600, SETS = 48, FAR = 128, FIELDS = 160, ROLES = 3 };
enum { FAILS, HOLDS, OPEN }; /* open: this test does not judge it */

/* Chance ------------------------------------------------------------------------------------------------------------ */

static uint64_t chance;

static uint64_t below(uint64_t n) /* splitmix64 */
{
    uint64_t z = chance += UINT64_C(0x9E3779B97F4A7C15);
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

struct fact { /* a relation that is no field */
    itsm_ref from, to;
    const itsm_link_def *link;
};

struct sample {
    itsm_ref ref;
    uint64_t revision, hash;
};

struct walk {
    struct counting counting;
    struct desk desk;
    itsm_ctx *ctx;
    itsm_sms *other; /* a second host */
    itsm_work *work; /* open while something is looked at */
    itsm_ref things[RECORDS];
    size_t nthings;
    struct fact facts[LINKS];
    size_t nfacts;
    struct sample samples[SAMPLES];
    size_t nsamples;
    itsm_str roles[ROLES];
};

static struct {
    uint64_t moved, refused, judged, linked, asked, ticked, looked_back;
} total;

static const char *const parties[] = {"ann", "bob", "cid", "dot"};

static const itsm_type_def *type_of(itsm_ref ref)
{
    return itsm_model_type_number(itsm_model_builtin(), ref.type);
}

static int same(itsm_ref a, itsm_ref b)
{
    return a.type == b.type && a.id.hi == b.id.hi && a.id.lo == b.id.lo;
}

static void look(struct walk *w)
{
    cr_assert_eq(itsm_work_new(&w->work, w->desk.sms, &w->desk.act), ITSM_OK);
}

static void look_away(struct walk *w)
{
    itsm_work_free(w->work);
    w->work = NULL;
}

static const itsm_record *record_of(struct walk *w, itsm_ref ref)
{
    const itsm_record *record = NULL;
    cr_assert_eq(itsm_work_get(&record, w->work, ref), ITSM_OK);
    return record;
}

/* 0: it is empty. */
static int value_of(itsm_value *out, struct walk *w, itsm_ref ref, const itsm_field_def *field)
{
    return itsm_record_get(out, record_of(w, ref), field) == ITSM_OK;
}

static itsm_str state_of(struct walk *w, itsm_ref ref, const itsm_machine *machine)
{
    itsm_value value;
    cr_assert(value_of(&value, w, ref, &type_of(ref)->fields[machine->field]));
    return value.u.s;
}

static uint64_t trail_length(struct walk *w)
{
    itsm_audit_checkpoint at = ITSM_AUDIT_CHECKPOINT_INIT;
    cr_assert_eq(itsm_audit_root(&at, w->desk.ctx, w->desk.store), ITSM_OK);
    return at.count;
}

/* Links ------------------------------------------------------------------------------------------------------------- */

static int holds_ref(const itsm_value *v, itsm_ref ref)
{
    const itsm_value *items = v->kind == ITSM_LIST ? v->u.list.item : v;
    const size_t n = v->kind == ITSM_LIST ? v->u.list.n : v->kind == ITSM_REF;
    for (size_t i = 0; i < n; i++)
        if (same(items[i].u.ref, ref)) return 1;
    return 0;
}

static const itsm_link_def *inverse_of(const itsm_link_def *link)
{
    return itsm_link_inverse(link, link->target);
}

/* Everything at the other end. */
static size_t collect(itsm_ref far[FAR], struct walk *w, itsm_ref near, const itsm_link_def *link)
{
    const itsm_link_def *inverse = link->is_field ? NULL : inverse_of(link);
    size_t n = 0;
    itsm_value value;
    for (size_t i = 0; i < w->nthings; i++) {
        const itsm_ref ref = w->things[i];
        int linked = 0;
        if (link->is_field) {
            linked = value_of(&value, w, near, &link->type->fields[link->field]) && holds_ref(&value, ref);
        } else if (inverse->is_field) {
            linked = type_of(ref) == inverse->type &&
                     value_of(&value, w, ref, &inverse->type->fields[inverse->field]) && holds_ref(&value, near);
        } else {
            for (size_t k = 0; k < w->nfacts && !linked; k++) {
                const struct fact *f = &w->facts[k];
                linked = (f->link == link && same(f->from, near) && same(f->to, ref)) ||
                         (f->link == inverse && same(f->from, ref) && same(f->to, near));
            }
        }
        if (linked) far[n++] = ref;
    }
    return n;
}

struct ends {
    itsm_ref *far;
    size_t n, found;
};

static itsm_status find_end(void *user, itsm_ref ref)
{
    struct ends *e = user;
    for (size_t i = 0; i < e->n; i++) e->found += (size_t)same(e->far[i], ref);
    return ITSM_OK;
}

/* What the engine says is linked is what was linked. */
static void check_links(struct walk *w, itsm_ref ref)
{
    itsm_ref far[FAR];
    const itsm_type_def *type = type_of(ref);
    look(w);
    for (size_t i = 0; i < type->nlinks; i++) {
        itsm__draft *draft;
        struct ends e = {far, collect(far, w, ref, &type->links[i]), 0};
        (void)record_of(w, ref);
        cr_assert_eq(itsm__work_find(&draft, w->work, ref), ITSM_OK);
        cr_assert_eq(itsm__links_each(w->work, draft, &type->links[i], find_end, &e), ITSM_OK);
        cr_assert_eq(e.found, e.n, "%.*s.%.*s: %zu, not %zu", ITSM_ARG(type->name), ITSM_ARG(type->links[i].name),
                     e.found, e.n);
        cr_assert(type->links[i].many || e.n <= 1, "%.*s: too many", ITSM_ARG(type->links[i].name));
    }
    look_away(w);
}

/* Guards ------------------------------------------------------------------------------------------------------------ */

static int is_among(itsm_names list, itsm_str name)
{
    for (size_t i = 0; i < list.n; i++)
        if (itsm_str_eq(list.item[i], name)) return 1;
    return 0;
}

static int is_value(const itsm_value *v, itsm_names list)
{
    char number[32];
    snprintf(number, sizeof number, "%lld", (long long)v->u.i);
    if (v->kind == ITSM_BOOL) return is_among(list, itsm_str_c(v->u.i ? "true" : "false"));
    return is_among(list, v->kind == ITSM_INT ? itsm_str_c(number) : v->u.s);
}

static double number(const itsm_value *v)
{
    double d = (double)v->u.i;
    for (unsigned i = 0; v->kind == ITSM_DECIMAL && i < v->scale; i++) d /= 10;
    return d;
}

/* The test of one value; NULL: there is none. */
static int test(const itsm_guard_def *g, const itsm_value *v, itsm_time now)
{
    itsm_span wait = 0;
    switch (g->kind) {
    case ITSM_GUARD_SET: return v != NULL;
    case ITSM_GUARD_EQ: return v && is_value(v, g->values);
    case ITSM_GUARD_NE: return !v || !is_value(v, g->values);
    default: break;
    }
    if (!v) return 0;
    if (g->name.n) cr_assert_eq(itsm_model_policy(&wait, itsm_model_builtin(), g->name), ITSM_OK);
    const itsm_time at = (v->kind == ITSM_DATE ? v->u.i * ITSM_DAYS(1) : v->u.i) + wait;
    return (now >= at) == (g->kind == ITSM_GUARD_REACHED);
}

static int test_path(struct walk *w, itsm_ref ref, const itsm_guard_def *g, const itsm_path *path)
{
    const itsm_type_def *type = type_of(ref);
    itsm_ref far[FAR];
    itsm_value value;
    if (path->kind == ITSM_PATH_FIELD)
        return test(g, value_of(&value, w, ref, &type->fields[path->at]) ? &value : NULL, w->desk.act.now);
    const size_t n = collect(far, w, ref, &type->links[path->at]);
    if (path->kind == ITSM_PATH_LINK) return n > 0;
    for (size_t i = 0; i < n; i++) {
        const itsm_field_def *field = itsm_type_field(type_of(far[i]), path->far);
        if (!test(g, value_of(&value, w, far[i], field) ? &value : NULL, w->desk.act.now)) return 0;
    }
    return n > 0;
}

static int party_at(itsm_str *out, struct walk *w, itsm_ref ref, const itsm_path *path)
{
    itsm_value value;
    if (path->kind == ITSM_PATH_ACTOR) return *out = w->desk.act.who, 1;
    if (!value_of(&value, w, ref, &type_of(ref)->fields[path->at])) return 0;
    return *out = value.u.s, 1;
}

static int judge_leaf(struct walk *w, itsm_ref ref, const itsm_guard_def *g)
{
    const itsm_type_def *type = type_of(ref);
    size_t within = 0, all = 0;
    itsm_value a, b = itsm_value_number(ITSM_DECIMAL, g->number);
    itsm_str one, other;
    itsm_ref far[FAR];
    switch (g->kind) {
    case ITSM_GUARD_APPROVED:
    case ITSM_GUARD_NO_CONFLICT: return OPEN;
    case ITSM_GUARD_ROLE:
        for (size_t i = 0; i < w->desk.act.nroles; i++)
            if (itsm_str_eq(w->desk.act.roles[i], g->name)) return HOLDS;
        return FAILS;
    case ITSM_GUARD_DIFFERS:
        return party_at(&one, w, ref, &g->paths[0]) && party_at(&other, w, ref, &g->paths[1]) &&
               !itsm_str_eq(one, other);
    case ITSM_GUARD_GT:
    case ITSM_GUARD_GE:
        b.scale = g->scale;
        if (!value_of(&a, w, ref, &type->fields[g->paths[0].at]) ||
            (g->npaths > 1 && !value_of(&b, w, ref, &type->fields[g->paths[1].at])))
            return FAILS;
        return g->kind == ITSM_GUARD_GT ? number(&a) > number(&b) : number(&a) >= number(&b);
    case ITSM_GUARD_LINKED:
    case ITSM_GUARD_ALL_LINKED:
    case ITSM_GUARD_NONE_LINKED:
        for (size_t i = 0; i < g->npaths; i++) {
            const size_t n = collect(far, w, ref, &type->links[g->paths[i].at]);
            for (size_t k = 0; k < n; k++, all++)
                within +=
                    (size_t)(!g->values.n || is_among(g->values, state_of(w, far[k], &type_of(far[k])->machines[0])));
        }
        return g->kind == ITSM_GUARD_LINKED       ? within >= (size_t)g->number
               : g->kind == ITSM_GUARD_ALL_LINKED ? within == all
                                                  : within == 0;
    default:
        for (size_t i = 0; i < g->npaths; i++)
            if (!test_path(w, ref, g, &g->paths[i])) return FAILS;
        return HOLDS;
    }
}

static int judge(struct walk *w, itsm_ref ref, const itsm_guard_def *g)
{
    const itsm_guard_def *end = g + g->nodes;
    if (g->nodes == 1) return judge_leaf(w, ref, g);
    if (g->kind == ITSM_GUARD_ANY) {
        int sum = FAILS;
        for (g++; g < end && sum != HOLDS; g += g->nodes) {
            const int one = judge(w, ref, g);
            if (one != FAILS) sum = one;
        }
        return sum;
    }
    const int condition = judge(w, ref, ++g);
    int sum = HOLDS;
    if (condition == FAILS) return HOLDS;
    for (g += g->nodes; g < end && sum != FAILS; g += g->nodes) {
        const int one = judge(w, ref, g);
        if (one != HOLDS) sum = one;
    }
    return sum == FAILS && condition == OPEN ? OPEN : sum;
}

static int may_act(struct walk *w, itsm_ref ref, const itsm_move_def *move)
{
    for (size_t i = 0; i < move->nactors; i++) {
        const itsm_actor_def *a = &move->actors[i];
        itsm_value value;
        int has_role = 0;
        for (size_t k = 0; k < w->desk.act.nroles; k++) has_role |= itsm_str_eq(w->desk.act.roles[k], a->name);
        if (a->kind == ITSM_ACTOR_ANY) return 1;
        if (a->kind == ITSM_ACTOR_PARTY && value_of(&value, w, ref, &type_of(ref)->fields[a->field]))
            has_role = itsm_str_eq(value.u.s, w->desk.act.who);
        if (has_role && !itsm_str_is(a->name, "timer")) return 1; /* nobody here is the timer */
    }
    return 0;
}

/* Values ------------------------------------------------------------------------------------------------------------ */

static int random_thing(itsm_ref *out, struct walk *w, const itsm_type_def *type)
{
    size_t n = 0;
    for (size_t i = 0; i < w->nthings; i++)
        if ((!type || type_of(w->things[i]) == type) && below(++n) == 0) *out = w->things[i];
    return n > 0;
}

/* A value for a field; `item` holds that of a list. */
static int random_value(struct walk *w, itsm_value *out, itsm_value *item, const itsm_field_def *field)
{
    const itsm_str target = ITSM_STR("{\"metric\":\"resolution\",\"goal\":\"PT8H\"}");
    itsm_ref ref;
    memset(out, 0, sizeof *out);
    out->kind = field->kind;
    switch (field->kind) {
    case ITSM_INT:
        out->u.i = field->ranged ? field->lo + (int64_t)below((uint64_t)(field->hi - field->lo + 1)) : 3;
        break;
    case ITSM_BOOL: out->u.i = (int64_t)below(2); break;
    case ITSM_DECIMAL: out->u.i = (int64_t)below(1000), out->scale = 1; break;
    case ITSM_TIME: out->u.i = w->desk.act.now + ITSM_HOURS((int64_t)below(400)) - ITSM_HOURS(200); break;
    case ITSM_DATE: out->u.i = w->desk.act.now / ITSM_DAYS(1) + (int64_t)below(60) - 30; break;
    case ITSM_SPAN: out->u.i = ITSM_HOURS(4); break;
    case ITSM_PARTY: out->u.s = itsm_str_c(parties[below(4)]); break;
    case ITSM_ENUM: out->u.s = field->values.item[below(field->values.n)]; break;
    case ITSM_REF:
        if (!random_thing(&ref, w, field->target)) return 0;
        out->u.ref = ref;
        break;
    case ITSM_TEXT:
    case ITSM_BLOB: out->u.s = itsm_str_c(parties[below(4)]); break;
    default: out->u.s = target; break;
    }
    if (!field->list) return 1;
    *item = *out;
    memset(out, 0, sizeof *out);
    out->kind = ITSM_LIST, out->u.list.item = item, out->u.list.n = 1;
    return 1;
}

struct set {
    itsm_named named[SETS];
    itsm_value items[SETS];
    size_t n;
};

static void add_field(struct walk *w, struct set *set, const itsm_field_def *field)
{
    if (set->n == SETS || field->machine) return;
    for (size_t i = 0; i < set->n; i++)
        if (itsm_str_eq(set->named[i].name, field->name)) return;
    if (!random_value(w, &set->named[set->n].value, &set->items[set->n], field)) return;
    set->named[set->n++].name = field->name;
}

/* Operations -------------------------------------------------------------------------------------------------------- */

static void do_create(struct walk *w)
{
    const itsm_model *model = itsm_model_builtin();
    const itsm_type_def *type = itsm_model_type_at(model, (size_t)below(itsm_model_type_count(model)));
    itsm_outcome out = ITSM_OUTCOME_INIT;
    struct set set;
    set.n = 0;
    if (w->nthings == RECORDS) return;
    for (size_t i = 0; i < type->nfields; i++)
        if (type->fields[i].at_creation && below(40)) add_field(w, &set, &type->fields[i]);
    for (size_t i = 0; i < below(4); i++) {
        const itsm_field_def *field = &type->fields[below(type->nfields)];
        if (field->number != ITSM_FIELD_NUMBER && (!field->by || !below(20))) add_field(w, &set, field);
    }
    const itsm_status rc = itsm_sms_create(&out, w->desk.sms, type->name, set.named, set.n, &w->desk.act);
    cr_assert(rc == ITSM_OK || rc == ITSM_E_REFUSED, "create %.*s: %d %.*s", ITSM_ARG(type->name), rc,
              ITSM_ARG(first_message(w->desk.ctx)));
    if (!rc) w->things[w->nthings++] = out.ref;
}

static void do_change(struct walk *w, itsm_ref ref)
{
    const itsm_type_def *type = type_of(ref);
    const uint64_t before = trail_length(w);
    struct set set;
    set.n = 0;
    for (size_t i = 0; i < 1 + below(3); i++) {
        const itsm_field_def *field = &type->fields[below(type->nfields)];
        if (!field->by || !below(10)) add_field(w, &set, field);
    }
    if (set.n && !below(5)) memset(&set.named[0].value, 0, sizeof set.named[0].value);
    const itsm_status rc = itsm_sms_change(NULL, w->desk.sms, ref, ITSM_REV_ANY, set.named, set.n, &w->desk.act);
    cr_assert(rc >= 0 || rc == ITSM_E_REFUSED, "change: %d %.*s", rc, ITSM_ARG(first_message(w->desk.ctx)));
    if (rc) cr_assert_eq(trail_length(w), before);
}

/* What a move asks for, as far as fields go, and what its state needs. */
static void prepare(struct walk *w, itsm_ref ref, const itsm_machine *machine, const itsm_move_def *move)
{
    const itsm_type_def *type = type_of(ref);
    struct set set;
    itsm_value value;
    set.n = 0;
    look(w);
    for (const itsm_guard_def *g = move->guards; g->kind; g++)
        for (size_t i = 0; i < g->npaths; i++) {
            if (g->paths[i].kind != ITSM_PATH_FIELD) continue;
            const itsm_field_def *field = &type->fields[g->paths[i].at];
            if (field->by || field->limited || (g->kind == ITSM_GUARD_SET && value_of(&value, w, ref, field))) continue;
            add_field(w, &set, field);
        }
    for (size_t i = 0; i < type->nfields; i++)
        if (machine == &type->machines[0] && (type->fields[i].mandatory_at >> move->to & 1) && !type->fields[i].by &&
            !type->fields[i].limited && !value_of(&value, w, ref, &type->fields[i]))
            add_field(w, &set, &type->fields[i]);
    look_away(w);
    const itsm_status rc = itsm_sms_change(NULL, w->desk.sms, ref, ITSM_REV_ANY, set.named, set.n, &w->desk.act);
    cr_assert(rc >= 0 || rc == ITSM_E_REFUSED, "prepare: %d %.*s", rc, ITSM_ARG(first_message(w->desk.ctx)));
}

/* Who acts: mostly somebody who may. */
static void choose_actor(struct walk *w, itsm_ref ref, const itsm_move_def *move)
{
    const itsm_actor_def *a = &move->actors[below(move->nactors)];
    itsm_value value;
    w->desk.act.who = itsm_str_c(parties[below(4)]), w->desk.act.roles = w->roles, w->desk.act.nroles = 0;
    if (!below(6)) return;
    w->roles[w->desk.act.nroles++] = a->name;
    look(w);
    if (a->kind == ITSM_ACTOR_PARTY && value_of(&value, w, ref, &type_of(ref)->fields[a->field]))
        for (size_t i = 0; i < 4; i++)
            if (itsm_str_is(value.u.s, parties[i])) w->desk.act.who = itsm_str_c(parties[i]);
    look_away(w);
}

static int is_told(struct walk *w, itsm_str rule)
{
    for (size_t i = 0; i < itsm_ctx_issue_count(w->desk.ctx); i++)
        if (itsm_str_eq(itsm_ctx_issue(w->desk.ctx, i)->rule, rule)) return 1;
    return 0;
}

struct verdicts {
    int guards[32], actor;
    size_t n;
};

static void judge_move(struct verdicts *v, struct walk *w, itsm_ref ref, const itsm_move_def *move)
{
    v->n = 0;
    look(w);
    for (const itsm_guard_def *g = move->guards; g->kind; g += g->nodes) v->guards[v->n++] = judge(w, ref, g);
    v->actor = may_act(w, ref, move);
    look_away(w);
    total.judged += v->n;
}

/* The issues name those guards that fail, and no other. */
static void compare_refusal(struct walk *w, const itsm_move_def *move, const struct verdicts *v)
{
    size_t i = 0;
    const itsm_issue *first = itsm_ctx_issue(w->desk.ctx, 0);
    cr_assert(first && first->rule.n);
    if (first->rule.n > 5 && !memcmp(first->rule.p, "fire(", 5)) return;
    cr_assert_eq(is_told(w, ITSM_STR("actor")), !v->actor, "%.*s", ITSM_ARG(move->name));
    for (const itsm_guard_def *g = move->guards; g->kind; g += g->nodes, i++) {
        itsm_buf text = ITSM_BUF_INIT;
        cr_assert_eq(itsm_guard_encode(&text, g), ITSM_OK);
        if (v->guards[i] != OPEN)
            cr_assert_eq(is_told(w, itsm_buf_str(&text)), v->guards[i] == FAILS, "%.*s: %.*s", ITSM_ARG(move->name),
                         (int)text.n, text.p);
        itsm_buf_clear(&text);
    }
}

static void check_moved(struct walk *w, itsm_ref ref, const itsm_machine *machine, const itsm_move_def *move,
                        const struct verdicts *v)
{
    const itsm_type_def *type = type_of(ref);
    itsm_value value;
    cr_assert(v->actor, "%.*s: not by this actor", ITSM_ARG(move->name));
    for (size_t i = 0; i < v->n; i++) cr_assert(v->guards[i] != FAILS, "%.*s: guard %zu", ITSM_ARG(move->name), i);
    look(w);
    cr_assert(itsm_str_eq(state_of(w, ref, machine), machine->states[move->to].name));
    for (size_t i = 0; i < type->nfields; i++)
        if (machine == &type->machines[0] && (type->fields[i].mandatory_at >> move->to & 1))
            cr_assert(value_of(&value, w, ref, &type->fields[i]), "%.*s is empty", ITSM_ARG(type->fields[i].name));
    look_away(w);
}

static void do_move(struct walk *w, itsm_ref ref)
{
    const itsm_type_def *type = type_of(ref);
    const itsm_machine *machine = &type->machines[below(type->nmachines)];
    const itsm_move_def *move = NULL;
    struct verdicts v;
    size_t n = 0;
    look(w);
    const itsm_str state = state_of(w, ref, machine);
    for (size_t i = 0; i < machine->nmoves; i++)
        for (size_t k = 0; k < machine->nstates; k++)
            if ((machine->moves[i].from >> k & 1) && itsm_str_eq(machine->states[k].name, state) && !below(++n))
                move = &machine->moves[i];
    look_away(w);
    if (!move) return;
    if (below(8)) prepare(w, ref, machine, move);
    choose_actor(w, ref, move);
    judge_move(&v, w, ref, move);
    const uint64_t before = trail_length(w);
    const itsm_status rc = itsm_sms_move(NULL, w->desk.sms, ref, ITSM_REV_ANY, move->name, NULL, 0, &w->desk.act);
    cr_assert(rc == ITSM_OK || rc == ITSM_E_REFUSED, "%.*s: %d %.*s", ITSM_ARG(move->name), rc,
              ITSM_ARG(first_message(w->desk.ctx)));
    if (rc) {
        total.refused++;
        compare_refusal(w, move, &v);
        cr_assert_eq(trail_length(w), before, "%.*s: refused, and yet something was written", ITSM_ARG(move->name));
    } else {
        total.moved++;
        check_moved(w, ref, machine, move, &v);
    }
}

static void do_link(struct walk *w, itsm_ref a)
{
    const itsm_type_def *type = type_of(a);
    const itsm_link_def *link = &type->links[below(type->nlinks)];
    const itsm_link_def *inverse;
    itsm_ref b;
    if (!link->target || !random_thing(&b, w, link->target) || w->nfacts == LINKS) return;
    inverse = inverse_of(link);
    const int stored = !link->is_field && !inverse->is_field, adding = below(4) != 0;
    const itsm_status rc = adding ? itsm_sms_link(w->desk.sms, a, link->name, b, &w->desk.act)
                                  : itsm_sms_unlink(w->desk.sms, a, link->name, b, &w->desk.act);
    cr_assert(rc >= 0 || rc == ITSM_E_REFUSED, "%.*s: %d", ITSM_ARG(link->name), rc);
    if (rc) return;
    total.linked++;
    if (!stored) return;
    if (adding) {
        const struct fact fact = {a, b, link};
        w->facts[w->nfacts++] = fact;
        return;
    }
    for (size_t i = w->nfacts; i-- > 0;) {
        const struct fact *f = &w->facts[i];
        if ((f->link == link && same(f->from, a) && same(f->to, b)) ||
            (f->link == inverse && same(f->from, b) && same(f->to, a)))
            w->facts[i] = w->facts[--w->nfacts];
    }
}

static void do_approve(struct walk *w, itsm_ref ref)
{
    static const char *const policies[] = {"any", "all", "quorum", "percent"}, *const decisions[] = {
                                                                                   "",      "grant",  "grant",
                                                                                   "grant", "refuse", "abstain"};
    const itsm_type_def *type = type_of(ref);
    itsm_approval a = ITSM_APPROVAL_INIT;
    itsm_ref made;
    for (size_t f = 0; f < type->nmachines; f++)
        for (size_t i = 0; i < type->machines[f].nmoves; i++)
            for (const itsm_guard_def *g = type->machines[f].moves[i].guards; g->kind; g++)
                if (g->kind == ITSM_GUARD_APPROVED) a.body = g->name;
    if (w->nthings == RECORDS) return;
    if (!a.body.n) return;
    a.approver = itsm_str_c(parties[below(4)]), a.policy = itsm_str_c(policies[below(4)]);
    a.decision = itsm_str_c(decisions[below(6)]), a.comment = ITSM_STR("so"), a.quorum = (int64_t)below(3);
    if (!below(3)) a.due = w->desk.act.now + ITSM_HOURS((int64_t)below(100));
    const itsm_status rc = itsm_sms_approve(NULL, &made, w->desk.sms, ref, &a, 1, &w->desk.act);
    cr_assert(rc == ITSM_OK || rc == ITSM_E_REFUSED, "approve: %d %.*s", rc, ITSM_ARG(first_message(w->desk.ctx)));
    if (!rc) w->things[w->nthings++] = made, total.asked++;
}

static void do_time(struct walk *w)
{
    uint64_t made = 0;
    itsm_blackout blackout = ITSM_BLACKOUT_INIT;
    w->desk.act.now += ITSM_HOURS((int64_t)below(60));
    if (!below(4)) cr_assert_eq(itsm_sms_tick(&made, w->desk.sms, w->desk.act.now, NULL, NULL), ITSM_OK);
    total.ticked += made;
    if (below(20)) return;
    blackout.from = w->desk.act.now, blackout.to = blackout.from + ITSM_HOURS(1);
    cr_assert_eq(itsm_sms_blackout_add(w->desk.sms, &blackout), ITSM_OK);
}

/* Looking back ------------------------------------------------------------------------------------------------------ */

static uint64_t hash_of(itsm_ctx *ctx, const itsm_record *record)
{
    itsm_record *copy;
    itsm_buf bytes = ITSM_BUF_INIT;
    cr_assert_eq(itsm_record_copy(&copy, ctx, record), ITSM_OK);
    const itsm_type_def *type = itsm_record_type(copy);
    itsm_record_remove(copy, itsm_type_field_number(type, ITSM_FIELD_UPDATED_AT));
    itsm_record_remove(copy, itsm_type_field_number(type, ITSM_FIELD_UPDATED_BY));
    cr_assert_eq(itsm_record_encode(&bytes, copy), ITSM_OK);
    const uint64_t hash = itsm__hash(bytes.p, bytes.n);
    itsm_buf_clear(&bytes);
    itsm_record_free(copy);
    return hash;
}

static void take_sample(struct walk *w)
{
    itsm_ref ref;
    if (w->nsamples == SAMPLES || !random_thing(&ref, w, NULL)) return;
    struct sample *s = &w->samples[w->nsamples++];
    look(w);
    s->ref = ref, s->revision = itsm_record_revision(record_of(w, ref));
    s->hash = hash_of(w->desk.ctx, record_of(w, ref));
    look_away(w);
}

/* One step of a history: the fields it changed as they were. */
struct step {
    itsm_record *before;
    uint16_t gone[FIELDS];
    size_t ngone;
};

struct past {
    struct step *steps;
    size_t n, capacity;
    itsm_ref ref;
    itsm_ctx *ctx;
};

static itsm_status keep_step(void *user, const itsm_history *entry)
{
    struct past *past = user;
    cr_assert_eq(entry->revision, past->n);
    if (past->n == past->capacity) {
        past->capacity = past->capacity ? past->capacity * 2 : 16;
        past->steps = realloc(past->steps, past->capacity * sizeof *past->steps);
    }
    struct step *step = &past->steps[past->n++];
    step->ngone = 0;
    cr_assert_eq(itsm_record_new(&step->before, past->ctx, itsm_model_builtin(), type_of(past->ref), past->ref),
                 ITSM_OK);
    for (size_t i = 0; i < entry->nbefore; i++)
        if (entry->before[i].value.kind == ITSM_NONE) step->gone[step->ngone++] = entry->before[i].no;
        else cr_assert_eq(itsm_record_set_number(step->before, entry->before[i].no, &entry->before[i].value), ITSM_OK);
    return ITSM_OK;
}

static void check_past(struct walk *w, itsm_ref ref)
{
    struct past past = {NULL, 0, 0, ref, w->desk.ctx};
    itsm_record *record;
    look(w);
    cr_assert_eq(itsm_record_copy(&record, w->desk.ctx, record_of(w, ref)), ITSM_OK);
    look_away(w);
    cr_assert_eq(itsm_sms_history(w->desk.sms, ref, keep_step, &past), ITSM_OK);
    cr_assert_eq(itsm_record_revision(record), past.n, "as many history rows as revisions");
    for (size_t revision = past.n; revision-- > 0;) {
        const struct step *step = &past.steps[revision];
        for (size_t i = 0; i < itsm_record_count(step->before); i++) {
            const itsm_row_field *f = &itsm_record_fields(step->before)[i];
            cr_assert_eq(itsm_record_set_number(record, f->no, &f->value), ITSM_OK);
        }
        for (size_t i = 0; i < step->ngone; i++)
            itsm_record_remove(record, itsm_type_field_number(type_of(ref), step->gone[i]));
        for (size_t i = 0; i < w->nsamples; i++)
            if (same(w->samples[i].ref, ref) && w->samples[i].revision == revision) {
                cr_assert_eq(hash_of(w->desk.ctx, record), w->samples[i].hash, "revision %zu is not as it was",
                             revision);
                total.looked_back++;
            }
    }
    for (size_t i = 0; i < past.n; i++) itsm_record_free(past.steps[i].before);
    itsm_record_free(record);
    free(past.steps);
}

/* A host that has seen nothing of it reads the same. */
static void check_other(struct walk *w)
{
    for (size_t i = 0; i < w->nthings; i++) {
        const itsm_record *record;
        itsm_work *work;
        look(w);
        const uint64_t hash = hash_of(w->desk.ctx, record_of(w, w->things[i]));
        look_away(w);
        cr_assert_eq(itsm_work_new(&work, w->other, &w->desk.act), ITSM_OK);
        cr_assert_eq(itsm_work_get(&record, work, w->things[i]), ITSM_OK);
        cr_assert_eq(hash_of(w->ctx, record), hash);
        itsm_work_free(work);
    }
}

/* Lives ------------------------------------------------------------------------------------------------------------- */

static void operate(struct walk *w)
{
    itsm_ref ref;
    const uint64_t what = below(100);
    if (what < 6 || !random_thing(&ref, w, NULL)) do_create(w);
    else if (what < 14) do_change(w, ref);
    else if (what < 32) do_link(w, ref);
    else if (what < 48) do_approve(w, ref);
    else if (what < 53) do_time(w);
    else do_move(w, ref);
    if (!below(10)) take_sample(w);
    if (!below(200) && random_thing(&ref, w, NULL)) check_links(w, ref);
}

static void live(uint64_t ops)
{
    static struct walk w;
    const struct counting none = COUNTING_INIT;
    itsm_sms_options options = ITSM_SMS_OPTIONS_INIT;
    itsm_audit_result result = ITSM_AUDIT_RESULT_INIT;
    memset(&w, 0, sizeof w);
    w.counting = none;
    desk_open(&w.desk, &w.counting, NULL);
    w.ctx = counting_ctx(&w.counting);
    options.key.p = "another", options.key.n = 7;
    cr_assert_eq(itsm_sms_new(&w.other, w.ctx, itsm_model_builtin(), w.desk.store, &options), ITSM_OK);
    for (size_t i = 0; i < 20; i++) do_create(&w);
    for (uint64_t i = 0; i < ops; i++) operate(&w);
    check_other(&w);
    for (size_t i = 0; i < w.nthings; i++) check_links(&w, w.things[i]), check_past(&w, w.things[i]);
    cr_assert_eq(itsm_sms_audit_verify(&result, w.desk.sms, NULL), ITSM_OK);
    cr_assert_eq(result.checked, result.count);
    itsm_sms_free(w.other);
    desk_close(&w.desk);
    itsm_ctx_free(w.ctx);
    assert_nothing_outstanding(w.counting);
}

Test(engine_walk, no_state_is_outside_the_machine_and_no_move_past_a_guard, .timeout = 3600)
{
    const char *all = getenv("ITSM_FULL");
    const uint64_t ops = number_of("ITSM_OPS", all && *all ? 1000000 : 20000);
    chance = number_of("ITSM_SEED", 20260302);
    printf("seed %llu, %llu operations\n", (unsigned long long)chance, (unsigned long long)ops);
    for (uint64_t done = 0; done < ops; done += LIFE) live(ops - done < LIFE ? ops - done : LIFE);
    printf("%llu moves made and %llu refused, %llu guards judged twice, %llu links, %llu approvals, %llu by the timer, "
           "%llu records as they were\n",
           (unsigned long long)total.moved, (unsigned long long)total.refused, (unsigned long long)total.judged,
           (unsigned long long)total.linked, (unsigned long long)total.asked, (unsigned long long)total.ticked,
           (unsigned long long)total.looked_back);
    cr_assert(total.moved > ops / 50 && total.refused > ops / 50 && total.looked_back > ops / 200);
}
