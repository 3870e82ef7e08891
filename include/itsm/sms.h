/* SPDX-License-Identifier: MIT */
/**
 * @file itsm/sms.h
 * The running service management system: a model, a store and targets, and units of work on them.
 *
 * Every operation runs in a unit of work and ends in one atomic batch: the records, their links, their clocks, the
 * history row and the audit entry of each operation.  Nothing is half done.  The one-call forms open a work, do one
 * thing and commit; hold an #itsm_work yourself for several operations in one batch and for bulk loads.
 *
 * An operation that fails, for whatever reason, leaves its work exactly as it was and may be tried again.  Besides the
 * codes listed, every call may return ITSM_E_NOMEM (no memory), ITSM_E_MISUSE (a NULL that may not be, a work that is
 * open, an act without a time) and what the store failed with: ITSM_E_IO, ITSM_E_BUSY, ITSM_E_CORRUPT; and every call
 * that commits what itsm_work_commit() returns.
 */
#ifndef ITSM_SMS_H
#define ITSM_SMS_H

#include <itsm/audit.h>
#include <itsm/lifecycle.h>
#include <itsm/model.h>
#include <itsm/record.h>
#include <itsm/sla.h>
#include <itsm/store.h>

ITSM_BEGIN_C

/** Numbers of the rows the engine keeps beside the records; stored in data for ever. */
enum {
    ITSM_ROW_LINK = 0x7F01,    /**< One link between two records. */
    ITSM_ROW_CLOCK = 0x7F02,   /**< The events of one SLA clock of one record. */
    ITSM_ROW_HISTORY = 0x7F03, /**< What one operation changed on one record. */
    ITSM_ROW_NOTICE = 0x7F04,  /**< A notification not yet taken by the host. */
    ITSM_ROW_SETTING = 0x7F05, /**< A definition or setting by name. */
    ITSM_ROW_SEEN = 0x7F06     /**< A record as it was committed last, in a store that others write to too. */
};

/** A running system.  For one thread at a time; several may share one store that is ITSM_CAP_MT. */
typedef struct itsm_sms itsm_sms;

/** A unit of work: one view with its own changes laid over it, ended by one atomic batch. */
typedef struct itsm_work itsm_work;

/** A field by name, for the host's side of a call.  A value of kind ITSM_NONE empties the field. */
typedef struct itsm_named {
    itsm_str name;    /**< Name of a field of the type. */
    itsm_value value; /**< Its new value. */
} itsm_named;

/** Who is to be told what.  The library sends nothing. */
typedef struct itsm_notice {
    itsm_str to;              /**< A role, or the party in the field named by the model.  Of a clock: empty, since the
                                   model names nobody; the host knows whom. */
    itsm_str event;           /**< The move that asks for it.  Of a clock: "threshold" or "breach". */
    itsm_ref about;           /**< The record. */
    itsm_time at;             /**< When it happened. */
    itsm_id id;               /**< Its identity, for itsm_sms_notice_take(). */
    uint32_t metric;          /**< Of a clock: ITSM_RESPONSE, ITSM_RESOLUTION, ...; 0: a move asks for it. */
    uint32_t reserved;        /**< 0 */
    itsm_threshold threshold; /**< Of "threshold": the one that was reached at @c at; zeroed otherwise. */
    itsm_span left;           /**< Of a clock: working time left of its goal at @c at; negative beyond it; else 0. */
} itsm_notice;

/** What was done.  Its texts and notices are borrowed from the system until the next commit. */
typedef struct itsm_outcome {
    size_t size;                /**< sizeof(itsm_outcome). */
    itsm_ref ref;               /**< The record. */
    uint64_t revision;          /**< Its revision now. */
    itsm_str number;            /**< Its number, e.g. "INC0000045". */
    itsm_str state;             /**< Its primary state. */
    const itsm_notice *notices; /**< Who is to be told what; also kept as rows until taken: itsm_sms_notices(). */
    size_t nnotices;            /**< How many. */
} itsm_outcome;

/** Start value of #itsm_outcome. */
#define ITSM_OUTCOME_INIT { sizeof(itsm_outcome), { 0, { 0, 0 } }, 0, { NULL, 0 }, { NULL, 0 }, NULL, 0 }

/**
 * Judge a guard of the host's own, named in its model.
 *
 * @param user   The host's pointer.
 * @param out    1: it holds, 0: it does not.
 * @param guard  The guard; its name says which.
 * @param record The record as the move finds it; borrowed for the call.
 * @param act    Who acts, and when.
 * @return ITSM_OK; ITSM_E_UNDECIDED if it cannot be told; anything else stops the operation and comes back.
 */
typedef itsm_status (*itsm_guard_fn)(void *user, uint32_t *out, const itsm_guard_def *guard, const itsm_record *record,
                                     const itsm_act *act);

/** How long records of a class are kept after they were closed.  Fixed layout. */
typedef struct itsm_retention {
    itsm_str name;    /**< Value of the field `retention_class`; empty: records that name none. */
    itsm_span period; /**< From the closing on; not negative. */
} itsm_retention;

/** How a system works.  All members may be zero. */
typedef struct itsm_sms_options {
    size_t size;         /**< sizeof(itsm_sms_options). */
    const itsm_sla *sla; /**< Targets of the clocks; a share is taken.  NULL: no clocks. */
    /**
     * Makes identities, transaction numbers and salts a function of this key and of what is written, instead of the
     * context's random numbers: the same operations then give the same bytes and the same audit root.  Commitments
     * hide what was purged only from those who do not know the key.  `p == NULL`: random.
     */
    itsm_bytes key;
    itsm_guard_fn guard; /**< Judges the host's own guards; NULL: they are undecided, never passed. */
    void *guard_user;    /**< Passed to @c guard. */
    const itsm_retention *retentions; /**< Periods by class; copied.  A class without one is never purged. */
    size_t nretentions;               /**< How many. */
    /**
     * Fields whose values are personal: "incident.reporter", or "reporter" for the field of that name in every type.
     * In the history each of their values has a salt and a commitment of its own, so that one can be shown to somebody
     * with a proof that hides the rest.  Costs two digests for each value replaced.
     */
    const itsm_str *personal;
    size_t npersonal; /**< How many. */
} itsm_sms_options;

