# SPDX-License-Identifier: MIT
"""itsm model and itsm lifecycle: the export against the published model, every form, models of one's own, bad input."""
import json
import os
import re
import shutil
import subprocess
import unittest
import xml.etree.ElementTree as xml

from support import SHARED, Case, itsm, main

PUBLISHED = os.path.join(SHARED, "model", "model.json")
OURS = {"schema": "libitsm.model/2", "extends": "builtin",
        "record_types": [{"id": "incident",
                          "fields": [{"name": "vendor_ref", "type": "str"}],
                          "lifecycles": [{"attribute": "status",
                                          "transitions": [{"event": "cancel", "from": ["new", "assigned", "in_progress", "pending"],
                                                           "to": "cancelled", "guards": ["set(cancel_reason)"]}]}]}]}


class Model(Case):
    def ask(self, *args, exit_code=0):
        code, out, err = itsm(*args)
        self.assertEqual((code, err), (exit_code, b""), err)
        return out.decode()

    def usage(self, pattern, *args):
        code, out, err = itsm(*args)
        self.assertEqual((code, out), (2, b""), err)
        self.assertRegex(err.decode().split("\n")[0], pattern)
        self.assertLessEqual(err.count(b"\n"), 2)

    def machines(self):
        return [line.split() for line in self.ask("lifecycle", "--list").splitlines()]


def named(item):
    return item.get("name") or item.get("id") or item.get("attribute") if isinstance(item, dict) else None


class Export(Model):
    def compare(self, wanted, given, path):
        """Everything the published model says, the export says; fields and the states of a move in any order."""
        self.compared += 1
        if isinstance(wanted, dict):
            for key in wanted:
                self.assertIn(key, given, path)
                self.compare(wanted[key], given[key], f"{path}/{key}")
        elif isinstance(wanted, list):
            self.assertEqual(len(wanted), len(given), path)
            if path.endswith("/from"):
                self.assertEqual(sorted(wanted), sorted(given), path)
            elif path.endswith("/fields"):
                by_name = {named(item): item for item in given}
                for item in wanted:
                    self.compare(item, by_name[named(item)], f"{path}/{named(item)}")
            else:
                for i, (a, b) in enumerate(zip(wanted, given)):
                    self.compare(a, b, f"{path}/{named(a) or i}")
        else:
            self.assertEqual(wanted, given, path)

    @unittest.skipUnless(os.path.exists(PUBLISHED), f"{PUBLISHED} is not here: the export was NOT compared with it")
    def test_the_export_is_the_published_model_value_for_value(self):
        with open(PUBLISHED, encoding="utf-8") as file:
            wanted = json.load(file)
        self.compared = 0
        self.compare(wanted, json.loads(self.ask("model", "export", "--format", "json")), "")
        self.assertGreater(self.compared, 15000)

    def test_the_export_loaded_again_is_the_same_model(self):
        text = self.ask("model", "export")
        path = self.write("model.json", text)
        self.assertEqual(self.ask("model", "export", "--model", path), text)
        self.assertEqual(self.ask("model", "diff", "builtin", path), "")
        self.assertEqual(self.ask("model", "diff", "builtin", path, "--format", "json"), "[]\n")


class Show(Model):
    def test_every_type_is_shown_in_every_form(self):
        exported = {t["id"]: t for t in json.loads(self.ask("model", "export"))["record_types"]}
        listed = [line.split()[0] for line in self.ask("model", "show").splitlines()]
        self.assertEqual(listed, list(exported))
        for name in listed:
            self.assertEqual(json.loads(self.ask("model", "show", name, "--format", "json")), exported[name])
            text, page = self.ask("model", "show", name), self.ask("model", "show", name, "--format", "md")
            for field in exported[name]["fields"]:
                self.assertRegex(text, rf"(?m)^  {field['name']} +\S")
                self.assertIn(f"| `{field['name']}` | ", page)
            for relation in exported[name]["relations"]:
                self.assertRegex(text, rf"(?m)^  {relation['name']} +[1n] {relation['target']} ")

    def test_a_type_says_who_writes_a_field_and_when_it_is_needed(self):
        text = self.ask("model", "show", "incident")
        for line in ("  impact                    int(1-5)                    host; needed at creation",
                     "  service                   ref(service)                host; needed at assigned",
                     "  resolved_at               time                        moves",
                     "  resolution                met on entering a state that is resolved; stands still in paused states"):
            self.assertIn(line + "\n", text)
        self.assertRegex(text, r"(?m)^  priority +int +derived: first\(priority_override,matrix\(impact,urgency\)\)$")
        self.assertRegex(text, r"(?m)^ISO/IEC 20000-1:2018, 8\.6\.1$")
        self.assertRegex(text, r"(?m)^  mtta, mttr, fcr,")

    def test_bad_arguments_are_told_with_the_nearest_good_one(self):
        self.usage("there is no type incidnt; did you mean incident", "model", "show", "incidnt")
        self.usage("there is no type zzz; itsm model show lists them", "model", "show", "zzz")
        self.usage("there is no jsn; did you mean json", "model", "show", "incident", "--format", "jsn")
        self.usage("TYPE is missing", "model", "show", "--format", "schema")
        self.usage("there is no subcommand model shw; did you mean model show", "model", "shw")
        self.usage("xml is not json", "model", "export", "--format", "xml")
        self.assertEqual(itsm("model")[0], 2)
        for name in ("show", "export", "check", "diff"):
            self.assertIn(f"itsm model {name}", self.ask("model", name, "--help"))


