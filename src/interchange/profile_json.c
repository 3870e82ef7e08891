/* SPDX-License-Identifier: MIT */
/*
 * A replay as JSON: the measures of the log under names and definitions that stand beside them, the SLA totals per
 * calendar, what the lifecycle missed, and the root of the audit trail.  Objects are in the order of their keys, so
 * that two results compare line by line.  Means, shares and quantiles are exact fractions, rounded half to even.
 *
 * O(n log n) in the cases, for the quantiles.
 */
#include "interchange/replay.h"

#include "base/bits.h"
#include "base/hash.h"
#include "base/sort.h"
#include "base/text.h"

#define SAMPLES 40
#define BACKLOG_DAYS 100000 /* a stamp may be wrong by thousands of years */
#define HOUR_SECONDS 3600

typedef struct writing {
    const itsm_replay *r;
    const itsm__profile *p;
    itsm__json_writer w;
    const itsm__map_entry **states, **priorities; /* by name */
    uint32_t *cases;                              /* all cases, by their last priority */
    size_t *groups;   /* where those of each priority begin; then those without one, then the end */
    int64_t *seconds; /* room for one number per case */
    itsm_status rc;
} writing;

/* The cases of a priority, or all of them. */
#define ALL SIZE_MAX

static const struct {
    const char *name, *text;
} definitions[] = {
    {"anomalies", "what is odd about the rows: counts of rows, or of cases where the name says incidents"},
    {"backlog", "opened before the next midnight and not resolved (closed, where the resolution is missing) before it; "
                "the series unclosed uses the closing stamp alone; "
                "empty for a log of more than 100000 days"},
    {"dwell_minutes_by_state", "minutes from each row of a case to the next later one, by the state of the former"},
    {"line", "number,gross,net,due - sorted by byte order, LF after each, then SHA-256"},
    {"made_sla_share_by_priority_last", "value of the case's last row, by the priority of that row"},
    {"order", "rows in file order inside a case"},
    {"reassignment", "greatest reassignment count over the case"},
    {"reopen", "greatest reopen count over the case is more than 0"},
    {"sla_clock",
     "stamps read in the zone given (in a gap by the offset before it, in an overlap the first); gross = open "
     "minutes from opening to resolution; net = gross less open minutes from each row in a paused state to "
     "the next row; a case without a resolution, or resolved before it was opened, has neither; due = "
     "earliest minute by which the target's open minutes have passed since opening; breached = net > target"},
    {"times", "wall clock of the log"},
    {"transitions", "ordered pairs of states of consecutive rows of one case, pairs of the same state included"},
    {"ttr_hours, ttc_hours",
     "opening to resolution, to closing, in hours of the wall clock, over cases that have both; "
     "quantiles are linearly interpolated"},
};

static int compare_str(itsm_str a, itsm_str b)
{
    int order = memcmp(a.p, b.p, a.n < b.n ? a.n : b.n);
    return order ? order : (a.n > b.n) - (a.n < b.n);
}

static int compare_entries(const void *a, const void *b, void *user)
{
    (void)user;
    return compare_str((*(const itsm__map_entry *const *)a)->key, (*(const itsm__map_entry *const *)b)->key);
}

static int compare_numbers(const void *a, const void *b, void *user)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    (void)user;
    return (x > y) - (x < y);
}

/* The entries of a map by name, to be freed. */
static const itsm__map_entry **sorted_entries(writing *o, const itsm__map *map)
{
    const itsm__map_entry **list = itsm__alloc(&o->r->memory, map->count * sizeof *list);
    if (!list) return o->rc = ITSM_E_NOMEM, NULL;
    for (size_t i = 0; i < map->count; i++) list[i] = &map->entries[i];
    itsm__sort(list, map->count, sizeof *list, compare_entries, NULL);
    return list;
}

static void free_entries(const writing *o, const itsm__map_entry **list, const itsm__map *map)
{
    itsm__free(&o->r->memory, (void *)list, map->count * sizeof *list);
}

/* Cases by their last priority, with a counting sort. */
static void group_cases(writing *o)
{
    const itsm__profile *p = o->p;
    size_t n = p->priorities.count;
    for (size_t i = 0; i < p->ncases; i++) {
        size_t group = p->cases[i].last_priority;
        o->groups[(group < n ? group : n) + 1]++;
    }
    for (size_t i = 0; i <= n; i++) o->groups[i + 1] += o->groups[i];
    for (size_t i = p->ncases; i--;) { /* from the end, so that order stays: each group is filled downwards */
        size_t group = p->cases[i].last_priority;
        o->cases[--o->groups[(group < n ? group : n) + 1]] = (uint32_t)i;
    }
    for (size_t i = 0; i <= n; i++) o->groups[i] = o->groups[i + 1];
    o->groups[n + 1] = p->ncases;
}

