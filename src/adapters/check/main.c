/* SPDX-License-Identifier: MIT */
/*
 * itsm-store-check BACKEND LOCATION: puts a backend through the conformance kit and prints what came of it as TAP.
 *
 * Exit codes: 0 it conforms, 1 it does not, 2 the call is wrong or no store could be made.
 */
#include "adapters/check/hosts.h"

#include <itsm/os.h>
#include <itsm/version.h>

#include <stdarg.h>
#include <stdio.h>

enum { CONFORMS = 0, FAILS = 1, USAGE = 2, LINE = 1024 };

static void write_line(int fd, const char *format, ...)
{
    char line[LINE];
    va_list arguments;
    va_start(arguments, format);
    int n = vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    itsm_bytes bytes = {line, n < 0 ? 0 : n < LINE ? (size_t)n : LINE - 1};
    if (itsm_os_output_write(fd, bytes) < 0) return; /* nobody to tell */
}

static int help(int fd)
{
    write_line(fd,
               "itsm-store-check BACKEND [LOCATION] [--seed N] [--cases N] [--group NAME] [--case NAME] [--list]\n\n"
               "Puts a storage backend through the conformance kit of libitsm; prints TAP.\n\n"
               "  --seed N      of the random operations\n"
               "  --cases N     how many random operations (100000)\n"
               "  --group NAME  only this group of cases\n"
               "  --case NAME   only this case\n"
               "  --list        name the cases and run none\n\n"
               "backends:\n");
    for (size_t i = 0; i < itsm__check_backend_count; i++) {
        const backend *b = itsm__check_backends[i];
        write_line(fd, b->location ? "  %-9s LOCATION: %s\n" : "  %-9s\n", b->name, b->location);
    }
    return fd == 1 ? CONFORMS : USAGE;
}

static int list(void)
{
    itsm_check_case c = ITSM_CHECK_CASE_INIT;
    for (size_t i = 0; itsm_check_case_at(&c, i) == ITSM_OK; i++)
        write_line(1, "%.*s: %.*s\n", ITSM_ARG(c.group), ITSM_ARG(c.name));
    return CONFORMS;
}

typedef struct count {
    uint32_t printed;
} count;

/* A line of a message must not look like one of the protocol. */
static itsm_status print_case(void *user, const itsm_check_case *c)
{
    count *n = user;
    char message[LINE / 2];
    size_t k = 0;
    for (; k < c->message.n && k + 1 < sizeof message; k++)
        message[k] = c->message.p[k] >= ' ' && c->message.p[k] < 127 ? c->message.p[k] : '?';
    message[k] = 0;
    const char *answer = c->outcome == ITSM_CHECK_FAILED ? "not ok" : "ok";
    write_line(1, c->outcome == ITSM_CHECK_SKIPPED ? "%s %u - %.*s: %.*s # SKIP %s\n" : "%s %u - %.*s: %.*s\n", answer,
               (unsigned)++n->printed, ITSM_ARG(c->group), ITSM_ARG(c->name), message);
    if (c->outcome == ITSM_CHECK_FAILED) write_line(1, "# %s\n", message);
    return ITSM_OK;
}

static int report(const itsm_check_result *result)
{
    write_line(1, "1..%u\n", (unsigned)result->cases);
    write_line(1, "# %s: %u cases, %u passed, %u failed, %u skipped; libitsm %s, capabilities 0x%llx\n", result->name,
               (unsigned)result->cases, (unsigned)result->passed, (unsigned)result->failed, (unsigned)result->skipped,
               ITSM_VERSION, (unsigned long long)result->caps);
    write_line(1, "# %llu random operations from seed %llu, %llu differences\n", (unsigned long long)result->operations,
               (unsigned long long)result->seed, (unsigned long long)result->differences);
    return result->failed ? FAILS : CONFORMS;
}

