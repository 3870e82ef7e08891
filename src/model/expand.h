/* SPDX-License-Identifier: MIT */
/*
 * The constant tables of type ITSM_THIS, from its rows.  Included once per type; forgets ITSM_THIS at the end.
 *
 * First come enumerators: they give every name its index, so that the tables refer to each other by index and a
 * misspelt name does not compile.  Where a row needs to know where its followers begin (the guards of a move), a
 * running enumeration counts: an enumerator set to "one less" takes no place of its own.  Rows are told apart by the
 * line they stand on.
 */

/* Fields: header, facets, own. */
enum {
    HERE_(_PATH_, id),
    HERE_(_PATH_, number),
    HERE_(_PATH_, type),
    HERE_(_PATH_, title),
    HERE_(_PATH_, created_at),
    HERE_(_PATH_, created_by),
    HERE_(_PATH_, updated_at),
    HERE_(_PATH_, updated_by),
    HERE_(_PATH_, revision),
    HERE_(_PATH_, owner),
    HERE_(_PATH_, provider),
    HERE_(_PATH_, retention_class),
    HERE_(_PATH_, confidentiality_class),
#define ITSM_FACET(type, number, facet, initial) HERE_(_PATH_, facet),
#include "model/rows.h"
#define ITSM_FIELD(type, number, name, ...) HERE_(_PATH_, name),
#include "model/rows.h"
    HERE_(_COUNT_, fields),
    HERE_(_PATH_, actor) = PATH_IS_ACTOR_
};

/* Relations; those that are not a field as well are paths of their own. */
enum {
    HERE_(_LINK_, approval),
#define ITSM_LINK(type, number, name, ...) HERE_(_LINK_, name),
#define ITSM_FIELD_LINK(type, number, name, ...) HERE_(_LINK_, name),
#define ITSM_SUBJECT_LINK(type, number, name, ...) HERE_(_LINK_, name),
#include "model/rows.h"
    HERE_(_COUNT_, links),
#define ITSM_LINK(type, number, name, ...) HERE_(_PATH_, name) = HERE_(_LINK_, name) + PATH_IS_LINK_,
#include "model/rows.h"
    HERE_(_PATH_, approval) = PATH_IS_LINK_
};

/* Facets, and the states of each from 0. */
enum {
#define ITSM_FACET(type, number, facet, initial) HERE_(_FACET_, facet),
#include "model/rows.h"
    HERE_(_COUNT_, facets),
#define ITSM_FACET(type, number, facet, initial) HERE_(_BEFORE_, facet) = -1,
#define ITSM_STATE(type, facet, name, category) HERE_(_STATE_, name),
#include "model/rows.h"
    HERE_(_COUNT_, clocks) = 0
#define ITSM_CLOCK(...) +1
#include "model/rows.h"
};

/* How many states and moves the facets have: a sum over the rows.  A type has two facets at most so far. */
enum {
    HERE_(_COUNT_, states_0) = 0
#define ITSM_STATE(type, facet, ...) +((int)HERE_(_FACET_, facet) == 0)
#include "model/rows.h"
    ,
    HERE_(_COUNT_, states_1) = 0
#define ITSM_STATE(type, facet, ...) +((int)HERE_(_FACET_, facet) == 1)
#include "model/rows.h"
    ,
    HERE_(_COUNT_, moves_0) = 0
#define ITSM_MOVE(type, facet, ...) +((int)HERE_(_FACET_, facet) == 0)
#include "model/rows.h"
    ,
    HERE_(_COUNT_, moves_1) = 0
#define ITSM_MOVE(type, facet, ...) +((int)HERE_(_FACET_, facet) == 1)
#include "model/rows.h"
};
_Static_assert((int)HERE_(_COUNT_, facets) <= 2, "expand.h counts two facets");
_Static_assert((int)HERE_(_COUNT_, states_0) <= 64, "a set of states has 64 bits");
_Static_assert((int)HERE_(_COUNT_, states_1) <= 64, "a set of states has 64 bits");

