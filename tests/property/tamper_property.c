/* SPDX-License-Identifier: MIT */
/*
 * Tampering: whoever can write the store repairs every checksum, and is found all the same; and nobody is accused who did
 * nothing.
 *
 * Random histories run on a store in memory.  What it then holds is copied into a store that can be written behind the
 * library's back: rows and entries are edited, inserted, deleted, swapped, put back, forged with the salts at hand, the
 * log is cut, the whole store rolled back or forked.  ITSM_CASES says how many cases; ITSM_FULL=1 is 200,000 of tampering
 * and 1,000,000 of honesty.
 */
#include "../unit/sms_fixture.h"

#include "sms/internal.h"

#include <itsm/audit.h>

#include <criterion/criterion.h>

#include <stdlib.h>

/* A store that can be edited ---------------------------------------------------------------------------------------- */

typedef struct piece {
    itsm_ref ref;
    uint64_t rev;
    unsigned char *bytes;
    size_t n;
} piece;

#define PIECES_MAX 2048

typedef struct frozen {
    piece rows[PIECES_MAX], log[PIECES_MAX];
    size_t nrows, nlog;
} frozen;

static void keep(piece *list, size_t *n, size_t at, const piece *one)
{
    if (*n == PIECES_MAX) abort();
    memmove(&list[at + 1], &list[at], (*n - at) * sizeof *list);
    list[at] = *one;
    list[at].bytes = malloc(one->n + 1);
    if (!list[at].bytes) abort();
    if (one->n) memcpy(list[at].bytes, one->bytes, one->n);
    ++*n;
}

static void take_out(piece *list, size_t *n, size_t at)
{
    free(list[at].bytes);
    --*n;
    memmove(&list[at], &list[at + 1], (*n - at) * sizeof *list);
}

static void frozen_clear(frozen *f)
{
    while (f->nrows) free(f->rows[--f->nrows].bytes);
    while (f->nlog) free(f->log[--f->nlog].bytes);
}

static void frozen_copy(frozen *out, const frozen *from)
{
    frozen_clear(out);
    for (size_t i = 0; i < from->nrows; i++) keep(out->rows, &out->nrows, i, &from->rows[i]);
    for (size_t i = 0; i < from->nlog; i++) keep(out->log, &out->nlog, i, &from->log[i]);
}

static int compare_refs(itsm_ref a, itsm_ref b)
{
    if (a.type != b.type) return a.type < b.type ? -1 : 1;
    if (a.id.hi != b.id.hi) return a.id.hi < b.id.hi ? -1 : 1;
    return (a.id.lo > b.id.lo) - (a.id.lo < b.id.lo);
}

/* The first row that is not before it. */
static size_t lower(const frozen *f, itsm_ref ref)
{
    size_t lo = 0, hi = f->nrows;
    while (lo < hi) {
        const size_t mid = (lo + hi) / 2;
        if (compare_refs(f->rows[mid].ref, ref) < 0) lo = mid + 1;
        else hi = mid;
    }
    return lo;
}

static void insert_row(frozen *f, const piece *row)
{
    keep(f->rows, &f->nrows, lower(f, row->ref), row);
}

/* The store looks at whichever is shown. */
static const frozen *shown;

typedef struct walk {
    uint32_t type; /* 0: the log */
    size_t at;
} walk;

static itsm_status frozen_view(void *self, const itsm_call *call, void **view)
{
    (void)call;
    *view = self;
    return ITSM_OK;
}

static void frozen_view_close(void *self, void *view)
{
    (void)self, (void)view;
}

static void give(itsm_row *row, const piece *p)
{
    memset(row, 0, sizeof *row);
    row->ref = p->ref, row->rev = p->rev, row->body.p = p->bytes, row->body.n = p->n;
}

static itsm_status frozen_get(void *self, const itsm_call *call, void *view, itsm_ref ref, itsm_row *row)
{
    const size_t at = lower(shown, ref);
    (void)self, (void)call, (void)view;
    memset(row, 0, sizeof *row);
    if (at == shown->nrows || compare_refs(shown->rows[at].ref, ref)) return ITSM_NOTHING;
    give(row, &shown->rows[at]);
    return ITSM_OK;
}

