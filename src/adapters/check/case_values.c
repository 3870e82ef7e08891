/* SPDX-License-Identifier: MIT */
/*
 * Values: each kind of value of a record, and raw bodies, come back as they were put.
 */
#include "adapters/check/kit.h"

#define TEXT_OF(literal)                                                                                               \
    {                                                                                                                  \
        ITSM_TEXT, 0,                                                                                                  \
        {                                                                                                              \
            .s = { literal, sizeof(literal) - 1 }                                                                      \
        }                                                                                                              \
    }
#define KIND_OF(kind, literal)                                                                                         \
    {                                                                                                                  \
        kind, 0,                                                                                                       \
        {                                                                                                              \
            .s = { literal, sizeof(literal) - 1 }                                                                      \
        }                                                                                                              \
    }
#define NUMBER_OF(kind, number)                                                                                        \
    {                                                                                                                  \
        kind, 0,                                                                                                       \
        {                                                                                                              \
            .i = number                                                                                                \
        }                                                                                                              \
    }
#define DECIMAL_OF(scale, number)                                                                                      \
    {                                                                                                                  \
        ITSM_DECIMAL, scale,                                                                                           \
        {                                                                                                              \
            .i = number                                                                                                \
        }                                                                                                              \
    }
#define LIST_OF(items)                                                                                                 \
    {                                                                                                                  \
        ITSM_LIST, 0,                                                                                                  \
        {                                                                                                              \
            .list = { items, KIT_COUNT(items) }                                                                        \
        }                                                                                                              \
    }

static const itsm_value words[] = {TEXT_OF("beta"), TEXT_OF("alpha"), TEXT_OF("beta"), TEXT_OF("with, comma"),
                                   TEXT_OF("with \"quote\" and {brace}")};
static const itsm_value numbers[] = {NUMBER_OF(ITSM_INT, INT64_MAX), NUMBER_OF(ITSM_INT, -1), NUMBER_OF(ITSM_INT, 0),
                                     NUMBER_OF(ITSM_INT, INT64_MIN)};
static const itsm_value one_word[] = {TEXT_OF("only")};

static const struct example {
    const char *field;
    itsm_value value;
} examples[] = {
    {"word", TEXT_OF("plain")},
    {"word", TEXT_OF("it's; \"DROP TABLE\" -- \\ % _ ? $1")},
    {"word", TEXT_OF("\xc3\xa9 \xe2\x82\xac \xf0\x9f\x9a\x92 \xd7\x90 e\xcc\x81")},
    {"word", TEXT_OF("tab\tline\nreturn\r\x01\x7f")},
    {"word", TEXT_OF("  blanks before and behind  ")},
    {"word", TEXT_OF("0123")},
    {"level", KIND_OF(ITSM_ENUM, "mid")},
    {"status", KIND_OF(ITSM_ENUM, "done")},
    {"amount", NUMBER_OF(ITSM_INT, 0)},
    {"amount", NUMBER_OF(ITSM_INT, INT64_MIN)},
    {"amount", NUMBER_OF(ITSM_INT, INT64_MAX)},
    {"price", DECIMAL_OF(2, 1000)},
    {"price", DECIMAL_OF(18, -INT64_C(999999999999999999))},
    {"flag", NUMBER_OF(ITSM_BOOL, 0)},
    {"flag", NUMBER_OF(ITSM_BOOL, 1)},
    {"at", NUMBER_OF(ITSM_TIME, INT64_C(1774603800123456))},
    {"at", NUMBER_OF(ITSM_TIME, -INT64_C(62135596800000000))},
    {"day", NUMBER_OF(ITSM_DATE, -719162)},
    {"took", NUMBER_OF(ITSM_SPAN, -1)},
    {"who", KIND_OF(ITSM_PARTY, "j\xc3\xb8rgen@example.org")},
    {"tags", LIST_OF(words)},
    {"tags", LIST_OF(one_word)},
    {"counts", LIST_OF(numbers)},
    {"detail", KIND_OF(ITSM_MAP, "{ \"b\": 1,\n  \"a\": [null, 1.50] }")},
    {"file", KIND_OF(ITSM_BLOB, "sha256:00ff/17")},
};

