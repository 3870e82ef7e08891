/* SPDX-License-Identifier: MIT */
/*
 * Decisions over a subject made of a table of answers: every kind of guard passed, refused and undecided, the order and
 * the words of refusals, actors, and that an allowed move costs no memory.
 */
#include "support.h"

#include <itsm/lifecycle.h>

#include <criterion/criterion.h>

/* A subject that answers from a table ------------------------------------------------------------------------------ */

enum { UNKNOWN = 0xFFFF }; /* a kind of value that stands for "cannot tell" */

struct answer {
    const char *name;
    itsm_value value;
};

struct linked_answer {
    const char *name;
    uint64_t all, within;
    itsm_value far[3];
    size_t nfar;
    int unknown;
};

struct thing {
    const char *status, *major;
    struct answer fields[24];
    size_t nfields;
    struct linked_answer links[6];
    size_t nlinks;
    int approved, custom; /* -1: cannot tell */
    size_t asked_links;
    itsm_names states;  /* of the last question about links */
    itsm_status broken; /* what every method fails with */
};

static itsm_status thing_state(void *self, itsm_str *out, itsm_str facet)
{
    const struct thing *t = self;
    const char *state = itsm_str_is(facet, "major") ? t->major : t->status;
    if (t->broken) return t->broken;
    if (!state) return ITSM_E_UNDECIDED;
    *out = itsm_str_c(state);
    return ITSM_OK;
}

static itsm_status thing_field(void *self, itsm_value *out, const itsm_field_def *field)
{
    const struct thing *t = self;
    for (size_t i = 0; i < t->nfields; i++) {
        if (!itsm_str_is(field->name, t->fields[i].name)) continue;
        if (t->fields[i].value.kind == UNKNOWN) return ITSM_E_UNDECIDED;
        *out = t->fields[i].value;
        return ITSM_OK;
    }
    return ITSM_NOTHING;
}

static itsm_status thing_linked(void *self, itsm_link_count *out, const itsm_link_query *query)
{
    struct thing *t = self;
    t->asked_links++, t->states = query->states;
    for (size_t i = 0; i < t->nlinks; i++) {
        struct linked_answer *l = &t->links[i];
        if (!itsm_str_is(query->link->name, l->name)) continue;
        if (l->unknown) return ITSM_E_UNDECIDED;
        out->all = l->all, out->within = l->within;
        for (size_t k = 0; query->field && k < l->nfar; k++) {
            itsm_status status = query->each(query->user, l->far[k].kind == ITSM_NONE ? NULL : &l->far[k]);
            if (status) return status;
        }
    }
    return ITSM_OK;
}

static itsm_status thing_approved(void *self, uint32_t *out, const itsm_guard_def *guard)
{
    const struct thing *t = self;
    cr_assert_eq(guard->kind, ITSM_GUARD_APPROVED);
    if (t->approved < 0) return ITSM_E_UNDECIDED;
    *out = (uint32_t)t->approved;
    return ITSM_OK;
}

static itsm_status thing_custom(void *self, uint32_t *out, const itsm_guard_def *guard)
{
    const struct thing *t = self;
    cr_assert(guard->kind == ITSM_GUARD_NO_CONFLICT || guard->kind == ITSM_GUARD_HOST);
    if (t->custom < 0) return ITSM_E_UNDECIDED;
    *out = (uint32_t)t->custom;
    return ITSM_OK;
}

static const itsm_subject_methods all_methods = {sizeof all_methods, thing_state, thing_field, thing_linked, NULL,
                                                 thing_approved,     thing_custom};
static const itsm_subject_methods few_methods = {sizeof few_methods, thing_state, thing_field, NULL, NULL, NULL, NULL};

static void set(struct thing *t, const char *name, itsm_value value)
{
    size_t i = 0;
    while (i < t->nfields && strcmp(t->fields[i].name, name)) i++;
    if (i == t->nfields) t->nfields++;
    t->fields[i].name = name, t->fields[i].value = value;
}

static void set_text(struct thing *t, const char *name, const char *text)
{
    set(t, name, itsm_value_text(itsm_str_c(text)));
}

static void set_unknown(struct thing *t, const char *name)
{
    itsm_value value = itsm_value_number(UNKNOWN, 0);
    set(t, name, value);
}

static void set_link(struct thing *t, const char *name, uint64_t all, uint64_t within)
{
    size_t i = 0;
    while (i < t->nlinks && strcmp(t->links[i].name, name)) i++;
    if (i == t->nlinks) t->nlinks++;
    t->links[i].name = name, t->links[i].all = all, t->links[i].within = within;
}

/* One decision, as a text: the rules of its issues, each ended by ";", with "?" before an undecided one ------------ */

static itsm_str desk_roles[] = {{"service_desk", 12}};

static itsm_act act_of(const char *who)
{
    itsm_act act = ITSM_ACT_INIT;
    act.who = itsm_str_c(who), act.now = ITSM_DAYS(20000);
    return act;
}

static const itsm_machine *machine_of(const char *type, const char *facet)
{
    const itsm_machine *m =
        itsm_type_machine(itsm_model_type(itsm_model_builtin(), itsm_str_c(type)), itsm_str_c(facet));
    cr_assert_not_null(m);
    return m;
}

struct decision {
    itsm_status status;
    char rules[2048];
    char messages[4096];
    char clause[64];
    itsm_plan plan;
};

static void decide_with(struct decision *d, const itsm_subject_methods *methods, const char *type, const char *facet,
                        struct thing *t, const char *move, const itsm_act *act)
{
    struct counting counting = COUNTING_INIT;
    itsm_ctx *ctx = counting_ctx(&counting);
    itsm_subject subject = {methods, t};
    itsm_plan plan = ITSM_PLAN_INIT;
    memset(d, 0, sizeof *d);
    d->plan = plan;
    size_t before = counting.calls;
    d->status = itsm_machine_check(&d->plan, ctx, machine_of(type, facet), subject, itsm_str_c(move), act);
    if (d->status == ITSM_OK) cr_assert_eq(counting.calls, before, "an allowed move takes no memory");
    for (size_t i = 0; i < itsm_ctx_issue_count(ctx); i++) {
        const itsm_issue *issue = itsm_ctx_issue(ctx, i);
        size_t n = strlen(d->rules), k = strlen(d->messages);
        snprintf(d->rules + n, sizeof d->rules - n, "%s%.*s;", issue->code == ITSM_E_UNDECIDED ? "?" : "",
                 ITSM_ARG(issue->rule));
        snprintf(d->messages + k, sizeof d->messages - k, "%.*s|", ITSM_ARG(issue->message));
        snprintf(d->clause, sizeof d->clause, "%.*s", ITSM_ARG(issue->clause));
        cr_assert(itsm_str_is(issue->where, move));
    }
    itsm_ctx_free(ctx);
    assert_nothing_outstanding(counting);
}

