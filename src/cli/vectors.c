/* SPDX-License-Identifier: MIT */
/*
 * itsm vectors: run golden cases, one JSON object a line, and say how many hold.
 */
#include "cli/cli.h"

typedef struct tally {
    uint64_t passed, failed;
} tally;

/* Run each line of a text. */
static int run_text(tally *t, itsm_ctx *ctx, const char *file, itsm_str text)
{
    uint64_t line = 0;
    for (size_t at = 0; at < text.n;) {
        const char *end = memchr(text.p + at, '\n', text.n - at);
        size_t n = end ? (size_t)(end - (text.p + at)) : text.n - at;
        itsm_str one = itsm_str_n(text.p + at, n);
        itsm_buf failure = ITSM_BUF_INIT;
        at += n + 1, line++;
        while (one.n && memchr("\r\t ", one.p[one.n - 1], 3)) one.n--;
        if (!one.n) continue;
        itsm_status rc = itsm_golden_run(ctx, one, &failure);
        if (rc == ITSM_E_NOMEM) return itsm_buf_clear(&failure), input_error(ctx, rc, file);
        if (!rc) t->passed++;
        else {
            itsm_buf out = ITSM_BUF_INIT;
            t->failed++;
            const itsm_issue *issue = itsm_ctx_issue(ctx, 0);
            if (!failure.n && issue) (void)!itsm_buf_add(&failure, issue->message.p, issue->message.n);
            if (!failure.n) (void)!print(&failure, "%s", itsm_status_text(rc));
            if (print(&out, "%s:%llu: ", file, (unsigned long long)line) == ITSM_OK &&
                itsm_buf_add(&out, failure.p, failure.n) == ITSM_OK && itsm_buf_add(&out, "\n", 1) == ITSM_OK)
                (void)put(out.p, out.n);
            itsm_buf_clear(&out);
        }
        itsm_buf_clear(&failure);
    }
    return EXIT_FINE;
}

static int run(const command *self, itsm_ctx *ctx, int argc, char **argv)
{
    tally t = {0, 0};
    int operands = parse(self, argc, argv), code = EXIT_FINE;
    if (operands < 0) return operands == -2 ? EXIT_FINE : EXIT_USAGE;
    for (int i = 0; i < operands && !code; i++) {
        itsm_buf text = ITSM_BUF_INIT;
        code = read_file(&text, ctx, argv[i]);
        if (!code) code = run_text(&t, ctx, argv[i], itsm_buf_str(&text));
        itsm_buf_clear(&text);
    }
    if (code) return code;
    itsm_buf out = ITSM_BUF_INIT;
    if (print(&out, "%llu passed, %llu failed\n", (unsigned long long)t.passed, (unsigned long long)t.failed) ==
        ITSM_OK)
        code = put(out.p, out.n);
    itsm_buf_clear(&out);
    if (!code && !t.passed && !t.failed)
        return note("itsm: there is no case in %s", operands > 1 ? "these files" : argv[0]), EXIT_INPUT;
    return code ? code : t.failed ? EXIT_FINDINGS : EXIT_FINE;
}

const command vectors_command = {"vectors",
                                 "itsm vectors FILE...",
                                 "run golden cases: working time, clocks, lifecycles",
                                 "itsm vectors sla.jsonl scenarios.jsonl",
                                 run,
                                 NULL,
                                 0,
                                 1,
                                 -1,
                                 "FILE"};
