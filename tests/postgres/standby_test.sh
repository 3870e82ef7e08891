#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# standby_test.sh PROGRAM: kill a primary under load that has a synchronous standby, promote that, and let the load go on.
# Once by default; ITSM_FULL=1: ten times.  Run by server.sh, whose server is the first primary.
set -eu
load=$1
read -ra as <<<"${ITSM_PG_AS-}"
kills=1
[ -z "${ITSM_FULL-}" ] || kills=10
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

server() { (cd "$ITSM_PG_FOLDER" && "${as[@]}" env -u PGHOST -u PGPORT -u PGUSER -u PGDATABASE LC_ALL=C "$@"); }
ask() { psql -h "$ITSM_PG_FOLDER" -p "$1" -U itsm -d postgres -Atqc "$2"; }

await() { # await SECONDS COMMAND...: until it succeeds
    local left=$(($1 * 20))
    shift
    until "$@"; do
        left=$((left - 1))
        [ "$left" -gt 0 ] || { echo "FAILED: waited too long for: $*"; return 1; }
        sleep 0.05
    done
}
reached() { local n=; [ ! -e "$work/progress" ] || read -r n <"$work/progress" || true; echo "${n:-0}"; }
at_least() { [ "$(reached)" -ge "$1" ]; }
is_synchronous() { [ "$(ask "$1" "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'")" = 1 ]; }

data=$ITSM_PG_FOLDER/data port=$PGPORT
for ((i = 1; i <= kills; i++)); do
    standby=$ITSM_PG_FOLDER/standby$i other=$((port + 1))
    # an address that is free: the number only names the socket and a port of loopback
    server "$ITSM_PG_BIN/pg_basebackup" -h "$ITSM_PG_FOLDER" -p "$port" -U itsm -D "$standby" -X stream -c fast \
        -d "application_name=standby" -R
    server "$ITSM_PG_BIN/pg_ctl" -D "$standby" -w -t 60 -l "$standby.log" -o "-p $other" start >/dev/null
    ask "$port" "ALTER SYSTEM SET synchronous_standby_names = 'standby'"
    ask "$port" "SELECT pg_reload_conf()" >/dev/null
    await 30 is_synchronous "$port"

    rm -f "$work/stop" "$work/progress"
    "$load" "host=$ITSM_PG_FOLDER,$ITSM_PG_FOLDER port=$port,$other target_session_attrs=read-write" "$work/progress" \
        "$work/stop" "load$i" &
    pid=$!
    await 60 at_least 200 || { kill "$pid" || true; exit 1; }
    primary=$(sed -n 1p "$data/postmaster.pid") # its first line is the process, the seventh its shared memory
    memory=$(sed -n 7p "$data/postmaster.pid" | awk '{print $2}')
    children=$(pgrep -P "$primary" || true)
    # shellcheck disable=SC2086 # a list
    kill -9 "$primary" $children || true
    server "$ITSM_PG_BIN/pg_ctl" -D "$standby" -w promote >/dev/null
    before=$(reached)
    await 60 at_least $((before + 200)) || { kill "$pid" || true; exit 1; }
    touch "$work/stop"
    wait "$pid"
    [ -z "$memory" ] || ipcrm -m "$memory" 2>/dev/null || true # nobody else takes it away
    rm -rf "$data"
    data=$standby port=$other
done
echo "$kills times: primary killed, standby promoted, the store went on"
