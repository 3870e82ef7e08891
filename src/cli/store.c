/* SPDX-License-Identifier: MIT */
/*
 * itsm store: what a file store holds, whether it is sound, and its care: compact, backup, salvage.  Dumps are in
 * store_dump.c.  Looking takes no lock and writes nothing, so it may be done while another process writes.
 */
#include "cli/store.h"

#define N(array) (sizeof(array) / sizeof *(array))

/* What the commands share ------------------------------------------------------------------------------------------- */

int store_error(itsm_ctx *ctx, itsm_status rc, const char *path)
{
    int code = input_error(ctx, rc, path);
    return rc == ITSM_E_CORRUPT ? EXIT_FINDINGS : code;
}

int open_store(itsm_store **out, itsm_ctx *ctx, const char *path, uint32_t flags)
{
    itsm_file_options options = ITSM_FILE_OPTIONS_INIT;
    options.flags = flags;
    itsm_status rc = itsm_store_file(out, ctx, itsm_os_io(), itsm_str_c(path), &options);
    return rc ? store_error(ctx, rc, path) : EXIT_FINE;
}

itsm_status print_hex(itsm_buf *out, const unsigned char *p, size_t n)
{
    itsm_status rc = ITSM_OK;
    for (size_t i = 0; i < n && !rc; i++) rc = print(out, "%02x", p[i]);
    return rc;
}

/* clang-format off */
#define FORCE_OPTION {"--force", NULL, "on a network file system too", 0, 0, {NULL}, 0}
/* clang-format on */

static uint32_t forced(const command *self)
{
    return value_of(self, "--force") ? ITSM_FILE_FORCE : 0;
}

static unsigned long long whole(uint64_t number)
{
    return (unsigned long long)number;
}

/* info -------------------------------------------------------------------------------------------------------------- */

static option info_options[] = {
    {"--json", NULL, "as JSON", 0, 0, {NULL}, 0},
};

typedef struct figure {
    const char *name, *label;
    uint64_t value;
} figure;

static itsm_status print_figures(itsm_buf *out, const itsm_file_info *info, int json)
{
    const figure figures[] = {
        {"commits", "commits", info->commits},
        {"rows", "rows", info->rows},
        {"tombstones", "deleted rows remembered", info->tombstones},
        {"index_entries", "index entries", info->index_entries},
        {"audit_entries", "audit entries", info->audit_entries},
        {"log_number", "log", info->log_number},
        {"log_bytes", "bytes of log to read", info->log_bytes},
        {"checkpoint_number", "checkpoint", info->checkpoint_number},
        {"checkpoint_bytes", "bytes of checkpoint", info->checkpoint_bytes},
        {"audit_bytes", "bytes of audit entries", info->audit_bytes},
        {"damaged_checkpoint", "damaged checkpoint", info->damaged_checkpoint},
    };
    itsm_status rc = ITSM_OK;
    for (size_t i = 0; i < N(figures) && !rc; i++)
        rc = json ? print(out, ",\"%s\":%llu", figures[i].name, whole(figures[i].value))
                  : print(out, "%-24s %llu\n", figures[i].label, whole(figures[i].value));
    return rc;
}

static itsm_status print_info(itsm_buf *out, const itsm_file_info *info, int json)
{
    itsm_status rc =
        json ? print(out, "{\"format\":\"%u.%u\",\"id\":\"", (unsigned)info->major, (unsigned)info->minor)
             : print(out, "%-24s %u.%u\n%-24s ", "format", (unsigned)info->major, (unsigned)info->minor, "store");
    if (!rc) rc = print_hex(out, info->id, sizeof info->id);
    if (!rc) rc = json ? print(out, "\"") : print(out, "\n");
    if (!rc) rc = print_figures(out, info, json);
    if (!rc) rc = json ? print(out, ",\"audit_root\":\"") : print(out, "%-24s ", "root of the audit trail");
    if (!rc) rc = print_hex(out, info->audit_root, sizeof info->audit_root);
    return rc ? rc : print(out, json ? "\"}\n" : "\n");
}

static int run_info(const command *self, itsm_ctx *ctx, int argc, char **argv)
{
    itsm_store *store = NULL;
    itsm_file_info info = ITSM_FILE_INFO_INIT;
    output out = OUTPUT_INIT;
    int operands = parse(self, argc, argv), code;
    if (operands < 0) return operands == -2 ? EXIT_FINE : EXIT_USAGE;
    if ((code = open_store(&store, ctx, argv[0], ITSM_FILE_READONLY)) != 0) return code;
    itsm_status rc = itsm_file_info_read(&info, ctx, store);
    if (!rc) rc = print_info(&out.text, &info, value_of(self, "--json") != NULL);
    code = finish_output(&out, ctx, rc, argv[0]);
    itsm_store_free(store);
    return code;
}

