# SPDX-License-Identifier: MIT
"""What a replay gives: the same answers from a file, a pipe, memory, a store, once, twice, or after being killed."""
import csv
import datetime
import hashlib
import io
import json
import os
import random
import resource
import signal
import stat
import subprocess
import time
import unittest

from support import HOURS, ITSM, MAP, ROOT, SHARED, TARGETS, Case, itsm, main, replay

NIGHT = {"name": "night, \"late\"", "tz": "UTC", "weekly": {"mon": [["22:00", "06:00"]], "tue": [["22:00", "06:00"]]}}


class Replay(Case):
    def setUp(self):
        super().setUp()
        self.text = self.simulate(400)
        self.log = self.write("log.csv", self.text)

    def json(self, *args, **kwargs):
        return self.good(*args, "--json", "-", **kwargs)

    def test_a_pipe_gives_what_the_file_gives(self):
        for store in [], ["--store", self.path("a")]:
            self.assertEqual(self.json("-", *store, stdin=self.text), self.json(self.log))

    def test_a_store_gives_what_memory_gives_and_again(self):
        whole = self.json(self.log)
        self.assertEqual(self.json(self.log, "--store", ":memory:"), whole)
        self.assertEqual(self.json(self.log, "--store", self.path("store")), whole)
        before = os.path.getsize(self.path("store/log-1"))
        self.assertEqual(self.json(self.log, "--store", self.path("store")), whole)
        self.assertEqual(os.path.getsize(self.path("store/log-1")), before)
        self.assertIn(b"(0 new)", self.good(self.log, "--store", self.path("store")))

    def test_killed_at_any_moment_and_run_again_it_ends_the_same(self):
        whole, store = self.json(self.log), self.path("store")
        seed = int(os.environ.get("ITSM_SEED", time.time()))
        print("seed", seed)
        chance, killed = random.Random(seed), 0
        command = [ITSM, "replay", self.log, "--map", MAP, "--calendar", HOURS, "--targets", TARGETS, "--zone",
                   "Europe/Berlin", "--store", store]
        for _ in range(12):
            with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
                time.sleep(chance.uniform(0, 0.1))
                process.send_signal(signal.SIGKILL)
            killed += process.returncode == -signal.SIGKILL
        self.assertGreater(killed, 0)
        self.assertEqual(self.json(self.log, "--store", store), whole)

    def test_stopped_behind_any_batch_and_run_again_it_ends_the_same(self):
        """The store of a shorter log that ends where a batch ends is that of a replay killed there."""
        lines = self.text.split(b"\n")
        part = self.write("part.csv", b"\n".join(lines[:1001]) + b"\n")
        self.good(part, "--store", self.path("store"))
        self.assertEqual(self.json(self.log, "--store", self.path("store")), self.json(self.log))

    def test_a_log_that_grew_gives_all_but_the_audit_root_of_the_whole(self):
        lines = self.text.split(b"\n")
        for rows in 7, 700, 1001:
            store = self.path("store%d" % rows)
            self.good(self.write("part.csv", b"\n".join(lines[:rows + 1]) + b"\n"), "--store", store)
            grown, whole = json.loads(self.json(self.log, "--store", store)), json.loads(self.json(self.log))
            self.assertEqual(grown["audit"]["entries"], whole["audit"]["entries"])
            self.assertNotEqual(grown["audit"].pop("root"), whole["audit"].pop("root"))
            self.assertEqual(grown, whole)

    def test_several_calendars_stand_side_by_side(self):
        night = self.write("night.json", NIGHT)
        one, other = json.loads(self.json(self.log)), json.loads(self.json(self.log, calendar=night))
        both = json.loads(self.json(self.log, "--calendar", night, "--sla-csv", self.path("sla.csv")))
        names = ["Office hours, Berlin", NIGHT["name"]]
        self.assertEqual(list(both["sla_clock"]), names)
        self.assertEqual(both["sla_clock"][names[0]], one["sla_clock"][names[0]])
        self.assertEqual(both["sla_clock"][names[1]], other["sla_clock"][names[1]])
        rows = list(csv.reader(io.StringIO(self.read("sla.csv").decode())))
        self.assertEqual(rows[0], ["number"] + ["%s:%s" % (name, what) for name in names for what in ("gross", "net", "due")])
        self.assertEqual({len(row) for row in rows}, {7})
        self.assertEqual(len(rows), 401)
        self.good(self.log, "--calendar", night, "--sla-csv", self.path("again.csv"), "--html", self.path("r.html"))
        self.assertEqual(self.read("again.csv"), self.read("sla.csv"))

    def test_numbers_with_commas_and_quotes_come_back_as_they_were(self):
        odd = 'A "quoted", number'
        text = self.text.replace(b"SIM000000003,", ('"%s",' % odd.replace('"', '""')).encode())
        self.good("-", "--sla-csv", self.path("sla.csv"), "--html", self.path("r.html"), "--record", odd, stdin=text)
        rows = list(csv.reader(io.StringIO(self.read("sla.csv").decode())))
        self.assertEqual(rows[3][0], odd)
        self.assertEqual({len(row) for row in rows}, {4})

    def test_rows_of_cases_may_be_interleaved(self):
        """Sorted by time, rows of many cases alternate; what is counted by case is the same."""
        head, *rows = self.text.decode().strip().split("\n")
        def stamp(row):
            day, clock = row.split(",")[13].split(" ")
            return [int(n) for n in reversed(day.split("/"))], clock
        mixed = self.write("mixed.csv", "\n".join([head] + sorted(rows, key=stamp)) + "\n")
        a, b = json.loads(self.json(self.log)), json.loads(self.json(mixed))
        for result in a, b:
            for key in "audit", "source_sha256":
                result.pop(key)
        self.assertEqual(a, b)
        self.assertEqual(self.json(mixed, "--store", self.path("store")), self.json(mixed))

    def test_line_ends_a_mark_and_quotes_change_nothing_but_the_digest_of_the_source(self):
        whole = json.loads(self.json(self.log))
        quoted = b"\n".join(b'"' + line.replace(b",", b'","') + b'"' for line in self.text.strip().split(b"\n")) + b"\n"
        for text in (self.text.replace(b"\n", b"\r\n"), b"\xef\xbb\xbf" + self.text, self.text[:-1], quoted):
            other = json.loads(self.json("-", stdin=text))
            self.assertNotEqual(other.pop("source_sha256"), whole["source_sha256"])
            self.assertEqual(other, {k: v for k, v in whole.items() if k != "source_sha256"})
        self.good(self.log, "--store", self.path("store"))
        self.assertIn(b"(0 new)", self.good("-", "--store", self.path("store"), stdin=quoted))

    def test_line_ends_inside_quotes_are_part_of_the_field(self):
        text = self.text.replace(b"Location ", b"Lo\n\"cation ").replace(b"Lo\n\"cation 1,", b"Location 1,")
        fixed = b"\n".join(self.text.split(b"\n")[:1]) + b"\n"
        rows = [line.split(b",") for line in self.text.strip().split(b"\n")[1:]]
        for row in rows:
            row[15] = b'"two\nlines, ""quoted"""'
        fixed += b"\n".join(b",".join(row) for row in rows) + b"\n"
        self.assertNotEqual(text, self.text)
        out = json.loads(self.json("-", stdin=fixed))
        self.assertEqual(out["n_events"], len(rows))

    def test_another_delimiter(self):
        with open(MAP, encoding="utf-8") as file:
            mapping = dict(json.load(file), delimiter=";")
        path = self.write("map.json", mapping)
        a, b = json.loads(self.json("-", stdin=self.text.replace(b",", b";"), map=path)), json.loads(self.json(self.log))
        for result in a, b:
            result.pop("source_sha256")
        self.assertEqual({k: v for k, v in a.items() if k != "audit"}, {k: v for k, v in b.items() if k != "audit"})

    def test_a_header_alone_is_a_log_without_cases(self):
        out = json.loads(self.json("-", "--sla-csv", self.path("sla.csv"), "--html", self.path("r.html"),
                                   stdin=self.text.split(b"\n")[0] + b"\n"))
        self.assertEqual((out["n_events"], out["n_incidents"], out["opened_min"], out["reopen_rate"]), (0, 0, None, None))
        self.assertEqual(self.read("sla.csv"), b"number,gross,net,due\n")
        self.assertIn(b"0 incidents", self.good("-", stdin=self.text.split(b"\n")[0] + b"\n"))

    def test_the_key_decides_the_audit_root_and_nothing_else(self):
        a, b = json.loads(self.json(self.log)), json.loads(self.json(self.log, "--key-file", self.write("key", b"secret")))
        self.assertNotEqual(a["audit"].pop("root"), b["audit"].pop("root"))
        self.assertEqual(a, b)

    def test_a_record_gets_its_timeline(self):
        self.good(self.log, "--html=" + self.path("a.html"))
        self.good(self.log, "--html=" + self.path("b.html"), "--record", "SIM000000007", "--store", self.path("store"))
        self.assertGreater(self.read("b.html").count(b"SIM000000007"), self.read("a.html").count(b"SIM000000007"))

    def test_a_device_stays_a_device(self):
        self.good(self.log, "--html", "/dev/null")
        self.assertTrue(stat.S_ISCHR(os.stat("/dev/null").st_mode))
        os.symlink(self.path("target"), self.path("link"))
        self.good(self.log, "--json", self.path("link"))
        self.assertTrue(os.path.islink(self.path("link")))
        self.assertEqual(self.read("target"), self.json(self.log))


