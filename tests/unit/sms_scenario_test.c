/* SPDX-License-Identifier: MIT */
/*
 * Real-life cases, walked step by step: every answer must be exactly the one that is written down, every issue in its
 * place.  The cases lie beside the sources (../shared/model/scenarios.jsonl, or below ITSM_SHARED); without them this
 * says so and is skipped.  A case that needs what the engine does not do yet is walked up to that step and counted as
 * skipped, never as passed.
 */
#include <itsm/sms.h>
#include <itsm/time.h>

#include <criterion/criterion.h>

#include "support.h"
#include "text/json.h"

#define NAMES_MAX 64
#define VALUES_MAX 64

struct named_ref {
    itsm_str name;
    itsm_ref ref;
};

struct scenario {
    itsm_ctx *ctx;
    itsm_store *store;
    itsm_sms *sms;
    itsm__json json;
    itsm__arena arena;
    struct named_ref names[NAMES_MAX];
    size_t nnames;
    itsm_time now;
    itsm_str roles[16];
    itsm_act act;
    char said[8192];   /* the answer, as text */
    char wanted[8192]; /* what it should be */
};

/* The answer of a step the engine does not do yet. */
#define NOT_YET 1000

static char *read_file(const char *path, size_t *n)
{
    FILE *file = fopen(path, "rb");
    if (!file) return NULL;
    fseek(file, 0, SEEK_END);
    long size = ftell(file);
    fseek(file, 0, SEEK_SET);
    char *text = malloc((size_t)size + 1);
    if (text) *n = fread(text, 1, (size_t)size, file), text[*n] = 0;
    fclose(file);
    return text;
}

static char *read_scenarios(size_t *n)
{
    const char *shared = getenv("ITSM_SHARED");
    char path[1024];
    if (shared && *shared) {
        snprintf(path, sizeof path, "%s/model/scenarios.jsonl", shared);
    } else {
        const char *here = __FILE__, *cut = strstr(here, "tests/unit/");
        snprintf(path, sizeof path, "%.*s../shared/model/scenarios.jsonl", cut ? (int)(cut - here) : 0, here);
    }
    char *text = read_file(path, n);
    if (!text) printf("there are no scenarios at %s: skipped\n", path);
    return text;
}

static itsm_str text_of(const itsm__json_node *object, const char *name)
{
    const itsm__json_node *node = itsm__json_member(object, name);
    return node && node->kind == ITSM__JSON_TEXT ? node->text : itsm_str_c("");
}

static itsm_ref ref_of(const struct scenario *s, itsm_str name)
{
    for (size_t i = s->nnames; i-- > 0;)
        if (itsm_str_eq(s->names[i].name, name)) return s->names[i].ref;
    itsm_ref nothing = {0, {0, 0}};
    cr_assert_fail("no record is called %.*s", ITSM_ARG(name));
    return nothing;
}

/* Values ---------------------------------------------------------------------------------------------------------- */

