#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# tests/bench/run.sh [--install] [ours] [NAME...]: build the release preset and run the benchmarks, all or those named
# (calendar, zone, ...).  --install: first install the peers into build/peers.  ours: without the peers.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
install= ours= names=()
for argument; do
    case $argument in
    --install) install=1 ;;
    ours) ours=ours ;;
    -*) echo "usage: tests/bench/run.sh [--install] [ours] [NAME...]" >&2; exit 2 ;;
    *) names+=("bench_${argument#bench_}") ;;
    esac
done
if [ ${#names[@]} -eq 0 ]; then
    for source in tests/bench/bench_*.c; do names+=("$(basename "$source" .c)"); done
fi

[ -z "$install" ] || tests/bench/peers/install.sh
mkdir -p build
cmake --preset release -DITSM_BUILD_BENCHMARKS=ON >build/bench.log
for name in "${names[@]}"; do
    cmake --build --preset release -t "$name" >>build/bench.log || { tail -n 30 build/bench.log; exit 1; }
done
printf '%s, %s cores; %s; %s\n' "$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo 2>/dev/null | head -n 1)" "$(nproc)" \
    "$(cc --version | head -n 1)" "release build ($(sed -n 's/^CMAKE_C_FLAGS_RELEASE:[^=]*=//p' build/release/CMakeCache.txt))"
for name in "${names[@]}"; do
    printf '\n== %s\n' "$name"
    case $name in
    bench_calendar | bench_zone) "build/release/tests/bench/$name" $ours ;;
    bench_postgres) tests/bench/postgres.sh "build/release/tests/bench/$name" || [ $? -eq 77 ] ;;
    *) "build/release/tests/bench/$name" ;;
    esac
done
