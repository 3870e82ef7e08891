/* SPDX-License-Identifier: MIT */
/*
 * Random records against a list of what was set, and random keys against a plain comparison of values.  The seed is
 * printed; ITSM_SEED=<number> repeats a run.
 */
#include "../unit/support.h"

#include "record/index.h"
#include "record/internal.h"
#include "record/key.h"

#include <itsm/record.h>

#include <criterion/criterion.h>

#include <inttypes.h>
#include <time.h>

static uint64_t state;

/* splitmix64 */
static uint64_t draw(void)
{
    uint64_t z = state += UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
    return z ^ z >> 31;
}

static uint64_t below(uint64_t n)
{
    return draw() % n;
}

static void seed(void)
{
    const char *given = getenv("ITSM_SEED");
    state = given ? strtoull(given, NULL, 10) : (uint64_t)time(NULL);
    printf("ITSM_SEED=%" PRIu64 "\n", state);
}

/* Random values --------------------------------------------------------------------------------------------------- */

enum { TEXT_MAX = 12, LIST_MAX = 4 };

/* A value and all it points to. */
typedef struct owned {
    itsm_value value, items[LIST_MAX];
    char text[LIST_MAX][TEXT_MAX];
} owned;

static int64_t draw_number(void)
{
    static const int64_t edges[] = {INT64_MIN, INT64_MIN + 1, -256, -1, 0, 1, 127, 128, 255, 256, INT64_MAX};
    switch (below(3)) {
    case 0: return edges[below(sizeof edges / sizeof *edges)];
    case 1: return (int64_t)below(1000) - 500;
    default: break;
    }
    int64_t i = (int64_t)(draw() >> (1 + below(63)));
    return below(2) ? i : -i - 1;
}

/* Valid UTF-8 with NUL, quotes and characters of two bytes among it. */
static itsm_str draw_text(char *room, int least)
{
    static const char *const pieces[] = {"a", "b", "\"", "\\", "\n", "\xC3\xBF", "\xC2\x80", "", "z"};
    size_t n = 0, wanted = (size_t)least + (size_t)below(5);
    for (size_t i = 0; i < wanted; i++) {
        const char *piece = pieces[below(sizeof pieces / sizeof *pieces)];
        size_t length = strlen(piece) ? strlen(piece) : 1; /* the empty piece stands for a NUL */
        memcpy(room + n, piece, length);
        n += length;
    }
    return itsm_str_n(room, n);
}

static const uint16_t scalar_kinds[] = {ITSM_TEXT, ITSM_ENUM,  ITSM_INT, ITSM_DECIMAL, ITSM_BOOL, ITSM_TIME, ITSM_DATE,
                                        ITSM_SPAN, ITSM_PARTY, ITSM_REF, ITSM_MAP,     ITSM_BLOB, ITSM_BYTES};

static itsm_value draw_scalar(uint16_t kind, char *room)
{
    itsm_value v;
    memset(&v, 0, sizeof v);
    v.kind = kind;
    switch (kind) {
    case ITSM_INT:
    case ITSM_TIME:
    case ITSM_DATE:
    case ITSM_SPAN: v.u.i = draw_number(); break;
    case ITSM_BOOL: v.u.i = (int64_t)below(2); break;
    case ITSM_DECIMAL: v.u.i = draw_number(), v.scale = (uint16_t)below(19); break;
    case ITSM_REF:
        v.u.ref.type = (uint32_t)(draw() >> below(64)), v.u.ref.id.hi = below(2) ? 0 : draw() >> below(64);
        v.u.ref.id.lo = draw() >> below(64);
        break;
    case ITSM_BYTES: {
        itsm_str s = draw_text(room, 0);
        v.u.b.p = s.p, v.u.b.n = s.n;
        break;
    }
    default: v.u.s = draw_text(room, 1); break;
    }
    return v;
}

static void draw_value(owned *out)
{
    uint16_t kind = scalar_kinds[below(sizeof scalar_kinds / sizeof *scalar_kinds)];
    memset(out, 0, sizeof *out);
    if (below(5)) {
        out->value = draw_scalar(kind, out->text[0]);
        return;
    }
    size_t n = 1 + (size_t)below(LIST_MAX);
    for (size_t i = 0; i < n; i++) out->items[i] = draw_scalar(kind, out->text[i]);
    out->value.kind = ITSM_LIST, out->value.u.list.item = out->items, out->value.u.list.n = n;
}

