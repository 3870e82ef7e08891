/* SPDX-License-Identifier: MIT */
/* What the subcommands of itsm store share. */
#ifndef ITSM_SRC_CLI_STORE_H
#define ITSM_SRC_CLI_STORE_H

#include "cli/cli.h"

extern const command store_dump_command, store_load_command;

/* Open a file store that is there; says why not.  Damage is a finding, everything else bad input. */
int open_store(itsm_store **out, itsm_ctx *ctx, const char *path, uint32_t flags);
/* Say what went wrong with a store: EXIT_FINDINGS for damage, else EXIT_INPUT. */
int store_error(itsm_ctx *ctx, itsm_status rc, const char *path);

itsm_status print_hex(itsm_buf *out, const unsigned char *p, size_t n);

#endif
