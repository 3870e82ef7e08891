/* SPDX-License-Identifier: MIT */
/*
 * The tree against the vectors that the logs of Certificate Transparency are tested with, and all proofs of all trees
 * of up to 33 entries against a digest made by a literal Python transcription of RFC 6962 section 2.1.
 */
#include "merkle/merkle.h"

#include "base/memory.h"
#include "base/text.h"

#include <criterion/criterion.h>

#define TREES 33

static const struct {
    const char *p;
    size_t n;
} ct_entries[] = {{"", 0},
                  {"\x00", 1},
                  {"\x10", 1},
                  {"\x20\x21", 2},
                  {"\x30\x31", 2},
                  {"\x40\x41\x42\x43", 4},
                  {"\x50\x51\x52\x53\x54\x55\x56\x57", 8},
                  {"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f", 16}};

static const char *const ct_roots[] = {"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
                                       "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
                                       "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
                                       "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
                                       "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
                                       "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
                                       "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
                                       "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
                                       "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"};

static itsm_bytes bytes(const void *p, size_t n)
{
    itsm_bytes b;
    b.p = p, b.n = n;
    return b;
}

static void cr_hash_is(const unsigned char *hash, const char *hex)
{
    itsm_buf text = ITSM_BUF_INIT;
    cr_assert_eq(itsm__buf_hex(&text, hash, 32), ITSM_OK);
    cr_expect(itsm_str_is(itsm_buf_str(&text), hex), "%.*s is not %s", ITSM_ARG(itsm_buf_str(&text)), hex);
    itsm_buf_clear(&text);
}

/* The leaves "entry-0", "entry-1", ... and the roots of the trees of the first 0, 1, 2 ... of them. */
typedef struct forest {
    itsm__merkle_hash leaf[TREES], root[TREES + 1];
    unsigned asked;
} forest;

static void plant(forest *f)
{
    itsm__merkle tree;
    itsm__merkle_init(&tree);
    f->asked = 0;
    itsm__merkle_root(&f->root[0], &tree);
    for (unsigned i = 0; i < TREES; i++) {
        itsm_buf entry = ITSM_BUF_INIT;
        cr_assert_eq(itsm__format(&entry, "entry-%d", (int)i), ITSM_OK);
        itsm__merkle_leaf(&f->leaf[i], bytes(entry.p, entry.n));
        itsm__merkle_add(&tree, bytes(entry.p, entry.n));
        itsm__merkle_root(&f->root[i + 1], &tree);
        itsm_buf_clear(&entry);
    }
}

static itsm_status subtree(void *user, itsm__merkle_hash *out, uint64_t begin, uint64_t count)
{
    forest *f = user;
    f->asked++;
    itsm__merkle_of_leaves(out, f->leaf + begin, (size_t)count);
    return ITSM_OK;
}

static itsm_status refuses(void *user, itsm__merkle_hash *out, uint64_t begin, uint64_t count)
{
    (void)user, (void)out, (void)begin, (void)count;
    return -1234;
}

Test(merkle, roots_are_those_of_certificate_transparency)
{
    itsm__merkle tree;
    itsm__merkle_hash root;
    itsm__merkle_init(&tree);
    for (size_t i = 0;; i++) {
        itsm__merkle_root(&root, &tree);
        cr_hash_is(root.b, ct_roots[i]);
        if (i == 8) break;
        itsm__merkle_add(&tree, bytes(ct_entries[i].p, ct_entries[i].n));
    }
}

Test(merkle, an_inclusion_proof_is_that_of_certificate_transparency)
{
    static const char *const path[] = {"bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
                                       "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
                                       "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"};
    forest f;
    itsm__merkle_hash proof[ITSM__MERKLE_DEPTH];
    size_t n = 0;
    for (size_t i = 0; i < 8; i++) itsm__merkle_leaf(&f.leaf[i], bytes(ct_entries[i].p, ct_entries[i].n));
    cr_assert_eq(itsm__merkle_inclusion(proof, &n, 5, 8, subtree, &f), ITSM_OK);
    cr_assert_eq(n, 3);
    for (size_t i = 0; i < 3; i++) cr_hash_is(proof[i].b, path[i]);
}

Test(merkle, a_consistency_proof_is_that_of_certificate_transparency)
{
    static const char *const path[] = {"0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
                                       "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
                                       "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"};
    forest f;
    itsm__merkle_hash proof[ITSM__MERKLE_PROOF];
    size_t n = 0;
    for (size_t i = 0; i < 8; i++) itsm__merkle_leaf(&f.leaf[i], bytes(ct_entries[i].p, ct_entries[i].n));
    cr_assert_eq(itsm__merkle_consistency(proof, &n, 6, 8, subtree, &f), ITSM_OK);
    cr_assert_eq(n, 3);
    for (size_t i = 0; i < 3; i++) cr_hash_is(proof[i].b, path[i]);
}

