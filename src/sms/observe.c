/* SPDX-License-Identifier: MIT */
/*
 * History that happened elsewhere, recorded as it was.  An observed step is never refused: the move that explains it
 * best is looked up, and what that move would have asked for and did not get is kept beside the step, with its clause.
 * What the source does not carry (a log without services, say) can neither pass nor fail a guard: it is undecided.
 * A log names no roles, so actors are not judged.
 *
 * Each record counts the events observed of it and keeps a checksum over them, so an event that comes again is skipped
 * and one that contradicts the first telling is an error.  One observation costs one copy of the record, a judgement
 * of the few moves between two states, a history row and an audit entry.
 */
#include "sms/internal.h"

#include "base/text.h"
#include "record/internal.h"

struct itsm_observer {
    itsm_sms *sms;
    const itsm_type_def *type;
    const itsm_machine *machine;
    const itsm_field_def **fields;
    size_t nfields;
    unsigned char *known; /* by index of the type's fields: the source carries it */
    int derives;          /* 1: some derived field is not carried */
    itsm__map rules;      /* address of a guard or mandatory field -> address of its text */
    itsm__arena texts;    /* of the rules */
};

void itsm_observer_free(itsm_observer *observer)
{
    if (!observer) return;
    const itsm__memory *memory = &observer->sms->memory;
    itsm__free(memory, observer->fields, observer->nfields * sizeof *observer->fields);
    itsm__free(memory, observer->known, observer->type->nfields);
    itsm__map_clear(&observer->rules);
    itsm__arena_clear(&observer->texts);
    itsm__free(memory, observer, sizeof *observer);
}

/* Fields the engine itself gives every observed record. */
static void know_header(itsm_observer *observer)
{
    static const uint16_t given[] = {ITSM_FIELD_ID,         ITSM_FIELD_NUMBER,     ITSM_FIELD_TYPE,
                                     ITSM_FIELD_CREATED_AT, ITSM_FIELD_CREATED_BY, ITSM_FIELD_UPDATED_AT,
                                     ITSM_FIELD_UPDATED_BY, ITSM_FIELD_REVISION};
    for (size_t i = 0; i < observer->type->nfields; i++)
        for (size_t k = 0; k < sizeof given / sizeof *given; k++)
            if (observer->type->fields[i].number == given[k]) observer->known[i] = 1;
    observer->known[observer->machine->field] = 1;
}

/* Times that steps into states stamp are known from the steps. */
static void know_stamps(itsm_observer *observer)
{
    for (size_t i = 0; i < observer->machine->nmoves; i++)
        for (const itsm_effect_def *e = observer->machine->moves[i].effects; e->kind; e++)
            if (e->kind == ITSM_EFFECT_STAMP && e->paths[0].kind == ITSM_PATH_FIELD)
                observer->known[e->paths[0].at] = 1;
}

itsm_status itsm_observer_new(itsm_observer **out, itsm_sms *sms, itsm_str type_name, const itsm_str *names, size_t n)
{
    if (!out) return ITSM_E_MISUSE;
    *out = NULL;
    if (!sms || (n && !names)) return ITSM_E_MISUSE;
    itsm__issues_clear(sms->ctx);
    const itsm_type_def *type = itsm_model_type(sms->model, type_name);
    if (!type)
        return itsm__issue(sms->ctx, ITSM_E_NOT_FOUND, type_name, itsm__no_text(), itsm__no_text(),
                           "the model has no type %S", type_name);
    itsm_observer *observer = itsm__alloc_zero(&sms->memory, sizeof *observer);
    if (!observer) return ITSM_E_NOMEM;
    observer->sms = sms, observer->type = type, observer->machine = &type->machines[0], observer->nfields = n;
    itsm__map_init(&observer->rules, &sms->memory);
    itsm__arena_init(&observer->texts, &sms->memory);
    observer->fields = itsm__alloc_zero(&sms->memory, n * sizeof *observer->fields);
    observer->known = itsm__alloc_zero(&sms->memory, type->nfields);
    itsm_status rc = observer->fields && observer->known ? ITSM_OK : ITSM_E_NOMEM;
    for (size_t i = 0; i < n && !rc; i++) {
        observer->fields[i] = itsm_type_field(type, names[i]);
        if (observer->fields[i]) observer->known[observer->fields[i]->index] = 1;
        else
            rc = itsm__issue(sms->ctx, ITSM_E_NOT_FOUND, names[i], itsm__no_text(), itsm__no_text(),
                             "%S has no field %S", type->name, names[i]);
    }
    for (size_t i = 0; i < type->nfields && !rc; i++)
        if (type->fields[i].derive && !observer->known[i]) observer->derives = 1;
    if (!rc) know_header(observer), know_stamps(observer);
    else itsm_observer_free(observer), observer = NULL;
    *out = observer;
    return rc;
}