class Simulate(Case):
    def test_a_seed_gives_one_log(self):
        self.assertEqual(hashlib.sha256(self.simulate(2000)).hexdigest(),
                         "7ef437455edea62564615d8f56c1dd7edd536e1bcffcffd71b9a2fbc8c324e90")
        self.assertNotEqual(self.simulate(10, 1), self.simulate(10, 2))
        self.assertEqual(itsm("simulate", "--incidents=10")[1], self.simulate(10, 1))
        self.assertEqual(self.simulate(0).count(b"\n"), 1)

    def test_the_desk_is_like_a_real_one(self):
        out = json.loads(self.good("-", "--json", "-", stdin=self.simulate(2000)))
        self.assertEqual(out["n_incidents"], 2000)
        odd = {key: n for key, n in out["anomalies"].items() if key not in ("question_marks", "made_sla_changed_incidents")}
        self.assertEqual(set(odd.values()), {0}, odd)
        sla = out["sla_clock"]["Office hours, Berlin"]["breached_of"]
        breached, measured = (sum(pair[i] for pair in sla.values()) for i in (0, 1))
        self.assertEqual(measured, 2000)
        self.assertTrue(0.05 < breached / measured < 0.3)
        self.assertTrue(0.005 < out["reopen_rate"] < 0.03)
        self.assertTrue(0.7 < out["made_sla_share_all"] < 0.99)
        self.assertGreaterEqual(set(out["events_by_state"]), {"New", "Active", "Awaiting User Info", "Awaiting Vendor",
                                                              "Awaiting Problem", "Awaiting Evidence", "Resolved", "Closed"})
        self.assertIn("Resolved -> Active", out["transitions_file_order"])
        hours = out["ttr_hours_all"]
        self.assertTrue(hours["min"] < 1 < hours["median"] < 48 < hours["p90"] < hours["max"] < 24 * 60, hours)


