/* SPDX-License-Identifier: MIT */
/* Event logs: mappings, rows, what is measured of them, and their replay, on logs small enough to be worked out. */
#include <itsm/interchange.h>
#include <itsm/audit.h>

#include <criterion/criterion.h>

#include "support.h"

#include "base/hash.h"
#include "text/json.h"

static struct counting counting;
static itsm_ctx *ctx;
static itsm_mapping *mapping;
static itsm_zone *zone;
static itsm_sla *slas[2];
static size_t nslas;
static itsm_store *store;
static itsm_sms *sms;
static itsm_replay *replay;
static itsm_buf text; /* the result looked at */

static const char map_json[] =
    "{\"format\": 1, \"type\": \"incident\", \"time_format\": \"%Y-%m-%d %H:%M\", \"missing\": \"?\",\n"
    " \"case\": \"n\", \"at\": \"t\", \"who\": \"w\", \"opened\": \"o\", \"resolved\": {\"column\": \"r\", \"final\": true},\n"
    " \"closed\": \"c\", \"created\": \"k\", \"state\": \"s\",\n"
    " \"states\": {\"New\": \"new\", \"Active\": \"in_progress\", \"Resolved\": \"resolved\", \"Closed\": \"closed\",\n"
    "  \"Wait\": {\"state\": \"pending\", \"set\": {\"pending_reason\": \"awaiting_user\"}}, \"-100\": \"in_progress\"},\n"
    " \"fields\": {\"impact\": {\"column\": \"i\", \"values\": {\"high\": 5, \"low\": 1}, \"otherwise\": null},\n"
    "  \"priority\": {\"column\": \"p\", \"values\": {\"P1\": 1, \"P3\": 3}, \"otherwise\": 4},\n"
    "  \"resolution_code\": {\"column\": \"code\", \"otherwise\": \"other\", \"when\": \"done\"}, \"reporter\": \"w\",\n"
    "  \"reopen_count\": \"ro\"},\n"
    " \"measures\": {\"active\": \"act\", \"made_sla\": \"ms\", \"modifications\": \"mod\", \"reassignments\": \"ra\",\n"
    "  \"reopenings\": \"ro\", \"priority\": \"p\", \"impact\": \"i\", \"urgency\": \"u\"}}";

static const char hours_json[] =
    "{\"name\": \"nine to five\", \"tz\": \"UTC\", \"weekly\": {\"mon\": [[\"09:00\", \"17:00\"]], \"tue\": [[\"09:00\", \"17:00\"]]}}";

#define HEADER "n,s,t,w,o,r,c,k,act,ms,mod,ra,ro,p,i,u,code\n"

static void set_up(void)
{
    memset(&counting, 0, sizeof counting);
    ctx = counting_ctx(&counting);
    mapping = NULL, zone = NULL, nslas = 0, store = NULL, sms = NULL, replay = NULL;
    slas[0] = slas[1] = NULL;
    text = counting_buf(&counting);
}

static void forget(void)
{
    itsm_replay_free(replay), itsm_sms_free(sms), itsm_store_free(store);
    replay = NULL, sms = NULL, store = NULL, text.n = 0;
}

static void tear_down(void)
{
    forget();
    for (size_t i = 0; i < 2; i++) itsm_sla_free(slas[i]);
    itsm_zone_free(zone), itsm_mapping_free(mapping), itsm_buf_clear(&text), itsm_ctx_free(ctx);
    assert_nothing_outstanding(counting);
}

/* A text as a source that gives a few bytes at a time. */
typedef struct source {
    itsm_str rest;
    size_t piece;
} source;

static itsm_status read_piece(void *self, void *out, size_t capacity, size_t *n)
{
    source *s = self;
    *n = s->rest.n < s->piece ? s->rest.n : s->piece;
    if (*n > capacity) *n = capacity;
    if (*n) memcpy(out, s->rest.p, *n);
    s->rest.p += *n, s->rest.n -= *n;
    return ITSM_OK;
}

static source source_of(const char *log)
{
    source s = {itsm_str_c(log), 1000};
    return s;
}

static void load(const char *json)
{
    cr_assert_eq(itsm_mapping_load(&mapping, ctx, itsm_model_builtin(), itsm_str_c(json)), ITSM_OK, "%.*s",
                 ITSM_ARG(first_message(ctx)));
    cr_assert_eq(itsm_zone_load(&zone, ctx, ITSM_STR("UTC")), ITSM_OK);
}

static void load_sla(const char *calendar_json)
{
    itsm_calendar *calendar;
    cr_assert_eq(itsm_calendar_load(&calendar, ctx, itsm_str_c(calendar_json)), ITSM_OK);
    cr_assert_eq(itsm_sla_load(&slas[nslas++], ctx, ITSM_STR("{\"1\": 60, \"3\": 480}"), calendar), ITSM_OK);
    itsm_calendar_free(calendar);
}

static itsm_status start(void)
{
    static const char key[] = "key";
    itsm_sms_options how = ITSM_SMS_OPTIONS_INIT;
    how.sla = slas[0], how.key.p = key, how.key.n = sizeof key;
    itsm_status rc = store ? ITSM_OK : itsm_store_memory(&store, ctx);
    return rc ? rc : itsm_sms_new(&sms, ctx, itsm_model_builtin(), store, &how);
}

static itsm_status run(const char *log, const itsm_replay_options *more)
{
    itsm_replay_options how = ITSM_REPLAY_OPTIONS_INIT;
    itsm_event_log *events = NULL;
    source s = source_of(log);
    const itsm_sla *shared[2] = {slas[0], slas[1]};
    if (more) how = *more;
    how.slas = shared, how.nslas = nslas;
    itsm_status rc = sms ? ITSM_OK : start();
    if (!rc) rc = itsm_event_log_open(&events, ctx, mapping, zone, read_piece, &s);
    if (!rc) rc = itsm_replay_run(&replay, sms, mapping, events, &how);
    itsm_event_log_free(events);
    return rc;
}

/* Replay a log, and keep its figures in `text`. */
static void measure(const char *log)
{
    if (!mapping) load(map_json);
    cr_assert_eq(run(log, NULL), ITSM_OK, "%.*s", ITSM_ARG(first_message(ctx)));
    text.n = 0;
    cr_assert_eq(itsm_replay_encode(&text, replay), ITSM_OK);
}

