#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# tests/run.sh [--full]: install what the tests need, build, run everything.  The last line is "N passed, N failed";
# what was skipped follows it and is never counted as passed.  --full: the long tier of the property and fault tests.
set -u
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 2
case ${1-} in
'') ;;
--full) export ITSM_FULL=1 ITSM_CASES=${ITSM_CASES:-500000} ;;
*) echo "usage: tests/run.sh [--full]" >&2; exit 2 ;;
esac

passed=0 failed=0 skipped=0
jobs=$(nproc 2>/dev/null || echo 2)

heading() { printf '\n== %s (%d s)\n' "$1" "$SECONDS"; }

# A check that is one command: its output is shown when it fails.
check() {
    local name=$1 log=build/check.log
    shift
    if "$@" >"$log" 2>&1; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        tail -n 60 "$log"
        echo "FAILED: $name"
        return 1
    fi
}

# Every entry of a ctest run is one check: it ran and passed, it says itself that it cannot run here (exit code 77), or it
# failed; what could not be started failed.  A run that fails without a failed entry is a failure too.
run_ctest() {
    local preset=$1 results=build/$1/results.xml ok bad away code
    rm -f "$results"
    ctest --preset "$preset" -j2 --output-junit results.xml
    code=$?
    [ -e "$results" ] || { failed=$((failed + 1)); echo "FAILED: no test of $preset was run"; return; }
    ok=$(grep -c '<testcase .*status="run"' "$results")
    away=$(grep -c -e '<skipped message="SKIP_' -e '<testcase .*status="disabled"' "$results")
    bad=$(($(grep -c '<testcase ' "$results") - ok - away))
    passed=$((passed + ok)) failed=$((failed + bad)) skipped=$((skipped + away))
    if [ "$code" -ne 0 ] && [ "$bad" -eq 0 ]; then failed=$((failed + 1)); fi
    if [ "$ok" -eq 0 ]; then failed=$((failed + 1)); echo "FAILED: no test of $preset passed"; fi
}

# configure PRESET OPTION...; a folder made with another generator is begun anew.
configure() {
    local preset=$1 fresh=
    shift
    if [ -e "build/$preset/CMakeCache.txt" ] && ! grep -q '^CMAKE_GENERATOR:INTERNAL=Ninja$' "build/$preset/CMakeCache.txt"; then
        fresh=--fresh
    fi
    check "configure $preset" cmake --preset "$preset" $fresh -DITSM_BUILD_TESTS=ON -DITSM_BUILD_EXAMPLES=ON \
        -DITSM_BUILD_PROGRAM=ON "$@"
}

# What is missing ---------------------------------------------------------------------------------------------------

missing() {
    local tool
    for tool in gcc:build-essential g++:build-essential nm:binutils objdump:binutils cmake:cmake ninja:ninja-build \
        pkg-config:pkg-config clang:clang doxygen:doxygen python3:python3 zdump:libc-bin gzip:gzip; do
        command -v "${tool%%:*}" >/dev/null || echo "${tool##*:}"
    done
    { command -v pkg-config >/dev/null && pkg-config --exists criterion; } || echo libcriterion-dev
    { command -v pkg-config >/dev/null && pkg-config --exists libical; } || echo libical-dev
    { command -v pkg-config >/dev/null && pkg-config --exists libpq; } || echo libpq-dev
    compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || echo postgresql
    { command -v pkg-config >/dev/null && pkg-config --exists sqlite3; } || echo libsqlite3-dev
    [ -e /usr/share/zoneinfo/Europe/Berlin ] || echo tzdata
    { python3 -c 'import jsonschema' || /usr/bin/python3 -c 'import jsonschema'; } >/dev/null 2>&1 || echo python3-jsonschema
}

mkdir -p build
packages=$(missing | sort -u | tr '\n' ' ')
if [ -n "$packages" ]; then
    if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
        echo "These Debian packages (or what they hold) are needed: $packages" >&2
        echo "Install them, or run this as root on Debian." >&2
        exit 2
    fi
    heading "installing $packages"
    export DEBIAN_FRONTEND=noninteractive
    # shellcheck disable=SC2086 # a list
    { apt-get update -qq && apt-get install -y -qq --no-install-recommends $packages; } >build/apt.log 2>&1 ||
        { tail -n 20 build/apt.log; echo "apt-get cannot install $packages" >&2; exit 2; }
    packages=$(missing | sort -u | tr '\n' ' ')
    [ -z "$packages" ] || { echo "still missing: $packages" >&2; exit 2; }
fi

# Builds and tests --------------------------------------------------------------------------------------------------

heading "gcc, release, warnings are errors: all tests"
configure release -DITSM_WERROR=ON -DITSM_TEST_HOUSE=ON -DITSM_BUILD_BENCHMARKS=ON &&
    check "build release" cmake --build --preset release -j "$jobs" && run_ctest release

heading "clang, warnings are errors: compiles"
check "configure clang" cmake -S . -B build/clang -G Ninja -DCMAKE_C_COMPILER=clang -DCMAKE_BUILD_TYPE=Debug \
    -DITSM_WERROR=ON -DITSM_TEST_HOUSE=OFF -DITSM_BUILD_BENCHMARKS=ON &&
    check "build with clang" cmake --build build/clang -j "$jobs"

heading "address and undefined behaviour sanitizers: all tests"
# Criterion passes a test whose process leaks: what counts is that no process wrote a log.  Random cases were asked in full
# above; here, where each takes ten times as long, they are fewer unless --full.
rm -f build/asan/sanitizer.log*
cases=${ITSM_CASES-}
[ -n "${ITSM_FULL-}" ] || export ITSM_CASES=400
configure asan && check "build asan" cmake --build --preset asan -j "$jobs" && run_ctest asan
if compgen -G 'build/asan/sanitizer.log*' >/dev/null; then
    failed=$((failed + 1))
    head -n 40 build/asan/sanitizer.log*
    echo "FAILED: the sanitizers found something"
else
    passed=$((passed + 1))
fi

if [ -n "$cases" ]; then ITSM_CASES=$cases; else unset ITSM_CASES; fi

heading "thread sanitizer: the tests with threads"
configure tsan && check "build tsan" cmake --build --preset tsan -j "$jobs" && run_ctest tsan

if [ -n "${ITSM_FULL-}" ]; then
    heading "other machines: Windows, 32 bits, big-endian, as far as their compilers are installed"
    tests/portability/check.sh build/portability | tee build/portability.log
    line=$(tail -n 1 build/portability.log)
    if [[ $line =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed,\ ([0-9]+)\ skipped$ ]]; then
        passed=$((passed + BASH_REMATCH[1])) failed=$((failed + BASH_REMATCH[2])) skipped=$((skipped + BASH_REMATCH[3]))
    else
        failed=$((failed + 1))
    fi
fi

heading "done"
[ "$passed" -gt 0 ] || failed=$((failed + 1))
line="$passed passed, $failed failed"
[ "$skipped" -eq 0 ] || line="$line, $skipped skipped"
echo "$line"
[ "$failed" -eq 0 ]
