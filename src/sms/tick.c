/* SPDX-License-Identifier: MIT */
/*
 * Timers: moves that the passing of time makes.
 *
 * A record in a state with a move open to `timer` has a key in an index by time: the earliest instant at which the
 * guards of such a move can hold, as far as that follows from its own fields; what depends on other records counts as
 * possible at once.  itsm__timer_at() computes it when the record is written, from the guards as they are, in O(guards).
 *
 * A tick reads the keys up to now and tries those moves, each in a batch of its own, until no more can be made.  Two
 * hosts may tick at once: the one whose batch comes second meets a conflict and leaves it to the other.  Then the clocks
 * tell what they have reached: alarms.c.
 */
#include "sms/internal.h"

#include "base/sort.h"
#include "record/internal.h"
#include "record/key.h"

enum { BOUND_DEPTH = 64, ROUNDS_MAX = 64 };

#define AT_ONCE INT64_MIN
#define NEVER INT64_MAX /* not before the record is written again */

static const itsm_str timer[] = {{"timer", 5}};

static itsm_act timer_act(itsm_time now)
{
    itsm_act act = ITSM_ACT_INIT;
    act.who = timer[0], act.roles = timer, act.nroles = 1, act.now = now;
    return act;
}

/* When ---------------------------------------------------------------------------------------------------------------- */

static itsm_time later(itsm_time a, itsm_time b)
{
    return a > b ? a : b;
}

static itsm_time earlier(itsm_time a, itsm_time b)
{
    return a < b ? a : b;
}

/* Whose guards are looked at. */
typedef struct bounding {
    const itsm_machine *machine;
    const itsm_record *record;
    itsm_subject subject;
    const itsm_act *act;
} bounding;

static int is_own(const itsm_guard_def *guard)
{
    for (uint16_t i = 0; i < guard->npaths; i++)
        if (guard->paths[i].kind != ITSM_PATH_FIELD) return 0;
    return guard->kind == ITSM_GUARD_SET || guard->kind == ITSM_GUARD_EQ || guard->kind == ITSM_GUARD_NE ||
           guard->kind == ITSM_GUARD_GT || guard->kind == ITSM_GUARD_GE || guard->kind == ITSM_GUARD_ROLE;
}

/* The earliest instant at which a guard without others below it can hold. */
static itsm_time leaf_bound(const bounding *b, const itsm_guard_def *guard)
{
    const itsm_type_def *type = b->machine->type;
    if (is_own(guard))
        return itsm_guard_check(b->machine, guard, b->subject, b->act) == ITSM_E_REFUSED ? NEVER : AT_ONCE;
    if (guard->kind != ITSM_GUARD_REACHED || guard->paths[0].kind != ITSM_PATH_FIELD) return AT_ONCE;
    const itsm_value *value = itsm__record_at(b->record, type->fields[guard->paths[0].at].number);
    itsm_span wait = 0;
    if (!value) return NEVER;
    if (value->kind != ITSM_TIME && value->kind != ITSM_DATE) return AT_ONCE;
    if (guard->name.n && itsm_model_policy(&wait, type->model, guard->name)) return NEVER;
    const itsm_time from = value->kind == ITSM_DATE ? value->u.i * ITSM_DAYS(1) : value->u.i;
    return from > NEVER - wait ? NEVER : from + wait;
}

/* What a node and those below it give; `below` are their bounds, the first one first. */
static itsm_time node_bound(const itsm_guard_def *node, const itsm_time *below, size_t n)
{
    itsm_time bound = node->kind == ITSM_GUARD_ANY ? NEVER : AT_ONCE;
    if (node->kind == ITSM_GUARD_ANY) {
        for (size_t i = 0; i < n; i++) bound = earlier(bound, below[i]);
        return bound;
    }
    /* `when`: a condition that is certain to hold for the timer leaves the others; any other may not hold at once. */
    if (node[1].kind != ITSM_GUARD_ROLE || below[0] == NEVER) return AT_ONCE;
    for (size_t i = 1; i < n; i++) bound = later(bound, below[i]);
    return bound;
}

