/* SPDX-License-Identifier: MIT */
/*
 * Models of one's own: loaded, built, broken on purpose, compared.  The built-in model is the largest example: what it
 * exports must load to the same bytes.
 */
#include "support.h"
#include "vendor_model.h"

#include <itsm/model.h>

#include <criterion/criterion.h>

#include <stdarg.h>

static void print_issues(const itsm_ctx *ctx)
{
    for (size_t i = 0; i < itsm_ctx_issue_count(ctx); i++) {
        const itsm_issue *issue = itsm_ctx_issue(ctx, i);
        fprintf(stderr, "  %u:%u %.*s [%.*s] %.*s\n", (unsigned)issue->line, (unsigned)issue->column,
                ITSM_ARG(issue->where), ITSM_ARG(issue->rule), ITSM_ARG(issue->message));
    }
}

static int has_issue(const itsm_ctx *ctx, const char *rule, const char *where)
{
    for (size_t i = 0; i < itsm_ctx_issue_count(ctx); i++) {
        const itsm_issue *issue = itsm_ctx_issue(ctx, i);
        if (itsm_str_is(issue->rule, rule) && itsm_str_is(issue->where, where) && issue->message.n) return 1;
    }
    return 0;
}

static itsm_buf encoded(const itsm_model *model)
{
    itsm_buf out = ITSM_BUF_INIT;
    cr_assert_eq(itsm_model_encode(&out, model), ITSM_OK);
    return out;
}

static void assert_same(const itsm_model *a, const itsm_model *b)
{
    itsm_buf x = encoded(a), y = encoded(b), diff = ITSM_BUF_INIT;
    cr_assert_eq(itsm_model_diff_encode(&diff, a, b), ITSM_OK);
    assert_text(itsm_buf_str(&diff), "[]");
    cr_assert(itsm_str_eq(itsm_buf_str(&x), itsm_buf_str(&y)), "they write different JSON");
    itsm_buf_clear(&x), itsm_buf_clear(&y), itsm_buf_clear(&diff);
}

/* A model of one type; the arguments go where the words of the format are. */
struct parts {
    const char *fields, *relations, *indexes, *states, *guards, *effects, *moves, *root;
};

static void small_model(itsm_buf *out, const struct parts *p)
{
    static const char *const text[] = {
        "{\"schema\":\"libitsm.model/2\",\"roles\":{\"timer\":\"\",\"keeper\":\"\"},\"policies\":{\"wait\":\"P1D\"},"
        "\"record_types\":[{\"id\":\"thing\",\"prefix\":\"T\",\"clauses_2011\":[\"8.1\"],\"clauses_2018\":[\"8.6.1\"],"
        "\"fields\":[{\"name\":\"note\",\"type\":\"text\"},{\"name\":\"boss\",\"type\":\"party\"},"
        "{\"name\":\"count\",\"type\":\"int\"},{\"name\":\"due\",\"type\":\"time\"}",
        "],\n\"relations\":[{\"name\":\"parts\",\"target\":\"thing\",\"card\":\"n\",\"inverse\":\"whole\"},"
        "{\"name\":\"whole\",\"target\":\"thing\",\"card\":\"1\",\"inverse\":\"parts\"}",
        "],\n\"indexes\":[",
        "],\n\"lifecycles\":[{\"attribute\":\"status\",\"initial\":\"draft\",\"states\":["
        "{\"name\":\"draft\",\"category\":\"initial\"},{\"name\":\"done\",\"category\":\"closed\"}",
        "],\n\"transitions\":[{\"event\":\"finish\",\"from\":[\"draft\"],\"to\":\"done\",\"actor\":[\"boss\"],"
        "\"guards\":[",
        "],\n\"effects\":[",
        "]}",
        "]}]}]",
        "}"};
    const char *more[] = {p->fields, p->relations, p->indexes, p->states, p->guards, p->effects, p->moves, p->root, ""};
    for (size_t i = 0; i < sizeof text / sizeof *text; i++) {
        cr_assert_eq(itsm_buf_add(out, text[i], strlen(text[i])), ITSM_OK);
        if (more[i]) cr_assert_eq(itsm_buf_add(out, more[i], strlen(more[i])), ITSM_OK);
    }
}

static itsm_status load_small(itsm_model **out, itsm_ctx *ctx, const struct parts *p)
{
    itsm_buf text = ITSM_BUF_INIT;
    small_model(&text, p);
    itsm_status rc = itsm_model_load(out, ctx, itsm_buf_str(&text));
    itsm_buf_clear(&text);
    return rc;
}

/* Whole models ---------------------------------------------------------------------------------------------------- */

Test(runtime, what_the_built_in_model_exports_loads_to_the_same_bytes)
{
    struct counting counting = COUNTING_INIT;
    itsm_ctx *ctx = counting_ctx(&counting);
    itsm_buf text = encoded(itsm_model_builtin());
    itsm_model *model = NULL;
    itsm_status rc = itsm_model_load(&model, ctx, itsm_buf_str(&text));
    print_issues(ctx);
    cr_assert_eq(rc, ITSM_OK);
    itsm_ctx_free(ctx); /* the model outlives it */
    assert_same(itsm_model_builtin(), model);
    cr_assert_eq(itsm_model_check(NULL, model), ITSM_OK);

    const itsm_type_def *incident = itsm_model_type(model, ITSM_STR("incident"));
    cr_assert_eq(incident->number, 1);
    cr_assert_eq(incident->model, model);
    cr_assert_eq(itsm_type_link(incident, ITSM_STR("children"))->target, incident);
    cr_assert_eq(incident->name.p[incident->name.n], 0, "names end in NUL");
    cr_assert_eq(itsm_model_ref(model), model);
    itsm_model_free(model);
    cr_assert_eq(itsm_model_type_number(model, 46), itsm_model_type(model, ITSM_STR("approval")), "a share is left");
    itsm_model_free(model);
    itsm_buf_clear(&text);
    assert_nothing_outstanding(counting);
}

