/* SPDX-License-Identifier: MIT */
/*
 * The inside of a system and of a unit of work.
 *
 * A work holds *drafts*: records as this work sees them.  An operation touches drafts (their values are kept aside),
 * changes them freely, and then either *settles*, which writes a history row and an audit entry for every touched
 * draft and moves its clocks on, by comparing it with what was kept; or is *undone*, which puts that back.  Undoing
 * cannot fail, so an operation that fails leaves the work as it was.  Commit turns drafts, clocks, links, history,
 * notices and audit entries into one batch.
 */
#ifndef ITSM_SRC_SMS_INTERNAL_H
#define ITSM_SRC_SMS_INTERNAL_H

#include <itsm/sms.h>

#include "base/ctx.h"
#include "base/map.h"
#include "record/internal.h"
#include "sms/history.h"
#include "sms/observe.h"

#define ITSM__CLOCKS_MAX 4
#define ITSM__FACTS_MAX 65 /* fields that rules may read, and the priority */

/* Index of records by when a timer may move them, beside those of the model. */
#define ITSM__INDEX_NEXT_AT 0x7F01

/* Index of clocks by their next alarm.  Rows of the versions before 3, which do not name their record, have index 1. */
#define ITSM__INDEX_ALARM 2

/* Engine fields of a record, beside those of the model: what was observed of it. */
enum {
    ITSM__FIELD_OBSERVED = 22,      /* int: events observed so far */
    ITSM__FIELD_OBSERVED_CHECK = 23 /* int: checksum over them */
};

/* Fields of the type `approval` that the engine knows. */
enum {
    ITSM__APPROVAL_SUBJECT,
    ITSM__APPROVAL_BODY,
    ITSM__APPROVAL_APPROVER,
    ITSM__APPROVAL_POLICY,
    ITSM__APPROVAL_QUORUM,
    ITSM__APPROVAL_DUE,
    ITSM__APPROVAL_COMMENT,
    ITSM__APPROVAL_REQUESTED_AT,
    ITSM__APPROVAL_SUBJECT_VERSION,
    ITSM__APPROVAL_EVIDENCE_HASH,
    ITSM__APPROVAL_VOID_REASON,
    ITSM__APPROVAL_FIELDS
};

/* What a clock has told, and what it tells next; see alarms.c. */
typedef struct itsm__alarms {
    itsm_time next;          /* instant of the next alarm that was not told; ITSM_TIME_NONE: there is none */
    itsm_time altered;       /* the earliest event written since the row was read; INT64_MAX: none was */
    itsm_time from;          /* what was reached up to then is not told; ITSM_TIME_NONE: all is */
    uint32_t cycle, version; /* those of the alarm told last; 0: nothing was told */
    uint64_t thresholds;     /* told in that cycle and version, as bits */
    int breach;              /* told in that cycle and version */
} itsm__alarms;

/* One clock of a draft: the events, and what its targets were chosen by. */
typedef struct itsm__clock_draft {
    uint32_t kind;
    itsm_id id;      /* of its row, once that was looked for */
    uint64_t expect; /* revision of its row in the store */
    int exists, dirty, final;
    itsm_time stopped; /* with `final`: where the source says that it stopped for good */
    itsm_clock_event *events;
    size_t n, capacity;
    int64_t *priorities; /* one for each target */
    size_t npriorities, priority_capacity;
    unsigned char *facts; /* the other fields, see facts.c */
    size_t nfacts, last_facts, facts_capacity;
    itsm_ref about; /* the record; type 0: the row is of a version that did not say */
    itsm__alarms alarms;
    size_t committed; /* bytes of the row before the alarms: given by encoding and by decoding */
} itsm__clock_draft;

typedef struct itsm__draft {
    itsm_record *record;
    uint64_t expect;   /* revision in the store; ITSM_REV_NONE: not there */
    uint64_t revision; /* as this work leaves it */
    int changed, checked, clocks_loaded, touched, has_history;
    itsm_id history; /* with has_history: of the first row of its history */
    size_t entry;    /* the last of its audit entries, once it is `changed` */
    itsm__clock_draft clocks[ITSM__CLOCKS_MAX];
} itsm__draft;

