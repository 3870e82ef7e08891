/* SPDX-License-Identifier: MIT */
/*
 * The Merkle tree of RFC 6962, unchanged, so that verifiers written for it work on ours.
 *
 * The tree never stands in memory.  What grows is its frontier: adding an entry is the carry of a binary counter, one
 * leaf hash and on average one node hash (a node is two SHA-256 blocks).  The root of the frontier folds its levels
 * from the smallest to the largest: O(log n).  A proof is a list of roots of subtrees; which ones is arithmetic on
 * two numbers, and the caller's function gives each.  Nothing here allocates or recurses, and everything may be
 * called in any order after itsm__merkle_init().
 *
 * A hasher finds out what the processor can do when it is started, which may take longer than a hash; so a tree
 * copies one that was started once.
 */
#include "merkle/merkle.h"

#include "base/bits.h"

static void hash_leaf(const itsm__sha256 *fresh, itsm__merkle_hash *out, itsm_bytes entry)
{
    static const unsigned char prefix = 0x00;
    itsm__sha256 hasher = *fresh;
    itsm__sha256_add(&hasher, &prefix, 1);
    if (entry.n) itsm__sha256_add(&hasher, entry.p, entry.n);
    itsm__sha256_end(&hasher, out->b);
}

/*
 * The input of a node always has 65 bytes, so its two blocks are laid out here, padding included (FIPS 180-4, 5.1.1),
 * and go to the compression function as they are.  `out` may be one of the two.
 */
static void hash_node(const itsm__sha256 *fresh, itsm__merkle_hash *out, const itsm__merkle_hash *left,
                      const itsm__merkle_hash *right)
{
    unsigned char blocks[128] = {0x01};
    uint32_t state[8];
    memcpy(blocks + 1, left->b, ITSM__MERKLE_HASH);
    memcpy(blocks + 1 + ITSM__MERKLE_HASH, right->b, ITSM__MERKLE_HASH);
    blocks[65] = 0x80, blocks[126] = 65 * 8 >> 8, blocks[127] = 65 * 8 & 0xFF;
    memcpy(state, fresh->state, sizeof state);
    fresh->compress(state, blocks, 2);
    for (unsigned i = 0; i < 8; i++) itsm__put_be32(out->b + 4 * i, state[i]);
}

void itsm__merkle_leaf(itsm__merkle_hash *out, itsm_bytes entry)
{
    itsm__sha256 fresh;
    itsm__sha256_init(&fresh);
    hash_leaf(&fresh, out, entry);
}

void itsm__merkle_node(itsm__merkle_hash *out, const itsm__merkle_hash *left, const itsm__merkle_hash *right)
{
    itsm__sha256 fresh;
    itsm__sha256_init(&fresh);
    hash_node(&fresh, out, left, right);
}

/* The frontier ----------------------------------------------------------------------------------------------------- */

void itsm__merkle_init(itsm__merkle *tree)
{
    memset(tree, 0, sizeof *tree);
    itsm__sha256_init(&tree->fresh);
}

void itsm__merkle_add_leaf(itsm__merkle *tree, const itsm__merkle_hash *leaf)
{
    itsm__merkle_hash carry = *leaf;
    unsigned i = 0;
    for (uint64_t bits = tree->size; bits & 1; bits >>= 1, i++)
        hash_node(&tree->fresh, &carry, &tree->level[i], &carry);
    tree->level[i] = carry;
    tree->size++;
}

void itsm__merkle_add(itsm__merkle *tree, itsm_bytes entry)
{
    itsm__merkle_hash leaf;
    hash_leaf(&tree->fresh, &leaf, entry);
    itsm__merkle_add_leaf(tree, &leaf);
}

void itsm__merkle_root(itsm__merkle_hash *out, const itsm__merkle *tree)
{
    if (tree->size == 0) {
        itsm__sha256 hasher = tree->fresh;
        itsm__sha256_end(&hasher, out->b);
        return;
    }
    int begun = 0;
    itsm__merkle_hash root;
    uint64_t bits = tree->size;
    for (unsigned i = 0; bits; bits >>= 1, i++) {
        if (!(bits & 1)) continue;
        if (begun) hash_node(&tree->fresh, &root, &tree->level[i], &root);
        else root = tree->level[i], begun = 1;
    }
    *out = root;
}

size_t itsm__merkle_save(itsm__merkle_hash out[ITSM__MERKLE_DEPTH], const itsm__merkle *tree)
{
    size_t n = 0;
    for (unsigned i = ITSM__MERKLE_DEPTH; i-- > 0;)
        if (tree->size >> i & 1) out[n++] = tree->level[i];
    return n;
}

itsm_status itsm__merkle_restore(itsm__merkle *tree, uint64_t size, const itsm__merkle_hash *hashes, size_t n)
{
    size_t bits = 0;
    for (uint64_t u = size; u; u >>= 1) bits += u & 1;
    if (bits != n) return ITSM_E_CORRUPT;
    itsm__merkle_init(tree);
    tree->size = size;
    for (unsigned i = ITSM__MERKLE_DEPTH; i-- > 0;)
        if (size >> i & 1) tree->level[i] = *hashes++;
    return ITSM_OK;
}

void itsm__merkle_of_leaves(itsm__merkle_hash *out, const itsm__merkle_hash *leaves, size_t n)
{
    itsm__merkle tree;
    itsm__merkle_init(&tree);
    for (size_t i = 0; i < n; i++) itsm__merkle_add_leaf(&tree, &leaves[i]);
    itsm__merkle_root(out, &tree);
}

/* Proofs ----------------------------------------------------------------------------------------------------------- */

