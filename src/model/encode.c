/* SPDX-License-Identifier: MIT */
/*
 * A model as JSON, in the format "libitsm.model/2": what the rows say, and words that explain them (encode_words.c).
 *
 * One object per function, written member by member.  Guards, effects, kinds and formulas go through a scratch buffer,
 * in the model's grammar.  Numbers stored in data are members `number` beside the names they belong to.
 */
#include "model/encode.h"

#include "base/text.h"

typedef struct encoder {
    itsm__json_writer json;
    itsm_buf scratch;
    itsm_status status; /* of the scratch buffer */
} encoder;

static void write_c(encoder *e, const char *key, itsm_str value)
{
    itsm__json_write_key(&e->json, key);
    itsm__json_write_text(&e->json, value);
}

static void write_number(encoder *e, const char *key, uint64_t value)
{
    itsm__json_write_key(&e->json, key);
    itsm__json_write_uint(&e->json, value);
}

static void write_names(encoder *e, const char *key, const itsm_names *names)
{
    itsm__json_write_key(&e->json, key);
    itsm__json_write_array(&e->json);
    for (size_t i = 0; i < names->n; i++) itsm__json_write_text(&e->json, names->item[i]);
    itsm__json_write_end(&e->json);
}

static void write_states(encoder *e, const char *key, const itsm_machine *machine, uint64_t states)
{
    itsm__json_write_key(&e->json, key);
    itsm__json_write_array(&e->json);
    for (size_t i = 0; i < machine->nstates; i++)
        if (states >> i & 1) itsm__json_write_text(&e->json, machine->states[i].name);
    itsm__json_write_end(&e->json);
}

/* What a function has appended to the scratch buffer. */
static void write_scratch(encoder *e, itsm_status status)
{
    if (status && !e->status) e->status = status;
    itsm__json_write_text(&e->json, itsm_buf_str(&e->scratch));
    e->scratch.n = 0;
}

/* Fields and relations -------------------------------------------------------------------------------------------- */

static const char *by_word(uint32_t by)
{
    static const char *const words[] = {NULL, "rule", "move", "engine"};
    return by <= ITSM_BY_ENGINE ? words[by] : NULL;
}

static void write_field(encoder *e, const itsm_type_def *type, const itsm_field_def *field)
{
    itsm__json_write_object(&e->json);
    write_c(e, "name", field->name);
    write_number(e, "number", field->number);
    itsm__json_write_key(&e->json, "type");
    write_scratch(e, itsm_field_encode(&e->scratch, field));
    itsm__json_write_key(&e->json, "mandatory");
    if (field->mandatory.n) itsm__json_write_text(&e->json, field->mandatory);
    else itsm__json_write_null(&e->json);
    if (field->derive) {
        itsm__json_write_key(&e->json, "derive");
        write_scratch(e, itsm_derive_encode(&e->scratch, type, field));
    }
    if (by_word(field->by)) write_c(e, "by", itsm_str_c(by_word(field->by)));
    if (field->limited) write_states(e, "editable", &type->machines[0], field->editable);
    itsm__json_write_end(&e->json);
}

/* A field of the header is the type's only where the type makes it stricter. */
static int is_own(const itsm_field_def *field)
{
    return !field->machine && (!field->header || field->mandatory.n || field->limited);
}

static void write_fields(encoder *e, const itsm_type_def *type)
{
    itsm__json_write_key(&e->json, "fields");
    itsm__json_write_array(&e->json);
    for (size_t i = 0; i < type->nfields; i++)
        if (is_own(&type->fields[i])) write_field(e, type, &type->fields[i]);
    itsm__json_write_end(&e->json);
}

static void write_link(encoder *e, const itsm_link_def *link)
{
    itsm__json_write_object(&e->json);
    write_c(e, "name", link->name);
    write_number(e, "number", link->number);
    write_c(e, "target", link->target_name);
    write_c(e, "card", itsm_str_c(link->many ? "n" : "1"));
    write_c(e, "inverse", link->inverse);
    itsm__json_write_end(&e->json);
}

static void write_links(encoder *e, const itsm_type_def *type)
{
    itsm__json_write_key(&e->json, "relations");
    itsm__json_write_array(&e->json);
    for (size_t i = 0; i < type->nlinks; i++)
        if (!type->links[i].common) write_link(e, &type->links[i]);
    itsm__json_write_end(&e->json);
}