/** Start value of #itsm_sms_options. */
#define ITSM_SMS_OPTIONS_INIT { sizeof(itsm_sms_options), NULL, { NULL, 0 }, NULL, NULL, NULL, 0, NULL, 0 }

/**
 * Start a system on a store.
 *
 * @param out     Yours; freed by itsm_sms_free().
 * @param ctx     Kept; must outlive the system.
 * @param model   Kept, e.g. itsm_model_builtin().
 * @param store   Kept; must outlive the system.
 * @param options NULL for none of them.
 * @retval ITSM_OK            @p out is a system.
 * @retval ITSM_E_NOMEM       No memory.
 * @retval ITSM_E_MISUSE      A NULL that may not be.
 * @retval ITSM_E_UNSUPPORTED The store cannot keep this model; the issue says what.
 * @retval ITSM_E_NOT_FOUND   A personal field that the model does not have.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_sms_new(itsm_sms **out, itsm_ctx *ctx, const itsm_model *model,
                                                itsm_store *store, const itsm_sms_options *options);

/**
 * End a system; its store stays open.
 *
 * @param sms NULL is allowed.
 * @since 0.1
 */
ITSM_API void itsm_sms_free(itsm_sms *sms);

/**
 * Find a record by its number.  One scan of the number index of each type.
 *
 * @param out    The record.
 * @param sms    A system.
 * @param number E.g. "INC0000045".
 * @retval ITSM_OK          Found.
 * @retval ITSM_E_NOT_FOUND There is no such record; an issue names the number.
 * @retval ITSM_E_IO        The store failed.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_sms_find(itsm_ref *out, itsm_sms *sms, itsm_str number);

/**
 * Create a record in its initial states.
 *
 * @param out  What was done; may be NULL.
 * @param sms  A system.
 * @param type Name of a type of the model, e.g. "incident".
 * @param set  Its fields; `number` may be among them, else the next of the type's sequence is taken.
 * @param n    How many.
 * @param act  Who acts, and when.
 * @retval ITSM_OK          Created.
 * @retval ITSM_E_REFUSED   Mandatory fields are missing or locked ones given; each is an issue.
 * @retval ITSM_E_INVALID   A value does not fit its field; each is an issue.
 * @retval ITSM_E_NOT_FOUND No such type or field, or a reference to a record there is not.
 * @retval ITSM_E_UNIQUE    The number is taken.
 * @retval ITSM_E_NO_RANDOM No identity can be made: neither a random source nor a key.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_sms_create(itsm_outcome *out, itsm_sms *sms, itsm_str type,
                                                   const itsm_named *set, size_t n, const itsm_act *act);

/**
 * Change fields of a record without moving it.  What the present state demands may be emptied: it is asked for again by
 * every move, also one that stays in the state.
 *
 * @param out    What was done; may be NULL.
 * @param sms    A system.
 * @param ref    The record.
 * @param expect Its revision as last seen, or ITSM_REV_ANY.
 * @param set    The fields; a value of kind ITSM_NONE empties one.
 * @param n      How many.
 * @param act    Who acts, and when.
 * @retval ITSM_OK          Changed.
 * @retval ITSM_E_REFUSED   Locked fields, or a second target where a relation takes one; each is an issue.
 * @retval ITSM_E_INVALID   A value does not fit its field; each is an issue.
 * @retval ITSM_E_NOT_FOUND No such record or field, or a reference to a record there is not.
 * @retval ITSM_E_CONFLICT  The record is not at @p expect any more.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_sms_change(itsm_outcome *out, itsm_sms *sms, itsm_ref ref, uint64_t expect,
                                                   const itsm_named *set, size_t n, const itsm_act *act);

/**
 * Move a record along its lifecycle, writing the fields that come with the move.
 *
 * The order is that of the model: fields, actor, guards, effects, mandatory fields, then what the move fires on
 * linked records.  Everything found on the way is an issue, in the order of the model, with its rule as the model
 * writes it: `locked:<field>`, `actor`, the text of a guard, `mandatory:<field>`, `fire(<relation>,<move>)`; `state`
 * alone where no move of that name starts from the present states.
 *
 * @param out    What was done; may be NULL.
 * @param sms    A system.
 * @param ref    The record.
 * @param expect Its revision as last seen, or ITSM_REV_ANY.
 * @param move   Name of the move, e.g. "resolve".
 * @param set    Fields written with it.
 * @param n      How many.
 * @param act    Who acts, and when.
 * @retval ITSM_OK          Moved.
 * @retval ITSM_E_REFUSED   Refused; every unmet rule is an issue with its clause, and nothing has changed.
 * @retval ITSM_E_UNDECIDED A guard asks what this system cannot answer.
 * @retval ITSM_E_INVALID   A value does not fit its field.
 * @retval ITSM_E_NOT_FOUND No such record or field.
 * @retval ITSM_E_CONFLICT  The record is not at @p expect any more.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_sms_move(itsm_outcome *out, itsm_sms *sms, itsm_ref ref, uint64_t expect,
                                                 itsm_str move, const itsm_named *set, size_t n, const itsm_act *act);

/**
 * Link two records.  Linking what is linked already does nothing.
 *
 * A record whose moves judge by what is linked to it, or which takes one only, gets a revision and a history row when
 * a record joins or leaves: so two that do so at a time cannot both be right.
 *
 * @param sms      A system.
 * @param from     One end.
 * @param relation Name of the relation as seen from @p from.
 * @param to       The other end.
 * @param act      Who acts, and when.
 * @retval ITSM_OK          Linked.
 * @retval ITSM_NOTHING     They were.
 * @retval ITSM_E_REFUSED   A second target on an end that takes one, or a locked field.
 * @retval ITSM_E_NOT_FOUND No such record or relation.
 * @retval ITSM_E_INVALID   The relation does not lead to that type.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_sms_link(itsm_sms *sms, itsm_ref from, itsm_str relation, itsm_ref to,
                                                 const itsm_act *act);

/**
 * Take a link away.
 *
 * @param sms      A system.
 * @param from     One end.
 * @param relation Name of the relation as seen from @p from.
 * @param to       The other end.
 * @param act      Who acts, and when.
 * @retval ITSM_OK          Unlinked.
 * @retval ITSM_NOTHING     They were not linked.
 * @retval ITSM_E_REFUSED   A locked field.
 * @retval ITSM_E_NOT_FOUND No such record or relation.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_sms_unlink(itsm_sms *sms, itsm_ref from, itsm_str relation, itsm_ref to,
                                                   const itsm_act *act);

/** One party that is asked to approve a record, and what it decided, if it has.  Start with ITSM_APPROVAL_INIT. */
typedef struct itsm_approval {
    size_t size;             /**< sizeof(itsm_approval); in an array that of each. */
    itsm_str body;           /**< The body that is asked, as a guard of the subject names it: "cab". */
    itsm_str approver;       /**< The party. */
    itsm_str policy;         /**< What it takes: "any" (also when empty), "all", "quorum" or "percent". */
    int64_t quorum;          /**< Of "quorum": grants needed; of "percent": percent of those asked; else 0. */
    itsm_time due;           /**< When it expires, or ITSM_TIME_NONE. */
    itsm_str decision;       /**< "grant", "refuse", "abstain"; empty: it is left requested. */
    itsm_str comment;        /**< Goes with the decision; a refusal needs one. */
    itsm_str delegated_from; /**< Party on whose behalf it decides; may be empty. */
} itsm_approval;

