/* SPDX-License-Identifier: MIT */
/*
 * Create, change, move: what a host does with records, in the order of the model.
 *
 * One move is: the fields that come with it, derived fields, actor and guards on the old state, effects, the new state,
 * derived fields again, fields mandatory there; and only then what it fires on linked records, each a whole move of its
 * own.  Fired moves are a list that is worked off, each (record, move) once, so cycles end.  Whatever is found wrong is
 * an issue, all of it, and the drafts are put back as they were.
 */
#include "sms/internal.h"

#include "base/bits.h"
#include "base/text.h"
#include "lifecycle/explain.h"
#include "record/internal.h"

#define FIRED_MAX 10000 /* moves one act may fire */

static itsm_str none(void)
{
    return itsm_str_c(NULL);
}

static itsm_str clause_of(const itsm_type_def *type)
{
    return type->clauses_2018.n ? type->clauses_2018.item[0] : none();
}

const itsm_state_def *itsm__record_state(const itsm_record *record, const itsm_machine *machine)
{
    const itsm_value *value = itsm__record_at(record, machine->number);
    if (!value) return NULL;
    for (size_t i = 0; i < machine->nstates; i++)
        if (itsm_str_eq(machine->states[i].name, value->u.s)) return &machine->states[i];
    return NULL;
}

static const itsm_state_def *primary_state(const itsm_record *record)
{
    return itsm__record_state(record, &itsm_record_type(record)->machines[0]);
}

static itsm_status set_state(itsm_record *record, const itsm_machine *machine, size_t state)
{
    itsm_value value = itsm_value_text(machine->states[state].name);
    value.kind = ITSM_ENUM;
    return itsm_record_set_number(record, machine->number, &value);
}

/* How guards read a draft ------------------------------------------------------------------------------------------- */

static itsm_status subject_state(void *self, itsm_str *out, itsm_str facet)
{
    const itsm__draft_subject *s = self;
    const itsm_machine *machine = itsm_type_machine(itsm_record_type(s->draft->record), facet);
    const itsm_value *value = machine ? itsm__record_at(s->draft->record, machine->number) : NULL;
    if (!value || (s->known && !s->known[machine->field])) return ITSM_E_UNDECIDED;
    *out = value->u.s;
    return ITSM_OK;
}

static itsm_status subject_field(void *self, itsm_value *out, const itsm_field_def *field)
{
    const itsm__draft_subject *s = self;
    const itsm_value *value = itsm__record_at(s->draft->record, field->number);
    if (value) return *out = *value, ITSM_OK;
    return s->known && !s->known[field->index] ? ITSM_E_UNDECIDED : ITSM_NOTHING;
}

typedef struct counting {
    itsm_work *work;
    const itsm_link_query *query;
    itsm_link_count count;
} counting;

static int is_among(itsm_names names, itsm_str name)
{
    for (size_t i = 0; i < names.n; i++)
        if (itsm_str_eq(names.item[i], name)) return 1;
    return names.n == 0;
}

static itsm_status count_linked(void *user, itsm_ref ref)
{
    counting *c = user;
    itsm__draft *draft;
    itsm_status rc = itsm__work_find(&draft, c->work, ref);
    if (rc) return rc == ITSM_NOTHING ? ITSM_OK : rc;
    draft->checked = 1;
    const itsm_state_def *state = primary_state(draft->record);
    c->count.all++;
    c->count.within += (uint64_t)is_among(c->query->states, state ? state->name : none());
    if (!c->query->field) return ITSM_OK;
    return c->query->each(c->query->user, itsm__record_at(draft->record, c->query->field->number));
}

static itsm_status subject_linked(void *self, itsm_link_count *out, const itsm_link_query *query)
{
    const itsm__draft_subject *s = self;
    counting c = { s->work, query, { sizeof(itsm_link_count), 0, 0 } };
    if (s->known) return ITSM_E_UNDECIDED; /* a log says nothing about links */
    itsm_status rc = itsm__links_each(s->work, s->draft, query->link, count_linked, &c);
    if (!rc) *out = c.count;
    return rc;
}

const itsm_subject_methods itsm__draft_methods = {
    sizeof(itsm_subject_methods), subject_state, subject_field, subject_linked, NULL, NULL, NULL
};