/* Deviations -------------------------------------------------------------------------------------------------------- */

/* What one move would have lacked. */
typedef struct judgement {
    itsm_work *work;
    const itsm_machine *machine;
    const itsm_move_def *move; /* NULL: no move leads there */
    itsm_str step;             /* what was done, where no move says it */
    size_t refused, undecided;
    itsm_observer *observer;
    int keep;
} judgement;

static itsm_str name_of(const itsm_move_def *move)
{
    return move ? move->name : itsm__no_text();
}

/* 1: only the library itself or a timer makes this move. */
static int is_automatic(const itsm_move_def *move)
{
    for (size_t i = 0; i < move->nactors; i++)
        if (move->actors[i].kind != ITSM_ACTOR_HOLDER ||
            (!itsm_str_is(move->actors[i].name, "system") && !itsm_str_is(move->actors[i].name, "timer")))
            return 0;
    return 1;
}

static itsm_str clause_of(const itsm_type_def *type, const itsm_move_def *move)
{
    const itsm_names *own = move ? &move->clauses_2018 : NULL;
    return own && own->n ? own->item[0] : type->clauses_2018.n ? type->clauses_2018.item[0] : itsm__no_text();
}

static itsm_status keep_deviation(const judgement *j, itsm_str rule, itsm_status verdict)
{
    itsm_work *work = j->work;
    itsm_status rc = itsm__grow(&work->memory, &work->deviations, &work->deviation_capacity, work->ndeviations + 1,
                                sizeof *work->deviations);
    if (rc) return rc;
    itsm_deviation *d = &work->deviations[work->ndeviations];
    memset(d, 0, sizeof *d);
    d->move = j->move ? j->move->name : j->step, d->clause = clause_of(j->machine->type, j->move);
    d->undecided = verdict == ITSM_E_UNDECIDED, d->rule = rule;
    work->ndeviations++;
    return ITSM_OK;
}

/* The text of a guard, or of a field that is mandatory: made once, since a log misses the same rules again and again. */
static itsm_status rule_text(itsm_str *out, itsm_observer *observer, const itsm_guard_def *guard,
                             const itsm_field_def *field)
{
    const void *address = guard ? (const void *)guard : (const void *)field;
    const uint64_t *known = itsm__map_find(&observer->rules, &address, sizeof address);
    if (known) return *out = *(const itsm_str *)(uintptr_t)*known, ITSM_OK;
    itsm_buf text = ITSM_BUF_INIT;
    itsm_buf_init(&text, observer->sms->ctx);
    itsm_str *kept = itsm__arena_alloc(&observer->texts, sizeof *kept);
    itsm_status rc = kept ? ITSM_OK : ITSM_E_NOMEM;
    if (!rc) rc = guard ? itsm_guard_encode(&text, guard) : itsm__format(&text, "mandatory:%S", field->name);
    if (!rc) rc = itsm__arena_copy(kept, &observer->texts, itsm_buf_str(&text));
    itsm_buf_clear(&text);
    uint64_t *place = rc ? NULL : itsm__map_put(&observer->rules, &address, sizeof address, NULL);
    if (!place) return ITSM_E_NOMEM;
    *place = (uint64_t)(uintptr_t)kept, *out = *kept;
    return ITSM_OK;
}