/** Start value of #itsm_approval. */
#define ITSM_APPROVAL_INIT                                                                                             \
    { sizeof(itsm_approval), { NULL, 0 }, { NULL, 0 }, { NULL, 0 }, 0, ITSM_TIME_NONE, { NULL, 0 }, { NULL, 0 },       \
      { NULL, 0 } }

/**
 * Ask parties to approve a record, and record what they decided: an approval each, in one batch.
 *
 * Approvals can be asked for only while the subject stands in a state with a move that asks for that body.  Each keeps
 * a hash of what the subject said when it was asked for, and when it was decided: SHA-256 over the canonical bytes of
 * its fields, but for who changed it last and when.  Changing what the subject said voids it.
 *
 * A decision is made in the name of the approver; asking is done by the act.  Later decisions are moves of the
 * approval: itsm_sms_move() with "grant", "refuse" or "abstain".
 *
 * @param out       What was done last; may be NULL.
 * @param refs      The @p n approvals; may be NULL.
 * @param sms       A system.
 * @param subject   The record that is to be approved.
 * @param approvals Whom to ask; the size of the first is the distance from one to the next.
 * @param n         How many, at least 1.
 * @param act       Who asks, and when.
 * @retval ITSM_OK          All are recorded.
 * @retval ITSM_E_REFUSED   One may not be asked for (`body`) or lacks something; nothing was recorded.
 * @retval ITSM_E_INVALID   A value does not fit, e.g. a policy that is none.
 * @retval ITSM_E_NOT_FOUND No such record.
 * @retval ITSM_E_CONFLICT  The subject was changed meanwhile; nothing was recorded.
 * @retval ITSM_E_NO_RANDOM No identity can be made.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_sms_approve(itsm_outcome *out, itsm_ref *refs, itsm_sms *sms, itsm_ref subject,
                                                    const itsm_approval *approvals, size_t n, const itsm_act *act);

/**
 * Delete a record whose retention has ended, with its clocks, its links and its history.
 *
 * The audit trail stays: its entries do not hold what the record said, verify as before, and one more says who purged
 * what and when.  Records that refer to it find nothing.  The bytes are gone for good once the store was compacted.
 *
 * @param sms    A system.
 * @param ref    The record.
 * @param expect Its revision as last seen, or ITSM_REV_ANY.
 * @param act    Who acts, and when.
 * @retval ITSM_OK          Purged.
 * @retval ITSM_E_REFUSED   It is not closed or cancelled (`state`), or its retention lasts (`retention`).
 * @retval ITSM_E_NOT_FOUND No such record.
 * @retval ITSM_E_CONFLICT  The record is not at @p expect any more.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_sms_purge(itsm_sms *sms, itsm_ref ref, uint64_t expect, const itsm_act *act);

/** One move of the present state: open now, or what is missing.  A host draws its buttons from these. */
typedef struct itsm_possible {
    size_t size;               /**< sizeof(itsm_possible). */
    const itsm_move_def *move; /**< The move. */
    uint32_t allowed;          /**< 1: itsm_sms_move() would be allowed now. */
    uint32_t reserved;         /**< 0 */
    const itsm_issue *missing; /**< What is missing; borrowed for the call. */
    size_t nmissing;           /**< How many; 0 when allowed. */
} itsm_possible;

/**
 * Receives one possible move.
 *
 * @param user     The caller's pointer.
 * @param possible Borrowed for the call.
 * @return ITSM_OK to go on; anything else stops and comes back.
 * @since 0.1
 */
typedef itsm_status (*itsm_possible_fn)(void *user, const itsm_possible *possible);

/**
 * Say which moves a record has now, for one actor, and what the others lack: each is tried without fields and undone,
 * so what is missing is what itsm_sms_move() would say.  While @p fn runs a work is open: the one-call forms are for
 * later.
 *
 * @param sms  A system.
 * @param ref  The record.
 * @param act  Who would act, and when.
 * @param fn   Called for each move of every facet, in the order of the model.
 * @param user Passed to @p fn.
 * @retval ITSM_OK          All were given.
 * @retval ITSM_E_NOT_FOUND No such record.
 * @retval ITSM_E_MISUSE    A NULL, or a work is open.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_sms_possible(itsm_sms *sms, itsm_ref ref, const itsm_act *act,
                                                     itsm_possible_fn fn, void *user);

/* Units of work ----------------------------------------------------------------------------------------------------- */

/**
 * Open a unit of work.
 *
 * @param out Yours; freed by itsm_work_free().
 * @param sms A system; one work at a time.
 * @param act Who acts, and when; its texts are copied.
 * @retval ITSM_OK       Open.
 * @retval ITSM_E_MISUSE Another work of this system is open.
 * @retval ITSM_E_NOMEM  No memory.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_work_new(itsm_work **out, itsm_sms *sms, const itsm_act *act);

/**
 * Free a work; what was not committed is forgotten.  The system keeps the memory of a small one for the next.
 *
 * @param work NULL is allowed.
 * @since 0.1
 */
