/* SPDX-License-Identifier: MIT */
/*
 * The JSON writer: appends to a buffer and keeps one byte per open array or object on a fixed stack, so it allocates
 * nothing of its own and a wrong order of calls is refused (ITSM_E_MISUSE) instead of written.
 *
 * What is written can be read back: a text that is not UTF-8 is refused (ITSM_E_INVALID), too deep is ITSM_E_LIMIT.
 * The first failure stays; itsm__json_write_finish() tells it and cuts the buffer to what it was.
 */
#include "text/json.h"
#include "base/text.h"
#include "text/utf8.h"
#include "text/words.h"

/* What a level is and what it waits for. */
enum { ARRAY = 1, OBJECT = 2, HAS_CHILD = 4, HAS_KEY = 8 };

void itsm__json_write_init(itsm__json_writer *writer, itsm_buf *out, unsigned indent)
{
    memset(writer, 0, offsetof(itsm__json_writer, levels));
    writer->out = out, writer->start = out->n, writer->indent = indent;
}

static void fail(itsm__json_writer *writer, itsm_status status)
{
    if (!writer->status) writer->status = status;
}

/* itsm_buf_add() with the usual case, that there is room, in line. */
static inline void add(itsm__json_writer *writer, const char *p, size_t n)
{
    itsm_buf *out = writer->out;
    if (writer->status) return;
    if (n && n <= out->capacity - out->n) {
        memcpy(out->p + out->n, p, n);
        out->n += n;
    } else {
        writer->status = itsm_buf_add(out, p, n);
    }
}

static void new_line(itsm__json_writer *writer)
{
    if (!writer->indent) return;
    size_t spaces = (size_t)writer->depth * writer->indent;
    add(writer, "\n", 1);
    fail(writer, itsm__buf_reserve(writer->out, spaces));
    if (writer->status) return;
    memset(writer->out->p + writer->out->n, ' ', spaces);
    writer->out->n += spaces;
}

/* The comma and the new line before a child of the level. */
static void separate(itsm__json_writer *writer, unsigned char *level)
{
    if (*level & HAS_CHILD) add(writer, ",", 1);
    *level |= HAS_CHILD;
    new_line(writer);
}

/* All that comes before a value; 0: it is not allowed here. */
static int begin_value(itsm__json_writer *writer)
{
    if (writer->status) return 0;
    if (!writer->depth) {
        if (writer->done) fail(writer, ITSM_E_MISUSE);
        writer->done = 1;
        return !writer->status;
    }
    unsigned char *level = &writer->levels[writer->depth - 1];
    if (*level & ARRAY) separate(writer, level);
    else if (!(*level & HAS_KEY)) fail(writer, ITSM_E_MISUSE);
    *level &= (unsigned char)~HAS_KEY;
    return !writer->status;
}

static void open_level(itsm__json_writer *writer, unsigned char kind)
{
    if (!begin_value(writer)) return;
    if (writer->depth == ITSM__JSON_DEPTH) {
        fail(writer, ITSM_E_LIMIT);
        return;
    }
    writer->levels[writer->depth++] = kind;
    add(writer, kind == ARRAY ? "[" : "{", 1);
}

void itsm__json_write_object(itsm__json_writer *writer)
{
    open_level(writer, OBJECT);
}

void itsm__json_write_array(itsm__json_writer *writer)
{
    open_level(writer, ARRAY);
}

void itsm__json_write_end(itsm__json_writer *writer)
{
    if (writer->status) return;
    if (!writer->depth || (writer->levels[writer->depth - 1] & HAS_KEY)) {
        fail(writer, ITSM_E_MISUSE);
        return;
    }
    unsigned char level = writer->levels[--writer->depth];
    if (level & HAS_CHILD) new_line(writer);
    add(writer, level & ARRAY ? "]" : "}", 1);
}

/* Texts ----------------------------------------------------------------------------------------------------------- */

