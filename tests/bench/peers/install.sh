#!/bin/sh
# SPDX-License-Identifier: MIT
# Install the peers of the benchmarks into build/peers (or $ITSM_PEERS): Debian packages when run as root, a Python
# environment, Node modules, small programs in C++ and Go.  What cannot be installed is named and left out; the
# benchmarks then say "not installed".
set -u
here=$(cd "$(dirname "$0")" && pwd -P)
built=${ITSM_PEERS:-$here/../../../build/peers}
mkdir -p "$built/node" || exit 1
log=$built/install.log
: >"$log"

attempt() {
    what=$1
    shift
    if "$@" >>"$log" 2>&1; then echo "installed: $what"; else echo "not installed: $what"; fi
}

if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq >>"$log" 2>&1
    for package in libbusiness-hours-perl libcctz-dev libhowardhinnant-date-dev liblmdb-dev \
        g++ python3-venv nodejs npm golang-go; do
        case $package in # not beside another one that is there
        g++) command -v g++ >/dev/null && continue ;;
        nodejs) command -v node >/dev/null && continue ;;
        npm) command -v npm >/dev/null && continue ;;
        golang-go) command -v go >/dev/null && continue ;;
        esac
        attempt "$package" apt-get install -y -qq --no-install-recommends "$package"
    done
fi

[ -x "$built/venv/bin/python" ] || python3 -m venv "$built/venv" >>"$log" 2>&1
for package in pandas businesstimedelta; do # pandas brings numpy
    attempt "$package" "$built/venv/bin/pip" install -q "$package"
done

[ -e "$built/node/package.json" ] || echo '{"private": true}' >"$built/node/package.json"
for package in dayjs-business-time moment-business-time; do
    attempt "$package" npm install --silent --ignore-scripts --prefix "$built/node" "${package%%-*}" "$package"
done

attempt "zone_cctz" g++ -std=c++17 -O3 -DNDEBUG -o "$built/zone_cctz" "$here/zone_cctz.cc" -lcctz
attempt "zone_date" g++ -std=c++17 -O3 -DNDEBUG -o "$built/zone_date" "$here/zone_date.cc" -ldate-tz
attempt "zone_go" go build -o "$built/zone_go" "$here/zone.go"
