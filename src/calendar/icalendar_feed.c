/* SPDX-License-Identifier: MIT */
/*
 * Reading the components of an iCalendar text (RFC 5545, 3.4 to 3.8).
 *
 * Lines go by once.  A stack says in which components a line stands; properties directly in a VEVENT that say when it
 * is are kept, and so are UID, SUMMARY and STATUS; all else is passed over.  A VTIMEZONE is looked at for its TZID and
 * X-LIC-LOCATION only: the zone's own data are better than the copy of them in a feed.  Zones are loaded when all lines
 * are read, since a VTIMEZONE may stand behind the events.  O(bytes).
 */
#include "calendar/icalendar.h"

#include "base/text.h"

enum { DEPTH_MAX = 16, ZONES_MAX = 1000 };

enum { COMPONENT_OTHER = 0, COMPONENT_CALENDAR, COMPONENT_EVENT, COMPONENT_TIMEZONE };

typedef struct component {
    int kind;
    itsm_str name;
    itsm__position at;
} component;

typedef struct parser {
    itsm__ical_reader reader;
    itsm__ical_feed *feed;
    component stack[DEPTH_MAX];
    size_t depth;
    itsm__ical_event event;  /* while in a VEVENT */
    itsm_str tzid, location; /* while in a VTIMEZONE */
    size_t first_event;      /* of this VCALENDAR */
    int method_cancel, began;
} parser;

void itsm__ical_feed_init(itsm__ical_feed *feed, itsm_ctx *ctx)
{
    memset(feed, 0, sizeof *feed);
    feed->ctx = ctx, feed->memory = *itsm__ctx_memory(ctx);
    itsm__arena_init(&feed->texts, &feed->memory);
    itsm__map_init(&feed->uids, &feed->memory), itsm__map_init(&feed->tzids, &feed->memory);
}

void itsm__ical_feed_clear(itsm__ical_feed *feed)
{
    for (size_t i = 0; i < feed->nzones; i++) itsm_zone_free(feed->zones[i].zone);
    itsm__free(&feed->memory, feed->events, feed->event_capacity * sizeof *feed->events);
    itsm__free(&feed->memory, feed->rules, feed->rule_capacity * sizeof *feed->rules);
    itsm__free(&feed->memory, feed->dates, feed->date_capacity * sizeof *feed->dates);
    itsm__free(&feed->memory, feed->excluded, feed->excluded_capacity * sizeof *feed->excluded);
    itsm__free(&feed->memory, feed->zones, feed->zone_capacity * sizeof *feed->zones);
    itsm__map_clear(&feed->uids), itsm__map_clear(&feed->tzids);
    itsm__arena_clear(&feed->texts);
}

/* Notes ----------------------------------------------------------------------------------------------------------- */

void itsm__ical_feed_note(itsm__ical_feed *feed, int which, itsm__position at)
{
    if (!feed->notes[which].count++) feed->notes[which].first = at;
}

void itsm__ical_feed_tell(const itsm__ical_feed *feed)
{
    static const struct {
        const char *where, *format;
    } texts[ITSM__NOTES] = {
        {"VTIMEZONE", "%u VTIMEZONE not read: the data of the zones that they name are used"},
        {"BEGIN", "%u components passed over that are no events"},
        {"RRULE", "%u series without an end: cut where the range of dates ends"},
    };
    for (size_t i = 0; i < ITSM__NOTES; i++)
        if (feed->notes[i].count)
            itsm__issue_at(feed->ctx, ITSM_OK, feed->notes[i].first, itsm_str_c(texts[i].where), ITSM_STR(""),
                           texts[i].format, feed->notes[i].count);
    for (size_t i = 0; i < feed->nzones; i++)
        if (feed->zones[i].renamed)
            itsm__issue_at(feed->ctx, ITSM_OK, feed->zones[i].used, ITSM_STR("TZID"),
                           itsm__ical_shown(feed->zones[i].tzid), "read as the zone %S",
                           itsm_zone_name(feed->zones[i].zone));
}