static itsm_status judge_guard(void *user, const itsm_guard_def *guard, itsm_status verdict)
{
    judgement *j = user;
    if (!guard) return ITSM_OK; /* a log names no roles */
    j->refused += verdict == ITSM_E_REFUSED, j->undecided += verdict == ITSM_E_UNDECIDED;
    if (!j->keep) return ITSM_OK;
    itsm_str rule;
    itsm_status rc = rule_text(&rule, j->observer, guard, NULL);
    return rc ? rc : keep_deviation(j, rule, verdict);
}

static itsm_status judge_missing(void *user, const itsm_field_def *field, itsm_status verdict)
{
    judgement *j = user;
    itsm_str rule;
    itsm_status rc = rule_text(&rule, j->observer, NULL, field);
    return rc ? rc : keep_deviation(j, rule, verdict);
}

static int is_verdict(itsm_status rc)
{
    return rc == ITSM_OK || rc == ITSM_E_REFUSED || rc == ITSM_E_UNDECIDED;
}

/* The move between two states that lacks least; one that people make rather than one that makes itself; the first in
   the model among equals. */
static itsm_status explain_step(const itsm_move_def **out, judgement *j, const itsm_state_def *from,
                                const itsm_state_def *to, itsm_subject subject, const itsm_act *act)
{
    const itsm_move_def *move = itsm_machine_moves_between(j->machine, from, to, NULL), *best = move;
    size_t refused = SIZE_MAX, undecided = SIZE_MAX;
    int best_automatic = 1;
    if (!move || !itsm_machine_moves_between(j->machine, from, to, move)) return *out = move, ITSM_OK;
    for (; move; move = itsm_machine_moves_between(j->machine, from, to, move)) {
        j->refused = j->undecided = 0, j->keep = 0;
        itsm_status rc = itsm_machine_judge(j->machine, move, subject, act, judge_guard, j);
        if (!is_verdict(rc)) return rc;
        int automatic = is_automatic(move);
        if (automatic != best_automatic ? automatic
                                        : j->refused > refused || (j->refused == refused && j->undecided >= undecided))
            continue;
        best = move, best_automatic = automatic, refused = j->refused, undecided = j->undecided;
    }
    *out = best;
    return ITSM_OK;
}

/* Effects ----------------------------------------------------------------------------------------------------------- */

/*
 * What the step itself tells, where the source has no field for it: when it was done, that it is no longer waiting.
 * The stamp on the way into a resolved state is the instant the source gives for it, if it gives one for good.
 */
static itsm_status observe_effect(const itsm_observer *observer, itsm_record *record, const itsm_effect_def *e,
                                  const itsm_observation *o, uint32_t category)
{
    if (!e->npaths || e->paths[0].kind != ITSM_PATH_FIELD || e->condition) return ITSM_OK;
    const itsm_field_def *field = &observer->type->fields[e->paths[0].at];
    itsm_value value = itsm_value_number(ITSM_TIME, o->at);
    if (e->kind == ITSM_EFFECT_CLEAR) {
        for (uint16_t i = 0; i < e->npaths; i++)
            if (e->paths[i].kind == ITSM_PATH_FIELD)
                itsm_record_remove(record, &observer->type->fields[e->paths[i].at]);
        return ITSM_OK;
    }
    if (e->kind != ITSM_EFFECT_STAMP || field->kind != ITSM_TIME) return ITSM_OK;
    if (e->first && itsm__record_at(record, field->number)) return ITSM_OK;
    if (category == ITSM_RESOLVED && !e->first && o->stopped_is_final) value.u.i = o->stopped;
    return value.u.i == ITSM_TIME_NONE ? ITSM_OK : itsm_record_set(record, field, &value);
}