/* Derived fields ---------------------------------------------------------------------------------------------------- */

#define DERIVE_DEPTH 8

/* Operations of a formula on numbers; 0 in *found: an argument was empty. */
static int64_t combine(uint16_t kind, const itsm_model *model, const itsm_value *args, size_t n, int *found)
{
    int64_t result = n && args[0].kind ? args[0].u.i : 0;
    *found = 1;
    for (size_t i = 0; i < n; i++) *found &= args[i].kind == ITSM_INT || args[i].kind == ITSM_DECIMAL;
    if (!*found) return 0;
    if (kind == ITSM_DERIVE_MATRIX) {
        result = n == 2 ? itsm_model_priority(model, args[0].u.i, args[1].u.i) : 0;
        *found = result > 0;
        return result;
    }
    for (size_t i = 1; i < n && *found; i++)
        switch (kind) {
        case ITSM_DERIVE_MAX:
            if (args[i].u.i > result) result = args[i].u.i;
            break;
        case ITSM_DERIVE_MUL: *found = itsm__mul(&result, result, args[i].u.i); break;
        default: *found = itsm__sub(&result, result, args[i].u.i); break;
        }
    return result;
}

/* Nodes stand in prefix order: read backwards, every node finds its arguments on the stack. */
static itsm_value evaluate(const itsm_record *record, const itsm_derive_def *nodes)
{
    const itsm_type_def *type = itsm_record_type(record);
    itsm_value stack[DERIVE_DEPTH * 2];
    size_t depth = 0;
    itsm_value nothing;
    memset(&nothing, 0, sizeof nothing);
    for (size_t i = nodes[0].nodes; i-- > 0;) {
        const itsm_derive_def *node = &nodes[i];
        itsm_value value = nothing, args[DERIVE_DEPTH];
        size_t n = 0;
        if (node->kind == ITSM_DERIVE_FIELD) {
            const itsm_value *held = itsm__record_at(record, type->fields[node->field].number);
            if (held) value = *held;
        } else {
            for (size_t below = 1; below < node->nodes && n < DERIVE_DEPTH && depth; n++) {
                args[n] = stack[--depth];
                below += nodes[i + below].nodes;
            }
            if (node->kind == ITSM_DERIVE_FIRST) {
                for (size_t k = n; k-- > 0;)
                    if (args[k].kind) value = args[k];
            } else {
                int found;
                int64_t number = combine(node->kind, type->model, args, n, &found);
                if (found) value = itsm_value_number(ITSM_INT, number);
            }
        }
        if (depth == sizeof stack / sizeof *stack) return nothing;
        stack[depth++] = value;
    }
    return depth ? stack[depth - 1] : nothing;
}

itsm_status itsm__derive(itsm_record *record, const unsigned char *known)
{
    const itsm_type_def *type = itsm_record_type(record);
    itsm_status rc = ITSM_OK;
    for (size_t i = 0; i < type->nfields && !rc; i++)
        if (type->fields[i].derive && !(known && known[i])) {
            itsm_value value = evaluate(record, type->fields[i].derive);
            rc = itsm_record_set(record, &type->fields[i], &value);
        }
    return rc;
}

/* Writing as a host ------------------------------------------------------------------------------------------------- */

static itsm_status write_fields(itsm_work *work, itsm__draft *draft, const itsm_named *set, size_t n,
                                const itsm_state_def *state, int creating)
{
    const itsm_type_def *type = itsm_record_type(draft->record);
    itsm_status rc = ITSM_OK, worst = ITSM_OK;
    for (size_t i = 0; i < n; i++) {
        const itsm_field_def *field = itsm_type_field(type, set[i].name);
        if (!field) return itsm_record_set_named(draft->record, work->ctx, set[i].name, &set[i].value);
        int numbered = creating && field->number == ITSM_FIELD_NUMBER;
        if (!numbered && !itsm_field_writable(field, state, creating)) {
            worst = itsm__refuse(work, set[i].name, "locked:", set[i].name, clause_of(type), "%S may not be written here");
            continue;
        }
        if ((rc = itsm_record_set(draft->record, field, &set[i].value)))
            return itsm__issue(work->ctx, rc, set[i].name, none(), none(), "%S cannot take this value", set[i].name);
    }
    return worst;
}

