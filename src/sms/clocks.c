/* SPDX-License-Identifier: MIT */
/*
 * The clocks of records.  A clock is kept as the list of its events and folded anew when somebody asks, so that a
 * backdated pause is an insert and another calendar is another fold.  Clocks follow the category of the primary state
 * and the fields that rules of targets read; no move commands a clock.
 *
 *   row = version (1 to 3) , kind , final , stopped , count , { priority } , [ length , facts ] , count , { kind , cause ,
 *         at , recorded , target , policy } , [ type , identity of the record , alarms ]
 *   alarms = which (bits: 1 next , 2 from , 4 told) , [ next ] , [ from ] , [ cycle , version , thresholds , breach ]
 *
 * Facts are there from version 2 on, the record and what is told of the clock (alarms.c) from version 3 on, which is what
 * is written.
 * Following a change costs a scan of the (short) list; reading a clock is one fold.
 */
#include "sms/internal.h"

#include "base/bits.h"
#include "base/text.h"
#include "record/codec.h"
#include "record/internal.h"

#define CLOCK_VERSION 3
#define CLOCK_EVENTS_MAX 1000000
#define EVENT_BOUND 60 /* bytes of an event: six numbers of 10 */
#define CAUSE_STATE 0 /* the cause of a pause that is a state */

static const struct {
    const char *name;
    uint32_t kind;
} kinds[] = {{"response", ITSM_RESPONSE},
             {"resolution", ITSM_RESOLUTION},
             {"fulfilment", ITSM_FULFILMENT},
             {"update", ITSM_UPDATE}};

static uint32_t clock_kind(const itsm_clock_def *def)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (itsm_str_is(def->name, kinds[i].name)) return kinds[i].kind;
    return 0;
}

void itsm__clock_clear(const itsm__memory *memory, itsm__clock_draft *clock)
{
    itsm__free(memory, clock->events, clock->capacity * sizeof *clock->events);
    itsm__free(memory, clock->priorities, clock->priority_capacity * sizeof *clock->priorities);
    itsm__free(memory, clock->facts, clock->facts_capacity);
    memset(clock, 0, sizeof *clock);
}

static void reset_alarms(itsm__clock_draft *clock)
{
    memset(&clock->about, 0, sizeof clock->about);
    memset(&clock->alarms, 0, sizeof clock->alarms);
    clock->alarms.next = clock->alarms.from = ITSM_TIME_NONE, clock->alarms.altered = INT64_MAX;
}

static void reset(itsm__clock_draft *clock)
{
    clock->kind = 0, clock->expect = ITSM_REV_NONE, clock->exists = clock->dirty = clock->final = 0;
    clock->stopped = ITSM_TIME_NONE, clock->n = clock->npriorities = clock->nfacts = clock->last_facts = 0;
    reset_alarms(clock);
}

void itsm__clocks_reset(itsm__draft *draft)
{
    for (size_t i = 0; i < ITSM__CLOCKS_MAX; i++) reset(&draft->clocks[i]);
}

itsm_id itsm__clock_id(itsm_ref ref, uint32_t kind)
{
    unsigned char content[24];
    itsm_bytes bytes = {content, sizeof content};
    itsm__put_be32(content, ref.type), itsm__put_be64(content + 4, ref.id.hi), itsm__put_be64(content + 12, ref.id.lo);
    itsm__put_be32(content + 20, kind);
    return itsm__derived_id("clock", bytes);
}

/* The row ----------------------------------------------------------------------------------------------------------- */

static itsm_status put_unsigned(itsm_buf *out, uint64_t u)
{
    itsm_status rc = itsm__buf_reserve(out, 10);
    if (rc) return rc;
    unsigned char *p = (unsigned char *)out->p + out->n;
    out->n += (size_t)(itsm__varint_put(p, u) - p);
    return ITSM_OK;
}

static uint64_t zigzag(int64_t i)
{
    return (uint64_t)i << 1 ^ (i < 0 ? UINT64_MAX : 0);
}

static itsm_status put_signed(itsm_buf *out, int64_t i)
{
    return put_unsigned(out, zigzag(i));
}

