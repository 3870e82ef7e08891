/* SPDX-License-Identifier: MIT */
/*
 * What is sent with a statement, in the server's binary form: big-endian numbers, identities as uuid, one-dimensional
 * arrays.  All parameters stand one behind the other in one buffer; additions that fail are remembered, so that only the
 * end is asked.  Linear in the bytes.
 */
#include "adapters/postgres/postgres.h"

enum {
    ARRAY_HEADER = 20, /* dimensions, has nulls, element type, number of elements, first subscript */
    ARRAY_COUNT = 12,  /* where the number of elements stands in it */
    LENGTH = 4
};

static void put_be32(void *p, uint32_t u)
{
    unsigned char *b = p;
    b[0] = (unsigned char)(u >> 24), b[1] = (unsigned char)(u >> 16), b[2] = (unsigned char)(u >> 8);
    b[3] = (unsigned char)u;
}

static void put_be64(void *p, uint64_t u)
{
    put_be32(p, (uint32_t)(u >> 32)), put_be32((unsigned char *)p + 4, (uint32_t)u);
}

uint32_t itsm__pg_be32(const void *p)
{
    const unsigned char *b = p;
    return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

uint64_t itsm__pg_be64(const void *p)
{
    return (uint64_t)itsm__pg_be32(p) << 32 | itsm__pg_be32((const unsigned char *)p + 4);
}

itsm_id itsm__pg_be_id(const void *p)
{
    itsm_id id = {itsm__pg_be64(p), itsm__pg_be64((const unsigned char *)p + 8)};
    return id;
}

void itsm__pg_parameters_init(itsm__pg_parameters *p, const itsm__pg *pg)
{
    memset(p, 0, sizeof *p);
    p->buf.alloc = pg->alloc, p->buf.alloc_user = pg->alloc_user;
}

void itsm__pg_parameters_clear(itsm__pg_parameters *p)
{
    itsm_buf_clear(&p->buf);
}

static void add(itsm__pg_parameters *p, const void *bytes, size_t n)
{
    if (p->rc == ITSM_OK) p->rc = itsm_buf_add(&p->buf, bytes, n);
}

static void end_parameter(itsm__pg_parameters *p)
{
    p->start[++p->n] = p->buf.n;
}

void itsm__pg_int4(itsm__pg_parameters *p, int32_t i)
{
    unsigned char room[4];
    put_be32(room, (uint32_t)i);
    add(p, room, sizeof room), end_parameter(p);
}

void itsm__pg_int8(itsm__pg_parameters *p, uint64_t u)
{
    unsigned char room[8];
    put_be64(room, u);
    add(p, room, sizeof room), end_parameter(p);
}

void itsm__pg_bytes(itsm__pg_parameters *p, const void *bytes, size_t n)
{
    if (n) add(p, bytes, n);
    end_parameter(p);
}

void itsm__pg_id(itsm__pg_parameters *p, itsm_id id)
{
    unsigned char room[16];
    put_be64(room, id.hi), put_be64(room + 8, id.lo);
    add(p, room, sizeof room), end_parameter(p);
}

/* Arrays -------------------------------------------------------------------------------------------------------------- */

void itsm__pg_array(itsm__pg_parameters *p, Oid element)
{
    unsigned char room[ARRAY_HEADER] = {0};
    put_be32(room, 1), put_be32(room + 4, 1), put_be32(room + 8, element), put_be32(room + 16, 1);
    p->array = p->buf.n, p->elements = 0;
    add(p, room, sizeof room);
}

/* An array without elements has no dimension either. */
void itsm__pg_array_end(itsm__pg_parameters *p)
{
    if (p->rc == ITSM_OK && !p->elements) put_be32(p->buf.p + p->array, 0), p->buf.n = p->array + ARRAY_COUNT;
    else if (p->rc == ITSM_OK) put_be32(p->buf.p + p->array + ARRAY_COUNT, p->elements);
    end_parameter(p);
}

static void add_element(itsm__pg_parameters *p, const void *bytes, size_t n)
{
    unsigned char room[LENGTH];
    put_be32(room, (uint32_t)n);
    add(p, room, sizeof room);
    if (n) add(p, bytes, n);
    p->elements++;
}

void itsm__pg_add_int4(itsm__pg_parameters *p, int32_t i)
{
    unsigned char room[4];
    put_be32(room, (uint32_t)i);
    add_element(p, room, sizeof room);
}

void itsm__pg_add_int8(itsm__pg_parameters *p, uint64_t u)
{
    unsigned char room[8];
    put_be64(room, u);
    add_element(p, room, sizeof room);
}

void itsm__pg_add_bytes(itsm__pg_parameters *p, const void *bytes, size_t n)
{
    add_element(p, bytes, n);
}

void itsm__pg_add_id(itsm__pg_parameters *p, itsm_id id)
{
    unsigned char room[16];
    put_be64(room, id.hi), put_be64(room + 8, id.lo);
    add_element(p, room, sizeof room);
}

void itsm__pg_add_null(itsm__pg_parameters *p)
{
    unsigned char room[LENGTH];
    put_be32(room, UINT32_MAX);
    add(p, room, sizeof room);
    p->elements++;
}

itsm_buf *itsm__pg_add_begin(itsm__pg_parameters *p)
{
    p->element = p->buf.n;
    add_element(p, NULL, 0);
    return &p->buf;
}

void itsm__pg_add_end(itsm__pg_parameters *p, itsm_status rc)
{
    if (p->rc == ITSM_OK) p->rc = rc;
    if (p->rc == ITSM_OK) put_be32(p->buf.p + p->element, (uint32_t)(p->buf.n - p->element - LENGTH));
}
