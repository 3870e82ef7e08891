/* SPDX-License-Identifier: MIT */
/*
 * The built-in model against itself (the checker), against the numbers promised for ever (tests/abi/numbers.txt) and,
 * where it is at hand, against the published model (model.json); and the checker against models broken on purpose.
 */
#include "support.h"

#include "base/text.h"
#include "model/model.h"
#include "text/json.h"

#include <criterion/criterion.h>

static const itsm_type_def *type_of(const char *name)
{
    const itsm_type_def *type = itsm_model_type(itsm_model_builtin(), itsm_str_c(name));
    cr_assert_not_null(type, "%s", name);
    return type;
}

static const itsm_field_def *field_of(const char *type, const char *name)
{
    const itsm_field_def *field = itsm_type_field(type_of(type), itsm_str_c(name));
    cr_assert_not_null(field, "%s.%s", type, name);
    return field;
}

static void print_issues(const itsm_ctx *ctx)
{
    for (size_t i = 0; i < itsm_ctx_issue_count(ctx); i++) {
        const itsm_issue *issue = itsm_ctx_issue(ctx, i);
        fprintf(stderr, "  %.*s [%.*s] %.*s\n", ITSM_ARG(issue->where), ITSM_ARG(issue->rule),
                ITSM_ARG(issue->message));
    }
}

/* Files of the source tree, found from this file's own place. */
static char *read_whole(size_t *size, const char *path)
{
    FILE *file = fopen(path, "rb");
    if (!file) return NULL;
    cr_assert_eq(fseek(file, 0, SEEK_END), 0);
    long end = ftell(file);
    rewind(file);
    char *text = malloc((size_t)end + 1);
    *size = fread(text, 1, (size_t)end, file);
    text[*size] = 0;
    fclose(file);
    return text;
}

static char *read_source(size_t *size, const char *relative)
{
    char path[1024];
    const char *here = __FILE__, *tail = strstr(here, "tests/unit/model_test.c");
    cr_assert_not_null(tail, "this test must be compiled by its path in the source tree");
    snprintf(path, sizeof path, "%.*s%s", (int)(tail - here), here, relative);
    return read_whole(size, path);
}

static char *read_shared(size_t *size, const char *relative)
{
    char path[1024];
    const char *shared = getenv("ITSM_SHARED");
    if (!shared) {
        snprintf(path, sizeof path, "../shared/%s", relative);
        return read_source(size, path);
    }
    snprintf(path, sizeof path, "%s/%s", shared, relative);
    return read_whole(size, path);
}

/* The whole ------------------------------------------------------------------------------------------------------- */

Test(model, the_built_in_model_passes_the_checker)
{
    struct counting counting = COUNTING_INIT;
    itsm_ctx *ctx = counting_ctx(&counting);
    itsm_status status = itsm_model_check(ctx, itsm_model_builtin());
    print_issues(ctx);
    cr_assert_eq(status, ITSM_OK);
    cr_assert_eq(itsm_ctx_issue_count(ctx), 0);
    cr_assert_eq(itsm_model_check(ctx, NULL), ITSM_E_MISUSE);
    itsm_ctx_free(ctx);
    assert_nothing_outstanding(counting);
}

Test(model, counts_are_those_of_the_published_model)
{
    const itsm_model *model = itsm_model_builtin();
    size_t types = 0, machines = 0, states = 0, moves = 0, edges = 0, guards = 0, effects = 0, fields = 0, links = 0;
    for (const itsm_type_def *t; (t = itsm_model_type_at(model, types)); types++) {
        for (size_t i = 0; i < itsm_type_field_count(t); i++) {
            const itsm_field_def *f = itsm_type_field_at(t, i);
            fields += !f->machine && (!f->header || f->mandatory.n || f->limited);
        }
        for (size_t i = 0; i < itsm_type_link_count(t); i++) links += !itsm_type_link_at(t, i)->common;
        for (size_t k = 0; k < itsm_type_machine_count(t); k++, machines++) {
            const itsm_machine *m = itsm_type_machine_at(t, k);
            states += itsm_machine_state_count(m);
            for (size_t i = 0; i < itsm_machine_move_count(m); i++, moves++) {
                const itsm_move_def *move = itsm_machine_move_at(m, i);
                for (size_t s = 0; s < m->nstates; s++) edges += move->from >> s & 1;
                for (size_t g = 0; itsm_move_guard(move, g); g++) guards++;
                for (size_t e = 0; itsm_move_effect(move, e); e++) effects++;
            }
        }
    }
    cr_assert_eq(types, 46);
    cr_assert_eq(itsm_model_type_count(model), 46);
    cr_assert_eq(machines, 48);
    cr_assert_eq(states, 317);
    cr_assert_eq(moves, 388);
    cr_assert_eq(edges, 566);
    cr_assert_eq(guards, 546);
    cr_assert_eq(effects, 236);
    cr_assert_eq(fields, 862);
    cr_assert_eq(links, 503);
    cr_assert_eq(itsm_model_role_count(model), 49);
    cr_assert_eq(itsm_model_policy_count(model), 3);
    cr_assert_eq(itsm_model_kpi_count(model), 107);
    cr_assert_eq(itsm_model_rule_count(model), 106);
    cr_assert_eq(itsm_model_clause_count(model, 2011), 26);
    cr_assert_eq(itsm_model_clause_count(model, 2018), 52);
}

