/* SPDX-License-Identifier: MIT */
/*
 * itsm model: types of records with their fields, relations and lifecycles; models of one's own.
 */
#include "cli/model.h"

#define TYPES_MAX 1024 /* of a model */
#define N(array) (sizeof(array) / sizeof *(array))

/* What the commands share ------------------------------------------------------------------------------------------- */

int load_model(const itsm_model **out, itsm_ctx *ctx, const char *path)
{
    itsm_buf text = ITSM_BUF_INIT;
    itsm_model *loaded = NULL;
    *out = itsm_model_builtin();
    if (!path || !strcmp(path, MODEL_BUILTIN)) return EXIT_FINE;
    int code = read_file(&text, ctx, path);
    itsm_status rc = code ? ITSM_OK : itsm_model_load(&loaded, ctx, itsm_buf_str(&text));
    if (rc) code = input_error(ctx, rc, path);
    itsm_buf_clear(&text);
    *out = loaded;
    return code;
}

const itsm_type_def *find_type(const itsm_model *model, const char *name)
{
    const itsm_type_def *found = itsm_model_type(model, itsm_str_c(name));
    const char *names[TYPES_MAX];
    size_t n = 0;
    if (found) return found;
    for (; n < itsm_model_type_count(model) && n < TYPES_MAX; n++) names[n] = itsm_model_type_at(model, n)->name.p;
    const char *near = nearest(name, names, n);
    if (near) note("itsm: there is no type %s; did you mean %s?", name, near);
    else note("itsm: there is no type %s; itsm model show lists them", name);
    return NULL;
}

int read_edition(uint32_t *out, const command *self)
{
    const char *text = value_of(self, "--edition");
    *out = text && !strcmp(text, "2011") ? 2011 : 2018;
    if (!text || !strcmp(text, "2011") || !strcmp(text, "2018")) return EXIT_FINE;
    return usage_error(self, "--edition: %s is neither 2018 nor 2011", text);
}

/* clang-format off */
#define MODEL_OPTION {"--model", "FILE", "a model of one's own instead of the built-in one", 0, 0, {NULL}, 0}
/* clang-format on */

/* export ------------------------------------------------------------------------------------------------------------ */

static option export_options[] = {
    {"--format", "FORM", "json, which is the default and the only one", 0, 0, {NULL}, 0},
    MODEL_OPTION,
};

static int run_export(const command *self, itsm_ctx *ctx, int argc, char **argv)
{
    const itsm_model *model = NULL;
    output out = OUTPUT_INIT;
    int operands = parse(self, argc, argv), code;
    if (operands < 0) return operands == -2 ? EXIT_FINE : EXIT_USAGE;
    const char *format = value_of(self, "--format");
    if (format && strcmp(format, "json")) return usage_error(self, "--format: %s is not json", format);
    if ((code = load_model(&model, ctx, value_of(self, "--model"))) != 0) return code;
    itsm_status rc = itsm_model_encode(&out.text, model);
    if (!rc) rc = itsm_buf_add(&out.text, "\n", 1);
    code = finish_output(&out, ctx, rc, "the model");
    itsm_model_free(model);
    return code;
}

static const command export_command = {"model export",
                                       "itsm model export [--model FILE]",
                                       "the whole model as JSON",
                                       "itsm model export > model.json",
                                       run_export,
                                       export_options,
                                       N(export_options),
                                       0,
                                       0,
                                       ""};

/* show, as text ----------------------------------------------------------------------------------------------------- */

static itsm_status print_names(itsm_buf *out, const char *before, const itsm_names *names)
{
    itsm_status rc = ITSM_OK;
    for (size_t i = 0; i < names->n && !rc; i++) rc = print(out, "%s%.*s", i ? ", " : before, ITSM_ARG(names->item[i]));
    return rc;
}

static itsm_status print_states(itsm_buf *out, const char *before, const itsm_machine *machine, uint64_t set)
{
    itsm_status rc = ITSM_OK;
    for (size_t i = 0; i < itsm_machine_state_count(machine) && !rc; i++) {
        if (!(set >> i & 1)) continue;
        rc = print(out, "%s%.*s", before, ITSM_ARG(itsm_machine_state_at(machine, i)->name));
        before = ", ";
    }
    return rc;
}