Test(runtime, every_descriptor_of_a_loaded_model_is_that_of_the_built_in_one)
{
    itsm_buf text = encoded(itsm_model_builtin());
    itsm_model *model = NULL;
    cr_assert_eq(itsm_model_load(&model, NULL, itsm_buf_str(&text)), ITSM_OK);
    for (size_t t = 0; t < itsm_model_type_count(model); t++) {
        const itsm_type_def *a = itsm_model_type_at(itsm_model_builtin(), t), *b = itsm_model_type_at(model, t);
        cr_assert(a->nfields == b->nfields && a->nlinks == b->nlinks && a->nindexes == b->nindexes);
        for (size_t i = 0; i < a->nfields; i++) {
            const itsm_field_def *x = &a->fields[i], *y = &b->fields[i];
            cr_assert(x->number == y->number && x->kind == y->kind && x->by == y->by && x->list == y->list &&
                          x->ranged == y->ranged && x->lo == y->lo && x->hi == y->hi && x->index == y->index &&
                          x->at_creation == y->at_creation && x->limited == y->limited && x->header == y->header &&
                          x->mandatory_at == y->mandatory_at && x->editable == y->editable &&
                          (x->target == NULL) == (y->target == NULL) && (x->machine == NULL) == (y->machine == NULL),
                      "%s.%s", a->name.p, x->name.p);
            for (size_t n = 0; x->derive && n < x->derive->nodes; n++)
                cr_assert(x->derive[n].kind == y->derive[n].kind && x->derive[n].nodes == y->derive[n].nodes &&
                          x->derive[n].field == y->derive[n].field);
        }
        for (size_t i = 0; i < a->nlinks; i++) {
            const itsm_link_def *x = &a->links[i], *y = &b->links[i];
            cr_assert(x->number == y->number && x->many == y->many && x->common == y->common &&
                          x->is_field == y->is_field && x->field == y->field,
                      "%s.%s", a->name.p, x->name.p);
        }
        for (size_t m = 0; m < a->nmachines; m++)
            for (size_t i = 0; i < a->machines[m].nmoves; i++) {
                const itsm_move_def *x = &a->machines[m].moves[i], *y = &b->machines[m].moves[i];
                cr_assert(x->from == y->from && x->to == y->to && x->nactors == y->nactors);
                for (size_t k = 0; k < x->nactors; k++)
                    cr_assert(x->actors[k].kind == y->actors[k].kind && x->actors[k].field == y->actors[k].field);
                const itsm_guard_def *g = x->guards, *h = y->guards;
                for (; g->kind; g++, h++) {
                    cr_assert(g->kind == h->kind && g->nodes == h->nodes && g->scale == h->scale &&
                              g->npaths == h->npaths && g->number == h->number && g->values.n == h->values.n);
                    for (size_t k = 0; k < g->npaths; k++)
                        cr_assert(g->paths[k].kind == h->paths[k].kind && g->paths[k].at == h->paths[k].at, "%s.%s %s",
                                  a->name.p, x->name.p, g->paths[k].name.p);
                }
                cr_assert_eq(h->kind, 0);
                const itsm_effect_def *e = x->effects, *f = y->effects;
                for (; e->kind; e++, f++) {
                    cr_assert(e->kind == f->kind && e->npaths == f->npaths && e->first == f->first);
                    for (size_t k = 0; k < e->npaths; k++)
                        cr_assert(e->paths[k].kind == f->paths[k].kind && e->paths[k].at == f->paths[k].at);
                }
                cr_assert_eq(f->kind, 0);
            }
    }
    itsm_model_free(model);
    itsm_buf_clear(&text);
}

Test(runtime, the_published_model_loads_and_is_the_built_in_one)
{
    const char *shared = getenv("ITSM_SHARED"), *here = __FILE__, *tail = strstr(here, "tests/unit/");
    char path[1024];
    if (shared) snprintf(path, sizeof path, "%s/model/model.json", shared);
    else snprintf(path, sizeof path, "%.*s../shared/model/model.json", tail ? (int)(tail - here) : 0, here);
    FILE *file = fopen(path, "rb");
    if (!file) {
        fprintf(stderr, "model.json is not here (ITSM_SHARED is not set): loading it was NOT tried\n");
        cr_skip_test("no model.json");
    }
    char *text = malloc(1 << 22);
    size_t n = fread(text, 1, 1 << 22, file);
    fclose(file);
    itsm_ctx *ctx = NULL;
    itsm_model *model = NULL;
    cr_assert_eq(itsm_ctx_new(&ctx, NULL), ITSM_OK);
    itsm_status rc = itsm_model_load(&model, ctx, itsm_str_n(text, n));
    print_issues(ctx);
    cr_assert_eq(rc, ITSM_OK);
    itsm_buf diff = ITSM_BUF_INIT;
    cr_assert_eq(itsm_model_diff_encode(&diff, itsm_model_builtin(), model), ITSM_OK);
    assert_text(itsm_buf_str(&diff), "[]");
    itsm_buf_clear(&diff), itsm_model_free(model), itsm_ctx_free(ctx), free(text);
}

/* Additions ------------------------------------------------------------------------------------------------------- */

static itsm_model *load(itsm_ctx *ctx, const char *text)
{
    itsm_model *model = NULL;
    itsm_status rc = itsm_model_load(&model, ctx, itsm_str_c(text));
    if (rc) print_issues(ctx);
    cr_assert_eq(rc, ITSM_OK);
    cr_assert_eq(itsm_ctx_issue_count(ctx), 0);
    return model;
}

Test(runtime, a_vendor_adds_a_type_a_field_a_value_a_state_a_move_and_a_host_guard)
{
    struct counting counting = COUNTING_INIT;
    itsm_ctx *ctx = counting_ctx(&counting);
    itsm_model *model = load(ctx, vendor_model);
    const itsm_type_def *part = itsm_model_type(model, ITSM_STR("spare_part"));
    const itsm_type_def *incident = itsm_model_type(model, ITSM_STR("incident"));
    cr_assert_eq(itsm_model_type_count(model), 47);
    cr_assert_eq(part->number, 32769);
    cr_assert_eq(itsm_model_type_number(model, 32769), part);
    cr_assert_eq(incident->number, 1);

    const itsm_field_def *field = itsm_type_field(incident, ITSM_STR("vendor_case"));
    cr_assert(field && field->number >= ITSM_FIELD_HOST && field->kind == ITSM_TEXT);
    cr_assert_eq(itsm_type_field_number(incident, field->number), field);
    cr_assert_eq(itsm_type_field(incident, ITSM_STR("impact"))->number, 38, "a built-in number stays");
    const itsm_names *channels = &itsm_type_field(incident, ITSM_STR("channel"))->values;
    cr_assert_eq(channels->n, 7);
    assert_text(channels->item[6], "fax");
    cr_assert_eq(itsm_type_field(incident, ITSM_STR("channel"))->at_creation, 1, "what is not given stays");

    const itsm_machine *status = itsm_type_machine(incident, ITSM_STR(""));
    const itsm_state_def *state = itsm_machine_state(status, ITSM_STR("with_vendor"));
    cr_assert_eq(state->category, ITSM_PAUSED);
    cr_assert_not_null(itsm_machine_move(status, ITSM_STR("resume"), state));
    const itsm_move_def *resolve = itsm_machine_move(status, ITSM_STR("resolve"), NULL);
    const itsm_guard_def *guard = itsm_move_guard(resolve, 1);
    cr_assert(guard && guard->kind == ITSM_GUARD_HOST && itsm_str_is(guard->name, "tested"));
    const itsm_link_def *used = itsm_type_link(part, ITSM_STR("used_for"));
    cr_assert(used->is_field && itsm_type_index(part, ITSM_STR("used_for")), "a reference has an index by itself");
    cr_assert_eq(itsm_link_inverse(used, NULL), itsm_type_link(incident, ITSM_STR("spare_parts")));
    cr_assert_not_null(itsm_type_link(part, ITSM_STR("approval")));
    itsm_span span = 0;
    cr_assert_eq(itsm_model_policy(&span, model, ITSM_STR("hold_parts_for")), ITSM_OK);
    cr_assert_eq(span, ITSM_DAYS(2));

    itsm_buf text = encoded(model);
    itsm_model *again = NULL;
    cr_assert_eq(itsm_model_load(&again, ctx, itsm_buf_str(&text)), ITSM_OK);
    assert_same(model, again);
    itsm_buf_clear(&text);
    itsm_model_free(model), itsm_model_free(again), itsm_ctx_free(ctx);
    assert_nothing_outstanding(counting);
}

#define N(array)                                                                                                       \
    {                                                                                                                  \
        array, sizeof(array) / sizeof *(array)                                                                         \
    }
