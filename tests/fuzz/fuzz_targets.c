/* SPDX-License-Identifier: MIT */
/*
 * Sets of targets from anybody: whatever loads answers for any record, and is written as a set that loads again and is
 * written alike; whatever does not load says why.  One zone: UTC, which needs no files.
 */
#include <itsm/sla.h>

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static itsm_status any_field(void *user, itsm_value *out, itsm_str field)
{
    static const itsm_value items[] = {{ITSM_INT, 0, {.i = 1}}, {ITSM_TEXT, 0, {.s = {"a", 1}}}};
    const int *turn = user;
    switch (((int)field.n + *turn) & 3) {
    case 0: *out = items[0]; return ITSM_OK;
    case 1: *out = items[1]; return ITSM_OK;
    case 2: out->kind = ITSM_LIST, out->u.list.item = items, out->u.list.n = 2; return ITSM_OK;
    default: return ITSM_NOTHING;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    itsm_ctx *ctx;
    itsm_sla *sla, *again = NULL;
    itsm_buf text = ITSM_BUF_INIT, twice = ITSM_BUF_INIT;
    if (size > 1 << 14 || itsm_ctx_new(&ctx, NULL)) return 0;
    if (itsm_sla_load(&sla, ctx, itsm_str_n((const char *)data, size), NULL) == ITSM_OK) {
        for (int turn = 0; turn < 4; turn++)
            for (uint32_t kind = 0; kind < 6; kind++) {
                const itsm_sla_rule *rule;
                const itsm_status rc = itsm_sla_find(&rule, sla, kind, any_field, &turn);
                if (rc != (rule ? ITSM_OK : ITSM_NOTHING) || (rule && rule->kind != kind)) abort();
            }
        if (itsm_sla_encode(&text, sla) || itsm_sla_load(&again, ctx, itsm_buf_str(&text), NULL) ||
            itsm_sla_encode(&twice, again) || !itsm_str_eq(itsm_buf_str(&text), itsm_buf_str(&twice)))
            abort();
    } else if (!itsm_ctx_issue_count(ctx)) {
        abort();
    }
    itsm_buf_clear(&text), itsm_buf_clear(&twice);
    itsm_sla_free(sla), itsm_sla_free(again);
    itsm_ctx_free(ctx);
    return 0;
}
