/* SPDX-License-Identifier: MIT */
/**
 * @file itsm/model.h
 * What a service management system knows about: types of records, their fields, relations and lifecycles.
 *
 * Definitions are data.  The built-in model is a set of constant tables: it costs nothing to start, is never freed and
 * may be read by any thread.  Everything here is *reflection*: what is returned is borrowed from the model, lives as
 * long as it, and never changes.  All names end in NUL, one byte behind their length.
 *
 * The descriptors are plain structs, so that loops over them are cheap.  New members are only ever appended, so arrays
 * of them are walked with the functions that take an index (itsm_type_field_at() ...), never by adding to a pointer.
 *
 * Numbers of types, fields, links and indexes are stored in data and never change meaning.  Types: the built-in ones
 * have 1 to 0x7EFF, rows of the engine 0x7F00 to 0x7FFF, a host's own 0x8000 and up.  Fields within a type: 1 to 23 are
 * the common header, 24 to 31 the states of the facets, the type's own begin at 32, a host's (its facets too) at 0x8000.
 * Links: 1 is the approvals of a record, a type's own begin at 2, a host's at 0x8000.  Indexes: 0 is always (type, id),
 * 1 the number, 2 the primary state, a type's own begin at 3, a host's at 0x8000.  States have no numbers: records keep
 * their names.
 *
 * The grammar and the meaning of guards and effects are those of the model's documentation, "Guards" and "Effects";
 * a host's own guard is written `host(name)`.
 *
 * A model of one's own is loaded from JSON (itsm_model_load()) or made with a builder, both from nothing or as additions
 * to the built-in model.  It then has the same descriptors, is checked as a whole, and never changes.
 */
#ifndef ITSM_MODEL_H
#define ITSM_MODEL_H

#include <itsm/base.h>

ITSM_BEGIN_C

/* Constants ------------------------------------------------------------------------------------------------------- */

/** Numbers of fields that every record has; stored in data. */
enum {
    ITSM_FIELD_ID = 1,               /**< `id`: the identity of the row. */
    ITSM_FIELD_NUMBER = 2,           /**< `number`: the human number, e.g. "INC0000045". */
    ITSM_FIELD_TYPE = 3,             /**< `type`: name of the type. */
    ITSM_FIELD_TITLE = 4,            /**< `title` */
    ITSM_FIELD_CREATED_AT = 5,       /**< `created_at` */
    ITSM_FIELD_CREATED_BY = 6,       /**< `created_by` */
    ITSM_FIELD_UPDATED_AT = 7,       /**< `updated_at` */
    ITSM_FIELD_UPDATED_BY = 8,       /**< `updated_by` */
    ITSM_FIELD_REVISION = 9,         /**< `revision`; stands beside the content, never in it. */
    ITSM_FIELD_OWNER = 10,           /**< `owner` */
    ITSM_FIELD_PROVIDER = 11,        /**< `provider` */
    ITSM_FIELD_RETENTION = 12,       /**< `retention_class` */
    ITSM_FIELD_CONFIDENTIALITY = 13, /**< `confidentiality_class` */
    ITSM_FIELD_STATE = 24,           /**< State of the first facet; those of the others follow. */
    ITSM_FIELD_OWN = 32,             /**< The first number of a type's own fields. */
    ITSM_FIELD_HOST = 0x8000         /**< The first number of a host's own fields. */
};

/** How many fields the common header has; they are the first in every type, in the order of their numbers. */
#define ITSM_HEADER_FIELDS 13u

/** Numbers of links and indexes that every type has; stored in data. */
enum {
    ITSM_LINK_APPROVAL = 1,         /**< `approval`: the approvals of the record; its other end is `subject`. */
    ITSM_LINK_HOST = 0x8000,        /**< The first number of a host's own links. */
    ITSM_INDEX_HOST = 0x8000,       /**< The first number of a host's own indexes. */
    ITSM_INDEX_NUMBER = 1,          /**< By `number`; unique. */
    ITSM_INDEX_STATE = 2,           /**< By the primary state. */
    ITSM_TYPE_ENGINE = 0x7F00,      /**< The first type number for rows of the engine ... */
    ITSM_TYPE_ENGINE_LAST = 0x7FFF, /**< ... and the last. */
    ITSM_TYPE_HOST = 0x8000         /**< The first type number for a host. */
};

/** What a state means.  Clocks and indicators read the category, never the name.  Stored in data. */
enum {
    ITSM_INITIAL = 1,  /**< Recorded, not worked on. */
    ITSM_OPEN = 2,     /**< Being worked on: clocks run. */
    ITSM_PAUSED = 3,   /**< Waiting for another party: clocks that pause do. */
    ITSM_RESOLVED = 4, /**< Work done, to be confirmed: clocks stop. */
    ITSM_CLOSED = 5,   /**< Final: positive, or decided. */
    ITSM_CANCELLED = 6 /**< Final: withdrawn, or invalid. */
};

/** Who writes a field.  A host's write to any but the first is refused. */
enum {
    ITSM_BY_HOST = 0,  /**< The host. */
    ITSM_BY_RULE = 1,  /**< Nobody: it is derived. */
    ITSM_BY_MOVE = 2,  /**< Effects of moves only. */
    ITSM_BY_ENGINE = 3 /**< The library. */
};

/** What a path of a guard or an effect leads to. */
enum {
    ITSM_PATH_FIELD = 1,  /**< Field @c at of the type; a facet is a field too. */
    ITSM_PATH_LINK = 2,   /**< Link @c at of the type. */
    ITSM_PATH_LINKED = 3, /**< Field @c far of every record linked by link @c at. */
    ITSM_PATH_ACTOR = 4   /**< The acting party. */
};

/** Kinds of guards. */
enum {
    ITSM_GUARD_ANY = 1,       /**< At least one of the guards below it holds. */
    ITSM_GUARD_WHEN = 2,      /**< The first below does not hold, or all the others do. */
    ITSM_GUARD_SET = 3,       /**< Every path has a value. */
    ITSM_GUARD_EQ = 4,        /**< The path has a value, one of @c values. */
    ITSM_GUARD_NE = 5,        /**< The path is empty or none of @c values. */
    ITSM_GUARD_GT = 6,        /**< First path > second path, or @c number. */
    ITSM_GUARD_GE = 7,        /**< First path >= second path, or @c number. */
    ITSM_GUARD_DIFFERS = 8,   /**< Two parties, both present, are different. */
    ITSM_GUARD_ROLE = 9,      /**< The actor holds role @c name. */
    ITSM_GUARD_APPROVED = 10, /**< The approvals of body @c name satisfy @c policy; fields in @c paths are excluded. */
    ITSM_GUARD_LINKED = 11,   /**< At least @c number records linked by @c paths, in one of the states @c values. */
    ITSM_GUARD_ALL_LINKED = 12,  /**< Every linked record is in one of the states @c values. */
    ITSM_GUARD_NONE_LINKED = 13, /**< No linked record, or none in the states @c values. */
    ITSM_GUARD_REACHED = 14,     /**< Now is at or after the path plus policy @c name. */
    ITSM_GUARD_BEFORE = 15,      /**< Now is before the path plus policy @c name. */
    ITSM_GUARD_NO_CONFLICT = 16, /**< No blackout and no other change overlaps from paths[0] to paths[1] on paths[2]. */
    ITSM_GUARD_HOST = 17         /**< The host's own guard @c name. */
};

/** Kinds of effects. */
enum {
    ITSM_EFFECT_STAMP = 1,  /**< Set the path to now; with @c first only if it is empty. */
    ITSM_EFFECT_PUT = 2,    /**< Set the path to the literal @c name. */
    ITSM_EFFECT_COPY = 3,   /**< Set paths[0] to paths[1] of the first linked record that has one. */
    ITSM_EFFECT_CLEAR = 4,  /**< Empty the paths. */
    ITSM_EFFECT_INCR = 5,   /**< Add one; empty counts as 0. */
    ITSM_EFFECT_NOTIFY = 6, /**< Notify @c name: a role, or the parties in that field. */
    ITSM_EFFECT_FIRE = 7    /**< Make move @c name on every record linked by the path that has it from its state. */
};

