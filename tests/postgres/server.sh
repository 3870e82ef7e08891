#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# server.sh COMMAND...: run a command beside a PostgreSQL server of its own, in a temporary folder, on a Unix socket and
# on loopback.  The command finds it by PGHOST, PGPORT, PGUSER and PGDATABASE; it is stopped and removed whatever happens.
# ITSM_PG_FAST=1: it flushes nothing; ITSM_PG_CONF: lines for its postgresql.conf.  Exit code 77: PostgreSQL is not
# installed.  PostgreSQL refuses to run as root: then the server runs as nobody.
set -u
[ $# -gt 0 ] || { echo "usage: server.sh COMMAND..." >&2; exit 2; }
bin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -t/ -k5 -n | tail -n 1)
if [ -z "$bin" ] || [ ! -x "$bin/initdb" ]; then
    bin=$(dirname "$(command -v initdb 2>/dev/null)" 2>/dev/null)
fi
if [ ! -x "${bin:-/none}/initdb" ]; then
    echo "PostgreSQL's server is not installed (Debian: postgresql): nothing is tested"
    exit 77
fi
folder=$(mktemp -d "${TMPDIR:-/tmp}/itsm-pg.XXXXXX") || exit 2
as=()
if [ "$(id -u)" -eq 0 ]; then
    chown nobody "$folder"
    as=(runuser -u nobody --)
fi
chmod 755 "$folder"
server() { (cd "$folder" && "${as[@]}" env -u PGHOST -u PGPORT -u PGUSER -u PGDATABASE LC_ALL=C "$@"); }

finish() {
    for data in "$folder"/data "$folder"/standby*; do # a test may have made standbys
        [ -e "$data/postmaster.pid" ] && server "$bin/pg_ctl" -D "$data" -m immediate -w stop >/dev/null 2>&1
    done
    rm -rf "$folder"
}
trap finish EXIT
trap 'exit 143' TERM
trap 'exit 130' INT

server "$bin/initdb" -N -D "$folder/data" -U itsm -A trust -E UTF8 --locale=C >"$folder/log" 2>&1 ||
    { cat "$folder/log"; echo "initdb failed"; exit 1; }
cat >>"$folder/data/postgresql.conf" <<END
listen_addresses = '127.0.0.1'
unix_socket_directories = '$folder'
max_connections = 100
shared_buffers = 64MB
dynamic_shared_memory_type = mmap
wal_level = replica
max_wal_senders = 8
hot_standby = on
log_min_messages = fatal
log_min_error_statement = panic
END
if [ -n "${ITSM_PG_FAST-}" ]; then # nothing has to outlive the machine
    printf '%s\n' 'fsync = off' 'full_page_writes = off' 'autovacuum = off' >>"$folder/data/postgresql.conf"
fi
[ -z "${ITSM_PG_CONF-}" ] || printf '%s\n' "$ITSM_PG_CONF" >>"$folder/data/postgresql.conf"

# A port that is free now may be taken a moment later: the next one then.
started=
for attempt in 1 2 3 4 5 6 7 8; do
    port=$((20000 + (RANDOM + $$ + attempt) % 30000))
    if server "$bin/pg_ctl" -D "$folder/data" -w -t 60 -l "$folder/server.log" -o "-p $port" start >"$folder/log" 2>&1; then
        started=1
        break
    fi
done
[ -n "$started" ] || { cat "$folder/log" "$folder/server.log"; echo "the server does not start"; exit 1; }
export PGHOST=$folder PGPORT=$port PGUSER=itsm PGDATABASE=postgres ITSM_PG_BIN=$bin ITSM_PG_FOLDER=$folder
ITSM_PG_AS=${as[*]-}
export ITSM_PG_AS
"$@"
