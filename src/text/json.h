/* SPDX-License-Identifier: MIT */
/*
 * JSON (RFC 8259).
 *
 * Reading: a text becomes one array of nodes in preorder, so that a whole document is one allocation, a subtree is a
 * range, and the next sibling is `node + node->span`.  Strict: one value, valid UTF-8, no duplicate keys, no byte
 * order mark, limits on size and depth.  A document is reused for text after text and then allocates nothing.
 *
 *     itsm__json json;
 *     itsm__json_init(&json, ctx);
 *     itsm_status status = itsm__json_parse(&json, text);      // the text must stay while nodes are used
 *     const itsm__json_node *root = itsm__json_root(&json), *row;
 *     if (!status) status = itsm__json_expect(&json, root, ITSM__JSON_OBJECT);
 *     if (!status) status = itsm__json_get_text(&name, &json, root, "name", ITSM__JSON_REQUIRED);
 *     if (!status) status = itsm__json_get_array(&rows, &json, root, "rows", ITSM__JSON_OPTIONAL);
 *     if (rows) ITSM__JSON_EACH(row, rows) ...
 *     itsm__json_clear(&json);
 *
 * Writing: calls in the order of the text; commas, indentation and escapes are the writer's.  The first failure
 * stays, later calls do nothing, and itsm__json_write_finish() tells it, so that only one status is looked at.
 */
#ifndef ITSM_SRC_TEXT_JSON_H
#define ITSM_SRC_TEXT_JSON_H

#include "base/ctx.h"
#include "base/memory.h"

enum { ITSM__JSON_DEPTH = 128 };             /* arrays and objects inside each other; reading and writing */
enum { ITSM__JSON_SIZE = 64 * 1024 * 1024 }; /* bytes of a text, unless another limit is set */

enum {
    ITSM__JSON_NULL = 0,
    ITSM__JSON_BOOL,    /* integer: 0 or 1 */
    ITSM__JSON_INT,     /* integer; text: as written */
    ITSM__JSON_DECIMAL, /* text: as written.  Any other number: a fraction, an exponent, or beyond int64_t */
    ITSM__JSON_TEXT,    /* text: without quotes and escapes; may contain NUL */
    ITSM__JSON_ARRAY,   /* integer: how many items */
    ITSM__JSON_OBJECT   /* integer: how many members */
};

typedef struct itsm__json_node {
    uint32_t kind;   /* ITSM__JSON_... */
    uint32_t span;   /* nodes of this value, itself included: the next sibling is node + span */
    itsm_str key;    /* name of the member; p is NULL when the value is no member of an object */
    itsm_str text;   /* of texts and numbers */
    int64_t integer; /* of integers, booleans; children of arrays and objects */
    uint64_t byte;   /* where the value starts in the text */
} itsm__json_node;

typedef struct itsm__json_level {
    uint32_t node;  /* the open array or object */
    uint32_t count; /* children so far */
    uint64_t seen;  /* one bit for each hash of a key so far */
} itsm__json_level;

typedef struct itsm__json {
    size_t size_limit;      /* may be set after init */
    uint32_t depth_limit;   /* may be set after init, at most ITSM__JSON_DEPTH */
    itsm__position start;   /* where the text stands in a larger one: byte and line - 1 are added to positions */
    itsm_ctx *ctx;          /* for memory and issues; may be NULL */
    itsm_str input;         /* borrowed */
    itsm__json_node *nodes; /* count is 0 after a failure */
    size_t count, capacity;
    itsm__arena text;               /* of texts with escapes */
    const itsm__json_node **sorted; /* members of one large object, to find duplicates */
    size_t sorted_capacity;
    itsm__memory memory;
    itsm__json_level levels[ITSM__JSON_DEPTH];
} itsm__json;

void itsm__json_init(itsm__json *json, itsm_ctx *ctx);
void itsm__json_clear(itsm__json *json);

/*
 * Parse one value with white space around it, replacing the document.  O(n); n log n for objects of more than 32
 * members.  ITSM_E_SYNTAX and ITSM_E_LIMIT with an issue at byte, line and column; ITSM_E_NOMEM.  After a failure
 * the document is empty.  Issues are added, not cleared.
 */
itsm_status itsm__json_parse(itsm__json *json, itsm_str text);

/*
 * JSON Lines: cut the next line that is not blank off *rest, with json->start kept at its place, so that issues have
 * the position in the whole.  0 when there is none left.  Set json->start to zero before the first.
 */
int itsm__json_next_line(itsm_str *line, itsm__json *json, itsm_str *rest);

/* Byte, line and column of a byte of a text; O(byte). */
itsm__position itsm__json_position(itsm_str text, size_t byte);

/* Looking --------------------------------------------------------------------------------------------------------- */

