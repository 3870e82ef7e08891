/* SPDX-License-Identifier: MIT */
/*
 * What is added to the old database, once: a revision that every UPDATE raises, whoever makes it, and a list of the
 * tickets that others wrote.  The old application need not know of either.
 *
 * The list has the number of the transaction that wrote: whoever reads it takes what is surely finished, and misses nothing
 * that commits late.  libitsm's own writes say so with a setting of their transaction, and are not listed.
 */
#ifndef ITSM_EXAMPLES_ADOPT_H
#define ITSM_EXAMPLES_ADOPT_H

/* [adopt] */
static const char adopt_sql[] =
    "BEGIN;"
    "ALTER TABLE tickets ADD COLUMN rev bigint NOT NULL DEFAULT 1;"
    "CREATE TABLE itsm_outbox(place bigserial PRIMARY KEY, tx bigint NOT NULL DEFAULT txid_current(), ticket bigint NOT NULL);"
    "CREATE INDEX itsm_outbox_tx ON itsm_outbox(tx);"
    "CREATE FUNCTION itsm_ticket_written() RETURNS trigger LANGUAGE plpgsql AS $$ "
    "BEGIN"
    "  IF TG_OP = 'UPDATE' THEN NEW.rev := OLD.rev + 1; END IF;"
    "  IF current_setting('itsm.own', true) IS DISTINCT FROM 'on' THEN"
    "    INSERT INTO itsm_outbox(ticket) VALUES(CASE TG_OP WHEN 'DELETE' THEN OLD.id ELSE NEW.id END);"
    "  END IF;"
    "  RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;"
    "END $$;"
    "CREATE TRIGGER itsm_ticket_written BEFORE INSERT OR UPDATE OR DELETE ON tickets"
    "  FOR EACH ROW EXECUTE FUNCTION itsm_ticket_written();"
    "INSERT INTO itsm_outbox(ticket) SELECT id FROM tickets ORDER BY id;" /* those that are there are taken in */
    "COMMIT;";
/* [adopt] */

#endif
