/* SPDX-License-Identifier: MIT */
/*
 * Moves, in the order of the model.
 *
 * One move is: the fields that come with it, derived fields, actor and guards on the old state, effects, the new state,
 * derived fields again, fields mandatory there; and only then what it fires on linked records, each a whole move of its
 * own.  Fired moves are a list that is worked off, each (record, move) once, so cycles end.  Whatever is found wrong is
 * an issue, all of it, and the drafts are put back as they were.  What is possible is found by trying.
 *
 * A move costs a copy of the record's values, one judgement of its guards with a read for each linked record they look
 * at, a history row and an audit entry.
 */
#include "sms/internal.h"

#include "base/bits.h"
#include "base/text.h"
#include "lifecycle/explain.h"
#include "record/internal.h"

#define FIRED_MAX 10000 /* moves one act may fire */
#define EFFECTS_MAX 64  /* of a move, as far as conditions are kept */

/* Effects ----------------------------------------------------------------------------------------------------------- */

/* A move under way. */
typedef struct moving {
    itsm_work *work;
    itsm__draft *draft;
    const itsm_machine *machine;
    const itsm_move_def *move;
    const itsm_act *act;
    uint64_t skipped; /* effects whose condition did not hold, by their place */
} moving;

static itsm_value literal(const itsm_field_def *field, itsm_str text)
{
    int64_t number;
    if (field->kind == ITSM_BOOL) return itsm_value_number(ITSM_BOOL, itsm_str_is(text, "true"));
    if (field->kind == ITSM_INT && itsm__parse_int(&number, text) == ITSM_OK)
        return itsm_value_number(ITSM_INT, number);
    return itsm_value_text(text);
}

static itsm_status stamp(itsm_record *record, const itsm_field_def *field, itsm_time at, int only_if_empty)
{
    itsm_value value = itsm_value_number(ITSM_TIME, at);
    if (only_if_empty && itsm__record_at(record, field->number)) return ITSM_OK;
    if (field->kind == ITSM_DATE) value = itsm_value_number(ITSM_DATE, itsm__floor_div(at, ITSM_DAYS(1)));
    return itsm_record_set(record, field, &value);
}

/* What an effect does to each linked record. */
typedef struct reaching {
    const moving *m;
    const itsm_effect_def *effect;
    const itsm_record *first; /* of `copy`: the earliest record that has a value */
} reaching;

static const itsm_field_def *far_field(const itsm_record *record, const itsm_path *path)
{
    return itsm_type_field(itsm_record_type(record), path->far);
}

static itsm_status stamp_linked(void *user, itsm_ref ref)
{
    const reaching *r = user;
    itsm__draft *draft;
    itsm__touch *touch;
    itsm_status rc = itsm__work_find(&draft, r->m->work, ref);
    if (rc) return rc == ITSM_NOTHING ? ITSM_OK : rc;
    const itsm_field_def *field = far_field(draft->record, &r->effect->paths[0]);
    if (!field) return ITSM_OK;
    rc = itsm__work_touch(&touch, r->m->work, draft, ITSM_AUDIT_CHANGE, r->m->move->name);
    if (!rc) rc = stamp(draft->record, field, itsm__work_effective(r->m->work), r->effect->first);
    return rc ? rc : itsm__derive(r->m->work->sms, draft->record, NULL);
}

/* Was a record made before another?  Numbers decide between those made at one instant. */
static int is_earlier(const itsm_record *a, const itsm_record *b)
{
    const itsm_value *x = itsm__record_at(a, ITSM_FIELD_CREATED_AT), *y = itsm__record_at(b, ITSM_FIELD_CREATED_AT);
    if (x && y && x->u.i != y->u.i) return x->u.i < y->u.i;
    x = itsm__record_at(a, ITSM_FIELD_NUMBER), y = itsm__record_at(b, ITSM_FIELD_NUMBER);
    if (!x || !y) return x == NULL;
    if (x->u.s.n != y->u.s.n) return x->u.s.n < y->u.s.n;
    return memcmp(x->u.s.p, y->u.s.p, x->u.s.n) < 0;
}

static itsm_status copy_linked(void *user, itsm_ref ref)
{
    reaching *r = user;
    itsm__draft *draft;
    itsm_status rc = itsm__work_find(&draft, r->m->work, ref);
    if (rc) return rc == ITSM_NOTHING ? ITSM_OK : rc;
    if ((rc = itsm__work_check(r->m->work, draft))) return rc;
    const itsm_field_def *field = far_field(draft->record, &r->effect->paths[1]);
    if (!field || !itsm__record_at(draft->record, field->number)) return ITSM_OK;
    if (!r->first || is_earlier(draft->record, r->first)) r->first = draft->record;
    return ITSM_OK;
}

