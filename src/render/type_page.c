/* SPDX-License-Identifier: MIT */
/*
 * What there is to know of a type, and the list of all types, as pages in Markdown; everything from reflection.
 *
 * A page is sections, each a table; what a type does not have is no section.  Names in the model's grammar stand as
 * code; types are links to their own pages.
 */
#include "render/lifecycle.h"
#include "render/markdown.h"

#include "base/text.h"

typedef struct page {
    itsm__markup m;
    const itsm_type_def *type;
    uint32_t edition;
    itsm_buf scratch;
} page;

static void keep(page *p, itsm_status rc)
{
    if (p->m.status == ITSM_OK) p->m.status = rc;
}

/* What was put into the scratch, as code. */
static void put_scratch(page *p)
{
    itsm__md_code(&p->m, itsm_buf_str(&p->scratch));
    p->scratch.n = 0;
}

static void put(page *p, const char *text)
{
    itsm__md_add(&p->m, itsm_str_c(text));
}

/* A reference to a type is a link to its page. */
static void type_link(page *p, itsm_str name, const itsm_type_def *type)
{
    if (!type) {
        put(p, "any type");
        return;
    }
    put(p, "["), itsm__md_text(&p->m, name), put(p, "]("), itsm__md_add(&p->m, name), put(p, ".md)");
}

static void codes(page *p, const itsm_names *names)
{
    for (size_t i = 0; i < names->n; i++) {
        if (i) put(p, ", ");
        itsm__md_code(&p->m, names->item[i]);
    }
}

static void states(page *p, const itsm_machine *machine, uint64_t set)
{
    const char *before = "";
    for (size_t i = 0; i < machine->nstates; i++)
        if (set >> i & 1) put(p, before), itsm__md_code(&p->m, machine->states[i].name), before = ", ";
}

static void plain_names(page *p, const itsm_names *names)
{
    for (size_t i = 0; i < names->n; i++) {
        if (i) put(p, ", ");
        itsm__md_text(&p->m, names->item[i]);
    }
}

/* Clauses ---------------------------------------------------------------------------------------------------------- */

static void clauses(page *p, uint32_t edition)
{
    const itsm_names *names = itsm__type_clauses(p->type, edition);
    for (size_t i = 0; i < names->n; i++) {
        const itsm_clause_def *clause = itsm_model_clause(p->type->model, edition, names->item[i]);
        itsm__put(&p->m, "| ISO/IEC 20000-1:%d | ", (int)edition);
        itsm__md_text(&p->m, names->item[i]), put(p, " | ");
        if (clause) itsm__md_text(&p->m, clause->topic);
        put(p, " |\n");
    }
}

static void clauses_section(page *p)
{
    put(p, "| edition | clause | topic |\n|---|---|---|\n");
    clauses(p, 2018), clauses(p, 2011);
    put(p, "\n");
}

/* Lifecycles ------------------------------------------------------------------------------------------------------- */

static void picture_name(page *p, const itsm_machine *machine)
{
    itsm__md_add(&p->m, p->type->name);
    if (machine->index) put(p, "-"), itsm__md_add(&p->m, machine->name);
    put(p, ".svg");
}

static void lifecycle_section(page *p, const itsm_machine *machine)
{
    put(p, "## Lifecycle "), itsm__md_code(&p->m, machine->name), put(p, "\n\n![");
    itsm__md_text(&p->m, p->type->label), put(p, ": states and moves of "), itsm__md_text(&p->m, machine->name);
    put(p, "]("), picture_name(p, machine), put(p, ")\n\n");
    itsm__lifecycle_markdown(&p->m, machine, p->edition);
    put(p, "\n");
}

/* Fields ----------------------------------------------------------------------------------------------------------- */

static void holds(page *p, const itsm_field_def *field)
{
    if (field->kind == ITSM_REF) {
        if (field->list) put(p, "list of ");
        type_link(p, field->target_name, field->target);
    } else if (field->kind == ITSM_ENUM && field->values.n) {
        put(p, field->list ? "list of " : "one of "), codes(p, &field->values);
    } else {
        keep(p, itsm_field_encode(&p->scratch, field)), put_scratch(p);
    }
}

