/* SPDX-License-Identifier: MIT */
/* A store over an old help desk: its tickets are the incidents. */
#ifndef ITSM_EXAMPLES_HELPDESK_H
#define ITSM_EXAMPLES_HELPDESK_H

#include <itsm/store.h>

#include <libpq-fe.h>

/* On a connection to the help desk's database, which must outlive the store, and the text it was opened with; everything
   that has no column is kept in `schema`. */
itsm_status helpdesk_store(itsm_store **out, itsm_ctx *ctx, PGconn *db, const char *conninfo, const char *schema);

#endif
