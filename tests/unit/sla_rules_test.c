/* SPDX-License-Identifier: MIT */
/* Sets of targets: rules on fields of records, as JSON and by the builder; and what would be under another set. */
#include <itsm/sla.h>

#include "support.h"
#include "zones.h"

#include <criterion/criterion.h>

static struct counting counting = COUNTING_INIT;
static itsm_ctx *ctx;

static void begin(void)
{
    ctx = zones_ctx(counting_alloc, &counting);
}

static void end(void)
{
    itsm_ctx_free(ctx);
    assert_nothing_outstanding(counting);
}

TestSuite(sla_rules, .init = begin, .fini = end);

#define OFFICE "{\"name\":\"Office\",\"tz\":\"UTC\",\"weekly\":{\"mon\":[[\"09:00\",\"17:00\"]]}}"

/* Quotes as ' so that it can be read. */
static itsm_status load_with(itsm_sla **out, const char *json, const itsm_calendar *calendar)
{
    char text[8192];
    size_t n = 0;
    for (; json[n] && n < sizeof text - 1; n++) text[n] = (char)(json[n] == '\'' ? '"' : json[n]);
    return itsm_sla_load(out, ctx, itsm_str_n(text, n), calendar);
}

static itsm_sla *load(const char *json)
{
    itsm_sla *sla;
    cr_assert_eq(load_with(&sla, json, NULL), ITSM_OK, "%.*s", ITSM_ARG(first_message(ctx)));
    return sla;
}

/* Facts written as name, value pairs of a test. */
#define TEXT(name, text)                                                                                               \
    {                                                                                                                  \
        {name, sizeof name - 1},                                                                                       \
        {                                                                                                              \
            ITSM_TEXT, 0,                                                                                              \
            {                                                                                                          \
                .s = { text, sizeof text - 1 }                                                                         \
            }                                                                                                          \
        }                                                                                                              \
    }
#define INT(name, number)                                                                                              \
    {                                                                                                                  \
        {name, sizeof name - 1},                                                                                       \
        {                                                                                                              \
            ITSM_INT, 0,                                                                                               \
            {                                                                                                          \
                .i = number                                                                                            \
            }                                                                                                          \
        }                                                                                                              \
    }

/* The name of the rule for some facts, or "none". */
#define CHOSEN(sla, kind, ...)                                                                                         \
    chosen(sla, kind, (const itsm_sla_fact[]){__VA_ARGS__},                                                            \
           sizeof((const itsm_sla_fact[]){__VA_ARGS__}) / sizeof(itsm_sla_fact))

static const char *chosen(const itsm_sla *sla, uint32_t kind, const itsm_sla_fact *items, size_t n)
{
    static char name[64];
    const itsm_sla_facts facts = {items, n};
    const itsm_sla_rule *rule;
    const itsm_status rc = itsm_sla_find_facts(&rule, sla, kind, &facts);
    if (rc == ITSM_NOTHING) cr_assert_null(rule);
    if (rc == ITSM_NOTHING) return "none";
    cr_assert_eq(rc, ITSM_OK);
    snprintf(name, sizeof name, "%.*s", ITSM_ARG(rule->name));
    return name;
}

/* Choosing -------------------------------------------------------------------------------------------------------- */

static const char gold[] =
    "{'name':'Gold','calendars':{'office':" OFFICE ",'all':{'tz':'UTC','weekly':{'mon':[['00:00','24:00']]}}},"
    "'rules':["
    "{'kind':'resolution','when':{'priority':[1,2],'service':'mail','customer':'acme'},'goal':'PT4H',"
    "'calendar':'office','pause':'holds','reopen':'restart','retarget':'proportional','thresholds':[75],"
    "'name':'P1 mail'},"
    "{'kind':'resolution','when':{'vip':true},'goal':60,'name':'VIP'},"
    "{'kind':'resolution','when':{'service':null},'goal':null,'name':'no service'},"
    "{'kind':'response','goal':15,'name':'any'},"
    "{'kind':'resolution','when':{'priority':3},'goal':'P1D','calendar':null,'name':'P3'}],"
    "'resolution':{'1':480,'3':960},'calendar':'all','thresholds':[50,{'working':'-PT1H'}]}";

