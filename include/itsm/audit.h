/* SPDX-License-Identifier: MIT */
/**
 * @file itsm/audit.h
 * The audit trail: who did what to which record, in a log that cannot be changed unseen.
 *
 * Every commit appends entries.  An entry holds no personal text of the record, only salted commitments to what the
 * history row says, so that purging the history leaves the trail verifiable.  The entries are the leaves of an
 * RFC 6962 Merkle tree; its size and root are a checkpoint (C2SP tlog-checkpoint).
 *
 * What is proven: any edit, insertion, deletion, reordering, truncation or rollback of entries covered by a checkpoint
 * that was kept elsewhere is found, and any edit of the records, clocks, links and history those entries left:
 * itsm_sms_audit_verify().  What is not: that the host told the truth; and without a checkpoint kept elsewhere only
 * what does not fit together is found, not a store that was rewritten as a whole.
 *
 * The sealed log is also the change feed for other hosts: itsm_audit_open() from the place they have read up to.
 */
#ifndef ITSM_AUDIT_H
#define ITSM_AUDIT_H

#include <itsm/base.h>
#include <itsm/store.h>

ITSM_BEGIN_C

/** Bytes of a digest: SHA-256. */
#define ITSM_AUDIT_DIGEST 32

/** Bytes of the salt of a commitment. */
#define ITSM_AUDIT_SALT 16

/** What an entry says was done.  The numbers are stored in data. */
enum {
    ITSM_AUDIT_CREATE = 1,   /**< A record came into being. */
    ITSM_AUDIT_CHANGE = 2,   /**< Fields were written. */
    ITSM_AUDIT_MOVE = 3,     /**< A lifecycle moved. */
    ITSM_AUDIT_LINK = 4,     /**< A relation was made. */
    ITSM_AUDIT_UNLINK = 5,   /**< A relation ended. */
    ITSM_AUDIT_APPROVE = 6,  /**< An approval was asked for, given, refused or voided. */
    ITSM_AUDIT_OBSERVE = 7,  /**< What happened elsewhere was recorded. */
    ITSM_AUDIT_PURGE = 8,    /**< Record and history were deleted when their retention ended. */
    ITSM_AUDIT_DEFINE = 9,   /**< A model, a calendar, targets or settings took effect. */
    ITSM_AUDIT_LAST = 9      /**< The highest number so far. */
};

/* Entries --------------------------------------------------------------------------------------------------------- */

/** One entry.  Texts and bytes of a decoded entry are borrowed from the bytes it was decoded from. */
typedef struct itsm_audit_entry {
    size_t size;                            /**< sizeof(itsm_audit_entry). */
    uint32_t action;                        /**< ITSM_AUDIT_CREATE, ... */
    uint32_t flags;                         /**< 0 */
    itsm_ref ref;                           /**< The record. */
    uint64_t revision;                      /**< Its revision before; 0 at creation. */
    itsm_id txid;                           /**< What was committed together shares it. */
    itsm_time effective;                    /**< When it took effect, as the host said. */
    itsm_time recorded;                     /**< When it was recorded, as the host said. */
    itsm_str who;                           /**< The acting party. */
    itsm_str role;                          /**< The role it acted in; may be empty. */
    itsm_str event;                         /**< Name of the move or relation; may be empty. */
    uint8_t commitment[ITSM_AUDIT_DIGEST];  /**< To the history row: itsm_audit_commit(). */
    itsm_bytes fields;                      /**< Commitments to fields: itsm_audit_field_add(), itsm_audit_field(). */
    itsm_bytes rows;                        /**< What it left in the store: itsm_audit_row_add(), itsm_audit_row_next(). */
} itsm_audit_entry;

/** Start value of @ref itsm_audit_entry; the rest is zero. */
#define ITSM_AUDIT_ENTRY_INIT                                                                                          \
    { sizeof(itsm_audit_entry), 0, 0, { 0, { 0, 0 } }, 0, { 0, 0 }, 0, 0, { NULL, 0 }, { NULL, 0 }, { NULL, 0 },      \
      { 0 }, { NULL, 0 }, { NULL, 0 } }

