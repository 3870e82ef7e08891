/* SPDX-License-Identifier: MIT */
/*
 * Any bytes as JSON: what is refused has one issue within the input and leaves an empty document; what is taken is
 * written, read again and written again, and both writings are the same.
 */
#include "support.h"
#include "text/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int truth, const char *what)
{
    if (truth) return;
    fprintf(stderr, "broken: %s\n", what);
    abort();
}

/* Write a whole document in preorder; ends[] holds where the open arrays and objects end. */
static void write(itsm_buf *out, const itsm__json *json, unsigned indent)
{
    itsm__json_writer writer;
    const itsm__json_node *ends[ITSM__JSON_DEPTH];
    size_t depth = 0;
    itsm__json_write_init(&writer, out, indent);
    for (size_t i = 0; i < json->count; i++) {
        const itsm__json_node *node = &json->nodes[i];
        if (node->key.p) itsm__json_write_key_str(&writer, node->key);
        switch (node->kind) {
        case ITSM__JSON_NULL: itsm__json_write_null(&writer); break;
        case ITSM__JSON_BOOL: itsm__json_write_bool(&writer, (int)node->integer); break;
        case ITSM__JSON_INT: itsm__json_write_int(&writer, node->integer); break;
        case ITSM__JSON_DECIMAL: itsm__json_write_raw(&writer, node->text); break;
        case ITSM__JSON_TEXT: itsm__json_write_text(&writer, node->text); break;
        case ITSM__JSON_ARRAY: itsm__json_write_array(&writer), ends[depth++] = node + node->span; break;
        default: itsm__json_write_object(&writer), ends[depth++] = node + node->span; break;
        }
        for (; depth && ends[depth - 1] == node + 1; depth--) itsm__json_write_end(&writer);
    }
    require(itsm__json_write_finish(&writer) == ITSM_OK, "what was read can be written");
}

static void ask(const itsm__json *json)
{
    static const itsm_str names[] = {{"a", 1}, {"name", 4}};
    for (size_t i = 0; i < json->count && i < 100; i++) {
        const itsm__json_node *node = &json->nodes[i];
        int64_t value;
        itsm_str text;
        (void)itsm__json_scaled(&value, node, (unsigned)(i % 20));
        (void)itsm__json_get_text(&text, json, node, "a", ITSM__JSON_REQUIRED);
        (void)itsm__json_get_scaled(&value, json, node, "a", ITSM__JSON_OPTIONAL, 3);
        (void)itsm__json_expect_only(json, node, names, 2);
        itsm__issues_clear(json->ctx);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct counting counting = COUNTING_INIT;
    itsm_ctx *ctx = counting_ctx(&counting);
    itsm__json json, again;
    itsm__json_init(&json, ctx), itsm__json_init(&again, ctx);
    itsm_str text = itsm_str_n((const char *)data, size);
    itsm_status status = itsm__json_parse(&json, text);
    if (status) {
        const itsm_issue *issue = itsm_ctx_issue(ctx, 0);
        require(status == ITSM_E_SYNTAX || status == ITSM_E_LIMIT, "a documented code");
        require(itsm_ctx_issue_count(ctx) == 1 && issue->position <= size && issue->line && issue->column, "one issue");
        require(!itsm__json_root(&json), "an empty document");
    } else {
        itsm_buf first = counting_buf(&counting), second = counting_buf(&counting);
        require(json.nodes[0].span == json.count, "the root spans all");
        write(&first, &json, (unsigned)(size % 3));
        require(itsm__json_parse(&again, itsm_buf_str(&first)) == ITSM_OK && again.count == json.count, "read again");
        write(&second, &again, (unsigned)(size % 3));
        require(itsm_str_eq(itsm_buf_str(&first), itsm_buf_str(&second)), "the same text");
        ask(&json);
        itsm_buf_clear(&first), itsm_buf_clear(&second);
    }
    itsm__json_clear(&json), itsm__json_clear(&again);
    itsm_ctx_free(ctx);
    require(!counting.outstanding, "all memory given back");
    return 0;
}
