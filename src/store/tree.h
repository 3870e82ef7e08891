/* SPDX-License-Identifier: MIT */
/*
 * An ordered map from bytes to a few bytes: a copy-on-write B+ tree with snapshots and edits that can be undone.
 *
 * A key has two parts, `key` and `tie`: entries order by memcmp of the key (a shorter one first), and entries with
 * equal keys by memcmp of the tie.  So an index keeps (its key, tie = the row's id) without any escaping, and a range
 * over keys needs no tie.  The tree copies keys and values.
 *
 * All changes happen in an edit: begin, insert/remove, then commit (cannot fail) or abort (everything is as before).
 * There is one edit at a time.  An edit copies a node the first time it touches it and changes it in place after
 * that, so a long edit (a replay, a bulk load) costs no more than an ordinary tree.  When a call in an edit answers
 * ITSM_E_NOMEM or ITSM_E_LIMIT, only abort is allowed (commit then aborts).
 *
 * An edit that begins alone, without any snapshot, need not leave the nodes as they are: it changes leaves where they
 * stand and notes how to undo that, and copies only what splits or merges.
 *
 * A snapshot is one committed state, taken in O(1) in the caller's storage, without memory.  Nodes that snapshots
 * still see are kept, exactly those: each dropped one is listed with the newest snapshot that sees it, and when that
 * snapshot closes it goes to the next older one or is freed.
 *
 * Items: memory of the caller that lives as long as some state sees it (the rows the values point to).  Born in an
 * edit, dropped in a later or the same edit; freed when no snapshot is left that saw it, or when the edit aborts.
 *
 * Threads: edits, and opening and closing snapshots, need the caller's lock.  Reading a snapshot (find, cursors) needs
 * none: what it sees never changes.  Reading the head is for the holder of the lock.
 *
 * Cost: find and insert O(log n): at 100,000 entries 0.1-0.2 us while the tree is in the processor's cache, and two or
 * three times the latency of memory more where it is not; next O(1); commit and abort O(nodes touched), each of which was
 * copied once (about 1 kB).  A small edit touches about four nodes, some of them shared, for each place it changes.
 * Memory: key + tie + value + 10 bytes per entry; nodes are full after ascending inserts, about 70 % after random ones.
 */
#ifndef ITSM_SRC_STORE_TREE_H
#define ITSM_SRC_STORE_TREE_H

#include "base/memory.h"

#define ITSM__TREE_KEY_MAX 4000 /* bytes of key and tie together */
#define ITSM__TREE_TIE_MAX 255  /* bytes of a tie */
#define ITSM__TREE_VALUE_MAX 32 /* bytes of a value */
#define ITSM__TREE_DEPTH_MAX 40

typedef struct itsm__tree_node itsm__tree_node; /* a root: NULL is the empty tree */

typedef struct itsm__tree_key {
    itsm_bytes key, tie;
} itsm__tree_key;

/* The head of what snapshots keep alive: nodes, and the caller's items (as their first member). */
typedef struct itsm__tree_item {
    struct itsm__tree_item *next; /* in the one list it stands in */
    uint64_t birth;               /* the edit that made it */
    uint32_t size;                /* bytes, this head included */
    uint16_t dropped;             /* 1: dropped by the edit that made it */
    uint16_t kept;                /* 1: a node changed where it stands, of which the edit has a copy */
} itsm__tree_item;

typedef struct itsm__tree_snapshot {
    const itsm__tree_node *root;
    uint64_t version, count;
    struct itsm__tree_snapshot *older, *newer;
    itsm__tree_item *dropped; /* seen by this snapshot and by no newer state */
    struct itsm__tree *tree;  /* NULL: not open */
} itsm__tree_snapshot;

typedef struct itsm__tree_undo itsm__tree_undo; /* how to undo one change of an edit alone */

typedef struct itsm__tree {
    itsm__memory memory;
    itsm__tree_node *root; /* committed */
    uint64_t count;        /* entries, committed */
    uint64_t version;      /* of the committed state: commits so far */
    itsm__tree_snapshot *newest;
    itsm__tree_item *spare; /* free nodes of the usual size */
    size_t nspare;
    /* the edit under way */
    int editing, failed;
    int alone;  /* no snapshot sees the nodes, and none is opened */
    int wasted; /* something in `fresh` was dropped again */
    itsm__tree_node *edit_root;
    uint64_t edit_count;
    itsm__tree_item *fresh;   /* made by this edit */
    itsm__tree_item *dropped; /* of earlier states, dropped by this edit */
    itsm__tree_undo *undo;    /* of an edit alone, in the order of the changes */
    size_t nundo, undo_capacity;
    unsigned char *undo_bytes; /* what was replaced and removed */
    size_t nundo_bytes, undo_bytes_capacity;
} itsm__tree;

