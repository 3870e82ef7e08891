/* SPDX-License-Identifier: MIT */
/*
 * The words that the rows of types/<type>.def are written in, as macros that become initialisers.
 *
 * A type is its rows, in this order:
 *
 *   ITSM_TYPE(number, type, label, prefix of its numbers, tier, family)
 *   ITSM_CLAUSES, ITSM_KPIS          what it serves and what is measured of it
 *   ITSM_HEADER(type, TITLE(...), OWNER(...))         what it asks of the common header
 *   ITSM_FIELD(type, number, name, kind, options...)
 *   ITSM_LINK(type, number, name, ONE or MANY, target, inverse); ITSM_FIELD_LINK where a field of that name is the
 *                                    same fact; ITSM_SUBJECT_LINK for the other end of `approval`
 *   ITSM_INDEX(type, number, name, fields...)
 *   ITSM_FACET(type, number, facet, initial state), then its ITSM_STATE(type, facet, name, category), then its moves:
 *   ITSM_MOVE(type, facet, name, FROM(states...), target state, ACTORS(...), SERVES(...) if not what its type does),
 *       each followed by its guards and effects in order:
 *   ITSM_GUARD(type, facet, move, guard), ITSM_EFFECT(type, facet, move, effect)
 *   ITSM_CLOCK(type, name, MET_BY(field) or MET_IN(category), PAUSES or RUNS_ON)
 *
 * Numbers stand in the rows because they are stored in data: a row may be moved, a number never changed or used again.
 * Names are resolved by the compiler: expand.h makes an enumerator of every field, relation and state, so a misspelt
 * one does not compile.  ITSM_THIS is the type being expanded.
 *
 * A guard becomes its nodes in prefix order.  `any` and `when` count the nodes below them with sizeof, so nothing is
 * computed when the program starts.
 */
#ifndef ITSM_SRC_MODEL_VOCABULARY_H
#define ITSM_SRC_MODEL_VOCABULARY_H

#include <itsm/model.h>

/* Pasting, counting, repeating: up to 32 arguments. */

#define CAT_(a, b) CAT_NOW_(a, b)
#define CAT_NOW_(a, b) a##b
#define HERE_(space, name) HERE_NOW_(ITSM_THIS, space, name)
#define HERE_NOW_(type, space, name) HERE_PASTE_(type, space, name)
#define HERE_PASTE_(type, space, name) type##space##name

#define COUNT_(...)                                                                                                    \
    COUNT_NOW_(__VA_ARGS__, 32, 31, 30, 29, 28, 27, 26, 25, 24, 23, 22, 21, 20, 19, 18, 17, 16, 15, 14, 13, 12, 11,    \
               10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0)
#define COUNT_NOW_(a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15, a16, a17, a18, a19, a20, a21,     \
                   a22, a23, a24, a25, a26, a27, a28, a29, a30, a31, a32, n, ...)                                      \
    n

#define EACH_(f, ...) CAT_(EACH_, COUNT_(__VA_ARGS__))(f, __VA_ARGS__)
#define EACH_1(f, x) f(x)
#define EACH_2(f, x, ...) f(x) EACH_1(f, __VA_ARGS__)
#define EACH_3(f, x, ...) f(x) EACH_2(f, __VA_ARGS__)
#define EACH_4(f, x, ...) f(x) EACH_3(f, __VA_ARGS__)
#define EACH_5(f, x, ...) f(x) EACH_4(f, __VA_ARGS__)
#define EACH_6(f, x, ...) f(x) EACH_5(f, __VA_ARGS__)
#define EACH_7(f, x, ...) f(x) EACH_6(f, __VA_ARGS__)
#define EACH_8(f, x, ...) f(x) EACH_7(f, __VA_ARGS__)
#define EACH_9(f, x, ...) f(x) EACH_8(f, __VA_ARGS__)
#define EACH_10(f, x, ...) f(x) EACH_9(f, __VA_ARGS__)
#define EACH_11(f, x, ...) f(x) EACH_10(f, __VA_ARGS__)
#define EACH_12(f, x, ...) f(x) EACH_11(f, __VA_ARGS__)
#define EACH_13(f, x, ...) f(x) EACH_12(f, __VA_ARGS__)
#define EACH_14(f, x, ...) f(x) EACH_13(f, __VA_ARGS__)
#define EACH_15(f, x, ...) f(x) EACH_14(f, __VA_ARGS__)
#define EACH_16(f, x, ...) f(x) EACH_15(f, __VA_ARGS__)
#define EACH_17(f, x, ...) f(x) EACH_16(f, __VA_ARGS__)
#define EACH_18(f, x, ...) f(x) EACH_17(f, __VA_ARGS__)
#define EACH_19(f, x, ...) f(x) EACH_18(f, __VA_ARGS__)
#define EACH_20(f, x, ...) f(x) EACH_19(f, __VA_ARGS__)
#define EACH_21(f, x, ...) f(x) EACH_20(f, __VA_ARGS__)
#define EACH_22(f, x, ...) f(x) EACH_21(f, __VA_ARGS__)
#define EACH_23(f, x, ...) f(x) EACH_22(f, __VA_ARGS__)
#define EACH_24(f, x, ...) f(x) EACH_23(f, __VA_ARGS__)
#define EACH_25(f, x, ...) f(x) EACH_24(f, __VA_ARGS__)
#define EACH_26(f, x, ...) f(x) EACH_25(f, __VA_ARGS__)
#define EACH_27(f, x, ...) f(x) EACH_26(f, __VA_ARGS__)
#define EACH_28(f, x, ...) f(x) EACH_27(f, __VA_ARGS__)
#define EACH_29(f, x, ...) f(x) EACH_28(f, __VA_ARGS__)
#define EACH_30(f, x, ...) f(x) EACH_29(f, __VA_ARGS__)
#define EACH_31(f, x, ...) f(x) EACH_30(f, __VA_ARGS__)
#define EACH_32(f, x, ...) f(x) EACH_31(f, __VA_ARGS__)