static const command info_command = {"store info",
                                     "itsm store info DIR [--json]",
                                     "what a store holds, in figures",
                                     "itsm store info desk",
                                     run_info,
                                     info_options,
                                     N(info_options),
                                     1,
                                     1,
                                     "DIR"};

/* check ------------------------------------------------------------------------------------------------------------- */

/* Damage is what was asked for: it is data. */
static int tell_damage(itsm_ctx *ctx, itsm_status rc, const char *path)
{
    output out = OUTPUT_INIT;
    itsm_status printed = ITSM_OK;
    if (rc != ITSM_E_CORRUPT) return input_error(ctx, rc, path);
    for (size_t i = 0; i < itsm_ctx_issue_count(ctx) && !printed; i++)
        printed = print(&out.text, "%s: %.*s\n", path, ITSM_ARG(itsm_ctx_issue(ctx, i)->message));
    int code = finish_output(&out, ctx, printed, path);
    return code ? code : EXIT_FINDINGS;
}

static int run_check(const command *self, itsm_ctx *ctx, int argc, char **argv)
{
    itsm_store *store = NULL;
    itsm_file_options options = ITSM_FILE_OPTIONS_INIT;
    itsm_file_info info = ITSM_FILE_INFO_INIT;
    output out = OUTPUT_INIT;
    int operands = parse(self, argc, argv);
    if (operands < 0) return operands == -2 ? EXIT_FINE : EXIT_USAGE;
    options.flags = ITSM_FILE_READONLY;
    itsm_status rc = itsm_store_file(&store, ctx, itsm_os_io(), itsm_str_c(argv[0]), &options);
    if (!rc) rc = itsm_store_maintain(ctx, store, ITSM_MAINTAIN_CHECK, NULL);
    int code = rc ? tell_damage(ctx, rc, argv[0]) : EXIT_FINE;
    if (!rc) rc = itsm_file_info_read(&info, ctx, store);
    if (!rc)
        rc = print(&out.text, "%s: sound: %llu commits, %llu rows, %llu index entries, %llu audit entries\n", argv[0],
                   whole(info.commits), whole(info.rows), whole(info.index_entries), whole(info.audit_entries));
    if (!code) code = finish_output(&out, ctx, rc, argv[0]);
    itsm_store_free(store);
    return code;
}

static const command check_command = {"store check",
                                      "itsm store check DIR",
                                      "compare everything with its checksums",
                                      "itsm store check desk",
                                      run_check,
                                      NULL,
                                      0,
                                      1,
                                      1,
                                      "DIR"};

/* compact ----------------------------------------------------------------------------------------------------------- */

static option compact_options[] = {FORCE_OPTION};

static int run_compact(const command *self, itsm_ctx *ctx, int argc, char **argv)
{
    itsm_store *store = NULL;
    itsm_file_info before = ITSM_FILE_INFO_INIT, after = ITSM_FILE_INFO_INIT;
    output out = OUTPUT_INIT;
    int operands = parse(self, argc, argv), code;
    if (operands < 0) return operands == -2 ? EXIT_FINE : EXIT_USAGE;
    if ((code = open_store(&store, ctx, argv[0], ITSM_FILE_EXISTING | forced(self))) != 0) return code;
    itsm_status rc = itsm_file_info_read(&before, ctx, store);
    if (!rc) rc = itsm_store_maintain(ctx, store, ITSM_MAINTAIN_COMPACT, NULL);
    if (!rc) rc = itsm_file_info_read(&after, ctx, store);
    if (!rc)
        rc = print(&out.text, "%s: %llu bytes of rows and log to read before, %llu now\n", argv[0],
                   whole(before.checkpoint_bytes + before.log_bytes), whole(after.checkpoint_bytes + after.log_bytes));
    if (rc) code = store_error(ctx, rc, argv[0]);
    else code = finish_output(&out, ctx, rc, argv[0]);
    itsm_store_free(store);
    return code;
}

static const command compact_command = {"store compact",
                                        "itsm store compact DIR",
                                        "write anew what is there; what was purged is gone",
                                        "itsm store compact desk",
                                        run_compact,
                                        compact_options,
                                        N(compact_options),
                                        1,
                                        1,
                                        "DIR"};

/* backup ------------------------------------------------------------------------------------------------------------ */

