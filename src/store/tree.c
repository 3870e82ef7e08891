/* SPDX-License-Identifier: MIT */
/*
 * The copy-on-write B+ tree of tree.h; its nodes are those of tree_node.h.  The bounds in inner nodes are cut to the
 * shortest that still separates.
 *
 * Every change first walks down, noting the path, and only then makes the nodes of the path editable, from the root:
 * a node born in this edit already is, another one is copied and dropped.  A full node is split before the new entry
 * goes in: in the middle, or, when entries arrive in ascending order, at the place of the new one, so that nodes fill.
 * A node less than a quarter full after a removal is merged with a sibling if both fit.
 *
 * What is born in an edit stands in `fresh`, what an edit drops of earlier states in `dropped`; commit hands the
 * latter to the newest snapshot that sees it, abort frees the former.
 *
 * An edit alone tries the leaf first.  What changes nothing but its entries is done there, after a note how to undo it;
 * for anything else the nodes of the path are kept, as copies to go back to, and then count as editable.  Abort undoes
 * from the last change to the first, which needs no memory: every node finds the room it had.
 */
#include "store/tree_node.h"

enum {
    NODE_SIZE = ITSM__NODE_SIZE,
    SPLIT_MIN = 4, /* fewer entries: the node grows rather than splits */
    SPARE_MAX = 512
};

typedef struct path {
    uint32_t depth;
    int found;
    itsm__tree_node *node[ITSM__TREE_DEPTH_MAX];
    uint16_t position[ITSM__TREE_DEPTH_MAX]; /* child number, in the leaf the entry's */
} path;

enum { UNDO_PUT, UNDO_TAKE, UNDO_VALUE, UNDO_NODE };

struct itsm__tree_undo {
    itsm__tree_node *node;
    const itsm__tree_node *copy; /* UNDO_NODE: what it was */
    size_t bytes;                /* where the value, the key and the tie of its entry were noted */
    uint16_t kind, place;
    uint16_t nkey;
    uint8_t ntie, nvalue;
};

/* Items ---------------------------------------------------------------------------------------------------------- */

void itsm__tree_init(itsm__tree *tree, const itsm__memory *memory)
{
    memset(tree, 0, sizeof *tree);
    tree->memory = *memory;
}

void itsm__tree_item_free(const itsm__tree *tree, void *item)
{
    itsm__free(&tree->memory, item, ((itsm__tree_item *)item)->size);
}

/* Items of the usual size of a node are kept for the next ones. */
static void item_release(itsm__tree *tree, itsm__tree_item *item)
{
    if (item->size == NODE_SIZE && tree->nspare < SPARE_MAX)
        item->next = tree->spare, tree->spare = item, tree->nspare++;
    else itsm__tree_item_free(tree, item);
}

void *itsm__tree_item_new(itsm__tree *tree, size_t size)
{
    itsm__tree_item *item = NULL;

    if (size == NODE_SIZE && tree->spare) item = tree->spare, tree->spare = item->next, tree->nspare--;
    else if (size <= UINT32_MAX) item = itsm__alloc(&tree->memory, size);
    if (!item) {
        tree->failed = 1;
        return NULL;
    }
    item->birth = tree->version + 1, item->size = (uint32_t)size, item->dropped = item->kept = 0;
    item->next = tree->fresh, tree->fresh = item;
    return item;
}

static int is_fresh(const itsm__tree *tree, const itsm__tree_item *item)
{
    return item->birth == tree->version + 1;
}

void itsm__tree_item_drop(itsm__tree *tree, void *pointer)
{
    itsm__tree_item *item = pointer;

    if (is_fresh(tree, item)) item->dropped = 1, tree->wasted = 1;
    else item->next = tree->dropped, tree->dropped = item;
}

/* A state that saw the item has ended: hand it to the newest snapshot that still does, or free it. */
static void item_pass_on(itsm__tree *tree, itsm__tree_item *item, itsm__tree_snapshot *snapshot)
{
    if (snapshot && item->birth <= snapshot->version) item->next = snapshot->dropped, snapshot->dropped = item;
    else item_release(tree, item);
}

