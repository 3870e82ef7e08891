#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""model.py ROOT PROGRAM [--update]: are the pages of docs/model what the program prints today?

README.md is the list of types, TYPE.md the page of a type, and TYPE.svg or TYPE-FACET.svg the pictures of its lifecycles.  With --update
they are written anew, and what no type has any more is taken away.
"""
import os
import subprocess
import sys

root, program, update = sys.argv[1], os.path.abspath(sys.argv[2]), "--update" in sys.argv[3:]
folder = os.path.join(root, "docs", "model")


def itsm(*args):
    return subprocess.run([program, *args], check=True, stdout=subprocess.PIPE).stdout


pages, seen = {"README.md": itsm("model", "show", "--format", "md")}, set()
for line in itsm("lifecycle", "--list").decode().splitlines():
    name, facet = line.split()
    picture = f"{name}-{facet}.svg" if name in seen else f"{name}.svg"  # the primary one is named first
    pages[picture] = itsm("lifecycle", name, "--facet", facet, "--format", "svg")
    pages[f"{name}.md"] = itsm("model", "show", name, "--format", "md")
    seen.add(name)
if update:
    os.makedirs(folder, exist_ok=True)
    for name in set(os.listdir(folder)) - set(pages):
        os.remove(os.path.join(folder, name))
    for name, content in pages.items():
        with open(os.path.join(folder, name), "wb") as file:
            file.write(content)
wrong = sorted(set(os.listdir(folder)) ^ set(pages)) if os.path.isdir(folder) else [folder]
for name in sorted(pages):
    path = os.path.join(folder, name)
    if os.path.exists(path):
        with open(path, "rb") as file:
            if file.read() != pages[name]:
                wrong.append(name)
if wrong:
    print(f"not what the program prints: {', '.join(wrong)}\nif the new pages are right: cmake --build BUILD -t docs_model")
else:
    print(f"{len(seen)} types, {len(pages)} files: all as the program prints them")
sys.exit(bool(wrong))
