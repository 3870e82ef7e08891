#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# tests/portability/check.sh [FOLDER [MACHINE...]]: the library on other machines, with the compilers and emulators that
# are there.  One line a check; the last line is "N passed, N failed, N skipped".  Builds and logs go to FOLDER,
# build/portability if not given.  MACHINE: windows microsoft clang i386 s390x armhf, all if none.  docs/portability.md says what is shown and which Debian packages bring the compilers.
set -u
source=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd) || exit 2
mkdir -p "${1:-$source/build/portability}" && cd "${1:-$source/build/portability}" || exit 2
machines=" ${*:2} "
jobs=$(nproc 2>/dev/null || echo 2)
vectors=${ITSM_SHARED:-$source/../shared}/vectors/sla.jsonl
passed=0 failed=0 skipped=0

# verdict CODE WHAT [LOG]
verdict() {
    if [ "$1" -eq 0 ]; then
        passed=$((passed + 1))
        echo "ok      $2"
        return 0
    fi
    failed=$((failed + 1))
    echo "FAILED  $2"
    if [ -n "${3-}" ]; then tail -n 40 "$3"; fi
    return 1
}

skip() {
    skipped=$((skipped + 1))
    echo "skipped $1"
}

# wanted MACHINE: asked for by name, or no name was given.
wanted() {
    [ "$machines" = "  " ] || [[ $machines == *" $1 "* ]]
}

# there PROGRAM PACKAGE WHAT
there() {
    command -v "$1" >/dev/null && return 0
    skip "$3: $1 is not there (Debian: $2)"
    return 1
}

# The Microsoft side: layers 0 to 8, no operating system ---------------------------------------------------------------

layers="base time text merkle calendar model sla lifecycle record store audit sms report interchange render"
common="-DITSM_BUILD_PROGRAM=OFF -DITSM_BUILD_TESTS=OFF -DITSM_BUILD_EXAMPLES=OFF -DITSM_INSTALL=OFF"

windows() {
    local cc=x86_64-w64-mingw32-gcc name="mingw-w64" objects others
    there $cc gcc-mingw-w64-x86-64 "$name: layers 0 to 8" || return
    # shellcheck disable=SC2086,SC2046 # lists
    cmake -S "$source" -B mingw -G Ninja $common -DCMAKE_BUILD_TYPE=Release -DITSM_WERROR=ON -DCMAKE_SYSTEM_NAME=Windows \
        -DCMAKE_SYSTEM_PROCESSOR=x86_64 -DCMAKE_C_COMPILER=$cc -DCMAKE_C_FLAGS=-pedantic-errors >mingw.log 2>&1 &&
        cmake --build mingw -j "$jobs" -t $(printf 'itsm_%s ' $layers) >>mingw.log 2>&1
    verdict $? "$name: layers 0 to 8, strict C11, every warning an error" mingw.log || return
    objects=$(find mingw/src -name '*.obj')
    # shellcheck disable=SC2086 # a list
    $cc -shared -static-libgcc -Wl,--no-undefined -o mingw/itsm.dll $objects >mingw-dll.log 2>&1
    verdict $? "$name: they link to a DLL that needs no operating system layer" mingw-dll.log || return
    x86_64-w64-mingw32-objdump -p mingw/itsm.dll >mingw-dll.log
    others=$(sed -n 's/^\tDLL Name: //p' mingw-dll.log | grep -viE '^(kernel32|msvcrt)\.dll$')
    [ -z "$others" ]
    verdict $? "$name: the DLL asks for the C library only${others:+, but $others}"
    sed -n '/Ordinal\/Name Pointer/,/^$/s/^\t\[ *[0-9]*\][^A-Za-z_]*\(.*\)$/\1/p' mingw-dll.log | LC_ALL=C sort >mingw-exported.log
    sed -n 's/^\(itsm_[a-z0-9_]*\) .*/\1/p' "$source/tests/abi/symbols.txt" | grep -v '^itsm_os_' | LC_ALL=C sort >mingw-listed.log
    [ -s mingw-exported.log ] && diff mingw-listed.log mingw-exported.log >mingw-dll.log
    verdict $? "$name: the DLL exports the $(wc -l <mingw-exported.log) listed names and nothing else" mingw-dll.log
}