static void decide(struct decision *d, const char *type, const char *facet, struct thing *t, const char *move,
                   const itsm_act *act)
{
    decide_with(d, &all_methods, type, facet, t, move, act);
}

#define assert_allowed(d) cr_assert_eq((d).status, ITSM_OK, "%d: %s", (d).status, (d).rules)
#define assert_refused(d, wanted)                                                                                      \
    cr_assert((d).status == ITSM_E_REFUSED && !strcmp((d).rules, wanted), "%d: %s", (d).status, (d).rules)
#define assert_undecided(d, wanted)                                                                                    \
    cr_assert((d).status == ITSM_E_UNDECIDED && !strcmp((d).rules, wanted), "%d: %s", (d).status, (d).rules)
#define assert_message(d, wanted) cr_assert(strstr((d).messages, wanted), "%s", (d).messages)

static struct thing incident(const char *status)
{
    struct thing t;
    memset(&t, 0, sizeof t);
    t.status = status, t.major = "none", t.approved = t.custom = -1;
    return t;
}

/* The central path of an incident --------------------------------------------------------------------------------- */

Test(lifecycle, a_refused_move_names_every_unmet_rule_in_order)
{
    struct thing t = incident("new");
    struct decision d;
    itsm_act eve = act_of("eve");
    decide(&d, "incident", "status", &t, "start", &eve);
    assert_refused(d, "actor;set(assignee,category,service,assignment_group);");
    cr_assert_str_eq(d.clause, "8.6.1");
    assert_message(d, "assignee, category, service and assignment_group are missing");
    assert_message(d, "start is for the party in assignee or a holder of the role service_desk, not for eve");
    cr_assert_null(d.plan.move, "a refused plan is not touched");
}

Test(lifecycle, an_allowed_move_gives_the_plan)
{
    struct thing t = incident("assigned");
    struct decision d;
    itsm_act ann = act_of("ann");
    set_text(&t, "assignee", "ann"), set_text(&t, "category", "software"), set_text(&t, "assignment_group", "g1");
    itsm_ref service = {15, {0, 1}};
    set(&t, "service", itsm_value_ref(service));
    decide(&d, "incident", "status", &t, "start", &ann);
    assert_allowed(d);
    assert_text(d.plan.from, "assigned");
    assert_text(d.plan.to, "in_progress");
    cr_assert_eq(d.plan.to.p[d.plan.to.n], 0);
    cr_assert(d.plan.category == ITSM_OPEN && d.plan.category_from == ITSM_OPEN);
    cr_assert_eq(d.plan.neffects, 1);
    cr_assert(d.plan.effects[0].kind == ITSM_EFFECT_STAMP && d.plan.effects[0].first);
    assert_text(d.plan.move->name, "start");
}

Test(lifecycle, a_move_that_does_not_start_here_is_refused_as_state_and_nothing_else_is_checked)
{
    struct thing t = incident("in_progress");
    struct decision d;
    itsm_act eve = act_of("eve");
    decide(&d, "incident", "status", &t, "start", &eve);
    assert_refused(d, "state;");
    assert_message(d, "start starts from new or assigned, not from in_progress");
    decide(&d, "incident", "status", &t, "fly", &eve);
    assert_refused(d, "state;");
    assert_message(d, "there is no move fly in status of incident");
    t.status = "no_such_state";
    decide(&d, "incident", "status", &t, "start", &eve);
    assert_refused(d, "state;");
    t.status = NULL;
    decide(&d, "incident", "status", &t, "start", &eve);
    assert_undecided(d, "?state;");
}

Test(lifecycle, closing_needs_confirmation_or_the_time_to_pass)
{
    struct thing t = incident("resolved");
    struct decision d;
    itsm_act desk = act_of("dora");
    desk.roles = desk_roles, desk.nroles = 1;
    set(&t, "resolved_at", itsm_value_number(ITSM_TIME, desk.now - ITSM_DAYS(5) + 1));
    decide(&d, "incident", "status", &t, "close", &desk);
    assert_refused(d, "any(set(closure_confirmed_by),reached(resolved_at,auto_close_after));");
    assert_message(d, "closure_confirmed_by is missing, or resolved_at plus auto_close_after must be reached");
    set_text(&t, "closure_confirmed_by", "rose");
    decide(&d, "incident", "status", &t, "close", &desk);
    assert_allowed(d);
    t.nfields = 0;
    set(&t, "resolved_at", itsm_value_number(ITSM_TIME, desk.now - ITSM_DAYS(5)));
    decide(&d, "incident", "status", &t, "close", &desk);
    assert_allowed(d);
    t.major = "declared";
    set_link(&t, "children", 3, 1);
    decide(&d, "incident", "status", &t, "close", &desk);
    assert_refused(d, "none_linked(children,new|assigned|in_progress|pending);eq(major,none|rejected|reviewed);");
    cr_assert_eq(t.states.n, 4);
    assert_message(d, "nothing may be linked as children that is new, assigned, in_progress or pending");
    assert_message(d, "major must be none, rejected or reviewed");
}

Test(lifecycle, hold_asks_for_what_its_reason_needs)
{
    struct thing t = incident("in_progress");
    struct decision d;
    itsm_act ann = act_of("ann");
    set_text(&t, "assignee", "ann");
    decide(&d, "incident", "status", &t, "hold", &ann);
    assert_refused(d, "set(pending_reason);");
    assert_message(d, "pending_reason is missing");
    cr_assert_eq(t.asked_links, 0, "a condition that does not hold asks no further");
    set_text(&t, "pending_reason", "awaiting_change");
    decide(&d, "incident", "status", &t, "hold", &ann);
    assert_refused(d, "when(eq(pending_reason,awaiting_change),linked(change,1));");
    assert_message(d, "one must be linked as change");
    set_link(&t, "change", 1, 0);
    decide(&d, "incident", "status", &t, "hold", &ann);
    assert_allowed(d);
    cr_assert_eq(d.plan.category, ITSM_PAUSED);
}