typedef struct finding {
    itsm_work *work;
    const itsm_type_def *type;
} finding;

static itsm_status refuse_missing(void *user, const itsm_field_def *field, itsm_status verdict)
{
    const finding *f = user;
    (void)verdict;
    itsm__refuse(f->work, field->name, "mandatory:", field->name, clause_of(f->type), "%S is missing");
    return ITSM_OK;
}

static itsm_status check_mandatory(itsm_work *work, itsm__draft *draft, const itsm_state_def *state)
{
    itsm__draft_subject self = { work, draft, NULL };
    itsm_subject subject = { &itsm__draft_methods, &self };
    finding f = { work, itsm_record_type(draft->record) };
    return itsm_type_missing(f.type, state, subject, refuse_missing, &f);
}

/* The worse of two answers: what failed outright, then a refusal, then undecided. */
static itsm_status worse(itsm_status a, itsm_status b)
{
    static const itsm_status soft[] = { ITSM_OK, ITSM_E_UNDECIDED, ITSM_E_REFUSED };
    size_t rank_a = 0, rank_b = 0;
    while (rank_a < 3 && soft[rank_a] != a) rank_a++;
    while (rank_b < 3 && soft[rank_b] != b) rank_b++;
    return rank_b > rank_a ? b : a;
}

static itsm_status find_draft(itsm__draft **out, itsm_work *work, itsm_ref ref, uint64_t expect)
{
    itsm_status rc = itsm__work_ready(work);
    if (!rc) rc = itsm__work_find(out, work, ref);
    if (rc == ITSM_NOTHING)
        return itsm__issue(work->ctx, ITSM_E_NOT_FOUND, none(), none(), none(), "there is no such record");
    if (!rc && expect != ITSM_REV_ANY && expect != (*out)->revision)
        return itsm__issue(work->ctx, ITSM_E_CONFLICT, ITSM_STR("revision"), none(), none(),
                           "the record is at revision %u, not %u", (*out)->revision, expect);
    return rc;
}

/* Create ------------------------------------------------------------------------------------------------------------ */

static itsm_status give_number(itsm_work *work, itsm_record *record)
{
    const itsm_type_def *type = itsm_record_type(record);
    itsm_call call = ITSM_CALL_INIT;
    uint64_t next;
    if (itsm__record_at(record, ITSM_FIELD_NUMBER)) return ITSM_OK;
    itsm_status rc = itsm_store_reserve(&next, work->ctx, work->sms->store, type->name.p, 1, &call);
    if (rc) return rc;
    itsm_buf digits = ITSM_BUF_INIT, text = ITSM_BUF_INIT;
    itsm_buf_init(&digits, work->ctx), itsm_buf_init(&text, work->ctx);
    rc = itsm__buf_uint(&digits, next);
    if (!rc) rc = itsm__buf_str(&text, type->prefix);
    for (size_t i = digits.n; i < 7 && !rc; i++) rc = itsm__buf_char(&text, '0');
    if (!rc) rc = itsm__buf_str(&text, itsm_buf_str(&digits));
    itsm_value number = itsm_value_text(itsm_buf_str(&text));
    if (!rc) rc = itsm_record_set_number(record, ITSM_FIELD_NUMBER, &number);
    itsm_buf_clear(&digits), itsm_buf_clear(&text);
    return rc;
}

/* An identity nobody has: random, or derived from the store's own counter and the key. */
static itsm_status new_identity(itsm_id *out, itsm_work *work, const itsm_type_def *type)
{
    unsigned char content[12];
    itsm_bytes bytes = { content, sizeof content };
    uint64_t next = 0;
    itsm_call call = ITSM_CALL_INIT;
    itsm_status rc = work->sms->key.n ? itsm_store_reserve(&next, work->ctx, work->sms->store, "identity", 1, &call) : ITSM_OK;
    itsm__put_be32(content, type->number), itsm__put_be64(content + 4, next);
    return rc ? rc : itsm__work_new_id(out, work, "record", bytes);
}

