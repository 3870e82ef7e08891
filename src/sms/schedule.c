/* SPDX-License-Identifier: MIT */
/*
 * The schedule: blackout windows, and whether a change collides with another or falls into one.
 *
 * All blackouts stand in one row, the schedule row, which every judgement of a collision checks and every act that joins,
 * leaves or alters the set of scheduled records writes anew; so two acts that would be fine alone and collide together
 * cannot both be committed.
 *
 * Judging reads the records scheduled or implementing (by the index of states), and for those that overlap in time the
 * items around ours: those they depend on and that depend on them, walked breadth first, each once.
 */
#include "sms/internal.h"

#include "base/bits.h"
#include "base/text.h"
#include "record/codec.h"
#include "record/internal.h"
#include "record/key.h"

enum { BLACKOUT_FROM = 1, BLACKOUT_TO = 2, BLACKOUT_NAME = 3, BLACKOUTS_MAX = 10000, ITEMS_MAX = 1000000 };

static const itsm_ref schedule_row = {ITSM_ROW_SETTING, {0, 1}};

static const char *const scheduled_states[] = {"scheduled", "implementing"};

/* The row ------------------------------------------------------------------------------------------------------------ */

static itsm_status read_row(itsm__schedule *s, itsm_work *work, const itsm_row *row)
{
    itsm_row_field *fields = NULL;
    size_t n = 0, capacity = 0;
    itsm_status rc = itsm__fields_decode(&fields, &n, &capacity, NULL, &work->memory, &work->arena, row->body);
    for (size_t i = 0; i < n && !rc; i++) {
        const itsm_value *value = &fields[i].value;
        if (value->kind != ITSM_LIST || fields[i].no < BLACKOUT_FROM || fields[i].no > BLACKOUT_NAME)
            rc = ITSM_E_CORRUPT;
        else s->lists[fields[i].no - BLACKOUT_FROM] = value->u.list.item, s->n = value->u.list.n;
    }
    for (size_t i = 0; i < 3 && s->n && !rc; i++)
        if (!s->lists[i]) rc = ITSM_E_CORRUPT;
    itsm__free(&work->memory, fields, capacity * sizeof *fields);
    s->expect = row->rev;
    return rc;
}

/* Texts and lists lie in the work's arena until it is emptied. */
static itsm_status load(itsm_work *work)
{
    itsm__schedule *s = &work->schedule;
    itsm_row row;
    if (s->loaded) return ITSM_OK;
    memset(s, 0, sizeof *s);
    s->expect = ITSM_REV_NONE;
    itsm_status rc = itsm_store_get(&row, itsm__quiet(work), &work->view, schedule_row);
    if (rc == ITSM_OK) rc = read_row(s, work, &row);
    else if (rc == ITSM_NOTHING) rc = ITSM_OK;
    s->loaded = rc == ITSM_OK;
    return rc ? itsm__relay(work, rc) : ITSM_OK;
}

itsm_status itsm__schedule_op(itsm_op *out, itsm_buf *bytes, const itsm_work *work)
{
    const itsm__schedule *s = &work->schedule;
    itsm_row_field fields[3];
    memset(out, 0, sizeof *out);
    out->kind = s->dirty ? ITSM_PUT : ITSM_CHECK, out->expect = s->expect, out->row.ref = schedule_row;
    if (!s->dirty) return ITSM_OK;
    memset(fields, 0, sizeof fields);
    for (uint16_t i = 0; i < 3; i++) {
        fields[i].no = (uint16_t)(BLACKOUT_FROM + i), fields[i].value.kind = ITSM_LIST;
        fields[i].value.u.list.item = s->lists[i], fields[i].value.u.list.n = s->n;
    }
    const size_t at = bytes->n;
    const itsm_status rc = itsm__fields_encode(bytes, fields, s->n ? 3 : 0);
    out->row.rev = s->expect + 1, out->row.body.n = bytes->n - at;
    return rc;
}

/* Judging ------------------------------------------------------------------------------------------------------------ */

typedef struct window {
    itsm_time from, to;
} window;

static int overlap(window a, window b)
{
    return a.from < b.to && b.from < a.to;
}

/* 0: it has none. */
static int window_of(window *out, const itsm_record *record, const itsm_guard_def *guard)
{
    const itsm_type_def *type = itsm_record_type(record);
    const itsm_value *from = itsm__record_at(record, type->fields[guard->paths[0].at].number);
    const itsm_value *to = itsm__record_at(record, type->fields[guard->paths[1].at].number);
    if (!from || !to || from->kind != ITSM_TIME || to->kind != ITSM_TIME) return 0;
    out->from = from->u.i, out->to = to->u.i;
    return 1;
}