/**
 * A row as an entry left it: the record itself, one of its clocks, a link.
 *
 * The last entry of a record in a batch says so of every row the batch wrote with it, so that each row of a store can be
 * compared with the last entry that names it.
 */
typedef struct itsm_audit_row {
    size_t size;                            /**< sizeof(itsm_audit_row). */
    itsm_ref ref;                           /**< Which row. */
    uint64_t revision;                      /**< Its revision then; 0: it was deleted. */
    uint8_t commitment[ITSM_AUDIT_DIGEST];  /**< To its bytes, with the salt of the history row; zeros if deleted. */
} itsm_audit_row;

/** Start value of @ref itsm_audit_row; the rest is zero. */
#define ITSM_AUDIT_ROW_INIT { sizeof(itsm_audit_row), { 0, { 0, 0 } }, 0, { 0 } }

/**
 * Commit to content without revealing it: SHA-256(salt || content).
 *
 * @param digest  The commitment.
 * @param salt    Unpredictable bytes, kept beside the content and deleted with it.
 * @param content What is committed to.
 * @since 0.1
 */
ITSM_API void itsm_audit_commit(uint8_t digest[ITSM_AUDIT_DIGEST], const uint8_t salt[ITSM_AUDIT_SALT],
                                itsm_bytes content);

/**
 * Append the commitment to one field, for itsm_audit_entry.fields.
 *
 * @param out    Appended to, in ascending order of the numbers.
 * @param number Number of the field.
 * @param digest Its commitment: itsm_audit_commit() with a salt of its own.
 * @retval ITSM_OK      Appended.
 * @retval ITSM_E_NOMEM No memory; @p out is as it was.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_audit_field_add(itsm_buf *out, uint16_t number,
                                                        const uint8_t digest[ITSM_AUDIT_DIGEST]);

/**
 * Count the fields an entry commits to.
 *
 * @param entry An entry.
 * @return How many.
 * @since 0.1
 */
ITSM_API size_t itsm_audit_field_count(const itsm_audit_entry *entry);

/**
 * Read the commitment to one field.
 *
 * @param number Number of the field.
 * @param digest Its commitment.
 * @param entry  An entry.
 * @param i      From 0 to the count.
 * @retval ITSM_OK       Both are filled.
 * @retval ITSM_E_MISUSE There is no such field in it.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_audit_field(uint16_t *number, uint8_t digest[ITSM_AUDIT_DIGEST],
                                                    const itsm_audit_entry *entry, size_t i);

/**
 * Append what an entry says of one row, for itsm_audit_entry.rows.
 *
 * @param out   Appended to: the entry's own record first, then the others in ascending order of type and identity.
 * @param entry The entry it is for; its `ref` and `revision` are looked at.
 * @param row   The row.
 * @retval ITSM_OK        Appended.
 * @retval ITSM_E_MISUSE  A NULL or `size` too small.
 * @retval ITSM_E_INVALID It is the entry's own record at a revision that is not the next one.
 * @retval ITSM_E_NOMEM   No memory; @p out is as it was.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_audit_row_add(itsm_buf *out, const itsm_audit_entry *entry,
                                                      const itsm_audit_row *row);

/**
 * Read what an entry says of the next row.
 *
 * @param out   Set `size` before; filled.
 * @param rest  Start with `entry->rows`; moved on.
 * @param entry A decoded entry.
 * @retval ITSM_OK        @p out is filled.
 * @retval ITSM_DONE      No more.
 * @retval ITSM_E_MISUSE  A NULL or `size` too small.
 * @retval ITSM_E_CORRUPT These are not the rows of a decoded entry.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_audit_row_next(itsm_audit_row *out, itsm_bytes *rest,
                                                       const itsm_audit_entry *entry);

/**
 * Append the canonical bytes of an entry: the same entry, the same bytes on every machine.
 *
 * One without rows is written as version 1 of the format, which every reader knows; one with rows as version 2.
 *
 * @param out   Appended to.
 * @param entry An entry.
 * @retval ITSM_OK        Appended.
 * @retval ITSM_E_MISUSE  A NULL, `size` too small, or @c flags not 0.
 * @retval ITSM_E_INVALID An action there is not, or field commitments that are or rows that are not whole or not in
 *                        their order.
 * @retval ITSM_E_LIMIT   More than 64 KiB, or 1 MiB of rows.
 * @retval ITSM_E_NOMEM   No memory; @p out is as it was.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_audit_encode(itsm_buf *out, const itsm_audit_entry *entry);

/**
 * Read an entry from its bytes.  Allocates nothing.
 *
 * @param out   Set `size` before; borrows from @p bytes.
 * @param bytes One entry, whole.
 * @retval ITSM_OK        @p out is filled.
 * @retval ITSM_E_MISUSE  A NULL or `size` too small.
 * @retval ITSM_E_CORRUPT Not the canonical form of an entry; @p out is as it was.
 * @retval ITSM_E_VERSION Of a newer format.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_audit_decode(itsm_audit_entry *out, itsm_bytes bytes);

/**
 * Name an action.
 *
 * @param action ITSM_AUDIT_CREATE, ...
 * @return "create", ...; the empty text for a number that is none.
 * @since 0.1
 */
