/* SPDX-License-Identifier: MIT */
/*
 * Sorting with a context for the comparison, no allocation, no recursion, O(n log n) always.  Not stable: a comparison
 * that must not leave ties open compares a sequence number last.
 */
#ifndef ITSM_SRC_BASE_SORT_H
#define ITSM_SRC_BASE_SORT_H

#include <stddef.h>

typedef int (*itsm__compare_fn)(const void *a, const void *b, void *user);

void itsm__sort(void *array, size_t n, size_t element, itsm__compare_fn compare, void *user);

#endif
