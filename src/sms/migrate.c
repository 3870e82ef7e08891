/* SPDX-License-Identifier: MIT */
/*
 * Migration: stored records are moved to a changed model by a map of states.
 *
 * First a plan: what becomes of each state.  Then all records are read in one view and counted, and what would change is
 * noted; every reason not to go on is found before anything is written.  Then the records are written by a system of the
 * changed model, in one batch or several.  A record that is as the changed model wants it is left alone, so a migration
 * that stopped half-way can be called again.
 *
 * Cost: a read of each record, a second one and a write of each that changes.
 */
#include "sms/internal.h"

#include "base/text.h"
#include "record/internal.h"
#include "text/json.h"

enum { FACETS_MAX = 8 };

/* One state of the model as it was. */
typedef struct slot {
    const itsm_machine *machine;
    const itsm_state_def *state, *image; /* image: NULL if there is none */
    uint64_t records;
    int rekey; /* other rules decide when a timer is due */
} slot;

/* What was found wrong with the records of a type. */
typedef struct misfits {
    uint64_t n;
    itsm_str number, message; /* of the first */
} misfits;

typedef struct plan {
    itsm_sms *sms;
    const itsm_migration *how;
    itsm__arena arena;
    slot *slots;
    size_t nslots;
    size_t (*first)[FACETS_MAX]; /* by type and facet: its first slot */
    misfits *misfits;            /* by type */
    uint64_t *gone;              /* by type: records, if the type is gone */
    itsm_ref *refs;              /* of the records that change */
    size_t nrefs, capacity;
    uint64_t records;
    size_t found; /* reasons to refuse */
} plan;

/* The map ----------------------------------------------------------------------------------------------------------- */

static const itsm_type_def *type_to(const plan *p, const itsm_type_def *type)
{
    return itsm_model_type(p->how->to, type->name);
}

static itsm_status no_such(const plan *p, const char *what, itsm_str name)
{
    return itsm__issue(p->sms->ctx, ITSM_E_NOT_FOUND, name, ITSM_STR("image"), itsm__no_text(), "there is no %s %S",
                       what, name);
}

static itsm_status set_image(plan *p, itsm_str type_name, itsm_str facet, itsm_str from, itsm_str to)
{
    const itsm_type_def *type = itsm_model_type(p->sms->model, type_name);
    const itsm_machine *machine = itsm_type_machine(type, facet);
    const itsm_state_def *state = itsm_machine_state(machine, from);
    if (!type) return no_such(p, "type", type_name);
    if (!machine) return no_such(p, "facet", facet);
    if (!state) return no_such(p, "state", from);
    const itsm_machine *there = itsm_type_machine(type_to(p, type), machine->name);
    const itsm_state_def *image = itsm_machine_state(there, to);
    if (!image) return no_such(p, "state", to);
    p->slots[p->first[type->index][machine->index] + state->index].image = image;
    return ITSM_OK;
}

/* {"incident": {"status": {"pending": "waiting"}}} */
static itsm_status read_map(plan *p, const itsm__json *json)
{
    const itsm__json_node *root = itsm__json_root(json), *type, *facet, *state;
    itsm_status rc = itsm__json_expect(json, root, ITSM__JSON_OBJECT);
    if (rc) return rc;
    ITSM__JSON_EACH(type, root)
    {
        if ((rc = itsm__json_expect(json, type, ITSM__JSON_OBJECT))) return rc;
        ITSM__JSON_EACH(facet, type)
        {
            if ((rc = itsm__json_expect(json, facet, ITSM__JSON_OBJECT))) return rc;
            ITSM__JSON_EACH(state, facet)
            {
                if ((rc = itsm__json_expect(json, state, ITSM__JSON_TEXT)) ||
                    (rc = set_image(p, type->key, facet->key, state->key, state->text)))
                    return rc;
            }
        }
    }
    return ITSM_OK;
}

static itsm_status take_images(plan *p)
{
    itsm__json json;
    itsm_status rc = ITSM_OK;
    for (size_t i = 0; i < p->how->nimages && !rc; i++) {
        const itsm_state_image *image = &p->how->images[i];
        rc = set_image(p, image->type, image->facet, image->from, image->to);
    }
    if (rc || !p->how->map.n) return rc;
    itsm__json_init(&json, p->sms->ctx);
    rc = itsm__json_parse(&json, p->how->map);
    if (!rc) rc = read_map(p, &json);
    itsm__json_clear(&json);
    return rc;
}