/** Who may make a move. */
enum {
    ITSM_ACTOR_ANY = 1,   /**< Everybody. */
    ITSM_ACTOR_PARTY = 2, /**< The party in field @c field; while that is empty, a holder of the role of its name. */
    ITSM_ACTOR_HOLDER = 3 /**< A party that holds role @c name. */
};

/** How a derived field is computed; nodes in prefix order. */
enum {
    ITSM_DERIVE_FIELD = 1,  /**< The value of field @c field. */
    ITSM_DERIVE_FIRST = 2,  /**< The first argument that is not empty. */
    ITSM_DERIVE_MATRIX = 3, /**< The priority of (impact, urgency). */
    ITSM_DERIVE_MAX = 4,    /**< The greatest; empty if an argument is. */
    ITSM_DERIVE_MUL = 5,    /**< The product; empty if an argument is. */
    ITSM_DERIVE_SUB = 6     /**< The first minus the others; empty if an argument is. */
};

/* Descriptors ----------------------------------------------------------------------------------------------------- */

/** A model: a set of types.  Immutable; shared by any number of threads. */
typedef struct itsm_model itsm_model;

typedef struct itsm_type_def itsm_type_def;     /**< See struct itsm_type_def. */
typedef struct itsm_field_def itsm_field_def;   /**< See struct itsm_field_def. */
typedef struct itsm_link_def itsm_link_def;     /**< See struct itsm_link_def. */
typedef struct itsm_machine itsm_machine;       /**< See struct itsm_machine. */
typedef struct itsm_state_def itsm_state_def;   /**< See struct itsm_state_def. */
typedef struct itsm_move_def itsm_move_def;     /**< See struct itsm_move_def. */
typedef struct itsm_guard_def itsm_guard_def;   /**< See struct itsm_guard_def. */
typedef struct itsm_effect_def itsm_effect_def; /**< See struct itsm_effect_def. */

/** A list of names. */
typedef struct itsm_names {
    const itsm_str *item; /**< The names; an itsm_str has a frozen layout, so this one may be indexed. */
    size_t n;             /**< How many. */
} itsm_names;

/** One step of a derived field's formula. */
typedef struct itsm_derive_def {
    uint16_t kind;   /**< ITSM_DERIVE_FIELD, ... */
    uint16_t nodes;  /**< This node and all below it: the next argument stands that much further on. */
    uint16_t field;  /**< Of ITSM_DERIVE_FIELD: index of the field in the type. */
    uint16_t unused; /**< 0 */
} itsm_derive_def;

/** A field of a type.  The state of a facet is one too: of kind ITSM_ENUM, written by moves, with @c machine set. */
struct itsm_field_def {
    itsm_str name;               /**< E.g. "impact". */
    uint16_t number;             /**< Number in data, for ever. */
    uint16_t kind;               /**< Of a value, or of each item of a list: ITSM_TEXT, ITSM_ENUM, ... */
    uint16_t index;              /**< Place in the type. */
    uint16_t by;                 /**< ITSM_BY_HOST, ... */
    uint32_t list;               /**< 1: an ITSM_LIST of @c kind. */
    uint32_t ranged;             /**< 1: an integer from @c lo to @c hi. */
    int64_t lo;                  /**< Least value. */
    int64_t hi;                  /**< Greatest value. */
    itsm_names values;           /**< Of an ITSM_ENUM: the names allowed. */
    itsm_str base;               /**< Kind as the model writes it, e.g. "money", "blobref"; finer than @c kind. */
    itsm_str target_name;        /**< Of an ITSM_REF: name of the type referred to; "any" for all. */
    const itsm_type_def *target; /**< Of an ITSM_REF: the type referred to; NULL for any. */
    itsm_str mandatory;          /**< "create", the primary state it is needed at, or empty. */
    uint32_t at_creation;        /**< 1: mandatory at creation. */
    uint32_t limited;            /**< 1: a host may write it in the states @c editable only; else in all. */
    uint64_t mandatory_at;       /**< Primary states at which it must have a value: bit n is state n. */
    uint64_t editable; /**< With @c limited: primary states in which a host may write it; none: at creation only. */
    const itsm_derive_def *derive; /**< Formula of a derived field; NULL if it is not one. */
    const itsm_machine *machine;   /**< Of a facet's state: the facet's lifecycle; else NULL. */
    uint32_t header;               /**< 1: of the common header. */
    uint32_t unused;               /**< 0 */
};

/** A relation of a type, seen from this end. */
struct itsm_link_def {
    itsm_str name;               /**< E.g. "parent_incident". */
    uint16_t number;             /**< Number in data, for ever. */
    uint16_t index;              /**< Place in the type. */
    uint16_t is_field;           /**< 1: the same fact as field @c field of the type, and kept in it. */
    uint16_t field;              /**< With @c is_field: index of the field in the type. */
    uint32_t many;               /**< 1: any number of targets; 0: one at most. */
    uint32_t common;             /**< 1: part of every type (`approval`), or the other end of such a one (`subject`). */
    itsm_str target_name;        /**< Name of the type at the other end; "any" for all. */
    const itsm_type_def *target; /**< The type at the other end; NULL for any. */
    itsm_str inverse;            /**< Name of the relation seen from there. */
    const itsm_type_def *type;   /**< The type at this end. */
};

/** A path of a guard or an effect. */
typedef struct itsm_path {
    itsm_str name; /**< Field, facet or relation of the record; or "actor". */
    itsm_str far;  /**< Of ITSM_PATH_LINKED: the field of the linked records; else empty. */
    uint16_t kind; /**< ITSM_PATH_FIELD, ... */
    uint16_t at;   /**< Index of the field or link in the type. */
} itsm_path;

/** A node of a guard.  A guard is its nodes in prefix order. */
struct itsm_guard_def {
    uint16_t kind;          /**< ITSM_GUARD_SET, ... */
    uint16_t nodes;         /**< This node and all below it: the next guard stands that much further on. */
    uint16_t scale;         /**< Digits behind the point of @c number. */
    uint16_t npaths;        /**< How many paths. */
    const itsm_path *paths; /**< What it looks at. */
    itsm_names values;      /**< Values of `eq`, `ne`; states of `linked` and its kin, none meaning all. */
    itsm_str name;          /**< Role, body, policy of time, or host guard. */
    itsm_str policy;        /**< Of `approved`: "any", "all" or "stated". */
    int64_t number;         /**< Of `gt`, `ge`, `linked`. */
};

/** An effect of a move. */
struct itsm_effect_def {
    uint16_t kind;                   /**< ITSM_EFFECT_STAMP, ... */
    uint16_t npaths;                 /**< How many paths. */
    uint16_t first;                  /**< Of `stamp`: only if empty. */
    uint16_t unused;                 /**< 0 */
    const itsm_path *paths;          /**< What it touches. */
    itsm_str name;                   /**< Literal of `put`, recipient of `notify`, move of `fire`. */
    const itsm_guard_def *condition; /**< NULL, or the guard under which it is done. */
};

/** One who may make a move. */
typedef struct itsm_actor_def {
    itsm_str name;  /**< Field, role, or "any". */
    uint16_t kind;  /**< ITSM_ACTOR_ANY, ... */
    uint16_t field; /**< Of ITSM_ACTOR_PARTY: index of the field in the type. */
} itsm_actor_def;

/** A state of a lifecycle. */
struct itsm_state_def {
    itsm_str name;     /**< E.g. "in_progress". */
    uint32_t category; /**< ITSM_OPEN, ... */
    uint32_t index;    /**< Place in the lifecycle: its bit in a set of states. */
};

