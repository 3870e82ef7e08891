/* SPDX-License-Identifier: MIT */
/*
 * Judging actors and guards of one act on one subject.
 *
 * A guard is its nodes in prefix order.  They are walked forward with a small stack of the `any` and `when` that are
 * still open; as soon as one of these is decided, the rest of its nodes is skipped, so a subject is asked only what
 * matters (every question may be a read of a store).  Nothing is allocated and no text is built here.  A leaf costs
 * one or two calls of the subject.
 *
 * A method that fails with anything but ITSM_E_UNDECIDED ends the judging: `failure` keeps its code and whoever called
 * must look at it before the verdict.
 */
#include "lifecycle/judge.h"

#include "base/bits.h"
#include "base/text.h"

enum { NESTING = 16 };

static itsm__verdict least(itsm__verdict a, itsm__verdict b)
{
    return a < b ? a : b;
}

static itsm__verdict greatest(itsm__verdict a, itsm__verdict b)
{
    return a > b ? a : b;
}

static itsm__verdict truth(int holds)
{
    return holds ? ITSM__TRUE : ITSM__FALSE;
}

itsm_status itsm__judge_status(const itsm__judge *judge, itsm__verdict verdict)
{
    if (judge->failure) return judge->failure;
    return verdict == ITSM__TRUE ? ITSM_OK : verdict == ITSM__FALSE ? ITSM_E_REFUSED : ITSM_E_UNDECIDED;
}

/* What a failed method means. */
static itsm__verdict failed(itsm__judge *judge, itsm_status status)
{
    if (status != ITSM_E_UNDECIDED) judge->failure = status;
    return ITSM__UNDECIDED;
}

itsm_status itsm__judge_init_subject(itsm__judge *judge, const itsm_type_def *type, itsm_subject subject)
{
    const size_t least_size = offsetof(itsm_subject_methods, linked);
    if (!type || !subject.methods || subject.methods->size < least_size || !subject.methods->state ||
        !subject.methods->field)
        return ITSM_E_MISUSE;
    if (subject.methods->size >= sizeof judge->methods) {
        judge->methods = *subject.methods;
    } else {
        memset(&judge->methods, 0, sizeof judge->methods);
        memcpy(&judge->methods, subject.methods, subject.methods->size);
    }
    judge->type = type, judge->self = subject.self;
    judge->act = NULL, judge->at = 0, judge->last = NULL, judge->failure = ITSM_OK;
    return ITSM_OK;
}

itsm_status itsm__judge_init(itsm__judge *judge, const itsm_type_def *type, itsm_subject subject, const itsm_act *act)
{
    if (!act || act->size < sizeof(itsm_act) || (act->nroles && !act->roles)) return ITSM_E_MISUSE;
    itsm_status status = itsm__judge_init_subject(judge, type, subject);
    if (status) return status;
    judge->act = act;
    judge->at = act->effective ? act->effective : act->now;
    return ITSM_OK;
}

/* Reading --------------------------------------------------------------------------------------------------------- */

int itsm__has_content(const itsm_value *v)
{
    switch (v->kind) {
    case ITSM_NONE: return 0;
    case ITSM_TEXT:
    case ITSM_ENUM:
    case ITSM_PARTY:
    case ITSM_BLOB: return v->u.s.n > 0;
    case ITSM_MAP: return v->u.s.n > 0 && !itsm_str_is(v->u.s, "{}") && !itsm_str_is(v->u.s, "[]");
    case ITSM_LIST: return v->u.list.n > 0;
    case ITSM_BYTES: return v->u.b.n > 0;
    case ITSM_TIME:
    case ITSM_SPAN: return v->u.i != ITSM_TIME_NONE;
    default: return 1;
    }
}

itsm__verdict itsm__judge_state(itsm__judge *judge, itsm_str *out, itsm_str facet)
{
    out->p = NULL, out->n = 0;
    itsm_status status = judge->methods.state(judge->self, out, facet);
    if (status < 0) return failed(judge, status);
    return truth(status == ITSM_OK && out->n > 0);
}

static itsm__verdict ask_field(itsm__judge *judge, itsm_value *out, const itsm_field_def *field)
{
    out->kind = ITSM_NONE, out->scale = 0;
    if (field->machine) {
        itsm_str state;
        itsm__verdict verdict = itsm__judge_state(judge, &state, field->machine->name);
        if (verdict == ITSM__TRUE) out->kind = ITSM_ENUM, out->u.s = state;
        return verdict;
    }
    itsm_status status = judge->methods.field(judge->self, out, field);
    if (status < 0) return failed(judge, status);
    if (status == ITSM_OK && itsm__has_content(out)) return ITSM__TRUE;
    out->kind = ITSM_NONE;
    return ITSM__FALSE;
}

