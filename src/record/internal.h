/* SPDX-License-Identifier: MIT */
/*
 * The inside of a record, and what lets a loop go over many records without allocating for each: one object is
 * decoded into again and again.
 */
#ifndef ITSM_SRC_RECORD_INTERNAL_H
#define ITSM_SRC_RECORD_INTERNAL_H

#include "base/ctx.h"

#include <itsm/record.h>

struct itsm_record {
    itsm__memory memory;
    const itsm_model *model; /* a share */
    const itsm_type_def *type;
    itsm_ref ref;
    uint64_t revision;
    itsm_row_field *fields; /* ascending numbers, only sound and non-empty values */
    size_t nfields, capacity;
    size_t bytes;      /* the bound of the encoding, kept up to date */
    itsm__arena arena; /* texts and items */
};

/* As itsm_record_new() on an object that exists: emptied, memory and model kept.  Borrowed values end. */
itsm_status itsm__record_reset(itsm_record *record, const itsm_type_def *type, itsm_ref ref);

/* As itsm_record_decode() on an object that exists; on failure it is empty, of the row's identity. */
itsm_status itsm__record_read(itsm_record *record, itsm_ctx *ctx, const itsm_row *row);

/*
 * Keep what a record holds in another object of the same model, and put it back later, which cannot fail.  Only the
 * array is copied: both share texts, which stay where they are until the record is reset, read or freed.
 */
itsm_status itsm__record_keep(itsm_record *kept, const itsm_record *record);
void itsm__record_restore(itsm_record *record, itsm_record *kept);

/* Is it the value that was kept, not written since?  0 also for one written anew. */
static inline int itsm__value_is_kept(const itsm_value *kept, const itsm_value *value)
{
    return memcmp(kept, value, sizeof *value) == 0;
}

/* As itsm_record_check(), of what was written since the record was kept; issues that stand are left. */
itsm_status itsm__record_check_written(itsm_ctx *ctx, const itsm_record *record, const itsm_record *kept);

/* The revision its row will have. */
void itsm__record_set_revision(itsm_record *record, uint64_t revision);

/* The field of that number, or NULL. */
const itsm_value *itsm__record_at(const itsm_record *record, uint16_t number);

/* NOT_FOUND, with an issue that names the nearest field. */
itsm_status itsm__record_no_field(itsm_ctx *ctx, const itsm_type_def *type, itsm_str name);

/* "", empty text, empty list, "{}" of a map: the same as no value. */
int itsm__value_is_empty(const itsm_value *value);

#endif