static const itsm__log_case *case_at(const writing *o, size_t place)
{
    return &o->p->cases[o->cases[place]];
}

static size_t group_start(const writing *o, size_t priority)
{
    return priority == ALL ? 0 : o->groups[priority];
}

static size_t group_end(const writing *o, size_t priority)
{
    return priority == ALL ? o->p->ncases : o->groups[priority + 1];
}

/* Numbers ----------------------------------------------------------------------------------------------------------- */

static void put_count(writing *o, const char *key, uint64_t count)
{
    itsm__json_write_key(&o->w, key);
    itsm__json_write_uint(&o->w, count);
}

/* numerator / denominator with `digits` behind the point, half to even. */
static void put_ratio(writing *o, const char *key, int64_t numerator, int64_t denominator, unsigned digits)
{
    int64_t scale = 1, whole, rest, part;
    itsm__json_write_key(&o->w, key);
    if (denominator == 0) {
        itsm__json_write_null(&o->w);
        return;
    }
    for (unsigned i = 0; i < digits; i++) scale *= 10;
    whole = itsm__floor_div(numerator, denominator), rest = itsm__floor_mod(numerator, denominator);
    part = rest * scale / denominator;
    int64_t left = rest * scale % denominator;
    if (left * 2 > denominator || (left * 2 == denominator && (part & 1))) part++;
    itsm__json_write_fixed(&o->w, whole * scale + part, digits);
}

static void put_hours(writing *o, const char *key, int64_t numerator, int64_t denominator)
{
    put_ratio(o, key, numerator, denominator * HOUR_SECONDS, 4);
}

static void put_hex(writing *o, const char *key, const unsigned char digest[32])
{
    itsm_buf text = ITSM_BUF_INIT;
    itsm_buf_init(&text, o->r->ctx);
    if (itsm__buf_hex(&text, digest, 32)) o->rc = ITSM_E_NOMEM;
    itsm__json_write_key(&o->w, key);
    itsm__json_write_text(&o->w, itsm_buf_str(&text));
    itsm_buf_clear(&text);
}

/* The quantile tenths/10 of sorted seconds, between its neighbours. */
static void put_quantile(writing *o, const char *key, size_t n, int64_t tenths)
{
    int64_t place = tenths * (int64_t)(n - 1), low = place / 10, part = place % 10;
    int64_t a = o->seconds[low], b = part ? o->seconds[low + 1] : a;
    put_hours(o, key, a * 10 + (b - a) * part, 10);
}

/* Spread of the first n of o->seconds. */
static void put_spread(writing *o, const char *key, itsm_str label, size_t n)
{
    int64_t sum = 0;
    if (key) itsm__json_write_key(&o->w, key);
    else itsm__json_write_key_str(&o->w, label);
    itsm__json_write_object(&o->w);
    if (n) {
        itsm__sort(o->seconds, n, sizeof *o->seconds, compare_numbers, NULL);
        for (size_t i = 0; i < n; i++) sum += o->seconds[i];
        put_hours(o, "max", o->seconds[n - 1], 1);
        put_hours(o, "mean", sum, (int64_t)n);
        put_quantile(o, "median", n, 5);
        put_hours(o, "min", o->seconds[0], 1);
    }
    put_count(o, "n", n);
    if (n) put_quantile(o, "p90", n, 9);
    itsm__json_write_end(&o->w);
}

static void put_wall(writing *o, const char *key, int64_t wall)
{
    itsm_buf text = ITSM_BUF_INIT;
    itsm__json_write_key(&o->w, key);
    if (wall == INT64_MIN || wall == INT64_MAX) {
        itsm__json_write_null(&o->w);
        return;
    }
    itsm_buf_init(&text, o->r->ctx);
    itsm_status rc = itsm_local_encode(&text, wall, ITSM_TIME_SPACE);
    if (rc) o->rc = rc;
    itsm__json_write_text(&o->w, itsm_buf_str(&text));
    itsm_buf_clear(&text);
}

/* Tables by name ---------------------------------------------------------------------------------------------------- */

static void put_map(writing *o, const char *key, const itsm__map *map)
{
    const itsm__map_entry **list = sorted_entries(o, map);
    if (!list) return;
    itsm__json_write_key(&o->w, key);
    itsm__json_write_object(&o->w);
    for (size_t i = 0; i < map->count; i++) {
        itsm__json_write_key_str(&o->w, list[i]->key);
        itsm__json_write_uint(&o->w, list[i]->value);
    }
    itsm__json_write_end(&o->w);
    free_entries(o, list, map);
}