Test(model, clauses_indicators_and_rules_are_found_by_their_ids_and_name_each_other)
{
    const itsm_model *model = itsm_model_builtin();
    for (uint32_t edition = 2011; edition <= 2018; edition += 7)
        for (size_t i = 0; i < itsm_model_clause_count(model, edition); i++) {
            const itsm_clause_def *c = itsm_model_clause_at(model, edition, i);
            cr_assert_eq(itsm_model_clause(model, edition, c->id), c);
            cr_assert_eq(c->edition, edition);
            for (size_t k = 0; k < c->maps.n; k++)
                cr_assert_not_null(itsm_model_clause(model, edition == 2011 ? 2018 : 2011, c->maps.item[k]), "%s",
                                   c->maps.item[k].p);
            for (size_t k = 0; k < c->rules.n; k++)
                cr_assert_not_null(itsm_model_rule(model, c->rules.item[k]), "%s", c->rules.item[k].p);
            for (size_t k = 0; k < c->types.n; k++) cr_assert_not_null(itsm_model_type(model, c->types.item[k]));
        }
    for (size_t i = 0; i < itsm_model_kpi_count(model); i++) {
        const itsm_kpi_def *k = itsm_model_kpi_at(model, i);
        cr_assert_eq(itsm_model_kpi(model, k->id), k);
        for (size_t n = 0; n < k->types.n; n++) cr_assert_not_null(itsm_model_type(model, k->types.item[n]));
    }
    for (size_t i = 0; i < itsm_model_rule_count(model); i++) {
        const itsm_rule_def *r = itsm_model_rule_at(model, i);
        cr_assert_eq(itsm_model_rule(model, r->id), r);
        for (size_t n = 0; n < r->clauses_2018.n; n++) { /* a part of a clause stands for the clause */
            itsm_str id = r->clauses_2018.item[n];
            if (id.n == 7 && !itsm_model_clause(model, 2018, id)) id.n -= 2;
            cr_assert_not_null(itsm_model_clause(model, 2018, id), "%s", r->id.p);
        }
    }
    assert_text(itsm_model_kpi(model, ITSM_STR("mttr"))->name, "Mean time to restore service");
    cr_assert_null(itsm_model_kpi(model, ITSM_STR("mttz")));
    cr_assert_null(itsm_model_rule(model, ITSM_STR("")));
    cr_assert_null(itsm_model_clause(model, 2015, ITSM_STR("8.6.1")));
    cr_assert_null(itsm_model_clause_at(model, 2018, 52));
    cr_assert_eq(itsm_model_kpi_count(NULL), 0);
}

Test(model, shares_of_the_built_in_model_cost_nothing)
{
    const itsm_model *model = itsm_model_builtin();
    cr_assert_eq(itsm_model_ref(model), model);
    itsm_model_free(model), itsm_model_free(model), itsm_model_free(NULL);
    cr_assert_null(itsm_model_ref(NULL));
    cr_assert_eq(itsm_model_type_count(model), 46);
}

/* Finding --------------------------------------------------------------------------------------------------------- */

Test(model, every_type_field_link_and_state_is_found_by_its_name_and_number)
{
    const itsm_model *model = itsm_model_builtin();
    for (size_t i = 0; i < itsm_model_type_count(model); i++) {
        const itsm_type_def *t = itsm_model_type_at(model, i);
        cr_assert_eq(itsm_model_type(model, t->name), t);
        cr_assert_eq(itsm_model_type_number(model, t->number), t);
        cr_assert_eq(t->model, model);
        cr_assert_eq(t->index, i);
        for (size_t k = 0; k < t->nfields; k++) {
            cr_assert_eq(itsm_type_field(t, t->fields[k].name), &t->fields[k]);
            cr_assert_eq(itsm_type_field_number(t, t->fields[k].number), &t->fields[k]);
            cr_assert_eq(t->fields[k].name.p[t->fields[k].name.n], 0, "names end in NUL");
        }
        for (size_t k = 0; k < t->nlinks; k++) {
            cr_assert_eq(itsm_type_link(t, t->links[k].name), &t->links[k]);
            cr_assert_eq(itsm_type_link_number(t, t->links[k].number), &t->links[k]);
        }
        for (size_t k = 0; k < t->nindexes; k++)
            cr_assert_eq(itsm_type_index(t, t->indexes[k].name), itsm_type_index_at(t, k));
        for (size_t k = 0; k < t->nmachines; k++) {
            const itsm_machine *m = itsm_type_machine(t, t->machines[k].name);
            cr_assert_eq(m, &t->machines[k]);
            for (size_t s = 0; s < m->nstates; s++)
                cr_assert_eq(itsm_machine_state(m, m->states[s].name), itsm_machine_state_at(m, s));
            cr_assert_eq(m->number, t->fields[m->field].number);
            cr_assert_eq(t->fields[m->field].machine, m);
            cr_assert_eq(t->fields[m->field].values.n, m->nstates);
        }
    }
}