enum {
    WORD,
    QUOTES,
    UTF8,
    CONTROL,
    BLANKS,
    DIGITS,
    ENUM,
    STATE,
    ZERO,
    LEAST,
    MOST,
    TRAILING,
    DIGITS18,
    FALSE,
    TRUE,
    MICROS,
    YEAR1,
    DAY1,
    BACK,
    PARTY,
    LIST,
    LIST1,
    NUMBERS,
    MAP,
    BLOB
};

/* Put a record, see it, put it again with a revision above, see it. */
static void comes_back(itsm__bench *b, itsm_record *record)
{
    uint64_t rev = b->failed ? 0 : itsm__kit_does(b, itsm__kit_put_record(b, record, ITSM_REV_NONE));
    if (!b->failed) itsm__kit_record_is(b, record, rev);
    if (!b->failed) rev = itsm__kit_does(b, itsm__kit_put_record(b, record, rev));
    if (!b->failed) itsm__kit_record_is(b, record, rev);
    itsm_record_free(record);
}

static void value_comes_back(itsm__bench *b, size_t which)
{
    itsm_record *record = itsm__kit_record(b, "check_row", 7);
    itsm__kit_set(b, record, "number", itsm__kit_text("KIT0000007"));
    itsm__kit_set(b, record, examples[which].field, examples[which].value);
    comes_back(b, record);
}

static void reference_comes_back(itsm__bench *b, size_t which)
{
    itsm_ref ref = {0, {which ? UINT64_MAX : 0, which ? UINT64_C(0x8000000000000001) : 45}};
    itsm_record *record = itsm__kit_record(b, "check_row", 7);
    ref.type = itsm_model_type(b->model, ITSM_STR("incident"))->number;
    itsm__kit_set(b, record, "about", itsm_value_ref(ref));
    comes_back(b, record);
}

static void long_text_comes_back(itsm__bench *b, size_t n)
{
    itsm_record *record = itsm__kit_record(b, "check_row", 7);
    char *text = itsm__kit_alloc(b, n);
    for (size_t i = 0; text && i < n; i++) text[i] = (char)('a' + i % 26);
    itsm__kit_set(b, record, "detail", itsm_value_text(itsm_str_n(text, n)));
    comes_back(b, record);
}

static void long_list_comes_back(itsm__bench *b, size_t n)
{
    itsm_record *record = itsm__kit_record(b, "check_row", 7);
    itsm_value *items = itsm__kit_alloc(b, n * sizeof *items), list = {ITSM_LIST, 0, {.i = 0}};
    for (size_t i = 0; items && i < n; i++) items[i] = itsm_value_number(ITSM_INT, (int64_t)(i * 7919 % n) - 500);
    list.u.list.item = items, list.u.list.n = n;
    itsm__kit_set(b, record, "counts", list);
    comes_back(b, record);
}

static itsm_record *full_record(itsm__bench *b, uint64_t lo)
{
    static const size_t all[] = {WORD, ENUM, MOST, TRAILING, TRUE, MICROS, DAY1, BACK, PARTY, LIST, NUMBERS, MAP, BLOB};
    itsm_record *record = itsm__kit_record(b, "check_row", lo);
    for (size_t i = 0; i < KIT_COUNT(all); i++)
        itsm__kit_set(b, record, examples[all[i]].field, examples[all[i]].value);
    return record;
}

static void all_fields_come_back(itsm__bench *b, size_t which)
{
    (void)which;
    comes_back(b, full_record(b, 7));
}

static void no_field_comes_back(itsm__bench *b, size_t which)
{
    (void)which;
    comes_back(b, itsm__kit_record(b, "check_row", 7));
}

static void unknown_field_comes_back(itsm__bench *b, size_t which)
{
    itsm_record *record = itsm__kit_record(b, "check_row", 7);
    itsm_value value = itsm__kit_text("of a newer model");
    (void)which;
    itsm__kit_set(b, record, "word", examples[WORD].value);
    if (!b->failed) itsm__kit_status(b, itsm_record_set_number(record, 0xfff1, &value), ITSM_OK, "setting by number");
    comes_back(b, record);
}

static void a_put_takes_old_fields_away(itsm__bench *b, size_t which)
{
    itsm_record *full = full_record(b, 7), *less = itsm__kit_record(b, "check_row", 7);
    (void)which;
    itsm__kit_set(b, less, "amount", examples[ZERO].value);
    uint64_t rev = b->failed ? 0 : itsm__kit_does(b, itsm__kit_put_record(b, full, ITSM_REV_NONE));
    if (!b->failed) rev = itsm__kit_does(b, itsm__kit_put_record(b, less, rev));
    if (!b->failed) itsm__kit_record_is(b, less, rev);
    itsm_record_free(full), itsm_record_free(less);
}

