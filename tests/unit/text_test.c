/* SPDX-License-Identifier: MIT */
/* The texts: UTF-8, reading and writing JSON, reading and writing CSV. */
#include <criterion/criterion.h>

#include "base/text.h"
#include "support.h"
#include "text/csv.h"
#include "text/json.h"
#include "text/utf8.h"
#include "text/words.h"

static struct counting counting = COUNTING_INIT;
static itsm_ctx *ctx;
static itsm__json json;

static void begin(void)
{
    ctx = counting_ctx(&counting);
    itsm__json_init(&json, ctx);
}

static void end(void)
{
    itsm__json_clear(&json);
    itsm_ctx_free(ctx);
    assert_nothing_outstanding(counting);
}

static uint64_t next_random(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return *state >> 33;
}

/* An exact copy at the end of a piece of its own, so that a sanitizer sees every byte read beyond. */
static itsm_str tight(const char *p, size_t n)
{
    char *copy = malloc(n ? n : 1);
    if (n) memcpy(copy, p, n);
    return itsm_str_n(copy, n);
}

static void free_tight(itsm_str text)
{
    void *p;
    memcpy(&p, &text.p, sizeof p);
    free(p);
}

/* Words and UTF-8 ------------------------------------------------------------------------------------------------- */

Test(words, masks_are_exact_for_every_byte_beside_every_other)
{
    for (int a = 0; a < 256; a++)
        for (int b = 0; b < 256; b++) {
            char p[8] = {(char)a, (char)b, (char)a, (char)b, (char)b, (char)a, (char)a, (char)b};
            uint64_t word = itsm__word(p), equal = itsm__word_equal(word, ITSM__ONES * 0x22);
            uint64_t below = itsm__word_below(word, 0x20);
            for (int i = 0; i < 8; i++) {
                cr_assert_eq(equal >> (8 * i) & 0xff, p[i] == 0x22 ? 0x80 : 0);
                cr_assert_eq(below >> (8 * i) & 0xff, (p[i] & 0x7f) < 0x20 ? 0x80 : 0);
            }
        }
    for (size_t i = 0; i < 8; i++) cr_assert_eq(itsm__word_first(ITSM__TOPS << (8 * i)), i);
}

Test(utf8, every_code_point_is_written_and_read_back)
{
    for (uint32_t code = 0; code < 0x110000; code++) {
        char p[4];
        size_t n = itsm__utf8_put(p, code);
        int surrogate = code >= 0xd800 && code < 0xe000;
        cr_assert_eq(itsm__utf8_length(p, n), surrogate ? 0 : n, "code point %x", code);
        if (n > 1) cr_assert_eq(itsm__utf8_length(p, n - 1), 0);
    }
}

