/* SPDX-License-Identifier: MIT */
/* What the subcommands of itsm audit share: a store opened for reading, with its model; keys of notes. */
#ifndef ITSM_SRC_CLI_AUDIT_H
#define ITSM_SRC_CLI_AUDIT_H

#include "cli/cli.h"

extern const command audit_verify_command;

typedef struct trail {
    itsm_ctx *ctx;
    const char *path;
    const itsm_model *model;
    itsm_store *store;
    itsm_sms *sms;
} trail;

#define AUDIT_MODEL_OPTION                                                                                             \
    {                                                                                                                  \
        "--model", "FILE", "the model of the store (default: the built-in one)", 0, 0, {NULL}, 0                       \
    }

/* Each says what is wrong and returns an exit code; close_trail() is due in any case. */
int open_trail(trail *t, const command *self, itsm_ctx *ctx, const char *path);
void close_trail(trail *t);

/* The HMAC key of --key, called --key-name or `name`; it borrows the secret. */
int load_note_key(itsm_note_key *out, itsm_buf *secret, const command *self, itsm_ctx *ctx, itsm_str name);

/* A number of entries. */
int read_size(uint64_t *out, const command *self, const char *name, const char *text);

#endif