static itsm_status copy(reaching *r, itsm_record *record, const itsm_field_def *field, const itsm_link_def *link)
{
    itsm_status rc = itsm__links_each(r->m->work, r->m->draft, link, copy_linked, r);
    if (rc || !r->first) return rc;
    return itsm_record_set(record, field, itsm__record_at(r->first, far_field(r->first, &r->effect->paths[1])->number));
}

/* One more than it was; a number that has no successor stays. */
static itsm_status increment(itsm_record *record, const itsm_field_def *field)
{
    const itsm_value *held = itsm__record_at(record, field->number);
    itsm_value value = itsm_value_number(ITSM_INT, 1);
    if (held && !itsm__add(&value.u.i, held->u.i, 1)) return ITSM_E_RANGE;
    return itsm_record_set(record, field, &value);
}

static itsm_status add_notice(const moving *m, itsm_str to)
{
    itsm_work *work = m->work;
    itsm_status rc =
        itsm__grow(&work->memory, &work->notice, &work->notice_capacity, work->nnotices + 1, sizeof *work->notice);
    if (rc) return rc;
    itsm_notice *notice = &work->notice[work->nnotices];
    memset(notice, 0, sizeof *notice);
    notice->event = m->move->name, notice->about = itsm_record_ref(m->draft->record);
    notice->at = itsm__work_effective(work);
    rc = itsm__arena_copy(&notice->to, &work->arena, to);
    if (!rc) work->nnotices++;
    return rc;
}

/* A party field tells its parties; any other name is a role. */
static itsm_status notify(const moving *m, itsm_str to)
{
    const itsm_field_def *field = itsm_type_field(itsm_record_type(m->draft->record), to);
    if (!field || field->kind != ITSM_PARTY) return add_notice(m, to);
    const itsm_value *value = itsm__record_at(m->draft->record, field->number);
    itsm_status rc = ITSM_OK;
    if (!value) return ITSM_OK;
    if (value->kind == ITSM_PARTY) return add_notice(m, value->u.s);
    for (size_t i = 0; value->kind == ITSM_LIST && i < value->u.list.n && !rc; i++)
        rc = add_notice(m, value->u.list.item[i].u.s);
    return rc;
}

static itsm_status apply_effect(const moving *m, const itsm_effect_def *e)
{
    itsm_record *record = m->draft->record;
    const itsm_type_def *type = itsm_record_type(record);
    const itsm_path *path = e->npaths ? &e->paths[0] : NULL;
    const itsm_field_def *field = path && path->kind == ITSM_PATH_FIELD ? &type->fields[path->at] : NULL;
    reaching r;
    memset(&r, 0, sizeof r);
    r.m = m, r.effect = e;
    switch (e->kind) {
    case ITSM_EFFECT_STAMP:
        if (field) return stamp(record, field, itsm__work_effective(m->work), e->first);
        return itsm__links_each(m->work, m->draft, &type->links[path->at], stamp_linked, &r);
    case ITSM_EFFECT_PUT: {
        itsm_value value = literal(field, e->name);
        return itsm_record_set(record, field, &value);
    }
    case ITSM_EFFECT_COPY: return copy(&r, record, field, &type->links[e->paths[1].at]);
    case ITSM_EFFECT_CLEAR:
        for (uint16_t i = 0; i < e->npaths; i++)
            if (e->paths[i].kind == ITSM_PATH_FIELD) itsm_record_remove(record, &type->fields[e->paths[i].at]);
        return ITSM_OK;
    case ITSM_EFFECT_INCR: return increment(record, field);
    case ITSM_EFFECT_NOTIFY: return notify(m, e->name);
    default: return ITSM_OK; /* fire: after everything else */
    }
}

/* 1: it is done.  A condition is judged where it stands in the list, that of a `fire` too. */
static itsm_status is_due(int *out, const moving *m, const itsm_effect_def *e)
{
    itsm__draft_subject self = {m->work, m->draft, NULL};
    itsm_subject subject = {&itsm__draft_methods, &self};
    itsm_status rc = e->condition ? itsm_guard_check(m->machine, e->condition, subject, m->act) : ITSM_OK;
    *out = rc == ITSM_OK;
    return rc == ITSM_E_REFUSED ? ITSM_OK : rc;
}