Test(sla_rules, the_first_rule_that_fits_is_taken)
{
    itsm_sla *sla = load(gold);
    assert_text(itsm_sla_name(sla), "Gold");
    cr_assert_eq(itsm_sla_count(sla), 7);
    cr_assert_str_eq(
        CHOSEN(sla, ITSM_RESOLUTION, INT("priority", 2), TEXT("service", "mail"), TEXT("customer", "acme")), "P1 mail");
    cr_assert_str_eq(
        CHOSEN(sla, ITSM_RESOLUTION, INT("priority", 3), TEXT("service", "mail"), TEXT("customer", "acme")), "P3",
        "a rule of the list, before the map");
    cr_assert_str_eq(CHOSEN(sla, ITSM_RESOLUTION, INT("priority", 3)), "no service", "a field without a value");
    cr_assert_str_eq(CHOSEN(sla, ITSM_RESOLUTION, INT("priority", 2), TEXT("service", "web")), "none");
    cr_assert_str_eq(CHOSEN(sla, ITSM_RESPONSE, INT("priority", 9)), "any", "without a condition, for every record");
    cr_assert_str_eq(CHOSEN(sla, ITSM_FULFILMENT, INT("priority", 1)), "none");
    cr_assert_str_eq(CHOSEN(sla, ITSM_RESOLUTION, {{"vip", 3}, {ITSM_BOOL, 0, {.i = 1}}}, INT("priority", 3)), "VIP");
    cr_assert_str_eq(CHOSEN(sla, ITSM_RESOLUTION, TEXT("service", "x"), TEXT("priority", "3")), "none",
                     "a text is not a number");
    const itsm_sla_rule *rule = itsm_sla_at(sla, 0);
    cr_assert(rule->target.goal == ITSM_HOURS(4) && rule->target.reopen == ITSM_REOPEN_RESTART &&
              rule->retarget == ITSM_RETARGET_PROPORTIONAL && rule->target.threshold_count == 1);
    assert_text(rule->calendar, "office");
    assert_text(itsm_calendar_name(rule->target.calendar), "Office");
    cr_assert_eq(rule->condition_count, 3);
    assert_text(rule->conditions[1].field, "service");
    rule = itsm_sla_at(sla, 1);
    cr_assert(rule->target.threshold_count == 2 && rule->target.thresholds[1].value == ITSM_HOURS(-1),
              "what holds for all holds here");
    assert_text(rule->calendar, "all");
    cr_assert(itsm_sla_at(sla, 2)->target.goal == ITSM_GOAL_NONE && itsm_sla_at(sla, 4)->target.calendar == NULL);
    cr_assert_eq(itsm_sla_at(sla, 3)->target.pause, ITSM_PAUSE_IGNORED);
    cr_assert_null(itsm_sla_at(sla, 7));
    itsm_sla_free(sla);
}

Test(sla_rules, the_fields_that_rules_read_can_be_listed)
{
    itsm_sla *sla = load(gold);
    cr_assert_eq(itsm_sla_field_count(sla), 4);
    assert_text(itsm_sla_field_at(sla, 0), "priority");
    assert_text(itsm_sla_field_at(sla, 3), "vip");
    cr_assert_eq(itsm_sla_field_at(sla, 4).n, 0);
    itsm_sla_free(sla);
    cr_assert(itsm_sla_field_count(NULL) == 0 && itsm_sla_count(NULL) == 0);
}

struct asked {
    char names[64];
    itsm_status rc;
};

static itsm_status ask(void *user, itsm_value *out, itsm_str field)
{
    static const itsm_value groups[] = {{ITSM_PARTY, 0, {.s = {"night", 5}}}, {ITSM_PARTY, 0, {.s = {"day", 3}}}};
    struct asked *asked = user;
    snprintf(asked->names + strlen(asked->names), sizeof asked->names - strlen(asked->names), "%.*s ", ITSM_ARG(field));
    if (asked->rc) return asked->rc;
    if (itsm_str_is(field, "groups")) out->kind = ITSM_LIST, out->u.list.item = groups, out->u.list.n = 2;
    else if (itsm_str_is(field, "state")) *out = itsm_value_text(ITSM_STR("open")), out->kind = ITSM_ENUM;
    else return ITSM_NOTHING;
    return ITSM_OK;
}

Test(sla_rules, a_field_is_asked_for_once_and_a_list_fits_by_any_of_its_values)
{
    itsm_sla *sla = load("{'rules':[{'kind':'update','when':{'state':'closed'},'goal':1,'name':'a'},"
                         "{'kind':'update','when':{'state':'open','groups':'evening'},'goal':1,'name':'b'},"
                         "{'kind':'update','when':{'state':['new','open'],'groups':['evening','day'],'ci':null},"
                         "'goal':1,'name':'c'},{'kind':'update','when':{'other':1},'goal':1}]}");
    struct asked asked = {"", 0};
    const itsm_sla_rule *rule;
    cr_assert_eq(itsm_sla_find(&rule, sla, ITSM_UPDATE, ask, &asked), ITSM_OK);
    assert_text(rule->name, "c");
    cr_assert_str_eq(asked.names, "state groups ci ");
    asked.rc = ITSM_E_HOST_FIRST;
    cr_assert_eq(itsm_sla_find(&rule, sla, ITSM_UPDATE, ask, &asked), ITSM_E_HOST_FIRST,
                 "the host's failure comes back");
    cr_assert_null(rule);
    cr_assert_eq(itsm_sla_find(&rule, sla, ITSM_UPDATE, NULL, NULL), ITSM_NOTHING);
    cr_assert_eq(itsm_sla_find(&rule, NULL, ITSM_UPDATE, NULL, NULL), ITSM_NOTHING);
    cr_assert_eq(itsm_sla_find(NULL, sla, ITSM_UPDATE, NULL, NULL), ITSM_E_MISUSE);
    itsm_sla_free(sla);
}

