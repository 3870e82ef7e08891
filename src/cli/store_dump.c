/* SPDX-License-Identifier: MIT */
/*
 * itsm store dump and load: a store as JSON Lines, nothing left out, and a store made of them again: the same rows with
 * their revisions and index keys, the same deleted rows, sequences and audit trail.
 *
 * A row whose body the model reads, and writes again byte for byte, stands there with its fields; any other with its
 * bytes in base64.  The last line counts what was told and has the root of the audit trail, so that half a dump is
 * noticed.  What is read are lines as dump writes them: members in that order, any white space between them.
 */
#include "cli/model.h"
#include "cli/store.h"

#include <stdlib.h>

#define N(array) (sizeof(array) / sizeof *(array))

enum { LINE_LIMIT = 64 << 20, KEYS_MAX = 1 << 16 };

/* Base64 (RFC 4648) ------------------------------------------------------------------------------------------------- */

static const char base64_letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static itsm_status print_base64(itsm_buf *out, const void *bytes, size_t n)
{
    const unsigned char *p = bytes;
    itsm_status rc = itsm_buf_add(out, "\"", 1);
    for (size_t i = 0; i < n && !rc; i += 3) {
        char four[4] = {'=', '=', '=', '='};
        uint32_t bits = (uint32_t)p[i] << 16 | (i + 1 < n ? (uint32_t)p[i + 1] << 8 : 0) | (i + 2 < n ? p[i + 2] : 0);
        size_t letters = n - i >= 3 ? 4 : n - i + 1;
        for (size_t k = 0; k < letters; k++) four[k] = base64_letters[bits >> (18 - 6 * k) & 63];
        rc = itsm_buf_add(out, four, 4);
    }
    return rc ? rc : itsm_buf_add(out, "\"", 1);
}

/* Appends what a base64 text stands for; 0: it is none. */
static int add_base64(itsm_buf *out, itsm_str text)
{
    if (text.n % 4) return 0;
    for (size_t i = 0; i < text.n; i += 4) {
        uint32_t bits = 0;
        size_t letters = 4;
        while (i + 4 == text.n && letters > 2 && text.p[i + letters - 1] == '=') letters--;
        for (size_t k = 0; k < letters; k++) {
            const char *at = text.p[i + k] ? strchr(base64_letters, text.p[i + k]) : NULL;
            if (!at) return 0;
            bits |= (uint32_t)(at - base64_letters) << (18 - 6 * k);
        }
        const char three[3] = {(char)(bits >> 16 & 255), (char)(bits >> 8 & 255), (char)(bits & 255)};
        if (bits & ((1u << (8 * (4 - letters))) - 1)) return 0; /* bits behind the end */
        if (itsm_buf_add(out, three, letters - 1)) return 0;
    }
    return 1;
}

/* Dump -------------------------------------------------------------------------------------------------------------- */

typedef struct dump {
    itsm_ctx *ctx;
    const itsm_model *model;
    output out;
    itsm_buf record, body; /* as JSON; written again */
    uint64_t rows, tombstones, sequences, entries;
} dump;

/* The record as JSON, if that gives the same row again. */
static int reads_back(dump *d, const itsm_row *row)
{
    itsm_record *record = NULL, *again = NULL;
    d->record.n = d->body.n = 0;
    itsm_status rc = itsm_record_decode(&record, d->ctx, d->model, row);
    if (!rc) rc = itsm_record_encode_json(&d->record, record);
    if (!rc) rc = itsm_record_decode_json(&again, d->ctx, d->model, itsm_buf_str(&d->record));
    if (!rc) rc = itsm_record_encode(&d->body, again);
    itsm_ref ref = again ? itsm_record_ref(again) : row->ref;
    int same = !rc && itsm_record_revision(again) == row->rev && ref.type == row->ref.type &&
               ref.id.hi == row->ref.id.hi && ref.id.lo == row->ref.id.lo && d->body.n == row->body.n &&
               !memcmp(d->body.p, row->body.p, row->body.n);
    itsm_record_free(record), itsm_record_free(again);
    return same;
}

static itsm_status print_row(itsm_buf *out, const itsm_row *row)
{
    return print(out, "{\"type\":%lu,\"id\":\"%016llx%016llx\",\"revision\":%llu}", (unsigned long)row->ref.type,
                 (unsigned long long)row->ref.id.hi, (unsigned long long)row->ref.id.lo, (unsigned long long)row->rev);
}

