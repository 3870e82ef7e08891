/* SPDX-License-Identifier: MIT */
/* Records of the built-in model: values, canonical bytes, checks, JSON, index keys; every allocation failed once. */
#include "support.h"

#include "base/text.h"
#include "record/codec.h"
#include "record/index.h"
#include "record/internal.h"
#include "record/key.h"

#include <itsm/record.h>

#include <criterion/criterion.h>

#define INCIDENT_ID 45

static const itsm_type_def *type_of(const char *name)
{
    const itsm_type_def *type = itsm_model_type(itsm_model_builtin(), itsm_str_c(name));
    cr_assert(type, "%s", name);
    return type;
}

static itsm_ref ref_of(const char *type, uint64_t hi, uint64_t lo)
{
    itsm_ref ref;
    ref.type = type_of(type)->number, ref.id.hi = hi, ref.id.lo = lo;
    return ref;
}

static itsm_value text(const char *c)
{
    return itsm_value_text(itsm_str_c(c));
}

static itsm_value list_of(const itsm_value *items, size_t n)
{
    itsm_value list;
    memset(&list, 0, sizeof list);
    list.kind = ITSM_LIST, list.u.list.item = items, list.u.list.n = n;
    return list;
}

static itsm_record *new_incident(itsm_ctx *ctx)
{
    itsm_record *record = NULL;
    cr_assert_eq(
        itsm_record_new(&record, ctx, itsm_model_builtin(), type_of("incident"), ref_of("incident", 0, INCIDENT_ID)),
        ITSM_OK);
    return record;
}

static itsm_status set(itsm_record *record, const char *name, itsm_value value)
{
    return itsm_record_set_named(record, NULL, itsm_str_c(name), &value);
}

static void cr_set(itsm_record *record, const char *name, itsm_value value)
{
    cr_assert_eq(set(record, name, value), ITSM_OK, "%s", name);
}

static itsm_value get(const itsm_record *record, const char *name)
{
    itsm_value value;
    (void)itsm_record_find(&value, record, itsm_str_c(name));
    return value;
}

static void fill_incident(itsm_record *record)
{
    itsm_value cis[2] = {itsm_value_ref(ref_of("configuration_item", 7, 1)),
                         itsm_value_ref(ref_of("configuration_item", 0, 300))};
    cr_set(record, "number", text("INC0000045"));
    cr_set(record, "title", text("Mail is down"));
    cr_set(record, "status", text("in_progress"));
    cr_set(record, "created_at", itsm_value_number(ITSM_TIME, INT64_C(1774612800000000)));
    cr_set(record, "created_by", text("jdoe"));
    cr_set(record, "description", text("No mail since nine.\nAll of \"Sales\" \xE2\x82\xAC"));
    cr_set(record, "channel", text("phone"));
    cr_set(record, "service", itsm_value_ref(ref_of("service", 0, 12)));
    cr_set(record, "ci", list_of(cis, 2));
    cr_set(record, "impact", itsm_value_number(ITSM_INT, 4));
    cr_set(record, "urgency", itsm_value_number(ITSM_INT, 5));
    cr_set(record, "first_contact", itsm_value_number(ITSM_BOOL, 0));
    cr_set(record, "reopen_count", itsm_value_number(ITSM_INT, 0));
}

static itsm_row row_of(itsm_ref ref, uint64_t revision, itsm_str body)
{
    itsm_row row;
    memset(&row, 0, sizeof row);
    row.ref = ref, row.rev = revision, row.body.p = body.p, row.body.n = body.n;
    return row;
}

static itsm_status decode(itsm_record **out, itsm_ctx *ctx, itsm_str body)
{
    itsm_row row = row_of(ref_of("incident", 0, INCIDENT_ID), 3, body);
    return itsm_record_decode(out, ctx, itsm_model_builtin(), &row);
}

#define BEGIN                                                                                                          \
    struct counting counting = COUNTING_INIT;                                                                          \
    itsm_ctx *ctx = counting_ctx(&counting);                                                                           \
    itsm_record *record = new_incident(ctx);                                                                           \
    itsm_buf body = counting_buf(&counting)

#define END                                                                                                            \
    itsm_buf_clear(&body);                                                                                             \
    itsm_record_free(record);                                                                                          \
    itsm_ctx_free(ctx);                                                                                                \
    assert_nothing_outstanding(counting)

Test(record, a_new_record_is_empty_and_knows_what_it_is)
{
    BEGIN;
    itsm_value value;
    cr_expect_eq(itsm_record_count(record), 0);
    cr_expect_eq(itsm_record_revision(record), 0);
    cr_expect_eq(itsm_record_ref(record).id.lo, INCIDENT_ID);
    cr_expect_eq(itsm_record_type(record), type_of("incident"));
    cr_expect_eq(itsm_record_model(record), itsm_model_builtin());
    cr_expect_eq(itsm_record_find(&value, record, ITSM_STR("title")), ITSM_NOTHING);
    cr_expect_eq(value.kind, ITSM_NONE);
    cr_expect_eq(itsm_record_find(&value, record, ITSM_STR("nonsense")), ITSM_E_NOT_FOUND);
    assert_text(get(record, "type").u.s, "incident");
    cr_expect_eq(get(record, "id").u.ref.id.lo, INCIDENT_ID);
    cr_expect_eq(itsm_record_find(&value, record, ITSM_STR("revision")), ITSM_NOTHING);
    END;
}

Test(record, a_record_of_another_type_than_its_identity_is_refused)
{
    BEGIN;
    itsm_record *other = record;
    cr_expect_eq(itsm_record_new(&other, ctx, itsm_model_builtin(), type_of("problem"), ref_of("incident", 0, 1)),
                 ITSM_E_MISUSE);
    cr_expect_null(other);
    END;
}

Test(record, values_are_copied_and_those_borrowed_earlier_stay)
{
    BEGIN;
    char title[] = "first";
    cr_set(record, "title", text(title));
    itsm_value before = get(record, "title");
    memcpy(title, "XXXXX", 5);
    cr_set(record, "title", text("second"));
    assert_text(before.u.s, "first");
    assert_text(get(record, "title").u.s, "second");
    cr_set(record, "description", get(record, "title")); /* what is borrowed from the record itself */
    assert_text(get(record, "description").u.s, "second");
    END;
}