/* ITSM__TRUE: out is a value; ITSM__FALSE: there is none, and out is of kind ITSM_NONE. */
static itsm__verdict read_field(itsm__judge *judge, itsm_value *out, const itsm_field_def *field)
{
    if (field != judge->last) {
        judge->last = field;
        judge->last_read = ask_field(judge, &judge->last_value, field);
    }
    *out = judge->last_value;
    return judge->last_read;
}

itsm__verdict itsm__judge_has(itsm__judge *judge, const itsm_field_def *field)
{
    itsm_value value;
    return read_field(judge, &value, field);
}

/* A relation that is a field can be counted in the field, as long as no state is asked for. */
static itsm__verdict count_in_field(itsm__judge *judge, itsm_link_count *out, const itsm_link_def *link)
{
    itsm_value value;
    itsm__verdict verdict = read_field(judge, &value, &judge->type->fields[link->field]);
    if (verdict == ITSM__UNDECIDED) return verdict;
    out->all = value.kind == ITSM_NONE ? 0 : value.kind == ITSM_LIST ? value.u.list.n : 1;
    out->within = out->all;
    return ITSM__TRUE;
}

/* ITSM__TRUE: out is the count; else ITSM__UNDECIDED. */
static itsm__verdict count_links(itsm__judge *judge, itsm_link_count *out, const itsm_link_query *query)
{
    out->size = sizeof *out, out->all = out->within = 0;
    if (!judge->methods.linked) {
        if (query->link->is_field && !query->states.n && !query->field) return count_in_field(judge, out, query->link);
        return ITSM__UNDECIDED;
    }
    itsm_status status = judge->methods.linked(judge->self, out, query);
    if (status < 0) return failed(judge, status);
    if (!query->states.n) out->within = out->all;
    return ITSM__TRUE;
}

static itsm_link_query link_query(const itsm_link_def *link)
{
    itsm_link_query query;
    memset(&query, 0, sizeof query);
    query.size = sizeof query, query.link = link;
    return query;
}

static int holds_role(const itsm_act *act, itsm_str role)
{
    for (size_t i = 0; i < act->nroles; i++)
        if (itsm_str_eq(act->roles[i], role)) return 1;
    return 0;
}

/* Tests of one value; NULL: there is none ------------------------------------------------------------------------- */

typedef itsm__verdict (*value_test)(itsm__judge *judge, const itsm_guard_def *guard, const itsm_value *value);

static itsm__verdict test_set(itsm__judge *judge, const itsm_guard_def *guard, const itsm_value *value)
{
    (void)judge, (void)guard;
    return truth(value != NULL);
}

static int is_named(const itsm_value *value, itsm_str name)
{
    int64_t number;
    switch (value->kind) {
    case ITSM_BOOL: return itsm_str_is(name, value->u.i ? "true" : "false");
    case ITSM_INT: return itsm__parse_int(&number, name) == ITSM_OK && number == value->u.i;
    case ITSM_TEXT:
    case ITSM_ENUM:
    case ITSM_PARTY:
    case ITSM_BLOB: return itsm_str_eq(value->u.s, name);
    default: return 0;
    }
}

static int is_one_of(const itsm_value *value, const itsm_names *names)
{
    const itsm_value *items = value->kind == ITSM_LIST ? value->u.list.item : value;
    size_t n = value->kind == ITSM_LIST ? value->u.list.n : 1;
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < names->n; k++)
            if (is_named(&items[i], names->item[k])) return 1;
    return 0;
}

static itsm__verdict test_eq(itsm__judge *judge, const itsm_guard_def *guard, const itsm_value *value)
{
    (void)judge;
    return truth(value && is_one_of(value, &guard->values));
}

static itsm__verdict test_ne(itsm__judge *judge, const itsm_guard_def *guard, const itsm_value *value)
{
    (void)judge;
    return truth(!value || !is_one_of(value, &guard->values));
}

/* The instant of a time or a date, which counts as its first instant in UTC; 0 if it is neither. */
static int instant_of(itsm_time *out, const itsm_value *value)
{
    if (value->kind == ITSM_TIME) {
        *out = value->u.i;
        return 1;
    }
    return value->kind == ITSM_DATE && itsm__mul(out, value->u.i, ITSM_DAYS(1));
}