static itsm_status start_walk(void **cursor, uint32_t type, size_t at)
{
    walk *w = malloc(sizeof *w);
    if (!w) return ITSM_E_NOMEM;
    w->type = type, w->at = at;
    *cursor = w;
    return ITSM_OK;
}

static itsm_status frozen_scan(void *self, const itsm_call *call, void *view, const itsm_range *range, void **cursor)
{
    const itsm_ref first = {range->type, {0, 0}};
    (void)self, (void)call, (void)view;
    return range->index ? ITSM_E_UNSUPPORTED : start_walk(cursor, range->type, lower(shown, first));
}

static itsm_status frozen_log(void *self, const itsm_call *call, void *view, uint64_t from, void **cursor)
{
    (void)self, (void)call, (void)view;
    return start_walk(cursor, 0, (size_t)from);
}

static itsm_status frozen_next(void *self, const itsm_call *call, void *cursor, itsm_row *row)
{
    walk *w = cursor;
    (void)self, (void)call;
    if (w->at >= (w->type ? shown->nrows : shown->nlog)) return ITSM_DONE;
    if (w->type && shown->rows[w->at].ref.type != w->type) return ITSM_DONE;
    give(row, w->type ? &shown->rows[w->at] : &shown->log[w->at]);
    if (!w->type) row->ref.id.lo = w->at; /* as a store numbers them */
    w->at++;
    return ITSM_OK;
}

static void frozen_cursor_close(void *self, void *cursor)
{
    (void)self;
    free(cursor);
}

static itsm_status frozen_apply(void *self, const itsm_call *call, const itsm_batch *batch, itsm_applied *applied)
{
    (void)self, (void)call, (void)batch, (void)applied;
    return ITSM_E_READONLY;
}

static itsm_status frozen_reserve(void *self, const itsm_call *call, const char *sequence, uint32_t n, uint64_t *first)
{
    (void)self, (void)call, (void)sequence, (void)n, (void)first;
    return ITSM_E_READONLY;
}

static void frozen_close(void *self)
{
    (void)self;
}

static itsm_store *frozen_store(itsm_ctx *ctx)
{
    itsm_store_methods m;
    itsm_store *store = NULL;
    memset(&m, 0, sizeof m);
    m.size = sizeof m, m.contract = ITSM_STORE_CONTRACT, m.name = "frozen";
    m.caps = ITSM_CAP_SEAL_SYNC | ITSM_CAP_SNAPSHOT;
    m.view_open = frozen_view, m.view_close = frozen_view_close, m.get = frozen_get, m.scan = frozen_scan;
    m.audit_scan = frozen_log, m.next = frozen_next, m.cursor_close = frozen_cursor_close;
    m.apply = frozen_apply, m.reserve = frozen_reserve, m.close = frozen_close;
    cr_assert_eq(itsm_store_new(&store, ctx, &m, &m), ITSM_OK);
    return store;
}

/* Random histories -------------------------------------------------------------------------------------------------- */

static uint64_t state;

static uint64_t roll(uint64_t below)
{
    state += UINT64_C(0x9E3779B97F4A7C15);
    uint64_t z = state;
    z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
    return (z ^ z >> 31) % below;
}

static void copy_type(frozen *f, struct desk *desk, itsm_view *view, uint32_t type)
{
    itsm_cursor cursor = ITSM_CURSOR_INIT;
    itsm_range range = ITSM_RANGE_INIT;
    itsm_row row;
    range.type = type;
    cr_assert_eq(type ? itsm_store_scan(&cursor, desk->ctx, view, &range)
                      : itsm_store_audit_scan(&cursor, desk->ctx, view, 0),
                 ITSM_OK);
    while (itsm_store_next(&row, desk->ctx, &cursor) == ITSM_OK) {
        const piece one = {row.ref, row.rev, (unsigned char *)(uintptr_t)row.body.p, row.body.n};
        if (type) insert_row(f, &one);
        else keep(f->log, &f->nlog, f->nlog, &one);
    }
    itsm_store_cursor_close(&cursor);
}

