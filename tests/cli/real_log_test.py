# SPDX-License-Identifier: MIT
"""A real incident log against answers made with other tools; skipped where the log is not."""
import csv
import gzip
import io
import json
import os
import random
import signal
import subprocess
import sys
import time
import unittest

from support import ITSM, MAP, ROOT, SHARED, SKIPPED, TARGETS, Case, main

FOLDER = os.path.join(SHARED, "data", "uci-incident")
LOG = os.path.join(FOLDER, "incident_event_log.first70.csv.gz")
ZONES = {
    "24x7_utc": "UTC",
    "mf_0800_1800_brussels": "Europe/Brussels",
    "mf_0900_1230_1330_1800_sao_paulo_holidays": "America/Sao_Paulo",
}


def calendar(name):
    return os.path.join(FOLDER, "calendars", name + ".json")


class RealLog(Case):
    @classmethod
    def setUpClass(cls):
        with gzip.open(LOG, "rb") as file:
            cls.text = file.read()
        with open(os.path.join(FOLDER, "expected", "metrics.json"), encoding="utf-8") as file:
            cls.expected = json.load(file)
        with gzip.open(os.path.join(FOLDER, "expected", "sla.csv.gz"), "rt", encoding="utf-8") as file:
            cls.sla = list(csv.DictReader(file))

    def run_log(self, name, *more):
        return self.good("-", *more, stdin=self.text, calendar=calendar(name), zone=ZONES[name])

    def differences(self, expected, given, path=""):
        if not isinstance(expected, dict):
            return [] if expected == given else ["%s: expected %.80r, got %.80r" % (path, expected, given)]
        found = []
        for key, value in expected.items():
            if path == "" and key == "definitions":
                continue
            found += self.differences(value, given[key], path + "/" + key) if key in given else [path + "/" + key + " is missing"]
        return found

    def test_every_metric_and_every_sla_value(self):
        for name in ZONES:
            with self.subTest(calendar=name):
                out = json.loads(self.run_log(name, "--json", "-", "--sla-csv", self.path("sla.csv")))
                expected = dict(self.expected, sla_clock={name: self.expected["sla_clock"][name]})
                self.assertEqual(self.differences(expected, out), [])
                rows = {row["number"]: row for row in csv.DictReader(io.StringIO(self.read("sla.csv").decode()))}
                self.assertEqual(len(rows), len(self.sla))
                columns = [column for column in self.sla[0] if column.startswith(name)]
                self.assertEqual(len(columns), 3, list(self.sla[0]))
                wrong = [row["number"] for row in self.sla
                         if [row[c] for c in columns] != [rows[row["number"]][c] for c in ("gross", "net", "due")]]
                self.assertEqual(wrong, [])

    def test_repeated_calendars_give_all_under_their_names(self):
        names = list(ZONES)
        more = [arg for name in names[1:] for arg in ("--calendar", calendar(name))]
        out = json.loads(self.run_log(names[0], *more, "--json", "-", "--sla-csv", self.path("sla.csv")))
        self.assertEqual(list(out["sla_clock"]), names)
        self.assertEqual(self.differences(self.expected["sla_clock"][names[0]], out["sla_clock"][names[0]]), [])
        with open(self.path("sla.csv"), encoding="utf-8") as file:
            self.assertEqual(next(csv.reader(file)), ["number"] + [n + ":" + c for n in names for c in ("gross", "net", "due")])

    def test_a_store_that_was_killed_on_the_way_ends_the_same(self):
        name = "mf_0800_1800_brussels"
        whole = self.run_log(name, "--json", "-")
        log = self.write("log.csv", self.text)
        seed = int(os.environ.get("ITSM_SEED", time.time()))
        print("seed", seed)
        chance, killed = random.Random(seed), 0
        for _ in range(6):
            with subprocess.Popen([ITSM, "replay", log, "--map", MAP, "--calendar", calendar(name), "--targets", TARGETS,
                                   "--zone", ZONES[name], "--store", self.path("store")],
                                  stdout=subprocess.DEVNULL) as process:
                time.sleep(chance.uniform(0.2, 1.2))
                process.send_signal(signal.SIGKILL)
            killed += process.returncode == -signal.SIGKILL
        self.assertGreater(killed, 0)
        self.assertEqual(self.run_log(name, "--json", "-", "--store", self.path("store")), whole)
        self.assertIn(b" (0 new) ", self.run_log(name, "--store", self.path("store")))

    def test_memory_stays_below_150_mib(self):
        name = "mf_0800_1800_brussels"
        for store in [], ["--store", self.path("store")]:
            with subprocess.Popen([ITSM, "replay", "-", "--map", MAP, "--calendar", calendar(name), "--targets", TARGETS,
                                   "--zone", ZONES[name], "--html", self.path("r.html"), *store], stdin=subprocess.PIPE,
                                  stdout=subprocess.DEVNULL) as process:
                process.stdin.write(self.text)
                process.stdin.close()
                _, status, usage = os.wait4(process.pid, 0)
                process.returncode = status
            self.assertEqual(status, 0)
            print("peak", usage.ru_maxrss, "KiB,", round(usage.ru_utime, 2), "s user")
            if b"asan" not in subprocess.run(["ldd", ITSM], stdout=subprocess.PIPE, check=False).stdout:
                self.assertLess(usage.ru_maxrss, 150 * 1024)


if __name__ == "__main__":
    if not os.path.exists(LOG):
        print("%s is not there: the real log was NOT replayed" % LOG)
        sys.exit(SKIPPED)
    main()