ITSM_API void itsm_work_free(itsm_work *work);

/**
 * Let somebody else act from here on: the operations that follow in this work are theirs.
 *
 * @param work A work; as it was on failure.
 * @param act  Who acts, and when; its texts are copied.
 * @retval ITSM_OK       They act.
 * @retval ITSM_E_NOMEM  No memory.
 * @retval ITSM_E_MISUSE A NULL that may not be.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_work_act(itsm_work *work, const itsm_act *act);

/**
 * Look at a record as this work sees it, its own changes included.
 *
 * @param out  Borrowed until the work changes the record or ends.
 * @param work A work.
 * @param ref  The record.
 * @retval ITSM_OK          @p out is the record.
 * @retval ITSM_E_NOT_FOUND No such record.
 * @retval ITSM_E_CORRUPT   Its bytes are damaged.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_work_get(const itsm_record **out, itsm_work *work, itsm_ref ref);

/**
 * Create a record in this work; see itsm_sms_create().
 *
 * @param out  The new record.
 * @param work A work; as it was on failure.
 * @param type Name of a type.
 * @param set  Its fields.
 * @param n    How many.
 * @retval ITSM_OK          Created, once the work commits.
 * @retval ITSM_E_REFUSED   Mandatory fields are missing or locked ones given.
 * @retval ITSM_E_INVALID   A value does not fit its field.
 * @retval ITSM_E_NOT_FOUND No such type or field.
 * @retval ITSM_E_NO_RANDOM No identity can be made.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_work_create(itsm_ref *out, itsm_work *work, itsm_str type,
                                                    const itsm_named *set, size_t n);

/**
 * Change fields of a record in this work; see itsm_sms_change().
 *
 * @param work   A work; as it was on failure.
 * @param ref    The record.
 * @param expect Its revision as last seen, or ITSM_REV_ANY.
 * @param set    The fields.
 * @param n      How many.
 * @retval ITSM_OK          Changed, once the work commits.
 * @retval ITSM_E_REFUSED   Locked fields.
 * @retval ITSM_E_INVALID   A value does not fit its field.
 * @retval ITSM_E_NOT_FOUND No such record or field.
 * @retval ITSM_E_CONFLICT  The record is not at @p expect any more.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_work_change(itsm_work *work, itsm_ref ref, uint64_t expect,
                                                    const itsm_named *set, size_t n);

/**
 * Move a record in this work; see itsm_sms_move().
 *
 * @param work   A work; as it was on failure.
 * @param ref    The record.
 * @param expect Its revision as last seen, or ITSM_REV_ANY.
 * @param move   Name of the move.
 * @param set    Fields written with it.
 * @param n      How many.
 * @retval ITSM_OK          Moved, once the work commits.
 * @retval ITSM_E_REFUSED   Refused; every unmet rule is an issue.
 * @retval ITSM_E_UNDECIDED A guard asks what this system cannot answer.
 * @retval ITSM_E_INVALID   A value does not fit its field.
 * @retval ITSM_E_NOT_FOUND No such record or field.
 * @retval ITSM_E_CONFLICT  The record is not at @p expect any more.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_work_move(itsm_work *work, itsm_ref ref, uint64_t expect, itsm_str move,
                                                  const itsm_named *set, size_t n);

/**
 * Link two records in this work; see itsm_sms_link().
 *
 * @param work     A work; as it was on failure.
 * @param from     One end.
 * @param relation Name of the relation as seen from @p from.
 * @param to       The other end.
 * @retval ITSM_OK          Linked, once the work commits.
 * @retval ITSM_NOTHING     They were.
 * @retval ITSM_E_REFUSED   A second target on an end that takes one, or a locked field.
 * @retval ITSM_E_NOT_FOUND No such record or relation.
 * @retval ITSM_E_INVALID   The relation does not lead to that type.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_work_link(itsm_work *work, itsm_ref from, itsm_str relation, itsm_ref to);

/**
 * Take a link away in this work; see itsm_sms_unlink().
 *
 * @param work     A work; as it was on failure.
 * @param from     One end.
 * @param relation Name of the relation as seen from @p from.
 * @param to       The other end.
 * @retval ITSM_OK          Unlinked, once the work commits.
 * @retval ITSM_NOTHING     They were not linked.
 * @retval ITSM_E_REFUSED   A locked field.
 * @retval ITSM_E_NOT_FOUND No such record or relation.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_work_unlink(itsm_work *work, itsm_ref from, itsm_str relation, itsm_ref to);

/**
 * Forget what a work did since its last commit, keeping its memory; it may be used again.
 *
 * @param work NULL is allowed.
 * @since 0.1
 */
ITSM_API void itsm_work_clear(itsm_work *work);

/**
 * Write all of a work in one atomic batch.  The work is empty afterwards and may be used again.
 *
 * A store that asks to be sent the batch again, or that lost the answer, gets it again a few times; nothing is applied
 * twice.  When it fails, the work is as it was, but for ITSM_E_UNKNOWN: then it can only be committed again, cleared or
 * freed.
 *
 * @param out  The record of the last operation, and all notices; may be NULL.  As it was on failure.
 * @param work A work.
 * @retval ITSM_OK         Written.
 * @retval ITSM_NOTHING    There was nothing to write.
 * @retval ITSM_E_CONFLICT Something this work read has changed: nothing was written; clear or free it, read again.
 * @retval ITSM_E_UNIQUE   A number is taken: nothing was written.
 * @retval ITSM_E_RETRY    The store asked for it again too often: nothing was written; commit again.
 * @retval ITSM_E_BUSY     The store was locked too long: nothing was written; commit again.
 * @retval ITSM_E_UNKNOWN  The answer was lost: it may have been written; commit again to know.
 * @retval ITSM_E_FULL     No space: nothing was written.
 * @retval ITSM_E_NOMEM    No memory: nothing was written.
 * @retval ITSM_E_LIMIT    More than a store takes in one batch: nothing was written.
 * @retval ITSM_E_MISUSE   A NULL, or `size` of @p out too small.
 * @retval ITSM_E_IO       The store failed.
 * @retval ITSM_E_READONLY The store cannot be written.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_work_commit(itsm_outcome *out, itsm_work *work);

/* Timers ------------------------------------------------------------------------------------------------------------ */

