# SPDX-License-Identifier: MIT
"""itsm audit from outside: proofs, roots and signatures are verified here by code of its own, hashlib and hmac only."""
import base64
import hashlib
import hmac
import json
import os
import re
import unittest

from support import Case, itsm, main

ORIGIN = "example.org/desk"
SECRET = bytes(range(32))


def sha(data):
    return hashlib.sha256(data).digest()


def leaf(entry):
    return sha(b"\0" + entry)


def node(left, right):
    return sha(b"\1" + left + right)


def tree(leaves):
    """The root, from the definition of RFC 6962 section 2.1."""
    if not leaves:
        return sha(b"")
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return node(tree(leaves[:k]), tree(leaves[k:]))


def root_by_inclusion(entry, index, size, path):
    """RFC 9162 section 2.1.3.2; None if the path does not fit."""
    fn, sn, r = index, size - 1, leaf(entry)
    for p in path:
        if sn == 0:
            return None
        if fn & 1 or fn == sn:
            r = node(p, r)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            r = node(r, p)
        fn, sn = fn >> 1, sn >> 1
    return r if sn == 0 else None


def roots_by_consistency(first, second, first_root, path):
    """RFC 9162 section 2.1.4.2: the two roots that the path leads to."""
    path = list(path)
    if first == second:
        return (first_root, first_root) if not path else (None, None)
    if first & (first - 1) == 0:
        path.insert(0, first_root)
    fn, sn = first - 1, second - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    fr = sr = path[0]
    for c in path[1:]:
        if sn == 0:
            return None, None
        if fn & 1 or fn == sn:
            fr, sr = node(c, fr), node(c, sr)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            sr = node(sr, c)
        fn, sn = fn >> 1, sn >> 1
    return (fr, sr) if sn == 0 else (None, None)


def unbase(text):
    return base64.b64decode(text, validate=True)


def key_id(name, secret):
    material = hmac.new(secret, b"libitsm key id", "sha256").digest()
    return sha(name.encode() + b"\n\xfflibitsm/hmac-sha256" + material)[:4]


