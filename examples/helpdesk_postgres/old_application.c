/* SPDX-License-Identifier: MIT */
#include "../helpdesk/old_application.h"

#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>

static const char table[] =
    "CREATE TABLE tickets("
    "  id bigserial PRIMARY KEY, subject text NOT NULL, details text, status text NOT NULL DEFAULT 'Open',"
    "  requester text, team text, agent text, impact int, urgency int, room text,"
    "  opened bigint NOT NULL, changed bigint NOT NULL, changed_by text);"
    "INSERT INTO tickets(subject, details, requester, impact, urgency, room, opened, changed, changed_by) VALUES"
    "  ('Dark screen', 'No light', 'rita', 3, 3, 'B 204', 1772440200, 1772440200, 'rita'),"
    "  ('No printer', 'Jammed', 'tom', 4, 3, 'A 11', 1772440800, 1772440800, 'tom'),"
    "  ('Slow mail', NULL, 'uma', 3, 2, 'C 7', 1772441400, 1772441400, 'uma');";

static PGresult *ask(PGconn *db, const char *sql)
{
    PGresult *result = PQexec(db, sql);
    ExecStatusType status = PQresultStatus(result);
    if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK) return result;
    fprintf(stderr, "old application: %s", PQerrorMessage(db));
    exit(1);
}

void old_do(const char *database, const char *sql)
{
    PGconn *db = PQconnectdb(database);
    PQclear(ask(db, sql));
    PQfinish(db);
}

void old_install(const char *database)
{
    old_do(database, table);
}

void old_list(const char *database, const char *when)
{
    PGconn *db = PQconnectdb(database);
    PGresult *rows = ask(db, "SELECT id, status, subject, agent, room FROM tickets ORDER BY id");
    printf("The old application %s:\n", when);
    for (int i = 0; i < PQntuples(rows); i++)
        for (int k = 0; k < PQnfields(rows); k++)
            printf("%s%s%s", k ? " | " : "  ", PQgetisnull(rows, i, k) ? "-" : PQgetvalue(rows, i, k),
                   k + 1 < PQnfields(rows) ? "" : "\n");
    PQclear(rows);
    PQfinish(db);
}