/* Names, paths, sets of states. */

#define LITERAL_(text) { text, sizeof(text) - 1 }
#define NAME_(name) LITERAL_(#name)
#define NAME_COMMA_(name) NAME_(name),
#define LITERAL_COMMA_(text) LITERAL_(text),
#define NAMES_(...) { (const itsm_str[]){ EACH_(NAME_COMMA_, __VA_ARGS__) }, COUNT_(__VA_ARGS__) }
#define LITERALS_(...) { (const itsm_str[]){ EACH_(LITERAL_COMMA_, __VA_ARGS__) }, COUNT_(__VA_ARGS__) }

#define STATE_BIT_(state) | (UINT64_C(1) << HERE_(_STATE_, state))
#define STATE_BITS_(...) (UINT64_C(0) EACH_(STATE_BIT_, __VA_ARGS__))

/* Enumerators of paths: the index of a field, or these with the index of a link. */
enum { PATH_IS_ACTOR_ = 0x4000, PATH_IS_LINK_ = 0x8000, PATH_INDEX_ = 0x3FFF };
#define PATH_KIND_(code)                                                                                               \
    ((code)&PATH_IS_LINK_ ? ITSM_PATH_LINK : (code)&PATH_IS_ACTOR_ ? ITSM_PATH_ACTOR : ITSM_PATH_FIELD)
#define PATH_COMMA_(path_)                                                                                             \
    { .name = NAME_(path_), .kind = PATH_KIND_(HERE_(_PATH_, path_)), .at = HERE_(_PATH_, path_) & PATH_INDEX_ },
#define LINK_PATH_COMMA_(link_) { .name = NAME_(link_), .kind = ITSM_PATH_LINK, .at = HERE_(_LINK_, link_) },
#define LINKED_PATH_COMMA_(link_, far_)                                                                                \
    { .name = NAME_(link_), .far = NAME_(far_), .kind = ITSM_PATH_LINKED, .at = HERE_(_LINK_, link_) },
#define PATHS_(...) .paths = (const itsm_path[]){ EACH_(PATH_COMMA_, __VA_ARGS__) }, .npaths = COUNT_(__VA_ARGS__)
#define LINKED_PATH_(link_, far_) .paths = (const itsm_path[]){ LINKED_PATH_COMMA_(link_, far_) }, .npaths = 1

/* Clauses, by edition of ISO/IEC 20000-1. */

#define EDITION_2011(...) .clauses_2011 = LITERALS_(__VA_ARGS__)
#define EDITION_2018(...) .clauses_2018 = LITERALS_(__VA_ARGS__)
#define SERVES(...) __VA_ARGS__

/* Kinds of fields. */