/* Edits ---------------------------------------------------------------------------------------------------------- */

void itsm__tree_begin(itsm__tree *tree)
{
    tree->editing = 1, tree->failed = tree->wasted = tree->alone = 0;
    tree->nundo = tree->nundo_bytes = 0;
    tree->edit_root = tree->root, tree->edit_count = tree->count;
    tree->fresh = tree->dropped = NULL;
}

void itsm__tree_begin_alone(itsm__tree *tree)
{
    itsm__tree_begin(tree);
    tree->alone = tree->newest == NULL;
}

static void undo_one(const itsm__tree *tree, const itsm__tree_undo *undo)
{
    const unsigned char *value = tree->undo_bytes + undo->bytes;
    itsm__tree_key key = {{value + undo->nvalue, undo->nkey}, {value + undo->nvalue + undo->nkey, undo->ntie}};
    itsm__tree_node *node = undo->node;

    switch (undo->kind) {
    case UNDO_PUT: itsm__node_take(node, undo->place); break;
    case UNDO_TAKE: itsm__node_put(node, undo->place, key, value, undo->nvalue); break;
    case UNDO_VALUE: memcpy(itsm__node_value(node, undo->place), value, undo->nvalue); break;
    default: itsm__node_fill(node, undo->copy), node->item.kept = 0; break;
    }
}

void itsm__tree_abort(itsm__tree *tree)
{
    while (tree->nundo) undo_one(tree, &tree->undo[--tree->nundo]);
    for (itsm__tree_item *item = tree->fresh, *next; item; item = next) {
        next = item->next;
        item_release(tree, item);
    }
    tree->fresh = tree->dropped = NULL;
    tree->editing = 0, tree->failed = 0, tree->edit_root = NULL;
}

void itsm__tree_commit(itsm__tree *tree)
{
    if (tree->failed) {
        itsm__tree_abort(tree);
        return;
    }
    for (size_t i = 0; i < tree->nundo; i++) tree->undo[i].node->item.kept = 0;
    for (itsm__tree_item *item = tree->wasted ? tree->fresh : NULL, *next; item; item = next) {
        next = item->next;
        if (item->dropped) item_release(tree, item);
    }
    for (itsm__tree_item *item = tree->dropped, *next; item; item = next) {
        next = item->next;
        item_pass_on(tree, item, tree->newest);
    }
    tree->root = tree->edit_root, tree->count = tree->edit_count, tree->version++;
    tree->fresh = tree->dropped = NULL;
    tree->editing = 0, tree->edit_root = NULL;
}

/* Snapshots ------------------------------------------------------------------------------------------------------ */

void itsm__tree_snapshot_open(itsm__tree *tree, itsm__tree_snapshot *snapshot)
{
    memset(snapshot, 0, sizeof *snapshot);
    snapshot->root = tree->root, snapshot->version = tree->version, snapshot->count = tree->count;
    snapshot->tree = tree;
    snapshot->older = tree->newest;
    if (tree->newest) tree->newest->newer = snapshot;
    tree->newest = snapshot;
}

void itsm__tree_snapshot_copy(itsm__tree_snapshot *out, itsm__tree_snapshot *snapshot)
{
    *out = *snapshot;
    out->dropped = NULL;
    out->newer = snapshot, out->older = snapshot->older;
    if (snapshot->older) snapshot->older->newer = out;
    snapshot->older = out;
}

void itsm__tree_snapshot_close(itsm__tree_snapshot *snapshot)
{
    itsm__tree *tree = snapshot->tree;

    if (!tree) return;
    if (snapshot->older) snapshot->older->newer = snapshot->newer;
    if (snapshot->newer) snapshot->newer->older = snapshot->older;
    else tree->newest = snapshot->older;
    for (itsm__tree_item *item = snapshot->dropped, *next; item; item = next) {
        next = item->next;
        item_pass_on(tree, item, snapshot->older);
    }
    memset(snapshot, 0, sizeof *snapshot);
}

/* Nodes in an edit ------------------------------------------------------------------------------------------------ */

