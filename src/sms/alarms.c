/* SPDX-License-Identifier: MIT */
/*
 * What clocks tell: a notice for each threshold and each breach, once in each cycle and version of the goal.
 *
 * The alarms of a clock follow from its events: those between one event and the next, the later one included, are what
 * the clock would have told if nothing else had happened.  The row keeps the instant of the first alarm that was not told
 * (the key a tick finds it by), and what of the present cycle and version was told; so an event that comes late moves
 * alarms and has none told twice.
 *
 * itsm__clock_arm() costs one fold of the events when the row is written, and itsm_clock_next() for those from the
 * earliest new one on.  A tick reads due rows in batches of bounded size, with the view closed before it writes; each row
 * is replaced together with its notices, expecting the revision that was read: of two hosts, one tells.
 */
#include "sms/internal.h"

#include "base/bits.h"
#include "record/key.h"
#include "sla/clock.h"

#define ROWS_MAX 256            /* read at a time ... */
#define BYTES_MAX (1024 * 1024) /* ... but for the first, no more than this */
#define CLOCKS_MAX 4096         /* seen to by one tick */
#define NOTICES_MAX 256         /* in one batch; a clock with more to tell stays due */
#define SENDS_MAX 5             /* times one batch is sent */

/* Walking --------------------------------------------------------------------------------------------------------- */

/* Alarms of a clock, in order. */
typedef struct walk {
    const itsm__clock_draft *clock;
    const itsm_target *targets;
    itsm_clock folded;
    size_t i;        /* events folded */
    itsm_time after; /* alarms are later than this */
} walk;

/* ITSM_OK, or ITSM_NOTHING for a clock that never tells anything. */
static itsm_status walk_init(walk *w, const itsm__clock_draft *clock, const itsm_sla *sla, itsm__arena *arena)
{
    itsm_target *targets;
    itsm_sla_facts *facts;
    memset(w, 0, sizeof *w);
    w->clock = clock, w->after = clock->alarms.from;
    if (!sla || !clock->n || (clock->final && clock->stopped != ITSM_TIME_NONE)) return ITSM_NOTHING;
    itsm_status rc = itsm__clock_facts(&facts, arena, clock);
    if (!rc) rc = itsm__clock_targets(&targets, arena, sla, clock->kind, facts, clock->npriorities);
    if (rc) return rc;
    w->targets = targets;
    return itsm_clock_init(&w->folded, targets) ? ITSM_NOTHING : ITSM_OK;
}

/* What of an alarm was not told; 0: nothing. */
static int leave_untold(itsm_clock_alarm *alarm, const itsm__alarms *told)
{
    if (alarm->cycle != told->cycle) return alarm->cycle > told->cycle;
    if (alarm->version != told->version) return alarm->version > told->version;
    alarm->thresholds &= ~told->thresholds;
    if (told->breach) alarm->breach = 0;
    return alarm->thresholds || alarm->breach;
}

/* The next alarm that was not told.  A clock that cannot be folded (its calendar never opens, say) tells nothing. */
static itsm_status walk_next(itsm_clock_alarm *out, walk *w)
{
    const itsm_clock_alarm none = ITSM_CLOCK_ALARM_INIT;
    const itsm__clock_draft *clock = w->clock;
    for (;;) {
        const itsm_time end = w->i < clock->n ? clock->events[w->i].at : INT64_MAX;
        *out = none;
        if (w->i && end > w->after && clock->events[w->i - 1].at < end &&
            itsm_clock_next(out, &w->folded, w->after) == ITSM_OK && out->at <= end) {
            w->after = out->at;
            if (leave_untold(out, &clock->alarms)) return ITSM_OK;
            continue;
        }
        if (w->i == clock->n || itsm__clock_fold(&w->folded, w->targets, clock->npriorities, &clock->events[w->i]))
            return ITSM_NOTHING;
        w->i++;
    }
}

itsm_status itsm__clock_arm(itsm__clock_draft *clock, const itsm_sms *sms)
{
    walk w;
    itsm_clock_alarm alarm;
    itsm__arena arena;
    itsm__alarms *a = &clock->alarms;
    if (a->next != ITSM_TIME_NONE && a->next <= a->altered) return ITSM_OK; /* nothing new comes before it */
    itsm__arena_init(&arena, &sms->memory);
    itsm_status rc = walk_init(&w, clock, sms->sla, &arena);
    if (w.after < a->altered) w.after = a->altered; /* what was to be told before was looked for when it was written */
    if (!rc) rc = walk_next(&alarm, &w);
    if (rc >= 0) a->next = rc ? ITSM_TIME_NONE : alarm.at;
    itsm__arena_clear(&arena);
    return rc < 0 ? rc : ITSM_OK;
}