/* A condition that cannot be decided leaves the move undecided. */
static itsm_status refuse_undecided(const moving *m, const itsm_effect_def *e)
{
    itsm_buf rule = ITSM_BUF_INIT;
    itsm_buf_init(&rule, m->work->ctx);
    if (itsm_guard_encode(&rule, e->condition)) rule.n = 0; /* without memory there are no words */
    itsm_status rc =
        itsm__issue(m->work->ctx, ITSM_E_UNDECIDED, m->move->name, itsm_buf_str(&rule),
                    itsm__clause_of(m->machine->type), "cannot be decided: whether %S does what it may", m->move->name);
    itsm_buf_clear(&rule);
    return rc;
}

static itsm_status apply_effects(moving *m)
{
    itsm_status found = ITSM_OK;
    size_t place = 0;
    for (const itsm_effect_def *e = m->move->effects; e->kind; e++, place++) {
        int due;
        itsm_status rc = is_due(&due, m, e);
        if (rc == ITSM_E_UNDECIDED) found = refuse_undecided(m, e);
        else if (rc) return rc;
        if (!due && place < EFFECTS_MAX) m->skipped |= UINT64_C(1) << place;
        if (due && (rc = apply_effect(m, e))) return rc;
    }
    return found;
}

/* Move -------------------------------------------------------------------------------------------------------------- */

static int find_move(moving *m, itsm_str name)
{
    const itsm_type_def *type = itsm_record_type(m->draft->record);
    for (size_t f = 0; f < type->nmachines; f++) {
        const itsm_machine *machine = &type->machines[f];
        const itsm_state_def *state = itsm__record_state(m->draft->record, machine);
        for (size_t i = 0; state && i < machine->nmoves; i++)
            if ((machine->moves[i].from >> state->index & 1) && itsm_str_eq(machine->moves[i].name, name)) {
                m->machine = machine, m->move = &machine->moves[i];
                return 1;
            }
    }
    return 0;
}

static itsm_status refuse_state(itsm_work *work, const itsm_record *record, itsm_str move)
{
    const itsm_state_def *state = itsm__primary_state(record);
    return itsm__issue(work->ctx, ITSM_E_REFUSED, move, ITSM_STR("state"), itsm__clause_of(itsm_record_type(record)),
                       "there is no move %S from %S", move, state ? state->name : itsm__no_text());
}

/* Says what a move lacks. */
typedef struct unmet {
    const moving *m;
    itsm__explainer explainer;
} unmet;

static itsm_status explain_unmet(void *user, const itsm_guard_def *guard, itsm_status verdict)
{
    const unmet *u = user;
    itsm__explain_unmet(&u->explainer, u->m->move, guard, verdict);
    return ITSM_OK;
}

/* 1: not a verdict, but something that went wrong. */
static int is_failure(itsm_status rc)
{
    return rc && rc != ITSM_E_REFUSED && rc != ITSM_E_UNDECIDED;
}

static int fires(const itsm_move_def *move)
{
    for (const itsm_effect_def *e = move->effects; e->kind; e++)
        if (e->kind == ITSM_EFFECT_FIRE) return 1;
    return 0;
}

/* Actor and guards on the old state; every one that is not met is an issue. */
static itsm_status judge(const moving *m)
{
    itsm__draft_subject self = {m->work, m->draft, NULL};
    itsm_subject subject = {&itsm__draft_methods, &self};
    itsm__judge judging;
    unmet u = {m, {m->work->ctx, m->machine, &judging}};
    itsm_status rc = itsm__judge_init(&judging, itsm_record_type(m->draft->record), subject, m->act);
    return rc ? rc : itsm_machine_judge(m->machine, m->move, subject, m->act, explain_unmet, &u);
}

/* Step 2: the fields that a host's move brings; every finding is an issue. */
static itsm_status write_fields(const moving *m, const itsm_named *set, size_t n)
{
    itsm__touch *touch;
    itsm_status rc = itsm__work_touch(&touch, m->work, m->draft, ITSM_AUDIT_MOVE, m->move->name);
    if (rc || !n) return rc;
    itsm_status found = itsm__write_fields(m->work, m->draft, set, n, itsm__primary_state(m->draft->record), 0);
    if (found && found != ITSM_E_REFUSED) return found;
    rc = itsm__approvals_void_edited(m->work, m->draft, touch->before, set, n);
    return rc ? rc : found;
}