/* The plan ---------------------------------------------------------------------------------------------------------- */

/* What decides when a timer may move a record out of a state, as text. */
static itsm_status timers_text(itsm_buf *out, const itsm_machine *m, const itsm_state_def *state)
{
    const itsm_model *model = m->type->model;
    itsm_status rc = ITSM_OK;
    for (size_t k = 0; k < m->nmoves && !rc; k++) {
        const itsm_move_def *move = &m->moves[k];
        int timed = 0;
        for (size_t a = 0; a < move->nactors; a++) timed |= itsm_str_is(move->actors[a].name, "timer");
        if (!timed || !(move->from >> state->index & 1)) continue;
        rc = itsm__format(out, "%S ", move->name);
        for (const itsm_guard_def *g = move->guards; g->kind && !rc; g += g->nodes) rc = itsm_guard_encode(out, g);
    }
    itsm_str text;
    for (size_t i = 0; out->n && !rc && i < itsm_model_policy_count(model); i++) {
        const itsm_str name = itsm_model_policy_at(&text, model, i);
        rc = itsm__format(out, " %S=%S", name, text);
    }
    return rc;
}

static itsm_status compare_timers(const plan *p, slot *s)
{
    const itsm_machine *there = itsm_type_machine(type_to(p, s->machine->type), s->machine->name);
    itsm_buf before, after;
    if (!s->image) return ITSM_OK;
    itsm_buf_init(&before, p->sms->ctx), itsm_buf_init(&after, p->sms->ctx);
    itsm_status rc = timers_text(&before, s->machine, s->state);
    if (!rc) rc = timers_text(&after, there, s->image);
    s->rekey = !itsm_str_eq(itsm_buf_str(&before), itsm_buf_str(&after));
    itsm_buf_clear(&before), itsm_buf_clear(&after);
    return rc;
}

static void *make(plan *p, size_t n, size_t size)
{
    void *out = itsm__arena_alloc(&p->arena, n * size + 1);
    if (out) memset(out, 0, n * size);
    return out;
}

static itsm_status make_plan(plan *p)
{
    const itsm_model *from = p->sms->model;
    const size_t n = itsm_model_type_count(from);
    size_t states = 0;
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < itsm_model_type_at(from, i)->nmachines; k++)
            states += itsm_model_type_at(from, i)->machines[k].nstates;
    p->slots = make(p, states, sizeof *p->slots), p->first = make(p, n, sizeof *p->first);
    p->misfits = make(p, n, sizeof *p->misfits), p->gone = make(p, n, sizeof *p->gone);
    if (!p->slots || !p->first || !p->misfits || !p->gone) return ITSM_E_NOMEM;
    for (size_t i = 0; i < n; i++) {
        const itsm_type_def *type = itsm_model_type_at(from, i), *to = type_to(p, type);
        for (size_t k = 0; k < type->nmachines; k++) {
            const itsm_machine *m = &type->machines[k], *there = itsm_type_machine(to, m->name);
            p->first[i][k] = p->nslots;
            for (size_t s = 0; s < m->nstates; s++) {
                slot *new = &p->slots[p->nslots++];
                new->machine = m, new->state = &m->states[s];
                new->image = itsm_machine_state(there, m->states[s].name);
            }
        }
    }
    itsm_status rc = take_images(p);
    for (size_t i = 0; i < p->nslots && !rc; i++) rc = compare_timers(p, &p->slots[i]);
    return rc;
}

/* Records ----------------------------------------------------------------------------------------------------------- */

/* A facet's state as the changed model wants it: its image, or the first state; NULL: it is so already, or unknown. */
static const itsm_state_def *wanted(const plan *p, const itsm_record *record, const itsm_type_def *from,
                                    const itsm_machine *to, slot **used)
{
    const itsm_machine *was = itsm_type_machine(from, to->name);
    const itsm_value *held = itsm__record_at(record, to->number);
    const itsm_state_def *state = held && was ? itsm_machine_state(was, held->u.s) : NULL;
    *used = NULL;
    if (!held) return &to->states[to->initial];
    if (!state) return NULL;
    *used = &p->slots[p->first[from->index][was->index] + state->index];
    const itsm_state_def *image = (*used)->image;
    return image && !itsm_str_eq(image->name, state->name) ? image : NULL;
}

