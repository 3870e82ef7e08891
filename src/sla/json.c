/* SPDX-License-Identifier: MIT */
/*
 * Sets of targets as JSON, read and written.
 *
 * Reading begins with what holds for every rule that does not say it (calendar, pause, reopen, retarget, thresholds),
 * then takes the rules, then the goals by priority, so that the order of members in the text does not matter.  A
 * calendar is read by its own loader from its piece of the text; issues it leaves are moved to where that stands.
 * Writing gives rules only, each complete, and every calendar that one of them uses.
 */
#include "sla/sla.h"

#include "base/text.h"
#include "sla/clock.h"

enum { JSON_MAX = 4 * 1024 * 1024, DEPTH_MAX = 32, KINDS = 4, MINUTES_MAX = 1000000000 };

static const char *const kinds[KINDS] = {"response", "resolution", "fulfilment", "update"};
static const char *const pauses[] = {"holds", "ignored"};
static const char *const reopens[] = {"resume", "restart", "continue", "ignore"};
static const char *const retargets[] = {"keep", "restart", "proportional"};
static const char *const bases[] = {"percent", "working", "wall"};

/* What holds for a rule besides its goal. */
typedef struct terms {
    int32_t pause[KINDS], reopen, retarget;
    itsm_threshold thresholds[ITSM__THRESHOLDS_MAX];
    size_t threshold_count;
    const itsm_calendar *calendar;
    itsm_str calendar_name;
} terms;

typedef struct named_calendar {
    itsm_str name;
    itsm_calendar *calendar;
} named_calendar;

typedef struct loader {
    itsm__json json;
    itsm_ctx *ctx;
    itsm_sla_builder *builder;
    itsm__arena arena; /* of the values of one rule */
    terms common, own; /* for every rule, and for the one being read */
    named_calendar calendars[ITSM__SLA_CALENDARS_MAX];
    size_t ncalendars;
} loader;

static itsm_status issue(const loader *l, const itsm__json_node *node, itsm_status rc, const char *what)
{
    return itsm__json_issue(&l->json, node, rc, itsm_str_n(NULL, 0), "%s", what);
}

static itsm_status invalid(const loader *l, const itsm__json_node *node, const char *what)
{
    return issue(l, node, ITSM_E_INVALID, what);
}

/* Reading terms --------------------------------------------------------------------------------------------------- */

/* Minutes, or a duration. */
static itsm_status read_span(itsm_span *out, const loader *l, const itsm__json_node *node)
{
    if (node->kind == ITSM__JSON_INT && node->integer >= -MINUTES_MAX && node->integer <= MINUTES_MAX)
        *out = ITSM_MINUTES(node->integer);
    else if (node->kind != ITSM__JSON_TEXT || itsm_span_decode(out, node->text) || *out == ITSM_SPAN_NONE)
        return invalid(l, node, "a length of time is whole minutes, or a duration such as \"PT4H\"");
    return ITSM_OK;
}

static itsm_status read_goal(itsm_span *out, const loader *l, const itsm__json_node *node)
{
    const itsm_status rc = read_span(out, l, node);
    return !rc && *out <= 0 ? invalid(l, node, "a goal is more than 0") : rc;
}

/* Which of n words a text is. */
static itsm_status read_word(int32_t *out, const loader *l, const itsm__json_node *node, const char *const *words,
                             int32_t n, const char *what)
{
    if (node->kind == ITSM__JSON_TEXT)
        for (int32_t i = 0; i < n; i++)
            if (itsm_str_is(node->text, words[i])) {
                *out = i;
                return ITSM_OK;
            }
    return invalid(l, node, what);
}

static itsm_status read_pause_word(int32_t *out, const loader *l, const itsm__json_node *node)
{
    return read_word(out, l, node, pauses, 2, "a pause \"holds\" the clock or is \"ignored\"");
}

