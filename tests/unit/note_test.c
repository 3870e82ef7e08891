/* SPDX-License-Identifier: MIT */
/*
 * Signed notes: the built-in key against what other programs compute, keys of a host, several signatures, and texts that
 * are no notes.
 */
#include "support.h"

#include "base/text.h"

#include <itsm/audit.h>

#include <criterion/criterion.h>

#define TEXT "example.org/desk\n42\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n"

static struct counting counting = COUNTING_INIT;
static itsm_ctx *ctx;

static void setup(void)
{
    ctx = counting_ctx(&counting);
}

static void teardown(void)
{
    itsm_ctx_free(ctx);
    assert_nothing_outstanding(counting);
}

TestSuite(note, .init = setup, .fini = teardown);

static itsm_note_key hmac_key(const char *name, const char *secret)
{
    itsm_note_key key = ITSM_NOTE_KEY_INIT;
    const itsm_bytes bytes = {secret, strlen(secret)};
    cr_assert_eq(itsm_note_hmac_key(&key, itsm_str_c(name), bytes), ITSM_OK);
    return key;
}

/* A key of a host: its signature is the text's length and a letter. */
static itsm_status host_sign(void *user, itsm_buf *out, itsm_str text)
{
    const char letter = *(const char *)user;
    if (letter == '!') return -1234;
    return itsm__format(out, "%c%z", (int)letter, text.n);
}

static itsm_status host_verify(void *user, itsm_str text, itsm_bytes signature)
{
    itsm_buf wanted = ITSM_BUF_INIT;
    if (*(const char *)user == '?') return -1235;
    itsm_status rc = host_sign(user, &wanted, text);
    if (!rc && !itsm_str_eq(itsm_buf_str(&wanted), itsm_str_n(signature.p, signature.n))) rc = ITSM_E_CORRUPT;
    itsm_buf_clear(&wanted);
    return rc;
}

static itsm_note_key host_key(const char *name, uint32_t id, char *letter)
{
    itsm_note_key key = ITSM_NOTE_KEY_INIT;
    key.name = itsm_str_c(name), key.id = id, key.sign = host_sign, key.verify = host_verify, key.user = letter;
    return key;
}

/* Computed with Python's hashlib and hmac. */
Test(note, the_built_in_signature_is_that_of_other_programs)
{
    itsm_buf out = counting_buf(&counting);
    const itsm_note_key key = hmac_key("example.org/desk", "0123456789abcdef0123456789abcdef");
    cr_assert_eq(itsm_note_sign(&out, ctx, ITSM_STR(TEXT), &key, 1), ITSM_OK);
    assert_text(itsm_buf_str(&out),
                TEXT "\n\xe2\x80\x94 example.org/desk TfdVE/eZkjYj7gte+wUOhzoYRLYV1XUfTHrXyDVwNyTZmh8n\n");
    itsm_buf_clear(&out);
}

Test(note, the_id_of_a_key_follows_the_formula)
{
    const itsm_bytes ed25519 = {"\x01", 1}, material = {"0123456789abcdef0123456789abcdef", 32};
    cr_expect_eq(itsm_note_key_id(ITSM_STR("example.org/desk"), ed25519, material), 0xebeaa479u);
}

Test(note, what_was_signed_is_verified_and_several_may_sign)
{
    char a[] = "a", b[] = "b";
    const itsm_note_key keys[] = {hmac_key("one", "0123456789abcdef"), host_key("two", 7, a), host_key("two", 8, b)};
    itsm_buf out = counting_buf(&counting);
    itsm_str text;
    uint8_t signers[3];
    cr_assert_eq(itsm_note_sign(&out, ctx, ITSM_STR(TEXT), keys, 2), ITSM_OK);
    cr_assert_eq(itsm_note_verify(&text, signers, ctx, itsm_buf_str(&out), keys, 3), ITSM_OK);
    assert_text(text, TEXT);
    cr_expect(signers[0] == 1 && signers[1] == 1 && signers[2] == 0,
              "the third has the name of the second, not its id");
    cr_expect_eq(itsm_note_verify(&text, signers, ctx, itsm_buf_str(&out), &keys[2], 1), ITSM_E_NOT_FOUND);
    cr_expect(text.n == 0 && signers[0] == 0);
    itsm_buf_clear(&out);
}

Test(note, a_text_may_have_empty_lines)
{
    static const char *const texts[] = {"a\n\nb\n", "\n", "a\n\n", "\xe2\x82\xac\n"};
    const itsm_note_key key = hmac_key("one", "0123456789abcdef");
    itsm_str text;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        itsm_buf out = counting_buf(&counting);
        cr_assert_eq(itsm_note_sign(&out, ctx, itsm_str_c(texts[i]), &key, 1), ITSM_OK);
        cr_assert_eq(itsm_note_verify(&text, NULL, ctx, itsm_buf_str(&out), &key, 1), ITSM_OK, "%zu", i);
        assert_text(text, texts[i]);
        itsm_buf_clear(&out);
    }
}