Test(lifecycle, what_the_subject_cannot_answer_is_undecided_never_passed)
{
    struct thing t = incident("in_progress");
    struct decision d;
    itsm_act ann = act_of("ann");
    set_text(&t, "assignee", "ann"), set_text(&t, "pending_reason", "awaiting_change");
    decide_with(&d, &few_methods, "incident", "status", &t, "hold", &ann);
    assert_undecided(d, "?when(eq(pending_reason,awaiting_change),linked(change,1));");
    assert_message(d, "cannot be decided: one must be linked as change");
    set_unknown(&t, "pending_reason"); /* then no condition is known either */
    decide(&d, "incident", "status", &t, "hold", &ann);
    assert_undecided(d, "?set(pending_reason);?when(eq(pending_reason,awaiting_change),linked(change,1));"
                        "?when(eq(pending_reason,awaiting_problem),linked(problem,1));"
                        "?when(eq(pending_reason,awaiting_supplier),set(supplier_ref));");
    set_text(&t, "assignee", "bob"); /* a refusal beats what is undecided, and both are said */
    decide_with(&d, &few_methods, "incident", "status", &t, "hold", &ann);
    cr_assert_eq(d.status, ITSM_E_REFUSED);
    cr_assert_eq(strncmp(d.rules, "actor;?set(pending_reason);", 27), 0, "%s", d.rules);
}

Test(lifecycle, a_failing_method_ends_the_call_with_its_own_code)
{
    struct thing t = incident("in_progress");
    struct decision d;
    itsm_act ann = act_of("ann");
    t.broken = ITSM_E_IO;
    decide(&d, "incident", "status", &t, "hold", &ann);
    cr_assert(d.status == ITSM_E_IO && !d.rules[0]);
    t.broken = ITSM_E_HOST_FIRST;
    decide(&d, "incident", "status", &t, "hold", &ann);
    cr_assert_eq(d.status, ITSM_E_HOST_FIRST);
}

/* Actors ---------------------------------------------------------------------------------------------------------- */

Test(lifecycle, a_party_field_names_who_may_act_and_its_role_counts_only_while_it_is_empty)
{
    struct thing t = incident("pending");
    struct decision d;
    itsm_str role = {"reporter", 8};
    itsm_act rose = act_of("rose");
    decide(&d, "incident", "status", &t, "resume", &rose);
    assert_refused(d, "actor;");
    rose.roles = &role, rose.nroles = 1;
    decide(&d, "incident", "status", &t, "resume", &rose);
    assert_allowed(d);
    set_text(&t, "reporter", "somebody_else");
    decide(&d, "incident", "status", &t, "resume", &rose);
    assert_refused(d, "actor;");
    set_text(&t, "reporter", "rose");
    rose.nroles = 0;
    decide(&d, "incident", "status", &t, "resume", &rose);
    assert_allowed(d);
    set_unknown(&t, "reporter");
    decide(&d, "incident", "status", &t, "resume", &rose);
    assert_undecided(d, "?actor;");
    itsm_str system = {"system", 6};
    rose.roles = &system, rose.nroles = 1; /* one who may suffices */
    decide(&d, "incident", "status", &t, "resume", &rose);
    assert_allowed(d);
}

Test(lifecycle, an_empty_party_is_nobody)
{
    struct thing t = incident("pending");
    struct decision d;
    itsm_act nobody = act_of("");
    decide(&d, "incident", "status", &t, "resume", &nobody);
    assert_refused(d, "actor;");
    set_text(&t, "reporter", "");
    decide(&d, "incident", "status", &t, "resume", &nobody);
    assert_refused(d, "actor;");
}

Test(lifecycle, anybody_may_propose_a_major_incident_of_the_second_facet)
{
    struct thing t = incident("assigned");
    struct decision d;
    itsm_act eve = act_of("eve");
    set_text(&t, "major_criteria", "the shop is down");
    decide(&d, "incident", "major", &t, "propose_major", &eve);
    assert_allowed(d);
    assert_text(d.plan.to, "candidate");
    t.status = "closed";
    decide(&d, "incident", "major", &t, "propose_major", &eve);
    assert_refused(d, "ne(status,closed|cancelled);");
    t.status = NULL;
    decide(&d, "incident", "major", &t, "propose_major", &eve);
    assert_undecided(d, "?ne(status,closed|cancelled);");
}

/* Every kind of guard: passed, refused, undecided ----------------------------------------------------------------- */

/* Judge a guard made by hand for a subject of type `incident` or `change`. */
static itsm_status judge(const char *type, const itsm_guard_def *guard, struct thing *t, const itsm_act *act)
{
    itsm_subject subject = {&all_methods, t};
    return itsm_guard_check(machine_of(type, ""), guard, subject, act);
}

static itsm_path path_to(const char *type, const char *name)
{
    const itsm_type_def *def = itsm_model_type(itsm_model_builtin(), itsm_str_c(type));
    const itsm_field_def *field = itsm_type_field(def, itsm_str_c(name));
    const itsm_link_def *link = itsm_type_link(def, itsm_str_c(name));
    itsm_path path;
    memset(&path, 0, sizeof path);
    path.name = itsm_str_c(name);
    if (!strcmp(name, "actor")) {
        path.kind = ITSM_PATH_ACTOR;
        return path;
    }
    cr_assert(field || link, "%s", name);
    path.kind = field ? ITSM_PATH_FIELD : ITSM_PATH_LINK;
    path.at = field ? field->index : link->index;
    return path;
}

static itsm_path link_to(const char *type, const char *name)
{
    itsm_path path;
    memset(&path, 0, sizeof path);
    const itsm_link_def *link =
        itsm_type_link(itsm_model_type(itsm_model_builtin(), itsm_str_c(type)), itsm_str_c(name));
    cr_assert_not_null(link);
    path.name = link->name, path.kind = ITSM_PATH_LINK, path.at = link->index;
    return path;
}

static itsm_guard_def guard_on(uint16_t kind, const itsm_path *paths, size_t n)
{
    itsm_guard_def guard;
    memset(&guard, 0, sizeof guard);
    guard.kind = kind, guard.nodes = 1, guard.paths = paths, guard.npaths = (uint16_t)n;
    return guard;
}