static itsm_status read_pause(terms *t, const loader *l, const itsm__json_node *node)
{
    const itsm__json_node *item;
    itsm_status rc;
    if (!node) return ITSM_OK;
    if (node->kind != ITSM__JSON_OBJECT) {
        if ((rc = read_pause_word(&t->pause[0], l, node))) return rc;
        for (int i = 1; i < KINDS; i++) t->pause[i] = t->pause[0];
        return ITSM_OK;
    }
    itsm_str names[KINDS];
    for (int i = 0; i < KINDS; i++) names[i] = itsm_str_c(kinds[i]);
    if ((rc = itsm__json_expect_only(&l->json, node, names, KINDS))) return rc;
    ITSM__JSON_EACH(item, node)
    {
        int kind = 0;
        while (!itsm_str_eq(item->key, names[kind])) kind++;
        if ((rc = read_pause_word(&t->pause[kind], l, item))) return rc;
    }
    return ITSM_OK;
}

static itsm_status read_threshold(itsm_threshold *out, const loader *l, const itsm__json_node *node)
{
    static const char what[] =
        "a threshold is a percentage up to 100000, or an object with one of percent, working, wall";
    const itsm_str names[] = {itsm_str_c(bases[0]), itsm_str_c(bases[1]), itsm_str_c(bases[2])};
    const itsm__json_node *value = node;
    itsm_status rc;
    out->basis = ITSM_THRESHOLD_PERCENT, out->reserved = 0;
    if (node->kind == ITSM__JSON_OBJECT) {
        if ((rc = itsm__json_expect_only(&l->json, node, names, 3))) return rc;
        if (node->integer != 1) return invalid(l, node, what);
        value = node + 1;
        while (!itsm_str_eq(value->key, names[out->basis])) out->basis++;
        if (out->basis != ITSM_THRESHOLD_PERCENT) return read_span(&out->value, l, value);
    }
    if (value->kind != ITSM__JSON_INT || value->integer < 0 || value->integer > 100000) return invalid(l, value, what);
    out->value = value->integer;
    return ITSM_OK;
}

static itsm_status read_thresholds(terms *t, const loader *l, const itsm__json_node *node)
{
    const itsm__json_node *item;
    itsm_status rc;
    if (!node) return ITSM_OK;
    if ((rc = itsm__json_expect(&l->json, node, ITSM__JSON_ARRAY))) return rc;
    if (node->integer > ITSM__THRESHOLDS_MAX) return issue(l, node, ITSM_E_LIMIT, "more than 64 thresholds");
    t->threshold_count = 0;
    ITSM__JSON_EACH(item, node)
    {
        if ((rc = read_threshold(&t->thresholds[t->threshold_count++], l, item))) return rc;
    }
    return ITSM_OK;
}

/* The name of one of the set's calendars, or null. */
static itsm_status read_calendar_name(terms *t, const loader *l, const itsm__json_node *node)
{
    if (!node) return ITSM_OK;
    t->calendar = NULL, t->calendar_name = itsm_str_n(NULL, 0);
    if (node->kind == ITSM__JSON_NULL) return ITSM_OK;
    for (size_t i = 0; i < l->ncalendars && node->kind == ITSM__JSON_TEXT; i++)
        if (itsm_str_eq(l->calendars[i].name, node->text)) {
            t->calendar = l->calendars[i].calendar, t->calendar_name = node->text;
            return ITSM_OK;
        }
    return invalid(l, node, "a calendar is the name of one of the calendars of the set, or null for every hour");
}

/* The terms that an object says; the others stay. */
static itsm_status read_terms(terms *t, const loader *l, const itsm__json_node *object)
{
    const itsm__json_node *reopen = itsm__json_member(object, "reopen"),
                          *retarget = itsm__json_member(object, "retarget");
    itsm_status rc = read_pause(t, l, itsm__json_member(object, "pause"));
    if (!rc && reopen)
        rc = read_word(&t->reopen, l, reopen, reopens, 4,
                       "reopening is to \"resume\", \"restart\", \"continue\" or \"ignore\"");
    if (!rc && retarget)
        rc = read_word(&t->retarget, l, retarget, retargets, 3,
                       "retargeting is to \"keep\", \"restart\" or be \"proportional\"");
    if (!rc) rc = read_thresholds(t, l, itsm__json_member(object, "thresholds"));
    return rc ? rc : read_calendar_name(t, l, itsm__json_member(object, "calendar"));
}

