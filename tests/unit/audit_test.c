/* SPDX-License-Identifier: MIT */
/*
 * Entries, checkpoints, and verifying: over the memory store, and over a store that lies, since a verifier is worth
 * what it finds.
 */
#include "support.h"

#include "base/hash.h"
#include "base/text.h"

#include <itsm/audit.h>

#include <criterion/criterion.h>

#define ENTRIES 23

static itsm_bytes bytes_of(const void *p, size_t n)
{
    itsm_bytes b;
    b.p = p, b.n = n;
    return b;
}

static itsm_bytes content(const itsm_buf *buf)
{
    return bytes_of(buf->p, buf->n);
}

static itsm_audit_entry sample(uint64_t i)
{
    itsm_audit_entry entry = ITSM_AUDIT_ENTRY_INIT;
    entry.action = i ? ITSM_AUDIT_MOVE : ITSM_AUDIT_CREATE;
    entry.ref.type = 1, entry.ref.id.lo = 45, entry.revision = i;
    entry.txid.hi = UINT64_C(0x0123456789abcdef), entry.txid.lo = i;
    entry.effective = INT64_C(1774612800000000) + (int64_t)i, entry.recorded = entry.effective + 7;
    entry.who = ITSM_STR("jdoe"), entry.role = ITSM_STR("assignee"), entry.event = ITSM_STR("resolve");
    memset(entry.commitment, (int)i, sizeof entry.commitment);
    return entry;
}

static int same_entry(const itsm_audit_entry *a, const itsm_audit_entry *b)
{
    return a->action == b->action && a->flags == b->flags && a->ref.type == b->ref.type &&
           a->ref.id.hi == b->ref.id.hi && a->ref.id.lo == b->ref.id.lo && a->revision == b->revision &&
           a->txid.hi == b->txid.hi && a->txid.lo == b->txid.lo && a->effective == b->effective &&
           a->recorded == b->recorded && itsm_str_eq(a->who, b->who) && itsm_str_eq(a->role, b->role) &&
           itsm_str_eq(a->event, b->event) && memcmp(a->commitment, b->commitment, 32) == 0 &&
           a->fields.n == b->fields.n && (!a->fields.n || memcmp(a->fields.p, b->fields.p, a->fields.n) == 0);
}

/* Entries --------------------------------------------------------------------------------------------------------- */

Test(audit, an_entry_is_decoded_as_it_was_encoded)
{
    itsm_buf out = ITSM_BUF_INIT, fields = ITSM_BUF_INIT;
    itsm_audit_entry entry = sample(3), back = ITSM_AUDIT_ENTRY_INIT;
    uint8_t digest[32], read[32];
    uint16_t number = 0;
    memset(digest, 0x5a, sizeof digest);
    cr_assert_eq(itsm_audit_field_add(&fields, 33, digest), ITSM_OK);
    cr_assert_eq(itsm_audit_field_add(&fields, 0x8001, digest), ITSM_OK);
    entry.fields = content(&fields);
    cr_assert_eq(itsm_audit_encode(&out, &entry), ITSM_OK);
    cr_assert_eq(itsm_audit_decode(&back, content(&out)), ITSM_OK);
    cr_expect(same_entry(&entry, &back));
    cr_assert_eq(itsm_audit_field_count(&back), 2);
    cr_assert_eq(itsm_audit_field(&number, read, &back, 1), ITSM_OK);
    cr_expect(number == 0x8001 && memcmp(read, digest, 32) == 0);
    cr_expect_eq(itsm_audit_field(&number, read, &back, 2), ITSM_E_MISUSE);
    itsm_buf_clear(&out), itsm_buf_clear(&fields);
}

Test(audit, extreme_values_survive)
{
    static const int64_t times[] = {INT64_MIN, INT64_MAX, 0, -1, 1};
    itsm_buf out = ITSM_BUF_INIT;
    for (size_t i = 0; i < 25; i++) {
        itsm_audit_entry entry = sample(0), back = ITSM_AUDIT_ENTRY_INIT;
        entry.effective = times[i / 5], entry.recorded = times[i % 5];
        entry.ref.type = UINT32_MAX, entry.ref.id.hi = entry.ref.id.lo = entry.revision = UINT64_MAX;
        entry.who = entry.role = entry.event = itsm_str_n(NULL, 0);
        out.n = 0;
        cr_assert_eq(itsm_audit_encode(&out, &entry), ITSM_OK);
        cr_assert_eq(itsm_audit_decode(&back, content(&out)), ITSM_OK);
        cr_expect(same_entry(&entry, &back), "%zu", i);
    }
    itsm_buf_clear(&out);
}

Test(audit, the_bytes_of_an_entry_are_these_for_ever)
{
    itsm_buf out = ITSM_BUF_INIT, hex = ITSM_BUF_INIT;
    itsm_audit_entry entry = sample(1);
    entry.effective = 1000000, entry.recorded = 999999;
    cr_assert_eq(itsm_audit_encode(&out, &entry), ITSM_OK);
    cr_assert_eq(itsm__buf_hex(&hex, out.p, out.n), ITSM_OK);
    assert_text(itsm_buf_str(&hex), "0103"
                                    "01002d"
                                    "01"
                                    "0123456789abcdef0000000000000001"
                                    "80897a"
                                    "01"
                                    "046a646f65"
                                    "0861737369676e6565"
                                    "077265736f6c7665"
                                    "0101010101010101010101010101010101010101010101010101010101010101"
                                    "00");
    itsm_buf_clear(&out), itsm_buf_clear(&hex);
}