class Vectors(Case):
    CASE = ('{"id": "a", "op": "is_open", "calendar": {"tz": "UTC", "weekly": {"mon": [["09:00", "17:00"]]}}, '
            '"start": "2026-01-05T10:00:00Z", "expect": true}')

    def vectors(self, *texts):
        return itsm("vectors", *(self.write("v%d.jsonl" % i, text) for i, text in enumerate(texts)))

    def test_cases_that_hold(self):
        for text in (self.CASE, self.CASE + "\n", self.CASE + "\r\n\r\n  \n" + self.CASE + "\r\n"):
            code, out, err = self.vectors(text)
            self.assertEqual((code, err), (0, b""))
            self.assertRegex(out, rb"^[12] passed, 0 failed\n$")
        self.assertEqual(self.vectors(self.CASE, self.CASE)[1], b"2 passed, 0 failed\n")

    def test_a_hundred_thousand_pauses_may_be_listed_backwards(self):
        start = datetime.datetime(2026, 1, 1)
        at = lambda seconds: (start + datetime.timedelta(seconds=seconds)).isoformat() + "Z"
        days = {day: [["00:00", "24:00"]] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")}
        case = {"id": "a", "op": "clock", "calendar": {"tz": "UTC", "weekly": days}, "start": at(0), "arg": 10 ** 7,
                "pauses": [[at(i * 100), at(i * 100 + 50)] for i in reversed(range(100000))],
                "expect": {"due": at(15 * 10 ** 6), "paused": 5 * 10 ** 6}}
        before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
        self.assertEqual(self.vectors(json.dumps(case)), (0, b"1 passed, 0 failed\n", b""))
        self.assertLess(resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before, 8)

    def test_a_case_that_fails_says_expected_and_actual(self):
        code, out, _ = self.vectors(self.CASE + "\n" + self.CASE.replace("true", "false").replace('"a"', '"b"'))
        self.assertEqual(code, 1)
        self.assertRegex(out, rb"v0.jsonl:2: .*b.*expected.*false.*\n1 passed, 1 failed\n$")

    def test_what_is_no_case_fails(self):
        for text in ('{"id": "a"', self.CASE.replace("is_open", "is_shut"), "[]", "null", self.CASE.replace("UTC", "Mars/X"),
                     '{"id": "x", "kind": "new", "expect": 1}'):
            code, out, _ = self.vectors(self.CASE + "\n" + text + "\n")
            self.assertEqual(code, 1, out)
            self.assertRegex(out, rb"v0.jsonl:2: .+\n1 passed, 1 failed\n$")

    def test_a_calendar_that_cannot_be_loaded_is_told_with_the_reason(self):
        code, out, _ = self.vectors(self.CASE.replace("UTC", "Mars/X"))
        self.assertEqual(code, 1)
        self.assertIn(b"its calendar cannot be loaded: There is no zone Mars/X", out)

    def test_no_case_at_all_is_an_error(self):
        for texts in ("",), ("\n\r\n", " \n"):
            code, out, err = self.vectors(*texts)
            self.assertEqual((code, out), (3, b"0 passed, 0 failed\n"))
            self.assertRegex(err, rb"^itsm: there is no case in .*\n$")
        self.refused(itsm("vectors", self.path("none")), "cannot open .*none: no such file")

    def test_the_golden_cases(self):
        path = os.path.join(SHARED, "vectors", "sla.jsonl")
        if not os.path.exists(path):
            self.skipTest("%s is not there: the golden cases were NOT run" % path)
        with open(path, encoding="utf-8") as file:
            n = sum(1 for line in file if line.strip())
        self.assertEqual(itsm("vectors", path), (0, b"%d passed, 0 failed\n" % n, b""))


if __name__ == "__main__":
    main()