/* Values of a line ------------------------------------------------------------------------------------------------ */

static itsm_status invalid(const parser *p, const char *what)
{
    return itsm__ical_issue(&p->reader, ITSM_E_INVALID, "%s", what);
}

/* The number of a TZID; 0 without memory or over the limit. */
static itsm_status zone_number(uint32_t *out, parser *p, itsm_str tzid)
{
    itsm__ical_feed *feed = p->feed;
    int added;
    uint64_t *number = itsm__map_put(&feed->tzids, tzid.p, tzid.n, &added);
    if (!number) return ITSM_E_NOMEM;
    if (added) {
        *number = feed->nzones;
        if (feed->nzones >= ZONES_MAX) return itsm__ical_issue(&p->reader, ITSM_E_LIMIT, "more than 1,000 zones");
        itsm_status rc =
            itsm__grow(&feed->memory, &feed->zones, &feed->zone_capacity, feed->nzones + 1, sizeof *feed->zones);
        if (rc) return rc;
        itsm__ical_zone *zone = &feed->zones[feed->nzones];
        memset(zone, 0, sizeof *zone);
        if ((rc = itsm__arena_copy(&zone->tzid, &feed->texts, tzid))) return rc;
        feed->nzones++;
    }
    *out = (uint32_t)*number;
    return ITSM_OK;
}

/* A date or a time of the line, with its parameters. */
static itsm_status read_time(itsm__ical_time *out, parser *p, itsm_str text)
{
    itsm__ical_time time;
    itsm_str tzid, value;
    memset(&time, 0, sizeof time);
    itsm_status rc = itsm__ical_time_decode(&time, text);
    if (rc == ITSM_E_SYNTAX)
        return itsm__ical_issue(&p->reader, ITSM_E_INVALID, "%S is no date and no date with a time",
                                itsm__ical_shown(text));
    if (rc) return itsm__ical_issue(&p->reader, rc, "there is no date or time %S", text);
    time.at = p->reader.at;
    if (itsm__ical_parameter(&value, &p->reader, "VALUE") &&
        ((itsm__ical_is(value, "DATE") && time.kind != ITSM__ICAL_DATE) ||
         (itsm__ical_is(value, "DATE-TIME") && time.kind == ITSM__ICAL_DATE)))
        return itsm__ical_issue(&p->reader, ITSM_E_INVALID, "VALUE=%S, but the value is %S", itsm__ical_shown(value),
                                text);
    if (time.kind == ITSM__ICAL_FLOATING && itsm__ical_parameter(&tzid, &p->reader, "TZID")) {
        if ((rc = zone_number(&time.zone, p, tzid))) return rc;
        itsm__ical_zone *zone = &p->feed->zones[time.zone];
        if (!zone->used.line) zone->used = p->reader.at;
        time.kind = ITSM__ICAL_ZONED;
    }
    *out = time;
    return ITSM_OK;
}

static itsm_status read_duration(itsm__ical_duration *out, const parser *p, itsm_str text)
{
    const itsm_status rc = itsm__ical_duration_decode(out, text);
    if (rc)
        return itsm__ical_issue(&p->reader, rc == ITSM_E_RANGE ? rc : ITSM_E_INVALID,
                                "%S is not a duration such as P1D or PT2H30M", itsm__ical_shown(text));
    if (out->days < 0 || out->seconds < 0) return invalid(p, "an event of less than no time");
    return ITSM_OK;
}

/* A date, a time, or a period: start/end or start/duration. */
static itsm_status read_date(itsm__ical_date *out, parser *p, itsm_str text)
{
    const char *slash = text.n ? memchr(text.p, '/', text.n) : NULL;
    const size_t n = slash ? (size_t)(slash - text.p) : text.n;
    memset(out, 0, sizeof *out);
    itsm_status rc = read_time(&out->start, p, itsm_str_n(text.p, n));
    if (rc || !slash) return rc;
    const itsm_str end = itsm_str_n(slash + 1, text.n - n - 1);
    if (end.n && strchr("P+-", end.p[0])) {
        out->has_duration = 1;
        return read_duration(&out->duration, p, end);
    }
    if (!(rc = read_time(&out->end, p, end)) && out->end.kind == ITSM__ICAL_DATE)
        return invalid(p, "a period ends at a time, not with a date");
    return rc;
}