/** A move of a lifecycle.  Several moves may share a name; from one state at most one of them can be made. */
struct itsm_move_def {
    itsm_str name;                  /**< E.g. "resolve". */
    uint64_t from;                  /**< States it starts from: bit n is state n. */
    uint32_t to;                    /**< Index of the state it leads to. */
    uint32_t index;                 /**< Place in the lifecycle. */
    const itsm_actor_def *actors;   /**< Who may make it; one suffices. */
    size_t nactors;                 /**< How many. */
    const itsm_guard_def *guards;   /**< Nodes of its guards, one guard after the other; a node of kind 0 ends them. */
    const itsm_effect_def *effects; /**< What it does, in order; an effect of kind 0 ends them. */
    itsm_names clauses_2011;        /**< What it serves in the edition of 2011; empty: what its type does. */
    itsm_names clauses_2018;        /**< What it serves in the edition of 2018; empty: what its type does. */
};

/** A lifecycle: the states and moves of one facet of a type.  A type's first facet is its primary one. */
struct itsm_machine {
    itsm_str name;                /**< Name of the facet, e.g. "status". */
    uint16_t number;              /**< Number in data of the field that holds the state. */
    uint16_t index;               /**< Place in the type; 0: primary. */
    uint16_t field;               /**< Index of that field in the type. */
    uint16_t initial;             /**< Index of the first state. */
    const itsm_state_def *states; /**< The states. */
    size_t nstates;               /**< How many; 64 at most. */
    const itsm_move_def *moves;   /**< The moves, in the order of the model. */
    size_t nmoves;                /**< How many. */
    const itsm_type_def *type;    /**< Its type. */
};

/** An index over the records of a type.  A list has one key for each item; a record without a value has none. */
typedef struct itsm_index_def {
    itsm_str name;          /**< E.g. "service". */
    uint16_t number;        /**< Number in data, for ever. */
    uint16_t unique;        /**< 1: a key belongs to one record at most. */
    uint16_t nfields;       /**< How many fields a key is made of. */
    uint16_t unused;        /**< 0 */
    const uint16_t *fields; /**< Indexes of the fields in the type. */
} itsm_index_def;

/** A clock of a type.  It is created with the record. */
typedef struct itsm_clock_def {
    itsm_str name;         /**< E.g. "resolution". */
    uint32_t met_category; /**< Category on entering which it is met; 0: it is met by a field. */
    uint32_t pauses;       /**< 1: it pauses in ITSM_PAUSED states. */
    uint16_t by_field;     /**< 1: met when field @c field first has a value. */
    uint16_t field;        /**< Index of that field in the type. */
    uint32_t unused;       /**< 0 */
} itsm_clock_def;

/** A type of records. */
struct itsm_type_def {
    itsm_str name;                 /**< E.g. "incident". */
    itsm_str label;                /**< E.g. "Incident". */
    itsm_str prefix;               /**< Of its numbers, e.g. "INC". */
    itsm_str family;               /**< Group of processes: "resolution", "control", ... */
    uint16_t number;               /**< Number in data, for ever. */
    uint16_t index;                /**< Place in the model. */
    uint32_t tier;                 /**< 1: essential, to 3. */
    itsm_names clauses_2011;       /**< What it serves in the edition of 2011. */
    itsm_names clauses_2018;       /**< What it serves in the edition of 2018. */
    itsm_names kpis;               /**< Names of the indicators computed of it. */
    const itsm_field_def *fields;  /**< Header, states of the facets, own fields. */
    size_t nfields;                /**< How many. */
    const itsm_link_def *links;    /**< Its relations; the first is `approval`. */
    size_t nlinks;                 /**< How many. */
    const itsm_machine *machines;  /**< Its facets; the first is primary. */
    size_t nmachines;              /**< How many; 8 at most. */
    const itsm_index_def *indexes; /**< Its indexes. */
    size_t nindexes;               /**< How many. */
    const itsm_clock_def *clocks;  /**< Its clocks. */
    size_t nclocks;                /**< How many. */
    const itsm_model *model;       /**< Its model. */
};

/** A clause of one edition of ISO/IEC 20000-1, in words of our own. */
typedef struct itsm_clause_def {
    itsm_str id;      /**< E.g. "8.6.1". */
    itsm_str topic;   /**< What it is about. */
    itsm_str records; /**< Which records show it. */
    itsm_str control; /**< What it asks to be controlled. */
    itsm_str measure; /**< What can be measured of it. */
    itsm_names maps;  /**< Clauses of the other edition that it corresponds to. */
    itsm_names rules; /**< Rules of evidence that judge it. */
    itsm_names types; /**< Types of records that serve it. */
    uint32_t edition; /**< 2011 or 2018. */
    uint32_t unused;  /**< 0 */
} itsm_clause_def;

/** An indicator. */
typedef struct itsm_kpi_def {
    itsm_str id;      /**< E.g. "mttr". */
    itsm_str name;    /**< E.g. "Mean time to restore service". */
    itsm_str formula; /**< How it is computed, for a person. */
    itsm_names types; /**< Types it is computed of. */
    itsm_names uses;  /**< Fields the formula names, as "type.field". */
} itsm_kpi_def;

/** A rule of evidence: what an auditor looks for. */
typedef struct itsm_rule_def {
    itsm_str id;             /**< E.g. "SMS-01". */
    itsm_str level;          /**< "A": the check decides; "P": a person judges the rest. */
    itsm_str check;          /**< What is checked, for a person. */
    itsm_names clauses_2011; /**< What it serves in the edition of 2011. */
    itsm_names clauses_2018; /**< What it serves in the edition of 2018. */
    itsm_names types;        /**< Types of records it looks at. */
} itsm_rule_def;

/* The model ------------------------------------------------------------------------------------------------------- */

/**
 * Give the built-in model: the processes of ISO/IEC 20000-1 as constant tables.
 *
 * @return Never NULL; static, so that a share need not be taken.
 * @since 0.1
 */
ITSM_API const itsm_model *itsm_model_builtin(void);

/**
 * Take a share of a model.
 *
 * @param model A model; NULL is allowed.
 * @return @p model.
 * @since 0.1
 */
ITSM_API const itsm_model *itsm_model_ref(const itsm_model *model);

/**
 * Drop a share of a model; the last one frees it.  The built-in model is never freed.
 *
 * @param model NULL is allowed.
 * @since 0.1
 */
ITSM_API void itsm_model_free(const itsm_model *model);

/**
 * Find a type by name.  O(log types).
 *
 * @param model A model.
 * @param name  E.g. "incident".
 * @return The type, or NULL.
 * @since 0.1
 */
ITSM_API const itsm_type_def *itsm_model_type(const itsm_model *model, itsm_str name);

/**
 * Find a type by its number.  O(1) for the built-in types.
 *
 * @param model  A model.
 * @param number Number in data.
 * @return The type, or NULL.
 * @since 0.1
 */
ITSM_API const itsm_type_def *itsm_model_type_number(const itsm_model *model, uint32_t number);

/**
 * Count the types of a model.
 *
 * @param model A model.
 * @return How many.
 * @since 0.1
 */
ITSM_API size_t itsm_model_type_count(const itsm_model *model);

/**
 * Look at one type of a model.
 *
 * @param model A model.
 * @param i     From 0 to the count.
 * @return The type, or NULL.
 * @since 0.1
 */
ITSM_API const itsm_type_def *itsm_model_type_at(const itsm_model *model, size_t i);

/**
 * Tell how long a policy of time is, e.g. "auto_close_after".
 *
 * @param out   Elapsed time.
 * @param model A model.
 * @param name  Name of the policy.
 * @retval ITSM_OK          @p out is the span.
 * @retval ITSM_E_NOT_FOUND There is no such policy.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_model_policy(itsm_span *out, const itsm_model *model, itsm_str name);

/**
 * Count the policies of time of a model.
 *
 * @param model A model.
 * @return How many.
 * @since 0.1
 */
ITSM_API size_t itsm_model_policy_count(const itsm_model *model);

/**
 * Look at one policy of time of a model.
 *
 * @param text  The span in ISO 8601, e.g. "P5D"; may be NULL.
 * @param model A model.
 * @param i     From 0 to the count.
 * @return Its name; the empty text if there is no such policy.
 * @since 0.1
 */
ITSM_API itsm_str itsm_model_policy_at(itsm_str *text, const itsm_model *model, size_t i);

/**
 * Count the roles a model names.
 *
 * @param model A model.
 * @return How many.
 * @since 0.1
 */
