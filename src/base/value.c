/* SPDX-License-Identifier: MIT */
/* Comparing values: by kind, scale and content.  Lists are flat, so there is nothing to recurse into. */
#include <itsm/base.h>

static int bytes_eq(itsm_bytes a, itsm_bytes b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static int ref_eq(itsm_ref a, itsm_ref b)
{
    return a.type == b.type && a.id.hi == b.id.hi && a.id.lo == b.id.lo;
}

/* Anything but a list: a list in a list equals nothing. */
static int item_eq(const itsm_value *a, const itsm_value *b)
{
    if (a->kind != b->kind || a->scale != b->scale) return 0;
    switch (a->kind) {
    case ITSM_NONE: return 1;
    case ITSM_TEXT:
    case ITSM_ENUM:
    case ITSM_PARTY:
    case ITSM_MAP:
    case ITSM_BLOB: return itsm_str_eq(a->u.s, b->u.s);
    case ITSM_INT:
    case ITSM_DECIMAL:
    case ITSM_BOOL:
    case ITSM_TIME:
    case ITSM_DATE:
    case ITSM_SPAN: return a->u.i == b->u.i;
    case ITSM_REF: return ref_eq(a->u.ref, b->u.ref);
    case ITSM_BYTES: return bytes_eq(a->u.b, b->u.b);
    default: return 0;
    }
}

int itsm_value_eq(const itsm_value *a, const itsm_value *b)
{
    if (a->kind != ITSM_LIST || b->kind != ITSM_LIST) return item_eq(a, b);
    if (a->scale != b->scale || a->u.list.n != b->u.list.n) return 0;
    for (size_t i = 0; i < a->u.list.n; i++)
        if (!item_eq(&a->u.list.item[i], &b->u.list.item[i])) return 0;
    return 1;
}