Test(sla_rules, rules_on_the_priority_alone_keep_their_place_among_the_others)
{
    itsm_sla *sla = load("{'rules':[{'kind':'resolution','when':{'priority':[5,5,4]},'goal':1,'name':'first'},"
                         "{'kind':'resolution','when':{'a':1},'goal':1,'name':'a'},"
                         "{'kind':'resolution','when':{'priority':[4,3]},'goal':1,'name':'second'}],"
                         "'resolution':{'3':9,'2':9}}");
    cr_assert_str_eq(CHOSEN(sla, ITSM_RESOLUTION, INT("priority", 4), INT("a", 1)), "first");
    cr_assert_str_eq(CHOSEN(sla, ITSM_RESOLUTION, INT("priority", 3), INT("a", 1)), "a");
    cr_assert_str_eq(CHOSEN(sla, ITSM_RESOLUTION, INT("priority", 3)), "second");
    cr_assert_str_eq(CHOSEN(sla, ITSM_RESOLUTION, INT("priority", 2)), "", "of the map");
    cr_assert_str_eq(CHOSEN(sla, ITSM_RESOLUTION, INT("priority", 1)), "none");
    itsm_sla_free(sla);
}

Test(sla_rules, targets_are_made_for_what_is_known_of_a_record)
{
    itsm_sla *sla = load("{'calendars':{'office':" OFFICE "},'calendar':'office','pause':'ignored',"
                         "'resolution':{'1':240}}");
    const itsm_sla_fact one[] = {INT("priority", 1)}, two[] = {INT("priority", 2)};
    const itsm_sla_facts facts[] = {{one, 1}, {two, 1}};
    itsm_target targets[2];
    cr_assert_eq(itsm_sla_targets(targets, sla, ITSM_RESOLUTION, facts, 2), ITSM_OK);
    cr_assert_eq(targets[0].goal, ITSM_HOURS(4));
    cr_assert(targets[1].goal == ITSM_GOAL_NONE && targets[1].calendar == targets[0].calendar &&
                  targets[1].pause == ITSM_PAUSE_IGNORED,
              "measured alike, and nothing is promised");
    cr_assert_eq(itsm_sla_targets(targets, NULL, ITSM_RESOLUTION, facts, 2), ITSM_E_MISUSE);
    itsm_sla_free(sla);
}

/* JSON ------------------------------------------------------------------------------------------------------------ */

static void assert_same(const itsm_sla *a, const itsm_sla *b)
{
    cr_assert_eq(itsm_sla_count(a), itsm_sla_count(b));
    for (size_t i = 0; i < itsm_sla_count(a); i++) {
        const itsm_sla_rule *x = itsm_sla_at(a, i), *y = itsm_sla_at(b, i);
        cr_assert(x->kind == y->kind && x->retarget == y->retarget && itsm_str_eq(x->name, y->name));
        cr_assert(x->target.goal == y->target.goal && x->target.pause == y->target.pause &&
                  x->target.reopen == y->target.reopen && x->target.threshold_count == y->target.threshold_count &&
                  !x->target.calendar == !y->target.calendar && x->condition_count == y->condition_count);
        for (size_t k = 0; k < x->target.threshold_count; k++)
            cr_assert(memcmp(&x->target.thresholds[k], &y->target.thresholds[k], sizeof(itsm_threshold)) == 0);
        for (size_t k = 0; k < x->condition_count; k++) {
            cr_assert(itsm_str_eq(x->conditions[k].field, y->conditions[k].field));
            cr_assert_eq(x->conditions[k].value_count, y->conditions[k].value_count);
            for (size_t v = 0; v < x->conditions[k].value_count; v++)
                cr_assert(itsm_value_eq(&x->conditions[k].values[v], &y->conditions[k].values[v]));
        }
    }
}

