/* SPDX-License-Identifier: MIT */
/* The index keys of a record, as its type defines them: what goes beside its body into a store. */
#ifndef ITSM_SRC_RECORD_INDEX_H
#define ITSM_SRC_RECORD_INDEX_H

#include "record/internal.h"

/*
 * The complete set of keys, in the order of the indexes; the keys of one index ascend and are different.  A list has
 * one key for each item; without a value for each field of an index there is no key in it.  Array and bytes come from
 * the arena; `scratch` is used in between and left empty.  *n is 0 and *keys NULL if there are none.
 * ITSM_OK; ITSM_E_NOMEM; ITSM_E_UNSUPPORTED for two lists in one index or a value of an unknown kind.
 */
itsm_status itsm__record_keys(itsm_index_key **keys, size_t *n, const itsm_record *record, itsm__arena *arena,
                              itsm_buf *scratch);

/*
 * Append the beginning of the keys of an index whose first fields have these values (in the order of the index, each
 * of the field's kind: an item's where the field is a list): `lo` of a range, and with itsm__key_end() its `hi`.
 */
itsm_status itsm__index_prefix(itsm_buf *key, const itsm_value *values, size_t n);

#endif
