/* SPDX-License-Identifier: MIT */
/*
 * Scenarios: a case in steps (create, move, approve, advance, tick, ...), each with the exact answer it must get.
 *
 * A scenario is walked on a store of its own, in memory, step by step; the first answer that differs is the failure,
 * told with its step.  Before a move without fields, the same is asked of what is possible: the two must agree.  What is
 * compared are texts: of a refusal the rules of its issues, in their order.
 *
 * Nothing passes by default: a missing member, an unknown operation and an unknown name fail.
 */
#include <itsm/interchange.h>

#include "base/bits.h"
#include "base/ctx.h"
#include "base/text.h"
#include "text/json.h"

enum { NAMES_MAX = 1024, FIELDS_MAX = 256, ROLES_MAX = 64, PARTIES_MAX = 64 };

typedef struct named_ref {
    itsm_str name;
    itsm_ref ref;
} named_ref;

typedef struct walking {
    itsm_ctx *ctx;
    const itsm_model *model;
    itsm_store *store;
    itsm_sms *sms;
    itsm__json json;
    itsm__arena arena; /* of one step: values */
    named_ref *names;
    size_t nnames, name_capacity;
    itsm_named fields[FIELDS_MAX];
    size_t nfields;
    itsm_str roles[ROLES_MAX];
    itsm_act act;
    itsm_time now;
    itsm_buf actual, expected;
} walking;

/* A case that cannot be walked. */
static itsm_status wrong(walking *w, const itsm__json_node *node, const char *what)
{
    return itsm__json_issue(&w->json, node, ITSM_E_INVALID, itsm_str_c(NULL), "%s", what);
}

static itsm_str text_of(const itsm__json_node *object, const char *name)
{
    const itsm__json_node *node = itsm__json_member(object, name);
    return node && node->kind == ITSM__JSON_TEXT ? node->text : itsm_str_c("");
}

static itsm_status find_name(itsm_ref *out, walking *w, const itsm__json_node *at, itsm_str name)
{
    for (size_t i = w->nnames; i-- > 0;)
        if (itsm_str_eq(w->names[i].name, name)) return *out = w->names[i].ref, ITSM_OK;
    return itsm__json_issue(&w->json, at, ITSM_E_NOT_FOUND, itsm_str_c(NULL), "no record is called \"%S\"", name);
}

static itsm_status keep_name(walking *w, const itsm__json_node *at, itsm_str name, itsm_ref ref)
{
    if (w->nnames >= NAMES_MAX) return wrong(w, at, "too many records");
    itsm_status rc =
        itsm__grow(itsm__ctx_memory(w->ctx), &w->names, &w->name_capacity, w->nnames + 1, sizeof *w->names);
    if (!rc) w->names[w->nnames].name = name, w->names[w->nnames++].ref = ref;
    return rc;
}

/* Values ------------------------------------------------------------------------------------------------------------- */

/* An array or object as it is written. */
static itsm_str raw(const walking *w, const itsm__json_node *node)
{
    const char *start = w->json.input.p + node->byte, *p = start;
    int depth = 0, quoted = 0;
    do {
        if (quoted) {
            if (*p == '\\') p++;
            else if (*p == '"') quoted = 0;
        } else if (*p == '"') {
            quoted = 1;
        } else {
            depth += (*p == '{' || *p == '[') - (*p == '}' || *p == ']');
        }
        p++;
    } while (depth || quoted);
    return itsm_str_n(start, (size_t)(p - start));
}

static itsm_status read_scalar(itsm_value *out, walking *w, const itsm_field_def *field, const itsm__json_node *node)
{
    memset(out, 0, sizeof *out);
    out->kind = field->kind;
    itsm_status rc = ITSM_OK;
    switch (field->kind) {
    case ITSM_INT:
    case ITSM_BOOL: out->u.i = node->integer; break;
    case ITSM_DECIMAL: out->scale = 2, rc = itsm__json_scaled(&out->u.i, node, 2); break;
    case ITSM_TIME: rc = itsm_time_decode(&out->u.i, node->text); break;
    case ITSM_DATE: rc = itsm_date_decode(&out->u.i, node->text); break;
    case ITSM_SPAN: rc = itsm_span_decode(&out->u.i, node->text); break;
    case ITSM_REF: return find_name(&out->u.ref, w, node, node->text);
    default:
        out->u.s = node->kind == ITSM__JSON_ARRAY || node->kind == ITSM__JSON_OBJECT ? raw(w, node) : node->text;
        break;
    }
    return rc ? wrong(w, node, "this is no value of the field") : ITSM_OK;
}