static void needed(page *p, const itsm_field_def *field)
{
    if (field->at_creation) put(p, "at creation");
    if (field->at_creation && field->mandatory_at) put(p, ", ");
    if (field->mandatory_at && p->type->nmachines) put(p, "at "), states(p, p->type->machines, field->mandatory_at);
}

static void written(page *p, const itsm_field_def *field)
{
    static const char *const writers[] = {"host", "nobody", "moves", "library"};
    if (field->derive) {
        put(p, "derived: "), keep(p, itsm_derive_encode(&p->scratch, p->type, field)), put_scratch(p);
        return;
    }
    put(p, field->by <= ITSM_BY_ENGINE ? writers[field->by] : "");
    if (!field->limited || field->by != ITSM_BY_HOST) return;
    if (!field->editable || !p->type->nmachines) put(p, ", at creation only");
    else put(p, ", at "), states(p, p->type->machines, field->editable);
}

static void field_row(page *p, const itsm_field_def *field)
{
    put(p, "| "), itsm__md_code(&p->m, field->name), put(p, " | ");
    holds(p, field), put(p, " | ");
    needed(p, field), put(p, " | ");
    written(p, field), put(p, " |\n");
}

/* Of the header only what the type asks more of. */
static int is_told(const itsm_field_def *field)
{
    return !field->machine && (!field->header || field->at_creation || field->mandatory_at || field->limited);
}

#define FIELD_HEADINGS "| field | holds | needed | written by |\n|---|---|---|---|\n"

static void fields_section(page *p)
{
    put(p, "## Fields\n\nBeside those of [every record](README.md).\n\n" FIELD_HEADINGS);
    for (size_t i = 0; i < p->type->nfields; i++)
        if (is_told(&p->type->fields[i])) field_row(p, &p->type->fields[i]);
    put(p, "\n");
}

/* Relations, clocks, indicators, evidence -------------------------------------------------------------------------- */

static void relations_section(page *p)
{
    put(p, "## Relations\n\n| relation | to | seen from there |\n|---|---|---|\n");
    for (size_t i = 0; i < p->type->nlinks; i++) {
        const itsm_link_def *link = &p->type->links[i];
        put(p, "| "), itsm__md_code(&p->m, link->name), put(p, link->many ? " | any number of " : " | one ");
        type_link(p, link->target_name, link->target);
        if (link->is_field) put(p, ", kept in the field");
        put(p, " | "), itsm__md_code(&p->m, link->inverse), put(p, " |\n");
    }
    put(p, "\n");
}

static void clocks_section(page *p)
{
    if (!p->type->nclocks) return;
    put(p, "## Clocks\n\n| clock | met | in paused states |\n|---|---|---|\n");
    for (size_t i = 0; i < p->type->nclocks; i++) {
        const itsm_clock_def *clock = &p->type->clocks[i];
        put(p, "| "), itsm__md_code(&p->m, clock->name), put(p, " | ");
        if (clock->by_field)
            put(p, "when "), itsm__md_code(&p->m, p->type->fields[clock->field].name), put(p, " has a value");
        else itsm__put(&p->m, "on entering a state that is %s", itsm_category_text(clock->met_category));
        put(p, clock->pauses ? " | stands still |\n" : " | runs on |\n");
    }
    put(p, "\n");
}

static void indicators_section(page *p)
{
    if (!p->type->kpis.n) return;
    put(p, "## Indicators\n\n| indicator | what it tells | formula |\n|---|---|---|\n");
    for (size_t i = 0; i < p->type->kpis.n; i++) {
        const itsm_kpi_def *kpi = itsm_model_kpi(p->type->model, p->type->kpis.item[i]);
        put(p, "| "), itsm__md_code(&p->m, p->type->kpis.item[i]), put(p, " | ");
        if (kpi) itsm__md_text(&p->m, kpi->name);
        put(p, " | ");
        if (kpi) itsm__md_text(&p->m, kpi->formula);
        put(p, " |\n");
    }
    put(p, "\n");
}

