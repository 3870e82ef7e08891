/* SPDX-License-Identifier: MIT */
/*
 * What is added to the old database, once: a revision that every UPDATE raises, whoever makes it, and a list of the
 * tickets that were written.  The old application need not know of either.
 */
#ifndef ITSM_EXAMPLES_ADOPT_H
#define ITSM_EXAMPLES_ADOPT_H

/* [adopt] */
static const char adopt_sql[] =
    "BEGIN IMMEDIATE;"
    "ALTER TABLE tickets ADD COLUMN rev INTEGER NOT NULL DEFAULT 1;"
    "CREATE TABLE itsm_outbox(place INTEGER PRIMARY KEY AUTOINCREMENT, ticket INTEGER NOT NULL);"
    "CREATE TRIGGER itsm_tickets_rev AFTER UPDATE ON tickets WHEN NEW.rev = OLD.rev"
    "  BEGIN UPDATE tickets SET rev = OLD.rev + 1 WHERE id = NEW.id; END;"
    "CREATE TRIGGER itsm_tickets_insert AFTER INSERT ON tickets"
    "  BEGIN INSERT INTO itsm_outbox(ticket) VALUES(NEW.id); END;"
    "CREATE TRIGGER itsm_tickets_update AFTER UPDATE ON tickets WHEN NEW.rev <> OLD.rev"
    "  BEGIN INSERT INTO itsm_outbox(ticket) VALUES(NEW.id); END;"
    "CREATE TRIGGER itsm_tickets_delete AFTER DELETE ON tickets"
    "  BEGIN INSERT INTO itsm_outbox(ticket) VALUES(OLD.id); END;"
    "INSERT INTO itsm_outbox(ticket) SELECT id FROM tickets ORDER BY id;" /* those that are there are taken in */
    "COMMIT;";
/* [adopt] */

#endif