Test(sla_rules, a_set_is_written_and_read_back_the_same)
{
    itsm_calendar *office, *other;
    cr_assert_eq(itsm_calendar_load(&office, ctx, ITSM_STR(OFFICE)), ITSM_OK);
    cr_assert_eq(itsm_calendar_load(&other, ctx, ITSM_STR("{\"tz\":\"UTC\",\"name\":\"office\"}")), ITSM_OK);
    static const char *const sets[] = {
        gold,
        "{'1':240,'2':480}",
        "{}",
        "{'rules':[]}",
        "{'thresholds':[{'wall':'-PT0.000001S'},100000,{'working':0}],'update':{'-7':1}}",
        "{'rules':[{'kind':'update','goal':'PT0.5S','when':{'a\\n':['\\u00e9',-1,false]}}]}"};
    for (size_t i = 0; i < sizeof sets / sizeof *sets; i++) {
        itsm_buf text = counting_buf(&counting), again = counting_buf(&counting);
        itsm_sla *sla, *back;
        cr_assert_eq(load_with(&sla, sets[i], office), ITSM_OK, "%s: %.*s", sets[i], ITSM_ARG(first_message(ctx)));
        cr_assert_eq(itsm_sla_encode(&text, sla), ITSM_OK);
        cr_assert_eq(itsm_sla_load(&back, ctx, itsm_buf_str(&text), other), ITSM_OK, "%.*s",
                     ITSM_ARG(itsm_buf_str(&text)));
        assert_same(sla, back);
        cr_assert_eq(itsm_sla_encode(&again, back), ITSM_OK);
        cr_assert(itsm_str_eq(itsm_buf_str(&text), itsm_buf_str(&again)), "%.*s\n%.*s", ITSM_ARG(itsm_buf_str(&text)),
                  ITSM_ARG(itsm_buf_str(&again)));
        itsm_sla_free(sla), itsm_sla_free(back);
        itsm_buf_clear(&text), itsm_buf_clear(&again);
    }
    itsm_calendar_free(office), itsm_calendar_free(other);
}

Test(sla_rules, calendars_of_one_name_are_told_apart_when_written)
{
    itsm_sla_builder *builder;
    itsm_sla *sla;
    itsm_buf text = counting_buf(&counting);
    cr_assert_eq(itsm_sla_builder_new(&builder, ctx), ITSM_OK);
    for (int64_t i = 1; i <= 3; i++) {
        itsm_target target = ITSM_TARGET_INIT;
        itsm_calendar *calendar;
        cr_assert_eq(itsm_calendar_load(&calendar, ctx, ITSM_STR(OFFICE)), ITSM_OK);
        target.calendar = calendar, target.goal = ITSM_HOURS(i);
        cr_assert_eq(itsm_sla_builder_add(builder, ITSM_RESOLUTION, i, &target), ITSM_OK);
        cr_assert_eq(itsm_sla_builder_add(builder, ITSM_RESPONSE, i, &target), ITSM_OK);
        itsm_calendar_free(calendar);
    }
    cr_assert_eq(itsm_sla_builder_freeze(&sla, builder), ITSM_OK);
    itsm_sla_builder_free(builder);
    cr_assert_eq(itsm_sla_encode(&text, sla), ITSM_OK);
    cr_assert_eq(itsm_buf_add(&text, "", 1), ITSM_OK);
    cr_assert(strstr(text.p, "\"Office\":{") && strstr(text.p, "\"Office-2\":{") && strstr(text.p, "\"Office-3\":{"));
    cr_assert_null(strstr(text.p, "\"Office-4\""));
    cr_assert(strstr(text.p, "\"goal\":\"PT3H\",\"calendar\":\"Office-3\""));
    itsm_sla_free(sla);
    itsm_buf_clear(&text);
}