/* How many bytes from p on need no escape and no look: ASCII without quote, backslash and control characters. */
static size_t plain(const char *p, size_t n)
{
    size_t i = 0;
    for (; n - i >= 8; i += 8) {
        uint64_t word = itsm__word(p + i);
        uint64_t mask = itsm__word_equal(word, ITSM__ONES * '"') | itsm__word_equal(word, ITSM__ONES * '\\') |
                        itsm__word_below(word, 0x20) | itsm__word_high(word);
        if (mask) return i + itsm__word_first(mask);
    }
    while (i < n && p[i] != '"' && p[i] != '\\' && (unsigned char)p[i] >= 0x20 && (unsigned char)p[i] < 0x80) i++;
    return i;
}

static void add_escape(itsm__json_writer *writer, char c)
{
    static const char meanings[] = "\"\\\b\f\n\r\t", names[] = "\"\\bfnrt", hex[] = "0123456789abcdef";
    const char *known = memchr(meanings, c, sizeof meanings - 1);
    char escape[6] = {'\\', 'u', '0', '0', hex[(unsigned char)c >> 4 & 15], hex[c & 15]};
    if (known) escape[1] = names[known - meanings];
    add(writer, escape, known ? 2 : 6);
}

static void add_quoted(itsm__json_writer *writer, itsm_str text)
{
    if (text.n > writer->out->capacity - writer->out->n) fail(writer, itsm__buf_reserve(writer->out, text.n));
    add(writer, "\"", 1);
    for (size_t i = 0; i < text.n && !writer->status;) {
        size_t n = plain(text.p + i, text.n - i);
        add(writer, text.p + i, n);
        i += n;
        if (i == text.n) break;
        size_t length = itsm__utf8_length(text.p + i, text.n - i);
        if (!length) fail(writer, ITSM_E_INVALID);
        else if (length > 1) add(writer, text.p + i, length);
        else add_escape(writer, text.p[i]);
        i += length;
    }
    add(writer, "\"", 1);
}

void itsm__json_write_key_str(itsm__json_writer *writer, itsm_str name)
{
    if (writer->status) return;
    unsigned char *level = writer->depth ? &writer->levels[writer->depth - 1] : NULL;
    if (!level || !(*level & OBJECT) || (*level & HAS_KEY)) {
        fail(writer, ITSM_E_MISUSE);
        return;
    }
    separate(writer, level);
    *level |= HAS_KEY;
    add_quoted(writer, name);
    add(writer, ": ", writer->indent ? 2 : 1);
}

void itsm__json_write_key(itsm__json_writer *writer, const char *name)
{
    itsm__json_write_key_str(writer, itsm_str_c(name));
}

void itsm__json_write_text(itsm__json_writer *writer, itsm_str text)
{
    if (begin_value(writer)) add_quoted(writer, text);
}

/* Other values ---------------------------------------------------------------------------------------------------- */

void itsm__json_write_int(itsm__json_writer *writer, int64_t i)
{
    if (begin_value(writer)) fail(writer, itsm__buf_int(writer->out, i));
}

void itsm__json_write_uint(itsm__json_writer *writer, uint64_t u)
{
    if (begin_value(writer)) fail(writer, itsm__buf_uint(writer->out, u));
}

void itsm__json_write_fixed(itsm__json_writer *writer, int64_t i, unsigned digits)
{
    if (begin_value(writer)) fail(writer, itsm__buf_fixed(writer->out, i, digits));
}

void itsm__json_write_bool(itsm__json_writer *writer, int truth)
{
    if (begin_value(writer)) add(writer, truth ? "true" : "false", truth ? 4 : 5);
}

void itsm__json_write_null(itsm__json_writer *writer)
{
    if (begin_value(writer)) add(writer, "null", 4);
}

void itsm__json_write_raw(itsm__json_writer *writer, itsm_str json)
{
    if (begin_value(writer)) add(writer, json.p, json.n);
}

itsm_status itsm__json_write_finish(itsm__json_writer *writer)
{
    if (writer->depth || !writer->done) fail(writer, ITSM_E_MISUSE);
    if (writer->status && writer->out->n > writer->start) writer->out->n = writer->start;
    return writer->status;
}
