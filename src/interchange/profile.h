/* SPDX-License-Identifier: MIT */
/*
 * The measures of an event log as it stands, before any lifecycle looks at it: counts, transitions, dwell and lead
 * times, backlog, and what is odd about the data.  All times are the log's own wall clock.
 */
#ifndef ITSM_SRC_INTERCHANGE_PROFILE_H
#define ITSM_SRC_INTERCHANGE_PROFILE_H

#include "base/map.h"
#include "interchange/mapping.h"
#include "text/json.h"

/* A case of the log, as far as it was read. */
typedef struct itsm__log_case {
    itsm_str number; /* in the map's arena */
    itsm_log_stamp opened, resolved, closed;
    int64_t last_at;                                  /* wall clock of the latest row */
    int64_t modifications, reassignments, reopenings; /* as given last; -1: never */
    int64_t reassignments_max, reopenings_max;
    uint64_t events;                        /* rows so far */
    uint64_t known;                         /* of them, those that were in the store before */
    uint32_t check;                         /* checksum over them */
    uint32_t first_state, last_state;       /* in `states` */
    uint32_t first_priority, last_priority; /* in `priorities`; UINT32_MAX: none */
    unsigned char made_sla, made_sla_changed, priority_changed, opened_kind;
} itsm__log_case;

/* Rows of a case that a later one follows, by the state they are in. */
typedef struct itsm__dwell {
    uint64_t steps;
    int64_t minutes;
} itsm__dwell;

typedef struct itsm__profile {
    itsm__memory memory;
    const itsm_mapping *mapping;
    const uint32_t *places;    /* of the mapping's columns in the log */
    itsm__map cases_by_number; /* number -> index in cases */
    itsm__log_case *cases;
    size_t ncases, case_capacity;
    itsm__map states;       /* source name -> events; in the order of the mapping */
    itsm__dwell *dwell;     /* by state */
    uint64_t *transitions;  /* by state, then by state of the next row */
    itsm__map priorities;   /* label -> events */
    itsm__map combinations; /* "impact|urgency|priority" -> events */
    size_t combination;     /* that of the row before */
    uint64_t *missing;      /* by column */
    size_t ncolumns;
    uint64_t events;
    int64_t opened_min, opened_max, last_update;
    uint64_t closed_event_active, nonclosed_event_inactive, created_before_opened, updated_before_opened;
    uint64_t time_decreases, time_ties, first_modification_not_0, modification_decreases, modification_gaps;
    uint64_t made_sla_false_to_true, reassignment_decreases, reopening_decreases;
    itsm_buf scratch;
} itsm__profile;

/* `places` stays until the last row was added.  After a failure, clear it. */
itsm_status itsm__profile_init(itsm__profile *profile, const itsm__memory *memory, const itsm_mapping *mapping,
                               const uint32_t *places, size_t ncolumns);
void itsm__profile_clear(itsm__profile *profile);

/* Take one row into account, which is in that state of the mapping; *out is its case, valid until the next call. */
itsm_status itsm__profile_add(itsm__profile *profile, itsm__log_case **out, const itsm_log_event *event, size_t state);

#endif
