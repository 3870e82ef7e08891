/* SPDX-License-Identifier: MIT */
/*
 * Keys and their order: memcmp, a key before those it begins, ranges with their start and without their end, both
 * directions; typed ranges beside the same as bytes.
 */
#include "adapters/check/kit.h"

/* Keys in the order in which scans must give them. */
static const struct bytes {
    const char *p;
    size_t n;
} ladder[] = {{"", 0},     {"\0", 1},     {"\0\0", 2},     {"\0\377", 2},   {"\1", 1},
              {"A", 1},    {"a", 1},      {"a\0", 2},      {"a\0b", 3},     {"ab", 2},
              {"b", 1},    {"\177", 1},   {"\200", 1},     {"\303\251", 2}, {"\376\377", 2},
              {"\377", 1}, {"\377\0", 2}, {"\377\376", 2}, {"\377\377", 2}, {"\377\377\1", 3}};

enum { RUNGS = KIT_COUNT(ladder) };

static itsm_bytes rung(size_t i)
{
    itsm_bytes bytes = {ladder[i].p, ladder[i].n};
    return bytes;
}

/* A row for each rung, its identity one above the rung's number, put in another order. */
static void fill(itsm__bench *b, uint32_t type, uint32_t index)
{
    for (size_t k = 0; k < RUNGS; k++) {
        size_t i = k * 7 % RUNGS;
        itsm_index_key key = {index, 0, {NULL, 0}};
        key.key = rung(i);
        itsm__kit_new_keys(b, itsm__kit_ref(type, i + 1), &key, 1);
    }
}

static void wants_run(itsm__bench *b, const itsm_range *range, size_t from, size_t to)
{
    itsm_buf text = ITSM_BUF_INIT;
    itsm_buf_init(&text, b->ctx);
    for (size_t k = from; k < to; k++)
        itsm__kit_format(&text, k > from ? " %u" : "%u", (uint64_t)(range->descending ? to - (k - from) : k + 1));
    itsm__kit_format(&text, "%S", itsm_str_n("\0", 1));
    itsm__kit_finds(b, range, text.p);
    itsm_buf_clear(&text);
}

static void scans_go_in_memcmp_order(itsm__bench *b, size_t descending)
{
    itsm_range range = itsm__kit_range(KIT_A, 2);
    fill(b, KIT_A, 2);
    range.descending = (uint32_t)descending;
    wants_run(b, &range, 0, RUNGS);
}

static void a_range_has_its_start_and_not_its_end(itsm__bench *b, size_t descending)
{
    itsm_range range = itsm__kit_range(KIT_A, 1);
    fill(b, KIT_A, 1);
    range.descending = (uint32_t)descending;
    for (size_t lo = 0; lo < RUNGS; lo += 3)
        for (size_t hi = lo; hi < RUNGS; hi += 2) {
            range.lo = rung(lo), range.hi = rung(hi);
            wants_run(b, &range, lo, hi);
        }
}

static void a_range_without_end_goes_to_the_last_key(itsm__bench *b, size_t descending)
{
    itsm_range range = itsm__kit_range(KIT_A, 1);
    fill(b, KIT_A, 1);
    range.descending = (uint32_t)descending;
    for (size_t lo = 0; lo < RUNGS; lo++) {
        range.lo = rung(lo);
        wants_run(b, &range, lo, RUNGS);
    }
}

static void bounds_may_lie_between_keys(itsm__bench *b, size_t which)
{
    itsm_range range = itsm__kit_range(KIT_A, 1);
    (void)which;
    fill(b, KIT_A, 1);
    range.lo = itsm__kit_bytes("aa"), range.hi = itsm__kit_bytes("c");
    itsm__kit_finds(b, &range, "10 11");
    range.descending = 1;
    itsm__kit_finds(b, &range, "11 10");
}

static void a_prefix_and_ff_end_a_range(itsm__bench *b, size_t which)
{
    itsm_range range = itsm__kit_range(KIT_A, 1);
    (void)which;
    fill(b, KIT_A, 1);
    range.lo = itsm__kit_bytes("a"), range.hi = itsm__kit_bytes("a\377");
    itsm__kit_finds(b, &range, "7 8 9 10");
    range.lo = itsm__kit_bytes("\377"), range.hi = itsm__kit_bytes("\377\377");
    itsm__kit_finds(b, &range, "16 17 18");
}

