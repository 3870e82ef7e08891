/* SPDX-License-Identifier: MIT */
/*
 * The inside of a zone, and the draft of one that the TZif decoder fills.
 */
#ifndef ITSM_SRC_TIME_ZONE_H
#define ITSM_SRC_TIME_ZONE_H

#include "base/ctx.h"
#include "time/rule.h"

enum {
    ITSM__ZONE_CHANGES_MAX = 8192, /* changes of the clock in a file */
    ITSM__ZONE_TYPES_MAX = 256,    /* local time types in a file */
    ITSM__ZONE_TEXT_MAX = 2048     /* bytes of abbreviations in a file */
};

/* A kind of local time. */
typedef struct itsm__zone_type {
    int32_t offset, dst;
    itsm_str abbreviation;
} itsm__zone_type;

/* A change of the clock: from `second` on, type `type` holds. */
typedef struct itsm__zone_change {
    int64_t second;
    uint32_t type;
} itsm__zone_change;

/* A zone as read: what the file says.  Texts are borrowed from the file. */
typedef struct itsm__zone_draft {
    itsm__zone_type type[ITSM__ZONE_TYPES_MAX + 2];
    uint32_t ntypes;
    const unsigned char *times, *types; /* in the file: `changes` of `time_size` bytes, and of one */
    size_t changes, time_size;
    itsm__rule rule;
    int32_t has_rule;
    uint32_t rule_type[2]; /* where in `type` the rule's two are */
    itsm_str name, version;
} itsm__zone_draft;

/* Fill a draft.  Issues are added to ctx. */
itsm_status itsm__tzif_decode(itsm__zone_draft *draft, itsm_ctx *ctx, itsm_bytes tzif, itsm_str name);

/* The i-th change of a draft. */
itsm__zone_change itsm__draft_change(const itsm__zone_draft *draft, size_t i);

/* The number of a type in the draft, added if it is new; there is always room for the two of a rule. */
uint32_t itsm__draft_type(itsm__zone_draft *draft, int32_t offset, int32_t dst, itsm_str abbreviation);

#endif
