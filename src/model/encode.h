/* SPDX-License-Identifier: MIT */
/* Parts of a model's JSON, as members of an object that is open. */
#ifndef ITSM_SRC_MODEL_ENCODE_H
#define ITSM_SRC_MODEL_ENCODE_H

#include "model/model.h"
#include "text/json.h"

/* What categories, guards and effects mean, and the priority matrix. */
void itsm__encode_words(itsm__json_writer *out, const itsm_model *model);

/* Clauses, indicators, rules of evidence, and how many there are of everything. */
void itsm__encode_catalogue(itsm__json_writer *out, const itsm_model *model);

#endif