static void a_range_that_ends_before_it_starts_is_empty(itsm__bench *b, size_t which)
{
    itsm_range range = itsm__kit_range(KIT_A, 1);
    (void)which;
    fill(b, KIT_A, 1);
    for (uint32_t descending = 0; descending < 2; descending++) {
        range.descending = descending;
        range.lo = itsm__kit_bytes("b"), range.hi = itsm__kit_bytes("a");
        itsm__kit_finds(b, &range, "");
        range.hi = range.lo;
        itsm__kit_finds(b, &range, "");
        range.lo = itsm__kit_bytes(""), range.hi = itsm__kit_bytes("");
        itsm__kit_finds(b, &range, "");
    }
}

static void a_scan_stays_within_its_type_and_index(itsm__bench *b, size_t which)
{
    itsm_index_key keys[2] = {itsm__kit_key(1, 0, "k"), itsm__kit_key(3, 0, "k")};
    (void)which;
    itsm__kit_new_keys(b, itsm__kit_ref(KIT_A, 1), keys, 2);
    itsm__kit_new_keys(b, itsm__kit_ref(KIT_A, 2), keys, 1);
    itsm__kit_new_keys(b, itsm__kit_ref(KIT_B, 3), keys + 1, 1);
    itsm__kit_new(b, itsm__kit_ref(KIT_B, 4), "no key");
    itsm__kit_scan(b, KIT_A, 1, "1 2");
    itsm__kit_scan(b, KIT_A, 3, "1");
    itsm__kit_scan(b, KIT_A, 2, "");
    itsm__kit_scan(b, KIT_B, 3, "3");
    itsm__kit_scan(b, KIT_B, 1, "");
    itsm__kit_scan(b, KIT_C, 1, "");
    itsm__kit_scan(b, KIT_A, 0, "1 2");
    itsm__kit_scan(b, KIT_B, 0, "3 4");
}

static void equal_keys_give_each_row_once(itsm__bench *b, size_t descending)
{
    itsm_index_key key = itsm__kit_key(1, 0, "same"), before = itsm__kit_key(1, 0, "sam"),
                   after = itsm__kit_key(1, 0, "same\1");
    itsm_range range = itsm__kit_range(KIT_A, 1);
    itsm_cursor cursor = ITSM_CURSOR_INIT;
    itsm_view view;
    itsm_row row;
    uint64_t seen = 0, n = 0;
    for (uint64_t i = 0; i < 40; i++) itsm__kit_new_keys(b, itsm__kit_ref(KIT_A, 100 + i * 37 % 40), &key, 1);
    itsm__kit_new_keys(b, itsm__kit_ref(KIT_A, 500), &before, 1);
    itsm__kit_new_keys(b, itsm__kit_ref(KIT_A, 1), &after, 1);
    range.lo = key.key, range.hi = after.key, range.descending = (uint32_t)descending;
    if (!itsm__kit_view(b, &view)) return;
    itsm__kit_status(b, itsm_store_scan(&cursor, b->ctx, &view, &range), ITSM_OK, "opening a scan");
    while (!b->failed && itsm_store_next(&row, b->ctx, &cursor) == ITSM_OK && n < 100) {
        uint64_t i = row.ref.id.lo - 100;
        n++, seen |= i < 40 ? UINT64_C(1) << i : 0;
    }
    if (n != 40 || seen != (UINT64_C(1) << 40) - 1) itsm__kit_fail(b, "40 rows of one key: %u rows came", n);
    itsm_store_cursor_close(&cursor);
    itsm_store_view_close(&view);
}

static void a_row_with_two_keys_stands_in_both_places(itsm__bench *b, size_t which)
{
    itsm_index_key keys[2] = {itsm__kit_key(1, 0, "a"), itsm__kit_key(1, 0, "c")}, middle = itsm__kit_key(1, 0, "b");
    itsm_range range = itsm__kit_range(KIT_A, 1);
    (void)which;
    itsm__kit_new_keys(b, itsm__kit_ref(KIT_A, 1), keys, 2);
    itsm__kit_new_keys(b, itsm__kit_ref(KIT_A, 2), &middle, 1);
    itsm__kit_finds(b, &range, "1 2 1");
    range.lo = itsm__kit_bytes("b");
    itsm__kit_finds(b, &range, "2 1");
}