# clang with the Microsoft compiler's language: no __GNUC__, _MSC_VER set.  The C library's headers are those of mingw-w64.
microsoft() {
    local name="clang as the Microsoft compiler" headers=/usr/x86_64-w64-mingw32/include file code=0
    there clang clang "$name" || return
    [ -d $headers ] || { skip "$name: $headers is not there (Debian: gcc-mingw-w64-x86-64)"; return; }
    : >microsoft.log
    for layer in $layers; do
        for file in "$source/src/$layer"/*.c; do
            clang --target=x86_64-pc-windows-msvc -fms-compatibility-version=19.29 -fsyntax-only -std=c11 -DITSM_BUILDING \
                -isystem "$source/tests/portability/microsoft" -isystem $headers -I"$source/include" -I"$source/src" -Wall -Wextra -Wpedantic -Wgnu -Wmicrosoft -Wvla \
                -Werror -pedantic-errors "$file" >>microsoft.log 2>&1 || code=1
        done
    done
    verdict $code "$name: layers 0 to 8 are understood" microsoft.log
}

# Other machines ------------------------------------------------------------------------------------------------------

# build NAME FLAGS OPTION...: everything, tests too; those written with Criterion use the header beside this file.
build() {
    local name=$1 flags=$2
    shift 2
    PKG_CONFIG_LIBDIR="$source/tests/portability/pkgconfig" cmake -S "$source" -B "$name" -G Ninja -DCMAKE_BUILD_TYPE=Release \
        "-DCMAKE_C_FLAGS=$flags" -DITSM_BUILD_SHARED=OFF -DITSM_BUILD_PROGRAM=ON -DITSM_BUILD_TESTS=ON \
        -DITSM_BUILD_EXAMPLES=OFF -DITSM_TEST_HOUSE=OFF -DITSM_INSTALL=OFF -DITSM_WERROR=ON "$@" >"$name.log" 2>&1 &&
        cmake --build "$name" -j "$jobs" -t "${target:-all}" >>"$name.log" 2>&1
}

# produce NAME [EMULATOR...]: everything that must be the same bytes on every machine, into NAME/out.
produce() {
    local out=$1/out itsm="$1/src/cli/itsm" examples=$source/examples how
    shift
    how="--map $examples/servicenow-map.json --calendar $examples/office-hours.json --targets $examples/targets.json"
    how="$how --zone Europe/Berlin"
    rm -rf "$out" && mkdir "$out" || return 1
    # shellcheck disable=SC2086 # options
    "$@" "$itsm" simulate --incidents 300 --seed 1 >"$out/log.csv" &&
        ln "$out/log.csv" log.csv.new && mv log.csv.new log.csv &&
        "$@" "$itsm" replay log.csv $how --json "$out/memory.json" --sla-csv "$out/sla.csv" --html "$out/report.html" &&
        "$@" "$itsm" replay log.csv $how --store "$out/store" --json "$out/file.json"
}

# again OUT STORE NAME [EMULATOR...]: the log once more, by NAME's program, on a copy of a store that has it.
again() {
    local out=$1 store=$2 itsm="$3/src/cli/itsm" examples=$source/examples
    shift 3
    rm -rf copy && cp -r "$store" copy &&
        "$@" "$itsm" replay log.csv --map "$examples/servicenow-map.json" --calendar "$examples/office-hours.json" \
            --targets "$examples/targets.json" --zone Europe/Berlin --store copy --json "$out"
}

root_of() {
    sed -n 's/.*"root": *"\([0-9a-f]*\)".*/\1/p' "$1"
}

# same NAME [EMULATOR...]: compare with the build of gcc on this machine.
same() {
    local name=$1 file bad=
    shift
    produce "$name" "$@" >"$name-out.log" 2>&1 || { verdict 1 "$name: simulate and replay" "$name-out.log"; return; }
    for file in log.csv memory.json sla.csv report.html file.json; do
        cmp "reference/out/$file" "$name/out/$file" >>"$name-out.log" 2>&1 || bad="$bad $file"
    done
    [ -z "$bad" ]
    verdict $? "$name: log, measures, due times, report and audit root are the same bytes${bad:+; not:$bad}" "$name-out.log"
    again "$name/out/here.json" "reference/out/store" "$name" "$@" >"$name-out.log" 2>&1 &&
        again "$name/out/there.json" "$name/out/store" reference >>"$name-out.log" 2>&1 &&
        [ -n "$(root_of reference/out/again.json)" ] &&
        cmp reference/out/again.json "$name/out/here.json" && cmp reference/out/again.json "$name/out/there.json"
    verdict $? "$name: a store written here is read there, and the other way round, with the same root" "$name-out.log"
}

