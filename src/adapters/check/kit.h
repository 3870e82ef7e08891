/* SPDX-License-Identifier: MIT */
/*
 * What the cases of the kit are written with: a bench with one new store on it, and calls that say what must come of
 * an operation.  The first thing that is not so is kept as the failure of the case; every call after it does nothing,
 * so that a case reads as a story and needs no branches.
 */
#ifndef ITSM_SRC_ADAPTERS_CHECK_KIT_H
#define ITSM_SRC_ADAPTERS_CHECK_KIT_H

#include <itsm/check.h>
#include <itsm/record.h>

/* Types that define() does not name, as the rows of the engine's own are: a body and keys, no fields. */
enum { KIT_A = 0x7E01, KIT_B = 0x7E02, KIT_C = 0x7E03 };

/* What a case needs of the host. */
enum { KIT_REOPEN = 1, KIT_KILL = 2, KIT_THREADS = 4, KIT_TXN = 8 };

struct itsm__piece;

typedef struct itsm__bench {
    const itsm_check_host *host;
    itsm_ctx *ctx;
    itsm_alloc_fn alloc;
    void *alloc_user;
    const itsm_model *model;
    itsm_store *store; /* NULL: freed, to be opened again */
    uint64_t caps;
    uint64_t rev; /* the next row's revision: rising, whatever row it is */
    itsm_applied applied;
    uint64_t seed, operations, done, differences;
    struct itsm__piece *pieces; /* memory until the end of the case */
    int failed;
    itsm_buf message;
} itsm__bench;

typedef struct itsm__claim {
    const char *name;
    void (*run)(itsm__bench *b, size_t which);
    size_t which;
    uint64_t caps, without; /* capabilities it needs, and those it is not for */
    uint32_t host;          /* KIT_REOPEN ... */
} itsm__claim;

typedef struct itsm__group {
    const char *name;
    const itsm__claim *claims;
    size_t n;
} itsm__group;

extern const itsm__group itsm__kit_values, itsm__kit_order, itsm__kit_expectations, itsm__kit_indexes, itsm__kit_tombstones,
    itsm__kit_views, itsm__kit_audit, itsm__kit_twice, itsm__kit_reserve, itsm__kit_threads, itsm__kit_reopen, itsm__kit_limits,
    itsm__kit_random;

/* Failure and memory ---------------------------------------------------------------------------------------------- */

/* Append text with %s (const char *), %u (uint64_t), %d (int), %S (itsm_str). */
void itsm__kit_format(itsm_buf *out, const char *format, ...);

/* The case has failed; only the first is kept. */
void itsm__kit_fail(itsm__bench *b, const char *format, ...);

/* It fails unless `holds`. */
void itsm__kit_want(itsm__bench *b, int holds, const char *what);

/* It fails unless the status is the wanted one; ITSM_NOTHING as wanted allows ITSM_OK too. */
void itsm__kit_status(itsm__bench *b, itsm_status got, itsm_status wanted, const char *what);

/* Zeroed memory until the end of the case; NULL: the case has failed. */
void *itsm__kit_alloc(itsm__bench *b, size_t n);
void itsm__kit_release(itsm__bench *b);
/* Free what was given since the chain began with `kept`. */
void itsm__kit_trim(itsm__bench *b, struct itsm__piece *kept);

/* Operations ------------------------------------------------------------------------------------------------------ */

itsm_ref itsm__kit_ref(uint32_t type, uint64_t lo);
itsm_bytes itsm__kit_bytes(const char *text);
itsm_index_key itsm__kit_key(uint32_t index, uint32_t unique, const char *key);
itsm_op itsm__kit_op(uint32_t kind, itsm_ref ref, uint64_t expect);
itsm_op itsm__kit_put(itsm__bench *b, itsm_ref ref, uint64_t expect, const char *body);
itsm_op itsm__kit_put_keys(itsm__bench *b, itsm_ref ref, uint64_t expect, const itsm_index_key *keys, size_t n);

/* Send a batch.  rev_out NULL or room for n revisions. */
itsm_status itsm__kit_send(itsm__bench *b, const itsm_op *ops, size_t n, const itsm_bytes *audit, size_t naudit,
                           uint64_t *rev_out);

