/* SPDX-License-Identifier: MIT */
/*
 * Sets of targets from JSON.  Options (pause, reopen, thresholds) are read first, then the goals by kind, so that their
 * order in the text does not matter.
 */
#include "base/text.h"
#include "sla/clock.h"
#include "text/json.h"

enum { JSON_MAX = 1024 * 1024, DEPTH_MAX = 8, KINDS = 4, MINUTES_MAX = 1000000000 };

static const char *const kinds[KINDS] = {"response", "resolution", "fulfilment", "update"};

typedef struct loader {
    itsm__json json;
    itsm_sla_builder *builder;
    const itsm_calendar *calendar;
    int32_t pause[KINDS], reopen;
    itsm_threshold thresholds[ITSM__THRESHOLDS_MAX];
    size_t threshold_count;
} loader;

static itsm_status invalid(const loader *l, const itsm__json_node *node, const char *what)
{
    return itsm__json_issue(&l->json, node, ITSM_E_INVALID, itsm_str_n(NULL, 0), "%s", what);
}

/* Minutes, or a duration. */
static itsm_status read_span(itsm_span *out, const loader *l, const itsm__json_node *node)
{
    if (node->kind == ITSM__JSON_INT && node->integer >= -MINUTES_MAX && node->integer <= MINUTES_MAX)
        *out = ITSM_MINUTES(node->integer);
    else if (node->kind != ITSM__JSON_TEXT || itsm_span_decode(out, node->text))
        return invalid(l, node, "a length of time is whole minutes, or a duration such as \"PT4H\"");
    return ITSM_OK;
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

static itsm_status read_pause(loader *l, const itsm__json_node *node)
{
    static const char *const words[] = {"holds", "ignored"};
    static const char what[] = "a pause \"holds\" the clock or is \"ignored\"";
    const itsm__json_node *item;
    itsm_status rc;
    if (!node) return ITSM_OK;
    if (node->kind != ITSM__JSON_OBJECT) {
        if ((rc = read_word(&l->pause[0], l, node, words, 2, what))) return rc;
        for (int i = 1; i < KINDS; i++) l->pause[i] = l->pause[0];
        return ITSM_OK;
    }
    itsm_str names[KINDS];
    for (int i = 0; i < KINDS; i++) names[i] = itsm_str_c(kinds[i]);
    if ((rc = itsm__json_expect_only(&l->json, node, names, KINDS))) return rc;
    ITSM__JSON_EACH(item, node)
    {
        int kind = 0;
        while (!itsm_str_eq(item->key, names[kind])) kind++;
        if ((rc = read_word(&l->pause[kind], l, item, words, 2, what))) return rc;
    }
    return ITSM_OK;
}

static itsm_status read_threshold(itsm_threshold *out, const loader *l, const itsm__json_node *node)
{
    static const char what[] =
        "a threshold is a percentage up to 100000, or an object with one of percent, working, wall";
    const itsm_str names[] = {ITSM_STR("percent"), ITSM_STR("working"), ITSM_STR("wall")};
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

static itsm_status read_thresholds(loader *l, const itsm__json_node *node)
{
    const itsm__json_node *item;
    itsm_status rc;
    if (!node) return ITSM_OK;
    if ((rc = itsm__json_expect(&l->json, node, ITSM__JSON_ARRAY))) return rc;
    if (node->integer > ITSM__THRESHOLDS_MAX)
        return itsm__json_issue(&l->json, node, ITSM_E_LIMIT, itsm_str_n(NULL, 0), "more than 64 thresholds");
    ITSM__JSON_EACH(item, node)
    {
        if ((rc = read_threshold(&l->thresholds[l->threshold_count++], l, item))) return rc;
    }
    return ITSM_OK;
}

static itsm_status read_goals(loader *l, uint32_t kind, const itsm__json_node *object)
{
    const itsm__json_node *item;
    itsm_status rc = itsm__json_expect(&l->json, object, ITSM__JSON_OBJECT);
    if (rc) return rc;
    ITSM__JSON_EACH(item, object)
    {
        itsm_target target = ITSM_TARGET_INIT;
        int64_t priority;
        if (itsm__parse_int(&priority, item->key)) return invalid(l, item, "priorities are whole numbers");
        if ((rc = read_span(&target.goal, l, item))) return rc;
        if (target.goal <= 0) return invalid(l, item, "a goal is more than 0");
        target.calendar = l->calendar, target.pause = l->pause[kind - 1], target.reopen = l->reopen;
        target.thresholds = l->thresholds, target.threshold_count = l->threshold_count;
        rc = itsm_sla_builder_add(l->builder, kind, priority, &target);
        if (rc == ITSM_E_INVALID) return invalid(l, item, "this priority stands here already");
        if (rc == ITSM_E_LIMIT) return itsm__json_issue(&l->json, item, rc, itsm_str_n(NULL, 0), "too many targets");
        if (rc) return rc;
    }
    return ITSM_OK;
}

/* {"1": 240}: only priorities. */
static int is_short_form(const itsm__json_node *root)
{
    int64_t unused;
    return root->integer && itsm__parse_int(&unused, root[1].key) == ITSM_OK;
}

static itsm_status read_options(loader *l, const itsm__json_node *root)
{
    static const char *const words[] = {"resume", "restart", "continue", "ignore"};
    const itsm__json_node *reopen = itsm__json_member(root, "reopen");
    itsm_str name = {NULL, 0};
    itsm_status rc = itsm__json_get_text(&name, &l->json, root, "name", ITSM__JSON_OPTIONAL);
    if (rc < 0 || (name.n && (rc = itsm_sla_builder_set_name(l->builder, name)))) return rc;
    if ((rc = read_pause(l, itsm__json_member(root, "pause")))) return rc;
    if (reopen && (rc = read_word(&l->reopen, l, reopen, words, 4,
                                  "reopening is to \"resume\", \"restart\", \"continue\" or \"ignore\"")))
        return rc;
    return read_thresholds(l, itsm__json_member(root, "thresholds"));
}

static itsm_status read_targets(loader *l, itsm_str json)
{
    const itsm_str members[] = {ITSM_STR("response"), ITSM_STR("resolution"), ITSM_STR("fulfilment"),
                                ITSM_STR("update"),   ITSM_STR("name"),       ITSM_STR("pause"),
                                ITSM_STR("reopen"),   ITSM_STR("thresholds")};
    itsm_status rc = itsm__json_parse(&l->json, json);
    if (rc) return rc;
    const itsm__json_node *root = itsm__json_root(&l->json);
    if ((rc = itsm__json_expect(&l->json, root, ITSM__JSON_OBJECT))) return rc;
    if (is_short_form(root)) return read_goals(l, ITSM_RESOLUTION, root);
    if ((rc = itsm__json_expect_only(&l->json, root, members, sizeof members / sizeof *members)) ||
        (rc = read_options(l, root)))
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
    loader *l = itsm__alloc_zero(itsm__ctx_memory(ctx), sizeof *l);
    if (!l) return ITSM_E_NOMEM;
    itsm__json_init(&l->json, ctx);
    l->json.size_limit = JSON_MAX, l->json.depth_limit = DEPTH_MAX;
    l->calendar = calendar;
    l->pause[ITSM_RESPONSE - 1] = l->pause[ITSM_UPDATE - 1] = ITSM_PAUSE_IGNORED;
    itsm_status rc = itsm_sla_builder_new(&l->builder, ctx);
    if (!rc) rc = read_targets(l, json);
    if (!rc) rc = itsm_sla_builder_freeze(out, l->builder);
    itsm_sla_builder_free(l->builder);
    itsm__json_clear(&l->json);
    itsm__free(itsm__ctx_memory(ctx), l, sizeof *l);
    return rc;
}