/* The member of a path in `text` is that JSON. */
static void expect(const char *path, const char *json)
{
    itsm__json document;
    itsm__json_init(&document, NULL);
    cr_assert_eq(itsm__json_parse(&document, itsm_buf_str(&text)), ITSM_OK);
    const itsm__json_node *node = itsm__json_root(&document);
    for (const char *p = path; *p && node;) {
        size_t n = strcspn(p, "/");
        node = itsm__json_find(node, itsm_str_n(p, n));
        p += n + (p[n] == '/');
    }
    cr_assert_not_null(node, "there is no %s", path);
    if (node->kind == ITSM__JSON_NULL) cr_assert_str_eq(json, "null", "%s is null", path);
    else if (node->kind == ITSM__JSON_ARRAY || node->kind == ITSM__JSON_OBJECT)
        cr_assert_eq(node->integer, atoi(json), "%s has %d children", path, (int)node->integer);
    else cr_assert(itsm_str_is(node->text, json), "%s is %.*s, not %s", path, ITSM_ARG(node->text), json);
    itsm__json_clear(&document);
}

static itsm_replay_counts counts(void)
{
    itsm_replay_counts c = ITSM_REPLAY_COUNTS_INIT;
    itsm_replay_counts_get(&c, replay);
    return c;
}

/* Mappings ---------------------------------------------------------------------------------------------------------- */

TestSuite(mapping, .init = set_up, .fini = tear_down);

Test(mapping, it_names_its_type_and_the_fields_a_log_gives_those_states_set_last)
{
    const itsm_str *fields;
    static const char *const names[] = {"impact",   "priority",     "resolution_code",
                                        "reporter", "reopen_count", "pending_reason"};
    load(map_json);
    assert_text(itsm_mapping_type(mapping), "incident");
    cr_assert_eq(itsm_mapping_fields(&fields, mapping), 6);
    for (size_t i = 0; i < 6; i++) assert_text(fields[i], names[i]);
}

#define MINIMAL(more)                                                                                                                 \
    "{\"format\": 1, \"type\": \"incident\", \"time_format\": \"%Y-%m-%d\", \"case\": \"n\", \"at\": \"t\", \"state\": \"s\",\n" more \
    "}"
#define STATES "\"states\": {\"A\": \"new\"}"

/* What does not fit is told with its place and, where there is one, the nearest name. */
static const struct {
    const char *json, *where, *message;
    itsm_status code;
    int line, column;
} wrong[] = {
    {"{\"format\": 1,}", "", "expected a name in quotes, found '}'", ITSM_E_SYNTAX, 1, 14},
    {"[]", "", "expected an object, found an array", ITSM_E_INVALID, 1, 1},
    {"{\"format\": 2}", "/format", "format 2 is newer than 1", ITSM_E_VERSION, 1, 12},
    {MINIMAL("\"stats\": {}"), "/stats", "there is no member \"stats\" here, did you mean \"state\"?", ITSM_E_INVALID,
     2, 10},
    {MINIMAL("\"missing\": 3"), "/missing", "expected an array, found a whole number", ITSM_E_INVALID, 2, 12},
    {MINIMAL("\"missing\": [\"?\", 3]"), "/missing/1", "expected a text, found a whole number", ITSM_E_INVALID, 2, 18},
    {MINIMAL("\"a\": 1, \"a\": 2"), "", "the same name twice in an object", ITSM_E_SYNTAX, 2, 9},
    {MINIMAL("\"opened\": null"), "/states", "is missing", ITSM_E_INVALID, 1, 1},
    {MINIMAL("\"states\": {}"), "/states", "a mapping names at least one state", ITSM_E_INVALID, 2, 11},
    {MINIMAL("\"states\": {\"A\": 1}"), "/states/A", "expected a text, found a whole number", ITSM_E_INVALID, 2, 17},
    {MINIMAL("\"states\": {\"A\": \"gone\"}"), "/states/A", "incident has no state \"gone\"", ITSM_E_INVALID, 2, 17},
    {MINIMAL("\"states\": {\"A\": {\"state\": \"new\", \"when\": 1}}"), "/states/A/when",
     "there is no member \"when\" here", ITSM_E_INVALID, 2, 42},
    {MINIMAL("\"states\": {\"A\": {\"state\": \"new\", \"set\": {\"titel\": \"x\"}}}"), "/states/A/set/titel",
     "incident has no field \"titel\"; did you mean \"title\"?", ITSM_E_INVALID, 2, 51},
    {MINIMAL("\"states\": {\"A\": {\"state\": \"new\", \"set\": {\"impact\": 6}}}"), "/states/A/set/impact",
     "impact is from 1 to 5", ITSM_E_INVALID, 2, 52},
    {MINIMAL(STATES ", \"delimiter\": \"ab\""), "/delimiter", "a delimiter is a comma, a semicolon, a tab or a bar",
     ITSM_E_INVALID, 2, 38},
    {MINIMAL(STATES ", \"delimiter\": \"\\\"\""), "/delimiter", "a delimiter is a comma, a semicolon, a tab or a bar",
     ITSM_E_INVALID, 2, 38},
    {MINIMAL(STATES ", \"closed\": \"\""), "/closed", "a column needs a name", ITSM_E_INVALID, 2, 35},
    {MINIMAL(STATES ", \"resolved\": {\"column\": \"r\", \"final\": 1}"), "/resolved/final",
     "expected true or false, found a whole number", ITSM_E_INVALID, 2, 62},
    {MINIMAL(STATES ", \"measures\": {\"impct\": \"i\"}"), "/measures/impct",
     "there is no member \"impct\" here, did you mean \"impact\"?", ITSM_E_INVALID, 2, 47},
    {MINIMAL(STATES ", \"fields\": {\"status\": \"s\"}"), "/fields/status",
     "status is written by the engine, not from a column", ITSM_E_INVALID, 2, 46},
    {MINIMAL(STATES ", \"fields\": {\"id\": \"s\"}"), "/fields/id", "id is written by the engine, not from a column",
     ITSM_E_INVALID, 2, 42},
    {MINIMAL(STATES ", \"fields\": {\"impact\": {\"values\": {}}}"), "/fields/impact/column", "is missing",
     ITSM_E_INVALID, 2, 46},
    {MINIMAL(STATES ", \"fields\": {\"impact\": {\"column\": \"i\", \"values\": {\"x\": \"high\"}}}"),
     "/fields/impact/values/x", "a text is no value of impact, which is int", ITSM_E_INVALID, 2, 78},
    {MINIMAL(STATES ", \"fields\": {\"impact\": {\"column\": \"i\", \"when\": \"late\"}}"), "/fields/impact/when",
     "a field is known always, or when \"done\"", ITSM_E_INVALID, 2, 70},
};

