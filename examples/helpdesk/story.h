/* SPDX-License-Identifier: MIT */
/* What happens at the help desk, over whichever database it has. */
#ifndef ITSM_EXAMPLES_HELPDESK_STORY_H
#define ITSM_EXAMPLES_HELPDESK_STORY_H

#include <itsm/store.h>

/* Print it; the store is one over the tickets of `database`.  0: as it should be. */
int helpdesk_story(itsm_ctx *ctx, itsm_store *store, const char *database);

#endif