/* Nodes stand in prefix order: read backwards, every node finds those below it on the stack. */
static itsm_time guard_bound(const bounding *b, const itsm_guard_def *guard)
{
    itsm_time stack[BOUND_DEPTH];
    size_t depth = 0;
    for (size_t i = guard->nodes; i-- > 0;) {
        const itsm_guard_def *node = &guard[i];
        if (depth == BOUND_DEPTH) return AT_ONCE;
        if (node->nodes == 1) {
            stack[depth++] = leaf_bound(b, node);
            continue;
        }
        itsm_time below[BOUND_DEPTH];
        size_t n = 0;
        for (size_t k = 1; k < node->nodes && depth; k += node[k].nodes) below[n++] = stack[--depth];
        stack[depth++] = node_bound(node, below, n);
    }
    return depth ? stack[depth - 1] : AT_ONCE;
}

static itsm_time move_bound(const bounding *b, const itsm_move_def *move)
{
    itsm_time bound = AT_ONCE;
    for (const itsm_guard_def *g = move->guards; g->kind && bound != NEVER; g += g->nodes)
        bound = later(bound, guard_bound(b, g));
    return bound;
}

itsm_time itsm__timer_at(itsm_work *work, itsm__draft *draft)
{
    const itsm__plan *plan = itsm__plan_of(work->sms, draft->record);
    itsm__draft_subject self = {work, draft, NULL};
    const itsm_act act = timer_act(0);
    bounding b = {NULL, draft->record, {&itsm__draft_methods, &self}, &act};
    itsm_time bound = NEVER;
    for (size_t i = 0; i < plan->ntimed; i++) {
        const itsm__machine_move *timed = &plan->timed[i];
        const itsm_state_def *state = itsm__record_state(draft->record, timed->machine);
        b.machine = timed->machine;
        if (state && timed->move->from >> state->index & 1) bound = earlier(bound, move_bound(&b, timed->move));
    }
    return bound == NEVER ? ITSM_TIME_NONE : bound == AT_ONCE ? INT64_MIN + 1 : bound;
}

/* Ticking --------------------------------------------------------------------------------------------------------------- */

/* A record that may have something to do. */
typedef struct due {
    itsm_ref ref;
    itsm_time created;
    size_t type;     /* its place in the model */
    itsm_str number; /* in the arena */
} due;

typedef struct ticking {
    itsm_sms *sms;
    itsm_time now;
    due *items;
    size_t n, capacity;
    itsm__arena arena;
    uint64_t made;
    itsm_tick_fn fn;
    void *user;
} ticking;

/* In order of creation; of those made at one instant, in order of types and numbers. */
static int compare_due(const void *a, const void *b, void *user)
{
    const due *x = a, *y = b;
    (void)user;
    if (x->created != y->created) return x->created < y->created ? -1 : 1;
    if (x->type != y->type) return x->type < y->type ? -1 : 1;
    if (x->number.n != y->number.n) return x->number.n < y->number.n ? -1 : 1;
    return x->number.n ? memcmp(x->number.p, y->number.p, x->number.n) : 0;
}

static itsm_status add_due(ticking *t, itsm_ref ref)
{
    itsm_status rc = itsm__grow(&t->sms->memory, &t->items, &t->capacity, t->n + 1, sizeof *t->items);
    if (rc) return rc;
    due *item = &t->items[t->n];
    memset(item, 0, sizeof *item);
    item->ref = ref, t->n++;
    return ITSM_OK;
}

/* What a record is ordered by. */
static itsm_status fill_due(ticking *t, itsm_work *work, due *item)
{
    itsm__draft *draft;
    itsm_status rc = itsm__work_find(&draft, work, item->ref);
    if (rc) return rc == ITSM_NOTHING ? ITSM_OK : rc;
    const itsm_value *created = itsm__record_at(draft->record, ITSM_FIELD_CREATED_AT);
    const itsm_value *number = itsm__record_at(draft->record, ITSM_FIELD_NUMBER);
    item->created = created ? created->u.i : 0, item->type = itsm_record_type(draft->record)->index;
    return number ? itsm__arena_copy(&item->number, &t->arena, number->u.s) : ITSM_OK;
}