/**
 * Receives one move that the passing of time made.
 *
 * @param user The caller's pointer.
 * @param move The move.
 * @param done What was done; borrowed for the call.
 * @return ITSM_OK to go on; anything else stops and comes back; what was made stays.
 */
typedef itsm_status (*itsm_tick_fn)(void *user, const itsm_move_def *move, const itsm_outcome *done);

/**
 * Do what is due by the passing of time: moves, and what clocks have to tell.
 *
 * First every move that is open to `timer` and due is made: records in the order of their creation, the moves of each in
 * the order of the model, again until there is none left.  Each is a batch of its own, by party and role `timer`.
 *
 * Then the clocks, in the order of their next alarms: each threshold that was reached, and each breach, becomes a notice
 * that waits to be taken (itsm_sms_notices()), with its own instant, however late it is told.  Each is told once in each
 * cycle and version of the goal (see itsm_clock_next()): the notices of a clock and its new alarm are one batch that
 * expects the clock as it was read.  What a change of the target leaves behind does not come.  Neither does what was
 * reached before the last event of an observed history, or before a clock written by a version of this library that
 * told nothing got its next event.  Without targets in the options of the system no clock is looked at.
 *
 * One call tells what at most 4,096 clocks have to tell, and holds about a megabyte of them at a time; itsm_sms_tick_next()
 * then says that more is due.
 *
 * Several hosts may tick the same store at once: each move is made once, and each threshold told once.  Cost: a scan of
 * the keys up to @p now, for each record found an attempt, and for each clock found one fold of its events.
 *
 * @param out  How many moves were made, and thresholds and breaches told; may be NULL.
 * @param sms  A system.
 * @param now  The instant; moves are effective and recorded then.
 * @param fn   Called after each move; may be NULL.
 * @param user Passed to @p fn.
 * @retval ITSM_OK        No move is left; itsm_sms_tick_next() says when to call again.
 * @retval ITSM_E_LIMIT   The model's timers move records round and round; what was made stays.
 * @retval ITSM_E_CORRUPT The row of a clock is damaged; all others were seen to.
 * @retval ITSM_E_VERSION The row of a clock is of a newer format; all others were seen to.
 * @retval ITSM_E_MISUSE  A NULL, or a work is open.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_sms_tick(uint64_t *out, itsm_sms *sms, itsm_time now, itsm_tick_fn fn,
                                                 void *user);

/**
 * Tell when itsm_sms_tick() has something to do again, so that a host needs a single timer.
 *
 * A clock that is due already says so: @p out is then not after @p now, and the host ticks again at once.  A move that
 * was due at @p now and could not be made waits for something else than time; every tick tries it again.  An operation
 * on a record may bring the instant forward: ask again after it, or tick at least every few minutes.
 *
 * Cost: one scan for the clocks and one for each type with moves of a timer, each read to its first row.
 *
 * @param out The instant; as it was unless there is one.
 * @param sms A system.
 * @param now That of the tick before.
 * @retval ITSM_OK        @p out is the instant.
 * @retval ITSM_NOTHING   Nothing is due by the passing of time alone.
 * @retval ITSM_E_CORRUPT The row found is damaged.
 * @retval ITSM_E_VERSION The row found is of a newer format.
 * @retval ITSM_E_MISUSE  A NULL, no instant, or a work is open.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_sms_tick_next(itsm_time *out, itsm_sms *sms, itsm_time now);

/* Blackouts --------------------------------------------------------------------------------------------------------- */

/** A span of time in which nothing may be scheduled. */
typedef struct itsm_blackout {
    size_t size;    /**< sizeof(itsm_blackout). */
    itsm_time from; /**< Its first instant. */
    itsm_time to;   /**< The first instant after it. */
    itsm_str name;  /**< E.g. "Year-end freeze"; may be empty. */
} itsm_blackout;

/** Start value of #itsm_blackout. */
#define ITSM_BLACKOUT_INIT { sizeof(itsm_blackout), ITSM_TIME_NONE, ITSM_TIME_NONE, { NULL, 0 } }

/**
 * Add a blackout.  What is scheduled already stays so; the next move that asks `no_conflict` meets it.
 *
 * @param sms      A system.
 * @param blackout Copied.
 * @retval ITSM_OK         Added.
 * @retval ITSM_E_INVALID  It does not end after it begins.
 * @retval ITSM_E_LIMIT    More than 10,000.
 * @retval ITSM_E_CONFLICT Something was scheduled at the same time: try again.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_sms_blackout_add(itsm_sms *sms, const itsm_blackout *blackout);

/**
 * Take a blackout away.
 *
 * @param sms      A system.
 * @param blackout Found by its two instants.
 * @retval ITSM_OK         Taken away.
 * @retval ITSM_NOTHING    There is no such blackout.
 * @retval ITSM_E_CONFLICT Something was scheduled at the same time: try again.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_sms_blackout_remove(itsm_sms *sms, const itsm_blackout *blackout);

/**
 * Receives one blackout.
 *
 * @param user     The caller's pointer.
 * @param blackout Borrowed for the call.
 * @return ITSM_OK to go on; anything else stops and comes back.
 */
typedef itsm_status (*itsm_blackout_fn)(void *user, const itsm_blackout *blackout);

/**
 * Walk the blackouts, in the order they were added.
 *
 * @param sms  A system.
 * @param fn   Called for each.
 * @param user Passed to @p fn.
 * @retval ITSM_OK        All were given.
 * @retval ITSM_E_CORRUPT They cannot be read.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_sms_blackouts(itsm_sms *sms, itsm_blackout_fn fn, void *user);

/* Notices ----------------------------------------------------------------------------------------------------------- */

/**
 * Receives one notice that waits to be taken.
 *
 * @param user   The caller's pointer.
 * @param notice Borrowed for the call.
 * @return ITSM_OK to go on; anything else stops and comes back.
 * @since 0.1
 */
typedef itsm_status (*itsm_notice_fn)(void *user, const itsm_notice *notice);

