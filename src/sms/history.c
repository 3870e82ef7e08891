/* SPDX-License-Identifier: MIT */
/*
 * The codec of history rows, and the identities of rows that are named by their content.  Encoding and decoding are
 * linear in the size; what is read is checked to its last byte, since a store may have been edited by hand.
 */
#include "sms/history.h"

#include "base/bits.h"
#include "base/hash.h"
#include "base/text.h"
#include "record/codec.h"

#include <itsm/audit.h>

#define HISTORY_VERSION 1
#define HISTORY_PERSONAL 2 /* the version with personal values behind the content */
#define HISTORY_ITEMS_MAX 4096

itsm_id itsm__derived_id(const char *purpose, itsm_bytes content)
{
    unsigned char digest[32];
    itsm__sha256 hasher;
    itsm__sha256_init(&hasher);
    itsm__sha256_add(&hasher, purpose, strlen(purpose) + 1);
    itsm__sha256_add(&hasher, content.p, content.n);
    itsm__sha256_end(&hasher, digest);
    itsm_id id = {itsm__be64(digest), itsm__be64(digest + 8)};
    return id;
}

itsm_id itsm__history_id(itsm_ref ref, uint64_t revision)
{
    unsigned char content[20];
    itsm_bytes bytes = {content, sizeof content};
    itsm__put_be32(content, ref.type), itsm__put_be64(content + 4, ref.id.hi), itsm__put_be64(content + 12, ref.id.lo);
    itsm_id id = itsm__derived_id("history", bytes);
    id.lo = (id.lo & ~UINT64_C(0xFFFFFFFF)) | (revision & UINT64_C(0xFFFFFFFF));
    return id;
}

void itsm__history_range(itsm_range *range, itsm__history_ends *ends, itsm_ref ref)
{
    const itsm_ref first = {ITSM_ROW_HISTORY, itsm__history_id(ref, 0)};
    const itsm_ref last = {ITSM_ROW_HISTORY, itsm__history_id(ref, ITSM__HISTORY_REVISIONS)};
    ends->from = itsm_value_ref(first), ends->to = itsm_value_ref(last);
    itsm__put_be64(ends->bytes, first.id.hi), itsm__put_be64(ends->bytes + 8, first.id.lo);
    itsm__put_be64(ends->bytes + 16, last.id.hi), itsm__put_be64(ends->bytes + 24, last.id.lo);
    range->type = ITSM_ROW_HISTORY, range->from = &ends->from, range->to = &ends->to;
    range->lo.p = ends->bytes, range->lo.n = 16, range->hi.p = ends->bytes + 16, range->hi.n = 16;
}

static uint64_t zigzag(int64_t i)
{
    return (uint64_t)i << 1 ^ (i < 0 ? UINT64_MAX : 0);
}

static int64_t unzigzag(uint64_t u)
{
    return (int64_t)(u >> 1) ^ -(int64_t)(u & 1);
}

#define NUMBER_BOUND 10u /* bytes of a number at most */

static unsigned char *put_text(unsigned char *p, itsm_str text)
{
    p = itsm__varint_put(p, text.n);
    if (text.n) memcpy(p, text.p, text.n);
    return p + text.n;
}

/* Bytes of an entry at most.  What is added up stands in memory, so it does not overflow. */
static size_t entry_bound(const itsm_history *e)
{
    size_t bound = 16 * NUMBER_BOUND + e->who.n + e->event.n;
    for (size_t i = 0; i < e->nbefore; i++) bound += NUMBER_BOUND + itsm__value_bound(&e->before[i].value);
    for (size_t i = 0; i < e->ndeviations; i++) {
        const itsm_deviation *d = &e->deviations[i];
        bound += 4 * NUMBER_BOUND + d->move.n + d->rule.n + d->clause.n;
    }
    return bound;
}