static int is_scheduled(const itsm_record *record)
{
    const itsm_state_def *state = itsm__primary_state(record);
    for (size_t i = 0; state && i < sizeof scheduled_states / sizeof *scheduled_states; i++)
        if (itsm_str_is(state->name, scheduled_states[i])) return 1;
    return 0;
}

/* A set of records, and a queue: those behind `next` have not been walked from. */
typedef struct items {
    itsm_work *work;
    itsm__map seen;
    itsm_ref *refs;
    size_t n, next, capacity;
} items;

static void init_items(items *all, itsm_work *work)
{
    memset(all, 0, sizeof *all);
    all->work = work;
    itsm__map_init(&all->seen, &work->memory);
}

static void clear_items(items *all)
{
    itsm__map_clear(&all->seen);
    itsm__free(&all->work->memory, all->refs, all->capacity * sizeof *all->refs);
}

static itsm_status add_item(void *user, itsm_ref ref)
{
    items *all = user;
    unsigned char key[20];
    int added;
    itsm__put_be32(key, ref.type), itsm__put_be64(key + 4, ref.id.hi), itsm__put_be64(key + 12, ref.id.lo);
    if (!itsm__map_put(&all->seen, key, sizeof key, &added)) return ITSM_E_NOMEM;
    if (!added) return ITSM_OK;
    if (all->n >= ITEMS_MAX) return ITSM_E_LIMIT;
    itsm_status rc = itsm__grow(&all->work->memory, &all->refs, &all->capacity, all->n + 1, sizeof *all->refs);
    if (!rc) all->refs[all->n++] = ref;
    return rc;
}

/* All that can be reached from what is there along one relation. */
static itsm_status walk(items *all, const char *relation)
{
    itsm_status rc = ITSM_OK;
    while (all->next < all->n && !rc) {
        itsm__draft *draft;
        rc = itsm__work_find(&draft, all->work, all->refs[all->next++]);
        if (rc == ITSM_NOTHING) {
            rc = ITSM_OK;
            continue;
        }
        if (rc) break;
        const itsm_link_def *link = itsm_type_link(itsm_record_type(draft->record), itsm_str_c(relation));
        if (link) rc = itsm__links_each(all->work, draft, link, add_item, all);
    }
    return rc;
}

/* Ours, what they depend on, and what depends on them. */
static itsm_status collect_items(items *all, itsm_work *work, itsm__draft *draft, const itsm_link_def *link)
{
    itsm_status rc = itsm__links_each(work, draft, link, add_item, all);
    const size_t ours = all->n;
    if (!rc) rc = walk(all, "depends_on");
    /* The other way only from ours: what else stands on what we stand on is not touched by us. */
    items up;
    init_items(&up, work);
    for (size_t i = 0; i < ours && !rc; i++) rc = add_item(&up, all->refs[i]);
    if (!rc) rc = walk(&up, "depends_on_me");
    for (size_t i = 0; i < up.n && !rc; i++) rc = add_item(all, up.refs[i]);
    clear_items(&up);
    return rc;
}

/* Looking for another record that touches one of the items. */
typedef struct search {
    items all;
    int found;
} search;

static itsm_status look_for(void *user, itsm_ref ref)
{
    search *s = user;
    unsigned char key[20];
    itsm__put_be32(key, ref.type), itsm__put_be64(key + 4, ref.id.hi), itsm__put_be64(key + 12, ref.id.lo);
    s->found |= itsm__map_find(&s->all.seen, key, sizeof key) != NULL;
    return ITSM_OK;
}

/* Records in one of the states: those in the store by its index, and the drafts of this work. */
static itsm_status collect_scheduled(items *out, itsm_work *work, const itsm_type_def *type)
{
    itsm_buf prefix = ITSM_BUF_INIT, end = ITSM_BUF_INIT;
    itsm_status rc = ITSM_OK;
    itsm_buf_init(&prefix, work->ctx), itsm_buf_init(&end, work->ctx);
    for (size_t i = 0; i < sizeof scheduled_states / sizeof *scheduled_states && !rc; i++) {
        itsm_value state = itsm_value_text(itsm_str_c(scheduled_states[i]));
        itsm_cursor cursor = ITSM_CURSOR_INIT;
        itsm_range range = ITSM_RANGE_INIT;
        itsm_row row;
        state.kind = ITSM_ENUM, prefix.n = end.n = 0;
        rc = itsm__key_value(&prefix, &state);
        range.type = type->number, range.index = ITSM_INDEX_STATE, range.neq = 1, range.eq = &state;
        range.lo.p = prefix.p, range.lo.n = prefix.n;
        if (!rc) rc = itsm__key_end(&end, range.lo);
        range.hi.p = end.p, range.hi.n = end.n;
        if (!rc) rc = itsm_store_scan(&cursor, itsm__quiet(work), &work->view, &range);
        while (!rc && (rc = itsm_store_next(&row, itsm__quiet(work), &cursor)) == ITSM_OK) rc = add_item(out, row.ref);
        itsm_store_cursor_close(&cursor);
        if (rc == ITSM_DONE) rc = ITSM_OK;
    }
    for (size_t i = 0; i < work->ndrafts && !rc; i++)
        if (itsm_record_type(work->drafts[i]->record) == type)
            rc = add_item(out, itsm_record_ref(work->drafts[i]->record));
    itsm_buf_clear(&prefix), itsm_buf_clear(&end);
    return itsm__relay(work, rc);
}

