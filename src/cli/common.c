/* SPDX-License-Identifier: MIT */
/*
 * Options, messages, files.  The one place of the program that formats text with the C library.
 */
#include "cli/cli.h"

#include <stdio.h>
#include <stdlib.h>

#define LINE_MAX_BYTES 4096
#define NAMES_MAX 32

/* Messages ---------------------------------------------------------------------------------------------------------- */

static void say(const char *line, size_t n)
{
    itsm_bytes bytes = {line, n};
    (void)!itsm_os_output_write(2, bytes); /* nobody is left to be told */
}

/* Names in inputs are shown, but do not steer the terminal: control characters become "?". */
static void clean(char *line, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const unsigned char byte = (unsigned char)line[i], next = i + 1 < n ? (unsigned char)line[i + 1] : 0;
        if (byte < 0x20 || byte == 0x7f) line[i] = '?';
        else if (byte == 0xc2 && next >= 0x80 && next < 0xa0) line[i] = line[i + 1] = '?'; /* U+0080 to U+009F */
    }
}

static void vnote(const char *prefix, const char *format, va_list args)
{
    char line[LINE_MAX_BYTES];
    size_t n = strlen(prefix);
    memcpy(line, prefix, n);
    int more = vsnprintf(line + n, sizeof line - n - 1, format, args);
    if (more < 0) return;
    n += (size_t)more < sizeof line - n - 2 ? (size_t)more : sizeof line - n - 2;
    clean(line, n);
    line[n++] = '\n';
    say(line, n);
}

void note(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vnote("", format, args);
    va_end(args);
}

int usage_error(const command *self, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vnote("itsm: ", format, args);
    va_end(args);
    if (self) note("usage: %s   (itsm %s --help says more)", self->usage, self->name);
    return EXIT_USAGE;
}

/* Does a message name the file itself? */
static int names(itsm_str message, const char *file)
{
    size_t n = strlen(file);
    for (size_t i = 0; n && i + n <= message.n; i++)
        if (!memcmp(message.p + i, file, n)) return 1;
    return 0;
}

/* file:line:column: message [where: rule] (and others) */
static void say_issue(const char *file, const itsm_issue *issue, size_t others)
{
    char place[64] = "", rule[512] = "", more[64] = "";
    const char *between = issue->where.n && issue->rule.n ? ": " : "";
    itsm_str where = issue->where;
    if (issue->line)
        snprintf(place, sizeof place, ":%llu:%llu", (unsigned long long)issue->line, (unsigned long long)issue->column);
    else where.n = 0, between = "";
    if (where.n || issue->rule.n)
        snprintf(rule, sizeof rule, " [%.*s%s%.*s]", ITSM_ARG(where), between, ITSM_ARG(issue->rule));
    if (others) snprintf(more, sizeof more, " (and %llu more)", (unsigned long long)others);
    if (!issue->line && names(issue->message, file)) note("itsm: %.*s%s%s", ITSM_ARG(issue->message), rule, more);
    else note("itsm: %s%s: %.*s%s%s", file, place, ITSM_ARG(issue->message), rule, more);
}

/* The issue to be told is the first that has a place in the file. */
int input_error(itsm_ctx *ctx, itsm_status rc, const char *file)
{
    const itsm_issue *told = itsm_ctx_issue(ctx, 0);
    size_t n = itsm_ctx_issue_count(ctx), placed = 0;
    for (size_t i = n; i--;)
        if (itsm_ctx_issue(ctx, i)->line) placed++, told = itsm_ctx_issue(ctx, i);
    if (told) say_issue(file, told, (placed ? placed : n) - 1);
    else note("itsm: %s: %s", file, itsm_status_text(rc));
    return EXIT_INPUT;
}

itsm_status vprint(itsm_buf *out, const char *format, va_list args)
{
    char text[LINE_MAX_BYTES];
    int n = vsnprintf(text, sizeof text, format, args);
    if (n < 0) return ITSM_E_RANGE;
    return itsm_buf_add(out, text, (size_t)n < sizeof text ? (size_t)n : sizeof text - 1);
}

itsm_status print(itsm_buf *out, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    itsm_status rc = vprint(out, format, args);
    va_end(args);
    return rc;
}

int put(const char *p, size_t n)
{
    itsm_bytes bytes = {p, n};
    itsm_status rc = itsm_os_output_write(1, bytes);
    if (!rc || rc == ITSM_DONE) return EXIT_FINE; /* who reads no more has seen enough */
    note("itsm: standard output: %s", itsm_status_text(rc));
    return EXIT_INPUT;
}

