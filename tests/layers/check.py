#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""check.py SRC [INCLUDE]: does every file of src/ include only what lies below it, and call only what it may?

A folder includes itself and the folders of lower layers, by "folder/file.h" or by the public header <itsm/folder.h>.
`os` may use every layer and is used by none; `cli` and each adapter see their own folder and public headers only.  The C library's
memory, clock, locale, environment, files and formatting stand behind one folder each.  Public headers keep the same
order; those of sys/ declare tables of functions only and stand at the bottom.
"""
import os
import re
import sys

LAYERS = ["base"], ["time", "text", "graph", "merkle"], ["calendar", "model"], ["sla", "lifecycle", "record"], \
    ["store"], ["audit", "cmdb"], ["sms"], ["conformity", "report"], ["interchange", "render"]
LAYER = {name: i for i, names in enumerate(LAYERS) for name in names}
OUTSIDE = "cli", "adapters/check", "adapters/sqlite", "adapters/postgres"  # built on <itsm/...> as a host is
LAYER.update({name: len(LAYERS) for name in ("os", "itsm", *OUTSIDE)})
HEADERS = {"version": "base", "sys/io": "base", "sys/store_backend": "base",  # not named after a folder
           "check": "adapters/check", "sqlite": "adapters/sqlite", "postgres": "adapters/postgres"}

MEMORY = "malloc calloc realloc free aligned_alloc strdup".split()
FORMAT = "printf fprintf sprintf snprintf vprintf vfprintf vsprintf vsnprintf puts fputs putchar scanf sscanf".split()
SYSTEM = "time clock localtime gmtime mktime strftime clock_gettime getenv setenv fopen fread fwrite fclose open read " \
    "write close rename unlink fsync fdatasync rand srand random getrandom".split()
NEVER = "setlocale localeconv strtod atof atoi atol strtol strtoul qsort bsearch abort exit assert strtok strerror " \
    "alloca setjmp longjmp gets system strcat sprintf".split()
ALLOWED = {  # what, where: nowhere else
    **{name: ("base/memory.c", "cli/") for name in MEMORY},
    **{name: ("cli/common.c", "adapters/check/main.c") for name in ("snprintf", "vsnprintf")},
    **{name: ("os/",) for name in SYSTEM},
    "errno": ("os/",),
}
BANNED = set(MEMORY + FORMAT + SYSTEM + NEVER + ["errno"])
WORD = re.compile(r"(?<![\w.])(?<!->)(" + "|".join(sorted(BANNED)) + r")\b(?=\s*\()|(?<![\w.])(errno)\b(?!\.h)")
NOISE = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)


def owner(name):
    """The folder a file belongs to: the first, or the first two below adapters."""
    parts = name.split("/")
    return "/".join(parts[:2]) if parts[0] == "adapters" else parts[0]


def includes(folder, name, text):
    for line in re.finditer(r'^[ \t]*#[ \t]*include[ \t]+(?:"([^"]+)"|<itsm/([^>]+)\.h>)', text, re.M):
        internal, public = line.groups()
        target = owner(internal) if internal else HEADERS.get(public, public)
        what, allowed = line.group().strip(), target == folder
        if folder in OUTSIDE or folder == "itsm":  # "itsm": the header of all headers
            allowed = bool(public) or allowed
        elif internal and "/" not in internal:
            what += " (write \"folder/file\")"
        elif target in LAYER:
            allowed = allowed or LAYER[target] < LAYER[folder]
        if not allowed:
            yield f"{name}:{text.count(chr(10), 0, line.start()) + 1}: {what}: not below {folder}"


def calls(name, text):
    code = NOISE.sub(lambda m: re.sub(r"[^\n]", " ", m.group()), text)
    for call in WORD.finditer(code):
        word = call.group(1) or call.group(2)
        if not name.startswith(ALLOWED.get(word, ("-",))):
            yield f"{name}:{code.count(chr(10), 0, call.start()) + 1}: {word} may not be used here"


def check(src, public=False):
    found, files = [], 0
    for path, _, names in sorted(os.walk(src)):
        for name in sorted(n for n in names if n.endswith((".c", ".h", ".def"))):
            name = os.path.relpath(os.path.join(path, name), src).replace(os.sep, "/")
            folder = HEADERS.get(name[:-2], name[:-2]) if public else owner(name)
            files += 1
            if folder not in LAYER:
                found.append(f"{name}: {folder} is in no layer")
                continue
            with open(os.path.join(src, name), encoding="utf-8") as file:
                text = file.read()
            found += [*includes(folder, name, text), *calls(name, text)]
    return files, found


if __name__ == "__main__":
    files, found = check(sys.argv[1])
    if sys.argv[2:]:
        more, wrong = check(sys.argv[2], public=True)
        files, found = files + more, found + wrong
    print("\n".join(found) if found else f"{files} files keep the layers and call nothing banned")
    sys.exit(bool(found) or files == 0)