static int run_backup(const command *self, itsm_ctx *ctx, int argc, char **argv)
{
    itsm_store *store = NULL;
    itsm_file_info info = ITSM_FILE_INFO_INIT;
    output out = OUTPUT_INIT;
    int operands = parse(self, argc, argv), code;
    if (operands < 0) return operands == -2 ? EXIT_FINE : EXIT_USAGE;
    if ((code = open_store(&store, ctx, argv[0], ITSM_FILE_READONLY)) != 0) return code;
    itsm_status rc = itsm_file_backup(ctx, store, itsm_str_c(argv[1]));
    if (!rc) rc = itsm_file_info_read(&info, ctx, store);
    if (!rc) rc = print(&out.text, "%s: %llu commits are in %s\n", argv[0], whole(info.commits), argv[1]);
    if (rc) code = store_error(ctx, rc, argv[1]);
    else code = finish_output(&out, ctx, rc, argv[0]);
    itsm_store_free(store);
    return code;
}

static const command backup_command = {"store backup",
                                       "itsm store backup DIR TO",
                                       "copy a store, also while it is written",
                                       "itsm store backup desk desk-2026-11-22",
                                       run_backup,
                                       NULL,
                                       0,
                                       2,
                                       2,
                                       "DIR TO"};

/* salvage ----------------------------------------------------------------------------------------------------------- */

static itsm_status print_salvaged(itsm_buf *out, const itsm_file_salvaged *s)
{
    itsm_status rc = print(out, "kept: %llu rows, %llu deleted rows remembered, %llu audit entries, %llu sequences\n",
                           whole(s->rows), whole(s->tombstones), whole(s->entries), whole(s->sequences));
    if (!rc && s->rows_lost) rc = print(out, "lost: %llu rows that cannot be read or kept\n", whole(s->rows_lost));
    if (!rc && s->entries_lost)
        rc = print(out, "lost: %llu audit entries, the first at place %llu\n", whole(s->entries_lost),
                   whole(s->first_entry_lost));
    if (!rc && s->missing_from)
        rc =
            print(out, "lost: what commits from %llu on wrote in places that cannot be read\n", whole(s->missing_from));
    return rc;
}

static int run_salvage(const command *self, itsm_ctx *ctx, int argc, char **argv)
{
    itsm_file_salvaged salvaged = ITSM_FILE_SALVAGED_INIT;
    output out = OUTPUT_INIT;
    int operands = parse(self, argc, argv);
    if (operands < 0) return operands == -2 ? EXIT_FINE : EXIT_USAGE;
    itsm_status rc = itsm_file_salvage(&salvaged, ctx, itsm_os_io(), itsm_str_c(argv[0]), itsm_str_c(argv[1]));
    if (rc) return store_error(ctx, rc, argv[0]);
    int code = finish_output(&out, ctx, print_salvaged(&out.text, &salvaged), argv[1]);
    return code                                                                   ? code
           : salvaged.rows_lost || salvaged.entries_lost || salvaged.missing_from ? EXIT_FINDINGS
                                                                                  : EXIT_FINE;
}

static const command salvage_command = {"store salvage",
                                        "itsm store salvage DIR TO",
                                        "put what can be read of a damaged store into a new one",
                                        "itsm store salvage desk desk-saved",
                                        run_salvage,
                                        NULL,
                                        0,
                                        2,
                                        2,
                                        "DIR TO"};

/* The command itself ------------------------------------------------------------------------------------------------ */

static const command *const subcommands[] = {&info_command,    &check_command,      &compact_command,   &backup_command,
                                             &salvage_command, &store_dump_command, &store_load_command};

static int help(int fd)
{
    itsm_buf out = ITSM_BUF_INIT;
    itsm_status rc = print(&out, "file stores: look into them, check them, care for them\n\n"
                                 "usage: itsm store SUBCOMMAND DIR ...\n\n");
    for (size_t i = 0; i < N(subcommands) && !rc; i++)
        rc = print(&out, "  %-12s %s\n", subcommands[i]->name + sizeof "store", subcommands[i]->summary);
    if (!rc) rc = print(&out, "\nitsm store SUBCOMMAND --help says how to use one, with an example.\n");
    itsm_bytes bytes = {out.p, out.n};
    if (!rc) rc = itsm_os_output_write(fd, bytes);
    itsm_buf_clear(&out);
    return rc < 0 ? EXIT_INPUT : EXIT_FINE;
}

static int run(const command *self, itsm_ctx *ctx, int argc, char **argv)
{
    return run_subcommand(self, subcommands, N(subcommands), help, ctx, argc, argv);
}

const command store_command = {"store",
                               "itsm store SUBCOMMAND DIR ...",
                               "a file store: info, check, compact, backup, salvage, dump, load",
                               "itsm store info desk",
                               run,
                               NULL,
                               0,
                               0,
                               -1,
                               "SUBCOMMAND"};