Test(audit, every_damaged_entry_is_refused_or_is_another_canonical_one)
{
    itsm_buf out = ITSM_BUF_INIT, damaged = ITSM_BUF_INIT, again = ITSM_BUF_INIT, fields = ITSM_BUF_INIT;
    itsm_audit_entry entry = sample(3), back = ITSM_AUDIT_ENTRY_INIT, untouched = sample(9);
    uint8_t digest[32] = {1};
    size_t taken = 0, refused = 0;
    cr_assert_eq(itsm_audit_field_add(&fields, 33, digest), ITSM_OK);
    cr_assert_eq(itsm_audit_field_add(&fields, 34, digest), ITSM_OK);
    entry.fields = content(&fields);
    cr_assert_eq(itsm_audit_encode(&out, &entry), ITSM_OK);
    for (size_t n = 0; n < out.n; n++) {
        back = untouched;
        cr_expect_eq(itsm_audit_decode(&back, bytes_of(out.p, n)), ITSM_E_CORRUPT, "cut at %zu", n);
        cr_expect(same_entry(&back, &untouched));
    }
    for (size_t bit = 0; bit < out.n * 8; bit++) {
        damaged.n = again.n = 0;
        cr_assert_eq(itsm_buf_add(&damaged, out.p, out.n), ITSM_OK);
        damaged.p[bit / 8] = (char)(damaged.p[bit / 8] ^ 1 << bit % 8);
        itsm_status rc = itsm_audit_decode(&back, content(&damaged));
        if (rc != ITSM_OK) {
            cr_expect(rc == ITSM_E_CORRUPT || (bit < 8 && rc == ITSM_E_VERSION));
            refused++;
            continue;
        }
        cr_assert_eq(itsm_audit_encode(&again, &back), ITSM_OK);
        cr_expect(itsm_str_eq(itsm_buf_str(&again), itsm_buf_str(&damaged)), "bit %zu", bit);
        taken++;
    }
    cr_assert(taken > 500 && refused > 50, "%zu %zu", taken, refused);
    cr_assert_eq(itsm_buf_add(&out, "", 1), ITSM_OK);
    cr_expect_eq(itsm_audit_decode(&back, content(&out)), ITSM_E_CORRUPT);
    itsm_buf_clear(&out), itsm_buf_clear(&damaged), itsm_buf_clear(&again), itsm_buf_clear(&fields);
}

Test(audit, entries_that_are_none_are_not_encoded)
{
    static const char long_text[70000];
    itsm_buf out = ITSM_BUF_INIT, fields = ITSM_BUF_INIT;
    uint8_t digest[32] = {0};
    itsm_audit_entry entry = sample(1);
    entry.action = 0;
    cr_expect_eq(itsm_audit_encode(&out, &entry), ITSM_E_INVALID);
    entry.action = ITSM_AUDIT_LAST + 1;
    cr_expect_eq(itsm_audit_encode(&out, &entry), ITSM_E_INVALID);
    entry = sample(1), entry.flags = 1;
    cr_expect_eq(itsm_audit_encode(&out, &entry), ITSM_E_MISUSE);
    entry = sample(1), entry.size = 0;
    cr_expect_eq(itsm_audit_encode(&out, &entry), ITSM_E_MISUSE);
    cr_expect_eq(itsm_audit_decode(&entry, bytes_of("", 0)), ITSM_E_MISUSE);
    entry = sample(1), entry.who = itsm_str_n(long_text, sizeof long_text);
    cr_expect_eq(itsm_audit_encode(&out, &entry), ITSM_E_LIMIT);
    entry.who = itsm_str_n(long_text, 40000), entry.role = entry.who;
    cr_expect_eq(itsm_audit_encode(&out, &entry), ITSM_E_LIMIT);
    entry = sample(1);
    cr_assert_eq(itsm_audit_field_add(&fields, 34, digest), ITSM_OK);
    cr_assert_eq(itsm_audit_field_add(&fields, 33, digest), ITSM_OK);
    entry.fields = content(&fields);
    cr_expect_eq(itsm_audit_encode(&out, &entry), ITSM_E_INVALID, "descending numbers");
    entry.fields.n = 33;
    cr_expect_eq(itsm_audit_encode(&out, &entry), ITSM_E_INVALID, "not whole");
    cr_expect_eq(out.n, 0);
    itsm_buf_clear(&out), itsm_buf_clear(&fields);
}