Test(sla_rules, what_is_wrong_is_told_with_its_place)
{
    static const struct {
        const char *json, *where, *message;
        itsm_status rc;
        uint64_t line, column;
    } cases[] = {
        {"{'rules':{}}", "/rules", "", ITSM_E_INVALID, 1, 10},
        {"{'rules':[\n{'kind':'resolution'}]}", "/rules/0", "goal", ITSM_E_INVALID, 2, 1},
        {"{'rules':[\n{'goal':5}]}", "/rules/0", "kind", ITSM_E_INVALID, 2, 1},
        {"{'rules':[{'kind':'solution','goal':5}]}", "/rules/0/kind", "kind", ITSM_E_INVALID, 1, 19},
        {"{'rules':[{'kind':'update','goal':0}]}", "/rules/0/goal", "goal", ITSM_E_INVALID, 1, 35},
        {"{'rules':[{'kind':'update','goal':5,'whem':{}}]}", "/rules/0/whem", "", ITSM_E_INVALID, 1, 44},
        {"{'rules':[{'kind':'update','goal':5,'when':[]}]}", "/rules/0/when", "", ITSM_E_INVALID, 1, 44},
        {"{'rules':[{'kind':'update','goal':5,'when':{'a':[]}}]}", "/rules/0/when/a", "one", ITSM_E_INVALID, 1, 49},
        {"{'rules':[{'kind':'update','goal':5,'when':{'a':1.5}}]}", "/rules/0/when/a", "value", ITSM_E_INVALID, 1, 49},
        {"{'rules':[{'kind':'update','goal':5,'when':{'a':[{}]}}]}", "/rules/0/when/a/0", "", ITSM_E_INVALID, 1, 50},
        {"{'rules':[{'kind':'update','goal':5,'when':{'':1}}]}", "/rules/0/when/", "name", ITSM_E_INVALID, 1, 48},
        {"{'rules':[{'kind':'update','goal':5,'calendar':'x'}]}", "/rules/0/calendar", "", ITSM_E_INVALID, 1, 48},
        {"{'rules':[{'kind':'update','goal':5,'pause':{}}]}", "/rules/0/pause", "", ITSM_E_INVALID, 1, 45},
        {"{'rules':[{'kind':'update','goal':5,'retarget':'reset'}]}", "/rules/0/retarget", "", ITSM_E_INVALID, 1, 48},
        {"{'calendar':'x'}", "/calendar", "", ITSM_E_INVALID, 1, 13},
        {"{'calendars':{'':{'tz':'UTC'}}}", "/calendars/", "", ITSM_E_INVALID, 1, 18},
        {"{'calendars':{'x':[]}}", "/calendars/x", "", ITSM_E_INVALID, 1, 19},
        {"{'calendars':\n{'x':{'tz':'UTC',\n 'weekly':{'mon':[['9','17:00']]}}}}", "/calendars/x/weekly/mon/0/0", "",
         ITSM_E_INVALID, 3, 20},
        {"{'calendars':{'x':{'tz':'UTC','weekly':[]}}}", "/calendars/x/weekly", "", ITSM_E_INVALID, 1, 40},
        {"{'calendars':{'a/b':{'tz':'No/Where'}}}", "/calendars/a~1b", "No/Where", ITSM_E_NOT_FOUND, 1, 21},
        {"{'response':{'1':5,'1.0':5}}", "/response/1.0", "priorities", ITSM_E_INVALID, 1, 26},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        itsm_sla *sla;
        cr_assert_eq(load_with(&sla, cases[i].json, NULL), cases[i].rc, "%s", cases[i].json);
        cr_assert_null(sla);
        const itsm_issue *issue = itsm_ctx_issue(ctx, 0);
        cr_assert_not_null(issue, "%s", cases[i].json);
        assert_text(issue->where, cases[i].where);
        cr_assert(issue->line == cases[i].line && issue->column == cases[i].column, "%s: %llu:%llu", cases[i].json,
                  (unsigned long long)issue->line, (unsigned long long)issue->column);
        char message[512];
        snprintf(message, sizeof message, "%.*s", ITSM_ARG(issue->message));
        cr_assert(strstr(message, cases[i].message), "%s: %s", cases[i].json, message);
    }
}

/* A text of many pieces: begin, n times piece, end. */
static itsm_status load_many(const char *first, const char *piece, int numbered, size_t n, const char *last)
{
    itsm_buf text = ITSM_BUF_INIT;
    itsm_sla *sla;
    char one[256];
    itsm_status rc = itsm_buf_add(&text, first, strlen(first));
    for (size_t i = 0; i < n && !rc; i++) {
        const int length = numbered ? snprintf(one, sizeof one, piece, i ? "," : "", (unsigned)i)
                                    : snprintf(one, sizeof one, "%s%s", i ? "," : "", piece);
        rc = itsm_buf_add(&text, one, (size_t)length);
    }
    if (!rc) rc = itsm_buf_add(&text, last, strlen(last));
    cr_assert_eq(rc, ITSM_OK);
    rc = itsm_sla_load(&sla, ctx, itsm_buf_str(&text), NULL);
    itsm_sla_free(sla);
    itsm_buf_clear(&text);
    return rc;
}

