/* SPDX-License-Identifier: MIT */
/*
 * Create and change: fields written as a host, and what every write needs (locks, derived fields, mandatory fields, and
 * how guards read a draft).  Moves stand in move.c.
 *
 * Writing costs a search by name for each field and a copy of its value; deriving costs a few reads for each formula of
 * the type.  Whatever is found wrong is an issue, all of it, and the drafts are put back as they were.
 */
#include "sms/internal.h"

#include "base/bits.h"
#include "base/text.h"
#include "lifecycle/judge.h"
#include "record/internal.h"

itsm_str itsm__clause_of(const itsm_type_def *type)
{
    return type->clauses_2018.n ? type->clauses_2018.item[0] : itsm__no_text();
}

const itsm_state_def *itsm__record_state(const itsm_record *record, const itsm_machine *machine)
{
    const itsm_value *value = itsm__record_at(record, machine->number);
    if (!value) return NULL;
    for (size_t i = 0; i < machine->nstates; i++)
        if (itsm_str_eq(machine->states[i].name, value->u.s)) return &machine->states[i];
    return NULL;
}

const itsm_state_def *itsm__primary_state(const itsm_record *record)
{
    return itsm__record_state(record, &itsm_record_type(record)->machines[0]);
}

itsm_status itsm__set_state(itsm_record *record, const itsm_machine *machine, size_t state)
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
    if ((rc = itsm__work_check(c->work, draft))) return rc;
    const itsm_state_def *state = itsm__primary_state(draft->record);
    c->count.all++;
    c->count.within += (uint64_t)is_among(c->query->states, state ? state->name : itsm__no_text());
    if (!c->query->field) return ITSM_OK;
    return c->query->each(c->query->user, itsm__record_at(draft->record, c->query->field->number));
}

static itsm_status subject_linked(void *self, itsm_link_count *out, const itsm_link_query *query)
{
    const itsm__draft_subject *s = self;
    counting c = {s->work, query, {sizeof(itsm_link_count), 0, 0}};
    if (s->known) return ITSM_E_UNDECIDED; /* a log says nothing about links */
    itsm_status rc = itsm__links_each(s->work, s->draft, query->link, count_linked, &c);
    if (!rc) *out = c.count;
    return rc;
}

static itsm_status subject_approved(void *self, uint32_t *out, const itsm_guard_def *guard)
{
    const itsm__draft_subject *s = self;
    return s->known ? ITSM_E_UNDECIDED : itsm__approved(out, s->work, s->draft, guard);
}

static itsm_status subject_custom(void *self, uint32_t *out, const itsm_guard_def *guard)
{
    const itsm__draft_subject *s = self;
    const itsm_sms *sms = s->work->sms;
    if (s->known) return ITSM_E_UNDECIDED;
    if (guard->kind == ITSM_GUARD_NO_CONFLICT) return itsm__no_conflict(out, s->work, s->draft, guard);
    return sms->guard ? sms->guard(sms->guard_user, out, guard, s->draft->record, &s->work->act) : ITSM_E_UNDECIDED;
}

const itsm_subject_methods itsm__draft_methods = {
    sizeof(itsm_subject_methods), subject_state, subject_field, subject_linked, NULL, subject_approved, subject_custom};

/* Derived fields ---------------------------------------------------------------------------------------------------- */

#define NUMBER_STEP 65536 /* numbers passed at a time, at most */
#define DERIVE_DEPTH 8
#define DECIMAL_DIGITS 18 /* behind the point, at most */

/* a op b for two numbers as fixed-point; 0: it overflows. */
static int combine_two(itsm_value *a, uint16_t kind, const itsm_value *b)
{
    int64_t x = a->u.i, y = b->u.i;
    unsigned scale = a->scale;
    if (kind == ITSM_DERIVE_MUL) {
        a->scale = (uint16_t)(a->scale + b->scale);
        return itsm__mul(&a->u.i, x, y) && a->scale <= DECIMAL_DIGITS;
    }
    for (; scale < b->scale; scale++)
        if (!itsm__mul(&x, x, 10)) return 0;
    for (unsigned i = b->scale; i < scale; i++)
        if (!itsm__mul(&y, y, 10)) return 0;
    a->scale = (uint16_t)scale;
    if (kind != ITSM_DERIVE_MAX) return itsm__sub(&a->u.i, x, y);
    a->u.i = x > y ? x : y;
    return 1;
}