Test(mapping, what_does_not_fit_is_told_with_its_place)
{
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        itsm_mapping *none = (itsm_mapping *)&counting;
        itsm_status rc = itsm_mapping_load(&none, ctx, itsm_model_builtin(), itsm_str_c(wrong[i].json));
        const itsm_issue *issue = itsm_ctx_issue(ctx, 0);
        cr_assert_null(none, "%s", wrong[i].json);
        cr_expect(rc == wrong[i].code && issue && itsm_str_is(issue->message, wrong[i].message) &&
                      itsm_str_is(issue->where, wrong[i].where) && (int)issue->line == wrong[i].line &&
                      (int)issue->column == wrong[i].column,
                  "%s: %d, %d:%d, %.*s [%.*s]", wrong[i].json, rc, issue ? (int)issue->line : 0,
                  issue ? (int)issue->column : 0, ITSM_ARG(first_message(ctx)),
                  ITSM_ARG(issue ? issue->where : ITSM_STR("")));
    }
}

Test(mapping, more_than_256_states_are_refused)
{
    static const char head[] = "{\"format\":1,\"type\":\"incident\",\"time_format\":\"%Y-%m-%d\",\"case\":\"n\","
                               "\"at\":\"t\",\"state\":\"s\",\"states\":{";
    cr_assert_eq(itsm_buf_add(&text, head, strlen(head)), ITSM_OK);
    for (int i = 0; i <= 256; i++) {
        char one[32];
        int n = snprintf(one, sizeof one, "%s\"S%d\":\"new\"", i ? "," : "", i);
        cr_assert_eq(itsm_buf_add(&text, one, (size_t)n), ITSM_OK);
    }
    cr_assert_eq(itsm_buf_add(&text, "}}", 2), ITSM_OK);
    cr_assert_eq(itsm_mapping_load(&mapping, ctx, itsm_model_builtin(), itsm_buf_str(&text)), ITSM_E_LIMIT, "%.*s",
                 ITSM_ARG(first_message(ctx)));
}

Test(mapping, without_memory_nothing_is_loaded)
{
    size_t n = 1;
    for (;; n++) {
        counting_fail(&counting, n);
        itsm_status rc = itsm_mapping_load(&mapping, ctx, itsm_model_builtin(), itsm_str_c(map_json));
        if (!counting_stop(&counting)) break;
        cr_assert_eq(rc, ITSM_E_NOMEM, "at %zu: %d", n, rc);
        cr_assert_null(mapping);
    }
    cr_assert_gt(n, 10);
    cr_assert_not_null(mapping);
}

Test(mapping, misuse_is_told)
{
    cr_assert_eq(itsm_mapping_load(NULL, ctx, itsm_model_builtin(), ITSM_STR("{}")), ITSM_E_MISUSE);
    cr_assert_eq(itsm_mapping_load(&mapping, NULL, itsm_model_builtin(), ITSM_STR("{}")), ITSM_E_MISUSE);
    cr_assert_eq(itsm_mapping_load(&mapping, ctx, NULL, ITSM_STR("{}")), ITSM_E_MISUSE);
    itsm_mapping_free(NULL);
}

/* Rows -------------------------------------------------------------------------------------------------------------- */

TestSuite(event_log, .init = set_up, .fini = tear_down);

static itsm_event_log *open_log(source *s)
{
    itsm_event_log *log = NULL;
    cr_assert_eq(itsm_event_log_open(&log, ctx, mapping, zone, read_piece, s), ITSM_OK, "%.*s",
                 ITSM_ARG(first_message(ctx)));
    return log;
}

Test(event_log, a_row_becomes_an_event)
{
    const itsm_log_event *e;
    load(map_json);
    source s = source_of(
        HEADER "A1,Wait,2026-01-05 10:00,ann,2026-01-05 09:00,?,,2026-01-05 09:01,true,true,0,0,0,P1,high,u,x\n"
               "A1,Resolved,2026-01-05 11:00,?,2026-01-05 09:00,2026-01-05 10:30,,?,true,true,1,0,2,P7,odd,u,x\n");
    s.piece = 1;
    itsm_event_log *log = open_log(&s);
    cr_assert_eq(itsm_event_log_next(&e, log), ITSM_OK);
    cr_assert_eq(e->line, 2);
    assert_text(e->number, "A1");
    assert_text(e->source_state, "Wait");
    assert_text(e->state, "pending");
    assert_text(e->who, "ann");
    cr_assert_eq(e->category, ITSM_PAUSED);
    cr_assert_eq(e->at.at - e->opened.at, ITSM_HOURS(1));
    cr_assert_eq(e->created.at - e->opened.at, ITSM_MINUTES(1));
    cr_assert_eq(e->resolved.at, ITSM_TIME_NONE);
    cr_assert_eq(e->closed.at, ITSM_TIME_NONE);
    cr_assert_eq(e->nvalues, 6);
    cr_assert_eq(e->values[0].u.i, 5);
    cr_assert_eq(e->values[1].u.i, 1);
    cr_assert_eq(e->values[2].kind, ITSM_NONE, "not known before it is done");
    assert_text(e->values[5].u.s, "awaiting_user");
    cr_assert_eq(itsm_event_log_next(&e, log), ITSM_OK);
    cr_assert_eq(e->who.n, 0);
    cr_assert_eq(e->values[0].kind, ITSM_NONE, "otherwise null: no value");
    cr_assert_eq(e->values[1].u.i, 4, "otherwise 4");
    assert_text(e->values[2].u.s, "other");
    cr_assert_eq(e->values[4].u.i, 2);
    cr_assert_eq(e->values[5].kind, ITSM_NONE);
    cr_assert_eq(e->resolved.at - e->opened.at, ITSM_MINUTES(90));
    cr_assert_eq(itsm_event_log_next(&e, log), ITSM_DONE);
    cr_assert_null(e);
    cr_assert_eq(itsm_event_log_next(&e, log), ITSM_DONE);
    itsm_event_log_free(log);
}

/* Rows that do not fit, after one that does. */
static const struct {
    const char *row, *where, *rule, *message;
    itsm_status code;
    int column;
} bad_rows[] = {
    {"A,Lost,2026-01-05 10:00,a,,,,,,,,,,,,,\n", "s", "states", "the mapping has no state for \"Lost\"", ITSM_E_INVALID,
     3},
    {"A,New,2026-02-30 10:00,a,,,,,,,,,,,,,\n", "t", "time_format",
     "\"2026-02-30 10:00\" is no date or time that exists", ITSM_E_INVALID, 7},
    {"A,New,yesterday,a,,,,,,,,,,,,,\n", "t", "time_format", "\"yesterday\" is not written in the log's time format",
     ITSM_E_INVALID, 7},
    {"A,New,?,a,,,,,,,,,,,,,\n", "t", "at", "an event needs a time", ITSM_E_INVALID, 7},
    {",New,2026-01-05 10:00,a,,,,,,,,,,,,,\n", "n", "case", "an event needs a case", ITSM_E_INVALID, 1},
    {"A,New,2026-01-05 10:00,a,,,,,,,,,many,,,,\n", "ro", "reopen_count", "\"many\" is no whole number", ITSM_E_INVALID,
     34},
    {"A,New,2026-01-05 10:00,a\n", "", "", "expected 17 fields as in the first row, found 4", ITSM_E_SYNTAX, 1},
    {"A,New,2026-01-05 10:00,a,,,,,,,,,,,,,\"x\n", "", "", "a quoted field is not closed", ITSM_E_SYNTAX, 38},
    {"A,New,2026-01-05 10:00,a,,,,,,,,,,,,,", "code", "line end", "the log is cut off within its last field",
     ITSM_E_SYNTAX, 38},
};