Test(sla_rules, more_than_the_limits_is_refused, .timeout = 120)
{
    static const char rule[] = "{\"kind\":\"update\",\"goal\":1}";
    static const char fields[] = "%s{\"kind\":\"update\",\"goal\":1,\"when\":{\"f%u\":1}}";
    cr_assert_eq(load_many("{\"rules\":[", rule, 0, 10000, "]}"), ITSM_OK);
    cr_assert_eq(load_many("{\"rules\":[", rule, 0, 10001, "]}"), ITSM_E_LIMIT);
    cr_assert_eq(load_many("{\"rules\":[", fields, 1, 64, "]}"), ITSM_OK);
    cr_assert_eq(load_many("{\"rules\":[", fields, 1, 65, "]}"), ITSM_E_LIMIT);
    cr_assert_eq(itsm_ctx_issue(ctx, 0)->code, ITSM_E_LIMIT);
    cr_assert_eq(load_many("{\"rules\":[{\"kind\":\"update\",\"goal\":1,\"when\":{", "%s\"f%u\":1", 1, 16, "}}]}"),
                 ITSM_OK);
    cr_assert_eq(load_many("{\"rules\":[{\"kind\":\"update\",\"goal\":1,\"when\":{", "%s\"f%u\":1", 1, 17, "}}]}"),
                 ITSM_E_LIMIT);
    cr_assert_eq(load_many("{\"rules\":[{\"kind\":\"update\",\"goal\":1,\"when\":{\"a\":[", "1", 0, 256, "]}}]}"),
                 ITSM_OK);
    cr_assert_eq(load_many("{\"rules\":[{\"kind\":\"update\",\"goal\":1,\"when\":{\"a\":[", "1", 0, 257, "]}}]}"),
                 ITSM_E_LIMIT);
    cr_assert_eq(load_many("{\"calendars\":{", "%s\"c%u\":{}", 1, 65, "}}"), ITSM_E_LIMIT, "before any is compiled");
    cr_assert_eq(load_many("{\"thresholds\":[", "1", 0, 65, "]}"), ITSM_E_LIMIT);
    cr_assert_eq(load_many("{\"resolution\":{", "%s\"%u\":1", 1, 10001, "}}"), ITSM_E_LIMIT);
}

/* Builder --------------------------------------------------------------------------------------------------------- */

Test(sla_rules, a_builder_refuses_what_cannot_be_a_rule_and_stays_as_it_was)
{
    const itsm_value one = itsm_value_number(ITSM_INT, 1), time = itsm_value_number(ITSM_TIME, 1);
    const itsm_sla_condition good[] = {{{"a", 1}, &one, 1}, {{"b", 1}, &one, 1}};
    const itsm_sla_condition twice[] = {{{"a", 1}, &one, 1}, {{"a", 1}, &one, 1}};
    const itsm_sla_condition nameless[] = {{{"", 0}, &one, 1}}, empty[] = {{{"a", 1}, &one, 0}},
                             none[] = {{{"a", 1}, NULL, 1}}, odd[] = {{{"a", 1}, &time, 1}},
                             many[] = {{{"a", 1}, &one, 257}};
    const struct {
        const itsm_sla_condition *conditions;
        size_t n;
        itsm_status rc;
    } cases[] = {{twice, 2, ITSM_E_INVALID}, {nameless, 1, ITSM_E_INVALID}, {empty, 1, ITSM_E_INVALID},
                 {none, 1, ITSM_E_INVALID},  {odd, 1, ITSM_E_INVALID},      {many, 1, ITSM_E_LIMIT},
                 {good, 17, ITSM_E_LIMIT},   {NULL, 1, ITSM_E_MISUSE}};
    itsm_sla_builder *builder;
    itsm_sla *sla;
    itsm_sla_rule rule = ITSM_SLA_RULE_INIT;
    cr_assert_eq(itsm_sla_builder_new(&builder, ctx), ITSM_OK);
    rule.kind = ITSM_UPDATE, rule.target.goal = 1;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        rule.conditions = cases[i].conditions, rule.condition_count = cases[i].n;
        cr_assert_eq(itsm_sla_builder_add_rule(builder, &rule), cases[i].rc, "case %zu", i);
    }
    rule.conditions = good, rule.condition_count = 2;
    rule.retarget = 3;
    cr_assert_eq(itsm_sla_builder_add_rule(builder, &rule), ITSM_E_RANGE);
    rule.retarget = 0, rule.kind = 5;
    cr_assert_eq(itsm_sla_builder_add_rule(builder, &rule), ITSM_E_INVALID);
    rule.kind = 4, rule.target.goal = 0;
    cr_assert_eq(itsm_sla_builder_add_rule(builder, &rule), ITSM_E_RANGE);
    rule.target.goal = INT64_MAX, rule.size = 8;
    cr_assert_eq(itsm_sla_builder_add_rule(builder, &rule), ITSM_E_MISUSE);
    rule.size = sizeof rule;
    cr_assert_eq(itsm_sla_builder_add_rule(builder, &rule), ITSM_OK);
    cr_assert_eq(itsm_sla_builder_add_rule(NULL, &rule), ITSM_E_MISUSE);
    cr_assert_eq(itsm_sla_builder_add_rule(builder, NULL), ITSM_E_MISUSE);
    cr_assert_eq(itsm_sla_builder_freeze(&sla, builder), ITSM_OK);
    itsm_sla_builder_free(builder);
    cr_assert(itsm_sla_count(sla) == 1 && itsm_sla_at(sla, 0)->target.goal == ITSM_GOAL_NONE);
    cr_assert_eq(itsm_sla_field_count(sla), 2, "of the rule that was added");
    itsm_sla_free(sla);
}