/* Of a clock the events are most: they are written into room reserved for all. */
static itsm_status put_events(itsm_buf *out, const itsm_clock_event *events, size_t n)
{
    itsm_status rc = itsm__buf_reserve(out, n * EVENT_BOUND);
    if (rc) return rc;
    unsigned char *const begin = (unsigned char *)out->p + out->n, *p = begin;
    for (const itsm_clock_event *e = events; e != events + n; e++) {
        p = itsm__varint_put(p, (uint64_t)e->kind), p = itsm__varint_put(p, e->cause);
        p = itsm__varint_put(p, zigzag(e->at)), p = itsm__varint_put(p, zigzag(e->recorded));
        p = itsm__varint_put(p, e->target), p = itsm__varint_put(p, (uint64_t)e->policy);
    }
    out->n += (size_t)(p - begin);
    return ITSM_OK;
}

/* What an alarm part holds. */
enum { HAS_NEXT = 1, HAS_FROM = 2, HAS_TOLD = 4 };

static itsm_status put_alarms(itsm_buf *out, itsm__clock_draft *clock, size_t begin)
{
    unsigned char id[16];
    const itsm__alarms *a = &clock->alarms;
    const unsigned has = (a->next != ITSM_TIME_NONE ? HAS_NEXT : 0u) | (a->from != ITSM_TIME_NONE ? HAS_FROM : 0u) |
                         (a->cycle ? HAS_TOLD : 0u);
    itsm__put_be64(id, clock->about.id.hi), itsm__put_be64(id + 8, clock->about.id.lo);
    itsm_status rc = put_unsigned(out, clock->about.type);
    if (!rc) rc = itsm_buf_add(out, id, sizeof id);
    clock->committed = out->n - begin;
    if (!rc) rc = put_unsigned(out, has);
    if (!rc && has & HAS_NEXT) rc = put_signed(out, a->next);
    if (!rc && has & HAS_FROM) rc = put_signed(out, a->from);
    if (rc || !(has & HAS_TOLD)) return rc;
    if ((rc = put_unsigned(out, a->cycle)) || (rc = put_unsigned(out, a->version)) ||
        (rc = put_unsigned(out, a->thresholds)))
        return rc;
    return put_unsigned(out, (uint64_t)a->breach);
}

itsm_status itsm__clock_encode(itsm_buf *out, itsm__clock_draft *clock)
{
    const size_t begin = out->n;
    itsm_status rc = put_unsigned(out, CLOCK_VERSION);
    if (!rc) rc = put_unsigned(out, clock->kind);
    if (!rc) rc = put_unsigned(out, (uint64_t)clock->final);
    if (!rc) rc = put_signed(out, clock->stopped);
    if (!rc) rc = put_unsigned(out, clock->npriorities);
    for (size_t i = 0; i < clock->npriorities && !rc; i++) rc = put_signed(out, clock->priorities[i]);
    if (!rc) rc = put_unsigned(out, clock->nfacts);
    if (!rc && clock->nfacts) rc = itsm_buf_add(out, clock->facts, clock->nfacts);
    if (!rc) rc = put_unsigned(out, clock->n);
    if (!rc && clock->n) rc = put_events(out, clock->events, clock->n);
    return rc ? rc : put_alarms(out, clock, begin);
}

static itsm_status read_signed(int64_t *out, itsm__reader *in)
{
    uint64_t u;
    itsm_status rc = itsm__varint_read(&u, in);
    if (!rc) *out = (int64_t)(u >> 1) ^ -(int64_t)(u & 1);
    return rc;
}

static itsm_status read_limited(uint64_t *out, itsm__reader *in, uint64_t max)
{
    itsm_status rc = itsm__varint_read(out, in);
    return !rc && *out > max ? ITSM_E_CORRUPT : rc;
}

static itsm_status read_event(itsm_clock_event *e, itsm__reader *in)
{
    uint64_t kind, cause, target, policy;
    itsm_status rc;
    memset(e, 0, sizeof *e);
    if ((rc = read_limited(&kind, in, ITSM_CLOCK_CANCEL)) || (rc = read_limited(&cause, in, 63)) ||
        (rc = read_signed(&e->at, in)) || (rc = read_signed(&e->recorded, in)) ||
        (rc = read_limited(&target, in, UINT32_MAX)) || (rc = read_limited(&policy, in, ITSM_RETARGET_PROPORTIONAL)))
        return rc;
    e->kind = (int32_t)kind, e->cause = (uint32_t)cause, e->target = (uint32_t)target, e->policy = (int32_t)policy;
    return ITSM_OK;
}