ITSM_API itsm_str itsm_audit_action_name(uint32_t action);

/* Checkpoints ----------------------------------------------------------------------------------------------------- */

/** How many entries a log had, and the root of their tree. */
typedef struct itsm_audit_checkpoint {
    size_t size;                      /**< sizeof(itsm_audit_checkpoint). */
    uint64_t count;                   /**< Sealed entries. */
    uint8_t root[ITSM_AUDIT_DIGEST];  /**< Root of their tree, RFC 6962 section 2.1. */
    itsm_str origin;                  /**< Names the log, e.g. "example.org/desk"; one line without blanks around it. */
} itsm_audit_checkpoint;

/** Start value of @ref itsm_audit_checkpoint; the rest is zero. */
#define ITSM_AUDIT_CHECKPOINT_INIT { sizeof(itsm_audit_checkpoint), 0, { 0 }, { NULL, 0 } }

/**
 * Append a checkpoint as text: origin, count, root in base64, a line each (C2SP tlog-checkpoint).
 *
 * itsm_note_sign() makes it a signed note; keep it where the store's administrators cannot write.
 *
 * @param out        Appended to.
 * @param checkpoint A checkpoint.
 * @retval ITSM_OK        Appended.
 * @retval ITSM_E_MISUSE  A NULL or `size` too small.
 * @retval ITSM_E_INVALID The origin is empty or not one line.
 * @retval ITSM_E_NOMEM   No memory; @p out is as it was.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_audit_checkpoint_encode(itsm_buf *out,
                                                                const itsm_audit_checkpoint *checkpoint);

/**
 * Read a checkpoint.  Extension lines and signatures behind the third line are skipped, so nothing is verified here:
 * itsm_note_verify() comes first.
 *
 * @param out  Set `size` before; the origin is borrowed from @p text.
 * @param ctx  Gets the issue; may be NULL.
 * @param text A checkpoint, or a signed note of one.
 * @retval ITSM_OK       @p out is filled.
 * @retval ITSM_E_MISUSE A NULL or `size` too small.
 * @retval ITSM_E_SYNTAX Not a checkpoint; the issue has the position.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_audit_checkpoint_decode(itsm_audit_checkpoint *out, itsm_ctx *ctx,
                                                                itsm_str text);

/* Signed notes ---------------------------------------------------------------------------------------------------- */

/** Most bytes of a note that is verified. */
#define ITSM_NOTE_MAX (1u << 20)

/** Most signatures of a note that is verified. */
#define ITSM_NOTE_SIGNATURES_MAX 100u

/** Bytes of the shortest secret of an HMAC key. */
#define ITSM_NOTE_SECRET_MIN 16u