itsm_status drain(output *out)
{
    itsm_bytes bytes = {out->text.p, out->text.n};
    if (!out->rc && bytes.n) out->rc = itsm_os_output_write(1, bytes);
    out->text.n = 0;
    return out->rc;
}

int finish_output(output *out, itsm_ctx *ctx, itsm_status rc, const char *file)
{
    int code = EXIT_FINE;
    if (!rc) rc = drain(out);
    if (out->rc < 0) code = (note("itsm: standard output: %s", itsm_status_text(out->rc)), EXIT_INPUT);
    else if (!out->rc && rc) code = input_error(ctx, rc, file);
    itsm_buf_clear(&out->text);
    return code;
}

itsm_status print_seconds(itsm_buf *out, itsm_span span)
{
    uint64_t size = span < 0 ? UINT64_C(0) - (uint64_t)span : (uint64_t)span;
    itsm_status rc = print(out, "%s%llu", span < 0 ? "-" : "", (unsigned long long)(size / 1000000));
    return rc || size % 1000000 == 0 ? rc : print(out, ".%06llu", (unsigned long long)(size % 1000000));
}

itsm_status print_json(itsm_buf *out, itsm_str text)
{
    itsm_status rc = itsm_buf_add(out, "\"", 1);
    for (size_t i = 0; i < text.n && !rc; i++) {
        unsigned char c = (unsigned char)text.p[i];
        if (c == '"' || c == '\\') rc = print(out, "\\%c", c);
        else if (c < 0x20) rc = print(out, "\\u%04x", c);
        else rc = itsm_buf_add(out, text.p + i, 1);
    }
    return rc ? rc : itsm_buf_add(out, "\"", 1);
}

/* Options ----------------------------------------------------------------------------------------------------------- */

/* Edit distance of two short names (Wagner and Fischer 1974), one row at a time. */
size_t distance(const char *a, const char *b)
{
    size_t row[NAMES_MAX + 1], n = strlen(b);
    if (n > NAMES_MAX) return SIZE_MAX;
    for (size_t k = 0; k <= n; k++) row[k] = k;
    for (size_t i = 0; a[i]; i++) {
        size_t corner = row[0];
        row[0] = i + 1;
        for (size_t k = 0; k < n; k++) {
            size_t change = corner + (a[i] != b[k]), cut = row[k] + 1, add = row[k + 1] + 1;
            corner = row[k + 1];
            row[k + 1] = change < cut ? (change < add ? change : add) : (cut < add ? cut : add);
        }
    }
    return row[n];
}

const char *nearest(const char *name, const char *const *names, size_t n)
{
    const char *best = NULL;
    size_t least = strlen(name) / 3 + 1;
    for (size_t i = 0; i < n; i++) {
        size_t d = distance(name, names[i]);
        if (d < least || (d == least && !best)) best = names[i], least = d;
    }
    return best;
}

const option *option_of(const command *self, const char *name)
{
    for (size_t i = 0; i < self->noptions; i++)
        if (!strcmp(self->options[i].name, name)) return &self->options[i];
    return NULL;
}

const char *value_of(const command *self, const char *name)
{
    const option *o = option_of(self, name);
    return o && o->count ? o->values[o->count - 1] : NULL;
}

static void help(const command *self)
{
    itsm_buf out = ITSM_BUF_INIT;
    itsm_status rc = print(&out, "%s\n\nusage: %s\n%s", self->summary, self->usage, self->noptions ? "\n" : "");
    for (size_t i = 0; i < self->noptions && !rc; i++) {
        const option *o = &self->options[i];
        char left[64];
        snprintf(left, sizeof left, "%s %s", o->name, o->argument ? o->argument : "");
        rc = print(&out, "  %-22s %s%s\n", left, o->help, o->required ? " (required)" : "");
    }
    if (!rc) rc = print(&out, "\nexample:\n  %s\n\nexit: 0 fine, 1 findings, 2 usage, 3 input\n", self->example);
    if (!rc) (void)put(out.p, out.n);
    itsm_buf_clear(&out);
}

/* `given` may have a value behind an equals sign. */
static int unknown_option(const command *self, const char *given)
{
    const char *names[NAMES_MAX];
    char name[64];
    size_t n = 0;
    snprintf(name, sizeof name, "%.*s", (int)strcspn(given, "="), given);
    for (; n < self->noptions && n < NAMES_MAX; n++) names[n] = self->options[n].name;
    const char *near = nearest(name, names, n);
    if (near) usage_error(self, "there is no option %s; did you mean %s?", name, near);
    else usage_error(self, "there is no option %s", name);
    return -1;
}