Test(record, fields_stand_in_the_order_of_their_numbers_whatever_order_they_were_set_in)
{
    BEGIN;
    cr_set(record, "urgency", itsm_value_number(ITSM_INT, 2));
    cr_set(record, "title", text("t"));
    cr_set(record, "impact", itsm_value_number(ITSM_INT, 3));
    cr_assert_eq(itsm_record_count(record), 3);
    const itsm_row_field *fields = itsm_record_fields(record);
    cr_expect(fields[0].no == ITSM_FIELD_TITLE && fields[0].no < fields[1].no && fields[1].no < fields[2].no);
    cr_expect_eq(fields[1].value.u.i, 3);
    END;
}

Test(record, a_value_takes_the_kind_of_its_field_where_nothing_is_lost)
{
    BEGIN;
    itsm_value parties[2] = {text("ann"), text("bob")};
    cr_set(record, "status", text("new"));
    cr_expect_eq(get(record, "status").kind, ITSM_ENUM);
    cr_set(record, "reporter", text("ann"));
    cr_expect_eq(get(record, "reporter").kind, ITSM_PARTY);
    cr_set(record, "first_contact", itsm_value_number(ITSM_INT, 1));
    cr_expect_eq(get(record, "first_contact").kind, ITSM_BOOL);
    cr_set(record, "impact", text("high"));
    cr_expect_eq(get(record, "impact").kind, ITSM_TEXT);
    cr_set(record, "created_at", itsm_value_number(ITSM_INT, 5));
    cr_expect_eq(get(record, "created_at").kind, ITSM_INT);
    cr_set(record, "reporter", list_of(parties, 2));
    cr_expect_eq(get(record, "reporter").u.list.item[1].kind, ITSM_PARTY);
    END;
}

Test(record, empty_is_absent)
{
    BEGIN;
    itsm_value none, map;
    memset(&none, 0, sizeof none);
    itsm_value empties[] = {none, text(""), list_of(NULL, 0)};
    for (size_t i = 0; i < sizeof empties / sizeof *empties; i++) {
        cr_set(record, "title", text("something"));
        cr_assert_eq(itsm_record_count(record), 1);
        cr_set(record, "title", empties[i]);
        cr_expect_eq(itsm_record_count(record), 0);
    }
    map = text("{}"), map.kind = ITSM_MAP;
    cr_expect(itsm__value_is_empty(&map));
    cr_set(record, "reopen_count", itsm_value_number(ITSM_INT, 0));
    cr_set(record, "first_contact", itsm_value_number(ITSM_BOOL, 0));
    cr_expect_eq(itsm_record_count(record), 2);
    const itsm_field_def *field = itsm_type_field(type_of("incident"), ITSM_STR("reopen_count"));
    cr_assert_eq(itsm_record_set(record, field, NULL), ITSM_OK);
    itsm_record_remove(record, field);
    cr_expect_eq(itsm_record_count(record), 1);
    END;
}

Test(record, what_stands_beside_the_content_cannot_be_set)
{
    BEGIN;
    cr_expect_eq(set(record, "id", text("x")), ITSM_E_MISUSE);
    cr_expect_eq(set(record, "type", text("problem")), ITSM_E_MISUSE);
    cr_expect_eq(set(record, "revision", itsm_value_number(ITSM_INT, 9)), ITSM_E_MISUSE);
    itsm_value one = itsm_value_number(ITSM_INT, 1);
    cr_expect_eq(itsm_record_set_number(record, 0, &one), ITSM_E_MISUSE);
    cr_expect_eq(itsm_record_count(record), 0);
    END;
}

Test(record, values_that_cannot_be_written_are_refused_and_change_nothing)
{
    BEGIN;
    itsm_value inner = text("x"), nested = list_of(&inner, 1), mixed[2] = {text("x"), itsm_value_number(ITSM_INT, 1)};
    itsm_value bad[6] = {list_of(&nested, 1), list_of(mixed, 2), inner, inner, inner, list_of(&inner, 65537)};
    bad[2].kind = 0x100;
    bad[3].kind = ITSM_DECIMAL, bad[3].scale = 19;
    bad[4].u.s = itsm_str_n(NULL, 4);
    cr_set(record, "title", text("kept"));
    for (size_t i = 0; i < 6; i++) cr_expect_eq(set(record, "title", bad[i]), ITSM_E_MISUSE, "%zu", i);
    assert_text(get(record, "title").u.s, "kept");
    END;
}

Test(record, a_wrong_name_is_answered_with_the_nearest)
{
    BEGIN;
    itsm_value value = text("x");
    cr_expect_eq(itsm_record_set_named(record, ctx, ITSM_STR("titel"), &value), ITSM_E_NOT_FOUND);
    assert_text(first_message(ctx), "incident has no field \"titel\"; did you mean \"title\"?");
    cr_expect_eq(itsm_record_set_named(record, ctx, ITSM_STR("qqqqqq"), &value), ITSM_E_NOT_FOUND);
    assert_text(first_message(ctx), "incident has no field \"qqqqqq\"");
    END;
}

/* Bytes ----------------------------------------------------------------------------------------------------------- */

Test(record, the_bytes_of_a_record_are_these_for_ever)
{
    static const unsigned char expected[] = {1,  4,                                    /* version, fields */
                                             2,  ITSM_TEXT, 3,    'I',      'N',  'C', /* 2 */
                                             3,  ITSM_TIME, 0x80, 0x89,     0x7A,      /* 5: 1000000 */
                                             19, ITSM_ENUM, 3,    'n',      'e',  'w', /* 24 */
                                             12, ITSM_LIST, 1,    ITSM_REF, 0,    1,   0xAC, 2 /* 36 */};
    BEGIN;
    itsm_ref ref = ref_of("configuration_item", 1, 300);
    itsm_value ci = itsm_value_ref(ref);
    cr_set(record, "ci", list_of(&ci, 1));
    cr_set(record, "status", text("new"));
    cr_set(record, "number", text("INC"));
    cr_set(record, "created_at", itsm_value_number(ITSM_TIME, 1000000));
    cr_assert_eq(itsm_record_encode(&body, record), ITSM_OK);
    cr_assert_eq(body.n, sizeof expected);
    for (size_t i = 0; i < body.n; i++)
        cr_expect_eq((unsigned char)body.p[i], i == 23 ? ref.type : expected[i], "byte %zu", i);
    END;
}

