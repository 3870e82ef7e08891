/* SPDX-License-Identifier: MIT */
/*
 * Heap sort: in place, O(n log n) in the worst case, no recursion.  Going down, the larger child is followed to a
 * leaf first and the place found on the way back up, which halves the comparisons, since what is put on top of the
 * heap came from a leaf and mostly belongs near one.
 */
#include "base/sort.h"

#include <string.h>

static void swap(unsigned char *a, unsigned char *b, size_t n)
{
    unsigned char held[32];
    for (; n >= sizeof held; a += sizeof held, b += sizeof held, n -= sizeof held)
        memcpy(held, a, sizeof held), memcpy(a, b, sizeof held), memcpy(b, held, sizeof held);
    if (n) memcpy(held, a, n), memcpy(a, b, n), memcpy(b, held, n);
}

/* Let the element at `top` sink to its place in the heap of n. */
static void sink(unsigned char *array, size_t top, size_t n, size_t element, itsm__compare_fn compare, void *user)
{
    size_t place = top;
    while (place < (n - 1) / 2) {
        size_t left = 2 * place + 1;
        place = left + (compare(array + left * element, array + (left + 1) * element, user) < 0);
    }
    if (n % 2 == 0 && place == n / 2 - 1) place = 2 * place + 1;
    while (place > top && compare(array + place * element, array + top * element, user) < 0) place = (place - 1) / 2;
    for (; place > top; place = (place - 1) / 2) swap(array + top * element, array + place * element, element);
}

void itsm__sort(void *array, size_t n, size_t element, itsm__compare_fn compare, void *user)
{
    unsigned char *bytes = array;
    if (n < 2) return;
    for (size_t top = n / 2; top-- > 0;) sink(bytes, top, n, element, compare, user);
    for (size_t end = n - 1; end > 0; end--) {
        swap(bytes, bytes + end * element, element);
        sink(bytes, 0, end, element, compare, user);
    }
}