/* An array or object as it is written. */
static itsm_str raw(const struct scenario *s, const itsm__json_node *node)
{
    const char *start = s->json.input.p + node->byte, *p = start;
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

static itsm_value scalar_of(const struct scenario *s, const itsm_field_def *field, const itsm__json_node *node)
{
    itsm_value value;
    memset(&value, 0, sizeof value);
    value.kind = field->kind;
    itsm_status rc = ITSM_OK;
    switch (field->kind) {
    case ITSM_INT:
    case ITSM_BOOL: value.u.i = node->integer; break;
    case ITSM_DECIMAL:
        value.scale = 2;
        rc = itsm__json_scaled(&value.u.i, node, 2);
        break;
    case ITSM_TIME: rc = itsm_time_decode(&value.u.i, node->text); break;
    case ITSM_DATE: rc = itsm_date_decode(&value.u.i, node->text); break;
    case ITSM_SPAN: rc = itsm_span_decode(&value.u.i, node->text); break;
    case ITSM_REF: value.u.ref = ref_of(s, node->text); break;
    default:
        value.u.s = node->kind == ITSM__JSON_ARRAY || node->kind == ITSM__JSON_OBJECT ? raw(s, node) : node->text;
        break;
    }
    cr_assert_eq(rc, ITSM_OK, "value of %.*s", ITSM_ARG(field->name));
    return value;
}

static itsm_value value_of(struct scenario *s, const itsm_field_def *field, const itsm__json_node *node)
{
    itsm_value value;
    memset(&value, 0, sizeof value);
    if (node->kind == ITSM__JSON_NULL) return value;
    if (!field->list) return scalar_of(s, field, node);
    const itsm__json_node *item;
    size_t n = 0;
    itsm_value *items = itsm__arena_alloc(&s->arena, ((size_t)node->integer + 1) * sizeof *items);
    cr_assert_not_null(items);
    if (node->kind != ITSM__JSON_ARRAY) items[n++] = scalar_of(s, field, node);
    else ITSM__JSON_EACH(item, node) items[n++] = scalar_of(s, field, item);
    value.kind = ITSM_LIST, value.u.list.item = items, value.u.list.n = n;
    return value;
}

static size_t fields_of(struct scenario *s, itsm_named *out, const itsm_type_def *type, const itsm__json_node *step)
{
    const itsm__json_node *fields = itsm__json_member(step, "fields"), *node;
    size_t n = 0;
    if (!fields) return 0;
    ITSM__JSON_EACH(node, fields)
    {
        const itsm_field_def *field = itsm_type_field(type, node->key);
        cr_assert(field && n < VALUES_MAX, "%.*s has no %.*s", ITSM_ARG(type->name), ITSM_ARG(node->key));
        out[n].name = node->key, out[n++].value = value_of(s, field, node);
    }
    return n;
}

static void set_actor(struct scenario *s, const itsm__json_node *step)
{
    const itsm__json_node *actor = itsm__json_member(step, "actor"),
                          *roles = actor ? itsm__json_member(actor, "roles") : NULL;
    const itsm__json_node *role;
    itsm_act act = ITSM_ACT_INIT;
    act.who = actor ? text_of(actor, "party") : itsm_str_c("host"), act.now = s->now, act.roles = s->roles;
    if (roles) {
        ITSM__JSON_EACH(role, roles) s->roles[act.nroles++] = role->text;
    }
    s->act = act;
}

/* Answers --------------------------------------------------------------------------------------------------------- */

static void add(char *text, size_t room, itsm_str part)
{
    size_t n = strlen(text);
    snprintf(text + n, room - n, "%s%.*s", n ? " | " : "", ITSM_ARG(part));
}

static void want(struct scenario *s, const itsm__json_node *step)
{
    const itsm__json_node *expect = itsm__json_member(step, "expect"), *rule;
    s->wanted[0] = 0;
    if (!expect || expect->kind == ITSM__JSON_TEXT) {
        add(s->wanted, sizeof s->wanted, expect ? expect->text : itsm_str_c("ok"));
        return;
    }
    ITSM__JSON_EACH(rule, itsm__json_member(expect, "refused")) add(s->wanted, sizeof s->wanted, rule->text);
}

static int is_not_yet(itsm_str rule)
{
    char text[512];
    snprintf(text, sizeof text, "%.*s", ITSM_ARG(rule));
    return strstr(text, "approved(") || strstr(text, "no_conflict(");
}

static void say_issues(char *out, size_t room, itsm_status rc, const itsm_issue *issues, size_t n)
{
    out[0] = 0;
    for (size_t i = 0; i < n; i++) add(out, room, issues[i].rule);
    if (rc == ITSM_OK || rc == ITSM_NOTHING) add(out, room, itsm_str_c("ok"));
    else if (rc != ITSM_E_REFUSED && rc != ITSM_E_UNDECIDED) {
        add(out, room, itsm_str_c(itsm_status_text(rc)));
        for (size_t i = 0; i < n; i++) add(out, room, issues[i].message);
    }
}

static int answer(struct scenario *s, itsm_status rc)
{
    int not_yet = 0;
    size_t n = itsm_ctx_issue_count(s->ctx);
    for (size_t i = 0; i < n; i++)
        not_yet |= itsm_ctx_issue(s->ctx, i)->code == ITSM_E_UNDECIDED && is_not_yet(itsm_ctx_issue(s->ctx, i)->rule);
    say_issues(s->said, sizeof s->said, rc, itsm_ctx_issue(s->ctx, 0), n);
    /* What is asked besides must be right all the same. */
    return rc == ITSM_E_UNDECIDED || not_yet ? strcmp(s->said, s->wanted) ? NOT_YET : 0 : 0;
}

/* Steps ----------------------------------------------------------------------------------------------------------- */

struct asked {
    itsm_str event;
    int found;
    char said[8192];
};

static itsm_status note_possible(void *user, const itsm_possible *possible)
{
    struct asked *asked = user;
    if (!itsm_str_eq(possible->move->name, asked->event)) return ITSM_OK;
    asked->found = 1;
    say_issues(asked->said, sizeof asked->said, possible->allowed ? ITSM_OK : ITSM_E_REFUSED, possible->missing,
               possible->nmissing);
    return ITSM_OK;
}

static int do_move(struct scenario *s, const itsm__json_node *step)
{
    itsm_named fields[VALUES_MAX];
    itsm_ref ref = ref_of(s, text_of(step, "ref"));
    const itsm_type_def *type = itsm_model_type_number(itsm_model_builtin(), ref.type);
    struct asked asked = {text_of(step, "event"), 0, ""};
    size_t n = fields_of(s, fields, type, step);
    if (!n) cr_assert_eq(itsm_sms_possible(s->sms, ref, &s->act, note_possible, &asked), ITSM_OK);
    itsm_outcome out = ITSM_OUTCOME_INIT;
    itsm_status rc = itsm_sms_move(&out, s->sms, ref, ITSM_REV_ANY, asked.event, fields, n, &s->act);
    if (!rc) cr_assert_eq(out.ref.id.lo, ref.id.lo, "the outcome is of another record");
    int not_yet = answer(s, rc);
    if (!n && asked.found) cr_assert_str_eq(asked.said, s->said, "possible and move differ");
    if (!n)
        cr_assert_eq(asked.found, strcmp(s->said, "state") != 0, "%.*s is %s possible", ITSM_ARG(asked.event),
                     asked.found ? "" : "not");
    return not_yet;
}

static int do_create(struct scenario *s, const itsm__json_node *step)
{
    itsm_named fields[VALUES_MAX];
    const itsm_type_def *type = itsm_model_type(itsm_model_builtin(), text_of(step, "type"));
    size_t n = fields_of(s, fields, type, step);
    itsm_outcome out = ITSM_OUTCOME_INIT;
    itsm_status rc = itsm_sms_create(&out, s->sms, type->name, fields, n, &s->act);
    if (!rc) {
        cr_assert_lt(s->nnames, (size_t)NAMES_MAX);
        s->names[s->nnames].name = text_of(step, "ref"), s->names[s->nnames++].ref = out.ref;
    }
    return answer(s, rc);
}

static int do_set(struct scenario *s, const itsm__json_node *step)
{
    itsm_named fields[VALUES_MAX];
    itsm_ref ref = ref_of(s, text_of(step, "ref"));
    size_t n = fields_of(s, fields, itsm_model_type_number(itsm_model_builtin(), ref.type), step);
    return answer(s, itsm_sms_change(NULL, s->sms, ref, ITSM_REV_ANY, fields, n, &s->act));
}

static int do_link(struct scenario *s, const itsm__json_node *step, int adding)
{
    itsm_ref from = ref_of(s, text_of(step, "from")), to = ref_of(s, text_of(step, "to"));
    itsm_str relation = text_of(step, "rel");
    return answer(s, adding ? itsm_sms_link(s->sms, from, relation, to, &s->act)
                            : itsm_sms_unlink(s->sms, from, relation, to, &s->act));
}

static void check_value(struct scenario *s, const itsm_record *record, const itsm_field_def *field,
                        const itsm_value *value)
{
    itsm_record *other;
    itsm_value held, wanted;
    cr_assert_eq(
        itsm_record_new(&other, s->ctx, itsm_model_builtin(), itsm_record_type(record), itsm_record_ref(record)), 0);
    cr_assert_eq(itsm_record_set(other, field, value), ITSM_OK);
    itsm_status a = itsm_record_get(&held, record, field), b = itsm_record_get(&wanted, other, field);
    if (a != b || (!a && !itsm_value_eq(&held, &wanted))) add(s->said, sizeof s->said, field->name);
    itsm_record_free(other);
}

static int do_check(struct scenario *s, const itsm__json_node *step)
{
    itsm_named fields[VALUES_MAX];
    const itsm_record *record;
    itsm_work *work;
    const itsm__json_node *states = itsm__json_member(step, "states"), *state;
    itsm_ref ref = ref_of(s, text_of(step, "ref"));
    s->said[0] = 0;
    cr_assert_eq(itsm_work_new(&work, s->sms, &s->act), ITSM_OK);
    cr_assert_eq(itsm_work_get(&record, work, ref), ITSM_OK);
    const itsm_type_def *type = itsm_record_type(record);
    size_t n = fields_of(s, fields, type, step);
    for (size_t i = 0; i < n; i++) check_value(s, record, itsm_type_field(type, fields[i].name), &fields[i].value);
    if (states) {
        ITSM__JSON_EACH(state, states)
        {
            itsm_value held;
            if (itsm_record_find(&held, record, state->key) || !itsm_str_eq(held.u.s, state->text))
                add(s->said, sizeof s->said, state->key);
        }
    }
    if (!s->said[0]) add(s->said, sizeof s->said, itsm_str_c("ok"));
    itsm_work_free(work);
    return 0;
}

static int do_step(struct scenario *s, const itsm__json_node *step)
{
    itsm_str op = text_of(step, "op");
    want(s, step);
    set_actor(s, step);
    if (itsm_str_is(op, "create")) return do_create(s, step);
    if (itsm_str_is(op, "move")) return do_move(s, step);
    if (itsm_str_is(op, "set")) return do_set(s, step);
    if (itsm_str_is(op, "link")) return do_link(s, step, 1);
    if (itsm_str_is(op, "unlink")) return do_link(s, step, 0);
    if (itsm_str_is(op, "check")) return do_check(s, step);
    if (!itsm_str_is(op, "advance")) return NOT_YET;
    itsm_span by;
    cr_assert_eq(itsm_span_decode(&by, text_of(step, "by")), ITSM_OK);
    s->now += by, snprintf(s->said, sizeof s->said, "ok");
    return 0;
}

static void check_final(struct scenario *s, const itsm__json_node *root, size_t *failed)
{
    const itsm__json_node *final = itsm__json_member(root, "final"), *record, *state;
    itsm_work *work;
    itsm_act act = ITSM_ACT_INIT;
    if (!final) return;
    cr_assert_eq(itsm_work_new(&work, s->sms, &act), ITSM_OK);
    ITSM__JSON_EACH(record, final)
    {
        const itsm_record *held;
        cr_assert_eq(itsm_work_get(&held, work, ref_of(s, record->key)), ITSM_OK);
        ITSM__JSON_EACH(state, record)
        {
            itsm_value value;
            if (!itsm_record_find(&value, held, state->key) && itsm_str_eq(value.u.s, state->text)) continue;
            printf("  at the end %.*s.%.*s is %.*s, not %.*s\n", ITSM_ARG(record->key), ITSM_ARG(state->key),
                   ITSM_ARG(value.u.s), ITSM_ARG(state->text));
            ++*failed;
        }
    }
    itsm_work_free(work);
}

/* One case: 1 passed, 0 skipped, -1 failed. */
static int walk(itsm_ctx *ctx, itsm_str line, size_t *steps)
{
    static struct scenario s; /* too large for a stack */
    itsm_sms_options options = ITSM_SMS_OPTIONS_INIT;
    const itsm__json_node *root, *step;
    size_t failed = 0, done = 0;
    int not_yet = 0;
    memset(&s, 0, sizeof s);
    s.ctx = ctx;
    options.key.p = "scenarios", options.key.n = 9;
    itsm__arena_init(&s.arena, itsm__ctx_memory(ctx));
    itsm__json_init(&s.json, ctx);
    cr_assert_eq(itsm__json_parse(&s.json, line), ITSM_OK);
    cr_assert_eq(itsm_store_memory(&s.store, ctx), ITSM_OK);
    cr_assert_eq(itsm_sms_new(&s.sms, ctx, itsm_model_builtin(), s.store, &options), ITSM_OK);
    root = itsm__json_root(&s.json);
    itsm_str id = text_of(root, "id");
    cr_assert_eq(itsm_time_decode(&s.now, text_of(root, "start")), ITSM_OK);
    const itsm__json_node *all = itsm__json_member(root, "steps");
    ITSM__JSON_EACH(step, all)
    {
        if ((not_yet = do_step(&s, step)) != 0) break;
        done++;
        if (!strcmp(s.said, s.wanted)) continue;
        failed++;
        printf("  %.*s, step %zu (%.*s %.*s %.*s):\n    got    %s\n    wanted %s\n", ITSM_ARG(id), done,
               ITSM_ARG(text_of(step, "op")), ITSM_ARG(text_of(step, "ref")), ITSM_ARG(text_of(step, "event")), s.said,
               s.wanted);
        if (!strcmp(s.wanted, "ok")) break; /* nothing after it can be right */
    }
    if (!not_yet && !failed) check_final(&s, root, &failed);
    if (not_yet)
        printf("skipped %.*s: step %zu of %lld (%.*s %.*s) needs more; the %zu before agree\n", ITSM_ARG(id), done + 1,
               (long long)all->integer, ITSM_ARG(text_of(step, "op")), ITSM_ARG(text_of(step, "event")), done - failed);
    *steps += done;
    itsm_sms_free(s.sms), itsm_store_free(s.store);
    itsm__json_clear(&s.json), itsm__arena_clear(&s.arena);
    return failed ? -1 : not_yet ? 0 : 1;
}

Test(scenario, every_step_is_answered_exactly_as_written_down, .timeout = 120)
{
    size_t n = 0, passed = 0, skipped = 0, failed = 0, steps = 0;
    char *text = read_scenarios(&n);
    if (!text) cr_skip_test("no scenarios");
    struct counting counting = COUNTING_INIT;
    itsm_ctx *ctx = counting_ctx(&counting);
    for (char *line = text, *end; line < text + n; line = end + 1) {
        end = strchr(line, '\n');
        if (!end) end = text + n;
        if (end == line) continue;
        int how = walk(ctx, itsm_str_n(line, (size_t)(end - line)), &steps);
        passed += how > 0, skipped += how == 0, failed += how < 0;
    }
    printf("scenarios: %zu passed, %zu skipped in part, %zu failed; %zu steps compared\n", passed, skipped, failed,
           steps);
    itsm_ctx_free(ctx);
    free(text);
    assert_nothing_outstanding(counting);
    cr_assert_eq(failed, (size_t)0);
    cr_assert_gt(passed, (size_t)0);
}
