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

/* As itsm_record_copy() onto an object that exists, of the same model; on failure it is empty. */
itsm_status itsm__record_assign(itsm_record *record, const itsm_record *from);

/* The revision its row will have. */
void itsm__record_set_revision(itsm_record *record, uint64_t revision);

/* The field of that number, or NULL. */
const itsm_value *itsm__record_at(const itsm_record *record, uint16_t number);

/* itsm_record_check() that keeps the issues there are. */
itsm_status itsm__record_check(itsm_ctx *ctx, const itsm_record *record);

/* NOT_FOUND, with an issue that names the nearest field. */
itsm_status itsm__record_no_field(itsm_ctx *ctx, const itsm_type_def *type, itsm_str name);

/* "", empty text, empty list, "{}" of a map: the same as no value. */
int itsm__value_is_empty(const itsm_value *value);

#endif