Test(record, what_is_encoded_is_decoded_the_same)
{
    BEGIN;
    itsm_record *back = NULL;
    fill_incident(record);
    cr_assert_eq(itsm_record_encode(&body, record), ITSM_OK);
    cr_assert_eq(decode(&back, ctx, itsm_buf_str(&body)), ITSM_OK);
    cr_expect_eq(itsm_record_revision(back), 3);
    cr_expect_eq(get(back, "revision").u.i, 3);
    cr_assert_eq(itsm_record_count(back), itsm_record_count(record));
    for (size_t i = 0; i < itsm_record_count(back); i++) {
        const itsm_row_field *a = &itsm_record_fields(record)[i], *b = &itsm_record_fields(back)[i];
        cr_expect(a->no == b->no && itsm_value_eq(&a->value, &b->value), "field %u", a->no);
    }
    itsm_record_free(back);
    END;
}

Test(record, a_row_of_fields_gives_the_same_record_as_a_row_of_bytes)
{
    BEGIN;
    itsm_row_field fields[8];
    itsm_record *back = NULL;
    itsm_buf again = counting_buf(&counting);
    memset(fields, 0, sizeof fields);
    cr_set(record, "title", text("t"));
    cr_set(record, "status", text("new"));
    cr_set(record, "impact", itsm_value_number(ITSM_INT, 3));
    cr_assert_eq(itsm_record_encode(&body, record), ITSM_OK);
    fields[0].no = 38, fields[0].value = itsm_value_number(ITSM_INT, 3); /* any order */
    fields[1].no = ITSM_FIELD_STATE, fields[1].value = text("new");      /* a text where the column is one */
    fields[2].no = ITSM_FIELD_TITLE, fields[2].value = text("t");
    fields[3].no = ITSM_FIELD_OWNER; /* an empty column */
    fields[4].no = 32, fields[4].value = text("");
    fields[5].no = ITSM_FIELD_REVISION, fields[5].value = itsm_value_number(ITSM_INT, 3);
    itsm_row row = row_of(itsm_record_ref(record), 3, itsm_str_n(NULL, 0));
    row.fields = fields, row.nfields = 6;
    cr_assert_eq(itsm_record_decode(&back, ctx, itsm_model_builtin(), &row), ITSM_OK);
    cr_assert_eq(itsm_record_encode(&again, back), ITSM_OK);
    cr_expect(itsm_str_eq(itsm_buf_str(&again), itsm_buf_str(&body)));
    itsm_record_free(back);
    row.nfields = 7, fields[6].no = 50, fields[6].value.kind = 0x200;
    cr_expect_eq(itsm_record_decode(&back, ctx, itsm_model_builtin(), &row), ITSM_E_CORRUPT);
    itsm_buf_clear(&again);
    END;
}

Test(record, fields_the_model_does_not_know_are_kept)
{
    /* number 60000, a kind not yet invented */
    static const char newer[] = "\x01\x02\x04\x01\x01t\xdc\xd4\x03\xc8\x03\x01\x02\x03";
    BEGIN;
    itsm_record *back = NULL;
    itsm_value value;
    cr_assert_eq(decode(&back, ctx, itsm_str_n(newer, sizeof newer - 1)), ITSM_OK);
    cr_set(back, "title", text("other"));
    cr_assert_eq(itsm_record_get_number(&value, back, 60000), ITSM_OK);
    cr_expect(value.kind == 200 && value.u.b.n == 3);
    cr_set(back, "title", text("t"));
    cr_assert_eq(itsm_record_encode(&body, back), ITSM_OK);
    cr_expect(itsm_str_eq(itsm_buf_str(&body), itsm_str_n(newer, sizeof newer - 1)));
    cr_expect_eq(itsm_record_check(ctx, back), ITSM_OK);
    itsm_record_free(back);
    END;
}

Test(record, every_damaged_body_is_refused_or_is_another_canonical_one)
{
    BEGIN;
    itsm_record *back = NULL;
    itsm_buf again = counting_buf(&counting), damaged = counting_buf(&counting);
    size_t refused = 0, taken = 0;
    fill_incident(record);
    cr_assert_eq(itsm_record_encode(&body, record), ITSM_OK);
    for (size_t n = 1; n < body.n; n++) {
        cr_expect_eq(decode(&back, ctx, itsm_str_n(body.p, n)), ITSM_E_CORRUPT, "cut at %zu", n);
        cr_expect_null(back);
    }
    assert_text(first_message(ctx), "incident 0-2d: the content is damaged");
    for (size_t bit = 0; bit < body.n * 8; bit++) {
        damaged.n = again.n = 0;
        cr_assert_eq(itsm_buf_add(&damaged, body.p, body.n), ITSM_OK);
        damaged.p[bit / 8] = (char)(damaged.p[bit / 8] ^ 1 << bit % 8);
        itsm_status rc = decode(&back, ctx, itsm_buf_str(&damaged));
        if (rc != ITSM_OK) {
            cr_expect(rc == ITSM_E_CORRUPT || (bit < 8 && rc == ITSM_E_VERSION), "bit %zu: %d", bit, rc);
            refused++;
            continue;
        }
        cr_assert_eq(itsm_record_encode(&again, back), ITSM_OK);
        cr_expect(itsm_str_eq(itsm_buf_str(&again), itsm_buf_str(&damaged)), "bit %zu", bit);
        itsm_record_free(back);
        taken++;
    }
    cr_assert(refused > 100 && taken > 100, "%zu %zu", refused, taken);
    cr_assert_eq(itsm_buf_add(&body, "", 1), ITSM_OK);
    cr_expect_eq(decode(&back, ctx, itsm_buf_str(&body)), ITSM_E_CORRUPT, "something behind the end");
    itsm_buf_clear(&again), itsm_buf_clear(&damaged);
    END;
}

