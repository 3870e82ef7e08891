/* SPDX-License-Identifier: MIT */
/*
 * A clock of the command line.  Its target is a goal, or the rule of a set that fits the fields given; its events are
 * the start, the pauses and the stop, each pause a cause of its own so that pauses may overlap.
 */
#include "cli/clock.h"

#include <stdlib.h>

static const char *const kinds[] = {"", "response", "resolution", "fulfilment", "update"};
/* How a clock stands, for people and for programs. */
static const struct state {
    const char *text, *name;
} states[] = {{"not started", "idle"},
              {"running", "running"},
              {"paused", "paused"},
              {"met", "met"},
              {"breached, running", "breached_running"},
              {"breached, paused", "breached_paused"},
              {"met late", "met_late"},
              {"cancelled", "cancelled"}};

static const struct state *state_of(const itsm_clock_reading *reading)
{
    return &states[reading->state >= 0 && (size_t)reading->state < sizeof states / sizeof *states ? reading->state : 0];
}

const char *clock_kind(uint32_t kind)
{
    return kind < sizeof kinds / sizeof *kinds ? kinds[kind] : "";
}

int read_kind(uint32_t *out, const command *self)
{
    const char *text = value_of(self, "--kind");
    *out = ITSM_RESOLUTION;
    for (uint32_t i = 1; text && i < sizeof kinds / sizeof *kinds; i++)
        if (!strcmp(text, kinds[i])) return *out = i, EXIT_FINE;
    if (!text) return EXIT_FINE;
    const char *near = nearest(text, kinds + 1, sizeof kinds / sizeof *kinds - 1);
    return near ? usage_error(self, "--kind: there is no %s; did you mean %s?", text, near)
                : usage_error(self, "--kind: there is no %s; it is response, resolution, fulfilment or update", text);
}

/* Files ------------------------------------------------------------------------------------------------------------- */

static int load_targets(clock_case *c, const char *path)
{
    itsm_buf text = ITSM_BUF_INIT;
    int code = read_file(&text, c->ctx, path);
    itsm_status rc = code ? ITSM_OK : itsm_sla_load(&c->sla, c->ctx, itsm_buf_str(&text), c->calendar);
    if (rc) code = input_error(c->ctx, rc, path);
    itsm_buf_clear(&text);
    return code;
}

int clock_open(clock_case *c, const command *self, itsm_ctx *ctx)
{
    memset(c, 0, sizeof *c);
    c->self = self, c->ctx = ctx, c->now = ITSM_TIME_NONE;
    const char *zone = value_of(self, "--zone"), *calendar = value_of(self, "--calendar"),
               *targets = value_of(self, "--targets");
    if (!calendar && !targets) return usage_error(self, "--calendar CAL.json is missing");
    if (calendar && targets && !strcmp(calendar, "-") && !strcmp(targets, "-"))
        return usage_error(self, "only one input can be standard input");
    int code = zone ? load_zone(&c->zone, ctx, zone) : EXIT_FINE;
    if (!code && calendar) code = load_calendar(&c->calendar, ctx, calendar);
    if (!code && targets) code = load_targets(c, targets);
    c->path = calendar ? calendar : targets;
    if (c->calendar) c->home = itsm_calendar_zone(c->calendar);
    return code;
}

void clock_close(clock_case *c)
{
    itsm_sla_free(c->sla);
    itsm_calendar_free(c->calendar);
    itsm_zone_free(c->zone);
}

/* The target -------------------------------------------------------------------------------------------------------- */

/* A whole number; 0 if it is none. */
static int read_whole(int64_t *out, const char *text)
{
    char *end;
    long long n = strtoll(text, &end, 10);
    if (end == text || *end || n == INT64_MIN || n == INT64_MAX) return 0;
    return *out = n, 1;
}