/* Records --------------------------------------------------------------------------------------------------------- */

enum { NUMBERS = 40 };

typedef struct naive {
    owned field[NUMBERS];
    int has[NUMBERS];
} naive;

/* Fields of the model, of a host, and of nobody. */
static uint16_t number_of(size_t i)
{
    static const uint16_t far[] = {127, 128, 0x7FFF, 0x8000, 0xFFFE, 0xFFFF};
    return i < 6 ? far[i] : (uint16_t)(26 + i);
}

static itsm_record *fresh(itsm_ctx *ctx)
{
    const itsm_type_def *type = itsm_model_type(itsm_model_builtin(), ITSM_STR("incident"));
    itsm_record *record = NULL;
    itsm_ref ref;
    ref.type = type->number, ref.id.hi = 0, ref.id.lo = 1;
    cr_assert_eq(itsm_record_new(&record, ctx, itsm_model_builtin(), type, ref), ITSM_OK);
    return record;
}

static void play(itsm_record *record, naive *n)
{
    for (size_t steps = (size_t)below(80); steps; steps--) {
        size_t i = (size_t)below(NUMBERS);
        n->has[i] = below(4) != 0;
        if (n->has[i]) draw_value(&n->field[i]);
        cr_assert_eq(itsm_record_set_number(record, number_of(i), n->has[i] ? &n->field[i].value : NULL), ITSM_OK);
    }
}

static void compare(const itsm_record *record, const naive *n)
{
    size_t count = 0;
    for (size_t i = 0; i < NUMBERS; i++) {
        itsm_value value;
        itsm_status rc = itsm_record_get_number(&value, record, number_of(i));
        cr_assert_eq(rc, n->has[i] ? ITSM_OK : ITSM_NOTHING);
        if (n->has[i]) cr_assert(itsm_value_eq(&value, &n->field[i].value), "field %u", number_of(i));
        count += (size_t)n->has[i];
    }
    cr_assert_eq(itsm_record_count(record), count);
}

/* The same content, set from the last to the first and with detours. */
static void set_backwards(itsm_record *record, const naive *n)
{
    itsm_value detour = itsm_value_number(ITSM_INT, 1);
    for (size_t i = NUMBERS; i-- > 0;) {
        cr_assert_eq(itsm_record_set_number(record, number_of(i), &detour), ITSM_OK);
        cr_assert_eq(itsm_record_set_number(record, number_of(i), n->has[i] ? &n->field[i].value : NULL), ITSM_OK);
    }
}

Test(record_property, bytes_are_canonical_and_nothing_is_lost)
{
    struct counting counting = COUNTING_INIT;
    itsm_ctx *ctx = counting_ctx(&counting);
    itsm_buf a = counting_buf(&counting), b = counting_buf(&counting), json = counting_buf(&counting);
    static naive n;
    seed();
    for (size_t round = 0; round < 2000; round++) {
        itsm_record *one = fresh(ctx), *other = fresh(ctx), *back = NULL, *from_json = NULL;
        itsm_row row;
        memset(&n, 0, sizeof n);
        a.n = b.n = json.n = 0;
        play(one, &n);
        compare(one, &n);
        set_backwards(other, &n);
        cr_assert_eq(itsm_record_encode(&a, one), ITSM_OK);
        cr_assert_eq(itsm_record_encode(&b, other), ITSM_OK);
        cr_assert(itsm_str_eq(itsm_buf_str(&a), itsm_buf_str(&b)), "round %zu", round);
        memset(&row, 0, sizeof row);
        row.ref = itsm_record_ref(one), row.rev = 1, row.body.p = a.p, row.body.n = a.n;
        cr_assert_eq(itsm_record_decode(&back, ctx, itsm_model_builtin(), &row), ITSM_OK);
        compare(back, &n);
        cr_assert_eq(itsm_record_encode_json(&json, back), ITSM_OK);
        cr_assert_eq(itsm_record_decode_json(&from_json, ctx, itsm_model_builtin(), itsm_buf_str(&json)), ITSM_OK,
                     "%.*s", ITSM_ARG(itsm_buf_str(&json)));
        compare(from_json, &n);
        itsm_record_free(one), itsm_record_free(other), itsm_record_free(back), itsm_record_free(from_json);
    }
    itsm_buf_clear(&a), itsm_buf_clear(&b), itsm_buf_clear(&json);
    itsm_ctx_free(ctx);
    assert_nothing_outstanding(counting);
}