Test(guard, set_wants_a_value_and_false_and_zero_are_values)
{
    struct thing t = incident("new");
    itsm_act act = act_of("ann");
    itsm_path path = path_to("incident", "first_contact");
    itsm_guard_def g = guard_on(ITSM_GUARD_SET, &path, 1);
    cr_assert_eq(judge("incident", &g, &t, &act), ITSM_E_REFUSED);
    set(&t, "first_contact", itsm_value_number(ITSM_BOOL, 0));
    cr_assert_eq(judge("incident", &g, &t, &act), ITSM_OK);
    set_text(&t, "first_contact", "");
    cr_assert_eq(judge("incident", &g, &t, &act), ITSM_E_REFUSED);
    itsm_value list = itsm_value_number(ITSM_LIST, 0);
    list.u.list.item = NULL, list.u.list.n = 0;
    set(&t, "first_contact", list);
    cr_assert_eq(judge("incident", &g, &t, &act), ITSM_E_REFUSED);
    itsm_value map = itsm_value_text(ITSM_STR("{}"));
    map.kind = ITSM_MAP;
    set(&t, "first_contact", map);
    cr_assert_eq(judge("incident", &g, &t, &act), ITSM_E_REFUSED);
    set_unknown(&t, "first_contact");
    cr_assert_eq(judge("incident", &g, &t, &act), ITSM_E_UNDECIDED);
    itsm_path link = path_to("incident", "change");
    g.paths = &link;
    cr_assert_eq(judge("incident", &g, &t, &act), ITSM_E_REFUSED);
    set_link(&t, "change", 1, 0);
    cr_assert_eq(judge("incident", &g, &t, &act), ITSM_OK);
    t.links[0].unknown = 1;
    cr_assert_eq(judge("incident", &g, &t, &act), ITSM_E_UNDECIDED);
}

Test(guard, eq_wants_one_of_the_values_and_ne_none_of_them)
{
    static const itsm_str values[] = {{"hardware", 8}, {"true", 4}, {"3", 1}};
    struct thing t = incident("new");
    itsm_act act = act_of("ann");
    itsm_path path = path_to("incident", "category");
    itsm_guard_def eq = guard_on(ITSM_GUARD_EQ, &path, 1), ne = guard_on(ITSM_GUARD_NE, &path, 1);
    eq.values.item = ne.values.item = values, eq.values.n = ne.values.n = 3;
    cr_assert_eq(judge("incident", &eq, &t, &act), ITSM_E_REFUSED, "empty equals nothing");
    cr_assert_eq(judge("incident", &ne, &t, &act), ITSM_OK);
    const itsm_value same[] = {itsm_value_text(values[0]), itsm_value_number(ITSM_BOOL, 1),
                               itsm_value_number(ITSM_INT, 3)};
    const itsm_value other[] = {itsm_value_text(ITSM_STR("hard")), itsm_value_number(ITSM_BOOL, 0),
                                itsm_value_number(ITSM_INT, 4)};
    for (size_t i = 0; i < 3; i++) {
        set(&t, "category", same[i]);
        cr_assert_eq(judge("incident", &eq, &t, &act), ITSM_OK);
        cr_assert_eq(judge("incident", &ne, &t, &act), ITSM_E_REFUSED);
        set(&t, "category", other[i]);
        cr_assert_eq(judge("incident", &eq, &t, &act), ITSM_E_REFUSED);
        cr_assert_eq(judge("incident", &ne, &t, &act), ITSM_OK);
    }
    set_unknown(&t, "category");
    cr_assert_eq(judge("incident", &eq, &t, &act), ITSM_E_UNDECIDED);
    cr_assert_eq(judge("incident", &ne, &t, &act), ITSM_E_UNDECIDED);
}

Test(guard, gt_and_ge_compare_numbers_exactly_whatever_their_scale)
{
    struct thing t = incident("new");
    itsm_act act = act_of("ann");
    itsm_path paths[] = {path_to("budget", "variance"), path_to("budget", "tolerance")};
    itsm_guard_def gt = guard_on(ITSM_GUARD_GT, paths, 2), ge = guard_on(ITSM_GUARD_GE, paths, 2);
    itsm_value a = itsm_value_number(ITSM_DECIMAL, 150), b = itsm_value_number(ITSM_INT, 1);
    a.scale = 2;
    cr_assert_eq(judge("budget", &gt, &t, &act), ITSM_E_REFUSED);
    set(&t, "variance", a);
    cr_assert_eq(judge("budget", &gt, &t, &act), ITSM_E_REFUSED, "both must be there");
    set(&t, "tolerance", b);
    cr_assert_eq(judge("budget", &gt, &t, &act), ITSM_OK);
    a.u.i = 100, set(&t, "variance", a);
    cr_assert_eq(judge("budget", &gt, &t, &act), ITSM_E_REFUSED);
    cr_assert_eq(judge("budget", &ge, &t, &act), ITSM_OK);
    a.u.i = 99, set(&t, "variance", a);
    cr_assert_eq(judge("budget", &ge, &t, &act), ITSM_E_REFUSED);
    b.u.i = INT64_MAX, set(&t, "tolerance", b); /* times 100 it cannot be written, and is still more */
    cr_assert_eq(judge("budget", &ge, &t, &act), ITSM_E_REFUSED);
    b.u.i = INT64_MIN, set(&t, "tolerance", b);
    cr_assert_eq(judge("budget", &gt, &t, &act), ITSM_OK);
    set_text(&t, "tolerance", "5");
    cr_assert_eq(judge("budget", &gt, &t, &act), ITSM_E_REFUSED, "a text is no number");
    set_unknown(&t, "tolerance");
    cr_assert_eq(judge("budget", &gt, &t, &act), ITSM_E_UNDECIDED);
    itsm_guard_def number = guard_on(ITSM_GUARD_GE, paths, 1);
    number.number = 1;
    a.u.i = 100, set(&t, "variance", a);
    cr_assert_eq(judge("budget", &number, &t, &act), ITSM_OK);
    number.kind = ITSM_GUARD_GT;
    cr_assert_eq(judge("budget", &number, &t, &act), ITSM_E_REFUSED);
}

Test(guard, differs_wants_two_parties_that_are_not_the_same)
{
    struct thing t = incident("new");
    itsm_act act = act_of("ann");
    itsm_path paths[] = {path_to("incident", "actor"), path_to("incident", "assignee")};
    itsm_guard_def g = guard_on(ITSM_GUARD_DIFFERS, paths, 2);
    cr_assert_eq(judge("incident", &g, &t, &act), ITSM_E_REFUSED);
    set_text(&t, "assignee", "ann");
    cr_assert_eq(judge("incident", &g, &t, &act), ITSM_E_REFUSED);
    set_text(&t, "assignee", "bob");
    cr_assert_eq(judge("incident", &g, &t, &act), ITSM_OK);
    act.who.n = 0;
    cr_assert_eq(judge("incident", &g, &t, &act), ITSM_E_REFUSED);
    act = act_of("ann");
    set_unknown(&t, "assignee");
    cr_assert_eq(judge("incident", &g, &t, &act), ITSM_E_UNDECIDED);
}