/* A draft an operation changes, as it was before; `before` shares its texts. */
typedef struct itsm__touch {
    itsm__draft *draft;
    itsm_record *before;
    uint64_t revision;
    int changed, created;
    int by_system;    /* a move that was fired */
    int taken_in;     /* others made the record; its clocks begin now */
    int clocks_saved; /* `clocks` has how they were; their arrays lie in the work's arena */
    itsm__clock_draft clocks[ITSM__CLOCKS_MAX];
    uint32_t action;
    itsm_str event; /* borrowed from the model or the operation's arena */
} itsm__touch;

/* A link made or taken away by this work. */
typedef struct itsm__link_change {
    itsm_ref from, to; /* in the direction the row is kept */
    const itsm_link_def *link;
    int added;    /* 0: taken away */
    size_t entry; /* the first audit entry of the operation that did so */
} itsm__link_change;

/* A piece of the work's byte buffer. */
typedef struct itsm__piece {
    itsm_ref ref;      /* of the row; of an audit entry, the record */
    uint64_t revision; /* of an audit entry: the record's before */
    size_t offset, n;
} itsm__piece;

typedef struct itsm__pieces {
    itsm__piece *items;
    size_t n, capacity;
} itsm__pieces;

/* An audit entry that says what an operation of the batch leaves in its row, see rows.c. */
typedef struct itsm__named_row {
    size_t entry, op;
    size_t committed; /* bytes of the body that it commits to */
} itsm__named_row;

#define ITSM__ALL_BYTES SIZE_MAX

/* What one commit writes, see commit.c; kept for the next. */
typedef struct itsm__batch {
    itsm_work *work;
    itsm__named_row *rows;
    size_t nrows, row_capacity;
    itsm_buf entries; /* the bytes of those that say so */
    itsm_op *ops;
    size_t *body_at; /* by op: offset of its body in the buffer, SIZE_MAX: it stays put */
    size_t *keys_at; /* by op: offset of the keys that follow one another there, SIZE_MAX: they stay put */
    size_t nops, op_capacity, body_capacity, keys_capacity;
    itsm_buf bytes, scratch;
} itsm__batch;

/* The schedule row as this work sees it. */
typedef struct itsm__schedule {
    int loaded, checked, dirty; /* read; judged by; to be written */
    uint64_t expect;
    const itsm_value *lists[3]; /* of blackouts: from, to, name */
    size_t n;
} itsm__schedule;

/* A row that is taken away with the batch. */
typedef struct itsm__deletion {
    itsm_ref ref;
    uint64_t expect;
} itsm__deletion;

/* Where a work stands before an operation, to go back to. */
typedef struct itsm__mark {
    size_t history, audit, notices, nnotices, bytes, nlinks;
    size_t replaced;                 /* a link change that was overwritten, or SIZE_MAX ... */
    itsm__link_change replaced_link; /* ... and what it was */
    int has_txid, schedule_loaded, schedule_checked, schedule_dirty;
    itsm__arena_mark arena;
} itsm__mark;

/* Places in a type, in order. */
typedef struct itsm__places {
    const uint16_t *at;
    size_t n;
} itsm__places;

/* A move, and where it belongs. */
typedef struct itsm__machine_move {
    const itsm_machine *machine;
    const itsm_move_def *move;
} itsm__machine_move;

/* What operations look at in a type, out of all it has. */
typedef struct itsm__plan {
    itsm__places personal;  /* fields */
    itsm__places derived;   /* fields */
    itsm__numbers formulas; /* of those, and of the fields they are derived from */
    itsm__places mandatory; /* fields that are so somewhere */
    itsm__places links;     /* relations that are kept in a field */
    itsm__machine_move *timed; /* moves that a timer makes */
    size_t ntimed;
} itsm__plan;