/* The states that occur, with their events. */
static void put_states(writing *o)
{
    itsm__json_write_key(&o->w, "events_by_state");
    itsm__json_write_object(&o->w);
    for (size_t i = 0; i < o->p->states.count; i++) {
        if (!o->states[i]->value) continue;
        itsm__json_write_key_str(&o->w, o->states[i]->key);
        itsm__json_write_uint(&o->w, o->states[i]->value);
    }
    itsm__json_write_end(&o->w);
}

static void put_dwell(writing *o)
{
    itsm__json_write_key(&o->w, "dwell_minutes_by_state");
    itsm__json_write_object(&o->w);
    for (size_t i = 0; i < o->p->states.count; i++) {
        const itsm__dwell *dwell = &o->p->dwell[o->states[i] - o->p->states.entries];
        if (!dwell->steps) continue;
        itsm__json_write_key_str(&o->w, o->states[i]->key);
        itsm__json_write_object(&o->w);
        itsm__json_write_key(&o->w, "minutes");
        itsm__json_write_int(&o->w, dwell->minutes);
        put_count(o, "steps", dwell->steps);
        itsm__json_write_end(&o->w);
    }
    itsm__json_write_end(&o->w);
}

/* By both names together, as one text. */
static void put_transitions(writing *o)
{
    const itsm__map *states = &o->p->states;
    itsm__map named;
    itsm_buf name = ITSM_BUF_INIT;
    itsm__map_init(&named, &o->r->memory);
    itsm_buf_init(&name, o->r->ctx);
    for (size_t i = 0; i < states->count * states->count && !o->rc; i++) {
        if (!o->p->transitions[i]) continue;
        name.n = 0;
        o->rc = itsm__format(&name, "%S -> %S", states->entries[i / states->count].key,
                             states->entries[i % states->count].key);
        uint64_t *count = o->rc ? NULL : itsm__map_put(&named, name.p, name.n, NULL);
        if (count) *count = o->p->transitions[i];
        else o->rc = ITSM_E_NOMEM;
    }
    if (!o->rc) put_map(o, "transitions_file_order", &named);
    itsm_buf_clear(&name);
    itsm__map_clear(&named);
}

/* Cases counted by a name of theirs: `list` is the map by name, `offset` that of the name's place in a case. */
static void put_cases_by(writing *o, const char *key, const itsm__map *map, const itsm__map_entry **list, size_t offset)
{
    uint64_t *counts = itsm__alloc_zero(&o->r->memory, map->count * sizeof *counts);
    if (!counts) {
        o->rc = ITSM_E_NOMEM;
        return;
    }
    for (size_t i = 0; i < o->p->ncases; i++) {
        uint32_t place;
        memcpy(&place, (const char *)&o->p->cases[i] + offset, sizeof place);
        if (place < map->count) counts[place]++;
    }
    itsm__json_write_key(&o->w, key);
    itsm__json_write_object(&o->w);
    for (size_t i = 0; i < map->count; i++) {
        uint64_t count = counts[list[i] - map->entries];
        if (!count) continue;
        itsm__json_write_key_str(&o->w, list[i]->key);
        itsm__json_write_uint(&o->w, count);
    }
    itsm__json_write_end(&o->w);
    itsm__free(&o->r->memory, counts, map->count * sizeof *counts);
}

static void put_missing(writing *o)
{
    itsm__map names;
    itsm__map_init(&names, &o->r->memory);
    for (size_t i = 0; i < o->p->ncolumns && o->r->header; i++)
        if (o->p->missing[i]) {
            uint64_t *count = itsm__map_put(&names, o->r->header[i].p, o->r->header[i].n, NULL);
            if (count) *count = o->p->missing[i];
            else o->rc = ITSM_E_NOMEM;
        }
    put_map(o, "question_marks", &names);
    itsm__map_clear(&names);
}

/* Groups of cases --------------------------------------------------------------------------------------------------- */

static int has(const itsm_log_stamp *stamp)
{
    return stamp->local != ITSM_TIME_NONE;
}

/* Seconds from opening to `which` of the cases of a priority. */
static size_t collect_seconds(writing *o, size_t which, size_t priority, int only_forward)
{
    size_t n = 0, end = group_end(o, priority);
    for (size_t i = group_start(o, priority); i < end; i++) {
        const itsm__log_case *c = case_at(o, i);
        const itsm_log_stamp *stamp = (const itsm_log_stamp *)(const void *)((const char *)c + which);
        if (!has(stamp) || !has(&c->opened)) continue;
        int64_t seconds = itsm__floor_div(stamp->local - c->opened.local, ITSM_SECONDS(1));
        if (!only_forward || seconds >= 0) o->seconds[n++] = seconds;
    }
    return n;
}