Test(guard, role_wants_the_actor_to_hold_it)
{
    struct thing t = incident("new");
    itsm_act act = act_of("ann");
    itsm_guard_def g = guard_on(ITSM_GUARD_ROLE, NULL, 0);
    g.name = ITSM_STR("service_desk");
    cr_assert_eq(judge("incident", &g, &t, &act), ITSM_E_REFUSED);
    act.roles = desk_roles, act.nroles = 1;
    cr_assert_eq(judge("incident", &g, &t, &act), ITSM_OK);
}

Test(guard, linked_counts_over_all_its_relations)
{
    struct thing t = incident("new");
    itsm_act act = act_of("ann");
    itsm_path paths[] = {link_to("incident", "change"), link_to("incident", "problem")};
    itsm_guard_def g = guard_on(ITSM_GUARD_LINKED, paths, 2);
    g.number = 2;
    set_link(&t, "change", 1, 1), set_link(&t, "problem", 0, 0);
    cr_assert_eq(judge("incident", &g, &t, &act), ITSM_E_REFUSED);
    t.links[1].unknown = 1; /* could still make them two */
    cr_assert_eq(judge("incident", &g, &t, &act), ITSM_E_UNDECIDED);
    set_link(&t, "change", 2, 1);
    cr_assert_eq(judge("incident", &g, &t, &act), ITSM_OK, "enough without it");
    t.links[1].unknown = 0, set_link(&t, "change", 1, 0), set_link(&t, "problem", 1, 1);
    cr_assert_eq(judge("incident", &g, &t, &act), ITSM_OK);
    static const itsm_str states[] = {{"closed", 6}};
    g.values.item = states, g.values.n = 1;
    cr_assert_eq(judge("incident", &g, &t, &act), ITSM_E_REFUSED, "only those in the states count");
}

Test(guard, all_linked_holds_with_none_and_none_linked_with_none_in_the_states)
{
    static const itsm_str states[] = {{"closed", 6}};
    struct thing t = incident("new");
    itsm_act act = act_of("ann");
    itsm_path path = link_to("incident", "task");
    itsm_guard_def all = guard_on(ITSM_GUARD_ALL_LINKED, &path, 1), none = guard_on(ITSM_GUARD_NONE_LINKED, &path, 1);
    all.values.item = none.values.item = states, all.values.n = none.values.n = 1;
    cr_assert_eq(judge("incident", &all, &t, &act), ITSM_OK);
    cr_assert_eq(judge("incident", &none, &t, &act), ITSM_OK);
    set_link(&t, "task", 2, 2);
    cr_assert_eq(judge("incident", &all, &t, &act), ITSM_OK);
    cr_assert_eq(judge("incident", &none, &t, &act), ITSM_E_REFUSED);
    set_link(&t, "task", 2, 1);
    cr_assert_eq(judge("incident", &all, &t, &act), ITSM_E_REFUSED);
    set_link(&t, "task", 2, 0);
    cr_assert_eq(judge("incident", &none, &t, &act), ITSM_OK);
    none.values.n = 0;
    cr_assert_eq(judge("incident", &none, &t, &act), ITSM_E_REFUSED, "without states: no record at all");
    t.links[0].unknown = 1;
    cr_assert_eq(judge("incident", &all, &t, &act), ITSM_E_UNDECIDED);
    cr_assert_eq(judge("incident", &none, &t, &act), ITSM_E_UNDECIDED);
}

Test(guard, a_relation_that_is_a_field_is_counted_in_the_field_where_links_cannot_be_asked)
{
    struct thing t = incident("new");
    itsm_act act = act_of("ann");
    itsm_path path = link_to("incident", "ci");
    itsm_guard_def g = guard_on(ITSM_GUARD_LINKED, &path, 1);
    itsm_subject subject = {&few_methods, &t};
    g.number = 2;
    itsm_ref ref = {11, {0, 1}};
    itsm_value items[2] = {itsm_value_ref(ref), itsm_value_ref(ref)}, list = itsm_value_number(ITSM_LIST, 0);
    list.u.list.item = items, list.u.list.n = 1;
    set(&t, "ci", list);
    cr_assert_eq(itsm_guard_check(machine_of("incident", ""), &g, subject, &act), ITSM_E_REFUSED);
    list.u.list.n = 2;
    set(&t, "ci", list);
    cr_assert_eq(itsm_guard_check(machine_of("incident", ""), &g, subject, &act), ITSM_OK);
}

Test(guard, reached_and_before_judge_by_the_effective_instant)
{
    struct thing t = incident("new");
    itsm_act act = act_of("ann");
    itsm_path path = path_to("incident", "resolved_at");
    itsm_guard_def reached = guard_on(ITSM_GUARD_REACHED, &path, 1), before = guard_on(ITSM_GUARD_BEFORE, &path, 1);
    cr_assert_eq(judge("incident", &reached, &t, &act), ITSM_E_REFUSED, "neither holds without a value");
    cr_assert_eq(judge("incident", &before, &t, &act), ITSM_E_REFUSED);
    set(&t, "resolved_at", itsm_value_number(ITSM_TIME, act.now));
    cr_assert_eq(judge("incident", &reached, &t, &act), ITSM_OK, "now is reached");
    cr_assert_eq(judge("incident", &before, &t, &act), ITSM_E_REFUSED);
    act.effective = act.now - 1;
    cr_assert_eq(judge("incident", &reached, &t, &act), ITSM_E_REFUSED);
    cr_assert_eq(judge("incident", &before, &t, &act), ITSM_OK);
    act.effective = 0;
    set(&t, "resolved_at", itsm_value_number(ITSM_DATE, 20000)); /* its first instant is now */
    cr_assert_eq(judge("incident", &reached, &t, &act), ITSM_OK);
    set(&t, "resolved_at", itsm_value_number(ITSM_DATE, 20001));
    cr_assert_eq(judge("incident", &before, &t, &act), ITSM_OK);
    reached.name = before.name = ITSM_STR("auto_close_after");
    set(&t, "resolved_at", itsm_value_number(ITSM_TIME, act.now - ITSM_DAYS(5)));
    cr_assert_eq(judge("incident", &reached, &t, &act), ITSM_OK);
    set(&t, "resolved_at", itsm_value_number(ITSM_TIME, act.now - ITSM_DAYS(5) + 1));
    cr_assert_eq(judge("incident", &reached, &t, &act), ITSM_E_REFUSED);
    cr_assert_eq(judge("incident", &before, &t, &act), ITSM_OK);
    set(&t, "resolved_at", itsm_value_number(ITSM_TIME, INT64_MAX - 1)); /* no overflow */
    cr_assert_eq(judge("incident", &before, &t, &act), ITSM_OK);
    set_unknown(&t, "resolved_at");
    cr_assert_eq(judge("incident", &reached, &t, &act), ITSM_E_UNDECIDED);
    cr_assert_eq(judge("incident", &before, &t, &act), ITSM_E_UNDECIDED);
    reached.name = ITSM_STR("no_such_policy");
    set(&t, "resolved_at", itsm_value_number(ITSM_TIME, 0));
    cr_assert_eq(judge("incident", &reached, &t, &act), ITSM_E_UNDECIDED);
}

