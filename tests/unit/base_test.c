/* SPDX-License-Identifier: MIT */
/* The base: status texts, memory, issues, buffers, numbers as text, values, digests, the map and sorting. */
#include <criterion/criterion.h>

#include "base/bits.h"
#include "base/ctx.h"
#include "base/hash.h"
#include "base/hash_cpu.h"
#include "base/map.h"
#include "base/sort.h"
#include "base/text.h"
#include "support.h"

#include <itsm/version.h>

static struct counting counting = COUNTING_INIT;
static itsm__memory memory = {counting_alloc, &counting};

static void nothing_left(void)
{
    assert_nothing_outstanding(counting);
}

/* The same numbers on every machine. */
static uint64_t next_random(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return *state >> 20;
}

/* Status and version ---------------------------------------------------------------------------------------------- */

Test(status, every_code_has_a_text_of_its_own)
{
    static const itsm_status codes[] = {
#define ITSM_STATUS(code, text) code,
#include "base/status.def"
#undef ITSM_STATUS
    };
    size_t n = sizeof codes / sizeof *codes;
    cr_assert_eq(n, 26);
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < i; j++) cr_assert_str_neq(itsm_status_text(codes[i]), itsm_status_text(codes[j]));
    for (itsm_status code = ITSM_E_NO_RANDOM; code <= ITSM_NOTHING; code++)
        cr_assert_str_neq(itsm_status_text(code), itsm_status_text(-99), "%d has no text", code);
    for (itsm_status code = ITSM_E_VERSION; code <= ITSM_E_CONFLICT; code++)
        cr_assert_str_neq(itsm_status_text(code), itsm_status_text(-99), "%d has no text", code);
}

Test(status, unknown_codes_and_those_of_hosts_have_a_text_too)
{
    cr_assert_str_eq(itsm_status_text(-1000), itsm_status_text(-2000));
    cr_assert_str_neq(itsm_status_text(-1000), itsm_status_text(-999));
    cr_assert_str_neq(itsm_status_text(77), itsm_status_text(-999));
}

Test(version, the_text_is_that_of_the_header)
{
    char text[32];
    snprintf(text, sizeof text, "%d.%d.%d", ITSM_VERSION_MAJOR, ITSM_VERSION_MINOR, ITSM_VERSION_PATCH);
    cr_assert_str_eq(itsm_version(), text);
    cr_assert_str_eq(ITSM_VERSION, text);
}

/* Memory ---------------------------------------------------------------------------------------------------------- */

TestSuite(memory, .fini = nothing_left);

Test(memory, size_zero_is_a_piece_that_can_be_freed)
{
    void *p = itsm__alloc(&memory, 0), *q = itsm__alloc_zero(&memory, 0);
    cr_assert(p && q && p != q);
    itsm__free(&memory, p, 0), itsm__free(&memory, q, 0), itsm__free(&memory, NULL, 5);
    itsm__memory library = itsm__memory_default();
    p = itsm__alloc_zero(&library, 9);
    cr_assert_eq(((char *)p)[8], 0);
    itsm__free(&library, p, 9);
}

Test(memory, growing_keeps_the_content_and_refuses_what_does_not_fit)
{
    int *array = NULL;
    size_t capacity = 0;
    for (int i = 0; i < 1000; i++) {
        cr_assert_eq(itsm__grow(&memory, &array, &capacity, (size_t)i + 1, sizeof *array), ITSM_OK);
        array[i] = i;
    }
    for (int i = 0; i < 1000; i++) cr_assert_eq(array[i], i);
    cr_assert_leq(counting.calls, 10);
    size_t before = capacity;
    int *same = array;
    cr_assert_eq(itsm__grow(&memory, &array, &capacity, SIZE_MAX / 2, sizeof *array), ITSM_E_NOMEM);
    counting_fail(&counting, 1);
    cr_assert_eq(itsm__grow(&memory, &array, &capacity, before + 1, sizeof *array), ITSM_E_NOMEM);
    cr_assert(counting_stop(&counting));
    cr_assert(array == same && capacity == before && array[999] == 999);
    itsm__free(&memory, array, capacity * sizeof *array);
}