class Lifecycle(Model):
    def test_all_48_are_listed(self):
        self.assertEqual(len(self.machines()), 48)
        self.assertIn(["incident", "major"], self.machines())

    def test_every_picture_is_sound_xml_with_a_title_and_no_script(self):
        for name, facet in self.machines():
            text = self.ask("lifecycle", name, "--facet", facet, "--format", "svg")
            root = xml.fromstring(text)
            space = "{http://www.w3.org/2000/svg}"
            self.assertEqual(root.tag, space + "svg")
            self.assertTrue(root.find(space + "title").text.endswith(facet))
            self.assertIn("The first state is", root.find(space + "desc").text)
            self.assertEqual(list(root.iter(space + "script")), [])

    def test_no_texts_and_boxes_of_a_picture_overlap(self):
        """Names of moves have a rectangle of their own; none of them, and no state, lies over another."""
        space = "{http://www.w3.org/2000/svg}"
        for name, facet in self.machines():
            root = xml.fromstring(self.ask("lifecycle", name, "--facet", facet, "--format", "svg"))
            boxes = [[float(r.get(k)) for k in ("x", "y", "width", "height")] for r in root.iter(space + "rect")
                     if r.get("class") in ("c", *(f"k k{i}" for i in range(1, 7)))]
            self.assertGreater(len(boxes), 4)
            for i, a in enumerate(boxes):
                for b in boxes[:i]:
                    apart = a[0] + a[2] <= b[0] or b[0] + b[2] <= a[0] or a[1] + a[3] <= b[1] or b[1] + b[3] <= a[1]
                    self.assertTrue(apart, (name, facet, a, b))

    @unittest.skipUnless(shutil.which("dot"), "dot is not here: digraphs were NOT read by Graphviz")
    def test_graphviz_reads_every_digraph(self):
        text = "".join(self.ask("lifecycle", name, "--facet", facet, "--format", "dot") for name, facet in self.machines())
        done = subprocess.run(["dot", "-Tplain"], input=text.encode(), capture_output=True, check=False)
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        self.assertEqual(len(re.findall(rb"(?m)^graph ", done.stdout)), 48)

    def test_mermaid_and_json_have_every_move_of_the_model(self):
        for kind in json.loads(self.ask("model", "export"))["record_types"]:
            for machine in kind["lifecycles"]:
                args = ("lifecycle", kind["id"], "--facet", machine["attribute"], "--format")
                self.assertEqual(json.loads(self.ask(*args, "json")), machine)
                lines = self.ask(*args, "mermaid").splitlines()
                self.assertEqual(lines[0], "stateDiagram-v2")
                names = [s["name"] for s in machine["states"]]
                for i, name in enumerate(names):
                    self.assertIn(f'    state "{name}" as s{i}', lines)
                drawn = set()
                for line in lines:
                    found = re.match(r"    s(\d+) --> s(\d+): (.*)$", line)
                    for label in found[3].split("<br/>") if found else ():
                        drawn.add((names[int(found[1])], names[int(found[2])], label.split(" ")[0]))
                        self.assertRegex(label, r"^\w+ \([\d., ]+(\.\.\.)?\)$")
                self.assertEqual(drawn, {(f, t["to"], t["event"]) for t in machine["transitions"] for f in t["from"]})

    def test_the_table_is_the_default_and_has_the_columns(self):
        table = self.ask("lifecycle", "incident")
        self.assertEqual(table.split("\n")[0].split(), ["from", "move", "to", "who", "clauses", "guards", "effects"])
        self.assertEqual(table, self.ask("lifecycle", "incident", "--facet", "status", "--format", "table"))
        self.assertRegex(table, r"(?m)^resolved +close +closed +service_desk +8\.6\.1 +any\(set\(closure_confirmed_by\),")
        self.assertIn(" 8.1 ", self.ask("lifecycle", "incident", "--edition", "2011"))

    def test_bad_arguments_are_told_with_the_nearest_good_one(self):
        self.usage("there is no type incdent; did you mean incident", "lifecycle", "incdent")
        self.usage("incident has no lifecycle majr; did you mean major", "lifecycle", "incident", "--facet", "majr")
        self.usage("change has no lifecycle major; it has one, status", "lifecycle", "change", "--facet", "major")
        self.usage("there is no svgg; did you mean svg", "lifecycle", "incident", "--format", "svgg")
        self.usage("2005 is neither 2018 nor 2011", "lifecycle", "incident", "--edition", "2005")
        self.usage("TYPE is missing", "lifecycle")
        self.usage("--list takes no TYPE", "lifecycle", "incident", "--list")
        self.assertIn("itsm lifecycle incident --format svg > incident.svg", self.ask("lifecycle", "--help"))
        self.refused(itsm("lifecycle", "incident", "--model", self.path("none.json")), "none.json")


