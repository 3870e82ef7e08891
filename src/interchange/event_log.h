/* SPDX-License-Identifier: MIT */
/*
 * What the replay needs of a log beyond its events.
 */
#ifndef ITSM_SRC_INTERCHANGE_EVENT_LOG_H
#define ITSM_SRC_INTERCHANGE_EVENT_LOG_H

#include "interchange/mapping.h"
#include "text/csv.h"

/* Where the mapping's columns stand in the log, by ITSM__COLUMN_...; UINT32_MAX: nowhere. */
const uint32_t *itsm__event_log_places(const itsm_event_log *log);

/* The names of all columns. */
size_t itsm__event_log_header(const itsm_str **out, const itsm_event_log *log);

/* Which of the mapping's states the latest row is in. */
size_t itsm__event_log_state(const itsm_event_log *log);

/* SHA-256 of what was read so far. */
void itsm__event_log_digest(unsigned char digest[32], const itsm_event_log *log);

#endif