/* Blanks up to a column counted from the start of the line; one at least. */
static itsm_status pad(itsm_buf *out, size_t line, size_t column)
{
    size_t at = out->n - line;
    return print(out, "%*s", at < column ? (int)(column - at) : 1, "");
}

static itsm_status print_writer(itsm_buf *out, const itsm_type_def *type, const itsm_field_def *field)
{
    static const char *const writers[] = {"host", "nobody", "moves", "library"};
    const itsm_machine *primary = itsm_type_machine_at(type, 0);
    itsm_status rc = ITSM_OK;
    if (field->derive) {
        rc = print(out, "derived: ");
        return rc ? rc : itsm_derive_encode(out, type, field);
    }
    rc = print(out, "%s", field->by <= ITSM_BY_ENGINE ? writers[field->by] : "");
    if (rc || !field->limited || field->by != ITSM_BY_HOST) return rc;
    return field->editable ? print_states(out, ", at ", primary, field->editable) : print(out, ", at creation only");
}

static itsm_status print_field(itsm_buf *out, const itsm_type_def *type, const itsm_field_def *field)
{
    size_t line = out->n;
    itsm_status rc = print(out, "  %.*s", ITSM_ARG(field->name));
    if (!rc) rc = pad(out, line, 28);
    if (!rc) rc = itsm_field_encode(out, field);
    if (!rc) rc = pad(out, line, 56);
    if (!rc) rc = print_writer(out, type, field);
    if (!rc && field->at_creation) rc = print(out, "; needed at creation");
    if (!rc && field->mandatory_at)
        rc = print_states(out, field->at_creation ? ", " : "; needed at ", itsm_type_machine_at(type, 0),
                          field->mandatory_at);
    return rc ? rc : print(out, "\n");
}

static itsm_status print_fields(itsm_buf *out, const itsm_type_def *type)
{
    itsm_status rc = print(out, "\nfields\n");
    for (size_t i = 0; i < itsm_type_field_count(type) && !rc; i++)
        if (!itsm_type_field_at(type, i)->machine) rc = print_field(out, type, itsm_type_field_at(type, i));
    return rc;
}

static itsm_status print_links(itsm_buf *out, const itsm_type_def *type)
{
    itsm_status rc = print(out, "\nrelations\n");
    for (size_t i = 0; i < itsm_type_link_count(type) && !rc; i++) {
        const itsm_link_def *link = itsm_type_link_at(type, i);
        size_t line = out->n;
        rc = print(out, "  %.*s", ITSM_ARG(link->name));
        if (!rc) rc = pad(out, line, 28);
        if (!rc) rc = print(out, "%s %.*s", link->many ? "n" : "1", ITSM_ARG(link->target_name));
        if (!rc) rc = pad(out, line, 56);
        if (!rc)
            rc = print(out, "seen from there: %.*s%s\n", ITSM_ARG(link->inverse), link->is_field ? "; a field" : "");
    }
    return rc;
}

static itsm_status print_state_line(itsm_buf *out, const itsm_machine *machine, const itsm_state_def *state)
{
    size_t line = out->n;
    itsm_status rc = print(out, "  %.*s", ITSM_ARG(state->name));
    if (!rc) rc = pad(out, line, 28);
    const char *category = itsm_category_text(state->category), *before = " ";
    if (!rc) rc = print(out, "%s", category ? category : "");
    if (!rc) rc = pad(out, line, 38);
    for (size_t i = 0; i < itsm_machine_move_count(machine) && !rc; i++) {
        const itsm_move_def *move = itsm_machine_move_at(machine, i);
        if (!(move->from >> state->index & 1)) continue;
        const itsm_state_def *to = itsm_machine_state_at(machine, move->to);
        rc = print(out, "%s%.*s -> %.*s", before, ITSM_ARG(move->name), ITSM_ARG(to->name));
        before = ", ";
    }
    return rc ? rc : print(out, "\n");
}

static itsm_status print_machines(itsm_buf *out, const itsm_type_def *type)
{
    itsm_status rc = ITSM_OK;
    for (size_t i = 0; i < itsm_type_machine_count(type) && !rc; i++) {
        const itsm_machine *machine = itsm_type_machine_at(type, i);
        rc = print(out, "\nlifecycle %.*s\n", ITSM_ARG(machine->name));
        for (size_t k = 0; k < itsm_machine_state_count(machine) && !rc; k++)
            rc = print_state_line(out, machine, itsm_machine_state_at(machine, k));
    }
    return rc;
}

