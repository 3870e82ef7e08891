/* SPDX-License-Identifier: MIT */
/*
 * A checkpoint as text (C2SP tlog-checkpoint): origin, count in decimal, root in standard base64, a line each.  Then
 * may follow extension lines, a blank line and signatures: see note.c.  O(bytes), no allocation but of `out`.
 */
#include <itsm/audit.h>

#include "audit/base64.h"
#include "base/ctx.h"
#include "base/text.h"

#define ROOT_TEXT ITSM__BASE64_TEXT(ITSM_AUDIT_DIGEST)

static int root_from_text(uint8_t root[ITSM_AUDIT_DIGEST], itsm_str text)
{
    uint8_t bytes[ITSM__BASE64_BYTES(ROOT_TEXT)];
    size_t n;
    if (text.n != ROOT_TEXT || !itsm__base64_decode(bytes, &n, text) || n != ITSM_AUDIT_DIGEST) return 0;
    memcpy(root, bytes, n);
    return 1;
}

/* Not empty, no control characters, no blanks around it. */
static int origin_is_sound(itsm_str origin)
{
    if (origin.n == 0 || origin.p[0] == ' ' || origin.p[origin.n - 1] == ' ') return 0;
    for (size_t i = 0; i < origin.n; i++)
        if ((unsigned char)origin.p[i] < 0x20 || origin.p[i] == 0x7F) return 0;
    return 1;
}

itsm_status itsm_audit_checkpoint_encode(itsm_buf *out, const itsm_audit_checkpoint *checkpoint)
{
    char root[ROOT_TEXT];
    if (!out || !checkpoint || checkpoint->size < sizeof *checkpoint) return ITSM_E_MISUSE;
    if (!origin_is_sound(checkpoint->origin)) return ITSM_E_INVALID;
    itsm__base64_encode(root, checkpoint->root, sizeof checkpoint->root);
    size_t before = out->n;
    itsm_status rc =
        itsm__format(out, "%S\n%u\n%S\n", checkpoint->origin, checkpoint->count, itsm_str_n(root, sizeof root));
    if (rc != ITSM_OK) out->n = before;
    return rc;
}

/* Digits without a leading zero, at most 2^64 - 1. */
static int count_from_text(uint64_t *out, itsm_str text)
{
    uint64_t u = 0;
    if (text.n == 0 || (text.n > 1 && text.p[0] == '0')) return 0;
    for (size_t i = 0; i < text.n; i++) {
        unsigned digit = (unsigned)(unsigned char)text.p[i] - '0';
        if (digit > 9 || u > (UINT64_MAX - digit) / 10) return 0;
        u = u * 10 + digit;
    }
    *out = u;
    return 1;
}

/* Cut the next line off; 0 when no line ends. */
static int next_line(itsm_str *line, itsm_str *rest)
{
    const char *end = rest->n ? memchr(rest->p, '\n', rest->n) : NULL;
    if (!end) return 0;
    *line = itsm_str_n(rest->p, (size_t)(end - rest->p));
    *rest = itsm_str_n(end + 1, rest->n - line->n - 1);
    return 1;
}

itsm_status itsm_audit_checkpoint_decode(itsm_audit_checkpoint *out, itsm_ctx *ctx, itsm_str text)
{
    static const itsm_str nothing = {NULL, 0};
    static const char *const expected[] = {"the origin", "the number of entries", "the root in base64"};
    itsm__issues_clear(ctx);
    if (!out || out->size < sizeof *out || (!text.p && text.n)) return ITSM_E_MISUSE;
    itsm_audit_checkpoint checkpoint = ITSM_AUDIT_CHECKPOINT_INIT;
    itsm_str rest = text, line = nothing;
    for (unsigned i = 0; i < 3; i++) {
        itsm__position at;
        at.byte = text.n - rest.n, at.line = i + 1, at.column = 1;
        int good = next_line(&line, &rest);
        if (good && i == 0) good = origin_is_sound(line), checkpoint.origin = line;
        if (good && i == 1) good = count_from_text(&checkpoint.count, line);
        if (good && i == 2) good = root_from_text(checkpoint.root, line);
        if (!good)
            return itsm__issue_at(ctx, ITSM_E_SYNTAX, at, nothing, nothing, "a checkpoint has %s in this line",
                                  expected[i]);
    }
    checkpoint.size = out->size;
    memcpy(out, &checkpoint, sizeof checkpoint);
    return ITSM_OK;
}