static void the_same_key_twice_counts_once(itsm__bench *b, size_t which)
{
    itsm_index_key keys[3] = {itsm__kit_key(1, 0, "a"), itsm__kit_key(1, 0, "a"), itsm__kit_key(2, 0, "a")};
    (void)which;
    uint64_t rev = itsm__kit_new_keys(b, itsm__kit_ref(KIT_A, 1), keys, 3);
    itsm__kit_scan(b, KIT_A, 1, "1");
    rev = itsm__kit_does(b, itsm__kit_put_keys(b, itsm__kit_ref(KIT_A, 1), rev, keys, 2));
    itsm__kit_scan(b, KIT_A, 1, "1");
    itsm__kit_scan(b, KIT_A, 2, "");
    itsm__kit_does(b, itsm__kit_put_keys(b, itsm__kit_ref(KIT_A, 1), rev, NULL, 0));
    itsm__kit_scan(b, KIT_A, 1, "");
}

/* Index 0 --------------------------------------------------------------------------------------------------------- */

static const itsm_id ids[] = {{0, 0},
                              {0, 1},
                              {0, 255},
                              {0, 256},
                              {0, UINT64_C(1) << 63},
                              {0, UINT64_MAX},
                              {1, 0},
                              {1, 255},
                              {255, 3},
                              {UINT64_C(1) << 63, 0},
                              {UINT64_MAX, 0},
                              {UINT64_MAX, UINT64_MAX}};

enum { IDS = KIT_COUNT(ids) };

static void fill_ids(itsm__bench *b)
{
    for (size_t k = 0; k < IDS; k++) {
        itsm_ref ref = {KIT_B, {0, 0}};
        ref.id = ids[k * 5 % IDS];
        itsm__kit_new(b, ref, "x");
    }
}

static void id_bytes(unsigned char out[16], itsm_id id)
{
    for (size_t i = 0; i < 8; i++)
        out[i] = (unsigned char)(id.hi >> (56 - 8 * i)), out[8 + i] = (unsigned char)(id.lo >> (56 - 8 * i));
}

static void wants_ids(itsm__bench *b, itsm_range *range, size_t from, size_t to)
{
    itsm_cursor cursor = ITSM_CURSOR_INIT;
    itsm_status rc = ITSM_OK;
    itsm_view view;
    itsm_row row;
    size_t n = 0;
    if (!itsm__kit_view(b, &view)) return;
    itsm__kit_status(b, itsm_store_scan(&cursor, b->ctx, &view, range), ITSM_OK, "opening a scan");
    while (!b->failed && (rc = itsm_store_next(&row, b->ctx, &cursor)) == ITSM_OK && n < to - from) {
        const itsm_id *wanted = &ids[range->descending ? to - 1 - n : from + n];
        if (row.ref.id.hi != wanted->hi || row.ref.id.lo != wanted->lo)
            itsm__kit_fail(b, "row %u of index 0 is not in the order of identities", (uint64_t)n);
        n++;
    }
    if (!b->failed && (rc != ITSM_DONE || n != to - from)) itsm__kit_fail(b, "a range of index 0 has other rows");
    itsm_store_cursor_close(&cursor);
    itsm_store_view_close(&view);
}

static void index_0_goes_in_order_of_identities(itsm__bench *b, size_t descending)
{
    itsm_range range = itsm__kit_range(KIT_B, 0);
    fill_ids(b);
    range.descending = (uint32_t)descending;
    wants_ids(b, &range, 0, IDS);
}

static void index_0_has_ranges(itsm__bench *b, size_t descending)
{
    itsm_range range = itsm__kit_range(KIT_B, 0);
    unsigned char lo[16], hi[16];
    fill_ids(b);
    range.descending = (uint32_t)descending;
    for (size_t from = 0; from < IDS; from += 2)
        for (size_t to = from; to < IDS; to++) {
            id_bytes(lo, ids[from]), id_bytes(hi, ids[to]);
            range.lo.p = lo, range.lo.n = 16, range.hi.p = hi, range.hi.n = 16;
            wants_ids(b, &range, from, to);
        }
}