Test(event_log, a_row_that_does_not_fit_is_told_with_its_place_and_ends_the_log)
{
    load(map_json);
    for (size_t i = 0; i < sizeof bad_rows / sizeof *bad_rows; i++) {
        const itsm_log_event *e;
        char rows[512];
        snprintf(rows, sizeof rows, "%sA,New,2026-01-05 10:00,a,,,,,,,,,,,,,\n%s", HEADER, bad_rows[i].row);
        source s = source_of(rows);
        itsm_event_log *log = open_log(&s);
        cr_assert_eq(itsm_event_log_next(&e, log), ITSM_OK);
        itsm_status rc = itsm_event_log_next(&e, log);
        const itsm_issue *issue = itsm_ctx_issue(ctx, 0);
        cr_assert_null(e);
        cr_expect(rc == bad_rows[i].code && issue && itsm_str_is(issue->message, bad_rows[i].message) &&
                      itsm_str_is(issue->where, bad_rows[i].where) && itsm_str_is(issue->rule, bad_rows[i].rule) &&
                      issue->line == 3 && (int)issue->column == bad_rows[i].column,
                  "%s: %d, %d:%d, %.*s [%.*s]", bad_rows[i].row, rc, issue ? (int)issue->line : 0,
                  issue ? (int)issue->column : 0, ITSM_ARG(first_message(ctx)),
                  ITSM_ARG(issue ? issue->where : ITSM_STR("")));
        cr_assert_eq(itsm_event_log_next(&e, log), rc);
        itsm_event_log_free(log);
    }
}

Test(event_log, a_last_time_of_two_digits_needs_no_line_end)
{
    static const struct {
        const char *last;
        itsm_status rc;
    } ends[] = {{"2026-01-05 10:07", ITSM_OK}, {"2026-01-05 10:0", ITSM_E_SYNTAX}, {"?", ITSM_OK}, {"", ITSM_E_SYNTAX}};
    load(
        "{\"format\": 1, \"type\": \"incident\", \"time_format\": \"%Y-%m-%d %H:%M\", \"missing\": \"?\", \"case\": \"n\","
        "\"at\": \"t\", \"state\": \"s\", \"closed\": \"c\", \"states\": {\"New\": \"new\"}}");
    for (size_t i = 0; i < 4; i++) {
        const itsm_log_event *e;
        char rows[128];
        snprintf(rows, sizeof rows, "n,s,t,c\nA,New,2026-01-05 10:00,%s", ends[i].last);
        source s = source_of(rows);
        itsm_event_log *log = open_log(&s);
        cr_expect_eq(itsm_event_log_next(&e, log), ends[i].rc, "%s", rows);
        itsm_event_log_free(log);
    }
}

Test(event_log, a_missing_column_is_told_with_its_nearest)
{
    itsm_event_log *log = (itsm_event_log *)&counting;
    load("{\"format\": 1, \"type\": \"incident\", \"time_format\": \"%Y-%m-%d\", \"case\": \"number\", \"at\": \"t\","
         "\"state\": \"s\", \"states\": {\"New\": \"new\"}, \"fields\": {\"title\": \"t\", \"reporter\": \"t\"}}");
    source s = source_of("nunber,s,t\n");
    cr_assert_eq(itsm_event_log_open(&log, ctx, mapping, zone, read_piece, &s), ITSM_E_INVALID);
    cr_assert_null(log);
    assert_text(first_message(ctx), "there is no column \"number\"; did you mean \"nunber\"?");
    assert_text(itsm_ctx_issue(ctx, 0)->rule, "case");
    cr_assert_eq(itsm_ctx_issue(ctx, 0)->line, 1);
    cr_assert_eq(itsm_ctx_issue_count(ctx), 1);
}

Test(event_log, values_without_a_table_must_fit_their_field)
{
    static const struct {
        const char *impact, *channel;
        itsm_status rc;
    } rows[] = {
        {"5", "phone", ITSM_OK}, {"6", "phone", ITSM_E_INVALID}, {"", "", ITSM_OK}, {"1", "drum", ITSM_E_INVALID}};
    load("{\"format\": 1, \"type\": \"incident\", \"time_format\": \"%Y-%m-%d\", \"case\": \"n\", \"at\": \"t\","
         "\"state\": \"s\", \"states\": {\"New\": \"new\"}, \"fields\": {\"impact\": \"i\", \"channel\": \"h\"}}");
    for (size_t i = 0; i < 4; i++) {
        const itsm_log_event *e;
        char log_text[128];
        snprintf(log_text, sizeof log_text, "i,h,n,s,t\n%s,%s,A,New,2026-01-05\n", rows[i].impact, rows[i].channel);
        source s = source_of(log_text);
        itsm_event_log *log = open_log(&s);
        cr_expect_eq(itsm_event_log_next(&e, log), rows[i].rc, "%s", log_text);
        itsm_event_log_free(log);
    }
}

Test(event_log, without_memory_it_is_not_opened_and_a_row_ends_it)
{
    load(map_json);
    for (size_t n = 1;; n++) {
        itsm_event_log *log = NULL;
        const itsm_log_event *e;
        source s = source_of(HEADER "A1,Wait,2026-01-05 10:00,ann,?,?,,,true,true,0,0,0,P1,high,\"q\"\"u\",x\n");
        counting_fail(&counting, n);
        itsm_status rc = itsm_event_log_open(&log, ctx, mapping, zone, read_piece, &s);
        if (!rc) rc = itsm_event_log_next(&e, log);
        int failed = counting_stop(&counting);
        itsm_event_log_free(log);
        cr_assert_eq(rc, failed ? ITSM_E_NOMEM : ITSM_OK, "at %zu: %d", n, rc);
        if (!failed) break;
    }
}

/* What is measured -------------------------------------------------------------------------------------------------- */

TestSuite(profile, .init = set_up, .fini = tear_down);

/* One case: New at 9, then a row that is odd in one way. */
#define FIRST                                                                                                          \
    "A,New,2026-01-05 09:00,a,2026-01-05 09:00,2026-01-05 12:00,2026-01-06 12:00,2026-01-05 09:00,true,true,0,1,1,P1,high,u,x\n"