static void write_indexes(encoder *e, const itsm_type_def *type)
{
    itsm__json_write_key(&e->json, "indexes");
    itsm__json_write_array(&e->json);
    for (size_t i = 0; i < type->nindexes; i++) {
        const itsm_index_def *index = &type->indexes[i];
        itsm__json_write_object(&e->json);
        write_c(e, "name", index->name);
        write_number(e, "number", index->number);
        itsm__json_write_key(&e->json, "unique");
        itsm__json_write_bool(&e->json, index->unique != 0);
        itsm__json_write_key(&e->json, "fields");
        itsm__json_write_array(&e->json);
        for (size_t k = 0; k < index->nfields; k++)
            itsm__json_write_text(&e->json, type->fields[index->fields[k]].name);
        itsm__json_write_end(&e->json);
        itsm__json_write_end(&e->json);
    }
    itsm__json_write_end(&e->json);
}

/* Lifecycles ------------------------------------------------------------------------------------------------------ */

static void write_move(encoder *e, const itsm_machine *machine, const itsm_move_def *move)
{
    itsm__json_write_object(&e->json);
    write_c(e, "event", move->name);
    write_states(e, "from", machine, move->from);
    write_c(e, "to", machine->states[move->to].name);
    itsm__json_write_key(&e->json, "actor");
    itsm__json_write_array(&e->json);
    for (size_t i = 0; i < move->nactors; i++) itsm__json_write_text(&e->json, move->actors[i].name);
    itsm__json_write_end(&e->json);
    itsm__json_write_key(&e->json, "guards");
    itsm__json_write_array(&e->json);
    for (const itsm_guard_def *g = move->guards; g->kind; g += g->nodes)
        write_scratch(e, itsm_guard_encode(&e->scratch, g));
    itsm__json_write_end(&e->json);
    itsm__json_write_key(&e->json, "effects");
    itsm__json_write_array(&e->json);
    for (const itsm_effect_def *f = move->effects; f->kind; f++) write_scratch(e, itsm_effect_encode(&e->scratch, f));
    itsm__json_write_end(&e->json);
    if (move->clauses_2011.n) write_names(e, "clauses_2011", &move->clauses_2011);
    if (move->clauses_2018.n) write_names(e, "clauses_2018", &move->clauses_2018);
    itsm__json_write_end(&e->json);
}

static void write_machine(encoder *e, const itsm_machine *machine)
{
    itsm__json_write_object(&e->json);
    write_c(e, "attribute", machine->name);
    write_number(e, "number", machine->number);
    write_c(e, "initial", machine->states[machine->initial].name);
    itsm__json_write_key(&e->json, "states");
    itsm__json_write_array(&e->json);
    for (size_t i = 0; i < machine->nstates; i++) {
        itsm__json_write_object(&e->json);
        write_c(e, "name", machine->states[i].name);
        write_c(e, "category", itsm_str_c(itsm_category_text(machine->states[i].category)));
        itsm__json_write_end(&e->json);
    }
    itsm__json_write_end(&e->json);
    itsm__json_write_key(&e->json, "transitions");
    itsm__json_write_array(&e->json);
    for (size_t i = 0; i < machine->nmoves; i++) write_move(e, machine, &machine->moves[i]);
    itsm__json_write_end(&e->json);
    itsm__json_write_end(&e->json);
}

/* The whole ------------------------------------------------------------------------------------------------------- */

static void write_type(encoder *e, const itsm_type_def *type)
{
    itsm__json_write_object(&e->json);
    write_c(e, "id", type->name);
    write_number(e, "number", type->number);
    write_c(e, "label", type->label);
    write_c(e, "prefix", type->prefix);
    write_number(e, "tier", type->tier);
    write_c(e, "family", type->family);
    write_names(e, "clauses_2011", &type->clauses_2011);
    write_names(e, "clauses_2018", &type->clauses_2018);
    write_fields(e, type), write_links(e, type), write_indexes(e, type);
    itsm__json_write_key(&e->json, "lifecycles");
    itsm__json_write_array(&e->json);
    for (size_t i = 0; i < type->nmachines; i++) write_machine(e, &type->machines[i]);
    itsm__json_write_end(&e->json);
    write_names(e, "kpis", &type->kpis);
    itsm__json_write_end(&e->json);
}

static void write_clocks(encoder *e, const itsm_type_def *type)
{
    itsm__json_write_key_str(&e->json, type->name);
    itsm__json_write_array(&e->json);
    for (size_t i = 0; i < type->nclocks; i++) {
        const itsm_clock_def *clock = &type->clocks[i];
        itsm__json_write_object(&e->json);
        write_c(e, "name", clock->name);
        write_c(e, "starts", itsm_str_c("create"));
        itsm__json_write_key(&e->json, "met_by");
        write_scratch(e, clock->by_field
                             ? itsm__buf_str(&e->scratch, type->fields[clock->field].name)
                             : itsm__format(&e->scratch, "category %s", itsm_category_text(clock->met_category)));
        itsm__json_write_key(&e->json, "pauses");
        itsm__json_write_bool(&e->json, clock->pauses != 0);
        itsm__json_write_end(&e->json);
    }
    itsm__json_write_end(&e->json);
}

