#!/bin/sh
# SPDX-License-Identifier: MIT
# run.sh PROGRAM BACKEND [LOCATION]: the conformance kit on a backend.  20,000 random operations; ITSM_CASES says another
# number, ITSM_FULL=1 is a million.
set -eu
program=$1 backend=$2 location=${3-}
cases=${ITSM_CASES:-20000}
if [ -n "${ITSM_FULL-}" ]; then cases=1000000; fi
if [ -n "$location" ] && [ "$backend" != postgres ]; then rm -rf "$location" "$location-wal" "$location-shm"; fi
exec "$program" "$backend" ${location:+"$location"} --cases "$cases"