static int looks_at(const itsm_rule_def *rule, const itsm_type_def *type)
{
    for (size_t i = 0; i < rule->types.n; i++)
        if (itsm_str_eq(rule->types.item[i], type->name)) return 1;
    return 0;
}

static void evidence_section(page *p)
{
    int any = 0;
    for (size_t i = 0; i < itsm_model_rule_count(p->type->model); i++) {
        const itsm_rule_def *rule = itsm_model_rule_at(p->type->model, i);
        if (!looks_at(rule, p->type)) continue;
        if (!any++) put(p, "## Evidence\n\n| rule | what an auditor looks for | clauses |\n|---|---|---|\n");
        put(p, "| "), itsm__md_text(&p->m, rule->id), put(p, " | ");
        itsm__md_text(&p->m, rule->check), put(p, " | ");
        plain_names(p, p->edition == 2011 ? &rule->clauses_2011 : &rule->clauses_2018), put(p, " |\n");
    }
    if (any) put(p, "\n");
}

/* Pages ------------------------------------------------------------------------------------------------------------ */

static itsm_status page_done(page *p, size_t before)
{
    itsm_buf_clear(&p->scratch);
    if (p->m.status != ITSM_OK) p->m.out->n = before;
    return p->m.status;
}

static void page_begin(page *p, itsm_buf *out, uint32_t edition)
{
    memset(p, 0, sizeof *p);
    p->m.out = out, p->edition = edition;
    p->scratch.alloc = out->alloc, p->scratch.alloc_user = out->alloc_user;
}

/* Sections are parted by an empty line; none ends the page. */
static void trim(page *p)
{
    itsm_buf *out = p->m.out;
    if (p->m.status == ITSM_OK && out->n > 1 && out->p[out->n - 2] == '\n') out->n--;
}

itsm_status itsm_render_type(itsm_buf *out, const itsm_type_def *type, const itsm_lifecycle_options *options)
{
    itsm_lifecycle_options o = ITSM_LIFECYCLE_OPTIONS_INIT;
    page p;
    if (!out || !type || (options && !options->size)) return ITSM_E_MISUSE;
    if (options) memcpy(&o, options, options->size < sizeof o ? options->size : sizeof o);
    if (o.edition != 2011 && o.edition != 2018) return ITSM_E_MISUSE;
    size_t before = out->n;
    page_begin(&p, out, o.edition);
    p.type = type;
    put(&p, "# "), itsm__md_text(&p.m, type->label), put(&p, "\n\nType "), itsm__md_code(&p.m, type->name);
    if (type->prefix.n) put(&p, ", numbers begin with "), itsm__md_code(&p.m, type->prefix);
    put(&p, ".\n\n");
    clauses_section(&p);
    for (size_t i = 0; i < type->nmachines; i++) lifecycle_section(&p, &type->machines[i]);
    fields_section(&p), relations_section(&p), clocks_section(&p), indicators_section(&p), evidence_section(&p);
    trim(&p);
    return page_done(&p, before);
}

/* The list of all types -------------------------------------------------------------------------------------------- */

static int is_first_of_family(const itsm_model *model, size_t i)
{
    itsm_str family = itsm_model_type_at(model, i)->family;
    while (i--)
        if (itsm_str_eq(itsm_model_type_at(model, i)->family, family)) return 0;
    return 1;
}

static void family_heading(page *p, itsm_str family)
{
    static const char *const headings[][2] = {{"resolution", "Resolution"}, {"control", "Control"},
                                              {"service", "Services"},      {"relationship", "Relationship"},
                                              {"assurance", "Assurance"},   {"sms", "Management system"},
                                              {"support", "Support"}};
    put(p, "## ");
    for (size_t i = 0; i < sizeof headings / sizeof *headings; i++)
        if (itsm_str_is(family, headings[i][0])) {
            put(p, headings[i][1]), put(p, "\n\n");
            return;
        }
    itsm__md_text(&p->m, family), put(p, "\n\n");
}