ITSM_API size_t itsm_model_role_count(const itsm_model *model);

/**
 * Look at one role of a model.
 *
 * @param note  What it means, where its name does not say so; may be NULL.
 * @param model A model.
 * @param i     From 0 to the count.
 * @return Its name; the empty text if there is no such role.
 * @since 0.1
 */
ITSM_API itsm_str itsm_model_role_at(itsm_str *note, const itsm_model *model, size_t i);

/**
 * Tell the priority of an impact and an urgency.
 *
 * @param model   A model.
 * @param impact  From 1 to 5, 5 the highest.
 * @param urgency From 1 to 5, 5 the highest.
 * @return From 1 to 5, 5 the highest; 0 if an argument is out of range.
 * @since 0.1
 */
ITSM_API int itsm_model_priority(const itsm_model *model, int64_t impact, int64_t urgency);

/**
 * Count the clauses of one edition.
 *
 * @param model   A model.
 * @param edition 2011 or 2018.
 * @return How many.
 * @since 0.1
 */
ITSM_API size_t itsm_model_clause_count(const itsm_model *model, uint32_t edition);

/**
 * Look at one clause of an edition.
 *
 * @param model   A model.
 * @param edition 2011 or 2018.
 * @param i       From 0 to the count.
 * @return The clause, or NULL.
 * @since 0.1
 */
ITSM_API const itsm_clause_def *itsm_model_clause_at(const itsm_model *model, uint32_t edition, size_t i);

/**
 * Find a clause.  O(clauses).
 *
 * @param model   A model.
 * @param edition 2011 or 2018.
 * @param id      E.g. "8.6.1".
 * @return The clause, or NULL.
 * @since 0.1
 */
ITSM_API const itsm_clause_def *itsm_model_clause(const itsm_model *model, uint32_t edition, itsm_str id);

/**
 * Count the indicators of a model.
 *
 * @param model A model.
 * @return How many.
 * @since 0.1
 */
ITSM_API size_t itsm_model_kpi_count(const itsm_model *model);

/**
 * Look at one indicator of a model.
 *
 * @param model A model.
 * @param i     From 0 to the count.
 * @return The indicator, or NULL.
 * @since 0.1
 */
ITSM_API const itsm_kpi_def *itsm_model_kpi_at(const itsm_model *model, size_t i);

/**
 * Find an indicator.  O(indicators).
 *
 * @param model A model.
 * @param id    E.g. "mttr".
 * @return The indicator, or NULL.
 * @since 0.1
 */
ITSM_API const itsm_kpi_def *itsm_model_kpi(const itsm_model *model, itsm_str id);

/**
 * Count the rules of evidence of a model.
 *
 * @param model A model.
 * @return How many.
 * @since 0.1
 */
ITSM_API size_t itsm_model_rule_count(const itsm_model *model);

/**
 * Look at one rule of evidence of a model.
 *
 * @param model A model.
 * @param i     From 0 to the count.
 * @return The rule, or NULL.
 * @since 0.1
 */
ITSM_API const itsm_rule_def *itsm_model_rule_at(const itsm_model *model, size_t i);

/**
 * Find a rule of evidence.  O(rules).
 *
 * @param model A model.
 * @param id    E.g. "SMS-01".
 * @return The rule, or NULL.
 * @since 0.1
 */
ITSM_API const itsm_rule_def *itsm_model_rule(const itsm_model *model, itsm_str id);

/**
 * Check a model.  All findings become issues, a thousand at most; their `rule` says what does not hold:
 *
 * - `unique`: a name or a number is used once.  `exists`: whatever is named is there.  `name`: names are of the grammar.
 * - `reachable`: every state can be reached.  `finish`: from every state a final one can be reached, if there is any,
 *   and a state that is not final has a way out.
 * - `once`: no event leads twice from one state.  `inverse`: both ends of a relation name each other.
 * - `fits`: values and kinds suit what uses them.  `locked`: no effect writes what effects may not write.
 * - `writable`: somebody can write what is mandatory.  `clause`: every type serves clauses that there are.
 * - `timer`: a move open to the timer waits for a time and changes the state.
 * - `fire`: what moves fire on each other comes to an end.
 *
 * @param ctx   Gets the issues; NULL is allowed.
 * @param model A model.
 * @retval ITSM_OK        Nothing was found.
 * @retval ITSM_E_INVALID Something is wrong.
 * @retval ITSM_E_NOMEM   No memory.
 * @retval ITSM_E_MISUSE  @p model is NULL.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_model_check(itsm_ctx *ctx, const itsm_model *model);

/**
 * Check a changed model as itsm_model_check() does, and warn of each clause that loses a guard which it has in the base.
 *
 * A *warning* is an issue of code ITSM_OK and rule `guard`: `where` is the move, `clause` a clause of 2018 that it serves
 * (of 2011 if it serves none), and the message has the guard.  There is one for each guard that a move of the base has
 * and the changed model's does not, and for each guard that all moves into a state share in the base and a move that is
 * new and leads there lacks.  A guard that was rewritten counts as lost: whether the new one protects as much is for a
 * person to say.  Moves and types that are gone take their guards with them without a warning.
 *
 * @param ctx   Gets the issues; NULL is allowed.
 * @param base  The model it is compared with.
 * @param model The changed one.
 * @retval ITSM_OK        Nothing is wrong; there may be warnings.
 * @retval ITSM_E_INVALID Something is wrong.
 * @retval ITSM_E_NOMEM   No memory.
 * @retval ITSM_E_MISUSE  A model is NULL.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_model_compare(itsm_ctx *ctx, const itsm_model *base, const itsm_model *model);

/**
 * Append a model as JSON, in the format "libitsm.model/2": types with fields, relations, indexes and lifecycles; the
 * clauses of both editions, indicators and rules of evidence; policies, roles, clocks; and the numbers stored in data.
 * What it appends can be loaded again: itsm_model_load() then gives a model with the same JSON, byte for byte.
 *
 * @param out   Grown as needed; as it was on failure.
 * @param model A model.
 * @retval ITSM_OK       Appended.
 * @retval ITSM_E_NOMEM  No memory.
 * @retval ITSM_E_MISUSE A NULL.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_model_encode(itsm_buf *out, const itsm_model *model);

/* Comparing ------------------------------------------------------------------------------------------------------- */

/** What a change between two models is about. */
enum {
    ITSM_PART_TYPE = 1,   /**< A type: its label, prefix, clauses, ... */
    ITSM_PART_FIELD = 2,  /**< A field: kind, who writes it, where it is needed. */
    ITSM_PART_LINK = 3,   /**< A relation. */
    ITSM_PART_INDEX = 4,  /**< An index. */
    ITSM_PART_FACET = 5,  /**< A lifecycle: its first state. */
    ITSM_PART_STATE = 6,  /**< A state: its category. */
    ITSM_PART_MOVE = 7,   /**< A move: where it starts and ends, who may make it. */
    ITSM_PART_GUARD = 8,  /**< A guard of a move; never changed, but removed and added. */
    ITSM_PART_EFFECT = 9, /**< An effect of a move; never changed, but removed and added. */
    ITSM_PART_CLOCK = 10, /**< A clock. */
    ITSM_PART_POLICY = 11, /**< A policy of time. */
    ITSM_PART_ROLE = 12,   /**< A role. */
    ITSM_PART_CLAUSE = 13, /**< A clause. */
    ITSM_PART_KPI = 14,    /**< An indicator. */
    ITSM_PART_RULE = 15    /**< A rule of evidence. */
};

/** How a part differs. */
enum {
    ITSM_PART_ADDED = 1,   /**< It is in the second model only. */
    ITSM_PART_REMOVED = 2, /**< It is in the first model only. */
    ITSM_PART_CHANGED = 3  /**< It is in both and says something else. */
};