Test(audit, a_commitment_is_the_digest_of_salt_and_content)
{
    static const uint8_t salt[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    uint8_t digest[32], expected[32];
    unsigned char all[20];
    memcpy(all, salt, 16), memcpy(all + 16, "text", 4);
    itsm__sha256_of(expected, all, sizeof all);
    itsm_audit_commit(digest, salt, bytes_of("text", 4));
    cr_expect_arr_eq(digest, expected, 32);
}

Test(audit, actions_have_names)
{
    assert_text(itsm_audit_action_name(ITSM_AUDIT_CREATE), "create");
    assert_text(itsm_audit_action_name(ITSM_AUDIT_DEFINE), "define");
    cr_expect_eq(itsm_audit_action_name(0).n, 0);
    cr_expect_eq(itsm_audit_action_name(ITSM_AUDIT_LAST + 1).n, 0);
}

/* Checkpoints ----------------------------------------------------------------------------------------------------- */

Test(audit, a_checkpoint_is_the_text_of_the_tlog_checkpoint)
{
    static const uint8_t root[32] = {0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4,
                                     0xc8, 0x99, 0x6f, 0xb9, 0x24, 0x27, 0xae, 0x41, 0xe4, 0x64, 0x9b,
                                     0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55};
    static const char expected[] = "example.org/desk\n42\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n";
    itsm_buf out = ITSM_BUF_INIT;
    itsm_audit_checkpoint cp = ITSM_AUDIT_CHECKPOINT_INIT, back = ITSM_AUDIT_CHECKPOINT_INIT;
    cp.count = 42, cp.origin = ITSM_STR("example.org/desk");
    memcpy(cp.root, root, sizeof root);
    cr_assert_eq(itsm_audit_checkpoint_encode(&out, &cp), ITSM_OK);
    assert_text(itsm_buf_str(&out), expected);
    cr_assert_eq(itsm__buf_c(&out, "extension\n\n\xe2\x80\x94 signer AAAA\n"), ITSM_OK);
    cr_assert_eq(itsm_audit_checkpoint_decode(&back, NULL, itsm_buf_str(&out)), ITSM_OK);
    cr_expect(back.count == 42 && memcmp(back.root, root, 32) == 0);
    assert_text(back.origin, "example.org/desk");
    itsm_buf_clear(&out);
}

Test(audit, a_text_that_is_no_checkpoint_is_refused_with_its_line)
{
#define ROOT "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
    static const struct {
        const char *text;
        unsigned line;
    } cases[] = {
        {"", 1},
        {"origin", 1},
        {"\n42\n" ROOT "\n", 1},
        {" origin\n42\n" ROOT "\n", 1},
        {"or\tigin\n42\n" ROOT "\n", 1},
        {"origin\n\n" ROOT "\n", 2},
        {"origin\n042\n" ROOT "\n", 2},
        {"origin\n-1\n" ROOT "\n", 2},
        {"origin\n18446744073709551616\n" ROOT "\n", 2},
        {"origin\n42\n" ROOT, 3},
        {"origin\n42\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU\n", 3},
        {"origin\n42\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFV=\n", 3}, /* bits behind the end */
        {"origin\n42\n47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU=\n", 3}, /* the other alphabet */
        {"origin\n42\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuF==\n", 3},
    };
    struct counting counting = COUNTING_INIT;
    itsm_ctx *ctx = counting_ctx(&counting);
    itsm_buf out = counting_buf(&counting);
    itsm_audit_checkpoint cp = ITSM_AUDIT_CHECKPOINT_INIT;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cr_expect_eq(itsm_audit_checkpoint_decode(&cp, ctx, itsm_str_c(cases[i].text)), ITSM_E_SYNTAX, "%zu", i);
        cr_assert_eq(itsm_ctx_issue_count(ctx), 1);
        cr_expect_eq(itsm_ctx_issue(ctx, 0)->line, cases[i].line, "%zu", i);
    }
    cr_assert_eq(itsm_audit_checkpoint_decode(&cp, ctx, ITSM_STR("o\n18446744073709551615\n" ROOT "\n")), ITSM_OK);
    cr_expect_eq(cp.count, UINT64_MAX);
    cp.origin = ITSM_STR("two\nlines");
    cr_expect_eq(itsm_audit_checkpoint_encode(&out, &cp), ITSM_E_INVALID);
    cp.origin = ITSM_STR("");
    cr_expect_eq(itsm_audit_checkpoint_encode(&out, &cp), ITSM_E_INVALID);
    itsm_buf_clear(&out);
    itsm_ctx_free(ctx);
    assert_nothing_outstanding(counting);
}

/* A store that lies ----------------------------------------------------------------------------------------------- */

/* A log of entries that can be changed behind the verifier's back. */
typedef struct liar {
    struct {
        uint64_t place;
        char bytes[160];
        size_t n;
    } entry[ENTRIES + 1];
    size_t count, at;
    itsm_status fail_with; /* at the entry ... */
    size_t fail_at;
} liar;

static itsm_status liar_view(void *self, const itsm_call *call, void **view)
{
    (void)call;
    *view = self;
    return ITSM_OK;
}

static void liar_close_view(void *self, void *view)
{
    (void)self, (void)view;
}

static itsm_status liar_get(void *self, const itsm_call *call, void *view, itsm_ref ref, itsm_row *row)
{
    (void)self, (void)call, (void)view, (void)ref, (void)row;
    return ITSM_NOTHING;
}

static itsm_status liar_scan(void *self, const itsm_call *call, void *view, const itsm_range *range, void **cursor)
{
    (void)self, (void)call, (void)view, (void)range, (void)cursor;
    return ITSM_E_UNSUPPORTED;
}

static itsm_status liar_audit_scan(void *self, const itsm_call *call, void *view, uint64_t from, void **cursor)
{
    liar *l = self;
    (void)call, (void)view;
    for (l->at = 0; l->at < l->count && l->entry[l->at].place < from;) l->at++;
    *cursor = self;
    return ITSM_OK;
}

static itsm_status liar_next(void *self, const itsm_call *call, void *cursor, itsm_row *row)
{
    liar *l = self;
    (void)call, (void)cursor;
    if (l->fail_with && l->at == l->fail_at) return l->fail_with;
    if (l->at == l->count) return ITSM_DONE;
    memset(row, 0, sizeof *row);
    row->ref.id.lo = l->entry[l->at].place;
    row->body = bytes_of(l->entry[l->at].bytes, l->entry[l->at].n);
    l->at++;
    return ITSM_OK;
}