static void freeze(frozen *f, struct desk *desk)
{
    static const uint32_t inner[] = {ITSM_ROW_LINK, ITSM_ROW_CLOCK, ITSM_ROW_HISTORY, 0};
    itsm_view view = ITSM_VIEW_INIT;
    const itsm_model *model = itsm_model_builtin();
    frozen_clear(f);
    cr_assert_eq(itsm_store_view_open(&view, desk->ctx, desk->store, NULL), ITSM_OK);
    for (size_t t = 0; t < itsm_model_type_count(model); t++)
        copy_type(f, desk, &view, itsm_model_type_at(model, t)->number);
    for (size_t t = 0; t < COUNT(inner); t++) copy_type(f, desk, &view, inner[t]);
    itsm_store_view_close(&view);
}

static itsm_ref made[16];
static size_t nmade;

static void make_system(struct desk *desk)
{
    static const itsm_str personal[] = {{"reporter", 8}, {"incident.description", 20}};
    static const itsm_retention forever[] = {{{"", 0}, 0}};
    itsm_sms_options options = ITSM_SMS_OPTIONS_INIT;
    if (!desk->sla)
        cr_assert_eq(itsm_sla_load(&desk->sla, desk->ctx,
                                   ITSM_STR("{\"response\": {\"3\": 60}, \"resolution\": {\"3\": 480}}"), NULL),
                     ITSM_OK);
    options.key.p = "a key", options.key.n = 5, options.sla = desk->sla;
    options.personal = personal, options.npersonal = COUNT(personal);
    options.retentions = forever, options.nretentions = 1;
    itsm_sms_free(desk->sms);
    cr_assert_eq(itsm_sms_new(&desk->sms, desk->ctx, itsm_model_builtin(), desk->store, &options), ITSM_OK);
}

/* Several operations that are committed together. */
static void work_step(struct desk *desk, itsm_ref ref)
{
    const itsm_named hold[] = {TEXT("pending_reason", "awaiting_user")}, impact[] = {INT("impact", 1 + (int)roll(5))};
    itsm_work *work;
    itsm_status rc = ITSM_OK;
    cr_assert_eq(itsm_work_new(&work, desk->sms, &desk->act), ITSM_OK);
    const uint64_t steps = 1 + roll(4);
    for (uint64_t i = 0; i < steps; i++)
        if (i % 2) rc = itsm_work_change(work, ref, ITSM_REV_ANY, impact, 1);
        else rc = itsm_work_move(work, ref, ITSM_REV_ANY, roll(2) ? ITSM_STR("hold") : ITSM_STR("resume"), hold, 1);
    if (roll(3) == 0) rc = itsm_work_link(work, ref, ITSM_STR("children"), made[roll(nmade)]);
    rc = itsm_work_commit(NULL, work);
    cr_assert(rc == ITSM_OK || rc == ITSM_NOTHING, "%d", rc);
    itsm_work_free(work);
}

/* One act; what the lifecycle refuses is no act. */
static void step(struct desk *desk, itsm_ref service)
{
    itsm_outcome out = ITSM_OUTCOME_INIT;
    const itsm_named hold[] = {TEXT("pending_reason", "awaiting_user")},
                     cancel[] = {TEXT("cancel_reason", "withdrawn")};
    const itsm_named told[] = {TEXT("description", "Still no light"), TEXT("reporter", "rosa")};
    const itsm_ref ref = nmade ? made[roll(nmade)] : service, other = nmade ? made[roll(nmade)] : service;
    itsm_status rc = ITSM_OK;
    desk->act.now += ITSM_MINUTES(1 + (int)roll(50));
    desk_actor(desk, "jdoe", "service_desk");
    switch (nmade ? roll(11) : 0) {
    case 0:
        if (nmade < COUNT(made) && (rc = new_started(&out, desk, service)) == ITSM_OK) made[nmade++] = out.ref;
        break;
    case 1: rc = itsm_sms_move(NULL, desk->sms, ref, ITSM_REV_ANY, ITSM_STR("hold"), hold, 1, &desk->act); break;
    case 2: rc = itsm_sms_move(NULL, desk->sms, ref, ITSM_REV_ANY, ITSM_STR("resume"), NULL, 0, &desk->act); break;
    case 3: rc = itsm_sms_change(NULL, desk->sms, ref, ITSM_REV_ANY, told, COUNT(told), &desk->act); break;
    case 4: rc = itsm_sms_link(desk->sms, ref, ITSM_STR("children"), other, &desk->act); break;
    case 5: rc = itsm_sms_unlink(desk->sms, ref, ITSM_STR("children"), other, &desk->act); break;
    case 6:
        if (roll(3) == 0)
            rc = itsm_sms_move(NULL, desk->sms, ref, ITSM_REV_ANY, ITSM_STR("cancel"), cancel, 1, &desk->act);
        break;
    case 7: rc = itsm_sms_purge(desk->sms, ref, ITSM_REV_ANY, &desk->act); break;
    case 8: rc = itsm_sms_tick(NULL, desk->sms, desk->act.now, NULL, NULL); break;
    default: work_step(desk, ref);
    }
    cr_assert(rc != ITSM_E_NOMEM && rc != ITSM_E_CORRUPT && rc != ITSM_E_MISUSE, "%d", rc);
}