static itsm__tree_node *node_new(itsm__tree *tree, size_t content)
{
    size_t size = NODE_SIZE;
    while (size - offsetof(itsm__tree_node, slot) < content) size *= 2;

    itsm__tree_node *node = itsm__tree_item_new(tree, size);
    if (!node) return NULL;
    node->first = NULL;
    node->count = node->last = node->shared = 0;
    node->heap = (uint16_t)size;
    return node;
}

/* A node like this one, made by this edit, with room for `more` bytes; the old one is dropped. */
static itsm__tree_node *node_copy(itsm__tree *tree, itsm__tree_node *node, size_t more)
{
    itsm__tree_node *copy = node_new(tree, itsm__node_content(node) + more);
    if (!copy) return NULL;

    itsm__node_fill(copy, node);
    itsm__tree_item_drop(tree, node);
    return copy;
}

static void path_link(itsm__tree *tree, path *at, size_t level, itsm__tree_node *node)
{
    at->node[level] = node;
    if (level) itsm__node_set_child(at->node[level - 1], at->position[level - 1], node);
    else tree->edit_root = node;
}

static itsm_status path_find(path *at, itsm__tree_node *root, itsm__tree_key key)
{
    itsm__tree_node *node = root;

    for (at->depth = 0; node->first; node = itsm__node_child(node, at->position[at->depth++])) {
        if (at->depth == ITSM__TREE_DEPTH_MAX - 2) return ITSM_E_LIMIT;
        at->node[at->depth] = node;
        at->position[at->depth] = (uint16_t)itsm__node_child_for(node, key);
    }
    at->node[at->depth] = node;
    at->position[at->depth++] = (uint16_t)itsm__node_bound(node, key, &at->found);
    return ITSM_OK;
}

static int is_editable(const itsm__tree *tree, const itsm__tree_node *node)
{
    return is_fresh(tree, &node->item) || node->item.kept;
}

static itsm__tree_undo *undo_new(itsm__tree *tree, unsigned kind, itsm__tree_node *node)
{
    if (itsm__grow(&tree->memory, &tree->undo, &tree->undo_capacity, tree->nundo + 1, sizeof *tree->undo)) return NULL;
    itsm__tree_undo *undo = &tree->undo[tree->nundo];
    memset(undo, 0, sizeof *undo);
    undo->kind = (uint16_t)kind, undo->node = node, undo->bytes = tree->nundo_bytes;
    return undo;
}

/* Note how to undo a change of an entry, before it is made; `e` is what is lost.  What is editable needs no note. */
static itsm_status note(itsm__tree *tree, unsigned kind, itsm__tree_node *node, size_t place, itsm__node_entry e)
{
    size_t n = e.value.n + e.key.key.n + e.key.tie.n; /* they stand one behind the other */
    if (is_editable(tree, node)) return ITSM_OK;

    itsm__tree_undo *undo = undo_new(tree, kind, node);
    if (!undo || itsm__grow(&tree->memory, &tree->undo_bytes, &tree->undo_bytes_capacity, tree->nundo_bytes + n, 1))
        return ITSM_E_NOMEM;
    undo->place = (uint16_t)place, undo->nkey = (uint16_t)e.key.key.n;
    undo->ntie = (uint8_t)e.key.tie.n, undo->nvalue = (uint8_t)e.value.n;
    if (n) memcpy(tree->undo_bytes + tree->nundo_bytes, e.value.p, n);
    tree->nundo_bytes += n, tree->nundo++;
    return ITSM_OK;
}

/* Keep a copy of a node to go back to; the node may then be changed in any way. */
static itsm_status node_keep(itsm__tree *tree, itsm__tree_node *node)
{
    itsm__tree_undo *undo = undo_new(tree, UNDO_NODE, node);
    itsm__tree_node *copy = undo ? node_new(tree, itsm__node_content(node)) : NULL;
    if (!copy) return ITSM_E_NOMEM;

    itsm__node_fill(copy, node);
    itsm__tree_item_drop(tree, copy); /* it ends with the edit */
    undo->copy = copy, node->item.kept = 1, tree->nundo++;
    return ITSM_OK;
}

