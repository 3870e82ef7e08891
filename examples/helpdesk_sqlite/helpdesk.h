/* SPDX-License-Identifier: MIT */
/* A store over an old help desk: its tickets are the incidents. */
#ifndef ITSM_EXAMPLES_HELPDESK_H
#define ITSM_EXAMPLES_HELPDESK_H

#include <itsm/store.h>

#include <sqlite3.h>

/* On a connection to the help desk's database; both must outlive the store. */
itsm_status helpdesk_store(itsm_store **out, itsm_ctx *ctx, sqlite3 *db);

#endif
