/* SPDX-License-Identifier: MIT */
/*
 * Scenarios: the real-life cases beside the sources (../shared/model/scenarios.jsonl, or below ITSM_SHARED; without them
 * this says so and is skipped), and small ones that must fail, each for its reason.
 */
#include <itsm/interchange.h>

#include <criterion/criterion.h>

#include "support.h"

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

Test(scenario, every_step_is_answered_exactly_as_written_down, .timeout = 300)
{
    size_t n = 0, passed = 0, failed = 0;
    char *text = read_scenarios(&n);
    if (!text) cr_skip_test("no scenarios");
    struct counting counting = COUNTING_INIT;
    itsm_ctx *ctx = counting_ctx(&counting);
    for (char *line = text, *end; line < text + n; line = end + 1) {
        itsm_buf failure = ITSM_BUF_INIT;
        end = strchr(line, '\n');
        if (!end) end = text + n;
        if (end == line) continue;
        itsm_status rc = itsm_scenario_run(ctx, itsm_model_builtin(), itsm_str_n(line, (size_t)(end - line)), &failure);
        if (rc) printf("  %.*s\n", (int)failure.n, failure.p);
        passed += rc == ITSM_OK, failed += rc != ITSM_OK;
        itsm_buf_clear(&failure);
    }
    printf("scenarios: %zu passed, %zu failed\n", passed, failed);
    itsm_ctx_free(ctx);
    free(text);
    assert_nothing_outstanding(counting);
    cr_assert_eq(failed, (size_t)0);
    cr_assert_gt(passed, (size_t)0);
}

/* What a case that fails says. */
static void fails(const char *line, const char *says)
{
    struct counting counting = COUNTING_INIT;
    itsm_ctx *ctx = counting_ctx(&counting);
    itsm_buf failure = ITSM_BUF_INIT;
    cr_assert_eq(itsm_golden_run(ctx, itsm_str_c(line), &failure), ITSM_E_INVALID, "%s", line);
    cr_assert(itsm_buf_add(&failure, "", 1) == ITSM_OK);
    cr_assert(strstr(failure.p, says), "%s is not in %s", says, failure.p);
    itsm_buf_clear(&failure);
    itsm_ctx_free(ctx);
    assert_nothing_outstanding(counting);
}

#define CASE(steps) "{\"id\": \"x\", \"start\": \"2026-03-02T09:00:00Z\", \"steps\": [" steps "]}"
#define SERVICE                                                                                                        \
    "{\"op\": \"create\", \"ref\": \"s\", \"type\": \"service\", \"fields\": {\"owner\": \"o\", \"name\": "            \
    "\"n\", \"description\": \"d\"}}"

Test(scenario, an_answer_that_differs_names_the_step_and_both_answers)
{
    fails(CASE(SERVICE ", {\"op\": \"set\", \"ref\": \"s\", \"fields\": {\"created_by\": null}}"),
          "x: step 2 (set s): expected ok, actual locked:created_by");
    fails(CASE(SERVICE
               ", {\"op\": \"move\", \"ref\": \"s\", \"event\": \"fly\", \"expect\": {\"refused\": [\"actor\"]}}"),
          "x: step 2 (move sfly): expected actor, actual state");
}

Test(scenario, what_is_no_scenario_fails_and_says_why)
{
    fails(CASE("{\"op\": \"fly\"}"), "there is no such operation");
    fails(CASE("{\"op\": \"move\", \"ref\": \"nobody\"}"), "no record is called \"nobody\"");
    fails(CASE("{\"op\": \"create\", \"type\": \"unicorn\"}"), "no such type");
    fails(CASE("{\"op\": \"create\", \"type\": \"service\", \"fields\": {\"horn\": 1}}"), "has no field \"horn\"");
    fails(CASE("{\"op\": \"advance\", \"by\": \"soon\"}"), "duration");
    fails("{\"id\": \"x\", \"steps\": []}", "instant");
    fails("{\"id\": \"x\", \"start\": \"2026-03-02T09:00:00Z\", \"steps\": 1}", "array");
    fails("{\"steps\": [", "");
}

Test(scenario, the_end_must_be_as_written_down_too)
{
    fails("{\"id\": \"x\", \"start\": \"2026-03-02T09:00:00Z\", \"steps\": [" SERVICE
          "], \"final\": {\"s\": {\"status\": \"live\"}}}",
          "at the end s: status is proposed");
}

Test(scenario, a_failed_allocation_is_told_and_nothing_leaks)
{
    static const char line[] =
        CASE(SERVICE ", {\"op\": \"advance\", \"by\": \"PT1H\"}, {\"op\": \"tick\"}, {\"op\": \"blackout\", \"from\": "
                     "\"2026-03-02T09:00:00Z\", \"to\": \"2026-03-02T10:00:00Z\"}");
    size_t n = 1;
    for (itsm_status rc = ITSM_E_NOMEM; rc; n++) {
        struct counting counting = COUNTING_INIT;
        itsm_ctx *ctx = counting_ctx(&counting);
        itsm_buf failure = ITSM_BUF_INIT;
        counting_fail(&counting, n);
        rc = itsm_golden_run(ctx, itsm_str_c(line), &failure);
        const int was_hit = counting_stop(&counting);
        cr_assert(was_hit || rc == ITSM_OK, "%d", rc);
        cr_assert(rc == ITSM_OK || rc == ITSM_E_NOMEM || rc == ITSM_E_INVALID, "%d at allocation %zu", rc, n);
        itsm_buf_clear(&failure);
        itsm_ctx_free(ctx);
        assert_nothing_outstanding(counting);
    }
    printf("scenario: %zu allocations failed once each\n", n - 1);
}