static void liar_close_cursor(void *self, void *cursor)
{
    (void)self, (void)cursor;
}

static itsm_status liar_apply(void *self, const itsm_call *call, const itsm_batch *batch, itsm_applied *applied)
{
    (void)self, (void)call, (void)batch, (void)applied;
    return ITSM_E_READONLY;
}

static itsm_status liar_reserve(void *self, const itsm_call *call, const char *sequence, uint32_t n, uint64_t *first)
{
    (void)self, (void)call, (void)sequence, (void)n, (void)first;
    return ITSM_E_READONLY;
}

static void liar_close(void *self)
{
    (void)self;
}

static itsm_store *liar_store(liar *l, itsm_ctx *ctx)
{
    itsm_store_methods m;
    itsm_store *store = NULL;
    memset(&m, 0, sizeof m);
    m.size = sizeof m, m.contract = ITSM_STORE_CONTRACT, m.name = "liar", m.caps = ITSM_CAP_SEAL_SYNC;
    m.view_open = liar_view, m.view_close = liar_close_view, m.get = liar_get, m.scan = liar_scan;
    m.audit_scan = liar_audit_scan, m.next = liar_next, m.cursor_close = liar_close_cursor;
    m.apply = liar_apply, m.reserve = liar_reserve, m.close = liar_close;
    cr_assert_eq(itsm_store_new(&store, ctx, &m, l), ITSM_OK);
    return store;
}

static void fill(liar *l, size_t count)
{
    memset(l, 0, sizeof *l);
    for (l->count = 0; l->count < count; l->count++) {
        itsm_buf out = ITSM_BUF_INIT;
        itsm_audit_entry entry = sample(l->count);
        cr_assert_eq(itsm_audit_encode(&out, &entry), ITSM_OK);
        cr_assert_leq(out.n, sizeof l->entry->bytes);
        memcpy(l->entry[l->count].bytes, out.p, out.n);
        l->entry[l->count].n = out.n, l->entry[l->count].place = l->count;
        itsm_buf_clear(&out);
    }
}

struct scene {
    struct counting counting;
    itsm_ctx *ctx;
    liar liar;
    itsm_store *store;
    itsm_audit_checkpoint whole, half; /* kept elsewhere */
};

static void scene_open(struct scene *s)
{
    memset(s, 0, sizeof *s);
    s->ctx = counting_ctx(&s->counting);
    s->whole.size = s->half.size = sizeof s->whole;
    s->store = liar_store(&s->liar, s->ctx);
    fill(&s->liar, ENTRIES / 2);
    cr_assert_eq(itsm_audit_root(&s->half, s->ctx, s->store), ITSM_OK);
    fill(&s->liar, ENTRIES);
    cr_assert_eq(itsm_audit_root(&s->whole, s->ctx, s->store), ITSM_OK);
    cr_assert_eq(s->whole.count, ENTRIES);
}

static void scene_close(struct scene *s)
{
    itsm_store_free(s->store);
    itsm_ctx_free(s->ctx);
    assert_nothing_outstanding(s->counting);
}

static itsm_status verify(struct scene *s, const itsm_audit_checkpoint *expected)
{
    itsm_audit_result result = ITSM_AUDIT_RESULT_INIT;
    itsm_status rc = itsm_audit_verify(&result, s->ctx, s->store, expected, NULL, NULL);
    cr_expect((rc == ITSM_OK) == (result.bad == 0));
    cr_expect_eq(itsm_ctx_issue_count(s->ctx), result.bad < 100 ? result.bad : 100);
    return rc;
}

static int has_rule(const struct scene *s, const char *rule)
{
    for (size_t i = 0; i < itsm_ctx_issue_count(s->ctx); i++)
        if (itsm_str_is(itsm_ctx_issue(s->ctx, i)->rule, rule)) return 1;
    return 0;
}

Test(audit, an_untouched_log_verifies_against_every_earlier_checkpoint)
{
    struct scene s;
    scene_open(&s);
    itsm_audit_checkpoint none = ITSM_AUDIT_CHECKPOINT_INIT;
    itsm__sha256_of(none.root, "", 0);
    cr_expect_eq(verify(&s, NULL), ITSM_OK);
    cr_expect_eq(verify(&s, &s.whole), ITSM_OK);
    cr_expect_eq(verify(&s, &s.half), ITSM_OK);
    cr_expect_eq(verify(&s, &none), ITSM_OK);
    scene_close(&s);
}

Test(audit, every_changed_bit_is_found)
{
    struct scene s;
    scene_open(&s);
    for (size_t i = 0; i < ENTRIES; i++)
        for (size_t bit = i % 3; bit < s.liar.entry[i].n * 8; bit += 3) {
            s.liar.entry[i].bytes[bit / 8] = (char)(s.liar.entry[i].bytes[bit / 8] ^ 1 << bit % 8);
            cr_expect_eq(verify(&s, &s.whole), ITSM_E_CORRUPT, "entry %zu bit %zu", i, bit);
            cr_expect(has_rule(&s, "root"));
            s.liar.entry[i].bytes[bit / 8] = (char)(s.liar.entry[i].bytes[bit / 8] ^ 1 << bit % 8);
        }
    cr_expect_eq(verify(&s, &s.whole), ITSM_OK);
    scene_close(&s);
}