typedef struct scene {
    struct counting counting, judging;
    struct desk desk;
    itsm_store *store; /* shows a frozen one */
    itsm_ctx *ctx;     /* of who verifies */
    itsm_sms *sms;
    frozen honest, earlier, edited;
    itsm_audit_checkpoint whole, part;
} scene;

static void checkpoint(itsm_audit_checkpoint *out, scene *s, const frozen *f)
{
    shown = f;
    out->size = sizeof *out;
    cr_assert_eq(itsm_audit_root(out, s->ctx, s->store), ITSM_OK);
}

/* A history of so many steps from one seed; behind `fork` from another. */
static void live(scene *s, uint64_t seed, size_t steps, size_t freeze_at, size_t fork, uint64_t other)
{
    itsm_outcome out = ITSM_OUTCOME_INIT;
    struct counting counting = COUNTING_INIT;
    s->counting = counting;
    nmade = 0, state = seed;
    desk_open(&s->desk, &s->counting, NULL);
    make_system(&s->desk);
    cr_assert_eq(new_service(&out, &s->desk), ITSM_OK);
    for (size_t i = 0; i < steps; i++) {
        if (i == fork) state = other;
        if (i == freeze_at) freeze(&s->earlier, &s->desk);
        step(&s->desk, out.ref);
    }
    freeze(&s->honest, &s->desk);
    desk_close(&s->desk);
    assert_nothing_outstanding(s->counting);
}

static itsm_status verify(itsm_audit_result *result, scene *s, const frozen *f, const itsm_audit_checkpoint *expected)
{
    const itsm_audit_result fresh = ITSM_AUDIT_RESULT_INIT;
    shown = f, *result = fresh;
    return itsm_sms_audit_verify(result, s->sms, expected);
}

static scene *scene_new(void)
{
    static scene s;
    const struct counting counting = COUNTING_INIT;
    memset(&s, 0, sizeof s);
    s.judging = counting;
    s.ctx = counting_ctx(&s.judging);
    s.store = frozen_store(s.ctx);
    cr_assert_eq(itsm_sms_new(&s.sms, s.ctx, itsm_model_builtin(), s.store, NULL), ITSM_OK);
    return &s;
}

static void scene_free(scene *s)
{
    itsm_sms_free(s->sms);
    itsm_store_free(s->store);
    itsm_ctx_free(s->ctx);
    assert_nothing_outstanding(s->judging);
    frozen_clear(&s->honest), frozen_clear(&s->earlier), frozen_clear(&s->edited);
}

/* Tampering ---------------------------------------------------------------------------------------------------------- */

/* How much of a row entries commit to: of a clock, what stands before its alarms. */
static size_t committed(scene *s, const piece *row)
{
    itsm__clock_draft clock;
    const itsm_bytes body = {row->bytes, row->n};
    if (row->ref.type != ITSM_ROW_CLOCK) return row->n;
    memset(&clock, 0, sizeof clock);
    cr_assert_eq(itsm__clock_decode(&clock, itsm__ctx_memory(s->ctx), body), ITSM_OK);
    const size_t n = clock.committed;
    itsm__clock_clear(itsm__ctx_memory(s->ctx), &clock);
    return n;
}

static int edit_row(scene *s)
{
    frozen *f = &s->edited;
    piece *row = &f->rows[roll(f->nrows)];
    const size_t n = committed(s, row);
    if (!n) return 0;
    row->bytes[roll(n)] ^= (unsigned char)(1u << roll(8));
    return 1;
}