/* Reached or not, and neither without a value: `before` is more than not `reached`. */
static itsm__verdict test_time(itsm__judge *judge, const itsm_guard_def *guard, const itsm_value *value)
{
    itsm_time instant;
    itsm_span span = 0;
    if (!value || !instant_of(&instant, value)) return ITSM__FALSE;
    if (guard->name.n && itsm_model_policy(&span, judge->type->model, guard->name)) return ITSM__UNDECIDED;
    if (!itsm__add(&instant, instant, span)) instant = INT64_MAX;
    return truth((judge->at >= instant) == (guard->kind == ITSM_GUARD_REACHED));
}

/* A path of linked records: the test must hold for all of them, and there must be one. */
typedef struct far_test {
    itsm__judge *judge;
    const itsm_guard_def *guard;
    value_test test;
    itsm__verdict verdict;
    uint64_t seen;
} far_test;

static itsm_status test_far_value(void *user, const itsm_value *value)
{
    far_test *far = user;
    if (value && !itsm__has_content(value)) value = NULL;
    far->verdict = least(far->verdict, far->test(far->judge, far->guard, value));
    far->seen++;
    return ITSM_OK;
}

static itsm__verdict test_far(itsm__judge *judge, const itsm_guard_def *guard, const itsm_path *path, value_test test)
{
    far_test far = {judge, guard, test, ITSM__TRUE, 0};
    itsm_link_query query = link_query(&judge->type->links[path->at]);
    itsm_link_count count;
    query.field = itsm_type_field(query.link->target, path->far);
    query.each = test_far_value, query.user = &far;
    if (!query.field) return ITSM__UNDECIDED;
    itsm__verdict counted = count_links(judge, &count, &query);
    if (counted != ITSM__TRUE) return least(far.verdict, counted);
    if (far.seen < count.all) return least(far.verdict, ITSM__UNDECIDED); /* counted, but not shown */
    return count.all ? far.verdict : ITSM__FALSE;
}

static itsm__verdict test_link(itsm__judge *judge, const itsm_path *path)
{
    itsm_link_query query = link_query(&judge->type->links[path->at]);
    itsm_link_count count;
    itsm__verdict counted = count_links(judge, &count, &query);
    return counted == ITSM__TRUE ? truth(count.all > 0) : counted;
}

static itsm__verdict test_path(itsm__judge *judge, const itsm_guard_def *guard, const itsm_path *path, value_test test)
{
    itsm_value value;
    itsm__verdict read;
    switch (path->kind) {
    case ITSM_PATH_FIELD:
        read = read_field(judge, &value, &judge->type->fields[path->at]);
        return read == ITSM__UNDECIDED ? read : test(judge, guard, read == ITSM__TRUE ? &value : NULL);
    case ITSM_PATH_LINKED: return test_far(judge, guard, path, test);
    case ITSM_PATH_LINK: return test == test_set ? test_link(judge, path) : ITSM__UNDECIDED;
    default: /* the actor */
        value = itsm_value_text(judge->act->who);
        return test(judge, guard, value.u.s.n ? &value : NULL);
    }
}

itsm__verdict itsm__judge_set(itsm__judge *judge, const itsm_path *path)
{
    return test_path(judge, NULL, path, test_set);
}

/* Leaves ---------------------------------------------------------------------------------------------------------- */

static itsm__verdict judge_all_set(itsm__judge *judge, const itsm_guard_def *guard)
{
    itsm__verdict verdict = ITSM__TRUE;
    for (size_t i = 0; i < guard->npaths && verdict != ITSM__FALSE && !judge->failure; i++)
        verdict = least(verdict, itsm__judge_set(judge, &guard->paths[i]));
    return verdict;
}

/* a * 10^-as against b * 10^-bs: negative, 0 or positive. */
static int compare_scaled(int64_t a, unsigned as, int64_t b, unsigned bs)
{
    for (; as < bs; as++)
        if (!itsm__mul(&a, a, 10)) return a > 0 ? 1 : -1;
    for (; bs < as; bs++)
        if (!itsm__mul(&b, b, 10)) return b > 0 ? -1 : 1;
    return a < b ? -1 : a > b;
}

static int is_number(const itsm_value *value)
{
    return value->kind == ITSM_INT || value->kind == ITSM_DECIMAL;
}

