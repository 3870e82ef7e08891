# SPDX-License-Identifier: MIT
"""itsm model show TYPE --format schema: records as the library writes them are valid by the schema of their type; what the model
refuses is not.  Needs Python's jsonschema (python3-jsonschema); without it nothing is tested, and that is said."""
import copy
import json
import os
import subprocess
import sys
import unittest

from support import SKIPPED, Case, itsm, main

try:
    import jsonschema
except ImportError:
    debian = "/usr/bin/python3"  # where the Debian package is, if the first python3 is another
    if sys.executable != debian and subprocess.run([debian, "-c", "import jsonschema"], stderr=subprocess.DEVNULL).returncode == 0:
        os.execv(debian, [debian, "-B", *sys.argv])
    print("python3-jsonschema is not here: schemas were NOT tested")
    sys.exit(SKIPPED)

RECORDS = [json.loads(line) for line in subprocess.run([os.environ["ITSM_SAMPLE_RECORDS"]], check=True, stdout=subprocess.PIPE)
           .stdout.decode().splitlines()]


def schema_of(name):
    code, out, err = itsm("model", "show", name, "--format", "schema")
    assert (code, err) == (0, b""), err
    return json.loads(out)


SCHEMAS = {record["type"]: schema_of(record["type"]) for record in RECORDS}


def errors(record, schema=None):
    schema = schema or SCHEMAS[record["type"]]
    checker = jsonschema.Draft202012Validator(schema, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER)
    return [f"{list(error.path)}: {error.message}" for error in checker.iter_errors(record)]


class Schemas(Case):
    def changed(self, name, **fields):
        record = copy.deepcopy(next(r for r in RECORDS if r["type"] == name))
        for key, value in fields.items():
            if value is None:
                del record["fields"][key]
            else:
                record["fields"][key] = value
        return record

    def test_there_is_one_for_each_of_46_types_and_all_are_schemas(self):
        self.assertEqual(len(SCHEMAS), 46)
        for schema in SCHEMAS.values():
            jsonschema.Draft202012Validator.check_schema(schema)
            self.assertEqual(schema["$schema"], "https://json-schema.org/draft/2020-12/schema")
        self.assertEqual(len({schema["$id"] for schema in SCHEMAS.values()}), 46)

    def test_a_record_with_a_value_in_every_field_is_valid(self):
        for record in RECORDS:
            self.assertEqual(errors(record), [], record["type"])
            self.assertEqual(set(record["fields"]), set(SCHEMAS[record["type"]]["properties"]["fields"]["properties"]))

    def test_a_record_is_valid_by_the_schema_of_its_own_type_only(self):
        for record in RECORDS:
            for name in ("incident", "change"):
                self.assertEqual(errors(record, SCHEMAS[name]) == [], record["type"] == name)

    def test_each_field_that_creation_needs_is_missed(self):
        missed = 0
        for record in RECORDS:
            for key in SCHEMAS[record["type"]]["properties"]["fields"]["required"]:
                without = copy.deepcopy(record)
                del without["fields"][key]
                self.assertEqual(len(errors(without)), 1, (record["type"], key))
                missed += 1
        self.assertGreater(missed, 100)

    def test_values_that_the_model_refuses_are_not_valid(self):
        for fields in ({"impact": 6}, {"impact": 0}, {"impact": "5"}, {"channel": "fax"}, {"status": "lost"}, {"first_contact": "yes"},
                       {"service": "incident:45"}, {"service": "service:x"}, {"ci": "configuration_item:1"}, {"title": 5},
                       {"ci": ["service:1"]}, {"colour": "red"}, {"title": {"kind": "int", "value": 5}}):
            self.assertEqual(len(errors(self.changed("incident", **fields))), 1, fields)
        self.assertEqual(len(errors(self.changed("budget", amount="12,50"))), 1)
        self.assertEqual(errors(self.changed("budget", amount=12.5)), [])

    def test_fields_of_a_newer_model_and_fields_left_out_are_valid(self):
        self.assertEqual(errors(self.changed("incident", **{"#32770": {"kind": "int", "value": 5}})), [])
        self.assertEqual(errors(self.changed("incident", service=None, ci=None, resolution=None)), [])

    def test_what_a_host_may_not_write_is_read_only(self):
        fields = SCHEMAS["incident"]["properties"]["fields"]["properties"]
        for key in ("number", "status", "major", "priority", "resolved_at"):
            self.assertTrue(fields[key]["readOnly"], key)
        for key in ("title", "impact", "resolution"):
            self.assertNotIn("readOnly", fields[key])


if __name__ == "__main__":
    main()