Test(record, bodies_that_writing_would_not_have_written_are_refused)
{
    static const struct {
        const char *what, *p;
        size_t n;
    } cases[] = {
        {"version 0", "\x00\x00", 2},
        {"a longer varint", "\x01\x81\x00\x04\x01\x01t", 7},
        {"number 0", "\x01\x01\x00\x01\x01t", 6},
        {"number 65536", "\x01\x01\x80\x80\x04\x01\x01t", 8},
        {"the same number twice", "\x01\x02\x04\x01\x01t\x00\x01\x01t", 10},
        {"an empty text", "\x01\x01\x04\x01\x00", 5},
        {"no value", "\x01\x01\x04\x00", 4},
        {"the revision", "\x01\x01\x09\x03\x02", 5},
        {"an empty list", "\x01\x01\x24\x0b\x00", 5},
        {"an empty map", "\x01\x01\x24\x0c\x02{}", 7},
        {"a list of lists", "\x01\x01\x24\x0b\x01\x0b\x00", 7},
        {"a list of nothing", "\x01\x01\x24\x0b\x01\x00", 6},
        {"more items than bytes", "\x01\x01\x24\x0b\x7f\x03\x02", 7},
        {"a length beyond the end", "\x01\x01\x04\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01t", 15},
        {"a varint of 65 bits", "\x01\x01\x05\x06\x80\x80\x80\x80\x80\x80\x80\x80\x80\x02", 14},
        {"a varint of 11 bytes", "\x01\x01\x05\x06\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01", 15},
        {"a scale of 19", "\x01\x01\x05\x04\x13\x02", 6},
        {"a type of 33 bits", "\x01\x01\x23\x0a\x80\x80\x80\x80\x10\x00\x00", 11},
        {"more fields than bytes", "\x01\x05\x04\x01\x01t", 6},
    };
    BEGIN;
    itsm_record *back = NULL;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        cr_expect_eq(decode(&back, ctx, itsm_str_n(cases[i].p, cases[i].n)), ITSM_E_CORRUPT, "%s", cases[i].what);
    cr_expect_eq(decode(&back, ctx, ITSM_STR("\x02")), ITSM_E_VERSION);
    assert_text(first_message(ctx), "incident 0-2d: the content is of a newer format");
    itsm_row row = row_of(ref_of("incident", 0, 1), 1, ITSM_STR("\x01"));
    row.ref.type = 0x7EEE;
    cr_expect_eq(itsm_record_decode(&back, ctx, itsm_model_builtin(), &row), ITSM_E_NOT_FOUND);
    END;
}

Test(record, a_record_longer_than_the_limit_is_refused_and_stays)
{
    BEGIN;
    itsm_record *back = NULL;
    size_t n = ITSM_RECORD_MAX / 2;
    char *long_text = malloc(2 * n + 1);
    cr_assert(long_text);
    memset(long_text, 'x', 2 * n + 1);
    cr_set(record, "title", itsm_value_text(itsm_str_n(long_text, n)));
    cr_expect_eq(set(record, "description", itsm_value_text(itsm_str_n(long_text, n))), ITSM_E_LIMIT);
    cr_expect_eq(itsm_record_count(record), 1);
    cr_set(record, "title", itsm_value_text(itsm_str_n(long_text, n - 100))); /* what is replaced does not count */
    cr_expect_eq(decode(&back, ctx, itsm_str_n(long_text, 2 * n + 1)), ITSM_E_LIMIT);
    free(long_text);
    END;
}

Test(record, a_copy_is_a_record_of_its_own)
{
    BEGIN;
    itsm_record *draft = NULL;
    itsm_buf other = counting_buf(&counting);
    fill_incident(record);
    cr_assert_eq(itsm_record_copy(&draft, ctx, record), ITSM_OK);
    cr_set(record, "title", text("changed"));
    assert_text(get(draft, "title").u.s, "Mail is down");
    cr_set(draft, "title", text("changed"));
    cr_assert_eq(itsm_record_encode(&body, record), ITSM_OK);
    itsm_record_free(record);
    record = NULL;
    cr_assert_eq(itsm_record_encode(&other, draft), ITSM_OK);
    cr_expect(itsm_str_eq(itsm_buf_str(&other), itsm_buf_str(&body)));
    itsm_record_free(draft);
    itsm_buf_clear(&other);
    END;
}

Test(record, one_object_reads_many_rows_without_allocating)
{
    BEGIN;
    itsm_buf out = counting_buf(&counting);
    fill_incident(record);
    cr_assert_eq(itsm_record_encode(&body, record), ITSM_OK);
    itsm_row row = row_of(ref_of("incident", 0, 1), 1, itsm_buf_str(&body));
    size_t calls = 0;
    for (unsigned i = 0; i < 100; i++) {
        if (i == 2) calls = counting.calls;
        cr_assert_eq(itsm__record_read(record, ctx, &row), ITSM_OK);
        cr_set(record, "resolution", text("Replaced the power supply"));
        out.n = 0;
        cr_assert_eq(itsm_record_encode(&out, record), ITSM_OK);
    }
    cr_expect_eq(counting.calls, calls);
    row.body.n--;
    cr_expect_eq(itsm__record_read(record, ctx, &row), ITSM_E_CORRUPT);
    cr_expect_eq(itsm_record_count(record), 0);
    cr_assert_eq(itsm__record_reset(record, type_of("problem"), ref_of("problem", 0, 2)), ITSM_OK);
    cr_expect_eq(itsm_record_type(record), type_of("problem"));
    itsm_buf_clear(&out);
    END;
}

/* Checking -------------------------------------------------------------------------------------------------------- */

static int has_issue(const itsm_ctx *ctx, const char *where, const char *message)
{
    for (size_t i = 0; i < itsm_ctx_issue_count(ctx); i++) {
        const itsm_issue *issue = itsm_ctx_issue(ctx, i);
        if (itsm_str_is(issue->where, where) && itsm_str_is(issue->message, message)) return 1;
    }
    return 0;
}

Test(record, a_sound_record_passes_the_check)
{
    BEGIN;
    fill_incident(record);
    cr_expect_eq(itsm_record_check(ctx, record), ITSM_OK);
    cr_expect_eq(itsm_ctx_issue_count(ctx), 0);
    END;
}

