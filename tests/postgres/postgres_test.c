/* SPDX-License-Identifier: MIT */
/*
 * The store in PostgreSQL against a real server: what every store must keep, and what is special here.  Run by
 * tests/postgres/server.sh, which starts the server.
 */
#include <itsm/os.h>
#include <itsm/postgres.h>

#include "../unit/store_contract.h"

#include <libpq-fe.h>

static PGconn *admin;

static void run_sql(const char *sql)
{
    PGresult *result = PQexec(admin, sql);
    ExecStatusType status = PQresultStatus(result);
    cr_assert(status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK, "%s: %s", sql, PQerrorMessage(admin));
    PQclear(result);
}

static void connect_admin(void)
{
    admin = PQconnectdb("");
    cr_assert_eq(PQstatus(admin), CONNECTION_OK, "%s", PQerrorMessage(admin));
    run_sql("SET client_min_messages = error");
}

/* Every test process has a schema of its own. */
static char schema[64];

static itsm_postgres_options options_of(void)
{
    itsm_postgres_options options = ITSM_POSTGRES_OPTIONS_INIT;
    options.schema = itsm_str_c(schema);
    return options;
}

static itsm_store *make(itsm_ctx *ctx)
{
    itsm_store *store;
    connect_admin();
    snprintf(schema, sizeof schema, "t%d", PQbackendPID(admin));
    itsm_postgres_options options = options_of();
    itsm_status rc = itsm_store_postgres(&store, ctx, ITSM_STR(""), &options);
    cr_assert_eq(rc, ITSM_OK, "%d %.*s", rc, ITSM_ARG(itsm_ctx_issue(ctx, 0)->message));
    return store;
}

static void unmake(void)
{
    char sql[128];
    snprintf(sql, sizeof sql, "DROP SCHEMA \"%s\" CASCADE", schema);
    run_sql(sql);
    PQfinish(admin);
}

CONTRACT_TESTS(postgres_store, make, unmake)
