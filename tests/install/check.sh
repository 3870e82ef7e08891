#!/bin/sh
# SPDX-License-Identifier: MIT
# check.sh WAY BUILD WORK COMPILER: use the library the way a host does; run what was built.  Ways: package, pkgconfig
# (both from an installation that was moved after it was made), subdirectory, subdirectory_static; component_NAME: a library
# beside libitsm, by package and pkg-config.
set -eu
way=$1 build=$2 work=$3 compiler=$4
here=$(CDPATH= cd "$(dirname "$0")" && pwd)
rm -rf "$work"
mkdir -p "$work"

works() {
    echo "+ $*"
    case $("$@") in "libitsm "*" works") ;; *) echo "$1 says something else"; exit 1 ;; esac
}

installed() { # install, then move
    DESTDIR='' cmake --install "$build" --prefix "$work/made" >"$work/install.log"
    mv "$work/made" "$work/moved"
    if grep -rIl "$work/made" "$work/moved"; then echo "these files remember where they were installed"; exit 1; fi
    works_version=$("$work/moved/bin/itsm" --version)
    case $works_version in "itsm "*) ;; *) exit 1 ;; esac
}

case $way in
package)
    installed
    cmake -S "$here/package" -B "$work/build" -DCMAKE_C_COMPILER="$compiler" -DCMAKE_PREFIX_PATH="$work/moved" >"$work/log"
    cmake --build "$work/build"
    works "$work/build/use_itsm"
    works "$work/build/use_itsm_static"
    "$work/moved/bin/itsm-store-check" memory --group tombstones >"$work/tap"
    ldd "$work/build/use_itsm" | grep "$work/moved"
    if ldd "$work/build/use_itsm_static" | grep libitsm; then exit 1; fi
    ;;
pkgconfig)
    installed
    pc=$(dirname "$(find "$work/moved" -name itsm.pc)")
    export PKG_CONFIG_PATH="$pc"
    "$compiler" "$here/consumer.c" -o "$work/use" $(pkg-config --cflags --libs itsm)
    LD_LIBRARY_PATH=$(dirname "$pc") works "$work/use"
    "$compiler" -DITSM_STATIC "$here/consumer.c" -o "$work/use_static" $(pkg-config --cflags itsm) \
        "$(dirname "$pc")/libitsm.a" -pthread
    works "$work/use_static"
    ;;
component_*)
    name=${way#component_}
    installed
    cmake -S "$here/package" -B "$work/build" -DCMAKE_C_COMPILER="$compiler" -DCMAKE_PREFIX_PATH="$work/moved" \
        -DITSM_COMPONENT="$name" >"$work/log"
    cmake --build "$work/build"
    works "$work/build/use_$name"
    works "$work/build/use_${name}_static"
    ldd "$work/build/use_$name" | grep "$work/moved.*libitsm-$name"
    if ldd "$work/build/use_${name}_static" | grep libitsm; then exit 1; fi
    pc=$(dirname "$(find "$work/moved" -name "itsm-$name.pc")")
    export PKG_CONFIG_PATH="$pc"
    "$compiler" "$here/consumer_$name.c" -o "$work/use" $(pkg-config --cflags --libs "itsm-$name")
    LD_LIBRARY_PATH=$(dirname "$pc") works "$work/use"
    ;;
subdirectory | subdirectory_static)
    library=itsm::itsm shared=ON
    if [ $way = subdirectory_static ]; then library=itsm::itsm_static shared=OFF; fi
    cmake -S "$here/subdirectory" -B "$work/build" -DCMAKE_C_COMPILER="$compiler" -DITSM_SOURCE="$here/../.." \
        -DITSM_LIBRARY=$library -DITSM_BUILD_SHARED=$shared >"$work/log"
    cmake --build "$work/build" --parallel 2 >>"$work/log"
    if grep -i 'warning' "$work/log"; then exit 1; fi
    works "$work/build/use"
    if [ $way = subdirectory_static ]; then # a host's shared library that takes the static one in exports none of it
        echo 'const char *itsm_version(void); const char *host(void) { return itsm_version(); }' >"$work/host.c"
        "$compiler" -shared -fPIC "$work/host.c" "$work/build/itsm/src/libitsm.a" -o "$work/libhost.so"
        if nm -D --defined-only "$work/libhost.so" | grep itsm; then echo "exported by a host"; exit 1; fi
    fi
    ;;
*) exit 2 ;;
esac
