# SPDX-License-Identifier: MIT
# cmake -DFOLDER=/usr/share/zoneinfo -DTABLE=zone_table.c -P embed_zones.cmake
#
# Writes the zones of a folder of TZif files as a C file: the table that embedded.h declares.  It needs nothing but
# CMake, so that it works on any machine and when the library is built for another one.  Names are sorted by their
# bytes, zones that are the same are written once, and of files with 64-bit times the part from the second header on
# is written: the rest is repeated there.  What is the same in another form (posix/), counts leap seconds (right/),
# or names no place (localtime, posixrules) is left out.
cmake_minimum_required(VERSION 3.16)

# number(OUT HEX BYTE): the 32-bit number at a byte of a text of hexadecimal digits.
function(number out hex byte)
  math(EXPR at "2 * ${byte}")
  string(SUBSTRING "${hex}" ${at} 8 digits)
  math(EXPR value "0x${digits}")
  set(${out} ${value} PARENT_SCOPE)
endfunction()

# second_part(OUT HEX): the bytes from the second header on, or all if there is one header only.
function(second_part out hex)
  string(SUBSTRING "${hex}" 8 2 version)
  if(version STREQUAL "00")
    set(${out} "${hex}" PARENT_SCOPE)
    return()
  endif()
  number(isut "${hex}" 20)
  number(isstd "${hex}" 24)
  number(leap "${hex}" 28)
  number(times "${hex}" 32)
  number(types "${hex}" 36)
  number(chars "${hex}" 40)
  math(EXPR at "2 * (44 + ${times} * 5 + ${types} * 6 + ${chars} + ${leap} * 8 + ${isstd} + ${isut})")
  string(SUBSTRING "${hex}" ${at} -1 rest)
  set(${out} "${rest}" PARENT_SCOPE)
endfunction()

set(version "")
if(EXISTS "${FOLDER}/+VERSION")
  file(STRINGS "${FOLDER}/+VERSION" version LIMIT_COUNT 1)
elseif(EXISTS "${FOLDER}/tzdata.zi")
  file(STRINGS "${FOLDER}/tzdata.zi" version LIMIT_COUNT 1)
endif()
string(REGEX REPLACE "^# version " "" version "${version}")
if(NOT version MATCHES "^[0-9A-Za-z.+_-]*$")
  set(version "")
endif()

file(GLOB_RECURSE files RELATIVE "${FOLDER}" "${FOLDER}/*")
list(SORT files)
set(names "")
set(zones "")
set(bytes "")
set(count 0)
set(name_at 0)
set(at 0)
foreach(name IN LISTS files)
  if(name MATCHES "^(posix|right)/|^(localtime|posixrules)$" OR NOT name MATCHES "^[0-9A-Za-z_+/-]+$")
    continue()
  endif()
  file(READ "${FOLDER}/${name}" hex LIMIT 5 HEX)
  if(NOT hex MATCHES "^545a6966")
    continue()
  endif()
  file(READ "${FOLDER}/${name}" hex HEX)
  second_part(hex "${hex}")
  string(SHA256 hash "${hex}")
  if(NOT DEFINED at_${hash})
    string(LENGTH "${hex}" n)
    math(EXPR n_${hash} "${n} / 2")
    set(at_${hash} ${at})
    math(EXPR at "${at} + ${n_${hash}}")
    string(REGEX REPLACE "(..)" "0x\\1," hex "${hex}")
    string(APPEND bytes "    /* ${name} */\n    ${hex}\n")
  endif()
  string(APPEND zones "    {${name_at}, ${at_${hash}}, ${n_${hash}}},\n")
  string(REGEX REPLACE "(.)" "'\\1'," letters "${name}")
  string(APPEND names "    ${letters}0,\n")
  string(LENGTH "${name}" n)
  math(EXPR name_at "${name_at} + ${n} + 1")
  math(EXPR count "${count} + 1")
endforeach()
if(count EQUAL 0)
  message(FATAL_ERROR "There are no zones in '${FOLDER}': name another folder with ITSM_ZONEINFO")
endif()

math(EXPR total "${at} + ${name_at} + 12 * ${count}")
file(WRITE "${TABLE}" "/* Written by embed_zones.cmake: ${count} names, ${total} bytes. */
#include \"time/embedded.h\"

static const unsigned char bytes[] = {
${bytes}};

static const char names[] = {
${names}};

static const itsm__embedded_zone zones[] = {
${zones}};

const itsm__embedded_table itsm__embedded = {zones, ${count}, names, bytes, \"${version}\"};
")
message(STATUS "Embedded zones: ${count} names of tz database ${version}, ${total} bytes")
