/* SPDX-License-Identifier: MIT */
/*
 * What the commands of the program share: options as tables, messages, exit codes.  Data goes to standard output,
 * everything else to standard error.
 */
#ifndef ITSM_SRC_CLI_CLI_H
#define ITSM_SRC_CLI_CLI_H

#include <itsm/itsm.h>

#include <stdarg.h>

enum { EXIT_FINE = 0, EXIT_FINDINGS = 1, EXIT_USAGE = 2, EXIT_INPUT = 3 };

#define VALUES_MAX 64

/* An option; one that may be given several times has room for more values. */
typedef struct option {
    const char *name;     /* "--map" */
    const char *argument; /* "FILE", shown in the help; NULL: a switch, it takes no value */
    const char *help;
    int required, many;
    const char *values[VALUES_MAX]; /* filled by parse() */
    int count;
} option;

typedef struct command {
    const char *name, *usage, *summary, *example;
    int (*run)(const struct command *self, itsm_ctx *ctx, int argc, char **argv);
    option *options;
    size_t noptions;
    int operands_min, operands_max; /* -1: any number */
    const char *operand;            /* their names, a space between: told if one is missing */
} command;

extern const command audit_command, calendar_command, due_command, explain_command, lifecycle_command, model_command,
    replay_command, simulate_command, store_command, vectors_command, whatif_command;

/*
 * Read the arguments behind the command's name into its options; operands are moved to the front of argv.  Returns how
 * many operands there are; -1 after a usage error was said, -2 after help was given.
 */
int parse(const command *self, int argc, char **argv);
const char *value_of(const command *self, const char *name); /* NULL: not given */
const option *option_of(const command *self, const char *name);

/* Run the subcommand ("calendar show") that the first argument names, or say which there are. */
int run_subcommand(const command *self, const command *const *list, size_t n, int (*overview)(int fd), itsm_ctx *ctx, int argc,
                   char **argv);

/* Messages, one line each.  Formats are those of printf. */
void note(const char *format, ...);
int usage_error(const command *self, const char *format, ...);
/* Say in one line what went wrong with an input, from the issues of the context: file, line, column, rule.  EXIT_INPUT. */
int input_error(itsm_ctx *ctx, itsm_status rc, const char *file);

/* Write to standard output, or say why not.  A reader that went away is fine. */
int put(const char *p, size_t n);
/* Text on its way to standard output; what became of it stops whoever makes more. */
typedef struct output {
    itsm_buf text;
    itsm_status rc; /* ITSM_DONE: nobody reads any more */
} output;
#define OUTPUT_INIT {ITSM_BUF_INIT, ITSM_OK}
/* Write what there is so far. */
itsm_status drain(output *out);
/* Write the rest of what was made with a status, or say what went wrong: with the making, or with the writing. */
int finish_output(output *out, itsm_ctx *ctx, itsm_status rc, const char *file);

/* Formats into a buffer, as printf. */
itsm_status print(itsm_buf *out, const char *format, ...);
itsm_status vprint(itsm_buf *out, const char *format, va_list args);
/* Seconds as a number, with a fraction if there is one. */
itsm_status print_seconds(itsm_buf *out, itsm_span span);
/* Appends a JSON text, quoted. */
itsm_status print_json(itsm_buf *out, itsm_str text);

/* A length of time the way read_span() takes it: 4h30m, -2h, 0h. */
#define SPAN_TEXT_MAX 40
const char *span_text(char out[SPAN_TEXT_MAX], itsm_span span);
/* The same for columns: 4:30, -2:00, 0:00:05. */
const char *clock_text(char out[SPAN_TEXT_MAX], itsm_span span);

/* How many letters two short names differ in, and the nearest of several names, or NULL. */
size_t distance(const char *a, const char *b);
const char *nearest(const char *name, const char *const *names, size_t n);

/*
 * Arguments that are values.  Each says what is wrong and returns an exit code.  An instant has an offset, or a zone
 * is given by name; `home` is a zone to be proposed, or NULL.
 */
int read_instant(itsm_time *out, const command *self, const char *name, const char *text, const itsm_zone *zone,
                 const itsm_zone *home);
int read_span(itsm_span *out, const command *self, const char *name, const char *text);
int read_date(int64_t *out, const command *self, const char *name, const char *text);
int load_zone(itsm_zone **out, itsm_ctx *ctx, const char *name);
int load_calendar(itsm_calendar **out, itsm_ctx *ctx, const char *path);
int load_mapping(itsm_mapping **out, itsm_ctx *ctx, const char *path);

/* Read a whole file, or say why not. */
int read_file(itsm_buf *out, itsm_ctx *ctx, const char *path);
/* Write a result to a file, or to standard output for "-". */
int write_file(itsm_ctx *ctx, const char *path, const itsm_buf *content);
/* Can a result be written there?  Said if not. */
int check_writable(const char *path);

#endif