/* Steps 3 to 6 of a move; every finding is an issue.  `written` is what step 2 found. */
static itsm_status move_once(moving *m, itsm_status written)
{
    itsm__touch *touch;
    const itsm_state_def *from = itsm__primary_state(m->draft->record);
    itsm_status rc = itsm__work_touch(&touch, m->work, m->draft, ITSM_AUDIT_MOVE, m->move->name), found;
    if (rc || (rc = itsm__derive(m->work->sms, m->draft->record, NULL))) return rc;
    if (is_failure(found = judge(m))) return found;
    found = itsm__worse(itsm__worse(written, found), apply_effects(m));
    if (is_failure(found)) return found;
    if ((rc = itsm__set_state(m->draft->record, m->machine, m->move->to)) ||
        (rc = itsm__derive_again(m->work->sms, m->draft->record)) ||
        (rc = itsm__approval_decide(m->work, m->draft, from)))
        return rc;
    if (m->machine->index == 0) /* fields name states of the primary facet only */
        found = itsm__worse(found, itsm__check_mandatory(m->work, m->draft, itsm__primary_state(m->draft->record)));
    return found ? found : itsm__record_check_written(m->work->ctx, m->draft->record);
}

/* The act under way, done by the library itself. */
static itsm_act as_system(const itsm_work *work)
{
    static const itsm_str system_role[] = {{"system", 6}};
    itsm_act act = work->act;
    act.who = system_role[0], act.roles = system_role, act.nroles = 1;
    return act;
}

static itsm_status move_by_system(moving *m)
{
    m->work->by_system = 1;
    const itsm_status rc = move_once(m, ITSM_OK);
    m->work->by_system = 0;
    return rc;
}

itsm_status itsm__move_as_system(itsm_work *work, itsm__draft *draft, itsm_str name)
{
    const itsm_act act = as_system(work);
    moving m = {work, draft, NULL, NULL, &act, 0};
    return find_move(&m, name) ? move_by_system(&m) : ITSM_OK;
}

/* Firing ------------------------------------------------------------------------------------------------------------ */

/* A move to be fired, or made already. */
typedef struct fired {
    itsm_ref ref;
    itsm_str move;
    const itsm_effect_def *root; /* what of the host's move led here */
} fired;

/* A list that grows while it is worked off; its first is the host's own move. */
typedef struct firing {
    itsm_work *work;
    fired *items;
    size_t n, capacity;
    const itsm_effect_def *effect, *root;
} firing;

static itsm_status add_fired(firing *f, itsm_ref ref, itsm_str move)
{
    for (size_t i = 0; i < f->n; i++)
        if (f->items[i].ref.type == ref.type && f->items[i].ref.id.hi == ref.id.hi &&
            f->items[i].ref.id.lo == ref.id.lo && itsm_str_eq(f->items[i].move, move))
            return ITSM_OK;
    if (f->n > FIRED_MAX)
        return itsm__issue(f->work->ctx, ITSM_E_LIMIT, move, itsm__no_text(), itsm__no_text(),
                           "more than %d moves fired by one act", FIRED_MAX);
    itsm_status rc = itsm__grow(&f->work->memory, &f->items, &f->capacity, f->n + 1, sizeof *f->items);
    if (rc) return rc;
    f->items[f->n].ref = ref, f->items[f->n].move = move, f->items[f->n].root = f->root;
    f->n++;
    return ITSM_OK;
}

static itsm_status fire_linked(void *user, itsm_ref ref)
{
    firing *f = user;
    return add_fired(f, ref, f->effect->name);
}

static itsm_status collect_fired(firing *f, const moving *m, const itsm_effect_def *root)
{
    const itsm_type_def *type = itsm_record_type(m->draft->record);
    itsm_status rc = ITSM_OK;
    size_t place = 0;
    for (const itsm_effect_def *e = m->move->effects; e->kind && !rc; e++, place++) {
        if (e->kind != ITSM_EFFECT_FIRE || (place < EFFECTS_MAX && m->skipped >> place & 1)) continue;
        f->effect = e, f->root = root ? root : e;
        rc = itsm__links_each(m->work, m->draft, &type->links[e->paths[0].at], fire_linked, f);
    }
    return rc;
}

/* Of all that the fired move lacks the host is told its own effect, with the first reason. */
static itsm_status refuse_fired(const firing *f, const fired *item, const itsm_record *record, itsm_status verdict)
{
    itsm_ctx *ctx = f->work->ctx;
    itsm_buf rule = ITSM_BUF_INIT, why = ITSM_BUF_INIT;
    itsm_buf_init(&rule, ctx), itsm_buf_init(&why, ctx);
    const itsm_value *number = itsm__record_at(record, ITSM_FIELD_NUMBER);
    const itsm_issue *first = itsm_ctx_issue(ctx, 0);
    itsm_str relation = item->root->paths[0].name;
    (void)itsm__format(&rule, "fire(%S,%S)", relation, item->root->name); /* without memory there are no words */
    (void)itsm__format(&why, "%S refuses %S: %S", number ? number->u.s : itsm__no_text(), item->move,
                       first ? first->message : itsm__no_text());
    itsm__issues_clear(ctx);
    (void)itsm__issue(ctx, verdict, relation, itsm_buf_str(&rule), itsm__clause_of(itsm_record_type(record)), "%S",
                      itsm_buf_str(&why));
    itsm_buf_clear(&rule), itsm_buf_clear(&why);
    return verdict;
}

