/* SPDX-License-Identifier: MIT */
/*
 * Golden vectors of working time: one JSON object names a calendar, an operation, its input and what must come out.
 *
 * An operation writes what came out as text, the expected value is written the same way, and the two are compared, so
 * that a failure can be shown as it was found.  Nothing passes by default: a missing member, an unknown operation or
 * an operation that answers with a status fails.
 */
#include "base/text.h"
#include "sla/sla.h"

typedef struct vector {
    itsm_ctx *ctx;
    itsm__json json;
    const itsm__json_node *root;
    itsm_calendar *calendar;
    itsm_time start;
    itsm_buf actual, expected;
} vector;

static itsm_status write_time(itsm_buf *out, itsm_status rc, itsm_time at)
{
    char text[ITSM_TIME_MAX];
    return itsm__buf_c(out, rc ? itsm_status_text(rc) : itsm_time_text(text, at));
}

/* In seconds, with a fraction only if there is one. */
static itsm_status write_span(itsm_buf *out, itsm_status rc, itsm_span span)
{
    if (rc) return itsm__buf_c(out, itsm_status_text(rc));
    return span % ITSM_SECONDS(1) ? itsm__buf_fixed(out, span, 6) : itsm__buf_int(out, span / ITSM_SECONDS(1));
}

static itsm_status time_of(itsm_time *out, const itsm__json_node *node)
{
    return node && node->kind == ITSM__JSON_TEXT ? itsm_time_decode(out, node->text) : ITSM_E_INVALID;
}

static itsm_status seconds_of(itsm_span *out, const itsm__json_node *node)
{
    return node ? itsm__json_scaled(out, node, 6) : ITSM_E_INVALID;
}

/* Operations: ITSM_E_INVALID when the input is not what they need --------------------------------------------------- */

static itsm_status run_add(vector *v)
{
    const itsm__json_node *boundary = itsm__json_member(v->root, "boundary");
    int32_t edge = ITSM_BOUNDARY_CLOSE;
    itsm_span n;
    itsm_time at = 0;
    if (seconds_of(&n, itsm__json_member(v->root, "arg"))) return ITSM_E_INVALID;
    if (boundary && boundary->kind == ITSM__JSON_TEXT && itsm_str_is(boundary->text, "open")) edge = ITSM_BOUNDARY_OPEN;
    else if (boundary && !(boundary->kind == ITSM__JSON_TEXT && itsm_str_is(boundary->text, "close")))
        return ITSM_E_INVALID;
    const itsm_status rc = itsm_calendar_add(&at, v->calendar, v->start, n, edge);
    return write_time(&v->actual, rc, at);
}

static itsm_status run_between(vector *v)
{
    itsm_time end;
    itsm_span span = 0;
    if (time_of(&end, itsm__json_member(v->root, "arg"))) return ITSM_E_INVALID;
    const itsm_status rc = itsm_calendar_between(&span, v->calendar, v->start, end);
    return write_span(&v->actual, rc, span);
}

static itsm_status run_is_open(vector *v)
{
    return itsm__buf_c(&v->actual, itsm_calendar_is_open(v->calendar, v->start) ? "true" : "false");
}

typedef itsm_status (*point_fn)(itsm_time *out, const itsm_calendar *calendar, itsm_time at);

static itsm_status run_point(vector *v, point_fn fn)
{
    itsm_time at = 0;
    const itsm_status rc = fn(&at, v->calendar, v->start);
    return write_time(&v->actual, rc, at);
}

static itsm_status run_next_open(vector *v)
{
    return run_point(v, itsm_calendar_next_open);
}

static itsm_status run_next_close(vector *v)
{
    return run_point(v, itsm_calendar_next_close);
}

static itsm_status run_prev_open(vector *v)
{
    return run_point(v, itsm_calendar_prev_open);
}

static itsm_status run_prev_close(vector *v)
{
    return run_point(v, itsm_calendar_prev_close);
}

