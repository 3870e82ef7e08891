/* SPDX-License-Identifier: MIT */
/*
 * Asking a JSON document: members by name, numbers exactly, and typed getters that say what is wrong and where.
 *
 * Looking costs the number of members passed.  The path of a node is not kept; it is found by going down from the
 * root when an issue needs it, since the node's place in the array says which child it lies under.
 */
#include "text/json.h"
#include "base/bits.h"
#include "base/text.h"

const itsm__json_node *itsm__json_find(const itsm__json_node *object, itsm_str name)
{
    const itsm__json_node *member;
    if (object->kind != ITSM__JSON_OBJECT) return NULL;
    ITSM__JSON_EACH(member, object)
    if (itsm_str_eq(member->key, name)) return member;
    return NULL;
}

const itsm__json_node *itsm__json_member(const itsm__json_node *object, const char *name)
{
    return itsm__json_find(object, itsm_str_c(name));
}

const char *itsm__json_kind_name(uint32_t kind)
{
    static const char *const names[] = {"null",   "true or false", "a whole number", "a decimal number",
                                        "a text", "an array",      "an object"};
    return kind < sizeof names / sizeof *names ? names[kind] : "unknown";
}

/* Numbers --------------------------------------------------------------------------------------------------------- */

enum { LARGEST_EXPONENT = 1000000000 };

/* The exponent at p, behind the e; beyond all use it stays at LARGEST_EXPONENT. */
static int64_t read_exponent(const char *p, const char *end)
{
    int negative = *p == '-';
    int64_t exponent = 0;
    for (p += negative || *p == '+'; p < end; p++)
        if (exponent < LARGEST_EXPONENT) exponent = exponent * 10 + (*p - '0');
    return negative ? -exponent : exponent;
}

itsm_status itsm__json_scaled(int64_t *out, const itsm__json_node *number, unsigned digits)
{
    if (number->kind != ITSM__JSON_INT && number->kind != ITSM__JSON_DECIMAL) return ITSM_E_INVALID;
    const char *p = number->text.p, *end = p + number->text.n;
    int negative = *p == '-', behind_point = 0, fits = 1;
    int64_t value = 0;               /* minus the digits so far without the zeros at their end */
    int64_t zeros = 0, exponent = 0; /* value * 10^(zeros + exponent) */
    for (p += negative; p < end; p++) {
        if (*p == 'e' || *p == 'E') {
            exponent += read_exponent(p + 1, end);
            break;
        }
        if (*p == '.') {
            behind_point = 1;
            continue;
        }
        exponent -= behind_point;
        zeros++;
        if (*p == '0') continue;
        for (; zeros > 0; zeros--) fits = fits && (!value || itsm__mul(&value, value, 10));
        fits = fits && itsm__sub(&value, value, *p - '0');
    }
    if (fits && !value) zeros = 0, exponent = 0;
    else if (zeros + exponent + digits < 0) return ITSM_E_INVALID;
    int64_t shift = value ? zeros + exponent + digits : 0;
    for (; fits && shift > 0; shift--) fits = itsm__mul(&value, value, 10);
    if (fits && !negative) fits = itsm__sub(&value, 0, value);
    if (!fits) return ITSM_E_RANGE;
    *out = value;
    return ITSM_OK;
}

/* Issues ---------------------------------------------------------------------------------------------------------- */

/* Append "/name" with ~ and / escaped (RFC 6901, 3 and 4). */
static itsm_status add_name(itsm_buf *path, itsm_str name)
{
    itsm_status status = itsm__buf_char(path, '/');
    for (size_t i = 0; i < name.n && !status; i++) {
        if (name.p[i] == '~') status = itsm__buf_c(path, "~0");
        else if (name.p[i] == '/') status = itsm__buf_c(path, "~1");
        else status = itsm__buf_char(path, name.p[i]);
    }
    return status;
}

static itsm_status add_path(itsm_buf *path, const itsm__json *json, const itsm__json_node *node)
{
    const itsm__json_node *above = json->nodes, *child;
    while (above != node) {
        size_t index = 0;
        for (child = above + 1; child + child->span <= node; child += child->span) index++;
        itsm_status status =
            above->kind == ITSM__JSON_OBJECT ? add_name(path, child->key) : itsm__format(path, "/%z", index);
        if (status) return status;
        above = child;
    }
    return ITSM_OK;
}

/* The same with a member of the node that is not there; "" for the node itself. */
static itsm_status issue(const itsm__json *json, const itsm__json_node *node, itsm_str member, itsm_status code,
                         itsm_str rule, itsm_str message)
{
    if (!json->ctx) return code;
    itsm__position position = itsm__json_position(json->input, (size_t)node->byte);
    position.byte += json->start.byte;
    if (json->start.line) position.line += json->start.line - 1;
    itsm_buf path;
    itsm_buf_init(&path, json->ctx);
    itsm_status status = add_path(&path, json, node);
    if (!status && member.n) status = add_name(&path, member);
    itsm__issue_at(json->ctx, code, position, itsm_buf_str(&path), rule, "%S", message);
    itsm_buf_clear(&path);
    return code;
}