static void bounds_of_index_0_may_be_of_other_lengths(itsm__bench *b, size_t which)
{
    itsm_range range = itsm__kit_range(KIT_B, 0);
    unsigned char lo[17] = {0}, hi[17] = {0};
    (void)which;
    fill_ids(b);
    id_bytes(lo, ids[2]), id_bytes(hi, ids[5]);
    range.lo.p = lo, range.lo.n = 17, range.hi.p = hi, range.hi.n = 17; /* just behind the identity */
    wants_ids(b, &range, 3, 6);
    range.lo.p = "\377", range.lo.n = 1, range.hi.p = NULL, range.hi.n = 0;
    wants_ids(b, &range, 10, 12);
    range.lo.n = 0, range.hi.p = "\377", range.hi.n = 1;
    wants_ids(b, &range, 0, 10);
}

/* Long keys ------------------------------------------------------------------------------------------------------- */

static void keys_may_be_as_long_as_the_limit(itsm__bench *b, size_t which)
{
    char *text = itsm__kit_alloc(b, ITSM_STORE_KEY_MAX);
    itsm_index_key key = {1, 1, {NULL, 0}};
    itsm_range range = itsm__kit_range(KIT_A, 1);
    (void)which;
    if (!text) return;
    memset(text, 'k', ITSM_STORE_KEY_MAX);
    key.key.p = text, key.key.n = ITSM_STORE_KEY_MAX;
    for (uint64_t i = 0; i < 20; i++) { /* they differ in their last byte only */
        text[ITSM_STORE_KEY_MAX - 1] = (char)('z' - i);
        itsm__kit_new_keys(b, itsm__kit_ref(KIT_A, i + 1), &key, 1);
    }
    itsm__kit_finds(b, &range, "20 19 18 17 16 15 14 13 12 11 10 9 8 7 6 5 4 3 2 1");
    itsm__kit_refuses(b, itsm__kit_put_keys(b, itsm__kit_ref(KIT_A, 99), ITSM_REV_NONE, &key, 1), ITSM_E_UNIQUE);
    range.lo = key.key;
    itsm__kit_finds(b, &range, "20 19 18 17 16 15 14 13 12 11 10 9 8 7 6 5 4 3 2 1");
}

static void a_hint_is_not_a_limit(itsm__bench *b, size_t which)
{
    itsm_range range = itsm__kit_range(KIT_A, 1);
    (void)which;
    fill(b, KIT_A, 1);
    range.limit_hint = 2;
    wants_run(b, &range, 0, RUNGS);
}

/* Typed ----------------------------------------------------------------------------------------------------------- */

static void new_record(itsm__bench *b, uint64_t lo, const char *field, itsm_value value, const char *other,
                       itsm_value more)
{
    itsm_record *record = itsm__kit_record(b, "check_row", lo);
    itsm__kit_set(b, record, field, value);
    if (other) itsm__kit_set(b, record, other, more);
    if (!b->failed) itsm__kit_does(b, itsm__kit_put_record(b, record, ITSM_REV_NONE));
    itsm_record_free(record);
}

static const itsm_value absent;

static void texts_order_by_their_bytes(itsm__bench *b, size_t which)
{
    static const char *const texts[] = {"a", "B", "\xc3\xa9", "b", "aa", "a b", "A", "\xf0\x9f\x9a\x92", "z"};
    itsm_range range;
    (void)which;
    for (size_t i = 0; i < KIT_COUNT(texts); i++) new_record(b, i + 1, "word", itsm__kit_text(texts[i]), NULL, absent);
    range = itsm__kit_typed(b, "by_word", NULL, 0, NULL, NULL);
    itsm__kit_finds(b, &range, "7 2 1 6 5 4 9 3 8");
    range.descending = 1;
    itsm__kit_finds(b, &range, "8 3 9 4 5 6 1 2 7");
}