static itsm_status read_facts(itsm__clock_draft *out, const itsm__memory *memory, itsm__reader *in, uint64_t version)
{
    uint64_t n;
    itsm_status rc = read_limited(&n, in, UINT32_MAX);
    if (!rc && !n && version > 2) return ITSM_OK;
    if (!rc && (!n || (uint64_t)(in->end - in->p) < n)) rc = ITSM_E_CORRUPT;
    if (!rc) rc = itsm__grow(memory, &out->facts, &out->facts_capacity, (size_t)n, 1);
    if (rc) return rc;
    memcpy(out->facts, in->p, (size_t)n);
    out->nfacts = (size_t)n, in->p += n;
    return itsm__facts_find_last(out);
}

static itsm_status read_told(itsm__alarms *out, itsm__reader *in)
{
    uint64_t cycle, version, breach;
    itsm_status rc;
    if ((rc = read_limited(&cycle, in, UINT32_MAX)) || (rc = read_limited(&version, in, UINT32_MAX)) ||
        (rc = itsm__varint_read(&out->thresholds, in)) || (rc = read_limited(&breach, in, 1)))
        return rc;
    out->cycle = (uint32_t)cycle, out->version = (uint32_t)version, out->breach = (int)breach;
    return cycle ? ITSM_OK : ITSM_E_CORRUPT;
}

static itsm_status read_alarms(itsm__clock_draft *out, itsm__reader *in, const unsigned char *begin)
{
    uint64_t type, has;
    itsm_status rc = read_limited(&type, in, UINT32_MAX);
    if (!rc && (!type || in->end - in->p < 16)) rc = ITSM_E_CORRUPT;
    if (rc) return rc;
    out->about.type = (uint32_t)type, out->about.id.hi = itsm__be64(in->p), out->about.id.lo = itsm__be64(in->p + 8);
    in->p += 16, out->committed = (size_t)(in->p - begin);
    rc = read_limited(&has, in, HAS_NEXT | HAS_FROM | HAS_TOLD);
    if (!rc && has & HAS_NEXT) rc = read_signed(&out->alarms.next, in);
    if (!rc && has & HAS_FROM) rc = read_signed(&out->alarms.from, in);
    return rc || !(has & HAS_TOLD) ? rc : read_told(&out->alarms, in);
}

itsm_status itsm__clock_decode(itsm__clock_draft *out, const itsm__memory *memory, itsm_bytes body)
{
    itsm__reader in = {body.p, (const unsigned char *)body.p + body.n};
    uint64_t version, kind, final, n;
    itsm_status rc = itsm__varint_read(&version, &in);
    if (!rc && version > CLOCK_VERSION) return ITSM_E_VERSION;
    if (rc || (rc = read_limited(&kind, &in, UINT32_MAX)) || (rc = read_limited(&final, &in, 1)) ||
        (rc = read_signed(&out->stopped, &in)) || (rc = read_limited(&n, &in, CLOCK_EVENTS_MAX)))
        return rc;
    if ((rc = itsm__grow(memory, &out->priorities, &out->priority_capacity, (size_t)n, sizeof *out->priorities)))
        return rc;
    out->kind = (uint32_t)kind, out->final = (int) final, out->n = 0;
    for (out->npriorities = 0; out->npriorities < n; out->npriorities++)
        if ((rc = read_signed(&out->priorities[out->npriorities], &in))) return rc;
    out->nfacts = 0;
    if (version > 1 && (rc = read_facts(out, memory, &in, version))) return rc;
    if (!n || (rc = read_limited(&n, &in, CLOCK_EVENTS_MAX))) return rc ? rc : ITSM_E_CORRUPT;
    if ((rc = itsm__grow(memory, &out->events, &out->capacity, (size_t)n, sizeof *out->events))) return rc;
    for (; out->n < n; out->n++) {
        if ((rc = read_event(&out->events[out->n], &in))) return rc;
        if (out->events[out->n].target >= out->npriorities) return ITSM_E_CORRUPT;
    }
    reset_alarms(out);
    out->committed = body.n;
    if (version > 2) rc = read_alarms(out, &in, body.p);
    else if (out->n) out->alarms.from = out->events[out->n - 1].at; /* written before anything was told */
    out->exists = 1;
    return rc || in.p == in.end ? rc : ITSM_E_CORRUPT;
}

