/* SPDX-License-Identifier: MIT */
/*
 * What loading and writing sets of targets needs beyond public calls.
 */
#ifndef ITSM_SRC_SLA_SLA_H
#define ITSM_SRC_SLA_SLA_H

#include <itsm/sla.h>

#include "base/memory.h"
#include "text/json.h"

enum { ITSM__SLA_CALENDARS_MAX = 64, ITSM__SLA_VALUES_MAX = 256 };

/* Add a rule on one priority, which is its only condition; `rule` has the rest. */
itsm_status itsm__sla_add_priority(itsm_sla_builder *builder, const itsm_sla_rule *rule, int64_t priority);

const itsm__memory *itsm__sla_memory(const itsm_sla *sla);

/* The text of an object as it stands in a text that was parsed. */
itsm_str itsm__json_source(itsm_str input, const itsm__json_node *object);

#endif