static int in_blackout(const itsm__schedule *s, window ours)
{
    for (size_t i = 0; i < s->n; i++) {
        const window blackout = {s->lists[0][i].u.i, s->lists[1][i].u.i};
        if (overlap(ours, blackout)) return 1;
    }
    return 0;
}

/* Does any other scheduled record overlap in time and touch one of the items? */
static itsm_status find_collision(int *out, itsm_work *work, itsm__draft *draft, const itsm_guard_def *guard,
                                  window ours)
{
    const itsm_type_def *type = itsm_record_type(draft->record);
    const itsm_link_def *link = itsm_type_link(type, guard->paths[2].name);
    items others;
    search s;
    s.found = 0;
    init_items(&others, work), init_items(&s.all, work);
    itsm_status rc = link ? collect_items(&s.all, work, draft, link) : ITSM_E_UNDECIDED;
    if (!rc) rc = collect_scheduled(&others, work, type);
    for (size_t i = 0; i < others.n && !s.found && !rc; i++) {
        itsm__draft *other;
        window theirs;
        rc = itsm__work_find(&other, work, others.refs[i]);
        if (rc == ITSM_NOTHING) {
            rc = ITSM_OK;
            continue;
        }
        if (rc || other == draft || !is_scheduled(other->record)) continue;
        if (!window_of(&theirs, other->record, guard) || !overlap(ours, theirs)) continue;
        rc = itsm__links_each(work, other, link, look_for, &s);
    }
    clear_items(&s.all), clear_items(&others);
    *out = s.found;
    return rc;
}

itsm_status itsm__no_conflict(uint32_t *out, itsm_work *work, itsm__draft *draft, const itsm_guard_def *guard)
{
    window ours;
    int found = 1;
    itsm_status rc = load(work);
    if (rc) return rc;
    work->schedule.checked = 1;
    if (window_of(&ours, draft->record, guard) && !in_blackout(&work->schedule, ours) && guard->npaths > 2)
        rc = find_collision(&found, work, draft, guard, ours);
    *out = !found;
    return rc;
}

/* Joining and leaving ------------------------------------------------------------------------------------------------- */

static const itsm_guard_def *conflict_guard(const itsm_type_def *type)
{
    for (size_t f = 0; f < type->nmachines; f++)
        for (size_t i = 0; i < type->machines[f].nmoves; i++)
            for (const itsm_guard_def *g = type->machines[f].moves[i].guards; g->kind; g++)
                if (g->kind == ITSM_GUARD_NO_CONFLICT) return g;
    return NULL;
}

itsm_status itsm__schedules_new(itsm_sms *sms)
{
    const size_t n = itsm_model_type_count(sms->model);
    sms->nscheduled = n;
    sms->scheduled = itsm__alloc_zero(&sms->memory, n * sizeof *sms->scheduled);
    if (!sms->scheduled) return ITSM_E_NOMEM;
    for (size_t i = 0; i < n; i++) {
        const itsm_type_def *type = itsm_model_type_at(sms->model, i);
        sms->scheduled[type->index] = conflict_guard(type);
    }
    return ITSM_OK;
}

static int same_value(const itsm_record *a, const itsm_record *b, uint16_t number)
{
    const itsm_value *x = itsm__record_at(a, number), *y = itsm__record_at(b, number);
    return x && y ? itsm_value_eq(x, y) : x == y;
}

itsm_status itsm__schedule_follow(itsm_work *work, const itsm__touch *touch)
{
    const itsm_record *before = touch->before, *after = touch->draft->record;
    const itsm_type_def *type = itsm_record_type(after);
    const itsm_guard_def *guard = work->sms->scheduled[type->index];
    if (!guard) return ITSM_OK;
    const int was = is_scheduled(before), is = is_scheduled(after);
    if (!was && !is) return ITSM_OK;
    int same = was == is;
    for (uint16_t i = 0; i < guard->npaths && same; i++) { /* `ci` is a field as well as a relation */
        const itsm_field_def *field = itsm_type_field(type, guard->paths[i].name);
        same = !field || same_value(before, after, field->number);
    }
    return same ? ITSM_OK : itsm__schedule_alter(work);
}

