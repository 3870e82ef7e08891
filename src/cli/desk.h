/* SPDX-License-Identifier: MIT */
/* Records to be asked about: those of a log, replayed into memory, or of a store. */
#ifndef ITSM_SRC_CLI_DESK_H
#define ITSM_SRC_CLI_DESK_H

#include "cli/cli.h"
#include "cli/source.h"

typedef struct desk {
    itsm_ctx *ctx;
    const char *name; /* of the command */
    const char *path; /* of the log or the store */
    source in;
    itsm_mapping *mapping;
    itsm_zone *zone;
    itsm_store *store;
    itsm_sms *sms;
    itsm_replay *replay;
} desk;

/* Each says what is wrong and returns an exit code; desk_close() is due in any case. */
int desk_open_log(desk *d, const command *self, itsm_ctx *ctx, const char *log, const itsm_sla *sla);
int desk_open_store(desk *d, const command *self, itsm_ctx *ctx, const char *path, const itsm_sla *sla);
void desk_close(desk *d);

#endif