#define S(text)                                                                                                        \
    {                                                                                                                  \
        "" text, sizeof(text) - 1                                                                                      \
    }

Test(runtime, a_builder_makes_the_model_that_the_json_makes)
{
    struct counting counting = COUNTING_INIT;
    itsm_ctx *ctx = counting_ctx(&counting);
    itsm_model *wanted = load(ctx, vendor_model), *model = NULL;
    itsm_model_builder *b = NULL;
    const itsm_str type = ITSM_STR("spare_part"), status = ITSM_STR("status"), incident = ITSM_STR("incident");
    cr_assert_eq(itsm_model_builder_new(&b, ctx, itsm_model_builtin()), ITSM_OK);
    cr_assert_eq(itsm_model_builder_set_role(b, ITSM_STR("warehouse"), ITSM_STR("keeps spare parts")), ITSM_OK);
    cr_assert_eq(itsm_model_builder_set_policy(b, ITSM_STR("hold_parts_for"), ITSM_STR("P2D")), ITSM_OK);

    static const itsm_str c2011[] = {S("9.1")}, c2018[] = {S("8.2.6")};
    itsm_type_spec spec = ITSM_TYPE_SPEC_INIT;
    spec.name = type, spec.label = ITSM_STR("Spare part"), spec.prefix = ITSM_STR("SPP"), spec.number = 32769;
    spec.clauses_2011.item = c2011, spec.clauses_2018.item = c2018, spec.clauses_2011.n = spec.clauses_2018.n = 1;
    cr_assert_eq(itsm_model_builder_add_type(b, &spec), ITSM_OK);
    cr_assert_eq(itsm_model_builder_add_type(b, &spec), ITSM_E_INVALID, "it is there");
    static const struct {
        itsm_str name, kind, mandatory;
        uint32_t by;
    } fields[] = {{S("name"), S("str"), S("create"), 0},
                  {S("keeper"), S("party"), S(""), 0},
                  {S("reserved_at"), S("time"), S(""), ITSM_BY_MOVE},
                  {S("used_for"), S("ref(incident)"), S(""), 0}};
    for (size_t i = 0; i < 4; i++) {
        itsm_field_spec field = ITSM_FIELD_SPEC_INIT;
        field.name = fields[i].name, field.kind = fields[i].kind, field.mandatory = fields[i].mandatory;
        field.by = fields[i].by;
        cr_assert_eq(itsm_model_builder_add_field(b, type, &field), ITSM_OK);
    }
    cr_assert_eq(itsm_model_builder_add_link(b, type, ITSM_STR("used_for"), incident, ITSM_STR("spare_parts"), 0, 0),
                 ITSM_OK);
    cr_assert_eq(itsm_model_builder_add_facet(b, type, status, ITSM_STR("stored"), 0), ITSM_OK);
    cr_assert_eq(itsm_model_builder_add_state(b, type, status, ITSM_STR("stored"), ITSM_INITIAL), ITSM_OK);
    cr_assert_eq(itsm_model_builder_add_state(b, type, status, ITSM_STR("reserved"), ITSM_OPEN), ITSM_OK);
    cr_assert_eq(itsm_model_builder_add_state(b, type, status, ITSM_STR("used"), ITSM_CLOSED), ITSM_OK);
    static const itsm_str stored[] = {S("stored")}, reserved[] = {S("reserved")},
                          keepers[] = {S("keeper"), S("warehouse")}, timer[] = {S("timer")}, any[] = {S("any")};
    const itsm_move_spec moves[] = {
        {sizeof(itsm_move_spec), S("reserve"), N(stored), S("reserved"), N(keepers), {0}, {0}, {0}, {0}},
        {sizeof(itsm_move_spec), S("release"), N(reserved), S("stored"), N(timer), {0}, {0}, {0}, {0}},
        {sizeof(itsm_move_spec), S("use"), N(reserved), S("used"), N(any), {0}, {0}, {0}, {0}}};
    for (size_t i = 0; i < 3; i++) cr_assert_eq(itsm_model_builder_add_move(b, type, status, &moves[i]), ITSM_OK);
    const itsm_str reserve = ITSM_STR("reserve");
    cr_assert_eq(itsm_model_builder_add_guard(b, type, status, reserve, ITSM_STR("set( used_for )")), ITSM_OK);
    cr_assert_eq(itsm_model_builder_add_guard(b, type, status, reserve, ITSM_STR("host(in_stock)")), ITSM_OK);
    cr_assert_eq(itsm_model_builder_add_effect(b, type, status, reserve, ITSM_STR("stamp(reserved_at)")), ITSM_OK);
    cr_assert_eq(itsm_model_builder_add_guard(b, type, status, ITSM_STR("release"),
                                              ITSM_STR("reached(reserved_at,hold_parts_for)")),
                 ITSM_OK);

    itsm_field_spec field = ITSM_FIELD_SPEC_INIT;
    field.name = ITSM_STR("vendor_case"), field.kind = ITSM_STR("str");
    cr_assert_eq(itsm_model_builder_add_field(b, incident, &field), ITSM_OK);
    cr_assert_eq(itsm_model_builder_add_value(b, incident, ITSM_STR("channel"), ITSM_STR("fax")), ITSM_OK);
    cr_assert_eq(itsm_model_builder_add_link(b, incident, ITSM_STR("spare_parts"), type, ITSM_STR("used_for"), 1, 0),
                 ITSM_OK);
    cr_assert_eq(itsm_model_builder_add_state(b, incident, status, ITSM_STR("with_vendor"), ITSM_PAUSED), ITSM_OK);
    static const itsm_str working[] = {S("in_progress")}, assignee[] = {S("assignee")},
                          asked[] = {S("set(vendor_case)")};
    const itsm_move_spec over = {
        sizeof(itsm_move_spec), S("hand_over"), N(working), S("with_vendor"), N(assignee), N(asked), {0}, {0}, {0}};
    cr_assert_eq(itsm_model_builder_add_move(b, incident, status, &over), ITSM_OK);
    cr_assert_eq(itsm_model_builder_add_from(b, incident, status, ITSM_STR("resume"), ITSM_STR("with_vendor")),
                 ITSM_OK);
    cr_assert_eq(itsm_model_builder_add_guard(b, incident, status, ITSM_STR("resolve"), ITSM_STR("host(tested)")),
                 ITSM_OK);
    itsm_status rc = itsm_model_builder_freeze(&model, b);
    print_issues(ctx);
    cr_assert_eq(rc, ITSM_OK);
    itsm_model_builder_free(b);
    assert_same(wanted, model);
    itsm_model_free(wanted), itsm_model_free(model), itsm_ctx_free(ctx);
    assert_nothing_outstanding(counting);
}