static itsm_status print_keys(itsm_buf *out, const itsm_file_item *item)
{
    itsm_status rc = print(out, ",\"keys\":[");
    for (size_t i = 0; i < item->nkeys && !rc; i++) {
        rc = print(out, "%s[%lu,%d,", i ? "," : "", (unsigned long)item->keys[i].index, item->keys[i].unique != 0);
        if (!rc) rc = print_base64(out, item->keys[i].key.p, item->keys[i].key.n);
        if (!rc) rc = print(out, "]");
    }
    return rc ? rc : print(out, "]}\n");
}

static itsm_status dump_row(dump *d, const itsm_file_item *item)
{
    itsm_buf *out = &d->out.text;
    int readable = reads_back(d, &item->row);
    itsm_status rc = print(out, "{\"row\":");
    if (!rc) rc = readable ? itsm_buf_add(out, d->record.p, d->record.n) : print_row(out, &item->row);
    if (!rc && !readable) rc = print(out, ",\"body\":");
    if (!rc && !readable) rc = print_base64(out, item->row.body.p, item->row.body.n);
    d->rows++;
    return rc ? rc : print_keys(out, item);
}

static itsm_status dump_item(void *user, const itsm_file_item *item)
{
    dump *d = user;
    itsm_buf *out = &d->out.text;
    itsm_status rc = ITSM_OK;
    if (item->kind == ITSM_FILE_ROW) rc = dump_row(d, item);
    else if (item->kind == ITSM_FILE_TOMBSTONE) {
        d->tombstones++;
        rc = print(out, "{\"deleted\":");
        if (!rc) rc = print_row(out, &item->row);
        if (!rc) rc = print(out, "}\n");
    } else if (item->kind == ITSM_FILE_SEQUENCE) {
        d->sequences++;
        rc = print(out, "{\"sequence\":");
        if (!rc) rc = print_base64(out, item->name.p, item->name.n);
        if (!rc) rc = print(out, ",\"next\":%llu}\n", (unsigned long long)item->next);
    } else {
        d->entries++;
        rc = print(out, "{\"entry\":");
        if (!rc) rc = print_base64(out, item->row.body.p, item->row.body.n);
        if (!rc) rc = print(out, "}\n");
    }
    return rc || out->n < 1 << 16 ? rc : drain(&d->out);
}

static itsm_status dump_end(dump *d, const itsm_file_info *info)
{
    itsm_status rc = print(
        &d->out.text, "{\"end\":{\"rows\":%llu,\"deleted\":%llu,\"sequences\":%llu,\"entries\":%llu,\"audit_root\":\"",
        (unsigned long long)d->rows, (unsigned long long)d->tombstones, (unsigned long long)d->sequences,
        (unsigned long long)d->entries);
    if (!rc) rc = print_hex(&d->out.text, info->audit_root, sizeof info->audit_root);
    return rc ? rc : print(&d->out.text, "\"}}\n");
}

static option dump_options[] = {
    {"--model", "FILE", "a model of one's own instead of the built-in one", 0, 0, {NULL}, 0},
};

static int run_dump(const command *self, itsm_ctx *ctx, int argc, char **argv)
{
    itsm_store *store = NULL;
    itsm_file_info info = ITSM_FILE_INFO_INIT;
    dump d;
    int operands = parse(self, argc, argv), code;
    memset(&d, 0, sizeof d);
    if (operands < 0) return operands == -2 ? EXIT_FINE : EXIT_USAGE;
    if ((code = load_model(&d.model, ctx, value_of(self, "--model"))) != 0) return code;
    if ((code = open_store(&store, ctx, argv[0], ITSM_FILE_READONLY)) != 0) return itsm_model_free(d.model), code;
    itsm_status rc = itsm_ctx_new(&d.ctx, NULL);          /* issues of rows that are no records are nobody's */
    if (!rc) rc = itsm_file_info_read(&info, ctx, store); /* opened to read, it does not move on */
    if (!rc)
        rc = print(&d.out.text, "{\"itsm_dump\":1,\"model\":\"%s\"}\n", value_of(self, "--model") ? "own" : "built-in");
    if (!rc) rc = itsm_file_each(ctx, store, dump_item, &d);
    if (!rc) rc = dump_end(&d, &info);
    int damaged = rc == ITSM_E_CORRUPT;
    code = finish_output(&d.out, ctx, rc, argv[0]);
    itsm_buf_clear(&d.record), itsm_buf_clear(&d.body);
    itsm_ctx_free(d.ctx);
    itsm_store_free(store);
    itsm_model_free(d.model);
    return damaged ? EXIT_FINDINGS : code;
}