Test(model, what_is_not_there_is_not_found)
{
    const itsm_model *model = itsm_model_builtin();
    const itsm_type_def *incident = type_of("incident");
    cr_assert_null(itsm_model_type(model, ITSM_STR("incidents")));
    cr_assert_null(itsm_model_type(model, ITSM_STR("")));
    cr_assert_null(itsm_model_type(NULL, ITSM_STR("incident")));
    cr_assert_null(itsm_model_type_number(model, 0));
    cr_assert_null(itsm_model_type_number(model, 47));
    cr_assert_null(itsm_model_type_at(model, 46));
    cr_assert_null(itsm_type_field(incident, ITSM_STR("")));
    cr_assert_null(itsm_type_field(incident, ITSM_STR("impacts")));
    cr_assert_null(itsm_type_field(NULL, ITSM_STR("impact")));
    cr_assert_null(itsm_type_field_number(incident, 31));
    cr_assert_null(itsm_type_field_number(incident, 0x7000));
    cr_assert_null(itsm_type_field_at(incident, incident->nfields));
    cr_assert_null(itsm_type_link(incident, ITSM_STR("nothing")));
    cr_assert_null(itsm_type_link_number(incident, 0));
    cr_assert_null(itsm_type_machine(incident, ITSM_STR("minor")));
    cr_assert_null(itsm_machine_state(&incident->machines[0], ITSM_STR("open")));
    cr_assert_null(itsm_machine_move(&incident->machines[0], ITSM_STR("fly"), NULL));
    cr_assert_null(itsm_category_text(0));
    cr_assert_null(itsm_category_text(7));
    cr_assert_eq(itsm_model_policy(NULL, model, ITSM_STR("never")), ITSM_E_NOT_FOUND);
    cr_assert_eq(itsm_model_policy_at(NULL, model, 3).n, 0);
    cr_assert_eq(itsm_model_role_at(NULL, model, 49).n, 0);
}

Test(model, an_incident_is_described_as_the_standard_has_it)
{
    const itsm_type_def *t = type_of("incident");
    assert_text(t->label, "Incident");
    assert_text(t->prefix, "INC");
    assert_text(t->clauses_2018.item[0], "8.6.1");
    cr_assert_eq(t->number, 1);
    cr_assert_eq(itsm_type_machine(t, ITSM_STR("")), itsm_type_machine(t, ITSM_STR("status")));

    const itsm_field_def *impact = field_of("incident", "impact");
    cr_assert(impact->kind == ITSM_INT && impact->ranged && impact->lo == 1 && impact->hi == 5 && impact->at_creation);
    const itsm_field_def *ci = field_of("incident", "ci");
    cr_assert(ci->kind == ITSM_REF && ci->list && ci->target == type_of("configuration_item"));
    const itsm_field_def *title = field_of("incident", "title");
    cr_assert(title->header && title->at_creation && title->number == ITSM_FIELD_TITLE);
    cr_assert(field_of("approval", "title")->at_creation == 0);
    const itsm_field_def *priority = field_of("incident", "priority");
    cr_assert(priority->by == ITSM_BY_RULE && priority->derive && priority->derive->kind == ITSM_DERIVE_FIRST);
    const itsm_field_def *status = field_of("incident", "status");
    cr_assert(status->number == ITSM_FIELD_STATE && status->kind == ITSM_ENUM && status->by == ITSM_BY_MOVE);

    const itsm_machine *m = itsm_type_machine(t, ITSM_STR("status"));
    const itsm_state_def *pending = itsm_machine_state(m, ITSM_STR("pending"));
    cr_assert_eq(pending->category, ITSM_PAUSED);
    cr_assert_eq(field_of("incident", "pending_reason")->mandatory_at, UINT64_C(1) << pending->index);
    const itsm_move_def *escalate = itsm_machine_move(m, ITSM_STR("escalate"), pending);
    cr_assert_eq(escalate->from, UINT64_C(1) << pending->index, "the escalate of four that starts from pending");

    cr_assert_eq(t->nclocks, 2);
    cr_assert(t->clocks[1].pauses && t->clocks[1].met_category == ITSM_RESOLVED && !t->clocks[1].by_field);
    cr_assert(t->clocks[0].by_field && &t->fields[t->clocks[0].field] == field_of("incident", "responded_at"));
}

Test(model, both_ends_of_a_relation_lead_to_each_other)
{
    const itsm_link_def *parent = itsm_type_link(type_of("incident"), ITSM_STR("parent_incident"));
    const itsm_link_def *children = itsm_link_inverse(parent, NULL);
    assert_text(children->name, "children");
    cr_assert(!parent->many && children->many);
    cr_assert_eq(itsm_link_inverse(children, NULL), parent);
    const itsm_link_def *approval = itsm_type_link(type_of("change"), ITSM_STR("approval"));
    const itsm_link_def *subject = itsm_link_inverse(approval, NULL);
    assert_text(subject->name, "subject");
    cr_assert(subject->common && subject->is_field && !subject->target);
    cr_assert_eq(itsm_link_inverse(subject, type_of("change")), approval);
    cr_assert_null(itsm_link_inverse(subject, NULL));
}