struct itsm_sms {
    itsm_ctx *ctx;
    itsm_ctx quiet; /* for calls that would clear the issues of an operation under way */
    itsm__memory memory;
    const itsm_model *model;
    itsm_store *store;
    itsm_sla *sla;
    itsm_buf key;
    itsm_work *open;               /* the work that is open, or NULL */
    itsm_work *spare;              /* the work that was freed last, for the next; or NULL */
    const itsm_type_def *approval; /* NULL: the model has none that the engine can judge by */
    const itsm_field_def *approval_field[ITSM__APPROVAL_FIELDS];
    itsm__plan *plans;                /* by type, among the texts */
    unsigned char *anchors;           /* by type and link: see itsm__is_anchor() */
    const itsm_guard_def **scheduled; /* by type: a guard that looks for collisions, or NULL */
    size_t nanchors, nscheduled;
    itsm_retention *retentions;
    size_t nretentions;
    itsm__arena texts;   /* of the retentions; the plans */
    itsm_guard_fn guard; /* the host's own guards, or NULL */
    void *guard_user;
    itsm__arena arena;         /* of what was read last */
    itsm__clock_draft reading; /* the clock given last */
};

struct itsm_work {
    itsm_sms *sms;
    itsm_ctx *ctx;
    itsm__memory memory;
    itsm_act act;
    itsm__arena texts; /* of act */
    itsm__arena arena; /* of the operations since the last commit */
    itsm_view view;
    itsm__map by_ref;     /* 20 bytes of a ref -> place in drafts */
    itsm__draft **drafts; /* the first ndrafts are in use; the rest wait to be used again */
    size_t ndrafts, made_drafts, draft_capacity;
    itsm__touch *touches; /* of the operation under way */
    size_t ntouches, made_touches, touch_capacity;
    itsm__draft **checks; /* drafts that this operation was the first to judge by */
    size_t nchecks, check_capacity;
    itsm__mark mark; /* of the operation under way */
    itsm_row_field *replaced; /* values that the touch being settled replaced */
    size_t replaced_capacity;
    itsm__link_change *links;
    size_t nlinks, link_capacity;
    itsm__schedule schedule;
    itsm__deletion *deletions;
    size_t ndeletions, deletion_capacity;
    itsm_buf bytes; /* bodies and entries */
    itsm__batch batch;
    itsm__pieces history, audit, notices;
    itsm_id txid;
    int has_txid;
    int unsure;    /* the answer to a batch was lost: it may have been applied */
    int observing; /* what others changed is being recorded */
    int by_system; /* a fired move is under way */
    itsm_ref last;
    const itsm_type_def *priority_type; /* the type looked at last, and its field `priority` */
    const itsm_field_def *priority;
    itsm_notice *notice; /* notices of the operations, for the outcome */
    size_t nnotices, notice_capacity;
    itsm__draft *observed;      /* the case observed last, while it is a draft; or NULL */
    itsm_deviation *deviations; /* of the observation under way */
    size_t ndeviations, deviation_capacity;
};

/* plan.c -------------------------------------------------------------------------------------------------------------- */

itsm_status itsm__plans_new(itsm_sms *sms);
const itsm__plan *itsm__plan_of(const itsm_sms *sms, const itsm_record *record);

/* work.c -------------------------------------------------------------------------------------------------------------- */

/* The draft of a record, read if need be; ITSM_NOTHING if there is none. */
itsm_status itsm__work_find(itsm__draft **out, itsm_work *work, itsm_ref ref);
itsm_status itsm__work_add(itsm__draft **out, itsm_work *work, const itsm_type_def *type, itsm_ref ref);

/* Begin an operation: ITSM_OK, or why there can be none. */
itsm_status itsm__work_begin(itsm_work *work);

/* The commit depends on this draft staying as it was read. */
itsm_status itsm__work_check(itsm_work *work, itsm__draft *draft);

/*
 * Calls that clear issues or note their own, made while issues of the operation stand, are given itsm__quiet(); then
 * itsm__relay() hands on what a failed one noted.
 */
itsm_ctx *itsm__quiet(itsm_work *work);
itsm_status itsm__relay(itsm_work *work, itsm_status rc);

/* Keep a draft as it was, that this operation is about to change. */
itsm_status itsm__work_touch(itsm__touch **out, itsm_work *work, itsm__draft *draft, uint32_t action, itsm_str event);

/* End an operation: keep what it did, or put everything back. */
itsm_status itsm__work_settle(itsm_work *work, itsm_time effective, itsm_str who);
void itsm__work_undo(itsm_work *work);

/* Forget a draft that this work made and that did not come to be; its record is empty, so nothing links to it. */
void itsm__work_drop(itsm_work *work, itsm__draft *draft);

