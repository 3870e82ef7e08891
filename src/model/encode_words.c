/* SPDX-License-Identifier: MIT */
/*
 * The parts of a model's JSON beside its types: the words that explain it, the catalogue of clauses, indicators and rules
 * of evidence, and the statistics.  All of it is written from tables, in O(size).
 */
#include "model/encode.h"

/* A word and what it means. */
typedef struct meaning {
    const char *word, *means;
} meaning;

static const meaning categories[] = {
    {"initial", "recorded, not worked on"},
    {"open", "being worked on (clocks run)"},
    {"paused", "waiting on another party (resolution clocks pause)"},
    {"resolved", "work done, awaiting confirmation (clocks stop)"},
    {"closed", "final, positive or decided"},
    {"cancelled", "final, withdrawn or invalid"},
};

static const meaning guards[] = {
    {"set(p,..)", "every path has a value"},
    {"eq(p,v|..)", "p is one of the values"},
    {"ne(p,v|..)", "p is none of the values (an empty p holds)"},
    {"gt(p,x)", "p > x, both present"},
    {"ge(p,x)", "p >= x, both present"},
    {"any(g,..)", "at least one holds"},
    {"when(c,g,..)", "if c holds, every g must hold"},
    {"differs(a,b)", "two parties, both present, are not the same"},
    {"role(r)", "the actor holds role r"},
    {"approved(body,policy,excluded..)",
     "the approvals of that body satisfy the policy any|all|stated; approvals by the parties in the "
     "excluded fields do not count"},
    {"linked(rel|..,n[,states])", "at least n linked records, in one of the states"},
    {"all_linked(rel|..,states)", "every linked record is in one of the states; holds with none"},
    {"none_linked(rel|..[,states])", "no linked record, or none in the states"},
    {"reached(p[,policy])", "now >= p (+ policy duration)"},
    {"before(p[,policy])", "now < p (+ policy duration)"},
    {"no_conflict(from,to,rel)",
     "no other scheduled or running change meets the window on the same or a dependent CI, and no blackout does"},
};

static const meaning effects[] = {
    {"stamp(p[,first])", "set a time field to now (first: only if empty); rel.field stamps every linked record"},
    {"put(f,v)", "set f to the literal v"},
    {"copy(f,rel.g)", "set f to g of the first linked record that has one"},
    {"clear(f,..)", "empty the fields"},
    {"incr(f)", "add one (empty counts as 0)"},
    {"notify(x)", "emit a notification event to a role or to the parties in field x"},
    {"fire(rel,event)", "make the move on every linked record that has it from its state"},
    {"when(c,e)", "e only if c holds"},
};

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* Words ----------------------------------------------------------------------------------------------------------- */

static void write_text(itsm__json_writer *out, const char *key, itsm_str text)
{
    itsm__json_write_key(out, key);
    itsm__json_write_text(out, text);
}

static void write_names(itsm__json_writer *out, const char *key, const itsm_names *names)
{
    itsm__json_write_key(out, key);
    itsm__json_write_array(out);
    for (size_t i = 0; i < names->n; i++) itsm__json_write_text(out, names->item[i]);
    itsm__json_write_end(out);
}

static void write_meanings(itsm__json_writer *out, const char *key, const meaning *rows, size_t n)
{
    itsm__json_write_key(out, key);
    itsm__json_write_object(out);
    for (size_t i = 0; i < n; i++) write_text(out, rows[i].word, itsm_str_c(rows[i].means));
    itsm__json_write_end(out);
}

static void write_priority(itsm__json_writer *out, const itsm_model *model)
{
    itsm__json_write_key(out, "priority_matrix");
    itsm__json_write_object(out);
    write_text(out, "impact", ITSM_STR("1..5 (5=highest)"));
    write_text(out, "urgency", ITSM_STR("1..5"));
    itsm__json_write_key(out, "priority_5x5");
    itsm__json_write_array(out);
    for (size_t i = 0; i < 5; i++) {
        itsm__json_write_array(out);
        for (size_t k = 0; k < 5; k++) itsm__json_write_uint(out, model->priority[i][k]);
        itsm__json_write_end(out);
    }
    itsm__json_write_end(out);
    write_text(out, "rows", ITSM_STR("impact 1..5")), write_text(out, "columns", ITSM_STR("urgency 1..5"));
    write_text(out, "note",
               ITSM_STR("default = the category x impact table shipped by Znuny ITSMChangeManagement (fact copied); "
                        "hosts replace it"));
    itsm__json_write_end(out);
}

void itsm__encode_words(itsm__json_writer *out, const itsm_model *model)
{
    write_text(out, "note",
               ITSM_STR("Domain model of libitsm. Clause texts are paraphrases, never the wording of the standard. "
                        "Grammar and semantics: README.md in this folder."));
    write_meanings(out, "state_categories", categories, COUNT(categories));
    write_meanings(out, "guard_vocabulary", guards, COUNT(guards));
    write_meanings(out, "effect_vocabulary", effects, COUNT(effects));
    write_priority(out, model);
}

/* Catalogue ------------------------------------------------------------------------------------------------------- */