const command store_dump_command = {"store dump",
                                    "itsm store dump DIR [--model FILE]",
                                    "everything in it as JSON Lines",
                                    "itsm store dump desk > desk.jsonl",
                                    run_dump,
                                    dump_options,
                                    N(dump_options),
                                    1,
                                    1,
                                    "DIR"};

/* Reading lines ----------------------------------------------------------------------------------------------------- */

typedef struct loading {
    const char *path;
    itsm_ctx *ctx;
    const itsm_model *model;
    itsm_store *store;
    itsm_os_input *input;
    itsm_buf text; /* read and not yet taken */
    size_t taken;
    int ended; /* no more input */
    uint64_t line;
    const char *p, *end; /* of the line */
    itsm_buf body, keys;
    itsm_index_key *key;
    size_t nkeys;
    uint64_t rows, tombstones, sequences, entries;
    int complete; /* the last line was seen */
} loading;

static int wrong(loading *l, const char *what)
{
    note("itsm: %s:%llu: %s", l->path, (unsigned long long)l->line, what);
    return EXIT_INPUT;
}

/* The next line, without its end.  EXIT_FINE with l->p NULL: there are no more. */
static int next_line(loading *l)
{
    for (;;) {
        const char *from = l->text.p + l->taken,
                   *newline = l->text.n > l->taken ? memchr(from, '\n', l->text.n - l->taken) : NULL;
        size_t left = l->text.n - l->taken, got = 0;
        if (newline || l->ended) {
            l->p = left ? from : NULL, l->end = newline ? newline : from + left, l->line++;
            l->taken = newline ? l->taken + (size_t)(newline - from) + 1 : l->text.n;
            return EXIT_FINE;
        }
        if (left > LINE_LIMIT) return l->line++, wrong(l, "a line of more than 64 MiB");
        if (l->taken) memmove(l->text.p, l->text.p + l->taken, left), l->text.n = left, l->taken = 0;
        static char piece[1 << 16];
        itsm_status rc = itsm_os_input_read(l->input, piece, sizeof piece, &got);
        if (!rc) rc = itsm_buf_add(&l->text, piece, got);
        if (rc) return input_error(l->ctx, rc, l->path);
        l->ended = !got;
    }
}

static void skip_space(loading *l)
{
    while (l->p < l->end && (*l->p == ' ' || *l->p == '\t' || *l->p == '\r')) l->p++;
}

/* Take a word of JSON's grammar, if it is there. */
static int take(loading *l, const char *word)
{
    size_t n = strlen(word);
    skip_space(l);
    if ((size_t)(l->end - l->p) < n || memcmp(l->p, word, n)) return 0;
    l->p += n;
    return 1;
}

static int take_member(loading *l, const char *before, const char *quoted)
{
    return take(l, before) && take(l, quoted) && take(l, ":");
}

static int take_number(loading *l, uint64_t *out)
{
    uint64_t value = 0;
    skip_space(l);
    const char *from = l->p;
    for (; l->p < l->end && *l->p >= '0' && *l->p <= '9'; l->p++) {
        uint64_t digit = (uint64_t)(*l->p - '0');
        if (value > (UINT64_MAX - digit) / 10) return 0;
        value = value * 10 + digit;
    }
    *out = value;
    return l->p > from;
}

/* A text without escapes: the digits and letters dump writes need none. */
static int take_text(loading *l, itsm_str *out)
{
    if (!take(l, "\"")) return 0;
    const char *from = l->p;
    while (l->p < l->end && *l->p != '"' && *l->p != '\\') l->p++;
    *out = itsm_str_n(from, (size_t)(l->p - from));
    return take(l, "\"");
}

static int take_bytes(loading *l, itsm_buf *out)
{
    itsm_str text;
    return take_text(l, &text) && add_base64(out, text);
}