/** One difference between two models; borrowed for the call. */
typedef struct itsm_model_change {
    size_t size;             /**< sizeof(itsm_model_change). */
    uint32_t part;           /**< ITSM_PART_FIELD, ... */
    uint32_t how;            /**< ITSM_PART_ADDED, ... */
    itsm_str where;          /**< E.g. "incident.status.resolve"; a policy or role by its name. */
    itsm_str before;         /**< What the first model says, in words of the model; empty if added. */
    itsm_str after;          /**< What the second model says; empty if removed. */
    itsm_names clauses_2011; /**< Of a guard: clauses that lose or gain it, in the edition of 2011. */
    itsm_names clauses_2018; /**< The same in the edition of 2018. */
} itsm_model_change;

/**
 * Receives one difference.
 *
 * @param user   The caller's pointer.
 * @param change Borrowed for the call.
 * @return ITSM_OK to go on; anything else stops and comes back.
 * @since 0.1
 */
typedef itsm_status (*itsm_model_change_fn)(void *user, const itsm_model_change *change);

/**
 * Walk the differences between two models: types in the order of the first model, then the added ones; in each its
 * fields, relations, indexes, clocks and lifecycles.
 *
 * Parts are the same if they have the same name; moves, of which several may share one, if they also have most of their
 * states in common.  What is in a type that was added or removed as a whole is not listed.  O(size of the models),
 * times the moves of one name.
 *
 * @param fn   Called for each.
 * @param user Passed to @p fn.
 * @param a    The model as it was.
 * @param b    The model as it is.
 * @retval ITSM_OK       All were given.
 * @retval ITSM_E_NOMEM  No memory.
 * @retval ITSM_E_MISUSE A NULL.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_model_diff(itsm_model_change_fn fn, void *user, const itsm_model *a,
                                                   const itsm_model *b);

/**
 * Append the differences between two models as JSON: an array of objects `{"part": "guard", "how": "removed", "where":
 * "incident.status.resolve", "before": "set(...)", "clauses_2011": [...], "clauses_2018": [...]}`.
 *
 * @param out Grown as needed; as it was on failure.
 * @param a   The model as it was.
 * @param b   The model as it is.
 * @retval ITSM_OK       Appended; "[]" if there is none.
 * @retval ITSM_E_NOMEM  No memory.
 * @retval ITSM_E_MISUSE A NULL.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_model_diff_encode(itsm_buf *out, const itsm_model *a, const itsm_model *b);

/**
 * Say a part in one word, e.g. "guard".
 *
 * @param part ITSM_PART_TYPE, ...
 * @return Static; NULL for any other number.
 * @since 0.1
 */
ITSM_API const char *itsm_model_part_text(uint32_t part);

/* Models of one's own --------------------------------------------------------------------------------------------- */

/**
 * Load a model from JSON in the format "libitsm.model/2" (itsm_model_encode()).
 *
 * With the member `"extends": "builtin"` the text holds only what is new or other than in the built-in model:
 *
 * - `remove`: names of what goes, before anything is added: "type", "type.field", "type.relation", "type.facet.state",
 *   "type.facet.event", "role:name", "policy:name".
 * - `record_types`, and in them `fields`, `relations`, `indexes`, `lifecycles`, `states`, `transitions`, and `clocks`,
 *   `policies`, `roles`, `kpis`, `evidence_rules`, `clauses` as in a whole model.  What has a name that is there already
 *   is changed: members that are not given stay as they are.  A state keeps its category.
 * - a field may have `add_values`; a transition `add_from`, `add_actor`, `add_guards`, `add_effects`: they add to what
 *   is there, while `from`, `actor`, `guards`, `effects` replace it.
 * - a transition changes every move of its event that starts from one of the states in `from` (without `from`: every
 *   move of that event); if there is none it is a new one.
 *
 * Numbers stored in data may be given as `number`: from 0x8000 (32768) for what a host adds.  What is named as in the
 * built-in model keeps its number.  Anything else gets one that is computed from its name alone, so it never depends
 * on what stands beside it; where two names come to the same number, that is an issue and one must be given.  The
 * number of what was loaded stands in the JSON that itsm_model_encode() writes: keep that.
 *
 * The model is checked (itsm_model_check()); everything found becomes an issue, with byte, line and column where there is
 * a place in the text.  Limits: 4 MiB of text, 1,000 issues, 1,024 types, 1,024 fields, relations or moves in one type,
 * 64 states and 8 facets, guards nested 16 deep, 256 `fire` effects.  O(size), and some milliseconds for the built-in
 * model's size.
 *
 * @param out  Yours; freed by itsm_model_free().  NULL after a failure.
 * @param ctx  Its allocator is copied; gets the issues.  The model outlives it.
 * @param json One JSON object; not kept.
 * @retval ITSM_OK        @p out is a model.
 * @retval ITSM_E_SYNTAX  Not JSON; the issue has the position.
 * @retval ITSM_E_INVALID Something is wrong; the issues say what, all of it.
 * @retval ITSM_E_LIMIT   Larger or deeper than the limits.
 * @retval ITSM_E_VERSION Another format than "libitsm.model/2".
 * @retval ITSM_E_NOMEM   No memory.
 * @retval ITSM_E_MISUSE  @p out is NULL.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_model_load(itsm_model **out, itsm_ctx *ctx, itsm_str json);

/** Where a model of one's own is put together.  For one thread. */
typedef struct itsm_model_builder itsm_model_builder;

/**
 * Begin a model.
 *
 * @param out  Yours; freed by itsm_model_builder_free().  NULL after a failure.
 * @param ctx  Gives memory and gets issues; must outlive the builder.
 * @param base The model to start from, not kept; NULL for an empty one.
 * @retval ITSM_OK       @p out is a builder.
 * @retval ITSM_E_NOMEM  No memory.
 * @retval ITSM_E_MISUSE @p out is NULL.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_model_builder_new(itsm_model_builder **out, itsm_ctx *ctx,
                                                          const itsm_model *base);

/**
 * Free a builder, frozen from or not.
 *
 * @param builder NULL is allowed.
 * @since 0.1
 */
ITSM_API void itsm_model_builder_free(itsm_model_builder *builder);

/**
 * Add what a JSON text says to what the builder holds, as the members of itsm_model_load() do with `extends`.
 *
 * @param builder A builder; after a failure good only to be freed.
 * @param json    One JSON object, without `extends`; not kept.
 * @retval ITSM_OK        Added; names and guards are looked at by itsm_model_builder_freeze().
 * @retval ITSM_E_SYNTAX  Not JSON.
 * @retval ITSM_E_INVALID Of another shape; the issues say where.
 * @retval ITSM_E_LIMIT   Larger or deeper than the limits.
 * @retval ITSM_E_VERSION Another format.
 * @retval ITSM_E_NOMEM   No memory.
 * @retval ITSM_E_MISUSE  @p builder is NULL.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_model_builder_add_json(itsm_model_builder *builder, itsm_str json);

/** A type to be added.  Start with ITSM_TYPE_SPEC_INIT. */
typedef struct itsm_type_spec {
    size_t size;             /**< sizeof(itsm_type_spec). */
    itsm_str name;           /**< E.g. "vendor_ticket". */
    itsm_str label;          /**< E.g. "Vendor ticket"; empty: the name. */
    itsm_str prefix;         /**< Of its numbers; must be its own. */
    itsm_str family;         /**< Group of processes; empty: "support". */
    uint32_t number;         /**< In data, from 0x8000; 0: of the name. */
    uint32_t tier;           /**< 1 to 3; 0: 3. */
    itsm_names clauses_2011; /**< What it serves; not empty. */
    itsm_names clauses_2018; /**< What it serves; not empty. */
} itsm_type_spec;

/** Start value of @ref itsm_type_spec. */
#define ITSM_TYPE_SPEC_INIT                                                                                            \
    { sizeof(itsm_type_spec), { NULL, 0 }, { NULL, 0 }, { NULL, 0 }, { NULL, 0 }, 0, 0, { NULL, 0 }, { NULL, 0 } }

