/* SPDX-License-Identifier: MIT */
/*
 * The instances of the events of an iCalendar text.
 *
 * What is taken out of a series (EXDATE, and instances that a RECURRENCE-ID describes anew) is one sorted array each,
 * searched for every instance: O(log) whatever a feed holds.  Each event is expanded by itself, its instances ordered
 * and freed of doubles; all of them are sorted at the end and given in order.  Instances count in whole seconds, and
 * never reach beyond the year 9999.  Memory: 48 bytes for each instance within the range of dates.
 */
#include "calendar/icalendar.h"

#include "base/bits.h"
#include "base/sort.h"
#include "calendar/icalendar_recur.h"

enum { INSTANCES_MAX = 1000000, DAY_SECONDS = 86400, ZONES_APART = 3 * DAY_SECONDS };

#define SECOND INT64_C(1000000)
#define STEPS UINT64_C(20000000)
#define END_SECOND ((ITSM__ICAL_LAST_DATE + 1) * DAY_SECONDS)

/* What an EXDATE or a RECURRENCE-ID names. */
enum {
    KEY_INSTANT = 0, /* an instance by its instant */
    KEY_DATE,        /* by its date */
    KEY_DATE_OF_TIME /* by the date of a time: names an instance without times */
};

typedef struct key {
    uint32_t owner; /* number of the event, or of the UID */
    int32_t kind;
    int64_t value;    /* seconds, or days */
    int64_t sequence; /* of the event that says so: of several the last counts */
    size_t event;
} key;

typedef struct instance {
    int64_t start, end;     /* seconds */
    int64_t date, end_date; /* in the zone of the walk */
    size_t event, order;    /* order: of the sources within an event, the first counts */
} instance;

typedef struct lister {
    itsm__ical_feed feed;
    itsm__memory memory;
    const itsm_zone *zone; /* NULL: UTC */
    int64_t from, until;
    key *excluded, *described; /* by EXDATE, by RECURRENCE-ID */
    size_t nexcluded, ndescribed, excluded_capacity, described_capacity;
    instance *instances;
    size_t ninstances, instance_capacity;
    uint64_t steps;
    itsm__recur_rule rule;
    itsm__recur walk;
} lister;

/* Zones ----------------------------------------------------------------------------------------------------------- */

/* The instant of a wall clock in seconds: in a gap moved forward by it, in an overlap the first. */
static int64_t instant_of(const itsm_zone *zone, int64_t wall)
{
    itsm_resolved resolved;
    if (!zone || itsm_zone_instant(&resolved, zone, wall * SECOND)) return wall;
    return itsm__floor_div(resolved.first, SECOND);
}

static int64_t wall_of(const itsm_zone *zone, int64_t instant)
{
    int32_t offset;
    if (!zone || itsm_zone_offset(&offset, zone, instant * SECOND)) return instant;
    return instant + offset;
}

static int64_t date_of(int64_t wall)
{
    return itsm__floor_div(wall, DAY_SECONDS);
}

/* The zone of a time; NULL: UTC. */
static const itsm_zone *zone_of(const lister *l, const itsm__ical_time *time)
{
    if (time->kind == ITSM__ICAL_ZONED) return l->feed.zones[time->zone].zone;
    return time->kind == ITSM__ICAL_UTC ? NULL : l->zone;
}

static int64_t time_instant(const lister *l, const itsm__ical_time *time)
{
    return instant_of(zone_of(l, time), time->wall);
}

/* Keys ------------------------------------------------------------------------------------------------------------ */

static int compare_named(const key *x, const key *y)
{
    if (x->owner != y->owner) return x->owner < y->owner ? -1 : 1;
    if (x->kind != y->kind) return x->kind < y->kind ? -1 : 1;
    return x->value < y->value ? -1 : x->value > y->value;
}

static int compare_keys(const void *a, const void *b, void *user)
{
    const key *x = a, *y = b;
    const int named = compare_named(x, y);
    (void)user;
    if (named) return named;
    if (x->sequence != y->sequence) return x->sequence < y->sequence ? -1 : 1;
    return x->event < y->event ? -1 : x->event > y->event;
}