static itsm_status path_edit(itsm__tree *tree, path *at)
{
    for (size_t level = 0; level < at->depth; level++) {
        if (is_editable(tree, at->node[level])) continue;
        if (tree->alone) {
            if (node_keep(tree, at->node[level])) return ITSM_E_NOMEM;
            continue;
        }
        itsm__tree_node *copy = node_copy(tree, at->node[level], 0);
        if (!copy) return ITSM_E_NOMEM;
        path_link(tree, at, level, copy);
    }
    return ITSM_OK;
}

/* Insert ---------------------------------------------------------------------------------------------------------- */

/* The shortest key above a and not above b; a < b. */
static itsm__tree_key separator(itsm__tree_key a, itsm__tree_key b)
{
    const unsigned char *p, *q;
    size_t n = 0;
    int in_tie = a.key.n == b.key.n && (a.key.n == 0 || memcmp(a.key.p, b.key.p, a.key.n) == 0);
    itsm_bytes *part = in_tie ? &b.tie : &b.key;
    size_t na = in_tie ? a.tie.n : a.key.n;

    p = in_tie ? a.tie.p : a.key.p, q = part->p;
    while (n < na && n < part->n && p[n] == q[n]) n++;
    part->n = n + 1;
    if (!in_tie) b.tie.n = 0;
    return b;
}

/* Where to split a full node: entries from there on go right.  In an inner node that entry goes up. */
static size_t split_place(const itsm__tree_node *node, size_t i)
{
    size_t half = itsm__node_content(node) / 2, sum = 0, s = 0;

    if (node->last && node->last == i && i > node->count / 4u) return node->first && i == node->count ? i - 1u : i;
    while (s + 1u < node->count && sum < half) sum += itsm__node_need_at(node, s++);
    return s;
}

typedef struct halves {
    itsm__tree_node *left, *right;
    itsm__tree_key up; /* borrowed from `keep` */
    unsigned char keep[ITSM__TREE_KEY_MAX];
} halves;

static void up_keep(halves *out, itsm__tree_key key)
{
    if (key.key.n) memcpy(out->keep, key.key.p, key.key.n);
    if (key.tie.n) memcpy(out->keep + key.key.n, key.tie.p, key.tie.n);
    out->up.key.p = out->keep, out->up.key.n = key.key.n;
    out->up.tie.p = out->keep + key.key.n, out->up.tie.n = key.tie.n;
}

/* Make room in a node that may not have it, and put the entry in. */
static itsm_status node_put_growing(itsm__tree *tree, itsm__tree_node **node, size_t i, itsm__tree_key key,
                                    const void *value, size_t nvalue)
{
    if (itsm__node_room(*node) < itsm__node_need(key, nvalue)) {
        itsm__tree_node *larger = node_copy(tree, *node, itsm__node_need(key, nvalue));
        if (!larger) return ITSM_E_NOMEM;
        *node = larger;
    }
    itsm__node_put(*node, i, key, value, nvalue);
    (*node)->last = (uint16_t)(i + 1);
    return ITSM_OK;
}

/* Split a full node and put the entry into the half where it belongs. */
static itsm_status node_split(itsm__tree *tree, halves *out, itsm__tree_node *node, size_t i, itsm__tree_key key,
                              const void *value, size_t nvalue)
{
    size_t s = split_place(node, i), count = node->count, inner = node->first != NULL, moved = 0;
    for (size_t k = s; k < count; k++) moved += itsm__node_need_at(node, k);

    int to_right = i > s || (!inner && i == s && itsm__node_room(node) + moved < itsm__node_need(key, nvalue));
    itsm__tree_node *right = node_new(tree, moved + (to_right ? itsm__node_need(key, nvalue) : 0));
    if (!right) return ITSM_E_NOMEM;
    if (inner) {
        up_keep(out, itsm__node_at(node, s).key);
        right->first = itsm__node_child(node, s + 1);
    }
    itsm__node_append(right, node, s + inner);
    itsm__node_cut(node, s);
    out->left = node, out->right = right;
    itsm_status rc =
        node_put_growing(tree, to_right ? &out->right : &out->left, to_right ? i - s - inner : i, key, value, nvalue);
    if (rc == ITSM_OK && !inner)
        up_keep(out, separator(itsm__node_at(out->left, out->left->count - 1u).key, itsm__node_at(out->right, 0).key));
    return rc;
}