static itsm_status create(itsm__draft *draft, itsm_work *work, const itsm_named *set, size_t n)
{
    const itsm_type_def *type = itsm_record_type(draft->record);
    const itsm_machine *primary = &type->machines[0];
    itsm_status rc = write_fields(work, draft, set, n, &primary->states[primary->initial], 1), found = rc;
    if (rc && rc != ITSM_E_REFUSED) return rc;
    for (size_t i = 0; i < type->nmachines; i++)
        if ((rc = set_state(draft->record, &type->machines[i], type->machines[i].initial))) return rc;
    if ((rc = itsm__derive(draft->record, NULL))) return rc;
    found = worse(found, check_mandatory(work, draft, NULL));
    if (!found) found = itsm_record_check(work->ctx, draft->record);
    return found ? found : give_number(work, draft->record);
}

itsm_status itsm_work_create(itsm_ref *out, itsm_work *work, itsm_str type_name, const itsm_named *set, size_t n)
{
    itsm__draft *draft;
    itsm__touch *touch;
    itsm_ref ref;
    if (!work || !out || (n && !set)) return ITSM_E_MISUSE;
    itsm__issues_clear(work->ctx);
    const itsm_type_def *type = itsm_model_type(work->sms->model, type_name);
    if (!type)
        return itsm__issue(work->ctx, ITSM_E_NOT_FOUND, type_name, none(), none(), "the model has no type %S", type_name);
    itsm_status rc = itsm__work_ready(work);
    ref.type = type->number;
    if (!rc) rc = new_identity(&ref.id, work, type);
    if (!rc) rc = itsm__work_add(&draft, work, type, ref);
    if (!rc) rc = itsm__work_touch(&touch, work, draft, ITSM_AUDIT_CREATE, none());
    if (rc) return rc;
    touch->created = 1;
    rc = create(draft, work, set, n);
    if (rc) return itsm__work_undo(work), rc;
    *out = ref;
    return itsm__work_settle(work, itsm__work_effective(work), work->act.who);
}

/* Change ------------------------------------------------------------------------------------------------------------ */

itsm_status itsm_work_change(itsm_work *work, itsm_ref ref, uint64_t expect, const itsm_named *set, size_t n)
{
    itsm__draft *draft;
    itsm__touch *touch;
    if (!work || (n && !set)) return ITSM_E_MISUSE;
    itsm__issues_clear(work->ctx);
    itsm_status rc = find_draft(&draft, work, ref, expect);
    if (!rc) rc = itsm__work_touch(&touch, work, draft, ITSM_AUDIT_CHANGE, none());
    if (rc) return rc;
    const itsm_state_def *state = primary_state(draft->record);
    rc = write_fields(work, draft, set, n, state, 0);
    if (!rc || rc == ITSM_E_REFUSED) rc = worse(rc, itsm__derive(draft->record, NULL));
    if (!rc || rc == ITSM_E_REFUSED) rc = worse(rc, check_mandatory(work, draft, state));
    if (!rc) rc = itsm_record_check(work->ctx, draft->record);
    if (rc) return itsm__work_undo(work), rc;
    return itsm__work_settle(work, itsm__work_effective(work), work->act.who);
}

/* Effects ----------------------------------------------------------------------------------------------------------- */

/* A move under way. */
typedef struct moving {
    itsm_work *work;
    itsm__draft *draft;
    const itsm_machine *machine;
    const itsm_move_def *move;
    const itsm_act *act;
} moving;

static itsm_value literal(const itsm_field_def *field, itsm_str text)
{
    int64_t number;
    if (field->kind == ITSM_BOOL) return itsm_value_number(ITSM_BOOL, itsm_str_is(text, "true"));
    if (field->kind == ITSM_INT && itsm__parse_int(&number, text) == ITSM_OK) return itsm_value_number(ITSM_INT, number);
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
    itsm_value copied; /* of `copy`: the first value found */
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
    return rc ? rc : stamp(draft->record, field, itsm__work_effective(r->m->work), r->effect->first);
}

static itsm_status copy_linked(void *user, itsm_ref ref)
{
    reaching *r = user;
    itsm__draft *draft;
    if (r->copied.kind) return ITSM_OK;
    itsm_status rc = itsm__work_find(&draft, r->m->work, ref);
    if (rc) return rc == ITSM_NOTHING ? ITSM_OK : rc;
    const itsm_field_def *field = far_field(draft->record, &r->effect->paths[1]);
    const itsm_value *value = field ? itsm__record_at(draft->record, field->number) : NULL;
    if (value) r->copied = *value;
    return ITSM_OK;
}