static int run(place *p, itsm_check_options *options)
{
    itsm_check_result result = ITSM_CHECK_RESULT_INIT;
    itsm_check_host host;
    count n = {0};
    options->fn = print_case, options->user = &n;
    itsm__check_host(&host, p);
    write_line(1, "TAP version 14\n");
    itsm_status rc = itsm_check_run(&result, p->ctx, &host, options);
    if (rc == ITSM_OK) return report(&result);
    const itsm_issue *issue = itsm_ctx_issue(p->ctx, 0);
    const char *said = rc == ITSM_E_NOT_FOUND && !issue ? "there is no such group or case" : itsm_status_text(rc);
    write_line(1, "Bail out! %s\n", said);
    if (issue) write_line(2, "itsm-store-check: %.*s\n", ITSM_ARG(issue->message));
    else write_line(2, "itsm-store-check: %s\n", said);
    return USAGE;
}

/* Nothing of somebody else's is removed. */
static int is_taken(const place *p)
{
    const itsm_io *io = itsm_os_io();
    char name[PLACE_NAME];
    for (size_t i = 0; i < PLACE_FILES && p->backend->files[i]; i++) {
        void *file = NULL;
        int n = snprintf(name, sizeof name, "%.*s%s", ITSM_ARG(p->location), p->backend->files[i]);
        if (n < 0 || n >= PLACE_NAME) return 1;
        if (io->open(io->self, &file, name, ITSM_IO_READ, NULL) != ITSM_OK) continue;
        io->close(io->self, file);
        return 1;
    }
    return 0;
}

static int take_number(uint64_t *out, const char *text)
{
    uint64_t u = 0;
    if (!text || !*text) return 0;
    for (; *text; text++) {
        if (*text < '0' || *text > '9' || u > (UINT64_MAX - 9) / 10) return 0;
        u = u * 10 + (uint64_t)(*text - '0');
    }
    *out = u;
    return u > 0;
}

static int wrong(const char *what, const char *word)
{
    write_line(2, "itsm-store-check: %s%s\nitsm-store-check --help says how to use it.\n", what, word);
    return USAGE;
}

/* An option and its value; USAGE if they are wrong, CONFORMS if not. */
static int take_option(itsm_check_options *options, const char *name, const char *value)
{
    if (!value) return wrong("a value is missing behind ", name);
    if (!strcmp(name, "--seed")) return take_number(&options->seed, value) ? CONFORMS : wrong("not a number: ", value);
    if (!strcmp(name, "--cases"))
        return take_number(&options->operations, value) ? CONFORMS : wrong("not a number: ", value);
    if (!strcmp(name, "--group")) return options->group = itsm_str_c(value), CONFORMS;
    if (!strcmp(name, "--case")) return options->name = itsm_str_c(value), CONFORMS;
    return wrong("there is no option ", name);
}

static const backend *backend_of(const char *name)
{
    for (size_t i = 0; i < itsm__check_backend_count; i++)
        if (!strcmp(itsm__check_backends[i]->name, name)) return itsm__check_backends[i];
    return NULL;
}

static int check_at(const backend *b, const char *location, itsm_check_options *options)
{
    place p = {b, NULL, {NULL, 0}, 0};
    p.location = itsm_str_c(location);
    if (b->location && !location) return wrong("a location is missing behind ", b->name);
    if (is_taken(&p)) return wrong("there is something already at ", location);
    if (itsm_os_ctx_new(&p.ctx)) return wrong("no memory", "");
    int code = run(&p, options);
    itsm_ctx_free(p.ctx);
    return code;
}

int main(int argc, char **argv)
{
    itsm_check_options options = ITSM_CHECK_OPTIONS_INIT;
    const char *words[2] = {NULL, NULL};
    size_t n = 0;
    for (int i = 1; i < argc; i++) {
        if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h")) return help(1);
        if (!strcmp(argv[i], "--list")) return list();
        if (argv[i][0] == '-' && argv[i][1] == '-') {
            int code = take_option(&options, argv[i], i + 1 < argc ? argv[i + 1] : NULL);
            if (code) return code;
            i++;
        } else if (n == 2) {
            return wrong("a word too many: ", argv[i]);
        } else {
            words[n++] = argv[i];
        }
    }
    if (!n) return help(2);
    const backend *b = backend_of(words[0]);
    return b ? check_at(b, words[1], &options) : wrong("no backend in this build is called ", words[0]);
}