class Audit(Case):
    def setUp(self):
        super().setUp()
        self.log = self.write("log.csv", self.simulate(incidents=8))
        self.store = self.path("store")
        self.good(self.log, "--store", self.store)
        self.key = self.write("key", SECRET)

    def audit(self, *args, code=0):
        got, out, err = itsm("audit", *args)
        self.assertEqual(got, code, (out, err))
        return out.decode()

    def checkpoint(self, *more):
        return self.audit("checkpoint", self.store, "--origin", ORIGIN, *more)

    def prove(self, *args):
        proof = json.loads(self.audit("prove", self.store, *args))
        path = [unbase(p) for p in proof["path"]]
        return unbase(proof["entry"]), proof["leaf_index"], proof["tree_size"], unbase(proof["root"]), path

    def entries(self):
        size = int(self.checkpoint().split("\n")[1])
        return [self.prove("--place", str(i))[0] for i in range(size)]

    def test_the_root_is_that_of_the_entries(self):
        origin, size, root, rest = self.checkpoint().split("\n")
        entries = self.entries()
        self.assertEqual((origin, rest), (ORIGIN, ""))
        self.assertEqual(len(entries), int(size))
        self.assertEqual(tree([leaf(e) for e in entries]), unbase(root))
        verified = json.loads(self.audit("verify", self.store, "--json"))
        self.assertEqual((verified["root"], verified["entries"], verified["bad"]), (root, int(size), 0))

    def test_every_proof_leads_to_the_root_and_to_no_other(self):
        leaves = [leaf(e) for e in self.entries()]
        for index in range(0, len(leaves), 11):
            for size in {index + 1, len(leaves), (index + len(leaves)) // 2 + 1}:
                if size > len(leaves):
                    continue
                entry, i, n, root, path = self.prove("--place", str(index), "--against", str(size))
                self.assertEqual((leaf(entry), i, n), (leaves[index], index, size))
                self.assertEqual(root, tree(leaves[:size]))
                self.assertEqual(root_by_inclusion(entry, i, n, path), root)
                self.assertNotEqual(root_by_inclusion(entry + b"x", i, n, path), root)

    def test_an_earlier_log_is_proven_to_be_the_beginning(self):
        leaves = [leaf(e) for e in self.entries()]
        for first in sorted({1, 2, 5, 8, 31, len(leaves) - 1, len(leaves)}):
            proof = json.loads(self.audit("consistency", self.store, "--from", str(first)))
            self.assertEqual((proof["first_size"], proof["second_size"]), (first, len(leaves)))
            want = tree(leaves[:first]), tree(leaves)
            self.assertEqual((unbase(proof["first_root"]), unbase(proof["second_root"])), want)
            self.assertEqual(roots_by_consistency(first, len(leaves), want[0], [unbase(p) for p in proof["path"]]), want)

    def test_the_signature_is_the_hmac_of_the_text(self):
        text, signature = self.checkpoint("--key", self.key).rsplit("\n\n", 1)
        dash, name, signed = signature.rstrip("\n").split(" ")
        self.assertEqual((dash, name), ("\u2014", ORIGIN))
        self.assertEqual(unbase(signed)[:4], key_id(ORIGIN, SECRET))
        self.assertEqual(unbase(signed)[4:], hmac.new(SECRET, (text + "\n").encode(), "sha256").digest())

    def test_a_note_signed_elsewhere_is_verified(self):
        text = self.checkpoint()
        signed = key_id("witness", SECRET) + hmac.new(SECRET, text.encode(), "sha256").digest()
        lines = "\u2014 somebody.else AAAAAQE=\n\u2014 witness %s\n" % base64.b64encode(signed).decode()
        path = self.write("note", text + "\n" + lines)
        out = self.audit("verify", self.store, "--checkpoint", path, "--key", self.key, "--key-name", "witness")
        self.assertIn("signature verified", out)
        self.refused(itsm("audit", "verify", self.store, "--checkpoint", path, "--key", self.key), "none of the keys", 1)
        forged = self.write("forged", (text + "\n" + lines).replace(ORIGIN, "example.org/other"))
        self.refused(itsm("audit", "verify", self.store, "--checkpoint", forged, "--key", self.key, "--key-name",
                          "witness"), "signature", 1)

    def test_a_log_that_grew_fits_its_earlier_checkpoint_and_not_the_other_way_round(self):
        kept = self.write("kept", self.checkpoint("--key", self.key))
        self.assertIn("no findings", self.audit("verify", self.store, "--checkpoint", kept, "--key", self.key))
        longer, other = self.path("longer"), self.path("other")
        more = self.write("more.csv", self.simulate(incidents=25, seed=2))
        self.good(self.log, "--store", longer)
        self.good(more, "--store", other)
        grown = itsm("audit", "verify", longer, "--checkpoint", kept, "--key", self.key)
        self.assertEqual(grown[0], 0, grown)
        forked = itsm("audit", "verify", other, "--checkpoint", kept, "--key", self.key, "--json")
        self.assertEqual(forked[0], 1, forked)
        self.assertTrue({"root", "truncated"} & {f["rule"] for f in json.loads(forked[1])["findings"]})
        size = int(self.checkpoint().split("\n")[1])
        text = self.read("kept").decode().replace("\n%d\n" % size, "\n%d\n" % (size + 5))
        behind = itsm("audit", "verify", self.store, "--checkpoint", self.write("ahead", text))
        self.assertEqual(behind[0], 1)
        self.assertIn(b"[truncated]", behind[1])

    def test_the_last_entry_of_a_record_is_found_by_number_and_by_identity(self):
        entry, index, size, root, path = self.prove("SIM000000003")
        self.assertEqual(root_by_inclusion(entry, index, size, path), root)
        numbers, at = [], 1
        for _ in range(4):  # action, type, identity
            value, shift = 0, 0
            while entry[at] & 0x80:
                value, shift, at = value | (entry[at] & 0x7F) << shift, shift + 7, at + 1
            numbers.append(value | entry[at] << shift)
            at += 1
        identity = "%016x%016x" % (numbers[2], numbers[3])
        self.assertEqual(self.prove(identity)[1], index)

    def wrong_usage(self, result, pattern):
        code, out, err = result
        self.assertEqual((code, out), (2, b""), err)
        self.assertRegex(err.decode(), pattern)

    def test_what_cannot_be_is_said(self):
        def audit(*args):
            return itsm("audit", *args)
        self.wrong_usage(audit("prove", self.store), "RECORD or --place")
        self.wrong_usage(audit("prove", self.store, "SIM000000003", "--place", "1"), "RECORD or --place")
        self.wrong_usage(audit("prove", self.store, "--place", "1x"), "no number")
        self.refused(audit("prove", self.store, "--place", "999999"), "no place 999999")
        self.refused(audit("prove", self.store, "--place", "0", "--against", "999999"), "entries only")
        self.refused(audit("prove", self.store, "NOSUCH1"), "NOSUCH1")
        self.refused(audit("prove", self.store, "0" * 32), "no entry is about")
        self.wrong_usage(audit("consistency", self.store, "--from", "0"), "no entries")
        self.refused(audit("consistency", self.store, "--from", "999999"), "cannot be its beginning")
        self.refused(audit("verify", self.path("none")), "none")
        self.wrong_usage(audit("verify", self.store, "--key", self.key), "--checkpoint")
        self.refused(audit("verify", self.store, "--checkpoint", self.log), "checkpoint")
        self.refused(audit("checkpoint", self.store, "--key", self.write("short", b"x")), "16 bytes")
        self.wrong_usage(audit("checkpoint", self.store, "--origin", "a b", "--key", self.key), "key-name")
        self.wrong_usage(audit("verfy", self.store), "verify")

    def test_a_store_may_be_verified_while_nothing_is_written_to_it(self):
        before = {name: self.read("store/" + name) for name in os.listdir(self.store)}
        self.audit("verify", self.store)
        self.checkpoint()
        self.assertEqual({name: self.read("store/" + name) for name in os.listdir(self.store)}, before)
        self.assertRegex(self.audit("verify", self.store), re.compile(r"^root [A-Za-z0-9+/]{43}=$", re.M))


if __name__ == "__main__":
    main()