Test(guard, a_field_of_linked_records_must_hold_for_all_of_them_and_there_must_be_one)
{
    struct thing t = incident("draft");
    itsm_act act = act_of("ann");
    const itsm_machine *m = machine_of("change", "");
    const itsm_guard_def *g = itsm_move_guard(itsm_machine_move(m, ITSM_STR("submit_standard"), NULL), 2);
    cr_assert(g->kind == ITSM_GUARD_BEFORE && g->paths[0].kind == ITSM_PATH_LINKED);
    cr_assert_eq(judge("change", g, &t, &act), ITSM_E_REFUSED, "nothing is linked");
    set_link(&t, "change_model", 2, 2);
    t.links[0].nfar = 2;
    t.links[0].far[0] = t.links[0].far[1] = itsm_value_number(ITSM_DATE, 20001);
    cr_assert_eq(judge("change", g, &t, &act), ITSM_OK);
    t.links[0].far[1] = itsm_value_number(ITSM_DATE, 19999);
    cr_assert_eq(judge("change", g, &t, &act), ITSM_E_REFUSED);
    t.links[0].far[1].kind = ITSM_NONE;
    cr_assert_eq(judge("change", g, &t, &act), ITSM_E_REFUSED);
    t.links[0].nfar = 1; /* counts two, shows one */
    cr_assert_eq(judge("change", g, &t, &act), ITSM_E_UNDECIDED);
    t.links[0].unknown = 1;
    cr_assert_eq(judge("change", g, &t, &act), ITSM_E_UNDECIDED);
}

Test(guard, approved_no_conflict_and_host_guards_are_what_the_subject_says)
{
    struct thing t = incident("new");
    itsm_act act = act_of("ann");
    itsm_path paths[] = {path_to("change", "planned_start"), path_to("change", "planned_end"), link_to("change", "ci")};
    itsm_guard_def approved = guard_on(ITSM_GUARD_APPROVED, NULL, 0),
                   conflict = guard_on(ITSM_GUARD_NO_CONFLICT, paths, 3);
    itsm_guard_def host = guard_on(ITSM_GUARD_HOST, NULL, 0);
    for (int answer = -1; answer <= 1; answer++) {
        itsm_status wanted = answer < 0 ? ITSM_E_UNDECIDED : answer ? ITSM_OK : ITSM_E_REFUSED;
        t.approved = t.custom = answer;
        cr_assert_eq(judge("change", &approved, &t, &act), wanted);
        cr_assert_eq(judge("change", &conflict, &t, &act), wanted);
        cr_assert_eq(judge("change", &host, &t, &act), wanted);
    }
}

/* The nine combinations of two parts, with role guards for true and false and a host guard for undecided. */
Test(guard, any_and_when_are_three_valued)
{
    const itsm_status values[] = {ITSM_E_REFUSED, ITSM_E_UNDECIDED, ITSM_OK}; /* false, undecided, true */
    struct thing t = incident("new");
    itsm_act act = act_of("ann");
    act.roles = desk_roles, act.nroles = 1;
    for (size_t a = 0; a < 3; a++) {
        for (size_t b = 0; b < 3; b++) {
            itsm_guard_def g[4];
            const size_t parts[] = {a, b};
            g[0] = guard_on(ITSM_GUARD_ANY, NULL, 0), g[0].nodes = 3;
            for (size_t i = 0; i < 2; i++) {
                g[i + 1] = guard_on(parts[i] == 1 ? ITSM_GUARD_HOST : ITSM_GUARD_ROLE, NULL, 0);
                g[i + 1].name = parts[i] == 2 ? ITSM_STR("service_desk") : ITSM_STR("king");
            }
            cr_assert_eq(judge("incident", g, &t, &act), values[a > b ? a : b], "any %zu %zu", a, b);
            g[0].kind = ITSM_GUARD_WHEN;
            size_t not_a = 2 - a;
            cr_assert_eq(judge("incident", g, &t, &act), values[not_a > b ? not_a : b], "when %zu %zu", a, b);
            g[0].nodes = 4, g[3] = g[2]; /* when(a, b, b) is the same */
            cr_assert_eq(judge("incident", g, &t, &act), values[not_a > b ? not_a : b], "when %zu %zu twice", a, b);
        }
    }
}

Test(guard, guards_nest)
{
    struct thing t = incident("new");
    itsm_act act = act_of("ann");
    itsm_guard_def g[6]; /* any(king, when(desk, any(king, desk))) */
    for (size_t i = 0; i < 6; i++) g[i] = guard_on(ITSM_GUARD_ROLE, NULL, 0), g[i].name = ITSM_STR("king");
    g[0].kind = ITSM_GUARD_ANY, g[0].nodes = 6;
    g[2].kind = ITSM_GUARD_WHEN, g[2].nodes = 4;
    g[3].name = ITSM_STR("service_desk");
    itsm_guard_def deep[7];
    memcpy(deep, g, 4 * sizeof *g);
    deep[0].nodes = 7, deep[2].nodes = 5;
    deep[4] = g[1], deep[4].kind = ITSM_GUARD_ANY, deep[4].nodes = 3;
    deep[5] = g[1], deep[6] = g[3];
    act.roles = desk_roles, act.nroles = 1;
    cr_assert_eq(judge("incident", deep, &t, &act), ITSM_OK);
    deep[6].name = ITSM_STR("king");
    cr_assert_eq(judge("incident", deep, &t, &act), ITSM_E_REFUSED);
    act.nroles = 0; /* then the condition does not hold */
    cr_assert_eq(judge("incident", deep, &t, &act), ITSM_OK);

    itsm_guard_def chain[40];
    for (size_t i = 0; i < 40; i++)
        chain[i] = g[1], chain[i].kind = ITSM_GUARD_ANY, chain[i].nodes = (uint16_t)(40 - i);
    chain[39].kind = ITSM_GUARD_ROLE;
    cr_assert_eq(judge("incident", chain, &t, &act), ITSM_E_LIMIT);
}