/* The kind of values that rules compare a field with. */
static uint16_t kind_of(const itsm_sla *sla, itsm_str field)
{
    for (size_t i = 0; i < itsm_sla_count(sla); i++) {
        const itsm_sla_rule *rule = itsm_sla_at(sla, i);
        for (size_t k = 0; k < rule->condition_count; k++) {
            const itsm_sla_condition *condition = &rule->conditions[k];
            for (size_t v = 0; itsm_str_eq(condition->field, field) && v < condition->value_count; v++)
                if (condition->values[v].kind != ITSM_NONE) return condition->values[v].kind;
        }
    }
    return ITSM_NONE;
}

static itsm_status value_as(itsm_value *out, uint16_t kind, const char *text)
{
    int64_t n;
    *out = itsm_value_text(itsm_str_c(text));
    if (kind == ITSM_INT && read_whole(&n, text)) *out = itsm_value_number(ITSM_INT, n);
    if (kind == ITSM_BOOL && (!strcmp(text, "true") || !strcmp(text, "false")))
        *out = itsm_value_number(ITSM_BOOL, !strcmp(text, "true"));
    return ITSM_OK;
}

/* The value behind --field NAME=, or of --priority. */
static itsm_status field_given(void *user, itsm_value *out, itsm_str field)
{
    const clock_case *c = user;
    const option *fields = option_of(c->self, "--field");
    const char *priority = value_of(c->self, "--priority");
    for (int i = 0; i < fields->count; i++) {
        size_t n = strcspn(fields->values[i], "=");
        if (itsm_str_eq(itsm_str_n(fields->values[i], n), field))
            return value_as(out, kind_of(c->sla, field), fields->values[i] + n + 1);
    }
    if (!priority || !itsm_str_is(field, "priority")) return ITSM_NOTHING;
    return value_as(out, kind_of(c->sla, field), priority);
}

/* Is there a rule that reads it?  A field given in vain is a slip. */
static int check_field(const clock_case *c, const char *option_name, itsm_str name)
{
    const char *names[64];
    char copies[64][64];
    size_t n = 0;
    for (size_t i = 0; i < itsm_sla_field_count(c->sla) && n < 64; i++) {
        itsm_str field = itsm_sla_field_at(c->sla, i);
        if (itsm_str_eq(field, name)) return EXIT_FINE;
        if (field.n >= sizeof copies[n]) continue;
        memcpy(copies[n], field.p, field.n);
        copies[n][field.n] = 0, names[n] = copies[n], n++;
    }
    char given[64] = "";
    if (name.n < sizeof given) memcpy(given, name.p, name.n);
    const char *near = nearest(given, names, n), *targets = value_of(c->self, "--targets");
    if (near)
        return usage_error(c->self, "%s: no target of %s reads %s; did you mean %s?", option_name, targets, given,
                           near);
    return usage_error(c->self, "%s: no target of %s reads %.*s", option_name, targets, ITSM_ARG(name));
}

static int check_fields(const clock_case *c)
{
    const option *fields = option_of(c->self, "--field");
    const char *priority = value_of(c->self, "--priority");
    int64_t n;
    int code = EXIT_FINE;
    if (priority && !read_whole(&n, priority))
        return usage_error(c->self, "--priority: %s is no whole number", priority);
    if (priority) code = check_field(c, "--priority", ITSM_STR("priority"));
    for (int i = 0; i < fields->count && !code; i++) {
        size_t length = strcspn(fields->values[i], "=");
        if (!length || !fields->values[i][length])
            return usage_error(c->self, "--field: %s is not NAME=VALUE", fields->values[i]);
        code = check_field(c, "--field", itsm_str_n(fields->values[i], length));
    }
    return code;
}

static int nothing_promised(const clock_case *c, const char *targets)
{
    const char *priority = value_of(c->self, "--priority");
    int fields = option_of(c->self, "--field")->count > 0;
    if (priority)
        note("itsm: %s: nothing is promised for priority %s%s [%s]", targets, priority,
             fields ? " and these fields" : "", clock_kind(c->kind));
    else
        note("itsm: %s: nothing is promised for %s [%s]", targets,
             fields ? "these fields" : "a case without a priority", clock_kind(c->kind));
    return EXIT_INPUT;
}