/* Operations of a formula on numbers; 0: an argument was empty, or the result cannot be represented. */
static int combine(itsm_value *out, uint16_t kind, const itsm_model *model, const itsm_value *args, size_t n)
{
    int decimal = 0;
    for (size_t i = 0; i < n; i++) {
        if (args[i].kind != ITSM_INT && args[i].kind != ITSM_DECIMAL) return 0;
        decimal |= args[i].kind == ITSM_DECIMAL;
    }
    if (!n) return 0;
    if (kind == ITSM_DERIVE_MATRIX) {
        *out = itsm_value_number(ITSM_INT, n == 2 ? itsm_model_priority(model, args[0].u.i, args[1].u.i) : 0);
        return out->u.i > 0;
    }
    *out = args[0];
    for (size_t i = 1; i < n; i++)
        if (!combine_two(out, kind, &args[i])) return 0;
    out->kind = decimal ? ITSM_DECIMAL : ITSM_INT;
    return 1;
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
                itsm_value result;
                if (combine(&result, node->kind, type->model, args, n)) value = result;
            }
        }
        if (depth == sizeof stack / sizeof *stack) return nothing;
        stack[depth++] = value;
    }
    return depth ? stack[depth - 1] : nothing;
}

itsm_status itsm__derive(const itsm_sms *sms, itsm_record *record, const unsigned char *known)
{
    const itsm__places *derived = &itsm__plan_of(sms, record)->derived;
    itsm_status rc = ITSM_OK;
    for (size_t i = 0; i < derived->n && !rc; i++) {
        const itsm_field_def *field = &itsm_record_type(record)->fields[derived->at[i]];
        if (known && known[field->index]) continue;
        itsm_value value = evaluate(record, field->derive);
        const itsm_value *held = itsm__record_at(record, field->number);
        if (held ? itsm_value_eq(held, &value) : value.kind == ITSM_NONE) continue;
        rc = itsm_record_set(record, field, &value);
    }
    return rc;
}

itsm_status itsm__derive_again(const itsm_sms *sms, itsm_record *record)
{
    if (!itsm__numbers_meet(&record->written, &itsm__plan_of(sms, record)->formulas)) return ITSM_OK;
    return itsm__derive(sms, record, NULL);
}

/* Writing as a host ------------------------------------------------------------------------------------------------- */

/* Every record that a value refers to must be there. */
static itsm_status check_refs(itsm_work *work, itsm_str name, const itsm_value *value)
{
    const itsm_value *items = value->kind == ITSM_LIST ? value->u.list.item : value;
    size_t n = value->kind == ITSM_LIST ? value->u.list.n : 1;
    for (size_t i = 0; i < n; i++) {
        itsm__draft *draft;
        if (items[i].kind != ITSM_REF) continue;
        itsm_status rc = itsm__work_find(&draft, work, items[i].u.ref);
        if (rc == ITSM_NOTHING)
            return itsm__issue(work->ctx, ITSM_E_NOT_FOUND, name, itsm__no_text(), itsm__no_text(),
                               "%S refers to a record there is not", name);
        if (rc) return rc;
    }
    return ITSM_OK;
}

static itsm_status write_field(itsm_work *work, itsm__draft *draft, const itsm_field_def *field, const itsm_named *set)
{
    itsm_status rc = itsm_record_set(draft->record, field, &set->value);
    if (rc == ITSM_E_MISUSE) rc = ITSM_E_INVALID;
    if (rc)
        return itsm__issue(work->ctx, rc, set->name, itsm__no_text(), itsm__no_text(), "%S cannot take this value",
                           set->name);
    return field->kind == ITSM_REF ? check_refs(work, set->name, &set->value) : ITSM_OK;
}

itsm_status itsm__write_fields(itsm_work *work, itsm__draft *draft, const itsm_named *set, size_t n,
                               const itsm_state_def *state, int creating)
{
    const itsm_type_def *type = itsm_record_type(draft->record);
    itsm_status worst = ITSM_OK;
    for (size_t i = 0; i < n; i++) {
        const itsm_field_def *field = itsm_type_field(type, set[i].name);
        if (!field) return itsm__record_no_field(work->ctx, type, set[i].name);
        int numbered = creating && field->number == ITSM_FIELD_NUMBER;
        if (!numbered && !itsm_field_writable(field, state, creating)) {
            worst = itsm__refuse(work, set[i].name, "locked:", set[i].name, itsm__clause_of(type),
                                 "%S may not be written here");
            continue;
        }
        itsm_status rc = write_field(work, draft, field, &set[i]);
        if (rc) return rc;
    }
    return worst;
}

