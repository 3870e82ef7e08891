# SPDX-License-Identifier: MIT
"""itsm due and itsm explain: due dates by hand, explanations that sum to them, records of logs and stores, bad input."""
import datetime
import json
import os
import random
import re
import subprocess
import unittest

from support import HOURS, ITSM, MAP, TARGETS, Case, itsm, main, replay

FRIDAY = "2026-03-27T14:00+01:00"
HELD = "2026-03-27T15:00+01:00..2026-03-27T16:00+01:00"
SILVER = {"response": {"1": 15, "2": 60}, "resolution": {"1": "PT4H", "2": "PT8H"}, "pause": {"resolution": "holds", "response": "ignored"}}
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def seconds(text):
    """The length of time in a column of a table: 4:30, -1:00:05, - for none."""
    if text == "-":
        return 0
    parts = [int(part) for part in text.lstrip("-").split(":")] + [0]
    return (-1 if text.startswith("-") else 1) * (parts[0] * 3600 + parts[1] * 60 + parts[2])


class Clock(Case):
    def ask(self, *args, exit_code=0, **kwargs):
        code, out, err = itsm(*args, **kwargs)
        self.assertEqual((code, err), (exit_code, b""), err)
        return out.decode()

    def due(self, *args, calendar=HOURS, **kwargs):
        return self.ask("due", "--calendar", calendar, *args, **kwargs)

    def json(self, command, *args, calendar=HOURS, **kwargs):
        return json.loads(self.ask(command, "--calendar", calendar, "--json", *args, **kwargs))

    def usage(self, pattern, *args):
        code, out, err = itsm(*args)
        self.assertEqual((code, out), (2, b""), err)
        self.assertRegex(err.decode().split("\n")[0], pattern)

    def random_calendar(self, chance):
        def times(n):
            marks = sorted(chance.sample(range(0, 24 * 60, 5), 2 * n))
            return [["%02d:%02d" % divmod(a, 60), "%02d:%02d" % divmod(b, 60)] for a, b in zip(marks[::2], marks[1::2])]
        def dates(n):
            return [(datetime.date(2026, 3, 1) + datetime.timedelta(chance.randrange(60))).isoformat() for _ in range(n)]
        calendar = {"tz": chance.choice(["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata"]),
                    "weekly": {day: times(chance.randint(1, 3)) for day in chance.sample(DAYS, chance.randint(2, 7))}}
        if chance.random() < 0.3:
            calendar["weekly"]["fri"] = [["22:00", "06:00"]]
        calendar["holidays"] = [{"date": date, "name": "Holiday %d" % i} for i, date in enumerate(sorted(set(dates(4))))]
        calendar["overrides"] = {date: times(chance.randint(0, 2)) for date in dates(3)}
        calendar["breaks"] = {date: times(1) for date in dates(3)}
        return self.write("c.json", calendar)