static itsm__verdict read_path(itsm__judge *judge, itsm_value *out, const itsm_path *path)
{
    out->kind = ITSM_NONE;
    if (path->kind == ITSM_PATH_FIELD) return read_field(judge, out, &judge->type->fields[path->at]);
    if (path->kind != ITSM_PATH_ACTOR) return ITSM__UNDECIDED;
    if (judge->act->who.n) *out = itsm_value_text(judge->act->who);
    return truth(judge->act->who.n > 0);
}

static itsm__verdict judge_greater(itsm__judge *judge, const itsm_guard_def *guard)
{
    itsm_value a, b = itsm_value_number(ITSM_INT, guard->number);
    b.scale = guard->scale;
    itsm__verdict read = read_path(judge, &a, &guard->paths[0]);
    if (read != ITSM__FALSE && guard->npaths > 1) read = least(read, read_path(judge, &b, &guard->paths[1]));
    if (read != ITSM__TRUE) return read;
    if (!is_number(&a) || !is_number(&b)) return ITSM__FALSE;
    int order = compare_scaled(a.u.i, a.scale, b.u.i, b.scale);
    return truth(guard->kind == ITSM_GUARD_GT ? order > 0 : order >= 0);
}

static int is_text(const itsm_value *value)
{
    return value->kind == ITSM_PARTY || value->kind == ITSM_TEXT || value->kind == ITSM_ENUM;
}

static int is_party(const itsm_value *value, itsm_str party)
{
    const itsm_value *items = value->kind == ITSM_LIST ? value->u.list.item : value;
    size_t n = value->kind == ITSM_LIST ? value->u.list.n : 1;
    for (size_t i = 0; i < n; i++)
        if (is_text(&items[i]) && itsm_str_eq(items[i].u.s, party)) return 1;
    return 0;
}

static itsm__verdict judge_differs(itsm__judge *judge, const itsm_guard_def *guard)
{
    itsm_value a, b;
    itsm__verdict read = read_path(judge, &a, &guard->paths[0]);
    if (read == ITSM__FALSE) return read;
    read = least(read, read_path(judge, &b, &guard->paths[1]));
    if (read != ITSM__TRUE) return read;
    const itsm_value *items = a.kind == ITSM_LIST ? a.u.list.item : &a;
    size_t n = a.kind == ITSM_LIST ? a.u.list.n : 1;
    for (size_t i = 0; i < n; i++) /* of lists: no party stands in both */
        if (!is_text(&items[i]) || is_party(&b, items[i].u.s)) return ITSM__FALSE;
    return ITSM__TRUE;
}

static itsm__verdict judge_linked(itsm__judge *judge, const itsm_guard_def *guard)
{
    uint64_t within = 0, outside = 0, wanted = guard->number > 0 ? (uint64_t)guard->number : 0;
    itsm__verdict counted = ITSM__TRUE;
    for (size_t i = 0; i < guard->npaths && !judge->failure; i++) {
        itsm_link_query query = link_query(&judge->type->links[guard->paths[i].at]);
        itsm_link_count count;
        query.states = guard->values;
        itsm__verdict verdict = count_links(judge, &count, &query);
        counted = least(counted, verdict);
        if (verdict != ITSM__TRUE) continue;
        within += count.within, outside += count.all - count.within;
        if (guard->kind == ITSM_GUARD_LINKED && within >= wanted) return ITSM__TRUE;
    }
    if (guard->kind == ITSM_GUARD_LINKED) /* what was not counted could still make them enough */
        return within >= wanted ? ITSM__TRUE : counted == ITSM__TRUE ? ITSM__FALSE : ITSM__UNDECIDED;
    return (guard->kind == ITSM_GUARD_ALL_LINKED ? outside : within) == 0 ? counted : ITSM__FALSE;
}

static itsm__verdict judge_asked(itsm__judge *judge, const itsm_guard_def *guard,
                                 itsm_status (*method)(void *, uint32_t *, const itsm_guard_def *))
{
    uint32_t holds = 0;
    if (!method) return ITSM__UNDECIDED;
    itsm_status status = method(judge->self, &holds, guard);
    return status < 0 ? failed(judge, status) : truth(holds != 0);
}