/**
 * Add a type: the common header, the relation `approval` and the indexes of every type, and nothing else yet.
 *
 * @param builder A builder; as it was on failure.
 * @param spec    Copied.
 * @retval ITSM_OK        Added.
 * @retval ITSM_E_INVALID There is one of that name.
 * @retval ITSM_E_NOMEM   No memory.
 * @retval ITSM_E_MISUSE  A NULL or `size` too small.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_model_builder_add_type(itsm_model_builder *builder, const itsm_type_spec *spec);

/** A field to be added.  Start with ITSM_FIELD_SPEC_INIT. */
typedef struct itsm_field_spec {
    size_t size;         /**< sizeof(itsm_field_spec). */
    itsm_str name;       /**< E.g. "vendor_case". */
    itsm_str kind;       /**< In the grammar: "str", "int(1-5)", "enum(a|b)", "ref(service)[]". */
    itsm_str mandatory;  /**< "create", a primary state, or empty. */
    itsm_str derive;     /**< Formula of a derived field, or empty. */
    uint32_t number;     /**< In data, from 0x8000; 0: of the name. */
    uint32_t by;         /**< ITSM_BY_HOST or ITSM_BY_MOVE; a derived field is ITSM_BY_RULE by itself. */
    uint32_t limited;    /**< 1: a host may write it in the states @c editable only. */
    uint32_t reserved;   /**< 0 */
    itsm_names editable; /**< With @c limited: primary states; none: at creation only. */
} itsm_field_spec;

/** Start value of @ref itsm_field_spec. */
#define ITSM_FIELD_SPEC_INIT                                                                                           \
    { sizeof(itsm_field_spec), { NULL, 0 }, { NULL, 0 }, { NULL, 0 }, { NULL, 0 }, 0, 0, 0, 0, { NULL, 0 } }

/**
 * Add a field to a type.  One of kind `ref` also needs a relation of the same name: itsm_model_builder_add_link().
 *
 * @param builder A builder; as it was on failure.
 * @param type    Name of a type.
 * @param spec    Copied.
 * @retval ITSM_OK          Added.
 * @retval ITSM_E_NOT_FOUND There is no such type.
 * @retval ITSM_E_INVALID   There is a field of that name.
 * @retval ITSM_E_NOMEM     No memory.
 * @retval ITSM_E_MISUSE    A NULL or `size` too small.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_model_builder_add_field(itsm_model_builder *builder, itsm_str type,
                                                                const itsm_field_spec *spec);

/**
 * Add a name to those that a field of kind `enum` may have.
 *
 * @param builder A builder; as it was on failure.
 * @param type    Name of a type.
 * @param field   Name of a field of kind `enum`.
 * @param value   The name.
 * @retval ITSM_OK          Added.
 * @retval ITSM_E_NOT_FOUND There is no such type or field.
 * @retval ITSM_E_INVALID   The field is no `enum`.
 * @retval ITSM_E_NOMEM     No memory.
 * @retval ITSM_E_MISUSE    @p builder is NULL.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_model_builder_add_value(itsm_model_builder *builder, itsm_str type,
                                                                itsm_str field, itsm_str value);

/**
 * Add a relation, one end of it; the other end is added to the other type in the same way.
 *
 * @param builder A builder; as it was on failure.
 * @param type    Name of the type at this end.
 * @param name    As seen from this end.
 * @param target  Name of the type at the other end.
 * @param inverse As seen from the other end.
 * @param many    1: any number of targets; 0: one at most.
 * @param number  In data, from 0x8000; 0: of the name.
 * @retval ITSM_OK          Added.
 * @retval ITSM_E_NOT_FOUND There is no such type.
 * @retval ITSM_E_INVALID   There is a relation of that name.
 * @retval ITSM_E_NOMEM     No memory.
 * @retval ITSM_E_MISUSE    @p builder is NULL.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_model_builder_add_link(itsm_model_builder *builder, itsm_str type,
                                                               itsm_str name, itsm_str target, itsm_str inverse,
                                                               int many, uint32_t number);

/**
 * Add an index.  References have one by themselves.
 *
 * @param builder A builder; as it was on failure.
 * @param type    Name of a type.
 * @param name    Name of the index.
 * @param fields  Names of the fields of its key.
 * @param n       How many.
 * @param unique  1: a key belongs to one record at most.
 * @param number  In data, from 0x8000; 0: of the name.
 * @retval ITSM_OK          Added.
 * @retval ITSM_E_NOT_FOUND There is no such type.
 * @retval ITSM_E_INVALID   There is an index of that name.
 * @retval ITSM_E_NOMEM     No memory.
 * @retval ITSM_E_MISUSE    A NULL.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_model_builder_add_index(itsm_model_builder *builder, itsm_str type,
                                                                itsm_str name, const itsm_str *fields, size_t n,
                                                                int unique, uint32_t number);

/**
 * Add a facet, the first of a type being its primary lifecycle.
 *
 * @param builder A builder; as it was on failure.
 * @param type    Name of a type.
 * @param facet   E.g. "status".
 * @param initial Name of its first state.
 * @param number  In data, from 0x8000; 0: of the name.
 * @retval ITSM_OK          Added.
 * @retval ITSM_E_NOT_FOUND There is no such type.
 * @retval ITSM_E_INVALID   There is a facet of that name.
 * @retval ITSM_E_NOMEM     No memory.
 * @retval ITSM_E_MISUSE    @p builder is NULL.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_model_builder_add_facet(itsm_model_builder *builder, itsm_str type,
                                                                itsm_str facet, itsm_str initial, uint32_t number);

/**
 * Add a state to a facet.
 *
 * @param builder  A builder; as it was on failure.
 * @param type     Name of a type.
 * @param facet    E.g. "status".
 * @param state    Its name.
 * @param category ITSM_OPEN, ...
 * @retval ITSM_OK          Added.
 * @retval ITSM_E_NOT_FOUND There is no such type or facet.
 * @retval ITSM_E_INVALID   There is a state of that name, or no such category.
 * @retval ITSM_E_NOMEM     No memory.
 * @retval ITSM_E_MISUSE    @p builder is NULL.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_model_builder_add_state(itsm_model_builder *builder, itsm_str type,
                                                                itsm_str facet, itsm_str state, uint32_t category);

/** A move to be added.  Start with ITSM_MOVE_SPEC_INIT. */
typedef struct itsm_move_spec {
    size_t size;             /**< sizeof(itsm_move_spec). */
    itsm_str name;           /**< E.g. "resolve". */
    itsm_names from;         /**< States it starts from. */
    itsm_str to;             /**< State it leads to. */
    itsm_names actors;       /**< Who may make it: party fields, roles, "any"; one suffices. */
    itsm_names guards;       /**< In the grammar. */
    itsm_names effects;      /**< In the grammar. */
    itsm_names clauses_2011; /**< What it serves; empty: what its type does. */
    itsm_names clauses_2018; /**< What it serves; empty: what its type does. */
} itsm_move_spec;

/** Start value of @ref itsm_move_spec. */
#define ITSM_MOVE_SPEC_INIT                                                                                            \
    { sizeof(itsm_move_spec), { NULL, 0 }, { NULL, 0 }, { NULL, 0 }, { NULL, 0 }, { NULL, 0 }, { NULL, 0 },            \
      { NULL, 0 }, { NULL, 0 } }