class OnesOwn(Model):
    def test_a_model_of_ones_own_is_drawn_shown_and_exported(self):
        path = self.write("ours.json", OURS)
        self.assertIn("vendor_ref", self.ask("model", "show", "incident", "--model", path))
        self.assertRegex(self.ask("lifecycle", "incident", "--model", path), r"(?m) cancel .* set\(cancel_reason\)$")
        self.assertNotIn("duplicate_of", self.ask("lifecycle", "incident", "--model", path))
        self.assertIn("vendor_ref", self.ask("model", "show", "incident", "--model", path, "--format", "schema"))
        self.assertIn('"vendor_ref"', self.ask("model", "export", "--model", path))

    def test_a_clause_that_loses_its_guard_is_a_warning_and_with_strict_a_finding(self):
        path = self.write("ours.json", OURS)
        text = self.ask("model", "check", path)
        self.assertRegex(text, r"warning: .*none_linked\(children,")
        self.assertRegex(text, r"ours\.json: 0 errors, [1-9]\d* warnings\n\Z")
        self.assertEqual(self.ask("model", "check", path, "--strict", exit_code=1), text)
        self.assertRegex(self.ask("model", "check", path, "--base", path), r"\A\S*ours\.json: 0 errors, 0 warnings\n\Z")

    def test_everything_wrong_with_a_model_is_found_at_once(self):
        broken = json.loads(json.dumps(OURS))
        broken["record_types"][0]["fields"][0]["type"] = "ref(nothing)"
        broken["record_types"][0]["lifecycles"][0]["transitions"][0]["guards"] = ["set(nowhere)", "role(nobody_at_all)"]
        text = self.ask("model", "check", self.write("broken.json", broken), exit_code=1)
        self.assertGreaterEqual(text.count(": error: "), 2, text)
        for word in ("nothing", "nowhere"):
            self.assertIn(word, text)

    def test_what_is_no_model_is_bad_input(self):
        for content, pattern in ((b"{", "broken.json:1"), (b"", "broken.json"), (b'{"schema":"other/1"}', "broken.json")):
            result = itsm("model", "check", self.write("broken.json", content))
            if result[0] == 1:  # a JSON object that is a wrong model is a finding
                self.assertIn(b": error: ", result[1])
            else:
                self.refused(result, pattern)
        self.refused(itsm("model", "check", self.path("none.json")), "none.json")
        self.usage("FILE is missing", "model", "check")

    def test_a_difference_is_told_with_the_clauses_it_touches(self):
        path = self.write("ours.json", OURS)
        text = self.ask("model", "diff", "builtin", path, exit_code=1)
        self.assertRegex(text, r"(?m)^added field incident\.vendor_ref")
        self.assertRegex(text, r"(?m)^removed guard incident\.status\.cancel.*: none_linked\(children,.*\) \(8\.6\.1\)$")
        self.assertNotIn("change.", text)
        changes = json.loads(self.ask("model", "diff", "builtin", path, "--format", "json", exit_code=1))
        self.assertEqual(len(changes), len(text.splitlines()))
        back = self.ask("model", "diff", path, "builtin", exit_code=1)
        self.assertRegex(back, r"(?m)^removed field incident\.vendor_ref")
        self.usage("B is missing", "model", "diff", "builtin")
        self.usage("xml is neither text nor json", "model", "diff", "builtin", path, "--format", "xml")


if __name__ == "__main__":
    main()