static itsm_status read_value(itsm_value *out, walking *w, const itsm_field_def *field, const itsm__json_node *node)
{
    const itsm__json_node *item;
    size_t n = 0;
    itsm_status rc = ITSM_OK;
    memset(out, 0, sizeof *out);
    if (node->kind == ITSM__JSON_NULL) return ITSM_OK;
    if (!field->list) return read_scalar(out, w, field, node);
    const int many = node->kind == ITSM__JSON_ARRAY;
    itsm_value *items = itsm__arena_alloc(&w->arena, ((many ? (size_t)node->integer : 1) + 1) * sizeof *items);
    if (!items) return ITSM_E_NOMEM;
    if (!many) rc = read_scalar(&items[n++], w, field, node);
    else ITSM__JSON_EACH(item, node)
        {
            if ((rc = read_scalar(&items[n++], w, field, item))) break;
        }
    out->kind = ITSM_LIST, out->u.list.item = items, out->u.list.n = n;
    return rc;
}

static itsm_status read_fields(walking *w, const itsm_type_def *type, const itsm__json_node *step)
{
    const itsm__json_node *fields = itsm__json_member(step, "fields"), *node;
    w->nfields = 0;
    if (!fields) return ITSM_OK;
    itsm_status rc = itsm__json_expect(&w->json, fields, ITSM__JSON_OBJECT);
    if (rc) return rc;
    ITSM__JSON_EACH(node, fields)
    {
        const itsm_field_def *field = itsm_type_field(type, node->key);
        if (!field)
            return itsm__json_issue(&w->json, node, ITSM_E_NOT_FOUND, itsm_str_c(NULL), "%S has no field \"%S\"",
                                    type->name, node->key);
        if (w->nfields == FIELDS_MAX) return wrong(w, node, "too many fields");
        itsm_named *named = &w->fields[w->nfields++];
        named->name = node->key;
        if ((rc = read_value(&named->value, w, field, node))) return rc;
    }
    return ITSM_OK;
}

static itsm_status read_actor(walking *w, const itsm__json_node *step)
{
    const itsm__json_node *actor = itsm__json_member(step, "actor"), *role;
    const itsm__json_node *roles = actor ? itsm__json_member(actor, "roles") : NULL;
    const itsm_act blank = ITSM_ACT_INIT;
    w->act = blank;
    w->act.who = actor ? text_of(actor, "party") : itsm_str_c("host"), w->act.now = w->now, w->act.roles = w->roles;
    if (!roles) return ITSM_OK;
    ITSM__JSON_EACH(role, roles)
    {
        if (w->act.nroles == ROLES_MAX) return wrong(w, role, "too many roles");
        w->roles[w->act.nroles++] = role->text;
    }
    return ITSM_OK;
}

/* Answers ------------------------------------------------------------------------------------------------------------ */

static itsm_status add(itsm_buf *out, itsm_str part)
{
    itsm_status rc = out->n ? itsm__buf_c(out, " | ") : ITSM_OK;
    return rc ? rc : itsm__buf_str(out, part);
}

/* What the step must answer, as text. */
static itsm_status expect(walking *w, const itsm__json_node *step)
{
    const itsm__json_node *node = itsm__json_member(step, "expect"), *rule;
    w->expected.n = 0;
    if (!node || node->kind == ITSM__JSON_TEXT) return add(&w->expected, node ? node->text : itsm_str_c("ok"));
    const itsm__json_node *refused = itsm__json_member(node, "refused");
    if (!refused || refused->kind != ITSM__JSON_ARRAY)
        return wrong(w, node, "expected is \"ok\" or {\"refused\": [...]}");
    ITSM__JSON_EACH(rule, refused)
    {
        const itsm_status rc = add(&w->expected, rule->text);
        if (rc) return rc;
    }
    return ITSM_OK;
}