static void numbers_order_by_their_value(itsm__bench *b, size_t which)
{
    static const int64_t numbers[] = {10, -1, 9, INT64_MAX, 0, INT64_MIN, -10, 256};
    itsm_value from = itsm_value_number(ITSM_INT, -10), to = itsm_value_number(ITSM_INT, 10);
    itsm_range range;
    (void)which;
    for (size_t i = 0; i < KIT_COUNT(numbers); i++)
        new_record(b, i + 1, "amount", itsm_value_number(ITSM_INT, numbers[i]), NULL, absent);
    range = itsm__kit_typed(b, "by_amount", NULL, 0, NULL, NULL);
    itsm__kit_finds(b, &range, "6 7 2 5 3 1 8 4");
    range = itsm__kit_typed(b, "by_amount", NULL, 0, &from, &to);
    itsm__kit_finds(b, &range, "7 2 5 3");
    range = itsm__kit_typed(b, "by_amount", NULL, 0, &to, NULL);
    range.descending = 1;
    itsm__kit_finds(b, &range, "4 8 1");
    range = itsm__kit_typed(b, "by_amount", NULL, 0, NULL, &from);
    itsm__kit_finds(b, &range, "6");
}

static void decimals_order_by_their_value(itsm__bench *b, size_t which)
{
    static const struct {
        int64_t i;
        uint16_t scale;
    } decimals[] = {{15, 1}, {-15, 1}, {1, 0}, {149, 2}, {-1501, 3}, {0, 2}, {1500001, 6}, {2, 0}};
    itsm_range range;
    (void)which;
    for (size_t i = 0; i < KIT_COUNT(decimals); i++) {
        itsm_value value = itsm_value_number(ITSM_DECIMAL, decimals[i].i);
        value.scale = decimals[i].scale;
        new_record(b, i + 1, "price", value, NULL, absent);
    }
    range = itsm__kit_typed(b, "by_price", NULL, 0, NULL, NULL);
    itsm__kit_finds(b, &range, "5 2 6 3 4 1 7 8");
}

static void times_have_ranges(itsm__bench *b, size_t which)
{
    itsm_value from = itsm_value_number(ITSM_TIME, 0), to = itsm_value_number(ITSM_TIME, 3000001);
    itsm_range range;
    (void)which;
    for (int64_t i = 0; i < 6; i++) /* -1 s, 0 s, 1 s ... */
        new_record(b, (uint64_t)i + 1, "at", itsm_value_number(ITSM_TIME, (i - 1) * 1000000), NULL, absent);
    range = itsm__kit_typed(b, "by_at", NULL, 0, &from, &to);
    itsm__kit_finds(b, &range, "2 3 4 5");
    to.u.i = 3000000;
    range = itsm__kit_typed(b, "by_at", NULL, 0, &from, &to);
    itsm__kit_finds(b, &range, "2 3 4");
    range.descending = 1;
    itsm__kit_finds(b, &range, "4 3 2");
}

static void dates_order_by_their_day(itsm__bench *b, size_t which)
{
    itsm_value from = itsm_value_number(ITSM_DATE, -1);
    itsm_range range;
    (void)which;
    for (int64_t i = 0; i < 5; i++)
        new_record(b, (uint64_t)i + 1, "day", itsm_value_number(ITSM_DATE, (i * 3 % 5) - 2), NULL, absent);
    range = itsm__kit_typed(b, "by_day", NULL, 0, &from, NULL);
    itsm__kit_finds(b, &range, "3 5 2 4");
}

static void fill_levels(itsm__bench *b)
{
    static const char *const levels[] = {"low", "mid", "high"};
    for (uint64_t i = 0; i < 9; i++) {
        itsm_value level = itsm__kit_text(levels[i % 3]), at = itsm_value_number(ITSM_TIME, (int64_t)(i * 5 % 9));
        level.kind = ITSM_ENUM;
        new_record(b, i + 1, "level", level, "at", at);
    }
}