static itsm_status add_notice(const moving *m, itsm_str to)
{
    itsm_work *work = m->work;
    itsm_status rc =
        itsm__grow(&work->memory, &work->notice, &work->notice_capacity, work->nnotices + 1, sizeof *work->notice);
    if (rc) return rc;
    itsm_notice *notice = &work->notice[work->nnotices];
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
    case ITSM_EFFECT_COPY: {
        itsm_status rc = itsm__links_each(m->work, m->draft, &type->links[e->paths[1].at], copy_linked, &r);
        return rc || !r.copied.kind ? rc : itsm_record_set(record, field, &r.copied);
    }
    case ITSM_EFFECT_CLEAR:
        for (uint16_t i = 0; i < e->npaths; i++)
            if (e->paths[i].kind == ITSM_PATH_FIELD) itsm_record_remove(record, &type->fields[e->paths[i].at]);
        return ITSM_OK;
    case ITSM_EFFECT_INCR: {
        const itsm_value *held = itsm__record_at(record, field->number);
        itsm_value value = itsm_value_number(ITSM_INT, held ? held->u.i + 1 : 1);
        return itsm_record_set(record, field, &value);
    }
    case ITSM_EFFECT_NOTIFY: return notify(m, e->name);
    default: return ITSM_OK; /* fire: after everything else */
    }
}