void itsm__tree_init(itsm__tree *tree, const itsm__memory *memory);
/* Every snapshot is closed, no edit is under way.  Items still in values are the caller's to free before, by
   itsm__tree_item_free() during a walk. */
void itsm__tree_clear(itsm__tree *tree);

void itsm__tree_trim(itsm__tree *tree); /* give spare memory back */

/* Edits ---------------------------------------------------------------------------------------------------------- */

void itsm__tree_begin(itsm__tree *tree);
/* The same for a caller who until the end of the edit opens no snapshot and reads nothing but the head. */
void itsm__tree_begin_alone(itsm__tree *tree);
void itsm__tree_commit(itsm__tree *tree);
void itsm__tree_abort(itsm__tree *tree);

/* Insert, or replace the value if the key is there.  ITSM_OK, ITSM_E_NOMEM, ITSM_E_LIMIT (see the maxima).  Neither
   key nor value may lie in the tree's own memory: copy what a cursor or find gave. */
itsm_status itsm__tree_put(itsm__tree *tree, itsm__tree_key key, const void *value, size_t nvalue);
/* The same in one search with looking what was there: ITSM_OK and its value in `old` (room for the largest), or
   ITSM_NOTHING: there was nothing. */
itsm_status itsm__tree_replace(itsm__tree *tree, itsm__tree_key key, const void *value, size_t nvalue, void *old);
/* ITSM_OK, ITSM_NOTHING (no such key), ITSM_E_NOMEM.  The key may not lie in the tree's own memory. */
itsm_status itsm__tree_remove(itsm__tree *tree, itsm__tree_key key);

/* An item of `size` bytes in all (at least sizeof(itsm__tree_item)), the head filled; NULL without memory, and the
   edit is then marked failed. */
void *itsm__tree_item_new(itsm__tree *tree, size_t size);
void itsm__tree_item_drop(itsm__tree *tree, void *item);       /* in an edit */
void itsm__tree_item_free(const itsm__tree *tree, void *item); /* at the end, when clearing a tree */

/* Snapshots ------------------------------------------------------------------------------------------------------ */

/* Of the committed state; also while an edit is under way.  The storage must stay where it is until closed. */
void itsm__tree_snapshot_open(itsm__tree *tree, itsm__tree_snapshot *snapshot);
/* A second snapshot of the same state as an open one. */
void itsm__tree_snapshot_copy(itsm__tree_snapshot *out, itsm__tree_snapshot *snapshot);
void itsm__tree_snapshot_close(itsm__tree_snapshot *snapshot); /* not open (zeroed or closed): nothing */

/* Reading -------------------------------------------------------------------------------------------------------- */

/* The state inside the edit under way, else the committed one. */
const itsm__tree_node *itsm__tree_head(const itsm__tree *tree);

/* The value (its size in *nvalue, which may be NULL), or NULL: no such key.  Values are not aligned: memcpy them.
   Valid while the root is: of the head until the next change, of a snapshot until it closes. */
const void *itsm__tree_find(const itsm__tree_node *root, itsm__tree_key key, size_t *nvalue);

/* A place in a tree: at an entry, or nowhere (depth 0).  Plain memory, nothing to close. */
typedef struct itsm__tree_cursor {
    uint32_t depth;
    uint16_t position[ITSM__TREE_DEPTH_MAX];
    const itsm__tree_node *node[ITSM__TREE_DEPTH_MAX];
} itsm__tree_cursor;

/* 1: the cursor stands at an entry; 0: there is none. */
int itsm__tree_seek(itsm__tree_cursor *cursor, const itsm__tree_node *root, itsm__tree_key from); /* first >= from */
int itsm__tree_seek_before(itsm__tree_cursor *cursor, const itsm__tree_node *root, itsm__tree_key end); /* last < end */
int itsm__tree_seek_last(itsm__tree_cursor *cursor, const itsm__tree_node *root);
int itsm__tree_next(itsm__tree_cursor *cursor);
int itsm__tree_previous(itsm__tree_cursor *cursor);
/* The entry the cursor stands at; borrowed like a found value. */
itsm__tree_key itsm__tree_at(const itsm__tree_cursor *cursor, itsm_bytes *value);

/* Order of two keys: < 0, 0, > 0. */
int itsm__tree_compare(itsm__tree_key a, itsm__tree_key b);

/* Bytes held by nodes, spare ones included (walks the tree; for figures and tests). */
size_t itsm__tree_bytes(const itsm__tree *tree);

#endif