/* An index that the other model does not have in the same form. */
static int is_changed(const itsm_index_def *x, const itsm_type_def *type, const itsm_type_def *other)
{
    const itsm_index_def *y = itsm_type_index(other, x->name);
    if (!y || y->number != x->number || y->unique != x->unique || y->nfields != x->nfields) return 1;
    for (size_t i = 0; i < x->nfields; i++)
        if (type->fields[x->fields[i]].number != other->fields[y->fields[i]].number) return 1;
    return 0;
}

static int has_changed_key(const itsm_record *record, const itsm_type_def *type, const itsm_type_def *other)
{
    for (size_t i = 0; i < type->nindexes; i++) {
        const itsm_index_def *x = &type->indexes[i];
        if (is_changed(x, type, other) && itsm__record_at(record, type->fields[x->fields[0]].number)) return 1;
    }
    return 0;
}

/* Bring a record to the changed model; *changed tells whether that takes anything.  `count`: its states are counted. */
static itsm_status convert(plan *p, itsm_record *record, const itsm_type_def *from, int count, int *changed)
{
    const itsm_type_def *to = itsm_record_type(record);
    itsm_status rc = ITSM_OK;
    slot *used;
    *changed = has_changed_key(record, from, to) || has_changed_key(record, to, from);
    for (size_t i = 0; i < to->nmachines && !rc; i++) {
        const itsm_state_def *state = wanted(p, record, from, &to->machines[i], &used);
        if (used && count) used->records++;
        if (used && used->rekey) *changed = 1;
        if (!state) continue;
        rc = itsm__set_state(record, &to->machines[i], state->index);
        *changed = 1;
    }
    return rc;
}

/* Facets that are gone: their states have no image, but records are counted in them. */
static void count_gone(plan *p, const itsm_record *record, const itsm_type_def *from)
{
    for (size_t i = 0; i < from->nmachines; i++) {
        const itsm_machine *m = &from->machines[i];
        const itsm_value *held = itsm__record_at(record, m->number);
        const itsm_state_def *state = held ? itsm_machine_state(m, held->u.s) : NULL;
        if (state && !itsm_type_machine(itsm_record_type(record), m->name))
            p->slots[p->first[from->index][i] + state->index].records++;
    }
}

static itsm_status note_misfit(plan *p, const itsm_type_def *from, const itsm_record *record, itsm_ctx *quiet)
{
    misfits *m = &p->misfits[from->index];
    const itsm_value *number = itsm__record_at(record, ITSM_FIELD_NUMBER);
    const itsm_issue *issue = itsm_ctx_issue(quiet, 0);
    if (m->n++) return ITSM_OK;
    itsm_status rc = number ? itsm__arena_copy(&m->number, &p->arena, number->u.s) : ITSM_OK;
    return rc || !issue ? rc : itsm__arena_copy(&m->message, &p->arena, issue->message);
}

static itsm_status look_at(plan *p, itsm_record *record, const itsm_type_def *from, const itsm_row *row)
{
    itsm_ctx *quiet = &p->sms->quiet;
    int changed;
    itsm_status rc = itsm__record_read(record, quiet, row);
    if (rc) return rc;
    count_gone(p, record, from);
    if ((rc = convert(p, record, from, 1, &changed))) return rc;
    rc = itsm_record_check(quiet, record);
    if (rc == ITSM_E_INVALID) rc = note_misfit(p, from, record, quiet);
    itsm__issues_clear(quiet);
    if (rc || !changed) return rc;
    rc = itsm__grow(&p->sms->memory, &p->refs, &p->capacity, p->nrefs + 1, sizeof *p->refs);
    if (!rc) p->refs[p->nrefs++] = row->ref;
    return rc;
}

static itsm_status scan_type(plan *p, itsm_view *view, const itsm_type_def *from)
{
    const itsm_type_def *to = type_to(p, from);
    itsm_cursor cursor = ITSM_CURSOR_INIT;
    itsm_range range = ITSM_RANGE_INIT;
    itsm_record *record = NULL;
    itsm_row row;
    const itsm_ref unused = {from->number, {0, 0}};
    range.type = from->number;
    itsm_status rc =
        to && to->number == from->number ? itsm_record_new(&record, &p->sms->quiet, p->how->to, to, unused) : ITSM_OK;
    if (!rc) rc = itsm_store_scan(&cursor, &p->sms->quiet, view, &range);
    while (!rc && (rc = itsm_store_next(&row, &p->sms->quiet, &cursor)) == ITSM_OK) {
        p->records++;
        if (record) rc = look_at(p, record, from, &row);
        else p->gone[from->index]++;
    }
    itsm_store_cursor_close(&cursor);
    itsm_record_free(record);
    return rc == ITSM_DONE ? ITSM_OK : rc;
}