Test(runtime, a_builder_says_what_is_not_there_and_goes_on)
{
    struct counting counting = COUNTING_INIT;
    itsm_ctx *ctx = counting_ctx(&counting);
    itsm_model_builder *b = NULL;
    itsm_model *model = NULL;
    const itsm_str none = ITSM_STR("none"), incident = ITSM_STR("incident"), status = ITSM_STR("status");
    itsm_field_spec field = ITSM_FIELD_SPEC_INIT;
    itsm_move_spec move = ITSM_MOVE_SPEC_INIT;
    cr_assert_eq(itsm_model_builder_new(&b, ctx, itsm_model_builtin()), ITSM_OK);
    field.name = ITSM_STR("impact");
    cr_assert_eq(itsm_model_builder_add_field(b, none, &field), ITSM_E_NOT_FOUND);
    cr_assert_eq(itsm_ctx_issue_count(ctx), 1);
    cr_assert_eq(itsm_model_builder_add_field(b, incident, &field), ITSM_E_INVALID);
    cr_assert_eq(itsm_model_builder_add_value(b, incident, none, none), ITSM_E_NOT_FOUND);
    cr_assert_eq(itsm_model_builder_add_value(b, incident, ITSM_STR("impact"), none), ITSM_E_INVALID);
    cr_assert_eq(itsm_model_builder_add_link(b, incident, ITSM_STR("children"), incident, none, 1, 0), ITSM_E_INVALID);
    cr_assert_eq(itsm_model_builder_add_index(b, incident, ITSM_STR("service"), NULL, 0, 0, 0), ITSM_E_INVALID);
    cr_assert_eq(itsm_model_builder_add_facet(b, incident, status, none, 0), ITSM_E_INVALID);
    cr_assert_eq(itsm_model_builder_add_state(b, incident, none, none, ITSM_OPEN), ITSM_E_NOT_FOUND);
    cr_assert_eq(itsm_model_builder_add_state(b, incident, status, ITSM_STR("new"), ITSM_OPEN), ITSM_E_INVALID);
    cr_assert_eq(itsm_model_builder_add_state(b, incident, status, none, 9), ITSM_E_INVALID);
    cr_assert_eq(itsm_model_builder_add_move(b, incident, none, &move), ITSM_E_NOT_FOUND);
    cr_assert_eq(itsm_model_builder_add_guard(b, incident, status, none, none), ITSM_E_NOT_FOUND);
    cr_assert_eq(itsm_model_builder_add_clock(b, incident, ITSM_STR("response"), none, 0), ITSM_E_INVALID);
    cr_assert_eq(itsm_model_builder_remove(b, ITSM_STR("incident.status.none")), ITSM_E_NOT_FOUND);
    cr_assert_eq(itsm_model_builder_remove(b, none), ITSM_E_NOT_FOUND);
    cr_assert_eq(itsm_model_builder_freeze(&model, b), ITSM_OK, "nothing of this has changed it");
    assert_same(itsm_model_builtin(), model);
    itsm_model_free(model);

    cr_assert_eq(itsm_model_builder_remove(b, ITSM_STR("outage")), ITSM_OK);
    cr_assert_eq(itsm_model_builder_freeze(&model, b), ITSM_E_INVALID, "incidents refer to outages");
    cr_assert_null(model);
    cr_assert(has_issue(ctx, "exists", "incident"));
    cr_assert_eq(itsm_model_builder_freeze(NULL, b), ITSM_E_MISUSE);
    cr_assert_eq(itsm_model_builder_freeze(&model, NULL), ITSM_E_MISUSE);
    itsm_model_builder_free(b), itsm_model_builder_free(NULL), itsm_ctx_free(ctx);
    assert_nothing_outstanding(counting);
}

Test(runtime, a_number_depends_on_the_name_alone)
{
    static const char one[] = "{\"extends\":\"builtin\",\"record_types\":[{\"id\":\"task\",\"fields\":["
                              "{\"name\":\"colour\",\"type\":\"str\"}]}]}";
    static const char two[] = "{\"extends\":\"builtin\",\"record_types\":[{\"id\":\"task\",\"fields\":["
                              "{\"name\":\"shape\",\"type\":\"str\"},{\"name\":\"colour\",\"type\":\"str\"}]}]}";
    struct counting counting = COUNTING_INIT;
    itsm_ctx *ctx = counting_ctx(&counting);
    itsm_model *a = load(ctx, one), *b = load(ctx, two);
    const itsm_str colour = ITSM_STR("colour"), task = ITSM_STR("task");
    cr_assert_eq(itsm_type_field(itsm_model_type(a, task), colour)->number,
                 itsm_type_field(itsm_model_type(b, task), colour)->number);
    itsm_model_free(a), itsm_model_free(b), itsm_ctx_free(ctx);
    assert_nothing_outstanding(counting);
}

/* Broken models --------------------------------------------------------------------------------------------------- */

#define FINE                                                                                                           \
    {                                                                                                                  \
        0, 0, 0, 0, 0, 0, 0, 0                                                                                         \
    }

Test(runtime, the_small_model_is_whole)
{
    struct counting counting = COUNTING_INIT;
    itsm_ctx *ctx = counting_ctx(&counting);
    struct parts parts = FINE;
    itsm_model *model = NULL;
    parts.guards =
        "\" any ( set( note ) ,when(role(keeper),gt(count,-1.50)), host(h) )\",\"linked(parts|whole,1,done)\"";
    parts.effects = "\"when( ne(note,a|b) , incr( count ) )\",\"put(note,x)\",\"copy(note,parts.note)\","
                    "\"stamp(due,first)\",\"notify(boss)\",\"clear(boss)\"";
    itsm_status rc = load_small(&model, ctx, &parts);
    print_issues(ctx);
    cr_assert_eq(rc, ITSM_OK);
    itsm_buf text = ITSM_BUF_INIT;
    const itsm_move_def *move = &itsm_model_type_at(model, 0)->machines[0].moves[0];
    cr_assert_eq(itsm_guard_encode(&text, itsm_move_guard(move, 0)), ITSM_OK);
    assert_text(itsm_buf_str(&text), "any(set(note),when(role(keeper),gt(count,-1.50)),host(h))");
    text.n = 0;
    cr_assert_eq(itsm_effect_encode(&text, itsm_move_effect(move, 0)), ITSM_OK);
    assert_text(itsm_buf_str(&text), "when(ne(note,a|b),incr(count))");
    cr_assert_eq(itsm_model_type_at(model, 0)->machines[0].number, ITSM_FIELD_STATE);
    itsm_buf_clear(&text), itsm_model_free(model), itsm_ctx_free(ctx);
    assert_nothing_outstanding(counting);
}

static void assert_broken(const struct parts *parts, const char *rule, const char *where)
{
    struct counting counting = COUNTING_INIT;
    itsm_ctx *ctx = counting_ctx(&counting);
    itsm_model *model = NULL;
    itsm_status rc = load_small(&model, ctx, parts);
    if (!has_issue(ctx, rule, where)) print_issues(ctx);
    cr_assert_eq(rc, ITSM_E_INVALID, "%s at %s", rule, where);
    cr_assert_null(model);
    cr_assert(has_issue(ctx, rule, where), "%s at %s", rule, where);
    itsm_ctx_free(ctx);
    assert_nothing_outstanding(counting);
}

#define BROKEN(name, rule, where, ...)                                                                                 \
    Test(broken, name)                                                                                                 \
    {                                                                                                                  \
        struct parts p = FINE;                                                                                         \
        __VA_ARGS__;                                                                                                   \
        assert_broken(&p, rule, where);                                                                                \
    }

#define FINISH "thing.status.finish"
#define MOVE(name, from, to, rest) ",{\"event\":\"" name "\",\"from\":[\"" from "\"],\"to\":\"" to "\"," rest "}"
#define BY_BOSS "\"actor\":[\"boss\"]"