static itsm_status observe_effects(const itsm_observer *observer, itsm_record *record, const itsm_move_def *move,
                                   const itsm_observation *o, const itsm_state_def *to)
{
    itsm_status rc = ITSM_OK;
    if (!move) move = itsm_machine_moves_between(observer->machine, NULL, to, NULL);
    for (const itsm_effect_def *e = move ? move->effects : NULL; e && e->kind && !rc; e++)
        rc = observe_effect(observer, record, e, o, to->category);
    return rc;
}

/* Observing --------------------------------------------------------------------------------------------------------- */

const itsm_type_def *itsm__observer_type(const itsm_observer *observer)
{
    return observer->type;
}

itsm_ref itsm__observer_ref(const itsm_observer *observer, itsm_str number)
{
    itsm_bytes bytes = {number.p, number.n};
    itsm_ref ref = {observer->type->number, itsm__derived_id(observer->type->name.p, bytes)};
    return ref;
}

static int64_t held_number(const itsm_record *record, uint16_t field)
{
    const itsm_value *value = itsm__record_at(record, field);
    return value ? value->u.i : 0;
}

/* Would the field take this? */
static int is_fitting(const itsm_field_def *field, const itsm_value *value)
{
    if (value->kind != field->kind)
        return value->kind == ITSM_TEXT && (field->kind == ITSM_PARTY || field->kind == ITSM_ENUM);
    return value->kind != ITSM_INT || !field->ranged || (value->u.i >= field->lo && value->u.i <= field->hi);
}

static itsm_status check_value(const itsm_work *work, const itsm_field_def *field, const itsm_value *value)
{
    const itsm_value *items = value->kind == ITSM_LIST ? value->u.list.item : value;
    size_t n = value->kind == ITSM_LIST ? value->u.list.n : value->kind != ITSM_NONE;
    int fits = value->kind == ITSM_NONE || (value->kind == ITSM_LIST) == (field->list != 0);
    for (size_t i = 0; i < n && fits; i++) fits = is_fitting(field, &items[i]);
    if (fits) return ITSM_OK;
    return itsm__issue(work->ctx, ITSM_E_INVALID, field->name, itsm__no_text(), itsm__no_text(),
                       "%S cannot take this value", field->name);
}

static itsm_status write_values(const itsm_work *work, const itsm_observer *observer, itsm_record *record,
                                const itsm_observation *o)
{
    itsm_status rc = ITSM_OK;
    for (size_t i = 0; i < observer->nfields && !rc; i++) {
        const itsm_value *held = itsm__record_at(record, observer->fields[i]->number);
        if (held ? itsm_value_eq(held, &o->values[i]) : o->values[i].kind == ITSM_NONE) continue;
        rc = check_value(work, observer->fields[i], &o->values[i]);
        if (!rc) rc = itsm_record_set(record, observer->fields[i], &o->values[i]);
    }
    return rc;
}

static itsm_status write_progress(itsm_record *record, const itsm_observation *o)
{
    itsm_value count = itsm_value_number(ITSM_INT, (int64_t)o->ordinal + 1);
    itsm_value check = itsm_value_number(ITSM_INT, o->check);
    itsm_status rc = itsm_record_set_number(record, ITSM__FIELD_OBSERVED, &count);
    return rc ? rc : itsm_record_set_number(record, ITSM__FIELD_OBSERVED_CHECK, &check);
}

static itsm_status write_state(itsm_record *record, const itsm_machine *machine, const itsm_state_def *state)
{
    itsm_value value = itsm_value_text(state->name);
    value.kind = ITSM_ENUM;
    return itsm_record_set_number(record, machine->number, &value);
}