static int find_target(clock_case *c)
{
    const itsm_sla_rule *rule;
    const char *targets = value_of(c->self, "--targets");
    int code = check_fields(c);
    if (code) return code;
    itsm_status rc = itsm_sla_find(&rule, c->sla, c->kind, field_given, c);
    if (rc == ITSM_NOTHING || (!rc && rule->target.goal == ITSM_GOAL_NONE)) return nothing_promised(c, targets);
    if (rc) return input_error(c->ctx, rc, targets);
    c->target = rule->target;
    if (!c->target.calendar && !c->calendar)
        return usage_error(c->self, "--calendar CAL.json is missing: the target names none");
    if (c->target.calendar) c->home = itsm_calendar_zone(c->target.calendar);
    return EXIT_FINE;
}

static int read_target(clock_case *c)
{
    static const itsm_target blank = ITSM_TARGET_INIT;
    const char *goal = value_of(c->self, "--goal"), *targets = value_of(c->self, "--targets");
    if (!goal == !targets)
        return usage_error(c->self, goal ? "--goal and --targets exclude each other"
                                         : "--goal SPAN or --targets T.json is missing");
    int code = read_kind(&c->kind, c->self);
    if (code) return code;
    if (targets) return find_target(c);
    if (value_of(c->self, "--priority") || value_of(c->self, "--field") || value_of(c->self, "--kind"))
        return usage_error(c->self, "--kind, --priority and --field need --targets");
    c->target = blank, c->target.calendar = c->calendar, c->kind = 0;
    code = read_span(&c->target.goal, c->self, "--goal", goal);
    if (!code && c->target.goal <= 0) code = usage_error(c->self, "--goal: %s is not more than 0", goal);
    return code;
}

/* The events -------------------------------------------------------------------------------------------------------- */

static int instant(itsm_time *out, const clock_case *c, const char *name, const char *text)
{
    return read_instant(out, c->self, name, text, c->zone, c->home);
}

static void add_event(clock_case *c, int32_t kind, itsm_time at, uint32_t cause)
{
    itsm_clock_event event;
    memset(&event, 0, sizeof event);
    event.at = event.recorded = at, event.kind = kind, event.cause = cause;
    (void)itsm_clock_insert(c->events, c->n++, &event);
}

static int read_pause(clock_case *c, uint32_t cause, const char *text)
{
    char from[64];
    const char *dots = strstr(text, "..");
    itsm_time a, b = ITSM_TIME_NONE;
    if (!dots || dots == text || (size_t)(dots - text) >= sizeof from)
        return usage_error(c->self, "--pause: %s is not A..B, two instants", text);
    memcpy(from, text, (size_t)(dots - text));
    from[dots - text] = 0;
    int code = instant(&a, c, "--pause", from);
    if (!code && dots[2]) code = instant(&b, c, "--pause", dots + 2);
    if (code) return code;
    if (b != ITSM_TIME_NONE && b < a) return usage_error(c->self, "--pause: %s ends before it begins", text);
    add_event(c, ITSM_CLOCK_PAUSE, a, cause);
    if (b != ITSM_TIME_NONE) add_event(c, ITSM_CLOCK_RESUME, b, cause);
    return EXIT_FINE;
}

int clock_read(clock_case *c)
{
    const char *start = value_of(c->self, "--start"), *stop = value_of(c->self, "--stop"),
               *now = value_of(c->self, "--now");
    const option *pauses = option_of(c->self, "--pause");
    itsm_time began, ended;
    if (!start) return usage_error(c->self, "--start INSTANT is missing");
    int code = read_target(c);
    if (!code) code = instant(&began, c, "--start", start);
    if (!code) add_event(c, ITSM_CLOCK_START, began, 0);
    for (int i = 0; i < pauses->count && !code; i++) code = read_pause(c, (uint32_t)i, pauses->values[i]);
    if (!code && stop && !(code = instant(&ended, c, "--stop", stop))) {
        if (ended < began) code = usage_error(c->self, "--stop: %s is before the start", stop);
        else add_event(c, ITSM_CLOCK_STOP, ended, 0);
    }
    if (!code && now && !(code = instant(&c->now, c, "--now", now)) && c->now < c->events[c->n - 1].at)
        code = usage_error(c->self, "--now: %s is before the last of what happened", now);
    return code;
}

