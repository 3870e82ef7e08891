#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""itsm store: figures, checks, care, dumps; what it says of stores that are damaged, in use, full or not to be written."""
import base64
import json
import os
import resource
import shutil
import subprocess
import unittest

from support import Case, folder, itsm

SAMPLE = os.environ["ITSM_SAMPLE_STORE"]


def unprivileged(path):
    """What makes a child run without the rights of root; None if that cannot be done here."""
    if os.geteuid():
        return lambda: None
    os.chmod(path, 0o755)
    probe = subprocess.run(["true"], preexec_fn=lambda: os.setuid(65534), check=False)
    return (lambda: os.setuid(65534)) if probe.returncode == 0 else None


class Store(Case):
    def setUp(self):
        super().setUp()
        self.desk = self.path("desk")
        subprocess.run([SAMPLE, self.desk], check=True)

    def info(self, path):
        code, out, err = itsm("store", "info", path, "--json")
        self.assertEqual((code, err), (0, b""))
        return json.loads(out)

    def damage(self, name, where=5000):
        with open(os.path.join(self.desk, name), "r+b") as file:
            file.seek(where)
            byte = file.read(1)
            file.seek(where)
            file.write(bytes([byte[0] ^ 1]))

    def test_figures_and_a_sound_store(self):
        info = self.info(self.desk)
        self.assertEqual((info["rows"], info["tombstones"], info["audit_entries"]), (45, 1, 55))
        self.assertEqual((info["checkpoint_number"], info["log_number"], info["damaged_checkpoint"]), (3, 3, 0))
        code, out, _ = itsm("store", "info", self.desk)
        self.assertEqual(code, 0)
        self.assertIn(b"rows                     45\n", out)
        code, out, err = itsm("store", "check", self.desk)
        self.assertEqual((code, err), (0, b""))
        self.assertIn(b"sound: ", out)

    def test_looking_changes_nothing(self):
        before = folder(self.desk)
        for subcommand in ("info", "check", "dump"):
            self.assertEqual(itsm("store", subcommand, self.desk)[0], 0)
        self.assertEqual(folder(self.desk), before)

    def test_dump_and_load_give_an_equal_store(self):
        code, dump, err = itsm("store", "dump", self.desk)
        self.assertEqual((code, err), (0, b""))
        lines = [json.loads(line) for line in dump.splitlines()]
        self.assertEqual(lines[0], {"itsm_dump": 1, "model": "built-in"})
        self.assertEqual(sum("row" in line for line in lines), 45)
        fields = [line["row"]["fields"] for line in lines if "fields" in line.get("row", {})]
        self.assertEqual(len(fields), 41)
        self.assertEqual(fields[0]["description"], 'printer "on" fire é')
        raw = [line for line in lines if "body" in line]
        self.assertEqual(len(raw), 4)
        self.assertTrue(all(base64.b64decode(line["body"]).isalpha() for line in raw))
        code, out, err = itsm("store", "load", self.path("again"), stdin=dump)
        self.assertEqual((code, out), (0, f"{self.path('again')}: 45 rows, 55 audit entries\n".encode()), err)
        before, after = self.info(self.desk), self.info(self.path("again"))
        for same in ("rows", "tombstones", "index_entries", "audit_entries", "audit_root"):
            self.assertEqual(before[same], after[same], same)
        self.assertNotEqual(before["id"], after["id"])
        self.assertEqual(itsm("store", "dump", self.path("again"))[1], dump)
        spaced = "\n".join(json.dumps(json.loads(line), ensure_ascii=False) for line in dump.splitlines())
        self.assertEqual(itsm("store", "load", self.path("third"), self.write("dump", spaced))[0], 0)
        self.assertEqual(itsm("store", "dump", self.path("third"))[1], dump)

    def test_a_dump_that_is_wrong_is_refused_with_its_line(self):
        dump = itsm("store", "dump", self.desk)[1]
        lines = dump.split(b"\n")
        cases = {
            "ends too early": b"\n".join(lines[:-2]) + b"\n",
            "the counts are others": b"\n".join(lines[:5] + lines[6:]),
            "not a dump of a store": b"hello\n",
            "newer version": b'{"itsm_dump":2}\n',
            "has another root": dump.replace(b'{"entry":"AAAAAQ=="}', b'{"entry":"AAAAAg=="}'),
            "the body is not base64": dump.replace(b'"body":"', b'"body":"?', 1),
            "not a line of a dump": lines[0] + b"\n[]\n",
            "more lines behind the last one": dump + b'{"entry":"AAAA"}\n',
        }
        for i, (message, text) in enumerate(cases.items()):
            code, out, err = itsm("store", "load", self.path(f"load{i}"), stdin=text)
            self.assertEqual((code, out), (3, b""), message)
            self.assertIn(message, err.decode())
        code, _, err = itsm("store", "load", self.desk, stdin=dump)
        self.assertEqual(code, 3)
        self.assertIn(b"there is a store already", err)

    def test_every_cut_of_a_line_is_refused_and_none_crashes(self):
        dump = itsm("store", "dump", self.desk)[1].split(b"\n")
        line = max(dump, key=lambda text: (b"fields" in text, len(text)))
        for n in range(1, len(line), 7):
            code, _, err = itsm("store", "load", self.path(f"cut{n}"), stdin=dump[0] + b"\n" + line[:n] + b"\n")
            self.assertEqual(code, 3, line[:n])
            self.assertIn(b":2: ", err)

    def test_backup_is_a_store_and_overwrites_nothing(self):
        code, out, _ = itsm("store", "backup", self.desk, self.path("copy"))
        self.assertEqual(code, 0)
        self.assertIn(b"commits are in", out)
        self.assertEqual(itsm("store", "dump", self.path("copy"))[1], itsm("store", "dump", self.desk)[1])
        self.assertEqual(itsm("store", "check", self.path("copy"))[0], 0)
        before = folder(self.path("copy"))
        code, _, err = itsm("store", "backup", self.desk, self.path("copy"))
        self.assertEqual(code, 3)
        self.assertIn(b"is not empty", err)
        self.assertEqual(folder(self.path("copy")), before)

    def test_compact_leaves_one_checkpoint(self):
        dump = itsm("store", "dump", self.desk)[1]
        self.assertEqual(itsm("store", "compact", self.desk)[0], 0)
        names = sorted(name for name in os.listdir(self.desk) if name.startswith("ckpt"))
        self.assertEqual(names, ["ckpt-4"])
        self.assertEqual(itsm("store", "dump", self.desk)[1], dump)

    def test_damage_is_a_finding(self):
        self.damage("ckpt-3")
        code, out, err = itsm("store", "check", self.desk)
        self.assertEqual((code, err), (1, b""))
        self.assertIn(b"ckpt-3 is damaged; the store was read from what is before it: nothing is lost", out)
        self.assertEqual(self.info(self.desk)["damaged_checkpoint"], 3)
        self.assertEqual(itsm("store", "compact", self.desk)[0], 0)
        self.assertEqual(itsm("store", "check", self.desk)[0], 0)

    def test_damage_without_anything_older_is_salvaged_and_told(self):
        itsm("store", "compact", self.desk)
        self.damage("ckpt-4")
        before = folder(self.desk)
        for subcommand in ("check", "info", "dump", "compact"):
            code, out, err = itsm("store", subcommand, self.desk)
            self.assertEqual(code, 1, subcommand)
            self.assertIn(b"ckpt-4 is damaged", out + err)
        code, out, _ = itsm("store", "salvage", self.desk, self.path("saved"))
        self.assertEqual(code, 1)
        self.assertIn(b"kept: ", out)
        self.assertIn(b"lost: ", out)
        self.assertEqual(itsm("store", "check", self.path("saved"))[0], 0)
        self.assertEqual(folder(self.desk), before)

    def test_salvaging_a_sound_store_loses_nothing(self):
        code, out, _ = itsm("store", "salvage", self.desk, self.path("saved"))
        self.assertEqual(code, 0)
        self.assertNotIn(b"lost", out)
        self.assertEqual(itsm("store", "dump", self.path("saved"))[1], itsm("store", "dump", self.desk)[1])

    def test_one_process_writes_others_look_and_copy(self):
        live = self.path("live")
        with subprocess.Popen([SAMPLE, live, "hold"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as writer:
            self.assertEqual(writer.stdout.readline(), b"ready\n")
            code, _, err = itsm("store", "compact", live)
            self.assertEqual(code, 3)
            self.assertIn(f"the store {live} is open already, by process {writer.pid}".encode(), err)
            for rows in (45, 46, 47):
                self.assertEqual(self.info(live)["rows"], rows)
                self.assertEqual(itsm("store", "check", live)[0], 0)
                self.assertEqual(itsm("store", "backup", live, self.path(f"copy{rows}"))[0], 0)
                writer.stdin.write(b"\n"), writer.stdin.flush()
                self.assertEqual(writer.stdout.readline(), b"ready\n")
            writer.kill()
        self.assertEqual([self.info(self.path(f"copy{rows}"))["rows"] for rows in (45, 46, 47)], [45, 46, 47])
        self.assertEqual(itsm("store", "compact", live)[0], 0)

    def test_what_is_no_store_is_said(self):
        code, _, err = itsm("store", "info", self.path("none"))
        self.assertEqual(code, 3)
        self.assertIn(b"there is no store at", err)
        self.write("file", "x")
        self.assertEqual(itsm("store", "info", self.path("file"))[0], 3)
        os.mkdir(self.path("other"))
        self.write("other/thesis.txt", "x")
        code, _, err = itsm("store", "info", self.path("other"))
        self.assertEqual(code, 1)
        self.assertIn(b"is not a store", err)
        foreign = self.path("foreign")
        os.mkdir(foreign)
        self.write("foreign/log-1", b"not a log" * 1000)
        code, _, err = itsm("store", "info", foreign)
        self.assertEqual(code, 1)
        self.assertIn(b"not the beginning of such a file", err)
        self.assertEqual(itsm("store", "frobnicate")[0], 2)
        self.assertEqual(itsm("store", "info")[0], 2)

    def test_a_full_disk_is_said_and_loses_nothing(self):
        dump = itsm("store", "dump", self.desk)[1]
        limit = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (8192, 8192))
        code, _, err = itsm("store", "compact", self.desk, preexec_fn=limit)
        self.assertEqual(code, 3, err)
        self.assertIn(b"cannot write a checkpoint", err)
        self.assertEqual(itsm("store", "dump", self.desk)[1], dump)
        self.assertEqual(itsm("store", "check", self.desk)[0], 0)
        code, _, err = itsm("store", "backup", self.desk, self.path("copy"), preexec_fn=limit)
        self.assertEqual(code, 3)
        self.assertEqual(folder(self.path("copy")), {})

    def test_a_folder_that_cannot_be_written_can_be_read(self):
        nobody = unprivileged(self.dir)
        if not nobody:
            self.skipTest("cannot give up the rights of root here")
        for where, _, names in os.walk(self.desk):
            os.chmod(where, 0o555)
            for name in names:
                os.chmod(os.path.join(where, name), 0o444)
        self.addCleanup(os.chmod, self.desk, 0o755)
        for subcommand in ("info", "check", "dump"):
            code, _, err = itsm("store", subcommand, self.desk, preexec_fn=nobody)
            self.assertEqual(code, 0, err)
        code, _, err = itsm("store", "compact", self.desk, preexec_fn=nobody)
        self.assertEqual(code, 3)
        self.assertIn(b"LOCK: permission denied", err.replace(b"P", b"p"))
        os.chmod(os.path.join(self.desk, "log-3"), 0)
        code, _, err = itsm("store", "info", self.desk, preexec_fn=nobody)
        self.assertEqual(code, 3)
        self.assertIn(b"log-3: ", err)
        os.chmod(self.desk, 0o755)
        shutil.copytree(self.desk, self.path("hidden"))
        os.chmod(self.path("hidden"), 0)
        self.assertEqual(itsm("store", "info", self.path("hidden"), preexec_fn=nobody)[0], 3)


if __name__ == "__main__":
    unittest.main()