Test(record, the_check_names_all_problems_at_once)
{
    BEGIN;
    itsm_value cis[2] = {itsm_value_ref(ref_of("configuration_item", 0, 1)), itsm_value_ref(ref_of("service", 0, 1))};
    cr_set(record, "impact", itsm_value_number(ITSM_INT, 6));
    cr_set(record, "urgency", itsm_value_number(ITSM_INT, 0));
    cr_set(record, "channel", text("phne"));
    cr_set(record, "status", text("asleep"));
    cr_set(record, "ci", list_of(cis, 2));
    cr_set(record, "service", list_of(cis, 1));
    cr_set(record, "title", text("\xff"));
    cr_set(record, "description", itsm_value_number(ITSM_INT, 1));
    cr_set(record, "first_contact", itsm_value_number(ITSM_BOOL, 2));
    cr_set(record, "created_at", itsm_value_number(ITSM_TIME, ITSM_TIME_NONE));
    cr_set(record, "workaround_used", itsm_value_ref(ref_of("incident", 0, 4)));
    cr_set(record, "reporter", itsm_value_text(itsm_str_n("a\0b", 3)));
    cr_assert_eq(itsm_record_check(ctx, record), ITSM_E_INVALID);
    cr_expect(has_issue(ctx, "impact", "impact is above 5"));
    cr_expect(has_issue(ctx, "urgency", "urgency is below 1"));
    cr_expect(has_issue(ctx, "channel", "channel is none of the names allowed; did you mean \"phone\"?"));
    cr_expect(has_issue(ctx, "status", "status has no state \"asleep\""));
    cr_expect(has_issue(ctx, "ci", "ci[1] refers to a record that is no configuration_item"));
    cr_expect(has_issue(ctx, "service", "service is a list"));
    cr_expect(has_issue(ctx, "title", "title is not UTF-8 from byte 0 on"));
    cr_expect(has_issue(ctx, "description", "description is an integer"));
    cr_expect(has_issue(ctx, "first_contact", "first_contact is 2, neither 0 nor 1"));
    cr_expect(has_issue(ctx, "created_at", "created_at is no instant and no length of time"));
    cr_expect(has_issue(ctx, "workaround_used", "workaround_used refers to a record that is no known_error"));
    cr_expect(has_issue(ctx, "reporter", "reporter has a byte of value 0"));
    cr_expect_eq(itsm_ctx_issue_count(ctx), 12);
    for (size_t i = 0; i < itsm_ctx_issue_count(ctx); i++)
        cr_expect(itsm_ctx_issue(ctx, i)->rule.n && itsm_ctx_issue(ctx, i)->clause.n);
    END;
}

Test(record, a_rule_of_the_check_is_written_as_in_the_model)
{
    BEGIN;
    cr_set(record, "impact", itsm_value_number(ITSM_INT, 6));
    cr_set(record, "ci", text("printer"));
    cr_assert_eq(itsm_record_check(ctx, record), ITSM_E_INVALID);
    assert_text(itsm_ctx_issue(ctx, 0)->rule, "ref(configuration_item)[]");
    assert_text(itsm_ctx_issue(ctx, 0)->message, "ci is a text, not a list");
    assert_text(itsm_ctx_issue(ctx, 1)->rule, "int(1-5)");
    END;
}

Test(record, too_long_texts_and_lists_are_named)
{
    BEGIN;
    size_t n = ITSM_RECORD_TEXT_MAX + 1, items = ITSM_RECORD_LIST_MAX + 1;
    char *long_text = malloc(n);
    itsm_value *refs = malloc(items * sizeof *refs);
    cr_assert(long_text && refs);
    memset(long_text, 'x', n);
    for (size_t i = 0; i < items; i++) refs[i] = itsm_value_ref(ref_of("service", 0, i));
    cr_set(record, "title", itsm_value_text(itsm_str_n(long_text, n)));
    cr_set(record, "ci", list_of(refs, items));
    cr_assert_eq(itsm_record_check(ctx, record), ITSM_E_INVALID);
    cr_expect(has_issue(ctx, "title", "title is longer than 1048576 bytes"));
    cr_expect(has_issue(ctx, "ci", "ci has more than 10000 values"));
    cr_expect_eq(itsm_ctx_issue_count(ctx), 11, "ten issues of one field at most");
    free(long_text), free(refs);
    END;
}

/* JSON ------------------------------------------------------------------------------------------------------------ */

static void cr_same(const itsm_record *a, const itsm_record *b)
{
    itsm_buf x = ITSM_BUF_INIT, y = ITSM_BUF_INIT;
    cr_assert_eq(itsm_record_encode(&x, a), ITSM_OK);
    cr_assert_eq(itsm_record_encode(&y, b), ITSM_OK);
    cr_expect(itsm_str_eq(itsm_buf_str(&x), itsm_buf_str(&y)));
    cr_expect_eq(itsm_record_revision(a), itsm_record_revision(b));
    itsm_ref p = itsm_record_ref(a), q = itsm_record_ref(b);
    cr_expect(p.type == q.type && p.id.hi == q.id.hi && p.id.lo == q.id.lo);
    itsm_buf_clear(&x), itsm_buf_clear(&y);
}

Test(record, a_record_reads_like_this_in_json)
{
    BEGIN;
    fill_incident(record);
    itsm__record_set_revision(record, UINT64_MAX);
    cr_assert_eq(itsm_record_encode_json(&body, record), ITSM_OK);
    assert_text(itsm_buf_str(&body),
                "{\"type\":\"incident\",\"id\":\"45\",\"revision\":18446744073709551615,\"fields\":{"
                "\"number\":\"INC0000045\",\"title\":\"Mail is down\",\"created_at\":\"2026-03-27T12:00:00Z\","
                "\"created_by\":\"jdoe\",\"status\":\"in_progress\",\"description\":\"No mail since nine.\\nAll of "
                "\\\"Sales\\\" \xE2\x82\xAC\",\"channel\":\"phone\",\"service\":\"service:12\",\"ci\":["
                "\"configuration_item:00000000-0000-0007-0000-000000000001\",\"configuration_item:300\"],"
                "\"impact\":4,\"urgency\":5,\"reopen_count\":0,\"first_contact\":false}}");
    itsm_record *back = NULL;
    cr_assert_eq(itsm_record_decode_json(&back, ctx, itsm_model_builtin(), itsm_buf_str(&body)), ITSM_OK);
    cr_same(record, back);
    itsm_record_free(back);
    END;
}