/* A clock row of a draft, whichever of its clocks it is. */
static itsm_status take_clock(itsm_work *work, itsm__draft *draft, size_t n, const itsm_row *row)
{
    for (size_t i = 0; i < n; i++) {
        itsm__clock_draft *clock = &draft->clocks[i];
        if (clock->id.hi != row->ref.id.hi || clock->id.lo != row->ref.id.lo) continue;
        clock->expect = row->rev;
        return itsm__clock_decode(clock, &work->memory, row->body);
    }
    return ITSM_OK;
}

/* All clocks of a draft in one round trip, where the store can. */
itsm_status itsm__clocks_load(itsm_work *work, itsm__draft *draft)
{
    const itsm_type_def *type = itsm_record_type(draft->record);
    const size_t n = type->nclocks < ITSM__CLOCKS_MAX ? type->nclocks : ITSM__CLOCKS_MAX;
    itsm_ref refs[ITSM__CLOCKS_MAX];
    itsm_cursor cursor = ITSM_CURSOR_INIT;
    itsm_row row;
    if (draft->clocks_loaded || !work->sms->sla) return ITSM_OK;
    for (size_t i = 0; i < n; i++) {
        draft->clocks[i].id = itsm__clock_id(itsm_record_ref(draft->record), clock_kind(&type->clocks[i]));
        refs[i].type = ITSM_ROW_CLOCK, refs[i].id = draft->clocks[i].id;
    }
    itsm_status rc = n ? itsm_store_get_many(&cursor, itsm__quiet(work), &work->view, refs, n) : ITSM_DONE;
    while (!rc && !(rc = itsm_store_next(&row, itsm__quiet(work), &cursor))) rc = take_clock(work, draft, n, &row);
    rc = rc == ITSM_DONE ? ITSM_OK : itsm__relay(work, rc);
    itsm_store_cursor_close(&cursor);
    if (!rc) draft->clocks_loaded = 1;
    return rc;
}

/* Folding ----------------------------------------------------------------------------------------------------------- */

itsm_status itsm__clock_targets(itsm_target **out, itsm__arena *arena, const itsm_sla *sla, uint32_t kind,
                                const itsm_sla_facts *facts, size_t n)
{
    *out = itsm__arena_alloc(arena, n * sizeof **out);
    return *out ? itsm_sla_targets(*out, sla, kind, facts, n) : ITSM_E_NOMEM;
}

/* The stop that the source says for good, put where it belongs among the events. */
itsm_status itsm__clock_with_stop(itsm__clock_draft *clock, const itsm__memory *memory)
{
    itsm_clock_event stop;
    if (!clock->final || clock->stopped == ITSM_TIME_NONE) return ITSM_OK;
    itsm_status rc = itsm__grow(memory, &clock->events, &clock->capacity, clock->n + 1, sizeof *clock->events);
    if (rc) return rc;
    memset(&stop, 0, sizeof stop);
    stop.kind = ITSM_CLOCK_STOP, stop.at = stop.recorded = clock->stopped;
    itsm_clock_insert(clock->events, clock->n++, &stop);
    return ITSM_OK;
}

/* Undoing ----------------------------------------------------------------------------------------------------------- */

static itsm_status save_one(itsm__clock_draft *out, itsm_work *work, const itsm__clock_draft *clock)
{
    *out = *clock;
    out->events = itsm__arena_alloc(&work->arena, clock->n * sizeof *clock->events);
    out->priorities = itsm__arena_alloc(&work->arena, clock->npriorities * sizeof *clock->priorities);
    out->facts = itsm__arena_alloc(&work->arena, clock->nfacts);
    if (!out->events || !out->priorities || !out->facts) return ITSM_E_NOMEM;
    if (clock->n) memcpy(out->events, clock->events, clock->n * sizeof *clock->events);
    if (clock->npriorities) memcpy(out->priorities, clock->priorities, clock->npriorities * sizeof *clock->priorities);
    if (clock->nfacts) memcpy(out->facts, clock->facts, clock->nfacts);
    return ITSM_OK;
}

