/* SPDX-License-Identifier: MIT */
/* Words of the model's grammar. */
#ifndef ITSM_SRC_MODEL_GRAMMAR_H
#define ITSM_SRC_MODEL_GRAMMAR_H

#include <itsm/model.h>

const char *itsm__guard_word(uint32_t kind); /* "set", "linked", ...; "" for no kind of guard */

#endif
