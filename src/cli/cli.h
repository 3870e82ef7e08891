/* SPDX-License-Identifier: MIT */
/*
 * What the commands of the program share: options as tables, messages, exit codes.  Data goes to standard output,
 * everything else to standard error.
 */
#ifndef ITSM_SRC_CLI_CLI_H
#define ITSM_SRC_CLI_CLI_H

#include <itsm/itsm.h>

enum { EXIT_FINE = 0, EXIT_FINDINGS = 1, EXIT_USAGE = 2, EXIT_INPUT = 3 };

#define VALUES_MAX 64

/* An option, which takes a value; one that may be given several times has room for more. */
typedef struct option {
    const char *name;     /* "--map" */
    const char *argument; /* "FILE", shown in the help */
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
    const char *operand;            /* shown in the help */
} command;

extern const command replay_command, simulate_command, vectors_command;

/*
 * Read the arguments behind the command's name into its options; operands are moved to the front of argv.  Returns how
 * many operands there are; -1 after a usage error was said, -2 after help was given.
 */
int parse(const command *self, int argc, char **argv);
const char *value_of(const command *self, const char *name); /* NULL: not given */
const option *option_of(const command *self, const char *name);

/* Messages, one line each.  Formats are those of printf. */
void note(const char *format, ...);
int usage_error(const command *self, const char *format, ...);
/* Say in one line what went wrong with an input, from the issues of the context: file, line, column, rule.  EXIT_INPUT. */
int input_error(itsm_ctx *ctx, itsm_status rc, const char *file);

/* Write to standard output, or say why not.  A reader that went away is fine. */
int put(const char *p, size_t n);

/* Formats into a buffer, as printf. */
itsm_status print(itsm_buf *out, const char *format, ...);

/* How many letters two short names differ in, and the nearest of several names, or NULL. */
size_t distance(const char *a, const char *b);
const char *nearest(const char *name, const char *const *names, size_t n);

/* Read a whole file, or say why not. */
int read_file(itsm_buf *out, itsm_ctx *ctx, const char *path);
/* Write a result to a file, or to standard output for "-". */
int write_file(itsm_ctx *ctx, const char *path, const itsm_buf *content);
/* Can a result be written there?  Said if not. */
int check_writable(const char *path);

#endif