static void put_spreads(writing *o, const char *key, size_t which)
{
    const itsm__map *map = &o->p->priorities;
    itsm__json_write_key(&o->w, key);
    itsm__json_write_object(&o->w);
    for (size_t i = 0; i < map->count; i++) {
        size_t n = collect_seconds(o, which, (size_t)(o->priorities[i] - map->entries), 0);
        if (n) put_spread(o, NULL, o->priorities[i]->key, n);
    }
    itsm__json_write_end(&o->w);
}

static int64_t count_made_sla(const writing *o, size_t priority)
{
    int64_t n = 0;
    for (size_t i = group_start(o, priority); i < group_end(o, priority); i++) n += case_at(o, i)->made_sla;
    return n;
}

static void put_made_sla(writing *o)
{
    const itsm__map *map = &o->p->priorities;
    put_ratio(o, "made_sla_share_all", count_made_sla(o, ALL), (int64_t)o->p->ncases, 6);
    itsm__json_write_key(&o->w, "made_sla_share_by_priority_last");
    itsm__json_write_object(&o->w);
    for (size_t i = 0; i < map->count; i++) {
        size_t priority = (size_t)(o->priorities[i] - map->entries);
        int64_t n = (int64_t)(group_end(o, priority) - group_start(o, priority)), met = count_made_sla(o, priority);
        if (!n) continue;
        itsm__json_write_key_str(&o->w, o->priorities[i]->key);
        itsm__json_write_object(&o->w);
        put_count(o, "met", (uint64_t)met);
        put_count(o, "n", (uint64_t)n);
        put_ratio(o, "share", met, n, 6);
        itsm__json_write_end(&o->w);
    }
    itsm__json_write_end(&o->w);
}

static void put_anomalies(writing *o)
{
    const itsm__profile *p = o->p;
    uint64_t closed_before_opened = 0, closed_before_resolved = 0, resolved_before_opened = 0, unresolved = 0;
    uint64_t made_sla_changed = 0, priority_changed = 0;
    const uint64_t *minus_100 = itsm__map_find(&p->states, "-100", 4);
    for (size_t i = 0; i < p->ncases; i++) {
        const itsm__log_case *c = &p->cases[i];
        closed_before_opened += has(&c->closed) && c->closed.local < c->opened.local;
        closed_before_resolved += has(&c->closed) && has(&c->resolved) && c->closed.local < c->resolved.local;
        resolved_before_opened += has(&c->resolved) && c->resolved.local < c->opened.local;
        unresolved += !has(&c->resolved);
        made_sla_changed += c->made_sla_changed, priority_changed += c->priority_changed;
    }
    itsm__json_write_key(&o->w, "anomalies");
    itsm__json_write_object(&o->w);
    put_count(o, "closed_before_opened", closed_before_opened);
    put_count(o, "closed_before_resolved", closed_before_resolved);
    put_count(o, "closed_event_active_true", p->closed_event_active);
    put_count(o, "created_before_opened_events", p->created_before_opened);
    put_count(o, "event_time_decreases", p->time_decreases);
    put_count(o, "event_time_ties", p->time_ties);
    put_count(o, "first_mod_count_not_0", p->first_modification_not_0);
    put_count(o, "made_sla_changed_incidents", made_sla_changed);
    put_count(o, "made_sla_false_to_true_steps", p->made_sla_false_to_true);
    put_count(o, "mod_count_decreases", p->modification_decreases);
    put_count(o, "mod_count_gaps", p->modification_gaps);
    put_count(o, "nonclosed_event_active_false", p->nonclosed_event_inactive);
    put_count(o, "priority_changed_incidents", priority_changed);
    put_missing(o);
    put_count(o, "reassignment_count_decreases", p->reassignment_decreases);
    put_count(o, "reopen_count_decreases", p->reopening_decreases);
    put_count(o, "resolved_before_opened", resolved_before_opened);
    put_count(o, "resolved_missing_incidents", unresolved);
    put_count(o, "state_minus_100_events", minus_100 ? *minus_100 : 0);
    put_count(o, "updated_before_opened_events", p->updated_before_opened);
    itsm__json_write_end(&o->w);
}