static int edit_value(scene *s) /* and a revision that looks like a write */
{
    frozen *f = &s->edited;
    for (size_t i = 0; i < f->nrows; i++) f->rows[i].rev += i % 2 ? 0 : 1 + roll(3);
    return edit_row(s);
}

static int delete_row(scene *s)
{
    take_out(s->edited.rows, &s->edited.nrows, roll(s->edited.nrows));
    return 1;
}

static int insert_a_row(scene *s)
{
    piece row = s->edited.rows[roll(s->edited.nrows)];
    row.ref.id.lo ^= UINT64_C(1) << roll(64);
    if (roll(2)) row.ref.id.hi ^= roll(UINT64_MAX);
    insert_row(&s->edited, &row);
    return 1;
}

/* A row as it was, with its old revision or with the present one. */
static int put_row_back(scene *s)
{
    const piece *old = &s->earlier.rows[s->earlier.nrows ? roll(s->earlier.nrows) : 0];
    if (!s->earlier.nrows) return 0;
    const size_t at = lower(&s->edited, old->ref);
    piece row = *old;
    if (at < s->edited.nrows && !compare_refs(s->edited.rows[at].ref, old->ref)) {
        const size_t n = committed(s, &s->edited.rows[at]);
        if (n == committed(s, old) && !memcmp(s->edited.rows[at].bytes, old->bytes, n)) return 0;
        if (roll(2)) row.rev = s->edited.rows[at].rev;
        take_out(s->edited.rows, &s->edited.nrows, at);
    }
    insert_row(&s->edited, &row);
    return 1;
}

static int swap_rows(scene *s)
{
    piece *a = &s->edited.rows[roll(s->edited.nrows)], *b = &s->edited.rows[roll(s->edited.nrows)], t = *a;
    if (a->n == b->n && !memcmp(a->bytes, b->bytes, a->n)) return 0;
    a->bytes = b->bytes, a->n = b->n, b->bytes = t.bytes, b->n = t.n;
    return 1;
}

static int change_revision(scene *s)
{
    piece *row = &s->edited.rows[roll(s->edited.nrows)];
    const int down = row->rev > 1 && roll(2);
    row->rev = down ? row->rev - 1 : row->rev + 1;
    return down || row->ref.type != ITSM_ROW_CLOCK; /* a tick writes a clock without an entry */
}

static int delete_entry(scene *s)
{
    take_out(s->edited.log, &s->edited.nlog, roll(s->edited.nlog));
    return 1;
}

static int drop_last(scene *s)
{
    take_out(s->edited.log, &s->edited.nlog, s->edited.nlog - 1);
    return 1;
}

static int cut_log(scene *s)
{
    const size_t keep_n = roll(s->edited.nlog);
    while (s->edited.nlog > keep_n) take_out(s->edited.log, &s->edited.nlog, s->edited.nlog - 1);
    return 1;
}

static int double_entry(scene *s)
{
    const piece one = s->edited.log[roll(s->edited.nlog)];
    keep(s->edited.log, &s->edited.nlog, roll(s->edited.nlog + 1), &one);
    return 1;
}

/* What only a checkpoint shows. */

static int edit_entry(scene *s)
{
    piece *entry = &s->edited.log[roll(s->edited.nlog)];
    entry->bytes[roll(entry->n)] ^= (unsigned char)(1u << roll(8));
    return 1;
}

static int swap_entries(scene *s)
{
    const size_t a = roll(s->edited.nlog), b = roll(s->edited.nlog);
    const piece t = s->edited.log[a];
    s->edited.log[a] = s->edited.log[b], s->edited.log[b] = t;
    return a != b;
}

static int roll_back(scene *s)
{
    if (s->earlier.nlog == s->honest.nlog) return 0;
    frozen_copy(&s->edited, &s->earlier);
    return 1;
}