itsm_status itsm__json_issue(const itsm__json *json, const itsm__json_node *node, itsm_status code, itsm_str rule,
                             const char *format, ...)
{
    itsm_buf message;
    itsm_buf_init(&message, json->ctx);
    va_list args;
    va_start(args, format);
    itsm_status status = itsm__vformat(&message, format, args);
    va_end(args);
    issue(json, node, ITSM_STR(""), code, rule, status ? ITSM_STR("") : itsm_buf_str(&message));
    itsm_buf_clear(&message);
    return code;
}

itsm_status itsm__json_expect(const itsm__json *json, const itsm__json_node *node, uint32_t kind)
{
    if (node->kind == kind) return ITSM_OK;
    return itsm__json_issue(json, node, ITSM_E_INVALID, ITSM_STR(""), "expected %s, found %s",
                            itsm__json_kind_name(kind), itsm__json_kind_name(node->kind));
}

itsm_status itsm__json_expect_only(const itsm__json *json, const itsm__json_node *object, const itsm_str *names,
                                   size_t n)
{
    itsm_status status = itsm__json_expect(json, object, ITSM__JSON_OBJECT);
    if (status) return status;
    const itsm__json_node *member;
    ITSM__JSON_EACH(member, object)
    {
        size_t i = 0;
        while (i < n && !itsm_str_eq(names[i], member->key)) i++;
        if (i < n) continue;
        itsm_str nearest = itsm__nearest(member->key, names, n);
        status = itsm__json_issue(json, member, ITSM_E_INVALID, ITSM_STR(""),
                                  nearest.n ? "there is no member \"%S\" here, did you mean \"%S\"?"
                                            : "there is no member \"%S\" here",
                                  member->key, nearest);
    }
    return status;
}

/* Getters --------------------------------------------------------------------------------------------------------- */

/* The member if it is there and not null. */
static itsm_status get(const itsm__json_node **out, const itsm__json *json, const itsm__json_node *object,
                       const char *name, int required)
{
    const itsm__json_node *member = itsm__json_member(object, name);
    if (member && member->kind != ITSM__JSON_NULL) {
        *out = member;
        return ITSM_OK;
    }
    if (!required) return ITSM_NOTHING;
    return issue(json, object, itsm_str_c(name), ITSM_E_INVALID, ITSM_STR(""),
                 member ? ITSM_STR("must not be null") : ITSM_STR("is missing"));
}

static itsm_status get_kind(const itsm__json_node **out, const itsm__json *json, const itsm__json_node *object,
                            const char *name, int required, uint32_t kind)
{
    const itsm__json_node *member = NULL;
    itsm_status status = get(&member, json, object, name, required);
    if (!status) status = itsm__json_expect(json, member, kind);
    if (!status) *out = member;
    return status;
}

itsm_status itsm__json_get_text(itsm_str *out, const itsm__json *json, const itsm__json_node *object, const char *name,
                                int required)
{
    const itsm__json_node *member = NULL;
    itsm_status status = get_kind(&member, json, object, name, required, ITSM__JSON_TEXT);
    if (!status) *out = member->text;
    return status;
}

itsm_status itsm__json_get_int(int64_t *out, const itsm__json *json, const itsm__json_node *object, const char *name,
                               int required, int64_t least, int64_t most)
{
    const itsm__json_node *member = NULL;
    itsm_status status = get_kind(&member, json, object, name, required, ITSM__JSON_INT);
    if (status) return status;
    if (member->integer < least || member->integer > most)
        return itsm__json_issue(json, member, ITSM_E_INVALID, ITSM_STR(""), "%i is not from %i to %i", member->integer,
                                least, most);
    *out = member->integer;
    return ITSM_OK;
}

itsm_status itsm__json_get_bool(int *out, const itsm__json *json, const itsm__json_node *object, const char *name,
                                int required)
{
    const itsm__json_node *member = NULL;
    itsm_status status = get_kind(&member, json, object, name, required, ITSM__JSON_BOOL);
    if (!status) *out = member->integer != 0;
    return status;
}

itsm_status itsm__json_get_scaled(int64_t *out, const itsm__json *json, const itsm__json_node *object, const char *name,
                                  int required, unsigned digits)
{
    const itsm__json_node *member = NULL;
    itsm_status status = get(&member, json, object, name, required);
    if (status) return status;
    if (member->kind != ITSM__JSON_INT && member->kind != ITSM__JSON_DECIMAL)
        return itsm__json_issue(json, member, ITSM_E_INVALID, ITSM_STR(""), "expected a number, found %s",
                                itsm__json_kind_name(member->kind));
    status = itsm__json_scaled(out, member, digits);
    if (!status) return ITSM_OK;
    return itsm__json_issue(json, member, ITSM_E_INVALID, ITSM_STR(""),
                            status == ITSM_E_RANGE ? "the number is too large"
                                                   : "the number has more than %d digits behind the point",
                            (int)digits);
}

itsm_status itsm__json_get_array(const itsm__json_node **out, const itsm__json *json, const itsm__json_node *object,
                                 const char *name, int required)
{
    return get_kind(out, json, object, name, required, ITSM__JSON_ARRAY);
}

itsm_status itsm__json_get_object(const itsm__json_node **out, const itsm__json *json, const itsm__json_node *object,
                                  const char *name, int required)
{
    return get_kind(out, json, object, name, required, ITSM__JSON_OBJECT);
}
