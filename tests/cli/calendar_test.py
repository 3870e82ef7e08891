# SPDX-License-Identifier: MIT
"""itsm calendar: answers against the golden vectors and a naive model, what show says, feeds in and out, bad input."""
import datetime
import json
import os
import re
import subprocess
import unittest
import zoneinfo

from support import HOURS, ITSM, SHARED, Case, itsm, main

VECTORS = os.path.join(SHARED, "vectors", "sla.jsonl")
FRIDAY = "2026-03-27T14:00+01:00"
OPERATIONS = {"next_open": "next-open", "next_close": "next-close", "prev_open": "prev-open", "prev_close": "prev-close"}
WEEK = {day: [["08:00", "18:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}
FEED = """BEGIN:VCALENDAR\r
VERSION:2.0\r
PRODID:-//a help desk//EN\r
BEGIN:VEVENT\r
UID:1\r
DTSTART;VALUE=DATE:20260101\r
RRULE:FREQ=YEARLY;COUNT=3\r
SUMMARY:New Year's Day\r
END:VEVENT\r
BEGIN:VEVENT\r
UID:2\r
DTSTART;TZID=Europe/Berlin:20260114T120000\r
DTEND;TZID=Europe/Berlin:20260114T140000\r
SUMMARY:Maintenance\r
END:VEVENT\r
BEGIN:VEVENT\r
UID:3\r
STATUS:CANCELLED\r
DTSTART;VALUE=DATE:20260201\r
SUMMARY:Not held\r
END:VEVENT\r
END:VCALENDAR\r
"""


class Calendar(Case):
    def ask(self, *args, exit_code=0, notes=False, **kwargs):
        code, out, err = itsm("calendar", *args, **kwargs)
        self.assertEqual((code, b"" if notes else err), (exit_code, b""), err)
        return out.decode()

    def line(self, *args, **kwargs):
        out = self.ask(*args, **kwargs)
        self.assertRegex(out, r"\A[^\n]+\n\Z")
        return out[:-1]

    def usage(self, pattern, *args):
        code, out, err = itsm("calendar", *args)
        self.assertEqual((code, out), (2, b""), err)
        self.assertRegex(err.decode().split("\n")[0], pattern)
        self.assertLessEqual(err.count(b"\n"), 2)


class Answers(Calendar):
    @unittest.skipUnless(os.path.exists(VECTORS), "%s is not there" % VECTORS)
    def test_the_golden_vectors_hold_through_the_program(self):
        ran = 0
        with open(VECTORS, encoding="utf-8") as file:
            cases = [json.loads(line) for line in file if line.strip()]
        for case in cases:
            with self.subTest(case["id"]):
                path, start, op = self.write("c.json", case["calendar"]), case["start"], case["op"]
                if op == "add":
                    given = self.line("add", path, start, "%ds" % case["arg"], "--utc", "--boundary", case.get("boundary", "close"))
                elif op == "between":
                    given = int(self.line("between", path, start, case["arg"], "--seconds"))
                elif op == "is_open":
                    given = {"open": True, "closed": False}[self.line("is-open", path, start, exit_code=not case["expect"])]
                elif op == "clock":
                    pauses = [arg for a, b in case["pauses"] for arg in ("--pause", a + ".." + b)]
                    code, out, _ = itsm("due", "--calendar", path, "--goal", "%ds" % case["arg"], "--start", start, "--utc",
                                        "--json", *pauses)
                    self.assertEqual(code, 0)
                    given = {key: json.loads(out)[key] for key in ("due", "paused")}
                else:
                    given = self.line(OPERATIONS[op], path, start, "--utc")
                self.assertEqual(given, case["expect"])
                ran += 1
        print(ran, "vectors")
        self.assertGreaterEqual(ran, 40)

    def test_answers_come_in_the_calendars_zone_and_add_undoes_itself(self):
        self.assertEqual(self.line("add", HOURS, FRIDAY, "4h"), "2026-03-27T18:00:00+01:00")
        self.assertEqual(self.line("add", HOURS, FRIDAY, "4h", "--boundary", "open"), "2026-03-30T08:00:00+02:00")
        self.assertEqual(self.line("add", HOURS, FRIDAY, "5h", "--utc"), "2026-03-30T07:00:00Z")
        self.assertEqual(self.line("between", HOURS, FRIDAY, "2026-03-30T07:00:00Z"), "5h")
        self.assertEqual(self.line("between", HOURS, "2026-03-30T07:00:00Z", FRIDAY), "-5h")
        self.assertEqual(self.line("between", HOURS, FRIDAY, "2026-03-27T14:00:00.25+01:00", "--seconds"), "0.250000")

    def test_every_way_to_write_a_span_says_the_same(self):
        for text in "90m", "1h30m", "PT1H30M", "PT90M", "5400s", "1H30M":
            self.assertEqual(self.line("add", HOURS, FRIDAY, text), "2026-03-27T15:30:00+01:00", text)
        for text in "-90m", "-PT1H30M", "-5400s":
            self.assertEqual(self.line("add", HOURS, FRIDAY, text), "2026-03-27T12:30:00+01:00", text)
            self.assertEqual(self.line("add", HOURS, FRIDAY, "--utc", "--", text), "2026-03-27T11:30:00Z", text)

    def test_the_spans_it_prints_are_read_back(self):
        for span in "4h", "1h30m", "45s", "10h0m1s", "0.25s", "1000h":
            other = self.line("add", HOURS, FRIDAY, span)
            self.assertEqual(self.line("add", HOURS, FRIDAY, self.line("between", HOURS, FRIDAY, other)), other)

    def test_a_time_without_an_offset_is_one_of_the_zone_that_is_named(self):
        self.assertEqual(self.line("next-open", HOURS, "2026-03-28T12:00", "--zone", "Asia/Tokyo"), "2026-03-30T08:00:00+02:00")
        self.assertEqual(self.line("add", HOURS, "2026-03-27 22:00", "1h", "--zone", "Asia/Tokyo"), "2026-03-27T15:00:00+01:00")

    def test_the_four_edges(self):
        noon, monday = "2026-03-28T12:00+01:00", "2026-03-30T08:00:00+02:00"
        self.assertEqual(self.line("next-open", HOURS, noon), monday)
        self.assertEqual(self.line("next-close", HOURS, noon), "2026-03-30T18:00:00+02:00")
        self.assertEqual(self.line("prev-open", HOURS, noon), "2026-03-27T08:00:00+01:00")
        self.assertEqual(self.line("prev-close", HOURS, noon), "2026-03-27T18:00:00+01:00")
        self.assertEqual(self.line("next-open", HOURS, monday), monday)
        self.assertEqual(self.line("is-open", HOURS, monday), "open")
        self.assertEqual(self.line("is-open", HOURS, noon, exit_code=1), "closed")
        self.assertIn(self.line("is-open", self.write("always.json", {"tz": "UTC", "weekly": {d: [["00:00", "24:00"]] for d in (
            "mon", "tue", "wed", "thu", "fri", "sat", "sun")}}), "now"), "open")

    def test_a_calendar_comes_through_a_pipe_too(self):
        with open(HOURS, "rb") as file:
            self.assertEqual(self.line("add", "-", FRIDAY, "4h", stdin=file.read()), "2026-03-27T18:00:00+01:00")


class Show(Calendar):
    def show(self, path, *args):
        return json.loads(self.ask("show", path, "--json", *args))

    def test_open_time_by_month_is_what_between_measures(self):
        for zone in "Europe/Berlin", "America/Sao_Paulo", "Pacific/Apia", "Australia/Lord_Howe":
            path = self.write("c.json", {"tz": zone, "weekly": {"mon": [["22:00", "06:00"]], "sat": [["00:00", "24:00"]],
                                                                "sun": [["00:00", "24:00"]], "fri": [["09:00", "12:00"], ["13:00", "17:30:30"]]}})
            shown = self.show(path, "--from", "2011-01-01", "--until", "2013-01-01")
            self.assertEqual([m["month"] for m in shown["months"]], ["%d-%02d" % (y, m) for y in (2011, 2012) for m in range(1, 13)])
            for month in shown["months"]:
                year, number = map(int, month["month"].split("-"))
                ends = [datetime.datetime(y, m, 1, tzinfo=zoneinfo.ZoneInfo(zone)).isoformat()
                        for y, m in ((year, number), (year + number // 12, number % 12 + 1))]
                self.assertEqual(month["open_seconds"], int(self.line("between", path, *ends, "--seconds")), (zone, month))
            self.assertEqual(shown["open_seconds"], sum(month["open_seconds"] for month in shown["months"]))

    def test_the_days_that_are_different(self):
        path = self.write("c.json", {
            "tz": "Europe/Berlin", "name": "Hours", "weekly": WEEK, "holidays": [{"date": "2026-05-25", "name": "Whit Monday"}],
            "recurring_holidays": [{"date": "05-01", "name": "Labour Day"}],
            "overrides": {"2026-05-04": [["10:00", "12:00"], ["22:00", "02:00"]], "2026-05-05": []},
            "breaks": {"2026-05-06": [["12:00", "13:00"]]}})
        shown = self.show(path, "--from", "2026-05-01", "--until", "2026-06-01")
        self.assertEqual(shown["weekly"], dict(WEEK, sat=[], sun=[]))
        self.assertEqual([(d["date"][-2:], d["why"], d["name"], d["hours"]) for d in shown["days"]], [
            ("01", "holiday", "Labour Day", None), ("04", "override", "", ["10:00", "12:00"]), ("04", "override", "", ["22:00", "02:00"]),
            ("05", "override", "", None), ("06", "break", "", ["12:00", "13:00"]), ("25", "holiday", "Whit Monday", None)])
        self.assertEqual((shown["name"], shown["zone"], shown["open_days"]), ("Hours", "Europe/Berlin", 19))  # the 5th by the night before

    def test_the_week_is_the_ordinary_one_also_if_the_first_is_not(self):
        path = self.write("c.json", {"tz": "UTC", "weekly": WEEK, "holidays": ["2026-01-%02d" % day for day in range(1, 32)]})
        self.assertEqual(self.show(path, "--from", "2026-01-01", "--until", "2026-01-31")["weekly"], dict(WEEK, sat=[], sun=[]))

    def test_the_clocks_are_told_when_they_change_in_open_time_only(self):
        always = {day: [["00:00", "24:00"]] for day in ("sat", "sun")}
        path = self.write("c.json", {"tz": "Europe/Berlin", "weekly": always})
        days = self.show(path, "--from", "2026-01-01", "--until", "2027-01-01")["days"]
        self.assertEqual([(d["date"], d["name"]) for d in days], [("2026-03-29", "forward 1h"), ("2026-10-25", "back 1h")])
        self.assertEqual(self.show(HOURS, "--from", "2026-03-01", "--until", "2026-04-01")["days"], [])

    def test_the_table_fits_a_terminal_and_has_no_control_characters(self):
        path = self.write("c.json", {"tz": "Europe/Berlin", "name": "Nights \u001b[31m \u591c \u202e", "weekly": {
            "mon": [["%02d:00" % h, "%02d:30" % h] for h in range(9)]}, "holidays": [{"date": "2026-05-25", "name": "\u001b]0;title\u0007"}]})
        out = self.ask("show", path, "--from", "2026-05-01", "--until", "2026-06-01")
        self.assertFalse(re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", out), out)
        self.assertIn("Nights ?[31m \u591c ?", out)
        for line in (out + self.ask("show", HOURS, "--from", "2026-01-01", "--until", "2027-01-01")).split("\n"):
            self.assertLessEqual(len(line), 80)
            self.assertEqual(line, line.rstrip())

    def test_a_period_is_a_year_from_this_month_if_none_is_given(self):
        today = datetime.datetime.now(zoneinfo.ZoneInfo("Europe/Berlin"))
        shown = self.show(HOURS)
        self.assertIn(shown["from"], (today.strftime("%Y-%m-01"), datetime.datetime.now(zoneinfo.ZoneInfo("Europe/Berlin")).strftime("%Y-%m-01")))
        self.assertEqual(len(shown["months"]), 12)
        self.usage("--until: 2026-01-01 is not after the first date", "show", HOURS, "--from", "2026-01-01", "--until", "2026-01-01")


class Feeds(Calendar):
    def imported(self, *args, stdin=FEED.encode()):
        code, out, err = itsm("calendar", "import", "-", *args, stdin=stdin)
        self.assertEqual(code, 0, err)
        for line in err.decode().splitlines():
            self.assertRegex(line, "^itsm: note: -")
        return json.loads(out), err.decode()

    def test_holidays_come_by_name_and_what_was_cancelled_is_told(self):
        calendar, notes = self.imported("--zone", "Europe/Berlin", "--name", "Holidays", "--until", "2027-06-01")
        self.assertEqual((calendar["name"], calendar["tz"]), ("Holidays", "Europe/Berlin"))
        self.assertEqual(calendar["holidays"], [{"date": "2026-01-01", "name": "New Year's Day"}, {"date": "2026-01-14", "name": "Maintenance"},
                                                {"date": "2027-01-01", "name": "New Year's Day"}])
        self.assertIn("1 cancelled", notes)
        self.assertIn("3 events became 3 holidays", notes)

    def test_one_is_told_as_one(self):
        feed = FEED.replace("YEARLY;COUNT=3", "YEARLY;COUNT=1").replace("BEGIN:VEVENT\r\nUID:2", "BEGIN:VEVENT\r\nSTATUS:CANCELLED\r\nUID:2")
        _, notes = self.imported("--zone", "Europe/Berlin", stdin=feed.encode())
        self.assertIn("1 event became 1 holiday\n", notes)

    def test_breaks_and_additions_keep_their_hours(self):
        calendar, _ = self.imported("--zone", "Europe/Berlin", "--as", "breaks", "--from", "2026-01-02", "--until", "2026-12-31")
        self.assertEqual(calendar["breaks"], {"2026-01-14": [["12:00", "14:00"]]})
        calendar, _ = self.imported("--zone", "UTC", "--as", "additions", "--from", "2026-01-02", "--until", "2026-12-31")
        self.assertEqual(calendar["additions"], {"2026-01-14": [["11:00", "13:00"]]})

    def test_a_feed_is_added_to_a_calendar_and_what_was_there_stays(self):
        calendar, _ = self.imported("--into", HOURS, "--as", "breaks", "--from", "2026-01-02", "--until", "2027-01-01")
        with open(HOURS, encoding="utf-8") as file:
            expected = json.load(file)
        own = json.loads(self.ask("import", "-", "--into", HOURS, "--until", "1991-01-01", stdin=FEED.replace("2026", "2020").encode(), notes=True))
        self.assertEqual(calendar.pop("breaks"), {"2026-01-14": [["12:00", "14:00"], ["12:00", "14:00"]]})
        self.assertEqual(calendar, {key: value for key, value in own.items() if key != "breaks"})
        for member in "name", "tz", "weekly", "overrides", "breaks":
            self.assertEqual(own[member], expected[member])
        more, _ = self.imported("--into", self.write("own.json", own), "--until", "2027-01-01")
        self.assertEqual(more["holidays"][0], {"date": "2026-01-01", "name": "New Year's Day"})
        self.assertEqual(len(more["holidays"]), len(expected["holidays"]) + 2)
        parts = self.write("parts.json", {"union": [own, own]})
        self.refused(itsm("calendar", "import", self.write("f.ics", FEED), "--into", parts), r"parts\.json: this calendar is made of others")

    def test_what_was_imported_is_a_calendar(self):
        calendar, _ = self.imported("--zone", "UTC", "--as", "additions", "--from", "2026-01-02", "--until", "2026-12-31")
        self.assertEqual(self.line("next-open", self.write("c.json", calendar), "2026-01-02T00:00Z", "--utc"),
                         "2026-01-14T11:00:00Z")

    def test_exported_hours_and_holidays_come_back_the_same(self):
        period = ["--from", "2026-01-01", "--until", "2027-01-01"]
        feed = self.ask("export", HOURS, *period, "--stamp", "2026-01-01T00:00Z")
        self.assertEqual(self.ask("export", HOURS, *period, "--stamp", "2026-01-01T00:00Z", "--what", "hours"), feed)
        calendar, _ = self.imported("--zone", "Europe/Berlin", "--as", "additions", stdin=feed.encode())
        back, ends = self.write("back.json", calendar), ["2026-01-01T00:00+01:00", "2027-01-01T00:00+01:00"]
        self.assertEqual(self.line("between", back, *ends), self.line("between", HOURS, *ends))
        holidays = self.ask("export", HOURS, *period, "--what", "holidays")
        calendar, _ = self.imported("--zone", "Europe/Berlin", stdin=holidays.encode())
        self.assertEqual(len(calendar["holidays"]), 9)
        both = self.ask("export", HOURS, *period, "--what", "both")
        self.assertEqual(both.count("BEGIN:VEVENT"), feed.count("BEGIN:VEVENT") + 9)

    def test_a_feed_that_is_none_is_refused_with_its_line(self):
        self.refused(itsm("calendar", "import", HOURS, "--zone", "UTC"), r"office-hours\.json:1:1: ")
        broken = self.write("f.ics", FEED.replace("RRULE:FREQ=YEARLY", "RRULE:FREQ=SOMETIMES"))
        self.refused(itsm("calendar", "import", broken, "--zone", "UTC"), r"f\.ics:7:\d+: ")
        self.refused(itsm("calendar", "import", self.write("e.ics", ""), "--zone", "UTC"), r"e\.ics")
        self.refused(itsm("calendar", "import", self.path("none.ics"), "--zone", "UTC"), r"cannot open .*none\.ics")

    def test_options_are_checked(self):
        feed = self.write("f.ics", FEED)
        self.usage("--zone ZONE or --into CAL.json is missing", "import", feed)
        self.usage("--zone and --into exclude each other", "import", feed, "--zone", "UTC", "--into", HOURS)
        self.usage("--as: there is no hollidays; did you mean holidays", "import", feed, "--zone", "UTC", "--as", "hollidays")
        self.usage("--until: 1980-01-01 is not after", "import", feed, "--zone", "UTC", "--until", "1980-01-01")
        self.usage("--what: x is neither", "export", HOURS, "--what", "x")
        self.refused(itsm("calendar", "import", feed, "--zone", "Europe/Berlni"), "did you mean Europe/Berlin")


class Bad(Calendar):
    def test_instants(self):
        for text, pattern in (
                ("2026-03-27T14:00", r"names no offset: write 2026-03-27T14:00:00\+01:00, or add --zone Europe/Berlin"),
                ("2026-03-29T02:30", r"names no offset: write one behind it, or add --zone Europe/Berlin"),
                ("2026-03-27", "a date has no time of day"), ("2026-02-30T10:00Z", "there is no such date or time"),
                ("2026-02-03T25:00Z", "there is no such date or time"), ("2016-12-31T23:59:60Z", "leap seconds are not counted"),
                ("yesterday", "an instant is written"), ("2026-03-27T14:00+01:00 ", "an instant is written"), ("", "an instant is written")):
            self.usage(r"INSTANT: %s: %s|INSTANT: %s %s" % (re.escape(text), pattern, re.escape(text), pattern), "next-open", HOURS, text)

    def test_a_local_time_that_is_skipped_or_comes_twice_is_not_guessed(self):
        self.usage(r"there is no 2026-03-29T02:30 in Europe/Berlin, the clocks go forward over it: write 2026-03-29T01:30:00\+01:00 or "
                   r"2026-03-29T03:30:00\+02:00", "add", HOURS, "2026-03-29T02:30", "1h", "--zone", "Europe/Berlin")
        self.usage(r"2026-10-25T02:30 comes twice in Europe/Berlin, .*: write 2026-10-25T02:30:00\+02:00 or 2026-10-25T02:30:00\+01:00",
                   "add", HOURS, "2026-10-25T02:30", "1h", "--zone", "Europe/Berlin")

    def test_spans(self):
        for text, pattern in (("4", "has a unit"), ("-4", "has a unit"), ("4d", "a day of work has no fixed length"), ("P1M", "no fixed length"),
                              ("99999999999h", "too long"), ("0.0000001s", "finer than"), ("four", "is written"), ("4x", "is written"),
                              ("PT", "is written"), ("-", "is written"), ("h", "is written"), ("9" * 300 + "h", "is written|too long")):
            self.usage(r"SPAN: %s: .*(%s)" % (re.escape(text), pattern), "add", HOURS, FRIDAY, text)

    def test_no_open_time_and_answers_that_cannot_be_represented(self):
        once = self.write("c.json", {"tz": "UTC", "weekly": {}, "overrides": {"2026-01-05": [["09:00", "10:00"]]}})
        never = self.write("n.json", {"tz": "UTC", "weekly": {}})
        always = self.write("a.json", {"tz": "UTC", "weekly": {d: [["00:00", "24:00"]] for d in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")}})
        self.assertEqual(self.line("add", once, "2026-01-01T00:00Z", "1h", "--utc"), "2026-01-05T10:00:00Z")
        for args, pattern in (
                (("add", once, "2026-01-01T00:00Z", "61m"), r"c\.json: there is not that much open time after 2026-01-01T00:00Z \[no open time\]"),
                (("add", once, "2026-01-01T00:00Z", "-1h"), "not that much open time before"),
                (("next-open", once, "2026-01-05T10:00Z"), "there is no open time after"),
                (("next-close", once, "2026-01-05T10:00Z"), "there is no open time after"),
                (("prev-open", once, "2026-01-05T09:00Z"), "there was no open time before"),
                (("prev-close", once, "2026-01-05T09:00Z"), "there was no open time before"),
                (("next-open", never, "2026-01-05T09:00Z"), "there is no open time after"),
                (("next-close", always, "2026-01-05T09:00Z"), r"never closes after .* \[out of range\]"),
                (("prev-open", always, "2026-01-05T09:00Z"), r"always been open before .* \[out of range\]"),
                (("add", HOURS, FRIDAY, "2562047788h"), r"cannot be represented, starting at .* \[out of range\]")):
            self.refused(itsm("calendar", *args), pattern)
        self.assertEqual(self.line("between", never, "2026-01-01T00:00Z", "2027-01-01T00:00Z"), "0h")
        self.assertEqual(json.loads(self.ask("show", never, "--json"))["open_seconds"], 0)

    def test_files(self):
        for command in (["show"], ["add", FRIDAY, "1h"], ["between", FRIDAY, FRIDAY], ["is-open", FRIDAY], ["next-open", FRIDAY], ["export"]):
            def run(path, **kwargs):
                return itsm("calendar", command[0], path, *command[1:], **kwargs)
            self.refused(run(self.path("none.json")), r"cannot open .*none\.json")
            self.refused(run(self.dir), "directory")
            self.refused(run("-", stdin=b""), r"-:1:1: ")
            self.refused(run(self.write("c.json", '{\n "tz": "UTC",, }')), r"c\.json:2:14: ")
            self.refused(run(self.write("c.json", {"tz": "UTC", "weakly": {}})), r'c\.json:1:\d+: .*"weakly".*did you mean "weekly"')
            self.refused(run(self.write("c.json", {"tz": "Mars/Olympus"})), r"c\.json:1:\d+: there is no zone Mars/Olympus")
            self.refused(run(self.write("c.json", b"x" * (5 << 20))), r"c\.json")

    def test_a_message_shows_names_and_does_not_steer_the_terminal(self):
        for name in ("UTC\x1b[31m", "UTC\x9b2J", "UTC\r\nitsm: all is well", "\x7f"):
            code, out, err = itsm("calendar", "show", self.write("c.json", {"tz": name}))
            self.assertEqual((code, out), (3, b""))
            self.assertRegex(err.decode(), r"\A[ -~]+ is no name of a zone[ -~]+\n\Z")

    def test_names_and_numbers_of_arguments(self):
        self.usage("there is no subcommand calendar shwo; did you mean calendar show", "shwo")
        self.usage("there is no subcommand calendar x;", "x")
        self.usage("SPAN is missing", "add", HOURS, FRIDAY)
        self.usage("START is missing", "add", HOURS)
        self.usage("CAL.json is missing", "show")
        self.usage("4h is one too many", "add", HOURS, FRIDAY, "4h", "4h")
        self.usage("there is more than one CAL.json", "show", HOURS, HOURS)
        self.usage("--boundary: shut is neither close nor open", "add", HOURS, FRIDAY, "4h", "--boundary", "shut")
        self.usage("there is no option --ucr; did you mean --utc", "add", HOURS, FRIDAY, "4h", "--ucr")
        self.usage("--utc takes no value", "add", HOURS, FRIDAY, "4h", "--utc=yes")
        self.usage("--zone is given more than once", "add", HOURS, FRIDAY, "4h", "--zone", "UTC", "--zone", "UTC")

    def test_help_says_how_with_an_example_and_fits_a_terminal(self):
        code, out, err = itsm("calendar")
        self.assertEqual((code, out), (2, b""))
        self.assertEqual(itsm("calendar", "--help"), (0, err, b""))
        names = re.findall(r"^  ([a-z-]+) ", err.decode(), re.M)
        self.assertEqual(len(names), 10)
        for name in names:
            code, out, err = itsm("calendar", name, "--help")
            self.assertEqual((code, err), (0, b""))
            self.assertIn(b"\nexample:\n  itsm calendar %s " % name.encode(), out)
            self.assertLessEqual(max(map(len, out.decode().split("\n"))), 90)

    def test_closed_and_full_output(self):
        command = ["show", HOURS, "--from", "1900-01-01", "--until", "2100-01-01"]
        with subprocess.Popen([ITSM, "calendar", *command], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            process.stdout.read(10)
            process.stdout.close()
            self.assertEqual((process.stderr.read(), process.wait()), (b"", 0))
        if not os.path.exists("/dev/full"):
            self.skipTest("there is no /dev/full")
        for args in command, ["add", HOURS, FRIDAY, "4h"], ["export", HOURS]:
            with open("/dev/full", "wb") as full:
                done = subprocess.run([ITSM, "calendar", *args], stdout=full, stderr=subprocess.PIPE, check=False)
            self.refused((done.returncode, b"", done.stderr), "standard output: ")


if __name__ == "__main__":
    main()