static itsm_status root_split(itsm__tree *tree, const halves *two)
{
    itsm__tree_node *root = node_new(tree, itsm__node_need(two->up, sizeof two->right));
    if (!root) return ITSM_E_NOMEM;
    root->first = two->left;
    itsm__node_put(root, 0, two->up, &two->right, sizeof two->right);
    tree->edit_root = root;
    return ITSM_OK;
}

/* Put an entry into the leaf at the end of an editable path, splitting upwards as far as needed. */
static itsm_status path_put(itsm__tree *tree, path *at, itsm__tree_key key, const void *value, size_t nvalue)
{
    halves two[2]; /* the one being put in, and the one it causes */
    size_t level = at->depth - 1u, i = at->position[level];

    for (size_t turn = 0;; turn ^= 1) {
        itsm__tree_node *node = at->node[level];
        if (itsm__node_room(node) >= itsm__node_need(key, nvalue) || node->count < SPLIT_MIN) {
            itsm_status rc = node_put_growing(tree, &node, i, key, value, nvalue);
            if (rc == ITSM_OK) path_link(tree, at, level, node);
            return rc;
        }
        itsm_status rc = node_split(tree, &two[turn], node, i, key, value, nvalue);
        if (rc) return rc;
        if (level == 0) return root_split(tree, &two[turn]);
        path_link(tree, at, level, two[turn].left);
        level--, i = at->position[level];
        key = two[turn].up, value = &two[turn].right, nvalue = sizeof two[turn].right;
    }
}

static itsm_status edit_result(itsm__tree *tree, itsm_status rc)
{
    if (rc < 0) tree->failed = 1;
    return rc;
}

/* Replace the value of the entry a path has found, in an editable leaf; 0: the new one needs another place. */
static int value_replace(itsm__tree *tree, const path *at, const void *value, size_t nvalue, void *old)
{
    itsm__tree_node *leaf = at->node[at->depth - 1];
    size_t i = at->position[at->depth - 1];
    size_t n = itsm__node_at(leaf, i).value.n;

    if (old) memcpy(old, itsm__node_value(leaf, i), n);
    if (n == nvalue) {
        if (nvalue) memcpy(itsm__node_value(leaf, i), value, nvalue);
        return 1;
    }
    itsm__node_take(leaf, i);
    tree->edit_count--;
    return 0;
}

/* What changes only the leaf, of an edit alone: as itsm__tree_replace(); ITSM_DONE: it takes more than that. */
static itsm_status leaf_replace(itsm__tree *tree, const path *at, itsm__tree_key key, const void *value, size_t nvalue,
                                void *old)
{
    static const itsm__node_entry nothing;
    itsm__tree_node *leaf = at->node[at->depth - 1];
    size_t i = at->position[at->depth - 1];
    itsm__node_entry e = at->found ? itsm__node_at(leaf, i) : nothing;

    if (at->found ? e.value.n != nvalue : itsm__node_room(leaf) < itsm__node_need(key, nvalue)) return ITSM_DONE;
    e.key = nothing.key;
    itsm_status rc = note(tree, at->found ? UNDO_VALUE : UNDO_PUT, leaf, i, e);
    if (rc) return rc;
    if (at->found) return value_replace(tree, at, value, nvalue, old) ? ITSM_OK : ITSM_DONE;
    itsm__node_put(leaf, i, key, value, nvalue);
    leaf->last = (uint16_t)(i + 1), tree->edit_count++;
    return ITSM_NOTHING;
}