/* An object, whatever it holds. */
static int take_object(loading *l, itsm_str *out)
{
    size_t depth = 0;
    int quoted = 0;
    skip_space(l);
    const char *from = l->p;
    for (; l->p < l->end; l->p++) {
        if (quoted) {
            if (*l->p == '\\' && l->p + 1 < l->end) l->p++;
            else if (*l->p == '"') quoted = 0;
        } else if (*l->p == '"') quoted = 1;
        else if (*l->p == '{') depth++;
        else if (*l->p == '}' && depth && !--depth) {
            *out = itsm_str_n(from, (size_t)(++l->p - from));
            return *from == '{';
        }
    }
    return 0;
}

static int hex_digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static int take_id(loading *l, itsm_id *out)
{
    itsm_str text;
    out->hi = out->lo = 0;
    if (!take_text(l, &text) || text.n != 32) return 0;
    for (size_t i = 0; i < 32; i++) {
        int digit = hex_digit(text.p[i]);
        if (digit < 0) return 0;
        uint64_t *half = i < 16 ? &out->hi : &out->lo;
        *half = *half << 4 | (uint64_t)digit;
    }
    return 1;
}

/* {"type":9,"id":"...","revision":3} */
static int take_ref(loading *l, itsm_row *row)
{
    uint64_t type;
    if (!take_member(l, "{", "\"type\"") || !take_number(l, &type) || type > UINT32_MAX) return 0;
    row->ref.type = (uint32_t)type;
    return take_member(l, ",", "\"id\"") && take_id(l, &row->ref.id) && take_member(l, ",", "\"revision\"") &&
           take_number(l, &row->rev) && take(l, "}");
}

static int take_key(loading *l, size_t *at)
{
    uint64_t index, unique;
    if (!take(l, "[") || !take_number(l, &index) || index > UINT32_MAX || !take(l, ",")) return 0;
    if (!take_number(l, &unique) || unique > 1 || !take(l, ",")) return 0;
    if (l->nkeys == KEYS_MAX) return 0;
    itsm_index_key *key = &l->key[l->nkeys++];
    *at = l->keys.n;
    key->index = (uint32_t)index, key->unique = (uint32_t)unique;
    if (!take_bytes(l, &l->keys)) return 0;
    key->key.n = l->keys.n - *at;
    return take(l, "]");
}

static int take_keys(loading *l)
{
    size_t at = 0;
    l->nkeys = 0, l->keys.n = 0;
    if (!take_member(l, ",", "\"keys\"") || !take(l, "[")) return 0;
    if (!take(l, "]")) {
        do
            if (!take_key(l, &at)) return 0;
        while (take(l, ","));
        if (!take(l, "]")) return 0;
    }
    at = 0;
    for (size_t i = 0; i < l->nkeys; i++) l->key[i].key.p = l->keys.p + at, at += l->key[i].key.n;
    return 1;
}

static int line_ends(loading *l)
{
    skip_space(l);
    return l->p == l->end;
}

/* Load -------------------------------------------------------------------------------------------------------------- */

static int apply(loading *l, itsm_op *op, const itsm_bytes *entry)
{
    itsm_batch batch = ITSM_BATCH_INIT;
    batch.ops = op, batch.nops = 1, batch.audit = entry, batch.naudit = entry != NULL;
    itsm_status rc = itsm_store_apply(NULL, l->ctx, l->store, &batch, NULL);
    if (!rc) return EXIT_FINE;
    const itsm_issue *issue = itsm_ctx_issue(l->ctx, 0);
    return wrong(l, issue ? issue->message.p : itsm_status_text(rc));
}

/* A row as fields: its identity, revision and body. */
static int read_record(loading *l, itsm_row *row, itsm_str text)
{
    itsm_record *record = NULL;
    itsm_status rc = itsm_record_decode_json(&record, l->ctx, l->model, text);
    if (!rc) rc = itsm_record_encode(&l->body, record);
    if (rc) {
        const itsm_issue *issue = itsm_ctx_issue(l->ctx, 0);
        return wrong(l, issue ? issue->message.p : itsm_status_text(rc));
    }
    row->ref = itsm_record_ref(record), row->rev = itsm_record_revision(record);
    itsm_record_free(record);
    return EXIT_FINE;
}