Test(memory, an_arena_gives_aligned_pieces_that_do_not_overlap)
{
    itsm__arena arena;
    itsm__arena_init(&arena, &memory);
    uint64_t seed = 1;
    unsigned char *pieces[400];
    size_t sizes[400];
    for (int round = 0; round < 3; round++) {
        for (size_t i = 0; i < 400; i++) {
            sizes[i] = i % 50 == 49 ? 5000 * (i / 50) : (size_t)(next_random(&seed) % 200);
            itsm_str copy;
            cr_assert_eq(itsm__arena_copy(&copy, &arena, ITSM_STR("abc")), ITSM_OK);
            cr_assert_eq(copy.p[3], 0);
            pieces[i] = itsm__arena_alloc(&arena, sizes[i]);
            cr_assert_eq((uintptr_t)pieces[i] % sizeof(void *), 0);
            memset(pieces[i], (int)i & 255, sizes[i]);
        }
        for (size_t i = 0; i < 400; i++)
            for (size_t k = 0; k < sizes[i]; k++) cr_assert_eq(pieces[i][k], i & 255);
        itsm__arena_reset(&arena);
        cr_assert_eq(counting.pieces, 1);
    }
    itsm__arena_clear(&arena);
}

Test(memory, an_arena_without_memory_says_so_and_works_again_later)
{
    itsm__arena arena;
    itsm__arena_init(&arena, &memory);
    counting_fail(&counting, 1);
    cr_assert_null(itsm__arena_alloc(&arena, 10));
    cr_assert_null(itsm__arena_alloc(&arena, SIZE_MAX));
    cr_assert(counting_stop(&counting));
    cr_assert_not_null(itsm__arena_alloc(&arena, 10));
    counting_fail(&counting, 1);
    itsm_str out = ITSM_STR("untouched");
    char big[3000] = {0};
    cr_assert_eq(itsm__arena_copy(&out, &arena, itsm_str_n(big, sizeof big)), ITSM_E_NOMEM);
    cr_assert(counting_stop(&counting));
    assert_text(out, "untouched");
    itsm__arena_clear(&arena);
}

/* Context --------------------------------------------------------------------------------------------------------- */

TestSuite(ctx, .fini = nothing_left);

static itsm_status fill_sevens(void *self, void *out, size_t n)
{
    memset(out, 7, n);
    return self ? ITSM_E_HOST_LAST : ITSM_OK;
}

Test(ctx, options_are_all_optional_and_sizes_are_not)
{
    itsm_ctx *ctx = NULL;
    cr_assert_eq(itsm_ctx_new(NULL, NULL), ITSM_E_MISUSE);
    cr_assert_eq(itsm_ctx_new(&ctx, NULL), ITSM_OK);
    unsigned char bytes[3];
    cr_assert_eq(itsm__ctx_random(ctx, bytes, 3), ITSM_E_NO_RANDOM);
    itsm_ctx_free(ctx);
    itsm_ctx_free(NULL);
    itsm_ctx_options options = ITSM_CTX_OPTIONS_INIT;
    options.size = 0;
    cr_assert_eq(itsm_ctx_new(&ctx, &options), ITSM_E_MISUSE);
    cr_assert_null(ctx);
    itsm_random random = {0, fill_sevens, NULL};
    options.size = sizeof options, options.random = &random;
    cr_assert_eq(itsm_ctx_new(&ctx, &options), ITSM_E_MISUSE);
}

Test(ctx, a_backend_learns_what_its_context_was_made_of)
{
    itsm_ctx_options given = ITSM_CTX_OPTIONS_INIT, told = ITSM_CTX_OPTIONS_INIT;
    itsm_random random = {sizeof random, NULL, &given};
    itsm_ctx *ctx;

    cr_assert_eq(itsm_ctx_new(&ctx, NULL), ITSM_OK);
    itsm_ctx_options_get(&told, ctx);
    cr_assert(told.alloc && !told.random && !told.mutexes && !told.zones);
    itsm_ctx_free(ctx);

    random.fill = fill_sevens;
    given.alloc = counting_alloc, given.alloc_user = &counting, given.random = &random;
    cr_assert_eq(itsm_ctx_new(&ctx, &given), ITSM_OK);
    itsm_ctx_options_get(&told, ctx);
    cr_assert(told.alloc == counting_alloc && told.alloc_user == &counting);
    cr_assert(told.random->fill == fill_sevens && told.random->self == &given);
    told.size = offsetof(itsm_ctx_options, random), told.random = NULL;
    itsm_ctx_options_get(&told, ctx);
    cr_assert_null(told.random, "a caller with a shorter struct gets no more than fits");
    itsm_ctx_free(ctx);
}