/* A batch that must be answered so; failed SIZE_MAX: any operation may be named. */
void itsm__kit_batch(itsm__bench *b, const itsm_op *ops, size_t n, itsm_status wanted, size_t failed);

/* One operation that must be taken: the row's new revision.  One that must not be. */
uint64_t itsm__kit_does(itsm__bench *b, itsm_op op);
void itsm__kit_refuses(itsm__bench *b, itsm_op op, itsm_status wanted);

/* A new row with a body, or with keys and the body "x". */
uint64_t itsm__kit_new(itsm__bench *b, itsm_ref ref, const char *body);
uint64_t itsm__kit_new_keys(itsm__bench *b, itsm_ref ref, const itsm_index_key *keys, size_t n);

/* Append audit entries, beside an expectation that holds; each text is an entry. */
void itsm__kit_enter(itsm__bench *b, const char *const *entries, size_t n);

/* Looking --------------------------------------------------------------------------------------------------------- */

int itsm__kit_same(itsm_bytes a, itsm_bytes b);
itsm_range itsm__kit_range(uint32_t type, uint32_t index);

/* 0: the case has failed. */
int itsm__kit_view(itsm__bench *b, itsm_view *view);
/* 0: the case has failed or there is no such row. */
int itsm__kit_get(itsm__bench *b, itsm_view *view, itsm_ref ref, itsm_row *row);
/* There is this row, of this revision (0: any) and body (NULL: any). */
void itsm__kit_is(itsm__bench *b, itsm_ref ref, uint64_t rev, const char *body);
void itsm__kit_is_in(itsm__bench *b, itsm_view *view, itsm_ref ref, uint64_t rev, const char *body);
void itsm__kit_is_not(itsm__bench *b, itsm_ref ref);
void itsm__kit_is_not_in(itsm__bench *b, itsm_view *view, itsm_ref ref);

/* Low halves of the identities a scan gives, in its order: "1 2 3". */
void itsm__kit_finds(itsm__bench *b, const itsm_range *range, const char *wanted);
void itsm__kit_finds_in(itsm__bench *b, itsm_view *view, const itsm_range *range, const char *wanted);
void itsm__kit_scan(itsm__bench *b, uint32_t type, uint32_t index, const char *wanted);

/* Sealed audit entries from a place on, joined by commas; all that wait are sealed first. */
void itsm__kit_trail(itsm__bench *b, uint64_t from, const char *wanted);
void itsm__kit_trail_in(itsm__bench *b, itsm_view *view, uint64_t from, const char *wanted);
void itsm__kit_seal(itsm__bench *b);

/* Closing --------------------------------------------------------------------------------------------------------- */

/* Free the store and open it again; kill it and open it again. */
void itsm__kit_close_and_open(itsm__bench *b);
void itsm__kit_kill_and_open(itsm__bench *b);

/* Records: rows with fields --------------------------------------------------------------------------------------- */

/* The built-in model and a type with a field of every kind. */
itsm_status itsm__kit_model(itsm_model **out, itsm_ctx *ctx);
/* Tell the store the types the kit uses. */
itsm_status itsm__kit_define(itsm__bench *b);

/* A record of the type "check_row" or another of the model; freed with the case's memory or before. */
itsm_record *itsm__kit_record(itsm__bench *b, const char *type, uint64_t lo);
void itsm__kit_set(itsm__bench *b, itsm_record *record, const char *field, itsm_value value);
itsm_op itsm__kit_put_record(itsm__bench *b, const itsm_record *record, uint64_t expect);
/* The row of a record has its values, all of them and no others. */
void itsm__kit_record_is(itsm__bench *b, const itsm_record *record, uint64_t rev);

/* The keys of a record as the library makes them. */
itsm_status itsm__kit_keys(itsm_index_key **keys, size_t *n, itsm__bench *b, const itsm_record *record);

/* A range over an index of "check_row", typed and as bytes.  eq: neq values; from, to: NULL is open. */
itsm_range itsm__kit_typed(itsm__bench *b, const char *index, const itsm_value *eq, uint32_t neq, const itsm_value *from,
                           const itsm_value *to);

static inline itsm_value itsm__kit_text(const char *text)
{
    return itsm_value_text(itsm_str_c(text));
}

#define KIT_COUNT(array) (sizeof(array) / sizeof *(array))

#endif
