# SPDX-License-Identifier: MIT
"""Bad input: one line that names file, line, column and rule, exit code 3 (2 for usage), and the store as it was."""
import json
import os
import re
import struct
import subprocess
import unittest

from support import HOURS, ITSM, MAP, TARGETS, Case, folder, itsm, main, replay


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


class BadLog(Case):
    """Each log is refused by a replay into memory and into a store, whether the store is there or not."""

    def setUp(self):
        super().setUp()
        self.log = self.simulate()
        self.lines = self.log.split(b"\n")

    def bad(self, content, pattern, name="log.csv", **kwargs):
        log = self.write(name, content)
        pattern = re.escape(log) + pattern
        self.refused(replay(log, **kwargs), pattern)
        self.refused(replay(log, "--store", self.path("fresh"), **kwargs), pattern)
        self.assertIsNone(folder(self.path("fresh")))
        if not os.path.isdir(self.path("store")):
            self.good(self.write("good.csv", self.log), "--store", self.path("store"))
        before = folder(self.path("store"))
        self.refused(replay(log, "--store", self.path("store"), **kwargs), pattern)
        self.assertEqual(folder(self.path("store")), before)

    def changed(self, line, old, new):
        """The log with a piece of one line replaced; lines count from 1."""
        lines = list(self.lines)
        self.assertIn(old, lines[line - 1])
        lines[line - 1] = lines[line - 1].replace(old, new, 1)
        return b"\n".join(lines)

    def test_cut_in_the_middle_of_a_row(self):
        cut = self.log[:len(self.log) - len(self.lines[-2]) // 2]
        self.bad(cut, r":%d:\d+: .*fields" % (len(self.lines) - 1))

    def test_cut_inside_the_last_field(self):
        self.bad(self.log[:-8], r":%d:\d+: .*\[closed_at: time_format\]" % (len(self.lines) - 1))

    def test_cut_anywhere_in_the_last_row(self):
        """But for a cut behind the very last letter, which takes the line end only."""
        for n in range(2, len(self.lines[-2]) + 1):
            log = self.write("log.csv", self.log[:len(self.log) - n])
            self.refused(replay(log), re.escape(log) + r":%d:\d+: " % (len(self.lines) - 1))

    def test_cut_inside_the_last_field_of_a_quoted_row(self):
        quoted = self.log + b'"' + self.lines[-2][:-4].replace(b",", b'","')
        self.bad(quoted, r":%d:\d+: a quoted field is not closed" % len(self.lines))

    def test_a_column_is_missing(self):
        self.bad(self.changed(1, b"incident_state", b"incident_stat"),
                 r':1:1: there is no column "incident_state"; did you mean "incident_stat"\? \[incident_state: state\]')

    def test_several_columns_are_missing(self):
        self.bad(b"a,b,c\n1,2,3\n", r":1:1: there is no column .* \(and \d+ more\)$")

    def test_a_column_twice(self):
        self.bad(self.changed(1, b"vendor", b"rfc"), r":1:\d+: columns 30 and 31 have the same name")

    def test_a_day_that_does_not_exist(self):
        self.bad(self.changed(5, self.lines[4].split(b",")[13], b"31/2/2026 10:00"),
                 r':5:\d+: "31/2/2026 10:00" is no date or time that exists \[\w+: time_format\]')

    def test_a_time_written_another_way(self):
        self.bad(self.changed(5, self.lines[4].split(b",")[13], b"2026-01-05T10:00"),
                 r':5:\d+: "2026-01-05T10:00" is not written in the log\'s time format \[\w+: time_format\]')

    def test_an_event_without_a_time(self):
        fields = self.lines[4].split(b",")
        fields[13] = b"?"
        self.bad(b"\n".join(self.lines[:4] + [b",".join(fields)] + self.lines[5:]), r":5:\d+: an event needs a time")

    def test_an_event_without_a_case(self):
        self.bad(b"\n".join(self.lines[:4] + [b"?" + self.lines[4][12:]] + self.lines[5:]), r":5:1: an event needs a case")

    def test_an_unknown_state(self):
        self.bad(self.changed(2, b",New,", b",Neu,"), r':2:14: the mapping has no state for "Neu" \[incident_state: states\]')

    def test_an_unknown_priority(self):
        old = re.search(rb"\d - \w+,Group", self.lines[3]).group()[:-6]
        self.bad(self.changed(4, old, b"9 - Whatever"),
                 r':4:\d+: the mapping has no value for "9 - Whatever" \[priority: priority\]')

    def test_a_number_that_is_none(self):
        fields = self.lines[4].split(b",")
        fields[3] = b"many"
        self.bad(b"\n".join(self.lines[:4] + [b",".join(fields)] + self.lines[5:]),
                 r':5:\d+: "many" is no whole number \[reassignment_count: reassignment_count\]')

    def test_an_empty_file(self):
        self.bad(b"", r":1:1: there is no header row")

    def test_a_header_of_a_hundred_thousand_columns(self):
        self.bad(b",".join(b"c%d" % i for i in range(100000)) + b"\n", r":1:\d+: too many columns")

    def test_a_zero_byte(self):
        self.bad(self.changed(7, b"Location", b"Loc\0tion"), r":7:\d+: a NUL byte")

    def test_bytes_that_are_no_utf_8(self):
        self.bad(self.changed(7, b"Location", b"Loc\xfftion"), r":7:\d+: .*UTF-8")

    def test_a_compressed_log(self):
        gz = subprocess.run(["gzip", "-c"], input=self.log, stdout=subprocess.PIPE, check=True).stdout
        self.bad(gz, r":1:1: this is compressed: gzip -dc .*log\.csv\.gz \| itsm replay -", name="log.csv.gz")
        self.refused(replay("-", stdin=gz), "compressed: gzip -dc LOG.gz")

    def test_no_such_log(self):
        self.refused(replay(self.path("nowhere.csv")), r"cannot open .*nowhere\.csv")

    def test_a_folder_for_a_log(self):
        self.refused(replay(self.dir), r"cannot open %s: .*directory" % re.escape(self.dir))

    def test_a_log_that_tells_known_events_differently(self):
        store = self.path("store")
        self.good(self.write("log.csv", self.log), "--store", store)
        before = folder(store)
        other = self.write("other.csv", self.changed(2, b"Caller ", b"Cellar "))
        self.refused(replay(other, "--store", store), r"other\.csv:\d+:1: the first \d+ events of SIM\d+ differ from those in "
                     r"the store \[SIM\d+\]")
        self.assertEqual(folder(store), before)


class BadFile(Case):
    """The files beside the log.  Nothing of the log is read and no store is made."""

    def setUp(self):
        super().setUp()
        self.log = self.write("log.csv", self.simulate(20))

    def bad(self, pattern, *more, **kwargs):
        self.refused(replay(self.log, "--store", self.path("store"), *more, **kwargs), pattern)
        self.assertFalse(os.path.exists(self.path("store")))

    def bad_map(self, pattern, change):
        with open(MAP, encoding="utf-8") as file:
            mapping = json.load(file)
        change(mapping)
        path = self.write("map.json", json.dumps(mapping, indent=1))
        self.bad(re.escape(path) + pattern, map=path)

    def test_no_json(self):
        for kind in "map", "calendar", "targets":
            path = self.write(kind + ".json", '{\n "a": 1,,\n}')
            self.bad(re.escape(path) + r":2:9: ", **{kind: path})

    def test_an_empty_file(self):
        for kind in "map", "calendar", "targets":
            path = self.write(kind + ".json", "")
            self.bad(re.escape(path) + r":1:1: ", **{kind: path})

    def test_no_file(self):
        for kind in "map", "calendar", "targets":
            self.bad(r"cannot open .*none\.json", **{kind: self.path("none.json")})

    def test_a_list_where_an_object_is_expected(self):
        for kind in "map", "calendar", "targets":
            path = self.write(kind + ".json", "[]")
            self.bad(re.escape(path) + r":1:1: expected an object, found an array", **{kind: path})

    def test_an_unknown_member_of_the_mapping(self):
        self.bad_map(r':\d+:\d+: there is no member "fileds" here, did you mean "fields"\? \[/fileds\]',
                     lambda m: m.update(fileds=m.pop("fields")))

    def test_a_missing_member_of_the_mapping(self):
        for name in "format", "type", "time_format", "case", "at", "state", "states":
            self.bad_map(r":1:1: is missing \[/%s\]" % name, lambda m: m.pop(name))

    def test_a_member_of_the_wrong_kind(self):
        self.bad_map(r":\d+:\d+: expected a text, found a whole number \[/case\]", lambda m: m.update(case=7))
        self.bad_map(r":\d+:\d+: expected an object, found a text \[/states\]", lambda m: m.update(states="New"))
        self.bad_map(r":\d+:\d+: a field is a column's name or an object, not a whole number \[/fields/category\]",
                     lambda m: m["fields"].update(category=7))

    def test_a_column_without_a_name(self):
        self.bad_map(r":\d+:\d+: a column needs a name \[/case\]", lambda m: m.update(case=""))
        self.bad_map(r":\d+:\d+: a column needs a name \[/fields/category\]", lambda m: m["fields"].update(category=""))

    def test_names_the_model_does_not_have(self):
        self.bad_map(r':\d+:\d+: the model has no type "incidnet"; did you mean "incident"\? \[/type\]',
                     lambda m: m.update(type="incidnet"))
        self.bad_map(r':\d+:\d+: incident has no state "pendign"; did you mean "pending"\? \[/states/Active\]',
                     lambda m: m["states"].update(Active="pendign"))
        self.bad_map(r':\d+:\d+: incident has no field "categroy"; did you mean "category"\? \[/fields/categroy\]',
                     lambda m: m["fields"].update(categroy="category"))
        self.bad_map(r':\d+:\d+: channel has no value "phon"; did you mean "phone"\? \[/fields/channel/values/Phone: ',
                     lambda m: m["fields"]["channel"]["values"].update(Phone="phon"))

    def test_a_field_the_engine_writes(self):
        self.bad_map(r":\d+:\d+: created_at is written by the engine, not from a column \[/fields/created_at\]",
                     lambda m: m["fields"].update(created_at="opened_at"))

    def test_a_time_format_that_cannot_be_read(self):
        self.bad_map(r":\d+:\d+: .* \[/time_format\]", lambda m: m.update(time_format="%d/%m"))

    def test_a_newer_format(self):
        self.bad_map(r":\d+:\d+: format 2 is newer than 1 \[/format\]", lambda m: m.update(format=2))

    def test_an_unknown_target(self):
        path = self.write("targets.json", '{"1": 240, "priorty": 2}')
        self.bad(re.escape(path) + r":1:\d+: .*priorty", targets=path)

    def test_a_calendar_that_never_opens(self):
        path = self.write("never.json", {"name": "never", "tz": "UTC", "weekly": {}})
        self.bad(re.escape(path) + r": this calendar never opens \[weekly\]", calendar=path)

    def test_two_calendars_of_one_name(self):
        self.bad(r"another calendar is called .* too \[name\]", "--calendar", HOURS)

    def test_a_calendar_without_a_name(self):
        path = self.write("hours.json", {"tz": "UTC", "weekly": {"mon": [["09:00", "17:00"]]}})
        self.bad(re.escape(path) + r": a calendar needs a name here \[name\]", calendar=path)

    def test_a_zone_that_does_not_exist(self):
        self.bad(r"--zone: there is no zone Europe/Berlni; did you mean Europe/Berlin\?", zone="Europe/Berlni")
        self.bad(r"--zone: there is no zone Mars/Olympus$", zone="Mars/Olympus")
        path = self.write("hours.json", {"name": "h", "tz": "Europe/Berlni", "weekly": {"mon": [["09:00", "17:00"]]}})
        self.bad(re.escape(path) + r":1:\d+: there is no zone Europe/Berlni \[/tz: tz\]", calendar=path)

    def test_an_empty_key(self):
        self.bad(r"a key has at least one byte", "--key-file", self.write("key", b""))

    def test_results_that_cannot_be_written(self):
        self.bad(r"cannot write .*nowhere/out: ", "--html", self.path("nowhere/out"))
        self.bad(r"cannot write %s: " % re.escape(self.dir), "--json", self.dir)
        self.bad(r"cannot write .*log\.csv/out: ", "--sla-csv", self.path("log.csv/out"))

    def test_a_record_that_is_not_in_the_log(self):
        self.bad(r"--record NONE: the log has no such case", "--html", self.path("r.html"), "--record", "NONE")
        self.refused(replay(self.log, "--json", self.path("j"), "--html", self.path("r.html"), "--record", "NONE"),
                     r"--record NONE: the log has no such case")
        self.assertEqual(sorted(os.listdir(self.dir)), ["log.csv"])


class BadStore(Case):
    def setUp(self):
        super().setUp()
        self.log = self.write("log.csv", self.simulate(20))

    def test_a_newer_format(self):
        store = self.path("store")
        self.good(self.log, "--store", store)
        name = os.path.join(store, "log-1")
        with open(name, "rb") as file:
            content = bytearray(file.read())
        self.assertEqual(struct.unpack_from("<I", content, 4092)[0], crc32c(content[:4092]))
        content[8] = 99  # the format's number
        struct.pack_into("<I", content, 4092, crc32c(content[:4092]))
        with open(name, "wb") as file:
            file.write(content)
        before = folder(store)
        self.refused(replay(self.log, "--store", store), re.escape(store) + r".* newer version: format 99\.")
        self.assertEqual(folder(store), before)

    def test_a_file_for_a_store(self):
        path = self.write("store", b"something else")
        self.refused(replay(self.log, "--store", path), re.escape(path))
        self.assertEqual(self.read("store"), b"something else")

    def test_a_full_disk(self):
        """What was recorded before stays; with room again the replay goes on to the same end."""
        big, store = self.write("big.csv", self.simulate(2000)), self.path("store")
        whole = self.good(big, "--json", "-", "--store", self.path("other"))
        done = subprocess.run(["sh", "-c", 'ulimit -f 2500; exec "$@"', "sh", ITSM, "replay", big, "--map", MAP, "--calendar",
                               HOURS, "--targets", TARGETS, "--zone", "Europe/Berlin", "--store", store],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
        self.refused((done.returncode, done.stdout, done.stderr), re.escape(store))
        self.assertEqual(self.good(big, "--json", "-", "--store", store), whole)

    def test_a_full_disk_for_results(self):
        if not os.path.exists("/dev/full"):
            self.skipTest("there is no /dev/full")
        self.refused(replay(self.log, "--html", "/dev/full"), r"cannot write /dev/full: no space")
        with open("/dev/full", "wb") as full:
            done = subprocess.run([ITSM, "simulate", "--incidents", "5"], stdout=full, stderr=subprocess.PIPE, check=False)
        self.refused((done.returncode, b"", done.stderr), "standard output: ")


class Usage(Case):
    def bad(self, pattern, *args):
        code, out, err = itsm(*args)
        self.assertEqual((code, out), (2, b""), err)
        self.assertRegex(err.decode().split("\n")[0], pattern)

    def test_unknown_names(self):
        self.bad("there is no command reply; did you mean replay", "reply")
        self.bad("there is no command x", "x")
        self.bad("there is no option --calender; did you mean --calendar", "replay", "log", "--calender", "x")
        self.bad("there is no option --zzz$", "simulate", "--zzz=3")

    def test_missing_and_surplus_arguments(self):
        self.bad("--map MAP.json is missing", "replay", "log")
        self.bad("--map needs MAP.json", "replay", "log", "--map")
        self.bad("--seed needs N", "simulate", "--incidents", "3", "--seed=")
        self.bad("FILE is missing", "vectors")
        self.bad("--incidents N is missing", "simulate")
        self.bad("--incidents needs a whole number, not -1", "simulate", "--incidents", "-1")
        self.bad("10000001 incidents are more than 10000000", "simulate", "--incidents", "10000001")
        all_of = ["--map", MAP, "--calendar", HOURS, "--targets", TARGETS, "--zone", "UTC"]
        self.bad("LOG is missing", "replay", *all_of)
        self.bad("there is more than one LOG", "replay", "a", "b", *all_of)
        self.bad("--zone is given more than once", "replay", "a", *all_of, "--zone", "UTC")

    def test_options_that_do_not_go_together(self):
        all_of = ["--map", MAP, "--calendar", HOURS, "--targets", TARGETS, "--zone", "UTC"]
        self.bad("--record needs --html", "replay", "a", *all_of, "--record", "X")
        self.bad("only one result can go to standard output", "replay", "a", *all_of, "--json", "-", "--html", "-")
        self.bad("--json and --html name the same file", "replay", "a", *all_of, "--json", "x", "--html", "x")
        self.bad("only one input can be standard input", "replay", "-", *all_of, "--key-file", "-")

    def test_help(self):
        code, out, err = itsm()
        self.assertEqual((code, out), (2, b""))
        self.assertIn(b"replay", err)
        for args in (["--help"], ["-h"], ["help"], ["replay", "--help"], ["simulate", "-h"], ["vectors", "--help"],
                     ["calendar", "-h"], ["calendar", "import", "-h"], ["due", "--help"], ["explain", "--help"],
                     ["whatif", "-h"], ["lifecycle", "-h"], ["model", "-h"]):
            code, out, err = itsm(*args)
            self.assertEqual((code, err), (0, b""))
            self.assertLessEqual(max(map(len, out.decode().split("\n"))), 80, args)
        self.assertRegex(itsm("--version")[1], rb"^itsm \d+\.\d+\.\d+\n$")

    def test_a_reader_that_went_away_is_fine(self):
        done = subprocess.run(["sh", "-c", '("$1" simulate --incidents 5000; echo $? >&2) | head -n 1', "sh", ITSM],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=True)
        self.assertEqual(done.stderr, b"0\n")


if __name__ == "__main__":
    main()
