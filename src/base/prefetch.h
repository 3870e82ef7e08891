/* SPDX-License-Identifier: MIT */
/*
 * The one place for telling the processor what will be read soon, so that it is there when it is needed.  It changes no
 * result, and does nothing where the compiler knows no such word.  Any address will do, also one beyond an array.
 */
#ifndef ITSM_SRC_BASE_PREFETCH_H
#define ITSM_SRC_BASE_PREFETCH_H

#if defined(__GNUC__) || defined(__clang__)
#define ITSM__PREFETCH(address) __builtin_prefetch(address)
#elif defined(_MSC_VER) && (defined(_M_X64) || defined(_M_IX86))
#include <intrin.h>
#define ITSM__PREFETCH(address) _mm_prefetch((const char *)(address), _MM_HINT_T0)
#else
#define ITSM__PREFETCH(address) ((void)(address))
#endif

#endif
