/* SPDX-License-Identifier: MIT */
/*
 * itsm audit: verify the audit trail of a store, make checkpoints of it, and prove what it says.
 *
 * A store is opened for reading only, so all of this may be done while another process writes.
 */
#include "cli/audit.h"

#include "cli/model.h"

#define N(array) (sizeof(array) / sizeof *(array))

/* What all of them open ----------------------------------------------------------------------------------------------- */

int open_trail(trail *t, const command *self, itsm_ctx *ctx, const char *path)
{
    itsm_file_options how = ITSM_FILE_OPTIONS_INIT;
    memset(t, 0, sizeof *t);
    t->ctx = ctx, t->path = path;
    how.flags = ITSM_FILE_READONLY | ITSM_FILE_EXISTING;
    int code = load_model(&t->model, ctx, value_of(self, "--model"));
    if (code) return code;
    itsm_status rc = itsm_store_file(&t->store, ctx, itsm_os_io(), itsm_str_c(path), &how);
    if (!rc) rc = itsm_sms_new(&t->sms, ctx, t->model, t->store, NULL);
    return rc ? input_error(ctx, rc, path) : EXIT_FINE;
}

void close_trail(trail *t)
{
    itsm_sms_free(t->sms);
    itsm_store_free(t->store);
    itsm_model_free(t->model);
}

int read_size(uint64_t *out, const command *self, const char *name, const char *text)
{
    uint64_t u = 0;
    for (const char *p = text; *p; p++) {
        if (*p < '0' || *p > '9' || u > (UINT64_MAX - 9) / 10)
            return usage_error(self, "%s: %s is no number of entries", name, text);
        u = u * 10 + (uint64_t)(*p - '0');
    }
    if (!*text) return usage_error(self, "%s: a number of entries is missing", name);
    *out = u;
    return EXIT_FINE;
}

/* How many entries there are. */
static int count_entries(uint64_t *out, trail *t)
{
    itsm_audit_checkpoint now = ITSM_AUDIT_CHECKPOINT_INIT;
    itsm_status rc = itsm_audit_root(&now, t->ctx, t->store);
    *out = now.count;
    return rc ? input_error(t->ctx, rc, t->path) : EXIT_FINE;
}

/* checkpoint ---------------------------------------------------------------------------------------------------------- */

static option checkpoint_options[] = {
    {"--origin", "NAME", "what the log is called, e.g. example.org/desk (default itsm)", 0, 0, {NULL}, 0},
    {"--key", "FILE", "sign with HMAC-SHA256: a secret of at least 16 bytes", 0, 0, {NULL}, 0},
    {"--key-name", "NAME", "of the key (default: the origin)", 0, 0, {NULL}, 0},
    AUDIT_MODEL_OPTION,
};

int load_note_key(itsm_note_key *out, itsm_buf *secret, const command *self, itsm_ctx *ctx, itsm_str name)
{
    const char *path = value_of(self, "--key"), *given = value_of(self, "--key-name");
    int code = read_file(secret, ctx, path);
    if (code) return code;
    const itsm_bytes bytes = {secret->p, secret->n};
    if (secret->n < ITSM_NOTE_SECRET_MIN)
        return note("itsm: %s: a key has at least %u bytes", path, ITSM_NOTE_SECRET_MIN), EXIT_INPUT;
    if (itsm_note_hmac_key(out, given ? itsm_str_c(given) : name, bytes) == ITSM_OK) return EXIT_FINE;
    return usage_error(self, "%s: a name of a key has no blanks and no plus; give one with --key-name",
                       given ? given : "the origin");
}

static int print_checkpoint(trail *t, const command *self)
{
    itsm_audit_checkpoint now = ITSM_AUDIT_CHECKPOINT_INIT;
    itsm_note_key key = ITSM_NOTE_KEY_INIT;
    itsm_buf secret = ITSM_BUF_INIT, text = ITSM_BUF_INIT, signed_note = ITSM_BUF_INIT;
    const char *origin = value_of(self, "--origin");
    int code = EXIT_FINE;
    itsm_status rc = itsm_audit_root(&now, t->ctx, t->store);
    now.origin = itsm_str_c(origin ? origin : "itsm");
    if (rc) code = input_error(t->ctx, rc, t->path);
    else if (itsm_audit_checkpoint_encode(&text, &now))
        code = usage_error(self, "--origin: a name is one line without blanks around it");
    else if (!value_of(self, "--key")) code = put(text.p, text.n);
    else if ((code = load_note_key(&key, &secret, self, t->ctx, now.origin)) == EXIT_FINE) {
        rc = itsm_note_sign(&signed_note, t->ctx, itsm_buf_str(&text), &key, 1);
        code = rc ? input_error(t->ctx, rc, "--origin") : put(signed_note.p, signed_note.n);
    }
    itsm_buf_clear(&secret), itsm_buf_clear(&text), itsm_buf_clear(&signed_note);
    return code;
}