/* Keys ------------------------------------------------------------------------------------------------------------ */

static int order_of(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

static int order_bytes(const void *a, size_t an, const void *b, size_t bn)
{
    int order = an && bn ? memcmp(a, b, an < bn ? an : bn) : 0;
    return order ? order : order_of(an, bn);
}

/* Decimals here are small enough to be brought to six digits. */
static int64_t millionths(const itsm_value *v)
{
    int64_t i = v->u.i;
    for (unsigned d = v->scale; d < 6; d++) i *= 10;
    return i;
}

static int order_scalar(const itsm_value *a, const itsm_value *b)
{
    switch (a->kind) {
    case ITSM_DECIMAL: return (millionths(a) > millionths(b)) - (millionths(a) < millionths(b));
    case ITSM_REF: {
        const itsm_ref *x = &a->u.ref, *y = &b->u.ref;
        int order = order_of(x->type, y->type);
        if (!order) order = order_of(x->id.hi, y->id.hi);
        return order ? order : order_of(x->id.lo, y->id.lo);
    }
    case ITSM_BYTES: return order_bytes(a->u.b.p, a->u.b.n, b->u.b.p, b->u.b.n);
    case ITSM_INT:
    case ITSM_BOOL:
    case ITSM_TIME:
    case ITSM_DATE:
    case ITSM_SPAN: return (a->u.i > b->u.i) - (a->u.i < b->u.i);
    default: return order_bytes(a->u.s.p, a->u.s.n, b->u.s.p, b->u.s.n);
    }
}

/* Absent first; then as the kind orders; lists item by item. */
static int order_values(const itsm_value *a, const itsm_value *b)
{
    if (a->kind == ITSM_NONE || b->kind == ITSM_NONE) return (a->kind != ITSM_NONE) - (b->kind != ITSM_NONE);
    if (a->kind != ITSM_LIST) return order_scalar(a, b);
    for (size_t i = 0; i < a->u.list.n && i < b->u.list.n; i++) {
        int order = order_scalar(&a->u.list.item[i], &b->u.list.item[i]);
        if (order) return order;
    }
    return order_of(a->u.list.n, b->u.list.n);
}

enum { PARTS = 3 };

static void draw_part(owned *out, uint16_t kind, int list)
{
    memset(out, 0, sizeof *out);
    if (below(8) == 0) return; /* absent */
    size_t n = list ? (size_t)below(LIST_MAX + 1) : 1;
    for (size_t i = 0; i < n; i++) {
        out->items[i] = draw_scalar(kind, out->text[i]);
        if (kind == ITSM_DECIMAL)
            out->items[i].u.i = (int64_t)below(4001) - 2000, out->items[i].scale = (uint16_t)below(7);
    }
    out->value = out->items[0];
    if (!list) return;
    memset(&out->value, 0, sizeof out->value);
    out->value.kind = ITSM_LIST, out->value.u.list.item = out->items, out->value.u.list.n = n;
}

static int sign(int i)
{
    return (i > 0) - (i < 0);
}

Test(record_property, keys_order_as_their_values_do)
{
    itsm_buf a = ITSM_BUF_INIT, b = ITSM_BUF_INIT;
    size_t equal = 0;
    static owned x[PARTS], y[PARTS];
    seed();
    for (size_t round = 0; round < 100000; round++) {
        int expected = 0;
        size_t parts = 1 + (size_t)below(PARTS);
        a.n = b.n = 0;
        for (size_t i = 0; i < parts; i++) {
            uint16_t kind = scalar_kinds[below(sizeof scalar_kinds / sizeof *scalar_kinds)];
            int list = below(4) == 0, same = below(3) == 0;
            draw_part(&x[i], kind, list);
            draw_part(&y[i], kind, list);
            const itsm_value *right = same ? &x[i].value : &y[i].value;
            if (!expected) expected = order_values(&x[i].value, right);
            cr_assert_eq(itsm__key_value(&a, &x[i].value), ITSM_OK);
            cr_assert_eq(itsm__key_value(&b, right), ITSM_OK);
        }
        equal += expected == 0;
        cr_assert_eq(sign(order_bytes(a.p, a.n, b.p, b.n)), sign(expected), "round %zu", round);
    }
    cr_assert(equal > 1000 && equal < 90000, "%zu", equal);
    itsm_buf_clear(&a), itsm_buf_clear(&b);
}