static void equal_fields_and_a_range_behind_them(itsm__bench *b, size_t which)
{
    itsm_value level = itsm__kit_text("mid"), from = itsm_value_number(ITSM_TIME, 2),
               to = itsm_value_number(ITSM_TIME, 8);
    itsm_range range;
    (void)which;
    level.kind = ITSM_ENUM;
    fill_levels(b); /* mid: 2 at 5, 5 at 2, 8 at 8 */
    range = itsm__kit_typed(b, "by_level_at", &level, 1, NULL, NULL);
    itsm__kit_finds(b, &range, "5 2 8");
    range = itsm__kit_typed(b, "by_level_at", &level, 1, &from, &to);
    itsm__kit_finds(b, &range, "5 2");
    range.descending = 1;
    itsm__kit_finds(b, &range, "2 5");
    range = itsm__kit_typed(b, "by_level_at", &level, 1, &to, NULL);
    itsm__kit_finds(b, &range, "8");
    range = itsm__kit_typed(b, "by_level_at", &level, 1, NULL, &from);
    itsm__kit_finds(b, &range, "");
}

static void all_fields_of_an_index_may_be_equal(itsm__bench *b, size_t which)
{
    itsm_value eq[2] = {itsm__kit_text("high"), itsm_value_number(ITSM_TIME, 7)};
    itsm_range range;
    (void)which;
    eq[0].kind = ITSM_ENUM;
    fill_levels(b); /* high: 3 at 1, 6 at 7, 9 at 4 */
    range = itsm__kit_typed(b, "by_level_at", eq, 2, NULL, NULL);
    itsm__kit_finds(b, &range, "6");
    eq[1].u.i = 8;
    range = itsm__kit_typed(b, "by_level_at", eq, 2, NULL, NULL);
    itsm__kit_finds(b, &range, "");
}

static void the_first_field_orders_first(itsm__bench *b, size_t which)
{
    itsm_range range;
    (void)which;
    fill_levels(b); /* high 3 9 6, low 1 7 4, mid 5 2 8 */
    range = itsm__kit_typed(b, "by_level_at", NULL, 0, NULL, NULL);
    itsm__kit_finds(b, &range, "3 9 6 1 7 4 5 2 8");
}

static void a_row_without_the_field_is_not_in_its_index(itsm__bench *b, size_t which)
{
    itsm_value word = itsm__kit_text("w"), level = itsm__kit_text("low");
    itsm_range range;
    (void)which;
    level.kind = ITSM_ENUM;
    new_record(b, 1, "word", word, NULL, absent);
    new_record(b, 2, "level", level, NULL, absent);
    new_record(b, 3, "level", level, "at", itsm_value_number(ITSM_TIME, 1));
    range = itsm__kit_typed(b, "by_word", NULL, 0, NULL, NULL);
    itsm__kit_finds(b, &range, "1");
    range = itsm__kit_typed(b, "by_level_at", NULL, 0, NULL, NULL);
    itsm__kit_finds(b, &range, "3");
}

static void a_text_equal_to_a_longer_ones_start_is_found_alone(itsm__bench *b, size_t which)
{
    itsm_value eq = itsm__kit_text("disk");
    itsm_range range;
    (void)which;
    new_record(b, 1, "word", itsm__kit_text("disk"), NULL, absent);
    new_record(b, 2, "word", itsm__kit_text("disks"), NULL, absent);
    new_record(b, 3, "word", itsm__kit_text("Disk"), NULL, absent);
    new_record(b, 4, "word", itsm__kit_text("disk "), NULL, absent);
    range = itsm__kit_typed(b, "by_word", &eq, 1, NULL, NULL);
    itsm__kit_finds(b, &range, "1");
}

static void each_item_of_a_list_finds_its_row(itsm__bench *b, size_t which)
{
    static const itsm_value first[] = {
        {ITSM_TEXT, 0, {.s = {"red", 3}}}, {ITSM_TEXT, 0, {.s = {"blue", 4}}}, {ITSM_TEXT, 0, {.s = {"red", 3}}}};
    itsm_value list = {ITSM_LIST, 0, {.list = {first, 3}}}, one = {ITSM_LIST, 0, {.list = {first, 1}}},
               red = itsm__kit_text("red"), blue = itsm__kit_text("blue");
    itsm_range range;
    (void)which;
    new_record(b, 1, "tags", list, NULL, absent);
    new_record(b, 2, "tags", one, NULL, absent);
    range = itsm__kit_typed(b, "by_tags", &blue, 1, NULL, NULL);
    itsm__kit_finds(b, &range, "1");
    range = itsm__kit_typed(b, "by_tags", &red, 1, NULL, NULL);
    range.limit_hint = 1;
    itsm_range down = range;
    down.descending = 1;
    itsm_view view;
    if (!itsm__kit_view(b, &view)) return;
    itsm_cursor cursor = ITSM_CURSOR_INIT;
    itsm_row row;
    size_t n = 0;
    itsm__kit_status(b, itsm_store_scan(&cursor, b->ctx, &view, &down), ITSM_OK, "opening a scan");
    while (!b->failed && itsm_store_next(&row, b->ctx, &cursor) == ITSM_OK && n < 9) n++;
    itsm__kit_want(b, n == 2, "two rows have the item, each once, though one has it twice");
    itsm_store_cursor_close(&cursor);
    itsm_store_view_close(&view);
}

