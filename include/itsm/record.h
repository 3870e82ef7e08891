/* SPDX-License-Identifier: MIT */
/**
 * @file itsm/record.h
 * A record: the values of one row of the model, and its canonical bytes.
 *
 * A record knows its fields and nothing else: no store, no lifecycle, no clock.  It holds what it is given (a wrong
 * value is held too) and itsm_record_check() names everything that is wrong at once.  Its bytes are canonical: the
 * same content gives the same bytes on every machine, whatever order it was set in; fields that the model does not
 * know are kept and written back.  The revision stands beside the content, never in it.
 *
 * Empty is absent: an empty text, an empty list and an empty map are no value, so setting one removes the field.
 *
 * The state of a facet is a field like any other, of kind ITSM_ENUM, as the model has it.  The identity, the type and
 * the revision can be read as fields too, but not be set: they stand beside the content.
 */
#ifndef ITSM_RECORD_H
#define ITSM_RECORD_H

#include <itsm/base.h>
#include <itsm/model.h>
#include <itsm/sys/store_backend.h>

ITSM_BEGIN_C

/** One record.  Used by one thread at a time. */
typedef struct itsm_record itsm_record;

/** The longest content of a record, in bytes: 16 MiB. */
#define ITSM_RECORD_MAX (UINT32_C(1) << 24)

/** The longest single text that itsm_record_check() accepts, in bytes: 1 MiB. */
#define ITSM_RECORD_TEXT_MAX (UINT32_C(1) << 20)

/** The most values in a list that itsm_record_check() accepts. */
#define ITSM_RECORD_LIST_MAX UINT32_C(10000)

/* Making and freeing ---------------------------------------------------------------------------------------------- */

/**
 * Make a record without values, of revision 0.
 *
 * @param out   Yours; freed by itsm_record_free().
 * @param ctx   Its allocator is copied; the record outlives it.
 * @param model Kept: the record takes a share.
 * @param type  A type of @p model.
 * @param ref   Its identity; `ref.type` must be the number of @p type.
 * @retval ITSM_OK       @p out is a record.
 * @retval ITSM_E_MISUSE A NULL, or @p ref is of another type.
 * @retval ITSM_E_NOMEM  No memory.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_record_new(itsm_record **out, itsm_ctx *ctx, const itsm_model *model,
                                                   const itsm_type_def *type, itsm_ref ref);

/**
 * Make a record of a row, from its body if it has one, else from its fields.  Everything is copied.  O(bytes).
 *
 * @param out   Yours; freed by itsm_record_free().
 * @param ctx   Its allocator is copied; gets the issue.
 * @param model Kept: the record takes a share.
 * @param row   Of a type of @p model.
 * @retval ITSM_OK          @p out is a record.
 * @retval ITSM_E_MISUSE    A NULL.
 * @retval ITSM_E_NOT_FOUND The model has no type of that number.
 * @retval ITSM_E_CORRUPT   The body is not the canonical form of anything.
 * @retval ITSM_E_VERSION   The body is of a newer format.
 * @retval ITSM_E_LIMIT     More than ITSM_RECORD_MAX bytes.
 * @retval ITSM_E_NOMEM     No memory.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_record_decode(itsm_record **out, itsm_ctx *ctx, const itsm_model *model,
                                                      const itsm_row *row);

/**
 * Copy a record, for instance as a draft to be changed.  O(bytes).
 *
 * @param out    Yours; freed by itsm_record_free().
 * @param ctx    Its allocator is copied.
 * @param record What to copy; its revision too.
 * @retval ITSM_OK       @p out is a record of its own.
 * @retval ITSM_E_MISUSE A NULL.
 * @retval ITSM_E_NOMEM  No memory.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_record_copy(itsm_record **out, itsm_ctx *ctx, const itsm_record *record);

/**
 * Free a record and everything borrowed from it.
 *
 * @param record NULL is allowed.
 * @since 0.1
 */
ITSM_API void itsm_record_free(itsm_record *record);

/* What it is ------------------------------------------------------------------------------------------------------ */

/**
 * Tell which row a record is.
 *
 * @param record A record.
 * @return Its type number and identity.
 * @since 0.1
 */
ITSM_API itsm_ref itsm_record_ref(const itsm_record *record);

/**
 * Tell the revision a record was read with.
 *
 * @param record A record.
 * @return The revision of its row; 0 for a new one.
 * @since 0.1
 */
