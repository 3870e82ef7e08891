/* SPDX-License-Identifier: MIT */
/*
 * Signed notes (C2SP signed-note): a text, an empty line, and signatures, a line each:
 *
 *   em dash , space , name of the key , space , base64(key id (4 bytes, big-endian) || signature) , newline
 *
 * The text ends where the last empty line begins, so it may have empty lines itself.  A note is made in one pass over the
 * keys; verifying looks at every signature line and every key, so nothing is left unread: one that is not well formed
 * makes the whole note none.  O(bytes + signatures * keys), one buffer for the longest signature.
 */
#include <itsm/audit.h>

#include "audit/base64.h"
#include "base/bits.h"
#include "base/ctx.h"
#include "base/hash.h"
#include "base/text.h"

#define DASH "\xe2\x80\x94 "
enum { DASH_BYTES = sizeof DASH - 1, ID_BYTES = 4, MAC_BYTES = 32 };

static const char hmac_type[] = "\xfflibitsm/hmac-sha256";
static const char hmac_label[] = "libitsm key id";

/* What a note may hold ----------------------------------------------------------------------------------------------- */

/* The length of the UTF-8 character at p (shortest form, no surrogates), its number in *c; 0: there is none. */
static size_t character(uint32_t *c, const unsigned char *p, size_t n)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t length = *p < 0x80 ? 1 : *p >> 5 == 6 ? 2 : *p >> 4 == 14 ? 3 : *p >> 3 == 30 ? 4 : 0;
    if (!length || length > n) return 0;
    *c = length == 1 ? *p : *p & (0x7Fu >> length);
    for (size_t i = 1; i < length; i++) {
        if (p[i] >> 6 != 2) return 0;
        *c = *c << 6 | (p[i] & 0x3F);
    }
    return *c >= least[length] && *c <= 0x10FFFF && *c >> 11 != 0x1B ? length : 0;
}

/* The white space of Unicode. */
static int is_space(uint32_t c)
{
    return (c >= 9 && c <= 13) || c == ' ' || c == 0x85 || c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200A) ||
           c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000;
}

/* The first byte that cannot be in a note, or n. */
static size_t first_bad(itsm_str text)
{
    const unsigned char *p = (const unsigned char *)text.p;
    for (size_t at = 0; at < text.n;) {
        uint32_t c = 0;
        const size_t length = character(&c, p + at, text.n - at);
        if (!length || (c < 0x20 && c != '\n')) return at;
        at += length;
    }
    return text.n;
}

static int is_key_name(itsm_str name)
{
    const unsigned char *p = (const unsigned char *)name.p;
    for (size_t at = 0; at < name.n;) {
        uint32_t c = 0;
        const size_t length = character(&c, p + at, name.n - at);
        if (!length || c < 0x20 || is_space(c) || c == '+') return 0;
        at += length;
    }
    return name.n > 0;
}

/* Keys --------------------------------------------------------------------------------------------------------------- */

uint32_t itsm_note_key_id(itsm_str name, itsm_bytes type, itsm_bytes material)
{
    unsigned char digest[32];
    itsm__sha256 hasher;
    itsm__sha256_init(&hasher);
    if (name.n) itsm__sha256_add(&hasher, name.p, name.n);
    itsm__sha256_add(&hasher, "\n", 1);
    if (type.n) itsm__sha256_add(&hasher, type.p, type.n);
    if (material.n) itsm__sha256_add(&hasher, material.p, material.n);
    itsm__sha256_end(&hasher, digest);
    return itsm__be32(digest);
}

itsm_status itsm_note_hmac_key(itsm_note_key *out, itsm_str name, itsm_bytes secret)
{
    const itsm_bytes type = {hmac_type, sizeof hmac_type - 1}, label = {hmac_label, sizeof hmac_label - 1};
    unsigned char material[MAC_BYTES];
    const itsm_bytes bytes = {material, sizeof material};
    if (!out || out->size < sizeof *out || (!name.p && name.n) || (!secret.p && secret.n)) return ITSM_E_MISUSE;
    if (!is_key_name(name) || secret.n < ITSM_NOTE_SECRET_MIN) return ITSM_E_INVALID;
    itsm_note_key key = ITSM_NOTE_KEY_INIT;
    itsm__hmac_sha256(material, secret, label);
    key.size = out->size, key.name = name, key.secret = secret;
    key.id = itsm_note_key_id(name, type, bytes);
    memcpy(out, &key, sizeof key);
    return ITSM_OK;
}

