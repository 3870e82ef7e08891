#!/bin/sh
# SPDX-License-Identifier: MIT
# reference.sh DOXYGEN CONFIGURATION WARNINGS: make the reference; anything that is not documented is in WARNINGS.
set -u
"$1" "$2"
code=$?
cat "$3"
test $code -eq 0 && ! test -s "$3"
