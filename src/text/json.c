/* SPDX-License-Identifier: MIT */
/*
 * The JSON parser: one pass over the text, a stack of open arrays and objects instead of recursion, one node per
 * value.
 *
 * A text without escapes is a slice of the input; one with escapes is decoded into the arena of the document.  The
 * array of nodes and the arena are kept from parse to parse, so reading many small texts with one document allocates
 * only at first.  Names that occur twice in an object are refused: an object of up to 32 members compares a name
 * only with the members before it when a 64-bit set of small hashes says it may have been there; a larger one is
 * sorted by name when it closes.  Nodes must not be used after the next parse or clear, nor after the text is gone.
 */
#include "text/json.h"
#include "base/sort.h"
#include "base/text.h"
#include "text/utf8.h"
#include "text/words.h"

enum { FEW_MEMBERS = 32 };

typedef struct parser {
    itsm__json *json;
    const char *p, *begin, *end;
    uint32_t depth;
    itsm_str key; /* of the next value */
} parser;

void itsm__json_init(itsm__json *json, itsm_ctx *ctx)
{
    memset(json, 0, offsetof(itsm__json, levels));
    json->size_limit = ITSM__JSON_SIZE, json->depth_limit = ITSM__JSON_DEPTH;
    json->ctx = ctx, json->memory = *itsm__ctx_memory(ctx);
    itsm__arena_init(&json->text, &json->memory);
}

void itsm__json_clear(itsm__json *json)
{
    itsm__free(&json->memory, json->nodes, json->capacity * sizeof *json->nodes);
    itsm__free(&json->memory, json->sorted, json->sorted_capacity * sizeof *json->sorted);
    itsm__arena_clear(&json->text);
    json->nodes = NULL, json->sorted = NULL;
    json->count = json->capacity = json->sorted_capacity = 0;
    json->input = itsm_str_n(NULL, 0);
}

const itsm__json_node *itsm__json_root(const itsm__json *json)
{
    return json->count ? json->nodes : NULL;
}

itsm__position itsm__json_position(itsm_str text, size_t byte)
{
    itsm__position position = {byte, 1, 1};
    size_t line_start = 0;
    for (size_t i = 0; i < byte && i < text.n; i++)
        if (text.p[i] == '\n') position.line++, line_start = i + 1;
    position.column = byte - line_start + 1;
    return position;
}

int itsm__json_next_line(itsm_str *line, itsm__json *json, itsm_str *rest)
{
    while (rest->n) {
        const char *newline = memchr(rest->p, '\n', rest->n);
        size_t n = newline ? (size_t)(newline - rest->p) : rest->n, taken = n + (newline != NULL), blank = 0;
        itsm_str found = itsm_str_n(rest->p, n);
        if (!json->start.line) json->start.byte = 0, json->start.line = 1;
        else json->start.byte += json->start.column, json->start.line++;
        json->start.column = taken; /* how far the next line is */
        rest->p += taken, rest->n -= taken;
        while (blank < n && (found.p[blank] == ' ' || found.p[blank] == '\t' || found.p[blank] == '\r')) blank++;
        if (blank == n) continue;
        *line = found;
        return 1;
    }
    return 0;
}

/* Errors ---------------------------------------------------------------------------------------------------------- */

static itsm__position position_in_all(const itsm__json *json, size_t byte)
{
    itsm__position position = itsm__json_position(json->input, byte);
    position.byte += json->start.byte;
    if (json->start.line) position.line += json->start.line - 1;
    return position;
}

static itsm_status wrong(const parser *s, const char *at, itsm_status code, const char *message)
{
    itsm__position position = position_in_all(s->json, (size_t)(at - s->begin));
    return itsm__issue_at(s->json->ctx, code, position, ITSM_STR(""), ITSM_STR(""), "%s", message);
}

/* What stands at s->p is not what must stand there. */
static itsm_status expected(const parser *s, const char *what)
{
    itsm__position position = position_in_all(s->json, (size_t)(s->p - s->begin));
    itsm_ctx *ctx = s->json->ctx;
    itsm_str none = ITSM_STR("");
    if (s->p == s->end)
        return itsm__issue_at(ctx, ITSM_E_SYNTAX, position, none, none, "expected %s, found the end", what);
    unsigned char found = (unsigned char)*s->p;
    if (found > ' ' && found < 0x7f)
        return itsm__issue_at(ctx, ITSM_E_SYNTAX, position, none, none, "expected %s, found '%c'", what, (int)found);
    if (found == 0xef && s->p == s->begin)
        return itsm__issue_at(ctx, ITSM_E_SYNTAX, position, none, none, "a byte order mark is not allowed in JSON");
    return itsm__issue_at(ctx, ITSM_E_SYNTAX, position, none, none, "expected %s, found the byte 0x%x", what,
                          (uint64_t)found);
}