/* The backlog at the end of each civil day of the log: opened so far less ended so far. */
static void put_backlog(writing *o, const char *key, int by_closing)
{
    const itsm__profile *p = o->p;
    char text[ITSM_DATE_MAX];
    itsm__json_write_key(&o->w, key);
    itsm__json_write_object(&o->w);
    if (p->opened_min <= p->opened_max) {
        int64_t first = itsm__floor_div(p->opened_min, ITSM_DAYS(1)),
                last = itsm__floor_div(p->last_update, ITSM_DAYS(1));
        size_t n = last >= first && last - first < BACKLOG_DAYS ? (size_t)(last - first + 1) : 0;
        int64_t *changes = itsm__alloc_zero(&o->r->memory, (n + 1) * sizeof *changes), open = 0;
        if (!changes) {
            o->rc = ITSM_E_NOMEM;
            return;
        }
        for (size_t i = 0; i < p->ncases; i++) {
            const itsm__log_case *c = &p->cases[i];
            const itsm_log_stamp *end = !by_closing && has(&c->resolved) ? &c->resolved : &c->closed;
            if (!has(&c->opened)) continue;
            int64_t from = itsm__floor_div(c->opened.local, ITSM_DAYS(1)) - first;
            int64_t to = has(end) ? itsm__floor_div(end->local, ITSM_DAYS(1)) - first : (int64_t)n;
            if (to <= from || from >= (int64_t)n) continue;
            changes[from]++, changes[to < (int64_t)n ? to : (int64_t)n]--;
        }
        for (size_t i = 0; i < n; i++) {
            itsm__json_write_key(&o->w, itsm_date_text(text, first + (int64_t)i));
            itsm__json_write_int(&o->w, open += changes[i]);
        }
        itsm__free(&o->r->memory, changes, (n + 1) * sizeof *changes);
    }
    itsm__json_write_end(&o->w);
}

/* SLA --------------------------------------------------------------------------------------------------------------- */

/* Sums of one set of targets over the cases of a priority. */
typedef struct sums {
    int64_t gross, net;
    uint64_t measured, breached;
} sums;

static int64_t minutes(itsm_span span)
{
    return itsm__floor_div(span, ITSM_MINUTES(1));
}

static sums add_up(const writing *o, size_t k, size_t priority)
{
    sums s = {0, 0, 0, 0};
    for (size_t i = group_start(o, priority); i < group_end(o, priority); i++) {
        const itsm__sla_value *v = &o->r->values[o->cases[i] * o->r->nslas + k];
        if (v->net == ITSM_SPAN_NONE) continue;
        s.gross += minutes(v->gross), s.net += minutes(v->net), s.measured++;
        s.breached += v->goal != ITSM_SPAN_NONE && v->net > v->goal;
    }
    return s;
}

enum { BREACHED, GROSS, NET };

/* One member per priority that has measured cases. */
static void put_sums(writing *o, size_t k, const char *key, int what)
{
    const itsm__map *map = &o->p->priorities;
    itsm__json_write_key(&o->w, key);
    itsm__json_write_object(&o->w);
    for (size_t i = 0; i < map->count; i++) {
        sums s = add_up(o, k, (size_t)(o->priorities[i] - map->entries));
        if (!s.measured) continue;
        itsm__json_write_key_str(&o->w, o->priorities[i]->key);
        if (what == BREACHED) {
            itsm__json_write_array(&o->w);
            itsm__json_write_uint(&o->w, s.breached);
            itsm__json_write_uint(&o->w, s.measured);
            itsm__json_write_end(&o->w);
        } else {
            itsm__json_write_int(&o->w, what == GROSS ? s.gross : s.net);
        }
    }
    itsm__json_write_end(&o->w);
}

static int compare_lines(const void *a, const void *b, void *user)
{
    (void)user;
    return compare_str(*(const itsm_str *)a, *(const itsm_str *)b);
}

/* One line of the table per case, into `text`; lines lie behind each other and are cut off before their line feed. */
static itsm_status make_lines(writing *o, size_t k, itsm_buf *text, itsm_str *lines)
{
    itsm__csv_writer w;
    itsm_buf scratch = ITSM_BUF_INIT;
    itsm_status rc = ITSM_OK;
    itsm_buf_init(&scratch, o->r->ctx);
    itsm__csv_write_init(&w, text);
    for (size_t i = 0; i < o->p->ncases && !rc; i++) {
        size_t at = text->n;
        rc = itsm__sla_line(&w, &o->p->cases[i], &o->r->values[i * o->r->nslas + k], 1, &scratch);
        if (!rc) rc = w.status;
        lines[i] = itsm_str_n(NULL, text->n - at);
    }
    for (size_t i = 0, at = 0; i < o->p->ncases && !rc; i++) lines[i].p = text->p + at, at += lines[i].n, lines[i].n--;
    itsm_buf_clear(&scratch);
    return rc ? rc : itsm__csv_write_finish(&w);
}

