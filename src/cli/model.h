/* SPDX-License-Identifier: MIT */
/* What itsm model and itsm lifecycle share: a model from a file or the built-in one, and a type of it by name. */
#ifndef ITSM_SRC_CLI_MODEL_H
#define ITSM_SRC_CLI_MODEL_H

#include "cli/cli.h"

extern const command model_check_command, model_diff_command;

#define MODEL_BUILTIN "builtin" /* as the name of a file */

/* The model of a file; NULL and "builtin": the built-in one.  Freed by itsm_model_free().  Says why not. */
int load_model(const itsm_model **out, itsm_ctx *ctx, const char *path);
/* NULL after it was said that there is no such type, with the nearest that is. */
const itsm_type_def *find_type(const itsm_model *model, const char *name);
/* 2018 or 2011, of --edition; 2018 if it is not given. */
int read_edition(uint32_t *out, const command *self);

#endif