static int run_checkpoint(const command *self, itsm_ctx *ctx, int argc, char **argv)
{
    trail t;
    int operands = parse(self, argc, argv);
    if (operands < 0) return operands == -2 ? EXIT_FINE : EXIT_USAGE;
    int code = open_trail(&t, self, ctx, argv[0]);
    if (!code) code = print_checkpoint(&t, self);
    close_trail(&t);
    return code;
}

static const command checkpoint_command = {
    "audit checkpoint",
    "itsm audit checkpoint STORE [--origin NAME] [--key FILE]",
    "how many entries there are and their root, to be kept elsewhere",
    "itsm audit checkpoint store --origin example.org/desk --key secret >desk.note",
    run_checkpoint,
    checkpoint_options,
    N(checkpoint_options),
    1,
    1,
    "STORE"};

/* prove --------------------------------------------------------------------------------------------------------------- */

static option prove_options[] = {
    {"--place", "N", "the entry at this place, counted from 0", 0, 0, {NULL}, 0},
    {"--against", "SIZE", "as part of the first SIZE entries (default: all)", 0, 0, {NULL}, 0},
    AUDIT_MODEL_OPTION,
};

/* The record of a number, or of an identity of 32 digits, which a purged one still has; its type is then 0. */
static int find_record(itsm_ref *out, trail *t, const char *text)
{
    uint64_t half[2] = {0, 0};
    size_t n = 0;
    for (; n < 32 && text[n]; n++) {
        const char *digit = strchr("0123456789abcdef", text[n]);
        if (!digit) break;
        half[n / 16] = half[n / 16] << 4 | (uint64_t)(digit - "0123456789abcdef");
    }
    out->type = 0, out->id.hi = half[0], out->id.lo = half[1];
    if (n == 32 && !text[n]) return EXIT_FINE;
    const itsm_status rc = itsm_sms_find(out, t->sms, itsm_str_c(text));
    return rc ? input_error(t->ctx, rc, t->path) : EXIT_FINE;
}

/* The place of the last entry about a record below `count`. */
static int find_place(uint64_t *out, trail *t, itsm_ref ref, uint64_t count, const char *name)
{
    itsm_audit_cursor *cursor = NULL;
    itsm_audit_entry entry = ITSM_AUDIT_ENTRY_INIT;
    uint64_t place = 0;
    int found = 0;
    itsm_status rc = itsm_audit_open(&cursor, t->ctx, t->store, 0);
    while (!rc && (rc = itsm_audit_next(&entry, &place, cursor)) == ITSM_OK && place < count)
        if (entry.ref.id.hi == ref.id.hi && entry.ref.id.lo == ref.id.lo && (!ref.type || ref.type == entry.ref.type))
            *out = place, found = 1;
    itsm_audit_close(cursor);
    if (rc < 0) return input_error(t->ctx, rc, t->path);
    if (!found) note("itsm: %s: no entry is about %s", t->path, name);
    return found ? EXIT_FINE : EXIT_INPUT;
}

static int print_proof(trail *t, itsm_status (*encode)(itsm_buf *, itsm_ctx *, itsm_store *, uint64_t, uint64_t),
                       uint64_t a, uint64_t b)
{
    output out = OUTPUT_INIT;
    itsm_status rc = encode(&out.text, t->ctx, t->store, a, b);
    if (!rc) rc = print(&out.text, "\n");
    return finish_output(&out, t->ctx, rc, t->path);
}