static itsm_status bad(itsm_ctx *ctx, itsm_status code, const char *rule, const char *message)
{
    return itsm__issue(ctx, code, itsm__no_text(), itsm_str_c(rule), itsm__no_text(), message);
}

/* Each can sign, or verify. */
static int keys_are_sound(const itsm_note_key *keys, size_t n, int signing)
{
    if (!keys || !n) return 0;
    for (size_t i = 0; i < n; i++)
        if (keys[i].size < sizeof *keys || (!keys[i].secret.p && (signing ? !keys[i].sign : !keys[i].verify))) return 0;
    return 1;
}

/* Signing ------------------------------------------------------------------------------------------------------------ */

static itsm_status sign_bytes(itsm_buf *out, const itsm_note_key *key, itsm_str text)
{
    unsigned char id[ID_BYTES], mac[MAC_BYTES];
    const itsm_bytes message = {text.p, text.n};
    itsm__put_be32(id, key->id);
    itsm_status rc = itsm_buf_add(out, id, sizeof id);
    if (rc || !key->secret.p) return rc ? rc : key->sign(key->user, out, text);
    itsm__hmac_sha256(mac, key->secret, message);
    return itsm_buf_add(out, mac, sizeof mac);
}

static itsm_status sign_all(itsm_buf *out, itsm_buf *bytes, itsm_str text, const itsm_note_key *keys, size_t n)
{
    itsm_status rc = itsm__format(out, "%S\n", text);
    for (size_t i = 0; i < n && !rc; i++) {
        bytes->n = 0;
        rc = sign_bytes(bytes, &keys[i], text);
        if (!rc) rc = itsm__format(out, DASH "%S ", keys[i].name);
        if (!rc) rc = itsm__base64_add(out, bytes->p, bytes->n);
        if (!rc) rc = itsm__buf_char(out, '\n');
    }
    return rc;
}

itsm_status itsm_note_sign(itsm_buf *out, itsm_ctx *ctx, itsm_str text, const itsm_note_key *keys, size_t n)
{
    itsm__issues_clear(ctx);
    if (!out || (!text.p && text.n) || !keys_are_sound(keys, n, 1)) return ITSM_E_MISUSE;
    if (!text.n || text.p[text.n - 1] != '\n' || first_bad(text) != text.n)
        return bad(ctx, ITSM_E_INVALID, "note",
                   "the text of a note is UTF-8 without control characters and ends a line");
    for (size_t i = 0; i < n; i++)
        if (!is_key_name(keys[i].name))
            return bad(ctx, ITSM_E_INVALID, "key", "the name of a key is not empty and has no blanks and no plus");
    const size_t before = out->n;
    itsm_buf bytes = ITSM_BUF_INIT;
    itsm_buf_init(&bytes, ctx);
    itsm_status rc = n > ITSM_NOTE_SIGNATURES_MAX ? ITSM_E_LIMIT : sign_all(out, &bytes, text, keys, n);
    if (!rc && out->n - before > ITSM_NOTE_MAX) rc = ITSM_E_LIMIT;
    itsm_buf_clear(&bytes);
    if (rc) out->n = before;
    return rc;
}

/* Verifying ---------------------------------------------------------------------------------------------------------- */

/* Equal, in a time that does not depend on where they differ. */
static int same_bytes(const unsigned char *a, const unsigned char *b, size_t n)
{
    unsigned differ = 0;
    for (size_t i = 0; i < n; i++) differ |= (unsigned)(a[i] ^ b[i]);
    return differ == 0;
}

static itsm_status verify_bytes(const itsm_note_key *key, itsm_str text, itsm_bytes signature)
{
    unsigned char mac[MAC_BYTES];
    const itsm_bytes message = {text.p, text.n};
    if (!key->secret.p) return key->verify(key->user, text, signature);
    itsm__hmac_sha256(mac, key->secret, message);
    return signature.n == sizeof mac && same_bytes(mac, signature.p, sizeof mac) ? ITSM_OK : ITSM_E_CORRUPT;
}

typedef struct verifying {
    itsm_str text;
    const itsm_note_key *keys;
    size_t n, found;
    uint8_t *signers;
    uint8_t *room; /* for the bytes of a signature */
    itsm_ctx *ctx;
} verifying;