/* Each personal value, and what commits to it. */
static itsm_status put_personal(itsm_buf *out, itsm__history_content *c)
{
    itsm_status rc = ITSM_OK;
    for (size_t i = 0; i < c->npersonal && !rc; i++) {
        itsm__personal *personal = &c->personal[i];
        unsigned char number[NUMBER_BOUND];
        rc = itsm_buf_add(out, number, (size_t)(itsm__varint_put(number, personal->number) - number));
        if (!rc) rc = itsm_buf_add(out, personal->salt, sizeof personal->salt);
        const size_t at = out->n;
        if (!rc) rc = itsm__value_encode(out, &personal->value);
        const itsm_bytes value = {rc ? NULL : out->p + at, out->n - at};
        if (!rc) itsm_audit_commit(personal->commitment, personal->salt, value);
    }
    return rc;
}

itsm_status itsm__history_encode(itsm_buf *out, itsm__history_content *c)
{
    const itsm_history *e = &c->entry;
    const uint64_t version = c->npersonal ? HISTORY_PERSONAL : HISTORY_VERSION;
    const uint64_t head[] = {version, e->action,  e->revision, c->ref.type,          c->ref.id.hi,
                             c->ref.id.lo,    c->txid.hi, c->txid.lo,  zigzag(e->effective), zigzag(e->recorded)};
    const itsm_status rc = itsm__buf_reserve(out, entry_bound(e));
    if (rc) return rc;
    unsigned char *const begin = (unsigned char *)out->p + out->n, *p = begin;
    for (size_t i = 0; i < sizeof head / sizeof *head; i++) p = itsm__varint_put(p, head[i]);
    p = put_text(p, e->who), p = put_text(p, e->event);
    p = itsm__varint_put(p, e->nbefore);
    for (size_t i = 0; i < e->nbefore; i++) {
        p = itsm__varint_put(p, e->before[i].no);
        p = itsm__value_put(p, &e->before[i].value);
    }
    p = itsm__varint_put(p, e->ndeviations);
    for (size_t i = 0; i < e->ndeviations; i++) {
        const itsm_deviation *d = &e->deviations[i];
        p = itsm__varint_put(p, d->undecided);
        p = put_text(p, d->move), p = put_text(p, d->rule), p = put_text(p, d->clause);
    }
    c->committed = (size_t)(p - begin);
    out->n += c->committed;
    return c->npersonal ? put_personal(out, c) : ITSM_OK;
}

static itsm_status read_text(itsm_str *out, itsm__reader *in)
{
    uint64_t n;
    itsm_status rc = itsm__varint_read(&n, in);
    if (rc) return rc;
    if (n > (uint64_t)(in->end - in->p)) return ITSM_E_CORRUPT;
    *out = itsm_str_n((const char *)in->p, (size_t)n);
    in->p += n;
    return ITSM_OK;
}

static itsm_status read_before(itsm_history *e, itsm__reader *in, itsm__arena *arena)
{
    uint64_t n, number;
    itsm_status rc = itsm__varint_read(&n, in);
    if (rc) return rc;
    if (n > HISTORY_ITEMS_MAX) return ITSM_E_CORRUPT;
    itsm_row_field *fields = itsm__arena_alloc(arena, (size_t)n * sizeof *fields);
    if (!fields) return ITSM_E_NOMEM;
    for (size_t i = 0; i < n; i++) {
        if ((rc = itsm__varint_read(&number, in)) || (rc = itsm__value_read(&fields[i].value, in, arena))) return rc;
        if (number > UINT16_MAX) return ITSM_E_CORRUPT;
        fields[i].no = (uint16_t)number;
    }
    e->before = fields, e->nbefore = (size_t)n;
    return ITSM_OK;
}

static itsm_status read_deviations(itsm_history *e, itsm__reader *in, itsm__arena *arena)
{
    uint64_t n, undecided;
    itsm_status rc = itsm__varint_read(&n, in);
    if (rc) return rc;
    if (n > HISTORY_ITEMS_MAX) return ITSM_E_CORRUPT;
    itsm_deviation *deviations = itsm__arena_alloc(arena, (size_t)n * sizeof *deviations);
    if (!deviations) return ITSM_E_NOMEM;
    memset(deviations, 0, (size_t)n * sizeof *deviations);
    for (size_t i = 0; i < n; i++) {
        itsm_deviation *d = &deviations[i];
        if ((rc = itsm__varint_read(&undecided, in)) || (rc = read_text(&d->move, in)) ||
            (rc = read_text(&d->rule, in)) || (rc = read_text(&d->clause, in)))
            return rc;
        d->undecided = undecided != 0;
    }
    e->deviations = deviations, e->ndeviations = (size_t)n;
    return ITSM_OK;
}

