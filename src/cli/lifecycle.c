/* SPDX-License-Identifier: MIT */
/*
 * itsm lifecycle: states and moves of a type, as a table, for other programs, or as a picture.
 */
#include "cli/model.h"

static const struct form {
    const char *name;
    uint32_t format;
} forms[] = {{"table", ITSM_LIFECYCLE_TABLE},     {"markdown", ITSM_LIFECYCLE_MARKDOWN},
             {"mermaid", ITSM_LIFECYCLE_MERMAID}, {"dot", ITSM_LIFECYCLE_DOT},
             {"svg", ITSM_LIFECYCLE_SVG},         {"json", ITSM_LIFECYCLE_JSON}};

#define FORMS (sizeof forms / sizeof *forms)

static int read_form(uint32_t *out, const command *self)
{
    const char *name = value_of(self, "--format"), *names[FORMS];
    *out = ITSM_LIFECYCLE_TABLE;
    for (size_t i = 0; i < FORMS; i++) {
        names[i] = forms[i].name;
        if (name && !strcmp(name, forms[i].name)) return *out = forms[i].format, EXIT_FINE;
    }
    if (!name) return EXIT_FINE;
    const char *near = nearest(name, names, FORMS);
    if (near) return usage_error(self, "--format: there is no %s; did you mean %s?", name, near);
    return usage_error(self, "--format: %s is none of table, markdown, mermaid, dot, svg, json", name);
}

/* All types with their facets, a line each. */
static int list(itsm_ctx *ctx, const itsm_model *model)
{
    output out = OUTPUT_INIT;
    itsm_status rc = ITSM_OK;
    for (size_t i = 0; i < itsm_model_type_count(model) && !rc; i++) {
        const itsm_type_def *type = itsm_model_type_at(model, i);
        for (size_t k = 0; k < itsm_type_machine_count(type) && !rc; k++) {
            const itsm_machine *machine = itsm_type_machine_at(type, k);
            rc = print(&out.text, "%.*s %.*s\n", ITSM_ARG(type->name), ITSM_ARG(machine->name));
        }
    }
    return finish_output(&out, ctx, rc, "the list");
}

static const itsm_machine *find_facet(const itsm_type_def *type, const char *facet)
{
    const itsm_machine *found = itsm_type_machine(type, itsm_str_c(facet ? facet : ""));
    const char *names[8];
    size_t n = 0;
    if (found) return found;
    for (; n < itsm_type_machine_count(type) && n < sizeof names / sizeof *names; n++)
        names[n] = itsm_type_machine_at(type, n)->name.p;
    const char *near = facet ? nearest(facet, names, n) : NULL;
    if (!n) note("itsm: %s has no lifecycle", type->name.p);
    else if (near) note("itsm: %s has no lifecycle %s; did you mean %s?", type->name.p, facet, near);
    else if (n == 1) note("itsm: %s has no lifecycle %s; it has one, %s", type->name.p, facet, names[0]);
    else note("itsm: %s has no lifecycle %s; itsm lifecycle --list lists them", type->name.p, facet);
    return NULL;
}

static int draw(itsm_ctx *ctx, const itsm_machine *machine, uint32_t format, uint32_t edition)
{
    output out = OUTPUT_INIT;
    itsm_lifecycle_options options = ITSM_LIFECYCLE_OPTIONS_INIT;
    options.edition = edition;
    itsm_status rc = itsm_render_lifecycle(&out.text, ctx, machine, format, &options);
    if (!rc && out.text.n && out.text.p[out.text.n - 1] != '\n') rc = itsm_buf_add(&out.text, "\n", 1);
    return finish_output(&out, ctx, rc, machine->type->name.p);
}

static int run(const command *self, itsm_ctx *ctx, int argc, char **argv)
{
    const itsm_model *model = NULL;
    uint32_t format, edition;
    int operands = parse(self, argc, argv), listing, code;
    if (operands < 0) return operands == -2 ? EXIT_FINE : EXIT_USAGE;
    listing = value_of(self, "--list") != NULL;
    if (!listing && !operands) return usage_error(self, "TYPE is missing");
    if (listing && operands) return usage_error(self, "--list takes no TYPE");
    if ((code = read_form(&format, self)) != 0 || (code = read_edition(&edition, self)) != 0) return code;
    if ((code = load_model(&model, ctx, value_of(self, "--model"))) != 0) return code;
    if (listing) code = list(ctx, model);
    else {
        const itsm_type_def *type = find_type(model, argv[0]);
        const itsm_machine *machine = type ? find_facet(type, value_of(self, "--facet")) : NULL;
        code = machine ? draw(ctx, machine, format, edition) : EXIT_USAGE;
    }
    itsm_model_free(model);
    return code;
}

static option options[] = {
    {"--facet", "NAME", "of several lifecycles; the primary if not given", 0, 0, {NULL}, 0},
    {"--format", "FORM", "table (default), markdown, mermaid, dot, svg or json", 0, 0, {NULL}, 0},
    {"--edition", "YEAR", "of the clauses: 2018 (default) or 2011", 0, 0, {NULL}, 0},
    {"--model", "FILE", "a model of one's own instead of the built-in one", 0, 0, {NULL}, 0},
    {"--list", NULL, "list all types and their lifecycles", 0, 0, {NULL}, 0},
};

const command lifecycle_command = {"lifecycle",
                                   "itsm lifecycle TYPE [--facet NAME] [--format FORM]",
                                   "states and moves of a type: table, picture, diagram",
                                   "itsm lifecycle incident --format svg > incident.svg",
                                   run,
                                   options,
                                   sizeof options / sizeof *options,
                                   0,
                                   1,
                                   "TYPE"};