/* Another value for a record, and an entry that commits to it: the salt is in the store. */
static int forge(scene *s)
{
    frozen *f = &s->edited;
    const size_t at = roll(f->nlog);
    itsm_audit_entry entry = ITSM_AUDIT_ENTRY_INIT;
    itsm_audit_row named = ITSM_AUDIT_ROW_INIT;
    itsm_buf rows = ITSM_BUF_INIT, again = ITSM_BUF_INIT;
    const itsm_bytes bytes = {f->log[at].bytes, f->log[at].n};
    cr_assert_eq(itsm_audit_decode(&entry, bytes), ITSM_OK);
    const itsm_ref history = {ITSM_ROW_HISTORY, itsm__history_id(entry.ref, entry.revision)};
    const size_t salt = lower(f, history), row = lower(f, entry.ref);
    if (!entry.rows.n || entry.action == ITSM_AUDIT_PURGE || row == f->nrows ||
        compare_refs(f->rows[row].ref, entry.ref) || salt == f->nrows || compare_refs(f->rows[salt].ref, history) ||
        f->rows[row].rev != entry.revision + 1)
        return 0;
    f->rows[row].bytes[roll(f->rows[row].n)] ^= 1;
    const itsm_bytes body = {f->rows[row].bytes, f->rows[row].n};
    itsm_bytes rest = entry.rows;
    while (itsm_audit_row_next(&named, &rest, &entry) == ITSM_OK) {
        if (!compare_refs(named.ref, entry.ref)) itsm_audit_commit(named.commitment, f->rows[salt].bytes, body);
        cr_assert_eq(itsm_audit_row_add(&rows, &entry, &named), ITSM_OK);
    }
    entry.rows.p = rows.p, entry.rows.n = rows.n;
    cr_assert_eq(itsm_audit_encode(&again, &entry), ITSM_OK);
    piece forged = f->log[at];
    forged.bytes = (unsigned char *)again.p, forged.n = again.n;
    keep(f->log, &f->nlog, at, &forged);
    take_out(f->log, &f->nlog, at + 1);
    itsm_buf_clear(&rows), itsm_buf_clear(&again);
    return 1;
}

typedef struct trick {
    const char *name;
    int (*play)(scene *s); /* 0: it would change nothing */
    int needs_checkpoint;
    long cases;
} trick;

static trick tricks[] = {{"edit a row", edit_row, 0, 0},
                         {"edit a row and raise its revision", edit_value, 0, 0},
                         {"delete a row", delete_row, 0, 0},
                         {"insert a row", insert_a_row, 0, 0},
                         {"put a row back", put_row_back, 0, 0},
                         {"swap two rows", swap_rows, 0, 0},
                         {"change a revision", change_revision, 0, 0},
                         {"delete an entry", delete_entry, 0, 0},
                         {"drop the last entry", drop_last, 0, 0},
                         {"write an entry twice", double_entry, 0, 0},
                         {"cut the log", cut_log, 1, 0}, /* what came and was purged behind the cut leaves no trace */
                         {"edit an entry", edit_entry, 1, 0},
                         {"swap two entries", swap_entries, 1, 0},
                         {"roll the store back", roll_back, 1, 0},
                         {"forge a value and its entry", forge, 1, 0},
                         {"fork the store", NULL, 1, 0}};

static long number_of_cases(long usual, long full)
{
    const char *cases = getenv("ITSM_CASES");
    return cases ? atol(cases) : getenv("ITSM_FULL") ? full : usual;
}

static uint64_t first_seed(void)
{
    const char *given = getenv("ITSM_SEED");
    return given ? strtoull(given, NULL, 10) : 20260302;
}

static void expect_found(scene *s, trick *t, uint64_t seed, const itsm_audit_checkpoint *expected)
{
    itsm_audit_result result;
    const itsm_status rc = verify(&result, s, &s->edited, expected);
    cr_assert(rc < 0 && result.bad > 0 && itsm_ctx_issue_count(s->ctx) > 0, "seed %llu: %s is not found: %d",
              (unsigned long long)seed, t->name, rc);
    for (size_t i = 0; i < itsm_ctx_issue_count(s->ctx); i++)
        cr_assert(itsm_ctx_issue(s->ctx, i)->rule.n && itsm_ctx_issue(s->ctx, i)->message.n);
    t->cases++;
}

