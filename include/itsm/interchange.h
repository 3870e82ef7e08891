/* SPDX-License-Identifier: MIT */
/**
 * @file itsm/interchange.h
 * Event logs of other systems: read through a mapping, replayed through the engine, measured.
 *
 * A log is rows of case, event, time and attributes.  A *mapping* says which column is what.  Replaying a log records
 * each event as it was: history the lifecycle would not have allowed is kept whole, and each deviation is counted with
 * its rule and clause.  Replaying the same log into the same store again changes nothing.
 */
#ifndef ITSM_INTERCHANGE_H
#define ITSM_INTERCHANGE_H

#include <itsm/calendar.h>
#include <itsm/sla.h>
#include <itsm/sms.h>
#include <itsm/time.h>

ITSM_BEGIN_C

/* Mapping ----------------------------------------------------------------------------------------------------------- */

/** Says what the columns of a log mean.  Immutable; freed after every log that uses it. */
typedef struct itsm_mapping itsm_mapping;

/**
 * Read a mapping.  The format is described in docs/mapping.md; examples/servicenow-map.json is one.
 *
 * @param out   Yours; freed by itsm_mapping_free().
 * @param ctx   For memory and issues.
 * @param model The model whose types, fields and states it names; kept.
 * @param json  The mapping.
 * @retval ITSM_OK        Read.
 * @retval ITSM_E_SYNTAX  Not JSON; the issue has line and column.
 * @retval ITSM_E_INVALID A member is unknown, missing or of the wrong kind, or names no field or state; the issue says
 *                        which and where.
 * @retval ITSM_E_VERSION Its format is newer than this library.
 * @retval ITSM_E_LIMIT   It is larger than 64 MiB, or names more than 256 states.
 * @retval ITSM_E_NOMEM   No memory.
 * @retval ITSM_E_MISUSE  @p out, @p ctx or @p model is NULL.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_mapping_load(itsm_mapping **out, itsm_ctx *ctx, const itsm_model *model,
                                                     itsm_str json);

/**
 * Free a mapping.
 *
 * @param mapping NULL is allowed.
 * @since 0.1
 */
ITSM_API void itsm_mapping_free(itsm_mapping *mapping);

/**
 * Name the type the cases of the log are.
 *
 * @param mapping A mapping.
 * @return E.g. "incident"; borrowed.
 * @since 0.1
 */
ITSM_API itsm_str itsm_mapping_type(const itsm_mapping *mapping);

/**
 * List the fields the log carries, in the order of #itsm_log_event.values.
 *
 * @param out     Names; borrowed from the mapping.
 * @param mapping A mapping.
 * @return How many.
 * @since 0.1
 */
ITSM_API size_t itsm_mapping_fields(const itsm_str **out, const itsm_mapping *mapping);

/* Event log --------------------------------------------------------------------------------------------------------- */

/** A log being read, row by row. */
typedef struct itsm_event_log itsm_event_log;

/**
 * Gives the next bytes of an input; *n = 0 means the end.
 *
 * @param self     The source.
 * @param out      Where they go.
 * @param capacity Room there.
 * @param n        How many were put there.
 * @return ITSM_OK or what went wrong.
 * @since 0.1
 */
typedef itsm_status (*itsm_read_fn)(void *self, void *out, size_t capacity, size_t *n);

/** A civil stamp of the log: as written and as an instant. */
typedef struct itsm_log_stamp {
    int64_t local; /**< Wall-clock microseconds since 1970-01-01T00:00:00; ITSM_TIME_NONE: missing. */
    itsm_time at;  /**< The instant in the log's zone; in a gap by the offset before it, in an overlap the first. */
} itsm_log_stamp;

/** One row of a log; borrowed until the next. */
typedef struct itsm_log_event {
    size_t size;              /**< sizeof(itsm_log_event). */
    uint64_t line;            /**< Line it begins on, from 1. */
    itsm_str number;          /**< Its case. */
    itsm_str source_state;    /**< State as the source names it. */
    itsm_str state;           /**< State of the model it maps to. */
    uint32_t category;        /**< Category of that state: ITSM_OPEN, ... */
    uint32_t opened_kind;     /**< ITSM_LOCAL_UNIQUE, or how its @c opened stamp had to be read. */
    itsm_str who;             /**< Who made it so; may be empty. */
    itsm_log_stamp at;        /**< When it happened. */
    itsm_log_stamp opened;    /**< When the case was opened. */
    itsm_log_stamp resolved;  /**< When it was resolved. */
    itsm_log_stamp closed;    /**< When it was closed. */
    itsm_log_stamp created;   /**< When its record was made. */
    const itsm_value *values; /**< One per field of the mapping. */
    size_t nvalues;           /**< How many. */
    const itsm_str *columns;  /**< All columns as written. */
    size_t ncolumns;          /**< How many. */
} itsm_log_event;