/* Reading calendars ----------------------------------------------------------------------------------------------- */

itsm_str itsm__json_source(itsm_str input, const itsm__json_node *object)
{
    size_t depth = 0, i = (size_t)object->byte;
    for (int quoted = 0; i < input.n; i++) {
        const char c = input.p[i];
        if (quoted) {
            if (c == '\\') i++;
            else if (c == '"') quoted = 0;
        } else if (c == '"') {
            quoted = 1;
        } else if (c == '{') {
            depth++;
        } else if (c == '}' && --depth == 0) {
            break;
        }
    }
    return itsm_str_n(input.p + object->byte, i < input.n ? i + 1 - (size_t)object->byte : 0);
}

/* The issues of a calendar's loader count from where the calendar stands: say where that is. */
static itsm_status move_issues(loader *l, const itsm__json_node *node, itsm_status rc)
{
    itsm_ctx *ctx = l->ctx;
    const size_t n = ctx->nissues;
    (void)invalid(l, node, "");
    if (ctx->nissues == n) return rc; /* no memory: they stay as they are */
    const itsm_issue base = ctx->issues[--ctx->nissues];
    for (size_t i = 0; i < n; i++) {
        itsm_issue *one = &ctx->issues[i];
        const itsm_str inner = one->where.n && one->where.p[0] == '/' ? one->where : itsm__no_text();
        char *where = itsm__arena_alloc(&ctx->text, base.where.n + inner.n + 1);
        if (where) {
            memcpy(where, base.where.p, base.where.n);
            if (inner.n) memcpy(where + base.where.n, inner.p, inner.n);
            one->where = itsm_str_n(where, base.where.n + inner.n);
        }
        one->position += base.position;
        one->column = one->line > 1 ? one->column : one->line ? base.column + one->column - 1 : base.column;
        one->line = one->line ? base.line + one->line - 1 : base.line;
    }
    return rc;
}

static itsm_status read_calendars(loader *l, const itsm__json_node *object)
{
    const itsm__json_node *item;
    itsm_status rc;
    if (!object) return ITSM_OK;
    if ((rc = itsm__json_expect(&l->json, object, ITSM__JSON_OBJECT))) return rc;
    if (object->integer > ITSM__SLA_CALENDARS_MAX) return issue(l, object, ITSM_E_LIMIT, "more than 64 calendars");
    ITSM__JSON_EACH(item, object)
    {
        named_calendar *one = &l->calendars[l->ncalendars];
        if (!item->key.n) return invalid(l, item, "a calendar has a name");
        if ((rc = itsm__json_expect(&l->json, item, ITSM__JSON_OBJECT))) return rc;
        if ((rc = itsm_calendar_load(&one->calendar, l->ctx, itsm__json_source(l->json.input, item))))
            return move_issues(l, item, rc);
        one->name = item->key;
        l->ncalendars++;
    }
    return ITSM_OK;
}

/* Reading rules --------------------------------------------------------------------------------------------------- */

static void take_terms(itsm_sla_rule *out, const terms *t)
{
    out->retarget = t->retarget, out->calendar = t->calendar_name;
    out->target.calendar = t->calendar, out->target.pause = t->pause[out->kind - 1], out->target.reopen = t->reopen;
    out->target.thresholds = t->thresholds, out->target.threshold_count = t->threshold_count;
}

/* What a builder says of a rule that is right in itself. */
static itsm_status refused(const loader *l, const itsm__json_node *node, itsm_status rc)
{
    if (rc == ITSM_E_INVALID) return invalid(l, node, "this priority stands here already");
    return rc == ITSM_E_LIMIT ? issue(l, node, rc, "more than 10000 rules, 64 fields or 64 calendars") : rc;
}

static itsm_status read_goals(loader *l, uint32_t kind, const itsm__json_node *object)
{
    const itsm__json_node *item;
    itsm_status rc = itsm__json_expect(&l->json, object, ITSM__JSON_OBJECT);
    if (rc) return rc;
    ITSM__JSON_EACH(item, object)
    {
        itsm_sla_rule rule = ITSM_SLA_RULE_INIT;
        int64_t priority;
        if (itsm__parse_int(&priority, item->key)) return invalid(l, item, "priorities are whole numbers");
        if ((rc = read_goal(&rule.target.goal, l, item))) return rc;
        rule.kind = kind;
        take_terms(&rule, &l->common);
        if ((rc = itsm__sla_add_priority(l->builder, &rule, priority))) return refused(l, item, rc);
    }
    return ITSM_OK;
}

