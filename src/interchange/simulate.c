/* SPDX-License-Identifier: MIT */
/*
 * A help desk that does not exist.  The log has the columns of a ServiceNow incident export and the habits of a real
 * one: most work arrives on weekday mornings, one incident in six waits for its user, one in eighty comes back, some
 * are resolved by the first person who reads them, records close five days after the work is done, stamps have
 * minute resolution and name no zone.  The same seed gives the same bytes on every machine: the only source of chance
 * is a splitmix64 sequence, all arithmetic is on integers.
 *
 * Cost: about 10 us and 2 kB of output per incident; memory does not grow with their number.
 */
#include <itsm/interchange.h>

#include "base/ctx.h"
#include "base/text.h"

#define MINUTE INT64_C(1)
#define HOUR INT64_C(60)
#define DAY INT64_C(1440)
#define INCIDENTS_MAX UINT64_C(10000000)
#define DAYS_MAX INT64_C(500000) /* on either side of 1970; the log must end before the year 9999 */
#define DAY_MAX 68               /* incidents opened on one day */
#define FLUSH_AT 65536

static const char header[] =
    "number,incident_state,active,reassignment_count,reopen_count,sys_mod_count,made_sla,caller_id,opened_by,opened_at,"
    "sys_created_by,sys_created_at,sys_updated_by,sys_updated_at,contact_type,location,category,subcategory,u_symptom,"
    "cmdb_ci,impact,urgency,priority,assignment_group,assigned_to,knowledge,u_priority_confirmation,notify,problem_id,"
    "rfc,vendor,caused_by,closed_code,resolved_by,resolved_at,closed_at\n";

static const char *const channels[] = {"Phone", "Phone", "Phone", "Email", "Self service", "IVR"};
static const char *const waits[] = {"Awaiting User Info", "Awaiting User Info", "Awaiting User Info",
                                    "Awaiting Vendor",    "Awaiting Problem",   "Awaiting Evidence"};

/* Impact and urgency as the source writes them, with the priority its matrix gives, most frequent last. */
static const struct {
    unsigned until; /* of 1000 */
    const char *impact, *urgency, *priority;
    int64_t work;    /* typical minutes of work */
    int64_t promise; /* the source's own target, in minutes of the wall clock */
} severities[] = {
    {15, "1 - High", "1 - High", "1 - Critical", 5 * HOUR, 8 * HOUR},
    {40, "1 - High", "2 - Medium", "2 - High", 14 * HOUR, DAY},
    {75, "3 - Low", "3 - Low", "4 - Low", 110 * HOUR, 10 * DAY},
    {1000, "2 - Medium", "2 - Medium", "3 - Moderate", 60 * HOUR, 5 * DAY},
};

/* An incident as it unfolds. */
typedef struct incident {
    uint64_t number;
    size_t severity;
    const char *channel;
    unsigned caller, location, category, subcategory, symptom, group, assignee;
    unsigned reassignments, reopenings, modifications;
    int64_t opened, created, resolved, closed, at; /* minutes since 1970-01-01T00:00, wall clock */
    int made_sla, assigned;
} incident;

typedef struct simulation {
    uint64_t state;
    itsm_buf text;
    itsm_write_fn write;
    void *self;
} simulation;

/* splitmix64 (Steele, Lea, Flood 2014). */
static uint64_t chance(simulation *s)
{
    uint64_t z = s->state += UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
    return z ^ z >> 31;
}

static unsigned below(simulation *s, unsigned n)
{
    return (unsigned)(chance(s) % n);
}

/* A length of time around `typical`, with the long tail of real work: the product of three uniform draws. */
static int64_t spread(simulation *s, int64_t typical)
{
    /* One draw a statement: compilers differ in which part of an expression they evaluate first. */
    int64_t t = typical * (int64_t)(1 + below(s, 40)) / 10;
    t = t * (int64_t)(1 + below(s, 30)) / 30;
    return 1 + t * (int64_t)(1 + below(s, 20)) / 20;
}

/* Move an instant to when people work: weekdays from 8 to 18. */
static int64_t at_work(simulation *s, int64_t at)
{
    int64_t day = at / DAY, minute = at % DAY;
    if (minute >= 18 * HOUR) day++, minute = 8 * HOUR + below(s, 150);
    if (minute < 8 * HOUR) minute = 8 * HOUR + below(s, 150);
    while (itsm_date_weekday(day) > 4) day++;
    int64_t shifted = day * DAY + minute;
    return shifted > at ? shifted : at;
}