static itsm_status scan_all(plan *p)
{
    itsm_view view = ITSM_VIEW_INIT;
    itsm_status rc = itsm_store_view_open(&view, &p->sms->quiet, p->sms->store, NULL);
    for (size_t i = 0; i < itsm_model_type_count(p->sms->model) && !rc; i++)
        rc = scan_type(p, &view, itsm_model_type_at(p->sms->model, i));
    itsm_store_view_close(&view);
    return rc;
}

/* Refusing ---------------------------------------------------------------------------------------------------------- */

static void refuse(plan *p, const itsm_type_def *type, const itsm_machine *machine, const itsm_state_def *state,
                   const char *rule, itsm_str message)
{
    itsm_buf where;
    itsm_buf_init(&where, p->sms->ctx);
    itsm_status rc = itsm__buf_str(&where, type->name);
    if (!rc && machine) rc = itsm__format(&where, ".%S", machine->name);
    if (!rc && state) rc = itsm__format(&where, ".%S", state->name);
    (void)itsm__issue(p->sms->ctx, ITSM_E_REFUSED, rc ? itsm__no_text() : itsm_buf_str(&where), itsm_str_c(rule),
                      itsm__clause_of(type), "%S", message);
    itsm_buf_clear(&where);
    p->found++;
}

static itsm_status judge_slot(plan *p, const slot *s)
{
    itsm_buf text;
    const itsm_type_def *type = s->machine->type;
    if (!type_to(p, type) || (s->image && s->image->category == s->state->category)) return ITSM_OK;
    itsm_buf_init(&text, p->sms->ctx);
    itsm_status rc =
        s->image ? itsm__format(&text, "state %S is %s and its image %S is %s; %u records are in it", s->state->name,
                                itsm_category_text(s->state->category), s->image->name,
                                itsm_category_text(s->image->category), s->records)
                 : itsm__format(&text, "state %S has no image; %u records are in it", s->state->name, s->records);
    if (!rc) refuse(p, type, s->machine, s->state, "image", itsm_buf_str(&text));
    itsm_buf_clear(&text);
    return rc;
}

/* In batches: a record that was moved already must not look as if it were still to be. */
static void judge_chain(plan *p, const slot *s)
{
    const itsm_state_def *next = s->image ? itsm_machine_state(s->machine, s->image->name) : NULL;
    if (!next || !p->how->batch || next == s->state) return;
    const slot *onward = &p->slots[p->first[s->machine->type->index][s->machine->index] + next->index];
    if (onward->image && !itsm_str_eq(onward->image->name, next->name))
        refuse(p, s->machine->type, s->machine, s->state, "chain",
               ITSM_STR("its image has another image: that takes one batch"));
}

static void judge_numbers(plan *p, const itsm_type_def *from, const itsm_type_def *to)
{
    if (from->number != to->number) refuse(p, from, NULL, NULL, "number", ITSM_STR("the type has another number"));
    for (size_t i = 0; i < from->nfields; i++) {
        const itsm_field_def *f = &from->fields[i], *same = itsm_type_field(to, f->name);
        if (same && same->number != f->number) refuse(p, from, NULL, NULL, "number", f->name);
    }
    for (size_t i = 0; i < from->nlinks; i++) {
        const itsm_link_def *l = &from->links[i], *same = itsm_type_link(to, l->name);
        if (same && same->number != l->number) refuse(p, from, NULL, NULL, "number", l->name);
    }
}

static itsm_status judge_type(plan *p, const itsm_type_def *from)
{
    const itsm_type_def *to = type_to(p, from);
    const misfits *m = &p->misfits[from->index];
    itsm_buf text;
    itsm_status rc = ITSM_OK;
    itsm_buf_init(&text, p->sms->ctx);
    if (to) judge_numbers(p, from, to);
    if (!to && p->gone[from->index]) {
        rc = itsm__format(&text, "the type is gone and has %u records", p->gone[from->index]);
        if (!rc) refuse(p, from, NULL, NULL, "type", itsm_buf_str(&text));
    }
    if (m->n) {
        rc = itsm__format(&text, "%u records do not fit, the first is %S: %S", m->n, m->number, m->message);
        if (!rc) refuse(p, from, NULL, NULL, "record", itsm_buf_str(&text));
    }
    itsm_buf_clear(&text);
    return rc;
}