static itsm_status read_value(itsm_value *out, const loader *l, const itsm__json_node *node)
{
    memset(out, 0, sizeof *out);
    switch (node->kind) {
    case ITSM__JSON_NULL: return ITSM_OK;
    case ITSM__JSON_BOOL: *out = itsm_value_number(ITSM_BOOL, node->integer); return ITSM_OK;
    case ITSM__JSON_INT: *out = itsm_value_number(ITSM_INT, node->integer); return ITSM_OK;
    case ITSM__JSON_TEXT: *out = itsm_value_text(node->text); return ITSM_OK;
    default: return invalid(l, node, "a value is a text, a whole number, true, false or null, or a list of these");
    }
}

static itsm_status read_condition(itsm_sla_condition *out, loader *l, const itsm__json_node *node)
{
    const itsm__json_node *item;
    const int is_list = node->kind == ITSM__JSON_ARRAY;
    const int64_t n = is_list ? node->integer : 1;
    if (!node->key.n) return invalid(l, node, "a field has a name");
    if (!n) return invalid(l, node, "a list of values has at least one");
    if (n > ITSM__SLA_VALUES_MAX) return issue(l, node, ITSM_E_LIMIT, "more than 256 values");
    itsm_value *values = itsm__arena_alloc(&l->arena, (size_t)n * sizeof *values);
    if (!values) return ITSM_E_NOMEM;
    out->field = node->key, out->values = values, out->value_count = 0;
    if (!is_list) return out->value_count = 1, read_value(values, l, node);
    ITSM__JSON_EACH(item, node)
    {
        const itsm_status rc = read_value(&values[out->value_count++], l, item);
        if (rc) return rc;
    }
    return ITSM_OK;
}

static itsm_status read_when(itsm_sla_rule *rule, loader *l, const itsm__json_node *when)
{
    const itsm__json_node *item;
    itsm_status rc;
    if (!when) return ITSM_OK;
    if ((rc = itsm__json_expect(&l->json, when, ITSM__JSON_OBJECT))) return rc;
    if (when->integer > 16) return issue(l, when, ITSM_E_LIMIT, "more than 16 fields in one rule");
    itsm_sla_condition *conditions = itsm__arena_alloc(&l->arena, (size_t)when->integer * sizeof *conditions);
    if (!conditions) return ITSM_E_NOMEM;
    rule->conditions = conditions;
    ITSM__JSON_EACH(item, when)
    {
        if ((rc = read_condition(&conditions[rule->condition_count++], l, item))) return rc;
    }
    return ITSM_OK;
}

static itsm_status read_rule(loader *l, const itsm__json_node *node)
{
    static const char what[] = "a rule has a kind: \"response\", \"resolution\", \"fulfilment\" or \"update\"";
    const itsm_str members[] = {ITSM_STR("kind"),   ITSM_STR("goal"),     ITSM_STR("when"),
                                ITSM_STR("name"),   ITSM_STR("calendar"), ITSM_STR("pause"),
                                ITSM_STR("reopen"), ITSM_STR("retarget"), ITSM_STR("thresholds")};
    itsm_sla_rule rule = ITSM_SLA_RULE_INIT;
    int32_t kind = 0;
    itsm_status rc = itsm__json_expect(&l->json, node, ITSM__JSON_OBJECT);
    if (!rc) rc = itsm__json_expect_only(&l->json, node, members, sizeof members / sizeof *members);
    if (rc) return rc;
    const itsm__json_node *kind_node = itsm__json_member(node, "kind"), *goal = itsm__json_member(node, "goal"),
                          *pause = itsm__json_member(node, "pause");
    if ((rc = read_word(&kind, l, kind_node ? kind_node : node, kinds, KINDS, what))) return rc;
    if (!goal) return invalid(l, node, "a rule has a goal, which is null if nothing is promised");
    if (pause && (rc = itsm__json_expect(&l->json, pause, ITSM__JSON_TEXT))) return rc;
    rule.kind = (uint32_t)kind + 1;
    if (goal->kind == ITSM__JSON_NULL) rule.target.goal = ITSM_GOAL_NONE;
    else if ((rc = read_goal(&rule.target.goal, l, goal))) return rc;
    if ((rc = itsm__json_get_text(&rule.name, &l->json, node, "name", ITSM__JSON_OPTIONAL)) < 0) return rc;
    l->own = l->common;
    itsm__arena_reset(&l->arena);
    if ((rc = read_terms(&l->own, l, node)) || (rc = read_when(&rule, l, itsm__json_member(node, "when")))) return rc;
    take_terms(&rule, &l->own);
    rc = itsm_sla_builder_add_rule(l->builder, &rule);
    return rc ? refused(l, node, rc) : ITSM_OK;
}