/* Properties of an event ------------------------------------------------------------------------------------------ */

static itsm_status take_text(itsm_str *out, parser *p)
{
    const itsm_status rc = itsm__ical_unescape(out, &p->feed->texts, p->reader.value);
    return rc == ITSM_E_SYNTAX ? itsm__ical_issue(&p->reader, rc, "not UTF-8, or a control character in it") : rc;
}

static itsm_status take_uid(parser *p)
{
    itsm__ical_feed *feed = p->feed;
    const itsm_status rc = take_text(&p->event.uid, p);
    if (rc || !p->event.uid.n) return rc;
    int added;
    uint64_t *number = itsm__map_put(&feed->uids, p->event.uid.p, p->event.uid.n, &added);
    if (!number) return ITSM_E_NOMEM;
    if (added) *number = feed->uids.count;
    p->event.uid_number = (uint32_t)*number;
    return ITSM_OK;
}

static itsm_status take_once(itsm__ical_time *out, parser *p)
{
    if (out->kind != ITSM__ICAL_ABSENT) return invalid(p, "the event has one already");
    return read_time(out, p, p->reader.value);
}

static itsm_status take_recurrence(parser *p)
{
    itsm_str range;
    if (itsm__ical_parameter(&range, &p->reader, "RANGE"))
        return itsm__ical_issue(&p->reader, ITSM_E_UNSUPPORTED, "RANGE=%S is not supported: one instance each is",
                                itsm__ical_shown(range));
    return take_once(&p->event.recurrence, p);
}

static itsm_status take_duration(parser *p)
{
    if (p->event.has_duration) return invalid(p, "the event has one already");
    p->event.has_duration = 1, p->event.duration_at = p->reader.at;
    return read_duration(&p->event.duration, p, p->reader.value);
}

static itsm_status take_rule(parser *p)
{
    itsm__ical_feed *feed = p->feed;
    itsm_status rc =
        itsm__grow(&feed->memory, &feed->rules, &feed->rule_capacity, feed->nrules + 1, sizeof *feed->rules);
    if (rc) return rc;
    itsm__ical_rule *rule = &feed->rules[feed->nrules];
    rule->at = p->reader.at;
    if ((rc = itsm__arena_copy(&rule->text, &feed->texts, p->reader.value))) return rc;
    feed->nrules++, p->event.nrules++;
    return ITSM_OK;
}

static itsm_status take_dates(parser *p)
{
    itsm__ical_feed *feed = p->feed;
    itsm_str item, rest = p->reader.value;
    while (itsm__ical_item(&item, &rest)) {
        itsm_status rc =
            itsm__grow(&feed->memory, &feed->dates, &feed->date_capacity, feed->ndates + 1, sizeof *feed->dates);
        if (!rc) rc = read_date(&feed->dates[feed->ndates], p, item);
        if (rc) return rc;
        feed->ndates++, p->event.ndates++;
    }
    return ITSM_OK;
}

static itsm_status take_excluded(parser *p)
{
    itsm__ical_feed *feed = p->feed;
    itsm_str item, rest = p->reader.value;
    while (itsm__ical_item(&item, &rest)) {
        itsm_status rc = itsm__grow(&feed->memory, &feed->excluded, &feed->excluded_capacity, feed->nexcluded + 1,
                                    sizeof *feed->excluded);
        if (!rc) rc = read_time(&feed->excluded[feed->nexcluded], p, item);
        if (rc) return rc;
        feed->nexcluded++, p->event.nexcluded++;
    }
    return ITSM_OK;
}