/* The places are made good after each forgery, so that only the tree can tell. */
static void renumber(liar *l)
{
    for (size_t i = 0; i < l->count; i++) l->entry[i].place = i;
}

Test(audit, truncation_and_rollback_are_found_however_long_the_rest)
{
    struct scene s;
    scene_open(&s);
    for (size_t count = 0; count < ENTRIES; count++) {
        s.liar.count = count;
        cr_expect_eq(verify(&s, &s.whole), ITSM_E_CORRUPT, "%zu", count);
        cr_expect(has_rule(&s, "truncated"));
        cr_expect_eq(verify(&s, NULL), ITSM_OK, "without an outside checkpoint nobody can tell");
    }
    scene_close(&s);
}

Test(audit, deletion_insertion_and_reordering_are_found)
{
    struct scene s;
    scene_open(&s);
    for (size_t i = 0; i < ENTRIES; i++) {
        fill(&s.liar, ENTRIES); /* one taken out, the last written again to keep the length */
        memmove(&s.liar.entry[i], &s.liar.entry[i + 1], (ENTRIES - i) * sizeof *s.liar.entry);
        s.liar.entry[ENTRIES - 1] = s.liar.entry[ENTRIES - 2];
        s.liar.entry[ENTRIES - 1].bytes[20] ^= 1;
        renumber(&s.liar);
        cr_expect_eq(verify(&s, &s.whole), ITSM_E_CORRUPT, "deleted %zu", i);
        fill(&s.liar, ENTRIES); /* one put in */
        memmove(&s.liar.entry[i + 1], &s.liar.entry[i], (ENTRIES - i) * sizeof *s.liar.entry);
        s.liar.count = ENTRIES + 1;
        s.liar.entry[i].bytes[20] ^= 1;
        renumber(&s.liar);
        cr_expect_eq(verify(&s, &s.whole), ITSM_E_CORRUPT, "inserted %zu", i);
        for (size_t j = 0; j < i; j++) {
            fill(&s.liar, ENTRIES);
            s.liar.entry[ENTRIES] = s.liar.entry[i];
            s.liar.entry[i] = s.liar.entry[j], s.liar.entry[j] = s.liar.entry[ENTRIES];
            renumber(&s.liar);
            cr_expect_eq(verify(&s, &s.whole), ITSM_E_CORRUPT, "exchanged %zu and %zu", i, j);
        }
    }
    scene_close(&s);
}

Test(audit, a_log_written_anew_is_found_by_an_old_checkpoint)
{
    struct scene s;
    scene_open(&s);
    s.liar.entry[2].bytes[30] ^= 1;
    renumber(&s.liar);
    cr_expect_eq(verify(&s, &s.half), ITSM_E_CORRUPT);
    fill(&s.liar, ENTRIES);
    s.liar.entry[ENTRIES - 1].bytes[30] ^= 1;
    cr_expect_eq(verify(&s, &s.half), ITSM_OK, "what the checkpoint does not cover");
    cr_expect_eq(verify(&s, &s.whole), ITSM_E_CORRUPT);
    scene_close(&s);
}

Test(audit, a_missing_place_is_found_without_a_checkpoint)
{
    struct scene s;
    itsm_audit_checkpoint now = ITSM_AUDIT_CHECKPOINT_INIT;
    itsm_audit_cursor *cursor = NULL;
    itsm_audit_entry entry = ITSM_AUDIT_ENTRY_INIT;
    scene_open(&s);
    s.liar.entry[5].place = 6;
    cr_expect_eq(verify(&s, NULL), ITSM_E_CORRUPT);
    cr_expect(has_rule(&s, "place"));
    assert_text(first_message(s.ctx), "place 5 of the log is missing: 6 stands there");
    cr_expect_eq(itsm_audit_root(&now, s.ctx, s.store), ITSM_E_CORRUPT);
    cr_assert_eq(itsm_audit_open(&cursor, s.ctx, s.store, 5), ITSM_OK);
    cr_expect_eq(itsm_audit_next(&entry, NULL, cursor), ITSM_E_CORRUPT);
    itsm_audit_close(cursor);
    scene_close(&s);
}

Test(audit, a_newer_entry_is_not_called_damaged)
{
    struct scene s;
    scene_open(&s);
    s.liar.entry[7].bytes[0] = 3;
    cr_expect_eq(verify(&s, NULL), ITSM_E_VERSION);
    s.liar.entry[8].bytes[1] = 0;
    cr_expect_eq(verify(&s, NULL), ITSM_E_CORRUPT);
    cr_expect_eq(itsm_ctx_issue_count(s.ctx), 2);
    scene_close(&s);
}

Test(audit, a_failing_store_is_not_a_verified_one)
{
    struct scene s;
    scene_open(&s);
    for (size_t i = 0; i <= ENTRIES; i++) {
        itsm_audit_result result = ITSM_AUDIT_RESULT_INIT;
        itsm_audit_checkpoint now = ITSM_AUDIT_CHECKPOINT_INIT;
        s.liar.fail_with = ITSM_E_IO, s.liar.fail_at = i;
        cr_expect_eq(itsm_audit_verify(&result, s.ctx, s.store, &s.whole, NULL, NULL), ITSM_E_IO);
        cr_expect_eq(itsm_audit_root(&now, s.ctx, s.store), ITSM_E_IO);
    }
    scene_close(&s);
}

/* History --------------------------------------------------------------------------------------------------------- */

