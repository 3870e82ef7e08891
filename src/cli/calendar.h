/* SPDX-License-Identifier: MIT */
/* What the subcommands of itsm calendar share. */
#ifndef ITSM_SRC_CLI_CALENDAR_H
#define ITSM_SRC_CLI_CALENDAR_H

#include "cli/cli.h"

extern const command calendar_show_command, calendar_import_command, calendar_export_command;

#define DATE_LEAST INT64_C(-4371222) /* -9998-01-01 */
#define DATE_MOST INT64_C(2932866)   /* 9999-12-01: what is asked of a date reaches a little beyond it */

#define STOP_FINE (-1) /* help was given: nothing more to do */

/* A question to a calendar. */
typedef struct question {
    const command *self;
    itsm_ctx *ctx;
    const char *path;
    itsm_calendar *calendar;
    itsm_zone *zone;       /* of times that name none, or NULL */
    const itsm_zone *home; /* the calendar's */
} question;

/* Read the arguments and the calendar, which is the first operand.  Not 0: an exit code for question_close(). */
int question_open(question *q, const command *self, itsm_ctx *ctx, int argc, char **argv);
/* Returns the exit code. */
int question_close(question *q, int code);

/* The dates of --from and --until; for those not given, the twelve months that begin with this one. */
int read_period(int64_t *from, int64_t *until, const command *self, const itsm_zone *zone);
/* The first instant of a date in a zone. */
itsm_status midnight(itsm_time *out, const itsm_zone *zone, int64_t date);

#endif