BROKEN(a_guard_on_a_field_that_is_not_there, "exists", FINISH, p.guards = "\"set(nope)\"")
BROKEN(a_guard_on_a_linked_field_that_is_not_there, "exists", FINISH, p.guards = "\"set(parts.nope)\"")
BROKEN(a_guard_on_a_relation_that_is_not_there, "exists", FINISH, p.guards = "\"linked(nope,1)\"")
BROKEN(a_state_that_what_is_linked_cannot_be_in, "exists", FINISH, p.guards = "\"linked(parts,1,nope)\"")
BROKEN(a_word_that_is_no_guard, "grammar", FINISH, p.guards = "\"sat(note)\"")
BROKEN(a_guard_without_its_end, "grammar", FINISH, p.guards = "\"set(note\"")
BROKEN(a_guard_with_more_behind_it, "grammar", FINISH, p.guards = "\"set(note))\"")
BROKEN(an_empty_guard, "grammar", FINISH, p.guards = "\"\"")
BROKEN(a_number_that_is_too_long, "grammar", FINISH, p.guards = "\"gt(count,99999999999999999999)\"")
BROKEN(an_any_of_one, "fits", FINISH, p.guards = "\"any(set(note))\"")
BROKEN(guards_nested_too_deep, "grammar", FINISH,
       p.guards = "\"any(any(any(any(any(any(any(any(any(any(any(any(any(any(any(any(any(set(note)\"")
BROKEN(a_role_that_is_none, "exists", FINISH, p.guards = "\"role(king)\"")
BROKEN(a_policy_that_is_none, "exists", FINISH, p.guards = "\"reached(due,never)\"")
BROKEN(a_time_compared_that_is_none, "fits", FINISH, p.guards = "\"reached(note)\"")
BROKEN(a_number_compared_that_is_none, "fits", FINISH, p.guards = "\"gt(note,1)\"")
BROKEN(parties_compared_that_are_none, "fits", FINISH, p.guards = "\"differs(note,actor)\"")
BROKEN(a_value_a_number_cannot_have, "fits", FINISH, p.guards = "\"eq(count,many)\"")
BROKEN(a_word_that_is_no_effect, "grammar", FINISH, p.effects = "\"stomp(due)\"")
BROKEN(an_effect_of_two_conditions, "grammar", FINISH, p.effects = "\"when(set(note),when(set(note),clear(note)))\"")
BROKEN(a_stamp_on_text, "fits", FINISH, p.effects = "\"stamp(note)\"")
BROKEN(an_effect_on_a_state, "locked", FINISH, p.effects = "\"put(status,done)\"")
BROKEN(an_effect_on_the_librarys_own, "locked", FINISH, p.effects = "\"stamp(created_at)\"")
BROKEN(an_effect_on_a_derived_field, "locked", FINISH, p.effects = "\"clear(twice)\"",
       p.fields = ",{\"name\":\"twice\",\"type\":\"int\",\"by\":\"rule\",\"derive\":\"max(count,count)\"}")
BROKEN(a_copy_of_another_kind, "fits", FINISH, p.effects = "\"copy(note,parts.count)\"")
BROKEN(a_fire_of_a_move_that_is_none, "exists", FINISH, p.effects = "\"fire(parts,fly)\"")
BROKEN(a_notice_to_nobody, "exists", FINISH, p.effects = "\"notify(nobody)\"")
BROKEN(a_state_that_is_never_reached, "reachable", "thing.status",
       p.states = ",{\"name\":\"lost\",\"category\":\"cancelled\"}")
BROKEN(a_state_without_a_way_out, "finish", "thing.status", p.states = ",{\"name\":\"stuck\",\"category\":\"open\"}",
       p.moves = MOVE("stick", "draft", "stuck", BY_BOSS))
BROKEN(a_move_to_no_state, "exists", "thing.status.go", p.moves = MOVE("go", "draft", "away", BY_BOSS))
BROKEN(a_move_from_no_state, "exists", "thing.status.go", p.moves = MOVE("go", "away", "done", BY_BOSS))
BROKEN(a_move_nobody_may_make, "exists", "thing.status.go", p.moves = MOVE("go", "draft", "done", "\"actor\":[]"))
BROKEN(an_actor_that_is_nobody, "exists", "thing.status.go",
       p.moves = MOVE("go", "draft", "done", "\"actor\":[\"king\"]"))
BROKEN(two_moves_of_one_name_from_one_state, "once", FINISH, p.moves = MOVE("finish", "draft", "done", BY_BOSS))
BROKEN(a_timer_that_waits_for_nothing, "timer", "thing.status.go",
       p.moves = MOVE("go", "draft", "done", "\"actor\":[\"timer\"]"))
BROKEN(a_state_twice, "unique", "thing.status", p.states = ",{\"name\":\"done\",\"category\":\"closed\"}")
BROKEN(a_state_without_a_category, "category", "thing.status", p.states = ",{\"name\":\"odd\",\"category\":\"blue\"}")
BROKEN(a_field_twice, "unique", "thing", p.fields = ",{\"name\":\"note\",\"type\":\"text\"}")
BROKEN(a_field_named_as_a_facet, "unique", "thing", p.fields = ",{\"name\":\"status\",\"type\":\"text\"}")
BROKEN(two_fields_of_one_number, "unique", "thing",
       p.fields = ",{\"name\":\"x\",\"type\":\"int\",\"number\":40},{\"name\":\"y\",\"type\":\"int\",\"number\":40}")
BROKEN(a_number_of_the_header, "number", "thing", p.fields = ",{\"name\":\"x\",\"type\":\"int\",\"number\":7}")
BROKEN(a_number_beyond_all, "number", "thing", p.fields = ",{\"name\":\"x\",\"type\":\"int\",\"number\":99999}")
BROKEN(a_kind_that_is_none, "grammar", "thing", p.fields = ",{\"name\":\"x\",\"type\":\"colour\"}")
BROKEN(a_range_without_numbers, "fits", "thing", p.fields = ",{\"name\":\"x\",\"type\":\"int(5-1)\"}")
BROKEN(a_value_twice, "unique", "thing", p.fields = ",{\"name\":\"x\",\"type\":\"enum(a|b|a)\"}")
BROKEN(a_name_that_is_none, "name", "thing", p.fields = ",{\"name\":\"X y\",\"type\":\"int\"}")
BROKEN(a_mandatory_field_only_moves_could_write, "writable", "thing",
       p.fields = ",{\"name\":\"x\",\"type\":\"time\",\"by\":\"move\",\"mandatory\":\"done\"}")
BROKEN(a_mandatory_field_at_creation_that_hosts_may_not_write, "writable", "thing",
       p.fields = ",{\"name\":\"x\",\"type\":\"time\",\"by\":\"move\",\"mandatory\":\"create\"}")
BROKEN(a_field_mandatory_at_no_state, "exists", "thing",
       p.fields = ",{\"name\":\"x\",\"type\":\"time\",\"mandatory\":\"away\"}")
BROKEN(a_field_editable_in_no_state, "exists", "thing",
       p.fields = ",{\"name\":\"x\",\"type\":\"time\",\"editable\":[\"away\"]}")
BROKEN(a_formula_of_what_is_not_there, "exists", "thing",
       p.fields = ",{\"name\":\"x\",\"type\":\"int\",\"by\":\"rule\",\"derive\":\"max(nope,count)\"}")
