/* SPDX-License-Identifier: MIT */
/*
 * Bytes and JSON of records.  The first byte chooses: even, the rest is a body; odd, it is JSON.  What is accepted as
 * a body is written again as the same bytes; what is accepted at all survives both forms.  Nothing may leak.
 */
#include "support.h"

#include <itsm/record.h>

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int truth, const char *what)
{
    if (truth) return;
    fprintf(stderr, "%s\n", what);
    abort();
}

static itsm_record *decoded(itsm_ctx *ctx, itsm_ref ref, uint64_t revision, const void *p, size_t n)
{
    itsm_record *record = NULL;
    itsm_row row;
    memset(&row, 0, sizeof row);
    row.ref = ref, row.rev = revision, row.body.p = p, row.body.n = n;
    itsm_status rc = itsm_record_decode(&record, ctx, itsm_model_builtin(), &row);
    must((rc == ITSM_OK) == (record != NULL), "a failure gives no record");
    return record;
}

static void walk(struct counting *counting, itsm_ctx *ctx, const itsm_record *record, const uint8_t *body, size_t n)
{
    itsm_buf bytes = counting_buf(counting), json = counting_buf(counting), again = counting_buf(counting);
    itsm_record *back = NULL;
    must(itsm_record_encode(&bytes, record) == ITSM_OK, "what was read can be written");
    if (body && n) must(bytes.n == n && memcmp(bytes.p, body, n) == 0, "and is the same bytes");
    itsm_status check = itsm_record_check(ctx, record);
    must(check == ITSM_OK || itsm_ctx_issue_count(ctx) > 0, "a failed check says why");
    itsm_status rc = itsm_record_encode_json(&json, record);
    if (rc == ITSM_OK) {
        rc = itsm_record_decode_json(&back, ctx, itsm_model_builtin(), itsm_buf_str(&json));
        must(rc == ITSM_OK, "its JSON can be read");
        must(itsm_record_encode(&again, back) == ITSM_OK && itsm_str_eq(itsm_buf_str(&again), itsm_buf_str(&bytes)),
             "and is the same record");
        must(itsm_record_revision(back) == itsm_record_revision(record), "of the same revision");
    } else must(rc == ITSM_E_INVALID, "only text that is not UTF-8 has no JSON");
    itsm_record_free(back);
    back = decoded(ctx, itsm_record_ref(record), 1, bytes.p, bytes.n);
    must(back != NULL, "what was written can be read");
    itsm_record_free(back);
    itsm_buf_clear(&bytes), itsm_buf_clear(&json), itsm_buf_clear(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct counting counting = COUNTING_INIT;
    itsm_ctx *ctx = counting_ctx(&counting);
    itsm_record *record = NULL;
    itsm_ref ref;
    ref.type = itsm_model_type(itsm_model_builtin(), ITSM_STR("incident"))->number, ref.id.hi = 0, ref.id.lo = 1;
    int is_body = size && data[0] % 2 == 0;
    if (is_body) record = decoded(ctx, ref, 1, data + 1, size - 1);
    else if (size) {
        itsm_status rc =
            itsm_record_decode_json(&record, ctx, itsm_model_builtin(), itsm_str_n((const char *)data + 1, size - 1));
        must((rc == ITSM_OK) == (record != NULL), "a failure gives no record");
    }
    if (record) walk(&counting, ctx, record, is_body ? data + 1 : NULL, size - 1);
    itsm_record_free(record);
    itsm_ctx_free(ctx);
    must(counting.outstanding == 0, "nothing is left");
    return 0;
}