static itsm_status read_rules(loader *l, const itsm__json_node *array)
{
    const itsm__json_node *item;
    itsm_status rc;
    if (!array) return ITSM_OK;
    if ((rc = itsm__json_expect(&l->json, array, ITSM__JSON_ARRAY))) return rc;
    ITSM__JSON_EACH(item, array)
    {
        if ((rc = read_rule(l, item))) return rc;
    }
    return ITSM_OK;
}

/* Reading a set --------------------------------------------------------------------------------------------------- */

/* {"1": 240}: only priorities. */
static int is_short_form(const itsm__json_node *root)
{
    int64_t unused;
    return root->integer && itsm__parse_int(&unused, root[1].key) == ITSM_OK;
}

static itsm_status read_targets(loader *l, itsm_str json)
{
    const itsm_str members[] = {ITSM_STR("response"),  ITSM_STR("resolution"), ITSM_STR("fulfilment"),
                                ITSM_STR("update"),    ITSM_STR("name"),       ITSM_STR("pause"),
                                ITSM_STR("reopen"),    ITSM_STR("retarget"),   ITSM_STR("thresholds"),
                                ITSM_STR("calendars"), ITSM_STR("calendar"),   ITSM_STR("rules")};
    itsm_str name = {NULL, 0};
    itsm_status rc = itsm__json_parse(&l->json, json);
    if (rc) return rc;
    const itsm__json_node *root = itsm__json_root(&l->json);
    if ((rc = itsm__json_expect(&l->json, root, ITSM__JSON_OBJECT))) return rc;
    if (is_short_form(root)) return read_goals(l, ITSM_RESOLUTION, root);
    if ((rc = itsm__json_expect_only(&l->json, root, members, sizeof members / sizeof *members))) return rc;
    rc = itsm__json_get_text(&name, &l->json, root, "name", ITSM__JSON_OPTIONAL);
    if (rc < 0 || (name.n && (rc = itsm_sla_builder_set_name(l->builder, name)))) return rc;
    if ((rc = read_calendars(l, itsm__json_member(root, "calendars"))) || (rc = read_terms(&l->common, l, root)) ||
        (rc = read_rules(l, itsm__json_member(root, "rules"))))
        return rc;
    for (uint32_t i = 0; i < KINDS && !rc; i++) {
        const itsm__json_node *goals = itsm__json_member(root, kinds[i]);
        if (goals) rc = read_goals(l, i + 1, goals);
    }
    return rc;
}