#define KIND_(kind_, base_) .kind = kind_, .base = NAME_(base_)
#define LINE KIND_(ITSM_TEXT, str)
#define TEXT KIND_(ITSM_TEXT, text)
#define PARTY KIND_(ITSM_PARTY, party)
#define INTEGER KIND_(ITSM_INT, int)
#define INT(lo_, hi_) KIND_(ITSM_INT, int), .ranged = 1, .lo = lo_, .hi = hi_
#define DECIMAL KIND_(ITSM_DECIMAL, decimal)
#define MONEY KIND_(ITSM_DECIMAL, money)
#define BOOL KIND_(ITSM_BOOL, bool)
#define TIME KIND_(ITSM_TIME, time)
#define DATE KIND_(ITSM_DATE, date)
#define DURATION KIND_(ITSM_SPAN, duration)
#define ENUM(...) KIND_(ITSM_ENUM, enum), .values = NAMES_(__VA_ARGS__)
#define REF(type_) KIND_(ITSM_REF, ref), .target_name = NAME_(type_), .target = &CAT_(type_, _type)
#define REF_ANY KIND_(ITSM_REF, ref), .target_name = NAME_(any)
#define BLOB KIND_(ITSM_BLOB, blobref)
#define HASH KIND_(ITSM_TEXT, hash)
#define MAP KIND_(ITSM_MAP, map)
#define CALENDAR KIND_(ITSM_MAP, calendar)
#define TARGET KIND_(ITSM_MAP, target)
#define SERIES KIND_(ITSM_MAP, series)
#define COSTLINE KIND_(ITSM_MAP, costline)
#define EXPRESSION KIND_(ITSM_TEXT, expr)
#define LIST(...) __VA_ARGS__, .list = 1

/* Options of fields: when one must have a value, who may write it. */

#define OPTIONAL .at_creation = 0
#define CREATE .at_creation = 1, .mandatory = NAME_(create)
#define AT(state) .mandatory_at = STATE_BITS_(state), .mandatory = NAME_(state)
#define BY_MOVE .by = ITSM_BY_MOVE
#define BY_ENGINE .by = ITSM_BY_ENGINE
#define ONLY_IN(...) .limited = 1, .editable = STATE_BITS_(__VA_ARGS__)
#define ONLY_AT_CREATION .limited = 1
#define TITLE(...) __VA_ARGS__
#define OWNER(...) __VA_ARGS__

#define DERIVED(...) .by = ITSM_BY_RULE, .derive = (const itsm_derive_def[]){ __VA_ARGS__ }
#define DERIVE_BELOW_(...) (sizeof((const itsm_derive_def[]){ __VA_ARGS__ }) / sizeof(itsm_derive_def))
#define DERIVE_(kind_, ...)                                                                                            \
    { .kind = kind_, .nodes = 1 + DERIVE_BELOW_(__VA_ARGS__) }, __VA_ARGS__
#define VALUE(field_) { .kind = ITSM_DERIVE_FIELD, .nodes = 1, .field = HERE_(_PATH_, field_) }
#define FIRST(...) DERIVE_(ITSM_DERIVE_FIRST, __VA_ARGS__)
#define MATRIX(...) DERIVE_(ITSM_DERIVE_MATRIX, __VA_ARGS__)
#define MAX(...) DERIVE_(ITSM_DERIVE_MAX, __VA_ARGS__)
#define MUL(...) DERIVE_(ITSM_DERIVE_MUL, __VA_ARGS__)
#define SUB(...) DERIVE_(ITSM_DERIVE_SUB, __VA_ARGS__)

/* Moves. */

#define FROM(...) .from = STATE_BITS_(__VA_ARGS__)
#define ACTORS(...)                                                                                                    \
    .actors = (const itsm_actor_def[]){ __VA_ARGS__ },                                                                 \
    .nactors = sizeof((const itsm_actor_def[]){ __VA_ARGS__ }) / sizeof(itsm_actor_def)
#define ANYBODY { .name = NAME_(any), .kind = ITSM_ACTOR_ANY }
#define PARTY_IN(field_) { .name = NAME_(field_), .kind = ITSM_ACTOR_PARTY, .field = HERE_(_PATH_, field_) }
#define HOLDER(role) { .name = NAME_(role), .kind = ITSM_ACTOR_HOLDER }

/* Guards.  `linked` and its kin: LINKED(TO(relations...), AT_LEAST(number), IN(states...)). */

