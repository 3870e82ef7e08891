/* SPDX-License-Identifier: MIT */
/*
 * What a builder holds: a model as names and texts, in lists that keep the order in which things were added.
 *
 * Everything lies in the builder's arena and is given back with it, so taking an item off its list frees nothing.  A
 * list has LIST_MAX items at most, which is what keeps looking through it for a name cheap enough.  Guards, effects,
 * kinds and formulas stay texts; freeze.c reads them.
 */
#ifndef ITSM_SRC_MODEL_BUILDER_H
#define ITSM_SRC_MODEL_BUILDER_H

#include "model/model.h"

#include "base/ctx.h"

enum {
    ITSM__LIST_MAX = 1024,              /* items of one list */
    ITSM__ISSUES_MAX = 1000,            /* of one call */
    ITSM__MODEL_TEXT = 4 * 1024 * 1024, /* bytes of a model's JSON */
    ITSM__GUARD_TEXT = 32 * 1024        /* bytes of one guard, effect, kind or formula */
};

/* The head of everything in a list; also a text of its own. */
typedef struct itsm__item {
    struct itsm__item *next;
    itsm_str name;
    uint64_t place; /* byte in the input + 1; 0: not from an input */
    uint32_t age;   /* which text brought it */
} itsm__item;

typedef struct itsm__items {
    itsm__item *first, *last;
    size_t n;
} itsm__items;

typedef struct itsm__field_draft {
    itsm__item item;
    itsm_str kind, mandatory, derive;
    uint32_t number; /* 0: not given; of all numbers here */
    uint32_t by, limited;
    itsm__items editable;
} itsm__field_draft;

typedef struct itsm__link_draft {
    itsm__item item;
    itsm_str target, inverse;
    uint32_t number;
    int many;
} itsm__link_draft;

typedef struct itsm__index_draft {
    itsm__item item;
    itsm__items fields;
    uint32_t number;
    int unique;
} itsm__index_draft;

typedef struct itsm__state_draft {
    itsm__item item;
    uint32_t category;
} itsm__state_draft;

typedef struct itsm__move_draft {
    itsm__item item;
    itsm_str to;
    itsm__items from, actors, guards, effects, clauses_2011, clauses_2018;
} itsm__move_draft;

typedef struct itsm__facet_draft {
    itsm__item item;
    itsm_str initial;
    uint32_t number;
    itsm__items states, moves;
} itsm__facet_draft;

typedef struct itsm__clock_draft_def {
    itsm__item item;
    itsm_str met_by;
    int pauses;
} itsm__clock_draft_def;

typedef struct itsm__type_draft {
    itsm__item item;
    itsm_str label, prefix, family;
    uint32_t number, tier;
    itsm__items clauses_2011, clauses_2018, kpis, fields, links, indexes, facets, clocks;
} itsm__type_draft;

typedef struct itsm__text_draft { /* a policy with its span, a role with its note */
    itsm__item item;
    itsm_str text;
} itsm__text_draft;

typedef struct itsm__clause_draft {
    itsm__item item;
    itsm_str topic, records, control, measure;
    itsm__items maps, rules, types;
} itsm__clause_draft;

typedef struct itsm__kpi_draft {
    itsm__item item;
    itsm_str title, formula;
    itsm__items types, uses;
} itsm__kpi_draft;

typedef struct itsm__rule_draft {
    itsm__item item;
    itsm_str level, check;
    itsm__items clauses_2011, clauses_2018, types;
} itsm__rule_draft;

struct itsm_model_builder {
    itsm_ctx *ctx;
    itsm__memory memory;
    itsm__arena arena;
    itsm__items types, policies, roles, clauses_2011, clauses_2018, kpis, rules;
    uint8_t priority[5][5];
    itsm_str input;            /* what places are bytes of; NULL: nothing */
    itsm__position last;       /* where the last issue was in it */
    size_t found;              /* issues of this call */
    uint32_t age;              /* of what is added now */
    const itsm__item *type;    /* what issues are about, or NULL */
    const itsm__item *facet;   /* the same */
    const itsm__item *move;    /* the same */
};

/* Lists ----------------------------------------------------------------------------------------------------------- */

itsm__item *itsm__items_find(const itsm__items *items, itsm_str name);
void itsm__items_remove(itsm__items *items, const itsm__item *item);

/* A new item of `size` bytes, zero but for a copy of its name; it joins the list.  ITSM_E_LIMIT: the list is full. */
itsm_status itsm__items_add(void *out, itsm_model_builder *builder, itsm__items *items, size_t size, itsm_str name,
                            uint64_t place);
itsm_status itsm__items_add_names(itsm_model_builder *builder, itsm__items *items, const itsm_names *names);

/* Move the items of one list behind those of another. */
void itsm__items_join(itsm__items *items, itsm__items *more);

itsm_status itsm__builder_copy(itsm_str *out, itsm_model_builder *builder, itsm_str text);

/* Issues ---------------------------------------------------------------------------------------------------------- */

/* Add an issue about what the builder looks at; the code is ITSM_E_INVALID.  Beyond ITSM__ISSUES_MAX they are counted. */
itsm_status itsm__builder_issue(itsm_model_builder *builder, uint64_t place, const char *rule, const char *format, ...);

/* The checker, continuing a count of issues. */
itsm_status itsm__model_check(itsm_ctx *ctx, const itsm_model *model, size_t found);

/* Add what a text says; the builder is as old as the texts it has read. */
itsm_status itsm__builder_read(itsm_model_builder *builder, itsm_str text);

/* Take away what a path names; how many items that were. */
size_t itsm__builder_remove(itsm_model_builder *builder, itsm_str path);

/* As itsm_model_builder_freeze(), going on with the issues there are. */
itsm_status itsm__builder_freeze(itsm_model **out, itsm_model_builder *builder);

/* The number of a name that is in no model yet: a function of the name alone. */
uint32_t itsm__number_of_name(itsm_str name);

#endif
