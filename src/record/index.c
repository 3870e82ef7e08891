/* SPDX-License-Identifier: MIT */
/*
 * From the indexes of a type and the values of a record to keys.  Two passes: the first counts, so that the array is
 * one piece of the arena, the second writes.  O(bytes), and O(n log n) in the items of an indexed list, which are put
 * in order so that an item that stands twice gives one key.
 */
#include "record/index.h"

#include "base/sort.h"
#include "record/key.h"

#define NO_LIST SIZE_MAX

/* The value of an index's field number i in a record, or NULL. */
static inline const itsm_value *value_at(const itsm_record *record, const itsm_index_def *index, size_t i)
{
    return itsm__record_at(record, record->type->fields[index->fields[i]].number);
}

/* How many keys an index can have for the record, and which of its fields is a list. */
static inline itsm_status count_keys(size_t *n, size_t *list, const itsm_record *record, const itsm_index_def *index)
{
    *n = 1, *list = NO_LIST;
    for (size_t i = 0; i < index->nfields; i++) {
        const itsm_value *value = value_at(record, index, i);
        if (!value) {
            *n = 0;
            return ITSM_OK;
        }
        if (value->kind != ITSM_LIST) continue;
        if (*list != NO_LIST) return ITSM_E_UNSUPPORTED;
        *list = i, *n = value->u.list.n;
    }
    return ITSM_OK;
}

/* The key with item `item` of the list. */
static itsm_status write_key(itsm_buf *key, const itsm_record *record, const itsm_index_def *index, size_t list,
                             size_t item)
{
    itsm_status rc = ITSM_OK;
    for (size_t i = 0; rc == ITSM_OK && i < index->nfields; i++) {
        const itsm_value *value = value_at(record, index, i);
        rc = itsm__key_value(key, i == list ? &value->u.list.item[item] : value);
    }
    return rc;
}

static int compare_keys(const void *a, const void *b, void *user)
{
    const itsm_bytes x = ((const itsm_index_key *)a)->key, y = ((const itsm_index_key *)b)->key;
    (void)user;
    int order = memcmp(x.p, y.p, x.n < y.n ? x.n : y.n);
    return order ? order : (x.n > y.n) - (x.n < y.n);
}

/* How many are left of n keys when each stands once. */
static size_t sort_and_unite(itsm_index_key *keys, size_t n)
{
    size_t kept = 1;
    if (n < 2) return n;
    itsm__sort(keys, n, sizeof *keys, compare_keys, NULL);
    for (size_t i = 1; i < n; i++)
        if (compare_keys(&keys[i], &keys[kept - 1], NULL) != 0) keys[kept++] = keys[i];
    return kept;
}

static itsm_status add_index(itsm_index_key *keys, size_t *n, const itsm_record *record, const itsm_index_def *index,
                             itsm__arena *arena, itsm_buf *scratch)
{
    size_t count = 0, list = NO_LIST;
    itsm_status rc = count_keys(&count, &list, record, index);
    for (size_t i = 0; rc == ITSM_OK && i < count; i++) {
        itsm_str copy = {NULL, 0};
        scratch->n = 0;
        rc = write_key(scratch, record, index, list, i);
        if (rc == ITSM_OK) rc = itsm__arena_copy(&copy, arena, itsm_buf_str(scratch));
        keys[i].index = index->number, keys[i].unique = index->unique;
        keys[i].key.p = copy.p, keys[i].key.n = copy.n;
    }
    scratch->n = 0;
    if (rc == ITSM_OK) *n = sort_and_unite(keys, count);
    return rc;
}

itsm_status itsm__record_keys(itsm_index_key **keys, size_t *n, const itsm_record *record, itsm__arena *arena,
                              itsm_buf *scratch)
{
    size_t all = 0, nindexes = record->type->nindexes, done = 0;
    *keys = NULL, *n = 0;
    for (size_t i = 0; i < nindexes; i++) {
        size_t count = 0, list = 0;
        itsm_status rc = count_keys(&count, &list, record, &record->type->indexes[i]);
        if (rc != ITSM_OK) return rc;
        all += count;
    }
    if (all == 0) return ITSM_OK;
    itsm_index_key *array = itsm__arena_alloc(arena, all * sizeof *array);
    if (!array) return ITSM_E_NOMEM;
    for (size_t i = 0; i < nindexes; i++) {
        size_t added = 0;
        itsm_status rc = add_index(array + done, &added, record, &record->type->indexes[i], arena, scratch);
        if (rc != ITSM_OK) return rc;
        done += added;
    }
    *keys = array, *n = done;
    return ITSM_OK;
}

itsm_status itsm__index_prefix(itsm_buf *key, const itsm_value *values, size_t n)
{
    size_t before = key->n;
    for (size_t i = 0; i < n; i++) {
        itsm_status rc = itsm__key_value(key, &values[i]);
        if (rc == ITSM_OK) continue;
        key->n = before;
        return rc;
    }
    return ITSM_OK;
}
