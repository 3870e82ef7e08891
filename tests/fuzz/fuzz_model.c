/* SPDX-License-Identifier: MIT */
/*
 * Models of one's own.  The first byte chooses: 'g' the rest is a guard, 'e' an effect, 'k' a kind of field, 'd' a formula,
 * each put into a small model; anything else: the whole input is a model's JSON.  What loads passes the checker, writes
 * JSON that loads to the same JSON, and differs from itself in nothing.  What does not load says why.  Nothing may leak.
 */
#include "support.h"

#include <itsm/model.h>

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int truth, const char *what)
{
    if (truth) return;
    fprintf(stderr, "%s\n", what);
    abort();
}

static void walk(struct counting *counting, itsm_ctx *ctx, const itsm_model *model)
{
    itsm_buf text = counting_buf(counting), again = counting_buf(counting), diff = counting_buf(counting);
    itsm_model *back = NULL;
    must(itsm_model_check(ctx, model) == ITSM_OK, "what was loaded passes the checker");
    must(itsm_model_encode(&text, model) == ITSM_OK, "and can be written");
    must(itsm_model_load(&back, ctx, itsm_buf_str(&text)) == ITSM_OK, "what was written can be loaded");
    must(itsm_model_encode(&again, back) == ITSM_OK, "and written again");
    must(itsm_str_eq(itsm_buf_str(&text), itsm_buf_str(&again)), "as the same bytes");
    must(itsm_model_diff_encode(&diff, model, back) == ITSM_OK && diff.n == 2, "and is the same model");
    diff.n = 0;
    must(itsm_model_diff_encode(&diff, itsm_model_builtin(), model) == ITSM_OK, "it can be compared");
    must(itsm_model_compare(ctx, itsm_model_builtin(), model) == ITSM_OK, "with warnings too");
    itsm_model_free(back);
    itsm_buf_clear(&text), itsm_buf_clear(&again), itsm_buf_clear(&diff);
}

/* The model of one type with the text at its place. */
static itsm_status build(itsm_model **out, itsm_ctx *ctx, char what, itsm_str text)
{
    static const char json[] =
        "{\"roles\":{\"timer\":\"\"},\"policies\":{\"wait\":\"P1D\"},\"record_types\":[{\"id\":\"thing\",\"prefix\":\"T\","
        "\"clauses_2011\":[\"8.1\"],\"clauses_2018\":[\"8.6.1\"],\"fields\":[{\"name\":\"note\",\"type\":\"text\"},"
        "{\"name\":\"boss\",\"type\":\"party\"},{\"name\":\"n\",\"type\":\"int\"},{\"name\":\"due\",\"type\":\"time\"}],"
        "\"relations\":[{\"name\":\"parts\",\"target\":\"thing\",\"card\":\"n\",\"inverse\":\"whole\"},"
        "{\"name\":\"whole\",\"target\":\"thing\",\"card\":\"1\",\"inverse\":\"parts\"}],"
        "\"lifecycles\":[{\"attribute\":\"status\",\"initial\":\"a\",\"states\":[{\"name\":\"a\",\"category\":\"open\"},"
        "{\"name\":\"b\",\"category\":\"closed\"}],\"transitions\":[{\"event\":\"go\",\"from\":[\"a\"],\"to\":\"b\","
        "\"actor\":[\"boss\"]}]}]}]}";
    const itsm_str thing = ITSM_STR("thing"), status = ITSM_STR("status"), go = ITSM_STR("go");
    itsm_model_builder *b = NULL;
    itsm_field_spec field = ITSM_FIELD_SPEC_INIT;
    field.name = ITSM_STR("x"), field.kind = what == 'k' ? text : ITSM_STR("int");
    if (what == 'd') field.derive = text;
    must(itsm_model_builder_new(&b, ctx, NULL) == ITSM_OK, "a builder");
    must(itsm_model_builder_add_json(b, itsm_str_c(json)) == ITSM_OK, "a model to put it in");
    if (what == 'g') must(itsm_model_builder_add_guard(b, thing, status, go, text) == ITSM_OK, "a guard");
    else if (what == 'e') must(itsm_model_builder_add_effect(b, thing, status, go, text) == ITSM_OK, "an effect");
    else must(itsm_model_builder_add_field(b, thing, &field) == ITSM_OK, "a field");
    const itsm_status rc = itsm_model_builder_freeze(out, b);
    itsm_model_builder_free(b);
    return rc;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct counting counting = COUNTING_INIT;
    itsm_ctx *ctx = counting_ctx(&counting);
    itsm_model *model = NULL;
    const char what = size ? (char)data[0] : '\0';
    const itsm_str text = itsm_str_n((const char *)data, size);
    const itsm_status rc = what && strchr("gekd", what) ? build(&model, ctx, what, itsm_str_n(text.p + 1, size - 1))
                                                        : itsm_model_load(&model, ctx, text);
    must((rc == ITSM_OK) == (model != NULL), "a failure gives no model");
    must(rc == ITSM_OK || itsm_ctx_issue_count(ctx) > 0, "and says why");
    must(itsm_ctx_issue_count(ctx) <= 1001, "in a thousand words at most");
    if (model) walk(&counting, ctx, model);
    itsm_model_free(model);
    itsm_ctx_free(ctx);
    must(counting.outstanding == 0, "nothing is left");
    return 0;
}