Test(sla_rules, every_allocation_of_loading_and_writing_rules_may_fail, .timeout = 120)
{
    static const char json[] = "{\"calendars\":{\"a\":{\"tz\":\"UTC\",\"weekly\":{\"mon\":[[\"09:00\",\"17:00\"]]}}},"
                               "\"rules\":[{\"kind\":\"update\",\"goal\":5,\"when\":{\"x\":[\"t\",1],\"y\":null},"
                               "\"calendar\":\"a\",\"name\":\"n\",\"thresholds\":[5]}],\"response\":{\"1\":9}}";
    for (size_t n = 1;; n++) {
        itsm_sla *sla;
        itsm_buf text = counting_buf(&counting);
        counting_fail(&counting, n);
        itsm_status rc = itsm_sla_load(&sla, ctx, itsm_str_c(json), NULL);
        if (!rc) rc = itsm_sla_encode(&text, sla);
        const int failed = counting_stop(&counting);
        cr_assert_eq(rc, failed ? ITSM_E_NOMEM : ITSM_OK, "allocation %zu", n);
        if (rc) cr_assert_eq(text.n, 0);
        itsm_sla_free(sla);
        itsm_buf_clear(&text);
        if (!failed) break;
    }
}

Test(sla_rules, a_builder_that_had_no_memory_can_be_tried_again)
{
    itsm_target target = ITSM_TARGET_INIT;
    const itsm_threshold threshold = {ITSM_THRESHOLD_PERCENT, 0, 75};
    itsm_calendar *calendar;
    cr_assert_eq(itsm_calendar_load(&calendar, ctx, ITSM_STR(OFFICE)), ITSM_OK);
    target.goal = 1, target.thresholds = &threshold, target.threshold_count = 1, target.calendar = calendar;
    for (size_t n = 1;; n++) {
        itsm_sla_builder *builder;
        itsm_sla *sla;
        cr_assert_eq(itsm_sla_builder_new(&builder, ctx), ITSM_OK);
        counting_fail(&counting, n);
        const itsm_status rc = itsm_sla_builder_add(builder, ITSM_UPDATE, 7, &target);
        const int failed = counting_stop(&counting);
        cr_assert_eq(rc, failed ? ITSM_E_NOMEM : ITSM_OK);
        if (failed) cr_assert_eq(itsm_sla_builder_add(builder, ITSM_UPDATE, 7, &target), ITSM_OK, "allocation %zu", n);
        cr_assert_eq(itsm_sla_builder_add(builder, ITSM_UPDATE, 7, &target), ITSM_E_INVALID, "it stands there");
        cr_assert_eq(itsm_sla_builder_freeze(&sla, builder), ITSM_OK);
        cr_assert_eq(itsm_sla_count(sla), 1);
        itsm_sla_free(sla);
        itsm_sla_builder_free(builder);
        if (!failed) break;
    }
    itsm_calendar_free(calendar);
}

/* What if --------------------------------------------------------------------------------------------------------- */

#define T0 ITSM_DAYS(20542) /* a Monday, midnight */

static const itsm_clock_event stopped_after_3h[] = {{T0, 0, ITSM_CLOCK_START, 0, 0, 0},
                                                    {T0 + ITSM_HOURS(3), 0, ITSM_CLOCK_STOP, 0, 0, 0}};
static const itsm_clock_event still_open[] = {{T0, 0, ITSM_CLOCK_START, 0, 0, 0}};
static const itsm_clock_event raised[] = {{T0, 0, ITSM_CLOCK_START, 0, 0, 0},
                                          {T0 + ITSM_HOURS(1), 0, ITSM_CLOCK_RETARGET, 0, 1, 0},
                                          {T0 + ITSM_HOURS(3), 0, ITSM_CLOCK_STOP, 0, 0, 0}};
static const itsm_clock_event cancelled[] = {{T0, 0, ITSM_CLOCK_START, 0, 0, 0},
                                             {T0 + ITSM_HOURS(1), 0, ITSM_CLOCK_CANCEL, 0, 0, 0}};

struct changes {
    int32_t change[8];
    size_t n;
    itsm_status rc;
};

static itsm_status take_change(void *user, const itsm_what_if_row *row)
{
    struct changes *changes = user;
    cr_assert_eq(row->index, changes->n);
    changes->change[changes->n++] = row->change;
    return changes->rc;
}