void itsm__clock_hush(itsm__clock_draft *clock)
{
    itsm__alarms *a = &clock->alarms;
    if (clock->n) a->next = ITSM_TIME_NONE, a->from = a->altered = clock->events[clock->n - 1].at;
}

itsm_status itsm__clock_key(itsm_buf *out, const itsm__clock_draft *clock)
{
    return itsm__key_number(out, clock->alarms.next);
}

/* Reading what is due --------------------------------------------------------------------------------------------- */

/* A row as it was read. */
typedef struct due_clock {
    itsm_ref row;
    uint64_t rev;
    size_t offset, n; /* of the body among the bytes */
} due_clock;

typedef struct telling {
    itsm_sms *sms;
    itsm_time now;
    due_clock *items;
    size_t n, capacity;
    itsm_buf bytes, out;     /* bodies read; bodies and the key written */
    itsm__clock_draft clock; /* the one being seen to */
    itsm__arena arena;       /* of what it tells */
    itsm_op *ops;            /* the row, then its notices */
    size_t *ends;            /* by op: where its body ends in `out` */
    size_t nops, op_capacity, end_capacity;
    uint64_t told;
    size_t seen;      /* clocks written */
    itsm_status left; /* why a row was left as it is, or ITSM_OK */
} telling;

/* The clock of a row, if the row is sound. */
static itsm_status read_clock(itsm__clock_draft *out, const itsm__memory *memory, itsm_ref row, itsm_bytes body)
{
    const itsm_status rc = itsm__clock_decode(out, memory, body);
    if (rc) return rc;
    const itsm_id id = itsm__clock_id(out->about, out->kind);
    return id.hi == row.id.hi && id.lo == row.id.lo && out->alarms.next != ITSM_TIME_NONE ? ITSM_OK : ITSM_E_CORRUPT;
}

static itsm_status add_due(telling *t, const itsm_row *row)
{
    itsm_status rc = read_clock(&t->clock, &t->sms->memory, row->ref, row->body);
    if (rc == ITSM_E_CORRUPT || rc == ITSM_E_VERSION) return t->left = rc, ITSM_OK; /* the others do not wait for it */
    if (!rc) rc = itsm__grow(&t->sms->memory, &t->items, &t->capacity, t->n + 1, sizeof *t->items);
    if (rc) return rc;
    due_clock *item = &t->items[t->n];
    item->row = row->ref, item->rev = row->rev, item->offset = t->bytes.n, item->n = row->body.n;
    rc = itsm_buf_add(&t->bytes, row->body.p, row->body.n);
    if (!rc) t->n++;
    return rc;
}

/* The keys of clocks up to an instant; `end` has its bytes. */
static itsm_status due_range(itsm_range *out, itsm_buf *end, itsm_time now)
{
    itsm_status rc = itsm__key_number(end, now);
    if (!rc) rc = itsm_buf_add(end, "\xFF", 1);
    out->type = ITSM_ROW_CLOCK, out->index = ITSM__INDEX_ALARM, out->hi.p = end->p, out->hi.n = end->n;
    return rc;
}

static itsm_status collect(telling *t)
{
    itsm_view view = ITSM_VIEW_INIT;
    itsm_cursor cursor = ITSM_CURSOR_INIT;
    itsm_range range = ITSM_RANGE_INIT;
    itsm_buf end = ITSM_BUF_INIT;
    itsm_row row;
    t->n = t->bytes.n = 0;
    itsm_buf_init(&end, t->sms->ctx);
    itsm_status rc = due_range(&range, &end, t->now);
    range.limit_hint = ROWS_MAX;
    if (!rc) rc = itsm_store_view_open(&view, t->sms->ctx, t->sms->store, NULL);
    if (!rc) rc = itsm_store_scan(&cursor, t->sms->ctx, &view, &range);
    while (!rc && t->n < ROWS_MAX && t->bytes.n < BYTES_MAX &&
           (rc = itsm_store_next(&row, t->sms->ctx, &cursor)) == ITSM_OK)
        rc = add_due(t, &row);
    itsm_store_cursor_close(&cursor);
    itsm_store_view_close(&view);
    itsm_buf_clear(&end);
    return rc == ITSM_DONE ? ITSM_OK : rc;
}

/* Telling --------------------------------------------------------------------------------------------------------- */

static itsm_status add_op(telling *t, itsm_ref row, uint64_t expect)
{
    const itsm__memory *memory = &t->sms->memory;
    itsm_status rc = itsm__grow(memory, &t->ops, &t->op_capacity, t->nops + 1, sizeof *t->ops);
    if (!rc) rc = itsm__grow(memory, &t->ends, &t->end_capacity, t->nops + 1, sizeof *t->ends);
    if (rc) return rc;
    itsm_op *op = &t->ops[t->nops];
    memset(op, 0, sizeof *op);
    op->kind = ITSM_PUT, op->expect = expect, op->row.ref = row, op->row.rev = expect + 1;
    t->ends[t->nops++] = t->out.n;
    return ITSM_OK;
}

