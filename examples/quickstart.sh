#!/bin/sh
# SPDX-License-Identifier: MIT
# examples/quickstart.sh: from a fresh machine to a service report.  Installs what is missing (Debian, as root), builds
# the program, makes the incident log of a help desk that does not exist, replays it into a durable store and writes
# report.html.  Run it again: the store stays as it is, the report is the same.
set -eu
cd "$(dirname "$0")/.."

missing() {
    compiler=$(command -v cc || command -v gcc || command -v clang) || echo gcc
    { [ -n "$compiler" ] && echo '#include <stdio.h>' | "$compiler" -E - >/dev/null 2>&1; } || echo libc6-dev
    command -v cmake >/dev/null || echo cmake
    command -v ninja >/dev/null || command -v make >/dev/null || echo ninja-build
    [ -e /usr/share/zoneinfo/Europe/Berlin ] || echo tzdata
}

packages=$(missing | tr '\n' ' ')
if [ -n "$packages" ]; then
    if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
        echo "quickstart: a C compiler, CMake, ninja or make, and the zones in /usr/share/zoneinfo are needed." >&2
        echo "quickstart: missing here, by their Debian names: $packages" >&2
        exit 2
    fi
    echo "Installing $packages"
    mkdir -p build
    export DEBIAN_FRONTEND=noninteractive
    # shellcheck disable=SC2086 # a list
    { apt-get update -qq && apt-get install -y -qq --no-install-recommends $packages; } >build/apt.log 2>&1 ||
        { tail -n 20 build/apt.log >&2; exit 2; }
fi

echo "Building the program in build/release"
if [ ! -e build/release/CMakeCache.txt ]; then
    mkdir -p build/release
    generator=
    if command -v ninja >/dev/null; then generator=-GNinja; fi
    cmake -S . -B build/release $generator -DCMAKE_BUILD_TYPE=Release -DITSM_BUILD_TESTS=OFF -DITSM_BUILD_EXAMPLES=OFF \
        >build/release/configure.log 2>&1 || { cat build/release/configure.log >&2; exit 2; }
fi
cmake --build build/release --target itsm --parallel "$(nproc 2>/dev/null || echo 2)" >build/release/build.log 2>&1 ||
    { tail -n 40 build/release/build.log >&2; exit 2; }

itsm=build/release/src/cli/itsm
work=build/quickstart
mkdir -p $work
echo "Making a log of 2000 incidents: $work/log.csv"
$itsm simulate --incidents 2000 --seed 1 >$work/log.new
if ! cmp -s $work/log.new $work/log.csv; then rm -rf $work/desk.itsm; fi # of a version whose log was another
mv $work/log.new $work/log.csv
waited=$(grep -m 1 Awaiting $work/log.csv | cut -d, -f1) # an incident whose clock was paused: its timeline is drawn too
echo "Replaying it into a durable store: $work/desk.itsm"
$itsm replay $work/log.csv --map examples/servicenow-map.json --calendar examples/office-hours.json \
    --targets examples/targets.json --zone Europe/Berlin --store $work/desk.itsm --html report.html --record "$waited"

cat <<END

The report is $(pwd)/report.html - open it in a browser.  Next, the same as numbers; a log of your own (docs/mapping.md);
and whether all of it works on this machine:

  $itsm replay $work/log.csv --map examples/servicenow-map.json --calendar examples/office-hours.json \\
      --targets examples/targets.json --zone Europe/Berlin --json - | less
  $itsm replay --help
  bash tests/run.sh
END
