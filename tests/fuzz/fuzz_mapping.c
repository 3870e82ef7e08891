/* SPDX-License-Identifier: MIT */
/*
 * Any bytes as a mapping: it loads, or says why not with a documented code; what loads answers what it is of, and reads
 * a log whose header is made of its own words without a crash.  All memory comes back.
 */
#include <itsm/interchange.h>

#include "support.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int truth, const char *what)
{
    if (truth) return;
    fprintf(stderr, "broken: %s\n", what);
    abort();
}

static itsm_status read_all(void *self, void *out, size_t capacity, size_t *n)
{
    itsm_str *rest = self;
    *n = rest->n < capacity ? rest->n : capacity;
    if (*n) memcpy(out, rest->p, *n);
    rest->p += *n, rest->n -= *n;
    return ITSM_OK;
}

/* The strings of the mapping as a header, then one row of them: some mappings find all their columns there. */
static void read_own_words(itsm_ctx *ctx, const itsm_mapping *mapping, itsm_str json)
{
    itsm_buf log = ITSM_BUF_INIT;
    itsm_event_log *events = NULL;
    itsm_zone *zone = NULL;
    const itsm_log_event *event;
    itsm_status rc = itsm_zone_load(&zone, ctx, ITSM_STR("UTC"));
    for (int row = 0; row < 2 && !rc; row++) {
        int inside = 0;
        for (size_t i = 0; i < json.n && !rc; i++) {
            if (json.p[i] == '"') inside = !inside, rc = inside ? ITSM_OK : itsm_buf_add(&log, ",", 1);
            else if (inside) rc = itsm_buf_add(&log, json.p + i, 1);
        }
        if (!rc) rc = itsm_buf_add(&log, "end\n", 4);
    }
    itsm_str rest = itsm_buf_str(&log);
    if (!rc) rc = itsm_event_log_open(&events, ctx, mapping, zone, read_all, &rest);
    while (!rc) rc = itsm_event_log_next(&event, events);
    require(rc == ITSM_DONE || itsm_ctx_issue_count(ctx) > 0, "a log that is refused says why");
    itsm_event_log_free(events), itsm_zone_free(zone), itsm_buf_clear(&log);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct counting counting = COUNTING_INIT;
    itsm_ctx *ctx = counting_ctx(&counting);
    itsm_mapping *mapping = NULL;
    itsm_str json = itsm_str_n((const char *)data, size);
    itsm_status rc = itsm_mapping_load(&mapping, ctx, itsm_model_builtin(), json);
    require((rc == ITSM_OK) == (mapping != NULL), "a mapping or none");
    if (!rc) {
        const itsm_str *fields;
        size_t n = itsm_mapping_fields(&fields, mapping);
        const itsm_type_def *type = itsm_model_type(itsm_model_builtin(), itsm_mapping_type(mapping));
        require(type != NULL, "its type is of the model");
        for (size_t i = 0; i < n; i++) {
            require(itsm_type_field(type, fields[i]) != NULL, "its fields are of the type");
            for (size_t k = 0; k < i; k++) require(!itsm_str_eq(fields[i], fields[k]), "no field twice");
        }
        read_own_words(ctx, mapping, json);
    } else {
        const itsm_issue *issue = itsm_ctx_issue(ctx, 0);
        require(rc == ITSM_E_SYNTAX || rc == ITSM_E_INVALID || rc == ITSM_E_LIMIT || rc == ITSM_E_VERSION,
                "a documented code");
        require(issue && issue->line > 0 && issue->position <= size, "an issue with a place");
    }
    itsm_mapping_free(mapping), itsm_ctx_free(ctx);
    require(!counting.outstanding, "all memory given back");
    return 0;
}