Test(model, policies_and_priorities_are_those_of_the_model)
{
    const itsm_model *model = itsm_model_builtin();
    itsm_span span = 0;
    itsm_str text;
    cr_assert_eq(itsm_model_policy(&span, model, ITSM_STR("auto_close_after")), ITSM_OK);
    cr_assert_eq(span, ITSM_DAYS(5));
    assert_text(itsm_model_policy_at(&text, model, 1), "reopen_window");
    assert_text(text, "P14D");
    cr_assert_eq(itsm_model_priority(model, 1, 1), 1);
    cr_assert_eq(itsm_model_priority(model, 3, 3), 3);
    cr_assert_eq(itsm_model_priority(model, 2, 5), 4);
    cr_assert_eq(itsm_model_priority(model, 5, 5), 5);
    cr_assert_eq(itsm_model_priority(model, 0, 5), 0);
    cr_assert_eq(itsm_model_priority(model, 5, 6), 0);
}

/* Text ------------------------------------------------------------------------------------------------------------ */

static void assert_guard(const char *type, const char *facet, const char *move, size_t i, const char *wanted)
{
    itsm_buf buf = ITSM_BUF_INIT;
    const itsm_machine *machine = itsm_type_machine(type_of(type), itsm_str_c(facet));
    const itsm_guard_def *guard = itsm_move_guard(itsm_machine_move(machine, itsm_str_c(move), NULL), i);
    cr_assert_not_null(guard);
    cr_assert_eq(itsm_guard_encode(&buf, guard), ITSM_OK);
    assert_text(itsm_buf_str(&buf), wanted);
    itsm_buf_clear(&buf);
}

Test(model, guards_and_effects_print_in_the_grammar)
{
    assert_guard("incident", "status", "hold", 1, "when(eq(pending_reason,awaiting_change),linked(change,1))");
    assert_guard("incident", "status", "close", 0,
                 "any(set(closure_confirmed_by),reached(resolved_at,auto_close_after))");
    assert_guard("incident", "status", "close", 1, "none_linked(children,new|assigned|in_progress|pending)");
    assert_guard("change", "status", "submit_standard", 4,
                 "any(set(conflict_override),no_conflict(planned_start,planned_end,ci))");
    assert_guard("change", "status", "submit_standard", 2, "before(change_model.valid_until)");
    assert_guard("change", "status", "authorize", 0, "when(eq(change_type,normal),approved(cab,stated,implementer))");

    itsm_buf buf = ITSM_BUF_INIT;
    const itsm_machine *test = itsm_type_machine(type_of("continuity_test"), ITSM_STR(""));
    const itsm_move_def *close = itsm_machine_move(test, ITSM_STR("close"), NULL);
    size_t found = 0;
    for (size_t i = 0; itsm_move_effect(close, i); i++) {
        buf.n = 0;
        cr_assert_eq(itsm_effect_encode(&buf, itsm_move_effect(close, i)), ITSM_OK);
        found += (size_t)itsm_str_is(itsm_buf_str(&buf), "when(ne(result,failed),stamp(continuity_plan.last_test_at))");
    }
    cr_assert_eq(found, 1);
    buf.n = 0;
    cr_assert_eq(itsm_derive_encode(&buf, type_of("incident"), field_of("incident", "priority")), ITSM_OK);
    assert_text(itsm_buf_str(&buf), "first(priority_override,matrix(impact,urgency))");
    cr_assert_eq(itsm_guard_encode(&buf, NULL), ITSM_E_MISUSE);
    cr_assert_eq(itsm_effect_encode(NULL, NULL), ITSM_E_MISUSE);
    cr_assert_eq(itsm_field_encode(&buf, NULL), ITSM_E_MISUSE);
    itsm_buf_clear(&buf);
}

Test(model, printing_without_memory_leaves_the_buffer_as_it_was)
{
    struct counting counting = COUNTING_INIT;
    const itsm_machine *m = itsm_type_machine(type_of("incident"), ITSM_STR(""));
    const itsm_guard_def *guard = itsm_move_guard(itsm_machine_move(m, ITSM_STR("cancel"), NULL), 2);
    size_t failures = 0;
    for (size_t n = 1;; n++) {
        itsm_buf buf = counting_buf(&counting);
        do cr_assert_eq(itsm_buf_add(&buf, "x", 1), ITSM_OK);
        while (buf.n < buf.capacity - 1); /* the first word of the guard no longer fits */
        size_t full = buf.n;
        counting_fail(&counting, n);
        itsm_status status = itsm_guard_encode(&buf, guard);
        int failed = counting_stop(&counting);
        if (failed) {
            failures++;
            cr_assert_eq(status, ITSM_E_NOMEM);
            cr_assert_eq(buf.n, full);
        } else {
            cr_assert_eq(status, ITSM_OK);
        }
        itsm_buf_clear(&buf);
        if (!failed) break;
    }
    cr_assert_gt(failures, 0);
    assert_nothing_outstanding(counting);
}

/* Numbers for ever ------------------------------------------------------------------------------------------------ */