void itsm__work_destroy(itsm_work *work);

/* Forget everything, keeping the memory. */
void itsm__work_empty(itsm_work *work);

itsm_time itsm__work_effective(const itsm_work *work);
/* When it is recorded: now, or, for history replayed without a clock, when it took effect. */
itsm_time itsm__work_recorded(const itsm_work *work, itsm_time effective);
itsm_status itsm__work_ready(itsm_work *work); /* with a view open */

/* Note an issue about a record's field, relation or move. */
itsm_status itsm__refuse(itsm_work *work, itsm_str where, const char *rule, itsm_str detail, itsm_str clause,
                         const char *message);

/* The next piece of a list, which starts at the end of the bytes and counts once the list's n is raised; or NULL. */
itsm__piece *itsm__add_piece(itsm_work *work, itsm__pieces *pieces);

/* Identity of a new row: a function of the key and the parts, or random. */
itsm_status itsm__work_new_id(itsm_id *out, itsm_work *work, const char *purpose, itsm_bytes content);

/* links.c ------------------------------------------------------------------------------------------------------------- */

typedef itsm_status (*itsm__linked_fn)(void *user, itsm_ref ref);

/* Every record linked by a relation as this work sees it, in order of their identities. */
itsm_status itsm__links_each(itsm_work *work, itsm__draft *draft, const itsm_link_def *link, itsm__linked_fn fn,
                             void *user);

/*
 * Does a move of this end's type judge by the set of records linked here, or may there be one only?  Then whatever joins
 * or leaves the set is written to the record at this end too, so that two who do so at a time meet there.
 */
int itsm__is_anchor(const itsm_sms *sms, const itsm_link_def *link);
itsm_status itsm__anchors_new(itsm_sms *sms);

/* After fields were written: links that live in them, seen from their other ends.  Refuses what these cannot take. */
itsm_status itsm__links_follow(itsm_work *work);

/* The row of a link: its body; its two keys one behind the other, with where they end. */
itsm_status itsm__link_body(itsm_buf *out, const itsm__link_change *change);
itsm_status itsm__link_keys(itsm_buf *out, const itsm_work *work, const itsm__link_change *change, size_t ends[2]);
itsm_id itsm__link_id(const itsm__link_change *change);

/* rows.c -------------------------------------------------------------------------------------------------------------- */

/* An operation of the batch was added last: which audit entry says what it leaves. */
itsm_status itsm__rows_name(itsm__batch *batch, size_t entry, size_t committed);

/* The audit entries of a batch whose operations are complete, with what they leave in their rows. */
itsm_status itsm__rows_entries(itsm_bytes *out, itsm__batch *batch);

/* personal.c ---------------------------------------------------------------------------------------------------------- */

/* Note in the plans which fields are personal. */
itsm_status itsm__personal_new(itsm_sms *sms, const itsm_str *names, size_t n);

/* Move the personal values out of what an operation replaced, each with a salt of its own. */
itsm_status itsm__personal_part(itsm__history_content *content, itsm_work *work, const itsm_record *record);

/* clocks.c ------------------------------------------------------------------------------------------------------------ */

itsm_status itsm__clocks_load(itsm_work *work, itsm__draft *draft);
void itsm__clocks_reset(itsm__draft *draft);
void itsm__clock_clear(const itsm__memory *memory, itsm__clock_draft *clock);

/* Move the clocks of a draft on, from how its record was to how it is. */
itsm_status itsm__clocks_follow(itsm_work *work, itsm__touch *touch, itsm_time effective);

/* Put them back. */
void itsm__clocks_undo(itsm__touch *touch);

/* Move the clocks on by an observed step: pauses end where the next event begins, and the source may say for good when
   the work was done. */
itsm_status itsm__clocks_observe(itsm_work *work, itsm__touch *touch, const itsm_observation *observation,
                                 itsm_time previous);

itsm_status itsm__clock_encode(itsm_buf *out, itsm__clock_draft *clock);
itsm_status itsm__clock_decode(itsm__clock_draft *out, const itsm__memory *memory, itsm_bytes body);
itsm_id itsm__clock_id(itsm_ref ref, uint32_t kind);
/* Put the stop that the source says for good among the events. */
itsm_status itsm__clock_with_stop(itsm__clock_draft *clock, const itsm__memory *memory);