/* The record as it came to be, before its first event: in its initial states, since it was opened. */
static itsm_status begin_record(const itsm_observer *observer, itsm_record *record, const itsm_observation *o)
{
    itsm_value number = itsm_value_text(o->number), party = itsm_value_text(o->who);
    itsm_value opened = itsm_value_number(ITSM_TIME, o->opened == ITSM_TIME_NONE ? o->at : o->opened);
    itsm_status rc = itsm_record_set_number(record, ITSM_FIELD_NUMBER, &number);
    party.kind = ITSM_PARTY;
    if (!rc) rc = itsm_record_set_number(record, ITSM_FIELD_CREATED_AT, &opened);
    if (!rc) rc = itsm_record_set_number(record, ITSM_FIELD_CREATED_BY, &party);
    for (size_t i = 0; i < observer->type->nmachines && !rc; i++) {
        const itsm_machine *machine = &observer->type->machines[i];
        rc = write_state(record, machine, &machine->states[machine->initial]);
    }
    return rc;
}

/* A step that no move makes, in words: "in_progress -> closed". */
static itsm_status name_step(itsm_str *out, itsm_work *work, const itsm_state_def *from, const itsm_state_def *to)
{
    itsm_buf text = ITSM_BUF_INIT;
    itsm_buf_init(&text, work->ctx);
    itsm_status rc = itsm__format(&text, "%S -> %S", from ? from->name : itsm__no_text(), to->name);
    if (!rc) rc = itsm__arena_copy(out, &work->arena, itsm_buf_str(&text));
    itsm_buf_clear(&text);
    return rc;
}

/* From the state it is in to the one observed. */
itsm_status itsm__observe_step(itsm_str *event, itsm_work *work, itsm_observer *observer, itsm__draft *draft,
                               const itsm_observation *o, const itsm_state_def *to)
{
    itsm__draft_subject self = {work, draft, observer->known};
    itsm_subject subject = {&itsm__draft_methods, &self};
    judgement j = {work, observer->machine, NULL, itsm__no_text(), 0, 0, observer, 0};
    itsm_act act = work->act;
    const itsm_state_def *from = itsm__record_state(draft->record, observer->machine);
    itsm_status rc;
    if (from == to) return ITSM_OK;
    act.who = o->who, act.now = act.effective = o->at;
    if ((rc = explain_step(&j.move, &j, from, to, subject, &act))) return rc;
    *event = name_of(j.move), j.keep = 1;
    if (!j.move && (rc = name_step(&j.step, work, from, to))) return rc;
    if (!j.move) rc = keep_deviation(&j, ITSM_STR("state"), ITSM_E_REFUSED);
    else rc = itsm_machine_judge(observer->machine, j.move, subject, &act, judge_guard, &j);
    if (!is_verdict(rc)) return rc;
    if ((rc = observe_effects(observer, draft->record, j.move, o, to)) ||
        (rc = write_state(draft->record, observer->machine, to)))
        return rc;
    rc = itsm_type_missing(observer->type, to, subject, judge_missing, &j);
    return is_verdict(rc) ? ITSM_OK : rc;
}

static itsm_status observe(itsm_work *work, itsm_observer *observer, itsm__draft *draft, const itsm_observation *o,
                           const itsm_state_def *to)
{
    itsm__touch *touch;
    itsm_time previous = held_number(draft->record, ITSM_FIELD_UPDATED_AT);
    itsm_status rc = itsm__work_touch(&touch, work, draft, ITSM_AUDIT_OBSERVE, itsm__no_text());
    if (rc) return rc;
    touch->created = o->ordinal == 0;
    if (touch->created && (rc = begin_record(observer, draft->record, o))) return rc;
    if ((rc = write_values(work, observer, draft->record, o)) || (rc = write_progress(draft->record, o)) ||
        (observer->derives && (rc = itsm__derive(work->sms, draft->record, observer->known))))
        return rc;
    if (touch->created) {
        itsm__draft_subject self = {work, draft, observer->known};
        itsm_subject subject = {&itsm__draft_methods, &self};
        judgement j = {work, observer->machine, NULL, ITSM_STR("create"), 0, 0, observer, 1};
        rc = itsm_type_missing(observer->type, NULL, subject, judge_missing, &j);
        if (!is_verdict(rc)) return rc;
    }
    if ((rc = itsm__observe_step(&touch->event, work, observer, draft, o, to))) return rc;
    return itsm__clocks_observe(work, touch, o, previous);
}