itsm_status itsm__tree_replace(itsm__tree *tree, itsm__tree_key key, const void *value, size_t nvalue, void *old)
{
    path at;
    itsm_status rc;

    if (tree->failed) return ITSM_E_NOMEM;
    if (key.tie.n > ITSM__TREE_TIE_MAX || key.key.n > ITSM__TREE_KEY_MAX - key.tie.n || nvalue > ITSM__TREE_VALUE_MAX)
        return edit_result(tree, ITSM_E_LIMIT);
    if (!tree->edit_root && !(tree->edit_root = node_new(tree, 0))) return ITSM_E_NOMEM;
    if ((rc = path_find(&at, tree->edit_root, key))) return edit_result(tree, rc);
    if (tree->alone && (rc = leaf_replace(tree, &at, key, value, nvalue, old)) != ITSM_DONE)
        return edit_result(tree, rc);
    if ((rc = path_edit(tree, &at))) return edit_result(tree, rc);
    if (at.found && value_replace(tree, &at, value, nvalue, old)) return ITSM_OK;
    rc = path_put(tree, &at, key, value, nvalue);
    if (rc) return edit_result(tree, rc);
    tree->edit_count++;
    return at.found ? ITSM_OK : ITSM_NOTHING;
}

itsm_status itsm__tree_put(itsm__tree *tree, itsm__tree_key key, const void *value, size_t nvalue)
{
    itsm_status rc = itsm__tree_replace(tree, key, value, nvalue, NULL);
    return rc < 0 ? rc : ITSM_OK;
}

/* Remove ---------------------------------------------------------------------------------------------------------- */

/* Take child c out of an editable inner node; 0: it was the only one. */
static int child_remove(itsm__tree_node *node, size_t c)
{
    if (node->count == 0) return 0;
    if (c == 0) node->first = itsm__node_child(node, 1), itsm__node_take(node, 0);
    else itsm__node_take(node, c - 1);
    return 1;
}

/* Append a right sibling to an editable left one; up is the bound between them. */
static void node_join(itsm__tree_node *left, const itsm__tree_node *right, itsm__tree_key up)
{
    if (right->first) itsm__node_put(left, left->count, up, &right->first, sizeof right->first);
    itsm__node_append(left, right, 0);
}

/* Merge child c of an editable parent with a sibling if that fits.  1: done.  Without memory it is left undone. */
static int node_merge(itsm__tree *tree, itsm__tree_node *parent, size_t c)
{
    if (parent->count == 0) return 0;
    size_t l = c ? c - 1 : 0;
    itsm__tree_node *left = itsm__node_child(parent, l), *right = itsm__node_child(parent, l + 1);
    itsm__tree_key up = itsm__node_at(parent, l).key;
    size_t need = itsm__node_content(right) + (right->first ? itsm__node_need(up, sizeof right->first) : 0);

    if (itsm__node_content(left) + need > (NODE_SIZE - offsetof(itsm__tree_node, slot)) / 4 * 3) return 0;
    if (!is_editable(tree, left) || itsm__node_room(left) < need) {
        int failed = tree->failed;
        left = node_copy(tree, left, need);
        tree->failed = failed;
        if (!left) return 0;
        itsm__node_set_child(parent, l, left);
    }
    node_join(left, right, up);
    itsm__node_take(parent, l);
    itsm__tree_item_drop(tree, right);
    return 1;
}

/* After a removal: from the leaf up, take out the empty, merge the nearly empty. */
static void path_shrink(itsm__tree *tree, path *at)
{
    for (size_t level = at->depth - 1u; level > 0; level--) {
        itsm__tree_node *node = at->node[level], *parent = at->node[level - 1];
        int gone = node->first == NULL && node->count == 0;
        if (level < at->depth - 1u && at->node[level + 1] == NULL) gone = 1;
        if (!gone && itsm__node_content(node) >= NODE_SIZE / 4) return;
        if (!gone) {
            if (!node_merge(tree, parent, at->position[level - 1])) return;
            continue;
        }
        itsm__tree_item_drop(tree, node);
        at->node[level] = child_remove(parent, at->position[level - 1]) ? node : NULL;
    }
}

