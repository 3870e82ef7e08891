/* SPDX-License-Identifier: MIT */
/*
 * The run: all groups, one case after the other, each on a new store.
 *
 * A case is skipped when the store has not a capability it is about, or has one it is not for, or when the host has not
 * a callback it needs; that is counted and said, never passed.  The cost is that of the cases; the kit itself keeps a
 * model of the record types and one case's memory.
 */
#include "adapters/check/kit.h"

static const itsm__group *const groups[] = {
    &itsm__kit_values, &itsm__kit_order,  &itsm__kit_expectations, &itsm__kit_indexes, &itsm__kit_tombstones,
    &itsm__kit_views,  &itsm__kit_audit,  &itsm__kit_twice,        &itsm__kit_reserve, &itsm__kit_threads,
    &itsm__kit_reopen, &itsm__kit_limits, &itsm__kit_random};

static const uint64_t usual_seed = 20260131, usual_operations = 100000;

/* What a capability is called, for the reason of a skip; the place is the number of the bit. */
static const char *const cap_names[] = {"ITSM_CAP_DURABLE",      "ITSM_CAP_SNAPSHOT",     "ITSM_CAP_MT",
                                        "ITSM_CAP_MULTI_WRITER", "ITSM_CAP_NATIVE_INDEX", "ITSM_CAP_FOREIGN_WRITES",
                                        "ITSM_CAP_BACKEND_REV",  "ITSM_CAP_HOST_TXN",     "ITSM_CAP_SEAL_SYNC"};

size_t itsm_check_count(void)
{
    size_t n = 0;
    for (size_t g = 0; g < KIT_COUNT(groups); g++) n += groups[g]->n;
    return n;
}

itsm_status itsm_check_case_at(itsm_check_case *out, size_t i)
{
    if (!out || out->size < sizeof *out) return ITSM_E_MISUSE;
    size_t before = 0;
    for (size_t g = 0; g < KIT_COUNT(groups); before += groups[g++]->n)
        if (i - before < groups[g]->n) {
            itsm_check_case found = ITSM_CHECK_CASE_INIT;
            found.size = out->size, found.number = (uint32_t)i + 1, found.outcome = ITSM_CHECK_LISTED;
            found.group = itsm_str_c(groups[g]->name), found.name = itsm_str_c(groups[g]->claims[i - before].name);
            memcpy(out, &found, sizeof found);
            return ITSM_OK;
        }
    return ITSM_NOTHING;
}

/* One case -------------------------------------------------------------------------------------------------------- */

static void name_bits(itsm_buf *out, uint64_t bits, const char *before)
{
    for (size_t i = 0; i < KIT_COUNT(cap_names); i++)
        if (bits >> i & 1) itsm__kit_format(out, out->n ? " and %s%s" : "%s%s", before, cap_names[i]);
}

/* Why a case is not run; 0: it is. */
static int is_skipped(itsm__bench *b, const itsm__claim *claim)
{
    const itsm_check_host *h = b->host;
    b->message.n = 0;
    name_bits(&b->message, claim->caps & ~b->caps, "not ");
    name_bits(&b->message, claim->without & b->caps, "");
    static const char *const names[] = {"the host cannot open again", "the host cannot kill", "the host has no threads",
                                        "the host has no transactions"};
    const int has[] = {h->reopen != NULL, h->kill != NULL, h->parallel != NULL, h->begin && h->end};
    for (size_t i = 0; i < KIT_COUNT(names); i++)
        if (claim->host >> i & 1 && !has[i]) itsm__kit_format(&b->message, b->message.n ? ", %s" : "%s", names[i]);
    return b->message.n > 0;
}

/* A failure of the host's own is no finding about the store: it ends the run. */
static itsm_status run_claim(itsm__bench *b, const itsm__claim *claim)
{
    b->failed = 0, b->message.n = 0, b->rev = 10, b->pieces = NULL, b->store = NULL;
    itsm_status rc = b->host->make(b->host->self, &b->store, b->ctx);
    if (rc == ITSM_OK && !b->store) rc = ITSM_E_MISUSE;
    if (rc) return rc;
    itsm__kit_status(b, itsm__kit_define(b), ITSM_OK, "define");
    if (!b->failed) claim->run(b, claim->which);
    itsm__kit_release(b);
    itsm_store_free(b->store);
    b->store = NULL;
    if (b->host->destroy) b->host->destroy(b->host->self);
    return ITSM_OK;
}