itsm_status itsm__check_mandatory(itsm_work *work, itsm__draft *draft, const itsm_state_def *state)
{
    const itsm__places *mandatory = &itsm__plan_of(work->sms, draft->record)->mandatory;
    const itsm_type_def *type = itsm_record_type(draft->record);
    itsm_status found = ITSM_OK;
    for (size_t i = 0; i < mandatory->n; i++) {
        const itsm_field_def *field = &type->fields[mandatory->at[i]];
        if (!(state ? field->mandatory_at >> state->index & 1 : field->at_creation)) continue;
        const itsm_value *value = itsm__record_at(draft->record, field->number);
        if (value && itsm__has_content(value)) continue;
        found = itsm__refuse(work, field->name, "mandatory:", field->name, itsm__clause_of(type), "%S is missing");
    }
    return found;
}

/* The worse of two answers: what failed outright, then a refusal, then undecided. */
itsm_status itsm__worse(itsm_status a, itsm_status b)
{
    static const itsm_status soft[] = {ITSM_OK, ITSM_E_UNDECIDED, ITSM_E_REFUSED};
    size_t rank_a = 0, rank_b = 0;
    while (rank_a < 3 && soft[rank_a] != a) rank_a++;
    while (rank_b < 3 && soft[rank_b] != b) rank_b++;
    return rank_b > rank_a ? b : a;
}

itsm_status itsm__work_begin_at(itsm__draft **out, itsm_work *work, itsm_ref ref, uint64_t expect)
{
    itsm_status rc = itsm__work_begin(work);
    if (!rc) rc = itsm__work_has_time(work);
    if (!rc) rc = itsm__work_find(out, work, ref);
    if (rc == ITSM_NOTHING)
        return itsm__issue(work->ctx, ITSM_E_NOT_FOUND, itsm__no_text(), itsm__no_text(), itsm__no_text(),
                           "there is no such record");
    if (!rc && expect != ITSM_REV_ANY && expect != (*out)->revision)
        return itsm__issue(work->ctx, ITSM_E_CONFLICT, ITSM_STR("revision"), itsm__no_text(), itsm__no_text(),
                           "the record is at revision %u, not %u", (*out)->revision, expect);
    return rc;
}

itsm_status itsm__work_end(itsm_work *work, itsm_status rc)
{
    if (!rc) rc = itsm__links_follow(work);
    if (rc) return itsm__work_undo(work), rc;
    return itsm__work_settle(work, itsm__work_effective(work), work->act.who);
}

itsm_status itsm__work_has_time(itsm_work *work)
{
    if (itsm__work_effective(work) != ITSM_TIME_NONE) return ITSM_OK;
    return itsm__issue(work->ctx, ITSM_E_MISUSE, ITSM_STR("now"), itsm__no_text(), itsm__no_text(),
                       "the act says not when it is");
}

/* Create ------------------------------------------------------------------------------------------------------------ */

static itsm_status set_number(itsm_work *work, itsm_record *record, uint64_t n)
{
    itsm_buf digits = ITSM_BUF_INIT, text = ITSM_BUF_INIT;
    itsm_buf_init(&digits, work->ctx), itsm_buf_init(&text, work->ctx);
    itsm_status rc = itsm__buf_uint(&digits, n);
    if (!rc) rc = itsm__buf_str(&text, itsm_record_type(record)->prefix);
    for (size_t i = digits.n; i < 7 && !rc; i++) rc = itsm__buf_char(&text, '0');
    if (!rc) rc = itsm__buf_str(&text, itsm_buf_str(&digits));
    itsm_value number = itsm_value_text(itsm_buf_str(&text));
    if (!rc) rc = itsm_record_set_number(record, ITSM_FIELD_NUMBER, &number);
    itsm_buf_clear(&digits), itsm_buf_clear(&text);
    return rc;
}