BROKEN(a_formula_of_what_is_computed_later, "fits", "thing",
       p.fields = ",{\"name\":\"x\",\"type\":\"int\",\"by\":\"rule\",\"derive\":\"max(y,count)\"},"
                  "{\"name\":\"y\",\"type\":\"int\",\"by\":\"rule\",\"derive\":\"max(count,count)\"}")
BROKEN(a_reference_to_no_type, "exists", "thing", p.fields = ",{\"name\":\"x\",\"type\":\"ref(nope)\"}")
BROKEN(a_reference_that_is_no_relation, "inverse", "thing", p.fields = ",{\"name\":\"x\",\"type\":\"ref(thing)\"}")
BROKEN(a_relation_that_is_not_answered, "inverse", "thing",
       p.relations = ",{\"name\":\"x\",\"target\":\"thing\",\"card\":\"1\",\"inverse\":\"parts\"}")
BROKEN(a_relation_of_another_card_than_its_field, "fits", "thing",
       p.fields = ",{\"name\":\"x\",\"type\":\"ref(thing)\"}",
       p.relations = ",{\"name\":\"x\",\"target\":\"thing\",\"card\":\"n\",\"inverse\":\"x\"}")
BROKEN(an_index_over_what_is_not_there, "exists", "thing", p.indexes = "{\"name\":\"x\",\"fields\":[\"nope\"]}")
BROKEN(a_header_field_made_something_else, "fits", "thing", p.fields = ",{\"name\":\"title\",\"type\":\"int\"}")
BROKEN(a_member_the_format_does_not_have, "unknown", "thing", p.fields = ",{\"name\":\"x\",\"type\":\"int\",\"typ\":1}")
BROKEN(a_member_of_another_shape, "shape", "thing", p.fields = ",{\"name\":\"x\",\"type\":1}")
BROKEN(a_matrix_that_is_none, "fits", "", p.root = ",\"priority_matrix\":{\"priority_5x5\":[[1,2,3]]}")
BROKEN(a_clock_there_is_not, "exists", "thing",
       p.root = ",\"clocks\":{\"thing\":[{\"name\":\"lunch\",\"met_by\":\"due\"}]}")
BROKEN(a_clock_met_by_nothing, "exists", "thing",
       p.root = ",\"clocks\":{\"thing\":[{\"name\":\"response\",\"met_by\":\"nope\"}]}")
BROKEN(a_removal_of_nothing, "exists", "", p.root = ",\"remove\":[\"nothing.at.all\"]")
BROKEN(moves_that_fire_each_other_for_ever, "fire", "thing.status.again",
       p.moves = MOVE("again", "draft", "draft", BY_BOSS ",\"effects\":[\"fire(parts,again)\"]"))
BROKEN(moves_that_fire_each_other_to_and_fro, "fire", "thing.status.back",
       p.states = ",{\"name\":\"other\",\"category\":\"open\"}",
       p.moves = MOVE("forth", "draft", "other", BY_BOSS ",\"effects\":[\"fire(parts,back)\",\"fire(parts,forth)\"]")
           MOVE("back", "other", "draft", BY_BOSS ",\"effects\":[\"fire(whole,forth)\",\"fire(parts,back)\"]"))

Test(runtime, a_fire_that_comes_to_an_end_is_no_finding)
{
    struct counting counting = COUNTING_INIT;
    itsm_ctx *ctx = counting_ctx(&counting);
    struct parts parts = FINE;
    itsm_model *model = NULL;
    parts.effects = "\"fire(parts,finish)\""; /* each is finished once */
    itsm_status rc = load_small(&model, ctx, &parts);
    print_issues(ctx);
    cr_assert_eq(rc, ITSM_OK);
    itsm_model_free(model), itsm_ctx_free(ctx);
    assert_nothing_outstanding(counting);
}

Test(runtime, all_that_is_wrong_is_said_at_once_with_its_place)
{
    struct counting counting = COUNTING_INIT;
    itsm_ctx *ctx = counting_ctx(&counting);
    struct parts parts = FINE;
    itsm_model *model = NULL;
    parts.fields = ",{\"name\":\"x\",\"type\":\"colour\"}", parts.guards = "\"sat(note)\",\"set(nope)\"";
    parts.effects = "\"stamp(note)\"", parts.states = ",{\"name\":\"lost\",\"category\":\"open\"}";
    parts.moves = MOVE("go", "draft", "away", "\"actor\":[]");
    cr_assert_eq(load_small(&model, ctx, &parts), ITSM_E_INVALID);
    print_issues(ctx);
    cr_assert(has_issue(ctx, "grammar", "thing") && has_issue(ctx, "grammar", FINISH) &&
              has_issue(ctx, "exists", FINISH) && has_issue(ctx, "fits", FINISH) &&
              has_issue(ctx, "reachable", "thing.status") && has_issue(ctx, "exists", "thing.status.go"));
    for (size_t i = 0; i < itsm_ctx_issue_count(ctx); i++) {
        const itsm_issue *issue = itsm_ctx_issue(ctx, i);
        if (itsm_str_is(issue->rule, "grammar") && itsm_str_is(issue->where, FINISH))
            cr_assert(issue->line == 5 && issue->column > 1 && issue->position > 0, "%u:%u", (unsigned)issue->line,
                      (unsigned)issue->column);
    }
    itsm_ctx_free(ctx);
    assert_nothing_outstanding(counting);
}

static void assert_extension(const char *text, itsm_status wanted, const char *rule, const char *where)
{
    struct counting counting = COUNTING_INIT;
    itsm_ctx *ctx = counting_ctx(&counting);
    itsm_model *model = NULL;
    itsm_status rc = itsm_model_load(&model, ctx, itsm_str_c(text));
    if (rc != wanted || (rule && !has_issue(ctx, rule, where))) print_issues(ctx);
    cr_assert_eq(rc, wanted, "%d: %s", rc, text);
    cr_assert(!rule || has_issue(ctx, rule, where), "%s at %s", rule, where);
    itsm_model_free(model), itsm_ctx_free(ctx);
    assert_nothing_outstanding(counting);
}

Test(runtime, what_is_built_in_keeps_its_numbers_and_categories)
{
#define ADD(rest) "{\"extends\":\"builtin\",\"record_types\":[{\"id\":\"incident\"," rest "}]}"
    assert_extension(ADD("\"number\":5"), ITSM_E_INVALID, "number", "incident");
    assert_extension(ADD("\"fields\":[{\"name\":\"impact\",\"number\":39}]"), ITSM_E_INVALID, "number", "incident");
    assert_extension(ADD("\"fields\":[{\"name\":\"x\",\"type\":\"int\",\"number\":99}]"), ITSM_E_INVALID, "number",
                     "incident");
    assert_extension(ADD("\"fields\":[{\"name\":\"x\",\"type\":\"int\",\"number\":32768}]"), ITSM_OK, NULL, NULL);
    assert_extension(ADD("\"lifecycles\":[{\"attribute\":\"status\",\"states\":[{\"name\":\"pending\",\"category\":"
                         "\"open\"}]}]"),
                     ITSM_E_INVALID, "category", "incident.status");
    assert_extension(ADD("\"lifecycles\":[{\"attribute\":\"status\",\"transitions\":[{\"event\":\"to_major\",\"from\":["
                         "\"new\"],\"to\":\"declared\",\"actor\":[\"any\"]}]}]"),
                     ITSM_E_INVALID, "exists", "incident.status.to_major");
    assert_extension("{\"extends\":\"other\"}", ITSM_E_INVALID, "exists", "/extends");
    assert_extension("{\"schema\":\"libitsm.model/9\"}", ITSM_E_VERSION, "schema", "");
    assert_extension("{\"extends\":\"builtin\",\"common_fields\":[{\"name\":\"colour\"}]}", ITSM_E_INVALID, "fits", "");
    assert_extension("[]", ITSM_E_INVALID, NULL, NULL);
    assert_extension("{", ITSM_E_SYNTAX, NULL, NULL);
}