static const struct {
    const char *name, *row;
} oddities[] = {
    {"event_time_decreases",
     "A,Active,2026-01-05 08:59,a,2026-01-05 08:00,2026-01-05 12:00,2026-01-06 12:00,2026-01-05 09:00,true,true,1,1,1,P1,high,u,x\n"},
    {"event_time_ties",
     "A,Active,2026-01-05 09:00,a,2026-01-05 09:00,2026-01-05 12:00,2026-01-06 12:00,2026-01-05 09:00,true,true,1,1,1,P1,high,u,x\n"},
    {"closed_event_active_true",
     "A,Closed,2026-01-05 10:00,a,2026-01-05 09:00,2026-01-05 12:00,2026-01-06 12:00,2026-01-05 09:00,true,true,1,1,1,P1,high,u,x\n"},
    {"nonclosed_event_active_false",
     "A,Active,2026-01-05 10:00,a,2026-01-05 09:00,2026-01-05 12:00,2026-01-06 12:00,2026-01-05 09:00,false,true,1,1,1,P1,high,u,x\n"},
    {"created_before_opened_events",
     "A,Active,2026-01-05 10:00,a,2026-01-05 09:00,2026-01-05 12:00,2026-01-06 12:00,2026-01-05 08:59,true,true,1,1,1,P1,high,u,x\n"},
    {"mod_count_gaps",
     "A,Active,2026-01-05 10:00,a,2026-01-05 09:00,2026-01-05 12:00,2026-01-06 12:00,2026-01-05 09:00,true,true,2,1,1,P1,high,u,x\n"},
    {"mod_count_gaps",
     "A,Active,2026-01-05 10:00,a,2026-01-05 09:00,2026-01-05 12:00,2026-01-06 12:00,2026-01-05 09:00,true,true,1000000000,1,1,P1,high,u,x\n"},
    {"reassignment_count_decreases",
     "A,Active,2026-01-05 10:00,a,2026-01-05 09:00,2026-01-05 12:00,2026-01-06 12:00,2026-01-05 09:00,true,true,1,0,1,P1,high,u,x\n"},
    {"reopen_count_decreases",
     "A,Active,2026-01-05 10:00,a,2026-01-05 09:00,2026-01-05 12:00,2026-01-06 12:00,2026-01-05 09:00,true,true,1,1,0,P1,high,u,x\n"},
    {"priority_changed_incidents",
     "A,Active,2026-01-05 10:00,a,2026-01-05 09:00,2026-01-05 12:00,2026-01-06 12:00,2026-01-05 09:00,true,true,1,1,1,P3,high,u,x\n"},
    {"made_sla_changed_incidents",
     "A,Active,2026-01-05 10:00,a,2026-01-05 09:00,2026-01-05 12:00,2026-01-06 12:00,2026-01-05 09:00,true,false,1,1,1,P1,high,u,x\n"},
    {"state_minus_100_events",
     "A,-100,2026-01-05 10:00,a,2026-01-05 09:00,2026-01-05 12:00,2026-01-06 12:00,2026-01-05 09:00,true,true,1,1,1,P1,high,u,x\n"},
    {"updated_before_opened_events",
     "A,Active,2026-01-05 10:00,a,2026-01-05 10:01,2026-01-05 12:00,2026-01-06 12:00,2026-01-05 10:01,true,true,1,1,1,P1,high,u,x\n"},
    {"closed_before_resolved",
     "A,Active,2026-01-05 10:00,a,2026-01-05 09:00,2026-01-05 12:00,2026-01-05 11:59,2026-01-05 09:00,true,true,1,1,1,P1,high,u,x\n"},
    {"resolved_missing_incidents",
     "A,Active,2026-01-05 10:00,a,2026-01-05 09:00,,2026-01-05 12:00,2026-01-05 09:00,true,true,1,1,1,P1,high,u,x\n"},
};

Test(profile, each_oddity_is_counted_under_its_name_and_nothing_else_is)
{
    load(map_json);
    for (size_t i = 0; i < sizeof oddities / sizeof *oddities; i++) {
        char log[1024];
        int others = 0;
        snprintf(log, sizeof log, "%s%s%s", HEADER, FIRST, oddities[i].row);
        measure(log);
        char path[64];
        snprintf(path, sizeof path, "anomalies/%s", oddities[i].name);
        expect(path, "1");
        for (size_t k = 0; k < sizeof oddities / sizeof *oddities; k++) {
            if (!strcmp(oddities[k].name, oddities[i].name)) continue;
            snprintf(path, sizeof path, "anomalies/%s", oddities[k].name);
            expect(path, "0");
            others++;
        }
        cr_assert_geq(others, 12);
        expect("anomalies/question_marks", "0");
        forget();
    }
}

Test(profile, a_case_that_ends_before_it_begins_is_odd)
{
    measure(
        HEADER
        "A,New,2026-01-05 09:00,?,2026-01-05 09:00,2026-01-05 08:00,2026-01-05 07:00,?,true,false,1,0,0,P1,high,u,?\n"
        "A,New,2026-01-05 09:00,?,2026-01-05 09:00,2026-01-05 08:00,2026-01-05 07:00,?,true,true,0,0,0,P1,high,u,?\n");
    expect("anomalies/resolved_before_opened", "1"), expect("anomalies/closed_before_opened", "1");
    expect("anomalies/first_mod_count_not_0", "1"), expect("anomalies/mod_count_decreases", "1");
    expect("anomalies/made_sla_false_to_true_steps", "1");
    expect("anomalies/question_marks", "3"), expect("anomalies/question_marks/code", "2");
    expect("ttr_hours_all/min", "-1.0000"), expect("ttr_hours_all_nonneg/n", "0");
    expect("backlog_end_of_day_unresolved/2026-01-05", "0");
}

Test(profile, a_counter_a_row_does_not_give_is_as_it_was)
{
    measure(
        HEADER FIRST
        "A,Active,2026-01-05 10:00,a,2026-01-05 09:00,2026-01-05 12:00,2026-01-06 12:00,2026-01-05 09:00,true,true,?,?,?,P1,high,u,x\n"
        "A,Active,2026-01-05 11:00,a,2026-01-05 09:00,2026-01-05 12:00,2026-01-06 12:00,2026-01-05 09:00,true,true,1,99999999999999999999,-3,P1,high,u,x\n");
    expect("anomalies/mod_count_decreases", "0"), expect("anomalies/mod_count_gaps", "0");
    expect("anomalies/reassignment_count_decreases", "0"), expect("anomalies/reopen_count_decreases", "0");
    expect("reassignment_max", "1"), expect("reopened_incidents", "1");
}

