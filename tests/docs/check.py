#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""check.py ROOT LIBRARY WORK COMPILER...: is what the documentation shows there, and does it work?

Every link to a file and every file named in a shell block exists; every JSON block parses; every @snippet names a marked part of an example;
every C block is a whole program: it is compiled without a warning and run, and prints what the text block behind it says;
a text block behind <!-- FILE --> is a part of that file of examples/.
"""
import glob
import json
import os
import re
import subprocess
import sys

root, library, work, compiler = sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4:]
os.makedirs(work, exist_ok=True)
failed, links, programs, snippets = [], 0, 0, 0
pages = sorted(glob.glob(f"{root}/*.md") + glob.glob(f"{root}/docs/**/*.md", recursive=True))


def run_block(page, code, expected):
    source, program = os.path.join(work, "block.c"), os.path.join(work, "block")
    with open(source, "w", encoding="utf-8") as file:
        file.write(code)
    build = [*compiler, "-std=c11", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-DITSM_STATIC", "-I", f"{root}/include",
             source, library, "-pthread", "-o", program]
    done = subprocess.run(build, text=True, capture_output=True)
    if done.returncode:
        return failed.append(f"{page}: a C block does not compile:\n{done.stderr}")
    done = subprocess.run([program], text=True, capture_output=True, cwd=work)
    if done.returncode or done.stdout != expected:
        failed.append(f"{page}: a C block gives {done.returncode} {done.stdout!r} {done.stderr!r}, not {expected!r}")


for path in pages:
    page = os.path.relpath(path, root)
    with open(path, encoding="utf-8") as file:
        text = file.read()
    for code, expected in re.findall(r"^```c\n(.*?)^```\n+```text\n(.*?)^```", text, re.S | re.M):
        programs += 1
        run_block(page, code, expected)
    if len(re.findall(r"^```c\n", text, re.M)) != len(re.findall(r"^```c\n(?:(?!```).*\n)*```\n+```text\n", text, re.M)):
        failed.append(f"{page}: a C block without a text block of what it prints behind it")
    named = re.findall(r"\]\(([^)#: ]+)\)|(?:src|href)=\"([^\"#:]+)\"", re.sub(r"^```.*?^```", "", text, flags=re.S | re.M))
    for name in [a or b for a, b in named]:
        links += 1
        if not os.path.exists(os.path.join(os.path.dirname(path), name)):
            failed.append(f"{page}: {name} does not exist")
    for block in re.findall(r"^```sh\n(.*?)^```", text, re.S | re.M):
        for name in re.findall(r"(?<![\w/.-])((?:examples|tests|docs|src|include)/[\w./-]+)", block):
            links += 1
            if not os.path.exists(os.path.join(root, name)):
                failed.append(f"{page}: a shell block names {name}, which does not exist")
    for name, block in re.findall(r"^<!-- (\S+) -->\n+```text\n(.*?)^```", text, re.S | re.M):
        links += 1
        example = os.path.join(root, "examples", name)
        if not os.path.exists(example) or block not in open(example, encoding="utf-8").read():
            failed.append(f"{page}: this is not in {name}:\n{block}")
    for block in re.findall(r"^```json\n(.*?)^```", text, re.S | re.M):
        try:
            json.loads(block)
        except ValueError as wrong:
            failed.append(f"{page}: a JSON block: {wrong}")
for path in sorted(glob.glob(f"{root}/include/**/*.h", recursive=True)) + pages:
    with open(path, encoding="utf-8") as file:
        for name, mark in re.findall(r"[@\\]snippet\s+(\S+)\s+(\S+)", file.read()):
            snippets += 1
            example = os.path.join(root, "examples", name)
            marks = open(example, encoding="utf-8").read().count(f"[{mark}]") if os.path.exists(example) else 0
            if marks != 2:
                failed.append(f"{os.path.relpath(path, root)}: @snippet {name} {mark}: {marks} marks instead of 2")
print("\n".join(failed) if failed else
      f"{len(pages)} pages: {links} files named, {programs} C programs run, {snippets} snippets: all there")
sys.exit(bool(failed) or not programs)
