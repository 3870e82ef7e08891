/* SPDX-License-Identifier: MIT */
/*
 * sample_store DIR [hold]: a file store with records, rows that are none, a deleted row, a sequence, audit entries and
 * two checkpoints.  With "hold" it stays open, writing, until standard input ends.
 */
#include "../fault/store_script.h"

#include <itsm/model.h>
#include <itsm/os.h>
#include <itsm/record.h>

enum { RECORDS = 40 };

static void must(itsm_status rc, const char *what)
{
    if (!rc) return;
    fprintf(stderr, "sample_store: %s: %d\n", what, rc);
    exit(1);
}

static void put_record(itsm_ctx *ctx, itsm_store *store, uint64_t i)
{
    const itsm_model *model = itsm_model_builtin();
    const itsm_type_def *type = itsm_model_type(model, ITSM_STR("incident"));
    itsm_record *record = NULL;
    itsm_buf body = ITSM_BUF_INIT;
    itsm_batch batch = ITSM_BATCH_INIT;
    itsm_op op;
    itsm_value value;
    unsigned char key[4] = {0, 0, (unsigned char)(i >> 8), (unsigned char)i};
    itsm_index_key index = {1, 1, {key, sizeof key}};
    itsm_bytes entry = {key, sizeof key};
    memset(&op, 0, sizeof op), memset(&value, 0, sizeof value);
    op.row.ref.type = type->number, op.row.ref.id.lo = i, op.row.ref.id.hi = i % 2 ? i : 0, op.row.rev = 1;
    must(itsm_record_new(&record, ctx, model, type, op.row.ref), "record");
    value.kind = ITSM_TEXT, value.u.s = ITSM_STR("printer \"on\" fire \xc3\xa9");
    must(itsm_record_set_named(record, ctx, ITSM_STR("description"), &value), "description");
    must(itsm_record_encode(&body, record), "encode");
    op.kind = ITSM_PUT, op.row.body.p = body.p, op.row.body.n = body.n, op.keys = &index, op.nkeys = 1;
    batch.ops = &op, batch.nops = 1, batch.audit = &entry, batch.naudit = 1;
    must(itsm_store_apply(NULL, ctx, store, &batch, NULL), "apply");
    itsm_record_free(record);
    itsm_buf_clear(&body);
}

int main(int argc, char **argv)
{
    itsm_ctx *ctx = NULL;
    itsm_store *store = NULL;
    uint64_t first;
    char line[16];
    if (argc < 2) return 2;
    must(itsm_os_ctx_new(&ctx), "context");
    must(itsm_os_store_open(&store, ctx, itsm_str_c(argv[1])), "open");
    for (uint64_t i = 1; i <= 14; i++) must(script_commit(ctx, store, i), "commit");
    must(itsm_store_reserve(&first, ctx, store, "incident", 40, NULL), "reserve");
    must(itsm_store_maintain(ctx, store, ITSM_MAINTAIN_CHECKPOINT, NULL), "checkpoint");
    for (uint64_t i = 1; i <= RECORDS; i++) put_record(ctx, store, i);
    must(itsm_store_maintain(ctx, store, ITSM_MAINTAIN_CHECKPOINT, NULL), "checkpoint");
    put_record(ctx, store, RECORDS + 1);
    if (argc > 2) {
        printf("ready\n"), fflush(stdout);
        for (uint64_t i = RECORDS + 2; fgets(line, sizeof line, stdin); i++) {
            put_record(ctx, store, i);
            printf("ready\n"), fflush(stdout);
        }
    }
    itsm_store_free(store);
    itsm_ctx_free(ctx);
    return 0;
}