static void root_shrink(itsm__tree *tree, const path *at)
{
    itsm__tree_node *root = at->node[0];

    if ((at->depth > 1 && at->node[1] == NULL) || (!root->first && root->count == 0)) {
        itsm__tree_item_drop(tree, root);
        tree->edit_root = NULL;
        return;
    }
    while (root->first && root->count == 0) {
        tree->edit_root = root->first;
        itsm__tree_item_drop(tree, root);
        root = tree->edit_root;
    }
}

/* What changes only the leaf, of an edit alone: ITSM_DONE, it takes more than that. */
static itsm_status leaf_take(itsm__tree *tree, const path *at)
{
    itsm__tree_node *leaf = at->node[at->depth - 1];
    size_t i = at->position[at->depth - 1];

    if (leaf->count == 1 || (at->depth > 1 && itsm__node_content(leaf) - itsm__node_need_at(leaf, i) < NODE_SIZE / 4))
        return ITSM_DONE;
    itsm_status rc = note(tree, UNDO_TAKE, leaf, i, itsm__node_at(leaf, i));
    if (rc) return rc;
    itsm__node_take(leaf, i);
    tree->edit_count--;
    return ITSM_OK;
}

itsm_status itsm__tree_remove(itsm__tree *tree, itsm__tree_key key)
{
    path at;
    itsm_status rc;

    if (tree->failed) return ITSM_E_NOMEM;
    if (!tree->edit_root) return ITSM_NOTHING;
    if ((rc = path_find(&at, tree->edit_root, key)) != ITSM_OK) return edit_result(tree, rc);
    if (!at.found) return ITSM_NOTHING;
    if (tree->alone && (rc = leaf_take(tree, &at)) != ITSM_DONE) return edit_result(tree, rc);
    if ((rc = path_edit(tree, &at)) != ITSM_OK) return edit_result(tree, rc);
    itsm__node_take(at.node[at.depth - 1], at.position[at.depth - 1]);
    tree->edit_count--;
    path_shrink(tree, &at);
    root_shrink(tree, &at);
    return ITSM_OK;
}

/* Reading --------------------------------------------------------------------------------------------------------- */

const itsm__tree_node *itsm__tree_head(const itsm__tree *tree)
{
    return tree->editing ? tree->edit_root : tree->root;
}

const void *itsm__tree_find(const itsm__tree_node *root, itsm__tree_key key, size_t *nvalue)
{
    int found = 0;

    if (!root) return NULL;
    while (root->first) root = itsm__node_child(root, itsm__node_child_for(root, key));
    size_t i = itsm__node_bound(root, key, &found);
    if (!found) return NULL;
    itsm_bytes value = itsm__node_at(root, i).value;
    if (nvalue) *nvalue = value.n;
    return value.p;
}

/* Walk down to the first or the last entry below child number c of the deepest node. */
static void cursor_down(itsm__tree_cursor *cursor, int to_last)
{
    const itsm__tree_node *node = cursor->node[cursor->depth - 1];

    while (node->first) {
        node = itsm__node_child(node, cursor->position[cursor->depth - 1]);
        cursor->node[cursor->depth] = node;
        cursor->position[cursor->depth] = (uint16_t)(!to_last ? 0 : node->first ? node->count : node->count - 1);
        cursor->depth++;
    }
}

int itsm__tree_next(itsm__tree_cursor *cursor)
{
    if (cursor->depth == 0) return 0;
    if (++cursor->position[cursor->depth - 1] < cursor->node[cursor->depth - 1]->count) return 1;
    while (--cursor->depth > 0) {
        size_t level = cursor->depth - 1u;
        if (cursor->position[level] < cursor->node[level]->count) {
            cursor->position[level]++;
            cursor_down(cursor, 0);
            return 1;
        }
    }
    return 0;
}

int itsm__tree_previous(itsm__tree_cursor *cursor)
{
    if (cursor->depth == 0) return 0;
    if (cursor->position[cursor->depth - 1] > 0) {
        cursor->position[cursor->depth - 1]--;
        return 1;
    }
    while (--cursor->depth > 0) {
        size_t level = cursor->depth - 1u;
        if (cursor->position[level] > 0) {
            cursor->position[level]--;
            cursor_down(cursor, 1);
            return 1;
        }
    }
    return 0;
}

