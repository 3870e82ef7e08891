/* SPDX-License-Identifier: MIT */
/*
 * The inside of a record, and what lets a loop go over many records without allocating for each: one object is
 * decoded into again and again.
 */
#ifndef ITSM_SRC_RECORD_INTERNAL_H
#define ITSM_SRC_RECORD_INTERNAL_H

#include "base/ctx.h"

#include <itsm/record.h>

#define ITSM__RECORD_NEAR 128 /* the library's own numbers lie below; those a host adds lie far above */

/* A set of numbers of fields.  The far ones share a bit with the last near one: it may hold more than was added. */
typedef struct itsm__numbers {
    uint64_t bits[ITSM__RECORD_NEAR / 64];
} itsm__numbers;

static inline void itsm__numbers_add(itsm__numbers *numbers, uint16_t number)
{
    const unsigned bit = number < ITSM__RECORD_NEAR ? number : ITSM__RECORD_NEAR - 1u;
    numbers->bits[bit / 64] |= UINT64_C(1) << bit % 64;
}

static inline int itsm__numbers_has(const itsm__numbers *numbers, uint16_t number)
{
    const unsigned bit = number < ITSM__RECORD_NEAR ? number : ITSM__RECORD_NEAR - 1u;
    return (int)(numbers->bits[bit / 64] >> bit % 64 & 1);
}

static inline int itsm__numbers_meet(const itsm__numbers *a, const itsm__numbers *b)
{
    return ((a->bits[0] & b->bits[0]) | (a->bits[1] & b->bits[1])) != 0;
}

struct itsm_record {
    itsm__memory memory;
    const itsm_model *model; /* a share */
    const itsm_type_def *type;
    itsm_ref ref;
    uint64_t revision;
    itsm_row_field *fields; /* ascending numbers, only sound and non-empty values */
    size_t nfields, capacity;
    size_t bytes;                     /* the bound of the encoding, kept up to date */
    itsm__arena arena;                /* texts and items */
    itsm__arena_mark texts;           /* of a kept record: where the arena of the other stood */
    itsm__numbers written;            /* set or removed since it was kept */
    uint8_t place[ITSM__RECORD_NEAR]; /* by number: 1 + where the field stands, 0: it has no value */
};

/* As itsm_record_new() on an object that exists: emptied, memory and model kept.  Borrowed values end. */
itsm_status itsm__record_reset(itsm_record *record, const itsm_type_def *type, itsm_ref ref);

/* As itsm_record_decode() on an object that exists; on failure it is empty, of the row's identity. */
itsm_status itsm__record_read(itsm_record *record, itsm_ctx *ctx, const itsm_row *row);

/*
 * Keep what a record holds in another object of the same model, and put it back later, which cannot fail and gives the
 * texts written since back.  Only the array is copied: both share texts, which stay where they are until the record is
 * restored, reset, read or freed.
 */
itsm_status itsm__record_keep(itsm_record *kept, itsm_record *record);
void itsm__record_restore(itsm_record *record, itsm_record *kept);

/* As itsm_record_check(), of what was written since the record was kept; issues that stand are left. */
itsm_status itsm__record_check_written(itsm_ctx *ctx, const itsm_record *record);

/* The revision its row will have. */
void itsm__record_set_revision(itsm_record *record, uint64_t revision);

/* The field of that number, or NULL. */
const itsm_value *itsm__record_at_far(const itsm_record *record, uint16_t number);
static inline const itsm_value *itsm__record_at(const itsm_record *record, uint16_t number)
{
    if (number >= ITSM__RECORD_NEAR) return itsm__record_at_far(record, number);
    const size_t place = record->place[number];
    return place ? &record->fields[place - 1].value : NULL;
}

/* NOT_FOUND, with an issue that names the nearest field. */
itsm_status itsm__record_no_field(itsm_ctx *ctx, const itsm_type_def *type, itsm_str name);

/* "", empty text, empty list, "{}" of a map: the same as no value. */
int itsm__value_is_empty(const itsm_value *value);

#endif