Test(merkle, all_proofs_of_small_trees_are_those_of_the_rfc)
{
    forest f;
    itsm__sha256 all;
    itsm__merkle_hash proof[ITSM__MERKLE_PROOF];
    unsigned char digest[32];
    size_t n = 0;
    plant(&f);
    cr_hash_is(f.root[33].b, "ad4fc296bca5a8a5991e211877a00116b9b0a5158a7fed02ab2dfc3c0f392b68");
    itsm__sha256_init(&all);
    for (uint64_t size = 1; size <= TREES; size++) {
        for (uint64_t i = 0; i < size; i++) {
            cr_assert_eq(itsm__merkle_inclusion(proof, &n, i, size, subtree, &f), ITSM_OK);
            itsm__sha256_add(&all, proof, n * sizeof *proof);
        }
        for (uint64_t first = 1; first <= size; first++) {
            cr_assert_eq(itsm__merkle_consistency(proof, &n, first, size, subtree, &f), ITSM_OK);
            itsm__sha256_add(&all, proof, n * sizeof *proof);
        }
    }
    itsm__sha256_end(&all, digest);
    cr_hash_is(digest, "a6b25487ee215198ff27a8d779edf4c9b54444c643d53dbf91ebd94c128ed328");
}

/* For each tree and entry: the proof holds; for every other index, size, leaf, and for every bit of it, it does not. */
Test(merkle, an_inclusion_proof_holds_for_its_entry_only)
{
    forest f;
    itsm__merkle_hash proof[ITSM__MERKLE_DEPTH + 1];
    size_t n = 0, tried = 0;
    plant(&f);
    memset(proof, 0, sizeof proof);
    for (uint64_t size = 1; size <= TREES; size++)
        for (uint64_t i = 0; i < size; i++) {
            cr_assert_eq(itsm__merkle_inclusion(proof, &n, i, size, subtree, &f), ITSM_OK);
            const itsm__merkle_hash *root = &f.root[size], *leaf = &f.leaf[i];
            cr_assert_eq(itsm__merkle_verify_inclusion(root, size, i, leaf, proof, n), ITSM_OK);
            for (uint64_t j = 0; j < TREES; j++) {
                if (j == i) continue;
                cr_expect_eq(itsm__merkle_verify_inclusion(root, size, j, leaf, proof, n), ITSM_E_CORRUPT);
                cr_expect_eq(itsm__merkle_verify_inclusion(root, size, i, &f.leaf[j], proof, n), ITSM_E_CORRUPT);
            }
            cr_expect_eq(itsm__merkle_verify_inclusion(root, size, i, leaf, proof, n + 1), ITSM_E_CORRUPT);
            if (n) cr_expect_eq(itsm__merkle_verify_inclusion(root, size, i, leaf, proof, n - 1), ITSM_E_CORRUPT);
            for (size_t bit = 0; bit < n * 256; bit += 37, tried++) {
                proof[bit / 256].b[bit / 8 % 32] ^= (unsigned char)(1 << bit % 8);
                cr_expect_eq(itsm__merkle_verify_inclusion(root, size, i, leaf, proof, n), ITSM_E_CORRUPT);
                proof[bit / 256].b[bit / 8 % 32] ^= (unsigned char)(1 << bit % 8);
            }
        }
    cr_assert_gt(tried, 10000);
}

Test(merkle, a_consistency_proof_holds_for_its_two_trees_only)
{
    forest f;
    itsm__merkle_hash proof[ITSM__MERKLE_PROOF + 1];
    size_t n = 0;
    plant(&f);
    memset(proof, 0, sizeof proof);
    for (uint64_t b = 1; b <= TREES; b++)
        for (uint64_t a = 1; a <= b; a++) {
            cr_assert_eq(itsm__merkle_consistency(proof, &n, a, b, subtree, &f), ITSM_OK);
            const itsm__merkle_hash *ra = &f.root[a], *rb = &f.root[b];
            cr_assert_eq(itsm__merkle_verify_consistency(ra, a, rb, b, proof, n), ITSM_OK);
            for (uint64_t c = 0; c <= TREES; c++) {
                if (c != a)
                    cr_expect_eq(itsm__merkle_verify_consistency(&f.root[c], a, rb, b, proof, n), ITSM_E_CORRUPT);
                if (c != b)
                    cr_expect_eq(itsm__merkle_verify_consistency(ra, a, &f.root[c], b, proof, n), ITSM_E_CORRUPT);
            }
            cr_expect_eq(itsm__merkle_verify_consistency(ra, a, rb, b, proof, n + 1), ITSM_E_CORRUPT);
            if (n) cr_expect_eq(itsm__merkle_verify_consistency(ra, a, rb, b, proof, n - 1), ITSM_E_CORRUPT);
            for (size_t bit = 0; bit < n * 256; bit += 97) {
                proof[bit / 256].b[bit / 8 % 32] ^= (unsigned char)(1 << bit % 8);
                cr_expect_eq(itsm__merkle_verify_consistency(ra, a, rb, b, proof, n), ITSM_E_CORRUPT);
                proof[bit / 256].b[bit / 8 % 32] ^= (unsigned char)(1 << bit % 8);
            }
        }
}