vectors() {
    local name=$1
    shift
    [ -e "$vectors" ] || { skip "$name: golden vectors: $vectors is not there"; return; }
    "$@" "$name/src/cli/itsm" vectors "$vectors" >"$name-vectors.log" 2>&1
    verdict $? "$name: golden vectors: $(tail -n 1 "$name-vectors.log")" "$name-vectors.log"
}

# tests NAME [EMULATOR...]: all but the comparison of every zone with zdump, which is a program of this machine and takes
# minutes.  Nor, under an emulator, the tests that start the itsm program themselves.
tests() {
    local name=$1 log="$1-tests.log" but=()
    if [ $# -gt 1 ]; then but=(-LE '^cli$'); fi
    ITSM_CASES=${ITSM_CASES:-10000} ctest --test-dir "$name" -j "$jobs" --timeout 1200 --no-tests=error -E '^zone_property$' \
        "${but[@]}" --output-on-failure >"$log" 2>&1
    verdict $? "$name: $(sed -n 's/ tests passed, / of the test programs pass, /p' "$log" | tr -d '\n')" "$log"
}

# machine NAME COMPILER PACKAGE EMULATOR LIBRARIES FLAGS OPTION...; EMULATOR is - where none is needed.
machine() {
    local name=$1 cc=$2 package=$3 emulator=$4 libraries=$5 flags=$6 run=()
    shift 6
    wanted "$name" || return
    there "$cc" "$package" "$name" || return
    if [ "$emulator" != - ]; then
        there "$emulator" qemu-user "$name" || return
        run=("$emulator" -L "$libraries")
        set -- "$@" "-DCMAKE_CROSSCOMPILING_EMULATOR=$emulator;-L;$libraries"
    fi
    # Every warning is an error but one: where a text may be cut off is gcc's guess, and another one for each machine.
    build "$name" "-Wno-format-truncation $flags" "-DCMAKE_C_COMPILER=$cc" "$@"
    verdict $? "$name: everything compiles, every warning an error" "$name.log" || return
    vectors "$name" "${run[@]}"
    same "$name" "${run[@]}"
    tests "$name" "${run[@]}"
}

if wanted windows; then windows; fi
if wanted microsoft; then microsoft; fi

target=itsm build reference "" -DCMAKE_C_COMPILER=gcc && produce reference >reference-out.log 2>&1 &&
    again reference/out/again.json reference/out/store reference >>reference-out.log 2>&1
if verdict $? "reference: gcc on this machine ($(uname -m))" reference.log; then
    if wanted clang && there clang clang "clang"; then
        target=itsm build clang "" -DCMAKE_C_COMPILER=clang
        verdict $? "clang: the program compiles, every warning an error" clang.log && same clang
    fi
    if wanted i386 && [ "$(uname -m)" = x86_64 ]; then
        echo '#include <stdio.h>
int main(void) { return puts("") < 0; }' >try.c
        if gcc -m32 try.c -o try >try.log 2>&1; then
            # The kernel's headers are the same for both; gcc-multilib, which adds the link, excludes the cross compilers.
            machine i386 gcc libc6-dev-i386 - - "-m32 -idirafter /usr/include/x86_64-linux-gnu"
        else
            skip "i386: gcc -m32 does not work here (Debian: libc6-dev-i386 lib32gcc-12-dev)"
        fi
    fi
    machine s390x s390x-linux-gnu-gcc "gcc-s390x-linux-gnu libc6-dev-s390x-cross" qemu-s390x /usr/s390x-linux-gnu "" \
        -DCMAKE_SYSTEM_NAME=Linux -DCMAKE_SYSTEM_PROCESSOR=s390x
    machine armhf arm-linux-gnueabihf-gcc "gcc-arm-linux-gnueabihf libc6-dev-armhf-cross" qemu-arm /usr/arm-linux-gnueabihf \
        "" -DCMAKE_SYSTEM_NAME=Linux -DCMAKE_SYSTEM_PROCESSOR=armv7
fi

echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