Test(ctx, random_bytes_come_from_the_host_with_its_status)
{
    itsm_random random = {sizeof random, fill_sevens, NULL};
    itsm_ctx_options options = ITSM_CTX_OPTIONS_INIT;
    options.random = &random;
    itsm_ctx *ctx;
    cr_assert_eq(itsm_ctx_new(&ctx, &options), ITSM_OK);
    random.fill = NULL; /* it was copied */
    unsigned char bytes[3] = {0};
    cr_assert_eq(itsm__ctx_random(ctx, bytes, 3), ITSM_OK);
    cr_assert_eq(bytes[2], 7);
    itsm_ctx_free(ctx);
    random.fill = fill_sevens, random.self = &random;
    cr_assert_eq(itsm_ctx_new(&ctx, &options), ITSM_OK);
    cr_assert_eq(itsm__ctx_random(ctx, bytes, 3), ITSM_E_HOST_LAST);
    itsm_ctx_free(ctx);
}

Test(ctx, a_shorter_struct_of_an_older_host_reads_as_if_the_rest_were_zero)
{
    itsm_ctx_options options = ITSM_CTX_OPTIONS_INIT;
    itsm_random random = {sizeof random, fill_sevens, NULL};
    options.alloc = counting_alloc, options.alloc_user = &counting, options.random = &random;
    options.size = offsetof(itsm_ctx_options, random);
    itsm_ctx *ctx;
    cr_assert_eq(itsm_ctx_new(&ctx, &options), ITSM_OK);
    cr_assert_gt(counting.outstanding, 0);
    unsigned char byte;
    cr_assert_eq(itsm__ctx_random(ctx, &byte, 1), ITSM_E_NO_RANDOM);
    itsm_ctx_free(ctx);
}

Test(ctx, an_issue_keeps_copies_of_its_texts)
{
    itsm_ctx *ctx = counting_ctx(&counting);
    char field[] = "impact";
    cr_assert_eq(itsm__issue(ctx, ITSM_E_INVALID, itsm_str_c(field), ITSM_STR("set"), ITSM_STR("8.6.1"), "%S is %d",
                             itsm_str_c(field), 9),
                 ITSM_E_INVALID);
    memset(field, 'x', sizeof field - 1);
    itsm__position position = {30, 2, 4};
    cr_assert_eq(itsm__issue_at(ctx, ITSM_E_SYNTAX, position, ITSM_STR(""), ITSM_STR(""), "no"), ITSM_E_SYNTAX);
    cr_assert_eq(itsm_ctx_issue_count(ctx), 2);
    const itsm_issue *issue = itsm_ctx_issue(ctx, 0);
    cr_assert_eq(issue->size, sizeof *issue);
    cr_assert_eq(issue->code, ITSM_E_INVALID);
    assert_text(issue->where, "impact");
    assert_text(issue->rule, "set");
    assert_text(issue->clause, "8.6.1");
    assert_text(issue->message, "impact is 9");
    issue = itsm_ctx_issue(ctx, 1);
    cr_assert(issue->position == 30 && issue->line == 2 && issue->column == 4);
    cr_assert_null(itsm_ctx_issue(ctx, 2));
    itsm__issues_clear(ctx);
    cr_assert_eq(itsm_ctx_issue_count(ctx), 0);
    cr_assert_null(itsm_ctx_issue(ctx, 0));
    itsm_ctx_free(ctx);
}

Test(ctx, issues_again_and_again_take_no_more_memory)
{
    itsm_ctx *ctx = counting_ctx(&counting);
    itsm_str none = ITSM_STR("");
    for (int i = 0; i < 10000; i++) {
        itsm__issues_clear(ctx);
        itsm__issue(ctx, ITSM_E_INVALID, ITSM_STR("where"), none, none, "a sentence about the number %d", i);
    }
    cr_assert_lt(counting.peak, 8000);
    itsm_ctx_free(ctx);
}

Test(ctx, without_a_context_an_issue_is_its_code)
{
    itsm__position nowhere = {0, 0, 0};
    itsm_str none = ITSM_STR("");
    cr_assert_eq(itsm__issue(NULL, ITSM_E_LIMIT, none, none, none, "x"), ITSM_E_LIMIT);
    cr_assert_eq(itsm__issue_at(NULL, ITSM_E_LIMIT, nowhere, none, none, "x"), ITSM_E_LIMIT);
    cr_assert_eq(itsm_ctx_issue_count(NULL), 0);
    itsm__issues_clear(NULL);
    cr_assert_eq(itsm__ctx_memory(NULL)->fn, itsm__memory_default().fn);
}