Test(runtime, a_policy_that_is_no_span_is_refused)
{
    assert_extension("{\"extends\":\"builtin\",\"policies\":{\"reopen_window\":\"soon\"}}", ITSM_E_INVALID, "fits", "");
    assert_extension("{\"extends\":\"builtin\",\"policies\":{\"reopen_window\":\"P7D\"}}", ITSM_OK, NULL, NULL);
    assert_extension("{\"extends\":\"builtin\",\"remove\":[\"policy:reopen_window\"]}", ITSM_E_INVALID, "exists",
                     "incident.status.reopen");
}

Test(runtime, a_state_that_is_removed_takes_the_moves_that_start_there)
{
    struct counting counting = COUNTING_INIT;
    itsm_ctx *ctx = counting_ctx(&counting);
    struct parts parts = FINE;
    itsm_model_builder *b = NULL;
    itsm_model *model = NULL;
    itsm_buf text = ITSM_BUF_INIT;
    parts.states = ",{\"name\":\"waiting\",\"category\":\"paused\"}";
    parts.moves = MOVE("wait", "draft", "waiting", BY_BOSS) MOVE("go_on", "waiting", "draft", BY_BOSS)
        MOVE("drop", "draft\",\"waiting", "done", BY_BOSS);
    parts.fields = ",{\"name\":\"why\",\"type\":\"text\",\"editable\":[\"waiting\",\"draft\"]}";
    small_model(&text, &parts);
    cr_assert_eq(itsm_model_builder_new(&b, ctx, NULL), ITSM_OK);
    cr_assert_eq(itsm_model_builder_add_json(b, itsm_buf_str(&text)), ITSM_OK);
    cr_assert_eq(itsm_model_builder_remove(b, ITSM_STR("thing.status.waiting")), ITSM_OK);
    cr_assert_eq(itsm_model_builder_freeze(&model, b), ITSM_E_INVALID);
    cr_assert(has_issue(ctx, "exists", "thing.status.wait"), "it leads nowhere");
    cr_assert_eq(itsm_model_builder_remove(b, ITSM_STR("thing.status.wait")), ITSM_OK);
    itsm_status rc = itsm_model_builder_freeze(&model, b);
    print_issues(ctx);
    cr_assert_eq(rc, ITSM_OK);
    const itsm_machine *status = itsm_type_machine(itsm_model_type(model, ITSM_STR("thing")), ITSM_STR(""));
    cr_assert(status->nstates == 2 && status->nmoves == 2);
    cr_assert_null(itsm_machine_move(status, ITSM_STR("go_on"), NULL));
    cr_assert_eq(itsm_machine_move(status, ITSM_STR("drop"), NULL)->from, 1);
    cr_assert_eq(itsm_type_field(status->type, ITSM_STR("why"))->editable, 1);
    itsm_buf_clear(&text);
    itsm_model_builder_free(b), itsm_model_free(model), itsm_ctx_free(ctx);
    assert_nothing_outstanding(counting);
}

/* Hostile models -------------------------------------------------------------------------------------------------- */

/* `piece` with a number in it, n times. */
static char *repeated(const char *piece, size_t n)
{
    size_t room = n * (strlen(piece) + 12) + 1, at = 0;
    char *out = malloc(room);
    cr_assert_not_null(out);
    *out = 0;
    for (size_t i = 0; i < n; i++) {
        const char *hole = strchr(piece, '#');
        at += (size_t)snprintf(out + at, room - at, "%.*s%zu%s", (int)(hole - piece), piece, i, hole + 1);
    }
    return out;
}

static void assert_hostile(const struct parts *parts, itsm_status wanted, const char *rule)
{
    struct counting counting = COUNTING_INIT;
    itsm_ctx *ctx = counting_ctx(&counting);
    itsm_model *model = NULL;
    itsm_status rc = load_small(&model, ctx, parts);
    int found = 0;
    for (size_t i = 0; i < itsm_ctx_issue_count(ctx); i++) found |= itsm_str_is(itsm_ctx_issue(ctx, i)->rule, rule);
    cr_assert_eq(rc, wanted, "%d", rc);
    cr_assert(found && !model, "%s", rule);
    cr_assert_leq(itsm_ctx_issue_count(ctx), 1000);
    itsm_ctx_free(ctx);
    assert_nothing_outstanding(counting);
}

Test(hostile, a_hundred_thousand_states_are_too_many)
{
    struct parts parts = FINE;
    char *states = repeated(",{\"name\":\"s#\",\"category\":\"open\"}", 100000);
    parts.states = states;
    assert_hostile(&parts, ITSM_E_LIMIT, "limit");
    free(states);
    parts.states = states = repeated(",{\"name\":\"s#\",\"category\":\"open\"}", 100);
    assert_hostile(&parts, ITSM_E_INVALID, "limit");
    free(states);
}

Test(hostile, a_hundred_thousand_fields_are_too_many)
{
    struct parts parts = FINE;
    char *fields = repeated(",{\"name\":\"f#\",\"type\":\"text\"}", 100000);
    parts.fields = fields;
    assert_hostile(&parts, ITSM_E_LIMIT, "limit");
    free(fields);
}

Test(hostile, issues_end_at_a_thousand)
{
    struct parts parts = FINE;
    char *fields = repeated(",{\"name\":\"F #\",\"type\":\"colour\"}", 900);
    parts.fields = fields;
    assert_hostile(&parts, ITSM_E_INVALID, "grammar");
    free(fields);
}

Test(hostile, nothing_may_be_too_long_or_too_deep)
{
    struct counting counting = COUNTING_INIT;
    itsm_ctx *ctx = counting_ctx(&counting);
    itsm_model *model = NULL;
    char *text = malloc(5 * 1024 * 1024);
    memset(text, '[', 5 * 1024 * 1024);
    cr_assert_eq(itsm_model_load(&model, ctx, itsm_str_n(text, 1000)), ITSM_E_LIMIT);
    memset(text, ' ', 5 * 1024 * 1024);
    cr_assert_eq(itsm_model_load(&model, ctx, itsm_str_n(text, 5 * 1024 * 1024)), ITSM_E_LIMIT);
    free(text);
    itsm_ctx_free(ctx);
    assert_nothing_outstanding(counting);

    struct parts parts = FINE;
    char *guard = repeated("set(note#),", 5000), *whole = malloc(strlen(guard) + 32);
    sprintf(whole, "\"any(%sset(note))\"", guard);
    parts.guards = whole;
    assert_hostile(&parts, ITSM_E_INVALID, "limit");
    free(guard), free(whole);
}

