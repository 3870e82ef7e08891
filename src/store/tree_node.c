/* SPDX-License-Identifier: MIT */
/*
 * Searching and changing one node of the tree; tree_node.h says how it is laid out.
 *
 * Cost: a search compares some ten numbers, then the bytes of one or two entries; where n entries have the same hint, of
 * log2(n) more.  Putting and taking move up to a node's bytes.  Nothing here takes memory or can fail.
 */
#include "store/tree_node.h"

#include "base/bits.h"

enum { STEP = 8 };

static int compare_bytes(itsm_bytes a, itsm_bytes b)
{
    size_t n = a.n < b.n ? a.n : b.n;
    int c = n ? memcmp(a.p, b.p, n) : 0;
    return c ? c : (a.n > b.n) - (a.n < b.n);
}

int itsm__tree_compare(itsm__tree_key a, itsm__tree_key b)
{
    int c = compare_bytes(a.key, b.key);
    return c ? c : compare_bytes(a.tie, b.tie);
}

/* Hints ----------------------------------------------------------------------------------------------------------- */

static size_t common(itsm_bytes a, itsm_bytes b)
{
    const unsigned char *p = a.p, *q = b.p;
    size_t n = 0, most = a.n < b.n ? a.n : b.n;
    while (n < most && p[n] == q[n]) n++;
    return n;
}

/* Four bytes from a place on. */
static uint32_t four_at(itsm_bytes bytes, size_t place)
{
    const unsigned char *p = bytes.p;
    uint32_t four = 0;

    if (bytes.n >= place + 4) return itsm__be32(p + place);
    for (size_t i = place; i < place + 4; i++) four = four << 8 | (i < bytes.n ? p[i] : 0u);
    return four;
}

static uint32_t hint_of(uint16_t shared, itsm__tree_key key)
{
    return shared & ITSM__NODE_TIES ? four_at(key.tie, shared ^ ITSM__NODE_TIES) : four_at(key.key, shared);
}

static void set_hint(itsm__tree_node *node, size_t i, itsm__tree_key key)
{
    node->slot[i] = (uint64_t)hint_of(node->shared, key) << 32 | (uint32_t)node->slot[i];
}

/* Count anew what all entries share: it is what the first and the last do. */
static void set_hints(itsm__tree_node *node)
{
    if (node->count == 0) return;
    itsm__tree_key a = itsm__node_at(node, 0).key, b = itsm__node_at(node, node->count - 1u).key;
    size_t n = common(a.key, b.key);
    int ties = n == a.key.n && n == b.key.n;
    node->shared = (uint16_t)(ties ? common(a.tie, b.tie) | ITSM__NODE_TIES : n);
    for (size_t i = 0; i < node->count; i++) set_hint(node, i, itsm__node_at(node, i).key);
}

/* Where a key stands that is ordered against the n bytes entries share: before all, among, or behind all. */
static int against(itsm_bytes bytes, const void *shared, size_t n)
{
    size_t most = bytes.n < n ? bytes.n : n;
    int c = most ? memcmp(bytes.p, shared, most) : 0;
    return c ? c : most < n ? -1 : 0;
}

/* The same for a node, of which entry number i is looked at. */
static int against_node(const itsm__tree_node *node, size_t i, itsm__tree_key key)
{
    itsm__tree_key e = itsm__node_at(node, i).key;

    if (!(node->shared & ITSM__NODE_TIES)) return against(key.key, e.key.p, node->shared);
    int c = compare_bytes(key.key, e.key);
    return c ? c : against(key.tie, e.tie.p, node->shared ^ ITSM__NODE_TIES);
}

/* Search ---------------------------------------------------------------------------------------------------------- */

/* Number of slots below a word.  Steps of STEP first, since places that do not depend on each other are fetched from
   memory at the same time; then halving, in what came with the last of them. */
static size_t slots_below(const uint64_t *slot, size_t n, uint64_t word)
{
    size_t start = 0;

    while (n - start >= STEP && slot[start + STEP - 1] < word) start += STEP;
    size_t left = n - start < STEP ? n - start : STEP - 1u;
    if (!left) return start;
    while (left > 1) { /* no branch on what is found: which way it goes cannot be foretold */
        size_t half = left / 2;
        start += slot[start + half - 1] < word ? half : 0;
        left -= half;
    }
    return start + (slot[start] < word);
}