Test(ctx, without_memory_an_issue_loses_its_words_but_not_its_code)
{
    for (size_t n = 1;; n++) {
        itsm_ctx *ctx = counting_ctx(&counting);
        counting_fail_from(&counting, n);
        cr_assert_eq(itsm__issue(ctx, ITSM_E_ORDER, ITSM_STR("w"), ITSM_STR("r"), ITSM_STR("c"), "m %s", "n"),
                     ITSM_E_ORDER);
        int failed = counting_stop(&counting);
        cr_assert_leq(itsm_ctx_issue_count(ctx), 1);
        if (itsm_ctx_issue_count(ctx)) cr_assert_eq(itsm_ctx_issue(ctx, 0)->code, ITSM_E_ORDER);
        if (!failed) assert_text(first_message(ctx), "m n");
        itsm_ctx_free(ctx);
        if (!failed) break;
        cr_assert_lt(n, 50);
    }
}

Test(ctx, making_one_without_memory_leaves_nothing)
{
    itsm_ctx_options options = ITSM_CTX_OPTIONS_INIT;
    options.alloc = counting_alloc, options.alloc_user = &counting;
    itsm_ctx *ctx = (itsm_ctx *)&options;
    counting_fail(&counting, 1);
    cr_assert_eq(itsm_ctx_new(&ctx, &options), ITSM_E_NOMEM);
    cr_assert_null(ctx);
}

/* Buffer and text ------------------------------------------------------------------------------------------------- */

TestSuite(text, .fini = nothing_left);

Test(text, a_buffer_without_an_allocator_uses_the_c_library)
{
    itsm_buf buf = ITSM_BUF_INIT;
    cr_assert_eq(itsm_buf_add(&buf, NULL, 0), ITSM_OK);
    cr_assert_null(buf.p);
    for (int i = 0; i < 1000; i++) cr_assert_eq(itsm__buf_int(&buf, i), ITSM_OK);
    cr_assert_eq(buf.n, 2890);
    itsm_buf_clear(&buf);
    cr_assert(buf.p == NULL && buf.n == 0 && buf.capacity == 0);
    itsm_buf_init(&buf, NULL);
    cr_assert_eq(itsm_buf_add(&buf, "x", 1), ITSM_OK);
    itsm_buf_clear(&buf);
}

Test(text, a_failed_append_leaves_the_buffer_as_it_was)
{
    itsm_buf buf = counting_buf(&counting);
    cr_assert_eq(itsm_buf_add(&buf, "kept", 4), ITSM_OK);
    char big[200] = {0};
    for (size_t n = 1;; n++) {
        counting_fail(&counting, n);
        itsm_status status = itsm__format(&buf, "%S %d %S", itsm_str_n(big, 60), 12345678, itsm_str_n(big, 200));
        if (!counting_stop(&counting)) break;
        cr_assert_eq(status, ITSM_E_NOMEM);
        assert_text(itsm_buf_str(&buf), "kept");
    }
    cr_assert_eq(buf.n, 4 + 60 + 1 + 8 + 1 + 200);
    itsm_buf_clear(&buf);
}

#define assert_format(wanted, ...)                                                                                     \
    do {                                                                                                               \
        itsm_buf out_ = counting_buf(&counting);                                                                       \
        cr_assert_eq(itsm__format(&out_, __VA_ARGS__), ITSM_OK);                                                       \
        assert_text(itsm_buf_str(&out_), wanted);                                                                      \
        itsm_buf_clear(&out_);                                                                                         \
    } while (0)

Test(text, formats_are_those_documented_and_nothing_else)
{
    assert_format("a b 100% -7", "%s %S 100%% %d", "a", ITSM_STR("b"), -7);
    assert_format("-9223372036854775808 18446744073709551615", "%i %u", INT64_MIN, UINT64_MAX);
    assert_format("3 x 0 deadbeef00", "%z %c %x %x", (size_t)3, 'x', (uint64_t)0, (uint64_t)0xdeadbeef00);
    assert_format("07:005:000000012:-3:-04", "%02d:%03d:%09d:%02d:%03d", 7, 5, 12, -3, -4);
    assert_format("%q %01d %", "%q %01d %");
    assert_format("", "");
}

#define assert_fixed(wanted, i, digits)                                                                                \
    do {                                                                                                               \
        itsm_buf out_ = counting_buf(&counting);                                                                       \
        cr_assert_eq(itsm__buf_fixed(&out_, i, digits), ITSM_OK);                                                      \
        assert_text(itsm_buf_str(&out_), wanted);                                                                      \
        itsm_buf_clear(&out_);                                                                                         \
    } while (0)