static void records_do_not_mix(itsm__bench *b, size_t which)
{
    itsm_record *a = full_record(b, 1), *c = itsm__kit_record(b, "check_row", 2);
    (void)which;
    itsm__kit_set(b, c, "word", examples[UTF8].value);
    uint64_t first = b->failed ? 0 : itsm__kit_does(b, itsm__kit_put_record(b, a, ITSM_REV_NONE));
    uint64_t second = b->failed ? 0 : itsm__kit_does(b, itsm__kit_put_record(b, c, ITSM_REV_NONE));
    if (!b->failed) itsm__kit_record_is(b, a, first), itsm__kit_record_is(b, c, second);
    itsm_record_free(a), itsm_record_free(c);
}

/* Raw bodies ------------------------------------------------------------------------------------------------------ */

static void raw_comes_back(itsm__bench *b, const void *p, size_t n)
{
    itsm_ref ref = itsm__kit_ref(KIT_A, 3);
    itsm_op op = itsm__kit_put(b, ref, ITSM_REV_NONE, "");
    itsm_view view;
    itsm_row row;
    op.row.body.p = p, op.row.body.n = n;
    uint64_t rev = itsm__kit_does(b, op);
    if (!itsm__kit_view(b, &view)) return;
    if (!itsm__kit_get(b, &view, ref, &row)) itsm__kit_fail(b, "the row is not there");
    else if (row.rev != rev) itsm__kit_fail(b, "the row has revision %u, not %u", row.rev, rev);
    else if (row.body.n != n) itsm__kit_fail(b, "the body has %u bytes, not %u", (uint64_t)row.body.n, (uint64_t)n);
    else itsm__kit_want(b, itsm__kit_same(row.body, op.row.body), "the body has other bytes than it was put with");
    itsm_store_view_close(&view);
}

static const struct raw {
    const char *p;
    size_t n;
} raws[] = {{"", 0}, {"\0", 1}, {"a\0b", 3}, {"end\0\0\0", 6}, {"\0\0\0start", 8}, {"\xff\xfe\x80\xc0 not UTF-8", 14}};

static void raw_body_comes_back(itsm__bench *b, size_t which)
{
    raw_comes_back(b, raws[which].p, raws[which].n);
}

static void long_body_comes_back(itsm__bench *b, size_t n)
{
    unsigned char *body = itsm__kit_alloc(b, n);
    for (size_t i = 0; body && i < n; i++) body[i] = (unsigned char)(i * 7 + i / 256);
    if (body) raw_comes_back(b, body, n);
}

static void nothing_of_the_callers_is_kept(itsm__bench *b, size_t which)
{
    char body[] = "as it was put", key[] = "kkkk";
    itsm_index_key k = itsm__kit_key(1, 0, key);
    itsm_op op = itsm__kit_put_keys(b, itsm__kit_ref(KIT_A, 1), ITSM_REV_NONE, &k, 1);
    (void)which;
    op.row.body = itsm__kit_bytes(body);
    uint64_t rev = itsm__kit_does(b, op);
    memset(body, '?', sizeof body - 1), memset(key, 'z', sizeof key - 1), memset(&op, 0, sizeof op);
    itsm__kit_is(b, itsm__kit_ref(KIT_A, 1), rev, "as it was put");
    itsm_range range = itsm__kit_range(KIT_A, 1);
    range.hi = itsm__kit_bytes("l");
    itsm__kit_finds(b, &range, "1");
}

static void types_and_halves_tell_rows_apart(itsm__bench *b, size_t which)
{
    static const itsm_ref refs[] = {
        {KIT_A, {0, 5}}, {KIT_B, {0, 5}}, {KIT_A, {5, 0}},   {KIT_A, {5, 5}},
        {KIT_A, {0, 0}}, {KIT_C, {0, 5}}, {KIT_A, {0, 256}}, {UINT32_MAX, {UINT64_MAX, UINT64_MAX}}};
    static const char *const bodies[] = {"a", "b", "c", "d", "e", "f", "g", "h"};
    uint64_t revs[KIT_COUNT(refs)];
    (void)which;
    for (size_t i = 0; i < KIT_COUNT(refs); i++) revs[i] = itsm__kit_new(b, refs[i], bodies[i]);
    for (size_t i = 0; i < KIT_COUNT(refs); i++) itsm__kit_is(b, refs[i], revs[i], bodies[i]);
}

