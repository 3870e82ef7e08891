# SPDX-License-Identifier: MIT
"""itsm whatif: two incidents that change sides, worked out by hand; the figures of replay; bad input."""
import json
import os
import re
import subprocess
import unittest

from support import HOURS, ITSM, MAP, TARGETS, Case, itsm, main

WEEK = {day: [["08:00", "18:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}
BEFORE = {"name": "Weekdays", "tz": "Europe/Berlin", "weekly": WEEK}
AFTER = {"name": "Saturdays, too", "tz": "Europe/Berlin", "weekly": dict(WEEK, sat=[["09:00", "13:00"]]), "holidays": ["2026-01-14"]}
MAPPING = {"format": 1, "type": "incident", "time_format": "%Y-%m-%d %H:%M", "missing": "?", "case": "number", "at": "at", "opened": "opened",
           "resolved": {"column": "resolved", "final": True}, "state": "state", "states": {"New": "new", "Active": "in_progress", "Resolved": "resolved"},
           "fields": {"priority": {"column": "priority", "values": {"1": 1, "2": 2}}}}
# Under the goals 1: 4 h, 2: 8 h.  The first: Friday 4 h + Monday 2 h = 6 h; with the Saturday's 4 h it is 10 h.  The second: Tuesday 1 h +
# Wednesday 8 h = 9 h; without the Wednesday it is 1 h.  The third: 1 h.  The fourth: 10 h + 10 h + 2 h = 22 h.  The fifth is open.
CASES = [("INC1", "2", "2026-01-09 14:00", "2026-01-12 10:00"), ("INC2", "2", "2026-01-13 17:00", "2026-01-14 16:00"),
         ("INC3", "1", "2026-01-15 09:00", "2026-01-15 10:00"), ("INC4", "1", "2026-01-05 08:00", "2026-01-07 10:00"),
         ("INC5", "1", "2026-01-16 08:00", "?")]


def log():
    lines = ["number,state,at,opened,resolved,priority"]
    for number, priority, opened, resolved in CASES:
        lines.append(",".join([number, "New", opened, opened, resolved, priority]))
        if resolved != "?":
            lines.append(",".join([number, "Resolved", resolved, opened, resolved, priority]))
    return "\n".join(lines) + "\n"


class WhatIf(Case):
    def setUp(self):
        super().setUp()
        self.log, self.map = self.write("log.csv", log()), self.write("map.json", MAPPING)
        self.before, self.after = self.write("before.json", BEFORE), self.write("after.json", AFTER)
        self.targets = self.write("t.json", {"1": 240, "2": 480})
        self.common = ["--map", self.map, "--zone", "Europe/Berlin", "--targets", self.targets, "--calendar", self.before]

    def ask(self, *args, **kwargs):
        code, out, err = itsm("whatif", *args, **kwargs)
        self.assertEqual((code, err), (0, b""), err)
        return out.decode()

    def usage(self, pattern, *args):
        code, out, err = itsm("whatif", *args)
        self.assertEqual((code, out), (2, b""), err)
        self.assertRegex(err.decode().split("\n")[0], pattern)


class ByHand(WhatIf):
    def test_two_incidents_change_sides_with_the_calendar(self):
        found = json.loads(self.ask(self.log, *self.common, "--calendar", self.after, "--json"))
        half = {"met": 1, "of": 2}
        for side, name in ("before", "Weekdays"), ("after", "Saturdays, too"):
            self.assertEqual(found[side], {"calendar": name, "targets": self.targets, "attainment": {"1": half, "2": half, "all": {"met": 2, "of": 4}}})
        self.assertEqual((found["records"], found["met_to_breached"], found["breached_to_met"]), (5, 1, 1))
        self.assertEqual(found["changes"], [
            {"number": "INC1", "priority": 2, "change": "met to breached", "used_before": 6 * 3600, "goal_before": 8 * 3600,
             "used_after": 10 * 3600, "goal_after": 8 * 3600},
            {"number": "INC2", "priority": 2, "change": "breached to met", "used_before": 9 * 3600, "goal_before": 8 * 3600,
             "used_after": 3600, "goal_after": 8 * 3600}])

    def test_the_same_as_a_table(self):
        lines = [re.split(r" {2,}", line.strip()) for line in self.ask(self.log, *self.common, "--calendar", self.after).splitlines() if line]
        self.assertEqual(lines, [
            ["resolved within target, 5 records"], ["before", "Weekdays", self.targets], ["after", "Saturdays, too", self.targets],
            ["priority", "before", "after", "change"], ["1", "50.0 %", "1 of 2", "50.0 %", "1 of 2", "0.0"],
            ["2", "50.0 %", "1 of 2", "50.0 %", "1 of 2", "0.0"], ["all", "50.0 %", "2 of 4", "50.0 %", "2 of 4", "0.0"],
            ["from met to breached: 1"], ["number", "priority", "before", "after"], ["INC1", "2", "6:00", "of 8:00", "10:00", "of 8:00"],
            ["from breached to met: 1"], ["number", "priority", "before", "after"], ["INC2", "2", "9:00", "of 8:00", "1:00", "of 8:00"]])

    def test_other_targets_are_compared_alike(self):
        longer = self.write("longer.json", {"1": 24 * 60, "2": 60})
        found = json.loads(self.ask(self.log, *self.common, "--targets", longer, "--json"))
        self.assertEqual([(c["number"], c["change"], c["goal_after"]) for c in found["changes"]],
                         [("INC1", "met to breached", 3600), ("INC4", "breached to met", 24 * 3600)])
        self.assertEqual(found["after"]["attainment"]["1"], {"met": 2, "of": 2})

    def test_nothing_changes_against_itself(self):
        out = self.ask(self.log, *self.common, "--calendar", self.before)
        self.assertIn("from met to breached: 0\n", out)
        self.assertIn("from breached to met: 0\n", out)

    def test_a_log_may_come_through_a_pipe(self):
        more = [*self.common, "--calendar", self.after]
        self.assertEqual(self.ask("-", *more, stdin=log().encode()), self.ask(self.log, *more))


class Simulated(WhatIf):
    def setUp(self):
        super().setUp()
        self.big = self.write("big.csv", self.simulate(600))
        self.common = ["--map", MAP, "--zone", "Europe/Berlin", "--targets", TARGETS, "--calendar", HOURS]
        self.more = [*self.common, "--calendar", self.after]

    def attainment(self, calendar):
        """The lines of itsm replay: label -> (share, met of all)."""
        code, out, err = itsm("replay", self.big, "--map", MAP, "--zone", "Europe/Berlin", "--targets", TARGETS, "--calendar", calendar)
        self.assertEqual(code, 0, err)
        return re.findall(r"^  (?:priority )?(\d|all) +([\d.]+ %)  (\d+ of \d+)$", out.decode(), re.M)

    def test_each_side_is_what_replay_measures(self):
        rows = re.findall(r"^ +(\d|all) +([\d.]+ %) +(\d+ of \d+) +([\d.]+ %) +(\d+ of \d+) ", self.ask(self.big, *self.more), re.M)
        self.assertEqual([row[:3] for row in rows], self.attainment(HOURS))
        self.assertEqual([(row[0], *row[3:5]) for row in rows], self.attainment(self.after))
        self.assertGreaterEqual(len(rows), 4)

    def test_what_changes_is_the_difference_and_is_named_in_full_if_asked(self):
        found, text = json.loads(self.ask(self.big, *self.more, "--json")), self.ask(self.big, *self.more)
        met = [found[side]["attainment"]["all"]["met"] for side in ("before", "after")]
        self.assertEqual(met[1] - met[0], found["breached_to_met"] - found["met_to_breached"])
        self.assertEqual(len(found["changes"]), found["breached_to_met"] + found["met_to_breached"])
        self.assertGreater(found["met_to_breached"], 10)
        self.assertIn("and %d more (--all)\n" % (found["met_to_breached"] - 10), text)
        every = self.ask(self.big, *self.more, "--all")
        self.assertNotIn("(--all)", every)
        self.assertEqual(len(re.findall("^SIM", every, re.M)), len(found["changes"]))
        for line in every.split("\n"):
            self.assertLessEqual(len(line), 100)

    def test_each_change_is_one_that_explain_shows(self):
        for change in json.loads(self.ask(self.big, *self.more, "--json"))["changes"][:3]:
            for side, calendar in ("before", HOURS), ("after", self.after):
                code, out, err = itsm("explain", change["number"], "--log", self.big, "--map", MAP, "--zone", "Europe/Berlin", "--targets", TARGETS,
                                      "--calendar", calendar, "--json")
                self.assertEqual(code, 0, err)
                self.assertEqual(json.loads(out)["used"], change["used_" + side])

    def test_a_closed_output_is_fine(self):
        with subprocess.Popen([ITSM, "whatif", self.big, *self.more, "--all"], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            process.stdout.close()
            self.assertEqual((process.stderr.read(), process.wait()), (b"", 0))
        if os.path.exists("/dev/full"):
            with open("/dev/full", "wb") as full:
                done = subprocess.run([ITSM, "whatif", self.big, *self.more], stdout=full, stderr=subprocess.PIPE, check=False)
            self.refused((done.returncode, b"", done.stderr), "standard output: ")


class Bad(WhatIf):
    def test_options(self):
        self.usage("there is nothing to compare with", self.log, *self.common)
        self.usage("two cases are compared, not more", self.log, *self.common, "--calendar", self.after, "--calendar", self.after)
        self.usage("only one input can be standard input", "-", *self.common, "--calendar", "-")
        self.usage("--kind: update is neither", self.log, *self.common, "--calendar", self.after, "--kind", "update")
        self.usage("LOG is missing", *self.common, "--calendar", self.after)
        self.usage("--map MAP.json is missing", self.log)

    def test_files(self):
        more = [*self.common, "--calendar"]
        never = self.write("never.json", {"name": "never", "tz": "UTC", "weekly": {}})
        self.refused(itsm("whatif", self.log, *more, never), r"never\.json: this calendar never opens \[weekly\]")
        self.refused(itsm("whatif", self.log, *more, self.path("none.json")), r"cannot open .*none\.json")
        self.refused(itsm("whatif", self.log, *more, self.write("c.json", '{"tz": "UTC", "weakly": {}}')), r'c\.json:1:\d+: .*did you mean "weekly"')
        self.refused(itsm("whatif", self.path("none.csv"), *more, self.after), r"cannot open .*none\.csv")
        self.refused(itsm("whatif", self.write("e.csv", ""), *more, self.after), r"e\.csv:1:1: there is no header row")
        self.refused(itsm("whatif", self.write("b.csv", log() + "INC6,New,2026-02-30 10:00,?,?,1\n"), *more, self.after),
                     r'b\.csv:11:\d+: "2026-02-30 10:00" is no date or time that exists')
        self.refused(itsm("whatif", self.write("z.csv", b"\x1f\x8b\x08\x00"), *more, self.after), r"compressed: gzip -dc .*z\.csv \| itsm whatif -")
        only_header = self.write("h.csv", "number,state,at,opened,resolved,priority\n")
        self.assertIn("0 records", self.ask(only_header, *more, self.after))

    def test_a_kind_that_is_not_measured_has_no_figures(self):
        out = self.ask(self.log, *self.common, "--calendar", self.after, "--kind", "response")
        self.assertRegex(out, r"all +- +0 of 0 +- +0 of 0 +-\n")


if __name__ == "__main__":
    main()