/**
 * Sign a text: append the signature alone.
 *
 * @param user The key's pointer.
 * @param out  Appended to: the signature, in the form of its type (Ed25519: 64 bytes).
 * @param text What is signed.
 * @return ITSM_OK; anything else stops signing and comes back unchanged.
 */
typedef itsm_status (*itsm_note_sign_fn)(void *user, itsm_buf *out, itsm_str text);

/**
 * Verify a signature.
 *
 * @param user      The key's pointer.
 * @param text      What is signed.
 * @param signature The bytes behind the key id.
 * @return ITSM_OK if it holds, ITSM_E_CORRUPT if it does not; anything else stops verifying and comes back unchanged.
 */
typedef itsm_status (*itsm_note_verify_fn)(void *user, itsm_str text, itsm_bytes signature);

/** A key of signed notes (C2SP signed-note): one of a host, or the built-in HMAC-SHA256 with a shared secret. */
typedef struct itsm_note_key {
    size_t size;                 /**< sizeof(itsm_note_key). */
    itsm_str name;               /**< Name of the key, e.g. "example.org/desk": not empty, no blanks, no '+'. */
    uint32_t id;                 /**< itsm_note_key_id(). */
    uint32_t reserved;           /**< 0 */
    itsm_bytes secret;           /**< HMAC: itsm_note_hmac_key(); borrowed.  Else zero. */
    itsm_note_sign_fn sign;      /**< NULL: it only verifies. */
    itsm_note_verify_fn verify;  /**< NULL: it only signs. */
    void *user;                  /**< Passed to both. */
} itsm_note_key;

/** Start value of @ref itsm_note_key; the rest is zero. */
#define ITSM_NOTE_KEY_INIT { sizeof(itsm_note_key), { NULL, 0 }, 0, 0, { NULL, 0 }, NULL, NULL, NULL }

/**
 * Compute the id of a key: the first four bytes of SHA-256(name, newline, type, material), most significant first.
 *
 * @param name     Name of the key.
 * @param type     Type of the signature: one byte, 0x01 for Ed25519; or 0xff and a longer identifier.
 * @param material For Ed25519 the 32 bytes of the public key.
 * @return The id.
 * @since 0.1
 */
ITSM_API uint32_t itsm_note_key_id(itsm_str name, itsm_bytes type, itsm_bytes material);

/**
 * Make the built-in key: HMAC-SHA256 (RFC 2104) over the text, with a secret that signer and verifier share.
 *
 * It serves one organisation only: who can verify can also sign.  Its type is 0xff with the identifier
 * "libitsm/hmac-sha256"; the material of its id is HMAC-SHA256(secret, "libitsm key id"), so that a note says of the
 * secret no more than a signature does.
 *
 * @param out    Filled; borrows both.
 * @param name   Name of the key.
 * @param secret At least ITSM_NOTE_SECRET_MIN bytes, better 32 random ones.
 * @retval ITSM_OK        @p out is a key.
 * @retval ITSM_E_MISUSE  A NULL or `size` too small.
 * @retval ITSM_E_INVALID The name is none, or the secret is too short.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_note_hmac_key(itsm_note_key *out, itsm_str name, itsm_bytes secret);

/**
 * Append a text with its signatures: a signed note.
 *
 * @param out  Appended to.
 * @param ctx  Gets the issue; may be NULL.
 * @param text UTF-8 without control characters but newline, its last character; e.g. a checkpoint.
 * @param keys Each signs, in this order.
 * @param n    How many, at least 1.
 * @retval ITSM_OK        Appended.
 * @retval ITSM_E_MISUSE  A NULL, `size` too small, no key, or one that cannot sign.
 * @retval ITSM_E_INVALID The text or a key's name cannot be in a note.
 * @retval ITSM_E_LIMIT   The note would be longer than one that is verified.
 * @retval ITSM_E_NOMEM   No memory.
 * @return Or what a key's callback answered.  On failure @p out is as it was.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_note_sign(itsm_buf *out, itsm_ctx *ctx, itsm_str text,
                                                  const itsm_note_key *keys, size_t n);

/**
 * Verify a signed note: by at least one of the keys given, and by each of them that signed.
 *
 * Signatures of other keys are ignored, even if name or id (but not both) are those of a known one.  The HMAC is
 * compared in constant time.
 *
 * @param text    What is signed, borrowed from @p note; empty unless ITSM_OK.
 * @param signers By key: 1 if it signed, else 0; may be NULL.
 * @param ctx     Gets the issue; may be NULL.
 * @param note    A signed note, whole.
 * @param keys    Keys that are trusted.
 * @param n       How many, at least 1.
 * @retval ITSM_OK          @p text is what they signed.
 * @retval ITSM_E_MISUSE    A NULL, `size` too small, no key, or one that cannot verify.
 * @retval ITSM_E_SYNTAX    Not a signed note; the issue has the line.
 * @retval ITSM_E_NOT_FOUND None of the keys signed it.
 * @retval ITSM_E_CORRUPT   The signature of a known key is wrong.
 * @retval ITSM_E_LIMIT     Longer than ITSM_NOTE_MAX, or more than ITSM_NOTE_SIGNATURES_MAX signatures.
 * @retval ITSM_E_NOMEM     No memory.
 * @return Or what a key's callback answered.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_note_verify(itsm_str *text, uint8_t *signers, itsm_ctx *ctx, itsm_str note,
                                                    const itsm_note_key *keys, size_t n);

/* Reading the log of a store -------------------------------------------------------------------------------------- */