/**
 * Walk the notices that wait to be taken, oldest first; those of one instant and batch in the order they were noted.
 *
 * @param sms  A system.
 * @param fn   Called for each; may take it.
 * @param user Passed to @p fn.
 * @retval ITSM_OK        All were given.
 * @retval ITSM_E_MISUSE  A NULL.
 * @retval ITSM_E_CORRUPT A notice is damaged.
 * @retval ITSM_E_NOMEM   No memory.
 * @retval ITSM_E_IO      Or another failure of the store.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_sms_notices(itsm_sms *sms, itsm_notice_fn fn, void *user);

/**
 * Take a notice: it waits no more.  Of several hosts one takes it; that one sends it.
 *
 * @param sms A system.
 * @param id  Identity of the notice.
 * @retval ITSM_OK         Taken.
 * @retval ITSM_NOTHING    It is not there: another has taken it.
 * @retval ITSM_E_MISUSE   A NULL.
 * @retval ITSM_E_UNKNOWN  The answer of the store was lost: it is taken or will be, but who took it cannot be told.
 * @retval ITSM_E_RETRY    Not taken; try again.
 * @retval ITSM_E_BUSY     The same.
 * @retval ITSM_E_FULL     No space.
 * @retval ITSM_E_READONLY The store cannot be written.
 * @retval ITSM_E_NOMEM    No memory.
 * @retval ITSM_E_IO       The store failed.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_sms_notice_take(itsm_sms *sms, itsm_id id);

/* Observing history ------------------------------------------------------------------------------------------------- */

/**
 * Where observed events come from: a type and the fields this source carries, prepared once.
 *
 * A guard about a field that the source does not carry is *undecided* for its events, neither passed nor failed.
 */
typedef struct itsm_observer itsm_observer;

/**
 * Prepare for events of one source.
 *
 * @param out    Yours; freed by itsm_observer_free() before the sms.
 * @param sms    A system.
 * @param type   Name of the type its cases are, e.g. "incident".
 * @param fields Names of the fields it carries; the values of an observation come in this order.
 * @param n      How many.
 * @retval ITSM_OK          Prepared.
 * @retval ITSM_E_NOT_FOUND No such type or field; the issue names it.
 * @retval ITSM_E_NOMEM     No memory.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_observer_new(itsm_observer **out, itsm_sms *sms, itsm_str type,
                                                     const itsm_str *fields, size_t n);

/**
 * Free an observer.
 *
 * @param observer NULL is allowed.
 * @since 0.1
 */
ITSM_API void itsm_observer_free(itsm_observer *observer);

/** One event of a record's history that happened elsewhere. */
typedef struct itsm_observation {
    size_t size;              /**< sizeof(itsm_observation). */
    itsm_str number;          /**< The case in the source, e.g. "INC0000045". */
    uint64_t ordinal;         /**< Place of the event within its case, from 0: what was observed before is skipped. */
    uint32_t check;           /**< Checksum over the case's events up to this one. */
    uint32_t reserved;        /**< 0 */
    itsm_time at;             /**< When it happened. */
    itsm_time opened;         /**< When the record came to be; ITSM_TIME_NONE: with its first event. */
    itsm_time stopped;        /**< When the work was done, if the source says so for good; ITSM_TIME_NONE otherwise. */
    uint32_t stopped_is_final;/**< 1: the resolution clock stops at @c stopped whatever the states say. */
    uint32_t reserved2;       /**< 0 */
    itsm_str who;             /**< Who made it so in the source; may be empty. */
    itsm_str state;           /**< Primary state after the event. */
    const itsm_value *values; /**< One per field of the observer; ITSM_NONE: empty in the source. */
} itsm_observation;

/** Something that the lifecycle would not have allowed, or cannot judge, in an observed event. */
typedef struct itsm_deviation {
    itsm_str move;      /**< The move that explains the step best; "create"; or the step, as in "in_progress -> closed". */
    itsm_str rule;      /**< The rule missed, as written in the model. */
    itsm_str clause;    /**< What it protects. */
    uint32_t undecided; /**< 1: the source does not carry what the rule asks for. */
    uint32_t reserved;  /**< 0 */
} itsm_deviation;

/** What observing one event gave; borrowed until the next call on the work. */
typedef struct itsm_observed {
    size_t size;                      /**< sizeof(itsm_observed). */
    itsm_ref ref;                     /**< The record. */
    const itsm_deviation *deviations; /**< What does not fit. */
    size_t ndeviations;               /**< How many. */
} itsm_observed;

/** Start value of #itsm_observed. */
#define ITSM_OBSERVED_INIT { sizeof(itsm_observed), { 0, { 0, 0 } }, NULL, 0 }

/**
 * Record an event as it was.  Never refused: what the lifecycle would not have allowed is kept with rule and clause.
 *
 * @param out         What does not fit; may be NULL.
 * @param work        A work; as it was on failure.
 * @param observer    The source.
 * @param observation The event.
 * @retval ITSM_OK         Recorded, once the work commits.
 * @retval ITSM_NOTHING    It was recorded before.
 * @retval ITSM_E_CONFLICT The case in the store has other events than this source says.
 * @retval ITSM_E_ORDER    Events before this one were never observed.
 * @retval ITSM_E_INVALID  The state is not one of the type, or a value does not fit its field.
 * @retval ITSM_E_NOMEM    No memory.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_work_observe(itsm_observed *out, itsm_work *work, itsm_observer *observer,
                                                     const itsm_observation *observation);

/* Changes by others ------------------------------------------------------------------------------------------------- */

/** A change that somebody else made to a record in the store; borrowed for the call. */
typedef struct itsm_foreign {
    size_t size;                      /**< sizeof(itsm_foreign). */
    itsm_ref ref;                     /**< The record. */
    uint32_t is_new;                  /**< 1: it was never seen before, and is taken in as it stands. */
    uint32_t is_gone;                 /**< 1: it is no longer there; its history ends with all that was seen of it. */
    itsm_str event;                   /**< The move that explains the step best, or the step, as in "new -> closed". */
    itsm_str who;                     /**< Who made it: field `updated_by` if the outside wrote it, else the act's. */
    itsm_time at;                     /**< When: field `updated_at` if the outside wrote it, else the act's. */
    const itsm_deviation *deviations; /**< What the lifecycle would not have allowed. */
    size_t ndeviations;               /**< How many. */
} itsm_foreign;