static int load_row(loading *l)
{
    itsm_op op;
    itsm_str text;
    memset(&op, 0, sizeof op);
    l->body.n = 0;
    const char *from = l->p;
    if (!take_object(l, &text)) return wrong(l, "this is not a row");
    if (take_member(l, ",", "\"body\"")) {
        const char *behind = l->p;
        l->p = from;
        if (!take_ref(l, &op.row)) return wrong(l, "this is not a row");
        l->p = behind;
        if (!take_bytes(l, &l->body)) return wrong(l, "the body is not base64");
    } else {
        l->p = text.p + text.n;
        int code = read_record(l, &op.row, text);
        if (code) return code;
    }
    if (!take_keys(l) || !take(l, "}") || !line_ends(l))
        return wrong(l, "the keys of the row are not as they should be");
    op.kind = ITSM_PUT, op.expect = ITSM_REV_NONE, op.keys = l->key, op.nkeys = l->nkeys;
    op.row.body.p = l->body.n ? l->body.p : "", op.row.body.n = l->body.n;
    l->rows++;
    return apply(l, &op, NULL);
}

/* Put and deleted: so its revision stays taken. */
static int load_deleted(loading *l)
{
    itsm_op op;
    memset(&op, 0, sizeof op);
    if (!take_ref(l, &op.row) || !take(l, "}") || !line_ends(l)) return wrong(l, "this is not a deleted row");
    op.kind = ITSM_PUT, op.expect = ITSM_REV_NONE;
    int code = apply(l, &op, NULL);
    op.kind = ITSM_DEL, op.expect = op.row.rev;
    l->tombstones++;
    return code ? code : apply(l, &op, NULL);
}

static int load_sequence(loading *l)
{
    uint64_t next, first = 0, at = 1;
    l->body.n = 0;
    if (!take_bytes(l, &l->body) || !take_member(l, ",", "\"next\"") || !take_number(l, &next) || !take(l, "}") ||
        !line_ends(l))
        return wrong(l, "this is not a sequence");
    if (itsm_buf_add(&l->body, "", 1)) return wrong(l, "no memory");
    if ((next >> 32) > 1 << 16) return wrong(l, "a sequence that has given more numbers than can be taken again");
    for (; at < next; at = first) { /* numbers are taken, as many as were given */
        uint32_t n = next - at > UINT32_MAX ? UINT32_MAX : (uint32_t)(next - at);
        itsm_status rc = itsm_store_reserve(&first, l->ctx, l->store, l->body.p, n, NULL);
        if (rc) return wrong(l, itsm_status_text(rc));
        first += n;
    }
    l->sequences++;
    return EXIT_FINE;
}

static int load_entry(loading *l)
{
    itsm_op op;
    l->body.n = 0;
    if (!take_bytes(l, &l->body) || !take(l, "}") || !line_ends(l)) return wrong(l, "this is not an audit entry");
    memset(&op, 0, sizeof op); /* a batch needs an expectation: of a row that never is */
    op.kind = ITSM_CHECK, op.expect = ITSM_REV_NONE, op.row.ref.type = UINT32_MAX,
    op.row.ref.id.hi = op.row.ref.id.lo = UINT64_MAX;
    itsm_bytes entry = {l->body.p, l->body.n};
    l->entries++;
    return apply(l, &op, &entry);
}

/* The last line: nothing is missing, and the audit trail is the same. */
static int load_end(loading *l)
{
    itsm_file_info info = ITSM_FILE_INFO_INIT;
    uint64_t rows, deleted, sequences, entries;
    itsm_str root;
    itsm_buf own = ITSM_BUF_INIT;
    int code = EXIT_FINE;
    if (!take_member(l, "{", "\"rows\"") || !take_number(l, &rows) || !take_member(l, ",", "\"deleted\"") ||
        !take_number(l, &deleted) || !take_member(l, ",", "\"sequences\"") || !take_number(l, &sequences) ||
        !take_member(l, ",", "\"entries\"") || !take_number(l, &entries) || !take_member(l, ",", "\"audit_root\"") ||
        !take_text(l, &root) || !take(l, "}") || !take(l, "}") || !line_ends(l))
        return wrong(l, "this is not the end of a dump");
    if (rows != l->rows || deleted != l->tombstones || sequences != l->sequences || entries != l->entries)
        return wrong(l, "lines are missing: the counts are others");
    itsm_status rc = itsm_file_info_read(&info, l->ctx, l->store);
    if (!rc) rc = print_hex(&own, info.audit_root, sizeof info.audit_root);
    if (rc) code = input_error(l->ctx, rc, l->path);
    else if (!itsm_str_eq(itsm_buf_str(&own), root)) code = wrong(l, "the audit trail has another root");
    itsm_buf_clear(&own);
    l->complete = 1;
    return code;
}