Test(hostile, three_hundred_fires_are_too_many_and_two_hundred_in_a_ring_are_found)
{
    struct parts parts = FINE;
    char *moves = repeated(",{\"event\":\"m#\",\"from\":[\"draft\"],\"to\":\"draft\",\"actor\":[\"boss\"],"
                           "\"effects\":[\"fire(parts,m0)\"]}",
                           300);
    parts.moves = moves;
    assert_hostile(&parts, ITSM_E_INVALID, "limit");
    free(moves);
    parts.moves = moves = repeated(",{\"event\":\"m#\",\"from\":[\"draft\"],\"to\":\"draft\",\"actor\":[\"boss\"],"
                                   "\"effects\":[\"fire(parts,m0)\"]}",
                                   200);
    assert_hostile(&parts, ITSM_E_INVALID, "fire");
    free(moves);
}

Test(hostile, a_failed_allocation_is_told_and_nothing_leaks)
{
    static const struct parts parts = {",{\"name\":\"x\",\"type\":\"enum(a|b)\"}",
                                       NULL,
                                       NULL,
                                       NULL,
                                       "\"eq(x,a)\"",
                                       "\"fire(parts,finish)\"",
                                       NULL,
                                       NULL};
    itsm_buf text = ITSM_BUF_INIT;
    size_t n = 1;
    small_model(&text, &parts);
    for (itsm_status rc = ITSM_E_NOMEM; rc; n++) {
        struct counting counting = COUNTING_INIT;
        itsm_ctx *ctx = counting_ctx(&counting);
        itsm_model *model = NULL;
        counting_fail(&counting, n);
        rc = itsm_model_load(&model, ctx, itsm_buf_str(&text));
        const int failed = counting_stop(&counting);
        cr_assert_eq(rc, failed ? ITSM_E_NOMEM : ITSM_OK, "%d at %zu", rc, n);
        cr_assert_eq(model == NULL, rc != ITSM_OK);
        itsm_model_free(model), itsm_ctx_free(ctx);
        assert_nothing_outstanding(counting);
    }
    cr_assert_gt(n, 5);
    itsm_buf_clear(&text);
}

/* Comparing ------------------------------------------------------------------------------------------------------- */

struct rows {
    const char *where;
    uint32_t part, how;
    size_t found, all;
};

static itsm_status count_rows(void *user, const itsm_model_change *change)
{
    struct rows *rows = user;
    rows->all++;
    rows->found += itsm_str_is(change->where, rows->where) && change->part == rows->part && change->how == rows->how;
    cr_assert_eq(change->before.n == 0, change->how == ITSM_PART_ADDED);
    return ITSM_OK;
}

static size_t rows_of(const itsm_model *a, const itsm_model *b, const char *where, uint32_t part, uint32_t how)
{
    struct rows rows = {where, part, how, 0, 0};
    cr_assert_eq(itsm_model_diff(count_rows, &rows, a, b), ITSM_OK);
    return rows.found;
}

Test(comparing, a_vendors_additions_are_rows)
{
    struct counting counting = COUNTING_INIT;
    itsm_ctx *ctx = counting_ctx(&counting);
    itsm_model *model = load(ctx, vendor_model);
    const itsm_model *base = itsm_model_builtin();
    cr_assert_eq(rows_of(base, model, "spare_part", ITSM_PART_TYPE, ITSM_PART_ADDED), 1);
    cr_assert_eq(rows_of(model, base, "spare_part", ITSM_PART_TYPE, ITSM_PART_REMOVED), 1);
    cr_assert_eq(rows_of(base, model, "incident.vendor_case", ITSM_PART_FIELD, ITSM_PART_ADDED), 1);
    cr_assert_eq(rows_of(base, model, "incident.channel", ITSM_PART_FIELD, ITSM_PART_CHANGED), 1);
    cr_assert_eq(rows_of(base, model, "incident.spare_parts", ITSM_PART_LINK, ITSM_PART_ADDED), 1);
    cr_assert_eq(rows_of(base, model, "incident.status.with_vendor", ITSM_PART_STATE, ITSM_PART_ADDED), 1);
    cr_assert_eq(rows_of(base, model, "incident.status.hand_over", ITSM_PART_MOVE, ITSM_PART_ADDED), 1);
    cr_assert_eq(rows_of(base, model, "incident.status.resume", ITSM_PART_MOVE, ITSM_PART_CHANGED), 1);
    cr_assert_eq(rows_of(base, model, "incident.status.resolve", ITSM_PART_GUARD, ITSM_PART_ADDED), 1);
    cr_assert_eq(rows_of(base, model, "warehouse", ITSM_PART_ROLE, ITSM_PART_ADDED), 1);
    cr_assert_eq(rows_of(base, model, "hold_parts_for", ITSM_PART_POLICY, ITSM_PART_ADDED), 1);
    struct rows rows = {"", 0, 0, 0, 0};
    cr_assert_eq(itsm_model_diff(count_rows, &rows, base, model), ITSM_OK);
    cr_assert_eq(rows.all, 10, "%zu", rows.all);

    cr_assert_eq(itsm_model_compare(ctx, base, model), ITSM_OK);
    cr_assert_eq(itsm_ctx_issue_count(ctx), 0, "nothing loses a guard");
    itsm_model_free(model), itsm_ctx_free(ctx);
    assert_nothing_outstanding(counting);
}

Test(comparing, each_clause_that_loses_a_guard_is_warned_of)
{
    struct counting counting = COUNTING_INIT;
    itsm_ctx *ctx = counting_ctx(&counting);
    itsm_model *model =
        load(ctx, "{\"extends\":\"builtin\",\"record_types\":[{\"id\":\"incident\",\"lifecycles\":[{"
                  "\"attribute\":\"status\",\"transitions\":[{\"event\":\"cancel\",\"guards\":[]},"
                  "{\"event\":\"vanish\",\"from\":[\"new\"],\"to\":\"closed\",\"actor\":[\"any\"]}]}]}]}");
    cr_assert_eq(itsm_model_compare(ctx, itsm_model_builtin(), model), ITSM_OK);
    print_issues(ctx);
    size_t lost = 0, round = 0;
    for (size_t i = 0; i < itsm_ctx_issue_count(ctx); i++) {
        const itsm_issue *issue = itsm_ctx_issue(ctx, i);
        cr_assert_eq(issue->code, ITSM_OK, "a warning");
        assert_text(issue->rule, "guard");
        cr_assert(issue->clause.n);
        lost += (size_t)itsm_str_is(issue->where, "incident.status.cancel");
        round += (size_t)itsm_str_is(issue->where, "incident.status.vanish");
    }
    cr_assert_eq(lost, 4, "%zu", lost);
    cr_assert_eq(round, 3, "%zu", round);
    itsm_buf text = ITSM_BUF_INIT;
    cr_assert_eq(itsm_model_diff_encode(&text, itsm_model_builtin(), model), ITSM_OK);
    cr_assert_eq(itsm_buf_add(&text, "", 1), ITSM_OK);
    cr_assert(strstr(text.p, "\"how\": \"removed\"") && strstr(text.p, "\"before\": \"set(cancel_reason)\"") &&
                  strstr(text.p, "\"8.6.1\""),
              "%s", text.p);
    itsm_buf_clear(&text);
    cr_assert_eq(itsm_model_compare(ctx, NULL, model), ITSM_E_MISUSE);
    itsm_model_free(model), itsm_ctx_free(ctx);
    assert_nothing_outstanding(counting);
}
