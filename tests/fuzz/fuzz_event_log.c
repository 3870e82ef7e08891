/* SPDX-License-Identifier: MIT */
/*
 * Any bytes as the rows of an event log: replayed into a store in memory they give figures, or an issue with a line;
 * replayed again they change nothing and give the same figures.  All memory comes back.
 */
#include <itsm/interchange.h>

#include "support.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char map_json[] =
    "{\"format\":1,\"type\":\"incident\",\"time_format\":\"%d/%m/%Y %H:%M\",\"missing\":[\"?\",\"-\"],\"case\":\"n\",\"at\":\"t\","
    "\"who\":\"w\",\"opened\":\"o\",\"resolved\":{\"column\":\"r\",\"final\":true},\"closed\":\"c\",\"state\":\"s\","
    "\"states\":{\"N\":\"new\",\"A\":\"in_progress\",\"R\":\"resolved\",\"C\":\"closed\","
    "\"W\":{\"state\":\"pending\",\"set\":{\"pending_reason\":\"awaiting_user\"}}},"
    "\"fields\":{\"impact\":\"i\",\"priority\":{\"column\":\"p\",\"values\":{\"1\":1,\"2\":2},\"otherwise\":3},\"channel\":\"h\","
    "\"title\":\"x\"},"
    "\"measures\":{\"priority\":\"p\",\"impact\":\"i\",\"urgency\":\"x\",\"modifications\":\"m\",\"reopenings\":\"m\",\"reassignments\":\"m\"}}";

static const char header[] = "n,s,t,w,o,r,c,i,p,h,m,x\n";

typedef struct source {
    itsm_str rest[2]; /* the header, then the rows */
} source;

static void require(int truth, const char *what)
{
    if (truth) return;
    fprintf(stderr, "broken: %s\n", what);
    abort();
}

static itsm_status read_source(void *self, void *out, size_t capacity, size_t *n)
{
    source *s = self;
    itsm_str *rest = s->rest[0].n ? &s->rest[0] : &s->rest[1];
    *n = rest->n < capacity ? rest->n : capacity;
    if (*n) memcpy(out, rest->p, *n);
    rest->p += *n, rest->n -= *n;
    return ITSM_OK;
}

typedef struct setup {
    itsm_ctx *ctx;
    itsm_mapping *mapping;
    itsm_zone *zone;
    itsm_sla *sla;
    itsm_store *store;
} setup;

static itsm_status replay(itsm_buf *out, setup *u, itsm_str rows, uint64_t *recorded)
{
    static const char key[] = "key";
    itsm_sms_options how = ITSM_SMS_OPTIONS_INIT;
    itsm_replay_options options = ITSM_REPLAY_OPTIONS_INIT;
    itsm_replay_counts counts = ITSM_REPLAY_COUNTS_INIT;
    const itsm_sla *slas[1] = {u->sla};
    itsm_sms *sms = NULL;
    itsm_event_log *log = NULL;
    itsm_replay *result = NULL;
    source s = {{itsm_str_c(header), rows}};
    how.sla = u->sla, how.key.p = key, how.key.n = sizeof key;
    options.slas = slas, options.nslas = 1, options.batch = 3;
    itsm_status rc = itsm_sms_new(&sms, u->ctx, itsm_model_builtin(), u->store, &how);
    if (!rc) rc = itsm_event_log_open(&log, u->ctx, u->mapping, u->zone, read_source, &s);
    if (!rc) rc = itsm_replay_run(&result, sms, u->mapping, log, &options);
    if (!rc) rc = itsm_replay_encode(out, result);
    if (!rc) rc = itsm_replay_encode_sla(out, result);
    if (!rc) itsm_replay_counts_get(&counts, result), *recorded = counts.recorded;
    if (rc) require(itsm_ctx_issue_count(u->ctx) && itsm_ctx_issue(u->ctx, 0)->line > 0, "an issue with a line");
    itsm_replay_free(result), itsm_event_log_free(log), itsm_sms_free(sms);
    return rc;
}

/* What no input changes is made once. */
static void prepare(setup *u)
{
    static const char hours[] = "{\"name\":\"h\",\"tz\":\"UTC\",\"weekly\":{\"mon\":[[\"09:00\",\"17:00\"]]}}";
    itsm_calendar *calendar = NULL;
    require(!itsm_ctx_new(&u->ctx, NULL) &&
                !itsm_mapping_load(&u->mapping, u->ctx, itsm_model_builtin(), itsm_str_c(map_json)) &&
                !itsm_zone_load(&u->zone, u->ctx, ITSM_STR("UTC")) &&
                !itsm_calendar_load(&calendar, u->ctx, itsm_str_c(hours)) &&
                !itsm_sla_load(&u->sla, u->ctx, ITSM_STR("{\"1\":60,\"3\":600}"), calendar),
            "what the target needs");
    itsm_calendar_free(calendar);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static setup once;
    if (!once.ctx) prepare(&once);
    struct counting counting = COUNTING_INIT;
    setup u = once;
    itsm_buf first = counting_buf(&counting), second = counting_buf(&counting);
    itsm_str rows = itsm_str_n((const char *)data, size);
    uint64_t recorded = 0;
    u.ctx = counting_ctx(&counting);
    require(!itsm_store_memory(&u.store, u.ctx), "a store");
    itsm_status rc = replay(&first, &u, rows, &recorded);
    require(rc == replay(&second, &u, rows, &recorded), "the same answer again");
    require(rc || (recorded == 0 && itsm_str_eq(itsm_buf_str(&first), itsm_buf_str(&second))),
            "the same figures again");
    require(!rc || rc == ITSM_E_SYNTAX || rc == ITSM_E_INVALID || rc == ITSM_E_LIMIT || rc == ITSM_E_RANGE,
            "a documented code");
    itsm_store_free(u.store), itsm_buf_clear(&first), itsm_buf_clear(&second), itsm_ctx_free(u.ctx);
    require(!counting.outstanding, "all memory given back");
    return 0;
}
