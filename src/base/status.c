/* SPDX-License-Identifier: MIT */
/* Status codes in words.  The texts stand in status.def, once; O(1), no state. */
#include <itsm/base.h>

const char *itsm_status_text(itsm_status status)
{
    switch (status) {
#define ITSM_STATUS(code, text)                                                                                        \
    case code:                                                                                                         \
        return text;
#include "base/status.def"
#undef ITSM_STATUS
    default: break;
    }
    if (status >= ITSM_E_HOST_FIRST && status <= ITSM_E_HOST_LAST) return "a code of the host program";
    return status < 0 ? "an unknown failure" : "unknown news";
}