static const itsm__claim claims[] = {
    {"a text comes back", value_comes_back, WORD, 0, 0, 0},
    {"a text with quotes and signs of query languages comes back", value_comes_back, QUOTES, 0, 0, 0},
    {"UTF-8 of one to four bytes comes back, composed or not", value_comes_back, UTF8, 0, 0, 0},
    {"control characters come back", value_comes_back, CONTROL, 0, 0, 0},
    {"blanks at both ends come back", value_comes_back, BLANKS, 0, 0, 0},
    {"a text of digits stays a text", value_comes_back, DIGITS, 0, 0, 0},
    {"an enum comes back as an enum", value_comes_back, ENUM, 0, 0, 0},
    {"the state of a facet comes back", value_comes_back, STATE, 0, 0, 0},
    {"zero is a value, not its absence", value_comes_back, ZERO, 0, 0, 0},
    {"the least integer comes back", value_comes_back, LEAST, 0, 0, 0},
    {"the greatest integer comes back", value_comes_back, MOST, 0, 0, 0},
    {"a decimal keeps the zeros behind its point", value_comes_back, TRAILING, 0, 0, 0},
    {"a decimal of 18 digits comes back", value_comes_back, DIGITS18, 0, 0, 0},
    {"false is a value, not its absence", value_comes_back, FALSE, 0, 0, 0},
    {"true comes back", value_comes_back, TRUE, 0, 0, 0},
    {"a time keeps its microseconds", value_comes_back, MICROS, 0, 0, 0},
    {"a time of the year 1 comes back", value_comes_back, YEAR1, 0, 0, 0},
    {"a date of the year 1 comes back", value_comes_back, DAY1, 0, 0, 0},
    {"a span below zero comes back", value_comes_back, BACK, 0, 0, 0},
    {"a party comes back", value_comes_back, PARTY, 0, 0, 0},
    {"a list keeps its order and what stands in it twice", value_comes_back, LIST, 0, 0, 0},
    {"a list of one is a list", value_comes_back, LIST1, 0, 0, 0},
    {"a list of numbers comes back", value_comes_back, NUMBERS, 0, 0, 0},
    {"a list of a thousand comes back", long_list_comes_back, 1000, 0, 0, 0},
    {"a map comes back as it was written", value_comes_back, MAP, 0, 0, 0},
    {"a blob's name comes back", value_comes_back, BLOB, 0, 0, 0},
    {"a reference to a number comes back", reference_comes_back, 0, 0, 0, 0},
    {"a reference to a UUID comes back", reference_comes_back, 1, 0, 0, 0},
    {"a text of a megabyte comes back", long_text_comes_back, 1 << 20, 0, 0, 0},
    {"a record without values comes back", no_field_comes_back, 0, 0, 0, 0},
    {"values of all kinds in one record come back", all_fields_come_back, 0, 0, 0, 0},
    {"a field the model does not know comes back", unknown_field_comes_back, 0, 0, 0, 0},
    {"a put takes away the fields it does not have", a_put_takes_old_fields_away, 0, 0, 0, 0},
    {"two records do not mix", records_do_not_mix, 0, 0, 0, 0},
    {"a body of no bytes is a body", raw_body_comes_back, 0, 0, 0, 0},
    {"a body of one zero comes back", raw_body_comes_back, 1, 0, 0, 0},
    {"a body does not end at a zero", raw_body_comes_back, 2, 0, 0, 0},
    {"zeros at the end of a body come back", raw_body_comes_back, 3, 0, 0, 0},
    {"zeros at the start of a body come back", raw_body_comes_back, 4, 0, 0, 0},
    {"a body need not be text", raw_body_comes_back, 5, 0, 0, 0},
    {"a body of 65,537 bytes comes back", long_body_comes_back, 65537, 0, 0, 0},
    {"the longest body comes back", long_body_comes_back, ITSM_STORE_BODY_MAX, 0, 0, 0},
    {"nothing of the caller's memory is kept", nothing_of_the_callers_is_kept, 0, 0, 0, 0},
    {"type and both halves of an identity tell rows apart", types_and_halves_tell_rows_apart, 0, 0, 0, 0},
};

const itsm__group itsm__kit_values = {"values", claims, KIT_COUNT(claims)};
