/* SPDX-License-Identifier: MIT */
/*
 * Proofs as JSON, for verifiers in other languages: everything a proof needs in one object, numbers as numbers, bytes in
 * base64 (RFC 4648 section 4).
 *
 * A proof costs a pass over the entries it is about and one for the root.  Nothing is kept between calls.
 */
#include "audit/log.h"

#include "audit/base64.h"
#include "base/ctx.h"
#include "base/text.h"
#include "text/json.h"

/* The root of the first `count` entries; ITSM_E_RANGE if there are fewer. */
static itsm_status root_at(uint8_t root[ITSM_AUDIT_DIGEST], itsm_ctx *ctx, itsm_store *store, uint64_t count)
{
    itsm__merkle_hash hash;
    const itsm_status rc = itsm__log_subtree(&hash, ctx, store, 0, count);
    if (rc == ITSM_OK) memcpy(root, hash.b, sizeof hash.b);
    return rc;
}

static void write_bytes(itsm__json_writer *w, const char *name, itsm_buf *text, const void *bytes, size_t n)
{
    text->n = 0;
    const itsm_status rc = itsm__base64_add(text, bytes, n);
    if (name) itsm__json_write_key(w, name);
    if (rc) itsm__json_write_null(w);
    else itsm__json_write_text(w, itsm_buf_str(text));
}

static void write_number(itsm__json_writer *w, const char *name, uint64_t number)
{
    itsm__json_write_key(w, name);
    itsm__json_write_uint(w, number);
}

static void write_path(itsm__json_writer *w, itsm_buf *text, const itsm_buf *proof)
{
    itsm__json_write_key(w, "path");
    itsm__json_write_array(w);
    for (size_t i = 0; i < proof->n; i += ITSM_AUDIT_DIGEST)
        write_bytes(w, NULL, text, proof->p + i, ITSM_AUDIT_DIGEST);
    itsm__json_write_end(w);
}

/* Entry, proof and text have memory of their own; given back in any case. */
typedef struct parts {
    itsm_buf entry, proof, text;
} parts;

static void parts_init(parts *p, itsm_ctx *ctx)
{
    itsm_buf_init(&p->entry, ctx), itsm_buf_init(&p->proof, ctx), itsm_buf_init(&p->text, ctx);
}

/* Room for the longest text, so that writing it cannot fail half-way. */
static itsm_status reserve_text(parts *p)
{
    const size_t longest = p->entry.n > ITSM_AUDIT_DIGEST ? p->entry.n : ITSM_AUDIT_DIGEST;
    return itsm__buf_reserve(&p->text, ITSM__BASE64_TEXT(longest));
}

static itsm_status parts_end(parts *p, itsm_buf *out, size_t before, itsm_status rc)
{
    itsm_buf_clear(&p->entry), itsm_buf_clear(&p->proof), itsm_buf_clear(&p->text);
    if (rc) out->n = before;
    return rc;
}

static itsm_status read_entry(itsm_buf *out, itsm_ctx *ctx, itsm_store *store, uint64_t place)
{
    itsm__log log;
    itsm_bytes bytes;
    uint64_t at = 0;
    itsm_status rc = itsm__log_open(&log, ctx, store, place);
    if (rc) return rc;
    rc = itsm__log_next(&bytes, &at, &log);
    if (rc == ITSM_OK && at != place) rc = itsm__log_gap(ctx, place, at);
    if (rc == ITSM_OK) rc = itsm_buf_add(out, bytes.p, bytes.n);
    itsm__log_close(&log);
    return rc == ITSM_DONE ? ITSM_E_RANGE : rc;
}

itsm_status itsm_audit_inclusion_encode(itsm_buf *out, itsm_ctx *ctx, itsm_store *store, uint64_t place, uint64_t count)
{
    uint8_t root[ITSM_AUDIT_DIGEST];
    itsm__json_writer writer;
    parts p;
    itsm__issues_clear(ctx);
    if (!out || !ctx || !store) return ITSM_E_MISUSE;
    const size_t before = out->n;
    parts_init(&p, ctx);
    itsm_status rc = itsm_audit_prove_inclusion(&p.proof, ctx, store, place, count);
    if (!rc) rc = read_entry(&p.entry, ctx, store, place);
    if (!rc) rc = root_at(root, ctx, store, count);
    if (!rc) rc = reserve_text(&p);
    if (rc) return parts_end(&p, out, before, rc);
    itsm__json_write_init(&writer, out, 2);
    itsm__json_write_object(&writer);
    write_bytes(&writer, "entry", &p.text, p.entry.p, p.entry.n);
    write_number(&writer, "leaf_index", place);
    write_number(&writer, "tree_size", count);
    write_bytes(&writer, "root", &p.text, root, sizeof root);
    write_path(&writer, &p.text, &p.proof);
    itsm__json_write_end(&writer);
    return parts_end(&p, out, before, itsm__json_write_finish(&writer));
}

itsm_status itsm_audit_consistency_encode(itsm_buf *out, itsm_ctx *ctx, itsm_store *store, uint64_t earlier,
                                          uint64_t later)
{
    uint8_t first[ITSM_AUDIT_DIGEST], second[ITSM_AUDIT_DIGEST];
    itsm__json_writer writer;
    parts p;
    itsm__issues_clear(ctx);
    if (!out || !ctx || !store) return ITSM_E_MISUSE;
    const size_t before = out->n;
    parts_init(&p, ctx);
    itsm_status rc = itsm_audit_prove_consistency(&p.proof, ctx, store, earlier, later);
    if (!rc) rc = root_at(first, ctx, store, earlier);
    if (!rc) rc = root_at(second, ctx, store, later);
    if (!rc) rc = reserve_text(&p);
    if (rc) return parts_end(&p, out, before, rc);
    itsm__json_write_init(&writer, out, 2);
    itsm__json_write_object(&writer);
    write_number(&writer, "first_size", earlier);
    write_bytes(&writer, "first_root", &p.text, first, sizeof first);
    write_number(&writer, "second_size", later);
    write_bytes(&writer, "second_root", &p.text, second, sizeof second);
    write_path(&writer, &p.text, &p.proof);
    itsm__json_write_end(&writer);
    return parts_end(&p, out, before, itsm__json_write_finish(&writer));
}