/**
 * Begin to read a CSV log (RFC 4180).  Reads the header line.
 *
 * @param out     Yours; freed by itsm_event_log_free().
 * @param ctx     For memory and issues; kept.
 * @param mapping Kept.
 * @param zone    Zone of stamps that name none; a share is taken.
 * @param read    Gives the bytes.
 * @param self    Passed to @p read.
 * @retval ITSM_OK        The header has every column the mapping names.
 * @retval ITSM_E_INVALID A column is missing; the issue names the nearest one there.
 * @retval ITSM_E_SYNTAX  Not CSV, or empty.
 * @retval ITSM_E_LIMIT   The header has more than 4096 columns, or a field of it more than 1 MiB.
 * @retval ITSM_E_NOMEM   No memory.
 * @retval ITSM_E_MISUSE  A pointer is NULL.
 * @return Or what @p read answered.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_event_log_open(itsm_event_log **out, itsm_ctx *ctx, const itsm_mapping *mapping,
                                                       const itsm_zone *zone, itsm_read_fn read,
                                                       void *self);

/**
 * Read the next row.
 *
 * @param out Borrowed until the next call.
 * @param log A log.
 * @retval ITSM_OK        @p out is the row.
 * @retval ITSM_DONE      There are no more.
 * @retval ITSM_E_SYNTAX  Not CSV, or cut off; the issue has line and column.
 * @retval ITSM_E_INVALID A value does not fit the mapping; the issue has line, column and what was expected.
 * @retval ITSM_E_LIMIT   A field has more than 1 MiB, or a row more than 16 MiB.
 * @retval ITSM_E_NOMEM   No memory.
 * @retval ITSM_E_MISUSE  A pointer is NULL.
 * @return Or what the source answered.  After a failure every later call answers the same.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_event_log_next(const itsm_log_event **out, itsm_event_log *log);

/**
 * Free a log.
 *
 * @param log NULL is allowed.
 * @since 0.1
 */
ITSM_API void itsm_event_log_free(itsm_event_log *log);

/* Replay ------------------------------------------------------------------------------------------------------------ */

/** What a replay found. */
typedef struct itsm_replay itsm_replay;

/** How to replay.  All members may be zero. */
typedef struct itsm_replay_options {
    size_t size;                 /**< sizeof(itsm_replay_options). */
    const itsm_sla *const *slas; /**< Targets to measure against, each with its calendar; the first is the system's. */
    size_t nslas;                /**< How many. */
    uint32_t batch;              /**< Events per atomic batch; 0 = 1000. */
    uint32_t reserved;           /**< 0 */
    itsm_str who;                /**< Who replays, for the audit trail; empty = "replay". */
    /** When the events are recorded.  ITSM_TIME_NONE or 0: each at its own time, so that runs are identical. */
    itsm_time now;
    /** Told after each batch; NULL: nobody.  A non-zero answer stops the replay and comes back. */
    itsm_status (*progress)(void *user, uint64_t events);
    void *user; /**< Passed to @c progress. */
} itsm_replay_options;

/** Start value of #itsm_replay_options. */
#define ITSM_REPLAY_OPTIONS_INIT \
    { sizeof(itsm_replay_options), NULL, 0, 0, 0, { NULL, 0 }, ITSM_TIME_NONE, NULL, NULL }

/** Counts of a replay. */
typedef struct itsm_replay_counts {
    size_t size;              /**< sizeof(itsm_replay_counts). */
    uint64_t events;          /**< Rows of the log. */
    uint64_t cases;           /**< Cases in it. */
    uint64_t recorded;        /**< Events recorded now. */
    uint64_t known;           /**< Events that were in the store already. */
    uint64_t deviations;      /**< Rules missed, over all events in the log that were recorded now or before. */
    uint64_t undecided;       /**< Rules that cannot be judged from this log. */
    uint64_t audit_size;      /**< Entries of the audit trail. */
    unsigned char audit_root[32]; /**< Root of its Merkle tree (RFC 6962). */
} itsm_replay_counts;

/** Start value of #itsm_replay_counts. */
#define ITSM_REPLAY_COUNTS_INIT { sizeof(itsm_replay_counts), 0, 0, 0, 0, 0, 0, 0, { 0 } }

/**
 * Run a log through lifecycle, clocks, store and audit trail.
 *
 * Batches are cut at fixed places of the log, so a replay that was stopped and is run again ends in the same store.
 * A log that grew is replayed on from where it ended: every figure is then that of the whole log replayed at once, but
 * the audit root need not be, since an entry tells the batch it was part of and the two runs cut their batches apart.
 *
 * @param out     Yours; freed by itsm_replay_free().
 * @param sms     Made with options.key, for identical runs, and with the first of options->slas.
 * @param mapping The mapping of @p log.
 * @param log     Read to its end.
 * @param options NULL for none of them.
 * @retval ITSM_OK         The log is in the store.
 * @retval ITSM_E_SYNTAX   The log is not CSV or is cut off; batches before that place are in the store.
 * @retval ITSM_E_INVALID  A row does not fit the mapping.
 * @retval ITSM_E_CONFLICT The store has other events for a case than the log.
 * @retval ITSM_E_NO_OPEN_TIME A calendar never opens, so no due date exists.
 * @retval ITSM_E_FULL     No space in the store.
 * @retval ITSM_E_IO       The store or the input failed.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_replay_run(itsm_replay **out, itsm_sms *sms, const itsm_mapping *mapping,
                                                   itsm_event_log *log, const itsm_replay_options *options);

/**
 * Free the result of a replay.
 *
 * @param replay NULL is allowed.
 * @since 0.1
 */
