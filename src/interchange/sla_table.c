/* SPDX-License-Identifier: MIT */
/*
 * Every case under every set of targets: gross and net working time, and when it was due.  The events of a case's
 * resolution clock come from the store; each further calendar is the same events folded again.
 *
 * gross  open time from opening to resolution
 * net    the same without pauses: what the clock counted
 * due    the earliest instant by which the goal's open time has passed since opening, whatever was paused
 */
#include "interchange/replay.h"

#include "base/bits.h"
#include "base/text.h"
#include "sms/observe.h"

const itsm_calendar *itsm__sla_calendar(const itsm_sla *sla)
{
    return itsm_sla_count(sla) ? itsm_sla_at(sla, 0)->target.calendar : NULL;
}

itsm_str itsm__sla_label(const itsm_sla *sla)
{
    const itsm_calendar *calendar = itsm__sla_calendar(sla);
    itsm_str name = calendar ? itsm_calendar_name(calendar) : itsm_str_c(NULL);
    return name.n ? name : itsm_sla_name(sla);
}

/* When the clock was stopped last; ITSM_TIME_NONE: never. */
static itsm_time stopped_at(const itsm_clock_row *row)
{
    itsm_time at = ITSM_TIME_NONE;
    for (size_t i = 0; i < row->nevents; i++)
        if (row->events[i].kind == ITSM_CLOCK_STOP) at = row->events[i].at;
        else if (row->events[i].kind == ITSM_CLOCK_REOPEN) at = ITSM_TIME_NONE;
    return at;
}

static itsm_time started_at(const itsm_clock_row *row)
{
    for (size_t i = 0; i < row->nevents; i++)
        if (row->events[i].kind == ITSM_CLOCK_START) return row->events[i].at;
    return ITSM_TIME_NONE;
}

static itsm_status between(itsm_span *out, const itsm_calendar *calendar, itsm_time a, itsm_time b)
{
    if (calendar) return itsm_calendar_between(out, calendar, a, b);
    return itsm__sub(out, b, a) ? ITSM_OK : ITSM_E_RANGE;
}

static itsm_status measure(itsm__sla_value *out, const itsm_sla *sla, const itsm_clock_row *row, itsm__arena *scratch)
{
    const itsm_sla_rule *rule;
    itsm_target *targets;
    itsm_clock clock;
    itsm_clock_reading reading = ITSM_CLOCK_READING_INIT;
    itsm_time started = started_at(row), stopped = stopped_at(row), last = row->events[row->nevents - 1].at;
    itsm_status rc = itsm_sla_find_facts(&rule, sla, ITSM_RESOLUTION, &row->facts[row->npriorities - 1]);
    if (rc == ITSM_OK && rule->target.goal < ITSM_GOAL_NONE) {
        const itsm_target *target = &rule->target;
        out->goal = target->goal;
        rc = target->calendar
                 ? itsm_calendar_add(&out->due, target->calendar, started, target->goal, ITSM_BOUNDARY_CLOSE)
                 : (itsm__add(&out->due, started, target->goal) ? ITSM_OK : ITSM_E_RANGE);
        if (rc == ITSM_E_NO_OPEN_TIME || rc == ITSM_E_RANGE) out->due = ITSM_TIME_NONE; /* there is none to come */
        else if (rc) return rc;
    } else if (rc < 0) {
        return rc;
    }
    if (stopped == ITSM_TIME_NONE || stopped < started) return ITSM_OK;
    rc = between(&out->gross, itsm__sla_calendar(sla), started, stopped);
    if (!rc) rc = itsm__clock_targets(&targets, scratch, sla, row->kind, row->facts, row->npriorities);
    if (!rc) rc = itsm_clock_replay(&clock, targets, row->npriorities, row->events, row->nevents);
    if (!rc) rc = itsm_clock_read(&reading, &clock, last);
    out->net = reading.used;
    return rc;
}