typedef struct range {
    uint64_t begin, count;
} range;

/* The largest power of two below n; n > 1. */
static uint64_t split(uint64_t n)
{
    uint64_t k = 1;
    while (k < n - k) k <<= 1;
    return k;
}

/* A proof runs from the leaves to the root, the ranges were found from the root down. */
static itsm_status ask(itsm__merkle_hash *proof, size_t *n, const range *ranges, size_t count,
                       itsm__merkle_subtree_fn subtree, void *user)
{
    for (size_t i = 0; i < count; i++) {
        const range *r = &ranges[count - 1 - i];
        itsm_status rc = subtree(user, &proof[i], r->begin, r->count);
        if (rc != ITSM_OK) return rc;
    }
    *n = count;
    return ITSM_OK;
}

itsm_status itsm__merkle_inclusion(itsm__merkle_hash proof[ITSM__MERKLE_DEPTH], size_t *n, uint64_t index,
                                   uint64_t size, itsm__merkle_subtree_fn subtree, void *user)
{
    range ranges[ITSM__MERKLE_DEPTH];
    size_t count = 0;
    if (index >= size) return ITSM_E_RANGE;
    for (uint64_t begin = 0; size > 1; count++) {
        uint64_t k = split(size);
        if (index - begin < k) {
            ranges[count].begin = begin + k, ranges[count].count = size - k;
            size = k;
        } else {
            ranges[count].begin = begin, ranges[count].count = k;
            begin += k, size -= k;
        }
    }
    return ask(proof, n, ranges, count, subtree, user);
}

itsm_status itsm__merkle_consistency(itsm__merkle_hash proof[ITSM__MERKLE_PROOF], size_t *n, uint64_t first,
                                     uint64_t second, itsm__merkle_subtree_fn subtree, void *user)
{
    range ranges[ITSM__MERKLE_PROOF];
    size_t count = 0;
    uint64_t begin = 0;
    int known = 1; /* the verifier has the root of what is left: it is the first tree itself */
    if (first == 0 || first > second) return ITSM_E_RANGE;
    while (first != second) {
        uint64_t k = split(second);
        if (first <= k) {
            ranges[count].begin = begin + k, ranges[count].count = second - k;
            second = k;
        } else {
            ranges[count].begin = begin, ranges[count].count = k;
            begin += k, first -= k, second -= k, known = 0;
        }
        count++;
    }
    if (!known) ranges[count].begin = begin, ranges[count].count = second, count++;
    return ask(proof, n, ranges, count, subtree, user);
}

/* Verifying -------------------------------------------------------------------------------------------------------- */

/* Where the way up stands in both trees: the node's number and the last one's of its level. */
typedef struct way {
    uint64_t fn, sn;
} way;

static void up(way *w)
{
    w->fn >>= 1, w->sn >>= 1;
}

/* 1: the next hash of the proof stands left of the node.  Levels at which the node has no sibling are then passed. */
static int sibling_is_left(way *w)
{
    if (!(w->fn & 1) && w->fn != w->sn) return 0;
    while (!(w->fn & 1) && w->fn != 0) up(w);
    return 1;
}

static itsm_status same(const itsm__merkle_hash *a, const itsm__merkle_hash *b)
{
    return memcmp(a->b, b->b, ITSM__MERKLE_HASH) == 0 ? ITSM_OK : ITSM_E_CORRUPT;
}

itsm_status itsm__merkle_verify_inclusion(const itsm__merkle_hash *root, uint64_t size, uint64_t index,
                                          const itsm__merkle_hash *leaf, const itsm__merkle_hash *proof, size_t n)
{
    itsm__sha256 fresh;
    itsm__merkle_hash r = *leaf;
    way w;
    if (index >= size) return ITSM_E_CORRUPT;
    itsm__sha256_init(&fresh);
    w.fn = index, w.sn = size - 1;
    for (size_t i = 0; i < n; i++) {
        if (w.sn == 0) return ITSM_E_CORRUPT;
        if (sibling_is_left(&w)) hash_node(&fresh, &r, &proof[i], &r);
        else hash_node(&fresh, &r, &r, &proof[i]);
        up(&w);
    }
    return w.sn == 0 ? same(&r, root) : ITSM_E_CORRUPT;
}

itsm_status itsm__merkle_verify_consistency(const itsm__merkle_hash *first_root, uint64_t first,
                                            const itsm__merkle_hash *second_root, uint64_t second,
                                            const itsm__merkle_hash *proof, size_t n)
{
    itsm__sha256 fresh;
    itsm__merkle_hash fr, sr;
    size_t i = 0;
    way w;
    if (first == 0 || first > second) return ITSM_E_CORRUPT;
    if (first == second) return n == 0 ? same(first_root, second_root) : ITSM_E_CORRUPT;
    if ((first & (first - 1)) == 0) fr = *first_root;
    else if (n > 0) fr = proof[i++];
    else return ITSM_E_CORRUPT;
    sr = fr;
    itsm__sha256_init(&fresh);
    w.fn = first - 1, w.sn = second - 1;
    while (w.fn & 1) up(&w);
    for (; i < n; i++) {
        if (w.sn == 0) return ITSM_E_CORRUPT;
        if (sibling_is_left(&w)) {
            hash_node(&fresh, &fr, &proof[i], &fr);
            hash_node(&fresh, &sr, &proof[i], &sr);
        } else hash_node(&fresh, &sr, &sr, &proof[i]);
        up(&w);
    }
    if (w.sn != 0 || same(&fr, first_root) != ITSM_OK) return ITSM_E_CORRUPT;
    return same(&sr, second_root);
}