/* Texts ----------------------------------------------------------------------------------------------------------- */

/* Four hexadecimal digits, or -1. */
static int32_t hex4(const char *p, const char *end)
{
    if (end - p < 4) return -1;
    int32_t value = 0;
    for (int i = 0; i < 4; i++) {
        char c = p[i];
        int digit = c >= '0' && c <= '9'   ? c - '0'
                    : c >= 'a' && c <= 'f' ? c - 'a' + 10
                    : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                           : -1;
        if (digit < 0) return -1;
        value = value * 16 + digit;
    }
    return value;
}

/* Decode the escape at *p, a backslash, into out; what follows the backslash lies before end. */
static itsm_status decode_escape(const parser *s, const char **p, const char *end, char **out)
{
    static const char names[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
    const char *at = *p, *name = memchr(names, at[1], sizeof names - 1);
    if (name) {
        *(*out)++ = meanings[name - names];
        *p += 2;
        return ITSM_OK;
    }
    if (at[1] != 'u') return wrong(s, at, ITSM_E_SYNTAX, "there is no such escape");
    int32_t code = hex4(at + 2, end);
    if (code < 0) return wrong(s, at, ITSM_E_SYNTAX, "\\u needs four hexadecimal digits");
    *p += 6;
    if (code >= 0xd800 && code < 0xe000) {
        int32_t low = code < 0xdc00 && end - *p >= 6 && (*p)[0] == '\\' && (*p)[1] == 'u' ? hex4(*p + 2, end) : -1;
        if (low < 0xdc00 || low > 0xdfff) return wrong(s, at, ITSM_E_SYNTAX, "half of a surrogate pair");
        code = 0x10000 + (code - 0xd800) * 0x400 + (low - 0xdc00);
        *p += 6;
    }
    *out += itsm__utf8_put(*out, (uint32_t)code);
    return ITSM_OK;
}

static itsm_status decode_text(itsm_str *text, const parser *s)
{
    const char *p = text->p, *end = p + text->n;
    char *start = itsm__arena_alloc(&s->json->text, text->n), *out = start; /* an escape is longer than its meaning */
    if (!start) return ITSM_E_NOMEM;
    while (p < end) {
        const char *backslash = memchr(p, '\\', (size_t)(end - p));
        size_t n = (size_t)((backslash ? backslash : end) - p);
        memcpy(out, p, n);
        out += n, p += n;
        if (!backslash) break;
        itsm_status status = decode_escape(s, &p, end, &out);
        if (status) return status;
    }
    *text = itsm_str_n(start, (size_t)(out - start));
    return ITSM_OK;
}

/* The next byte from p on that is not plain text: a quote, a backslash, a control character or outside ASCII. */
static const char *skip_plain(const char *p, const char *end)
{
    while (end - p >= 8) {
        uint64_t word = itsm__word(p);
        uint64_t mask = itsm__word_equal(word, ITSM__ONES * '"') | itsm__word_equal(word, ITSM__ONES * '\\') |
                        itsm__word_below(word, 0x20) | itsm__word_high(word);
        if (mask) return p + itsm__word_first(mask);
        p += 8;
    }
    while (p < end && *p != '"' && *p != '\\' && (unsigned char)*p >= 0x20 && (unsigned char)*p < 0x80) p++;
    return p;
}

/* The text at s->p, an opening quote; s->p goes behind the closing one. */
static itsm_status read_text(itsm_str *out, parser *s)
{
    const char *start = s->p + 1, *p = start;
    int escaped = 0;
    for (;;) {
        p = skip_plain(p, s->end);
        if (p == s->end) return wrong(s, s->p, ITSM_E_SYNTAX, "a text is not closed");
        if (*p == '"') break;
        if (*p == '\\') {
            if (s->end - p < 2) return wrong(s, s->p, ITSM_E_SYNTAX, "a text is not closed");
            escaped = 1, p += 2;
            if ((unsigned char)p[-1] >= 0x80) return wrong(s, p - 2, ITSM_E_SYNTAX, "there is no such escape");
        } else if ((unsigned char)*p >= 0x80) {
            size_t length = itsm__utf8_length(p, (size_t)(s->end - p));
            if (!length) return wrong(s, p, ITSM_E_SYNTAX, "not valid UTF-8");
            p += length;
        } else {
            return wrong(s, p, ITSM_E_SYNTAX, "a control character in a text must be escaped");
        }
    }
    *out = itsm_str_n(start, (size_t)(p - start));
    itsm_status status = escaped ? decode_text(out, s) : ITSM_OK;
    if (!status) s->p = p + 1;
    return status;
}

/* Names ----------------------------------------------------------------------------------------------------------- */

/* One of 64 bits. */
static uint64_t bit_of(itsm_str key)
{
    if (!key.n) return 1;
    const unsigned char *b = (const unsigned char *)key.p;
    uint32_t sum = b[0] + b[key.n / 2] * 5u + b[key.n - 1] * 37u + (uint32_t)key.n * 11u;
    return UINT64_C(1) << ((sum * UINT32_C(0x9e3779b1)) >> 26);
}

/* The key may have been seen in this small object: was it?  Its own node is not there yet. */
static int is_among(const itsm__json *json, uint32_t object, itsm_str key)
{
    for (size_t i = object + (size_t)1; i < json->count; i += json->nodes[i].span)
        if (itsm_str_eq(json->nodes[i].key, key)) return 1;
    return 0;
}

static int by_key(const void *a, const void *b, void *user)
{
    (void)user;
    const itsm__json_node *x, *y;
    memcpy(&x, a, sizeof x), memcpy(&y, b, sizeof y);
    if (x->key.n != y->key.n) return x->key.n < y->key.n ? -1 : 1;
    int order = x->key.n ? memcmp(x->key.p, y->key.p, x->key.n) : 0;
    return order ? order : x->byte < y->byte ? -1 : 1;
}

/* Refuse a large object, now complete, in which a name occurs twice. */
static itsm_status check_names(const parser *s, const itsm__json_node *object, uint32_t count)
{
    itsm__json *json = s->json;
    if (itsm__grow(&json->memory, &json->sorted, &json->sorted_capacity, count, sizeof *json->sorted))
        return ITSM_E_NOMEM;
    const itsm__json_node *member;
    size_t n = 0;
    ITSM__JSON_EACH(member, object) json->sorted[n++] = member;
    itsm__sort(json->sorted, n, sizeof *json->sorted, by_key, NULL);
    for (size_t i = 1; i < n; i++)
        if (itsm_str_eq(json->sorted[i - 1]->key, json->sorted[i]->key))
            return wrong(s, s->begin + json->sorted[i]->byte, ITSM_E_SYNTAX, "the same name twice in an object");
    return ITSM_OK;
}

/* Values ---------------------------------------------------------------------------------------------------------- */

static void skip_space(parser *s)
{
    while (s->p < s->end && (*s->p == ' ' || *s->p == '\n' || *s->p == '\r' || *s->p == '\t')) s->p++;
}

static int at(const parser *s, char c)
{
    return s->p < s->end && *s->p == c;
}

static int at_digit(const parser *s)
{
    return s->p < s->end && *s->p >= '0' && *s->p <= '9';
}

static itsm_status skip_digits(parser *s)
{
    if (!at_digit(s)) return expected(s, "a digit");
    while (at_digit(s)) s->p++;
    return ITSM_OK;
}

/* The number at s->p, a minus or a digit. */
static itsm_status read_number(itsm__json_node *node, parser *s)
{
    const char *start = s->p;
    int negative = at(s, '-'), whole = 1;
    s->p += negative;
    const char *first = s->p;
    itsm_status status = skip_digits(s);
    if (status) return status;
    if (*first == '0' && s->p - first > 1) return wrong(s, first, ITSM_E_SYNTAX, "a number may not start with 0");
    const char *last = s->p;
    if (at(s, '.')) {
        s->p++, whole = 0;
        if ((status = skip_digits(s))) return status;
    }
    if (at(s, 'e') || at(s, 'E')) {
        s->p++, whole = 0;
        if (at(s, '+') || at(s, '-')) s->p++;
        if ((status = skip_digits(s))) return status;
    }
    node->text = itsm_str_n(start, (size_t)(s->p - start));
    node->kind = ITSM__JSON_DECIMAL;
    if (!whole || last - first > 19) return ITSM_OK;
    uint64_t value = 0; /* 19 digits fit */
    for (const char *p = first; p < last; p++) value = value * 10 + (uint64_t)(*p - '0');
    if (value > (uint64_t)INT64_MAX + (uint64_t)negative) return ITSM_OK;
    node->kind = ITSM__JSON_INT;
    node->integer = !negative ? (int64_t)value : value ? -(int64_t)(value - 1) - 1 : 0;
    return ITSM_OK;
}

static int skip_word(parser *s, const char *word, size_t n)
{
    if ((size_t)(s->end - s->p) < n || memcmp(s->p, word, n) != 0) return 0;
    s->p += n;
    return 1;
}

static itsm_status read_word(itsm__json_node *node, parser *s)
{
    if (skip_word(s, "null", 4)) node->kind = ITSM__JSON_NULL;
    else if (skip_word(s, "true", 4)) node->kind = ITSM__JSON_BOOL, node->integer = 1;
    else if (skip_word(s, "false", 5)) node->kind = ITSM__JSON_BOOL;
    else return expected(s, "a value");
    return ITSM_OK;
}

static itsm_status open_level(parser *s, itsm__json_node *node)
{
    itsm__json *json = s->json;
    if (s->depth == json->depth_limit || s->depth == ITSM__JSON_DEPTH)
        return wrong(s, s->p, ITSM_E_LIMIT, "too many arrays and objects inside each other");
    node->kind = *s->p++ == '[' ? ITSM__JSON_ARRAY : ITSM__JSON_OBJECT;
    itsm__json_level *level = &json->levels[s->depth++];
    level->node = (uint32_t)(json->count - 1), level->count = 0, level->seen = 0;
    return ITSM_OK;
}

/* The value at s->p; an array or object is only opened. */
static itsm_status read_value(parser *s)
{
    itsm__json *json = s->json;
    if (json->count == json->capacity &&
        itsm__grow(&json->memory, &json->nodes, &json->capacity, json->count + 1, sizeof *json->nodes))
        return ITSM_E_NOMEM;
    itsm__json_node *node = &json->nodes[json->count++];
    node->span = 1, node->key = s->key, node->text = itsm_str_n(NULL, 0), node->integer = 0;
    node->byte = (uint64_t)(s->p - s->begin);
    switch (s->p < s->end ? *s->p : 0) {
    case '"': node->kind = ITSM__JSON_TEXT; return read_text(&node->text, s);
    case '{':
    case '[': return open_level(s, node);
    case '-':
    case '0':
    case '1':
    case '2':
    case '3':
    case '4':
    case '5':
    case '6':
    case '7':
    case '8':
    case '9': return read_number(node, s);
    default: return read_word(node, s);
    }
}

/* The name and the colon before a member of the innermost object. */
static itsm_status read_key(parser *s)
{
    itsm__json_level *level = &s->json->levels[s->depth - 1];
    if (!at(s, '"')) return expected(s, "a name in quotes");
    const char *start = s->p;
    itsm_status status = read_text(&s->key, s);
    if (status) return status;
    uint64_t bit = bit_of(s->key);
    if (level->count <= FEW_MEMBERS && (level->seen & bit) && is_among(s->json, level->node, s->key))
        return wrong(s, start, ITSM_E_SYNTAX, "the same name twice in an object");
    level->seen |= bit;
    skip_space(s);
    if (!at(s, ':')) return expected(s, "a colon");
    s->p++;
    skip_space(s);
    return ITSM_OK;
}

static itsm_status close_level(parser *s)
{
    itsm__json *json = s->json;
    const itsm__json_level *level = &json->levels[--s->depth];
    itsm__json_node *node = &json->nodes[level->node];
    node->span = (uint32_t)(json->count - level->node), node->integer = level->count;
    s->p++;
    return node->kind == ITSM__JSON_OBJECT && level->count > FEW_MEMBERS ? check_names(s, node, level->count) : ITSM_OK;
}

/*
 * Go from the end of a value, or from behind an opening bracket (`opened`), to the start of the next value; closes
 * what closes.  With nothing open any more s->depth is 0.
 */
static itsm_status go_to_value(parser *s, int opened)
{
    itsm__json *json = s->json;
    while (s->depth) {
        itsm__json_level *level = &json->levels[s->depth - 1];
        int object = json->nodes[level->node].kind == ITSM__JSON_OBJECT;
        char closing = object ? '}' : ']';
        skip_space(s);
        if (at(s, closing)) {
            itsm_status status = close_level(s);
            if (status) return status;
            if (s->depth) json->levels[s->depth - 1].count++;
            opened = 0;
            continue;
        }
        if (!opened) {
            if (!at(s, ',')) return expected(s, object ? "a comma or }" : "a comma or ]");
            s->p++;
            skip_space(s);
        }
        if (object) return read_key(s);
        s->key = itsm_str_n(NULL, 0);
        return ITSM_OK;
    }
    return ITSM_OK;
}

static itsm_status parse(parser *s)
{
    skip_space(s);
    do {
        uint32_t before = s->depth;
        itsm_status status = read_value(s);
        if (status) return status;
        int opened = s->depth > before;
        if (!opened && s->depth) s->json->levels[s->depth - 1].count++;
        status = go_to_value(s, opened);
        if (status) return status;
    } while (s->depth);
    skip_space(s);
    return s->p == s->end ? ITSM_OK : expected(s, "the end of the text");
}

itsm_status itsm__json_parse(itsm__json *json, itsm_str text)
{
    static const char empty[] = "";
    json->count = 0;
    itsm__arena_reset(&json->text);
    json->input = text.n ? text : itsm_str_n(empty, 0);
    parser s;
    memset(&s, 0, sizeof s);
    s.json = json, s.p = s.begin = json->input.p, s.end = s.begin + text.n;
    if (text.n > json->size_limit || text.n >= UINT32_MAX)
        return wrong(&s, s.begin, ITSM_E_LIMIT, "the JSON text is too long");
    itsm_status status = parse(&s);
    if (status) json->count = 0;
    return status;
}