Test(sla_rules, what_if_tells_who_would_have_kept_and_who_broken_the_promise)
{
    itsm_sla *before = load("{'1':120,'2':240}"), *after = load("{'1':240,'2':120,'3':60}");
    const itsm_sla_fact p1[] = {INT("priority", 1)}, p2[] = {INT("priority", 2)}, p3[] = {INT("priority", 3)};
    const itsm_sla_facts f1[] = {{p1, 1}}, f2[] = {{p2, 1}}, f3[] = {{p3, 1}}, f21[] = {{p2, 1}, {p1, 1}};
    const itsm_clock_history clocks[] = {
        {stopped_after_3h, 2, f1, 1, ITSM_RESOLUTION, 0}, {stopped_after_3h, 2, f2, 1, ITSM_RESOLUTION, 0},
        {still_open, 1, f2, 1, ITSM_RESOLUTION, 0},       {stopped_after_3h, 2, f3, 1, ITSM_RESOLUTION, 0},
        {raised, 3, f21, 2, ITSM_RESOLUTION, 0},          {cancelled, 2, f1, 1, ITSM_RESOLUTION, 0},
        {stopped_after_3h, 2, f1, 1, ITSM_RESPONSE, 0},   {NULL, 0, f1, 1, ITSM_RESOLUTION, 0},
    };
    static const int32_t wanted[] = {ITSM_WHAT_IF_KEPT,  ITSM_WHAT_IF_BREACHED, ITSM_WHAT_IF_BREACHED,
                                     ITSM_WHAT_IF_ADDED, ITSM_WHAT_IF_KEPT,     ITSM_WHAT_IF_SAME,
                                     ITSM_WHAT_IF_SAME,  ITSM_WHAT_IF_SAME};
    struct changes changes = {{0}, 0, 0};
    itsm_what_if sum = ITSM_WHAT_IF_INIT;
    cr_assert_eq(itsm_sla_what_if(&sum, ctx, before, after, clocks, 8, T0 + ITSM_HOURS(3), take_change, &changes),
                 ITSM_OK);
    for (size_t i = 0; i < 8; i++) cr_assert_eq(changes.change[i], wanted[i], "clock %zu: %d", i, changes.change[i]);
    cr_assert(sum.before.clocks == 8 && sum.before.met == 1 && sum.before.late == 2 && sum.before.open == 1 &&
              sum.before.open_breached == 0 && sum.before.other == 4);
    cr_assert(sum.after.clocks == 8 && sum.after.met == 2 && sum.after.late == 2 && sum.after.open == 0 &&
              sum.after.open_breached == 1 && sum.after.other == 3);
    cr_assert(sum.kept == 2 && sum.breached == 2 && sum.added == 1 && sum.dropped == 0);
    cr_assert_eq(itsm_sla_what_if(&sum, ctx, after, before, clocks, 8, T0, NULL, NULL), ITSM_OK,
                 "read at the last event when that is later");
    cr_assert(sum.kept == 1 && sum.breached == 2 && sum.dropped == 1, "%d %d %d", (int)sum.kept, (int)sum.breached,
              (int)sum.dropped);
    changes.n = 0, changes.rc = ITSM_E_HOST_LAST, sum.kept = 77;
    cr_assert_eq(itsm_sla_what_if(&sum, ctx, before, after, clocks, 8, T0, take_change, &changes), ITSM_E_HOST_LAST);
    cr_assert(changes.n == 1 && sum.kept == 77, "as it was");
    itsm_sla_free(before), itsm_sla_free(after);
}

Test(sla_rules, what_if_names_a_history_that_cannot_be_folded)
{
    itsm_sla *sla = load("{'1':120}");
    const itsm_sla_fact p1[] = {INT("priority", 1)};
    const itsm_sla_facts f1[] = {{p1, 1}};
    const itsm_clock_history clocks[] = {{stopped_after_3h, 2, f1, 1, ITSM_RESOLUTION, 0},
                                         {raised, 3, f1, 1, ITSM_RESOLUTION, 0}};
    itsm_what_if sum = ITSM_WHAT_IF_INIT;
    cr_assert_eq(itsm_sla_what_if(&sum, ctx, sla, sla, clocks, 2, T0, NULL, NULL), ITSM_E_MISUSE, "no such target");
    cr_assert(first_message(ctx).n > 25 && memcmp(first_message(ctx).p, "clock 1 cannot be folded:", 25) == 0);
    cr_assert_eq(itsm_sla_what_if(&sum, ctx, sla, NULL, clocks, 2, T0, NULL, NULL), ITSM_E_MISUSE);
    cr_assert_eq(itsm_sla_what_if(&sum, ctx, sla, sla, clocks, 1, ITSM_TIME_NONE, NULL, NULL), ITSM_E_RANGE);
    for (size_t n = 1;; n++) {
        counting_fail(&counting, n);
        const itsm_status rc = itsm_sla_what_if(&sum, ctx, sla, sla, clocks, 1, T0, NULL, NULL);
        if (!counting_stop(&counting)) break;
        cr_assert_eq(rc, ITSM_E_NOMEM);
    }
    itsm_sla_free(sla);
}