Test(record, json_loses_nothing)
{
    BEGIN;
    itsm_value item = itsm_value_number(ITSM_INT, -7), bytes, decimal, unknown;
    memset(&bytes, 0, sizeof bytes);
    bytes.kind = ITSM_BYTES, bytes.u.b.p = "\x00\xff", bytes.u.b.n = 2;
    unknown = bytes, unknown.kind = 250;
    decimal = itsm_value_number(ITSM_DECIMAL, -1250), decimal.scale = 3;
    cr_set(record, "title", itsm_value_number(ITSM_INT, INT64_MIN));
    cr_set(record, "number", list_of(&item, 1));
    cr_set(record, "description", decimal);
    cr_set(record, "reporter", bytes);
    cr_set(record, "impact", itsm_value_number(ITSM_SPAN, ITSM_HOURS(-4)));
    cr_set(record, "urgency", itsm_value_number(ITSM_DATE, 20000));
    cr_set(record, "created_at", itsm_value_number(ITSM_TIME, ITSM_TIME_NONE));
    cr_set(record, "closed_at", itsm_value_number(ITSM_TIME, 1));
    cr_set(record, "updated_at", itsm_value_number(ITSM_TIME, INT64_MAX));
    cr_set(record, "first_contact", itsm_value_number(ITSM_BOOL, 7));
    cr_assert_eq(itsm_record_set_number(record, 32770, &unknown), ITSM_OK);
    cr_assert_eq(itsm_record_set_number(record, 32771, &item), ITSM_OK);
    itsm_value ref = itsm_value_ref(ref_of("service", UINT64_MAX, 5));
    ref.u.ref.type = 0xFFFFFFFF;
    cr_set(record, "service", ref);
    cr_assert_eq(itsm_record_encode_json(&body, record), ITSM_OK);
    itsm_record *back = NULL;
    cr_assert_eq(itsm_record_decode_json(&back, ctx, itsm_model_builtin(), itsm_buf_str(&body)), ITSM_OK, "%.*s",
                 ITSM_ARG(first_message(ctx)));
    cr_same(record, back);
    itsm_record_free(back);
    END;
}

Test(record, json_of_another_shape_is_refused_with_its_place)
{
#define HEAD "{\"type\":\"incident\",\"id\":\"45\",\"revision\":1,\"fields\":{"
    static const struct {
        const char *text;
        itsm_status status;
    } cases[] = {
        {"{", ITSM_E_SYNTAX},
        {"[]", ITSM_E_INVALID},
        {"{\"type\":\"incident\",\"id\":\"45\"}", ITSM_E_INVALID},
        {"{\"type\":\"incident\",\"id\":\"45\",\"fields\":{},\"more\":1}", ITSM_E_INVALID},
        {"{\"type\":\"spaceship\",\"id\":\"45\",\"fields\":{}}", ITSM_E_NOT_FOUND},
        {"{\"type\":\"incident\",\"id\":\"4x\",\"fields\":{}}", ITSM_E_INVALID},
        {"{\"type\":\"incident\",\"id\":\"18446744073709551616\",\"fields\":{}}", ITSM_E_INVALID},
        {"{\"type\":\"incident\",\"id\":\"00000000-0000-0000-0000+000000000000\",\"fields\":{}}", ITSM_E_INVALID},
        {"{\"type\":\"incident\",\"id\":\"1\",\"revision\":-1,\"fields\":{}}", ITSM_E_INVALID},
        {HEAD "\"titel\":\"x\"}}", ITSM_E_NOT_FOUND},
        {HEAD "\"title\":5}}", ITSM_E_INVALID},
        {HEAD "\"impact\":1.5}}", ITSM_E_INVALID},
        {HEAD "\"created_at\":\"yesterday\"}}", ITSM_E_INVALID},
        {HEAD "\"service\":\"service\"}}", ITSM_E_INVALID},
        {HEAD "\"service\":\"spaceship:1\"}}", ITSM_E_NOT_FOUND},
        {HEAD "\"ci\":\"configuration_item:1\"}}", ITSM_E_INVALID},
        {HEAD "\"first_contact\":\"yes\"}}", ITSM_E_INVALID},
        {HEAD "\"title\":{\"kind\":\"int\"}}}", ITSM_E_INVALID},
        {HEAD "\"title\":{\"kind\":\"nonsense\",\"value\":1}}}", ITSM_E_INVALID},
        {HEAD "\"title\":{\"kind\":\"decimal\",\"value\":\"1.\"}}}", ITSM_E_INVALID},
        {HEAD "\"title\":{\"kind\":\"decimal\",\"value\":\"9223372036854775808\"}}}", ITSM_E_INVALID},
        {HEAD "\"title\":{\"kind\":\"bytes\",\"value\":\"abc\"}}}", ITSM_E_INVALID},
        {HEAD "\"title\":{\"kind\":\"list\",\"of\":\"list\",\"value\":[]}}}", ITSM_E_INVALID},
        {HEAD "\"#32770\":5}}", ITSM_E_INVALID},
        {HEAD "\"#0\":{\"kind\":\"int\",\"value\":1}}}", ITSM_E_INVALID},
        {HEAD "\"revision\":5}}", ITSM_E_INVALID},
    };
    BEGIN;
    itsm_record *back = NULL;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        itsm_status rc = itsm_record_decode_json(&back, ctx, itsm_model_builtin(), itsm_str_c(cases[i].text));
        cr_expect_eq(rc, cases[i].status, "%s: %d", cases[i].text, rc);
        cr_expect(itsm_ctx_issue_count(ctx) > 0, "%s", cases[i].text);
        cr_expect_null(back);
    }
    END;
}