/* Is this the next event of its case, one that is known, or one that cannot be? */
static itsm_status place(const itsm_work *work, const itsm_record *record, const itsm_observation *o)
{
    uint64_t observed = record ? (uint64_t)held_number(record, ITSM__FIELD_OBSERVED) : 0;
    if (o->ordinal > observed)
        return itsm__issue(work->ctx, ITSM_E_ORDER, o->number, itsm__no_text(), itsm__no_text(),
                           "event %u of %S was never observed", observed + 1, o->number);
    if (o->ordinal + 1 == observed && o->check != (uint32_t)held_number(record, ITSM__FIELD_OBSERVED_CHECK))
        return itsm__issue(work->ctx, ITSM_E_CONFLICT, o->number, itsm__no_text(), itsm__no_text(),
                           "the first %u events of %S differ from those in the store", observed, o->number);
    return o->ordinal < observed ? ITSM_NOTHING : ITSM_OK;
}

static const itsm_state_def *find_state(const itsm_machine *machine, itsm_str name)
{
    for (size_t i = 0; i < machine->nstates; i++)
        if (itsm_str_eq(machine->states[i].name, name)) return &machine->states[i];
    return NULL;
}

/* The draft of a case; rows of a log follow one another, so most often it is that of the row before. */
static itsm_status find_case(itsm__draft **out, itsm_ref *ref, itsm_work *work, const itsm_observer *observer,
                             itsm_str number)
{
    itsm__draft *latest = work->observed;
    const itsm_value *held = latest ? itsm__record_at(latest->record, ITSM_FIELD_NUMBER) : NULL;
    if (held && itsm_record_type(latest->record) == observer->type && itsm_str_eq(held->u.s, number)) {
        *out = latest, *ref = itsm_record_ref(latest->record);
        return ITSM_OK;
    }
    *ref = itsm__observer_ref(observer, number);
    return itsm__work_find(out, work, *ref);
}

itsm_status itsm_work_observe(itsm_observed *out, itsm_work *work, itsm_observer *observer, const itsm_observation *o)
{
    itsm__draft *draft = NULL;
    itsm_ref ref;
    if (!work || !observer || !o || o->size < sizeof *o || !o->number.n || (observer->nfields && !o->values))
        return ITSM_E_MISUSE;
    itsm__issues_clear(work->ctx);
    const itsm_state_def *to = find_state(observer->machine, o->state);
    if (!to)
        return itsm__issue(work->ctx, ITSM_E_INVALID, o->number, itsm__no_text(), itsm__no_text(),
                           "%S is no state of %S", o->state, observer->type->name);
    itsm_status rc = itsm__work_begin(work);
    if (!rc) rc = find_case(&draft, &ref, work, observer, o->number);
    if (rc < 0) return rc;
    rc = place(work, rc == ITSM_OK ? draft->record : NULL, o);
    if (!rc && !draft) rc = itsm__work_add(&draft, work, observer->type, ref);
    if (rc) return rc;
    if ((rc = observe(work, observer, draft, o, to))) return work->observed = NULL, itsm__work_undo(work), rc;
    rc = itsm__work_settle(work, o->at, o->who);
    work->observed = rc ? NULL : draft;
    if (rc || !out || out->size < sizeof *out) return rc;
    out->ref = ref, out->deviations = work->deviations, out->ndeviations = work->ndeviations;
    return ITSM_OK;
}