static size_t number_of(const char *kind, const char *type, const char *name)
{
    const itsm_type_def *t =
        strcmp(type, "*") ? itsm_model_type(itsm_model_builtin(), itsm_str_c(type)) : type_of("incident");
    if (!strcmp(kind, "type")) {
        t = itsm_model_type(itsm_model_builtin(), itsm_str_c(type));
        return t ? t->number : 0;
    }
    if (!strcmp(kind, "field")) {
        const itsm_field_def *f = itsm_type_field(t, itsm_str_c(name));
        return f ? f->number : 0;
    }
    if (!strcmp(kind, "link")) {
        const itsm_link_def *l = itsm_type_link(t, itsm_str_c(name));
        return l ? l->number : 0;
    }
    const itsm_index_def *x = itsm_type_index(t, itsm_str_c(name));
    return x && !strcmp(kind, "index") ? x->number : 0;
}

Test(model, numbers_stored_in_data_are_those_promised)
{
    size_t size, lines = 0, line_number = 0;
    char *text = read_source(&size, "tests/abi/numbers.txt");
    cr_assert_not_null(text, "tests/abi/numbers.txt");
    for (char *line = text, *next; line && *line; line = next) {
        next = strchr(line, '\n');
        if (next) *next++ = 0;
        line_number++;
        char kind[16], type[64], name[64];
        unsigned number;
        if (*line == '#') continue;
        *name = 0;
        int is_type = sscanf(line, "type %63s %u", type, &number) == 2;
        if (is_type) strcpy(kind, "type");
        cr_assert(is_type || sscanf(line, "%15s %63s %63s %u", kind, type, name, &number) == 4, "line %zu",
                  line_number);
        cr_assert_eq(number_of(kind, type, name), number, "line %zu: %s", line_number, line);
        lines++;
    }
    free(text);

    size_t there = ITSM_HEADER_FIELDS + 3; /* what every type has is listed once */
    for (size_t i = 0; i < itsm_model_type_count(itsm_model_builtin()); i++) {
        const itsm_type_def *t = itsm_model_type_at(itsm_model_builtin(), i);
        there += 1 + (t->nfields - ITSM_HEADER_FIELDS) + (t->nlinks - 1) + (t->nindexes - 2);
    }
    cr_assert_eq(lines, there, "%zu numbers are listed, the model has %zu: add the new ones", lines, there);
}

Test(model, the_header_is_the_same_in_every_type)
{
    const itsm_type_def *incident = type_of("incident");
    for (size_t i = 0; i < itsm_model_type_count(itsm_model_builtin()); i++) {
        const itsm_type_def *t = itsm_model_type_at(itsm_model_builtin(), i);
        for (size_t k = 0; k < ITSM_HEADER_FIELDS; k++) {
            cr_assert(itsm_str_eq(t->fields[k].name, incident->fields[k].name));
            cr_assert_eq(t->fields[k].number, k + 1);
            cr_assert_eq(t->fields[k].kind, incident->fields[k].kind);
        }
        cr_assert_eq(t->links[0].number, ITSM_LINK_APPROVAL);
        cr_assert(t->indexes[0].number == ITSM_INDEX_NUMBER && t->indexes[0].unique);
        cr_assert_eq(t->fields[t->indexes[0].fields[0]].number, ITSM_FIELD_NUMBER);
        cr_assert_eq(t->indexes[1].number, ITSM_INDEX_STATE);
        cr_assert_eq(t->fields[t->indexes[1].fields[0]].number, ITSM_FIELD_STATE);
    }
}

/* Against the published model ------------------------------------------------------------------------------------- */

struct comparison {
    itsm_str path; /* for messages */
    size_t compared;
};

static int is_skipped(itsm_str key)
{
    return itsm_str_is(key, "number") || itsm_str_is(key, "prefix") || itsm_str_is(key, "indexes");
}

/* Everything the published value says, ours says too; order of objects' members and of fields is free. */
static void compare(struct comparison *c, const itsm__json_node *wanted, const itsm__json_node *given)
{
    cr_assert_eq(wanted->kind, given->kind, "%.*s: kind at %.*s", ITSM_ARG(c->path), ITSM_ARG(wanted->key));
    c->compared++;
    const itsm__json_node *w, *g;
    if (wanted->kind == ITSM__JSON_OBJECT) {
        ITSM__JSON_EACH(w, wanted)
        {
            g = itsm__json_find(given, w->key);
            cr_assert_not_null(g, "%.*s: %.*s is missing", ITSM_ARG(c->path), ITSM_ARG(w->key));
            compare(c, w, g);
        }
        ITSM__JSON_EACH(g, given)
        cr_assert(is_skipped(g->key) || itsm__json_find(wanted, g->key), "%.*s: %.*s is too much", ITSM_ARG(c->path),
                  ITSM_ARG(g->key));
    } else if (wanted->kind == ITSM__JSON_ARRAY) {
        cr_assert_eq(wanted->integer, given->integer, "%.*s: length of %.*s", ITSM_ARG(c->path), ITSM_ARG(wanted->key));
        int is_set = itsm_str_is(wanted->key, "from"), by_name = itsm_str_is(wanted->key, "fields");
        g = given + 1;
        ITSM__JSON_EACH(w, wanted)
        {
            const itsm__json_node *same = g;
            if (is_set || by_name) {
                int found = 0;
                ITSM__JSON_EACH(same, given)
                {
                    const itsm__json_node *a = by_name ? itsm__json_member(w, "name") : w;
                    const itsm__json_node *b = by_name ? itsm__json_member(same, "name") : same;
                    if ((found = itsm_str_eq(a->text, b->text))) break;
                }
                cr_assert(found, "%.*s: one of %.*s is missing", ITSM_ARG(c->path), ITSM_ARG(wanted->key));
            }
            compare(c, w, same);
            g += g->span;
        }
    } else {
        cr_assert(itsm_str_eq(wanted->text, given->text) && wanted->integer == given->integer,
                  "%.*s: %.*s should be %.*s, is %.*s", ITSM_ARG(c->path), ITSM_ARG(wanted->key),
                  ITSM_ARG(wanted->text), ITSM_ARG(given->text));
    }
}