itsm_status itsm_sla_load(itsm_sla **out, itsm_ctx *ctx, itsm_str json, const itsm_calendar *calendar)
{
    if (out) *out = NULL;
    itsm__issues_clear(ctx);
    if (!out || !ctx) return ITSM_E_MISUSE;
    const itsm__memory *memory = itsm__ctx_memory(ctx);
    loader *l = itsm__alloc_zero(memory, sizeof *l);
    if (!l) return ITSM_E_NOMEM;
    itsm__json_init(&l->json, ctx);
    itsm__arena_init(&l->arena, memory);
    l->json.size_limit = JSON_MAX, l->json.depth_limit = DEPTH_MAX;
    l->ctx = ctx, l->common.calendar = calendar;
    l->common.pause[ITSM_RESPONSE - 1] = l->common.pause[ITSM_UPDATE - 1] = ITSM_PAUSE_IGNORED;
    itsm_status rc = itsm_sla_builder_new(&l->builder, ctx);
    if (!rc) rc = read_targets(l, json);
    if (!rc) rc = itsm_sla_builder_freeze(out, l->builder);
    itsm_sla_builder_free(l->builder);
    for (size_t i = 0; i < l->ncalendars; i++) itsm_calendar_free(l->calendars[i].calendar);
    itsm__arena_clear(&l->arena);
    itsm__json_clear(&l->json);
    itsm__free(memory, l, sizeof *l);
    return rc;
}

/* Writing --------------------------------------------------------------------------------------------------------- */

/* The calendars of a set, each under the name it is written by. */
typedef struct names {
    itsm__arena arena;
    const itsm_calendar *calendars[ITSM__SLA_CALENDARS_MAX];
    itsm_str names[ITSM__SLA_CALENDARS_MAX];
    size_t n;
} names;

static int is_taken(const names *t, itsm_str name)
{
    for (size_t i = 0; i < t->n; i++)
        if (itsm_str_eq(t->names[i], name)) return 1;
    return 0;
}

/* A name that no other calendar has: the wish, or the wish with a number. */
static itsm_status choose_name(itsm_str *out, names *t, itsm_str wish)
{
    itsm_buf text = ITSM_BUF_INIT;
    itsm_status rc = ITSM_OK;
    text.alloc = t->arena.memory.fn, text.alloc_user = t->arena.memory.user;
    *out = wish;
    for (uint64_t i = 2; !rc && is_taken(t, *out); i++) {
        text.n = 0;
        if (!(rc = itsm__format(&text, "%S-%u", wish, i))) *out = itsm_buf_str(&text);
    }
    if (!rc) rc = itsm__arena_copy(out, &t->arena, *out);
    itsm_buf_clear(&text);
    return rc;
}

static itsm_str name_of(const names *t, const itsm_calendar *calendar)
{
    for (size_t i = 0; i < t->n; i++)
        if (t->calendars[i] == calendar) return t->names[i];
    return itsm_str_n(NULL, 0);
}

static itsm_status collect_names(names *t, const itsm_sla *sla)
{
    for (size_t i = 0; i < itsm_sla_count(sla); i++) {
        const itsm_sla_rule *rule = itsm_sla_at(sla, i);
        const itsm_calendar *calendar = rule->target.calendar;
        if (!calendar || name_of(t, calendar).n) continue;
        itsm_str wish = rule->calendar.n ? rule->calendar : itsm_calendar_name(calendar);
        const itsm_status rc = choose_name(&t->names[t->n], t, wish.n ? wish : ITSM_STR("calendar"));
        if (rc) return rc;
        t->calendars[t->n++] = calendar;
    }
    return ITSM_OK;
}

static void write_word(itsm__json_writer *w, const char *key, const char *word)
{
    itsm__json_write_key(w, key);
    itsm__json_write_text(w, itsm_str_c(word));
}

static void write_span(itsm__json_writer *w, const char *key, itsm_span span)
{
    char text[ITSM_SPAN_MAX];
    write_word(w, key, itsm_span_text(text, span));
}

static void write_value(itsm__json_writer *w, const itsm_value *value)
{
    switch (value->kind) {
    case ITSM_TEXT: itsm__json_write_text(w, value->u.s); break;
    case ITSM_INT: itsm__json_write_int(w, value->u.i); break;
    case ITSM_BOOL: itsm__json_write_bool(w, value->u.i != 0); break;
    default: itsm__json_write_null(w); break;
    }
}

static void write_when(itsm__json_writer *w, const itsm_sla_rule *rule)
{
    if (!rule->condition_count) return;
    itsm__json_write_key(w, "when");
    itsm__json_write_object(w);
    for (size_t i = 0; i < rule->condition_count; i++) {
        const itsm_sla_condition *condition = &rule->conditions[i];
        itsm__json_write_key_str(w, condition->field);
        if (condition->value_count > 1) itsm__json_write_array(w);
        for (size_t k = 0; k < condition->value_count; k++) write_value(w, &condition->values[k]);
        if (condition->value_count > 1) itsm__json_write_end(w);
    }
    itsm__json_write_end(w);
}