#define STATES_BEFORE_(facet) ((int)HERE_(_FACET_, facet) == 0 ? 0 : (int)HERE_(_COUNT_, states_0))
#define STATES_OF_(facet)                                                                                              \
    ((int)HERE_(_FACET_, facet) == 0 ? (int)HERE_(_COUNT_, states_0) : (int)HERE_(_COUNT_, states_1))
#define MOVES_BEFORE_(facet) ((int)HERE_(_FACET_, facet) == 0 ? 0 : (int)HERE_(_COUNT_, moves_0))
#define MOVES_OF_(facet)                                                                                               \
    ((int)HERE_(_FACET_, facet) == 0 ? (int)HERE_(_COUNT_, moves_0) : (int)HERE_(_COUNT_, moves_1))

/* Where the moves and their guards and effects stand.  The element before those of a move ends those of the last. */
enum {
#define ITSM_MOVE(...) HERE_(_MOVE_, __LINE__),
#include "model/rows.h"
    HERE_(_COUNT_, moves)
};
enum {
#define ITSM_MOVE(...)                                                                                                 \
    HERE_(_GUARDS_END_, __LINE__), HERE_(_GUARDS_, __LINE__),                                                          \
        HERE_(_GUARDS_BACK_, __LINE__) = HERE_(_GUARDS_, __LINE__) - 1,
#define ITSM_GUARD(type, facet, move, ...)                                                                             \
    HERE_(_GUARD_, __LINE__),                                                                                          \
        HERE_(_GUARD_LAST_, __LINE__) = (int)HERE_(_GUARD_, __LINE__) + (int)NODES_(__VA_ARGS__) - 1,
#include "model/rows.h"
    HERE_(_COUNT_, guards)
};
enum {
#define ITSM_MOVE(...)                                                                                                 \
    HERE_(_EFFECTS_END_, __LINE__), HERE_(_EFFECTS_, __LINE__),                                                        \
        HERE_(_EFFECTS_BACK_, __LINE__) = HERE_(_EFFECTS_, __LINE__) - 1,
#define ITSM_EFFECT(...) HERE_(_EFFECT_, __LINE__),
#include "model/rows.h"
    HERE_(_COUNT_, effects)
};

/* The tables. */

static const itsm_str HERE_(_, state_names)[] = {
#define ITSM_STATE(type, facet, name, category) NAME_(name),
#include "model/rows.h"
};

