/* SPDX-License-Identifier: MIT */
/* The version of the library that runs. */
#include <itsm/version.h>

const char *itsm_version(void)
{
    return ITSM_VERSION;
}