static void write_clauses(itsm__json_writer *out, const itsm_model *model, uint32_t edition)
{
    const itsm_clause_def *clause;
    itsm__json_write_key(out, edition == 2011 ? "2011" : "2018");
    itsm__json_write_array(out);
    for (size_t i = 0; (clause = itsm_model_clause_at(model, edition, i)) != NULL; i++) {
        itsm__json_write_object(out);
        write_text(out, "id", clause->id), write_text(out, "topic", clause->topic);
        write_text(out, "records", clause->records), write_text(out, "control", clause->control);
        write_text(out, "measure", clause->measure);
        write_names(out, edition == 2011 ? "maps_2018" : "maps_2011", &clause->maps);
        write_names(out, "rules", &clause->rules), write_names(out, "types", &clause->types);
        itsm__json_write_end(out);
    }
    itsm__json_write_end(out);
}

static void write_rules(itsm__json_writer *out, const itsm_model *model)
{
    itsm__json_write_key(out, "evidence_rules");
    itsm__json_write_array(out);
    for (size_t i = 0; i < model->nrules; i++) {
        const itsm_rule_def *rule = &model->rules[i];
        itsm__json_write_object(out);
        write_text(out, "id", rule->id), write_names(out, "clauses_2011", &rule->clauses_2011);
        write_names(out, "clauses_2018", &rule->clauses_2018), write_text(out, "level", rule->level);
        write_names(out, "types", &rule->types), write_text(out, "check", rule->check);
        itsm__json_write_end(out);
    }
    itsm__json_write_end(out);
}

static void write_kpis(itsm__json_writer *out, const itsm_model *model)
{
    itsm__json_write_key(out, "kpis");
    itsm__json_write_object(out);
    for (size_t i = 0; i < model->nkpis; i++) {
        const itsm_kpi_def *kpi = &model->kpis[i];
        itsm__json_write_key_str(out, kpi->id);
        itsm__json_write_object(out);
        write_text(out, "name", kpi->name), write_text(out, "formula", kpi->formula);
        write_names(out, "types", &kpi->types), write_names(out, "uses", &kpi->uses);
        itsm__json_write_end(out);
    }
    itsm__json_write_end(out);
}

/* Statistics ------------------------------------------------------------------------------------------------------ */

/* How many there are, by what. */
enum { LIFECYCLES, DISTINCT, STATES, MOVES, EDGES, GUARDS, EFFECTS, FIELDS, RELATIONS, KINDS };

static int same_states(const itsm_machine *a, const itsm_machine *b)
{
    if (a->nstates != b->nstates) return 0;
    for (size_t i = 0; i < a->nstates; i++)
        if (a->states[i].category != b->states[i].category || !itsm_str_eq(a->states[i].name, b->states[i].name))
            return 0;
    return 1;
}

/* Is there a lifecycle of the same states before this one? */
static int is_seen(const itsm_model *model, const itsm_machine *machine)
{
    for (size_t i = 0; i < model->ntypes; i++)
        for (size_t k = 0; k < model->types[i]->nmachines; k++) {
            if (&model->types[i]->machines[k] == machine) return 0;
            if (same_states(&model->types[i]->machines[k], machine)) return 1;
        }
    return 0;
}

static void count_machine(uint64_t counts[KINDS], const itsm_machine *machine)
{
    counts[LIFECYCLES]++, counts[STATES] += machine->nstates, counts[MOVES] += machine->nmoves;
    for (size_t i = 0; i < machine->nmoves; i++) {
        const itsm_move_def *move = &machine->moves[i];
        for (uint64_t from = move->from; from; from &= from - 1) counts[EDGES]++;
        for (const itsm_guard_def *g = move->guards; g->kind; g += g->nodes) counts[GUARDS]++;
        for (const itsm_effect_def *e = move->effects; e->kind; e++) counts[EFFECTS]++;
    }
}

static void write_statistics(itsm__json_writer *out, const itsm_model *model)
{
    static const char *const names[] = {"lifecycles", "distinct_machines", "states", "transitions", "edges",
                                        "guards",     "effects",           "fields", "relations"};
    uint64_t counts[KINDS] = {0};
    for (size_t i = 0; i < model->ntypes; i++) {
        const itsm_type_def *type = model->types[i];
        for (size_t k = 0; k < type->nmachines; k++) {
            count_machine(counts, &type->machines[k]);
            counts[DISTINCT] += !is_seen(model, &type->machines[k]);
        }
        for (size_t k = 0; k < type->nfields; k++) {
            const itsm_field_def *field = &type->fields[k];
            counts[FIELDS] += !field->machine && (!field->header || field->mandatory.n || field->limited);
        }
        for (size_t k = 0; k < type->nlinks; k++) counts[RELATIONS] += !type->links[k].common;
    }
    itsm__json_write_key(out, "statistics");
    itsm__json_write_object(out);
    itsm__json_write_key(out, "types"), itsm__json_write_uint(out, model->ntypes);
    for (size_t i = 0; i < KINDS; i++) itsm__json_write_key(out, names[i]), itsm__json_write_uint(out, counts[i]);
    itsm__json_write_key(out, "evidence_rules"), itsm__json_write_uint(out, model->nrules);
    itsm__json_write_key(out, "kpis"), itsm__json_write_uint(out, model->nkpis);
    itsm__json_write_key(out, "roles"), itsm__json_write_uint(out, model->nroles);
    itsm__json_write_end(out);
}

void itsm__encode_catalogue(itsm__json_writer *out, const itsm_model *model)
{
    itsm__json_write_key(out, "clauses");
    itsm__json_write_object(out);
    write_clauses(out, model, 2011), write_clauses(out, model, 2018);
    itsm__json_write_end(out);
    write_rules(out, model), write_kpis(out, model), write_statistics(out, model);
}