/* Records of a type whose key is not after now. */
static itsm_status scan_type(ticking *t, itsm_work *work, const itsm_type_def *type)
{
    itsm_cursor cursor = ITSM_CURSOR_INIT;
    itsm_range range = ITSM_RANGE_INIT;
    itsm_buf end = ITSM_BUF_INIT, prefix = ITSM_BUF_INIT;
    itsm_row row;
    itsm_buf_init(&prefix, work->ctx), itsm_buf_init(&end, work->ctx);
    itsm_status rc = itsm__key_number(&prefix, t->now);
    itsm_bytes bytes = {prefix.p, prefix.n};
    if (!rc) rc = itsm__key_end(&end, bytes);
    range.type = type->number, range.index = ITSM__INDEX_NEXT_AT, range.hi.p = end.p, range.hi.n = end.n;
    if (!rc) rc = itsm_store_scan(&cursor, itsm__quiet(work), &work->view, &range);
    while (!rc && (rc = itsm_store_next(&row, itsm__quiet(work), &cursor)) == ITSM_OK) rc = add_due(t, row.ref);
    itsm_store_cursor_close(&cursor);
    itsm_buf_clear(&prefix), itsm_buf_clear(&end);
    return rc == ITSM_DONE ? ITSM_OK : itsm__relay(work, rc);
}

static itsm_status collect_due(ticking *t, itsm_work *work)
{
    const size_t n = itsm_model_type_count(t->sms->model);
    itsm_status rc = itsm__work_ready(work);
    t->n = 0;
    itsm__arena_reset(&t->arena);
    for (size_t i = 0; i < n && !rc; i++) {
        const itsm_type_def *type = itsm_model_type_at(t->sms->model, i);
        if (t->sms->plans[type->index].ntimed) rc = scan_type(t, work, type);
    }
    for (size_t i = 0; i < t->n && !rc; i++) rc = fill_due(t, work, &t->items[i]);
    if (!rc) itsm__sort(t->items, t->n, sizeof *t->items, compare_due, NULL);
    itsm__work_empty(work);
    return rc;
}

/* Not made: it is refused, another host has made it, or the record cannot take it; the others are not to wait for it. */
static int is_left(itsm_status rc)
{
    return rc == ITSM_E_REFUSED || rc == ITSM_E_UNDECIDED || rc == ITSM_E_CONFLICT || rc == ITSM_E_NOT_FOUND ||
           rc == ITSM_E_INVALID || rc == ITSM_E_RANGE;
}

/* Make one move if it can be made now, in a batch of its own. */
static itsm_status try_move(ticking *t, itsm_work *work, itsm_ref ref, const itsm_move_def *move)
{
    itsm_outcome out = ITSM_OUTCOME_INIT;
    itsm_status rc = itsm_work_move(work, ref, ITSM_REV_ANY, move->name, NULL, 0);
    if (!rc) rc = itsm_work_commit(&out, work);
    if (is_left(rc)) return itsm_work_clear(work), ITSM_OK;
    if (rc) return rc;
    t->made++;
    return t->fn ? t->fn(t->user, move, &out) : ITSM_OK;
}

/* The moves of one record, in the order of the model, each from the state that the one before led to. */
static itsm_status tick_record(ticking *t, itsm_work *work, itsm_ref ref)
{
    const itsm__plan *plan = &t->sms->plans[itsm_model_type_number(t->sms->model, ref.type)->index];
    itsm_status rc = ITSM_OK;
    for (size_t i = 0; i < plan->ntimed && !rc; i++) {
        const itsm__machine_move *timed = &plan->timed[i];
        itsm__draft *draft;
        if ((rc = itsm__work_ready(work)) || (rc = itsm__work_find(&draft, work, ref))) break;
        const itsm_state_def *state = itsm__record_state(draft->record, timed->machine);
        if (state && timed->move->from >> state->index & 1) rc = try_move(t, work, ref, timed->move);
    }
    itsm_work_clear(work);
    return rc == ITSM_NOTHING ? ITSM_OK : rc;
}

static itsm_status tick(ticking *t, itsm_work *work)
{
    itsm_status rc = ITSM_OK;
    for (size_t round = 0; !rc; round++) {
        const uint64_t before = t->made;
        if (round == ROUNDS_MAX)
            return itsm__issue(t->sms->ctx, ITSM_E_LIMIT, itsm__no_text(), itsm__no_text(), itsm__no_text(),
                               "timers move the same records round and round");
        rc = collect_due(t, work);
        for (size_t i = 0; i < t->n && !rc; i++) rc = tick_record(t, work, t->items[i].ref);
        if (t->made == before) break;
    }
    return rc;
}