static itsm_status fire_one(firing *f, size_t i)
{
    const fired item = f->items[i];
    const itsm_act act = as_system(f->work);
    moving m = {f->work, NULL, NULL, NULL, &act, 0};
    itsm_status rc = itsm__work_find(&m.draft, f->work, item.ref);
    if (rc) return rc == ITSM_NOTHING ? ITSM_OK : rc;
    if (!find_move(&m, item.move)) return itsm__work_check(f->work, m.draft);
    rc = move_by_system(&m);
    if (rc == ITSM_E_REFUSED || rc == ITSM_E_UNDECIDED) return refuse_fired(f, &item, m.draft->record, rc);
    return rc ? rc : collect_fired(f, &m, item.root);
}

static itsm_status fire_all(const moving *m)
{
    firing f = {m->work, NULL, 0, 0, NULL, NULL};
    itsm_status rc = fires(m->move) ? add_fired(&f, itsm_record_ref(m->draft->record), m->move->name) : ITSM_OK;
    if (!rc && f.n) rc = collect_fired(&f, m, NULL);
    for (size_t i = 1; i < f.n && !rc; i++) rc = fire_one(&f, i);
    itsm__free(&m->work->memory, f.items, f.capacity * sizeof *f.items);
    return rc;
}

itsm_status itsm_work_move(itsm_work *work, itsm_ref ref, uint64_t expect, itsm_str name, const itsm_named *set,
                           size_t n)
{
    moving m = {work, NULL, NULL, NULL, NULL, 0};
    if (!work || (n && !set)) return ITSM_E_MISUSE;
    itsm__issues_clear(work->ctx);
    itsm_status rc = itsm__work_begin_at(&m.draft, work, ref, expect);
    if (rc) return rc;
    if (!find_move(&m, name)) return refuse_state(work, m.draft->record, name);
    m.act = &work->act;
    rc = write_fields(&m, set, n);
    if (!is_failure(rc)) rc = move_once(&m, rc);
    return itsm__work_end(work, rc ? rc : fire_all(&m));
}

/* What is possible --------------------------------------------------------------------------------------------------- */

/* Try one move and undo it; its issues stay. */
static itsm_status try_move(moving *m)
{
    m->skipped = 0;
    itsm__issues_clear(m->work->ctx);
    itsm_status rc = itsm__work_begin(m->work);
    if (rc) return rc;
    rc = move_once(m, ITSM_OK);
    if (!rc) rc = fire_all(m);
    if (!rc) rc = itsm__links_follow(m->work);
    itsm__work_undo(m->work);
    return rc;
}

static itsm_status give_possible(moving *m, itsm_possible_fn fn, void *user)
{
    itsm_ctx *ctx = m->work->ctx;
    itsm_status rc = try_move(m);
    if (is_failure(rc) && rc != ITSM_E_INVALID && rc != ITSM_E_RANGE && rc != ITSM_E_LIMIT) return rc;
    itsm_possible possible = {sizeof possible, m->move, rc == ITSM_OK, 0, ctx->issues, ctx->nissues};
    return fn(user, &possible);
}

itsm_status itsm__work_possible(itsm_work *work, itsm__draft *draft, itsm_possible_fn fn, void *user)
{
    const itsm_type_def *type = itsm_record_type(draft->record);
    moving m = {work, draft, NULL, NULL, &work->act, 0};
    itsm_status rc = itsm__work_has_time(work);
    for (size_t f = 0; f < type->nmachines && !rc; f++) {
        const itsm_machine *machine = &type->machines[f];
        const itsm_state_def *state = itsm__record_state(draft->record, machine);
        for (size_t i = 0; state && i < machine->nmoves && !rc; i++) {
            if (!(machine->moves[i].from >> state->index & 1)) continue;
            if (find_move(&m, machine->moves[i].name) && m.move == &machine->moves[i]) rc = give_possible(&m, fn, user);
        }
    }
    itsm__issues_clear(work->ctx);
    return rc;
}