static int load_line(loading *l)
{
    static const struct {
        const char *name;
        int (*load)(loading *l);
    } kinds[] = {{"\"row\"", load_row},
                 {"\"entry\"", load_entry},
                 {"\"deleted\"", load_deleted},
                 {"\"sequence\"", load_sequence},
                 {"\"end\"", load_end}};
    if (!take(l, "{")) return line_ends(l) ? EXIT_FINE : wrong(l, "this is not a line of a dump");
    if (l->complete) return wrong(l, "more lines behind the last one");
    for (size_t i = 0; i < N(kinds); i++)
        if (take_member(l, "", kinds[i].name)) return kinds[i].load(l);
    return wrong(l, "this is not a line of a dump");
}

static int load_lines(loading *l)
{
    uint64_t version = 0;
    int code = next_line(l);
    if (code) return code;
    if (!l->p || !take_member(l, "{", "\"itsm_dump\"") || !take_number(l, &version))
        return wrong(l, "this is not a dump of a store");
    if (version != 1) return wrong(l, "a dump of a newer version");
    while (!(code = next_line(l)) && l->p)
        if ((code = load_line(l)) != 0) return code;
    if (!code && !l->complete) return wrong(l, "the dump ends too early");
    return code;
}

/* Into a directory that is not there, or empty. */
static int make_store(loading *l, const char *path, uint32_t flags)
{
    itsm_file_options options = ITSM_FILE_OPTIONS_INIT;
    itsm_file_info info = ITSM_FILE_INFO_INIT;
    options.flags = flags, options.durability = ITSM_FILE_OFF;
    itsm_status rc = itsm_store_file(&l->store, l->ctx, itsm_os_io(), itsm_str_c(path), &options);
    if (!rc) rc = itsm_file_info_read(&info, l->ctx, l->store);
    if (rc) return store_error(l->ctx, rc, path);
    if (!info.commits) return EXIT_FINE;
    note("itsm: %s: there is a store already", path);
    return EXIT_INPUT;
}

static option load_options[] = {
    {"--model", "FILE", "a model of one's own instead of the built-in one", 0, 0, {NULL}, 0},
    {"--force", NULL, "on a network file system too", 0, 0, {NULL}, 0},
};

static int load(loading *l, const command *self, const char *path)
{
    int code = load_model(&l->model, l->ctx, value_of(self, "--model"));
    if (code) return code;
    itsm_status rc = itsm_os_input_open(&l->input, l->ctx, itsm_str_c(l->path));
    if (rc) return input_error(l->ctx, rc, l->path);
    l->key = malloc(KEYS_MAX * sizeof *l->key);
    if (!l->key) return input_error(NULL, ITSM_E_NOMEM, l->path);
    code = make_store(l, path, value_of(self, "--force") ? ITSM_FILE_FORCE : 0);
    if (!code) code = load_lines(l);
    if (!code && (rc = itsm_store_flush(l->ctx, l->store, NULL)) < 0) code = store_error(l->ctx, rc, path);
    if (code && l->line > 1) note("itsm: %s: not complete: what was loaded so far is there", path);
    return code;
}

static int run_load(const command *self, itsm_ctx *ctx, int argc, char **argv)
{
    loading l;
    output out = OUTPUT_INIT;
    int operands = parse(self, argc, argv);
    memset(&l, 0, sizeof l);
    if (operands < 0) return operands == -2 ? EXIT_FINE : EXIT_USAGE;
    l.ctx = ctx, l.path = operands > 1 ? argv[1] : "-";
    int code = load(&l, self, argv[0]);
    if (!code)
        code = finish_output(&out, ctx,
                             print(&out.text, "%s: %llu rows, %llu audit entries\n", argv[0],
                                   (unsigned long long)l.rows, (unsigned long long)l.entries),
                             argv[0]);
    itsm_store_free(l.store);
    itsm_os_input_close(l.input);
    itsm_buf_clear(&l.text), itsm_buf_clear(&l.body), itsm_buf_clear(&l.keys);
    free(l.key);
    itsm_model_free(l.model);
    return code;
}

const command store_load_command = {"store load",
                                    "itsm store load DIR [FILE]",
                                    "make a store of a dump",
                                    "itsm store load desk desk.jsonl",
                                    run_load,
                                    load_options,
                                    N(load_options),
                                    1,
                                    2,
                                    "DIR FILE"};