static itsm__verdict judge_leaf(itsm__judge *judge, const itsm_guard_def *guard)
{
    switch (guard->kind) {
    case ITSM_GUARD_SET: return judge_all_set(judge, guard);
    case ITSM_GUARD_EQ: return test_path(judge, guard, &guard->paths[0], test_eq);
    case ITSM_GUARD_NE: return test_path(judge, guard, &guard->paths[0], test_ne);
    case ITSM_GUARD_GT:
    case ITSM_GUARD_GE: return judge_greater(judge, guard);
    case ITSM_GUARD_DIFFERS: return judge_differs(judge, guard);
    case ITSM_GUARD_ROLE: return truth(holds_role(judge->act, guard->name));
    case ITSM_GUARD_LINKED:
    case ITSM_GUARD_ALL_LINKED:
    case ITSM_GUARD_NONE_LINKED: return judge_linked(judge, guard);
    case ITSM_GUARD_REACHED:
    case ITSM_GUARD_BEFORE: return test_path(judge, guard, &guard->paths[0], test_time);
    case ITSM_GUARD_APPROVED: return judge_asked(judge, guard, judge->methods.approved);
    case ITSM_GUARD_NO_CONFLICT:
    case ITSM_GUARD_HOST: return judge_asked(judge, guard, judge->methods.custom);
    default: return ITSM__FALSE; /* an `any` with nothing below it */
    }
}

/* Guards ---------------------------------------------------------------------------------------------------------- */

/* An `any` or `when` whose nodes are being walked. */
typedef struct open_guard {
    const itsm_guard_def *end;
    uint32_t kind;
    int has_condition;       /* of `when`: the condition was judged ... */
    itsm__verdict condition; /* ... with this verdict */
    itsm__verdict sum;       /* of the guards so far */
} open_guard;

/* Add the verdict on a guard below; 1 if that decides the open one, or was its last. */
static int fold(open_guard *open, itsm__verdict verdict, int last)
{
    if (open->kind == ITSM_GUARD_ANY) {
        open->sum = greatest(open->sum, verdict);
        return last || open->sum == ITSM__TRUE;
    }
    if (!open->has_condition) {
        open->has_condition = 1, open->condition = verdict;
        return last || verdict == ITSM__FALSE; /* the sum is still ITSM__TRUE */
    }
    open->sum = least(open->sum, verdict);
    if (!last && open->sum != ITSM__FALSE) return 0;
    if (open->condition == ITSM__UNDECIDED) open->sum = greatest(open->sum, ITSM__UNDECIDED);
    return 1;
}

itsm__verdict itsm__judge_guard(itsm__judge *judge, const itsm_guard_def *guard)
{
    open_guard open[NESTING];
    size_t depth = 0;

    for (const itsm_guard_def *at = guard;;) {
        if (at->nodes > 1) {
            if (depth == NESTING) {
                judge->failure = ITSM_E_LIMIT;
                return ITSM__UNDECIDED;
            }
            open_guard *o = &open[depth++];
            o->end = at + at->nodes, o->kind = at->kind, o->has_condition = 0, o->condition = ITSM__TRUE;
            o->sum = at->kind == ITSM_GUARD_ANY ? ITSM__FALSE : ITSM__TRUE;
            at++;
            continue;
        }
        itsm__verdict verdict = judge_leaf(judge, at++);
        if (judge->failure) return ITSM__UNDECIDED;
        while (depth && fold(&open[depth - 1], verdict, at == open[depth - 1].end))
            verdict = open[--depth].sum, at = open[depth].end;
        if (!depth) return verdict;
    }
}

/* Actors ---------------------------------------------------------------------------------------------------------- */

/* `timer` is the library's own: a party that is merely given the role may not make its moves. */
static int holds_place(const itsm_act *act, itsm_str role)
{
    return holds_role(act, role) && (!itsm_str_is(role, "timer") || itsm_str_is(act->who, "timer"));
}

static itsm__verdict judge_one_actor(itsm__judge *judge, const itsm_actor_def *actor)
{
    if (actor->kind == ITSM_ACTOR_ANY) return ITSM__TRUE;
    if (actor->kind == ITSM_ACTOR_HOLDER) return truth(holds_place(judge->act, actor->name));
    itsm_value value;
    itsm__verdict read = read_field(judge, &value, &judge->type->fields[actor->field]);
    if (read == ITSM__TRUE) return truth(judge->act->who.n && is_party(&value, judge->act->who));
    if (read == ITSM__FALSE) return truth(holds_role(judge->act, actor->name));
    return read;
}

itsm__verdict itsm__judge_actor(itsm__judge *judge, const itsm_move_def *move)
{
    itsm__verdict verdict = ITSM__FALSE;
    for (size_t i = 0; i < move->nactors && verdict != ITSM__TRUE && !judge->failure; i++)
        verdict = greatest(verdict, judge_one_actor(judge, &move->actors[i]));
    return verdict;
}