ITSM_API void itsm_replay_free(itsm_replay *replay);

/**
 * Read the counts.
 *
 * @param out    Filled up to `out->size`.
 * @param replay A result.
 * @since 0.1
 */
ITSM_API void itsm_replay_counts_get(itsm_replay_counts *out, const itsm_replay *replay);

/**
 * Write the metrics of the log, the SLA totals per calendar, the deviations and the audit root as JSON.
 *
 * The definitions stand beside the figures, under `definitions`.
 *
 * @param out    Appended to.
 * @param replay A result.
 * @retval ITSM_OK      Written.
 * @retval ITSM_E_NOMEM No memory.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_replay_encode(itsm_buf *out, const itsm_replay *replay);

/**
 * Write one line per case: number, gross and net working minutes, and due instant, per calendar.
 *
 * @param out    Appended to.
 * @param replay A result.
 * @retval ITSM_OK      Written.
 * @retval ITSM_E_NOMEM No memory.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_replay_encode_sla(itsm_buf *out, const itsm_replay *replay);

/* Golden cases ------------------------------------------------------------------------------------------------------ */

/**
 * Walk one scenario: a case in steps, each with the exact answer it must get, on a store of its own in memory.
 *
 * The format is that of the model's `scenarios.jsonl`: `id`, `start` (the first instant), `steps`, `final` (record to
 * facet to state).  Before a move without fields the same is asked of itsm_sms_possible(), which must agree.
 *
 * @param ctx     Gives memory.
 * @param model   The model.
 * @param line    A JSON object.
 * @param failure Appended to if it fails: `id: step ...: expected ..., actual ...`.
 * @retval ITSM_OK        Every step was answered exactly so.
 * @retval ITSM_E_INVALID One was not, or it is no scenario.
 * @retval ITSM_E_NOMEM   No memory.
 * @retval ITSM_E_MISUSE  A NULL.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_scenario_run(itsm_ctx *ctx, const itsm_model *model, itsm_str line,
                                                     itsm_buf *failure);

/**
 * Run one golden case of any format; its members tell which: `steps` a scenario, `op` a vector of working time.
 *
 * @param ctx     Gives memory and zones.
 * @param line    A JSON object.
 * @param failure Appended to if it fails.
 * @retval ITSM_OK        Passed.
 * @retval ITSM_E_INVALID Failed, or it is of no known format.
 * @retval ITSM_E_NOMEM   No memory.
 * @retval ITSM_E_MISUSE  A NULL.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_golden_run(itsm_ctx *ctx, itsm_str line, itsm_buf *failure);

/* Simulation -------------------------------------------------------------------------------------------------------- */

/** What to simulate. */
typedef struct itsm_simulate_options {
    size_t size;        /**< sizeof(itsm_simulate_options). */
    uint64_t incidents; /**< How many. */
    uint64_t seed;      /**< The same seed gives the same log. */
    int64_t first_day;  /**< Days since 1970-01-01; 0 = 2026-01-05. */
} itsm_simulate_options;

/** Start value of #itsm_simulate_options. */
#define ITSM_SIMULATE_OPTIONS_INIT { sizeof(itsm_simulate_options), 0, 0, 0 }

/**
 * Takes the next bytes of an output.
 *
 * @param self The sink.
 * @param p    Bytes.
 * @param n    How many.
 * @return ITSM_OK or what went wrong.
 * @since 0.1
 */
typedef itsm_status (*itsm_write_fn)(void *self, const void *p, size_t n);

/**
 * Write an incident log of a help desk that does not exist, in the columns of examples/servicenow-map.json.
 *
 * Cases come one after the other in the order they were opened; about 2 kB each.
 *
 * @param ctx     For memory and issues.
 * @param options How many, and the seed.
 * @param write   Given the log in pieces.
 * @param self    Passed to @p write.
 * @retval ITSM_OK      Written.
 * @retval ITSM_E_RANGE More than 10 million incidents, or a first day further than 500,000 days from 1970-01-01.
 * @retval ITSM_E_NOMEM No memory.
 * @retval ITSM_E_MISUSE @p options or @p write is NULL.
 * @return Or what @p write answered.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_simulate(itsm_ctx *ctx, const itsm_simulate_options *options,
                                                 itsm_write_fn write, void *self);

ITSM_END_C

#endif
