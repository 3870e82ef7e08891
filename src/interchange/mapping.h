/* SPDX-License-Identifier: MIT */
/*
 * A mapping as its readers see it: which column is what, and how the texts of a column become values of a field.
 */
#ifndef ITSM_SRC_INTERCHANGE_MAPPING_H
#define ITSM_SRC_INTERCHANGE_MAPPING_H

#include <itsm/interchange.h>

#include "base/map.h"

/* Columns with a meaning of their own; the order is that of the table in mapping.c. */
enum {
    ITSM__COLUMN_CASE,
    ITSM__COLUMN_AT,
    ITSM__COLUMN_WHO,
    ITSM__COLUMN_OPENED,
    ITSM__COLUMN_RESOLVED,
    ITSM__COLUMN_CLOSED,
    ITSM__COLUMN_CREATED,
    ITSM__COLUMN_STATE,
    ITSM__COLUMN_ACTIVE, /* from here on: measures */
    ITSM__COLUMN_MADE_SLA,
    ITSM__COLUMN_MODIFICATIONS,
    ITSM__COLUMN_REASSIGNMENTS,
    ITSM__COLUMN_REOPENINGS,
    ITSM__COLUMN_PRIORITY,
    ITSM__COLUMN_IMPACT,
    ITSM__COLUMN_URGENCY,
    ITSM__COLUMN_COUNT
};

/* What a state of the source means. */
typedef struct itsm__state_map {
    itsm_str source;
    const itsm_state_def *state;
    const itsm_value *set; /* by field of the mapping; ITSM_NONE: not set by this state; NULL: none set */
} itsm__state_map;

/* How one field is read. */
typedef struct itsm__field_map {
    const itsm_field_def *field;
    itsm_str column;  /* empty: set by states only */
    itsm__map values; /* source text -> index in `targets`; empty: the text itself */
    itsm_value *targets;
    size_t ntargets;
    itsm_value otherwise; /* with `tolerant`: what a text that is not listed means; ITSM_NONE: no value */
    uint32_t tolerant;    /* 0: a text that is not listed is an error */
    uint32_t translated;  /* 1: through `values` */
    uint32_t when_done;   /* 1: known only in states of category resolved or closed */
} itsm__field_map;

struct itsm_mapping {
    itsm__memory memory;
    itsm__arena text;
    itsm_str name;
    const itsm_type_def *type;
    const itsm_machine *machine; /* its primary lifecycle */
    char delimiter;
    itsm_time_pattern pattern;
    itsm_str *missing; /* texts that mean: no value */
    size_t nmissing;
    unsigned char begins[256]; /* 1: one of them begins with this byte; the empty one counts as 0 */
    itsm_str columns[ITSM__COLUMN_COUNT]; /* empty: not in the log */
    uint32_t resolved_is_final;
    itsm__map states_by_name; /* source name -> index in states */
    itsm__state_map *states;
    size_t nstates;
    itsm__field_map *fields;
    itsm_str *field_names; /* same order */
    size_t nfields;
};

/* Is this text one of those that mean: no value? */
int itsm__mapping_is_missing(const itsm_mapping *mapping, itsm_str text);

/* What a mapping calls a column, by ITSM__COLUMN_... */
const char *itsm__column_name(size_t which);

#endif
