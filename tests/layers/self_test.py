#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Plants one violation of each kind in a tree of its own and expects check.py to find it: that one and no other."""
import os
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from check import check  # noqa: E402

FINE = [
    ("store/a.c", '#include "store/b.h"\n#include "base/ctx.h"\n#include <itsm/store.h>\n#include <string.h>\n'),
    ("base/memory.c", "void f(void *p) { free(p); }"),
    ("base/b.c", "void f(struct s *p) { p->free(p); p->t.free(p); itsm__free(p); } /* free(p) */ // time(0)\n"),
    ("base/c.c", 'const char *s = "malloc(3) \\" free(p)";'),
    ("os/a.c", '#include "store/b.h"\nint f(void) { return errno + close(3); }'),
    ("adapters/sqlite/a.c", '#include "adapters/sqlite/b.h"\n#include <itsm/store.h>\n#include <sqlite3.h>\n'),
    ("cli/common.c", '#include "cli/cli.h"\n#include <itsm/itsm.h>\nvoid f(char *p) { snprintf(p, 1, ""); free(p); }'),
]
WRONG = [
    ("base/a.c", '#include "time/civil.h"'),          # upward
    ("base/a.c", "  #  include <itsm/sms.h>"),         # upward, by the public header
    ("time/a.c", '#include "text/json.h"'),            # sideways
    ("render/a.c", '#include "interchange/replay.h"'),  # sideways
    ("sms/a.c", "#include <itsm/os.h>"),               # os is included by nothing
    ("store/a.c", '#include "os/error.h"'),
    ("store/a.c", '#include "file.h"'),                # names no folder
    ("sms/a.c", "#include <itsm/itsm.h>"),             # all at once
    ("cli/a.c", '#include "base/ctx.h"'),              # the program uses public headers only
    ("adapters/sqlite/a.c", '#include "base/ctx.h"'),  # and so do the adapters
    ("adapters/sqlite/a.c", '#include "adapters/postgres/a.h"'),
    ("base/a.c", "#include <itsm/sqlite.h>"),
    ("attic/a.c", "int x;"),                           # in no layer
    ("base/map.c", "void *f(void) { return malloc(1); }"),
    ("text/a.c", "double f(char *s) { return strtod (s, 0); }"),
    ("calendar/a.c", "long f(void) { return time(0); }"),
    ("os/a.c", "void f(void *p) { qsort(p, 1, 1, 0); }"),
    ("store/a.c", "int f(void) { return errno; }"),
    ("cli/replay.c", "void f(char *p) { snprintf(p, 1, \"\"); }"),
    ("report/a.c", "/* a */ void f(void) { printf(\"/*\"); } /* b */"),
]


def findings(name, text):
    with tempfile.TemporaryDirectory() as src:
        os.makedirs(os.path.join(src, os.path.dirname(name)))
        with open(os.path.join(src, name), "w", encoding="utf-8") as file:
            file.write(text)
        return check(src)[1]


failed = [f"found in clean {name}: {findings(name, text)}" for name, text in FINE if findings(name, text)]
failed += [f"not found, or not alone: {name}: {text!r}: {findings(name, text)}" for name, text in WRONG
           if len(findings(name, text)) != 1]
print("\n".join(failed) if failed else f"{len(WRONG)} planted violations found, {len(FINE)} clean files passed")
sys.exit(bool(failed))