/* Read the clocks and keep them as they are, before they are moved on. */
static itsm_status begin_clocks(itsm_work *work, itsm__touch *touch)
{
    size_t n = itsm_record_type(touch->draft->record)->nclocks;
    itsm_status rc = itsm__clocks_load(work, touch->draft);
    for (size_t i = 0; i < n && i < ITSM__CLOCKS_MAX && !rc; i++)
        rc = save_one(&touch->clocks[i], work, &touch->draft->clocks[i]);
    touch->clocks_saved = rc == ITSM_OK;
    return rc;
}

/* What was saved fits where it came from, since lists only grow. */
void itsm__clocks_undo(itsm__touch *touch)
{
    size_t n = touch->clocks_saved ? itsm_record_type(touch->draft->record)->nclocks : 0;
    for (size_t i = 0; i < n && i < ITSM__CLOCKS_MAX; i++) {
        itsm__clock_draft *to = &touch->draft->clocks[i], kept = *to;
        const itsm__clock_draft *from = &touch->clocks[i];
        *to = *from;
        to->events = kept.events, to->capacity = kept.capacity;
        to->priorities = kept.priorities, to->priority_capacity = kept.priority_capacity;
        to->facts = kept.facts, to->facts_capacity = kept.facts_capacity;
        if (to->n) memcpy(to->events, from->events, to->n * sizeof *to->events);
        if (to->npriorities) memcpy(to->priorities, from->priorities, to->npriorities * sizeof *to->priorities);
        if (to->nfacts) memcpy(to->facts, from->facts, to->nfacts);
    }
    touch->clocks_saved = 0;
}

/* Following --------------------------------------------------------------------------------------------------------- */

static itsm_status add_event(itsm_work *work, itsm__clock_draft *clock, int32_t kind, itsm_time at, uint32_t target,
                             int32_t policy)
{
    itsm_clock_event event;
    itsm_status rc = itsm__grow(&work->memory, &clock->events, &clock->capacity, clock->n + 1, sizeof *clock->events);
    if (rc) return rc;
    memset(&event, 0, sizeof event);
    event.kind = kind, event.at = at, event.recorded = itsm__work_recorded(work, at), event.cause = CAUSE_STATE,
    event.target = target, event.policy = policy;
    itsm_clock_insert(clock->events, clock->n++, &event);
    clock->dirty = 1;
    if (at < clock->alarms.altered) clock->alarms.altered = at;
    return ITSM_OK;
}

static itsm_status begin_clock(itsm_work *work, itsm__clock_draft *clock, uint32_t kind, const itsm_record *record,
                               itsm_time at)
{
    int changed;
    clock->npriorities = clock->nfacts = 0;
    itsm_status rc = itsm__facts_take(&changed, work, clock, record);
    if (rc) return rc;
    clock->kind = kind, clock->exists = 1;
    return add_event(work, clock, ITSM_CLOCK_START, at, 0, 0);
}

/* The policy of a new target: that of its rule, if it is not the rule the clock is under already. */
static itsm_status retarget_policy(int32_t *out, itsm_work *work, const itsm__clock_draft *clock)
{
    itsm_sla_facts *facts;
    const itsm_sla_rule *rule, *before;
    *out = ITSM_RETARGET_KEEP;
    itsm_status rc = itsm__clock_facts(&facts, &work->arena, clock);
    if (rc) return rc;
    rc = itsm_sla_find_facts(&before, work->sms->sla, clock->kind, &facts[clock->npriorities - 2]);
    if (rc >= 0) rc = itsm_sla_find_facts(&rule, work->sms->sla, clock->kind, &facts[clock->npriorities - 1]);
    if (rc < 0) return rc;
    if (rule && rule != before) *out = rule->retarget;
    return ITSM_OK;
}

static itsm_status follow_facts(itsm_work *work, itsm__clock_draft *clock, const itsm_record *record, itsm_time at)
{
    int changed;
    int32_t policy;
    itsm_status rc = itsm__facts_take(&changed, work, clock, record);
    if (rc || !changed) return rc;
    if ((rc = retarget_policy(&policy, work, clock))) return rc;
    return add_event(work, clock, ITSM_CLOCK_RETARGET, at, (uint32_t)(clock->npriorities - 1), policy);
}

