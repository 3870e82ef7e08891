/* SPDX-License-Identifier: MIT */
/*
 * What the library takes from <stdlib.h>, for check.sh: the header of mingw-w64 is not written for a compiler that
 * says it is Microsoft's.
 */
#ifndef ITSM_TESTS_PORTABILITY_STDLIB_H
#define ITSM_TESTS_PORTABILITY_STDLIB_H

#include <stddef.h>

void *malloc(size_t n);
void *realloc(void *p, size_t n);
void free(void *p);

#endif