static int run_prove(const command *self, itsm_ctx *ctx, int argc, char **argv)
{
    trail t;
    uint64_t place = 0, count = 0, all = 0;
    itsm_ref ref;
    int operands = parse(self, argc, argv), code = EXIT_FINE;
    if (operands < 0) return operands == -2 ? EXIT_FINE : EXIT_USAGE;
    const char *at = value_of(self, "--place"), *against = value_of(self, "--against");
    if ((operands == 2) == (at != NULL)) return usage_error(self, "give a RECORD or --place");
    if (at) code = read_size(&place, self, "--place", at);
    if (!code && against) code = read_size(&count, self, "--against", against);
    if (code) return code;
    code = open_trail(&t, self, ctx, argv[0]);
    if (!code) code = count_entries(&all, &t);
    if (!against) count = all;
    if (!code && count > all)
        note("itsm: %s: the log has %llu entries only", argv[0], (unsigned long long)all), code = EXIT_INPUT;
    if (!code && !at) code = find_record(&ref, &t, argv[1]);
    if (!code && !at) code = find_place(&place, &t, ref, count, argv[1]);
    if (!code && place >= count)
        note("itsm: %s: there is no place %llu among %llu entries", argv[0], (unsigned long long)place,
             (unsigned long long)count),
            code = EXIT_INPUT;
    if (!code) code = print_proof(&t, itsm_audit_inclusion_encode, place, count);
    close_trail(&t);
    return code;
}

static const command prove_command = {"audit prove",
                                      "itsm audit prove STORE RECORD | itsm audit prove STORE --place N",
                                      "that an entry is in the log: the last one of a record, or one by its place",
                                      "itsm audit prove store INC0000045 >proof.json",
                                      run_prove,
                                      prove_options,
                                      N(prove_options),
                                      1,
                                      2,
                                      "STORE RECORD"};

/* consistency --------------------------------------------------------------------------------------------------------- */

static option consistency_options[] = {
    {"--from", "SIZE", "of the earlier log", 1, 0, {NULL}, 0},
    {"--against", "SIZE", "of the later log (default: all there is)", 0, 0, {NULL}, 0},
    AUDIT_MODEL_OPTION,
};

static int run_consistency(const command *self, itsm_ctx *ctx, int argc, char **argv)
{
    trail t;
    uint64_t from = 0, count = 0, all = 0;
    int operands = parse(self, argc, argv);
    if (operands < 0) return operands == -2 ? EXIT_FINE : EXIT_USAGE;
    const char *against = value_of(self, "--against");
    int code = read_size(&from, self, "--from", value_of(self, "--from"));
    if (!code && against) code = read_size(&count, self, "--against", against);
    if (!code && !from) return usage_error(self, "--from: every log begins with no entries");
    if (code) return code;
    code = open_trail(&t, self, ctx, argv[0]);
    if (!code) code = count_entries(&all, &t);
    if (!against) count = all;
    if (!code && (count > all || from > count))
        note("itsm: %s: the log has %llu entries, %llu of them cannot be its beginning", argv[0],
             (unsigned long long)(count > all ? all : count), (unsigned long long)(count > all ? count : from)),
            code = EXIT_INPUT;
    if (!code) code = print_proof(&t, itsm_audit_consistency_encode, from, count);
    close_trail(&t);
    return code;
}

static const command consistency_command = {"audit consistency",
                                            "itsm audit consistency STORE --from SIZE [--against SIZE]",
                                            "that the log of SIZE entries is the beginning of a later one",
                                            "itsm audit consistency store --from 120 >proof.json",
                                            run_consistency,
                                            consistency_options,
                                            N(consistency_options),
                                            1,
                                            1,
                                            "STORE"};

/* The command itself ------------------------------------------------------------------------------------------------- */

static const command *const subcommands[] = {&audit_verify_command, &checkpoint_command, &prove_command,
                                             &consistency_command};

static int help(int fd)
{
    itsm_buf out = ITSM_BUF_INIT;
    itsm_status rc = print(&out, "the audit trail of a store\n\nusage: itsm audit SUBCOMMAND ...\n\n");
    for (size_t i = 0; i < N(subcommands) && !rc; i++)
        rc = print(&out, "  %-12s %s\n", subcommands[i]->name + sizeof "audit", subcommands[i]->summary);
    if (!rc) rc = print(&out, "\nitsm audit SUBCOMMAND --help says how to use one, with an example.\n");
    itsm_bytes bytes = {out.p, out.n};
    if (!rc) rc = itsm_os_output_write(fd, bytes);
    itsm_buf_clear(&out);
    return rc < 0 ? EXIT_INPUT : EXIT_FINE;
}

static int run(const command *self, itsm_ctx *ctx, int argc, char **argv)
{
    return run_subcommand(self, subcommands, N(subcommands), help, ctx, argc, argv);
}

const command audit_command = {"audit",
                               "itsm audit SUBCOMMAND ...",
                               "the audit trail: verify, checkpoint, prove, consistency",
                               "itsm audit verify store --checkpoint desk.note --key secret",
                               run,
                               NULL,
                               0,
                               0,
                               -1,
                               "SUBCOMMAND"};