static itsm_status print_clocks(itsm_buf *out, const itsm_type_def *type)
{
    itsm_status rc = itsm_type_clock_count(type) ? print(out, "\nclocks\n") : ITSM_OK;
    for (size_t i = 0; i < itsm_type_clock_count(type) && !rc; i++) {
        const itsm_clock_def *clock = itsm_type_clock_at(type, i);
        size_t line = out->n;
        rc = print(out, "  %.*s", ITSM_ARG(clock->name));
        if (!rc) rc = pad(out, line, 28);
        if (!rc && clock->by_field)
            rc = print(out, "met when %.*s has a value", ITSM_ARG(itsm_type_field_at(type, clock->field)->name));
        else if (!rc) rc = print(out, "met on entering a state that is %s", itsm_category_text(clock->met_category));
        if (!rc) rc = print(out, "%s\n", clock->pauses ? "; stands still in paused states" : "");
    }
    return rc;
}

static itsm_status print_type(itsm_buf *out, const itsm_type_def *type)
{
    itsm_status rc = print(out, "%.*s: %.*s\n", ITSM_ARG(type->name), ITSM_ARG(type->label));
    if (!rc) rc = print_names(out, "ISO/IEC 20000-1:2018, ", &type->clauses_2018);
    if (!rc && type->clauses_2018.n) rc = print(out, "\n");
    if (!rc) rc = print_names(out, "ISO/IEC 20000-1:2011, ", &type->clauses_2011);
    if (!rc && type->clauses_2011.n) rc = print(out, "\n");
    if (!rc) rc = print_machines(out, type);
    if (!rc) rc = print_fields(out, type);
    if (!rc) rc = print_links(out, type);
    if (!rc) rc = print_clocks(out, type);
    if (!rc && type->kpis.n) rc = print_names(out, "\nindicators\n  ", &type->kpis);
    if (!rc && type->kpis.n) rc = print(out, "\n");
    return rc;
}

/* All types, a line each. */
static itsm_status print_types(itsm_buf *out, const itsm_model *model)
{
    itsm_status rc = ITSM_OK;
    for (size_t i = 0; i < itsm_model_type_count(model) && !rc; i++) {
        const itsm_type_def *type = itsm_model_type_at(model, i);
        size_t line = out->n;
        rc = print(out, "%.*s", ITSM_ARG(type->name));
        if (!rc) rc = pad(out, line, 26);
        if (!rc) rc = print(out, "%.*s", ITSM_ARG(type->family));
        if (!rc) rc = pad(out, line, 40);
        if (!rc) rc = print(out, "%.*s", ITSM_ARG(type->label));
        if (!rc) rc = print_names(out, " (", &type->clauses_2018);
        if (!rc) rc = print(out, "%s\n", type->clauses_2018.n ? ")" : "");
    }
    return rc;
}

/* show -------------------------------------------------------------------------------------------------------------- */

static option show_options[] = {
    {"--format", "FORM", "text (default), json, schema (JSON Schema) or md (Markdown)", 0, 0, {NULL}, 0},
    {"--edition", "YEAR", "of the clauses of md: 2018 (default) or 2011", 0, 0, {NULL}, 0},
    MODEL_OPTION,
};

enum { TEXT, JSON, SCHEMA, MD };

static int read_show_format(int *out, const command *self)
{
    static const char *const names[] = {"text", "json", "schema", "md"};
    const char *name = value_of(self, "--format");
    *out = TEXT;
    for (int i = 0; i < (int)N(names); i++)
        if (name && !strcmp(name, names[i])) return *out = i, EXIT_FINE;
    if (!name) return EXIT_FINE;
    const char *near = nearest(name, names, N(names));
    if (near) return usage_error(self, "--format: there is no %s; did you mean %s?", name, near);
    return usage_error(self, "--format: %s is none of text, json, schema, md", name);
}