/* Bits of an identity that no other telling of this clock has: a function of what was read. */
static uint64_t unique_of(const due_clock *due, size_t place)
{
    unsigned char content[32];
    const itsm_bytes bytes = {content, sizeof content};
    itsm__put_be64(content, due->row.id.hi), itsm__put_be64(content + 8, due->row.id.lo);
    itsm__put_be64(content + 16, due->rev), itsm__put_be64(content + 24, place);
    return itsm__derived_id("alarm", bytes).lo;
}

static itsm_status add_notice(telling *t, const due_clock *due, itsm_notice *notice)
{
    const size_t place = t->nops - 1;
    const itsm_ref row = {ITSM_ROW_NOTICE, itsm__notice_id(notice->at, place, unique_of(due, place))};
    itsm_status rc = add_op(t, row, ITSM_REV_NONE);
    if (!rc) rc = itsm__notice_body(&t->out, notice);
    if (!rc) t->ends[t->nops - 1] = t->out.n;
    return rc;
}

/* The notices of one alarm: its thresholds in the order of the target, then the breach. */
static itsm_status add_alarm(telling *t, const due_clock *due, const walk *w, const itsm_clock_alarm *alarm)
{
    itsm_clock_reading reading = ITSM_CLOCK_READING_INIT;
    itsm__clock_state state;
    itsm_notice notice;
    itsm_status rc = ITSM_OK;
    memset(&notice, 0, sizeof notice);
    notice.about = t->clock.about, notice.at = alarm->at, notice.metric = t->clock.kind;
    if (itsm_clock_read(&reading, &w->folded, alarm->at) == ITSM_OK) notice.left = reading.remaining;
    if (!itsm__clock_get(&state, &w->folded)) return ITSM_E_CORRUPT;
    notice.event = ITSM_STR("threshold");
    for (uint32_t i = 0; i < state.threshold_count && !rc; i++) {
        if (!(alarm->thresholds >> i & 1)) continue;
        notice.threshold = state.thresholds[i];
        rc = add_notice(t, due, &notice);
    }
    memset(&notice.threshold, 0, sizeof notice.threshold);
    notice.event = ITSM_STR("breach");
    return !rc && alarm->breach ? add_notice(t, due, &notice) : rc;
}

static void note_told(itsm__alarms *told, const itsm_clock_alarm *alarm)
{
    if (told->cycle != alarm->cycle || told->version != alarm->version) told->thresholds = 0, told->breach = 0;
    told->cycle = alarm->cycle, told->version = alarm->version;
    told->thresholds |= alarm->thresholds, told->breach |= alarm->breach;
}

/* Everything that a clock has to tell, as notices; then it is armed anew. */
static itsm_status tell_all(telling *t, const due_clock *due)
{
    walk w;
    itsm_clock_alarm alarm;
    itsm__alarms *a = &t->clock.alarms;
    itsm_status rc = walk_init(&w, &t->clock, t->sms->sla, &t->arena);
    if (w.after < a->next - 1) w.after = a->next - 1;
    while (!rc && !(rc = walk_next(&alarm, &w)) && alarm.at <= t->now && t->nops <= NOTICES_MAX) {
        rc = add_alarm(t, due, &w, &alarm);
        note_told(a, &alarm);
    }
    if (rc >= 0) a->next = rc ? ITSM_TIME_NONE : alarm.at;
    return rc < 0 ? rc : ITSM_OK;
}

/* The row as it is now, behind the notices; its body and key are the end of the bytes. */
static itsm_status put_row(telling *t, itsm_index_key *key)
{
    itsm_op *op = &t->ops[0];
    const size_t at = t->out.n;
    size_t begin = 0;
    itsm_status rc = itsm__clock_encode(&t->out, &t->clock);
    const size_t end = t->out.n;
    if (!rc && t->clock.alarms.next != ITSM_TIME_NONE) rc = itsm__clock_key(&t->out, &t->clock);
    if (rc) return rc;
    op->row.body.p = t->out.p + at, op->row.body.n = end - at;
    memset(key, 0, sizeof *key);
    key->index = ITSM__INDEX_ALARM, key->key.p = t->out.p + end, key->key.n = t->out.n - end;
    op->keys = key, op->nkeys = key->key.n ? 1 : 0;
    for (size_t i = 1; i < t->nops; begin = t->ends[i++])
        t->ops[i].row.body.p = t->out.p + begin, t->ops[i].row.body.n = t->ends[i] - begin;
    return ITSM_OK;
}

