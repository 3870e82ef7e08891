/* SPDX-License-Identifier: MIT */
/*
 * A clock of the command line: a target, and what happened, from the options that due and explain share.
 */
#ifndef ITSM_SRC_CLI_CLOCK_H
#define ITSM_SRC_CLI_CLOCK_H

#include "cli/cli.h"
#include "cli/table.h"

/* clang-format off */
#define CLOCK_OPTIONS                                                                                                  \
    {"--calendar", "CAL.json", "working hours, of targets that name none", 0, 0, {NULL}, 0},                          \
    {"--goal", "SPAN", "what is promised: 4h, PT4H, 90m", 0, 0, {NULL}, 0},                                            \
    {"--targets", "T.json", "or a set of targets, to find it there by:", 0, 0, {NULL}, 0},                             \
    {"--kind", "KIND", "response, resolution (default), fulfilment, update", 0, 0, {NULL}, 0},                    \
    {"--priority", "N", "the priority", 0, 0, {NULL}, 0},                                                              \
    {"--field", "NAME=VALUE", "any other field that the targets read", 0, 1, {NULL}, 0},                               \
    {"--start", "INSTANT", "when it starts: 2026-03-27T14:00+01:00, now", 0, 0, {NULL}, 0},                     \
    {"--pause", "A..B", "paused between two instants; A.. is paused still", 0, 1, {NULL}, 0},                          \
    {"--stop", "INSTANT", "when the work was done", 0, 0, {NULL}, 0},                                                  \
    {"--now", "INSTANT", "how it stands then", 0, 0, {NULL}, 0},                                                       \
    {"--zone", "ZONE", "of times without an offset, e.g. Europe/Berlin", 0, 0, {NULL}, 0}
/* clang-format on */

#define CLOCK_EVENTS_MAX (2 * VALUES_MAX + 2)

typedef struct clock_case {
    const command *self;
    itsm_ctx *ctx;
    const char *path;      /* what an error is about */
    itsm_zone *zone;       /* of times that name none, or NULL */
    itsm_calendar *calendar;
    itsm_sla *sla;
    const itsm_zone *home; /* the zone of the answers; NULL: UTC */
    uint32_t kind;
    itsm_target target;
    itsm_clock_event events[CLOCK_EVENTS_MAX];
    size_t n;
    itsm_time now; /* --now, or ITSM_TIME_NONE */
} clock_case;

/* Zone, calendar and targets: the files.  Not 0: an exit code; clock_close() is due all the same. */
int clock_open(clock_case *c, const command *self, itsm_ctx *ctx);
/* The target, and the events in their order. */
int clock_read(clock_case *c);
void clock_close(clock_case *c);

const char *clock_kind(uint32_t kind);
int read_kind(uint32_t *out, const command *self);

/* Columns of two: what a reading says. */
itsm_status show_reading(table *t, const itsm_clock_reading *reading, const itsm_zone *home);
itsm_status json_reading(itsm_buf *out, const itsm_clock_reading *reading, const itsm_zone *home);
/* "name":"2026-...", or null */
itsm_status json_instant(itsm_buf *out, const char *name, itsm_time at, const itsm_zone *home);

#endif
