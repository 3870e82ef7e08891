/* SPDX-License-Identifier: MIT */
/*
 * The inside of a replay's result.
 */
#ifndef ITSM_SRC_INTERCHANGE_REPLAY_H
#define ITSM_SRC_INTERCHANGE_REPLAY_H

#include "interchange/event_log.h"
#include "interchange/profile.h"
#include "text/csv.h"

/* One case under one set of targets. */
typedef struct itsm__sla_value {
    itsm_span gross, net; /* ITSM_SPAN_NONE: never resolved, or resolved before it was opened */
    itsm_span goal;       /* ITSM_SPAN_NONE: no target */
    itsm_time due;        /* from opening, pauses left out; ITSM_TIME_NONE: no target or none to come */
} itsm__sla_value;

/* A rule missed or not decided, and how often. */
typedef struct itsm__rule_count {
    itsm_str move, rule, clause; /* in the arena */
    uint32_t undecided;
    uint64_t count;
} itsm__rule_count;

struct itsm_replay {
    itsm_ctx *ctx;
    itsm__memory memory;
    itsm__arena text;
    itsm_sms *sms;
    itsm_observer *observer;
    const itsm_mapping *mapping;
    itsm_sla **slas; /* shares */
    size_t nslas;
    itsm__profile profile;
    itsm__sla_value *values; /* by case, then by set of targets */
    itsm__map rules;         /* move NUL rule NUL clause NUL undecided -> index in counts */
    itsm__rule_count *counts;
    size_t ncounts, count_capacity;
    itsm_buf scratch;
    itsm_replay_counts totals;
    const itsm_str *header;   /* names of the log's columns, in the arena */
    unsigned char source[32]; /* SHA-256 of the log */
};

/* sla_table.c: measure every case under every set of targets, from its clock in the store. */
itsm_status itsm__sla_table_fill(itsm_replay *replay);

/* The calendar of a set of targets; NULL: it has none. */
const itsm_calendar *itsm__sla_calendar(const itsm_sla *sla);

/* What the SLA table calls a set of targets: its calendar's name, or its own. */
itsm_str itsm__sla_label(const itsm_sla *sla);

/* One row of the table: number, then gross, net, due under each of n sets of targets. */
itsm_status itsm__sla_line(itsm__csv_writer *out, const itsm__log_case *c, const itsm__sla_value *values, size_t n,
                           itsm_buf *scratch);

#endif