/* A sample of sorted lines, and the digest of all. */
static void put_sample(writing *o, const itsm_str *lines, size_t n)
{
    size_t step = n > SAMPLES ? n / SAMPLES : 1, given = 0;
    itsm__sha256 hasher;
    unsigned char digest[32];
    itsm__json_write_key(&o->w, "sample");
    itsm__json_write_array(&o->w);
    for (size_t i = 0; i < n && given < SAMPLES; i += step, given++) itsm__json_write_text(&o->w, lines[i]);
    itsm__json_write_end(&o->w);
    itsm__sha256_init(&hasher);
    for (size_t i = 0; i < n; i++) itsm__sha256_add(&hasher, lines[i].p, lines[i].n + 1);
    itsm__sha256_end(&hasher, digest);
    put_hex(o, "sha256_of_sorted_lines", digest);
}

static void put_lines(writing *o, size_t k)
{
    size_t n = o->p->ncases;
    itsm_str *lines = itsm__alloc(&o->r->memory, n * sizeof *lines);
    itsm_buf text = ITSM_BUF_INIT;
    itsm_buf_init(&text, o->r->ctx);
    itsm_status rc = lines ? make_lines(o, k, &text, lines) : ITSM_E_NOMEM;
    if (!rc) {
        itsm__sort(lines, n, sizeof *lines, compare_lines, NULL);
        put_sample(o, lines, n);
    } else {
        o->rc = rc;
    }
    itsm_buf_clear(&text);
    itsm__free(&o->r->memory, lines, n * sizeof *lines);
}

static int64_t clock_minutes(itsm_str text)
{
    return text.n == 5 ? (text.p[0] - '0') * 600 + (text.p[1] - '0') * 60 + (text.p[3] - '0') * 10 + text.p[4] - '0'
                       : 0;
}

/* Hours of the first weekday that has any. */
static void put_spans(writing *o, const itsm__json_node *weekly, const char *const *names)
{
    const itsm__json_node *day = NULL, *span;
    for (size_t i = 0; i < 7 && !day; i++) {
        day = itsm__json_member(weekly, names[i]);
        if (day && !day->integer) day = NULL;
    }
    itsm__json_write_key(&o->w, "spans_local_minutes");
    itsm__json_write_array(&o->w);
    if (day) ITSM__JSON_EACH(span, day)
        {
            itsm__json_write_array(&o->w);
            itsm__json_write_int(&o->w, clock_minutes(span[1].text));
            itsm__json_write_int(&o->w, clock_minutes(span[2].text));
            itsm__json_write_end(&o->w);
        }
    itsm__json_write_end(&o->w);
}

/* What the calendar is, read back from its own definition. */
static void put_calendar_head(writing *o, const itsm__json_node *root)
{
    const itsm__json_node *holidays = itsm__json_member(root, "holidays"), *day;
    itsm__json_write_key(&o->w, "holidays");
    itsm__json_write_array(&o->w);
    if (holidays) ITSM__JSON_EACH(day, holidays)
        {
            const itsm__json_node *date = day->kind == ITSM__JSON_OBJECT ? itsm__json_member(day, "date") : day;
            if (date) itsm__json_write_text(&o->w, date->text);
        }
    itsm__json_write_end(&o->w);
}