static itsm_status say_issues(itsm_buf *out, itsm_status answer, const itsm_issue *issues, size_t n)
{
    itsm_status rc = ITSM_OK;
    out->n = 0;
    for (size_t i = 0; i < n && !rc; i++) rc = add(out, issues[i].rule.n ? issues[i].rule : issues[i].message);
    if (!rc && answer >= 0) rc = add(out, itsm_str_c("ok"));
    if (!rc && answer < 0 && answer != ITSM_E_REFUSED) rc = add(out, itsm_str_c(itsm_status_text(answer)));
    return rc;
}

/* What an operation answered, as text. */
static itsm_status answer(walking *w, itsm_status rc)
{
    if (rc == ITSM_E_NOMEM) return rc;
    const size_t n = rc < 0 ? itsm_ctx_issue_count(w->ctx) : 0;
    return say_issues(&w->actual, rc, n ? itsm_ctx_issue(w->ctx, 0) : NULL, n);
}

/* Steps -------------------------------------------------------------------------------------------------------------- */

static itsm_status find_record(itsm_ref *out, const itsm_type_def **type, walking *w, const itsm__json_node *step)
{
    const itsm_status rc = find_name(out, w, step, text_of(step, "ref"));
    if (!rc) *type = itsm_model_type_number(w->model, out->type);
    return rc;
}

/* What is said of one move by what is possible. */
typedef struct asked {
    itsm_str event;
    int found;
    itsm_buf said;
} asked;

static itsm_status note_possible(void *user, const itsm_possible *possible)
{
    asked *a = user;
    if (!itsm_str_eq(possible->move->name, a->event)) return ITSM_OK;
    a->found = 1;
    return say_issues(&a->said, possible->allowed ? ITSM_OK : ITSM_E_REFUSED, possible->missing, possible->nmissing);
}

/* The answer of a move must be what was said to be possible; where not, that becomes the answer. */
static itsm_status compare_possible(walking *w, const asked *a)
{
    const int there = !itsm_str_is(itsm_buf_str(&w->actual), "state");
    if (a->found == there && (!there || itsm_str_eq(itsm_buf_str(&a->said), itsm_buf_str(&w->actual)))) return ITSM_OK;
    itsm_status rc = itsm__buf_c(&w->actual, ", but possible said: ");
    return rc ? rc : itsm__buf_str(&w->actual, a->found ? itsm_buf_str(&a->said) : itsm_str_c("no such move"));
}

static itsm_status do_move(walking *w, const itsm__json_node *step)
{
    const itsm_type_def *type;
    itsm_ref ref;
    asked a = {text_of(step, "event"), 0, ITSM_BUF_INIT};
    itsm_buf_init(&a.said, w->ctx);
    itsm_status rc = find_record(&ref, &type, w, step);
    if (!rc) rc = read_fields(w, type, step);
    if (rc) return rc;
    if (!w->nfields) rc = itsm_sms_possible(w->sms, ref, &w->act, note_possible, &a);
    if (!rc) rc = answer(w, itsm_sms_move(NULL, w->sms, ref, ITSM_REV_ANY, a.event, w->fields, w->nfields, &w->act));
    if (!rc && !w->nfields) rc = compare_possible(w, &a);
    itsm_buf_clear(&a.said);
    return rc;
}

static itsm_status do_create(walking *w, const itsm__json_node *step)
{
    const itsm_type_def *type = itsm_model_type(w->model, text_of(step, "type"));
    itsm_outcome out = ITSM_OUTCOME_INIT;
    if (!type) return wrong(w, step, "the model has no such type");
    itsm_status rc = read_fields(w, type, step);
    if (rc) return rc;
    const itsm_status done = itsm_sms_create(&out, w->sms, type->name, w->fields, w->nfields, &w->act);
    rc = answer(w, done);
    return rc || done ? rc : keep_name(w, step, text_of(step, "ref"), out.ref);
}

static itsm_status do_set(walking *w, const itsm__json_node *step)
{
    const itsm_type_def *type;
    itsm_ref ref;
    itsm_status rc = find_record(&ref, &type, w, step);
    if (!rc) rc = read_fields(w, type, step);
    return rc ? rc : answer(w, itsm_sms_change(NULL, w->sms, ref, ITSM_REV_ANY, w->fields, w->nfields, &w->act));
}