/* The next number of the type's sequence.  Where hosts have given numbers themselves, ever larger steps pass them. */
static itsm_status give_number(itsm_work *work, itsm_record *record)
{
    const itsm_type_def *type = itsm_record_type(record);
    itsm_call call = ITSM_CALL_INIT;
    itsm_status rc = itsm__record_at(record, ITSM_FIELD_NUMBER) ? ITSM_DONE : ITSM_OK;
    for (uint32_t step = 1; !rc; step = step < NUMBER_STEP ? step * 2 : step) {
        uint64_t next;
        itsm_ref taken;
        rc = itsm_store_reserve(&next, work->ctx, work->sms->store, type->name.p, step, &call);
        if (!rc) rc = set_number(work, record, next + step - 1);
        if (!rc)
            rc = itsm__find_number(&taken, work->ctx, &work->view, type,
                                   itsm__record_at(record, ITSM_FIELD_NUMBER)->u.s);
    }
    return rc == ITSM_DONE ? ITSM_OK : rc;
}

/* An identity nobody has: random, or derived from the store's own counter and the key. */
static itsm_status new_identity(itsm_id *out, itsm_work *work, const itsm_type_def *type)
{
    unsigned char content[12];
    itsm_bytes bytes = {content, sizeof content};
    uint64_t next = 0;
    itsm_call call = ITSM_CALL_INIT;
    itsm_status rc =
        work->sms->key.n ? itsm_store_reserve(&next, work->ctx, work->sms->store, "identity", 1, &call) : ITSM_OK;
    itsm__put_be32(content, type->number), itsm__put_be64(content + 4, next);
    return rc ? rc : itsm__work_new_id(out, work, "record", bytes);
}

static itsm_status create(itsm__draft *draft, itsm_work *work, const itsm_named *set, size_t n)
{
    const itsm_type_def *type = itsm_record_type(draft->record);
    const itsm_machine *primary = &type->machines[0];
    itsm_status rc = itsm__write_fields(work, draft, set, n, &primary->states[primary->initial], 1), found = rc;
    if (rc && rc != ITSM_E_REFUSED) return rc;
    for (size_t i = 0; i < type->nmachines; i++)
        if ((rc = itsm__set_state(draft->record, &type->machines[i], type->machines[i].initial))) return rc;
    if ((rc = itsm__derive(work->sms, draft->record, NULL))) return rc;
    if ((rc = itsm__approval_ask(work, draft)) && rc != ITSM_E_REFUSED) return rc;
    found = itsm__worse(itsm__worse(found, rc), itsm__check_mandatory(work, draft, NULL));
    if (!found) found = itsm__record_check_written(work->ctx, draft->record);
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
        return itsm__issue(work->ctx, ITSM_E_NOT_FOUND, type_name, itsm__no_text(), itsm__no_text(),
                           "the model has no type %S", type_name);
    itsm_status rc = itsm__work_begin(work);
    ref.type = type->number;
    if (!rc) rc = itsm__work_has_time(work);
    if (!rc) rc = new_identity(&ref.id, work, type);
    if (!rc) rc = itsm__work_add(&draft, work, type, ref);
    if (rc) return rc;
    if ((rc = itsm__work_touch(&touch, work, draft, ITSM_AUDIT_CREATE, itsm__no_text())))
        return itsm__work_drop(work, draft), rc;
    touch->created = 1;
    rc = itsm__work_end(work, create(draft, work, set, n));
    if (!rc) *out = ref;
    return rc;
}

/* Change ------------------------------------------------------------------------------------------------------------ */

itsm_status itsm_work_change(itsm_work *work, itsm_ref ref, uint64_t expect, const itsm_named *set, size_t n)
{
    itsm__draft *draft;
    itsm__touch *touch;
    if (!work || (n && !set)) return ITSM_E_MISUSE;
    itsm__issues_clear(work->ctx);
    itsm_status rc = itsm__work_begin_at(&draft, work, ref, expect);
    if (!rc) rc = itsm__work_touch(&touch, work, draft, ITSM_AUDIT_CHANGE, itsm__no_text());
    if (rc) return rc;
    const itsm_record *before = touch->before; /* the touches may move */
    rc = itsm__write_fields(work, draft, set, n, itsm__primary_state(draft->record), 0);
    if (!rc) rc = itsm__derive(work->sms, draft->record, NULL);
    if (!rc) rc = itsm__approvals_void_edited(work, draft, before, set, n);
    if (!rc) rc = itsm__record_check_written(work->ctx, draft->record);
    return itsm__work_end(work, rc);
}