static void put_calendar_tail(writing *o, const itsm__json_node *root)
{
    static const char *const names[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
    const itsm__json_node *weekly = itsm__json_member(root, "weekly"), *zone = itsm__json_member(root, "tz");
    if (weekly) put_spans(o, weekly, names);
    itsm__json_write_key(&o->w, "tz");
    itsm__json_write_text(&o->w, zone ? zone->text : ITSM_STR("UTC"));
    itsm__json_write_key(&o->w, "weekdays");
    itsm__json_write_array(&o->w);
    for (int i = 0; i < 7 && weekly; i++) {
        const itsm__json_node *day = itsm__json_member(weekly, names[i]);
        if (day && day->integer) itsm__json_write_int(&o->w, i);
    }
    itsm__json_write_end(&o->w);
}

static void put_sla(writing *o, size_t k)
{
    const itsm_calendar *calendar = itsm__sla_calendar(o->r->slas[k]);
    uint64_t kinds[3] = {0, 0, 0};
    itsm__json definition;
    itsm_buf text = ITSM_BUF_INIT;
    sums all = add_up(o, k, ALL);
    itsm_buf_init(&text, o->r->ctx);
    itsm__json_init(&definition, o->r->ctx);
    if (calendar && !o->rc) o->rc = itsm_calendar_encode(&text, calendar);
    if (calendar && !o->rc) o->rc = itsm__json_parse(&definition, itsm_buf_str(&text));
    const itsm__json_node *root = itsm__json_root(&definition);
    for (size_t i = 0; i < o->p->ncases; i++)
        if (o->p->cases[i].opened_kind < 3) kinds[o->p->cases[i].opened_kind]++;
    itsm__json_write_key_str(&o->w, itsm__sla_label(o->r->slas[k]));
    itsm__json_write_object(&o->w);
    put_sums(o, k, "breached_of", BREACHED);
    put_sums(o, k, "gross_minutes_by_priority", GROSS);
    itsm__json_write_key(&o->w, "gross_total");
    itsm__json_write_int(&o->w, all.gross);
    if (root) put_calendar_head(o, root);
    put_sums(o, k, "net_minutes_by_priority", NET);
    itsm__json_write_key(&o->w, "net_total");
    itsm__json_write_int(&o->w, all.net);
    put_count(o, "opened_ambiguous", kinds[ITSM_LOCAL_REPEATED]);
    put_count(o, "opened_in_dst_gap", kinds[ITSM_LOCAL_SKIPPED]);
    put_lines(o, k);
    if (root) put_calendar_tail(o, root);
    itsm__json_write_end(&o->w);
    itsm__json_clear(&definition);
    itsm_buf_clear(&text);
}

static void put_slas(writing *o)
{
    itsm__json_write_key(&o->w, "sla_clock");
    itsm__json_write_object(&o->w);
    for (size_t k = 0; k < o->r->nslas; k++) put_sla(o, k);
    itsm__json_write_end(&o->w);
}

/* Deviations -------------------------------------------------------------------------------------------------------- */

static int compare_counts(const void *a, const void *b, void *user)
{
    const itsm__rule_count *x = *(const itsm__rule_count *const *)a, *y = *(const itsm__rule_count *const *)b;
    (void)user;
    if (x->count != y->count) return x->count < y->count ? 1 : -1;
    int order = compare_str(x->move, y->move);
    return order ? order : compare_str(x->rule, y->rule);
}

/* Most frequent first. */
static void put_rules(writing *o, const char *key, uint32_t undecided)
{
    const itsm_replay *r = o->r;
    const itsm__rule_count **list = itsm__alloc(&r->memory, r->ncounts * sizeof *list);
    size_t n = 0;
    if (!list) {
        o->rc = ITSM_E_NOMEM;
        return;
    }
    for (size_t i = 0; i < r->ncounts; i++)
        if (r->counts[i].undecided == undecided) list[n++] = &r->counts[i];
    itsm__sort(list, n, sizeof *list, compare_counts, NULL);
    itsm__json_write_key(&o->w, key);
    itsm__json_write_array(&o->w);
    for (size_t i = 0; i < n; i++) {
        itsm__json_write_object(&o->w);
        itsm__json_write_key(&o->w, "clause");
        itsm__json_write_text(&o->w, list[i]->clause);
        put_count(o, "count", list[i]->count);
        itsm__json_write_key(&o->w, "move");
        if (list[i]->move.n) itsm__json_write_text(&o->w, list[i]->move);
        else itsm__json_write_null(&o->w);
        itsm__json_write_key(&o->w, "rule");
        itsm__json_write_text(&o->w, list[i]->rule);
        itsm__json_write_end(&o->w);
    }
    itsm__json_write_end(&o->w);
    itsm__free(&r->memory, (void *)list, r->ncounts * sizeof *list);
}

static void put_audit(writing *o)
{
    itsm__json_write_key(&o->w, "audit");
    itsm__json_write_object(&o->w);
    put_count(o, "entries", o->r->totals.audit_size);
    put_hex(o, "root", o->r->totals.audit_root);
    itsm__json_write_end(&o->w);
}

static void put_definitions(writing *o)
{
    itsm__json_write_key(&o->w, "definitions");
    itsm__json_write_object(&o->w);
    for (size_t i = 0; i < sizeof definitions / sizeof *definitions; i++) {
        itsm__json_write_key(&o->w, definitions[i].name);
        itsm__json_write_text(&o->w, itsm_str_c(definitions[i].text));
    }
    itsm__json_write_end(&o->w);
}

/* All of it --------------------------------------------------------------------------------------------------------- */

static void put_all(writing *o)
{
    const itsm__profile *p = o->p;
    const itsm_str *columns = o->r->mapping->columns;
    int64_t reassignments = 0, reassignments_max = 0, never = 0, reopened = 0;
    for (size_t i = 0; i < p->ncases; i++) {
        int64_t most = p->cases[i].reassignments_max;
        reassignments += most, never += most == 0, reopened += p->cases[i].reopenings_max > 0;
        if (most > reassignments_max) reassignments_max = most;
    }
    itsm__json_write_object(&o->w);
    put_anomalies(o);
    put_audit(o);
    put_backlog(o, "backlog_end_of_day_unclosed", 1);
    put_backlog(o, "backlog_end_of_day_unresolved", 0);
    put_definitions(o);
    put_rules(o, "deviations", 0);
    put_dwell(o);
    put_states(o);
    put_cases_by(o, "first_state", &p->states, o->states, offsetof(itsm__log_case, first_state));
    if (p->combinations.count) put_map(o, "impact_urgency_priority_events", &p->combinations);
    put_cases_by(o, "incidents_by_priority_first", &p->priorities, o->priorities,
                 offsetof(itsm__log_case, first_priority));
    put_cases_by(o, "incidents_by_priority_last", &p->priorities, o->priorities,
                 offsetof(itsm__log_case, last_priority));
    put_cases_by(o, "last_state", &p->states, o->states, offsetof(itsm__log_case, last_state));
    put_wall(o, "last_update", p->last_update);
    if (columns[ITSM__COLUMN_MADE_SLA].n) put_made_sla(o);
    put_count(o, "n_events", p->events);
    put_count(o, "n_incidents", p->ncases);
    put_wall(o, "opened_max", p->opened_max);
    put_wall(o, "opened_min", p->opened_min);
    if (columns[ITSM__COLUMN_REASSIGNMENTS].n) {
        put_count(o, "reassignment_max", (uint64_t)reassignments_max);
        put_ratio(o, "reassignment_mean", reassignments, (int64_t)p->ncases, 6);
    }
    if (columns[ITSM__COLUMN_REOPENINGS].n) {
        put_ratio(o, "reopen_rate", reopened, (int64_t)p->ncases, 6);
        put_count(o, "reopened_incidents", (uint64_t)reopened);
    }
    put_slas(o);
    put_hex(o, "source_sha256", o->r->source);
    put_transitions(o);
    put_spreads(o, "ttc_hours_by_priority_last", offsetof(itsm__log_case, closed));
    put_spread(o, "ttr_hours_all", itsm_str_c(NULL), collect_seconds(o, offsetof(itsm__log_case, resolved), ALL, 0));
    put_spread(o, "ttr_hours_all_nonneg", itsm_str_c(NULL),
               collect_seconds(o, offsetof(itsm__log_case, resolved), ALL, 1));
    put_spreads(o, "ttr_hours_by_priority_last", offsetof(itsm__log_case, resolved));
    put_rules(o, "undecided", 1);
    if (columns[ITSM__COLUMN_REASSIGNMENTS].n) put_ratio(o, "zero_reassignment_share", never, (int64_t)p->ncases, 6);
    itsm__json_write_end(&o->w);
}

itsm_status itsm_replay_encode(itsm_buf *out, const itsm_replay *replay)
{
    writing o;
    if (!out || !replay) return ITSM_E_MISUSE;
    const itsm__memory *memory = &replay->memory;
    size_t start = out->n, n = replay->profile.ncases, groups = replay->profile.priorities.count + 2;
    memset(&o, 0, sizeof o);
    o.r = replay, o.p = &replay->profile;
    o.seconds = itsm__alloc(memory, n * sizeof *o.seconds), o.cases = itsm__alloc(memory, n * sizeof *o.cases);
    o.groups = itsm__alloc_zero(memory, groups * sizeof *o.groups);
    o.states = sorted_entries(&o, &o.p->states), o.priorities = sorted_entries(&o, &o.p->priorities);
    itsm_status rc = o.seconds && o.cases && o.groups && o.states && o.priorities ? ITSM_OK : ITSM_E_NOMEM;
    if (!rc) {
        group_cases(&o);
        itsm__json_write_init(&o.w, out, 1);
        put_all(&o);
        itsm_status written = itsm__json_write_finish(&o.w);
        rc = o.rc ? o.rc : written;
    }
    if (!rc) rc = itsm__buf_char(out, '\n');
    if (rc) out->n = start;
    itsm__free(memory, o.seconds, n * sizeof *o.seconds), itsm__free(memory, o.cases, n * sizeof *o.cases);
    itsm__free(memory, o.groups, groups * sizeof *o.groups);
    free_entries(&o, o.states, &o.p->states), free_entries(&o, o.priorities, &o.p->priorities);
    return rc;
}