Test(text, a_fixed_number_has_all_its_digits_behind_the_point)
{
    assert_fixed("123.45", 12345, 2);
    assert_fixed("-123.45", -12345, 2);
    assert_fixed("0.05", 5, 2);
    assert_fixed("-0.05", -5, 2);
    assert_fixed("0.00", 0, 2);
    assert_fixed("1.00", 100, 2);
    assert_fixed("12345", 12345, 0);
    assert_fixed("-9223372036.854775808", INT64_MIN, 9);
    assert_fixed("0.0000000000000000000000007", 7, 25);
}

Test(text, hex_has_two_small_digits_a_byte)
{
    itsm_buf buf = counting_buf(&counting);
    cr_assert_eq(itsm__buf_hex(&buf, "\x00\xff\x1a", 3), ITSM_OK);
    assert_text(itsm_buf_str(&buf), "00ff1a");
    itsm_buf_clear(&buf);
}

Test(text, integers_are_read_exactly_or_not_at_all)
{
    int64_t i = 5;
    cr_assert_eq(itsm__parse_int(&i, ITSM_STR("9223372036854775807")), ITSM_OK);
    cr_assert_eq(i, INT64_MAX);
    cr_assert_eq(itsm__parse_int(&i, ITSM_STR("-9223372036854775808")), ITSM_OK);
    cr_assert_eq(i, INT64_MIN);
    cr_assert_eq(itsm__parse_int(&i, ITSM_STR("-0")), ITSM_OK);
    cr_assert_eq(i, 0);
    cr_assert_eq(itsm__parse_int(&i, ITSM_STR("0042")), ITSM_OK);
    cr_assert_eq(i, 42);
    static const char *const wrong[] = {"", "-", "+1", " 1", "1 ", "1a", "--1", "99999999999999999999x"};
    for (size_t k = 0; k < sizeof wrong / sizeof *wrong; k++)
        cr_assert_eq(itsm__parse_int(&i, itsm_str_c(wrong[k])), ITSM_E_SYNTAX, "%s", wrong[k]);
    static const char *const far[] = {"9223372036854775808", "-9223372036854775809", "99999999999999999999999999"};
    for (size_t k = 0; k < sizeof far / sizeof *far; k++)
        cr_assert_eq(itsm__parse_int(&i, itsm_str_c(far[k])), ITSM_E_RANGE, "%s", far[k]);
    cr_assert_eq(i, 42);
}

Test(text, the_nearest_name_is_within_a_third_of_the_length)
{
    itsm_str names[] = {ITSM_STR("impact"), ITSM_STR("urgency"), ITSM_STR("priority"), ITSM_STR("")};
    assert_text(itsm__nearest(ITSM_STR("imapct"), names, 4), "impact");
    assert_text(itsm__nearest(ITSM_STR("Priorty"), names, 4), "priority");
    assert_text(itsm__nearest(ITSM_STR("urgent"), names, 4), "urgency");
    assert_text(itsm__nearest(ITSM_STR("state"), names, 4), "");
    assert_text(itsm__nearest(ITSM_STR("impaxyz"), names, 4), "");
    assert_text(itsm__nearest(ITSM_STR("impxy"), names, 4), "");
    assert_text(itsm__nearest(ITSM_STR("a"), names, 4), "");
    assert_text(itsm__nearest(ITSM_STR("impact"), names, 0), "");
    char longest[65];
    memset(longest, 'a', sizeof longest);
    names[0] = itsm_str_n(longest, 65);
    assert_text(itsm__nearest(names[0], names, 1), "");
    names[0].n = 64;
    cr_assert_eq(itsm__nearest(names[0], names, 1).n, 64);
}

/* Values ---------------------------------------------------------------------------------------------------------- */

