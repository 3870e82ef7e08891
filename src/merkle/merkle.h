/* SPDX-License-Identifier: MIT */
/*
 * The Merkle tree of RFC 6962 section 2.1 (kept by RFC 9162), pure: no I/O, no memory.
 *
 *   leaf = SHA-256(00 || entry)      node = SHA-256(01 || left || right)      root of no entries = SHA-256("")
 *
 * A tree that grows is its frontier: the roots of the full subtrees it is made of, at most 64.
 */
#ifndef ITSM_SRC_MERKLE_MERKLE_H
#define ITSM_SRC_MERKLE_MERKLE_H

#include "base/hash.h"

#define ITSM__MERKLE_HASH 32
#define ITSM__MERKLE_DEPTH 64                       /* an inclusion proof has at most so many hashes */
#define ITSM__MERKLE_PROOF (ITSM__MERKLE_DEPTH + 1) /* a consistency proof one more */

typedef struct itsm__merkle_hash {
    unsigned char b[ITSM__MERKLE_HASH];
} itsm__merkle_hash;

/* Bit i of `size` set: level[i] is the root of a full subtree of 2^i entries; higher levels stand further left. */
typedef struct itsm__merkle {
    uint64_t size;
    itsm__merkle_hash level[ITSM__MERKLE_DEPTH];
    itsm__sha256 fresh; /* a hasher that was started once */
} itsm__merkle;

void itsm__merkle_leaf(itsm__merkle_hash *out, itsm_bytes entry);
void itsm__merkle_node(itsm__merkle_hash *out, const itsm__merkle_hash *left, const itsm__merkle_hash *right);

void itsm__merkle_init(itsm__merkle *tree);
void itsm__merkle_add(itsm__merkle *tree, itsm_bytes entry);                   /* O(1) amortised */
void itsm__merkle_add_leaf(itsm__merkle *tree, const itsm__merkle_hash *leaf); /* when the leaf hash is at hand */
void itsm__merkle_root(itsm__merkle_hash *out, const itsm__merkle *tree);      /* O(log size) */

/*
 * The frontier as bytes, for a store to keep: the size is known beside it.  Count of hashes written (the set bits of
 * size), largest subtree first; reading back gives ITSM_E_CORRUPT if the count does not fit the size.
 */
size_t itsm__merkle_save(itsm__merkle_hash out[ITSM__MERKLE_DEPTH], const itsm__merkle *tree);
itsm_status itsm__merkle_restore(itsm__merkle *tree, uint64_t size, const itsm__merkle_hash *hashes, size_t n);

/*
 * Proofs.  `subtree` gives the root of the entries [begin, begin + count).  It is asked for O(log n) ranges that do not
 * overlap; what is cheap to answer is its own affair.  A range is either full (count a power of two, begin a
 * multiple of it) or the right edge of the tree.
 */
typedef itsm_status (*itsm__merkle_subtree_fn)(void *user, itsm__merkle_hash *out, uint64_t begin, uint64_t count);

/* ITSM_OK, ITSM_E_RANGE (index not below size; first 0 or above second), or what `subtree` answered. */
itsm_status itsm__merkle_inclusion(itsm__merkle_hash proof[ITSM__MERKLE_DEPTH], size_t *n, uint64_t index,
                                   uint64_t size, itsm__merkle_subtree_fn subtree, void *user);
itsm_status itsm__merkle_consistency(itsm__merkle_hash proof[ITSM__MERKLE_PROOF], size_t *n, uint64_t first,
                                     uint64_t second, itsm__merkle_subtree_fn subtree, void *user);

/* ITSM_OK or ITSM_E_CORRUPT.  From RFC 9162 sections 2.1.3.2 and 2.1.4.2. */
itsm_status itsm__merkle_verify_inclusion(const itsm__merkle_hash *root, uint64_t size, uint64_t index,
                                          const itsm__merkle_hash *leaf, const itsm__merkle_hash *proof, size_t n);
itsm_status itsm__merkle_verify_consistency(const itsm__merkle_hash *first_root, uint64_t first,
                                            const itsm__merkle_hash *second_root, uint64_t second,
                                            const itsm__merkle_hash *proof, size_t n);

/* The root of leaf hashes in memory, for a subtree that is not kept.  n > 0.  O(n), no memory. */
void itsm__merkle_of_leaves(itsm__merkle_hash *out, const itsm__merkle_hash *leaves, size_t n);

#endif
