/* SPDX-License-Identifier: MIT */
/*
 * itsm model check and diff: what is wrong with a model of one's own, and what it changes.  Findings are data: they go
 * to standard output, all of them.
 */
#include "cli/model.h"

#define N(array) (sizeof(array) / sizeof *(array))

/* check ------------------------------------------------------------------------------------------------------------- */

static option check_options[] = {
    {"--base", "FILE", "the model whose guards it should keep; the built-in one if not given", 0, 0, {NULL}, 0},
    {"--strict", NULL, "a clause that loses a guard is a finding, not only a warning", 0, 0, {NULL}, 0},
};

typedef struct tally {
    size_t errors, warnings;
} tally;

/* file:line:column: error: message [where: rule] (clause) */
static itsm_status print_issue(itsm_buf *out, const char *file, const itsm_issue *issue)
{
    const char *between = issue->where.n && issue->rule.n ? ": " : "";
    itsm_status rc = print(out, "%s:", file);
    if (!rc && issue->line)
        rc = print(out, "%llu:%llu:", (unsigned long long)issue->line, (unsigned long long)issue->column);
    if (!rc) rc = print(out, " %s: %.*s", issue->code ? "error" : "warning", ITSM_ARG(issue->message));
    if (!rc && (issue->where.n || issue->rule.n))
        rc = print(out, " [%.*s%s%.*s]", ITSM_ARG(issue->where), between, ITSM_ARG(issue->rule));
    if (!rc && issue->clause.n) rc = print(out, " (%.*s)", ITSM_ARG(issue->clause));
    return rc ? rc : print(out, "\n");
}

static itsm_status print_issues(itsm_buf *out, tally *t, const itsm_ctx *ctx, const char *file)
{
    itsm_status rc = ITSM_OK;
    for (size_t i = 0; i < itsm_ctx_issue_count(ctx) && !rc; i++) {
        const itsm_issue *issue = itsm_ctx_issue(ctx, i);
        if (issue->code) t->errors++;
        else t->warnings++;
        rc = print_issue(out, file, issue);
    }
    return rc;
}

/* A text that is a model but a wrong one is a finding; what is no model at all is bad input. */
static int check(output *out, tally *t, itsm_ctx *ctx, const char *path, const itsm_model *base)
{
    itsm_buf text = ITSM_BUF_INIT;
    itsm_model *model = NULL;
    int code = read_file(&text, ctx, path);
    itsm_status rc = code ? ITSM_OK : itsm_model_load(&model, ctx, itsm_buf_str(&text));
    itsm_buf_clear(&text);
    if (!code && !rc) rc = itsm_model_compare(ctx, base, model);
    if (!code && (!rc || rc == ITSM_E_INVALID)) rc = print_issues(&out->text, t, ctx, path);
    if (rc) code = input_error(ctx, rc, path);
    itsm_model_free(model);
    return code;
}

static int run_check(const command *self, itsm_ctx *ctx, int argc, char **argv)
{
    const itsm_model *base = NULL;
    output out = OUTPUT_INIT;
    tally t = {0, 0};
    int operands = parse(self, argc, argv), code;
    if (operands < 0) return operands == -2 ? EXIT_FINE : EXIT_USAGE;
    if ((code = load_model(&base, ctx, value_of(self, "--base"))) != 0) return code;
    code = check(&out, &t, ctx, argv[0], base);
    itsm_model_free(base);
    itsm_status rc = code ? ITSM_OK
                          : print(&out.text, "%s: %llu errors, %llu warnings\n", argv[0], (unsigned long long)t.errors,
                                  (unsigned long long)t.warnings);
    int written = finish_output(&out, ctx, rc, argv[0]);
    if (code || written) return code ? code : written;
    return t.errors || (t.warnings && value_of(self, "--strict")) ? EXIT_FINDINGS : EXIT_FINE;
}

const command model_check_command = {"model check",
                                     "itsm model check FILE [--base FILE] [--strict]",
                                     "what is wrong with a model, and which clauses lose a guard",
                                     "itsm model check ours.json",
                                     run_check,
                                     check_options,
                                     N(check_options),
                                     1,
                                     1,
                                     "FILE"};

/* diff -------------------------------------------------------------------------------------------------------------- */

static option diff_options[] = {
    {"--format", "FORM", "text (default) or json", 0, 0, {NULL}, 0},
};

static itsm_status print_clauses(itsm_buf *out, const itsm_names *names)
{
    itsm_status rc = ITSM_OK;
    for (size_t i = 0; i < names->n && !rc; i++) rc = print(out, "%s%.*s", i ? ", " : " (", ITSM_ARG(names->item[i]));
    return rc || !names->n ? rc : print(out, ")");
}

/* removed guard incident.status.resolve: set(resolution) (8.6.1) */
static itsm_status print_change(void *user, const itsm_model_change *change)
{
    static const char *const words[] = {"", "added", "removed", "changed"};
    itsm_buf *out = (itsm_buf *)user;
    const char *part = itsm_model_part_text(change->part);
    itsm_status rc = print(out, "%s %s %.*s", change->how < N(words) ? words[change->how] : "", part ? part : "",
                           ITSM_ARG(change->where));
    const itsm_str *texts[] = {&change->before, &change->after};
    for (size_t i = 0; i < N(texts) && !rc; i++) {
        if (!texts[i]->n) continue;
        if (i && change->before.n) rc = print(out, " ->");
        else rc = print(out, ":");
        if (!rc) rc = print(out, " ");
        if (!rc) rc = itsm_buf_add(out, texts[i]->p, texts[i]->n);
    }
    if (!rc) rc = print_clauses(out, &change->clauses_2018);
    return rc ? rc : print(out, "\n");
}

static int run_diff(const command *self, itsm_ctx *ctx, int argc, char **argv)
{
    const itsm_model *a = NULL, *b = NULL;
    output out = OUTPUT_INIT;
    int operands = parse(self, argc, argv), code, json, different = 0;
    if (operands < 0) return operands == -2 ? EXIT_FINE : EXIT_USAGE;
    const char *format = value_of(self, "--format");
    json = format && !strcmp(format, "json");
    if (format && !json && strcmp(format, "text"))
        return usage_error(self, "--format: %s is neither text nor json", format);
    code = load_model(&a, ctx, argv[0]);
    if (!code) code = load_model(&b, ctx, argv[1]);
    if (!code) {
        itsm_status rc =
            json ? itsm_model_diff_encode(&out.text, a, b) : itsm_model_diff(print_change, &out.text, a, b);
        different = out.text.n > (json ? 2u : 0u); /* [] */
        if (!rc && json) rc = print(&out.text, "\n");
        code = finish_output(&out, ctx, rc, argv[1]);
    }
    itsm_model_free(a), itsm_model_free(b);
    return code ? code : different ? EXIT_FINDINGS : EXIT_FINE;
}

const command model_diff_command = {"model diff",
                                    "itsm model diff A B [--format FORM]",
                                    "what the second model changes; \"builtin\" names the built-in one",
                                    "itsm model diff builtin ours.json",
                                    run_diff,
                                    diff_options,
                                    N(diff_options),
                                    2,
                                    2,
                                    "A B"};