static itsm_status fits(void *user, uint64_t place, const itsm_audit_entry *entry)
{
    const itsm_status *answers = user;
    cr_expect_eq(entry->revision, place);
    return answers[place];
}

Test(audit, each_entry_is_compared_with_its_history)
{
    struct scene s;
    itsm_audit_result result = ITSM_AUDIT_RESULT_INIT;
    itsm_status answers[ENTRIES] = {ITSM_OK};
    scene_open(&s);
    answers[3] = answers[4] = ITSM_NOTHING;
    cr_assert_eq(itsm_audit_verify(&result, s.ctx, s.store, &s.whole, fits, answers), ITSM_OK);
    cr_expect(result.checked == ENTRIES - 2 && result.gone == 2 && result.bad == 0);
    answers[9] = answers[11] = ITSM_E_CORRUPT;
    cr_assert_eq(itsm_audit_verify(&result, s.ctx, s.store, &s.whole, fits, answers), ITSM_E_CORRUPT);
    cr_expect(result.bad == 2 && has_rule(&s, "history"));
    assert_text(first_message(s.ctx), "entry 9 does not fit the history: one of them was changed");
    answers[10] = -1500;
    cr_assert_eq(itsm_audit_verify(&result, s.ctx, s.store, &s.whole, fits, answers), -1500);
    scene_close(&s);
}

Test(audit, more_problems_than_issues_are_counted_all)
{
    struct scene s;
    itsm_audit_result result = ITSM_AUDIT_RESULT_INIT;
    itsm_status answers[ENTRIES];
    scene_open(&s);
    for (size_t i = 0; i < ENTRIES; i++) answers[i] = ITSM_E_CORRUPT;
    cr_assert_eq(itsm_audit_verify(&result, s.ctx, s.store, NULL, fits, answers), ITSM_E_CORRUPT);
    cr_expect_eq(result.bad, ENTRIES);
    scene_close(&s);
}

/* Proofs and the memory store ------------------------------------------------------------------------------------- */

Test(audit, every_entry_and_every_earlier_log_can_be_proven)
{
    struct scene s;
    itsm_buf proof;
    itsm_audit_checkpoint at[ENTRIES + 1];
    scene_open(&s);
    itsm_buf_init(&proof, s.ctx);
    for (size_t n = 1; n <= ENTRIES; n++) {
        at[n] = s.whole;
        s.liar.count = n;
        cr_assert_eq(itsm_audit_root(&at[n], s.ctx, s.store), ITSM_OK);
    }
    for (size_t n = 1; n <= ENTRIES; n++)
        for (size_t i = 0; i < n; i++) {
            itsm_bytes entry = bytes_of(s.liar.entry[i].bytes, s.liar.entry[i].n);
            itsm_bytes other = bytes_of(s.liar.entry[(i + 1) % ENTRIES].bytes, s.liar.entry[(i + 1) % ENTRIES].n);
            proof.n = 0;
            cr_assert_eq(itsm_audit_prove_inclusion(&proof, s.ctx, s.store, i, n), ITSM_OK);
            cr_expect_eq(itsm_audit_verify_inclusion(&at[n], i, entry, content(&proof)), ITSM_OK);
            cr_expect_eq(itsm_audit_verify_inclusion(&at[n], i, other, content(&proof)), ITSM_E_CORRUPT);
            cr_expect_eq(itsm_audit_verify_inclusion(&at[n], i, entry, bytes_of(proof.p, proof.n ? 31 : 0)),
                         n == 1 ? ITSM_OK : ITSM_E_CORRUPT);
            proof.n = 0;
            cr_assert_eq(itsm_audit_prove_consistency(&proof, s.ctx, s.store, i + 1, n), ITSM_OK);
            cr_expect_eq(itsm_audit_verify_consistency(&at[i + 1], &at[n], content(&proof)), ITSM_OK);
            if (i + 1 < n)
                cr_expect_eq(itsm_audit_verify_consistency(&at[i + 1], &at[n - 1], content(&proof)), ITSM_E_CORRUPT);
        }
    proof.n = 0;
    cr_expect_eq(itsm_audit_prove_inclusion(&proof, s.ctx, s.store, 0, ENTRIES + 1), ITSM_E_RANGE);
    cr_expect_eq(itsm_audit_prove_inclusion(&proof, s.ctx, s.store, 5, 5), ITSM_E_RANGE);
    cr_expect_eq(itsm_audit_prove_consistency(&proof, s.ctx, s.store, 0, 5), ITSM_E_RANGE);
    cr_expect_eq(itsm_audit_prove_consistency(&proof, s.ctx, s.store, 5, ENTRIES + 1), ITSM_E_RANGE);
    cr_expect_eq(proof.n, 0);
    itsm_buf_clear(&proof);
    scene_close(&s);
}

static void append(itsm_ctx *ctx, itsm_store *store, uint64_t i)
{
    itsm_buf out = ITSM_BUF_INIT;
    itsm_audit_entry entry = sample(i);
    itsm_batch batch = ITSM_BATCH_INIT;
    itsm_op op;
    cr_assert_eq(itsm_audit_encode(&out, &entry), ITSM_OK);
    itsm_bytes audit = content(&out);
    memset(&op, 0, sizeof op);
    op.kind = ITSM_PUT, op.expect = i, op.row.ref = entry.ref, op.row.rev = i + 1, op.row.body = bytes_of("x", 1);
    batch.ops = &op, batch.nops = 1, batch.audit = &audit, batch.naudit = 1;
    cr_assert_eq(itsm_store_apply(NULL, ctx, store, &batch, NULL), ITSM_OK);
    itsm_buf_clear(&out);
}