static itsm_status add_key(key **array, size_t *n, size_t *capacity, const lister *l, key k)
{
    const itsm_status rc = itsm__grow(&l->memory, array, capacity, *n + 1, sizeof **array);
    if (!rc) (*array)[(*n)++] = k;
    return rc;
}

static itsm_status add_time_key(key **array, size_t *n, size_t *capacity, const lister *l, uint32_t owner,
                                const itsm__ical_time *time, size_t event)
{
    key k = {owner, KEY_DATE, date_of(time->wall), l->feed.events[event].sequence, event};
    if (time->kind == ITSM__ICAL_DATE) return add_key(array, n, capacity, l, k);
    k.kind = KEY_DATE_OF_TIME;
    const itsm_status rc = add_key(array, n, capacity, l, k);
    k.kind = KEY_INSTANT, k.value = time_instant(l, time);
    return rc ? rc : add_key(array, n, capacity, l, k);
}

static itsm_status collect_keys(lister *l)
{
    const itsm__ical_feed *feed = &l->feed;
    itsm_status rc = ITSM_OK;
    for (size_t i = 0; i < feed->nevents && !rc; i++) {
        const itsm__ical_event *e = &feed->events[i];
        for (size_t k = 0; k < e->nexcluded && !rc; k++)
            rc = add_time_key(&l->excluded, &l->nexcluded, &l->excluded_capacity, l, (uint32_t)i,
                              &feed->excluded[e->first_excluded + k], i);
        if (!rc && e->recurrence.kind != ITSM__ICAL_ABSENT && e->uid_number)
            rc = add_time_key(&l->described, &l->ndescribed, &l->described_capacity, l, e->uid_number, &e->recurrence,
                              i);
    }
    if (rc) return rc;
    itsm__sort(l->excluded, l->nexcluded, sizeof *l->excluded, compare_keys, NULL);
    itsm__sort(l->described, l->ndescribed, sizeof *l->described, compare_keys, NULL);
    return ITSM_OK;
}

/* The first key behind all that name this. */
static size_t key_end(const key *array, size_t n, const key *wanted)
{
    size_t low = 0, high = n;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (compare_named(&array[middle], wanted) <= 0) low = middle + 1;
        else high = middle;
    }
    return low;
}

static int is_named(const key *array, size_t n, uint32_t owner, int32_t kind, int64_t value)
{
    const key wanted = {owner, kind, value, 0, 0};
    const size_t end = n ? key_end(array, n, &wanted) : 0;
    return end && compare_named(&array[end - 1], &wanted) == 0;
}

/* An instance of an event by its instant and its date where the event is. */
static int is_taken_out(const lister *l, size_t event, int all_day, int64_t instant, int64_t date)
{
    const uint32_t uid = l->feed.events[event].uid_number;
    const int32_t kind = all_day ? KEY_DATE_OF_TIME : KEY_INSTANT;
    const int64_t value = all_day ? date : instant;
    return is_named(l->excluded, l->nexcluded, (uint32_t)event, KEY_DATE, date) ||
           is_named(l->excluded, l->nexcluded, (uint32_t)event, kind, value) ||
           (uid && (is_named(l->described, l->ndescribed, uid, KEY_DATE, date) ||
                    is_named(l->described, l->ndescribed, uid, kind, value)));
}

/* Another event describes the same instance later. */
static int is_outdated(const lister *l, const itsm__ical_event *e, size_t event)
{
    key wanted = {e->uid_number, KEY_INSTANT, 0, 0, 0};
    if (!e->uid_number) return 0;
    if (e->recurrence.kind == ITSM__ICAL_DATE) wanted.kind = KEY_DATE, wanted.value = date_of(e->recurrence.wall);
    else wanted.value = time_instant(l, &e->recurrence);
    return l->described[key_end(l->described, l->ndescribed, &wanted) - 1].event != event;
}

/* Length ---------------------------------------------------------------------------------------------------------- */

/* How long the instances of an event are: days on the wall, then seconds. */
typedef struct extent {
    int64_t days, seconds;
} extent;

