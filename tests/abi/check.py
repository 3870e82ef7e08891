#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""check.py LIBRARY SYMBOLS VERSION [--update]: does the shared library export the symbols that are written down?

SYMBOLS has a line `name since` for each.  A symbol that is missing breaks hosts; one that is not written down is a
promise nobody decided on.  --update appends what is new, since VERSION; it never takes a line away.
"""
import subprocess
import sys

library, path, version = sys.argv[1:4]
exported, failed = set(), []
for line in subprocess.run(["nm", "-D", "--defined-only", library], text=True, capture_output=True, check=True).stdout.split("\n"):
    *_, kind, name = line.split() or ["", ""]
    name, _, node = name.partition("@@")
    if name and kind != "A":
        exported.add(name)
        if not name.startswith("itsm_") or name.startswith("itsm__"):
            failed.append(f"{name} is not of the public interface")
        elif node != "ITSM_0":
            failed.append(f"{name} has the version {node or 'none'}, not ITSM_0")
with open(path, encoding="utf-8") as file:
    head, rows = [], []
    for line in file:
        (head if line.startswith("#") else rows).append(line.rstrip("\n"))
written = {row.split()[0] for row in rows}
if "--update" in sys.argv:
    rows = sorted(rows + [f"{name} {version}" for name in exported - written])
    with open(path, "w", encoding="utf-8") as file:
        file.write("\n".join(head + rows) + "\n")
    written |= exported
failed += [f"{name} is gone" for name in sorted(written - exported)]
failed += [f"{name} is not in {path}" for name in sorted(exported - written)]
if rows != sorted(rows) or len(written) != len(rows):
    failed.append(f"{path} is not sorted, or names a symbol twice")
print("\n".join(failed) if failed else f"{len(exported)} symbols, as written down")
sys.exit(bool(failed) or not exported)