static itsm_status apply_effects(const moving *m)
{
    itsm__draft_subject self = { m->work, m->draft, NULL };
    itsm_subject subject = { &itsm__draft_methods, &self };
    itsm_status rc = ITSM_OK;
    for (const itsm_effect_def *e = m->move->effects; e->kind && !rc; e++) {
        if (e->condition) {
            itsm_status holds = itsm_guard_check(m->machine, e->condition, subject, m->act);
            if (holds == ITSM_E_REFUSED) continue;
            if (holds) return holds;
        }
        rc = apply_effect(m, e);
    }
    return rc;
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
    const itsm_state_def *state = primary_state(record);
    return itsm__issue(work->ctx, ITSM_E_REFUSED, move, ITSM_STR("state"), clause_of(itsm_record_type(record)),
                       "there is no move %S from %S", move, state ? state->name : none());
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

/* Actor and guards on the old state; every one that is not met is an issue. */
static itsm_status judge(const moving *m)
{
    itsm__draft_subject self = { m->work, m->draft, NULL };
    itsm_subject subject = { &itsm__draft_methods, &self };
    itsm__judge judging;
    unmet u = { m, { m->work->ctx, m->machine, &judging } };
    itsm_status rc = itsm__judge_init(&judging, itsm_record_type(m->draft->record), subject, m->act);
    return rc ? rc : itsm_machine_judge(m->machine, m->move, subject, m->act, explain_unmet, &u);
}

/* Steps 2 to 6 of a move; every finding is an issue. */
static itsm_status move_once(const moving *m, const itsm_named *set, size_t n)
{
    itsm__touch *touch;
    itsm_status rc = itsm__work_touch(&touch, m->work, m->draft, ITSM_AUDIT_MOVE, m->move->name);
    if (rc) return rc;
    itsm_status found = write_fields(m->work, m->draft, set, n, primary_state(m->draft->record), 0);
    if (found && found != ITSM_E_REFUSED) return found;
    if ((rc = itsm__derive(m->draft->record, NULL))) return rc;
    found = worse(found, judge(m));
    if (found && found != ITSM_E_REFUSED && found != ITSM_E_UNDECIDED) return found;
    if ((rc = apply_effects(m)) || (rc = set_state(m->draft->record, m->machine, m->move->to)) ||
        (rc = itsm__derive(m->draft->record, NULL)))
        return rc;
    found = worse(found, check_mandatory(m->work, m->draft, primary_state(m->draft->record)));
    return found ? found : itsm_record_check(m->work->ctx, m->draft->record);
}

/* Moves to be fired: a list that grows while it is worked off. */
typedef struct fired {
    itsm_ref ref;
    itsm_str move;
    itsm_str relation;
} fired;

typedef struct firing {
    itsm_work *work;
    fired *items;
    size_t n, capacity;
    const itsm_effect_def *effect;
    itsm_str relation;
} firing;

static itsm_status fire_linked(void *user, itsm_ref ref)
{
    firing *f = user;
    for (size_t i = 0; i < f->n; i++)
        if (!memcmp(&f->items[i].ref.id, &ref.id, sizeof ref.id) && f->items[i].ref.type == ref.type &&
            itsm_str_eq(f->items[i].move, f->effect->name))
            return ITSM_OK;
    if (f->n >= FIRED_MAX)
        return itsm__issue(f->work->ctx, ITSM_E_LIMIT, f->effect->name, none(), none(), "more than %d moves fired by one act",
                           FIRED_MAX);
    itsm_status rc = itsm__grow(&f->work->memory, &f->items, &f->capacity, f->n + 1, sizeof *f->items);
    if (rc) return rc;
    f->items[f->n].ref = ref, f->items[f->n].move = f->effect->name, f->items[f->n].relation = f->relation;
    f->n++;
    return ITSM_OK;
}

static itsm_status collect_fired(firing *f, const moving *m)
{
    const itsm_type_def *type = itsm_record_type(m->draft->record);
    itsm_status rc = ITSM_OK;
    for (const itsm_effect_def *e = m->move->effects; e->kind && !rc; e++) {
        if (e->kind != ITSM_EFFECT_FIRE) continue;
        f->effect = e, f->relation = e->paths[0].name;
        rc = itsm__links_each(m->work, m->draft, &type->links[e->paths[0].at], fire_linked, f);
    }
    return rc;
}

static itsm_status fire_one(firing *f, size_t i)
{
    static const itsm_str system_role[] = { { "system", 6 } };
    itsm_act act = f->work->act;
    moving m = { f->work, NULL, NULL, NULL, &act };
    act.who = system_role[0], act.roles = system_role, act.nroles = 1;
    itsm_status rc = itsm__work_find(&m.draft, f->work, f->items[i].ref);
    if (rc) return rc == ITSM_NOTHING ? ITSM_OK : rc;
    if (!find_move(&m, f->items[i].move)) return ITSM_OK;
    rc = move_once(&m, NULL, 0);
    if (rc == ITSM_E_REFUSED || rc == ITSM_E_UNDECIDED) {
        itsm_buf rule = ITSM_BUF_INIT;
        itsm_buf_init(&rule, f->work->ctx);
        if (itsm__format(&rule, "fire(%S,%S)", f->items[i].relation, f->items[i].move) == ITSM_OK)
            (void)itsm__issue(f->work->ctx, rc, f->items[i].relation, itsm_buf_str(&rule),
                              clause_of(itsm_record_type(m.draft->record)), "a linked record refuses %S", f->items[i].move);
        itsm_buf_clear(&rule);
    }
    return rc ? rc : collect_fired(f, &m);
}

static itsm_status fire_all(const moving *m)
{
    firing f = { m->work, NULL, 0, 0, NULL, { NULL, 0 } };
    itsm_status rc = collect_fired(&f, m);
    for (size_t i = 0; i < f.n && !rc; i++) rc = fire_one(&f, i);
    itsm__free(&m->work->memory, f.items, f.capacity * sizeof *f.items);
    return rc;
}

itsm_status itsm_work_move(itsm_work *work, itsm_ref ref, uint64_t expect, itsm_str name, const itsm_named *set, size_t n)
{
    moving m = { work, NULL, NULL, NULL, NULL };
    if (!work || (n && !set)) return ITSM_E_MISUSE;
    itsm__issues_clear(work->ctx);
    itsm_status rc = find_draft(&m.draft, work, ref, expect);
    if (rc) return rc;
    if (!find_move(&m, name)) return refuse_state(work, m.draft->record, name);
    size_t notices = work->nnotices;
    m.act = &work->act;
    rc = move_once(&m, set, n);
    if (!rc) rc = fire_all(&m);
    if (rc) return work->nnotices = notices, itsm__work_undo(work), rc;
    return itsm__work_settle(work, itsm__work_effective(work), work->act.who);
}