Test(merkle, proofs_out_of_range_are_refused_and_a_failing_callback_comes_back)
{
    itsm__merkle_hash proof[ITSM__MERKLE_PROOF], zero;
    size_t n = 99;
    memset(&zero, 0, sizeof zero);
    cr_expect_eq(itsm__merkle_inclusion(proof, &n, 5, 5, refuses, NULL), ITSM_E_RANGE);
    cr_expect_eq(itsm__merkle_inclusion(proof, &n, 0, 0, refuses, NULL), ITSM_E_RANGE);
    cr_expect_eq(itsm__merkle_inclusion(proof, &n, 2, 5, refuses, NULL), -1234);
    cr_expect_eq(itsm__merkle_consistency(proof, &n, 0, 5, refuses, NULL), ITSM_E_RANGE);
    cr_expect_eq(itsm__merkle_consistency(proof, &n, 6, 5, refuses, NULL), ITSM_E_RANGE);
    cr_expect_eq(itsm__merkle_consistency(proof, &n, 4, 5, refuses, NULL), -1234);
    cr_expect_eq(n, 99);
    cr_expect_eq(itsm__merkle_verify_inclusion(&zero, 0, 0, &zero, proof, 0), ITSM_E_CORRUPT);
    cr_expect_eq(itsm__merkle_verify_consistency(&zero, 0, &zero, 5, proof, 0), ITSM_E_CORRUPT);
    cr_expect_eq(itsm__merkle_verify_consistency(&zero, 6, &zero, 5, proof, 0), ITSM_E_CORRUPT);
    cr_expect_eq(itsm__merkle_verify_consistency(&zero, 3, &zero, 5, proof, 0), ITSM_E_CORRUPT);
}

static itsm_status counted(void *user, itsm__merkle_hash *out, uint64_t begin, uint64_t count)
{
    (void)begin, (void)count;
    memset(out, 0, sizeof *out);
    ++*(size_t *)user;
    return ITSM_OK;
}

Test(merkle, the_largest_trees_fit_their_proofs)
{
    itsm__merkle_hash proof[ITSM__MERKLE_PROOF];
    size_t n = 0, asked = 0;
    cr_assert_eq(itsm__merkle_inclusion(proof, &n, 0, UINT64_MAX, counted, &asked), ITSM_OK);
    cr_expect_eq(n, 64);
    cr_assert_eq(itsm__merkle_inclusion(proof, &n, UINT64_MAX - 1, UINT64_MAX, counted, &asked), ITSM_OK);
    cr_assert_eq(itsm__merkle_consistency(proof, &n, UINT64_MAX - 1, UINT64_MAX, counted, &asked), ITSM_OK);
    cr_expect_leq(n, ITSM__MERKLE_PROOF);
    cr_assert_eq(itsm__merkle_consistency(proof, &n, 3, UINT64_MAX, counted, &asked), ITSM_OK);
    cr_expect_eq(n, 65);
}

Test(merkle, a_saved_frontier_goes_on_as_if_never_put_down)
{
    forest f;
    plant(&f);
    for (uint64_t cut = 0; cut <= TREES; cut++) {
        itsm__merkle a, b;
        itsm__merkle_hash kept[ITSM__MERKLE_DEPTH], root;
        itsm__merkle_init(&a);
        for (uint64_t i = 0; i < cut; i++) itsm__merkle_add_leaf(&a, &f.leaf[i]);
        size_t n = itsm__merkle_save(kept, &a);
        cr_expect_eq(itsm__merkle_restore(&b, cut, kept, n + 1), ITSM_E_CORRUPT);
        cr_assert_eq(itsm__merkle_restore(&b, cut, kept, n), ITSM_OK);
        for (uint64_t i = cut; i < TREES; i++) itsm__merkle_add_leaf(&b, &f.leaf[i]);
        itsm__merkle_root(&root, &b);
        cr_expect_arr_eq(root.b, f.root[TREES].b, 32);
    }
}

/* Both proofs below lead to the root they are held against; they are only longer than such trees can have. */
Test(merkle, a_proof_goes_no_further_than_the_root)
{
    forest f;
    itsm__merkle_hash root, first, second, proof[ITSM__MERKLE_PROOF];
    size_t n = 0;
    plant(&f);
    itsm__merkle_node(&root, &f.leaf[1], &f.leaf[0]);
    cr_expect_eq(itsm__merkle_verify_inclusion(&root, 1, 0, &f.leaf[0], &f.leaf[1], 1), ITSM_E_CORRUPT);
    cr_assert_eq(itsm__merkle_consistency(proof, &n, 3, 4, subtree, &f), ITSM_OK);
    cr_assert_eq(n, 3);
    proof[3] = f.leaf[9];
    itsm__merkle_node(&first, &f.leaf[9], &f.root[3]);
    itsm__merkle_node(&second, &f.leaf[9], &f.root[4]);
    cr_expect_eq(itsm__merkle_verify_consistency(&first, 3, &second, 4, proof, 4), ITSM_E_CORRUPT);
}
