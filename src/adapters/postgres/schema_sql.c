/* SPDX-License-Identifier: MIT */
/*
 * All SQL of the store: the statements that links have prepared, and version 1 of the schema.  ~ stands for its name.
 *
 * Revisions are unsigned and kept in bigint, bit for bit: compared as unsigned by turning the sign bit (# is xor).  An
 * identity is a uuid, an index key bytea: both order by memcmp.  Who defines or seals holds the one row of itsm_meta;
 * an advisory lock is taken only where the schema is made.
 */
#include "adapters/postgres/postgres.h"

#define ROW "w.type, w.id, w.rev, w.body"
#define KEYS                                                                                                           \
    "SELECT k.type, k.id, w.rev, w.body, k.key FROM ~.itsm_key k JOIN ~.itsm_row w ON w.type = k.type AND w.id = k.id" \
    " WHERE k.type = $1 AND k.index = $2 AND "
#define ROWS "SELECT " ROW " FROM ~.itsm_row w WHERE w.type = $1 AND w.id >= $2 AND w.id <= $3 AND NOT w.gone "

const itsm__pg_statement itsm__pg_statements[ITSM__PG_STATEMENTS] = {
    [ITSM__PG_APPLY] = {"SELECT * FROM ~.itsm_apply($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
                        14,
                        {ITSM__PG_INT4, ITSM__PG_INT4S, ITSM__PG_INT8S, ITSM__PG_UUIDS, ITSM__PG_INT8S, ITSM__PG_INT8S,
                         ITSM__PG_BYTEAS, ITSM__PG_INT4, ITSM__PG_INT4S, ITSM__PG_INT8S, ITSM__PG_INT4S,
                         ITSM__PG_BYTEAS, ITSM__PG_TEXTS, ITSM__PG_BYTEAS}},
    [ITSM__PG_GET] = {"SELECT " ROW ", w.gone FROM ~.itsm_row w WHERE w.type = $1 AND w.id = $2",
                      2,
                      {ITSM__PG_INT8, ITSM__PG_UUID}},
    [ITSM__PG_GET_MANY] = {"SELECT " ROW " FROM unnest($1, $2) o(type, id) JOIN ~.itsm_row w ON w.type = o.type AND"
                           " w.id = o.id WHERE NOT w.gone",
                           2,
                           {ITSM__PG_INT8S, ITSM__PG_UUIDS}},
    [ITSM__PG_ROWS_UP] = {ROWS "ORDER BY w.id LIMIT $4",
                          4,
                          {ITSM__PG_INT8, ITSM__PG_UUID, ITSM__PG_UUID, ITSM__PG_INT8}},
    [ITSM__PG_ROWS_DOWN] = {ROWS "ORDER BY w.id DESC LIMIT $4",
                            4,
                            {ITSM__PG_INT8, ITSM__PG_UUID, ITSM__PG_UUID, ITSM__PG_INT8}},
    [ITSM__PG_KEYS_UP] = {KEYS "(k.key, k.id) >= ($3, $4) AND k.key < $5 ORDER BY k.key, k.id LIMIT $6",
                          6,
                          {ITSM__PG_INT8, ITSM__PG_INT8, ITSM__PG_BYTEA, ITSM__PG_UUID, ITSM__PG_BYTEA, ITSM__PG_INT8}},
    [ITSM__PG_KEYS_UP_OPEN] = {KEYS "(k.key, k.id) >= ($3, $4) ORDER BY k.key, k.id LIMIT $5",
                               5,
                               {ITSM__PG_INT8, ITSM__PG_INT8, ITSM__PG_BYTEA, ITSM__PG_UUID, ITSM__PG_INT8}},
    [ITSM__PG_KEYS_DOWN] = {KEYS "(k.key, k.id) < ($3, $4) AND k.key >= $5 ORDER BY k.key DESC, k.id DESC LIMIT $6",
                            6,
                            {ITSM__PG_INT8, ITSM__PG_INT8, ITSM__PG_BYTEA, ITSM__PG_UUID, ITSM__PG_BYTEA,
                             ITSM__PG_INT8}},
    [ITSM__PG_KEYS_DOWN_OPEN] = {KEYS "k.key >= $3 ORDER BY k.key DESC, k.id DESC LIMIT $4",
                                 4,
                                 {ITSM__PG_INT8, ITSM__PG_INT8, ITSM__PG_BYTEA, ITSM__PG_INT8}},
    [ITSM__PG_AUDIT] = {"SELECT place, entry FROM ~.itsm_audit WHERE place >= $1 ORDER BY place LIMIT $2",
                        2,
                        {ITSM__PG_INT8, ITSM__PG_INT8}},
    [ITSM__PG_RESERVE] = {"INSERT INTO ~.itsm_sequence AS s (name, last) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE"
                          " SET last = s.last + excluded.last RETURNING last",
                          2,
                          {ITSM__PG_BYTEA, ITSM__PG_INT8}},
    [ITSM__PG_SEAL] = {"SELECT ~.itsm_seal($1)", 1, {ITSM__PG_INT4}},
    [ITSM__PG_DEFINE] = {"SELECT ~.itsm_define($1, $2, $3, $4, $5, $6)",
                         6,
                         {ITSM__PG_INT8S, ITSM__PG_TEXTS, ITSM__PG_INT8S, ITSM__PG_INT4S, ITSM__PG_INT4S,
                          ITSM__PG_TEXTS}},
    [ITSM__PG_CHECK] = {"SELECT ~.itsm_check()", 0, {0}},
};