#define NODES_(...) (sizeof((const itsm_guard_def[]){ __VA_ARGS__ }) / sizeof(itsm_guard_def))
#define LEAF_(kind_, ...) { .kind = kind_, .nodes = 1, __VA_ARGS__ }
#define ANY(...) { .kind = ITSM_GUARD_ANY, .nodes = 1 + NODES_(__VA_ARGS__) }, __VA_ARGS__
#define WHEN(...) { .kind = ITSM_GUARD_WHEN, .nodes = 1 + NODES_(__VA_ARGS__) }, __VA_ARGS__
#define SET(...) LEAF_(ITSM_GUARD_SET, PATHS_(__VA_ARGS__))
#define EQ(path, ...) LEAF_(ITSM_GUARD_EQ, PATHS_(path), .values = NAMES_(__VA_ARGS__))
#define NE(path, ...) LEAF_(ITSM_GUARD_NE, PATHS_(path), .values = NAMES_(__VA_ARGS__))
#define GT(path, number_) LEAF_(ITSM_GUARD_GT, PATHS_(path), .number = number_)
#define GE(path, number_) LEAF_(ITSM_GUARD_GE, PATHS_(path), .number = number_)
#define GT_FIELD(path, than) LEAF_(ITSM_GUARD_GT, PATHS_(path, than))
#define GE_FIELD(path, than) LEAF_(ITSM_GUARD_GE, PATHS_(path, than))
#define DIFFERS(path, from_) LEAF_(ITSM_GUARD_DIFFERS, PATHS_(path, from_))
#define ROLE(role) LEAF_(ITSM_GUARD_ROLE, .name = NAME_(role))
#define APPROVED(body, ...) LEAF_(ITSM_GUARD_APPROVED, .name = NAME_(body), __VA_ARGS__)
#define POLICY(policy_) .policy = NAME_(policy_)
#define EXCEPT(...) PATHS_(__VA_ARGS__)
#define TO(...) .paths = (const itsm_path[]){ EACH_(LINK_PATH_COMMA_, __VA_ARGS__) }, .npaths = COUNT_(__VA_ARGS__)
#define IN(...) .values = NAMES_(__VA_ARGS__)
#define LINKED(...) LEAF_(ITSM_GUARD_LINKED, __VA_ARGS__)
#define AT_LEAST(number_) .number = number_
#define ALL_LINKED(...) LEAF_(ITSM_GUARD_ALL_LINKED, __VA_ARGS__)
#define NONE_LINKED(...) LEAF_(ITSM_GUARD_NONE_LINKED, __VA_ARGS__)
#define REACHED(...) CAT_(REACHED_, COUNT_(__VA_ARGS__))(__VA_ARGS__)
#define REACHED_1(path) LEAF_(ITSM_GUARD_REACHED, PATHS_(path))
#define REACHED_2(path, span) LEAF_(ITSM_GUARD_REACHED, PATHS_(path), .name = NAME_(span))
#define BEFORE(...) CAT_(BEFORE_, COUNT_(__VA_ARGS__))(__VA_ARGS__)
#define BEFORE_1(path) LEAF_(ITSM_GUARD_BEFORE, PATHS_(path))
#define BEFORE_2(path, span) LEAF_(ITSM_GUARD_BEFORE, PATHS_(path), .name = NAME_(span))
#define BEFORE_LINKED(link, far) LEAF_(ITSM_GUARD_BEFORE, LINKED_PATH_(link, far))
#define NO_CONFLICT(from_, to_, link) LEAF_(ITSM_GUARD_NO_CONFLICT, PATHS_(from_, to_, link))

/* Effects. */

#define STAMP(...) CAT_(STAMP_, COUNT_(__VA_ARGS__))(__VA_ARGS__)
#define STAMP_1(path) .kind = ITSM_EFFECT_STAMP, PATHS_(path)
#define STAMP_2(path, when) .kind = ITSM_EFFECT_STAMP, PATHS_(path), .when = 1
#define STAMP_LINKED(link, far) .kind = ITSM_EFFECT_STAMP, LINKED_PATH_(link, far)
#define PUT(field_, value) .kind = ITSM_EFFECT_PUT, PATHS_(field_), .name = NAME_(value)
#define COPY(field_, link, far_)                                                                                       \
    .kind = ITSM_EFFECT_COPY, .npaths = 2,                                                                             \
    .paths = (const itsm_path[]){ PATH_COMMA_(field_) LINKED_PATH_COMMA_(link, far_) }
#define CLEAR(...) .kind = ITSM_EFFECT_CLEAR, PATHS_(__VA_ARGS__)
#define INCR(field_) .kind = ITSM_EFFECT_INCR, PATHS_(field_)
#define NOTIFY(whom) .kind = ITSM_EFFECT_NOTIFY, .name = NAME_(whom)
#define FIRE(link, move) .kind = ITSM_EFFECT_FIRE, TO(link), .name = NAME_(move)
#define IF(guard, ...) .condition = (const itsm_guard_def[]){ guard }, __VA_ARGS__

/* Relations and clocks. */

#define ONE .many = 0
#define MANY .many = 1
#define MET_BY(field_) .by_field = 1, .field = HERE_(_PATH_, field_)
#define MET_IN(category) .met_category = ITSM_##category
#define PAUSES .pauses = 1
#define RUNS_ON .pauses = 0

#endif