/* When in a day an incident is opened: mornings most, nights and weekends few. */
static int64_t opening(simulation *s, int64_t day)
{
    static const unsigned char hours[] = {7, 8, 8, 9, 9, 9, 10, 10, 10, 11, 11, 12, 13, 13, 14, 14, 15, 15, 16, 17};
    unsigned quiet = itsm_date_weekday(day) > 4 || below(s, 20) == 0;
    int64_t hour = quiet ? below(s, 24) : hours[below(s, sizeof hours)];
    return day * DAY + hour * HOUR + below(s, 60);
}

/* Day/month/year hour:minute without leading zeros before the hour, as the source exports it. */
static itsm_status put_stamp(itsm_buf *out, int64_t minutes)
{
    itsm_civil c;
    itsm_status rc = itsm_civil_from_local(&c, minutes * ITSM_MINUTES(1));
    return rc ? rc
              : itsm__format(out, "%d/%d/%d %02d:%02d", (int)c.day, (int)c.month, (int)c.year, (int)c.hour,
                             (int)c.minute);
}

static itsm_status put_event(simulation *s, incident *c, const char *state)
{
    itsm_buf *out = &s->text;
    unsigned who = below(s, 5) ? c->assignee : 900u + below(s, 40);
    itsm_status rc =
        itsm__format(out, "SIM%09d,%s,%s,%d,%d,%d,%s,Caller %d,Opened by %d,", (int)c->number, state,
                     strcmp(state, "Closed") ? "true" : "false", (int)c->reassignments, (int)c->reopenings,
                     (int)c->modifications, c->made_sla ? "true" : "false", (int)c->caller, (int)(c->caller % 97));
    if (!rc) rc = put_stamp(out, c->opened);
    if (!rc) rc = itsm__format(out, ",Created by %d,", (int)(c->caller % 97));
    if (!rc) rc = put_stamp(out, c->created);
    if (!rc) rc = itsm__format(out, ",Updated by %d,", (int)who);
    if (!rc) rc = put_stamp(out, c->at);
    if (!rc)
        rc = itsm__format(out, ",%s,Location %d,Category %d,Subcategory %d,Symptom %d,?,%s,%s,%s,Group %d,", c->channel,
                          (int)c->location, (int)c->category, (int)c->subcategory, (int)c->symptom,
                          severities[c->severity].impact, severities[c->severity].urgency,
                          severities[c->severity].priority, (int)c->group);
    if (!rc) rc = c->assigned ? itsm__format(out, "Resolver %d", (int)c->assignee) : itsm__buf_char(out, '?');
    if (!rc)
        rc = itsm__format(out, ",%s,false,Do Not Notify,?,?,?,?,code %d,Resolved by %d,",
                          c->symptom % 5 ? "false" : "true", (int)(c->category % 9), (int)c->assignee);
    if (!rc) rc = put_stamp(out, c->resolved);
    if (!rc) rc = itsm__buf_char(out, ',');
    if (!rc) rc = put_stamp(out, c->closed);
    if (!rc) rc = itsm__buf_char(out, '\n');
    c->modifications++;
    return rc;
}

/* The steps of one incident: state names and how long each lasts, decided before the first row is written. */
typedef struct step {
    const char *state;
    int64_t at;
} step;

#define STEPS_MAX 24

static void add_step(step *steps, size_t *n, const char *state, int64_t at)
{
    if (*n < STEPS_MAX) steps[*n].state = state, steps[*n].at = at, (*n)++;
}

/* Work on it until resolved: active, sometimes waiting, sometimes handed over. */
static int64_t work(simulation *s, const incident *c, step *steps, size_t *n, int64_t at)
{
    at = at_work(s, at + spread(s, HOUR));
    add_step(steps, n, "Active", at);
    for (unsigned i = 0; i < 3 && below(s, 3) == 0; i++) add_step(steps, n, "Active", at += spread(s, HOUR / 2));
    if (below(s, 6) == 0) {
        at = at_work(s, at + spread(s, HOUR));
        add_step(steps, n, waits[below(s, 6)], at);
        add_step(steps, n, "Active", at = at_work(s, at + spread(s, 2 * DAY)));
    }
    return at_work(s, at + spread(s, severities[c->severity].work));
}