Test(audit, what_a_store_keeps_is_read_in_order_and_verifies)
{
    struct counting counting = COUNTING_INIT;
    itsm_ctx *ctx = counting_ctx(&counting);
    itsm_store *store = NULL;
    itsm_audit_cursor *cursor = NULL;
    itsm_audit_entry entry = ITSM_AUDIT_ENTRY_INIT;
    itsm_audit_checkpoint kept = ITSM_AUDIT_CHECKPOINT_INIT;
    itsm_audit_result result = ITSM_AUDIT_RESULT_INIT;
    uint64_t place = 99;
    cr_assert_eq(itsm_store_memory(&store, ctx), ITSM_OK);
    cr_assert_eq(itsm_audit_root(&kept, ctx, store), ITSM_OK);
    cr_expect_eq(kept.count, 0);
    for (uint64_t i = 0; i < 10; i++) append(ctx, store, i);
    cr_assert_eq(itsm_audit_root(&kept, ctx, store), ITSM_OK);
    cr_expect_eq(kept.count, 10);
    for (uint64_t i = 10; i < 20; i++) append(ctx, store, i);
    cr_assert_eq(itsm_audit_open(&cursor, ctx, store, 15), ITSM_OK);
    for (uint64_t i = 15; i < 20; i++) {
        itsm_audit_entry expected = sample(i);
        cr_assert_eq(itsm_audit_next(&entry, &place, cursor), ITSM_OK);
        cr_expect(place == i && same_entry(&entry, &expected));
    }
    cr_expect_eq(itsm_audit_next(&entry, &place, cursor), ITSM_DONE);
    itsm_audit_close(cursor);
    cr_expect_eq(itsm_audit_verify(&result, ctx, store, &kept, NULL, NULL), ITSM_OK);
    cr_expect_eq(result.count, 20);
    itsm_store_free(store);
    itsm_ctx_free(ctx);
    assert_nothing_outstanding(counting);
}

Test(audit, every_allocation_may_fail)
{
    struct scene s;
    size_t failures = 0;
    scene_open(&s);
    for (size_t n = 1;; n++, failures++) {
        itsm_audit_cursor *cursor = NULL;
        itsm_audit_entry entry = ITSM_AUDIT_ENTRY_INIT;
        itsm_buf out;
        itsm_buf_init(&out, s.ctx);
        counting_fail(&s.counting, n);
        itsm_status rc = itsm_audit_open(&cursor, s.ctx, s.store, 0);
        if (rc == ITSM_OK) rc = itsm_audit_next(&entry, NULL, cursor);
        if (rc == ITSM_OK) rc = itsm_audit_encode(&out, &entry);
        if (rc == ITSM_OK) rc = itsm_audit_prove_inclusion(&out, s.ctx, s.store, 3, ENTRIES);
        int failed = counting_stop(&s.counting);
        itsm_audit_close(cursor);
        itsm_buf_clear(&out);
        if (!failed) {
            cr_assert_eq(rc, ITSM_OK);
            break;
        }
        cr_assert_eq(rc, ITSM_E_NOMEM);
    }
    cr_assert_gt(failures, 1);
    s.liar.count = 5; /* without memory for the issue a problem is still a problem */
    for (size_t n = 1;; n++) {
        itsm_audit_result result = ITSM_AUDIT_RESULT_INIT;
        counting_fail(&s.counting, n);
        itsm_status rc = itsm_audit_verify(&result, s.ctx, s.store, &s.whole, NULL, NULL);
        int failed = counting_stop(&s.counting);
        cr_assert(rc == ITSM_E_CORRUPT || (failed && rc == ITSM_E_NOMEM));
        if (!failed) break;
    }
    scene_close(&s);
}

/* Rows of entries -------------------------------------------------------------------------------------------------- */

static itsm_audit_row row_of(uint32_t type, uint64_t id, uint64_t revision)
{
    itsm_audit_row row = ITSM_AUDIT_ROW_INIT;
    row.ref.type = type, row.ref.id.lo = id, row.revision = revision;
    if (revision) memset(row.commitment, (int)id, sizeof row.commitment);
    return row;
}