static itsm_status do_relation(walking *w, const itsm__json_node *step, int adding)
{
    const itsm_str relation = text_of(step, "rel");
    itsm_ref from, to;
    itsm_status rc = find_name(&from, w, step, text_of(step, "from"));
    if (!rc) rc = find_name(&to, w, step, text_of(step, "to"));
    if (rc) return rc;
    return answer(w, adding ? itsm_sms_link(w->sms, from, relation, to, &w->act)
                            : itsm_sms_unlink(w->sms, from, relation, to, &w->act));
}

static itsm_status do_link(walking *w, const itsm__json_node *step)
{
    return do_relation(w, step, 1);
}

static itsm_status do_unlink(walking *w, const itsm__json_node *step)
{
    return do_relation(w, step, 0);
}

static itsm_status read_approvals(itsm_approval *list, size_t *n, walking *w, const itsm__json_node *step)
{
    const itsm__json_node *parties = itsm__json_member(step, "by"), *party;
    const itsm__json_node *quorum = itsm__json_member(step, "quorum"), *due = itsm__json_member(step, "due");
    const itsm_approval blank = ITSM_APPROVAL_INIT;
    const itsm_str decision = text_of(step, "decision");
    if (!parties || parties->kind != ITSM__JSON_ARRAY) return wrong(w, step, "\"by\" is a list of parties");
    ITSM__JSON_EACH(party, parties)
    {
        if (*n == PARTIES_MAX) return wrong(w, party, "too many parties");
        itsm_approval *a = &list[(*n)++];
        *a = blank, a->body = text_of(step, "body"), a->approver = party->text, a->policy = text_of(step, "policy");
        if (quorum) a->quorum = quorum->integer;
        if (due && itsm_time_decode(&a->due, due->text)) return wrong(w, due, "this is no instant");
        a->comment = text_of(step, "comment");
        a->decision = itsm_str_is(decision, "none") ? itsm_str_c("") : decision.n ? decision : itsm_str_c("grant");
    }
    return ITSM_OK;
}

static itsm_status do_approve(walking *w, const itsm__json_node *step)
{
    itsm_approval list[PARTIES_MAX];
    itsm_ref refs[PARTIES_MAX], subject;
    const itsm__json_node *names = itsm__json_member(step, "refs"), *name;
    size_t n = 0;
    itsm_status rc = find_name(&subject, w, step, text_of(step, "ref"));
    if (!rc) rc = read_approvals(list, &n, w, step);
    if (rc) return rc;
    const itsm_status done = itsm_sms_approve(NULL, refs, w->sms, subject, list, n, &w->act);
    rc = answer(w, done);
    if (rc || done || !names) return rc;
    ITSM__JSON_EACH(name, names)
    {
        for (size_t i = 0; i < n && !rc; i++)
            if (itsm_str_eq(name->key, list[i].approver)) rc = keep_name(w, name, name->text, refs[i]);
    }
    return rc;
}

static itsm_status do_advance(walking *w, const itsm__json_node *step)
{
    const itsm__json_node *by = itsm__json_member(step, "by");
    itsm_span span;
    if (!by || itsm_span_decode(&span, by->text) || !itsm__add(&w->now, w->now, span))
        return wrong(w, by ? by : step, "\"by\" is a duration");
    return answer(w, ITSM_OK);
}

static itsm_status do_tick(walking *w, const itsm__json_node *step)
{
    (void)step;
    return answer(w, itsm_sms_tick(NULL, w->sms, w->now, NULL, NULL));
}

static itsm_status do_blackout(walking *w, const itsm__json_node *step)
{
    itsm_blackout blackout = ITSM_BLACKOUT_INIT;
    if (itsm_time_decode(&blackout.from, text_of(step, "from")) || itsm_time_decode(&blackout.to, text_of(step, "to")))
        return wrong(w, step, "a blackout has two instants");
    return answer(w, itsm_sms_blackout_add(w->sms, &blackout));
}

/* Looking ------------------------------------------------------------------------------------------------------------ */