size_t itsm__node_bound(const itsm__tree_node *node, itsm__tree_key key, int *found)
{
    size_t count = node->count;

    *found = 0;
    if (count == 0) return 0;
    uint32_t hint = hint_of(node->shared, key);
    size_t low = slots_below(node->slot, count, (uint64_t)hint << 32), high = low;
    /* Look at an entry that is needed next anyway: in an inner node the one with the child. */
    size_t near = low == count || (node->first && low) ? low - 1 : low;
    int c = against_node(node, near, key);
    if (c) return c < 0 ? 0 : count;
    while (high < count && node->slot[high] >> 32 == hint) high++;
    while (low < high) {
        size_t middle = (low + high) / 2;
        c = itsm__tree_compare(itsm__node_at(node, middle).key, key);
        if (c == 0) {
            *found = 1;
            return middle;
        }
        if (c < 0) low = middle + 1;
        else high = middle;
    }
    return low;
}

/* Changes --------------------------------------------------------------------------------------------------------- */

/* Put an entry before number i, without a hint. */
static void put_plain(itsm__tree_node *node, size_t i, itsm__tree_key key, const void *value, size_t nvalue)
{
    node->heap = (uint16_t)(node->heap - (itsm__node_need(key, nvalue) - sizeof(uint64_t)));
    unsigned char *e = itsm__node_bytes(node, node->heap);
    e[0] = (unsigned char)key.tie.n, e[1] = (unsigned char)nvalue;
    e += ITSM__NODE_ENTRY_HEAD;
    if (nvalue) memcpy(e, value, nvalue);
    if (key.key.n) memcpy(e + nvalue, key.key.p, key.key.n);
    if (key.tie.n) memcpy(e + nvalue + key.key.n, key.tie.p, key.tie.n);
    memmove(node->slot + i + 1, node->slot + i, (node->count - i) * sizeof node->slot[0]);
    node->slot[i] = (uint64_t)key.key.n << 16 | node->heap;
    node->count++;
}

void itsm__node_put(itsm__tree_node *node, size_t i, itsm__tree_key key, const void *value, size_t nvalue)
{
    int shares = node->count && against_node(node, 0, key) == 0;

    put_plain(node, i, key, value, nvalue);
    if (shares) set_hint(node, i, key);
    else set_hints(node);
}

void itsm__node_take(itsm__tree_node *node, size_t i)
{
    size_t at = itsm__node_offset(node, i), n = itsm__node_need_at(node, i) - sizeof(uint64_t);

    memmove(itsm__node_bytes(node, node->heap + n), itsm__node_bytes(node, node->heap), at - node->heap);
    node->heap = (uint16_t)(node->heap + n);
    memmove(node->slot + i, node->slot + i + 1, (node->count - i - 1u) * sizeof node->slot[0]);
    node->count--;
    for (size_t k = 0; k < node->count; k++) node->slot[k] += itsm__node_offset(node, k) < at ? n : 0;
    node->last = 0;
}

void itsm__node_fill(itsm__tree_node *copy, const itsm__tree_node *node)
{
    uint16_t shift = (uint16_t)(copy->item.size - node->item.size); /* modulo 2^16: the new node may be smaller */

    copy->first = node->first, copy->count = node->count, copy->last = node->last, copy->shared = node->shared;
    copy->heap = (uint16_t)(node->heap + shift);
    memcpy(copy->slot, node->slot, node->count * sizeof node->slot[0]);
    memcpy(itsm__node_bytes(copy, copy->heap), itsm__node_bytes(node, node->heap), node->item.size - node->heap);
    for (size_t i = 0; shift && i < node->count; i++)
        copy->slot[i] = (copy->slot[i] & ~UINT64_C(0xffff)) | (uint16_t)(copy->slot[i] + shift);
}

void itsm__node_append(itsm__tree_node *node, const itsm__tree_node *from, size_t i)
{
    for (; i < from->count; i++) {
        itsm__node_entry e = itsm__node_at(from, i);
        put_plain(node, node->count, e.key, e.value.p, e.value.n);
    }
    set_hints(node);
    node->last = 0;
}

void itsm__node_cut(itsm__tree_node *node, size_t n)
{
    union {
        itsm__tree_node node;
        unsigned char bytes[ITSM__NODE_SIZE];
    } old;

    if (node->item.size == ITSM__NODE_SIZE && n + 2u < node->count) { /* one pass rather than one for each entry */
        memcpy(old.bytes, itsm__node_bytes(node, 0), sizeof old.bytes);
        old.node.count = (uint16_t)n;
        node->count = 0, node->heap = ITSM__NODE_SIZE;
        itsm__node_append(node, &old.node, 0);
        return;
    }
    while (node->count > n) itsm__node_take(node, node->count - 1u);
    set_hints(node);
}
