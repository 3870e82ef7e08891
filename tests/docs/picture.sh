#!/bin/sh
# SPDX-License-Identifier: MIT
# picture.sh ROOT PROGRAM WORK PYTHON [--update]: draw docs/images/timeline.svg anew from timeline.csv beside it; it must be as committed.
set -eu
root=$1 itsm=$2 work=$3 python=$4
mkdir -p "$work"
"$itsm" replay "$root/docs/images/timeline.csv" --map "$root/examples/servicenow-map.json" --calendar "$root/examples/office-hours.json" \
    --targets "$root/examples/targets.json" --zone Europe/Berlin --record INC0000045 --html "$work/page.html" >"$work/out"
"$python" -B "$root/docs/picture.py" "$work/page.html" >"$work/timeline.svg"
if [ "${5-}" = --update ]; then cp "$work/timeline.svg" "$root/docs/images/timeline.svg"; fi
cmp "$work/timeline.svg" "$root/docs/images/timeline.svg" ||
    { echo "if the new picture is right: cmake --build BUILD -t docs_picture"; exit 1; }