Test(model, the_export_says_what_the_published_model_says)
{
    size_t size;
    char *text = read_shared(&size, "model/model.json");
    if (!text) {
        fprintf(stderr, "model.json is not here (ITSM_SHARED is not set): the comparison with it was NOT run\n");
        cr_skip_test("no model.json");
    }
    itsm_buf mine = ITSM_BUF_INIT;
    cr_assert_eq(itsm_model_encode(&mine, itsm_model_builtin()), ITSM_OK);
    itsm__json wanted, given;
    itsm__json_init(&wanted, NULL), itsm__json_init(&given, NULL);
    cr_assert_eq(itsm__json_parse(&wanted, itsm_str_n(text, size)), ITSM_OK);
    cr_assert_eq(itsm__json_parse(&given, itsm_buf_str(&mine)), ITSM_OK);
    const itsm__json_node *w = itsm__json_root(&wanted), *g = itsm__json_root(&given);

    struct comparison c = {itsm_str_c(""), 0};
    static const char *const parts[] = {"schema",           "note",              "common_fields",   "common_relations",
                                        "state_categories", "guard_vocabulary",  "policies",        "roles",
                                        "clocks",           "effect_vocabulary", "priority_matrix", "clauses",
                                        "evidence_rules",   "kpis",              "statistics"};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        c.path = itsm_str_c(parts[i]);
        compare(&c, itsm__json_member(w, parts[i]), itsm__json_member(g, parts[i]));
    }
    const itsm__json_node *types = itsm__json_member(w, "record_types"), *ours = itsm__json_member(g, "record_types");
    cr_assert_eq(types->integer, ours->integer);
    const itsm__json_node *type, *own = ours + 1;
    ITSM__JSON_EACH(type, types)
    {
        c.path = itsm__json_member(type, "id")->text;
        compare(&c, type, own);
        own += own->span;
    }
    cr_assert_gt(c.compared, 10000, "%zu values compared", c.compared);

    const itsm__json_node *rows = itsm__json_member(itsm__json_member(w, "priority_matrix"), "priority_5x5"), *row,
                          *cell;
    int64_t impact = 0, urgency;
    ITSM__JSON_EACH(row, rows)
    {
        impact++, urgency = 0;
        ITSM__JSON_EACH(cell, row)
        {
            urgency++;
            cr_assert_eq(itsm_model_priority(itsm_model_builtin(), impact, urgency), cell->integer);
        }
    }
    cr_assert(impact == 5 && urgency == 5);
    itsm__json_clear(&wanted), itsm__json_clear(&given), itsm_buf_clear(&mine), free(text);
}

Test(model, export_without_memory_leaves_the_buffer_as_it_was)
{
    struct counting counting = COUNTING_INIT;
    size_t failures = 0;
    for (size_t n = 1;; n++) {
        itsm_buf buf = counting_buf(&counting);
        counting_fail(&counting, n);
        itsm_status status = itsm_model_encode(&buf, itsm_model_builtin());
        int failed = counting_stop(&counting);
        failures += failed != 0;
        cr_assert_eq(status, failed ? ITSM_E_NOMEM : ITSM_OK);
        if (failed) cr_assert_eq(buf.n, 0);
        itsm_buf_clear(&buf);
        if (!failed) break;
    }
    cr_assert_gt(failures, 5);
    assert_nothing_outstanding(counting);
}

/* Broken models --------------------------------------------------------------------------------------------------- */

#define S(text)                                                                                                        \
    {                                                                                                                  \
        text, sizeof(text) - 1                                                                                         \
    }

/* One small type in memory that may be written to; every test breaks one thing. */
struct small {
    itsm_str clauses[1];
    itsm_field_def fields[4];
    itsm_link_def links[3];
    itsm_state_def states[3];
    itsm_path paths[1];
    itsm_str values[1];
    itsm_guard_def guards[3];
    itsm_effect_def effects[2];
    itsm_actor_def actors[1];
    itsm_move_def moves[2];
    itsm_machine machine;
    uint16_t index_fields[1];
    itsm_index_def indexes[1];
    itsm_type_def type;
    const itsm_type_def *types[1];
    itsm__role roles[1];
    itsm_model model;
};