Test(record, json_names_every_wrong_field)
{
    BEGIN;
    itsm_record *back = NULL;
    itsm_str json =
        ITSM_STR("{\"type\":\"incident\",\"id\":\"45\",\"fields\":{\"title\":5,\"impact\":\"x\",\"urgency\":2}}");
    cr_expect_eq(itsm_record_decode_json(&back, ctx, itsm_model_builtin(), json), ITSM_E_INVALID);
    cr_assert_eq(itsm_ctx_issue_count(ctx), 2);
    assert_text(itsm_ctx_issue(ctx, 1)->where, "/fields/impact");
    END;
}

Test(record, text_that_is_not_utf8_has_no_json)
{
    BEGIN;
    cr_set(record, "title", text("\xff"));
    cr_expect_eq(itsm_record_encode_json(&body, record), ITSM_E_INVALID);
    cr_expect_eq(body.n, 0);
    END;
}

/* Keys ------------------------------------------------------------------------------------------------------------ */

Test(record, the_index_keys_are_those_the_type_defines)
{
    BEGIN;
    itsm__arena arena;
    itsm_index_key *keys = NULL;
    size_t n = 99;
    itsm_value twice[3] = {itsm_value_ref(ref_of("configuration_item", 0, 9)),
                           itsm_value_ref(ref_of("configuration_item", 0, 2)),
                           itsm_value_ref(ref_of("configuration_item", 0, 9))};
    itsm__arena_init(&arena, itsm__ctx_memory(ctx));
    cr_assert_eq(itsm__record_keys(&keys, &n, record, &arena, &body), ITSM_OK);
    cr_expect(n == 0 && !keys);
    fill_incident(record);
    cr_set(record, "ci", list_of(twice, 3));
    cr_assert_eq(itsm__record_keys(&keys, &n, record, &arena, &body), ITSM_OK);
    cr_assert_eq(n, 5, "number, state, service and two configuration items");
    cr_expect(keys[0].index == ITSM_INDEX_NUMBER && keys[0].unique == 1);
    cr_expect(keys[1].index == ITSM_INDEX_STATE && keys[1].unique == 0);
    cr_expect(keys[3].index == keys[4].index && memcmp(keys[3].key.p, keys[4].key.p, keys[3].key.n) < 0);
    itsm_value number = text("INC0000045");
    cr_assert_eq(itsm__index_prefix(&body, &number, 1), ITSM_OK);
    cr_expect(itsm_str_eq(itsm_buf_str(&body), itsm_str_n(keys[0].key.p, keys[0].key.n)));
    itsm__arena_clear(&arena);
    END;
}

Test(record, a_key_is_read_back_as_it_was_written)
{
    BEGIN;
    itsm_ref ref = ref_of("incident", 1, UINT64_MAX), ref_back;
    int64_t number = 0;
    uint64_t place = 0;
    itsm_buf back = counting_buf(&counting);
    cr_assert_eq(itsm__key_number(&body, INT64_MIN), ITSM_OK);
    cr_assert_eq(itsm__key_absent(&body), ITSM_OK);
    cr_assert_eq(itsm__key_text(&body, itsm_str_n("a\0b\xff", 4)), ITSM_OK);
    cr_assert_eq(itsm__key_ref(&body, ref), ITSM_OK);
    cr_assert_eq(itsm__key_unsigned(&body, UINT64_MAX), ITSM_OK);
    cr_assert_eq(itsm__key_number(&body, 77), ITSM_OK);
    itsm_bytes rest;
    rest.p = body.p, rest.n = body.n;
    cr_expect_eq(itsm__key_read_ref(&ref_back, &rest), ITSM_E_CORRUPT);
    cr_expect_eq(itsm__key_read_text(&back, &rest), ITSM_E_CORRUPT);
    cr_assert_eq(itsm__key_read_number(&number, &rest), ITSM_OK);
    cr_expect_eq(number, INT64_MIN);
    cr_assert_eq(itsm__key_read_number(&number, &rest), ITSM_NOTHING);
    cr_assert_eq(itsm__key_read_text(&back, &rest), ITSM_OK);
    cr_expect(itsm_str_eq(itsm_buf_str(&back), itsm_str_n("a\0b\xff", 4)));
    cr_assert_eq(itsm__key_read_ref(&ref_back, &rest), ITSM_OK);
    cr_expect(ref_back.type == ref.type && ref_back.id.hi == 1 && ref_back.id.lo == UINT64_MAX);
    cr_assert_eq(itsm__key_read_unsigned(&place, &rest), ITSM_OK);
    cr_expect_eq(place, UINT64_MAX);
    cr_assert_eq(itsm__key_read_number(&number, &rest), ITSM_OK);
    cr_expect(number == 77 && rest.n == 0);
    cr_expect_eq(itsm__key_read_number(&number, &rest), ITSM_E_CORRUPT);
    itsm_buf_clear(&back);
    END;
}

Test(record, a_range_by_prefix_holds_all_keys_that_go_on_and_no_other)
{
    BEGIN;
    itsm_buf hi = counting_buf(&counting), key = counting_buf(&counting);
    itsm_value ends[] = {itsm_value_number(ITSM_INT, INT64_MAX), text("\xff\xff\xff"),
                         itsm_value_ref(ref_of("incident", UINT64_MAX, UINT64_MAX))};
    cr_assert_eq(itsm__key_text(&body, ITSM_STR("open")), ITSM_OK);
    itsm_bytes prefix;
    prefix.p = body.p, prefix.n = body.n;
    cr_assert_eq(itsm__key_end(&hi, prefix), ITSM_OK);
    for (size_t i = 0; i < 3; i++) {
        key.n = 0;
        cr_assert_eq(itsm_buf_add(&key, body.p, body.n), ITSM_OK);
        cr_assert_eq(itsm__key_value(&key, &ends[i]), ITSM_OK);
        cr_expect(memcmp(key.p, body.p, body.n) == 0 && key.n > body.n);
        cr_expect_lt(memcmp(key.p, hi.p, key.n < hi.n ? key.n : hi.n), 0);
    }
    key.n = 0;
    cr_assert_eq(itsm__key_text(&key, itsm_str_n("open\0", 5)), ITSM_OK);
    cr_expect_gt(memcmp(key.p, hi.p, key.n < hi.n ? key.n : hi.n), 0, "a longer text is another one");
    itsm_buf_clear(&hi), itsm_buf_clear(&key);
    END;
}