Test(value, values_are_equal_by_kind_scale_and_content)
{
    itsm_value a = itsm_value_text(ITSM_STR("x")), b = itsm_value_text(ITSM_STR("x"));
    cr_assert(itsm_value_eq(&a, &b));
    b.kind = ITSM_ENUM;
    cr_assert_not(itsm_value_eq(&a, &b));
    b = itsm_value_text(ITSM_STR("y"));
    cr_assert_not(itsm_value_eq(&a, &b));
    a = itsm_value_number(ITSM_DECIMAL, 10), b = a;
    cr_assert(itsm_value_eq(&a, &b));
    b.scale = 1;
    cr_assert_not(itsm_value_eq(&a, &b));
    itsm_ref ref = {3, {1, 2}};
    a = itsm_value_ref(ref), b = a;
    cr_assert(itsm_value_eq(&a, &b));
    b.u.ref.id.hi = 0;
    cr_assert_not(itsm_value_eq(&a, &b));
    memset(&a, 0, sizeof a), memset(&b, 0xff, sizeof b);
    b.kind = ITSM_NONE, b.scale = 0;
    cr_assert(itsm_value_eq(&a, &b));
    a.kind = b.kind = ITSM_BYTES;
    a.u.b.p = "ab", a.u.b.n = 2, b.u.b.p = "ac", b.u.b.n = 2;
    cr_assert_not(itsm_value_eq(&a, &b));
    b.u.b.p = "ab";
    cr_assert(itsm_value_eq(&a, &b));
    a.kind = b.kind = 99;
    cr_assert_not(itsm_value_eq(&a, &b));
}

Test(value, lists_are_equal_item_by_item)
{
    itsm_value x[2] = {itsm_value_text(ITSM_STR("p")), itsm_value_number(ITSM_INT, 4)};
    itsm_value y[2] = {itsm_value_text(ITSM_STR("p")), itsm_value_number(ITSM_INT, 4)};
    itsm_value a, b;
    memset(&a, 0, sizeof a), a.kind = ITSM_LIST, b = a;
    a.u.list.item = x, a.u.list.n = 2, b.u.list.item = y, b.u.list.n = 2;
    cr_assert(itsm_value_eq(&a, &b));
    y[1].u.i = 5;
    cr_assert_not(itsm_value_eq(&a, &b));
    a.u.list.n = b.u.list.n = 1;
    cr_assert(itsm_value_eq(&a, &b));
    b.u.list.n = 0;
    cr_assert_not(itsm_value_eq(&a, &b));
    cr_assert_not(itsm_value_eq(&a, &x[0]));
}

/* Arithmetic and bytes -------------------------------------------------------------------------------------------- */

Test(bits, arithmetic_says_when_it_overflows)
{
    int64_t r = 1;
    cr_assert(itsm__add(&r, INT64_MAX - 1, 1) && r == INT64_MAX);
    cr_assert(!itsm__add(&r, INT64_MAX, 1) && !itsm__add(&r, INT64_MIN, -1) && r == INT64_MAX);
    cr_assert(itsm__sub(&r, -1, INT64_MAX) && r == INT64_MIN);
    cr_assert(!itsm__sub(&r, 0, INT64_MIN) && !itsm__sub(&r, INT64_MIN, 1));
    cr_assert(itsm__mul(&r, INT64_MIN, 1) && r == INT64_MIN);
    cr_assert(itsm__mul(&r, -1, INT64_MAX) && r == -INT64_MAX);
    cr_assert(itsm__mul(&r, 0, INT64_MIN) && r == 0);
    cr_assert(!itsm__mul(&r, INT64_MIN, -1) && !itsm__mul(&r, -1, INT64_MIN) && !itsm__mul(&r, INT64_MAX, 2));
    cr_assert(!itsm__mul(&r, INT64_MIN, 2) && !itsm__mul(&r, 2, INT64_MIN) && !itsm__mul(&r, -2, INT64_MIN));
    cr_assert(itsm__floor_div(-7, 2) == -4 && itsm__floor_mod(-7, 2) == 1 && itsm__floor_div(7, 2) == 3);
    cr_assert(itsm__floor_div(-8, 2) == -4 && itsm__floor_mod(-8, 2) == 0);
}

Test(bits, numbers_are_bytes_in_the_order_named)
{
    unsigned char b[8];
    itsm__put_be64(b, UINT64_C(0x0102030405060708));
    cr_assert_arr_eq(b, "\1\2\3\4\5\6\7\10", 8);
    cr_assert(itsm__be64(b) == UINT64_C(0x0102030405060708) && itsm__be32(b) == 0x01020304);
    cr_assert(itsm__le64(b) == UINT64_C(0x0807060504030201) && itsm__le32(b) == 0x04030201);
    itsm__put_le64(b, UINT64_C(0x0102030405060708));
    cr_assert_arr_eq(b, "\10\7\6\5\4\3\2\1", 8);
}

/* Digests --------------------------------------------------------------------------------------------------------- */

static void assert_digest(const unsigned char digest[32], const char *wanted)
{
    itsm_buf hex = ITSM_BUF_INIT;
    cr_assert_eq(itsm__buf_hex(&hex, digest, 32), ITSM_OK);
    assert_text(itsm_buf_str(&hex), wanted);
    itsm_buf_clear(&hex);
}