static void type_row(page *p, const itsm_type_def *type)
{
    put(p, "| ["), itsm__md_text(&p->m, type->label), put(p, "]("), itsm__md_add(&p->m, type->name), put(p, ".md) | ");
    itsm__md_code(&p->m, type->name), put(p, " | ");
    for (size_t i = 0; i < type->nmachines; i++) {
        if (i) put(p, ", ");
        itsm__md_code(&p->m, type->machines[i].name);
        itsm__put(&p->m, " (%d states, %d moves)", (int)type->machines[i].nstates, (int)type->machines[i].nmoves);
    }
    put(p, " | "), plain_names(p, &type->clauses_2018), put(p, " | "), plain_names(p, &type->clauses_2011),
        put(p, " |\n");
}

static void family_section(page *p, const itsm_model *model, itsm_str family)
{
    family_heading(p, family);
    put(p, "| what | type | lifecycles | clauses 2018 | clauses 2011 |\n|---|---|---|---|---|\n");
    for (size_t i = 0; i < itsm_model_type_count(model); i++)
        if (itsm_str_eq(itsm_model_type_at(model, i)->family, family)) type_row(p, itsm_model_type_at(model, i));
    put(p, "\n");
}

/* The header as it is where no type asks more of it. */
static void header_section(page *p, const itsm_model *model)
{
    static const char *const writers[] = {"host", "nobody", "moves", "library"};
    const itsm_type_def *type = itsm_model_type_at(model, 0);
    if (!type) return;
    put(p, "## Every record\n\n| field | holds | written by |\n|---|---|---|\n");
    for (size_t i = 0; i < type->nfields && type->fields[i].header; i++) {
        const itsm_field_def *field = &type->fields[i];
        put(p, "| "), itsm__md_code(&p->m, field->name), put(p, " | "), holds(p, field), put(p, " | ");
        put(p, field->by <= ITSM_BY_ENGINE ? writers[field->by] : ""), put(p, " |\n");
    }
    put(p, "\n");
}

static void policies_section(page *p, const itsm_model *model)
{
    itsm_str text = {NULL, 0};
    if (!itsm_model_policy_count(model)) return;
    put(p, "## Policies of time\n\n| policy | length |\n|---|---|\n");
    for (size_t i = 0; i < itsm_model_policy_count(model); i++) {
        put(p, "| "), itsm__md_code(&p->m, itsm_model_policy_at(&text, model, i));
        put(p, " | "), itsm__md_code(&p->m, text), put(p, " |\n");
    }
    put(p, "\n");
}

static void roles_section(page *p, const itsm_model *model)
{
    if (!itsm_model_role_count(model)) return;
    put(p, "## Roles\n\n| role | note |\n|---|---|\n");
    for (size_t i = 0; i < itsm_model_role_count(model); i++) {
        itsm_str remark = {NULL, 0};
        put(p, "| "), itsm__md_code(&p->m, itsm_model_role_at(&remark, model, i));
        put(p, " | "), itsm__md_text(&p->m, remark), put(p, " |\n");
    }
    put(p, "\n");
}

itsm_status itsm_render_model(itsm_buf *out, const itsm_model *model)
{
    page p;
    if (!out || !model) return ITSM_E_MISUSE;
    size_t before = out->n, types = itsm_model_type_count(model), machines = 0;
    page_begin(&p, out, 2018);
    for (size_t i = 0; i < types; i++) machines += itsm_type_machine_count(itsm_model_type_at(model, i));
    itsm__put(&p.m, "# Types of records\n\n%d types with %d lifecycles, by family.\n\n", (int)types, (int)machines);
    for (size_t i = 0; i < types; i++)
        if (is_first_of_family(model, i)) family_section(&p, model, itsm_model_type_at(model, i)->family);
    header_section(&p, model), policies_section(&p, model), roles_section(&p, model);
    trim(&p);
    return page_done(&p, before);
}
