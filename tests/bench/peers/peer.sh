#!/bin/sh
# SPDX-License-Identifier: MIT
# peer.sh NAME FILE: run one peer on a file of cases; exit code 77: it is not installed (install.sh installs it).
#
# A file of cases is lines of text.  All numbers are whole: seconds since 1970-01-01, seconds, days since 1970-01-01.
#     zone NAME               one for calendars, several for zones, counted from 0
#     days WEEKDAY...         0 is Monday: the days that have the hours
#     hours FROM TO           seconds after midnight; one line for each interval of a day
#     holiday YYYY-MM-DD
#     group NAME              those that follow are timed together, each operation by itself
#     between A B             add A SPAN            working time; for numpy whole days
#     utc ZONE A              local ZONE WALL       zones: the offset at an instant; the (first) instant of a wall clock
#
# The peer prints its name and version, then for each operation of each group its nanoseconds for one call (processor
# time, median of five passes, of fewer where one call takes seconds), how many cases it came to in its time, and so
# many answers, "-" where it has none:
#     peer NAME
#     time GROUP OPERATION NANOSECONDS COUNT
#     ANSWER                  COUNT times
# Text is read and its own objects are made outside the measured time.
set -u
here=$(cd "$(dirname "$0")" && pwd -P)
built=${ITSM_PEERS:-$here/../../../build/peers}
name=$1 file=$2

absent() { exit 77; }

python() {
    script=$1 modules=$2
    for interpreter in "$built/venv/bin/python" python3; do
        if "$interpreter" -c "import $modules" 2>/dev/null; then exec "$interpreter" "$here/$script" "$file"; fi
    done
    absent
}

javascript() {
    command -v node >/dev/null || absent
    [ -d "$built/node/node_modules/$2" ] || absent
    NODE_PATH=$built/node/node_modules exec node "$here/$1" "$file"
}

program() {
    [ -x "$built/$1" ] || absent
    exec "$built/$1" "$file"
}

case $name in
business-hours)
    perl -MBusiness::Hours -e 1 2>/dev/null || absent
    exec perl "$here/business_hours.pl" "$file"
    ;;
pandas) python pandas_hours.py pandas ;;
numpy) python numpy_busday.py numpy ;;
businesstimedelta) python businesstimedelta_hours.py businesstimedelta,pytz ;;
dayjs) javascript dayjs_hours.js dayjs-business-time ;;
moment) javascript moment_hours.js moment-business-time ;;
zoneinfo) python zoneinfo_zone.py zoneinfo ;;
cctz) program zone_cctz ;;
date) program zone_date ;;
go) program zone_go ;;
*)
    echo "peer.sh: no peer $name" >&2
    exit 2
    ;;
esac