static itsm_status take_sequence(parser *p)
{
    p->event.sequence = itsm__ical_number(p->reader.value);
    return p->event.sequence < 0 ? invalid(p, "not a whole number") : ITSM_OK;
}

static itsm_status take_status(parser *p)
{
    p->event.cancelled = itsm__ical_is(p->reader.value, "CANCELLED");
    return ITSM_OK;
}

static itsm_status take_start(parser *p)
{
    return take_once(&p->event.start, p);
}

static itsm_status take_end(parser *p)
{
    return take_once(&p->event.end, p);
}

static itsm_status take_summary(parser *p)
{
    return take_text(&p->event.summary, p);
}

static itsm_status refuse(parser *p)
{
    return itsm__ical_issue(&p->reader, ITSM_E_UNSUPPORTED, "%S is not supported: RFC 5545 has dropped it",
                            p->reader.name);
}

static itsm_status event_property(parser *p)
{
    static const struct {
        const char *name;
        itsm_status (*take)(parser *p);
    } properties[] = {{"DTSTART", take_start},     {"DTEND", take_end},   {"DURATION", take_duration},
                      {"RRULE", take_rule},        {"RDATE", take_dates}, {"EXDATE", take_excluded},
                      {"SUMMARY", take_summary},   {"UID", take_uid},     {"STATUS", take_status},
                      {"SEQUENCE", take_sequence}, {"EXRULE", refuse},    {"RECURRENCE-ID", take_recurrence}};
    for (size_t i = 0; i < sizeof properties / sizeof *properties; i++)
        if (itsm__ical_is(p->reader.name, properties[i].name)) return properties[i].take(p);
    return ITSM_OK;
}

static itsm_status timezone_property(parser *p)
{
    itsm_str *out = itsm__ical_is(p->reader.name, "TZID")             ? &p->tzid
                    : itsm__ical_is(p->reader.name, "X-LIC-LOCATION") ? &p->location
                                                                      : NULL;
    return out ? itsm__arena_copy(out, &p->feed->texts, p->reader.value) : ITSM_OK;
}

/* Components ------------------------------------------------------------------------------------------------------ */

static itsm_status begin(parser *p)
{
    const itsm_str name = p->reader.value;
    if (p->depth == DEPTH_MAX)
        return itsm__ical_issue(&p->reader, ITSM_E_LIMIT, "more than %d components inside each other", (int)DEPTH_MAX);
    if (!p->depth && !itsm__ical_is(name, "VCALENDAR"))
        return itsm__ical_issue(&p->reader, ITSM_E_SYNTAX, "iCalendar begins with BEGIN:VCALENDAR");
    component *c = &p->stack[p->depth];
    const int parent = p->depth ? p->stack[p->depth - 1].kind : COMPONENT_OTHER;
    c->kind = COMPONENT_OTHER, c->at = p->reader.at;
    if (!p->depth) c->kind = COMPONENT_CALENDAR, p->first_event = p->feed->nevents, p->method_cancel = 0, p->began = 1;
    if (parent == COMPONENT_CALENDAR) {
        if (itsm__ical_is(name, "VEVENT")) c->kind = COMPONENT_EVENT;
        else if (itsm__ical_is(name, "VTIMEZONE")) c->kind = COMPONENT_TIMEZONE;
        else itsm__ical_feed_note(p->feed, ITSM__NOTE_COMPONENT, p->reader.at);
    }
    if (c->kind == COMPONENT_EVENT) {
        memset(&p->event, 0, sizeof p->event);
        p->event.at = p->reader.at, p->event.sequence = -1;
        p->event.first_rule = p->feed->nrules, p->event.first_date = p->feed->ndates;
        p->event.first_excluded = p->feed->nexcluded;
    }
    if (c->kind == COMPONENT_TIMEZONE) p->tzid = p->location = itsm__no_text();
    p->depth++;
    return itsm__arena_copy(&c->name, &p->feed->texts, name);
}