static itsm_status judge(plan *p)
{
    itsm_status rc = ITSM_OK;
    for (size_t i = 0; i < itsm_model_type_count(p->sms->model) && !rc; i++)
        rc = judge_type(p, itsm_model_type_at(p->sms->model, i));
    for (size_t i = 0; i < p->nslots && !rc; i++) rc = judge_slot(p, &p->slots[i]), judge_chain(p, &p->slots[i]);
    return rc ? rc : p->found ? ITSM_E_REFUSED : ITSM_OK;
}

static itsm_status tell_states(const plan *p)
{
    itsm_status rc = ITSM_OK;
    for (size_t i = 0; i < p->nslots && p->how->fn && !rc; i++) {
        const slot *s = &p->slots[i];
        itsm_state_use use;
        memset(&use, 0, sizeof use);
        use.size = sizeof use, use.type = s->machine->type->name, use.facet = s->machine->name;
        use.from = s->state->name, use.to = s->image ? s->image->name : itsm__no_text(), use.records = s->records;
        rc = p->how->fn(p->how->user, &use);
    }
    return rc;
}

/* Writing ----------------------------------------------------------------------------------------------------------- */

static itsm_status write_record(plan *p, itsm_work *work, itsm_ref ref, int *changed)
{
    const itsm_type_def *from = itsm_model_type_number(p->sms->model, ref.type);
    itsm__draft *draft;
    itsm__touch *touch;
    itsm_status rc = itsm__work_begin_at(&draft, work, ref, ITSM_REV_ANY);
    if (!rc) rc = itsm__work_touch(&touch, work, draft, ITSM_AUDIT_DEFINE, ITSM_STR("migrate"));
    if (rc) return rc;
    rc = convert(p, draft->record, from, 0, changed);
    if (!rc && *changed) return itsm__work_settle(work, itsm__work_effective(work), work->act.who);
    itsm__work_undo(work);
    return rc;
}

static itsm_status write_all(itsm_migrated *done, plan *p, itsm_sms *next, const itsm_act *act)
{
    itsm_work *work = NULL;
    uint64_t pending = 0;
    int changed;
    itsm_status rc = itsm_work_new(&work, next, act);
    for (size_t i = 0; i < p->nrefs && !rc; i++) {
        if ((rc = write_record(p, work, p->refs[i], &changed))) break;
        pending += changed != 0;
        if (!pending || (i + 1 < p->nrefs && (!p->how->batch || pending < p->how->batch))) continue;
        if ((rc = itsm_work_commit(NULL, work))) break;
        done->changed += pending, done->batches++, pending = 0;
    }
    itsm_work_free(work);
    return rc;
}

static itsm_status write_changes(itsm_migrated *done, plan *p, const itsm_act *act)
{
    itsm_sms_options options = ITSM_SMS_OPTIONS_INIT;
    itsm_sms *next = NULL;
    options.key.p = p->sms->key.p, options.key.n = p->sms->key.n;
    itsm_status rc = itsm_sms_new(&next, p->sms->ctx, p->how->to, p->sms->store, &options);
    if (!rc && p->nrefs) rc = write_all(done, p, next, act);
    itsm_sms_free(next);
    return rc;
}

itsm_status itsm_sms_migrate(itsm_migrated *out, itsm_sms *sms, const itsm_migration *how, const itsm_act *act)
{
    itsm_migrated done = ITSM_MIGRATED_INIT;
    if (!sms || !how || how->size < sizeof *how || !how->to || !act || act->size < sizeof *act ||
        (how->nimages && !how->images) || (out && out->size < sizeof out->size) || sms->open)
        return ITSM_E_MISUSE;
    itsm__issues_clear(sms->ctx);
    plan p;
    memset(&p, 0, sizeof p);
    p.sms = sms, p.how = how;
    itsm__arena_init(&p.arena, &sms->memory);
    itsm_status rc = make_plan(&p);
    if (!rc) rc = scan_all(&p);
    if (!rc) rc = tell_states(&p);
    if (!rc) rc = judge(&p);
    done.records = p.records;
    if (!rc && how->dry_run) done.changed = p.nrefs;
    else if (!rc) rc = write_changes(&done, &p, act);
    itsm__free(&sms->memory, p.refs, p.capacity * sizeof *p.refs);
    itsm__arena_clear(&p.arena);
    itsm__issues_clear(&sms->quiet);
    if (out) {
        done.size = out->size;
        memcpy(out, &done, out->size < sizeof done ? out->size : sizeof done);
    }
    return rc;
}
