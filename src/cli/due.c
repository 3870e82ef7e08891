/* SPDX-License-Identifier: MIT */
/*
 * itsm due: when a clock is due, and with --now or --stop how it stands.
 */
#include "cli/clock.h"

static option options[] = {
    CLOCK_OPTIONS,
    {"--utc", NULL, "print instants in UTC", 0, 0, {NULL}, 0},
    {"--json", NULL, "write all that is known as JSON, spans in seconds", 0, 0, {NULL}, 0},
};

static int no_due(const clock_case *c, const itsm_clock_reading *reading)
{
    if (reading->causes) {
        note("itsm: the clock is paused: it is not due before it goes on");
        return EXIT_FINDINGS;
    }
    note("itsm: %s: there is not that much open time after %s [no open time]", c->path, value_of(c->self, "--start"));
    return EXIT_INPUT;
}

static itsm_status show(output *out, const itsm_clock_reading *reading, const itsm_zone *home)
{
    static const table_column columns[] = {{NULL, 0}, {NULL, 0}};
    table t;
    table_begin(&t, out, columns, 2);
    return table_end(&t, show_reading(&t, reading, home));
}

static itsm_status write_json(itsm_buf *out, const itsm_clock_reading *reading, const itsm_zone *home)
{
    itsm_status rc = print(out, "{");
    if (!rc) rc = json_reading(out, reading, home);
    return rc ? rc : print(out, "}\n");
}

static int answer(const clock_case *c)
{
    itsm_clock clock;
    itsm_clock_reading reading = ITSM_CLOCK_READING_INIT;
    const itsm_zone *home = value_of(c->self, "--utc") ? NULL : c->home;
    output out = OUTPUT_INIT;
    itsm_status rc = itsm_clock_replay(&clock, &c->target, 1, c->events, c->n);
    if (!rc) rc = itsm_clock_read(&reading, &clock, c->now != ITSM_TIME_NONE ? c->now : c->events[c->n - 1].at);
    if (!rc && value_of(c->self, "--json")) rc = write_json(&out.text, &reading, home);
    else if (!rc && (c->now != ITSM_TIME_NONE || value_of(c->self, "--stop"))) rc = show(&out, &reading, home);
    else if (!rc && reading.due == ITSM_TIME_NONE) return no_due(c, &reading);
    else if (!rc && !(rc = itsm_time_encode(&out.text, reading.due, home, 0))) rc = print(&out.text, "\n");
    return finish_output(&out, c->ctx, rc, c->path);
}

static int run(const command *self, itsm_ctx *ctx, int argc, char **argv)
{
    clock_case c;
    int operands = parse(self, argc, argv);
    if (operands < 0) return operands == -2 ? EXIT_FINE : EXIT_USAGE;
    int code = clock_open(&c, self, ctx);
    if (!code) code = clock_read(&c);
    if (!code) code = answer(&c);
    clock_close(&c);
    return code;
}

const command due_command = {"due",
                             "itsm due --calendar CAL.json --goal SPAN --start INSTANT [options]",
                             "when a service-level clock is due, and how it stands",
                             "itsm due --calendar hours.json --goal 4h --start 2026-03-27T14:00+01:00 \\\n"
                             "      --pause 2026-03-27T15:00+01:00..2026-03-27T16:00+01:00",
                             run,
                             options,
                             sizeof options / sizeof *options,
                             0,
                             0,
                             "operand"};