/* What an event must have and must not. */
static itsm_status check_event(const parser *p, const itsm__ical_event *e)
{
    const char *what = NULL;
    itsm__position at = e->at;
    if (e->start.kind == ITSM__ICAL_ABSENT) what = "a VEVENT has a DTSTART";
    else if (e->end.kind != ITSM__ICAL_ABSENT && e->has_duration)
        what = "DTEND and DURATION in one event", at = e->duration_at;
    else if (e->end.kind != ITSM__ICAL_ABSENT && (e->end.kind == ITSM__ICAL_DATE) != (e->start.kind == ITSM__ICAL_DATE))
        what = "DTSTART and DTEND are not both dates or both times", at = e->end.at;
    else if (e->start.kind == ITSM__ICAL_DATE && e->has_duration && e->duration.seconds % 86400)
        what = "an event of dates takes whole days", at = e->duration_at;
    else if (e->recurrence.kind != ITSM__ICAL_ABSENT && e->nrules)
        what = "one instance of a series has no RRULE of its own", at = p->feed->rules[e->first_rule].at;
    if (!what) return ITSM_OK;
    return itsm__issue_at(p->feed->ctx, ITSM_E_INVALID, at, ITSM_STR("VEVENT"), itsm__ical_shown(e->uid), "%s", what);
}

static itsm_status end_event(parser *p)
{
    itsm__ical_feed *feed = p->feed;
    itsm_status rc = check_event(p, &p->event);
    if (!rc)
        rc = itsm__grow(&feed->memory, &feed->events, &feed->event_capacity, feed->nevents + 1, sizeof *feed->events);
    if (!rc) feed->events[feed->nevents++] = p->event;
    return rc;
}

static itsm_status end_timezone(parser *p, itsm__position at)
{
    uint32_t number;
    itsm__ical_feed_note(p->feed, ITSM__NOTE_TIMEZONE, at);
    if (!p->tzid.n || !p->location.n) return ITSM_OK;
    const itsm_status rc = zone_number(&number, p, p->tzid);
    if (!rc) p->feed->zones[number].location = p->location;
    return rc;
}

static itsm_status end(parser *p)
{
    if (!p->depth) return itsm__ical_issue(&p->reader, ITSM_E_SYNTAX, "an END without its BEGIN");
    const component *c = &p->stack[p->depth - 1];
    if (!itsm__ical_same(c->name, p->reader.value))
        return itsm__ical_issue(&p->reader, ITSM_E_SYNTAX, "the component begun in line %u is %S", c->at.line,
                                itsm__ical_shown(c->name));
    p->depth--;
    if (c->kind == COMPONENT_EVENT) return end_event(p);
    if (c->kind == COMPONENT_TIMEZONE) return end_timezone(p, c->at);
    if (c->kind == COMPONENT_CALENDAR && p->method_cancel)
        for (size_t i = p->first_event; i < p->feed->nevents; i++) p->feed->events[i].cancelled = 1;
    return ITSM_OK;
}

static itsm_status read_line(parser *p)
{
    if (itsm__ical_is(p->reader.name, "BEGIN")) return begin(p);
    if (itsm__ical_is(p->reader.name, "END")) return end(p);
    if (!p->depth) return itsm__ical_issue(&p->reader, ITSM_E_SYNTAX, "outside of BEGIN:VCALENDAR and END:VCALENDAR");
    switch (p->stack[p->depth - 1].kind) {
    case COMPONENT_EVENT: return event_property(p);
    case COMPONENT_TIMEZONE: return timezone_property(p);
    case COMPONENT_CALENDAR:
        if (itsm__ical_is(p->reader.name, "METHOD") && itsm__ical_is(p->reader.value, "CANCEL")) p->method_cancel = 1;
        return ITSM_OK;
    default: return ITSM_OK;
    }
}

