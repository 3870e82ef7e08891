/* SPDX-License-Identifier: MIT */
#include "../helpdesk/old_application.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

static const char table[] =
    "CREATE TABLE tickets("
    "  id INTEGER PRIMARY KEY AUTOINCREMENT, subject TEXT NOT NULL, details TEXT, status TEXT NOT NULL DEFAULT 'Open',"
    "  requester TEXT, team TEXT, agent TEXT, impact INTEGER, urgency INTEGER, room TEXT,"
    "  opened INTEGER NOT NULL, changed INTEGER NOT NULL, changed_by TEXT);"
    "INSERT INTO tickets(subject, details, requester, impact, urgency, room, opened, changed, changed_by) VALUES"
    "  ('Dark screen', 'No light', 'rita', 3, 3, 'B 204', 1772440200, 1772440200, 'rita'),"
    "  ('No printer', 'Jammed', 'tom', 4, 3, 'A 11', 1772440800, 1772440800, 'tom'),"
    "  ('Slow mail', NULL, 'uma', 3, 2, 'C 7', 1772441400, 1772441400, 'uma');";

static sqlite3 *open_database(const char *path)
{
    sqlite3 *db = NULL;
    if (sqlite3_open(path, &db)) exit(1);
    sqlite3_busy_timeout(db, 5000);
    return db;
}

void old_do(const char *path, const char *sql)
{
    sqlite3 *db = open_database(path);
    if (sqlite3_exec(db, sql, NULL, NULL, NULL)) {
        fprintf(stderr, "old application: %s\n", sqlite3_errmsg(db));
        exit(1);
    }
    sqlite3_close(db);
}

void old_install(const char *path)
{
    old_do(path, table);
}

static int print_row(void *user, int n, char **values, char **names)
{
    (void)user, (void)names;
    for (int i = 0; i < n; i++) printf("%s%s", i ? " | " : "  ", values[i] ? values[i] : "-");
    printf("\n");
    return 0;
}

void old_list(const char *path, const char *when)
{
    sqlite3 *db = open_database(path);
    printf("The old application %s:\n", when);
    if (sqlite3_exec(db, "SELECT id, status, subject, agent, room FROM tickets ORDER BY id", print_row, NULL, NULL))
        exit(1);
    sqlite3_close(db);
}