Test(utf8, what_rfc_3629_forbids_is_refused_where_it_stands)
{
    static const char *const wrong[] = {"\x80",
                                        "\xbf",
                                        "\xc0\x80",
                                        "\xc1\xbf",
                                        "\xe0\x9f\xbf",
                                        "\xed\xa0\x80",
                                        "\xf0\x8f\xbf\xbf",
                                        "\xf4\x90\x80\x80",
                                        "\xf5\x80\x80\x80",
                                        "\xff",
                                        "\xe2\x82",
                                        "\xe2\x28\xa1",
                                        "\xc3\xc3"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        for (size_t before = 0; before < 20; before++) {
            char text[40] = "abcdefghijklmnopqrstuvwxyz";
            memcpy(text + before, wrong[i], strlen(wrong[i]));
            itsm_str t = tight(text, before + strlen(wrong[i]));
            cr_assert_eq(itsm__utf8_valid(t), before, "%zu behind %zu", i, before);
            free_tight(t);
        }
    cr_assert_eq(itsm__utf8_valid(itsm_str_n(NULL, 0)), 0);
    cr_assert_eq(itsm__utf8_valid(ITSM_STR("gr\xc3\xbc\xc3\x9f dich \xf0\x9f\x98\x80 ganz")), 21);
}

/* Reading JSON ---------------------------------------------------------------------------------------------------- */

TestSuite(json, .init = begin, .fini = end);

static const itsm__json_node *parse(const char *text)
{
    itsm__issues_clear(ctx);
    cr_assert_eq(itsm__json_parse(&json, itsm_str_c(text)), ITSM_OK, "%s: %.*s", text, ITSM_ARG(first_message(ctx)));
    return itsm__json_root(&json);
}

Test(json, a_document_is_nodes_in_preorder_with_spans)
{
    const itsm__json_node *root = parse(" {\"a\":[1,[],{}],\r\n\t\"b\":{\"c\":null,\"d\":true},\"e\":\"x\"} ");
    cr_assert_eq(json.count, 9);
    cr_assert(root->kind == ITSM__JSON_OBJECT && root->span == 9 && root->integer == 3 && root->key.p == NULL);
    cr_assert(root[1].kind == ITSM__JSON_ARRAY && root[1].span == 4 && root[1].integer == 3);
    cr_assert(root[2].kind == ITSM__JSON_INT && root[2].integer == 1 && root[2].key.p == NULL);
    cr_assert(root[3].kind == ITSM__JSON_ARRAY && root[3].span == 1 && root[3].integer == 0);
    cr_assert(root[4].kind == ITSM__JSON_OBJECT && root[4].span == 1);
    const itsm__json_node *b = itsm__json_member(root, "b"), *child;
    cr_assert(b == root + 5 && b->span == 3 && b->byte == 23);
    cr_assert(itsm__json_member(b, "d")->integer == 1 && itsm__json_member(b, "d")->kind == ITSM__JSON_BOOL);
    assert_text(itsm__json_member(root, "e")->text, "x");
    cr_assert_null(itsm__json_member(root, "c"));
    cr_assert_null(itsm__json_member(root + 1, "a"));
    size_t n = 0;
    ITSM__JSON_EACH(child, root) n++;
    cr_assert_eq(n, 3);
    ITSM__JSON_EACH(child, root + 2) cr_assert_fail("a number has no children");
}

Test(json, a_scalar_is_a_document_too)
{
    cr_assert_eq(parse("null")->kind, ITSM__JSON_NULL);
    cr_assert(parse("false")->kind == ITSM__JSON_BOOL && parse("false")->integer == 0);
    assert_text(parse("\"\"")->text, "");
    cr_assert_eq(parse("-0")->integer, 0);
    cr_assert_eq(parse("[]")->span, 1);
}

Test(json, integers_are_exact_and_other_numbers_keep_their_text)
{
    cr_assert_eq(parse("9223372036854775807")->integer, INT64_MAX);
    cr_assert_eq(parse("-9223372036854775808")->integer, INT64_MIN);
    static const char *const decimals[] = {
        "9223372036854775808", "-9223372036854775809", "1.0", "-0.5e-7", "1E+9", "1e400", "12e0",
        "99999999999999999999"};
    for (size_t i = 0; i < sizeof decimals / sizeof *decimals; i++) {
        const itsm__json_node *node = parse(decimals[i]);
        cr_assert_eq(node->kind, ITSM__JSON_DECIMAL);
        assert_text(node->text, decimals[i]);
    }
}

Test(json, a_number_is_scaled_exactly_or_refused)
{
    static const struct {
        const char *text;
        unsigned digits;
        itsm_status status;
        int64_t value;
    } cases[] = {{"1.5", 2, ITSM_OK, 150},
                 {"-1.50", 1, ITSM_OK, -15},
                 {"15", 0, ITSM_OK, 15},
                 {"1.5e1", 0, ITSM_OK, 15},
                 {"150e-1", 0, ITSM_OK, 15},
                 {"0.000", 0, ITSM_OK, 0},
                 {"0e99999999999999", 0, ITSM_OK, 0},
                 {"-0.0e-999999999999", 3, ITSM_OK, 0},
                 {"0.05", 2, ITSM_OK, 5},
                 {"100", 2, ITSM_OK, 10000},
                 {"1200e-2", 0, ITSM_OK, 12},
                 {"100.001000", 3, ITSM_OK, 100001},
                 {"9223372036854775807", 0, ITSM_OK, INT64_MAX},
                 {"-922337203685477580.8", 1, ITSM_OK, INT64_MIN},
                 {"922337203685477580.8", 1, ITSM_E_RANGE, 0},
                 {"1e18", 0, ITSM_OK, INT64_C(1000000000000000000)},
                 {"1e19", 0, ITSM_E_RANGE, 0},
                 {"1e999999999999999999999", 0, ITSM_E_RANGE, 0},
                 {"1.5", 0, ITSM_E_INVALID, 0},
                 {"1e-999999999999999999999", 9, ITSM_E_INVALID, 0},
                 {"0.12345678901234567890123", 2, ITSM_E_INVALID, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t value = 77;
        cr_assert_eq(itsm__json_scaled(&value, parse(cases[i].text), cases[i].digits), cases[i].status, "%s",
                     cases[i].text);
        cr_assert_eq(value, cases[i].status ? 77 : cases[i].value, "%s", cases[i].text);
    }
    int64_t value;
    cr_assert_eq(itsm__json_scaled(&value, parse("\"1\""), 0), ITSM_E_INVALID);
}

Test(json, escapes_are_decoded)
{
    const itsm__json_node *node = parse("\"a\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0041\\u00e9\\u20AC\\ud83d\\ude00z\"");
    assert_text(node->text, "a\"\\/\b\f\n\r\tA\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80z");
    node = parse("\"\\u0000\"");
    cr_assert(node->text.n == 1 && node->text.p[0] == 0);
    node = parse("{\"\\u0061\":1}");
    cr_assert_not_null(itsm__json_member(node, "a"));
    assert_text(parse("\"plain gr\xc3\xbc\xc3\x9f\x7f\"")->text, "plain gr\xc3\xbc\xc3\x9f\x7f");
}

static const struct {
    const char *text, *message; /* the message contains it */
    uint64_t byte, line, column;
} malformed[] = {
    {"", "found the end", 0, 1, 1},
    {"  \n ", "found the end", 4, 2, 2},
    {"[1,\n 2,]", "expected a value, found ']'", 7, 2, 4},
    {"[,1]", "expected a value, found ','", 1, 1, 2},
    {"[1 2]", "expected a comma or ], found '2'", 3, 1, 4},
    {"[1", "expected a comma or ], found the end", 2, 1, 3},
    {"[1}", "expected a comma or ], found '}'", 2, 1, 3},
    {"{\"a\":1,}", "expected a name in quotes, found '}'", 7, 1, 8},
    {"{a:1}", "expected a name in quotes, found 'a'", 1, 1, 2},
    {"{\"a\" 1}", "expected a colon, found '1'", 5, 1, 6},
    {"{\"a\":}", "expected a value", 5, 1, 6},
    {"{\"a\":1 \"b\":2}", "expected a comma or }", 7, 1, 8},
    {"{\"a\":1,\n\"b\":2,\"a\":3}", "same name twice", 14, 2, 7},
    {"{\"a\":1,\"\\u0061\":3}", "same name twice", 7, 1, 8},
    {"{\"\":1,\"\":3}", "same name twice", 6, 1, 7},
    {"1 2", "expected the end of the text, found '2'", 2, 1, 3},
    {"nul", "expected a value", 0, 1, 1},
    {"truex", "expected the end", 4, 1, 5},
    {"NaN", "found 'N'", 0, 1, 1},
    {"'a'", "found '''", 0, 1, 1},
    {"01", "may not start with 0", 0, 1, 1},
    {"-01", "may not start with 0", 1, 1, 2},
    {"-", "expected a digit, found the end", 1, 1, 2},
    {"+1", "found '+'", 0, 1, 1},
    {".5", "found '.'", 0, 1, 1},
    {"1.", "expected a digit", 2, 1, 3},
    {"1e", "expected a digit", 2, 1, 3},
    {"1e+x", "expected a digit, found 'x'", 3, 1, 4},
    {"\"a", "not closed", 0, 1, 1},
    {"[\"a\\\"", "not closed", 1, 1, 2},
    {"\"\\", "not closed", 0, 1, 1},
    {"\"a\nb\"", "control character", 2, 1, 3},
    {"\"a\\x\"", "no such escape", 2, 1, 3},
    {"\"a\\\n\"", "no such escape", 2, 1, 3},
    {"\"\\\xc3\xa9\"", "no such escape", 1, 1, 2},
    {"\"\\u12g4\"", "four hexadecimal digits", 1, 1, 2},
    {"\"\\u12\"", "four hexadecimal digits", 1, 1, 2},
    {"\"\\ud800\"", "surrogate", 1, 1, 2},
    {"\"\\udc00\\ud800\"", "surrogate", 1, 1, 2},
    {"\"\\ud800\\u0041\"", "surrogate", 1, 1, 2},
    {"\"\\ud800\\n12345\"", "surrogate", 1, 1, 2},
    {"\"ab\xff\"", "UTF-8", 3, 1, 4},
    {"\"1234567890\xe2\x82", "UTF-8", 11, 1, 12},
    {"\xef\xbb\xbf{}", "byte order mark", 0, 1, 1},
    {"[\xc3\xa9]", "found the byte 0xc3", 1, 1, 2},
    {"/* c */ 1", "found '/'", 0, 1, 1},
};

Test(json, what_is_not_json_is_refused_at_byte_line_and_column)
{
    for (size_t i = 0; i < sizeof malformed / sizeof *malformed; i++) {
        itsm_str text = tight(malformed[i].text, strlen(malformed[i].text));
        itsm__issues_clear(ctx);
        cr_assert_eq(itsm__json_parse(&json, text), ITSM_E_SYNTAX, "%s", malformed[i].text);
        cr_assert_eq(itsm_ctx_issue_count(ctx), 1);
        const itsm_issue *issue = itsm_ctx_issue(ctx, 0);
        cr_assert_not_null(strstr(issue->message.p, malformed[i].message), "%s: %s", malformed[i].text,
                           issue->message.p);
        cr_assert(issue->code == ITSM_E_SYNTAX && issue->position == malformed[i].byte &&
                      issue->line == malformed[i].line && issue->column == malformed[i].column,
                  "%s: byte %d line %d column %d", malformed[i].text, (int)issue->position, (int)issue->line,
                  (int)issue->column);
        cr_assert_null(itsm__json_root(&json));
        free_tight(text);
    }
}

Test(json, depth_and_size_are_limited)
{
    char text[300];
    memset(text, '[', 150), memset(text + 150, ']', 150);
    cr_assert_eq(itsm__json_parse(&json, itsm_str_n(text + 22, 256)), ITSM_OK);
    cr_assert_eq(json.count, 128);
    cr_assert_eq(itsm__json_parse(&json, itsm_str_n(text + 21, 258)), ITSM_E_LIMIT);
    cr_assert_eq(itsm_ctx_issue(ctx, 0)->position, 128);
    json.depth_limit = 1000;
    cr_assert_eq(itsm__json_parse(&json, itsm_str_n(text + 21, 258)), ITSM_E_LIMIT);
    json.depth_limit = 1;
    cr_assert_eq(itsm__json_parse(&json, ITSM_STR("{\"a\":[]}")), ITSM_E_LIMIT);
    cr_assert_eq(itsm__json_parse(&json, ITSM_STR("[1]")), ITSM_OK);
    json.size_limit = 2;
    cr_assert_eq(itsm__json_parse(&json, ITSM_STR("[1]")), ITSM_E_LIMIT);
    cr_assert_eq(itsm__json_parse(&json, ITSM_STR("[]")), ITSM_OK);
}

Test(json, a_name_twice_is_found_in_objects_of_every_size)
{
    for (int members = 2; members < 200; members += 1 + members / 4)
        for (int twin = -1; twin < members - 1; twin += 1 + members / 5) {
            itsm_buf text = counting_buf(&counting);
            itsm_status status = itsm__buf_c(&text, "{");
            for (int i = 0; i < members && !status; i++) {
                int name = twin >= 0 && i == members - 1 ? twin : i;
                status = itsm__format(&text, "%s\"name %d\": {\"x\":1}", i ? "," : "", name);
            }
            if (!status) status = itsm__buf_c(&text, "}");
            cr_assert_eq(status, ITSM_OK);
            itsm__issues_clear(ctx);
            cr_assert_eq(itsm__json_parse(&json, itsm_buf_str(&text)), twin < 0 ? ITSM_OK : ITSM_E_SYNTAX, "%d %d",
                         members, twin);
            cr_assert_eq(itsm_ctx_issue_count(ctx), twin >= 0);
            itsm_buf_clear(&text);
        }
}

Test(json, the_same_name_in_different_objects_is_no_duplicate)
{
    parse("[{\"a\":{\"a\":1,\"b\":{\"a\":2}}},{\"a\":[{\"a\":1}]}]");
}

Test(json, a_document_is_reused_without_allocating_again)
{
    parse("{\"a\":\"\\n\",\"b\":[1,2,3]}");
    size_t calls = counting.calls;
    for (int i = 0; i < 100; i++) parse("{\"c\":\"\\t\",\"d\":[1,2,3]}");
    cr_assert_eq(counting.calls, calls);
    assert_text(itsm__json_member(itsm__json_root(&json), "c")->text, "\t");
}

Test(json, lines_are_parsed_one_by_one_with_positions_in_the_whole)
{
    itsm_str rest = ITSM_STR("{\"a\":1}\n\n  \r\n{\"a\":2}\r\n[1,\n"), line;
    int64_t a = 0;
    cr_assert(itsm__json_next_line(&line, &json, &rest));
    cr_assert_eq(itsm__json_parse(&json, line), ITSM_OK);
    cr_assert(itsm__json_next_line(&line, &json, &rest));
    cr_assert_eq(itsm__json_parse(&json, line), ITSM_OK);
    cr_assert_eq(itsm__json_get_int(&a, &json, itsm__json_root(&json), "a", 1, 0, 1), ITSM_E_INVALID);
    const itsm_issue *issue = itsm_ctx_issue(ctx, 0);
    cr_assert(issue->position == 18 && issue->line == 4 && issue->column == 6);
    cr_assert(itsm__json_next_line(&line, &json, &rest));
    itsm__issues_clear(ctx);
    cr_assert_eq(itsm__json_parse(&json, line), ITSM_E_SYNTAX);
    issue = itsm_ctx_issue(ctx, 0);
    cr_assert(issue->position == 25 && issue->line == 5 && issue->column == 4);
    cr_assert_not(itsm__json_next_line(&line, &json, &rest));
}

Test(json, getters_give_members_of_the_right_kind)
{
    const itsm__json_node *root = parse("{\"t\":\"x\",\"i\":-3,\"b\":true,\"d\":1.25,\"a\":[],\"o\":{},\"n\":null}");
    itsm_str text = ITSM_STR("default");
    int64_t i = 0;
    int b = 0;
    const itsm__json_node *node = NULL;
    cr_assert_eq(itsm__json_get_text(&text, &json, root, "t", ITSM__JSON_REQUIRED), ITSM_OK);
    assert_text(text, "x");
    cr_assert_eq(itsm__json_get_text(&text, &json, root, "n", ITSM__JSON_OPTIONAL), ITSM_NOTHING);
    cr_assert_eq(itsm__json_get_text(&text, &json, root, "absent", ITSM__JSON_OPTIONAL), ITSM_NOTHING);
    assert_text(text, "x");
    cr_assert_eq(itsm__json_get_int(&i, &json, root, "i", ITSM__JSON_REQUIRED, -3, 5), ITSM_OK);
    cr_assert_eq(i, -3);
    cr_assert_eq(itsm__json_get_bool(&b, &json, root, "b", ITSM__JSON_REQUIRED), ITSM_OK);
    cr_assert_eq(b, 1);
    cr_assert_eq(itsm__json_get_scaled(&i, &json, root, "d", ITSM__JSON_REQUIRED, 2), ITSM_OK);
    cr_assert_eq(i, 125);
    cr_assert_eq(itsm__json_get_array(&node, &json, root, "a", ITSM__JSON_REQUIRED), ITSM_OK);
    cr_assert_eq(itsm__json_get_object(&node, &json, root, "o", ITSM__JSON_REQUIRED), ITSM_OK);
    cr_assert_eq(node->kind, ITSM__JSON_OBJECT);
    cr_assert_eq(itsm_ctx_issue_count(ctx), 0);
}

#define assert_issue(call, wanted_where, wanted_message)                                                               \
    do {                                                                                                               \
        itsm__issues_clear(ctx);                                                                                       \
        cr_assert_eq(call, ITSM_E_INVALID);                                                                            \
        cr_assert_eq(itsm_ctx_issue_count(ctx), 1);                                                                    \
        assert_text(itsm_ctx_issue(ctx, 0)->where, wanted_where);                                                      \
        assert_text(itsm_ctx_issue(ctx, 0)->message, wanted_message);                                                  \
    } while (0)

Test(json, getters_say_what_is_wrong_and_where)
{
    const itsm__json_node *root = parse("{\"rows\":[0,{\"a/b~\":{\"t\":5,\n \"n\":null,\"d\":1.25,\"big\":1e30}}]}");
    const itsm__json_node *o = root + 4;
    itsm_str text;
    int64_t i;
    int b;
    assert_issue(itsm__json_get_text(&text, &json, o, "t", 0), "/rows/1/a~1b~0/t",
                 "expected a text, found a whole number");
    assert_issue(itsm__json_get_text(&text, &json, o, "n", 1), "/rows/1/a~1b~0/n", "must not be null");
    cr_assert_eq(itsm_ctx_issue(ctx, 0)->line, 1);
    assert_issue(itsm__json_get_bool(&b, &json, o, "x", 1), "/rows/1/a~1b~0/x", "is missing");
    assert_issue(itsm__json_get_int(&i, &json, o, "t", 1, 6, 9), "/rows/1/a~1b~0/t", "5 is not from 6 to 9");
    assert_issue(itsm__json_get_scaled(&i, &json, o, "d", 1, 1), "/rows/1/a~1b~0/d",
                 "the number has more than 1 digits behind the point");
    cr_assert_eq(itsm_ctx_issue(ctx, 0)->line, 2);
    assert_issue(itsm__json_get_scaled(&i, &json, o, "big", 1, 1), "/rows/1/a~1b~0/big", "the number is too large");
    assert_issue(itsm__json_expect(&json, root, ITSM__JSON_ARRAY), "", "expected an array, found an object");
}

Test(json, unknown_members_are_all_named_with_the_nearest_known)
{
    static const itsm_str names[] = {{"impact", 6}, {"urgency", 7}};
    const itsm__json_node *root = parse("{\"impact\":1,\"urgenzy\":2,\"zzz\":3}");
    cr_assert_eq(itsm__json_expect_only(&json, root, names, 2), ITSM_E_INVALID);
    cr_assert_eq(itsm_ctx_issue_count(ctx), 2);
    assert_text(itsm_ctx_issue(ctx, 0)->where, "/urgenzy");
    assert_text(itsm_ctx_issue(ctx, 0)->message, "there is no member \"urgenzy\" here, did you mean \"urgency\"?");
    assert_text(itsm_ctx_issue(ctx, 1)->message, "there is no member \"zzz\" here");
    itsm__issues_clear(ctx);
    cr_assert_eq(itsm__json_expect_only(&json, parse("{\"urgency\":2}"), names, 2), ITSM_OK);
    assert_issue(itsm__json_expect_only(&json, parse("[]"), names, 2), "", "expected an object, found an array");
}

Test(json, without_memory_nothing_is_left_and_the_next_parse_works)
{
    itsm_buf text = counting_buf(&counting);
    itsm_status status = itsm__buf_c(&text, "[\"\\u0041\",{");
    for (int i = 0; i < 60 && !status; i++) status = itsm__format(&text, "%s\"n%d\":[%d]", i ? "," : "", i, i);
    if (!status) status = itsm__buf_c(&text, "}]");
    cr_assert_eq(status, ITSM_OK);
    for (size_t n = 1;; n++) {
        itsm__json other;
        itsm__json_init(&other, ctx);
        counting_fail(&counting, n);
        status = itsm__json_parse(&other, itsm_buf_str(&text));
        int failed = counting_stop(&counting);
        cr_assert_eq(status, failed ? ITSM_E_NOMEM : ITSM_OK);
        if (failed) cr_assert_null(itsm__json_root(&other));
        cr_assert_eq(itsm__json_parse(&other, itsm_buf_str(&text)), ITSM_OK);
        cr_assert_eq(other.count, 123);
        itsm__json_clear(&other);
        if (!failed) break;
        cr_assert_lt(n, 100);
    }
    itsm_buf_clear(&text);
}

Test(json, without_a_context_the_status_says_all)
{
    itsm__json other;
    itsm__json_init(&other, NULL);
    cr_assert_eq(itsm__json_parse(&other, ITSM_STR("[")), ITSM_E_SYNTAX);
    cr_assert_eq(itsm__json_parse(&other, itsm_str_n(NULL, 0)), ITSM_E_SYNTAX);
    cr_assert_eq(itsm__json_parse(&other, ITSM_STR("{}")), ITSM_OK);
    itsm_str text;
    cr_assert_eq(itsm__json_get_text(&text, &other, itsm__json_root(&other), "a", 1), ITSM_E_INVALID);
    itsm__json_clear(&other);
}

/* Writing JSON ---------------------------------------------------------------------------------------------------- */

TestSuite(json_write, .init = begin, .fini = end);

static void write_sample(itsm__json_writer *w)
{
    itsm__json_write_object(w);
    itsm__json_write_key(w, "a");
    itsm__json_write_array(w);
    itsm__json_write_int(w, INT64_MIN);
    itsm__json_write_uint(w, UINT64_MAX);
    itsm__json_write_fixed(w, -5, 2);
    itsm__json_write_end(w);
    itsm__json_write_key(w, "b");
    itsm__json_write_object(w);
    itsm__json_write_end(w);
    itsm__json_write_key_str(w, ITSM_STR("c\n"));
    itsm__json_write_bool(w, 1);
    itsm__json_write_key(w, "d");
    itsm__json_write_null(w);
    itsm__json_write_key(w, "e");
    itsm__json_write_raw(w, ITSM_STR("[1, 2]"));
    itsm__json_write_end(w);
}

Test(json_write, commas_and_lines_are_the_writers)
{
    itsm_buf out = counting_buf(&counting);
    cr_assert_eq(itsm_buf_add(&out, "x=", 2), ITSM_OK);
    itsm__json_writer w;
    itsm__json_write_init(&w, &out, 0);
    write_sample(&w);
    cr_assert_eq(itsm__json_write_finish(&w), ITSM_OK);
    assert_text(itsm_buf_str(&out), "x={\"a\":[-9223372036854775808,18446744073709551615,-0.05],\"b\":{},\"c\\n\":true,"
                                    "\"d\":null,\"e\":[1, 2]}");
    out.n = 0;
    itsm__json_write_init(&w, &out, 2);
    write_sample(&w);
    cr_assert_eq(itsm__json_write_finish(&w), ITSM_OK);
    assert_text(itsm_buf_str(&out),
                "{\n  \"a\": [\n    -9223372036854775808,\n    18446744073709551615,\n    -0.05\n  ],\n"
                "  \"b\": {},\n  \"c\\n\": true,\n  \"d\": null,\n  \"e\": [1, 2]\n}");
    itsm_buf_clear(&out);
}

Test(json_write, every_text_comes_back_as_it_was)
{
    itsm_buf out = counting_buf(&counting);
    char text[200];
    uint64_t seed = 5;
    for (int round = 0; round < 3000; round++) {
        size_t n = 0, most = (size_t)(next_random(&seed) % 60);
        while (n < most) {
            uint64_t kind = next_random(&seed) % 8;
            uint32_t code = (uint32_t)(next_random(&seed) % (kind < 3   ? 0x80
                                                             : kind < 4 ? 0x20
                                                             : kind < 6 ? 0x3000
                                                                        : 0x110000));
            if (code < 0xd800 || code > 0xdfff) n += itsm__utf8_put(text + n, code);
        }
        itsm_str given = tight(text, n);
        itsm__json_writer w;
        out.n = 0;
        itsm__json_write_init(&w, &out, 0);
        itsm__json_write_object(&w);
        itsm__json_write_key_str(&w, given);
        itsm__json_write_text(&w, given);
        itsm__json_write_end(&w);
        cr_assert_eq(itsm__json_write_finish(&w), ITSM_OK);
        cr_assert_eq(itsm__json_parse(&json, itsm_buf_str(&out)), ITSM_OK, "%.*s", ITSM_ARG(out));
        cr_assert(itsm_str_eq(json.nodes[1].text, given) && itsm_str_eq(json.nodes[1].key, given));
        free_tight(given);
    }
    itsm_buf_clear(&out);
}

static void twice(itsm__json_writer *w)
{
    itsm__json_write_null(w), itsm__json_write_null(w);
}

static void unclosed(itsm__json_writer *w)
{
    itsm__json_write_array(w);
}

static void nothing(itsm__json_writer *w)
{
    (void)w;
}

static void end_too_many(itsm__json_writer *w)
{
    itsm__json_write_array(w), itsm__json_write_end(w), itsm__json_write_end(w);
}

static void no_key(itsm__json_writer *w)
{
    itsm__json_write_object(w), itsm__json_write_int(w, 1), itsm__json_write_end(w);
}

static void no_value(itsm__json_writer *w)
{
    itsm__json_write_object(w), itsm__json_write_key(w, "a"), itsm__json_write_end(w);
}

static void two_keys(itsm__json_writer *w)
{
    itsm__json_write_object(w), itsm__json_write_key(w, "a"), itsm__json_write_key(w, "b");
    itsm__json_write_null(w), itsm__json_write_end(w);
}

static void key_in_array(itsm__json_writer *w)
{
    itsm__json_write_array(w), itsm__json_write_key(w, "a"), itsm__json_write_end(w);
}

static void key_outside(itsm__json_writer *w)
{
    itsm__json_write_key(w, "a"), itsm__json_write_null(w);
}

Test(json_write, calls_out_of_order_are_refused_and_leave_the_buffer)
{
    static void (*const misuses[])(itsm__json_writer *) = {twice,    unclosed, nothing,      end_too_many, no_key,
                                                           no_value, two_keys, key_in_array, key_outside};
    for (size_t i = 0; i < sizeof misuses / sizeof *misuses; i++) {
        itsm_buf out = counting_buf(&counting);
        cr_assert_eq(itsm_buf_add(&out, "kept", 4), ITSM_OK);
        itsm__json_writer w;
        itsm__json_write_init(&w, &out, 1);
        misuses[i](&w);
        cr_assert_eq(itsm__json_write_finish(&w), ITSM_E_MISUSE, "misuse %zu", i);
        assert_text(itsm_buf_str(&out), "kept");
        itsm_buf_clear(&out);
    }
}

Test(json_write, bad_utf8_and_depth_are_refused)
{
    itsm_buf out = counting_buf(&counting);
    itsm__json_writer w;
    itsm__json_write_init(&w, &out, 0);
    itsm__json_write_text(&w, ITSM_STR("a\xff"));
    cr_assert_eq(itsm__json_write_finish(&w), ITSM_E_INVALID);
    cr_assert_eq(out.n, 0);
    for (int depth = 128; depth < 130; depth++) {
        itsm__json_write_init(&w, &out, 0);
        for (int i = 0; i < depth; i++) itsm__json_write_array(&w);
        for (int i = 0; i < depth; i++) itsm__json_write_end(&w);
        cr_assert_eq(itsm__json_write_finish(&w), depth > 128 ? ITSM_E_LIMIT : ITSM_OK);
    }
    itsm_buf_clear(&out);
}

Test(json_write, without_memory_the_buffer_is_as_it_was)
{
    for (size_t n = 1;; n++) {
        itsm_buf out = counting_buf(&counting);
        cr_assert_eq(itsm_buf_add(&out, "kept", 4), ITSM_OK);
        itsm__json_writer w;
        counting_fail(&counting, n);
        itsm__json_write_init(&w, &out, 4);
        write_sample(&w);
        itsm_status status = itsm__json_write_finish(&w);
        int failed = counting_stop(&counting);
        cr_assert_eq(status, failed ? ITSM_E_NOMEM : ITSM_OK);
        if (failed) assert_text(itsm_buf_str(&out), "kept");
        itsm_buf_clear(&out);
        if (!failed) break;
    }
}

/* Reading CSV ----------------------------------------------------------------------------------------------------- */

TestSuite(csv, .init = begin, .fini = end);

/* A source that gives its text in pieces of a few bytes, and a failure at the end if asked for. */
struct pieces {
    itsm_str rest;
    size_t most;
    itsm_status last;
};

static itsm_status read_piece(void *self, void *out, size_t capacity, size_t *n)
{
    struct pieces *pieces = self;
    *n = pieces->rest.n < pieces->most ? pieces->rest.n : pieces->most;
    if (*n > capacity) *n = capacity;
    if (!*n && pieces->last) return pieces->last;
    if (*n) memcpy(out, pieces->rest.p, *n);
    pieces->rest.p += *n, pieces->rest.n -= *n;
    return ITSM_OK;
}

/* All rows as "field|field\n". */
static itsm_status read_all(itsm_buf *out, itsm__csv *csv)
{
    itsm_status status;
    while (!(status = itsm__csv_next(csv))) {
        for (size_t i = 0; i < csv->nfields && !status; i++) {
            if (i) status = itsm__buf_char(out, '|');
            if (!status) status = itsm__buf_str(out, csv->fields[i]);
        }
        cr_assert_eq(status, ITSM_OK);
        cr_assert_eq(itsm__buf_char(out, '\n'), ITSM_OK);
    }
    return status;
}

static void assert_rows(const char *text, const char *wanted)
{
    for (size_t most = 1; most <= 64; most *= 8) {
        struct pieces pieces = {itsm_str_c(text), most, ITSM_OK};
        itsm_buf out = counting_buf(&counting);
        itsm__csv csv;
        itsm__csv_init(&csv, ctx, read_piece, &pieces);
        cr_assert_eq(read_all(&out, &csv), ITSM_DONE, "%s: %.*s", text, ITSM_ARG(first_message(ctx)));
        cr_assert_eq(itsm__csv_next(&csv), ITSM_DONE);
        assert_text(itsm_buf_str(&out), wanted);
        itsm__csv_clear(&csv);
        itsm_buf_clear(&out);
    }
}

Test(csv, rows_end_with_lf_crlf_or_the_input)
{
    assert_rows("", "");
    assert_rows("a,b\nc,d\n", "a|b\nc|d\n");
    assert_rows("a,b\r\nc,d", "a|b\nc|d\n");
    assert_rows("a,\n,\n,b", "a|\n|\n|b\n");
    assert_rows("\xef\xbb\xbf"
                "a,b",
                "a|b\n");
    assert_rows("\xef\xbb\xbf", "");
    assert_rows("gr\xc3\xbc\xc3\x9f,b", "gr\xc3\xbc\xc3\x9f|b\n");
    assert_rows("a,1234567\n12345678,b\n", "a|1234567\n12345678|b\n");
    assert_rows("a\tb,c\x01", "a\tb|c\x01\n");
}

Test(csv, quotes_hold_delimiters_quotes_and_line_ends)
{
    assert_rows("\"a,b\",c\n\"d\"\"e\",\"\"\n", "a,b|c\nd\"e|\n");
    assert_rows("\"a\nb\",\"c\r\nd\"\r\n\"\"\"\",\"\"\"x\"\"\"", "a\nb|c\r\nd\n\"|\"x\"\n");
    assert_rows("a,\"b\"\nc,\"d\"", "a|b\nc|d\n");
    assert_rows("\"\xc3\xa9\",\"\xe2\x82\xac\"", "\xc3\xa9|\xe2\x82\xac\n");
}

Test(csv, an_empty_line_is_skipped_unless_there_is_one_column)
{
    assert_rows("\n\na,b\n\nc,d\n\r\n\n", "a|b\nc|d\n");
    assert_rows("a\n\nb\n", "a\n\nb\n");
    assert_rows("a\n\"\"\nb", "a\n\nb\n");
}

Test(csv, another_delimiter_may_be_set_and_a_bad_one_not)
{
    itsm__csv csv;
    itsm_buf out = counting_buf(&counting);
    itsm__csv_init_text(&csv, ctx, ITSM_STR("a,1;\"b;c\"\n"));
    csv.delimiter = ';';
    cr_assert_eq(read_all(&out, &csv), ITSM_DONE);
    assert_text(itsm_buf_str(&out), "a,1|b;c\n");
    itsm__csv_clear(&csv);
    itsm_buf_clear(&out);
    itsm__csv_init_text(&csv, ctx, ITSM_STR("a"));
    csv.delimiter = '"';
    cr_assert_eq(itsm__csv_next(&csv), ITSM_E_MISUSE);
    cr_assert_eq(itsm__csv_next(&csv), ITSM_E_MISUSE);
    itsm__csv_clear(&csv);
}

static const struct {
    const char *text;
    size_t n;
    const char *message;
    uint64_t byte, line, column;
} bad_rows[] = {
#define BAD(text, message, byte, line, column) {text, sizeof(text) - 1, message, byte, line, column},
    BAD("a,b\nc,\"d", "a quoted field is not closed", 6, 2, 3) BAD("\"a\"\"", "a quoted field is not closed", 0, 1, 1)
        BAD("\"a\" ,b", "text behind a closing quote", 3, 1,
            4) BAD("a,b\n\"c\nd\"x,e", "text behind a closing quote", 9, 3,
                   3) BAD("ab\"c", "a quote inside a field that does not begin with one", 2, 1,
                          3) BAD("a,b\nc,d\rx", "a carriage return without a line feed", 7, 2, 4)
            BAD("a\r", "a carriage return without a line feed", 1, 1, 2)
                BAD("\"a\"\rb", "a carriage return without a line feed", 3, 1, 4) BAD("a,b\0c", "a NUL byte", 3, 1, 4)
                    BAD("a,\"b\0c\"", "a NUL byte", 4, 1, 5) BAD("a,b\n12345678\xff,b", "not valid UTF-8", 12, 2, 9)
                        BAD("a,\"\xc3\"", "not valid UTF-8", 3, 1, 4)
                            BAD("\"1234567890123\xc3\"", "not valid UTF-8", 14, 1, 15)
                                BAD("a,b,c\n1,2,3\n1,2\n", "expected 3 fields as in the first row, found 2", 12, 3, 1)
                                    BAD("a,b\n\"1\n2\",3\n1,2,3", "expected 2 fields as in the first row, found 3", 12,
                                        4, 1) BAD("\xef\xbb\xbf"
                                                  "a,b\"",
                                                  "a quote inside a field that does not begin with one", 6, 1, 4)};

Test(csv, what_rfc_4180_does_not_allow_is_refused_at_byte_line_and_column)
{
    for (size_t i = 0; i < sizeof bad_rows / sizeof *bad_rows; i++)
        for (size_t most = 1; most < 100; most *= 9) {
            struct pieces pieces = {itsm_str_n(bad_rows[i].text, bad_rows[i].n), most, ITSM_OK};
            itsm_buf out = counting_buf(&counting);
            itsm__csv csv;
            itsm__issues_clear(ctx);
            itsm__csv_init(&csv, ctx, read_piece, &pieces);
            cr_assert_eq(read_all(&out, &csv), ITSM_E_SYNTAX, "%s", bad_rows[i].text);
            cr_assert_eq(itsm__csv_next(&csv), ITSM_E_SYNTAX);
            cr_assert_eq(itsm_ctx_issue_count(ctx), 1);
            const itsm_issue *issue = itsm_ctx_issue(ctx, 0);
            assert_text(issue->message, bad_rows[i].message);
            cr_assert(issue->position == bad_rows[i].byte && issue->line == bad_rows[i].line &&
                          issue->column == bad_rows[i].column,
                      "%s: byte %d line %d column %d", bad_rows[i].text, (int)issue->position, (int)issue->line,
                      (int)issue->column);
            itsm__csv_clear(&csv);
            itsm_buf_clear(&out);
        }
}

Test(csv, positions_count_from_the_start_of_a_long_input)
{
    itsm_buf text = counting_buf(&counting), out = counting_buf(&counting);
    for (int i = 0; i < 50000; i++) cr_assert_eq(itsm__buf_c(&text, "abc,\"e\n\"\n"), ITSM_OK);
    cr_assert_eq(itsm__buf_c(&text, "x,y\"\n"), ITSM_OK);
    itsm__csv csv;
    itsm__csv_init_text(&csv, ctx, itsm_buf_str(&text));
    cr_assert_eq(read_all(&out, &csv), ITSM_E_SYNTAX);
    const itsm_issue *issue = itsm_ctx_issue(ctx, 0);
    cr_assert(issue->position == 450003 && issue->line == 100001 && issue->column == 4 && csv.rows == 50000);
    itsm__csv_clear(&csv), itsm_buf_clear(&text), itsm_buf_clear(&out);
}

Test(csv, limits_hold_for_fields_rows_and_columns)
{
    itsm_buf text = counting_buf(&counting);
    for (int i = 0; i < 100000; i++) cr_assert_eq(itsm__buf_c(&text, "abcdefghi,"), ITSM_OK);
    static const struct {
        size_t field, row, columns;
        itsm_status status;
        const char *message;
    } cases[] = {{9, 1000000, 100001, ITSM_DONE, ""},
                 {8, 1000000, 100001, ITSM_E_LIMIT, "a field is too long"},
                 {9, 999999, 100001, ITSM_E_LIMIT, "a row is too long"},
                 {9, 500, 100001, ITSM_E_LIMIT, "a row is too long"},
                 {9, 1000000, 100000, ITSM_E_LIMIT, "too many columns"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        itsm__csv csv;
        itsm__csv_init_text(&csv, ctx, itsm_buf_str(&text));
        csv.field_limit = cases[i].field, csv.row_limit = cases[i].row, csv.column_limit = cases[i].columns;
        itsm__issues_clear(ctx);
        itsm_status status = itsm__csv_next(&csv);
        if (!status) cr_assert_eq(csv.nfields, 100001);
        if (!status) status = itsm__csv_next(&csv);
        cr_assert_eq(status, cases[i].status, "case %zu", i);
        assert_text(first_message(ctx), cases[i].message);
        itsm__csv_clear(&csv);
    }
    itsm__csv csv;
    memset(text.p, 'x', text.n), text.p[0] = '"';
    itsm__csv_init_text(&csv, ctx, itsm_buf_str(&text));
    csv.field_limit = 70000;
    itsm__issues_clear(ctx);
    cr_assert_eq(itsm__csv_next(&csv), ITSM_E_LIMIT);
    assert_text(first_message(ctx), "a field is too long");
    cr_assert_lt(csv.end, 200000, "it stopped reading early");
    itsm__csv_clear(&csv);
    itsm_buf_clear(&text);
}

Test(csv, columns_are_found_by_the_names_in_the_header)
{
    itsm__csv csv;
    size_t column = 9;
    itsm__csv_init_text(&csv, ctx, ITSM_STR("number,\"opened\nat\",state\n1,\"say \"\"\n\"\"\",x\n"));
    cr_assert_eq(itsm__csv_read_header(&csv), ITSM_OK);
    cr_assert_eq(itsm__csv_find_column(&column, &csv, ITSM_STR("state")), ITSM_OK);
    cr_assert_eq(column, 2);
    cr_assert_eq(itsm__csv_find_column(&column, &csv, ITSM_STR("numbr")), ITSM_E_NOT_FOUND);
    assert_text(first_message(ctx), "there is no column \"numbr\", did you mean \"number\"?");
    cr_assert_eq(itsm__csv_next(&csv), ITSM_OK);
    assert_text(csv.fields[1], "say \"\n\"");
    cr_assert(csv.line == 3 && csv.rows == 2);
    itsm__issues_clear(ctx);
    cr_assert_eq(itsm__csv_issue(&csv, 2, ITSM_E_INVALID, ITSM_STR("r"), "%S is no state", csv.fields[2]),
                 ITSM_E_INVALID);
    const itsm_issue *issue = itsm_ctx_issue(ctx, 0);
    assert_text(issue->where, "state");
    assert_text(issue->message, "x is no state");
    cr_assert(issue->line == 4 && issue->column == 5 && issue->position == 39, "%d %d %d", (int)issue->line,
              (int)issue->column, (int)issue->position);
    itsm__position second = itsm__csv_position(&csv, 1);
    cr_assert(second.line == 3 && second.column == 3);
    itsm__csv_clear(&csv);
}

Test(csv, a_header_must_be_there_and_have_each_name_once)
{
    itsm__csv csv;
    itsm__csv_init_text(&csv, ctx, ITSM_STR("\n"));
    cr_assert_eq(itsm__csv_read_header(&csv), ITSM_E_SYNTAX);
    assert_text(first_message(ctx), "there is no header row");
    itsm__csv_clear(&csv);
    itsm__issues_clear(ctx);
    itsm__csv_init_text(&csv, ctx, ITSM_STR("a,b,a\n1,2,3\n"));
    cr_assert_eq(itsm__csv_read_header(&csv), ITSM_E_INVALID);
    assert_text(first_message(ctx), "columns 1 and 3 have the same name");
    cr_assert_eq(itsm__csv_next(&csv), ITSM_E_INVALID);
    itsm__csv_clear(&csv);
}

static itsm_status read_too_much(void *self, void *out, size_t capacity, size_t *n)
{
    (void)self, (void)out;
    *n = capacity + 1;
    return ITSM_OK;
}

Test(csv, a_failing_source_comes_back_unchanged_and_stays)
{
    struct pieces pieces = {ITSM_STR("a,b\nc,d\n"), 3, ITSM_E_HOST_LAST};
    itsm__csv csv;
    itsm__csv_init(&csv, ctx, read_piece, &pieces);
    cr_assert_eq(itsm__csv_next(&csv), ITSM_E_HOST_LAST);
    cr_assert_eq(itsm__csv_next(&csv), ITSM_E_HOST_LAST);
    itsm__csv_clear(&csv);
    itsm__csv_init(&csv, ctx, read_too_much, NULL);
    cr_assert_eq(itsm__csv_next(&csv), ITSM_E_MISUSE);
    itsm__csv_clear(&csv);
}

Test(csv, without_memory_the_stream_says_so_and_nothing_leaks)
{
    for (size_t n = 1;; n++) {
        itsm__csv csv;
        itsm__csv_init_text(&csv, ctx, ITSM_STR("a,b,c,d,e,f,g,h,i,j\n1,2,\"3\"\"\",\"4\"\"\",5,6,7,8,9,10\n"));
        counting_fail(&counting, n);
        itsm_status status = itsm__csv_read_header(&csv);
        if (!status) status = itsm__csv_next(&csv);
        int failed = counting_stop(&counting);
        cr_assert_eq(status, failed ? ITSM_E_NOMEM : ITSM_OK);
        if (failed) cr_assert_eq(itsm__csv_next(&csv), ITSM_E_NOMEM);
        itsm__csv_clear(&csv);
        if (!failed) break;
        cr_assert_lt(n, 50);
    }
}

/* Writing CSV, and both together ---------------------------------------------------------------------------------- */

TestSuite(csv_write, .init = begin, .fini = end);

Test(csv_write, quotes_are_written_only_where_needed)
{
    itsm_buf out = counting_buf(&counting);
    itsm__csv_writer w;
    itsm__csv_write_init(&w, &out);
    itsm__csv_write_text(&w, ITSM_STR("plain text")), itsm__csv_write_text(&w, ITSM_STR("a,b"));
    itsm__csv_write_text(&w, ITSM_STR("say \"x\"")), itsm__csv_write_text(&w, ITSM_STR("")), itsm__csv_write_row(&w);
    itsm__csv_write_int(&w, -7), itsm__csv_write_fixed(&w, 5, 2), itsm__csv_write_text(&w, ITSM_STR("\n"));
    itsm__csv_write_text(&w, ITSM_STR("\xef\xbb\xbf")), itsm__csv_write_row(&w);
    itsm__csv_write_text(&w, ITSM_STR("")), itsm__csv_write_row(&w);
    w.delimiter = ';', w.newline = "\r\n";
    itsm__csv_write_text(&w, ITSM_STR("a,b")), itsm__csv_write_text(&w, ITSM_STR("a;b")), itsm__csv_write_row(&w);
    cr_assert_eq(itsm__csv_write_finish(&w), ITSM_OK);
    assert_text(itsm_buf_str(&out), "plain text,\"a,b\",\"say \"\"x\"\"\",\n-7,0.05,\"\n\",\"\xef\xbb\xbf\"\n\"\"\n"
                                    "a,b;\"a;b\"\r\n");
    itsm_buf_clear(&out);
}

Test(csv_write, what_cannot_be_read_back_is_refused_and_the_buffer_kept)
{
    for (int i = 0; i < 4; i++) {
        itsm_buf out = counting_buf(&counting);
        cr_assert_eq(itsm_buf_add(&out, "kept", 4), ITSM_OK);
        itsm__csv_writer w;
        itsm__csv_write_init(&w, &out);
        if (i == 0) itsm__csv_write_text(&w, ITSM_STR("a\0b"));
        if (i == 1) itsm__csv_write_text(&w, ITSM_STR("a\xff"));
        if (i == 2) itsm__csv_write_text(&w, ITSM_STR("no end of row"));
        if (i != 2) itsm__csv_write_row(&w);
        cr_assert_eq(itsm__csv_write_finish(&w), i < 2 ? ITSM_E_INVALID : ITSM_E_MISUSE);
        assert_text(itsm_buf_str(&out), "kept");
        itsm_buf_clear(&out);
    }
}

Test(csv_write, any_table_comes_back_as_it_was_whatever_the_window)
{
    enum { ROWS = 3000, COLUMNS = 5 };
    static const char *const parts[] = {"", "a", "\"", ",", "\n", "\r\n", "\xc3\xa9", "12345678", "\r", " "};
    static itsm_str table[ROWS][COLUMNS];
    uint64_t seed = 11;
    itsm__arena arena;
    itsm__arena_init(&arena, itsm__ctx_memory(ctx));
    itsm_buf out = counting_buf(&counting), field = counting_buf(&counting);
    itsm__csv_writer w;
    itsm__csv_write_init(&w, &out);
    for (size_t row = 0; row < ROWS; row++) {
        for (size_t column = 0; column < COLUMNS; column++) {
            field.n = 0;
            size_t n = row % 1000 == 999 ? 30000 : (size_t)(next_random(&seed) % 12);
            for (size_t i = 0; i < n; i++) cr_assert_eq(itsm__buf_c(&field, parts[next_random(&seed) % 10]), ITSM_OK);
            cr_assert_eq(itsm__arena_copy(&table[row][column], &arena, itsm_buf_str(&field)), ITSM_OK);
            itsm__csv_write_text(&w, table[row][column]);
        }
        itsm__csv_write_row(&w);
    }
    cr_assert_eq(itsm__csv_write_finish(&w), ITSM_OK);
    for (size_t most = 7; most < 1000000; most *= 31) {
        struct pieces pieces = {itsm_buf_str(&out), most, ITSM_OK};
        itsm__csv csv;
        uint64_t line = 1;
        itsm__csv_init(&csv, ctx, read_piece, &pieces);
        for (size_t row = 0; row < ROWS; row++) {
            cr_assert_eq(itsm__csv_next(&csv), ITSM_OK, "%.*s", ITSM_ARG(first_message(ctx)));
            cr_assert(csv.nfields == COLUMNS && csv.line == line);
            line++;
            for (size_t column = 0; column < COLUMNS; column++) {
                cr_assert(itsm_str_eq(csv.fields[column], table[row][column]), "row %zu column %zu", row, column);
                for (size_t i = 0; i < table[row][column].n; i++) line += table[row][column].p[i] == '\n';
            }
        }
        cr_assert_eq(itsm__csv_next(&csv), ITSM_DONE);
        itsm__csv_clear(&csv);
    }
    itsm_buf_clear(&out), itsm_buf_clear(&field);
    itsm__arena_clear(&arena);
}

Test(csv_write, without_memory_the_buffer_is_as_it_was)
{
    char text[300];
    memset(text, '"', sizeof text);
    for (size_t n = 1;; n++) {
        itsm_buf out = counting_buf(&counting);
        itsm__csv_writer w;
        counting_fail(&counting, n);
        itsm__csv_write_init(&w, &out);
        itsm__csv_write_int(&w, 1), itsm__csv_write_text(&w, itsm_str_n(text, sizeof text)), itsm__csv_write_row(&w);
        itsm_status status = itsm__csv_write_finish(&w);
        int failed = counting_stop(&counting);
        cr_assert_eq(status, failed ? ITSM_E_NOMEM : ITSM_OK);
        cr_assert_eq(out.n, failed ? 0 : 2 + 602 + 1);
        itsm_buf_clear(&out);
        if (!failed) break;
    }
}
