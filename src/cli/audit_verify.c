/* SPDX-License-Identifier: MIT */
/*
 * itsm audit verify: is the store as its audit trail says, and the trail as a checkpoint kept elsewhere says?
 *
 * Each finding is a line: the record, what is wrong, and the rule in brackets.  Exit code 1 if there is one.
 */
#include "cli/audit.h"

#define N(array) (sizeof(array) / sizeof *(array))

static option options[] = {
    {"--checkpoint", "FILE", "that was kept elsewhere: a checkpoint, or a signed note of one", 0, 0, {NULL}, 0},
    {"--key", "FILE", "the secret that the checkpoint was signed with (HMAC-SHA256)", 0, 0, {NULL}, 0},
    {"--key-name", "NAME", "of the key (default: the origin of the checkpoint)", 0, 0, {NULL}, 0},
    {"--json", NULL, "as JSON", 0, 0, {NULL}, 0},
    AUDIT_MODEL_OPTION,
};

/* The checkpoint that is expected; its bytes. */
typedef struct kept {
    itsm_buf text, secret;
    itsm_audit_checkpoint checkpoint;
    int there, is_signed;
} kept;

/* A checkpoint whose signature is wrong is a finding, not an input that cannot be read. */
static int verify_note(kept *k, const command *self, itsm_ctx *ctx, const char *path)
{
    itsm_note_key key = ITSM_NOTE_KEY_INIT;
    itsm_str signed_text;
    int code = load_note_key(&key, &k->secret, self, ctx, k->checkpoint.origin);
    if (code) return code;
    itsm_status rc = itsm_note_verify(&signed_text, NULL, ctx, itsm_buf_str(&k->text), &key, 1);
    if (!rc) rc = itsm_audit_checkpoint_decode(&k->checkpoint, ctx, signed_text);
    k->is_signed = rc == ITSM_OK;
    if (!rc) return EXIT_FINE;
    code = input_error(ctx, rc, path);
    return rc == ITSM_E_CORRUPT || rc == ITSM_E_NOT_FOUND ? EXIT_FINDINGS : code;
}

static int load_kept(kept *k, const command *self, itsm_ctx *ctx)
{
    const char *path = value_of(self, "--checkpoint");
    if (!path) return value_of(self, "--key") ? usage_error(self, "--key needs --checkpoint") : EXIT_FINE;
    int code = read_file(&k->text, ctx, path);
    if (code) return code;
    const itsm_status rc = itsm_audit_checkpoint_decode(&k->checkpoint, ctx, itsm_buf_str(&k->text));
    if (rc) return input_error(ctx, rc, path);
    k->there = 1;
    if (value_of(self, "--key")) return verify_note(k, self, ctx, path);
    note("itsm: %s: taken as it is: without --key its signature is not verified", path);
    return EXIT_FINE;
}

/* What was found ------------------------------------------------------------------------------------------------------ */

/* The root the way checkpoints have it. */
static itsm_status print_root(itsm_buf *out, const itsm_audit_result *result)
{
    itsm_audit_checkpoint now = ITSM_AUDIT_CHECKPOINT_INIT;
    itsm_buf text = ITSM_BUF_INIT;
    now.count = result->count, now.origin = ITSM_STR("-");
    memcpy(now.root, result->root, sizeof now.root);
    itsm_status rc = itsm_audit_checkpoint_encode(&text, &now);
    if (!rc) rc = itsm_buf_add(&text, "", 1);
    const char *line = text.p;
    for (int i = 0; i < 2 && !rc; i++) line = strchr(line, '\n') + 1;
    if (!rc) rc = print(out, "%.*s", (int)strcspn(line, "\n"), line);
    itsm_buf_clear(&text);
    return rc;
}

static itsm_status print_count(itsm_buf *out, uint64_t n, const char *what)
{
    return n ? print(out, ", %llu %s", (unsigned long long)n, what) : ITSM_OK;
}

static itsm_status print_text(itsm_buf *out, itsm_ctx *ctx, const itsm_audit_result *r, const kept *k)
{
    itsm_status rc = print(out, "%llu entries, %llu compared with their history, %llu rows as they were left",
                           (unsigned long long)r->count, (unsigned long long)r->checked, (unsigned long long)r->rows);
    if (!rc) rc = print_count(out, r->purged, "records purged");
    if (!rc) rc = print_count(out, r->unbound, "rows that no entry commits to");
    if (!rc) rc = print_count(out, r->waiting, "rows whose entries wait to be sealed");
    if (!rc) rc = print(out, "\nroot ");
    if (!rc) rc = print_root(out, r);
    if (!rc && k->there)
        rc = print(out, "\ncheckpoint %.*s of %llu entries%s", ITSM_ARG(k->checkpoint.origin),
                   (unsigned long long)k->checkpoint.count, k->is_signed ? ", signature verified" : "");
    if (!rc && r->bad) rc = print(out, "\n%llu finding%s\n", (unsigned long long)r->bad, r->bad == 1 ? "" : "s");
    if (!rc && !r->bad) rc = print(out, "\nno findings\n");
    for (size_t i = 0; i < itsm_ctx_issue_count(ctx) && !rc; i++) {
        const itsm_issue *issue = itsm_ctx_issue(ctx, i);
        rc = print(out, "  %.*s%s%.*s [%.*s]\n", ITSM_ARG(issue->where), issue->where.n ? ": " : "",
                   ITSM_ARG(issue->message), ITSM_ARG(issue->rule));
    }
    return rc;
}

static itsm_status print_member(itsm_buf *out, const char *name, itsm_str text)
{
    itsm_status rc = print(out, ", \"%s\": ", name);
    return rc ? rc : print_json(out, text);
}