static void write_thresholds(itsm__json_writer *w, const itsm_target *target)
{
    if (!target->threshold_count) return;
    itsm__json_write_key(w, "thresholds");
    itsm__json_write_array(w);
    for (size_t i = 0; i < target->threshold_count; i++) {
        const itsm_threshold *one = &target->thresholds[i];
        if (one->basis == ITSM_THRESHOLD_PERCENT) {
            itsm__json_write_int(w, one->value);
            continue;
        }
        itsm__json_write_object(w);
        write_span(w, bases[one->basis], one->value);
        itsm__json_write_end(w);
    }
    itsm__json_write_end(w);
}

static void write_rule(itsm__json_writer *w, const names *t, const itsm_sla_rule *rule)
{
    itsm__json_write_object(w);
    if (rule->name.n) itsm__json_write_key(w, "name"), itsm__json_write_text(w, rule->name);
    write_word(w, "kind", kinds[rule->kind - 1]);
    write_when(w, rule);
    if (rule->target.goal < ITSM_GOAL_NONE) write_span(w, "goal", rule->target.goal);
    else itsm__json_write_key(w, "goal"), itsm__json_write_null(w);
    itsm__json_write_key(w, "calendar");
    if (rule->target.calendar) itsm__json_write_text(w, name_of(t, rule->target.calendar));
    else itsm__json_write_null(w);
    write_word(w, "pause", pauses[rule->target.pause]);
    write_word(w, "reopen", reopens[rule->target.reopen]);
    write_word(w, "retarget", retargets[rule->retarget]);
    write_thresholds(w, &rule->target);
    itsm__json_write_end(w);
}

static itsm_status write_calendars(itsm__json_writer *w, const names *t)
{
    itsm_status rc = ITSM_OK;
    if (!t->n) return ITSM_OK;
    itsm__json_write_key(w, "calendars");
    itsm__json_write_object(w);
    for (size_t i = 0; i < t->n && !rc; i++) {
        itsm_buf text = ITSM_BUF_INIT;
        text.alloc = t->arena.memory.fn, text.alloc_user = t->arena.memory.user;
        itsm__json_write_key_str(w, t->names[i]);
        if (!(rc = itsm_calendar_encode(&text, t->calendars[i]))) itsm__json_write_raw(w, itsm_buf_str(&text));
        itsm_buf_clear(&text);
    }
    itsm__json_write_end(w);
    return rc;
}

static itsm_status write_set(itsm_buf *out, const itsm_sla *sla, const names *t)
{
    itsm__json_writer w;
    itsm__json_write_init(&w, out, 0);
    itsm__json_write_object(&w);
    if (itsm_sla_name(sla).n) itsm__json_write_key(&w, "name"), itsm__json_write_text(&w, itsm_sla_name(sla));
    const itsm_status rc = write_calendars(&w, t);
    itsm__json_write_key(&w, "rules");
    itsm__json_write_array(&w);
    for (size_t i = 0; i < itsm_sla_count(sla); i++) write_rule(&w, t, itsm_sla_at(sla, i));
    itsm__json_write_end(&w);
    itsm__json_write_end(&w);
    const itsm_status written = itsm__json_write_finish(&w);
    return rc ? rc : written;
}

itsm_status itsm_sla_encode(itsm_buf *out, const itsm_sla *sla)
{
    if (!out || !sla) return ITSM_E_MISUSE;
    const itsm__memory *memory = itsm__sla_memory(sla);
    const size_t start = out->n;
    names *t = itsm__alloc_zero(memory, sizeof *t);
    if (!t) return ITSM_E_NOMEM;
    itsm__arena_init(&t->arena, memory);
    itsm_status rc = collect_names(t, sla);
    if (!rc) rc = write_set(out, sla, t);
    if (rc) out->n = start;
    itsm__arena_clear(&t->arena);
    itsm__free(memory, t, sizeof *t);
    return rc;
}