ITSM_API uint64_t itsm_record_revision(const itsm_record *record);

/**
 * Tell the type of a record.
 *
 * @param record A record.
 * @return Borrowed from its model.
 * @since 0.1
 */
ITSM_API const itsm_type_def *itsm_record_type(const itsm_record *record);

/**
 * Tell the model of a record.
 *
 * @param record A record.
 * @return Borrowed: the record holds a share.
 * @since 0.1
 */
ITSM_API const itsm_model *itsm_record_model(const itsm_record *record);

/* Values ---------------------------------------------------------------------------------------------------------- */

/**
 * Read a field.  O(log fields).
 *
 * @param out    The value, borrowed until the record is freed; of kind ITSM_NONE if there is none.
 * @param record A record.
 * @param field  A field of its type.
 * @retval ITSM_OK       @p out is the value.
 * @retval ITSM_NOTHING  The field is empty.
 * @retval ITSM_E_MISUSE A NULL.
 * @since 0.1
 */
ITSM_API itsm_status itsm_record_get(itsm_value *out, const itsm_record *record, const itsm_field_def *field);

/**
 * Read a field by its number, known to the model or not.  O(log fields).
 *
 * @param out    The value, borrowed until the record is freed; of kind ITSM_NONE if there is none.
 * @param record A record.
 * @param number Number of the field, or of a facet.
 * @retval ITSM_OK       @p out is the value.
 * @retval ITSM_NOTHING  The field is empty.
 * @retval ITSM_E_MISUSE A NULL.
 * @since 0.1
 */
ITSM_API itsm_status itsm_record_get_number(itsm_value *out, const itsm_record *record, uint16_t number);

/**
 * Read a field by name.
 *
 * @param out    The value, borrowed until the record is freed; of kind ITSM_NONE if there is none.
 * @param record A record.
 * @param name   Of a field of its type.
 * @retval ITSM_OK          @p out is the value.
 * @retval ITSM_NOTHING     The field is empty.
 * @retval ITSM_E_NOT_FOUND The type has no field of that name.
 * @retval ITSM_E_MISUSE    A NULL.
 * @since 0.1
 */
ITSM_API itsm_status itsm_record_find(itsm_value *out, const itsm_record *record, itsm_str name);

/**
 * Set a field.  Texts and lists are copied; what was borrowed from the record stays valid.  O(fields + bytes).
 *
 * The value takes the field's kind where that loses nothing: a text becomes the enum, party, map or blob that the
 * field is, an integer a decimal or a boolean.  Any other value is held as it is, for itsm_record_check() to name.
 *
 * @param record A record.
 * @param field  A field of its type.
 * @param value  NULL, of kind ITSM_NONE, or empty: the field is removed.
 * @retval ITSM_OK       Set.
 * @retval ITSM_E_MISUSE A NULL; a field beside the content; or @p value cannot be written: no such kind, a
 *                       scale above 18, a list of lists, of different kinds or of more than 65,536 values.
 * @retval ITSM_E_LIMIT  The record would have more than ITSM_RECORD_MAX bytes.
 * @retval ITSM_E_NOMEM  No memory; the record is as it was.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_record_set(itsm_record *record, const itsm_field_def *field,
                                                   const itsm_value *value);

/**
 * Set a field by its number, which the model need not know.  Otherwise as itsm_record_set(), without the taking of
 * the field's kind.
 *
 * @param record A record.
 * @param number Number of the field, or of a facet; not 0.
 * @param value  NULL, of kind ITSM_NONE, or empty: the field is removed.
 * @retval ITSM_OK       Set.
 * @retval ITSM_E_MISUSE A NULL; number 0 or a field beside the content; or @p value cannot be written: no such
 *                       kind, a scale above 18, a list of lists, of different kinds or of more than 65,536 values.
 * @retval ITSM_E_LIMIT  The record would have more than ITSM_RECORD_MAX bytes.
 * @retval ITSM_E_NOMEM  No memory; the record is as it was.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_record_set_number(itsm_record *record, uint16_t number,
                                                          const itsm_value *value);

/**
 * Set a field by name.  Otherwise as itsm_record_set().
 *
 * @param record A record.
 * @param ctx    Gets the issue, with the nearest name; may be NULL.
 * @param name   Of a field of its type.
 * @param value  NULL, of kind ITSM_NONE, or empty: the field is removed.
 * @retval ITSM_OK          Set.
 * @retval ITSM_E_NOT_FOUND The type has no field of that name.
 * @retval ITSM_E_MISUSE    A NULL; a field beside the content; or @p value cannot be written: no such kind, a
 *                       scale above 18, a list of lists, of different kinds or of more than 65,536 values.
 * @retval ITSM_E_LIMIT     The record would have more than ITSM_RECORD_MAX bytes.
 * @retval ITSM_E_NOMEM     No memory; the record is as it was.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_record_set_named(itsm_record *record, itsm_ctx *ctx, itsm_str name,
                                                         const itsm_value *value);

/**
 * Remove a field; nothing happens if it is empty.  O(fields).
 *
 * @param record A record.
 * @param field  A field of its type.
 * @since 0.1
 */