/* Around moves ---------------------------------------------------------------------------------------------------- */

struct seen {
    char text[1024];
    size_t n, stop_after;
    itsm_ctx *ctx;
};

static itsm_status see(void *user, const itsm_move_def *move, itsm_status verdict)
{
    struct seen *s = user;
    size_t k = strlen(s->text);
    snprintf(s->text + k, sizeof s->text - k, "%.*s%s%zu ", ITSM_ARG(move->name),
             verdict == ITSM_OK          ? "+"
             : verdict == ITSM_E_REFUSED ? "-"
                                         : "?",
             itsm_ctx_issue_count(s->ctx));
    return ++s->n == s->stop_after ? ITSM_DONE : ITSM_OK;
}

Test(lifecycle, possible_says_every_move_of_the_present_state_and_what_it_lacks)
{
    struct counting counting = COUNTING_INIT;
    struct seen s = {"", 0, 0, counting_ctx(&counting)};
    struct thing t = incident("pending");
    itsm_subject subject = {&few_methods, &t};
    itsm_act ann = act_of("ann");
    set_text(&t, "assignee", "ann"), set_text(&t, "pending_reason", "awaiting_change");
    const itsm_machine *m = machine_of("incident", "");
    cr_assert_eq(itsm_machine_possible(s.ctx, m, subject, &ann, see, &s), ITSM_OK);
    cr_assert_str_eq(s.text, "reassign-1 escalate-1 hold?1 resume+0 resolve-1 resolve_by_parent-2 cancel-3 ");
    cr_assert_eq(itsm_ctx_issue_count(s.ctx), 0);
    s.stop_after = s.n + 2;
    cr_assert_eq(itsm_machine_possible(s.ctx, m, subject, &ann, see, &s), ITSM_DONE);
    cr_assert_eq(s.n, 9);
    t.status = "nowhere";
    cr_assert_eq(itsm_machine_possible(s.ctx, m, subject, &ann, see, &s), ITSM_E_UNDECIDED);
    cr_assert_eq(itsm_ctx_issue_count(s.ctx), 1);
    cr_assert_eq(itsm_machine_possible(s.ctx, m, subject, &ann, NULL, NULL), ITSM_E_MISUSE);
    itsm_ctx_free(s.ctx);
    assert_nothing_outstanding(counting);
}

Test(lifecycle, moves_between_two_states_are_walked_in_the_order_of_the_model)
{
    const itsm_machine *m = machine_of("incident", "");
    const itsm_state_def *fresh = itsm_machine_state(m, ITSM_STR("new")),
                         *resolved = itsm_machine_state(m, ITSM_STR("resolved"));
    const itsm_move_def *move = itsm_machine_moves_between(m, fresh, resolved, NULL);
    assert_text(move->name, "resolve_first_contact");
    move = itsm_machine_moves_between(m, fresh, resolved, move);
    assert_text(move->name, "resolve_by_parent");
    cr_assert_null(itsm_machine_moves_between(m, fresh, resolved, move));
    cr_assert_null(itsm_machine_moves_between(m, resolved, fresh, NULL));
    size_t all = 0;
    for (move = NULL; (move = itsm_machine_moves_between(m, NULL, NULL, move));) all++;
    cr_assert_eq(all, m->nmoves);
}

static itsm_status count_unmet(void *user, const itsm_guard_def *guard, itsm_status verdict)
{
    size_t *counts = user;
    counts[!guard ? 0 : verdict == ITSM_E_REFUSED ? 1 : 2]++;
    return ITSM_OK;
}

static itsm_status stop_at_once(void *user, const itsm_guard_def *guard, itsm_status verdict)
{
    (void)user, (void)guard, (void)verdict;
    return ITSM_E_HOST_LAST;
}

Test(lifecycle, a_step_of_history_is_judged_whatever_the_present_state_is)
{
    const itsm_machine *m = machine_of("incident", "");
    const itsm_move_def *resolve = itsm_machine_move(m, ITSM_STR("resolve"), NULL);
    struct thing t = incident("closed");
    itsm_subject subject = {&few_methods, &t};
    itsm_act eve = act_of("eve");
    size_t counts[3] = {0, 0, 0};
    cr_assert_eq(itsm_machine_judge(m, resolve, subject, &eve, count_unmet, counts), ITSM_E_REFUSED);
    cr_assert(counts[0] == 1 && counts[1] == 1 && counts[2] == 0);
    cr_assert_eq(itsm_machine_judge(m, resolve, subject, &eve, NULL, NULL), ITSM_E_REFUSED);
    cr_assert_eq(itsm_machine_judge(m, resolve, subject, &eve, stop_at_once, NULL), ITSM_E_HOST_LAST);
    set_unknown(&t, "category"), set_text(&t, "assignee", "eve");
    set_text(&t, "service", "s"), set_text(&t, "resolution_code", "fixed"), set_text(&t, "resolution", "r");
    cr_assert_eq(itsm_machine_judge(m, resolve, subject, &eve, count_unmet, counts), ITSM_E_UNDECIDED);
    cr_assert_eq(counts[2], 1);
    cr_assert_eq(itsm_machine_judge(m, NULL, subject, &eve, NULL, NULL), ITSM_E_MISUSE);
}

static itsm_status list_missing(void *user, const itsm_field_def *field, itsm_status verdict)
{
    struct seen *s = user;
    size_t k = strlen(s->text);
    snprintf(s->text + k, sizeof s->text - k, "%s%.*s ", verdict == ITSM_E_UNDECIDED ? "?" : "", ITSM_ARG(field->name));
    return ITSM_OK;
}