/**
 * Receives one change by others, after it was recorded.
 *
 * @param user   The caller's pointer.
 * @param change Borrowed for the call.
 * @return ITSM_OK to go on; anything else stops and comes back; what was recorded stays.
 * @since 0.1
 */
typedef itsm_status (*itsm_foreign_fn)(void *user, const itsm_foreign *change);

/**
 * Record what others changed in the store: an application that goes on writing its own tables.
 *
 * Reads the feed of the store (itsm_store_foreign()) and compares each record with what it was at its last commit.  What
 * differs becomes one observation: a history row, an audit entry, and the clocks moved on.  It is never refused; where
 * the state changed, the move that explains it best is looked up and what it lacked is kept, as by
 * itsm_work_observe().  What the outside wrote stands; what the move stamps or clears is written where the outside
 * changed nothing.  A record without history is taken in as it stands, with clocks that begin then.
 *
 * Two changes between two calls are one observation.  Links that live in a field are not judged.  A record that was
 * deleted is only told.  Recording is a write to the record, at the revision it was read with: another write that comes
 * between is tried again.
 *
 * @param token Where to begin; 0: with all the store still knows.  Moved on when all was recorded; keep it, though
 *              nothing is recorded twice without it.
 * @param sms   A system; no work is open.
 * @param act   Who and when, where the record does not say.
 * @param fn    Called after each; may be NULL.
 * @param user  Passed to @p fn.
 * @retval ITSM_OK            Something was recorded.
 * @retval ITSM_NOTHING       Nothing had changed.
 * @retval ITSM_E_UNSUPPORTED The store has no such feed.
 * @retval ITSM_E_CONFLICT    A record is written all the time: call again.
 * @retval ITSM_E_MISUSE      A NULL, an act without a time, or a work is open.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_sms_foreign(uint64_t *token, itsm_sms *sms, const itsm_act *act,
                                                    itsm_foreign_fn fn, void *user);

/* Looking back ------------------------------------------------------------------------------------------------------ */

/** One entry of a record's history; borrowed for the call. */
typedef struct itsm_history {
    size_t size;                      /**< sizeof(itsm_history). */
    uint64_t revision;                /**< Revision before. */
    uint32_t action;                  /**< ITSM_AUDIT_CREATE, ... */
    uint32_t reserved;                /**< 0 */
    itsm_str event;                   /**< Name of the move; empty for others. */
    itsm_str who;                     /**< Who acted. */
    itsm_time effective;              /**< When it took effect. */
    itsm_time recorded;               /**< When it was written. */
    const itsm_row_field *before;     /**< Fields it changed, with their values before. */
    size_t nbefore;                   /**< How many. */
    const itsm_deviation *deviations; /**< What did not fit, of an observed event. */
    size_t ndeviations;               /**< How many. */
} itsm_history;

/**
 * Receives one entry of a history.
 *
 * @param user  The caller's pointer.
 * @param entry Borrowed for the call.
 * @return ITSM_OK to go on; anything else stops and comes back.
 * @since 0.1
 */
typedef itsm_status (*itsm_history_fn)(void *user, const itsm_history *entry);

/**
 * Walk the history of a record, oldest first.
 *
 * @param sms  A system.
 * @param ref  The record.
 * @param fn   Called for each entry.
 * @param user Passed to @p fn.
 * @retval ITSM_OK        All were given.
 * @retval ITSM_E_CORRUPT An entry is damaged.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_sms_history(itsm_sms *sms, itsm_ref ref, itsm_history_fn fn, void *user);

/**
 * Receives one record.
 *
 * @param user   The caller's pointer.
 * @param record Borrowed for the call.
 * @return ITSM_OK to go on; anything else stops and comes back.
 * @since 0.1
 */
typedef itsm_status (*itsm_record_fn)(void *user, const itsm_record *record);

/**
 * Walk all records of a type in the order of their numbers.
 *
 * @param sms  A system.
 * @param type Name of a type.
 * @param fn   Called for each record.
 * @param user Passed to @p fn.
 * @retval ITSM_OK          All were given.
 * @retval ITSM_E_NOT_FOUND No such type.
 * @retval ITSM_E_CORRUPT   A record is damaged.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_sms_each(itsm_sms *sms, itsm_str type, itsm_record_fn fn, void *user);

/** The clock of a record as kept in the store; borrowed until the next call on the sms. */
typedef struct itsm_clock_row {
    size_t size;                    /**< sizeof(itsm_clock_row). */
    uint32_t kind;                  /**< ITSM_RESPONSE, ITSM_RESOLUTION, ... */
    uint32_t reserved;              /**< 0 */
    const itsm_clock_event *events; /**< In order of effective time. */
    size_t nevents;                 /**< How many. */
    const int64_t *priorities;      /**< Priorities its targets were chosen by: what `target` of an event counts. */
    size_t npriorities;             /**< How many; at least 1. */
    const itsm_sla_facts *facts;    /**< As many: the priority and what else its targets were chosen by, as
                                         itsm_sla_targets() takes it. */
} itsm_clock_row;

/** Start value of #itsm_clock_row. */
#define ITSM_CLOCK_ROW_INIT { sizeof(itsm_clock_row), 0, 0, NULL, 0, NULL, 0, NULL }

/**
 * Read the events of one clock of a record, e.g. to fold them under another calendar.
 *
 * @param out  The clock.
 * @param sms  A system.
 * @param ref  The record.
 * @param kind ITSM_RESPONSE, ITSM_RESOLUTION, ...
 * @retval ITSM_OK        @p out is filled.
 * @retval ITSM_NOTHING   The record has no such clock.
 * @retval ITSM_E_CORRUPT The row is damaged.
 * @retval ITSM_E_VERSION The row is of a newer format.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_sms_clock(itsm_clock_row *out, itsm_sms *sms, itsm_ref ref, uint32_t kind);

/* Migration --------------------------------------------------------------------------------------------------------- */

/** What becomes of a state.  Fixed layout. */
typedef struct itsm_state_image {
    itsm_str type;  /**< Name of a type of the model as it was. */
    itsm_str facet; /**< Name of a facet of it; empty: the primary one. */
    itsm_str from;  /**< State as it was. */
    itsm_str to;    /**< State in the changed model, of the same category. */
} itsm_state_image;

