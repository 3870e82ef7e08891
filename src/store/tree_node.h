/* SPDX-License-Identifier: MIT */
/*
 * A node of the tree of tree.h: entries in order, and the search among them.
 *
 * A node is one block of memory: a head, slots in the order of the entries growing up, and entries growing down from
 * the end, always without gaps (a removal closes its gap).  An entry is
 *
 *     length of tie (1), length of value (1), value, key, tie
 *
 * Leaves hold the caller's entries.  In an inner node the value is a pointer to a child, the entry's key is a lower
 * bound of all below it, and `first` is the child before the first entry; child number c is `first` for 0, else that
 * of entry c - 1.  Nodes are ITSM__NODE_SIZE bytes; one whose few entries are very long is larger.
 *
 * A slot is one number: the entry's hint, the length of its key, its offset.  The hint is the four bytes in which the
 * entries of the node begin to differ, as a big-endian number: of the key behind the bytes that all keys of the node
 * share, or, where all keys are the same, of the tie behind what all ties share (bytes that are not there count as 0).
 * Hints order like entries, so a search compares numbers that stand together, looks at one entry to see that the key
 * shares what the entries share, and compares bytes only where hints are equal.  How much is shared is counted anew
 * when a node is split or joined; a new entry that shares less costs the hints of its node anew.
 */
#ifndef ITSM_SRC_STORE_TREE_NODE_H
#define ITSM_SRC_STORE_TREE_NODE_H

#include "store/tree.h"

#include <stddef.h>
#include <string.h>

enum {
    ITSM__NODE_SIZE = 1008, /* 1024 with the head of a usual allocator */
    ITSM__NODE_ENTRY_HEAD = 2
};

#define ITSM__NODE_TIES 0x8000u /* in `shared`: all keys are the same, hints are of the ties */

struct itsm__tree_node {
    itsm__tree_item item;
    itsm__tree_node *first; /* NULL in a leaf */
    uint16_t count;
    uint16_t heap;   /* offset of the lowest entry */
    uint16_t last;   /* where the last entry was put, plus one */
    uint16_t shared; /* how many bytes of the keys the hints leave out, because all entries share them */
    uint64_t slot[]; /* hint (32 bits), length of key (16), offset from the start of the node (16) */
};

typedef struct itsm__node_entry {
    itsm__tree_key key;
    itsm_bytes value;
} itsm__node_entry;

static inline unsigned char *itsm__node_bytes(const itsm__tree_node *node, size_t offset)
{
    union {
        const itsm__tree_node *in;
        unsigned char *out;
    } cast;
    cast.in = node;
    return cast.out + offset;
}

static inline size_t itsm__node_offset(const itsm__tree_node *node, size_t i)
{
    return (size_t)(node->slot[i] & 0xffff);
}

static inline itsm__node_entry itsm__node_at(const itsm__tree_node *node, size_t i)
{
    const unsigned char *e = itsm__node_bytes(node, itsm__node_offset(node, i));
    itsm__node_entry out;
    out.value.p = e + ITSM__NODE_ENTRY_HEAD, out.value.n = e[1];
    out.key.key.p = e + ITSM__NODE_ENTRY_HEAD + e[1], out.key.key.n = (size_t)(node->slot[i] >> 16 & 0xffff);
    out.key.tie.p = e + ITSM__NODE_ENTRY_HEAD + e[1] + out.key.key.n, out.key.tie.n = e[0];
    return out;
}

static inline unsigned char *itsm__node_value(const itsm__tree_node *node, size_t i)
{
    return itsm__node_bytes(node, itsm__node_offset(node, i)) + ITSM__NODE_ENTRY_HEAD;
}

static inline itsm__tree_node *itsm__node_child(const itsm__tree_node *node, size_t c)
{
    itsm__tree_node *child;

    if (c == 0) return node->first;
    memcpy(&child, itsm__node_bytes(node, itsm__node_offset(node, c - 1)) + ITSM__NODE_ENTRY_HEAD, sizeof child);
    return child;
}

static inline void itsm__node_set_child(itsm__tree_node *node, size_t c, itsm__tree_node *child)
{
    if (c == 0) node->first = child;
    else memcpy(itsm__node_bytes(node, itsm__node_offset(node, c - 1)) + ITSM__NODE_ENTRY_HEAD, &child, sizeof child);
}

/* Bytes an entry takes, its slot included. */
static inline size_t itsm__node_need(itsm__tree_key key, size_t nvalue)
{
    return sizeof(uint64_t) + ITSM__NODE_ENTRY_HEAD + key.key.n + key.tie.n + nvalue;
}

static inline size_t itsm__node_need_at(const itsm__tree_node *node, size_t i)
{
    itsm__node_entry e = itsm__node_at(node, i);
    return itsm__node_need(e.key, e.value.n);
}

static inline size_t itsm__node_room(const itsm__tree_node *node)
{
    return node->heap - offsetof(itsm__tree_node, slot) - node->count * sizeof(uint64_t);
}

/* Bytes of slots and entries. */
static inline size_t itsm__node_content(const itsm__tree_node *node)
{
    return node->count * sizeof(uint64_t) + (node->item.size - node->heap);
}

/* Number of the first entry >= key; *found: it is equal. */
size_t itsm__node_bound(const itsm__tree_node *node, itsm__tree_key key, int *found);

/* Number of the child below which the key belongs. */
static inline size_t itsm__node_child_for(const itsm__tree_node *node, itsm__tree_key key)
{
    int found;
    size_t i = itsm__node_bound(node, key, &found);
    return i + (size_t)found;
}

/* Put an entry before number i; there is room. */
void itsm__node_put(itsm__tree_node *node, size_t i, itsm__tree_key key, const void *value, size_t nvalue);
void itsm__node_take(itsm__tree_node *node, size_t i);

/* Copy all but the size into a new node with room for it. */
void itsm__node_fill(itsm__tree_node *copy, const itsm__tree_node *node);
/* Append entries number i and up of another node; there is room. */
void itsm__node_append(itsm__tree_node *node, const itsm__tree_node *from, size_t i);
/* Keep only the first n entries. */
void itsm__node_cut(itsm__tree_node *node, size_t n);

#endif