/** Reads the sealed entries of a store in order. */
typedef struct itsm_audit_cursor itsm_audit_cursor;

/**
 * Start reading sealed entries.
 *
 * @param out   Yours; freed by itsm_audit_close().
 * @param ctx   Kept; gets the issues.
 * @param store Must outlive the cursor.
 * @param from  Place of the first entry to read, counted from 0.
 * @retval ITSM_OK       @p out is a cursor.
 * @retval ITSM_E_MISUSE A NULL.
 * @retval ITSM_E_NOMEM  No memory.
 * @retval ITSM_E_IO     Or another failure of the store.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_audit_open(itsm_audit_cursor **out, itsm_ctx *ctx, itsm_store *store,
                                                   uint64_t from);

/**
 * Read the next entry.
 *
 * @param out    Set `size` before; borrowed until the next call on the cursor.
 * @param place  Its place in the log, counted from 0; may be NULL.
 * @param cursor A cursor.
 * @retval ITSM_OK        @p out is filled.
 * @retval ITSM_DONE      No more.
 * @retval ITSM_E_MISUSE  A NULL or `size` too small.
 * @retval ITSM_E_CORRUPT An entry is not one, or a place is missing.
 * @retval ITSM_E_VERSION An entry of a newer format.
 * @retval ITSM_E_IO      Or another failure of the store.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_audit_next(itsm_audit_entry *out, uint64_t *place, itsm_audit_cursor *cursor);

/**
 * Stop reading.
 *
 * @param cursor NULL is allowed.
 * @since 0.1
 */
ITSM_API void itsm_audit_close(itsm_audit_cursor *cursor);

/* Verifying ------------------------------------------------------------------------------------------------------- */

/**
 * Compute the checkpoint of a store from its sealed entries.  O(entries).
 *
 * @param out   Set `size` before; `origin` stays as it is.
 * @param ctx   Gets the issues.
 * @param store Whose log.
 * @retval ITSM_OK        @p out has count and root.
 * @retval ITSM_E_MISUSE  A NULL or `size` too small.
 * @retval ITSM_E_CORRUPT A place is missing.
 * @retval ITSM_E_NOMEM   No memory.
 * @retval ITSM_E_IO      Or another failure of the store.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_audit_root(itsm_audit_checkpoint *out, itsm_ctx *ctx, itsm_store *store);

/**
 * Asked for each entry while verifying: does it fit what the store says now?
 *
 * @param user  The caller's pointer.
 * @param place Of the entry.
 * @param entry Borrowed for the call.
 * @return ITSM_OK if it fits, ITSM_NOTHING if the history it commits to is gone, ITSM_E_CORRUPT if it does not fit:
 *         verifying goes on and names the place; anything else stops it and comes back unchanged.
 * @since 0.1
 */