itsm_status itsm__sla_table_fill(itsm_replay *r)
{
    itsm__arena scratch;
    size_t n = r->profile.ncases * r->nslas;
    itsm_status rc = ITSM_OK;
    if (!(r->values = itsm__alloc_zero(&r->memory, n * sizeof *r->values))) return ITSM_E_NOMEM;
    itsm__arena_init(&scratch, &r->memory);
    for (size_t i = 0; i < r->profile.ncases && !rc && r->nslas; i++) {
        itsm_clock_row row = ITSM_CLOCK_ROW_INIT;
        rc = itsm_sms_clock(&row, r->sms, itsm__observer_ref(r->observer, r->profile.cases[i].number), ITSM_RESOLUTION);
        for (size_t k = 0; k < r->nslas; k++) {
            itsm__sla_value *value = &r->values[i * r->nslas + k];
            value->gross = value->net = value->goal = ITSM_SPAN_NONE, value->due = ITSM_TIME_NONE;
            itsm__arena_reset(&scratch);
            if (!rc) rc = measure(value, r->slas[k], &row, &scratch);
        }
        if (rc == ITSM_NOTHING) rc = ITSM_OK;
    }
    itsm__arena_clear(&scratch);
    return rc;
}

/* Writing ----------------------------------------------------------------------------------------------------------- */

static void put_minutes(itsm__csv_writer *w, itsm_span span)
{
    if (span == ITSM_SPAN_NONE) itsm__csv_write_text(w, itsm_str_c(NULL));
    else itsm__csv_write_int(w, itsm__floor_div(span, ITSM_MINUTES(1)));
}

/* Whole minutes, upwards: by then the goal's time has passed. */
static itsm_status put_due(itsm__csv_writer *w, itsm_time due, itsm_buf *scratch)
{
    itsm_civil c;
    itsm_time up;
    scratch->n = 0;
    if (due != ITSM_TIME_NONE && itsm__add(&up, due, ITSM_MINUTES(1) - 1) &&
        itsm_civil_from_local(&c, itsm__floor_div(up, ITSM_MINUTES(1)) * ITSM_MINUTES(1)) == ITSM_OK) {
        itsm_status rc = itsm__format(scratch, "%04d-%02d-%02dT%02d:%02dZ", (int)c.year, (int)c.month, (int)c.day,
                                      (int)c.hour, (int)c.minute);
        if (rc) return rc;
    }
    itsm__csv_write_text(w, itsm_buf_str(scratch));
    return ITSM_OK;
}

itsm_status itsm__sla_line(itsm__csv_writer *w, const itsm__log_case *c, const itsm__sla_value *values, size_t n,
                           itsm_buf *scratch)
{
    itsm_status rc = ITSM_OK;
    itsm__csv_write_text(w, c->number);
    for (size_t k = 0; k < n && !rc; k++) {
        put_minutes(w, values[k].gross);
        put_minutes(w, values[k].net);
        rc = put_due(w, values[k].due, scratch);
    }
    itsm__csv_write_row(w);
    return rc;
}

/* One calendar needs no names; several stand side by side, each with its own. */
static itsm_status put_header(itsm__csv_writer *w, const itsm_replay *r, itsm_buf *scratch)
{
    static const char *const names[] = {"gross", "net", "due"};
    itsm_status rc = ITSM_OK;
    itsm__csv_write_text(w, ITSM_STR("number"));
    for (size_t i = 0; i < r->nslas * 3 && !rc; i++) {
        scratch->n = 0;
        if (r->nslas > 1) rc = itsm__format(scratch, "%S:", itsm__sla_label(r->slas[i / 3]));
        if (!rc) rc = itsm__buf_c(scratch, names[i % 3]);
        itsm__csv_write_text(w, itsm_buf_str(scratch));
    }
    itsm__csv_write_row(w);
    return rc;
}

itsm_status itsm_replay_encode_sla(itsm_buf *out, const itsm_replay *r)
{
    itsm__csv_writer w;
    itsm_buf scratch = ITSM_BUF_INIT;
    if (!out || !r) return ITSM_E_MISUSE;
    size_t start = out->n;
    itsm_buf_init(&scratch, r->ctx);
    itsm__csv_write_init(&w, out);
    itsm_status rc = put_header(&w, r, &scratch);
    for (size_t i = 0; i < r->profile.ncases && !rc && !w.status; i++)
        rc = itsm__sla_line(&w, &r->profile.cases[i], r->values + i * r->nslas, r->nslas, &scratch);
    itsm_status written = itsm__csv_write_finish(&w);
    itsm_buf_clear(&scratch);
    if (!rc) rc = written;
    if (rc) out->n = start;
    return rc;
}