static void make_small(struct small *s)
{
    static const itsm_str names[] = {S("draft"), S("done"), S("dropped")};
    memset(s, 0, sizeof *s);
    s->clauses[0] = itsm_str_c("8.1");
    const char *fields[] = {"note", "boss", "count", "other"};
    const uint16_t kinds[] = {ITSM_TEXT, ITSM_PARTY, ITSM_INT, ITSM_REF};
    for (uint16_t i = 0; i < 4; i++) {
        s->fields[i].name = itsm_str_c(fields[i]), s->fields[i].base = itsm_str_c("text");
        s->fields[i].number = (uint16_t)(32 + i), s->fields[i].index = i, s->fields[i].kind = kinds[i];
    }
    s->fields[3].target = &s->type, s->fields[3].target_name = itsm_str_c("thing");
    const char *links[] = {"other", "others", "peer"}, *inverses[] = {"others", "other", "peer"};
    for (uint16_t i = 0; i < 3; i++) {
        s->links[i].name = itsm_str_c(links[i]), s->links[i].inverse = itsm_str_c(inverses[i]);
        s->links[i].number = (uint16_t)(i + 2), s->links[i].index = i, s->links[i].many = i > 0;
        s->links[i].target = &s->type, s->links[i].target_name = itsm_str_c("thing"), s->links[i].type = &s->type;
    }
    s->links[0].is_field = 1, s->links[0].field = 3;
    const uint32_t categories[] = {ITSM_INITIAL, ITSM_CLOSED, ITSM_CANCELLED};
    for (uint32_t i = 0; i < 3; i++)
        s->states[i].name = names[i], s->states[i].category = categories[i], s->states[i].index = i;
    s->paths[0].name = itsm_str_c("note"), s->paths[0].kind = ITSM_PATH_FIELD;
    s->values[0] = itsm_str_c("x");
    s->guards[0].kind = ITSM_GUARD_SET, s->guards[0].nodes = 1, s->guards[0].npaths = 1, s->guards[0].paths = s->paths;
    s->effects[0].kind = ITSM_EFFECT_CLEAR, s->effects[0].npaths = 1, s->effects[0].paths = s->paths;
    s->actors[0].name = itsm_str_c("boss"), s->actors[0].kind = ITSM_ACTOR_PARTY, s->actors[0].field = 1;
    const char *moves[] = {"finish", "drop"};
    for (uint32_t i = 0; i < 2; i++) {
        s->moves[i].name = itsm_str_c(moves[i]), s->moves[i].from = 1, s->moves[i].to = i + 1, s->moves[i].index = i;
        s->moves[i].actors = s->actors, s->moves[i].nactors = 1;
        s->moves[i].guards = i ? &s->guards[2] : s->guards, s->moves[i].effects = i ? &s->effects[1] : s->effects;
    }
    s->machine.name = itsm_str_c("status"), s->machine.states = s->states, s->machine.nstates = 3;
    s->machine.moves = s->moves, s->machine.nmoves = 2, s->machine.type = &s->type;
    s->indexes[0].name = itsm_str_c("note"), s->indexes[0].number = 3, s->indexes[0].nfields = 1;
    s->indexes[0].fields = s->index_fields;
    s->type.name = itsm_str_c("thing"), s->type.label = itsm_str_c("Thing"), s->type.prefix = itsm_str_c("T");
    s->type.number = 0x8000, s->type.fields = s->fields, s->type.nfields = 4;
    s->type.links = s->links, s->type.nlinks = 3, s->type.machines = &s->machine, s->type.nmachines = 1;
    s->type.indexes = s->indexes, s->type.nindexes = 1, s->type.model = &s->model;
    s->type.clauses_2011.item = s->type.clauses_2018.item = s->clauses;
    s->type.clauses_2011.n = s->type.clauses_2018.n = 1;
    s->types[0] = &s->type;
    s->roles[0].name = itsm_str_c("timer");
    s->model.types = s->model.by_name = s->types, s->model.ntypes = 1, s->model.roles = s->roles, s->model.nroles = 1;
}

static void assert_broken(const struct small *s, const char *rule, const char *where)
{
    struct counting counting = COUNTING_INIT;
    itsm_ctx *ctx = counting_ctx(&counting);
    cr_assert_eq(itsm_model_check(ctx, &s->model), ITSM_E_INVALID, "%s", rule);
    int found = 0;
    for (size_t i = 0; i < itsm_ctx_issue_count(ctx); i++) {
        const itsm_issue *issue = itsm_ctx_issue(ctx, i);
        found |= itsm_str_is(issue->rule, rule) && itsm_str_is(issue->where, where) && issue->message.n;
    }
    if (!found) print_issues(ctx);
    cr_assert(found, "%s at %s", rule, where);
    itsm_ctx_free(ctx);
    assert_nothing_outstanding(counting);
}

Test(checker, a_small_whole_model_passes)
{
    struct small s;
    make_small(&s);
    itsm_ctx *ctx = NULL;
    cr_assert_eq(itsm_ctx_new(&ctx, NULL), ITSM_OK);
    itsm_status status = itsm_model_check(ctx, &s.model);
    print_issues(ctx);
    cr_assert_eq(status, ITSM_OK);
    cr_assert_eq(itsm_model_check(NULL, &s.model), ITSM_OK);
    itsm_ctx_free(ctx);
}

#define BROKEN(name, rule, where, ...)                                                                                 \
    Test(checker, name)                                                                                                \
    {                                                                                                                  \
        struct small s;                                                                                                \
        make_small(&s);                                                                                                \
        __VA_ARGS__;                                                                                                   \
        assert_broken(&s, rule, where);                                                                                \
    }