typedef itsm_status (*itsm_audit_check_fn)(void *user, uint64_t place, const itsm_audit_entry *entry);

/** What verifying found. */
typedef struct itsm_audit_result {
    size_t size;                      /**< sizeof(itsm_audit_result). */
    uint64_t count;                   /**< Sealed entries in the store now. */
    uint8_t root[ITSM_AUDIT_DIGEST];  /**< Root of their tree. */
    uint64_t checked;                 /**< Entries whose history was there and fitted. */
    uint64_t gone;                    /**< Entries whose history is no longer there. */
    uint64_t bad;                     /**< Problems found; the first hundred are issues. */
    uint64_t rows;                    /**< itsm_sms_audit_verify(): rows that are as their last entry left them. */
    uint64_t purged;                  /**< itsm_sms_audit_verify(): records that were purged. */
    uint64_t unbound;                 /**< itsm_sms_audit_verify(): rows that entries of version 1 do not commit to. */
    uint64_t waiting;                 /**< itsm_sms_audit_verify(): rows newer than the log, if it is sealed later. */
} itsm_audit_result;

/** Start value of @ref itsm_audit_result; the rest is zero. */
#define ITSM_AUDIT_RESULT_INIT { sizeof(itsm_audit_result), 0, { 0 }, 0, 0, 0, 0, 0, 0, 0 }

/**
 * Verify the log of a store: every place is there, every entry decodes, the tree of the first
 * `expected->count` entries has the expected root, each entry fits its history.  O(entries), one pass.
 *
 * @param out      Set `size` before; filled also when something is wrong.
 * @param ctx      Gets the issues: `rule` says what does not hold (`truncated`, `root`, `place`, `entry`, `history`).
 * @param store    Whose log.
 * @param expected A checkpoint kept elsewhere; NULL: none, then only damage can be found.
 * @param check    Compares an entry with its history; NULL: not compared.
 * @param user     Passed to @p check.
 * @retval ITSM_OK        Nothing is wrong.
 * @retval ITSM_E_CORRUPT Something is; the issues say what.
 * @retval ITSM_E_MISUSE  A NULL or `size` too small.
 * @retval ITSM_E_VERSION An entry of a newer format.
 * @retval ITSM_E_NOMEM   No memory.
 * @retval ITSM_E_IO      Or another failure of the store.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_audit_verify(itsm_audit_result *out, itsm_ctx *ctx, itsm_store *store,
                                                     const itsm_audit_checkpoint *expected, itsm_audit_check_fn check,
                                                     void *user);

/* Proofs ---------------------------------------------------------------------------------------------------------- */