static const itsm_state_def HERE_(_, states)[] = {
#define ITSM_STATE(type, facet, name_, category_)                                                                      \
    { .name = NAME_(name_), .category = ITSM_##category_, .index = HERE_(_STATE_, name_) },
#include "model/rows.h"
};

static const itsm_guard_def HERE_(_, guards)[] = {
#define ITSM_MOVE(...) { .kind = 0 },
#define ITSM_GUARD(type, facet, move, ...) __VA_ARGS__,
#include "model/rows.h"
    { .kind = 0 }
};

static const itsm_effect_def HERE_(_, effects)[] = {
#define ITSM_MOVE(...) { .kind = 0 },
#define ITSM_EFFECT(type, facet, move, ...) { __VA_ARGS__ },
#include "model/rows.h"
    { .kind = 0 }
};

static const itsm_move_def HERE_(_, moves)[] = {
#define ITSM_MOVE(type, facet, name_, from_, to_, ...)                                                                 \
    { .name = NAME_(name_),                                                                                            \
      from_,                                                                                                           \
      .to = HERE_(_STATE_, to_),                                                                                       \
      .index = (int)HERE_(_MOVE_, __LINE__) - MOVES_BEFORE_(facet),                                                    \
      .guards = &HERE_(_, guards)[HERE_(_GUARDS_, __LINE__)],                                                          \
      .effects = &HERE_(_, effects)[HERE_(_EFFECTS_, __LINE__)],                                                       \
      __VA_ARGS__ },
#include "model/rows.h"
};

static const itsm_machine HERE_(_, machines)[] = {
#define ITSM_FACET(type_, number_, facet_, initial_)                                                                   \
    { .name = NAME_(facet_),                                                                                           \
      .number = number_,                                                                                               \
      .index = HERE_(_FACET_, facet_),                                                                                 \
      .field = HERE_(_PATH_, facet_),                                                                                  \
      .initial = HERE_(_STATE_, initial_),                                                                             \
      .states = HERE_(_, states) + STATES_BEFORE_(facet_),                                                             \
      .nstates = STATES_OF_(facet_),                                                                                   \
      .moves = HERE_(_, moves) + MOVES_BEFORE_(facet_),                                                                \
      .nmoves = MOVES_OF_(facet_),                                                                                     \
      .type = &HERE_(_, type) },
#include "model/rows.h"
};

#define HEADER_(name_, number_, ...)                                                                                   \
    { .name = NAME_(name_), .number = number_, .index = HERE_(_PATH_, name_), .header = 1, __VA_ARGS__ },

static const itsm_field_def HERE_(_, fields)[] = {
#define ITSM_TYPE(number_, name_, ...)                                                                                 \
    HEADER_(id, ITSM_FIELD_ID, KIND_(ITSM_REF, id), .target_name = NAME_(name_), .target = &HERE_(_, type), BY_ENGINE) \
    HEADER_(number, ITSM_FIELD_NUMBER, LINE, BY_ENGINE)                                                                \
    HEADER_(type, ITSM_FIELD_TYPE, LINE, BY_ENGINE)
#define ITSM_HEADER(type, title_, owner_)                                                                              \
    HEADER_(title, ITSM_FIELD_TITLE, LINE, title_)                                                                     \
    HEADER_(created_at, ITSM_FIELD_CREATED_AT, TIME, BY_ENGINE)                                                        \
    HEADER_(created_by, ITSM_FIELD_CREATED_BY, PARTY, BY_ENGINE)                                                       \
    HEADER_(updated_at, ITSM_FIELD_UPDATED_AT, TIME, BY_ENGINE)                                                        \
    HEADER_(updated_by, ITSM_FIELD_UPDATED_BY, PARTY, BY_ENGINE)                                                       \
    HEADER_(revision, ITSM_FIELD_REVISION, INTEGER, BY_ENGINE)                                                         \
    HEADER_(owner, ITSM_FIELD_OWNER, PARTY, owner_)                                                                    \
    HEADER_(provider, ITSM_FIELD_PROVIDER, PARTY)                                                                      \
    HEADER_(retention_class, ITSM_FIELD_RETENTION, LINE)                                                               \
    HEADER_(confidentiality_class, ITSM_FIELD_CONFIDENTIALITY, LINE)
#include "model/rows.h"
#define ITSM_FACET(type_, number_, facet_, initial_)                                                                   \
    { .name = NAME_(facet_),                                                                                           \
      .number = number_,                                                                                               \
      .index = HERE_(_PATH_, facet_),                                                                                  \
      KIND_(ITSM_ENUM, enum),                                                                                          \
      .values = { HERE_(_, state_names) + STATES_BEFORE_(facet_), STATES_OF_(facet_) },                                \
      .by = ITSM_BY_MOVE,                                                                                              \
      .machine = &HERE_(_, machines)[HERE_(_FACET_, facet_)] },
#include "model/rows.h"
#define ITSM_FIELD(type_, number_, name_, ...)                                                                         \
    { .name = NAME_(name_), .number = number_, .index = HERE_(_PATH_, name_), __VA_ARGS__ },
#include "model/rows.h"
};

#define LINK_(name_, number_, many_, inverse_, ...)                                                                    \
    { .name = NAME_(name_),                                                                                            \
      .number = number_,                                                                                               \
      .index = HERE_(_LINK_, name_),                                                                                   \
      many_,                                                                                                           \
      .inverse = NAME_(inverse_),                                                                                      \
      .type = &HERE_(_, type),                                                                                         \
      __VA_ARGS__ },
#define LINK_TARGET_(type_) .target_name = NAME_(type_), .target = &CAT_(type_, _type)
#define LINK_FIELD_(name_) .is_field = 1, .field = HERE_(_PATH_, name_)

static const itsm_link_def HERE_(_, links)[] = {
    LINK_(approval, ITSM_LINK_APPROVAL, MANY, subject, LINK_TARGET_(approval), .common = 1)
#define ITSM_LINK(type, number, name, many, target, inverse) LINK_(name, number, many, inverse, LINK_TARGET_(target))
#define ITSM_FIELD_LINK(type, number, name, many, target, inverse)                                                     \
    LINK_(name, number, many, inverse, LINK_TARGET_(target), LINK_FIELD_(name))
#define ITSM_SUBJECT_LINK(type, number, name, many, inverse)                                                           \
    LINK_(name, number, many, inverse, .target_name = NAME_(any), LINK_FIELD_(name), .common = 1)
#include "model/rows.h"
};

#define INDEX_FIELD_(name) HERE_(_PATH_, name),
#define INDEX_FIELDS_(...)                                                                                             \
    .fields = (const uint16_t[]){ EACH_(INDEX_FIELD_, __VA_ARGS__) }, .nfields = COUNT_(__VA_ARGS__)

static const itsm_index_def HERE_(_, indexes)[] = {
    { .name = NAME_(number), .number = ITSM_INDEX_NUMBER, .unique = 1, INDEX_FIELDS_(number) },
    { .name = NAME_(state),
      .number = ITSM_INDEX_STATE,
      .fields = (const uint16_t[]){ ITSM_HEADER_FIELDS },
      .nfields = 1 },
#define ITSM_INDEX(type_, number_, name_, ...) { .name = NAME_(name_), .number = number_, INDEX_FIELDS_(__VA_ARGS__) },
#include "model/rows.h"
};

static const itsm_clock_def HERE_(_, clocks)[] = {
#define ITSM_CLOCK(type_, name_, met, pauses_) { .name = NAME_(name_), met, pauses_ },
#include "model/rows.h"
    { .unused = 0 }
};

static const itsm_type_def HERE_(_, type) = {
#define ITSM_TYPE(number_, name_, label_, prefix_, tier_, family_)                                                     \
    .number = number_, .name = NAME_(name_), .label = LITERAL_(label_), .prefix = LITERAL_(prefix_), .tier = tier_,    \
    .family = NAME_(family_), .index = CAT_(TYPE_INDEX_, name_),
#define ITSM_CLAUSES(type_, ...) __VA_ARGS__,
#define ITSM_KPIS(type_, ...) .kpis = NAMES_(__VA_ARGS__),
#include "model/rows.h"
    .fields = HERE_(_, fields),
    .nfields = sizeof HERE_(_, fields) / sizeof(itsm_field_def),
    .links = HERE_(_, links),
    .nlinks = sizeof HERE_(_, links) / sizeof(itsm_link_def),
    .machines = HERE_(_, machines),
    .nmachines = sizeof HERE_(_, machines) / sizeof(itsm_machine),
    .indexes = HERE_(_, indexes),
    .nindexes = sizeof HERE_(_, indexes) / sizeof(itsm_index_def),
    .clocks = HERE_(_, clocks),
    .nclocks = HERE_(_COUNT_, clocks),
    .model = &builtin,
};

#undef STATES_BEFORE_
#undef STATES_OF_
#undef MOVES_BEFORE_
#undef MOVES_OF_
#undef HEADER_
#undef LINK_
#undef LINK_TARGET_
#undef LINK_FIELD_
#undef INDEX_FIELD_
#undef INDEX_FIELDS_
#undef ITSM_THIS
