/* SPDX-License-Identifier: MIT */
/*
 * itsm simulate: an incident log of a help desk that does not exist.
 */
#include "cli/cli.h"

#include <stdlib.h>

static option options[] = {
    {"--incidents", "N", "how many incidents, up to 10 million", 1, 0, {NULL}, 0},
    {"--seed", "N", "the same seed gives the same log; 1 if not given", 0, 0, {NULL}, 0},
};

static int read_number(uint64_t *out, const command *self, const char *name)
{
    const char *text = value_of(self, name);
    uint64_t n = 0;
    if (!text) return 0;
    for (const char *p = text; *p; p++) {
        if (*p < '0' || *p > '9' || n > (UINT64_MAX - 9) / 10)
            return usage_error(self, "%s needs a whole number, not %s", name, text);
        n = n * 10 + (uint64_t)(*p - '0');
    }
    if (!*text) return usage_error(self, "%s needs a whole number", name);
    *out = n;
    return 0;
}

static itsm_status write_out(void *self, const void *p, size_t n)
{
    itsm_bytes bytes = {p, n};
    (void)self;
    return itsm_os_output_write(1, bytes);
}

static int run(const command *self, itsm_ctx *ctx, int argc, char **argv)
{
    itsm_simulate_options simulation = ITSM_SIMULATE_OPTIONS_INIT;
    simulation.seed = 1;
    int operands = parse(self, argc, argv);
    if (operands < 0) return operands == -2 ? EXIT_FINE : EXIT_USAGE;
    if (read_number(&simulation.incidents, self, "--incidents") || read_number(&simulation.seed, self, "--seed"))
        return EXIT_USAGE;
    itsm_status rc = itsm_simulate(ctx, &simulation, write_out, NULL);
    if (rc == ITSM_E_RANGE) return input_error(ctx, rc, "--incidents"), EXIT_USAGE;
    return rc && rc != ITSM_DONE ? input_error(ctx, rc, "standard output") : EXIT_FINE;
}

const command simulate_command = {"simulate",
                                  "itsm simulate --incidents N [--seed N]",
                                  "write the incident log of a help desk that does not exist",
                                  "itsm simulate --incidents 2000 --seed 1 > log.csv",
                                  run,
                                  options,
                                  sizeof options / sizeof *options,
                                  0,
                                  0,
                                  "operand"};