/* The other branch may be longer, shorter or as long as the log that the checkpoint covers. */
static void play_fork(scene *s, trick *t, uint64_t seed, size_t steps)
{
    const size_t fork = 1 + (size_t)(seed % (steps - 1));
    frozen_copy(&s->edited, &s->honest);
    live(s, seed, steps + 3, SIZE_MAX, fork, seed ^ UINT64_C(0xABCDEF));
    const int same = s->honest.nlog >= s->edited.nlog && s->edited.nlog &&
                     s->honest.log[s->edited.nlog - 1].n == s->edited.log[s->edited.nlog - 1].n &&
                     !memcmp(s->honest.log[s->edited.nlog - 1].bytes, s->edited.log[s->edited.nlog - 1].bytes,
                             s->edited.log[s->edited.nlog - 1].n);
    frozen_copy(&s->edited, &s->honest);
    if (!same) expect_found(s, t, seed, &s->whole); /* else the branches came out the same */
}

Test(tamper, whoever_writes_the_store_behind_the_library_is_found)
{
    scene *s = scene_new();
    itsm_audit_result result;
    const long cases = number_of_cases(20000, 200000);
    const uint64_t seed = first_seed();
    long done = 0;
    for (uint64_t n = 0; done < cases; n++) {
        const size_t steps = 5 + (size_t)((seed + n) % 30);
        live(s, seed + n, steps, steps / 2, SIZE_MAX, 0);
        checkpoint(&s->whole, s, &s->honest);
        cr_assert_eq(verify(&result, s, &s->honest, &s->whole), ITSM_OK, "seed %llu", (unsigned long long)(seed + n));
        state = seed + n;
        for (size_t k = 0; k < 8 * (COUNT(tricks) - 1); k++) {
            trick *t = &tricks[k % (COUNT(tricks) - 1)];
            frozen_copy(&s->edited, &s->honest);
            if (!t->play(s)) continue;
            expect_found(s, t, seed + n, t->needs_checkpoint || roll(2) ? &s->whole : NULL);
            done++;
        }
        play_fork(s, &tricks[COUNT(tricks) - 1], seed + n, steps);
    }
    for (size_t k = 0; k < COUNT(tricks); k++) {
        cr_assert_gt(tricks[k].cases, 0, "%s", tricks[k].name);
        fprintf(stderr, "tamper: %ld x %s\n", tricks[k].cases, tricks[k].name);
    }
    fprintf(stderr, "tamper: %ld cases from seed %llu, all found\n", done, (unsigned long long)seed);
    scene_free(s);
}

Test(tamper, an_honest_store_is_never_accused)
{
    scene *s = scene_new();
    itsm_audit_result result;
    itsm_outcome out;
    const long cases = number_of_cases(20000, 1000000);
    const uint64_t seed = first_seed() + 1;
    long done = 0;
    for (uint64_t n = 0; done < cases; n++) {
        struct counting counting = COUNTING_INIT;
        const itsm_outcome fresh = ITSM_OUTCOME_INIT;
        s->counting = counting, out = fresh;
        nmade = 0, state = seed + n;
        desk_open(&s->desk, &s->counting, NULL);
        make_system(&s->desk);
        cr_assert_eq(new_service(&out, &s->desk), ITSM_OK);
        const itsm_audit_checkpoint none = ITSM_AUDIT_CHECKPOINT_INIT;
        itsm_audit_checkpoint kept = none;
        for (size_t i = 0; i < 25 && done < cases; i++, done++) {
            const itsm_audit_result empty = ITSM_AUDIT_RESULT_INIT;
            step(&s->desk, out.ref);
            result = empty;
            cr_assert_eq(itsm_sms_audit_verify(&result, s->desk.sms, kept.count && roll(2) ? &kept : NULL), ITSM_OK,
                         "seed %llu, step %zu: %.*s", (unsigned long long)(seed + n), i,
                         ITSM_ARG(first_message(s->desk.ctx)));
            cr_assert(result.bad == 0 && result.unbound == 0 && result.waiting == 0);
            if (roll(4)) continue;
            kept.count = result.count;
            memcpy(kept.root, result.root, sizeof kept.root);
        }
        desk_close(&s->desk);
        assert_nothing_outstanding(s->counting);
    }
    fprintf(stderr, "tamper: %ld honest stores from seed %llu, none accused\n", done, (unsigned long long)seed);
    scene_free(s);
}
