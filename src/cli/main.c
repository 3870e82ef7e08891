/* SPDX-License-Identifier: MIT */
/*
 * The `itsm` program: one command a file, found by name.
 */
#include "cli/cli.h"

#include <signal.h>

static const command *const commands[] = {&audit_command,     &calendar_command, &due_command,    &explain_command,
                                          &lifecycle_command, &model_command,    &replay_command, &simulate_command,
                                          &store_command,     &vectors_command,  &whatif_command};

#define COMMANDS (sizeof commands / sizeof *commands)

static int help(int fd)
{
    itsm_buf out = ITSM_BUF_INIT;
    itsm_status rc = print(&out, "itsm %s: IT service management from the command line\n\n", itsm_version());
    for (size_t i = 0; i < COMMANDS && !rc; i++)
        rc = print(&out, "  %-10s %s\n", commands[i]->name, commands[i]->summary);
    if (!rc) rc = print(&out, "\nitsm COMMAND --help says how to use one, with an example.\n");
    itsm_bytes bytes = {out.p, out.n};
    if (!rc) rc = itsm_os_output_write(fd, bytes);
    itsm_buf_clear(&out);
    return rc < 0 ? EXIT_INPUT : EXIT_FINE;
}

static int unknown(const char *name)
{
    const char *names[COMMANDS];
    for (size_t i = 0; i < COMMANDS; i++) names[i] = commands[i]->name;
    const char *near = nearest(name, names, COMMANDS);
    if (near) note("itsm: there is no command %s; did you mean %s?", name, near);
    else note("itsm: there is no command %s; itsm --help lists them", name);
    return EXIT_USAGE;
}

static int run(const command *found, int argc, char **argv)
{
    itsm_ctx *ctx;
    itsm_status rc = itsm_os_ctx_new(&ctx);
    if (rc) return input_error(NULL, rc, found->name);
    int code = found->run(found, ctx, argc, argv);
    itsm_ctx_free(ctx);
    return code;
}

int main(int argc, char **argv)
{
    /* A reader that went away and a limit on file sizes are errors to be told, not reasons to die. */
#ifdef SIGPIPE
    signal(SIGPIPE, SIG_IGN);
#endif
#ifdef SIGXFSZ
    signal(SIGXFSZ, SIG_IGN);
#endif
    if (argc < 2) return help(2), EXIT_USAGE;
    if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") || !strcmp(argv[1], "help")) return help(1);
    if (!strcmp(argv[1], "--version")) return put("itsm " ITSM_VERSION "\n", sizeof "itsm " ITSM_VERSION);
    for (size_t i = 0; i < COMMANDS; i++)
        if (!strcmp(commands[i]->name, argv[1])) return run(commands[i], argc - 2, argv + 2);
    return unknown(argv[1]);
}
