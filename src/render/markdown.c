/* SPDX-License-Identifier: MIT */
/*
 * Escaping for Markdown; O(length).
 */
#include "render/markdown.h"

static void add(itsm__markup *m, const char *p, size_t n)
{
    if (m->status == ITSM_OK) m->status = itsm_buf_add(m->out, p, n);
}

static int is_control(char c)
{
    return (unsigned char)c < 0x20 || c == 0x7F;
}

void itsm__md_add(itsm__markup *m, itsm_str text)
{
    add(m, text.p, text.n);
}

static int is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* An underscore inside a word means nothing, and is read better without a sign before it. */
static int has_meaning(itsm_str text, size_t i)
{
    if (text.p[i] == '_') return !i || i + 1 == text.n || !is_word(text.p[i - 1]) || !is_word(text.p[i + 1]);
    return memchr("\\`*[]<>|#&~", text.p[i], 11) != NULL;
}

void itsm__md_text(itsm__markup *m, itsm_str text)
{
    for (size_t i = 0; i < text.n; i++) {
        if (is_control(text.p[i])) {
            add(m, " ", 1);
            continue;
        }
        if (has_meaning(text, i)) add(m, "\\", 1);
        add(m, text.p + i, 1);
    }
}

/* In a table a bar ends the cell, in code too. */
void itsm__md_code(itsm__markup *m, itsm_str text)
{
    add(m, "`", 1);
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] == '|') add(m, "\\", 1);
        if (!is_control(text.p[i]) && text.p[i] != '`') add(m, text.p + i, 1);
    }
    add(m, "`", 1);
}