/* NULL when nothing was parsed. */
const itsm__json_node *itsm__json_root(const itsm__json *json);

/* For every child of an array or object (of anything else: for none). */
#define ITSM__JSON_EACH(child, container)                                                                              \
    for ((child) = (container) + 1; (child) < (container) + (container)->span; (child) += (child)->span)

/* The member of that name; NULL when there is none or it is no object.  O(members). */
const itsm__json_node *itsm__json_member(const itsm__json_node *object, const char *name);
const itsm__json_node *itsm__json_find(const itsm__json_node *object, itsm_str name);

/* "a text", "an object", ... */
const char *itsm__json_kind_name(uint32_t kind);

/* Any number times 10^digits, exactly: 1.5 with 2 digits gives 150.  ITSM_E_RANGE; ITSM_E_INVALID: too many digits
 * behind the point, or no number. */
itsm_status itsm__json_scaled(int64_t *out, const itsm__json_node *number, unsigned digits);

/* Asking, with issues --------------------------------------------------------------------------------------------- */

/*
 * Add an issue about a node and return the code: where is its path as a JSON pointer (RFC 6901), with position, line
 * and column.  Formats as in itsm__format().
 */
itsm_status itsm__json_issue(const itsm__json *json, const itsm__json_node *node, itsm_status code, itsm_str rule,
                             const char *format, ...);

/* ITSM_E_INVALID with an issue unless the node is of that kind. */
itsm_status itsm__json_expect(const itsm__json *json, const itsm__json_node *node, uint32_t kind);

/* ITSM_E_INVALID with one issue for every member whose name is not among the n, saying the nearest that is. */
itsm_status itsm__json_expect_only(const itsm__json *json, const itsm__json_node *object, const itsm_str *names,
                                   size_t n);

enum { ITSM__JSON_OPTIONAL = 0, ITSM__JSON_REQUIRED = 1 };

/*
 * A member of an object by name.  ITSM_OK; ITSM_NOTHING and *out as it was when an optional one is absent or null;
 * ITSM_E_INVALID with an issue when a required one is absent or null, or when it is of another kind or out of range.
 */
itsm_status itsm__json_get_text(itsm_str *out, const itsm__json *json, const itsm__json_node *object, const char *name,
                                int required);
itsm_status itsm__json_get_int(int64_t *out, const itsm__json *json, const itsm__json_node *object, const char *name,
                               int required, int64_t least, int64_t most);
itsm_status itsm__json_get_bool(int *out, const itsm__json *json, const itsm__json_node *object, const char *name,
                                int required);
itsm_status itsm__json_get_scaled(int64_t *out, const itsm__json *json, const itsm__json_node *object, const char *name,
                                  int required, unsigned digits);
itsm_status itsm__json_get_array(const itsm__json_node **out, const itsm__json *json, const itsm__json_node *object,
                                 const char *name, int required);
itsm_status itsm__json_get_object(const itsm__json_node **out, const itsm__json *json, const itsm__json_node *object,
                                  const char *name, int required);

/* Writing --------------------------------------------------------------------------------------------------------- */

typedef struct itsm__json_writer {
    itsm_buf *out;
    size_t start;    /* length of out before */
    unsigned indent; /* spaces per level; 0: all in one line */
    uint32_t depth;
    itsm_status status;
    int done; /* the one value is complete */
    unsigned char levels[ITSM__JSON_DEPTH];
} itsm__json_writer;

void itsm__json_write_init(itsm__json_writer *writer, itsm_buf *out, unsigned indent);
void itsm__json_write_object(itsm__json_writer *writer); /* open; itsm__json_write_end() closes */
void itsm__json_write_array(itsm__json_writer *writer);
void itsm__json_write_end(itsm__json_writer *writer);
void itsm__json_write_key(itsm__json_writer *writer, const char *name);
void itsm__json_write_key_str(itsm__json_writer *writer, itsm_str name);
void itsm__json_write_text(itsm__json_writer *writer, itsm_str text); /* ITSM_E_INVALID unless UTF-8 */
void itsm__json_write_int(itsm__json_writer *writer, int64_t i);
void itsm__json_write_uint(itsm__json_writer *writer, uint64_t u);
void itsm__json_write_fixed(itsm__json_writer *writer, int64_t i, unsigned digits); /* as itsm__buf_fixed() */
void itsm__json_write_bool(itsm__json_writer *writer, int truth);
void itsm__json_write_null(itsm__json_writer *writer);
void itsm__json_write_raw(itsm__json_writer *writer, itsm_str json); /* a value known to be JSON, copied as it is */

/* The first failure, or ITSM_E_MISUSE when something is still open; *out is then as long as at init. */
itsm_status itsm__json_write_finish(itsm__json_writer *writer);

#endif