/**
 * Add a move to a facet.
 *
 * @param builder A builder; as it was on failure.
 * @param type    Name of a type.
 * @param facet   E.g. "status".
 * @param spec    Copied.
 * @retval ITSM_OK          Added.
 * @retval ITSM_E_NOT_FOUND There is no such type or facet.
 * @retval ITSM_E_NOMEM     No memory.
 * @retval ITSM_E_MISUSE    A NULL or `size` too small.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_model_builder_add_move(itsm_model_builder *builder, itsm_str type,
                                                               itsm_str facet, const itsm_move_spec *spec);

/**
 * Let moves that there are start from one more state.
 *
 * @param builder A builder; as it was on failure.
 * @param type    Name of a type.
 * @param facet   E.g. "status".
 * @param move    Name of the moves: the last of them gets it.
 * @param state   A state.
 * @retval ITSM_OK          Added.
 * @retval ITSM_E_NOT_FOUND There is no such type, facet or move.
 * @retval ITSM_E_NOMEM     No memory.
 * @retval ITSM_E_MISUSE    @p builder is NULL.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_model_builder_add_from(itsm_model_builder *builder, itsm_str type,
                                                               itsm_str facet, itsm_str move, itsm_str state);

/**
 * Add a guard to every move of that name.
 *
 * @param builder A builder; as it was on failure.
 * @param type    Name of a type.
 * @param facet   E.g. "status".
 * @param move    Name of the moves.
 * @param guard   In the grammar, e.g. "set(vendor_case)", "host(warranty)".
 * @retval ITSM_OK          Added; it is looked at by itsm_model_builder_freeze().
 * @retval ITSM_E_NOT_FOUND There is no such type, facet or move.
 * @retval ITSM_E_NOMEM     No memory; some of the moves may have it.
 * @retval ITSM_E_MISUSE    @p builder is NULL.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_model_builder_add_guard(itsm_model_builder *builder, itsm_str type,
                                                                itsm_str facet, itsm_str move, itsm_str guard);

/**
 * Add an effect to every move of that name.
 *
 * @param builder A builder; as it was on failure.
 * @param type    Name of a type.
 * @param facet   E.g. "status".
 * @param move    Name of the moves.
 * @param effect  In the grammar, e.g. "stamp(asked_at,first)".
 * @retval ITSM_OK          Added; it is looked at by itsm_model_builder_freeze().
 * @retval ITSM_E_NOT_FOUND There is no such type, facet or move.
 * @retval ITSM_E_NOMEM     No memory; some of the moves may have it.
 * @retval ITSM_E_MISUSE    @p builder is NULL.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_model_builder_add_effect(itsm_model_builder *builder, itsm_str type,
                                                                 itsm_str facet, itsm_str move, itsm_str effect);

/**
 * Add a clock to a type.
 *
 * @param builder A builder; as it was on failure.
 * @param type    Name of a type.
 * @param name    "response", "resolution", "fulfilment" or "update".
 * @param met_by  Name of a field, or "category resolved" and the like.
 * @param pauses  1: it pauses in states of category paused.
 * @retval ITSM_OK          Added.
 * @retval ITSM_E_NOT_FOUND There is no such type.
 * @retval ITSM_E_INVALID   There is a clock of that name.
 * @retval ITSM_E_NOMEM     No memory.
 * @retval ITSM_E_MISUSE    @p builder is NULL.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_model_builder_add_clock(itsm_model_builder *builder, itsm_str type,
                                                                itsm_str name, itsm_str met_by, int pauses);

/**
 * Set a policy of time, new or not.
 *
 * @param builder A builder; as it was on failure.
 * @param name    E.g. "auto_close_after".
 * @param span    ISO 8601, e.g. "P5D".
 * @retval ITSM_OK       Set.
 * @retval ITSM_E_NOMEM  No memory.
 * @retval ITSM_E_MISUSE @p builder is NULL.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_model_builder_set_policy(itsm_model_builder *builder, itsm_str name,
                                                                 itsm_str span);

/**
 * Set a role, new or not.
 *
 * @param builder A builder; as it was on failure.
 * @param name    E.g. "warehouse".
 * @param note    What it means; may be empty.
 * @retval ITSM_OK       Set.
 * @retval ITSM_E_NOMEM  No memory.
 * @retval ITSM_E_MISUSE @p builder is NULL.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_model_builder_set_role(itsm_model_builder *builder, itsm_str name,
                                                               itsm_str note);

/**
 * Take something away.  Its number must never be used again for something else.
 *
 * @param builder A builder; as it was on failure.
 * @param path    As in the member `remove` of itsm_model_load().
 * @retval ITSM_OK          Gone.
 * @retval ITSM_E_NOT_FOUND There is no such thing.
 * @retval ITSM_E_MISUSE    @p builder is NULL.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_model_builder_remove(itsm_model_builder *builder, itsm_str path);

/**
 * Make a model of what a builder holds: names are resolved, guards and effects read, and the whole checked.
 *
 * @param out     Yours; freed by itsm_model_free().  NULL after a failure.
 * @param builder A builder; not changed, so it may go on.
 * @retval ITSM_OK        @p out is a model.
 * @retval ITSM_E_INVALID Something is wrong; the issues say what, all of it.
 * @retval ITSM_E_NOMEM   No memory.
 * @retval ITSM_E_MISUSE  A NULL.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_model_builder_freeze(itsm_model **out, itsm_model_builder *builder);

/* Types ----------------------------------------------------------------------------------------------------------- */

/**
 * Find a field of a type by name: of the header, the state of a facet, or its own.
 *
 * Compares lengths first: about 20 ns.  Keep the result in hot loops.
 *
 * @param type A type; NULL gives NULL.
 * @param name E.g. "impact".
 * @return The field, or NULL.
 * @since 0.1
 */
ITSM_API const itsm_field_def *itsm_type_field(const itsm_type_def *type, itsm_str name);

/**
 * Find a field of a type by its number.
 *
 * @param type   A type; NULL gives NULL.
 * @param number Number in data.
 * @return The field, or NULL.
 * @since 0.1
 */
ITSM_API const itsm_field_def *itsm_type_field_number(const itsm_type_def *type, uint16_t number);

/**
 * Count the fields of a type, those of the header and the states of its facets included.
 *
 * @param type A type.
 * @return How many.
 * @since 0.1
 */
ITSM_API size_t itsm_type_field_count(const itsm_type_def *type);

/**
 * Look at one field of a type.
 *
 * @param type A type.
 * @param i    From 0 to the count.
 * @return The field, or NULL.
 * @since 0.1
 */
ITSM_API const itsm_field_def *itsm_type_field_at(const itsm_type_def *type, size_t i);

/**
 * Find a relation of a type by name.
 *
 * @param type A type; NULL gives NULL.
 * @param name E.g. "children".
 * @return The relation, or NULL.
 * @since 0.1
 */
ITSM_API const itsm_link_def *itsm_type_link(const itsm_type_def *type, itsm_str name);

/**
 * Find a relation of a type by its number.
 *
 * @param type   A type; NULL gives NULL.
 * @param number Number in data.
 * @return The relation, or NULL.
 * @since 0.1
 */
ITSM_API const itsm_link_def *itsm_type_link_number(const itsm_type_def *type, uint16_t number);

/**
 * Count the relations of a type, `approval` included.
 *
 * @param type A type.
 * @return How many.
 * @since 0.1
 */
ITSM_API size_t itsm_type_link_count(const itsm_type_def *type);

/**
 * Look at one relation of a type.
 *
 * @param type A type.
 * @param i    From 0 to the count.
 * @return The relation, or NULL.
 * @since 0.1
 */
ITSM_API const itsm_link_def *itsm_type_link_at(const itsm_type_def *type, size_t i);

/**
 * Look at a relation from its other end.
 *
 * @param link   A relation.
 * @param target The type at the other end; needed where the relation leads to any type, else NULL will do.
 * @return The relation as seen from there, or NULL.
 * @since 0.1
 */
ITSM_API const itsm_link_def *itsm_link_inverse(const itsm_link_def *link, const itsm_type_def *target);

/**
 * Find a facet of a type by name.
 *
 * @param type  A type; NULL gives NULL.
 * @param facet E.g. "major"; empty: the primary facet.
 * @return The facet's lifecycle, or NULL.
 * @since 0.1
 */
ITSM_API const itsm_machine *itsm_type_machine(const itsm_type_def *type, itsm_str facet);

/**
 * Count the facets of a type.
 *
 * @param type A type.
 * @return How many.
 * @since 0.1
 */
ITSM_API size_t itsm_type_machine_count(const itsm_type_def *type);

/**
 * Look at one facet of a type.
 *
 * @param type A type.
 * @param i    From 0 to the count; 0 is the primary facet.
 * @return The facet's lifecycle, or NULL.
 * @since 0.1
 */
ITSM_API const itsm_machine *itsm_type_machine_at(const itsm_type_def *type, size_t i);

/**
 * Count the indexes of a type.
 *
 * @param type A type.
 * @return How many.
 * @since 0.1
 */
ITSM_API size_t itsm_type_index_count(const itsm_type_def *type);

/**
 * Look at one index of a type.
 *
 * @param type A type.
 * @param i    From 0 to the count.
 * @return The index, or NULL.
 * @since 0.1
 */