BROKEN(finds_a_state_that_is_never_reached, "reachable", "thing.status", s.moves[1].to = 1)
BROKEN(finds_a_state_that_never_ends, "finish", "thing.status", s.states[1].category = ITSM_OPEN)
BROKEN(finds_two_moves_of_one_name_from_one_state, "once", "thing.status.finish", s.moves[1].name = s.moves[0].name)
BROKEN(finds_a_guard_on_a_field_that_is_not_there, "exists", "thing.status.finish",
       s.paths[0].name = itsm_str_c("nope"))
BROKEN(finds_a_guard_on_an_index_out_of_range, "exists", "thing.status.finish", s.paths[0].at = 99)
BROKEN(finds_a_value_a_field_cannot_have, "fits", "thing.status.finish", s.paths[0].name = itsm_str_c("count"),
       s.paths[0].at = 2, s.guards[0].kind = ITSM_GUARD_EQ, s.guards[0].values.item = s.values,
       s.guards[0].values.n = 1)
BROKEN(finds_an_unknown_role, "exists", "thing.status.finish", s.guards[0].kind = ITSM_GUARD_ROLE,
       s.guards[0].npaths = 0, s.guards[0].name = itsm_str_c("king"))
BROKEN(finds_an_unknown_policy, "exists", "thing.status.finish", s.guards[0].kind = ITSM_GUARD_REACHED,
       s.guards[0].name = itsm_str_c("some_day"))
BROKEN(finds_an_unknown_body, "exists", "thing.status.finish", s.guards[0].kind = ITSM_GUARD_APPROVED,
       s.guards[0].npaths = 0, s.guards[0].name = itsm_str_c("me"), s.guards[0].policy = itsm_str_c("any"))
BROKEN(finds_a_state_that_what_is_linked_cannot_be_in, "exists", "thing.status.finish",
       s.guards[0].kind = ITSM_GUARD_ALL_LINKED, s.paths[0].kind = ITSM_PATH_LINK,
       s.paths[0].name = itsm_str_c("other"), s.guards[0].values.item = s.values, s.guards[0].values.n = 1)
BROKEN(finds_an_any_of_one, "fits", "thing.status.finish", s.guards[1] = s.guards[0], s.guards[0].kind = ITSM_GUARD_ANY,
       s.guards[0].nodes = 2, s.guards[0].npaths = 0)
BROKEN(finds_nodes_that_do_not_nest, "fits", "thing.status.finish", s.guards[1] = s.guards[0], s.guards[1].nodes = 2,
       s.guards[0].kind = ITSM_GUARD_ANY, s.guards[0].nodes = 2, s.guards[0].npaths = 0)
BROKEN(finds_a_move_open_to_the_timer_that_waits_for_nothing, "timer", "thing.status.finish",
       s.actors[0].kind = ITSM_ACTOR_HOLDER, s.actors[0].name = itsm_str_c("timer"))
BROKEN(finds_a_move_nobody_may_make, "exists", "thing.status.drop", s.moves[1].nactors = 0)
BROKEN(finds_a_move_from_nowhere, "exists", "thing.status.drop", s.moves[1].from = 0)
BROKEN(finds_an_actor_that_is_no_party, "exists", "thing.status.drop", s.actors[0].field = 0,
       s.actors[0].name = itsm_str_c("note"))
BROKEN(finds_a_relation_that_does_not_point_back, "inverse", "thing", s.links[1].inverse = itsm_str_c("peer"))
BROKEN(finds_a_relation_to_no_type, "exists", "thing", s.links[2].target = NULL)
BROKEN(finds_a_field_and_a_relation_that_differ, "fits", "thing", s.links[0].many = 1)
BROKEN(finds_a_reference_that_is_no_relation, "inverse", "thing", s.fields[2].kind = ITSM_REF,
       s.fields[2].target = &s.type)
BROKEN(finds_a_number_used_twice, "unique", "thing", s.fields[1].number = 32)
BROKEN(finds_a_link_number_used_twice, "unique", "thing", s.links[1].number = 2)
BROKEN(finds_a_type_without_clauses, "clause", "thing", s.type.clauses_2018.n = 0)
BROKEN(finds_a_reserved_type_number, "fits", "thing", s.type.number = ITSM_TYPE_ENGINE)
BROKEN(finds_a_mandatory_state_that_is_not_there, "exists", "thing", s.fields[0].mandatory_at = 8)
BROKEN(finds_a_stamp_on_text, "fits", "thing.status.finish", s.effects[0].kind = ITSM_EFFECT_STAMP)
BROKEN(finds_a_count_on_text, "fits", "thing.status.finish", s.effects[0].kind = ITSM_EFFECT_INCR)
BROKEN(finds_a_notice_to_nobody, "exists", "thing.status.finish", s.effects[0].kind = ITSM_EFFECT_NOTIFY,
       s.effects[0].name = itsm_str_c("nobody"))
BROKEN(finds_a_fire_of_an_unknown_move, "exists", "thing.status.finish", s.effects[0].kind = ITSM_EFFECT_FIRE,
       s.paths[0].kind = ITSM_PATH_LINK, s.paths[0].name = itsm_str_c("other"), s.effects[0].name = itsm_str_c("fly"))
BROKEN(finds_an_index_over_nothing, "exists", "thing", s.index_fields[0] = 77)