/* alarms.c ------------------------------------------------------------------------------------------------------------ */

/* Find the next alarm of a clock whose events have changed. */
itsm_status itsm__clock_arm(itsm__clock_draft *clock, const itsm_sms *sms);

/* What happened elsewhere was told there: nothing is told of it up to the last event. */
void itsm__clock_hush(itsm__clock_draft *clock);

/* The key by which a tick finds it, appended; a clock without an alarm has none. */
itsm_status itsm__clock_key(itsm_buf *out, const itsm__clock_draft *clock);

/* Tell what clocks have reached up to now; *told: how many notices. */
itsm_status itsm__alarms_tell(uint64_t *told, itsm_sms *sms, itsm_time now);

/* When the first clock has something to tell; ITSM_NOTHING if none has. */
itsm_status itsm__alarms_next(itsm_time *out, itsm_sms *sms);

/* facts.c ------------------------------------------------------------------------------------------------------------- */

/* Look at what targets are chosen by; if that changed since the last target of a clock, it is that of one more. */
itsm_status itsm__facts_take(int *changed, itsm_work *work, itsm__clock_draft *clock, const itsm_record *record);

/* After a clock was read: where the facts of its last target lie. */
itsm_status itsm__facts_find_last(itsm__clock_draft *clock);

/* The facts of each target; texts are borrowed from the clock. */
itsm_status itsm__clock_facts(itsm_sla_facts **out, itsm__arena *arena, const itsm__clock_draft *clock);

/* operations.c -------------------------------------------------------------------------------------------------------- */

const itsm_state_def *itsm__record_state(const itsm_record *record, const itsm_machine *machine);
const itsm_state_def *itsm__primary_state(const itsm_record *record);
itsm_status itsm__set_state(itsm_record *record, const itsm_machine *machine, size_t state);
itsm_str itsm__clause_of(const itsm_type_def *type);

/* The worse of two answers: what failed outright, then a refusal, then undecided. */
itsm_status itsm__worse(itsm_status a, itsm_status b);

/* Begin an operation of the host on a record; and end it: follow the links, then settle or undo. */
itsm_status itsm__work_begin_at(itsm__draft **out, itsm_work *work, itsm_ref ref, uint64_t expect);
itsm_status itsm__work_end(itsm_work *work, itsm_status rc);
itsm_status itsm__work_has_time(itsm_work *work);

/* Write as a host in a state; every locked field is an issue. */
itsm_status itsm__write_fields(itsm_work *work, itsm__draft *draft, const itsm_named *set, size_t n,
                               const itsm_state_def *state, int creating);

/* Fields mandatory on entry to a state (NULL: at creation) that are missing. */
itsm_status itsm__check_mandatory(itsm_work *work, itsm__draft *draft, const itsm_state_def *state);

/* The record of a type with a number; ITSM_DONE if there is none. */
itsm_status itsm__find_number(itsm_ref *out, itsm_ctx *ctx, itsm_view *view, const itsm_type_def *type,
                              itsm_str number);
/* Recompute derived fields, but for those that the source of an observation carries. */
itsm_status itsm__derive(const itsm_sms *sms, itsm_record *record, const unsigned char *known);
/* The same for a draft that was derived when it was touched: needed only if what formulas read was written since. */
itsm_status itsm__derive_again(const itsm_sms *sms, itsm_record *record);

/* approve.c ----------------------------------------------------------------------------------------------------------- */

void itsm__approvals_new(itsm_sms *sms);

/* Do the approvals of a record satisfy a guard?  *out: 1 or 0.  Each one read becomes a check. */
itsm_status itsm__approved(uint32_t *out, itsm_work *work, itsm__draft *subject, const itsm_guard_def *guard);

/* A new approval: may it be asked for, and what the library writes into it.  Any other record: nothing. */
itsm_status itsm__approval_ask(itsm_work *work, itsm__draft *approval);

/* An approval that was decided keeps what was approved.  Any other record: nothing. */
itsm_status itsm__approval_decide(itsm_work *work, itsm__draft *approval, const itsm_state_def *from);