Test(profile, steps_transitions_and_stays_are_those_of_consecutive_rows_of_one_case)
{
    measure(HEADER "A,New,2026-01-05 09:00,a,2026-01-05 09:00,,,,true,true,0,0,0,P1,high,u,x\n"
                   "B,New,2026-01-05 09:10,a,2026-01-05 09:10,,,,true,true,0,0,0,P3,low,u,x\n"
                   "A,Active,2026-01-05 09:30,a,2026-01-05 09:00,,,,true,true,1,0,0,P1,high,u,x\n"
                   "B,New,2026-01-05 09:20,a,2026-01-05 09:10,,,,true,true,1,0,0,P3,low,u,x\n"
                   "A,New,2026-01-05 09:45,a,2026-01-05 09:00,,,,true,true,2,0,0,P1,high,u,x\n");
    expect("transitions_file_order", "3");
    expect("transitions_file_order/New -> Active", "1"), expect("transitions_file_order/Active -> New", "1");
    expect("transitions_file_order/New -> New", "1");
    expect("dwell_minutes_by_state/New/minutes", "40"), expect("dwell_minutes_by_state/New/steps", "2");
    expect("dwell_minutes_by_state/Active/minutes", "15");
    expect("events_by_state", "2"), expect("events_by_state/New", "4");
    expect("first_state/New", "2"), expect("last_state", "1"), expect("last_state/New", "2");
    expect("impact_urgency_priority_events/high|u|P1", "3"), expect("impact_urgency_priority_events/low|u|P3", "2");
    expect("n_incidents", "2"), expect("n_events", "5");
    expect("opened_min", "2026-01-05 09:00:00"), expect("last_update", "2026-01-05 09:45:00");
}

Test(profile, the_backlog_is_counted_at_the_end_of_each_day)
{
    measure(HEADER
            "A,New,2026-01-07 09:00,a,2026-01-05 09:00,2026-01-06 23:59,2026-01-07 00:00,,true,true,0,0,0,P1,high,u,x\n"
            "B,New,2026-01-07 09:10,a,2026-01-06 00:00,?,2026-01-07 09:10,,true,true,0,0,0,P3,low,u,x\n"
            "C,New,2026-01-07 09:10,a,2026-01-06 00:00,?,?,,true,true,0,0,0,P3,low,u,x\n");
    expect("backlog_end_of_day_unresolved", "3");
    expect("backlog_end_of_day_unresolved/2026-01-05", "1"), expect("backlog_end_of_day_unresolved/2026-01-06", "2");
    expect("backlog_end_of_day_unresolved/2026-01-07", "1");
    expect("backlog_end_of_day_unclosed/2026-01-06", "3"), expect("backlog_end_of_day_unclosed/2026-01-07", "1");
}

Test(profile, a_log_of_more_than_100000_days_has_no_backlog)
{
    measure(HEADER "A,New,2026-01-07 09:00,a,1026-01-05 09:00,?,?,,true,true,0,0,0,P1,high,u,x\n");
    expect("backlog_end_of_day_unresolved", "0");
    expect("n_incidents", "1");
}

/* n cases, of which the first `reopened` came back; case i took i hours. */
static void measure_cases(int n, int reopened)
{
    itsm_buf log = counting_buf(&counting);
    cr_assert_eq(itsm_buf_add(&log, HEADER, strlen(HEADER)), ITSM_OK);
    for (int i = 0; i < n; i++) {
        char row[256];
        int length =
            snprintf(row, sizeof row,
                     "C%d,New,2026-01-05 09:00,a,2026-01-05 00:00,2026-01-%02d %02d:00,,,true,%s,0,%d,%d,P1,high,u,x\n",
                     i, 5 + i / 24, i % 24, i < reopened ? "true" : "false", i < reopened, i < reopened);
        cr_assert_eq(itsm_buf_add(&log, row, (size_t)length), ITSM_OK);
    }
    cr_assert_eq(itsm_buf_add(&log, "", 1), ITSM_OK);
    measure(log.p);
    itsm_buf_clear(&log);
}

Test(profile, shares_are_rounded_half_to_even)
{
    static const struct {
        int part, of;
        const char *share;
    } shares[] = {{1, 3, "0.333333"},   {2, 3, "0.666667"}, {1, 128, "0.007812"},
                  {3, 128, "0.023438"}, {0, 1, "0.000000"}, {4, 4, "1.000000"}};
    for (size_t i = 0; i < sizeof shares / sizeof *shares; i++) {
        measure_cases(shares[i].of, shares[i].part);
        expect("reopen_rate", shares[i].share), expect("reassignment_mean", shares[i].share);
        expect("made_sla_share_all", shares[i].share),
            expect("made_sla_share_by_priority_last/P1/share", shares[i].share);
        forget();
    }
}

Test(profile, quantiles_lie_between_their_neighbours)
{
    measure_cases(4, 0); /* 0, 1, 2, 3 hours */
    expect("ttr_hours_all/median", "1.5000"), expect("ttr_hours_all/p90", "2.7000"),
        expect("ttr_hours_all/mean", "1.5000");
    expect("ttr_hours_by_priority_last/P1/max", "3.0000"), expect("ttr_hours_all/n", "4");
    forget();
    measure_cases(11, 0);
    expect("ttr_hours_all/median", "5.0000"), expect("ttr_hours_all/p90", "9.0000");
    forget();
    measure_cases(1, 0);
    expect("ttr_hours_all/median", "0.0000"), expect("ttr_hours_all/p90", "0.0000");
}

Test(profile, a_log_without_cases_has_no_shares)
{
    measure(HEADER);
    expect("n_events", "0"), expect("reopen_rate", "null"), expect("opened_min", "null"),
        expect("ttr_hours_all/n", "0");
    expect("audit/entries", "0");
}

/* SLA --------------------------------------------------------------------------------------------------------------- */

TestSuite(sla_table, .init = set_up, .fini = tear_down);

/* Monday 2026-01-05: from 16:00 a wait until 16:30, resolved on Tuesday at 10:00. */
static const char waited[] =
    HEADER "A,New,2026-01-05 15:00,a,2026-01-05 15:00,2026-01-06 10:00,,,true,true,0,0,0,P1,high,u,x\n"
           "A,Wait,2026-01-05 16:00,a,2026-01-05 15:00,2026-01-06 10:00,,,true,true,0,0,0,P1,high,u,x\n"
           "A,Active,2026-01-05 16:30,a,2026-01-05 15:00,2026-01-06 10:00,,,true,true,0,0,0,P1,high,u,x\n"
           "A,Resolved,2026-01-06 10:00,a,2026-01-05 15:00,2026-01-06 10:00,,,true,true,0,0,0,P1,high,u,x\n"
           "\"B,1\",New,2026-01-05 15:00,a,2026-01-05 15:00,?,,,true,true,0,0,0,P3,high,u,x\n"
           "C,New,2026-01-05 15:00,a,2026-01-05 15:00,2026-01-05 14:00,,,true,true,0,0,0,P7,high,u,x\n";