/* A switch has no value of its own. */
static int take_switch(const command *self, option *o, const char *equals)
{
    if (equals) return usage_error(self, "%s takes no value", o->name), -1;
    o->count = 1, o->values[0] = "";
    return 0;
}

/* --name VALUE or --name=VALUE */
static int take_option(const command *self, int argc, char **argv, int *i)
{
    option *o = NULL;
    const char *equals = strchr(argv[*i], '=');
    size_t n = equals ? (size_t)(equals - argv[*i]) : strlen(argv[*i]);
    for (size_t k = 0; k < self->noptions; k++)
        if (strlen(self->options[k].name) == n && !memcmp(self->options[k].name, argv[*i], n)) o = &self->options[k];
    if (!o) return unknown_option(self, argv[*i]);
    if (!o->argument) return take_switch(self, o, equals);
    const char *value = equals ? equals + 1 : *i + 1 < argc ? argv[++*i] : "";
    if (!*value) {
        usage_error(self, "%s needs %s", o->name, o->argument);
        return -1;
    }
    if (o->count == VALUES_MAX || (o->count && !o->many)) {
        usage_error(self, "%s is given more than %s", o->name, o->many ? "64 times" : "once");
        return -1;
    }
    o->values[o->count++] = value;
    return 0;
}

/* No option begins so: -2h, -PT2H, and - for standard input. */
static int is_operand(const char *text)
{
    return text[0] != '-' || !text[1] || (text[1] >= '0' && text[1] <= '9') || text[1] == 'P';
}

/* Name the first operand that is not there. */
static void missing_operand(const command *self, int operands)
{
    const char *name = self->operand;
    for (; operands && strchr(name, ' '); operands--) name = strchr(name, ' ') + 1;
    usage_error(self, "%.*s is missing", (int)strcspn(name, " "), name);
}

int parse(const command *self, int argc, char **argv)
{
    int operands = 0, literal = 0;
    for (int i = 0; i < argc; i++) {
        if (!literal && (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h"))) return help(self), -2;
        if (!literal && !strcmp(argv[i], "--")) literal = 1;
        else if (!literal && !is_operand(argv[i])) {
            if (take_option(self, argc, argv, &i)) return -1;
        } else argv[operands++] = argv[i];
    }
    for (size_t k = 0; k < self->noptions; k++)
        if (self->options[k].required && !self->options[k].count) {
            usage_error(self, "%s %s is missing", self->options[k].name, self->options[k].argument);
            return -1;
        }
    if (operands < self->operands_min) return missing_operand(self, operands), -1;
    if (self->operands_max >= 0 && operands > self->operands_max) {
        if (self->operands_max == 1) usage_error(self, "there is more than one %s", self->operand);
        else usage_error(self, "%s is one too many", argv[self->operands_max]);
        return -1;
    }
    return operands;
}

/* Files ------------------------------------------------------------------------------------------------------------- */

int read_file(itsm_buf *out, itsm_ctx *ctx, const char *path)
{
    itsm_status rc = itsm_os_file_read(out, ctx, itsm_str_c(path), 0);
    return rc ? input_error(ctx, rc, path) : EXIT_FINE;
}

int write_file(itsm_ctx *ctx, const char *path, const itsm_buf *content)
{
    itsm_bytes bytes = {content->p, content->n};
    if (!strcmp(path, "-")) return put(content->p, content->n);
    itsm_status rc = itsm_os_file_write(ctx, itsm_str_c(path), bytes);
    return rc ? input_error(ctx, rc, path) : EXIT_FINE;
}

/* A folder that takes no files is told before the work, not after it: an empty file is made in it and taken away. */
int check_writable(const char *path)
{
    const itsm_io *io = itsm_os_io();
    itsm_io_note note_of;
    itsm_buf probe = ITSM_BUF_INIT;
    void *file = NULL;
    if (!strcmp(path, "-")) return EXIT_FINE;
    itsm_status rc = io->open(io->self, &file, path, ITSM_IO_WRITE, &note_of);
    if (rc == ITSM_E_NOT_FOUND && !(rc = print(&probe, "%s.probe%lld%c", path, (long long)itsm_os_monotonic(), 0)) &&
        !(rc = io->open(io->self, &file, probe.p, ITSM_IO_WRITE | ITSM_IO_CREATE | ITSM_IO_EXCLUSIVE, &note_of)))
        (void)!io->unlink(io->self, probe.p, NULL);
    io->close(io->self, file);
    itsm_buf_clear(&probe);
    if (rc) note("itsm: cannot write %s: %s", path, note_of.text);
    return rc ? EXIT_INPUT : EXIT_FINE;
}