/* A value as a record would keep it, beside the one it keeps: what differs is said. */
static itsm_status check_field(walking *w, const itsm_record *record, const itsm_named *wanted)
{
    const itsm_type_def *type = itsm_record_type(record);
    const itsm_field_def *field = itsm_type_field(type, wanted->name);
    itsm_record *other;
    itsm_value a, b;
    itsm_status rc = itsm_record_new(&other, w->ctx, w->model, type, itsm_record_ref(record));
    if (rc) return rc;
    rc = itsm_record_set(other, field, &wanted->value);
    if (!rc) {
        const itsm_status held = itsm_record_get(&a, record, field), meant = itsm_record_get(&b, other, field);
        if (held != meant || (!held && !itsm_value_eq(&a, &b))) rc = add(&w->actual, wanted->name);
    }
    itsm_record_free(other);
    return rc;
}

/* States of facets that differ are added to the answer: "status is open". */
static itsm_status check_states(walking *w, const itsm_record *record, const itsm__json_node *states)
{
    const itsm__json_node *state;
    ITSM__JSON_EACH(state, states)
    {
        itsm_value held;
        const itsm_status found = itsm_record_find(&held, record, state->key);
        if (!found && itsm_str_eq(held.u.s, state->text)) continue;
        itsm_status rc = add(&w->actual, state->key);
        if (!rc) rc = itsm__format(&w->actual, " is %S", found ? itsm_str_c("not there") : held.u.s);
        if (rc) return rc;
    }
    return ITSM_OK;
}

static itsm_status do_check(walking *w, const itsm__json_node *step)
{
    const itsm__json_node *states = itsm__json_member(step, "states");
    const itsm_type_def *type;
    const itsm_record *record;
    itsm_work *work;
    itsm_ref ref;
    itsm_status rc = find_record(&ref, &type, w, step);
    if (!rc) rc = read_fields(w, type, step);
    if (!rc) rc = itsm_work_new(&work, w->sms, &w->act);
    if (rc) return rc;
    w->actual.n = 0;
    rc = itsm_work_get(&record, work, ref);
    for (size_t i = 0; i < w->nfields && !rc; i++) rc = check_field(w, record, &w->fields[i]);
    if (!rc && states) rc = check_states(w, record, states);
    if (!rc && !w->actual.n) rc = add(&w->actual, itsm_str_c("ok"));
    itsm_work_free(work);
    return rc;
}

static itsm_status check_final(walking *w, const itsm__json_node *root)
{
    const itsm__json_node *final = itsm__json_member(root, "final"), *node;
    const itsm_act act = ITSM_ACT_INIT;
    itsm_work *work;
    if (!final) return ITSM_OK;
    itsm_status rc = itsm_work_new(&work, w->sms, &act);
    if (rc) return rc;
    ITSM__JSON_EACH(node, final)
    {
        const itsm_record *record;
        itsm_ref ref;
        w->actual.n = 0;
        if ((rc = find_name(&ref, w, node, node->key)) || (rc = itsm_work_get(&record, work, ref)) ||
            (rc = check_states(w, record, node)))
            break;
        if (w->actual.n) {
            rc = itsm__json_issue(&w->json, node, ITSM_E_INVALID, itsm_str_c(NULL), "at the end %S: %S", node->key,
                                  itsm_buf_str(&w->actual));
            break;
        }
    }
    itsm_work_free(work);
    return rc;
}

/* The walk ----------------------------------------------------------------------------------------------------------- */

static itsm_status do_step(walking *w, const itsm__json_node *step)
{
    static const struct {
        const char *name;
        itsm_status (*run)(walking *, const itsm__json_node *);
    } operations[] = {{"create", do_create},   {"set", do_set},   {"link", do_link},
                      {"unlink", do_unlink},   {"move", do_move}, {"approve", do_approve},
                      {"advance", do_advance}, {"tick", do_tick}, {"blackout", do_blackout},
                      {"check", do_check}};
    const itsm_str name = text_of(step, "op");
    itsm__arena_reset(&w->arena);
    itsm_status rc = expect(w, step);
    if (!rc) rc = read_actor(w, step);
    if (rc) return rc;
    for (size_t i = 0; i < sizeof operations / sizeof *operations; i++)
        if (itsm_str_is(name, operations[i].name)) return operations[i].run(w, step);
    return wrong(w, step, "there is no such operation");
}