itsm_status itsm_sms_tick(uint64_t *out, itsm_sms *sms, itsm_time now, itsm_tick_fn fn, void *user)
{
    itsm_work *work;
    ticking t;
    if (!sms || now == ITSM_TIME_NONE) return ITSM_E_MISUSE;
    const itsm_act act = timer_act(now);
    itsm_status rc = itsm_work_new(&work, sms, &act);
    if (rc) return rc;
    memset(&t, 0, sizeof t);
    t.sms = sms, t.now = now, t.fn = fn, t.user = user;
    itsm__arena_init(&t.arena, &sms->memory);
    rc = tick(&t, work);
    itsm__arena_clear(&t.arena);
    itsm_work_free(work);
    itsm__free(&sms->memory, t.items, t.capacity * sizeof *t.items);
    if (!rc) rc = itsm__alarms_tell(&t.made, sms, now);
    if (out) *out = t.made;
    return rc;
}

/* Next ----------------------------------------------------------------------------------------------------------------- */

/* When a timer may first move a record of a type, later than now. */
static itsm_status next_of_type(itsm_time *out, itsm_work *work, const itsm_type_def *type, itsm_time now)
{
    itsm_cursor cursor = ITSM_CURSOR_INIT;
    itsm_range range = ITSM_RANGE_INIT;
    itsm_buf start = ITSM_BUF_INIT, prefix = ITSM_BUF_INIT;
    itsm__draft *draft;
    itsm_row row;
    itsm_buf_init(&prefix, work->ctx), itsm_buf_init(&start, work->ctx);
    itsm_status rc = itsm__key_number(&prefix, now);
    itsm_bytes bytes = {prefix.p, prefix.n};
    if (!rc) rc = itsm__key_end(&start, bytes);
    range.type = type->number, range.index = ITSM__INDEX_NEXT_AT, range.lo.p = start.p, range.lo.n = start.n;
    range.limit_hint = 1;
    if (!rc) rc = itsm_store_scan(&cursor, itsm__quiet(work), &work->view, &range);
    if (!rc) rc = itsm_store_next(&row, itsm__quiet(work), &cursor);
    const itsm_ref ref = rc ? (itsm_ref){0, {0, 0}} : row.ref;
    itsm_store_cursor_close(&cursor);
    itsm_buf_clear(&prefix), itsm_buf_clear(&start);
    if (!rc) rc = itsm__work_find(&draft, work, ref);
    if (rc) return itsm__relay(work, rc);
    const itsm_time at = itsm__timer_at(work, draft);
    *out = later(at == ITSM_TIME_NONE ? now : at, now); /* a key of other policies: a tick sees to it */
    return ITSM_OK;
}

static itsm_status next_move(itsm_time *out, itsm_work *work, itsm_time now)
{
    const itsm_model *model = work->sms->model;
    const size_t n = itsm_model_type_count(model);
    itsm_status rc = itsm__work_ready(work);
    *out = NEVER;
    for (size_t i = 0; i < n && rc >= 0; i++) {
        const itsm_type_def *type = itsm_model_type_at(model, i);
        itsm_time at = NEVER;
        if (!work->sms->plans[type->index].ntimed) continue;
        if ((rc = next_of_type(&at, work, type, now)) == ITSM_OK) *out = earlier(*out, at);
    }
    return rc < 0 ? rc : *out == NEVER ? ITSM_NOTHING : ITSM_OK;
}

itsm_status itsm_sms_tick_next(itsm_time *out, itsm_sms *sms, itsm_time now)
{
    itsm_work *work;
    itsm_time move = NEVER, alarm = NEVER;
    if (!out || !sms || now == ITSM_TIME_NONE) return ITSM_E_MISUSE;
    const itsm_act act = timer_act(now);
    itsm_status rc = itsm_work_new(&work, sms, &act);
    if (rc) return rc;
    rc = next_move(&move, work, now);
    itsm_work_free(work);
    if (rc >= 0) rc = itsm__alarms_next(&alarm, sms);
    if (rc < 0) return rc;
    if (earlier(move, alarm) == NEVER) return ITSM_NOTHING;
    *out = earlier(move, alarm);
    return ITSM_OK;
}