/** How many records are in a state of the model as it was, and where they go. */
typedef struct itsm_state_use {
    size_t size;      /**< sizeof(itsm_state_use). */
    itsm_str type;    /**< Name of the type. */
    itsm_str facet;   /**< Name of the facet. */
    itsm_str from;    /**< The state. */
    itsm_str to;      /**< Its image; empty: it has none. */
    uint64_t records; /**< Records in it. */
} itsm_state_use;

/**
 * Receives one state of the model as it was.
 *
 * @param user The caller's pointer.
 * @param use  Borrowed for the call.
 * @return ITSM_OK to go on; anything else stops and comes back, with nothing migrated.
 * @since 0.1
 */
typedef itsm_status (*itsm_state_use_fn)(void *user, const itsm_state_use *use);

/** How to migrate.  Start with ITSM_MIGRATION_INIT. */
typedef struct itsm_migration {
    size_t size;                    /**< sizeof(itsm_migration). */
    const itsm_model *to;           /**< The changed model. */
    const itsm_state_image *images; /**< States that go elsewhere than to the state of their name. */
    size_t nimages;                 /**< How many. */
    itsm_str map;                   /**< The same as JSON: `{"incident": {"status": {"pending": "waiting"}}}`; or empty. */
    uint32_t batch;                 /**< Records in one commit, at most; 0: all in one. */
    uint32_t dry_run;               /**< 1: say what would be done and do nothing. */
    itsm_state_use_fn fn;           /**< Told of every state before anything is written; may be NULL. */
    void *user;                     /**< Passed to @c fn. */
} itsm_migration;

/** Start value of #itsm_migration. */
#define ITSM_MIGRATION_INIT { sizeof(itsm_migration), NULL, NULL, 0, { NULL, 0 }, 0, 0, NULL, NULL }

/** What a migration did. */
typedef struct itsm_migrated {
    size_t size;      /**< sizeof(itsm_migrated). */
    uint64_t records; /**< Records looked at. */
    uint64_t changed; /**< Records written, or that would be in a dry run. */
    uint64_t batches; /**< Commits made. */
} itsm_migrated;

/** Start value of #itsm_migrated. */
#define ITSM_MIGRATED_INIT { sizeof(itsm_migrated), 0, 0, 0 }

/**
 * Move the stored records from the model of a system to a changed one.
 *
 * A state goes to its image, or to the state of the same name.  A facet that is new begins in its first state.  Keys of
 * indexes and timers that changed are written anew.  Fields that the changed model does not know are kept as they are.
 * Each record that changes gets a revision, a history row and an audit entry (ITSM_AUDIT_DEFINE, event "migrate") by the
 * party of the act; no guard, effect or clock is concerned, since a state and its image have the same category.
 *
 * Refused, with nothing written and an issue for each reason, if a state has no image or one of another category
 * (rule `image`; the issue counts the records), a type that has records is gone (`type`), a name has another number
 * than before (`number`), or a record does not fit the changed model (`record`, one issue for each type).
 *
 * In batches, a migration that stopped goes on where it was when it is called again (records that are written for their
 * keys alone are written again); a map in which an image has an image of its own is then refused (`chain`).  No other
 * system may write meanwhile, neither of the one model nor of the other.  Afterwards this system is to be freed and one
 * with the changed model started.
 *
 * Cost: a scan of all records, and 24 bytes of memory for each that changes.
 *
 * @param out       What was done, or would be; may be NULL.
 * @param sms       A system with the model as it was; no work may be open.
 * @param migration Where to.
 * @param act       Who migrates, and when.
 * @retval ITSM_OK          Done.
 * @retval ITSM_E_REFUSED   It cannot be; the issues say why.
 * @retval ITSM_E_NOT_FOUND The map names a type, facet or state that there is not.
 * @retval ITSM_E_SYNTAX    The map is not JSON.
 * @retval ITSM_E_INVALID   The map is of another shape.
 * @retval ITSM_E_CONFLICT  A record was written meanwhile; what was committed stays.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_sms_migrate(itsm_migrated *out, itsm_sms *sms, const itsm_migration *migration,
                                                    const itsm_act *act);

/* Verifying --------------------------------------------------------------------------------------------------------- */

/**
 * Verify the audit trail, and that history, records, clocks and links are as its entries left them.
 *
 * As itsm_audit_verify(), and besides:
 *  - the entries of a record follow one another: revision by revision, none twice, none after its purge (rule `order`);
 *  - each entry fits its history row, personal values included; a history row that is gone was purged with its record;
 *    there is none that no entry made (`history`);
 *  - each record, clock and link is what the last entry that names it committed to: not edited, not put back to an older
 *    revision, not missing, not there again after it was deleted (`row`);
 *  - no record, clock or link is there that no entry made (`row`);
 *  - of what was purged nothing is left (`purged`).
 *
 * `where` of an issue names the record.  Not covered: notices and settings, which alarms of a clock were told and when it
 * has the next, and the index keys a backend keeps beside rows.  Entries written before there were commitments to rows (version 1) leave rows `unbound`.
 *
 * O(entries + rows): a read of each history row and of each row an entry names, a scan of all rows, and about 150 bytes
 * of memory for each record, clock and link.  Entries that wait are sealed first, if the store can be written.  All is
 * read in one view; on a store without ITSM_CAP_SNAPSHOT nothing may be written meanwhile.
 *
 * @param out      Set `size` before; filled also when something is wrong.
 * @param sms      A system.
 * @param expected A checkpoint kept elsewhere; NULL: none, then only damage can be found.
 * @retval ITSM_OK        Nothing is wrong.
 * @retval ITSM_E_CORRUPT Something is; the issues say what.
 * @retval ITSM_E_MISUSE  A NULL or `size` too small.
 * @retval ITSM_E_VERSION An entry or a history row of a newer format.
 * @retval ITSM_E_NOMEM   No memory.
 * @retval ITSM_E_IO      Or another failure of the store.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_sms_audit_verify(itsm_audit_result *out, itsm_sms *sms,
                                                         const itsm_audit_checkpoint *expected);

ITSM_END_C

#endif