class Due(Clock):
    def test_by_hand(self):
        for args, expected in (
                (["--goal", "4h"], "2026-03-27T18:00:00+01:00"),
                (["--goal", "4h1s"], "2026-03-30T08:00:01+02:00"),
                (["--goal", "4h", "--pause", HELD], "2026-03-30T09:00:00+02:00"),
                (["--goal", "4h", "--pause", HELD, "--pause", "2026-03-27T15:30+01:00..2026-03-27T16:30+01:00"], "2026-03-30T09:30:00+02:00"),
                (["--goal", "4h", "--pause", "2026-03-28T00:00+01:00..2026-03-30T00:00+02:00"], "2026-03-27T18:00:00+01:00"),
                (["--goal", "5h", "--pause", "2026-03-27T10:00+01:00..2026-03-27T15:00+01:00"], "2026-03-30T10:00:00+02:00"),
                (["--goal", "4h", "--utc"], "2026-03-27T17:00:00Z"),
                (["--targets", TARGETS, "--priority", "2"], "2026-03-30T12:00:00+02:00")):
            self.assertEqual(self.due("--start", FRIDAY, *args), expected + "\n", args)
        self.assertEqual(self.due("--start", "2026-03-27T14:00", "--zone", "Europe/Berlin", "--goal", "4h"), "2026-03-27T18:00:00+01:00\n")

    def test_now_and_stop_say_how_it_stands(self):
        rows = dict(line.split(None, 1) for line in self.due("--start", FRIDAY, "--goal", "8h", "--pause", HELD, "--now",
                                                             "2026-03-30T12:00+02:00").splitlines())
        self.assertEqual(rows, {"start": "2026-03-27T14:00:00+01:00", "due": "2026-03-30T13:00:00+02:00", "state": "running",
                                "goal": "8h", "used": "7h", "left": "1h", "paused": "1h"})
        late = self.json("due", "--start", FRIDAY, "--goal", "4h", "--stop", "2026-03-30T09:30+02:00")
        self.assertEqual((late["state"], late["breached"], late["breached_at"], late["used"], late["left"]),
                         ("met_late", True, "2026-03-27T18:00:00+01:00", 5.5 * 3600, -1.5 * 3600))
        met = self.json("due", "--start", FRIDAY, "--goal", "4h", "--stop", "2026-03-28T09:30+01:00")
        self.assertEqual((met["state"], met["breached"], met["left"]), ("met", False, 0))

    def test_targets_by_kind_priority_and_policy(self):
        silver = self.write("t.json", SILVER)
        common = ["--targets", silver, "--start", FRIDAY, "--pause", "2026-03-27T14:05+01:00..2026-03-27T15:05+01:00"]
        self.assertEqual(self.due(*common, "--priority", "1"), "2026-03-30T09:00:00+02:00\n")
        self.assertEqual(self.due(*common, "--priority", "1", "--kind", "response"), "2026-03-27T14:15:00+01:00\n")
        self.refused(itsm("due", "--calendar", HOURS, *common, "--priority", "3"), r"t\.json: nothing is promised for priority 3 \[resolution\]")
        self.refused(itsm("due", "--calendar", HOURS, *common, "--priority", "1", "--kind", "update"), r"priority 1 \[update\]")
        self.refused(itsm("due", "--calendar", HOURS, *common), r"for a case without a priority \[resolution\]")

    def test_targets_by_rules_on_any_field_with_calendars_of_their_own(self):
        rules = self.write("t.json", {
            "calendars": {"always": {"tz": "UTC", "weekly": {day: [["00:00", "24:00"]] for day in DAYS}}},
            "rules": [{"kind": "resolution", "goal": "PT2H", "when": {"service": ["mail", "web"], "priority": 1}, "calendar": "always"},
                      {"kind": "resolution", "goal": None, "when": {"vip": False}},
                      {"kind": "resolution", "goal": "PT6H"}]})
        common = ["--targets", rules, "--start", "2026-03-28T12:00+01:00", "--utc"]
        self.assertEqual(self.ask("due", *common, "--field", "service=web", "--priority", "1"), "2026-03-28T13:00:00Z\n")
        self.assertEqual(self.due(*common, "--field", "service=print", "--priority", "1"), "2026-03-30T12:00:00Z\n")
        self.assertEqual(self.due(*common, "--field", "vip=true"), "2026-03-30T12:00:00Z\n")
        self.refused(itsm("due", "--calendar", HOURS, *common, "--field", "vip=false"), "nothing is promised for these fields")
        self.usage("--calendar CAL.json is missing: the target names none", "due", *common, "--field", "vip=true")
        self.usage("--field: no target of .* reads servce; did you mean service", "due", "--calendar", HOURS, *common, "--field", "servce=web")
        self.usage("--field: service is not NAME=VALUE", "due", "--calendar", HOURS, *common, "--field", "service")

    def test_a_clock_that_is_paused_has_no_due_instant(self):
        code, out, err = itsm("due", "--calendar", HOURS, "--goal", "4h", "--start", FRIDAY, "--pause", "2026-03-27T15:00+01:00..")
        self.assertEqual((code, out), (1, b""))
        self.assertIn(b"paused", err)
        reading = self.json("due", "--goal", "4h", "--start", FRIDAY, "--pause", "2026-03-27T15:00+01:00..", "--now", "2026-03-27T17:00+01:00")
        self.assertEqual((reading["due"], reading["state"], reading["used"], reading["left"], reading["paused"]), (None, "paused", 3600, 10800, 7200))

    def test_bad_options(self):
        common = ["due", "--calendar", HOURS, "--start", FRIDAY]
        for pattern, args in (
                ("--calendar CAL.json is missing", ["due", "--goal", "4h", "--start", FRIDAY]),
                ("--start INSTANT is missing", ["due", "--calendar", HOURS, "--goal", "4h"]),
                ("--goal SPAN or --targets T.json is missing", common),
                ("--goal and --targets exclude each other", common + ["--goal", "4h", "--targets", TARGETS]),
                ("need --targets", common + ["--goal", "4h", "--priority", "1"]),
                ("--goal: 0h is not more than 0", common + ["--goal", "0h"]),
                ("--goal: -4h is not more than 0", common + ["--goal", "-4h"]),
                ("--goal: 4: a length of time has a unit", common + ["--goal", "4"]),
                ("--priority: high is no whole number", common + ["--targets", TARGETS, "--priority", "high"]),
                ("--kind: there is no respones; did you mean response", common + ["--targets", TARGETS, "--kind", "respones"]),
                ("--pause: x is not A..B", common + ["--goal", "4h", "--pause", "x"]),
                ("--pause: .* is not A..B", common + ["--goal", "4h", "--pause", "..2026-03-27T15:00Z"]),
                ("--pause: .* ends before it begins", common + ["--goal", "4h", "--pause", "2026-03-27T16:00Z..2026-03-27T15:00Z"]),
                ("--pause: 2026-03-27T16:00 names no offset", common + ["--goal", "4h", "--pause", "2026-03-27T16:00..2026-03-27T15:00Z"]),
                ("--stop: .* is before the start", common + ["--goal", "4h", "--stop", "2026-03-26T16:00Z"]),
                ("--now: .* is before the last of what happened", common + ["--goal", "4h", "--now", "2026-03-26T16:00Z"]),
                ("only one input can be standard input", ["due", "--calendar", "-", "--targets", "-", "--start", FRIDAY]),
                ("there is more than one operand|x is one too many|operand", common + ["--goal", "4h", "x"])):
            self.usage(pattern, *args)

    def test_no_open_time_and_answers_that_cannot_be_represented(self):
        once = self.write("c.json", {"tz": "UTC", "weekly": {}, "overrides": {"2026-03-30": [["09:00", "10:00"]]}})
        self.refused(itsm("due", "--calendar", once, "--goal", "61m", "--start", FRIDAY), r"c\.json: .*not that much open time after .* \[no open time\]")
        self.assertEqual(self.json("due", "--goal", "61m", "--start", FRIDAY, calendar=once)["due"], None)
        self.assertEqual(self.due("--goal", "60m", "--start", FRIDAY, "--utc", calendar=once), "2026-03-30T10:00:00Z\n")
        code, out, err = itsm("due", "--calendar", HOURS, "--goal", "2562047788h", "--start", FRIDAY)
        self.assertEqual((code, out), (3, b""), err)

    def test_files(self):
        for bad, pattern in ((self.path("none.json"), "cannot open"), (self.write("e.json", ""), r"e\.json:1:1: "),
                             (self.write("x.json", '{"1": 240, "priorty": 2}'), r"x\.json:1:\d+: .*priorty")):
            self.refused(itsm("due", "--calendar", HOURS, "--targets", bad, "--priority", "1", "--start", FRIDAY), pattern)
        self.refused(itsm("due", "--calendar", self.path("none.json"), "--goal", "4h", "--start", FRIDAY), "cannot open")
        self.refused(itsm("due", "--calendar", HOURS, "--goal", "4h", "--start", FRIDAY, "--zone", "Europe/Berlni"), "did you mean Europe/Berlin")