ITSM_API void itsm_record_remove(itsm_record *record, const itsm_field_def *field);

/**
 * Count the fields that have a value, facets and unknown ones included.
 *
 * @param record A record.
 * @return How many.
 * @since 0.1
 */
ITSM_API size_t itsm_record_count(const itsm_record *record);

/**
 * See all fields that have a value, in ascending order of their numbers.  O(1).
 *
 * @param record A record.
 * @return itsm_record_count() of them; borrowed until the record changes.  This is the typed form of its row.
 * @since 0.1
 */
ITSM_API const itsm_row_field *itsm_record_fields(const itsm_record *record);

/* Checking and writing -------------------------------------------------------------------------------------------- */

/**
 * Check every value against the model: kind, range, allowed names, one or many, well-formed text, limits.
 *
 * One issue per problem, all of them: `where` is the field, `rule` what does not hold (for instance `int(1-5)`),
 * `clause` what the field serves where the model says so.  Fields that the model does not know are not judged.
 * Which fields a state needs is not asked here but by the lifecycle.
 *
 * @param ctx    Gets the issues.
 * @param record A record.
 * @retval ITSM_OK        Nothing is wrong.
 * @retval ITSM_E_INVALID The issues say what is.
 * @retval ITSM_E_MISUSE  A NULL.
 * @since 0.1
 */
ITSM_API itsm_status itsm_record_check(itsm_ctx *ctx, const itsm_record *record);

/**
 * Append the canonical bytes of a record's content.  O(bytes), one reservation.
 *
 * @param out    Appended to.
 * @param record A record.
 * @retval ITSM_OK       Appended.
 * @retval ITSM_E_MISUSE A NULL.
 * @retval ITSM_E_NOMEM  No memory; @p out is as it was.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_record_encode(itsm_buf *out, const itsm_record *record);

/**
 * Append a record as one JSON object, lossless: `{"type":"incident","id":"45","revision":3,"fields":{...}}`.
 *
 * Times are RFC 3339 in UTC, dates `YYYY-MM-DD`, spans ISO 8601, decimals texts with all their digits, references
 * `"type:id"`, an identity a decimal number or, above 64 bits, a UUID; maps are texts, bytes hexadecimal digits.  A
 * value that is not of its field's kind, and every field the model does not know (`"#32770"`), says its kind:
 * `{"kind":"int","value":5}`.
 *
 * @param out    Appended to.
 * @param record A record.
 * @retval ITSM_OK        Appended.
 * @retval ITSM_E_MISUSE  A NULL.
 * @retval ITSM_E_INVALID A text is not UTF-8, which itsm_record_check() would have said; @p out is as it was.
 * @retval ITSM_E_NOMEM   No memory; @p out is as it was.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_record_encode_json(itsm_buf *out, const itsm_record *record);

/**
 * Read a record from the JSON that itsm_record_encode_json() writes.
 *
 * @param out   Yours; freed by itsm_record_free().
 * @param ctx   Its allocator is copied; gets the issues.
 * @param model Kept: the record takes a share.
 * @param text  One JSON object.
 * @retval ITSM_OK          @p out is a record.
 * @retval ITSM_E_MISUSE    A NULL.
 * @retval ITSM_E_SYNTAX    Not JSON; the issue has the position.
 * @retval ITSM_E_INVALID   JSON of another shape, or a value that its kind cannot hold.
 * @retval ITSM_E_NOT_FOUND A type or field that the model does not have.
 * @retval ITSM_E_LIMIT     More than ITSM_RECORD_MAX bytes.
 * @retval ITSM_E_NOMEM     No memory.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_record_decode_json(itsm_record **out, itsm_ctx *ctx, const itsm_model *model,
                                                           itsm_str text);

ITSM_END_C

#endif