Test(lifecycle, fields_missing_at_a_state_are_listed_the_header_first)
{
    const itsm_type_def *type = itsm_model_type(itsm_model_builtin(), ITSM_STR("incident"));
    const itsm_machine *m = itsm_type_machine(type, ITSM_STR(""));
    struct thing t = incident("new");
    itsm_subject subject = {&few_methods, &t};
    struct seen s = {"", 0, 0, NULL};
    cr_assert_eq(itsm_type_missing(type, NULL, subject, list_missing, &s), ITSM_E_REFUSED);
    cr_assert_str_eq(s.text, "title description reporter channel impact urgency detected_at ");
    s.text[0] = 0;
    const itsm_state_def *assigned = itsm_machine_state(m, ITSM_STR("assigned"));
    set_text(&t, "category", "hardware"), set_unknown(&t, "service");
    cr_assert_eq(itsm_type_missing(type, assigned, subject, list_missing, &s), ITSM_E_REFUSED);
    cr_assert_str_eq(s.text, "?service assignment_group ");
    set_text(&t, "assignment_group", "g");
    cr_assert_eq(itsm_type_missing(type, assigned, subject, NULL, NULL), ITSM_E_UNDECIDED);
    set_text(&t, "service", "s");
    cr_assert_eq(itsm_type_missing(type, assigned, subject, NULL, NULL), ITSM_OK);
    cr_assert_eq(itsm_type_missing(NULL, assigned, subject, NULL, NULL), ITSM_E_MISUSE);
}

Test(lifecycle, a_host_writes_a_field_only_where_the_model_lets_it)
{
    const itsm_type_def *change = itsm_model_type(itsm_model_builtin(), ITSM_STR("change"));
    const itsm_type_def *approval = itsm_model_type(itsm_model_builtin(), ITSM_STR("approval"));
    const itsm_machine *m = itsm_type_machine(change, ITSM_STR(""));
    const itsm_state_def *draft = itsm_machine_state(m, ITSM_STR("draft")),
                         *assess = itsm_machine_state(m, ITSM_STR("assess"));
    const itsm_field_def *kind = itsm_type_field(change, ITSM_STR("change_type"));
    cr_assert(itsm_field_writable(kind, draft, 1) && itsm_field_writable(kind, draft, 0));
    cr_assert(!itsm_field_writable(kind, assess, 0));
    cr_assert(itsm_field_writable(itsm_type_field(change, ITSM_STR("reason")), assess, 0));
    cr_assert(!itsm_field_writable(itsm_type_field(change, ITSM_STR("status")), draft, 1));
    cr_assert(!itsm_field_writable(itsm_type_field(change, ITSM_STR("created_at")), draft, 1));
    const itsm_field_def *body = itsm_type_field(approval, ITSM_STR("body"));
    const itsm_state_def *requested = itsm_type_machine(approval, ITSM_STR(""))->states;
    cr_assert(itsm_field_writable(body, requested, 1) && !itsm_field_writable(body, requested, 0));
}

/* Misuse and memory ----------------------------------------------------------------------------------------------- */

Test(lifecycle, wrong_calls_are_named_so)
{
    struct thing t = incident("new");
    itsm_subject subject = {&all_methods, &t}, none = {NULL, &t};
    itsm_plan plan = ITSM_PLAN_INIT, empty = ITSM_PLAN_INIT;
    itsm_act act = act_of("ann"), roles = act_of("ann"), no_size = act_of("ann");
    const itsm_machine *m = machine_of("incident", "");
    itsm_str move = ITSM_STR("start");
    roles.nroles = 1, no_size.size = 0, empty.size = 0;
    cr_assert_eq(itsm_machine_check(NULL, NULL, m, subject, move, &act), ITSM_E_MISUSE);
    cr_assert_eq(itsm_machine_check(&empty, NULL, m, subject, move, &act), ITSM_E_MISUSE);
    cr_assert_eq(itsm_machine_check(&plan, NULL, NULL, subject, move, &act), ITSM_E_MISUSE);
    cr_assert_eq(itsm_machine_check(&plan, NULL, m, none, move, &act), ITSM_E_MISUSE);
    cr_assert_eq(itsm_machine_check(&plan, NULL, m, subject, move, NULL), ITSM_E_MISUSE);
    cr_assert_eq(itsm_machine_check(&plan, NULL, m, subject, move, &roles), ITSM_E_MISUSE);
    cr_assert_eq(itsm_machine_check(&plan, NULL, m, subject, move, &no_size), ITSM_E_MISUSE);
    cr_assert_eq(itsm_machine_check(&plan, NULL, m, subject, move, &act), ITSM_E_REFUSED, "no context is allowed");
    itsm_subject_methods short_table = all_methods;
    short_table.size = offsetof(itsm_subject_methods, linked); /* of an older host: the rest is absent */
    subject.methods = &short_table;
    t.status = "pending", set_text(&t, "assignee", "ann"), set_text(&t, "pending_reason", "awaiting_change");
    cr_assert_eq(itsm_machine_check(&plan, NULL, m, subject, ITSM_STR("hold"), &act), ITSM_E_UNDECIDED);
}

Test(lifecycle, a_short_plan_of_an_older_host_is_filled_as_far_as_it_goes)
{
    struct thing t = incident("pending");
    itsm_subject subject = {&all_methods, &t};
    itsm_plan plan = ITSM_PLAN_INIT;
    itsm_act act = act_of("ann");
    set_text(&t, "assignee", "ann");
    plan.size = offsetof(itsm_plan, category);
    cr_assert_eq(itsm_machine_check(&plan, NULL, machine_of("incident", ""), subject, ITSM_STR("resume"), &act),
                 ITSM_OK);
    assert_text(plan.to, "in_progress");
    cr_assert(plan.size == offsetof(itsm_plan, category) && plan.category == 0 && !plan.move);
}

Test(lifecycle, without_memory_a_refusal_is_still_a_refusal)
{
    struct counting counting = COUNTING_INIT;
    itsm_ctx *ctx = counting_ctx(&counting);
    struct thing t = incident("new");
    itsm_subject subject = {&all_methods, &t};
    itsm_act eve = act_of("eve");
    itsm_plan plan = ITSM_PLAN_INIT;
    size_t failures = 0;
    for (size_t n = 1;; n++) {
        counting_fail(&counting, n);
        cr_assert_eq(itsm_machine_check(&plan, ctx, machine_of("incident", ""), subject, ITSM_STR("start"), &eve),
                     ITSM_E_REFUSED);
        if (!counting_stop(&counting)) break;
        failures++;
        itsm_ctx_free(ctx);
        assert_nothing_outstanding(counting);
        ctx = counting_ctx(&counting);
    }
    cr_assert_gt(failures, 3);
    cr_assert_eq(itsm_ctx_issue_count(ctx), 2);
    itsm_ctx_free(ctx);
    assert_nothing_outstanding(counting);
}
