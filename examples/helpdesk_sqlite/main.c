/* SPDX-License-Identifier: MIT */
/* The story of the help desk over SQLite. */
#include "adopt.h"
#include "helpdesk.h"

#include "../helpdesk/old_application.h"
#include "../helpdesk/story.h"

#include <itsm/itsm.h>
#include <stdio.h>

#define DATABASE "helpdesk.db"

int main(void)
{
    sqlite3 *db = NULL;
    itsm_ctx *ctx = NULL;
    itsm_store *store = NULL;
    (void)remove(DATABASE);
    old_install(DATABASE);
    old_do(DATABASE, adopt_sql);
    if (sqlite3_open(DATABASE, &db) || itsm_os_ctx_new(&ctx)) return 1;
    sqlite3_busy_timeout(db, 5000);
    itsm_status rc = helpdesk_store(&store, ctx, db);
    if (rc) fprintf(stderr, "store: %s\n", itsm_status_text(rc));
    int code = rc ? 1 : helpdesk_story(ctx, store, DATABASE);
    itsm_store_free(store);
    itsm_ctx_free(ctx);
    sqlite3_close(db);
    return code;
}
