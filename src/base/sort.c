/* SPDX-License-Identifier: MIT */
/*
 * Introspective sort: partitions around a median of three with a stack of its own instead of recursion, short runs put
 * in order by insertion, and a heap sort for a part that was split badly too often, so that it is O(n log n) in the
 * worst case.  In place; the stack holds the larger part of each split and so needs no more than one entry a bit of n.
 */
#include "base/sort.h"

#include <string.h>

enum { SHORT = 12, STACK = 8 * sizeof(size_t) };

typedef struct array {
    size_t element;
    itsm__compare_fn compare;
    void *user;
} array;

typedef struct part {
    unsigned char *first;
    size_t n;
    unsigned splits; /* that it may still take */
} part;

static void swap(unsigned char *a, unsigned char *b, size_t n)
{
    unsigned char held[32];
    if (n == 8) { /* numbers and pointers */
        memcpy(held, a, 8), memcpy(a, b, 8), memcpy(b, held, 8);
        return;
    }
    for (; n >= sizeof held; a += sizeof held, b += sizeof held, n -= sizeof held)
        memcpy(held, a, sizeof held), memcpy(a, b, sizeof held), memcpy(b, held, sizeof held);
    if (n) memcpy(held, a, n), memcpy(a, b, n), memcpy(b, held, n);
}

static int is_less(const array *s, const unsigned char *a, const unsigned char *b)
{
    return s->compare(a, b, s->user) < 0;
}

/* Let the element at `top` sink to its place in a heap of n: down to a leaf along the larger children, then up. */
static void sink(const array *s, unsigned char *heap, size_t top, size_t n)
{
    size_t place = top;
    while (place < (n - 1) / 2) {
        size_t left = 2 * place + 1;
        place = left + (size_t)is_less(s, heap + left * s->element, heap + (left + 1) * s->element);
    }
    if (n % 2 == 0 && place == n / 2 - 1) place = 2 * place + 1;
    while (place > top && is_less(s, heap + place * s->element, heap + top * s->element)) place = (place - 1) / 2;
    for (; place > top; place = (place - 1) / 2) swap(heap + top * s->element, heap + place * s->element, s->element);
}

static void sort_heap(const array *s, const part *p)
{
    for (size_t top = p->n / 2; top-- > 0;) sink(s, p->first, top, p->n);
    for (size_t end = p->n - 1; end > 0; end--) {
        swap(p->first, p->first + end * s->element, s->element);
        sink(s, p->first, 0, end);
    }
}

static void sort_short(const array *s, const part *p)
{
    for (size_t i = 1; i < p->n; i++)
        for (unsigned char *at = p->first + i * s->element; at > p->first && is_less(s, at, at - s->element);
             at -= s->element)
            swap(at, at - s->element, s->element);
}

/* The median of the elements at a quarter, the half and three quarters to the front: it is what the others are parted by.
   (The ends would do for random input, but are what a split before this one has disordered.) */
static void choose(const array *s, const part *p)
{
    const size_t quarter = p->n / 4 * s->element;
    unsigned char *a = p->first + quarter, *b = a + quarter, *c = b + quarter, *median = b;
    if (is_less(s, a, b)) {
        if (is_less(s, c, b)) median = is_less(s, a, c) ? c : a;
    } else if (is_less(s, b, c)) {
        median = is_less(s, a, c) ? a : c;
    }
    swap(p->first, median, s->element);
}

/* Those less than the first element before it, those greater behind it; equal ones on either side. */
static void split(const array *s, const part *p, part *before, part *behind)
{
    unsigned char *pivot = p->first, *low = pivot + s->element, *high = pivot + (p->n - 1) * s->element;
    for (;; low += s->element, high -= s->element) {
        while (low <= high && is_less(s, low, pivot)) low += s->element;
        while (low <= high && is_less(s, pivot, high)) high -= s->element;
        if (low >= high) break;
        swap(low, high, s->element);
    }
    if (low == high) high -= s->element; /* equal to the pivot: it stays behind */
    swap(pivot, high, s->element);
    before->first = pivot, before->n = (size_t)(high - pivot) / s->element;
    behind->first = high + s->element, behind->n = p->n - before->n - 1;
    before->splits = behind->splits = p->splits - 1;
}

void itsm__sort(void *elements, size_t n, size_t element, itsm__compare_fn compare, void *user)
{
    const array s = {element, compare, user};
    part stack[STACK], p = {elements, n, 0}, before, behind;
    size_t depth = 0;
    for (size_t rest = n; rest; rest /= 2) p.splits += 2;
    for (;;) {
        while (p.n > SHORT && p.splits) {
            choose(&s, &p);
            split(&s, &p, &before, &behind);
            const int first_is_less = before.n < behind.n;
            stack[depth++] = first_is_less ? behind : before;
            p = first_is_less ? before : behind;
        }
        if (p.n > SHORT) sort_heap(&s, &p);
        else sort_short(&s, &p);
        if (!depth) return;
        p = stack[--depth];
    }
}