static itsm_status read_lines(parser *p)
{
    itsm_status rc;
    while (!(rc = itsm__ical_next(&p->reader)))
        if ((rc = read_line(p))) return rc;
    if (rc != ITSM_DONE) return rc;
    if (p->depth)
        return itsm__issue_at(p->feed->ctx, ITSM_E_SYNTAX, p->stack[p->depth - 1].at, ITSM_STR("BEGIN"),
                              itsm__ical_shown(p->stack[p->depth - 1].name),
                              "the text ends before this component does");
    if (!p->began)
        return itsm__issue_at(p->feed->ctx, ITSM_E_SYNTAX, p->reader.at, ITSM_STR(""), ITSM_STR(""),
                              "iCalendar begins with BEGIN:VCALENDAR");
    return ITSM_OK;
}

/* Zones ----------------------------------------------------------------------------------------------------------- */

/* ITSM_E_NOT_FOUND and ITSM_E_INVALID: it is no name of a zone. */
static int is_unknown(itsm_status rc)
{
    return rc == ITSM_E_NOT_FOUND || rc == ITSM_E_INVALID;
}

/*
 * Load the zone of a TZID: the TZID is its name; or X-LIC-LOCATION is; or, behind a slash, the TZID is the name with
 * the maker's prefix (3.8.3.1), as /freeassociation.sourceforge.net/Europe/Berlin.
 */
static itsm_status load_zone(itsm__ical_zone *zone, itsm_ctx *ctx)
{
    itsm_status rc = itsm_zone_load(&zone->zone, ctx, zone->tzid);
    if (is_unknown(rc) && zone->location.n) rc = itsm_zone_load(&zone->zone, ctx, zone->location), zone->renamed = 1;
    if (!is_unknown(rc) || !zone->tzid.n || zone->tzid.p[0] != '/') return rc;
    zone->renamed = 1;
    itsm_str rest = zone->tzid;
    for (int i = 0; i < DEPTH_MAX && is_unknown(rc); i++) {
        const char *slash = rest.n ? memchr(rest.p, '/', rest.n) : NULL;
        if (!slash) return rc;
        rest = itsm_str_n(slash + 1, rest.n - (size_t)(slash - rest.p) - 1);
        rc = itsm_zone_load(&zone->zone, ctx, rest);
    }
    return rc;
}

static itsm_status load_zones(itsm__ical_feed *feed)
{
    for (size_t i = 0; i < feed->nzones; i++) {
        itsm__ical_zone *zone = &feed->zones[i];
        if (!zone->used.line) continue;
        const itsm_status rc = load_zone(zone, feed->ctx);
        if (!rc) continue;
        if (rc == ITSM_E_NOMEM) return rc;
        itsm__issues_clear(feed->ctx);
        return itsm__issue_at(feed->ctx, is_unknown(rc) ? ITSM_E_NOT_FOUND : rc, zone->used, ITSM_STR("TZID"),
                              itsm__ical_shown(zone->tzid),
                              is_unknown(rc) ? "there is no zone %S; a VTIMEZONE can name one by X-LIC-LOCATION"
                                             : "zone %S: %s",
                              itsm__ical_shown(zone->tzid), itsm_status_text(rc));
    }
    return ITSM_OK;
}

itsm_status itsm__ical_feed_read(itsm__ical_feed *feed, itsm_str ics)
{
    if (ics.n > ITSM__ICAL_TEXT_MAX)
        return itsm__issue(feed->ctx, ITSM_E_LIMIT, ITSM_STR(""), ITSM_STR(""), ITSM_STR(""),
                           "an iCalendar text of more than 16 MiB");
    parser *p = itsm__alloc_zero(&feed->memory, sizeof *p);
    if (!p) return ITSM_E_NOMEM;
    itsm__ical_reader_init(&p->reader, feed->ctx, ics);
    p->feed = feed;
    itsm_status rc = read_lines(p);
    itsm__ical_reader_clear(&p->reader);
    itsm__free(&feed->memory, p, sizeof *p);
    return rc ? rc : load_zones(feed);
}