ITSM_API const itsm_index_def *itsm_type_index_at(const itsm_type_def *type, size_t i);

/**
 * Find an index of a type by name; the index of a reference has the name of its field.
 *
 * @param type A type; NULL gives NULL.
 * @param name E.g. "number".
 * @return The index, or NULL.
 * @since 0.1
 */
ITSM_API const itsm_index_def *itsm_type_index(const itsm_type_def *type, itsm_str name);

/**
 * Count the clocks of a type.
 *
 * @param type A type.
 * @return How many.
 * @since 0.1
 */
ITSM_API size_t itsm_type_clock_count(const itsm_type_def *type);

/**
 * Look at one clock of a type.
 *
 * @param type A type.
 * @param i    From 0 to the count.
 * @return The clock, or NULL.
 * @since 0.1
 */
ITSM_API const itsm_clock_def *itsm_type_clock_at(const itsm_type_def *type, size_t i);

/* Lifecycles ------------------------------------------------------------------------------------------------------ */

/**
 * Find a state of a lifecycle by name.
 *
 * @param machine A lifecycle; NULL gives NULL.
 * @param name    E.g. "pending".
 * @return The state, or NULL.
 * @since 0.1
 */
ITSM_API const itsm_state_def *itsm_machine_state(const itsm_machine *machine, itsm_str name);

/**
 * Count the states of a lifecycle.
 *
 * @param machine A lifecycle.
 * @return How many.
 * @since 0.1
 */
ITSM_API size_t itsm_machine_state_count(const itsm_machine *machine);

/**
 * Look at one state of a lifecycle.
 *
 * @param machine A lifecycle.
 * @param i       From 0 to the count.
 * @return The state, or NULL.
 * @since 0.1
 */
ITSM_API const itsm_state_def *itsm_machine_state_at(const itsm_machine *machine, size_t i);

/**
 * Find the move of that name which starts from a state.
 *
 * @param machine A lifecycle; NULL gives NULL.
 * @param name    E.g. "resolve".
 * @param from    A state of it; NULL: the first move of that name, from wherever.
 * @return The move, or NULL.
 * @since 0.1
 */
ITSM_API const itsm_move_def *itsm_machine_move(const itsm_machine *machine, itsm_str name, const itsm_state_def *from);

/**
 * Count the moves of a lifecycle.
 *
 * @param machine A lifecycle.
 * @return How many.
 * @since 0.1
 */
ITSM_API size_t itsm_machine_move_count(const itsm_machine *machine);

/**
 * Look at one move of a lifecycle.
 *
 * @param machine A lifecycle.
 * @param i       From 0 to the count.
 * @return The move, or NULL.
 * @since 0.1
 */
ITSM_API const itsm_move_def *itsm_machine_move_at(const itsm_machine *machine, size_t i);

/**
 * Look at one guard of a move.
 *
 * @param move A move.
 * @param i    From 0.
 * @return The first node of the guard; NULL if it has no more.
 * @since 0.1
 */
ITSM_API const itsm_guard_def *itsm_move_guard(const itsm_move_def *move, size_t i);

/**
 * Look at the guards below one (`any`, `when`).
 *
 * @param guard A guard.
 * @param i     From 0.
 * @return The first node of the @p i th guard below it, or NULL.
 * @since 0.1
 */
ITSM_API const itsm_guard_def *itsm_guard_below(const itsm_guard_def *guard, size_t i);

/**
 * Look at one path of a guard.
 *
 * @param guard A guard.
 * @param i     From 0 to `guard->npaths`.
 * @return The path, or NULL.
 * @since 0.1
 */
ITSM_API const itsm_path *itsm_guard_path(const itsm_guard_def *guard, size_t i);

/**
 * Look at one effect of a move.
 *
 * @param move A move.
 * @param i    From 0.
 * @return The effect; NULL if it has no more.
 * @since 0.1
 */
ITSM_API const itsm_effect_def *itsm_move_effect(const itsm_move_def *move, size_t i);

/**
 * Look at one path of an effect.
 *
 * @param effect An effect.
 * @param i      From 0 to `effect->npaths`.
 * @return The path, or NULL.
 * @since 0.1
 */
ITSM_API const itsm_path *itsm_effect_path(const itsm_effect_def *effect, size_t i);

/**
 * Look at one of those who may make a move.
 *
 * @param move A move.
 * @param i    From 0 to `move->nactors`.
 * @return The actor, or NULL.
 * @since 0.1
 */
ITSM_API const itsm_actor_def *itsm_move_actor(const itsm_move_def *move, size_t i);

/* As text --------------------------------------------------------------------------------------------------------- */

/**
 * Append a guard in the model's grammar, e.g. `when(eq(pending_reason,awaiting_change),linked(change,1))`.
 *
 * @param out   Grown as needed; as it was on failure.
 * @param guard A guard.
 * @retval ITSM_OK       Appended.
 * @retval ITSM_E_NOMEM  No memory.
 * @retval ITSM_E_MISUSE A NULL.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_guard_encode(itsm_buf *out, const itsm_guard_def *guard);

/**
 * Append an effect in the model's grammar, e.g. `stamp(responded_at,first)`.
 *
 * @param out    Grown as needed; as it was on failure.
 * @param effect An effect.
 * @retval ITSM_OK       Appended.
 * @retval ITSM_E_NOMEM  No memory.
 * @retval ITSM_E_MISUSE A NULL.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_effect_encode(itsm_buf *out, const itsm_effect_def *effect);

/**
 * Append what a field holds in the model's grammar, e.g. `int(1-5)`, `ref(service)[]`.
 *
 * @param out   Grown as needed; as it was on failure.
 * @param field A field.
 * @retval ITSM_OK       Appended.
 * @retval ITSM_E_NOMEM  No memory.
 * @retval ITSM_E_MISUSE A NULL.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_field_encode(itsm_buf *out, const itsm_field_def *field);

/**
 * Append the formula of a derived field in the model's grammar, e.g. `matrix(impact,urgency)`.
 *
 * @param out   Grown as needed; as it was on failure.
 * @param type  The type of the field.
 * @param field A field; nothing is appended if it is not derived.
 * @retval ITSM_OK       Appended.
 * @retval ITSM_E_NOMEM  No memory.
 * @retval ITSM_E_MISUSE A NULL.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_derive_encode(itsm_buf *out, const itsm_type_def *type,
                                                      const itsm_field_def *field);

/**
 * Say a category in one word, e.g. "paused".
 *
 * @param category ITSM_INITIAL, ...
 * @return Static; NULL for any other number.
 * @since 0.1
 */
ITSM_API const char *itsm_category_text(uint32_t category);

/* A type as JSON -------------------------------------------------------------------------------------------------- */

/**
 * Append a type as JSON: the object that itsm_model_encode() writes among `record_types`.
 *
 * @param out  Grown as needed; as it was on failure.
 * @param type A type.
 * @retval ITSM_OK       Appended.
 * @retval ITSM_E_NOMEM  No memory.
 * @retval ITSM_E_MISUSE A NULL.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_type_encode(itsm_buf *out, const itsm_type_def *type);

/**
 * Append the JSON Schema (draft 2020-12) of a type: what itsm_record_encode_json() writes and itsm_record_decode_json()
 * reads of a valid record.
 *
 * `properties` has every field with its kind, format, names allowed and range; `required` those needed at creation;
 * `readOnly` those a host may not write.  Descriptions tell the clauses of the type and, of a field, at which states it
 * is needed and written.  Instants beyond the years 0000 to 9999, which are written as numbers, and values that are not
 * of their field's kind are not valid by it; relations are no part of a record.
 *
 * @param out  Grown as needed; as it was on failure.
 * @param type A type.
 * @retval ITSM_OK       Appended.
 * @retval ITSM_E_NOMEM  No memory.
 * @retval ITSM_E_MISUSE A NULL.
 * @since 0.1
 */
ITSM_API ITSM_MUST_USE itsm_status itsm_type_schema(itsm_buf *out, const itsm_type_def *type);

ITSM_END_C

#endif