/* The start and the pauses as events, as they are listed. */
static itsm_status collect(itsm_clock_event *events, size_t *n, itsm_time start, const itsm__json_node *pauses)
{
    const itsm__json_node *pause;
    itsm_clock_event event = {0, 0, ITSM_CLOCK_START, 0, 0, 0};
    event.at = start;
    events[(*n)++] = event;
    ITSM__JSON_EACH(pause, pauses)
    {
        itsm_time from, to;
        if (pause->kind != ITSM__JSON_ARRAY || pause->integer != 2) return ITSM_E_INVALID;
        if (time_of(&from, pause + 1) || time_of(&to, pause + 2) || to < from) return ITSM_E_INVALID;
        event.kind = ITSM_CLOCK_PAUSE, event.at = from;
        events[(*n)++] = event;
        event.kind = ITSM_CLOCK_RESUME, event.at = to;
        events[(*n)++] = event;
    }
    return ITSM_OK;
}

/* Any number of pauses may overlap: one cause holds from the first of them to the end of the last. */
static itsm_status fold(itsm_clock *clock, const itsm_clock_event *events, size_t n)
{
    size_t holding = 0;
    itsm_status rc = ITSM_OK;
    for (size_t i = 0; i < n && !rc; i++) {
        if (events[i].kind == ITSM_CLOCK_PAUSE && holding++) continue;
        if (events[i].kind == ITSM_CLOCK_RESUME && --holding) continue;
        rc = itsm_clock_apply(clock, events[i].kind, events[i].at, 0);
    }
    return rc;
}

static itsm_status read_clock(itsm_clock_reading *reading, const vector *v, const itsm_target *target,
                              const itsm__json_node *pauses)
{
    const itsm__memory *memory = itsm__ctx_memory(v->ctx);
    const size_t room = 2 * (size_t)pauses->integer + 1, size = 2 * room * sizeof(itsm_clock_event);
    itsm_clock clock;
    size_t n = 0;
    itsm_clock_event *events = itsm__alloc(memory, size); /* in order, and behind them as they are listed */
    if (!events) return ITSM_E_NOMEM;
    itsm_status rc = collect(events + room, &n, v->start, pauses);
    if (!rc) rc = itsm_clock_order(events, &n, events + room, n, INT64_MAX);
    if (!rc) rc = itsm_clock_init(&clock, target);
    if (!rc) rc = fold(&clock, events, n);
    if (!rc) rc = itsm_clock_read(reading, &clock, events[n - 1].at);
    itsm__free(memory, events, size);
    return rc;
}

static itsm_status run_clock(vector *v)
{
    const itsm__json_node *pauses = itsm__json_member(v->root, "pauses");
    itsm_target target = ITSM_TARGET_INIT;
    itsm_clock_reading reading = ITSM_CLOCK_READING_INIT;
    if (seconds_of(&target.goal, itsm__json_member(v->root, "arg")) || !pauses || pauses->kind != ITSM__JSON_ARRAY)
        return ITSM_E_INVALID;
    target.calendar = v->calendar;
    const itsm_status rc = read_clock(&reading, v, &target, pauses);
    if (rc == ITSM_E_INVALID || rc == ITSM_E_NOMEM) return rc;
    itsm_status written = write_time(&v->actual, rc, reading.due);
    if (!written) written = itsm__buf_c(&v->actual, " paused ");
    return written ? written : write_span(&v->actual, rc, reading.paused);
}

/* Expected, written the same way ---------------------------------------------------------------------------------- */

static itsm_status write_expected(itsm_buf *out, const itsm__json_node *node)
{
    itsm_time at;
    itsm_span span;
    itsm_status rc;
    switch (node->kind) {
    case ITSM__JSON_BOOL: return itsm__buf_c(out, node->integer ? "true" : "false");
    case ITSM__JSON_INT:
    case ITSM__JSON_DECIMAL: return seconds_of(&span, node) ? ITSM_E_INVALID : write_span(out, ITSM_OK, span);
    case ITSM__JSON_TEXT: return time_of(&at, node) ? ITSM_E_INVALID : write_time(out, ITSM_OK, at);
    default: break;
    }
    const itsm__json_node *paused = itsm__json_member(node, "paused");
    if (node->kind != ITSM__JSON_OBJECT || node->integer != 2 || time_of(&at, itsm__json_member(node, "due")) ||
        seconds_of(&span, paused))
        return ITSM_E_INVALID;
    rc = write_time(out, ITSM_OK, at);
    if (!rc) rc = itsm__buf_c(out, " paused ");
    return rc ? rc : write_span(out, ITSM_OK, span);
}