/* Name and bytes of a signature line without its newline; 0: it is none. */
static int read_signature(itsm_str *name, itsm_bytes *bytes, itsm_str line, uint8_t *room)
{
    if (line.n < DASH_BYTES || memcmp(line.p, DASH, DASH_BYTES) != 0) return 0;
    const itsm_str rest = itsm_str_n(line.p + DASH_BYTES, line.n - DASH_BYTES);
    const char *blank = rest.n ? memchr(rest.p, ' ', rest.n) : NULL;
    if (!blank) return 0;
    *name = itsm_str_n(rest.p, (size_t)(blank - rest.p));
    const itsm_str text = itsm_str_n(blank + 1, rest.n - name->n - 1);
    bytes->p = room;
    return is_key_name(*name) && itsm__base64_decode(room, &bytes->n, text) && bytes->n > ID_BYTES;
}

static itsm_status verify_line(verifying *v, itsm_str name, itsm_bytes bytes)
{
    const itsm_bytes signature = {v->room + ID_BYTES, bytes.n - ID_BYTES};
    const uint32_t id = itsm__be32(v->room);
    for (size_t i = 0; i < v->n; i++) {
        const itsm_note_key *key = &v->keys[i];
        if (key->id != id || !itsm_str_eq(key->name, name)) continue;
        const itsm_status rc = verify_bytes(key, v->text, signature);
        if (rc == ITSM_E_CORRUPT)
            return itsm__issue(v->ctx, rc, name, ITSM_STR("signature"), itsm__no_text(),
                               "the signature of %S does not fit the text: one of them was changed", name);
        if (rc) return rc;
        v->found++;
        if (v->signers) v->signers[i] = 1;
    }
    return ITSM_OK;
}

static itsm_status no_note(itsm_ctx *ctx, itsm_str note, size_t at, const char *message)
{
    itsm__position position = {at, 1, 1};
    for (size_t i = 0; i < at; i++)
        if (note.p[i] == '\n') position.line++, position.column = 1;
        else position.column++;
    return itsm__issue_at(ctx, ITSM_E_SYNTAX, position, itsm__no_text(), ITSM_STR("note"), "%s", message);
}

/* Where the signatures begin: behind the last empty line; 0: there is none. */
static size_t find_signatures(itsm_str note)
{
    for (size_t at = note.n; at > 1; at--)
        if (note.p[at - 1] == '\n' && note.p[at - 2] == '\n') return at;
    return 0;
}

static itsm_status verify_all(verifying *v, itsm_str note, size_t at)
{
    size_t count = 0;
    for (; at < note.n; count++) {
        const char *end = memchr(note.p + at, '\n', note.n - at);
        itsm_str name;
        itsm_bytes bytes;
        if (count == ITSM_NOTE_SIGNATURES_MAX)
            return bad(v->ctx, ITSM_E_LIMIT, "note", "the note has too many signatures");
        const itsm_str line = itsm_str_n(note.p + at, end ? (size_t)(end - (note.p + at)) : note.n - at);
        if (!end || !read_signature(&name, &bytes, line, v->room))
            return no_note(v->ctx, note, at, "a signature is a dash, the name of a key and base64");
        const itsm_status rc = verify_line(v, name, bytes);
        if (rc) return rc;
        at += line.n + 1;
    }
    if (!count) return no_note(v->ctx, note, note.n, "a note has a signature");
    return v->found ? ITSM_OK
                    : bad(v->ctx, ITSM_E_NOT_FOUND, "key", "none of the keys that are trusted signed the note");
}

itsm_status itsm_note_verify(itsm_str *text, uint8_t *signers, itsm_ctx *ctx, itsm_str note, const itsm_note_key *keys,
                             size_t n)
{
    const itsm__memory *memory = itsm__ctx_memory(ctx);
    itsm__issues_clear(ctx);
    if (text) *text = itsm__no_text();
    if (!text || (!note.p && note.n) || !keys_are_sound(keys, n, 0)) return ITSM_E_MISUSE;
    if (signers) memset(signers, 0, n);
    if (note.n > ITSM_NOTE_MAX) return bad(ctx, ITSM_E_LIMIT, "note", "the note is too long");
    const size_t wrong = first_bad(note), at = find_signatures(note);
    if (wrong != note.n) return no_note(ctx, note, wrong, "a note is UTF-8 without control characters");
    if (at < 2) return no_note(ctx, note, note.n, "a note has an empty line and signatures behind it");
    verifying v = {itsm_str_n(note.p, at - 1), keys, n, 0, signers, NULL, ctx};
    const size_t room = ITSM__BASE64_BYTES(note.n - at) + ID_BYTES;
    if (!(v.room = itsm__alloc(memory, room))) return ITSM_E_NOMEM;
    const itsm_status rc = verify_all(&v, note, at);
    itsm__free(memory, v.room, room);
    if (rc == ITSM_OK) *text = v.text;
    else if (signers) memset(signers, 0, n);
    return rc;
}