static itsm_status print_findings(itsm_buf *out, itsm_ctx *ctx)
{
    itsm_status rc = print(out, "  \"findings\": [");
    for (size_t i = 0; i < itsm_ctx_issue_count(ctx) && !rc; i++) {
        const itsm_issue *issue = itsm_ctx_issue(ctx, i);
        rc = print(out, "%s\n    {\"rule\": ", i ? "," : "");
        if (!rc) rc = print_json(out, issue->rule);
        if (!rc) rc = print_member(out, "where", issue->where);
        if (!rc) rc = print_member(out, "message", issue->message);
        if (!rc) rc = print(out, "}");
    }
    return rc ? rc : print(out, "%s]", itsm_ctx_issue_count(ctx) ? "\n  " : "");
}

/* Every purge in the log: which record, by whom, when. */
static itsm_status print_purged(itsm_buf *out, trail *t)
{
    itsm_audit_cursor *cursor = NULL;
    itsm_audit_entry entry = ITSM_AUDIT_ENTRY_INIT;
    uint64_t place = 0, n = 0;
    char when[ITSM_TIME_MAX];
    itsm_status rc = itsm_audit_open(&cursor, t->ctx, t->store, 0), read = rc;
    if (!rc) rc = print(out, "  \"purged\": [");
    while (!rc && !read && (read = itsm_audit_next(&entry, &place, cursor)) == ITSM_OK) {
        if (entry.action != ITSM_AUDIT_PURGE) continue;
        const itsm_type_def *type = itsm_model_type_number(t->model, entry.ref.type);
        rc = print(out, "%s\n    {\"place\": %llu, \"type\": ", n++ ? "," : "", (unsigned long long)place);
        if (!rc) rc = print_json(out, type ? type->name : ITSM_STR(""));
        if (!rc)
            rc = print(out, ", \"id\": \"%016llx%016llx\"", (unsigned long long)entry.ref.id.hi,
                       (unsigned long long)entry.ref.id.lo);
        if (!rc) rc = print_member(out, "who", entry.who);
        if (!rc) rc = print_member(out, "at", itsm_str_c(itsm_time_text(when, entry.effective)));
        if (!rc) rc = print(out, "}");
    }
    itsm_audit_close(cursor);
    if (!rc) rc = print(out, "%s],\n", n ? "\n  " : "");
    return rc;
}

static itsm_status print_as_json(itsm_buf *out, trail *t, const itsm_audit_result *r, const kept *k, itsm_buf *findings)
{
    const struct {
        const char *name;
        uint64_t n;
    } counts[] = {{"entries", r->count},   {"checked", r->checked}, {"gone", r->gone}, {"rows", r->rows},
                  {"unbound", r->unbound}, {"waiting", r->waiting}, {"bad", r->bad}};
    itsm_status rc = print(out, "{\n");
    for (size_t i = 0; i < N(counts) && !rc; i++)
        rc = print(out, "  \"%s\": %llu,\n", counts[i].name, (unsigned long long)counts[i].n);
    if (!rc) rc = print(out, "  \"root\": \"");
    if (!rc) rc = print_root(out, r);
    if (!rc) rc = print(out, "\",\n");
    if (!rc && k->there) {
        rc = print(out, "  \"checkpoint\": {\"size\": %llu", (unsigned long long)k->checkpoint.count);
        if (!rc) rc = print_member(out, "origin", k->checkpoint.origin);
        if (!rc) rc = print(out, ", \"signed\": %s},\n", k->is_signed ? "true" : "false");
    }
    if (!rc) rc = print_purged(out, t);
    if (!rc) rc = itsm_buf_add(out, findings->p, findings->n);
    return rc ? rc : print(out, "\n}\n");
}

static int verify(trail *t, const command *self, const kept *k)
{
    itsm_audit_result result = ITSM_AUDIT_RESULT_INIT;
    itsm_buf findings = ITSM_BUF_INIT;
    output out = OUTPUT_INIT;
    itsm_status rc = itsm_sms_audit_verify(&result, t->sms, k->there ? &k->checkpoint : NULL);
    const int bad = result.bad != 0;
    if (rc && !bad) return input_error(t->ctx, rc, t->path);
    if (!option_of(self, "--json")->count) rc = print_text(&out.text, t->ctx, &result, k);
    else if ((rc = print_findings(&findings, t->ctx)) == ITSM_OK)
        rc = print_as_json(&out.text, t, &result, k, &findings);
    itsm_buf_clear(&findings);
    const int code = finish_output(&out, t->ctx, rc, t->path);
    return code ? code : bad ? EXIT_FINDINGS : EXIT_FINE;
}

static int run(const command *self, itsm_ctx *ctx, int argc, char **argv)
{
    trail t;
    kept k = {ITSM_BUF_INIT, ITSM_BUF_INIT, ITSM_AUDIT_CHECKPOINT_INIT, 0, 0};
    int operands = parse(self, argc, argv);
    if (operands < 0) return operands == -2 ? EXIT_FINE : EXIT_USAGE;
    int code = load_kept(&k, self, ctx);
    if (!code) {
        code = open_trail(&t, self, ctx, argv[0]);
        if (!code) code = verify(&t, self, &k);
        close_trail(&t);
    }
    itsm_buf_clear(&k.text), itsm_buf_clear(&k.secret);
    return code;
}

const command audit_verify_command = {"audit verify",
                                      "itsm audit verify STORE [--checkpoint FILE [--key FILE]] [--json]",
                                      "the trail, the history, and that every record is as its last entry left it",
                                      "itsm audit verify store --checkpoint desk.note --key secret",
                                      run,
                                      options,
                                      N(options),
                                      1,
                                      1,
                                      "STORE"};