/*
 * Send a batch, a few times if need be: it expects the row as it was read, so it is applied once.  A conflict means that
 * another host has told, or that the record was written to; and after a lost answer perhaps that this one has told.
 */
static itsm_status send(telling *t)
{
    itsm_batch batch = ITSM_BATCH_INIT;
    itsm_status rc = ITSM_E_RETRY;
    batch.ops = t->ops, batch.nops = t->nops;
    for (size_t i = 0; i < SENDS_MAX && (rc == ITSM_E_RETRY || rc == ITSM_E_UNKNOWN); i++)
        rc = itsm_store_apply(NULL, t->sms->ctx, t->sms->store, &batch, NULL);
    if (rc == ITSM_E_CONFLICT) return itsm__issues_clear(t->sms->ctx), ITSM_OK;
    if (!rc) t->told += t->nops - 1, t->seen++;
    return rc;
}

static itsm_status tell_one(telling *t, const due_clock *due)
{
    itsm_index_key key;
    const itsm_bytes body = {t->bytes.p + due->offset, due->n};
    t->nops = t->out.n = 0;
    itsm__arena_reset(&t->arena);
    itsm_status rc = read_clock(&t->clock, &t->sms->memory, due->row, body);
    if (!rc) rc = add_op(t, due->row, due->rev);
    if (!rc) rc = tell_all(t, due);
    if (!rc) rc = put_row(t, &key);
    return rc ? rc : send(t);
}

/* Until nothing is due, other hosts are at it, or it is enough for one tick. */
static itsm_status tell(telling *t)
{
    itsm_status rc = ITSM_OK;
    while (!rc && t->seen < CLOCKS_MAX) {
        const size_t before = t->seen;
        rc = collect(t);
        for (size_t i = 0; i < t->n && !rc; i++) rc = tell_one(t, &t->items[i]);
        if (t->seen == before) break;
    }
    if (rc || !t->left) return rc;
    return itsm__issue(t->sms->ctx, t->left, itsm__no_text(), itsm__no_text(), itsm__no_text(),
                       "a clock that is due cannot be read");
}

itsm_status itsm__alarms_tell(uint64_t *told, itsm_sms *sms, itsm_time now)
{
    telling t;
    if (!sms->sla) return ITSM_OK;
    memset(&t, 0, sizeof t);
    t.sms = sms, t.now = now;
    itsm_buf_init(&t.bytes, sms->ctx), itsm_buf_init(&t.out, sms->ctx);
    itsm__arena_init(&t.arena, &sms->memory);
    const itsm_status rc = tell(&t);
    *told += t.told;
    itsm__free(&sms->memory, t.items, t.capacity * sizeof *t.items);
    itsm__free(&sms->memory, t.ops, t.op_capacity * sizeof *t.ops);
    itsm__free(&sms->memory, t.ends, t.end_capacity * sizeof *t.ends);
    itsm__clock_clear(&sms->memory, &t.clock);
    itsm__arena_clear(&t.arena);
    itsm_buf_clear(&t.bytes), itsm_buf_clear(&t.out);
    return rc;
}

itsm_status itsm__alarms_next(itsm_time *out, itsm_sms *sms)
{
    itsm_view view = ITSM_VIEW_INIT;
    itsm_cursor cursor = ITSM_CURSOR_INIT;
    itsm_range range = ITSM_RANGE_INIT;
    itsm__clock_draft clock;
    itsm_row row;
    if (!sms->sla) return ITSM_NOTHING;
    memset(&clock, 0, sizeof clock);
    range.type = ITSM_ROW_CLOCK, range.index = ITSM__INDEX_ALARM, range.limit_hint = 1;
    itsm_status rc = itsm_store_view_open(&view, sms->ctx, sms->store, NULL);
    if (!rc) rc = itsm_store_scan(&cursor, sms->ctx, &view, &range);
    if (!rc) rc = itsm_store_next(&row, sms->ctx, &cursor);
    if (!rc) rc = read_clock(&clock, &sms->memory, row.ref, row.body);
    if (!rc) *out = clock.alarms.next;
    itsm_store_cursor_close(&cursor);
    itsm_store_view_close(&view);
    itsm__clock_clear(&sms->memory, &clock);
    if (rc == ITSM_E_CORRUPT || rc == ITSM_E_VERSION)
        return itsm__issue(sms->ctx, rc, itsm__no_text(), itsm__no_text(), itsm__no_text(),
                           "the clock that is due next cannot be read");
    return rc == ITSM_DONE ? ITSM_NOTHING : rc;
}
