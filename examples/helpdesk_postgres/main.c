/* SPDX-License-Identifier: MIT */
/*
 * The story of the help desk over PostgreSQL: helpdesk_postgres CONNINFO.  Everything is in two schemas of its own, which
 * are dropped and made: itsm_example, the old application's, and itsm_example_rest.
 */
#include "adopt.h"
#include "helpdesk.h"

#include "../helpdesk/old_application.h"
#include "../helpdesk/story.h"

#include <itsm/itsm.h>
#include <stdio.h>
#include <stdlib.h>

static const char fresh[] =
    "SET client_min_messages = error;"
    "DROP SCHEMA IF EXISTS itsm_example CASCADE; DROP SCHEMA IF EXISTS itsm_example_rest CASCADE;"
    "CREATE SCHEMA itsm_example;";

int main(int argc, char **argv)
{
    char database[512];
    itsm_ctx *ctx = NULL;
    itsm_store *store = NULL;
    if (argc != 2) return fprintf(stderr, "usage: helpdesk_postgres CONNINFO\n"), 2;
    snprintf(database, sizeof database, "%s options='-c search_path=itsm_example'", argv[1]);
    old_do(argv[1], fresh);
    old_install(database);
    old_do(database, adopt_sql);
    PGconn *db = PQconnectdb(database);
    if (PQstatus(db) != CONNECTION_OK || itsm_os_ctx_new(&ctx)) return 1;
    itsm_status rc = helpdesk_store(&store, ctx, db, database, "itsm_example_rest");
    if (rc) fprintf(stderr, "store: %s\n", itsm_status_text(rc));
    int code = rc ? 1 : helpdesk_story(ctx, store, database);
    itsm_store_free(store);
    itsm_ctx_free(ctx);
    PQfinish(db);
    return code;
}