/* Readings ---------------------------------------------------------------------------------------------------------- */

static itsm_status cell_instant(table *t, const char *name, itsm_time at, const itsm_zone *home)
{
    itsm_buf text = ITSM_BUF_INIT;
    itsm_status rc = itsm_time_encode(&text, at, home, 0);
    if (!rc) rc = table_cell(t, "%s", name);
    if (!rc) rc = table_cell(t, "%.*s", ITSM_ARG(itsm_buf_str(&text)));
    itsm_buf_clear(&text);
    return rc;
}

static itsm_status cell_span(table *t, const char *name, itsm_span span)
{
    char text[SPAN_TEXT_MAX];
    itsm_status rc = table_cell(t, "%s", name);
    return rc ? rc : table_cell(t, "%s", span_text(text, span));
}

itsm_status show_reading(table *t, const itsm_clock_reading *r, const itsm_zone *home)
{
    itsm_status rc = cell_instant(t, "start", r->start, home);
    if (!rc) rc = cell_instant(t, "due", r->due, home);
    if (!rc && r->breached_at != ITSM_TIME_NONE) rc = cell_instant(t, "breached", r->breached_at, home);
    if (!rc && r->stopped_at != ITSM_TIME_NONE) rc = cell_instant(t, "stopped", r->stopped_at, home);
    if (!rc) rc = table_cell(t, "state");
    if (!rc) rc = table_cell(t, "%s", state_of(r)->text);
    if (!rc) rc = cell_span(t, "goal", r->goal);
    if (!rc) rc = cell_span(t, "used", r->used);
    if (!rc) rc = r->remaining < 0 ? cell_span(t, "over", -r->remaining) : cell_span(t, "left", r->remaining);
    if (!rc && r->paused) rc = cell_span(t, "paused", r->paused);
    if (!rc && r->stopped) rc = cell_span(t, "solved", r->stopped);
    return rc;
}

itsm_status json_instant(itsm_buf *out, const char *name, itsm_time at, const itsm_zone *home)
{
    itsm_status rc = print(out, "\"%s\":", name);
    if (!rc && at == ITSM_TIME_NONE) return print(out, "null");
    if (!rc) rc = print(out, "\"");
    if (!rc) rc = itsm_time_encode(out, at, home, 0);
    return rc ? rc : print(out, "\"");
}

static itsm_status json_span(itsm_buf *out, const char *name, itsm_span span)
{
    itsm_status rc = print(out, ",\"%s\":", name);
    return rc ? rc : print_seconds(out, span);
}

itsm_status json_reading(itsm_buf *out, const itsm_clock_reading *r, const itsm_zone *home)
{
    itsm_status rc = json_instant(out, "start", r->start, home);
    if (!rc) rc = print(out, ",");
    if (!rc) rc = json_instant(out, "due", r->due, home);
    if (!rc) rc = print(out, ",");
    if (!rc) rc = json_instant(out, "breached_at", r->breached_at, home);
    if (!rc) rc = print(out, ",");
    if (!rc) rc = json_instant(out, "stopped_at", r->stopped_at, home);
    if (!rc) rc = print(out, ",\"state\":\"%s\",\"breached\":%s", state_of(r)->name, r->breached ? "true" : "false");
    if (!rc) rc = json_span(out, "goal", r->goal);
    if (!rc) rc = json_span(out, "used", r->used);
    if (!rc) rc = json_span(out, "left", r->remaining);
    if (!rc) rc = json_span(out, "paused", r->paused);
    return rc ? rc : json_span(out, "stopped", r->stopped);
}