const char *const itsm__pg_version_1[] = {
    "DO $itsm$ BEGIN IF to_regnamespace('~') IS NULL THEN CREATE SCHEMA ~; END IF; END $itsm$",
    "CREATE TABLE ~.itsm_meta (one boolean PRIMARY KEY DEFAULT true CHECK (one), version int NOT NULL,"
    " sealed bigint NOT NULL DEFAULT 0)",
    "INSERT INTO ~.itsm_meta (version) VALUES (1)",
    "CREATE TABLE ~.itsm_row (type bigint, id uuid, rev bigint NOT NULL, gone boolean NOT NULL, body bytea NOT NULL,"
    " PRIMARY KEY (type, id)) WITH (fillfactor = 85)",
    "CREATE TABLE ~.itsm_key (type bigint, index bigint, key bytea, id uuid, is_unique boolean NOT NULL,"
    " PRIMARY KEY (type, index, key, id))",
    "CREATE INDEX itsm_key_row ON ~.itsm_key (type, id)",
    "CREATE UNIQUE INDEX itsm_key_unique ON ~.itsm_key (type, index, key) WHERE is_unique",
    "CREATE TABLE ~.itsm_waiting (seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,"
    " since timestamptz NOT NULL DEFAULT clock_timestamp(), entry bytea NOT NULL)",
    "CREATE TABLE ~.itsm_audit (place bigint PRIMARY KEY, entry bytea NOT NULL)",
    "CREATE TABLE ~.itsm_sequence (name bytea PRIMARY KEY, last bigint NOT NULL)",
    "CREATE TABLE ~.itsm_type (type bigint PRIMARY KEY, name text NOT NULL, table_name text NOT NULL UNIQUE)",
    "CREATE TABLE ~.itsm_field (type bigint, no int, kind int, name text NOT NULL, column_name text NOT NULL,"
    " PRIMARY KEY (type, no, kind), UNIQUE (type, column_name))",

    /* Rows into the tables of record types; written anew by itsm_define(). */
    "CREATE FUNCTION ~.itsm_columns(kinds int[], types bigint[], ids uuid[], revs bigint[], fields text[]) RETURNS void"
    " LANGUAGE plpgsql AS $itsm$ BEGIN END $itsm$",

    /*
     * A batch.  status: 0 applied, 1 an expectation does not hold, 2 a unique key is taken; failed: the first operation.
     * Nothing has been written then.  Whatever else is wrong is an error: 23505 if another batch was faster with the
     * same new row or key, and the batch is to be sent again.
     */
    "CREATE FUNCTION ~.itsm_apply(p_lock int, p_kinds int[], p_types bigint[], p_ids uuid[], p_expects bigint[],"
    " p_revs bigint[], p_bodies bytea[], p_absent int, p_key_ops int[], p_key_indexes bigint[], p_key_uniques int[],"
    " p_keys bytea[], p_fields text[], p_audit bytea[], OUT status int, OUT failed int)"
    " LANGUAGE plpgsql AS $itsm$\n"
    "DECLARE\n"
    "  v_have bigint[] := array_fill(NULL::bigint, ARRAY[cardinality(p_kinds)]);\n"
    "  v_gone boolean[] := array_fill(NULL::boolean, ARRAY[cardinality(p_kinds)]);\n"
    "  v_lock text;\n"
    "  v_row record;\n"
    "  v_failed int;\n"
    "  c_sign CONSTANT bigint := -9223372036854775808;\n"
    "BEGIN\n"
    "  status := 0;\n"
    "  IF p_lock > 0 THEN\n"
    "    v_lock := current_setting('lock_timeout');\n"
    "    PERFORM set_config('lock_timeout', p_lock::text, true);\n"
    "  END IF;\n"
    /* Rows that must not be there and are not written: made for as long as the batch lasts, so that nobody else does. */
    "  IF p_absent > 0 THEN\n"
    "    INSERT INTO ~.itsm_row (type, id, rev, gone, body) SELECT o.type, o.id, 0, true, ''\n"
    "      FROM unnest(p_kinds, p_types, p_ids, p_expects) o(kind, type, id, expect)\n"
    "      WHERE o.kind = 1 AND o.expect = 0 ORDER BY o.type, o.id ON CONFLICT DO NOTHING;\n"
    "  END IF;\n"
    "  FOR v_row IN SELECT o.op, w.rev, w.gone FROM unnest(p_types, p_ids) WITH ORDINALITY o(type, id, op)\n"
    "      JOIN ~.itsm_row w ON w.type = o.type AND w.id = o.id ORDER BY w.type, w.id FOR UPDATE OF w LOOP\n"
    "    v_have[v_row.op] := v_row.rev;\n"
    "    v_gone[v_row.op] := v_row.gone;\n"
    "  END LOOP;\n"
    "  SELECT min(o.op) INTO failed FROM unnest(p_kinds, p_expects, p_revs, v_have, v_gone) WITH ORDINALITY\n"
    "      o(kind, expect, rev, have, gone, op)\n"
    "    WHERE CASE o.expect WHEN 0 THEN o.have IS NOT NULL AND NOT o.gone WHEN -1 THEN false\n"
    "        ELSE o.have IS NULL OR o.gone OR o.have <> o.expect END\n"
    "      OR (o.kind = 2 AND o.gone AND (o.rev # c_sign) <= (o.have # c_sign));\n"
    "  IF failed IS NOT NULL THEN\n"
    "    status := 1;\n"
    "  ELSIF 1 = ANY (p_key_uniques) THEN\n"
    /* Keys of rows that this batch writes are given up by them; two of the batch that want the same one collide. */
    "    SELECT min(k.op) INTO failed FROM unnest(p_key_ops, p_key_indexes, p_key_uniques, p_keys)\n"
    "        k(op, index, is_unique, key)\n"
    "      JOIN ~.itsm_key h ON h.type = p_types[k.op] AND h.index = k.index AND h.key = k.key\n"
    "      WHERE k.is_unique = 1 AND h.id <> p_ids[k.op] AND NOT EXISTS (SELECT FROM unnest(p_kinds, p_types, p_ids)\n"
    "        o(kind, type, id) WHERE o.kind <> 1 AND o.type = h.type AND o.id = h.id);\n"
    "    SELECT least(failed, min(d.op)) INTO failed FROM (SELECT k.op, k.is_unique,\n"
    "        min(k.op) OVER (PARTITION BY p_types[k.op], k.index, k.key) AS first\n"
    "      FROM unnest(p_key_ops, p_key_indexes, p_key_uniques, p_keys) k(op, index, is_unique, key)) d\n"
    "      WHERE d.is_unique = 1 AND d.op > d.first;\n"
    "    IF failed IS NOT NULL THEN status := 2; END IF;\n"
    "  END IF;\n"
    "  IF status = 0 THEN\n"
    "    PERFORM ~.itsm_write(p_kinds, p_types, p_ids, p_revs, p_bodies, v_have, v_gone, p_key_ops, p_key_indexes,\n"
    "      p_key_uniques, p_keys);\n"
    "    PERFORM ~.itsm_columns(p_kinds, p_types, p_ids, p_revs, p_fields);\n"
    /* The numbers are taken while the rows are locked: an earlier change of a row has the smaller one. */
    "    IF cardinality(p_audit) > 0 THEN\n"
    "      INSERT INTO ~.itsm_waiting (entry) SELECT a.entry FROM unnest(p_audit) WITH ORDINALITY a(entry, n) ORDER BY a.n;\n"
    "    END IF;\n"
    "  END IF;\n"
    "  IF p_absent > 0 THEN\n"
    "    DELETE FROM ~.itsm_row w USING unnest(p_kinds, p_types, p_ids) o(kind, type, id)\n"
    "      WHERE o.kind = 1 AND w.type = o.type AND w.id = o.id AND w.rev = 0;\n"
    "  END IF;\n"
    "  IF p_lock > 0 THEN PERFORM set_config('lock_timeout', v_lock, true); END IF;\n"
    "END $itsm$",

    /* The rows and keys of a batch whose expectations hold. */
    "CREATE FUNCTION ~.itsm_write(p_kinds int[], p_types bigint[], p_ids uuid[], p_revs bigint[], p_bodies bytea[],"
    " p_have bigint[], p_gone boolean[], p_key_ops int[], p_key_indexes bigint[], p_key_uniques int[], p_keys bytea[])"
    " RETURNS void LANGUAGE plpgsql AS $itsm$\n"
    "BEGIN\n"
    "  UPDATE ~.itsm_row w SET rev = o.rev, gone = false, body = o.body\n"
    "    FROM unnest(p_kinds, p_types, p_ids, p_revs, p_bodies, p_have) o(kind, type, id, rev, body, have)\n"
    "    WHERE o.kind = 2 AND o.have IS NOT NULL AND w.type = o.type AND w.id = o.id;\n"
    "  INSERT INTO ~.itsm_row (type, id, rev, gone, body) SELECT o.type, o.id, o.rev, false, o.body\n"
    "    FROM unnest(p_kinds, p_types, p_ids, p_revs, p_bodies, p_have) o(kind, type, id, rev, body, have)\n"
    "    WHERE o.kind = 2 AND o.have IS NULL ORDER BY o.type, o.id;\n"
    "  IF 3 = ANY (p_kinds) THEN\n"
    "    UPDATE ~.itsm_row w SET gone = true, body = '' FROM unnest(p_kinds, p_types, p_ids) o(kind, type, id)\n"
    "      WHERE o.kind = 3 AND w.type = o.type AND w.id = o.id AND NOT w.gone;\n"
    "  END IF;\n"
    /* Old keys go before new ones come: a unique one may change hands. */
    "  DELETE FROM ~.itsm_key k USING unnest(p_kinds, p_types, p_ids, p_have, p_gone) WITH ORDINALITY\n"
    "      o(kind, type, id, have, gone, op)\n"
    "    WHERE o.kind <> 1 AND o.have IS NOT NULL AND NOT o.gone AND k.type = o.type AND k.id = o.id\n"
    "      AND (o.op, k.index, k.key) NOT IN (SELECT n.op, n.index, n.key\n"
    "        FROM unnest(p_key_ops, p_key_indexes, p_keys) n(op, index, key));\n"
    "  IF cardinality(p_keys) > 0 THEN\n"
    "    INSERT INTO ~.itsm_key AS h (type, index, key, id, is_unique)\n"
    "      SELECT p_types[k.op], k.index, k.key, p_ids[k.op], max(k.is_unique) = 1\n"
    "      FROM unnest(p_key_ops, p_key_indexes, p_key_uniques, p_keys) k(op, index, is_unique, key)\n"
    "      GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4\n"
    "      ON CONFLICT (type, index, key, id) DO UPDATE SET is_unique = excluded.is_unique\n"
    "        WHERE h.is_unique <> excluded.is_unique;\n"
    "  END IF;\n"
    "END $itsm$",

    /* Up to p_max waiting entries get the next places, in order of their numbers.  How many have places now. */
    "CREATE FUNCTION ~.itsm_seal(p_max int) RETURNS bigint LANGUAGE plpgsql AS $itsm$\n"
    "DECLARE\n"
    "  v_sealed bigint;\n"
    "  v_more bigint;\n"
    "BEGIN\n"
    "  SELECT m.sealed INTO STRICT v_sealed FROM ~.itsm_meta m FOR UPDATE;\n"
    "  WITH taken AS (DELETE FROM ~.itsm_waiting w WHERE w.seq IN (SELECT x.seq FROM ~.itsm_waiting x ORDER BY x.seq\n"
    "      LIMIT p_max) RETURNING w.seq, w.entry),\n"
    "    placed AS (INSERT INTO ~.itsm_audit (place, entry)\n"
    "      SELECT v_sealed - 1 + row_number() OVER (ORDER BY t.seq), t.entry FROM taken t RETURNING 1)\n"
    "    SELECT count(*) INTO v_more FROM placed;\n"
    "  IF v_more > 0 THEN UPDATE ~.itsm_meta SET sealed = v_sealed + v_more; END IF;\n"
    "  RETURN v_sealed + v_more;\n"
    "END $itsm$",

    "CREATE FUNCTION ~.itsm_lag(OUT waiting bigint, OUT oldest_us bigint) LANGUAGE sql STABLE AS $itsm$\n"
    "  SELECT count(*), coalesce(greatest(0, extract(epoch FROM clock_timestamp() - min(since)) * 1000000)::bigint, 0)\n"
    "    FROM ~.itsm_waiting $itsm$",

    /* How many things do not belong together. */
    "CREATE FUNCTION ~.itsm_check() RETURNS bigint LANGUAGE sql STABLE AS $itsm$\n"
    "  SELECT (SELECT count(*) FROM ~.itsm_key k WHERE NOT EXISTS (SELECT FROM ~.itsm_row w WHERE w.type = k.type\n"
    "      AND w.id = k.id AND NOT w.gone))\n"
    "    + (SELECT count(*) FROM ~.itsm_row w WHERE w.gone AND length(w.body) > 0)\n"
    "    + (SELECT abs(m.sealed - count(a.place)) + count(*) FILTER (WHERE a.place < 0 OR a.place >= m.sealed)\n"
    "      + count(*) FILTER (WHERE length(a.entry) = 0) FROM ~.itsm_meta m LEFT JOIN ~.itsm_audit a ON true\n"
    "      GROUP BY m.sealed) $itsm$",

    /* Write itsm_columns() for the tables as they are.  A field's value comes under "<number>:<kind>". */
    "CREATE FUNCTION ~.itsm_write_columns() RETURNS void LANGUAGE plpgsql AS $itsm$\n"
    "DECLARE\n"
    "  v_type record;\n"
    "  v_columns record;\n"
    "  v_body text := '';\n"
    "BEGIN\n"
    "  FOR v_type IN SELECT * FROM ~.itsm_type ORDER BY type LOOP\n"
    "    SELECT coalesce(string_agg(format(', %I', column_name), '' ORDER BY no, kind), '') AS names,\n"
    "        coalesce(string_agg(format(', c.%I', no || ':' || kind), '' ORDER BY no, kind), '') AS given,\n"
    "        coalesce(string_agg(format(', %I = excluded.%I', column_name, column_name), '' ORDER BY no, kind), '') AS set,\n"
    "        string_agg(format('%I %s', no || ':' || kind, ~.itsm_sql_type(kind)), ', ' ORDER BY no, kind) AS list\n"
    "      INTO v_columns FROM ~.itsm_field WHERE type = v_type.type;\n"
    "    CONTINUE WHEN v_columns.list IS NULL;\n"
    "    v_body := v_body || format('IF %s = ANY (types) THEN\n"
    "INSERT INTO ~.%I (id, rev%s) SELECT o.id, o.rev%s FROM unnest(kinds, types, ids, revs, fields)\n"
    "  o(kind, type, id, rev, fields) CROSS JOIN LATERAL jsonb_to_record(o.fields::jsonb) c(%s)\n"
    "  WHERE o.kind = 2 AND o.type = %s AND o.fields IS NOT NULL\n"
    "  ON CONFLICT (id) DO UPDATE SET rev = excluded.rev%s;\n"
    "IF 3 = ANY (kinds) THEN\n"
    "  DELETE FROM ~.%I t USING unnest(kinds, types, ids) o(kind, type, id)\n"
    "    WHERE o.kind = 3 AND o.type = %s AND t.id = o.id;\n"
    "END IF;\n"
    "END IF;\n', v_type.type, v_type.table_name, v_columns.names, v_columns.given, v_columns.list, v_type.type,\n"
    "      v_columns.set, v_type.table_name, v_type.type);\n"
    "  END LOOP;\n"
    "  EXECUTE format('CREATE OR REPLACE FUNCTION ~.itsm_columns(kinds int[], types bigint[], ids uuid[], revs bigint[],\n"
    "    fields text[]) RETURNS void LANGUAGE plpgsql AS %L', 'BEGIN ' || v_body || ' END');\n"
    "END $itsm$",

    "CREATE FUNCTION ~.itsm_sql_type(kind int) RETURNS text LANGUAGE sql IMMUTABLE AS $itsm$\n"
    "  SELECT CASE kind WHEN 3 THEN 'bigint' WHEN 4 THEN 'numeric' WHEN 5 THEN 'boolean' WHEN 6 THEN 'timestamptz'\n"
    "    WHEN 7 THEN 'date' WHEN 8 THEN 'interval' WHEN 10 THEN 'uuid' WHEN 11 THEN 'jsonb' WHEN 14 THEN 'bytea'\n"
    "    ELSE 'text COLLATE \"C\"' END $itsm$",

    /*
     * Tables and columns for the types and fields that have none yet.  They are named after them; where that is not
     * possible, the number is added.  Nothing is ever renamed or dropped: a field whose kind changes gets a new column.
     */
    "CREATE FUNCTION ~.itsm_define(p_types bigint[], p_names text[], p_field_types bigint[], p_field_nos int[],"
    " p_field_kinds int[], p_field_names text[]) RETURNS boolean LANGUAGE plpgsql AS $itsm$\n"
    "DECLARE\n"
    "  v record;\n"
    "  v_name text;\n"
    "  v_type record;\n"
    "  v_add text;\n"
    "  v_done boolean := false;\n"
    "BEGIN\n"
    "  IF NOT EXISTS (SELECT FROM unnest(p_types) t(type) WHERE t.type NOT IN (SELECT x.type FROM ~.itsm_type x))\n"
    "    AND NOT EXISTS (SELECT FROM unnest(p_field_types, p_field_nos, p_field_kinds) f(type, no, kind)\n"
    "      WHERE (f.type, f.no, f.kind) NOT IN (SELECT x.type, x.no, x.kind FROM ~.itsm_field x)) THEN\n"
    "    RETURN false;\n"
    "  END IF;\n"
    "  PERFORM FROM ~.itsm_meta m FOR UPDATE;\n"
    "  FOR v IN SELECT t.type, t.name FROM unnest(p_types, p_names) t(type, name)\n"
    "      WHERE t.type NOT IN (SELECT x.type FROM ~.itsm_type x) LOOP\n"
    "    v_name := v.name;\n"
    "    IF v_name LIKE 'itsm\\_%' OR v_name = '' OR octet_length(v_name) > 63\n"
    "        OR to_regclass(format('~.%I', v_name)) IS NOT NULL THEN\n"
    "      v_name := left(v_name, 10) || '_' || v.type;\n"
    "      IF v_name LIKE 'itsm\\_%' THEN v_name := 'type_' || v.type; END IF;\n"
    "    END IF;\n"
    "    EXECUTE format('CREATE TABLE ~.%I (id uuid PRIMARY KEY, rev bigint NOT NULL)', v_name);\n"
    "    INSERT INTO ~.itsm_type VALUES (v.type, v.name, v_name);\n"
    "    v_done := true;\n"
    "  END LOOP;\n"
    "  FOR v_type IN SELECT * FROM ~.itsm_type t WHERE t.type = ANY (p_types) LOOP\n"
    "    v_add := '';\n"
    "    FOR v IN SELECT f.type, f.no, f.kind, f.name\n"
    "        FROM unnest(p_field_types, p_field_nos, p_field_kinds, p_field_names) f(type, no, kind, name)\n"
    "        WHERE f.type = v_type.type AND (f.no, f.kind) NOT IN (SELECT x.no, x.kind FROM ~.itsm_field x\n"
    "          WHERE x.type = v_type.type) LOOP\n"
    "      v_name := v.name;\n"
    "      IF v_name IN ('', 'id', 'rev', 'ctid', 'xmin', 'xmax', 'cmin', 'cmax', 'tableoid') OR octet_length(v_name) > 63\n"
    "          OR EXISTS (SELECT FROM ~.itsm_field x WHERE x.type = v.type AND x.column_name = v_name) THEN\n"
    "        v_name := left(v_name, 10) || '_' || v.no || '_' || v.kind;\n"
    "      END IF;\n"
    "      INSERT INTO ~.itsm_field VALUES (v.type, v.no, v.kind, v.name, v_name);\n"
    "      v_add := v_add || format(', ADD COLUMN %I %s', v_name, ~.itsm_sql_type(v.kind));\n"
    "    END LOOP;\n"
    "    CONTINUE WHEN v_add = '';\n"
    "    EXECUTE format('ALTER TABLE ~.%I %s', v_type.table_name, substr(v_add, 3));\n"
    "    v_done := true;\n"
    "  END LOOP;\n"
    "  IF v_done THEN PERFORM ~.itsm_write_columns(); END IF;\n"
    "  RETURN v_done;\n"
    "END $itsm$",
    NULL,
};
