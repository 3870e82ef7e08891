#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""commands.py ROOT PROGRAM [--update]: does the program print what the console blocks of the documentation say?

The blocks of a page run one after the other in a copy of examples/; a line behind "$ " is a command, one that ends in a backslash
goes on with the next; what stands below is what it prints, on both outputs.  With --update the pages are written anew.
"""
import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile

root, program, update = sys.argv[1], os.path.abspath(sys.argv[2]), "--update" in sys.argv[3:]
failed, ran = [], 0


def run(page, block, folder):
    """The block as it should be."""
    global ran
    out = []
    for command in re.findall(r"^\$ (?:.*\\\n)*.*\n", block, re.M):
        done = subprocess.run(["sh", "-c", command[2:]], cwd=folder, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              stdin=subprocess.DEVNULL, env=dict(os.environ, PATH=os.path.join(folder, ".bin") + ":" + os.environ["PATH"]))
        out.append(command + done.stdout)
        ran += 1
    if "".join(out) != block:
        failed.append(f"{page}: instead of\n{block}it is\n{''.join(out)}")
    return "".join(out)


for path in sorted(glob.glob(f"{root}/*.md") + glob.glob(f"{root}/docs/**/*.md", recursive=True)):
    with open(path, encoding="utf-8") as file:
        text = file.read()
    if "```console\n" not in text:
        continue
    folder = os.path.join(tempfile.mkdtemp(), "examples")
    shutil.copytree(f"{root}/examples", folder)
    os.mkdir(os.path.join(folder, ".bin"))
    os.symlink(program, os.path.join(folder, ".bin", "itsm"))
    found = re.sub(r"^```console\n(.*?)^```", lambda m: "```console\n" + run(os.path.relpath(path, root), m[1], folder) + "```", text,
                   flags=re.S | re.M)
    shutil.rmtree(os.path.dirname(folder))
    if update:
        with open(path, "w", encoding="utf-8") as file:
            file.write(found)
print("\n".join(failed) if failed and not update else f"{ran} commands print what the documentation says")
sys.exit(bool(failed) and not update or not ran)