Test(hash, sha256_gives_the_digests_of_fips_180_4)
{
    unsigned char digest[32];
    itsm__sha256_of(digest, NULL, 0);
    assert_digest(digest, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    itsm__sha256_of(digest, "abc", 3);
    assert_digest(digest, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    itsm__sha256_of(digest, "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 56);
    assert_digest(digest, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    itsm__sha256 hasher;
    itsm__sha256_init(&hasher);
    char block[1000];
    memset(block, 'a', sizeof block);
    for (int i = 0; i < 1000; i++) itsm__sha256_add(&hasher, block, sizeof block);
    itsm__sha256_end(&hasher, digest);
    assert_digest(digest, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

Test(hash, the_pieces_a_text_is_added_in_do_not_matter_nor_does_the_machine)
{
    unsigned char text[400], fast[32], slow[32];
    for (size_t i = 0; i < sizeof text; i++) text[i] = (unsigned char)(i * 7 + i / 5);
    for (size_t n = 0; n <= sizeof text; n += n < 140 ? 1 : 13) {
        itsm__sha256_of(fast, text, n);
        for (size_t cut = 0; cut <= n; cut += 1 + n / 9) {
            itsm__sha256 hasher;
            itsm__sha256_init(&hasher);
            hasher.compress = itsm__sha256_portable;
            itsm__sha256_add(&hasher, text, cut), itsm__sha256_add(&hasher, text + cut, n - cut);
            itsm__sha256_end(&hasher, slow);
            cr_assert_arr_eq(fast, slow, 32, "length %zu, cut at %zu", n, cut);
        }
    }
    if (!itsm__sha256_x86()) fprintf(stderr, "no SHA instructions here: the portable code was compared with itself\n");
}

Test(hash, hmac_gives_the_digests_of_rfc_4231)
{
    unsigned char digest[32], key[131];
    itsm_bytes k, m;
    k.p = "Jefe", k.n = 4, m.p = "what do ya want for nothing?", m.n = 28;
    itsm__hmac_sha256(digest, k, m);
    assert_digest(digest, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    memset(key, 0xaa, sizeof key);
    k.p = key, k.n = sizeof key, m.p = "Test Using Larger Than Block-Size Key - Hash Key First", m.n = 54;
    itsm__hmac_sha256(digest, k, m);
    assert_digest(digest, "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
    k.n = 20, memset(key, 0x0b, 20), m.p = "Hi There", m.n = 8;
    itsm__hmac_sha256(digest, k, m);
    assert_digest(digest, "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
}

/* Bit by bit, as the polynomial is defined. */
static uint32_t crc32c_bits(const unsigned char *p, size_t n)
{
    uint32_t crc = UINT32_MAX;
    for (size_t i = 0; i < n; i++) {
        crc ^= p[i];
        for (int bit = 0; bit < 8; bit++) crc = crc >> 1 ^ (0x82f63b78u & (0u - (crc & 1)));
    }
    return ~crc;
}

Test(hash, crc32c_gives_the_values_of_rfc_3720)
{
    unsigned char b[32];
    memset(b, 0, 32);
    cr_assert_eq(itsm__crc32c(0, b, 32), 0x8a9136aa);
    memset(b, 0xff, 32);
    cr_assert_eq(itsm__crc32c(0, b, 32), 0x62a8ab43);
    for (unsigned i = 0; i < 32; i++) b[i] = (unsigned char)i;
    cr_assert_eq(itsm__crc32c(0, b, 32), 0x46dd794e);
    cr_assert_eq(itsm__crc32c(0, "123456789", 9), 0xe3069283);
    cr_assert_eq(itsm__crc32c(0, NULL, 0), 0);
}

Test(hash, crc32c_is_the_same_bit_by_bit_by_table_by_instruction_and_in_pieces)
{
    unsigned char text[3000];
    uint64_t seed = 3;
    for (size_t i = 0; i < sizeof text; i++) text[i] = (unsigned char)next_random(&seed);
    for (size_t n = 0; n <= sizeof text; n += n < 70 ? 1 : 97) {
        uint32_t wanted = crc32c_bits(text, n);
        cr_assert_eq(itsm__crc32c(0, text, n), wanted);
        cr_assert_eq(~itsm__crc32c_portable(UINT32_MAX, text, n), wanted);
        size_t cut = n / 3;
        cr_assert_eq(itsm__crc32c(itsm__crc32c(0, text, cut), text + cut, n - cut), wanted);
    }
}

/* Map and sort ---------------------------------------------------------------------------------------------------- */

TestSuite(map, .fini = nothing_left);

Test(map, what_was_put_is_found_and_nothing_else)
{
    itsm__map map;
    itsm__map_init(&map, &memory);
    cr_assert_null(itsm__map_find(&map, "x", 1));
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < 20000; i++) {
            int added, n = i * 2;
            *itsm__map_put(&map, &n, sizeof n, &added) = (uint64_t)i;
            cr_assert(added);
            cr_assert_not_null(itsm__map_put(&map, &n, sizeof n, &added));
            cr_assert_not(added);
        }
        for (int i = 0; i < 40000; i++) {
            uint64_t *value = itsm__map_find(&map, &i, sizeof i);
            if (i % 2) cr_assert_null(value);
            else cr_assert_eq(*value, (uint64_t)i / 2);
        }
        cr_assert_eq(map.count, 20000);
        for (size_t i = 0; i < map.count; i++) cr_assert_eq(map.entries[i].value, i);
        itsm__map_reset(&map);
        int zero = 0;
        cr_assert_null(itsm__map_find(&map, &zero, sizeof zero));
    }
    int added;
    cr_assert_eq(*itsm__map_put(&map, NULL, 0, &added), 0);
    cr_assert(added && itsm__map_find(&map, "", 0) && !itsm__map_find(&map, "\0", 1));
    itsm__map_clear(&map);
}

Test(map, a_put_without_memory_changes_nothing)
{
    itsm__map map;
    itsm__map_init(&map, &memory);
    size_t failures = 0;
    for (size_t i = 0; i < 500; i++) {
        for (size_t n = 1;; n++) {
            counting_fail(&counting, n);
            uint64_t *value = itsm__map_put(&map, &i, sizeof i, NULL);
            if (!counting_stop(&counting)) {
                *value = i;
                break;
            }
            cr_assert_null(value);
            cr_assert_eq(map.count, i);
            failures++;
        }
        for (size_t k = 0; k <= i; k += 37) cr_assert_eq(*itsm__map_find(&map, &k, sizeof k), k);
    }
    cr_assert_gt(failures, 5);
    itsm__map_clear(&map);
}

Test(map, a_hash_does_not_pile_up_keys_in_few_slots)
{
    unsigned slots[4096] = {0}, most = 0;
    for (uint64_t i = 0; i < 4096; i++) {
        unsigned *slot = &slots[itsm__hash(&i, sizeof i) % 4096];
        if (++*slot > most) most = *slot;
    }
    cr_assert_leq(most, 9); /* about 6 are to be expected of 4096 balls in as many boxes */
    cr_assert_neq(itsm__hash("a", 1), itsm__hash("a\0", 2));
}

struct pair {
    uint32_t key, number;
    char filling[40];
};

static int by_key(const void *a, const void *b, void *user)
{
    ++*(size_t *)user;
    const struct pair *x = a, *y = b;
    return x->key < y->key ? -1 : x->key > y->key;
}

Test(sort, any_array_is_sorted_and_nothing_is_lost)
{
    static struct pair pairs[5000];
    static unsigned char seen[5000];
    uint64_t seed = 9;
    for (size_t n = 0; n <= 5000; n = n < 40 ? n + 1 : n * 5) {
        for (int form = 0; form < 4; form++) {
            for (size_t i = 0; i < n; i++) {
                pairs[i].key = form == 0   ? (uint32_t)next_random(&seed)
                               : form == 1 ? (uint32_t)i
                               : form == 2 ? (uint32_t)(n - i)
                                           : (uint32_t)next_random(&seed) % 3;
                pairs[i].number = (uint32_t)i;
                memset(pairs[i].filling, (int)i & 127, sizeof pairs[i].filling);
            }
            size_t comparisons = 0;
            itsm__sort(pairs, n, sizeof *pairs, by_key, &comparisons);
            memset(seen, 0, sizeof seen);
            for (size_t i = 0; i < n; i++) {
                if (i) cr_assert_leq(pairs[i - 1].key, pairs[i].key, "n %zu form %d", n, form);
                cr_assert_not(seen[pairs[i].number]++);
                cr_assert_eq(pairs[i].filling[39], pairs[i].number & 127);
            }
            if (n == 5000) cr_assert_lt(comparisons, 5000 * 17);
        }
    }
}
