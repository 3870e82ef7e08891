/* SPDX-License-Identifier: MIT */
/*
 * An iCalendar text as read: its events, with texts copied, and the zones that they name.  Reading is one thing, the
 * instances that come of it another (icalendar.c).
 */
#ifndef ITSM_SRC_CALENDAR_ICALENDAR_H
#define ITSM_SRC_CALENDAR_ICALENDAR_H

#include "base/map.h"
#include "calendar/icalendar_text.h"

#include <itsm/calendar.h>

#define ITSM__ICAL_FIRST_DATE INT64_C(-719162) /* 0001-01-01 */
#define ITSM__ICAL_LAST_DATE INT64_C(2932896)  /* 9999-12-31 */

typedef struct itsm__ical_rule {
    itsm_str text;
    itsm__position at;
} itsm__ical_rule;

/* An RDATE: end and duration are those of a PERIOD, if it is one. */
typedef struct itsm__ical_date {
    itsm__ical_time start, end;
    itsm__ical_duration duration;
    int32_t has_duration;
} itsm__ical_date;

typedef struct itsm__ical_event {
    itsm__position at; /* of BEGIN */
    itsm_str uid, summary;
    uint32_t uid_number; /* from 1; 0: it has none */
    int32_t cancelled, has_duration;
    itsm__ical_time start, end, recurrence; /* kind ITSM__ICAL_ABSENT: not there */
    itsm__ical_duration duration;
    itsm__position duration_at;
    int64_t sequence; /* -1: not there */
    size_t first_rule, nrules, first_date, ndates, first_excluded, nexcluded;
} itsm__ical_event;

/* A TZID that is used, or that a VTIMEZONE defines. */
typedef struct itsm__ical_zone {
    itsm_str tzid, location; /* X-LIC-LOCATION; may be empty */
    itsm__position used;     /* first; line 0: never */
    itsm_zone *zone;         /* a share */
    int32_t renamed;         /* its name is not the TZID */
} itsm__ical_zone;

/* What was passed over: how often, and where first. */
typedef struct itsm__ical_note {
    uint64_t count;
    itsm__position first;
} itsm__ical_note;

enum { ITSM__NOTE_TIMEZONE = 0, ITSM__NOTE_COMPONENT, ITSM__NOTE_ENDLESS, ITSM__NOTES };

typedef struct itsm__ical_feed {
    itsm_ctx *ctx;
    itsm__memory memory;
    itsm__arena texts;
    itsm__ical_event *events;
    itsm__ical_rule *rules;
    itsm__ical_date *dates;    /* RDATE */
    itsm__ical_time *excluded; /* EXDATE */
    itsm__ical_zone *zones;
    size_t nevents, nrules, ndates, nexcluded, nzones;
    size_t event_capacity, rule_capacity, date_capacity, excluded_capacity, zone_capacity;
    itsm__map uids, tzids; /* to numbers, from 1 */
    itsm__ical_note notes[ITSM__NOTES];
} itsm__ical_feed;

void itsm__ical_feed_init(itsm__ical_feed *feed, itsm_ctx *ctx);
void itsm__ical_feed_clear(itsm__ical_feed *feed);

/* Read a text and find its zones.  On failure the feed is to be cleared.  Loading zones clears the context's issues. */
itsm_status itsm__ical_feed_read(itsm__ical_feed *feed, itsm_str ics);

void itsm__ical_feed_note(itsm__ical_feed *feed, int which, itsm__position at);

/* Add the notes to the issues of the context. */
void itsm__ical_feed_tell(const itsm__ical_feed *feed);

/* As itsm_icalendar_each(), which checks the arguments, without clearing issues before. */
itsm_status itsm__ical_each(itsm_ctx *ctx, itsm_str ics, const itsm_zone *zone, int64_t from, int64_t until,
                            itsm_icalendar_fn fn, void *user);

#endif
