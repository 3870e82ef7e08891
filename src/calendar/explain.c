/* SPDX-License-Identifier: MIT */
/*
 * Why time counts: the rows that make a sum.
 *
 * An explanation does not read the compiled tables but the definition, so that it is a second way to the same answer.
 * It goes from edge to edge: at an instant, look at the dates whose hours can reach it, say what holds there, and find
 * the nearest edge behind it.  Neighbouring pieces of one kind and one local date become one row.  No allocation;
 * O(hours of seven dates) for each piece.
 */
#include "calendar/calendar.h"

enum { REACH_BEFORE = 4, REACH_AFTER = 2 };

/* What holds at one second, and until when. */
typedef struct piece {
    int64_t until; /* seconds */
    int64_t shift;
    int32_t why;
    itsm_str name;
} piece;

const char *itsm_why_text(int32_t why)
{
    static const char *const texts[] = {"unknown",       "weekly hours",   "override hours", "every hour counts",
                                        "outside hours", "closed weekday", "holiday",        "replaced by override",
                                        "break",         "paused",         "stopped",        "scaled to a new goal"};
    return why > 0 && (size_t)why < sizeof texts / sizeof *texts ? texts[why] : texts[0];
}

/* 1: the span holds the second; its edges behind the second cut the piece. */
static int touch(piece *p, int64_t second, itsm__seconds s)
{
    if (s.from >= s.to) return 0;
    if (s.from > second && s.from < p->until) p->until = s.from;
    if (s.to > second && s.to < p->until) p->until = s.to;
    return s.from <= second && second < s.to;
}

static const itsm_hours whole_day = {0, ITSM__DAY_SECONDS};

/* The hours of one date.  1: open by them; holiday: they are what a holiday takes away. */
static int touch_hours(piece *p, const itsm__definition *d, int64_t second, int64_t date, int *is_override)
{
    const itsm__date_hours hours = itsm__definition_hours(d, date);
    int open = 0;
    *is_override = hours.overrides != NULL;
    for (size_t i = 0; i < hours.n; i++) {
        const itsm_hours h = itsm__date_hours_at(&hours, i);
        if (h.from != ITSM__CLOSED) open |= touch(p, second, itsm__hours_seconds(d->zone, date, h));
    }
    return open;
}

static int touch_breaks(piece *p, const itsm__definition *d, int64_t second, int64_t date)
{
    size_t n;
    const size_t at = itsm__dated_hours_find(&n, d->breaks, d->nbreaks, date);
    int within = 0;
    for (size_t i = at; i < at + n; i++)
        within |= touch(p, second, itsm__hours_seconds(d->zone, date, d->breaks[i].hours));
    return within;
}

static int32_t why_closed(const itsm__definition *d, int64_t date)
{
    const itsm__date_hours hours = itsm__definition_hours(d, date);
    if (hours.overrides) return ITSM_WHY_REPLACED;
    return hours.n ? ITSM_WHY_OUTSIDE : ITSM_WHY_WEEKDAY;
}

/* What holds at a second that lies on a local date, at most until a second. */
static piece piece_at(const itsm__definition *d, int64_t second, int64_t date, int64_t until)
{
    piece p = {until, date, 0, {NULL, 0}};
    const itsm__dated_name *on_holiday = NULL;
    int on_break = 0, open = 0, open_override = 0, is_override;
    int64_t shift = date;
    for (int64_t near = date - REACH_BEFORE; near <= date + REACH_AFTER; near++) {
        const itsm__dated_name *holiday = itsm__definition_holiday(d, near);
        on_break |= touch_breaks(&p, d, second, near);
        if (holiday && touch(&p, second, itsm__hours_seconds(d->zone, near, whole_day))) on_holiday = holiday;
        if (!itsm__date_exists(d->zone, near) || !touch_hours(&p, d, second, near, &is_override)) continue;
        open = 1, shift = near, open_override = is_override;
    }
    if (on_holiday) p.why = ITSM_WHY_HOLIDAY, p.name = on_holiday->name;
    else if (open && on_break) p.why = ITSM_WHY_BREAK, p.shift = shift;
    else if (open) p.why = open_override ? ITSM_WHY_OVERRIDE : ITSM_WHY_WEEKLY, p.shift = shift;
    else p.why = why_closed(d, date);
    return p;
}

static int same(const piece *a, const piece *b)
{
    return a->why == b->why && a->shift == b->shift && a->name.p == b->name.p;
}

static itsm_time wall_of(const itsm_zone *zone, itsm_time at, int before)
{
    int32_t offset = 0;
    if (itsm_zone_offset(&offset, zone, at - before)) return at;
    return at + offset * ITSM__SECOND;
}

/* The row that begins at an instant and ends at the latest at another. */
static void row_at(itsm_calendar_row *row, const itsm__definition *d, itsm_time from, itsm_time end)
{
    memset(row, 0, sizeof *row);
    row->size = sizeof *row;
    row->local_from = wall_of(d->zone, from, 0);
    row->date = itsm__floor_div(row->local_from, ITSM__DAY);
    row->weekday = itsm_date_weekday(row->date);
    const int64_t last = itsm__floor_div(end - 1, ITSM__SECOND) + 1;
    int64_t second = itsm__floor_div(from, ITSM__SECOND),
            until = itsm__zone_second(d->zone, (row->date + 1) * ITSM__DAY_SECONDS);
    if (until > last || until <= second) until = last;
    const piece first = piece_at(d, second, row->date, until);
    piece next = first;
    while (next.until < until) {
        second = next.until;
        const piece behind = piece_at(d, second, row->date, until);
        if (!same(&behind, &first)) break;
        next = behind;
    }
    row->from = from, row->to = next.until < last ? next.until * ITSM__SECOND : end;
    row->local_to = wall_of(d->zone, row->to, 1);
    row->why = first.why, row->shift = first.shift, row->name = first.name;
    row->counted = first.why == ITSM_WHY_WEEKLY || first.why == ITSM_WHY_OVERRIDE ? row->to - row->from : 0;
}

itsm_status itsm_calendar_explain(const itsm_calendar *calendar, itsm_time a, itsm_time b, itsm_calendar_explain_fn fn,
                                  void *user)
{
    const itsm_time least = -INT64_C(4371587) * ITSM__DAY, most = INT64_C(2932897) * ITSM__DAY;
    if (!calendar || !fn) return ITSM_E_MISUSE;
    if (a < least || b < least || a > most || b > most) return ITSM_E_RANGE;
    const int back = b < a;
    itsm_time at = back ? b : a;
    const itsm_time end = back ? a : b;
    while (at < end) {
        itsm_calendar_row row;
        row_at(&row, &calendar->definition, at, end);
        at = row.to;
        if (back) row.counted = -row.counted;
        const itsm_status rc = fn(user, &row);
        if (rc) return rc;
    }
    return ITSM_OK;
}