Test(note, every_changed_bit_of_text_name_and_signature_is_found)
{
    const itsm_note_key key = hmac_key("one", "0123456789abcdef");
    itsm_buf out = counting_buf(&counting);
    itsm_str text;
    cr_assert_eq(itsm_note_sign(&out, ctx, ITSM_STR(TEXT), &key, 1), ITSM_OK);
    for (size_t bit = 0; bit < out.n * 8; bit++) {
        out.p[bit / 8] = (char)(out.p[bit / 8] ^ 1 << bit % 8);
        cr_expect_lt(itsm_note_verify(&text, NULL, ctx, itsm_buf_str(&out), &key, 1), 0, "bit %zu", bit);
        cr_expect_eq(text.n, (size_t)0);
        out.p[bit / 8] = (char)(out.p[bit / 8] ^ 1 << bit % 8);
    }
    for (size_t n = 0; n < out.n; n++)
        cr_expect_lt(itsm_note_verify(&text, NULL, ctx, itsm_str_n(out.p, n), &key, 1), 0, "%zu bytes", n);
    const itsm_note_key other = hmac_key("one", "0123456789abcdeX");
    cr_expect_eq(itsm_note_verify(&text, NULL, ctx, itsm_buf_str(&out), &other, 1), ITSM_E_NOT_FOUND);
    itsm_buf_clear(&out);
}

Test(note, a_known_key_with_a_wrong_signature_spoils_the_note_whoever_else_signed)
{
    char a[] = "a", x[] = "x";
    const itsm_note_key signing[] = {hmac_key("one", "0123456789abcdef"), host_key("two", 7, a)};
    const itsm_note_key trusted[] = {signing[0], host_key("two", 7, x)};
    itsm_buf out = counting_buf(&counting);
    itsm_str text;
    cr_assert_eq(itsm_note_sign(&out, ctx, ITSM_STR(TEXT), signing, 2), ITSM_OK);
    cr_expect_eq(itsm_note_verify(&text, NULL, ctx, itsm_buf_str(&out), trusted, 2), ITSM_E_CORRUPT);
    assert_text(itsm_ctx_issue(ctx, 0)->rule, "signature");
    assert_text(itsm_ctx_issue(ctx, 0)->where, "two");
    itsm_buf_clear(&out);
}

Test(note, what_a_host_answers_comes_back)
{
    char silent[] = "!", deaf[] = "?", a[] = "a";
    const itsm_note_key cannot = host_key("two", 7, silent), good = host_key("two", 7, a),
                        asks = host_key("two", 7, deaf);
    itsm_buf out = counting_buf(&counting);
    itsm_str text;
    cr_expect_eq(itsm_note_sign(&out, ctx, ITSM_STR(TEXT), &cannot, 1), -1234);
    cr_expect_eq(out.n, (size_t)0);
    cr_assert_eq(itsm_note_sign(&out, ctx, ITSM_STR(TEXT), &good, 1), ITSM_OK);
    cr_expect_eq(itsm_note_verify(&text, NULL, ctx, itsm_buf_str(&out), &asks, 1), -1235);
    itsm_buf_clear(&out);
}

Test(note, what_is_no_note_is_refused_with_its_line)
{
    static const struct {
        const char *text;
        uint64_t line;
    } cases[] = {
        {"", 1},
        {"a\n", 2},
        {"a\n\n", 3},
        {"a\n\xe2\x80\x94 one AAAAAQE=\n", 3}, /* no empty line */
        {"a\n\n\xe2\x80\x94 one AAAAAQE=", 3},
        {"a\n\n- one AAAAAQE=\n", 3},
        {"a\n\n\xe2\x80\x94 AAAAAQE=\n", 3},
        {"a\n\n\xe2\x80\x94  AAAAAQE=\n", 3},
        {"a\n\n\xe2\x80\x94 o+e AAAAAQE=\n", 3},
        {"a\n\n\xe2\x80\x94 one AAAAAQE\n", 3},
        {"a\n\n\xe2\x80\x94 one AAAA\n", 3},
        {"a\n\n\xe2\x80\x94 one AAAAAQ==\n", 3}, /* an id and nothing else */
        {"a\n\n\xe2\x80\x94 one AAAAAQF=\n", 3}, /* bits behind the end */
        {"a\n\n\xe2\x80\x94 one AAAAAQE= \n", 3},
        {"a\n\n\xe2\x80\x94 one AAAAAQE=\nmore\n", 4},
        {"a\tb\n\n\xe2\x80\x94 one AAAAAQE=\n", 1},
        {"a\xc3\n\n\xe2\x80\x94 one AAAAAQE=\n", 1},
        {"a\xed\xa0\x80\n\n\xe2\x80\x94 one AAAAAQE=\n", 1}, /* half a surrogate pair */
        {"a\xc0\x80\n\n\xe2\x80\x94 one AAAAAQE=\n", 1},     /* longer than needed */
    };
    const itsm_note_key key = hmac_key("one", "0123456789abcdef");
    itsm_str text;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cr_expect_eq(itsm_note_verify(&text, NULL, ctx, itsm_str_c(cases[i].text), &key, 1), ITSM_E_SYNTAX, "%zu", i);
        cr_assert_eq(itsm_ctx_issue_count(ctx), (size_t)1, "%zu", i);
        cr_expect_eq(itsm_ctx_issue(ctx, 0)->line, cases[i].line, "%zu: line %u", i,
                     (unsigned)itsm_ctx_issue(ctx, 0)->line);
    }
}

