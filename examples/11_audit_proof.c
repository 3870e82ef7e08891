/* SPDX-License-Identifier: MIT */
/*
 * Evidence for an outsider: a signed checkpoint kept elsewhere, a proof that an entry is in the log, and what happens when
 * somebody edits a record behind the library's back.
 */
#include "story.h"

#define SECRET "0123456789abcdef0123456789abcdef" /* yours is random, and not kept beside the store */

/* [keep] */
/* A checkpoint as a signed note: mail it, log it, print it; only not into the store. */
static void keep_elsewhere(story *s, itsm_buf *note)
{
    itsm_audit_checkpoint now = ITSM_AUDIT_CHECKPOINT_INIT;
    itsm_note_key key = ITSM_NOTE_KEY_INIT;
    itsm_buf text = ITSM_BUF_INIT;
    const itsm_bytes secret = {SECRET, sizeof SECRET - 1};

    if (!s->rc) s->rc = itsm_audit_root(&now, s->ctx, s->store);
    now.origin = ITSM_STR("example.org/desk");
    if (!s->rc) s->rc = itsm_audit_checkpoint_encode(&text, &now);
    if (!s->rc) s->rc = itsm_note_hmac_key(&key, now.origin, secret);
    if (!s->rc) s->rc = itsm_note_sign(note, s->ctx, itsm_buf_str(&text), &key, 1);
    itsm_buf_clear(&text);
}
/* [keep] */

/* [verify] */
/* Years later: is the note ours, and the store as it says? */
static void verify_against(story *s, const itsm_buf *note)
{
    itsm_audit_checkpoint kept = ITSM_AUDIT_CHECKPOINT_INIT;
    itsm_audit_result result = ITSM_AUDIT_RESULT_INIT;
    itsm_note_key key = ITSM_NOTE_KEY_INIT;
    itsm_str text;
    const itsm_bytes secret = {SECRET, sizeof SECRET - 1};

    if (!s->rc) s->rc = itsm_note_hmac_key(&key, ITSM_STR("example.org/desk"), secret);
    if (!s->rc) s->rc = itsm_note_verify(&text, NULL, s->ctx, itsm_buf_str(note), &key, 1);
    if (!s->rc) s->rc = itsm_audit_checkpoint_decode(&kept, s->ctx, text);
    if (s->rc) return;
    s->rc = itsm_sms_audit_verify(&result, s->sms, &kept);
    printf("%u entries, the checkpoint covers %u: %u findings\n", (unsigned)result.count, (unsigned)kept.count,
           (unsigned)result.bad);
    for (size_t i = 0; i < itsm_ctx_issue_count(s->ctx); i++) {
        const itsm_issue *issue = itsm_ctx_issue(s->ctx, i);
        printf("  %.*s: %.*s\n", ITSM_ARG(issue->where), ITSM_ARG(issue->message));
    }
    if (s->rc == ITSM_E_CORRUPT) s->rc = ITSM_OK; /* that is what this story is about */
}
/* [verify] */

/* [prove] */
/* Whoever has the checkpoint can verify this without the store. */
static void prove(story *s)
{
    itsm_audit_checkpoint now = ITSM_AUDIT_CHECKPOINT_INIT;
    itsm_audit_cursor *cursor = NULL;
    itsm_audit_entry entry = ITSM_AUDIT_ENTRY_INIT;
    itsm_buf proof = ITSM_BUF_INIT, bytes = ITSM_BUF_INIT;

    if (!s->rc) s->rc = itsm_audit_root(&now, s->ctx, s->store);
    if (!s->rc) s->rc = itsm_audit_prove_inclusion(&proof, s->ctx, s->store, 0, now.count);
    if (!s->rc) s->rc = itsm_audit_open(&cursor, s->ctx, s->store, 0);
    if (!s->rc) s->rc = itsm_audit_next(&entry, NULL, cursor);
    if (!s->rc) s->rc = itsm_audit_encode(&bytes, &entry);
    if (!s->rc) {
        const itsm_bytes leaf = {bytes.p, bytes.n}, path = {proof.p, proof.n};
        const itsm_str action = itsm_audit_action_name(entry.action);
        s->rc = itsm_audit_verify_inclusion(&now, 0, leaf, path);
        if (!s->rc)
            printf("Proven with %u hashes: entry 0 of %u says \"%.*s\" by %.*s\n", (unsigned)(proof.n / 32),
                   (unsigned)now.count, ITSM_ARG(action), ITSM_ARG(entry.who));
    }
    itsm_audit_close(cursor);
    itsm_buf_clear(&proof), itsm_buf_clear(&bytes);
}
/* [prove] */

/* Somebody with the rights to do so writes another title into the row itself. */
static void tamper(story *s, itsm_ref incident)
{
    itsm_view view = ITSM_VIEW_INIT;
    itsm_row row;
    itsm_op op;
    itsm_batch batch = ITSM_BATCH_INIT;
    char body[1024];

    if (!s->rc) s->rc = itsm_store_view_open(&view, s->ctx, s->store, NULL);
    if (!s->rc) s->rc = itsm_store_get(&row, s->ctx, &view, incident);
    if (s->rc || row.body.n > sizeof body) return;
    memset(&op, 0, sizeof op);
    memcpy(body, row.body.p, row.body.n);
    for (size_t i = 0; i + 4 <= row.body.n; i++)
        if (!memcmp(body + i, "Dark", 4)) memcpy(body + i, "Calm", 4);
    op.kind = ITSM_PUT, op.expect = row.rev, op.row = row, op.row.rev = row.rev + 1, op.row.body.p = body;
    batch.ops = &op, batch.nops = 1;
    itsm_store_view_close(&view);
    s->rc = itsm_store_apply(NULL, s->ctx, s->store, &batch, NULL);
}

int main(void)
{
    story s;
    itsm_buf note = ITSM_BUF_INIT;

    begin(&s, "Evidence that an outsider can check");
    now(&s, "2026-03-02T09:00:00Z");
    as(&s, "service desk", "service_desk");
    itsm_ref dark = create(&s, "incident",
                           WITH(text("title", "Dark"), text("description", "No light"), text("reporter", "accountant"),
                                text("channel", "phone"), number("impact", 3), number("urgency", 3),
                                at_time("detected_at", "2026-03-02T08:50:00Z")));
    change(&s, dark, WITH(text("description", "No light on the third floor")));
    keep_elsewhere(&s, &note);
    if (!s.rc) printf("\n%.*s\n", (int)note.n, note.p);
    prove(&s);
    verify_against(&s, &note);

    now(&s, "2026-03-03T09:00:00Z");
    puts("  somebody edits the title in the store");
    tamper(&s, dark);
    verify_against(&s, &note);
    itsm_buf_clear(&note);
    return end(&s);
}
