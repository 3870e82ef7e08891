/* SPDX-License-Identifier: MIT */
/**
 * @file itsm/version.h
 * The version of the library, as numbers for the preprocessor and as text at run time.
 */
#ifndef ITSM_VERSION_H
#define ITSM_VERSION_H

#include <itsm/base.h>

#define ITSM_VERSION_MAJOR 0 /**< Raised when the ABI breaks. */
#define ITSM_VERSION_MINOR 1 /**< Raised when something is added. */
#define ITSM_VERSION_PATCH 0 /**< Raised when something is mended. */
#define ITSM_VERSION "0.1.0" /**< The same as text. */

ITSM_BEGIN_C

/**
 * Name the version of the library that runs, which may be newer than the headers.
 *
 * @return Text such as "0.1.0"; static, never freed.
 * @since 0.1
 */
ITSM_API const char *itsm_version(void);

ITSM_END_C

#endif
