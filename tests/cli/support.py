# SPDX-License-Identifier: MIT
"""What the tests of the program share: where things are, how it is run, what a good replay needs."""
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
ITSM = os.path.abspath(sys.argv.pop(1)) if len(sys.argv) > 1 else "itsm"
SHARED = os.environ.get("ITSM_SHARED") or os.path.join(os.path.dirname(ROOT), "shared")
MAP = os.path.join(ROOT, "examples", "servicenow-map.json")
TARGETS = os.path.join(ROOT, "examples", "targets.json")
HOURS = os.path.join(ROOT, "examples", "office-hours.json")
SKIPPED = 77  # what ctest takes for a skip


def itsm(*args, stdin=None, **kwargs):
    """Run the program; (exit code, standard output, standard error), both as bytes."""
    done = subprocess.run([ITSM, *args], input=stdin, stdin=subprocess.DEVNULL if stdin is None else None,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120, check=False, **kwargs)
    return done.returncode, done.stdout, done.stderr


def replay(log, *more, stdin=None, map=MAP, calendar=HOURS, targets=TARGETS, zone="Europe/Berlin", **kwargs):
    return itsm("replay", log, "--map", map, "--calendar", calendar, "--targets", targets, "--zone", zone, *more,
                stdin=stdin, **kwargs)


def folder(path):
    """Every file below a folder with its bytes; None if there is no such folder."""
    if not os.path.isdir(path):
        return None
    found = {}
    for where, _, names in os.walk(path):
        for name in names:
            with open(os.path.join(where, name), "rb") as file:
                found[os.path.relpath(os.path.join(where, name), path)] = hashlib.sha256(file.read()).hexdigest()
    return found


class Case(unittest.TestCase):
    """A test in a folder of its own."""

    def setUp(self):
        self.dir = tempfile.mkdtemp(prefix="itsm-cli-")
        self.addCleanup(shutil.rmtree, self.dir, True)

    def path(self, name):
        return os.path.join(self.dir, name)

    def write(self, name, content):
        if isinstance(content, str):
            content = content.encode()
        elif isinstance(content, (dict, list)):
            content = json.dumps(content).encode()
        with open(self.path(name), "wb") as file:
            file.write(content)
        return self.path(name)

    def read(self, name):
        with open(self.path(name), "rb") as file:
            return file.read()

    def simulate(self, incidents=60, seed=1):
        code, out, err = itsm("simulate", "--incidents", str(incidents), "--seed", str(seed))
        self.assertEqual((code, err), (0, b""))
        return out

    def good(self, *args, **kwargs):
        """A replay that works: its standard output."""
        code, out, err = replay(*args, **kwargs)
        self.assertEqual((code, err), (0, b""), err)
        return out

    def refused(self, result, pattern, exit_code=3):
        """One line that says what is wrong, and the exit code of bad input."""
        code, out, err = result
        text = err.decode()
        self.assertEqual(code, exit_code, text)
        self.assertEqual(out, b"")
        self.assertRegex(text, "^itsm: ")
        self.assertEqual(text.count("\n"), 1, text)
        self.assertRegex(text, pattern)
        if os.environ.get("SHOW"):
            print(text, end="")


def main():
    if not os.access(ITSM, os.X_OK):
        sys.exit("usage: %s PATH-OF-ITSM" % sys.argv[0])
    unittest.main()