/* A host's write changed or emptied a field that had a value: void what the present states ask for. */
itsm_status itsm__approvals_void(itsm_work *work, itsm__draft *subject, itsm_str field);
itsm_status itsm__approvals_void_edited(itsm_work *work, itsm__draft *subject, const itsm_record *before,
                                        const itsm_named *set, size_t n);

/* schedule.c ---------------------------------------------------------------------------------------------------------- */

itsm_status itsm__schedules_new(itsm_sms *sms);

/* Neither a blackout nor another scheduled record is in the way: *out is 1 or 0.  The schedule row becomes a check. */
itsm_status itsm__no_conflict(uint32_t *out, itsm_work *work, itsm__draft *draft, const itsm_guard_def *guard);

/* After an operation: did it change who is scheduled, when, or on what? */
itsm_status itsm__schedule_follow(itsm_work *work, const itsm__touch *touch);

/* What collides has changed: the schedule row is written with the batch. */
itsm_status itsm__schedule_alter(itsm_work *work);

/* The check or the write of the row; its body is appended to the bytes. */
itsm_status itsm__schedule_op(itsm_op *out, itsm_buf *bytes, const itsm_work *work);

/* tick.c -------------------------------------------------------------------------------------------------------------- */

/* The earliest instant at which a timer can move a record as it is; ITSM_TIME_NONE: not before it is written again. */
itsm_time itsm__timer_at(itsm_work *work, itsm__draft *draft);

/* observe.c ----------------------------------------------------------------------------------------------------------- */

/* From the state a draft is in to the one observed: the move that explains it, what it lacked, and its effects. */
itsm_status itsm__observe_step(itsm_str *event, itsm_work *work, itsm_observer *observer, itsm__draft *draft,
                               const itsm_observation *o, const itsm_state_def *to);
const itsm_type_def *itsm__observer_type(const itsm_observer *observer);

/* foreign.c ----------------------------------------------------------------------------------------------------------- */

/* Do others write to the store?  Then a row beside each record keeps what it was when it was committed last. */
int itsm__is_foreign(const itsm_sms *sms);
itsm_ref itsm__seen_ref(itsm_ref ref);

/* purge.c ------------------------------------------------------------------------------------------------------------- */

/* Delete a row with the commit; the last entry of the work says so.  ITSM_REV_NONE: others have, which is checked. */
itsm_status itsm__work_delete(itsm_work *work, itsm_ref ref, uint64_t expect);
/* Delete the clocks of a record so. */
itsm_status itsm__clocks_delete(itsm_work *work, itsm_ref ref);

itsm_status itsm__retentions_new(itsm_sms *sms, const itsm_retention *list, size_t n);

/* The rows of all links of a record. */
itsm_status itsm__links_delete(itsm_work *work, itsm__draft *draft,
                               itsm_status (*delete_row)(itsm_work *, itsm_ref, uint64_t));

/* History and audit entry of one touched draft. */
itsm_status itsm__add_entry(itsm_work *work, const itsm__touch *touch, itsm__history_content *content);

/* move.c -------------------------------------------------------------------------------------------------------------- */

/* Make a move as the library itself, as part of the operation under way. */
itsm_status itsm__move_as_system(itsm_work *work, itsm__draft *draft, itsm_str name);

/* Every move from the present states of a draft, tried and undone. */
itsm_status itsm__work_possible(itsm_work *work, itsm__draft *draft, itsm_possible_fn fn, void *user);

/* notices.c ----------------------------------------------------------------------------------------------------------- */

/* Rows of the notices noted since the mark. */
itsm_status itsm__notices_settle(itsm_work *work);

/* The body of a notice; its identity, of which `unique` has the lower bits. */
itsm_status itsm__notice_body(itsm_buf *out, const itsm_notice *notice);
itsm_id itsm__notice_id(itsm_time at, size_t place, uint64_t unique);

/* How guards read a draft.  `known`, if not NULL, says by field index which fields its source carries. */
typedef struct itsm__draft_subject {
    itsm_work *work;
    itsm__draft *draft;
    const unsigned char *known;
} itsm__draft_subject;
extern const itsm_subject_methods itsm__draft_methods;

#endif