Test(sla_table, gross_net_and_due_are_open_minutes)
{
    load_sla(hours_json);
    measure(waited);
    expect("sla_clock", "1"), expect("sla_clock/nine to five/gross_total", "180"),
        expect("sla_clock/nine to five/net_total", "150");
    expect("sla_clock/nine to five/breached_of", "1"), expect("sla_clock/nine to five/breached_of/P1", "2");
    expect("sla_clock/nine to five/weekdays", "2"), expect("sla_clock/nine to five/tz", "UTC");
    text.n = 0;
    cr_assert_eq(itsm_replay_encode_sla(&text, replay), ITSM_OK);
    assert_text(itsm_buf_str(&text), "number,gross,net,due\n"
                                     "A,180,150,2026-01-05T16:00Z\n"
                                     "\"B,1\",,,2026-01-06T15:00Z\n"
                                     "C,,,\n");
}

Test(sla_table, minutes_are_whole_and_due_is_rounded_up)
{
    char json[sizeof map_json + 8];
    snprintf(json, sizeof json, "%s", map_json);
    char *format = strstr(json, "%H:%M");
    memmove(format + 8, format + 5, strlen(format + 5) + 1), memcpy(format + 5, ":%S", 3);
    load(json), load_sla(hours_json);
    measure(HEADER
            "A,New,2026-01-05 15:00:30,a,2026-01-05 15:00:30,2026-01-05 15:10:29,,,true,true,0,0,0,P1,high,u,x\n");
    text.n = 0;
    cr_assert_eq(itsm_replay_encode_sla(&text, replay), ITSM_OK);
    assert_text(itsm_buf_str(&text), "number,gross,net,due\nA,9,9,2026-01-05T16:01Z\n");
}

Test(sla_table, several_calendars_stand_side_by_side)
{
    load_sla(hours_json);
    load_sla(
        "{\"name\": \"always\", \"tz\": \"UTC\", \"weekly\": {\"mon\": [[\"00:00\", \"24:00\"]], \"tue\": [[\"00:00\", \"24:00\"]]}}");
    measure(waited);
    expect("sla_clock", "2"), expect("sla_clock/always/gross_total", "1140"),
        expect("sla_clock/always/net_total", "1110");
    text.n = 0;
    cr_assert_eq(itsm_replay_encode_sla(&text, replay), ITSM_OK);
    assert_text(itsm_buf_str(&text),
                "number,nine to five:gross,nine to five:net,nine to five:due,always:gross,always:net,always:due\n"
                "A,180,150,2026-01-05T16:00Z,1140,1110,2026-01-05T16:00Z\n"
                "\"B,1\",,,2026-01-06T15:00Z,,,2026-01-05T23:00Z\n"
                "C,,,,,,\n");
}

Test(sla_table, a_calendar_that_never_opens_is_refused_before_anything_is_written)
{
    load(map_json);
    load_sla("{\"name\": \"never\", \"tz\": \"UTC\", \"weekly\": {}}");
    cr_assert_eq(run(waited, NULL), ITSM_E_NO_OPEN_TIME);
    cr_assert_null(replay);
    assert_text(first_message(ctx), "calendar never never opens");
    itsm_audit_checkpoint checkpoint = ITSM_AUDIT_CHECKPOINT_INIT;
    cr_assert_eq(itsm_audit_root(&checkpoint, ctx, store), ITSM_OK);
    cr_assert_eq(checkpoint.count, 0);
}

/* Replay ------------------------------------------------------------------------------------------------------------ */

TestSuite(replay, .init = set_up, .fini = tear_down);

Test(replay, again_into_the_same_store_it_changes_nothing_and_says_the_same)
{
    load_sla(hours_json);
    measure(waited);
    itsm_buf first = counting_buf(&counting);
    cr_assert_eq(itsm_buf_add(&first, text.p, text.n), ITSM_OK);
    cr_assert_eq(counts().recorded, 6);
    cr_assert_eq(counts().known, 0);
    cr_assert_gt(counts().deviations + counts().undecided, 0);
    uint64_t deviations = counts().deviations, undecided = counts().undecided;
    itsm_replay_free(replay), itsm_sms_free(sms), replay = NULL, sms = NULL;
    measure(waited);
    cr_assert_eq(counts().recorded, 0);
    cr_assert_eq(counts().known, 6);
    cr_assert_eq(counts().deviations, deviations);
    cr_assert_eq(counts().undecided, undecided);
    cr_assert(itsm_str_eq(itsm_buf_str(&first), itsm_buf_str(&text)));
    itsm_buf_clear(&first);
}

Test(replay, stopped_behind_a_batch_and_run_again_it_ends_the_same)
{
    itsm_replay_options how = ITSM_REPLAY_OPTIONS_INIT;
    unsigned char whole[32];
    load(map_json), load_sla(hours_json);
    how.batch = 2;
    cr_assert_eq(run(waited, &how), ITSM_OK);
    memcpy(whole, counts().audit_root, 32);
    uint64_t deviations = counts().deviations;
    forget();
    const char *cut = strstr(waited, "A,Active");
    char part[1200];
    snprintf(part, sizeof part, "%.*s", (int)(cut - waited), waited);
    cr_assert_eq(run(part, &how), ITSM_OK);
    itsm_replay_free(replay), replay = NULL;
    cr_assert_eq(run(waited, &how), ITSM_OK);
    cr_assert_eq(counts().known, 2);
    cr_assert_eq(counts().recorded, 4);
    cr_assert_eq(counts().deviations, deviations);
    cr_assert_eq(memcmp(whole, counts().audit_root, 32), 0);
}

Test(replay, quotes_around_a_field_do_not_make_another_event)
{
    char quoted[1200];
    size_t n = 0;
    measure(waited);
    for (const char *p = waited; *p; p++) {
        int inside = p > waited && strncmp(p, "A,", 2) == 0 && p[-1] == '\n';
        if (inside) n += (size_t)snprintf(quoted + n, sizeof quoted - n, "\"A\"");
        else quoted[n++] = *p;
    }
    quoted[n] = 0;
    itsm_replay_free(replay), replay = NULL;
    cr_assert_eq(run(quoted, NULL), ITSM_OK);
    cr_assert_eq(counts().known, 6);
}