/* Running --------------------------------------------------------------------------------------------------------- */

typedef struct operation {
    const char *name;
    itsm_status (*run)(vector *v);
} operation;

static const operation operations[] = {
    {"add", run_add},
    {"between", run_between},
    {"is_open", run_is_open},
    {"next_open", run_next_open},
    {"next_close", run_next_close},
    {"prev_open", run_prev_open},
    {"prev_close", run_prev_close},
    {"clock", run_clock},
};

static const operation *operation_of(const itsm__json_node *node)
{
    if (!node || node->kind != ITSM__JSON_TEXT) return NULL;
    for (size_t i = 0; i < sizeof operations / sizeof *operations; i++)
        if (itsm_str_is(node->text, operations[i].name)) return &operations[i];
    return NULL;
}

static itsm_status fail(const vector *v, itsm_buf *failure, const char *what)
{
    const itsm__json_node *id = v->root ? itsm__json_member(v->root, "id") : NULL;
    const itsm_str name = id && id->kind == ITSM__JSON_TEXT ? id->text : ITSM_STR("(no id)");
    itsm_status rc;
    if (what) rc = itsm__format(failure, "%S: %s", name, what);
    else
        rc = itsm__format(failure, "%S: expected %S actual %S", name, itsm_buf_str(&v->expected),
                          itsm_buf_str(&v->actual));
    return rc ? rc : ITSM_E_INVALID;
}

/* With the reason, which loading left. */
static itsm_status fail_calendar(const vector *v, itsm_buf *failure)
{
    const itsm_issue *issue = itsm_ctx_issue(v->ctx, 0);
    itsm_status rc = fail(v, failure, "its calendar cannot be loaded");
    if (rc != ITSM_E_INVALID || !issue) return rc;
    rc = itsm__format(failure, ": %S", issue->message);
    return rc ? rc : ITSM_E_INVALID;
}

static itsm_status run(vector *v, itsm_str line, itsm_buf *failure)
{
    itsm_status rc = itsm__json_parse(&v->json, line);
    if (rc) return rc == ITSM_E_NOMEM ? rc : fail(v, failure, "not JSON");
    v->root = itsm__json_root(&v->json);
    const itsm__json_node *calendar = itsm__json_member(v->root, "calendar");
    const itsm__json_node *expect = itsm__json_member(v->root, "expect");
    const operation *op = operation_of(itsm__json_member(v->root, "op"));
    if (!op) return fail(v, failure, "unknown operation");
    if (!calendar || calendar->kind != ITSM__JSON_OBJECT || !expect)
        return fail(v, failure, "calendar or expect missing");
    if (time_of(&v->start, itsm__json_member(v->root, "start"))) return fail(v, failure, "no start");
    if ((rc = itsm_calendar_load(&v->calendar, v->ctx, itsm__json_source(line, calendar))))
        return rc == ITSM_E_NOMEM ? rc : fail_calendar(v, failure);
    rc = write_expected(&v->expected, expect);
    if (!rc) rc = op->run(v);
    if (rc)
        return rc == ITSM_E_NOMEM ? rc : fail(v, failure, "its input or expect is not of the form of its operation");
    return itsm_str_eq(itsm_buf_str(&v->expected), itsm_buf_str(&v->actual)) ? ITSM_OK : fail(v, failure, NULL);
}

itsm_status itsm_vectors_run(itsm_ctx *ctx, itsm_str line, itsm_buf *failure)
{
    itsm__issues_clear(ctx);
    if (!ctx || !failure) return ITSM_E_MISUSE;
    vector *v = itsm__alloc_zero(itsm__ctx_memory(ctx), sizeof *v);
    if (!v) return ITSM_E_NOMEM;
    v->ctx = ctx;
    itsm__json_init(&v->json, ctx);
    itsm_buf_init(&v->actual, ctx);
    itsm_buf_init(&v->expected, ctx);
    const itsm_status rc = run(v, line, failure);
    itsm_calendar_free(v->calendar);
    itsm_buf_clear(&v->actual);
    itsm_buf_clear(&v->expected);
    itsm__json_clear(&v->json);
    itsm__free(itsm__ctx_memory(ctx), v, sizeof *v);
    return rc;
}