static itsm_status show_type(itsm_buf *out, const itsm_type_def *type, int format, uint32_t edition)
{
    itsm_lifecycle_options options = ITSM_LIFECYCLE_OPTIONS_INIT;
    itsm_status rc = ITSM_OK;
    options.edition = edition;
    switch (format) {
    case TEXT: return print_type(out, type);
    case JSON: rc = itsm_type_encode(out, type); break;
    case SCHEMA: rc = itsm_type_schema(out, type); break;
    default: return itsm_render_type(out, type, &options);
    }
    return rc ? rc : print(out, "\n");
}

static int run_show(const command *self, itsm_ctx *ctx, int argc, char **argv)
{
    const itsm_model *model = NULL;
    const itsm_type_def *type = NULL;
    output out = OUTPUT_INIT;
    uint32_t edition;
    int operands = parse(self, argc, argv), format, code;
    if (operands < 0) return operands == -2 ? EXIT_FINE : EXIT_USAGE;
    if ((code = read_show_format(&format, self)) != 0 || (code = read_edition(&edition, self)) != 0) return code;
    if (!operands && format != TEXT && format != MD) return usage_error(self, "TYPE is missing");
    if ((code = load_model(&model, ctx, value_of(self, "--model"))) != 0) return code;
    itsm_status rc = ITSM_OK;
    if (operands && !(type = find_type(model, argv[0]))) code = EXIT_USAGE;
    else if (operands) rc = show_type(&out.text, type, format, edition);
    else rc = format == MD ? itsm_render_model(&out.text, model) : print_types(&out.text, model);
    if (!code) code = finish_output(&out, ctx, rc, operands ? argv[0] : "the model");
    itsm_model_free(model);
    return code;
}

static const command show_command = {"model show",
                                     "itsm model show [TYPE] [--format FORM]",
                                     "a type: fields, relations, lifecycles, clauses, indicators",
                                     "itsm model show incident",
                                     run_show,
                                     show_options,
                                     N(show_options),
                                     0,
                                     1,
                                     "TYPE"};

/* The command itself ------------------------------------------------------------------------------------------------ */

static const command *const subcommands[] = {&show_command, &export_command, &model_check_command, &model_diff_command};

static const char *word_of(const command *subcommand)
{
    return subcommand->name + sizeof "model";
}

static int help(int fd)
{
    itsm_buf out = ITSM_BUF_INIT;
    itsm_status rc = print(&out, "types of records: show, export; models of one's own: check, diff\n\n"
                                 "usage: itsm model SUBCOMMAND ...\n\n");
    for (size_t i = 0; i < N(subcommands) && !rc; i++)
        rc = print(&out, "  %-12s %s\n", word_of(subcommands[i]), subcommands[i]->summary);
    if (!rc) rc = print(&out, "\nitsm model SUBCOMMAND --help says how to use one, with an example.\n");
    itsm_bytes bytes = {out.p, out.n};
    if (!rc) rc = itsm_os_output_write(fd, bytes);
    itsm_buf_clear(&out);
    return rc < 0 ? EXIT_INPUT : EXIT_FINE;
}

static int unknown(const char *name)
{
    const char *names[N(subcommands)];
    for (size_t i = 0; i < N(subcommands); i++) names[i] = word_of(subcommands[i]);
    const char *near = nearest(name, names, N(subcommands));
    if (near) note("itsm: there is no subcommand model %s; did you mean model %s?", name, near);
    else note("itsm: there is no subcommand model %s; itsm model --help lists them", name);
    return EXIT_USAGE;
}

static int run(const command *self, itsm_ctx *ctx, int argc, char **argv)
{
    (void)self;
    if (!argc) return help(2), EXIT_USAGE;
    if (!strcmp(argv[0], "--help") || !strcmp(argv[0], "-h") || !strcmp(argv[0], "help")) return help(1);
    for (size_t i = 0; i < N(subcommands); i++)
        if (!strcmp(word_of(subcommands[i]), argv[0]))
            return subcommands[i]->run(subcommands[i], ctx, argc - 1, argv + 1);
    return unknown(argv[0]);
}

const command model_command = {"model",
                               "itsm model SUBCOMMAND ...",
                               "types of records: show, export, check, diff",
                               "itsm model show incident",
                               run,
                               NULL,
                               0,
                               0,
                               -1,
                               "SUBCOMMAND"};