static itsm_status extent_between(extent *out, const lister *l, const itsm__ical_time *start,
                                  const itsm__ical_time *end)
{
    out->days = 0, out->seconds = time_instant(l, end) - time_instant(l, start);
    if (start->kind == ITSM__ICAL_DATE) out->days = date_of(end->wall) - date_of(start->wall), out->seconds = 0;
    if (out->days >= 0 && out->seconds >= 0) return ITSM_OK;
    return itsm__issue_at(l->feed.ctx, ITSM_E_INVALID, end->at, ITSM_STR("DTEND"), ITSM_STR(""),
                          "the end lies before the start");
}

static itsm_status event_extent(extent *out, const lister *l, const itsm__ical_event *e)
{
    itsm_status rc = ITSM_OK;
    const int all_day = e->start.kind == ITSM__ICAL_DATE;
    out->days = all_day, out->seconds = 0;
    if (e->end.kind != ITSM__ICAL_ABSENT) rc = extent_between(out, l, &e->start, &e->end);
    else if (e->has_duration) out->days = e->duration.days, out->seconds = e->duration.seconds;
    if (all_day) out->days += out->seconds / DAY_SECONDS, out->seconds = 0;
    if (all_day && !out->days) out->days = 1; /* many feeds say the same date twice and mean that one */
    return rc;
}

/* Instances ------------------------------------------------------------------------------------------------------- */