/* The header as it is where no type makes it stricter. */
static void write_header(encoder *e, const itsm_type_def *type)
{
    itsm__json_write_key(&e->json, "common_fields");
    itsm__json_write_array(&e->json);
    for (size_t i = 0; i < type->nfields && type->fields[i].header; i++) {
        const itsm_field_def *field = &type->fields[i];
        itsm__json_write_object(&e->json);
        write_c(e, "name", field->name);
        write_number(e, "number", field->number);
        itsm__json_write_key(&e->json, "type");
        write_scratch(e, itsm_field_encode(&e->scratch, field));
        itsm__json_write_key(&e->json, "by");
        if (by_word(field->by)) itsm__json_write_text(&e->json, itsm_str_c(by_word(field->by)));
        else itsm__json_write_null(&e->json);
        itsm__json_write_end(&e->json);
    }
    itsm__json_write_end(&e->json);
    if (!type->nlinks || !type->links[0].common) return;
    itsm__json_write_key(&e->json, "common_relations");
    itsm__json_write_array(&e->json);
    write_link(e, &type->links[0]);
    itsm__json_write_end(&e->json);
}

static void write_model(encoder *e, const itsm_model *model)
{
    itsm__json_write_object(&e->json);
    write_c(e, "schema", ITSM_STR("libitsm.model/2"));
    itsm__encode_words(&e->json, model);
    if (model->ntypes) write_header(e, model->types[0]);
    itsm__json_write_key(&e->json, "policies");
    itsm__json_write_object(&e->json);
    for (size_t i = 0; i < model->npolicies; i++) {
        itsm__json_write_key_str(&e->json, model->policies[i].name);
        itsm__json_write_text(&e->json, model->policies[i].text);
    }
    itsm__json_write_end(&e->json);
    itsm__json_write_key(&e->json, "roles");
    itsm__json_write_object(&e->json);
    for (size_t i = 0; i < model->nroles; i++) {
        itsm__json_write_key_str(&e->json, model->roles[i].name);
        itsm__json_write_text(&e->json, model->roles[i].note);
    }
    itsm__json_write_end(&e->json);
    itsm__json_write_key(&e->json, "clocks");
    itsm__json_write_object(&e->json);
    for (size_t i = 0; i < model->ntypes; i++)
        if (model->types[i]->nclocks) write_clocks(e, model->types[i]);
    itsm__json_write_end(&e->json);
    itsm__json_write_key(&e->json, "record_types");
    itsm__json_write_array(&e->json);
    for (size_t i = 0; i < model->ntypes; i++) write_type(e, model->types[i]);
    itsm__json_write_end(&e->json);
    itsm__encode_catalogue(&e->json, model);
    itsm__json_write_end(&e->json);
}

static void begin(encoder *e, itsm_buf *out)
{
    memset(e, 0, sizeof *e);
    e->scratch.alloc = out->alloc, e->scratch.alloc_user = out->alloc_user;
    itsm__json_write_init(&e->json, out, 1);
}

/* What was written stays, or the buffer is as long as it was. */
static itsm_status finish(encoder *e, size_t before)
{
    itsm_buf *out = e->json.out;
    itsm_status status = itsm__json_write_finish(&e->json);
    if (!status) status = e->status;
    if (status) out->n = before;
    itsm_buf_clear(&e->scratch);
    return status;
}

itsm_status itsm_model_encode(itsm_buf *out, const itsm_model *model)
{
    if (!out || !model) return ITSM_E_MISUSE;
    encoder e;
    size_t before = out->n;
    begin(&e, out);
    write_model(&e, model);
    return finish(&e, before);
}

itsm_status itsm_type_encode(itsm_buf *out, const itsm_type_def *type)
{
    if (!out || !type) return ITSM_E_MISUSE;
    encoder e;
    size_t before = out->n;
    begin(&e, out);
    write_type(&e, type);
    return finish(&e, before);
}

itsm_status itsm__machine_encode(itsm_buf *out, const itsm_machine *machine)
{
    encoder e;
    size_t before = out->n;
    begin(&e, out);
    write_machine(&e, machine);
    return finish(&e, before);
}