/* One list of the values before, in ascending order of their numbers. */
static itsm_status merge_before(itsm__history_content *c, itsm__arena *arena)
{
    itsm_history *e = &c->entry;
    const size_t n = e->nbefore + c->npersonal;
    itsm_row_field *all = itsm__arena_alloc(arena, n * sizeof *all);
    if (!all) return ITSM_E_NOMEM;
    memset(all, 0, n * sizeof *all);
    for (size_t i = 0, open = 0, personal = 0; i < n; i++)
        if (personal == c->npersonal || (open < e->nbefore && e->before[open].no < c->personal[personal].number))
            all[i] = e->before[open++];
        else all[i].no = c->personal[personal].number, all[i].value = c->personal[personal].value, personal++;
    e->before = all, e->nbefore = n;
    return ITSM_OK;
}

/* What stands behind the content: at least one, in ascending order. */
static itsm_status read_personal(itsm__history_content *c, itsm__reader *in, itsm__arena *arena)
{
    const itsm__reader start = *in;
    uint64_t number = 0, before = 0;
    itsm_status rc = ITSM_OK;
    for (int pass = 0; pass < 2; pass++) { /* the first one counts */
        size_t n = 0;
        if (pass && !(c->personal = itsm__arena_alloc(arena, c->npersonal * sizeof *c->personal))) return ITSM_E_NOMEM;
        for (*in = start, before = 0; in->p < in->end; n++, before = number) {
            itsm__personal one;
            memset(&one, 0, sizeof one);
            if ((rc = itsm__varint_read(&number, in))) return rc;
            if (number <= before || number > UINT16_MAX || (size_t)(in->end - in->p) < sizeof one.salt)
                return ITSM_E_CORRUPT;
            memcpy(one.salt, in->p, sizeof one.salt);
            in->p += sizeof one.salt, one.number = (uint16_t)number, one.bytes.p = in->p;
            if ((rc = itsm__value_read(&one.value, in, arena))) return rc;
            one.bytes.n = (size_t)(in->p - (const unsigned char *)one.bytes.p);
            if (pass) c->personal[n] = one;
        }
        c->npersonal = n;
    }
    return c->npersonal ? merge_before(c, arena) : ITSM_E_CORRUPT;
}

itsm_status itsm__history_decode(itsm__history_content *out, itsm__arena *arena, itsm_bytes body)
{
    uint64_t head[10];
    itsm_status rc = ITSM_OK;
    memset(out, 0, sizeof *out);
    if (body.n < ITSM__SALT_SIZE) return ITSM_E_CORRUPT;
    const unsigned char *start = body.p;
    itsm__reader in = {start + ITSM__SALT_SIZE, start + body.n};
    for (size_t i = 0; i < sizeof head / sizeof *head && !rc; i++) rc = itsm__varint_read(&head[i], &in);
    if (rc) return rc;
    if (head[0] > HISTORY_PERSONAL) return ITSM_E_VERSION;
    if (head[0] == 0 || head[1] > UINT32_MAX || head[3] > UINT32_MAX) return ITSM_E_CORRUPT;
    itsm_history *e = &out->entry;
    e->size = sizeof *e, e->action = (uint32_t)head[1], e->revision = head[2];
    out->ref.type = (uint32_t)head[3], out->ref.id.hi = head[4], out->ref.id.lo = head[5];
    out->txid.hi = head[6], out->txid.lo = head[7];
    e->effective = unzigzag(head[8]), e->recorded = unzigzag(head[9]);
    if ((rc = read_text(&e->who, &in)) || (rc = read_text(&e->event, &in)) || (rc = read_before(e, &in, arena)) ||
        (rc = read_deviations(e, &in, arena)))
        return rc;
    out->committed = (size_t)(in.p - start) - ITSM__SALT_SIZE;
    if (head[0] == HISTORY_PERSONAL) return read_personal(out, &in, arena);
    return in.p == in.end ? ITSM_OK : ITSM_E_CORRUPT;
}