static int is_done(uint32_t category)
{
    return category == ITSM_RESOLVED || category == ITSM_CLOSED;
}

static uint32_t category_of(const itsm_record *record)
{
    const itsm_state_def *state = itsm__record_state(record, &itsm_record_type(record)->machines[0]);
    return state ? state->category : 0;
}

static int is_stopped(const itsm__clock_draft *clock)
{
    for (size_t i = 0; i < clock->n; i++)
        if (clock->events[i].kind == ITSM_CLOCK_STOP) return 1;
    return 0;
}

/* Begun, and neither met nor cancelled. */
static int is_running(const itsm__clock_draft *clock)
{
    int running = 0;
    for (size_t i = 0; i < clock->n; i++) {
        int32_t kind = clock->events[i].kind;
        if (kind == ITSM_CLOCK_START || kind == ITSM_CLOCK_REOPEN) running = 1;
        if (kind == ITSM_CLOCK_STOP || kind == ITSM_CLOCK_CANCEL) running = 0;
    }
    return running;
}

/* From one category to another: which events that is.  0: from nowhere, at creation. */
static itsm_status follow_category(itsm_work *work, itsm__clock_draft *clock, const itsm_clock_def *def, uint32_t from,
                                   uint32_t to, itsm_time at)
{
    itsm_status rc = ITSM_OK;
    int by_state = def->met_category != 0;
    if (from == to) return ITSM_OK;
    if (def->pauses && from == ITSM_PAUSED) rc = add_event(work, clock, ITSM_CLOCK_RESUME, at, 0, 0);
    if (!rc && by_state && is_done(from) && !is_done(to) && to != ITSM_CANCELLED)
        rc = add_event(work, clock, ITSM_CLOCK_REOPEN, at, 0, 0);
    if (!rc && by_state && is_done(to) && !is_done(from)) rc = add_event(work, clock, ITSM_CLOCK_STOP, at, 0, 0);
    if (!rc && is_running(clock) && (to == ITSM_CANCELLED || (to == ITSM_CLOSED && !by_state)))
        rc = add_event(work, clock, ITSM_CLOCK_CANCEL, at, 0, 0);
    if (!rc && def->pauses && to == ITSM_PAUSED) rc = add_event(work, clock, ITSM_CLOCK_PAUSE, at, 0, 0);
    return rc;
}

static int has_value(const itsm_record *record, const itsm_clock_def *def)
{
    return itsm__record_at(record, itsm_record_type(record)->fields[def->field].number) != NULL;
}

int itsm__sla_measures(const itsm_sla *sla, uint32_t kind)
{
    for (size_t i = 0; i < itsm_sla_count(sla); i++)
        if (itsm_sla_at(sla, i)->kind == kind) return 1;
    return 0;
}

static itsm_status follow_one(itsm_work *work, const itsm__touch *touch, size_t i, itsm_time at)
{
    itsm__draft *draft = touch->draft;
    const int is_new = (draft->expect == ITSM_REV_NONE && draft->revision == 0) || touch->taken_in;
    const itsm_clock_def *def = &itsm_record_type(draft->record)->clocks[i];
    itsm__clock_draft *clock = &draft->clocks[i];
    uint32_t kind = clock_kind(def), from = category_of(touch->before), to = category_of(draft->record);
    itsm_status rc = ITSM_OK;
    if (!clock->exists) {
        if (!is_new || !itsm__sla_measures(work->sms->sla, kind)) return ITSM_OK;
        rc = begin_clock(work, clock, kind, draft->record, at);
        from = ITSM_INITIAL;
    }
    if (!rc) rc = follow_facts(work, clock, draft->record, at);
    if (!rc && def->by_field && has_value(draft->record, def) && !is_stopped(clock))
        rc = add_event(work, clock, ITSM_CLOCK_STOP, at, 0, 0);
    return rc ? rc : follow_category(work, clock, def, from, to, at);
}