/**
 * Append the proof that an entry is in the log: the hashes of RFC 6962 section 2.1.1, 32 bytes each.  O(entries).
 *
 * @param out   Appended to.
 * @param ctx   Gets the issues.
 * @param store Whose log.
 * @param place Of the entry.
 * @param count Size of the log it is proven for.
 * @retval ITSM_OK        Appended.
 * @retval ITSM_E_RANGE   @p place is not below @p count, or the log has fewer entries.
 * @retval ITSM_E_MISUSE  A NULL.
 * @retval ITSM_E_CORRUPT A place is missing.
 * @retval ITSM_E_NOMEM   No memory; @p out is as it was.
 * @retval ITSM_E_IO      Or another failure of the store.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_audit_prove_inclusion(itsm_buf *out, itsm_ctx *ctx, itsm_store *store,
                                                              uint64_t place, uint64_t count);

/**
 * Append the proof that an earlier log is the beginning of a later one: the hashes of RFC 6962 section 2.1.2, 32 bytes
 * each.  O(entries).
 *
 * @param out     Appended to.
 * @param ctx     Gets the issues.
 * @param store   Whose log.
 * @param earlier Size of the earlier log, at least 1.
 * @param later   Size of the later one.
 * @retval ITSM_OK        Appended.
 * @retval ITSM_E_RANGE   @p earlier is 0 or above @p later, or the log has fewer entries.
 * @retval ITSM_E_MISUSE  A NULL.
 * @retval ITSM_E_CORRUPT A place is missing.
 * @retval ITSM_E_NOMEM   No memory; @p out is as it was.
 * @retval ITSM_E_IO      Or another failure of the store.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_audit_prove_consistency(itsm_buf *out, itsm_ctx *ctx, itsm_store *store,
                                                                uint64_t earlier, uint64_t later);

/**
 * Append the proof that an entry is in the log as JSON, with all that verifying needs: `entry`, `leaf_index`,
 * `tree_size`, `root` and `path`; bytes in base64.  O(entries).
 *
 * @param out   Appended to.
 * @param ctx   Gets the issues.
 * @param store Whose log.
 * @param place Of the entry.
 * @param count Size of the log it is proven for.
 * @retval ITSM_OK        Appended.
 * @retval ITSM_E_RANGE   @p place is not below @p count, or the log has fewer entries.
 * @retval ITSM_E_MISUSE  A NULL.
 * @retval ITSM_E_CORRUPT A place is missing.
 * @retval ITSM_E_NOMEM   No memory; @p out is as it was.
 * @retval ITSM_E_IO      Or another failure of the store.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_audit_inclusion_encode(itsm_buf *out, itsm_ctx *ctx, itsm_store *store,
                                                               uint64_t place, uint64_t count);

/**
 * Append the proof that an earlier log is the beginning of a later one as JSON: `first_size`, `first_root`,
 * `second_size`, `second_root` and `path`; bytes in base64.  O(entries).
 *
 * @param out     Appended to.
 * @param ctx     Gets the issues.
 * @param store   Whose log.
 * @param earlier Size of the earlier log, at least 1.
 * @param later   Size of the later one.
 * @retval ITSM_OK        Appended.
 * @retval ITSM_E_RANGE   @p earlier is 0 or above @p later, or the log has fewer entries.
 * @retval ITSM_E_MISUSE  A NULL.
 * @retval ITSM_E_CORRUPT A place is missing.
 * @retval ITSM_E_NOMEM   No memory; @p out is as it was.
 * @retval ITSM_E_IO      Or another failure of the store.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_audit_consistency_encode(itsm_buf *out, itsm_ctx *ctx, itsm_store *store,
                                                                 uint64_t earlier, uint64_t later);

/**
 * Verify that an entry is in a log.  Needs nothing but its arguments.
 *
 * @param checkpoint Size and root of the log.
 * @param place      Of the entry.
 * @param entry      Its canonical bytes.
 * @param proof      What itsm_audit_prove_inclusion() gave for this place and size.
 * @retval ITSM_OK        It is.
 * @retval ITSM_E_MISUSE  A NULL or `size` too small.
 * @retval ITSM_E_CORRUPT The proof does not show that.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_audit_verify_inclusion(const itsm_audit_checkpoint *checkpoint, uint64_t place,
                                                               itsm_bytes entry, itsm_bytes proof);

/**
 * Verify that an earlier log is the beginning of a later one.  Needs nothing but its arguments.
 *
 * @param earlier Size and root of the earlier log.
 * @param later   Size and root of the later one.
 * @param proof   What itsm_audit_prove_consistency() gave for these sizes.
 * @retval ITSM_OK        It is.
 * @retval ITSM_E_MISUSE  A NULL or `size` too small.
 * @retval ITSM_E_CORRUPT The proof does not show that.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_audit_verify_consistency(const itsm_audit_checkpoint *earlier,
                                                                 const itsm_audit_checkpoint *later, itsm_bytes proof);

ITSM_END_C

#endif