itsm_status itsm__schedule_alter(itsm_work *work)
{
    const itsm_status rc = load(work);
    if (!rc) work->schedule.dirty = 1;
    return rc;
}

/* Blackouts ----------------------------------------------------------------------------------------------------------- */

static itsm_value *copy_list(itsm_work *work, const itsm_value *list, size_t n)
{
    itsm_value *copy = itsm__arena_alloc(&work->arena, (n + 1) * sizeof *copy);
    if (copy && n) memcpy(copy, list, n * sizeof *copy);
    return copy;
}

/* Give the work lists of its own with room for one more. */
static itsm_status own_lists(itsm_value *lists[3], itsm_work *work)
{
    for (size_t i = 0; i < 3; i++)
        if (!(lists[i] = copy_list(work, work->schedule.lists[i], work->schedule.n))) return ITSM_E_NOMEM;
    return ITSM_OK;
}

static itsm_status add_blackout(itsm_work *work, const itsm_blackout *blackout)
{
    itsm__schedule *s = &work->schedule;
    itsm_value *lists[3];
    itsm_str name;
    if (blackout->from == ITSM_TIME_NONE || blackout->to <= blackout->from)
        return itsm__issue(work->ctx, ITSM_E_INVALID, ITSM_STR("to"), itsm__no_text(), itsm__no_text(),
                           "a blackout ends after it begins");
    if (s->n >= BLACKOUTS_MAX)
        return itsm__issue(work->ctx, ITSM_E_LIMIT, itsm__no_text(), itsm__no_text(), itsm__no_text(),
                           "more than %d blackouts", BLACKOUTS_MAX);
    itsm_status rc = own_lists(lists, work);
    if (!rc) rc = itsm__arena_copy(&name, &work->arena, blackout->name);
    if (rc) return rc;
    lists[0][s->n] = itsm_value_number(ITSM_TIME, blackout->from);
    lists[1][s->n] = itsm_value_number(ITSM_TIME, blackout->to);
    lists[2][s->n] = itsm_value_text(name);
    for (size_t i = 0; i < 3; i++) s->lists[i] = lists[i];
    s->n++, s->dirty = 1;
    return ITSM_OK;
}

static itsm_status remove_blackout(itsm_work *work, const itsm_blackout *blackout)
{
    itsm__schedule *s = &work->schedule;
    itsm_value *lists[3];
    size_t at = 0;
    while (at < s->n && (s->lists[0][at].u.i != blackout->from || s->lists[1][at].u.i != blackout->to)) at++;
    if (at == s->n) return ITSM_NOTHING;
    itsm_status rc = own_lists(lists, work);
    for (size_t i = 0; i < 3 && !rc; i++) {
        memmove(lists[i] + at, lists[i] + at + 1, (s->n - at - 1) * sizeof **lists);
        s->lists[i] = lists[i];
    }
    if (!rc) s->n--, s->dirty = 1;
    return rc;
}

/* Work on the row alone: one batch of one operation. */
static itsm_status change_blackouts(itsm_sms *sms, const itsm_blackout *blackout,
                                    itsm_status (*change)(itsm_work *, const itsm_blackout *))
{
    itsm_work *work;
    itsm_act act = ITSM_ACT_INIT;
    if (!sms || !blackout || blackout->size < sizeof *blackout) return ITSM_E_MISUSE;
    itsm_status rc = itsm_work_new(&work, sms, &act);
    if (rc) return rc;
    rc = itsm__work_ready(work);
    if (!rc) rc = load(work);
    if (!rc) rc = change(work, blackout);
    if (!rc) rc = itsm_work_commit(NULL, work);
    itsm_work_free(work);
    return rc;
}

itsm_status itsm_sms_blackout_add(itsm_sms *sms, const itsm_blackout *blackout)
{
    return change_blackouts(sms, blackout, add_blackout);
}

itsm_status itsm_sms_blackout_remove(itsm_sms *sms, const itsm_blackout *blackout)
{
    return change_blackouts(sms, blackout, remove_blackout);
}

itsm_status itsm_sms_blackouts(itsm_sms *sms, itsm_blackout_fn fn, void *user)
{
    itsm_work *work;
    itsm_act act = ITSM_ACT_INIT;
    if (!sms || !fn) return ITSM_E_MISUSE;
    itsm_status rc = itsm_work_new(&work, sms, &act);
    if (rc) return rc;
    rc = itsm__work_ready(work);
    if (!rc) rc = load(work);
    for (size_t i = 0; i < work->schedule.n && !rc; i++) {
        const itsm__schedule *s = &work->schedule;
        const itsm_blackout blackout = {sizeof blackout, s->lists[0][i].u.i, s->lists[1][i].u.i, s->lists[2][i].u.s};
        rc = fn(user, &blackout);
    }
    itsm_work_free(work);
    return rc;
}