/* Stand at the place where the key is or would be, which may be behind the last entry of a leaf. */
static void cursor_place(itsm__tree_cursor *cursor, const itsm__tree_node *root, itsm__tree_key key)
{
    int found;

    for (cursor->depth = 0; root; cursor->depth++) {
        cursor->node[cursor->depth] = root;
        if (!root->first) {
            cursor->position[cursor->depth++] = (uint16_t)itsm__node_bound(root, key, &found);
            return;
        }
        size_t c = itsm__node_child_for(root, key);
        cursor->position[cursor->depth] = (uint16_t)c;
        root = itsm__node_child(root, c);
    }
}

int itsm__tree_seek(itsm__tree_cursor *cursor, const itsm__tree_node *root, itsm__tree_key from)
{
    cursor_place(cursor, root, from);
    if (cursor->depth == 0) return 0;
    if (cursor->position[cursor->depth - 1] < cursor->node[cursor->depth - 1]->count) return 1;
    cursor->position[cursor->depth - 1]--; /* the last of its leaf: no leaf is empty but an empty root's */
    return itsm__tree_next(cursor);
}

int itsm__tree_seek_before(itsm__tree_cursor *cursor, const itsm__tree_node *root, itsm__tree_key end)
{
    cursor_place(cursor, root, end);
    return itsm__tree_previous(cursor);
}

int itsm__tree_seek_last(itsm__tree_cursor *cursor, const itsm__tree_node *root)
{
    cursor->depth = 0;
    if (!root || (!root->first && root->count == 0)) return 0;
    cursor->node[0] = root;
    cursor->position[0] = (uint16_t)(root->first ? root->count : root->count - 1);
    cursor->depth = 1;
    cursor_down(cursor, 1);
    return 1;
}

itsm__tree_key itsm__tree_at(const itsm__tree_cursor *cursor, itsm_bytes *value)
{
    itsm__node_entry e = itsm__node_at(cursor->node[cursor->depth - 1], cursor->position[cursor->depth - 1]);
    if (value) *value = e.value;
    return e.key;
}

/* The whole tree -------------------------------------------------------------------------------------------------- */

/* Visit every node of a tree, children before parents, optionally freeing them; returns the bytes. */
static size_t nodes_walk(const itsm__tree *tree, itsm__tree_node *root, int free_them)
{
    itsm__tree_node *node[ITSM__TREE_DEPTH_MAX];
    size_t next[ITSM__TREE_DEPTH_MAX], depth = 0, sum = 0;

    if (root) node[0] = root, next[0] = 0, depth = 1;
    while (depth) {
        itsm__tree_node *top = node[depth - 1];
        if (top->first && next[depth - 1] <= top->count) {
            node[depth] = itsm__node_child(top, next[depth - 1]++);
            next[depth++] = 0;
            continue;
        }
        sum += top->item.size;
        if (free_them) itsm__tree_item_free(tree, top);
        depth--;
    }
    return sum;
}

void itsm__tree_trim(itsm__tree *tree)
{
    while (tree->spare) {
        itsm__tree_item *item = tree->spare;
        tree->spare = item->next;
        itsm__tree_item_free(tree, item);
    }
    tree->nspare = 0;
    itsm__free(&tree->memory, tree->undo, tree->undo_capacity * sizeof *tree->undo);
    itsm__free(&tree->memory, tree->undo_bytes, tree->undo_bytes_capacity);
    tree->undo = NULL, tree->undo_bytes = NULL;
    tree->undo_capacity = tree->undo_bytes_capacity = 0;
}

void itsm__tree_clear(itsm__tree *tree)
{
    nodes_walk(tree, tree->root, 1);
    itsm__tree_trim(tree);
    itsm__memory memory = tree->memory;
    itsm__tree_init(tree, &memory);
}

size_t itsm__tree_bytes(const itsm__tree *tree)
{
    return nodes_walk(tree, tree->root, 0) + tree->nspare * NODE_SIZE;
}