static size_t unfold(simulation *s, incident *c, step *steps)
{
    size_t n = 0;
    int64_t at = c->created;
    add_step(steps, &n, "New", at);
    if (below(s, 5) == 0) at += spread(s, 20 * MINUTE); /* solved by the one who answered */
    else at = work(s, c, steps, &n, at);
    add_step(steps, &n, "Resolved", at);
    if (below(s, 80) == 0) {
        at = work(s, c, steps, &n, at + spread(s, DAY));
        add_step(steps, &n, "Resolved", at);
    }
    c->resolved = at;
    c->closed = at + 5 * DAY + below(s, 60);
    add_step(steps, &n, "Closed", c->closed);
    return n;
}

static void open_incident(simulation *s, incident *c, uint64_t number, int64_t opened)
{
    unsigned draw = below(s, 1000);
    memset(c, 0, sizeof *c);
    c->number = number;
    while (severities[c->severity].until <= draw) c->severity++;
    c->channel = channels[below(s, 6)];
    c->caller = 1 + below(s, 3000), c->location = 1 + below(s, 120), c->category = 1 + below(s, 50);
    c->subcategory = c->category * 4 + below(s, 4), c->symptom = 1 + below(s, 400);
    c->group = 1 + below(s, 60), c->assignee = c->group * 5 + below(s, 5), c->made_sla = 1;
    c->opened = opened, c->created = c->opened + below(s, 12);
}

static itsm_status put_incident(simulation *s, incident *c)
{
    step steps[STEPS_MAX];
    size_t n = unfold(s, c, steps);
    itsm_status rc = ITSM_OK;
    for (size_t i = 0; i < n && !rc; i++) {
        c->at = steps[i].at;
        if (i && !strcmp(steps[i].state, "Active")) {
            if (c->assigned && below(s, 6) == 0) c->reassignments++, c->group = 1 + below(s, 60);
            if (!strcmp(steps[i - 1].state, "Resolved")) c->reopenings++;
            c->assigned = 1;
        }
        if (i + 1 < n && c->at - c->opened > severities[c->severity].promise) c->made_sla = 0;
        rc = put_event(s, c, steps[i].state);
    }
    return rc;
}

static itsm_status flush(simulation *s)
{
    itsm_status rc = s->write(s->self, s->text.p, s->text.n);
    s->text.n = 0;
    return rc;
}

/* Everything opened on one day, in order; few things happen on a weekend.  At most `left` incidents. */
static itsm_status put_day(simulation *s, int64_t day, uint64_t *number, uint64_t left)
{
    int64_t opened[DAY_MAX];
    size_t n = itsm_date_weekday(day) > 4 ? 2 + below(s, 5) : 52 + below(s, DAY_MAX - 51);
    itsm_status rc = ITSM_OK;
    for (size_t i = 0; i < n; i++) {
        int64_t at = opening(s, day);
        size_t place = i;
        for (; place && opened[place - 1] > at; place--) opened[place] = opened[place - 1];
        opened[place] = at;
    }
    for (size_t i = 0; i < n && i < left && !rc; i++) {
        incident c;
        open_incident(s, &c, ++*number, opened[i]);
        rc = put_incident(s, &c);
        if (!rc && s->text.n >= FLUSH_AT) rc = flush(s);
    }
    return rc;
}

itsm_status itsm_simulate(itsm_ctx *ctx, const itsm_simulate_options *options, itsm_write_fn write, void *self)
{
    itsm__issues_clear(ctx);
    if (!options || options->size < sizeof *options || !write) return ITSM_E_MISUSE;
    if (options->incidents > INCIDENTS_MAX)
        return itsm__issue(ctx, ITSM_E_RANGE, itsm_str_c("incidents"), itsm_str_c(NULL), itsm_str_c(NULL),
                           "%u incidents are more than %u", options->incidents, INCIDENTS_MAX);
    if (options->first_day < -DAYS_MAX || options->first_day > DAYS_MAX)
        return itsm__issue(ctx, ITSM_E_RANGE, itsm_str_c("first_day"), itsm_str_c(NULL), itsm_str_c(NULL),
                           "day %i is too far away", options->first_day);
    simulation s = {options->seed, ITSM_BUF_INIT, write, self};
    int64_t day = options->first_day ? options->first_day : 20458; /* 2026-01-05, a Monday */
    uint64_t number = 0;
    itsm_buf_init(&s.text, ctx);
    itsm_status rc = itsm__buf_c(&s.text, header);
    for (; number < options->incidents && !rc; day++) rc = put_day(&s, day, &number, options->incidents - number);
    if (!rc) rc = flush(&s);
    itsm_buf_clear(&s.text);
    return rc;
}