static itsm_status do_claim(itsm_check_result *out, itsm__bench *b, const itsm__group *group, const itsm__claim *claim,
                            const itsm_check_options *options, uint32_t number)
{
    itsm_check_case done = ITSM_CHECK_CASE_INIT;
    itsm_status rc = ITSM_OK;
    done.number = number, done.group = itsm_str_c(group->name), done.name = itsm_str_c(claim->name);
    if (is_skipped(b, claim)) done.outcome = ITSM_CHECK_SKIPPED;
    else if ((rc = run_claim(b, claim)) != ITSM_OK) return rc;
    else if (b->failed) done.outcome = ITSM_CHECK_FAILED;
    if (done.outcome != ITSM_CHECK_PASSED) done.message = itsm_buf_str(&b->message);
    out->cases++;
    if (done.outcome == ITSM_CHECK_PASSED) out->passed++;
    else if (done.outcome == ITSM_CHECK_FAILED) out->failed++;
    else out->skipped++;
    out->operations = b->done, out->differences = b->differences;
    return options->fn ? options->fn(options->user, &done) : ITSM_OK;
}

/* The run --------------------------------------------------------------------------------------------------------- */

static itsm_status run_all(itsm_check_result *out, itsm__bench *b, const itsm_check_options *options)
{
    itsm_status rc = ITSM_OK;
    uint32_t number = 0;
    for (size_t g = 0; g < KIT_COUNT(groups) && !rc; g++)
        for (size_t i = 0; i < groups[g]->n && !rc; i++) {
            const itsm__claim *claim = &groups[g]->claims[i];
            number++;
            if (options->group.n && !itsm_str_is(options->group, groups[g]->name)) continue;
            if (options->name.n && !itsm_str_is(options->name, claim->name)) continue;
            rc = do_claim(out, b, groups[g], claim, options, number);
        }
    return rc || out->cases ? rc : ITSM_E_NOT_FOUND;
}

/* What the store is and can: asked of one that is made for that. */
static itsm_status ask(itsm_check_result *out, itsm__bench *b)
{
    itsm_store *store = NULL;
    itsm_status rc = b->host->make(b->host->self, &store, b->ctx);
    if (rc || !store) return rc ? rc : ITSM_E_MISUSE;
    itsm_str name = itsm_store_name(store);
    out->caps = b->caps = itsm_store_caps(store);
    memset(out->name, 0, sizeof out->name);
    memcpy(out->name, name.p, name.n < sizeof out->name ? name.n : sizeof out->name - 1);
    itsm_store_free(store);
    if (b->host->destroy) b->host->destroy(b->host->self);
    return ITSM_OK;
}

itsm_status itsm_check_run(itsm_check_result *out, itsm_ctx *ctx, const itsm_check_host *host,
                           const itsm_check_options *options)
{
    const itsm_check_options none = ITSM_CHECK_OPTIONS_INIT;
    itsm_check_result result = ITSM_CHECK_RESULT_INIT;
    itsm_ctx_options memory = ITSM_CTX_OPTIONS_INIT;
    itsm_check_host all = ITSM_CHECK_HOST_INIT;
    itsm_check_options chosen = none;
    itsm_model *model = NULL;
    itsm__bench b;

    if (!out || out->size < sizeof *out || !ctx || !host || host->size < sizeof host->size) return ITSM_E_MISUSE;
    memcpy(&all, host, host->size < sizeof all ? host->size : sizeof all);
    if (options) memcpy(&chosen, options, options->size < sizeof chosen ? options->size : sizeof chosen);
    if (!all.make) return ITSM_E_MISUSE;
    memset(&b, 0, sizeof b);
    itsm_ctx_options_get(&memory, ctx);
    b.host = &all, b.ctx = ctx, b.alloc = memory.alloc, b.alloc_user = memory.alloc_user;
    b.seed = result.seed = chosen.seed ? chosen.seed : usual_seed;
    b.operations = chosen.operations ? chosen.operations : usual_operations;
    itsm_buf_init(&b.message, ctx);
    itsm_status rc = itsm__kit_model(&model, ctx);
    b.model = model;
    if (!rc) rc = ask(&result, &b);
    if (!rc) rc = run_all(&result, &b, &chosen);
    itsm_model_free(model);
    itsm_buf_clear(&b.message);
    result.size = out->size;
    memcpy(out, &result, sizeof result);
    return rc;
}