static int64_t at_most(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static itsm_status too_many(const lister *l, const itsm__ical_event *e)
{
    return itsm__issue_at(l->feed.ctx, ITSM_E_LIMIT, e->at, ITSM_STR("VEVENT"), itsm__ical_shown(e->uid),
                          "more than %d instances: ask for a shorter range of dates", (int)INSTANCES_MAX);
}

/* Add the instance at a time unless it is taken out or touches none of the dates asked for. */
static itsm_status add_instance(lister *l, size_t event, const itsm__ical_time *start, extent length, size_t order)
{
    const itsm_zone *zone = zone_of(l, start);
    const itsm__ical_event *e = &l->feed.events[event];
    const int all_day = start->kind == ITSM__ICAL_DATE;
    instance i = {instant_of(zone, start->wall), 0, date_of(start->wall), 0, event, order};
    if (e->recurrence.kind == ITSM__ICAL_ABSENT && is_taken_out(l, event, all_day, i.start, i.date)) return ITSM_OK;
    if (all_day) {
        i.end_date = at_most(i.date + length.days, ITSM__ICAL_LAST_DATE + 1);
        i.end = instant_of(zone, i.end_date * DAY_SECONDS);
    } else {
        const int64_t later = start->wall + length.days * DAY_SECONDS;
        i.end = length.days && later < END_SECOND ? instant_of(zone, later) : i.start + (later - start->wall);
        i.end = at_most(i.end + length.seconds, END_SECOND);
        if (i.end < i.start) i.end = i.start; /* by a zone at the end of the year 9999 */
        i.date = date_of(wall_of(l->zone, i.start));
        i.end_date = date_of(wall_of(l->zone, i.end - (i.end > i.start))) + 1;
        if (i.end_date <= i.date) i.end_date = i.date + 1; /* the clocks went back over midnight */
    }
    if (i.date >= l->until || i.end_date <= l->from || l->from == l->until) return ITSM_OK;
    if (l->ninstances >= INSTANCES_MAX) return too_many(l, e);
    const itsm_status rc = itsm__grow(&l->memory, &l->instances, &l->instance_capacity, l->ninstances + 1, sizeof i);
    if (!rc) l->instances[l->ninstances++] = i;
    return rc;
}

/* UNTIL, which is a date, in UTC, or on the wall; a date lets all of the day pass. */
static int is_past_until(const itsm__ical_time *until, const itsm__ical_time *start, int64_t instant)
{
    switch (until->kind) {
    case ITSM__ICAL_ABSENT: return 0;
    case ITSM__ICAL_DATE: return date_of(start->wall) > date_of(until->wall);
    default: break;
    }
    if (start->kind == ITSM__ICAL_DATE) return date_of(start->wall) > date_of(until->wall);
    return (until->kind == ITSM__ICAL_UTC ? instant : start->wall) > until->wall;
}

static itsm_status expand_rule(lister *l, size_t event, const itsm__ical_rule *rule, extent length)
{
    const itsm__ical_event *e = &l->feed.events[event];
    const itsm_str where = ITSM_STR("RRULE");
    const int all_day = e->start.kind == ITSM__ICAL_DATE;
    itsm__ical_time start = e->start;
    itsm_status rc = itsm__recur_decode(&l->rule, l->feed.ctx, rule->at, where, rule->text);
    if (rc) return rc;
    if (all_day && l->rule.freq < ITSM__FREQ_DAILY)
        return itsm__issue_at(l->feed.ctx, ITSM_E_INVALID, rule->at, where, itsm__ical_shown(rule->text),
                              "the event has a date and no time: it recurs by days at least");
    const int64_t reach =
        at_most(length.days * DAY_SECONDS + length.seconds, END_SECOND - ITSM__ICAL_FIRST_DATE * DAY_SECONDS);
    int64_t last = l->until * DAY_SECONDS + ZONES_APART;
    if (l->rule.until.kind != ITSM__ICAL_ABSENT) last = at_most(last, l->rule.until.wall + ZONES_APART);
    else if (!l->rule.count) itsm__ical_feed_note(&l->feed, ITSM__NOTE_ENDLESS, rule->at);
    itsm__recur_begin(&l->walk, &l->rule, e->start.wall, all_day, l->from * DAY_SECONDS - reach - ZONES_APART, last,
                      &l->steps);
    while (!(rc = itsm__recur_next(&start.wall, &l->walk))) {
        if (start.wall != e->start.wall && is_past_until(&l->rule.until, &start, time_instant(l, &start))) break;
        if ((rc = add_instance(l, event, &start, length, 0))) return rc;
    }
    if (rc != ITSM_E_LIMIT) return ITSM_OK;
    return itsm__issue_at(l->feed.ctx, rc, rule->at, where, itsm__ical_shown(rule->text),
                          "too much work: ask for a shorter range of dates");
}

/* The start or the end of an event of times is a time, of dates a date. */
static itsm_status add_dates(lister *l, size_t event, extent own)
{
    const itsm__ical_event *e = &l->feed.events[event];
    itsm_status rc = ITSM_OK;
    for (size_t i = 0; i < e->ndates && !rc; i++) {
        const itsm__ical_date *d = &l->feed.dates[e->first_date + i];
        extent length = own;
        if ((d->start.kind == ITSM__ICAL_DATE) != (e->start.kind == ITSM__ICAL_DATE))
            return itsm__issue_at(l->feed.ctx, ITSM_E_INVALID, d->start.at, ITSM_STR("RDATE"), ITSM_STR(""),
                                  "DTSTART and RDATE are not both dates or both times");
        if (d->has_duration) length.days = d->duration.days, length.seconds = d->duration.seconds;
        else if (d->end.kind != ITSM__ICAL_ABSENT) rc = extent_between(&length, l, &d->start, &d->end);
        if (!rc) rc = add_instance(l, event, &d->start, length, i + 1);
    }
    return rc;
}

static int compare_instances(const void *a, const void *b, void *user)
{
    const instance *x = a, *y = b;
    (void)user;
    if (x->start != y->start) return x->start < y->start ? -1 : 1;
    if (x->event != y->event) return x->event < y->event ? -1 : 1;
    return x->order < y->order ? -1 : x->order > y->order;
}

/* Several sources of one event may give the same start. */
static void drop_doubles(lister *l, size_t first)
{
    size_t kept = first;
    if (l->ninstances - first < 2) return;
    itsm__sort(l->instances + first, l->ninstances - first, sizeof *l->instances, compare_instances, NULL);
    for (size_t i = first; i < l->ninstances; i++)
        if (i == first || l->instances[i].start != l->instances[kept - 1].start) l->instances[kept++] = l->instances[i];
    l->ninstances = kept;
}

static itsm_status expand_event(lister *l, size_t event)
{
    const itsm__ical_event *e = &l->feed.events[event];
    const size_t first = l->ninstances;
    extent length;
    itsm_status rc = event_extent(&length, l, e);
    if (rc) return rc;
    if (e->recurrence.kind != ITSM__ICAL_ABSENT && is_outdated(l, e, event)) return ITSM_OK;
    if (!e->nrules) rc = add_instance(l, event, &e->start, length, 0);
    for (size_t i = 0; i < e->nrules && !rc; i++) rc = expand_rule(l, event, &l->feed.rules[e->first_rule + i], length);
    if (!rc) rc = add_dates(l, event, length);
    if (!rc && (e->nrules || e->ndates)) drop_doubles(l, first);
    return rc;
}

/* Giving ---------------------------------------------------------------------------------------------------------- */

static itsm_status give(const lister *l, itsm_icalendar_fn fn, void *user)
{
    itsm_status rc = ITSM_OK;
    for (size_t i = 0; i < l->ninstances && !rc; i++) {
        const instance *from = &l->instances[i];
        const itsm__ical_event *e = &l->feed.events[from->event];
        itsm_icalendar_instance to;
        memset(&to, 0, sizeof to);
        to.size = sizeof to;
        to.start = from->start * SECOND, to.end = from->end * SECOND;
        to.date = from->date, to.end_date = from->end_date;
        to.line = e->at.line, to.all_day = e->start.kind == ITSM__ICAL_DATE, to.cancelled = e->cancelled;
        to.moved = e->recurrence.kind != ITSM__ICAL_ABSENT;
        to.uid = e->uid, to.summary = e->summary;
        rc = fn(user, &to);
    }
    return rc;
}

static itsm_status list(lister *l, itsm_str ics)
{
    itsm_status rc = itsm__ical_feed_read(&l->feed, ics);
    if (!rc) rc = collect_keys(l);
    for (size_t i = 0; i < l->feed.nevents && !rc; i++) rc = expand_event(l, i);
    if (!rc) itsm__sort(l->instances, l->ninstances, sizeof *l->instances, compare_instances, NULL);
    return rc;
}

itsm_status itsm__ical_each(itsm_ctx *ctx, itsm_str ics, const itsm_zone *zone, int64_t from, int64_t until,
                            itsm_icalendar_fn fn, void *user)
{
    const itsm__memory *memory = itsm__ctx_memory(ctx);
    lister *l = itsm__alloc_zero(memory, sizeof *l);
    if (!l) return ITSM_E_NOMEM;
    itsm__ical_feed_init(&l->feed, ctx);
    l->memory = *memory, l->zone = zone, l->steps = STEPS;
    l->from = from > ITSM__ICAL_FIRST_DATE ? from : ITSM__ICAL_FIRST_DATE;
    l->until = at_most(until, ITSM__ICAL_LAST_DATE + 1);
    if (l->from > ITSM__ICAL_LAST_DATE) l->from = ITSM__ICAL_LAST_DATE + 1;
    if (l->until < l->from) l->until = l->from;
    itsm_status rc = list(l, ics);
    if (!rc) rc = give(l, fn, user);
    if (!rc) itsm__ical_feed_tell(&l->feed);
    itsm__free(memory, l->excluded, l->excluded_capacity * sizeof *l->excluded);
    itsm__free(memory, l->described, l->described_capacity * sizeof *l->described);
    itsm__free(memory, l->instances, l->instance_capacity * sizeof *l->instances);
    itsm__ical_feed_clear(&l->feed);
    itsm__free(memory, l, sizeof *l);
    return rc;
}

itsm_status itsm_icalendar_each(itsm_ctx *ctx, itsm_str ics, const itsm_zone *zone, int64_t from, int64_t until,
                                itsm_icalendar_fn fn, void *user)
{
    itsm__issues_clear(ctx);
    if (!ctx || !fn || (!ics.p && ics.n)) return ITSM_E_MISUSE;
    return itsm__ical_each(ctx, ics, zone, from, until, fn, user);
}