static const itsm__claim claims[] = {
    {"scans go in the order of memcmp", scans_go_in_memcmp_order, 0, 0, 0, 0},
    {"descending is the same order backwards", scans_go_in_memcmp_order, 1, 0, 0, 0},
    {"a range has its start and not its end", a_range_has_its_start_and_not_its_end, 0, 0, 0, 0},
    {"a descending range has its start and not its end", a_range_has_its_start_and_not_its_end, 1, 0, 0, 0},
    {"a range without end goes to the last key", a_range_without_end_goes_to_the_last_key, 0, 0, 0, 0},
    {"a descending range without end begins at the last key", a_range_without_end_goes_to_the_last_key, 1, 0, 0, 0},
    {"bounds may lie between keys", bounds_may_lie_between_keys, 0, 0, 0, 0},
    {"a prefix and FF end a range", a_prefix_and_ff_end_a_range, 0, 0, 0, 0},
    {"a range that ends before it starts is empty", a_range_that_ends_before_it_starts_is_empty, 0, 0, 0, 0},
    {"a scan stays within its type and index", a_scan_stays_within_its_type_and_index, 0, 0, 0, 0},
    {"rows of one key come once each", equal_keys_give_each_row_once, 0, 0, 0, 0},
    {"rows of one key come once each, descending", equal_keys_give_each_row_once, 1, 0, 0, 0},
    {"a row with two keys stands in both places", a_row_with_two_keys_stands_in_both_places, 0, 0, 0, 0},
    {"the same key twice counts once", the_same_key_twice_counts_once, 0, 0, 0, 0},
    {"index 0 goes in the order of identities", index_0_goes_in_order_of_identities, 0, 0, 0, 0},
    {"index 0 goes backwards too", index_0_goes_in_order_of_identities, 1, 0, 0, 0},
    {"index 0 has ranges", index_0_has_ranges, 0, 0, 0, 0},
    {"index 0 has descending ranges", index_0_has_ranges, 1, 0, 0, 0},
    {"bounds of index 0 may be shorter or longer than an identity", bounds_of_index_0_may_be_of_other_lengths, 0, 0, 0,
     0},
    {"keys may be as long as the limit", keys_may_be_as_long_as_the_limit, 0, 0, 0, 0},
    {"a hint is not a limit", a_hint_is_not_a_limit, 0, 0, 0, 0},
    {"texts order by their bytes", texts_order_by_their_bytes, 0, 0, 0, 0},
    {"numbers order by their value", numbers_order_by_their_value, 0, 0, 0, 0},
    {"decimals order by their value", decimals_order_by_their_value, 0, 0, 0, 0},
    {"times have ranges", times_have_ranges, 0, 0, 0, 0},
    {"dates order by their day", dates_order_by_their_day, 0, 0, 0, 0},
    {"equal fields and a range behind them", equal_fields_and_a_range_behind_them, 0, 0, 0, 0},
    {"all fields of an index may be equal", all_fields_of_an_index_may_be_equal, 0, 0, 0, 0},
    {"the first field of an index orders first", the_first_field_orders_first, 0, 0, 0, 0},
    {"a row without the field is not in its index", a_row_without_the_field_is_not_in_its_index, 0, 0, 0, 0},
    {"a text is not found by what it begins with", a_text_equal_to_a_longer_ones_start_is_found_alone, 0, 0, 0, 0},
    {"each item of a list finds its row", each_item_of_a_list_finds_its_row, 0, 0, 0, 0},
};

const itsm__group itsm__kit_order = {"order", claims, KIT_COUNT(claims)};