Test(note, limits_are_kept)
{
    static char big[ITSM_NOTE_MAX + 2];
    const itsm_note_key key = hmac_key("one", "0123456789abcdef");
    itsm_buf out = counting_buf(&counting);
    itsm_str text;
    memset(big, 'a', sizeof big), big[ITSM_NOTE_MAX] = '\n';
    cr_expect_eq(itsm_note_sign(&out, ctx, itsm_str_n(big, ITSM_NOTE_MAX + 1), &key, 1), ITSM_E_LIMIT);
    cr_expect_eq(itsm_note_verify(&text, NULL, ctx, itsm_str_n(big, ITSM_NOTE_MAX + 1), &key, 1), ITSM_E_LIMIT);
    cr_assert_eq(itsm__format(&out, "a\n\n"), ITSM_OK);
    for (size_t i = 0; i <= ITSM_NOTE_SIGNATURES_MAX; i++)
        cr_assert_eq(itsm__format(&out, "\xe2\x80\x94 two AAAAAQE=\n"), ITSM_OK);
    cr_expect_eq(itsm_note_verify(&text, NULL, ctx, itsm_buf_str(&out), &key, 1), ITSM_E_LIMIT);
    itsm_buf_clear(&out);
}

Test(note, keys_and_calls_that_cannot_be_are_refused)
{
    static const char *const names[] = {"", "a b", "a+b", "a\xc2\xa0z", "a\xe3\x80\x80z", "a\nb", "a\xff"};
    itsm_note_key key = ITSM_NOTE_KEY_INIT;
    const itsm_bytes secret = {"0123456789abcdef", 16}, weak = {"0123456789abcde", 15};
    itsm_buf out = counting_buf(&counting);
    itsm_str text;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        cr_expect_eq(itsm_note_hmac_key(&key, itsm_str_c(names[i]), secret), ITSM_E_INVALID, "%zu", i);
    cr_expect_eq(itsm_note_hmac_key(&key, ITSM_STR("one"), weak), ITSM_E_INVALID);
    cr_expect_eq(itsm_note_hmac_key(NULL, ITSM_STR("one"), secret), ITSM_E_MISUSE);
    cr_expect_eq(itsm_note_sign(&out, ctx, ITSM_STR("a\n"), &key, 1), ITSM_E_MISUSE, "it can neither sign nor verify");
    cr_expect_eq(itsm_note_verify(&text, NULL, ctx, ITSM_STR("a\n"), &key, 1), ITSM_E_MISUSE);
    cr_assert_eq(itsm_note_hmac_key(&key, ITSM_STR("one"), secret), ITSM_OK);
    cr_expect_eq(itsm_note_sign(&out, ctx, ITSM_STR("no newline"), &key, 1), ITSM_E_INVALID);
    cr_expect_eq(itsm_note_sign(&out, ctx, ITSM_STR("tab\t\n"), &key, 1), ITSM_E_INVALID);
    cr_expect_eq(itsm_note_sign(&out, ctx, ITSM_STR(""), &key, 1), ITSM_E_INVALID);
    cr_expect_eq(itsm_note_sign(&out, ctx, ITSM_STR("a\n"), &key, 0), ITSM_E_MISUSE);
    cr_expect_eq(itsm_note_verify(NULL, NULL, ctx, ITSM_STR("a\n"), &key, 1), ITSM_E_MISUSE);
    key.name = ITSM_STR("o ne");
    cr_expect_eq(itsm_note_sign(&out, ctx, ITSM_STR("a\n"), &key, 1), ITSM_E_INVALID);
    itsm_buf_clear(&out);
}

Test(note, every_allocation_may_fail)
{
    const itsm_note_key key = hmac_key("one", "0123456789abcdef");
    itsm_buf out = counting_buf(&counting);
    itsm_str text;
    for (size_t n = 1;; n++) {
        counting_fail(&counting, n);
        const itsm_status rc = itsm_note_sign(&out, ctx, ITSM_STR(TEXT), &key, 1);
        if (!counting_stop(&counting)) break;
        cr_assert(rc == ITSM_E_NOMEM && out.n == 0, "%zu", n);
    }
    counting_fail(&counting, 1);
    cr_expect_eq(itsm_note_verify(&text, NULL, ctx, itsm_buf_str(&out), &key, 1), ITSM_E_NOMEM);
    counting_stop(&counting);
    cr_expect_eq(itsm_note_verify(&text, NULL, ctx, itsm_buf_str(&out), &key, 1), ITSM_OK);
    itsm_buf_clear(&out);
}