static itsm_status walk(walking *w, const itsm__json_node *root)
{
    const itsm__json_node *steps = itsm__json_member(root, "steps"), *step;
    uint64_t place = 0;
    if (itsm_time_decode(&w->now, text_of(root, "start"))) return wrong(w, root, "\"start\" is an instant");
    itsm_status rc = itsm__json_expect(&w->json, steps, ITSM__JSON_ARRAY);
    if (rc) return rc;
    ITSM__JSON_EACH(step, steps)
    {
        place++;
        if ((rc = do_step(w, step))) return rc;
        if (itsm_str_eq(itsm_buf_str(&w->actual), itsm_buf_str(&w->expected))) continue;
        return itsm__json_issue(&w->json, step, ITSM_E_INVALID, itsm_str_c(NULL),
                                "step %u (%S %S%S): expected %S, actual %S", place, text_of(step, "op"),
                                text_of(step, "ref"), text_of(step, "event"), itsm_buf_str(&w->expected),
                                itsm_buf_str(&w->actual));
    }
    return check_final(w, root);
}

static itsm_status start(walking *w, itsm_str line)
{
    itsm_sms_options options = ITSM_SMS_OPTIONS_INIT;
    options.key.p = "scenario", options.key.n = 8;
    itsm_status rc = itsm__json_parse(&w->json, line);
    if (!rc) rc = itsm__json_expect(&w->json, itsm__json_root(&w->json), ITSM__JSON_OBJECT);
    if (!rc) rc = itsm_store_memory(&w->store, w->ctx);
    return rc ? rc : itsm_sms_new(&w->sms, w->ctx, w->model, w->store, &options);
}

itsm_status itsm_scenario_run(itsm_ctx *ctx, const itsm_model *model, itsm_str line, itsm_buf *failure)
{
    if (!ctx || !model || !failure) return ITSM_E_MISUSE;
    itsm__issues_clear(ctx);
    const itsm__memory *memory = itsm__ctx_memory(ctx);
    walking *w = itsm__alloc_zero(memory, sizeof *w);
    if (!w) return ITSM_E_NOMEM;
    w->ctx = ctx, w->model = model;
    itsm__json_init(&w->json, ctx);
    itsm__arena_init(&w->arena, memory);
    itsm_buf_init(&w->actual, ctx), itsm_buf_init(&w->expected, ctx);
    itsm_status rc = start(w, line);
    if (!rc) rc = walk(w, itsm__json_root(&w->json));
    if (rc && rc != ITSM_E_NOMEM) {
        const size_t n = itsm_ctx_issue_count(ctx); /* those before the last are the step's own */
        const itsm_issue *issue = n ? itsm_ctx_issue(ctx, n - 1) : NULL;
        const itsm_str id = w->sms ? text_of(itsm__json_root(&w->json), "id") : itsm_str_c("");
        rc = itsm__format(failure, "%S: %S", id, issue ? issue->message : itsm_str_c(itsm_status_text(rc)))
                 ? ITSM_E_NOMEM
                 : ITSM_E_INVALID;
    }
    itsm_sms_free(w->sms), itsm_store_free(w->store);
    itsm_buf_clear(&w->actual), itsm_buf_clear(&w->expected);
    itsm__free(memory, w->names, w->name_capacity * sizeof *w->names);
    itsm__arena_clear(&w->arena), itsm__json_clear(&w->json);
    itsm__free(memory, w, sizeof *w);
    return rc;
}

itsm_status itsm_golden_run(itsm_ctx *ctx, itsm_str line, itsm_buf *failure)
{
    itsm__json json;
    if (!ctx || !failure) return ITSM_E_MISUSE;
    itsm__issues_clear(ctx);
    itsm__json_init(&json, ctx);
    const itsm_status rc = itsm__json_parse(&json, line);
    const int is_scenario = !rc && itsm__json_member(itsm__json_root(&json), "steps") != NULL;
    itsm__json_clear(&json);
    if (rc == ITSM_E_NOMEM) return rc;
    return is_scenario ? itsm_scenario_run(ctx, itsm_model_builtin(), line, failure)
                       : itsm_vectors_run(ctx, line, failure);
}
