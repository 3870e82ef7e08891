#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# postgres.sh PROGRAM: run bench_postgres beside a server of its own, then pgbench on the rows of a small batch, one client.
set -eu
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
if [ -z "${ITSM_PG_BIN-}" ]; then exec "$here/../postgres/server.sh" "$here/postgres.sh" "$(realpath "$1")"; fi
"$1"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
cat >batch.sql <<'END'
BEGIN;
SELECT rev FROM bench.record WHERE id = 1 FOR UPDATE;
UPDATE bench.record SET rev = rev + 1, body = decode(repeat('78', 220), 'hex') WHERE id = 1;
INSERT INTO bench.history (body) VALUES (decode(repeat('78', 220), 'hex'));
INSERT INTO bench.audit (entry) VALUES (decode(repeat('78', 210), 'hex'));
COMMIT;
END
"$ITSM_PG_BIN/pgbench" -n -M prepared -t 400 -l -f batch.sql >/dev/null 2>&1
sort -n -k3 pgbench_log.* | awk '{t[NR] = $3} END {printf "%-58s %8.1f us   (fastest %.1f, nine tenths below %.1f)\n",
    "pgbench: the same 6 statements", t[int(NR / 2) + 1], t[1], t[int(NR * 9 / 10)]}'