class Explain(Clock):
    def table(self, *args, **kwargs):
        """The rows below the titles, as lists of cells."""
        out = self.ask("explain", *args, **kwargs)
        lines = out[out.index("date "):].splitlines()
        for line in lines:
            self.assertEqual(line, line.rstrip())
        return [re.split(r" {2,}", line) for line in lines]

    def test_by_hand(self):
        self.assertEqual(self.table("--calendar", HOURS, "--goal", "20h", "--start", FRIDAY, "--pause", HELD), [
            ["date", "open", "counted", "paused", "left", "why"],
            ["Fri 2026-03-27", "14:00-15:00", "1:00", "-", "19:00", "weekly hours"],
            ["Fri 2026-03-27", "15:00-16:00", "-", "1:00", "19:00", "paused"],
            ["Fri 2026-03-27", "16:00-18:00", "2:00", "-", "17:00", "weekly hours"],
            ["Sat 2026-03-28", "-", "-", "-", "17:00", "closed weekday"],
            ["Sun 2026-03-29", "-", "-", "-", "17:00", "closed weekday"],
            ["Mon 2026-03-30", "08:00-18:00", "10:00", "-", "7:00", "weekly hours"],
            ["Tue 2026-03-31", "08:00-15:00", "7:00", "-", "0:00", "weekly hours"],
            ["sum", "20:00", "1:00", "0:00"]])

    def test_a_change_of_the_clocks_and_the_names_of_holidays_are_told(self):
        path = self.write("c.json", {"tz": "Europe/Berlin", "weekly": {"sat": [["22:00", "06:00"]], "sun": [["00:00", "24:00"]]},
                                     "holidays": [{"date": "2026-04-05", "name": "Easter \u001b[1m Sunday"}]})
        out = self.ask("explain", "--calendar", path, "2026-03-28T12:00+01:00", "2026-04-06T00:00+02:00")
        self.assertRegex(out, r"Sun 2026-03-29  00:00-\d\d:00 .* clocks go forward 1h")
        self.assertRegex(out, r"Sun 2026-04-05  - +-  holiday: Easter \?\[1m Sunday\n")
        self.assertRegex(out.splitlines()[-1], r"^sum +27:00$")

    def test_sums_equal_due_and_between_on_random_cases(self):
        seed, cases = int(os.environ.get("ITSM_SEED", 20260327)), int(os.environ.get("ITSM_CASES", 100))
        print("seed", seed)
        chance, began = random.Random(seed), datetime.datetime(2026, 3, 10, tzinfo=datetime.timezone.utc)
        def instant(days):
            return (began + datetime.timedelta(seconds=chance.randrange(int(days * 86400)))).isoformat()
        paused = counted = 0
        for number in range(cases):
            path, args = self.random_calendar(chance), ["--goal", "%dm" % chance.randint(1, 3000), "--start", instant(3)]
            for _ in range(chance.randint(0, 3)):
                args += ["--pause", "..".join(sorted([instant(12), instant(12)]))]
            if chance.random() < 0.5:
                args += ["--stop" if chance.random() < 0.5 else "--now", (began + datetime.timedelta(days=chance.randint(13, 30))).isoformat()]
            with self.subTest(seed=seed, case=number, calendar=self.read("c.json"), args=args):
                explained = self.json("explain", *args, calendar=path)
                end = explained["stopped_at"] or (args[args.index("--now") + 1] if "--now" in args else explained["due"])
                reading = self.json("due", *args, *([] if "--now" in args or "--stop" in args else ["--now", max(
                    [end] + [p.split("..")[1] for p in args if ".." in p], key=datetime.datetime.fromisoformat)]), calendar=path)
                rows, total = explained["rows"], explained["sum"]
                for key in "counted", "paused", "stopped":
                    self.assertEqual(sum(row[key] for row in rows), total[key])
                self.assertEqual((total["counted"], total["paused"]), (explained["used"], explained["paused"]))
                self.assertEqual(explained["left"], explained["goal"] - explained["used"])
                self.assertEqual(rows[-1]["left"], explained["left"])
                if "--now" in args or "--stop" in args:
                    self.assertEqual(reading, {key: explained[key] for key in reading})
                else:
                    self.assertEqual(explained["due"], self.due(*args, calendar=path).strip())
                for row, behind in zip(rows, rows[1:]):
                    self.assertEqual(row["to"], behind["from"])
                table = self.table("--calendar", path, *args)
                self.assertEqual([seconds(cell) for cell in table[-1][1:]], [total["counted"], total["paused"], total["left"]])
                self.assertEqual(sum(seconds(row[2]) for row in table[1:-1]), total["counted"])
                self.assertEqual(sum(seconds(row[3]) for row in table[1:-1]), total["paused"])
                ends = [rows[0]["from"], rows[-1]["to"]]
                stretch = json.loads(self.ask("explain", "--calendar", path, *ends, "--json"))
                between = int(self.ask("calendar", "between", path, *ends, "--seconds"))
                self.assertEqual(sum(row["counted"] for row in stretch["rows"]), between)
                self.assertEqual(stretch["sum"]["counted"], between)
                self.assertEqual(between, total["counted"] + total["paused"])
                paused, counted = paused + (total["paused"] > 0), counted + (total["counted"] > 0)
        self.assertGreater(min(paused, counted), cases // 10)

    def test_measured_back_it_is_negative(self):
        forth = json.loads(self.ask("explain", "--calendar", HOURS, FRIDAY, "2026-03-31T00:00Z", "--json"))
        back = json.loads(self.ask("explain", "--calendar", HOURS, "2026-03-31T00:00Z", FRIDAY, "--json"))
        self.assertEqual(back["sum"]["counted"], -forth["sum"]["counted"])
        self.assertGreater(forth["sum"]["counted"], 0)

    def test_closed_hours_are_told_if_asked(self):
        few = self.table("--calendar", HOURS, FRIDAY, "2026-03-31T12:00+02:00")
        every = self.table("--calendar", HOURS, FRIDAY, "2026-03-31T12:00+02:00", "--all")
        self.assertGreater(len(every), len(few))
        self.assertIn(["Mon 2026-03-30", "-", "-", "outside hours 18:00-24:00"], every)
        self.assertEqual(every[-1], few[-1])

    def test_bad_options(self):
        for pattern, args in (
                ("--goal does not go with A and B", ["--goal", "4h", FRIDAY, FRIDAY]),
                ("A: 2026-03-27T14:00 names no offset", ["2026-03-27T14:00", FRIDAY]),
                ("--store needs the number of a record", ["--goal", "4h", "--start", FRIDAY, "--store", "x"]),
                ("a record needs --log LOG.csv or --store DIR", ["INC1"]),
                ("--log and --store exclude each other", ["INC1", "--log", "x", "--store", "y"]),
                ("--targets T.json is missing", ["INC1", "--store", "y"]),
                ("--map MAP.json is missing", ["INC1", "--log", "y", "--targets", TARGETS]),
                ("--pause does not go with a record", ["INC1", "--store", "y", "--targets", TARGETS, "--pause", HELD]),
                ("--kind: of a record, response or resolution", ["INC1", "--store", "y", "--targets", TARGETS, "--kind", "update"]),
                ("c is one too many", ["a", "b", "c"])):
            self.usage(pattern, "explain", "--calendar", HOURS, *args)

    def test_a_range_of_twenty_thousand_years_stops_when_nobody_reads(self):
        ends = ["--", "-009998-01-01T00:00Z", "9998-01-01T00:00Z"]
        for more in [], ["--json"]:
            with subprocess.Popen([ITSM, "explain", "--calendar", HOURS, *more, *ends], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
                process.stdout.read(1000)
                process.stdout.close()
                self.assertEqual((process.stderr.read(), process.wait(timeout=60)), (b"", 0))


class Records(Clock):
    def setUp(self):
        super().setUp()
        self.log = self.write("log.csv", self.simulate(120))
        self.common = ["--calendar", HOURS, "--targets", TARGETS]
        self.from_log = [*self.common, "--log", self.log, "--map", MAP, "--zone", "Europe/Berlin"]

    def test_a_record_is_explained_from_its_log_and_from_a_store_alike(self):
        store = self.path("store")
        self.good(self.log, "--store", store, "--sla-csv", self.path("sla.csv"))
        before = {name: os.stat(os.path.join(store, name)).st_mtime_ns for name in os.listdir(store)}
        net = {row[0]: row[2] for row in (line.split(",") for line in self.read("sla.csv").decode().splitlines()[1:])}
        explained = 0
        for number in list(net)[:40:4]:
            text = self.ask("explain", number, *self.from_log)
            self.assertEqual(self.ask("explain", number, *self.common, "--store", store), text)
            found = json.loads(self.ask("explain", number, *self.from_log, "--json"))
            self.assertEqual((found["number"], found["used"] // 60), (number, int(net[number])))
            self.assertEqual(sum(row["counted"] for row in found["rows"]), found["used"])
            explained += 1
        self.assertEqual(explained, 10)
        self.assertEqual({name: os.stat(os.path.join(store, name)).st_mtime_ns for name in os.listdir(store)}, before)

    def test_what_cannot_be_explained(self):
        self.refused(itsm("explain", "NONE", *self.from_log), r"log\.csv: there is no record NONE")
        self.refused(itsm("explain", "SIM000000001", *self.from_log, "--kind", "response"), "SIM000000001 has no response clock")
        self.refused(itsm("explain", "SIM000000001", *self.from_log, "--now", "2020-01-01T00:00Z"), "--now: .* is before the last")
        self.refused(itsm("explain", "X", *self.common, "--store", self.path("none")), "there is no store at")
        self.assertFalse(os.path.exists(self.path("none")))
        broken = self.write("broken.csv", self.read("log.csv")[:-40])
        self.refused(itsm("explain", "X", *self.common, "--log", broken, "--map", MAP, "--zone", "UTC"), r"broken\.csv:\d+:\d+: ")
        zipped = self.write("log.csv.gz", subprocess.run(["gzip", "-c"], input=self.read("log.csv"), stdout=subprocess.PIPE, check=True).stdout)
        self.refused(itsm("explain", "X", *self.common, "--log", zipped, "--map", MAP, "--zone", "UTC"), "compressed: gzip -dc")


if __name__ == "__main__":
    main()