itsm_status itsm__clocks_follow(itsm_work *work, itsm__touch *touch, itsm_time at)
{
    size_t n = work->sms->sla ? itsm_record_type(touch->draft->record)->nclocks : 0;
    itsm_status rc = n ? begin_clocks(work, touch) : ITSM_OK;
    for (size_t i = 0; i < n && i < ITSM__CLOCKS_MAX && !rc; i++) rc = follow_one(work, touch, i, at);
    return rc;
}

/* Observing --------------------------------------------------------------------------------------------------------- */

static void remove_event(itsm__clock_draft *clock, size_t i)
{
    memmove(&clock->events[i], &clock->events[i + 1], (clock->n - i - 1) * sizeof *clock->events);
    clock->n--, clock->dirty = 1;
}

/* The latest event of a kind, or n. */
static size_t latest(const itsm__clock_draft *clock, int32_t kind)
{
    for (size_t i = clock->n; i-- > 0;)
        if (clock->events[i].kind == kind) return i;
    return clock->n;
}

/*
 * The pause that began with the event at `from` ends with the one at `to`.  Stamps of a log may stand still or step
 * back; a pause that would end before it began was none.  Pauses that touch become one.
 */
static itsm_status end_pause(itsm_work *work, itsm__clock_draft *clock, itsm_time from, itsm_time to)
{
    size_t pause = latest(clock, ITSM_CLOCK_PAUSE);
    if (pause == clock->n || clock->events[pause].at != from) return ITSM_OK;
    if (to <= from) return remove_event(clock, pause), ITSM_OK;
    size_t resume = latest(clock, ITSM_CLOCK_RESUME);
    if (resume + 1 == pause && clock->events[resume].at == from)
        remove_event(clock, pause), remove_event(clock, resume);
    return add_event(work, clock, ITSM_CLOCK_RESUME, to, 0, 0);
}

static itsm_status observe_one(itsm_work *work, itsm__draft *draft, size_t i, const itsm_record *before,
                               const itsm_observation *o, itsm_time previous)
{
    const itsm_clock_def *def = &itsm_record_type(draft->record)->clocks[i];
    itsm__clock_draft *clock = &draft->clocks[i];
    uint32_t kind = clock_kind(def);
    if (!clock->exists && (o->ordinal || !itsm__sla_measures(work->sms->sla, kind))) return ITSM_OK;
    uint32_t from = category_of(before), to = category_of(draft->record);
    itsm_status rc = ITSM_OK;
    int final = o->stopped_is_final && def->met_category == ITSM_RESOLVED;
    if (!clock->exists) {
        rc = begin_clock(work, clock, kind, draft->record, o->opened == ITSM_TIME_NONE ? o->at : o->opened);
    }
    if (!rc) rc = follow_facts(work, clock, draft->record, o->at);
    if (!rc && def->by_field && has_value(draft->record, def) && !is_stopped(clock))
        rc = add_event(work, clock, ITSM_CLOCK_STOP, o->at, 0, 0);
    if (final != clock->final || (final && o->stopped != clock->stopped))
        clock->final = final, clock->stopped = final ? o->stopped : ITSM_TIME_NONE, clock->dirty = 1;
    if (!rc && !final && def->met_category && is_done(from) != is_done(to))
        rc = add_event(work, clock, is_done(to) ? ITSM_CLOCK_STOP : ITSM_CLOCK_REOPEN, o->at, 0, 0);
    if (!rc && def->pauses && o->ordinal && from == ITSM_PAUSED) rc = end_pause(work, clock, previous, o->at);
    if (!rc && def->pauses && to == ITSM_PAUSED) rc = add_event(work, clock, ITSM_CLOCK_PAUSE, o->at, 0, 0);
    if (!rc && clock->dirty) itsm__clock_hush(clock);
    return rc;
}

itsm_status itsm__clocks_observe(itsm_work *work, itsm__touch *touch, const itsm_observation *observation,
                                 itsm_time previous)
{
    size_t n = work->sms->sla ? itsm_record_type(touch->draft->record)->nclocks : 0;
    itsm_status rc = n ? begin_clocks(work, touch) : ITSM_OK;
    for (size_t i = 0; i < n && i < ITSM__CLOCKS_MAX && !rc; i++)
        rc = observe_one(work, touch->draft, i, touch->before, observation, previous);
    return rc;
}
