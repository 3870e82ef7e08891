/* SPDX-License-Identifier: MIT */
/*
 * What a replay needs of the engine beyond its public calls.
 */
#ifndef ITSM_SRC_SMS_OBSERVE_H
#define ITSM_SRC_SMS_OBSERVE_H

#include <itsm/sms.h>

#include "base/memory.h"

/* The record an observed case is. */
itsm_ref itsm__observer_ref(const itsm_observer *observer, itsm_str number);

/* What a system was made with. */
itsm_ctx *itsm__sms_ctx(const itsm_sms *sms);
itsm_store *itsm__sms_store(const itsm_sms *sms);

/* Has it a target of this kind, for any priority? */
int itsm__sla_measures(const itsm_sla *sla, uint32_t kind);

/* One target for each list of facts: itsm_sla_targets() in memory of an arena. */
itsm_status itsm__clock_targets(itsm_target **out, itsm__arena *arena, const itsm_sla *sla, uint32_t kind,
                                const itsm_sla_facts *facts, size_t n);

#endif