Test(replay, other_events_of_a_known_case_are_a_conflict_with_a_line)
{
    char other[1200];
    measure(waited);
    snprintf(other, sizeof other, "%s", waited);
    strstr(other, "16:30")[3] = '4';
    itsm_replay_free(replay), replay = NULL;
    cr_assert_eq(run(other, NULL), ITSM_E_CONFLICT);
    cr_assert_null(replay);
    cr_assert_eq(itsm_ctx_issue(ctx, 0)->line, 5);
    assert_text(first_message(ctx), "the first 4 events of A differ from those in the store");
}

static itsm_status stop(void *user, uint64_t events)
{
    return events >= 4 ? *(itsm_status *)user : ITSM_OK;
}

Test(replay, what_progress_answers_comes_back)
{
    static const itsm_status answers[] = {ITSM_DONE, ITSM_NOTHING, ITSM_E_IO};
    load(map_json);
    for (size_t i = 0; i < 3; i++) {
        itsm_status answer = answers[i];
        itsm_replay_options how = ITSM_REPLAY_OPTIONS_INIT;
        how.batch = 2, how.progress = stop, how.user = &answer;
        cr_assert_eq(run(waited, &how), answer);
        cr_assert_null(replay);
        itsm_audit_checkpoint checkpoint = ITSM_AUDIT_CHECKPOINT_INIT;
        cr_assert_eq(itsm_audit_root(&checkpoint, ctx, store), ITSM_OK);
        cr_assert_eq(checkpoint.count, 4, "the batches before stay");
        forget();
    }
}

Test(replay, a_bad_row_leaves_the_batches_before_it)
{
    char bad[1200];
    itsm_replay_options how = ITSM_REPLAY_OPTIONS_INIT;
    load(map_json);
    how.batch = 2;
    snprintf(bad, sizeof bad, "%s", waited);
    memcpy(strstr(bad, "A,Resolved"), "A,Resolfed", 10);
    cr_assert_eq(run(bad, &how), ITSM_E_INVALID);
    cr_assert_eq(itsm_ctx_issue(ctx, 0)->line, 5);
    itsm_audit_checkpoint checkpoint = ITSM_AUDIT_CHECKPOINT_INIT;
    cr_assert_eq(itsm_audit_root(&checkpoint, ctx, store), ITSM_OK);
    cr_assert_eq(checkpoint.count, 2);
}

Test(replay, without_memory_it_says_so_and_works_when_there_is_some)
{
    load(map_json), load_sla(hours_json);
    size_t n = 1;
    for (;; n++) {
        forget();
        counting_fail(&counting, n);
        itsm_status rc = run(waited, NULL);
        if (!counting_stop(&counting)) break;
        cr_assert_eq(rc, ITSM_E_NOMEM, "at %zu: %d", n, rc);
        cr_assert_null(replay);
    }
    cr_assert_gt(n, 100);
    cr_assert_eq(counts().events, 6);
}

Test(replay, without_memory_its_results_are_not_written)
{
    load(map_json), load_sla(hours_json);
    cr_assert_eq(run(waited, NULL), ITSM_OK);
    for (int table = 0; table < 2; table++)
        for (size_t n = 1;; n++) {
            itsm_buf out = counting_buf(&counting);
            cr_assert_eq(itsm_buf_add(&out, "kept", 4), ITSM_OK);
            counting_fail(&counting, n);
            itsm_status rc = table ? itsm_replay_encode_sla(&out, replay) : itsm_replay_encode(&out, replay);
            int failed = counting_stop(&counting);
            cr_assert_eq(rc, failed ? ITSM_E_NOMEM : ITSM_OK, "at %zu: %d", n, rc);
            if (failed) assert_text(itsm_buf_str(&out), "kept");
            itsm_buf_clear(&out);
            if (!failed) break;
        }
}

Test(replay, misuse_is_told)
{
    itsm_replay_options how = ITSM_REPLAY_OPTIONS_INIT;
    how.size = 8;
    load(map_json);
    cr_assert_eq(run(waited, &how), ITSM_E_MISUSE);
    cr_assert_eq(itsm_replay_encode(&text, NULL), ITSM_E_MISUSE);
    cr_assert_eq(itsm_replay_encode_sla(NULL, NULL), ITSM_E_MISUSE);
    itsm_replay_free(NULL), itsm_event_log_free(NULL);
}

/* Simulation -------------------------------------------------------------------------------------------------------- */

TestSuite(simulate, .init = set_up, .fini = tear_down);

static itsm_status take(void *self, const void *p, size_t n)
{
    return itsm_buf_add(self, p, n);
}

static itsm_status refuse(void *self, const void *p, size_t n)
{
    (void)self, (void)p, (void)n;
    return ITSM_E_FULL;
}

Test(simulate, a_seed_and_a_day_decide_every_byte)
{
    itsm_simulate_options how = ITSM_SIMULATE_OPTIONS_INIT;
    itsm_buf again = counting_buf(&counting);
    how.incidents = 100, how.seed = 7;
    cr_assert_eq(itsm_simulate(ctx, &how, take, &text), ITSM_OK);
    cr_assert_eq(itsm_simulate(ctx, &how, take, &again), ITSM_OK);
    cr_assert(itsm_str_eq(itsm_buf_str(&text), itsm_buf_str(&again)));
    how.seed = 8, again.n = 0;
    cr_assert_eq(itsm_simulate(ctx, &how, take, &again), ITSM_OK);
    cr_assert_not(itsm_str_eq(itsm_buf_str(&text), itsm_buf_str(&again)));
    itsm_buf_clear(&again);
}

Test(simulate, what_the_sink_answers_comes_back)
{
    itsm_simulate_options how = ITSM_SIMULATE_OPTIONS_INIT;
    how.incidents = 5;
    cr_assert_eq(itsm_simulate(ctx, &how, refuse, NULL), ITSM_E_FULL);
    cr_assert_eq(itsm_simulate(ctx, &how, NULL, NULL), ITSM_E_MISUSE);
    how.incidents = UINT64_C(10000001);
    cr_assert_eq(itsm_simulate(ctx, &how, take, &text), ITSM_E_RANGE);
    how.incidents = 1, how.first_day = INT64_MAX;
    cr_assert_eq(itsm_simulate(ctx, &how, take, &text), ITSM_E_RANGE);
}

Test(simulate, without_memory_it_says_so)
{
    itsm_simulate_options how = ITSM_SIMULATE_OPTIONS_INIT;
    how.incidents = 3;
    for (size_t n = 1;; n++) {
        text.n = 0;
        counting_fail(&counting, n);
        itsm_status rc = itsm_simulate(ctx, &how, take, &text);
        int failed = counting_stop(&counting);
        cr_assert_eq(rc, failed ? ITSM_E_NOMEM : ITSM_OK);
        if (!failed) break;
    }
}