Test(record, values_of_an_unknown_kind_have_no_key)
{
    BEGIN;
    itsm_value value = text("x"), list = list_of(&value, 1);
    value.kind = 99;
    cr_expect_eq(itsm__key_value(&body, &value), ITSM_E_UNSUPPORTED);
    cr_expect_eq(itsm__key_value(&body, &list), ITSM_E_UNSUPPORTED);
    cr_expect_eq(body.n, 0);
    END;
}

/* Memory ---------------------------------------------------------------------------------------------------------- */

Test(record, every_allocation_that_fails_leaves_the_record_as_it_was)
{
    BEGIN;
    itsm_value cis[2] = {itsm_value_ref(ref_of("configuration_item", 7, 1)),
                         itsm_value_ref(ref_of("configuration_item", 0, 300))};
    itsm_buf before = counting_buf(&counting);
    char long_text[3000];
    memset(long_text, 'x', sizeof long_text);
    cr_set(record, "title", text("t"));
    cr_assert_eq(itsm_record_encode(&before, record), ITSM_OK);
    const struct {
        const char *name;
        itsm_value value;
    } sets[] = {{"ci", list_of(cis, 2)}, {"description", itsm_value_text(itsm_str_n(long_text, sizeof long_text))}};
    for (size_t i = 0; i < 2; i++)
        for (size_t n = 1;; n++) {
            body.n = 0;
            counting_fail(&counting, n);
            itsm_status rc = set(record, sets[i].name, sets[i].value);
            if (!counting_stop(&counting)) {
                cr_assert_eq(rc, ITSM_OK);
                break;
            }
            cr_assert_eq(rc, ITSM_E_NOMEM);
            cr_assert_eq(itsm_record_count(record), 1 + i);
        }
    itsm_buf_clear(&before);
    END;
}

typedef itsm_status (*operation)(itsm_ctx *ctx, const itsm_record *record, itsm_str body, itsm_str json);

static itsm_status op_decode(itsm_ctx *ctx, const itsm_record *record, itsm_str body, itsm_str json)
{
    (void)record, (void)json;
    itsm_record *out = NULL;
    itsm_status rc = decode(&out, ctx, body);
    cr_expect((rc == ITSM_OK) == (out != NULL));
    itsm_record_free(out);
    return rc;
}

static itsm_status op_copy(itsm_ctx *ctx, const itsm_record *record, itsm_str body, itsm_str json)
{
    (void)body, (void)json;
    itsm_record *out = NULL;
    itsm_status rc = itsm_record_copy(&out, ctx, record);
    cr_expect((rc == ITSM_OK) == (out != NULL));
    itsm_record_free(out);
    return rc;
}

static itsm_status op_encode(itsm_ctx *ctx, const itsm_record *record, itsm_str body, itsm_str json)
{
    (void)body, (void)json;
    itsm_buf out;
    itsm_buf_init(&out, ctx);
    itsm_status rc = itsm_record_encode(&out, record);
    cr_expect(rc == ITSM_OK || out.n == 0);
    itsm_buf_clear(&out);
    return rc;
}

static itsm_status op_encode_json(itsm_ctx *ctx, const itsm_record *record, itsm_str body, itsm_str json)
{
    (void)body, (void)json;
    itsm_buf out;
    itsm_buf_init(&out, ctx);
    itsm_status rc = itsm_record_encode_json(&out, record);
    cr_expect(rc == ITSM_OK || out.n == 0);
    itsm_buf_clear(&out);
    return rc;
}

static itsm_status op_decode_json(itsm_ctx *ctx, const itsm_record *record, itsm_str body, itsm_str json)
{
    (void)record, (void)body;
    itsm_record *out = NULL;
    itsm_status rc = itsm_record_decode_json(&out, ctx, itsm_model_builtin(), json);
    cr_expect((rc == ITSM_OK) == (out != NULL));
    itsm_record_free(out);
    return rc;
}

static itsm_status op_keys(itsm_ctx *ctx, const itsm_record *record, itsm_str body, itsm_str json)
{
    (void)body, (void)json;
    itsm_buf scratch;
    itsm__arena arena;
    itsm_index_key *keys = NULL;
    size_t n = 0;
    itsm_buf_init(&scratch, ctx);
    itsm__arena_init(&arena, itsm__ctx_memory(ctx));
    itsm_status rc = itsm__record_keys(&keys, &n, record, &arena, &scratch);
    itsm__arena_clear(&arena);
    itsm_buf_clear(&scratch);
    return rc;
}

Test(record, every_allocation_of_every_operation_may_fail)
{
    static const operation operations[] = {op_decode, op_copy, op_encode, op_encode_json, op_decode_json, op_keys};
    BEGIN;
    itsm_buf json = counting_buf(&counting);
    size_t failures = 0;
    fill_incident(record);
    cr_assert_eq(itsm_record_encode(&body, record), ITSM_OK);
    cr_assert_eq(itsm_record_encode_json(&json, record), ITSM_OK);
    for (size_t i = 0; i < sizeof operations / sizeof *operations; i++)
        for (size_t n = 1;; n++, failures++) {
            counting_fail(&counting, n);
            itsm_status rc = operations[i](ctx, record, itsm_buf_str(&body), itsm_buf_str(&json));
            if (!counting_stop(&counting)) {
                cr_assert_eq(rc, ITSM_OK);
                break;
            }
            cr_assert_eq(rc, ITSM_E_NOMEM, "operation %zu, allocation %zu: %d", i, n, rc);
        }
    cr_assert_gt(failures, 10);
    itsm_buf_clear(&json);
    END;
}

Test(record, a_check_without_memory_still_says_that_something_is_wrong)
{
    BEGIN;
    cr_set(record, "impact", itsm_value_number(ITSM_INT, 6));
    for (size_t n = 1;; n++) {
        counting_fail(&counting, n);
        cr_assert_eq(itsm_record_check(ctx, record), ITSM_E_INVALID);
        if (!counting_stop(&counting)) break;
    }
    END;
}
