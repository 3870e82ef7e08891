#!/bin/sh
# SPDX-License-Identifier: MIT
# run.sh PROGRAM BACKEND [LOCATION]: the conformance kit on a backend.  20,000 random operations, fewer where each commit
# waits for a disk or a server; ITSM_CASES says another number, ITSM_FULL=1 is a million.
set -eu
program=$1 backend=$2 location=${3-}
case $backend in sqlite) cases=3000 ;; postgres) cases=1000 ;; *) cases=20000 ;; esac
cases=${ITSM_CASES:-$cases}
if [ -n "${ITSM_FULL-}" ]; then cases=1000000; fi
if [ -n "$location" ]; then rm -rf "$location" "$location-wal" "$location-shm" "$location-journal"; fi
if [ "$backend" = memory ]; then exec "$program" memory --cases "$cases"; fi
exec "$program" "$backend" "$location" --cases "$cases"
