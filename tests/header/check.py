#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""check.py INCLUDE LANGUAGE COMPILER...: does each public header compile alone, without a warning, in that language?"""
import os
import subprocess
import sys

include, language, compiler = sys.argv[1], sys.argv[2], sys.argv[3:]
headers = sorted(os.path.relpath(os.path.join(path, name), include) for path, _, names in os.walk(include)
                 for name in names if name.endswith(".h"))
flags = [f"-std={language}", "-x", "c++" if "++" in language else "c", "-Wall", "-Wextra", "-Wpedantic", "-Wshadow",
         "-Wundef", "-Wconversion", "-Wcast-qual", "-Werror", "-fsyntax-only", "-I", include]
failed = 0
for header in headers:
    # Twice, for its include guard; a declaration of our own behind it, for a missing semicolon or brace.
    program = f"#include <{header}>\n#include <{header}>\nextern int behind;\n"
    done = subprocess.run([*compiler, *flags, "-"], input=program, text=True, capture_output=True)
    if done.returncode:
        failed += 1
        print(f"{header}:\n{done.stderr}")
print(f"{len(headers) - failed} of {len(headers)} headers compile alone as {language} with {' '.join(compiler)}")
sys.exit(failed > 0 or not headers)