Test(audit, rows_are_read_as_they_were_written_and_make_it_the_second_version)
{
    itsm_buf out = ITSM_BUF_INIT, rows = ITSM_BUF_INIT, damaged = ITSM_BUF_INIT, again = ITSM_BUF_INIT;
    itsm_audit_entry entry = sample(3), back = ITSM_AUDIT_ENTRY_INIT;
    const itsm_audit_row list[] = {row_of(1, 45, 4), row_of(1, 46, 9), row_of(0x7F01, 3, 0),
                                   row_of(0x7F02, 1, UINT64_MAX)};
    itsm_audit_row row = ITSM_AUDIT_ROW_INIT;
    for (size_t i = 0; i < 4; i++) cr_assert_eq(itsm_audit_row_add(&rows, &entry, &list[i]), ITSM_OK);
    entry.rows = content(&rows);
    cr_assert_eq(itsm_audit_encode(&out, &entry), ITSM_OK);
    cr_expect_eq(out.p[0], 2);
    cr_assert_eq(itsm_audit_decode(&back, content(&out)), ITSM_OK);
    itsm_bytes rest = back.rows;
    for (size_t i = 0; i < 4; i++) {
        cr_assert_eq(itsm_audit_row_next(&row, &rest, &back), ITSM_OK);
        cr_expect(row.ref.type == list[i].ref.type && row.ref.id.lo == list[i].ref.id.lo &&
                  row.revision == list[i].revision && !memcmp(row.commitment, list[i].commitment, 32));
    }
    cr_expect_eq(itsm_audit_row_next(&row, &rest, &back), ITSM_DONE);
    for (size_t bit = 0; bit < out.n * 8; bit++) { /* what is read can be written, and is the same */
        damaged.n = again.n = 0;
        cr_assert_eq(itsm_buf_add(&damaged, out.p, out.n), ITSM_OK);
        damaged.p[bit / 8] = (char)(damaged.p[bit / 8] ^ 1 << bit % 8);
        if (itsm_audit_decode(&back, content(&damaged)) != ITSM_OK) continue;
        cr_assert_eq(itsm_audit_encode(&again, &back), ITSM_OK);
        cr_assert(again.n == damaged.n && !memcmp(again.p, damaged.p, again.n));
    }
    for (size_t n = 0; n < out.n; n++) cr_expect_lt(itsm_audit_decode(&back, bytes_of(out.p, n)), 0);
    itsm_buf_clear(&out), itsm_buf_clear(&rows), itsm_buf_clear(&damaged), itsm_buf_clear(&again);
}

Test(audit, rows_out_of_order_and_rows_that_cannot_be_are_refused)
{
    itsm_buf out = ITSM_BUF_INIT, rows = ITSM_BUF_INIT;
    itsm_audit_entry entry = sample(3);
    const itsm_audit_row own = row_of(1, 45, 4), other = row_of(2, 1, 1), wrong = row_of(1, 45, 5);
    itsm_audit_row row = ITSM_AUDIT_ROW_INIT;
    cr_expect_eq(itsm_audit_row_add(&rows, &entry, &wrong), ITSM_E_INVALID);
    cr_assert_eq(itsm_audit_row_add(&rows, &entry, &other), ITSM_OK);
    cr_assert_eq(itsm_audit_row_add(&rows, &entry, &own), ITSM_OK);
    entry.rows = content(&rows);
    cr_expect_eq(itsm_audit_encode(&out, &entry), ITSM_E_INVALID, "the own record stands first");
    rows.n = 0;
    cr_assert_eq(itsm_audit_row_add(&rows, &entry, &other), ITSM_OK);
    cr_assert_eq(itsm_audit_row_add(&rows, &entry, &other), ITSM_OK);
    entry.rows = content(&rows);
    cr_expect_eq(itsm_audit_encode(&out, &entry), ITSM_E_INVALID, "a row stands once");
    entry.rows.n--;
    cr_expect_eq(itsm_audit_encode(&out, &entry), ITSM_E_INVALID, "not whole");
    itsm_bytes rest = bytes_of("\x07", 1);
    cr_expect_eq(itsm_audit_row_next(&row, &rest, &entry), ITSM_E_CORRUPT);
    cr_expect_eq(itsm_audit_row_next(NULL, &rest, &entry), ITSM_E_MISUSE);
    cr_expect_eq(itsm_audit_row_add(&rows, NULL, &own), ITSM_E_MISUSE);
    itsm_buf_clear(&out), itsm_buf_clear(&rows);
}

/* Proofs as JSON --------------------------------------------------------------------------------------------------- */

Test(audit, proofs_as_json_have_all_that_verifying_needs)
{
    static const char *const members[] = {"\"entry\": \"",       "\"leaf_index\": 3",  "\"tree_size\": 23",
                                          "\"root\": \"",        "\"path\": [",        "\"first_size\": 11",
                                          "\"second_size\": 23", "\"first_root\": \"", "\"second_root\": \""};
    struct scene s;
    scene_open(&s);
    itsm_buf out = counting_buf(&s.counting);
    cr_assert_eq(itsm_audit_inclusion_encode(&out, s.ctx, s.store, 3, ENTRIES), ITSM_OK);
    cr_assert_eq(itsm_audit_consistency_encode(&out, s.ctx, s.store, 11, ENTRIES), ITSM_OK);
    cr_assert_eq(itsm_buf_add(&out, "", 1), ITSM_OK);
    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
        cr_expect_not_null(strstr(out.p, members[i]), "%s in %s", members[i], out.p);
    const size_t n = out.n;
    cr_expect_eq(itsm_audit_inclusion_encode(&out, s.ctx, s.store, 3, ENTRIES + 1), ITSM_E_RANGE);
    cr_expect_eq(itsm_audit_inclusion_encode(&out, s.ctx, s.store, 3, 3), ITSM_E_RANGE);
    cr_expect_eq(itsm_audit_consistency_encode(&out, s.ctx, s.store, 0, 3), ITSM_E_RANGE);
    cr_expect_eq(itsm_audit_consistency_encode(NULL, s.ctx, s.store, 1, 3), ITSM_E_MISUSE);
    cr_expect_eq(out.n, n, "what failed left nothing");
    for (size_t at = 1;; at++) {
        counting_fail(&s.counting, at);
        const itsm_status rc = itsm_audit_inclusion_encode(&out, s.ctx, s.store, 3, ENTRIES);
        if (!counting_stop(&s.counting)) break;
        cr_assert(rc == ITSM_E_NOMEM && out.n == n, "%zu: %d", at, rc);
    }
    itsm_buf_clear(&out);
    scene_close(&s);
}
